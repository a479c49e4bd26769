/* Text -> TIMESTAMP and DATE. What is expected was run against Spark 4.2. */
#include "test_value.h"

#include <inttypes.h>
#include <stdio.h>

static const int64_t now_us = INT64_C(1767225600000000); /* 2026-01-01T00:00:00Z */

static int64_t parse_with(const struct eagre_zone *zone, const char *text,
                          enum eagre_value_result *out_result) {
  int64_t us = -77;
  *out_result = eagre_value_parse_timestamp(eagre_text_of(text), zone, now_us, &us);
  return us;
}

static void check_timestamp(const struct eagre_zone *zone, const char *text, int64_t want) {
  enum eagre_value_result result;
  int64_t us = parse_with(zone, text, &result);
  if (result != EAGRE_VALUE_OK || us != want) {
    fail_msg("\"%s\": %d %" PRId64 ", want %" PRId64, text, result, us, want);
  }
}

static void check_refused(const struct eagre_zone *zone, const char *text,
                          enum eagre_value_result want) {
  enum eagre_value_result result;
  int64_t us = parse_with(zone, text, &result);
  if (result != want || us != -77) fail_msg("\"%s\": %d, want %d", text, result, want);
}

static void test_iso(void **state) {
  (void)state;
  struct eagre_zone *zone = open_zone("UTC");
  check_timestamp(zone, "2026-01-01T00:00:00Z", now_us);
  check_timestamp(zone, "2026-01-01 00:00:00Z", now_us);
  check_timestamp(zone, "2026-01-01T00:00:00", now_us);
  check_timestamp(zone, "2026-01-01 00:00:00", now_us);
  check_timestamp(zone, "2026-01-01T00:00:00.5Z", now_us + 500000);
  check_timestamp(zone, "2026-01-01T00:00:00.123", now_us + 123000);
  check_timestamp(zone, "2026-01-01T00:00:00.123456Z", now_us + 123456);
  check_timestamp(zone, "2026-01-01T00:00:00.123456789Z", now_us + 123456);
  check_timestamp(zone, "2026-01-01T00:00:00.000001", now_us + 1);
  check_timestamp(zone, "2026-01-01T00:00:00.", now_us);
  check_timestamp(zone, "2026-01-01T00:00:00.Z", now_us);
  check_timestamp(zone, "2024-02-29 23:59:59.999999", wall_us(2024, 2, 29, 23, 59, 59.999999));
  check_timestamp(zone, "0000-01-01T00:00:00", INT64_C(-62167219200000000));
  check_timestamp(zone, "0000-02-29T00:00:00", INT64_C(-62162121600000000));
  check_timestamp(zone, "9999-12-31T23:59:59Z", INT64_C(253402300799000000));
  check_timestamp(zone, "1969-12-31T23:59:59.999999Z", -1);
  eagre_zone_close(zone);
}

static void test_shorter_and_longer_forms(void **state) {
  (void)state;
  struct eagre_zone *zone = open_zone("UTC");
  check_timestamp(zone, "2020", wall_us(2020, 1, 1, 0, 0, 0));
  check_timestamp(zone, "2020-3", wall_us(2020, 3, 1, 0, 0, 0));
  check_timestamp(zone, "2020-03-4", wall_us(2020, 3, 4, 0, 0, 0));
  check_timestamp(zone, "2020-03-04 5", wall_us(2020, 3, 4, 5, 0, 0));
  check_timestamp(zone, "2020-03-04T12", wall_us(2020, 3, 4, 12, 0, 0));
  check_timestamp(zone, "2020-03-04 5:6", wall_us(2020, 3, 4, 5, 6, 0));
  check_timestamp(zone, "2020-3-4 5:6:7.8", wall_us(2020, 3, 4, 5, 6, 7.8));
  check_timestamp(zone, "+2020-03-04", wall_us(2020, 3, 4, 0, 0, 0));
  check_timestamp(zone, "-0001-01-01", INT64_C(-62198755200000000));
  check_timestamp(zone, "-0000-01-01", INT64_C(-62167219200000000));
  check_timestamp(zone, "12345-06-07", INT64_C(327416947200000000));
  check_timestamp(zone, "\t 2020-03-04 05:06:07 \n\x1f\x7f", wall_us(2020, 3, 4, 5, 6, 7));
  check_timestamp(zone, "2020-03-04 05:06:07.8 ", wall_us(2020, 3, 4, 5, 6, 7.8));
  check_timestamp(zone, "2020-03-04 05:06:07.00000000000000000000000000000000000000001",
                  wall_us(2020, 3, 4, 5, 6, 7));
  eagre_zone_close(zone);
}

static void test_refused_timestamps(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      " ",
      "x",
      "T",
      "-",
      "20",
      "202",
      "1234567",
      "2020-",
      "2020-1-",
      "2020-01-01T",
      "2020-01-01  12:30:00",
      "2020-01-01\t12:30:00",
      "2020-01-01x12:30:00",
      "2020-01-01t12:30:00",
      "2020/01/01",
      "2020-001-01",
      "2020-01-011",
      "2020-13-01",
      "2020-00-01",
      "2020-01-00",
      "2020-01-32",
      "2021-02-29",
      "1900-02-29 00:00:00",
      "2020-04-31T00:00:00Z",
      "2020-01-01 24:00:00",
      "2020-01-01T12:60:00",
      "2020-01-01T12:30:60",
      "2020-01-01T12:30:60Z",
      "2020-01-01 123:00:00",
      "2020-01-01 12:",
      "2020-01-01 12:30:",
      "2020-01-01 12:30:00,5",
      "2020-01-01 12:30:00..5",
      "2020-01-01 12:30Z",
      "2020-01-01 12Z",
      "2020-01-01Z",
      "T12:30Z",
      " T12:30:00",
      "+12:30:00",
      "+T12:30:00",
      "2020-01-01T12:30:00z",
      "2020-01-01T12:30:00[Europe/Paris]",
      "2020-01-01T12:30:00Z[UTC]",
      "2020-01-01T12:30:00 europe/paris",
      "2020-01-01T12:30:00+18:01",
      "2020-01-01T12:30:00+1:2:3",
      "2020-01-01T12:30:00+",
      "2020-01-01T12:30:00ZZ",
      "2020-01-01T12:30:00 5",
      "2020-01-01T12:30GMT",
      "2020-01-01GMT",
      "epoch",
      "now",
      "today",
      "1577836800",
      "--2020-01-01",
      "2020-01-01T12:30:0\xc3\xa9",
  };
  struct eagre_zone *zone = open_zone("UTC");
  for (size_t i = 0; i < EAGRE_COUNT_OF(texts); i++) {
    check_refused(zone, texts[i], EAGRE_VALUE_INVALID);
  }
  eagre_zone_close(zone);
}

static void test_zones_in_text(void **state) {
  (void)state;
  struct eagre_zone *zone = open_zone("America/New_York");
  int64_t noon = wall_us(2020, 7, 1, 12, 0, 0);
  static const struct {
    const char *zone;
    int64_t offset_s;
  } cases[] = {
      {"Z", 0},
      {" Z", 0},
      {"+1", 3600},
      {"+01:00", 3600},
      {"-1:2", -3720},
      {"+0130", 5400},
      {"-013015", -5415},
      {"+18:00", 64800},
      {"UTC", 0},
      {" UTC", 0},
      {"GMT", 0},
      {"UT+5:3", 18180},
      {"GMT+1", 3600},
      {"UTC-01:30", -5400},
      {"GMT0", 0},
      {"Europe/Paris", 7200},
      {"   Europe/Paris", 7200},
      {"EST", -18000},
      {"PST", -25200},
      {"", -14400},
  };
  char text[80];
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    snprintf(text, sizeof text, "2020-07-01 12:00:00%s", cases[i].zone);
    check_timestamp(zone, text, noon - cases[i].offset_s * 1000000);
    snprintf(text, sizeof text, "2020-7-1T12:0:0.25%s", cases[i].zone);
    check_timestamp(zone, text, noon + 250000 - cases[i].offset_s * 1000000);
  }
  eagre_zone_close(zone);
}

static void test_time_only(void **state) {
  (void)state;
  struct eagre_zone *utc = open_zone("UTC"), *new_york = open_zone("America/New_York");
  check_timestamp(utc, "12:30:00", wall_us(2026, 1, 1, 12, 30, 0));
  check_timestamp(utc, "T12:30:00", wall_us(2026, 1, 1, 12, 30, 0));
  check_timestamp(utc, "T12", wall_us(2026, 1, 1, 12, 0, 0));
  check_timestamp(utc, "1:2", wall_us(2026, 1, 1, 1, 2, 0));
  check_timestamp(utc, " 12:30", wall_us(2026, 1, 1, 12, 30, 0));
  check_timestamp(utc, "12:30:00.5Z", wall_us(2026, 1, 1, 12, 30, 0.5));
  /* In New York, and for a text that says so, it is still the 31st. */
  check_timestamp(new_york, "12:30:00", wall_us(2025, 12, 31, 17, 30, 0));
  check_timestamp(new_york, "12:30:00Z", wall_us(2026, 1, 1, 12, 30, 0));
  check_timestamp(utc, "12:30:00-05:00", wall_us(2025, 12, 31, 17, 30, 0));
  check_timestamp(utc, "12:30:00 America/New_York", wall_us(2025, 12, 31, 17, 30, 0));
  eagre_zone_close(utc);
  eagre_zone_close(new_york);
}

static void test_gap_and_overlap(void **state) {
  (void)state;
  struct eagre_zone *paris = open_zone("Europe/Paris"), *utc = open_zone("UTC");
  check_timestamp(paris, "2021-03-28 02:30:00", wall_us(2021, 3, 28, 1, 30, 0));
  check_timestamp(paris, "2021-10-31T02:30:00", wall_us(2021, 10, 31, 0, 30, 0));
  check_timestamp(utc, "2021-03-28 02:30:00 Europe/Paris", wall_us(2021, 3, 28, 1, 30, 0));
  check_timestamp(utc, "2021-11-07 01:15:00 America/New_York", wall_us(2021, 11, 7, 5, 15, 0));
  eagre_zone_close(paris);
  eagre_zone_close(utc);
}

static void test_range(void **state) {
  (void)state;
  struct eagre_zone *zone = open_zone("UTC");
  check_timestamp(zone, "294247-01-10T04:00:54.775807Z", INT64_MAX);
  check_timestamp(zone, "-290308-12-21T19:59:05.224192Z", INT64_MIN);
  check_timestamp(zone, "294247-01-10T05:00:54.775807+01:00", INT64_MAX);
  check_refused(zone, "294247-01-10T04:00:54.775808Z", EAGRE_VALUE_OVERFLOW);
  check_refused(zone, "-290308-12-21T19:59:05.224191Z", EAGRE_VALUE_OVERFLOW);
  check_refused(zone, "294247-01-10T04:00:54.775807-01:00", EAGRE_VALUE_OVERFLOW);
  check_refused(zone, "300000-01-01", EAGRE_VALUE_OVERFLOW);
  check_refused(zone, "-999999-01-01", EAGRE_VALUE_OVERFLOW);
  eagre_zone_close(zone);
}

static void check_json(const struct eagre_zone *zone, const char *text,
                       enum eagre_value_result want_result, int64_t want) {
  int64_t us = -77;
  enum eagre_value_result result =
      eagre_value_parse_json_timestamp(eagre_text_of(text), zone, now_us, &us);
  if (result != want_result || (result == EAGRE_VALUE_OK && us != want)) {
    fail_msg("\"%s\": %d %" PRId64 ", want %d %" PRId64, text, result, us, want_result, want);
  }
}

static void test_json_timestamps(void **state) {
  (void)state;
  struct eagre_zone *zone = open_zone("Europe/Paris");
  int64_t want = wall_us(2020, 1, 1, 11, 30, 0);
  check_json(zone, "2020-01-01T11:30:00Z", EAGRE_VALUE_OK, want);
  check_json(zone, "2020-01-01T12:30GMT", EAGRE_VALUE_OK, want); /* local time */
  check_json(zone, "GMT2020-GMT01-01GMT 12:30GMT", EAGRE_VALUE_OK, want);
  check_json(zone, "GMT 2020-01-01 12:30", EAGRE_VALUE_OK, want);
  check_json(zone, "2020-01-01T12:30:00GMT+01:00", EAGRE_VALUE_OK, want); /* a zone, no clean-up */
  check_json(zone, "2020-01-01T12:30GMT+01:00", EAGRE_VALUE_INVALID, 0);
  check_json(zone, "2020-01-01T12:30gmt", EAGRE_VALUE_INVALID, 0);
  check_json(zone, "GMT", EAGRE_VALUE_INVALID, 0);
  check_json(zone, "300000-01-01GMT", EAGRE_VALUE_OVERFLOW, 0);
  char text[600];
  snprintf(text, sizeof text, "2020-01-01T12:30:00.%0500d GMTUTC+1", 0);
  check_json(zone, text, EAGRE_VALUE_OK, want);
  eagre_zone_close(zone);
}

struct date_case {
  const char *text;
  enum eagre_value_result result;
  int32_t days;
};

static void check_dates(const struct date_case *cases, size_t count,
                        enum eagre_value_result (*parse)(struct eagre_text, int32_t *)) {
  for (size_t i = 0; i < count; i++) {
    int32_t days = -77;
    enum eagre_value_result result = parse(eagre_text_of(cases[i].text), &days);
    int32_t want = cases[i].result == EAGRE_VALUE_OK ? cases[i].days : -77;
    if (result != cases[i].result || days != want) {
      fail_msg("\"%s\": %d %d, want %d %d", cases[i].text, result, days, cases[i].result, want);
    }
  }
}

static void test_dates(void **state) {
  (void)state;
  static const struct date_case cases[] = {
      {"2020-01-02", EAGRE_VALUE_OK, 18263},
      {"2020-1-2", EAGRE_VALUE_OK, 18263},
      {"2020-1", EAGRE_VALUE_OK, 18262},
      {"2020", EAGRE_VALUE_OK, 18262},
      {" 2020-01-02\x7f", EAGRE_VALUE_OK, 18263},
      {"2020-01-02T", EAGRE_VALUE_OK, 18263},
      {"2020-01-02Tanything 25:00", EAGRE_VALUE_OK, 18263},
      {"2020-01-02 x", EAGRE_VALUE_OK, 18263},
      {"2020-01-02T23:59:59-10:00", EAGRE_VALUE_OK, 18263}, /* the zone is ignored */
      {"2024-02-29", EAGRE_VALUE_OK, 19782},
      {"+2020-01-02", EAGRE_VALUE_OK, 18263},
      {"-0001-01-01", EAGRE_VALUE_OK, -719893},
      {"0000-01-01", EAGRE_VALUE_OK, -719528},
      {"12345", EAGRE_VALUE_OK, 3789391},
      {"1234567-01-01", EAGRE_VALUE_OK, 450196810},
      {"5881580-07-11", EAGRE_VALUE_OK, INT32_MAX},
      {"-5877641-06-23", EAGRE_VALUE_OK, INT32_MIN},
      {"5881580-07-12", EAGRE_VALUE_OVERFLOW, 0},
      {"-5877641-06-22", EAGRE_VALUE_OVERFLOW, 0},
      {"9999999-01-01", EAGRE_VALUE_OVERFLOW, 0},
      {"", EAGRE_VALUE_INVALID, 0},
      {"-", EAGRE_VALUE_INVALID, 0},
      {"123", EAGRE_VALUE_INVALID, 0},
      {"5", EAGRE_VALUE_INVALID, 0},
      {"12345678", EAGRE_VALUE_INVALID, 0},
      {"2020-", EAGRE_VALUE_INVALID, 0},
      {"2020-01-", EAGRE_VALUE_INVALID, 0},
      {"2020-01-001", EAGRE_VALUE_INVALID, 0},
      {"2020 x", EAGRE_VALUE_INVALID, 0},
      {"2020-01T", EAGRE_VALUE_INVALID, 0},
      {"2020-01-02x", EAGRE_VALUE_INVALID, 0},
      {"2020-01-02\tx", EAGRE_VALUE_INVALID, 0},
      {"2021-02-29", EAGRE_VALUE_INVALID, 0},
      {"2020-13-01", EAGRE_VALUE_INVALID, 0},
      {"2020-00-01", EAGRE_VALUE_INVALID, 0},
      {"2020/01/02", EAGRE_VALUE_INVALID, 0},
      {"2020-01-01GMT", EAGRE_VALUE_INVALID, 0},
      {"today", EAGRE_VALUE_INVALID, 0},
  };
  check_dates(cases, EAGRE_COUNT_OF(cases), eagre_value_parse_date);
}

static void test_json_dates(void **state) {
  (void)state;
  static const struct date_case cases[] = {
      {"2020-01-02", EAGRE_VALUE_OK, 18263},
      {"2020-01-02GMT", EAGRE_VALUE_OK, 18263},
      {"2020GMT  ", EAGRE_VALUE_OK, 18262},
      {"20GMT20-01-02", EAGRE_VALUE_OK, 18263},
      {"123", EAGRE_VALUE_OK, 123},
      {"-1", EAGRE_VALUE_OK, -1},
      {"+7", EAGRE_VALUE_OK, 7},
      {"0", EAGRE_VALUE_OK, 0},
      {"20200101", EAGRE_VALUE_OK, 20200101},
      {"12345", EAGRE_VALUE_OK, 3789391}, /* four to seven digits are a year */
      {"2147483647", EAGRE_VALUE_OK, INT32_MAX},
      {"-2147483648", EAGRE_VALUE_OK, INT32_MIN},
      {"2147483648", EAGRE_VALUE_OVERFLOW, 0},
      {" 123", EAGRE_VALUE_INVALID, 0}, /* not trimmed */
      {"123 ", EAGRE_VALUE_INVALID, 0},
      {"\x7f"
       "12",
       EAGRE_VALUE_INVALID, 0},
      {"12.0", EAGRE_VALUE_INVALID, 0},
      {"12GMT", EAGRE_VALUE_INVALID, 0},
      {"", EAGRE_VALUE_INVALID, 0},
      {"x", EAGRE_VALUE_INVALID, 0},
  };
  check_dates(cases, EAGRE_COUNT_OF(cases), eagre_value_parse_json_date);
}

/* Any instant printed reads back: by position, and with a space in front by the grammar. */
static void test_round_trips(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  struct eagre_zone *zone = open_zone("UTC");
  for (int i = 0; i < 200000; i++) {
    int64_t us = (int64_t)eagre_random_next(&random);
    if (i % 2 == 0) us = (int64_t)eagre_random_below(&random, 250000000000000000);
    if (i % 3 == 0) us -= us % 1000;
    char text[64] = " ";
    size_t size = eagre_value_print_timestamp(us, zone, text + 1);
    text[size + 1] = 0;
    check_timestamp(zone, text + 1, us);
    check_timestamp(zone, text, us);
  }
  eagre_zone_close(zone);
}

/* ---- TIMESTAMP_NTZ --------------------------------------------------------------------------- */

/* `want` INT64_MIN: not one. `bare`: whether it stays one when no zone is allowed. */
struct wall_case {
  const char *text;
  int64_t want;
  bool bare;
};

static void check_wall_clock(const struct eagre_zone *zone, const struct wall_case *expected) {
  for (int allows = 0; allows < 2; allows++) {
    int64_t us = INT64_MIN;
    struct eagre_text text = eagre_text_of(expected->text);
    enum eagre_value_result result = eagre_value_parse_timestamp_ntz(text, zone, allows == 1, &us);
    bool is_read = expected->want != INT64_MIN && (allows == 1 || expected->bare);
    if ((result == EAGRE_VALUE_OK) != is_read || (is_read && us != expected->want)) {
      fail_msg("\"%s\" (zones %d): %d %" PRId64, expected->text, allows, result, us);
    }
  }
}

/* Zones in the text are dropped, and the session's plays no part. */
static void test_wall_clocks(void **state) {
  (void)state;
  struct eagre_zone *zone = open_zone("America/New_York");
  const struct wall_case cases[] = {
      {"2026-01-01 00:00:00", now_us, true},
      {"2026-01-01T00:00:00", now_us, true},
      {" 2026-01-01T00:00:00.5 ", now_us + 500000, true},
      {"2026-01-01", now_us, true},
      {"2026", now_us, true},
      {"2026-01-01 00:00:00Z", now_us, false},
      {"2026-01-01 00:00:00+05:30", now_us, false},
      {"2026-01-01 00:00:00 Europe/Paris", now_us, false},
      {"2026-01-01 00:00:00 Nowhere", INT64_MIN, false},
      {"2025-03-09 02:30:00", wall_us(2025, 3, 9, 2, 30, 0), true}, /* a gap in New York */
      {"00:00:00", INT64_MIN, false},
      {"T00:00:00", INT64_MIN, false},
      {"2026-02-29", INT64_MIN, false},
      {"2026-01-01 24:00:00", INT64_MIN, false},
      {"", INT64_MIN, false},
      {"294247-01-10 04:00:54.775807", INT64_MAX, true},
      {"294247-01-10 04:00:54.775808", INT64_MIN, false},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    check_wall_clock(zone, &cases[i]);
  }
  eagre_zone_close(zone);
}

/* The constant needs no opening and no closing. */
static void test_constant_utc(void **state) {
  (void)state;
  const struct eagre_zone *utc = eagre_zone_utc();
  assert_true(eagre_zone_is_utc(utc));
  assert_int_equal(eagre_zone_offset_at(utc, now_us), 0);
  assert_int_equal(eagre_zone_local_to_instant(utc, now_us), now_us);
  assert_string_equal(eagre_zone_id(utc).data, "UTC");
  struct eagre_pattern *pattern = NULL;
  struct eagre_buffer out = {0};
  assert_int_equal(eagre_pattern_open(EAGRE_TEXT("HH z zzzz VV XXX"), &pattern, NULL), EAGRE_OK);
  eagre_pattern_format(pattern, now_us, utc, &out);
  assert_string_equal(eagre_buffer_string(&out), "00 UTC Coordinated Universal Time UTC Z");
  eagre_pattern_close(pattern);
  eagre_buffer_done(&out);
}

int run_timestamp_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_iso),
      cmocka_unit_test(test_shorter_and_longer_forms),
      cmocka_unit_test(test_refused_timestamps),
      cmocka_unit_test(test_zones_in_text),
      cmocka_unit_test(test_time_only),
      cmocka_unit_test(test_gap_and_overlap),
      cmocka_unit_test(test_range),
      cmocka_unit_test(test_json_timestamps),
      cmocka_unit_test(test_dates),
      cmocka_unit_test(test_json_dates),
      cmocka_unit_test(test_round_trips),
      cmocka_unit_test(test_wall_clocks),
      cmocka_unit_test(test_constant_utc),
  };
  return cmocka_run_group_tests_name("timestamp", tests, NULL, NULL);
}
