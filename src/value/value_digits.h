/* Decimal digits, eight at a time. Inside the room `value` only.
 *
 * A word here is eight bytes of text loaded so that the first character is the lowest byte, which
 * is what a plain load gives on the little-endian machines Eagre runs on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words of digits are little-endian");

static inline uint64_t eagre_digits_load(const char *data) {
  uint64_t word;
  memcpy(&word, data, sizeof word);
  return word;
}

static inline bool eagre_digit_is(char character) {
  return (unsigned char)(character - '0') <= 9;
}

/* Whether all eight bytes are digits: the high half of each is 3, also after adding 6. */
static inline bool eagre_digits_are_eight(uint64_t word) {
  return ((word & 0xf0f0f0f0f0f0f0f0u) |
          (((word + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4)) == 0x3333333333333333u;
}

/* The number that eight digits spell: pairs, then fours, then all eight. */
static inline uint32_t eagre_digits_parse_eight(uint64_t word) {
  word -= 0x3030303030303030u;
  word = word * 10 + (word >> 8);
  return (uint32_t)((((word & 0x000000ff000000ffu) * 0x000f424000000064u) +
                     (((word >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u)) >>
                    32);
}

/* Adds the digits from `at` on to `*value` (which wraps when there are too many) and returns where
 * they end. */
static inline const char *eagre_digits_scan(const char *at, const char *end, uint64_t *value) {
  uint64_t total = *value;
  while (end - at >= 8) {
    uint64_t word = eagre_digits_load(at);
    if (!eagre_digits_are_eight(word)) break;
    total = total * 100000000u + eagre_digits_parse_eight(word);
    at += 8;
  }
  while (at < end && eagre_digit_is(*at)) {
    total = total * 10 + (uint64_t)(*at - '0');
    at++;
  }
  *value = total;
  return at;
}

/* Writes 00..99. */
static inline void eagre_digits_put_two(char *out, unsigned value) {
  out[0] = (char)('0' + value / 10);
  out[1] = (char)('0' + value % 10);
}

/* Writes `width` digits of `value`, with zeros in front. */
static inline void eagre_digits_put(char *out, unsigned width, uint64_t value) {
  while (width > 0) {
    out[--width] = (char)('0' + value % 10);
    value /= 10;
  }
}

/* The number of decimal digits of `value`; 1 for 0. */
static inline unsigned eagre_digits_count(uint64_t value) {
  static const uint64_t powers[] = {
      0u,
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
  /* 1233 / 4096 is just above log10(2): the guess is the count or one less. */
  unsigned guess = (unsigned)((64 - __builtin_clzll(value | 1)) * 1233) >> 12;
  return guess + (value >= powers[guess]);
}
