/* format_number: a number with groups of digits, with a number of places or by a pattern of Java's
 * DecimalFormat. Of patterns, exponents, currency and per mille signs are refused. */
#include <math.h>
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_digits.h"
#include "expression/expression_functions.h"
#include "expression/expression_text.h"

/* What a pattern says. */
struct number_pattern {
  int group_size; /* 0: no groups */
  int integer_min;
  int fraction_min;
  int fraction_max;
  bool is_percent;
  struct eagre_buffer affixes[4]; /* prefix and suffix, and those of negative numbers */
  bool has_negative;
};

enum { PREFIX, SUFFIX, NEGATIVE_PREFIX, NEGATIVE_SUFFIX };
enum { FRACTION_MAX = 340 };

static void free_pattern(struct number_pattern *pattern) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(pattern->affixes); i++) {
    eagre_buffer_done(&pattern->affixes[i]);
  }
}

/* ---- Reading -------------------------------------------------------------------------------- */

struct pattern_cursor {
  struct eagre_text text;
  size_t at;
};

static char peek(const struct pattern_cursor *cursor) {
  return cursor->at < cursor->text.size ? cursor->text.data[cursor->at] : '\0';
}

/* Text before or behind the number, up to a character of the number or ';'. NULL, or what is wrong.
 */
static const char *read_affix(struct pattern_cursor *cursor, bool is_prefix,
                              struct number_pattern *pattern, struct eagre_buffer *out) {
  bool is_quoted = false;
  for (; cursor->at < cursor->text.size; cursor->at++) {
    char c = peek(cursor);
    if (c == '\'') {
      bool is_twice = cursor->at + 1 < cursor->text.size && cursor->text.data[cursor->at + 1] == c;
      if (is_twice) {
        eagre_buffer_append_char(out, c);
        cursor->at++;
      } else {
        is_quoted = !is_quoted;
      }
      continue;
    }
    if (!is_quoted) {
      if (c == ';') break;
      if (strchr("#0,.", c) != NULL) {
        if (is_prefix) break;
        return "a part of the number stands behind its end";
      }
      if ((unsigned char)c == 0xe2 || (unsigned char)c == 0xc2) {
        return "signs of currency and per mille are not supported";
      }
      if (c == '%') pattern->is_percent = true;
    }
    eagre_buffer_append_char(out, c);
  }
  return is_quoted ? "a quote is not closed" : NULL;
}

/* #,##0.00## */
static const char *read_body(struct pattern_cursor *cursor, struct number_pattern *pattern) {
  int digits = 0;
  bool has_group = false;
  for (;; cursor->at++) {
    char c = peek(cursor);
    if (c == ',') {
      has_group = true;
      pattern->group_size = 0;
    } else if (c == '0' || c == '#') {
      if (c == '#' && pattern->integer_min > 0) return "'#' stands behind '0'";
      pattern->integer_min += c == '0';
      pattern->group_size += has_group;
      digits++;
    } else {
      break;
    }
  }
  if (has_group && pattern->group_size == 0) return "no digit stands behind ','";
  if (peek(cursor) == '.') {
    for (cursor->at++; peek(cursor) == '0' || peek(cursor) == '#'; cursor->at++) {
      if (peek(cursor) == '0') {
        if (pattern->fraction_max > pattern->fraction_min) return "'0' stands behind '#'";
        pattern->fraction_min++;
      }
      pattern->fraction_max++;
    }
    if (digits == 0 && pattern->fraction_max > 0) digits = 1;
  }
  if (peek(cursor) == 'E') return "exponents are not supported";
  if (pattern->fraction_max > FRACTION_MAX) return "it has too many digits";
  return digits == 0 ? "it has no digits" : NULL;
}

/* NULL, or what is wrong with the pattern. */
static const char *read_pattern(struct eagre_text text, struct number_pattern *out) {
  struct pattern_cursor cursor = {text, 0};
  const char *problem = read_affix(&cursor, true, out, &out->affixes[PREFIX]);
  if (problem == NULL) problem = read_body(&cursor, out);
  if (problem == NULL) problem = read_affix(&cursor, false, out, &out->affixes[SUFFIX]);
  if (problem != NULL || peek(&cursor) != ';') return problem;
  struct number_pattern ignored = {0};
  cursor.at++;
  out->has_negative = true;
  problem = read_affix(&cursor, true, out, &out->affixes[NEGATIVE_PREFIX]);
  if (problem == NULL) problem = read_body(&cursor, &ignored);
  if (problem == NULL) problem = read_affix(&cursor, false, out, &out->affixes[NEGATIVE_SUFFIX]);
  return problem;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static void put_digits(const struct number_pattern *pattern, const struct eagre_digits *digits,
                       struct eagre_buffer *out) {
  int integers = digits->point > pattern->integer_min ? digits->point : pattern->integer_min;
  int places = digits->count - digits->point;
  if (places < pattern->fraction_min) places = pattern->fraction_min;
  if (integers == 0 && places == 0) integers = 1;
  for (int weight = integers - 1; weight >= 0; weight--) {
    eagre_buffer_append_char(out, eagre_digits_at(digits, weight));
    bool ends_group = pattern->group_size > 0 && weight > 0 && weight % pattern->group_size == 0;
    if (ends_group) eagre_buffer_append_char(out, ',');
  }
  if (places > 0) eagre_buffer_append_char(out, '.');
  for (int place = 1; place <= places; place++) {
    eagre_buffer_append_char(out, eagre_digits_at(digits, -place));
  }
}

static void put_affix(const struct number_pattern *pattern, bool is_negative, int which,
                      struct eagre_buffer *out) {
  bool is_own = is_negative && pattern->has_negative;
  if (is_negative && !is_own && which == PREFIX) eagre_buffer_append_char(out, '-');
  struct eagre_text text = eagre_buffer_text(&pattern->affixes[is_own ? which + 2 : which]);
  eagre_buffer_append(out, text.data, text.size);
}

/* Numbers that are not finite have no digits. */
static void put_number(const struct number_pattern *pattern, const struct eagre_digits *digits,
                       const char *word, struct eagre_buffer *out) {
  put_affix(pattern, digits->is_negative, PREFIX, out);
  if (word != NULL) {
    eagre_buffer_append_string(out, word);
  } else {
    put_digits(pattern, digits, out);
  }
  put_affix(pattern, digits->is_negative, SUFFIX, out);
}

static void format_double(const struct number_pattern *pattern, double value,
                          struct eagre_buffer *out) {
  struct eagre_digits digits = {.is_negative = signbit(value) != 0};
  if (isnan(value)) {
    eagre_buffer_append_string(out, "NaN");
    return;
  }
  if (pattern->is_percent) value *= 100;
  if (!isinf(value)) {
    eagre_digits_of_double(value, &digits);
    eagre_digits_round_double(value, pattern->fraction_max, &digits);
  }
  put_number(pattern, &digits, isinf(value) ? "∞" : NULL, out);
}

static void format_row(const struct number_pattern *pattern, const struct eagre_vector *vector,
                       uint32_t row, struct eagre_buffer *out) {
  struct eagre_digits digits;
  uint32_t index = eagre_vector_index(vector, row);
  if (vector->type->kind == EAGRE_TYPE_DOUBLE) {
    format_double(pattern, EAGRE_VALUES(double, vector)[index], out);
    return;
  }
  if (vector->type->kind == EAGRE_TYPE_DECIMAL) {
    eagre_digits_of_decimal(EAGRE_VALUES(eagre_decimal, vector)[index], vector->type->scale,
                            &digits);
  } else {
    eagre_digits_of_integer(EAGRE_VALUES(int64_t, vector)[index], &digits);
  }
  if (pattern->is_percent && digits.count > 0) digits.point += 2;
  eagre_digits_round(&digits, pattern->fraction_max, EAGRE_ROUND_HALF_EVEN);
  put_number(pattern, &digits, NULL, out);
}

/* ---- Calls ---------------------------------------------------------------------------------- */

/* The pattern of one row: places, or a text. An empty text is that of whole numbers. */
static enum eagre_status use_pattern(struct eagre_kernel_call *call, uint32_t row,
                                     struct number_pattern *out) {
  bool is_text = call->arguments[1]->type->kind == EAGRE_TYPE_STRING;
  *out = (struct number_pattern){.group_size = 3, .integer_min = 1};
  if (!is_text) {
    out->fraction_min = out->fraction_max = EAGRE_ARGUMENT(int32_t, call, 1, row);
    return EAGRE_OK;
  }
  struct eagre_text text = eagre_kernel_text(call, 1, row);
  if (text.size == 0) return EAGRE_OK;
  *out = (struct number_pattern){0};
  const char *problem = read_pattern(text, out);
  if (problem == NULL) return EAGRE_OK;
  return eagre_kernel_fail(call, row, "INVALID_PARAMETER_VALUE.PATTERN",
                           "The value of parameter(s) `expr2` in `format_number` is invalid: "
                           "'%.*s': %s.",
                           (int)(text.size < 200 ? text.size : 200), text.data, problem);
}

static enum eagre_status run_row(struct eagre_kernel_call *call, uint32_t row,
                                 struct eagre_buffer *buffer) {
  struct number_pattern pattern;
  enum eagre_status status = use_pattern(call, row, &pattern);
  if (status == EAGRE_OK) {
    if (pattern.fraction_max < 0) {
      eagre_kernel_set_null(call, row);
    } else if (pattern.fraction_max > EAGRE_TEXT_SIZE_MAX) {
      status = eagre_text_fail_size(call, row);
    } else {
      format_row(&pattern, call->arguments[0], row, buffer);
    }
  }
  free_pattern(&pattern);
  return status;
}

static enum eagre_status run_format_number(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_buffer buffer = {0};
  enum eagre_status status = EAGRE_OK;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    eagre_buffer_clear(&buffer);
    status = run_row(call, row, &buffer);
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&buffer));
  }
  eagre_buffer_done(&buffer);
  return status;
}

enum eagre_status eagre_bind_format_number(struct eagre_bind *bind, struct eagre_expression **out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  enum eagre_type_kind second = eagre_bind_kind(bind, 1);
  if (!eagre_type_is_numeric(kind) && kind != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 0, "\"NUMERIC\"");
  }
  if (second != EAGRE_TYPE_STRING) EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_INT));
  if (kind != EAGRE_TYPE_DECIMAL) {
    enum eagre_type_kind wide =
        eagre_type_is_integral(kind) ? EAGRE_TYPE_BIGINT : EAGRE_TYPE_DOUBLE;
    EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(wide)));
  }
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_STRING), run_format_number);
  return EAGRE_OK;
}
