/* Calendar arithmetic shared by the date functions. */
#pragma once

#include <stdint.h>

#include "expression/expression_kernel.h"
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
/* Whose clock argument `index` of a kernel shows: the session's, or none for a TIMESTAMP_NTZ. */
const struct eagre_zone *eagre_time_zone_of(const struct eagre_kernel_call *call, uint32_t index);
/* Microseconds of an argument that eagre_bind_seconds bound. False when they do not fit. */
bool eagre_time_read_seconds(const struct eagre_kernel_call *call, uint32_t index, uint32_t row,
                             int64_t *out_us);
/* A TIMESTAMP and microseconds, of which whole days are calendar days of the zone, or months. False
 * beyond the range. */
bool eagre_time_add_micros(int64_t timestamp_us, int64_t interval_us, const struct eagre_zone *zone,
                           int64_t *out);
bool eagre_time_add_timestamp_months(int64_t timestamp_us, int32_t months,
                                     const struct eagre_zone *zone, int64_t *out);
/* The zone of that name, kept in slot 0 or 1 of the call's state until another is asked for. DATA
 * INVALID_TIMEZONE, also under TRY. */
enum eagre_status eagre_time_use_zone(struct eagre_kernel_call *call, uint32_t slot,
                                      struct eagre_text name, uint32_t row,
                                      const struct eagre_zone **out);
/* Days since the epoch `months` later, at most the last day of that month. */
int64_t eagre_time_add_months(int64_t days, int64_t months);
