/* Inside of the room `operator`: finds the groups of a key whatever pane they are in.
 *
 * A state table finds a group by (pane, key). A node whose panes are times of expiry does not know
 * the pane of a key it meets: it keeps this index of its live groups beside the table, makes it
 * anew from a table that was loaded, and takes groups out before their pane is evicted. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

/* All zero is an empty index. Several payloads may have one hash. */
struct operator_index {
  struct operator_index_slot *slots; /* open addressing; payload NULL: empty */
  uint64_t capacity;                 /* a power of two, or 0 */
  uint64_t count;
};

void eagre_operator_index_done(struct operator_index *index);
void eagre_operator_index_add(struct operator_index *index, uint64_t hash, char *payload);
/* The payload must be there. */
void eagre_operator_index_remove(struct operator_index *index, uint64_t hash, const char *payload);
/* Brings what a hash is looked up in on the way to the cache. */
void eagre_operator_index_prefetch(const struct operator_index *index, uint64_t hash);
/* Walks the payloads of a hash: *position 0 at first; NULL at the end. The index must not change in
 * between. Payloads of other keys may have the same hash. */
char *eagre_operator_index_next(const struct operator_index *index, uint64_t hash,
                                uint64_t *position);
uint64_t eagre_operator_index_memory(const struct operator_index *index);
