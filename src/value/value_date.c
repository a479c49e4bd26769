/* Text -> DATE by the grammar of CAST (spark-semantics 5.4).
 *
 *   text = [sign] year ["-" month ["-" day [("T" | " ") anything]]]
 *
 * A year has 4 to 7 digits here (a TIMESTAMP has no room for 7). */
#include "value/value.h"

#include "value/value_digits.h"
#include "value/value_time.h"

/* Digits from *at on, at most `count_max`; returns how many there are. */
static unsigned read_digits(const char **at, const char *end, unsigned count_max,
                            unsigned *out_value) {
  unsigned count = 0;
  *out_value = 0;
  for (; *at < end && eagre_digit_is(**at); (*at)++) {
    if (count <= count_max) *out_value = *out_value * 10 + (unsigned)(**at - '0');
    count++;
  }
  return count;
}

/* "-" and one or two digits. */
static bool read_part(const char **at, const char *end, unsigned *out_value) {
  if (**at != '-') return false;
  (*at)++;
  unsigned count = read_digits(at, end, 2, out_value);
  return count >= 1 && count <= 2;
}

static bool read_date(const char *at, const char *end, struct eagre_wall_time *out) {
  bool is_negative = *at == '-';
  if (is_negative || *at == '+') at++;
  unsigned year;
  unsigned digit_count = read_digits(&at, end, 7, &year);
  if (digit_count < 4 || digit_count > 7) return false;
  *out = (struct eagre_wall_time){.month = 1, .day = 1};
  out->year = is_negative ? -(int64_t)year : year;
  if (at == end) return true;
  if (!read_part(&at, end, &out->month)) return false;
  if (at == end) return true;
  if (!read_part(&at, end, &out->day)) return false;
  return at == end || *at == 'T' || *at == ' ';
}

enum eagre_value_result eagre_value_parse_date(struct eagre_text text, int32_t *out_days) {
  text = eagre_text_trim(text);
  struct eagre_wall_time date;
  if (text.size == 0 || !read_date(text.data, text.data + text.size, &date) ||
      !eagre_wall_time_is_valid(&date)) {
    return EAGRE_VALUE_INVALID;
  }
  int64_t days = eagre_value_days_from_civil(date.year, date.month, date.day);
  if (days < INT32_MIN || days > INT32_MAX) return EAGRE_VALUE_OVERFLOW;
  *out_days = (int32_t)days;
  return EAGRE_VALUE_OK;
}
