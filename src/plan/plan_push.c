/* Filters move down, as Spark's optimizer moves them. This is meaning, not only speed: a watermark
 * sees only the rows that a pushed filter left, and an ANSI error in a projection is not raised for
 * rows that a filter written above it removes. A condition is taken apart at its ANDs; each part
 * goes as far as it can:
 *
 *   through PROJECT    rewritten over the project's input. A part that needs a from_json does not
 *                      evaluate it a second time: the from_json moves down with the filter, into a
 *                      project of its own that passes everything else
 *   through WATERMARK  unless it reads the event time
 *   through WINDOW     when it does not read the window; else when each row has one window, with
 *                      that in the place of the column, and a watermark below would see the
 *                      difference: one of another time, for the filter does not pass its own
 *   through GENERATE   unless it reads what was generated
 *   through UNION      into every input
 *   through AGGREGATE  when it reads grouping expressions and nothing else
 *   through JOIN       into the side that only its own rows and this condition decide; what reads
 *                      both sides of an inner join joins its condition (plan_push_join.c)
 *   through FILTER     only on the way to one of the last three, so that of two filters in the same
 *                      place the lower one stays first */
#include <string.h>

#include "plan/plan_push.h"

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

struct eagre_plan_node *eagre_plan_sink_condition(struct plan_binder *binder,
                                                  struct eagre_plan_node *input,
                                                  struct eagre_expression *condition,
                                                  struct eagre_sql_position position) {
  return sink_condition(binder, input, condition, position);
}

/* ---- Where a condition passes ---------------------------------------------------------------- */

/* Whether `condition` reads a column of [begin, end); there are `column_count` columns. */
static bool reads_any(const struct eagre_expression *condition, uint32_t begin, uint32_t end,
                      uint32_t column_count) {
  bool *used = eagre_allocate_zeroed(column_count + 1, sizeof *used);
  bool is_read = false;
  eagre_expression_mark_columns(condition, used);
  for (uint32_t i = begin; i < end; i++) {
    is_read = is_read || used[i];
  }
  eagre_free(used);
  return is_read;
}

static bool are_deterministic(struct eagre_expression *const *expressions, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (!eagre_expression_is_deterministic(expressions[i])) return false;
  }
  return true;
}

static bool passes_aggregate(const struct eagre_plan_node *node,
                             const struct eagre_expression *condition) {
  uint32_t count = node->output->field_count;
  return reads_any(condition, 0, node->key_count, count) &&
         !reads_any(condition, node->key_count, count, count) &&
         are_deterministic(node->keys, node->key_count);
}

/* PROJECT has rules of its own. */
bool eagre_plan_condition_passes(const struct eagre_plan_node *node,
                                 const struct eagre_expression *condition) {
  uint32_t count = node->output->field_count;
  switch (node->kind) {
  case EAGRE_PLAN_WATERMARK:
    return !reads_any(condition, node->event_time_column, node->event_time_column + 1, count);
  case EAGRE_PLAN_WINDOW:
    return !reads_any(condition, count - 1, count, count);
  case EAGRE_PLAN_GENERATE:
    return eagre_expression_is_deterministic(node->expressions[0]) &&
           !reads_any(condition, eagre_plan_input(node)->output->field_count, count, count);
  case EAGRE_PLAN_AGGREGATE:
    return passes_aggregate(node, condition);
  case EAGRE_PLAN_FILTER:
    return eagre_expression_is_deterministic(node->expressions[0]) &&
           eagre_plan_condition_passes(eagre_plan_input(node), condition);
  case EAGRE_PLAN_UNION:
    return true;
  case EAGRE_PLAN_JOIN:
    return eagre_plan_join_takes(node, condition);
  default:
    return false;
  }
}

static bool has_watermark(const struct eagre_plan_node *node) {
  if (node->kind == EAGRE_PLAN_WATERMARK) return true;
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (has_watermark(node->inputs[i])) return true;
  }
  return false;
}

/* ---- A from_json that moves down with its filter -------------------------------------------- */

/* The from_jsons of a project that a condition needs, over the project's input. */
struct json_items {
  struct eagre_expression **expressions;
  uint32_t count;
};

/* A PROJECT of all columns of `input`, then the items. */
static struct eagre_plan_node *append_items(struct plan_binder *binder,
                                            struct eagre_plan_node *input,
                                            const struct json_items *items,
                                            struct eagre_sql_position position) {
  struct eagre_plan_node *node = eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, input, position);
  uint32_t passed = input->output->field_count;
  uint32_t count = passed + items->count;
  struct eagre_field *fields = eagre_arena_allocate(binder->arena, sizeof *fields * count);
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *) * count);
  node->expression_count = count;
  for (uint32_t i = 0; i < count; i++) {
    if (i < passed) {
      fields[i] = input->output->fields[i];
      node->expressions[i] = eagre_expression_column(binder->arena, i, fields[i].type, position);
    } else {
      node->expressions[i] = items->expressions[i - passed];
      fields[i] = (struct eagre_field){EAGRE_TEXT("from_json"),
                                       eagre_expression_type(node->expressions[i]), true};
    }
  }
  node->output = eagre_type_struct(binder->arena, fields, count);
  return node;
}

/* Puts the items and the condition over them as far below `input` as `whole`, the condition with
 * the items in their places, may go. */
static struct eagre_plan_node *sink_items(struct plan_binder *binder, struct eagre_plan_node *input,
                                          const struct json_items *items,
                                          const struct eagre_expression *whole,
                                          struct eagre_expression *condition,
                                          struct eagre_sql_position position) {
  bool keeps_columns = input->kind == EAGRE_PLAN_WATERMARK || input->kind == EAGRE_PLAN_FILTER;
  if (keeps_columns && eagre_plan_condition_passes(input, whole)) {
    struct eagre_plan_node **below = &input->inputs[0];
    *below = sink_items(binder, *below, items, whole, condition, position);
    input->output = (*below)->output;
    return input;
  }
  return new_filter(binder, append_items(binder, input, items, position), condition, position);
}

/* Takes the from_jsons that `condition` reads out of the project, which then reads them as columns
 * behind those of its input. */
static struct json_items take_items(struct plan_binder *binder, struct eagre_plan_node *project,
                                    const struct eagre_expression *condition) {
  bool *used = eagre_allocate_zeroed(project->expression_count + 1, sizeof *used);
  struct json_items items = {
      eagre_arena_allocate(binder->arena, sizeof(void *) * (project->expression_count + 1)), 0};
  uint32_t passed = eagre_plan_input(project)->output->field_count;
  eagre_expression_mark_columns(condition, used);
  for (uint32_t i = 0; i < project->expression_count; i++) {
    struct eagre_expression *item = project->expressions[i];
    if (!used[i] || !eagre_expression_has_json(item)) continue;
    project->expressions[i] =
        eagre_expression_column(binder->arena, passed + items.count, eagre_expression_type(item),
                                eagre_expression_position(item));
    items.expressions[items.count++] = item;
  }
  eagre_free(used);
  return items;
}

/* ---- Moving down ----------------------------------------------------------------------------- */

/* Whether the condition, rewritten over the project's input, would hold a from_json. */
static bool needs_json(const struct eagre_plan_node *project,
                       const struct eagre_expression *condition) {
  uint32_t count = project->expression_count;
  for (uint32_t i = 0; i < count; i++) {
    if (reads_any(condition, i, i + 1, count) && eagre_expression_has_json(project->expressions[i]))
      return true;
  }
  return false;
}

/* Whether a filter that moves with its from_jsons would be held up by another PROJECT although a
 * watermark is below that. Then it goes alone, and the from_json is evaluated twice. */
static bool must_go_alone(const struct eagre_plan_node *node) {
  while (node->kind == EAGRE_PLAN_FILTER || node->kind == EAGRE_PLAN_WATERMARK) {
    node = eagre_plan_input(node);
  }
  return has_watermark(node);
}

static struct eagre_plan_node *sink_through_project(struct plan_binder *binder,
                                                    struct eagre_plan_node *project,
                                                    struct eagre_expression *condition,
                                                    struct eagre_sql_position position) {
  if (!are_deterministic(project->expressions, project->expression_count)) {
    return new_filter(binder, project, condition, position);
  }
  struct eagre_expression *whole =
      eagre_expression_substitute(binder->arena, condition, project->expressions);
  struct eagre_plan_node **below = &project->inputs[0];
  if (needs_json(project, condition) && !must_go_alone(*below)) {
    const struct json_items items = take_items(binder, project, condition);
    condition = eagre_expression_substitute(binder->arena, condition, project->expressions);
    *below = sink_items(binder, *below, &items, whole, condition, position);
    return project;
  }
  *below = sink_condition(binder, *below, whole, position);
  return project;
}

static bool is_replaceable_window(const struct eagre_plan_node *node) {
  bool is_single = node->is_session || node->window.slide_us == node->window.duration_us;
  return node->kind == EAGRE_PLAN_WINDOW && is_single && !node->is_of_event_time &&
         has_watermark(node) && !eagre_expression_has_json(node->expressions[0]);
}

/* The condition with the window of a row in the place of the column. A row without one has NULL
 * there: it is dropped below as it was above. */
static struct eagre_expression *replace_window(struct plan_binder *binder,
                                               const struct eagre_plan_node *window,
                                               struct eagre_expression *condition) {
  const struct eagre_type *columns = eagre_plan_input(window)->output;
  struct eagre_expression **replacements =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (columns->field_count + 1));
  for (uint32_t i = 0; i < columns->field_count; i++) {
    replacements[i] = eagre_expression_column(binder->arena, i, columns->fields[i].type,
                                              eagre_expression_position(condition));
  }
  struct eagre_expression *time = window->expressions[0];
  replacements[columns->field_count] =
      window->is_session
          ? time
          : eagre_expression_window(binder->arena, time, &window->window, 0, window->position);
  return eagre_expression_substitute(binder->arena, condition, replacements);
}

static struct eagre_plan_node *sink_condition(struct plan_binder *binder,
                                              struct eagre_plan_node *input,
                                              struct eagre_expression *condition,
                                              struct eagre_sql_position position) {
  if (is_replaceable_window(input)) {
    condition = replace_window(binder, input, condition);
    input->inputs[0] = sink_condition(binder, input->inputs[0], condition, position);
    return input;
  }
  if (input->kind == EAGRE_PLAN_PROJECT) {
    return sink_through_project(binder, input, condition, position);
  }
  if (!eagre_plan_condition_passes(input, condition))
    return new_filter(binder, input, condition, position);
  if (input->kind == EAGRE_PLAN_JOIN) {
    eagre_plan_join_take(binder, input, condition, position);
    return input;
  }
  if (input->kind == EAGRE_PLAN_AGGREGATE) {
    condition = eagre_expression_substitute(binder->arena, condition, input->keys);
  }
  for (uint32_t i = 0; i < input->input_count; i++) {
    input->inputs[i] = sink_condition(binder, input->inputs[i], condition, position);
  }
  bool keeps_columns = input->kind == EAGRE_PLAN_WATERMARK || input->kind == EAGRE_PLAN_FILTER;
  if (keeps_columns) input->output = eagre_plan_input(input)->output;
  return input;
}

struct eagre_plan_node *eagre_plan_push_filters(struct plan_binder *binder,
                                                struct eagre_plan_node *node) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    node->inputs[i] = eagre_plan_push_filters(binder, node->inputs[i]);
  }
  if (node->kind == EAGRE_PLAN_JOIN) eagre_plan_push_join(binder, node);
  if (node->kind != EAGRE_PLAN_FILTER) return node;
  struct eagre_expression *conjuncts[CONJUNCT_COUNT_MAX];
  uint32_t count = eagre_expression_split_and(node->expressions[0], conjuncts, CONJUNCT_COUNT_MAX);
  struct eagre_plan_node *result = eagre_plan_input(node);
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_expression_is_deterministic(conjuncts[i])) {
      result = sink_condition(binder, result, conjuncts[i], node->position);
    } else {
      result = new_filter(binder, result, conjuncts[i], node->position);
    }
  }
  return result;
}
