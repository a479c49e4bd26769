/* Nested columns are walked one container at a time over all entries of the slice, not one row at a
 * time: an entry that ends early (a NULL, an empty list) keeps its place and its levels while the
 * others go on. */
#include "parquet/parquet_shred.h"

#include <endian.h>

/* An entry whose levels are final. Rows are below 2^31: offsets are int32_t. */
static const uint32_t ENDED = UINT32_MAX;

enum { VALUE_SIZE_MAX = sizeof(struct eagre_text) };

/* ---- Memory --------------------------------------------------------------------------------- */

static void reserve_levels(struct eagre_parquet_shred *shred, uint32_t count) {
  if (count <= shred->level_capacity) return;
  uint32_t capacity = shred->level_capacity == 0 ? 1024 : shred->level_capacity;
  while (capacity < count) {
    capacity = capacity > UINT32_MAX / 2 ? UINT32_MAX : 2 * capacity;
  }
  shred->definitions = eagre_reallocate(shred->definitions, capacity);
  shred->repetitions = eagre_reallocate(shred->repetitions, capacity);
  shred->rows = eagre_reallocate(shred->rows, capacity * sizeof *shred->rows);
  shred->next_definitions = eagre_reallocate(shred->next_definitions, capacity);
  shred->next_repetitions = eagre_reallocate(shred->next_repetitions, capacity);
  shred->next_rows = eagre_reallocate(shred->next_rows, capacity * sizeof *shred->next_rows);
  shred->scratch = eagre_reallocate(shred->scratch, (size_t)capacity * VALUE_SIZE_MAX);
  shred->level_capacity = capacity;
}

void eagre_parquet_shred_done(struct eagre_parquet_shred *shred) {
  eagre_free(shred->definitions);
  eagre_free(shred->repetitions);
  eagre_free(shred->rows);
  eagre_free(shred->next_definitions);
  eagre_free(shred->next_repetitions);
  eagre_free(shred->next_rows);
  eagre_free(shred->scratch);
  *shred = (struct eagre_parquet_shred){0};
}

/* ---- Bitmaps -------------------------------------------------------------------------------- */

/* Bits [from, from + count) as bytes 0 and 1. Writes and reads up to the next multiple of 8. */
static void expand_bits(uint8_t *out, const uint8_t *bits, uint32_t from, uint32_t count) {
  unsigned shift = from % 8;
  const uint8_t *byte = bits + from / 8;
  for (uint32_t i = 0; i < count; i += 8, byte++) {
    uint64_t eight = (uint8_t)((byte[0] | byte[1] << 8) >> shift);
    /* Bit k of every byte k, then "not zero" of each byte. */
    uint64_t spread = (eight * 0x0101010101010101u) & 0x8040201008040201u;
    spread = htole64(((spread + 0x7f7f7f7f7f7f7f7fu) >> 7) & 0x0101010101010101u);
    memcpy(out + i, &spread, sizeof spread);
  }
}

/* Of the bits [from, from + count). */
static uint32_t count_ones(const uint8_t *bits, uint32_t from, uint32_t count) {
  const uint8_t *words = bits + (size_t)from / 64 * 8;
  return (uint32_t)(eagre_bits_count(words, from % 64 + count) -
                    eagre_bits_count(words, from % 64));
}

/* ---- Values --------------------------------------------------------------------------------- */

#define GATHER(to_type, from_type, convert)                                                        \
  do {                                                                                             \
    to_type *out = shred->scratch;                                                                 \
    const from_type *data = vector->data;                                                          \
    for (uint32_t i = 0; i < count; i++) {                                                         \
      out[i] = convert(data[rows[i]]);                                                             \
    }                                                                                              \
  } while (0)

/* A DECIMAL as FIXED_LEN_BYTE_ARRAY(16): the highest byte first. */
static inline unsigned __int128 swap_decimal(eagre_decimal value) {
  uint64_t low = (uint64_t)value;
  uint64_t high = (uint64_t)(value >> 64);
  return (unsigned __int128)htobe64(low) << 64 | htobe64(high);
}

static void gather_decimals(struct eagre_parquet_shred *shred, const struct eagre_vector *vector,
                            const uint32_t *rows, uint32_t count) {
  if (vector->type->precision <= EAGRE_PARQUET_INT32_DIGITS_MAX) {
    GATHER(int32_t, eagre_decimal, (int32_t));
  } else if (vector->type->precision <= EAGRE_PARQUET_INT64_DIGITS_MAX) {
    GATHER(int64_t, eagre_decimal, (int64_t));
  } else {
    GATHER(unsigned __int128, eagre_decimal, swap_decimal);
  }
}

/* The values of `count` rows of `vector`, side by side. */
static void gather_values(struct eagre_parquet_shred *shred, const struct eagre_vector *vector,
                          const uint32_t *rows, uint32_t count) {
  shred->values = shred->scratch;
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    for (uint32_t i = 0; i < count; i++) {
      ((uint8_t *)shred->scratch)[i] = eagre_bit_get(vector->data, rows[i]);
    }
    return;
  case EAGRE_TYPE_TINYINT:
    GATHER(int32_t, int8_t, );
    return;
  case EAGRE_TYPE_SMALLINT:
    GATHER(int32_t, int16_t, );
    return;
  case EAGRE_TYPE_DECIMAL:
    gather_decimals(shred, vector, rows, count);
    return;
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    GATHER(struct eagre_text, struct eagre_text, );
    return;
  default:
    break;
  }
  if (eagre_type_width(vector->type->kind) == sizeof(uint32_t)) {
    GATHER(uint32_t, uint32_t, );
  } else {
    GATHER(uint64_t, uint64_t, );
  }
}

#define TAKE(to_type, from_type, convert)                                                          \
  do {                                                                                             \
    to_type *out = shred->scratch;                                                                 \
    const from_type *data = (const from_type *)vector->data + from;                                \
    for (uint32_t i = 0; i < count; i++) {                                                         \
      out[i] = convert(data[i]);                                                                   \
    }                                                                                              \
  } while (0)

static void take_decimals(struct eagre_parquet_shred *shred, const struct eagre_vector *vector,
                          uint32_t from, uint32_t count) {
  if (vector->type->precision <= EAGRE_PARQUET_INT32_DIGITS_MAX) {
    TAKE(int32_t, eagre_decimal, (int32_t));
  } else if (vector->type->precision <= EAGRE_PARQUET_INT64_DIGITS_MAX) {
    TAKE(int64_t, eagre_decimal, (int64_t));
  } else {
    TAKE(unsigned __int128, eagre_decimal, swap_decimal);
  }
}

/* The values of the rows from `from` on, all of which have one. */
static void take_values(struct eagre_parquet_shred *shred, const struct eagre_vector *vector,
                        uint32_t from, uint32_t count) {
  shred->values = shred->scratch;
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    expand_bits(shred->scratch, vector->data, from, count);
    return;
  case EAGRE_TYPE_TINYINT:
    TAKE(int32_t, int8_t, );
    return;
  case EAGRE_TYPE_SMALLINT:
    TAKE(int32_t, int16_t, );
    return;
  case EAGRE_TYPE_DECIMAL:
    take_decimals(shred, vector, from, count);
    return;
  default:
    shred->values =
        (const char *)vector->data + (size_t)from * eagre_type_width(vector->type->kind);
  }
}

/* ---- Flat columns --------------------------------------------------------------------------- */

static void shred_constant(struct eagre_parquet_shred *shred, const struct eagre_vector *vector,
                           uint32_t row_count) {
  bool is_null = eagre_vector_is_null(vector, 0);
  if (is_null) memset(shred->definitions, 0, row_count);
  shred->value_count = is_null ? 0 : row_count;
  memset(shred->rows, 0, shred->value_count * sizeof *shred->rows);
  gather_values(shred, vector, shred->rows, shred->value_count);
}

static void shred_nullable(struct eagre_parquet_shred *shred, const struct eagre_vector *vector,
                           uint32_t from, uint32_t row_count) {
  shred->value_count = count_ones(vector->validity, from, row_count);
  if (shred->value_count == row_count) {
    take_values(shred, vector, from, row_count);
    return;
  }
  expand_bits(shred->definitions, vector->validity, from, row_count);
  uint32_t count = 0;
  for (uint32_t i = 0; i < row_count; i++) {
    shred->rows[count] = from + i;
    count += shred->definitions[i];
  }
  gather_values(shred, vector, shred->rows, count);
}

static void shred_flat(struct eagre_parquet_shred *shred, const struct eagre_vector *vector,
                       uint32_t from, uint32_t row_count) {
  shred->level_count = row_count;
  if (vector->is_constant) {
    shred_constant(shred, vector, row_count);
  } else if (vector->validity != NULL) {
    shred_nullable(shred, vector, from, row_count);
  } else {
    shred->value_count = row_count;
    take_values(shred, vector, from, row_count);
  }
  shred->null_row_count = row_count - shred->value_count;
}

/* ---- Nested columns ------------------------------------------------------------------------- */

/* Moves every entry from a container's row to what is inside it; NULLs end with `definition`. */
static void enter_optional(struct eagre_parquet_shred *shred, const struct eagre_vector *vector,
                           uint8_t definition) {
  for (uint32_t i = 0; i < shred->level_count; i++) {
    if (shred->rows[i] == ENDED) continue;
    bool is_null = eagre_vector_is_null(vector, shred->rows[i]);
    if (is_null) shred->definitions[i] = definition;
    shred->rows[i] = is_null ? ENDED : eagre_vector_index(vector, shred->rows[i]);
  }
}

static uint32_t count_elements(const struct eagre_parquet_shred *shred, const int32_t *offsets) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < shred->level_count; i++) {
    uint32_t row = shred->rows[i];
    uint32_t size = row == ENDED ? 0 : (uint32_t)(offsets[row + 1] - offsets[row]);
    count += size == 0 ? 1 : size;
  }
  eagre_assert(count < ENDED);
  return (uint32_t)count;
}

static void swap_levels(struct eagre_parquet_shred *shred, uint32_t level_count) {
  uint32_t *rows = shred->rows;
  uint8_t *definitions = shred->definitions;
  uint8_t *repetitions = shred->repetitions;
  shred->rows = shred->next_rows;
  shred->definitions = shred->next_definitions;
  shred->repetitions = shred->next_repetitions;
  shred->next_rows = rows;
  shred->next_definitions = definitions;
  shred->next_repetitions = repetitions;
  shred->level_count = level_count;
}

/* Replaces every entry by the elements of its list; an empty list ends with `definition`. The first
 * element goes on with the repetition level of its list, the others begin at `repetition`. */
static void enter_repeated(struct eagre_parquet_shred *shred, const int32_t *offsets,
                           uint8_t definition, uint8_t repetition) {
  uint32_t level_count = count_elements(shred, offsets);
  reserve_levels(shred, level_count);
  uint32_t next = 0;
  for (uint32_t i = 0; i < shred->level_count; i++) {
    uint32_t row = shred->rows[i];
    uint32_t begin = row == ENDED ? 0 : (uint32_t)offsets[row];
    uint32_t end = row == ENDED ? 0 : (uint32_t)offsets[row + 1];
    shred->next_repetitions[next] = shred->repetitions[i];
    if (begin == end) {
      shred->next_definitions[next] = row == ENDED ? shred->definitions[i] : definition;
      shred->next_rows[next++] = ENDED;
      continue;
    }
    memset(shred->next_repetitions + next + 1, repetition, end - begin - 1);
    for (uint32_t element = begin; element < end; element++) {
      shred->next_rows[next++] = element;
    }
  }
  swap_levels(shred, level_count);
}

/* Gives the entries that came this far the highest definition level and fetches their values. */
static void finish_entries(struct eagre_parquet_shred *shred, const struct eagre_parquet_leaf *leaf,
                           const struct eagre_vector *vector) {
  uint32_t value_count = 0;
  uint32_t null_row_count = 0;
  for (uint32_t i = 0; i < shred->level_count; i++) {
    bool has_value = shred->rows[i] != ENDED;
    if (has_value) shred->definitions[i] = leaf->definition_max;
    /* A key has not been through enter_optional, which resolves constants. */
    shred->rows[value_count] = vector->is_constant ? 0 : shred->rows[i];
    value_count += has_value;
    null_row_count += shred->repetitions[i] == 0 && shred->definitions[i] < leaf->row_definition;
  }
  shred->value_count = value_count;
  shred->null_row_count = null_row_count;
  gather_values(shred, vector, shred->rows, value_count);
}

static void shred_nested(struct eagre_parquet_shred *shred, const struct eagre_parquet_leaf *leaf,
                         const struct eagre_vector *vector, uint32_t from, uint32_t row_count) {
  shred->level_count = row_count;
  memset(shred->repetitions, 0, row_count);
  for (uint32_t i = 0; i < row_count; i++) {
    shred->rows[i] = from + i;
  }
  uint8_t definition = 0;
  uint8_t repetition = 0;
  for (uint32_t i = 0; i < leaf->step_count; i++) {
    enter_optional(shred, vector, definition++);
    if (leaf->steps[i].kind != EAGRE_TYPE_STRUCT) {
      enter_repeated(shred, vector->offsets, definition++, ++repetition);
    }
    vector = &vector->children[leaf->steps[i].child];
  }
  if (!leaf->is_required) enter_optional(shred, vector, definition);
  finish_entries(shred, leaf, vector);
}

void eagre_parquet_shred_rows(struct eagre_parquet_shred *shred,
                              const struct eagre_parquet_leaf *leaf,
                              const struct eagre_vector *column, uint32_t from,
                              uint32_t row_count) {
  /* Whole groups of 8 rows are expanded. */
  reserve_levels(shred, row_count + 8);
  if (leaf->step_count == 0) {
    shred_flat(shred, column, from, row_count);
  } else {
    shred_nested(shred, leaf, column, from, row_count);
  }
}
