/* Days since 1970-01-01 <-> year, month, day in the proleptic Gregorian calendar, and wall-clock
 * times built on them.
 *
 * Years are counted from March, so that the leap day is the last day of a year; an era is 400
 * years, after which the calendar repeats. 1970-01-01 is day 719,468 of the era that begins with
 * 0000-03-01. */
#include "value/value_digits.h"
#include "value/value_time.h"

enum {
  ERA_YEARS = 400,
  ERA_DAYS = 146097,
  EPOCH_DAYS = 719468, /* from 0000-03-01 to 1970-01-01 */
};

int64_t eagre_value_days_from_civil(int64_t year, unsigned month, unsigned day) {
  year -= month <= 2;
  int64_t era = eagre_divide_floor(year, ERA_YEARS);
  unsigned year_of_era = (unsigned)(year - era * ERA_YEARS);
  unsigned month_from_march = month > 2 ? month - 3 : month + 9;
  unsigned day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
  unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * ERA_DAYS + (int64_t)day_of_era - EPOCH_DAYS;
}

void eagre_value_civil_from_days(int64_t days, int64_t *out_year, unsigned *out_month,
                                 unsigned *out_day) {
  days += EPOCH_DAYS;
  int64_t era = eagre_divide_floor(days, ERA_DAYS);
  unsigned day_of_era = (unsigned)(days - era * ERA_DAYS);
  /* Takes out the leap days: one each 4 years, none each 100, one each 400. */
  unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  unsigned month_from_march = (5 * day_of_year + 2) / 153;
  unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  *out_year = era * ERA_YEARS + year_of_era + (month <= 2);
  *out_month = month;
  *out_day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
}

bool eagre_value_is_leap_year(int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

unsigned eagre_value_month_length(int64_t year, unsigned month) {
  static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return lengths[month - 1] + (month == 2 && eagre_value_is_leap_year(year));
}

/* ---- Wall-clock time ------------------------------------------------------------------------- */

bool eagre_wall_time_is_valid(const struct eagre_wall_time *time) {
  return time->month - 1 < 12 && time->day >= 1 &&
         time->day <= eagre_value_month_length(time->year, time->month) && time->hour < 24 &&
         time->minute < 60 && time->second < 60;
}

static int64_t count_local_seconds(const struct eagre_wall_time *time) {
  int64_t days = eagre_value_days_from_civil(time->year, time->month, time->day);
  return days * EAGRE_DAY_S + time->hour * 3600 + time->minute * 60 + time->second;
}

static enum eagre_value_result make_instant(int64_t instant_s, unsigned microsecond,
                                            int64_t *out_us) {
  __int128 us = (__int128)instant_s * EAGRE_SECOND_US + microsecond;
  if (us < INT64_MIN || us > INT64_MAX) return EAGRE_VALUE_OVERFLOW;
  *out_us = (int64_t)us;
  return EAGRE_VALUE_OK;
}

enum eagre_value_result eagre_wall_time_to_instant(const struct eagre_wall_time *time,
                                                   const struct eagre_zone *zone, int64_t *out_us) {
  int64_t local_s = count_local_seconds(time);
  int32_t offset_s = eagre_zone_offset_of_local(zone, local_s);
  return make_instant(local_s - offset_s, time->microsecond, out_us);
}

enum eagre_value_result eagre_wall_time_to_instant_at(const struct eagre_wall_time *time,
                                                      int32_t offset_s, int64_t *out_us) {
  return make_instant(count_local_seconds(time) - offset_s, time->microsecond, out_us);
}

void eagre_wall_time_of_instant(int64_t us, int32_t offset_s, struct eagre_wall_time *out) {
  int64_t instant_s = eagre_divide_floor(us, EAGRE_SECOND_US);
  /* Unsigned: the whole second of the first instants lies before the range. */
  out->microsecond = (unsigned)((uint64_t)us - (uint64_t)instant_s * EAGRE_SECOND_US);
  int64_t local_s = instant_s + offset_s;
  int64_t days = eagre_divide_floor(local_s, EAGRE_DAY_S);
  unsigned second_of_day = (unsigned)(local_s - days * EAGRE_DAY_S);
  eagre_value_civil_from_days(days, &out->year, &out->month, &out->day);
  out->hour = second_of_day / 3600;
  out->minute = second_of_day / 60 % 60;
  out->second = second_of_day % 60;
}

/* A year beyond four digits, or before year 0. */
static char *put_odd_year(char *out, int64_t year) {
  uint64_t magnitude = year < 0 ? (uint64_t)-year : (uint64_t)year;
  *out++ = year < 0 ? '-' : '+';
  unsigned width = magnitude > 9999 ? eagre_digits_count(magnitude) : 4;
  eagre_digits_put(out, width, magnitude);
  return out + width;
}

char *eagre_wall_time_put_date(char *out, const struct eagre_wall_time *time) {
  if (time->year >= 0 && time->year <= 9999) {
    eagre_digits_put_two(out, (unsigned)time->year / 100);
    eagre_digits_put_two(out + 2, (unsigned)time->year % 100);
    out += 4;
  } else {
    out = put_odd_year(out, time->year);
  }
  out[0] = '-';
  eagre_digits_put_two(out + 1, time->month);
  out[3] = '-';
  eagre_digits_put_two(out + 4, time->day);
  return out + 6;
}

char *eagre_wall_time_put_clock(char *out, const struct eagre_wall_time *time) {
  eagre_digits_put_two(out, time->hour);
  out[2] = ':';
  eagre_digits_put_two(out + 3, time->minute);
  out[5] = ':';
  eagre_digits_put_two(out + 6, time->second);
  return out + 8;
}
