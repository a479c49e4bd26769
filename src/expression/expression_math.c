/* Mathematical functions of DOUBLE. Logarithms are NULL where they do not exist, as in Spark. */
#include <math.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"

/* ---- One argument --------------------------------------------------------------------------- */

static void map_doubles(struct eagre_kernel_call *call, double (*function)(double)) {
  const double *a = call->arguments[0]->data;
  double *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = function(a[row]);
  }
}

static double find_sign(double value) {
  if (value > 0) return 1;
  return value < 0 ? -1 : value;
}

/* Java's is exact for cubes; the one of libm for double is not. */
static double find_cube_root(double value) {
  return (double)cbrtl((long double)value);
}

/* As Spark computes them; those of libm differ in the last digits. */
static double find_area_cosine(double value) {
  return log(value + sqrt(value * value - 1.0));
}

static double find_area_tangent(double value) {
  return 0.5 * (log1p(value) - log1p(-value));
}

static double find_cotangent(double value) {
  return 1.0 / tan(value);
}

static double find_secant(double value) {
  return 1.0 / cos(value);
}

static double find_cosecant(double value) {
  return 1.0 / sin(value);
}

/* The factors are those of Java's Math. */
static double to_degrees(double radians) {
  return radians * 57.29577951308232;
}

static double to_radians(double degrees) {
  return degrees * 0.017453292519943295;
}

#define DEFINE_MAP(name, function)                                                                 \
  enum eagre_status eagre_kernel_##name(struct eagre_kernel_call *call) {                          \
    map_doubles(call, function);                                                                   \
    return EAGRE_OK;                                                                               \
  }

DEFINE_MAP(sqrt, sqrt)
DEFINE_MAP(cbrt, find_cube_root)
DEFINE_MAP(exp, exp)
DEFINE_MAP(sin, sin)
DEFINE_MAP(cos, cos)
DEFINE_MAP(tan, tan)
DEFINE_MAP(asin, asin)
DEFINE_MAP(acos, acos)
DEFINE_MAP(atan, atan)
DEFINE_MAP(acosh, find_area_cosine)
DEFINE_MAP(asinh, asinh)
DEFINE_MAP(atanh, find_area_tangent)
DEFINE_MAP(cosh, cosh)
DEFINE_MAP(sinh, sinh)
DEFINE_MAP(tanh, tanh)
DEFINE_MAP(cot, find_cotangent)
DEFINE_MAP(sec, find_secant)
DEFINE_MAP(csc, find_cosecant)
DEFINE_MAP(expm1, expm1)
DEFINE_MAP(rint, rint)
DEFINE_MAP(sign, find_sign)
DEFINE_MAP(degrees, to_degrees)
DEFINE_MAP(radians, to_radians)

/* ---- Logarithms ----------------------------------------------------------------------------- */

static enum eagre_status run_logarithm(struct eagre_kernel_call *call, double (*function)(double)) {
  double *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    double value = EAGRE_ARGUMENT(double, call, 0, row);
    if (value <= 0 && eagre_kernel_is_live(call, row)) eagre_kernel_set_null(call, row);
    out[row] = function(value);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_ln(struct eagre_kernel_call *call) {
  return run_logarithm(call, log);
}

enum eagre_status eagre_kernel_log10(struct eagre_kernel_call *call) {
  return run_logarithm(call, log10);
}

/* As Spark computes it; log2() of libm differs in the last digit. */
static double find_log2(double value) {
  return log(value) / 0.6931471805599453;
}

enum eagre_status eagre_kernel_log2(struct eagre_kernel_call *call) {
  return run_logarithm(call, find_log2);
}

enum eagre_status eagre_kernel_log1p(struct eagre_kernel_call *call) {
  double *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    double value = EAGRE_ARGUMENT(double, call, 0, row);
    if (value <= -1 && eagre_kernel_is_live(call, row)) eagre_kernel_set_null(call, row);
    out[row] = log1p(value);
  }
  return EAGRE_OK;
}

/* log(value) or log(base, value). */
enum eagre_status eagre_kernel_log(struct eagre_kernel_call *call) {
  if (call->node->argument_count == 1) return run_logarithm(call, log);
  double *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    double base = EAGRE_ARGUMENT(double, call, 0, row);
    double value = EAGRE_ARGUMENT(double, call, 1, row);
    bool has_result = !(base <= 0) && !(value <= 0);
    if (!has_result && eagre_kernel_is_live(call, row)) eagre_kernel_set_null(call, row);
    out[row] = log(value) / log(base);
  }
  return EAGRE_OK;
}

/* ---- Two arguments -------------------------------------------------------------------------- */

/* Java's: NaN for an exponent that is NaN and for a base of one beside an infinity. */
static double find_power(double base, double exponent) {
  if (isnan(exponent)) return NAN;
  if (fabs(base) == 1 && isinf(exponent)) return NAN;
  return pow(base, exponent);
}

enum eagre_status eagre_kernel_pow(struct eagre_kernel_call *call) {
  double *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] =
        find_power(EAGRE_ARGUMENT(double, call, 0, row), EAGRE_ARGUMENT(double, call, 1, row));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_atan2(struct eagre_kernel_call *call) {
  double *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    /* + 0.0 makes -0.0 a 0.0, as in Spark. */
    out[row] = atan2(EAGRE_ARGUMENT(double, call, 0, row) + 0.0,
                     EAGRE_ARGUMENT(double, call, 1, row) + 0.0);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_hypot(struct eagre_kernel_call *call) {
  double *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = hypot(EAGRE_ARGUMENT(double, call, 0, row), EAGRE_ARGUMENT(double, call, 1, row));
  }
  return EAGRE_OK;
}

/* ---- Constants ------------------------------------------------------------------------------ */

static enum eagre_status bind_number(struct eagre_bind *bind, double value,
                                     struct eagre_expression **out) {
  *out = eagre_expression_new_literal(bind->arena, EAGRE_TYPE_DOUBLE, &value, bind->position);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_e(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_number(bind, M_E, out);
}

enum eagre_status eagre_bind_pi(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_number(bind, M_PI, out);
}

/* ---- factorial, width_bucket ---------------------------------------------------------------- */

enum { FACTORIAL_MAX = 20 };

/* NULL outside of 0 to 20. */
enum eagre_status eagre_kernel_factorial(struct eagre_kernel_call *call) {
  int64_t factorials[FACTORIAL_MAX + 1] = {1};
  for (int i = 1; i <= FACTORIAL_MAX; i++) {
    factorials[i] = factorials[i - 1] * i;
  }
  int64_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int32_t value = EAGRE_ARGUMENT(int32_t, call, 0, row);
    if (value >= 0 && value <= FACTORIAL_MAX) {
      out[row] = factorials[value];
    } else if (eagre_kernel_is_live(call, row)) {
      eagre_kernel_set_null(call, row);
    }
  }
  return EAGRE_OK;
}

static bool has_bucket(double value, double from, double to, int64_t count) {
  return count > 0 && count < INT64_MAX && !isnan(value) && isfinite(from) && isfinite(to) &&
         from != to;
}

/* Buckets count from 1 at `from`, which may be the greater bound; 0 is before it, count + 1 behind
 * `to`. */
static int64_t find_bucket(double value, double from, double to, int64_t count) {
  bool is_rising = from < to;
  double lower = is_rising ? from : to;
  double upper = is_rising ? to : from;
  if (is_rising ? value < lower : value > upper) return 0;
  if (is_rising ? value >= upper : value <= lower) return count + 1;
  double share = (double)count * (is_rising ? value - lower : upper - value) / (upper - lower);
  return (int64_t)share + 1;
}

/* A bound as a number: months or microseconds of an interval. */
static double read_bound(const struct eagre_kernel_call *call, uint32_t index, uint32_t row) {
  switch (call->arguments[index]->type->kind) {
  case EAGRE_TYPE_INTERVAL_YEAR:
    return EAGRE_ARGUMENT(int32_t, call, index, row);
  case EAGRE_TYPE_INTERVAL_DAY:
    return (double)EAGRE_ARGUMENT(int64_t, call, index, row);
  default:
    return EAGRE_ARGUMENT(double, call, index, row);
  }
}

static enum eagre_status run_width_bucket(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    double value = read_bound(call, 0, row);
    double from = read_bound(call, 1, row);
    double to = read_bound(call, 2, row);
    int64_t count = EAGRE_ARGUMENT(int64_t, call, 3, row);
    if (has_bucket(value, from, to, count)) {
      out[row] = find_bucket(value, from, to, count);
    } else {
      eagre_kernel_set_null(call, row);
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_width_bucket(struct eagre_bind *bind, struct eagre_expression **out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  bool are_intervals = eagre_type_is_interval(kind);
  EAGRE_TRY(eagre_bind_parameter(bind, 3, EAGRE_TYPE_BIGINT));
  for (uint32_t i = 0; i < 3; i++) {
    if (!are_intervals) {
      EAGRE_TRY(eagre_bind_parameter(bind, i, EAGRE_TYPE_DOUBLE));
    } else if (eagre_bind_kind(bind, i) != kind) {
      return eagre_bind_refuse_different(bind, 0, 3);
    }
  }
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_BIGINT), run_width_bucket);
  return EAGRE_OK;
}
