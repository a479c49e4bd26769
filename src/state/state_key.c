/* Keys: rows of columns as byte strings, equal bytes if and only if equal rows.
 *
 * Numbers are little endian, of their type's width (BOOLEAN 1 byte); -0.0 is written as 0.0 and
 * every NaN as one NaN.
 *
 * One column (chosen by its type alone, so that all batches agree):
 *   numbers      the value; NULL is the empty string. A BIGINT without constant rows needs no copy:
 *                keys point into the column.
 *   STRING, BINARY   the text itself, no copy: keys point where the column points. NULL is the one
 *                byte ff; a text that begins with ff, which UTF-8 never does, gets another ff in
 *                front, so that no text is NULL and no two become the same.
 * None, or several, or a STRUCT: the columns one after the other, each
 *   00                    NULL
 *   01 value              number
 *   01 size text          STRING, BINARY; size as LEB128
 *   01 fields             STRUCT, its fields one after the other
 *   01 count (size value) ARRAY, each element a column of its own behind its size
 * As the types are fixed, every such string is read in one way only. */
#include "state/state_table.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "keys point into columns, which must then be little endian"
#endif

enum { ESCAPE = 0xff, HASH_SEED = 0x5ea1 };

static const char ESCAPE_BYTE[1] = {(char)ESCAPE};

/* Of the bytes of the key alone, so that it can be found again from a snapshot. Keys of the size of
 * an integer, the usual ones, take the shorter way. */
uint64_t eagre_state_hash_key(struct eagre_text key) {
  if (key.size == 8) {
    uint64_t value;
    memcpy(&value, key.data, sizeof value);
    return eagre_hash_integer(value, HASH_SEED);
  }
  if (key.size == 4) {
    uint32_t value;
    memcpy(&value, key.data, sizeof value);
    return eagre_hash_integer(value, HASH_SEED);
  }
  return eagre_hash_bytes(key.data, key.size, HASH_SEED);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static bool is_text(enum eagre_type_kind kind) {
  return eagre_type_is_text(kind);
}

/* Bytes of a number in a key; 0 for what is no number. */
static uint32_t find_width(enum eagre_type_kind kind) {
  if (kind == EAGRE_TYPE_BOOLEAN) return 1;
  return is_text(kind) ? 0 : eagre_type_width(kind);
}

static void write_float(const struct eagre_vector *vector, uint32_t index, char *out) {
  float value = EAGRE_VALUES(const float, vector)[index];
  if (value != value) value = __builtin_nanf("");
  if (value == 0) value = 0;
  memcpy(out, &value, sizeof value);
}

static void write_double(const struct eagre_vector *vector, uint32_t index, char *out) {
  double value = EAGRE_VALUES(const double, vector)[index];
  if (value != value) value = __builtin_nan("");
  if (value == 0) value = 0;
  memcpy(out, &value, sizeof value);
}

/* Writes the number of row `index` (of data), `width` bytes. */
static void write_number(const struct eagre_vector *vector, uint32_t index, uint32_t width,
                         char *out) {
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    *out = (char)eagre_bit_get(vector->data, index);
    break;
  case EAGRE_TYPE_FLOAT:
    write_float(vector, index, out);
    break;
  case EAGRE_TYPE_DOUBLE:
    write_double(vector, index, out);
    break;
  default:
    memcpy(out, (const char *)vector->data + (size_t)index * width, width);
    break;
  }
}

/* ---- One number ------------------------------------------------------------------------------ */

static void encode_numbers(const struct eagre_vector *vector, uint32_t row_count,
                           struct eagre_arena *arena, struct eagre_text *keys) {
  uint32_t width = find_width(vector->type->kind);
  char *bytes = eagre_arena_allocate(arena, (size_t)row_count * width);
  for (uint32_t row = 0; row < row_count; row++) {
    bool is_null = eagre_vector_is_null(vector, row);
    if (!is_null) write_number(vector, eagre_vector_index(vector, row), width, bytes);
    keys[row] = eagre_text_make(bytes, is_null ? 0 : width);
    bytes += width;
  }
}

/* Integers stand in the column as they stand in a key. */
static bool stands_in_column(const struct eagre_vector *vector) {
  enum eagre_type_kind kind = vector->type->kind;
  return (eagre_type_is_integral(kind) || kind == EAGRE_TYPE_DATE || kind == EAGRE_TYPE_TIMESTAMP ||
          kind == EAGRE_TYPE_TIMESTAMP_NTZ || eagre_type_is_interval(kind)) &&
         !vector->is_constant && vector->validity == NULL;
}

static void point_at_numbers(const struct eagre_vector *vector, uint32_t row_count,
                             struct eagre_text *keys) {
  uint32_t width = find_width(vector->type->kind);
  const char *values = vector->data;
  for (uint32_t row = 0; row < row_count; row++) {
    keys[row] = eagre_text_make(values + (size_t)row * width, width);
  }
}

/* ---- One text -------------------------------------------------------------------------------- */

static bool begins_with_escape(struct eagre_text text) {
  return text.size > 0 && (unsigned char)text.data[0] == ESCAPE;
}

static struct eagre_text escape_text(struct eagre_text text, struct eagre_arena *arena) {
  char *escaped = eagre_arena_allocate(arena, text.size + 1);
  escaped[0] = (char)ESCAPE;
  memcpy(escaped + 1, text.data, text.size);
  return eagre_text_make(escaped, text.size + 1);
}

static void encode_texts(const struct eagre_vector *vector, uint32_t row_count,
                         struct eagre_arena *arena, struct eagre_text *keys) {
  const struct eagre_text *texts = vector->data;
  for (uint32_t row = 0; row < row_count; row++) {
    if (eagre_vector_is_null(vector, row)) {
      keys[row] = eagre_text_make(ESCAPE_BYTE, 1);
      continue;
    }
    struct eagre_text text = texts[eagre_vector_index(vector, row)];
    keys[row] = begins_with_escape(text) ? escape_text(text, arena) : text;
  }
}

/* ---- Several columns ------------------------------------------------------------------------- */

static uint32_t measure_size(size_t size) {
  uint32_t bytes = 1;
  while (size >= 0x80) {
    size >>= 7;
    bytes++;
  }
  return bytes;
}

static char *write_size(char *out, size_t size) {
  while (size >= 0x80) {
    *out++ = (char)(size | 0x80);
    size >>= 7;
  }
  *out++ = (char)size;
  return out;
}

/* Adds what a column takes in each row's key. Rows whose bit in `present` is not set are fields of
 * a NULL struct and take nothing; NULL: all are present. */
static void measure_column(const struct eagre_vector *vector, const uint8_t *present,
                           uint32_t row_count, struct eagre_arena *arena, size_t *sizes);

/* The rows of `present` in which the struct is not NULL either. */
static uint8_t *find_present(const struct eagre_vector *vector, const uint8_t *present,
                             uint32_t row_count, struct eagre_arena *arena) {
  uint8_t *bits = eagre_arena_allocate_vector(arena, eagre_bits_size(row_count));
  for (uint32_t row = 0; row < row_count; row++) {
    bool is_present = present == NULL || eagre_bit_get(present, row);
    eagre_bit_put(bits, row, is_present && !eagre_vector_is_null(vector, row));
  }
  return bits;
}

static void measure_struct(const struct eagre_vector *vector, const uint8_t *present,
                           uint32_t row_count, struct eagre_arena *arena, size_t *sizes) {
  const uint8_t *inner = find_present(vector, present, row_count, arena);
  for (uint32_t row = 0; row < row_count; row++) {
    sizes[row] += present == NULL || eagre_bit_get(present, row);
  }
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    measure_column(&vector->children[i], inner, row_count, arena, sizes);
  }
}

/* An ARRAY with a row for every key, and what its elements take. */
struct key_elements {
  struct eagre_vector list;
  uint32_t count;
  size_t *sizes;
};

static struct key_elements measure_elements(const struct eagre_vector *vector,
                                            const uint8_t *present, uint32_t row_count,
                                            struct eagre_arena *arena) {
  struct key_elements out = {.list = *vector};
  eagre_vector_flatten(&out.list, row_count, arena);
  out.list.validity = find_present(vector, present, row_count, arena);
  out.count = eagre_vector_tighten(&out.list, row_count, arena);
  out.sizes = eagre_arena_allocate_zeroed(arena, (out.count + 1) * sizeof *out.sizes);
  measure_column(out.list.children, NULL, out.count, arena, out.sizes);
  return out;
}

static void measure_array(const struct eagre_vector *vector, const uint8_t *present,
                          uint32_t row_count, struct eagre_arena *arena, size_t *sizes) {
  struct key_elements elements = measure_elements(vector, present, row_count, arena);
  for (uint32_t row = 0; row < row_count; row++) {
    if (present != NULL && !eagre_bit_get(present, row)) continue;
    sizes[row]++;
    if (eagre_vector_is_null(vector, row)) continue;
    sizes[row] += measure_size(eagre_vector_list_size(&elements.list, row));
    for (int32_t i = elements.list.offsets[row]; i < elements.list.offsets[row + 1]; i++) {
      sizes[row] += measure_size(elements.sizes[i]) + elements.sizes[i];
    }
  }
}

static void measure_column(const struct eagre_vector *vector, const uint8_t *present,
                           uint32_t row_count, struct eagre_arena *arena, size_t *sizes) {
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_ARRAY) {
    measure_array(vector, present, row_count, arena, sizes);
    return;
  }
  if (kind == EAGRE_TYPE_STRUCT) {
    measure_struct(vector, present, row_count, arena, sizes);
    return;
  }
  uint32_t width = find_width(kind);
  for (uint32_t row = 0; row < row_count; row++) {
    if (present != NULL && !eagre_bit_get(present, row)) continue;
    sizes[row]++;
    if (eagre_vector_is_null(vector, row)) continue;
    sizes[row] += width;
    if (!is_text(kind)) continue;
    size_t size = EAGRE_VALUES(struct eagre_text, vector)[eagre_vector_index(vector, row)].size;
    sizes[row] += measure_size(size) + size;
  }
}

static char *write_text(char *out, struct eagre_text text) {
  out = write_size(out, text.size);
  if (text.size > 0) memcpy(out, text.data, text.size);
  return out + text.size;
}

static void write_column(const struct eagre_vector *vector, const uint8_t *present,
                         uint32_t row_count, struct eagre_arena *arena, char **ends);

static void write_array(const struct eagre_vector *vector, const uint8_t *present,
                        uint32_t row_count, struct eagre_arena *arena, char **ends) {
  struct key_elements elements = measure_elements(vector, present, row_count, arena);
  char **element_ends = eagre_arena_allocate(arena, (elements.count + 1) * sizeof *element_ends);
  for (uint32_t row = 0; row < row_count; row++) {
    if (present != NULL && !eagre_bit_get(present, row)) continue;
    bool is_null = eagre_vector_is_null(vector, row);
    *ends[row]++ = (char)!is_null;
    if (is_null) continue;
    ends[row] = write_size(ends[row], eagre_vector_list_size(&elements.list, row));
    for (int32_t i = elements.list.offsets[row]; i < elements.list.offsets[row + 1]; i++) {
      ends[row] = write_size(ends[row], elements.sizes[i]);
      element_ends[i] = ends[row];
      ends[row] += elements.sizes[i];
    }
  }
  write_column(elements.list.children, NULL, elements.count, arena, element_ends);
}

static void write_column(const struct eagre_vector *vector, const uint8_t *present,
                         uint32_t row_count, struct eagre_arena *arena, char **ends) {
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_ARRAY) {
    write_array(vector, present, row_count, arena, ends);
    return;
  }
  uint32_t width = find_width(kind);
  for (uint32_t row = 0; row < row_count; row++) {
    if (present != NULL && !eagre_bit_get(present, row)) continue;
    bool is_null = eagre_vector_is_null(vector, row);
    *ends[row]++ = (char)!is_null;
    if (is_null) continue;
    uint32_t index = eagre_vector_index(vector, row);
    if (is_text(kind)) {
      ends[row] = write_text(ends[row], EAGRE_VALUES(struct eagre_text, vector)[index]);
    } else if (width > 0) {
      write_number(vector, index, width, ends[row]);
      ends[row] += width;
    }
  }
  if (kind != EAGRE_TYPE_STRUCT) return;
  const uint8_t *inner = find_present(vector, present, row_count, arena);
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    write_column(&vector->children[i], inner, row_count, arena, ends);
  }
}

static void encode_rows(const struct eagre_vector *columns, uint32_t column_count,
                        uint32_t row_count, struct eagre_arena *arena, struct eagre_text *keys) {
  size_t *sizes = eagre_arena_allocate_zeroed(arena, row_count * sizeof *sizes);
  for (uint32_t i = 0; i < column_count; i++) {
    measure_column(&columns[i], NULL, row_count, arena, sizes);
  }
  size_t total = 0;
  for (uint32_t row = 0; row < row_count; row++) {
    total += sizes[row];
  }
  char *next = eagre_arena_allocate(arena, total);
  char **ends = eagre_arena_allocate(arena, row_count * sizeof *ends);
  for (uint32_t row = 0; row < row_count; row++) {
    keys[row] = eagre_text_make(next, sizes[row]);
    ends[row] = next;
    next += sizes[row];
  }
  for (uint32_t i = 0; i < column_count; i++) {
    write_column(&columns[i], NULL, row_count, arena, ends);
  }
}

/* ---- The door -------------------------------------------------------------------------------- */

enum key_form { FORM_NUMBER, FORM_TEXT, FORM_ROW };

static enum key_form find_form(uint32_t column_count, const struct eagre_type *first_type) {
  if (column_count != 1) return FORM_ROW;
  if (is_text(first_type->kind)) return FORM_TEXT;
  return find_width(first_type->kind) > 0 ? FORM_NUMBER : FORM_ROW;
}

void eagre_state_encode_keys(const struct eagre_vector *columns, uint32_t column_count,
                             uint32_t row_count, struct eagre_arena *arena,
                             struct eagre_state_keys *out) {
  struct eagre_text *keys = eagre_arena_allocate(arena, row_count * sizeof *keys);
  uint64_t *hashes = eagre_arena_allocate(arena, row_count * sizeof *hashes);
  switch (find_form(column_count, column_count == 0 ? NULL : columns[0].type)) {
  case FORM_NUMBER:
    if (stands_in_column(&columns[0])) {
      point_at_numbers(&columns[0], row_count, keys);
    } else {
      encode_numbers(&columns[0], row_count, arena, keys);
    }
    break;
  case FORM_TEXT:
    encode_texts(&columns[0], row_count, arena, keys);
    break;
  case FORM_ROW:
    encode_rows(columns, column_count, row_count, arena, keys);
    break;
  }
  for (uint32_t row = 0; row < row_count; row++) {
    hashes[row] = eagre_state_hash_key(keys[row]);
  }
  *out = (struct eagre_state_keys){.keys = keys, .hashes = hashes};
}

/* ---- Decoding -------------------------------------------------------------------------------- */

/* What is left of each row's key. Keys come from `eagre_state_encode_keys` or from a snapshot with
 * the right checksum and fingerprint: one that is too short is our mistake. */
static const char *take_bytes(struct eagre_text *rest, size_t size) {
  eagre_assert(size <= rest->size);
  const char *bytes = rest->data;
  *rest = eagre_text_make(rest->data + size, rest->size - size);
  return bytes;
}

static size_t take_size(struct eagre_text *rest) {
  size_t size = 0;
  for (uint32_t shift = 0; shift < 64; shift += 7) {
    unsigned char byte = (unsigned char)*take_bytes(rest, 1);
    size |= (size_t)(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return size;
}

static void put_number(struct eagre_vector *vector, uint32_t row, uint32_t width,
                       const char *bytes) {
  if (vector->type->kind == EAGRE_TYPE_BOOLEAN) {
    eagre_bit_put(vector->data, row, bytes[0] != 0);
  } else {
    memcpy((char *)vector->data + (size_t)row * width, bytes, width);
  }
}

/* Something readable for a row without value. */
static void put_null(struct eagre_vector *vector, uint32_t row, uint32_t row_count,
                     struct eagre_arena *arena) {
  enum eagre_type_kind kind = vector->type->kind;
  eagre_vector_set_null(vector, row, row_count, arena);
  if (is_text(kind)) EAGRE_VALUES(struct eagre_text, vector)[row] = EAGRE_TEXT("");
}

static void decode_column(struct eagre_vector *vector, const uint8_t *present, uint32_t row_count,
                          struct eagre_arena *arena, struct eagre_text *rests);

/* The elements of all rows are found first, then decoded together. */
static void decode_array(struct eagre_vector *vector, const uint8_t *present, uint32_t row_count,
                         struct eagre_arena *arena, struct eagre_text *rests) {
  struct eagre_buffer elements = {0};
  for (uint32_t row = 0; row < row_count; row++) {
    bool is_present = present == NULL || eagre_bit_get(present, row);
    if (!is_present || *take_bytes(&rests[row], 1) == 0) {
      put_null(vector, row, row_count, arena);
    } else {
      for (size_t count = take_size(&rests[row]); count > 0; count--) {
        size_t size = take_size(&rests[row]);
        struct eagre_text element = eagre_text_make(take_bytes(&rests[row], size), size);
        eagre_buffer_append(&elements, &element, sizeof element);
      }
    }
    vector->offsets[row + 1] = (int32_t)(elements.size / sizeof(struct eagre_text));
  }
  uint32_t total = (uint32_t)vector->offsets[row_count];
  struct eagre_text *texts = eagre_arena_allocate(arena, (total + 1) * sizeof *texts);
  if (total > 0) memcpy(texts, elements.data, total * sizeof *texts);
  eagre_buffer_done(&elements);
  eagre_vector_init(vector->children, vector->type->fields[0].type, total, arena);
  decode_column(vector->children, NULL, total, arena, texts);
}

static void decode_column(struct eagre_vector *vector, const uint8_t *present, uint32_t row_count,
                          struct eagre_arena *arena, struct eagre_text *rests) {
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_ARRAY) {
    decode_array(vector, present, row_count, arena, rests);
    return;
  }
  if (kind == EAGRE_TYPE_NULL) {
    for (uint32_t row = 0; row < row_count; row++) {
      if (present == NULL || eagre_bit_get(present, row)) take_bytes(&rests[row], 1);
    }
    return;
  }
  uint32_t width = find_width(kind);
  for (uint32_t row = 0; row < row_count; row++) {
    bool is_present = present == NULL || eagre_bit_get(present, row);
    if (!is_present || *take_bytes(&rests[row], 1) == 0) {
      put_null(vector, row, row_count, arena);
    } else if (is_text(kind)) {
      size_t size = take_size(&rests[row]);
      struct eagre_text text = eagre_text_make(take_bytes(&rests[row], size), size);
      EAGRE_VALUES(struct eagre_text, vector)[row] = eagre_arena_copy_text(arena, text);
    } else if (width > 0) {
      put_number(vector, row, width, take_bytes(&rests[row], width));
    }
  }
  if (kind != EAGRE_TYPE_STRUCT) return;
  const uint8_t *inner = find_present(vector, present, row_count, arena);
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    decode_column(&vector->children[i], inner, row_count, arena, rests);
  }
}

static void decode_rows(const struct eagre_text *keys, uint32_t row_count,
                        struct eagre_vector *columns, uint32_t column_count,
                        struct eagre_arena *arena) {
  struct eagre_text *rests = eagre_arena_allocate(arena, row_count * sizeof *rests);
  for (uint32_t row = 0; row < row_count; row++) {
    rests[row] = keys[row];
  }
  for (uint32_t i = 0; i < column_count; i++) {
    decode_column(&columns[i], NULL, row_count, arena, rests);
  }
  for (uint32_t row = 0; row < row_count; row++) {
    eagre_assert(rests[row].size == 0);
  }
}

static void decode_numbers(const struct eagre_text *keys, uint32_t row_count,
                           struct eagre_vector *vector, struct eagre_arena *arena) {
  uint32_t width = find_width(vector->type->kind);
  for (uint32_t row = 0; row < row_count; row++) {
    if (keys[row].size == 0) {
      put_null(vector, row, row_count, arena);
    } else {
      eagre_assert(keys[row].size == width);
      put_number(vector, row, width, keys[row].data);
    }
  }
}

static void decode_texts(const struct eagre_text *keys, uint32_t row_count,
                         struct eagre_vector *vector, struct eagre_arena *arena) {
  for (uint32_t row = 0; row < row_count; row++) {
    struct eagre_text text = keys[row];
    bool is_escaped = begins_with_escape(text);
    if (is_escaped && text.size == 1) {
      put_null(vector, row, row_count, arena);
      continue;
    }
    if (is_escaped) text = eagre_text_make(text.data + 1, text.size - 1);
    EAGRE_VALUES(struct eagre_text, vector)[row] = eagre_arena_copy_text(arena, text);
  }
}

void eagre_state_decode_keys(const struct eagre_text *keys, uint32_t row_count,
                             const struct eagre_type *const *types, uint32_t column_count,
                             struct eagre_vector *out_columns, struct eagre_arena *arena) {
  for (uint32_t i = 0; i < column_count; i++) {
    eagre_vector_init(&out_columns[i], types[i], row_count, arena);
  }
  switch (find_form(column_count, column_count == 0 ? NULL : types[0])) {
  case FORM_NUMBER:
    decode_numbers(keys, row_count, &out_columns[0], arena);
    break;
  case FORM_TEXT:
    decode_texts(keys, row_count, &out_columns[0], arena);
    break;
  case FORM_ROW:
    decode_rows(keys, row_count, out_columns, column_count, arena);
    break;
  }
}
