/* GROUP BY a, b | ALL | ROLLUP (...) | CUBE (...) | GROUPING SETS (...)
 *        | a, b WITH ROLLUP | a, b WITH CUBE
 *
 * ROLLUP, CUBE and GROUPING SETS are read so that they can be refused by name: the tree has their
 * expressions one after the other and says which of them it was. */
#include "sql/sql_parser.h"

static enum eagre_status append_group(struct eagre_sql_parser *parser,
                                      struct eagre_sql_list *groups) {
  struct eagre_sql_expression *expression = NULL;
  EAGRE_TRY(eagre_sql_parse_expression(parser, &expression));
  *(struct eagre_sql_expression **)eagre_sql_list_append(parser, groups, sizeof expression) =
      expression;
  return EAGRE_OK;
}

/* ( a, (b, c), () ) of ROLLUP, CUBE and GROUPING SETS: the expressions one after the other; the
 * grouping itself is refused by the binder. */
static enum eagre_status parse_grouping_list(struct eagre_sql_parser *parser,
                                             struct eagre_sql_list *groups) {
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'('"));
  do {
    if (eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN) &&
        eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN) {
      parser->index += 2;
    } else {
      EAGRE_TRY(append_group(parser, groups));
    }
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  return eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "',' or ')'");
}

/* ROLLUP (...), CUBE (...) or GROUPING SETS (...) at the cursor, if any. */
static enum eagre_status parse_grouping(struct eagre_sql_parser *parser,
                                        struct eagre_sql_query *query,
                                        struct eagre_sql_list *groups, bool *out_is_found) {
  bool has_paren = eagre_sql_token_ahead(parser, 1)->kind == EAGRE_SQL_TOKEN_LEFT_PAREN;
  const char *grouping = NULL;
  if (has_paren && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ROLLUP)) {
    grouping = "rollup";
  } else if (has_paren && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_CUBE)) {
    grouping = "cube";
  } else if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_GROUPING,
                                       EAGRE_SQL_KEYWORD_SETS)) {
    grouping = "grouping sets";
  }
  *out_is_found = grouping != NULL;
  if (grouping == NULL) return EAGRE_OK;
  query->grouping = eagre_text_of(grouping);
  return parse_grouping_list(parser, groups);
}

/* GROUP BY ALL, where nothing says that ALL is a column. */
static bool accept_group_by_all(struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  bool is_alone = next->kind == EAGRE_SQL_TOKEN_END || next->kind == EAGRE_SQL_TOKEN_SEMICOLON ||
                  next->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN || next->kind == EAGRE_SQL_TOKEN_WORD;
  return is_alone && eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ALL);
}

enum eagre_status eagre_sql_parse_group_by(struct eagre_sql_parser *parser,
                                           struct eagre_sql_query *query) {
  struct eagre_sql_list groups = {0};
  bool is_grouping = false;
  if (!eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_GROUP, EAGRE_SQL_KEYWORD_BY)) {
    return EAGRE_OK;
  }
  query->group_by_all = accept_group_by_all(parser);
  if (query->group_by_all) return EAGRE_OK;
  do {
    EAGRE_TRY(parse_grouping(parser, query, &groups, &is_grouping));
    if (!is_grouping) EAGRE_TRY(append_group(parser, &groups));
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_WITH, EAGRE_SQL_KEYWORD_ROLLUP)) {
    query->grouping = EAGRE_TEXT("rollup");
  } else if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_WITH, EAGRE_SQL_KEYWORD_CUBE)) {
    query->grouping = EAGRE_TEXT("cube");
  } else {
    EAGRE_TRY(parse_grouping(parser, query, &groups, &is_grouping));
  }
  query->group_by = groups.items;
  query->group_by_count = groups.count;
  return EAGRE_OK;
}
