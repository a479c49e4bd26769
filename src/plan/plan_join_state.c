/* When rows may leave the state of a JOIN of two streams, and which of them are late, derived as
 * Spark does (spark-semantics 3.3, 3.8).
 *
 * An event time below is a column that carries a watermark through everything up to the JOIN; one
 * that nobody reads is not there, as after Spark's pruning of columns. */
#include <string.h>

#include "plan/plan_bind.h"

enum { CONJUNCT_COUNT_MAX = 64 };

/* ---- Event times ----------------------------------------------------------------------------- */

static void mark_project(const struct eagre_plan_node *node, const bool *below, bool *out) {
  for (uint32_t i = 0; i < node->expression_count; i++) {
    uint32_t column = 0;
    bool is_carried = eagre_expression_is_column(node->expressions[i], &column) ||
                      eagre_expression_is_window_time(node->expressions[i], &column);
    out[i] = is_carried && below[column];
  }
}

/* The window of an event time carries it on. */
static void mark_window(const struct eagre_plan_node *node, const bool *below, bool *out) {
  uint32_t count = eagre_plan_input(node)->output->field_count;
  uint32_t column = 0;
  bool is_carried = eagre_expression_is_column(node->expressions[0], &column) ||
                    eagre_expression_is_window_time(node->expressions[0], &column);
  memcpy(out, below, count);
  out[count] = is_carried && below[column];
}

static bool *find_event_times(const struct eagre_plan_node *node, struct eagre_arena *arena);

static void mark_join(const struct eagre_plan_node *join, struct eagre_arena *arena, bool *out) {
  uint32_t left_count = join->inputs[0]->output->field_count;
  memcpy(out, find_event_times(join->inputs[0], arena), left_count);
  if (join->output->field_count == left_count) return;
  memcpy(out + left_count, find_event_times(join->inputs[1], arena),
         join->inputs[1]->output->field_count);
}

/* A flag per column of the node's output. */
static bool *find_event_times(const struct eagre_plan_node *node, struct eagre_arena *arena) {
  uint32_t count = node->output->field_count;
  bool *out = eagre_arena_allocate_zeroed(arena, count + 1);
  if (node->input_count == 0) return out;
  if (node->kind == EAGRE_PLAN_JOIN) {
    mark_join(node, arena, out);
    return out;
  }
  const bool *below = find_event_times(node->inputs[0], arena);
  switch (node->kind) {
  case EAGRE_PLAN_PROJECT:
    mark_project(node, below, out);
    break;
  case EAGRE_PLAN_WINDOW:
    mark_window(node, below, out);
    break;
  case EAGRE_PLAN_AGGREGATE:
    if (node->event_time_key >= 0) out[node->event_time_key] = true;
    break;
  default:
    memcpy(out, below, count);
    if (node->kind == EAGRE_PLAN_WATERMARK) out[node->event_time_column] = true;
    break;
  }
  return out;
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

struct derivation {
  struct eagre_plan_node *join;
  struct eagre_arena *arena;
  uint32_t left_count;
  bool *event_times; /* of the left columns, then the right ones */
};

static uint32_t side_of(const struct derivation *work, uint32_t column) {
  return column >= work->left_count;
}

/* `sum`, lesser minus greater of a comparison, as a bound of the times of `side`, of which the sum
 * takes one away. All others must be event times of the other side: they become the watermark. */
static bool read_bound(const struct derivation *work, uint32_t side,
                       const struct eagre_time_sum *sum, bool is_strict,
                       struct eagre_plan_time_bound *out) {
  uint32_t own_count = 0;
  *out = (struct eagre_plan_time_bound){.constant_us = sum->constant_us, .is_strict = is_strict};
  for (uint32_t i = 0; i < sum->column_count; i++) {
    uint32_t column = sum->columns[i].column;
    if (side_of(work, column) == side) {
      if (!sum->columns[i].is_negative) return false;
      own_count++;
    } else if (!work->event_times[column]) {
      return false;
    } else {
      out->factor += sum->columns[i].is_negative ? -1 : 1;
    }
  }
  return own_count == 1;
}

static void derive_bounds(struct derivation *work, uint32_t side) {
  struct eagre_plan_node *join = work->join;
  struct eagre_plan_join_side *plan = &join->join_sides[side];
  struct eagre_expression *conjuncts[CONJUNCT_COUNT_MAX];
  if (join->expression_count == 0 || join->join_sides[1 - side].event_time < 0) return;
  uint32_t count = eagre_expression_split_and(join->expressions[0], conjuncts, CONJUNCT_COUNT_MAX);
  plan->bounds = eagre_arena_allocate(work->arena, sizeof *plan->bounds * count);
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_time_sum sum;
    bool is_strict = false;
    if (!eagre_expression_time_difference(conjuncts[i], &sum, &is_strict)) continue;
    bool is_bound = read_bound(work, side, &sum, is_strict, &plan->bounds[plan->bound_count]);
    plan->bound_count += is_bound;
  }
}

/* The first key that is an event time, of the left keys before the right ones. */
static int32_t find_time_key(const struct derivation *work) {
  for (uint32_t side = 0; side < 2; side++) {
    struct eagre_expression **keys = side == 0 ? work->join->left_keys : work->join->right_keys;
    for (uint32_t i = 0; i < work->join->join_key_count; i++) {
      uint32_t column = 0;
      if (!eagre_expression_is_column(keys[i], &column)) continue;
      if (work->event_times[side * work->left_count + column]) return (int32_t)i;
    }
  }
  return -1;
}

/* Columns that are read by the join or above it and carry event time. */
static uint32_t find_event_time_column(struct derivation *work, uint32_t side) {
  struct eagre_plan_join_side *plan = &work->join->join_sides[side];
  uint32_t begin = side * work->left_count;
  uint32_t found = 0;
  plan->event_time = -1;
  for (uint32_t i = 0; i < work->join->inputs[side]->output->field_count; i++) {
    bool *is_event_time = &work->event_times[begin + i];
    *is_event_time = *is_event_time && plan->is_read[i];
    if (!*is_event_time) continue;
    if (plan->event_time < 0) plan->event_time = (int32_t)i;
    found++;
  }
  return found;
}

void eagre_plan_join_derive(struct eagre_plan_node *join, struct eagre_arena *arena) {
  struct derivation work = {join, arena, eagre_plan_join_left_count(join), NULL};
  uint32_t right_count = join->inputs[1]->output->field_count;
  work.event_times = eagre_arena_allocate_zeroed(arena, work.left_count + right_count + 1);
  memcpy(work.event_times, find_event_times(join->inputs[0], arena), work.left_count);
  memcpy(work.event_times + work.left_count, find_event_times(join->inputs[1], arena), right_count);
  for (uint32_t side = 0; side < 2; side++) {
    join->join_sides[side].event_time_count = find_event_time_column(&work, side);
  }
  join->time_key = find_time_key(&work);
  if (join->time_key >= 0) return;
  derive_bounds(&work, 0);
  derive_bounds(&work, 1);
}

bool eagre_plan_join_evicts(const struct eagre_plan_node *join, uint32_t side) {
  const struct eagre_plan_join_side *plan = &join->join_sides[side];
  return join->time_key >= 0 || (plan->bound_count > 0 && plan->event_time >= 0);
}

/* ---- Watermarks ------------------------------------------------------------------------------ */

static int64_t truncate(double value) {
  if (value >= 9223372036854775807.0) return INT64_MAX;
  if (value <= -9223372036854775808.0) return INT64_MIN;
  return (int64_t)value;
}

int64_t eagre_plan_join_bound_ms(const struct eagre_plan_node *join, uint32_t side,
                                 int64_t watermark_ms) {
  const struct eagre_plan_join_side *plan = &join->join_sides[side];
  if (join->time_key >= 0) return watermark_ms;
  int64_t lowest = INT64_MAX;
  for (uint32_t i = 0; i < plan->bound_count; i++) {
    const struct eagre_plan_time_bound *bound = &plan->bounds[i];
    double micros = bound->factor * ((double)watermark_ms * 1000.0) + bound->constant_us;
    int64_t each = truncate(micros / 1000.0);
    if (!bound->is_strict && each > INT64_MIN) each--;
    if (each < lowest) lowest = each;
  }
  return eagre_plan_join_evicts(join, side) ? lowest : INT64_MIN;
}

/* The watermark behind a node; INT64_MAX: there is none below. */
static int64_t output_of(const struct eagre_plan_node *node, int64_t flow_ms,
                         int64_t *out_by_operator) {
  int64_t input_ms = INT64_MAX;
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (eagre_plan_is_static_input(node, i)) continue;
    int64_t each = output_of(node->inputs[i], flow_ms, out_by_operator);
    if (each < input_ms) input_ms = each;
  }
  if (node->kind == EAGRE_PLAN_WATERMARK) return flow_ms;
  if (!eagre_plan_is_stateful(node)) return input_ms;
  if (input_ms == INT64_MAX) input_ms = 0;
  out_by_operator[node->stateful_number] = input_ms;
  int64_t output_ms = input_ms;
  for (uint32_t side = 0; side < 2 && node->kind == EAGRE_PLAN_JOIN; side++) {
    if (!eagre_plan_join_evicts(node, side)) continue;
    int64_t bound_ms = eagre_plan_join_bound_ms(node, side, input_ms);
    if (bound_ms < output_ms) output_ms = bound_ms;
  }
  return output_ms;
}

void eagre_plan_watermarks(const struct eagre_plan_tree *tree, int64_t flow_ms,
                           int64_t *out_by_operator) {
  output_of(tree->root, flow_ms, out_by_operator);
}
