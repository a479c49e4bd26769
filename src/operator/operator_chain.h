/* A chain: the steps of one stage on one core. Inside of the room `operator`. */
#pragma once

#include "operator/operator_dead.h"

struct eagre_chain;

/* The nodes of a stage, in data order; may be none. */
struct eagre_chain_options {
  struct eagre_plan_node *const *nodes;
  uint32_t node_count;
  const struct eagre_type *input; /* columns that come in */
  const struct eagre_expression_session *session;
  struct eagre_join_table *const *tables; /* by static_number */
  uint64_t over_size_max;                 /* as in eagre_stages_options */
  eagre_rows_fn *output;
  void *output_context;
  struct operator_dead dead;
};
struct eagre_chain *eagre_chain_new(const struct eagre_chain_options *options);
void eagre_chain_free(struct eagre_chain *chain);

/* Starts an epoch: counters and watermark observations begin anew. */
void eagre_chain_begin(struct eagre_chain *chain, int64_t batch_timestamp_us);
/* Pushes one batch (ownership moves here). DATA errors carry the place of the row. */
enum eagre_status eagre_chain_push(struct eagre_chain *chain, struct eagre_batch *batch,
                                   struct eagre_error *error);
/* Whether nothing that could still be pushed changes what comes out (a LIMIT that has its rows and
 * no node before it that holds rows back). */
bool eagre_chain_is_finished(const struct eagre_chain *chain);
/* End of the epoch's input: nodes that hold rows back (SORT) give them. */
enum eagre_status eagre_chain_finish(struct eagre_chain *chain, struct eagre_error *error);

/* What the WATERMARK node of that number saw in this epoch; false when it is in another chain. */
bool eagre_chain_event_time(const struct eagre_chain *chain, uint32_t watermark_number,
                            struct eagre_event_time *out);
/* Adds what its WATERMARK nodes saw of each partition. */
void eagre_chain_partition_times(const struct eagre_chain *chain,
                                 struct eagre_partition_times *out);
/* Adds what its EXPECT node counted in this epoch. */
void eagre_chain_expectations(const struct eagre_chain *chain,
                              struct eagre_expectation_count *inout);
