/* Generators: functions that make several rows of one, in a SELECT list or as LATERAL VIEW. All of
 * them become a GENERATE node over one list: inline spreads the structs of an array, stack and
 * json_tuple are the inline of an array that they make. */
#include <string.h>

#include "plan/plan_bind.h"
#include "value/value.h"

struct generator {
  const char *name;
  bool has_place;
  bool spreads_struct;
  bool keeps_empty;
  bool is_table; /* stands in FROM only; the list is the function's own */
};

static const struct generator generators[] = {
    {"explode", false, false, false, false},
    {"explode_outer", false, false, true, false},
    {"inline", false, true, false, false},
    {"inline_outer", false, true, true, false},
    {"json_tuple", false, true, false, false},
    {"posexplode", true, false, false, false},
    {"posexplode_outer", true, false, true, false},
    {"stack", false, true, false, false},
    {"variant_explode", false, true, false, true},
    {"variant_explode_outer", false, true, true, true},
};

static const struct generator *find_generator(struct eagre_text name) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(generators); i++) {
    if (eagre_text_equal_ignoring_case(name, eagre_text_of(generators[i].name))) {
      return &generators[i];
    }
  }
  return NULL;
}

bool eagre_plan_is_generator_name(struct eagre_text function) {
  return find_generator(function) != NULL;
}

bool eagre_plan_is_table_generator(const struct eagre_sql_expression *tree) {
  return tree->kind == EAGRE_SQL_CALL && find_generator(tree->function) != NULL;
}

bool eagre_plan_is_generator(const struct eagre_sql_expression *tree) {
  return eagre_plan_is_table_generator(tree) && !find_generator(tree->function)->is_table;
}

/* ---- The list -------------------------------------------------------------------------------- */

static enum eagre_status call(struct plan_binder *binder, const char *function,
                              struct eagre_expression *const *arguments, uint32_t count,
                              struct eagre_sql_position position, struct eagre_expression **out,
                              struct eagre_error *error) {
  return eagre_expression_call(binder->arena, eagre_text_of(function), arguments, count,
                               &binder->pipeline->expression_session, position, out, error);
}

/* The number of rows, the first argument of stack. */
static enum eagre_status read_row_count(struct plan_binder *binder,
                                        const struct eagre_sql_expression *tree,
                                        uint32_t *out_count, struct eagre_error *error) {
  int64_t count = 0;
  EAGRE_TRY(eagre_plan_constant_integer(binder, tree->arguments[0].value, "number of rows of stack",
                                        &count, error));
  if (count < 1 || count > INT32_MAX) {
    return eagre_plan_fail(
        error, tree->arguments[0].value->position, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
        "The `n` must be between (0, 2147483647] (current value = %lld).", (long long)count);
  }
  *out_count = (uint32_t)count;
  return EAGRE_OK;
}

/* Row `row` must have the types of the first one; a NULL has every type. */
static enum eagre_status check_stack_row(const struct eagre_sql_expression *tree, uint32_t row,
                                         struct eagre_expression *const *values,
                                         const struct eagre_type **types, uint32_t column_count,
                                         struct eagre_error *error) {
  for (uint32_t i = 0; i < column_count; i++) {
    const struct eagre_type *type = eagre_expression_type(values[i]);
    if (types[i] == NULL || types[i]->kind == EAGRE_TYPE_NULL) types[i] = type;
    if (type->kind == EAGRE_TYPE_NULL || eagre_type_equal(type, types[i])) continue;
    struct eagre_buffer left = {0}, right = {0};
    eagre_type_print(&left, types[i]);
    eagre_type_print(&right, type);
    eagre_plan_fail(error, tree->position, "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES",
                    "Cannot resolve \"%.*s\" due to data type mismatch: The data type of column %u "
                    "(\"%s\") is not that of row %u (\"%s\").",
                    (int)tree->source.size, tree->source.data, i, eagre_buffer_string(&left),
                    row + 1, eagre_buffer_string(&right));
    eagre_buffer_done(&left);
    eagre_buffer_done(&right);
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

/* stack(n, a, b, ...): n rows of col0, col1, ..., filled up with NULLs. */
static enum eagre_status bind_stack(struct plan_binder *binder, const struct plan_scope *scope,
                                    const struct eagre_sql_expression *tree,
                                    struct eagre_expression **out, struct eagre_error *error) {
  uint32_t row_count = 0;
  if (tree->argument_count < 2) {
    return eagre_plan_fail(error, tree->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `stack` requires > 1 parameters but the actual number is %u.",
                           tree->argument_count);
  }
  EAGRE_TRY(read_row_count(binder, tree, &row_count, error));
  uint32_t value_count = tree->argument_count - 1;
  uint32_t column_count = (value_count + row_count - 1) / row_count;
  if (row_count > value_count) row_count = value_count;
  struct eagre_text *names = eagre_arena_allocate(binder->arena, sizeof *names * column_count);
  for (uint32_t i = 0; i < column_count; i++) {
    names[i] = eagre_arena_printf(binder->arena, "col%u", i);
  }
  struct eagre_expression **rows =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (row_count + 1));
  struct eagre_expression **values =
      eagre_arena_allocate(binder->arena, sizeof(void *) * column_count);
  const struct eagre_type **types =
      eagre_arena_allocate_zeroed(binder->arena, sizeof(void *) * column_count);
  for (uint32_t row = 0; row < row_count; row++) {
    for (uint32_t i = 0; i < column_count; i++) {
      uint32_t index = row * column_count + i;
      if (index >= value_count) {
        values[i] = eagre_plan_null(binder, eagre_type_of(EAGRE_TYPE_NULL));
        continue;
      }
      const struct eagre_sql_expression *value = tree->arguments[1 + index].value;
      EAGRE_TRY(eagre_plan_bind_expression(binder, scope, value, &values[i], error));
    }
    EAGRE_TRY(check_stack_row(tree, row, values, types, column_count, error));
    rows[row] = eagre_expression_struct(binder->arena, values, names, column_count, tree->position);
  }
  return call(binder, "array", rows, row_count, tree->position, out, error);
}

/* json_tuple(text, name, ...): one row of c0, c1, ... */
static enum eagre_status bind_json_tuple(struct plan_binder *binder, const struct plan_scope *scope,
                                         const struct eagre_sql_expression *tree,
                                         struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_expression *row;
  uint32_t count = tree->argument_count;
  struct eagre_expression **arguments =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (count + 1));
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_TRY(
        eagre_plan_bind_expression(binder, scope, tree->arguments[i].value, &arguments[i], error));
  }
  EAGRE_TRY(call(binder, "json_tuple", arguments, count, tree->position, &row, error));
  return call(binder, "array", &row, 1, tree->position, out, error);
}

static enum eagre_status refuse_input(const struct eagre_sql_expression *tree,
                                      const struct eagre_type *type, const char *wanted,
                                      struct eagre_error *error) {
  struct eagre_buffer printed = {0};
  eagre_type_print(&printed, type);
  eagre_plan_fail(error, tree->position, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                  "Cannot resolve \"%.*s\" due to data type mismatch: The first parameter requires "
                  "the %s type, however \"%.*s\" has the type \"%s\".",
                  (int)tree->source.size, tree->source.data, wanted,
                  (int)tree->arguments[0].value->source.size, tree->arguments[0].value->source.data,
                  eagre_buffer_string(&printed));
  eagre_buffer_done(&printed);
  return EAGRE_USAGE;
}

static enum eagre_status bind_list(struct plan_binder *binder, const struct plan_scope *scope,
                                   const struct eagre_sql_expression *tree,
                                   const struct generator *generator, struct eagre_expression **out,
                                   struct eagre_error *error) {
  if (strcmp(generator->name, "stack") == 0) return bind_stack(binder, scope, tree, out, error);
  if (strcmp(generator->name, "json_tuple") == 0) {
    return bind_json_tuple(binder, scope, tree, out, error);
  }
  if (tree->argument_count == 0) {
    return eagre_plan_fail(error, tree->position, "REQUIRED_PARAMETER_NOT_FOUND",
                           "Cannot invoke routine `%s` because its parameter is required, but the "
                           "routine call did not supply a value.",
                           generator->name);
  }
  if (tree->argument_count != 1) {
    return eagre_plan_fail(error, tree->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `%s` requires 1 parameters but the actual number is %u.",
                           generator->name, tree->argument_count);
  }
  EAGRE_TRY(eagre_plan_bind_expression(binder, scope, tree->arguments[0].value, out, error));
  if (generator->is_table) {
    struct eagre_expression *value = *out;
    return call(binder, generator->name, &value, 1, tree->position, out, error);
  }
  const struct eagre_type *type = eagre_expression_type(*out);
  bool is_array_of_structs =
      type->kind == EAGRE_TYPE_ARRAY && type->fields[0].type->kind == EAGRE_TYPE_STRUCT;
  if (generator->spreads_struct && !is_array_of_structs) {
    return refuse_input(tree, type, "\"ARRAY<STRUCT>\"", error);
  }
  if (!generator->spreads_struct && !eagre_type_is_list(type->kind)) {
    return refuse_input(tree, type, "(\"ARRAY\" or \"MAP\")", error);
  }
  return EAGRE_OK;
}

/* ---- The node -------------------------------------------------------------------------------- */

/* Spark infers, for a plain column, that rows without elements leave none: its filter moves down,
 * and a watermark below does not see such rows. */
static enum eagre_status add_inferred_filter(struct plan_binder *binder,
                                             struct plan_relation *relation,
                                             struct eagre_expression *list,
                                             struct eagre_sql_position position,
                                             struct eagre_error *error) {
  uint32_t column = 0;
  if (!eagre_expression_is_column(list, &column)) return EAGRE_OK;
  static const struct eagre_sql_expression zero_tree = {.kind = EAGRE_SQL_LITERAL,
                                                        .literal = EAGRE_SQL_LITERAL_INTEGER,
                                                        .type_kind = EAGRE_TYPE_INT,
                                                        .text = {"0", 1}};
  struct eagre_expression *sides[2], *parts[2], *condition;
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  EAGRE_TRY(call(binder, "size", &list, 1, position, &sides[0], error));
  EAGRE_TRY(eagre_expression_literal(binder->arena, &zero_tree, session, &sides[1], error));
  EAGRE_TRY(call(binder, ">", sides, 2, position, &parts[0], error));
  EAGRE_TRY(call(binder, "isnotnull", &list, 1, position, &parts[1], error));
  EAGRE_TRY(call(binder, "and", parts, 2, position, &condition, error));
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_FILTER, relation->node, position);
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *));
  node->expressions[0] = condition;
  node->expression_count = 1;
  relation->node = node;
  return EAGRE_OK;
}

/* Appends the generated columns to those of `relation`. */
static void append_columns(struct plan_binder *binder, struct plan_relation *relation,
                           const struct generator *generator, const struct eagre_type *list) {
  const struct eagre_type *element = list->fields[0].type;
  const struct eagre_type *from = generator->spreads_struct ? element : list;
  uint32_t count = generator->has_place + from->field_count;
  struct plan_column *columns = eagre_arena_allocate_zeroed(
      binder->arena, sizeof *columns * (relation->column_count + count + 1));
  if (relation->column_count > 0) {
    memcpy(columns, relation->columns, sizeof *columns * relation->column_count);
  }
  struct plan_column *next = columns + relation->column_count;
  if (generator->has_place) {
    *next++ =
        (struct plan_column){.name = EAGRE_TEXT("pos"), .type = eagre_type_of(EAGRE_TYPE_INT)};
  }
  for (uint32_t i = 0; i < from->field_count; i++) {
    *next++ = (struct plan_column){.name = list->kind == EAGRE_TYPE_ARRAY && from == list
                                               ? EAGRE_TEXT("col")
                                               : from->fields[i].name,
                                   .type = from->fields[i].type};
  }
  relation->columns = columns;
  relation->column_count += count;
}

enum eagre_status eagre_plan_add_generator(struct plan_binder *binder,
                                           struct plan_relation *relation,
                                           const struct eagre_sql_expression *tree, bool is_outer,
                                           uint32_t *out_first, struct eagre_error *error) {
  const struct generator *generator = find_generator(tree->function);
  struct plan_scope scope = {.relation = relation, .aggregate_refusal = "a generator"};
  struct eagre_expression *list = NULL;
  EAGRE_TRY(bind_list(binder, &scope, tree, generator, &list, error));
  bool keeps_empty = generator->keeps_empty || is_outer;
  if (!keeps_empty) {
    EAGRE_TRY(add_inferred_filter(binder, relation, list, tree->position, error));
  }
  *out_first = relation->column_count;
  append_columns(binder, relation, generator, eagre_expression_type(list));
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_GENERATE, relation->node, tree->position);
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *));
  node->expressions[0] = list;
  node->expression_count = 1;
  node->has_place = generator->has_place;
  node->spreads_struct = generator->spreads_struct;
  node->keeps_empty = keeps_empty;
  relation->node = node;
  eagre_plan_relation_seal(binder, relation);
  return EAGRE_OK;
}

enum eagre_status eagre_plan_name_generated(struct plan_binder *binder,
                                            struct plan_relation *relation, uint32_t first,
                                            const struct eagre_text *names, uint32_t count,
                                            struct eagre_sql_position position,
                                            struct eagre_error *error) {
  if (count == 0) return EAGRE_OK;
  if (count != relation->column_count - first) {
    return eagre_plan_fail(error, position, "UDTF_ALIAS_NUMBER_MISMATCH",
                           "The number of aliases supplied in the AS clause does not match the "
                           "number of columns output by the UDTF. Expected %u aliases, but got %u.",
                           relation->column_count - first, count);
  }
  for (uint32_t i = 0; i < count; i++) {
    relation->columns[first + i].name = names[i];
  }
  eagre_plan_relation_seal(binder, relation);
  return EAGRE_OK;
}

/* ---- LATERAL VIEW ---------------------------------------------------------------------------- */

enum eagre_status eagre_plan_bind_lateral_view(struct plan_binder *binder,
                                               const struct eagre_sql_relation *tree,
                                               struct plan_relation *out,
                                               struct eagre_error *error) {
  const struct eagre_sql_relation *view = tree->right;
  EAGRE_TRY(eagre_plan_bind_relation(binder, tree->left, out, error));
  const struct eagre_sql_expression function = {
      .kind = EAGRE_SQL_CALL,
      .position = view->position,
      .source = view->name.parts[view->name.part_count - 1],
      .function = view->name.parts[view->name.part_count - 1],
      .arguments = view->arguments,
      .argument_count = view->argument_count,
  };
  if (!eagre_plan_is_generator(&function)) {
    bool is_known =
        eagre_function_exists(function.function) && !eagre_plan_is_table_generator(&function);
    return eagre_plan_fail(error, view->position,
                           is_known ? "UNSUPPORTED_GENERATOR.NOT_GENERATOR" : "ROUTINE_NOT_FOUND",
                           "LATERAL VIEW needs a generator (explode, posexplode, inline, stack and "
                           "their _outer forms); `%.*s` is none.",
                           (int)function.function.size, function.function.data);
  }
  bool is_outer = eagre_text_equal_string(tree->join_kind, "lateral view outer");
  uint32_t first = 0;
  EAGRE_TRY(eagre_plan_add_generator(binder, out, &function, is_outer, &first, error));
  for (uint32_t i = first; i < out->column_count; i++) {
    out->columns[i].qualifier = view->alias;
  }
  return eagre_plan_name_generated(binder, out, first, view->column_aliases,
                                   view->column_alias_count, view->position, error);
}
