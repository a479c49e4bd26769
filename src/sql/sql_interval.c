/* INTERVAL literals, in all of Spark's spellings:
 *   INTERVAL 10 MINUTES            INTERVAL '10' MINUTES       INTERVAL -1 DAY 2 HOURS
 *   INTERVAL '1 02:03:04' DAY TO SECOND                        INTERVAL '1-2' YEAR TO MONTH
 *   INTERVAL '10 minutes 30 seconds'
 *
 * A literal is either of years and months or of days to microseconds. The node's `text` is Spark's
 * canonical spelling, which depends on the smallest and the largest unit written:
 * INTERVAL '1 02' DAY TO HOUR. */
#include "sql/sql_parser.h"

enum field { FIELD_YEAR, FIELD_MONTH, FIELD_DAY, FIELD_HOUR, FIELD_MINUTE, FIELD_SECOND };

static const char *const field_names[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};

struct unit {
  enum eagre_sql_keyword singular;
  enum eagre_sql_keyword plural;
  enum field field;
  int64_t scale; /* months, or microseconds */
};

static const struct unit units[] = {
#define UNIT(name, field, scale)                                                                   \
  { EAGRE_SQL_KEYWORD_##name, EAGRE_SQL_KEYWORD_##name##S, FIELD_##field, scale }
    UNIT(YEAR, YEAR, 12),
    UNIT(MONTH, MONTH, 1),
    UNIT(WEEK, DAY, 7 * 86400000000),
    UNIT(DAY, DAY, 86400000000),
    UNIT(HOUR, HOUR, 3600000000),
    UNIT(MINUTE, MINUTE, 60000000),
    UNIT(SECOND, SECOND, 1000000),
    UNIT(MILLISECOND, SECOND, 1000),
    UNIT(MICROSECOND, SECOND, 1),
#undef UNIT
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

/* ---- Numbers --------------------------------------------------------------------------------- */

enum amount_result { AMOUNT_OK, AMOUNT_INVALID, AMOUNT_OVERFLOW };

/* Digits with an optional fraction of at most nine digits, of which six count. */
struct amount {
  bool is_negative;
  bool has_fraction;
  int64_t whole;
  int64_t millionths;
};

static bool read_whole(struct eagre_text digits, int64_t *out_value) {
  int64_t value = 0;
  for (size_t i = 0; i < digits.size; i++) {
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, digits.data[i] - '0', &value)) {
      return false;
    }
  }
  *out_value = value;
  return true;
}

static size_t count_digits(struct eagre_text text, size_t from) {
  size_t at = from;
  while (at < text.size && text.data[at] >= '0' && text.data[at] <= '9') {
    at++;
  }
  return at - from;
}

static enum amount_result read_amount(struct eagre_text text, struct amount *out_amount) {
  size_t at = 0;
  *out_amount = (struct amount){0};
  if (at < text.size && (text.data[at] == '-' || text.data[at] == '+')) {
    out_amount->is_negative ^= text.data[at] == '-';
    at++;
  }
  size_t whole = count_digits(text, at);
  size_t fraction = 0;
  size_t end = at + whole;
  if (end < text.size && text.data[end] == '.') {
    out_amount->has_fraction = true;
    fraction = count_digits(text, end + 1);
    end += 1 + fraction;
  }
  if (end != text.size || whole + fraction == 0 || fraction > 9) return AMOUNT_INVALID;
  if (!read_whole(eagre_text_make(text.data + at, whole), &out_amount->whole)) {
    return AMOUNT_OVERFLOW;
  }
  for (size_t i = 0; i < 6; i++) {
    int digit = i < fraction ? text.data[at + whole + 1 + i] - '0' : 0;
    out_amount->millionths = out_amount->millionths * 10 + digit;
  }
  return AMOUNT_OK;
}

static void widen_fields(struct interval *interval, enum field field) {
  if (!interval->is_filled || field < interval->first) interval->first = field;
  if (!interval->is_filled || field > interval->last) interval->last = field;
  interval->is_filled = true;
}

/* Adds `amount` units; only seconds may have a fraction. */
static enum amount_result add_amount(struct interval *interval, struct amount amount,
                                     const struct unit *unit) {
  bool is_second = unit->singular == EAGRE_SQL_KEYWORD_SECOND;
  if (amount.has_fraction && !is_second) return AMOUNT_INVALID;
  int64_t *total = unit->field <= FIELD_MONTH ? &interval->months : &interval->microseconds;
  int64_t value = 0;
  if (__builtin_mul_overflow(amount.whole, unit->scale, &value) ||
      __builtin_add_overflow(value, is_second ? amount.millionths : 0, &value) ||
      __builtin_add_overflow(*total, amount.is_negative ? -value : value, total)) {
    return AMOUNT_OVERFLOW;
  }
  if (interval->months > INT32_MAX || interval->months < INT32_MIN) return AMOUNT_OVERFLOW;
  widen_fields(interval, unit->field);
  return AMOUNT_OK;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static enum eagre_status fail_amount(struct eagre_sql_parser *parser, uint32_t first,
                                     enum amount_result result, struct eagre_text value) {
  if (result == AMOUNT_OVERFLOW) {
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
  eagre_error_hint(parser->error, "Write two intervals and add both.");
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
  struct eagre_text text = eagre_arena_copy_text(arena, eagre_text_make(buffer.data, buffer.size));
  eagre_free(buffer.data);
  return text;
}

/* ---- '1 02:03:04' DAY TO SECOND -------------------------------------------------------------- */

/* Reads "1 02:03:04.5" with exactly the fields first..last of `interval`; every field but the first
 * has its natural range. */
static bool read_fields(struct eagre_text text, bool is_negative, struct interval *interval) {
  static const int64_t scales[] = {12, 1, 86400000000, 3600000000, 60000000, 1000000};
  static const int64_t limits[] = {0, 11, 0, 23, 59, 59};
  static const char separators[] = {0, '-', 0, ' ', ':', ':'};
  text = eagre_text_trim(text);
  if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
    is_negative ^= text.data[0] == '-';
    text = eagre_text_make(text.data + 1, text.size - 1);
  }
  int64_t total = 0;
  size_t at = 0;
  for (int field = (int)interval->first; field <= (int)interval->last; field++) {
    if (field > (int)interval->first && (at >= text.size || text.data[at++] != separators[field])) {
      return false;
    }
    size_t size = count_digits(text, at);
    if (field == FIELD_SECOND && at + size < text.size && text.data[at + size] == '.') {
      size += 1 + count_digits(text, at + size + 1);
    }
    struct amount amount;
    int64_t value = 0;
    if (size == 0 || read_amount(eagre_text_make(text.data + at, size), &amount) != AMOUNT_OK ||
        (field > (int)interval->first && amount.whole > limits[field]) ||
        __builtin_mul_overflow(amount.whole, scales[field], &value) ||
        __builtin_add_overflow(value, amount.millionths, &value) ||
        __builtin_add_overflow(total, value, &total)) {
      return false;
    }
    at += size;
  }
  if (at != text.size || (interval->first <= FIELD_MONTH && total > INT32_MAX)) return false;
  *(interval->first <= FIELD_MONTH ? &interval->months : &interval->microseconds) =
      is_negative ? -total : total;
  return true;
}

/* Behind the first unit: TO unit. `value` is the text before it. */
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
  interval->first = from->field;
  interval->last = to->field;
  interval->is_filled = true;
  if (read_fields(value, is_negative, interval)) return EAGRE_OK;
  eagre_sql_fail_range(parser, first, "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING",
                       "'%.*s' is not an interval %s TO %s.", (int)value.size, value.data,
                       field_names[from->field], field_names[to->field]);
  eagre_error_hint(parser->error, "The forms are '1-2' YEAR TO MONTH and '1 02:03:04.5' DAY TO "
                                  "SECOND, or the parts of the latter that the units name.");
  return EAGRE_USAGE;
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
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_TO)) {
    if (interval->is_filled) return eagre_sql_fail_expected(parser, "one value before TO");
    return parse_range(parser, first, value, is_negative, unit, interval);
  }
  struct amount amount;
  enum amount_result result = read_amount(eagre_text_trim(value), &amount);
  if (result == AMOUNT_OK) {
    amount.is_negative ^= is_negative;
    result = add_amount(interval, amount, unit);
  }
  return result == AMOUNT_OK ? EAGRE_OK : fail_amount(parser, first, result, value);
}

/* ---- '10 minutes 30 seconds' ----------------------------------------------------------------- */

/* The next word of `rest`, which loses it; empty at the end. */
static struct eagre_text take_word(struct eagre_text *rest) {
  *rest = eagre_text_trim(*rest);
  size_t size = 0;
  while (size < rest->size && (unsigned char)rest->data[size] > ' ') {
    size++;
  }
  struct eagre_text word = eagre_text_make(rest->data, size);
  *rest = eagre_text_make(rest->data + size, rest->size - size);
  return word;
}

static enum eagre_status fail_unit(struct eagre_sql_parser *parser, uint32_t first,
                                   struct eagre_text word) {
  eagre_sql_fail_range(parser, first, "INVALID_INTERVAL_FORMAT.INVALID_UNIT",
                       "'%.*s' is not a unit of time.", (int)word.size, word.data);
  eagre_error_hint(parser->error, "Units are years, months, weeks, days, hours, minutes, seconds, "
                                  "milliseconds and microseconds.");
  return EAGRE_USAGE;
}

static enum eagre_status parse_text_form(struct eagre_sql_parser *parser, uint32_t first,
                                         struct interval *interval) {
  struct eagre_text rest = eagre_sql_token_at(parser)->text;
  eagre_sql_advance(parser);
  struct eagre_text word = take_word(&rest);
  if (eagre_text_equal_ignoring_case(word, EAGRE_TEXT("interval"))) word = take_word(&rest);
  do {
    /* "- 10 days": the sign may stand alone. */
    bool is_negative = eagre_text_equal(word, EAGRE_TEXT("-"));
    if (is_negative || eagre_text_equal(word, EAGRE_TEXT("+"))) word = take_word(&rest);
    struct amount amount;
    enum amount_result result = read_amount(word, &amount);
    if (result != AMOUNT_OK) return fail_amount(parser, first, result, word);
    amount.is_negative ^= is_negative;
    struct eagre_text name = take_word(&rest);
    const struct unit *unit = find_unit(eagre_sql_keyword_find(name));
    if (unit == NULL) return fail_unit(parser, first, name);
    result = add_amount(interval, amount, unit);
    if (result != AMOUNT_OK) return fail_amount(parser, first, result, word);
    word = take_word(&rest);
  } while (word.size > 0);
  return EAGRE_OK;
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
  bool is_mixed = interval.first <= FIELD_MONTH && interval.last > FIELD_MONTH;
  if (is_mixed && !needs_units) return fail_mixed(parser, first);
  struct eagre_sql_expression *literal = eagre_sql_expression_new(parser, EAGRE_SQL_LITERAL);
  literal->literal = EAGRE_SQL_LITERAL_INTERVAL;
  literal->type_kind =
      interval.first <= FIELD_MONTH ? EAGRE_TYPE_INTERVAL_YEAR : EAGRE_TYPE_INTERVAL_DAY;
  literal->months = interval.months;
  literal->microseconds = interval.microseconds;
  if (!is_mixed) literal->text = print_canonical(parser->arena, &interval);
  *out_expression = literal;
  return eagre_sql_finish(parser, first, literal);
}
