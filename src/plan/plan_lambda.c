/* Lambdas: the scopes of their parameters, and calls of the functions that take them. */
#include <string.h>

#include "plan/plan_bind.h"

enum { PARAMETERS_MAX = 3 };

/* ---- Names ----------------------------------------------------------------------------------- */

static struct eagre_expression *find_parameter(const struct plan_lambda *lambda,
                                               struct eagre_text name) {
  for (; lambda != NULL; lambda = lambda->outer) {
    for (uint32_t i = 0; i < lambda->count; i++) {
      if (eagre_text_equal_ignoring_case(lambda->names[i], name)) return lambda->variables[i];
    }
  }
  return NULL;
}

enum eagre_status eagre_plan_resolve_parameter(struct plan_binder *binder,
                                               const struct plan_scope *scope,
                                               const struct eagre_sql_name *name,
                                               struct eagre_expression **out,
                                               struct eagre_error *error) {
  *out = find_parameter(scope->lambda, name->parts[0]);
  for (uint32_t i = 1; *out != NULL && i < name->part_count; i++) {
    EAGRE_TRY(eagre_plan_resolve_field(binder, *out, name->parts[i], name->position, out, error));
  }
  return EAGRE_OK;
}

bool eagre_plan_names_parameter(const struct plan_scope *scope,
                                const struct eagre_sql_expression *tree) {
  if (scope->lambda == NULL) return false;
  if (tree->kind == EAGRE_SQL_NAME) {
    return find_parameter(scope->lambda, tree->name.parts[0]) != NULL;
  }
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    if (eagre_plan_names_parameter(scope, tree->arguments[i].value)) return true;
  }
  return false;
}

/* ---- One lambda ------------------------------------------------------------------------------ */

static enum eagre_status check_names(const struct eagre_sql_expression *lambda,
                                     struct eagre_error *error) {
  for (uint32_t i = 0; i < lambda->name.part_count; i++) {
    for (uint32_t j = 0; j < i; j++) {
      if (!eagre_text_equal_ignoring_case(lambda->name.parts[i], lambda->name.parts[j])) continue;
      return eagre_plan_fail(error, lambda->position,
                             "INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES",
                             "Invalid lambda function call. The lambda function has duplicate "
                             "arguments `%.*s`. Please, consider to rename the argument names.",
                             (int)lambda->name.parts[i].size, lambda->name.parts[i].data);
    }
  }
  return EAGRE_OK;
}

/* Argument `index`, whose parameters have the types. What is no lambda is the body of one that
 * ignores its parameters, as in Spark. */
static enum eagre_status bind_body(struct plan_binder *binder, const struct plan_scope *scope,
                                   const struct eagre_sql_expression *tree,
                                   const struct eagre_type *const *types, uint32_t count,
                                   struct eagre_expression **out, struct eagre_error *error) {
  bool is_lambda = tree->kind == EAGRE_SQL_LAMBDA;
  const struct eagre_sql_expression *body_tree = is_lambda ? tree->arguments[0].value : tree;
  struct eagre_expression *variables[PARAMETERS_MAX];
  struct plan_lambda lambda = {.names = tree->name.parts,
                               .variables = variables,
                               .count = is_lambda ? count : 0,
                               .outer = scope->lambda};
  if (scope->lambda != NULL) {
    lambda.first_number = scope->lambda->first_number + PARAMETERS_MAX;
  }
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_text name = is_lambda ? tree->name.parts[i] : EAGRE_TEXT("_");
    variables[i] = eagre_expression_variable(binder->arena, lambda.first_number + i, types[i], name,
                                             tree->position);
  }
  struct plan_scope inner = *scope;
  inner.lambda = &lambda;
  inner.aggregate_refusal = "a lambda function";
  struct eagre_expression *body = NULL;
  EAGRE_TRY(eagre_plan_bind_expression(binder, &inner, body_tree, &body, error));
  *out = eagre_expression_lambda(binder->arena, body, variables, count, tree->position);
  return EAGRE_OK;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static bool takes_lambdas(const struct eagre_sql_expression *tree) {
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    if (eagre_function_takes_lambda(tree->function, i)) return true;
  }
  return false;
}

enum eagre_status eagre_plan_bind_lambda_call(struct plan_binder *binder,
                                              const struct plan_scope *scope,
                                              const struct eagre_sql_expression *tree,
                                              bool *out_is_one, struct eagre_expression **out,
                                              struct eagre_error *error) {
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  *out_is_one = takes_lambdas(tree);
  if (!*out_is_one) return EAGRE_OK;
  struct eagre_expression **arguments =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (tree->argument_count + 1));
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    const struct eagre_sql_expression *argument = tree->arguments[i].value;
    if (!eagre_function_takes_lambda(tree->function, i)) {
      EAGRE_TRY(eagre_plan_bind_expression(binder, scope, argument, &arguments[i], error));
      continue;
    }
    bool is_lambda = argument->kind == EAGRE_SQL_LAMBDA;
    const struct eagre_type *types[PARAMETERS_MAX];
    uint32_t count = 0;
    if (is_lambda) EAGRE_TRY(check_names(argument, error));
    EAGRE_TRY(eagre_expression_lambda_types(binder->arena, tree->function, arguments, i,
                                            is_lambda ? argument->name.part_count : 0, session,
                                            argument->position, types, &count, error));
    EAGRE_TRY(bind_body(binder, scope, argument, types, count, &arguments[i], error));
  }
  return eagre_expression_call(binder->arena, tree->function, arguments, tree->argument_count,
                               session, tree->position, out, error);
}
