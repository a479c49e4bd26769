/* INTERVAL literals, in all of Spark's spellings:
 *   INTERVAL 10 MINUTES            INTERVAL '10' MINUTES       INTERVAL -1 DAY 2 HOURS
 *   INTERVAL '1 02:03:04' DAY TO SECOND                        INTERVAL '1-2' YEAR TO MONTH
 *   INTERVAL '10 minutes 30 seconds'
 *
 * Each is brought into the form of the last one, which `value` reads. A literal is either of years
 * and months or of days to microseconds. The node's `text` is Spark's own spelling, which depends
 * on the smallest and the largest unit written: INTERVAL '1 02' DAY TO HOUR. */
#include "sql/sql_parser.h"
#include "value/value.h"

enum field { FIELD_YEAR, FIELD_MONTH, FIELD_DAY, FIELD_HOUR, FIELD_MINUTE, FIELD_SECOND };

static const char *const field_names[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};

struct unit {
  enum eagre_sql_keyword singular;
  enum eagre_sql_keyword plural;
  enum field field; /* the one it is printed in */
};

static const struct unit units[] = {
    {EAGRE_SQL_KEYWORD_YEAR, EAGRE_SQL_KEYWORD_YEARS, FIELD_YEAR},
    {EAGRE_SQL_KEYWORD_MONTH, EAGRE_SQL_KEYWORD_MONTHS, FIELD_MONTH},
    {EAGRE_SQL_KEYWORD_WEEK, EAGRE_SQL_KEYWORD_WEEKS, FIELD_DAY},
    {EAGRE_SQL_KEYWORD_DAY, EAGRE_SQL_KEYWORD_DAYS, FIELD_DAY},
    {EAGRE_SQL_KEYWORD_HOUR, EAGRE_SQL_KEYWORD_HOURS, FIELD_HOUR},
    {EAGRE_SQL_KEYWORD_MINUTE, EAGRE_SQL_KEYWORD_MINUTES, FIELD_MINUTE},
    {EAGRE_SQL_KEYWORD_SECOND, EAGRE_SQL_KEYWORD_SECONDS, FIELD_SECOND},
    {EAGRE_SQL_KEYWORD_MILLISECOND, EAGRE_SQL_KEYWORD_MILLISECONDS, FIELD_SECOND},
    {EAGRE_SQL_KEYWORD_MICROSECOND, EAGRE_SQL_KEYWORD_MICROSECONDS, FIELD_SECOND},
};

struct interval {
  int64_t months;
  int64_t microseconds;
  enum field first; /* largest unit written */
  enum field last;  /* smallest */
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

static void widen_fields(struct interval *interval, enum field field) {
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
  eagre_sql_fail_range(parser, first, "INVALID_INTERVAL_FORMAT.INVALID_VALUE",
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

/* ---- Canonical text -------------------------------------------------------------------------- */

static void append_months(struct eagre_buffer *out, const struct interval *interval) {
  uint64_t months = interval->months < 0 ? -(uint64_t)interval->months : (uint64_t)interval->months;
  if (interval->months < 0) eagre_buffer_append_char(out, '-');
  if (interval->first == FIELD_MONTH) {
    eagre_buffer_printf(out, "%llu", (unsigned long long)months);
  } else if (interval->last == FIELD_YEAR) {
    eagre_buffer_printf(out, "%llu", (unsigned long long)(months / 12));
  } else {
    eagre_buffer_printf(out, "%llu-%llu", (unsigned long long)(months / 12),
                        (unsigned long long)(months % 12));
  }
}

/* "05", "05.25": seconds with two digits before the point and no trailing zeros. */
static void append_seconds(struct eagre_buffer *out, uint64_t microseconds) {
  eagre_buffer_printf(out, "%02llu", (unsigned long long)(microseconds / 1000000));
  uint64_t fraction = microseconds % 1000000;
  if (fraction == 0) return;
  int digits = 6;
  while (fraction % 10 == 0) {
    fraction /= 10;
    digits--;
  }
  eagre_buffer_printf(out, ".%0*llu", digits, (unsigned long long)fraction);
}

static void append_times(struct eagre_buffer *out, const struct interval *interval) {
  static const uint64_t sizes[] = {[FIELD_DAY] = 86400000000,
                                   [FIELD_HOUR] = 3600000000,
                                   [FIELD_MINUTE] = 60000000,
                                   [FIELD_SECOND] = 1};
  static const char separators[] = {[FIELD_HOUR] = ' ', [FIELD_MINUTE] = ':', [FIELD_SECOND] = ':'};
  uint64_t rest = interval->microseconds < 0 ? -(uint64_t)interval->microseconds
                                             : (uint64_t)interval->microseconds;
  if (interval->microseconds < 0) eagre_buffer_append_char(out, '-');
  for (int field = (int)interval->first; field <= (int)interval->last; field++) {
    if (field > (int)interval->first) eagre_buffer_append_char(out, separators[field]);
    if (field == FIELD_SECOND) {
      append_seconds(out, rest);
    } else {
      eagre_buffer_printf(out, field == FIELD_DAY ? "%llu" : "%02llu",
                          (unsigned long long)(rest / sizes[field]));
      rest %= sizes[field];
    }
  }
}

static struct eagre_text print_canonical(struct eagre_arena *arena,
                                         const struct interval *interval) {
  struct eagre_buffer buffer = {0};
  eagre_buffer_append_string(&buffer, "INTERVAL '");
  if (interval->first <= FIELD_MONTH) {
    append_months(&buffer, interval);
  } else {
    append_times(&buffer, interval);
  }
  eagre_buffer_printf(&buffer, "' %s", field_names[interval->first]);
  if (interval->last != interval->first) {
    eagre_buffer_printf(&buffer, " TO %s", field_names[interval->last]);
  }
  struct eagre_text text = eagre_arena_copy_text(arena, eagre_buffer_text(&buffer));
  eagre_buffer_done(&buffer);
  return text;
}

/* ---- '1 02:03:04' DAY TO SECOND -------------------------------------------------------------- */

static size_t count_digits(struct eagre_text text, size_t from) {
  size_t at = from;
  while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9') {
    at++;
  }
  return at - from;
}

/* Whether the digits are a number up to `limit`; any number of digits when it is 0. */
static bool is_in_range(struct eagre_text digits, unsigned limit) {
  unsigned value = 0;
  for (size_t i = 0; limit > 0 && i < digits.size && digits.data[i] != '.'; i++) {
    value = value * 10 + (unsigned)(digits.data[i] - '0');
    if (value > limit) return false;
  }
  return digits.size > 0;
}

/* Rewrites "1 02:03:04.5" as "1 DAY 02 HOUR 03 MINUTE 04.5 SECOND", each with the sign of the
 * whole. The text has exactly the fields first..last; all but the first have their natural range.
 */
static bool spell_out(struct eagre_text text, bool is_negative, const struct interval *interval,
                      struct eagre_buffer *out) {
  static const unsigned limits[] = {0, 11, 0, 23, 59, 59};
  static const char separators[] = {0, '-', 0, ' ', ':', ':'};
  text = eagre_text_trim(text);
  size_t at = 0;
  if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
    is_negative ^= text.data[0] == '-';
    at = 1;
  }
  for (int field = (int)interval->first; field <= (int)interval->last; field++) {
    bool is_first = field == (int)interval->first;
    if (!is_first && (at >= text.size || text.data[at++] != separators[field])) return false;
    size_t size = count_digits(text, at);
    bool has_fraction =
        field == FIELD_SECOND && at + size < text.size && text.data[at + size] == '.';
    if (has_fraction) size += 1 + count_digits(text, at + size + 1);
    struct eagre_text digits = eagre_text_make(text.data + at, size);
    if (!is_in_range(digits, is_first ? 0 : limits[field])) return false;
    eagre_buffer_printf(out, "%s%.*s %s ", is_negative ? "-" : "", (int)size, digits.data,
                        field_names[field]);
    at += size;
  }
  return at == text.size;
}

static enum eagre_status fail_range_text(struct eagre_sql_parser *parser, uint32_t first,
                                         struct eagre_text value, const struct interval *interval) {
  eagre_sql_fail_range(parser, first, "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING",
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
  bool is_known =
      from->field < to->field && (from->field <= FIELD_MONTH) == (to->field <= FIELD_MONTH);
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
  struct eagre_buffer spelled = {0};
  bool is_read = spell_out(value, is_negative, interval, &spelled) &&
                 add_text(interval, eagre_buffer_text(&spelled)) == EAGRE_VALUE_OK;
  eagre_buffer_done(&spelled);
  return is_read ? EAGRE_OK : fail_range_text(parser, first, value, interval);
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
  if (interval.first <= FIELD_MONTH && interval.last > FIELD_MONTH) {
    return fail_mixed(parser, first);
  }
  struct eagre_sql_expression *literal = eagre_sql_expression_new(parser, EAGRE_SQL_LITERAL);
  literal->literal = EAGRE_SQL_LITERAL_INTERVAL;
  literal->type_kind =
      interval.first <= FIELD_MONTH ? EAGRE_TYPE_INTERVAL_YEAR : EAGRE_TYPE_INTERVAL_DAY;
  literal->months = interval.months;
  literal->microseconds = interval.microseconds;
  literal->text = print_canonical(parser->arena, &interval);
  *out_expression = literal;
  return eagre_sql_finish(parser, first, literal);
}
