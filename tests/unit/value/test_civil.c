/* The calendar. */
#include "test_value.h"

#include <time.h>

static void check_day(int64_t days, int64_t year, unsigned month, unsigned day) {
  int64_t got_year;
  unsigned got_month, got_day;
  eagre_value_civil_from_days(days, &got_year, &got_month, &got_day);
  assert_int_equal(got_year, year);
  assert_int_equal(got_month, month);
  assert_int_equal(got_day, day);
  assert_int_equal(eagre_value_days_from_civil(year, month, day), days);
}

static void test_known_days(void **state) {
  (void)state;
  check_day(0, 1970, 1, 1);
  check_day(-1, 1969, 12, 31);
  check_day(11016, 2000, 2, 29);
  check_day(11017, 2000, 3, 1);
  check_day(20454, 2026, 1, 1);
  check_day(-25509, 1900, 2, 28);
  check_day(-25508, 1900, 3, 1);
  check_day(-719162, 1, 1, 1);
  check_day(-719528, 0, 1, 1);
  check_day(-719529, -1, 12, 31);
  check_day(2932896, 9999, 12, 31);
  check_day(2932897, 10000, 1, 1);
  check_day(106751991, 294247, 1, 10);
  check_day(-106751992, -290308, 12, 21);
  check_day(INT32_MAX, 5881580, 7, 11);
  check_day(INT32_MIN, -5877641, 6, 23);
}

static void test_leap_years(void **state) {
  (void)state;
  assert_true(eagre_value_is_leap_year(2000));
  assert_false(eagre_value_is_leap_year(1900));
  assert_true(eagre_value_is_leap_year(2024));
  assert_false(eagre_value_is_leap_year(2023));
  assert_true(eagre_value_is_leap_year(0));
  assert_true(eagre_value_is_leap_year(-4));
  assert_false(eagre_value_is_leap_year(-100));
  assert_int_equal(eagre_value_month_length(2024, 2), 29);
  assert_int_equal(eagre_value_month_length(2023, 2), 28);
  assert_int_equal(eagre_value_month_length(2023, 4), 30);
  assert_int_equal(eagre_value_month_length(2023, 12), 31);
}

/* Day after day through 1,700 years, months and years by counting. */
static void test_every_day(void **state) {
  (void)state;
  int64_t days = eagre_value_days_from_civil(900, 1, 1);
  int64_t year = 900;
  unsigned month = 1, day = 1;
  while (year < 2600) {
    check_day(days, year, month, day);
    days++;
    if (++day <= eagre_value_month_length(year, month)) continue;
    day = 1;
    if (++month <= 12) continue;
    month = 1;
    year++;
  }
}

static void test_against_libc(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  for (int i = 0; i < 100000; i++) {
    int64_t days = (int64_t)eagre_random_below(&random, 2000000000) - 1000000000;
    time_t seconds = (time_t)days * 86400;
    struct tm parts;
    assert_non_null(gmtime_r(&seconds, &parts));
    check_day(days, (int64_t)parts.tm_year + 1900, (unsigned)parts.tm_mon + 1,
              (unsigned)parts.tm_mday);
  }
}

int run_civil_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_days),
      cmocka_unit_test(test_leap_years),
      cmocka_unit_test(test_every_day),
      cmocka_unit_test(test_against_libc),
  };
  return cmocka_run_group_tests_name("civil", tests, NULL, NULL);
}
