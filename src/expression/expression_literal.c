/* Literals of SQL text as nodes.
 *
 * A literal with a decimal point is DECIMAL(p, s) of its digits, as in Spark. An integer without
 * suffix is INT, else BIGINT, else DECIMAL, whichever holds it first; `parameters[0]` is 1 then, so
 * that a minus sign in front can choose again: -9223372036854775808 is a BIGINT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expression/expression_bind.h"

enum { ADAPTS = 1 };

typedef struct eagre_sql_expression sql_literal;

/* ---- DECIMAL -------------------------------------------------------------------------------- */

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

/* -digits * 10^-scale; at most 38 digits come out. */
static struct eagre_expression *new_decimal(struct eagre_arena *arena, struct eagre_text digits,
                                            long scale, bool is_negative,
                                            struct eagre_sql_position position) {
  long precision = (long)digits.size - (scale < 0 ? scale : 0);
  if (precision < scale) precision = scale;
  eagre_decimal value = 0;
  for (size_t i = 0; i < digits.size; i++) {
    value = value * 10 + (digits.data[i] - '0');
  }
  if (scale < 0) value *= eagre_decimal_power((unsigned)-scale);
  if (is_negative) value = -value;
  const struct eagre_type *type =
      eagre_type_decimal(arena, (unsigned)precision, scale < 0 ? 0 : (unsigned)scale);
  return eagre_expression_new_value(arena, type, &value, position);
}

static enum eagre_status refuse_range(const sql_literal *literal, const char *type_name,
                                      struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_USAGE, "INVALID_NUMERIC_LITERAL_RANGE",
                         "Numeric literal %.*s is outside the valid range for %s.",
                         (int)literal->source.size, literal->source.data, type_name);
}

static enum eagre_status bind_decimal(struct eagre_arena *arena, const sql_literal *literal,
                                      struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_text text = literal->text;
  struct eagre_buffer digits = {0};
  long scale;
  bool is_negative = text.size > 0 && text.data[0] == '-';
  read_decimal((struct eagre_text){text.data + is_negative, text.size - is_negative}, &digits,
               &scale);
  if (digits.size == 0) eagre_buffer_append_char(&digits, '0');
  long precision = (long)digits.size - (scale < 0 ? scale : 0);
  if (precision < scale) precision = scale;
  bool fits = precision <= EAGRE_DECIMAL_PRECISION_MAX;
  if (fits) {
    *out = new_decimal(arena, eagre_buffer_text(&digits), scale, is_negative, literal->position);
  }
  eagre_buffer_done(&digits);
  if (fits) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_USAGE, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
                         "Decimal precision %ld exceeds max precision %d.", precision,
                         EAGRE_DECIMAL_PRECISION_MAX);
}

static bool fits_kind(int64_t value, enum eagre_type_kind kind) {
  if (kind == EAGRE_TYPE_TINYINT) return value == (int8_t)value;
  if (kind == EAGRE_TYPE_SMALLINT) return value == (int16_t)value;
  if (kind == EAGRE_TYPE_INT) return value == (int32_t)value;
  return true;
}

/* ---- Numbers --------------------------------------------------------------------------------- */

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

/* ---- Time ------------------------------------------------------------------------------------ */

static struct eagre_expression *call_clock(struct eagre_arena *arena, const char *function,
                                           const struct eagre_expression_session *session,
                                           struct eagre_sql_position position) {
  struct eagre_expression *out;
  enum eagre_status status =
      eagre_expression_call(arena, eagre_text_of(function), NULL, 0, session, position, &out, NULL);
  eagre_assert(status == EAGRE_OK);
  return out;
}

/* current_date() + `days`, as a DATE or the TIMESTAMP or TIMESTAMP_NTZ of its midnight. */
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
  if (eagre_text_equal_ignoring_case(word, EAGRE_TEXT("now")) && kind != EAGRE_TYPE_DATE) {
    return call_clock(arena, kind == EAGRE_TYPE_TIMESTAMP ? "current_timestamp" : "localtimestamp",
                      session, position);
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
  enum eagre_value_result result;
  if (kind == EAGRE_TYPE_DATE) {
    result = eagre_value_parse_date(literal->text, &days);
  } else if (kind == EAGRE_TYPE_TIMESTAMP_NTZ) {
    result = eagre_value_parse_timestamp_ntz(literal->text, session->zone, true, &timestamp_us);
  } else {
    /* A time without a date would mean another instant every day: no literal. */
    result = eagre_value_parse_timestamp(literal->text, session->zone, 0, &timestamp_us);
  }
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

/* A literal has one of both: the parser refuses years and months beside days. */
static struct eagre_expression *bind_interval(struct eagre_arena *arena,
                                              const sql_literal *literal) {
  int32_t months = (int32_t)literal->months;
  bool is_year = literal->interval_type->kind == EAGRE_TYPE_INTERVAL_YEAR;
  const void *value = is_year ? (const void *)&months : (const void *)&literal->microseconds;
  return eagre_expression_new_value(arena, literal->interval_type, value, literal->position);
}

/* ---- All ------------------------------------------------------------------------------------- */

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
    return bind_time(arena, literal, literal->type_kind, session, out, error);
  case EAGRE_SQL_LITERAL_INTERVAL:
    break;
  }
  *out = bind_interval(arena, literal);
  return EAGRE_OK;
}

enum eagre_status eagre_expression_literal(struct eagre_arena *arena,
                                           const struct eagre_sql_expression *literal,
                                           const struct eagre_expression_session *session,
                                           struct eagre_expression **out,
                                           struct eagre_error *error) {
  eagre_assert(literal->kind == EAGRE_SQL_LITERAL);
  enum eagre_status status = bind_literal(arena, literal, session, out, error);
  if (status != EAGRE_OK) eagre_sql_place_unplaced(literal->position, error);
  return status;
}
