/* When the next epoch starts (spark-semantics 4). */
#include "runtime/runtime_inside.h"

/* Ticks are multiples of the interval since 1970; the next one counts from when the last epoch
 * began, so an epoch that overran its tick is followed at once. */
static int64_t wait_for_tick(const struct runtime_flow *flow, int64_t interval_us, int64_t now_us) {
  int64_t next_us = (flow->step_begin_us / interval_us + 1) * interval_us;
  return next_us > now_us ? next_us - now_us : 0;
}

/* Tables drown in versions when every epoch commits: with the default trigger Delta commits at most
 * once per interval, unless it is catching up. */
static int64_t wait_for_commit_interval(const struct runtime_flow *flow, int64_t now_us) {
  if (flow->plan->sink->kind != EAGRE_SINK_DELTA || eagre_epoch_has_backlog(flow->epoch)) return 0;
  int64_t interval_us =
      eagre_option_duration_us(&flow->plan->settings, "eagre.sink.commitIntervalMin");
  int64_t passed_us = now_us > flow->step_begin_us ? now_us - flow->step_begin_us : 0;
  return passed_us < interval_us ? interval_us - passed_us : 0;
}

bool eagre_runtime_trigger_polls(const struct runtime_flow *flow) {
  const struct eagre_trigger *trigger = &flow->plan->trigger;
  if (trigger->kind == EAGRE_TRIGGER_CONTINUOUS) return false;
  return trigger->kind != EAGRE_TRIGGER_PROCESSING_TIME || trigger->interval_us == 0;
}

int64_t eagre_runtime_trigger_wait_us(const struct runtime_flow *flow, bool has_run,
                                      int64_t now_us) {
  const struct eagre_trigger *trigger = &flow->plan->trigger;
  int64_t polling_us =
      eagre_option_duration_us(&flow->plan->settings, "spark.sql.streaming.pollingDelay");
  switch (trigger->kind) {
  case EAGRE_TRIGGER_PROCESSING_TIME:
    if (trigger->interval_us > 0) return wait_for_tick(flow, trigger->interval_us, now_us);
    return has_run ? 0 : polling_us;
  case EAGRE_TRIGGER_DEFAULT:
    return has_run ? wait_for_commit_interval(flow, now_us) : polling_us;
  case EAGRE_TRIGGER_ONCE:
  case EAGRE_TRIGGER_AVAILABLE_NOW:
    return has_run ? 0 : polling_us;
  case EAGRE_TRIGGER_CONTINUOUS: /* the epoch itself waits */
    return 0;
  }
  return polling_us;
}
