/* Decimal digits of numbers; see expression_digits.h. */
#include "expression/expression_digits.h"

#include <stdio.h>
#include <string.h>

/* Drops zeros at both ends. */
static void trim(struct eagre_digits *inout) {
  int zeros = 0;
  while (zeros < inout->count && inout->digits[zeros] == '0') {
    zeros++;
  }
  inout->count -= zeros;
  inout->point -= zeros;
  memmove(inout->digits, inout->digits + zeros, (size_t)inout->count);
  while (inout->count > 0 && inout->digits[inout->count - 1] == '0') {
    inout->count--;
  }
  if (inout->count == 0) inout->point = 0;
}

/* Reads what a number is printed as: -123.456E-7 */
static void read_digits(const char *text, size_t size, struct eagre_digits *out) {
  size_t at = 0;
  *out = (struct eagre_digits){0};
  bool has_point = false;
  out->is_negative = size > 0 && text[0] == '-';
  for (at = out->is_negative; at < size && text[at] != 'E'; at++) {
    if (text[at] == '.') {
      has_point = true;
      continue;
    }
    out->digits[out->count++] = text[at];
    if (!has_point) out->point++;
  }
  int exponent = 0;
  bool is_negative = at + 1 < size && text[at + 1] == '-';
  for (at += 1 + (size_t)is_negative; at < size; at++) {
    exponent = exponent * 10 + (text[at] - '0');
  }
  out->point += is_negative ? -exponent : exponent;
  trim(out);
}

void eagre_digits_of_double(double value, struct eagre_digits *out) {
  char text[64];
  read_digits(text, eagre_value_print_double(value, text), out);
}

void eagre_digits_of_integer(int64_t value, struct eagre_digits *out) {
  char text[64];
  read_digits(text, eagre_value_print_integer(value, text), out);
}

void eagre_digits_of_decimal(eagre_decimal value, unsigned scale, struct eagre_digits *out) {
  char text[64];
  read_digits(text, eagre_value_print_decimal(value, scale, text), out);
}

static bool rounds_up(const struct eagre_digits *digits, int kept, enum eagre_rounding rounding) {
  char next = digits->digits[kept];
  if (next != '5' || rounding == EAGRE_ROUND_HALF_UP) return next >= '5';
  bool is_half = kept + 1 == digits->count;
  return !is_half || (kept > 0 && (digits->digits[kept - 1] - '0') % 2 == 1);
}

void eagre_digits_round(struct eagre_digits *inout, int places, enum eagre_rounding rounding) {
  int kept = inout->point + places;
  if (kept >= inout->count) return;
  bool is_up = kept >= 0 && rounds_up(inout, kept, rounding);
  inout->count = kept > 0 ? kept : 0;
  if (is_up) {
    int at = inout->count - 1;
    for (; at >= 0 && inout->digits[at] == '9'; at--) {
      inout->digits[at] = '0';
    }
    if (at >= 0) {
      inout->digits[at]++;
    } else {
      memmove(inout->digits + 1, inout->digits, (size_t)inout->count);
      inout->digits[0] = '1';
      inout->count++;
      inout->point++;
    }
  }
  trim(inout);
}

/* Digits beyond `places` mean that the value is below 2^53, so all of it fits the buffer. */
void eagre_digits_round_double(double value, int places, struct eagre_digits *inout) {
  if (inout->point + places >= inout->count) return;
  char text[EAGRE_DIGITS_MAX + 32];
  int size = snprintf(text, sizeof text, "%.*f", places, value);
  read_digits(text, (size_t)size, inout);
}
