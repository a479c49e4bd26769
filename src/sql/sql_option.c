/* ('key' = 'value', a.b = 10, ...): OPTIONS, TBLPROPERTIES and WITH. */
#include "sql/sql_parser.h"

/* A string, or a.b.c joined by dots. */
static enum eagre_status take_key(struct eagre_sql_parser *parser, struct eagre_text *out_key) {
  struct eagre_sql_name name;
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_STRING)) {
    return eagre_sql_take_string(parser, "the key of an option", out_key);
  }
  EAGRE_TRY(eagre_sql_take_name(parser, "the key of an option", &name));
  *out_key = eagre_sql_join_name(parser, &name);
  return EAGRE_OK;
}

static enum eagre_status fail_value(struct eagre_sql_parser *parser) {
  bool is_word = eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_WORD);
  eagre_sql_fail_expected(parser, "a string, a number, TRUE or FALSE as the value of the option");
  if (is_word) eagre_error_hint(parser->error, "Write the value in quotes.");
  return EAGRE_USAGE;
}

/* A constant as text: 'a' is a, -10 is -10, TRUE is true. */
static enum eagre_status take_value(struct eagre_sql_parser *parser, struct eagre_text *out_value) {
  uint32_t first = parser->index;
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_STRING)) {
    return eagre_sql_take_value(parser, "the value of an option", out_value);
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_TRUE)) {
    *out_value = EAGRE_TEXT("true");
    return EAGRE_OK;
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_FALSE)) {
    *out_value = EAGRE_TEXT("false");
    return EAGRE_OK;
  }
  eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_MINUS);
  if (!eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_NUMBER)) return fail_value(parser);
  *out_value = eagre_sql_source_of(parser, first);
  return EAGRE_OK;
}

static enum eagre_status take_option(struct eagre_sql_parser *parser,
                                     struct eagre_sql_option *option) {
  uint32_t first = parser->index;
  EAGRE_TRY(take_key(parser, &option->key));
  option->position = eagre_sql_position_from(parser, first);
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_EQUAL, "'=' and a value"));
  return take_value(parser, &option->value);
}

enum eagre_status eagre_sql_parse_options(struct eagre_sql_parser *parser,
                                          struct eagre_sql_list *options) {
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'(' before the options"));
  do {
    struct eagre_sql_option option = {0};
    EAGRE_TRY(take_option(parser, &option));
    *(struct eagre_sql_option *)eagre_sql_list_append(parser, options, sizeof option) = option;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "',' or ')' after an option");
}
