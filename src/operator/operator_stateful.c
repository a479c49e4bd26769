/* What a stateful node is on one core: one of the kinds of operator_kind.h. */
#include "operator/operator_kind.h"

struct eagre_stateful *eagre_stateful_new(const struct eagre_stateful_options *options) {
  switch (options->node->kind) {
  case EAGRE_PLAN_AGGREGATE:
    return options->node->session_key >= 0 ? eagre_operator_session_new(options)
                                           : eagre_operator_aggregate_new(options);
  case EAGRE_PLAN_JOIN:
    return eagre_operator_stream_join_new(options);
  case EAGRE_PLAN_DEDUPLICATE:
    return eagre_operator_deduplicate_new(options);
  case EAGRE_PLAN_TOP:
    return eagre_operator_top_new(options);
  default:
    eagre_assert(!"the node keeps no state");
    return NULL;
  }
}

void eagre_stateful_free(struct eagre_stateful *stateful) {
  if (stateful != NULL) stateful->kind->free(stateful);
}

struct eagre_state_table *eagre_stateful_table(struct eagre_stateful *stateful) {
  return stateful->kind->table == NULL ? NULL : stateful->kind->table(stateful);
}

uint32_t eagre_stateful_rows(struct eagre_stateful *stateful, struct eagre_state_rows **out) {
  return stateful->kind->rows == NULL ? 0 : stateful->kind->rows(stateful, out);
}

void eagre_stateful_begin(struct eagre_stateful *stateful,
                          const struct eagre_stateful_epoch *epoch) {
  stateful->kind->begin(stateful, epoch);
}

enum eagre_status eagre_stateful_push(struct eagre_stateful *stateful, uint32_t side,
                                      struct eagre_batch *batch, struct eagre_error *error) {
  return stateful->kind->push(stateful, side, batch, error);
}

enum eagre_status eagre_stateful_collect(struct eagre_stateful *stateful,
                                         struct eagre_stateful *from, struct eagre_error *error) {
  eagre_assert(stateful->kind == from->kind);
  return stateful->kind->collect(stateful, from, error);
}

enum eagre_status eagre_stateful_finish(struct eagre_stateful *stateful,
                                        struct eagre_error *error) {
  return stateful->kind->finish(stateful, error);
}

void eagre_stateful_measure(const struct eagre_stateful *stateful,
                            struct eagre_stateful_metrics *out) {
  stateful->kind->measure(stateful, out);
}
