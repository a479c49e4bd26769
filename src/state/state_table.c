/* Tables: finding groups batch by batch, walking them, evicting panes. */
#include "state/state_table.h"

#include <string.h>

enum {
  CHUNK_ROWS = 128, /* in flight at once: enough to hide a miss, few enough to stay in L1 */
  LISTED_MIN = 1024,
  NEAR_GROUP_COUNT = 1024,  /* tables up to here are in the caches of a core */
  SPARE_SIZE_MAX = 4 << 20, /* an evicted pane above this gives its memory back */
  TEXT_SIZE_MIN = 1 << 20,  /* texts are not gathered below this */
};

/* ---- Life ------------------------------------------------------------------------------------ */

struct eagre_state_table *eagre_state_table_new(const struct eagre_state_layout *layout) {
  eagre_assert(layout->payload_size % 8 == 0);
  struct eagre_state_table *table = eagre_allocate_zeroed(1, sizeof *table);
  table->payload_size = layout->payload_size;
  table->key_suffix_size = layout->key_suffix_size;
  table->text_count = layout->text_count;
  table->text_offsets = eagre_allocate(layout->text_count * sizeof *table->text_offsets);
  for (uint32_t i = 0; i < layout->text_count; i++) {
    uint32_t begin = i == 0 ? 0 : layout->text_offsets[i - 1] + (uint32_t)sizeof(struct eagre_text);
    uint32_t offset = layout->text_offsets[i];
    eagre_assert(offset >= begin && offset + sizeof(struct eagre_text) <= layout->payload_size);
    table->text_offsets[i] = offset;
  }
  table->epoch = 1;
  table->moving_capacity_min = EAGRE_STATE_MOVING_CAPACITY_MIN;
  table->cold.evicted_max = INT64_MIN;
  eagre_state_base_reset(&table->base);
  return table;
}

void eagre_state_table_free(struct eagre_state_table *table) {
  if (table == NULL) return;
  for (uint32_t i = 0; i < table->pane_count; i++) {
    eagre_state_pane_free(table->panes[i]);
  }
  for (uint32_t i = 0; i < table->spare_count; i++) {
    eagre_state_pane_free(table->spare[i]);
  }
  eagre_buffer_done(&table->cold.pass_key);
  eagre_buffer_done(&table->cold.planned_key);
  eagre_buffer_done(&table->cold.kept);
  eagre_buffer_done(&table->cold.kept_key);
  eagre_free(table->panes);
  eagre_free(table->text_offsets);
  eagre_free(table);
}

/* Empties a pane that has left the list and keeps it for the next one that is needed. */
static void retire_pane(struct eagre_state_table *table, struct eagre_state_pane *pane,
                        size_t memory_max) {
  table->group_count -= pane->count + pane->cold_count;
  table->changed_count -= pane->changed_count;
  table->cold.count -= pane->cold_count;
  if (pane->is_in_tier && pane->end > table->cold.evicted_max) table->cold.evicted_max = pane->end;
  bool is_kept = table->spare_count < EAGRE_COUNT_OF(table->spare) &&
                 eagre_state_pane_memory(pane) <= memory_max;
  if (!is_kept) {
    eagre_state_pane_free(pane);
    return;
  }
  eagre_state_pane_reset(pane);
  table->spare[table->spare_count++] = pane;
}

/* Takes the first `count` panes off. */
static void retire_panes(struct eagre_state_table *table, uint32_t count, size_t memory_max) {
  for (uint32_t i = 0; i < count; i++) {
    retire_pane(table, table->panes[i], memory_max);
  }
  table->pane_count -= count;
  if (count > 0)
    memmove(table->panes, table->panes + count, table->pane_count * sizeof *table->panes);
  memset(table->cache, 0, sizeof table->cache);
}

void eagre_state_table_clear(struct eagre_state_table *table) {
  retire_panes(table, table->pane_count, SIZE_MAX);
  table->cold.is_used = false;
  eagre_state_base_reset(&table->base);
}

/* ---- Panes ----------------------------------------------------------------------------------- */

/* The place of the pane that ends there, or where it would stand. */
static uint32_t find_pane_place(const struct eagre_state_table *table, int64_t end) {
  uint32_t low = 0;
  uint32_t high = table->pane_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (table->panes[middle]->end < end) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static struct eagre_state_pane *insert_pane(struct eagre_state_table *table, uint32_t place,
                                            int64_t end) {
  if (table->pane_count == table->pane_capacity) {
    table->pane_capacity = table->pane_capacity == 0 ? 16 : table->pane_capacity * 2;
    table->panes = eagre_reallocate(table->panes, table->pane_capacity * sizeof *table->panes);
  }
  struct eagre_state_pane *pane =
      table->spare_count > 0 ? table->spare[--table->spare_count] : eagre_state_pane_new();
  pane->end = end;
  memmove(table->panes + place + 1, table->panes + place,
          (table->pane_count - place) * sizeof *table->panes);
  table->panes[place] = pane;
  table->pane_count++;
  return pane;
}

struct eagre_state_pane *eagre_state_table_find_pane(const struct eagre_state_table *table,
                                                     int64_t end) {
  uint32_t place = find_pane_place(table, end);
  bool is_there = place < table->pane_count && table->panes[place]->end == end;
  return is_there ? table->panes[place] : NULL;
}

struct eagre_state_pane *eagre_state_table_get_pane(struct eagre_state_table *table, int64_t end) {
  struct eagre_state_pane **cached =
      &table->cache[eagre_hash_integer((uint64_t)end, 0) % EAGRE_STATE_PANE_CACHE];
  if (*cached != NULL && (*cached)->end == end) return *cached;
  uint32_t place = find_pane_place(table, end);
  bool is_there = place < table->pane_count && table->panes[place]->end == end;
  *cached = is_there ? table->panes[place] : insert_pane(table, place, end);
  return *cached;
}

struct eagre_arena *eagre_state_pane_arena(struct eagre_state_table *table, int64_t pane) {
  return &eagre_state_table_get_pane(table, pane)->arena;
}

/* ---- Finding groups -------------------------------------------------------------------------- */

static void list_changed(struct eagre_state_pane *pane, struct eagre_state_record *group) {
  uint64_t listed_max = pane->count / 8 > LISTED_MIN ? pane->count / 8 : LISTED_MIN;
  if (pane->listed_count >= listed_max) {
    pane->is_listed = false;
    return;
  }
  if (pane->listed_count == pane->listed_capacity) {
    pane->listed_capacity = pane->listed_capacity == 0 ? 16 : pane->listed_capacity * 2;
    pane->listed = eagre_reallocate(pane->listed, pane->listed_capacity * sizeof(*pane->listed));
  }
  pane->listed[pane->listed_count++] = group;
}

static inline void mark_changed(struct eagre_state_table *table, struct eagre_state_pane *pane,
                                struct eagre_state_record *group) {
  if (group->mark == table->epoch) return;
  group->mark = table->epoch;
  pane->changed_count++;
  table->changed_count++;
  if (pane->is_listed) list_changed(pane, group);
}

static struct eagre_state_record *record_of(const char *payload) {
  return (struct eagre_state_record *)(uintptr_t)payload - 1;
}

void eagre_state_touch(struct eagre_state_table *table, int64_t pane, char *payload) {
  table->base.is_dirty = true;
  mark_changed(table, eagre_state_table_get_pane(table, pane), record_of(payload));
}

struct eagre_text eagre_state_key_of(const struct eagre_state_table *table, const char *payload) {
  return eagre_state_key(table, record_of(payload));
}

uint64_t eagre_state_hash_of(const char *payload) {
  return record_of(payload)->hash;
}

/* What is known of a row between the passes. */
struct probe {
  struct eagre_state_pane *pane;
  struct eagre_state_record *candidate; /* may be the row's; NULL: there is none yet */
};

/* First pass: the pane of each row; its home slot is on the way to the cache. Returns whether
 * groups of these panes are moving. */
static bool find_homes(struct eagre_state_table *table, const int64_t *panes,
                       const uint64_t *hashes, uint32_t count, struct probe *probes) {
  int64_t end = panes == NULL ? 0 : panes[0];
  struct eagre_state_pane *pane = eagre_state_table_get_pane(table, end);
  uint64_t old_slot_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (panes != NULL && panes[i] != end) {
      end = panes[i];
      pane = eagre_state_table_get_pane(table, end);
    }
    probes[i].pane = pane;
    old_slot_count |= pane->old_slots.capacity;
    __builtin_prefetch(eagre_state_slot_home(&pane->slots, hashes[i]));
  }
  bool is_moving = old_slot_count > 0;
  for (uint32_t i = 0; is_moving && i < count; i++) {
    const struct eagre_state_slots *slots = eagre_state_slots_of(probes[i].pane, hashes[i]);
    __builtin_prefetch(eagre_state_slot_home(slots, hashes[i]));
  }
  return is_moving;
}

/* The first group that may be the one with that hash; NULL when there is none. */
static inline struct eagre_state_record *find_candidate(const struct eagre_state_slots *slots,
                                                        uint64_t hash) {
  uint64_t index = hash >> slots->shift;
  while (slots->words[index] != 0 && !eagre_state_slot_matches(slots->words[index], hash)) {
    index = (index + 1) & (slots->capacity - 1);
  }
  return eagre_state_slot_group(slots->words[index]);
}

/* Second pass: the first group that may be the row's; it is on the way to the cache. */
static void find_candidates(const uint64_t *hashes, uint32_t count, bool is_moving,
                            struct probe *probes) {
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_state_pane *pane = probes[i].pane;
    probes[i].candidate =
        find_candidate(is_moving ? eagre_state_slots_of(pane, hashes[i]) : &pane->slots, hashes[i]);
    __builtin_prefetch(probes[i].candidate);
  }
}

/* The group of a row when it is the first candidate and known; else it is searched, and made. */
static inline struct eagre_state_record *take_group(struct eagre_state_table *table,
                                                    struct eagre_state_pane *pane, uint64_t hash,
                                                    struct eagre_text key,
                                                    struct eagre_state_record *candidate) {
  if (candidate == NULL || !eagre_state_key_equal(eagre_state_key(table, candidate), key))
    candidate = eagre_state_pane_get(table, pane, hash, key, NULL);
  mark_changed(table, pane, candidate);
  return candidate;
}

/* Third pass: compares keys and makes the groups that are missing. */
static void take_groups(struct eagre_state_table *table, const struct eagre_text *keys,
                        const uint64_t *hashes, uint32_t count, const struct probe *probes,
                        char **out_payloads) {
  for (uint32_t i = 0; i < count; i++) {
    /* No candidate: an earlier row of the chunk may have made the group since. Another key: the
     * search goes on behind it. */
    struct eagre_state_record *group =
        take_group(table, probes[i].pane, hashes[i], keys[i], probes[i].candidate);
    out_payloads[i] = eagre_state_payload(group);
  }
}

/* All of it in one pass: what is in the nearest caches is not worth the wait. */
static void get_near_groups(struct eagre_state_table *table, const int64_t *panes,
                            const struct eagre_state_keys *keys, uint32_t row_count,
                            char **out_payloads) {
  int64_t end = panes == NULL ? 0 : panes[0];
  struct eagre_state_pane *pane = eagre_state_table_get_pane(table, end);
  for (uint32_t i = 0; i < row_count; i++) {
    if (panes != NULL && panes[i] != end) {
      end = panes[i];
      pane = eagre_state_table_get_pane(table, end);
    }
    /* A group that has not moved is no candidate, and searched. */
    struct eagre_state_record *group = take_group(table, pane, keys->hashes[i], keys->keys[i],
                                                  find_candidate(&pane->slots, keys->hashes[i]));
    out_payloads[i] = eagre_state_payload(group);
  }
}

void eagre_state_get_groups(struct eagre_state_table *table, const int64_t *panes,
                            const struct eagre_state_keys *keys, uint32_t row_count,
                            char **out_payloads) {
  struct probe probes[CHUNK_ROWS];
  if (row_count == 0) return;
  table->base.is_dirty = true;
  if (table->group_count <= NEAR_GROUP_COUNT) {
    get_near_groups(table, panes, keys, row_count, out_payloads);
    return;
  }
  for (uint32_t begin = 0; begin < row_count; begin += CHUNK_ROWS) {
    uint32_t count = row_count - begin < CHUNK_ROWS ? row_count - begin : CHUNK_ROWS;
    const uint64_t *hashes = keys->hashes + begin;
    bool is_moving = find_homes(table, panes == NULL ? NULL : panes + begin, hashes, count, probes);
    find_candidates(hashes, count, is_moving, probes);
    take_groups(table, keys->keys + begin, hashes, count, probes, out_payloads + begin);
  }
}

uint32_t eagre_state_partition(uint64_t hash, uint32_t partition_count) {
  return (uint32_t)(hash % partition_count);
}

/* ---- Walking --------------------------------------------------------------------------------- */

/* The next group of a pane; the cursor holds the pane's index, then how far in it we are. */
static struct eagre_state_record *next_in_pane(const struct eagre_state_table *table,
                                               const struct eagre_state_pane *pane,
                                               enum eagre_state_filter filter,
                                               struct eagre_state_cursor *cursor) {
  if (filter == EAGRE_STATE_CHANGED && pane->is_listed) {
    uint64_t index = cursor->position[2];
    if (index >= pane->listed_count) return NULL;
    cursor->position[2]++;
    return pane->listed[index];
  }
  struct eagre_state_walk walk = {(struct eagre_state_block *)(uintptr_t)cursor->position[1],
                                  cursor->position[2]};
  struct eagre_state_record *group;
  do {
    group = eagre_state_walk_next(table, pane, &walk);
  } while (group != NULL && filter == EAGRE_STATE_CHANGED && group->mark != table->epoch);
  cursor->position[1] = (uintptr_t)walk.block;
  cursor->position[2] = walk.offset;
  return group;
}

static struct eagre_state_group group_of(const struct eagre_state_table *table,
                                         const struct eagre_state_pane *pane,
                                         struct eagre_state_record *group) {
  return (struct eagre_state_group){
      .pane = pane->end,
      .key = eagre_state_key(table, group),
      .hash = group->hash,
      .payload = eagre_state_payload(group),
  };
}

uint32_t eagre_state_next_of_pane(struct eagre_state_table *table, int64_t end,
                                  struct eagre_state_cursor *cursor,
                                  struct eagre_state_group *out_groups, uint32_t group_count_max) {
  const struct eagre_state_pane *pane = eagre_state_table_find_pane(table, end);
  if (pane == NULL) return 0;
  uint32_t count = 0;
  while (count < group_count_max) {
    struct eagre_state_record *group = next_in_pane(table, pane, EAGRE_STATE_ALL, cursor);
    if (group == NULL) break;
    out_groups[count++] = group_of(table, pane, group);
  }
  return count;
}

uint32_t eagre_state_next(struct eagre_state_table *table, struct eagre_state_cursor *cursor,
                          enum eagre_state_filter filter, int64_t pane_max,
                          struct eagre_state_group *out_groups, uint32_t group_count_max) {
  uint32_t count = 0;
  while (count < group_count_max && cursor->position[0] < table->pane_count) {
    const struct eagre_state_pane *pane = table->panes[cursor->position[0]];
    if (pane->end > pane_max) break;
    struct eagre_state_record *group = next_in_pane(table, pane, filter, cursor);
    if (group == NULL) {
      *cursor = (struct eagre_state_cursor){{cursor->position[0] + 1}};
      continue;
    }
    out_groups[count++] = group_of(table, pane, group);
  }
  return count;
}

/* ---- Epochs ---------------------------------------------------------------------------------- */

/* Copies the texts that payloads still point to into a new arena: those they pointed to before are
 * still in the old one. */
static void gather_texts(struct eagre_state_table *table, struct eagre_state_pane *pane) {
  struct eagre_arena gathered = {0};
  struct eagre_state_walk walk = {0};
  struct eagre_state_record *group;
  while ((group = eagre_state_walk_next(table, pane, &walk)) != NULL) {
    for (uint32_t i = 0; i < table->text_count; i++) {
      char *place = eagre_state_payload(group) + table->text_offsets[i];
      struct eagre_text text;
      memcpy(&text, place, sizeof text);
      if (text.data == NULL) continue;
      text = eagre_arena_copy_growing(&gathered, text);
      memcpy(place, &text, sizeof text);
    }
  }
  eagre_arena_done(&pane->arena);
  pane->arena = gathered;
  pane->text_size = gathered.allocated_size;
}

static bool has_many_dead_texts(const struct eagre_state_table *table,
                                const struct eagre_state_pane *pane) {
  size_t size = pane->arena.allocated_size;
  return table->text_count > 0 && size > TEXT_SIZE_MIN && size / 4 > pane->text_size;
}

/* Numbers of epochs begin anew: open epochs have thousands of ticks a second, each of which is one
 * here. */
static void forget_marks(struct eagre_state_table *table) {
  for (uint32_t i = 0; i < table->pane_count; i++) {
    struct eagre_state_walk walk = {0};
    struct eagre_state_record *group;
    while ((group = eagre_state_walk_next(table, table->panes[i], &walk)) != NULL) {
      group->mark = 0;
    }
  }
  table->epoch = 1;
}

void eagre_state_begin_epoch(struct eagre_state_table *table) {
  /* Changes that no snapshot has: a delta would miss them once their marks are old. */
  if (table->base.is_dirty) table->base.version = -1;
  table->epoch++;
  if (table->epoch == 0) forget_marks(table);
  table->changed_count = 0;
  for (uint32_t i = 0; i < table->pane_count; i++) {
    struct eagre_state_pane *pane = table->panes[i];
    pane->changed_count = 0;
    pane->listed_count = 0;
    pane->is_listed = true;
    eagre_state_slots_begin_epoch(pane);
    if (has_many_dead_texts(table, pane)) gather_texts(table, pane);
  }
}

/* Where the pass over a pane stands while its groups move, in their order, into another one. */
struct moving_pass {
  const struct eagre_state_slice *from;
  bool is_behind; /* what the pass has taken has moved */
  uint64_t seen;  /* groups that it has not taken */
};

/* To be called before the group behind `walk` is looked at. */
static void find_pass(struct moving_pass *pass, const struct eagre_state_walk *walk,
                      struct eagre_state_pane *into) {
  const struct eagre_state_walk *begin = &pass->from->walk;
  if (pass->is_behind || walk->block != begin->block || walk->offset != begin->offset) return;
  pass->is_behind = true;
  if (into->block == NULL) return;
  into->slice.walk = (struct eagre_state_walk){into->block, into->block->used};
}

/* Whether the pass has yet to take the next group. */
static bool is_of_pass(struct moving_pass *pass) {
  return pass->is_behind && pass->seen++ < pass->from->left;
}

/* A pane with the groups that stay, in their order; NULL when none does. Texts stay where they are.
 */
static struct eagre_state_pane *drop_in_pane(struct eagre_state_table *table,
                                             struct eagre_state_pane *from,
                                             bool (*drops)(const char *payload)) {
  struct eagre_state_pane *into = eagre_state_pane_new();
  struct moving_pass pass = {.from = &from->slice};
  struct eagre_state_walk walk = {0};
  struct eagre_state_record *group;
  into->end = from->end;
  table->group_count -= from->count;
  for (;;) {
    find_pass(&pass, &walk, into);
    group = eagre_state_walk_next(table, from, &walk);
    if (group == NULL) break;
    bool waits_for_pass = is_of_pass(&pass);
    if (drops(eagre_state_payload(group))) continue;
    into->slice.left += waits_for_pass;
    struct eagre_state_record *copy =
        eagre_state_pane_get(table, into, group->hash, eagre_state_key(table, group), NULL);
    memcpy(eagre_state_payload(copy), eagre_state_payload(group), table->payload_size);
  }
  into->arena = from->arena;
  into->text_size = from->text_size;
  from->arena = (struct eagre_arena){0};
  eagre_state_pane_free(from);
  if (into->count > 0) return into;
  eagre_state_pane_free(into);
  return NULL;
}

void eagre_state_drop_groups(struct eagre_state_table *table, bool (*drops)(const char *payload)) {
  uint32_t kept_count = 0;
  eagre_assert(table->changed_count == 0 && table->cold.tier == NULL);
  for (uint32_t i = 0; i < table->pane_count; i++) {
    struct eagre_state_pane *pane = drop_in_pane(table, table->panes[i], drops);
    if (pane != NULL) table->panes[kept_count++] = pane;
  }
  table->pane_count = kept_count;
  memset(table->cache, 0, sizeof table->cache);
}

uint64_t eagre_state_evict(struct eagre_state_table *table, int64_t pane_max) {
  uint64_t before = table->group_count;
  uint32_t count = 0;
  while (count < table->pane_count && table->panes[count]->end <= pane_max) {
    count++;
  }
  retire_panes(table, count, SPARE_SIZE_MAX);
  if (pane_max > table->base.evicted_max) table->base.evicted_max = pane_max;
  table->base.is_dirty = true;
  return before - table->group_count;
}

void eagre_state_measure(const struct eagre_state_table *table, struct eagre_state_metrics *out) {
  *out = (struct eagre_state_metrics){
      .group_count = table->group_count,
      .changed_count = table->changed_count,
      .memory_bytes = sizeof *table + table->pane_capacity * sizeof *table->panes,
      .first_pane = INT64_MAX,
  };
  for (uint32_t i = 0; i < table->pane_count; i++) {
    const struct eagre_state_pane *pane = table->panes[i];
    out->memory_bytes += eagre_state_pane_memory(pane);
    if (pane->end < out->first_pane) out->first_pane = pane->end;
  }
  for (uint32_t i = 0; i < table->spare_count; i++) {
    out->memory_bytes += eagre_state_pane_memory(table->spare[i]);
  }
}
