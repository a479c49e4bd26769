/* Questions about whole trees, and copies of them: what plan needs to push filters, prune columns
 * and find equal expressions. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"

bool eagre_expression_is_column(const struct eagre_expression *expression, uint32_t *out_index) {
  if (expression->kind != EAGRE_EXPRESSION_COLUMN) return false;
  *out_index = (uint32_t)expression->parameters[0];
  return true;
}

bool eagre_expression_is_cast_column(const struct eagre_expression *expression,
                                     uint32_t *out_index) {
  while (eagre_expression_calls(expression, EAGRE_INTERNAL_CAST) &&
         (!expression->is_try || expression->is_legacy)) {
    expression = expression->arguments[0];
  }
  return eagre_expression_is_column(expression, out_index);
}

bool eagre_expression_is_window_time(const struct eagre_expression *expression,
                                     uint32_t *out_index) {
  return expression->kind == EAGRE_EXPRESSION_CALL &&
         expression->kernel == eagre_kernel_window_time &&
         eagre_expression_is_column(expression->arguments[0], out_index);
}

void eagre_expression_mark_columns(const struct eagre_expression *expression, bool *used) {
  if (expression->kind == EAGRE_EXPRESSION_COLUMN) used[expression->parameters[0]] = true;
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    eagre_expression_mark_columns(expression->arguments[i], used);
  }
}

/* Whether a NULL argument makes it NULL. */
static bool is_null_of_null(const struct eagre_expression *expression) {
  if (expression->kind != EAGRE_EXPRESSION_CALL) return false;
  uint32_t own = EAGRE_FUNCTION_NULLS | EAGRE_FUNCTION_LAZY | EAGRE_FUNCTION_LAMBDA;
  return (expression->function->flags & own) == 0;
}

/* A column, a field of one, a field of that, ... */
static bool is_column_or_field(const struct eagre_expression *expression) {
  while (eagre_expression_calls(expression, EAGRE_INTERNAL_FIELD) ||
         eagre_expression_calls(expression, EAGRE_INTERNAL_ARRAY_FIELD)) {
    expression = expression->arguments[0];
  }
  return expression->kind == EAGRE_EXPRESSION_COLUMN;
}

static uint32_t list_not_null(struct eagre_expression *expression, struct eagre_expression **out,
                              uint32_t count_max) {
  if (count_max == 0) return 0;
  if (is_column_or_field(expression)) {
    out[0] = expression;
    return 1;
  }
  if (!is_null_of_null(expression)) return 0;
  uint32_t count = 0;
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    count += list_not_null(expression->arguments[i], out + count, count_max - count);
  }
  return count;
}

uint32_t eagre_expression_list_not_null(struct eagre_expression *condition,
                                        struct eagre_expression **out, uint32_t count_max) {
  bool is_test = condition->kind == EAGRE_EXPRESSION_CALL &&
                 strcmp(condition->function->info.name, "isnotnull") == 0;
  return list_not_null(is_test ? condition->arguments[0] : condition, out, count_max);
}

static bool reads_column(const struct eagre_expression *expression, uint32_t column) {
  return expression->kind == EAGRE_EXPRESSION_COLUMN && expression->parameters[0] == column;
}

/* IS NULL looks at the struct itself and at none of its fields. */
static bool tests_null(const struct eagre_expression *expression) {
  if (expression->kind != EAGRE_EXPRESSION_CALL) return false;
  const char *name = expression->function->info.name;
  return strcmp(name, "isnull") == 0 || strcmp(name, "isnotnull") == 0;
}

bool eagre_expression_mark_fields(const struct eagre_expression *expression, uint32_t column,
                                  bool *used_fields) {
  if (reads_column(expression, column)) return false;
  bool is_field = eagre_expression_calls(expression, EAGRE_INTERNAL_FIELD);
  if (expression->argument_count == 1 && reads_column(expression->arguments[0], column)) {
    if (is_field) used_fields[expression->parameters[0]] = true;
    if (is_field || tests_null(expression)) return true;
  }
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    if (!eagre_expression_mark_fields(expression->arguments[i], column, used_fields)) return false;
  }
  return true;
}

struct eagre_expression *eagre_expression_remap(struct eagre_arena *arena,
                                                const struct eagre_expression *expression,
                                                const uint32_t *map) {
  struct eagre_expression *copy = eagre_arena_allocate(arena, sizeof *copy);
  *copy = *expression;
  if (copy->kind == EAGRE_EXPRESSION_COLUMN) copy->parameters[0] = map[copy->parameters[0]];
  if (copy->argument_count == 0) return copy;
  copy->arguments = eagre_arena_allocate(arena, copy->argument_count * sizeof *copy->arguments);
  for (uint32_t i = 0; i < copy->argument_count; i++) {
    copy->arguments[i] = eagre_expression_remap(arena, expression->arguments[i], map);
  }
  return copy;
}

struct eagre_expression *eagre_expression_prune_json(struct eagre_arena *arena,
                                                     struct eagre_expression *expression,
                                                     const bool *used_fields) {
  bool is_struct = expression->type->kind == EAGRE_TYPE_STRUCT;
  if (expression->json == NULL || !is_struct) return expression;
  uint32_t field_count = expression->type->field_count;
  bool *wanted = eagre_arena_allocate(arena, field_count + 1);
  memcpy(wanted, used_fields, field_count);
  struct eagre_expression_json *json = eagre_arena_allocate(arena, sizeof *json);
  *json = *expression->json;
  json->wanted = wanted;
  struct eagre_expression *copy = eagre_arena_allocate(arena, sizeof *copy);
  *copy = *expression;
  copy->json = json;
  return copy;
}

/* ---- Values --------------------------------------------------------------------------------- */

/* Literals are the only trees that may have a type without vectors; a map of options stands in no
 * other place than as an argument that from_json does not keep. */
enum eagre_status eagre_expression_check_value(const struct eagre_expression *expression,
                                               struct eagre_error *error) {
  if (!eagre_type_is_supported(expression->type->kind)) {
    struct eagre_buffer name = {0};
    eagre_type_print(&name, expression->type);
    eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_DATATYPE", "Unsupported data type \"%s\".",
                    eagre_buffer_string(&name));
    eagre_buffer_done(&name);
    eagre_sql_place_unplaced(expression->position, error);
    return EAGRE_USAGE;
  }
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    EAGRE_TRY(eagre_expression_check_value(expression->arguments[i], error));
  }
  return EAGRE_OK;
}

/* ---- Equality -------------------------------------------------------------------------------- */

/* Literals of struct, array and map types are NULL. Bits of floats are compared, so that NaN is
 * itself. */
static bool equal_literals(const struct eagre_expression *a, const struct eagre_expression *b) {
  enum eagre_type_kind kind = a->type->kind;
  bool a_is_null = eagre_vector_is_null(&a->value, 0);
  if (a_is_null || eagre_vector_is_null(&b->value, 0)) {
    return a_is_null == eagre_vector_is_null(&b->value, 0);
  }
  if (kind == EAGRE_TYPE_BOOLEAN) {
    return eagre_bit_get(a->value.data, 0) == eagre_bit_get(b->value.data, 0);
  }
  if (eagre_type_is_text(kind)) {
    return eagre_text_equal(*EAGRE_VALUES(struct eagre_text, &a->value),
                            *EAGRE_VALUES(struct eagre_text, &b->value));
  }
  return memcmp(a->value.data, b->value.data, eagre_type_width(kind)) == 0;
}

/* Schema and options are arguments too; only what is wanted is not. */
static bool equal_json(const struct eagre_expression *a, const struct eagre_expression *b) {
  if (a->json == b->json) return true;
  if (a->json == NULL || b->json == NULL) return false;
  if (a->json->wanted == NULL || b->json->wanted == NULL) {
    return a->json->wanted == b->json->wanted;
  }
  return memcmp(a->json->wanted, b->json->wanted, a->type->field_count) == 0;
}

bool eagre_expression_equal(const struct eagre_expression *a, const struct eagre_expression *b) {
  if (a == b) return true;
  if (a->kind != b->kind || !eagre_type_equal(a->type, b->type)) return false;
  if (a->kind == EAGRE_EXPRESSION_LITERAL) return equal_literals(a, b);
  if (memcmp(a->parameters, b->parameters, sizeof a->parameters) != 0) return false;
  if (a->kind == EAGRE_EXPRESSION_COLUMN || a->kind == EAGRE_EXPRESSION_VARIABLE) return true;
  if (a->function != b->function || a->kernel != b->kernel || a->is_try != b->is_try) return false;
  if (a->is_legacy != b->is_legacy) return false;
  if (a->argument_count != b->argument_count || !eagre_text_equal(a->text, b->text)) return false;
  if (!equal_json(a, b)) return false;
  for (uint32_t i = 0; i < a->argument_count; i++) {
    if (!eagre_expression_equal(a->arguments[i], b->arguments[i])) return false;
  }
  return true;
}

static uint64_t hash_literal(const struct eagre_expression *literal) {
  enum eagre_type_kind kind = literal->type->kind;
  if (eagre_vector_is_null(&literal->value, 0)) return kind + 100;
  if (kind == EAGRE_TYPE_BOOLEAN) return eagre_bit_get(literal->value.data, 0);
  if (eagre_type_is_text(kind)) {
    struct eagre_text text = *EAGRE_VALUES(struct eagre_text, &literal->value);
    return eagre_hash_bytes(text.data, text.size, kind);
  }
  return eagre_hash_bytes(literal->value.data, eagre_type_width(kind), kind);
}

uint64_t eagre_expression_hash(const struct eagre_expression *expression) {
  uint64_t hash = (uint64_t)expression->kind * 64 + expression->type->kind;
  if (expression->kind == EAGRE_EXPRESSION_LITERAL) {
    return eagre_hash_integer(hash, hash_literal(expression));
  }
  hash = eagre_hash_integer(hash, (uint64_t)expression->parameters[0]);
  hash = eagre_hash_integer(hash, (uint64_t)(uintptr_t)expression->function);
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    hash = eagre_hash_integer(eagre_expression_hash(expression->arguments[i]), hash);
  }
  return hash;
}
