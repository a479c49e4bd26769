/* Limits: nesting, height of trees, size of the text. Whatever is accepted can be walked by
 * recursion. */
#include "test_sql.h"

#include "sql/sql_parser.h"

/* before, `count` times `open`, middle, `count` times `close`, behind */
static void make_nested(struct eagre_buffer *out, const char *before, const char *open,
                        const char *middle, const char *close, uint32_t count) {
  eagre_buffer_append_string(out, before);
  for (uint32_t i = 0; i < count; i++) {
    eagre_buffer_append_string(out, open);
  }
  eagre_buffer_append_string(out, middle);
  for (uint32_t i = 0; i < count; i++) {
    eagre_buffer_append_string(out, close);
  }
}

static enum eagre_status parse(struct eagre_buffer *source, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  struct eagre_sql_statement *statement = NULL;
  eagre_error_init(error);
  enum eagre_status status =
      eagre_sql_parse(&arena, eagre_buffer_text(source), NULL, 0, &statement, error);
  eagre_arena_done(&arena);
  return status;
}

static void check_nested(const char *before, const char *open, const char *middle,
                         const char *close, uint32_t count, bool is_accepted) {
  struct eagre_buffer source = {0};
  struct eagre_error error;
  make_nested(&source, before, open, middle, close, count);
  enum eagre_status status = parse(&source, &error);
  if (is_accepted) {
    if (status != EAGRE_OK) fail_msg("%u times '%s': %s", count, open, error.text);
  } else {
    assert_int_equal(status, EAGRE_USAGE);
    assert_string_equal(error.class_name, "PARSE_TOO_DEEP");
    assert_int_equal(error.line, 1);
    assert_true(error.column > 1 && error.column <= source.size);
  }
  eagre_buffer_done(&source);
}

static void test_nesting(void **state) {
  (void)state;
  static const struct {
    const char *before;
    const char *open;
    const char *middle;
    const char *close;
  } rows[] = {
      {"SELECT ", "(", "1", ")"},
      {"SELECT ", "f(", "1", ")"},
      {"SELECT ", "-(", "1", ")"},
      {"SELECT ", "- ", "a", ""},
      {"SELECT ", "~", "a", ""},
      {"SELECT ", "NOT ", "a", ""},
      {"SELECT ", "!", "a", ""},
      {"SELECT ", "CASE WHEN a THEN ", "1", " END"},
      {"SELECT ", "CAST(", "1", " AS INT)"},
      {"SELECT ", "a[", "1", "]"},
      {"SELECT ", "x -> ", "1", ""},
      {"SELECT ", "a IN (", "1", ")"},
      {"SELECT ", "(SELECT ", "1", ")"},
      {"SELECT ", "trim(both from ", "a", ")"},
      {"SELECT ", "substring(", "a", ", 1)"},
      {"SELECT * FROM ", "(SELECT * FROM ", "t", ")"},
      {"SELECT * FROM ", "(", "t", ")"},
      {"", "(", "SELECT 1", ")"},
      {"", "WITH a AS (", "SELECT 1", ") SELECT 1"},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    const char *before = rows[i].before;
    check_nested(before, rows[i].open, rows[i].middle, rows[i].close, 100, true);
    check_nested(before, rows[i].open, rows[i].middle, rows[i].close, 10000, false);
  }
}

static void test_parentheses(void **state) {
  (void)state;
  check_nested("SELECT ", "(", "1", ")", EAGRE_SQL_NESTING_MAX - 2, true);
  check_nested("SELECT ", "(", "1", ")", EAGRE_SQL_NESTING_MAX - 1, false);
  struct eagre_buffer source = {0};
  struct eagre_error error;
  make_nested(&source, "SELECT ", "(", "", "", 10000);
  assert_int_equal(parse(&source, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "PARSE_TOO_DEEP");
  assert_int_equal(error.column, 7 + EAGRE_SQL_NESTING_MAX);
  eagre_buffer_done(&source);
}

/* Chains take no stack to parse but a level of the tree for each link. */
static void test_chains(void **state) {
  (void)state;
  static const struct {
    const char *before;
    const char *link;
  } rows[] = {
      {"SELECT a", " + a"},
      {"SELECT f(a)", ".b"},
      {"SELECT a", "[0]"},
      {"SELECT a", "::int"},
      {"SELECT a", ":b::string"},
      {"SELECT 1", " UNION ALL SELECT 1"},
      {"SELECT * FROM t", " JOIN t"},
      {"SELECT * FROM t", ", t"},
      {"SELECT * FROM t", " LATERAL VIEW explode(a) x"},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    check_nested(rows[i].before, rows[i].link, "", "", 400, true);
    check_nested(rows[i].before, rows[i].link, "", "", 5000, false);
  }
}

/* Width costs no depth. */
static void test_wide(void **state) {
  (void)state;
  check_nested("SELECT a", " AND a", "", "", 20000, true);
  check_nested("SELECT a", " OR a", "", "", 20000, true);
  check_nested("SELECT a IN (1", ", 1", ")", "", 20000, true);
  check_nested("SELECT a", ", b c", "", "", 20000, true);
  check_nested("SELECT 1", ";SELECT 1", "", "", 20000, true);
  check_nested("VALUES (1)", ", (1)", "", "", 20000, true);
  check_nested("SELECT a", ".b", "", "", 20000, true);
  check_nested("SELECT CASE ", "WHEN a THEN b ", "END", "", 20000, true);
}

static void test_height_is_counted(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  assert_int_equal(parse_expression(&arena, "a")->height, 1);
  assert_int_equal(parse_expression(&arena, "((a))")->height, 1);
  assert_int_equal(parse_expression(&arena, "a + b * c")->height, 3);
  assert_int_equal(parse_expression(&arena, "a OR b OR c OR d OR e OR f OR g OR h")->height, 4);
  assert_int_equal(parse_expression(&arena, "f(a, g(h(b)))")->height, 4);
  assert_int_equal(parse_expression(&arena, "count(*) FILTER (WHERE a + b)")->height, 3);
  assert_int_equal(parse_expression(&arena, "a IN (SELECT b + c FROM t)")->height, 4);
  assert_int_equal(parse_statement(&arena, "SELECT 1")->query->height, 2);
  assert_int_equal(parse_statement(&arena, "SELECT 1 FROM (SELECT -a FROM t)")->query->height, 5);
  eagre_arena_done(&arena);
}

static void test_text_size(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_sql_statement *statement = NULL;
  struct eagre_error error;
  struct eagre_text huge = {"", (size_t)EAGRE_SQL_TEXT_SIZE_MAX + 1};
  assert_int_equal(eagre_sql_parse(&arena, huge, NULL, 0, &statement, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "TEXT_TOO_LONG");
  eagre_arena_done(&arena);
}

const struct CMUnitTest depth_tests[] = {
    cmocka_unit_test(test_nesting),
    cmocka_unit_test(test_parentheses),
    cmocka_unit_test(test_chains),
    cmocka_unit_test(test_wide),
    cmocka_unit_test(test_height_is_counted),
    cmocka_unit_test(test_text_size),
};
const size_t depth_test_count = EAGRE_COUNT_OF(depth_tests);
