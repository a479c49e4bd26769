/* The second half of an aggregation, as its own files see it. Inside of the room `operator`. */
#pragma once

#include "operator/operator_aggregate.h"

enum { FINAL_GROUPS_AT_ONCE = 1024, FINAL_FETCHED_AT_ONCE = 1 << 17 };

/* What groups gave before this epoch: of those touched in it, the results as bytes. */
struct operator_given {
  struct eagre_arena arena;
  struct eagre_buffer bodies; /* struct eagre_text each */
  uint32_t count;
  uint64_t gone_count; /* groups of the table that have no rows any more */
  bool is_counted;     /* gone_count holds what was loaded, too */
};

struct operator_final {
  struct eagre_stateful_options options;
  const struct eagre_plan_node *node;
  struct operator_layout layout;
  struct eagre_state_table *table;
  struct eagre_stateful_epoch epoch;
  struct eagre_stateful_metrics metrics;
  const struct eagre_type **key_types;    /* without the pane */
  const struct eagre_type **result_types; /* of the aggregates that are columns */
  uint32_t result_count;
  struct operator_given given;     /* with changes */
  struct operator_picks *picks;    /* scratch of a merge */
  struct eagre_state_table *lates; /* with slices: late groups, to count each once */
};

/* Rows of groups: keys and results. The batch is the caller's in any case. */
enum eagre_status eagre_operator_final_fill(const struct operator_final *final,
                                            const struct eagre_state_group *groups, uint32_t count,
                                            struct eagre_batch *batch, struct eagre_error *error);

/* ---- Changes (operator_changes.c) ------------------------------------------------------------ */

/* Begins the payload of a group whose node takes or gives changes. */
struct operator_change_head {
  uint32_t state;     /* enum operator_change_state */
  uint32_t given_row; /* in an epoch: 1 + place in `given` of what it gave before; else 0 */
};
enum operator_change_state {
  CHANGE_NEW, /* has not been through the end of an epoch */
  CHANGE_LIVE,
  CHANGE_GONE,
};

static inline bool eagre_operator_has_changes(const struct eagre_plan_node *aggregate) {
  return aggregate->takes_changes || aggregate->gives_changes;
}
static inline struct operator_change_head *eagre_operator_change_head(char *payload) {
  return (struct operator_change_head *)payload;
}

/* Right after the table's begin_epoch: forgets the epoch before, and groups that are gone once they
 * are many. */
void eagre_operator_changes_begin(struct operator_final *final);
void eagre_operator_changes_done(struct operator_final *final);
/* Before anything is merged into groups of the table: keeps what they gave. */
enum eagre_status eagre_operator_changes_keep(struct operator_final *final, char *const *payloads,
                                              uint32_t count, struct eagre_error *error);
/* After the last merge. Gives, of the groups that were touched, the results that are new and with
 * `gives_changes` before them those they replace; without `gives` nothing. */
enum eagre_status eagre_operator_changes_finish(struct operator_final *final, bool gives,
                                                struct eagre_error *error);
/* Before panes up to `pane_max` are evicted. */
void eagre_operator_changes_evict(struct operator_final *final, int64_t pane_max);
