/* Inside the room `state`: the tier, a database of one core on disk, over RocksDB.
 *
 * It is scratch: what it holds is in the snapshots, too, so nothing is logged, nobody reads what a
 * process left behind, and a start begins with an empty one. Nothing is made on disk before the
 * first pair comes.
 *
 * Pairs come in *runs* that ascend by key (bytewise) and become a file of the database each, past
 * its memtables; a later run hides equal keys of earlier ones. So the memory it takes is its block
 * cache, which holds indexes and filters as well and never grows beyond its size, the buffers of a
 * run and of compactions, and little else. */
#pragma once

#include "state/state.h"

/* The bytes it may take beside its cache: memtables of the least size, buffers of two compactions,
 * of a run, and of what is looked for at once. */
#define EAGRE_STATE_TIER_BUFFERS (UINT64_C(16) << 20)
enum { EAGRE_STATE_TIER_KEYS_MAX = 128 }; /* of one get */

/* How many bytes of groups may be kept in memory between counting and writing them. */
uint64_t eagre_state_tier_kept_size(const struct eagre_state_tier *tier);
/* How many bytes tables may take in memory before they are spilled. */
uint64_t eagre_state_tier_table_size(const struct eagre_state_tier *tier);
/* A number for the keys of one more table. */
uint32_t eagre_state_tier_add_table(struct eagre_state_tier *tier);

/* All of these: IO STATE_TIER_FAILED. */

enum eagre_status eagre_state_tier_begin_run(struct eagre_state_tier *tier,
                                             struct eagre_error *error);
/* Within a run; the key is greater than all before. */
enum eagre_status eagre_state_tier_put(struct eagre_state_tier *tier, struct eagre_text key,
                                       struct eagre_text value, struct eagre_error *error);
enum eagre_status eagre_state_tier_end_run(struct eagre_state_tier *tier,
                                           struct eagre_error *error);
/* Deletes the keys from `from` on and below `to`. */
enum eagre_status eagre_state_tier_delete(struct eagre_state_tier *tier, struct eagre_text from,
                                          struct eagre_text to, struct eagre_error *error);
/* Values of keys that ascend, EAGRE_STATE_TIER_KEYS_MAX at most; `data` NULL: none. They live until
 * the next get. */
enum eagre_status eagre_state_tier_get(struct eagre_state_tier *tier, const struct eagre_text *keys,
                                       uint32_t count, struct eagre_text *out_values,
                                       struct eagre_error *error);

/* Walks the pairs with keys from `from` on and below `to`, in order. Nothing is put or deleted in
 * between. */
struct eagre_state_tier_walk;
struct eagre_state_tier_walk *eagre_state_tier_walk_open(struct eagre_state_tier *tier,
                                                         struct eagre_text from,
                                                         struct eagre_text to);
/* The next pair, which lives until the next call; false at the end and after a failure. */
bool eagre_state_tier_walk_next(struct eagre_state_tier_walk *walk, struct eagre_text *out_key,
                                struct eagre_text *out_value);
/* Says whether the walk has failed. */
enum eagre_status eagre_state_tier_walk_close(struct eagre_state_tier_walk *walk,
                                              struct eagre_error *error);
