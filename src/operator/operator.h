/* Door of the room `operator`: what happens to rows between source and sink, on one core.
 *
 * Each stage of a query (plan.h) becomes a chain of steps, each stateful node an object that takes
 * rows from the chains in front of it and gives rows to the chain behind it; `struct eagre_stages`
 * is all of them, for one core. It belongs to one thread at a time. Batches are pushed in; what
 * comes out goes to a callback. Batch queries use the same on one core. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "plan/plan.h"
#include "state/state.h"

/* Receives each batch of the result; takes ownership. */
typedef enum eagre_status eagre_rows_fn(void *context, struct eagre_batch *batch,
                                        struct eagre_error *error);

/* Receives a row on which an expression fails: row `row` of `batch`, which keeps where it came from
 * (its origin with the raw record). The row is taken out behind this call. */
typedef enum eagre_status eagre_dead_row_fn(void *context, const struct eagre_batch *batch,
                                            uint32_t row, const struct eagre_error *failure,
                                            struct eagre_error *error);

/* Rows that a stateful node drops because they are late, before it does. */
struct eagre_late_rows {
  /* Two columns, the row as JSON (STRING) and the time by which it is late (TIMESTAMP), and where
   * the rows came from. Valid during the call. */
  const struct eagre_batch *batch;
  uint32_t operator_number; /* stateful_number of the node */
  int64_t watermark_ms;     /* that they are not above */
};
typedef enum eagre_status eagre_late_rows_fn(void *context, const struct eagre_late_rows *rows,
                                             struct eagre_error *error);

/* ---- An epoch -------------------------------------------------------------------------------- */

struct eagre_stateful_epoch {
  int64_t batch_timestamp_us;
  int64_t eviction_watermark_ms; /* 0 at the beginning */
  int64_t late_watermark_ms;
  bool is_first_epoch; /* aggregation without keys emits even without rows */
};

/* What a WATERMARK node saw in this epoch (milliseconds; count 0 = nothing). */
struct eagre_event_time {
  uint64_t count;
  int64_t maximum_ms;
  int64_t minimum_ms;
  double sum_ms;
  int64_t raising_ms;    /* greatest that may raise the watermark; 0: none */
  uint64_t future_count; /* rows that may not: further ahead than the node allows */
};

/* The greatest event time that one partition of a source gave a WATERMARK node in this epoch, of
 * the rows that may raise the watermark. */
struct eagre_partition_time {
  uint32_t watermark; /* number of the node */
  uint32_t source;    /* number of the source */
  int32_t partition;  /* -1: the source is one partition */
  struct eagre_text topic;
  int64_t raising_ms; /* 0: no such row */
};
struct eagre_partition_times { /* all zero is an empty list */
  struct eagre_partition_time *items;
  uint32_t count;
  uint32_t capacity;
};
void eagre_partition_times_add(struct eagre_partition_times *times,
                               const struct eagre_partition_time *time);
void eagre_partition_times_done(struct eagre_partition_times *times);

/* Of one stateful node in this epoch. */
struct eagre_stateful_metrics {
  uint64_t rows_total;
  uint64_t rows_updated;
  uint64_t rows_removed;
  uint64_t rows_dropped_late;
  uint64_t rows_duplicate; /* DEDUPLICATE */
  uint64_t memory_bytes;
  int64_t due_ms; /* the watermark that takes something out of the state; 0: it does not tell */
};

/* How many rows of this epoch met an expectation, and how many violated it. */
struct eagre_expectation_count {
  uint64_t passed;
  uint64_t failed;
};

/* ---- Tables of joins ---------------------------------------------------------------------------
 *
 * The static input of a JOIN as a table in memory, from which the chains of all cores read. */

struct eagre_join_table;
/* `size_max`: bytes it may take. */
struct eagre_join_table *eagre_join_table_new(const struct eagre_plan_node *join,
                                              const struct eagre_expression_session *session,
                                              uint64_t size_max);
void eagre_join_table_free(struct eagre_join_table *table);
/* Forgets all rows. Nobody may read it, nor hold rows that were joined with it, until it is sealed
 * again. */
void eagre_join_table_begin(struct eagre_join_table *table, int64_t batch_timestamp_us);
/* Rows of the static input; the batch is freed. DATA errors of keys, and JOIN_TABLE_TOO_LARGE. */
enum eagre_status eagre_join_table_add(struct eagre_join_table *table, struct eagre_batch *batch,
                                       struct eagre_error *error);
void eagre_join_table_seal(struct eagre_join_table *table);
struct eagre_join_table_metrics {
  uint64_t row_count;
  uint64_t memory_bytes;
};
void eagre_join_table_measure(const struct eagre_join_table *table,
                              struct eagre_join_table_metrics *out);

/* ---- Stages ---------------------------------------------------------------------------------- */

struct eagre_stages;

struct eagre_stages_options {
  const struct eagre_plan_tree *tree;
  const struct eagre_expression_session *session;
  enum eagre_output_mode mode;
  uint32_t core;
  uint32_t core_count;
  uint32_t state_partition_count;
  /* By static_number; sealed before rows come. A FULL join writes marks into its own. */
  struct eagre_join_table *const *tables;
  uint64_t over_size_max;  /* bytes that the rows of an OVER node may take; 0: any number */
  uint64_t state_size_max; /* bytes that the state of this core may take; 0: any number */
  /* Where groups of aggregations go that are too many for that (state.h): a directory of this core,
   * and who makes it. NULL: nowhere, as with less than EAGRE_STATE_TIER_SIZE_MIN. */
  const char *tier_directory;
  struct eagre_io *io;
  eagre_rows_fn *output; /* rows for the sink */
  void *output_context;
  /* Rows that fail (DATA) before they reach a stateful node, where sources keep raw records, come
   * here and the epoch goes on without them. NULL: such a row ends the epoch, as all others do. */
  eagre_dead_row_fn *dead_rows;
  void *dead_rows_context;
  eagre_late_rows_fn *late_rows; /* NULL: nobody wants them */
  void *late_rows_context;
};
struct eagre_stages *eagre_stages_new(const struct eagre_stages_options *options);
void eagre_stages_free(struct eagre_stages *stages);

void eagre_stages_begin(struct eagre_stages *stages, const struct eagre_stateful_epoch *epoch);
/* A batch (owned) into stage number `stage`, which starts at a leaf: down to a stateful node or the
 * sink. */
enum eagre_status eagre_stages_push(struct eagre_stages *stages, uint32_t stage,
                                    struct eagre_batch *batch, struct eagre_error *error);
/* Whether no batch that could still be pushed into `stage` changes the result (a LIMIT has its
 * rows): whoever reads its source may stop. */
bool eagre_stages_is_finished(const struct eagre_stages *stages, uint32_t stage);
/* While level 0 is still under way and nobody pushes: stateful nodes of a level whose rows move
 * work those that wait for them, so that an epoch of any size needs little memory. Levels from 1
 * up, each when all cores have done the one below. */
enum eagre_status eagre_stages_collect_level(struct eagre_stages *stages, uint32_t level,
                                             struct eagre_stages *const *all, uint32_t count,
                                             struct eagre_error *error);
/* Ends the stages of a level: level 0 when all batches are in, a higher one when all cores have
 * ended the one below. Stages behind a stateful node take what this core owns from the stages of
 * all cores (`all`, this one among them; NULLs are skipped), and everything goes on to the next
 * stateful nodes or the sink. */
enum eagre_status eagre_stages_end_level(struct eagre_stages *stages, uint32_t level,
                                         struct eagre_stages *const *all, uint32_t count,
                                         struct eagre_error *error);
/* The same for one stage: on a lone core stages can be ended in data order, so that rows of a UNION
 * come input by input. */
enum eagre_status eagre_stages_end(struct eagre_stages *stages, uint32_t stage,
                                   struct eagre_stages *const *all, uint32_t count,
                                   struct eagre_error *error);

/* The tables of all stateful nodes; none without such a node. Borrowed. */
const struct eagre_state_set *eagre_stages_state(const struct eagre_stages *stages);
/* Behind eagre_state_save: moves to the tier what is too much for memory. IO STATE_TIER_FAILED. */
enum eagre_status eagre_stages_relieve(struct eagre_stages *stages, struct eagre_error *error);
/* IO STATE_MEMORY_LIMIT_EXCEEDED when they take more than `state_size_max`. To be asked whenever
 * they may have grown; costs a walk over their panes. */
enum eagre_status eagre_stages_check_state(const struct eagre_stages *stages,
                                           struct eagre_error *error);
/* By stateful_number. */
void eagre_stages_measure(const struct eagre_stages *stages, struct eagre_stateful_metrics *out);
void eagre_stages_event_time(const struct eagre_stages *stages, uint32_t watermark_number,
                             struct eagre_event_time *out);
/* Adds what nodes with `is_per_partition` saw. Topics are borrowed as long as the stages live. */
void eagre_stages_partition_times(const struct eagre_stages *stages,
                                  struct eagre_partition_times *out);

/* Adds what the EXPECT node counted, by expectation; nothing without one. */
void eagre_stages_expectations(const struct eagre_stages *stages,
                               struct eagre_expectation_count *inout);

/* The rows of a VALUES node (also of a SELECT without FROM: one row without columns) as a batch
 * that becomes the caller's. DATA errors of its expressions. */
enum eagre_status eagre_values_batch(const struct eagre_plan_node *node,
                                     const struct eagre_expression_session *session,
                                     int64_t batch_timestamp_us, struct eagre_batch **out_batch,
                                     struct eagre_error *error);
