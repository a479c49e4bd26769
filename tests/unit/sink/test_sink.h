/* What the tests of sinks share: a sink in a scratch directory, its rows, and what it printed. */
#pragma once

#include "sink/sink.h"

#include "../io/test_scratch.h"

enum { CORE_COUNT_MAX = 4 };

struct fixture {
  char *directory;
  struct eagre_io *io;
  struct eagre_arena arena;
  struct eagre_error error;
  struct eagre_zone *zone;
  struct eagre_plan_sink plan;
  struct eagre_option options[8];
  const struct eagre_type *columns;
  enum eagre_output_mode mode;
  char checkpoint_id[EAGRE_UUID_SIZE];
  struct eagre_text flow_name;
  uint32_t core_count;
  bool is_prompt;
  struct eagre_buffer printed; /* by the console */
  struct eagre_sink *sink;
  struct eagre_sink_writer *writers[CORE_COUNT_MAX];
};

int open_fixture(void **state);
int close_fixture(void **state);

void plan_sink(struct fixture *fixture, enum eagre_sink_kind kind, const char *columns);
void add_option(struct fixture *fixture, const char *key, const char *value);

/* Opens sink and writers; on failure nothing is open. */
enum eagre_status try_open(struct fixture *fixture);
/* The same; fails the test on error. */
void open_sink(struct fixture *fixture);
void close_sink(struct fixture *fixture);
/* A failure must be of that status and class. */
void check_failure(const struct fixture *fixture, enum eagre_status status,
                   enum eagre_status expected, const char *class_name);

/* A batch of the columns of the fixture, read from lines of JSON. */
struct eagre_batch *make_batch(struct fixture *fixture, const char *lines);
enum eagre_status write_lines(struct fixture *fixture, uint32_t core, const char *lines);

/* begin on the control side and on every core. */
void begin_epoch(struct fixture *fixture, int64_t epoch, const char *attempt);
/* prepare on every core; the pieces live in the fixture's arena. */
struct eagre_text *prepare_epoch(struct fixture *fixture);
enum eagre_status commit_epoch(struct fixture *fixture, int64_t epoch, const char *attempt,
                               const struct eagre_text *pieces);
/* All of it, with `lines` for core 0. Fails the test on error. */
void run_epoch(struct fixture *fixture, int64_t epoch, const char *attempt, const char *lines);

int run_console_tests(void);
int run_delta_tests(void);
int run_kafka_tests(void);
int run_noop_tests(void);
