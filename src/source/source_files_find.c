/* Looking for files, as Spark's InMemoryFileIndex does without partitions: the files of a directory
 * itself, not those below. What Spark would read differently is refused by name, so that nothing is
 * left out or misread silently. */
#include "source/source_files.h"

#include <glob.h>
#include <stdlib.h>

struct finding {
  struct eagre_io *io;
  struct eagre_arena *arena;
  struct eagre_buffer files; /* struct eagre_source_files_found */
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

static enum eagre_status check_subdirectory(const char *directory, const char *name,
                                            struct eagre_error *error) {
  if (strcmp(name, "_spark_metadata") == 0) {
    eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.FILE_SINK_DIRECTORY",
                    "The directory %s was written by a file sink of Spark; its manifest "
                    "_spark_metadata says which files count, and is not supported yet.",
                    directory);
    eagre_error_hint(error, "copy the files that count into a directory of their own");
    return EAGRE_USAGE;
  }
  if (is_hidden(name) || strchr(name, '=') == NULL) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.PARTITION_DIRECTORIES",
                  "The directory %s holds the partition %s; partition columns from directory names "
                  "are not supported yet.",
                  directory, name);
  eagre_error_hint(error, "read the files without them, with a glob such as 'dir/*/*.json'");
  return EAGRE_USAGE;
}

/* ---- Finding --------------------------------------------------------------------------------- */

static enum eagre_status add_file(struct finding *finding, const char *path, int64_t modified_us,
                                  struct eagre_error *error) {
  if (is_hidden(get_name(path))) return EAGRE_OK;
  EAGRE_TRY(check_compression(path, error));
  const struct eagre_source_files_found file = {path, modified_us};
  eagre_buffer_append(&finding->files, &file, sizeof file);
  return EAGRE_OK;
}

static enum eagre_status add_directory(struct finding *finding, const char *path,
                                       struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  enum eagre_status status =
      eagre_io_list(finding->io, path, finding->arena, &entries, &count, error);
  if (status == EAGRE_END) return EAGRE_OK; /* it went away: it has no files */
  EAGRE_TRY(status);
  for (uint32_t i = 0; i < count; i++) {
    if (entries[i].is_directory) {
      EAGRE_TRY(check_subdirectory(path, entries[i].name, error));
      continue;
    }
    struct eagre_text file = eagre_arena_printf(
        finding->arena, "%s/%s", strcmp(path, "/") == 0 ? "" : path, entries[i].name);
    EAGRE_TRY(add_file(finding, file.data, entries[i].modified_us, error));
  }
  return EAGRE_OK;
}

/* A directory or a file; END when there is neither. */
static enum eagre_status add_path(struct finding *finding, const char *path,
                                  struct eagre_error *error) {
  struct eagre_io_entry entry;
  EAGRE_TRY(eagre_io_stat(finding->io, path, &entry, error));
  if (entry.is_directory) return add_directory(finding, path, error);
  return add_file(finding, path, entry.modified_us, error);
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

/* Sorts, and removes what a glob with braces matched twice. */
static void sort_files(struct finding *finding, struct eagre_source_files_found **out_files,
                       uint32_t *out_count) {
  size_t count = finding->files.size / sizeof **out_files;
  struct eagre_source_files_found *files =
      eagre_arena_allocate(finding->arena, finding->files.size + 1);
  if (count > 0) memcpy(files, finding->files.data, finding->files.size);
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
                                          struct eagre_arena *arena,
                                          struct eagre_source_files_found **out_files,
                                          uint32_t *out_count, struct eagre_error *error) {
  struct finding finding = {.io = io, .arena = arena};
  enum eagre_status status = eagre_source_files_is_glob(path) ? add_matches(&finding, path, error)
                                                              : add_path(&finding, path, error);
  if (status == EAGRE_END) status = refuse_missing(path, error);
  if (status == EAGRE_OK) sort_files(&finding, out_files, out_count);
  eagre_buffer_done(&finding.files);
  return status;
}
