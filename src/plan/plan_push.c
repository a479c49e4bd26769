/* Filters move down, as Spark's optimizer moves them. This is meaning, not only speed: a watermark
 * sees only the rows that a pushed filter left, and an ANSI error in a projection is not raised for
 * rows that a filter written above it removes.
 *
 *   FILTER over PROJECT    the condition is rewritten over the project's input, unless that would
 *                          evaluate a from_json twice
 *   FILTER over WATERMARK  conjuncts that do not read the event time go below
 *   FILTER over FILTER     joined, lower one first
 *   PROJECT over WATERMARK when a filter above waits for it (from_json): the two change places, so
 *                          that the filter can pass the watermark */
#include <string.h>

#include "plan/plan_bind.h"

enum { CONJUNCT_COUNT_MAX = 64 };

static struct eagre_plan_node *new_filter(struct plan_binder *binder, struct eagre_plan_node *input,
                                          struct eagre_expression *condition,
                                          struct eagre_sql_position position) {
  struct eagre_plan_node *node = eagre_plan_node_new(binder, EAGRE_PLAN_FILTER, input, position);
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *));
  node->expressions[0] = condition;
  node->expression_count = 1;
  return node;
}

static struct eagre_plan_node *sink_condition(struct plan_binder *binder,
                                              struct eagre_plan_node *input,
                                              struct eagre_expression *condition,
                                              struct eagre_sql_position position);

/* Whether the condition, rewritten over the project's input, would hold a from_json. */
static bool needs_json_twice(const struct eagre_plan_node *project,
                             const struct eagre_expression *condition) {
  bool *used = eagre_allocate_zeroed(project->expression_count + 1, sizeof *used);
  bool found = false;
  eagre_expression_mark_columns(condition, used);
  for (uint32_t i = 0; i < project->expression_count; i++) {
    if (used[i] && eagre_expression_has_json(project->expressions[i])) found = true;
  }
  eagre_free(used);
  return found;
}

static bool is_deterministic_project(const struct eagre_plan_node *project) {
  for (uint32_t i = 0; i < project->expression_count; i++) {
    if (!eagre_expression_is_deterministic(project->expressions[i])) return false;
  }
  return true;
}

/* The output column of `project` that is just column `column` of its input; -1 when there is none.
 */
static int32_t find_passed_column(const struct eagre_plan_node *project, uint32_t column) {
  for (uint32_t i = 0; i < project->expression_count; i++) {
    uint32_t index = 0;
    if (eagre_expression_is_column(project->expressions[i], &index) && index == column) {
      return (int32_t)i;
    }
  }
  return -1;
}

/* PROJECT over WATERMARK -> WATERMARK over PROJECT; NULL when the event time does not pass through.
 */
static struct eagre_plan_node *swap_with_watermark(struct plan_binder *binder,
                                                   struct eagre_plan_node *project) {
  struct eagre_plan_node *watermark = project->input;
  if (watermark->kind != EAGRE_PLAN_WATERMARK) return NULL;
  int32_t column = find_passed_column(project, watermark->event_time_column);
  if (column < 0) return NULL;
  struct eagre_plan_node *lower = eagre_arena_allocate(binder->arena, sizeof *lower);
  struct eagre_plan_node *upper = eagre_arena_allocate(binder->arena, sizeof *upper);
  *lower = *project;
  lower->input = watermark->input;
  *upper = *watermark;
  upper->input = lower;
  upper->output = lower->output;
  upper->event_time_column = (uint32_t)column;
  return upper;
}

static struct eagre_plan_node *sink_through_project(struct plan_binder *binder,
                                                    struct eagre_plan_node *project,
                                                    struct eagre_expression *condition,
                                                    struct eagre_sql_position position) {
  if (!is_deterministic_project(project)) return new_filter(binder, project, condition, position);
  if (needs_json_twice(project, condition)) {
    struct eagre_plan_node *watermark = swap_with_watermark(binder, project);
    if (watermark == NULL) return new_filter(binder, project, condition, position);
    return sink_condition(binder, watermark, condition, position);
  }
  condition = eagre_expression_substitute(binder->arena, condition, project->expressions);
  project->input = sink_condition(binder, project->input, condition, position);
  return project;
}

static bool reads_column(const struct eagre_expression *condition, uint32_t column,
                         uint32_t column_count) {
  bool *used = eagre_allocate_zeroed(column_count + 1, sizeof *used);
  eagre_expression_mark_columns(condition, used);
  bool is_read = used[column];
  eagre_free(used);
  return is_read;
}

static struct eagre_plan_node *sink_condition(struct plan_binder *binder,
                                              struct eagre_plan_node *input,
                                              struct eagre_expression *condition,
                                              struct eagre_sql_position position) {
  switch (input->kind) {
  case EAGRE_PLAN_PROJECT:
    return sink_through_project(binder, input, condition, position);
  case EAGRE_PLAN_WATERMARK:
    if (reads_column(condition, input->event_time_column, input->output->field_count)) break;
    input->input = sink_condition(binder, input->input, condition, position);
    input->output = input->input->output;
    return input;
  default:
    break;
  }
  return new_filter(binder, input, condition, position);
}

struct eagre_plan_node *eagre_plan_push_filters(struct plan_binder *binder,
                                                struct eagre_plan_node *node) {
  if (node->input == NULL) return node;
  node->input = eagre_plan_push_filters(binder, node->input);
  if (node->kind != EAGRE_PLAN_FILTER) return node;
  struct eagre_expression *conjuncts[CONJUNCT_COUNT_MAX];
  uint32_t count = eagre_expression_split_and(node->expressions[0], conjuncts, CONJUNCT_COUNT_MAX);
  struct eagre_plan_node *result = node->input;
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_expression_is_deterministic(conjuncts[i])) {
      result = sink_condition(binder, result, conjuncts[i], node->position);
    } else {
      result = new_filter(binder, result, conjuncts[i], node->position);
    }
  }
  return result;
}
