/* Inside the room `state`: tables, panes, groups.
 *
 *   table -> panes, ascending by end -> slots (open addressing) -> groups in blocks
 *
 * A group is one piece of memory, 8-byte aligned:
 *
 *   offset size
 *   0      8    hash of the key
 *   8      4    size of the key
 *   12     4    mark: the epoch that touched it last, 0 for none since it was loaded
 *   16     p    payload, p = layout.payload_size
 *   16+p   k    key, padded to 8
 *
 * Invariants
 *   1. A slot is 0, or the address of a group with bits 16-31 of its hash in place of the highest
 * 16 bits, which addresses do not use: a slot of another group is passed over without looking at
 *      that group. A group is found from its home, hash >> shift, over occupied slots, wrapping
 *      around.
 *   2. At most 3/5 of a pane's slots are occupied, of a small one's 1/8, so that an empty one ends
 *      every search. When a large pane gets twice as many, the ones it had stay until all groups
 *      have moved: those with hashes up to moved_hash_max are found in `slots`, others in
 *      `old_slots`, never in both. There no empty slot is between the home of a group and its place
 *      either, and 3/4 are occupied at most; slots of groups that have moved stay as they were.
 *   3. Groups never move and are never removed one by one: pointers to payloads stay valid while
 *      slots grow, and walking a pane's blocks visits its groups in the order they were made.
 *      eagre_state_drop_groups makes panes anew between two epochs.
 *   4. Homes come from the high bits of the hash and state partitions from all of it modulo a small
 *      number, so that a core that owns every nth partition still uses all homes.
 *   5. `group_count` and `changed_count` of the table are the sums over its panes.
 *
 * Memory per group of a 10 M group pane with 8 bytes of key and of payload: 32 + 8 / 0.6 = 45
 * bytes. Slots of 16 bytes with the whole hash were no faster to search, took 14 bytes more per
 * group and twice the time to fill. */
#pragma once

#include <string.h>

#include "state/state.h"

enum {
  EAGRE_STATE_HUGE_SIZE = 2 << 20,
  EAGRE_STATE_PANE_CACHE = 16,
  EAGRE_STATE_MOVING_CAPACITY_MIN = 64 << 10, /* fewer slots are filled anew within 0.1 ms */
  EAGRE_STATE_ATTEMPT_SIZE = 64,              /* with its zero */
};

struct eagre_state_record {
  uint64_t hash;
  uint32_t key_size;
  uint32_t mark;
};

/* Memory for groups; they follow this header, which takes a cache line so that groups of 32 or 64
 * bytes are never on two. */
struct eagre_state_block {
  struct eagre_state_block *next;
  size_t size; /* this header included */
  size_t used; /* this header included */
  char unused[40];
};

/* Walks the groups of a pane in the order they were made. All zero: start. */
struct eagre_state_walk {
  struct eagre_state_block *block;
  size_t offset;
};

/* How far the pass over a pane has come (state_slice.c). Groups and rows that came since it began
 * stand behind those that it takes. */
struct eagre_state_slice {
  struct eagre_state_walk walk; /* behind what it has taken */
  uint64_t left;                /* groups that it has not taken yet; not counted of rows */
  uint64_t planned;             /* groups or rows that it takes for the file being written */
};

struct eagre_state_slots {
  uint64_t *words;
  uint64_t capacity; /* a power of two; 0: there are none */
  uint32_t shift;    /* 64 - log2(capacity) */
};

struct eagre_state_pane {
  int64_t end;
  uint64_t count;
  uint64_t moved_hash_max; /* groups with greater hashes are in old_slots */
  struct eagre_state_slots slots;
  struct eagre_state_slots old_slots; /* none, but while groups move from them */
  struct eagre_state_block *first_block;
  struct eagre_state_block *block; /* being filled; later ones are empty */
  size_t block_size;               /* sum over the blocks */
  struct eagre_arena arena;        /* texts of payloads */
  size_t text_size;                /* of the arena when its texts were last gathered */
  /* Groups touched in this epoch. They are listed while they are few, else found by their mark. */
  uint64_t changed_count;
  bool is_listed;
  uint32_t listed_count;
  uint32_t listed_capacity;
  struct eagre_state_record **listed;
  struct eagre_state_slice slice;
  bool is_in_tier;     /* the tier has groups of it; some may be in memory, too, and newer there */
  uint64_t cold_count; /* groups that only the tier has */
  uint64_t cold_planned;    /* of them, those that go into the file being written */
  uint64_t cold_kept_count; /* of these, the first ones, which table->cold.kept has */
  size_t cold_kept_size;    /* their bytes there */
};

/* What the next snapshot of a table or row store may build on. */
struct eagre_state_base {
  int64_t version; /* it was that, but for the changes since; -1: none */
  uint32_t core;
  char attempt[EAGRE_STATE_ATTEMPT_SIZE];
  int64_t chain_first; /* oldest version whose file that one needs: its pass began there */
  int64_t chain_last;  /* the pass ended there */
  int64_t pass_first;  /* the version that the pass under way began with; -1: none */
  int64_t evicted_max; /* since that version, a pane or a time; INT64_MIN: nothing */
  bool is_dirty;       /* changed or evicted since the last save or load */
};
static inline void eagre_state_base_reset(struct eagre_state_base *base) {
  *base = (struct eagre_state_base){.version = -1, .pass_first = -1, .evicted_max = INT64_MIN};
}

/* What of a table is in the tier (state_cold.c). All zero: it stays in memory. */
struct eagre_state_cold {
  struct eagre_state_tier *tier;
  uint32_t number;     /* of the table, in keys of the tier */
  bool is_used;        /* groups have been spilled since the table was empty */
  uint64_t count;      /* sum over the panes */
  int64_t evicted_max; /* panes up to here are to be deleted in the tier; INT64_MIN: none */
  /* Keys of the tier: what the pass has taken last, and what it will have taken when the file being
   * written is there. Empty: nothing yet. */
  struct eagre_buffer pass_key;
  struct eagre_buffer planned_key;
  /* The first planned groups, pane by pane, as they go into the file, and the key of the last one:
   * counting them reads them, and not again. */
  struct eagre_buffer kept;
  struct eagre_buffer kept_key;
};

struct eagre_state_table {
  uint32_t payload_size;
  uint32_t key_suffix_size;
  uint32_t text_count;
  uint32_t *text_offsets;
  struct eagre_state_pane **panes; /* ascending by end */
  uint32_t pane_count;
  uint32_t pane_capacity;
  struct eagre_state_pane *cache[EAGRE_STATE_PANE_CACHE]; /* recent panes by their end */
  struct eagre_state_pane *spare[8];                      /* empty panes that keep their memory */
  uint32_t spare_count;
  uint32_t epoch;               /* the mark of groups touched now, from 1 */
  uint64_t moving_capacity_min; /* a pane with as many slots moves its groups step by step */
  uint64_t group_count;
  uint64_t changed_count;
  struct eagre_state_base base;
  struct eagre_state_cold cold;
};

/* ---- Memory (state_memory.c) ----------------------------------------------------------------- */

/* Zeroed; on huge pages when it is large. */
void *eagre_state_memory_allocate(size_t size);
/* The same for what is read before it is written. Its zeroes are written, not left to the system: a
 * page that is read first is mapped as one that all share, and its first write then interrupts all
 * other cores, so that they forget it. */
void *eagre_state_memory_allocate_slots(size_t size);
void eagre_state_memory_free(void *memory, size_t size);

/* ---- Slots (state_slots.c) ------------------------------------------------------------------- */

/* The fewest there are, for a pane that has none. */
void eagre_state_slots_make(struct eagre_state_pane *pane);
/* All of them. */
void eagre_state_slots_free(struct eagre_state_pane *pane);
/* Makes all of them empty. */
void eagre_state_slots_clear(struct eagre_state_pane *pane);
/* Whether there are many more than its groups need. */
bool eagre_state_slots_are_oversized(const struct eagre_state_pane *pane);
/* As many, at once, as so many more groups need. */
void eagre_state_slots_reserve(const struct eagre_state_table *table, struct eagre_state_pane *pane,
                               uint64_t count);
/* For one group more, before it is made. Moves some of those that are there. */
void eagre_state_slots_make_room(const struct eagre_state_table *table,
                                 struct eagre_state_pane *pane);
/* Puts a group that is not there yet into a slot, for which there is room. */
void eagre_state_slots_add(struct eagre_state_pane *pane, struct eagre_state_record *group);
/* Moves some groups of a pane whose groups are moving. */
void eagre_state_slots_begin_epoch(struct eagre_state_pane *pane);
/* Moves the rest: all groups are in `slots` then. */
void eagre_state_slots_end_move(struct eagre_state_pane *pane);

/* ---- Panes (state_pane.c) -------------------------------------------------------------------- */

struct eagre_state_pane *eagre_state_pane_new(void);
void eagre_state_pane_free(struct eagre_state_pane *pane);
/* Empty again, with as much of its memory as was used. */
void eagre_state_pane_reset(struct eagre_state_pane *pane);
/* Gives all groups of its memory up, and the memory; the groups are somewhere else. */
void eagre_state_pane_empty(struct eagre_state_pane *pane);
size_t eagre_state_pane_memory(const struct eagre_state_pane *pane);
/* NULL when it is not in memory. */
struct eagre_state_record *eagre_state_pane_find(const struct eagre_state_table *table,
                                                 const struct eagre_state_pane *pane, uint64_t hash,
                                                 struct eagre_text key);
/* Finds or makes (payload zeroed, mark 0) the group; *out_is_new may be NULL. */
struct eagre_state_record *eagre_state_pane_get(struct eagre_state_table *table,
                                                struct eagre_state_pane *pane, uint64_t hash,
                                                struct eagre_text key, bool *out_is_new);
/* The pane that ends there, made when missing. */
struct eagre_state_pane *eagre_state_table_get_pane(struct eagre_state_table *table, int64_t end);

/* NULL when there is none. */
struct eagre_state_pane *eagre_state_table_find_pane(const struct eagre_state_table *table,
                                                     int64_t end);

/* Fills the payload of a new group from its bytes as they stand in snapshots, which have been
 * measured: the payload, then sizes and bytes of its texts, which are copied. */
void eagre_state_payload_fill(const struct eagre_state_table *table, const char *bytes,
                              struct eagre_arena *arena, char *payload);

/* ---- Groups ---------------------------------------------------------------------------------- */

enum { EAGRE_STATE_ADDRESS_BITS = 48 };

static inline uint64_t eagre_state_slot_make(const struct eagre_state_record *group,
                                             uint64_t hash) {
  return (uint64_t)(uintptr_t)group | hash >> 16 << EAGRE_STATE_ADDRESS_BITS;
}

/* Whether an occupied slot may be that of a group with this hash. */
static inline bool eagre_state_slot_matches(uint64_t slot, uint64_t hash) {
  return (slot ^ hash >> 16 << EAGRE_STATE_ADDRESS_BITS) >> EAGRE_STATE_ADDRESS_BITS == 0;
}

/* Where the group with that hash is, or would be. */
static inline const struct eagre_state_slots *
eagre_state_slots_of(const struct eagre_state_pane *pane, uint64_t hash) {
  return hash <= pane->moved_hash_max ? &pane->slots : &pane->old_slots;
}

/* The slot from which that group is searched. */
static inline const uint64_t *eagre_state_slot_home(const struct eagre_state_slots *slots,
                                                    uint64_t hash) {
  return &slots->words[hash >> slots->shift];
}

/* NULL of an empty slot. */
static inline struct eagre_state_record *eagre_state_slot_group(uint64_t slot) {
  uint64_t address = slot & ((UINT64_C(1) << EAGRE_STATE_ADDRESS_BITS) - 1);
  return (struct eagre_state_record *)(uintptr_t)address;
}

static inline char *eagre_state_payload(struct eagre_state_record *group) {
  return (char *)(group + 1);
}

static inline struct eagre_text eagre_state_key(const struct eagre_state_table *table,
                                                const struct eagre_state_record *group) {
  return eagre_text_make((const char *)(group + 1) + table->payload_size, group->key_size);
}

/* Keys of the size of an integer, the usual ones, are compared without a call. */
static inline bool eagre_state_key_equal(struct eagre_text a, struct eagre_text b) {
  if (a.size != b.size) return false;
  if (a.size != 8) return a.size == 0 || memcmp(a.data, b.data, a.size) == 0;
  uint64_t left;
  uint64_t right;
  memcpy(&left, a.data, 8);
  memcpy(&right, b.data, 8);
  return left == right;
}

static inline size_t eagre_state_group_size(const struct eagre_state_table *table,
                                            size_t key_size) {
  return (sizeof(struct eagre_state_record) + table->payload_size + key_size + 7) & ~(size_t)7;
}

/* The next group of the pane; NULL at the end, from where the walk goes on when there are more. */
static inline struct eagre_state_record *
eagre_state_walk_next(const struct eagre_state_table *table, const struct eagre_state_pane *pane,
                      struct eagre_state_walk *walk) {
  if (walk->block == NULL) {
    walk->block = pane->first_block;
    walk->offset = sizeof(struct eagre_state_block);
  }
  while (walk->block != NULL && walk->offset >= walk->block->used) {
    if (walk->block->next == NULL) return NULL;
    walk->block = walk->block->next;
    walk->offset = sizeof(struct eagre_state_block);
  }
  if (walk->block == NULL) return NULL;
  struct eagre_state_record *group =
      (struct eagre_state_record *)((char *)walk->block + walk->offset);
  walk->offset += eagre_state_group_size(table, group->key_size);
  return group;
}
