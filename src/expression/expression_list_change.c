/* Arrays made of the elements of arrays: each function says, row by row, which elements it keeps
 * and in which order. */
#include <stdlib.h>
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_list.h"
#include "expression/expression_operator.h"

/* ---- The frame ------------------------------------------------------------------------------- */

/* A call being run. Sources are the elements of every ARRAY argument and, for the functions that
 * add a value, that argument's rows. */
struct change {
  struct eagre_kernel_call *call;
  struct eagre_list_maker maker;
  struct eagre_list_set set;
  uint32_t *bases; /* number of the first element of each argument */
};

typedef enum eagre_status change_row_fn(struct change *change, uint32_t row);

static struct eagre_list_range range_of(const struct change *change, uint32_t argument,
                                        uint32_t row) {
  return eagre_list_range_of(change->call->arguments[argument], row);
}

static const struct eagre_vector *values_of(const struct change *change, uint32_t argument) {
  return change->call->arguments[argument]->children;
}

/* `array_count` arguments are arrays; `value` is the argument that is one element, -1 for none. */
static enum eagre_status run_change(struct eagre_kernel_call *call, uint32_t array_count, int value,
                                    change_row_fn *change_row) {
  struct change change = {.call = call};
  uint32_t source_count = array_count + 1;
  change.bases = eagre_arena_allocate_zeroed(call->arena, (call->node->argument_count + 1) *
                                                              sizeof *change.bases);
  eagre_list_begin(&change.maker, call, source_count);
  for (uint32_t i = 0; i < array_count; i++) {
    uint32_t count = eagre_list_count(call->arguments[i], call->row_count);
    change.bases[i] = eagre_list_add_source(&change.maker, 0, call->arguments[i]->children, count);
  }
  if (value >= 0) {
    change.bases[value] =
        eagre_list_add_source(&change.maker, 0, call->arguments[value], call->row_count);
  }
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    if (eagre_kernel_is_live(call, row)) status = change_row(&change, row);
    if (status == EAGRE_OK) status = eagre_list_end_row(&change.maker, row);
  }
  if (status == EAGRE_OK) {
    eagre_list_finish(&change.maker);
  } else {
    eagre_list_abort(&change.maker);
  }
  return status;
}

/* The number of the element that is argument `value`'s row. */
static uint32_t value_of(const struct change *change, uint32_t value, uint32_t row) {
  const struct eagre_vector *vector = change->call->arguments[value];
  if (eagre_vector_is_null(vector, row)) return EAGRE_LIST_NULL;
  return change->bases[value] + eagre_vector_index(vector, row);
}

static enum eagre_status bind_same(struct eagre_bind *bind, eagre_kernel_fn *kernel,
                                   struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_same_arrays(bind, 0, bind->argument_count));
  *out = eagre_bind_call(bind, bind->arguments[0]->type, kernel);
  return EAGRE_OK;
}

/* ---- As sets --------------------------------------------------------------------------------- */

static enum eagre_status bind_set(struct eagre_bind *bind, eagre_kernel_fn *kernel,
                                  struct eagre_expression **out) {
  EAGRE_TRY(bind_same(bind, kernel, out));
  return eagre_bind_require_order(bind, eagre_bind_element(bind, 0));
}

static void put_new(struct change *change, uint32_t argument, struct eagre_list_range range) {
  for (uint32_t i = 0; i < range.size; i++) {
    if (!eagre_list_set_add(&change->set, range.first + i)) continue;
    eagre_list_put(&change->maker, change->bases[argument] + range.first + i);
  }
}

static enum eagre_status distinct_row(struct change *change, uint32_t row) {
  struct eagre_list_range range = range_of(change, 0, row);
  eagre_list_set_begin(&change->set, values_of(change, 0), range.size, change->call->arena);
  put_new(change, 0, range);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_array_distinct(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  return bind_set(bind, eagre_kernel_array_distinct, out);
}

enum eagre_status eagre_kernel_array_distinct(struct eagre_kernel_call *call) {
  return run_change(call, 1, -1, distinct_row);
}

/* The elements of both arguments, a set of each: what the second has is put when the first, and the
 * second before, do not have it. */
static enum eagre_status union_row(struct change *change, uint32_t row) {
  struct eagre_list_range a = range_of(change, 0, row), b = range_of(change, 1, row);
  struct eagre_list_set first = change->set;
  eagre_list_set_begin(&change->set, values_of(change, 0), a.size, change->call->arena);
  put_new(change, 0, a);
  first = change->set;
  change->set = (struct eagre_list_set){0};
  eagre_list_set_begin(&change->set, values_of(change, 1), b.size, change->call->arena);
  for (uint32_t i = 0; i < b.size; i++) {
    if (eagre_list_set_has(&first, values_of(change, 1), b.first + i)) continue;
    if (!eagre_list_set_add(&change->set, b.first + i)) continue;
    eagre_list_put(&change->maker, change->bases[1] + b.first + i);
  }
  change->set = first;
  return EAGRE_OK;
}

enum eagre_status eagre_bind_array_union(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_set(bind, eagre_kernel_array_union, out);
}

enum eagre_status eagre_kernel_array_union(struct eagre_kernel_call *call) {
  return run_change(call, 2, -1, union_row);
}

/* Elements of the first that the second has, or has not, each once. */
static enum eagre_status compare_row(struct change *change, uint32_t row, bool wants_common) {
  struct eagre_list_range a = range_of(change, 0, row), b = range_of(change, 1, row);
  struct eagre_list_set second = {0};
  eagre_list_set_begin(&second, values_of(change, 1), b.size, change->call->arena);
  for (uint32_t i = 0; i < b.size; i++) {
    eagre_list_set_add(&second, b.first + i);
  }
  eagre_list_set_begin(&change->set, values_of(change, 0), a.size, change->call->arena);
  for (uint32_t i = 0; i < a.size; i++) {
    bool is_common = eagre_list_set_has(&second, values_of(change, 0), a.first + i);
    if (is_common != wants_common || !eagre_list_set_add(&change->set, a.first + i)) continue;
    eagre_list_put(&change->maker, change->bases[0] + a.first + i);
  }
  return EAGRE_OK;
}

static enum eagre_status intersect_row(struct change *change, uint32_t row) {
  return compare_row(change, row, true);
}

static enum eagre_status except_row(struct change *change, uint32_t row) {
  return compare_row(change, row, false);
}

enum eagre_status eagre_bind_array_intersect(struct eagre_bind *bind,
                                             struct eagre_expression **out) {
  return bind_set(bind, eagre_kernel_array_intersect, out);
}

enum eagre_status eagre_kernel_array_intersect(struct eagre_kernel_call *call) {
  return run_change(call, 2, -1, intersect_row);
}

enum eagre_status eagre_bind_array_except(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_set(bind, eagre_kernel_array_except, out);
}

enum eagre_status eagre_kernel_array_except(struct eagre_kernel_call *call) {
  return run_change(call, 2, -1, except_row);
}

/* ---- With one value -------------------------------------------------------------------------- */

static enum eagre_status bind_with_value(struct eagre_bind *bind, uint32_t value,
                                         eagre_kernel_fn *kernel, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_array_and_value(bind, 0, value));
  *out = eagre_bind_call(bind, bind->arguments[0]->type, kernel);
  return EAGRE_OK;
}

static enum eagre_status remove_row(struct change *change, uint32_t row) {
  const struct eagre_vector *value = change->call->arguments[1];
  struct eagre_list_range range = range_of(change, 0, row);
  uint32_t value_row = eagre_vector_index(value, row);
  for (uint32_t i = range.first; i < range.first + range.size; i++) {
    bool is_kept = eagre_vector_is_null(values_of(change, 0), i) ||
                   eagre_compare_rows(values_of(change, 0), i, value, value_row) != 0;
    if (is_kept) eagre_list_put(&change->maker, i);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_array_remove(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(bind_with_value(bind, 1, eagre_kernel_array_remove, out));
  return eagre_bind_require_order(bind, bind->arguments[1]->type);
}

enum eagre_status eagre_kernel_array_remove(struct eagre_kernel_call *call) {
  return run_change(call, 1, -1, remove_row);
}

/* The value may be NULL, the array may not: the function sees NULLs, and only the array decides. */
static void take_validity(struct eagre_kernel_call *call, uint32_t count) {
  for (uint32_t row = 0; row < call->row_count; row++) {
    for (uint32_t i = 0; i < count; i++) {
      if (eagre_vector_is_null(call->arguments[i], row)) eagre_kernel_set_null(call, row);
    }
  }
}

static enum eagre_status append_row(struct change *change, uint32_t row) {
  struct eagre_list_range range = range_of(change, 0, row);
  eagre_list_put_range(&change->maker, range.first, range.size);
  eagre_list_put(&change->maker, value_of(change, 1, row));
  return EAGRE_OK;
}

static enum eagre_status prepend_row(struct change *change, uint32_t row) {
  struct eagre_list_range range = range_of(change, 0, row);
  eagre_list_put(&change->maker, value_of(change, 1, row));
  eagre_list_put_range(&change->maker, range.first, range.size);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_array_append(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_with_value(bind, 1, eagre_kernel_array_append, out);
}

enum eagre_status eagre_kernel_array_append(struct eagre_kernel_call *call) {
  take_validity(call, 1);
  return run_change(call, 1, 1, append_row);
}

enum eagre_status eagre_bind_array_prepend(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_with_value(bind, 1, eagre_kernel_array_prepend, out);
}

enum eagre_status eagre_kernel_array_prepend(struct eagre_kernel_call *call) {
  take_validity(call, 1);
  return run_change(call, 1, 1, prepend_row);
}

static void put_nulls(struct change *change, int64_t count) {
  for (int64_t i = 0; i < count && !change->maker.is_full; i++) {
    eagre_list_put(&change->maker, EAGRE_LIST_NULL);
  }
}

/* Position p > 0 puts before the present element p, p < 0 behind the present element p from the
 * end; NULLs fill what is missing in between. */
static enum eagre_status insert_row(struct change *change, uint32_t row) {
  struct eagre_list_range range = range_of(change, 0, row);
  int64_t position = EAGRE_ARGUMENT(int32_t, change->call, 1, row);
  uint32_t value = value_of(change, 2, row);
  if (position == 0) {
    return eagre_kernel_fail(change->call, row, "INVALID_INDEX_OF_ZERO",
                             "The index 0 is invalid. An index shall be either < 0 or > 0 (the "
                             "first element has index 1).");
  }
  int64_t before = position > 0 ? position - 1 : range.size + position + 1;
  if (before < 0) {
    eagre_list_put(&change->maker, value);
    put_nulls(change, -before);
    eagre_list_put_range(&change->maker, range.first, range.size);
    return EAGRE_OK;
  }
  uint32_t present = before < range.size ? (uint32_t)before : range.size;
  eagre_list_put_range(&change->maker, range.first, present);
  put_nulls(change, before - present);
  eagre_list_put(&change->maker, value);
  eagre_list_put_range(&change->maker, range.first + present, range.size - present);
  return EAGRE_OK;
}

static bool is_int(enum eagre_type_kind kind) {
  return eagre_type_is_integral(kind) && kind != EAGRE_TYPE_BIGINT;
}

enum eagre_status eagre_bind_array_insert(struct eagre_bind *bind, struct eagre_expression **out) {
  if (!is_int(eagre_bind_kind(bind, 1))) return eagre_bind_unexpected(bind, 1, "\"INT\"");
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_INT));
  return bind_with_value(bind, 2, eagre_kernel_array_insert, out);
}

enum eagre_status eagre_kernel_array_insert(struct eagre_kernel_call *call) {
  take_validity(call, 2);
  return run_change(call, 1, 2, insert_row);
}

static enum eagre_status repeat_row(struct change *change, uint32_t row) {
  int32_t count = EAGRE_ARGUMENT(int32_t, change->call, 1, row);
  uint32_t value = value_of(change, 0, row);
  for (int32_t i = 0; i < count && !change->maker.is_full; i++) {
    eagre_list_put(&change->maker, value);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_array_repeat(struct eagre_bind *bind, struct eagre_expression **out) {
  if (!is_int(eagre_bind_kind(bind, 1)) && eagre_bind_kind(bind, 1) != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 1, "\"INT\"");
  }
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_INT));
  *out = eagre_bind_call(bind, eagre_type_array(bind->arena, bind->arguments[0]->type),
                         eagre_kernel_array_repeat);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_array_repeat(struct eagre_kernel_call *call) {
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_vector_is_null(call->arguments[1], row)) eagre_kernel_set_null(call, row);
  }
  return run_change(call, 0, 0, repeat_row);
}

/* ---- Parts and orders ------------------------------------------------------------------------ */

static enum eagre_status compact_row(struct change *change, uint32_t row) {
  struct eagre_list_range range = range_of(change, 0, row);
  for (uint32_t i = range.first; i < range.first + range.size; i++) {
    if (!eagre_vector_is_null(values_of(change, 0), i)) eagre_list_put(&change->maker, i);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_array_compact(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_same(bind, eagre_kernel_array_compact, out);
}

enum eagre_status eagre_kernel_array_compact(struct eagre_kernel_call *call) {
  return run_change(call, 1, -1, compact_row);
}

static enum eagre_status slice_row(struct change *change, uint32_t row) {
  struct eagre_list_range range = range_of(change, 0, row);
  int64_t start = EAGRE_ARGUMENT(int32_t, change->call, 1, row);
  int64_t length = EAGRE_ARGUMENT(int32_t, change->call, 2, row);
  if (start == 0) {
    return eagre_kernel_fail(change->call, row, "INVALID_PARAMETER_VALUE.START",
                             "The value of parameter(s) `start` in `slice` is invalid: Expects a "
                             "positive or a negative value for `start`, but got 0.");
  }
  if (length < 0) {
    return eagre_kernel_fail(change->call, row, "INVALID_PARAMETER_VALUE.LENGTH",
                             "The value of parameter(s) `length` in `slice` is invalid: Expects "
                             "`length` greater than or equal to 0, but got %lld.",
                             (long long)length);
  }
  int64_t first = start > 0 ? start - 1 : range.size + start;
  if (first < 0 || first >= range.size) return EAGRE_OK;
  int64_t rest = range.size - first;
  eagre_list_put_range(&change->maker, range.first + (uint32_t)first,
                       (uint32_t)(length < rest ? length : rest));
  return EAGRE_OK;
}

enum eagre_status eagre_bind_slice(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_array_argument(bind, 0));
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_INT));
  EAGRE_TRY(eagre_bind_parameter(bind, 2, EAGRE_TYPE_INT));
  *out = eagre_bind_call(bind, bind->arguments[0]->type, eagre_kernel_slice);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_slice(struct eagre_kernel_call *call) {
  return run_change(call, 1, -1, slice_row);
}

static enum eagre_status reverse_row(struct change *change, uint32_t row) {
  struct eagre_list_range range = range_of(change, 0, row);
  for (uint32_t i = range.size; i > 0; i--) {
    eagre_list_put(&change->maker, range.first + i - 1);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_reverse(struct eagre_bind *bind, struct eagre_expression **out) {
  if (eagre_bind_kind(bind, 0) == EAGRE_TYPE_ARRAY) {
    return bind_same(bind, eagre_kernel_array_reverse, out);
  }
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), eagre_kernel_reverse);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_array_reverse(struct eagre_kernel_call *call) {
  return run_change(call, 1, -1, reverse_row);
}

/* ---- Several arrays in one ------------------------------------------------------------------- */

static enum eagre_status concat_row(struct change *change, uint32_t row) {
  for (uint32_t i = 0; i < change->call->node->argument_count; i++) {
    struct eagre_list_range range = range_of(change, i, row);
    eagre_list_put_range(&change->maker, change->bases[i] + range.first, range.size);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_array_concat(struct eagre_bind *bind, struct eagre_expression **out) {
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    enum eagre_type_kind kind = eagre_bind_kind(bind, i);
    if (kind != EAGRE_TYPE_ARRAY) {
      return eagre_bind_refuse_different(bind, 0, bind->argument_count);
    }
  }
  const struct eagre_type *type;
  EAGRE_TRY(eagre_bind_unify(bind, 0, bind->argument_count, &type));
  *out = eagre_bind_call(bind, type, eagre_kernel_array_concat);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_array_concat(struct eagre_kernel_call *call) {
  return run_change(call, call->node->argument_count, -1, concat_row);
}

enum eagre_status eagre_bind_flatten(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_array_argument(bind, 0));
  if (eagre_bind_element(bind, 0)->kind != EAGRE_TYPE_ARRAY) {
    return eagre_bind_unexpected(bind, 0, "\"ARRAY\" of \"ARRAY\"");
  }
  *out = eagre_bind_call(bind, eagre_bind_element(bind, 0), eagre_kernel_flatten);
  return EAGRE_OK;
}

/* NULL when one of the arrays inside is. */
static void flatten_row(struct eagre_list_maker *maker, uint32_t row) {
  struct eagre_kernel_call *call = maker->call;
  const struct eagre_vector *inner = call->arguments[0]->children;
  struct eagre_list_range range = eagre_list_range_of(call->arguments[0], row);
  for (uint32_t i = range.first; i < range.first + range.size; i++) {
    if (!eagre_vector_is_null(inner, i)) continue;
    eagre_kernel_set_null(call, row);
    return;
  }
  for (uint32_t i = range.first; i < range.first + range.size; i++) {
    struct eagre_list_range elements = eagre_list_range_of(inner, i);
    eagre_list_put_range(maker, elements.first, elements.size);
  }
}

enum eagre_status eagre_kernel_flatten(struct eagre_kernel_call *call) {
  const struct eagre_vector *inner = call->arguments[0]->children;
  uint32_t inner_count = eagre_list_count(call->arguments[0], call->row_count);
  struct eagre_list_maker maker;
  eagre_list_begin(&maker, call, 1);
  eagre_list_add_source(&maker, 0, inner->children, eagre_list_count(inner, inner_count));
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    if (eagre_kernel_is_live(call, row)) flatten_row(&maker, row);
    status = eagre_list_end_row(&maker, row);
  }
  eagre_list_finish(&maker);
  return status;
}

/* ---- Sorting --------------------------------------------------------------------------------- */

struct sort_order {
  const struct eagre_vector *values;
  int direction;    /* 1 or -1 */
  bool nulls_first; /* whatever the direction */
};

static int compare_elements(const void *left, const void *right, void *context) {
  const struct sort_order *order = context;
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  bool a_is_null = eagre_vector_is_null(order->values, a);
  bool b_is_null = eagre_vector_is_null(order->values, b);
  int result = 0;
  if (a_is_null || b_is_null) {
    result = order->nulls_first ? b_is_null - a_is_null : a_is_null - b_is_null;
  } else {
    result = eagre_compare_rows(order->values, a, order->values, b) * order->direction;
  }
  return result != 0 ? result : (a > b) - (a < b);
}

static enum eagre_status sort_range(struct change *change, uint32_t row,
                                    const struct sort_order *order) {
  struct eagre_list_range range = range_of(change, 0, row);
  uint32_t *elements = eagre_allocate((range.size + 1) * sizeof *elements);
  for (uint32_t i = 0; i < range.size; i++) {
    elements[i] = range.first + i;
  }
  qsort_r(elements, range.size, sizeof *elements, compare_elements, (void *)order);
  for (uint32_t i = 0; i < range.size; i++) {
    eagre_list_put(&change->maker, elements[i]);
  }
  eagre_free(elements);
  return EAGRE_OK;
}

/* sort_array: NULLs first when ascending, last when descending; array_sort: last. */
static enum eagre_status sort_array_row(struct change *change, uint32_t row) {
  const struct eagre_kernel_call *call = change->call;
  bool is_descending = call->node->argument_count > 1 && !eagre_kernel_boolean(call, 1, row);
  const struct sort_order order = {values_of(change, 0), is_descending ? -1 : 1, !is_descending};
  return sort_range(change, row, &order);
}

static enum eagre_status array_sort_row(struct change *change, uint32_t row) {
  const struct sort_order order = {values_of(change, 0), 1, false};
  return sort_range(change, row, &order);
}

enum eagre_status eagre_bind_sort_array(struct eagre_bind *bind, struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_array_argument(bind, 0));
  EAGRE_TRY(eagre_bind_require_order(bind, eagre_bind_element(bind, 0)));
  if (bind->argument_count > 1) {
    EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_BOOLEAN));
    if (!bind->arguments[1]->is_constant) {
      return eagre_bind_mismatch(bind, "NON_FOLDABLE_INPUT",
                                 "the input `ascendingOrder` should be a foldable \"BOOLEAN\" "
                                 "expression; however, got %s.",
                                 eagre_expression_sql(bind->arena, bind->arguments[1]));
    }
  }
  *out = eagre_bind_call(bind, bind->arguments[0]->type, eagre_kernel_sort_array);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_sort_array(struct eagre_kernel_call *call) {
  return run_change(call, 1, -1, sort_array_row);
}

enum eagre_status eagre_kernel_array_sort(struct eagre_kernel_call *call) {
  return run_change(call, 1, -1, array_sort_row);
}

/* ---- arrays_zip ------------------------------------------------------------------------------ */

/* Fields keep the names of columns and fields, others are 0, 1, ... */
static struct eagre_text name_zipped(struct eagre_bind *bind, uint32_t index) {
  const struct eagre_expression *argument = bind->arguments[index];
  if (eagre_expression_calls(argument, EAGRE_INTERNAL_FIELD)) {
    return argument->arguments[0]->type->fields[argument->parameters[0]].name;
  }
  if (eagre_expression_calls(argument, EAGRE_INTERNAL_ARRAY_FIELD)) {
    const struct eagre_type *element = argument->arguments[0]->type->fields[0].type;
    return element->fields[argument->parameters[0]].name;
  }
  if (argument->kind == EAGRE_EXPRESSION_COLUMN && argument->text.size > 0) return argument->text;
  return eagre_arena_printf(bind->arena, "%u", index);
}

enum eagre_status eagre_bind_arrays_zip(struct eagre_bind *bind, struct eagre_expression **out) {
  uint32_t count = bind->argument_count;
  struct eagre_field *fields = eagre_arena_allocate(bind->arena, (count + 1) * sizeof *fields);
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_TRY(eagre_bind_array_argument(bind, i));
    fields[i] = (struct eagre_field){name_zipped(bind, i), eagre_bind_element(bind, i), true};
  }
  const struct eagre_type *element = eagre_type_struct(bind->arena, fields, count);
  *out = eagre_bind_call(bind, eagre_type_array(bind->arena, element), eagre_kernel_arrays_zip);
  return EAGRE_OK;
}

/* The elements of argument `index`, each row as long as the result's, NULLs at the end. */
static void stretch(struct eagre_kernel_call *call, uint32_t index, struct eagre_vector *out) {
  const struct eagre_vector *array = call->arguments[index];
  uint32_t count = eagre_list_count(array, call->row_count);
  uint32_t total = (uint32_t)call->out->offsets[call->row_count];
  struct eagre_vector padded;
  eagre_vector_init(&padded, array->children->type, count + 1, call->arena);
  eagre_vector_append(&padded, 0, count + 1, array->children, 0, count, false, call->arena);
  struct eagre_vector null;
  eagre_vector_init_null(&null, array->children->type, call->arena);
  eagre_vector_append(&padded, count, count + 1, &null, 0, 1, false, call->arena);
  uint32_t *elements = eagre_arena_allocate_vector(call->arena, (size_t)total * sizeof *elements);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_list_range range = eagre_list_range_of(array, row);
    uint32_t first = (uint32_t)call->out->offsets[row];
    uint32_t size = (uint32_t)call->out->offsets[row + 1] - first;
    for (uint32_t i = 0; i < size; i++) {
      elements[first + i] = i < range.size ? range.first + i : count;
    }
  }
  eagre_vector_gather(out, &padded, elements, total, call->arena);
}

enum eagre_status eagre_kernel_arrays_zip(struct eagre_kernel_call *call) {
  uint32_t count = call->node->argument_count;
  int64_t total = 0;
  int32_t *offsets =
      eagre_arena_allocate_vector(call->arena, (call->row_count + 1) * sizeof *offsets);
  offsets[0] = 0;
  for (uint32_t row = 0; row < call->row_count; row++) {
    uint32_t longest = 0;
    for (uint32_t i = 0; i < count && eagre_kernel_is_live(call, row); i++) {
      uint32_t size = eagre_vector_list_size(call->arguments[i], row);
      if (size > longest) longest = size;
    }
    total += longest;
    eagre_assert(total <= INT32_MAX);
    offsets[row + 1] = (int32_t)total;
  }
  struct eagre_vector *element = eagre_arena_allocate_zeroed(call->arena, sizeof *element);
  element->type = call->node->type->fields[0].type;
  element->children =
      eagre_arena_allocate_zeroed(call->arena, (count + 1) * sizeof *element->children);
  call->out->offsets = offsets;
  call->out->children = element;
  for (uint32_t i = 0; i < count; i++) {
    stretch(call, i, &element->children[i]);
  }
  return EAGRE_OK;
}
