/* Step 2 of an open epoch: a row of ticks, until its interval is over and there is something new.
 *
 * A tick is to operators what a whole epoch is: rows, then results, then the watermark moves. So an
 * open epoch means what as many epochs of Spark mean that are committed together. It stays open
 * over steps in which nothing came.
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

/* Until when the next tick waits for records. */
static int64_t wait_until(const struct eagre_epoch *epoch, bool has_work, int64_t close_us) {
  const struct eagre_flow *flow = epoch->options.flow;
  if (!eagre_flow_ticks(flow)) return close_us;
  if (has_work) return 0;
  int64_t look_us = now_us() + LOOK_US;
  bool looks = flow->watermark_count > 0 && epoch->counts.behind.count > 0;
  return looks && look_us < close_us ? look_us : close_us;
}

/* Ticks until the epoch has lasted as long as it may. *out_has_worked: one of them did something
 * although nothing was read. */
static enum eagre_status run_ticks(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                   bool *out_has_worked, struct eagre_error *error) {
  const struct eagre_flow *flow = epoch->options.flow;
  const struct eagre_epoch_workers *workers = epoch->options.workers;
  int64_t close_us = now_us() + flow->trigger.interval_us;
  struct eagre_epoch_run request = {
      .epoch = plan->epoch, .attempt = epoch->attempt, .is_open = true, .goes_on = epoch->is_open};
  for (;;) {
    bool has_work = eagre_epoch_wants_no_data(epoch);
    request.state =
        (struct eagre_stateful_epoch){.batch_timestamp_us = plan->timestamp_ms * 1000,
                                      .eviction_watermark_ms = epoch->watermarks.eviction_ms,
                                      .late_watermark_ms = epoch->watermarks.late_ms,
                                      .is_first_epoch = plan->epoch == 0};
    request.until_us = wait_until(epoch, has_work, close_us);
    EAGRE_TRY(workers->run(workers->context, &request, &epoch->counts, error));
    eagre_epoch_watermarks_observe_tick(&epoch->watermarks, flow, &epoch->counts,
                                        plan->timestamp_ms);
    *out_has_worked = *out_has_worked || has_work;
    if (now_us() >= close_us || workers->must_close(workers->context)) return EAGRE_OK;
    move_watermarks(epoch);
    request.goes_on = true;
    request.keeps_reading = true;
  }
}

enum eagre_status eagre_epoch_run_open(struct eagre_epoch *epoch, struct epoch_plan *plan,
                                       bool *out_has_new, struct eagre_error *error) {
  EAGRE_TRY(assign(epoch, error));
  if (!epoch->is_open) {
    eagre_uuid_make(epoch->attempt);
    EAGRE_TRY(eagre_sink_begin(epoch->options.sink, plan->epoch, epoch->attempt, error));
  }
  *out_has_new = false;
  EAGRE_TRY(run_ticks(epoch, plan, out_has_new, error));
  EAGRE_TRY(find_ends(epoch, plan, out_has_new, error));
  epoch->is_open = !*out_has_new;
  if (epoch->is_open) move_watermarks(epoch); /* a partition that caught up moves them, too */
  if (*out_has_new) eagre_crash_point("epoch.after_run");
  return EAGRE_OK;
}
