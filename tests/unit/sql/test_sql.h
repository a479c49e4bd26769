/* What the unit tests of `sql` share: tables of texts with what they give, and their checks. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sql/sql.h"

struct tree_row {
  const char *source;
  const char *tree; /* as sql_tree.h prints it */
};

struct error_row {
  const char *source;
  const char *class_name;
  uint32_t line;
  uint32_t column;
  uint32_t length;
  const char *text; /* a piece of the message */
  const char *hint; /* a piece of the hint; NULL: there is none */
};

/* Parses `source` and compares the printed statements, joined by "; ". */
void assert_tree(const char *source, const char *tree);
void assert_tree_with(const char *source, const struct eagre_sql_define *defines,
                      uint32_t define_count, const char *tree);
void assert_error(const struct error_row *row);
void assert_error_with(const struct error_row *row, const struct eagre_sql_define *defines,
                       uint32_t define_count);
void check_statements(const struct tree_row *rows, size_t count);
/* The sources are items of a SELECT list. */
void check_expressions(const struct tree_row *rows, size_t count);
void check_errors(const struct error_row *rows, size_t count);

#define CHECK_STATEMENTS(rows) check_statements(rows, EAGRE_COUNT_OF(rows))
#define CHECK_EXPRESSIONS(rows) check_expressions(rows, EAGRE_COUNT_OF(rows))
#define CHECK_ERRORS(rows) check_errors(rows, EAGRE_COUNT_OF(rows))

/* Parse what must be right; the result lives in `arena`. */
struct eagre_sql_statement *parse_statement(struct eagre_arena *arena, const char *source);
const struct eagre_sql_select_item *parse_item(struct eagre_arena *arena, const char *source);
const struct eagre_sql_expression *parse_expression(struct eagre_arena *arena, const char *source);

#define SQL_TEST_GROUP(name)                                                                       \
  extern const struct CMUnitTest name##_tests[];                                                   \
  extern const size_t name##_test_count
SQL_TEST_GROUP(call);
SQL_TEST_GROUP(caret);
SQL_TEST_GROUP(depth);
SQL_TEST_GROUP(error);
SQL_TEST_GROUP(expression);
SQL_TEST_GROUP(interval);
SQL_TEST_GROUP(keyword);
SQL_TEST_GROUP(literal);
SQL_TEST_GROUP(place);
SQL_TEST_GROUP(precedence);
SQL_TEST_GROUP(print);
SQL_TEST_GROUP(query);
SQL_TEST_GROUP(refusal);
SQL_TEST_GROUP(relation);
SQL_TEST_GROUP(statement);
SQL_TEST_GROUP(substitution);
#undef SQL_TEST_GROUP
