/* DECIMAL <-> text and floating-point numbers, by the grammar of Java's BigDecimal (value.h). */
#include <math.h>

#include "value/value.h"

#include "value/value_digits.h"

enum {
  PRECISION_MAX = EAGRE_DECIMAL_PRECISION_MAX,
  EXPONENT_DIGITS_MAX = 10, /* Java refuses more, leading zeros not counted */
};

/* What stands in a text: digits * 10^-scale. */
struct number {
  const char *digits; /* the first significant one; digits with perhaps a point between them */
  const char *digits_end;
  int64_t digit_count; /* significant ones: none for zero */
  int64_t scale;
  bool is_negative;
};

/* ---- Reading --------------------------------------------------------------------------------- */

/* "e+12", to the end of the text. */
static bool scan_exponent(const char *at, const char *end, int64_t *out_exponent) {
  at++;
  bool is_negative = at < end && *at == '-';
  if (is_negative || (at < end && *at == '+')) at++;
  if (at == end) return false;
  while (at + 1 < end && *at == '0') {
    at++;
  }
  if (end - at > EXPONENT_DIGITS_MAX) return false;
  uint64_t value = 0;
  if (eagre_digits_scan(at, end, &value) != end) return false;
  *out_exponent = is_negative ? -(int64_t)value : (int64_t)value;
  return true;
}

/* Skips zeros and the point in front of the first significant digit. */
static void skip_leading_zeros(struct number *number) {
  while (number->digits < number->digits_end &&
         (*number->digits == '0' || *number->digits == '.')) {
    number->digits++;
  }
}

static bool scan_number(struct eagre_text text, struct number *out) {
  const char *at = text.data;
  const char *end = text.data + text.size;
  *out = (struct number){.is_negative = at < end && *at == '-'};
  if (out->is_negative || (at < end && *at == '+')) at++;
  uint64_t unused = 0;
  const char *whole = at;
  at = eagre_digits_scan(at, end, &unused);
  int64_t whole_count = at - whole;
  int64_t fraction_count = 0;
  if (at < end && *at == '.') {
    const char *fraction = at + 1;
    at = eagre_digits_scan(fraction, end, &unused);
    fraction_count = at - fraction;
  }
  if (whole_count + fraction_count == 0) return false;
  out->digits = whole;
  out->digits_end = at;
  int64_t exponent = 0;
  bool has_exponent = at < end && (*at == 'e' || *at == 'E');
  if (has_exponent ? !scan_exponent(at, end, &exponent) : at != end) return false;
  out->scale = fraction_count - exponent;
  skip_leading_zeros(out);
  for (const char *digit = out->digits; digit < out->digits_end; digit++) {
    out->digit_count += *digit != '.';
  }
  return out->scale >= INT32_MIN && out->scale <= INT32_MAX;
}

/* The first `count` significant digits as an integer, and the digit behind them. */
static eagre_decimal take_digits(const struct number *number, int64_t count, int *out_next) {
  eagre_decimal value = 0;
  *out_next = 0;
  for (const char *at = number->digits; at < number->digits_end; at++) {
    if (*at == '.') continue;
    if (count-- == 0) {
      *out_next = *at - '0';
      break;
    }
    value = value * 10 + (*at - '0');
  }
  return value;
}

static enum eagre_value_result round_number(const struct number *number, unsigned precision,
                                            unsigned scale, eagre_decimal *out_value) {
  /* Java counts one digit for zero; the zeros of a positive exponent count, too. */
  int64_t java_digit_count = number->digit_count > 0 ? number->digit_count : 1;
  if (java_digit_count - number->scale > PRECISION_MAX) return EAGRE_VALUE_OVERLONG;
  int64_t kept = number->digit_count - (number->scale - (int64_t)scale);
  if (number->digit_count == 0 || kept < 0) {
    *out_value = 0;
    return EAGRE_VALUE_OK;
  }
  if (kept > PRECISION_MAX) return EAGRE_VALUE_OVERFLOW;
  int next;
  int64_t taken = kept < number->digit_count ? kept : number->digit_count;
  eagre_decimal value = take_digits(number, taken, &next);
  value *= eagre_decimal_power((unsigned)(kept - taken));
  value += next >= 5;
  if (value >= eagre_decimal_power(precision)) return EAGRE_VALUE_OVERFLOW;
  *out_value = number->is_negative ? -value : value;
  return EAGRE_VALUE_OK;
}

enum eagre_value_result eagre_value_parse_decimal(struct eagre_text text, unsigned precision,
                                                  unsigned scale, eagre_decimal *out_value) {
  struct number number;
  text = eagre_text_trim(text);
  if (text.size == 0 || !scan_number(text, &number)) return EAGRE_VALUE_INVALID;
  return round_number(&number, precision, scale, out_value);
}

/* ---- Printing -------------------------------------------------------------------------------- */

static eagre_decimal absolute(eagre_decimal value) {
  return value < 0 ? -value : value;
}

/* Writes the last `width` digits of `value`, with zeros in front. */
static void put_digits(char *out, unsigned width, eagre_decimal value) {
  while (width > 18) {
    eagre_decimal rest = value / 1000000000000000000;
    eagre_digits_put(out + width - 18, 18, (uint64_t)(value - rest * 1000000000000000000));
    value = rest;
    width -= 18;
  }
  eagre_digits_put(out, width, (uint64_t)value);
}

size_t eagre_value_print_decimal(eagre_decimal value, unsigned scale, char *out) {
  unsigned digit_count = eagre_decimal_digit_count(value);
  unsigned width = digit_count > scale ? digit_count : scale + 1;
  char *at = out;
  if (value < 0) *at++ = '-';
  put_digits(at, width, absolute(value));
  if (scale > 0) {
    char *point = at + width - scale;
    memmove(point + 1, point, scale);
    *point = '.';
    at++;
  }
  return (size_t)(at + width - out);
}

size_t eagre_value_print_decimal_java(eagre_decimal value, unsigned scale, char *out) {
  unsigned digit_count = eagre_decimal_digit_count(value);
  int exponent = (int)digit_count - 1 - (int)scale;
  if (exponent >= -6) return eagre_value_print_decimal(value, scale, out);
  size_t size = eagre_value_print_decimal(value, digit_count - 1, out);
  out[size++] = 'E';
  return size + eagre_value_print_integer(exponent, out + size);
}

/* ---- Floating-point numbers ------------------------------------------------------------------ */

double eagre_decimal_to_double(eagre_decimal value, unsigned scale) {
  enum { EXACT_POWER_MAX = 22 };
  static const eagre_decimal exact_max = (eagre_decimal)1 << 53;
  /* Both are exact as doubles, so the quotient is rounded once. */
  if (absolute(value) <= exact_max && scale <= EXACT_POWER_MAX)
    return (double)value / (double)eagre_decimal_power(scale);
  char text[48];
  size_t size = eagre_value_print_decimal(value, scale, text);
  return eagre_value_json_double(eagre_text_make(text, size));
}

float eagre_decimal_to_float(eagre_decimal value, unsigned scale) {
  char text[48];
  size_t size = eagre_value_print_decimal(value, scale, text);
  float result = 0;
  enum eagre_value_result parsed = eagre_value_parse_float(eagre_text_make(text, size), &result);
  eagre_assert(parsed == EAGRE_VALUE_OK);
  return result;
}

enum eagre_value_result eagre_decimal_from_double(double value, unsigned precision, unsigned scale,
                                                  eagre_decimal *out_value) {
  if (!isfinite(value)) return EAGRE_VALUE_INVALID;
  char text[32];
  size_t size = eagre_value_print_double(value, text);
  enum eagre_value_result result =
      eagre_value_parse_decimal(eagre_text_make(text, size), precision, scale, out_value);
  return result == EAGRE_VALUE_OVERLONG ? EAGRE_VALUE_OVERFLOW : result;
}
