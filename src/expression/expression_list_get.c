/* Single elements and sizes: a[i], m[k], get, element_at, try_element_at, size, map_contains_key,
 * and fields of arrays of structs. */
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_list.h"

/* ---- Results that are elements --------------------------------------------------------------- */

/* One element per row, or none. */
struct choice {
  struct eagre_kernel_call *call;
  const struct eagre_vector *values;
  uint32_t *elements;
  uint8_t *found; /* bitmap */
  bool has_missing;
};

static void begin_choice(struct choice *choice, struct eagre_kernel_call *call,
                         const struct eagre_vector *values) {
  size_t size = (size_t)call->row_count * sizeof *choice->elements;
  *choice = (struct choice){.call = call, .values = values};
  choice->elements = eagre_arena_allocate_vector(call->arena, size);
  choice->found = eagre_arena_allocate_vector(call->arena, eagre_bits_size(call->row_count));
  memset(choice->elements, 0, size);
  eagre_bits_fill(choice->found, call->row_count, true);
}

static void miss(struct choice *choice, uint32_t row) {
  eagre_bit_clear(choice->found, row);
  choice->has_missing = true;
}

/* call->out = the chosen elements; NULL where none was chosen. */
static void finish_choice(struct choice *choice, uint32_t value_count) {
  struct eagre_kernel_call *call = choice->call;
  if (value_count == 0) {
    eagre_vector_init_null(call->out, call->node->type, call->arena);
    eagre_vector_flatten(call->out, call->row_count, call->arena);
    return;
  }
  eagre_vector_gather(call->out, choice->values, choice->elements, call->row_count, call->arena);
  call->out->type = call->node->type;
  if (!choice->has_missing || call->node->type->kind == EAGRE_TYPE_NULL) return;
  uint8_t *both = eagre_arena_allocate_vector(call->arena, eagre_bits_size(call->row_count));
  eagre_bits_and(both, choice->found, call->out->validity, call->row_count);
  call->out->validity = both;
}

static int64_t read_index(const struct eagre_vector *vector, uint32_t row) {
  uint32_t index = eagre_vector_index(vector, row);
  switch (vector->type->kind) {
  case EAGRE_TYPE_TINYINT:
    return EAGRE_VALUES(int8_t, vector)[index];
  case EAGRE_TYPE_SMALLINT:
    return EAGRE_VALUES(int16_t, vector)[index];
  case EAGRE_TYPE_INT:
    return EAGRE_VALUES(int32_t, vector)[index];
  default:
    return EAGRE_VALUES(int64_t, vector)[index];
  }
}

/* ---- Arrays ---------------------------------------------------------------------------------- */

/* What is asked for: [i] counts from 0, element_at from 1 and from the end. */
enum index_kind { INDEX_SUBSCRIPT, INDEX_GET, INDEX_ELEMENT_AT, INDEX_TRY_ELEMENT_AT };

static enum eagre_status fail_index(struct eagre_kernel_call *call, uint32_t row,
                                    enum index_kind kind, int64_t index, uint32_t size) {
  if (kind == INDEX_SUBSCRIPT) {
    return eagre_kernel_fail(call, row, "INVALID_ARRAY_INDEX",
                             "The index %lld is out of bounds. The array has %u elements. Use the "
                             "SQL function `get()` to tolerate accessing element at invalid index "
                             "and return NULL instead.",
                             (long long)index, size);
  }
  return eagre_kernel_fail(call, row, "INVALID_ARRAY_INDEX_IN_ELEMENT_AT",
                           "The index %lld is out of bounds. The array has %u elements. Use "
                           "`try_element_at` to tolerate accessing element at invalid index and "
                           "return NULL instead.",
                           (long long)index, size);
}

static enum eagre_status choose_element(struct choice *choice, uint32_t row, enum index_kind kind) {
  struct eagre_kernel_call *call = choice->call;
  struct eagre_list_range range = eagre_list_range_of(call->arguments[0], row);
  int64_t index = read_index(call->arguments[1], row);
  bool counts_from_one = kind == INDEX_ELEMENT_AT || kind == INDEX_TRY_ELEMENT_AT;
  int64_t place = index;
  if (counts_from_one && index == 0) {
    return eagre_kernel_fail(call, row, "INVALID_INDEX_OF_ZERO",
                             "The index 0 is invalid. An index shall be either < 0 or > 0 (the "
                             "first element has index 1).");
  }
  if (counts_from_one) place = index > 0 ? index - 1 : index + range.size;
  if (place >= 0 && place < range.size) {
    choice->elements[row] = range.first + (uint32_t)place;
    return EAGRE_OK;
  }
  miss(choice, row);
  bool is_failing = kind == INDEX_SUBSCRIPT || kind == INDEX_ELEMENT_AT;
  return is_failing ? fail_index(call, row, kind, index, range.size) : EAGRE_OK;
}

enum eagre_status eagre_kernel_array_element(struct eagre_kernel_call *call) {
  const struct eagre_vector *array = call->arguments[0];
  struct choice choice;
  begin_choice(&choice, call, array->children);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) {
      miss(&choice, row);
      continue;
    }
    EAGRE_TRY(choose_element(&choice, row, (enum index_kind)call->node->parameters[0]));
  }
  finish_choice(&choice, eagre_list_count(array, call->row_count));
  return EAGRE_OK;
}

static enum eagre_status bind_array_element(struct eagre_bind *bind, enum index_kind kind,
                                            struct eagre_expression **out) {
  enum eagre_type_kind index = eagre_bind_kind(bind, 1);
  if (index == EAGRE_TYPE_NULL && (kind == INDEX_SUBSCRIPT || kind == INDEX_GET)) {
    EAGRE_TRY(eagre_bind_cast(bind, 1, eagre_type_of(EAGRE_TYPE_INT)));
  } else if (!eagre_type_is_integral(index)) {
    return eagre_bind_unexpected(bind, 1, "\"INTEGRAL\"");
  }
  *out = eagre_bind_call(bind, eagre_bind_element(bind, 0), eagre_kernel_array_element);
  (*out)->parameters[0] = kind;
  if (kind == INDEX_GET) eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

/* ---- Maps ------------------------------------------------------------------------------------ */

enum eagre_status eagre_kernel_map_element(struct eagre_kernel_call *call) {
  const struct eagre_vector *map = call->arguments[0];
  const struct eagre_vector *keys = call->arguments[1];
  struct choice choice;
  begin_choice(&choice, call, &map->children[1]);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int64_t found = -1;
    if (eagre_kernel_is_live(call, row)) {
      found = eagre_list_find_key(map, row, keys, eagre_vector_index(keys, row));
    }
    if (found < 0) {
      miss(&choice, row);
    } else {
      choice.elements[row] = (uint32_t)found;
    }
  }
  finish_choice(&choice, eagre_list_count(map, call->row_count));
  return EAGRE_OK;
}

/* Casts map and key to one type of key. */
static enum eagre_status unify_key(struct eagre_bind *bind) {
  const struct eagre_type *map = bind->arguments[0]->type;
  /* A subscript converts, element_at and map_contains_key do not. */
  bool is_subscript = bind->function == eagre_function_internal(EAGRE_INTERNAL_SUBSCRIPT);
  const struct eagre_type *other = bind->arguments[1]->type;
  const struct eagre_type *key =
      !is_subscript && eagre_coerce_mixes_texts(map->fields[0].type, other)
          ? NULL
          : eagre_bind_common(bind, map->fields[0].type, other);
  if (key == NULL) {
    return eagre_bind_mismatch(
        bind, "MAP_FUNCTION_DIFF_TYPES",
        "Input to `%s` should have been \"MAP\" followed by a value with same key type, but it's "
        "[%s, %s].",
        bind->function->info.name, eagre_expression_type_name(bind->arena, map),
        eagre_expression_type_name(bind->arena, bind->arguments[1]->type));
  }
  EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_map(bind->arena, key, map->fields[1].type)));
  EAGRE_TRY(eagre_bind_cast(bind, 1, key));
  return eagre_bind_require_order(bind, key);
}

static enum eagre_status bind_map_element(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(unify_key(bind));
  *out = eagre_bind_call(bind, bind->arguments[0]->type->fields[1].type, eagre_kernel_map_element);
  eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_map_contains_key(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_map_argument(bind, 0));
  EAGRE_TRY(eagre_bind_require_typed(bind, 1));
  EAGRE_TRY(unify_key(bind));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_BOOLEAN), eagre_kernel_map_contains_key);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_map_contains_key(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  const struct eagre_vector *keys = call->arguments[1];
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    uint32_t key = eagre_vector_index(keys, row);
    eagre_bit_put(out, row, eagre_list_find_key(call->arguments[0], row, keys, key) >= 0);
  }
  return EAGRE_OK;
}

/* ---- By the type of the collection ----------------------------------------------------------- */

static enum eagre_status bind_either(struct eagre_bind *bind, enum index_kind kind,
                                     struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) == EAGRE_TYPE_MAP) return bind_map_element(bind, out);
  if (eagre_bind_kind(bind, 0) != EAGRE_TYPE_ARRAY) {
    return eagre_bind_unexpected(bind, 0, "(\"ARRAY\" or \"MAP\")");
  }
  return bind_array_element(bind, kind, out);
}

/* Without ANSI what is out of bounds is NULL, while the index 0 stays an error. */
enum eagre_status eagre_bind_element_at(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_either(bind, eagre_bind_is_legacy(bind) ? INDEX_TRY_ELEMENT_AT : INDEX_ELEMENT_AT,
                     out);
}

enum eagre_status eagre_bind_try_element_at(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  return bind_either(bind, INDEX_TRY_ELEMENT_AT, out);
}

enum eagre_status eagre_bind_get(struct eagre_bind *bind, struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) != EAGRE_TYPE_ARRAY) {
    return eagre_bind_unexpected(bind, 0, "\"ARRAY\"");
  }
  return bind_array_element(bind, INDEX_GET, out);
}

/* value[index] */
enum eagre_status eagre_expression_subscript(
    struct eagre_arena *arena, struct eagre_expression *value, struct eagre_expression *index,
    const struct eagre_expression_session *session, struct eagre_sql_position position,
    struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_expression *arguments[] = {value, index};
  struct eagre_bind bind = {
      .arena = arena,
      .function = eagre_function_internal(EAGRE_INTERNAL_SUBSCRIPT),
      .arguments = arguments,
      .argument_count = 2,
      .session = session,
      .position = position,
      .error = error,
  };
  if (eagre_type_is_list(value->type->kind)) {
    return bind_either(&bind, session->is_legacy ? INDEX_GET : INDEX_SUBSCRIPT, out);
  }
  return eagre_bind_fail(&bind, position, "INVALID_EXTRACT_BASE_FIELD_TYPE",
                         "Can't extract a value from %s. Need a complex type [STRUCT, ARRAY, MAP] "
                         "but got %s.",
                         eagre_expression_sql(arena, value),
                         eagre_expression_type_name(arena, value->type));
}

/* ---- Fields of arrays of structs ------------------------------------------------------------- */

static enum eagre_status run_array_field(struct eagre_kernel_call *call) {
  const struct eagre_vector *array = call->arguments[0];
  const struct eagre_vector *element = array->children;
  uint32_t count = eagre_list_count(array, call->row_count);
  struct eagre_vector *child = eagre_arena_allocate(call->arena, sizeof *child);
  *child = element->children[call->node->parameters[0]];
  eagre_vector_flatten(child, count, call->arena);
  if (element->validity != NULL && child->type->kind != EAGRE_TYPE_NULL) {
    uint8_t *both = eagre_arena_allocate_vector(call->arena, eagre_bits_size(count));
    eagre_bits_and(both, element->validity, child->validity, count);
    child->validity = both;
  }
  call->out->offsets = array->offsets;
  call->out->children = child;
  return EAGRE_OK;
}

struct eagre_expression *eagre_expression_array_field(struct eagre_arena *arena,
                                                      struct eagre_expression *value,
                                                      uint32_t index,
                                                      struct eagre_sql_position position) {
  const struct eagre_type *element = value->type->fields[0].type;
  struct eagre_expression *call = eagre_expression_new_call(
      arena, eagre_function_internal(EAGRE_INTERNAL_ARRAY_FIELD),
      eagre_type_array(arena, element->fields[index].type), run_array_field, &value, 1, position);
  call->parameters[0] = index;
  return call;
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

/* Without ANSI the size of NULL is -1, but for array_size. */
enum eagre_status eagre_bind_size(struct eagre_bind *bind, struct eagre_expression **out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  bool takes_map = strcmp(bind->function->info.name, "array_size") != 0;
  if (kind != EAGRE_TYPE_ARRAY && !(takes_map && kind == EAGRE_TYPE_MAP)) {
    if (kind != EAGRE_TYPE_NULL) {
      return eagre_bind_unexpected(bind, 0, takes_map ? "(\"ARRAY\" or \"MAP\")" : "\"ARRAY\"");
    }
    EAGRE_TRY(eagre_bind_array_argument(bind, 0));
  }
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_INT), eagre_kernel_size);
  if (!takes_map || !eagre_bind_is_legacy(bind)) return EAGRE_OK;
  int32_t of_null = -1;
  struct eagre_expression *sizes[] = {
      *out, eagre_expression_new_literal(bind->arena, EAGRE_TYPE_INT, &of_null, bind->position)};
  return eagre_bind_other(bind, "coalesce", sizes, 2, out);
}

enum eagre_status eagre_kernel_size(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = (int32_t)eagre_vector_list_size(call->arguments[0], row);
  }
  return EAGRE_OK;
}
