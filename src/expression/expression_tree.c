/* Nodes of bound trees: making them, and the calls that have syntax instead of a name. */
#include "expression/expression_tree.h"

#include <string.h>

#include "expression/expression_kernel.h"

/* ---- Literals ------------------------------------------------------------------------------- */

static struct eagre_expression *new_node(struct eagre_arena *arena, enum eagre_expression_kind kind,
                                         const struct eagre_type *type,
                                         struct eagre_sql_position position) {
  struct eagre_expression *node = eagre_arena_allocate_zeroed(arena, sizeof *node);
  node->kind = kind;
  node->type = type;
  node->position = position;
  return node;
}

static struct eagre_expression *new_constant(struct eagre_arena *arena,
                                             const struct eagre_type *type,
                                             struct eagre_sql_position position) {
  struct eagre_expression *node = new_node(arena, EAGRE_EXPRESSION_LITERAL, type, position);
  node->is_constant = true;
  return node;
}

struct eagre_expression *eagre_expression_new_value(struct eagre_arena *arena,
                                                    const struct eagre_type *type,
                                                    const void *value,
                                                    struct eagre_sql_position position) {
  struct eagre_expression *node = new_constant(arena, type, position);
  eagre_vector_init(&node->value, node->type, 1, arena);
  node->value.is_constant = true;
  if (type->kind == EAGRE_TYPE_BOOLEAN) {
    eagre_bit_put(node->value.data, 0, *(const bool *)value);
  } else {
    memcpy(node->value.data, value, eagre_type_width(type->kind));
  }
  return node;
}

struct eagre_expression *eagre_expression_new_literal(struct eagre_arena *arena,
                                                      enum eagre_type_kind kind, const void *value,
                                                      struct eagre_sql_position position) {
  return eagre_expression_new_value(arena, eagre_type_of(kind), value, position);
}

struct eagre_expression *eagre_expression_new_null(struct eagre_arena *arena,
                                                   const struct eagre_type *type,
                                                   struct eagre_sql_position position) {
  struct eagre_expression *node = new_constant(arena, type, position);
  if (!eagre_type_is_supported(type->kind)) {
    node->type = eagre_type_of(EAGRE_TYPE_NULL);
  }
  eagre_vector_init_null(&node->value, node->type, arena);
  return node;
}

/* With readable bytes behind it, as the JSON decoder wants its input. */
struct eagre_expression *eagre_expression_new_text(struct eagre_arena *arena,
                                                   enum eagre_type_kind kind,
                                                   struct eagre_text text,
                                                   struct eagre_sql_position position) {
  char *copy = eagre_arena_allocate_vector(arena, text.size);
  if (text.size > 0) memcpy(copy, text.data, text.size);
  struct eagre_text owned = {copy, text.size};
  return eagre_expression_new_literal(arena, kind, &owned, position);
}

bool eagre_expression_is_text(const struct eagre_expression *expression,
                              struct eagre_text *out_text) {
  if (expression->kind != EAGRE_EXPRESSION_LITERAL || expression->type->kind != EAGRE_TYPE_STRING ||
      eagre_vector_is_null(&expression->value, 0)) {
    return false;
  }
  *out_text = EAGRE_VALUES(struct eagre_text, &expression->value)[0];
  return true;
}

bool eagre_expression_is_null(const struct eagre_expression *expression) {
  return expression->kind == EAGRE_EXPRESSION_LITERAL &&
         eagre_vector_is_null(&expression->value, 0);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static bool any_argument_fails(const struct eagre_expression *call) {
  for (uint32_t i = 0; i < call->argument_count; i++) {
    if (call->arguments[i]->can_fail) return true;
  }
  return false;
}

struct eagre_expression *
eagre_expression_new_call(struct eagre_arena *arena, const struct eagre_function *function,
                          const struct eagre_type *type, eagre_kernel_fn *kernel,
                          struct eagre_expression *const *arguments, uint32_t argument_count,
                          struct eagre_sql_position position) {
  struct eagre_expression *call = new_node(arena, EAGRE_EXPRESSION_CALL, type, position);
  call->function = function;
  call->kernel = kernel;
  size_t size = argument_count * sizeof *arguments;
  call->arguments = eagre_arena_allocate(arena, size + 1);
  if (size > 0) memcpy(call->arguments, arguments, size);
  call->argument_count = argument_count;
  call->can_fail = (function->flags & EAGRE_FUNCTION_FAILS) != 0 || any_argument_fails(call);
  call->is_constant = (function->flags & EAGRE_FUNCTION_VOLATILE) == 0;
  for (uint32_t i = 0; i < argument_count; i++) {
    if (!arguments[i]->is_constant) call->is_constant = false;
  }
  return call;
}

void eagre_expression_set_safe(struct eagre_expression *call) {
  call->can_fail = any_argument_fails(call);
}

void eagre_expression_set_failing(struct eagre_expression *call) {
  call->can_fail = true;
}

void eagre_expression_set_try(struct eagre_expression *call) {
  call->is_try = true;
  call->is_legacy = false;
  eagre_expression_set_safe(call);
}

void eagre_expression_set_legacy(struct eagre_expression *call) {
  if ((call->function->flags & EAGRE_FUNCTION_ANSI) != 0) eagre_expression_set_try(call);
  call->is_legacy = true;
}

void eagre_expression_set_strict(struct eagre_expression *call) {
  call->is_try = false;
  call->is_legacy = false;
  call->can_fail = true;
}

/* ---- Columns, fields, structs ---------------------------------------------------------------- */

struct eagre_expression *eagre_expression_column(struct eagre_arena *arena, uint32_t index,
                                                 const struct eagre_type *type,
                                                 struct eagre_sql_position position) {
  struct eagre_expression *node = new_node(arena, EAGRE_EXPRESSION_COLUMN, type, position);
  node->parameters[0] = index;
  return node;
}

/* What a null struct holds is unspecified, also texts that must not be read: they become empty. */
static void clear_unreadable_texts(struct eagre_kernel_call *call) {
  const struct eagre_text *from = call->out->data;
  uint32_t count = call->out->is_constant ? 1 : call->row_count;
  struct eagre_text *texts = eagre_arena_allocate_vector(call->arena, count * sizeof *texts);
  for (uint32_t row = 0; row < count; row++) {
    texts[row] = eagre_kernel_is_live(call, row) ? from[row] : EAGRE_TEXT("");
  }
  call->out->data = texts;
}

static enum eagre_status run_field(struct eagre_kernel_call *call) {
  uint32_t index = (uint32_t)call->node->parameters[0];
  const uint8_t *outer = call->out->validity;
  *call->out = call->arguments[0]->children[index];
  bool is_null = call->out->is_constant && eagre_vector_is_null(call->out, 0);
  if (outer == NULL || is_null) return EAGRE_OK;
  uint32_t count = call->row_count;
  if (call->out->is_constant && count > 1) {
    eagre_vector_flatten(call->out, count, call->arena);
  }
  uint8_t *both = eagre_arena_allocate_vector(call->arena, eagre_bits_size(count));
  eagre_bits_and(both, outer, call->out->validity, count);
  call->out->validity = both;
  enum eagre_type_kind kind = call->out->type->kind;
  if (eagre_type_is_text(kind)) clear_unreadable_texts(call);
  return EAGRE_OK;
}

struct eagre_expression *eagre_expression_field(struct eagre_arena *arena,
                                                struct eagre_expression *value, uint32_t index,
                                                struct eagre_sql_position position) {
  eagre_assert(value->type->kind == EAGRE_TYPE_STRUCT && index < value->type->field_count);
  struct eagre_expression *call =
      eagre_expression_new_call(arena, eagre_function_internal(EAGRE_INTERNAL_FIELD),
                                value->type->fields[index].type, run_field, &value, 1, position);
  call->parameters[0] = index;
  return call;
}

static enum eagre_status run_struct(struct eagre_kernel_call *call) {
  uint32_t count = call->node->argument_count;
  struct eagre_vector *children =
      eagre_arena_allocate_zeroed(call->arena, count * sizeof *children + 1);
  for (uint32_t i = 0; i < count; i++) {
    children[i] = *call->arguments[i];
  }
  call->out->children = children;
  return EAGRE_OK;
}

struct eagre_expression *eagre_expression_struct(struct eagre_arena *arena,
                                                 struct eagre_expression *const *values,
                                                 const struct eagre_text *names, uint32_t count,
                                                 struct eagre_sql_position position) {
  struct eagre_field *fields = eagre_arena_allocate(arena, count * sizeof *fields + 1);
  for (uint32_t i = 0; i < count; i++) {
    fields[i] = (struct eagre_field){eagre_arena_copy_text(arena, names[i]), values[i]->type, true};
  }
  return eagre_expression_new_call(arena, eagre_function_internal(EAGRE_INTERNAL_STRUCT),
                                   eagre_type_struct(arena, fields, count), run_struct, values,
                                   count, position);
}

/* ---- What a tree is -------------------------------------------------------------------------- */

const struct eagre_type *eagre_expression_type(const struct eagre_expression *expression) {
  return expression->type;
}

struct eagre_sql_position eagre_expression_position(const struct eagre_expression *expression) {
  return expression->position;
}

bool eagre_expression_is_constant(const struct eagre_expression *expression) {
  return expression->is_constant;
}

bool eagre_expression_calls(const struct eagre_expression *expression,
                            enum eagre_internal_function which) {
  return expression->kind == EAGRE_EXPRESSION_CALL &&
         expression->function == eagre_function_internal(which);
}

const char *eagre_expression_type_name(struct eagre_arena *arena, const struct eagre_type *type) {
  struct eagre_buffer buffer = {0};
  eagre_buffer_append_char(&buffer, '"');
  eagre_type_print(&buffer, type);
  eagre_buffer_append_char(&buffer, '"');
  char *copy = eagre_arena_copy_string(arena, eagre_buffer_string(&buffer));
  eagre_buffer_done(&buffer);
  return copy;
}

const char *eagre_expression_sql(struct eagre_arena *arena,
                                 const struct eagre_expression *expression) {
  struct eagre_buffer buffer = {0};
  eagre_buffer_append_char(&buffer, '"');
  eagre_expression_print(expression, NULL, &buffer);
  eagre_buffer_append_char(&buffer, '"');
  char *copy = eagre_arena_copy_string(arena, eagre_buffer_string(&buffer));
  eagre_buffer_done(&buffer);
  return copy;
}
