/* Inside of the room `operator`: a stateful node that works on rows at the core that owns their
 * keys.
 *
 * Rows of a batch belong to the core of their state partition (hash of the encoded keys, as groups
 * do). Those of the pushing core are worked at once, the others wait in an exchange until their
 * owner collects. With one core nothing waits. */
#pragma once

#include "operator/operator_exchange.h"
#include "operator/operator_stateful.h"

struct operator_keyed;

/* One input of the node. */
struct operator_keyed_side {
  const struct eagre_type *columns; /* STRUCT */
  struct eagre_expression *const *keys;
  uint32_t key_count;
};

/* Rows that this core owns. Everything lives as long as the batch. */
struct operator_keyed_rows {
  uint32_t side;
  struct eagre_batch *batch;         /* becomes the callee's, whatever it returns */
  const struct eagre_vector *values; /* of the keys, one vector per key */
  struct eagre_state_keys keys;      /* the same, encoded */
};
typedef enum eagre_status operator_keyed_fn(void *context, const struct operator_keyed_rows *rows,
                                            struct eagre_error *error);

struct operator_keyed_options {
  const struct eagre_stateful_options *stateful;
  const struct operator_keyed_side *sides; /* copied; what they point to is borrowed */
  uint32_t side_count;
  operator_keyed_fn *work;
  void *context;
};

struct operator_keyed *eagre_operator_keyed_new(const struct operator_keyed_options *options);
void eagre_operator_keyed_free(struct operator_keyed *keyed);
/* Forgets rows that an epoch which failed has left. */
void eagre_operator_keyed_begin(struct operator_keyed *keyed, int64_t batch_timestamp_us);
/* A batch (owned) of the input number `side`. DATA errors of keys carry the place of the row. */
enum eagre_status eagre_operator_keyed_push(struct operator_keyed *keyed, uint32_t side,
                                            struct eagre_batch *batch, struct eagre_error *error);
/* Works what this core owns of the rows that wait at `from`: input by input, in the order in which
 * they were pushed there. */
enum eagre_status eagre_operator_keyed_collect(struct operator_keyed *keyed,
                                               struct operator_keyed *from,
                                               struct eagre_error *error);
/* Of what waits here. */
uint64_t eagre_operator_keyed_memory(const struct operator_keyed *keyed);
