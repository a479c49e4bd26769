/* Types from DDL text, as Spark's schema parser reads them (compared with Spark 4.2.0):
 *
 *   columns   field { "," field }                               (or a single STRUCT<...>)
 *   field     name [ ":" ] type [ NOT NULL ] [ COMMENT string { string } ]
 *   name      word | "`" ... "`"          ("``" inside stands for one backtick)
 *   type      STRUCT "<" [ field { "," field } ] ">"
 *             ARRAY "<" type ">" | MAP "<" type "," type ">"
 *             STRING [ COLLATE UTF8_BINARY ]
 *             TIMESTAMP [ WITH LOCAL TIME ZONE ]
 *             a word of the table `type_words`
 *
 * Key words ignore case and are not reserved. Spark refuses the colon in the outermost list; here
 * it is optional everywhere. A type that Spark has and Eagre has not is refused by its name where
 * it stands; its parameters are not read. Comments of fields are dropped. */
#include "column/column.h"

#include <string.h>

#include "column/column_token.h"

enum { NESTING_DEPTH_MAX = 64 };

struct parser {
  struct eagre_text ddl;
  struct eagre_column_token token; /* not consumed yet */
  uint32_t depth;                  /* structs around the token */
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
  struct eagre_text text = parser->token.text;
  if (parser->token.kind == EAGRE_COLUMN_TOKEN_OPEN_COMMENT) {
    eagre_error_set(parser->error, EAGRE_USAGE, "UNCLOSED_BRACKETED_COMMENT",
                    "a comment in a schema is not closed");
    eagre_error_hint(parser->error, "append */ at the end of the comment");
  } else if (parser->token.kind == EAGRE_COLUMN_TOKEN_END) {
    eagre_error_set(parser->error, EAGRE_USAGE, "PARSE_SYNTAX_ERROR",
                    "syntax error in a schema at or near end of input: %s is expected", expected);
  } else {
    eagre_error_set(parser->error, EAGRE_USAGE, "PARSE_SYNTAX_ERROR",
                    "syntax error in a schema at or near '%.*s': %s is expected", (int)text.size,
                    text.data, expected);
  }
  mark_position(parser, text);
  return EAGRE_USAGE;
}

static enum eagre_status refuse_type(struct parser *parser, struct eagre_text piece,
                                     const char *hint) {
  /* Spark prints the name in upper case. */
  char name[96];
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

static void advance(struct parser *parser) {
  struct eagre_text text = parser->token.text;
  size_t next = (size_t)(text.data + text.size - parser->ddl.data);
  parser->token = eagre_column_token_read(parser->ddl, next);
}

static bool is_word(const struct parser *parser, const char *word) {
  return parser->token.kind == EAGRE_COLUMN_TOKEN_WORD &&
         eagre_text_equal_ignoring_case(parser->token.text, eagre_text_of(word));
}

static bool is_mark(const struct parser *parser, char mark) {
  return parser->token.kind == EAGRE_COLUMN_TOKEN_MARK && parser->token.text.data[0] == mark;
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
    {"TIMESTAMP_NTZ", EAGRE_TYPE_TIMESTAMP_NTZ},
    {"VARIANT", EAGRE_TYPE_VARIANT},
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

/* The types of an ARRAY's elements, or of a MAP's keys and values. */
static enum eagre_status parse_list(struct parser *parser, bool is_map,
                                    const struct eagre_type **out_type) {
  const struct eagre_type *types[2] = {NULL, NULL};
  if (parser->depth == NESTING_DEPTH_MAX) {
    return refuse_type(parser, parser->token.text, "types nest at most 64 deep");
  }
  advance(parser);
  if (!accept_mark(parser, '<')) return refuse_token(parser, "'<'");
  parser->depth++;
  EAGRE_TRY(parse_type(parser, &types[0]));
  if (is_map) {
    if (!accept_mark(parser, ',')) return refuse_token(parser, "','");
    EAGRE_TRY(parse_type(parser, &types[1]));
  }
  parser->depth--;
  if (!accept_mark(parser, '>')) return refuse_token(parser, "'>'");
  *out_type = is_map ? eagre_type_map(parser->arena, types[0], types[1])
                     : eagre_type_array(parser->arena, types[0]);
  return EAGRE_OK;
}

/* Strings compare by their bytes, which is the one collation there is. */
static enum eagre_status parse_collation(struct parser *parser) {
  if (!accept_word(parser, "COLLATE")) return EAGRE_OK;
  struct eagre_column_token name = parser->token;
  if (name.kind != EAGRE_COLUMN_TOKEN_WORD && name.kind != EAGRE_COLUMN_TOKEN_QUOTED) {
    return refuse_token(parser, "the name of a collation");
  }
  bool is_binary = eagre_text_equal_ignoring_case(name.text, EAGRE_TEXT("UTF8_BINARY")) ||
                   eagre_text_equal_ignoring_case(name.text, EAGRE_TEXT("`UTF8_BINARY`"));
  if (!is_binary) {
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

/* The piece up to and with the current token. */
static struct eagre_text extend_piece(const struct parser *parser, struct eagre_text piece) {
  struct eagre_text text = parser->token.text;
  return eagre_text_make(piece.data, (size_t)(text.data + text.size - piece.data));
}

/* DECIMAL, DECIMAL(p), DECIMAL(p, s). */

static bool is_decimal_word(const struct parser *parser) {
  return is_word(parser, "DECIMAL") || is_word(parser, "DEC") || is_word(parser, "NUMERIC");
}

/* Digits only; more than three stand for a number that is too large anyway. */
static enum eagre_status parse_size(struct parser *parser, unsigned *out_size) {
  struct eagre_text text = parser->token.text;
  bool is_number = parser->token.kind == EAGRE_COLUMN_TOKEN_WORD;
  *out_size = 0;
  for (size_t i = 0; is_number && i < text.size; i++) {
    is_number = text.data[i] >= '0' && text.data[i] <= '9';
    if (*out_size < 1000) *out_size = *out_size * 10 + (unsigned)(text.data[i] - '0');
  }
  if (!is_number) return refuse_token(parser, "a number of digits");
  advance(parser);
  return EAGRE_OK;
}

static enum eagre_status check_decimal(struct parser *parser, struct eagre_text piece,
                                       unsigned precision, unsigned scale) {
  if (precision > EAGRE_DECIMAL_PRECISION_MAX) {
    eagre_error_set(parser->error, EAGRE_USAGE, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
                    "Decimal precision %u exceeds max precision %d.", precision,
                    EAGRE_DECIMAL_PRECISION_MAX);
  } else if (precision == 0) {
    eagre_error_set(parser->error, EAGRE_USAGE, "UNSUPPORTED_DATATYPE",
                    "Unsupported data type \"DECIMAL(0,%u)\".", scale);
    eagre_error_hint(parser->error, "a DECIMAL has 1 to 38 digits");
  } else if (scale > precision) {
    eagre_error_set(parser->error, EAGRE_USAGE, "_LEGACY_ERROR_TEMP_1228",
                    "Decimal scale (%u) cannot be greater than precision (%u).", scale, precision);
  } else {
    return EAGRE_OK;
  }
  mark_position(parser, piece);
  return EAGRE_USAGE;
}

static enum eagre_status parse_decimal(struct parser *parser, const struct eagre_type **out_type) {
  enum { PRECISION_DEFAULT = 10 };
  struct eagre_text piece = parser->token.text;
  unsigned precision = PRECISION_DEFAULT;
  unsigned scale = 0;
  advance(parser);
  if (accept_mark(parser, '(')) {
    EAGRE_TRY(parse_size(parser, &precision));
    if (accept_mark(parser, ',')) EAGRE_TRY(parse_size(parser, &scale));
    piece = extend_piece(parser, piece);
    if (!accept_mark(parser, ')')) return refuse_token(parser, "')'");
  }
  EAGRE_TRY(check_decimal(parser, piece, precision, scale));
  *out_type = eagre_type_decimal(parser->arena, precision, scale);
  return EAGRE_OK;
}

static bool find_interval_unit(const struct parser *parser, enum eagre_interval_unit *out) {
  static const char *const words[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(words); i++) {
    if (!is_word(parser, words[i])) continue;
    *out = (enum eagre_interval_unit)i;
    return true;
  }
  return false;
}

/* INTERVAL DAY, INTERVAL DAY TO SECOND ...; a bare INTERVAL is a calendar interval, which Spark
 * has no column of either. */
static enum eagre_status parse_interval(struct parser *parser, const struct eagre_type **out_type) {
  struct eagre_text piece = parser->token.text;
  enum eagre_interval_unit first, last;
  advance(parser);
  if (!find_interval_unit(parser, &first)) {
    return refuse_type(parser, piece, "use INTERVAL DAY TO SECOND or INTERVAL YEAR TO MONTH");
  }
  advance(parser);
  *out_type = eagre_type_interval(first, first);
  if (!accept_word(parser, "TO")) return EAGRE_OK;
  if (!find_interval_unit(parser, &last)) return refuse_token(parser, "a unit of time");
  piece = extend_piece(parser, piece);
  bool is_known = first < last && (first <= EAGRE_INTERVAL_MONTH) == (last <= EAGRE_INTERVAL_MONTH);
  if (!is_known) {
    return refuse_type(parser, piece, "the units go from a larger to a smaller one: DAY TO SECOND");
  }
  advance(parser);
  *out_type = eagre_type_interval(first, last);
  return EAGRE_OK;
}

/* What may follow TIMESTAMP. */
static enum eagre_status parse_timestamp_rest(struct parser *parser,
                                              const struct eagre_type **out_type) {
  bool is_local = is_word(parser, "WITH");
  if (!is_local && !is_word(parser, "WITHOUT")) return EAGRE_OK;
  advance(parser);
  if (is_local && !accept_word(parser, "LOCAL")) return refuse_token(parser, "LOCAL TIME ZONE");
  if (!accept_word(parser, "TIME")) return refuse_token(parser, "TIME ZONE");
  if (!accept_word(parser, "ZONE")) return refuse_token(parser, "ZONE");
  *out_type = eagre_type_of(is_local ? EAGRE_TYPE_TIMESTAMP : EAGRE_TYPE_TIMESTAMP_NTZ);
  return EAGRE_OK;
}

static enum eagre_status refuse_word(struct parser *parser) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(refused_words); i++) {
    if (!is_word(parser, refused_words[i].word)) continue;
    return refuse_type(parser, parser->token.text, refused_words[i].hint);
  }
  return refuse_type(parser, parser->token.text, NULL);
}

static enum eagre_status parse_type(struct parser *parser, const struct eagre_type **out_type) {
  if (parser->token.kind != EAGRE_COLUMN_TOKEN_WORD) return refuse_token(parser, "a data type");
  if (is_word(parser, "STRUCT")) return parse_struct(parser, out_type);
  if (is_decimal_word(parser)) return parse_decimal(parser, out_type);
  if (is_word(parser, "INTERVAL")) return parse_interval(parser, out_type);
  if (is_word(parser, "ARRAY")) return parse_list(parser, false, out_type);
  if (is_word(parser, "MAP")) return parse_list(parser, true, out_type);
  for (size_t i = 0; i < EAGRE_COUNT_OF(type_words); i++) {
    if (!is_word(parser, type_words[i].word)) continue;
    struct eagre_text piece = parser->token.text;
    advance(parser);
    *out_type = eagre_type_of(type_words[i].kind);
    if (type_words[i].kind == EAGRE_TYPE_STRING) return parse_collation(parser);
    if (eagre_text_equal_ignoring_case(piece, EAGRE_TEXT("TIMESTAMP"))) {
      return parse_timestamp_rest(parser, out_type);
    }
    return EAGRE_OK;
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

static enum eagre_status refuse_name(struct parser *parser, struct eagre_text name) {
  eagre_error_set(parser->error, EAGRE_USAGE, "INVALID_IDENTIFIER",
                  "the unquoted identifier %.*s is invalid", (int)name.size, name.data);
  eagre_error_hint(parser->error, "write it in backticks: `%.*s`", (int)name.size, name.data);
  mark_position(parser, name);
  return EAGRE_USAGE;
}

static enum eagre_status parse_word_name(struct parser *parser, struct eagre_text *out_name) {
  struct eagre_text word = parser->token.text;
  if (eagre_column_token_is_number(word)) return refuse_token(parser, "the name of a field");
  if (!eagre_column_token_is_ascii(word)) return refuse_name(parser, word);
  *out_name = eagre_arena_copy_text(parser->arena, word);
  advance(parser);
  bool goes_on = parser->token.kind == EAGRE_COLUMN_TOKEN_UNKNOWN &&
                 parser->token.text.data == word.data + word.size;
  if (!goes_on) return EAGRE_OK;
  /* "order-id INT" */
  enum eagre_status status = refuse_token(parser, "a data type");
  eagre_error_hint(parser->error, "a name with other characters than letters, digits and "
                                  "underscores is written in backticks");
  return status;
}

static enum eagre_status parse_name(struct parser *parser, struct eagre_text *out_name) {
  if (parser->token.kind == EAGRE_COLUMN_TOKEN_WORD) return parse_word_name(parser, out_name);
  if (parser->token.kind != EAGRE_COLUMN_TOKEN_QUOTED) {
    return refuse_token(parser, "the name of a field");
  }
  *out_name = unquote_name(parser, parser->token.text);
  advance(parser);
  return EAGRE_OK;
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
    if (parser->token.kind != EAGRE_COLUMN_TOKEN_STRING) {
      return refuse_token(parser, "a text in quotes");
    }
    while (parser->token.kind == EAGRE_COLUMN_TOKEN_STRING) {
      advance(parser); /* adjacent literals are one */
    }
  }
  return EAGRE_OK;
}

/* ---- Door ------------------------------------------------------------------------------------ */

static struct parser begin_parser(struct eagre_arena *arena, struct eagre_text ddl,
                                  struct eagre_error *error) {
  if (ddl.size == 0) ddl = EAGRE_TEXT(""); /* positions are differences of pointers */
  return (struct parser){
      .ddl = ddl,
      .token = eagre_column_token_read(ddl, 0),
      .arena = arena,
      .error = error,
  };
}

static enum eagre_status refuse_empty(struct parser *parser) {
  if (parser->token.kind != EAGRE_COLUMN_TOKEN_END) return EAGRE_OK;
  eagre_error_set(parser->error, EAGRE_USAGE, "PARSE_EMPTY_STATEMENT", "a schema is empty");
  eagre_error_hint(parser->error, "write columns as in \"id BIGINT, name STRING\"");
  mark_position(parser, parser->token.text);
  return EAGRE_USAGE;
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
  const struct eagre_type *type;
  struct parser parser = begin_parser(arena, ddl, error);
  EAGRE_TRY(refuse_empty(&parser));
  if (is_struct_text(&parser)) {
    EAGRE_TRY(parse_type(&parser, &type));
  } else {
    EAGRE_TRY(parse_fields(&parser, &type));
  }
  if (parser.token.kind != EAGRE_COLUMN_TOKEN_END) return refuse_token(&parser, "',' or the end");
  *out_struct = type;
  return EAGRE_OK;
}

enum eagre_status eagre_type_parse(struct eagre_arena *arena, struct eagre_text ddl,
                                   const struct eagre_type **out_type, struct eagre_error *error) {
  const struct eagre_type *type;
  struct parser parser = begin_parser(arena, ddl, error);
  EAGRE_TRY(refuse_empty(&parser));
  EAGRE_TRY(parse_type(&parser, &type));
  if (parser.token.kind != EAGRE_COLUMN_TOKEN_END) return refuse_token(&parser, "the end");
  *out_type = type;
  return EAGRE_OK;
}
