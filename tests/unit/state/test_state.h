/* What the files of test_state share: a table that counts, with a text. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../io/test_scratch.h"
#include "state/state_snapshot.h"

struct payload {
  uint64_t count;
  struct eagre_text last; /* pointer NULL: none */
};

extern const struct eagre_state_layout payload_layout;

/* The set of a query with one stateful operator. */
#define ONE_TABLE(table)                                                                           \
  ((struct eagre_state_set){.tables = &(struct eagre_state_table *){table}, .count = 1})

enum { PARTITIONS = 64, FINGERPRINT = 0x1234 };

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

/* The keys of texts, as one STRING column gives them; memory of `arena`. */
void encode_texts(const struct eagre_text *texts, uint32_t count, struct eagre_arena *arena,
                  struct eagre_state_keys *out);
/* Adds `amount` to the group, which is made when missing. */
void add_to_group(struct eagre_state_table *table, int64_t pane, const char *key, uint64_t amount);
/* The group's payload, or NULL. Walks the whole table: it must not be the code under test. */
struct payload *find_group(struct eagre_state_table *table, int64_t pane, const char *key);
/* A snapshot of core 0 in the fixture's directory. */
struct eagre_state_snapshot make_snapshot(const struct fixture *fixture, int64_t version,
                                          const char *attempt);
/* Names in the fixture's directory, separated by blanks, sorted. */
const char *list_names(struct fixture *fixture);

int run_domain_tests(void);
int run_format_tests(void);
int run_key_tests(void);
int run_model_tests(void);
int run_purge_tests(void);
int run_rows_tests(void);
int run_slice_tests(void);
int run_snapshot_tests(void);
int run_table_tests(void);
int run_tier_tests(void);
