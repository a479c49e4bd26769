/* Types from DDL text, as Spark's schema parser reads them:
 *
 *   columns   field { "," field }                               (or a single STRUCT<...>)
 *   field     name [ ":" ] type [ NOT NULL ] [ COMMENT string ]
 *   name      word | "`" ... "`"          ("``" inside stands for one backtick)
 *   type      STRUCT "<" [ field { "," field } ] ">"
 *             STRING [ COLLATE UTF8_BINARY ] | a word of the table `type_words`
 *
 * Words are ASCII letters, digits and underscores; key words ignore case and are not reserved.
 * White space and SQL comments may stand between tokens. A type that Spark has and Eagre has not is
 * refused by its name where it stands; its parameters are not read. */
#include "column/column.h"

#include <string.h>

enum { NESTING_DEPTH_MAX = 64 };

enum token_kind {
  TOKEN_END,
  TOKEN_WORD,
  TOKEN_QUOTED, /* a name in backticks */
  TOKEN_STRING, /* a literal in single or double quotes */
  TOKEN_MARK,   /* one character of < > ( ) , : */
  TOKEN_UNKNOWN,
};

struct token {
  enum token_kind kind;
  struct eagre_text text; /* as written, quotes included */
};

struct parser {
  struct eagre_text ddl;
  size_t next; /* first byte behind `token` */
  struct token token;
  uint32_t depth; /* structs around the current token */
  struct eagre_arena *arena;
  struct eagre_error *error;
};

/* ---- Errors ---------------------------------------------------------------------------------- */

static uint32_t count_code_points(struct eagre_text text) {
  uint32_t count = 0;
  for (size_t i = 0; i < text.size; i++) {
    count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
  }
  return count;
}

/* Fills the error's position from a piece of the DDL text. */
static void mark_position(const struct parser *parser, struct eagre_text piece) {
  struct eagre_error *error = parser->error;
  if (error == NULL) return;
  const char *line_begin = parser->ddl.data;
  error->line = 1;
  for (const char *c = parser->ddl.data; c < piece.data; c++) {
    if (*c != '\n') continue;
    error->line++;
    line_begin = c + 1;
  }
  size_t before_size = (size_t)(piece.data - line_begin);
  error->column = count_code_points(eagre_text_make(line_begin, before_size)) + 1;
  error->length = count_code_points(piece);
  if (error->length == 0) error->length = 1;
}

static enum eagre_status refuse_token(struct parser *parser, const char *expected) {
  struct token token = parser->token;
  if (token.kind == TOKEN_END) {
    eagre_error_set(parser->error, EAGRE_USAGE, "PARSE_SYNTAX_ERROR",
                    "syntax error in a schema at or near end of input: %s is expected", expected);
  } else {
    eagre_error_set(parser->error, EAGRE_USAGE, "PARSE_SYNTAX_ERROR",
                    "syntax error in a schema at or near '%.*s': %s is expected",
                    (int)token.text.size, token.text.data, expected);
  }
  mark_position(parser, token.text);
  return EAGRE_USAGE;
}

static enum eagre_status refuse_type(struct parser *parser, struct eagre_text piece,
                                     const char *hint) {
  /* Spark prints the name in upper case. */
  char name[64];
  size_t size = piece.size < sizeof name ? piece.size : sizeof name;
  for (size_t i = 0; i < size; i++) {
    char c = piece.data[i];
    name[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
  }
  eagre_error_set(parser->error, EAGRE_USAGE, "UNSUPPORTED_DATATYPE",
                  "unsupported data type \"%.*s\"", (int)size, name);
  if (hint != NULL) eagre_error_hint(parser->error, "%s", hint);
  mark_position(parser, piece);
  return EAGRE_USAGE;
}

/* ---- Tokens ---------------------------------------------------------------------------------- */

static bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool starts_with_at(const struct parser *parser, size_t at, const char *prefix) {
  struct eagre_text rest = {parser->ddl.data + at, parser->ddl.size - at};
  return eagre_text_starts_with(rest, eagre_text_of(prefix));
}

/* The first byte behind a comment that begins at `at`; the end of the text closes it too. */
static size_t find_comment_end(const struct parser *parser, size_t at) {
  bool is_block = parser->ddl.data[at] == '/';
  const char *closing = is_block ? "*/" : "\n";
  for (at += 2; at < parser->ddl.size; at++) {
    if (starts_with_at(parser, at, closing)) return at + strlen(closing);
  }
  return parser->ddl.size;
}

static size_t skip_space(const struct parser *parser, size_t at) {
  while (at < parser->ddl.size) {
    if (starts_with_at(parser, at, "--") || starts_with_at(parser, at, "/*")) {
      at = find_comment_end(parser, at);
    } else if (memchr(" \t\r\n", parser->ddl.data[at], 4) != NULL) {
      at++;
    } else {
      break;
    }
  }
  return at;
}

/* The first byte behind a quoted piece that begins at `begin`, or `begin` when it is not closed. A
 * doubled quote stands for one; a backslash hides the next character, but not in a name. */
static size_t find_quote_end(const struct parser *parser, size_t begin) {
  struct eagre_text ddl = parser->ddl;
  char quote = ddl.data[begin];
  for (size_t at = begin + 1; at < ddl.size; at++) {
    if (ddl.data[at] == '\\' && quote != '`') {
      at++;
    } else if (ddl.data[at] == quote) {
      if (at + 1 == ddl.size || ddl.data[at + 1] != quote) return at + 1;
      at++;
    }
  }
  return begin;
}

static size_t find_word_end(const struct parser *parser, size_t at) {
  while (at < parser->ddl.size && is_word_character(parser->ddl.data[at])) {
    at++;
  }
  return at;
}

/* The end of a piece that is no token: one character with its continuation bytes. */
static size_t find_character_end(const struct parser *parser, size_t at) {
  do {
    at++;
  } while (at < parser->ddl.size && ((unsigned char)parser->ddl.data[at] & 0xc0) == 0x80);
  return at;
}

static void advance(struct parser *parser) {
  size_t begin = skip_space(parser, parser->next);
  size_t end = begin;
  enum token_kind kind = TOKEN_END;
  if (begin < parser->ddl.size) {
    char first = parser->ddl.data[begin];
    if (is_word_character(first)) {
      kind = TOKEN_WORD;
      end = find_word_end(parser, begin);
    } else if (first == '`' || first == '\'' || first == '"') {
      kind = first == '`' ? TOKEN_QUOTED : TOKEN_STRING;
      end = find_quote_end(parser, begin);
    } else if (memchr("<>(),:", first, 6) != NULL) {
      kind = TOKEN_MARK;
      end = begin + 1;
    }
    if (end == begin) {
      kind = TOKEN_UNKNOWN;
      end = find_character_end(parser, begin);
    }
  }
  parser->token = (struct token){kind, {parser->ddl.data + begin, end - begin}};
  parser->next = end;
}

static bool is_word(const struct parser *parser, const char *word) {
  return parser->token.kind == TOKEN_WORD &&
         eagre_text_equal_ignoring_case(parser->token.text, eagre_text_of(word));
}

static bool is_mark(const struct parser *parser, char mark) {
  return parser->token.kind == TOKEN_MARK && parser->token.text.data[0] == mark;
}

static bool accept_word(struct parser *parser, const char *word) {
  if (!is_word(parser, word)) return false;
  advance(parser);
  return true;
}

static bool accept_mark(struct parser *parser, char mark) {
  if (!is_mark(parser, mark)) return false;
  advance(parser);
  return true;
}

/* ---- Types ----------------------------------------------------------------------------------- */

struct type_word {
  const char *word;
  enum eagre_type_kind kind;
};

static const struct type_word type_words[] = {
    {"BOOLEAN", EAGRE_TYPE_BOOLEAN},
    {"TINYINT", EAGRE_TYPE_TINYINT},
    {"BYTE", EAGRE_TYPE_TINYINT},
    {"SMALLINT", EAGRE_TYPE_SMALLINT},
    {"SHORT", EAGRE_TYPE_SMALLINT},
    {"INT", EAGRE_TYPE_INT},
    {"INTEGER", EAGRE_TYPE_INT},
    {"BIGINT", EAGRE_TYPE_BIGINT},
    {"LONG", EAGRE_TYPE_BIGINT},
    {"FLOAT", EAGRE_TYPE_FLOAT},
    {"REAL", EAGRE_TYPE_FLOAT},
    {"DOUBLE", EAGRE_TYPE_DOUBLE},
    {"STRING", EAGRE_TYPE_STRING},
    {"BINARY", EAGRE_TYPE_BINARY},
    {"DATE", EAGRE_TYPE_DATE},
    {"TIMESTAMP", EAGRE_TYPE_TIMESTAMP},
    {"TIMESTAMP_LTZ", EAGRE_TYPE_TIMESTAMP},
};

/* Spark's other types, and what to use instead where there is something. */
struct refused_word {
  const char *word;
  const char *hint;
};

static const struct refused_word refused_words[] = {
    {"VARCHAR", "use STRING"},
    {"CHAR", "use STRING"},
    {"CHARACTER", "use STRING"},
    {"DECIMAL", "use DOUBLE, or BIGINT of the smallest unit (cents) to stay exact"},
    {"DEC", "use DOUBLE, or BIGINT of the smallest unit (cents) to stay exact"},
    {"NUMERIC", "use DOUBLE, or BIGINT of the smallest unit (cents) to stay exact"},
    {"TIMESTAMP_NTZ", "use TIMESTAMP"},
    {"ARRAY", "read the value as STRING"},
    {"MAP", "read the value as STRING, or name its members in a STRUCT"},
    {"VARIANT", "read the value as STRING"},
};

static enum eagre_status parse_type(struct parser *parser, const struct eagre_type **out_type);
static enum eagre_status parse_field(struct parser *parser, struct eagre_field *out_field);

/* A list of fields up to, and not including, what does not continue it. */
static enum eagre_status parse_fields(struct parser *parser, const struct eagre_type **out_struct) {
  struct eagre_buffer fields = {0};
  enum eagre_status status;
  do {
    struct eagre_field field;
    status = parse_field(parser, &field);
    if (status == EAGRE_OK) eagre_buffer_append(&fields, &field, sizeof field);
  } while (status == EAGRE_OK && accept_mark(parser, ','));
  if (status == EAGRE_OK) {
    *out_struct = eagre_type_struct(parser->arena, (const struct eagre_field *)fields.data,
                                    (uint32_t)(fields.size / sizeof(struct eagre_field)));
  }
  eagre_buffer_done(&fields);
  return status;
}

static enum eagre_status parse_struct(struct parser *parser, const struct eagre_type **out_type) {
  if (parser->depth == NESTING_DEPTH_MAX) {
    return refuse_type(parser, parser->token.text, "structs nest at most 64 deep");
  }
  advance(parser);
  if (!accept_mark(parser, '<')) return refuse_token(parser, "'<'");
  if (is_mark(parser, '>')) {
    *out_type = eagre_type_struct(parser->arena, NULL, 0);
  } else {
    parser->depth++;
    EAGRE_TRY(parse_fields(parser, out_type));
    parser->depth--;
  }
  if (!accept_mark(parser, '>')) return refuse_token(parser, "',' or '>'");
  return EAGRE_OK;
}

/* Strings compare by their bytes, which is the one collation there is. */
static enum eagre_status parse_collation(struct parser *parser) {
  if (!accept_word(parser, "COLLATE")) return EAGRE_OK;
  struct token name = parser->token;
  if (name.kind != TOKEN_WORD && name.kind != TOKEN_QUOTED) {
    return refuse_token(parser, "the name of a collation");
  }
  if (!is_word(parser, "UTF8_BINARY")) {
    eagre_error_set(parser->error, EAGRE_USAGE, "UNSUPPORTED_DATATYPE",
                    "unsupported data type \"STRING COLLATE %.*s\"", (int)name.text.size,
                    name.text.data);
    eagre_error_hint(parser->error, "the only collation is UTF8_BINARY");
    mark_position(parser, name.text);
    return EAGRE_USAGE;
  }
  advance(parser);
  return EAGRE_OK;
}

/* INTERVAL, INTERVAL DAY, INTERVAL DAY TO SECOND ...: the piece is all of its words. */
static enum eagre_status refuse_interval(struct parser *parser) {
  struct eagre_text piece = parser->token.text;
  static const char *const words[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "TO"};
  advance(parser);
  for (size_t i = 0; i < EAGRE_COUNT_OF(words); i++) {
    if (!is_word(parser, words[i])) continue;
    piece.size = (size_t)(parser->token.text.data + parser->token.text.size - piece.data);
    advance(parser);
    i = (size_t)-1; /* any of the words may follow */
  }
  return refuse_type(parser, piece, "store a number of microseconds as BIGINT");
}

static enum eagre_status refuse_word(struct parser *parser) {
  if (is_word(parser, "INTERVAL")) return refuse_interval(parser);
  for (size_t i = 0; i < EAGRE_COUNT_OF(refused_words); i++) {
    if (!is_word(parser, refused_words[i].word)) continue;
    return refuse_type(parser, parser->token.text, refused_words[i].hint);
  }
  return refuse_type(parser, parser->token.text, NULL);
}

static enum eagre_status parse_type(struct parser *parser, const struct eagre_type **out_type) {
  if (parser->token.kind != TOKEN_WORD) return refuse_token(parser, "a data type");
  if (is_word(parser, "STRUCT")) return parse_struct(parser, out_type);
  for (size_t i = 0; i < EAGRE_COUNT_OF(type_words); i++) {
    if (!is_word(parser, type_words[i].word)) continue;
    advance(parser);
    *out_type = eagre_type_of(type_words[i].kind);
    return type_words[i].kind == EAGRE_TYPE_STRING ? parse_collation(parser) : EAGRE_OK;
  }
  return refuse_word(parser);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

/* The name between backticks with doubled ones made single. */
static struct eagre_text unquote_name(struct parser *parser, struct eagre_text quoted) {
  char *name = eagre_arena_allocate(parser->arena, quoted.size);
  size_t size = 0;
  for (size_t i = 1; i + 1 < quoted.size; i++) {
    name[size++] = quoted.data[i];
    if (quoted.data[i] == '`') i++;
  }
  return eagre_text_make(name, size);
}

static enum eagre_status parse_name(struct parser *parser, struct eagre_text *out_name) {
  struct token token = parser->token;
  if (token.kind == TOKEN_QUOTED) {
    *out_name = unquote_name(parser, token.text);
    if (out_name->size == 0) return refuse_token(parser, "a name that is not empty");
  } else if (token.kind == TOKEN_WORD) {
    *out_name = eagre_arena_copy_text(parser->arena, token.text);
  } else {
    return refuse_token(parser, "the name of a field");
  }
  advance(parser);
  /* "order-id INT": what follows a name is a type or a colon, else the name is meant to go on. */
  if (parser->token.kind != TOKEN_UNKNOWN || token.kind == TOKEN_QUOTED) return EAGRE_OK;
  enum eagre_status status = refuse_token(parser, "a data type");
  eagre_error_hint(parser->error, "a name with other characters than letters, digits and "
                                  "underscores is written in backticks: `order-id` INT");
  return status;
}

static enum eagre_status parse_field(struct parser *parser, struct eagre_field *out_field) {
  *out_field = (struct eagre_field){.nullable = true};
  EAGRE_TRY(parse_name(parser, &out_field->name));
  accept_mark(parser, ':');
  EAGRE_TRY(parse_type(parser, &out_field->type));
  if (accept_word(parser, "NOT")) {
    if (!accept_word(parser, "NULL")) return refuse_token(parser, "NULL");
    out_field->nullable = false;
  }
  if (accept_word(parser, "COMMENT")) {
    if (parser->token.kind != TOKEN_STRING) return refuse_token(parser, "a text in quotes");
    advance(parser);
  }
  return EAGRE_OK;
}

/* ---- Door ------------------------------------------------------------------------------------ */

static struct parser begin_parser(struct eagre_arena *arena, struct eagre_text ddl,
                                  struct eagre_error *error) {
  /* Positions are differences of pointers, which an absent text has not. */
  if (ddl.size == 0) ddl = EAGRE_TEXT("");
  struct parser parser = {.ddl = ddl, .arena = arena, .error = error};
  advance(&parser);
  return parser;
}

/* Whether the text is "STRUCT <...": one type instead of a column of the name STRUCT. */
static bool is_struct_text(const struct parser *parser) {
  if (!is_word(parser, "STRUCT")) return false;
  struct parser ahead = *parser;
  advance(&ahead);
  return is_mark(&ahead, '<');
}

enum eagre_status eagre_type_parse_columns(struct eagre_arena *arena, struct eagre_text ddl,
                                           const struct eagre_type **out_struct,
                                           struct eagre_error *error) {
  struct parser parser = begin_parser(arena, ddl, error);
  if (is_struct_text(&parser)) {
    EAGRE_TRY(parse_type(&parser, out_struct));
  } else {
    EAGRE_TRY(parse_fields(&parser, out_struct));
  }
  if (parser.token.kind != TOKEN_END) return refuse_token(&parser, "',' or the end");
  return EAGRE_OK;
}

enum eagre_status eagre_type_parse(struct eagre_arena *arena, struct eagre_text ddl,
                                   const struct eagre_type **out_type, struct eagre_error *error) {
  struct parser parser = begin_parser(arena, ddl, error);
  EAGRE_TRY(parse_type(&parser, out_type));
  if (parser.token.kind != TOKEN_END) return refuse_token(&parser, "the end");
  return EAGRE_OK;
}
