/* Step 2 of an open epoch: a row of ticks, until its interval is over and there is something new.
 *
 * A tick is to operators what a whole epoch is: rows, then results, then the watermark moves. So an
 * open epoch means what as many epochs of Spark mean that are committed together. It stays open
 * over steps in which nothing came.
 *
 * Where all sinks show rows at once, the next epoch begins as soon as cores have done their part of
 * closing this one, and reads on while the control thread waits for the disk and for the sink's
 * acknowledgements (`is_ahead`): in one tick where its results come with the epoch's end, else tick
 * by tick, also while a sync is under way (eagre_io_set_meanwhile). Without state, cores have
 * nothing to do but to say where they stand, and the next epoch begins before this one is logged.
 *
 *   attempt  begins with the first tick, ends with the epoch
 *   readers  go on from where the last epoch ended; every step asks the source anew what there is
 *            to read (partitions that were added, records that are gone) */
#include "epoch/epoch_flow.h"

static int64_t now_us(void) {
  return (int64_t)(eagre_clock_monotonic_ns() / 1000);
}

static enum eagre_status assign(struct eagre_epoch *epoch, struct eagre_error *error) {
  for (uint32_t i = 0; i < epoch->options.flow->source_count; i++) {
    EAGRE_TRY(eagre_source_assign_open(epoch->options.sources[i], epoch->positions[i], error));
  }
  return EAGRE_OK;
}

static enum eagre_status find_ends(struct eagre_epoch *epoch, struct epoch_plan *plan,
                                   bool *out_have_moved, struct eagre_error *error) {
  for (uint32_t i = 0; i < epoch->options.flow->source_count; i++) {
    EAGRE_TRY(
        eagre_source_reached(epoch->options.sources[i], &epoch->arena, &plan->ends[i], error));
    *out_have_moved = *out_have_moved || !eagre_text_equal(plan->ends[i], epoch->positions[i]);
  }
  return EAGRE_OK;
}

/* The watermarks that the next tick runs with. */
static void move_watermarks(struct eagre_epoch *epoch) {
  epoch->last_run_eviction_ms = epoch->watermarks.eviction_ms;
  eagre_epoch_watermarks_advance(&epoch->watermarks,
                                 eagre_epoch_watermarks_next(&epoch->watermarks));
}

/* While somebody is behind, so often it is looked whether he still is: to have caught up is no
 * record that would end a tick, and may be what a result waits for. */
static const int64_t LOOK_US = 10000;

/* How long a tick waits for records while the disk works: then it is asked whether it is done. */
static const int64_t MEANWHILE_US = 1000;

/* Until when the next tick waits for records. */
static int64_t wait_until(const struct eagre_epoch *epoch, bool has_work, int64_t close_us) {
  const struct eagre_flow *flow = epoch->options.flow;
  if (!eagre_flow_ticks(flow)) return close_us;
  if (has_work) return 0;
  int64_t look_us = now_us() + LOOK_US;
  bool looks = flow->watermark_count > 0 && epoch->counts.behind.count > 0;
  return looks && look_us < close_us ? look_us : close_us;
}

/* ---- Ticks ----------------------------------------------------------------------------------- */

/* Where one operator has all the state, it says from which watermark on something leaves it; what
 * leaves one of several is rows for the next. */
static int64_t due_of(const struct eagre_epoch *epoch) {
  return epoch->counts.operator_count == 1 ? epoch->counts.operators[0].due_ms : 0;
}

/* Whether this tick can give something is known where all results leave one state. */
static int64_t due_of_tick(const struct eagre_epoch *epoch) {
  if (!epoch->waits_for_watermark || epoch->due_ms == 0) return 0;
  return eagre_epoch_watermarks_raising(&epoch->watermarks, epoch->options.flow, epoch->due_ms);
}

static void plan_tick(struct eagre_epoch *epoch) {
  struct epoch_open *open = &epoch->open;
  bool is_due = epoch->watermarks.eviction_ms >= epoch->due_ms;
  open->tick_has_work = is_due && eagre_epoch_wants_no_data(epoch);
  open->request.state = (struct eagre_stateful_epoch){
      .batch_timestamp_us = open->timestamp_ms * 1000,
      .eviction_watermark_ms = epoch->watermarks.eviction_ms,
      .late_watermark_ms = epoch->watermarks.late_ms,
      .is_first_epoch = open->request.epoch == 0,
  };
  open->request.due_ms = due_of_tick(epoch);
}

/* Works the tick that was planned, to its end. */
static enum eagre_status run_tick(struct eagre_epoch *epoch, int64_t until_us,
                                  struct eagre_error *error) {
  struct epoch_open *open = &epoch->open;
  const struct eagre_epoch_workers *workers = epoch->options.workers;
  open->request.until_us = until_us;
  open->is_reading = false;
  EAGRE_TRY(workers->run(workers->context, &open->request, &epoch->counts, error));
  eagre_epoch_watermarks_observe_tick(&epoch->watermarks, epoch->options.flow, &epoch->counts,
                                      open->timestamp_ms);
  epoch->due_ms = due_of(epoch);
  open->has_worked = open->has_worked || open->tick_has_work;
  open->request.goes_on = true;
  open->request.keeps_reading = true;
  return EAGRE_OK;
}

/* Ticks until the epoch has lasted as long as it may. */
static enum eagre_status run_ticks(struct eagre_epoch *epoch, struct eagre_error *error) {
  struct epoch_open *open = &epoch->open;
  const struct eagre_epoch_workers *workers = epoch->options.workers;
  for (;;) {
    if (!open->is_reading) plan_tick(epoch);
    EAGRE_TRY(run_tick(epoch, wait_until(epoch, open->tick_has_work, open->close_us), error));
    if (now_us() >= open->close_us || workers->must_close(workers->context)) return EAGRE_OK;
    move_watermarks(epoch);
  }
}

/* ---- The epoch ------------------------------------------------------------------------------- */

/* Lets readers go on behind the last epoch. */
static enum eagre_status begin(struct eagre_epoch *epoch, int64_t number, int64_t timestamp_ms,
                               struct eagre_error *error) {
  struct epoch_open *open = &epoch->open;
  EAGRE_TRY(assign(epoch, error));
  if (!epoch->is_open) {
    eagre_uuid_make(epoch->attempt);
    EAGRE_TRY(eagre_sink_begin(epoch->options.sink, number, epoch->attempt, error));
    EAGRE_PROBE(epoch_begin, eagre_epoch_flow_name(epoch), number);
  }
  *open = (struct epoch_open){
      .request = {.epoch = number,
                  .attempt = epoch->attempt,
                  .is_open = true,
                  .goes_on = epoch->is_open},
      .timestamp_ms = timestamp_ms,
      .watermark_ms = epoch->watermarks.eviction_ms,
      .close_us = now_us() + epoch->options.flow->trigger.interval_us,
  };
  epoch->is_open = true;
  return EAGRE_OK;
}

enum eagre_status eagre_epoch_run_open(struct eagre_epoch *epoch, struct epoch_plan *plan,
                                       bool *out_has_new, struct eagre_error *error) {
  struct epoch_open *open = &epoch->open;
  if (!open->is_ahead) EAGRE_TRY(begin(epoch, plan->epoch, plan->timestamp_ms, error));
  plan->timestamp_ms = open->timestamp_ms;
  plan->watermark_ms = open->watermark_ms;
  EAGRE_TRY(run_ticks(epoch, error));
  open->is_ahead = false;
  *out_has_new = open->has_worked;
  EAGRE_TRY(find_ends(epoch, plan, out_has_new, error));
  epoch->is_open = !*out_has_new;
  if (epoch->is_open) move_watermarks(epoch); /* a partition that caught up moves them, too */
  if (*out_has_new) eagre_crash_point("epoch.after_run");
  return EAGRE_OK;
}

/* ---- Closing one while the next begins ------------------------------------------------------- */

bool eagre_epoch_is_ahead(const struct eagre_epoch *epoch) {
  return epoch->open.is_ahead;
}

static bool may_overlap(const struct eagre_epoch *epoch) {
  const struct eagre_epoch_workers *workers = epoch->options.workers;
  return workers->begin != NULL && eagre_flow_overlaps(epoch->options.flow) &&
         !workers->must_close(workers->context);
}

/* What was counted stays with the epoch that is closed. */
static void keep_counts(struct eagre_epoch *epoch) {
  struct eagre_epoch_counts counts = epoch->counts;
  epoch->counts = epoch->closed_counts;
  epoch->closed_counts = counts;
  epoch->progress.counts = &epoch->closed_counts;
}

static enum eagre_status begin_tick(struct eagre_epoch *epoch, struct eagre_error *error) {
  const struct eagre_epoch_workers *workers = epoch->options.workers;
  plan_tick(epoch);
  EAGRE_TRY(workers->begin(workers->context, &epoch->open.request, error));
  epoch->open.is_reading = true;
  return EAGRE_OK;
}

static enum eagre_status begin_ahead(struct eagre_epoch *epoch, int64_t number,
                                     struct eagre_error *error) {
  keep_counts(epoch);
  EAGRE_TRY(begin(epoch, number, eagre_clock_wall_us() / 1000, error));
  epoch->open.is_ahead = true;
  epoch->run_begin_us = eagre_clock_wall_us();
  return begin_tick(epoch, error);
}

static bool ticks_ahead(const struct eagre_epoch *epoch) {
  return epoch->open.is_ahead && eagre_flow_ticks(epoch->options.flow);
}

/* Ends the tick that was begun, and begins the next. */
static enum eagre_status turn(struct eagre_epoch *epoch, int64_t until_us,
                              struct eagre_error *error) {
  EAGRE_TRY(run_tick(epoch, until_us, error));
  move_watermarks(epoch);
  return begin_tick(epoch, error);
}

/* While the disk works. */
static void turn_meanwhile(void *context) {
  struct eagre_epoch *epoch = context;
  struct epoch_open *open = &epoch->open;
  if (open->ahead_status == EAGRE_OK) {
    open->ahead_status = turn(epoch, now_us() + MEANWHILE_US, &open->ahead_error);
  } else {
    eagre_io_wait(epoch->options.io, MEANWHILE_US);
  }
}

static enum eagre_status check_ahead(const struct epoch_open *open, struct eagre_error *error) {
  if (open->ahead_status != EAGRE_OK) *error = open->ahead_error;
  return open->ahead_status;
}

enum eagre_status eagre_epoch_turn_ahead(struct eagre_epoch *epoch, struct eagre_error *error) {
  if (!ticks_ahead(epoch)) return EAGRE_OK;
  EAGRE_TRY(check_ahead(&epoch->open, error));
  return turn(epoch, now_us(), error);
}

/* What there is to read behind the epoch that has begun. */
static enum eagre_status look_ahead(struct eagre_epoch *epoch, struct eagre_error *error) {
  for (uint32_t i = 0; i < epoch->options.flow->source_count; i++) {
    EAGRE_TRY(eagre_source_look_open(epoch->options.sources[i], error));
  }
  return EAGRE_OK;
}

/* Where results are waited for, ticks go on while the disk works. */
static enum eagre_status publish(struct eagre_epoch *epoch, const struct epoch_closing *closing,
                                 struct eagre_error *error) {
  struct eagre_io *io = epoch->options.io;
  if (ticks_ahead(epoch)) eagre_io_set_meanwhile(io, turn_meanwhile, epoch);
  enum eagre_status status = eagre_epoch_publish(epoch, closing, error);
  eagre_io_set_meanwhile(io, NULL, NULL);
  return status == EAGRE_OK ? check_ahead(&epoch->open, error) : status;
}

enum eagre_status eagre_epoch_close_open(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                         struct eagre_error *error) {
  struct epoch_closing closing;
  bool overlaps = may_overlap(epoch);
  bool has_state = epoch->options.flow->query.stateful_count > 0;
  bool logs_first = has_state || !overlaps; /* no state is written before its epoch is logged */
  if (logs_first) EAGRE_TRY(eagre_epoch_log_ends(epoch, plan, error));
  EAGRE_TRY(eagre_epoch_capture(epoch, plan, &closing, error));
  if (overlaps) EAGRE_TRY(begin_ahead(epoch, plan->epoch + 1, error));
  if (!logs_first) EAGRE_TRY(eagre_epoch_log_ends(epoch, plan, error));
  EAGRE_TRY(publish(epoch, &closing, error));
  return overlaps ? look_ahead(epoch, error) : EAGRE_OK;
}
