/* Committing: look, write put-if-absent, look again.
 *
 *   1. Read what others committed meanwhile; is the epoch there already?
 *   2. Are all data files there?
 *   3. Print the commit for the next version and publish it, unless that version exists: then
 *      somebody else won, go back to 1. Another append, a delete, an OPTIMIZE are no conflict for a
 *      writer that has read nothing; a new schema and a commit of our own application are.
 *   4. Read the commit back: a writer that renames without looking could have replaced it.
 *   5. Take it into the snapshot, and now and then write a checkpoint. */
#include <inttypes.h>

#include "delta/delta_commit_text.h"
#include "delta/delta_schema.h"
#include "delta/delta_table.h"

/* One call of commit. */
struct attempt {
  struct eagre_delta_table *table;
  const struct eagre_delta_commit *commit;
  struct eagre_delta_actions adds;
  struct eagre_arena arena;
  struct eagre_buffer content;
  int64_t known_version; /* what the caller could know: the snapshot when it called */
  const struct eagre_type *known_schema;
};

/* ---- Conflicts ------------------------------------------------------------------------------- */

static bool is_schema_same(const struct eagre_type *a, const struct eagre_type *b) {
  struct eagre_buffer texts[2] = {{0}, {0}};
  eagre_delta_print_schema(a, &texts[0]);
  eagre_delta_print_schema(b, &texts[1]);
  bool is_same = eagre_text_equal(eagre_buffer_text(&texts[0]), eagre_buffer_text(&texts[1]));
  eagre_buffer_done(&texts[0]);
  eagre_buffer_done(&texts[1]);
  return is_same;
}

/* The data files have the columns the table had when they were written. */
static enum eagre_status check_schema(const struct attempt *attempt, struct eagre_error *error) {
  const struct eagre_delta_commit *commit = attempt->commit;
  const struct eagre_type *schema = attempt->table->snapshot.schema;
  if (schema == NULL || schema == attempt->known_schema || commit->overwrite_schema) {
    return EAGRE_OK;
  }
  /* A table that somebody else created before us must be the one we would have created. */
  bool is_fitting = attempt->known_schema == NULL ? eagre_type_equal(schema, commit->schema)
                                                  : is_schema_same(schema, attempt->known_schema);
  if (is_fitting) return EAGRE_OK;
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_METADATA_CHANGED",
                  "the schema of the Delta table %s was changed by another writer",
                  attempt->table->location);
  eagre_error_hint(error, "start again: the query is then checked against the new schema");
  return EAGRE_UNSAFE;
}

static enum eagre_status refuse_concurrent(const struct attempt *attempt,
                                           const struct eagre_delta_transaction *transaction,
                                           struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_CONCURRENT_TRANSACTION",
                  "the Delta table %s has epoch %" PRId64
                  " of this checkpoint by another process (attempt '%s')",
                  attempt->table->location, transaction->epoch, transaction->attempt);
  eagre_error_hint(error, "make sure that only one process uses the checkpoint %s",
                   attempt->commit->application_id);
  return EAGRE_UNSAFE;
}

/* Whether the table has what we want to commit. */
static enum eagre_status find_done(const struct attempt *attempt, bool *out_is_done,
                                   int64_t *out_version, struct eagre_error *error) {
  const struct eagre_delta_commit *commit = attempt->commit;
  struct eagre_delta_transaction transaction;
  *out_is_done = false;
#if defined(EAGRE_PLANTED_ATTEMPT_NOT_CHECKED)
  return EAGRE_OK;
#endif
  eagre_delta_find_transaction(attempt->table, commit->application_id, &transaction);
  if (!transaction.found) return EAGRE_OK;
  const struct eagre_delta_entry *entry = eagre_delta_map_find(
      &attempt->table->snapshot.attempts, eagre_text_of(commit->application_id));
  if (transaction.epoch < commit->epoch) {
    bool is_news = entry->number > attempt->known_version;
    return is_news ? refuse_concurrent(attempt, &transaction, error) : EAGRE_OK;
  }
  bool is_ours =
      transaction.epoch == commit->epoch && strcmp(transaction.attempt, commit->attempt) == 0;
  if (!is_ours) return refuse_concurrent(attempt, &transaction, error);
  *out_is_done = true;
  *out_version = entry->number;
  return EAGRE_OK;
}

static enum eagre_status check_table(const struct attempt *attempt, struct eagre_error *error) {
  const struct eagre_delta_commit *commit = attempt->commit;
  const struct eagre_delta_snapshot *snapshot = &attempt->table->snapshot;
  EAGRE_TRY(check_schema(attempt, error));
  if (snapshot->version < 0 || commit->overwrite_schema) {
    eagre_assert(commit->schema != NULL);
    EAGRE_TRY(eagre_delta_schema_check_new(commit->schema, error));
  }
  if (!commit->replace || !snapshot->is_append_only || snapshot->files.live_count == 0) {
    return EAGRE_OK;
  }
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_APPEND_ONLY",
                  "the Delta table %s has delta.appendOnly set: its rows cannot be replaced",
                  attempt->table->location);
  eagre_error_hint(error, "use the append mode, or unset the table's property");
  return EAGRE_UNSAFE;
}

/* ---- Data files ------------------------------------------------------------------------------ */

static enum eagre_status check_file(struct attempt *attempt, const struct eagre_delta_action *add,
                                    struct eagre_error *error) {
  struct eagre_text name = eagre_delta_path_decode(&attempt->arena, add->key);
  struct eagre_text path = eagre_arena_printf(&attempt->arena, "%s/%.*s", attempt->table->location,
                                              (int)name.size, name.data);
  struct eagre_io_entry entry;
  enum eagre_status status = eagre_io_stat(attempt->table->io, path.data, &entry, error);
  if (status != EAGRE_OK && status != EAGRE_END) return status;
  if (status == EAGRE_OK && entry.size == (uint64_t)add->number) return EAGRE_OK;
  return eagre_error_set(
      error, EAGRE_UNSAFE, "DELTA_DATA_FILE_MISSING", "the data file %s of epoch %" PRId64 " %s",
      path.data, attempt->commit->epoch,
      status == EAGRE_OK ? "has another size than it was written with" : "was written and is gone");
}

static enum eagre_status read_adds(struct attempt *attempt, struct eagre_error *error) {
  struct eagre_buffer lines = {0};
  for (uint32_t i = 0; i < attempt->commit->action_count; i++) {
    eagre_buffer_append_text(&lines, attempt->commit->actions[i]);
    eagre_buffer_append_char(&lines, '\n');
  }
  struct eagre_text copy = eagre_arena_copy_text(&attempt->arena, eagre_buffer_text(&lines));
  eagre_buffer_done(&lines);
  EAGRE_TRY(
      eagre_delta_actions_read(&attempt->arena, copy, "prepared actions", &attempt->adds, error));
  bool is_adds_only = attempt->adds.protocol == NULL && attempt->adds.metadata == NULL;
  for (const struct eagre_delta_action *add = attempt->adds.first; add != NULL; add = add->next) {
    is_adds_only &= add->kind == EAGRE_DELTA_ADD;
  }
  if (is_adds_only) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT",
                         "the prepared actions of epoch %" PRId64 " are not only data files",
                         attempt->commit->epoch);
}

static enum eagre_status check_files(struct attempt *attempt, struct eagre_error *error) {
  for (const struct eagre_delta_action *add = attempt->adds.first; add != NULL; add = add->next) {
    EAGRE_TRY(check_file(attempt, add, error));
  }
  return EAGRE_OK;
}

/* ---- Publishing ------------------------------------------------------------------------------ */

/* Writes the next version. Another writer has it: AGAIN. */
static enum eagre_status publish(struct attempt *attempt, struct eagre_error *error) {
  struct eagre_delta_table *table = attempt->table;
  eagre_buffer_clear(&attempt->content);
  /* A process that died may have made the directories of a table that has no commit yet. */
  if (table->snapshot.version < 0) {
    eagre_io_sync_ancestors(table->io,
                            eagre_store_path(table->store, "_delta_log", &attempt->arena));
  }
  EAGRE_TRY(eagre_delta_commit_print(&table->snapshot, attempt->commit, &attempt->adds,
                                     &attempt->arena, &attempt->content, error));
  char name[EAGRE_DELTA_LOG_NAME_SIZE];
  eagre_delta_log_name(table->snapshot.version + 1, name);
  enum eagre_status status = eagre_store_put_if_absent(
      table->store, name, eagre_buffer_text(&attempt->content), "sink.mid_commit", error);
  bool is_lost = status == EAGRE_UNSAFE && strcmp(error->class_name, "FILE_ALREADY_EXISTS") == 0;
  return is_lost ? EAGRE_AGAIN : status;
}

/* Reads the winners of a lost race. */
static enum eagre_status follow_winners(struct attempt *attempt, struct eagre_error *error) {
  struct eagre_delta_table *table = attempt->table;
  int64_t version = table->snapshot.version;
  EAGRE_TRY(eagre_delta_table_advance(table, error));
  if (table->snapshot.version > version) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_IO, "DELTA_LOG_UNREADABLE",
                         "version %" PRId64
                         " of the Delta table %s can neither be created nor be read",
                         version + 1, table->location);
}

/* Costs nothing but time when it fails: the log is complete without. */
static void write_checkpoint(struct attempt *attempt) {
  const struct eagre_delta_snapshot *snapshot = &attempt->table->snapshot;
  bool is_due = snapshot->version > 0 && snapshot->version % snapshot->checkpoint_interval == 0;
  if (!is_due || snapshot->has_v2_checkpoints) return;
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status =
      eagre_delta_checkpoint_write(attempt->table, attempt->commit->now_ms, &error);
  if (status == EAGRE_OK) return;
  eagre_log(EAGRE_LOG_WARNING, "no checkpoint of version %" PRId64 " of the Delta table %s: %s",
            snapshot->version, attempt->table->location, error.text);
}

static enum eagre_status run(struct attempt *attempt, int64_t *out_version,
                             struct eagre_error *error) {
  struct eagre_delta_table *table = attempt->table;
  EAGRE_TRY(read_adds(attempt, error));
  EAGRE_TRY(eagre_delta_refresh(table, error));
  for (bool is_first = true;; is_first = false) {
    bool is_done;
    EAGRE_TRY(find_done(attempt, &is_done, out_version, error));
    if (is_done) return EAGRE_OK;
    EAGRE_TRY(check_table(attempt, error));
    if (is_first) EAGRE_TRY(check_files(attempt, error));
    enum eagre_status status = publish(attempt, error);
    if (status == EAGRE_OK) break;
    if (status != EAGRE_AGAIN) return status;
    EAGRE_TRY(follow_winners(attempt, error));
  }
  EAGRE_TRY(eagre_delta_table_verify(table, eagre_buffer_text(&attempt->content), error));
  EAGRE_TRY(eagre_delta_snapshot_apply(&table->snapshot, table->snapshot.version + 1,
                                       eagre_buffer_text(&attempt->content), error));
  *out_version = table->snapshot.version;
  write_checkpoint(attempt);
  return EAGRE_OK;
}

enum eagre_status eagre_delta_commit(struct eagre_delta_table *table,
                                     const struct eagre_delta_commit *commit, int64_t *out_version,
                                     struct eagre_error *error) {
  struct attempt attempt = {
      .table = table,
      .commit = commit,
      .known_version = table->snapshot.version,
      .known_schema = table->snapshot.schema,
  };
  enum eagre_status status = run(&attempt, out_version, error);
  eagre_buffer_done(&attempt.content);
  eagre_arena_done(&attempt.arena);
  return status;
}
