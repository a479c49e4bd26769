/* Mathematical functions of DOUBLE. Logarithms are NULL where they do not exist, as in Spark. */
#include <math.h>

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
