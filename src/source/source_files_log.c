/* The log of files taken, sources/I/N, byte for byte as Spark's FileStreamSourceLog keeps it.
 *
 *   N           v1
 *               {"path":"file:///data/in/a.json","timestamp":1795125168691,"batchId":N}
 *               one line per file; timestamp is the modification time in milliseconds
 *   M.compact   instead of M when M + 1 is a multiple of the interval (10): the lines of all
 *               entries 0..M, each with its own batchId */
#include "source/source_files.h"

#include <stdio.h>

enum { SLOT_COUNT_FIRST = 1024 };

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

/* ---- Parsing --------------------------------------------------------------------------------- */

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
  out->path = eagre_value_read_uri(&log->arena, path->text);
  return true;
}

enum eagre_status eagre_source_files_log_parse(struct eagre_source_files_log *log,
                                               struct eagre_text content, const char *place,
                                               int64_t log_id, bool is_compact,
                                               struct eagre_error *error) {
  struct eagre_arena scratch = {0};
  struct eagre_text line;
  enum eagre_status status = eagre_checkpoint_log_take_version(&content, place, error);
  while (status == EAGRE_OK && eagre_checkpoint_log_take_line(&content, &line)) {
    struct eagre_source_files_entry entry = {.log_id = log_id};
    bool has_id = false;
    if (eagre_text_trim(line).size == 0) continue;
    eagre_arena_reset(&scratch);
    if (!parse_entry(log, line, &scratch, &entry, &has_id)) {
      status = eagre_checkpoint_log_refuse(place, "a line names no file", error);
    } else if (is_compact && entry.log_id > log_id) {
      status = eagre_checkpoint_log_refuse(place, "a file belongs to a later entry", error);
    } else if (is_compact && log->count > 0 && entry.log_id < log->entries[log->count - 1].log_id) {
      status = eagre_checkpoint_log_refuse(place, "its files are not in order", error);
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
  char name[EAGRE_CHECKPOINT_LOG_NAME_SIZE];
  char place[1024];
  struct eagre_buffer content = {0};
  const char *checkpoint_path = eagre_checkpoint_path(log->checkpoint);
  eagre_checkpoint_log_print_name(id, is_compact, name);
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
  struct eagre_checkpoint_log_names names;
  enum eagre_status status =
      eagre_checkpoint_list_source(log->checkpoint, log->source, arena, &files, &count, error);
  if (status != EAGRE_OK) return status == EAGRE_END ? EAGRE_OK : status;
  eagre_checkpoint_log_read_names(files, count, &names);
  log->compact_interval = names.interval;
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
      .compact_interval = EAGRE_CHECKPOINT_COMPACT_INTERVAL,
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
  eagre_value_print_uri(entry->path, &uri);
  eagre_buffer_append_string(out, "\n{\"path\":");
  eagre_buffer_append_json_string(out, eagre_buffer_text(&uri));
  eagre_buffer_printf(out, ",\"timestamp\":%lld,\"batchId\":%lld}", (long long)entry->modified_ms,
                      (long long)entry->log_id);
  eagre_buffer_done(&uri);
}

static enum eagre_status write_entry(struct eagre_source_files_log *log, int64_t id,
                                     struct eagre_error *error) {
  char name[EAGRE_CHECKPOINT_LOG_NAME_SIZE];
  struct eagre_buffer content = {0};
  size_t begin = 0;
  bool is_compact = eagre_checkpoint_log_is_compact(log->compact_interval, id);
  if (!is_compact) {
    for (begin = log->count; begin > 0 && log->entries[begin - 1].log_id == id; begin--) {
    }
  }
  eagre_buffer_append_string(&content, "v1");
  for (size_t i = begin; i < log->count; i++) {
    print_entry(&log->entries[i], &content);
  }
  eagre_checkpoint_log_print_name(id, is_compact, name);
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
    int64_t id = eagre_checkpoint_log_read_name(files[i].name, &is_compact);
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
  if (log->checkpoint == NULL) return EAGRE_OK;
  int64_t keep_from = eagre_checkpoint_log_keep_from(log->compact_interval, log->last);
  if (keep_from == 0) return EAGRE_OK;
  struct eagre_arena arena = {0};
  enum eagre_status status = remove_before(log, keep_from, &arena, error);
  eagre_arena_done(&arena);
  return status;
}
