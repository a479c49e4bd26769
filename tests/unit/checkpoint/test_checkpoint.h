/* What the files of test_checkpoint share. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../io/test_scratch.h"
#include "checkpoint/checkpoint_file.h"

struct fixture {
  struct eagre_io *io;
  char *directory;
  char *path; /* of the checkpoint, inside it; not made */
  struct eagre_arena arena;
  struct eagre_error error;
};

int open_fixture(void **state);
int close_fixture(void **state);

#define FIXTURE_TEST(function)                                                                     \
  cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

/* Opens and creates; fails the test when that fails. */
struct eagre_checkpoint *create_checkpoint(struct fixture *fixture);
/* Offsets with one source and one pair of configuration. */
extern const struct eagre_checkpoint_offsets small_offsets;
/* A prepared epoch that uses every member. */
void fill_prepared(struct eagre_checkpoint_prepared *prepared, int64_t epoch, const char *attempt);

int run_checksum_tests(void);
int run_directory_tests(void);
int run_log_tests(void);
int run_outage_tests(void);
int run_prepared_tests(void);
