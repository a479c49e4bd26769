/* Operators, by Spark's precedence, loosest first:
 *
 *    1  OR
 *    2  AND
 *    3  NOT !
 *    4  BETWEEN IN LIKE ILIKE RLIKE IS   at most one behind a value
 *    5  = <=> <> < <= > >=               from here on values: a = b IS NULL is (a = b) IS NULL
 *    6  |
 *    7  ^
 *    8  &
 *    9  << >> >>>
 *   10  + - ||
 *   11  * / % DIV
 *   12  - + ~ in front of an operand
 *
 * Binary operators are left-associative; chains of AND and of OR are balanced. Parsing a chain
 * takes no stack, walking its tree does: its height is limited (sql_parser.h). */
#include "sql/sql_parser.h"

enum {
  LEVEL_COMPARE = 5,
  LEVEL_PIPE,
  LEVEL_HAT,
  LEVEL_AMPERSAND,
  LEVEL_SHIFT,
  LEVEL_ADD,
  LEVEL_MULTIPLY,
};

struct operator_row {
  enum eagre_sql_token_kind kind;
  int level;
  const char *function;
};

static const struct operator_row operators[] = {
    {EAGRE_SQL_TOKEN_EQUAL, LEVEL_COMPARE, "="},
    {EAGRE_SQL_TOKEN_DOUBLE_EQUAL, LEVEL_COMPARE, "="},
    {EAGRE_SQL_TOKEN_NULL_SAFE_EQUAL, LEVEL_COMPARE, "<=>"},
    {EAGRE_SQL_TOKEN_NOT_EQUAL, LEVEL_COMPARE, "!="},
    {EAGRE_SQL_TOKEN_BANG_EQUAL, LEVEL_COMPARE, "!="},
    {EAGRE_SQL_TOKEN_LESS, LEVEL_COMPARE, "<"},
    {EAGRE_SQL_TOKEN_LESS_EQUAL, LEVEL_COMPARE, "<="},
    {EAGRE_SQL_TOKEN_NOT_GREATER, LEVEL_COMPARE, "<="},
    {EAGRE_SQL_TOKEN_GREATER, LEVEL_COMPARE, ">"},
    {EAGRE_SQL_TOKEN_GREATER_EQUAL, LEVEL_COMPARE, ">="},
    {EAGRE_SQL_TOKEN_NOT_LESS, LEVEL_COMPARE, ">="},
    {EAGRE_SQL_TOKEN_PIPE, LEVEL_PIPE, "|"},
    {EAGRE_SQL_TOKEN_HAT, LEVEL_HAT, "^"},
    {EAGRE_SQL_TOKEN_AMPERSAND, LEVEL_AMPERSAND, "&"},
    {EAGRE_SQL_TOKEN_SHIFT_LEFT, LEVEL_SHIFT, "shiftleft"},
    {EAGRE_SQL_TOKEN_PLUS, LEVEL_ADD, "+"},
    {EAGRE_SQL_TOKEN_MINUS, LEVEL_ADD, "-"},
    {EAGRE_SQL_TOKEN_DOUBLE_PIPE, LEVEL_ADD, "||"},
    {EAGRE_SQL_TOKEN_STAR, LEVEL_MULTIPLY, "*"},
    {EAGRE_SQL_TOKEN_SLASH, LEVEL_MULTIPLY, "/"},
    {EAGRE_SQL_TOKEN_PERCENT, LEVEL_MULTIPLY, "%"},
};

/* ---- Nodes ----------------------------------------------------------------------------------- */

struct eagre_sql_expression *eagre_sql_expression_new(struct eagre_sql_parser *parser,
                                                      enum eagre_sql_expression_kind kind) {
  struct eagre_sql_expression *expression =
      eagre_arena_allocate_zeroed(parser->arena, sizeof *expression);
  expression->kind = kind;
  return expression;
}

struct eagre_sql_expression *eagre_sql_call_new(struct eagre_sql_parser *parser,
                                                const char *function, uint32_t argument_count) {
  struct eagre_sql_expression *call = eagre_sql_expression_new(parser, EAGRE_SQL_CALL);
  call->function = eagre_text_of(function);
  call->argument_count = argument_count;
  call->arguments =
      eagre_arena_allocate_zeroed(parser->arena, argument_count * sizeof *call->arguments);
  return call;
}

enum eagre_status eagre_sql_check_height(struct eagre_sql_parser *parser, uint32_t height) {
  if (height <= EAGRE_SQL_HEIGHT_MAX) return EAGRE_OK;
  uint32_t last = parser->index == 0 ? 0 : parser->index - 1;
  parser->index = last;
  eagre_sql_fail_range(parser, last, "PARSE_TOO_DEEP",
                       "More than %d parts of the query stand inside each other here.",
                       EAGRE_SQL_HEIGHT_MAX);
  eagre_error_hint(parser->error, "Use IN (...) for a long chain of OR, parentheses around parts "
                                  "of it, or temporary views.");
  return EAGRE_USAGE;
}

static uint32_t get_larger(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

enum eagre_status eagre_sql_finish(struct eagre_sql_parser *parser, uint32_t first,
                                   struct eagre_sql_expression *expression) {
  expression->position = eagre_sql_position_from(parser, first);
  expression->source = eagre_sql_source_of(parser, first);
  uint32_t height = expression->filter == NULL ? 0 : expression->filter->height;
  if (expression->over != NULL) height = get_larger(height, expression->over->height);
  if (expression->query != NULL) height = get_larger(height, expression->query->height);
  for (uint32_t i = 0; i < expression->argument_count; i++) {
    height = get_larger(height, expression->arguments[i].value->height);
  }
  for (uint32_t i = 0; i < expression->within_group_count; i++) {
    height = get_larger(height, expression->within_group[i].expression->height);
  }
  expression->height = height + 1;
  return eagre_sql_check_height(parser, expression->height);
}

static enum eagre_status make_operator(struct eagre_sql_parser *parser, uint32_t first,
                                       const char *function, struct eagre_sql_expression *left,
                                       struct eagre_sql_expression *right,
                                       struct eagre_sql_expression **out_expression) {
  struct eagre_sql_expression *call = eagre_sql_call_new(parser, function, right == NULL ? 1 : 2);
  call->is_operator = true;
  call->arguments[0].value = left;
  if (right != NULL) call->arguments[1].value = right;
  *out_expression = call;
  return eagre_sql_finish(parser, first, call);
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* `>>` and `>>>` are two and three `>` without space between. */
static uint32_t count_greater(const struct eagre_sql_parser *parser) {
  uint32_t count = 0;
  while (count < 3) {
    const struct eagre_sql_token *token = eagre_sql_token_ahead(parser, count);
    bool is_joined = count == 0 || token->begin == eagre_sql_token_ahead(parser, count - 1)->end;
    if (token->kind != EAGRE_SQL_TOKEN_GREATER || !is_joined) break;
    count++;
  }
  return count;
}

/* The binary operator at the cursor and how many tokens it takes; level 0 when there is none. */
static struct operator_row find_operator(struct eagre_sql_parser *parser, uint32_t *out_size) {
  static const struct operator_row division = {EAGRE_SQL_TOKEN_WORD, LEVEL_MULTIPLY, "div"};
  static const struct operator_row shifts[] = {
      {EAGRE_SQL_TOKEN_GREATER, LEVEL_SHIFT, "shiftright"},
      {EAGRE_SQL_TOKEN_GREATER, LEVEL_SHIFT, "shiftrightunsigned"},
  };
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  *out_size = 1;
  if (eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_DIV)) return division;
  uint32_t greater = count_greater(parser);
  if (greater > 1) {
    *out_size = greater;
    return shifts[greater - 2];
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(operators); i++) {
    if (operators[i].kind == token->kind) return operators[i];
  }
  return (struct operator_row){0};
}

static enum eagre_status parse_unary(struct eagre_sql_parser *parser,
                                     struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  /* -5 is a constant, so that the smallest BIGINT can be written. */
  if (eagre_sql_at_literal(parser)) return eagre_sql_parse_primary(parser, out_expression);
  const char *function = eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_MINUS)   ? "negative"
                         : eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_PLUS)  ? "positive"
                         : eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_TILDE) ? "~"
                                                                              : NULL;
  if (function == NULL) return eagre_sql_parse_primary(parser, out_expression);
  EAGRE_TRY(eagre_sql_enter(parser));
  eagre_sql_advance(parser);
  struct eagre_sql_expression *operand = NULL;
  EAGRE_TRY(parse_unary(parser, &operand));
  eagre_sql_leave(parser);
  return make_operator(parser, first, function, operand, NULL, out_expression);
}

/* Operators of `level` and tighter. */
static enum eagre_status parse_binary(struct eagre_sql_parser *parser, int level,
                                      struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  struct eagre_sql_expression *left = NULL;
  EAGRE_TRY(parse_unary(parser, &left));
  for (;;) {
    uint32_t size = 0;
    struct operator_row row = find_operator(parser, &size);
    if (row.level == 0 || row.level < level) break;
    parser->index += size;
    struct eagre_sql_expression *right = NULL;
    EAGRE_TRY(parse_binary(parser, row.level + 1, &right));
    EAGRE_TRY(make_operator(parser, first, row.function, left, right, &left));
  }
  *out_expression = left;
  return EAGRE_OK;
}

enum eagre_status eagre_sql_parse_value(struct eagre_sql_parser *parser,
                                        struct eagre_sql_expression **out_expression) {
  return parse_binary(parser, LEVEL_COMPARE, out_expression);
}

/* ---- Predicates ------------------------------------------------------------------------------ */

static enum eagre_status parse_between(struct eagre_sql_parser *parser, uint32_t first,
                                       struct eagre_sql_expression *value,
                                       struct eagre_sql_expression **out_expression) {
  struct eagre_sql_expression *call = eagre_sql_call_new(parser, "between", 3);
  call->is_operator = true;
  call->arguments[0].value = value;
  EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[1].value));
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_AND, "AND after BETWEEN"));
  EAGRE_TRY(eagre_sql_parse_value(parser, &call->arguments[2].value));
  *out_expression = call;
  return eagre_sql_finish(parser, first, call);
}

/* ( expression, ... ) appended to `arguments`. */
static enum eagre_status parse_in_list(struct eagre_sql_parser *parser,
                                       struct eagre_sql_list *arguments) {
  uint32_t first = parser->index;
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'(' after IN"));
  if (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN)) {
    eagre_sql_fail_range(parser, first, "INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE",
                         "The list of IN is empty.");
    eagre_error_hint(parser->error, "Write at least one value, or FALSE for a condition that "
                                    "never holds.");
    return EAGRE_USAGE;
  }
  do {
    struct eagre_sql_expression *item = NULL;
    EAGRE_TRY(eagre_sql_parse_expression(parser, &item));
    struct eagre_sql_argument *argument =
        eagre_sql_list_append(parser, arguments, sizeof *argument);
    argument->value = item;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "',' or ')' in the list");
}

static enum eagre_status parse_in(struct eagre_sql_parser *parser, uint32_t first,
                                  struct eagre_sql_expression *value,
                                  struct eagre_sql_expression **out_expression) {
  struct eagre_sql_list arguments = {0};
  struct eagre_sql_argument *argument = eagre_sql_list_append(parser, &arguments, sizeof *argument);
  argument->value = value;
  bool is_query = eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN) &&
                  eagre_sql_begins_query(parser, parser->index + 1);
  struct eagre_sql_expression *call = NULL;
  if (is_query) {
    EAGRE_TRY(eagre_sql_parse_subquery(parser, first, "in", &call));
  } else {
    EAGRE_TRY(parse_in_list(parser, &arguments));
    call = eagre_sql_call_new(parser, "in", 0);
    call->is_operator = true;
  }
  call->arguments = arguments.items;
  call->argument_count = arguments.count;
  *out_expression = call;
  return eagre_sql_finish(parser, first, call);
}

/* ANY, SOME or ALL in front of a list of patterns. */
static bool is_like_quantifier(struct eagre_sql_parser *parser) {
  bool is_quantifier = eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_ANY) ||
                       eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_SOME) ||
                       eagre_sql_at_keyword(parser, EAGRE_SQL_KEYWORD_ALL);
  return is_quantifier && eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_LEFT_PAREN;
}

/* ANY (pattern, ...) at the quantifier, behind LIKE or ILIKE. */
static enum eagre_status parse_like_list(struct eagre_sql_parser *parser, uint32_t first,
                                         const char *function, struct eagre_sql_expression *value,
                                         struct eagre_sql_expression **out_expression) {
  bool is_all = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ALL);
  bool is_like = function[0] == 'l';
  if (!is_all) eagre_sql_advance(parser);
  uint32_t list = parser->index;
  struct eagre_sql_list arguments = {0};
  struct eagre_sql_argument *argument = eagre_sql_list_append(parser, &arguments, sizeof *argument);
  argument->value = value;
  if (eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN) {
    parser->index += 2;
    return eagre_sql_fail_range(parser, list, "_LEGACY_ERROR_TEMP_0064",
                                "Expected something between '(' and ')'.");
  }
  EAGRE_TRY(parse_in_list(parser, &arguments));
  const char *name = is_all    ? (is_like ? "like all" : "ilike all")
                     : is_like ? "like any"
                               : "ilike any";
  struct eagre_sql_expression *call = eagre_sql_call_new(parser, name, 0);
  call->is_operator = true;
  call->arguments = arguments.items;
  call->argument_count = arguments.count;
  *out_expression = call;
  return eagre_sql_finish(parser, first, call);
}

/* NOT LIKE ANY (...) means that one pattern does not fit, not that none does. True when the call
 * was one of these. */
static bool negate_patterns(struct eagre_sql_expression *call) {
  static const char *const names[][2] = {{"like any", "not like any"},
                                         {"like all", "not like all"},
                                         {"ilike any", "not ilike any"},
                                         {"ilike all", "not ilike all"}};
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++) {
    if (!eagre_text_equal_string(call->function, names[i][0])) continue;
    call->function = eagre_text_of(names[i][1]);
    return true;
  }
  return false;
}

/* LIKE, ILIKE behind their keyword. */
static enum eagre_status parse_like(struct eagre_sql_parser *parser, uint32_t first,
                                    const char *function, struct eagre_sql_expression *value,
                                    struct eagre_sql_expression **out_expression) {
  if (is_like_quantifier(parser)) {
    return parse_like_list(parser, first, function, value, out_expression);
  }
  struct eagre_sql_expression *pattern = NULL;
  EAGRE_TRY(eagre_sql_parse_value(parser, &pattern));
  if (!eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ESCAPE)) {
    return make_operator(parser, first, function, value, pattern, out_expression);
  }
  uint32_t escape = parser->index;
  struct eagre_text text;
  EAGRE_TRY(eagre_sql_take_string(parser, "the escape character as a string", &text));
  struct eagre_sql_expression *call = eagre_sql_call_new(parser, function, 3);
  call->is_operator = true;
  call->arguments[0].value = value;
  call->arguments[1].value = pattern;
  call->arguments[2].value = eagre_sql_string_new(parser, escape, text);
  *out_expression = call;
  return eagre_sql_finish(parser, first, call);
}

static enum eagre_status negate(struct eagre_sql_parser *parser, uint32_t first, bool is_negated,
                                struct eagre_sql_expression **expression) {
  if (!is_negated) return EAGRE_OK;
  return make_operator(parser, first, "not", *expression, NULL, expression);
}

/* IS [NOT] NULL | TRUE | FALSE | UNKNOWN | DISTINCT FROM value, behind IS. */
static enum eagre_status parse_is(struct eagre_sql_parser *parser, uint32_t first,
                                  struct eagre_sql_expression *value,
                                  struct eagre_sql_expression **out_expression) {
  bool is_negated = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_NOT);
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_DISTINCT)) {
    struct eagre_sql_expression *right = NULL;
    EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_FROM, "FROM after IS DISTINCT"));
    EAGRE_TRY(eagre_sql_parse_value(parser, &right));
    EAGRE_TRY(make_operator(parser, first, "<=>", value, right, out_expression));
    return negate(parser, first, !is_negated, out_expression);
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_NULL)) {
    return make_operator(parser, first, is_negated ? "isnotnull" : "isnull", value, NULL,
                         out_expression);
  }
  const char *function = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_TRUE)      ? "istrue"
                         : eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_FALSE)   ? "isfalse"
                         : eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_UNKNOWN) ? "isunknown"
                                                                                       : NULL;
  if (function == NULL) {
    return eagre_sql_fail_expected(parser, "NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
  }
  EAGRE_TRY(make_operator(parser, first, function, value, NULL, out_expression));
  return negate(parser, first, is_negated, out_expression);
}

/* The predicate at the cursor without its NOT; *out_is_found says whether there was one. */
static enum eagre_status parse_plain_predicate(struct eagre_sql_parser *parser, uint32_t first,
                                               struct eagre_sql_expression **expression,
                                               bool *out_is_found) {
  struct eagre_sql_expression *value = *expression;
  *out_is_found = true;
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_BETWEEN)) {
    return parse_between(parser, first, value, expression);
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_IN)) {
    return parse_in(parser, first, value, expression);
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_LIKE)) {
    return parse_like(parser, first, "like", value, expression);
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ILIKE)) {
    return parse_like(parser, first, "ilike", value, expression);
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_RLIKE) ||
      eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_REGEXP)) {
    struct eagre_sql_expression *pattern = NULL;
    EAGRE_TRY(eagre_sql_parse_value(parser, &pattern));
    return make_operator(parser, first, "rlike", value, pattern, expression);
  }
  *out_is_found = false;
  return EAGRE_OK;
}

static enum eagre_status parse_predicate(struct eagre_sql_parser *parser,
                                         struct eagre_sql_expression **out_expression) {
  uint32_t first = parser->index;
  bool is_found = false;
  EAGRE_TRY(eagre_sql_parse_value(parser, out_expression));
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_IS)) {
    return parse_is(parser, first, *out_expression, out_expression);
  }
  bool is_negated = eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_NOT);
  EAGRE_TRY(parse_plain_predicate(parser, first, out_expression, &is_found));
  if (is_negated && !is_found) {
    return eagre_sql_fail_expected(parser, "BETWEEN, IN, LIKE, ILIKE or RLIKE after NOT");
  }
  if (is_negated && negate_patterns(*out_expression)) return EAGRE_OK;
  return negate(parser, first, is_negated, out_expression);
}

/* ---- Boolean expressions --------------------------------------------------------------------- */

/* NOT in front of an operand; `not` in front of anything else is the name of a column. */
static bool is_not_at(const struct eagre_sql_parser *parser) {
  if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_BANG)) return true;
  return eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_NOT) &&
         eagre_sql_begins_operand(parser, 1);
}

static enum eagre_status parse_not(struct eagre_sql_parser *parser,
                                   struct eagre_sql_expression **out_expression) {
  if (!is_not_at(parser)) return parse_predicate(parser, out_expression);
  uint32_t first = parser->index;
  EAGRE_TRY(eagre_sql_enter(parser));
  eagre_sql_advance(parser);
  EAGRE_TRY(parse_not(parser, out_expression));
  eagre_sql_leave(parser);
  return negate(parser, first, true, out_expression);
}

/* A chain of AND or of OR: its operands and the tokens [first, end) of each. */
struct link {
  struct eagre_sql_expression *operand;
  uint32_t first;
  uint32_t end;
};

/* Joins links [low, high] into a balanced tree, as Spark does: a chain of a thousand conditions is
 * ten levels high. */
static enum eagre_status join_links(struct eagre_sql_parser *parser, const char *function,
                                    const struct link *links, uint32_t low, uint32_t high,
                                    struct eagre_sql_expression **out_expression) {
  *out_expression = links[low].operand;
  if (low == high) return EAGRE_OK;
  uint32_t middle = low + (high - low) / 2;
  struct eagre_sql_expression *left = NULL, *right = NULL;
  EAGRE_TRY(join_links(parser, function, links, low, middle, &left));
  EAGRE_TRY(join_links(parser, function, links, middle + 1, high, &right));
  uint32_t cursor = parser->index;
  parser->index = links[high].end;
  EAGRE_TRY(make_operator(parser, links[low].first, function, left, right, out_expression));
  parser->index = cursor;
  return EAGRE_OK;
}

/* Operands that `parse_operand` reads, joined by the word `keyword`. */
static enum eagre_status parse_chain(
    struct eagre_sql_parser *parser, enum eagre_sql_keyword keyword, const char *function,
    enum eagre_status (*parse_operand)(struct eagre_sql_parser *, struct eagre_sql_expression **),
    struct eagre_sql_expression **out_expression) {
  struct eagre_sql_list links = {0};
  do {
    struct link link = {.first = parser->index};
    EAGRE_TRY(parse_operand(parser, &link.operand));
    link.end = parser->index;
    *(struct link *)eagre_sql_list_append(parser, &links, sizeof link) = link;
  } while (eagre_sql_accept_keyword(parser, keyword));
  return join_links(parser, function, links.items, 0, links.count - 1, out_expression);
}

static enum eagre_status parse_and(struct eagre_sql_parser *parser,
                                   struct eagre_sql_expression **out_expression) {
  return parse_chain(parser, EAGRE_SQL_KEYWORD_AND, "and", parse_not, out_expression);
}

enum eagre_status eagre_sql_parse_expression(struct eagre_sql_parser *parser,
                                             struct eagre_sql_expression **out_expression) {
  EAGRE_TRY(eagre_sql_enter(parser));
  EAGRE_TRY(parse_chain(parser, EAGRE_SQL_KEYWORD_OR, "or", parse_and, out_expression));
  eagre_sql_leave(parser);
  return EAGRE_OK;
}
