/* Interval text -> months and microseconds (Spark's stringToInterval).
 *
 *   text = ["interval" space] part { space part }
 *   part = [sign] [space] number space unit ["s"]
 *
 * Only seconds may have a fraction, of at most nine digits, cut to microseconds. Days and weeks
 * have 24 and 7 * 24 hours here. A sign belongs to its own part. */
#include "value/value.h"

#include "value/value_cursor.h"
#include "value/value_time.h"

struct part {
  int64_t number;
  int64_t fraction_us;
  bool has_fraction;
};

struct unit {
  const char *name;
  int64_t us; /* 0 for those counted in months */
  int64_t months;
};

static const struct unit units[] = {
    {"year", 0, 12},
    {"month", 0, 1},
    {"week", 7 * EAGRE_DAY_US, 0},
    {"day", EAGRE_DAY_US, 0},
    {"hour", 3600 * EAGRE_SECOND_US, 0},
    {"minute", 60 * EAGRE_SECOND_US, 0},
    {"second", EAGRE_SECOND_US, 0},
    {"millisecond", 1000, 0},
    {"microsecond", 1, 0},
};

/* Java's Character.isWhitespace for ASCII. */
static bool is_space(char character) {
  unsigned char byte = (unsigned char)character;
  return byte == ' ' || (byte >= 9 && byte <= 13) || (byte >= 28 && byte <= 31);
}

static bool skip_spaces(struct eagre_cursor *cursor) {
  const char *start = cursor->at;
  while (!eagre_cursor_is_end(cursor) && is_space(*cursor->at)) {
    cursor->at++;
  }
  return cursor->at > start;
}

static bool skip_word(struct eagre_cursor *cursor, struct eagre_text word) {
  if ((size_t)(cursor->end - cursor->at) < word.size) return false;
  struct eagre_text front = eagre_text_make(cursor->at, word.size);
  if (!eagre_text_equal_ignoring_case(front, word)) return false;
  cursor->at += word.size;
  return true;
}

/* Digits behind the point, at least one when nothing at all stood before it. */
static bool read_fraction(struct eagre_cursor *cursor, bool is_alone, int64_t *out_us) {
  int64_t nanoseconds = 0;
  int64_t scale = 100000000;
  bool is_empty = true;
  for (; eagre_cursor_is_digit(cursor); cursor->at++) {
    if (scale == 0) return false;
    nanoseconds += (*cursor->at - '0') * scale;
    scale /= 10;
    is_empty = false;
  }
  *out_us = nanoseconds / 1000;
  return !(is_alone && is_empty);
}

/* "-1", "+ 1", "1.5", ".5", "1." */
static enum eagre_value_result read_number(struct eagre_cursor *cursor, struct part *out) {
  *out = (struct part){0};
  bool is_negative = eagre_cursor_skip(cursor, '-');
  bool is_signed = is_negative || eagre_cursor_skip(cursor, '+');
  if (is_signed) skip_spaces(cursor);
  bool has_digits = eagre_cursor_is_digit(cursor);
  for (; eagre_cursor_is_digit(cursor); cursor->at++) {
    if (__builtin_mul_overflow(out->number, 10, &out->number) ||
        __builtin_add_overflow(out->number, *cursor->at - '0', &out->number)) {
      return EAGRE_VALUE_OVERFLOW;
    }
  }
  out->has_fraction = eagre_cursor_skip(cursor, '.');
  if (out->has_fraction && !read_fraction(cursor, !has_digits && !is_signed, &out->fraction_us)) {
    return EAGRE_VALUE_INVALID;
  }
  if (!has_digits && !out->has_fraction) return EAGRE_VALUE_INVALID;
  if (is_negative) {
    out->number = -out->number;
    out->fraction_us = -out->fraction_us;
  }
  return EAGRE_VALUE_OK;
}

static const struct unit *read_unit(struct eagre_cursor *cursor) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(units); i++) {
    if (!skip_word(cursor, eagre_text_of(units[i].name))) continue;
    if (!eagre_cursor_skip(cursor, 's')) eagre_cursor_skip(cursor, 'S');
    return eagre_cursor_is_end(cursor) || is_space(*cursor->at) ? &units[i] : NULL;
  }
  return NULL;
}

/* total += number * scale */
static bool add_product(int64_t *total, int64_t number, int64_t scale) {
  int64_t product;
  return !__builtin_mul_overflow(number, scale, &product) &&
         !__builtin_add_overflow(*total, product, total);
}

static enum eagre_value_result read_part(struct eagre_cursor *cursor, int64_t *months,
                                         int64_t *us) {
  struct part part;
  enum eagre_value_result result = read_number(cursor, &part);
  if (result != EAGRE_VALUE_OK) return result;
  if (!skip_spaces(cursor)) return EAGRE_VALUE_INVALID;
  const struct unit *unit = read_unit(cursor);
  if (unit == NULL || (part.has_fraction && unit->us != EAGRE_SECOND_US)) {
    return EAGRE_VALUE_INVALID;
  }
  bool fits = add_product(months, part.number, unit->months) &&
              add_product(us, part.number, unit->us) && add_product(us, part.fraction_us, 1);
  return fits ? EAGRE_VALUE_OK : EAGRE_VALUE_OVERFLOW;
}

enum eagre_value_result eagre_value_parse_interval(struct eagre_text text, int64_t *out_months,
                                                   int64_t *out_us) {
  text = eagre_text_trim(text);
  if (text.size == 0) return EAGRE_VALUE_INVALID;
  struct eagre_cursor cursor = eagre_cursor_of(text);
  if (skip_word(&cursor, EAGRE_TEXT("interval")) && !skip_spaces(&cursor)) {
    return EAGRE_VALUE_INVALID;
  }
  int64_t months = 0, us = 0;
  while (!eagre_cursor_is_end(&cursor)) {
    enum eagre_value_result result = read_part(&cursor, &months, &us);
    if (result != EAGRE_VALUE_OK) return result;
    skip_spaces(&cursor);
  }
  if (months < INT32_MIN || months > INT32_MAX) return EAGRE_VALUE_OVERFLOW;
  *out_months = months;
  *out_us = us;
  return EAGRE_VALUE_OK;
}
