/* What a stateful node is on one core. One kind so far: AGGREGATE, in two halves. */
#include "operator/operator_aggregate.h"

struct eagre_stateful {
  struct operator_partial *partial;
  struct operator_final *final;
};

struct eagre_stateful *eagre_stateful_new(const struct eagre_stateful_options *options) {
  eagre_assert(eagre_plan_is_stateful(options->node));
  struct eagre_stateful *stateful = eagre_allocate_zeroed(1, sizeof *stateful);
  stateful->partial = eagre_operator_partial_new(options->node, options->session);
  stateful->final = eagre_operator_final_new(options);
  return stateful;
}

void eagre_stateful_free(struct eagre_stateful *stateful) {
  if (stateful == NULL) return;
  eagre_operator_partial_free(stateful->partial);
  eagre_operator_final_free(stateful->final);
  eagre_free(stateful);
}

struct eagre_state_table *eagre_stateful_table(struct eagre_stateful *stateful) {
  return eagre_operator_final_table(stateful->final);
}

void eagre_stateful_begin(struct eagre_stateful *stateful,
                          const struct eagre_stateful_epoch *epoch) {
  eagre_operator_partial_begin(stateful->partial, epoch->batch_timestamp_us);
  eagre_operator_final_begin(stateful->final, epoch);
}

enum eagre_status eagre_stateful_push(struct eagre_stateful *stateful, uint32_t side,
                                      struct eagre_batch *batch, struct eagre_error *error) {
  eagre_assert(side == 0);
  return eagre_operator_partial_push(stateful->partial, batch, error);
}

enum eagre_status eagre_stateful_collect(struct eagre_stateful *stateful,
                                         const struct eagre_stateful *from,
                                         struct eagre_error *error) {
  return eagre_operator_final_merge(stateful->final, from->partial, error);
}

enum eagre_status eagre_stateful_finish(struct eagre_stateful *stateful, eagre_rows_fn *output,
                                        void *context, struct eagre_error *error) {
  return eagre_operator_final_finish(stateful->final, output, context, error);
}

void eagre_stateful_measure(const struct eagre_stateful *stateful,
                            struct eagre_stateful_metrics *out) {
  eagre_operator_final_measure(stateful->final, out);
}
