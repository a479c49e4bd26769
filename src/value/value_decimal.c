/* Arithmetic of DECIMAL: integers of 128 bits with a scale (value.h).
 *
 * What fits 128 bits is computed there; products and scaled dividends that do not go through
 * `struct wide`, slowly. Spark computes with Java's BigDecimal and rounds twice: products first to
 * 38 digits, quotients first to 38 digits behind the point, then both to the scale of the result.
 * The second rounding can turn 0.4999...9 into 1, so both are done here as well. */
#include "value/value.h"

typedef unsigned __int128 magnitude;

enum { PRECISION_MAX = EAGRE_DECIMAL_PRECISION_MAX, CHUNK_DIGITS = 19 };

static const uint64_t small_powers[CHUNK_DIGITS + 1] = {
    1u,
    10u,
    100u,
    1000u,
    10000u,
    100000u,
    1000000u,
    10000000u,
    100000000u,
    1000000000u,
    10000000000u,
    100000000000u,
    1000000000000u,
    10000000000000u,
    100000000000000u,
    1000000000000000u,
    10000000000000000u,
    100000000000000000u,
    1000000000000000000u,
    10000000000000000000u,
};

static magnitude power_of_ten(unsigned exponent) {
  eagre_assert(exponent <= PRECISION_MAX);
  if (exponent <= CHUNK_DIGITS) return small_powers[exponent];
  return (magnitude)small_powers[CHUNK_DIGITS] * small_powers[exponent - CHUNK_DIGITS];
}

static magnitude take_magnitude(eagre_decimal value) {
  return value < 0 ? -(magnitude)value : (magnitude)value;
}

eagre_decimal eagre_decimal_power(unsigned exponent) {
  return (eagre_decimal)power_of_ten(exponent);
}

unsigned eagre_decimal_digit_count(eagre_decimal value) {
  magnitude rest = take_magnitude(value);
  unsigned count = 1;
  while (count <= PRECISION_MAX && rest >= power_of_ten(count)) {
    count++;
  }
  return count;
}

/* ---- Wide magnitudes ------------------------------------------------------------------------- */

/* An unsigned integer of 384 bits, lowest limb first: room for 38 digits scaled up by 76. */
enum { LIMB_COUNT = 6 };
struct wide {
  uint64_t limbs[LIMB_COUNT];
};

static struct wide widen(magnitude value) {
  return (struct wide){{(uint64_t)value, (uint64_t)(value >> 64)}};
}

static void multiply_wide_by_limb(struct wide *value, uint64_t factor) {
  uint64_t carry = 0;
  for (unsigned i = 0; i < LIMB_COUNT; i++) {
    magnitude part = (magnitude)value->limbs[i] * factor + carry;
    value->limbs[i] = (uint64_t)part;
    carry = (uint64_t)(part >> 64);
  }
  eagre_assert(carry == 0);
}

static uint64_t divide_wide_by_limb(struct wide *value, uint64_t divisor) {
  magnitude remainder = 0;
  for (unsigned i = LIMB_COUNT; i-- > 0;) {
    magnitude part = remainder << 64 | value->limbs[i];
    value->limbs[i] = (uint64_t)(part / divisor);
    remainder = part % divisor;
  }
  return (uint64_t)remainder;
}

/* left + right, or left - right, which wraps below zero. */
static struct wide add_wide(const struct wide *left, const struct wide *right, bool is_minus) {
  struct wide sum;
  uint64_t carry = is_minus;
  for (unsigned i = 0; i < LIMB_COUNT; i++) {
    uint64_t limb = is_minus ? ~right->limbs[i] : right->limbs[i];
    magnitude part = (magnitude)left->limbs[i] + limb + carry;
    sum.limbs[i] = (uint64_t)part;
    carry = (uint64_t)(part >> 64);
  }
  return sum;
}

static struct wide multiply_wide(magnitude left, magnitude right) {
  struct wide low = widen(left);
  struct wide high = {{0, (uint64_t)left, (uint64_t)(left >> 64)}};
  multiply_wide_by_limb(&low, (uint64_t)right);
  multiply_wide_by_limb(&high, (uint64_t)(right >> 64));
  return add_wide(&low, &high, false);
}

static struct wide scale_wide(magnitude value, unsigned exponent) {
  struct wide wide = widen(value);
  for (; exponent > CHUNK_DIGITS; exponent -= CHUNK_DIGITS) {
    multiply_wide_by_limb(&wide, small_powers[CHUNK_DIGITS]);
  }
  multiply_wide_by_limb(&wide, small_powers[exponent]);
  return wide;
}

/* Long division bit by bit: value becomes the quotient; the remainder is returned. `divisor` is
 * below 2^127, so that a remainder shifted by one still fits. */
static magnitude divide_wide(struct wide *value, magnitude divisor) {
  struct wide quotient = {{0}};
  magnitude remainder = 0;
  for (unsigned bit = LIMB_COUNT * 64; bit-- > 0;) {
    remainder = remainder << 1 | (value->limbs[bit / 64] >> bit % 64 & 1);
    if (remainder < divisor) continue;
    remainder -= divisor;
    quotient.limbs[bit / 64] |= (uint64_t)1 << bit % 64;
  }
  *value = quotient;
  return remainder;
}

static bool wide_fits(const struct wide *value) {
  uint64_t above = 0;
  for (unsigned i = 2; i < LIMB_COUNT; i++) {
    above |= value->limbs[i];
  }
  return above == 0;
}

static magnitude narrow(const struct wide *value) {
  return (magnitude)value->limbs[1] << 64 | value->limbs[0];
}

static unsigned count_wide_digits(struct wide value) {
  unsigned count = 0;
  while (!wide_fits(&value)) {
    divide_wide_by_limb(&value, small_powers[CHUNK_DIGITS]);
    count += CHUNK_DIGITS;
  }
  magnitude rest = narrow(&value);
  for (; rest > 0; rest /= 10) {
    count++;
  }
  return count;
}

/* Drops `count` >= 1 digits, rounding HALF_UP: the first dropped digit decides. */
static void drop_wide_digits(struct wide *value, unsigned count) {
  for (count--; count > CHUNK_DIGITS; count -= CHUNK_DIGITS) {
    divide_wide_by_limb(value, small_powers[CHUNK_DIGITS]);
  }
  divide_wide_by_limb(value, small_powers[count]);
  bool is_up = divide_wide_by_limb(value, 10) >= 5;
  for (unsigned i = 0; is_up && i < LIMB_COUNT; i++) {
    is_up = ++value->limbs[i] == 0;
  }
}

/* ---- Rounding and range ---------------------------------------------------------------------- */

static enum eagre_value_result finish(magnitude value, bool is_negative, unsigned precision,
                                      eagre_decimal *out_value) {
  if (value >= power_of_ten(precision)) return EAGRE_VALUE_OVERFLOW;
  *out_value = is_negative ? -(eagre_decimal)value : (eagre_decimal)value;
  return EAGRE_VALUE_OK;
}

static bool rounds_up(magnitude quotient, magnitude remainder, magnitude divisor, bool is_negative,
                      enum eagre_rounding rounding) {
  if (remainder == 0) return false;
  /* remainder against half of the divisor, which is even or 1. */
  magnitude half = divisor / 2;
  switch (rounding) {
  case EAGRE_ROUND_HALF_UP:
    return remainder >= half;
  case EAGRE_ROUND_HALF_EVEN:
    return remainder > half || (remainder == half && quotient % 2 != 0);
  case EAGRE_ROUND_FLOOR:
    return is_negative;
  case EAGRE_ROUND_CEILING:
    return !is_negative;
  case EAGRE_ROUND_DOWN:
    return false;
  }
  return false;
}

enum eagre_value_result eagre_decimal_rescale(eagre_decimal value, unsigned from_scale,
                                              unsigned precision, unsigned scale,
                                              enum eagre_rounding rounding,
                                              eagre_decimal *out_value) {
  magnitude rest = take_magnitude(value);
  bool is_negative = value < 0;
  if (scale >= from_scale) {
    magnitude scaled;
    if (__builtin_mul_overflow(rest, power_of_ten(scale - from_scale), &scaled))
      return EAGRE_VALUE_OVERFLOW;
    return finish(scaled, is_negative, precision, out_value);
  }
  magnitude divisor = power_of_ten(from_scale - scale);
  magnitude quotient = rest / divisor;
  bool is_up = rounds_up(quotient, rest % divisor, divisor, is_negative, rounding);
  return finish(quotient + is_up, is_negative, precision, out_value);
}

/* ---- Operations ------------------------------------------------------------------------------ */

/* `value` * 10^`exponent`, false when it does not fit. */
static bool scale_up(magnitude value, unsigned exponent, magnitude *out) {
  return exponent <= PRECISION_MAX && !__builtin_mul_overflow(value, power_of_ten(exponent), out);
}

/* Rounds a magnitude of `from_scale` digits behind the point to the scale of the result. */
static enum eagre_value_result finish_wide(struct wide value, int from_scale, bool is_negative,
                                           const struct eagre_decimal_operation *operation,
                                           eagre_decimal *out_value) {
  int dropped = from_scale - (int)operation->scale;
  if (dropped > 0) drop_wide_digits(&value, (unsigned)dropped);
  if (!wide_fits(&value)) return EAGRE_VALUE_OVERFLOW;
  magnitude result = narrow(&value);
  if (dropped < 0 && result != 0 && !scale_up(result, (unsigned)-dropped, &result))
    return EAGRE_VALUE_OVERFLOW;
  return finish(result, is_negative, operation->precision, out_value);
}

static unsigned larger_scale(const struct eagre_decimal_operation *operation) {
  return operation->left_scale > operation->right_scale ? operation->left_scale
                                                        : operation->right_scale;
}

/* The sum of two operands whose common scale does not fit. */
static enum eagre_value_result add_slowly(const struct eagre_decimal_operation *operation,
                                          eagre_decimal left, eagre_decimal right,
                                          eagre_decimal *out_value) {
  unsigned scale = larger_scale(operation);
  struct wide a = scale_wide(take_magnitude(left), scale - operation->left_scale);
  struct wide b = scale_wide(take_magnitude(right), scale - operation->right_scale);
  bool is_minus = (left < 0) != (right < 0);
  struct wide sum = add_wide(&a, &b, is_minus);
  bool is_below_zero = is_minus && sum.limbs[LIMB_COUNT - 1] >> 63 != 0;
  if (is_below_zero) sum = add_wide(&b, &a, true);
  return finish_wide(sum, (int)scale, (left < 0) != is_below_zero, operation, out_value);
}

enum eagre_value_result eagre_decimal_add(const struct eagre_decimal_operation *operation,
                                          eagre_decimal left, eagre_decimal right,
                                          eagre_decimal *out_value) {
  unsigned scale = larger_scale(operation);
  eagre_decimal a;
  eagre_decimal b;
  eagre_decimal sum;
  if (__builtin_mul_overflow(left, eagre_decimal_power(scale - operation->left_scale), &a) ||
      __builtin_mul_overflow(right, eagre_decimal_power(scale - operation->right_scale), &b) ||
      __builtin_add_overflow(a, b, &sum))
    return add_slowly(operation, left, right, out_value);
  return eagre_decimal_rescale(sum, scale, operation->precision, operation->scale,
                               EAGRE_ROUND_HALF_UP, out_value);
}

enum eagre_value_result eagre_decimal_multiply(const struct eagre_decimal_operation *operation,
                                               eagre_decimal left, eagre_decimal right,
                                               eagre_decimal *out_value) {
  bool is_negative = (left < 0) != (right < 0);
  unsigned scale = operation->left_scale + operation->right_scale;
  magnitude product;
  if (scale == operation->scale &&
      !__builtin_mul_overflow(take_magnitude(left), take_magnitude(right), &product))
    return finish(product, is_negative, operation->precision, out_value);
  struct wide wide = multiply_wide(take_magnitude(left), take_magnitude(right));
  unsigned digit_count = count_wide_digits(wide);
  int from_scale = (int)scale;
  if (digit_count > PRECISION_MAX) {
    drop_wide_digits(&wide, digit_count - PRECISION_MAX);
    from_scale -= (int)(digit_count - PRECISION_MAX);
  }
  return finish_wide(wide, from_scale, is_negative, operation, out_value);
}

/* |left| * 10^exponent / |right|; false when the quotient does not fit. */
static bool divide_scaled(eagre_decimal left, unsigned exponent, eagre_decimal right,
                          magnitude *out_quotient, magnitude *out_remainder) {
  magnitude divisor = take_magnitude(right);
  magnitude dividend;
  if (scale_up(take_magnitude(left), exponent, &dividend)) {
    *out_quotient = dividend / divisor;
    *out_remainder = dividend % divisor;
    return true;
  }
  struct wide wide = scale_wide(take_magnitude(left), exponent);
  *out_remainder = divide_wide(&wide, divisor);
  *out_quotient = narrow(&wide);
  return wide_fits(&wide);
}

/* Whether remainder / divisor rounds up when rounded HALF_UP first at 38 digits behind the point of
 * the quotient and then at `scale` of them: from a half on, or so close below it that the first
 * rounding makes it a half. */
static bool quotient_rounds_up(magnitude remainder, magnitude divisor, unsigned scale) {
  if (remainder >= divisor - remainder) return true;
  magnitude gap = divisor - remainder - remainder;
  magnitude scaled;
  return scale < PRECISION_MAX && scale_up(gap, PRECISION_MAX - scale, &scaled) &&
         scaled <= divisor;
}

enum eagre_value_result eagre_decimal_divide(const struct eagre_decimal_operation *operation,
                                             eagre_decimal left, eagre_decimal right,
                                             eagre_decimal *out_value) {
  eagre_assert(right != 0);
  eagre_assert(operation->scale + operation->right_scale >= operation->left_scale);
  unsigned exponent = operation->scale + operation->right_scale - operation->left_scale;
  magnitude quotient;
  magnitude remainder;
  if (!divide_scaled(left, exponent, right, &quotient, &remainder)) return EAGRE_VALUE_OVERFLOW;
  quotient += quotient_rounds_up(remainder, take_magnitude(right), operation->scale);
  return finish(quotient, (left < 0) != (right < 0), operation->precision, out_value);
}

/* |left| / |right|, the remainder at the larger of the two scales; false when the quotient has more
 * than 38 digits, which Spark refuses. */
static bool divide_whole(const struct eagre_decimal_operation *operation, eagre_decimal left,
                         eagre_decimal right, magnitude *out_quotient, magnitude *out_remainder) {
  eagre_assert(right != 0);
  bool fits;
  if (operation->right_scale >= operation->left_scale) {
    fits = divide_scaled(left, operation->right_scale - operation->left_scale, right, out_quotient,
                         out_remainder);
  } else {
    magnitude divisor;
    bool is_divisor_larger =
        !scale_up(take_magnitude(right), operation->left_scale - operation->right_scale, &divisor);
    *out_quotient = is_divisor_larger ? 0 : take_magnitude(left) / divisor;
    *out_remainder = is_divisor_larger ? take_magnitude(left) : take_magnitude(left) % divisor;
    fits = true;
  }
  return fits && *out_quotient < power_of_ten(PRECISION_MAX);
}

enum eagre_value_result eagre_decimal_remainder(const struct eagre_decimal_operation *operation,
                                                eagre_decimal left, eagre_decimal right,
                                                eagre_decimal *out_value) {
  magnitude quotient;
  magnitude remainder;
  if (!divide_whole(operation, left, right, &quotient, &remainder)) return EAGRE_VALUE_OVERFLOW;
  return finish_wide(widen(remainder), (int)larger_scale(operation), left < 0, operation,
                     out_value);
}

enum eagre_value_result
eagre_decimal_divide_integral(const struct eagre_decimal_operation *operation, eagre_decimal left,
                              eagre_decimal right, eagre_decimal *out_value) {
  magnitude quotient;
  magnitude remainder;
  if (!divide_whole(operation, left, right, &quotient, &remainder)) return EAGRE_VALUE_OVERFLOW;
  return finish(quotient, (left < 0) != (right < 0), PRECISION_MAX, out_value);
}

int eagre_decimal_compare(eagre_decimal left, unsigned left_scale, eagre_decimal right,
                          unsigned right_scale) {
  if (left_scale > right_scale) return -eagre_decimal_compare(right, right_scale, left, left_scale);
  eagre_decimal scaled;
  /* What does not fit is larger than any decimal: its sign decides. */
  if (__builtin_mul_overflow(left, eagre_decimal_power(right_scale - left_scale), &scaled))
    return left < 0 ? -1 : 1;
  return (scaled > right) - (scaled < right);
}
