/* AGGREGATE by sessions as a stateful node: partial and state put together. */
#include "operator/operator_session.h"

#include "operator/operator_kind.h"

struct session {
  struct eagre_stateful base;
  struct session_partial *partial;
  struct session_state *state;
};

static void free_session(struct eagre_stateful *stateful) {
  struct session *session = (struct session *)stateful;
  eagre_operator_session_partial_free(session->partial);
  eagre_operator_session_state_free(session->state);
  eagre_free(session);
}

static struct eagre_state_table *table_of(struct eagre_stateful *stateful) {
  return eagre_operator_session_state_table(((struct session *)stateful)->state);
}

static void begin(struct eagre_stateful *stateful, const struct eagre_stateful_epoch *epoch) {
  struct session *session = (struct session *)stateful;
  eagre_operator_session_state_begin(session->state, epoch);
  eagre_operator_session_partial_begin(session->partial, epoch->batch_timestamp_us,
                                       eagre_operator_session_state_late_bound(session->state));
}

static enum eagre_status push(struct eagre_stateful *stateful, uint32_t side,
                              struct eagre_batch *batch, struct eagre_error *error) {
  eagre_assert(side == 0);
  return eagre_operator_session_partial_push(((struct session *)stateful)->partial, batch, error);
}

static enum eagre_status collect(struct eagre_stateful *stateful, struct eagre_stateful *from,
                                 struct eagre_error *error) {
  (void)error; /* no part of a row is computed here */
  eagre_operator_session_state_collect(((struct session *)stateful)->state,
                                       ((struct session *)from)->partial);
  return EAGRE_OK;
}

static enum eagre_status finish(struct eagre_stateful *stateful, struct eagre_error *error) {
  return eagre_operator_session_state_finish(((struct session *)stateful)->state, error);
}

static void measure(const struct eagre_stateful *stateful, struct eagre_stateful_metrics *out) {
  const struct session *session = (const struct session *)stateful;
  eagre_operator_session_state_measure(session->state, out);
  out->rows_dropped_late += eagre_operator_session_partial_dropped(session->partial);
}

static const struct operator_stateful_kind session_kind = {
    .free = free_session,
    .table = table_of,
    .begin = begin,
    .push = push,
    .collect = collect,
    .finish = finish,
    .measure = measure,
};

struct eagre_stateful *eagre_operator_session_new(const struct eagre_stateful_options *options) {
  struct session *session = eagre_allocate_zeroed(1, sizeof *session);
  session->base.kind = &session_kind;
  session->partial = eagre_operator_session_partial_new(options);
  session->state = eagre_operator_session_state_new(options);
  return &session->base;
}
