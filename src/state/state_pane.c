/* One pane: blocks that hold its groups, and finding them (state_table.h has the invariants). */
#include "state/state_table.h"

#include <string.h>

enum { BLOCK_SIZE_MIN = 1024 };

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

/* ---- Groups ---------------------------------------------------------------------------------- */

static struct eagre_state_record *insert_group(struct eagre_state_table *table,
                                               struct eagre_state_pane *pane, uint64_t hash,
                                               struct eagre_text key) {
  eagre_assert(key.size <= UINT32_MAX);
  eagre_state_slots_make_room(table, pane);
  struct eagre_state_record *group = allocate_group(pane, eagre_state_group_size(table, key.size));
  *group = (struct eagre_state_record){.hash = hash, .key_size = (uint32_t)key.size};
  memset(group + 1, 0, table->payload_size);
  if (key.size > 0) memcpy((char *)(group + 1) + table->payload_size, key.data, key.size);
  eagre_state_slots_add(pane, group);
  pane->count++;
  table->group_count++;
  return group;
}

struct eagre_state_record *eagre_state_pane_find(const struct eagre_state_table *table,
                                                 const struct eagre_state_pane *pane, uint64_t hash,
                                                 struct eagre_text key) {
  const struct eagre_state_slots *slots = eagre_state_slots_of(pane, hash);
  uint64_t index = hash >> slots->shift;
  struct eagre_state_record *group;
  while ((group = eagre_state_slot_group(slots->words[index])) != NULL) {
    bool is_found = eagre_state_slot_matches(slots->words[index], hash) && group->hash == hash &&
                    eagre_state_key_equal(eagre_state_key(table, group), key);
    if (is_found) break;
    index = (index + 1) & (slots->capacity - 1);
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
  eagre_state_slots_make(pane);
  pane->is_listed = true;
  return pane;
}

void eagre_state_pane_free(struct eagre_state_pane *pane) {
  eagre_state_slots_free(pane);
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
  eagre_state_slots_free(pane);
  eagre_state_slots_make(pane);
  free_blocks(pane);
  eagre_arena_done(&pane->arena);
  eagre_free(pane->listed);
  pane->listed = NULL;
  pane->listed_capacity = 0;
  pane->slice.walk = (struct eagre_state_walk){0};
  forget_groups(pane);
}

void eagre_state_pane_reset(struct eagre_state_pane *pane) {
  if (eagre_state_slots_are_oversized(pane)) {
    eagre_state_slots_free(pane);
    eagre_state_slots_make(pane);
    free_blocks(pane);
  } else {
    eagre_state_slots_clear(pane);
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
  uint64_t slot_count = pane->slots.capacity + pane->old_slots.capacity;
  return sizeof *pane + slot_count * sizeof *pane->slots.words + pane->block_size +
         pane->arena.allocated_size + pane->listed_capacity * sizeof *pane->listed;
}
