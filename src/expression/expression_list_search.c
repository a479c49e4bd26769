/* Functions that look through arrays: array_contains, array_position, arrays_overlap, array_min,
 * array_max, array_join. */
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_list.h"
#include "expression/expression_operator.h"

/* ---- One value ------------------------------------------------------------------------------- */

/* The place of the value in row `row` of argument 1, from 0, or -1; *out_has_null: a NULL was
 * passed on the way. */
static int64_t find_value(const struct eagre_kernel_call *call, uint32_t row, bool *out_has_null) {
  const struct eagre_vector *array = call->arguments[0];
  const struct eagre_vector *value = call->arguments[1];
  struct eagre_list_range range = eagre_list_range_of(array, row);
  uint32_t value_row = eagre_vector_index(value, row);
  *out_has_null = false;
  for (uint32_t i = 0; i < range.size; i++) {
    if (eagre_vector_is_null(array->children, range.first + i)) {
      *out_has_null = true;
    } else if (eagre_compare_rows(array->children, range.first + i, value, value_row) == 0) {
      return i;
    }
  }
  return -1;
}

static enum eagre_status bind_find(struct eagre_bind *bind, enum eagre_type_kind type,
                                   eagre_kernel_fn *kernel, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_array_and_value(bind, 0, 1));
  EAGRE_TRY(eagre_bind_require_order(bind, bind->arguments[1]->type));
  *out = eagre_bind_call(bind, eagre_type_of(type), kernel);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_array_contains(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_require_typed(bind, 0));
  EAGRE_TRY(eagre_bind_require_typed(bind, 1));
  return bind_find(bind, EAGRE_TYPE_BOOLEAN, eagre_kernel_array_contains, out);
}

/* NULL when the value is not there but might be what a NULL stands for. */
enum eagre_status eagre_kernel_array_contains(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    bool has_null;
    if (!eagre_kernel_is_live(call, row)) continue;
    bool is_found = find_value(call, row, &has_null) >= 0;
    eagre_bit_put(out, row, is_found);
    if (!is_found && has_null) eagre_kernel_set_null(call, row);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_array_position(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  return bind_find(bind, EAGRE_TYPE_BIGINT, eagre_kernel_array_position, out);
}

enum eagre_status eagre_kernel_array_position(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    bool has_null;
    if (eagre_kernel_is_live(call, row)) out[row] = find_value(call, row, &has_null) + 1;
  }
  return EAGRE_OK;
}

/* ---- Two arrays ------------------------------------------------------------------------------ */

enum eagre_status eagre_bind_arrays_overlap(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_same_arrays(bind, 0, 2));
  EAGRE_TRY(eagre_bind_require_order(bind, eagre_bind_element(bind, 0)));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_BOOLEAN), eagre_kernel_arrays_overlap);
  return EAGRE_OK;
}

static bool has_null(const struct eagre_vector *values, struct eagre_list_range range) {
  for (uint32_t i = 0; i < range.size; i++) {
    if (eagre_vector_is_null(values, range.first + i)) return true;
  }
  return false;
}

/* Whether they share a value that is not NULL. */
static bool share_value(const struct eagre_kernel_call *call, struct eagre_list_range a,
                        struct eagre_list_range b, struct eagre_list_set *set) {
  const struct eagre_vector *a_values = call->arguments[0]->children;
  const struct eagre_vector *b_values = call->arguments[1]->children;
  eagre_list_set_begin(set, a_values, a.size, call->arena);
  for (uint32_t i = 0; i < a.size; i++) {
    eagre_list_set_add(set, a.first + i);
  }
  for (uint32_t i = 0; i < b.size; i++) {
    bool is_null = eagre_vector_is_null(b_values, b.first + i);
    if (!is_null && eagre_list_set_has(set, b_values, b.first + i)) return true;
  }
  return false;
}

enum eagre_status eagre_kernel_arrays_overlap(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  struct eagre_list_set set = {0};
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_list_range a = eagre_list_range_of(call->arguments[0], row);
    struct eagre_list_range b = eagre_list_range_of(call->arguments[1], row);
    bool is_shared = a.size > 0 && b.size > 0 && share_value(call, a, b, &set);
    eagre_bit_put(out, row, is_shared);
    if (is_shared || a.size == 0 || b.size == 0) continue;
    bool is_unknown =
        has_null(call->arguments[0]->children, a) || has_null(call->arguments[1]->children, b);
    if (is_unknown) eagre_kernel_set_null(call, row);
  }
  return EAGRE_OK;
}

/* ---- Extremes -------------------------------------------------------------------------------- */

static enum eagre_status bind_extreme(struct eagre_bind *bind, int64_t wanted_order,
                                      struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_array_argument(bind, 0));
  EAGRE_TRY(eagre_bind_require_order(bind, eagre_bind_element(bind, 0)));
  *out = eagre_bind_call(bind, eagre_bind_element(bind, 0), eagre_kernel_array_extreme);
  (*out)->parameters[0] = wanted_order;
  return EAGRE_OK;
}

enum eagre_status eagre_bind_array_max(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_extreme(bind, 1, out);
}

enum eagre_status eagre_bind_array_min(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_extreme(bind, -1, out);
}

static int64_t find_extreme(const struct eagre_vector *values, struct eagre_list_range range,
                            int64_t wanted_order) {
  int64_t found = -1;
  for (uint32_t i = range.first; i < range.first + range.size; i++) {
    if (eagre_vector_is_null(values, i)) continue;
    if (found < 0 || eagre_compare_rows(values, i, values, (uint32_t)found) * wanted_order > 0) {
      found = i;
    }
  }
  return found;
}

enum eagre_status eagre_kernel_array_extreme(struct eagre_kernel_call *call) {
  const struct eagre_vector *array = call->arguments[0];
  uint32_t *elements = eagre_arena_allocate_vector(call->arena, call->row_count * sizeof *elements);
  uint8_t *found = eagre_arena_allocate_vector(call->arena, eagre_bits_size(call->row_count));
  for (uint32_t row = 0; row < call->row_count; row++) {
    bool is_live = eagre_kernel_is_live(call, row);
    struct eagre_list_range range = eagre_list_range_of(array, row);
    int64_t element =
        is_live ? find_extreme(array->children, range, call->node->parameters[0]) : -1;
    elements[row] = element < 0 ? 0 : (uint32_t)element;
    eagre_bit_put(found, row, element >= 0);
  }
  if (eagre_list_count(array, call->row_count) == 0) {
    eagre_vector_init_null(call->out, call->node->type, call->arena);
    eagre_vector_flatten(call->out, call->row_count, call->arena);
    return EAGRE_OK;
  }
  eagre_vector_gather(call->out, array->children, elements, call->row_count, call->arena);
  call->out->type = call->node->type;
  call->out->validity = found;
  return EAGRE_OK;
}

/* ---- array_join ------------------------------------------------------------------------------ */

enum eagre_status eagre_bind_array_join(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  EAGRE_TRY(eagre_bind_array_argument(bind, 0));
  if (!eagre_bind_takes(bind, eagre_bind_element(bind, 0), EAGRE_TYPE_STRING)) {
    return eagre_bind_unexpected(bind, 0, "\"ARRAY<STRING>\"");
  }
  EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_array(bind->arena, text)));
  for (uint32_t i = 1; i < bind->argument_count; i++) {
    enum eagre_type_kind kind = eagre_bind_kind(bind, i);
    if (kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL) {
      return eagre_bind_unexpected(bind, i, "\"STRING\"");
    }
    EAGRE_TRY(eagre_bind_cast(bind, i, text));
  }
  *out = eagre_bind_call(bind, text, eagre_kernel_array_join);
  return EAGRE_OK;
}

/* NULL elements are left out, or replaced by the third argument. */
static void join_row(const struct eagre_kernel_call *call, uint32_t row,
                     struct eagre_buffer *buffer) {
  const struct eagre_vector *values = call->arguments[0]->children;
  struct eagre_list_range range = eagre_list_range_of(call->arguments[0], row);
  struct eagre_text separator = eagre_kernel_text(call, 1, row);
  bool is_first = true;
  for (uint32_t i = range.first; i < range.first + range.size; i++) {
    bool is_null = eagre_vector_is_null(values, i);
    if (is_null && call->node->argument_count < 3) continue;
    if (!is_first) eagre_buffer_append_text(buffer, separator);
    eagre_buffer_append_text(buffer, is_null ? eagre_kernel_text(call, 2, row)
                                             : EAGRE_VALUES(struct eagre_text, values)[i]);
    is_first = false;
  }
}

enum eagre_status eagre_kernel_array_join(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_buffer buffer = {0};
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    eagre_buffer_clear(&buffer);
    join_row(call, row, &buffer);
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&buffer));
  }
  eagre_buffer_done(&buffer);
  return EAGRE_OK;
}
