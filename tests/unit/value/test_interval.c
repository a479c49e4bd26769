/* Intervals. What is expected was run against Spark 4.2. */
#include "test_value.h"

#include <inttypes.h>

static const int64_t second_us = 1000000;
static const int64_t day_us = INT64_C(86400000000);

static void check_interval(const char *text, int64_t months, int64_t us) {
  int64_t got_months = -77, got_us = -77;
  enum eagre_value_result result =
      eagre_value_parse_interval(eagre_text_of(text), &got_months, &got_us);
  if (result != EAGRE_VALUE_OK || got_months != months || got_us != us) {
    fail_msg("\"%s\": %d %" PRId64 " %" PRId64, text, result, got_months, got_us);
  }
}

static void test_intervals(void **state) {
  (void)state;
  check_interval("10 seconds", 0, 10 * second_us);
  check_interval("1 second", 0, second_us);
  check_interval("1 minute 30 seconds", 0, 90 * second_us);
  check_interval("2 hours", 0, 7200 * second_us);
  check_interval("1 day", 0, day_us);
  check_interval("1 week", 0, 7 * day_us);
  check_interval("2 weeks 1 day", 0, 15 * day_us);
  check_interval("interval 5 minutes", 0, 300 * second_us);
  check_interval("INTERVAL\t5 MINUTES", 0, 300 * second_us);
  check_interval("1.5 seconds", 0, 1500000);
  check_interval(".5 second", 0, 500000);
  check_interval("1. seconds", 0, second_us);
  check_interval("-1.5 seconds", 0, -1500000);
  check_interval("-. seconds", 0, 0);
  check_interval("1.123456789 seconds", 0, 1123456);
  check_interval("250 milliseconds", 0, 250000);
  check_interval("7 MICROSECONDS", 0, 7);
  check_interval("  1   day  ", 0, day_us);
  check_interval("-1 day", 0, -day_us);
  check_interval("- 1 day", 0, -day_us);
  check_interval("+ 1 day", 0, day_us);
  check_interval("1 day -2 hours", 0, day_us - 7200 * second_us);
  check_interval("1 month", 1, 0);
  check_interval("1 year 2 months 3 days", 14, 3 * day_us);
  check_interval("-1 year", -12, 0);
  check_interval("1 Second 1 sEcOnDs", 0, 2 * second_us);
  check_interval("2147483647 months", INT32_MAX, 0);
  check_interval("9223372036854775807 microseconds", 0, INT64_MAX);
  check_interval("106751991 days", 0, 106751991 * day_us);
}

/* ---- Intervals of a type --------------------------------------------------------------------- */

struct typed_case {
  const char *text;
  enum eagre_interval_unit first;
  enum eagre_interval_unit last;
  enum eagre_value_result result;
  int64_t value;
};

#define YEAR EAGRE_INTERVAL_YEAR
#define MONTH EAGRE_INTERVAL_MONTH
#define DAY EAGRE_INTERVAL_DAY
#define HOUR EAGRE_INTERVAL_HOUR
#define MINUTE EAGRE_INTERVAL_MINUTE
#define SECOND EAGRE_INTERVAL_SECOND

static void test_typed_texts(void **state) {
  (void)state;
  static const struct typed_case cases[] = {
      {"1-2", YEAR, MONTH, EAGRE_VALUE_OK, 14},
      {"-1-2", YEAR, MONTH, EAGRE_VALUE_OK, -14},
      {"INTERVAL '1-2' YEAR TO MONTH", YEAR, MONTH, EAGRE_VALUE_OK, 14},
      {"interval -'-1-2' year  to month", YEAR, MONTH, EAGRE_VALUE_OK, 14},
      {"INTERVAL '1-2' YEAR", YEAR, MONTH, EAGRE_VALUE_INVALID, 0},
      {"INTERVAL '1-2' YEAR TO MONTHS", YEAR, MONTH, EAGRE_VALUE_INVALID, 0},
      {"INTERVAL '1-2 YEAR TO MONTH", YEAR, MONTH, EAGRE_VALUE_INVALID, 0},
      {"1-12", YEAR, MONTH, EAGRE_VALUE_OVERFLOW, 0},
      {"178956970-7", YEAR, MONTH, EAGRE_VALUE_OK, INT32_MAX},
      {"178956970-8", YEAR, MONTH, EAGRE_VALUE_OVERFLOW, 0},
      {"-178956970-8", YEAR, MONTH, EAGRE_VALUE_OK, INT32_MIN},
      {"7", MONTH, MONTH, EAGRE_VALUE_OK, 7},
      {" 5 ", DAY, DAY, EAGRE_VALUE_OK, 5 * 86400 * INT64_C(1000000)},
      {"26:03", HOUR, MINUTE, EAGRE_VALUE_OK, (26 * 60 + 3) * INT64_C(60000000)},
      {"26:3", HOUR, MINUTE, EAGRE_VALUE_OK, (26 * 60 + 3) * INT64_C(60000000)},
      {"26:60", HOUR, MINUTE, EAGRE_VALUE_OVERFLOW, 0},
      {"1 24:00:00", DAY, SECOND, EAGRE_VALUE_OVERFLOW, 0},
      {"61.000001", SECOND, SECOND, EAGRE_VALUE_OK, 61000001},
      {"1.123456789", SECOND, SECOND, EAGRE_VALUE_OK, 1123456},
      {"1.1234567891", SECOND, SECOND, EAGRE_VALUE_INVALID, 0},
      {"1.", SECOND, SECOND, EAGRE_VALUE_INVALID, 0},
      {"106751991 04:00:54.775807", DAY, SECOND, EAGRE_VALUE_OK, INT64_MAX},
      {"106751991 04:00:54.775808", DAY, SECOND, EAGRE_VALUE_OVERFLOW, 0},
      {"-106751991 04:00:54.775808", DAY, SECOND, EAGRE_VALUE_OK, INT64_MIN},
      {"999999999", DAY, DAY, EAGRE_VALUE_OVERFLOW, 0},
      {"1234567890", DAY, DAY, EAGRE_VALUE_INVALID, 0},
      {"", DAY, DAY, EAGRE_VALUE_INVALID, 0},
      {"x", DAY, DAY, EAGRE_VALUE_INVALID, 0},
      {"5 x", DAY, DAY, EAGRE_VALUE_INVALID, 0},
      {"INTERVAL '", DAY, DAY, EAGRE_VALUE_INVALID, 0},
      {"INTERVAL '5", DAY, DAY, EAGRE_VALUE_INVALID, 0},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    int64_t value = -77;
    enum eagre_value_result result = eagre_value_parse_interval_as(
        eagre_text_of(cases[i].text), eagre_type_interval(cases[i].first, cases[i].last), &value);
    int64_t want = cases[i].result == EAGRE_VALUE_OK ? cases[i].value : -77;
    if (result != cases[i].result || value != want) {
      fail_msg("\"%s\": %d %" PRId64, cases[i].text, result, value);
    }
  }
}

static void check_typed(int64_t value, enum eagre_interval_unit first,
                        enum eagre_interval_unit last, const char *want) {
  struct eagre_buffer buffer = {0};
  eagre_value_print_interval_as(value, eagre_type_interval(first, last), &buffer);
  assert_string_equal(eagre_buffer_string(&buffer), want);
  eagre_buffer_done(&buffer);
}

static void test_typed_printing(void **state) {
  (void)state;
  check_typed(14, YEAR, MONTH, "INTERVAL '1-2' YEAR TO MONTH");
  check_typed(-14, YEAR, MONTH, "INTERVAL '-1-2' YEAR TO MONTH");
  check_typed(INT32_MIN, YEAR, MONTH, "INTERVAL '-178956970-8' YEAR TO MONTH");
  check_typed(14, MONTH, MONTH, "INTERVAL '14' MONTH");
  check_typed(24, YEAR, YEAR, "INTERVAL '2' YEAR");
  check_typed(3 * day_us, DAY, DAY, "INTERVAL '3' DAY");
  check_typed(3600 * second_us, HOUR, HOUR, "INTERVAL '01' HOUR");
  check_typed(100 * 3600 * second_us, HOUR, MINUTE, "INTERVAL '100:00' HOUR TO MINUTE");
  check_typed(day_us + 500000, DAY, SECOND, "INTERVAL '1 00:00:00.5' DAY TO SECOND");
  check_typed(-1, SECOND, SECOND, "INTERVAL '-00.000001' SECOND");
  check_typed(INT64_MIN, DAY, SECOND, "INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND");
}

static void test_refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum eagre_value_result result;
  } cases[] = {
      {"", EAGRE_VALUE_INVALID},
      {" ", EAGRE_VALUE_INVALID},
      {"interval", EAGRE_VALUE_INVALID},
      {"interval ", EAGRE_VALUE_INVALID},
      {"intervals 1 day", EAGRE_VALUE_INVALID},
      {"interval interval 1 day", EAGRE_VALUE_INVALID},
      {"1", EAGRE_VALUE_INVALID},
      {"day", EAGRE_VALUE_INVALID},
      {"1day", EAGRE_VALUE_INVALID},
      {"1 dayss", EAGRE_VALUE_INVALID},
      {"1 days2 hours", EAGRE_VALUE_INVALID},
      {"1 d", EAGRE_VALUE_INVALID},
      {"1 nanosecond", EAGRE_VALUE_INVALID},
      {"1.5 days", EAGRE_VALUE_INVALID},
      {"1. days", EAGRE_VALUE_INVALID},
      {"1.5 milliseconds", EAGRE_VALUE_INVALID},
      {". seconds", EAGRE_VALUE_INVALID},
      {"1.1234567890 seconds", EAGRE_VALUE_INVALID},
      {"1e3 seconds", EAGRE_VALUE_INVALID},
      {"1,5 seconds", EAGRE_VALUE_INVALID},
      {"--1 day", EAGRE_VALUE_INVALID},
      {"-", EAGRE_VALUE_INVALID},
      {"1 day,", EAGRE_VALUE_INVALID},
      {"9223372036854775808 microseconds", EAGRE_VALUE_OVERFLOW},
      {"106751992 days", EAGRE_VALUE_OVERFLOW},
      {"2147483648 months", EAGRE_VALUE_OVERFLOW},
      {"9223372036854775807 microseconds 1 microsecond", EAGRE_VALUE_OVERFLOW},
      {"9223372036854775807 years", EAGRE_VALUE_OVERFLOW},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    int64_t months = -77, us = -77;
    enum eagre_value_result result =
        eagre_value_parse_interval(eagre_text_of(cases[i].text), &months, &us);
    if (result != cases[i].result || months != -77 || us != -77) {
      fail_msg("\"%s\": %d, want %d", cases[i].text, result, cases[i].result);
    }
  }
}

static void check_printed(int64_t us, const char *want) {
  struct eagre_buffer out = {0};
  eagre_value_print_interval(us, &out);
  assert_text(out.data, out.size, want);
  eagre_buffer_done(&out);
}

static void test_printed(void **state) {
  (void)state;
  check_printed(0, "INTERVAL '0 00:00:00' DAY TO SECOND");
  check_printed(10 * second_us, "INTERVAL '0 00:00:10' DAY TO SECOND");
  check_printed(INT64_C(93784000000), "INTERVAL '1 02:03:04' DAY TO SECOND");
  check_printed(-INT64_C(93784000000), "INTERVAL '-1 02:03:04' DAY TO SECOND");
  check_printed(1, "INTERVAL '0 00:00:00.000001' DAY TO SECOND");
  check_printed(500000, "INTERVAL '0 00:00:00.5' DAY TO SECOND");
  check_printed(-1, "INTERVAL '-0 00:00:00.000001' DAY TO SECOND");
  check_printed(INT64_MIN, "INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND");
  check_printed(INT64_MAX, "INTERVAL '106751991 04:00:54.775807' DAY TO SECOND");
}

int run_interval_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_intervals),      cmocka_unit_test(test_typed_texts),
      cmocka_unit_test(test_typed_printing), cmocka_unit_test(test_refused),
      cmocka_unit_test(test_printed),
  };
  return cmocka_run_group_tests_name("interval", tests, NULL, NULL);
}
