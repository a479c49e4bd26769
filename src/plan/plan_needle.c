/* What filters right above a from_json say about the text (expression.h): the PROJECT that makes
 * the from_json then leaves out rows that cannot pass, before it decodes them. The filters stay. */
#include "plan/plan_bind.h"

enum { FILTER_COUNT_MAX = 16 };

/* The place of the from_json in a PROJECT that only passes columns beside it; expression_count when
 * there is none. An expression that may fail has to see all rows. */
static uint32_t find_json(const struct eagre_plan_node *project) {
  uint32_t found = project->expression_count;
  for (uint32_t i = 0; i < project->expression_count; i++) {
    const struct eagre_expression *each = project->expressions[i];
    uint32_t column;
    bool is_passed =
        eagre_expression_is_column(each, &column) || eagre_expression_is_constant(each);
    if (is_passed) continue;
    if (found < project->expression_count || !eagre_expression_has_json(each))
      return project->expression_count;
    found = i;
  }
  return found;
}

void eagre_plan_find_needles(struct eagre_plan_node *node) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    eagre_plan_find_needles(node->inputs[i]);
  }
  struct eagre_expression *conditions[FILTER_COUNT_MAX]; /* filled from its end on: lowest first */
  uint32_t count = 0;
  for (; node->kind == EAGRE_PLAN_FILTER && count < FILTER_COUNT_MAX; node = node->inputs[0]) {
    count++;
    conditions[FILTER_COUNT_MAX - count] = node->expressions[0];
  }
  if (node->kind != EAGRE_PLAN_PROJECT || count == 0) return;
  uint32_t index = find_json(node);
  if (index == node->expression_count) return;
  eagre_expression_find_needle(conditions + FILTER_COUNT_MAX - count, count, index,
                               node->expressions[index], &node->needle);
}
