/* Functions with a grammar of their own:
 *   CAST(x AS type)  TRY_CAST(x AS type)
 *   EXTRACT(field FROM x)
 *   SUBSTRING(x FROM a [FOR b])            also SUBSTR
 *   POSITION(a IN b)
 *   TRIM([BOTH | LEADING | TRAILING] [characters] FROM x)
 *   TIMESTAMPADD(unit, n, x)               also DATEADD, DATE_ADD
 *   TIMESTAMPDIFF(unit, a, b)              also DATEDIFF, DATE_DIFF
 *   OVERLAY(x PLACING y FROM a [FOR b])
 * Each may also be called like any other function; is_operator tells the two apart. */
#include "sql/sql_parser.h"

static enum eagre_status close_call(struct eagre_sql_parser *parser, uint32_t first,
                                    struct eagre_sql_expression *call,
                                    struct eagre_sql_expression **out_expression) {
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')'"));
  call->is_operator = call->kind == EAGRE_SQL_CALL;
  *out_expression = call;
  EAGRE_TRY(eagre_sql_finish(parser, first, call));
  if (call->kind == EAGRE_SQL_CALL) call->position = parser->tokens[first].position;
  return EAGRE_OK;
}

/* The cursor is at the name; it moves behind the parenthesis. */
static void open_call(struct eagre_sql_parser *parser) {
  parser->index += 2;
}

static enum eagre_status parse_cast(struct eagre_sql_parser *parser, bool is_try,
                                    struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *cast = eagre_sql_expression_new(parser, EAGRE_SQL_CAST);
  cast->is_try = is_try;
  cast->argument_count = 1;
  cast->arguments = eagre_arena_allocate_zeroed(parser->arena, sizeof *cast->arguments);
  open_call(parser);
  EAGRE_TRY(eagre_sql_parse_expression(parser, &cast->arguments[0].value));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_AS, "AS and a type"));
  EAGRE_TRY(eagre_sql_parse_type(parser, &cast->type));
  return close_call(parser, first, cast, out_expression);
}

static enum eagre_status parse_extract(struct eagre_sql_parser *parser,
                                       struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  bool is_special = eagre_sql_is_identifier(eagre_sql_token_ahead(parser, 2)) &&
                    eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 3), EAGRE_SQL_KEYWORD_FROM);
  if (!is_special) return EAGRE_OK;
  struct eagre_sql_expression *call = eagre_sql_call_new(parser, "extract", 2);
  struct eagre_text field;
  open_call(parser);
  EAGRE_TRY(eagre_sql_take_identifier(parser, "a field of time", &field));
  call->arguments[0].value = eagre_sql_string_new(parser, parser->index - 1, field);
  eagre_sql_advance(parser);
  EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[1].value));
  return close_call(parser, first, call, out_expression);
}

static enum eagre_status parse_substring(struct eagre_sql_parser *parser, const char *function,
                                         struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *text = NULL;
  if (eagre_sql_token_ahead(parser, 2)->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN) return EAGRE_OK;
  open_call(parser);
  EAGRE_TRY(eagre_sql_parse_expression(parser, &text));
  if (!eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_FROM)) {
    return eagre_sql_parse_call_rest(parser, first, function, text, out_expression);
  }
  struct eagre_sql_expression *call = eagre_sql_call_new(parser, "substring", 3);
  call->arguments[0].value = text;
  call->argument_count = 2;
  EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[1].value));
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_FOR)) {
    EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[2].value));
    call->argument_count = 3;
  }
  return close_call(parser, first, call, out_expression);
}

static enum eagre_status parse_position(struct eagre_sql_parser *parser,
                                        struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *part = NULL;
  if (eagre_sql_token_ahead(parser, 2)->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN) return EAGRE_OK;
  open_call(parser);
  EAGRE_TRY(eagre_sql_parse_value(parser, &part));
  if (!eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_IN)) {
    return eagre_sql_parse_call_rest(parser, first, "position", part, out_expression);
  }
  struct eagre_sql_expression *call = eagre_sql_call_new(parser, "position", 2);
  call->arguments[0].value = part;
  EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[1].value));
  return close_call(parser, first, call, out_expression);
}

/* ---- TRIM ------------------------------------------------------------------------------------ */

/* The function that BOTH, LEADING or TRAILING at the cursor asks for; NULL when the word is the
 * name of a column. */
static const char *find_trim_option(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  bool is_option = eagre_sql_begins_operand(parser, 1) ||
                   eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 1), EAGRE_SQL_KEYWORD_FROM);
  if (!is_option) return NULL;
  return eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_BOTH)       ? "btrim"
         : eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_LEADING)  ? "ltrim"
         : eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_TRAILING) ? "rtrim"
                                                                   : NULL;
}

static enum eagre_status parse_trim(struct eagre_sql_parser *parser,
                                    struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *characters = NULL;
  if (eagre_sql_token_ahead(parser, 2)->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN) return EAGRE_OK;
  open_call(parser);
  const char *option = find_trim_option(parser);
  if (option != NULL) eagre_sql_advance(parser);
  bool has_characters = option == NULL || !eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_FROM);
  if (has_characters) EAGRE_TRY(eagre_sql_parse_expression(parser, &characters));
  if (option == NULL && !eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_FROM)) {
    return eagre_sql_parse_call_rest(parser, first, "trim", characters, out_expression);
  }
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_FROM, "FROM in TRIM"));
  struct eagre_sql_expression *call =
      eagre_sql_call_new(parser, option == NULL ? "btrim" : option, 2);
  EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[0].value));
  call->arguments[1].value = characters;
  call->argument_count = characters == NULL ? 1 : 2;
  return close_call(parser, first, call, out_expression);
}

/* ---- OVERLAY --------------------------------------------------------------------------------- */

static enum eagre_status parse_overlay(struct eagre_sql_parser *parser,
                                       struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *text = NULL;
  if (eagre_sql_token_ahead(parser, 2)->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN) return EAGRE_OK;
  open_call(parser);
  EAGRE_TRY(eagre_sql_parse_expression(parser, &text));
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  bool is_placing = token->kind == EAGRE_SQL_TOKEN_WORD &&
                    eagre_text_equal_ignoring_case(token->text, EAGRE_TEXT("placing"));
  if (!is_placing) {
    return eagre_sql_parse_call_rest(parser, first, "overlay", text, out_expression);
  }
  eagre_sql_advance(parser);
  struct eagre_sql_expression *call = eagre_sql_call_new(parser, "overlay", 4);
  call->arguments[0].value = text;
  call->argument_count = 3;
  EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[1].value));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_FROM, "FROM in OVERLAY"));
  EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[2].value));
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_FOR)) {
    EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[3].value));
    call->argument_count = 4;
  }
  return close_call(parser, first, call, out_expression);
}

/* ---- TIMESTAMPADD, TIMESTAMPDIFF ------------------------------------------------------------- */

static bool is_time_unit(const struct eagre_sql_token *token) {
  static const char *const names[] = {"year",   "quarter",     "month",      "week",
                                      "day",    "dayofyear",   "hour",       "minute",
                                      "second", "millisecond", "microsecond"};
  if (token->kind != EAGRE_SQL_TOKEN_WORD) return false;
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++) {
    if (eagre_text_equal_ignoring_case(token->text, eagre_text_of(names[i]))) return true;
  }
  return false;
}

/* Commas between the arguments of the call at the cursor. */
static uint32_t count_commas(const struct eagre_sql_parser *parser) {
  uint32_t depth = 0, count = 0;
  for (uint32_t i = parser->index + 1; i < parser->token_count; i++) {
    enum eagre_sql_token_kind kind = parser->tokens[i].kind;
    if (kind == EAGRE_SQL_TOKEN_LEFT_PAREN || kind == EAGRE_SQL_TOKEN_LEFT_BRACKET) depth++;
    if (kind == EAGRE_SQL_TOKEN_RIGHT_PAREN || kind == EAGRE_SQL_TOKEN_RIGHT_BRACKET) depth--;
    if (kind == EAGRE_SQL_TOKEN_SEMICOLON || depth == 0) break;
    if (kind == EAGRE_SQL_TOKEN_COMMA && depth == 1) count++;
  }
  return count;
}

/* DATEADD(DAY, 1, d); with two arguments `day` is a column. */
static enum eagre_status parse_time_unit_call(struct eagre_sql_parser *parser, const char *function,
                                              struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  bool is_special = is_time_unit(eagre_sql_token_ahead(parser, 2)) &&
                    eagre_sql_token_ahead(parser, 3)->kind == EAGRE_SQL_TOKEN_COMMA &&
                    count_commas(parser) == 2;
  if (!is_special) return EAGRE_OK;
  struct eagre_sql_expression *call = eagre_sql_call_new(parser, function, 3);
  open_call(parser);
  struct eagre_text unit = eagre_sql_token_at(parser)->text;
  eagre_sql_advance(parser);
  call->arguments[0].value = eagre_sql_string_new(parser, parser->index - 1, unit);
  for (uint32_t i = 1; i < 3; i++) {
    EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_COMMA, "','"));
    EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[i].value));
  }
  return close_call(parser, first, call, out_expression);
}

/* ---- EXISTS ---------------------------------------------------------------------------------- */

/* EXISTS (SELECT ...); exists(array, lambda) is a function. */
static enum eagre_status parse_exists(struct eagre_sql_parser *parser,
                                      struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  if (!eagre_sql_begins_query(parser, parser->index + 2)) return EAGRE_OK;
  eagre_sql_advance(parser);
  return eagre_sql_parse_subquery(parser, first, "exists", out_expression);
}

enum eagre_status eagre_sql_parse_special_call(struct eagre_sql_parser *parser,
                                               struct eagre_sql_expression **out_expression) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  if (eagre_sql_token_ahead(parser, 1)->kind != EAGRE_SQL_TOKEN_LEFT_PAREN) return EAGRE_OK;
  switch (token->kind == EAGRE_SQL_TOKEN_WORD ? token->keyword : EAGRE_SQL_KEYWORD_NONE) {
  case EAGRE_SQL_KEYWORD_CAST:
    return parse_cast(parser, false, out_expression);
  case EAGRE_SQL_KEYWORD_TRY_CAST:
    return parse_cast(parser, true, out_expression);
  case EAGRE_SQL_KEYWORD_EXTRACT:
    return parse_extract(parser, out_expression);
  case EAGRE_SQL_KEYWORD_SUBSTRING:
    return parse_substring(parser, "substring", out_expression);
  case EAGRE_SQL_KEYWORD_SUBSTR:
    return parse_substring(parser, "substr", out_expression);
  case EAGRE_SQL_KEYWORD_POSITION:
    return parse_position(parser, out_expression);
  case EAGRE_SQL_KEYWORD_TRIM:
    return parse_trim(parser, out_expression);
  case EAGRE_SQL_KEYWORD_OVERLAY:
    return parse_overlay(parser, out_expression);
  case EAGRE_SQL_KEYWORD_TIMESTAMPADD:
  case EAGRE_SQL_KEYWORD_DATEADD:
  case EAGRE_SQL_KEYWORD_DATE_ADD:
    return parse_time_unit_call(parser, "timestampadd", out_expression);
  case EAGRE_SQL_KEYWORD_TIMESTAMPDIFF:
  case EAGRE_SQL_KEYWORD_DATEDIFF:
  case EAGRE_SQL_KEYWORD_DATE_DIFF:
    return parse_time_unit_call(parser, "timestampdiff", out_expression);
  case EAGRE_SQL_KEYWORD_EXISTS:
    return parse_exists(parser, out_expression);
  default:
    return EAGRE_OK;
  }
}
