/* The watermarks of a flow: per node the greatest event time minus delay, the policy over nodes,
 * and the two values an epoch runs with (spark-semantics 3.2 and 3.3). Unlike Spark, each node's
 * own maximum survives a restart (prepared/N).
 *
 * Where it is asked for, a node follows the slowest of its partitions, those left out that have
 * been idle for the timeout; a node of idle ones only is left out of the policy. Time is that of
 * the epochs (offsets/N), so that one that is run again decides the same. */
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
  watermarks->is_idle =
      eagre_allocate_zeroed(flow->watermark_count + 1, sizeof *watermarks->is_idle);
  watermarks->is_per_partition =
      eagre_option_boolean(&flow->settings, "eagre.watermark.perPartition");
  watermarks->is_open =
      flow->trigger.kind == EAGRE_TRIGGER_CONTINUOUS && !watermarks->is_per_partition;
  watermarks->idle_timeout_ms = INT64_MAX;
  if (eagre_option_given(&flow->settings, "eagre.watermark.idleTimeout")) {
    watermarks->idle_timeout_ms =
        eagre_option_duration_us(&flow->settings, "eagre.watermark.idleTimeout") / 1000;
  }
}

void eagre_epoch_watermarks_done(struct epoch_watermarks *watermarks) {
  eagre_free(watermarks->maximum_ms);
  eagre_free(watermarks->is_idle);
  eagre_free(watermarks->partitions);
  eagre_arena_done(&watermarks->topics);
  *watermarks = (struct epoch_watermarks){0};
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

/* ---- A watermark per partition --------------------------------------------------------------- */

static bool is_partition(const struct eagre_checkpoint_partition *known,
                         const struct eagre_partition_time *time) {
  return known->watermark == time->watermark && known->source == time->source &&
         known->partition == time->partition && eagre_text_equal(known->topic, time->topic);
}

static struct eagre_checkpoint_partition *
add_partition(struct epoch_watermarks *watermarks,
              const struct eagre_checkpoint_partition *partition) {
  if (watermarks->partition_count == watermarks->partition_capacity) {
    uint32_t capacity =
        watermarks->partition_capacity == 0 ? 16 : watermarks->partition_capacity * 2;
    watermarks->partitions =
        eagre_reallocate(watermarks->partitions, sizeof *watermarks->partitions * capacity);
    watermarks->partition_capacity = capacity;
  }
  struct eagre_checkpoint_partition *added = &watermarks->partitions[watermarks->partition_count++];
  *added = *partition;
  return added;
}

/* What stands for the node; NULL once a partition gave rows. */
static struct eagre_checkpoint_partition *find_waiting(struct epoch_watermarks *watermarks,
                                                       uint32_t number) {
  for (uint32_t i = 0; i < watermarks->partition_count; i++) {
    struct eagre_checkpoint_partition *partition = &watermarks->partitions[i];
    if (partition->watermark == number && partition->source == EAGRE_CHECKPOINT_NO_SOURCE)
      return partition;
  }
  return NULL;
}

static struct eagre_checkpoint_partition *find_partition(struct epoch_watermarks *watermarks,
                                                         const struct eagre_partition_time *time) {
  for (uint32_t i = 0; i < watermarks->partition_count; i++) {
    uint32_t place = (watermarks->partition_next + i) % watermarks->partition_count;
    if (!is_partition(&watermarks->partitions[place], time)) continue;
    watermarks->partition_next = place + 1;
    return &watermarks->partitions[place];
  }
  const struct eagre_checkpoint_partition partition = {
      .watermark = time->watermark,
      .source = time->source,
      .partition = time->partition,
      .topic = eagre_arena_copy_text(&watermarks->topics, time->topic),
  };
  struct eagre_checkpoint_partition *waiting = find_waiting(watermarks, time->watermark);
  if (waiting == NULL) return add_partition(watermarks, &partition);
  *waiting = partition;
  return waiting;
}

/* What never gives any rows must not hold others back for ever either. */
static void begin_waiting(struct epoch_watermarks *watermarks, uint32_t number,
                          int64_t timestamp_ms) {
  for (uint32_t i = 0; i < watermarks->partition_count; i++) {
    if (watermarks->partitions[i].watermark == number) return;
  }
  const struct eagre_checkpoint_partition waiting = {.watermark = number,
                                                     .source = EAGRE_CHECKPOINT_NO_SOURCE,
                                                     .partition = -1,
                                                     .last_ms = timestamp_ms};
  add_partition(watermarks, &waiting);
}

static bool is_idle(const struct epoch_watermarks *watermarks,
                    const struct eagre_checkpoint_partition *partition, int64_t timestamp_ms) {
  return timestamp_ms - partition->last_ms >= watermarks->idle_timeout_ms;
}

/* The node is where the slowest of its partitions is that are not idle; without any it stays. */
static void follow_slowest(struct epoch_watermarks *watermarks, uint32_t number,
                           int64_t timestamp_ms) {
  int64_t least_ms = INT64_MAX;
  for (uint32_t i = 0; i < watermarks->partition_count; i++) {
    const struct eagre_checkpoint_partition *partition = &watermarks->partitions[i];
    if (partition->watermark != number || is_idle(watermarks, partition, timestamp_ms)) continue;
    if (partition->maximum_ms < least_ms) least_ms = partition->maximum_ms;
  }
  watermarks->is_idle[number] = least_ms == INT64_MAX;
  if (watermarks->is_idle[number]) return;
  if (least_ms > watermarks->maximum_ms[number]) watermarks->maximum_ms[number] = least_ms;
}

static void see_partitions(struct epoch_watermarks *watermarks, const struct eagre_flow *flow,
                           const struct eagre_partition_times *times, int64_t timestamp_ms) {
  for (uint32_t i = 0; i < times->count; i++) {
    const struct eagre_partition_time *time = &times->items[i];
    struct eagre_checkpoint_partition *partition = find_partition(watermarks, time);
    int64_t candidate = time->raising_ms - delay_ms_of(flow, time->watermark);
    if (candidate > partition->maximum_ms) partition->maximum_ms = candidate;
    partition->last_ms = timestamp_ms;
  }
}

static void observe_partitions(struct epoch_watermarks *watermarks, const struct eagre_flow *flow,
                               const struct eagre_partition_times *times, int64_t timestamp_ms) {
  see_partitions(watermarks, flow, times, timestamp_ms);
  for (uint32_t i = 0; i < watermarks->count; i++) {
    begin_waiting(watermarks, i, timestamp_ms);
    follow_slowest(watermarks, i, timestamp_ms);
  }
}

/* ---- Open epochs -----------------------------------------------------------------------------
 *
 * Partitions that are behind decide: what they still have is not late for having been read last.
 * Who has caught up counts as idle. When all have, the node is where the fastest is, as in Spark.
 * No clock is asked. */

static bool reads_source(const struct eagre_plan_node *node, uint32_t source) {
  if (node->kind == EAGRE_PLAN_SOURCE) return node->source->number == source;
  for (uint32_t i = 0; i < node->input_count; i++) {
    bool is_stream = !eagre_plan_is_static_input(node, i);
    if (is_stream && reads_source(node->inputs[i], source)) return true;
  }
  return false;
}

static const struct eagre_plan_node *find_node(const struct eagre_flow *flow, uint32_t number) {
  for (uint32_t i = 0; i < flow->query.node_count; i++) {
    const struct eagre_plan_node *node = flow->query.nodes[i];
    if (node->kind == EAGRE_PLAN_WATERMARK && node->watermark_number == number) return node;
  }
  return NULL;
}

/* The greatest time of a partition so far; 0: it gave none. */
static int64_t maximum_of(const struct epoch_watermarks *watermarks,
                          const struct eagre_partition_time *time) {
  for (uint32_t i = 0; i < watermarks->partition_count; i++) {
    if (is_partition(&watermarks->partitions[i], time)) return watermarks->partitions[i].maximum_ms;
  }
  return 0;
}

static int64_t fastest_of(const struct epoch_watermarks *watermarks, uint32_t number) {
  int64_t greatest_ms = 0;
  for (uint32_t i = 0; i < watermarks->partition_count; i++) {
    const struct eagre_checkpoint_partition *partition = &watermarks->partitions[i];
    bool is_greater = partition->watermark == number && partition->maximum_ms > greatest_ms;
    if (is_greater) greatest_ms = partition->maximum_ms;
  }
  return greatest_ms;
}

static void follow_behind(struct epoch_watermarks *watermarks, const struct eagre_flow *flow,
                          const struct eagre_partition_times *behind, uint32_t number) {
  const struct eagre_plan_node *node = find_node(flow, number);
  int64_t least_ms = INT64_MAX;
  for (uint32_t i = 0; node != NULL && i < behind->count; i++) {
    struct eagre_partition_time time = behind->items[i];
    if (!reads_source(node, time.source)) continue;
    time.watermark = number;
    int64_t each_ms = maximum_of(watermarks, &time);
    if (each_ms < least_ms) least_ms = each_ms;
  }
  int64_t next_ms = least_ms == INT64_MAX ? fastest_of(watermarks, number) : least_ms;
  if (next_ms > watermarks->maximum_ms[number]) watermarks->maximum_ms[number] = next_ms;
}

void eagre_epoch_watermarks_observe_tick(struct epoch_watermarks *watermarks,
                                         const struct eagre_flow *flow,
                                         const struct eagre_epoch_counts *counts,
                                         int64_t timestamp_ms) {
  if (watermarks->is_per_partition) {
    observe_partitions(watermarks, flow, &counts->partitions, timestamp_ms);
    return;
  }
  see_partitions(watermarks, flow, &counts->partitions, timestamp_ms);
  for (uint32_t i = 0; i < watermarks->count; i++) {
    follow_behind(watermarks, flow, &counts->behind, i);
  }
}

void eagre_epoch_watermarks_observe_rerun(struct epoch_watermarks *watermarks,
                                          const struct eagre_flow *flow,
                                          const struct eagre_epoch_counts *counts,
                                          int64_t timestamp_ms) {
  see_partitions(watermarks, flow, &counts->partitions, timestamp_ms);
}

/* ---- All of them ----------------------------------------------------------------------------- */

void eagre_epoch_watermarks_observe(struct epoch_watermarks *watermarks,
                                    const struct eagre_flow *flow,
                                    const struct eagre_epoch_counts *counts, int64_t timestamp_ms) {
  if (watermarks->is_per_partition) {
    observe_partitions(watermarks, flow, &counts->partitions, timestamp_ms);
    return;
  }
  for (uint32_t i = 0; i < watermarks->count; i++) {
    if (counts->event_times[i].count == 0) continue;
    int64_t candidate = counts->event_times[i].raising_ms - delay_ms_of(flow, i);
    if (candidate > watermarks->maximum_ms[i]) watermarks->maximum_ms[i] = candidate;
  }
}

int64_t eagre_epoch_watermarks_raising(const struct epoch_watermarks *watermarks,
                                       const struct eagre_flow *flow, int64_t watermark_ms) {
  int64_t delay_ms = INT64_MAX;
  for (uint32_t i = 0; i < watermarks->count; i++) {
    int64_t each_ms = delay_ms_of(flow, i);
    if (each_ms < delay_ms) delay_ms = each_ms;
  }
  return watermark_ms + delay_ms;
}

/* Partitions that were followed before are forgotten when they are not to be any more. */
void eagre_epoch_watermarks_restore(struct epoch_watermarks *watermarks,
                                    const struct eagre_checkpoint_prepared *prepared) {
  uint32_t count = watermarks->count < prepared->source_maximum_count
                       ? watermarks->count
                       : prepared->source_maximum_count;
  for (uint32_t i = 0; i < count; i++) {
    watermarks->maximum_ms[i] = prepared->source_maximum_ms[i];
  }
  if (!watermarks->is_per_partition && !watermarks->is_open) return;
  for (uint32_t i = 0; i < prepared->partition_count; i++) {
    struct eagre_checkpoint_partition partition = prepared->partitions[i];
    if (partition.watermark >= watermarks->count) continue;
    partition.topic = eagre_arena_copy_text(&watermarks->topics, partition.topic);
    add_partition(watermarks, &partition);
  }
}

/* The policy over the nodes that are not idle. */
int64_t eagre_epoch_watermarks_next(const struct epoch_watermarks *watermarks) {
  int64_t chosen = 0;
  bool is_chosen = false;
  for (uint32_t i = 0; i < watermarks->count; i++) {
    int64_t each = watermarks->maximum_ms[i];
    if (watermarks->is_idle[i]) continue;
    bool is_better = watermarks->policy_is_max ? each > chosen : each < chosen;
    if (!is_chosen || is_better) chosen = each;
    is_chosen = true;
  }
  return chosen > watermarks->eviction_ms ? chosen : watermarks->eviction_ms;
}

void eagre_epoch_watermarks_advance(struct epoch_watermarks *watermarks, int64_t next_ms) {
  watermarks->late_ms = watermarks->eviction_ms;
  watermarks->eviction_ms = next_ms;
}
