/* Operands: constants, names, calls, CASE, parentheses, lambdas, stars; and what may stand behind
 * them: .field  .*  [index]  ::type  :json.path */
#include "sql/sql_parser.h"

/* ---- Parentheses ----------------------------------------------------------------------------- */

/* The token behind the parenthesis that closes the one at `index`. */
static uint32_t find_behind_parentheses(const struct eagre_sql_parser *parser, uint32_t index) {
  uint32_t depth = 0;
  for (; index < parser->token_count - 1; index++) {
    enum eagre_sql_token_kind kind = parser->tokens[index].kind;
    if (kind == EAGRE_SQL_TOKEN_LEFT_PAREN) depth++;
    if (kind == EAGRE_SQL_TOKEN_RIGHT_PAREN && --depth == 0) return index + 1;
  }
  return index;
}

/* Whether a query that was in parentheses goes on at `token`: ((SELECT 1) UNION SELECT 2), but not
 * ((SELECT 1) + 1). */
static bool continues_query(const struct eagre_sql_token *token) {
  switch (token->kind == EAGRE_SQL_TOKEN_WORD ? token->keyword : EAGRE_SQL_KEYWORD_NONE) {
  case EAGRE_SQL_KEYWORD_UNION:
  case EAGRE_SQL_KEYWORD_EXCEPT:
  case EAGRE_SQL_KEYWORD_INTERSECT:
  case EAGRE_SQL_KEYWORD_MINUS:
  case EAGRE_SQL_KEYWORD_ORDER:
  case EAGRE_SQL_KEYWORD_LIMIT:
  case EAGRE_SQL_KEYWORD_OFFSET:
    return true;
  default:
    return token->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN || token->kind == EAGRE_SQL_TOKEN_END;
  }
}

/* Whether the word `ahead` places behind the cursor is the first of a query and not a name. */
static bool is_query_word(const struct eagre_sql_parser *parser, uint32_t ahead) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, ahead + 1);
  switch (eagre_sql_token_ahead(parser, ahead)->keyword) {
  case EAGRE_SQL_KEYWORD_SELECT:
    return next->kind == EAGRE_SQL_TOKEN_STAR || eagre_sql_begins_operand(parser, ahead + 1);
  case EAGRE_SQL_KEYWORD_FROM:
    return eagre_sql_begins_table(parser, ahead + 1);
  case EAGRE_SQL_KEYWORD_VALUES:
    return !eagre_sql_is_behind_name(next);
  case EAGRE_SQL_KEYWORD_WITH:
  case EAGRE_SQL_KEYWORD_TABLE:
    return eagre_sql_is_identifier(next) && eagre_sql_begins_table(parser, ahead + 1);
  default:
    return false;
  }
}

bool eagre_sql_begins_query(const struct eagre_sql_parser *parser, uint32_t index) {
  uint32_t word = index;
  while (parser->tokens[word].kind == EAGRE_SQL_TOKEN_LEFT_PAREN) {
    word++;
  }
  const struct eagre_sql_token *token = &parser->tokens[word];
  if (token->kind != EAGRE_SQL_TOKEN_WORD) return false;
  if (!is_query_word(parser, word - parser->index)) return false;
  return word == index || continues_query(&parser->tokens[find_behind_parentheses(parser, index)]);
}

enum eagre_status eagre_sql_parse_subquery(struct eagre_sql_parser *parser, uint32_t first,
                                           const char *which,
                                           struct eagre_sql_expression **out_expression) {
  struct eagre_sql_expression *subquery = eagre_sql_expression_new(parser, EAGRE_SQL_SUBQUERY);
  subquery->function = eagre_text_of(which);
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'(' before a query"));
  EAGRE_TRY(eagre_sql_parse_query(parser, &subquery->query));
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')' after the query"));
  *out_expression = subquery;
  return eagre_sql_finish(parser, first, subquery);
}

/* The fields of (a, b AS c): the call struct(a, b AS c). */
static enum eagre_status parse_row(struct eagre_sql_parser *parser, uint32_t first,
                                   struct eagre_sql_list *fields,
                                   struct eagre_sql_expression **out_expression) {
  struct eagre_sql_expression *row = eagre_sql_call_new(parser, "struct", 0);
  row->is_operator = true;
  row->arguments = fields->items;
  row->argument_count = fields->count;
  *out_expression = row;
  return eagre_sql_finish(parser, first, row);
}

static enum eagre_status parse_parentheses(struct eagre_sql_parser *parser,
                                           struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  if (eagre_sql_begins_query(parser, parser->index + 1)) {
    return eagre_sql_parse_subquery(parser, first, "scalar", out_expression);
  }
  struct eagre_sql_list fields = {0};
  bool is_row = false;
  eagre_sql_advance(parser);
  do {
    struct eagre_sql_argument field = {0};
    EAGRE_TRY(eagre_sql_parse_expression(parser, &field.value));
    if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_AS)) {
      EAGRE_TRY(eagre_sql_take_identifier(parser, "the name of a field", &field.name));
      is_row = true;
    }
    *(struct eagre_sql_argument *)eagre_sql_list_append(parser, &fields, sizeof field) = field;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')'"));
  if (is_row || fields.count > 1) return parse_row(parser, first, &fields, out_expression);
  *out_expression = ((struct eagre_sql_argument *)fields.items)->value;
  return EAGRE_OK;
}

/* ---- Lambdas --------------------------------------------------------------------------------- */

/* Tokens of `x ->` or `(x, y) ->` at the cursor; 0 when no lambda begins there. */
static uint32_t measure_lambda(const struct eagre_sql_parser *parser) {
  uint32_t ahead = 0;
  if (eagre_sql_is_identifier(eagre_sql_token_at(parser))) {
    return eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_ARROW ? 2 : 0;
  }
  if (!eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) return 0;
  do {
    if (!eagre_sql_is_identifier(eagre_sql_token_ahead(parser, ahead + 1))) return 0;
    ahead += 2;
  } while (eagre_sql_token_ahead(parser, ahead)->kind == EAGRE_SQL_TOKEN_COMMA);
  bool is_lambda = eagre_sql_token_ahead(parser, ahead)->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN &&
                   eagre_sql_token_ahead(parser, ahead + 1)->kind == EAGRE_SQL_TOKEN_ARROW;
  return is_lambda ? ahead + 2 : 0;
}

static enum eagre_status parse_lambda(struct eagre_sql_parser *parser, uint32_t size,
                                      struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *lambda = eagre_sql_expression_new(parser, EAGRE_SQL_LAMBDA);
  struct eagre_sql_list parameters = {0};
  for (uint32_t i = first; i < first + size; i++) {
    if (!eagre_sql_is_identifier(&parser->tokens[i])) continue;
    *(struct eagre_text *)eagre_sql_list_append(parser, &parameters, sizeof(struct eagre_text)) =
        parser->tokens[i].text;
  }
  lambda->name.parts = parameters.items;
  lambda->name.part_count = parameters.count;
  parser->index += size;
  lambda->argument_count = 1;
  lambda->arguments = eagre_arena_allocate_zeroed(parser->arena, sizeof *lambda->arguments);
  EAGRE_TRY(eagre_sql_parse_expression(parser, &lambda->arguments[0].value));
  *out_expression = lambda;
  return eagre_sql_finish(parser, first, lambda);
}

/* ---- Names and stars ------------------------------------------------------------------------- */

static enum eagre_status refuse_except(struct eagre_sql_parser *parser) {
  uint32_t except = parser->index;
  bool is_except = eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_EXCEPT) &&
                   eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_LEFT_PAREN &&
                   !eagre_sql_begins_query(parser, parser->index + 2);
  if (!is_except) return EAGRE_OK;
  return eagre_sql_fail_unsupported(parser, except, "STAR_EXCEPT", "* EXCEPT is not supported.",
                                    "Name the columns that are wanted.");
}

/* Behind the star. */
static enum eagre_status finish_star(struct eagre_sql_parser *parser, uint32_t first,
                                     struct eagre_sql_expression *star,
                                     struct eagre_sql_expression **out_expression) {
  EAGRE_TRY(refuse_except(parser));
  star->name.position = eagre_sql_position_from(parser, first);
  *out_expression = star;
  return eagre_sql_finish(parser, first, star);
}

static bool is_dot_star(const struct eagre_sql_parser *parser) {
  return eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_DOT) &&
         eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_STAR;
}

/* A part of a name behind its dot: any word, but not the next clause when the part is missing
 * (`SELECT a. FROM t`). */
static enum eagre_status take_part(struct eagre_sql_parser *parser, const char *what,
                                   struct eagre_text *out_part) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  bool is_apart = token->begin != (token - 1)->end;
  if (is_apart && !eagre_sql_at_name(parser)) return eagre_sql_fail_expected(parser, what);
  return eagre_sql_take_identifier(parser, what, out_part);
}

/* a, a.b.c, a.b.* */
static enum eagre_status parse_name(struct eagre_sql_parser *parser,
                                    struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *name = eagre_sql_expression_new(parser, EAGRE_SQL_NAME);
  struct eagre_sql_list parts = {0};
  struct eagre_text part;
  EAGRE_TRY(eagre_sql_take_identifier(parser, "a name", &part));
  *(struct eagre_text *)eagre_sql_list_append(parser, &parts, sizeof part) = part;
  while (!is_dot_star(parser) && eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_DOT)) {
    EAGRE_TRY(take_part(parser, "a name after the dot", &part));
    *(struct eagre_text *)eagre_sql_list_append(parser, &parts, sizeof part) = part;
  }
  name->name.parts = parts.items;
  name->name.part_count = parts.count;
  if (is_dot_star(parser)) {
    parser->index += 2;
    name->kind = EAGRE_SQL_STAR;
    return finish_star(parser, first, name, out_expression);
  }
  name->name.position = eagre_sql_position_from(parser, first);
  *out_expression = name;
  return eagre_sql_finish(parser, first, name);
}

/* CURRENT_DATE and CURRENT_TIMESTAMP without parentheses are calls. */
static bool is_bare_call(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  enum eagre_sql_token_kind next = eagre_sql_token_ahead(parser, 1)->kind;
  return (eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_CURRENT_DATE) ||
          eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_CURRENT_TIMESTAMP)) &&
         next != EAGRE_SQL_TOKEN_LEFT_PAREN && next != EAGRE_SQL_TOKEN_DOT;
}

static enum eagre_status parse_bare_call(struct eagre_sql_parser *parser,
                                         struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  bool is_date = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_CURRENT_DATE);
  if (!is_date) eagre_sql_advance(parser);
  *out_expression = eagre_sql_call_new(parser, is_date ? "current_date" : "current_timestamp", 0);
  return eagre_sql_finish(parser, first, *out_expression);
}

/* ---- Postfixes ------------------------------------------------------------------------------- */

/* The one argument of a postfix node. */
static struct eagre_sql_expression *new_postfix(struct eagre_sql_parser *parser,
                                                enum eagre_sql_expression_kind kind,
                                                struct eagre_sql_expression *operand,
                                                uint32_t argument_count) {
  struct eagre_sql_expression *postfix = eagre_sql_expression_new(parser, kind);
  postfix->argument_count = argument_count;
  postfix->arguments =
      eagre_arena_allocate_zeroed(parser->arena, argument_count * sizeof *postfix->arguments);
  postfix->arguments[0].value = operand;
  return postfix;
}

static enum eagre_status parse_index(struct eagre_sql_parser *parser, uint32_t first,
                                     struct eagre_sql_expression **expression) {
  struct eagre_sql_expression *index = new_postfix(parser, EAGRE_SQL_INDEX, *expression, 2);
  EAGRE_TRY(eagre_sql_enter(parser));
  EAGRE_TRY(eagre_sql_parse_value(parser, &index->arguments[1].value));
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_BRACKET, "']'"));
  eagre_sql_leave(parser);
  *expression = index;
  return eagre_sql_finish(parser, first, index);
}

static struct eagre_sql_expression *extend_name(struct eagre_sql_parser *parser,
                                                const struct eagre_sql_expression *name,
                                                struct eagre_text part) {
  struct eagre_sql_expression *extended = eagre_sql_expression_new(parser, EAGRE_SQL_NAME);
  uint32_t count = name->name.part_count;
  struct eagre_text *parts = eagre_arena_allocate(parser->arena, (count + 1) * sizeof *parts);
  memcpy(parts, name->name.parts, count * sizeof *parts);
  parts[count] = part;
  extended->name.parts = parts;
  extended->name.part_count = count + 1;
  return extended;
}

/* .field or .* behind the dot. */
static enum eagre_status parse_field(struct eagre_sql_parser *parser, uint32_t first,
                                     struct eagre_sql_expression **expression) {
  if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_STAR)) {
    struct eagre_sql_expression *star = new_postfix(parser, EAGRE_SQL_FIELD_STAR, *expression, 1);
    return finish_star(parser, first, star, expression);
  }
  struct eagre_sql_expression *field = new_postfix(parser, EAGRE_SQL_FIELD, *expression, 1);
  EAGRE_TRY(take_part(parser, "the name of a field", &field->text));
  if ((*expression)->kind == EAGRE_SQL_NAME) { /* (a).b is a.b */
    field = extend_name(parser, *expression, field->text);
    field->name.position = eagre_sql_position_from(parser, first);
  }
  *expression = field;
  return eagre_sql_finish(parser, first, field);
}

static enum eagre_status parse_type_cast(struct eagre_sql_parser *parser, uint32_t first,
                                         struct eagre_sql_expression **expression) {
  struct eagre_sql_expression *cast = new_postfix(parser, EAGRE_SQL_CAST, *expression, 1);
  EAGRE_TRY(eagre_sql_parse_type(parser, &cast->type));
  *expression = cast;
  return eagre_sql_finish(parser, first, cast);
}

/* [0], ['name'] or [*] of a path. */
static enum eagre_status skip_path_bracket(struct eagre_sql_parser *parser) {
  enum eagre_sql_token_kind kind = eagre_sql_token_at(parser)->kind;
  if (kind != EAGRE_SQL_TOKEN_STRING && kind != EAGRE_SQL_TOKEN_NUMBER &&
      kind != EAGRE_SQL_TOKEN_STAR) {
    return eagre_sql_fail_expected(parser, "a string, a number or * in brackets");
  }
  eagre_sql_advance(parser);
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_BRACKET, "']'");
}

/* field.field['x'][0] behind the colon: the tree keeps the text of it. */
static enum eagre_status parse_path(struct eagre_sql_parser *parser, uint32_t first,
                                    struct eagre_sql_expression **expression) {
  struct eagre_sql_expression *colon = new_postfix(parser, EAGRE_SQL_COLON, *expression, 1);
  uint32_t path = parser->index;
  struct eagre_text part;
  if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_LEFT_BRACKET)) {
    EAGRE_TRY(skip_path_bracket(parser));
  } else {
    EAGRE_TRY(eagre_sql_take_identifier(parser, "a path after ':'", &part));
  }
  for (;;) {
    if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_LEFT_BRACKET)) {
      EAGRE_TRY(skip_path_bracket(parser));
    } else if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_DOT)) {
      EAGRE_TRY(eagre_sql_take_identifier(parser, "a name after the dot", &part));
    } else {
      break;
    }
  }
  colon->text = eagre_sql_source_of(parser, path);
  *expression = colon;
  return eagre_sql_finish(parser, first, colon);
}

static enum eagre_status refuse_collation(struct eagre_sql_parser *parser) {
  if (!eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_COLLATE)) return EAGRE_OK;
  return eagre_sql_fail_unsupported(parser, parser->index, "COLLATE",
                                    "COLLATE is not supported: text is compared by its bytes.",
                                    "Compare lower(a) with lower(b) to ignore case.");
}

/* Reads postfixes (. [ : ::) behind `operand`, which began at token `first`. */
static enum eagre_status parse_postfixes(struct eagre_sql_parser *parser, uint32_t first,
                                         struct eagre_sql_expression *operand,
                                         struct eagre_sql_expression **out_expression) {
  for (;;) {
    if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_DOUBLE_COLON)) {
      EAGRE_TRY(parse_type_cast(parser, first, &operand));
    } else if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_LEFT_BRACKET)) {
      EAGRE_TRY(parse_index(parser, first, &operand));
    } else if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_DOT)) {
      EAGRE_TRY(parse_field(parser, first, &operand));
    } else if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COLON)) {
      EAGRE_TRY(parse_path(parser, first, &operand));
    } else {
      break;
    }
  }
  *out_expression = operand;
  return refuse_collation(parser);
}

/* ---- Operands -------------------------------------------------------------------------------- */

static enum eagre_status refuse_parameter(struct eagre_sql_parser *parser) {
  return eagre_sql_fail_unsupported(parser, parser->index, "PARAMETER_MARKER",
                                    "Parameter markers are not supported.",
                                    "Write ${name} and give the value with --define.");
}

/* CASE begins an expression; `case` in front of an operator or a clause is the name of a column. */
static bool is_case_at(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  if (!eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_CASE)) return false;
  if (eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_WHEN)) return true;
  bool is_tail = eagre_sql_keyword_role_of(next->keyword) == EAGRE_SQL_ROLE_TAIL;
  if (!is_tail) return eagre_sql_begins_operand(parser, 1);
  /* CASE end WHEN ... END, but CASE WHEN a THEN case END */
  return eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 2), EAGRE_SQL_KEYWORD_WHEN);
}

static enum eagre_status parse_operand(struct eagre_sql_parser *parser,
                                       struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  uint32_t lambda_size = measure_lambda(parser);
  if (lambda_size > 0) return parse_lambda(parser, lambda_size, out_expression);
  if (is_case_at(parser)) return eagre_sql_parse_case(parser, out_expression);
  if (eagre_sql_at_literal(parser)) return eagre_sql_parse_literal(parser, out_expression);
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN)) {
    return parse_parentheses(parser, out_expression);
  }
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_QUESTION) ||
      eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_COLON)) {
    return refuse_parameter(parser);
  }
  if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_STAR)) {
    struct eagre_sql_expression *star = eagre_sql_expression_new(parser, EAGRE_SQL_STAR);
    return finish_star(parser, first, star, out_expression);
  }
  if (!eagre_sql_at_name(parser)) return eagre_sql_fail_expected(parser, "an expression");
  if (eagre_sql_at_call(parser)) return eagre_sql_parse_call(parser, out_expression);
  if (is_bare_call(parser)) return parse_bare_call(parser, out_expression);
  return parse_name(parser, out_expression);
}

enum eagre_status eagre_sql_parse_primary(struct eagre_sql_parser *parser,
                                          struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *operand = NULL;
  EAGRE_TRY(parse_operand(parser, &operand));
  return parse_postfixes(parser, first, operand, out_expression);
}
