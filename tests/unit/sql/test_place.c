/* Where things stand: places of nodes, of errors in texts with several lines, tabs and wide
 * characters, and the source text of expressions. */
#include "test_sql.h"

static void check_position(struct eagre_sql_position position, uint32_t line, uint32_t column,
                           uint32_t length) {
  assert_int_equal(position.line, line);
  assert_int_equal(position.column, column);
  assert_int_equal(position.length, length);
}

static void check_source(struct eagre_text source, const char *expected) {
  if (!eagre_text_equal_string(source, expected)) {
    fail_msg("'%.*s' is not '%s'", (int)source.size, source.data, expected);
  }
}

static void test_expressions(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  /*                                                    8    13        23 */
  const struct eagre_sql_statement *statement =
      parse_statement(&arena, "SELECT a.b, (x + yy) * f(z, 'w') FROM t");
  const struct eagre_sql_query *query = statement->query;
  check_position(statement->position, 1, 1, 39);
  check_position(query->position, 1, 1, 39);
  check_position(query->items[0].expression->position, 1, 8, 3);
  const struct eagre_sql_expression *product = query->items[1].expression;
  check_position(product->position, 1, 13, 20);
  check_source(product->source, "(x + yy) * f(z, 'w')");
  check_position(product->arguments[0].value->position, 1, 14, 6);
  check_source(product->arguments[0].value->source, "x + yy");
  /* A call stands where its name is, its source is all of it. */
  check_position(product->arguments[1].value->position, 1, 24, 1);
  check_source(product->arguments[1].value->source, "f(z, 'w')");
  check_position(product->arguments[1].value->arguments[1].value->position, 1, 29, 3);
  check_position(query->from->position, 1, 39, 1);
  eagre_arena_done(&arena);
}

static void test_postfixes_and_names(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  const struct eagre_sql_expression *cast = parse_expression(&arena, "v.a:b.c::bigint");
  check_position(cast->position, 1, 8, 15);
  check_source(cast->source, "v.a:b.c::bigint");
  check_source(cast->arguments[0].value->source, "v.a:b.c");
  check_position(cast->arguments[0].value->arguments[0].value->position, 1, 8, 3);
  const struct eagre_sql_expression *call = parse_expression(&arena, "a.long_name (1)");
  check_position(call->position, 1, 8, 11);
  const struct eagre_sql_expression *trim = parse_expression(&arena, "TRIM(BOTH FROM x)");
  check_position(trim->position, 1, 8, 4);
  check_source(trim->source, "TRIM(BOTH FROM x)");
  const struct eagre_sql_expression *name = parse_expression(&arena, "`a``b` . c");
  check_position(name->name.position, 1, 8, 10);
  eagre_arena_done(&arena);
}

/* What goes over several lines is underlined to the end of its first one. */
static void test_several_lines(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  const struct eagre_sql_statement *statement =
      parse_statement(&arena, "SELECT a +\n  b -- c\n  + d\nFROM t\nWHERE x");
  const struct eagre_sql_expression *sum = statement->query->items[0].expression;
  check_position(sum->position, 1, 8, 3);
  check_position(sum->arguments[0].value->arguments[1].value->position, 2, 3, 1);
  check_position(sum->arguments[1].value->position, 3, 5, 1);
  check_position(statement->query->where->position, 5, 7, 1);
  check_source(sum->source, "a +\n  b -- c\n  + d");
  eagre_arena_done(&arena);
}

static void test_clauses(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  const struct eagre_sql_statement *table = parse_statement(
      &arena, "CREATE STREAMING TABLE t (CONSTRAINT c EXPECT (a > 1) ON VIOLATION DROP ROW)\n"
              "TBLPROPERTIES ('k' = 'v', l.m = 1)\n"
              "AS SELECT * FROM u WATERMARK ts DELAY OF INTERVAL 1 DAY x");
  check_position(table->name.position, 1, 24, 1);
  check_position(table->constraints[0].position, 1, 27, 49);
  check_position(table->options[0].position, 2, 16, 3);
  check_position(table->options[1].position, 2, 27, 3);
  check_position(table->query->from->watermark->position, 3, 20, 36);
  check_position(table->query->from->watermark->expression->position, 3, 30, 2);
  const struct eagre_sql_statement *set = parse_statement(&arena, "SET  a.b = c");
  check_position(set->options[0].position, 1, 6, 3);
  const struct eagre_sql_statement *second =
      parse_statement(&arena, "SELECT 1;\n\n SELECT 2")->next;
  check_position(second->position, 3, 2, 8);
  eagre_arena_done(&arena);
}

static const struct error_row errors[] = {
    {"SELECT a\nFROM t\nWEHRE b", "PARSE_SYNTAX_ERROR", 3, 1, 5, "near 'WEHRE'",
     "Did you mean WHERE?"},
    {"SELECT a\r\nFROM t\r\n\tWHERE\r\n", "PARSE_SYNTAX_ERROR", 4, 1, 1, "end of input", NULL},
    {"\tSELECT\t'\xe6\x97\xa5\xe6\x9c\xac'\tx y", "PARSE_SYNTAX_ERROR", 1, 16, 1, "near 'y'", NULL},
    {"SELECT 'a\nb' x y", "PARSE_SYNTAX_ERROR", 2, 6, 1, "near 'y'", NULL},
    {"SELECT a x 'b\nc'", "PARSE_SYNTAX_ERROR", 1, 12, 2, "near ''b", NULL},
    {"SELECT /* \xc3\xa4 */ \xc3\xa4 FROM", "INVALID_IDENTIFIER", 1, 16, 1, "\xc3\xa4 is invalid",
     "`\xc3\xa4`"},
    {"SELECT 1;\nSELECT 2;\n  SELEC 3", "PARSE_SYNTAX_ERROR", 3, 3, 5, "near 'SELEC'",
     "Did you mean SELECT?"},
    {"SELECT CAST(a AS\n  STRUCT<x: INT,\n  y: FOO>)", "UNSUPPORTED_DATATYPE", 3, 6, 3, "FOO",
     NULL},
    {"SELECT a::struct<`\xc3\xa4`: foo>", "UNSUPPORTED_DATATYPE", 1, 23, 3, "FOO", NULL},
    {"CREATE STREAMING TABLE t (a INT,\n  b foo)", "UNSUPPORTED_DATATYPE", 2, 5, 3, "FOO", NULL},
    {"SELECT INTERVAL\n  'x' DAY", "INVALID_INTERVAL_FORMAT.INVALID_VALUE", 2, 3, 7, "'x'",
     "whole number"},
    {"SELECT a,\n'b", "PARSE_SYNTAX_ERROR", 2, 1, 1, "not closed", "missing quote"},
    {"-- c\n/* d\n", "UNCLOSED_BRACKETED_COMMENT", 2, 1, 2, "not closed", "*/"},
    {"\xef\xbb\xbfSELEC", "PARSE_SYNTAX_ERROR", 1, 2, 5, "near 'SELEC'", "SELECT"},
    {"SELECT a \xff b", "INVALID_IDENTIFIER", 1, 10, 1, "is invalid", "back quotes"},
    {"SELECT aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b c",
     "PARSE_SYNTAX_ERROR", 1, 83, 1, "near 'c'", NULL},
};

static void test_errors(void **state) {
  (void)state;
  CHECK_ERRORS(errors);
}

/* The whole message, as the program shows it. */
static void test_message(void **state) {
  (void)state;
  static const char source[] = "SELECT a\nFROM t\n  WEHRE b = 1";
  struct eagre_arena arena = {0};
  struct eagre_buffer out = {0};
  struct eagre_sql_statement *statement = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  assert_int_equal(eagre_sql_parse(&arena, eagre_text_of(source), NULL, 0, &statement, &error),
                   EAGRE_USAGE);
  eagre_sql_caret(eagre_text_of(source), &error, &out);
  eagre_buffer_append_char(&out, 0);
  assert_string_equal(error.text, "Syntax error at or near 'WEHRE'.");
  assert_string_equal(error.hint, "Did you mean WHERE?");
  assert_string_equal(out.data, "3 |   WEHRE b = 1\n  |   ^^^^^\n");
  eagre_buffer_done(&out);
  eagre_arena_done(&arena);
}

/* A caller who wants the status only. */
static void test_without_error_object(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_sql_statement *statement = NULL;
  assert_int_equal(eagre_sql_parse(&arena, EAGRE_TEXT("SELEC"), NULL, 0, &statement, NULL),
                   EAGRE_USAGE);
  eagre_arena_done(&arena);
}

const struct CMUnitTest place_tests[] = {
    cmocka_unit_test(test_expressions),
    cmocka_unit_test(test_postfixes_and_names),
    cmocka_unit_test(test_several_lines),
    cmocka_unit_test(test_clauses),
    cmocka_unit_test(test_errors),
    cmocka_unit_test(test_message),
    cmocka_unit_test(test_without_error_object),
};
const size_t place_test_count = EAGRE_COUNT_OF(place_tests);
