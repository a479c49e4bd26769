/* SQL text -> tokens.
 *
 * The rules are those of Spark's lexer where a user can see them: the longest token wins (so `1e5x`
 * is one word, not a number and a word), `.5` is a number, comments nest, hints are comments, white
 * space is Unicode's. A character that is no token becomes one of the kind UNKNOWN: it may be part
 * of the raw value of a SET. Positions are made here, in one walk over the file. */
#include "sql/sql_token.h"

struct lexer {
  struct eagre_arena *arena;
  const struct eagre_sql_source *source;
  const char *data; /* the text; a zero byte stands behind it */
  uint32_t size;
  uint32_t offset;
  /* The place of the last token's first byte in the file: it only moves forward. */
  uint32_t file_offset;
  uint32_t line;
  uint32_t column;
  struct eagre_sql_token *items;
  uint32_t count;
  uint32_t capacity;
  struct eagre_error *error;
};

static const struct {
  const char *text;
  enum eagre_sql_token_kind kind;
} symbols[] = {
#define EAGRE_SQL_SYMBOL(name, text) {text, EAGRE_SQL_TOKEN_##name},
#include "sql/sql_symbol.def"
#undef EAGRE_SQL_SYMBOL
};

static bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

bool eagre_sql_is_word_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || is_digit(byte) ||
         byte == '_' || (unsigned char)byte >= 0x80;
}

/* ---- White space and comments --------------------------------------------------------------- */

/* Bytes of the white space at `offset`, 0 when there is none. */
static uint32_t measure_space(struct eagre_text text, uint32_t offset) {
  static const char *const wide[] = {
      "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82",
      "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87",
      "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xaf",
      "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf",
  };
  unsigned char byte = (unsigned char)text.data[offset];
  if (byte == ' ' || (byte >= '\t' && byte <= '\r')) return 1;
  if (byte < 0xc2) return 0;
  struct eagre_text rest = eagre_text_make(text.data + offset, text.size - offset);
  for (size_t i = 0; i < EAGRE_COUNT_OF(wide); i++) {
    struct eagre_text space = eagre_text_of(wide[i]);
    if (eagre_text_starts_with(rest, space)) return (uint32_t)space.size;
  }
  return 0;
}

static uint32_t find_line_end(struct eagre_text text, uint32_t offset) {
  while (offset < text.size && text.data[offset] != '\n' && text.data[offset] != '\r') {
    bool is_continued =
        text.data[offset] == '\\' && offset + 1 < text.size && text.data[offset + 1] == '\n';
    offset += is_continued ? 2 : 1;
  }
  return offset;
}

static uint32_t find_bracketed_end(struct eagre_text text, uint32_t offset) {
  uint32_t depth = 0;
  while (offset + 1 < text.size) {
    if (memcmp(text.data + offset, "/*", 2) == 0) {
      depth++;
      offset += 2;
    } else if (memcmp(text.data + offset, "*/", 2) == 0) {
      offset += 2;
      if (--depth == 0) return offset;
    } else {
      offset++;
    }
  }
  return UINT32_MAX;
}

uint32_t eagre_sql_comment_end(struct eagre_text text, uint32_t begin) {
  if (text.size - begin < 2) return begin;
  if (memcmp(text.data + begin, "--", 2) == 0) return find_line_end(text, begin);
  if (memcmp(text.data + begin, "/*", 2) == 0) return find_bracketed_end(text, begin);
  return begin;
}

/* ---- Places ---------------------------------------------------------------------------------- */

static void move_to(struct lexer *lexer, uint32_t file_offset) {
  const char *file = lexer->source->file.data;
  for (; lexer->file_offset < file_offset; lexer->file_offset++) {
    unsigned char byte = (unsigned char)file[lexer->file_offset];
    if (byte == '\n') {
      lexer->line++;
      lexer->column = 1;
    } else if ((byte & 0xc0) != 0x80) {
      lexer->column++;
    }
  }
}

static struct eagre_sql_position locate(struct lexer *lexer, uint32_t begin, uint32_t end) {
  const struct eagre_sql_source *source = lexer->source;
  uint32_t file_end = eagre_sql_file_offset(source, end, true);
  move_to(lexer, eagre_sql_file_offset(source, begin, false));
  struct eagre_sql_position position = {.line = lexer->line, .column = lexer->column};
  for (uint32_t i = lexer->file_offset; i < file_end && source->file.data[i] != '\n'; i++) {
    position.length += ((unsigned char)source->file.data[i] & 0xc0) != 0x80;
  }
  if (position.length == 0) position.length = 1;
  return position;
}

static enum eagre_status fail_unclosed(struct lexer *lexer, uint32_t size, const char *class_name,
                                       const char *sentence, const char *hint) {
  eagre_error_set(lexer->error, EAGRE_USAGE, class_name, "%s", sentence);
  eagre_error_hint(lexer->error, "%s", hint);
  return eagre_sql_error_at(lexer->error, locate(lexer, lexer->offset, lexer->offset + size));
}

/* ---- Tokens ---------------------------------------------------------------------------------- */

/* Adds the token [offset, end) and moves behind it. */
static struct eagre_sql_token *add_token(struct lexer *lexer, enum eagre_sql_token_kind kind,
                                         uint32_t end) {
  if (lexer->count == lexer->capacity) {
    uint32_t capacity = lexer->capacity == 0 ? 256 : lexer->capacity * 2;
    struct eagre_sql_token *grown =
        eagre_arena_allocate(lexer->arena, capacity * sizeof *lexer->items);
    if (lexer->count > 0) memcpy(grown, lexer->items, lexer->count * sizeof *grown);
    lexer->items = grown;
    lexer->capacity = capacity;
  }
  struct eagre_sql_token *token = &lexer->items[lexer->count++];
  *token = (struct eagre_sql_token){
      .kind = kind,
      .begin = lexer->offset,
      .end = end,
      .position = locate(lexer, lexer->offset, end),
      .text = eagre_text_make(lexer->data + lexer->offset, end - lexer->offset),
  };
  lexer->offset = end;
  return token;
}

/* The byte behind the string whose opening quote is at `open`, UINT32_MAX when it is not closed. */
static uint32_t find_string_end(const struct lexer *lexer, uint32_t open, bool is_raw) {
  char quote = lexer->data[open];
  for (uint32_t at = open + 1; at < lexer->size; at++) {
    char byte = lexer->data[at];
    if (byte == '\\' && !is_raw) {
      at++;
    } else if (byte == quote) {
      bool is_doubled = !is_raw && lexer->data[at + 1] == quote;
      if (!is_doubled) return at + 1;
      at++;
    }
  }
  return UINT32_MAX;
}

static enum eagre_status lex_string(struct lexer *lexer, bool is_raw) {
  uint32_t open = lexer->offset + (is_raw ? 1 : 0);
  uint32_t end = find_string_end(lexer, open, is_raw);
  if (end == UINT32_MAX) {
    return fail_unclosed(lexer, is_raw ? 2 : 1, "PARSE_SYNTAX_ERROR",
                         "Syntax error at the string that begins here: it is not closed.",
                         "Add the missing quote; a quote inside a string is written \\' or ''.");
  }
  struct eagre_text body = eagre_text_make(lexer->data + open + 1, end - open - 2);
  struct eagre_sql_token *token = add_token(lexer, EAGRE_SQL_TOKEN_STRING, end);
  token->text = is_raw ? body : eagre_sql_unescape(lexer->arena, body, lexer->data[open]);
  return EAGRE_OK;
}

static enum eagre_status lex_quoted(struct lexer *lexer) {
  uint32_t end = find_string_end(lexer, lexer->offset, true);
  while (end != UINT32_MAX && lexer->data[end] == '`') { /* doubled: it goes on */
    end = find_string_end(lexer, end, true);
  }
  if (end == UINT32_MAX) {
    return fail_unclosed(
        lexer, 1, "PARSE_SYNTAX_ERROR",
        "Syntax error at the quoted identifier that begins here: it is not closed.",
        "Add the missing `; a ` inside it is written ``.");
  }
  struct eagre_sql_token *token = add_token(lexer, EAGRE_SQL_TOKEN_QUOTED, end);
  char *name = eagre_arena_allocate(lexer->arena, token->text.size);
  size_t size = 0;
  for (uint32_t at = token->begin + 1; at < token->end - 1; at++) {
    name[size++] = lexer->data[at];
    if (lexer->data[at] == '`') at++;
  }
  token->text = eagre_text_make(name, size);
  return EAGRE_OK;
}

static uint32_t skip_digits(const struct lexer *lexer, uint32_t at) {
  while (is_digit(lexer->data[at])) {
    at++;
  }
  return at;
}

/* The byte behind `e+10` at `at`, or `at`. */
static uint32_t skip_exponent(const struct lexer *lexer, uint32_t at) {
  if ((lexer->data[at] | 32) != 'e') return at;
  uint32_t digits = at + 1;
  if (lexer->data[digits] == '+' || lexer->data[digits] == '-') digits++;
  return is_digit(lexer->data[digits]) ? skip_digits(lexer, digits) : at;
}

static const struct {
  const char *suffix;
  enum eagre_sql_literal_kind literal;
  enum eagre_type_kind type_kind;
  bool is_for_integers;
} suffixes[] = {
    {"bd", EAGRE_SQL_LITERAL_DECIMAL, EAGRE_TYPE_DECIMAL, false},
    {"d", EAGRE_SQL_LITERAL_DOUBLE, EAGRE_TYPE_DOUBLE, false},
    {"f", EAGRE_SQL_LITERAL_FLOAT, EAGRE_TYPE_FLOAT, false},
    {"l", EAGRE_SQL_LITERAL_INTEGER, EAGRE_TYPE_BIGINT, true},
    {"s", EAGRE_SQL_LITERAL_INTEGER, EAGRE_TYPE_SMALLINT, true},
    {"y", EAGRE_SQL_LITERAL_INTEGER, EAGRE_TYPE_TINYINT, true},
};

/* Applies a suffix at `at` when it is one and no word goes on behind it; returns its size. */
static uint32_t read_suffix(const struct lexer *lexer, uint32_t at, bool is_integer,
                            struct eagre_sql_token *out_number) {
  uint32_t end = at;
  while (eagre_sql_is_word_byte(lexer->data[end])) {
    end++;
  }
  struct eagre_text word = eagre_text_make(lexer->data + at, end - at);
  for (size_t i = 0; i < EAGRE_COUNT_OF(suffixes); i++) {
    if (suffixes[i].is_for_integers && !is_integer) continue;
    if (!eagre_text_equal_ignoring_case(word, eagre_text_of(suffixes[i].suffix))) continue;
    out_number->literal = suffixes[i].literal;
    out_number->type_kind = suffixes[i].type_kind;
    return end - at;
  }
  return 0;
}

/* A number, or (when letters go on behind it) a word that needs quotes. */
static void lex_number(struct lexer *lexer) {
  uint32_t begin = lexer->offset;
  uint32_t at = skip_digits(lexer, begin);
  struct eagre_sql_token number = {.literal = EAGRE_SQL_LITERAL_INTEGER,
                                   .type_kind = EAGRE_TYPE_INT};
  bool has_dot = lexer->data[at] == '.';
  if (has_dot) {
    number.literal = EAGRE_SQL_LITERAL_DECIMAL;
    number.type_kind = EAGRE_TYPE_DECIMAL;
    at = skip_digits(lexer, at + 1);
  }
  uint32_t exponent = skip_exponent(lexer, at);
  bool has_exponent = exponent != at;
  if (has_exponent) {
    number.literal = EAGRE_SQL_LITERAL_DOUBLE;
    number.type_kind = EAGRE_TYPE_DOUBLE;
  }
  at = exponent;
  uint32_t end = at + read_suffix(lexer, at, !has_dot && !has_exponent, &number);
  bool is_word = false;
  while (eagre_sql_is_word_byte(lexer->data[end])) {
    is_word = true;
    end++;
  }
  struct eagre_sql_token *token =
      add_token(lexer, is_word ? EAGRE_SQL_TOKEN_WORD : EAGRE_SQL_TOKEN_NUMBER, end);
  token->is_invalid = is_word;
  if (is_word) return;
  token->literal = number.literal;
  token->type_kind = number.type_kind;
  token->text.size = at - begin;
}

static void lex_word(struct lexer *lexer) {
  uint32_t end = lexer->offset;
  bool is_ascii = true;
  while (eagre_sql_is_word_byte(lexer->data[end])) {
    if (measure_space(lexer->source->text, end) > 0) break;
    is_ascii = is_ascii && (unsigned char)lexer->data[end] < 0x80;
    end++;
  }
  struct eagre_sql_token *token = add_token(lexer, EAGRE_SQL_TOKEN_WORD, end);
  token->is_invalid = !is_ascii;
  token->keyword = eagre_sql_keyword_find(token->text);
}

static void lex_symbol(struct lexer *lexer) {
  struct eagre_text rest =
      eagre_text_make(lexer->data + lexer->offset, lexer->size - lexer->offset);
  for (size_t i = 0; i < EAGRE_COUNT_OF(symbols); i++) {
    struct eagre_text symbol = eagre_text_of(symbols[i].text);
    if (!eagre_text_starts_with(rest, symbol)) continue;
    add_token(lexer, symbols[i].kind, lexer->offset + (uint32_t)symbol.size);
    return;
  }
  add_token(lexer, EAGRE_SQL_TOKEN_UNKNOWN, lexer->offset + 1);
}

static enum eagre_status lex_token(struct lexer *lexer) {
  char byte = lexer->data[lexer->offset];
  char next = lexer->data[lexer->offset + 1];
  if (byte == '\'' || byte == '"') return lex_string(lexer, false);
  if ((byte == 'r' || byte == 'R') && (next == '\'' || next == '"')) return lex_string(lexer, true);
  if (byte == '`') return lex_quoted(lexer);
  if (is_digit(byte) || (byte == '.' && is_digit(next))) {
    lex_number(lexer);
  } else if (eagre_sql_is_word_byte(byte)) {
    lex_word(lexer);
  } else {
    lex_symbol(lexer);
  }
  return EAGRE_OK;
}

/* Moves over white space and comments. */
static enum eagre_status skip_hidden(struct lexer *lexer) {
  struct eagre_text text = lexer->source->text;
  while (lexer->offset < lexer->size) {
    uint32_t space = measure_space(text, lexer->offset);
    uint32_t behind =
        space > 0 ? lexer->offset + space : eagre_sql_comment_end(text, lexer->offset);
    if (behind == lexer->offset) break;
    if (behind == UINT32_MAX) {
      return fail_unclosed(lexer, 2, "UNCLOSED_BRACKETED_COMMENT",
                           "The bracketed comment that begins here is not closed.",
                           "Append */ where the comment ends; comments nest.");
    }
    lexer->offset = behind;
  }
  return EAGRE_OK;
}

/* Gives every token the column behind the last token of its line, for the length of expressions. */
static void set_line_ends(struct lexer *lexer) {
  uint32_t line = 0, line_end = 0;
  for (uint32_t i = lexer->count; i-- > 0;) {
    struct eagre_sql_token *token = &lexer->items[i];
    if (token->position.line != line) {
      line = token->position.line;
      line_end = token->position.column + token->position.length;
    }
    token->line_end = line_end;
  }
}

enum eagre_status eagre_sql_lex(struct eagre_arena *arena, const struct eagre_sql_source *source,
                                struct eagre_sql_tokens *out_tokens, struct eagre_error *error) {
  struct lexer lexer = {
      .arena = arena,
      .source = source,
      .data = source->text.data,
      .size = (uint32_t)source->text.size,
      .line = 1,
      .column = 1,
      .error = error,
  };
  EAGRE_TRY(skip_hidden(&lexer));
  while (lexer.offset < lexer.size) {
    EAGRE_TRY(lex_token(&lexer));
    EAGRE_TRY(skip_hidden(&lexer));
  }
  add_token(&lexer, EAGRE_SQL_TOKEN_END, lexer.size);
  set_line_ends(&lexer);
  *out_tokens = (struct eagre_sql_tokens){.items = lexer.items, .count = lexer.count};
  return EAGRE_OK;
}
