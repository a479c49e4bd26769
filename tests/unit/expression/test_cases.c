/* Expressions from tables: cases_*.def. */
#include "test_expression.h"

#define CASE(sql, type, value) {sql, type, value, CASE_ALL},
#define CASE_IN(sql, type, value, modes) {sql, type, value, modes},
#define FAILS(sql, class_name) {sql, NULL, class_name, CASE_ALL},
#define FAILS_IN(sql, class_name, modes) {sql, NULL, class_name, modes},

#define DEFINE_TABLE(name, zone)                                                                   \
  static void test_##name(void **state) {                                                          \
    (void)state;                                                                                   \
    run_cases(name##_cases, EAGRE_COUNT_OF(name##_cases), zone);                                   \
  }

static const struct expression_case operators_cases[] = {
#include "cases_operators.def"
};
DEFINE_TABLE(operators, "UTC")

static const struct expression_case casts_cases[] = {
#include "cases_casts.def"
};
DEFINE_TABLE(casts, "UTC")

static const struct expression_case math_cases[] = {
#include "cases_math.def"
};
DEFINE_TABLE(math, "UTC")

static const struct expression_case strings_cases[] = {
#include "cases_strings.def"
};
DEFINE_TABLE(strings, "UTC")

static const struct expression_case like_cases[] = {
#include "cases_like.def"
};
DEFINE_TABLE(like, "UTC")

static const struct expression_case regex_cases[] = {
#include "cases_regex.def"
};
DEFINE_TABLE(regex, "UTC")

static const struct expression_case dates_cases[] = {
#include "cases_dates.def"
};
DEFINE_TABLE(dates, "UTC")

static const struct expression_case json_cases[] = {
#include "cases_json.def"
};
DEFINE_TABLE(json, "UTC")

static const struct expression_case more_cases[] = {
#include "cases_more.def"
};
DEFINE_TABLE(more, "UTC")

static const struct expression_case time_cases[] = {
#include "cases_time.def"
};
DEFINE_TABLE(time, "UTC")

static const struct expression_case clock_cases[] = {
#include "cases_clock.def"
};
DEFINE_TABLE(clock, "America/New_York")

static const struct expression_case zone_cases[] = {
#include "cases_zone.def"
};
DEFINE_TABLE(zone, "Europe/Paris")

static const struct expression_case legacy_cases[] = {
#include "cases_legacy.def"
};

static void test_legacy(void **state) {
  (void)state;
  run_legacy_cases(legacy_cases, EAGRE_COUNT_OF(legacy_cases), "UTC");
}

int run_case_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_operators), cmocka_unit_test(test_casts), cmocka_unit_test(test_math),
      cmocka_unit_test(test_strings),   cmocka_unit_test(test_like),  cmocka_unit_test(test_regex),
      cmocka_unit_test(test_dates),     cmocka_unit_test(test_json),  cmocka_unit_test(test_more),
      cmocka_unit_test(test_time),      cmocka_unit_test(test_clock), cmocka_unit_test(test_zone),
      cmocka_unit_test(test_legacy),
  };
  return cmocka_run_group_tests_name("cases", tests, NULL, NULL);
}
