/* The tokenizer of json_lexer.h. It follows Jackson's rules where RFC 8259 leaves a choice, because
 * Spark reads JSON with Jackson: which words are numbers, what a comment is, how long a number may
 * be. Everything here is byte by byte on purpose; speed is the business of json_fast.h. */
#include "json/json_lexer.h"

#include "json/json_string.h"

/* ---- Containers ----------------------------------------------------------------------------- */

static uint8_t *get_container_byte(struct eagre_json_lexer *lexer, uint32_t level) {
  if (level < EAGRE_JSON_DEPTH_INLINE) return &lexer->container_bits[level / 8];
  return (uint8_t *)&lexer->container_more.data[(level - EAGRE_JSON_DEPTH_INLINE) / 8];
}

static bool is_container_object(struct eagre_json_lexer *lexer, uint32_t level) {
  return (*get_container_byte(lexer, level) >> (level & 7)) & 1;
}

static void set_container(struct eagre_json_lexer *lexer, uint32_t level, bool is_object) {
  uint8_t *byte = get_container_byte(lexer, level);
  uint8_t mask = (uint8_t)(1u << (level & 7));
  *byte = (uint8_t)((*byte & ~mask) | (is_object ? mask : 0));
}

static enum eagre_json_token fail(struct eagre_json_lexer *lexer) {
  lexer->state = EAGRE_JSON_LEXER_FAILED;
  return EAGRE_JSON_TOKEN_ERROR;
}

static enum eagre_json_token open_container(struct eagre_json_lexer *lexer, bool is_object) {
  if (lexer->depth >= lexer->options->nesting_depth_max) return fail(lexer);
  if (lexer->depth >= EAGRE_JSON_DEPTH_INLINE) {
    size_t size = (lexer->depth - EAGRE_JSON_DEPTH_INLINE) / 8 + 1;
    while (lexer->container_more.size < size)
      eagre_buffer_append_char(&lexer->container_more, 0);
  }
  set_container(lexer, lexer->depth, is_object);
  lexer->depth++;
  lexer->next++;
  lexer->state = is_object ? EAGRE_JSON_LEXER_FIRST_NAME : EAGRE_JSON_LEXER_FIRST_ELEMENT;
  return is_object ? EAGRE_JSON_TOKEN_OBJECT_BEGIN : EAGRE_JSON_TOKEN_ARRAY_BEGIN;
}

static void expect_after_value(struct eagre_json_lexer *lexer) {
  if (lexer->depth == 0) {
    lexer->state = EAGRE_JSON_LEXER_DONE;
  } else if (is_container_object(lexer, lexer->depth - 1)) {
    lexer->state = EAGRE_JSON_LEXER_NEXT_NAME;
  } else {
    lexer->state = EAGRE_JSON_LEXER_NEXT_ELEMENT;
  }
}

static enum eagre_json_token close_container(struct eagre_json_lexer *lexer,
                                             enum eagre_json_token token) {
  lexer->depth--;
  lexer->next++;
  expect_after_value(lexer);
  return token;
}

/* ---- White space and comments ---------------------------------------------------------------- */

/* Skips a comment that begins at `next`. False when it is none or has no end. */
static bool skip_comment(struct eagre_json_lexer *lexer) {
  const char *at = lexer->next + 1;
  if (at >= lexer->end) return false;
  if (*at == '/') {
    while (at < lexer->end && *at != '\n' && *at != '\r')
      at++;
    lexer->next = at;
    return true;
  }
  if (*at != '*') return false;
  for (at++; at + 1 < lexer->end; at++) {
    if (at[0] != '*' || at[1] != '/') continue;
    lexer->next = at + 2;
    return true;
  }
  return false;
}

/* Moves `next` to the next byte that matters. False when a comment is broken. */
static bool skip_space(struct eagre_json_lexer *lexer) {
  while (lexer->next < lexer->end) {
    char byte = *lexer->next;
    if (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t') {
      lexer->next++;
    } else if (byte == '/' && lexer->options->allow_comments) {
      if (!skip_comment(lexer)) return false;
    } else {
      return true;
    }
  }
  return true;
}

/* ---- Strings and names ----------------------------------------------------------------------- */

static bool is_hexadecimal(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
         (byte >= 'A' && byte <= 'F');
}

const char *eagre_json_skip_escape(const struct eagre_json_options *options, const char *at,
                                   const char *end) {
  if (at >= end) return NULL;
  switch (*at) {
  case '"':
  case '\\':
  case '/':
  case 'b':
  case 'f':
  case 'n':
  case 'r':
  case 't':
    return at + 1;
  case 'u':
    if (end - at < 5) return NULL;
    for (int digit = 1; digit <= 4; digit++) {
      if (!is_hexadecimal(at[digit])) return NULL;
    }
    return at + 5;
  case '\'':
    if (options->allow_single_quotes) return at + 1;
    break;
  default:
    break;
  }
  return options->allow_backslash_any ? at + 1 : NULL;
}

/* Reads a string whose opening quote is at `next`; leaves `next` behind the closing one. */
static bool read_quoted(struct eagre_json_lexer *lexer) {
  char quote = *lexer->next++;
  const char *at = lexer->next;
  lexer->has_escape = false;
  lexer->has_high = false;
  while (at < lexer->end && *at != quote) {
    unsigned char byte = (unsigned char)*at++;
    if (byte == '\\') {
      lexer->has_escape = true;
      if (at < lexer->end && (unsigned char)*at >= 0x80) lexer->has_high = true;
      at = eagre_json_skip_escape(lexer->options, at, lexer->end);
      if (at == NULL) return false;
    } else if (byte >= 0x80) {
      lexer->has_high = true;
    } else if (byte < 0x20 && !lexer->options->allow_unquoted_control_chars) {
      return false;
    }
  }
  if (at >= lexer->end) return false;
  lexer->text = eagre_text_make(lexer->next, (size_t)(at - lexer->next));
  lexer->next = at + 1;
  return true;
}

static bool is_quote(const struct eagre_json_lexer *lexer, char byte) {
  return byte == '"' || (byte == '\'' && lexer->options->allow_single_quotes);
}

/* ASCII letters, digits, _ and $; beyond ASCII everything, which is a little more than Java's
 * identifiers (they leave out punctuation). */
static bool is_identifier_part(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '_' || byte == '$' || byte == 0x7f ||
         (unsigned char)byte >= 0x80;
}

/* What a name without quotes may consist of: Java's identifiers and a few signs. */
static bool is_bare_name_part(char byte) {
  return is_identifier_part(byte) || byte == '@' || byte == '#' || byte == '*' || byte == '-' ||
         byte == '+';
}

static bool read_bare_name(struct eagre_json_lexer *lexer) {
  const char *begin = lexer->next;
  while (lexer->next < lexer->end && is_bare_name_part(*lexer->next))
    lexer->next++;
  lexer->text = eagre_text_make(begin, (size_t)(lexer->next - begin));
  lexer->has_escape = false;
  lexer->has_high = true;
  return lexer->text.size > 0 && eagre_value_utf8_is_valid(lexer->text);
}

static bool is_name_too_long(const struct eagre_json_lexer *lexer) {
  struct eagre_json_string name = {lexer->text, lexer->has_escape, lexer->has_high};
  return !eagre_json_string_fits(name, EAGRE_JSON_NAME_SIZE_MAX);
}

static enum eagre_json_token read_name(struct eagre_json_lexer *lexer) {
  if (lexer->next >= lexer->end) return fail(lexer);
  if (is_quote(lexer, *lexer->next)) {
    if (!read_quoted(lexer)) return fail(lexer);
  } else if (!lexer->options->allow_unquoted_field_names || !read_bare_name(lexer)) {
    return fail(lexer);
  }
  if (is_name_too_long(lexer) || !skip_space(lexer)) return fail(lexer);
  if (lexer->next >= lexer->end || *lexer->next != ':') return fail(lexer);
  lexer->next++;
  lexer->state = EAGRE_JSON_LEXER_VALUE;
  return EAGRE_JSON_TOKEN_NAME;
}

/* ---- Numbers and words ----------------------------------------------------------------------- */

static bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

static size_t skip_digits(struct eagre_json_lexer *lexer) {
  const char *begin = lexer->next;
  while (lexer->next < lexer->end && is_digit(*lexer->next))
    lexer->next++;
  return (size_t)(lexer->next - begin);
}

static bool next_is(const struct eagre_json_lexer *lexer, char byte) {
  return lexer->next < lexer->end && *lexer->next == byte;
}

/* Superfluous zeros at `next`: none without the option, else they are skipped. */
static bool skip_leading_zeros(struct eagre_json_lexer *lexer) {
  while (next_is(lexer, '0') && lexer->end - lexer->next > 1 && is_digit(lexer->next[1])) {
    if (!lexer->options->allow_numeric_leading_zeros) return false;
    lexer->next++;
  }
  return true;
}

/* At top level a number must be followed by white space or the end. */
static bool is_number_end(const struct eagre_json_lexer *lexer) {
  if (lexer->depth > 0 || lexer->next >= lexer->end) return true;
  char byte = *lexer->next;
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Reads the digits of a number; `next` is behind the sign. */
static enum eagre_json_token read_magnitude(struct eagre_json_lexer *lexer) {
  enum eagre_json_token token = EAGRE_JSON_TOKEN_INTEGER;
  if (!skip_leading_zeros(lexer)) return fail(lexer);
  const char *begin = lexer->next;
  size_t digit_count = skip_digits(lexer);
  if (digit_count == 0) return fail(lexer);
  if (next_is(lexer, '.')) {
    token = EAGRE_JSON_TOKEN_DECIMAL;
    lexer->next++;
    size_t fraction_count = skip_digits(lexer);
    if (fraction_count == 0) return fail(lexer);
    digit_count += fraction_count;
  }
  if (next_is(lexer, 'e') || next_is(lexer, 'E')) {
    token = EAGRE_JSON_TOKEN_DECIMAL;
    lexer->next++;
    if (next_is(lexer, '+') || next_is(lexer, '-')) lexer->next++;
    size_t exponent_count = skip_digits(lexer);
    if (exponent_count == 0) return fail(lexer);
    digit_count += exponent_count;
  }
  if (digit_count > lexer->options->number_size_max || !is_number_end(lexer)) return fail(lexer);
  lexer->text = eagre_text_make(begin, (size_t)(lexer->next - begin));
  return token;
}

/* The word `word` at `next`, not followed by more letters. */
static bool read_word(struct eagre_json_lexer *lexer, struct eagre_text word) {
  size_t rest = (size_t)(lexer->end - lexer->next);
  if (rest < word.size || memcmp(lexer->next, word.data, word.size) != 0) return false;
  if (rest > word.size && is_identifier_part(lexer->next[word.size])) return false;
  lexer->text = eagre_text_make(lexer->next, word.size);
  lexer->next += word.size;
  return true;
}

static enum eagre_json_token read_non_number(struct eagre_json_lexer *lexer, bool has_sign) {
  if (!lexer->options->allow_non_numeric_numbers) return fail(lexer);
  bool is_read = read_word(lexer, EAGRE_TEXT("Infinity"));
  if (!is_read && has_sign) is_read = read_word(lexer, EAGRE_TEXT("INF"));
  if (!is_read && !has_sign) is_read = read_word(lexer, EAGRE_TEXT("NaN"));
  if (!is_read) return fail(lexer);
  if (lexer->text.data[1] != 'a') lexer->text = EAGRE_TEXT("Infinity");
  return EAGRE_JSON_TOKEN_NON_NUMBER;
}

static enum eagre_json_token read_number(struct eagre_json_lexer *lexer) {
  char sign = *lexer->next;
  bool has_sign = sign == '-' || sign == '+';
  lexer->is_negative = sign == '-';
  if (has_sign) lexer->next++;
  if (lexer->next >= lexer->end) return fail(lexer);
  if (sign != '+' && is_digit(*lexer->next)) return read_magnitude(lexer);
  return read_non_number(lexer, has_sign);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static enum eagre_json_token read_scalar(struct eagre_json_lexer *lexer, char byte) {
  switch (byte) {
  case 't':
    return read_word(lexer, EAGRE_TEXT("true")) ? EAGRE_JSON_TOKEN_TRUE : fail(lexer);
  case 'f':
    return read_word(lexer, EAGRE_TEXT("false")) ? EAGRE_JSON_TOKEN_FALSE : fail(lexer);
  case 'n':
    return read_word(lexer, EAGRE_TEXT("null")) ? EAGRE_JSON_TOKEN_NULL : fail(lexer);
  default:
    break;
  }
  if (is_quote(lexer, byte)) {
    return read_quoted(lexer) ? EAGRE_JSON_TOKEN_STRING : fail(lexer);
  }
  return read_number(lexer);
}

/* A value must stand at `next`. */
static enum eagre_json_token read_value(struct eagre_json_lexer *lexer) {
  if (lexer->next >= lexer->end) return fail(lexer);
  lexer->begin = lexer->next;
  char byte = *lexer->next;
  if (byte == '{' || byte == '[') return open_container(lexer, byte == '{');
  enum eagre_json_token token = read_scalar(lexer, byte);
  if (token != EAGRE_JSON_TOKEN_ERROR) expect_after_value(lexer);
  return token;
}

/* Steps over the comma between two members or elements. */
static bool skip_comma(struct eagre_json_lexer *lexer) {
  if (!next_is(lexer, ',')) return false;
  lexer->next++;
  return skip_space(lexer);
}

static enum eagre_json_token read_token(struct eagre_json_lexer *lexer) {
  switch (lexer->state) {
  case EAGRE_JSON_LEXER_VALUE:
    if (lexer->depth == 0 && lexer->next >= lexer->end) return EAGRE_JSON_TOKEN_END;
    return read_value(lexer);
  case EAGRE_JSON_LEXER_FIRST_NAME:
    if (next_is(lexer, '}')) return close_container(lexer, EAGRE_JSON_TOKEN_OBJECT_END);
    return read_name(lexer);
  case EAGRE_JSON_LEXER_NEXT_NAME:
    if (next_is(lexer, '}')) return close_container(lexer, EAGRE_JSON_TOKEN_OBJECT_END);
    return skip_comma(lexer) ? read_name(lexer) : fail(lexer);
  case EAGRE_JSON_LEXER_FIRST_ELEMENT:
    if (next_is(lexer, ']')) return close_container(lexer, EAGRE_JSON_TOKEN_ARRAY_END);
    return read_value(lexer);
  case EAGRE_JSON_LEXER_NEXT_ELEMENT:
    if (next_is(lexer, ']')) return close_container(lexer, EAGRE_JSON_TOKEN_ARRAY_END);
    return skip_comma(lexer) ? read_value(lexer) : fail(lexer);
  case EAGRE_JSON_LEXER_DONE:
  case EAGRE_JSON_LEXER_FAILED:
    break;
  }
  return fail(lexer);
}

/* ---- Door of the tokenizer ------------------------------------------------------------------- */

void eagre_json_lexer_init(struct eagre_json_lexer *lexer,
                           const struct eagre_json_options *options) {
  memset(lexer, 0, sizeof *lexer);
  lexer->options = options;
}

void eagre_json_lexer_done(struct eagre_json_lexer *lexer) {
  eagre_buffer_done(&lexer->container_more);
}

void eagre_json_lexer_begin(struct eagre_json_lexer *lexer, struct eagre_text text) {
  lexer->next = text.data;
  lexer->end = text.data + text.size;
  lexer->state = EAGRE_JSON_LEXER_VALUE;
  lexer->depth = 0;
  lexer->token = EAGRE_JSON_TOKEN_END;
}

void eagre_json_lexer_resume(struct eagre_json_lexer *lexer, struct eagre_text text,
                             uint32_t depth) {
  eagre_json_lexer_begin(lexer, text);
  lexer->depth = depth;
  set_container(lexer, depth - 1, true);
}

enum eagre_json_token eagre_json_lexer_next(struct eagre_json_lexer *lexer) {
  if (lexer->state == EAGRE_JSON_LEXER_DONE) {
    lexer->token = EAGRE_JSON_TOKEN_END;
  } else if (lexer->state == EAGRE_JSON_LEXER_FAILED || !skip_space(lexer)) {
    lexer->token = fail(lexer);
  } else {
    lexer->token = read_token(lexer);
  }
  return lexer->token;
}

bool eagre_json_lexer_skip(struct eagre_json_lexer *lexer) {
  if (lexer->token != EAGRE_JSON_TOKEN_OBJECT_BEGIN &&
      lexer->token != EAGRE_JSON_TOKEN_ARRAY_BEGIN) {
    return lexer->token != EAGRE_JSON_TOKEN_ERROR;
  }
  uint32_t outside = lexer->depth - 1;
  while (lexer->depth > outside) {
    if (eagre_json_lexer_next(lexer) == EAGRE_JSON_TOKEN_ERROR) return false;
  }
  return true;
}

struct eagre_json_lexer_mark eagre_json_lexer_mark(const struct eagre_json_lexer *lexer) {
  return (struct eagre_json_lexer_mark){
      .next = lexer->next,
      .state = lexer->state,
      .depth = lexer->depth,
      .token = lexer->token,
      .begin = lexer->begin,
      .text = lexer->text,
      .is_negative = lexer->is_negative,
      .has_escape = lexer->has_escape,
      .has_high = lexer->has_high,
  };
}

void eagre_json_lexer_rewind(struct eagre_json_lexer *lexer,
                             const struct eagre_json_lexer_mark *mark) {
  lexer->next = mark->next;
  lexer->state = mark->state;
  lexer->depth = mark->depth;
  lexer->token = mark->token;
  lexer->begin = mark->begin;
  lexer->text = mark->text;
  lexer->is_negative = mark->is_negative;
  lexer->has_escape = mark->has_escape;
  lexer->has_high = mark->has_high;
  /* A mark on the token that opens a container: a sibling of another kind may have overwritten
   * its bit. On every other token no container of this depth has been closed. */
  if (mark->token == EAGRE_JSON_TOKEN_OBJECT_BEGIN || mark->token == EAGRE_JSON_TOKEN_ARRAY_BEGIN) {
    set_container(lexer, mark->depth - 1, mark->token == EAGRE_JSON_TOKEN_OBJECT_BEGIN);
  }
}
