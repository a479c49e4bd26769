/* Looking for files, as Spark's InMemoryFileIndex does: those of a directory itself, or, when some
 * directory below is called `k=v`, all that lie below such ones. What Spark would read differently
 * is refused by name, so that nothing is left out or misread silently. */
#include "source/source_files.h"

#include <glob.h>
#include <stdlib.h>

struct finding {
  struct eagre_io *io;
  struct eagre_arena *arena;
  const char *root;            /* NULL behind a glob: directories below are not looked into */
  bool reads_any_name;         /* the format has compression of its own */
  struct eagre_buffer files;   /* struct eagre_source_files_found: those of the root */
  struct eagre_buffer divided; /* those below directories called k=v */
};

/* The rule of Spark's HadoopFSUtils. */
static bool is_hidden(const char *name) {
  struct eagre_text text = eagre_text_of(name);
  bool is_excluded = (name[0] == '_' && strchr(name, '=') == NULL) || name[0] == '.' ||
                     eagre_text_ends_with(text, EAGRE_TEXT("._COPYING_"));
  bool is_included = eagre_text_starts_with(text, EAGRE_TEXT("_common_metadata")) ||
                     eagre_text_starts_with(text, EAGRE_TEXT("_metadata"));
  return is_excluded && !is_included;
}

static const char *get_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/* ---- What is refused ------------------------------------------------------------------------- */

static enum eagre_status check_compression(const char *path, struct eagre_error *error) {
  static const char *const suffixes[] = {".gz",  ".bz2", ".deflate", ".lz4",
                                         ".zst", ".xz",  ".snappy"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(suffixes); i++) {
    if (!eagre_text_ends_with(eagre_text_of(path), eagre_text_of(suffixes[i]))) continue;
    eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.COMPRESSED_FILES",
                    "The file %s is compressed; compressed files are not supported yet.", path);
    eagre_error_hint(error, "decompress it, or keep it out with a glob such as 'dir/*.json'");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

static enum eagre_status check_subdirectory(const struct finding *finding, const char *directory,
                                            const char *name, struct eagre_error *error) {
  if (strcmp(name, EAGRE_CHECKPOINT_MANIFEST) == 0) {
    eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.FILE_SINK_DIRECTORY",
                    "The directory %s was written by a file sink: its manifest %s says which files "
                    "count, which is looked at when the directory itself is read.",
                    directory, name);
    eagre_error_hint(error, "name the directory without a glob");
    return EAGRE_USAGE;
  }
  if (finding->root != NULL || is_hidden(name) || strchr(name, '=') == NULL) return EAGRE_OK;
  eagre_error_set(
      error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.PARTITION_DIRECTORIES",
      "The directory %s holds the partition %s; partition columns behind a glob are not "
      "supported yet.",
      directory, name);
  eagre_error_hint(error, "name the directory itself, or the files with 'dir/*/*.json'");
  return EAGRE_USAGE;
}

/* ---- Finding --------------------------------------------------------------------------------- */

static enum eagre_status add_file(struct finding *finding, const char *path, bool is_divided,
                                  int64_t modified_us, struct eagre_error *error) {
  if (is_hidden(get_name(path))) return EAGRE_OK;
  if (!finding->reads_any_name) EAGRE_TRY(check_compression(path, error));
  const struct eagre_source_files_found file = {path, modified_us};
  eagre_buffer_append(is_divided ? &finding->divided : &finding->files, &file, sizeof file);
  return EAGRE_OK;
}

enum depth { AT_ROOT, BELOW_PLAIN, BELOW_DIVIDED };

static enum eagre_status add_directory(struct finding *finding, const char *path, enum depth depth,
                                       struct eagre_error *error);

static enum eagre_status add_subdirectory(struct finding *finding, const char *directory,
                                          const char *path, enum depth depth,
                                          struct eagre_error *error) {
  const char *name = get_name(path);
  EAGRE_TRY(check_subdirectory(finding, directory, name, error));
  if (finding->root == NULL || is_hidden(name)) return EAGRE_OK;
  bool is_divided = depth == BELOW_DIVIDED || strchr(name, '=') != NULL;
  return add_directory(finding, path, is_divided ? BELOW_DIVIDED : BELOW_PLAIN, error);
}

static enum eagre_status add_directory(struct finding *finding, const char *path, enum depth depth,
                                       struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  enum eagre_status status =
      eagre_io_list(finding->io, path, finding->arena, &entries, &count, error);
  if (status == EAGRE_END) return EAGRE_OK; /* it went away: it has no files */
  EAGRE_TRY(status);
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_text entry = eagre_arena_printf(
        finding->arena, "%s/%s", strcmp(path, "/") == 0 ? "" : path, entries[i].name);
    if (entries[i].is_directory) {
      EAGRE_TRY(add_subdirectory(finding, path, entry.data, depth, error));
    } else if (depth != BELOW_PLAIN) {
      EAGRE_TRY(
          add_file(finding, entry.data, depth == BELOW_DIVIDED, entries[i].modified_us, error));
    }
  }
  return EAGRE_OK;
}

/* The files that a file sink has committed. */
static enum eagre_status add_committed(struct finding *finding,
                                       const struct eagre_checkpoint_manifest *manifest,
                                       struct eagre_error *error) {
  size_t root_size = strlen(finding->root);
  for (uint32_t i = 0; i < manifest->count; i++) {
    struct eagre_text path = manifest->files[i].path;
    bool is_below = eagre_text_starts_with(path, eagre_text_of(finding->root));
    size_t from = is_below ? root_size : 0;
    const char *directories = path.data + from;
    const char *name = get_name(path.data);
    bool is_divided = memchr(directories, '=', (size_t)(name - directories)) != NULL;
    EAGRE_TRY(add_file(finding, eagre_arena_copy_text(finding->arena, path).data, is_divided,
                       manifest->files[i].modified_ms * 1000, error));
  }
  return EAGRE_OK;
}

/* Of a directory with a manifest only the files that it names count, as in Spark. */
static enum eagre_status add_root(struct finding *finding, const char *path,
                                  struct eagre_error *error) {
  struct eagre_checkpoint_manifest manifest = {0};
  if (finding->root != NULL) {
    EAGRE_TRY(eagre_checkpoint_manifest_read(finding->io, path, finding->arena, &manifest, error));
  }
  return manifest.is_there ? add_committed(finding, &manifest, error)
                           : add_directory(finding, path, AT_ROOT, error);
}

/* A directory or a file; END when there is neither. */
static enum eagre_status add_path(struct finding *finding, const char *path,
                                  struct eagre_error *error) {
  struct eagre_io_entry entry;
  EAGRE_TRY(eagre_io_stat(finding->io, path, &entry, error));
  if (entry.is_directory) return add_root(finding, path, error);
  return add_file(finding, path, false, entry.modified_us, error);
}

static enum eagre_status add_matches(struct finding *finding, const char *pattern,
                                     struct eagre_error *error) {
  glob_t matches = {0};
  int failure = glob(pattern, GLOB_BRACE | GLOB_NOSORT, NULL, &matches);
  enum eagre_status status = EAGRE_OK;
  if (failure != 0 && failure != GLOB_NOMATCH) {
    status = eagre_error_set(error, EAGRE_IO, "FILE_OPERATION_FAILED",
                             "The glob %s cannot be expanded.", pattern);
  }
  for (size_t i = 0; status == EAGRE_OK && i < matches.gl_pathc; i++) {
    const char *path = eagre_arena_copy_string(finding->arena, matches.gl_pathv[i]);
    status = add_path(finding, path, error);
    if (status == EAGRE_END) status = EAGRE_OK; /* it was there a moment ago */
  }
  globfree(&matches);
  return status;
}

/* ---- Order ----------------------------------------------------------------------------------- */

static int compare_found(const void *a, const void *b) {
  const struct eagre_source_files_found *left = a;
  const struct eagre_source_files_found *right = b;
  if (left->modified_us != right->modified_us) {
    return left->modified_us < right->modified_us ? -1 : 1;
  }
  return strcmp(left->path, right->path);
}

/* Sorts, and removes what a glob with braces matched twice. Beside files below directories called
 * k=v, those of the root do not count. */
static void sort_files(struct finding *finding, struct eagre_source_files_found **out_files,
                       uint32_t *out_count) {
  const struct eagre_buffer *found =
      finding->divided.size > 0 ? &finding->divided : &finding->files;
  size_t count = found->size / sizeof **out_files;
  struct eagre_source_files_found *files = eagre_arena_allocate(finding->arena, found->size + 1);
  if (count > 0) memcpy(files, found->data, found->size);
  qsort(files, count, sizeof *files, compare_found);
  uint32_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    if (kept > 0 && strcmp(files[kept - 1].path, files[i].path) == 0) continue;
    files[kept++] = files[i];
  }
  *out_files = files;
  *out_count = kept;
}

static enum eagre_status refuse_missing(const char *path, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_IO, "PATH_NOT_FOUND", "Path does not exist: file:%s.", path);
  eagre_error_hint(error, "relative paths are read against the working directory");
  return EAGRE_IO;
}

enum eagre_status eagre_source_files_find(struct eagre_io *io, const char *path,
                                          enum eagre_file_format format, struct eagre_arena *arena,
                                          struct eagre_source_files_found **out_files,
                                          uint32_t *out_count, struct eagre_error *error) {
  bool is_glob = eagre_source_files_is_glob(path);
  struct finding finding = {
      .io = io,
      .arena = arena,
      .root = is_glob ? NULL : path,
      .reads_any_name = format == EAGRE_FILES_PARQUET,
  };
  enum eagre_status status =
      is_glob ? add_matches(&finding, path, error) : add_path(&finding, path, error);
  if (status == EAGRE_END) status = refuse_missing(path, error);
  if (status == EAGRE_OK) sort_files(&finding, out_files, out_count);
  eagre_buffer_done(&finding.files);
  eagre_buffer_done(&finding.divided);
  return status;
}
