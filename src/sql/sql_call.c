/* Calls of functions, and CASE. */
#include "sql/sql_parser.h"

/* ---- Names ----------------------------------------------------------------------------------- */

/* Tokens of the name a.b.c at the cursor when a parenthesis stands behind it; 0 otherwise. */
static uint32_t measure_function_name(const struct eagre_sql_parser *parser) {
  uint32_t size = 0;
  for (;;) {
    if (!eagre_sql_is_identifier(eagre_sql_token_ahead(parser, size))) return 0;
    enum eagre_sql_token_kind next = eagre_sql_token_ahead(parser, size + 1)->kind;
    if (next == EAGRE_SQL_TOKEN_LEFT_PAREN) return size + 1;
    if (next != EAGRE_SQL_TOKEN_DOT) return 0;
    size += 2;
  }
}

bool eagre_sql_at_call(const struct eagre_sql_parser *parser) {
  return measure_function_name(parser) > 0;
}

/* The name in lower case, its parts joined by dots. */
static enum eagre_status take_function_name(struct eagre_sql_parser *parser,
                                            struct eagre_text *out_name) {
  struct eagre_sql_name name;
  EAGRE_TRY(eagre_sql_take_name(parser, "the name of a function", &name));
  *out_name = eagre_sql_lower(parser, eagre_sql_join_name(parser, &name));
  return EAGRE_OK;
}

/* ---- Arguments ------------------------------------------------------------------------------- */

/* Tokens of `name =>` or `a.b =>` at the cursor; 0 when there is none. */
static uint32_t measure_argument_name(const struct eagre_sql_parser *parser, bool allows_dots) {
  uint32_t size = 0;
  for (;;) {
    if (!eagre_sql_is_identifier(eagre_sql_token_ahead(parser, size))) return 0;
    enum eagre_sql_token_kind next = eagre_sql_token_ahead(parser, size + 1)->kind;
    if (next == EAGRE_SQL_TOKEN_FAT_ARROW) return size + 1;
    if (next != EAGRE_SQL_TOKEN_DOT || !allows_dots) return 0;
    size += 2;
  }
}

static enum eagre_status take_argument_name(struct eagre_sql_parser *parser, bool allows_dots,
                                            struct eagre_text *out_name) {
  if (measure_argument_name(parser, allows_dots) == 0) return EAGRE_OK;
  struct eagre_sql_name name;
  EAGRE_TRY(eagre_sql_take_name(parser, "the name of an argument", &name));
  *out_name = eagre_sql_join_name(parser, &name);
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_FAT_ARROW, "'=>'");
}

static enum eagre_status parse_argument(struct eagre_sql_parser *parser, bool allows_dots,
                                        struct eagre_sql_list *arguments) {
  uint32_t first = parser->index;
  struct eagre_sql_argument argument = {0};
  EAGRE_TRY(take_argument_name(parser, allows_dots, &argument.name));
  EAGRE_TRY(eagre_sql_parse_expression(parser, &argument.value));
  *(struct eagre_sql_argument *)eagre_sql_list_append(parser, arguments, sizeof argument) =
      argument;
  if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_IGNORE, EAGRE_SQL_KEYWORD_NULLS)) {
    eagre_sql_add_ignore_nulls(parser, first, arguments);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_sql_parse_arguments(struct eagre_sql_parser *parser,
                                            struct eagre_sql_list *out_arguments) {
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'('"));
  if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN)) return EAGRE_OK;
  do {
    EAGRE_TRY(parse_argument(parser, true, out_arguments));
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN,
                                 "',' or ')' after an argument");
}

enum eagre_status eagre_sql_parse_more_arguments(struct eagre_sql_parser *parser,
                                                 struct eagre_sql_list *out_arguments) {
  while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA)) {
    EAGRE_TRY(parse_argument(parser, true, out_arguments));
  }
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN,
                                 "',' or ')' after an argument");
}

/* ---- STRUCT(a, b AS c) ----------------------------------------------------------------------- */

static enum eagre_status parse_struct_field(struct eagre_sql_parser *parser,
                                            struct eagre_sql_list *fields) {
  struct eagre_sql_argument field = {0};
  if (measure_argument_name(parser, false) > 0) {
    eagre_sql_fail_range(parser, parser->index, "NAMED_PARAMETERS_NOT_SUPPORTED",
                         "Named arguments are not supported for the function struct.");
    eagre_error_hint(parser->error, "Write value AS name.");
    return EAGRE_USAGE;
  }
  EAGRE_TRY(eagre_sql_parse_expression(parser, &field.value));
  bool has_name =
      eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_AS) ||
      (eagre_sql_is_identifier(eagre_sql_token_at(parser)) &&
       eagre_sql_keyword_role_of(eagre_sql_token_at(parser)->keyword) == EAGRE_SQL_ROLE_PLAIN);
  if (has_name) {
    EAGRE_TRY(eagre_sql_take_identifier(parser, "the name of a field", &field.name));
  }
  *(struct eagre_sql_argument *)eagre_sql_list_append(parser, fields, sizeof field) = field;
  return EAGRE_OK;
}

static enum eagre_status parse_struct_fields(struct eagre_sql_parser *parser,
                                             struct eagre_sql_list *fields) {
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN)) return EAGRE_OK;
  do {
    EAGRE_TRY(parse_struct_field(parser, fields));
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  return EAGRE_OK;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static enum eagre_status parse_plain_arguments(struct eagre_sql_parser *parser,
                                               struct eagre_sql_expression *call,
                                               struct eagre_sql_list *arguments) {
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN)) return EAGRE_OK;
  call->is_distinct = eagre_sql_accept_quantifier(parser, EAGRE_SQL_KEYWORD_DISTINCT);
  if (!call->is_distinct) eagre_sql_accept_quantifier(parser, EAGRE_SQL_KEYWORD_ALL);
  do {
    EAGRE_TRY(parse_argument(parser, false, arguments));
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  return EAGRE_OK;
}

/* The place of a call is its name: what is wrong inside has places of its own. */
static enum eagre_status finish_call(struct eagre_sql_parser *parser, uint32_t first,
                                     struct eagre_sql_list *arguments,
                                     struct eagre_sql_position position,
                                     struct eagre_sql_expression *call) {
  EAGRE_TRY(
      eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "',' or ')' after an argument"));
  call->arguments = arguments->items;
  call->argument_count = arguments->count;
  EAGRE_TRY(eagre_sql_parse_call_suffix(parser, first, call));
  EAGRE_TRY(eagre_sql_finish(parser, first, call));
  call->position = position;
  return EAGRE_OK;
}

static enum eagre_status parse_plain_call(struct eagre_sql_parser *parser,
                                          struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *call = eagre_sql_expression_new(parser, EAGRE_SQL_CALL);
  struct eagre_sql_list arguments = {0};
  EAGRE_TRY(take_function_name(parser, &call->function));
  struct eagre_sql_position position = eagre_sql_position_from(parser, first);
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'('"));
  if (eagre_text_equal_string(call->function, "struct")) {
    EAGRE_TRY(parse_struct_fields(parser, &arguments));
  } else {
    EAGRE_TRY(parse_plain_arguments(parser, call, &arguments));
  }
  *out_expression = call;
  return finish_call(parser, first, &arguments, position, call);
}

enum eagre_status eagre_sql_parse_call_rest(struct eagre_sql_parser *parser, uint32_t first,
                                            const char *function,
                                            struct eagre_sql_expression *first_argument,
                                            struct eagre_sql_expression **out_expression) {
  struct eagre_sql_expression *call = eagre_sql_call_new(parser, function, 0);
  struct eagre_sql_list arguments = {0};
  struct eagre_sql_argument *argument = eagre_sql_list_append(parser, &arguments, sizeof *argument);
  argument->value = first_argument;
  while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA)) {
    EAGRE_TRY(parse_argument(parser, false, &arguments));
  }
  *out_expression = call;
  return finish_call(parser, first, &arguments, parser->tokens[first].position, call);
}

enum eagre_status eagre_sql_parse_call(struct eagre_sql_parser *parser,
                                       struct eagre_sql_expression **out_expression) {
  *out_expression = NULL;
  EAGRE_TRY(eagre_sql_enter(parser));
  EAGRE_TRY(eagre_sql_parse_special_call(parser, out_expression));
  if (*out_expression == NULL) EAGRE_TRY(parse_plain_call(parser, out_expression));
  eagre_sql_leave(parser);
  return EAGRE_OK;
}

/* ---- CASE ------------------------------------------------------------------------------------ */

static enum eagre_status parse_branch(struct eagre_sql_parser *parser,
                                      struct eagre_sql_list *arguments) {
  struct eagre_sql_argument branch = {0};
  EAGRE_TRY(eagre_sql_parse_expression(parser, &branch.value));
  *(struct eagre_sql_argument *)eagre_sql_list_append(parser, arguments, sizeof branch) = branch;
  return EAGRE_OK;
}

enum eagre_status eagre_sql_parse_case(struct eagre_sql_parser *parser,
                                       struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *node = eagre_sql_expression_new(parser, EAGRE_SQL_CASE);
  struct eagre_sql_list arguments = {0};
  EAGRE_TRY(eagre_sql_enter(parser));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_CASE, "CASE"));
  node->has_operand = !eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_WHEN);
  if (node->has_operand) EAGRE_TRY(parse_branch(parser, &arguments));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_WHEN, "WHEN of CASE"));
  do {
    EAGRE_TRY(parse_branch(parser, &arguments));
    EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_THEN, "THEN of CASE"));
    EAGRE_TRY(parse_branch(parser, &arguments));
  } while (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_WHEN));
  node->has_else = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ELSE);
  if (node->has_else) EAGRE_TRY(parse_branch(parser, &arguments));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_END, "WHEN, ELSE or END of CASE"));
  eagre_sql_leave(parser);
  node->arguments = arguments.items;
  node->argument_count = arguments.count;
  *out_expression = node;
  return eagre_sql_finish(parser, first, node);
}
