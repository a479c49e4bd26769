/* Pages to rows: levels, and where values belong. */
#include "parquet/parquet_leaf_read.h"

#include <endian.h>

#include "parquet/parquet_hybrid.h"

enum { LEVELS_COUNT_MIN = EAGRE_BATCH_ROWS_MAX };

static enum eagre_status refuse(const struct eagre_parquet_leaf_reader *leaf,
                                struct eagre_error *error, const char *problem) {
  return eagre_parquet_refuse(leaf->file, leaf->node, error, "%s", problem);
}

/* ---- Life ----------------------------------------------------------------------------------- */

void eagre_parquet_leaf_init(struct eagre_parquet_leaf_reader *leaf,
                             const struct eagre_parquet_file *file,
                             const struct eagre_parquet_node *node, const struct eagre_type *type,
                             const struct eagre_parquet_conversion *conversion) {
  *leaf = (struct eagre_parquet_leaf_reader){.file = file, .node = node, .type = type};
  if (type != NULL) leaf->conversion = *conversion;
  leaf->present = eagre_allocate_zeroed(1, eagre_bits_size(EAGRE_BATCH_ROWS_MAX) + 64);
  leaf->slice.capacity = LEVELS_COUNT_MIN;
  leaf->slice.definitions = eagre_allocate(leaf->slice.capacity);
  leaf->slice.repetitions = eagre_allocate(leaf->slice.capacity);
}

void eagre_parquet_leaf_done(struct eagre_parquet_leaf_reader *leaf) {
  eagre_parquet_cursor_done(&leaf->cursor);
  eagre_parquet_block_release(&leaf->block);
  eagre_parquet_block_release(&leaf->joined);
  eagre_parquet_block_release(&leaf->dictionary_block);
  eagre_buffer_done(&leaf->dictionary);
  eagre_buffer_done(&leaf->page_definitions);
  eagre_buffer_done(&leaf->page_repetitions);
  eagre_buffer_done(&leaf->decoded);
  eagre_buffer_done(&leaf->lengths);
  eagre_buffer_done(&leaf->prefixes);
  eagre_buffer_done(&leaf->suffixes);
  eagre_buffer_done(&leaf->repacked);
  eagre_buffer_done(&leaf->repacked_repetitions);
  eagre_buffer_done(&leaf->slice.values);
  eagre_free(leaf->slice.definitions);
  eagre_free(leaf->slice.repetitions);
  eagre_free(leaf->present);
}

static bool is_repeated(const struct eagre_parquet_leaf_reader *leaf) {
  return leaf->node->repetition > 0;
}

enum eagre_status eagre_parquet_leaf_begin(struct eagre_parquet_leaf_reader *leaf,
                                           const struct eagre_parquet_stored_chunk *chunk,
                                           int64_t row_count, struct eagre_error *error) {
  EAGRE_TRY(eagre_parquet_cursor_begin(&leaf->cursor, leaf->file, leaf->node, chunk, error));
  if (!is_repeated(leaf) && chunk->value_count != row_count) {
    return refuse(leaf, error, "a chunk has not as many values as its row group has rows");
  }
  leaf->entries_left = chunk->value_count;
  leaf->page_left = 0;
  leaf->page_next = 0;
  leaf->last_definition = 0;
  leaf->has_dictionary = false;
  return EAGRE_OK;
}

/* ---- Levels of a page ----------------------------------------------------------------------- */

/* BIT_PACKED levels stand highest bit first: turned round, they are a packed stretch. */
static const char *begin_packed_levels(struct eagre_text *body, uint32_t count, unsigned width,
                                       struct eagre_buffer *repacked,
                                       struct eagre_parquet_hybrid *levels) {
  size_t size = ((size_t)count * width + 7) / 8;
  if (size > body->size) return "levels are cut short";
  eagre_buffer_clear(repacked);
  uint8_t *out = memset(eagre_buffer_reserve(repacked, size + 64), 0, size + 64);
  const uint8_t *from = (const uint8_t *)body->data;
  for (size_t bit = 0; bit < (size_t)count * width; bit++) {
    size_t place = bit / width * width + (width - 1 - bit % width);
    bool is_set = from[bit / 8] >> (7 - bit % 8) & 1;
    if (is_set) eagre_bit_set(out, place);
  }
  struct eagre_text packed = eagre_text_make((const char *)out, size);
  eagre_parquet_hybrid_init_packed(levels, packed, count, width);
  *body = eagre_text_make(body->data + size, body->size - size);
  return NULL;
}

/* Levels of a v1 page: their size in front. */
static const char *begin_sized_levels(struct eagre_text *body, unsigned width,
                                      struct eagre_parquet_hybrid *levels) {
  uint32_t size;
  if (body->size < sizeof size) return "levels are cut short";
  memcpy(&size, body->data, sizeof size);
  size = le32toh(size);
  if (size > body->size - sizeof size) return "levels are cut short";
  eagre_parquet_hybrid_init(levels, eagre_text_make(body->data + sizeof size, size), width);
  size_t used = sizeof size + size;
  *body = eagre_text_make(body->data + used, body->size - used);
  return NULL;
}

static const char *begin_levels(struct eagre_text *body, int32_t encoding, uint32_t count,
                                uint8_t most, struct eagre_buffer *repacked,
                                struct eagre_parquet_hybrid *levels) {
  if (most == 0) return NULL;
  unsigned width = eagre_parquet_bit_width(most);
  if (encoding == EAGRE_PARQUET_RLE) return begin_sized_levels(body, width, levels);
  if (encoding != EAGRE_PARQUET_BIT_PACKED) return "the encoding of levels is not supported";
  return begin_packed_levels(body, count, width, repacked, levels);
}

static const char *begin_page_v1(struct eagre_parquet_leaf_reader *leaf,
                                 const struct eagre_parquet_page_header *header,
                                 struct eagre_text *body) {
  uint32_t count = (uint32_t)header->value_count;
  const char *problem =
      begin_levels(body, header->repetition_encoding, count, leaf->node->repetition,
                   &leaf->repacked_repetitions, &leaf->repetitions);
  if (problem != NULL) return problem;
  return begin_levels(body, header->definition_encoding, count, leaf->node->definition,
                      &leaf->repacked, &leaf->definitions);
}

static void begin_page_v2(struct eagre_parquet_leaf_reader *leaf,
                          const struct eagre_parquet_page_header *header, struct eagre_text *body) {
  size_t repetitions = (size_t)header->repetitions_size;
  size_t definitions = (size_t)header->definitions_size;
  eagre_parquet_hybrid_init(&leaf->repetitions, eagre_text_make(body->data, repetitions),
                            eagre_parquet_bit_width(leaf->node->repetition));
  eagre_parquet_hybrid_init(&leaf->definitions,
                            eagre_text_make(body->data + repetitions, definitions),
                            eagre_parquet_bit_width(leaf->node->definition));
  size_t levels = repetitions + definitions;
  *body = eagre_text_make(body->data + levels, body->size - levels);
}

static bool is_any_above(const uint8_t *levels, uint32_t count, uint8_t most) {
  uint8_t found = 0;
  for (uint32_t i = 0; i < count; i++) {
    found = levels[i] > found ? levels[i] : found;
  }
  return found > most;
}

/* `count` levels up to `most` to `out`. */
static const char *read_levels(struct eagre_parquet_hybrid *levels, uint8_t most, uint8_t *out,
                               uint32_t count) {
  if (most == 0) {
    memset(out, 0, count);
    return NULL;
  }
  if (!eagre_parquet_hybrid_read_bytes(levels, out, count)) return "levels are cut short";
  return is_any_above(out, count, most) ? "a level is too high" : NULL;
}

/* The least definition level that an entry has inside the REPEATED node of each repetition
 * level. */
static void find_element_levels(const struct eagre_parquet_node *node, uint8_t *out) {
  out[0] = 0;
  for (; node->parent != NULL; node = node->parent) {
    if (node->element->repetition == EAGRE_PARQUET_REPEATED)
      out[node->repetition] = node->definition;
  }
}

/* A repeated leaf's levels are all read at once, for a row may end anywhere. */
static const char *read_page_levels(struct eagre_parquet_leaf_reader *leaf, uint32_t count) {
  eagre_buffer_clear(&leaf->page_definitions);
  eagre_buffer_clear(&leaf->page_repetitions);
  uint8_t *definitions = (uint8_t *)eagre_buffer_reserve(&leaf->page_definitions, count);
  uint8_t *repetitions = (uint8_t *)eagre_buffer_reserve(&leaf->page_repetitions, count);
  const char *problem = read_levels(&leaf->definitions, leaf->node->definition, definitions, count);
  if (problem != NULL) return problem;
  problem = read_levels(&leaf->repetitions, leaf->node->repetition, repetitions, count);
  if (problem != NULL) return problem;
  uint8_t element_levels[UINT8_MAX + 1];
  find_element_levels(leaf->node, element_levels);
  /* An entry goes on with a list only if the one before it lies in that list. */
  bool is_wrong = count > 0 && leaf->last_definition < element_levels[repetitions[0]];
  for (uint32_t i = 1; i < count; i++) {
    is_wrong |= definitions[i - 1] < element_levels[repetitions[i]];
  }
  if (count > 0) leaf->last_definition = definitions[count - 1];
  leaf->page_next = 0;
  return is_wrong ? "levels contradict each other" : NULL;
}

/* ---- Pages ---------------------------------------------------------------------------------- */

static enum eagre_status begin_data_page(struct eagre_parquet_leaf_reader *leaf,
                                         const struct eagre_parquet_page_header *header,
                                         struct eagre_text body, struct eagre_error *error) {
  uint32_t count = (uint32_t)header->value_count;
  if (count > leaf->entries_left) return refuse(leaf, error, "pages have too many values");
  if (count > leaf->file->entries_max && is_repeated(leaf)) {
    return refuse(leaf, error, "a page has too many values");
  }
  const char *problem = NULL;
  if (header->type == EAGRE_PARQUET_DATA_PAGE_V2) {
    begin_page_v2(leaf, header, &body);
  } else {
    problem = begin_page_v1(leaf, header, &body);
  }
  if (problem == NULL && is_repeated(leaf)) problem = read_page_levels(leaf, count);
  if (problem != NULL) return refuse(leaf, error, problem);
  EAGRE_TRY(eagre_parquet_values_begin(leaf, header->encoding, body, count, error));
  leaf->entries_left -= count;
  leaf->page_left = count;
  return EAGRE_OK;
}

/* Goes on to a page with entries; there are some. */
static enum eagre_status next_page(struct eagre_parquet_leaf_reader *leaf,
                                   struct eagre_error *error) {
  struct eagre_parquet_page_header header;
  struct eagre_text body;
  while (leaf->page_left == 0) {
    EAGRE_TRY(eagre_parquet_cursor_next(&leaf->cursor, &header, &leaf->block, &body, error));
    if (header.type == EAGRE_PARQUET_DICTIONARY_PAGE) {
      EAGRE_TRY(eagre_parquet_dictionary_load(leaf, &header, body, error));
    } else if (header.type == EAGRE_PARQUET_DATA_PAGE ||
               header.type == EAGRE_PARQUET_DATA_PAGE_V2) {
      EAGRE_TRY(begin_data_page(leaf, &header, body, error));
    }
  }
  return EAGRE_OK;
}

/* ---- Spreading ------------------------------------------------------------------------------ */

/* From behind, so that no value is overwritten before it has moved. */
#define SPREAD(integer)                                                                            \
  static void spread_##integer(char *data, const uint8_t *present, uint32_t count,                 \
                               uint32_t present_count) {                                           \
    for (uint32_t row = count; row > present_count;) {                                             \
      row--;                                                                                       \
      integer value = 0;                                                                           \
      if (eagre_bit_get(present, row)) {                                                           \
        memcpy(&value, data + (size_t)--present_count * sizeof value, sizeof value);               \
      }                                                                                            \
      memcpy(data + (size_t)row * sizeof value, &value, sizeof value);                             \
    }                                                                                              \
  }

typedef unsigned __int128 uint128_t;
SPREAD(uint8_t)
SPREAD(uint16_t)
SPREAD(uint32_t)
SPREAD(uint64_t)
SPREAD(uint128_t)

void eagre_parquet_spread(char *data, uint32_t width, const uint8_t *present, uint32_t count,
                          uint32_t present_count) {
  switch (width) {
  case 1:
    spread_uint8_t(data, present, count, present_count);
    return;
  case 2:
    spread_uint16_t(data, present, count, present_count);
    return;
  case 4:
    spread_uint32_t(data, present, count, present_count);
    return;
  case 8:
    spread_uint64_t(data, present, count, present_count);
    return;
  default:
    eagre_assert(width == sizeof(uint128_t));
    spread_uint128_t(data, present, count, present_count);
  }
}

void eagre_parquet_pack_booleans(const uint8_t *bytes, uint32_t count, uint8_t *bits) {
  for (uint32_t begin = 0; begin < count; begin += 64) {
    uint32_t in_word = count - begin < 64 ? count - begin : 64;
    uint64_t word = 0;
    for (uint32_t i = 0; i < in_word; i++) {
      word |= (uint64_t)(bytes[begin + i] & 1) << i;
    }
    memcpy(bits + begin / 8, &word, sizeof word);
  }
}

/* ---- Rows of a leaf that is not repeated ---------------------------------------------------- */

/* Which of the next `count` rows have a value, to `leaf->present`; levels to the slice. */
static const char *read_presence(struct eagre_parquet_leaf_reader *leaf, uint32_t row,
                                 uint32_t count, uint32_t *out_present_count) {
  uint8_t most = leaf->node->definition;
  if (most == 1 && !leaf->keeps_levels) {
    if (!eagre_parquet_hybrid_read_bits(&leaf->definitions, leaf->present, 0, count)) {
      return "levels are cut short";
    }
  } else {
    uint8_t *levels = leaf->slice.definitions + row;
    const char *problem = read_levels(&leaf->definitions, most, levels, count);
    if (problem != NULL) return problem;
    for (uint32_t i = 0; i < count; i++) {
      eagre_bit_put(leaf->present, i, levels[i] == most);
    }
  }
  *out_present_count = (uint32_t)eagre_bits_count(leaf->present, count);
  return NULL;
}

/* Rows [row, row + count) of the batch, all of one page. `data` is NULL when there is none. */
static enum eagre_status read_flat_rows(struct eagre_parquet_leaf_reader *leaf, uint32_t row,
                                        uint32_t count, char *data, uint8_t *validity,
                                        struct eagre_error *error) {
  uint32_t present_count = count;
  if (validity != NULL) {
    const char *problem = read_presence(leaf, row, count, &present_count);
    if (problem != NULL) return refuse(leaf, error, problem);
    eagre_bits_copy(validity, row, leaf->present, 0, count);
  }
  leaf->page_left -= count;
  if (data == NULL) return EAGRE_OK;
  uint32_t width = leaf->conversion.to_width;
  char *begin = data + (size_t)row * width;
  EAGRE_TRY(eagre_parquet_values_read(leaf, present_count, begin, error));
  if (present_count < count) {
    eagre_parquet_spread(begin, width, leaf->present, count, present_count);
  }
  return EAGRE_OK;
}

static void finish_flat(struct eagre_parquet_leaf_reader *leaf, uint32_t row_count, char *data,
                        uint8_t *validity, struct eagre_arena *arena) {
  struct eagre_vector *vector = &leaf->slice.vector;
  *vector = (struct eagre_vector){.type = leaf->type, .data = data};
  bool has_nulls = validity != NULL && eagre_bits_count(validity, row_count) < row_count;
  if (has_nulls) vector->validity = validity;
  if (leaf->type == NULL || leaf->type->kind != EAGRE_TYPE_BOOLEAN) return;
  vector->data = eagre_arena_allocate_vector(arena, eagre_bits_size(row_count));
  eagre_parquet_pack_booleans((const uint8_t *)data, row_count, vector->data);
}

static enum eagre_status read_flat(struct eagre_parquet_leaf_reader *leaf, uint32_t row_count,
                                   struct eagre_arena *arena, struct eagre_error *error) {
  char *data = NULL;
  uint8_t *validity = NULL;
  if (leaf->type != NULL) {
    data = eagre_arena_allocate_vector(arena, (size_t)row_count * leaf->conversion.to_width);
  }
  if (leaf->node->definition > 0 || leaf->keeps_levels) {
    validity = eagre_arena_allocate_vector(arena, eagre_bits_size(row_count));
  }
  for (uint32_t row = 0; row < row_count;) {
    if (leaf->page_left == 0) EAGRE_TRY(next_page(leaf, error));
    uint32_t count = row_count - row;
    if (count > leaf->page_left) count = leaf->page_left;
    EAGRE_TRY(read_flat_rows(leaf, row, count, data, validity, error));
    row += count;
  }
  leaf->slice.entry_count = row_count;
  finish_flat(leaf, row_count, data, validity, arena);
  return EAGRE_OK;
}

/* ---- Rows of a repeated leaf ---------------------------------------------------------------- */

static void reserve_levels(struct eagre_parquet_slice *slice, uint32_t extra) {
  uint64_t needed = (uint64_t)slice->entry_count + extra;
  if (needed <= slice->capacity) return;
  uint64_t capacity = needed * 2;
  slice->definitions = eagre_reallocate(slice->definitions, capacity);
  slice->repetitions = eagre_reallocate(slice->repetitions, capacity);
  slice->capacity = capacity > UINT32_MAX ? UINT32_MAX : (uint32_t)capacity;
}

/* How many entries of the page, from the next on, belong to the rows wanted; counts `*rows_left`
 * down. */
static uint32_t find_rows_end(const struct eagre_parquet_leaf_reader *leaf, uint32_t *rows_left) {
  const uint8_t *repetitions = (const uint8_t *)leaf->page_repetitions.data + leaf->page_next;
  uint32_t left = *rows_left;
  uint32_t count = 0;
  for (; count < leaf->page_left; count++) {
    if (repetitions[count] != 0) continue;
    if (left == 0) break;
    left--;
  }
  *rows_left = left;
  return count;
}

/* Takes `count` entries of the page. */
static enum eagre_status take_entries(struct eagre_parquet_leaf_reader *leaf, uint32_t count,
                                      struct eagre_error *error) {
  struct eagre_parquet_slice *slice = &leaf->slice;
  if (count > leaf->file->entries_max - slice->entry_count) {
    return refuse(leaf, error, "its arrays or maps are too large to be read");
  }
  reserve_levels(slice, count);
  const char *definitions = leaf->page_definitions.data + leaf->page_next;
  const char *repetitions = leaf->page_repetitions.data + leaf->page_next;
  memcpy(slice->definitions + slice->entry_count, definitions, count);
  memcpy(slice->repetitions + slice->entry_count, repetitions, count);
  slice->entry_count += count;
  leaf->page_next += count;
  leaf->page_left -= count;
  if (leaf->type == NULL) return EAGRE_OK;
  uint32_t present_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    present_count += (uint8_t)definitions[i] == leaf->node->definition;
  }
  size_t size = (size_t)present_count * leaf->conversion.to_width;
  char *out = eagre_buffer_reserve(&slice->values, size);
  EAGRE_TRY(eagre_parquet_values_read(leaf, present_count, out, error));
  slice->values.size += size;
  return EAGRE_OK;
}

static enum eagre_status read_repeated(struct eagre_parquet_leaf_reader *leaf, uint32_t row_count,
                                       struct eagre_error *error) {
  leaf->slice.entry_count = 0;
  eagre_buffer_clear(&leaf->slice.values);
  uint32_t rows_left = row_count;
  for (;;) {
    if (leaf->page_left == 0) {
      if (leaf->entries_left == 0) break;
      EAGRE_TRY(next_page(leaf, error));
    }
    uint32_t count = find_rows_end(leaf, &rows_left);
    EAGRE_TRY(take_entries(leaf, count, error));
    if (leaf->page_left > 0) break;
  }
  return rows_left == 0 ? EAGRE_OK : refuse(leaf, error, "a chunk has too few rows");
}

/* ---- Door ----------------------------------------------------------------------------------- */

enum eagre_status eagre_parquet_leaf_read(struct eagre_parquet_leaf_reader *leaf,
                                          uint32_t row_count, struct eagre_arena *arena,
                                          struct eagre_parquet_backing *backing,
                                          struct eagre_error *error) {
  eagre_assert(row_count <= EAGRE_BATCH_ROWS_MAX);
  leaf->backing = backing;
  leaf->held = NULL;
  return is_repeated(leaf) ? read_repeated(leaf, row_count, error)
                           : read_flat(leaf, row_count, arena, error);
}

enum eagre_status eagre_parquet_leaf_end(struct eagre_parquet_leaf_reader *leaf,
                                         struct eagre_error *error) {
  if (leaf->page_left == 0 && leaf->entries_left == 0) return EAGRE_OK;
  return refuse(leaf, error, "a chunk has too many rows");
}
