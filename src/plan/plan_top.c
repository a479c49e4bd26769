/* The first rows of each key on a stream (docs/decisions/0009):
 *
 *   SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY x) AS rn FROM v)
 *   WHERE rn <= 3
 *
 * An OVER node of row_number alone under conditions one of which bounds the number becomes a TOP
 * node, which keeps so many rows per key. The conditions stay: they cost little and may ask more.
 * What the node gives changes from epoch to epoch, so it is made with eagre.changes only. */
#include "plan/plan_bind.h"

enum { CONJUNCTS_MAX = 64, TOP_ROWS_MAX = 100000 };

/* The greatest number that `conjunct` lets through; INT64_MAX: it does not bound column `number`.
 */
static int64_t read_bound(struct plan_binder *binder, const struct eagre_expression *conjunct,
                          uint32_t number) {
  struct eagre_condition condition;
  struct eagre_vector constant;
  struct eagre_error ignored;
  if (!eagre_expression_read_condition(conjunct, &condition) || condition.column != number ||
      condition.constant == NULL)
    return INT64_MAX;
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  enum eagre_status status = eagre_expression_fold(
      binder->arena, (struct eagre_expression *)condition.constant, session, &constant, &ignored);
  if (status != EAGRE_OK || eagre_vector_is_null(&constant, 0)) return INT64_MAX;
  int64_t value = EAGRE_VALUES(int32_t, &constant)[0];
  switch (condition.kind) {
  case EAGRE_CONDITION_EQUAL:
  case EAGRE_CONDITION_LESS_OR_EQUAL:
    return value;
  case EAGRE_CONDITION_LESS:
    return value - 1;
  default:
    return INT64_MAX;
  }
}

/* Over all conditions from `filter` down to the OVER node, which is returned; NULL when there is
 * none right below them, or not of row_number alone. */
static struct eagre_plan_node *find_over(struct plan_binder *binder, struct eagre_plan_node *filter,
                                         int64_t *out_bound) {
  struct eagre_expression *conjuncts[CONJUNCTS_MAX];
  struct eagre_plan_node *over = filter;
  *out_bound = INT64_MAX;
  while (over->kind == EAGRE_PLAN_FILTER) {
    over = eagre_plan_input(over);
  }
  bool is_numbered = over->kind == EAGRE_PLAN_OVER && over->function_count == 1 &&
                     over->functions[0].kind == EAGRE_OVER_ROW_NUMBER;
  if (!is_numbered) return NULL;
  uint32_t number = eagre_plan_input(over)->output->field_count;
  for (; filter != over; filter = eagre_plan_input(filter)) {
    uint32_t count = eagre_expression_split_and(filter->expressions[0], conjuncts, CONJUNCTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
      int64_t bound = read_bound(binder, conjuncts[i], number);
      if (bound < *out_bound) *out_bound = bound;
    }
  }
  return over;
}

static int32_t find_event_time(const struct eagre_plan_node *over) {
  for (uint32_t i = 0; i < over->key_count; i++) {
    uint32_t column = 0;
    bool is_column = eagre_expression_is_column(over->keys[i], &column);
    if (is_column && (int32_t)column == over->event_time) return (int32_t)i;
  }
  return -1;
}

static void make_top(struct eagre_plan_node *over, int64_t limit) {
  const struct eagre_over_window *window = &over->windows[over->functions[0].window];
  over->kind = EAGRE_PLAN_TOP;
  over->position = over->functions[0].position;
  over->keys = window->partition_by;
  over->key_count = window->partition_by_count;
  over->sort_keys = window->sort_keys;
  over->sort_key_count = window->sort_key_count;
  over->limit = limit;
  over->event_time_key = find_event_time(over);
}

void eagre_plan_find_tops(struct plan_binder *binder, struct eagre_plan_node *node) {
  int64_t bound;
  struct eagre_plan_node *over =
      node->kind == EAGRE_PLAN_FILTER ? find_over(binder, node, &bound) : NULL;
  if (over != NULL && bound >= 1 && bound <= TOP_ROWS_MAX) make_top(over, bound);
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (!eagre_plan_is_static_input(node, i)) eagre_plan_find_tops(binder, node->inputs[i]);
  }
}
