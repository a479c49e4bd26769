/* What from_json tries when the grammar of CAST refuses a date or timestamp (spark-semantics 5.4):
 * the grammar again without any "GMT", wherever it stands, and for dates a number of days. */
#include "value/value.h"

#include "value/value_time.h"

/* Longer texts are copied to the heap; a fraction of hundreds of digits, or as many spaces, can
 * make such a text valid. */
enum { SHORT_SIZE = 256 };

struct cleaned {
  char short_copy[SHORT_SIZE];
  char *copy;
  struct eagre_text text;
};

/* Where the next "GMT" begins, or `end`. */
static const char *find_gmt(const char *at, const char *end) {
  const char *found = memmem(at, (size_t)(end - at), "GMT", 3);
  return found == NULL ? end : found;
}

/* False when there is nothing to remove; else ended by `done_cleaned`. */
static bool init_cleaned(struct cleaned *cleaned, struct eagre_text text) {
  if (text.size < 3) return false;
  const char *at = text.data, *end = text.data + text.size;
  const char *found = find_gmt(at, end);
  if (found == end) return false;
  cleaned->copy = text.size <= SHORT_SIZE ? cleaned->short_copy : eagre_allocate(text.size);
  size_t size = 0;
  for (;;) {
    memcpy(cleaned->copy + size, at, (size_t)(found - at));
    size += (size_t)(found - at);
    if (found == end) break;
    at = found + 3;
    found = find_gmt(at, end);
  }
  cleaned->text = eagre_text_make(cleaned->copy, size);
  return true;
}

static void done_cleaned(struct cleaned *cleaned) {
  if (cleaned->copy != cleaned->short_copy) eagre_free(cleaned->copy);
}

enum eagre_value_result eagre_value_parse_json_timestamp(struct eagre_text text,
                                                         const struct eagre_zone *zone,
                                                         int64_t now_us, int64_t *out_us) {
  enum eagre_value_result result = eagre_value_parse_timestamp(text, zone, now_us, out_us);
  struct cleaned cleaned;
  if (result == EAGRE_VALUE_OK || !init_cleaned(&cleaned, text)) return result;
  result = eagre_value_parse_timestamp(cleaned.text, zone, now_us, out_us);
  done_cleaned(&cleaned);
  return result;
}

static bool is_trimmed_at_ends(struct eagre_text text) {
  struct eagre_text trimmed = eagre_text_trim(text);
  return trimmed.size == text.size;
}

/* Days since 1970-01-01, as Spark 1.5 wrote dates: not trimmed, an int32. */
static enum eagre_value_result parse_day_number(struct eagre_text text, int32_t *out_days) {
  int64_t days;
  if (!is_trimmed_at_ends(text)) return EAGRE_VALUE_INVALID;
  enum eagre_value_result result = eagre_value_parse_integer(text, &days);
  if (result != EAGRE_VALUE_OK) return result;
  if (days < INT32_MIN || days > INT32_MAX) return EAGRE_VALUE_OVERFLOW;
  *out_days = (int32_t)days;
  return EAGRE_VALUE_OK;
}

enum eagre_value_result eagre_value_parse_json_date(struct eagre_text text, int32_t *out_days) {
  enum eagre_value_result result = eagre_value_parse_date(text, out_days);
  if (result == EAGRE_VALUE_OK) return result;
  struct cleaned cleaned;
  if (init_cleaned(&cleaned, text)) {
    result = eagre_value_parse_date(cleaned.text, out_days);
    done_cleaned(&cleaned);
    if (result == EAGRE_VALUE_OK) return result;
  }
  return parse_day_number(text, out_days);
}
