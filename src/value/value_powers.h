/* Powers of ten to 128 bits, for parsing and printing floating-point numbers. Inside the room
 * `value` only.
 *
 * For each q from EAGRE_VALUE_POWER_MIN to EAGRE_VALUE_POWER_MAX there is the integer
 *
 *   T(q) = floor(10^q * 2^-s)   with s chosen so that 2^127 <= T(q) < 2^128,
 *   s = floor(log2(10^q)) - 127
 *
 * (10^q and 5^q have the same T). T(q) is exact for 0 <= q <= 55 and rounded down elsewhere. */
#pragma once

#include <stdint.h>

enum {
  EAGRE_VALUE_POWER_MIN = -342, /* below it 2^64 * 10^q is less than half the smallest double */
  EAGRE_VALUE_POWER_MAX = 324,  /* 10^-k for the smallest double 4.9E-324 */
};

struct eagre_value_power {
  uint64_t high;
  uint64_t low;
};

/* T(q) stands at index q - EAGRE_VALUE_POWER_MIN. */
extern const struct eagre_value_power
    eagre_value_powers[EAGRE_VALUE_POWER_MAX - EAGRE_VALUE_POWER_MIN + 1];

/* floor(log2(10^q)), exact for |q| <= 1233. */
static inline int32_t eagre_value_log2_power(int32_t q) {
  return (q * 1741647) >> 19;
}
