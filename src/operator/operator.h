/* Door of the room `operator`: what happens to rows between source and sink, on one core.
 *
 * The nodes of a flow become two chains per core:
 *
 *   input chain   FILTER, PROJECT, WINDOW, WATERMARK ... and, when the flow aggregates, the partial
 *                 aggregation of this core's rows
 *   output chain  after the exchange: merge into the state this core owns, emit by output mode,
 * then FILTER (HAVING), PROJECT ...
 *
 * A chain is single-threaded. Batches are pushed in; what comes out goes to a callback. Batch
 * queries use the same chains with one core, with SORT and LIMIT at the end of the output chain;
 * further aggregations (subqueries in a batch query) run inside the chain. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "plan/plan.h"
#include "state/state.h"

struct eagre_chain;

/* Receives each batch at the end of a chain; takes ownership. */
typedef enum eagre_status eagre_chain_output_fn(void *context, struct eagre_batch *batch,
                                                struct eagre_error *error);

/* Nodes first..last (in data order) of one query. Either may be an empty list. */
struct eagre_chain_options {
  struct eagre_plan_node *const *nodes;
  uint32_t node_count;
  const struct eagre_type *input; /* columns that come in */
  const struct eagre_expression_session *session;
  eagre_chain_output_fn *output;
  void *output_context;
};
struct eagre_chain *eagre_chain_new(const struct eagre_chain_options *options);
void eagre_chain_free(struct eagre_chain *chain);

/* Starts an epoch: counters and watermark observations begin anew. */
void eagre_chain_begin(struct eagre_chain *chain, int64_t batch_timestamp_us);
/* Pushes one batch (ownership moves here). DATA errors carry the place of the row. */
enum eagre_status eagre_chain_push(struct eagre_chain *chain, struct eagre_batch *batch,
                                   struct eagre_error *error);
/* Whether nothing that could still be pushed changes what comes out (a LIMIT that has its rows and
 * no blocking node before it): whoever reads the source may stop and finish. */
bool eagre_chain_is_finished(const struct eagre_chain *chain);
/* End of the epoch's input: blocking nodes inside the chain (batch aggregation, sort) emit. */
enum eagre_status eagre_chain_finish(struct eagre_chain *chain, struct eagre_error *error);

/* What a WATERMARK node saw in this epoch (milliseconds; count 0 = nothing). */
struct eagre_event_time {
  uint64_t count;
  int64_t maximum_ms;
  int64_t minimum_ms;
  double sum_ms;
};
void eagre_chain_event_time(const struct eagre_chain *chain, uint32_t watermark_number,
                            struct eagre_event_time *out);

/* The rows of a VALUES node (also of a SELECT without FROM: one row without columns) as a batch
 * that becomes the caller's. DATA errors of its expressions. */
enum eagre_status eagre_values_batch(const struct eagre_plan_node *node,
                                     const struct eagre_expression_session *session,
                                     int64_t batch_timestamp_us, struct eagre_batch **out_batch,
                                     struct eagre_error *error);

/* ---- Streaming aggregation
 * -------------------------------------------------------------------------- */

/* One core's half before the exchange: rows -> partial table. */
struct eagre_partial;
struct eagre_partial *eagre_partial_new(const struct eagre_plan_node *aggregate,
                                        const struct eagre_expression_session *session);
void eagre_partial_free(struct eagre_partial *partial);
void eagre_partial_begin(struct eagre_partial *partial, int64_t batch_timestamp_us);
/* Folds a batch in and frees it. */
enum eagre_status eagre_partial_push(struct eagre_partial *partial, struct eagre_batch *batch,
                                     struct eagre_error *error);

/* One core's half after the exchange: the state it owns. */
struct eagre_final;
struct eagre_final_options {
  const struct eagre_plan_node *aggregate;
  const struct eagre_expression_session *session;
  enum eagre_output_mode mode;
  uint32_t core;
  uint32_t core_count;
  uint32_t state_partition_count;
};
struct eagre_final *eagre_final_new(const struct eagre_final_options *options);
void eagre_final_free(struct eagre_final *final);
/* The state table, for loading and saving. */
struct eagre_state_table *eagre_final_table(struct eagre_final *final);

struct eagre_final_epoch {
  int64_t eviction_watermark_ms; /* 0 at the beginning */
  int64_t late_watermark_ms;
  bool is_first_epoch; /* aggregation without keys emits even without rows */
};
void eagre_final_begin(struct eagre_final *final, const struct eagre_final_epoch *epoch);
/* Merges the groups of `partial` this core owns; late groups are dropped and counted. The partial
 * table belongs to another core, which waits: it is only read. */
enum eagre_status eagre_final_merge(struct eagre_final *final, const struct eagre_partial *partial,
                                    struct eagre_error *error);
/* Emits the epoch's rows by output mode as batches to `output`, then evicts. */
enum eagre_status eagre_final_finish(struct eagre_final *final, eagre_chain_output_fn *output,
                                     void *context, struct eagre_error *error);

struct eagre_final_metrics {
  uint64_t rows_total;
  uint64_t rows_updated;
  uint64_t rows_removed;
  uint64_t rows_dropped_late;
  uint64_t memory_bytes;
};
void eagre_final_measure(const struct eagre_final *final, struct eagre_final_metrics *out);
