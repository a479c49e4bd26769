/* Start: what became of the last epoch (docs/internals/epochs.md, "Recovery").
 *
 * With N the highest entry of `offsets`:
 *   commits/N is there         next epoch is N + 1, from the state prepared/N names
 *   the sink has (N, A)        A is prepared/N's attempt: adopt: load its state, write commits/N
 *                              stateless, no attempt in the sink: Spark's commit, whether or not
 *                              we had prepared N: N is done as well
 *                              any other A: another process worked here: exit 4
 *   the sink does not have N   run N again with the logged ends
 *   the sink has more than N   the checkpoint is older than the table, as a restored backup: exit 4
 *   a directory has less than  it is not the one that was written to: exit 4
 *   the highest of `commits`
 *   the sink forgot            without prepared/N it was never asked to commit N: run N again;
 *                              else only --assume-committed can tell: exit 4
 */
#include <stdio.h>
#include <string.h>

#include "epoch/epoch_flow.h"
#include "value/value.h"

void eagre_epoch_set_positions(struct eagre_epoch *epoch, const struct eagre_text *ends) {
  uint32_t count = epoch->options.flow->source_count;
  epoch->position_arena ^= 1;
  struct eagre_arena *arena = &epoch->position_arenas[epoch->position_arena];
  eagre_arena_reset(arena);
  struct eagre_text *positions =
      eagre_arena_allocate_zeroed(arena, sizeof *positions * (count + 1));
  for (uint32_t i = 0; i < count; i++) {
    positions[i] = eagre_arena_copy_text(arena, ends[i]);
  }
  epoch->positions = positions;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static enum eagre_status check_sources(const struct eagre_flow *flow,
                                       const struct eagre_checkpoint_offsets *offsets,
                                       const char *path, struct eagre_error *error) {
  if (offsets->source_count == flow->source_count) return EAGRE_OK;
  eagre_error_set(error, EAGRE_UNSAFE, "CHECKPOINT_SOURCES_DIFFER",
                  "There are [%u] sources in the checkpoint offsets and now there are [%u] sources "
                  "requested by the query. Cannot continue.",
                  offsets->source_count, flow->source_count);
  eagre_error_hint(error,
                   "the checkpoint %s belongs to another query; give this flow one of its "
                   "own with checkpointLocation",
                   path);
  return EAGRE_UNSAFE;
}

/* Sources are told apart by their number: a position says nothing else of what it belongs to. */
static enum eagre_status check_source_kinds(const struct eagre_flow *flow,
                                            const struct eagre_checkpoint_offsets *offsets,
                                            const char *path, struct eagre_error *error) {
  for (uint32_t i = 0; i < flow->source_count; i++) {
    struct eagre_text position = offsets->sources[i];
    if (eagre_source_may_own(flow->sources[i]->kind, position)) continue;
    eagre_error_set(error, EAGRE_UNSAFE, "CHECKPOINT_SOURCES_DIFFER",
                    "Source %u of the checkpoint %s ended at '%.*s', which is no position of the "
                    "kind of source that the query reads now.",
                    i, path, (int)(position.size < 100 ? position.size : 100), position.data);
    eagre_error_hint(error, "give this flow a checkpoint of its own with checkpointLocation");
    return EAGRE_UNSAFE;
  }
  return EAGRE_OK;
}

/* The value that offsets/N logged for a setting; size 0 when it logged none. */
static struct eagre_text logged_setting(const struct eagre_checkpoint_offsets *offsets,
                                        const char *key) {
  for (uint32_t i = 0; i < offsets->configuration_count; i++) {
    const struct eagre_checkpoint_pair *pair = &offsets->configuration[i];
    if (eagre_text_equal_string(pair->key, key)) return pair->value;
  }
  return eagre_text_make("", 0);
}

/* The number of state partitions is fixed by the checkpoint, as in Spark. */
static enum eagre_status check_partitions(struct eagre_flow *flow,
                                          const struct eagre_checkpoint_offsets *offsets,
                                          const char *path, struct eagre_error *error) {
  struct eagre_text text = logged_setting(offsets, "spark.sql.shuffle.partitions");
  int64_t logged = 0;
  if (text.size == 0 || flow->query.stateful_count == 0) return EAGRE_OK;
  bool is_number = eagre_value_parse_integer(text, &logged) == EAGRE_VALUE_OK;
  if (!is_number || logged < 1 || logged > UINT32_MAX) {
    return eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE",
                           "The checkpoint %s logs spark.sql.shuffle.partitions = '%.*s'.", path,
                           (int)text.size, text.data);
  }
  if (logged == flow->state_partition_count) return EAGRE_OK;
  flow->state_partition_count = (uint32_t)logged;
  eagre_log(EAGRE_LOG_WARNING,
            "the checkpoint fixes spark.sql.shuffle.partitions = %lld; the session's value is "
            "ignored",
            (long long)logged);
  return EAGRE_OK;
}

static enum eagre_status check_state(const struct eagre_flow *flow,
                                     const struct eagre_checkpoint_summary *summary,
                                     const char *path, struct eagre_error *error) {
  if (summary->has_spark_state) {
    eagre_error_set(error, EAGRE_UNSAFE, "CHECKPOINT_STATE_OF_SPARK",
                    "The checkpoint %s holds state written by Spark, which cannot be imported.",
                    path);
    eagre_error_hint(error, "only stateless queries move between Spark and Eagre; use a new "
                            "checkpoint directory");
    return EAGRE_UNSAFE;
  }
  if (summary->offsets_last < 0 && summary->has_state) {
    eagre_error_set(error, EAGRE_UNSAFE, "STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY",
                    "The checkpoint %s holds state but no offsets: parts of it were removed.",
                    path);
    eagre_error_hint(error, "restore the whole directory from a backup, or use a new one");
    return EAGRE_UNSAFE;
  }
  bool was_stateful = summary->has_state && summary->commits_last >= 0;
  if (was_stateful && flow->query.stateful_count == 0) {
    return eagre_error_set(
        error, EAGRE_UNSAFE, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
        "The checkpoint %s belongs to a query with an aggregation, this flow has "
        "none.",
        path);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_epoch_check(struct eagre_flow *flow, struct eagre_checkpoint *checkpoint,
                                    struct eagre_error *error) {
  const struct eagre_checkpoint_summary *summary = eagre_checkpoint_summary(checkpoint);
  const char *path = eagre_checkpoint_path(checkpoint);
  EAGRE_TRY(check_state(flow, summary, path, error));
  if (summary->commits_last > summary->offsets_last) {
    eagre_error_set(error, EAGRE_UNSAFE, "CHECKPOINT_OFFSETS_MISSING",
                    "The checkpoint %s holds commits/%lld but no offsets/%lld: parts of it were "
                    "removed.",
                    path, (long long)summary->commits_last, (long long)summary->commits_last);
    eagre_error_hint(error, "restore the whole directory from a backup, or use a new one");
    return EAGRE_UNSAFE;
  }
  if (summary->offsets_last < 0) return EAGRE_OK;
  struct eagre_arena arena = {0};
  struct eagre_checkpoint_offsets offsets;
  enum eagre_status status =
      eagre_checkpoint_read_offsets(checkpoint, summary->offsets_last, &arena, &offsets, error);
  if (status == EAGRE_OK) status = check_sources(flow, &offsets, path, error);
  if (status == EAGRE_OK) status = check_source_kinds(flow, &offsets, path, error);
  if (status == EAGRE_OK) status = check_partitions(flow, &offsets, path, error);
  eagre_arena_done(&arena);
  return status;
}

static enum eagre_status check_not_ahead(struct eagre_epoch *epoch, int64_t last,
                                         const struct eagre_sink_recovery *recovery,
                                         struct eagre_error *error) {
  bool tells = recovery->knowledge == EAGRE_SINK_HAS || recovery->knowledge == EAGRE_SINK_FORGOTTEN;
  if (!tells || recovery->epoch <= last) return EAGRE_OK;
  eagre_error_set(error, EAGRE_UNSAFE, "SINK_AHEAD_OF_CHECKPOINT",
                  "The sink has epoch %lld of this checkpoint, whose last one is %lld: %s is older "
                  "than the table.",
                  (long long)recovery->epoch, (long long)last,
                  eagre_checkpoint_path(epoch->options.checkpoint));
  eagre_error_hint(error, "restore the newest checkpoint, or begin a new table with a new "
                          "checkpoint");
  return EAGRE_UNSAFE;
}

/* A sink that notes every epoch and lacks one that is committed is another one: rows would stand in
 * two places, and neither would have them all. */
static enum eagre_status check_not_behind(struct eagre_epoch *epoch,
                                          const struct eagre_sink_recovery *recovery,
                                          struct eagre_error *error) {
  int64_t committed = eagre_checkpoint_summary(epoch->options.checkpoint)->commits_last;
  int64_t has = recovery->knowledge == EAGRE_SINK_HAS ? recovery->epoch : -1;
  if (!recovery->notes_every_epoch || has >= committed) return EAGRE_OK;
  eagre_error_set(error, EAGRE_UNSAFE, "SINK_BEHIND_CHECKPOINT",
                  "The checkpoint %s has committed %lld epochs, of which %s holds %lld: the output "
                  "directory of a flow cannot change.",
                  eagre_checkpoint_path(epoch->options.checkpoint), (long long)committed + 1,
                  eagre_sink_description(epoch->options.sink), (long long)has + 1);
  eagre_error_hint(error, "use the directory the flow has written to; for another one begin with a "
                          "new checkpoint");
  return EAGRE_UNSAFE;
}

/* What the sink has, for a checkpoint whose last planned epoch is `last`. */
static enum eagre_status ask_sink(struct eagre_epoch *epoch, int64_t last,
                                  struct eagre_sink_recovery *out, struct eagre_error *error) {
  EAGRE_TRY(eagre_sink_recover(epoch->options.sink, out, error));
  EAGRE_TRY(check_not_ahead(epoch, last, out, error));
  return check_not_behind(epoch, out, error);
}

/* ---- A new checkpoint ------------------------------------------------------------------------ */

static enum eagre_status start_new(struct eagre_epoch *epoch, struct eagre_error *error) {
  struct eagre_sink_recovery recovery;
  uint32_t count = epoch->options.flow->source_count;
  struct eagre_text *positions =
      eagre_arena_allocate_zeroed(&epoch->arena, sizeof *positions * (count + 1));
  EAGRE_TRY(eagre_checkpoint_create(epoch->options.checkpoint, error));
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_TRY(eagre_source_start(epoch->options.sources[i], &epoch->arena, &positions[i], error));
  }
  EAGRE_TRY(ask_sink(epoch, -1, &recovery, error));
  EAGRE_TRY(eagre_sink_claim(epoch->options.sink, -1, "", error));
  eagre_crash_point("checkpoint.after_sources");
  eagre_epoch_set_positions(epoch, positions);
  epoch->next = 0;
  return EAGRE_OK;
}

/* ---- Continuing ------------------------------------------------------------------------------ */

/* What an epoch was logged with its last tick has passed, when it was open: windows up to there are
 * gone from the state that `prepared` names. */
static void raise_late(struct eagre_epoch *epoch, int64_t late_ms) {
  if (late_ms > epoch->watermarks.late_ms) epoch->watermarks.late_ms = late_ms;
}

static enum eagre_status read_required_offsets(struct eagre_epoch *epoch, int64_t number,
                                               struct eagre_checkpoint_offsets *out,
                                               struct eagre_error *error) {
  enum eagre_status status =
      eagre_checkpoint_read_offsets(epoch->options.checkpoint, number, &epoch->arena, out, error);
  const char *path = eagre_checkpoint_path(epoch->options.checkpoint);
  if (status == EAGRE_OK) return check_sources(epoch->options.flow, out, path, error);
  if (status != EAGRE_END) return status;
  return eagre_error_set(error, EAGRE_UNSAFE, "BATCH_METADATA_NOT_FOUND",
                         "offsets/%lld is missing in the checkpoint %s.", (long long)number, path);
}

/* Positions before epoch `number`: the ends of the one before, or the start of the query. */
static enum eagre_status load_positions_before(struct eagre_epoch *epoch, int64_t number,
                                               struct eagre_error *error) {
  if (number > 0) {
    struct eagre_checkpoint_offsets before;
    EAGRE_TRY(read_required_offsets(epoch, number - 1, &before, error));
    eagre_epoch_set_positions(epoch, before.sources);
    raise_late(epoch, before.watermark_ms);
    return EAGRE_OK;
  }
  uint32_t count = epoch->options.flow->source_count;
  struct eagre_text *positions =
      eagre_arena_allocate_zeroed(&epoch->arena, sizeof *positions * (count + 1));
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_TRY(eagre_source_start(epoch->options.sources[i], &epoch->arena, &positions[i], error));
  }
  eagre_epoch_set_positions(epoch, positions);
  return EAGRE_OK;
}

/* State and watermark maxima as they were after epoch `number` (-1: none yet). */
static enum eagre_status load_state_after(struct eagre_epoch *epoch, int64_t number,
                                          struct eagre_error *error) {
  if (number < 0) return EAGRE_OK;
  struct eagre_checkpoint_prepared prepared;
  enum eagre_status status = eagre_checkpoint_read_prepared(epoch->options.checkpoint, number,
                                                            &epoch->arena, &prepared, error);
  bool is_stateful = epoch->options.flow->query.stateful_count > 0;
  if (status == EAGRE_END) {
    if (!is_stateful) return EAGRE_OK; /* Spark's epoch, or an old one */
    return eagre_error_set(error, EAGRE_UNSAFE,
                           "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY",
                           "The checkpoint %s has no state for epoch %lld.",
                           eagre_checkpoint_path(epoch->options.checkpoint), (long long)number);
  }
  EAGRE_TRY(status);
  eagre_epoch_watermarks_restore(&epoch->watermarks, &prepared);
  raise_late(epoch, prepared.late_watermark_ms);
  if (!is_stateful) return EAGRE_OK;
  if (!prepared.has_state) {
    return eagre_error_set(
        error, EAGRE_UNSAFE, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
        "The checkpoint %s belongs to a query without aggregation, this flow has "
        "one.",
        eagre_checkpoint_path(epoch->options.checkpoint));
  }
#if defined(EAGRE_PLANTED_STATE_NOT_LOADED)
  return EAGRE_OK;
#endif
  const struct eagre_epoch_workers *workers = epoch->options.workers;
  struct eagre_text attempt = eagre_arena_copy_text(&epoch->arena, prepared.attempt);
  return workers->load(workers->context, prepared.state_version, prepared.core_count, attempt.data,
                       error);
}

/* Nothing refuses this checkpoint any more. Spark's has neither our directories nor our lock. */
static enum eagre_status claim(struct eagre_epoch *epoch, int64_t last_in_sink, const char *attempt,
                               struct eagre_error *error) {
  EAGRE_TRY(eagre_checkpoint_create(epoch->options.checkpoint, error));
  return eagre_sink_claim(epoch->options.sink, last_in_sink, attempt, error);
}

/* Everything up to and including `number` is done. */
static enum eagre_status continue_after(struct eagre_epoch *epoch, int64_t number,
                                        const struct eagre_checkpoint_offsets *offsets,
                                        int64_t next_watermark_ms, const char *attempt,
                                        struct eagre_error *error) {
  EAGRE_TRY(load_state_after(epoch, number, error));
  EAGRE_TRY(claim(epoch, number, attempt, error));
  eagre_epoch_set_positions(epoch, offsets->sources);
  raise_late(epoch, offsets->watermark_ms);
  epoch->watermarks.eviction_ms =
      next_watermark_ms > offsets->watermark_ms ? next_watermark_ms : offsets->watermark_ms;
  epoch->last_run_eviction_ms = epoch->watermarks.late_ms;
  epoch->next = number + 1;
  return EAGRE_OK;
}

static enum eagre_status rerun(struct eagre_epoch *epoch, int64_t number,
                               const struct eagre_checkpoint_offsets *offsets,
                               struct eagre_error *error) {
  eagre_log(EAGRE_LOG_INFO, "epoch %lld was not finished and is run again", (long long)number);
  EAGRE_TRY(load_state_after(epoch, number - 1, error));
  EAGRE_TRY(claim(epoch, number - 1, "", error));
  EAGRE_TRY(load_positions_before(epoch, number, error));
  epoch->watermarks.eviction_ms = offsets->watermark_ms;
  epoch->next = number;
  epoch->must_rerun = true;
  return EAGRE_OK;
}

static enum eagre_status fail_foreign(struct eagre_epoch *epoch, int64_t number,
                                      const char *attempt, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "CONCURRENT_STREAM_LOG_UPDATE",
                  "The sink has epoch %lld by attempt '%s', which this checkpoint does not know: "
                  "another process works on %s.",
                  (long long)number, attempt, eagre_checkpoint_path(epoch->options.checkpoint));
  eagre_error_hint(error, "stop the other process, then start again");
  return EAGRE_UNSAFE;
}

/* What prepared/N says of the epoch that the sink has. Spark's commits name no attempt and Spark
 * prepares nothing: `out_is_of_spark`. */
static enum eagre_status find_adopted(struct eagre_epoch *epoch, int64_t number,
                                      const struct eagre_sink_recovery *recovery,
                                      struct eagre_checkpoint_prepared *out_prepared,
                                      bool *out_is_of_spark, struct eagre_error *error) {
  *out_is_of_spark = recovery->attempt[0] == '\0' && epoch->options.flow->query.stateful_count == 0;
  if (*out_is_of_spark) return EAGRE_OK;
  enum eagre_status status = eagre_checkpoint_read_prepared(epoch->options.checkpoint, number,
                                                            &epoch->arena, out_prepared, error);
  if (status != EAGRE_OK && status != EAGRE_END) return status;
  bool is_known =
      status == EAGRE_OK && eagre_text_equal_string(out_prepared->attempt, recovery->attempt);
  return is_known ? EAGRE_OK : fail_foreign(epoch, number, recovery->attempt, error);
}

/* Several sinks commit one after the other: those that have the epoch decided, the others get what
 * was prepared for them. A sink that has it does not take it twice. */
static enum eagre_status finish_sink(struct eagre_epoch *epoch, int64_t number,
                                     const struct eagre_checkpoint_prepared *prepared,
                                     struct eagre_error *error) {
  const struct eagre_sink_commit commit = {
      .epoch = number,
      .attempt = eagre_arena_copy_text(&epoch->arena, prepared->attempt).data,
      .pieces = prepared->sink_pieces,
      .piece_count = prepared->sink_piece_count,
  };
  return eagre_sink_commit(epoch->options.sink, &commit, error);
}

/* The sink has epoch `number`: take it over instead of running it again. */
static enum eagre_status adopt(struct eagre_epoch *epoch, int64_t number,
                               const struct eagre_checkpoint_offsets *offsets,
                               const struct eagre_sink_recovery *recovery,
                               struct eagre_error *error) {
  struct eagre_checkpoint_prepared prepared = {.next_watermark_ms = offsets->watermark_ms};
  bool is_of_spark = false;
  EAGRE_TRY(find_adopted(epoch, number, recovery, &prepared, &is_of_spark, error));
  eagre_log(EAGRE_LOG_INFO, "epoch %lld is in the sink already and is adopted", (long long)number);
  EAGRE_TRY(
      continue_after(epoch, number, offsets, prepared.next_watermark_ms, recovery->attempt, error));
  if (!is_of_spark) EAGRE_TRY(finish_sink(epoch, number, &prepared, error));
  EAGRE_TRY(eagre_checkpoint_write_commit(epoch->options.checkpoint, number,
                                          epoch->watermarks.eviction_ms, error));
  eagre_crash_point("epoch.after_commits");
  return EAGRE_OK;
}

static enum eagre_status fail_forgotten(struct eagre_epoch *epoch, int64_t number,
                                        struct eagre_error *error) {
  const char *path = eagre_checkpoint_path(epoch->options.checkpoint);
  enum eagre_status status = epoch->options.has_assumed ? EAGRE_USAGE : EAGRE_UNSAFE;
  if (epoch->options.has_assumed) {
    eagre_error_set(
        error, status, "INVALID_ASSUMED_EPOCH",
        "--assume-committed %lld cannot be: of %s it is open whether the sink has epoch "
        "%lld.",
        (long long)epoch->options.assumed_epoch, path, (long long)number);
  } else {
    eagre_error_set(
        error, status, "SINK_FORGOT_EPOCH",
        "Whether the sink has epoch %lld of %s is not known: the epoch was handed to it, "
        "and what it remembered of this checkpoint has expired or was removed.",
        (long long)number, path);
  }
  eagre_error_hint(error,
                   "look whether the rows of epoch %lld are there; --assume-committed %lld if they "
                   "are, --assume-committed %lld if not",
                   (long long)number, (long long)number, (long long)(number - 1));
  return status;
}

/* A sink that has forgotten: what else tells whether it has epoch `number`, which is not committed
 * here? It is asked to commit only what is prepared. */
static enum eagre_status settle_forgotten(struct eagre_epoch *epoch, int64_t number,
                                          struct eagre_sink_recovery *recovery,
                                          struct eagre_error *error) {
  struct eagre_checkpoint_prepared prepared;
  bool is_old = recovery->knowledge == EAGRE_SINK_HAS && recovery->remembers_every_epoch &&
                recovery->epoch < number - 1;
  if (recovery->knowledge != EAGRE_SINK_FORGOTTEN && !is_old) return EAGRE_OK;
  if (recovery->knowledge == EAGRE_SINK_FORGOTTEN && recovery->epoch == number) {
    recovery->knowledge = EAGRE_SINK_HAS; /* another sink of the flow has it, so this one has */
    return EAGRE_OK;
  }
  enum eagre_status status = eagre_checkpoint_read_prepared(epoch->options.checkpoint, number,
                                                            &epoch->arena, &prepared, error);
  if (status != EAGRE_OK && status != EAGRE_END) return status;
  *recovery = (struct eagre_sink_recovery){.knowledge = EAGRE_SINK_NOTHING, .epoch = -1};
  if (status == EAGRE_END) return EAGRE_OK;
  int64_t assumed = epoch->options.assumed_epoch;
  bool is_told = epoch->options.has_assumed && (assumed == number || assumed == number - 1);
  if (!is_told) return fail_forgotten(epoch, number, error);
  eagre_log(EAGRE_LOG_WARNING, "epoch %lld is taken as %s, as --assume-committed says",
            (long long)number, assumed == number ? "committed" : "not committed");
  if (assumed != number) return EAGRE_OK;
  recovery->knowledge = EAGRE_SINK_HAS;
  recovery->epoch = number;
  snprintf(recovery->attempt, sizeof recovery->attempt, "%.*s", (int)prepared.attempt.size,
           prepared.attempt.data);
  return EAGRE_OK;
}

static enum eagre_status recover_last(struct eagre_epoch *epoch, int64_t last,
                                      struct eagre_error *error) {
  struct eagre_checkpoint_offsets offsets;
  struct eagre_sink_recovery recovery;
  int64_t next_watermark_ms = 0;
  EAGRE_TRY(read_required_offsets(epoch, last, &offsets, error));
  /* Fixed by the checkpoint, as in Spark. */
  struct eagre_text policy =
      logged_setting(&offsets, "spark.sql.streaming.multipleWatermarkPolicy");
  if (policy.size > 0) epoch->watermarks.policy_is_max = eagre_text_equal_string(policy, "max");
  EAGRE_TRY(ask_sink(epoch, last, &recovery, error));
  enum eagre_status status =
      eagre_checkpoint_read_commit(epoch->options.checkpoint, last, &next_watermark_ms, error);
  if (status == EAGRE_OK)
    return continue_after(epoch, last, &offsets, next_watermark_ms, "", error);
  if (status != EAGRE_END) return status;
  EAGRE_TRY(settle_forgotten(epoch, last, &recovery, error));
  bool sink_has_it = recovery.knowledge == EAGRE_SINK_HAS && recovery.epoch == last;
#if defined(EAGRE_PLANTED_RECOVERY_IGNORES_SINK)
  sink_has_it = false;
#endif
  if (sink_has_it) return adopt(epoch, last, &offsets, &recovery, error);
  return rerun(epoch, last, &offsets, error);
}

enum eagre_status eagre_epoch_recover(struct eagre_epoch *epoch, struct eagre_error *error) {
  const struct eagre_checkpoint_summary *summary =
      eagre_checkpoint_summary(epoch->options.checkpoint);
  if (summary->offsets_last < 0) return start_new(epoch, error);
  EAGRE_TRY(recover_last(epoch, summary->offsets_last, error));
  return EAGRE_OK;
}
