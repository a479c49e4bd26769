/* Filters that meet a join.
 *
 *                 a condition above it that reads     part of ON that reads
 *                 left       right      both          left      right
 *   INNER         down       down       into ON       down      down
 *   LEFT          down       stays      stays         stays     down
 *   RIGHT         stays      down       stays         down      stays
 *   FULL          stays      stays      stays         stays     stays
 *   LEFT SEMI     down                                down      down
 *   LEFT ANTI     down                                stays     down
 *   LEFT MARK     down (not of the mark)              stays     down
 *
 * What follows from these for the other side, and that keys are not NULL, plan_infer.c finds. */
#include "plan/plan_push.h"

enum { CONJUNCT_COUNT_MAX = 64 };

enum join_side { JOIN_LEFT, JOIN_RIGHT };

static bool is_inner(const struct eagre_plan_node *join) {
  return join->join_kind == EAGRE_JOIN_INNER || join->join_kind == EAGRE_JOIN_CROSS;
}

/* Whether `expression` reads columns of the left inputs or of the right one, or of none: then it
 * counts as of each. `count` columns, the left ones first. */
static bool reads_only(const struct eagre_expression *expression, enum join_side side,
                       uint32_t left_count, uint32_t count) {
  bool *used = eagre_allocate_zeroed(count + 1, sizeof *used);
  bool is_only = true;
  eagre_expression_mark_columns(expression, used);
  for (uint32_t i = 0; i < count; i++) {
    if (used[i] && (i < left_count) != (side == JOIN_LEFT)) is_only = false;
  }
  eagre_free(used);
  return is_only;
}

/* Whether all rows of a side come out whatever the condition says of the other side. */
static bool keeps_rows(const struct eagre_plan_node *join, enum join_side side) {
  switch (join->join_kind) {
  case EAGRE_JOIN_INNER:
  case EAGRE_JOIN_CROSS:
  case EAGRE_JOIN_LEFT_SEMI:
    return false;
  case EAGRE_JOIN_LEFT:
  case EAGRE_JOIN_LEFT_ANTI:
  case EAGRE_JOIN_LEFT_MARK:
    return side == JOIN_LEFT;
  case EAGRE_JOIN_RIGHT:
    return side == JOIN_RIGHT;
  case EAGRE_JOIN_FULL:
    break;
  }
  return true;
}

/* Whether rows of a side come out with NULLs instead of rows of that side. */
static bool makes_nulls(const struct eagre_plan_node *join, enum join_side side) {
  bool makes_left = join->join_kind == EAGRE_JOIN_RIGHT || join->join_kind == EAGRE_JOIN_FULL;
  bool makes_right = join->join_kind == EAGRE_JOIN_LEFT || join->join_kind == EAGRE_JOIN_FULL ||
                     join->join_kind == EAGRE_JOIN_LEFT_MARK;
  return side == JOIN_LEFT ? makes_left : makes_right;
}

bool eagre_plan_join_drops_rows(const struct eagre_plan_node *join, uint32_t side) {
  return !join->is_null_aware && !keeps_rows(join, (enum join_side)side);
}

static void sink_into(struct plan_binder *binder, struct eagre_plan_node *join, enum join_side side,
                      struct eagre_expression *condition, struct eagre_sql_position position) {
  if (side == JOIN_RIGHT) condition = eagre_plan_join_over_right(binder, join, condition);
  join->inputs[side] = eagre_plan_sink_condition(binder, join->inputs[side], condition, position);
}

/* ---- Conditions above a join ----------------------------------------------------------------- */

bool eagre_plan_join_takes(const struct eagre_plan_node *join,
                           const struct eagre_expression *condition) {
  if (is_inner(join)) return true;
  uint32_t left_count = eagre_plan_join_left_count(join);
  uint32_t count = join->output->field_count;
  if (reads_only(condition, JOIN_LEFT, left_count, count)) return !makes_nulls(join, JOIN_LEFT);
  return reads_only(condition, JOIN_RIGHT, left_count, count) && !makes_nulls(join, JOIN_RIGHT);
}

void eagre_plan_join_take(struct plan_binder *binder, struct eagre_plan_node *join,
                          struct eagre_expression *condition, struct eagre_sql_position position) {
  uint32_t left_count = eagre_plan_join_left_count(join);
  uint32_t count = join->output->field_count;
  for (enum join_side side = JOIN_LEFT; side <= JOIN_RIGHT; side++) {
    if (makes_nulls(join, side) || !reads_only(condition, side, left_count, count)) continue;
    sink_into(binder, join, side, condition, position);
    return;
  }
  eagre_plan_join_add_condition(binder, join, condition);
}

/* ---- The join's own condition ---------------------------------------------------------------- */

void eagre_plan_push_join(struct plan_binder *binder, struct eagre_plan_node *join) {
  if (join->expression_count == 0) return;
  struct eagre_expression *conjuncts[CONJUNCT_COUNT_MAX];
  uint32_t count = eagre_expression_split_and(join->expressions[0], conjuncts, CONJUNCT_COUNT_MAX);
  uint32_t left_count = eagre_plan_join_left_count(join);
  uint32_t column_count = left_count + join->inputs[1]->output->field_count;
  join->expression_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    bool is_fixed = eagre_expression_is_deterministic(conjuncts[i]);
    enum join_side side = reads_only(conjuncts[i], JOIN_LEFT, left_count, column_count) &&
                                  !keeps_rows(join, JOIN_LEFT)
                              ? JOIN_LEFT
                              : JOIN_RIGHT;
    if (is_fixed && !keeps_rows(join, side) &&
        reads_only(conjuncts[i], side, left_count, column_count)) {
      sink_into(binder, join, side, conjuncts[i], join->position);
    } else {
      eagre_plan_join_add_condition(binder, join, conjuncts[i]);
    }
  }
}
