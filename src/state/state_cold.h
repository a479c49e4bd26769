/* Inside the room `state`: groups of a table that are in the tier.
 *
 * Key of a group in the tier, numbers big endian so that keys ascend with them:
 *
 *   offset size
 *   0      4    number of the table
 *   4      8    end of the pane, its sign turned
 *   12     8    hash of the key, its halves exchanged
 *   20     k    key
 *
 * The value is the group's payload as it stands in snapshot files: zeros in place of texts, then
 * sizes and bytes of the texts.
 *
 * The halves of the hash are exchanged because homes in memory come from its high bits: a snapshot
 * with groups in the order of the tier would fill a growing table from one end. */
#pragma once

#include "state/state_table.h"
#include "state/state_tier.h"

enum { EAGRE_STATE_COLD_HEAD_SIZE = 20 };

static inline bool eagre_state_is_cold(const struct eagre_state_table *table) {
  return table->cold.is_used;
}
/* Of a group's key in the tier. */
static inline struct eagre_text eagre_state_cold_key(struct eagre_text tier_key) {
  return eagre_text_make(tier_key.data + EAGRE_STATE_COLD_HEAD_SIZE,
                         tier_key.size - EAGRE_STATE_COLD_HEAD_SIZE);
}
uint64_t eagre_state_cold_hash(struct eagre_text tier_key);
/* Makes a key with an empty key of the group: where the groups of a pane with this hash begin. */
void eagre_state_cold_head(const struct eagre_state_table *table, int64_t pane, uint64_t hash,
                           char out[EAGRE_STATE_COLD_HEAD_SIZE]);

/* Moves the groups in memory of tables that have a tier there; unless `takes_all`, of those tables
 * of which it has groups already. The set has been saved, or is being loaded. IO STATE_TIER_FAILED:
 * the tables are of no use any more. */
enum eagre_status eagre_state_spill(const struct eagre_state_set *set, bool takes_all,
                                    struct eagre_error *error);
/* Whether those tables take more memory than they should. */
bool eagre_state_is_full(const struct eagre_state_set *set);

/* Walks the groups of a pane that only the tier has, behind the tier's key `after` (empty: from the
 * first on). Nothing changes meanwhile. */
struct eagre_state_cold_walk {
  const struct eagre_state_table *table;
  const struct eagre_state_pane *pane;
  struct eagre_state_tier_walk *walk;
};
void eagre_state_cold_walk_open(struct eagre_state_cold_walk *walk,
                                const struct eagre_state_table *table,
                                const struct eagre_state_pane *pane, struct eagre_text after);
/* As eagre_state_tier_walk_next. */
bool eagre_state_cold_walk_next(struct eagre_state_cold_walk *walk, struct eagre_text *out_key,
                                struct eagre_text *out_value);
enum eagre_status eagre_state_cold_walk_close(struct eagre_state_cold_walk *walk,
                                              struct eagre_error *error);

/* ---- Slices of snapshots --------------------------------------------------------------------- */

/* A pass over the tier goes from key to key. What is in memory has been touched since it began, so
 * that it is in the changes: eagre_state_cold_can_begin says whether a pass may begin now. */
bool eagre_state_cold_can_begin(const struct eagre_state_table *table);
void eagre_state_cold_begin_pass(struct eagre_state_table *table);
/* Plans this many groups of a pane; the walk that writes them has yet to read them. */
static inline void eagre_state_cold_plan_pane(struct eagre_state_pane *pane, uint64_t count) {
  pane->cold_planned = count;
  pane->cold_kept_count = 0;
  pane->cold_kept_size = 0;
}
/* Plans up to `wanted` groups of the pass, pane by pane; adds their number to *planned. */
enum eagre_status eagre_state_cold_plan(struct eagre_state_table *table, uint64_t wanted,
                                        uint64_t *planned, struct eagre_error *error);
/* What has been planned is in a file now. */
void eagre_state_cold_advance(struct eagre_state_table *table);
