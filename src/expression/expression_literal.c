/* Literals of SQL text as nodes.
 *
 * A literal with a decimal point is DECIMAL(p, s), as in Spark: it keeps its digits (sign, digits,
 * at most one point, no exponent) until a cast or the other operand decides. An integer without
 * suffix is INT, else BIGINT, else DECIMAL, whichever holds it first; `parameters[0]` is 1 then, so
 * that a minus sign in front can choose again: -9223372036854775808 is a BIGINT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expression/expression_bind.h"

enum { DECIMAL_PRECISION_MAX = 38, ADAPTS = 1 };

typedef struct eagre_sql_expression sql_literal;

/* ---- DECIMAL -------------------------------------------------------------------------------- */

/* Moves the point of `digits` (scale digits behind it) by the exponent and writes the plain form.
 */
static struct eagre_text print_plain(struct eagre_arena *arena, bool is_negative,
                                     struct eagre_text digits, long scale) {
  struct eagre_buffer buffer = {0};
  if (is_negative) eagre_buffer_append_char(&buffer, '-');
  long whole = (long)digits.size - scale;
  if (whole <= 0) eagre_buffer_append_char(&buffer, '0');
  for (long i = 0; i < whole; i++) {
    eagre_buffer_append_char(&buffer, i < (long)digits.size ? digits.data[i] : '0');
  }
  if (scale > 0) eagre_buffer_append_char(&buffer, '.');
  for (long i = whole; i < (long)digits.size; i++) {
    eagre_buffer_append_char(&buffer, i < 0 ? '0' : digits.data[i]);
  }
  struct eagre_text plain = eagre_arena_copy_text(arena, eagre_buffer_text(&buffer));
  eagre_buffer_done(&buffer);
  return plain;
}

/* Splits "12.50e3BD" into its digits without the point and the number of them behind it. */
static void read_decimal(struct eagre_text text, struct eagre_buffer *out_digits, long *out_scale) {
  *out_scale = 0;
  bool is_behind_point = false;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (c == '.') {
      is_behind_point = true;
    } else if (c >= '0' && c <= '9') {
      bool is_leading_zero = c == '0' && out_digits->size == 0 && !is_behind_point;
      if (!is_leading_zero) eagre_buffer_append_char(out_digits, c);
      if (is_behind_point) *out_scale += 1;
    } else {
      if (c != 'e' && c != 'E') break;
      char exponent[16] = {0};
      size_t size = text.size - i - 1;
      memcpy(exponent, text.data + i + 1, size < 15 ? size : 15);
      *out_scale -= strtol(exponent, NULL, 10);
      break;
    }
  }
}

static struct eagre_expression *new_decimal(struct eagre_arena *arena, struct eagre_text text,
                                            struct eagre_sql_position position) {
  struct eagre_buffer digits = {0};
  long scale;
  bool is_negative = text.size > 0 && text.data[0] == '-';
  read_decimal((struct eagre_text){text.data + is_negative, text.size - is_negative}, &digits,
               &scale);
  if (digits.size == 0) eagre_buffer_append_char(&digits, '0');
  long precision = (long)digits.size - (scale < 0 ? scale : 0);
  if (precision < scale) precision = scale;
  struct eagre_expression *node = NULL;
  if (precision <= DECIMAL_PRECISION_MAX) {
    struct eagre_type *type = eagre_arena_allocate_zeroed(arena, sizeof *type);
    type->kind = EAGRE_TYPE_DECIMAL;
    type->precision = (uint8_t)precision;
    type->scale = (uint8_t)(scale < 0 ? 0 : scale);
    node = eagre_arena_allocate_zeroed(arena, sizeof *node);
    node->kind = EAGRE_EXPRESSION_LITERAL;
    node->type = type;
    node->position = position;
    node->is_constant = true;
    node->text = print_plain(arena, is_negative, eagre_buffer_text(&digits), scale);
  }
  eagre_buffer_done(&digits);
  return node;
}

static enum eagre_status refuse_range(const sql_literal *literal, const char *type_name,
                                      struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_USAGE, "INVALID_NUMERIC_LITERAL_RANGE",
                         "Numeric literal %.*s is outside the valid range for %s.",
                         (int)literal->source.size, literal->source.data, type_name);
}

static enum eagre_status bind_decimal(struct eagre_arena *arena, const sql_literal *literal,
                                      struct eagre_expression **out, struct eagre_error *error) {
  *out = new_decimal(arena, literal->text, literal->position);
  return *out != NULL ? EAGRE_OK : refuse_range(literal, "DECIMAL(38)", error);
}

/* ---- Casts of DECIMAL literals
 * ---------------------------------------------------------------------- */

/* The number cut toward zero; false when a BIGINT does not hold it. */
static bool cut_decimal(struct eagre_text text, int64_t *out_value) {
  const char *point = memchr(text.data, '.', text.size);
  size_t size = point == NULL ? text.size : (size_t)(point - text.data);
  return eagre_value_parse_integer((struct eagre_text){text.data, size}, out_value) ==
         EAGRE_VALUE_OK;
}

static bool fits_kind(int64_t value, enum eagre_type_kind kind) {
  if (kind == EAGRE_TYPE_TINYINT) return value == (int8_t)value;
  if (kind == EAGRE_TYPE_SMALLINT) return value == (int16_t)value;
  if (kind == EAGRE_TYPE_INT) return value == (int32_t)value;
  return true;
}

/* Little-endian storage: the low bytes of an int64 are the narrower integer. */
static enum eagre_status cast_to_integral(struct eagre_arena *arena,
                                          const struct eagre_expression *literal,
                                          enum eagre_type_kind kind, bool is_try,
                                          struct eagre_expression **out,
                                          struct eagre_error *error) {
  int64_t value;
  if (cut_decimal(literal->text, &value) && fits_kind(value, kind)) {
    *out = eagre_expression_new_literal(arena, kind, &value, literal->position);
    return EAGRE_OK;
  }
  if (is_try) {
    *out = eagre_expression_new_null(arena, eagre_type_of(kind), literal->position);
    return EAGRE_OK;
  }
  return eagre_error_set(error, EAGRE_DATA, "CAST_OVERFLOW",
                         "The value %.*sBD of the type %s cannot be cast to %s due to an overflow. "
                         "Use `try_cast` to tolerate overflow and return NULL instead.",
                         (int)literal->text.size, literal->text.data,
                         eagre_expression_type_name(arena, literal->type),
                         eagre_expression_type_name(arena, eagre_type_of(kind)));
}

static struct eagre_expression *cast_to_real(struct eagre_arena *arena,
                                             const struct eagre_expression *literal,
                                             enum eagre_type_kind kind) {
  double real = 0;
  float narrow = 0;
  if (kind == EAGRE_TYPE_FLOAT) {
    eagre_value_parse_float(literal->text, &narrow);
    return eagre_expression_new_literal(arena, kind, &narrow, literal->position);
  }
  eagre_value_parse_double(literal->text, &real);
  return eagre_expression_new_literal(arena, kind, &real, literal->position);
}

static struct eagre_expression *cast_to_boolean(struct eagre_arena *arena,
                                                const struct eagre_expression *literal) {
  bool value = false;
  for (size_t i = 0; i < literal->text.size; i++) {
    if (literal->text.data[i] >= '1' && literal->text.data[i] <= '9') value = true;
  }
  return eagre_expression_new_literal(arena, EAGRE_TYPE_BOOLEAN, &value, literal->position);
}

enum eagre_status eagre_literal_cast_decimal(struct eagre_arena *arena,
                                             const struct eagre_expression *literal,
                                             const struct eagre_type *type, bool is_try,
                                             struct eagre_sql_position position,
                                             struct eagre_expression **out,
                                             struct eagre_error *error) {
  if (eagre_type_is_integral(type->kind)) {
    enum eagre_status status = cast_to_integral(arena, literal, type->kind, is_try, out, error);
    if (status != EAGRE_OK) eagre_expression_place_error(position, error);
    return status;
  }
  if (type->kind == EAGRE_TYPE_STRING) {
    *out = eagre_expression_new_text(arena, EAGRE_TYPE_STRING, literal->text, position);
    return EAGRE_OK;
  }
  if (type->kind == EAGRE_TYPE_BOOLEAN) {
    *out = cast_to_boolean(arena, literal);
    return EAGRE_OK;
  }
  if (type->kind == EAGRE_TYPE_FLOAT || type->kind == EAGRE_TYPE_DOUBLE) {
    *out = cast_to_real(arena, literal, type->kind);
    return EAGRE_OK;
  }
  enum eagre_status status =
      eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.DECIMAL",
                      "The feature is not supported: the cast of a DECIMAL to %s.",
                      eagre_expression_type_name(arena, type));
  eagre_error_hint(error, "write 1.5D or CAST(... AS DOUBLE)");
  eagre_expression_place_error(position, error);
  return status;
}

/* ---- Numbers
 * ---------------------------------------------------------------------------------------- */

static enum eagre_status bind_integer(struct eagre_arena *arena, const sql_literal *literal,
                                      struct eagre_expression **out, struct eagre_error *error) {
  int64_t value;
  enum eagre_value_result result = eagre_value_parse_integer(literal->text, &value);
  enum eagre_type_kind kind = literal->type_kind;
  bool has_suffix = kind != EAGRE_TYPE_INT;
  if (result != EAGRE_VALUE_OK) {
    if (has_suffix && !eagre_text_equal(literal->text, EAGRE_TEXT("9223372036854775808"))) {
      return refuse_range(literal, "BIGINT", error);
    }
    EAGRE_TRY(bind_decimal(arena, literal, out, error));
    (*out)->parameters[0] = ADAPTS;
    return EAGRE_OK;
  }
  if (!has_suffix && !fits_kind(value, kind)) kind = EAGRE_TYPE_BIGINT;
  if (!fits_kind(value, kind)) {
    return refuse_range(literal, kind == EAGRE_TYPE_TINYINT ? "TINYINT" : "SMALLINT", error);
  }
  *out = eagre_expression_new_literal(arena, kind, &value, literal->position);
  (*out)->parameters[0] = has_suffix ? 0 : ADAPTS;
  return EAGRE_OK;
}

static enum eagre_status bind_real(struct eagre_arena *arena, const sql_literal *literal,
                                   struct eagre_expression **out, struct eagre_error *error) {
  double real = 0;
  float narrow = 0;
  bool is_float = literal->literal == EAGRE_SQL_LITERAL_FLOAT;
  enum eagre_value_result result = is_float ? eagre_value_parse_float(literal->text, &narrow)
                                            : eagre_value_parse_double(literal->text, &real);
  bool is_finite = __builtin_isfinite(is_float ? (double)narrow : real);
  if (result != EAGRE_VALUE_OK || !is_finite) {
    return refuse_range(literal, is_float ? "FLOAT" : "DOUBLE", error);
  }
  *out = is_float
             ? eagre_expression_new_literal(arena, EAGRE_TYPE_FLOAT, &narrow, literal->position)
             : eagre_expression_new_literal(arena, EAGRE_TYPE_DOUBLE, &real, literal->position);
  return EAGRE_OK;
}

/* ---- Time
 * ------------------------------------------------------------------------------------------- */

static struct eagre_expression *call_clock(struct eagre_arena *arena, const char *function,
                                           const struct eagre_expression_session *session,
                                           struct eagre_sql_position position) {
  struct eagre_expression *out;
  enum eagre_status status =
      eagre_expression_call(arena, eagre_text_of(function), NULL, 0, session, position, &out, NULL);
  eagre_assert(status == EAGRE_OK);
  return out;
}

/* current_date() + `days`, as a DATE or the TIMESTAMP of its midnight. */
static struct eagre_expression *call_day(struct eagre_arena *arena, int32_t days,
                                         enum eagre_type_kind kind,
                                         const struct eagre_expression_session *session,
                                         struct eagre_sql_position position) {
  struct eagre_expression *arguments[] = {
      call_clock(arena, "current_date", session, position),
      eagre_expression_new_literal(arena, EAGRE_TYPE_INT, &days, position),
  };
  struct eagre_expression *out = arguments[0];
  enum eagre_status status = EAGRE_OK;
  if (days != 0) {
    status = eagre_expression_call(arena, EAGRE_TEXT("date_add"), arguments, 2, session, position,
                                   &out, NULL);
    eagre_assert(status == EAGRE_OK);
  }
  status =
      eagre_expression_cast(arena, out, eagre_type_of(kind), false, session, position, &out, NULL);
  eagre_assert(status == EAGRE_OK);
  return out;
}

struct eagre_expression *eagre_literal_special_time(struct eagre_arena *arena,
                                                    struct eagre_text text,
                                                    enum eagre_type_kind kind,
                                                    const struct eagre_expression_session *session,
                                                    struct eagre_sql_position position) {
  struct eagre_text word = eagre_text_trim(text);
  if (eagre_text_equal_ignoring_case(word, EAGRE_TEXT("epoch"))) {
    int64_t zero = 0;
    return eagre_expression_new_literal(arena, kind, &zero, position);
  }
  if (eagre_text_equal_ignoring_case(word, EAGRE_TEXT("now")) && kind == EAGRE_TYPE_TIMESTAMP) {
    return call_clock(arena, "current_timestamp", session, position);
  }
  if (eagre_text_equal_ignoring_case(word, EAGRE_TEXT("now")) ||
      eagre_text_equal_ignoring_case(word, EAGRE_TEXT("today"))) {
    return call_day(arena, 0, kind, session, position);
  }
  if (eagre_text_equal_ignoring_case(word, EAGRE_TEXT("yesterday"))) {
    return call_day(arena, -1, kind, session, position);
  }
  if (eagre_text_equal_ignoring_case(word, EAGRE_TEXT("tomorrow"))) {
    return call_day(arena, 1, kind, session, position);
  }
  return NULL;
}

static enum eagre_status bind_time(struct eagre_arena *arena, const sql_literal *literal,
                                   enum eagre_type_kind kind,
                                   const struct eagre_expression_session *session,
                                   struct eagre_expression **out, struct eagre_error *error) {
  *out = eagre_literal_special_time(arena, literal->text, kind, session, literal->position);
  if (*out != NULL) return EAGRE_OK;
  int64_t timestamp_us = 0;
  int32_t days = 0;
  /* A time without a date would mean another instant every day: no literal. */
  enum eagre_value_result result =
      kind == EAGRE_TYPE_DATE
          ? eagre_value_parse_date(literal->text, &days)
          : eagre_value_parse_timestamp(literal->text, session->zone, 0, &timestamp_us);
  if (result != EAGRE_VALUE_OK) {
    return eagre_error_set(error, EAGRE_USAGE, "INVALID_TYPED_LITERAL",
                           "The value of the typed literal %s is invalid: '%.*s'.",
                           eagre_expression_type_name(arena, eagre_type_of(kind)),
                           (int)literal->text.size, literal->text.data);
  }
  *out = kind == EAGRE_TYPE_DATE
             ? eagre_expression_new_literal(arena, kind, &days, literal->position)
             : eagre_expression_new_literal(arena, kind, &timestamp_us, literal->position);
  return EAGRE_OK;
}

static bool mentions(struct eagre_text text, const char *word) {
  size_t size = strlen(word);
  for (size_t i = 0; i + size <= text.size; i++) {
    struct eagre_text part = {text.data + i, size};
    if (eagre_text_equal_ignoring_case(part, eagre_text_of(word))) return true;
  }
  return false;
}

/* Spark's type of an interval has its units: DATE + INTERVAL 1 DAY is a DATE, DATE + INTERVAL 24
 * HOURS a TIMESTAMP. */
static bool has_short_units(struct eagre_text source) {
  return mentions(source, "hour") || mentions(source, "minute") || mentions(source, "second");
}

static enum eagre_status bind_interval(struct eagre_arena *arena, const sql_literal *literal,
                                       struct eagre_expression **out, struct eagre_error *error) {
  if (literal->months != 0 && literal->microseconds != 0) {
    return eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.CALENDAR_INTERVAL",
                           "The feature is not supported: an interval of months and days.");
  }
  if (literal->months == 0) {
    *out = eagre_expression_new_literal(arena, EAGRE_TYPE_INTERVAL_DAY, &literal->microseconds,
                                        literal->position);
    (*out)->parameters[1] =
        has_short_units(literal->source) || literal->microseconds % INT64_C(86400000000) != 0;
    return EAGRE_OK;
  }
  struct eagre_expression *node = eagre_arena_allocate_zeroed(arena, sizeof *node);
  node->kind = EAGRE_EXPRESSION_LITERAL;
  node->type = eagre_type_of(EAGRE_TYPE_INTERVAL_YEAR);
  node->position = literal->position;
  node->is_constant = true;
  node->parameters[0] = literal->months;
  *out = node;
  return EAGRE_OK;
}

/* ---- All
 * -------------------------------------------------------------------------------------------- */

static enum eagre_status bind_literal(struct eagre_arena *arena, const sql_literal *literal,
                                      const struct eagre_expression_session *session,
                                      struct eagre_expression **out, struct eagre_error *error) {
  switch (literal->literal) {
  case EAGRE_SQL_LITERAL_NULL:
    *out = eagre_expression_new_null(arena, eagre_type_of(EAGRE_TYPE_NULL), literal->position);
    return EAGRE_OK;
  case EAGRE_SQL_LITERAL_BOOLEAN:
    *out = eagre_expression_new_literal(arena, EAGRE_TYPE_BOOLEAN, &literal->boolean,
                                        literal->position);
    return EAGRE_OK;
  case EAGRE_SQL_LITERAL_INTEGER:
    return bind_integer(arena, literal, out, error);
  case EAGRE_SQL_LITERAL_DECIMAL:
    return bind_decimal(arena, literal, out, error);
  case EAGRE_SQL_LITERAL_FLOAT:
  case EAGRE_SQL_LITERAL_DOUBLE:
    return bind_real(arena, literal, out, error);
  case EAGRE_SQL_LITERAL_STRING:
    *out = eagre_expression_new_text(arena, EAGRE_TYPE_STRING, literal->text, literal->position);
    return EAGRE_OK;
  case EAGRE_SQL_LITERAL_BINARY:
    *out = eagre_expression_new_text(arena, EAGRE_TYPE_BINARY, literal->text, literal->position);
    return EAGRE_OK;
  case EAGRE_SQL_LITERAL_DATE:
    return bind_time(arena, literal, EAGRE_TYPE_DATE, session, out, error);
  case EAGRE_SQL_LITERAL_TIMESTAMP:
    return bind_time(arena, literal, EAGRE_TYPE_TIMESTAMP, session, out, error);
  case EAGRE_SQL_LITERAL_INTERVAL:
    break;
  }
  return bind_interval(arena, literal, out, error);
}

enum eagre_status eagre_expression_literal(struct eagre_arena *arena,
                                           const struct eagre_sql_expression *literal,
                                           const struct eagre_expression_session *session,
                                           struct eagre_expression **out,
                                           struct eagre_error *error) {
  eagre_assert(literal->kind == EAGRE_SQL_LITERAL);
  enum eagre_status status = bind_literal(arena, literal, session, out, error);
  if (status != EAGRE_OK) eagre_expression_place_error(literal->position, error);
  return status;
}
