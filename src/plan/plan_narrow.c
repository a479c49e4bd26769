/* Outer joins below a filter that no NULL passes. A row that was filled up with NULLs does not get
 * through the filter, so the join need not make it:
 *
 *                  the filter drops NULLs of the columns
 *                  of the left    of the right    of both
 *   LEFT                          INNER
 *   RIGHT          INNER
 *   FULL           LEFT           RIGHT           INNER
 *
 * This is Spark's EliminateOuterJoin, and meaning as all moving of filters is (plan_push.c): the
 * filter of a narrower join moves on, below watermarks that then see fewer rows, and a join of
 * streams that waits for nothing keeps fewer rows. What a stream may have is checked of the kind
 * that was written. */
#include "plan/plan_bind.h"

enum { CONJUNCT_COUNT_MAX = 64, NOT_NULL_COUNT_MAX = 64 };

/* ---- What no NULL passes --------------------------------------------------------------------- */

/* Whether `condition` is not true of a row all of whose columns are NULL. Where it fails of one
 * that is not known. */
static bool rejects_nulls(struct plan_binder *binder, const struct eagre_type *columns,
                          struct eagre_expression *condition) {
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  const struct eagre_program_context context = {0};
  struct eagre_program *program = eagre_program_new(columns, &condition, 1, session);
  struct eagre_batch *batch = eagre_batch_new();
  struct eagre_error ignored;
  uint8_t *keep = NULL;
  eagre_error_init(&ignored);
  eagre_batch_set_columns(batch, columns->field_count, 1);
  for (uint32_t i = 0; i < columns->field_count; i++) {
    eagre_vector_init_null(&batch->columns[i], columns->fields[i].type, &batch->arena);
  }
  enum eagre_status status = eagre_program_run_filter(program, batch, &context, &keep, &ignored);
  bool is_rejected = status == EAGRE_OK && !eagre_bit_get(keep, 0);
  eagre_program_free(program);
  eagre_batch_free(batch);
  return is_rejected;
}

/* Whether `expression` reads columns of [begin, end) at most. */
static bool reads_within(const struct eagre_expression *expression, uint32_t begin, uint32_t end,
                         uint32_t column_count) {
  bool *used = eagre_allocate_zeroed(column_count + 1, sizeof *used);
  bool is_within = true;
  eagre_expression_mark_columns(expression, used);
  for (uint32_t i = 0; i < column_count; i++) {
    if (used[i] && (i < begin || i >= end)) is_within = false;
  }
  eagre_free(used);
  return is_within;
}

/* Sets `drops[side]` when a row whose columns of that side are all NULL does not pass. */
static void read_conjunct(struct plan_binder *binder, const struct eagre_plan_node *join,
                          struct eagre_expression *conjunct, bool drops[2]) {
  uint32_t count = join->output->field_count;
  const uint32_t edges[3] = {0, eagre_plan_join_left_count(join), count};
  struct eagre_expression *there[NOT_NULL_COUNT_MAX];
  uint32_t there_count = eagre_expression_list_not_null(conjunct, there, NOT_NULL_COUNT_MAX);
  for (uint32_t side = 0; side < 2; side++) {
    uint32_t begin = edges[side], end = edges[side + 1];
    for (uint32_t i = 0; i < there_count && !drops[side]; i++) {
      drops[side] = reads_within(there[i], begin, end, count);
    }
    if (drops[side] || !reads_within(conjunct, begin, end, count)) continue;
    drops[side] = rejects_nulls(binder, join->output, conjunct);
  }
}

/* ---- The rule -------------------------------------------------------------------------------- */

static enum eagre_join_kind narrow(enum eagre_join_kind kind, const bool drops[2]) {
  switch (kind) {
  case EAGRE_JOIN_LEFT:
    return drops[1] ? EAGRE_JOIN_INNER : kind;
  case EAGRE_JOIN_RIGHT:
    return drops[0] ? EAGRE_JOIN_INNER : kind;
  case EAGRE_JOIN_FULL:
    if (drops[0]) return drops[1] ? EAGRE_JOIN_INNER : EAGRE_JOIN_LEFT;
    return drops[1] ? EAGRE_JOIN_RIGHT : kind;
  default:
    return kind;
  }
}

/* The JOIN below a stack of filters, NULL when something else is there. */
static struct eagre_plan_node *find_join(struct eagre_plan_node *filter) {
  while (filter->kind == EAGRE_PLAN_FILTER) {
    filter = eagre_plan_input(filter);
  }
  bool is_join = filter->kind == EAGRE_PLAN_JOIN && !filter->is_single;
  return is_join ? filter : NULL;
}

/* Returns whether the JOIN below `filter` and the filters right below that has become another. */
static bool narrow_below(struct plan_binder *binder, struct eagre_plan_node *filter) {
  struct eagre_plan_node *join = find_join(filter);
  bool drops[2] = {false, false};
  bool is_outer =
      join != NULL && (join->join_kind == EAGRE_JOIN_LEFT || join->join_kind == EAGRE_JOIN_RIGHT ||
                       join->join_kind == EAGRE_JOIN_FULL);
  if (!is_outer) return false;
  struct eagre_expression *conjuncts[CONJUNCT_COUNT_MAX];
  uint32_t count =
      eagre_expression_split_and(filter->expressions[0], conjuncts, CONJUNCT_COUNT_MAX);
  for (uint32_t i = 0; i < count; i++) {
    if (!eagre_expression_is_deterministic(conjuncts[i])) continue;
    read_conjunct(binder, join, conjuncts[i], drops);
  }
  enum eagre_join_kind kind = narrow(join->join_kind, drops);
  if (kind == join->join_kind) return false;
  join->join_kind = kind;
  bool is_at_rest = join->static_input >= 0 && !join->is_refreshed;
  if (is_at_rest) join->static_input = kind == EAGRE_JOIN_RIGHT ? 0 : 1;
  return true;
}

bool eagre_plan_narrow_joins(struct plan_binder *binder, struct eagre_plan_node *node) {
  bool is_changed = node->kind == EAGRE_PLAN_FILTER && narrow_below(binder, node);
  for (uint32_t i = 0; i < node->input_count; i++) {
    is_changed = eagre_plan_narrow_joins(binder, node->inputs[i]) || is_changed;
  }
  return is_changed;
}
