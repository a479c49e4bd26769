/* What the tests of the runtime share: a directory with input, pipelines over it, what was
 * printed. */
#pragma once

#include "runtime/runtime_inside.h"

#include "../io/test_scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
  char *directory;
  struct eagre_pipeline *pipeline;
  struct eagre_runtime_options options;
  struct eagre_runtime *runtime;
  struct eagre_buffer printed; /* by console sinks */
  struct eagre_buffer reports; /* progress objects, one per line */
  uint32_t report_count;
  uint32_t stop_after; /* reports after which the callback stops the runtime; 0 = never */
  struct eagre_error error;
  struct eagre_text failed_flow;
};

int open_fixture(void **state);
int close_fixture(void **state);
#define FIXTURE_TEST(function)                                                                     \
  cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

/* Binds `sql`, where every $D stands for the directory; frees what was bound before. */
void bind(struct fixture *fixture, const char *sql);
void bind_query(struct fixture *fixture, const char *sql);
/* `file_count` files of `row_count` rows {"k": "k<0..4>", "n": ..., "ts": ...} below in/. */
void write_input(struct fixture *fixture, uint32_t file_count, uint32_t row_count);
enum eagre_status make(struct fixture *fixture);
enum eagre_status run(struct fixture *fixture);
/* The printed lines in order; freed by the caller. Empties what was printed. */
char *take_lines(struct fixture *fixture);
bool exists(const struct fixture *fixture, const char *name);

int run_flow_tests(void);
int run_stop_tests(void);
int run_latency_tests(void);
int run_query_tests(void);
int run_spin_tests(void);
int run_trigger_tests(void);
