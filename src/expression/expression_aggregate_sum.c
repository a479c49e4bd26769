/* sum and avg. Accumulator: {int64 count of values, int64 or double sum}.
 *
 * SUM adds integrals as BIGINT, DECIMAL as DECIMAL (expression_aggregate_decimal.c) and everything
 * else, texts too, as DOUBLE; AVG all but DECIMAL as DOUBLE. */
#include "expression/expression_aggregate_sum.h"
#include "expression/expression_aggregate_decimal.h"

static inline struct sum_state *sum_of(const struct eagre_aggregate_update *update, uint32_t row) {
  return (struct sum_state *)eagre_aggregate_state(update, row);
}

/* ---- BIGINT ---------------------------------------------------------------------------------- */

enum eagre_status eagre_aggregate_fail_sum(const struct eagre_aggregate *aggregate, int64_t row,
                                           struct eagre_error *error) {
  eagre_error_set(error, EAGRE_DATA, "ARITHMETIC_OVERFLOW",
                  "long overflow. Use 'try_sum' to tolerate overflow and return NULL instead.");
  if (error != NULL) error->row = row;
  eagre_sql_place_unplaced(aggregate->position, error);
  return EAGRE_DATA;
}

static inline bool add_integer(struct sum_state *state, int64_t value) {
  state->count++;
  return __builtin_add_overflow(state->sum.integer, value, &state->sum.integer);
}

static inline __attribute__((always_inline)) enum eagre_status
sum_integers_with(const struct eagre_aggregate_update *update, bool wraps) {
  const int64_t *values = update->inputs->data;
  bool is_plain = eagre_aggregate_is_plain(update);
  for (uint32_t row = 0; is_plain && row < update->row_count; row++) {
    bool is_over = add_integer(sum_of(update, row), values[row]) && !wraps;
    if (__builtin_expect(is_over, 0))
      return eagre_aggregate_fail_sum(update->aggregate, row, update->error);
  }
  for (uint32_t row = 0; !is_plain && row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    bool is_over =
        add_integer(sum_of(update, row), values[eagre_vector_index(update->inputs, row)]);
    if (is_over && !wraps) return eagre_aggregate_fail_sum(update->aggregate, row, update->error);
  }
  return EAGRE_OK;
}

static enum eagre_status sum_integers(const struct eagre_aggregate_update *update) {
  return sum_integers_with(update, false);
}

static enum eagre_status wrap_integers(const struct eagre_aggregate_update *update) {
  return sum_integers_with(update, true);
}

/* Whether the sum wrapped round. */
static bool merge_sums(char *into, const char *from) {
  struct sum_state *a = (struct sum_state *)into;
  const struct sum_state *b = (const struct sum_state *)from;
  a->count += b->count;
  return __builtin_add_overflow(a->sum.integer, b->sum.integer, &a->sum.integer);
}

static enum eagre_status merge_integers(const struct eagre_aggregate *aggregate, char *into,
                                        const char *from, struct eagre_arena *arena,
                                        struct eagre_error *error) {
  (void)arena;
  return merge_sums(into, from) ? eagre_aggregate_fail_sum(aggregate, -1, error) : EAGRE_OK;
}

static enum eagre_status merge_wrapped_integers(const struct eagre_aggregate *aggregate, char *into,
                                                const char *from, struct eagre_arena *arena,
                                                struct eagre_error *error) {
  (void)aggregate, (void)arena, (void)error;
  merge_sums(into, from);
  return EAGRE_OK;
}

static enum eagre_status finish_integers(const struct eagre_aggregate_finish *finish) {
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct sum_state *state = (const struct sum_state *)eagre_aggregate_result(finish, row);
    EAGRE_VALUES(int64_t, finish->out)[row] = state->sum.integer;
    if (state->count == 0) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

/* ---- BIGINT, NULL on overflow ---------------------------------------------------------------- */

static inline void try_add(struct sum_state *state, int64_t count, int64_t value) {
  if (state->count == EAGRE_SUM_OVERFLOWN) return;
  bool is_over = __builtin_add_overflow(state->sum.integer, value, &state->sum.integer);
  state->count =
      is_over || count == EAGRE_SUM_OVERFLOWN ? EAGRE_SUM_OVERFLOWN : state->count + count;
}

static enum eagre_status try_sum_integers(const struct eagre_aggregate_update *update) {
  const int64_t *values = update->inputs->data;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    try_add(sum_of(update, row), 1, values[eagre_vector_index(update->inputs, row)]);
  }
  return EAGRE_OK;
}

static enum eagre_status try_merge_integers(const struct eagre_aggregate *aggregate, char *into,
                                            const char *from, struct eagre_arena *arena,
                                            struct eagre_error *error) {
  (void)aggregate, (void)arena, (void)error;
  const struct sum_state *state = (const struct sum_state *)from;
  try_add((struct sum_state *)into, state->count, state->sum.integer);
  return EAGRE_OK;
}

static enum eagre_status try_finish_integers(const struct eagre_aggregate_finish *finish) {
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct sum_state *state = (const struct sum_state *)eagre_aggregate_result(finish, row);
    EAGRE_VALUES(int64_t, finish->out)[row] = state->sum.integer;
    if (state->count <= 0) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

/* ---- DOUBLE ---------------------------------------------------------------------------------- */

static enum eagre_status sum_reals(const struct eagre_aggregate_update *update) {
  const double *values = update->inputs->data;
  bool is_plain = eagre_aggregate_is_plain(update);
  for (uint32_t row = 0; is_plain && row < update->row_count; row++) {
    struct sum_state *state = sum_of(update, row);
    state->count++;
    state->sum.real += values[row];
  }
  for (uint32_t row = 0; !is_plain && row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    struct sum_state *state = sum_of(update, row);
    state->count++;
    state->sum.real += values[eagre_vector_index(update->inputs, row)];
  }
  return EAGRE_OK;
}

static enum eagre_status merge_reals(const struct eagre_aggregate *aggregate, char *into,
                                     const char *from, struct eagre_arena *arena,
                                     struct eagre_error *error) {
  (void)aggregate, (void)arena, (void)error;
  struct sum_state *a = (struct sum_state *)into;
  const struct sum_state *b = (const struct sum_state *)from;
  a->count += b->count;
  a->sum.real += b->sum.real;
  return EAGRE_OK;
}

static enum eagre_status finish_reals(const struct eagre_aggregate_finish *finish) {
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct sum_state *state = (const struct sum_state *)eagre_aggregate_result(finish, row);
    EAGRE_VALUES(double, finish->out)[row] = state->sum.real;
    if (state->count == 0) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

static enum eagre_status finish_averages(const struct eagre_aggregate_finish *finish) {
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct sum_state *state = (const struct sum_state *)eagre_aggregate_result(finish, row);
    double divisor = state->count == 0 ? 1 : (double)state->count;
    EAGRE_VALUES(double, finish->out)[row] = state->sum.real / divisor;
    if (state->count == 0) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

/* ---- Binding --------------------------------------------------------------------------------- */

static const struct eagre_aggregate_kernels kernels_of_integers = {
    .accumulator_size = sizeof(struct sum_state),
    .update = sum_integers,
    .merge = merge_integers,
    .finish = finish_integers,
};
/* Without ANSI. */
static const struct eagre_aggregate_kernels kernels_of_wrapped_integers = {
    .accumulator_size = sizeof(struct sum_state),
    .update = wrap_integers,
    .merge = merge_wrapped_integers,
    .finish = finish_integers,
};
static const struct eagre_aggregate_kernels kernels_of_tried_integers = {
    .accumulator_size = sizeof(struct sum_state),
    .update = try_sum_integers,
    .merge = try_merge_integers,
    .finish = try_finish_integers,
};
static const struct eagre_aggregate_kernels kernels_of_reals = {
    .accumulator_size = sizeof(struct sum_state),
    .update = sum_reals,
    .merge = merge_reals,
    .finish = finish_reals,
};
static const struct eagre_aggregate_kernels kernels_of_averages = {
    .accumulator_size = sizeof(struct sum_state),
    .update = sum_reals,
    .merge = merge_reals,
    .finish = finish_averages,
};

bool eagre_aggregate_sum_wraps(const struct eagre_aggregate *aggregate) {
  return aggregate->kernels == &kernels_of_wrapped_integers;
}

static enum eagre_status check_number(struct eagre_bind *bind) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  bool is_number = eagre_type_is_numeric(kind);
  if (!is_number && kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 0, "(\"NUMERIC\" or \"ANSI INTERVAL\")");
  }
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_sum(struct eagre_bind *bind, struct eagre_aggregate *out) {
  EAGRE_TRY(check_number(bind));
  if (eagre_expression_is_decimal(bind->arguments[0])) {
    eagre_aggregate_bind_decimal_sum(bind, out, eagre_bind_is_legacy(bind));
    return EAGRE_OK;
  }
  bool is_integer = eagre_type_is_integral(eagre_bind_kind(bind, 0));
  out->kernels = !is_integer                  ? &kernels_of_reals
                 : eagre_bind_is_legacy(bind) ? &kernels_of_wrapped_integers
                                              : &kernels_of_integers;
  out->result_type = eagre_type_of(is_integer ? EAGRE_TYPE_BIGINT : EAGRE_TYPE_DOUBLE);
  return eagre_bind_cast(bind, 0, out->result_type);
}

enum eagre_status eagre_aggregate_bind_try_sum(struct eagre_bind *bind,
                                               struct eagre_aggregate *out) {
  EAGRE_TRY(eagre_aggregate_bind_sum(bind, out));
  bool is_decimal = out->result_type->kind == EAGRE_TYPE_DECIMAL;
  if (is_decimal) eagre_aggregate_bind_decimal_sum(bind, out, true);
  if (out->result_type->kind == EAGRE_TYPE_BIGINT) out->kernels = &kernels_of_tried_integers;
  return EAGRE_OK;
}

static enum eagre_status bind_average(struct eagre_bind *bind, struct eagre_aggregate *out,
                                      bool is_try) {
  EAGRE_TRY(check_number(bind));
  if (eagre_expression_is_decimal(bind->arguments[0])) {
    eagre_aggregate_bind_decimal_average(bind, out, is_try);
    return EAGRE_OK;
  }
  out->kernels = &kernels_of_averages;
  out->result_type = eagre_type_of(EAGRE_TYPE_DOUBLE);
  return eagre_bind_cast(bind, 0, out->result_type);
}

enum eagre_status eagre_aggregate_bind_average(struct eagre_bind *bind,
                                               struct eagre_aggregate *out) {
  return bind_average(bind, out, eagre_bind_is_legacy(bind));
}

enum eagre_status eagre_aggregate_bind_try_average(struct eagre_bind *bind,
                                                   struct eagre_aggregate *out) {
  return bind_average(bind, out, true);
}
