/* Binding of lambdas and of the functions that take them. The planner binds the body of a lambda
 * itself, with the types of its parameters, which come from here. */
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_lambda.h"
#include "expression/expression_operator.h"

/* ---- Which arguments are lambdas ------------------------------------------------------------- */

struct lambda_function {
  const char *name;
  enum eagre_lambda_kind kind;
  uint8_t first; /* argument that is a lambda */
  uint8_t last;
};

static const struct lambda_function lambda_functions[] = {
    {"aggregate", EAGRE_LAMBDA_AGGREGATE, 2, 3},
    {"array_sort", EAGRE_LAMBDA_ARRAY_SORT, 1, 1},
    {"exists", EAGRE_LAMBDA_EXISTS, 1, 1},
    {"filter", EAGRE_LAMBDA_FILTER, 1, 1},
    {"forall", EAGRE_LAMBDA_FORALL, 1, 1},
    {"map_filter", EAGRE_LAMBDA_MAP_FILTER, 1, 1},
    {"map_zip_with", EAGRE_LAMBDA_MAP_ZIP_WITH, 2, 2},
    {"reduce", EAGRE_LAMBDA_AGGREGATE, 2, 3},
    {"transform", EAGRE_LAMBDA_TRANSFORM, 1, 1},
    {"transform_keys", EAGRE_LAMBDA_TRANSFORM_KEYS, 1, 1},
    {"transform_values", EAGRE_LAMBDA_TRANSFORM_VALUES, 1, 1},
    {"zip_with", EAGRE_LAMBDA_ZIP_WITH, 2, 2},
};

static const struct lambda_function *find_function(struct eagre_text name) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(lambda_functions); i++) {
    if (eagre_text_equal_ignoring_case(name, eagre_text_of(lambda_functions[i].name))) {
      return &lambda_functions[i];
    }
  }
  return NULL;
}

bool eagre_function_takes_lambda(struct eagre_text function, uint32_t index) {
  const struct lambda_function *found = find_function(function);
  return found != NULL && index >= found->first && index <= found->last;
}

/* ---- Types of parameters --------------------------------------------------------------------- */

/* Fields of the lists in arguments [0, count). */
static uint32_t take_types(struct eagre_bind *bind, uint32_t count, const struct eagre_type **out) {
  for (uint32_t i = 0; i < count; i++) {
    out[i] = eagre_bind_element(bind, i);
  }
  return count;
}

static enum eagre_status require_maps(struct eagre_bind *bind, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_TRY(eagre_bind_map_argument(bind, i));
  }
  return EAGRE_OK;
}

static enum eagre_status require_arrays(struct eagre_bind *bind, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_TRY(eagre_bind_array_argument(bind, i));
  }
  return EAGRE_OK;
}

/* Keys of both maps, which become of one type. */
static enum eagre_status unify_keys(struct eagre_bind *bind) {
  const struct eagre_type *types[] = {bind->arguments[0]->type, bind->arguments[1]->type};
  const struct eagre_type *a = types[0]->fields[0].type, *b = types[1]->fields[0].type;
  const struct eagre_type *key = eagre_coerce_mixes_texts(a, b) && !eagre_bind_is_legacy(bind)
                                     ? NULL
                                     : eagre_bind_common(bind, a, b);
  if (key == NULL) {
    return eagre_bind_mismatch(bind, "MAP_ZIP_WITH_DIFF_TYPES",
                               "Input to the `map_zip_with` should have been two maps with "
                               "compatible key types, but it's [%s, %s].",
                               eagre_expression_type_name(bind->arena, types[0]),
                               eagre_expression_type_name(bind->arena, types[1]));
  }
  for (uint32_t i = 0; i < 2; i++) {
    EAGRE_TRY(eagre_bind_cast(bind, i, eagre_type_map(bind->arena, key, types[i]->fields[1].type)));
  }
  return eagre_bind_require_order(bind, key);
}

/* Up to three types; *out_optional of them may be left out by the lambda. */
static enum eagre_status find_types(struct eagre_bind *bind, enum eagre_lambda_kind kind,
                                    uint32_t index, const struct eagre_type **out,
                                    uint32_t *out_count, uint32_t *out_optional) {
  *out_optional = 0;
  switch (kind) {
  case EAGRE_LAMBDA_TRANSFORM:
  case EAGRE_LAMBDA_FILTER:
    *out_optional = 1;
    EAGRE_TRY(require_arrays(bind, 1));
    out[1] = eagre_type_of(EAGRE_TYPE_INT);
    *out_count = take_types(bind, 1, out) + 1;
    return EAGRE_OK;
  case EAGRE_LAMBDA_EXISTS:
  case EAGRE_LAMBDA_FORALL:
    EAGRE_TRY(require_arrays(bind, 1));
    *out_count = take_types(bind, 1, out);
    return EAGRE_OK;
  case EAGRE_LAMBDA_AGGREGATE:
    EAGRE_TRY(require_arrays(bind, 1));
    out[0] = bind->arguments[1]->type;
    out[1] = eagre_bind_element(bind, 0);
    *out_count = index == 2 ? 2 : 1;
    return EAGRE_OK;
  case EAGRE_LAMBDA_ZIP_WITH:
    EAGRE_TRY(require_arrays(bind, 2));
    *out_count = take_types(bind, 2, out);
    return EAGRE_OK;
  case EAGRE_LAMBDA_MAP_ZIP_WITH:
    EAGRE_TRY(require_maps(bind, 2));
    EAGRE_TRY(unify_keys(bind));
    out[0] = eagre_bind_element(bind, 0);
    out[1] = bind->arguments[0]->type->fields[1].type;
    out[2] = bind->arguments[1]->type->fields[1].type;
    *out_count = 3;
    return EAGRE_OK;
  case EAGRE_LAMBDA_ARRAY_SORT:
    EAGRE_TRY(require_arrays(bind, 1));
    out[0] = out[1] = eagre_bind_element(bind, 0);
    *out_count = 2;
    return EAGRE_OK;
  default: /* map_filter, transform_keys, transform_values */
    EAGRE_TRY(require_maps(bind, 1));
    out[0] = eagre_bind_element(bind, 0);
    out[1] = bind->arguments[0]->type->fields[1].type;
    *out_count = 2;
    return EAGRE_OK;
  }
}

enum eagre_status eagre_expression_lambda_types(
    struct eagre_arena *arena, struct eagre_text function, struct eagre_expression **arguments,
    uint32_t index, uint32_t given_count, const struct eagre_expression_session *session,
    struct eagre_sql_position position, const struct eagre_type **out_types, uint32_t *out_count,
    struct eagre_error *error) {
  struct eagre_bind bind = {.arena = arena,
                            .function = eagre_function_find(function),
                            .arguments = arguments,
                            .argument_count = index,
                            .session = session,
                            .position = position,
                            .error = error};
  uint32_t optional;
  EAGRE_TRY(
      find_types(&bind, find_function(function)->kind, index, out_types, out_count, &optional));
  if (given_count == 0 || given_count == *out_count) return EAGRE_OK;
  if (given_count < *out_count && given_count + optional >= *out_count) {
    *out_count = given_count;
    return EAGRE_OK;
  }
  return eagre_bind_fail(&bind, position, "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
                         "Invalid lambda function call. A higher order function expects %u "
                         "arguments, but got %u.",
                         given_count, *out_count);
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

struct eagre_expression *eagre_expression_variable(struct eagre_arena *arena, uint32_t number,
                                                   const struct eagre_type *type,
                                                   struct eagre_text name,
                                                   struct eagre_sql_position position) {
  struct eagre_expression *node = eagre_arena_allocate_zeroed(arena, sizeof *node);
  node->kind = EAGRE_EXPRESSION_VARIABLE;
  node->type = type;
  node->position = position;
  node->parameters[0] = number;
  node->text = eagre_arena_copy_text(arena, name);
  return node;
}

/* Whether the tree has one value for given variables from `first` on, whatever the row. */
static bool is_closed(const struct eagre_expression *node, int64_t first) {
  if (node->kind == EAGRE_EXPRESSION_COLUMN) return false;
  if (node->kind == EAGRE_EXPRESSION_VARIABLE) return node->parameters[0] >= first;
  bool is_changing = node->kind == EAGRE_EXPRESSION_CALL && !node->is_constant;
  if (is_changing && (node->function->flags & EAGRE_FUNCTION_VOLATILE) != 0) return false;
  bool all_constant = true;
  for (uint32_t i = 0; i < node->argument_count; i++) {
    all_constant = all_constant && node->arguments[i]->is_constant;
    if (!is_closed(node->arguments[i], first)) return false;
  }
  return !(is_changing && all_constant);
}

struct eagre_expression *eagre_expression_lambda(struct eagre_arena *arena,
                                                 struct eagre_expression *body,
                                                 struct eagre_expression *const *variables,
                                                 uint32_t count,
                                                 struct eagre_sql_position position) {
  eagre_assert(count > 0 && count <= EAGRE_LAMBDA_PARAMETERS_MAX);
  int64_t first = variables[0]->parameters[0];
  struct eagre_expression *node = eagre_arena_allocate_zeroed(arena, sizeof *node);
  node->kind = EAGRE_EXPRESSION_LAMBDA;
  node->type = body->type;
  node->position = position;
  node->arguments = eagre_arena_allocate(arena, (1 + count) * sizeof *node->arguments);
  node->arguments[0] = body;
  memcpy(node->arguments + 1, variables, count * sizeof *variables);
  node->argument_count = 1 + count;
  node->can_fail = body->can_fail;
  node->is_constant = is_closed(body, first);
  node->parameters[0] = first;
  node->parameters[1] = count;
  return node;
}

bool eagre_expression_reads_variables(const struct eagre_expression *node, int64_t first,
                                      int64_t count) {
  if (node->kind == EAGRE_EXPRESSION_VARIABLE) {
    return node->parameters[0] >= first && node->parameters[0] < first + count;
  }
  for (uint32_t i = 0; i < node->argument_count; i++) {
    if (eagre_expression_reads_variables(node->arguments[i], first, count)) return true;
  }
  return false;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static enum eagre_status bind_lambda_call(struct eagre_bind *bind, const struct eagre_type *type,
                                          struct eagre_expression **out) {
  *out = eagre_bind_call(bind, type, NULL);
  (*out)->parameters[0] = find_function(eagre_text_of(bind->function->info.name))->kind;
  return EAGRE_OK;
}

/* The body of the lambda in argument `index` must be of the kind, or NULL. */
static enum eagre_status bind_body(struct eagre_bind *bind, uint32_t index,
                                   enum eagre_type_kind kind) {
  const struct eagre_expression *lambda = bind->arguments[index];
  enum eagre_type_kind given = lambda->type->kind;
  if (given == kind) return EAGRE_OK;
  if (given != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, index,
                                 eagre_expression_type_name(bind->arena, eagre_type_of(kind)));
  }
  struct eagre_expression *body;
  EAGRE_TRY(eagre_expression_cast(bind->arena, lambda->arguments[0], eagre_type_of(kind), false,
                                  bind->session, lambda->position, &body, bind->error));
  bind->arguments[index] = eagre_expression_lambda(
      bind->arena, body, lambda->arguments + 1, (uint32_t)lambda->parameters[1], lambda->position);
  return EAGRE_OK;
}

/* The index of the lambda and its type. */
static const struct eagre_type *body_type(const struct eagre_bind *bind, uint32_t index) {
  return bind->arguments[index]->type;
}

enum eagre_status eagre_bind_transform(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_lambda_call(bind, eagre_type_array(bind->arena, body_type(bind, 1)), out);
}

enum eagre_status eagre_bind_filter(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(bind_body(bind, 1, EAGRE_TYPE_BOOLEAN));
  return bind_lambda_call(bind, bind->arguments[0]->type, out);
}

enum eagre_status eagre_bind_quantifier(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(bind_body(bind, 1, EAGRE_TYPE_BOOLEAN));
  return bind_lambda_call(bind, eagre_type_of(EAGRE_TYPE_BOOLEAN), out);
}

enum eagre_status eagre_bind_aggregate(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *start = bind->arguments[1]->type;
  if (!eagre_type_equal(start, body_type(bind, 2))) {
    return eagre_bind_unexpected(bind, 2, eagre_expression_type_name(bind->arena, start));
  }
  bool has_finish = bind->argument_count > 3;
  return bind_lambda_call(bind, has_finish ? body_type(bind, 3) : start, out);
}

enum eagre_status eagre_bind_zip_with(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_lambda_call(bind, eagre_type_array(bind->arena, body_type(bind, 2)), out);
}

enum eagre_status eagre_bind_map_zip_with(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *key = eagre_bind_element(bind, 0);
  return bind_lambda_call(bind, eagre_type_map(bind->arena, key, body_type(bind, 2)), out);
}

enum eagre_status eagre_bind_transform_keys(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  const struct eagre_type *key = body_type(bind, 1);
  EAGRE_TRY(eagre_bind_require_key(bind, key));
  return bind_lambda_call(
      bind, eagre_type_map(bind->arena, key, bind->arguments[0]->type->fields[1].type), out);
}

enum eagre_status eagre_bind_transform_values(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  const struct eagre_type *key = eagre_bind_element(bind, 0);
  return bind_lambda_call(bind, eagre_type_map(bind->arena, key, body_type(bind, 1)), out);
}

/* array_sort(array) has a kernel of its own. */
enum eagre_status eagre_bind_array_sort(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_array_argument(bind, 0));
  if (bind->argument_count == 1) {
    EAGRE_TRY(eagre_bind_require_order(bind, eagre_bind_element(bind, 0)));
    *out = eagre_bind_call(bind, bind->arguments[0]->type, eagre_kernel_array_sort);
    return EAGRE_OK;
  }
  if (body_type(bind, 1)->kind != EAGRE_TYPE_INT) {
    return eagre_bind_mismatch(
        bind, "UNEXPECTED_RETURN_TYPE",
        "The `array_sort` requires return \"INT\" type, but the actual is %s type.",
        eagre_expression_type_name(bind->arena, body_type(bind, 1)));
  }
  return bind_lambda_call(bind, bind->arguments[0]->type, out);
}
