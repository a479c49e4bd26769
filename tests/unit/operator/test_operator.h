/* What the tests of operators share: the nodes of a SQL text, batches by hand, rows as text. */
#pragma once

#include "operator/operator_chain.h"
#include "operator/operator_stateful.h"

#include "../io/test_scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NODES_MAX = 32 };

/* A bound query over the table `t (ts TIMESTAMP, k STRING, n INT, d DOUBLE)`. */
struct plan {
  struct eagre_pipeline *pipeline;
  struct eagre_plan_node *source;
  struct eagre_plan_node *nodes[NODES_MAX]; /* above the source, in data order */
  uint32_t node_count;
};
/* `select` reads b (batch); as a flow it reads STREAM s, with OPTIONS `mode`. */
struct plan plan_query(const char *select);
struct plan plan_flow(const char *mode, const char *select);
void free_plan(struct plan *plan);

#define NO_NUMBER INT32_MIN
#define NO_TIME INT64_MIN
struct row {
  int64_t ts; /* microseconds; NO_TIME = NULL */
  const char *k;
  int32_t n; /* NO_NUMBER = NULL */
  double d;
};
/* Lines 1, 2, ... of file /in/a. */
struct eagre_batch *make_batch(const struct row *rows, uint32_t count);

/* Rows that came out: one line each, columns between '|'. */
struct output {
  struct eagre_buffer text;
  uint32_t batch_count;
};
enum eagre_status collect(void *context, struct eagre_batch *batch, struct eagre_error *error);
/* The text so far, which the next rows follow. */
const char *output_text(struct output *output);
void output_clear(struct output *output);

/* All stages of a batch query, in an epoch. */
struct eagre_stages *make_stages(const struct plan *plan, struct output *output);
struct eagre_chain *make_chain(const struct plan *plan, struct output *output);
/* Binds, runs the rows in batches of `batch_rows`, and gives the lines; freed by the caller. */
char *run_query(const char *select, const struct row *rows, uint32_t count, uint32_t batch_rows);

int run_chain_tests(void);
int run_window_tests(void);
int run_sort_tests(void);
int run_over_tests(void);
int run_aggregate_tests(void);
int run_join_tests(void);
int run_model_tests(void);
int run_exchange_tests(void);
int run_expiring_tests(void);
