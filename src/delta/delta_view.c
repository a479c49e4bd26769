/* A table that is only read: its live files, and versions by time. */
#include "delta/delta_checkpoint.h"

/* ---- Versions by time ------------------------------------------------------------------------ */

/* Times of commits are made to grow, as Delta's history makes them: one that is not later than the
 * one before counts as a millisecond after it. */
static void find_version(const struct eagre_io_entry *entries, uint32_t count, int64_t timestamp_ms,
                         int64_t *out_version, int64_t *out_last_ms) {
  int64_t before_ms = INT64_MIN;
  *out_version = -1;
  *out_last_ms = INT64_MIN;
  for (uint32_t i = 0; i < count; i++) {
    int64_t version = eagre_delta_log_version(entries[i].name);
    if (version < 0) continue;
    int64_t time_ms = entries[i].modified_us / 1000;
    if (before_ms != INT64_MIN && time_ms <= before_ms) time_ms = before_ms + 1;
    before_ms = time_ms;
    if (time_ms <= timestamp_ms) *out_version = version;
    *out_last_ms = time_ms;
  }
}

enum eagre_status eagre_delta_find_version(struct eagre_io *io, struct eagre_text location,
                                           int64_t timestamp_ms, int64_t *out_version,
                                           int64_t *out_last_ms, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  struct eagre_store *store = NULL;
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  EAGRE_TRY(eagre_store_open(io, location, &store, error));
  enum eagre_status status = eagre_store_list(store, "_delta_log", &arena, &entries, &count, error);
  if (status == EAGRE_END) status = EAGRE_OK;
  if (status == EAGRE_OK) find_version(entries, count, timestamp_ms, out_version, out_last_ms);
  eagre_store_close(store);
  eagre_arena_done(&arena);
  return status;
}

/* ---- Columns --------------------------------------------------------------------------------- */

bool eagre_delta_is_partition(const struct eagre_delta_table *table, struct eagre_text name) {
  struct eagre_arena arena = {0};
  const struct eagre_json_node *metadata;
  bool is_partition = false;
  if (eagre_json_read(&arena, table->snapshot.metadata, &metadata, NULL) == EAGRE_OK) {
    const struct eagre_json_node *columns = eagre_json_member(metadata, "partitionColumns");
    for (const struct eagre_json_node *node = columns->child; node != NULL; node = node->next) {
      is_partition = is_partition || eagre_text_equal_ignoring_case(node->text, name);
    }
  }
  eagre_arena_done(&arena);
  return is_partition;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static enum eagre_status refuse_file(struct eagre_text path, const char *what,
                                     struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_UNSUPPORTED_FEATURES_FOR_READ",
                  "the file %.*s of the Delta table %s, which Eagre cannot read", (int)path.size,
                  path.data, what);
  eagre_error_hint(error,
                   "rewrite the table with Spark: REORG TABLE ... APPLY (PURGE), or copy it");
  return EAGRE_UNSAFE;
}

/* A path is relative to the table, or a URI. */
static enum eagre_status find_path(const struct eagre_delta_table *table, struct eagre_text path,
                                   struct eagre_arena *arena, const char **out_path,
                                   struct eagre_error *error) {
  struct eagre_text decoded = eagre_delta_path_decode(arena, path);
  const char *colon = memchr(decoded.data, ':', decoded.size);
  const char *slash = memchr(decoded.data, '/', decoded.size);
  bool is_uri = colon != NULL && slash == colon + 1;
  if (is_uri && !eagre_text_starts_with(decoded, EAGRE_TEXT("file:/"))) {
    return refuse_file(path, "is on another file system", error);
  }
  if (is_uri) {
    size_t skipped = strlen("file:");
    while (eagre_text_starts_with(eagre_text_make(decoded.data + skipped, decoded.size - skipped),
                                  EAGRE_TEXT("//"))) {
      skipped++;
    }
    decoded = eagre_text_make(decoded.data + skipped, decoded.size - skipped);
  }
  bool is_absolute = decoded.size > 0 && decoded.data[0] == '/';
  *out_path = eagre_arena_printf(arena, "%s%s%.*s", is_absolute ? "" : table->location,
                                 is_absolute ? "" : "/", (int)decoded.size, decoded.data)
                  .data;
  return EAGRE_OK;
}

static const struct eagre_json_node *read_object(const struct eagre_json_node *node) {
  return node != NULL && node->kind == EAGRE_JSON_OBJECT ? node : NULL;
}

enum eagre_status eagre_delta_next_file(const struct eagre_delta_table *table, uint32_t *position,
                                        struct eagre_arena *arena,
                                        struct eagre_delta_live_file *out,
                                        struct eagre_error *error) {
  const struct eagre_delta_entry *entry = eagre_delta_map_next(&table->snapshot.files, position);
  if (entry == NULL) return EAGRE_END;
  *out = (struct eagre_delta_live_file){.size = (uint64_t)entry->number};
  const struct eagre_json_node *body;
  EAGRE_TRY(eagre_json_read(arena, eagre_arena_copy_text(arena, entry->content), &body, error));
  if (read_object(eagre_json_member(body, "deletionVector")) != NULL) {
    return refuse_file(entry->key, "has a deletion vector", error);
  }
  EAGRE_TRY(find_path(table, entry->key, arena, &out->path, error));
  out->partition_values = read_object(eagre_json_member(body, "partitionValues"));
  struct eagre_text stats = eagre_delta_member_text(body, "stats");
  const struct eagre_json_node *node = NULL;
  if (stats.size > 0 && eagre_json_read(arena, stats, &node, NULL) == EAGRE_OK) {
    out->stats = read_object(node);
  }
  return EAGRE_OK;
}
