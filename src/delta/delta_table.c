/* The handle: opening a table, following its log, and the questions that are only looked up. */
#include "delta/delta_table.h"

#include <inttypes.h>

#include "delta/delta_checkpoint.h"
#include "delta/delta_schema.h"

/* ---- Reading the log ------------------------------------------------------------------------- */

enum eagre_status eagre_delta_table_read_commit(struct eagre_delta_table *table, int64_t version,
                                                struct eagre_error *error) {
  char name[EAGRE_DELTA_LOG_NAME_SIZE];
  eagre_delta_log_name(version, name);
  return eagre_store_read(table->store, name, &table->content, error);
}

enum eagre_status eagre_delta_table_advance(struct eagre_delta_table *table,
                                            struct eagre_error *error) {
  while (table->snapshot.version < table->version_max) {
    int64_t version = table->snapshot.version + 1;
    enum eagre_status status = eagre_delta_table_read_commit(table, version, error);
    if (status == EAGRE_END) return EAGRE_OK;
    if (status != EAGRE_OK) return status;
    EAGRE_TRY(eagre_delta_snapshot_apply(&table->snapshot, version,
                                         eagre_buffer_text(&table->content), error));
  }
  return EAGRE_OK;
}

/* Whether the file of our version is still what we read: nobody may ever touch it. */
static enum eagre_status check_unchanged(struct eagre_delta_table *table,
                                         struct eagre_error *error) {
  const struct eagre_delta_snapshot *snapshot = &table->snapshot;
  if (snapshot->version < 0 || snapshot->content_size == UINT64_MAX) return EAGRE_OK;
  enum eagre_status status = eagre_delta_table_read_commit(table, snapshot->version, error);
  if (status != EAGRE_OK && status != EAGRE_END) return status;
  bool is_same =
      status == EAGRE_OK && table->content.size == snapshot->content_size &&
      eagre_hash_bytes(table->content.data, table->content.size, 0) == snapshot->content_hash;
  if (is_same) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT",
                         "version %" PRId64 " of the Delta table %s %s", snapshot->version,
                         table->location,
                         status == EAGRE_END ? "has vanished" : "was replaced by another one");
}

enum eagre_status eagre_delta_refresh(struct eagre_delta_table *table, struct eagre_error *error) {
  EAGRE_TRY(check_unchanged(table, error));
  return eagre_delta_table_advance(table, error);
}

enum eagre_status eagre_delta_sync_log(struct eagre_delta_table *table, struct eagre_error *error) {
  if (table->snapshot.version < 0) return EAGRE_OK;
  struct eagre_arena arena = {0};
  const char *path = eagre_store_path(table->store, "_delta_log", &arena);
  enum eagre_status status = eagre_io_sync_directory(table->io, path, error);
  eagre_arena_done(&arena);
  return status;
}

enum eagre_status eagre_delta_table_verify(struct eagre_delta_table *table,
                                           struct eagre_text content, struct eagre_error *error) {
  int64_t version = table->snapshot.version + 1;
  enum eagre_status status = eagre_delta_table_read_commit(table, version, error);
  if (status != EAGRE_OK && status != EAGRE_END) return status;
  bool is_ours =
      status == EAGRE_OK && eagre_text_equal(eagre_buffer_text(&table->content), content);
  if (is_ours) return EAGRE_OK;
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_COMMIT_CLOBBERED",
                  "another writer replaced version %" PRId64
                  " of the Delta table %s just after Eagre wrote it",
                  version, table->location);
  eagre_error_hint(error,
                   "Spark on a local file system does not notice other writers: let only one "
                   "of them write to the table at a time");
  return EAGRE_UNSAFE;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static enum eagre_status refuse_incomplete(const struct eagre_delta_table *table, int64_t first,
                                           struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_LOG_INCOMPLETE",
                  "the log of the Delta table %s begins at version %" PRId64
                  ", and no checkpoint stands for what was before",
                  table->location, first);
  eagre_error_hint(error, "restore _delta_log from a backup, or write to a new table");
  return EAGRE_UNSAFE;
}

static enum eagre_status refuse_gap(const struct eagre_delta_table *table, int64_t last,
                                    struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT",
                         "version %" PRId64 " of the Delta table %s is missing, but %" PRId64
                         " is there",
                         table->snapshot.version + 1, table->location, last);
}

static enum eagre_status load_checkpoint(struct eagre_delta_table *table,
                                         const struct eagre_delta_listing *listing,
                                         struct eagre_error *error) {
  struct eagre_buffer lines = {0};
  enum eagre_status status = eagre_delta_checkpoint_read(table, listing, &lines, error);
  if (status == EAGRE_OK) {
    status = eagre_delta_snapshot_load(&table->snapshot, listing->checkpoint,
                                       eagre_buffer_text(&lines), listing->files[0], error);
  }
  eagre_buffer_done(&lines);
  return status;
}

/* Commits that the checkpoint holds tell more than it does, as far as they are still there. */
static enum eagre_status remember_commits(struct eagre_delta_table *table,
                                          const struct eagre_delta_listing *listing,
                                          struct eagre_error *error) {
  if (table->snapshot.is_view || listing->first_commit < 0) return EAGRE_OK;
  for (int64_t version = listing->first_commit; version <= listing->checkpoint; version++) {
    enum eagre_status status = eagre_delta_table_read_commit(table, version, error);
    if (status == EAGRE_END) continue;
    EAGRE_TRY(status);
    EAGRE_TRY(eagre_delta_snapshot_remember(&table->snapshot, version,
                                            eagre_buffer_text(&table->content), error));
  }
  return EAGRE_OK;
}

/* A log is read from version 0 on if it is there; one who only reads takes the shortest way. */
static enum eagre_status begin(struct eagre_delta_table *table,
                               const struct eagre_delta_listing *listing,
                               struct eagre_error *error) {
  bool is_whole = listing->first_commit <= 0 && listing->checkpoint < 0;
  if (is_whole || (listing->first_commit == 0 && !table->snapshot.is_view)) return EAGRE_OK;
  if (listing->checkpoint < 0) return refuse_incomplete(table, listing->first_commit, error);
  EAGRE_TRY(load_checkpoint(table, listing, error));
  return remember_commits(table, listing, error);
}

/* Compares what was read with what the directory had: reading stops at the first gap. */
static enum eagre_status check_complete(struct eagre_delta_table *table,
                                        const struct eagre_delta_listing *listing,
                                        struct eagre_error *error) {
  int64_t last =
      listing->last_commit < table->version_max ? listing->last_commit : table->version_max;
  return table->snapshot.version < last ? refuse_gap(table, last, error) : EAGRE_OK;
}

static const char *find_location(struct eagre_delta_table *table) {
  /* The path of the store itself: that of an entry without the entry. */
  const char *path = eagre_store_path(table->store, "_delta_log", &table->arena);
  size_t size = strlen(path) - strlen("/_delta_log");
  return eagre_arena_copy_text(&table->arena, eagre_text_make(path, size)).data;
}

static enum eagre_status open_table(struct eagre_delta_table *table, struct eagre_text location,
                                    struct eagre_error *error) {
  EAGRE_TRY(eagre_store_open(table->io, location, &table->store, error));
  table->location = find_location(table);
  struct eagre_arena arena = {0};
  struct eagre_delta_listing listing;
  enum eagre_status status = eagre_delta_list(table, table->version_max, &arena, &listing, error);
  if (status == EAGRE_OK) status = begin(table, &listing, error);
  if (status == EAGRE_OK) status = eagre_delta_table_advance(table, error);
  if (status == EAGRE_OK) status = check_complete(table, &listing, error);
  eagre_arena_done(&arena);
  return status;
}

static enum eagre_status open_as(struct eagre_io *io, struct eagre_text location, bool is_view,
                                 int64_t version_max, struct eagre_delta_table **out_table,
                                 struct eagre_error *error) {
  struct eagre_delta_table *table = eagre_allocate_zeroed(1, sizeof *table);
  table->io = io;
  table->version_max = version_max;
  eagre_delta_snapshot_init(&table->snapshot);
  table->snapshot.is_view = is_view;
  enum eagre_status status = open_table(table, location, error);
  if (status != EAGRE_OK) {
    eagre_delta_close(table);
    return status;
  }
  *out_table = table;
  return EAGRE_OK;
}

enum eagre_status eagre_delta_open(struct eagre_io *io, struct eagre_text location,
                                   struct eagre_delta_table **out_table,
                                   struct eagre_error *error) {
  return open_as(io, location, false, INT64_MAX, out_table, error);
}

enum eagre_status eagre_delta_open_view(struct eagre_io *io, struct eagre_text location,
                                        int64_t version, struct eagre_delta_table **out_table,
                                        struct eagre_error *error) {
  return open_as(io, location, true, version, out_table, error);
}

void eagre_delta_close(struct eagre_delta_table *table) {
  if (table == NULL) return;
  eagre_store_close(table->store);
  eagre_delta_snapshot_done(&table->snapshot);
  eagre_buffer_done(&table->content);
  eagre_arena_done(&table->arena);
  eagre_free(table);
}

/* ---- What is known --------------------------------------------------------------------------- */

int64_t eagre_delta_version(const struct eagre_delta_table *table) {
  return table->snapshot.version;
}

const struct eagre_type *eagre_delta_schema(const struct eagre_delta_table *table) {
  return table->snapshot.schema;
}

const char *eagre_delta_id(const struct eagre_delta_table *table) {
  return table->snapshot.version < 0 ? NULL : table->snapshot.id.data;
}

const char *eagre_delta_location(const struct eagre_delta_table *table) {
  return table->location;
}

uint64_t eagre_delta_file_count(const struct eagre_delta_table *table) {
  return table->snapshot.files.live_count;
}

void eagre_delta_find_transaction(const struct eagre_delta_table *table, const char *application_id,
                                  struct eagre_delta_transaction *out) {
  *out = (struct eagre_delta_transaction){0};
  struct eagre_text key = eagre_text_of(application_id);
  const struct eagre_delta_entry *txn = eagre_delta_map_find(&table->snapshot.txns, key);
  if (txn == NULL) return;
  out->found = true;
  out->epoch = txn->number;
  struct eagre_text attempt = eagre_delta_map_find(&table->snapshot.attempts, key)->content;
  /* One of ours fits; what does not is somebody else's, and not known. */
  if (attempt.size < sizeof out->attempt) memcpy(out->attempt, attempt.data, attempt.size);
}

static enum eagre_status identity_map(uint32_t count, struct eagre_arena *arena,
                                      uint32_t **out_map) {
  if (out_map == NULL) return EAGRE_OK;
  *out_map = eagre_arena_allocate(arena, count * sizeof **out_map);
  for (uint32_t i = 0; i < count; i++) {
    (*out_map)[i] = i;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_delta_check_schema(const struct eagre_delta_table *table,
                                           const struct eagre_type *schema,
                                           struct eagre_arena *arena, uint32_t **out_map,
                                           struct eagre_error *error) {
  if (table->snapshot.schema != NULL) {
    return eagre_delta_schema_check(table->snapshot.schema, schema, arena, out_map, error);
  }
  EAGRE_TRY(eagre_delta_schema_check_new(schema, error));
  return identity_map(schema->field_count, arena, out_map);
}
