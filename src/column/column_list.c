/* Rows of ARRAY and MAP vectors: making, moving and looking at them.
 *
 * Elements are rows of the children, so every move is a list of element numbers and a move of the
 * children. Children that grow (append) have room for a power of two rows that follows from their
 * count alone, so nothing needs to be remembered between two calls. */
#include "column/column_list.h"

#include <string.h>

enum { GROWN_ROWS_MIN = 16 };

static int32_t *allocate_offsets(uint32_t row_count, struct eagre_arena *arena) {
  return eagre_arena_allocate_vector(arena, ((size_t)row_count + 1) * sizeof(int32_t));
}

static struct eagre_vector *allocate_children(const struct eagre_type *type,
                                              struct eagre_arena *arena) {
  return eagre_arena_allocate_zeroed(arena, type->field_count * sizeof(struct eagre_vector));
}

/* Elements [first, first + count) one after the other. */
static uint32_t *put_range(uint32_t *elements, uint32_t first, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    elements[i] = first + i;
  }
  return elements + count;
}

static struct eagre_vector *gather_children(const struct eagre_vector *from,
                                            const uint32_t *elements, uint32_t count,
                                            struct eagre_arena *arena) {
  struct eagre_vector *children = allocate_children(from->type, arena);
  for (uint32_t i = 0; i < from->type->field_count; i++) {
    eagre_vector_gather(&children[i], &from->children[i], elements, count, arena);
  }
  return children;
}

/* ---- Looking --------------------------------------------------------------------------------- */

uint32_t eagre_vector_list_size(const struct eagre_vector *vector, uint32_t row) {
  uint32_t index = eagre_vector_index(vector, row);
  return (uint32_t)(vector->offsets[index + 1] - vector->offsets[index]);
}

/* Whether the rows hold all elements, in order, and null rows hold none. */
static bool is_tight(const struct eagre_vector *vector, uint32_t row_count) {
  if (vector->offsets[0] != 0) return false;
  if (vector->validity == NULL) return true;
  for (uint32_t row = 0; row < row_count; row++) {
    bool is_empty = vector->offsets[row] == vector->offsets[row + 1];
    if (!is_empty && !eagre_bit_get(vector->validity, row)) return false;
  }
  return true;
}

uint32_t eagre_vector_tighten(struct eagre_vector *vector, uint32_t row_count,
                              struct eagre_arena *arena) {
  uint32_t count = vector->is_constant ? 1 : row_count;
  if (!is_tight(vector, count)) {
    uint32_t *rows = eagre_arena_allocate_vector(arena, (size_t)count * sizeof *rows);
    put_range(rows, 0, count);
    struct eagre_vector tight = *vector;
    eagre_list_gather(&tight, vector, rows, count, arena);
    *vector = tight;
  }
  return (uint32_t)vector->offsets[count];
}

/* ---- Gather ---------------------------------------------------------------------------------- */

void eagre_list_gather(struct eagre_vector *out, const struct eagre_vector *from,
                       const uint32_t *rows, uint32_t count, struct eagre_arena *arena) {
  int32_t *offsets = allocate_offsets(count, arena);
  int64_t total = 0;
  for (uint32_t i = 0; i < count; i++) {
    offsets[i] = (int32_t)total;
    if (eagre_vector_is_null(from, rows[i])) continue;
    total += from->offsets[rows[i] + 1] - from->offsets[rows[i]];
    eagre_assert(total <= INT32_MAX);
  }
  offsets[count] = (int32_t)total;
  uint32_t *elements = eagre_arena_allocate_vector(arena, (size_t)total * sizeof *elements);
  uint32_t *next = elements;
  for (uint32_t i = 0; i < count; i++) {
    next =
        put_range(next, (uint32_t)from->offsets[rows[i]], (uint32_t)(offsets[i + 1] - offsets[i]));
  }
  out->children = gather_children(from, elements, (uint32_t)total, arena);
  out->offsets = offsets;
}

/* ---- Repeat ---------------------------------------------------------------------------------- */

void eagre_list_repeat(struct eagre_vector *vector, uint32_t row_count, struct eagre_arena *arena) {
  uint32_t first = (uint32_t)vector->offsets[0];
  uint32_t size = eagre_vector_is_null(vector, 0) ? 0 : eagre_vector_list_size(vector, 0);
  uint64_t total = (uint64_t)size * row_count;
  eagre_assert(total <= INT32_MAX);
  int32_t *offsets = allocate_offsets(row_count, arena);
  uint32_t *elements = eagre_arena_allocate_vector(arena, total * sizeof *elements);
  for (uint32_t row = 0; row < row_count; row++) {
    offsets[row] = (int32_t)(row * size);
    put_range(elements + (size_t)row * size, first, size);
  }
  offsets[row_count] = (int32_t)total;
  vector->children = gather_children(vector, elements, (uint32_t)total, arena);
  vector->offsets = offsets;
}

/* ---- Append ---------------------------------------------------------------------------------- */

static uint32_t find_capacity(uint32_t count) {
  uint32_t capacity = GROWN_ROWS_MIN;
  while (capacity < count) {
    capacity *= 2;
  }
  return capacity;
}

/* Makes room for `more` rows behind the `count` there are. */
static void reserve_elements(struct eagre_vector *into, uint32_t count, uint32_t more,
                             struct eagre_arena *arena) {
  eagre_assert(more <= INT32_MAX - count);
  if (count > 0 && count + more <= find_capacity(count)) return;
  uint32_t capacity = find_capacity(count + more);
  struct eagre_vector *children = allocate_children(into->type, arena);
  for (uint32_t i = 0; i < into->type->field_count; i++) {
    eagre_vector_init(&children[i], into->type->fields[i].type, capacity, arena);
    eagre_vector_append(&children[i], 0, capacity, &into->children[i], 0, count, false, arena);
  }
  into->children = children;
}

/* The elements before `row`; rows that were never appended to have offsets of zero. */
static int32_t close_gap(struct eagre_vector *into, uint32_t row) {
  uint32_t last = row;
  while (last > 0 && into->offsets[last] == 0) {
    last--;
  }
  for (uint32_t i = last + 1; i <= row; i++) {
    into->offsets[i] = into->offsets[last];
  }
  return into->offsets[row];
}

static void append_elements(struct eagre_vector *into, uint32_t into_row,
                            const struct eagre_vector *from, uint32_t first, uint32_t size,
                            struct eagre_arena *arena) {
  uint32_t count = (uint32_t)into->offsets[into_row];
  if (size == 0) return;
  reserve_elements(into, count, size, arena);
  uint32_t capacity = find_capacity(count + size);
  for (uint32_t i = 0; i < into->type->field_count; i++) {
    eagre_vector_append(&into->children[i], count, capacity, &from->children[i], first, size, false,
                        arena);
  }
}

void eagre_list_append(struct eagre_vector *into, uint32_t into_row,
                       const struct eagre_vector *from, uint32_t from_row, uint32_t count,
                       struct eagre_arena *arena) {
  int32_t end = close_gap(into, into_row);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t row = from_row + i;
    uint32_t size = eagre_vector_is_null(from, row) ? 0 : eagre_vector_list_size(from, row);
    uint32_t first = (uint32_t)from->offsets[eagre_vector_index(from, row)];
    append_elements(into, into_row + i, from, first, size, arena);
    end += (int32_t)size;
    into->offsets[into_row + i + 1] = end;
  }
}

/* ---- Scatter --------------------------------------------------------------------------------- */

/* Where each row's elements are in a pool that has those of `into`, then those of `from`. */
struct list_place {
  uint32_t first;
  uint32_t size;
};

static struct list_place *find_places(const struct eagre_vector *into, uint32_t into_count,
                                      const struct eagre_vector *from, const uint32_t *rows,
                                      uint32_t row_count, struct eagre_arena *arena) {
  struct list_place *places =
      eagre_arena_allocate(arena, ((size_t)into_count + 1) * sizeof *places);
  for (uint32_t row = 0; row < into_count; row++) {
    bool is_null = eagre_vector_is_null(into, row);
    places[row] = (struct list_place){(uint32_t)into->offsets[row],
                                      is_null ? 0 : eagre_vector_list_size(into, row)};
  }
  uint32_t pool = (uint32_t)into->offsets[into_count];
  for (uint32_t i = 0; i < row_count; i++) {
    uint32_t first = (uint32_t)from->offsets[eagre_vector_index(from, i)];
    bool is_null = eagre_vector_is_null(from, i);
    places[rows[i]] =
        (struct list_place){pool + first, is_null ? 0 : eagre_vector_list_size(from, i)};
  }
  return places;
}

void eagre_list_scatter(struct eagre_vector *into, uint32_t into_count,
                        const struct eagre_vector *from, const uint32_t *rows, uint32_t row_count,
                        struct eagre_arena *arena) {
  uint32_t old_count = (uint32_t)into->offsets[into_count];
  uint32_t new_count = (uint32_t)from->offsets[from->is_constant ? 1 : row_count];
  eagre_assert(new_count <= INT32_MAX - old_count);
  struct list_place *places = find_places(into, into_count, from, rows, row_count, arena);
  int32_t *offsets = allocate_offsets(into_count, arena);
  uint64_t total = 0;
  for (uint32_t row = 0; row < into_count; row++) {
    offsets[row] = (int32_t)total;
    total += places[row].size;
    eagre_assert(total <= INT32_MAX);
  }
  offsets[into_count] = (int32_t)total;
  uint32_t *elements = eagre_arena_allocate_vector(arena, total * sizeof *elements);
  uint32_t *next = elements;
  for (uint32_t row = 0; row < into_count; row++) {
    next = put_range(next, places[row].first, places[row].size);
  }
  struct eagre_vector pool = {.type = into->type, .children = allocate_children(into->type, arena)};
  uint32_t capacity = old_count + new_count;
  for (uint32_t i = 0; i < into->type->field_count; i++) {
    eagre_vector_init(&pool.children[i], into->type->fields[i].type, capacity, arena);
    eagre_vector_append(&pool.children[i], 0, capacity, &into->children[i], 0, old_count, false,
                        arena);
    eagre_vector_append(&pool.children[i], old_count, capacity, &from->children[i], 0, new_count,
                        false, arena);
  }
  into->children = gather_children(&pool, elements, (uint32_t)total, arena);
  into->offsets = offsets;
}
