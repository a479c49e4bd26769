/* sum, avg, min and max of DECIMAL.
 *
 * Accumulator: {int64 count of values, an eagre_decimal}; its 16 bytes are copied in and out,
 * because accumulators are aligned to 8.
 *
 * SUM of DECIMAL(p, s) is DECIMAL(p + 10, s), AVG DECIMAL(p + 4, s + 4), both of at most 38 digits.
 * What leaves 38 digits on the way has overflown for good, also when later values would bring it
 * back, as in Spark. With p <= 28 that takes 10^10 values: then the sum is tested only when it is
 * read, which is long before 128 bits are full. */
#include <string.h>

#include "expression/expression_aggregate_decimal.h"
#include "expression/expression_aggregate_sum.h"

enum { PRECISION_MAX = EAGRE_DECIMAL_PRECISION_MAX };

static inline eagre_decimal read_digits(const struct decimal_state *state) {
  eagre_decimal value;
  memcpy(&value, state->digits, sizeof value);
  return value;
}

static inline void write_digits(struct decimal_state *state, eagre_decimal value) {
  memcpy(state->digits, &value, sizeof value);
}

static inline struct decimal_state *state_of(const struct eagre_aggregate_update *update,
                                             uint32_t row) {
  return (struct decimal_state *)eagre_aggregate_state(update, row);
}

static inline const struct decimal_state *result_of(const struct eagre_aggregate_finish *finish,
                                                    uint32_t row) {
  return (const struct decimal_state *)eagre_aggregate_result(finish, row);
}

/* ---- Sums ------------------------------------------------------------------------------------ */

/* Sums that cannot leave 128 bits before they are read. */
static inline void add_unchecked(struct decimal_state *state, int64_t count, eagre_decimal value,
                                 eagre_decimal limit) {
  (void)limit;
  state->count += count;
  write_digits(state, read_digits(state) + value);
}

/* Both sides are below 10^38 in size; 128 bits do not always hold their sum. */
static inline void add_checked(struct decimal_state *state, int64_t count, eagre_decimal value,
                               eagre_decimal limit) {
  if (state->count == EAGRE_SUM_OVERFLOWN) return;
  eagre_decimal sum = 0;
  bool is_over = __builtin_add_overflow(read_digits(state), value, &sum) || sum >= limit ||
                 sum <= -limit || count == EAGRE_SUM_OVERFLOWN;
  state->count = is_over ? EAGRE_SUM_OVERFLOWN : state->count + count;
  if (!is_over) write_digits(state, sum);
}

#define DEFINE_SUM(name, merge_name, add)                                                          \
  static enum eagre_status name(const struct eagre_aggregate_update *update) {                     \
    const struct eagre_vector *input = update->inputs;                                             \
    const eagre_decimal *values = input->data;                                                     \
    const eagre_decimal limit = eagre_decimal_power(PRECISION_MAX);                                \
    bool is_plain = eagre_aggregate_is_plain(update);                                              \
    for (uint32_t row = 0; is_plain && row < update->row_count; row++) {                           \
      add(state_of(update, row), 1, values[row], limit);                                           \
    }                                                                                              \
    for (uint32_t row = 0; !is_plain && row < update->row_count; row++) {                          \
      if (!eagre_aggregate_has_value(update, 0, row)) continue;                                    \
      add(state_of(update, row), 1, values[eagre_vector_index(input, row)], limit);                \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }                                                                                                \
  static enum eagre_status merge_name(const struct eagre_aggregate *aggregate, char *into,         \
                                      const char *from, struct eagre_arena *arena,                 \
                                      struct eagre_error *error) {                                 \
    (void)aggregate, (void)arena, (void)error;                                                     \
    const struct decimal_state *state = (const struct decimal_state *)from;                        \
    add((struct decimal_state *)into, state->count, read_digits(state),                            \
        eagre_decimal_power(PRECISION_MAX));                                                       \
    return EAGRE_OK;                                                                               \
  }

DEFINE_SUM(sum_unchecked, merge_unchecked, add_unchecked)
DEFINE_SUM(sum_checked, merge_checked, add_checked)

/* ---- Results of sums ------------------------------------------------------------------------- */

static enum eagre_status fail_sum(const struct eagre_aggregate *aggregate, const char *instead,
                                  struct eagre_error *error) {
  eagre_error_set(error, EAGRE_DATA, "ARITHMETIC_OVERFLOW",
                  "Overflow in sum of decimals. Use '%s' to tolerate overflow and return NULL "
                  "instead.",
                  instead);
  eagre_sql_place_unplaced(aggregate->position, error);
  return EAGRE_DATA;
}

static enum eagre_status fail_average(const struct eagre_aggregate *aggregate,
                                      struct eagre_error *error) {
  const struct eagre_type *type = aggregate->result_type;
  eagre_error_set(error, EAGRE_DATA, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
                  "The average cannot be represented as Decimal(%d, %d).", type->precision,
                  type->scale);
  eagre_sql_place_unplaced(aggregate->position, error);
  return EAGRE_DATA;
}

static unsigned find_sum_precision(const struct eagre_type *input) {
  enum { DIGITS_MORE = 10 };
  unsigned precision = input->precision + DIGITS_MORE;
  return precision < PRECISION_MAX ? precision : PRECISION_MAX;
}

static bool is_overflown(const struct decimal_state *state, eagre_decimal limit) {
  eagre_decimal sum = read_digits(state);
  return state->count == EAGRE_SUM_OVERFLOWN || sum >= limit || sum <= -limit;
}

/* `instead` is NULL when an overflow gives NULL. */
static enum eagre_status finish_sums_with(const struct eagre_aggregate_finish *finish,
                                          const char *instead) {
  eagre_decimal limit = eagre_decimal_power(finish->aggregate->result_type->precision);
  eagre_decimal *out = finish->out->data;
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct decimal_state *state = result_of(finish, row);
    bool is_over = is_overflown(state, limit);
    if (is_over && instead != NULL) return fail_sum(finish->aggregate, instead, finish->error);
    out[row] = is_over ? 0 : read_digits(state);
    if (is_over || state->count == 0) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

static enum eagre_status finish_sums(const struct eagre_aggregate_finish *finish) {
  return finish_sums_with(finish, "try_sum");
}

static enum eagre_status finish_tried_sums(const struct eagre_aggregate_finish *finish) {
  return finish_sums_with(finish, NULL);
}

static enum eagre_status finish_averages_with(const struct eagre_aggregate_finish *finish,
                                              bool is_try) {
  const struct eagre_type *input = finish->aggregate->input_type;
  const struct eagre_type *type = finish->aggregate->result_type;
  const struct eagre_decimal_operation operation = {input->scale, 0, type->precision, type->scale};
  eagre_decimal limit = eagre_decimal_power(find_sum_precision(input));
  eagre_decimal *out = finish->out->data;
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct decimal_state *state = result_of(finish, row);
    bool is_over = is_overflown(state, limit);
    if (is_over && !is_try) return fail_sum(finish->aggregate, "try_avg", finish->error);
    bool has_average = state->count > 0 && !is_over;
    out[row] = 0;
    if (has_average && eagre_decimal_divide(&operation, read_digits(state), state->count,
                                            &out[row]) != EAGRE_VALUE_OK) {
      if (!is_try) return fail_average(finish->aggregate, finish->error);
      has_average = false;
    }
    if (!has_average) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

static enum eagre_status finish_averages(const struct eagre_aggregate_finish *finish) {
  return finish_averages_with(finish, false);
}

static enum eagre_status finish_tried_averages(const struct eagre_aggregate_finish *finish) {
  return finish_averages_with(finish, true);
}

/* ---- Extremes -------------------------------------------------------------------------------- */

static inline void keep_better(struct decimal_state *state, eagre_decimal value,
                               bool wants_greater) {
  eagre_decimal best = read_digits(state);
  bool is_better = wants_greater ? value > best : value < best;
  if (state->count == 0 || is_better) write_digits(state, value);
  state->count = 1;
}

#define DEFINE_EXTREME(name, merge_name, wants_greater)                                            \
  static enum eagre_status name(const struct eagre_aggregate_update *update) {                     \
    const struct eagre_vector *input = update->inputs;                                             \
    const eagre_decimal *values = input->data;                                                     \
    for (uint32_t row = 0; row < update->row_count; row++) {                                       \
      if (!eagre_aggregate_has_value(update, 0, row)) continue;                                    \
      keep_better(state_of(update, row), values[eagre_vector_index(input, row)], wants_greater);   \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }                                                                                                \
  static enum eagre_status merge_name(const struct eagre_aggregate *aggregate, char *into,         \
                                      const char *from, struct eagre_arena *arena,                 \
                                      struct eagre_error *error) {                                 \
    (void)aggregate, (void)arena, (void)error;                                                     \
    const struct decimal_state *state = (const struct decimal_state *)from;                        \
    if (state->count == 0) return EAGRE_OK;                                                        \
    keep_better((struct decimal_state *)into, read_digits(state), wants_greater);                  \
    return EAGRE_OK;                                                                               \
  }

DEFINE_EXTREME(keep_least, merge_least, false)
DEFINE_EXTREME(keep_greatest, merge_greatest, true)

static enum eagre_status finish_extremes(const struct eagre_aggregate_finish *finish) {
  eagre_decimal *out = finish->out->data;
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct decimal_state *state = result_of(finish, row);
    out[row] = read_digits(state);
    if (state->count == 0) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

/* ---- Binding --------------------------------------------------------------------------------- */

#define KERNELS(update_rows, merge_states, finish_states)                                          \
  {                                                                                                \
    .accumulator_size = sizeof(struct decimal_state), .update = (update_rows),                     \
    .merge = (merge_states), .finish = (finish_states),                                            \
  }

/* [whether an overflow gives NULL][whether sums are checked on the way] */
static const struct eagre_aggregate_kernels kernels_of_sums[2][2] = {
    {KERNELS(sum_unchecked, merge_unchecked, finish_sums),
     KERNELS(sum_checked, merge_checked, finish_sums)},
    {KERNELS(sum_unchecked, merge_unchecked, finish_tried_sums),
     KERNELS(sum_checked, merge_checked, finish_tried_sums)},
};
static const struct eagre_aggregate_kernels kernels_of_averages[2][2] = {
    {KERNELS(sum_unchecked, merge_unchecked, finish_averages),
     KERNELS(sum_checked, merge_checked, finish_averages)},
    {KERNELS(sum_unchecked, merge_unchecked, finish_tried_averages),
     KERNELS(sum_checked, merge_checked, finish_tried_averages)},
};
static const struct eagre_aggregate_kernels kernels_of_extremes[2] = {
    KERNELS(keep_least, merge_least, finish_extremes),
    KERNELS(keep_greatest, merge_greatest, finish_extremes),
};

enum { UNCHECKED_PRECISION_MAX = 28 };

void eagre_aggregate_bind_decimal_sum(struct eagre_bind *bind, struct eagre_aggregate *out,
                                      bool is_try) {
  const struct eagre_type *input = bind->arguments[0]->type;
  out->kernels = &kernels_of_sums[is_try][input->precision > UNCHECKED_PRECISION_MAX];
  out->result_type = eagre_type_decimal(bind->arena, find_sum_precision(input), input->scale);
}

void eagre_aggregate_bind_decimal_average(struct eagre_bind *bind, struct eagre_aggregate *out,
                                          bool is_try) {
  enum { DIGITS_MORE = 4 };
  const struct eagre_type *input = bind->arguments[0]->type;
  unsigned precision = input->precision + DIGITS_MORE;
  unsigned scale = input->scale + DIGITS_MORE;
  out->kernels = &kernels_of_averages[is_try][input->precision > UNCHECKED_PRECISION_MAX];
  out->result_type =
      eagre_type_decimal(bind->arena, precision < PRECISION_MAX ? precision : PRECISION_MAX,
                         scale < PRECISION_MAX ? scale : PRECISION_MAX);
}

const struct eagre_aggregate_kernels *eagre_aggregate_decimal_extreme(bool wants_greater) {
  return &kernels_of_extremes[wants_greater];
}
