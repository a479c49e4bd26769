/* From the fields that a date pattern has read to a time: Java's strict resolver, then Spark's
 * defaults for what is missing (1970, January, the 1st, midnight). Fields that contradict each
 * other, such as a day of the year and a month, are refused. */
#include "value/value_pattern.h"

enum { YEAR_MAX = 999999999 };

static bool take_field(struct eagre_pattern_fields *fields, enum eagre_pattern_field field,
                       int64_t *out_value) {
  bool is_present = eagre_pattern_has_field(fields, field);
  *out_value = fields->values[field];
  fields->present &= ~(1u << field);
  return is_present;
}

/* ---- Fields to a date ------------------------------------------------------------------------ */

/* Years of an era become years; without an era they say nothing (Java does not invent one). */
static bool resolve_era(struct eagre_pattern_fields *fields) {
  int64_t era = fields->values[EAGRE_PATTERN_ERA];
  int64_t year_of_era = fields->values[EAGRE_PATTERN_YEAR_OF_ERA];
  if (!eagre_pattern_has_field(fields, EAGRE_PATTERN_YEAR_OF_ERA)) return true;
  if (year_of_era < 1 || year_of_era > YEAR_MAX) return false;
  if (!eagre_pattern_has_field(fields, EAGRE_PATTERN_ERA)) return true;
  return eagre_pattern_set_field(fields, EAGRE_PATTERN_YEAR,
                                 era == 1 ? year_of_era : 1 - year_of_era);
}

static int64_t get_or(const struct eagre_pattern_fields *fields, enum eagre_pattern_field field,
                      int64_t missing) {
  return eagre_pattern_has_field(fields, field) ? fields->values[field] : missing;
}

static bool is_in_range(int64_t value, int64_t least, int64_t most) {
  return value >= least && value <= most;
}

static bool resolve_day_of_year(int64_t year, int64_t day_of_year, struct eagre_wall_time *out) {
  if (!is_in_range(day_of_year, 1, eagre_value_is_leap_year(year) ? 366 : 365)) return false;
  int64_t days = eagre_value_days_from_civil(year, 1, 1) + day_of_year - 1;
  eagre_value_civil_from_days(days, &out->year, &out->month, &out->day);
  return true;
}

static bool resolve_date(struct eagre_pattern_fields *fields, struct eagre_wall_time *out) {
  if (!resolve_era(fields)) return false;
  int64_t year = get_or(fields, EAGRE_PATTERN_YEAR, 1970);
  int64_t month = get_or(fields, EAGRE_PATTERN_MONTH, 1);
  int64_t day = get_or(fields, EAGRE_PATTERN_DAY, 1);
  if (!is_in_range(year, -YEAR_MAX, YEAR_MAX) || !is_in_range(month, 1, 12) ||
      !is_in_range(day, 1, 31)) {
    return false;
  }
  out->year = year;
  out->month = (unsigned)month;
  out->day = (unsigned)day;
  if (!eagre_pattern_has_field(fields, EAGRE_PATTERN_DAY_OF_YEAR)) {
    return out->day <= eagre_value_month_length(year, out->month);
  }
  return resolve_day_of_year(year, fields->values[EAGRE_PATTERN_DAY_OF_YEAR], out) &&
         get_or(fields, EAGRE_PATTERN_MONTH, out->month) == out->month &&
         get_or(fields, EAGRE_PATTERN_DAY, out->day) == out->day;
}

/* ---- Fields to a time ------------------------------------------------------------------------ */

static bool resolve_clock_hours(struct eagre_pattern_fields *fields) {
  int64_t hour;
  if (take_field(fields, EAGRE_PATTERN_CLOCK_HOUR, &hour)) {
    if (!is_in_range(hour, 1, 24)) return false;
    if (!eagre_pattern_set_field(fields, EAGRE_PATTERN_HOUR, hour == 24 ? 0 : hour)) return false;
  }
  if (take_field(fields, EAGRE_PATTERN_CLOCK_HALF_HOUR, &hour)) {
    if (!is_in_range(hour, 1, 12)) return false;
    if (!eagre_pattern_set_field(fields, EAGRE_PATTERN_HALF_HOUR, hour == 12 ? 0 : hour))
      return false;
  }
  return true;
}

/* AM or PM and the hour of the half day make an hour of the day. */
static bool resolve_half_days(struct eagre_pattern_fields *fields) {
  if (!eagre_pattern_has_field(fields, EAGRE_PATTERN_HALF_DAY) ||
      !eagre_pattern_has_field(fields, EAGRE_PATTERN_HALF_HOUR)) {
    return true;
  }
  int64_t half, hour;
  take_field(fields, EAGRE_PATTERN_HALF_DAY, &half);
  take_field(fields, EAGRE_PATTERN_HALF_HOUR, &hour);
  return is_in_range(hour, 0, 11) &&
         eagre_pattern_set_field(fields, EAGRE_PATTERN_HOUR, half * 12 + hour);
}

/* Whether Java makes a time of what is there: hours, and no part missing between two others. */
static bool is_time_complete(const struct eagre_pattern_fields *fields) {
  bool has_minute = eagre_pattern_has_field(fields, EAGRE_PATTERN_MINUTE);
  bool has_second = eagre_pattern_has_field(fields, EAGRE_PATTERN_SECOND);
  bool has_nanosecond = eagre_pattern_has_field(fields, EAGRE_PATTERN_NANOSECOND);
  if (!eagre_pattern_has_field(fields, EAGRE_PATTERN_HOUR)) return false;
  return has_minute ? has_second || !has_nanosecond : !has_second && !has_nanosecond;
}

/* A half day or its hour left over must agree with a complete time. */
static bool agrees_with_hour(const struct eagre_pattern_fields *fields, int64_t hour) {
  return get_or(fields, EAGRE_PATTERN_HALF_DAY, hour / 12) == hour / 12 &&
         get_or(fields, EAGRE_PATTERN_HALF_HOUR, hour % 12) == hour % 12;
}

/* The hour of the day, or Spark's choice without one: of the half day, noon for a bare PM. */
static bool choose_hour(const struct eagre_pattern_fields *fields, int64_t *out_hour) {
  if (eagre_pattern_has_field(fields, EAGRE_PATTERN_HOUR)) {
    *out_hour = fields->values[EAGRE_PATTERN_HOUR];
    return is_in_range(*out_hour, 0, 23);
  }
  if (eagre_pattern_has_field(fields, EAGRE_PATTERN_HALF_HOUR)) {
    *out_hour = fields->values[EAGRE_PATTERN_HALF_HOUR];
    return is_in_range(*out_hour, 0, 11);
  }
  *out_hour = get_or(fields, EAGRE_PATTERN_HALF_DAY, 0) * 12;
  return true;
}

static bool resolve_time(struct eagre_pattern_fields *fields, struct eagre_wall_time *out) {
  int64_t hour;
  if (!resolve_clock_hours(fields) || !resolve_half_days(fields) || !choose_hour(fields, &hour)) {
    return false;
  }
  int64_t minute = get_or(fields, EAGRE_PATTERN_MINUTE, 0);
  int64_t second = get_or(fields, EAGRE_PATTERN_SECOND, 0);
  if (!is_in_range(minute, 0, 59) || !is_in_range(second, 0, 59)) return false;
  if (is_time_complete(fields) && !agrees_with_hour(fields, hour)) return false;
  out->hour = (unsigned)hour;
  out->minute = (unsigned)minute;
  out->second = (unsigned)second;
  out->microsecond = (unsigned)(get_or(fields, EAGRE_PATTERN_NANOSECOND, 0) / 1000);
  return true;
}

bool eagre_pattern_resolve(struct eagre_pattern_fields *fields, struct eagre_wall_time *out) {
  int64_t offset_s = get_or(fields, EAGRE_PATTERN_OFFSET_SECONDS, 0);
  return is_in_range(offset_s, -EAGRE_ZONE_OFFSET_MAX, EAGRE_ZONE_OFFSET_MAX) &&
         resolve_date(fields, out) && resolve_time(fields, out);
}
