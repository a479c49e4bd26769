/* Settings of watermarks that go beyond Spark's, off unless they are asked for. */
#include "plan/plan_bind.h"

#define PER_PARTITION "eagre.watermark.perPartition"
#define IDLE_TIMEOUT "eagre.watermark.idleTimeout"
#define MAX_FUTURE "eagre.watermark.maxFuture"

static struct eagre_sql_position position_of(const struct eagre_options *settings,
                                             const char *key) {
  for (uint32_t i = settings->count; i > 0; i--) {
    const struct eagre_option *option = &settings->options[i - 1];
    if (eagre_text_equal_ignoring_case(option->key, eagre_text_of(key))) return option->position;
  }
  return (struct eagre_sql_position){0};
}

static enum eagre_status refuse(const struct eagre_options *settings, const char *key,
                                const char *sentence, const char *hint, struct eagre_error *error) {
  eagre_plan_fail(error, position_of(settings, key), "INVALID_SETTING.WATERMARK", "%s", sentence);
  eagre_error_hint(error, "%s", hint);
  return EAGRE_USAGE;
}

static enum eagre_status check(const struct eagre_options *settings, struct eagre_error *error) {
  bool has_timeout = eagre_option_given(settings, IDLE_TIMEOUT);
  if (has_timeout && !eagre_option_boolean(settings, PER_PARTITION)) {
    return refuse(settings, IDLE_TIMEOUT, IDLE_TIMEOUT " means nothing without " PER_PARTITION ".",
                  "SET " PER_PARTITION " = true", error);
  }
  if (has_timeout && eagre_option_duration_us(settings, IDLE_TIMEOUT) < 1000) {
    return refuse(settings, IDLE_TIMEOUT, IDLE_TIMEOUT " is less than a millisecond.",
                  "leave it out where partitions are never idle", error);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_plan_set_watermarks(struct eagre_flow *flow, struct eagre_error *error) {
  const struct eagre_options *settings = &flow->settings;
  EAGRE_TRY(check(settings, error));
  for (uint32_t i = 0; i < flow->query.node_count; i++) {
    struct eagre_plan_node *node = flow->query.nodes[i];
    if (node->kind != EAGRE_PLAN_WATERMARK) continue;
    node->is_per_partition = eagre_option_boolean(settings, PER_PARTITION) ||
                             flow->trigger.kind == EAGRE_TRIGGER_CONTINUOUS;
    node->has_future_limit = eagre_option_given(settings, MAX_FUTURE);
    node->future_limit_us = eagre_option_duration_us(settings, MAX_FUTURE);
  }
  return EAGRE_OK;
}
