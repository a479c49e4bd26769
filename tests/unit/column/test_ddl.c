/* DDL: what Spark 4.2.0 accepts gives the type that Spark gives (its answers are recorded here),
 * what is refused names its class and its place. */
#include "test_column.h"

#include <string.h>

static void check_columns(const char *ddl, const char *expected) {
  struct eagre_arena arena = {0};
  struct eagre_buffer buffer = {0};
  struct eagre_error error;
  const struct eagre_type *type;
  eagre_error_init(&error);
  if (eagre_type_parse_columns(&arena, eagre_text_of(ddl), &type, &error) != EAGRE_OK) {
    fail_msg("\"%s\": %s: %s", ddl, error.class_name, error.text);
  }
  eagre_type_print(&buffer, type);
  assert_string_equal(eagre_buffer_string(&buffer), expected);
  eagre_buffer_done(&buffer);
  eagre_arena_done(&arena);
}

static void test_column_lists_read_as_in_spark(void **state) {
  (void)state;
  check_columns("a INT", "STRUCT<a: INT>");
  check_columns("STRUCT<a: INT NOT NULL, b: STRING>", "STRUCT<a: INT NOT NULL, b: STRING>");
  check_columns("a BYTE, b SHORT, c LONG, d REAL, e INTEGER, f TIMESTAMP_LTZ",
                "STRUCT<a: TINYINT, b: SMALLINT, c: BIGINT, d: FLOAT, e: INT, f: TIMESTAMP>");
  check_columns("a tinyint, b smallint, c bigint, d float, e double, f boolean, g binary, h date",
                "STRUCT<a: TINYINT, b: SMALLINT, c: BIGINT, d: FLOAT, e: DOUBLE, f: BOOLEAN, "
                "g: BINARY, h: DATE>");
  check_columns("a STRUCT<b INT NOT NULL COMMENT 'x', c: STRUCT<d:INT>>",
                "STRUCT<a: STRUCT<b: INT NOT NULL, c: STRUCT<d: INT>>>");
  check_columns("a STRUCT < b : INT >", "STRUCT<a: STRUCT<b: INT>>");
  check_columns("a STRUCT<>", "STRUCT<a: STRUCT<>>");
  check_columns("STRUCT<>", "STRUCT<>");
  check_columns("a int not null", "STRUCT<a: INT NOT NULL>");
  check_columns("a TIMESTAMP WITH LOCAL TIME ZONE", "STRUCT<a: TIMESTAMP>");
  check_columns("a TIMESTAMP WITHOUT TIME ZONE, b timestamp_ntz",
                "STRUCT<a: TIMESTAMP_NTZ, b: TIMESTAMP_NTZ>");
  check_columns("a INTERVAL DAY TO SECOND, b interval hour, c INTERVAL YEAR TO MONTH",
                "STRUCT<a: INTERVAL DAY TO SECOND, b: INTERVAL HOUR, c: INTERVAL YEAR TO MONTH>");
  check_columns("a INTERVAL MONTH NOT NULL", "STRUCT<a: INTERVAL MONTH NOT NULL>");
  check_columns("a STRING COLLATE UTF8_BINARY, b STRING COLLATE `utf8_binary`",
                "STRUCT<a: STRING, b: STRING>");
  check_columns("a INT, a STRING", "STRUCT<a: INT, a: STRING>");
}

static void test_colons_are_optional_everywhere(void **state) {
  (void)state;
  check_columns("a: INT, b STRING, c  :STRUCT<d INT, e: INT>",
                "STRUCT<a: INT, b: STRING, c: STRUCT<d: INT, e: INT>>");
}

static void test_names_read_as_in_spark(void **state) {
  (void)state;
  check_columns("struct int", "STRUCT<struct: INT>");
  check_columns("NOT INT, select INT, comment INT", "STRUCT<NOT: INT, select: INT, comment: INT>");
  check_columns("1x int, 0_x INT, _ INT", "STRUCT<`1x`: INT, `0_x`: INT, _: INT>");
  check_columns("`a``b` INT, `x y` INT, `` INT", "STRUCT<`a``b`: INT, `x y`: INT, ``: INT>");
  check_columns("`back\\slash` INT", "STRUCT<`back\\slash`: INT>");
}

static void test_comments_and_white_space_read_as_in_spark(void **state) {
  (void)state;
  check_columns("a int /* x */, -- y\n b int", "STRUCT<a: INT, b: INT>");
  check_columns("a INT /* /* x */ */", "STRUCT<a: INT>");
  check_columns("a INT--x", "STRUCT<a: INT>");
  check_columns("a INT -- x \\\n b", "STRUCT<a: INT>");
  check_columns("a\vINT\f,\tb\r\nINT", "STRUCT<a: INT, b: INT>");
  check_columns("a\xc2\xa0INT, b\xe3\x80\x80INT, c\xe2\x80\x83INT, d\xe1\x9a\x80INT",
                "STRUCT<a: INT, b: INT, c: INT, d: INT>");
}

static void test_decimals_have_sizes(void **state) {
  (void)state;
  check_columns("a DECIMAL, b dec(5), c NUMERIC ( 38 , 38 ), d decimal(7,2) NOT NULL",
                "STRUCT<a: DECIMAL(10,0), b: DECIMAL(5,0), c: DECIMAL(38,38), d: DECIMAL(7,2) NOT "
                "NULL>");
}

static void test_lists(void **state) {
  (void)state;
  check_columns("a ARRAY<INT>, b array < string >", "STRUCT<a: ARRAY<INT>, b: ARRAY<STRING>>");
  check_columns("m MAP<STRING, ARRAY<INT>>", "STRUCT<m: MAP<STRING, ARRAY<INT>>>");
  check_columns("a ARRAY<STRUCT<b: MAP<INT, ARRAY<ARRAY<DATE>>>>>",
                "STRUCT<a: ARRAY<STRUCT<b: MAP<INT, ARRAY<ARRAY<DATE>>>>>>");
}

static void test_comment_literals_read_as_in_spark(void **state) {
  (void)state;
  check_columns("a INT COMMENT 'it''s', b INT", "STRUCT<a: INT, b: INT>");
  check_columns("a INT COMMENT 'x\\'y', b INT", "STRUCT<a: INT, b: INT>");
  check_columns("a INT COMMENT \"x\", b INT", "STRUCT<a: INT, b: INT>");
  check_columns("a INT COMMENT 'x' \"y\", b INT", "STRUCT<a: INT, b: INT>");
  check_columns("a INT COMMENT r'x\\', b INT COMMENT R\"x\"", "STRUCT<a: INT, b: INT>");
  check_columns("a INT NOT NULL COMMENT 'a\nb'", "STRUCT<a: INT NOT NULL>");
}

struct refusal {
  const char *ddl;
  const char *class_name;
  const char *text; /* part of it */
  uint32_t line;
  uint32_t column;
  uint32_t length;
};

static void check_refusal(const struct refusal *refusal) {
  struct eagre_arena arena = {0};
  struct eagre_error error;
  const struct eagre_type *type = NULL;
  struct eagre_text ddl = eagre_text_of(refusal->ddl);
  if (eagre_type_parse_columns(&arena, ddl, &type, &error) != EAGRE_USAGE) {
    fail_msg("\"%s\" was not refused", refusal->ddl);
  }
  assert_null(type);
  assert_string_equal(error.class_name, refusal->class_name);
  if (strstr(error.text, refusal->text) == NULL) {
    fail_msg("\"%s\": \"%s\" is not in \"%s\"", refusal->ddl, refusal->text, error.text);
  }
  assert_int_equal(error.line, refusal->line);
  assert_int_equal(error.column, refusal->column);
  assert_int_equal(error.length, refusal->length);
  /* Nobody must listen. */
  assert_int_equal(eagre_type_parse_columns(&arena, ddl, &type, NULL), EAGRE_USAGE);
  eagre_arena_done(&arena);
}

static void test_wrong_syntax_is_placed(void **state) {
  (void)state;
  static const struct refusal refusals[] = {
      {"", "PARSE_EMPTY_STATEMENT", "empty", 1, 1, 1},
      {" \n", "PARSE_EMPTY_STATEMENT", "empty", 2, 1, 1},
      {"order-id INT", "PARSE_SYNTAX_ERROR", "'-': a data type", 1, 6, 1},
      {"a INT, \xc3\xa9t\xc3\xa9 INT", "INVALID_IDENTIFIER", "\xc3\xa9t\xc3\xa9", 1, 8, 3},
      {"`\xc3\xa9` INT,\n  1 INT", "PARSE_SYNTAX_ERROR", "'1': the name", 2, 3, 1},
      {"1d INT", "PARSE_SYNTAX_ERROR", "'1d'", 1, 1, 2},
      {"1e3 INT", "PARSE_SYNTAX_ERROR", "'1e3'", 1, 1, 3},
      {"a", "PARSE_SYNTAX_ERROR", "end of input: a data type", 1, 2, 1},
      {"a INT,", "PARSE_SYNTAX_ERROR", "end of input: the name", 1, 7, 1},
      {"a INT b INT", "PARSE_SYNTAX_ERROR", "'b': ',' or the end", 1, 7, 1},
      {"a INT COMMENT 'x' NOT NULL", "PARSE_SYNTAX_ERROR", "'NOT'", 1, 19, 3},
      {"a INT NOT", "PARSE_SYNTAX_ERROR", "end of input: NULL", 1, 10, 1},
      {"a INT COMMENT x", "PARSE_SYNTAX_ERROR", "'x': a text", 1, 15, 1},
      {"a INT COMMENT 'abc", "PARSE_SYNTAX_ERROR", "''': a text", 1, 15, 1},
      {"a INT COMMENT r'abc", "PARSE_SYNTAX_ERROR", "'r': a text", 1, 15, 1},
      {"a INT(3)", "PARSE_SYNTAX_ERROR", "'('", 1, 6, 1},
      {"a `int`", "PARSE_SYNTAX_ERROR", "'`int`': a data type", 1, 3, 5},
      {"`a INT", "PARSE_SYNTAX_ERROR", "'`'", 1, 1, 1},
      {"'a' INT", "PARSE_SYNTAX_ERROR", "''a''", 1, 1, 3},
      {"a.b INT", "PARSE_SYNTAX_ERROR", "'.'", 1, 2, 1},
      {"a STRUCT b", "PARSE_SYNTAX_ERROR", "'b': '<'", 1, 10, 1},
      {"a STRUCT<b INT", "PARSE_SYNTAX_ERROR", "end of input: ',' or '>'", 1, 15, 1},
      {"a STRUCT<b: INT, >", "PARSE_SYNTAX_ERROR", "'>': the name", 1, 18, 1},
      {"a STRUCT<>>", "PARSE_SYNTAX_ERROR", "'>'", 1, 11, 1},
      {"STRUCT<a:INT>, b INT", "PARSE_SYNTAX_ERROR", "','", 1, 14, 1},
      {"a TIMESTAMP WITH TIME ZONE", "PARSE_SYNTAX_ERROR", "'TIME': LOCAL", 1, 18, 4},
      {"a STRING COLLATE", "PARSE_SYNTAX_ERROR", "collation", 1, 17, 1},
      {"a INT /* x", "UNCLOSED_BRACKETED_COMMENT", "not closed", 1, 7, 2},
      {"a INT /* /* x */", "UNCLOSED_BRACKETED_COMMENT", "not closed", 1, 7, 2},
      {"a INT\x01", "PARSE_SYNTAX_ERROR", "\x01", 1, 6, 1},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(refusals); i++) {
    check_refusal(&refusals[i]);
  }
}

static void test_missing_types_are_refused_by_name(void **state) {
  (void)state;
  static const struct refusal refusals[] = {
      {"a varchar(10)", "UNSUPPORTED_DATATYPE", "\"VARCHAR\"", 1, 3, 7},
      {"a CHAR(3)", "UNSUPPORTED_DATATYPE", "\"CHAR\"", 1, 3, 4},
      {"a INT, b DECIMAL(39,2)", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "precision 39", 1, 10,
       13},
      {"a DECIMAL(5, 6)", "_LEGACY_ERROR_TEMP_1228", "scale (6)", 1, 3, 13},
      {"a DECIMAL(0)", "UNSUPPORTED_DATATYPE", "DECIMAL(0,0)", 1, 3, 10},
      {"a DECIMAL(x)", "PARSE_SYNTAX_ERROR", "x", 1, 11, 1},
      {"a DECIMAL(5,)", "PARSE_SYNTAX_ERROR", ")", 1, 13, 1},
      {"a DECIMAL(5", "PARSE_SYNTAX_ERROR", "end of input: ')'", 1, 12, 1},
      {"a TIME", "UNSUPPORTED_DATATYPE", "\"TIME\"", 1, 3, 4},
      {"a ARRAY<CHAR>", "UNSUPPORTED_DATATYPE", "\"CHAR\"", 1, 9, 4},
      {"a STRUCT<b: MAP<STRING, CHAR>>", "UNSUPPORTED_DATATYPE", "\"CHAR\"", 1, 25, 4},
      {"a ARRAY", "PARSE_SYNTAX_ERROR", "'<'", 1, 8, 1},
      {"a MAP<INT>", "PARSE_SYNTAX_ERROR", "','", 1, 10, 1},
      {"a CHAR", "UNSUPPORTED_DATATYPE", "\"CHAR\"", 1, 3, 4},
      {"a VOID", "UNSUPPORTED_DATATYPE", "\"VOID\"", 1, 3, 4},
      {"a interval", "UNSUPPORTED_DATATYPE", "\"INTERVAL\"", 1, 3, 8},
      {"a INTERVAL SECOND TO DAY", "UNSUPPORTED_DATATYPE", "\"INTERVAL SECOND TO DAY\"", 1, 3, 22},
      {"a INTERVAL YEAR TO DAY", "UNSUPPORTED_DATATYPE", "\"INTERVAL YEAR TO DAY\"", 1, 3, 20},
      {"a STRING COLLATE UTF8_LCASE", "UNSUPPORTED_DATATYPE", "\"STRING COLLATE UTF8_LCASE\"", 1,
       18, 10},
      {"a foo", "UNSUPPORTED_DATATYPE", "\"FOO\"", 1, 3, 3},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(refusals); i++) {
    check_refusal(&refusals[i]);
  }
}

static void test_nesting_is_bounded(void **state) {
  (void)state;
  struct eagre_buffer ddl = {0};
  struct eagre_arena arena = {0};
  const struct eagre_type *type;
  struct eagre_error error;
  for (int depth = 0; depth < 64; depth++) {
    eagre_buffer_append_string(&ddl, "STRUCT<a:");
  }
  eagre_buffer_append_string(&ddl, "INT");
  for (int depth = 0; depth < 64; depth++) {
    eagre_buffer_append_char(&ddl, '>');
  }
  assert_int_equal(eagre_type_parse(&arena, eagre_buffer_text(&ddl), &type, &error), EAGRE_OK);
  eagre_buffer_clear(&ddl);
  for (int depth = 0; depth < 100000; depth++) {
    eagre_buffer_append_string(&ddl, "STRUCT<a:");
  }
  assert_int_equal(eagre_type_parse(&arena, eagre_buffer_text(&ddl), &type, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "UNSUPPORTED_DATATYPE");
  eagre_buffer_done(&ddl);
  eagre_arena_done(&arena);
}

static void test_a_single_type_is_no_list(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  const struct eagre_type *type;
  struct eagre_error error;
  assert_int_equal(eagre_type_parse(&arena, EAGRE_TEXT(" bigint "), &type, &error), EAGRE_OK);
  assert_ptr_equal(type, eagre_type_of(EAGRE_TYPE_BIGINT));
  assert_int_equal(eagre_type_parse(&arena, EAGRE_TEXT("a INT"), &type, &error), EAGRE_USAGE);
  assert_int_equal(eagre_type_parse(&arena, EAGRE_TEXT("INT NOT NULL"), &type, &error),
                   EAGRE_USAGE);
  assert_int_equal(error.column, 5);
  assert_int_equal(eagre_type_parse(&arena, (struct eagre_text){0}, &type, &error), EAGRE_USAGE);
  eagre_arena_done(&arena);
}

static void test_names_outlive_the_text(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  char ddl[] = "plain INT, `quoted` INT";
  const struct eagre_type *type;
  assert_int_equal(eagre_type_parse_columns(&arena, eagre_text_of(ddl), &type, NULL), EAGRE_OK);
  memset(ddl, 'x', sizeof ddl);
  assert_true(eagre_text_equal_string(type->fields[0].name, "plain"));
  assert_true(eagre_text_equal_string(type->fields[1].name, "quoted"));
  eagre_arena_done(&arena);
}

int run_ddl_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_column_lists_read_as_in_spark),
      cmocka_unit_test(test_colons_are_optional_everywhere),
      cmocka_unit_test(test_names_read_as_in_spark),
      cmocka_unit_test(test_comments_and_white_space_read_as_in_spark),
      cmocka_unit_test(test_decimals_have_sizes),
      cmocka_unit_test(test_lists),
      cmocka_unit_test(test_comment_literals_read_as_in_spark),
      cmocka_unit_test(test_wrong_syntax_is_placed),
      cmocka_unit_test(test_missing_types_are_refused_by_name),
      cmocka_unit_test(test_nesting_is_bounded),
      cmocka_unit_test(test_a_single_type_is_no_list),
      cmocka_unit_test(test_names_outlive_the_text),
  };
  return cmocka_run_group_tests_name("ddl", tests, NULL, NULL);
}
