/* Aggregation inside a chain, for batch queries: everything is one epoch in complete mode. */
#include "operator/operator_step.h"

struct aggregate_step {
  struct operator_step step;
  struct eagre_partial *partial;
  struct eagre_final *final;
};

static enum eagre_status push_aggregate(struct operator_step *step, struct eagre_batch *batch,
                                        struct eagre_error *error) {
  return eagre_partial_push(((struct aggregate_step *)step)->partial, batch, error);
}

static enum eagre_status send(void *context, struct eagre_batch *batch, struct eagre_error *error) {
  return eagre_operator_forward(context, batch, error);
}

static enum eagre_status finish_aggregate(struct operator_step *step, struct eagre_error *error) {
  struct aggregate_step *aggregate = (struct aggregate_step *)step;
  EAGRE_TRY(eagre_final_merge(aggregate->final, aggregate->partial, error));
  return eagre_final_finish(aggregate->final, send, step, error);
}

static void begin_aggregate(struct operator_step *step) {
  struct aggregate_step *aggregate = (struct aggregate_step *)step;
  const struct eagre_final_epoch epoch = {.is_first_epoch = true};
  eagre_partial_begin(aggregate->partial, step->chain->context.batch_timestamp_us);
  eagre_state_table_clear(eagre_final_table(aggregate->final));
  eagre_final_begin(aggregate->final, &epoch);
}

static void free_aggregate(struct operator_step *step) {
  struct aggregate_step *aggregate = (struct aggregate_step *)step;
  eagre_partial_free(aggregate->partial);
  eagre_final_free(aggregate->final);
  eagre_free(aggregate);
}

static const struct operator_kind aggregate_kind = {
    .push = push_aggregate,
    .finish = finish_aggregate,
    .begin = begin_aggregate,
    .free = free_aggregate,
};

struct operator_step *eagre_operator_aggregate_new(const struct eagre_plan_node *node,
                                                   const struct eagre_expression_session *session) {
  struct aggregate_step *aggregate = eagre_allocate_zeroed(1, sizeof *aggregate);
  const struct eagre_final_options options = {
      .aggregate = node,
      .session = session,
      .mode = EAGRE_MODE_COMPLETE,
      .core_count = 1,
      .state_partition_count = 1,
  };
  aggregate->step.kind = &aggregate_kind;
  aggregate->partial = eagre_partial_new(node, session);
  aggregate->final = eagre_final_new(&options);
  return &aggregate->step;
}
