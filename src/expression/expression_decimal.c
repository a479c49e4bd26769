/* + - * / div % pmod, unary minus and abs over DECIMAL: Spark's result types and their kernels.
 *
 * Operands keep their scales; an integral beside a DECIMAL becomes one first. When the result's
 * digits need not be cut down to 38 no sum and no product can overflow: `parameters[0]` is 1 then,
 * and the loops have no test, in 64 bits up to 18 digits. Loops without a test are unsigned, since
 * a null row may hold anything; the others leave null rows out. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3") /* vectorises loops of unknown length */
#endif
#include "expression/expression_bind.h"
#include "expression/expression_operator.h"

typedef unsigned __int128 unsigned_decimal;

enum { PRECISION_MAX = EAGRE_DECIMAL_PRECISION_MAX, LONG_PRECISION_MAX = 18, JAVA_DIGITS = 34 };

#define INLINE static inline __attribute__((always_inline))

/* ---- Failures ------------------------------------------------------------------------------- */

static struct eagre_text print_argument(const struct eagre_kernel_call *call, uint32_t index,
                                        uint32_t row, char out[48]) {
  const struct eagre_vector *vector = call->arguments[index];
  size_t size = eagre_value_print_decimal(EAGRE_ARGUMENT(eagre_decimal, call, index, row),
                                          vector->type->scale, out);
  return eagre_text_make(out, size);
}

/* The result of a live row has too many digits. */
static enum eagre_status fail_range(struct eagre_kernel_call *call, uint32_t row) {
  char left[48], right[48];
  struct eagre_text a = print_argument(call, 0, row, left);
  struct eagre_text b = print_argument(call, 1, row, right);
  const struct eagre_type *type = call->node->type;
  bool is_integral = type->kind == EAGRE_TYPE_BIGINT;
  EAGRE_TRY(eagre_kernel_fail(call, row, "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
                              "%.*s %s %.*s cannot be represented as Decimal(%d, %d).", (int)a.size,
                              a.data, call->node->function->info.name, (int)b.size, b.data,
                              is_integral ? PRECISION_MAX : type->precision, type->scale));
  return EAGRE_OK;
}

/* ---- Sums and products ---------------------------------------------------------------------- */

static struct eagre_decimal_operation find_operation(const struct eagre_kernel_call *call) {
  return (struct eagre_decimal_operation){
      .left_scale = call->arguments[0]->type->scale,
      .right_scale = call->arguments[1]->type->scale,
      .precision = call->node->type->precision,
      .scale = call->node->type->scale,
  };
}

struct factors {
  eagre_decimal left;
  eagre_decimal right;
};

/* What brings both sides to the scale of an exact sum. */
static struct factors find_factors(const struct eagre_decimal_operation *operation) {
  return (struct factors){eagre_decimal_power(operation->scale - operation->left_scale),
                          eagre_decimal_power(operation->scale - operation->right_scale)};
}

/* One loop per shape; `word` holds every result, and `a` and `b` are its low bits. */
#define DEFINE_EXACT(name, word, expression)                                                       \
  INLINE void name##_rows(eagre_decimal *restrict out, const eagre_decimal *left,                  \
                          bool is_one_left, const eagre_decimal *right, bool is_one_right,         \
                          struct factors factors, uint32_t count) {                                \
    const word x = (word)factors.left, y = (word)factors.right;                                    \
    (void)x;                                                                                       \
    (void)y;                                                                                       \
    for (uint32_t i = 0; i < count; i++) {                                                         \
      word a = (word)left[is_one_left ? 0 : i];                                                    \
      word b = (word)right[is_one_right ? 0 : i];                                                  \
      out[i] = (signed_##word)(expression);                                                        \
    }                                                                                              \
  }                                                                                                \
  static void name(eagre_decimal *out, const struct eagre_vector *a, const struct eagre_vector *b, \
                   struct factors factors, uint32_t count) {                                       \
    if (a->is_constant) {                                                                          \
      name##_rows(out, a->data, true, b->data, b->is_constant, factors, count);                    \
    } else if (b->is_constant) {                                                                   \
      name##_rows(out, a->data, false, b->data, true, factors, count);                             \
    } else {                                                                                       \
      name##_rows(out, a->data, false, b->data, false, factors, count);                            \
    }                                                                                              \
  }

typedef uint64_t word_64;
typedef int64_t signed_word_64;
typedef unsigned_decimal word_128;
typedef eagre_decimal signed_word_128;

DEFINE_EXACT(add_64, word_64, a *x + b * y)
DEFINE_EXACT(add_128, word_128, a *x + b * y)
DEFINE_EXACT(subtract_64, word_64, a *x - b * y)
DEFINE_EXACT(subtract_128, word_128, a *x - b * y)
DEFINE_EXACT(multiply_64, word_64, a *b)
DEFINE_EXACT(multiply_128, word_128, a *b)

typedef void exact_fn(eagre_decimal *out, const struct eagre_vector *a,
                      const struct eagre_vector *b, struct factors factors, uint32_t count);
typedef enum eagre_value_result one_fn(const struct eagre_decimal_operation *operation,
                                       eagre_decimal left, eagre_decimal right,
                                       eagre_decimal *out_value);

static enum eagre_status run_checked(struct eagre_kernel_call *call, one_fn *compute) {
  const struct eagre_decimal_operation operation = find_operation(call);
  eagre_decimal *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = 0;
    if (!eagre_kernel_is_live(call, row)) continue;
    enum eagre_value_result result =
        compute(&operation, EAGRE_ARGUMENT(eagre_decimal, call, 0, row),
                EAGRE_ARGUMENT(eagre_decimal, call, 1, row), &out[row]);
    if (result == EAGRE_VALUE_OK) continue;
    out[row] = 0;
    EAGRE_TRY(fail_range(call, row));
  }
  return EAGRE_OK;
}

static enum eagre_status run_simple(struct eagre_kernel_call *call, exact_fn *narrow,
                                    exact_fn *wide, one_fn *checked) {
  if (call->node->parameters[0] == 0) return run_checked(call, checked);
  const struct eagre_decimal_operation operation = find_operation(call);
  struct factors factors = {1, 1};
  if (checked != eagre_decimal_multiply) factors = find_factors(&operation);
  exact_fn *run = operation.precision <= LONG_PRECISION_MAX ? narrow : wide;
  run(eagre_kernel_out(call), call->arguments[0], call->arguments[1], factors, call->row_count);
  return EAGRE_OK;
}

static enum eagre_value_result subtract_one(const struct eagre_decimal_operation *operation,
                                            eagre_decimal left, eagre_decimal right,
                                            eagre_decimal *out_value) {
  return eagre_decimal_add(operation, left, -right, out_value);
}

static enum eagre_status run_add(struct eagre_kernel_call *call) {
  return run_simple(call, add_64, add_128, eagre_decimal_add);
}

static enum eagre_status run_subtract(struct eagre_kernel_call *call) {
  return run_simple(call, subtract_64, subtract_128, subtract_one);
}

static enum eagre_status run_multiply(struct eagre_kernel_call *call) {
  return run_simple(call, multiply_64, multiply_128, eagre_decimal_multiply);
}

/* ---- Quotients and remainders --------------------------------------------------------------- */

/* pmod: a negative remainder of a positive divisor goes up by it. The remainder has the larger of
 * the two scales, which is the result's. */
static enum eagre_value_result modulus_one(const struct eagre_decimal_operation *operation,
                                           eagre_decimal left, eagre_decimal right,
                                           eagre_decimal *out_value) {
  enum eagre_value_result result = eagre_decimal_remainder(operation, left, right, out_value);
  if (result != EAGRE_VALUE_OK || *out_value >= 0 || right < 0) return result;
  const struct eagre_decimal_operation sum = {operation->scale, operation->right_scale,
                                              operation->precision, operation->scale};
  return eagre_decimal_add(&sum, *out_value, right, out_value);
}

INLINE enum eagre_status run_division(struct eagre_kernel_call *call, one_fn *compute,
                                      enum eagre_arithmetic kind) {
  const struct eagre_decimal_operation operation = find_operation(call);
  bool is_integral = kind == EAGRE_ARITHMETIC_INTEGRAL;
  void *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    eagre_decimal divisor = EAGRE_ARGUMENT(eagre_decimal, call, 1, row);
    eagre_decimal value = 0;
    if (eagre_kernel_is_live(call, row)) {
      if (divisor == 0) {
        EAGRE_TRY(eagre_kernel_fail_zero(call, row, kind));
      } else if (compute(&operation, EAGRE_ARGUMENT(eagre_decimal, call, 0, row), divisor,
                         &value) != EAGRE_VALUE_OK) {
        value = 0;
        EAGRE_TRY(fail_range(call, row));
      }
    }
    /* A quotient that is no BIGINT wraps, as in Spark. */
    if (is_integral) {
      ((int64_t *)out)[row] = (int64_t)value;
    } else {
      ((eagre_decimal *)out)[row] = value;
    }
  }
  return EAGRE_OK;
}

static enum eagre_status run_divide(struct eagre_kernel_call *call) {
  return run_division(call, eagre_decimal_divide, EAGRE_ARITHMETIC_DIVIDE);
}

static enum eagre_status run_integral(struct eagre_kernel_call *call) {
  return run_division(call, eagre_decimal_divide_integral, EAGRE_ARITHMETIC_INTEGRAL);
}

static enum eagre_status run_remainder(struct eagre_kernel_call *call) {
  return run_division(call, eagre_decimal_remainder, EAGRE_ARITHMETIC_REMAINDER);
}

static enum eagre_status run_modulus(struct eagre_kernel_call *call) {
  return run_division(call, modulus_one, EAGRE_ARITHMETIC_MODULUS);
}

/* ---- Result types --------------------------------------------------------------------------- */

/* DECIMAL(precision, scale) cut down to 38 digits: those in front of the point stay, and of those
 * behind it up to six. */
static const struct eagre_type *bound(struct eagre_arena *arena, int precision, int scale) {
  enum { SCALE_KEPT_MAX = 6 };
  if (precision > PRECISION_MAX) {
    int kept = scale < SCALE_KEPT_MAX ? scale : SCALE_KEPT_MAX;
    int left = PRECISION_MAX - (precision - scale);
    scale = left > kept ? left : kept;
    precision = PRECISION_MAX;
  }
  return eagre_type_decimal(arena, (unsigned)precision, (unsigned)scale);
}

static int larger(int a, int b) {
  return a > b ? a : b;
}

/* The digits of the result before they are cut down. */
static void find_digits(enum eagre_arithmetic operation, const struct eagre_type *a,
                        const struct eagre_type *b, int *out_precision, int *out_scale) {
  int a_whole = a->precision - a->scale;
  int b_whole = b->precision - b->scale;
  int scale = larger(a->scale, b->scale);
  int whole;
  switch (operation) {
  case EAGRE_ARITHMETIC_MULTIPLY:
    scale = a->scale + b->scale;
    whole = a->precision + b->precision + 1 - scale;
    break;
  case EAGRE_ARITHMETIC_DIVIDE:
    scale = larger(6, a->scale + b->precision + 1);
    whole = a_whole + b->scale;
    break;
  case EAGRE_ARITHMETIC_REMAINDER:
  case EAGRE_ARITHMETIC_MODULUS:
    whole = a_whole < b_whole ? a_whole : b_whole;
    break;
  default:
    whole = larger(a_whole, b_whole) + 1;
  }
  *out_precision = whole + scale;
  *out_scale = scale;
}

/* ---- Binding -------------------------------------------------------------------------------- */

bool eagre_bind_is_decimal_pair(const struct eagre_bind *bind) {
  bool has_decimal = false;
  for (uint32_t i = 0; i < 2; i++) {
    enum eagre_type_kind kind = eagre_bind_kind(bind, i);
    has_decimal |= kind == EAGRE_TYPE_DECIMAL;
    bool joins =
        kind == EAGRE_TYPE_DECIMAL || kind == EAGRE_TYPE_NULL || eagre_type_is_integral(kind);
    if (!joins) return false;
  }
  return has_decimal;
}

/* A bare NULL becomes what stands beside it. */
static enum eagre_status cast_operands(struct eagre_bind *bind) {
  for (uint32_t i = 0; i < 2; i++) {
    const struct eagre_expression *argument = bind->arguments[i];
    const struct eagre_type *type;
    if (argument->type->kind == EAGRE_TYPE_NULL) {
      type = bind->arguments[1 - i]->type;
    } else if (eagre_coerce_is_bare_literal(argument)) {
      type = eagre_coerce_decimal_of_literal(bind->arena, argument);
    } else {
      type = eagre_coerce_decimal_of(bind->arena, argument->type);
    }
    EAGRE_TRY(eagre_bind_cast(bind, i, type));
  }
  return EAGRE_OK;
}

static bool is_division(enum eagre_arithmetic operation) {
  return operation >= EAGRE_ARITHMETIC_DIVIDE;
}

/* Bytes of an integer that are not all zero. */
static bool has_bits(const struct eagre_expression *literal) {
  const char *bytes = literal->value.data;
  bool has_one = false;
  for (uint32_t i = 0; i < eagre_type_width(literal->type->kind); i++) {
    has_one |= bytes[i] != 0;
  }
  return has_one;
}

/* The divisor is a literal that is not zero: a DECIMAL, or an integral that was cast to one, which
 * keeps its value. */
static bool divides_by_constant(const struct eagre_bind *bind) {
  const struct eagre_expression *literal = bind->arguments[1];
  if (eagre_expression_calls(literal, EAGRE_INTERNAL_CAST)) literal = literal->arguments[0];
  bool is_known = literal->kind == EAGRE_EXPRESSION_LITERAL && !eagre_expression_is_null(literal);
  bool is_integral = eagre_type_is_integral(literal->type->kind);
  bool is_decimal = literal == bind->arguments[1];
  return is_known && (is_integral || is_decimal) && has_bits(literal);
}

enum eagre_status eagre_bind_decimal_arithmetic(struct eagre_bind *bind,
                                                enum eagre_arithmetic operation,
                                                struct eagre_expression **out) {
  static eagre_kernel_fn *const kernels[EAGRE_ARITHMETIC_count] = {
      [EAGRE_ARITHMETIC_ADD] = run_add,           [EAGRE_ARITHMETIC_SUBTRACT] = run_subtract,
      [EAGRE_ARITHMETIC_MULTIPLY] = run_multiply, [EAGRE_ARITHMETIC_DIVIDE] = run_divide,
      [EAGRE_ARITHMETIC_INTEGRAL] = run_integral, [EAGRE_ARITHMETIC_REMAINDER] = run_remainder,
      [EAGRE_ARITHMETIC_MODULUS] = run_modulus,
  };
  EAGRE_TRY(cast_operands(bind));
  int precision, scale;
  find_digits(operation, bind->arguments[0]->type, bind->arguments[1]->type, &precision, &scale);
  const struct eagre_type *type = operation == EAGRE_ARITHMETIC_INTEGRAL
                                      ? eagre_type_of(EAGRE_TYPE_BIGINT)
                                      : bound(bind->arena, precision, scale);
  bool is_exact = precision <= PRECISION_MAX;
  *out = eagre_bind_call(bind, type, kernels[operation]);
  (*out)->parameters[0] = is_exact;
  bool is_safe = is_exact && operation != EAGRE_ARITHMETIC_INTEGRAL &&
                 operation != EAGRE_ARITHMETIC_MODULUS &&
                 (!is_division(operation) || divides_by_constant(bind));
  if (is_safe) eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

/* ---- Signs ---------------------------------------------------------------------------------- */

/* -value; rounded to 34 digits, half to even, which is what Spark's Decimal computes its negation
 * with. False when the result has too many digits. */
static bool negate_rounded(eagre_decimal value, unsigned precision, eagre_decimal *out) {
  unsigned count = eagre_decimal_digit_count(value);
  *out = -value;
  if (count <= JAVA_DIGITS) return true;
  eagre_decimal head;
  unsigned dropped = count - JAVA_DIGITS;
  enum eagre_value_result result =
      eagre_decimal_rescale(-value, dropped, PRECISION_MAX, 0, EAGRE_ROUND_HALF_EVEN, &head);
  eagre_assert(result == EAGRE_VALUE_OK);
  *out = head * eagre_decimal_power(dropped);
  return eagre_decimal_digit_count(*out) <= precision;
}

static enum eagre_status fail_sign(struct eagre_kernel_call *call, uint32_t row) {
  char text[48];
  struct eagre_text value = print_argument(call, 0, row, text);
  const struct eagre_type *type = call->node->type;
  return eagre_kernel_fail(call, row, "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION",
                           "The negation of %.*s, rounded to %d digits, cannot be represented as "
                           "Decimal(%d, %d).",
                           (int)value.size, value.data, JAVA_DIGITS, type->precision, type->scale);
}

INLINE enum eagre_status run_sign(struct eagre_kernel_call *call, bool keeps_positive) {
  const eagre_decimal *from = call->arguments[0]->data;
  eagre_decimal *out = eagre_kernel_out(call);
  unsigned precision = call->node->type->precision;
  bool is_exact = precision <= JAVA_DIGITS;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (keeps_positive && from[row] >= 0) {
      out[row] = from[row];
    } else if (is_exact) {
      out[row] = (eagre_decimal)(0 - (unsigned_decimal)from[row]);
    } else if (!eagre_kernel_is_live(call, row)) {
      out[row] = 0;
    } else if (!negate_rounded(from[row], precision, &out[row])) {
      EAGRE_TRY(fail_sign(call, row));
    }
  }
  return EAGRE_OK;
}

static enum eagre_status run_negate(struct eagre_kernel_call *call) {
  return run_sign(call, false);
}

static enum eagre_status run_absolute(struct eagre_kernel_call *call) {
  return run_sign(call, true);
}

enum eagre_status eagre_bind_decimal_sign(struct eagre_bind *bind, enum eagre_arithmetic operation,
                                          struct eagre_expression **out) {
  const struct eagre_type *type = bind->arguments[0]->type;
  *out =
      eagre_bind_call(bind, type, operation == EAGRE_ARITHMETIC_NEGATE ? run_negate : run_absolute);
  if (type->precision <= JAVA_DIGITS) {
    eagre_expression_set_safe(*out);
  } else {
    eagre_expression_set_strict(*out);
  }
  return EAGRE_OK;
}
