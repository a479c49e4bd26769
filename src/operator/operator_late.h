/* Late rows of one input of a stateful node, in a flow that keeps them. Inside of the room.
 *
 * The node drops late rows where it has always done so: those of an aggregation are groups by then.
 * Here they are looked for before that, by the same times and the same watermark, and given as
 * copies. */
#pragma once

#include "operator/operator.h"

struct operator_late;
struct operator_late_options {
  const struct eagre_plan_node *node;
  uint32_t side; /* number of the input */
  enum eagre_output_mode mode;
  const struct eagre_expression_session *session;
  eagre_late_rows_fn *give;
  void *context;
};
/* NULL when nobody receives them, or no row of that input is ever late. */
struct operator_late *eagre_operator_late_new(const struct operator_late_options *options);
void eagre_operator_late_free(struct operator_late *late); /* NULL is fine */
/* `late` NULL: nothing, here and below. */
void eagre_operator_late_begin(struct operator_late *late,
                               const struct eagre_stateful_epoch *epoch);
/* Gives the late rows of a batch, which keeps them. To be called once for every row that the node
 * gets, when those that fail are out. */
enum eagre_status eagre_operator_late_look(struct operator_late *late, struct eagre_batch *batch,
                                           struct eagre_error *error);
