/* After the exchange: the groups one core owns (state partition modulo core count), merged into its
 * state and emitted by output mode (spark-semantics 3.3, 3.5).
 *
 * In an epoch: merge every core's partial table (groups at or before the late watermark are dropped
 * and counted), emit, then evict panes at or before the eviction watermark. Partial tables of
 * slices (plan_slice.c) are merged into every window that holds the slice. */
#include <string.h>

#include "operator/operator_final.h"

/* Groups picked for this core, in the form the table takes them. */
struct operator_picks {
  uint32_t count;
  int64_t panes[FINAL_GROUPS_AT_ONCE];
  struct eagre_text keys[FINAL_GROUPS_AT_ONCE];
  uint64_t hashes[FINAL_GROUPS_AT_ONCE];
  const char *payloads[FINAL_GROUPS_AT_ONCE];
};

struct operator_final *eagre_operator_final_new(const struct eagre_stateful_options *options) {
  struct operator_final *final = eagre_allocate_zeroed(1, sizeof *final);
  const struct eagre_plan_node *node = options->node;
  final->options = *options;
  final->node = node;
  eagre_operator_layout_init(&final->layout, node, eagre_operator_aggregate_head(node));
  final->table = eagre_state_table_new(&final->layout.state);
  final->picks = eagre_allocate(sizeof *final->picks);
  if (node->shares_slices)
    final->lates = eagre_state_table_new(&(struct eagre_state_layout){.payload_size = 8});
  /* Results that change walk over all groups, and take out those without rows. */
  if (options->tier != NULL && !eagre_operator_has_changes(node))
    eagre_state_table_use_tier(final->table, options->tier);
  final->key_types = eagre_allocate_zeroed(node->key_count + 1, sizeof(void *));
  uint32_t count = 0;
  for (uint32_t i = 0; i < node->key_count; i++) {
    if ((int32_t)i != node->pane_key) {
      final->key_types[count++] = eagre_expression_type(node->keys[i]);
    }
  }
  final->result_count = node->aggregate_count - node->takes_changes;
  final->result_types = eagre_allocate_zeroed(final->result_count + 1, sizeof(void *));
  for (uint32_t i = 0; i < final->result_count; i++) {
    final->result_types[i] = node->aggregates[i].result_type;
  }
  return final;
}

void eagre_operator_final_free(struct operator_final *final) {
  if (final == NULL) return;
  eagre_state_table_free(final->table);
  eagre_state_table_free(final->lates);
  eagre_free(final->picks);
  eagre_operator_layout_done(&final->layout);
  eagre_operator_changes_done(final);
  eagre_free(final->key_types);
  eagre_free(final->result_types);
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
  if (eagre_operator_has_changes(final->node)) eagre_operator_changes_begin(final);
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

/* ---- Merge ----------------------------------------------------------------------------------- */

/* Whether a group of a partial table is late for this one. */
static bool is_late(const struct operator_final *final, int64_t pane) {
  return drops_late(final) && pane <= pane_bound(final->epoch.late_watermark_ms);
}

/* Groups that are looked for in the tier at once, in its order: the more of them, the more find
 * what they want in one block. */
struct wanted_groups {
  uint32_t count;
  int64_t panes[FINAL_FETCHED_AT_ONCE];
  struct eagre_text keys[FINAL_FETCHED_AT_ONCE];
  uint64_t hashes[FINAL_FETCHED_AT_ONCE];
};

static void want_groups(const struct operator_final *final, const struct eagre_state_group *groups,
                        uint32_t count, struct wanted_groups *wanted) {
  for (uint32_t i = 0; i < count; i++) {
    if (!owns(final, groups[i].hash) || is_late(final, groups[i].pane)) continue;
    wanted->panes[wanted->count] = groups[i].pane;
    wanted->keys[wanted->count] = groups[i].key;
    wanted->hashes[wanted->count] = groups[i].hash;
    wanted->count += 1;
  }
}

/* Brings what a partial table has groups for from the tier. */
static enum eagre_status fetch_groups(struct operator_final *final,
                                      struct eagre_state_table *partial,
                                      struct eagre_error *error) {
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[FINAL_GROUPS_AT_ONCE];
  struct wanted_groups *wanted = eagre_allocate(sizeof *wanted);
  enum eagre_status status = EAGRE_OK;
  uint32_t count;
  wanted->count = 0;
  do {
    count = eagre_state_next(partial, &cursor, EAGRE_STATE_ALL, INT64_MAX, groups,
                             FINAL_GROUPS_AT_ONCE);
    want_groups(final, groups, count, wanted);
    bool is_full = wanted->count > FINAL_FETCHED_AT_ONCE - FINAL_GROUPS_AT_ONCE;
    if (count > 0 && !is_full) continue;
    struct eagre_state_keys keys = {wanted->keys, wanted->hashes};
    status = eagre_state_fetch(final->table, wanted->panes, &keys, wanted->count, error);
    wanted->count = 0;
  } while (status == EAGRE_OK && count > 0);
  eagre_free(wanted);
  return status;
}

static enum eagre_status merge_picks(struct operator_final *final, struct eagre_error *error) {
  const struct eagre_plan_node *node = final->node;
  struct operator_picks *picks = final->picks;
  struct eagre_state_keys keys = {picks->keys, picks->hashes};
  char *payloads[FINAL_GROUPS_AT_ONCE];
  /* Panes of slices are not those of the table: what they want is known here. */
  if (node->shares_slices)
    EAGRE_TRY(eagre_state_fetch(final->table, picks->panes, &keys, picks->count, error));
  eagre_state_get_groups(final->table, picks->panes, &keys, picks->count, payloads);
  if (eagre_operator_has_changes(node))
    EAGRE_TRY(eagre_operator_changes_keep(final, payloads, picks->count, error));
  for (uint32_t i = 0; i < picks->count; i++) {
    struct eagre_arena *arena = eagre_state_pane_arena(final->table, picks->panes[i]);
    EAGRE_TRY(eagre_operator_layout_merge(&final->layout, node, payloads[i], picks->payloads[i],
                                          arena, error));
  }
  picks->count = 0;
  return EAGRE_OK;
}

/* A late group of several slices is one, as it would be had the windows been made in front. */
static void count_late(struct operator_final *final, const struct eagre_state_group *group,
                       int64_t pane) {
  if (final->lates == NULL) {
    final->metrics.rows_dropped_late += 1;
    return;
  }
  struct eagre_state_keys key = {&group->key, &group->hash};
  char *ignored;
  eagre_state_get_groups(final->lates, &pane, &key, 1, &ignored);
}

static void count_lates(struct operator_final *final) {
  if (final->lates == NULL) return;
  struct eagre_state_metrics metrics;
  eagre_state_measure(final->lates, &metrics);
  final->metrics.rows_dropped_late += metrics.group_count;
  eagre_state_table_clear(final->lates);
}

static enum eagre_status pick(struct operator_final *final, const struct eagre_state_group *group,
                              int64_t pane, struct eagre_error *error) {
  if (is_late(final, pane)) {
    count_late(final, group, pane);
    return EAGRE_OK;
  }
  struct operator_picks *picks = final->picks;
  picks->panes[picks->count] = pane;
  picks->keys[picks->count] = group->key;
  picks->hashes[picks->count] = group->hash;
  picks->payloads[picks->count] = group->payload;
  picks->count += 1;
  return picks->count < FINAL_GROUPS_AT_ONCE ? EAGRE_OK : merge_picks(final, error);
}

static enum eagre_status pick_all(struct operator_final *final,
                                  const struct eagre_state_group *groups, uint32_t count,
                                  int64_t pane, struct eagre_error *error) {
  for (uint32_t i = 0; i < count; i++) {
    if (owns(final, groups[i].hash)) EAGRE_TRY(pick(final, &groups[i], pane, error));
  }
  return EAGRE_OK;
}

/* Groups of one slice go to every window that holds it, window by window: neighbours in the table
 * are neighbours here. */
static enum eagre_status pick_windows(struct operator_final *final,
                                      const struct eagre_state_group *groups, uint32_t count,
                                      struct eagre_error *error) {
  const struct eagre_window *window = &final->node->window;
  uint32_t window_count = eagre_window_count(window);
  for (uint32_t i = 0; i < window_count; i++) {
    int64_t start, end;
    if (!eagre_window_find(window, i, groups[0].pane, &start, &end)) continue;
    EAGRE_TRY(pick_all(final, groups, count, end, error));
  }
  return EAGRE_OK;
}

/* How many of the groups, which stand pane by pane, have the pane of the first one. */
static uint32_t count_of_pane(const struct eagre_state_group *groups, uint32_t count) {
  uint32_t end = 1;
  while (end < count && groups[end].pane == groups[0].pane) {
    end++;
  }
  return end;
}

static enum eagre_status pick_groups(struct operator_final *final,
                                     const struct eagre_state_group *groups, uint32_t count,
                                     struct eagre_error *error) {
  bool shares_slices = final->node->shares_slices;
  while (count > 0) {
    uint32_t run = count_of_pane(groups, count);
    EAGRE_TRY(shares_slices ? pick_windows(final, groups, run, error)
                            : pick_all(final, groups, run, groups[0].pane, error));
    groups += run;
    count -= run;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_operator_final_merge(struct operator_final *final,
                                             const struct operator_partial *partial,
                                             struct eagre_error *error) {
  struct eagre_state_table *table = eagre_operator_partial_table(partial);
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[FINAL_GROUPS_AT_ONCE];
  if (!final->node->shares_slices && eagre_state_has_cold(final->table))
    EAGRE_TRY(fetch_groups(final, table, error));
  final->picks->count = 0;
  for (;;) {
    uint32_t count =
        eagre_state_next(table, &cursor, EAGRE_STATE_ALL, INT64_MAX, groups, FINAL_GROUPS_AT_ONCE);
    if (count == 0) break;
    EAGRE_TRY(pick_groups(final, groups, count, error));
  }
  count_lates(final);
  return final->picks->count == 0 ? EAGRE_OK : merge_picks(final, error);
}

/* ---- Emit ------------------------------------------------------------------------------------ */

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

enum eagre_status eagre_operator_final_fill(const struct operator_final *final,
                                            const struct eagre_state_group *groups, uint32_t count,
                                            struct eagre_batch *batch, struct eagre_error *error) {
  const struct eagre_plan_node *node = final->node;
  struct eagre_arena *arena = &batch->arena;
  eagre_batch_set_columns(batch, node->key_count + final->result_count, count);
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
  for (uint32_t i = 0; i < final->result_count; i++) {
    EAGRE_TRY(eagre_aggregate_finish(&node->aggregates[i], payloads, final->layout.offsets[i],
                                     count, &batch->columns[node->key_count + i], arena, error));
  }
  return EAGRE_OK;
}

/* Leaves out groups that have no rows any more. */
static uint32_t keep_live(struct eagre_state_group *groups, uint32_t count) {
  uint32_t live_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_operator_change_head(groups[i].payload)->state != CHANGE_GONE)
      groups[live_count++] = groups[i];
  }
  return live_count;
}

static enum eagre_status emit_groups(struct operator_final *final, struct eagre_state_group *groups,
                                     uint32_t count, struct eagre_error *error) {
  const struct eagre_stateful_options *options = &final->options;
  if (final->node->takes_changes) count = keep_live(groups, count);
  if (count == 0) return EAGRE_OK;
  struct eagre_batch *batch = eagre_batch_new();
  enum eagre_status status = eagre_operator_final_fill(final, groups, count, batch, error);
  if (status == EAGRE_OK) return options->output(options->output_context, batch, error);
  eagre_batch_free(batch);
  return status;
}

static enum eagre_status emit_changed(struct operator_final *final, struct eagre_error *error) {
  struct eagre_state_cursor cursor = {0};
  struct eagre_state_group groups[FINAL_GROUPS_AT_ONCE];
  for (;;) {
    uint32_t count = eagre_state_next(final->table, &cursor, EAGRE_STATE_CHANGED, INT64_MAX, groups,
                                      FINAL_GROUPS_AT_ONCE);
    if (count == 0) return EAGRE_OK;
    EAGRE_TRY(emit_groups(final, groups, count, error));
  }
}

/* All groups up to a pane, wherever they are. */
static enum eagre_status emit_all(struct operator_final *final, int64_t pane_max,
                                  struct eagre_error *error) {
  struct eagre_state_reader *reader = eagre_state_reader_open(final->table, pane_max);
  struct eagre_state_group groups[FINAL_GROUPS_AT_ONCE];
  uint32_t count = 0;
  enum eagre_status status = EAGRE_OK;
  do {
    status = eagre_state_reader_next(reader, groups, FINAL_GROUPS_AT_ONCE, &count, error);
    if (status == EAGRE_OK && count > 0) status = emit_groups(final, groups, count, error);
  } while (status == EAGRE_OK && count > 0);
  eagre_state_reader_close(reader);
  return status;
}

/* What the epoch gives. With changes the groups that were touched are compared with what they were,
 * whoever takes the rows. */
static enum eagre_status give_rows(struct operator_final *final, struct eagre_error *error) {
  enum eagre_output_mode mode = final->options.mode;
  bool has_changes = eagre_operator_has_changes(final->node);
  bool gives_all = mode == EAGRE_MODE_COMPLETE && !final->node->gives_changes;
  if (has_changes) EAGRE_TRY(eagre_operator_changes_finish(final, !gives_all, error));
  if (gives_all) return emit_all(final, INT64_MAX, error);
  if (has_changes) return EAGRE_OK;
  if (mode == EAGRE_MODE_UPDATE) return emit_changed(final, error);
  return emit_all(final, pane_bound(final->epoch.eviction_watermark_ms), error);
}

/* Without grouping keys there is one group, always, and every epoch touches it. */
static enum eagre_status touch_only_group(struct operator_final *final, struct eagre_error *error) {
  struct eagre_text key = {"", 0};
  struct eagre_arena arena = {0};
  struct eagre_state_keys keys;
  char *payload = NULL;
  enum eagre_status status = EAGRE_OK;
  eagre_state_encode_keys(NULL, 0, 1, &arena, &keys);
  key = keys.keys[0];
  uint64_t hash = keys.hashes[0];
  if (owns(final, hash)) {
    struct eagre_state_keys one = {&key, &hash};
    status = eagre_state_fetch(final->table, NULL, &one, 1, error);
    if (status == EAGRE_OK) eagre_state_get_groups(final->table, NULL, &one, 1, &payload);
  }
  eagre_arena_done(&arena);
  return status;
}

enum eagre_status eagre_operator_final_finish(struct operator_final *final,
                                              struct eagre_error *error) {
  if (final->node->key_count == 0) EAGRE_TRY(touch_only_group(final, error));
  bool has_event_time = final->node->event_time_key >= 0;
  int64_t bound = pane_bound(final->epoch.eviction_watermark_ms);
  EAGRE_TRY(give_rows(final, error));
  struct eagre_state_metrics metrics;
  eagre_state_measure(final->table, &metrics);
  final->metrics.rows_updated = metrics.changed_count;
  if (has_event_time && final->options.mode != EAGRE_MODE_COMPLETE) {
    eagre_operator_changes_evict(final, bound);
    final->metrics.rows_removed = eagre_state_evict(final->table, bound);
  }
  return EAGRE_OK;
}

/* The watermark at which the first pane leaves. */
static int64_t due_of(const struct operator_final *final, int64_t first_pane) {
  bool tells = drops_late(final) && final->node->pane_key >= 0;
  if (!tells) return 0;
  return first_pane / 1000 + (first_pane % 1000 > 0);
}

void eagre_operator_final_measure(const struct operator_final *final,
                                  struct eagre_stateful_metrics *out) {
  struct eagre_state_metrics metrics;
  eagre_state_measure(final->table, &metrics);
  *out = final->metrics;
  out->rows_total = metrics.group_count - final->given.gone_count;
  out->memory_bytes = metrics.memory_bytes;
  out->due_ms = due_of(final, metrics.first_pane);
}
