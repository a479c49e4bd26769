/* Integers and booleans <-> text, by the grammar of CAST (spark-semantics 10). */
#include "value/value.h"

#include "value/value_digits.h"

enum { SAFE_DIGITS = 18 }; /* as many digits always fit an int64 */

/* What CAST trims: white space and control characters. Most texts have none. */
static struct eagre_text trim(struct eagre_text text) {
  if (text.size == 0) return text;
  unsigned char first = (unsigned char)text.data[0];
  unsigned char last = (unsigned char)text.data[text.size - 1];
  if (first > 0x20 && first != 0x7f && last > 0x20 && last != 0x7f) return text;
  return eagre_text_trim(text);
}

/* The exact value of more digits than surely fit. All of them have been seen to be digits. */
static enum eagre_value_result sum_many_digits(const char *at, const char *end, bool is_negative,
                                               int64_t *out_value) {
  int64_t value = 0;
  for (; at < end; at++) {
    /* Towards the sign, because -2^63 has no positive twin. */
    int64_t digit = is_negative ? '0' - *at : *at - '0';
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) {
      return EAGRE_VALUE_OVERFLOW;
    }
  }
  *out_value = value;
  return EAGRE_VALUE_OK;
}

/* The integer at the front of [*at, end); `*at` moves behind it. INVALID when there is no digit. */
static enum eagre_value_result scan_integer(const char **at, const char *end, int64_t *out_value) {
  const char *digits = *at;
  bool is_negative = digits < end && *digits == '-';
  if (is_negative || (digits < end && *digits == '+')) digits++;
  uint64_t magnitude = 0;
  const char *stop = eagre_digits_scan(digits, end, &magnitude);
  *at = stop;
  if (stop == digits) return EAGRE_VALUE_INVALID;
  if (stop - digits > SAFE_DIGITS) return sum_many_digits(digits, stop, is_negative, out_value);
  *out_value = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
  return EAGRE_VALUE_OK;
}

enum eagre_value_result eagre_value_parse_integer(struct eagre_text text, int64_t *out_value) {
  text = trim(text);
  if (text.size == 0) return EAGRE_VALUE_INVALID;
  const char *at = text.data;
  const char *end = text.data + text.size;
  int64_t value;
  enum eagre_value_result result = scan_integer(&at, end, &value);
  if (at != end) return EAGRE_VALUE_INVALID;
  if (result == EAGRE_VALUE_OK) *out_value = value;
  return result;
}

enum eagre_value_result eagre_value_parse_integer_truncated(struct eagre_text text,
                                                            int64_t *out_value) {
  text = trim(text);
  if (text.size == 0) return EAGRE_VALUE_INVALID;
  const char *at = text.data;
  const char *end = text.data + text.size;
  int64_t value = 0;
  enum eagre_value_result result = scan_integer(&at, end, &value);
  bool has_point = at < end && *at == '.';
  if (has_point) {
    const char *fraction = at + 1;
    uint64_t unused = 0;
    at = eagre_digits_scan(fraction, end, &unused);
    /* ".5" and "-.5" are zero, a lone "." is Spark's zero as well. */
    if (result == EAGRE_VALUE_INVALID) result = EAGRE_VALUE_OK;
  }
  if (at != end) return EAGRE_VALUE_INVALID;
  if (result == EAGRE_VALUE_OK) *out_value = value;
  return result;
}

static bool is_one_of(struct eagre_text text, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (eagre_text_equal_ignoring_case(text, eagre_text_of(words[i]))) return true;
  }
  return false;
}

enum eagre_value_result eagre_value_parse_boolean(struct eagre_text text, bool *out_value) {
  static const char *const true_words[] = {"true", "t", "yes", "y", "1"};
  static const char *const false_words[] = {"false", "f", "no", "n", "0"};
  text = trim(text);
  if (is_one_of(text, true_words, EAGRE_COUNT_OF(true_words))) {
    *out_value = true;
    return EAGRE_VALUE_OK;
  }
  if (is_one_of(text, false_words, EAGRE_COUNT_OF(false_words))) {
    *out_value = false;
    return EAGRE_VALUE_OK;
  }
  return EAGRE_VALUE_INVALID;
}

size_t eagre_value_print_integer(int64_t value, char *out) {
  static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                              "25262728293031323334353637383940414243444546474849"
                              "50515253545556575859606162636465666768697071727374"
                              "75767778798081828384858687888990919293949596979899";
  uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
  size_t sign_size = value < 0;
  size_t size = sign_size + eagre_digits_count(rest);
  out[0] = '-';
  char *at = out + size;
  while (rest >= 100) {
    at -= 2;
    memcpy(at, pairs + rest % 100 * 2, 2);
    rest /= 100;
  }
  if (rest >= 10) {
    memcpy(at - 2, pairs + rest * 2, 2);
  } else {
    at[-1] = (char)('0' + rest);
  }
  return size;
}
