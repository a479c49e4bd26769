/* What may stand behind the parenthesis of a call: WITHIN GROUP (ORDER BY ...), FILTER (WHERE ...),
 * IGNORE NULLS; OVER is in sql_over.c. */
#include "sql/sql_parser.h"

void eagre_sql_add_ignore_nulls(struct eagre_sql_parser *parser, uint32_t first,
                                struct eagre_sql_list *arguments) {
  struct eagre_sql_expression *constant = eagre_sql_expression_new(parser, EAGRE_SQL_LITERAL);
  constant->literal = EAGRE_SQL_LITERAL_BOOLEAN;
  constant->type_kind = EAGRE_TYPE_BOOLEAN;
  constant->boolean = true;
  constant->height = 1;
  constant->position = eagre_sql_position_from(parser, first);
  constant->source = EAGRE_TEXT("true");
  struct eagre_sql_argument *argument = eagre_sql_list_append(parser, arguments, sizeof *argument);
  argument->value = constant;
}

static bool is_one_of(struct eagre_text function, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (eagre_text_equal_string(function, names[i])) return true;
  }
  return false;
}

/* first(x) IGNORE NULLS is first(x, true). */
static enum eagre_status parse_ignore_nulls(struct eagre_sql_parser *parser, uint32_t first,
                                            struct eagre_sql_expression *call) {
  static const char *const functions[] = {"first", "last", "any_value", "first_value",
                                          "last_value"};
  static const char *const window_functions[] = {"lag", "lead", "nth_value"};
  call->ignores_nulls =
      is_one_of(call->function, window_functions, EAGRE_COUNT_OF(window_functions));
  if (call->ignores_nulls) return EAGRE_OK;
  bool is_known = is_one_of(call->function, functions, EAGRE_COUNT_OF(functions));
  if (!is_known || call->argument_count != 1) {
    eagre_sql_fail_range(parser, first, "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                         "The function %.*s does not support IGNORE NULLS here.",
                         (int)call->function.size, call->function.data);
    return EAGRE_USAGE;
  }
  struct eagre_sql_list arguments = {0};
  struct eagre_sql_argument *argument = eagre_sql_list_append(parser, &arguments, sizeof *argument);
  *argument = call->arguments[0];
  eagre_sql_add_ignore_nulls(parser, first, &arguments);
  call->arguments = arguments.items;
  call->argument_count = arguments.count;
  return EAGRE_OK;
}

static bool is_paren_ahead(const struct eagre_sql_parser *parser, uint32_t ahead) {
  return eagre_sql_token_ahead(parser, ahead)->kind == EAGRE_SQL_TOKEN_LEFT_PAREN;
}

static enum eagre_status parse_within_group(struct eagre_sql_parser *parser,
                                            struct eagre_sql_expression *call) {
  if (!eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_WITHIN, EAGRE_SQL_KEYWORD_GROUP)) {
    return EAGRE_OK;
  }
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'(' after WITHIN GROUP"));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_ORDER, "ORDER BY"));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_BY, "BY"));
  EAGRE_TRY(eagre_sql_parse_order_items(parser, &call->within_group, &call->within_group_count));
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')' after the order");
}

static enum eagre_status parse_filter(struct eagre_sql_parser *parser,
                                      struct eagre_sql_expression *call) {
  bool is_filter = eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_FILTER) &&
                   is_paren_ahead(parser, 1) &&
                   eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 2), EAGRE_SQL_KEYWORD_WHERE);
  if (!is_filter) return EAGRE_OK;
  parser->index += 3;
  EAGRE_TRY(eagre_sql_parse_expression(parser, &call->filter));
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')' after the filter");
}

enum eagre_status eagre_sql_parse_call_suffix(struct eagre_sql_parser *parser, uint32_t first,
                                              struct eagre_sql_expression *call) {
  EAGRE_TRY(parse_within_group(parser, call));
  EAGRE_TRY(parse_filter(parser, call));
  if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_IGNORE, EAGRE_SQL_KEYWORD_NULLS)) {
    EAGRE_TRY(parse_ignore_nulls(parser, first, call));
  } else {
    eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_RESPECT, EAGRE_SQL_KEYWORD_NULLS);
  }
  return eagre_sql_parse_over(parser, call);
}
