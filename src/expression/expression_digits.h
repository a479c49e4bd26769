/* Numbers as decimal digits, for functions that print them in a given form. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "column/column.h"
#include "value/value.h"

/* 0.d1 d2 d3 ... * 10^point. Without digits it is zero; there are none to drop at either end. */
enum { EAGRE_DIGITS_MAX = 400 };
struct eagre_digits {
  bool is_negative;
  int count;
  int point;
  char digits[EAGRE_DIGITS_MAX]; /* '0' to '9' */
};

/* The shortest digits that read back as the finite value, as Java prints it. */
void eagre_digits_of_double(double value, struct eagre_digits *out);
void eagre_digits_of_integer(int64_t value, struct eagre_digits *out);
void eagre_digits_of_decimal(eagre_decimal value, unsigned scale, struct eagre_digits *out);

/* Rounds halves up or to even, to `places` behind the point; negative ones stand before it. */
void eagre_digits_round(struct eagre_digits *inout, int places, enum eagre_rounding rounding);
/* The same for the digits of a double, which are rounded by its exact value, halves to even. */
void eagre_digits_round_double(double value, int places, struct eagre_digits *inout);

/* The digit of weight 10^weight; 0 beyond those that are there. */
static inline char eagre_digits_at(const struct eagre_digits *digits, int weight) {
  int index = digits->point - 1 - weight;
  return index >= 0 && index < digits->count ? digits->digits[index] : '0';
}
