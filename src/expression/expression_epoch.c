/* TIMESTAMPs from and to numbers of seconds and milliseconds, and truncation. */
#include <math.h>
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_time.h"

/* ---- From numbers --------------------------------------------------------------------------- */

static enum eagre_status run_multiply(struct eagre_kernel_call *call, int64_t factor) {
  const int64_t *a = call->arguments[0]->data;
  int64_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (__builtin_mul_overflow(a[row], factor, &out[row]) && eagre_kernel_is_live(call, row)) {
      EAGRE_TRY(eagre_kernel_fail_overflow(call, row, "long overflow", NULL));
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_timestamp_millis(struct eagre_kernel_call *call) {
  return run_multiply(call, 1000);
}

static enum eagre_status run_seconds(struct eagre_kernel_call *call) {
  return run_multiply(call, EAGRE_MICROS_PER_SECOND);
}

/* NULL for NaN and the infinities; cut to microseconds, saturating. */
static enum eagre_status run_real_seconds(struct eagre_kernel_call *call) {
  const double *a = call->arguments[0]->data;
  int64_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    double micros = a[row] * (double)EAGRE_MICROS_PER_SECOND;
    if (!isfinite(a[row])) {
      if (eagre_kernel_is_live(call, row)) eagre_kernel_set_null(call, row);
    } else if (micros >= 0x1p63) {
      out[row] = INT64_MAX;
    } else {
      out[row] = micros <= -0x1p63 ? INT64_MIN : (int64_t)micros;
    }
  }
  return EAGRE_OK;
}

/* Digits behind the microseconds, and what a TIMESTAMP does not hold, fail; Java's sentences. */
static enum eagre_status run_decimal_seconds(struct eagre_kernel_call *call) {
  enum { MICROS_SCALE = 6 };
  const eagre_decimal *a = call->arguments[0]->data;
  int64_t *out = eagre_kernel_out_zeroed(call);
  unsigned scale = call->arguments[0]->type->scale;
  eagre_decimal divisor = eagre_decimal_power(scale > MICROS_SCALE ? scale - MICROS_SCALE : 0);
  eagre_decimal factor = eagre_decimal_power(scale < MICROS_SCALE ? MICROS_SCALE - scale : 0);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    eagre_decimal micros = a[row] / divisor;
    bool is_over = __builtin_mul_overflow(micros, factor, &micros) || micros != (int64_t)micros;
    out[row] = (int64_t)micros;
    if (is_over || a[row] % divisor != 0) {
      out[row] = 0;
      EAGRE_TRY(
          eagre_kernel_fail_overflow(call, row, is_over ? "Overflow" : "Rounding necessary", NULL));
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_timestamp_seconds(struct eagre_bind *bind,
                                               struct eagre_expression **out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  if (!eagre_type_is_numeric(kind) && kind != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 0, "\"NUMERIC\"");
  }
  if (kind == EAGRE_TYPE_DECIMAL) {
    *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_TIMESTAMP), run_decimal_seconds);
    return EAGRE_OK;
  }
  bool is_integral = eagre_type_is_integral(kind);
  EAGRE_TRY(
      eagre_bind_cast(bind, 0, eagre_type_of(is_integral ? EAGRE_TYPE_BIGINT : EAGRE_TYPE_DOUBLE)));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_TIMESTAMP),
                         is_integral ? run_seconds : run_real_seconds);
  if (!is_integral) eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

/* ---- To numbers ----------------------------------------------------------------------------- */

static enum eagre_status run_divide(struct eagre_kernel_call *call, int64_t divisor) {
  const int64_t *a = call->arguments[0]->data;
  int64_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = eagre_divide_floor(a[row], divisor);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_unix_seconds(struct eagre_kernel_call *call) {
  return run_divide(call, EAGRE_MICROS_PER_SECOND);
}

enum eagre_status eagre_kernel_unix_millis(struct eagre_kernel_call *call) {
  return run_divide(call, 1000);
}

/* ---- Truncation ----------------------------------------------------------------------------- */

enum unit {
  UNIT_UNKNOWN,
  UNIT_YEAR,
  UNIT_QUARTER,
  UNIT_MONTH,
  UNIT_WEEK,
  UNIT_DAY, /* and shorter: date_trunc only */
  UNIT_HOUR,
  UNIT_MINUTE,
  UNIT_SECOND,
  UNIT_MILLISECOND,
  UNIT_MICROSECOND,
};

static enum unit find_unit(struct eagre_text name) {
  static const struct {
    const char *name;
    enum unit unit;
  } units[] = {
      {"year", UNIT_YEAR},
      {"yyyy", UNIT_YEAR},
      {"yy", UNIT_YEAR},
      {"quarter", UNIT_QUARTER},
      {"month", UNIT_MONTH},
      {"mon", UNIT_MONTH},
      {"mm", UNIT_MONTH},
      {"week", UNIT_WEEK},
      {"day", UNIT_DAY},
      {"dd", UNIT_DAY},
      {"hour", UNIT_HOUR},
      {"minute", UNIT_MINUTE},
      {"second", UNIT_SECOND},
      {"millisecond", UNIT_MILLISECOND},
      {"microsecond", UNIT_MICROSECOND},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(units); i++) {
    if (eagre_text_equal_ignoring_case(name, eagre_text_of(units[i].name))) return units[i].unit;
  }
  return UNIT_UNKNOWN;
}

static int64_t truncate_days(int64_t days, enum unit unit) {
  if (unit == UNIT_WEEK) return days - eagre_modulo_floor(days + 3, 7);
  int64_t year;
  unsigned month, day;
  eagre_value_civil_from_days(days, &year, &month, &day);
  if (unit == UNIT_YEAR) month = 1;
  if (unit == UNIT_QUARTER) month = (month - 1) / 3 * 3 + 1;
  return eagre_value_days_from_civil(year, month, 1);
}

/* Units below a day keep the offset that is in force at the instant. */
/* False when what is left lies before the first TIMESTAMP. */
static bool truncate_instant(int64_t timestamp_us, enum unit unit, const struct eagre_zone *zone,
                             int64_t *out) {
  static const int64_t lengths_us[] = {
      [UNIT_HOUR] = INT64_C(3600000000), [UNIT_MINUTE] = 60000000, [UNIT_SECOND] = 1000000,
      [UNIT_MILLISECOND] = 1000,         [UNIT_MICROSECOND] = 1,
  };
  int64_t local_us = eagre_time_local(timestamp_us, zone);
  if (unit >= UNIT_HOUR) {
    int64_t rest_us = eagre_modulo_floor(local_us, lengths_us[unit]);
    return !__builtin_sub_overflow(timestamp_us, rest_us, out);
  }
  int64_t days = eagre_divide_floor(local_us, EAGRE_MICROS_PER_DAY);
  if (unit != UNIT_DAY) days = truncate_days(days, unit);
  if (__builtin_mul_overflow(days, EAGRE_MICROS_PER_DAY, &local_us)) return false;
  *out = eagre_time_instant(local_us, zone);
  return true;
}

/* date_trunc(unit, timestamp); NULL for a unit that is none. */
enum eagre_status eagre_kernel_date_trunc(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  bool is_fixed = call->arguments[0]->is_constant;
  enum unit fixed = is_fixed ? find_unit(eagre_kernel_text(call, 0, 0)) : UNIT_UNKNOWN;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    enum unit unit = is_fixed ? fixed : find_unit(eagre_kernel_text(call, 0, row));
    if (unit == UNIT_UNKNOWN) {
      eagre_kernel_set_null(call, row);
    } else if (!truncate_instant(EAGRE_ARGUMENT(int64_t, call, 1, row), unit, call->zone,
                                 &out[row])) {
      return eagre_kernel_fail(call, row, "DATETIME_OVERFLOW",
                               "Datetime operation overflow: a TIMESTAMP truncated.");
    }
  }
  return EAGRE_OK;
}

/* trunc(date, unit); NULL for a unit that is none, or is a day or shorter. */
enum eagre_status eagre_kernel_trunc(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    enum unit unit = find_unit(eagre_kernel_text(call, 1, row));
    if (unit == UNIT_UNKNOWN || unit >= UNIT_DAY) {
      eagre_kernel_set_null(call, row);
    } else {
      out[row] = (int32_t)truncate_days(EAGRE_ARGUMENT(int32_t, call, 0, row), unit);
    }
  }
  return EAGRE_OK;
}
