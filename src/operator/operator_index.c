/* Open addressing over (hash, payload): at most 3/5 of the slots are occupied, and a removal moves
 * those behind it back, so that no search meets a gap. */
#include "operator/operator_index.h"

enum { CAPACITY_MIN = 64 };

struct operator_index_slot {
  uint64_t hash;
  char *payload;
};

void eagre_operator_index_done(struct operator_index *index) {
  eagre_free(index->slots);
  *index = (struct operator_index){0};
}

/* Slots are taken by bits that neither state partitions nor the slots of panes use. */
static uint64_t home_of(const struct operator_index *index, uint64_t hash) {
  return eagre_hash_integer(hash, 1) & (index->capacity - 1);
}

static void put(struct operator_index *index, struct operator_index_slot slot) {
  uint64_t place = home_of(index, slot.hash);
  while (index->slots[place].payload != NULL) {
    place = (place + 1) & (index->capacity - 1);
  }
  index->slots[place] = slot;
}

static void resize(struct operator_index *index, uint64_t capacity) {
  struct operator_index old = *index;
  index->capacity = capacity;
  index->slots = eagre_allocate_zeroed(capacity, sizeof *index->slots);
  for (uint64_t i = 0; i < old.capacity; i++) {
    if (old.slots[i].payload != NULL) put(index, old.slots[i]);
  }
  eagre_free(old.slots);
}

void eagre_operator_index_add(struct operator_index *index, uint64_t hash, char *payload) {
  if (index->capacity == 0) resize(index, CAPACITY_MIN);
  if ((index->count + 1) * 5 > index->capacity * 3) resize(index, index->capacity * 2);
  put(index, (struct operator_index_slot){hash, payload});
  index->count++;
}

/* Closes the gap at `place`: what a search would no longer reach moves into it. */
static void close_gap(struct operator_index *index, uint64_t place) {
  uint64_t mask = index->capacity - 1;
  uint64_t gap = place;
  for (uint64_t next = (gap + 1) & mask; index->slots[next].payload != NULL;
       next = (next + 1) & mask) {
    uint64_t home = home_of(index, index->slots[next].hash);
    bool is_reached = ((next - home) & mask) < ((next - gap) & mask);
    if (is_reached) continue;
    index->slots[gap] = index->slots[next];
    gap = next;
  }
  index->slots[gap] = (struct operator_index_slot){0};
}

void eagre_operator_index_remove(struct operator_index *index, uint64_t hash, const char *payload) {
  eagre_assert(index->count > 0);
  uint64_t place = home_of(index, hash);
  while (index->slots[place].payload != payload) {
    eagre_assert(index->slots[place].payload != NULL);
    place = (place + 1) & (index->capacity - 1);
  }
  close_gap(index, place);
  index->count--;
  bool is_roomy = index->capacity > CAPACITY_MIN && index->count * 8 < index->capacity;
  if (is_roomy) resize(index, index->capacity / 2);
}

void eagre_operator_index_prefetch(const struct operator_index *index, uint64_t hash) {
  if (index->capacity > 0) __builtin_prefetch(&index->slots[home_of(index, hash)]);
}

/* The position is one more than the number of slots passed from the hash's home on. */
char *eagre_operator_index_next(const struct operator_index *index, uint64_t hash,
                                uint64_t *position) {
  if (index->capacity == 0) return NULL;
  uint64_t home = home_of(index, hash);
  for (;;) {
    const struct operator_index_slot *slot =
        &index->slots[(home + *position) & (index->capacity - 1)];
    *position += 1;
    if (slot->payload == NULL) return NULL;
    if (slot->hash == hash) return slot->payload;
  }
}

uint64_t eagre_operator_index_memory(const struct operator_index *index) {
  return index->capacity * sizeof *index->slots;
}
