/* The line an error points at, and the carets under it. */
#include "test_sql.h"

static void check_caret(const char *source, uint32_t line, uint32_t column, uint32_t length,
                        const char *expected) {
  struct eagre_buffer out = {0};
  struct eagre_error error;
  eagre_error_init(&error);
  error.line = line;
  error.column = column;
  error.length = length;
  eagre_sql_caret(eagre_text_of(source), &error, &out);
  eagre_buffer_append_char(&out, 0);
  assert_string_equal(out.data, expected);
  eagre_buffer_done(&out);
}

static void test_lines(void **state) {
  (void)state;
  check_caret("SELEC a", 1, 1, 5, "1 | SELEC a\n  | ^^^^^\n");
  check_caret("SELECT\n  a b c\nFROM t", 2, 7, 1, "2 |   a b c\n  |       ^\n");
  check_caret("a\r\nb c\r\n", 2, 3, 1, "2 | b c\n  |   ^\n");
  check_caret("a\nb", 2, 2, 1, "2 | b\n  |  ^\n");
  check_caret("a", 1, 2, 3, "1 | a\n  |  ^\n");
  check_caret("", 1, 1, 1, "1 | \n  | ^\n");
  check_caret("\n\n\n\n\n\n\n\n\nx y", 10, 3, 1, "10 | x y\n   |   ^\n");
}

static void test_length_stops_at_line_end(void **state) {
  (void)state;
  check_caret("SELECT 'a\nb'", 1, 8, 30, "1 | SELECT 'a\n  |        ^^\n");
  check_caret("ab", 1, 1, 0, "1 | ab\n  | ^\n");
}

/* Tabs stay tabs, so that both lines move alike; wide characters take two columns. */
static void test_widths(void **state) {
  (void)state;
  check_caret("\ta\tb c", 1, 4, 1, "1 | \ta\tb c\n  | \t \t^\n");
  check_caret("'\xc3\xa4' x", 1, 5, 1, "1 | '\xc3\xa4' x\n  |     ^\n");
  check_caret("'\xe6\x97\xa5\xe6\x9c\xac' x", 1, 6, 1,
              "1 | '\xe6\x97\xa5\xe6\x9c\xac' x\n  |        ^\n");
  check_caret("\xe6\x97\xa5\xe6\x9c\xac x", 1, 1, 2, "1 | \xe6\x97\xa5\xe6\x9c\xac x\n  | ^^^^\n");
  check_caret("e\xcc\x81 x", 1, 4, 1, "1 | e\xcc\x81 x\n  |   ^\n");
  check_caret("\xf0\x9f\x98\x80 x", 1, 3, 1, "1 | \xf0\x9f\x98\x80 x\n  |    ^\n");
}

static void test_control_characters_are_hidden(void **state) {
  (void)state;
  check_caret("a\x1b[31m b", 1, 8, 1, "1 | a?[31m b\n  |        ^\n");
}

static void test_secrets_are_stars(void **state) {
  (void)state;
  check_caret("f(`kafka.sasl.jaas.config` => 'a \"b\"', c => 'd')", 1, 1, 1,
              "1 | f(`kafka.sasl.jaas.config` => '*****', c => 'd')\n  | ^\n");
  check_caret("('kafka.ssl.key.password'='p\xc3\xa4\\'q', 'b' = 'c')", 1, 36, 3,
              "1 | ('kafka.ssl.key.password'='*****', 'b' = 'c')\n"
              "  |                                    ^^^\n");
  check_caret("(kafka.sasl.password = \"open", 1, 2, 5,
              "1 | (kafka.sasl.password = \"****\n  |  ^^^^^\n");
  check_caret("SELECT 'password' = 'x'", 1, 1, 6, "1 | SELECT 'password' = '*'\n  | ^^^^^^\n");
}

static void test_no_position(void **state) {
  (void)state;
  check_caret("a", 0, 0, 0, "");
  check_caret("a", 3, 1, 1, "");
}

/* Of a line of 100,000 bytes only the surroundings of the place are shown. */
static void test_long_line(void **state) {
  (void)state;
  struct eagre_buffer source = {0}, out = {0};
  for (int i = 0; i < 50000; i++) {
    eagre_buffer_append_string(&source, "\xc3\xa4,");
  }
  struct eagre_error error;
  eagre_error_init(&error);
  error.line = 1;
  error.column = 60001;
  error.length = 1;
  eagre_sql_caret(eagre_buffer_text(&source), &error, &out);
  assert_in_range(out.size, 300, 1000);
  eagre_buffer_append_char(&out, 0);
  const char *second = strchr(out.data, '\n');
  assert_non_null(second);
  assert_non_null(strchr(second, '^'));
  eagre_buffer_done(&source);
  eagre_buffer_done(&out);
}

const struct CMUnitTest caret_tests[] = {
    cmocka_unit_test(test_lines),
    cmocka_unit_test(test_length_stops_at_line_end),
    cmocka_unit_test(test_widths),
    cmocka_unit_test(test_control_characters_are_hidden),
    cmocka_unit_test(test_secrets_are_stars),
    cmocka_unit_test(test_no_position),
    cmocka_unit_test(test_long_line),
};
const size_t caret_test_count = EAGRE_COUNT_OF(caret_tests);
