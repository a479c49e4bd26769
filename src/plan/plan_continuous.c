/* Flows whose epochs are open (trigger continuous): what may be read that way, and when results
 * come out. */
#include "plan/plan_bind.h"

/* An open epoch ends where its readers stand: at any record, on every core. */
static bool can_stay_open(const struct eagre_plan_source *source) {
  return source->kind == EAGRE_SOURCE_KAFKA;
}

enum eagre_status eagre_plan_check_continuous(const struct eagre_flow *flow,
                                              struct eagre_error *error) {
  if (flow->trigger.kind != EAGRE_TRIGGER_CONTINUOUS) return EAGRE_OK;
  for (uint32_t i = 0; i < flow->source_count; i++) {
    const struct eagre_plan_source *source = flow->sources[i];
    if (can_stay_open(source)) continue;
    eagre_plan_fail(error, source->position, "STREAMING_REAL_TIME_MODE.INPUT_STREAM_NOT_SUPPORTED",
                    "With the trigger 'continuous' streams are read from Kafka only.");
    eagre_error_hint(error, "read_kafka(...), or use trigger = 'processing time <interval>'");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

/* Whether the sink shows rows as they are written, not epoch by epoch. */
static bool shows_rows_at_once(const struct eagre_plan_sink *sink) {
  switch (sink->kind) {
  case EAGRE_SINK_KAFKA:
    return !eagre_plan_sink_is_transactional(sink);
  case EAGRE_SINK_CONSOLE:
    return eagre_text_equal_string(eagre_option_text(&sink->options, "format"), "json");
  case EAGRE_SINK_NOOP:
    return true;
  case EAGRE_SINK_DELTA:
  case EAGRE_SINK_FILES:
  case EAGRE_SINK_SEVERAL:
    return false;
  }
  return false;
}

bool eagre_flow_shows_at_once(const struct eagre_flow *flow) {
  if (flow->trigger.kind != EAGRE_TRIGGER_CONTINUOUS) return false;
  for (uint32_t i = 0; i < eagre_plan_sink_count(flow->sink); i++) {
    const struct eagre_plan_sink *part = eagre_plan_sink_at(flow->sink, i);
    enum eagre_side ignored;
    if (!eagre_plan_is_side(flow->sink, part, &ignored) && shows_rows_at_once(part)) return true;
  }
  return false;
}

bool eagre_flow_overlaps(const struct eagre_flow *flow) {
  if (flow->trigger.kind != EAGRE_TRIGGER_CONTINUOUS) return false;
  for (uint32_t i = 0; i < eagre_plan_sink_count(flow->sink); i++) {
    if (!shows_rows_at_once(eagre_plan_sink_at(flow->sink, i))) return false;
  }
  return true;
}

/* Where results are given as a whole (complete mode), one epoch gives them once. */
bool eagre_flow_ticks(const struct eagre_flow *flow) {
  bool has_results = flow->query.stateful_count > 0 && flow->mode != EAGRE_MODE_COMPLETE;
  return has_results && eagre_flow_shows_at_once(flow);
}

/* Rows of a source that come to the sink without having been in a state. */
static bool passes_by(const struct eagre_plan_tree *tree, const struct eagre_plan_stage *stage) {
  if (stage->level > 0) return false;
  return stage->target < 0 || !eagre_plan_is_stateful(tree->stages[stage->target].start);
}

/* In append mode what an operator gives leaves its state. */
bool eagre_flow_waits_for_watermark(const struct eagre_flow *flow) {
  const struct eagre_plan_tree *tree = &flow->query;
  if (flow->mode != EAGRE_MODE_APPEND || tree->stateful_count != 1) return false;
  for (uint32_t i = 0; i < tree->stage_count; i++) {
    if (passes_by(tree, &tree->stages[i])) return false;
  }
  return true;
}

bool eagre_flow_may_split(const struct eagre_flow *flow) {
  if (flow->trigger.kind == EAGRE_TRIGGER_CONTINUOUS) return false;
  for (uint32_t i = 0; i < flow->source_count; i++) {
    if (flow->sources[i]->kind != EAGRE_SOURCE_KAFKA) return false;
  }
  return flow->source_count > 0;
}
