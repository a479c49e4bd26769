/* Date patterns: from text to items. */
#include "value/value_pattern.h"

enum {
  PATTERN_SIZE_MAX = 1000,
  NESTING_MAX = 16,
  FRACTION_DIGITS_MAX = 9,
  YEAR_LETTERS_MAX = 6,
  TEXT_LETTERS_MAX = 4,
  NUMBER_WIDTH_MAX = 19,
};

/* State of one compilation. */
struct compiler {
  struct eagre_pattern *pattern;
  struct eagre_text text;
  size_t at;
  size_t literals_size;
  uint32_t capacity;
  /* The number that leaves digits to the fixed numbers behind it; -1: none. */
  int32_t number_before;
  uint32_t open_sections[NESTING_MAX];
  uint32_t open_count;
  bool has_era; /* then `y` is the year of the era */
  struct eagre_error *error;
};

static int limit_size(struct eagre_text text) {
  return (int)(text.size < 100 ? text.size : 100);
}

static enum eagre_status refuse(struct compiler *compiler, const char *class_name, const char *what,
                                char letter) {
  enum eagre_status status = eagre_error_set(
      compiler->error, EAGRE_USAGE, class_name, "Unrecognized datetime pattern '%.*s': %s '%c'.",
      limit_size(compiler->text), compiler->text.data, what, letter);
  eagre_error_hint(compiler->error,
                   "Letters are G y M L d D Q q E F a h H k K m s S V z O X x Z; text goes between "
                   "single quotes, optional parts between [ and ].");
  return status;
}

static enum eagre_status refuse_letter(struct compiler *compiler, char letter) {
  return refuse(compiler, "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", "illegal character",
                letter);
}

static enum eagre_status refuse_length(struct compiler *compiler, char letter) {
  return refuse(compiler, "INVALID_DATETIME_PATTERN.LENGTH", "wrong number of letters", letter);
}

static enum eagre_status refuse_week_letter(struct compiler *compiler, char letter) {
  enum eagre_status status = eagre_error_set(
      compiler->error, EAGRE_USAGE,
      "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN",
      "Pattern '%.*s' has the week-based letter '%c', which is not supported since Spark 3.0.",
      limit_size(compiler->text), compiler->text.data, letter);
  eagre_error_hint(compiler->error, "Use the SQL function EXTRACT instead.");
  return status;
}

/* ---- Items ----------------------------------------------------------------------------------- */

static struct eagre_pattern_item *add_item(struct compiler *compiler,
                                           enum eagre_pattern_item_kind kind) {
  struct eagre_pattern *pattern = compiler->pattern;
  if (pattern->item_count == compiler->capacity) {
    compiler->capacity = compiler->capacity == 0 ? 16 : compiler->capacity * 2;
    pattern->items = eagre_reallocate(pattern->items, compiler->capacity * sizeof *pattern->items);
  }
  struct eagre_pattern_item *item = &pattern->items[pattern->item_count++];
  *item = (struct eagre_pattern_item){.kind = kind};
  compiler->number_before = -1;
  return item;
}

static void add_literal(struct compiler *compiler, const char *data, size_t size) {
  struct eagre_pattern *pattern = compiler->pattern;
  char *copy = pattern->literals + compiler->literals_size;
  memcpy(copy, data, size);
  compiler->literals_size += size;
  struct eagre_pattern_item *item = add_item(compiler, EAGRE_PATTERN_LITERAL);
  item->literal = eagre_text_make(copy, size);
}

/* Java's adjacent value parsing: a number of fixed width right behind another number takes its
 * digits from the end of what that one finds; a number of free width starts anew and fixes the one
 * before. */
static void join_numbers(struct compiler *compiler, int32_t before) {
  struct eagre_pattern *pattern = compiler->pattern;
  int32_t index = (int32_t)pattern->item_count - 1;
  struct eagre_pattern_item *item = &pattern->items[index];
  bool is_fixed = item->width_min == item->width_max && item->sign == EAGRE_PATTERN_UNSIGNED;
  compiler->number_before = index;
  if (before < 0) return;
  if (!is_fixed) {
    pattern->items[before].width_behind = 0;
    return;
  }
  pattern->items[before].width_behind =
      (uint16_t)(pattern->items[before].width_behind + item->width_max);
  compiler->number_before = before;
}

static void add_number(struct compiler *compiler, enum eagre_pattern_item_kind kind,
                       enum eagre_pattern_field field, unsigned width_min, unsigned width_max,
                       enum eagre_pattern_sign sign) {
  int32_t before = compiler->number_before;
  struct eagre_pattern_item *item = add_item(compiler, kind);
  item->field = field;
  item->width_min = (uint8_t)width_min;
  item->width_max = (uint8_t)width_max;
  item->sign = sign;
  join_numbers(compiler, before);
}

/* One letter: any number of digits. Two: exactly two. */
static enum eagre_status add_short_number(struct compiler *compiler, char letter, size_t count,
                                          enum eagre_pattern_field field) {
  if (count > 2) return refuse_length(compiler, letter);
  bool is_free = count == 1;
  add_number(compiler, EAGRE_PATTERN_NUMBER, field, (unsigned)count, is_free ? NUMBER_WIDTH_MAX : 2,
             is_free ? EAGRE_PATTERN_NORMAL : EAGRE_PATTERN_UNSIGNED);
  return EAGRE_OK;
}

static enum eagre_status add_text(struct compiler *compiler, char letter, size_t count,
                                  enum eagre_pattern_field field) {
  if (count > TEXT_LETTERS_MAX) return refuse_length(compiler, letter);
  struct eagre_pattern_item *item = add_item(compiler, EAGRE_PATTERN_TEXT);
  item->field = field;
  item->is_long = count == TEXT_LETTERS_MAX;
  return EAGRE_OK;
}

/* Months and quarters: a number with one or two letters, a name with more. */
static enum eagre_status add_number_or_text(struct compiler *compiler, char letter, size_t count,
                                            enum eagre_pattern_field field) {
  if (count <= 2) return add_short_number(compiler, letter, count, field);
  return add_text(compiler, letter, count, field);
}

static enum eagre_status add_year(struct compiler *compiler, size_t count) {
  if (count > YEAR_LETTERS_MAX) return refuse_length(compiler, 'y');
  enum eagre_pattern_field field =
      compiler->has_era ? EAGRE_PATTERN_YEAR_OF_ERA : EAGRE_PATTERN_YEAR;
  if (count == 2) {
    add_number(compiler, EAGRE_PATTERN_SHORT_YEAR, field, 2, 2, EAGRE_PATTERN_UNSIGNED);
  } else {
    add_number(compiler, EAGRE_PATTERN_NUMBER, field, (unsigned)count, NUMBER_WIDTH_MAX,
               count < 4 ? EAGRE_PATTERN_NORMAL : EAGRE_PATTERN_EXCEEDS_PAD);
  }
  return EAGRE_OK;
}

static enum eagre_status add_day_of_year(struct compiler *compiler, size_t count) {
  if (count > 3) return refuse_length(compiler, 'D');
  bool is_free = count == 1;
  add_number(compiler, EAGRE_PATTERN_NUMBER, EAGRE_PATTERN_DAY_OF_YEAR, (unsigned)count,
             is_free ? NUMBER_WIDTH_MAX : 3,
             is_free ? EAGRE_PATTERN_NORMAL : EAGRE_PATTERN_UNSIGNED);
  return EAGRE_OK;
}

/* Printing gives as many digits as letters, reading takes one to as many (Spark's own rule). Only
 * a single letter is of fixed width and so leaves its digit to itself. */
static enum eagre_status add_fraction(struct compiler *compiler, size_t count) {
  if (count > FRACTION_DIGITS_MAX) return refuse_length(compiler, 'S');
  int32_t before = compiler->number_before;
  struct eagre_pattern_item *item = add_item(compiler, EAGRE_PATTERN_FRACTION);
  item->field = EAGRE_PATTERN_NANOSECOND;
  item->width_min = 1;
  item->width_max = (uint8_t)count;
  if (count == 1) join_numbers(compiler, before);
  return EAGRE_OK;
}

static void add_offset(struct compiler *compiler, size_t count, const char *zero) {
  struct eagre_pattern_item *item = add_item(compiler, EAGRE_PATTERN_OFFSET);
  item->field = EAGRE_PATTERN_OFFSET_SECONDS;
  item->has_colon = count == 3 || count == 5;
  item->has_minutes = count > 1;
  item->has_seconds = count > 3;
  item->literal = eagre_text_of(zero);
}

/* "X": +01 or +0130, "XX": +0100, "XXX": +01:00, "XXXX": +010000, "XXXXX": +01:00:00, the seconds
 * only when there are any. Zero is "Z" with X, and in digits with x. */
static enum eagre_status add_offset_letters(struct compiler *compiler, char letter, size_t count) {
  static const char *const zeros[] = {"", "+00", "+0000", "+00:00", "+0000", "+00:00"};
  if (count > 5) return refuse_length(compiler, letter);
  add_offset(compiler, count, letter == 'X' ? "Z" : zeros[count]);
  return EAGRE_OK;
}

static enum eagre_status add_gmt_offset(struct compiler *compiler, char letter, size_t count) {
  if (count != 1 && count != 4) return refuse_length(compiler, letter);
  struct eagre_pattern_item *item = add_item(compiler, EAGRE_PATTERN_GMT_OFFSET);
  item->field = EAGRE_PATTERN_OFFSET_SECONDS;
  item->is_long = count == 4;
  return EAGRE_OK;
}

static enum eagre_status add_rfc_offset(struct compiler *compiler, size_t count) {
  if (count > 5) return refuse_length(compiler, 'Z');
  if (count == 4) return add_gmt_offset(compiler, 'Z', count);
  if (count == 5) {
    add_offset(compiler, 5, "Z");
  } else {
    add_offset(compiler, 2, "+0000");
  }
  return EAGRE_OK;
}

static enum eagre_status add_zone(struct compiler *compiler, char letter, size_t count) {
  bool is_id = letter == 'V';
  if (is_id ? count != 2 : count > 4) return refuse_length(compiler, letter);
  struct eagre_pattern_item *item =
      add_item(compiler, is_id ? EAGRE_PATTERN_ZONE_ID : EAGRE_PATTERN_ZONE_NAME);
  item->is_long = count == 4;
  if (item->is_long) {
    compiler->pattern->format_only = letter;
    compiler->pattern->format_only_reason = "zone names in full can be printed, not read";
  }
  if (compiler->pattern->names == NULL) compiler->pattern->names = eagre_pattern_names_new();
  return EAGRE_OK;
}

/* ---- Letters --------------------------------------------------------------------------------- */

static void mark_format_only(struct compiler *compiler, char letter) {
  compiler->pattern->format_only = letter;
  compiler->pattern->format_only_reason = "it can be printed, not read";
}

static enum eagre_status add_date_letters(struct compiler *compiler, char letter, size_t count) {
  switch (letter) {
  case 'y':
    return add_year(compiler, count);
  case 'M':
  case 'L':
    return add_number_or_text(compiler, letter, count, EAGRE_PATTERN_MONTH);
  case 'd':
    return add_short_number(compiler, letter, count, EAGRE_PATTERN_DAY);
  case 'D':
    return add_day_of_year(compiler, count);
  case 'G':
    return add_text(compiler, letter, count, EAGRE_PATTERN_ERA);
  case 'Q':
  case 'q':
    mark_format_only(compiler, letter);
    return add_number_or_text(compiler, letter, count, EAGRE_PATTERN_QUARTER);
  case 'E':
    mark_format_only(compiler, letter);
    return add_text(compiler, letter, count, EAGRE_PATTERN_DAY_OF_WEEK);
  case 'F':
    mark_format_only(compiler, letter);
    if (count > 1) return refuse_length(compiler, letter);
    return add_short_number(compiler, letter, count, EAGRE_PATTERN_DAY_OF_WEEK_IN_MONTH);
  default:
    return refuse_letter(compiler, letter);
  }
}

static enum eagre_status add_letters(struct compiler *compiler, char letter, size_t count) {
  switch (letter) {
  case 'a':
    if (count > 1) return refuse_length(compiler, letter);
    return add_text(compiler, letter, count, EAGRE_PATTERN_HALF_DAY);
  case 'H':
    return add_short_number(compiler, letter, count, EAGRE_PATTERN_HOUR);
  case 'k':
    return add_short_number(compiler, letter, count, EAGRE_PATTERN_CLOCK_HOUR);
  case 'K':
    return add_short_number(compiler, letter, count, EAGRE_PATTERN_HALF_HOUR);
  case 'h':
    return add_short_number(compiler, letter, count, EAGRE_PATTERN_CLOCK_HALF_HOUR);
  case 'm':
    return add_short_number(compiler, letter, count, EAGRE_PATTERN_MINUTE);
  case 's':
    return add_short_number(compiler, letter, count, EAGRE_PATTERN_SECOND);
  case 'S':
    return add_fraction(compiler, count);
  case 'X':
  case 'x':
    return add_offset_letters(compiler, letter, count);
  case 'Z':
    return add_rfc_offset(compiler, count);
  case 'O':
    return add_gmt_offset(compiler, letter, count);
  case 'V':
  case 'z':
    return add_zone(compiler, letter, count);
  case 'Y':
  case 'W':
  case 'w':
  case 'u':
  case 'e':
  case 'c':
    return refuse_week_letter(compiler, letter);
  default:
    return add_date_letters(compiler, letter, count);
  }
}

/* ---- Text ------------------------------------------------------------------------------------ */

static bool is_letter(char character) {
  char lower = (char)(character | 0x20);
  return lower >= 'a' && lower <= 'z';
}

/* 'text', with '' for a quote; '' alone is a quote. */
static enum eagre_status compile_quoted(struct compiler *compiler) {
  struct eagre_text text = compiler->text;
  size_t start = ++compiler->at;
  char *copy = compiler->pattern->literals + compiler->literals_size;
  size_t size = 0;
  for (;; compiler->at++) {
    if (compiler->at == text.size) {
      return refuse(compiler, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "no closing", '\'');
    }
    bool is_quote = text.data[compiler->at] == '\'';
    bool is_doubled =
        is_quote && compiler->at + 1 < text.size && text.data[compiler->at + 1] == '\'';
    if (is_quote && !is_doubled) break;
    compiler->at += is_doubled;
    copy[size++] = text.data[compiler->at];
  }
  if (compiler->at++ == start) copy[size++] = '\'';
  compiler->literals_size += size;
  struct eagre_pattern_item *item = add_item(compiler, EAGRE_PATTERN_LITERAL);
  item->literal = eagre_text_make(copy, size);
  return EAGRE_OK;
}

static enum eagre_status open_section(struct compiler *compiler) {
  if (compiler->open_count == NESTING_MAX) {
    return refuse(compiler, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "too deep", '[');
  }
  compiler->open_sections[compiler->open_count++] = compiler->pattern->item_count;
  add_item(compiler, EAGRE_PATTERN_OPTIONAL);
  return EAGRE_OK;
}

static void close_section(struct compiler *compiler) {
  uint32_t index = compiler->open_sections[--compiler->open_count];
  compiler->pattern->items[index].end = compiler->pattern->item_count;
  compiler->number_before = -1;
}

static enum eagre_status compile_other(struct compiler *compiler, char character) {
  compiler->at++;
  switch (character) {
  case '[':
    return open_section(compiler);
  case ']':
    if (compiler->open_count == 0) {
      return refuse(compiler, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "no opening", '[');
    }
    close_section(compiler);
    return EAGRE_OK;
  case '{':
  case '}':
  case '#':
    return refuse_letter(compiler, character);
  default:
    add_literal(compiler, &character, 1);
    return EAGRE_OK;
  }
}

static enum eagre_status compile_next(struct compiler *compiler) {
  struct eagre_text text = compiler->text;
  char character = text.data[compiler->at];
  if (character == '\'') return compile_quoted(compiler);
  if (!is_letter(character)) return compile_other(compiler, character);
  size_t start = compiler->at;
  while (compiler->at < text.size && text.data[compiler->at] == character) {
    compiler->at++;
  }
  return add_letters(compiler, character, compiler->at - start);
}

/* Whether a `G` stands outside of quotes. */
static bool find_era(struct eagre_text text) {
  bool is_quoted = false;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '\'') is_quoted = !is_quoted;
    if (text.data[i] == 'G' && !is_quoted) return true;
  }
  return false;
}

static enum eagre_status compile(struct compiler *compiler) {
  while (compiler->at < compiler->text.size) {
    EAGRE_TRY(compile_next(compiler));
  }
  while (compiler->open_count > 0) {
    close_section(compiler);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_pattern_open(struct eagre_text pattern, struct eagre_pattern **out_pattern,
                                     struct eagre_error *error) {
  struct compiler compiler = {
      .text = pattern, .number_before = -1, .has_era = find_era(pattern), .error = error};
  if (pattern.size > PATTERN_SIZE_MAX) {
    return eagre_error_set(error, EAGRE_USAGE, "INVALID_DATETIME_PATTERN.LENGTH",
                           "The datetime pattern has %zu bytes, more than %d.", pattern.size,
                           PATTERN_SIZE_MAX);
  }
  compiler.pattern = eagre_allocate_zeroed(1, sizeof *compiler.pattern);
  /* A lone '' becomes one character, so literals never need more than the pattern. */
  compiler.pattern->literals = eagre_allocate(pattern.size + 1);
  enum eagre_status status = compile(&compiler);
  if (status != EAGRE_OK) {
    eagre_pattern_close(compiler.pattern);
    return status;
  }
  *out_pattern = compiler.pattern;
  return EAGRE_OK;
}

enum eagre_status eagre_pattern_check_parse(const struct eagre_pattern *pattern,
                                            struct eagre_error *error) {
  if (pattern->format_only == 0) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_USAGE, "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER",
                         "The datetime pattern has the letter '%c': %s.", pattern->format_only,
                         pattern->format_only_reason);
}

void eagre_pattern_close(struct eagre_pattern *pattern) {
  if (pattern == NULL) return;
  eagre_pattern_names_free(pattern->names);
  eagre_free(pattern->literals);
  eagre_free(pattern->items);
  eagre_free(pattern);
}
