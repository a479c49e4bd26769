/* Digits, eight at a time (in a register; no vector unit needed). Part of json_fast.h.
 *
 * Reading functions return the first byte behind the number, or NULL when the number is not one
 * they can decide: too long, with an exponent, or none at all. They read at most 48 bytes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t load_eight(const char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

static inline uint32_t load_four(const char *at) {
  uint32_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

static inline bool is_word(const char *at, const char *word) {
  return load_four(at) == load_four(word);
}

/* How many of the bytes of `digits` (characters minus '0', first one lowest) are digits. */
static inline unsigned count_digits(uint64_t digits) {
  uint64_t others =
      ((digits + UINT64_C(0x7676767676767676)) | digits) & UINT64_C(0x8080808080808080);
  return others == 0 ? 8 : (unsigned)__builtin_ctzll(others) >> 3;
}

/* The number of the first `count` (1 to 8) digits. */
static inline uint64_t join_digits(uint64_t digits, unsigned count) {
  digits <<= 64 - count * 8;
  digits = digits * 10 + (digits >> 8);
  uint64_t high = (digits & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064);
  uint64_t low = (digits >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001);
  return (high + low) >> 32;
}

/* Reads up to 18 digits onto `*magnitude`; returns their number, 19 for more. */
static inline unsigned read_digits(const char *at, uint64_t *magnitude) {
  static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  uint64_t digits = load_eight(at) ^ UINT64_C(0x3030303030303030);
  unsigned count = count_digits(digits);
  if (count == 0) return 0;
  *magnitude = *magnitude * powers[count] + join_digits(digits, count);
  if (count < 8) return count;
  digits = load_eight(at + 8) ^ UINT64_C(0x3030303030303030);
  count = count_digits(digits);
  if (count == 0) return 8;
  *magnitude = *magnitude * powers[count] + join_digits(digits, count);
  if (count < 8) return 8 + count;
  for (count = 16; at[count] >= '0' && at[count] <= '9'; count++) {
    if (count == 18) return 19;
    *magnitude = *magnitude * 10 + (uint64_t)(at[count] - '0');
  }
  return count;
}

/* An integer of at most 18 digits. What follows it is the caller's business. */
static inline const char *read_integer(const char *at, int64_t *out_value) {
  bool is_negative = *at == '-';
  at += is_negative;
  uint64_t magnitude = 0;
  unsigned count = read_digits(at, &magnitude);
  if (count == 0 || count > 18 || (*at == '0' && count > 1)) return NULL;
  *out_value = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
  return at + count;
}

/* A number without exponent whose digits, together at most 18, are `magnitude` and of which
 * `fraction_count` stand behind the point; `has_point` tells 1.0 from 1. */
struct plain_number {
  uint64_t magnitude;
  unsigned fraction_count;
  bool is_negative;
  bool has_point;
};

static inline const char *read_plain_number(const char *at, struct plain_number *out_number) {
  *out_number = (struct plain_number){.is_negative = *at == '-'};
  at += out_number->is_negative;
  unsigned count = read_digits(at, &out_number->magnitude);
  if (count == 0 || count > 18 || (*at == '0' && count > 1)) return NULL;
  at += count;
  if (*at == '.') {
    at++;
    out_number->has_point = true;
    /* More than 18 digits in all may have overflowed the magnitude, but are refused below. */
    out_number->fraction_count = read_digits(at, &out_number->magnitude);
    if (out_number->fraction_count == 0 || count + out_number->fraction_count > 18) return NULL;
    at += out_number->fraction_count;
  }
  return (*at | 0x20) == 'e' ? NULL : at;
}

/* The number as double when the division below is exact to the last bit: both operands are doubles
 * without loss, so IEEE rounds once. */
static inline bool make_double(const struct plain_number *number, double *out_value) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                  1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
  if (number->magnitude > UINT64_C(1) << 53) return false;
  double value = (double)number->magnitude / powers[number->fraction_count];
  /* -0 is the integer 0, -0.0 is not. */
  bool is_integer_zero = number->magnitude == 0 && !number->has_point;
  *out_value = number->is_negative && !is_integer_zero ? -value : value;
  return true;
}

/* The same for float. */
static inline bool make_float(const struct plain_number *number, float *out_value) {
  static const float powers[] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f, 1e9f, 1e10f};
  if (number->magnitude > 1u << 24 || number->fraction_count > 10) return false;
  float value = (float)number->magnitude / powers[number->fraction_count];
  bool is_integer_zero = number->magnitude == 0 && !number->has_point;
  *out_value = number->is_negative && !is_integer_zero ? -value : value;
  return true;
}
