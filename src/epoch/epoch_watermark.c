/* The watermarks of a flow: per node the greatest event time minus delay, the policy over nodes,
 * and the two values an epoch runs with (spark-semantics 3.2 and 3.3). Unlike Spark, each node's
 * own maximum survives a restart (prepared/N). */
#include "epoch/epoch_flow.h"

void eagre_epoch_watermarks_init(struct epoch_watermarks *watermarks,
                                 const struct eagre_flow *flow) {
  *watermarks = (struct epoch_watermarks){0};
  watermarks->count = flow->watermark_count;
  watermarks->maximum_ms =
      eagre_allocate_zeroed(flow->watermark_count + 1, sizeof *watermarks->maximum_ms);
  struct eagre_text policy =
      eagre_option_text(&flow->settings, "spark.sql.streaming.multipleWatermarkPolicy");
  watermarks->policy_is_max = eagre_text_equal_string(policy, "max");
}

void eagre_epoch_watermarks_done(struct epoch_watermarks *watermarks) {
  eagre_free(watermarks->maximum_ms);
  watermarks->maximum_ms = NULL;
}

static int64_t delay_ms_of(const struct eagre_flow *flow, uint32_t number) {
  for (uint32_t i = 0; i < flow->query.node_count; i++) {
    const struct eagre_plan_node *node = flow->query.nodes[i];
    if (node->kind == EAGRE_PLAN_WATERMARK && node->watermark_number == number) {
      return node->delay_us / 1000;
    }
  }
  return 0;
}

void eagre_epoch_watermarks_observe(struct epoch_watermarks *watermarks,
                                    const struct eagre_flow *flow,
                                    const struct eagre_event_time *event_times) {
  for (uint32_t i = 0; i < watermarks->count; i++) {
    if (event_times[i].count == 0) continue;
    int64_t candidate = event_times[i].maximum_ms - delay_ms_of(flow, i);
    if (candidate > watermarks->maximum_ms[i]) watermarks->maximum_ms[i] = candidate;
  }
}

int64_t eagre_epoch_watermarks_next(const struct epoch_watermarks *watermarks) {
  int64_t next = watermarks->eviction_ms;
  if (watermarks->count == 0) return next;
  int64_t chosen = watermarks->maximum_ms[0];
  for (uint32_t i = 1; i < watermarks->count; i++) {
    int64_t each = watermarks->maximum_ms[i];
    bool is_better = watermarks->policy_is_max ? each > chosen : each < chosen;
    if (is_better) chosen = each;
  }
  return chosen > next ? chosen : next;
}

void eagre_epoch_watermarks_advance(struct epoch_watermarks *watermarks, int64_t next_ms) {
  watermarks->late_ms = watermarks->eviction_ms;
  watermarks->eviction_ms = next_ms;
}
