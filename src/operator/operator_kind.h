/* Inside of the room `operator`: a kind of stateful node, as operator_stateful.c calls it.
 *
 * Each kind's object begins with `struct eagre_stateful`. */
#pragma once

#include "operator/operator_stateful.h"

struct operator_stateful_kind {
  void (*free)(struct eagre_stateful *stateful);
  struct eagre_state_table *(*table)(struct eagre_stateful *stateful); /* NULL: it has none */
  /* Fills in its row stores, at most EAGRE_STATEFUL_ROWS_MAX; NULL: it has none. */
  uint32_t (*rows)(struct eagre_stateful *stateful, struct eagre_state_rows **out);
  void (*begin)(struct eagre_stateful *stateful, const struct eagre_stateful_epoch *epoch);
  enum eagre_status (*push)(struct eagre_stateful *stateful, uint32_t side,
                            struct eagre_batch *batch, struct eagre_error *error);
  enum eagre_status (*collect)(struct eagre_stateful *stateful, struct eagre_stateful *from,
                               struct eagre_error *error);
  enum eagre_status (*finish)(struct eagre_stateful *stateful, struct eagre_error *error);
  void (*measure)(const struct eagre_stateful *stateful, struct eagre_stateful_metrics *out);
};

struct eagre_stateful {
  const struct operator_stateful_kind *kind;
};

struct eagre_stateful *eagre_operator_aggregate_new(const struct eagre_stateful_options *options);
struct eagre_stateful *eagre_operator_deduplicate_new(const struct eagre_stateful_options *options);
struct eagre_stateful *eagre_operator_top_new(const struct eagre_stateful_options *options);
/* AGGREGATE with a session_key. */
struct eagre_stateful *eagre_operator_session_new(const struct eagre_stateful_options *options);
/* JOIN of two streams. */
struct eagre_stateful *eagre_operator_stream_join_new(const struct eagre_stateful_options *options);
