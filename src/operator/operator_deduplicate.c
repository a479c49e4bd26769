/* DEDUPLICATE: the first row of each key (spark-semantics 3.7), at the core that owns the key.
 *
 * State: a group per key that was seen, without accumulators. It expires (operator_expiring.h)
 *   - when the event time is part of the key: at that time;
 *   - within the watermark: one delay behind the time of the first row, a NULL time being 1970;
 *   - else never.
 * Rows are late by their event time; whether a row is late does not depend on its key. */
#include <string.h>

#include "operator/operator_expiring.h"
#include "operator/operator_keyed.h"
#include "operator/operator_kind.h"

struct deduplicate {
  struct eagre_stateful base;
  struct eagre_stateful_options options;
  const struct eagre_plan_node *node;
  struct operator_keyed *keyed;
  struct eagre_state_table *table;
  struct operator_expiring expiring;
  struct eagre_stateful_epoch epoch;
  struct eagre_stateful_metrics metrics;
};

/* ---- Times ----------------------------------------------------------------------------------- */

static bool expires(const struct deduplicate *deduplicate) {
  return deduplicate->node->is_within_watermark || deduplicate->node->event_time_key >= 0;
}

/* The times of an event time column: its values, or the ends of its windows. */
static const struct eagre_vector *times_of(struct eagre_vector *column, struct eagre_batch *batch) {
  eagre_vector_flatten(column, batch->row_count, &batch->arena);
  return column->type->kind == EAGRE_TYPE_STRUCT ? &column->children[1] : column;
}

/* Drops the rows that are late; those without a time are not. */
static uint8_t *find_timely(struct deduplicate *deduplicate, struct eagre_batch *batch) {
  uint8_t *keep = eagre_arena_allocate_zeroed(&batch->arena, eagre_bits_size(batch->row_count));
  eagre_bits_fill(keep, batch->row_count, true);
  if (deduplicate->node->late_column < 0) return keep;
  struct eagre_vector *column = &batch->columns[deduplicate->node->late_column];
  const struct eagre_vector *times = times_of(column, batch);
  int64_t late_us = eagre_operator_expiring_bound(deduplicate->epoch.late_watermark_ms);
  for (uint32_t i = 0; i < batch->row_count; i++) {
    bool is_late = !eagre_vector_is_null(column, i) && !eagre_vector_is_null(times, i) &&
                   EAGRE_VALUES(int64_t, times)[i] <= late_us;
    if (!is_late) continue;
    eagre_bit_clear(keep, i);
    deduplicate->metrics.rows_dropped_late += 1;
  }
  return keep;
}

/* When the key of a row expires that is its first. */
static int64_t *find_ends(const struct deduplicate *deduplicate,
                          const struct operator_keyed_rows *rows) {
  const struct eagre_plan_node *node = deduplicate->node;
  struct eagre_batch *batch = rows->batch;
  int64_t *ends = eagre_arena_allocate_vector(&batch->arena, sizeof *ends * batch->row_count);
  const struct eagre_vector *times = NULL;
  if (expires(deduplicate)) {
    uint32_t column = 0;
    bool is_column = node->is_within_watermark ||
                     eagre_expression_is_column(node->keys[node->event_time_key], &column);
    eagre_assert(is_column);
    if (node->is_within_watermark) column = (uint32_t)node->late_column;
    times = times_of(&batch->columns[column], batch);
  }
  for (uint32_t i = 0; i < batch->row_count; i++) {
    bool has_time = times != NULL && !eagre_vector_is_null(times, i);
    int64_t time_us = has_time ? EAGRE_VALUES(int64_t, times)[i] : 0;
    ends[i] = has_time ? time_us : INT64_MAX;
    if (node->is_within_watermark && __builtin_add_overflow(time_us, node->delay_us, &ends[i]))
      ends[i] = INT64_MAX;
  }
  return ends;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static bool is_known(const struct deduplicate *deduplicate, uint64_t hash, struct eagre_text key) {
  uint64_t position = 0;
  const char *payload;
  while ((payload = eagre_operator_index_next(&deduplicate->expiring.index, hash, &position)) !=
         NULL) {
    if (eagre_text_equal(eagre_state_key_of(deduplicate->table, payload), key)) return true;
  }
  return false;
}

static void add_key(struct deduplicate *deduplicate, uint64_t hash, struct eagre_text key,
                    int64_t end_us) {
  int64_t bound_us = expires(deduplicate)
                         ? eagre_operator_expiring_bound(deduplicate->epoch.eviction_watermark_ms)
                         : EXPIRING_NEVER;
  const struct expiring_head head = {end_us, eagre_operator_expiring_pane(end_us, bound_us)};
  const struct eagre_state_keys one = {&key, &hash};
  char *payload = NULL;
  eagre_state_get_groups(deduplicate->table, &head.pane, &one, 1, &payload);
  memcpy(payload, &head, sizeof head);
  eagre_operator_expiring_add(&deduplicate->expiring, payload);
}

static enum eagre_status work(void *context, const struct operator_keyed_rows *rows,
                              struct eagre_error *error) {
  struct deduplicate *deduplicate = context;
  struct eagre_batch *batch = rows->batch;
  uint8_t *keep = find_timely(deduplicate, batch);
  const int64_t *ends = find_ends(deduplicate, rows);
  for (uint32_t i = 0; i < batch->row_count; i++) {
    eagre_operator_index_prefetch(&deduplicate->expiring.index, rows->keys.hashes[i]);
  }
  for (uint32_t i = 0; i < batch->row_count; i++) {
    if (!eagre_bit_get(keep, i)) continue;
    if (is_known(deduplicate, rows->keys.hashes[i], rows->keys.keys[i])) {
      eagre_bit_clear(keep, i);
      deduplicate->metrics.rows_duplicate += 1;
    } else {
      add_key(deduplicate, rows->keys.hashes[i], rows->keys.keys[i], ends[i]);
      deduplicate->metrics.rows_updated += 1;
    }
  }
  eagre_batch_filter(batch, keep);
  if (batch->row_count > 0)
    return deduplicate->options.output(deduplicate->options.output_context, batch, error);
  eagre_batch_free(batch);
  return EAGRE_OK;
}

/* ---- The node -------------------------------------------------------------------------------- */

static void free_deduplicate(struct eagre_stateful *stateful) {
  struct deduplicate *deduplicate = (struct deduplicate *)stateful;
  eagre_operator_keyed_free(deduplicate->keyed);
  eagre_operator_expiring_done(&deduplicate->expiring);
  eagre_state_table_free(deduplicate->table);
  eagre_free(deduplicate);
}

static struct eagre_state_table *table_of(struct eagre_stateful *stateful) {
  return ((struct deduplicate *)stateful)->table;
}

static void begin(struct eagre_stateful *stateful, const struct eagre_stateful_epoch *epoch) {
  struct deduplicate *deduplicate = (struct deduplicate *)stateful;
  deduplicate->epoch = *epoch;
  deduplicate->metrics = (struct eagre_stateful_metrics){0};
  eagre_operator_keyed_begin(deduplicate->keyed, epoch->batch_timestamp_us);
  int64_t expired_us = expires(deduplicate)
                           ? eagre_operator_expiring_bound(epoch->late_watermark_ms)
                           : EXPIRING_NEVER;
  eagre_operator_expiring_begin(&deduplicate->expiring, expired_us);
}

static enum eagre_status push(struct eagre_stateful *stateful, uint32_t side,
                              struct eagre_batch *batch, struct eagre_error *error) {
  return eagre_operator_keyed_push(((struct deduplicate *)stateful)->keyed, side, batch, error);
}

static enum eagre_status collect(struct eagre_stateful *stateful, struct eagre_stateful *from,
                                 struct eagre_error *error) {
  return eagre_operator_keyed_collect(((struct deduplicate *)stateful)->keyed,
                                      ((struct deduplicate *)from)->keyed, error);
}

static enum eagre_status finish(struct eagre_stateful *stateful, struct eagre_error *error) {
  struct deduplicate *deduplicate = (struct deduplicate *)stateful;
  if (!expires(deduplicate)) return EAGRE_OK;
  int64_t bound_us = eagre_operator_expiring_bound(deduplicate->epoch.eviction_watermark_ms);
  return eagre_operator_expiring_expire(&deduplicate->expiring, bound_us, NULL, NULL,
                                        &deduplicate->metrics.rows_removed, error);
}

static void measure(const struct eagre_stateful *stateful, struct eagre_stateful_metrics *out) {
  const struct deduplicate *deduplicate = (const struct deduplicate *)stateful;
  struct eagre_state_metrics metrics;
  eagre_state_measure(deduplicate->table, &metrics);
  *out = deduplicate->metrics;
  out->rows_total = deduplicate->expiring.index.count;
  out->memory_bytes = metrics.memory_bytes +
                      eagre_operator_expiring_memory(&deduplicate->expiring) +
                      eagre_operator_keyed_memory(deduplicate->keyed);
}

static const struct operator_stateful_kind deduplicate_kind = {
    .free = free_deduplicate,
    .table = table_of,
    .begin = begin,
    .push = push,
    .collect = collect,
    .finish = finish,
    .measure = measure,
};

struct eagre_stateful *
eagre_operator_deduplicate_new(const struct eagre_stateful_options *options) {
  struct deduplicate *deduplicate = eagre_allocate_zeroed(1, sizeof *deduplicate);
  const struct eagre_plan_node *node = options->node;
  const struct eagre_state_layout layout = {.payload_size = sizeof(struct expiring_head)};
  const struct operator_keyed_side side = {
      .columns = eagre_plan_input(node)->output, .keys = node->keys, .key_count = node->key_count};
  const struct operator_keyed_options keyed = {
      .stateful = options, .sides = &side, .side_count = 1, .work = work, .context = deduplicate};
  deduplicate->base.kind = &deduplicate_kind;
  deduplicate->options = *options;
  deduplicate->node = node;
  deduplicate->table = eagre_state_table_new(&layout);
  eagre_operator_expiring_init(&deduplicate->expiring, deduplicate->table, layout.payload_size);
  deduplicate->keyed = eagre_operator_keyed_new(&keyed);
  return &deduplicate->base;
}
