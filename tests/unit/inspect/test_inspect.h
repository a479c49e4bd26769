/* What the files of test_inspect share. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../io/test_scratch.h"
#include "inspect/inspect_checkpoint.h"

struct fixture {
  struct eagre_io *io;
  char *directory;
  struct eagre_arena arena;
  struct eagre_error error;
};

int open_fixture(void **state);
int close_fixture(void **state);

#define FIXTURE_TEST(function)                                                                     \
  cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

#define assert_text(text, expected)                                                                \
  do {                                                                                             \
    struct eagre_text actual_text = (text);                                                        \
    assert_int_equal(actual_text.size, strlen(expected));                                          \
    assert_memory_equal(actual_text.data, expected, actual_text.size);                             \
  } while (0)

int run_file_log_tests(void);
int run_lag_files_tests(void);
int run_lock_tests(void);
int run_position_tests(void);
int run_restart_tests(void);
int run_state_files_tests(void);
