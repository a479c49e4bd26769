/* Runs all unit tests of `value`. */
#include "test_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

void seed_test(struct eagre_random *random) {
  uint64_t seed = 0;
  const char *wanted = getenv("EAGRE_TEST_SEED");
  if (wanted != NULL) {
    seed = strtoull(wanted, NULL, 0);
  } else {
    assert_int_equal(getrandom(&seed, sizeof seed, 0), sizeof seed);
  }
  print_message("seed: EAGRE_TEST_SEED=0x%" PRIx64 "\n", seed);
  eagre_random_seed(random, seed);
}

struct eagre_zone *open_zone(const char *name) {
  struct eagre_zone *zone = NULL;
  struct eagre_error error;
  eagre_error_init(&error);
  if (eagre_zone_open(eagre_text_of(name), &zone, &error) != EAGRE_OK) {
    fail_msg("%s: %s", name, error.text);
  }
  return zone;
}

int64_t wall_us(int year, int month, int day, int hour, int minute, double second) {
  struct tm parts = {.tm_year = year - 1900,
                     .tm_mon = month - 1,
                     .tm_mday = day,
                     .tm_hour = hour,
                     .tm_min = minute,
                     .tm_sec = (int)second};
  int64_t us = (int64_t)((second - (int)second) * 1e6 + 0.5);
  return (int64_t)timegm(&parts) * 1000000 + us;
}

void assert_text(const char *got, size_t size, const char *want) {
  if (size == strlen(want) && memcmp(got, want, size) == 0) return;
  fail_msg("got \"%.*s\", want \"%s\"", (int)size, got, want);
}

int main(void) {
  int failures = 0;
  failures += run_civil_tests();
  failures += run_decimal_tests();
  failures += run_double_tests();
  failures += run_interval_tests();
  failures += run_number_tests();
  failures += run_pattern_tests();
  failures += run_print_tests();
  failures += run_shortest_tests();
  failures += run_timestamp_tests();
  failures += run_utf8_tests();
  failures += run_variant_tests();
  failures += run_zone_file_tests();
  failures += run_zone_tests();
  return failures == 0 ? 0 : 1;
}
