/* Files that a source has not taken yet: those of its folder, or behind its glob, that its log does
 * not name. What counts as a file is Spark's rule (HadoopFSUtils), as in the source itself. */
#include "inspect/inspect_lag.h"

#include <glob.h>
#include <stdlib.h>

struct count {
  struct eagre_inspect_lag *lag;
  const struct eagre_inspect_file_log *taken; /* sorted */
  int64_t waiting;
};

static int compare_paths(const void *a, const void *b) {
  return eagre_text_compare(*(const struct eagre_text *)a, *(const struct eagre_text *)b);
}

static bool is_taken(const struct count *count, struct eagre_text path) {
  if (count->taken->path_count == 0) return false;
  return bsearch(&path, count->taken->paths, count->taken->path_count, sizeof path,
                 compare_paths) != NULL;
}

static bool is_hidden(const char *name) {
  struct eagre_text text = eagre_text_of(name);
  bool is_excluded = (name[0] == '_' && strchr(name, '=') == NULL) || name[0] == '.' ||
                     eagre_text_ends_with(text, EAGRE_TEXT("._COPYING_"));
  bool is_included = eagre_text_starts_with(text, EAGRE_TEXT("_common_metadata")) ||
                     eagre_text_starts_with(text, EAGRE_TEXT("_metadata"));
  return is_excluded && !is_included;
}

static void count_file(struct count *count, const char *path) {
  const char *slash = strrchr(path, '/');
  if (is_hidden(slash == NULL ? path : slash + 1)) return;
  if (!is_taken(count, eagre_text_of(path))) count->waiting++;
}

static enum eagre_status count_folder(struct count *count, const char *path,
                                      struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t entry_count = 0;
  struct eagre_inspect_lag *lag = count->lag;
  enum eagre_status status =
      eagre_io_list(lag->io, path, &lag->arena, &entries, &entry_count, error);
  if (status == EAGRE_END) return EAGRE_OK;
  EAGRE_TRY(status);
  const char *folder = strcmp(path, "/") == 0 ? "" : path;
  for (uint32_t i = 0; i < entry_count; i++) {
    if (entries[i].is_directory) continue;
    count_file(count, eagre_arena_printf(&lag->arena, "%s/%s", folder, entries[i].name).data);
  }
  return EAGRE_OK;
}

static enum eagre_status count_path(struct count *count, const char *path,
                                    struct eagre_error *error) {
  struct eagre_io_entry entry;
  enum eagre_status status = eagre_io_stat(count->lag->io, path, &entry, error);
  if (status == EAGRE_END) return EAGRE_OK;
  EAGRE_TRY(status);
  if (entry.is_directory) return count_folder(count, path, error);
  count_file(count, path);
  return EAGRE_OK;
}

static enum eagre_status count_matches(struct count *count, const char *pattern,
                                       struct eagre_error *error) {
  glob_t matches = {0};
  enum eagre_status status = EAGRE_OK;
  int failure = glob(pattern, GLOB_BRACE, NULL, &matches);
  if (failure != 0 && failure != GLOB_NOMATCH) {
    status = eagre_error_set(error, EAGRE_IO, "FILE_OPERATION_FAILED",
                             "The glob %s cannot be expanded.", pattern);
  }
  for (size_t i = 0; i < matches.gl_pathc && status == EAGRE_OK; i++) {
    bool is_repeated = i > 0 && strcmp(matches.gl_pathv[i], matches.gl_pathv[i - 1]) == 0;
    if (!is_repeated) status = count_path(count, matches.gl_pathv[i], error);
  }
  globfree(&matches);
  return status;
}

enum eagre_status eagre_inspect_lag_files(struct eagre_inspect_lag *lag,
                                          const struct eagre_inspect_lag_row *prototype,
                                          const char *path, bool is_glob,
                                          struct eagre_inspect_file_log *taken,
                                          struct eagre_error *error) {
  struct count count = {.lag = lag, .taken = taken};
  if (taken->path_count > 0)
    qsort(taken->paths, taken->path_count, sizeof *taken->paths, compare_paths);
  EAGRE_TRY(is_glob ? count_matches(&count, path, error) : count_path(&count, path, error));
  struct eagre_inspect_lag_row row = *prototype;
  row.kind = EAGRE_INSPECT_FILES;
  row.name = eagre_arena_copy_text(&lag->arena, eagre_text_of(path));
  row.position = (int64_t)taken->path_count;
  row.lag = count.waiting;
  row.end = row.position + row.lag;
  eagre_inspect_lag_add(lag, &row);
  return EAGRE_OK;
}
