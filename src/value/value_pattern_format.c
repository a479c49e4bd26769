/* Printing with a date pattern. */
#include "value/value_pattern.h"

#include "value/value_digits.h"

enum { NUMBER_SIZE_MAX = 24 };

/* An instant in all its fields. */
struct moment {
  struct eagre_wall_time time;
  int32_t offset_s;
  int64_t days; /* since 1970-01-01, on the wall */
  int64_t us;
  const struct eagre_zone *zone;
};

static void init_moment(struct moment *moment, int64_t us, const struct eagre_zone *zone) {
  moment->us = us;
  moment->zone = zone;
  moment->offset_s = eagre_zone_offset_at(zone, us);
  eagre_wall_time_of_instant(us, moment->offset_s, &moment->time);
  moment->days =
      eagre_value_days_from_civil(moment->time.year, moment->time.month, moment->time.day);
}

static int64_t get_date_field(const struct moment *moment, enum eagre_pattern_field field) {
  const struct eagre_wall_time *time = &moment->time;
  switch (field) {
  case EAGRE_PATTERN_ERA:
    return time->year > 0;
  case EAGRE_PATTERN_YEAR:
    return time->year;
  case EAGRE_PATTERN_YEAR_OF_ERA:
    return time->year > 0 ? time->year : 1 - time->year;
  case EAGRE_PATTERN_QUARTER:
    return (time->month + 2) / 3;
  case EAGRE_PATTERN_MONTH:
    return time->month;
  case EAGRE_PATTERN_DAY:
    return time->day;
  case EAGRE_PATTERN_DAY_OF_YEAR:
    return moment->days - eagre_value_days_from_civil(time->year, 1, 1) + 1;
  case EAGRE_PATTERN_DAY_OF_WEEK_IN_MONTH:
    return (time->day - 1) % 7 + 1;
  default: {
    /* 1970-01-01 was a Thursday, day 4 from Monday. */
    int64_t weeks = eagre_divide_floor(moment->days + 3, 7);
    return moment->days + 3 - weeks * 7 + 1;
  }
  }
}

static int64_t get_field(const struct moment *moment, enum eagre_pattern_field field) {
  const struct eagre_wall_time *time = &moment->time;
  switch (field) {
  case EAGRE_PATTERN_HALF_DAY:
    return time->hour / 12;
  case EAGRE_PATTERN_HOUR:
    return time->hour;
  case EAGRE_PATTERN_CLOCK_HOUR:
    return time->hour == 0 ? 24 : time->hour;
  case EAGRE_PATTERN_HALF_HOUR:
    return time->hour % 12;
  case EAGRE_PATTERN_CLOCK_HALF_HOUR:
    return time->hour % 12 == 0 ? 12 : time->hour % 12;
  case EAGRE_PATTERN_MINUTE:
    return time->minute;
  case EAGRE_PATTERN_SECOND:
    return time->second;
  default:
    return get_date_field(moment, field);
  }
}

static void format_number(const struct eagre_pattern_item *item, int64_t value,
                          struct eagre_buffer *out) {
  uint64_t magnitude = value < 0 ? (uint64_t)-value : (uint64_t)value;
  unsigned count = eagre_digits_count(magnitude);
  bool has_plus = item->sign == EAGRE_PATTERN_EXCEEDS_PAD && count > item->width_min;
  if (value < 0) {
    eagre_buffer_append_char(out, '-');
  } else if (has_plus) {
    eagre_buffer_append_char(out, '+');
  }
  unsigned width = count > item->width_min ? count : item->width_min;
  eagre_digits_put(eagre_buffer_reserve(out, NUMBER_SIZE_MAX), width, magnitude);
  out->size += width;
}

static void format_short_year(int64_t year, struct eagre_buffer *out) {
  uint64_t magnitude = year < 0 ? (uint64_t)-year : (uint64_t)year;
  eagre_digits_put_two(eagre_buffer_reserve(out, 2), (unsigned)(magnitude % 100));
  out->size += 2;
}

static void format_fraction(unsigned width, unsigned microsecond, struct eagre_buffer *out) {
  char *digits = eagre_buffer_reserve(out, 9);
  eagre_digits_put(digits, 9, (uint64_t)microsecond * 1000);
  out->size += width;
}

static void format_name(const struct eagre_pattern_item *item, int64_t value,
                        struct eagre_buffer *out) {
  size_t count;
  unsigned first;
  const char *const *texts = eagre_pattern_texts(item, &count, &first);
  eagre_buffer_append_string(out, texts[value - first]);
}

static void append_two(struct eagre_buffer *out, bool has_colon, unsigned value) {
  if (has_colon) eagre_buffer_append_char(out, ':');
  eagre_digits_put_two(eagre_buffer_reserve(out, 2), value);
  out->size += 2;
}

static void format_offset(const struct eagre_pattern_item *item, int32_t offset_s,
                          struct eagre_buffer *out) {
  unsigned total = (unsigned)(offset_s < 0 ? -offset_s : offset_s);
  unsigned hours = total / 3600, minutes = total / 60 % 60, seconds = total % 60;
  bool shows_minutes = item->has_minutes || minutes > 0;
  bool shows_seconds = item->has_seconds && seconds > 0;
  /* An offset of some seconds only, which this item does not show, is zero. */
  if (hours == 0 && minutes == 0 && !shows_seconds) {
    eagre_buffer_append_text(out, item->literal);
    return;
  }
  eagre_buffer_append_char(out, offset_s < 0 ? '-' : '+');
  append_two(out, false, hours);
  if (shows_minutes) append_two(out, item->has_colon, minutes);
  if (shows_seconds) append_two(out, item->has_colon, seconds);
}

static void format_gmt_offset(bool is_long, int32_t offset_s, struct eagre_buffer *out) {
  eagre_buffer_append(out, "GMT", 3);
  if (offset_s == 0) return;
  unsigned total = (unsigned)(offset_s < 0 ? -offset_s : offset_s);
  unsigned hours = total / 3600, minutes = total / 60 % 60, seconds = total % 60;
  eagre_buffer_append_char(out, offset_s < 0 ? '-' : '+');
  if (is_long || hours >= 10) {
    append_two(out, false, hours);
  } else {
    eagre_buffer_append_char(out, (char)('0' + hours));
  }
  if (is_long || minutes > 0 || seconds > 0) append_two(out, true, minutes);
  if (seconds > 0) append_two(out, true, seconds);
}

/* The name of the zone at that time; without one, what Java writes then: "GMT+03:00". */
static void format_zone_name(bool is_long, const struct moment *moment, struct eagre_buffer *out) {
  int64_t instant_s = eagre_divide_floor(moment->us, EAGRE_SECOND_US);
  bool is_daylight = eagre_zone_is_daylight(moment->zone, instant_s);
  const char *name = eagre_zone_name(moment->zone, is_daylight, is_long);
  if (*name == 0) {
    format_gmt_offset(true, moment->offset_s, out);
  } else {
    eagre_buffer_append_string(out, name);
  }
}

static void format_item(const struct eagre_pattern_item *item, const struct moment *moment,
                        struct eagre_buffer *out) {
  switch (item->kind) {
  case EAGRE_PATTERN_LITERAL:
    eagre_buffer_append_text(out, item->literal);
    return;
  case EAGRE_PATTERN_NUMBER:
    format_number(item, get_field(moment, item->field), out);
    return;
  case EAGRE_PATTERN_SHORT_YEAR:
    format_short_year(get_field(moment, item->field), out);
    return;
  case EAGRE_PATTERN_FRACTION:
    format_fraction(item->width_max, moment->time.microsecond, out);
    return;
  case EAGRE_PATTERN_TEXT:
    format_name(item, get_field(moment, item->field), out);
    return;
  case EAGRE_PATTERN_OFFSET:
    format_offset(item, moment->offset_s, out);
    return;
  case EAGRE_PATTERN_GMT_OFFSET:
    format_gmt_offset(item->is_long, moment->offset_s, out);
    return;
  case EAGRE_PATTERN_ZONE_ID:
    eagre_buffer_append_string(out, moment->zone->id);
    return;
  case EAGRE_PATTERN_ZONE_NAME:
    format_zone_name(item->is_long, moment, out);
    return;
  case EAGRE_PATTERN_OPTIONAL:
    return; /* an instant has every field, so optional sections are always printed */
  }
}

void eagre_pattern_format(const struct eagre_pattern *pattern, int64_t us,
                          const struct eagre_zone *zone, struct eagre_buffer *out) {
  struct moment moment;
  init_moment(&moment, us, zone);
  for (uint32_t i = 0; i < pattern->item_count; i++) {
    format_item(&pattern->items[i], &moment, out);
  }
}
