/* The table of functions. */
#include <string.h>

#include "test_expression.h"

/* Lookup is a binary search. */
static void test_table_is_in_order(void **state) {
  (void)state;
  uint32_t count;
  const struct eagre_function_info *rows = eagre_function_list(&count);
  assert_true(count >= 150);
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0) assert_true(strcmp(rows[i - 1].name, rows[i].name) < 0);
    assert_true(eagre_function_exists(eagre_text_of(rows[i].name)));
    assert_int_equal(eagre_function_is_aggregate(eagre_text_of(rows[i].name)),
                     rows[i].is_aggregate);
  }
}

static void test_rows_are_documented(void **state) {
  (void)state;
  uint32_t count;
  const struct eagre_function_info *rows = eagre_function_list(&count);
  for (uint32_t i = 0; i < count; i++) {
    size_t size = strlen(rows[i].text);
    assert_true(strlen(rows[i].usage) > 0 && strlen(rows[i].group) > 0 && size > 0);
    assert_int_equal(rows[i].text[size - 1], '.');
  }
}

static void test_names_ignore_case(void **state) {
  (void)state;
  assert_true(eagre_function_exists(EAGRE_TEXT("UPPER")));
  assert_true(eagre_function_is_aggregate(EAGRE_TEXT("Sum")));
  assert_false(eagre_function_exists(EAGRE_TEXT("upp")));
  assert_false(eagre_function_exists(EAGRE_TEXT("uppers")));
  assert_false(eagre_function_exists(EAGRE_TEXT("")));
  assert_false(eagre_function_is_aggregate(EAGRE_TEXT("upper")));
}

static void check_refusal(const char *sql, const char *class_name, const char *hint) {
  struct bench bench;
  struct eagre_expression *expression;
  struct eagre_error error;
  bench_init(&bench, CASE_CONSTANT, "UTC");
  assert_int_equal(bench_bind(&bench, sql, &expression, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, class_name);
  assert_non_null(strstr(error.hint, hint));
  bench_done(&bench);
}

static void test_refusals_say_what_to_do(void **state) {
  (void)state;
  check_refusal("uper('a')", "UNRESOLVED_ROUTINE", "`upper`");
  check_refusal("rand()", "UNSUPPORTED_FEATURE.FUNCTION", "hash");
  check_refusal("shuffle('a')", "UNSUPPORTED_FEATURE.FUNCTION", "array_sort");
  check_refusal("upper()", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "upper(text)");
  check_refusal("from_json(X'7b7d', 'a INT')", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                "AS STRING");
}

int run_function_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table_is_in_order),
      cmocka_unit_test(test_rows_are_documented),
      cmocka_unit_test(test_names_ignore_case),
      cmocka_unit_test(test_refusals_say_what_to_do),
  };
  return cmocka_run_group_tests_name("functions", tests, NULL, NULL);
}
