/* Points in time made of parts, moved by units and compared in units: make_timestamp and its
 * family, timestampadd, timestampdiff, months_between, and names of days and months. */
#include <math.h>
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_time.h"

/* ---- Seconds with a fraction ---------------------------------------------------------------- */

enum eagre_status eagre_bind_seconds(struct eagre_bind *bind, uint32_t index) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, index);
  if (!eagre_type_is_numeric(kind) && kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, index, "\"DECIMAL(18,6)\"");
  }
  bool is_integral = eagre_type_is_integral(kind);
  return eagre_bind_cast(bind, index,
                         is_integral ? eagre_type_of(EAGRE_TYPE_BIGINT)
                                     : eagre_type_decimal(bind->arena, 18, 6));
}

bool eagre_time_read_seconds(const struct eagre_kernel_call *call, uint32_t index, uint32_t row,
                             int64_t *out_us) {
  if (call->arguments[index]->type->kind == EAGRE_TYPE_BIGINT) {
    int64_t seconds = EAGRE_ARGUMENT(int64_t, call, index, row);
    return !__builtin_mul_overflow(seconds, EAGRE_MICROS_PER_SECOND, out_us);
  }
  /* The digits of DECIMAL(18,6) are microseconds. */
  *out_us = (int64_t)EAGRE_ARGUMENT(eagre_decimal, call, index, row);
  return true;
}

/* ---- make_timestamp ------------------------------------------------------------------------- */

/* How many parts there are; a zone may follow. */
enum { PART_COUNT = 6 };

static enum eagre_status fail_part(struct eagre_kernel_call *call, uint32_t row, const char *what,
                                   const char *range, int64_t value) {
  return eagre_kernel_fail(call, row, "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION",
                           "Invalid value for %s (valid values %s): %lld.", what, range,
                           (long long)value);
}

/* The five whole parts. */
static enum eagre_status check_parts(struct eagre_kernel_call *call, uint32_t row,
                                     const int32_t parts[5], bool *out_is_valid) {
  static const struct {
    const char *name;
    const char *range;
    int32_t least;
    int32_t greatest;
  } limits[] = {
      {"Year", "-999999999 - 999999999", -999999999, 999999999},
      {"MonthOfYear", "1 - 12", 1, 12},
      {"DayOfMonth", "1 - 28/31", 1, 31},
      {"HourOfDay", "0 - 23", 0, 23},
      {"MinuteOfHour", "0 - 59", 0, 59},
  };
  *out_is_valid = false;
  for (size_t i = 0; i < EAGRE_COUNT_OF(limits); i++) {
    if (parts[i] >= limits[i].least && parts[i] <= limits[i].greatest) continue;
    return fail_part(call, row, limits[i].name, limits[i].range, parts[i]);
  }
  if (parts[2] > (int32_t)eagre_value_month_length(parts[0], (unsigned)parts[1])) {
    return fail_part(call, row, "DayOfMonth", "as the month has days", parts[2]);
  }
  *out_is_valid = true;
  return EAGRE_OK;
}

/* 60 is the first second of the next minute, when nothing stands behind it. */
static enum eagre_status check_seconds(struct eagre_kernel_call *call, uint32_t row, bool fits,
                                       int64_t seconds_us, bool *out_is_valid) {
  *out_is_valid = false;
  int64_t seconds = eagre_divide_floor(seconds_us, EAGRE_MICROS_PER_SECOND);
  if (!fits || seconds < 0 || seconds > 60) {
    return fail_part(call, row, "SecondOfMinute", "0 - 59", seconds);
  }
  if (seconds_us > 60 * EAGRE_MICROS_PER_SECOND) {
    return eagre_kernel_fail(call, row, "INVALID_FRACTION_OF_SECOND",
                             "Valid range for seconds is [0, 60] (inclusive), but the provided "
                             "value is %.6f.",
                             (double)seconds_us / (double)EAGRE_MICROS_PER_SECOND);
  }
  *out_is_valid = true;
  return EAGRE_OK;
}

/* The wall clock in microseconds; `out_is_valid` false: the row is NULL under TRY. */
static enum eagre_status read_clock(struct eagre_kernel_call *call, uint32_t row,
                                    int64_t *out_local_us, bool *out_is_valid) {
  int32_t parts[PART_COUNT - 1];
  int64_t seconds_us, local_us;
  for (uint32_t i = 0; i < PART_COUNT - 1; i++) {
    parts[i] = EAGRE_ARGUMENT(int32_t, call, i, row);
  }
  EAGRE_TRY(check_parts(call, row, parts, out_is_valid));
  if (!*out_is_valid) return EAGRE_OK;
  bool fits = eagre_time_read_seconds(call, PART_COUNT - 1, row, &seconds_us);
  EAGRE_TRY(check_seconds(call, row, fits, seconds_us, out_is_valid));
  if (!*out_is_valid) return EAGRE_OK;
  int64_t days = eagre_value_days_from_civil(parts[0], (unsigned)parts[1], (unsigned)parts[2]);
  int64_t minutes = parts[3] * INT64_C(60) + parts[4];
  *out_is_valid = !__builtin_mul_overflow(days, EAGRE_MICROS_PER_DAY, &local_us) &&
                  !__builtin_add_overflow(
                      local_us, minutes * 60 * EAGRE_MICROS_PER_SECOND + seconds_us, out_local_us);
  if (*out_is_valid) return EAGRE_OK;
  return eagre_kernel_fail_strictly(
      call, row, "DATETIME_OVERFLOW",
      "Datetime operation overflow: the result of `%s` is no TIMESTAMP.",
      call->node->function->info.name);
}

static enum eagre_status run_make_timestamp(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  bool has_zone = call->node->argument_count > PART_COUNT;
  bool is_ntz = call->node->type->kind == EAGRE_TYPE_TIMESTAMP_NTZ;
  for (uint32_t row = 0; row < call->row_count; row++) {
    const struct eagre_zone *zone = is_ntz ? eagre_zone_utc() : call->zone;
    int64_t local_us;
    bool is_valid;
    if (!eagre_kernel_is_live(call, row)) continue;
    if (has_zone) {
      struct eagre_text name = eagre_kernel_text(call, PART_COUNT, row);
      EAGRE_TRY(eagre_time_use_zone(call, 0, name, row, &zone));
    }
    EAGRE_TRY(read_clock(call, row, &local_us, &is_valid));
    if (is_valid) out[row] = eagre_time_instant(local_us, zone);
  }
  return EAGRE_OK;
}

/* Two or three arguments would be a DATE, a TIME and a zone. */
static enum eagre_status check_part_count(struct eagre_bind *bind) {
  if (bind->argument_count < 4) return eagre_bind_unexpected(bind, 1, "\"TIME\"");
  if (bind->argument_count >= PART_COUNT) return EAGRE_OK;
  return eagre_bind_fail(bind, bind->position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                         "The `%s` requires [2, 3, 6, 7] parameters but the actual number is %u.",
                         bind->function->info.name, bind->argument_count);
}

static enum eagre_status bind_make(struct eagre_bind *bind, enum eagre_type_kind kind, bool is_try,
                                   struct eagre_expression **out) {
  EAGRE_TRY(check_part_count(bind));
  for (uint32_t i = 0; i < PART_COUNT - 1; i++) {
    EAGRE_TRY(eagre_bind_parameter(bind, i, EAGRE_TYPE_INT));
  }
  EAGRE_TRY(eagre_bind_seconds(bind, PART_COUNT - 1));
  if (bind->argument_count > PART_COUNT) {
    EAGRE_TRY(eagre_bind_parameter(bind, PART_COUNT, EAGRE_TYPE_STRING));
  }
  *out = eagre_bind_call(bind, eagre_type_of(kind), run_make_timestamp);
  eagre_expression_set_failing(*out);
  if (is_try) (*out)->is_try = true;
  return EAGRE_OK;
}

#define DEFINE_MAKE(name, kind, is_try)                                                            \
  enum eagre_status eagre_bind_##name(struct eagre_bind *bind, struct eagre_expression **out) {    \
    return bind_make(bind, kind, is_try, out);                                                     \
  }

DEFINE_MAKE(make_timestamp, EAGRE_TYPE_TIMESTAMP, false)
DEFINE_MAKE(make_timestamp_ntz, EAGRE_TYPE_TIMESTAMP_NTZ, false)
DEFINE_MAKE(try_make_timestamp, EAGRE_TYPE_TIMESTAMP, true)
DEFINE_MAKE(try_make_timestamp_ntz, EAGRE_TYPE_TIMESTAMP_NTZ, true)

/* ---- timestampadd, timestampdiff ------------------------------------------------------------ */

struct time_unit {
  const char *name;
  int64_t us; /* 0 for those counted in months */
  int32_t months;
};

static const struct time_unit time_units[] = {
    {"microsecond", 1, 0},
    {"millisecond", 1000, 0},
    {"second", EAGRE_MICROS_PER_SECOND, 0},
    {"minute", 60 * EAGRE_MICROS_PER_SECOND, 0},
    {"hour", 3600 * EAGRE_MICROS_PER_SECOND, 0},
    {"day", EAGRE_MICROS_PER_DAY, 0},
    {"dayofyear", EAGRE_MICROS_PER_DAY, 0},
    {"week", 7 * EAGRE_MICROS_PER_DAY, 0},
    {"month", 0, 1},
    {"quarter", 0, 3},
    {"year", 0, 12},
};

/* The unit, which is a word and no expression: its own parameter, so that it is no argument. */
static enum eagre_status take_unit(struct eagre_bind *bind, bool is_difference,
                                   const struct time_unit **out) {
  struct eagre_text name;
  EAGRE_TRY(eagre_bind_constant_text(bind, 0, "unit", &name));
  for (size_t i = 0; i < EAGRE_COUNT_OF(time_units); i++) {
    if (!eagre_text_equal_ignoring_case(name, eagre_text_of(time_units[i].name))) continue;
    *out = &time_units[i];
    if (!is_difference || strcmp(time_units[i].name, "dayofyear") != 0) return EAGRE_OK;
  }
  return eagre_bind_fail(bind, bind->arguments[0]->position,
                         "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
                         "The value of parameter(s) `unit` in `%s` is invalid: expects one of the "
                         "units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, "
                         "MINUTE, SECOND, MILLISECOND, MICROSECOND, but got the value '%.*s'.",
                         bind->function->info.name, (int)name.size, name.data);
}

/* The last argument: a TIMESTAMP_NTZ stays one, all else becomes a TIMESTAMP. */
static enum eagre_status take_timestamp(struct eagre_bind *bind, uint32_t index) {
  if (eagre_bind_kind(bind, index) == EAGRE_TYPE_TIMESTAMP_NTZ) return EAGRE_OK;
  return eagre_bind_parameter(bind, index, EAGRE_TYPE_TIMESTAMP);
}

static struct eagre_expression *call_with_unit(struct eagre_bind *bind,
                                               const struct time_unit *unit,
                                               const struct eagre_type *type,
                                               eagre_kernel_fn *kernel) {
  struct eagre_expression *call = eagre_expression_new_call(
      bind->arena, bind->function, type, kernel, &bind->arguments[1], 2, bind->position);
  call->parameters[0] = unit->us;
  call->parameters[1] = unit->months;
  return call;
}

static enum eagre_status run_add(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  const struct eagre_zone *zone = eagre_time_zone_of(call, 1);
  int64_t unit_us = call->node->parameters[0], unit_months = call->node->parameters[1];
  for (uint32_t row = 0; row < call->row_count; row++) {
    int64_t amount;
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t count = EAGRE_ARGUMENT(int64_t, call, 0, row);
    int64_t start = EAGRE_ARGUMENT(int64_t, call, 1, row);
    bool fits = !__builtin_mul_overflow(count, unit_us == 0 ? unit_months : unit_us, &amount);
    if (unit_us == 0) {
      fits = fits && amount == (int32_t)amount &&
             eagre_time_add_timestamp_months(start, (int32_t)amount, zone, &out[row]);
    } else {
      fits = fits && eagre_time_add_micros(start, amount, zone, &out[row]);
    }
    if (!fits) {
      EAGRE_TRY(eagre_kernel_fail(call, row, "DATETIME_OVERFLOW",
                                  "Datetime operation overflow: add %lld units to a TIMESTAMP.",
                                  (long long)count));
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_timestampadd(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct time_unit *unit;
  EAGRE_TRY(take_unit(bind, false, &unit));
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_BIGINT));
  EAGRE_TRY(take_timestamp(bind, 2));
  *out = call_with_unit(bind, unit, bind->arguments[2]->type, run_add);
  return EAGRE_OK;
}

/* Whole months between two wall clocks, toward zero. */
static int64_t count_months(int64_t start_us, int64_t end_us) {
  int64_t start_days = eagre_divide_floor(start_us, EAGRE_MICROS_PER_DAY);
  int64_t end_days = eagre_divide_floor(end_us, EAGRE_MICROS_PER_DAY);
  int64_t start_clock = start_us - start_days * EAGRE_MICROS_PER_DAY;
  int64_t end_clock = end_us - end_days * EAGRE_MICROS_PER_DAY;
  if (end_days > start_days && end_clock < start_clock) end_days--;
  if (end_days < start_days && end_clock > start_clock) end_days++;
  int64_t start_year, end_year;
  unsigned start_month, end_month, start_day, end_day;
  eagre_value_civil_from_days(start_days, &start_year, &start_month, &start_day);
  eagre_value_civil_from_days(end_days, &end_year, &end_month, &end_day);
  int64_t start_packed = (start_year * 12 + start_month) * 32 + start_day;
  int64_t end_packed = (end_year * 12 + end_month) * 32 + end_day;
  return (end_packed - start_packed) / 32;
}

static enum eagre_status run_difference(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out_zeroed(call);
  const struct eagre_zone *zone = eagre_time_zone_of(call, 0);
  int64_t unit_us = call->node->parameters[0], unit_months = call->node->parameters[1];
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t start = eagre_time_local(EAGRE_ARGUMENT(int64_t, call, 0, row), zone);
    int64_t end = eagre_time_local(EAGRE_ARGUMENT(int64_t, call, 1, row), zone);
    if (unit_us == 0) {
      out[row] = count_months(start, end) / unit_months;
      continue;
    }
    __int128 difference = ((__int128)end - start) / unit_us;
    out[row] = (int64_t)difference;
    if (out[row] != difference) {
      EAGRE_TRY(eagre_kernel_fail_overflow(call, row, "long overflow", NULL));
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_timestampdiff(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct time_unit *unit;
  EAGRE_TRY(take_unit(bind, true, &unit));
  enum eagre_type_kind a = eagre_bind_kind(bind, 1), b = eagre_bind_kind(bind, 2);
  bool are_ntz = a == EAGRE_TYPE_TIMESTAMP_NTZ && b == EAGRE_TYPE_TIMESTAMP_NTZ;
  for (uint32_t i = 1; i < 3; i++) {
    EAGRE_TRY(
        eagre_bind_parameter(bind, i, are_ntz ? EAGRE_TYPE_TIMESTAMP_NTZ : EAGRE_TYPE_TIMESTAMP));
  }
  *out = call_with_unit(bind, unit, eagre_type_of(EAGRE_TYPE_BIGINT), run_difference);
  return EAGRE_OK;
}

/* ---- months_between ------------------------------------------------------------------------- */

/* A TIMESTAMP in the session zone, taken apart. */
struct month_place {
  int64_t month; /* since year 0 */
  int64_t day;
  bool is_last_day;
  int64_t second_of_day; /* that have passed, not what the clock shows */
};

static struct month_place find_place(int64_t timestamp_us, const struct eagre_zone *zone) {
  int64_t days = eagre_divide_floor(eagre_time_local(timestamp_us, zone), EAGRE_MICROS_PER_DAY);
  int64_t year;
  unsigned month, day;
  eagre_value_civil_from_days(days, &year, &month, &day);
  int64_t midnight = eagre_time_instant(days * EAGRE_MICROS_PER_DAY, zone);
  return (struct month_place){
      .month = year * 12 + month,
      .day = day,
      .is_last_day = day == eagre_value_month_length(year, month),
      .second_of_day = (timestamp_us - midnight) / EAGRE_MICROS_PER_SECOND,
  };
}

/* Days beyond whole months count as parts of a month of 31 days. */
static double count_months_between(int64_t a_us, int64_t b_us, bool is_rounded,
                                   const struct eagre_zone *zone) {
  const int64_t seconds_per_day = 86400;
  struct month_place a = find_place(a_us, zone), b = find_place(b_us, zone);
  double months = (double)(a.month - b.month);
  if (a.day == b.day || (a.is_last_day && b.is_last_day)) return months;
  int64_t seconds = (a.day - b.day) * seconds_per_day + a.second_of_day - b.second_of_day;
  double difference = months + (double)seconds / (double)(31 * seconds_per_day);
  return is_rounded ? floor(difference * 1e8 + 0.5) / 1e8 : difference;
}

enum eagre_status eagre_kernel_months_between(struct eagre_kernel_call *call) {
  double *out = eagre_kernel_out_zeroed(call);
  bool has_flag = call->node->argument_count == 3;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    bool is_rounded = !has_flag || eagre_kernel_boolean(call, 2, row);
    out[row] = count_months_between(EAGRE_ARGUMENT(int64_t, call, 0, row),
                                    EAGRE_ARGUMENT(int64_t, call, 1, row), is_rounded, call->zone);
  }
  return EAGRE_OK;
}

/* ---- Names ---------------------------------------------------------------------------------- */

static enum eagre_status run_names(struct eagre_kernel_call *call, const char *const *names,
                                   uint32_t count, uint32_t (*find)(int32_t days)) {
  struct eagre_text texts[12];
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t i = 0; i < count; i++) {
    texts[i] = eagre_text_writer_copy(&writer, eagre_text_of(names[i]));
  }
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row))
      out[row] = texts[find(EAGRE_ARGUMENT(int32_t, call, 0, row))];
  }
  return EAGRE_OK;
}

/* Monday is 0. */
static uint32_t find_weekday(int32_t days) {
  return (uint32_t)eagre_modulo_floor((int64_t)days + 3, 7);
}

static uint32_t find_month(int32_t days) {
  int64_t year;
  unsigned month, day;
  eagre_value_civil_from_days(days, &year, &month, &day);
  return month - 1;
}

enum eagre_status eagre_kernel_dayname(struct eagre_kernel_call *call) {
  static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  return run_names(call, names, EAGRE_COUNT_OF(names), find_weekday);
}

enum eagre_status eagre_kernel_monthname(struct eagre_kernel_call *call) {
  static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return run_names(call, names, EAGRE_COUNT_OF(names), find_month);
}
