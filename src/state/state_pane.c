/* One pane: slots that find groups, blocks that hold them (state_table.h has the invariants). */
#include "state/state_table.h"

#include <string.h>

enum {
  CAPACITY_MIN = 16,
  ROOMY_CAPACITY_MAX = 1024, /* slots: a quarter of the smallest L1 cache */
  BLOCK_SIZE_MIN = 1024,
  FILL_AHEAD = 16, /* about what a core can have on the way from memory */
};

/* ---- Blocks ---------------------------------------------------------------------------------- */

/* A block with room for `needed` bytes, larger than those before it. */
static struct eagre_state_block *add_block(struct eagre_state_pane *pane, size_t needed) {
  size_t size = pane->block == NULL ? BLOCK_SIZE_MIN : pane->block->size * 2;
  if (size > EAGRE_STATE_HUGE_SIZE) size = EAGRE_STATE_HUGE_SIZE;
  needed += sizeof(struct eagre_state_block);
  if (needed > size) {
    size = needed;
    size_t rest = size % EAGRE_STATE_HUGE_SIZE;
    if (size > EAGRE_STATE_HUGE_SIZE && rest > 0) size += EAGRE_STATE_HUGE_SIZE - rest;
  }
  struct eagre_state_block *block = eagre_state_memory_allocate(size);
  eagre_assert(((uintptr_t)block + size) >> EAGRE_STATE_ADDRESS_BITS == 0);
  block->size = size;
  block->used = sizeof *block;
  pane->block_size += size;
  if (pane->block == NULL) {
    pane->first_block = block;
  } else {
    pane->block->next = block;
  }
  return block;
}

static void *allocate_group(struct eagre_state_pane *pane, size_t size) {
  while (pane->block == NULL || pane->block->size - pane->block->used < size) {
    bool has_next = pane->block != NULL && pane->block->next != NULL;
    pane->block = has_next ? pane->block->next : add_block(pane, size);
  }
  void *group = (char *)pane->block + pane->block->used;
  pane->block->used += size;
  return group;
}

static void free_blocks(struct eagre_state_pane *pane) {
  while (pane->first_block != NULL) {
    struct eagre_state_block *block = pane->first_block;
    pane->first_block = block->next;
    eagre_state_memory_free(block, block->size);
  }
  pane->block = NULL;
  pane->block_size = 0;
}

static void empty_blocks(struct eagre_state_pane *pane) {
  for (struct eagre_state_block *block = pane->first_block; block != NULL; block = block->next) {
    block->used = sizeof *block;
  }
  pane->block = pane->first_block;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static void make_slots(struct eagre_state_pane *pane, uint64_t capacity) {
  pane->capacity = capacity;
  pane->shift = (uint32_t)__builtin_clzll(capacity) + 1;
  pane->slots = eagre_state_memory_allocate(capacity * sizeof *pane->slots);
}

static void free_slots(struct eagre_state_pane *pane) {
  eagre_state_memory_free(pane->slots, pane->capacity * sizeof *pane->slots);
}

/* A small pane has room to waste: a group that is not in its home costs a mistaken guess of the
 * processor, three times what all else about a row does. */
static bool is_too_full(uint64_t count, uint64_t capacity) {
  return capacity <= ROOMY_CAPACITY_MAX ? count * 8 > capacity : count * 5 > capacity * 3;
}

/* Puts a group that is not there yet into the first empty slot from its home on. */
static void fill_slot(struct eagre_state_pane *pane, struct eagre_state_record *group) {
  uint64_t index = group->hash >> pane->shift;
  while (pane->slots[index] != 0) {
    index = (index + 1) & (pane->capacity - 1);
  }
  pane->slots[index] = eagre_state_slot_make(group, group->hash);
}

/* Groups are passed over in the order of their memory; their homes, which are anywhere, are fetched
 * ahead of their turn. */
static void fill_slots(const struct eagre_state_table *table, struct eagre_state_pane *pane) {
  struct eagre_state_record *ahead[FILL_AHEAD] = {NULL};
  struct eagre_state_walk walk = {0};
  struct eagre_state_record *group;
  size_t turn = 0;
  while ((group = eagre_state_walk_next(table, pane, &walk)) != NULL) {
    __builtin_prefetch(&pane->slots[group->hash >> pane->shift], 1);
    if (ahead[turn] != NULL) fill_slot(pane, ahead[turn]);
    ahead[turn] = group;
    turn = (turn + 1) % FILL_AHEAD;
  }
  for (size_t i = 0; i < FILL_AHEAD; i++) {
    if (ahead[i] != NULL) fill_slot(pane, ahead[i]);
  }
}

void eagre_state_pane_reserve(const struct eagre_state_table *table, struct eagre_state_pane *pane,
                              uint64_t count) {
  uint64_t capacity = pane->capacity;
  while (is_too_full(pane->count + count, capacity)) {
    capacity *= 2;
  }
  if (capacity == pane->capacity) return;
  free_slots(pane);
  make_slots(pane, capacity);
  fill_slots(table, pane);
}

/* ---- Groups ---------------------------------------------------------------------------------- */

static struct eagre_state_record *insert_group(struct eagre_state_table *table,
                                               struct eagre_state_pane *pane, uint64_t hash,
                                               struct eagre_text key) {
  eagre_state_pane_reserve(table, pane, 1);
  eagre_assert(key.size <= UINT32_MAX);
  struct eagre_state_record *group = allocate_group(pane, eagre_state_group_size(table, key.size));
  *group = (struct eagre_state_record){.hash = hash, .key_size = (uint32_t)key.size};
  memset(group + 1, 0, table->payload_size);
  if (key.size > 0) memcpy((char *)(group + 1) + table->payload_size, key.data, key.size);
  fill_slot(pane, group);
  pane->count++;
  table->group_count++;
  return group;
}

struct eagre_state_record *eagre_state_pane_find(const struct eagre_state_table *table,
                                                 const struct eagre_state_pane *pane, uint64_t hash,
                                                 struct eagre_text key) {
  uint64_t index = hash >> pane->shift;
  struct eagre_state_record *group;
  while ((group = eagre_state_slot_group(pane->slots[index])) != NULL) {
    bool is_found = eagre_state_slot_matches(pane->slots[index], hash) && group->hash == hash &&
                    eagre_state_key_equal(eagre_state_key(table, group), key);
    if (is_found) break;
    index = (index + 1) & (pane->capacity - 1);
  }
  return group;
}

struct eagre_state_record *eagre_state_pane_get(struct eagre_state_table *table,
                                                struct eagre_state_pane *pane, uint64_t hash,
                                                struct eagre_text key, bool *out_is_new) {
  struct eagre_state_record *group = eagre_state_pane_find(table, pane, hash, key);
  if (out_is_new != NULL) *out_is_new = group == NULL;
  return group == NULL ? insert_group(table, pane, hash, key) : group;
}

/* ---- Life ------------------------------------------------------------------------------------ */

struct eagre_state_pane *eagre_state_pane_new(void) {
  struct eagre_state_pane *pane = eagre_allocate_zeroed(1, sizeof *pane);
  make_slots(pane, CAPACITY_MIN);
  pane->is_listed = true;
  return pane;
}

void eagre_state_pane_free(struct eagre_state_pane *pane) {
  free_slots(pane);
  free_blocks(pane);
  eagre_arena_done(&pane->arena);
  eagre_free(pane->listed);
  eagre_free(pane);
}

static void forget_groups(struct eagre_state_pane *pane) {
  pane->count = 0;
  pane->text_size = 0;
  pane->changed_count = 0;
  pane->listed_count = 0;
  pane->is_listed = true;
}

void eagre_state_pane_empty(struct eagre_state_pane *pane) {
  free_slots(pane);
  make_slots(pane, CAPACITY_MIN);
  free_blocks(pane);
  eagre_arena_done(&pane->arena);
  eagre_free(pane->listed);
  pane->listed = NULL;
  pane->listed_capacity = 0;
  pane->slice.walk = (struct eagre_state_walk){0};
  forget_groups(pane);
}

void eagre_state_pane_reset(struct eagre_state_pane *pane) {
  bool is_oversized = pane->capacity > 2 * ROOMY_CAPACITY_MAX && pane->count < pane->capacity / 8;
  if (is_oversized) {
    free_slots(pane);
    make_slots(pane, CAPACITY_MIN);
    free_blocks(pane);
  } else {
    memset(pane->slots, 0, pane->capacity * sizeof *pane->slots);
    empty_blocks(pane);
  }
  eagre_arena_reset(&pane->arena);
  forget_groups(pane);
  pane->slice = (struct eagre_state_slice){0};
  pane->is_in_tier = false;
  pane->cold_count = 0;
  pane->cold_planned = 0;
}

size_t eagre_state_pane_memory(const struct eagre_state_pane *pane) {
  return sizeof *pane + pane->capacity * sizeof *pane->slots + pane->block_size +
         pane->arena.allocated_size + pane->listed_capacity * sizeof *pane->listed;
}
