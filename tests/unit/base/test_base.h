/* What the unit tests of `base` share: cmocka, the groups, a printed seed, a child that must die.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

int run_arena_tests(void);
int run_bits_tests(void);
int run_crash_tests(void);
int run_error_tests(void);
int run_hash_tests(void);
int run_histogram_tests(void);
int run_log_tests(void);
int run_memory_tests(void);
int run_random_tests(void);
int run_ring_schedule_tests(void);
int run_ring_tests(void);
int run_secret_tests(void);
int run_text_tests(void);

/* Seeds `random` differently in every run, or from EAGRE_TEST_SEED; prints how to repeat it. */
void seed_test(struct eagre_random *random);

/* Runs `action` in a child process. Returns the wait status; what the child wrote to stderr is
 * left in `out_text`, terminated. */
int run_in_child(void (*action)(void), char *out_text, size_t capacity);
