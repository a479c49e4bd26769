/* Values of the interval types as text, in the units that the type has (Spark's
 * toYearMonthIntervalString, toDayTimeIntervalString, castStringToDTInterval and its like).
 *
 *   text = body | "INTERVAL" spaces [sign] "'" body "'" spaces units
 *   body = [sign] number { separator number }
 *
 * The first number is as long as its unit allows, the others have one or two digits and their
 * natural range: INTERVAL '26:03' HOUR TO MINUTE. Only seconds have a fraction. */
#include "value/value.h"

#include "value/value_cursor.h"
#include "value/value_time.h"

/* What stands in front of a unit that is not the first one. */
static const char separators[EAGRE_INTERVAL_UNIT_count] = {0, '-', 0, ' ', ':', ':'};

int64_t eagre_value_interval_unit_size(enum eagre_interval_unit unit) {
  static const int64_t sizes[EAGRE_INTERVAL_UNIT_count] = {
      12, 1, EAGRE_DAY_US, 3600 * EAGRE_SECOND_US, 60 * EAGRE_SECOND_US, EAGRE_SECOND_US};
  return sizes[unit];
}

/* ---- Printing -------------------------------------------------------------------------------- */

/* "05", "05.25" */
static void print_seconds(uint64_t us, struct eagre_buffer *out) {
  unsigned fraction = (unsigned)(us % EAGRE_SECOND_US);
  eagre_buffer_printf(out, "%02llu", (unsigned long long)(us / EAGRE_SECOND_US));
  if (fraction == 0) return;
  char digits[8];
  eagre_digits_put(digits, 6, fraction);
  size_t size = 6;
  while (digits[size - 1] == '0') {
    size--;
  }
  eagre_buffer_append_char(out, '.');
  eagre_buffer_append(out, digits, size);
}

/* Days, years and months stand as they are, shorter units with two digits. */
static uint64_t print_unit(enum eagre_interval_unit unit, uint64_t rest, struct eagre_buffer *out) {
  if (unit == EAGRE_INTERVAL_SECOND) {
    print_seconds(rest, out);
    return 0;
  }
  uint64_t size = (uint64_t)eagre_value_interval_unit_size(unit);
  eagre_buffer_printf(out, unit <= EAGRE_INTERVAL_DAY ? "%llu" : "%02llu",
                      (unsigned long long)(rest / size));
  return rest % size;
}

void eagre_value_print_interval_as(int64_t value, const struct eagre_type *type,
                                   struct eagre_buffer *out) {
  uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
  eagre_buffer_append_string(out, value < 0 ? "INTERVAL '-" : "INTERVAL '");
  for (unsigned unit = type->precision; unit <= type->scale; unit++) {
    if (unit > type->precision) eagre_buffer_append_char(out, separators[unit]);
    rest = print_unit((enum eagre_interval_unit)unit, rest, out);
  }
  eagre_buffer_append_string(out, "' ");
  eagre_type_print_units(out, type);
}

void eagre_value_print_interval(int64_t us, struct eagre_buffer *out) {
  eagre_value_print_interval_as(us, eagre_type_of(EAGRE_TYPE_INTERVAL_DAY), out);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static bool skip_sign(struct eagre_cursor *cursor, bool *inout_is_negative) {
  if (eagre_cursor_skip(cursor, '-')) {
    *inout_is_negative = !*inout_is_negative;
    return true;
  }
  return eagre_cursor_skip(cursor, '+');
}

static bool skip_spaces(struct eagre_cursor *cursor) {
  const char *start = cursor->at;
  while (!eagre_cursor_is_end(cursor) && (unsigned char)*cursor->at <= ' ') {
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

/* At most `count_max` digits, and at least one. */
static bool read_digits(struct eagre_cursor *cursor, unsigned count_max, int64_t *out) {
  const char *start = cursor->at;
  *out = 0;
  for (; eagre_cursor_is_digit(cursor); cursor->at++) {
    if (cursor->at - start >= (ptrdiff_t)count_max) return false;
    *out = *out * 10 + (*cursor->at - '0');
  }
  return cursor->at > start;
}

/* ".5": up to nine digits, cut to microseconds. */
static bool read_fraction(struct eagre_cursor *cursor, int64_t *out_us) {
  *out_us = 0;
  if (!eagre_cursor_skip(cursor, '.')) return true;
  const char *start = cursor->at;
  int64_t nanoseconds;
  if (!read_digits(cursor, 9, &nanoseconds)) return false;
  for (ptrdiff_t count = cursor->at - start; count < 9; count++) {
    nanoseconds *= 10;
  }
  *out_us = nanoseconds / 1000;
  return true;
}

/* One unit, added to the total, which counts downward so that the least value can be read. */
static enum eagre_value_result read_unit(struct eagre_cursor *cursor, enum eagre_interval_unit unit,
                                         bool is_first, int64_t *inout_total) {
  static const uint8_t first_digits[EAGRE_INTERVAL_UNIT_count] = {10, 10, 9, 10, 12, 13};
  static const uint8_t limits[EAGRE_INTERVAL_UNIT_count] = {0, 11, 0, 23, 59, 59};
  int64_t number, product, fraction_us = 0;
  if (!is_first && !eagre_cursor_skip(cursor, separators[unit])) return EAGRE_VALUE_INVALID;
  /* Behind the years any number of months is read, and found to be too large. */
  unsigned digits_max = is_first || unit == EAGRE_INTERVAL_MONTH ? first_digits[unit] : 2;
  if (!read_digits(cursor, digits_max, &number)) return EAGRE_VALUE_INVALID;
  if (unit == EAGRE_INTERVAL_SECOND && !read_fraction(cursor, &fraction_us)) {
    return EAGRE_VALUE_INVALID;
  }
  if (!is_first && number > limits[unit]) return EAGRE_VALUE_OVERFLOW;
  bool fits = !__builtin_mul_overflow(number, eagre_value_interval_unit_size(unit), &product) &&
              !__builtin_sub_overflow(*inout_total, product, inout_total) &&
              !__builtin_sub_overflow(*inout_total, fraction_us, inout_total);
  return fits ? EAGRE_VALUE_OK : EAGRE_VALUE_OVERFLOW;
}

/* "INTERVAL '": also its sign. False when the text does not begin like that. */
static bool read_head(struct eagre_cursor *cursor, bool *inout_is_negative) {
  struct eagre_cursor copy = *cursor;
  bool is_negative = *inout_is_negative;
  if (!skip_word(&copy, EAGRE_TEXT("INTERVAL")) || !skip_spaces(&copy)) return false;
  skip_sign(&copy, &is_negative);
  if (!eagre_cursor_skip(&copy, '\'')) return false;
  *inout_is_negative = is_negative;
  *cursor = copy;
  return true;
}

/* "' DAY TO SECOND" to the end. */
static bool read_tail(struct eagre_cursor *cursor, const struct eagre_type *type) {
  if (!eagre_cursor_skip(cursor, '\'') || !skip_spaces(cursor)) return false;
  struct eagre_buffer units = {0};
  eagre_type_print_units(&units, type);
  struct eagre_text rest = eagre_buffer_text(&units);
  bool is_read = true;
  while (is_read && rest.size > 0) {
    size_t size = 0;
    while (size < rest.size && rest.data[size] != ' ') {
      size++;
    }
    is_read = skip_word(cursor, eagre_text_make(rest.data, size));
    rest = eagre_text_make(rest.data + size, rest.size - size);
    if (rest.size == 0) break;
    rest = eagre_text_make(rest.data + 1, rest.size - 1);
    is_read = is_read && skip_spaces(cursor);
  }
  eagre_buffer_done(&units);
  return is_read;
}

enum eagre_value_result eagre_value_parse_interval_as(struct eagre_text text,
                                                      const struct eagre_type *type,
                                                      int64_t *out_value) {
  text = eagre_text_trim(text);
  if (text.size == 0) return EAGRE_VALUE_INVALID;
  struct eagre_cursor cursor = eagre_cursor_of(text);
  bool is_negative = false;
  bool is_literal = read_head(&cursor, &is_negative);
  skip_sign(&cursor, &is_negative);
  int64_t total = 0;
  enum eagre_value_result worst = EAGRE_VALUE_OK;
  for (unsigned unit = type->precision; unit <= type->scale; unit++) {
    enum eagre_value_result result =
        read_unit(&cursor, (enum eagre_interval_unit)unit, unit == type->precision, &total);
    if (result == EAGRE_VALUE_INVALID) return result;
    if (result == EAGRE_VALUE_OVERFLOW) worst = result;
  }
  if (is_literal && !read_tail(&cursor, type)) return EAGRE_VALUE_INVALID;
  if (!eagre_cursor_is_end(&cursor)) return EAGRE_VALUE_INVALID;
  bool is_year = type->kind == EAGRE_TYPE_INTERVAL_YEAR;
  int64_t least = is_year ? INT32_MIN : INT64_MIN;
  if (total < least || (!is_negative && total == least)) worst = EAGRE_VALUE_OVERFLOW;
  if (worst == EAGRE_VALUE_OK) *out_value = is_negative ? total : -total;
  return worst;
}
