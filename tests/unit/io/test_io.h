/* What the files of test_io share. Every group runs on both back ends. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/io.h"
#include "test_scratch.h"

struct fixture {
  struct eagre_io *io;
  char *directory;
  struct eagre_error error;
};

/* cmocka setup and teardown: *state is a `struct fixture`. */
int open_fixture(void **state);
int close_fixture(void **state);

int run_fault_tests(void);
int run_file_tests(void);
int run_lock_tests(void);
int run_power_tests(void);
int run_publish_tests(void);
int run_wait_tests(void);
int run_writer_tests(void);

#define FIXTURE_TEST(function)                                                                     \
  cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

/* One file of a group. */
#define GROUP_FILE(file_path, text, how)                                                           \
  ((struct eagre_io_file){.path = (file_path), .content = EAGRE_TEXT(text), .publish = (how)})

/* Fails with the two texts when the file is not exactly `expected`. */
void assert_file_is(const char *path, const char *expected);
