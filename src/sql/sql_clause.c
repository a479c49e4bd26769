/* Where a word is the beginning of a clause and not an alias. Nothing is reserved, so that the word
 * behind it decides: `SELECT a limit FROM t` names a column, `FROM t LIMIT 5` does not. */
#include "sql/sql_parser.h"

static bool is_by_next(const struct eagre_sql_parser *parser) {
  return eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 1), EAGRE_SQL_KEYWORD_BY);
}

/* LIMIT and OFFSET in front of an operand, or at the end, where one is missing. */
static bool is_limit_clause(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  return eagre_sql_begins_operand(parser, 1) || next->kind == EAGRE_SQL_TOKEN_END ||
         next->kind == EAGRE_SQL_TOKEN_SEMICOLON || next->kind == EAGRE_SQL_TOKEN_RIGHT_PAREN;
}

static bool is_table_clause(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  switch (token->keyword) {
  case EAGRE_SQL_KEYWORD_WATERMARK:
    return eagre_sql_begins_operand(parser, 1) &&
           eagre_sql_keyword_role_of(next->keyword) != EAGRE_SQL_ROLE_JOIN;
  case EAGRE_SQL_KEYWORD_WITH:
  case EAGRE_SQL_KEYWORD_TABLESAMPLE:
  case EAGRE_SQL_KEYWORD_PIVOT:
  case EAGRE_SQL_KEYWORD_UNPIVOT:
    return next->kind == EAGRE_SQL_TOKEN_LEFT_PAREN || next->kind == EAGRE_SQL_TOKEN_WORD;
  default:
    return eagre_sql_keyword_role_of(token->keyword) == EAGRE_SQL_ROLE_JOIN;
  }
}

bool eagre_sql_at_clause(const struct eagre_sql_parser *parser, bool is_table) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  if (token->kind != EAGRE_SQL_TOKEN_WORD) return false;
  switch (token->keyword) {
  case EAGRE_SQL_KEYWORD_FROM:
  case EAGRE_SQL_KEYWORD_WHERE:
  case EAGRE_SQL_KEYWORD_HAVING:
  case EAGRE_SQL_KEYWORD_SELECT:
  case EAGRE_SQL_KEYWORD_UNION:
  case EAGRE_SQL_KEYWORD_EXCEPT:
  case EAGRE_SQL_KEYWORD_INTERSECT:
    return true;
  case EAGRE_SQL_KEYWORD_MINUS:
    return is_table || eagre_sql_begins_query(parser, parser->index + 1) ||
           eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_ALL) ||
           eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_DISTINCT);
  case EAGRE_SQL_KEYWORD_GROUP:
  case EAGRE_SQL_KEYWORD_ORDER:
  case EAGRE_SQL_KEYWORD_CLUSTER:
  case EAGRE_SQL_KEYWORD_DISTRIBUTE:
  case EAGRE_SQL_KEYWORD_SORT:
    return is_by_next(parser);
  case EAGRE_SQL_KEYWORD_LIMIT:
  case EAGRE_SQL_KEYWORD_OFFSET:
    return is_limit_clause(parser);
  case EAGRE_SQL_KEYWORD_WINDOW:
    return eagre_sql_is_identifier(next) &&
           eagre_sql_is_keyword(eagre_sql_token_ahead(parser, 2), EAGRE_SQL_KEYWORD_AS);
  case EAGRE_SQL_KEYWORD_LATERAL:
    return is_table || eagre_sql_is_keyword(next, EAGRE_SQL_KEYWORD_VIEW);
  default:
    return is_table && is_table_clause(parser);
  }
}
