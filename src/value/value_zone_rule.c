/* Zone rules as POSIX writes them into TZ, with RFC 8536's extensions:
 *
 *   rule   = name offset [name [offset] "," change "," change]
 *   name   = letters | "<" anything ">"
 *   offset = [sign] hours [":" minutes [":" seconds]]     west of Greenwich is positive
 *   change = ("J" day | day | "M" month "." week "." weekday) ["/" offset]
 *
 * The first change begins summer time, the second ends it, each at 2:00 on the wall before it when
 * nothing else is said (-167 to 167 hours from midnight). Week 5 is the last one of the month. */
#include "value/value_cursor.h"
#include "value/value_time.h"

enum {
  HOURS_MAX = 167,
  CHANGE_TIME_S = 7200,
};

enum change_kind {
  CHANGE_DAY_WITHOUT_LEAP, /* J: 1..365, 29 February is never counted */
  CHANGE_DAY,              /* 0..365 */
  CHANGE_WEEKDAY,          /* M */
};

struct change {
  enum change_kind kind;
  unsigned month;
  unsigned week;
  unsigned day; /* of the year, or of the week from Sunday */
  int32_t time_s;
};

struct rule {
  int32_t standard_offset;
  int32_t summer_offset;
  bool has_summer;
  struct change begin;
  struct change end;
};

/* ---- Reading --------------------------------------------------------------------------------- */

/* One to three digits. */
static bool read_number(struct eagre_cursor *cursor, unsigned least, unsigned most,
                        unsigned *out_value) {
  return eagre_cursor_read_number(cursor, 1, 3, out_value) && *out_value >= least &&
         *out_value <= most;
}

static bool read_name(struct eagre_cursor *cursor) {
  const char *start = cursor->at;
  if (eagre_cursor_skip(cursor, '<')) {
    while (cursor->at < cursor->end && *cursor->at != '>') {
      cursor->at++;
    }
    return eagre_cursor_skip(cursor, '>');
  }
  while (cursor->at < cursor->end && (*cursor->at | 0x20) >= 'a' && (*cursor->at | 0x20) <= 'z') {
    cursor->at++;
  }
  return cursor->at > start;
}

/* Seconds, with the sign as written. */
static bool read_time(struct eagre_cursor *cursor, int32_t *out_seconds) {
  bool is_negative = eagre_cursor_skip(cursor, '-');
  if (!is_negative) eagre_cursor_skip(cursor, '+');
  unsigned hours, minutes = 0, seconds = 0;
  if (!read_number(cursor, 0, HOURS_MAX, &hours)) return false;
  if (eagre_cursor_skip(cursor, ':') && !read_number(cursor, 0, 59, &minutes)) return false;
  if (eagre_cursor_skip(cursor, ':') && !read_number(cursor, 0, 59, &seconds)) return false;
  int32_t total = (int32_t)(hours * 3600 + minutes * 60 + seconds);
  *out_seconds = is_negative ? -total : total;
  return true;
}

static bool read_offset(struct eagre_cursor *cursor, int32_t *out_offset) {
  int32_t west;
  if (!read_time(cursor, &west)) return false;
  *out_offset = -west;
  return west >= -EAGRE_ZONE_OFFSET_MAX && west <= EAGRE_ZONE_OFFSET_MAX;
}

static bool read_day(struct eagre_cursor *cursor, struct change *out) {
  if (eagre_cursor_skip(cursor, 'J')) {
    out->kind = CHANGE_DAY_WITHOUT_LEAP;
    return read_number(cursor, 1, 365, &out->day);
  }
  if (!eagre_cursor_skip(cursor, 'M')) {
    out->kind = CHANGE_DAY;
    return read_number(cursor, 0, 365, &out->day);
  }
  out->kind = CHANGE_WEEKDAY;
  return read_number(cursor, 1, 12, &out->month) && eagre_cursor_skip(cursor, '.') &&
         read_number(cursor, 1, 5, &out->week) && eagre_cursor_skip(cursor, '.') &&
         read_number(cursor, 0, 6, &out->day);
}

static bool read_change(struct eagre_cursor *cursor, struct change *out) {
  out->time_s = CHANGE_TIME_S;
  if (!eagre_cursor_skip(cursor, ',') || !read_day(cursor, out)) return false;
  return !eagre_cursor_skip(cursor, '/') || read_time(cursor, &out->time_s);
}

static bool read_rule(struct eagre_text text, struct rule *out) {
  struct eagre_cursor cursor = eagre_cursor_of(text);
  *out = (struct rule){0};
  if (!read_name(&cursor) || !read_offset(&cursor, &out->standard_offset)) return false;
  out->has_summer = cursor.at < cursor.end;
  if (!out->has_summer) return true;
  if (!read_name(&cursor)) return false;
  out->summer_offset = out->standard_offset + 3600;
  if (!eagre_cursor_is_next(&cursor, ',') && !read_offset(&cursor, &out->summer_offset))
    return false;
  return read_change(&cursor, &out->begin) && read_change(&cursor, &out->end) &&
         cursor.at == cursor.end;
}

/* ---- Continuing a zone ----------------------------------------------------------------------- */

/* The day of a change, since 1970-01-01. */
static int64_t count_days(const struct change *change, int64_t year) {
  int64_t new_year = eagre_value_days_from_civil(year, 1, 1);
  if (change->kind == CHANGE_DAY) return new_year + change->day;
  if (change->kind == CHANGE_DAY_WITHOUT_LEAP) {
    bool is_behind_leap_day = change->day > 59 && eagre_value_is_leap_year(year);
    return new_year + change->day - 1 + is_behind_leap_day;
  }
  int64_t first = eagre_value_days_from_civil(year, change->month, 1);
  /* 1970-01-01 was a Thursday, day 4 from Sunday. */
  int64_t first_weekday = first + 4 - eagre_divide_floor(first + 4, 7) * 7;
  int64_t day = (change->day - first_weekday + 7) % 7 + (change->week - 1) * 7;
  if (day >= eagre_value_month_length(year, change->month)) day -= 7;
  return first + day;
}

static int64_t find_instant(const struct change *change, int64_t year, int32_t offset_before) {
  return count_days(change, year) * EAGRE_DAY_S + change->time_s - offset_before;
}

static void add_later(struct eagre_zone *zone, int64_t after_s, int64_t instant_s, int32_t offset) {
  if (instant_s > after_s) eagre_zone_add(zone, instant_s, offset);
}

static void add_years(struct eagre_zone *zone, const struct rule *rule, int64_t after_s) {
  int64_t first_year;
  unsigned month, day;
  eagre_value_civil_from_days(eagre_divide_floor(after_s, EAGRE_DAY_S), &first_year, &month, &day);
  for (int64_t year = first_year; year <= EAGRE_ZONE_YEAR_MAX; year++) {
    int64_t begin = find_instant(&rule->begin, year, rule->standard_offset);
    int64_t end = find_instant(&rule->end, year, rule->summer_offset);
    if (begin < end) {
      add_later(zone, after_s, begin, rule->summer_offset);
      add_later(zone, after_s, end, rule->standard_offset);
    } else {
      add_later(zone, after_s, end, rule->standard_offset);
      add_later(zone, after_s, begin, rule->summer_offset);
    }
  }
}

bool eagre_zone_add_rule(struct eagre_zone *zone, struct eagre_text text) {
  struct rule rule;
  if (text.size == 0) return true;
  if (!read_rule(text, &rule)) return false;
  uint32_t count = zone->transition_count;
  /* A rule alone begins with the tz database's own time, 1970. */
  int64_t after_s = count == 0 ? 0 : zone->instants[count - 1];
  if (rule.has_summer) add_years(zone, &rule, after_s);
  return true;
}
