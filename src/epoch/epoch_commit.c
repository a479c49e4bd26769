/* Steps 1 to 6 of one epoch, in their order. Each crash point stands where the epoch protocol says
 * what is durable. */
#include <string.h>

#include "epoch/epoch_flow.h"

/* What Spark logs as `conf`; the keys that mean something here come from the flow's settings. */
static const struct {
  const char *key;
  const char *value;
} logged_configuration[] = {
    {"spark.sql.streaming.stateStore.providerClass",
     "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider"},
    {"spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion", "2"},
    {"spark.sql.streaming.aggregation.stateFormatVersion", "2"},
    {"spark.sql.streaming.join.stateFormatVersion", "2"},
    {"spark.sql.streaming.stateStore.compression.codec", "lz4"},
    {"spark.sql.streaming.stateStore.rocksdb.formatVersion", "5"},
    {"spark.sql.streaming.statefulOperator.useStrictDistribution", "true"},
};

enum { LOGGED_COUNT = EAGRE_COUNT_OF(logged_configuration) };

static void fill_configuration(struct eagre_epoch *epoch, struct eagre_checkpoint_pair *pairs,
                               uint32_t *out_count) {
  uint32_t count = 0;
  for (size_t i = 0; i < LOGGED_COUNT; i++) {
    pairs[count].key = eagre_text_of(logged_configuration[i].key);
    pairs[count++].value = eagre_text_of(logged_configuration[i].value);
  }
  pairs[count].key = EAGRE_TEXT("spark.sql.streaming.multipleWatermarkPolicy");
  pairs[count++].value = eagre_text_of(epoch->watermarks.policy_is_max ? "max" : "min");
  pairs[count].key = EAGRE_TEXT("spark.sql.shuffle.partitions");
  pairs[count++].value =
      eagre_arena_printf(&epoch->arena, "%u", epoch->options.flow->state_partition_count);
  *out_count = count;
}

enum eagre_status eagre_epoch_write_offsets(struct eagre_epoch *epoch,
                                            const struct epoch_plan *plan,
                                            struct eagre_error *error) {
  struct eagre_checkpoint_pair pairs[LOGGED_COUNT + 2];
  struct eagre_checkpoint_offsets offsets = {
      .watermark_ms = plan->watermark_ms,
      .timestamp_ms = plan->timestamp_ms,
      .configuration = pairs,
      .sources = plan->ends,
      .source_count = epoch->options.flow->source_count,
  };
  fill_configuration(epoch, pairs, &offsets.configuration_count);
  eagre_crash_point("epoch.before_offsets");
  EAGRE_TRY(
      eagre_checkpoint_write_offsets(epoch->options.checkpoint, plan->epoch, &offsets, error));
  EAGRE_PROBE(epoch_logged, eagre_epoch_flow_name(epoch), plan->epoch);
  eagre_crash_point("epoch.after_offsets");
  return EAGRE_OK;
}

static enum eagre_status assign_sources(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                        struct eagre_error *error) {
  for (uint32_t i = 0; i < epoch->options.flow->source_count; i++) {
    EAGRE_TRY(
        eagre_source_assign(epoch->options.sources[i], epoch->positions[i], plan->ends[i], error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_epoch_run(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                  struct eagre_error *error) {
  const struct eagre_epoch_workers *workers = epoch->options.workers;
  const struct eagre_epoch_run request = {
      .epoch = plan->epoch,
      .attempt = epoch->attempt,
      .state = {.batch_timestamp_us = plan->timestamp_ms * 1000,
                .eviction_watermark_ms = epoch->watermarks.eviction_ms,
                .late_watermark_ms = epoch->watermarks.late_ms,
                .is_first_epoch = plan->epoch == 0},
  };
  EAGRE_TRY(assign_sources(epoch, plan, error));
  EAGRE_TRY(eagre_sink_begin(epoch->options.sink, plan->epoch, epoch->attempt, error));
  EAGRE_PROBE(epoch_begin, eagre_epoch_flow_name(epoch), plan->epoch);
  EAGRE_TRY(workers->run(workers->context, &request, &epoch->counts, error));
  if (epoch->watermarks.is_open) {
    eagre_epoch_watermarks_observe_rerun(&epoch->watermarks, epoch->options.flow, &epoch->counts,
                                         plan->timestamp_ms);
  } else {
    eagre_epoch_watermarks_observe(&epoch->watermarks, epoch->options.flow, &epoch->counts,
                                   plan->timestamp_ms);
  }
  eagre_crash_point("epoch.after_run");
  return EAGRE_OK;
}

/* ---- Step 3 ---------------------------------------------------------------------------------- */

/* What the next epoch changes is copied. */
static void describe(struct eagre_epoch *epoch, struct epoch_closing *closing) {
  const struct epoch_watermarks *watermarks = &epoch->watermarks;
  size_t maximum_size = sizeof *watermarks->maximum_ms * watermarks->count;
  size_t partition_size = sizeof *watermarks->partitions * watermarks->partition_count;
  int64_t *maximum_ms = eagre_arena_allocate(&epoch->arena, maximum_size + 1);
  struct eagre_checkpoint_partition *partitions =
      eagre_arena_allocate(&epoch->arena, partition_size + 1);
  memcpy(maximum_ms, watermarks->maximum_ms, maximum_size);
  if (partition_size > 0) memcpy(partitions, watermarks->partitions, partition_size);
  closing->prepared = (struct eagre_checkpoint_prepared){
      .attempt = eagre_text_of(closing->attempt),
      .epoch = closing->plan->epoch,
      .has_state = epoch->options.flow->query.stateful_count > 0,
      .state_version = closing->plan->epoch + 1,
      .core_count = epoch->options.core_count,
      .next_watermark_ms = closing->next_watermark_ms,
      .late_watermark_ms = watermarks->eviction_ms,
      .source_maximum_ms = maximum_ms,
      .source_maximum_count = watermarks->count,
      .partitions = partitions,
      .partition_count = watermarks->partition_count,
      .sink_pieces = closing->pieces.pieces,
      .sink_piece_count = closing->pieces.count,
  };
}

enum eagre_status eagre_epoch_capture(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                      struct epoch_closing *out, struct eagre_error *error) {
  const struct eagre_epoch_workers *workers = epoch->options.workers;
  int64_t begin_us = eagre_clock_wall_us();
  *out = (struct epoch_closing){.plan = plan, .run_begin_us = epoch->run_begin_us};
  memcpy(out->attempt, epoch->attempt, sizeof out->attempt);
  out->next_watermark_ms = eagre_epoch_watermarks_next(&epoch->watermarks);
  EAGRE_TRY(workers->prepare(workers->context, plan->epoch, out->attempt, &epoch->arena,
                             &out->pieces, error));
  epoch->progress.times.prepare_us = eagre_clock_wall_us() - begin_us;
  describe(epoch, out);
  epoch->last_run_eviction_ms = epoch->watermarks.eviction_ms;
  eagre_epoch_watermarks_advance(&epoch->watermarks, out->next_watermark_ms);
  eagre_epoch_set_positions(epoch, plan->ends);
  return EAGRE_OK;
}

/* What the sink was given is where it belongs. Ticks of an epoch that has begun go on. */
static enum eagre_status settle(struct eagre_epoch *epoch, struct eagre_error *error) {
  const struct eagre_epoch_workers *workers = epoch->options.workers;
  int64_t begin_us = eagre_clock_wall_us();
  bool is_settled = workers->settle == NULL;
  while (!is_settled) {
    EAGRE_TRY(workers->settle(workers->context, &is_settled, error));
    if (!is_settled) EAGRE_TRY(eagre_epoch_turn_ahead(epoch, error));
  }
  epoch->progress.times.prepare_us += eagre_clock_wall_us() - begin_us;
  return EAGRE_OK;
}

static enum eagre_status write_prepared(struct eagre_epoch *epoch,
                                        const struct epoch_closing *closing,
                                        struct eagre_error *error) {
  struct eagre_checkpoint *checkpoint = epoch->options.checkpoint;
  int64_t begin_us = eagre_clock_wall_us();
  eagre_crash_point("epoch.after_state");
  EAGRE_TRY(eagre_checkpoint_write_prepared(checkpoint, &closing->prepared, error));
#if defined(EAGRE_PLANTED_COMMITS_BEFORE_SINK)
  EAGRE_TRY(eagre_checkpoint_write_commit(checkpoint, closing->plan->epoch,
                                          closing->next_watermark_ms, error));
#endif
  epoch->progress.times.prepare_us += eagre_clock_wall_us() - begin_us;
  EAGRE_PROBE(epoch_prepared, eagre_epoch_flow_name(epoch), closing->plan->epoch);
  eagre_crash_point("epoch.after_prepared");
  return EAGRE_OK;
}

/* ---- Steps 4 to 6 ---------------------------------------------------------------------------- */

static enum eagre_status commit_sink(struct eagre_epoch *epoch, const struct epoch_closing *closing,
                                     struct eagre_error *error) {
  const struct eagre_sink_commit commit = {
      .epoch = closing->plan->epoch,
      .attempt = closing->attempt,
      .pieces = closing->pieces.pieces,
      .piece_count = closing->pieces.count,
  };
  int64_t begin_us = eagre_clock_wall_us();
  EAGRE_TRY(eagre_sink_commit(epoch->options.sink, &commit, error));
  EAGRE_PROBE(epoch_sunk, eagre_epoch_flow_name(epoch), commit.epoch);
  eagre_crash_point("epoch.after_commit");
  int64_t committed_us = eagre_clock_wall_us();
  epoch->progress.times.sink_us = committed_us - begin_us;
  epoch->progress.times.add_batch = (committed_us - closing->run_begin_us) / 1000;
  return EAGRE_OK;
}

/* Step 5. */
static enum eagre_status write_commits(struct eagre_epoch *epoch,
                                       const struct epoch_closing *closing,
                                       struct eagre_error *error) {
  const struct epoch_plan *plan = closing->plan;
  int64_t begin_us = eagre_clock_wall_us();
#if !defined(EAGRE_PLANTED_COMMITS_BEFORE_SINK)
  EAGRE_TRY(eagre_checkpoint_write_commit(epoch->options.checkpoint, plan->epoch,
                                          closing->next_watermark_ms, error));
#endif
  EAGRE_PROBE(epoch_committed, eagre_epoch_flow_name(epoch), plan->epoch);
  eagre_crash_point("epoch.after_commits");
  epoch->progress.times.commits_us = eagre_clock_wall_us() - begin_us;
  for (uint32_t i = 0; i < epoch->options.flow->source_count; i++) {
    EAGRE_TRY(eagre_source_committed(epoch->options.sources[i], plan->ends[i], error));
  }
  epoch->next = plan->epoch + 1;
  epoch->must_rerun = false;
  return EAGRE_OK;
}

/* Looking for old state lists a directory and reads headers, which an epoch without data would
 * spend most of its time with: so it waits until there is an eighth of what is kept to remove. */
enum { PURGE_SHARE = 8 };

/* Step 6. The state of the oldest kept epoch is the version it started from. */
static enum eagre_status purge(struct eagre_epoch *epoch, int64_t committed,
                               struct eagre_error *error) {
  const struct eagre_flow *flow = epoch->options.flow;
  int64_t retained =
      eagre_option_integer(&flow->settings, "spark.sql.streaming.minBatchesToRetain");
  int64_t keep_from = committed - retained;
  EAGRE_TRY(eagre_sink_purge(epoch->options.sink, committed, error));
  if (keep_from <= 0) return EAGRE_OK;
  EAGRE_TRY(eagre_checkpoint_purge(epoch->options.checkpoint, keep_from, error));
  bool is_due = keep_from - epoch->state_kept_from >= retained / PURGE_SHARE;
  if (is_due && flow->query.stateful_count > 0) {
    EAGRE_TRY(eagre_state_purge(epoch->options.io,
                                eagre_checkpoint_state_path(epoch->options.checkpoint), keep_from,
                                error));
    epoch->state_kept_from = keep_from;
  }
  eagre_crash_point("epoch.after_purge");
  return EAGRE_OK;
}

enum eagre_status eagre_epoch_publish(struct eagre_epoch *epoch,
                                      const struct epoch_closing *closing,
                                      struct eagre_error *error) {
  struct eagre_epoch_phase_times *times = &epoch->progress.times;
  EAGRE_TRY(settle(epoch, error));
  EAGRE_TRY(write_prepared(epoch, closing, error));
  EAGRE_TRY(eagre_epoch_turn_ahead(epoch, error));
  EAGRE_TRY(commit_sink(epoch, closing, error));
  EAGRE_TRY(eagre_epoch_turn_ahead(epoch, error));
  int64_t committed_us = eagre_clock_wall_us();
  EAGRE_TRY(write_commits(epoch, closing, error));
  EAGRE_TRY(eagre_epoch_turn_ahead(epoch, error));
  int64_t purge_begin_us = eagre_clock_wall_us();
  EAGRE_TRY(purge(epoch, closing->plan->epoch, error));
  int64_t end_us = eagre_clock_wall_us();
  times->purge_us = end_us - purge_begin_us;
  times->commit_offsets = (end_us - committed_us) / 1000;
  return EAGRE_OK;
}

enum eagre_status eagre_epoch_finish(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                     struct eagre_error *error) {
  struct epoch_closing closing;
  EAGRE_TRY(eagre_epoch_capture(epoch, plan, &closing, error));
  return eagre_epoch_publish(epoch, &closing, error);
}
