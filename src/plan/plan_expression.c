/* Syntax tree of an expression -> bound expression. */
#include <string.h>

#include "plan/plan_bind.h"

enum { ARGUMENT_COUNT_MAX = 4096 };

struct eagre_expression *eagre_plan_null(struct plan_binder *binder,
                                         const struct eagre_type *type) {
  struct eagre_sql_expression tree = {.kind = EAGRE_SQL_LITERAL, .literal = EAGRE_SQL_LITERAL_NULL};
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  struct eagre_expression *null = NULL;
  struct eagre_error error;
  enum eagre_status status = eagre_expression_literal(binder->arena, &tree, session, &null, &error);
  eagre_assert(status == EAGRE_OK);
  status = eagre_expression_cast(binder->arena, null, type, false, session, tree.position, &null,
                                 &error);
  eagre_assert(status == EAGRE_OK);
  return null;
}

static enum eagre_status bind_arguments(struct plan_binder *binder, const struct plan_scope *scope,
                                        const struct eagre_sql_expression *tree,
                                        struct eagre_expression ***out, struct eagre_error *error) {
  if (tree->argument_count > ARGUMENT_COUNT_MAX) {
    return eagre_plan_fail(error, tree->position, "WRONG_NUM_ARGS", "More than %d arguments.",
                           ARGUMENT_COUNT_MAX);
  }
  struct eagre_expression **arguments =
      eagre_arena_allocate_zeroed(binder->arena, sizeof(void *) * (tree->argument_count + 1));
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    if (tree->arguments[i].name.size > 0) {
      return eagre_plan_fail(error, tree->arguments[i].value->position,
                             "NAMED_PARAMETERS_NOT_SUPPORTED",
                             "Named arguments are not supported for the function `%.*s`.",
                             (int)tree->function.size, tree->function.data);
    }
    EAGRE_TRY(
        eagre_plan_bind_expression(binder, scope, tree->arguments[i].value, &arguments[i], error));
  }
  *out = arguments;
  return EAGRE_OK;
}

static enum eagre_status refuse(struct eagre_error *error, struct eagre_sql_position position,
                                const char *class_name, const char *what, const char *hint) {
  eagre_plan_fail(error, position, class_name, "%s not supported yet.", what);
  eagre_error_hint(error, "%s", hint);
  return EAGRE_USAGE;
}

/* struct(a, b.c AS d, *): names come from the arguments' spelling, as Spark does. */
static struct eagre_text struct_field_name(struct plan_binder *binder,
                                           const struct eagre_sql_expression *tree,
                                           uint32_t ordinal) {
  if (tree->kind == EAGRE_SQL_NAME) return tree->name.parts[tree->name.part_count - 1];
  if (tree->kind == EAGRE_SQL_FIELD) return tree->text;
  return eagre_arena_printf(binder->arena, "col%u", ordinal + 1);
}

struct struct_fields {
  struct eagre_expression **values;
  struct eagre_text *names;
  uint32_t count;
  uint32_t capacity;
};

static void add_struct_field(struct plan_binder *binder, struct struct_fields *fields,
                             struct eagre_expression *value, struct eagre_text name) {
  if (fields->count == fields->capacity) {
    uint32_t capacity = fields->capacity == 0 ? 16 : fields->capacity * 2;
    struct eagre_expression **values =
        eagre_arena_allocate(binder->arena, sizeof *values * capacity);
    struct eagre_text *names = eagre_arena_allocate(binder->arena, sizeof *names * capacity);
    if (fields->count > 0) {
      memcpy(values, fields->values, sizeof *values * fields->count);
      memcpy(names, fields->names, sizeof *names * fields->count);
    }
    *fields = (struct struct_fields){values, names, fields->count, capacity};
  }
  fields->values[fields->count] = value;
  fields->names[fields->count] = name;
  fields->count += 1;
}

/* struct(*): every column of the input. */
static void add_star(struct plan_binder *binder, const struct plan_scope *scope,
                     const struct eagre_sql_expression *star, struct struct_fields *fields) {
  const struct plan_relation *relation = scope->relation;
  for (uint32_t i = 0; i < relation->column_count; i++) {
    const struct plan_column *column = &relation->columns[i];
    bool is_wanted = star->name.part_count == 0
                         ? !column->is_hidden
                         : eagre_text_equal_ignoring_case(column->qualifier, star->name.parts[0]);
    if (!is_wanted) continue;
    add_struct_field(binder, fields,
                     eagre_plan_column_reference(binder, relation, i, star->position),
                     column->name);
  }
}

static enum eagre_status bind_struct(struct plan_binder *binder, const struct plan_scope *scope,
                                     const struct eagre_sql_expression *tree,
                                     struct eagre_expression **out, struct eagre_error *error) {
  struct struct_fields fields = {0};
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    const struct eagre_sql_expression *argument = tree->arguments[i].value;
    if (argument->kind == EAGRE_SQL_STAR) {
      add_star(binder, scope, argument, &fields);
      continue;
    }
    struct eagre_expression *value = NULL;
    EAGRE_TRY(eagre_plan_bind_expression(binder, scope, argument, &value, error));
    struct eagre_text name = tree->arguments[i].name.size > 0
                                 ? tree->arguments[i].name
                                 : struct_field_name(binder, argument, i);
    add_struct_field(binder, &fields, value, name);
  }
  if (fields.count == 0) {
    return eagre_plan_fail(error, tree->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `struct` requires > 0 parameters but the actual number is 0.");
  }
  *out = eagre_expression_struct(binder->arena, fields.values, fields.names, fields.count,
                                 tree->position);
  return EAGRE_OK;
}

/* Spark's ltrim(characters, text) and rtrim(characters, text); TRIM(LEADING characters FROM text)
 * comes as the operator ltrim(text, characters). */
static bool puts_characters_first(const struct eagre_sql_expression *tree) {
  bool is_trim = eagre_text_equal_string(tree->function, "ltrim") ||
                 eagre_text_equal_string(tree->function, "rtrim");
  return is_trim && tree->argument_count == 2 && !tree->is_operator;
}

/* Inside an expression of the SELECT list, an aggregate's argument or another generator. */
static bool is_inside_item(const struct plan_scope *scope) {
  if (scope->aliases != NULL) return scope->aliases->rank == PLAN_ALIAS_LATERAL;
  const char *place = scope->aggregate_refusal;
  return place != NULL &&
         (strcmp(place, "a generator") == 0 || strcmp(place, "an aggregate's argument") == 0);
}

static enum eagre_status bind_call(struct plan_binder *binder, const struct plan_scope *scope,
                                   const struct eagre_sql_expression *tree,
                                   struct eagre_expression **out, struct eagre_error *error) {
  if (tree->over != NULL) return eagre_plan_bind_over(binder, scope, tree, out, error);
  bool is_window = eagre_text_equal_string(tree->function, "window") ||
                   eagre_text_equal_string(tree->function, "session_window");
  if (is_window) return eagre_plan_bind_window_call(binder, scope, tree, out, error);
  if (eagre_text_equal_string(tree->function, "struct")) {
    return bind_struct(binder, scope, tree, out, error);
  }
  if (eagre_plan_is_grouping_call(tree)) {
    return eagre_plan_bind_grouping_call(binder, scope, tree, out, error);
  }
  if (eagre_function_is_aggregate(tree->function)) {
    return eagre_plan_bind_aggregate_call(binder, scope->aggregation, scope, tree, out, error);
  }
  if (tree->filter != NULL || tree->is_distinct || tree->within_group_count > 0) {
    return eagre_plan_fail(
        error, tree->position, "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
        "The function `%.*s` does not support %s.", (int)tree->function.size, tree->function.data,
        tree->is_distinct      ? "DISTINCT"
        : tree->filter != NULL ? "FILTER"
                               : "WITHIN GROUP");
  }
  if (eagre_plan_is_generator(tree)) {
    bool is_nested = is_inside_item(scope);
    return eagre_plan_fail(error, tree->position,
                           is_nested ? "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS"
                                     : "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT",
                           "The generator is not supported: %s, found: %.*s.",
                           is_nested ? "nested in expressions" : "outside the SELECT clause",
                           (int)tree->source.size, tree->source.data);
  }
  if (eagre_plan_is_table_generator(tree)) {
    eagre_plan_fail(error, tree->position, "NOT_A_SCALAR_FUNCTION",
                    "`%.*s` appears as a scalar expression here, but the function was defined as a "
                    "table function.",
                    (int)tree->function.size, tree->function.data);
    eagre_error_hint(error, "write it in FROM: FROM t, LATERAL %.*s(...)", (int)tree->function.size,
                     tree->function.data);
    return EAGRE_USAGE;
  }
  bool has_lambda = false;
  EAGRE_TRY(eagre_plan_bind_lambda_call(binder, scope, tree, &has_lambda, out, error));
  if (has_lambda) return EAGRE_OK;
  struct eagre_expression **arguments = NULL;
  EAGRE_TRY(bind_arguments(binder, scope, tree, &arguments, error));
  if (puts_characters_first(tree)) {
    struct eagre_expression *characters = arguments[0];
    arguments[0] = arguments[1];
    arguments[1] = characters;
  }
  return eagre_expression_call(binder->arena, tree->function, arguments, tree->argument_count,
                               &binder->pipeline->expression_session, tree->position, out, error);
}

/* CASE x WHEN a ... becomes CASE WHEN x = a ...: the operand is evaluated once, being shared. */
static enum eagre_status bind_case(struct plan_binder *binder, const struct plan_scope *scope,
                                   const struct eagre_sql_expression *tree,
                                   struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_expression **arguments = NULL;
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  EAGRE_TRY(bind_arguments(binder, scope, tree, &arguments, error));
  uint32_t count = tree->argument_count;
  if (tree->has_operand) {
    uint32_t pairs = (count - 1) / 2;
    for (uint32_t i = 0; i < pairs; i++) {
      struct eagre_expression *sides[2] = {arguments[0], arguments[1 + 2 * i]};
      EAGRE_TRY(eagre_expression_call(binder->arena, EAGRE_TEXT("="), sides, 2, session,
                                      tree->position, &arguments[1 + 2 * i], error));
    }
    arguments += 1;
    count -= 1;
  }
  return eagre_expression_case(binder->arena, arguments, count, tree->has_else, session,
                               tree->position, out, error);
}

static enum eagre_status bind_cast(struct plan_binder *binder, const struct plan_scope *scope,
                                   const struct eagre_sql_expression *tree,
                                   struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_expression *value = NULL;
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree->arguments[0].value, &value, error));
  return eagre_expression_cast(binder->arena, value, tree->type, tree->is_try,
                               &binder->pipeline->expression_session, tree->position, out, error);
}

static enum eagre_status bind_field(struct plan_binder *binder, const struct plan_scope *scope,
                                    const struct eagre_sql_expression *tree,
                                    struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_expression *value = NULL;
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree->arguments[0].value, &value, error));
  return eagre_plan_resolve_field(binder, value, tree->text, tree->position, out, error);
}

static enum eagre_status bind_colon(struct plan_binder *binder, const struct plan_scope *scope,
                                    const struct eagre_sql_expression *tree,
                                    struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_expression *value = NULL;
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree->arguments[0].value, &value, error));
  return eagre_expression_colon(binder->arena, value, tree->text, tree->position, out, error);
}

/* s['field'] on a struct, or on an array of structs, is field access. */
static enum eagre_status bind_index(struct plan_binder *binder, const struct plan_scope *scope,
                                    const struct eagre_sql_expression *tree,
                                    struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_expression *value = NULL;
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree->arguments[0].value, &value, error));
  const struct eagre_sql_expression *index = tree->arguments[1].value;
  const struct eagre_type *type = eagre_expression_type(value);
  bool has_fields =
      type->kind == EAGRE_TYPE_STRUCT ||
      (type->kind == EAGRE_TYPE_ARRAY && type->fields[0].type->kind == EAGRE_TYPE_STRUCT);
  bool is_name = index->kind == EAGRE_SQL_LITERAL && index->literal == EAGRE_SQL_LITERAL_STRING;
  if (is_name && has_fields) {
    return eagre_plan_resolve_field(binder, value, index->text, tree->position, out, error);
  }
  struct eagre_expression *place = NULL;
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, index, &place, error));
  return eagre_expression_subscript(binder->arena, value, place,
                                    &binder->pipeline->expression_session, tree->position, out,
                                    error);
}

/* A subquery was joined before the expression is bound. */
static enum eagre_status bind_attached(const struct plan_scope *scope,
                                       const struct eagre_sql_expression *tree,
                                       struct eagre_expression **out, struct eagre_error *error) {
  for (const struct plan_attached *each = scope->attached; each != NULL; each = each->next) {
    if (each->tree != tree) continue;
    *out = each->value;
    return EAGRE_OK;
  }
  return refuse(error, tree->position, "UNSUPPORTED_FEATURE.SUBQUERY_EXPRESSION",
                "Subqueries are allowed in WHERE, HAVING, ORDER BY and a SELECT list; here they "
                "are",
                "use a subquery in FROM");
}

enum eagre_status eagre_plan_fail_not_grouped(const struct eagre_sql_expression *tree,
                                              const struct plan_aggregation *aggregation,
                                              struct eagre_error *error) {
  if (aggregation->key_count == 0) {
    eagre_plan_fail(error, tree->position, "MISSING_GROUP_BY",
                    "The query does not include a GROUP BY clause, but \"%.*s\" stands beside "
                    "aggregates.",
                    (int)tree->source.size, tree->source.data);
    eagre_error_hint(error, "add GROUP BY, or aggregate the expression, for example with min(...)");
    return EAGRE_USAGE;
  }
  eagre_plan_fail(error, tree->position, "MISSING_AGGREGATION",
                  "The non-aggregating expression \"%.*s\" is based on columns which are not "
                  "participating in the GROUP BY clause.",
                  (int)tree->source.size, tree->source.data);
  eagre_error_hint(error, "add the columns or the expression to the GROUP BY, aggregate the "
                          "expression, or use min(...) if any value of the group will do");
  return EAGRE_USAGE;
}

/* A NAME above a GROUP BY that is no grouping expression: an item of the SELECT list, unless a
 * column of the input has the name and the list does not win over columns. */
static enum eagre_status bind_name_above_group(struct plan_binder *binder,
                                               const struct plan_scope *scope,
                                               const struct eagre_sql_expression *tree,
                                               struct eagre_expression **out,
                                               struct eagre_error *error) {
  struct plan_scope below = {.relation = scope->aggregation->input};
  struct eagre_expression *column = NULL;
  bool list_wins = scope->aliases != NULL && scope->aliases->rank != PLAN_ALIAS_LATERAL;
  enum eagre_status status = eagre_plan_resolve_name(binder, &below, &tree->name, &column, error);
  if (status != EAGRE_OK || list_wins) {
    struct eagre_error alias_error;
    if (eagre_plan_resolve_alias(binder, scope, &tree->name, out, &alias_error) != EAGRE_OK) {
      if (error != NULL) *error = alias_error;
      return EAGRE_USAGE;
    }
    if (*out != NULL) return EAGRE_OK;
  }
  return status == EAGRE_OK ? eagre_plan_fail_not_grouped(tree, scope->aggregation, error) : status;
}

static enum eagre_status bind_name(struct plan_binder *binder, const struct plan_scope *scope,
                                   const struct eagre_sql_expression *tree,
                                   struct eagre_expression **out, struct eagre_error *error) {
  if (scope->aggregation != NULL) return bind_name_above_group(binder, scope, tree, out, error);
  return eagre_plan_resolve_name(binder, scope, &tree->name, out, error);
}

static bool is_name_of_order(const struct plan_scope *scope,
                             const struct eagre_sql_expression *tree) {
  return tree->kind == EAGRE_SQL_NAME && tree->name.part_count == 1 && scope->aliases != NULL &&
         scope->aliases->rank == PLAN_ALIAS_ORDER;
}

enum eagre_status eagre_plan_bind_expression(struct plan_binder *binder,
                                             const struct plan_scope *scope,
                                             const struct eagre_sql_expression *tree,
                                             struct eagre_expression **out,
                                             struct eagre_error *error) {
  if (scope->lambda != NULL && tree->kind == EAGRE_SQL_NAME) {
    EAGRE_TRY(eagre_plan_resolve_parameter(binder, scope, &tree->name, out, error));
    if (*out != NULL) return EAGRE_OK;
  }
  if (scope->aggregation != NULL && !eagre_plan_names_parameter(scope, tree)) {
    *out = NULL;
    if (is_name_of_order(scope, tree)) {
      EAGRE_TRY(eagre_plan_resolve_alias(binder, scope, &tree->name, out, error));
    }
    if (*out == NULL) eagre_plan_match_key(binder, scope, tree, out);
    if (*out != NULL) return EAGRE_OK;
  }
  switch (tree->kind) {
  case EAGRE_SQL_LITERAL:
    EAGRE_TRY(eagre_plan_refuse_secret(tree->text, tree->position, error));
    return eagre_expression_literal(binder->arena, tree, &binder->pipeline->expression_session, out,
                                    error);
  case EAGRE_SQL_NAME:
    return bind_name(binder, scope, tree, out, error);
  case EAGRE_SQL_CALL:
    return bind_call(binder, scope, tree, out, error);
  case EAGRE_SQL_CAST:
    return bind_cast(binder, scope, tree, out, error);
  case EAGRE_SQL_CASE:
    return bind_case(binder, scope, tree, out, error);
  case EAGRE_SQL_FIELD:
    return bind_field(binder, scope, tree, out, error);
  case EAGRE_SQL_COLON:
    return bind_colon(binder, scope, tree, out, error);
  case EAGRE_SQL_INDEX:
    return bind_index(binder, scope, tree, out, error);
  case EAGRE_SQL_STAR:
  case EAGRE_SQL_FIELD_STAR:
    return eagre_plan_fail(error, tree->position, "INVALID_USAGE_OF_STAR_OR_REGEX",
                           "Invalid usage of '*' in an expression.");
  case EAGRE_SQL_LAMBDA:
    return eagre_plan_fail(error, tree->position,
                           "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
                           "A lambda function should only be used in a higher order function.");
  case EAGRE_SQL_SUBQUERY:
    return bind_attached(scope, tree, out, error);
  }
  return eagre_error_set(error, EAGRE_INTERNAL, "INTERNAL_ERROR", "unknown expression kind %d",
                         (int)tree->kind);
}

enum eagre_status eagre_plan_bind_condition(struct plan_binder *binder,
                                            const struct plan_scope *scope,
                                            const struct eagre_sql_expression *tree,
                                            const char *clause, struct eagre_expression **out,
                                            struct eagre_error *error) {
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree, out, error));
  const struct eagre_type *type = eagre_expression_type(*out);
  if (type->kind == EAGRE_TYPE_BOOLEAN) return EAGRE_OK;
  if (type->kind == EAGRE_TYPE_NULL) {
    *out = eagre_plan_null(binder, eagre_type_of(EAGRE_TYPE_BOOLEAN));
    return EAGRE_OK;
  }
  struct eagre_buffer printed = {0};
  eagre_type_print(&printed, type);
  eagre_plan_fail(error, tree->position, "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN",
                  "The %s condition \"%.*s\" is of type \"%s\", but \"BOOLEAN\" is needed.", clause,
                  (int)tree->source.size, tree->source.data, eagre_buffer_string(&printed));
  eagre_buffer_done(&printed);
  return EAGRE_USAGE;
}

static enum eagre_status fold_constant(struct plan_binder *binder,
                                       const struct eagre_sql_expression *tree,
                                       const struct eagre_type *type, struct eagre_vector *out,
                                       struct eagre_error *error) {
  struct plan_relation empty = {0};
  struct plan_scope scope = {.relation = &empty};
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  struct eagre_expression *value = NULL;
  EAGRE_TRY(eagre_plan_bind_expression(binder, &scope, tree, &value, error));
  if (!eagre_expression_is_constant(value)) {
    return eagre_plan_fail(error, tree->position, "NON_FOLDABLE_ARGUMENT",
                           "\"%.*s\" must be a constant.", (int)tree->source.size,
                           tree->source.data);
  }
  bool is_number = type->kind == EAGRE_TYPE_BIGINT;
  enum eagre_type_kind kind = eagre_expression_type(value)->kind;
  if (is_number && !eagre_type_is_integral(kind) && kind != EAGRE_TYPE_NULL) {
    return eagre_plan_fail(error, tree->position, "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE",
                           "\"%.*s\" must be a whole number.", (int)tree->source.size,
                           tree->source.data);
  }
  EAGRE_TRY(eagre_expression_cast(binder->arena, value, type, false, session, tree->position,
                                  &value, error));
  return eagre_expression_fold(binder->arena, value, session, out, error);
}

enum eagre_status eagre_plan_constant_text(struct plan_binder *binder,
                                           const struct eagre_sql_expression *tree,
                                           struct eagre_text *out, struct eagre_error *error) {
  struct eagre_vector value;
  EAGRE_TRY(fold_constant(binder, tree, eagre_type_of(EAGRE_TYPE_STRING), &value, error));
  if (eagre_vector_is_null(&value, 0)) {
    return eagre_plan_fail(error, tree->position, "INVALID_OPTION_VALUE",
                           "NULL is no option value.");
  }
  *out = eagre_arena_copy_text(binder->arena, EAGRE_VALUES(struct eagre_text, &value)[0]);
  return EAGRE_OK;
}

static bool reads_names(const struct eagre_sql_expression *tree) {
  if (tree->kind == EAGRE_SQL_NAME) return true;
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    if (reads_names(tree->arguments[i].value)) return true;
  }
  return false;
}

enum eagre_status eagre_plan_constant_integer(struct plan_binder *binder,
                                              const struct eagre_sql_expression *tree,
                                              const char *clause, int64_t *out,
                                              struct eagre_error *error) {
  struct eagre_vector value;
  if (reads_names(tree)) {
    bool is_limit = strcmp(clause, "LIMIT") == 0 || strcmp(clause, "OFFSET") == 0;
    return eagre_plan_fail(error, tree->position,
                           is_limit ? "INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE"
                                    : "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                           "The %s must be a constant, but got \"%.*s\".", clause,
                           (int)tree->source.size, tree->source.data);
  }
  EAGRE_TRY(fold_constant(binder, tree, eagre_type_of(EAGRE_TYPE_BIGINT), &value, error));
  if (eagre_vector_is_null(&value, 0)) {
    return eagre_plan_fail(error, tree->position, "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE",
                           "The %s must be a whole number, not NULL.", clause);
  }
  if (EAGRE_VALUES(int64_t, &value)[0] < 0) {
    return eagre_plan_fail(error, tree->position, "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE",
                           "The %s must not be negative.", clause);
  }
  *out = EAGRE_VALUES(int64_t, &value)[0];
  return EAGRE_OK;
}
