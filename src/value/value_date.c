/* Text -> DATE by the grammar of CAST (spark-semantics 5.4).
 *
 *   text = [sign] year ["-" month ["-" day [("T" | " ") anything]]]
 *
 * A year has 4 to 7 digits here (a TIMESTAMP has no room for 7). */
#include "value/value.h"

#include "value/value_cursor.h"
#include "value/value_time.h"

/* "-" and one or two digits. */
static bool read_part(struct eagre_cursor *cursor, unsigned *out_value) {
  return eagre_cursor_skip(cursor, '-') && eagre_cursor_read_number(cursor, 1, 2, out_value);
}

static bool read_date(struct eagre_text text, struct eagre_wall_time *out) {
  struct eagre_cursor cursor = eagre_cursor_of(text);
  bool is_negative = eagre_cursor_skip(&cursor, '-');
  if (!is_negative) eagre_cursor_skip(&cursor, '+');
  unsigned year;
  if (!eagre_cursor_read_number(&cursor, 4, 7, &year)) return false;
  *out = (struct eagre_wall_time){.month = 1, .day = 1};
  out->year = is_negative ? -(int64_t)year : year;
  if (eagre_cursor_is_end(&cursor)) return true;
  if (!read_part(&cursor, &out->month)) return false;
  if (eagre_cursor_is_end(&cursor)) return true;
  if (!read_part(&cursor, &out->day)) return false;
  return eagre_cursor_is_end(&cursor) || *cursor.at == 'T' || *cursor.at == ' ';
}

enum eagre_value_result eagre_value_parse_date(struct eagre_text text, int32_t *out_days) {
  text = eagre_text_trim(text);
  struct eagre_wall_time date;
  if (text.size == 0 || !read_date(text, &date) || !eagre_wall_time_is_valid(&date)) {
    return EAGRE_VALUE_INVALID;
  }
  int64_t days = eagre_value_days_from_civil(date.year, date.month, date.day);
  if (days < INT32_MIN || days > INT32_MAX) return EAGRE_VALUE_OVERFLOW;
  *out_days = (int32_t)days;
  return EAGRE_VALUE_OK;
}
