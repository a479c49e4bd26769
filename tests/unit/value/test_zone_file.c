/* Zones from files of the tz database, from POSIX rules, and from ICU without either. */
#include "test_value.h"

#include <stdio.h>
#include <stdlib.h>

#include "value/value_zone.h"

static struct eagre_zone *new_zone(void) {
  struct eagre_zone *zone = eagre_allocate_zeroed(1, sizeof *zone);
  eagre_zone_begin(zone, 0);
  return zone;
}

static void free_zone(struct eagre_zone *zone) {
  eagre_free(zone->instants);
  eagre_free(zone->local_limits);
  eagre_free(zone->offsets);
  eagre_free(zone);
}

static void put_number(struct eagre_buffer *out, uint64_t value, int size) {
  for (int i = size - 1; i >= 0; i--) {
    eagre_buffer_append_char(out, (char)(value >> i * 8));
  }
}

struct transition {
  int64_t instant_s;
  unsigned char type;
};

/* Two types, 0 with offset 3600 and 1 with 7200; the version 1 part is empty. */
static void put_file(struct eagre_buffer *out, const struct transition *transitions, size_t count,
                     const char *rule) {
  static const uint64_t counts[] = {0, 0, 0, 0, 2, 4};
  for (int part = 0; part < 2; part++) {
    eagre_buffer_append(out, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    for (size_t i = 0; i < EAGRE_COUNT_OF(counts); i++) {
      uint64_t value = part == 0 ? 0 : counts[i];
      put_number(out, part == 1 && i == 3 ? count : value, 4);
    }
  }
  for (size_t i = 0; i < count; i++) {
    put_number(out, (uint64_t)transitions[i].instant_s, 8);
  }
  for (size_t i = 0; i < count; i++) {
    put_number(out, transitions[i].type, 1);
  }
  put_number(out, 3600, 4);
  put_number(out, 0, 2);
  put_number(out, 7200, 4);
  put_number(out, 0x0100, 2);
  eagre_buffer_append(out, "CET", 4);
  eagre_buffer_printf(out, "\n%s\n", rule);
}

static void test_made_file(void **state) {
  (void)state;
  static const struct transition transitions[] = {
      {-(INT64_C(1) << 59), 0}, {1000, 1}, {2000, 1}, {3000, 0}};
  struct eagre_buffer content = {0};
  put_file(&content, transitions, EAGRE_COUNT_OF(transitions), "");
  struct eagre_zone *zone = new_zone();
  assert_true(eagre_zone_parse_file(zone, eagre_buffer_text(&content)));
  assert_int_equal(zone->transition_count, 2);
  assert_int_equal(zone->first_offset, 3600);
  assert_int_equal(zone->instants[0], 1000);
  assert_int_equal(zone->local_limits[0], 8200);
  assert_int_equal(zone->instants[1], 3000);
  assert_int_equal(zone->local_limits[1], 10200);
  assert_int_equal(eagre_zone_offset_at(zone, 1000 * INT64_C(1000000) - 1), 3600);
  assert_int_equal(eagre_zone_offset_at(zone, 1000 * INT64_C(1000000)), 7200);
  free_zone(zone);
  eagre_buffer_done(&content);
}

/* Cut off anywhere, or with any byte changed, a file is refused or gives a sane zone. */
static void test_damaged_file(void **state) {
  (void)state;
  static const struct transition transitions[] = {{1000, 1}, {3000, 0}};
  struct eagre_buffer content = {0};
  put_file(&content, transitions, EAGRE_COUNT_OF(transitions), "CET-1CEST,M3.5.0,M10.5.0/3");
  for (size_t size = 0; size < content.size; size++) {
    /* A copy of that size, so that a sanitizer sees a read beyond it. */
    char *copy = eagre_allocate(size + 1);
    memcpy(copy, content.data, size);
    struct eagre_zone *zone = new_zone();
    assert_false(eagre_zone_parse_file(zone, eagre_text_make(copy, size)));
    free_zone(zone);
    eagre_free(copy);
  }
  for (size_t i = 0; i < content.size; i++) {
    content.data[i] ^= (char)0xff;
    struct eagre_zone *zone = new_zone();
    eagre_zone_parse_file(zone, eagre_buffer_text(&content));
    for (uint32_t j = 0; j < zone->transition_count; j++) {
      assert_true(zone->offsets[j + 1] >= -64800 && zone->offsets[j + 1] <= 64800);
      assert_true(j == 0 || zone->instants[j] > zone->instants[j - 1]);
    }
    free_zone(zone);
    content.data[i] ^= (char)0xff;
  }
  eagre_buffer_done(&content);
}

static void test_files_with_leap_seconds(void **state) {
  (void)state;
  struct eagre_buffer content = {0};
  put_file(&content, NULL, 0, "CET-1");
  content.data[44 + 20 + 11] = 1; /* the count of leap seconds in the second header */
  struct eagre_zone *zone = new_zone();
  assert_false(eagre_zone_parse_file(zone, eagre_buffer_text(&content)));
  free_zone(zone);
  eagre_buffer_done(&content);
}

static int32_t offset_at(const struct eagre_zone *zone, int64_t us) {
  return eagre_zone_offset_at(zone, us);
}

static void test_rules(void **state) {
  (void)state;
  struct eagre_zone *zone = new_zone();
  eagre_zone_begin(zone, 3600);
  assert_true(eagre_zone_add_rule(zone, EAGRE_TEXT("CET-1CEST,M3.5.0,M10.5.0/3")));
  assert_int_equal(offset_at(zone, wall_us(2030, 3, 31, 0, 59, 59)), 3600);
  assert_int_equal(offset_at(zone, wall_us(2030, 3, 31, 1, 0, 0)), 7200);
  assert_int_equal(offset_at(zone, wall_us(2030, 10, 27, 0, 59, 59)), 7200);
  assert_int_equal(offset_at(zone, wall_us(2030, 10, 27, 1, 0, 0)), 3600);
  free_zone(zone);

  /* South of the equator summer goes through the new year; Chile changes at 24:00. */
  zone = new_zone();
  eagre_zone_begin(zone, -14400);
  assert_true(eagre_zone_add_rule(zone, EAGRE_TEXT("<-04>4<-03>,M9.1.6/24,M4.1.6/24")));
  assert_int_equal(offset_at(zone, wall_us(2030, 1, 1, 0, 0, 0)), -10800);
  assert_int_equal(offset_at(zone, wall_us(2030, 4, 7, 2, 59, 59)), -10800);
  assert_int_equal(offset_at(zone, wall_us(2030, 4, 7, 3, 0, 0)), -14400);
  assert_int_equal(offset_at(zone, wall_us(2030, 9, 8, 4, 0, 0)), -10800);
  free_zone(zone);

  /* Ireland's winter time is the exception, an hour less. */
  zone = new_zone();
  assert_true(eagre_zone_add_rule(zone, EAGRE_TEXT("IST-1GMT0,M10.5.0,M3.5.0/1")));
  assert_int_equal(offset_at(zone, wall_us(2030, 1, 1, 0, 0, 0)), 0);
  assert_int_equal(offset_at(zone, wall_us(2030, 7, 1, 0, 0, 0)), 3600);
  assert_true(eagre_zone_is_daylight(zone, wall_us(2030, 7, 1, 0, 0, 0) / 1000000));
  assert_false(eagre_zone_is_daylight(zone, wall_us(2030, 1, 1, 0, 0, 0) / 1000000));
  free_zone(zone);

  /* Greenland's hours from midnight are negative. */
  zone = new_zone();
  eagre_zone_begin(zone, -7200);
  assert_true(eagre_zone_add_rule(zone, EAGRE_TEXT("<-02>2<-01>,M3.5.0/-1,M10.5.0/0")));
  assert_int_equal(offset_at(zone, wall_us(2030, 3, 31, 0, 59, 59)), -7200);
  assert_int_equal(offset_at(zone, wall_us(2030, 3, 31, 1, 0, 0)), -3600);
  free_zone(zone);

  /* Days of the year: J60 is always 1 March, 59 is 29 February in leap years. */
  zone = new_zone();
  assert_true(eagre_zone_add_rule(zone, EAGRE_TEXT("A0B,J60/0,59/0")));
  assert_int_equal(offset_at(zone, wall_us(2028, 2, 29, 12, 0, 0)), 0);
  assert_int_equal(offset_at(zone, wall_us(2028, 2, 28, 12, 0, 0)), 3600);
  assert_int_equal(offset_at(zone, wall_us(2028, 3, 1, 12, 0, 0)), 3600);
  free_zone(zone);
}

/* Summer time all year: it ends in the instant it begins, so there is one transition in all. */
static void test_rule_without_winter(void **state) {
  (void)state;
  struct eagre_zone *zone = new_zone();
  eagre_zone_begin(zone, -10800);
  assert_true(eagre_zone_add_rule(zone, EAGRE_TEXT("XXX3EDT4,0/0,J365/23")));
  assert_int_equal(offset_at(zone, wall_us(2030, 1, 1, 0, 0, 0)), -14400);
  assert_int_equal(offset_at(zone, wall_us(2030, 12, 31, 23, 59, 59)), -14400);
  free_zone(zone);
}

static void test_damaged_rules(void **state) {
  (void)state;
  static const char *const rules[] = {
      "CET",
      "-1",
      "<CET-1",
      "CET-19",
      "CET-1CEST",
      "CET-1CEST,",
      "CET-1CEST,M3.5.0",
      "CET-1CEST,M13.5.0,M10.5.0",
      "CET-1CEST,M3.6.0,M10.5.0",
      "CET-1CEST,M3.5.7,M10.5.0",
      "CET-1CEST,M3.5,M10.5.0",
      "CET-1CEST,J0,J100",
      "CET-1CEST,J366,J100",
      "CET-1CEST,366,1",
      "CET-1CEST,M3.5.0/168,M10.5.0",
      "CET-1CEST,M3.5.0/2:60,M10.5.0",
      "CET-1CEST,M3.5.0,M10.5.0x",
      "CET-1 ",
      "CET-1CEST-20,M3.5.0,M10.5.0",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(rules); i++) {
    struct eagre_zone *zone = new_zone();
    if (eagre_zone_add_rule(zone, eagre_text_of(rules[i]))) fail_msg("rule \"%s\"", rules[i]);
    free_zone(zone);
  }
}

/* Where the tz database and ICU know the same rules, both ways to load a zone agree. */
static void test_files_agree_with_icu(void **state) {
  (void)state;
  static const char *const ids[] = {"Europe/Paris",     "America/New_York", "Asia/Tokyo",
                                    "Australia/Sydney", "Europe/Dublin",    "Asia/Kathmandu"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(ids); i++) {
    struct eagre_zone *from_file = new_zone(), *from_icu = new_zone();
    snprintf(from_file->id, sizeof from_file->id, "%s", ids[i]);
    snprintf(from_icu->id, sizeof from_icu->id, "%s", ids[i]);
    assert_true(eagre_zone_load_icu(from_icu));
    if (eagre_zone_load_file(from_file)) {
      for (int64_t day = 0; day < 200000; day += 5) {
        int64_t us = day * 86400 * INT64_C(1000000);
        assert_int_equal(offset_at(from_file, us), offset_at(from_icu, us));
      }
    }
    free_zone(from_file);
    free_zone(from_icu);
  }
}

static void test_without_files(void **state) {
  (void)state;
  const char *before = getenv("TZDIR");
  char *kept = before == NULL ? NULL : strdup(before);
  assert_int_equal(setenv("TZDIR", "/nonexistent", 1), 0);
  struct eagre_zone *zone = open_zone("Europe/Paris");
  assert_int_equal(eagre_zone_local_to_instant(zone, wall_us(2021, 3, 28, 2, 30, 0)),
                   wall_us(2021, 3, 28, 1, 30, 0));
  eagre_zone_close(zone);
  if (kept == NULL) {
    assert_int_equal(unsetenv("TZDIR"), 0);
  } else {
    assert_int_equal(setenv("TZDIR", kept, 1), 0);
  }
  free(kept);
}

int run_zone_file_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_made_file),
      cmocka_unit_test(test_damaged_file),
      cmocka_unit_test(test_files_with_leap_seconds),
      cmocka_unit_test(test_rules),
      cmocka_unit_test(test_rule_without_winter),
      cmocka_unit_test(test_damaged_rules),
      cmocka_unit_test(test_files_agree_with_icu),
      cmocka_unit_test(test_without_files),
  };
  return cmocka_run_group_tests_name("zone file", tests, NULL, NULL);
}
