/* What the tests of sources share: a directory with input and checkpoint, a source over it, and its
 * rows as text. */
#pragma once

#include "source/source.h"

#include "../io/test_scratch.h"

struct fixture {
  char *directory;
  const char *input;           /* <directory>/in, made */
  const char *checkpoint_path; /* <directory>/checkpoint */
  struct eagre_io *io;
  struct eagre_arena arena;
  struct eagre_error error;
  struct eagre_zone *zone;
  struct eagre_checkpoint *checkpoint;
  struct eagre_plan_source plan;
  struct eagre_option options[16];
  struct eagre_options option_list;
  uint32_t core_count;
  uint32_t batch_rows_max; /* 0 = the default */
  uint64_t part_bytes_max; /* 0 = files stay whole */
  struct eagre_source *source;
};

int open_fixture(void **state);
int close_fixture(void **state);

/* Sets the plan: read_files over <directory>/in. `schema` NULL = format text. */
void plan_files(struct fixture *fixture, const char *schema);
void plan_rate(struct fixture *fixture);
void plan_kafka(struct fixture *fixture, const char *brokers);
void add_option(struct fixture *fixture, const char *key, const char *value);

/* Writes <directory>/in/<name>, modified at that second. */
void write_input(struct fixture *fixture, const char *name, const char *content,
                 int64_t modified_seconds);
void write_input_bytes(struct fixture *fixture, const char *name, struct eagre_text content,
                       int64_t modified_seconds);

/* Opens (and closes) checkpoint and source; a second open is a restart. Fails the test on error. */
void open_stream(struct fixture *fixture);
void close_stream(struct fixture *fixture);
/* A source without checkpoint. */
enum eagre_status open_batch(struct fixture *fixture);

struct step {
  struct eagre_text end;
  bool has_new;
  bool is_at_fixed_end;
};
/* Plans from `start` and copies the end into the fixture's arena. */
struct step plan_step(struct fixture *fixture, struct eagre_text start,
                      struct eagre_source_limits limits);

/* Assigns (start, end] and reads it with every core: rows as to_json writes them, one per line,
 * core by core. The result lives in the fixture's arena. */
const char *read_range(struct fixture *fixture, struct eagre_text start, struct eagre_text end);
/* The same for one core; returns the status that ended it when it is not END. */
enum eagre_status read_core(struct fixture *fixture, uint32_t core, struct eagre_buffer *out);
/* Plans everything in one step and reads it. */
const char *read_everything(struct fixture *fixture);

uint32_t count_lines(const char *text);

#define assert_text(text, expected)                                                                \
  assert_string_equal(eagre_arena_copy_text(&fixture->arena, text).data, expected)

int run_files_path_tests(void);
int run_files_log_tests(void);
int run_files_part_tests(void);
int run_files_plan_tests(void);
int run_files_row_tests(void);
int run_kafka_options_tests(void);
int run_kafka_deal_tests(void);
int run_kafka_select_tests(void);
int run_kafka_stream_tests(void);
int run_position_tests(void);
int run_rate_tests(void);
int run_rate_micro_batch_tests(void);
