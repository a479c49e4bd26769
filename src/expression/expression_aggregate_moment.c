/* stddev, variance, skewness, kurtosis, regr_sxx, regr_syy: central moments of one column.
 *
 * Accumulator: {double count, mean, m2, m3, m4}, where m<k> is the sum of the k-th powers of the
 * distances from the mean. Updated and merged by the recurrences of Spark's CentralMomentAgg, term
 * by term in its order, so that the last bit is the same. */
#include <math.h>

#include "expression/expression_aggregate.h"

struct moment_state {
  double count;
  double mean;
  double m2;
  double m3;
  double m4;
};

/* How many moments a function needs decides how many terms its loop has. */
enum moment_order { MOMENT_SECOND, MOMENT_FOURTH };

static inline void add_value(struct moment_state *state, double value, enum moment_order order) {
  double count = state->count + 1.0;
  double delta = value - state->mean;
  double delta_n = delta / count;
  double m2 = state->m2 + delta * (delta - delta_n);
  if (order == MOMENT_FOURTH) {
    double delta2 = delta * delta;
    double delta_n2 = delta_n * delta_n;
    double m3 = state->m3 - 3.0 * delta_n * m2 + delta * (delta2 - delta_n2);
    state->m4 = state->m4 - 4.0 * delta_n * m3 - 6.0 * delta_n2 * m2 +
                delta * (delta * delta2 - delta_n * delta_n2);
    state->m3 = m3;
  }
  state->count = count;
  state->mean += delta_n;
  state->m2 = m2;
}

static inline void add_values(const struct eagre_aggregate_update *update,
                              enum moment_order order) {
  const double *values = update->inputs->data;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    add_value((struct moment_state *)eagre_aggregate_state(update, row),
              values[eagre_vector_index(update->inputs, row)], order);
  }
}

static enum eagre_status update_second(const struct eagre_aggregate_update *update) {
  add_values(update, MOMENT_SECOND);
  return EAGRE_OK;
}

static enum eagre_status update_fourth(const struct eagre_aggregate_update *update) {
  add_values(update, MOMENT_FOURTH);
  return EAGRE_OK;
}

/* The moments around each row's mate: regr_sxx(y, x) is of the x whose y is there, regr_syy of the
 * y whose x is. */
static enum eagre_status update_paired(const struct eagre_aggregate_update *update,
                                       uint32_t index) {
  const struct eagre_vector *input = &update->inputs[index];
  const double *values = input->data;
  for (uint32_t row = 0; row < update->row_count; row++) {
    bool has_both =
        eagre_aggregate_has_value(update, 0, row) && eagre_aggregate_has_value(update, 1, row);
    if (!has_both) continue;
    add_value((struct moment_state *)eagre_aggregate_state(update, row),
              values[eagre_vector_index(input, row)], MOMENT_SECOND);
  }
  return EAGRE_OK;
}

static enum eagre_status update_paired_y(const struct eagre_aggregate_update *update) {
  return update_paired(update, 0);
}

static enum eagre_status update_paired_x(const struct eagre_aggregate_update *update) {
  return update_paired(update, 1);
}

static enum eagre_status merge_moments(const struct eagre_aggregate *aggregate, char *into,
                                       const char *from, struct eagre_arena *arena,
                                       struct eagre_error *error) {
  (void)aggregate, (void)arena, (void)error;
  struct moment_state *a = (struct moment_state *)into;
  const struct moment_state *b = (const struct moment_state *)from;
  double n1 = a->count;
  double n2 = b->count;
  double count = n1 + n2;
  double delta = b->mean - a->mean;
  double delta_n = count == 0.0 ? 0.0 : delta / count;
  double m4 = a->m4 + b->m4 +
              delta_n * delta_n * delta_n * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2) +
              6.0 * delta_n * delta_n * (n1 * n1 * b->m2 + n2 * n2 * a->m2) +
              4.0 * delta_n * (n1 * b->m3 - n2 * a->m3);
  double m3 = a->m3 + b->m3 + delta_n * delta_n * delta * n1 * n2 * (n1 - n2) +
              3.0 * delta_n * (n1 * b->m2 - n2 * a->m2);
  a->m2 = a->m2 + b->m2 + delta * delta_n * n1 * n2;
  a->m3 = m3;
  a->m4 = m4;
  a->mean += delta_n * n2;
  a->count = count;
  return EAGRE_OK;
}

/* ---- Results: false is NULL ------------------------------------------------------------------ */

static bool variance_of_all(const struct moment_state *state, double *out) {
  *out = state->m2 / state->count;
  return state->count != 0.0;
}

static bool variance_of_sample(const struct moment_state *state, double *out) {
  *out = state->m2 / (state->count - 1.0);
  return state->count != 0.0 && state->count != 1.0;
}

static bool deviation_of_all(const struct moment_state *state, double *out) {
  bool has_result = variance_of_all(state, out);
  *out = sqrt(*out);
  return has_result;
}

static bool deviation_of_sample(const struct moment_state *state, double *out) {
  bool has_result = variance_of_sample(state, out);
  *out = sqrt(*out);
  return has_result;
}

static bool skewness(const struct moment_state *state, double *out) {
  *out = sqrt(state->count) * state->m3 / sqrt(state->m2 * state->m2 * state->m2);
  return state->count != 0.0 && state->m2 != 0.0;
}

static bool kurtosis(const struct moment_state *state, double *out) {
  *out = state->count * state->m4 / (state->m2 * state->m2) - 3.0;
  return state->count != 0.0 && state->m2 != 0.0;
}

static bool sum_of_squares(const struct moment_state *state, double *out) {
  *out = state->m2;
  return state->count != 0.0;
}

/* ---- Kernels --------------------------------------------------------------------------------- */

#define DEFINE_FINISH(name, result)                                                                \
  static enum eagre_status name(const struct eagre_aggregate_finish *finish) {                     \
    for (uint32_t row = 0; row < finish->row_count; row++) {                                       \
      const struct moment_state *state =                                                           \
          (const struct moment_state *)eagre_aggregate_result(finish, row);                        \
      bool has_result = result(state, &EAGRE_VALUES(double, finish->out)[row]);                    \
      if (!has_result) eagre_aggregate_set_null(finish, row);                                      \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

#define DEFINE_MOMENT(name, update_rows, result, bind_inputs)                                      \
  DEFINE_FINISH(finish_##name, result)                                                             \
  static const struct eagre_aggregate_kernels kernels_of_##name = {                                \
      .accumulator_size = sizeof(struct moment_state),                                             \
      .update = (update_rows),                                                                     \
      .merge = merge_moments,                                                                      \
      .finish = finish_##name,                                                                     \
  };                                                                                               \
  enum eagre_status eagre_aggregate_bind_##name(struct eagre_bind *bind,                           \
                                                struct eagre_aggregate *out) {                     \
    out->kernels = &kernels_of_##name;                                                             \
    return bind_inputs(bind, out);                                                                 \
  }

DEFINE_MOMENT(var_pop, update_second, variance_of_all, eagre_aggregate_bind_doubles)
DEFINE_MOMENT(var_samp, update_second, variance_of_sample, eagre_aggregate_bind_doubles)
DEFINE_MOMENT(stddev_pop, update_second, deviation_of_all, eagre_aggregate_bind_doubles)
DEFINE_MOMENT(stddev_samp, update_second, deviation_of_sample, eagre_aggregate_bind_doubles)
DEFINE_MOMENT(skewness, update_fourth, skewness, eagre_aggregate_bind_doubles)
DEFINE_MOMENT(kurtosis, update_fourth, kurtosis, eagre_aggregate_bind_doubles)
DEFINE_MOMENT(regr_sxx, update_paired_x, sum_of_squares, eagre_aggregate_bind_doubles)
DEFINE_MOMENT(regr_syy, update_paired_y, sum_of_squares, eagre_aggregate_bind_doubles)
