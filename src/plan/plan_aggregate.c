/* GROUP BY: grouping expressions and aggregate calls become columns of the AGGREGATE node. */
#include <string.h>

#include "plan/plan_bind.h"

static bool is_aggregate_call(const struct eagre_sql_expression *tree) {
  return tree->kind == EAGRE_SQL_CALL && tree->over == NULL &&
         eagre_function_is_aggregate(tree->function);
}

bool eagre_plan_has_aggregate(const struct eagre_sql_expression *tree) {
  if (tree == NULL) return false;
  if (is_aggregate_call(tree)) return true;
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    if (eagre_plan_has_aggregate(tree->arguments[i].value)) return true;
  }
  const struct eagre_sql_over *over = tree->over;
  for (uint32_t i = 0; over != NULL && i < over->partition_by_count; i++) {
    if (eagre_plan_has_aggregate(over->partition_by[i])) return true;
  }
  for (uint32_t i = 0; over != NULL && i < over->order_by_count; i++) {
    if (eagre_plan_has_aggregate(over->order_by[i].expression)) return true;
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
    if (is_same_argument && eagre_aggregate_equal(&aggregation->aggregates[i], aggregate)) return i;
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

/* count(DISTINCT *): all columns of the relation, those of the qualifier when there is one. */
static enum eagre_status expand_star(struct plan_binder *binder, const struct plan_scope *below,
                                     const struct eagre_sql_expression *star,
                                     struct eagre_aggregate_call *call, struct eagre_error *error) {
  const struct plan_relation *relation = below->relation;
  struct eagre_expression **columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *columns * (relation->column_count + 1));
  uint32_t count = 0;
  for (uint32_t i = 0; i < relation->column_count; i++) {
    const struct plan_column *column = &relation->columns[i];
    bool is_wanted = !column->is_hidden;
    if (star->name.part_count > 0) {
      is_wanted = eagre_text_equal_ignoring_case(column->qualifier,
                                                 star->name.parts[star->name.part_count - 1]);
    }
    if (is_wanted) {
      columns[count++] = eagre_plan_column_reference(binder, relation, i, star->position);
    }
  }
  if (count == 0) {
    return eagre_plan_fail(error, star->position, "CANNOT_RESOLVE_STAR_EXPAND",
                           "Cannot resolve `%.*s` given the columns of the relation.",
                           (int)star->source.size, star->source.data);
  }
  call->arguments = columns;
  call->argument_count = count;
  return EAGRE_OK;
}

/* The arguments as they are written; none for count(*). */
static enum eagre_status bind_arguments(struct plan_binder *binder, const struct plan_scope *below,
                                        const struct eagre_sql_expression *tree,
                                        struct eagre_aggregate_call *call,
                                        struct eagre_error *error) {
  if (is_count_of_all(tree) && !tree->is_distinct) return EAGRE_OK;
  bool is_count = eagre_text_equal_ignoring_case(tree->function, EAGRE_TEXT("count"));
  if (is_count && tree->argument_count == 0) {
    return eagre_plan_fail(error, tree->position, "WRONG_NUM_ARGS.WITH_SUGGESTION",
                           "The `%.*s` requires > 0 parameters but the actual number is 0.",
                           (int)tree->function.size, tree->function.data);
  }
  if (is_count && tree->is_distinct && tree->arguments[0].value->kind == EAGRE_SQL_STAR) {
    return expand_star(binder, below, tree->arguments[0].value, call, error);
  }
  struct eagre_expression **arguments =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *arguments * (tree->argument_count + 1));
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    EAGRE_TRY(
        eagre_plan_bind_expression(binder, below, tree->arguments[i].value, &arguments[i], error));
  }
  call->arguments = arguments;
  call->argument_count = tree->argument_count;
  return EAGRE_OK;
}

static enum eagre_status bind_within_group(struct plan_binder *binder,
                                           const struct plan_scope *below,
                                           const struct eagre_sql_expression *tree,
                                           struct eagre_aggregate_call *call,
                                           struct eagre_error *error) {
  struct eagre_aggregate_order *order =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *order * (tree->within_group_count + 1));
  for (uint32_t i = 0; i < tree->within_group_count; i++) {
    const struct eagre_sql_order_item *item = &tree->within_group[i];
    EAGRE_TRY(
        eagre_plan_bind_expression(binder, below, item->expression, &order[i].expression, error));
    order[i].is_descending = item->is_descending;
    order[i].nulls_first = item->nulls_first;
  }
  call->order = order;
  call->order_count = tree->within_group_count;
  return EAGRE_OK;
}

/* FILTER (WHERE condition). */
static enum eagre_status bind_filter(struct plan_binder *binder, const struct plan_scope *below,
                                     const struct eagre_sql_expression *tree,
                                     struct eagre_expression **out, struct eagre_error *error) {
  *out = NULL;
  if (tree->filter == NULL) return EAGRE_OK;
  if (eagre_plan_has_aggregate(tree->filter)) {
    return eagre_plan_fail(error, tree->filter->position,
                           "INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE",
                           "The FILTER expression in an aggregate function is invalid. Expected a "
                           "FILTER expression without an aggregation.");
  }
  EAGRE_TRY(eagre_plan_bind_expression(binder, below, tree->filter, out, error));
  if (eagre_expression_type(*out)->kind == EAGRE_TYPE_BOOLEAN) return EAGRE_OK;
  return eagre_plan_fail(error, tree->filter->position, "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN",
                         "The FILTER expression in an aggregate function is invalid. Expected the "
                         "FILTER expression of the BOOLEAN type.");
}

static enum eagre_status check_call(const struct plan_scope *scope,
                                    const struct eagre_sql_expression *tree,
                                    struct eagre_error *error) {
  if (scope->aggregate_refusal != NULL || scope->aggregation == NULL) {
    bool is_where =
        scope->aggregate_refusal != NULL && strcmp(scope->aggregate_refusal, "WHERE") == 0;
    return eagre_plan_fail(error, tree->position,
                           is_where ? "INVALID_WHERE_CONDITION" : "UNSUPPORTED_EXPR_FOR_OPERATOR",
                           "The aggregate function `%.*s` is not allowed in %s.",
                           (int)tree->function.size, tree->function.data,
                           scope->aggregate_refusal == NULL ? "this place"
                                                            : scope->aggregate_refusal);
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

enum eagre_status
eagre_plan_bind_aggregate(struct plan_binder *binder, const struct plan_scope *scope,
                          const struct eagre_sql_expression *tree, struct eagre_aggregate *out,
                          struct eagre_expression **out_argument, struct eagre_error *error) {
  struct eagre_aggregate_call call = {
      .function = tree->function, .is_distinct = tree->is_distinct, .position = tree->position};
  *out_argument = NULL;
  EAGRE_TRY(bind_arguments(binder, scope, tree, &call, error));
  EAGRE_TRY(bind_within_group(binder, scope, tree, &call, error));
  EAGRE_TRY(bind_filter(binder, scope, tree, &call.filter, error));
  return eagre_aggregate_bind(binder->arena, &call, &binder->pipeline->expression_session, out,
                              out_argument, error);
}

enum eagre_status eagre_plan_bind_aggregate_call(struct plan_binder *binder,
                                                 struct plan_aggregation *aggregation,
                                                 const struct plan_scope *scope,
                                                 const struct eagre_sql_expression *tree,
                                                 struct eagre_expression **out,
                                                 struct eagre_error *error) {
  EAGRE_TRY(check_call(scope, tree, error));
  const struct plan_scope below = {.relation = aggregation->input,
                                   .window = scope->window,
                                   .aggregate_refusal = "an aggregate's argument"};
  struct eagre_aggregate aggregate;
  struct eagre_expression *argument = NULL;
  EAGRE_TRY(eagre_plan_bind_aggregate(binder, &below, tree, &aggregate, &argument, error));
  uint32_t index = add_aggregate(binder, aggregation, &aggregate, argument);
  *out = eagre_expression_column(binder->arena, aggregation->key_count + index,
                                 aggregate.result_type, tree->position);
  return EAGRE_OK;
}

enum eagre_status eagre_plan_collect_aggregates(struct plan_binder *binder,
                                                const struct plan_scope *scope,
                                                const struct eagre_sql_expression *tree,
                                                struct eagre_error *error) {
  struct eagre_expression *ignored = NULL;
  if (!eagre_plan_has_aggregate(tree)) return EAGRE_OK;
  if (is_aggregate_call(tree)) {
    return eagre_plan_bind_aggregate_call(binder, scope->aggregation, scope, tree, &ignored, error);
  }
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    EAGRE_TRY(eagre_plan_collect_aggregates(binder, scope, tree->arguments[i].value, error));
  }
  const struct eagre_sql_over *over = tree->over;
  for (uint32_t i = 0; over != NULL && i < over->partition_by_count; i++) {
    EAGRE_TRY(eagre_plan_collect_aggregates(binder, scope, over->partition_by[i], error));
  }
  for (uint32_t i = 0; over != NULL && i < over->order_by_count; i++) {
    EAGRE_TRY(eagre_plan_collect_aggregates(binder, scope, over->order_by[i].expression, error));
  }
  return EAGRE_OK;
}

struct eagre_expression *eagre_plan_find_key(struct plan_binder *binder,
                                             const struct plan_aggregation *aggregation,
                                             const struct eagre_expression *bound,
                                             struct eagre_sql_position position) {
  uint32_t count = aggregation->is_expanded ? aggregation->written_count : aggregation->key_count;
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_expression *key =
        aggregation->is_expanded ? aggregation->written_keys[i] : aggregation->keys[i];
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
