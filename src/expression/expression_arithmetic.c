/* + - * and unary minus and abs over numbers.
 *
 * Integers: the loop computes modulo 2^n and gathers whether any row overflowed; only then
 * fail_overflowing_rows looks for the rows that are not null and overflow. Without ANSI the values
 * stay as the loop left them. Reals never fail. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3") /* vectorises loops of unknown length */
#endif
#include <math.h>

#include "expression/expression_operator.h"

/* ---- The failing rows ----------------------------------------------------------------------- */

static int64_t read_integer(const struct eagre_vector *vector, uint32_t row) {
  uint32_t index = eagre_vector_index(vector, row);
  switch (vector->type->kind) {
  case EAGRE_TYPE_TINYINT:
    return EAGRE_VALUES(int8_t, vector)[index];
  case EAGRE_TYPE_SMALLINT:
    return EAGRE_VALUES(int16_t, vector)[index];
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_INTERVAL_YEAR:
    return EAGRE_VALUES(int32_t, vector)[index];
  default:
    return EAGRE_VALUES(int64_t, vector)[index];
  }
}

static bool overflows(enum eagre_arithmetic operation, enum eagre_type_kind kind, int64_t a,
                      int64_t b) {
  int64_t result;
  bool is_over;
  if (operation == EAGRE_ARITHMETIC_ADD) {
    is_over = __builtin_add_overflow(a, b, &result);
  } else if (operation == EAGRE_ARITHMETIC_MULTIPLY) {
    is_over = __builtin_mul_overflow(a, b, &result);
  } else {
    is_over = __builtin_sub_overflow(a, b, &result);
  }
  if (kind == EAGRE_TYPE_TINYINT) return result != (int8_t)result;
  if (kind == EAGRE_TYPE_SMALLINT) return result != (int16_t)result;
  if (kind == EAGRE_TYPE_INT || kind == EAGRE_TYPE_INTERVAL_YEAR) return result != (int32_t)result;
  return is_over;
}

static enum eagre_status fail_row(struct eagre_kernel_call *call, uint32_t row,
                                  enum eagre_arithmetic operation, int64_t a, int64_t b) {
  static const char *const instead[] = {"try_add", "try_subtract", "try_multiply", NULL, NULL};
  static const char symbols[] = "+-*";
  enum eagre_type_kind kind = call->node->type->kind;
  if (eagre_type_is_interval(kind) && instead[operation] == NULL) {
    return eagre_kernel_fail(call, row, "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION",
                             "Integer overflow while operating with intervals.");
  }
  if (eagre_type_is_interval(kind)) {
    return eagre_kernel_fail(call, row, "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION",
                             "Integer overflow while operating with intervals. Use `%s` to "
                             "tolerate overflow and return NULL instead.",
                             instead[operation]);
  }
  if (kind == EAGRE_TYPE_BIGINT || kind == EAGRE_TYPE_INT || instead[operation] == NULL) {
    const char *what = kind == EAGRE_TYPE_BIGINT ? "long overflow" : "integer overflow";
    return eagre_kernel_fail_overflow(call, row, what, instead[operation]);
  }
  char suffix = kind == EAGRE_TYPE_TINYINT ? 'Y' : 'S';
  return eagre_kernel_fail(call, row, "BINARY_ARITHMETIC_OVERFLOW",
                           "%lld%c %c %lld%c caused overflow. Use `%s` to ignore overflow problem "
                           "and return NULL.",
                           (long long)a, suffix, symbols[operation], (long long)b, suffix,
                           instead[operation]);
}

/* Unary minus and abs fail for the least number only: as 0 - a. */
static enum eagre_status fail_overflowing_rows(struct eagre_kernel_call *call,
                                               enum eagre_arithmetic operation) {
  bool is_unary = call->node->argument_count == 1;
  if (call->node->is_legacy) return EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t a = is_unary ? 0 : read_integer(call->arguments[0], row);
    int64_t b = read_integer(call->arguments[is_unary ? 0 : 1], row);
    if (is_unary && operation == EAGRE_ARITHMETIC_ABSOLUTE && b > 0) continue;
    if (overflows(operation, call->node->type->kind, a, b)) {
      EAGRE_TRY(fail_row(call, row, operation, a, b));
    }
  }
  return EAGRE_OK;
}

/* ---- Loops ---------------------------------------------------------------------------------- */

#define INLINE static inline __attribute__((always_inline))

/* Runs `rows_of` for the shape of the operands, so that each shape is a loop of its own. Two
 * constants come as one row. */
#define RUN_SHAPES(type, call, rows_of)                                                            \
  const struct eagre_vector *a = (call)->arguments[0];                                             \
  const struct eagre_vector *b = (call)->arguments[1];                                             \
  type *out = eagre_kernel_out(call);                                                              \
  uint32_t count = (call)->row_count;                                                              \
  bool is_over = a->is_constant   ? rows_of(out, a->data, true, b->data, false, count)             \
                 : b->is_constant ? rows_of(out, a->data, false, b->data, true, count)             \
                                  : rows_of(out, a->data, false, b->data, false, count);

/* Narrow integers: computed in `wide`, which holds every result. */
#define DEFINE_NARROW(name, type, wide, operator, operation)                                       \
  INLINE bool name##_rows(type *restrict out, const type *a, bool a_constant, const type *b,       \
                          bool b_constant, uint32_t count) {                                       \
    wide over = 0;                                                                                 \
    for (uint32_t i = 0; i < count; i++) {                                                         \
      wide result = (wide)((wide)a[a_constant ? 0 : i] operator(wide) b[b_constant ? 0 : i]);      \
      out[i] = (type)result;                                                                       \
      over |= (wide)(result ^ (type)result);                                                       \
    }                                                                                              \
    return over != 0;                                                                              \
  }                                                                                                \
  static enum eagre_status name(struct eagre_kernel_call *call) {                                  \
    RUN_SHAPES(type, call, name##_rows)                                                            \
    return is_over ? fail_overflowing_rows(call, operation) : EAGRE_OK;                            \
  }

DEFINE_NARROW(add_tinyint, int8_t, int32_t, +, EAGRE_ARITHMETIC_ADD)
DEFINE_NARROW(add_smallint, int16_t, int32_t, +, EAGRE_ARITHMETIC_ADD)
DEFINE_NARROW(add_int, int32_t, int64_t, +, EAGRE_ARITHMETIC_ADD)
DEFINE_NARROW(subtract_tinyint, int8_t, int32_t, -, EAGRE_ARITHMETIC_SUBTRACT)
DEFINE_NARROW(subtract_smallint, int16_t, int32_t, -, EAGRE_ARITHMETIC_SUBTRACT)
DEFINE_NARROW(subtract_int, int32_t, int64_t, -, EAGRE_ARITHMETIC_SUBTRACT)
DEFINE_NARROW(multiply_tinyint, int8_t, int32_t, *, EAGRE_ARITHMETIC_MULTIPLY)
DEFINE_NARROW(multiply_smallint, int16_t, int32_t, *, EAGRE_ARITHMETIC_MULTIPLY)
DEFINE_NARROW(multiply_int, int32_t, int64_t, *, EAGRE_ARITHMETIC_MULTIPLY)

/* BIGINT: a sum has overflowed when both operands differ from it in sign, which a vector unit
 * computes; products go through the flag of the processor. */
#define DEFINE_BIGINT(name, statement, operation)                                                  \
  INLINE bool name##_rows(int64_t *restrict out, const int64_t *a, bool a_constant,                \
                          const int64_t *b, bool b_constant, uint32_t count) {                     \
    uint64_t over = 0;                                                                             \
    for (uint32_t i = 0; i < count; i++) {                                                         \
      uint64_t x = (uint64_t)a[a_constant ? 0 : i];                                                \
      uint64_t y = (uint64_t)b[b_constant ? 0 : i];                                                \
      statement                                                                                    \
    }                                                                                              \
    return over >> 63 != 0;                                                                        \
  }                                                                                                \
  static enum eagre_status name(struct eagre_kernel_call *call) {                                  \
    RUN_SHAPES(int64_t, call, name##_rows)                                                         \
    return is_over ? fail_overflowing_rows(call, operation) : EAGRE_OK;                            \
  }

DEFINE_BIGINT(
    add_bigint,
    {
      uint64_t sum = x + y;
      out[i] = (int64_t)sum;
      over |= (x ^ sum) & (y ^ sum);
    },
    EAGRE_ARITHMETIC_ADD)
DEFINE_BIGINT(
    subtract_bigint,
    {
      uint64_t difference = x - y;
      out[i] = (int64_t)difference;
      over |= (x ^ y) & (x ^ difference);
    },
    EAGRE_ARITHMETIC_SUBTRACT)
DEFINE_BIGINT(
    multiply_bigint,
    {
      bool is_row_over = __builtin_mul_overflow((int64_t)x, (int64_t)y, &out[i]);
      over |= (uint64_t)is_row_over << 63;
    },
    EAGRE_ARITHMETIC_MULTIPLY)

#define DEFINE_REAL(name, type, operator)                                                          \
  INLINE bool name##_rows(type *restrict out, const type *a, bool a_constant, const type *b,       \
                          bool b_constant, uint32_t count) {                                       \
    for (uint32_t i = 0; i < count; i++) {                                                         \
      out[i] = a[a_constant ? 0 : i] operator b[b_constant ? 0 : i];                               \
    }                                                                                              \
    return false;                                                                                  \
  }                                                                                                \
  static enum eagre_status name(struct eagre_kernel_call *call) {                                  \
    RUN_SHAPES(type, call, name##_rows)                                                            \
    (void)is_over;                                                                                 \
    return EAGRE_OK;                                                                               \
  }

DEFINE_REAL(add_float, float, +)
DEFINE_REAL(subtract_float, float, -)
DEFINE_REAL(multiply_float, float, *)
DEFINE_REAL(add_double, double, +)
DEFINE_REAL(subtract_double, double, -)
DEFINE_REAL(multiply_double, double, *)

/* Unary: the least number has no counterpart and stays itself. */
#define DEFINE_UNARY_INTEGER(suffix, type, unsigned_type, least)                                   \
  static enum eagre_status negate_##suffix(struct eagre_kernel_call *call) {                       \
    const type *a = call->arguments[0]->data;                                                      \
    type *restrict out = eagre_kernel_out(call);                                                   \
    unsigned_type over = 0;                                                                        \
    for (uint32_t i = 0; i < call->row_count; i++) {                                               \
      out[i] = (type)(0 - (unsigned_type)a[i]);                                                    \
      over |= a[i] == least;                                                                       \
    }                                                                                              \
    return over ? fail_overflowing_rows(call, EAGRE_ARITHMETIC_NEGATE) : EAGRE_OK;                 \
  }                                                                                                \
  static enum eagre_status absolute_##suffix(struct eagre_kernel_call *call) {                     \
    const type *a = call->arguments[0]->data;                                                      \
    type *restrict out = eagre_kernel_out(call);                                                   \
    unsigned_type over = 0;                                                                        \
    for (uint32_t i = 0; i < call->row_count; i++) {                                               \
      out[i] = a[i] < 0 ? (type)(0 - (unsigned_type)a[i]) : a[i];                                  \
      over |= a[i] == least;                                                                       \
    }                                                                                              \
    return over ? fail_overflowing_rows(call, EAGRE_ARITHMETIC_ABSOLUTE) : EAGRE_OK;               \
  }

DEFINE_UNARY_INTEGER(tinyint, int8_t, uint8_t, INT8_MIN)
DEFINE_UNARY_INTEGER(smallint, int16_t, uint16_t, INT16_MIN)
DEFINE_UNARY_INTEGER(int, int32_t, uint32_t, INT32_MIN)
DEFINE_UNARY_INTEGER(bigint, int64_t, uint64_t, INT64_MIN)

#define DEFINE_UNARY_REAL(name, type, function)                                                    \
  static enum eagre_status name(struct eagre_kernel_call *call) {                                  \
    const type *a = call->arguments[0]->data;                                                      \
    type *restrict out = eagre_kernel_out(call);                                                   \
    for (uint32_t i = 0; i < call->row_count; i++) {                                               \
      out[i] = function(a[i]);                                                                     \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_UNARY_REAL(negate_float, float, -)
DEFINE_UNARY_REAL(negate_double, double, -)
DEFINE_UNARY_REAL(absolute_float, float, fabsf)
DEFINE_UNARY_REAL(absolute_double, double, fabs)

/* ---- The table ------------------------------------------------------------------------------ */

#define KERNELS_OF(name)                                                                           \
  {                                                                                                \
    [EAGRE_TYPE_TINYINT] = name##_tinyint, [EAGRE_TYPE_SMALLINT] = name##_smallint,                \
    [EAGRE_TYPE_INT] = name##_int, [EAGRE_TYPE_BIGINT] = name##_bigint,                            \
    [EAGRE_TYPE_FLOAT] = name##_float, [EAGRE_TYPE_DOUBLE] = name##_double,                        \
    [EAGRE_TYPE_INTERVAL_DAY] = name##_bigint, [EAGRE_TYPE_INTERVAL_YEAR] = name##_int             \
  }

eagre_kernel_fn *eagre_kernel_simple_arithmetic(enum eagre_arithmetic operation,
                                                enum eagre_type_kind kind) {
  static eagre_kernel_fn *const kernels[][EAGRE_TYPE_count] = {
      [EAGRE_ARITHMETIC_ADD] = KERNELS_OF(add),
      [EAGRE_ARITHMETIC_SUBTRACT] = KERNELS_OF(subtract),
      [EAGRE_ARITHMETIC_MULTIPLY] = KERNELS_OF(multiply),
      [EAGRE_ARITHMETIC_NEGATE] = KERNELS_OF(negate),
      [EAGRE_ARITHMETIC_ABSOLUTE] = KERNELS_OF(absolute),
  };
  return kernels[operation][kind];
}
