/* AGGREGATE as a stateful node: its two halves put together. */
#include "operator/operator_aggregate.h"
#include "operator/operator_kind.h"

struct aggregate {
  struct eagre_stateful base;
  struct operator_partial *partial;
  struct operator_final *final;
};

static void free_aggregate(struct eagre_stateful *stateful) {
  struct aggregate *aggregate = (struct aggregate *)stateful;
  eagre_operator_partial_free(aggregate->partial);
  eagre_operator_final_free(aggregate->final);
  eagre_free(aggregate);
}

static struct eagre_state_table *table_of(struct eagre_stateful *stateful) {
  return eagre_operator_final_table(((struct aggregate *)stateful)->final);
}

static void begin(struct eagre_stateful *stateful, const struct eagre_stateful_epoch *epoch) {
  struct aggregate *aggregate = (struct aggregate *)stateful;
  eagre_operator_partial_begin(aggregate->partial, epoch->batch_timestamp_us);
  eagre_operator_final_begin(aggregate->final, epoch);
}

static enum eagre_status push(struct eagre_stateful *stateful, uint32_t side,
                              struct eagre_batch *batch, struct eagre_error *error) {
  eagre_assert(side == 0);
  return eagre_operator_partial_push(((struct aggregate *)stateful)->partial, batch, error);
}

static enum eagre_status collect(struct eagre_stateful *stateful, struct eagre_stateful *from,
                                 struct eagre_error *error) {
  return eagre_operator_final_merge(((struct aggregate *)stateful)->final,
                                    ((const struct aggregate *)from)->partial, error);
}

static enum eagre_status finish(struct eagre_stateful *stateful, struct eagre_error *error) {
  return eagre_operator_final_finish(((struct aggregate *)stateful)->final, error);
}

static void measure(const struct eagre_stateful *stateful, struct eagre_stateful_metrics *out) {
  eagre_operator_final_measure(((const struct aggregate *)stateful)->final, out);
}

static const struct operator_stateful_kind aggregate_kind = {
    .free = free_aggregate,
    .table = table_of,
    .begin = begin,
    .push = push,
    .collect = collect,
    .finish = finish,
    .measure = measure,
};

struct eagre_stateful *eagre_operator_aggregate_new(const struct eagre_stateful_options *options) {
  struct aggregate *aggregate = eagre_allocate_zeroed(1, sizeof *aggregate);
  aggregate->base.kind = &aggregate_kind;
  aggregate->partial = eagre_operator_partial_new(options);
  aggregate->final = eagre_operator_final_new(options);
  return &aggregate->base;
}
