/* / div % pmod, and the operators on bits.
 *
 * Division by zero is a DATA error also for DOUBLE. The loops divide by one instead and the failure
 * is found afterwards. A quotient of BIGINTs that overflows (the least one div -1) is one too. */
#include <math.h>

#include "expression/expression_operator.h"

/* ---- Zero divisors -------------------------------------------------------------------------- */

enum eagre_status eagre_kernel_fail_zero(struct eagre_kernel_call *call, uint32_t row,
                                         enum eagre_arithmetic operation) {
  bool is_remainder =
      operation == EAGRE_ARITHMETIC_REMAINDER || operation == EAGRE_ARITHMETIC_MODULUS;
  if (is_remainder) {
    return eagre_kernel_fail(call, row, "REMAINDER_BY_ZERO",
                             "Remainder by zero. Use `try_mod` to tolerate divisor being 0 and "
                             "return NULL instead.");
  }
  return eagre_kernel_fail(call, row, "DIVIDE_BY_ZERO",
                           "Division by zero. Use `try_divide` to tolerate divisor being 0 and "
                           "return NULL instead.");
}

#define DEFINE_FIND_ZERO(suffix, type)                                                             \
  static enum eagre_status fail_zero_rows_##suffix(struct eagre_kernel_call *call,                 \
                                                   enum eagre_arithmetic operation) {              \
    for (uint32_t row = 0; row < call->row_count; row++) {                                         \
      if (EAGRE_ARGUMENT(type, call, 1, row) == 0 && eagre_kernel_is_live(call, row)) {            \
        EAGRE_TRY(eagre_kernel_fail_zero(call, row, operation));                                   \
      }                                                                                            \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_FIND_ZERO(tinyint, int8_t)
DEFINE_FIND_ZERO(smallint, int16_t)
DEFINE_FIND_ZERO(int, int32_t)
DEFINE_FIND_ZERO(bigint, int64_t)
DEFINE_FIND_ZERO(float, float)
DEFINE_FIND_ZERO(double, double)

/* ---- One row -------------------------------------------------------------------------------- */

/* -1 is apart because the least number % -1 traps on x86. */
#define DEFINE_REMAINDER(suffix, type)                                                             \
  static type remainder_one_##suffix(type a, type b) {                                             \
    return (type)(b == 0 || b == -1 ? 0 : a % b);                                                  \
  }                                                                                                \
  static type modulus_one_##suffix(type a, type b) {                                               \
    type result = remainder_one_##suffix(a, b);                                                    \
    if (result >= 0) return result;                                                                \
    return remainder_one_##suffix((type)((int64_t)result + b), b);                                 \
  }

DEFINE_REMAINDER(tinyint, int8_t)
DEFINE_REMAINDER(smallint, int16_t)
DEFINE_REMAINDER(int, int32_t)

static int64_t remainder_one_bigint(int64_t a, int64_t b) {
  return b == 0 || b == -1 ? 0 : a % b;
}

/* result is negative and b may be too: the sum wraps as in Java. */
static int64_t modulus_one_bigint(int64_t a, int64_t b) {
  int64_t result = remainder_one_bigint(a, b);
  if (result >= 0) return result;
  return remainder_one_bigint((int64_t)((uint64_t)result + (uint64_t)b), b);
}

static float remainder_one_float(float a, float b) {
  return fmodf(a, b);
}

static float modulus_one_float(float a, float b) {
  float result = fmodf(a, b);
  return result < 0 ? fmodf(result + b, b) : result;
}

static double remainder_one_double(double a, double b) {
  return fmod(a, b);
}

static double modulus_one_double(double a, double b) {
  double result = fmod(a, b);
  return result < 0 ? fmod(result + b, b) : result;
}

/* ---- Loops ---------------------------------------------------------------------------------- */

#define DEFINE_DIVISION(name, suffix, type, operation)                                             \
  static enum eagre_status name##_##suffix(struct eagre_kernel_call *call) {                       \
    type *out = eagre_kernel_out(call);                                                            \
    bool has_zero = false;                                                                         \
    for (uint32_t row = 0; row < call->row_count; row++) {                                         \
      type b = EAGRE_ARGUMENT(type, call, 1, row);                                                 \
      has_zero |= b == 0;                                                                          \
      out[row] = name##_one_##suffix(EAGRE_ARGUMENT(type, call, 0, row), b);                       \
    }                                                                                              \
    return has_zero ? fail_zero_rows_##suffix(call, operation) : EAGRE_OK;                         \
  }

#define DEFINE_REMAINDERS(suffix, type)                                                            \
  DEFINE_DIVISION(remainder, suffix, type, EAGRE_ARITHMETIC_REMAINDER)                             \
  DEFINE_DIVISION(modulus, suffix, type, EAGRE_ARITHMETIC_MODULUS)

DEFINE_REMAINDERS(tinyint, int8_t)
DEFINE_REMAINDERS(smallint, int16_t)
DEFINE_REMAINDERS(int, int32_t)
DEFINE_REMAINDERS(bigint, int64_t)
DEFINE_REMAINDERS(float, float)
DEFINE_REMAINDERS(double, double)

static double divide_one_double(double a, double b) {
  return a / (b == 0 ? 1 : b);
}
DEFINE_DIVISION(divide, double, double, EAGRE_ARITHMETIC_DIVIDE)

/* b = -1 is a negation, so that the least number does not trap. */
static int64_t integral_one_bigint(int64_t a, int64_t b) {
  if (b == -1) return (int64_t)(0 - (uint64_t)a);
  return b == 0 ? 0 : a / b;
}
DEFINE_DIVISION(integral, bigint, int64_t, EAGRE_ARITHMETIC_INTEGRAL)

static enum eagre_status integral_checked(struct eagre_kernel_call *call) {
  EAGRE_TRY(integral_bigint(call));
  if (call->node->is_legacy) return EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (EAGRE_ARGUMENT(int64_t, call, 1, row) != -1) continue;
    if (EAGRE_ARGUMENT(int64_t, call, 0, row) != INT64_MIN) continue;
    if (!eagre_kernel_is_live(call, row)) continue;
    EAGRE_TRY(eagre_kernel_fail_overflow(call, row, "Overflow in integral divide", "try_divide"));
  }
  return EAGRE_OK;
}

#define KERNELS_OF(name)                                                                           \
  {                                                                                                \
    [EAGRE_TYPE_TINYINT] = name##_tinyint, [EAGRE_TYPE_SMALLINT] = name##_smallint,                \
    [EAGRE_TYPE_INT] = name##_int, [EAGRE_TYPE_BIGINT] = name##_bigint,                            \
    [EAGRE_TYPE_FLOAT] = name##_float, [EAGRE_TYPE_DOUBLE] = name##_double                         \
  }

eagre_kernel_fn *eagre_kernel_division(enum eagre_arithmetic operation, enum eagre_type_kind kind) {
  static eagre_kernel_fn *const kernels[EAGRE_ARITHMETIC_count][EAGRE_TYPE_count] = {
      [EAGRE_ARITHMETIC_DIVIDE] = {[EAGRE_TYPE_DOUBLE] = divide_double},
      [EAGRE_ARITHMETIC_INTEGRAL] = {[EAGRE_TYPE_BIGINT] = integral_checked},
      [EAGRE_ARITHMETIC_REMAINDER] = KERNELS_OF(remainder),
      [EAGRE_ARITHMETIC_MODULUS] = KERNELS_OF(modulus),
  };
  return kernels[operation][kind];
}

/* ---- Bits ----------------------------------------------------------------------------------- */

#define DEFINE_BINARY(name, type, expression)                                                      \
  static enum eagre_status name(struct eagre_kernel_call *call) {                                  \
    type *out = eagre_kernel_out(call);                                                            \
    for (uint32_t row = 0; row < call->row_count; row++) {                                         \
      type a = EAGRE_ARGUMENT(type, call, 0, row);                                                 \
      type b = EAGRE_ARGUMENT(type, call, 1, row);                                                 \
      out[row] = (type)(expression);                                                               \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

#define DEFINE_BITS(suffix, type)                                                                  \
  DEFINE_BINARY(and_##suffix, type, a &b)                                                          \
  DEFINE_BINARY(or_##suffix, type, a | b)                                                          \
  DEFINE_BINARY(xor_##suffix, type, a ^ b)                                                         \
  static enum eagre_status not_##suffix(struct eagre_kernel_call *call) {                          \
    type *out = eagre_kernel_out(call);                                                            \
    for (uint32_t row = 0; row < call->row_count; row++) {                                         \
      out[row] = (type)~EAGRE_ARGUMENT(type, call, 0, row);                                        \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_BITS(tinyint, int8_t)
DEFINE_BITS(smallint, int16_t)
DEFINE_BITS(int, int32_t)
DEFINE_BITS(bigint, int64_t)

/* The distance is an INT taken modulo the width, as in Java. */
#define DEFINE_SHIFT(name, type, unsigned_type, expression)                                        \
  static enum eagre_status name(struct eagre_kernel_call *call) {                                  \
    type *out = eagre_kernel_out(call);                                                            \
    for (uint32_t row = 0; row < call->row_count; row++) {                                         \
      type a = EAGRE_ARGUMENT(type, call, 0, row);                                                 \
      unsigned distance =                                                                          \
          (unsigned)EAGRE_ARGUMENT(int32_t, call, 1, row) & (sizeof(type) * 8 - 1);                \
      out[row] = (type)(expression);                                                               \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_SHIFT(shift_left_int, int32_t, uint32_t, (uint32_t)a << distance)
DEFINE_SHIFT(shift_left_bigint, int64_t, uint64_t, (uint64_t)a << distance)
DEFINE_SHIFT(shift_right_int, int32_t, uint32_t, a >> distance)
DEFINE_SHIFT(shift_right_bigint, int64_t, uint64_t, a >> distance)
DEFINE_SHIFT(shift_right_unsigned_int, int32_t, uint32_t, (uint32_t)a >> distance)
DEFINE_SHIFT(shift_right_unsigned_bigint, int64_t, uint64_t, (uint64_t)a >> distance)

#define BITS_OF(name)                                                                              \
  {                                                                                                \
    [EAGRE_TYPE_TINYINT] = name##_tinyint, [EAGRE_TYPE_SMALLINT] = name##_smallint,                \
    [EAGRE_TYPE_INT] = name##_int, [EAGRE_TYPE_BIGINT] = name##_bigint                             \
  }

eagre_kernel_fn *eagre_kernel_bitwise(enum eagre_bitwise operation, enum eagre_type_kind kind) {
  static eagre_kernel_fn *const kernels[EAGRE_BITWISE_count][EAGRE_TYPE_count] = {
      [EAGRE_BITWISE_AND] = BITS_OF(and),
      [EAGRE_BITWISE_OR] = BITS_OF(or),
      [EAGRE_BITWISE_XOR] = BITS_OF(xor),
      [EAGRE_BITWISE_NOT] = BITS_OF(not ),
      [EAGRE_BITWISE_SHIFT_LEFT] =
          {[EAGRE_TYPE_INT] = shift_left_int, [EAGRE_TYPE_BIGINT] = shift_left_bigint},
      [EAGRE_BITWISE_SHIFT_RIGHT] =
          {[EAGRE_TYPE_INT] = shift_right_int, [EAGRE_TYPE_BIGINT] = shift_right_bigint},
      [EAGRE_BITWISE_SHIFT_RIGHT_UNSIGNED] = {[EAGRE_TYPE_INT] = shift_right_unsigned_int,
                                              [EAGRE_TYPE_BIGINT] = shift_right_unsigned_bigint},
  };
  return kernels[operation][kind];
}
