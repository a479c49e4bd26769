/* Elements of a table:
 *   name type [NOT NULL] [COMMENT 'text']
 *   CONSTRAINT name EXPECT (condition) [ON VIOLATION DROP ROW | FAIL UPDATE] */
#include "sql/sql_column.h"

/* ---- Constraints ----------------------------------------------------------------------------- */

static enum eagre_status refuse_constraint(struct eagre_sql_parser *parser, uint32_t first) {
  return eagre_sql_fail_unsupported(
      parser, first, "TABLE_CONSTRAINT",
      "CHECK, PRIMARY KEY, FOREIGN KEY, UNIQUE, DEFAULT and GENERATED are not supported.",
      "Use CONSTRAINT name EXPECT (condition), and compute values in the query.");
}

static enum eagre_status parse_violation(struct eagre_sql_parser *parser,
                                         struct eagre_sql_constraint *constraint) {
  if (!eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_ON)) return EAGRE_OK;
  EAGRE_TRY(eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_VIOLATION, "VIOLATION after ON"));
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_DROP)) {
    constraint->on_violation = EAGRE_TEXT("drop row");
    return eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_ROW, "ROW after DROP");
  }
  if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_FAIL)) {
    constraint->on_violation = EAGRE_TEXT("fail update");
    return eagre_sql_expect_keyword(parser, EAGRE_SQL_KEYWORD_UPDATE, "UPDATE after FAIL");
  }
  return eagre_sql_fail_expected(parser, "DROP ROW or FAIL UPDATE");
}

/* Behind CONSTRAINT. */
static enum eagre_status parse_constraint(struct eagre_sql_parser *parser, uint32_t first,
                                          struct eagre_sql_list *constraints) {
  struct eagre_sql_constraint constraint = {0};
  EAGRE_TRY(eagre_sql_take_identifier(parser, "the name of the constraint", &constraint.name));
  if (!eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_EXPECT)) {
    eagre_sql_advance(parser);
    return refuse_constraint(parser, first);
  }
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'(' after EXPECT"));
  EAGRE_TRY(eagre_sql_parse_expression(parser, &constraint.condition));
  EAGRE_TRY(
      eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "')' after the condition"));
  EAGRE_TRY(parse_violation(parser, &constraint));
  constraint.position = eagre_sql_position_from(parser, first);
  *(struct eagre_sql_constraint *)eagre_sql_list_append(parser, constraints, sizeof constraint) =
      constraint;
  return EAGRE_OK;
}

/* ---- Columns --------------------------------------------------------------------------------- */

static bool is_column_end(const struct eagre_sql_parser *parser) {
  return eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_COMMA) ||
         eagre_sql_at_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN);
}

static enum eagre_status refuse_column_option(struct eagre_sql_parser *parser) {
  static const enum eagre_sql_keyword words[] = {
      EAGRE_SQL_KEYWORD_CHECK,   EAGRE_SQL_KEYWORD_CONSTRAINT, EAGRE_SQL_KEYWORD_DEFAULT,
      EAGRE_SQL_KEYWORD_PRIMARY, EAGRE_SQL_KEYWORD_GENERATED,
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(words); i++) {
    if (eagre_sql_is_keyword(eagre_sql_token_at(parser), words[i])) {
      return refuse_constraint(parser, parser->index);
    }
  }
  return eagre_sql_fail_expected(parser, "NOT NULL, COMMENT, ',' or ')' after a column");
}

static enum eagre_status parse_column(struct eagre_sql_parser *parser,
                                      struct eagre_sql_list *columns) {
  struct eagre_sql_column column = {0};
  EAGRE_TRY(eagre_sql_take_identifier(parser, "the name of a column", &column.name));
  EAGRE_TRY(eagre_sql_parse_type(parser, &column.type));
  while (!is_column_end(parser)) {
    if (eagre_sql_accept_keywords(parser, EAGRE_SQL_KEYWORD_NOT, EAGRE_SQL_KEYWORD_NULL)) {
      column.is_not_null = true;
    } else if (eagre_sql_accept_keyword(parser, EAGRE_SQL_KEYWORD_COMMENT)) {
      EAGRE_TRY(eagre_sql_take_string(parser, "a string after COMMENT", &column.comment));
    } else {
      return refuse_column_option(parser);
    }
  }
  *(struct eagre_sql_column *)eagre_sql_list_append(parser, columns, sizeof column) = column;
  return EAGRE_OK;
}

/* CONSTRAINT in front of a name is no column, unless the name is the column's type. */
static bool is_constraint_at(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *behind = eagre_sql_token_ahead(parser, 2);
  return eagre_sql_is_keyword(eagre_sql_token_at(parser), EAGRE_SQL_KEYWORD_CONSTRAINT) &&
         eagre_sql_is_identifier(eagre_sql_token_ahead(parser, 1)) &&
         behind->kind == EAGRE_SQL_TOKEN_WORD &&
         !eagre_sql_is_keyword(behind, EAGRE_SQL_KEYWORD_NOT) &&
         !eagre_sql_is_keyword(behind, EAGRE_SQL_KEYWORD_COMMENT);
}

static bool is_table_constraint_at(const struct eagre_sql_parser *parser) {
  const struct eagre_sql_token *token = eagre_sql_token_at(parser);
  const struct eagre_sql_token *next = eagre_sql_token_ahead(parser, 1);
  bool is_check = eagre_sql_is_keyword(token, EAGRE_SQL_KEYWORD_CHECK) &&
                  next->kind == EAGRE_SQL_TOKEN_LEFT_PAREN;
  bool is_key = next->kind == EAGRE_SQL_TOKEN_WORD &&
                eagre_text_equal_ignoring_case(next->text, EAGRE_TEXT("key"));
  return is_check || is_key;
}

enum eagre_status eagre_sql_parse_table_elements(struct eagre_sql_parser *parser,
                                                 struct eagre_sql_statement *statement) {
  struct eagre_sql_list columns = {0}, constraints = {0};
  EAGRE_TRY(eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_LEFT_PAREN, "'('"));
  do {
    uint32_t first = parser->index;
    if (is_constraint_at(parser)) {
      eagre_sql_advance(parser);
      EAGRE_TRY(parse_constraint(parser, first, &constraints));
    } else if (is_table_constraint_at(parser)) {
      parser->index += 2;
      return refuse_constraint(parser, first);
    } else {
      EAGRE_TRY(parse_column(parser, &columns));
    }
  } while (eagre_sql_accept_symbol(parser, EAGRE_SQL_TOKEN_COMMA));
  EAGRE_TRY(
      eagre_sql_expect_symbol(parser, EAGRE_SQL_TOKEN_RIGHT_PAREN, "',' or ')' after a column"));
  statement->columns = columns.items;
  statement->column_count = columns.count;
  statement->constraints = constraints.items;
  statement->constraint_count = constraints.count;
  return EAGRE_OK;
}
