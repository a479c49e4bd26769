/* Vectors: making them and moving rows between them.
 *
 * Every move is a walk over fixed width values with the width known to the compiler (..._values),
 * a walk over bitmaps (BOOLEAN data and validity), or both for the children of a STRUCT. Rows of
 * ARRAY and MAP are moved by column_list.c. */
#include <string.h>

#include "column/column_list.h"

_Static_assert(sizeof(struct eagre_text) == sizeof(eagre_decimal), "one walk moves both");

/* ---- Making ---------------------------------------------------------------------------------- */

static uint8_t *allocate_bits(uint32_t count, bool value, struct eagre_arena *arena) {
  uint8_t *bits = eagre_arena_allocate_vector(arena, eagre_bits_size(count));
  eagre_bits_fill(bits, count, value);
  return bits;
}

static struct eagre_vector *allocate_children(const struct eagre_type *type,
                                              struct eagre_arena *arena) {
  return eagre_arena_allocate_zeroed(arena, type->field_count * sizeof(struct eagre_vector));
}

static void init_children(struct eagre_vector *vector, uint32_t row_count,
                          struct eagre_arena *arena) {
  const struct eagre_type *type = vector->type;
  vector->children = allocate_children(type, arena);
  for (uint32_t i = 0; i < type->field_count; i++) {
    eagre_vector_init(&vector->children[i], type->fields[i].type, row_count, arena);
  }
}

void eagre_vector_init(struct eagre_vector *vector, const struct eagre_type *type,
                       uint32_t row_count, struct eagre_arena *arena) {
  eagre_assert(eagre_type_is_supported(type->kind) || eagre_type_width(type->kind) > 0);
  *vector = (struct eagre_vector){.type = type};
  if (type->kind == EAGRE_TYPE_BOOLEAN) {
    vector->data = allocate_bits(row_count, false, arena);
  } else if (type->kind == EAGRE_TYPE_STRUCT) {
    init_children(vector, row_count, arena);
  } else if (eagre_type_is_list(type->kind)) {
    size_t size = ((size_t)row_count + 1) * sizeof *vector->offsets;
    vector->offsets = memset(eagre_arena_allocate_vector(arena, size), 0, size);
    init_children(vector, 0, arena);
  } else if (type->kind != EAGRE_TYPE_NULL) {
    size_t size = (size_t)row_count * eagre_type_width(type->kind);
    vector->data = eagre_arena_allocate_vector(arena, size);
  }
}

void eagre_vector_add_validity(struct eagre_vector *vector, uint32_t row_count, bool valid,
                               struct eagre_arena *arena) {
  vector->validity = allocate_bits(row_count, valid, arena);
}

void eagre_vector_set_null(struct eagre_vector *vector, uint32_t row, uint32_t row_count,
                           struct eagre_arena *arena) {
  if (vector->validity == NULL) eagre_vector_add_validity(vector, row_count, true, arena);
  eagre_bit_clear(vector->validity, row);
}

void eagre_vector_init_null(struct eagre_vector *vector, const struct eagre_type *type,
                            struct eagre_arena *arena) {
  eagre_vector_init(vector, type, 1, arena);
  vector->is_constant = true;
  eagre_vector_add_validity(vector, 1, false, arena);
  /* Readable although null: a text of random pointer and size would not be. */
  if (vector->data != NULL) memset(vector->data, 0, eagre_type_width(type->kind));
  if (eagre_type_is_list(type->kind)) return; /* the one row is empty */
  for (uint32_t i = 0; i < type->field_count; i++) {
    eagre_vector_init_null(&vector->children[i], type->fields[i].type, arena);
  }
}

/* ---- Walks over fixed width values ----------------------------------------------------------- */

/* The element a walk reads in step i: `rows[i]`, or 0 for all when the source is a constant. */

static inline __attribute__((always_inline)) void gather_values(char *restrict out,
                                                                const char *restrict from,
                                                                const uint32_t *restrict rows,
                                                                uint32_t count, size_t width) {
  for (uint32_t i = 0; i < count; i++) {
    memcpy(out + i * width, from + rows[i] * width, width);
  }
}

static inline __attribute__((always_inline)) void
scatter_values(char *restrict into, const char *restrict from, size_t from_step,
               const uint32_t *restrict rows, uint32_t count, size_t width) {
  for (uint32_t i = 0; i < count; i++) {
    memcpy(into + rows[i] * width, from + i * from_step * width, width);
  }
}

static inline __attribute__((always_inline)) void
repeat_value(char *restrict out, const char *restrict value, uint32_t count, size_t width) {
  for (uint32_t i = 0; i < count; i++) {
    memcpy(out + i * width, value, width);
  }
}

static void gather_data(char *out, const char *from, const uint32_t *rows, uint32_t count,
                        uint32_t width) {
  switch (width) {
  case 1:
    gather_values(out, from, rows, count, 1);
    break;
  case 2:
    gather_values(out, from, rows, count, 2);
    break;
  case 4:
    gather_values(out, from, rows, count, 4);
    break;
  case 8:
    gather_values(out, from, rows, count, 8);
    break;
  default: /* a text or a DECIMAL */
    eagre_assert(width == sizeof(struct eagre_text));
    gather_values(out, from, rows, count, sizeof(struct eagre_text));
  }
}

static void scatter_data(char *into, const char *from, size_t from_step, const uint32_t *rows,
                         uint32_t count, uint32_t width) {
  switch (width) {
  case 1:
    scatter_values(into, from, from_step, rows, count, 1);
    break;
  case 2:
    scatter_values(into, from, from_step, rows, count, 2);
    break;
  case 4:
    scatter_values(into, from, from_step, rows, count, 4);
    break;
  case 8:
    scatter_values(into, from, from_step, rows, count, 8);
    break;
  default: /* a text or a DECIMAL */
    eagre_assert(width == sizeof(struct eagre_text));
    scatter_values(into, from, from_step, rows, count, sizeof(struct eagre_text));
  }
}

static void repeat_data(char *out, const char *value, uint32_t count, uint32_t width) {
  switch (width) {
  case 1:
    memset(out, *value, count);
    break;
  case 2:
    repeat_value(out, value, count, 2);
    break;
  case 4:
    repeat_value(out, value, count, 4);
    break;
  case 8:
    repeat_value(out, value, count, 8);
    break;
  default: /* a text or a DECIMAL */
    eagre_assert(width == sizeof(struct eagre_text));
    repeat_value(out, value, count, sizeof(struct eagre_text));
  }
}

/* ---- Gather ---------------------------------------------------------------------------------- */

/* A word of bits at a time, so that the result is stored 64 times less often than read. */
static uint8_t *gather_bits(const uint8_t *from, const uint32_t *rows, uint32_t count,
                            struct eagre_arena *arena) {
  uint8_t *out = eagre_arena_allocate_vector(arena, eagre_bits_size(count));
  for (uint32_t begin = 0; begin < count; begin += 64) {
    uint32_t in_word = count - begin < 64 ? count - begin : 64;
    uint64_t word = 0;
    for (uint32_t i = 0; i < in_word; i++) {
      word |= (uint64_t)eagre_bit_get(from, rows[begin + i]) << i;
    }
    memcpy(out + begin / 8, &word, sizeof word);
  }
  return out;
}

/* The children, gathered at `rows`. */
static struct eagre_vector *gather_children(const struct eagre_vector *from, const uint32_t *rows,
                                            uint32_t count, struct eagre_arena *arena) {
  struct eagre_vector *children = allocate_children(from->type, arena);
  for (uint32_t i = 0; i < from->type->field_count; i++) {
    eagre_vector_gather(&children[i], &from->children[i], rows, count, arena);
  }
  return children;
}

void eagre_vector_gather(struct eagre_vector *out, const struct eagre_vector *from,
                         const uint32_t *rows, uint32_t row_count, struct eagre_arena *arena) {
  static const uint32_t only_row = 0;
  enum eagre_type_kind kind = from->type->kind;
  struct eagre_vector result = {.type = from->type, .is_constant = from->is_constant};
  uint32_t count = from->is_constant ? 1 : row_count;
  const uint32_t *picked = from->is_constant ? &only_row : rows;
  if (kind == EAGRE_TYPE_BOOLEAN) {
    result.data = gather_bits(from->data, picked, count, arena);
  } else if (kind == EAGRE_TYPE_STRUCT) {
    result.children = gather_children(from, rows, row_count, arena);
  } else if (eagre_type_is_list(kind)) {
    eagre_list_gather(&result, from, picked, count, arena);
  } else if (kind != EAGRE_TYPE_NULL) {
    uint32_t width = eagre_type_width(kind);
    result.data = eagre_arena_allocate_vector(arena, (size_t)count * width);
    gather_data(result.data, from->data, picked, count, width);
  }
  if (from->validity != NULL) result.validity = gather_bits(from->validity, picked, count, arena);
  *out = result;
}

/* ---- Scatter --------------------------------------------------------------------------------- */

static void scatter_bits(uint8_t *into, const uint8_t *from, uint32_t from_step,
                         const uint32_t *rows, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    eagre_bit_put(into, rows[i], eagre_bit_get(from, (size_t)i * from_step));
  }
}

static void scatter_validity(struct eagre_vector *into, uint32_t into_count,
                             const struct eagre_vector *from, uint32_t from_step,
                             const uint32_t *rows, uint32_t row_count, struct eagre_arena *arena) {
  if (from->validity != NULL) {
    if (into->validity == NULL) eagre_vector_add_validity(into, into_count, true, arena);
    scatter_bits(into->validity, from->validity, from_step, rows, row_count);
  } else if (into->validity != NULL) {
    for (uint32_t i = 0; i < row_count; i++) {
      eagre_bit_set(into->validity, rows[i]);
    }
  }
}

void eagre_vector_scatter(struct eagre_vector *into, uint32_t into_count,
                          const struct eagre_vector *from, const uint32_t *rows, uint32_t row_count,
                          struct eagre_arena *arena) {
  enum eagre_type_kind kind = into->type->kind;
  eagre_assert(from->type->kind == kind && !into->is_constant);
  uint32_t from_step = from->is_constant ? 0 : 1;
  if (eagre_type_is_list(kind)) {
    eagre_list_scatter(into, into_count, from, rows, row_count, arena);
  } else if (kind == EAGRE_TYPE_BOOLEAN) {
    scatter_bits(into->data, from->data, from_step, rows, row_count);
  } else if (kind == EAGRE_TYPE_STRUCT) {
    for (uint32_t i = 0; i < into->type->field_count; i++) {
      eagre_vector_scatter(&into->children[i], into_count, &from->children[i], rows, row_count,
                           arena);
    }
  } else if (kind != EAGRE_TYPE_NULL) {
    scatter_data(into->data, from->data, from_step, rows, row_count, eagre_type_width(kind));
  }
  scatter_validity(into, into_count, from, from_step, rows, row_count, arena);
}

/* ---- Flatten --------------------------------------------------------------------------------- */

static void flatten_data(struct eagre_vector *vector, uint32_t row_count,
                         struct eagre_arena *arena) {
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_BOOLEAN) {
    vector->data = allocate_bits(row_count, eagre_bit_get(vector->data, 0), arena);
  } else if (eagre_type_width(kind) > 0) {
    uint32_t width = eagre_type_width(kind);
    char *data = eagre_arena_allocate_vector(arena, (size_t)row_count * width);
    repeat_data(data, vector->data, row_count, width);
    vector->data = data;
  }
}

void eagre_vector_flatten(struct eagre_vector *vector, uint32_t row_count,
                          struct eagre_arena *arena) {
  bool is_list = eagre_type_is_list(vector->type->kind);
  for (uint32_t i = 0; !is_list && i < vector->type->field_count; i++) {
    eagre_vector_flatten(&vector->children[i], row_count, arena);
  }
  if (!vector->is_constant) return;
  if (is_list) eagre_list_repeat(vector, row_count, arena);
  vector->is_constant = false;
  flatten_data(vector, row_count, arena);
  if (vector->validity != NULL) {
    eagre_vector_add_validity(vector, row_count, eagre_bit_get(vector->validity, 0), arena);
  }
}

/* ---- Append ---------------------------------------------------------------------------------- */

static void append_bits(uint8_t *into, uint32_t into_row, const uint8_t *from, uint32_t from_row,
                        uint32_t count, bool is_constant) {
  if (is_constant) {
    eagre_bits_put_range(into, into_row, count, eagre_bit_get(from, 0));
  } else {
    eagre_bits_copy(into, into_row, from, from_row, count);
  }
}

static void append_validity(struct eagre_vector *into, uint32_t into_row, uint32_t into_capacity,
                            const struct eagre_vector *from, uint32_t from_row, uint32_t count,
                            struct eagre_arena *arena) {
  if (from->validity != NULL) {
    if (into->validity == NULL) eagre_vector_add_validity(into, into_capacity, true, arena);
    append_bits(into->validity, into_row, from->validity, from_row, count, from->is_constant);
  } else if (into->validity != NULL) {
    eagre_bits_put_range(into->validity, into_row, count, true);
  }
}

static void append_values(struct eagre_vector *into, uint32_t into_row,
                          const struct eagre_vector *from, uint32_t from_row, uint32_t count) {
  size_t width = eagre_type_width(into->type->kind);
  char *out = (char *)into->data + into_row * width;
  if (from->is_constant) {
    repeat_data(out, from->data, count, (uint32_t)width);
  } else {
    memcpy(out, (const char *)from->data + from_row * width, count * width);
  }
}

/* Moves rows as they are: strings keep pointing where they did. */
static void append_rows(struct eagre_vector *into, uint32_t into_row, uint32_t into_capacity,
                        const struct eagre_vector *from, uint32_t from_row, uint32_t count,
                        struct eagre_arena *arena) {
  enum eagre_type_kind kind = into->type->kind;
  eagre_assert(from->type->kind == kind && !into->is_constant);
  if (eagre_type_is_list(kind)) {
    eagre_list_append(into, into_row, from, from_row, count, arena);
  } else if (kind == EAGRE_TYPE_BOOLEAN) {
    append_bits(into->data, into_row, from->data, from_row, count, from->is_constant);
  } else if (kind == EAGRE_TYPE_STRUCT) {
    for (uint32_t i = 0; i < into->type->field_count; i++) {
      append_rows(&into->children[i], into_row, into_capacity, &from->children[i], from_row, count,
                  arena);
    }
  } else if (kind != EAGRE_TYPE_NULL) {
    append_values(into, into_row, from, from_row, count);
  }
  append_validity(into, into_row, into_capacity, from, from_row, count, arena);
}

static bool is_present(const uint8_t *validity, uint32_t row) {
  return validity == NULL || eagre_bit_get(validity, row);
}

/* Gives the texts of rows [begin, end) where both bitmaps have a one new bytes, all in one block;
 * the other rows become empty texts. */
static void own_texts(struct eagre_text *texts, const uint8_t *validity, const uint8_t *outer,
                      uint32_t begin, uint32_t end, struct eagre_arena *arena) {
  size_t total = 0;
  for (uint32_t i = begin; i < end; i++) {
    if (!is_present(validity, i) || !is_present(outer, i)) texts[i] = EAGRE_TEXT("");
    total += texts[i].size;
  }
  char *bytes = eagre_arena_allocate_text(arena, total);
  for (uint32_t i = begin; i < end; i++) {
    if (texts[i].size > 0) memcpy(bytes, texts[i].data, texts[i].size);
    texts[i].data = bytes;
    bytes += texts[i].size;
  }
}

static void own_rows(struct eagre_vector *vector, const uint8_t *outer, uint32_t begin,
                     uint32_t end, struct eagre_arena *arena);

/* Rows that were appended hold no elements when they are null. */
static void own_elements(struct eagre_vector *vector, uint32_t begin, uint32_t end,
                         struct eagre_arena *arena) {
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    own_rows(&vector->children[i], NULL, (uint32_t)vector->offsets[begin],
             (uint32_t)vector->offsets[end], arena);
  }
}

/* `outer`: which rows the structs around this vector have; NULL for all. A row that they do not
 * have holds anything, so its texts must not be read. */
static void own_rows(struct eagre_vector *vector, const uint8_t *outer, uint32_t begin,
                     uint32_t end, struct eagre_arena *arena) {
  enum eagre_type_kind kind = vector->type->kind;
  if (eagre_type_is_text(kind)) {
    own_texts(vector->data, vector->validity, outer, begin, end, arena);
    return;
  }
  if (eagre_type_is_list(kind)) {
    own_elements(vector, begin, end, arena);
    return;
  }
  const uint8_t *inner = vector->validity == NULL ? outer : vector->validity;
  if (vector->validity != NULL && outer != NULL && vector->type->field_count > 0) {
    uint8_t *both = eagre_arena_allocate_vector(arena, eagre_bits_size(end));
    eagre_bits_and(both, vector->validity, outer, end);
    inner = both;
  }
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    own_rows(&vector->children[i], inner, begin, end, arena);
  }
}

void eagre_vector_append(struct eagre_vector *into, uint32_t into_row, uint32_t into_capacity,
                         const struct eagre_vector *from, uint32_t from_row, uint32_t count,
                         bool copy_text, struct eagre_arena *arena) {
  eagre_assert(into_row <= into_capacity && count <= into_capacity - into_row);
  if (count == 0) return;
  append_rows(into, into_row, into_capacity, from, from_row, count, arena);
  if (copy_text) own_rows(into, NULL, into_row, into_row + count, arena);
}
