/* What the unit tests of `delta` share: a table in a scratch directory, and epochs for it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delta/delta.h"
#include "io/io.h"

int run_action_tests(void);
int run_checkpoint_tests(void);
int run_commit_tests(void);
int run_conflict_tests(void);
int run_fault_tests(void);
int run_file_tests(void);
int run_map_tests(void);
int run_protocol_tests(void);
int run_schema_tests(void);
int run_statistics_tests(void);

#define APPLICATION "33f6ab4c-c144-4afe-b32c-af46ddb5a05f"
#define OTHER_APPLICATION "630a1206-7e10-4011-be9f-605558b0d6a7"

struct fixture {
  struct eagre_io *io;
  struct eagre_arena arena;
  struct eagre_error error;
  char location[64];
  struct eagre_delta_table *table; /* NULL until open_table */
  const struct eagre_type *schema; /* id BIGINT, name STRING */
};

int set_up(void **state);
int tear_down(void **state);

/* Opens the table anew, as a new process would. */
void open_table(struct fixture *fixture);
void close_table(struct fixture *fixture);
/* Opens it and expects a refusal. */
void check_open_fails(struct fixture *fixture, enum eagre_status status, const char *class_name);

/* Writes a data file of `row_count` rows; returns its add line, in the fixture's arena. */
struct eagre_text write_file(struct fixture *fixture, const char *application, int64_t epoch,
                             const char *attempt, uint32_t row_count);
/* A commit of one file of 3 rows. */
struct eagre_delta_commit make_commit(struct fixture *fixture, int64_t epoch, const char *attempt);
/* Commits and expects OK; returns the version. */
int64_t commit(struct fixture *fixture, const struct eagre_delta_commit *commit);
void check_commit_fails(struct fixture *fixture, const struct eagre_delta_commit *commit,
                        enum eagre_status status, const char *class_name);
/* Write a file, commit it. */
int64_t append(struct fixture *fixture, int64_t epoch, const char *attempt);

/* The content of a file below the table, terminated; NULL when it does not exist. */
const char *read_text(struct fixture *fixture, const char *name);
const char *read_version(struct fixture *fixture, int64_t version);
void write_text(struct fixture *fixture, const char *name, const char *content);
/* Writes `content` as the commit `version`, as another program would. */
void write_version(struct fixture *fixture, int64_t version, const char *content);
bool file_exists(struct fixture *fixture, const char *name);
void remove_file(struct fixture *fixture, const char *name);
uint32_t count_files(struct fixture *fixture, const char *suffix);

/* Commit 0 of a table with the fixture's schema: protocol and metaData. */
extern const char first_commit[];
