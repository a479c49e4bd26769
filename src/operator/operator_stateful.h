/* Stateful nodes on one core. Inside of the room `operator`.
 *
 * In an epoch an object takes this core's rows (`push`), then, when every core has pushed all of
 * its own, what it owns of every core's rows (`collect`), and gives the result (`finish`). A batch
 * query is one epoch on one core.
 *
 * A node that folds rows (AGGREGATE) collects once and gives rows in `finish` alone. One whose rows
 * move (eagre_plan_moves_rows, operator_keyed.h) may collect several times, so that what waits
 * between cores stays small, and gives rows as it works them: in `push` when there is one core. */
#pragma once

#include "operator/operator_dead.h"
#include "operator/operator_late.h"

struct eagre_stateful;
struct eagre_stateful_options {
  const struct eagre_plan_node *node; /* eagre_plan_is_stateful */
  const struct eagre_expression_session *session;
  enum eagre_output_mode mode;
  uint32_t core;
  uint32_t core_count;
  uint32_t state_partition_count;
  struct eagre_state_tier *tier; /* for kinds that may use one; NULL: none */
  eagre_rows_fn *output;         /* takes what the node gives */
  void *output_context;
  struct operator_dead dead;
  struct operator_late *late[2]; /* by input; NULL: nobody asks for its late rows */
};
struct eagre_stateful *eagre_stateful_new(const struct eagre_stateful_options *options);
void eagre_stateful_free(struct eagre_stateful *stateful);
/* The state, for loading and saving: a table (NULL: none), and row stores, of which the number is
 * returned. */
struct eagre_state_table *eagre_stateful_table(struct eagre_stateful *stateful);
enum { EAGRE_STATEFUL_ROWS_MAX = 2 };
uint32_t eagre_stateful_rows(struct eagre_stateful *stateful, struct eagre_state_rows **out);

void eagre_stateful_begin(struct eagre_stateful *stateful,
                          const struct eagre_stateful_epoch *epoch);
/* A batch of the input number `side`, which is freed. */
enum eagre_status eagre_stateful_push(struct eagre_stateful *stateful, uint32_t side,
                                      struct eagre_batch *batch, struct eagre_error *error);
/* What this core owns of the rows pushed to `from`, which belongs to another core (or is the same
 * object): nobody pushes meanwhile; others may collect theirs. Late rows are dropped and counted.
 */
enum eagre_status eagre_stateful_collect(struct eagre_stateful *stateful,
                                         struct eagre_stateful *from, struct eagre_error *error);
/* Gives what is left of the epoch's rows by output mode, then evicts. */
enum eagre_status eagre_stateful_finish(struct eagre_stateful *stateful, struct eagre_error *error);

void eagre_stateful_measure(const struct eagre_stateful *stateful,
                            struct eagre_stateful_metrics *out);
