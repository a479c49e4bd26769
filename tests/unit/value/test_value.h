/* What the unit tests of `value` share: cmocka, the groups, a printed seed, zones by name. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "value/value.h"

int run_civil_tests(void);
int run_decimal_tests(void);
int run_double_tests(void);
int run_interval_tests(void);
int run_number_tests(void);
int run_pattern_tests(void);
int run_print_tests(void);
int run_shortest_tests(void);
int run_timestamp_tests(void);
int run_utf8_tests(void);
int run_variant_tests(void);
int run_zone_file_tests(void);
int run_zone_tests(void);

/* Seeds `random` differently in every run, or from EAGRE_TEST_SEED; prints how to repeat it. */
void seed_test(struct eagre_random *random);

/* A zone that must exist; closed by the caller. */
struct eagre_zone *open_zone(const char *name);

/* "2026-01-01 12:30:00.5" as microseconds, without a zone and without the code under test. */
int64_t wall_us(int year, int month, int day, int hour, int minute, double second);

/* Fails with both texts unless `size` bytes of `got` are `want`. */
void assert_text(const char *got, size_t size, const char *want);
