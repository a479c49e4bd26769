/* GROUP BY ALL
 *        | element, ...               an element is an expression, ROLLUP (set, ...),
 *                                     CUBE (set, ...) or GROUPING SETS (set or element, ...)
 *        | a, b WITH ROLLUP | a, b WITH CUBE | a, b GROUPING SETS (set, ...)
 *   set: a | (a, b) | ()
 *
 * The expressions stand in one list, sets are indexes of it. */
#include "sql/sql_parser.h"

/* GROUP BY under construction. */
struct group_work {
  struct eagre_sql_list expressions; /* struct eagre_sql_expression * */
  struct eagre_sql_list elements;    /* struct eagre_sql_grouping */
  bool has_analytics;                /* one of them is no plain expression */
};

static enum eagre_status parse_element(struct eagre_sql_parser *parser, struct group_work *work,
                                       struct eagre_sql_grouping *element);

/* ---- Sets ------------------------------------------------------------------------------------ */

static enum eagre_status append_item(struct eagre_sql_parser *parser, struct group_work *work,
                                     struct eagre_sql_list *items) {
  struct eagre_sql_expression *expression = NULL;
  EAGRE_TRY(eagre_sql_parse_expression(parser, &expression));
  *(uint32_t *)eagre_sql_list_append(parser, items, sizeof(uint32_t)) = work->expressions.count;
  *(struct eagre_sql_expression **)eagre_sql_list_append(parser, &work->expressions,
                                                         sizeof expression) = expression;
  return EAGRE_OK;
}

/* Whether the parenthesis at the cursor closes in front of `,` or `)`, and not within something
 * like (a + b) * c: then it is one of a set. */
static bool is_set_at(const struct eagre_sql_parser *parser) {
  uint32_t depth = 0;
  for (uint32_t ahead = 0;; ahead++) {
    enum eagre_sql_token_kind kind = eagre_sql_token_ahead(parser, ahead)->kind;
    if (kind == EAGRE_SQL_TOKEN_END) return false;
    if (kind == EAGRE_SQL_TOKEN_LEFT_PAREN) depth++;
    if (kind == EAGRE_SQL_TOKEN_RIGHT_PAREN) depth--;
    if (depth > 0) continue;
    enum eagre_sql_token_kind next = eagre_sql_token_ahead(parser, ahead + 1)->kind;
    return ahead > 0 && (next == EAGRE_SQL_TOKEN_COMMA || next == EAGRE_SQL_TOKEN_RIGHT_PAREN);
  }
}

/* a | (a, b) | () */
static enum eagre_status parse_set(struct eagre_sql_parser *parser, struct group_work *work,
                                   struct eagre_sql_grouping *set) {
  struct eagre_sql_list items = {0};
  uint32_t first = parser->index;
  bool has_paren = is_set_at(parser);
  if (has_paren) parser->index += 1;
  bool is_empty = has_paren && eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN);
  if (!is_empty) {
    do {
      EAGRE_TRY(append_item(parser, work, &items));
    } while (has_paren && eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
    if (has_paren) {
      EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "',' or ')'"));
    }
  }
  *set = (struct eagre_sql_grouping){.kind = EAGRE_SQL_GROUPING_SET,
                                     .items = items.items,
                                     .item_count = items.count,
                                     .position = eagre_sql_position_from(parser, first)};
  return EAGRE_OK;
}

/* ---- ROLLUP, CUBE, GROUPING SETS ------------------------------------------------------------- */

/* Moves over ROLLUP, CUBE or GROUPING SETS in front of a parenthesis; SET when none is there. */
static enum eagre_sql_grouping_kind accept_analytics(struct eagre_sql_parser *parser) {
  bool has_paren = eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_LEFT_PAREN;
  if (has_paren && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ROLLUP))
    return EAGRE_SQL_GROUPING_ROLLUP;
  if (has_paren && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_CUBE))
    return EAGRE_SQL_GROUPING_CUBE;
  if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_GROUPING, EAGRE_SQL_KEYWORD_SETS))
    return EAGRE_SQL_GROUPING_SETS;
  return EAGRE_SQL_GROUPING_SET;
}

/* ( set, ... ), of GROUPING SETS also with elements inside. */
static enum eagre_status parse_elements(struct eagre_sql_parser *parser, struct group_work *work,
                                        struct eagre_sql_grouping *element) {
  struct eagre_sql_list elements = {0};
  bool is_nested = element->kind == EAGRE_SQL_GROUPING_SETS;
  EAGRE_TRY(eagre_sql_enter(parser));
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'('"));
  do {
    struct eagre_sql_grouping each = {0};
    EAGRE_TRY(is_nested ? parse_element(parser, work, &each) : parse_set(parser, work, &each));
    *(struct eagre_sql_grouping *)eagre_sql_list_append(parser, &elements, sizeof each) = each;
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  eagre_sql_leave(parser);
  element->elements = elements.items;
  element->element_count = elements.count;
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "',' or ')'");
}

static enum eagre_status parse_element(struct eagre_sql_parser *parser, struct group_work *work,
                                       struct eagre_sql_grouping *element) {
  uint32_t first = parser->index;
  element->kind = accept_analytics(parser);
  if (element->kind == EAGRE_SQL_GROUPING_SET) return parse_set(parser, work, element);
  EAGRE_TRY(parse_elements(parser, work, element));
  element->position = eagre_sql_position_from(parser, first);
  work->has_analytics = true;
  return EAGRE_OK;
}

/* An expression is a set of its own. */
static enum eagre_status parse_top_element(struct eagre_sql_parser *parser,
                                           struct group_work *work) {
  struct eagre_sql_grouping element = {0};
  struct eagre_sql_list items = {0};
  uint32_t first = parser->index;
  element.kind = accept_analytics(parser);
  if (element.kind == EAGRE_SQL_GROUPING_SET) {
    EAGRE_TRY(append_item(parser, work, &items));
    element.items = items.items;
    element.item_count = items.count;
  } else {
    EAGRE_TRY(parse_elements(parser, work, &element));
    work->has_analytics = true;
  }
  element.position = eagre_sql_position_from(parser, first);
  *(struct eagre_sql_grouping *)eagre_sql_list_append(parser, &work->elements, sizeof element) =
      element;
  return EAGRE_OK;
}

/* Makes one element of what was read: `kind` of the elements so far, or of its own ones. */
static void replace_elements(struct eagre_sql_parser *parser, struct group_work *work,
                             struct eagre_sql_grouping element) {
  if (element.element_count == 0) {
    element.elements = work->elements.items;
    element.element_count = work->elements.count;
  }
  work->elements = (struct eagre_sql_list){0};
  work->has_analytics = true;
  *(struct eagre_sql_grouping *)eagre_sql_list_append(parser, &work->elements, sizeof element) =
      element;
}

/* WITH ROLLUP, WITH CUBE or GROUPING SETS (...) behind plain expressions. */
static enum eagre_status parse_suffix(struct eagre_sql_parser *parser, struct group_work *work) {
  struct eagre_sql_grouping element = {0};
  uint32_t first = parser->index;
  if (work->has_analytics) return EAGRE_OK;
  if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_WITH, EAGRE_SQL_KEYWORD_ROLLUP)) {
    element.kind = EAGRE_SQL_GROUPING_ROLLUP;
  } else if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_WITH, EAGRE_SQL_KEYWORD_CUBE)) {
    element.kind = EAGRE_SQL_GROUPING_CUBE;
  } else if (eagre_sql_at_keywords(parser, EAGRE_SQL_KEYWORD_GROUPING, EAGRE_SQL_KEYWORD_SETS)) {
    EAGRE_TRY(parse_element(parser, work, &element));
  } else {
    return EAGRE_OK;
  }
  element.position = eagre_sql_position_from(parser, first);
  replace_elements(parser, work, element);
  return EAGRE_OK;
}

/* ---- GROUP BY -------------------------------------------------------------------------------- */

/* GROUP BY ALL, where nothing says that ALL is a column. */
static bool accept_group_by_all(struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  bool is_alone = next->kind == EAGRE_SQL_TOKEN_END || next->kind == EAGRE_SQL_TOKEN_SEMICOLON ||
                  next->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN || next->kind == EAGRE_SQL_TOKEN_WORD;
  return is_alone && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ALL);
}

enum eagre_status eagre_sql_parse_group_by(struct eagre_sql_parser *parser,
                                           struct eagre_sql_query *query) {
  struct group_work work = {0};
  if (!eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_GROUP, EAGRE_SQL_KEYWORD_BY)) {
    return EAGRE_OK;
  }
  query->group_by_all = accept_group_by_all(parser);
  if (query->group_by_all) return EAGRE_OK;
  do {
    EAGRE_TRY(parse_top_element(parser, &work));
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  EAGRE_TRY(parse_suffix(parser, &work));
  query->group_by = work.expressions.items;
  query->group_by_count = work.expressions.count;
  query->groupings = work.has_analytics ? work.elements.items : NULL;
  query->grouping_count = work.has_analytics ? work.elements.count : 0;
  return EAGRE_OK;
}
