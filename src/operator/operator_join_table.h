/* The static input of a JOIN in memory. Inside of the room `operator`.
 *
 * One thread makes it: begin, add every batch, seal. Then any number of threads read it until the
 * next begin, but for the marks of a FULL join, which belong to the one thread of a batch query. */
#pragma once

#include "operator/operator.h"

struct eagre_join_table {
  const struct eagre_plan_node *join;
  struct eagre_program *program; /* keys that are no plain columns */
  uint64_t size_max;
  struct eagre_program_context context;
  /* Filling: a list of batches of `stored_count` columns, those of the input and then computed
   * keys. Their texts are in `arena` already. */
  uint32_t stored_count;
  uint32_t *key_columns; /* by key: index of its stored column */
  struct eagre_batch *first;
  struct eagre_batch **link;
  uint64_t filled_bytes;
  /* Sealed. Rows are counted from 0; in heads and chains they are counted from 1, 0 is no row. */
  struct eagre_arena arena;
  uint32_t row_count;
  struct eagre_vector *columns;  /* stored_count, each of row_count rows or a constant NULL */
  struct eagre_state_keys keys;  /* no `keys` when hashes are exact */
  struct eagre_join_slot *slots; /* open addressing by hash; a power of two, at most half full */
  uint64_t slot_mask;
  uint32_t *next; /* by row: the next row with the same key */
  bool has_unique_keys;
  bool has_null_key;
  uint8_t *matched; /* FULL: bit per row */
};

struct eagre_join_slot {
  uint64_t hash;
  uint32_t head; /* 0: free */
};

/* Which rows have no NULL among their keys; NULL for all of them. */
const uint8_t *eagre_join_key_validity(const struct eagre_vector *keys, uint32_t key_count,
                                       uint32_t row_count, struct eagre_arena *arena);
/* Keys of rows. One whole number needs no key beside its hash, which is exact: `keys` is NULL. */
struct eagre_state_keys eagre_join_encode_keys(struct eagre_vector *keys, uint32_t key_count,
                                               uint32_t row_count, struct eagre_arena *arena);
/* heads[i] = the first row with the key of probe row i; 0 when there is none, or the key is not
 * valid. The others follow in `next`. */
void eagre_join_table_find(const struct eagre_join_table *table,
                           const struct eagre_state_keys *keys, const uint8_t *validity,
                           uint32_t row_count, uint32_t *heads);
