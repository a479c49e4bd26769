/* INTERVAL in all its spellings, printed as Spark 4.2 prints it; the values behind the text. */
#include "test_sql.h"

static const struct tree_row intervals[] = {
    {"INTERVAL 10 MINUTES", "{INTERVAL '10' MINUTE}"},
    {"INTERVAL '10' MINUTES", "{INTERVAL '10' MINUTE}"},
    {"INTERVAL '10 minutes'", "{INTERVAL '10' MINUTE}"},
    {"INTERVAL 1 DAY 2 HOURS", "{INTERVAL '1 02' DAY TO HOUR}"},
    {"INTERVAL '0 00:00:10' DAY TO SECOND", "{INTERVAL '0 00:00:10' DAY TO SECOND}"},
    {"INTERVAL '1-2' YEAR TO MONTH", "{INTERVAL '1-2' YEAR TO MONTH}"},
    {"INTERVAL 90 SECONDS", "{INTERVAL '90' SECOND}"},
    {"INTERVAL 1.5 SECONDS", "{INTERVAL '01.5' SECOND}"},
    {"INTERVAL 2 WEEKS", "{INTERVAL '14' DAY}"},
    {"INTERVAL 5 MILLISECONDS", "{INTERVAL '00.005' SECOND}"},
    {"INTERVAL '10:20' HOUR TO MINUTE", "{INTERVAL '10:20' HOUR TO MINUTE}"},
    {"INTERVAL -3 DAYS", "{INTERVAL '-3' DAY}"},
    {"INTERVAL 1 MONTH", "{INTERVAL '1' MONTH}"},
    {"INTERVAL 1 YEAR 3 MONTHS", "{INTERVAL '1-3' YEAR TO MONTH}"},
    {"- INTERVAL 1 DAY", "(negative {INTERVAL '1' DAY})"},
    {"INTERVAL 100 HOURS", "{INTERVAL '100' HOUR}"},
    {"INTERVAL '1 day 2 hours'", "{INTERVAL '1 02' DAY TO HOUR}"},
    {"INTERVAL '1 year 2 month'", "{INTERVAL '1-2' YEAR TO MONTH}"},
    {"window(ts, INTERVAL 10 MINUTES)", "window(ts, {INTERVAL '10' MINUTE})"},
    {"ts - INTERVAL 1 DAY", "(- ts {INTERVAL '1' DAY})"},
    {"ts + INTERVAL '10' MINUTES", "(+ ts {INTERVAL '10' MINUTE})"},
    {"INTERVAL 5 SECONDS", "{INTERVAL '05' SECOND}"},
    {"INTERVAL 1 HOUR", "{INTERVAL '01' HOUR}"},
    {"INTERVAL '25:00' HOUR TO MINUTE", "{INTERVAL '25:00' HOUR TO MINUTE}"},
    {"INTERVAL -'1-2' YEAR TO MONTH", "{INTERVAL '-1-2' YEAR TO MONTH}"},
    {"INTERVAL '-1-2' YEAR TO MONTH", "{INTERVAL '-1-2' YEAR TO MONTH}"},
    {"INTERVAL '-1' DAY '2' HOUR", "{INTERVAL '-0 22' DAY TO HOUR}"},
    {"INTERVAL '1 2:3:4.123456789' DAY TO SECOND", "{INTERVAL '1 02:03:04.123456' DAY TO SECOND}"},
    {"INTERVAL '100 millisecond'", "{INTERVAL '00.1' SECOND}"},
    {"INTERVAL 1 WEEK 1 DAY 5 MICROSECONDS", "{INTERVAL '8 00:00:00.000005' DAY TO SECOND}"},
    {"INTERVAL 0 DAYS", "{INTERVAL '0' DAY}"},
    {"INTERVAL '3:4.5' MINUTE TO SECOND", "{INTERVAL '03:04.5' MINUTE TO SECOND}"},
    {"INTERVAL '1 2' DAY TO HOUR", "{INTERVAL '1 02' DAY TO HOUR}"},
    {"INTERVAL '1 2:3' DAY TO MINUTE", "{INTERVAL '1 02:03' DAY TO MINUTE}"},
    {"INTERVAL '2:3:4' HOUR TO SECOND", "{INTERVAL '02:03:04' HOUR TO SECOND}"},
    {"INTERVAL - 1 DAY + 2 HOURS", "{INTERVAL '-0 22' DAY TO HOUR}"},
    {"INTERVAL '+5' MINUTE", "{INTERVAL '05' MINUTE}"},
    {"INTERVAL -'-5' MINUTE", "{INTERVAL '05' MINUTE}"},
    {"interval '1' day '2' hours 3 minutes 4.5 second", "{INTERVAL '1 02:03:04.5' DAY TO SECOND}"},
    {"INTERVAL 'interval 1 day'", "{INTERVAL '1' DAY}"},
    {"INTERVAL '-1 day -2 hours'", "{INTERVAL '-1 02' DAY TO HOUR}"},
    {"INTERVAL ' 10 ' SECONDS", "{INTERVAL '10' SECOND}"},
    {"INTERVAL 2147483647 MONTHS", "{INTERVAL '2147483647' MONTH}"},
    {"INTERVAL 106751991 DAYS", "{INTERVAL '106751991' DAY}"},
    {"interval 1 year - interval '1' month", "(- {INTERVAL '1' YEAR} {INTERVAL '1' MONTH})"},
};

static void test_spellings(void **state) {
  (void)state;
  CHECK_EXPRESSIONS(intervals);
}

static void check_value(const char *source, int64_t months, int64_t microseconds,
                        enum eagre_type_kind kind) {
  struct eagre_arena arena = {0};
  const struct eagre_sql_expression *interval = parse_expression(&arena, source);
  assert_int_equal(interval->kind, EAGRE_SQL_LITERAL);
  assert_int_equal(interval->literal, EAGRE_SQL_LITERAL_INTERVAL);
  assert_int_equal(interval->months, months);
  assert_int_equal(interval->microseconds, microseconds);
  assert_int_equal(interval->type_kind, kind);
  eagre_arena_done(&arena);
}

static void test_values(void **state) {
  (void)state;
  check_value("INTERVAL 10 MINUTES", 0, 600000000, EAGRE_TYPE_INTERVAL_DAY);
  check_value("INTERVAL '1 02:03:04.5' DAY TO SECOND", 0, 93784500000, EAGRE_TYPE_INTERVAL_DAY);
  check_value("INTERVAL -'0 00:00:00.000001' DAY TO SECOND", 0, -1, EAGRE_TYPE_INTERVAL_DAY);
  check_value("INTERVAL '2 weeks -1 day 5 microseconds'", 0, 1123200000005,
              EAGRE_TYPE_INTERVAL_DAY);
  check_value("INTERVAL '1-2' YEAR TO MONTH", 14, 0, EAGRE_TYPE_INTERVAL_YEAR);
  check_value("INTERVAL -3 YEARS 1 MONTH", -35, 0, EAGRE_TYPE_INTERVAL_YEAR);
  check_value("INTERVAL 1.123456789 SECONDS", 0, 1123456, EAGRE_TYPE_INTERVAL_DAY);
}

const struct CMUnitTest interval_tests[] = {
    cmocka_unit_test(test_spellings),
    cmocka_unit_test(test_values),
};
const size_t interval_test_count = EAGRE_COUNT_OF(interval_tests);
