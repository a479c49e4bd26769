/* Zones: names, offsets, gaps and overlaps. */
#include "test_value.h"

#include <pthread.h>

#include "value/value_zone.h"

static void test_names(void **state) {
  (void)state;
  static const struct {
    const char *name;
    const char *id;
    int32_t offset; /* on 2026-01-01T00:00:00Z */
    bool is_utc;
  } cases[] = {
      {"UTC", "UTC", 0, true},
      {"Z", "Z", 0, true},
      {"GMT", "GMT", 0, true},
      {"UT", "UT", 0, true},
      {"Etc/UTC", "Etc/UTC", 0, true},
      {"GMT0", "GMT0", 0, true},
      {"+00:00", "Z", 0, true},
      {"-00:00", "Z", 0, true},
      {"UTC+0", "UTC", 0, true},
      {"+1", "+01:00", 3600, false},
      {"+01", "+01:00", 3600, false},
      {"+01:00", "+01:00", 3600, false},
      {"+1:00", "+01:00", 3600, false},
      {"+1:5", "+01:05", 3900, false},
      {"+01:5", "+01:05", 3900, false},
      {"+1:02:03", "+01:02:03", 3723, false},
      {"-0130", "-01:30", -5400, false},
      {"-013015", "-01:30:15", -5415, false},
      {"-01:30:15", "-01:30:15", -5415, false},
      {"+18:00", "+18:00", 64800, false},
      {"-18:00", "-18:00", -64800, false},
      {"GMT+1", "GMT+01:00", 3600, false},
      {"UTC-01:30", "UTC-01:30", -5400, false},
      {"UT+5:3", "UT+05:03", 18180, false},
      {"Europe/Paris", "Europe/Paris", 3600, false},
      {"America/New_York", "America/New_York", -18000, false},
      {"Asia/Kolkata", "Asia/Kolkata", 19800, false},
      {"Etc/GMT+8", "Etc/GMT+8", -28800, false},
      {"EST", "-05:00", -18000, false},
      {"PST", "America/Los_Angeles", -28800, false},
      {"IST", "Asia/Kolkata", 19800, false},
      {"CST6CDT", "CST6CDT", -21600, false},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    struct eagre_zone *zone = open_zone(cases[i].name);
    assert_string_equal(eagre_zone_id(zone).data, cases[i].id);
    assert_int_equal(eagre_zone_offset_at(zone, wall_us(2026, 1, 1, 0, 0, 0)), cases[i].offset);
    assert_int_equal(eagre_zone_is_utc(zone), cases[i].is_utc);
    eagre_zone_close(zone);
  }
}

static void test_refused_names(void **state) {
  (void)state;
  static const char *const names[] = {
      "",
      "z",
      "utc",
      "europe/paris",
      "Europe/Nowhere",
      "+",
      "+18:01",
      "-18:00:01",
      "+19",
      "+1:60",
      "+012",
      "+01:0:0",
      "+01-00",
      "+0a:00",
      "UTC+",
      "UTC+25",
      "GMT1",
      "ROC",
      "Etc/Unknown",
      "Factory",
      "../../etc/passwd",
      "Europe/../Europe/Paris",
      "posix/Europe/Paris",
      "right/Europe/Paris",
      "localtime",
      "Europe",
      " UTC",
      "UTC ",
      "Europe/Paris\xc3",
      "tzdata.zi",
      "5",
      "Europe/Paris/Of/A/Name/That/Is/Much/Too/Long/To/Be/The/Id/Of/Any",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++) {
    struct eagre_zone *zone = NULL;
    struct eagre_error error;
    eagre_error_init(&error);
    if (eagre_zone_open(eagre_text_of(names[i]), &zone, &error) != EAGRE_USAGE) {
      fail_msg("\"%s\" is taken for a zone", names[i]);
    }
    assert_string_equal(error.class_name, "INVALID_TIMEZONE");
    assert_non_null(strstr(error.text, names[i]));
    assert_true(error.hint[0] != 0);
    assert_null(zone);
  }
  eagre_zone_close(NULL);
}

static void check_local(const struct eagre_zone *zone, int64_t local_us, int64_t offset_s) {
  assert_int_equal(eagre_zone_local_to_instant(zone, local_us), local_us - offset_s * 1000000);
}

static void test_paris(void **state) {
  (void)state;
  struct eagre_zone *zone = open_zone("Europe/Paris");
  int64_t spring = wall_us(2021, 3, 28, 1, 0, 0), autumn = wall_us(2021, 10, 31, 1, 0, 0);
  assert_int_equal(eagre_zone_offset_at(zone, spring - 1), 3600);
  assert_int_equal(eagre_zone_offset_at(zone, spring), 7200);
  assert_int_equal(eagre_zone_offset_at(zone, autumn - 1), 7200);
  assert_int_equal(eagre_zone_offset_at(zone, autumn), 3600);
  /* The gap from 2:00 to 3:00: 2:30 becomes 3:30. */
  check_local(zone, wall_us(2021, 3, 28, 1, 59, 59.999999), 3600);
  check_local(zone, wall_us(2021, 3, 28, 2, 0, 0), 3600);
  check_local(zone, wall_us(2021, 3, 28, 2, 30, 0), 3600);
  check_local(zone, wall_us(2021, 3, 28, 2, 59, 59.999999), 3600);
  check_local(zone, wall_us(2021, 3, 28, 3, 0, 0), 7200);
  /* The overlap from 2:00 to 3:00: the first of the two instants. */
  check_local(zone, wall_us(2021, 10, 31, 1, 59, 59.999999), 7200);
  check_local(zone, wall_us(2021, 10, 31, 2, 0, 0), 7200);
  check_local(zone, wall_us(2021, 10, 31, 2, 59, 59.999999), 7200);
  check_local(zone, wall_us(2021, 10, 31, 3, 0, 0), 3600);
  /* Before 1911 Paris had its own time. */
  assert_int_equal(eagre_zone_offset_at(zone, wall_us(1900, 1, 1, 0, 0, 0)), 561);
  eagre_zone_close(zone);
}

static void test_new_york(void **state) {
  (void)state;
  struct eagre_zone *zone = open_zone("America/New_York");
  check_local(zone, wall_us(2021, 3, 14, 1, 59, 59), -18000);
  check_local(zone, wall_us(2021, 3, 14, 2, 15, 0), -18000);
  check_local(zone, wall_us(2021, 3, 14, 3, 0, 0), -14400);
  check_local(zone, wall_us(2021, 11, 7, 1, 15, 0), -14400);
  check_local(zone, wall_us(2021, 11, 7, 2, 0, 0), -18000);
  assert_int_equal(eagre_zone_offset_at(zone, wall_us(1850, 1, 1, 0, 0, 0)), -17762);
  assert_int_equal(eagre_zone_offset_at(zone, wall_us(1974, 1, 10, 0, 0, 0)), -14400);
  eagre_zone_close(zone);
}

/* A zone that skipped a whole day, and one that moves by half an hour. */
static void test_odd_zones(void **state) {
  (void)state;
  struct eagre_zone *apia = open_zone("Pacific/Apia");
  check_local(apia, wall_us(2011, 12, 29, 23, 59, 59), -36000);
  check_local(apia, wall_us(2011, 12, 30, 12, 0, 0), -36000);
  check_local(apia, wall_us(2011, 12, 31, 0, 0, 0), 50400);
  eagre_zone_close(apia);
  struct eagre_zone *lord_howe = open_zone("Australia/Lord_Howe");
  check_local(lord_howe, wall_us(2024, 7, 1, 0, 0, 0), 37800);
  check_local(lord_howe, wall_us(2024, 1, 1, 0, 0, 0), 39600);
  check_local(lord_howe, wall_us(2024, 10, 6, 2, 15, 0), 37800);
  eagre_zone_close(lord_howe);
}

/* Rules go on for ever: the last Sunday of March, computed here from the calendar. */
static void test_far_future(void **state) {
  (void)state;
  struct eagre_zone *zone = open_zone("Europe/Paris");
  static const int64_t years[] = {2038, 2099, 2100, 2400, 2499, 2500, 2501, 3000, 9999, 290000};
  for (size_t i = 0; i < EAGRE_COUNT_OF(years); i++) {
    int64_t last = eagre_value_days_from_civil(years[i], 3, 31);
    int64_t sunday = last - ((last + 4) % 7 + 7) % 7;
    int64_t change = (sunday * 86400 + 3600) * 1000000;
    assert_int_equal(eagre_zone_offset_at(zone, change - 1), 3600);
    assert_int_equal(eagre_zone_offset_at(zone, change), 7200);
    check_local(zone, change + 3600 * INT64_C(1000000), 3600);
    check_local(zone, change + 7200 * INT64_C(1000000), 7200);
  }
  eagre_zone_close(zone);
}

static void test_ends_of_time(void **state) {
  (void)state;
  struct eagre_zone *east = open_zone("+18:00"), *west = open_zone("-18:00");
  assert_int_equal(eagre_zone_local_to_instant(east, INT64_MIN), INT64_MIN);
  assert_int_equal(eagre_zone_local_to_instant(west, INT64_MAX), INT64_MAX);
  assert_int_equal(eagre_zone_local_to_instant(west, INT64_MIN),
                   INT64_MIN + 64800 * INT64_C(1000000));
  struct eagre_zone *paris = open_zone("Europe/Paris");
  assert_int_equal(eagre_zone_offset_at(paris, INT64_MIN), 561);
  int32_t last = eagre_zone_offset_at(paris, INT64_MAX);
  assert_true(last == 3600 || last == 7200);
  eagre_zone_close(east);
  eagre_zone_close(west);
  eagre_zone_close(paris);
}

/* An instant and back, for every zone ICU names; in an overlap it may come back as the first. */
static void check_round_trips(void *context, const char *id) {
  struct eagre_random *random = context;
  struct eagre_zone *zone = open_zone(id);
  for (int i = 0; i < 50; i++) {
    int64_t us = (int64_t)eagre_random_below(random, 20000000000000000) - 4000000000000000;
    int64_t offset_us = eagre_zone_offset_at(zone, us) * INT64_C(1000000);
    int64_t back = eagre_zone_local_to_instant(zone, us + offset_us);
    if (back == us) continue;
    int64_t first_offset_us = eagre_zone_offset_at(zone, back) * INT64_C(1000000);
    assert_true(back < us);
    assert_int_equal(back + first_offset_us, us + offset_us);
  }
  eagre_zone_close(zone);
}

static void test_every_region(void **state) {
  (void)state;
  struct eagre_random random;
  seed_test(&random);
  eagre_zone_visit_ids(check_round_trips, &random);
}

enum { READER_COUNT = 4 };

static void *read_regions(void *context) {
  static const char *const texts[] = {
      "2026-07-01 12:00:00 Europe/Paris", "2026-07-01 12:00:00 Asia/Tokyo",
      "2026-07-01 12:00:00 America/New_York", "2026-07-01 12:00:00 Nowhere/At_All"};
  static const int64_t offsets[] = {7200, 32400, -14400};
  const struct eagre_zone *session = context;
  for (size_t i = 0; i < 400; i++) {
    int64_t us = 0;
    size_t index = i % EAGRE_COUNT_OF(texts);
    enum eagre_value_result result =
        eagre_value_parse_timestamp(eagre_text_of(texts[index]), session, 0, &us);
    bool is_right = index == 3 ? result == EAGRE_VALUE_INVALID
                               : us == wall_us(2026, 7, 1, 12, 0, 0) - offsets[index] * 1000000;
    if (!is_right) return context;
  }
  return NULL;
}

static void test_shared_by_threads(void **state) {
  (void)state;
  struct eagre_zone *session = open_zone("UTC");
  pthread_t readers[READER_COUNT];
  for (size_t i = 0; i < READER_COUNT; i++) {
    assert_int_equal(pthread_create(&readers[i], NULL, read_regions, session), 0);
  }
  for (size_t i = 0; i < READER_COUNT; i++) {
    void *failure = session;
    assert_int_equal(pthread_join(readers[i], &failure), 0);
    assert_null(failure);
  }
  eagre_zone_close(session);
}

int run_zone_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_refused_names),
      cmocka_unit_test(test_paris),
      cmocka_unit_test(test_new_york),
      cmocka_unit_test(test_odd_zones),
      cmocka_unit_test(test_far_future),
      cmocka_unit_test(test_ends_of_time),
      cmocka_unit_test(test_every_region),
      cmocka_unit_test(test_shared_by_threads),
  };
  return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
