/* Text -> TIMESTAMP and TIMESTAMP_NTZ by the grammar of CAST (spark-semantics 5.4).
 *
 *   text     = [sign] year ["-" month ["-" day [("T" | " ") clock]]]
 *            | ["T"] clock                                   (today; "T" only as the first byte)
 *   clock    = hour [":" minute [":" second ["." digits] [zone]]]
 *   zone     = spaces, then a name of value_zone.c
 *
 * A year has 4 to 6 digits, the other numbers 1 or 2; a text without "T" and date needs the
 * minutes. What follows the seconds or the fraction is a zone, so there is none without seconds.
 * Texts in exactly ISO's shape are the common case and are read by position first. */
#include "value/value.h"

#include "value/value_cursor.h"
#include "value/value_time.h"

enum {
  ISO_SIZE = 19,       /* "2026-01-01T00:00:00" */
  FRACTION_DIGITS = 6, /* digits behind are cut off */
};

/* ---- ISO by position ------------------------------------------------------------------------- */

/* Eight characters of digits and separators minus `pattern`, which has '0' for a digit: each byte
 * is a digit's value or 0. False when one is not; the sum with 0x7f - limit tells by its top bit.
 */
static bool match_eight(const char *at, uint64_t pattern, uint64_t headroom, uint64_t *out_digits) {
  uint64_t digits = eagre_digits_load(at) ^ pattern;
  *out_digits = digits;
  return (((digits + headroom) | digits) & 0x8080808080808080u) == 0;
}

static uint64_t pack(const char pattern[8]) {
  return eagre_digits_load(pattern);
}

/* Every byte becomes ten times itself plus its right neighbour, so the first of two digits holds
 * their number. */
static uint64_t join_pairs(uint64_t digits) {
  return digits * 10 + (digits >> 8);
}

static unsigned byte_at(uint64_t word, unsigned index) {
  return (unsigned)(word >> index * 8) & 0xff;
}

/* Days since 1970 of a date with a year of four digits. False when there is no such day. */
static bool count_days(unsigned year, unsigned month, unsigned day, int64_t *out_days) {
  static const uint8_t lengths[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  static const uint16_t starts[] = {0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275};
  if (month - 1 >= 12 || day - 1 >= lengths[month]) return false;
  if (month == 2 && day == 29 && !eagre_value_is_leap_year(year)) return false;
  /* Years from March; four hundred more, so that none is negative. */
  unsigned shifted = year + 400 - (month <= 2);
  unsigned days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400;
  *out_days = (int64_t)(days + starts[month] + day - 1) - 146097 - 719468;
  return true;
}

/* "2026-01-01T00:00:00" or with a space: seconds since 1970-01-01 00:00:00 on the wall. */
static bool read_iso(const char *at, int64_t *out_local_s) {
  uint64_t date, clock;
  uint64_t date_headroom = pack("\x76\x76\x76\x76\x7f\x76\x76\x7f");
  uint64_t clock_headroom = pack("\x76\x76\x7f\x76\x76\x7f\x76\x76");
  if (!match_eight(at, pack("0000-00-"), date_headroom, &date) ||
      !match_eight(at + 11, pack("00:00:00"), clock_headroom, &clock) || !eagre_digit_is(at[8]) ||
      !eagre_digit_is(at[9]) || (at[10] != 'T' && at[10] != ' ')) {
    return false;
  }
  date = join_pairs(date);
  clock = join_pairs(clock);
  unsigned day = (unsigned)(at[8] - '0') * 10 + (unsigned)(at[9] - '0');
  unsigned hour = byte_at(clock, 0), minute = byte_at(clock, 3), second = byte_at(clock, 6);
  int64_t days;
  if (hour >= 24 || minute >= 60 || second >= 60 ||
      !count_days(byte_at(date, 0) * 100 + byte_at(date, 2), byte_at(date, 5), day, &days)) {
    return false;
  }
  *out_local_s = days * EAGRE_DAY_S + hour * 3600 + minute * 60 + second;
  return true;
}

/* Digits behind the point as microseconds. Returns where they end. */
static const char *read_fraction(const char *at, const char *end, unsigned *out_microsecond) {
  static const unsigned scales[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
  unsigned value = 0, count = 0;
  for (; at < end && eagre_digit_is(*at); at++) {
    if (count == FRACTION_DIGITS) continue;
    value = value * 10 + (unsigned)(*at - '0');
    count++;
  }
  *out_microsecond = value * scales[count];
  return at;
}

/* The whole text in ISO's shape, with a fraction or not, with "Z" or nothing. False sends it to
 * the general grammar, which decides. */
static bool parse_iso(struct eagre_text text, const struct eagre_zone *zone, int64_t *out_us) {
  int64_t local_s;
  if (text.size < ISO_SIZE || !read_iso(text.data, &local_s)) return false;
  const char *at = text.data + ISO_SIZE, *end = text.data + text.size;
  unsigned microsecond = 0;
  if (at < end && *at == '.') at = read_fraction(at + 1, end, &microsecond);
  bool is_utc = at + 1 == end && *at == 'Z';
  if (at < end && !is_utc) return false;
  /* With a year of four digits nothing overflows. */
  if (!is_utc) local_s -= eagre_zone_offset_of_local(zone, local_s);
  *out_us = local_s * EAGRE_SECOND_US + microsecond;
  return true;
}

/* ---- The general grammar --------------------------------------------------------------------- */

struct parsed_time {
  struct eagre_wall_time time;
  bool has_date;
  struct eagre_text zone; /* empty when there is none */
};

static bool read_two(struct eagre_cursor *cursor, unsigned *out_value) {
  return eagre_cursor_read_number(cursor, 1, 2, out_value);
}

/* What stands behind the seconds. */
static void read_zone(struct eagre_cursor *cursor, struct eagre_text *out_zone) {
  while (cursor->at < cursor->end && (unsigned char)*cursor->at <= ' ') {
    cursor->at++;
  }
  *out_zone = eagre_text_make(cursor->at, (size_t)(cursor->end - cursor->at));
}

/* [":" minute [":" second ["." digits] [zone]]] to the end. */
static bool read_clock_tail(struct eagre_cursor *cursor, struct parsed_time *out) {
  if (eagre_cursor_is_end(cursor)) return true;
  if (!eagre_cursor_skip(cursor, ':') || !read_two(cursor, &out->time.minute)) return false;
  if (eagre_cursor_is_end(cursor)) return true;
  if (!eagre_cursor_skip(cursor, ':') || !read_two(cursor, &out->time.second)) return false;
  if (eagre_cursor_skip(cursor, '.')) {
    cursor->at = read_fraction(cursor->at, cursor->end, &out->time.microsecond);
  }
  if (!eagre_cursor_is_end(cursor)) read_zone(cursor, &out->zone);
  return true;
}

static bool read_clock(struct eagre_cursor *cursor, struct parsed_time *out) {
  return read_two(cursor, &out->time.hour) && read_clock_tail(cursor, out);
}

/* ["-" month ["-" day [("T" | " ") clock]]] to the end. */
static bool read_date_tail(struct eagre_cursor *cursor, struct parsed_time *out) {
  if (eagre_cursor_is_end(cursor)) return true;
  if (!eagre_cursor_skip(cursor, '-') || !read_two(cursor, &out->time.month)) return false;
  if (eagre_cursor_is_end(cursor)) return true;
  if (!eagre_cursor_skip(cursor, '-') || !read_two(cursor, &out->time.day)) return false;
  if (eagre_cursor_is_end(cursor)) return true;
  return (eagre_cursor_skip(cursor, 'T') || eagre_cursor_skip(cursor, ' ')) &&
         read_clock(cursor, out);
}

/* `text` is trimmed; `may_begin_with_t` says that nothing was cut off in front. */
static bool read_time(struct eagre_text text, bool may_begin_with_t, struct parsed_time *out) {
  struct eagre_cursor cursor = eagre_cursor_of(text);
  *out = (struct parsed_time){.time = {.year = 1, .month = 1, .day = 1}};
  if (may_begin_with_t && eagre_cursor_skip(&cursor, 'T')) return read_clock(&cursor, out);
  bool is_negative = eagre_cursor_skip(&cursor, '-');
  bool is_signed = is_negative || eagre_cursor_skip(&cursor, '+');
  const char *start = cursor.at;
  unsigned number;
  if (!eagre_cursor_read_number(&cursor, 1, 6, &number)) return false;
  ptrdiff_t digit_count = cursor.at - start;
  if (!is_signed && digit_count <= 2 && eagre_cursor_is_next(&cursor, ':')) {
    out->time.hour = number;
    return read_clock_tail(&cursor, out);
  }
  if (digit_count < 4) return false;
  out->has_date = true;
  out->time.year = is_negative ? -(int64_t)number : number;
  return read_date_tail(&cursor, out);
}

/* A zone of the text or of the session: a region, or else a fixed offset. */
struct chosen_zone {
  const struct eagre_zone *zone; /* NULL: `offset_s` */
  int32_t offset_s;
};

static bool choose_zone(struct eagre_text name, const struct eagre_zone *session,
                        struct chosen_zone *out) {
  *out = (struct chosen_zone){session, 0};
  if (name.size == 0) return true;
  switch (eagre_zone_classify(name, &out->offset_s)) {
  case EAGRE_ZONE_FIXED:
    out->zone = NULL;
    return true;
  case EAGRE_ZONE_REGION:
    out->zone = eagre_zone_find_region(session, name);
    return out->zone != NULL;
  default:
    return false;
  }
}

static void set_today(const struct chosen_zone *chosen, int64_t now_us,
                      struct eagre_wall_time *time) {
  int32_t offset_s =
      chosen->zone == NULL ? chosen->offset_s : eagre_zone_offset_at(chosen->zone, now_us);
  struct eagre_wall_time now;
  eagre_wall_time_of_instant(now_us, offset_s, &now);
  time->year = now.year;
  time->month = now.month;
  time->day = now.day;
}

static enum eagre_value_result parse_general(struct eagre_text text, const struct eagre_zone *zone,
                                             int64_t now_us, int64_t *out_us) {
  struct eagre_text trimmed = eagre_text_trim(text);
  struct parsed_time parsed;
  struct chosen_zone chosen;
  if (trimmed.size == 0 || !read_time(trimmed, trimmed.data == text.data, &parsed) ||
      !choose_zone(parsed.zone, zone, &chosen)) {
    return EAGRE_VALUE_INVALID;
  }
  if (!parsed.has_date) set_today(&chosen, now_us, &parsed.time);
  if (!eagre_wall_time_is_valid(&parsed.time)) return EAGRE_VALUE_INVALID;
  if (chosen.zone != NULL) return eagre_wall_time_to_instant(&parsed.time, chosen.zone, out_us);
  return eagre_wall_time_to_instant_at(&parsed.time, chosen.offset_s, out_us);
}

enum eagre_value_result eagre_value_parse_timestamp(struct eagre_text text,
                                                    const struct eagre_zone *zone, int64_t now_us,
                                                    int64_t *out_us) {
  if (parse_iso(text, zone, out_us)) return EAGRE_VALUE_OK;
  return parse_general(text, zone, now_us, out_us);
}

enum eagre_value_result eagre_value_parse_timestamp_ntz(struct eagre_text text,
                                                        const struct eagre_zone *zone,
                                                        bool allows_zone, int64_t *out_us) {
  int64_t local_s;
  if (text.size == ISO_SIZE && read_iso(text.data, &local_s)) {
    *out_us = local_s * EAGRE_SECOND_US;
    return EAGRE_VALUE_OK;
  }
  struct eagre_text trimmed = eagre_text_trim(text);
  struct parsed_time parsed;
  struct chosen_zone ignored;
  bool is_read = trimmed.size > 0 && read_time(trimmed, trimmed.data == text.data, &parsed) &&
                 parsed.has_date && (parsed.zone.size == 0 || allows_zone) &&
                 choose_zone(parsed.zone, zone, &ignored) && eagre_wall_time_is_valid(&parsed.time);
  if (!is_read) return EAGRE_VALUE_INVALID;
  return eagre_wall_time_to_instant_at(&parsed.time, 0, out_us);
}
