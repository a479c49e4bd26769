/* Text -> DOUBLE and FLOAT, rounded once to nearest, ties to even.
 *
 * Three ways, tried in this order:
 *   1. Few digits and a small power of ten: one exact multiplication or division (Clinger 1990).
 *   2. Up to 19 digits: 128 bits of the power of ten are enough for every input (Lemire 2021,
 *      Mushtak and Lemire 2023). With more digits, when w and w + 1 round to the same number for
 *      the first 19 digits w, the digits behind them do not matter.
 *   3. The rest, about one text in 2^10 of those with more than 19 digits: strtod of at most 800
 *      digits. No number halfway between two doubles has more than 767 digits, so digits further
 *      on can only say that something follows; a 1 behind the last digit says that too. The text
 *      handed over has neither point nor white space, so that the locale plays no part.
 *
 * The accepted text is Java's for Double.parseDouble plus Spark's inf, infinity and nan in any
 * case (spark-semantics 10). Java trims here what is below or at U+0020, not DEL. */
#include "value/value.h"

#include <stdio.h>
#include <stdlib.h>

#include "value/value_digits.h"
#include "value/value_powers.h"

enum {
  MANTISSA_DIGITS = 19, /* as many digits always fit a uint64 */
  SLOW_DIGITS = 800,    /* more than the 767 that can matter */
  SLOW_HEX_DIGITS = 40, /* more than the 14 that fit a double, the rest is only "something" */
  EXPONENT_LIMIT = 1000000000, /* beyond any number of digits a text can have against it */
};

/* What differs between DOUBLE and FLOAT. Bits are handled as those of the number without sign. */
struct float_format {
  int32_t mantissa_bits;   /* stored ones */
  int32_t exponent_bias;   /* also minus the power of two just below the smallest normal one */
  int32_t exponent_limit;  /* stored exponent of infinity */
  int32_t power_min;       /* 10^power below it gives zero with any 64-bit mantissa */
  int32_t power_max;       /* 10^power above it gives infinity */
  int32_t tie_power_min;   /* only for powers in between can a 64-bit mantissa */
  int32_t tie_power_max;   /*   lie exactly between two numbers */
  int32_t exact_power_max; /* 10^power is exact in this format */
};

static const struct float_format double_format = {
    .mantissa_bits = 52,
    .exponent_bias = 1023,
    .exponent_limit = 0x7ff,
    .power_min = -342,
    .power_max = 308,
    .tie_power_min = -4,
    .tie_power_max = 23,
    .exact_power_max = 22,
};

static const struct float_format float_format = {
    .mantissa_bits = 23,
    .exponent_bias = 127,
    .exponent_limit = 0xff,
    .power_min = -65,
    .power_max = 38,
    .tie_power_min = -17,
    .tie_power_max = 10,
    .exact_power_max = 10,
};

/* A number as found in text: `mantissa` * 10^`exponent`, where `mantissa` holds the first 19
 * significant digits and `is_exact` says that nothing but zeros follows them. */
struct decimal {
  uint64_t mantissa;
  int64_t exponent;
  bool is_exact;
  const char *digits;     /* first character of digits and point */
  const char *digits_end; /* behind the last one */
  int64_t units_exponent; /* power of ten of the last digit of all */
};

static uint64_t double_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static uint64_t float_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static double double_of_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint64_t infinity_bits(const struct float_format *format) {
  return (uint64_t)format->exponent_limit << format->mantissa_bits;
}

static uint64_t nan_bits(const struct float_format *format) {
  return infinity_bits(format) | (uint64_t)1 << (format->mantissa_bits - 1);
}

/* ---- Reading the digits ---------------------------------------------------------------------- */

/* "e-12" at `at`; leaves `at` where it is when no digit follows. Saturates. */
static const char *scan_exponent(const char *at, const char *end, int64_t *out_exponent) {
  const char *digits = at + 1;
  bool is_negative = digits < end && *digits == '-';
  if (is_negative || (digits < end && *digits == '+')) digits++;
  if (digits == end || !eagre_digit_is(*digits)) return at;
  int64_t value = 0;
  for (; digits < end && eagre_digit_is(*digits); digits++) {
    if (value < EXPONENT_LIMIT) value = value * 10 + (*digits - '0');
  }
  *out_exponent = is_negative ? -value : value;
  return digits;
}

/* The significant digits of `decimal`, at most `digits_max` of them; `*out_exponent` is the power
 * of ten of the last one written, `*out_is_exact` whether only zeros were left out. */
static size_t copy_digits(const struct decimal *decimal, char *out, size_t digits_max,
                          int64_t *out_exponent, bool *out_is_exact) {
  size_t written = 0;
  int64_t dropped = 0;
  bool is_exact = true;
  for (const char *at = decimal->digits; at < decimal->digits_end; at++) {
    if (*at == '.' || (written == 0 && *at == '0')) continue;
    if (written < digits_max) {
      out[written++] = *at;
      continue;
    }
    dropped++;
    if (*at != '0') is_exact = false;
  }
  *out_exponent = decimal->units_exponent + dropped;
  *out_is_exact = is_exact;
  return written;
}

/* More digits than fit a mantissa, or leading zeros that look like it. */
static void reduce_mantissa(struct decimal *decimal) {
  char digits[MANTISSA_DIGITS];
  size_t count =
      copy_digits(decimal, digits, MANTISSA_DIGITS, &decimal->exponent, &decimal->is_exact);
  decimal->mantissa = 0;
  eagre_digits_scan(digits, digits + count, &decimal->mantissa);
}

/* digits [. digits] [e exponent], at least one digit before or behind the point. Returns the end,
 * or NULL when there is no number. */
static const char *scan_decimal(const char *at, const char *end, struct decimal *out) {
  const char *start = at;
  uint64_t mantissa = 0;
  at = eagre_digits_scan(at, end, &mantissa);
  int64_t digit_count = at - start;
  int64_t fraction_count = 0;
  if (at < end && *at == '.') {
    const char *fraction = at + 1;
    at = eagre_digits_scan(fraction, end, &mantissa);
    fraction_count = at - fraction;
    digit_count += fraction_count;
  }
  if (digit_count == 0) return NULL;
  out->digits = start;
  out->digits_end = at;
  int64_t exponent = 0;
  if (at < end && (*at == 'e' || *at == 'E')) at = scan_exponent(at, end, &exponent);
  out->mantissa = mantissa;
  out->units_exponent = exponent - fraction_count;
  out->exponent = out->units_exponent;
  out->is_exact = true;
  if (digit_count > MANTISSA_DIGITS) reduce_mantissa(out);
  return at;
}

/* ---- Rounding -------------------------------------------------------------------------------- */

static bool multiply_exactly(const struct decimal *decimal, const struct float_format *format,
                             uint64_t *out_bits) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  int64_t exponent = decimal->exponent;
  if (!decimal->is_exact || decimal->mantissa > (uint64_t)2 << format->mantissa_bits ||
      exponent < -format->exact_power_max || exponent > format->exact_power_max) {
    return false;
  }
  if (format == &double_format) {
    double value = (double)decimal->mantissa;
    value = exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
    *out_bits = double_bits(value);
  } else {
    float value = (float)decimal->mantissa;
    float power = (float)powers[exponent < 0 ? -exponent : exponent];
    value = exponent < 0 ? value / power : value * power;
    *out_bits = float_bits(value);
  }
  return true;
}

/* The top 128 bits of mantissa * T(power), where `mantissa` has its highest bit set. The second
 * multiplication is needed only when the bits that decide the rounding are all ones. */
static unsigned __int128 multiply_by_power(uint64_t mantissa, int32_t power,
                                           const struct float_format *format) {
  struct eagre_value_power factor = eagre_value_powers[power - EAGRE_VALUE_POWER_MIN];
  /* The proof wants 1/5^n rounded up where the product can be exact, the table rounds down. */
  if (power < 0 && power >= -27) factor.low++;
  uint64_t undecided = UINT64_MAX >> (format->mantissa_bits + 3);
  unsigned __int128 product = (unsigned __int128)mantissa * factor.high;
  if (((uint64_t)(product >> 64) & undecided) == undecided) {
    product += (unsigned __int128)mantissa * factor.low >> 64;
  }
  return product;
}

/* A number below the smallest normal one: `mantissa` has one bit more than it keeps. */
static uint64_t round_subnormal(uint64_t mantissa, int32_t shift) {
  if (shift >= 64) return 0;
  mantissa >>= shift;
  /* A carry into the exponent gives the smallest normal number, as it should. */
  return (mantissa + (mantissa & 1)) >> 1;
}

/* Bits of mantissa * 10^power for any mantissa and power. */
static uint64_t round_product(uint64_t mantissa, int64_t power, const struct float_format *format) {
  if (mantissa == 0 || power < format->power_min) return 0;
  if (power > format->power_max) return infinity_bits(format);
  int32_t leading = __builtin_clzll(mantissa);
  unsigned __int128 product = multiply_by_power(mantissa << leading, (int32_t)power, format);
  uint64_t high = (uint64_t)(product >> 64);
  uint64_t low = (uint64_t)product;
  int32_t top = (int32_t)(high >> 63);
  int32_t shift = top + 64 - format->mantissa_bits - 3;
  uint64_t rounded = high >> shift; /* one bit more than is kept */
  int32_t exponent =
      eagre_value_log2_power((int32_t)power) + 63 + top - leading + format->exponent_bias;
  if (exponent <= 0) return round_subnormal(rounded, 1 - exponent);
  bool is_tie = low <= 1 && power >= format->tie_power_min && power <= format->tie_power_max &&
                (rounded & 3) == 1 && rounded << shift == high;
  if (is_tie) rounded &= ~(uint64_t)1;
  rounded = (rounded + (rounded & 1)) >> 1;
  /* Added, not or-ed: the mantissa's hidden bit counts one step of the exponent, and so does a
   * carry out of it. */
  uint64_t bits = ((uint64_t)(exponent - 1) << format->mantissa_bits) + rounded;
  return bits < infinity_bits(format) ? bits : infinity_bits(format);
}

/* `digits` with room for 32 more characters. */
static uint64_t round_by_library(char *digits, size_t size, char exponent_letter, int64_t exponent,
                                 const struct float_format *format) {
  if (exponent > EXPONENT_LIMIT) exponent = EXPONENT_LIMIT;
  if (exponent < -EXPONENT_LIMIT) exponent = -EXPONENT_LIMIT;
  snprintf(digits + size, 32, "%c%lld", exponent_letter, (long long)exponent);
  if (format == &double_format) return double_bits(strtod(digits, NULL));
  return float_bits(strtof(digits, NULL));
}

static uint64_t round_slowly(const struct decimal *decimal, const struct float_format *format) {
  char digits[SLOW_DIGITS + 1 + 32];
  int64_t exponent;
  bool is_exact;
  size_t size = copy_digits(decimal, digits, SLOW_DIGITS, &exponent, &is_exact);
  if (!is_exact) {
    digits[size++] = '1';
    exponent--;
  }
  return round_by_library(digits, size, 'e', exponent, format);
}

static uint64_t round_decimal(const struct decimal *decimal, const struct float_format *format) {
  uint64_t bits;
  if (multiply_exactly(decimal, format, &bits)) return bits;
  bits = round_product(decimal->mantissa, decimal->exponent, format);
  if (decimal->is_exact) return bits;
  if (bits == round_product(decimal->mantissa + 1, decimal->exponent, format)) return bits;
  return round_slowly(decimal, format);
}

/* ---- Java's grammar -------------------------------------------------------------------------- */

static int hex_digit(char character) {
  if (eagre_digit_is(character)) return character - '0';
  char lower = (char)(character | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* "0x1.8p3" behind the "0x": at least one digit, and an exponent. Returns the end or NULL. */
static const char *scan_hexadecimal(const char *at, const char *end,
                                    const struct float_format *format, uint64_t *out_bits) {
  char digits[2 + SLOW_HEX_DIGITS + 1 + 32] = "0x";
  size_t size = 2;
  int64_t shift = 0; /* power of two of the last digit written */
  bool has_digit = false, has_point = false, is_exact = true;
  for (; at < end && (*at == '.' ? !has_point : hex_digit(*at) >= 0); at++) {
    if (*at == '.') {
      has_point = true;
      continue;
    }
    has_digit = true;
    if (has_point) shift -= 4;
    if (size == 2 && *at == '0') continue;
    if (size < 2 + SLOW_HEX_DIGITS) {
      digits[size++] = *at;
      continue;
    }
    shift += 4;
    if (*at != '0') is_exact = false;
  }
  if (!has_digit || at == end || (*at != 'p' && *at != 'P')) return NULL;
  int64_t exponent = 0;
  const char *behind = scan_exponent(at, end, &exponent);
  if (behind == at) return NULL;
  if (size == 2) digits[size++] = '0';
  if (!is_exact) {
    digits[size++] = '1';
    shift -= 4;
  }
  *out_bits = round_by_library(digits, size, 'p', exponent + shift, format);
  return behind;
}

/* Infinity and NaN: Java's spellings with any sign, Spark's in any case. */
static bool match_word(struct eagre_text text, bool is_signed, const struct float_format *format,
                       uint64_t *out_bits) {
  if (eagre_text_equal_ignoring_case(text, EAGRE_TEXT("inf")) ||
      eagre_text_equal_ignoring_case(text, EAGRE_TEXT("infinity"))) {
    *out_bits = infinity_bits(format);
    return true;
  }
  if (is_signed ? eagre_text_equal(text, EAGRE_TEXT("NaN"))
                : eagre_text_equal_ignoring_case(text, EAGRE_TEXT("nan"))) {
    *out_bits = nan_bits(format);
    return true;
  }
  return false;
}

static bool is_float_suffix(char character) {
  char lower = (char)(character | 0x20);
  return lower == 'd' || lower == 'f';
}

/* The number without its sign. */
static bool parse_magnitude(const char *at, const char *end, bool is_signed,
                            const struct float_format *format, uint64_t *out_bits) {
  if (at == end) return false;
  bool is_number = eagre_digit_is(*at) || *at == '.';
  if (!is_number) {
    return match_word(eagre_text_make(at, (size_t)(end - at)), is_signed, format, out_bits);
  }
  if (end - at > 2 && at[0] == '0' && (at[1] | 0x20) == 'x') {
    at = scan_hexadecimal(at + 2, end, format, out_bits);
  } else {
    struct decimal decimal;
    at = scan_decimal(at, end, &decimal);
    if (at != NULL) *out_bits = round_decimal(&decimal, format);
  }
  if (at == NULL) return false;
  if (at < end && is_float_suffix(*at)) at++;
  return at == end;
}

static bool parse_bits(struct eagre_text text, const struct float_format *format,
                       uint64_t *out_bits, bool *out_is_negative) {
  if (text.size == 0) return false;
  const char *at = text.data;
  const char *end = text.data + text.size;
  while (at < end && (unsigned char)*at <= 0x20) {
    at++;
  }
  while (at < end && (unsigned char)end[-1] <= 0x20) {
    end--;
  }
  bool is_negative = at < end && *at == '-';
  bool is_signed = is_negative || (at < end && *at == '+');
  if (is_signed) at++;
  *out_is_negative = is_negative;
  return parse_magnitude(at, end, is_signed, format, out_bits);
}

enum eagre_value_result eagre_value_parse_double(struct eagre_text text, double *out_value) {
  uint64_t bits;
  bool is_negative;
  if (!parse_bits(text, &double_format, &bits, &is_negative)) return EAGRE_VALUE_INVALID;
  double value = double_of_bits(bits);
  *out_value = is_negative ? -value : value;
  return EAGRE_VALUE_OK;
}

enum eagre_value_result eagre_value_parse_float(struct eagre_text text, float *out_value) {
  uint64_t bits;
  bool is_negative;
  if (!parse_bits(text, &float_format, &bits, &is_negative)) return EAGRE_VALUE_INVALID;
  uint32_t short_bits = (uint32_t)bits;
  float value;
  memcpy(&value, &short_bits, sizeof value);
  *out_value = is_negative ? -value : value;
  return EAGRE_VALUE_OK;
}

double eagre_value_json_double(struct eagre_text token) {
  if (token.size == 0) return 0;
  const char *at = token.data;
  const char *end = token.data + token.size;
  bool is_negative = at < end && *at == '-';
  if (is_negative) at++;
  struct decimal decimal;
  if (scan_decimal(at, end, &decimal) == NULL) return 0;
  double value = double_of_bits(round_decimal(&decimal, &double_format));
  return is_negative ? -value : value;
}
