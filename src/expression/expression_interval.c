/* Intervals added to and taken between points in time, and windows of time.
 *
 * The days of a day interval are calendar days in the session zone (a day with a clock change has
 * 23 or 25 hours), the rest are microseconds. Windows are in UTC whatever the zone. */
#include "expression/expression_functions.h"
#include "expression/expression_time.h"

/* ---- Calendar -------------------------------------------------------------------------------- */

static int64_t add_saturating(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return b < 0 ? INT64_MIN : INT64_MAX;
  return sum;
}

int64_t eagre_time_local(int64_t timestamp_us, const struct eagre_zone *zone) {
  if (eagre_zone_is_utc(zone)) return timestamp_us;
  return add_saturating(timestamp_us,
                        eagre_zone_offset_at(zone, timestamp_us) * EAGRE_MICROS_PER_SECOND);
}

int64_t eagre_time_instant(int64_t local_us, const struct eagre_zone *zone) {
  return eagre_zone_is_utc(zone) ? local_us : eagre_zone_local_to_instant(zone, local_us);
}

const struct eagre_zone *eagre_time_zone_of(const struct eagre_kernel_call *call, uint32_t index) {
  bool is_ntz = call->arguments[index]->type->kind == EAGRE_TYPE_TIMESTAMP_NTZ;
  return is_ntz ? eagre_zone_utc() : call->zone;
}

int64_t eagre_time_add_months(int64_t days, int64_t months) {
  int64_t year;
  unsigned month, day;
  eagre_value_civil_from_days(days, &year, &month, &day);
  int64_t count = year * 12 + (month - 1) + months;
  year = eagre_divide_floor(count, 12);
  month = (unsigned)eagre_modulo_floor(count, 12) + 1;
  unsigned length = eagre_value_month_length(year, month);
  return eagre_value_days_from_civil(year, month, day < length ? day : length);
}

/* ---- Adding ---------------------------------------------------------------------------------- */

static enum eagre_status fail_time(struct eagre_kernel_call *call, uint32_t row) {
  return eagre_kernel_fail(call, row, "DATETIME_OVERFLOW",
                           "Datetime operation overflow: a TIMESTAMP plus an interval.");
}

bool eagre_time_add_micros(int64_t timestamp_us, int64_t interval_us, const struct eagre_zone *zone,
                           int64_t *out) {
  if (eagre_zone_is_utc(zone)) return !__builtin_add_overflow(timestamp_us, interval_us, out);
  int64_t days = interval_us / EAGRE_MICROS_PER_DAY;
  int64_t rest = interval_us - days * EAGRE_MICROS_PER_DAY;
  int64_t moved = timestamp_us;
  if (days != 0) {
    int64_t local_us = eagre_time_local(timestamp_us, zone);
    if (__builtin_add_overflow(local_us, days * EAGRE_MICROS_PER_DAY, &local_us)) return false;
    moved = eagre_time_instant(local_us, zone);
  }
  return !__builtin_add_overflow(moved, rest, out);
}

enum eagre_status eagre_kernel_add_interval(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  const struct eagre_zone *zone = eagre_time_zone_of(call, 0);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t timestamp_us = EAGRE_ARGUMENT(int64_t, call, 0, row);
    int64_t interval_us = EAGRE_ARGUMENT(int64_t, call, 1, row);
    if (!eagre_time_add_micros(timestamp_us, interval_us, zone, &out[row])) {
      EAGRE_TRY(fail_time(call, row));
    }
  }
  return EAGRE_OK;
}

bool eagre_time_add_timestamp_months(int64_t timestamp_us, int32_t months,
                                     const struct eagre_zone *zone, int64_t *out) {
  int64_t local_us = eagre_time_local(timestamp_us, zone);
  int64_t days = eagre_divide_floor(local_us, EAGRE_MICROS_PER_DAY);
  int64_t in_day_us = eagre_modulo_floor(local_us, EAGRE_MICROS_PER_DAY);
  days = eagre_time_add_months(days, months);
  if (__builtin_mul_overflow(days, EAGRE_MICROS_PER_DAY, &local_us) ||
      __builtin_add_overflow(local_us, in_day_us, &local_us)) {
    return false;
  }
  *out = eagre_time_instant(local_us, zone);
  return true;
}

enum eagre_status eagre_kernel_add_timestamp_months(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  const struct eagre_zone *zone = eagre_time_zone_of(call, 0);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    if (!eagre_time_add_timestamp_months(EAGRE_ARGUMENT(int64_t, call, 0, row),
                                         EAGRE_ARGUMENT(int32_t, call, 1, row), zone, &out[row])) {
      EAGRE_TRY(fail_time(call, row));
    }
  }
  return EAGRE_OK;
}

/* ---- Differences ----------------------------------------------------------------------------- */

/* Between the wall clocks of the session zone, as in Spark. */
enum eagre_status eagre_kernel_subtract_timestamps(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  const struct eagre_zone *zone = eagre_time_zone_of(call, 0);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t end = eagre_time_local(EAGRE_ARGUMENT(int64_t, call, 0, row), zone);
    int64_t start = eagre_time_local(EAGRE_ARGUMENT(int64_t, call, 1, row), zone);
    if (__builtin_sub_overflow(end, start, &out[row])) EAGRE_TRY(fail_time(call, row));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_subtract_dates(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int64_t days =
        (int64_t)EAGRE_ARGUMENT(int32_t, call, 0, row) - EAGRE_ARGUMENT(int32_t, call, 1, row);
    /* 2^32 days of microseconds wrap; DATEs of years beyond 200,000 only. */
    out[row] = (int64_t)((uint64_t)days * (uint64_t)EAGRE_MICROS_PER_DAY);
  }
  return EAGRE_OK;
}

/* ---- Windows --------------------------------------------------------------------------------- */

uint32_t eagre_window_count(const struct eagre_window *window) {
  return (uint32_t)(window->duration_us / window->slide_us +
                    (window->duration_us % window->slide_us != 0));
}

/* spark-compatible: the latest window starts at ts - ((ts - start) mod slide); the ordinal counts
 * back from it. A window near the ends of the range that does not fit is no window. */
bool eagre_window_find(const struct eagre_window *window, int64_t ordinal, int64_t timestamp_us,
                       int64_t *out_start_us, int64_t *out_end_us) {
  int64_t shifted, back, first;
  if (__builtin_sub_overflow(timestamp_us, window->start_us, &shifted)) return false;
  if (__builtin_mul_overflow(ordinal, window->slide_us, &back)) return false;
  if (__builtin_sub_overflow(timestamp_us, eagre_modulo_floor(shifted, window->slide_us), &first))
    return false;
  if (__builtin_sub_overflow(first, back, out_start_us)) return false;
  if (__builtin_add_overflow(*out_start_us, window->duration_us, out_end_us)) return false;
  return timestamp_us < *out_end_us;
}

/* Windows begin every slide and end at this distance behind it, so that is where slices begin. */
static bool find_slice(const struct eagre_window *window, int64_t timestamp_us,
                       int64_t *out_start_us, int64_t *out_end_us) {
  int64_t shifted;
  int64_t rest = window->duration_us % window->slide_us;
  if (__builtin_sub_overflow(timestamp_us, window->start_us, &shifted)) return false;
  int64_t inside = eagre_modulo_floor(shifted, window->slide_us);
  int64_t from = inside >= rest ? rest : 0;
  int64_t to = inside >= rest ? window->slide_us : rest;
  if (__builtin_sub_overflow(timestamp_us, inside - from, out_start_us)) return false;
  if (__builtin_add_overflow(*out_start_us, to - from, out_end_us)) *out_end_us = INT64_MAX;
  return true;
}

enum { PARAMETER_ORDINAL = 3, ORDINAL_OF_SLICES = -1 };

static enum eagre_status run_window(struct eagre_kernel_call *call) {
  const int64_t *parameters = call->node->parameters;
  const struct eagre_window window = {parameters[0], parameters[1], parameters[2]};
  int64_t ordinal = parameters[PARAMETER_ORDINAL];
  const int64_t *timestamps = call->arguments[0]->data;
  eagre_kernel_out(call);
  int64_t *starts = call->out->children[0].data;
  int64_t *ends = call->out->children[1].data;
  for (uint32_t row = 0; row < call->row_count; row++) {
    bool is_inside =
        ordinal == ORDINAL_OF_SLICES
            ? find_slice(&window, timestamps[row], &starts[row], &ends[row])
            : eagre_window_find(&window, ordinal, timestamps[row], &starts[row], &ends[row]);
    if (!is_inside && eagre_kernel_is_live(call, row)) eagre_kernel_set_null(call, row);
  }
  return EAGRE_OK;
}

static struct eagre_expression *new_window(struct eagre_arena *arena,
                                           struct eagre_expression *timestamp,
                                           const struct eagre_window *window, int64_t ordinal,
                                           struct eagre_sql_position position) {
  const struct eagre_type *time = timestamp->type;
  bool is_timestamp = time->kind == EAGRE_TYPE_TIMESTAMP || time->kind == EAGRE_TYPE_TIMESTAMP_NTZ;
  eagre_assert(is_timestamp && window->slide_us > 0);
  struct eagre_field fields[] = {{EAGRE_TEXT("start"), time, true},
                                 {EAGRE_TEXT("end"), time, true}};
  struct eagre_expression *call = eagre_expression_new_call(
      arena, eagre_function_internal(EAGRE_INTERNAL_WINDOW), eagre_type_struct(arena, fields, 2),
      run_window, &timestamp, 1, position);
  call->parameters[0] = window->duration_us;
  call->parameters[1] = window->slide_us;
  call->parameters[2] = window->start_us;
  call->parameters[PARAMETER_ORDINAL] = ordinal;
  return call;
}

struct eagre_expression *eagre_expression_window(struct eagre_arena *arena,
                                                 struct eagre_expression *timestamp,
                                                 const struct eagre_window *window,
                                                 uint32_t ordinal,
                                                 struct eagre_sql_position position) {
  return new_window(arena, timestamp, window, ordinal, position);
}

struct eagre_expression *eagre_expression_slice(struct eagre_arena *arena,
                                                struct eagre_expression *timestamp,
                                                const struct eagre_window *window,
                                                struct eagre_sql_position position) {
  return new_window(arena, timestamp, window, ORDINAL_OF_SLICES, position);
}

/* window_time(window): the last instant inside. */
enum eagre_status eagre_kernel_window_time(struct eagre_kernel_call *call) {
  const struct eagre_vector *end = &call->arguments[0]->children[1];
  int64_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    if (eagre_vector_is_null(end, row)) {
      eagre_kernel_set_null(call, row);
    } else {
      out[row] = EAGRE_VALUES(int64_t, end)[eagre_vector_index(end, row)] - 1;
    }
  }
  return EAGRE_OK;
}
