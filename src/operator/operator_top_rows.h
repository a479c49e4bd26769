/* The rows that a TOP node keeps of one key. Inside of the room `operator`.
 *
 * A group's payload holds rows as bytes, the kept ones in order and behind them those that came
 * since. Putting them in order leaves the first `limit` of all. Rows that sort alike stay in the
 * order in which they came. An entry is
 *
 *   0   4   size s of the values to sort by
 *   4   4   size r of the row
 *   8   s   values to sort by  (state_row.c)
 *   8+s r   row                (the same) */
#pragma once

#include "plan/plan.h"
#include "state/state.h"

/* The payload. */
struct operator_top_state {
  uint32_t given;       /* in an epoch: 1 + place of what the group gave before it; else 0 */
  uint32_t kept_count;  /* in order, at most the limit */
  uint32_t added_count; /* behind them */
  uint32_t padding;
  struct eagre_text rows;
};

struct operator_top_entry {
  struct eagre_text sort;
  struct eagre_text row;
};

/* How rows are put in order. */
struct operator_top_order {
  const struct eagre_plan_sort_key *sort_keys;
  const struct eagre_type **sort_types;
  uint32_t sort_key_count;
  uint32_t limit;
};

/* `arena` is that of the group's pane. */
void eagre_operator_top_add(struct operator_top_state *state,
                            const struct operator_top_entry *entry, struct eagre_arena *arena);
/* The entry at *offset of `rows`, which moves to the next one. */
struct operator_top_entry eagre_operator_top_next(struct eagre_text rows, size_t *offset);
/* Puts the rows of groups in order; arenas[i] is that of the pane of states[i]. */
void eagre_operator_top_tidy(const struct operator_top_order *order,
                             struct operator_top_state *const *states,
                             struct eagre_arena *const *arenas, uint32_t count);
