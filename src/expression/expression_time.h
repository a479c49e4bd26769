/* Calendar arithmetic shared by the date functions. */
#pragma once

#include <stdint.h>

#include "value/value.h"

#define EAGRE_MICROS_PER_SECOND INT64_C(1000000)
#define EAGRE_MICROS_PER_DAY INT64_C(86400000000)

/* Quotient toward minus infinity; divisor > 0. */
static inline int64_t eagre_divide_floor(int64_t value, int64_t divisor) {
  int64_t quotient = value / divisor;
  return quotient - (value % divisor < 0);
}

/* The remainder that goes with it, in [0, divisor). */
static inline int64_t eagre_modulo_floor(int64_t value, int64_t divisor) {
  int64_t remainder = value % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

/* Wall-clock microseconds in the zone; saturates at the ends of the range. */
int64_t eagre_time_local(int64_t timestamp_us, const struct eagre_zone *zone);
int64_t eagre_time_instant(int64_t local_us, const struct eagre_zone *zone);
/* Days since the epoch `months` later, at most the last day of that month. */
int64_t eagre_time_add_months(int64_t days, int64_t months);
