/* Inside the room `state`: row stores.
 *
 *   store -> panes, ascending by time -> rows in blocks
 *         -> slots (open addressing), one per key -> its rows, linked
 *
 * A row is one piece of memory, 8-byte aligned: `struct eagre_state_row`, key, body, padding.
 *
 * Invariants
 *   1. A slot holds the hash of a key and the first of its rows; all rows linked to that one have
 *      the same key. A key is found from its home, hash >> shift, over occupied slots, wrapping
 *      around; taking a slot out moves the ones behind it back, so that there are no tombstones.
 *   2. At most 3/5 of the slots are occupied.
 *   3. Rows never move. Within a pane they stand in the order in which they came.
 *   4. A row that has left is in no list; its memory goes back with its pane.
 *   5. Rows leave a pane that stays when they are dropped at their match, and when it is the first
 *      one and they have had their time: it is `by_time` then, a heap of the others and of dropped
 *      ones. */
#pragma once

#include "state/state_table.h"

enum eagre_state_row_flag {
  EAGRE_STATE_ROW_MATCHED = 1,
  EAGRE_STATE_ROW_UNLINKED = 2, /* its key cannot match */
  EAGRE_STATE_ROW_LEFT = 4,
};

struct eagre_state_row {
  struct eagre_state_row *next; /* of the same key */
  struct eagre_state_row *previous;
  uint64_t hash;
  uint64_t number; /* of the store: deltas speak of rows by it */
  int64_t time;
  uint32_t key_size;
  uint32_t body_size;
  uint32_t epoch; /* that added it; 0: before this process */
  uint32_t flags;
};

struct eagre_state_rows_slot {
  uint64_t hash;
  struct eagre_state_row *first; /* NULL: empty */
};

struct eagre_state_rows_pane {
  int64_t end;    /* the greatest time that belongs to it */
  uint64_t count; /* rows that have not left */
  struct eagre_state_block *first_block;
  struct eagre_state_block *block; /* the last: being filled */
  size_t block_size;               /* sum over the blocks */
  /* Where the rows of this epoch begin: a block and how much of it was used; NULL: the first. */
  struct eagre_state_block *new_block;
  size_t new_offset;
  struct eagre_state_row **by_time; /* heap, the earliest first; NULL until it is needed */
  uint64_t by_time_count;
  uint64_t by_time_capacity;
  struct eagre_state_slice slice;
};

struct eagre_state_rows {
  int64_t pane_us;
  struct eagre_state_rows_pane **panes; /* ascending by end */
  uint32_t pane_count;
  uint32_t pane_capacity;
  struct eagre_state_rows_pane *recent;
  struct eagre_state_rows_slot *slots;
  uint64_t capacity; /* slots, a power of two */
  uint32_t shift;
  uint64_t key_count; /* slots that are occupied */
  uint64_t row_count;
  uint64_t next_number;
  uint64_t epoch_number; /* next_number when the epoch began */
  uint64_t pass_number;  /* the pass under way takes rows with lower numbers */
  uint32_t epoch;        /* from 1 */
  uint64_t new_count;    /* rows added in this epoch that have not left */
  bool drops_matched;    /* a row leaves at its match */
  uint64_t *matched;     /* numbers of older rows that found a match in this epoch */
  uint64_t matched_count;
  uint64_t matched_capacity;
  struct eagre_state_walk walk; /* of a pane that is being evicted as a whole */
  struct eagre_state_base base;
};

static inline struct eagre_text eagre_state_row_key(const struct eagre_state_row *row) {
  return eagre_text_make((const char *)(row + 1), row->key_size);
}

static inline size_t eagre_state_row_size(size_t key_size, size_t body_size) {
  return (sizeof(struct eagre_state_row) + key_size + body_size + 7) & ~(size_t)7;
}

/* Adds a row with that number, into the list of its key unless its flags say otherwise. Key and
 * body are the caller's to fill in; eagre_state_rows_link follows. */
struct eagre_state_row *eagre_state_rows_make(struct eagre_state_rows *rows, int64_t time,
                                              uint32_t key_size, uint32_t body_size);
void eagre_state_rows_link(struct eagre_state_rows *rows, struct eagre_state_row *row);
/* Walks the rows of a pane that have not left; with `is_new` those of this epoch alone. All zero:
 * start; NULL at the end. */
struct eagre_state_row *eagre_state_rows_walk(const struct eagre_state_rows_pane *pane, bool is_new,
                                              struct eagre_state_walk *walk);
/* Forgets every row and gives the memory back. */
void eagre_state_rows_clear(struct eagre_state_rows *rows);
