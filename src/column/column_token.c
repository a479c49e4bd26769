/* Tokens of DDL text (column_token.h). Every function takes the whole text and an offset, so that a
 * position stays a position in what the user wrote. */
#include "column/column_token.h"

static struct eagre_text find_rest(struct eagre_text ddl, size_t at) {
  return eagre_text_make(ddl.data + at, ddl.size - at);
}

static bool starts_with(struct eagre_text ddl, size_t at, struct eagre_text prefix) {
  return eagre_text_starts_with(find_rest(ddl, at), prefix);
}

/* ---- White space and comments ---------------------------------------------------------------- */

/* Bytes of the white space character at `at`, 0 when there is none. */
static size_t measure_space(struct eagre_text ddl, size_t at) {
  static const struct eagre_text wide_spaces[] = {
      {"\xc2\xa0", 2},     {"\xe1\x9a\x80", 3},                      /* U+00A0, U+1680 */
      {"\xe2\x80\x80", 3}, {"\xe2\x80\x81", 3}, {"\xe2\x80\x82", 3}, /* U+2000 .. U+200A */
      {"\xe2\x80\x83", 3}, {"\xe2\x80\x84", 3}, {"\xe2\x80\x85", 3}, {"\xe2\x80\x86", 3},
      {"\xe2\x80\x87", 3}, {"\xe2\x80\x88", 3}, {"\xe2\x80\x89", 3}, {"\xe2\x80\x8a", 3},
      {"\xe2\x80\xa8", 3}, {"\xe2\x80\xa9", 3}, {"\xe2\x80\xaf", 3}, /* U+2028, U+2029, U+202F */
      {"\xe2\x81\x9f", 3}, {"\xe3\x80\x80", 3},                      /* U+205F, U+3000 */
  };
  unsigned char first = (unsigned char)ddl.data[at];
  if (first < 0x80) return first == ' ' || (first >= '\t' && first <= '\r');
  for (size_t i = 0; i < EAGRE_COUNT_OF(wide_spaces); i++) {
    if (starts_with(ddl, at, wide_spaces[i])) return wide_spaces[i].size;
  }
  return 0;
}

/* The first byte behind a line comment. */
static size_t find_line_comment_end(struct eagre_text ddl, size_t at) {
  while (at < ddl.size && (ddl.data[at] != '\n' || ddl.data[at - 1] == '\\')) {
    at++;
  }
  return at;
}

/* The first byte behind a block comment, or `begin` when it is not closed. */
static size_t find_block_comment_end(struct eagre_text ddl, size_t begin) {
  size_t depth = 0;
  for (size_t at = begin; at + 1 < ddl.size;) {
    if (starts_with(ddl, at, EAGRE_TEXT("/*"))) {
      depth++;
      at += 2;
    } else if (starts_with(ddl, at, EAGRE_TEXT("*/"))) {
      at += 2;
      if (--depth == 0) return at;
    } else {
      at++;
    }
  }
  return begin;
}

/* The first byte behind the white space and comments at `at`. */
static size_t skip_space(struct eagre_text ddl, size_t at) {
  for (size_t begin = at + 1; begin != at && at < ddl.size;) {
    begin = at;
    if (starts_with(ddl, at, EAGRE_TEXT("--"))) {
      at = find_line_comment_end(ddl, at + 2);
    } else if (starts_with(ddl, at, EAGRE_TEXT("/*"))) {
      at = find_block_comment_end(ddl, at);
    } else {
      at += measure_space(ddl, at);
    }
  }
  return at;
}

/* ---- Tokens ---------------------------------------------------------------------------------- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_ascii_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

static size_t find_word_end(struct eagre_text ddl, size_t at) {
  while (at < ddl.size) {
    bool is_wide = (unsigned char)ddl.data[at] >= 0x80;
    if (is_wide ? measure_space(ddl, at) > 0 : !is_ascii_word_character(ddl.data[at])) break;
    at++;
  }
  return at;
}

/* The first byte behind what the quote at `begin` opens, or `begin` when it is not closed. */
static size_t find_quote_end(struct eagre_text ddl, size_t begin, bool has_escapes) {
  char quote = ddl.data[begin];
  for (size_t at = begin + 1; at < ddl.size; at++) {
    if (ddl.data[at] == '\\' && has_escapes) {
      at++;
    } else if (ddl.data[at] == quote) {
      bool is_doubled = at + 1 < ddl.size && ddl.data[at + 1] == quote;
      if (!is_doubled) return at + 1;
      at++;
    }
  }
  return begin;
}

static bool is_text_quote(struct eagre_text ddl, size_t at) {
  return at < ddl.size && (ddl.data[at] == '\'' || ddl.data[at] == '"');
}

/* Finds the kind and end of the token at `begin`; an end equal to `begin` means that it is none. */
static enum eagre_column_token_kind cut_token(struct eagre_text ddl, size_t begin,
                                              size_t *out_end) {
  char first = ddl.data[begin];
  *out_end = begin;
  if ((first == 'r' || first == 'R') && is_text_quote(ddl, begin + 1)) {
    size_t end = find_quote_end(ddl, begin + 1, false);
    if (end > begin + 1) *out_end = end;
    return EAGRE_COLUMN_TOKEN_STRING;
  }
  if (is_text_quote(ddl, begin)) {
    *out_end = find_quote_end(ddl, begin, true);
    return EAGRE_COLUMN_TOKEN_STRING;
  }
  if (first == '`') {
    *out_end = find_quote_end(ddl, begin, false);
    return EAGRE_COLUMN_TOKEN_QUOTED;
  }
  if (memchr("<>(),:", first, 6) != NULL) {
    *out_end = begin + 1;
    return EAGRE_COLUMN_TOKEN_MARK;
  }
  *out_end = find_word_end(ddl, begin);
  return EAGRE_COLUMN_TOKEN_WORD;
}

struct eagre_column_token eagre_column_token_read(struct eagre_text ddl, size_t begin) {
  begin = skip_space(ddl, begin);
  size_t end = begin;
  enum eagre_column_token_kind kind = EAGRE_COLUMN_TOKEN_END;
  if (starts_with(ddl, begin, EAGRE_TEXT("/*"))) {
    kind = EAGRE_COLUMN_TOKEN_OPEN_COMMENT;
    end = begin + 2;
  } else if (begin < ddl.size) {
    kind = cut_token(ddl, begin, &end);
    if (end == begin) {
      kind = EAGRE_COLUMN_TOKEN_UNKNOWN;
      end = begin + 1;
    }
  }
  return (struct eagre_column_token){kind, eagre_text_make(ddl.data + begin, end - begin)};
}

/* ---- Words ----------------------------------------------------------------------------------- */

static size_t count_digits(struct eagre_text word, size_t at) {
  size_t count = 0;
  while (at + count < word.size && is_digit(word.data[at + count])) {
    count++;
  }
  return count;
}

bool eagre_column_token_is_number(struct eagre_text word) {
  static const char *const suffixes[] = {"", "L", "S", "Y", "F", "D", "BD"};
  size_t end = count_digits(word, 0);
  if (end == 0) return false;
  if (end < word.size && (word.data[end] == 'e' || word.data[end] == 'E')) {
    size_t exponent_size = count_digits(word, end + 1);
    if (exponent_size > 0) end += 1 + exponent_size;
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(suffixes); i++) {
    struct eagre_text suffix = eagre_text_of(suffixes[i]);
    if (eagre_text_equal_ignoring_case(find_rest(word, end), suffix)) return true;
  }
  return false;
}

bool eagre_column_token_is_ascii(struct eagre_text word) {
  for (size_t i = 0; i < word.size; i++) {
    if ((unsigned char)word.data[i] >= 0x80) return false;
  }
  return true;
}
