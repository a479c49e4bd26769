/* Row stores: adding, finding, evicting (state_rows.h has the invariants). */
#include "state/state_rows.h"

#include <string.h>

enum {
  CAPACITY_MIN = 64,
  BLOCK_SIZE_MIN = 4096,
  CHUNK_ROWS = 64, /* in flight at once */
};

/* ---- Life ------------------------------------------------------------------------------------ */

static void make_slots(struct eagre_state_rows *rows, uint64_t capacity) {
  rows->capacity = capacity;
  rows->shift = (uint32_t)__builtin_clzll(capacity) + 1;
  rows->slots = eagre_state_memory_allocate_slots(capacity * sizeof *rows->slots);
}

static void free_slots(struct eagre_state_rows *rows) {
  eagre_state_memory_free(rows->slots, rows->capacity * sizeof *rows->slots);
}

struct eagre_state_rows *eagre_state_rows_new(int64_t pane_us) {
  eagre_assert(pane_us > 0);
  struct eagre_state_rows *rows = eagre_allocate_zeroed(1, sizeof *rows);
  rows->pane_us = pane_us;
  rows->epoch = 1;
  rows->next_number = 1;
  rows->epoch_number = 1;
  make_slots(rows, CAPACITY_MIN);
  eagre_state_base_reset(&rows->base);
  return rows;
}

void eagre_state_rows_drop_matched(struct eagre_state_rows *rows) {
  eagre_assert(rows->row_count == 0);
  rows->drops_matched = true;
}

static void free_pane(struct eagre_state_rows_pane *pane) {
  while (pane->first_block != NULL) {
    struct eagre_state_block *block = pane->first_block;
    pane->first_block = block->next;
    eagre_state_memory_free(block, block->size);
  }
  eagre_free(pane->by_time);
  eagre_free(pane);
}

static void free_panes(struct eagre_state_rows *rows) {
  for (uint32_t i = 0; i < rows->pane_count; i++) {
    free_pane(rows->panes[i]);
  }
  rows->pane_count = 0;
  rows->recent = NULL;
}

void eagre_state_rows_free(struct eagre_state_rows *rows) {
  if (rows == NULL) return;
  free_panes(rows);
  free_slots(rows);
  eagre_free(rows->panes);
  eagre_free(rows->matched);
  eagre_free(rows);
}

void eagre_state_rows_clear(struct eagre_state_rows *rows) {
  free_panes(rows);
  free_slots(rows);
  make_slots(rows, CAPACITY_MIN);
  rows->key_count = 0;
  rows->row_count = 0;
  rows->next_number = 1;
  rows->epoch_number = 1;
  rows->new_count = 0;
  rows->matched_count = 0;
  rows->walk = (struct eagre_state_walk){0};
  eagre_state_base_reset(&rows->base);
}

/* As forget_marks of state_table.c. */
static void forget_epochs(struct eagre_state_rows *rows) {
  for (uint32_t i = 0; i < rows->pane_count; i++) {
    struct eagre_state_walk walk = {0};
    struct eagre_state_row *row;
    while ((row = eagre_state_rows_walk(rows->panes[i], false, &walk)) != NULL) {
      row->epoch = 0;
    }
  }
  rows->epoch = 1;
}

void eagre_state_rows_begin_epoch(struct eagre_state_rows *rows) {
  if (rows->base.is_dirty) rows->base.version = -1;
  rows->epoch++;
  if (rows->epoch == 0) forget_epochs(rows);
  rows->epoch_number = rows->next_number;
  rows->new_count = 0;
  rows->matched_count = 0;
  for (uint32_t i = 0; i < rows->pane_count; i++) {
    struct eagre_state_rows_pane *pane = rows->panes[i];
    pane->new_block = pane->block;
    pane->new_offset = pane->block == NULL ? 0 : pane->block->used;
  }
}

/* ---- Panes ----------------------------------------------------------------------------------- */

/* The last time of the pane of `time`. Rows that stay for ever have a pane of their own. */
static int64_t find_end(const struct eagre_state_rows *rows, int64_t time) {
  if (time == INT64_MAX) return INT64_MAX;
  int64_t rest = time % rows->pane_us;
  if (rest < 0) rest += rows->pane_us;
  int64_t end;
  bool is_over = __builtin_add_overflow(time, rows->pane_us - 1 - rest, &end);
  return is_over || end == INT64_MAX ? INT64_MAX - 1 : end;
}

static uint32_t find_place(const struct eagre_state_rows *rows, int64_t end) {
  uint32_t low = 0;
  uint32_t high = rows->pane_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (rows->panes[middle]->end < end) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static struct eagre_state_rows_pane *insert_pane(struct eagre_state_rows *rows, uint32_t place,
                                                 int64_t end) {
  if (rows->pane_count == rows->pane_capacity) {
    rows->pane_capacity = rows->pane_capacity == 0 ? 16 : rows->pane_capacity * 2;
    rows->panes = eagre_reallocate(rows->panes, rows->pane_capacity * sizeof *rows->panes);
  }
  struct eagre_state_rows_pane *pane = eagre_allocate_zeroed(1, sizeof *pane);
  pane->end = end;
  memmove(rows->panes + place + 1, rows->panes + place,
          (rows->pane_count - place) * sizeof *rows->panes);
  rows->panes[place] = pane;
  rows->pane_count++;
  return pane;
}

static struct eagre_state_rows_pane *get_pane(struct eagre_state_rows *rows, int64_t time) {
  int64_t end = find_end(rows, time);
  if (rows->recent != NULL && rows->recent->end == end) return rows->recent;
  uint32_t place = find_place(rows, end);
  bool is_there = place < rows->pane_count && rows->panes[place]->end == end;
  rows->recent = is_there ? rows->panes[place] : insert_pane(rows, place, end);
  return rows->recent;
}

static void drop_first_pane(struct eagre_state_rows *rows) {
  if (rows->recent == rows->panes[0]) rows->recent = NULL;
  free_pane(rows->panes[0]);
  rows->pane_count--;
  memmove(rows->panes, rows->panes + 1, rows->pane_count * sizeof *rows->panes);
}

/* ---- Rows in panes --------------------------------------------------------------------------- */

static void add_block(struct eagre_state_rows_pane *pane, size_t needed) {
  size_t size = pane->block == NULL ? BLOCK_SIZE_MIN : pane->block->size * 2;
  if (size > EAGRE_STATE_HUGE_SIZE) size = EAGRE_STATE_HUGE_SIZE;
  needed += sizeof(struct eagre_state_block);
  if (needed > size) size = needed;
  size_t rest = size % EAGRE_STATE_HUGE_SIZE;
  if (size > EAGRE_STATE_HUGE_SIZE && rest > 0) size += EAGRE_STATE_HUGE_SIZE - rest;
  struct eagre_state_block *block = eagre_state_memory_allocate(size);
  block->size = size;
  block->used = sizeof *block;
  pane->block_size += size;
  if (pane->block == NULL) {
    pane->first_block = block;
  } else {
    pane->block->next = block;
  }
  pane->block = block;
}

static void *allocate_row(struct eagre_state_rows_pane *pane, size_t size) {
  if (pane->block == NULL || pane->block->size - pane->block->used < size) add_block(pane, size);
  void *row = (char *)pane->block + pane->block->used;
  pane->block->used += size;
  return row;
}

struct eagre_state_row *eagre_state_rows_walk(const struct eagre_state_rows_pane *pane, bool is_new,
                                              struct eagre_state_walk *walk) {
  if (walk->block == NULL) {
    bool starts_behind = is_new && pane->new_block != NULL;
    walk->block = starts_behind ? pane->new_block : pane->first_block;
    walk->offset = starts_behind ? pane->new_offset : sizeof(struct eagre_state_block);
  }
  while (walk->block != NULL) {
    if (walk->offset >= walk->block->used) {
      if (walk->block->next == NULL) return NULL;
      walk->block = walk->block->next;
      walk->offset = sizeof(struct eagre_state_block);
      continue;
    }
    struct eagre_state_row *row = (struct eagre_state_row *)((char *)walk->block + walk->offset);
    walk->offset += eagre_state_row_size(row->key_size, row->body_size);
    if ((row->flags & EAGRE_STATE_ROW_LEFT) == 0) return row;
  }
  return NULL;
}

/* ---- A pane by time -------------------------------------------------------------------------- */

static void push_by_time(struct eagre_state_rows_pane *pane, struct eagre_state_row *row) {
  if (pane->by_time_count == pane->by_time_capacity) {
    pane->by_time_capacity = pane->by_time_capacity == 0 ? 64 : pane->by_time_capacity * 2;
    pane->by_time =
        eagre_reallocate(pane->by_time, pane->by_time_capacity * sizeof(*pane->by_time));
  }
  uint64_t place = pane->by_time_count++;
  while (place > 0 && pane->by_time[(place - 1) / 2]->time > row->time) {
    pane->by_time[place] = pane->by_time[(place - 1) / 2];
    place = (place - 1) / 2;
  }
  pane->by_time[place] = row;
}

static struct eagre_state_row *pop_by_time(struct eagre_state_rows_pane *pane) {
  struct eagre_state_row *first = pane->by_time[0];
  struct eagre_state_row *last = pane->by_time[--pane->by_time_count];
  uint64_t place = 0;
  for (;;) {
    uint64_t child = place * 2 + 1;
    if (child >= pane->by_time_count) break;
    bool is_right_earlier = child + 1 < pane->by_time_count &&
                            pane->by_time[child + 1]->time < pane->by_time[child]->time;
    if (is_right_earlier) child++;
    if (pane->by_time[child]->time >= last->time) break;
    pane->by_time[place] = pane->by_time[child];
    place = child;
  }
  pane->by_time[place] = last;
  return first;
}

static void order_by_time(struct eagre_state_rows_pane *pane) {
  struct eagre_state_walk walk = {0};
  struct eagre_state_row *row;
  while ((row = eagre_state_rows_walk(pane, false, &walk)) != NULL) {
    push_by_time(pane, row);
  }
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static bool is_key_equal(const struct eagre_state_row *row, struct eagre_text key) {
  return row->key_size == key.size && (key.size == 0 || memcmp(row + 1, key.data, key.size) == 0);
}

/* The slot of a key, or the empty one where it would stand. */
static struct eagre_state_rows_slot *find_slot(const struct eagre_state_rows *rows, uint64_t hash,
                                               struct eagre_text key) {
  uint64_t index = hash >> rows->shift;
  for (;;) {
    struct eagre_state_rows_slot *slot = &rows->slots[index];
    if (slot->first == NULL) return slot;
    if (slot->hash == hash && is_key_equal(slot->first, key)) return slot;
    index = (index + 1) & (rows->capacity - 1);
  }
}

static void resize(struct eagre_state_rows *rows, uint64_t capacity) {
  struct eagre_state_rows_slot *old = rows->slots;
  uint64_t old_capacity = rows->capacity;
  make_slots(rows, capacity);
  for (uint64_t i = 0; i < old_capacity; i++) {
    if (old[i].first == NULL) continue;
    uint64_t index = old[i].hash >> rows->shift;
    while (rows->slots[index].first != NULL) {
      index = (index + 1) & (capacity - 1);
    }
    rows->slots[index] = old[i];
  }
  eagre_state_memory_free(old, old_capacity * sizeof *old);
}

static void shrink(struct eagre_state_rows *rows) {
  uint64_t capacity = rows->capacity;
  while (capacity > CAPACITY_MIN && rows->key_count < capacity / 8) {
    capacity /= 2;
  }
  if (capacity < rows->capacity) resize(rows, capacity);
}

/* Takes a slot out: those behind it move back as far as their homes let them. */
static void erase_slot(struct eagre_state_rows *rows, uint64_t index) {
  uint64_t mask = rows->capacity - 1;
  uint64_t next = index;
  for (;;) {
    next = (next + 1) & mask;
    struct eagre_state_rows_slot *slot = &rows->slots[next];
    if (slot->first == NULL) break;
    uint64_t home = slot->hash >> rows->shift;
    bool stays = ((next - home) & mask) < ((next - index) & mask);
    if (stays) continue;
    rows->slots[index] = *slot;
    index = next;
  }
  rows->slots[index] = (struct eagre_state_rows_slot){0};
  rows->key_count--;
}

/* ---- Lists ----------------------------------------------------------------------------------- */

struct eagre_state_row *eagre_state_rows_make(struct eagre_state_rows *rows, int64_t time,
                                              uint32_t key_size, uint32_t body_size) {
  struct eagre_state_rows_pane *pane = get_pane(rows, time);
  struct eagre_state_row *row = allocate_row(pane, eagre_state_row_size(key_size, body_size));
  *row = (struct eagre_state_row){.time = time, .key_size = key_size, .body_size = body_size};
  pane->count++;
  rows->row_count++;
  if (pane->by_time != NULL) push_by_time(pane, row);
  return row;
}

/* Behind the first of its key, whose slot then stays as it is. */
void eagre_state_rows_link(struct eagre_state_rows *rows, struct eagre_state_row *row) {
  if (row->flags & EAGRE_STATE_ROW_UNLINKED) return;
  struct eagre_state_rows_slot *slot = find_slot(rows, row->hash, eagre_state_row_key(row));
  struct eagre_state_row *first = slot->first;
  if (first != NULL) {
    row->previous = first;
    row->next = first->next;
    if (first->next != NULL) first->next->previous = row;
    first->next = row;
    return;
  }
  *slot = (struct eagre_state_rows_slot){row->hash, row};
  rows->key_count++;
  if (rows->key_count * 5 > rows->capacity * 3) resize(rows, rows->capacity * 2);
}

static void unlink_first(struct eagre_state_rows *rows, struct eagre_state_row *row) {
  uint64_t index = row->hash >> rows->shift;
  while (rows->slots[index].first != row) {
    index = (index + 1) & (rows->capacity - 1);
  }
  if (row->next == NULL) {
    erase_slot(rows, index);
  } else {
    rows->slots[index].first = row->next;
    row->next->previous = NULL;
  }
}

static void unlink_row(struct eagre_state_rows *rows, struct eagre_state_row *row) {
  if (row->flags & EAGRE_STATE_ROW_UNLINKED) return;
  if (row->previous == NULL) {
    unlink_first(rows, row);
    return;
  }
  row->previous->next = row->next;
  if (row->next != NULL) row->next->previous = row->previous;
}

/* ---- Adding ---------------------------------------------------------------------------------- */

static void add_row(struct eagre_state_rows *rows, const struct eagre_state_rows_input *input,
                    uint32_t i) {
  struct eagre_text key = input->keys.keys[i];
  struct eagre_text body = input->bodies[i];
  int64_t time = input->times == NULL ? INT64_MAX : input->times[i];
  eagre_assert(key.size <= UINT32_MAX && body.size <= UINT32_MAX);
  struct eagre_state_row *row =
      eagre_state_rows_make(rows, time, (uint32_t)key.size, (uint32_t)body.size);
  char *bytes = (char *)(row + 1);
  if (key.size > 0) memcpy(bytes, key.data, key.size);
  if (body.size > 0) memcpy(bytes + key.size, body.data, body.size);
  row->hash = input->keys.hashes[i];
  row->number = rows->next_number++;
  row->epoch = rows->epoch;
  bool is_matchable = input->matchable == NULL || eagre_bit_get(input->matchable, i);
  bool is_matched = input->matched != NULL && eagre_bit_get(input->matched, i);
  if (!is_matchable) row->flags |= EAGRE_STATE_ROW_UNLINKED;
  if (is_matched) row->flags |= EAGRE_STATE_ROW_MATCHED;
  eagre_state_rows_link(rows, row);
}

static uint32_t pick(const uint32_t *picks, uint32_t i) {
  return picks == NULL ? i : picks[i];
}

/* Inlined by order: GCC drops calls of a function that does nothing but prefetch. */
static inline __attribute__((always_inline)) void
prefetch_homes(const struct eagre_state_rows *rows, const uint64_t *hashes, const uint32_t *picks,
               uint32_t begin, uint32_t end) {
  for (uint32_t i = begin; i < end; i++) {
    __builtin_prefetch(&rows->slots[hashes[pick(picks, i)] >> rows->shift]);
  }
}

void eagre_state_rows_add(struct eagre_state_rows *rows,
                          const struct eagre_state_rows_input *input) {
  for (uint32_t begin = 0; begin < input->count; begin += CHUNK_ROWS) {
    uint32_t end = input->count - begin < CHUNK_ROWS ? input->count : begin + CHUNK_ROWS;
    prefetch_homes(rows, input->keys.hashes, input->picks, begin, end);
    for (uint32_t i = begin; i < end; i++) {
      add_row(rows, input, pick(input->picks, i));
    }
  }
  rows->new_count += input->count;
  if (input->count > 0) rows->base.is_dirty = true;
}

/* ---- Finding --------------------------------------------------------------------------------- */

/* The first row of each key, NULL where there is none; its lists are on the way to the cache. */
static void find_firsts(const struct eagre_state_rows *rows, const struct eagre_state_keys *keys,
                        const uint32_t *picks, uint32_t begin, uint32_t end,
                        struct eagre_state_row **out_firsts) {
  prefetch_homes(rows, keys->hashes, picks, begin, end);
  for (uint32_t i = begin; i < end; i++) {
    const struct eagre_state_rows_slot *slot =
        &rows->slots[keys->hashes[pick(picks, i)] >> rows->shift];
    __builtin_prefetch(slot->first);
  }
  for (uint32_t i = begin; i < end; i++) {
    uint32_t row = pick(picks, i);
    out_firsts[i - begin] = find_slot(rows, keys->hashes[row], keys->keys[row])->first;
  }
}

uint32_t eagre_state_rows_probe(const struct eagre_state_rows *rows,
                                const struct eagre_state_keys *keys, const uint32_t *picks,
                                uint32_t count, struct eagre_state_probe *probe,
                                struct eagre_state_pair *out_pairs, uint32_t pair_count_max) {
  struct eagre_state_row *firsts[CHUNK_ROWS];
  uint32_t pair_count = 0;
  uint32_t i = (uint32_t)probe->position[0];
  /* Where the call before had no room any more: NULL for the next row's first. */
  struct eagre_state_row *row = (struct eagre_state_row *)(uintptr_t)probe->position[1];
  while (i < count) {
    uint32_t begin = i;
    uint32_t end = count - i < CHUNK_ROWS ? count : i + CHUNK_ROWS;
    find_firsts(rows, keys, picks, begin, end, firsts);
    for (; i < end; i++) {
      if (row == NULL) row = firsts[i - begin];
      for (; row != NULL; row = row->next) {
        if (pair_count == pair_count_max) {
          *probe = (struct eagre_state_probe){{i, (uintptr_t)row}};
          return pair_count;
        }
        out_pairs[pair_count++] = (struct eagre_state_pair){pick(picks, i), row};
      }
    }
  }
  *probe = (struct eagre_state_probe){{count, 0}};
  return pair_count;
}

struct eagre_text eagre_state_row_body(const struct eagre_state_row *row) {
  return eagre_text_make((const char *)(row + 1) + row->key_size, row->body_size);
}

int64_t eagre_state_row_time(const struct eagre_state_row *row) {
  return row->time;
}

bool eagre_state_row_is_matched(const struct eagre_state_row *row) {
  return (row->flags & EAGRE_STATE_ROW_MATCHED) != 0;
}

bool eagre_state_row_is_new(const struct eagre_state_rows *rows,
                            const struct eagre_state_row *row) {
  return row->epoch == rows->epoch;
}

static void take_out(struct eagre_state_rows *rows, struct eagre_state_rows_pane *pane,
                     struct eagre_state_row *row) {
  unlink_row(rows, row);
  row->flags |= EAGRE_STATE_ROW_LEFT;
  pane->count--;
  rows->row_count--;
  if (eagre_state_row_is_new(rows, row)) rows->new_count--;
}

void eagre_state_row_match(struct eagre_state_rows *rows, struct eagre_state_row *row) {
  if (eagre_state_row_is_matched(row)) return;
  row->flags |= EAGRE_STATE_ROW_MATCHED;
  rows->base.is_dirty = true;
  if (rows->drops_matched) take_out(rows, get_pane(rows, row->time), row);
  if (eagre_state_row_is_new(rows, row)) return;
  if (rows->matched_count == rows->matched_capacity) {
    rows->matched_capacity = rows->matched_capacity == 0 ? 64 : rows->matched_capacity * 2;
    rows->matched = eagre_reallocate(rows->matched, rows->matched_capacity * sizeof *rows->matched);
  }
  rows->matched[rows->matched_count++] = row->number;
}

/* ---- Evicting -------------------------------------------------------------------------------- */

/* Rows of the first pane, all of which leave. */
static uint32_t take_whole(struct eagre_state_rows *rows, struct eagre_state_row **out_rows,
                           uint32_t row_count_max) {
  struct eagre_state_rows_pane *pane = rows->panes[0];
  uint32_t count = 0;
  struct eagre_state_row *row;
  while (count < row_count_max && (row = eagre_state_rows_walk(pane, false, &rows->walk)) != NULL) {
    take_out(rows, pane, row);
    out_rows[count++] = row;
  }
  return count;
}

static uint32_t take_part(struct eagre_state_rows *rows, int64_t time_max,
                          struct eagre_state_row **out_rows, uint32_t row_count_max) {
  struct eagre_state_rows_pane *pane = rows->panes[0];
  int64_t begin;
  if (__builtin_sub_overflow(pane->end, rows->pane_us - 1, &begin)) begin = INT64_MIN;
  if (pane->end == INT64_MAX || time_max < begin) return 0;
  if (pane->by_time == NULL) order_by_time(pane);
  uint32_t count = 0;
  while (count < row_count_max && pane->by_time_count > 0 && pane->by_time[0]->time <= time_max) {
    struct eagre_state_row *row = pop_by_time(pane);
    if (row->flags & EAGRE_STATE_ROW_LEFT) continue; /* dropped */
    take_out(rows, pane, row);
    out_rows[count++] = row;
  }
  return count;
}

uint32_t eagre_state_rows_evict(struct eagre_state_rows *rows, int64_t time_max,
                                struct eagre_state_row **out_rows, uint32_t row_count_max) {
  rows->base.is_dirty = true;
  if (time_max > rows->base.evicted_max) rows->base.evicted_max = time_max;
  while (rows->pane_count > 0) {
    struct eagre_state_rows_pane *pane = rows->panes[0];
    bool is_whole = pane->end <= time_max;
    if (pane->count > 0) {
      uint32_t count = is_whole ? take_whole(rows, out_rows, row_count_max)
                                : take_part(rows, time_max, out_rows, row_count_max);
      if (count > 0 || !is_whole) return count;
    }
    if (!is_whole && pane->end == INT64_MAX) break;
    rows->walk = (struct eagre_state_walk){0};
    drop_first_pane(rows);
  }
  shrink(rows);
  return 0;
}

void eagre_state_rows_measure(const struct eagre_state_rows *rows,
                              struct eagre_state_rows_metrics *out) {
  *out = (struct eagre_state_rows_metrics){
      .row_count = rows->row_count,
      .memory_bytes = sizeof *rows + rows->pane_capacity * sizeof *rows->panes +
                      rows->capacity * sizeof *rows->slots +
                      rows->matched_capacity * sizeof *rows->matched,
  };
  for (uint32_t i = 0; i < rows->pane_count; i++) {
    const struct eagre_state_rows_pane *pane = rows->panes[i];
    out->memory_bytes +=
        sizeof *pane + pane->block_size + pane->by_time_capacity * sizeof(*pane->by_time);
  }
}
