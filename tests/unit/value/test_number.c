/* Integers and booleans. */
#include "test_value.h"

#include <inttypes.h>
#include <stdio.h>

struct integer_case {
  const char *text;
  enum eagre_value_result result;
  int64_t value;
};

static void check_integers(const struct integer_case *cases, size_t count,
                           enum eagre_value_result (*parse)(struct eagre_text, int64_t *)) {
  for (size_t i = 0; i < count; i++) {
    int64_t value = -77;
    enum eagre_value_result result = parse(eagre_text_of(cases[i].text), &value);
    int64_t want = cases[i].result == EAGRE_VALUE_OK ? cases[i].value : -77;
    if (result != cases[i].result || value != want) {
      fail_msg("\"%s\": %d %" PRId64 ", want %d %" PRId64, cases[i].text, result, value,
               cases[i].result, want);
    }
  }
}

static void test_integers(void **state) {
  (void)state;
  static const struct integer_case cases[] = {
      {"0", EAGRE_VALUE_OK, 0},
      {"-0", EAGRE_VALUE_OK, 0},
      {"+5", EAGRE_VALUE_OK, 5},
      {"007", EAGRE_VALUE_OK, 7},
      {" \t\n42\x1f\x7f", EAGRE_VALUE_OK, 42},
      {"12345678", EAGRE_VALUE_OK, 12345678},
      {"123456789", EAGRE_VALUE_OK, 123456789},
      {"-1234567890123456", EAGRE_VALUE_OK, -1234567890123456},
      {"999999999999999999", EAGRE_VALUE_OK, 999999999999999999},
      {"9223372036854775807", EAGRE_VALUE_OK, INT64_MAX},
      {"-9223372036854775808", EAGRE_VALUE_OK, INT64_MIN},
      {"00000000000000000000000000012", EAGRE_VALUE_OK, 12},
      {"9223372036854775808", EAGRE_VALUE_OVERFLOW, 0},
      {"-9223372036854775809", EAGRE_VALUE_OVERFLOW, 0},
      {"18446744073709551617", EAGRE_VALUE_OVERFLOW, 0},
      {"99999999999999999999999", EAGRE_VALUE_OVERFLOW, 0},
      {"9223372036854775808x", EAGRE_VALUE_INVALID, 0},
      {"", EAGRE_VALUE_INVALID, 0},
      {"  ", EAGRE_VALUE_INVALID, 0},
      {"-", EAGRE_VALUE_INVALID, 0},
      {"+", EAGRE_VALUE_INVALID, 0},
      {"+-1", EAGRE_VALUE_INVALID, 0},
      {"- 1", EAGRE_VALUE_INVALID, 0},
      {"1 2", EAGRE_VALUE_INVALID, 0},
      {"1.5", EAGRE_VALUE_INVALID, 0},
      {"1e3", EAGRE_VALUE_INVALID, 0},
      {"0x10", EAGRE_VALUE_INVALID, 0},
      {"1234567a", EAGRE_VALUE_INVALID, 0},
      {"12345678a", EAGRE_VALUE_INVALID, 0},
      {"1_000", EAGRE_VALUE_INVALID, 0},
      {"\xd9\xa1", EAGRE_VALUE_INVALID, 0}, /* an Arabic one */
  };
  check_integers(cases, EAGRE_COUNT_OF(cases), eagre_value_parse_integer);
}

/* Run against Spark 4.2's UTF8String.toLong. */
static void test_truncated_integers(void **state) {
  (void)state;
  static const struct integer_case cases[] = {
      {"15", EAGRE_VALUE_OK, 15},
      {"1.5", EAGRE_VALUE_OK, 1},
      {"-1.9", EAGRE_VALUE_OK, -1},
      {".5", EAGRE_VALUE_OK, 0},
      {"-.5", EAGRE_VALUE_OK, 0},
      {"5.", EAGRE_VALUE_OK, 5},
      {".", EAGRE_VALUE_OK, 0},
      {"-.", EAGRE_VALUE_OK, 0},
      {" 1.5\x7f", EAGRE_VALUE_OK, 1},
      {"-9223372036854775808.9", EAGRE_VALUE_OK, INT64_MIN},
      {"9223372036854775808.5", EAGRE_VALUE_OVERFLOW, 0},
      {"1.5e1", EAGRE_VALUE_INVALID, 0},
      {"1.x", EAGRE_VALUE_INVALID, 0},
      {"1. 5", EAGRE_VALUE_INVALID, 0},
      {"1.2.3", EAGRE_VALUE_INVALID, 0},
      {"", EAGRE_VALUE_INVALID, 0},
      {"-", EAGRE_VALUE_INVALID, 0},
  };
  check_integers(cases, EAGRE_COUNT_OF(cases), eagre_value_parse_integer_truncated);
}

static void test_empty_text_without_data(void **state) {
  (void)state;
  struct eagre_text empty = {NULL, 0};
  int64_t integer;
  double number;
  float short_number;
  bool boolean;
  int32_t days;
  assert_int_equal(eagre_value_parse_integer(empty, &integer), EAGRE_VALUE_INVALID);
  assert_int_equal(eagre_value_parse_integer_truncated(empty, &integer), EAGRE_VALUE_INVALID);
  assert_int_equal(eagre_value_parse_double(empty, &number), EAGRE_VALUE_INVALID);
  assert_int_equal(eagre_value_parse_float(empty, &short_number), EAGRE_VALUE_INVALID);
  assert_int_equal(eagre_value_parse_boolean(empty, &boolean), EAGRE_VALUE_INVALID);
  assert_int_equal(eagre_value_parse_date(empty, &days), EAGRE_VALUE_INVALID);
  assert_int_equal(eagre_value_parse_json_date(empty, &days), EAGRE_VALUE_INVALID);
}

static void test_booleans(void **state) {
  (void)state;
  static const char *const yes[] = {"t", "true", "y", "yes", "1", "TRUE", "tRuE", " yes\n", "T"};
  static const char *const no[] = {"f", "false", "n", "no", "0", "FALSE", "No", "\t0 ", "F"};
  static const char *const neither[] = {"", "tr", "truee", "2", "on", "off", "01", "t rue", "-1"};
  bool value;
  for (size_t i = 0; i < EAGRE_COUNT_OF(yes); i++) {
    value = false;
    assert_int_equal(eagre_value_parse_boolean(eagre_text_of(yes[i]), &value), EAGRE_VALUE_OK);
    assert_true(value);
    value = true;
    assert_int_equal(eagre_value_parse_boolean(eagre_text_of(no[i]), &value), EAGRE_VALUE_OK);
    assert_false(value);
    assert_int_equal(eagre_value_parse_boolean(eagre_text_of(neither[i]), &value),
                     EAGRE_VALUE_INVALID);
  }
}

static void check_printed(int64_t value) {
  char want[32], got[32];
  snprintf(want, sizeof want, "%" PRId64, value);
  size_t size = eagre_value_print_integer(value, got);
  assert_text(got, size, want);
  int64_t back;
  assert_int_equal(eagre_value_parse_integer(eagre_text_make(got, size), &back), EAGRE_VALUE_OK);
  assert_int_equal(back, value);
}

static void test_printed_integers(void **state) {
  (void)state;
  check_printed(0);
  check_printed(INT64_MIN);
  check_printed(INT64_MAX);
  for (int64_t power = 1; power <= INT64_MAX / 10; power *= 10) {
    for (int64_t near = -1; near <= 1; near++) {
      check_printed(power + near);
      check_printed(-power + near);
    }
  }
}

static void test_random_integers(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  for (int i = 0; i < 200000; i++) {
    int64_t value = (int64_t)eagre_random_next(&random) >> eagre_random_below(&random, 64);
    check_printed(value);
  }
}

int run_number_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_truncated_integers),
      cmocka_unit_test(test_empty_text_without_data),
      cmocka_unit_test(test_booleans),
      cmocka_unit_test(test_printed_integers),
      cmocka_unit_test(test_random_integers),
  };
  return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
