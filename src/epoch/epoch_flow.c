/* The life of a flow: start, then one step after the other. */
#include <string.h>

#include "epoch/epoch_flow.h"

static void init_counts(const struct eagre_flow *flow, struct eagre_epoch_counts *counts) {
  const struct eagre_plan_node *expect = eagre_flow_expect(flow);
  counts->source_count = flow->source_count;
  counts->watermark_count = flow->watermark_count;
  counts->operator_count = flow->query.stateful_count;
  counts->expectation_count = expect == NULL ? 0 : expect->expectation_count;
  counts->sources = eagre_allocate_zeroed(flow->source_count + 1, sizeof *counts->sources);
  counts->event_times =
      eagre_allocate_zeroed(flow->watermark_count + 1, sizeof *counts->event_times);
  counts->operators = eagre_allocate_zeroed(counts->operator_count + 1, sizeof *counts->operators);
  counts->expectations =
      eagre_allocate_zeroed(counts->expectation_count + 1, sizeof *counts->expectations);
}

static void done_counts(struct eagre_epoch_counts *counts) {
  eagre_free(counts->sources);
  eagre_free(counts->event_times);
  eagre_partition_times_done(&counts->partitions);
  eagre_partition_times_done(&counts->behind);
  eagre_free(counts->operators);
  eagre_free(counts->expectations);
}

struct eagre_epoch *eagre_epoch_new(const struct eagre_epoch_options *options) {
  struct eagre_epoch *epoch = eagre_allocate_zeroed(1, sizeof *epoch);
  const struct eagre_flow *flow = options->flow;
  epoch->options = *options;
  epoch->last_run_eviction_ms = -1;
  epoch->waits_for_watermark = eagre_flow_ticks(flow) && eagre_flow_waits_for_watermark(flow);
  eagre_epoch_watermarks_init(&epoch->watermarks, flow);
  init_counts(flow, &epoch->counts);
  init_counts(flow, &epoch->closed_counts);
  return epoch;
}

void eagre_epoch_free(struct eagre_epoch *epoch) {
  if (epoch == NULL) return;
  eagre_epoch_watermarks_done(&epoch->watermarks);
  done_counts(&epoch->counts);
  done_counts(&epoch->closed_counts);
  eagre_arena_done(&epoch->arena);
  eagre_arena_done(&epoch->position_arenas[0]);
  eagre_arena_done(&epoch->position_arenas[1]);
  eagre_free(epoch);
}

static enum eagre_status enter_broken(struct eagre_epoch *epoch, enum eagre_status status,
                                      const struct eagre_error *error) {
  epoch->state = EPOCH_BROKEN;
  if (error != NULL) epoch->failure = *error;
  epoch->failure.status = status;
  epoch->options.workers->abort(epoch->options.workers->context);
  return status;
}

enum eagre_status eagre_epoch_start(struct eagre_epoch *epoch, struct eagre_error *error) {
  eagre_assert(epoch->state == EPOCH_NEW);
  enum eagre_status status = eagre_epoch_recover(epoch, error);
  if (status != EAGRE_OK) return enter_broken(epoch, status, error);
  epoch->state = EPOCH_READY;
  return EAGRE_OK;
}

int64_t eagre_epoch_next(const struct eagre_epoch *epoch) {
  return epoch->next;
}

bool eagre_epoch_has_backlog(const struct eagre_epoch *epoch) {
  return epoch->has_backlog;
}

const struct eagre_epoch_progress *eagre_epoch_last(const struct eagre_epoch *epoch) {
  return &epoch->progress;
}

/* ---- Planning -------------------------------------------------------------------------------- */

/* What one step plans: the new ends, and whether there is a reason to run. */
struct step_plan {
  struct epoch_plan plan;
  struct eagre_text *latest;
  bool has_new;
  bool is_at_fixed_end; /* every source */
};

static enum eagre_status ask_sources(struct eagre_epoch *epoch, struct step_plan *step,
                                     struct eagre_error *error) {
  enum eagre_trigger_kind trigger = epoch->options.flow->trigger.kind;
  const struct eagre_source_limits limits = {
      .ignore_rate = trigger == EAGRE_TRIGGER_ONCE,
      .fix_end = trigger == EAGRE_TRIGGER_AVAILABLE_NOW,
  };
  step->is_at_fixed_end = true;
  epoch->has_backlog = false;
  for (uint32_t i = 0; i < epoch->options.flow->source_count; i++) {
    struct eagre_source_plan planned = {0};
    EAGRE_TRY(eagre_source_plan(epoch->options.sources[i], epoch->positions[i], &limits,
                                &epoch->arena, &planned, error));
    step->plan.ends[i] = planned.end;
    step->latest[i] = planned.latest;
    step->has_new = step->has_new || planned.has_new;
    step->is_at_fixed_end = step->is_at_fixed_end && planned.is_at_fixed_end;
    bool is_behind = planned.latest.size > 0 && !eagre_text_equal(planned.latest, planned.end);
    epoch->has_backlog = epoch->has_backlog || is_behind;
  }
  return EAGRE_OK;
}

/* Whether the watermark moves anything: of a join it may not. */
static bool uses_watermark(const struct eagre_plan_tree *query) {
  for (uint32_t i = 0; i < query->stateful_count; i++) {
    const struct eagre_plan_node *node = query->stateful[i];
    bool is_join = node->kind == EAGRE_PLAN_JOIN;
    if (!is_join || eagre_plan_join_evicts(node, 0) || eagre_plan_join_evicts(node, 1)) return true;
  }
  return false;
}

/* In complete mode aggregations evict nothing. */
static bool has_deduplicate(const struct eagre_flow *flow) {
  for (uint32_t i = 0; i < flow->query.stateful_count; i++) {
    if (flow->query.stateful[i]->kind == EAGRE_PLAN_DEDUPLICATE) return true;
  }
  return false;
}

/* An epoch without data closes the windows that the watermark has passed (spark-semantics 3.6). */
bool eagre_epoch_wants_no_data(const struct eagre_epoch *epoch) {
  const struct eagre_flow *flow = epoch->options.flow;
  if (!uses_watermark(&flow->query)) return false;
  if (flow->mode == EAGRE_MODE_COMPLETE && !has_deduplicate(flow)) return false;
  if (flow->trigger.kind == EAGRE_TRIGGER_ONCE) return false;
  if (!eagre_option_boolean(&flow->settings, "spark.sql.streaming.noDataMicroBatches.enabled")) {
    return false;
  }
  return epoch->last_run_eviction_ms >= 0 &&
         epoch->watermarks.eviction_ms > epoch->last_run_eviction_ms;
}

/* The logged ends of an epoch that is run again. */
static enum eagre_status read_logged_plan(struct eagre_epoch *epoch, struct step_plan *step,
                                          struct eagre_error *error) {
  struct eagre_checkpoint_offsets offsets;
  EAGRE_TRY(eagre_checkpoint_read_offsets(epoch->options.checkpoint, epoch->next, &epoch->arena,
                                          &offsets, error));
  for (uint32_t i = 0; i < epoch->options.flow->source_count; i++) {
    step->plan.ends[i] = offsets.sources[i];
  }
  step->plan.timestamp_ms = offsets.timestamp_ms;
  step->plan.is_logged = true;
  return EAGRE_OK;
}

static void begin_progress(struct eagre_epoch *epoch, const struct step_plan *step,
                           int64_t begin_us) {
  epoch->progress = (struct eagre_epoch_progress){
      .epoch = epoch->next,
      .trigger_start_us = begin_us,
      .start_offsets = epoch->positions,
      .end_offsets = step->plan.ends,
      .latest_offsets = step->latest,
      .counts = &epoch->counts,
      .watermark_ms = epoch->watermarks.eviction_ms,
      .previous_trigger_start_us = epoch->previous_trigger_start_us,
  };
  if (eagre_epoch_is_ahead(epoch)) return; /* it is being counted */
  uint32_t source_count = epoch->options.flow->source_count;
  memset(epoch->counts.sources, 0, sizeof *epoch->counts.sources * (source_count + 1));
  memset(epoch->counts.event_times, 0,
         sizeof *epoch->counts.event_times * (epoch->options.flow->watermark_count + 1));
  epoch->counts.output_rows = 0;
  for (uint32_t i = 0; i < epoch->options.flow->query.stateful_count; i++) {
    struct eagre_stateful_metrics *metrics = &epoch->counts.operators[i];
    *metrics = (struct eagre_stateful_metrics){.rows_total = metrics->rows_total,
                                               .memory_bytes = metrics->memory_bytes};
  }
}

static void add_source_metrics(struct eagre_epoch *epoch, const struct step_plan *step) {
  uint32_t count = epoch->options.flow->source_count;
  struct eagre_text *metrics =
      eagre_arena_allocate_zeroed(&epoch->arena, sizeof *metrics * (count + 1));
  for (uint32_t i = 0; i < count && !step->plan.is_logged; i++) {
    struct eagre_buffer text = {0};
    eagre_source_metrics(epoch->options.sources[i], step->plan.ends[i], &text);
    metrics[i] = eagre_arena_copy_text(&epoch->arena, eagre_buffer_text(&text));
    eagre_buffer_done(&text);
  }
  epoch->progress.source_metrics = metrics;
}

/* ---- One step -------------------------------------------------------------------------------- */

static bool is_open_step(const struct eagre_epoch *epoch) {
  return epoch->options.flow->trigger.kind == EAGRE_TRIGGER_CONTINUOUS && !epoch->must_rerun;
}

static enum eagre_status plan_step(struct eagre_epoch *epoch, struct step_plan *step,
                                   struct eagre_error *error) {
  uint32_t count = epoch->options.flow->source_count;
  step->plan.epoch = epoch->next;
  step->plan.watermark_ms = epoch->watermarks.eviction_ms;
  step->plan.ends =
      eagre_arena_allocate_zeroed(&epoch->arena, sizeof *step->plan.ends * (count + 1));
  step->latest = eagre_arena_allocate_zeroed(&epoch->arena, sizeof *step->latest * (count + 1));
  if (epoch->must_rerun) return read_logged_plan(epoch, step, error);
  return is_open_step(epoch) ? EAGRE_OK : ask_sources(epoch, step, error);
}

static bool is_worth_running(const struct eagre_epoch *epoch, const struct step_plan *step) {
  return epoch->must_rerun || epoch->next == 0 || step->has_new || eagre_epoch_wants_no_data(epoch);
}

static enum eagre_epoch_outcome idle_outcome(const struct eagre_epoch *epoch,
                                             const struct step_plan *step) {
  switch (epoch->options.flow->trigger.kind) {
  case EAGRE_TRIGGER_ONCE:
    return EAGRE_EPOCH_FINISHED;
  case EAGRE_TRIGGER_AVAILABLE_NOW:
    return step->is_at_fixed_end ? EAGRE_EPOCH_FINISHED : EAGRE_EPOCH_IDLE;
  default:
    return EAGRE_EPOCH_IDLE;
  }
}

enum eagre_status eagre_epoch_log_ends(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                       struct eagre_error *error) {
  int64_t begin_us = eagre_clock_wall_us();
  EAGRE_TRY(eagre_epoch_write_offsets(epoch, plan, error));
  epoch->progress.times.offsets_us = eagre_clock_wall_us() - begin_us;
  epoch->progress.times.wal_commit = epoch->progress.times.offsets_us / 1000;
  return EAGRE_OK;
}

/* Steps 1 and 2. *out_has_run: there is something to commit. */
static enum eagre_status run_planned(struct eagre_epoch *epoch, struct step_plan *step,
                                     bool *out_has_run, struct eagre_error *error) {
  *out_has_run = is_worth_running(epoch, step);
  if (!*out_has_run) return EAGRE_OK;
  if (!step->plan.is_logged) EAGRE_TRY(eagre_epoch_log_ends(epoch, &step->plan, error));
  epoch->run_begin_us = eagre_clock_wall_us();
  eagre_uuid_make(epoch->attempt);
  EAGRE_TRY(eagre_epoch_run(epoch, &step->plan, error));
  epoch->progress.times.run_us = eagre_clock_wall_us() - epoch->run_begin_us;
  return EAGRE_OK;
}

static enum eagre_status run_open(struct eagre_epoch *epoch, struct step_plan *step,
                                  bool *out_has_run, struct eagre_error *error) {
  if (!eagre_epoch_is_ahead(epoch)) epoch->run_begin_us = eagre_clock_wall_us();
  EAGRE_TRY(eagre_epoch_run_open(epoch, &step->plan, out_has_run, error));
  epoch->progress.times.run_us = eagre_clock_wall_us() - epoch->run_begin_us;
  return EAGRE_OK;
}

static enum eagre_status run_step(struct eagre_epoch *epoch, enum eagre_epoch_outcome *out_outcome,
                                  struct eagre_error *error) {
  int64_t begin_us = eagre_clock_wall_us();
  struct step_plan step = {0};
  bool has_run = false;
  struct eagre_epoch_phase_times *times = &epoch->progress.times;
  eagre_arena_reset(&epoch->arena);
  if (epoch->has_finished) {
    *out_outcome = EAGRE_EPOCH_FINISHED;
    return EAGRE_OK;
  }
  EAGRE_TRY(plan_step(epoch, &step, error));
  int64_t planned_us = eagre_clock_wall_us();
  begin_progress(epoch, &step, begin_us);
  times->latest_offset = (planned_us - begin_us) / 1000;
  times->trigger_execution = times->latest_offset;
  if (!step.plan.is_logged) step.plan.timestamp_ms = planned_us / 1000;
  bool is_open = is_open_step(epoch);
  if (is_open) {
    EAGRE_TRY(run_open(epoch, &step, &has_run, error));
  } else {
    EAGRE_TRY(run_planned(epoch, &step, &has_run, error));
  }
  if (!has_run) {
    *out_outcome = idle_outcome(epoch, &step);
    return EAGRE_OK;
  }
  EAGRE_TRY(is_open ? eagre_epoch_close_open(epoch, &step.plan, error)
                    : eagre_epoch_finish(epoch, &step.plan, error));
  add_source_metrics(epoch, &step);
  times->trigger_execution = (eagre_clock_wall_us() - begin_us) / 1000;
  epoch->progress.has_run = true;
  epoch->previous_trigger_start_us = begin_us;
  epoch->has_finished = epoch->options.flow->trigger.kind == EAGRE_TRIGGER_ONCE;
  *out_outcome = EAGRE_EPOCH_RAN;
  return EAGRE_OK;
}

enum eagre_status eagre_epoch_step(struct eagre_epoch *epoch, enum eagre_epoch_outcome *out_outcome,
                                   struct eagre_error *error) {
  if (epoch->state == EPOCH_BROKEN) {
    if (error != NULL) *error = epoch->failure;
    return epoch->failure.status;
  }
  eagre_assert(epoch->state == EPOCH_READY);
  enum eagre_status status = run_step(epoch, out_outcome, error);
  if (status != EAGRE_OK) return enter_broken(epoch, status, error);
  return EAGRE_OK;
}
