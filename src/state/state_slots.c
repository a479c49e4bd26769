/* The slots of a pane: filling them, and getting more of them (state_table.h has the invariants).
 *
 * Few slots are filled anew at once. Many would be a pause that follows the state: the old ones
 * stay beside the new ones, from which every group that is added, and every epoch, moves some more
 * over, in their order. What has moved is known by its hash, as homes come from its highest bits,
 * so that a search looks in one of the two. The new slots are filled from the front, too, and the
 * system zeroes their pages one by one. */
#include "state/state_table.h"

#include <string.h>

enum {
  CAPACITY_MIN = 16,
  ROOMY_CAPACITY_MAX = 1024, /* slots: a quarter of the smallest L1 cache */
  FILL_AHEAD = 16,           /* about what a core can have on the way from memory */
  /* Old slots that move with every group that is added: while all do, as many as 1/8 of them are
   * added, which is how much fuller than others the old ones may become. */
  MOVED_SLOTS = 8,
  MOVED_SLOTS_EPOCH = 4096, /* with every epoch: where no groups are added, a move ends, too */
  MOVE_AHEAD = 64,          /* slots */
};

/* ---- Memory ---------------------------------------------------------------------------------- */

static struct eagre_state_slots make_slots(uint64_t capacity) {
  return (struct eagre_state_slots){
      .words = eagre_state_memory_allocate_slots(capacity * sizeof(uint64_t)),
      .capacity = capacity,
      .shift = (uint32_t)__builtin_clzll(capacity) + 1,
  };
}

static void free_slots(struct eagre_state_slots *slots) {
  eagre_state_memory_free(slots->words, slots->capacity * sizeof *slots->words);
  *slots = (struct eagre_state_slots){0};
}

static void end_move(struct eagre_state_pane *pane) {
  free_slots(&pane->old_slots);
  pane->moved_hash_max = UINT64_MAX;
}

void eagre_state_slots_make(struct eagre_state_pane *pane) {
  pane->slots = make_slots(CAPACITY_MIN);
  pane->moved_hash_max = UINT64_MAX;
}

void eagre_state_slots_free(struct eagre_state_pane *pane) {
  end_move(pane);
  free_slots(&pane->slots);
}

void eagre_state_slots_clear(struct eagre_state_pane *pane) {
  end_move(pane);
  memset(pane->slots.words, 0, pane->slots.capacity * sizeof *pane->slots.words);
}

bool eagre_state_slots_are_oversized(const struct eagre_state_pane *pane) {
  return pane->slots.capacity > 2 * ROOMY_CAPACITY_MAX && pane->count < pane->slots.capacity / 8;
}

/* ---- Filling --------------------------------------------------------------------------------- */

/* A small pane has room to waste: a group that is not in its home costs a mistaken guess of the
 * processor, three times what all else about a row does. */
static bool is_too_full(uint64_t count, uint64_t capacity) {
  return capacity <= ROOMY_CAPACITY_MAX ? count * 8 > capacity : count * 5 > capacity * 3;
}

/* Puts a group that is not there yet into the first empty slot from its home on. */
static void fill_slot(const struct eagre_state_slots *slots, struct eagre_state_record *group) {
  uint64_t index = group->hash >> slots->shift;
  while (slots->words[index] != 0) {
    index = (index + 1) & (slots->capacity - 1);
  }
  slots->words[index] = eagre_state_slot_make(group, group->hash);
}

/* Groups are passed over in the order of their memory; their homes, which are anywhere, are fetched
 * ahead of their turn. */
static void fill_slots(const struct eagre_state_table *table, struct eagre_state_pane *pane) {
  const struct eagre_state_slots *slots = &pane->slots;
  struct eagre_state_record *ahead[FILL_AHEAD] = {NULL};
  struct eagre_state_walk walk = {0};
  struct eagre_state_record *group;
  size_t turn = 0;
  while ((group = eagre_state_walk_next(table, pane, &walk)) != NULL) {
    __builtin_prefetch(&slots->words[group->hash >> slots->shift], 1);
    if (ahead[turn] != NULL) fill_slot(slots, ahead[turn]);
    ahead[turn] = group;
    turn = (turn + 1) % FILL_AHEAD;
  }
  for (size_t i = 0; i < FILL_AHEAD; i++) {
    if (ahead[i] != NULL) fill_slot(slots, ahead[i]);
  }
}

void eagre_state_slots_reserve(const struct eagre_state_table *table, struct eagre_state_pane *pane,
                               uint64_t count) {
  uint64_t capacity = pane->slots.capacity;
  while (is_too_full(pane->count + count, capacity)) {
    capacity *= 2;
  }
  if (capacity == pane->slots.capacity) return;
  eagre_state_slots_free(pane);
  pane->slots = make_slots(capacity);
  fill_slots(table, pane);
}

/* ---- Moving ---------------------------------------------------------------------------------- */

/* Moves the group in an old slot. One whose home is behind its slot has been pushed over the end of
 * the slots: it moves when the end is reached. */
static inline void move_slot(struct eagre_state_pane *pane, uint64_t index, bool is_behind_end) {
  struct eagre_state_record *group = eagre_state_slot_group(pane->old_slots.words[index]);
  if (group == NULL) return;
  bool is_pushed_over = group->hash >> pane->old_slots.shift > index;
  if (is_pushed_over == is_behind_end) fill_slot(&pane->slots, group);
}

/* Moves a slot while groups that come soon are fetched, which are anywhere in memory. */
static inline void move_next_slot(struct eagre_state_pane *pane, uint64_t index) {
  const struct eagre_state_slots *old = &pane->old_slots;
  uint64_t soon = (index + MOVE_AHEAD) & (old->capacity - 1);
  __builtin_prefetch(eagre_state_slot_group(old->words[soon]));
  __builtin_prefetch(&pane->slots.words[2 * soon], 1);
  __builtin_prefetch(&old->words[(soon + MOVE_AHEAD) & (old->capacity - 1)]);
  move_slot(pane, index, false);
}

/* Moves `count` old slots, and more up to an empty one: groups that have their homes before that
 * are found before it, too. What has moved is left standing where it was: searches for others pass
 * over it, and what was pushed over the end is found behind it. */
static void move_slots(struct eagre_state_pane *pane, uint64_t index, uint64_t count) {
  const struct eagre_state_slots *old = &pane->old_slots;
  uint64_t end = count < old->capacity - index ? index + count : old->capacity;
  while (index < end || (index < old->capacity && old->words[index] != 0)) {
    move_next_slot(pane, index++);
  }
  if (index < old->capacity) {
    pane->moved_hash_max = (index << old->shift) - 1;
    return;
  }
  for (index = 0; old->words[index] != 0; index++) {
    move_slot(pane, index, true);
  }
  end_move(pane);
}

static bool is_moving(const struct eagre_state_pane *pane) {
  return pane->old_slots.capacity > 0;
}

static void go_on_moving(struct eagre_state_pane *pane, uint64_t count) {
  if (is_moving(pane)) move_slots(pane, (pane->moved_hash_max >> pane->old_slots.shift) + 1, count);
}

void eagre_state_slots_begin_epoch(struct eagre_state_pane *pane) {
  go_on_moving(pane, MOVED_SLOTS_EPOCH);
}

void eagre_state_slots_end_move(struct eagre_state_pane *pane) {
  go_on_moving(pane, pane->old_slots.capacity);
}

static void begin_move(struct eagre_state_pane *pane) {
  eagre_state_slots_end_move(pane); /* has ended long since, but of panes that are small for that */
  pane->old_slots = pane->slots;
  pane->slots = make_slots(2 * pane->old_slots.capacity);
  move_slots(pane, 0, MOVED_SLOTS);
}

/* ---- Adding ---------------------------------------------------------------------------------- */

void eagre_state_slots_make_room(const struct eagre_state_table *table,
                                 struct eagre_state_pane *pane) {
  if (!is_too_full(pane->count + 1, pane->slots.capacity)) {
    go_on_moving(pane, MOVED_SLOTS);
  } else if (pane->slots.capacity < table->moving_capacity_min) {
    eagre_state_slots_reserve(table, pane, 1);
  } else {
    begin_move(pane);
  }
}

void eagre_state_slots_add(struct eagre_state_pane *pane, struct eagre_state_record *group) {
  fill_slot(eagre_state_slots_of(pane, group->hash), group);
}
