/* Rows of TOP in order (operator_top_rows.h). */
#include "operator/operator_top_rows.h"

#include <stdlib.h>
#include <string.h>

#include "operator/operator_order.h"

enum { HEAD_SIZE = 8 };

void eagre_operator_top_add(struct operator_top_state *state,
                            const struct operator_top_entry *entry, struct eagre_arena *arena) {
  const uint32_t sizes[2] = {(uint32_t)entry->sort.size, (uint32_t)entry->row.size};
  char *place =
      eagre_arena_grow_text(arena, &state->rows, HEAD_SIZE + entry->sort.size + entry->row.size);
  memcpy(place, sizes, HEAD_SIZE);
  if (sizes[0] > 0) memcpy(place + HEAD_SIZE, entry->sort.data, sizes[0]);
  if (sizes[1] > 0) memcpy(place + HEAD_SIZE + sizes[0], entry->row.data, sizes[1]);
  state->added_count++;
}

struct operator_top_entry eagre_operator_top_next(struct eagre_text rows, size_t *offset) {
  uint32_t sizes[2];
  const char *head = rows.data + *offset;
  memcpy(sizes, head, HEAD_SIZE);
  *offset += HEAD_SIZE + (size_t)sizes[0] + sizes[1];
  eagre_assert(*offset <= rows.size);
  return (struct operator_top_entry){eagre_text_make(head + HEAD_SIZE, sizes[0]),
                                     eagre_text_make(head + HEAD_SIZE + sizes[0], sizes[1])};
}

/* ---- Order ----------------------------------------------------------------------------------- */

/* The rows of some groups, group by group. */
struct top_rows {
  const struct operator_top_order *order;
  struct operator_top_entry *entries;
  struct eagre_vector *values; /* to sort by, of all entries */
  uint32_t *places;            /* of entries, in the order that is wanted */
  uint32_t count;
};

static int compare_places(const void *left, const void *right, void *context) {
  const struct top_rows *rows = context;
  uint32_t a = *(const uint32_t *)left;
  uint32_t b = *(const uint32_t *)right;
  for (uint32_t i = 0; i < rows->order->sort_key_count; i++) {
    const struct eagre_plan_sort_key *key = &rows->order->sort_keys[i];
    int order = eagre_operator_compare_sorted(&rows->values[i], a, &rows->values[i], b,
                                              key->is_descending, key->nulls_first);
    if (order != 0) return order;
  }
  return (a > b) - (a < b);
}

static void list_rows(struct top_rows *rows, struct operator_top_state *const *states,
                      uint32_t count, struct eagre_arena *arena) {
  size_t total = 0;
  for (uint32_t i = 0; i < count; i++) {
    total += (size_t)states[i]->kept_count + states[i]->added_count;
  }
  eagre_assert(total <= UINT32_MAX);
  rows->entries = eagre_arena_allocate(arena, sizeof *rows->entries * (total + 1));
  rows->places = eagre_arena_allocate(arena, sizeof *rows->places * (total + 1));
  rows->count = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t end = rows->count + states[i]->kept_count + states[i]->added_count;
    for (size_t offset = 0; rows->count < end; rows->count++) {
      rows->entries[rows->count] = eagre_operator_top_next(states[i]->rows, &offset);
      rows->places[rows->count] = rows->count;
    }
  }
}

static void read_values(struct top_rows *rows, struct eagre_arena *arena) {
  uint32_t key_count = rows->order->sort_key_count;
  struct eagre_text *bodies = eagre_arena_allocate(arena, sizeof *bodies * (rows->count + 1));
  for (uint32_t i = 0; i < rows->count; i++) {
    bodies[i] = rows->entries[i].sort;
  }
  rows->values = eagre_arena_allocate_zeroed(arena, sizeof *rows->values * (key_count + 1));
  bool is_whole = eagre_state_decode_rows(bodies, rows->count, rows->order->sort_types, key_count,
                                          rows->values, arena);
  eagre_assert(is_whole);
}

/* ---- Writing back ---------------------------------------------------------------------------- */

static void replace_rows(struct operator_top_state *state, struct eagre_text rows,
                         struct eagre_arena *arena) {
  if (rows.size > state->rows.size)
    eagre_arena_grow_text(arena, &state->rows, rows.size - state->rows.size);
  if (rows.size > 0) memcpy((char *)(uintptr_t)state->rows.data, rows.data, rows.size);
  state->rows.size = rows.size;
}

/* Entries places[0..count) are the first ones now. */
static void keep_rows(const struct top_rows *rows, const uint32_t *places, uint32_t count,
                      struct operator_top_state *state, struct eagre_arena *arena,
                      struct eagre_buffer *scratch) {
  eagre_buffer_clear(scratch);
  for (uint32_t i = 0; i < count; i++) {
    const struct operator_top_entry *entry = &rows->entries[places[i]];
    eagre_buffer_append(scratch, entry->sort.data - HEAD_SIZE,
                        HEAD_SIZE + entry->sort.size + entry->row.size);
  }
  replace_rows(state, eagre_buffer_text(scratch), arena);
  state->kept_count = count;
  state->added_count = 0;
}

void eagre_operator_top_tidy(const struct operator_top_order *order,
                             struct operator_top_state *const *states,
                             struct eagre_arena *const *arenas, uint32_t count) {
  struct eagre_arena arena = {0};
  struct eagre_buffer scratch = {0};
  struct top_rows rows = {.order = order};
  list_rows(&rows, states, count, &arena);
  read_values(&rows, &arena);
  uint32_t *places = rows.places;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t row_count = states[i]->kept_count + states[i]->added_count;
    uint32_t kept_count = row_count < order->limit ? row_count : order->limit;
    qsort_r(places, row_count, sizeof *places, compare_places, &rows);
    keep_rows(&rows, places, kept_count, states[i], arenas[i], &scratch);
    places += row_count;
  }
  eagre_buffer_done(&scratch);
  eagre_arena_done(&arena);
}
