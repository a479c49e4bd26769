/* The two halves of an aggregation, inside of the room `operator`: one core's rows before the
 * exchange (`partial`), the state it owns behind it (`final`). */
#pragma once

#include "operator/operator_stateful.h"

struct operator_layout {
  struct eagre_state_layout state;
  uint32_t *offsets;         /* per aggregate: offset of its accumulator */
  uint32_t key_column_count; /* keys without the pane or the session */
};
/* What stands in front of the accumulators of an AGGREGATE without sessions, in both halves. */
uint32_t eagre_operator_aggregate_head(const struct eagre_plan_node *aggregate);
/* Accumulators begin behind `head_size` bytes, a multiple of 8. */
void eagre_operator_layout_init(struct operator_layout *layout,
                                const struct eagre_plan_node *aggregate, uint32_t head_size);
void eagre_operator_layout_done(struct operator_layout *layout);
/* Adds rows, whose arguments are evaluated, to the accumulators of payloads[row]. */
enum eagre_status eagre_operator_layout_update(const struct operator_layout *layout,
                                               const struct eagre_plan_node *aggregate,
                                               struct eagre_vector *arguments, uint32_t row_count,
                                               char *const *payloads, struct eagre_arena *texts,
                                               struct eagre_error *error);
/* Adds the accumulators of one payload to those of another. */
enum eagre_status eagre_operator_layout_merge(const struct operator_layout *layout,
                                              const struct eagre_plan_node *aggregate, char *into,
                                              const char *from, struct eagre_arena *texts,
                                              struct eagre_error *error);

/* Rows -> partial table. */
struct operator_partial;
struct operator_partial *eagre_operator_partial_new(const struct eagre_stateful_options *options);
void eagre_operator_partial_free(struct operator_partial *partial);
void eagre_operator_partial_begin(struct operator_partial *partial, int64_t batch_timestamp_us);
/* Folds a batch in and frees it. */
enum eagre_status eagre_operator_partial_push(struct operator_partial *partial,
                                              struct eagre_batch *batch, struct eagre_error *error);
struct eagre_state_table *eagre_operator_partial_table(const struct operator_partial *partial);

struct operator_final;
struct operator_final *eagre_operator_final_new(const struct eagre_stateful_options *options);
void eagre_operator_final_free(struct operator_final *final);
struct eagre_state_table *eagre_operator_final_table(struct operator_final *final);
void eagre_operator_final_begin(struct operator_final *final,
                                const struct eagre_stateful_epoch *epoch);
/* Merges the groups of `partial` this core owns; late groups are dropped and counted. */
enum eagre_status eagre_operator_final_merge(struct operator_final *final,
                                             const struct operator_partial *partial,
                                             struct eagre_error *error);
enum eagre_status eagre_operator_final_finish(struct operator_final *final,
                                              struct eagre_error *error);
void eagre_operator_final_measure(const struct operator_final *final,
                                  struct eagre_stateful_metrics *out);
