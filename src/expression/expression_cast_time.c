/* Casts between numbers, DATE, TIMESTAMP and TIMESTAMP_NTZ. A number as TIMESTAMP is seconds since
 * the epoch, a DATE is midnight in the session zone, a TIMESTAMP_NTZ what its clock shows. */
#include <math.h>

#include "expression/expression_cast.h"
#include "expression/expression_time.h"

/* ---- DATE and TIMESTAMP ---------------------------------------------------------------------- */

/* In which the days of a TIMESTAMP or TIMESTAMP_NTZ begin. */
static const struct eagre_zone *find_zone(const struct eagre_cast *cast,
                                          enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_TIMESTAMP_NTZ ? eagre_zone_utc() : cast->call->zone;
}

static enum eagre_status date_to_timestamp(struct eagre_cast *cast) {
  const int32_t *from = cast->from->data;
  int64_t *out = eagre_cast_out(cast);
  const struct eagre_zone *zone = find_zone(cast, cast->out->type->kind);
  bool is_utc = eagre_zone_is_utc(zone);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    out[row] = 0;
    if (!eagre_cast_is_live(cast, row)) continue;
    int64_t local_us;
    if (__builtin_mul_overflow((int64_t)from[row], EAGRE_MICROS_PER_DAY, &local_us)) {
      EAGRE_TRY(eagre_cast_fail_overflow(cast, row));
    } else {
      out[row] = is_utc ? local_us : eagre_zone_local_to_instant(zone, local_us);
    }
  }
  return EAGRE_OK;
}

static enum eagre_status timestamp_to_date(struct eagre_cast *cast) {
  const int64_t *from = cast->from->data;
  int32_t *out = eagre_cast_out(cast);
  const struct eagre_zone *zone = find_zone(cast, cast->from->type->kind);
  bool is_utc = eagre_zone_is_utc(zone);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    int64_t offset_us = 0;
    if (!is_utc && eagre_cast_is_live(cast, row)) {
      offset_us = eagre_zone_offset_at(zone, from[row]) * EAGRE_MICROS_PER_SECOND;
    }
    int64_t days = from[row] / EAGRE_MICROS_PER_DAY;
    int64_t in_day_us = from[row] % EAGRE_MICROS_PER_DAY + offset_us;
    out[row] = (int32_t)(days + eagre_divide_floor(in_day_us, EAGRE_MICROS_PER_DAY));
  }
  return EAGRE_OK;
}

static enum eagre_status timestamp_to_ntz(struct eagre_cast *cast) {
  const int64_t *from = cast->from->data;
  int64_t *out = eagre_cast_out(cast);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    out[row] = eagre_cast_is_live(cast, row) ? eagre_time_local(from[row], cast->call->zone) : 0;
  }
  return EAGRE_OK;
}

static enum eagre_status ntz_to_timestamp(struct eagre_cast *cast) {
  const int64_t *from = cast->from->data;
  int64_t *out = eagre_cast_out(cast);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    out[row] = eagre_cast_is_live(cast, row) ? eagre_time_instant(from[row], cast->call->zone) : 0;
  }
  return EAGRE_OK;
}

/* ---- Numbers to TIMESTAMP -------------------------------------------------------------------- */

/* Seconds beyond the range saturate, as Java's TimeUnit does. */
static int64_t seconds_to_micros(int64_t seconds) {
  int64_t result;
  if (__builtin_mul_overflow(seconds, EAGRE_MICROS_PER_SECOND, &result)) {
    return seconds < 0 ? INT64_MIN : INT64_MAX;
  }
  return result;
}

#define DEFINE_TO_TIMESTAMP(name, type)                                                            \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    const type *from = cast->from->data;                                                           \
    int64_t *out = eagre_cast_out(cast);                                                           \
    for (uint32_t row = 0; row < cast->row_count; row++) {                                         \
      out[row] = seconds_to_micros(from[row]);                                                     \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_TO_TIMESTAMP(tinyint_to_timestamp, int8_t)
DEFINE_TO_TIMESTAMP(smallint_to_timestamp, int16_t)
DEFINE_TO_TIMESTAMP(int_to_timestamp, int32_t)
DEFINE_TO_TIMESTAMP(bigint_to_timestamp, int64_t)

/* Microseconds cut toward zero; 2^63 itself, which the greatest BIGINT becomes as a real,
 * saturates. */
#define DEFINE_REAL_TO_TIMESTAMP(name, type)                                                       \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    const type *from = cast->from->data;                                                           \
    int64_t *out = eagre_cast_out(cast);                                                           \
    for (uint32_t row = 0; row < cast->row_count; row++) {                                         \
      double micros = (double)from[row] * (double)EAGRE_MICROS_PER_SECOND;                         \
      out[row] = 0;                                                                                \
      if (micros >= -0x1p63 && micros <= 0x1p63) {                                                 \
        out[row] = micros == 0x1p63 ? INT64_MAX : (int64_t)micros;                                 \
      } else if (eagre_cast_is_legacy(cast) && isfinite(from[row])) {                              \
        out[row] = micros < 0 ? INT64_MIN : INT64_MAX;                                             \
      } else if (eagre_cast_is_live(cast, row)) {                                                  \
        EAGRE_TRY(isfinite(from[row]) ? eagre_cast_fail_overflow(cast, row)                        \
                                      : eagre_cast_fail_invalid(cast, row));                       \
      }                                                                                            \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_REAL_TO_TIMESTAMP(float_to_timestamp, float)
DEFINE_REAL_TO_TIMESTAMP(double_to_timestamp, double)

/* ---- TIMESTAMP to numbers -------------------------------------------------------------------- */

#define DEFINE_TO_INTEGRAL(name, type)                                                             \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    const int64_t *from = cast->from->data;                                                        \
    type *out = eagre_cast_out(cast);                                                              \
    for (uint32_t row = 0; row < cast->row_count; row++) {                                         \
      int64_t seconds = eagre_divide_floor(from[row], EAGRE_MICROS_PER_SECOND);                    \
      out[row] = (type)seconds;                                                                    \
      if (out[row] != seconds && eagre_cast_is_live(cast, row)) {                                  \
        EAGRE_TRY(eagre_cast_fail_overflow(cast, row));                                            \
      }                                                                                            \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_TO_INTEGRAL(timestamp_to_tinyint, int8_t)
DEFINE_TO_INTEGRAL(timestamp_to_smallint, int16_t)
DEFINE_TO_INTEGRAL(timestamp_to_int, int32_t)
DEFINE_TO_INTEGRAL(timestamp_to_bigint, int64_t)

#define DEFINE_TO_REAL(name, type)                                                                 \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    const int64_t *from = cast->from->data;                                                        \
    type *out = eagre_cast_out(cast);                                                              \
    for (uint32_t row = 0; row < cast->row_count; row++) {                                         \
      out[row] = (type)((double)from[row] / (double)EAGRE_MICROS_PER_SECOND);                      \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_TO_REAL(timestamp_to_float, float)
DEFINE_TO_REAL(timestamp_to_double, double)

/* ---- The table ------------------------------------------------------------------------------- */

static const struct eagre_cast_rule to_timestamp[EAGRE_TYPE_count] = {
    [EAGRE_TYPE_TINYINT] = {tinyint_to_timestamp, false},
    [EAGRE_TYPE_SMALLINT] = {smallint_to_timestamp, false},
    [EAGRE_TYPE_INT] = {int_to_timestamp, false},
    [EAGRE_TYPE_BIGINT] = {bigint_to_timestamp, false},
    [EAGRE_TYPE_FLOAT] = {float_to_timestamp, true},
    [EAGRE_TYPE_DOUBLE] = {double_to_timestamp, true},
    [EAGRE_TYPE_DATE] = {date_to_timestamp, true},
    [EAGRE_TYPE_TIMESTAMP_NTZ] = {ntz_to_timestamp, false},
};

static const struct eagre_cast_rule from_timestamp[EAGRE_TYPE_count] = {
    [EAGRE_TYPE_TINYINT] = {timestamp_to_tinyint, true},
    [EAGRE_TYPE_SMALLINT] = {timestamp_to_smallint, true},
    [EAGRE_TYPE_INT] = {timestamp_to_int, true},
    [EAGRE_TYPE_BIGINT] = {timestamp_to_bigint, false},
    [EAGRE_TYPE_FLOAT] = {timestamp_to_float, false},
    [EAGRE_TYPE_DOUBLE] = {timestamp_to_double, false},
    [EAGRE_TYPE_DATE] = {timestamp_to_date, false},
    [EAGRE_TYPE_TIMESTAMP_NTZ] = {timestamp_to_ntz, false},
};

struct eagre_cast_rule eagre_cast_find_time(enum eagre_type_kind from, enum eagre_type_kind to) {
  if (to == EAGRE_TYPE_TIMESTAMP) return to_timestamp[from];
  if (from == EAGRE_TYPE_TIMESTAMP) return from_timestamp[to];
  bool is_ntz_date = from == EAGRE_TYPE_TIMESTAMP_NTZ && to == EAGRE_TYPE_DATE;
  bool is_date_ntz = from == EAGRE_TYPE_DATE && to == EAGRE_TYPE_TIMESTAMP_NTZ;
  if (is_ntz_date) return (struct eagre_cast_rule){timestamp_to_date, false};
  if (is_date_ntz) return (struct eagre_cast_rule){date_to_timestamp, true};
  return (struct eagre_cast_rule){0};
}
