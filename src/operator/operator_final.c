/* After the exchange: the groups one core owns (state partition modulo core count), merged into its
 * state and emitted by output mode (spark-semantics 3.3, 3.5).
 *
 * In an epoch: merge every core's partial table (groups at or before the late watermark are dropped
 * and counted), emit, then evict panes at or before the eviction watermark. */
#include <string.h>

#include "operator/operator_aggregate.h"

enum { GROUPS_AT_ONCE = 1024 };

struct operator_final {
  struct eagre_stateful_options options;
  const struct eagre_plan_node *node;
  struct operator_layout layout;
  struct eagre_state_table *table;
  struct eagre_stateful_epoch epoch;
  struct eagre_stateful_metrics metrics;
  const struct eagre_type **key_types; /* without the pane */
};

struct operator_final *eagre_operator_final_new(const struct eagre_stateful_options *options) {
  struct operator_final *final = eagre_allocate_zeroed(1, sizeof *final);
  const struct eagre_plan_node *node = options->node;
  final->options = *options;
  final->node = node;
  eagre_operator_layout_init(&final->layout, node, 0);
  final->table = eagre_state_table_new(&final->layout.state);
  final->key_types = eagre_allocate_zeroed(node->key_count + 1, sizeof(void *));
  uint32_t count = 0;
  for (uint32_t i = 0; i < node->key_count; i++) {
    if ((int32_t)i != node->pane_key) {
      final->key_types[count++] = eagre_expression_type(node->keys[i]);
    }
  }
  return final;
}

void eagre_operator_final_free(struct operator_final *final) {
  if (final == NULL) return;
  eagre_state_table_free(final->table);
  eagre_operator_layout_done(&final->layout);
  eagre_free(final->key_types);
  eagre_free(final);
}

struct eagre_state_table *eagre_operator_final_table(struct operator_final *final) {
  return final->table;
}

void eagre_operator_final_begin(struct operator_final *final,
                                const struct eagre_stateful_epoch *epoch) {
  final->epoch = *epoch;
  final->metrics = (struct eagre_stateful_metrics){0};
  eagre_state_begin_epoch(final->table);
}

/* A bound in milliseconds as the greatest pane it covers. */
static int64_t pane_bound(int64_t watermark_ms) {
  int64_t bound = 0;
  if (__builtin_mul_overflow(watermark_ms, 1000, &bound)) return INT64_MAX - 1;
  return bound;
}

static bool drops_late(const struct operator_final *final) {
  return final->node->event_time_key >= 0 && final->options.mode != EAGRE_MODE_COMPLETE;
}

static bool owns(const struct operator_final *final, uint64_t hash) {
  uint32_t partition = eagre_state_partition(hash, final->options.state_partition_count);
  return partition % final->options.core_count == final->options.core;
}

/* ---- Merge
 * ---------------------------------------------------------------------------------------- */

/* Groups picked for this core, in the form the table takes them. */
struct picked_groups {
  uint32_t count;
  int64_t panes[GROUPS_AT_ONCE];
  struct eagre_text keys[GROUPS_AT_ONCE];
  uint64_t hashes[GROUPS_AT_ONCE];
  const char *payloads[GROUPS_AT_ONCE];
};

static void pick_groups(struct operator_final *final, const struct eagre_state_group *groups,
                        uint32_t count, struct picked_groups *picked) {
  bool drops = drops_late(final);
  int64_t late_bound = pane_bound(final->epoch.late_watermark_ms);
  picked->count = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (!owns(final, groups[i].hash)) continue;
    if (drops && groups[i].pane <= late_bound) {
      final->metrics.rows_dropped_late += 1;
      continue;
    }
    picked->panes[picked->count] = groups[i].pane;
    picked->keys[picked->count] = groups[i].key;
    picked->hashes[picked->count] = groups[i].hash;
    picked->payloads[picked->count] = groups[i].payload;
    picked->count += 1;
  }
}

static enum eagre_status merge_picked(struct operator_final *final,
                                      const struct picked_groups *picked,
                                      struct eagre_error *error) {
  const struct eagre_plan_node *node = final->node;
  struct eagre_state_keys keys = {picked->keys, picked->hashes};
  char *payloads[GROUPS_AT_ONCE];
  eagre_state_get_groups(final->table, picked->panes, &keys, picked->count, payloads);
  for (uint32_t i = 0; i < picked->count; i++) {
    struct eagre_arena *arena = eagre_state_pane_arena(final->table, picked->panes[i]);
    EAGRE_TRY(eagre_operator_layout_merge(&final->layout, node, payloads[i], picked->payloads[i],
                                          arena, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_operator_final_merge(struct operator_final *final,
                                             const struct operator_partial *partial,
                                             struct eagre_error *error) {
  struct eagre_state_table *table = eagre_operator_partial_table(partial);
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[GROUPS_AT_ONCE];
  struct picked_groups *picked = eagre_allocate(sizeof *picked);
  enum eagre_status status = EAGRE_OK;
  while (status == EAGRE_OK) {
    uint32_t count =
        eagre_state_next(table, &cursor, EAGRE_STATE_ALL, INT64_MAX, groups, GROUPS_AT_ONCE);
    if (count == 0) break;
    pick_groups(final, groups, count, picked);
    if (picked->count > 0) status = merge_picked(final, picked, error);
  }
  eagre_free(picked);
  return status;
}

/* ---- Emit
 * ----------------------------------------------------------------------------------------- */

/* The key column that is the pane: a window struct, or the timestamp itself. */
static void build_pane_column(const struct operator_final *final,
                              const struct eagre_state_group *groups, uint32_t count,
                              struct eagre_vector *out, struct eagre_arena *arena) {
  const struct eagre_plan_node *node = final->node;
  const struct eagre_type *type = eagre_expression_type(node->keys[node->pane_key]);
  eagre_vector_init(out, type, count, arena);
  for (uint32_t i = 0; i < count; i++) {
    int64_t pane = groups[i].pane;
    if (node->pane_duration_us > 0) {
      EAGRE_VALUES(int64_t, &out->children[0])[i] = pane - node->pane_duration_us;
      EAGRE_VALUES(int64_t, &out->children[1])[i] = pane;
      continue;
    }
    EAGRE_VALUES(int64_t, out)[i] = pane;
    if (pane == INT64_MAX) eagre_vector_set_null(out, i, count, arena);
  }
}

static enum eagre_status fill_batch(const struct operator_final *final,
                                    const struct eagre_state_group *groups, uint32_t count,
                                    struct eagre_batch *batch, struct eagre_error *error) {
  const struct eagre_plan_node *node = final->node;
  struct eagre_arena *arena = &batch->arena;
  eagre_batch_set_columns(batch, node->key_count + node->aggregate_count, count);
  struct eagre_text *keys = eagre_arena_allocate_vector(arena, sizeof *keys * count);
  char **payloads = eagre_arena_allocate_vector(arena, sizeof *payloads * count);
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = groups[i].key;
    payloads[i] = groups[i].payload;
  }
  uint32_t plain_count = final->layout.key_column_count;
  struct eagre_vector *plain =
      eagre_arena_allocate_zeroed(arena, sizeof *plain * (plain_count + 1));
  eagre_state_decode_keys(keys, count, final->key_types, plain_count, plain, arena);
  uint32_t next = 0;
  for (uint32_t i = 0; i < node->key_count; i++) {
    if ((int32_t)i == node->pane_key) {
      build_pane_column(final, groups, count, &batch->columns[i], arena);
    } else {
      batch->columns[i] = plain[next++];
    }
  }
  for (uint32_t i = 0; i < node->aggregate_count; i++) {
    EAGRE_TRY(eagre_aggregate_finish(&node->aggregates[i], payloads, final->layout.offsets[i],
                                     count, &batch->columns[node->key_count + i], arena, error));
  }
  return EAGRE_OK;
}

static enum eagre_status emit(struct operator_final *final, enum eagre_state_filter filter,
                              int64_t pane_max, struct eagre_error *error) {
  const struct eagre_stateful_options *options = &final->options;
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[GROUPS_AT_ONCE];
  for (;;) {
    uint32_t count =
        eagre_state_next(final->table, &cursor, filter, pane_max, groups, GROUPS_AT_ONCE);
    if (count == 0) return EAGRE_OK;
    struct eagre_batch *batch = eagre_batch_new();
    enum eagre_status status = fill_batch(final, groups, count, batch, error);
    if (status != EAGRE_OK) {
      eagre_batch_free(batch);
      return status;
    }
    EAGRE_TRY(options->output(options->output_context, batch, error));
  }
}

/* Without grouping keys there is one group, always, and every epoch touches it. */
static void touch_only_group(struct operator_final *final) {
  struct eagre_text key = {"", 0};
  struct eagre_arena arena = {0};
  struct eagre_state_keys keys;
  char *payload = NULL;
  eagre_state_encode_keys(NULL, 0, 1, &arena, &keys);
  key = keys.keys[0];
  uint64_t hash = keys.hashes[0];
  if (owns(final, hash)) {
    struct eagre_state_keys one = {&key, &hash};
    eagre_state_get_groups(final->table, NULL, &one, 1, &payload);
  }
  eagre_arena_done(&arena);
}

enum eagre_status eagre_operator_final_finish(struct operator_final *final,
                                              struct eagre_error *error) {
  if (final->node->key_count == 0) touch_only_group(final);
  bool has_event_time = final->node->event_time_key >= 0;
  int64_t bound = pane_bound(final->epoch.eviction_watermark_ms);
  switch (final->options.mode) {
  case EAGRE_MODE_APPEND:
    EAGRE_TRY(emit(final, EAGRE_STATE_ALL, bound, error));
    break;
  case EAGRE_MODE_UPDATE:
    EAGRE_TRY(emit(final, EAGRE_STATE_CHANGED, INT64_MAX, error));
    break;
  case EAGRE_MODE_COMPLETE:
    EAGRE_TRY(emit(final, EAGRE_STATE_ALL, INT64_MAX, error));
    break;
  }
  struct eagre_state_metrics metrics;
  eagre_state_measure(final->table, &metrics);
  final->metrics.rows_updated = metrics.changed_count;
  if (has_event_time && final->options.mode != EAGRE_MODE_COMPLETE) {
    final->metrics.rows_removed = eagre_state_evict(final->table, bound);
  }
  return EAGRE_OK;
}

void eagre_operator_final_measure(const struct operator_final *final,
                                  struct eagre_stateful_metrics *out) {
  struct eagre_state_metrics metrics;
  eagre_state_measure(final->table, &metrics);
  *out = final->metrics;
  out->rows_total = metrics.group_count;
  out->memory_bytes = metrics.memory_bytes;
}
