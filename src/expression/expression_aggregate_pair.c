/* covar, corr, regr: how two columns go together. Only rows where both have a value count.
 *
 * Accumulator: {double count, means of x and y, c = sum of (x - mean)(y - mean), sums of squares}.
 * The recurrences are those of Spark's Covariance, PearsonCorrelation and, for `m2`, its
 * CentralMomentAgg, term by term in their order, so that the last bit is the same. `a` is the first
 * argument, `b` the second: covar and corr are of (x, y), the regr family of (y, x). */
#include <math.h>

#include "expression/expression_aggregate.h"

struct pair_state {
  double count;
  double a_mean;
  double b_mean;
  double c;
  double c_of_b; /* the same with a and b exchanged, which rounds otherwise */
  double a_squares;
  double b_squares;
  double b_m2;
};

static inline void add_pair(struct pair_state *state, double a, double b) {
  double count = state->count + 1.0;
  double da = a - state->a_mean;
  double db = b - state->b_mean;
  double db_n = db / count;
  double a_mean = state->a_mean + da / count;
  double b_mean = state->b_mean + db_n;
  state->c += da * (b - b_mean);
  state->c_of_b += db * (a - a_mean);
  state->a_squares += da * (a - a_mean);
  state->b_squares += db * (b - b_mean);
  state->b_m2 += db * (db - db_n);
  state->count = count;
  state->a_mean = a_mean;
  state->b_mean = b_mean;
}

static enum eagre_status update_pairs(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *a = &update->inputs[0];
  const struct eagre_vector *b = &update->inputs[1];
  for (uint32_t row = 0; row < update->row_count; row++) {
    bool has_both = eagre_aggregate_has_row(update, row) && !eagre_vector_is_null(a, row) &&
                    !eagre_vector_is_null(b, row);
    if (!has_both) continue;
    add_pair((struct pair_state *)eagre_aggregate_state(update, row),
             EAGRE_VALUES(double, a)[eagre_vector_index(a, row)],
             EAGRE_VALUES(double, b)[eagre_vector_index(b, row)]);
  }
  return EAGRE_OK;
}

static enum eagre_status merge_pairs(const struct eagre_aggregate *aggregate, char *into,
                                     const char *from, struct eagre_arena *arena,
                                     struct eagre_error *error) {
  (void)aggregate, (void)arena, (void)error;
  struct pair_state *left = (struct pair_state *)into;
  const struct pair_state *right = (const struct pair_state *)from;
  double n1 = left->count;
  double n2 = right->count;
  double count = n1 + n2;
  double da = right->a_mean - left->a_mean;
  double db = right->b_mean - left->b_mean;
  double da_n = count == 0.0 ? 0.0 : da / count;
  double db_n = count == 0.0 ? 0.0 : db / count;
  left->c = left->c + right->c + da * db_n * n1 * n2;
  left->c_of_b = left->c_of_b + right->c_of_b + db * da_n * n1 * n2;
  left->a_squares = left->a_squares + right->a_squares + da * da_n * n1 * n2;
  left->b_squares = left->b_squares + right->b_squares + db * db_n * n1 * n2;
  left->b_m2 = left->b_m2 + right->b_m2 + db * db_n * n1 * n2;
  left->a_mean += da_n * n2;
  left->b_mean += db_n * n2;
  left->count = count;
  return EAGRE_OK;
}

/* ---- Results --------------------------------------------------------------------------------- */

enum pair_result { PAIR_NULL, PAIR_VALUE, PAIR_DIVIDES_BY_ZERO };

static enum pair_result covariance_of_all(const struct pair_state *state, double *out) {
  *out = state->c / state->count;
  return state->count == 0.0 ? PAIR_NULL : PAIR_VALUE;
}

static enum pair_result covariance_of_sample(const struct pair_state *state, double *out) {
  *out = state->c / (state->count - 1.0);
  return state->count == 0.0 || state->count == 1.0 ? PAIR_NULL : PAIR_VALUE;
}

static enum pair_result correlation(const struct pair_state *state, double *out) {
  double divisor = sqrt(state->a_squares * state->b_squares);
  *out = state->c / divisor;
  if (state->count == 0.0 || state->count == 1.0) return PAIR_NULL;
  return divisor == 0.0 ? PAIR_DIVIDES_BY_ZERO : PAIR_VALUE;
}

static enum pair_result determination(const struct pair_state *state, double *out) {
  double divisor = sqrt(state->a_squares * state->b_squares);
  double correlated = state->c / divisor;
  *out = state->a_squares == 0.0 ? 1.0 : correlated * correlated;
  if (state->b_squares == 0.0) return PAIR_NULL;
  return divisor == 0.0 && state->a_squares != 0.0 ? PAIR_DIVIDES_BY_ZERO : PAIR_VALUE;
}

static enum pair_result sum_of_products(const struct pair_state *state, double *out) {
  *out = state->c;
  return state->count == 0.0 ? PAIR_NULL : PAIR_VALUE;
}

static enum pair_result slope(const struct pair_state *state, double *out) {
  *out = state->c_of_b / state->b_m2;
  return state->count == 0.0 || state->b_m2 == 0.0 ? PAIR_NULL : PAIR_VALUE;
}

static enum pair_result intercept(const struct pair_state *state, double *out) {
  enum pair_result result = slope(state, out);
  *out = state->a_mean - *out * state->b_mean;
  return result;
}

/* ---- Kernels --------------------------------------------------------------------------------- */

static enum eagre_status fail_division(const struct eagre_aggregate_finish *finish) {
  eagre_error_set(finish->error, EAGRE_DATA, "DIVIDE_BY_ZERO",
                  "Division by zero. `%s` has no value where a column does not vary.",
                  finish->aggregate->info->name);
  eagre_sql_place_unplaced(finish->aggregate->position, finish->error);
  return EAGRE_DATA;
}

typedef enum pair_result pair_result_fn(const struct pair_state *state, double *out);

static enum eagre_status finish_pairs(const struct eagre_aggregate_finish *finish,
                                      pair_result_fn *result, bool is_legacy) {
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct pair_state *state = (const struct pair_state *)eagre_aggregate_result(finish, row);
    enum pair_result kind = result(state, &EAGRE_VALUES(double, finish->out)[row]);
    if (kind == PAIR_DIVIDES_BY_ZERO && !is_legacy) return fail_division(finish);
    if (kind != PAIR_VALUE) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

#define PAIR_KERNELS(finish_rows)                                                                  \
  {                                                                                                \
    .accumulator_size = sizeof(struct pair_state), .update = update_pairs, .merge = merge_pairs,   \
    .finish = (finish_rows),                                                                       \
  }

/* [whether ANSI is off: a division by zero gives NULL] */
#define DEFINE_PAIR(name, result)                                                                  \
  static enum eagre_status finish_##name(const struct eagre_aggregate_finish *finish) {            \
    return finish_pairs(finish, result, false);                                                    \
  }                                                                                                \
  static enum eagre_status finish_legacy_##name(const struct eagre_aggregate_finish *finish) {     \
    return finish_pairs(finish, result, true);                                                     \
  }                                                                                                \
  static const struct eagre_aggregate_kernels kernels_of_##name[2] = {                             \
      PAIR_KERNELS(finish_##name), PAIR_KERNELS(finish_legacy_##name)};                            \
  enum eagre_status eagre_aggregate_bind_##name(struct eagre_bind *bind,                           \
                                                struct eagre_aggregate *out) {                     \
    out->kernels = &kernels_of_##name[eagre_bind_is_legacy(bind)];                                 \
    return eagre_aggregate_bind_doubles(bind, out);                                                \
  }

DEFINE_PAIR(covar_pop, covariance_of_all)
DEFINE_PAIR(covar_samp, covariance_of_sample)
DEFINE_PAIR(corr, correlation)
DEFINE_PAIR(regr_r2, determination)
DEFINE_PAIR(regr_sxy, sum_of_products)
DEFINE_PAIR(regr_slope, slope)
DEFINE_PAIR(regr_intercept, intercept)

/* ---- regr_avgx, regr_avgy, regr_count: as AVG and COUNT do it -------------------------------- */

struct mean_state {
  int64_t count;
  double sum;
};

static inline enum eagre_status add_to_mean(const struct eagre_aggregate_update *update,
                                            uint32_t index) {
  const struct eagre_vector *input = &update->inputs[index];
  for (uint32_t row = 0; row < update->row_count; row++) {
    bool has_both =
        eagre_aggregate_has_value(update, 0, row) && eagre_aggregate_has_value(update, 1, row);
    if (!has_both) continue;
    struct mean_state *state = (struct mean_state *)eagre_aggregate_state(update, row);
    state->count += 1;
    state->sum += EAGRE_VALUES(double, input)[eagre_vector_index(input, row)];
  }
  return EAGRE_OK;
}

static enum eagre_status update_mean_y(const struct eagre_aggregate_update *update) {
  return add_to_mean(update, 0);
}

static enum eagre_status update_mean_x(const struct eagre_aggregate_update *update) {
  return add_to_mean(update, 1);
}

static enum eagre_status merge_means(const struct eagre_aggregate *aggregate, char *into,
                                     const char *from, struct eagre_arena *arena,
                                     struct eagre_error *error) {
  (void)aggregate, (void)arena, (void)error;
  struct mean_state *a = (struct mean_state *)into;
  const struct mean_state *b = (const struct mean_state *)from;
  a->count += b->count;
  a->sum += b->sum;
  return EAGRE_OK;
}

static enum eagre_status finish_means(const struct eagre_aggregate_finish *finish) {
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct mean_state *state = (const struct mean_state *)eagre_aggregate_result(finish, row);
    EAGRE_VALUES(double, finish->out)[row] = state->sum / (double)state->count;
    if (state->count == 0) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

#define DEFINE_MEAN(name, update_rows)                                                             \
  static const struct eagre_aggregate_kernels kernels_of_##name = {                                \
      .accumulator_size = sizeof(struct mean_state),                                               \
      .update = (update_rows),                                                                     \
      .merge = merge_means,                                                                        \
      .finish = finish_means,                                                                      \
  };                                                                                               \
  enum eagre_status eagre_aggregate_bind_##name(struct eagre_bind *bind,                           \
                                                struct eagre_aggregate *out) {                     \
    out->kernels = &kernels_of_##name;                                                             \
    return eagre_aggregate_bind_doubles(bind, out);                                                \
  }

DEFINE_MEAN(regr_avgx, update_mean_x)
DEFINE_MEAN(regr_avgy, update_mean_y)
