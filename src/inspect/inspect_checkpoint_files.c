/* The log of files that a file source has taken, sources/I (spark-semantics 2.2):
 *
 *   N           v1, then per file {"path":"file:///data/in/a.json","timestamp":...,"batchId":N}
 *   N.compact   the lines of all entries 0..N
 *
 * Reading begins at the newest compacted entry; every later one must be there. */
#include "inspect/inspect_checkpoint.h"

#include <stdio.h>

#include "json/json.h"
#include "value/value.h"

static const char compact_suffix[] = ".compact";

/* ---- One file of the log --------------------------------------------------------------------- */

static bool take_line(struct eagre_text *rest, struct eagre_text *out_line) {
  if (rest->size == 0) return false;
  const char *newline = memchr(rest->data, '\n', rest->size);
  size_t size = newline == NULL ? rest->size : (size_t)(newline - rest->data);
  size_t used = newline == NULL ? size : size + 1;
  *out_line = eagre_text_trim(eagre_text_make(rest->data, size));
  *rest = eagre_text_make(rest->data + used, rest->size - used);
  return true;
}

/* The URI in a line and the entry it belongs to; false when it names no file. */
static bool parse_line(struct eagre_text line, struct eagre_arena *scratch,
                       struct eagre_text *out_uri, int64_t *inout_entry) {
  const struct eagre_json_node *root = NULL;
  if (eagre_json_read(scratch, line, &root, NULL) != EAGRE_OK) return false;
  if (root->kind != EAGRE_JSON_OBJECT) return false;
  const struct eagre_json_node *path = eagre_json_member(root, "path");
  const struct eagre_json_node *entry = eagre_json_member(root, "batchId");
  if (path == NULL || path->kind != EAGRE_JSON_STRING) return false;
  *out_uri = path->text;
  if (entry == NULL) return true;
  return entry->kind == EAGRE_JSON_NUMBER && eagre_json_integer(entry, inout_entry) &&
         *inout_entry >= 0;
}

bool eagre_inspect_file_log_parse(struct eagre_text content, int64_t entry,
                                  eagre_inspect_file_fn *file, void *context,
                                  const char **out_what) {
  struct eagre_arena scratch = {0};
  struct eagre_text line = {0};
  *out_what = "it is no UTF-8";
  if (!eagre_value_utf8_is_valid(content)) return false;
  bool is_valid = take_line(&content, &line) && eagre_text_equal_string(line, "v1");
  *out_what = "its first line is not the log version v1";
  while (is_valid && take_line(&content, &line)) {
    struct eagre_text uri;
    int64_t line_entry = entry;
    if (line.size == 0) continue;
    eagre_arena_reset(&scratch);
    *out_what = "a line names no file";
    is_valid = parse_line(line, &scratch, &uri, &line_entry);
    if (is_valid) file(context, uri, line_entry);
  }
  eagre_arena_done(&scratch);
  return is_valid;
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* The entry a file name stands for, -1 when it is none of the log's. */
static int64_t read_name(const char *name, bool *out_is_compact) {
  struct eagre_text text = eagre_text_of(name);
  struct eagre_text suffix = eagre_text_of(compact_suffix);
  *out_is_compact = eagre_text_ends_with(text, suffix);
  if (*out_is_compact) text.size -= suffix.size;
  return eagre_inspect_name_number(text);
}

struct log_bounds {
  int64_t last;
  int64_t compact; /* newest compacted entry, -1 none */
};

static void find_bounds(const struct eagre_io_entry *entries, uint32_t count,
                        struct log_bounds *out) {
  *out = (struct log_bounds){-1, -1};
  for (uint32_t i = 0; i < count; i++) {
    bool is_compact;
    int64_t entry = read_name(entries[i].name, &is_compact);
    if (entry > out->last) out->last = entry;
    if (is_compact && entry > out->compact) out->compact = entry;
  }
}

/* ---- The whole log --------------------------------------------------------------------------- */

struct collection {
  struct eagre_arena *arena;
  struct eagre_inspect_file_log *log;
  uint64_t capacity;
  int64_t up_to;
};

static void collect_file(void *context, struct eagre_text uri, int64_t entry) {
  struct collection *collection = context;
  struct eagre_inspect_file_log *log = collection->log;
  if (entry > collection->up_to) return;
  if (log->path_count == collection->capacity) {
    uint64_t capacity = collection->capacity == 0 ? 64 : collection->capacity * 2;
    struct eagre_text *grown =
        eagre_arena_allocate(collection->arena, capacity * sizeof *log->paths);
    if (log->path_count > 0) memcpy(grown, log->paths, log->path_count * sizeof *log->paths);
    log->paths = grown;
    collection->capacity = capacity;
  }
  log->paths[log->path_count++] = eagre_inspect_file_path(collection->arena, uri);
}

static enum eagre_status refuse(const char *class_name, const struct eagre_checkpoint *checkpoint,
                                uint32_t source, const char *name, const char *what,
                                struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, class_name, "log file %s/sources/%u/%s: %s",
                  eagre_checkpoint_path(checkpoint), source, name, what);
  eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
  return EAGRE_UNSAFE;
}

static enum eagre_status read_entry(struct eagre_checkpoint *checkpoint, uint32_t source,
                                    int64_t entry, bool is_compact, struct collection *collection,
                                    struct eagre_error *error) {
  char name[40];
  const char *what = NULL;
  struct eagre_buffer content = {0};
  snprintf(name, sizeof name, "%lld%s", (long long)entry, is_compact ? compact_suffix : "");
  enum eagre_status status =
      eagre_checkpoint_read_source(checkpoint, source, name, &content, error);
  if (status == EAGRE_END) {
    status = refuse("FILE_LOG_INCOMPLETE", checkpoint, source, name,
                    "it is missing, so that it is not known which files were read", error);
  }
  if (status == EAGRE_OK && !eagre_inspect_file_log_parse(eagre_buffer_text(&content), entry,
                                                          collect_file, collection, &what)) {
    status = refuse("MALFORMED_LOG_FILE", checkpoint, source, name, what, error);
  }
  eagre_buffer_done(&content);
  collection->log->file_count++;
  return status;
}

enum eagre_status eagre_inspect_file_log_read(struct eagre_checkpoint *checkpoint, uint32_t source,
                                              int64_t up_to, struct eagre_arena *arena,
                                              struct eagre_inspect_file_log *out,
                                              struct eagre_error *error) {
  *out = (struct eagre_inspect_file_log){.last = -1};
  struct collection collection = {.arena = arena, .log = out, .up_to = up_to};
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  struct log_bounds bounds;
  enum eagre_status status =
      eagre_checkpoint_list_source(checkpoint, source, arena, &entries, &count, error);
  if (status != EAGRE_OK) return status == EAGRE_END ? EAGRE_OK : status;
  find_bounds(entries, count, &bounds);
  if (bounds.compact >= 0) {
    EAGRE_TRY(read_entry(checkpoint, source, bounds.compact, true, &collection, error));
  }
  for (int64_t entry = bounds.compact + 1; entry <= bounds.last; entry++) {
    EAGRE_TRY(read_entry(checkpoint, source, entry, false, &collection, error));
  }
  out->last = bounds.last;
  return EAGRE_OK;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

static int read_hexadecimal(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

struct eagre_text eagre_inspect_file_path(struct eagre_arena *arena, struct eagre_text uri) {
  if (!eagre_text_starts_with(uri, EAGRE_TEXT("file:/"))) return eagre_arena_copy_text(arena, uri);
  size_t begin = eagre_text_starts_with(uri, EAGRE_TEXT("file:///")) ? 7 : 5;
  char *path = eagre_arena_allocate(arena, uri.size - begin + 1);
  size_t size = 0;
  for (size_t i = begin; i < uri.size; i++) {
    bool is_escape = uri.data[i] == '%' && i + 2 < uri.size;
    int high = is_escape ? read_hexadecimal(uri.data[i + 1]) : -1;
    int low = is_escape ? read_hexadecimal(uri.data[i + 2]) : -1;
    bool is_coded = high >= 0 && low >= 0;
    path[size++] = is_coded ? (char)(high * 16 + low) : uri.data[i];
    if (is_coded) i += 2;
  }
  path[size] = '\0';
  return eagre_text_make(path, size);
}
