/* INTERVAL literals, in all of Spark's spellings:
 *   INTERVAL 10 MINUTES            INTERVAL '10' MINUTES       INTERVAL -1 DAY 2 HOURS
 *   INTERVAL '1 02:03:04' DAY TO SECOND                        INTERVAL '1-2' YEAR TO MONTH
 *   INTERVAL '10 minutes 30 seconds'
 *
 * Each is brought into the form of the last one, which `value` reads. A literal is either of years
 * and months or of days to microseconds. The node's `text` is Spark's own spelling, which depends
 * on the smallest and the largest unit written: INTERVAL '1 02' DAY TO HOUR. */
#include <string.h>

#include "sql/sql_parser.h"
#include "value/value.h"

static const char *const field_names[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};

struct unit {
  enum eagre_sql_keyword singular;
  enum eagre_sql_keyword plural;
  enum eagre_interval_unit field; /* the one it is printed in */
};

static const struct unit units[] = {
    {EAGRE_SQL_KEYWORD_YEAR, EAGRE_SQL_KEYWORD_YEARS, EAGRE_INTERVAL_YEAR},
    {EAGRE_SQL_KEYWORD_MONTH, EAGRE_SQL_KEYWORD_MONTHS, EAGRE_INTERVAL_MONTH},
    {EAGRE_SQL_KEYWORD_WEEK, EAGRE_SQL_KEYWORD_WEEKS, EAGRE_INTERVAL_DAY},
    {EAGRE_SQL_KEYWORD_DAY, EAGRE_SQL_KEYWORD_DAYS, EAGRE_INTERVAL_DAY},
    {EAGRE_SQL_KEYWORD_HOUR, EAGRE_SQL_KEYWORD_HOURS, EAGRE_INTERVAL_HOUR},
    {EAGRE_SQL_KEYWORD_MINUTE, EAGRE_SQL_KEYWORD_MINUTES, EAGRE_INTERVAL_MINUTE},
    {EAGRE_SQL_KEYWORD_SECOND, EAGRE_SQL_KEYWORD_SECONDS, EAGRE_INTERVAL_SECOND},
    {EAGRE_SQL_KEYWORD_MILLISECOND, EAGRE_SQL_KEYWORD_MILLISECONDS, EAGRE_INTERVAL_SECOND},
    {EAGRE_SQL_KEYWORD_MICROSECOND, EAGRE_SQL_KEYWORD_MICROSECONDS, EAGRE_INTERVAL_SECOND},
};

struct interval {
  int64_t months;
  int64_t microseconds;
  enum eagre_interval_unit first; /* largest unit written */
  enum eagre_interval_unit last;  /* smallest */
  bool is_filled;
};

static const struct unit *find_unit(enum eagre_sql_keyword keyword) {
  if (keyword == EAGRE_SQL_KEYWORD_NONE) return NULL;
  for (size_t i = 0; i < EAGRE_COUNT_OF(units); i++) {
    if (units[i].singular == keyword || units[i].plural == keyword) return &units[i];
  }
  return NULL;
}

static const struct unit *find_unit_of_token(const struct eagre_sql_token *token) {
  return token->kind == EAGRE_SQL_TOKEN_WORD ? find_unit(token->keyword) : NULL;
}

static void widen_fields(struct interval *interval, enum eagre_interval_unit field) {
  if (!interval->is_filled || field < interval->first) interval->first = field;
  if (!interval->is_filled || field > interval->last) interval->last = field;
  interval->is_filled = true;
}

/* Adds the interval of `text` ("10 minutes -3 seconds"). */
static enum eagre_value_result add_text(struct interval *interval, struct eagre_text text) {
  int64_t months = 0, microseconds = 0;
  enum eagre_value_result result = eagre_value_parse_interval(text, &months, &microseconds);
  if (result != EAGRE_VALUE_OK) return result;
  if (__builtin_add_overflow(interval->months, months, &interval->months) ||
      interval->months > INT32_MAX || interval->months < INT32_MIN ||
      __builtin_add_overflow(interval->microseconds, microseconds, &interval->microseconds)) {
    return EAGRE_VALUE_OVERFLOW;
  }
  return EAGRE_VALUE_OK;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static enum eagre_status fail_value(struct eagre_sql_parser *parser, uint32_t first,
                                    enum eagre_value_result result, struct eagre_text value) {
  if (result == EAGRE_VALUE_OVERFLOW) {
    return eagre_sql_fail_range(parser, first, "INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION",
                                "The interval is too large.");
  }
  bool has_fraction = value.size > 0 && memchr(value.data, '.', value.size) != NULL;
  eagre_sql_fail_range(parser, first,
                       has_fraction ? "INVALID_INTERVAL_FORMAT.INVALID_FRACTION"
                                    : "INVALID_INTERVAL_FORMAT.INVALID_VALUE",
                       "'%.*s' is not a number of this unit.", (int)value.size, value.data);
  eagre_error_hint(parser->error, "Write a whole number; only seconds may have a fraction.");
  return EAGRE_USAGE;
}

static enum eagre_status fail_mixed(struct eagre_sql_parser *parser, uint32_t first) {
  eagre_sql_fail_range(parser, first, "INVALID_INTERVAL_FORMAT.MIXED_UNITS",
                       "Years and months cannot be mixed with days and times in one interval.");
  eagre_error_hint(parser->error, "Use years and months, or days and smaller units.");
  return EAGRE_USAGE;
}

/* ---- '1 02:03:04' DAY TO SECOND -------------------------------------------------------------- */

static enum eagre_status fail_range_text(struct eagre_sql_parser *parser, uint32_t first,
                                         enum eagre_value_result result, struct eagre_text value,
                                         const struct interval *interval) {
  eagre_sql_fail_range(parser, first,
                       result == EAGRE_VALUE_OVERFLOW
                           ? "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING"
                           : "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING",
                       "'%.*s' is not an interval %s TO %s.", (int)value.size, value.data,
                       field_names[interval->first], field_names[interval->last]);
  eagre_error_hint(parser->error, "The forms are '1-2' YEAR TO MONTH and '1 02:03:04.5' DAY TO "
                                  "SECOND, or the parts of the latter that the units name.");
  return EAGRE_USAGE;
}

/* Behind TO: the second unit. `value` is the text in front of the first one. */
static enum eagre_status parse_range(struct eagre_sql_parser *parser, uint32_t first,
                                     struct eagre_text value, bool is_negative,
                                     const struct unit *from, struct interval *interval) {
  const struct unit *to = find_unit_of_token(eagre_sql_token_at(parser));
  if (to == NULL) return eagre_sql_fail_expected(parser, "a unit after TO");
  eagre_sql_advance(parser);
  bool is_known = from->field < to->field &&
                  (from->field <= EAGRE_INTERVAL_MONTH) == (to->field <= EAGRE_INTERVAL_MONTH);
  if (!is_known) {
    eagre_sql_fail_range(parser, first, "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION",
                         "An interval cannot go from %s to %s.", field_names[from->field],
                         field_names[to->field]);
    eagre_error_hint(parser->error,
                     "Known are YEAR TO MONTH and DAY, HOUR or MINUTE TO a smaller unit.");
    return EAGRE_USAGE;
  }
  widen_fields(interval, from->field);
  widen_fields(interval, to->field);
  int64_t number = 0;
  enum eagre_value_result result =
      eagre_value_parse_interval_as(value, eagre_type_interval(from->field, to->field), &number);
  if (result == EAGRE_VALUE_OK && is_negative && number == INT64_MIN) result = EAGRE_VALUE_OVERFLOW;
  if (result != EAGRE_VALUE_OK) return fail_range_text(parser, first, result, value, interval);
  if (is_negative) number = -number;
  *(from->field <= EAGRE_INTERVAL_MONTH ? &interval->months : &interval->microseconds) = number;
  return EAGRE_OK;
}

/* ---- 10 MINUTES 30 SECONDS ------------------------------------------------------------------- */

/* A string, or a number without suffix and exponent. */
static bool is_interval_value(const struct eagre_sql_token *token) {
  if (token->kind == EAGRE_SQL_TOKEN_STRING) return true;
  return token->kind == EAGRE_SQL_TOKEN_NUMBER && token->literal != EAGRE_SQL_LITERAL_DOUBLE &&
         token->text.size == token->end - token->begin;
}

/* Whether a value and a unit begin `ahead` tokens behind the cursor. */
static bool is_unit_pair(const struct eagre_sql_parser *parser, uint32_t ahead) {
  const struct eagre_sql_token *token = eagre_sql_token_ahead(parser, ahead);
  if (token->kind == EAGRE_SQL_TOKEN_MINUS || token->kind == EAGRE_SQL_TOKEN_PLUS) {
    token = eagre_sql_token_ahead(parser, ++ahead);
  }
  return is_interval_value(token) &&
         find_unit_of_token(eagre_sql_token_ahead(parser, ahead + 1)) != NULL;
}

/* Adds "value unit"; `value` is a number with its own sign, which `is_negative` turns around. */
static enum eagre_value_result add_unit(struct interval *interval, struct eagre_text value,
                                        bool is_negative, const struct unit *unit) {
  value = eagre_text_trim(value);
  if (value.size > 0 && (value.data[0] == '-' || value.data[0] == '+')) {
    is_negative ^= value.data[0] == '-';
    value = eagre_text_make(value.data + 1, value.size - 1);
  }
  for (size_t i = 0; i < value.size; i++) {
    bool is_number = (value.data[i] >= '0' && value.data[i] <= '9') || value.data[i] == '.';
    if (!is_number) return EAGRE_VALUE_INVALID;
  }
  struct eagre_buffer text = {0};
  eagre_buffer_printf(&text, "%s%.*s %s", is_negative ? "-" : "", (int)value.size, value.data,
                      eagre_sql_keyword_name(unit->singular));
  enum eagre_value_result result = add_text(interval, eagre_buffer_text(&text));
  eagre_buffer_done(&text);
  widen_fields(interval, unit->field);
  return result;
}

/* One value with its unit, and what TO makes of both. */
static enum eagre_status parse_unit_pair(struct eagre_sql_parser *parser,
                                         struct interval *interval) {
  uint32_t first = parser->index;
  bool is_negative = eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_MINUS);
  if (!is_negative) eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_PLUS);
  struct eagre_text value = eagre_sql_token_at(parser)->text;
  eagre_sql_advance(parser);
  const struct unit *unit = find_unit_of_token(eagre_sql_token_at(parser));
  eagre_sql_advance(parser);
  if (!interval->is_filled && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_TO)) {
    return parse_range(parser, first, value, is_negative, unit, interval);
  }
  enum eagre_value_result result = add_unit(interval, value, is_negative, unit);
  return result == EAGRE_VALUE_OK ? EAGRE_OK : fail_value(parser, first, result, value);
}

/* ---- '10 minutes 30 seconds' ----------------------------------------------------------------- */

/* The units named in a text that was read already. */
static void widen_by_text(struct interval *interval, struct eagre_text text) {
  size_t at = 0;
  while (at < text.size) {
    size_t begin = at;
    while (at < text.size && eagre_sql_is_word_byte(text.data[at])) {
      at++;
    }
    const struct unit *unit =
        find_unit(eagre_sql_keyword_find(eagre_text_make(text.data + begin, at - begin)));
    if (unit != NULL) widen_fields(interval, unit->field);
    if (at == begin) at++;
  }
}

static enum eagre_status parse_text_form(struct eagre_sql_parser *parser, uint32_t first,
                                         struct interval *interval) {
  struct eagre_text text = eagre_sql_token_at(parser)->text;
  eagre_sql_advance(parser);
  enum eagre_value_result result = add_text(interval, text);
  if (result == EAGRE_VALUE_OK) widen_by_text(interval, text);
  if (result == EAGRE_VALUE_OK && interval->is_filled) return EAGRE_OK;
  if (result == EAGRE_VALUE_OVERFLOW) return fail_value(parser, first, result, text);
  eagre_sql_fail_range(parser, first, "INVALID_TYPED_LITERAL", "'%.*s' is not an interval.",
                       (int)text.size, text.data);
  eagre_error_hint(parser->error, "Write numbers with units: '1 day 2 hours'. Units are years, "
                                  "months, weeks, days, hours, minutes, seconds, milliseconds and "
                                  "microseconds.");
  return EAGRE_USAGE;
}

/* ---- Literals -------------------------------------------------------------------------------- */

static struct eagre_text print_canonical(struct eagre_arena *arena,
                                         const struct eagre_sql_expression *literal) {
  bool is_year = literal->type_kind == EAGRE_TYPE_INTERVAL_YEAR;
  struct eagre_buffer buffer = {0};
  eagre_value_print_interval_as(is_year ? literal->months : literal->microseconds,
                                literal->interval_type, &buffer);
  struct eagre_text text = eagre_arena_copy_text(arena, eagre_buffer_text(&buffer));
  eagre_buffer_done(&buffer);
  return text;
}

bool eagre_sql_at_interval(const struct eagre_sql_parser *parser) {
  if (!eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_INTERVAL)) return false;
  enum eagre_sql_token_kind next = eagre_sql_token_ahead(parser, 1)->kind;
  return next == EAGRE_SQL_TOKEN_STRING || next == EAGRE_SQL_TOKEN_NUMBER ||
         is_unit_pair(parser, 1);
}

static enum eagre_status parse_units(struct eagre_sql_parser *parser, uint32_t first,
                                     bool needs_units, struct interval *interval) {
  if (is_unit_pair(parser, 0)) {
    while (is_unit_pair(parser, 0)) {
      EAGRE_TRY(parse_unit_pair(parser, interval));
    }
    return EAGRE_OK;
  }
  bool is_text = eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_STRING);
  if (is_text && !needs_units) return parse_text_form(parser, first, interval);
  if (is_text || eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_NUMBER)) eagre_sql_advance(parser);
  eagre_sql_fail_expected(parser, "a unit of time");
  if (is_text) eagre_error_hint(parser->error, "Write INTERVAL 10 MINUTES here.");
  return EAGRE_USAGE;
}

enum eagre_status eagre_sql_parse_interval(struct eagre_sql_parser *parser, bool needs_units,
                                           struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct interval interval = {0};
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_INTERVAL, "INTERVAL"));
  EAGRE_TRY(parse_units(parser, first, needs_units, &interval));
  if (interval.first <= EAGRE_INTERVAL_MONTH && interval.last > EAGRE_INTERVAL_MONTH) {
    return fail_mixed(parser, first);
  }
  struct eagre_sql_expression *literal = eagre_sql_expression_new(parser, EAGRE_SQL_LITERAL);
  literal->literal = EAGRE_SQL_LITERAL_INTERVAL;
  literal->interval_type = eagre_type_interval(interval.first, interval.last);
  literal->type_kind = literal->interval_type->kind;
  literal->months = interval.months;
  literal->microseconds = interval.microseconds;
  literal->text = print_canonical(parser->arena, literal);
  *out_expression = literal;
  return eagre_sql_finish(parser, first, literal);
}
