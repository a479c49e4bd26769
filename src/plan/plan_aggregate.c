/* GROUP BY: grouping expressions and aggregate calls become columns of the AGGREGATE node. */
#include <string.h>

#include "plan/plan_bind.h"

static bool is_aggregate_call(const struct eagre_sql_expression *tree) {
  return tree->kind == EAGRE_SQL_CALL && !tree->has_over &&
         eagre_function_is_aggregate(tree->function);
}

bool eagre_plan_has_aggregate(const struct eagre_sql_expression *tree) {
  if (tree == NULL || tree->kind == EAGRE_SQL_SUBQUERY) return false;
  if (is_aggregate_call(tree)) return true;
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    if (eagre_plan_has_aggregate(tree->arguments[i].value)) return true;
  }
  return false;
}

/* Index of an equal aggregate, or of a new one. */
static uint32_t add_aggregate(struct plan_binder *binder, struct plan_aggregation *aggregation,
                              const struct eagre_aggregate *aggregate,
                              struct eagre_expression *argument) {
  for (uint32_t i = 0; i < aggregation->aggregate_count; i++) {
    struct eagre_expression *known = aggregation->arguments[i];
    bool is_same_argument = known == argument || (known != NULL && argument != NULL &&
                                                  eagre_expression_equal(known, argument));
    if (is_same_argument && aggregation->aggregates[i].kind == aggregate->kind) return i;
  }
  if (aggregation->aggregate_count == aggregation->aggregate_capacity) {
    uint32_t capacity =
        aggregation->aggregate_capacity == 0 ? 8 : aggregation->aggregate_capacity * 2;
    struct eagre_aggregate *aggregates =
        eagre_arena_allocate(binder->arena, sizeof *aggregates * capacity);
    struct eagre_expression **arguments =
        eagre_arena_allocate(binder->arena, sizeof *arguments * capacity);
    if (aggregation->aggregate_count > 0) {
      memcpy(aggregates, aggregation->aggregates,
             sizeof *aggregates * aggregation->aggregate_count);
      memcpy(arguments, aggregation->arguments, sizeof *arguments * aggregation->aggregate_count);
    }
    aggregation->aggregates = aggregates;
    aggregation->arguments = arguments;
    aggregation->aggregate_capacity = capacity;
  }
  uint32_t index = aggregation->aggregate_count++;
  aggregation->aggregates[index] = *aggregate;
  aggregation->arguments[index] = argument;
  return index;
}

static bool is_count_of_all(const struct eagre_sql_expression *tree) {
  if (!eagre_text_equal_string(tree->function, "count") || tree->argument_count != 1) return false;
  const struct eagre_sql_expression *argument = tree->arguments[0].value;
  return argument->kind == EAGRE_SQL_STAR ||
         (argument->kind == EAGRE_SQL_LITERAL && argument->literal != EAGRE_SQL_LITERAL_NULL);
}

static enum eagre_status literal_one(struct plan_binder *binder, struct eagre_sql_position position,
                                     struct eagre_expression **out, struct eagre_error *error) {
  const struct eagre_sql_expression one = {.kind = EAGRE_SQL_LITERAL,
                                           .literal = EAGRE_SQL_LITERAL_INTEGER,
                                           .type_kind = EAGRE_TYPE_INT,
                                           .text = EAGRE_TEXT("1"),
                                           .position = position};
  return eagre_expression_literal(binder->arena, &one, &binder->pipeline->expression_session, out,
                                  error);
}

/* f(x) FILTER (WHERE c) is f(CASE WHEN c THEN x END): every aggregate here ignores NULL. Of
 * count(*), where x is NULL, it counts the rows where the condition is true. */
static enum eagre_status apply_filter(struct plan_binder *binder, const struct plan_scope *below,
                                      const struct eagre_sql_expression *tree,
                                      struct eagre_expression **inout_argument,
                                      struct eagre_error *error) {
  struct eagre_expression *parts[2] = {NULL, *inout_argument};
  EAGRE_TRY(eagre_plan_bind_condition(binder, below, tree->filter, "FILTER", &parts[0], error));
  if (parts[1] == NULL) EAGRE_TRY(literal_one(binder, tree->position, &parts[1], error));
  return eagre_expression_case(binder->arena, parts, 2, false,
                               &binder->pipeline->expression_session, tree->position,
                               inout_argument, error);
}

/* count(a, b) counts the rows where none of them is NULL. */
static enum eagre_status bind_count_of_several(struct plan_binder *binder,
                                               const struct plan_scope *below,
                                               const struct eagre_sql_expression *tree,
                                               struct eagre_expression **out,
                                               struct eagre_error *error) {
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  struct eagre_expression *parts[2] = {NULL, NULL};
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    struct eagre_expression *each = NULL;
    EAGRE_TRY(eagre_plan_bind_expression(binder, below, tree->arguments[i].value, &each, error));
    EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("isnotnull"), &each, 1, session,
                                    tree->position, &each, error));
    if (parts[0] != NULL) {
      struct eagre_expression *both[2] = {parts[0], each};
      EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("and"), both, 2, session,
                                      tree->position, &each, error));
    }
    parts[0] = each;
  }
  EAGRE_TRY(literal_one(binder, tree->position, &parts[1], error));
  return eagre_expression_case(binder->arena, parts, 2, false, session, tree->position, out, error);
}

/* The one argument an aggregate gets; NULL for count(*). */
static enum eagre_status bind_argument(struct plan_binder *binder, const struct plan_scope *below,
                                       const struct eagre_sql_expression *tree,
                                       struct eagre_expression **out, struct eagre_error *error) {
  *out = NULL;
  if (is_count_of_all(tree)) return EAGRE_OK;
  if (eagre_text_equal_string(tree->function, "count") && tree->argument_count > 1) {
    return bind_count_of_several(binder, below, tree, out, error);
  }
  if (tree->argument_count != 1) {
    return eagre_plan_fail(error, tree->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `%.*s` requires 1 parameter but the actual number is %u.",
                           (int)tree->function.size, tree->function.data, tree->argument_count);
  }
  return eagre_plan_bind_expression(binder, below, tree->arguments[0].value, out, error);
}

static enum eagre_status check_call(const struct plan_scope *scope,
                                    const struct eagre_sql_expression *tree,
                                    struct eagre_error *error) {
  if (scope->aggregate_refusal != NULL || scope->aggregation == NULL) {
    return eagre_plan_fail(error, tree->position, "INVALID_WHERE_CONDITION",
                           "The aggregate function `%.*s` is not allowed in %s.",
                           (int)tree->function.size, tree->function.data,
                           scope->aggregate_refusal == NULL ? "this place"
                                                            : scope->aggregate_refusal);
  }
  if (tree->is_distinct) {
    eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.DISTINCT_AGGREGATE",
                    "DISTINCT aggregates are not supported yet.");
    eagre_error_hint(error, "group by the value in a subquery first");
    return EAGRE_USAGE;
  }
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    if (eagre_plan_has_aggregate(tree->arguments[i].value)) {
      return eagre_plan_fail(
          error, tree->arguments[i].value->position, "NESTED_AGGREGATE_FUNCTION",
          "It is not allowed to use an aggregate function in the argument of another "
          "aggregate function.");
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_plan_bind_aggregate_call(struct plan_binder *binder,
                                                 struct plan_aggregation *aggregation,
                                                 const struct plan_scope *scope,
                                                 const struct eagre_sql_expression *tree,
                                                 struct eagre_expression **out,
                                                 struct eagre_error *error) {
  EAGRE_TRY(check_call(scope, tree, error));
  struct plan_scope below = {.relation = aggregation->input,
                             .window = scope->window,
                             .aggregate_refusal = "an aggregate's argument"};
  struct eagre_expression *argument = NULL;
  EAGRE_TRY(bind_argument(binder, &below, tree, &argument, error));
  if (tree->filter != NULL) EAGRE_TRY(apply_filter(binder, &below, tree, &argument, error));
  struct eagre_aggregate aggregate;
  EAGRE_TRY(eagre_aggregate_bind(binder->arena, tree->function, &argument,
                                 &binder->pipeline->expression_session, tree->position, &aggregate,
                                 error));
  uint32_t index = add_aggregate(binder, aggregation, &aggregate, argument);
  *out = eagre_expression_column(binder->arena, aggregation->key_count + index,
                                 aggregate.result_type, tree->position);
  return EAGRE_OK;
}

struct eagre_expression *eagre_plan_find_key(struct plan_binder *binder,
                                             const struct plan_aggregation *aggregation,
                                             const struct eagre_expression *bound,
                                             struct eagre_sql_position position) {
  for (uint32_t i = 0; i < aggregation->key_count; i++) {
    struct eagre_expression *key = aggregation->keys[i];
    if (!eagre_expression_equal(key, bound)) continue;
    return eagre_expression_column(binder->arena, i, eagre_expression_type(key), position);
  }
  return NULL;
}

/* `key.field`: the longest beginning of the name that is a grouping expression. */
static struct eagre_expression *match_field_of_key(struct plan_binder *binder,
                                                   const struct plan_scope *scope,
                                                   const struct eagre_sql_name *name) {
  const struct plan_scope below = {.relation = scope->aggregation->input};
  struct eagre_error ignored;
  for (uint32_t count = name->part_count - 1; count >= 1; count--) {
    struct eagre_sql_name beginning = *name;
    struct eagre_expression *value = NULL;
    beginning.part_count = count;
    if (eagre_plan_resolve_name(binder, &below, &beginning, &value, &ignored) != EAGRE_OK) continue;
    value = eagre_plan_find_key(binder, scope->aggregation, value, name->position);
    for (uint32_t i = count; value != NULL && i < name->part_count; i++) {
      enum eagre_status status =
          eagre_plan_resolve_field(binder, value, name->parts[i], name->position, &value, &ignored);
      if (status != EAGRE_OK) value = NULL;
    }
    if (value != NULL) return value;
  }
  return NULL;
}

void eagre_plan_match_key(struct plan_binder *binder, const struct plan_scope *scope,
                          const struct eagre_sql_expression *tree, struct eagre_expression **out) {
  *out = NULL;
  if (tree->kind == EAGRE_SQL_LITERAL || eagre_plan_has_aggregate(tree)) return;
  struct plan_scope below = {.relation = scope->aggregation->input, .window = scope->window};
  struct eagre_expression *bound = NULL;
  struct eagre_error ignored;
  if (eagre_plan_bind_expression(binder, &below, tree, &bound, &ignored) == EAGRE_OK) {
    *out = eagre_plan_find_key(binder, scope->aggregation, bound, tree->position);
  }
  if (*out == NULL && tree->kind == EAGRE_SQL_NAME) {
    *out = match_field_of_key(binder, scope, &tree->name);
  }
}
