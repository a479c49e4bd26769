/* The log of files taken, sources/I/N, byte for byte as Spark's FileStreamSourceLog keeps it.
 *
 *   N           v1
 *               {"path":"file:///data/in/a.json","timestamp":1795125168691,"batchId":N}
 *               one line per file; timestamp is the modification time in milliseconds
 *   M.compact   instead of M when M + 1 is a multiple of the interval (10): the lines of all
 *               entries 0..M, each with its own batchId
 *
 * Reading begins at the newest compacted file; every later entry must be there. A compacted file
 * makes those before it superfluous; as in Spark the newest hundred stay, so that the interval can
 * be told from the names. */
#include "source/source_files.h"

#include <stdio.h>

enum {
  LOG_VERSION = 1,
  COMPACT_INTERVAL_DEFAULT = 10,
  RETAINED_ENTRIES = 100,
  SLOT_COUNT_FIRST = 1024,
  LOG_NAME_SIZE = 40, /* an id, ".compact" and a zero */
};

static const char compact_suffix[] = ".compact";

/* ---- Entries in memory ----------------------------------------------------------------------- */

static size_t find_slot(const struct eagre_source_files_log *log, struct eagre_text path) {
  size_t mask = log->slot_count - 1;
  size_t slot = eagre_hash_bytes(path.data, path.size, 0) & mask;
  while (log->slots[slot] != 0 &&
         !eagre_text_equal(log->entries[log->slots[slot] - 1].path, path)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

/* Keeps the table at most half full. */
static void grow_slots(struct eagre_source_files_log *log) {
  if (log->count * 2 < log->slot_count) return;
  eagre_free(log->slots);
  log->slot_count = log->slot_count == 0 ? SLOT_COUNT_FIRST : log->slot_count * 2;
  log->slots = eagre_allocate_zeroed(log->slot_count, sizeof *log->slots);
  for (size_t i = 0; i < log->count; i++) {
    log->slots[find_slot(log, log->entries[i].path)] = i + 1;
  }
}

/* `entry->path` lives in the log's arena. */
static void add_entry(struct eagre_source_files_log *log,
                      const struct eagre_source_files_entry *entry) {
  if (log->count == log->capacity) {
    log->capacity = log->capacity == 0 ? 64 : log->capacity * 2;
    log->entries = eagre_reallocate(log->entries, log->capacity * sizeof *log->entries);
  }
  grow_slots(log);
  log->entries[log->count++] = *entry;
  size_t slot = find_slot(log, entry->path);
  if (log->slots[slot] == 0) log->slots[slot] = log->count;
}

bool eagre_source_files_log_has(const struct eagre_source_files_log *log, struct eagre_text path) {
  return log->slot_count > 0 && log->slots[find_slot(log, path)] != 0;
}

const struct eagre_source_files_entry *
eagre_source_files_log_range(const struct eagre_source_files_log *log, int64_t after, int64_t up_to,
                             size_t *out_count) {
  size_t begin = log->count;
  while (begin > 0 && log->entries[begin - 1].log_id > after) {
    begin--;
  }
  size_t end = begin;
  while (end < log->count && log->entries[end].log_id <= up_to) {
    end++;
  }
  *out_count = end - begin;
  return log->count > 0 ? log->entries + begin : NULL;
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* The id a file name stands for, -1 when it is not one of the log's. */
static int64_t read_name(const char *name, bool *out_is_compact) {
  int64_t id = 0;
  size_t digits = 0;
  for (; name[digits] >= '0' && name[digits] <= '9' && digits < 18; digits++) {
    id = id * 10 + (name[digits] - '0');
  }
  *out_is_compact = strcmp(name + digits, compact_suffix) == 0;
  return digits > 0 && (name[digits] == '\0' || *out_is_compact) ? id : -1;
}

static bool is_compact_id(const struct eagre_source_files_log *log, int64_t id) {
  return (id + 1) % log->compact_interval == 0;
}

static void print_name(const struct eagre_source_files_log *log, int64_t id,
                       char out[LOG_NAME_SIZE]) {
  snprintf(out, LOG_NAME_SIZE, "%lld%s", (long long)id,
           is_compact_id(log, id) ? compact_suffix : "");
}

/* What the names of a log directory say. */
struct log_names {
  int64_t last;
  int64_t last_compact;     /* -1 none */
  int64_t previous_compact; /* -1 none */
};

static void note_name(struct log_names *names, const char *name) {
  bool is_compact;
  int64_t id = read_name(name, &is_compact);
  if (id > names->last) names->last = id;
  if (!is_compact || id < 0) return;
  if (id > names->last_compact) {
    names->previous_compact = names->last_compact;
    names->last_compact = id;
  } else if (id > names->previous_compact) {
    names->previous_compact = id;
  }
}

/* Spark's CompactibleFileStreamLog.deriveCompactInterval: where one compacted file is left, the
 * interval is the smallest divisor of its id + 1 that is not below the default. */
static int64_t derive_interval(int64_t last_compact) {
  int64_t length = last_compact + 1;
  if (COMPACT_INTERVAL_DEFAULT >= length / 2) return length;
  for (int64_t divisor = COMPACT_INTERVAL_DEFAULT; divisor <= length / 2; divisor++) {
    if (length % divisor == 0) return divisor;
  }
  return length;
}

static int64_t choose_interval(const struct log_names *names) {
  if (names->last_compact < 0) return COMPACT_INTERVAL_DEFAULT;
  if (names->previous_compact >= 0) return names->last_compact - names->previous_compact;
  return derive_interval(names->last_compact);
}

/* ---- Parsing --------------------------------------------------------------------------------- */

static enum eagre_status refuse_malformed(const char *place, const char *what,
                                          struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE", "log file %s is malformed: %s", place,
                  what);
  eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
  return EAGRE_UNSAFE;
}

static enum eagre_status refuse_version(const char *place, struct eagre_text line,
                                        struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION",
                  "%s has log version %.*s; the highest version that can be read is v%d", place,
                  (int)(line.size < 20 ? line.size : 20), line.data, LOG_VERSION);
  eagre_error_hint(error, "it was written by a newer Spark");
  return EAGRE_UNSAFE;
}

static bool take_line(struct eagre_text *rest, struct eagre_text *out_line) {
  if (rest->size == 0) return false;
  const char *newline = memchr(rest->data, '\n', rest->size);
  size_t size = newline == NULL ? rest->size : (size_t)(newline - rest->data);
  size_t used = newline == NULL ? size : size + 1;
  *out_line = eagre_text_make(rest->data, size);
  *rest = eagre_text_make(rest->data + used, rest->size - used);
  return true;
}

static enum eagre_status check_version(struct eagre_text *rest, const char *place,
                                       struct eagre_error *error) {
  struct eagre_text line;
  if (!take_line(rest, &line)) return refuse_malformed(place, "incomplete log file", error);
  line = eagre_text_trim(line);
  if (eagre_text_equal_string(line, "v1")) return EAGRE_OK;
  bool is_version = line.size > 1 && line.data[0] == 'v';
  for (size_t i = 1; i < line.size; i++) {
    is_version = is_version && line.data[i] >= '0' && line.data[i] <= '9';
  }
  if (is_version) return refuse_version(place, line, error);
  return refuse_malformed(place, "its first line is no log version", error);
}

/* One line; the path goes to the log's arena. */
static bool parse_entry(struct eagre_source_files_log *log, struct eagre_text line,
                        struct eagre_arena *scratch, struct eagre_source_files_entry *out,
                        bool *out_has_id) {
  const struct eagre_json_node *root = NULL;
  if (eagre_json_read(scratch, line, &root, NULL) != EAGRE_OK) return false;
  if (root->kind != EAGRE_JSON_OBJECT) return false;
  const struct eagre_json_node *path = eagre_json_member(root, "path");
  const struct eagre_json_node *timestamp = eagre_json_member(root, "timestamp");
  const struct eagre_json_node *id = eagre_json_member(root, "batchId");
  if (path == NULL || path->kind != EAGRE_JSON_STRING) return false;
  if (timestamp == NULL || !eagre_json_integer(timestamp, &out->modified_ms)) return false;
  *out_has_id = id != NULL;
  if (id != NULL && (!eagre_json_integer(id, &out->log_id) || out->log_id < 0)) return false;
  out->path = eagre_source_files_read_uri(&log->arena, path->text);
  return true;
}

enum eagre_status eagre_source_files_log_parse(struct eagre_source_files_log *log,
                                               struct eagre_text content, const char *place,
                                               int64_t log_id, bool is_compact,
                                               struct eagre_error *error) {
  struct eagre_arena scratch = {0};
  struct eagre_text line;
  enum eagre_status status = check_version(&content, place, error);
  while (status == EAGRE_OK && take_line(&content, &line)) {
    struct eagre_source_files_entry entry = {.log_id = log_id};
    bool has_id = false;
    if (eagre_text_trim(line).size == 0) continue;
    eagre_arena_reset(&scratch);
    if (!parse_entry(log, line, &scratch, &entry, &has_id)) {
      status = refuse_malformed(place, "a line names no file", error);
    } else if (is_compact && entry.log_id > log_id) {
      status = refuse_malformed(place, "a file belongs to a later entry", error);
    } else if (is_compact && log->count > 0 && entry.log_id < log->entries[log->count - 1].log_id) {
      status = refuse_malformed(place, "its files are not in order", error);
    } else {
      if (!is_compact || !has_id) entry.log_id = log_id;
      add_entry(log, &entry);
    }
  }
  eagre_arena_done(&scratch);
  return status;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static enum eagre_status read_log_file(struct eagre_source_files_log *log, int64_t id,
                                       bool is_compact, struct eagre_error *error) {
  char name[LOG_NAME_SIZE];
  char place[1024];
  struct eagre_buffer content = {0};
  const char *checkpoint_path = eagre_checkpoint_path(log->checkpoint);
  snprintf(name, sizeof name, "%lld%s", (long long)id, is_compact ? compact_suffix : "");
  snprintf(place, sizeof place, "%s/sources/%u/%s", checkpoint_path, log->source, name);
  enum eagre_status status =
      eagre_checkpoint_read_source(log->checkpoint, log->source, name, &content, error);
  if (status == EAGRE_END) {
    status = eagre_error_set(error, EAGRE_UNSAFE, "FILE_LOG_INCOMPLETE",
                             "%s is missing, so it is not known which files were read.", place);
    eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
  }
  if (status == EAGRE_OK) {
    status = eagre_source_files_log_parse(log, eagre_buffer_text(&content), place, id, is_compact,
                                          error);
  }
  eagre_buffer_done(&content);
  return status;
}

static enum eagre_status read_log(struct eagre_source_files_log *log, struct eagre_arena *arena,
                                  struct eagre_error *error) {
  struct eagre_io_entry *files = NULL;
  uint32_t count = 0;
  struct log_names names = {-1, -1, -1};
  enum eagre_status status =
      eagre_checkpoint_list_source(log->checkpoint, log->source, arena, &files, &count, error);
  if (status != EAGRE_OK) return status == EAGRE_END ? EAGRE_OK : status;
  for (uint32_t i = 0; i < count; i++) {
    note_name(&names, files[i].name);
  }
  log->compact_interval = choose_interval(&names);
  int64_t first = 0;
  if (names.last_compact >= 0) {
    EAGRE_TRY(read_log_file(log, names.last_compact, true, error));
    first = names.last_compact + 1;
  }
  for (int64_t id = first; id <= names.last; id++) {
    EAGRE_TRY(read_log_file(log, id, false, error));
  }
  log->last = names.last;
  return EAGRE_OK;
}

enum eagre_status eagre_source_files_log_open(struct eagre_source_files_log *log,
                                              struct eagre_checkpoint *checkpoint,
                                              struct eagre_io *io, uint32_t source,
                                              struct eagre_error *error) {
  *log = (struct eagre_source_files_log){
      .checkpoint = checkpoint,
      .io = io,
      .source = source,
      .last = -1,
      .compact_interval = COMPACT_INTERVAL_DEFAULT,
  };
  if (checkpoint == NULL) return EAGRE_OK;
  struct eagre_arena arena = {0};
  enum eagre_status status = read_log(log, &arena, error);
  eagre_arena_done(&arena);
  return status;
}

void eagre_source_files_log_done(struct eagre_source_files_log *log) {
  eagre_arena_done(&log->arena);
  eagre_free(log->entries);
  eagre_free(log->slots);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void print_entry(const struct eagre_source_files_entry *entry, struct eagre_buffer *out) {
  struct eagre_buffer uri = {0};
  eagre_source_files_print_uri(entry->path, &uri);
  eagre_buffer_append_string(out, "\n{\"path\":");
  eagre_buffer_append_json_string(out, eagre_buffer_text(&uri));
  eagre_buffer_printf(out, ",\"timestamp\":%lld,\"batchId\":%lld}", (long long)entry->modified_ms,
                      (long long)entry->log_id);
  eagre_buffer_done(&uri);
}

static enum eagre_status write_entry(struct eagre_source_files_log *log, int64_t id,
                                     struct eagre_error *error) {
  char name[LOG_NAME_SIZE];
  struct eagre_buffer content = {0};
  size_t begin = 0;
  if (!is_compact_id(log, id)) {
    for (begin = log->count; begin > 0 && log->entries[begin - 1].log_id == id; begin--) {
    }
  }
  eagre_buffer_append_string(&content, "v1");
  for (size_t i = begin; i < log->count; i++) {
    print_entry(&log->entries[i], &content);
  }
  print_name(log, id, name);
  enum eagre_status status = eagre_checkpoint_write_source(log->checkpoint, log->source, name,
                                                           eagre_buffer_text(&content), error);
  eagre_buffer_done(&content);
  return status;
}

enum eagre_status eagre_source_files_log_append(struct eagre_source_files_log *log,
                                                const struct eagre_source_files_found *files,
                                                uint32_t count, struct eagre_error *error) {
  int64_t id = log->last + 1;
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_source_files_entry entry = {
        .path = eagre_arena_copy_text(&log->arena, eagre_text_of(files[i].path)),
        .modified_ms = files[i].modified_us / 1000,
        .log_id = id,
    };
    add_entry(log, &entry);
  }
  log->last = id;
  if (log->checkpoint == NULL) return EAGRE_OK;
  return write_entry(log, id, error);
}

/* ---- Purging --------------------------------------------------------------------------------- */

static enum eagre_status remove_before(const struct eagre_source_files_log *log, int64_t keep_from,
                                       struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_io_entry *files = NULL;
  uint32_t count = 0;
  uint32_t removed = 0;
  enum eagre_status status =
      eagre_checkpoint_list_source(log->checkpoint, log->source, arena, &files, &count, error);
  if (status != EAGRE_OK) return status == EAGRE_END ? EAGRE_OK : status;
  const char **paths = eagre_arena_allocate(arena, sizeof *paths * (count * 2 + 1));
  const char *checkpoint_path = eagre_checkpoint_path(log->checkpoint);
  for (uint32_t i = 0; i < count; i++) {
    bool is_compact;
    int64_t id = read_name(files[i].name, &is_compact);
    if (id < 0 || id >= keep_from) continue;
    paths[removed++] = eagre_arena_printf(arena, "%s/sources/%u/.%s.crc", checkpoint_path,
                                          log->source, files[i].name)
                           .data;
    paths[removed++] =
        eagre_arena_printf(arena, "%s/sources/%u/%s", checkpoint_path, log->source, files[i].name)
            .data;
  }
  return eagre_io_remove_files(log->io, paths, removed, error);
}

enum eagre_status eagre_source_files_log_purge(const struct eagre_source_files_log *log,
                                               struct eagre_error *error) {
  if (log->checkpoint == NULL || log->last < 0 || !is_compact_id(log, log->last)) return EAGRE_OK;
  int64_t newest_expired = log->last - RETAINED_ENTRIES;
  if (newest_expired < log->compact_interval) return EAGRE_OK;
  int64_t keep_from = newest_expired - newest_expired % log->compact_interval - 1;
  struct eagre_arena arena = {0};
  enum eagre_status status = remove_before(log, keep_from, &arena, error);
  eagre_arena_done(&arena);
  return status;
}
