/* Types inside SQL text. `column` reads them; here is decided where one ends, which needs the
 * grammar: `a::int < 3`, `CAST(a AS struct<x: array<int>>)`, `ts TIMESTAMP NOT NULL`. */
#include "sql/sql_parser.h"

/* ( ... ) behind a type's name. */
static enum eagre_status skip_parameters(struct eagre_sql_parser *parser) {
  if (!eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) return EAGRE_OK;
  while (!eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN)) {
    bool is_parameter = eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_NUMBER) ||
                        eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_COMMA) ||
                        eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_WORD);
    if (!is_parameter) return eagre_sql_fail_expected(parser, "')' after the type's size");
    eagre_sql_advance(parser);
  }
  return EAGRE_OK;
}

static bool is_generic(const struct eagre_sql_token *token) {
  return token->kind == EAGRE_SQL_TOKEN_WORD &&
         (eagre_text_equal_ignoring_case(token->text, EAGRE_TEXT("struct")) ||
          eagre_text_equal_ignoring_case(token->text, EAGRE_TEXT("array")) ||
          eagre_text_equal_ignoring_case(token->text, EAGRE_TEXT("map")));
}

/* < ... > behind STRUCT, ARRAY or MAP: up to the bracket that closes it. */
static enum eagre_status skip_elements(struct eagre_sql_parser *parser) {
  if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_NOT_EQUAL)) return EAGRE_OK; /* struct<> */
  uint32_t depth = 0;
  do {
    enum eagre_sql_token_kind kind = eagre_sql_token_at(parser)->kind;
    if (kind == EAGRE_SQL_TOKEN_LESS) depth++;
    if (kind == EAGRE_SQL_TOKEN_GREATER) depth--;
    if (kind == EAGRE_SQL_TOKEN_END || kind == EAGRE_SQL_TOKEN_SEMICOLON) {
      return eagre_sql_fail_expected(parser, "'>' after the type");
    }
    eagre_sql_advance(parser);
  } while (depth > 0);
  return EAGRE_OK;
}

/* INTERVAL DAY [TO SECOND] behind INTERVAL. */
static void skip_interval_fields(struct eagre_sql_parser *parser) {
  static const enum eagre_sql_keyword fields[] = {
      EAGRE_SQL_KEYWORD_YEAR, EAGRE_SQL_KEYWORD_MONTH,  EAGRE_SQL_KEYWORD_DAY,
      EAGRE_SQL_KEYWORD_HOUR, EAGRE_SQL_KEYWORD_MINUTE, EAGRE_SQL_KEYWORD_SECOND,
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(fields); i++) {
    if (!eagre_sql_is_keyword(eagre_sql_token_at(parser), fields[i])) continue;
    eagre_sql_advance(parser);
    if (!eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_TO)) return;
    eagre_sql_advance(parser);
    eagre_sql_advance(parser);
    return;
  }
}

static bool is_time_zone(const struct eagre_sql_parser *parser, uint32_t ahead) {
  return eagre_sql_is_keyword(eagre_sql_token_ahead(parser, ahead), EAGRE_SQL_KEYWORD_TIME) &&
         eagre_sql_is_keyword(eagre_sql_token_ahead(parser, ahead + 1), EAGRE_SQL_KEYWORD_ZONE);
}

static bool is_word(const struct eagre_sql_token *token, const char *word) {
  return token->kind == EAGRE_SQL_TOKEN_WORD &&
         eagre_text_equal_ignoring_case(token->text, eagre_text_of(word));
}

/* WITHOUT TIME ZONE or WITH LOCAL TIME ZONE behind TIMESTAMP. */
static void skip_zone(struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  if (is_word(token, "without") && is_time_zone(parser, 1)) {
    parser->index += 3;
  } else if (is_word(token, "with") && is_word(eagre_sql_token_ahead(parser, 1), "local") &&
             is_time_zone(parser, 2)) {
    parser->index += 4;
  }
}

static enum eagre_status skip_type(struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  if (!eagre_sql_is_identifier(token)) return eagre_sql_fail_expected(parser, "a type");
  eagre_sql_advance(parser);
  if (is_generic(token) && (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LESS) ||
                            eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_NOT_EQUAL))) {
    return skip_elements(parser);
  }
  if (eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_INTERVAL)) {
    skip_interval_fields(parser);
  } else if (eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_TIMESTAMP)) {
    skip_zone(parser);
  }
  return skip_parameters(parser);
}

/* `error` points into the text of the type, which begins at byte `begin`: turns that into the place
 * in the file. */
static void move_error(struct eagre_sql_parser *parser, uint32_t begin, uint32_t end) {
  struct eagre_error *error = parser->error;
  const char *data = parser->source->text.data;
  uint32_t offset = begin;
  for (uint32_t line = error->line; line > 1 && offset < end; offset++) {
    if (data[offset] == '\n') line--;
  }
  for (uint32_t column = error->column; offset < end; offset++) {
    if (((unsigned char)data[offset] & 0xc0) == 0x80) continue;
    if (column <= 1) break;
    column--;
  }
  uint32_t file_begin = eagre_sql_file_offset(parser->source, offset, false);
  uint32_t length = error->length;
  eagre_sql_error_at(error, eagre_sql_position_of(parser->source->file, file_begin, file_begin));
  if (length > 0) error->length = length;
}

enum eagre_status eagre_sql_parse_type(struct eagre_sql_parser *parser,
                                       const struct eagre_type **out_type) {
  uint32_t first = parser->index;
  EAGRE_TRY(skip_type(parser));
  struct eagre_text text = eagre_sql_source_of(parser, first);
  enum eagre_status status = eagre_type_parse(parser->arena, text, out_type, parser->error);
  if (status == EAGRE_OK) return EAGRE_OK;
  uint32_t begin = parser->tokens[first].begin;
  move_error(parser, begin, begin + (uint32_t)text.size);
  return status;
}
