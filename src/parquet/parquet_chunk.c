/* How a chunk is encoded.
 *
 * Every chunk but a BOOLEAN one begins with a dictionary. It is given up where it does not pay:
 *   - on its first page, when after TRIAL_VALUE_COUNT values most were new, so that a column of
 *     unique values costs little;
 *   - at the end of a page, by what the chunk looks like up to there (`is_dictionary_worth`).
 * Given up on the first page, the indexes become PLAIN values again and the chunk has no
 * dictionary; later, pages written with it stay and the following ones are PLAIN. */
#include "parquet/parquet_chunk.h"

#include "parquet/parquet_hybrid.h"

enum {
  /* Rows handled at a time: values stay in the L1 cache from shredding to encoding, and page
   * limits are met this closely. */
  SLICE_ROW_COUNT = 1024,
  TRIAL_VALUE_COUNT = 4096,
  DISTINCT_RATIO_MAX = 5, /* values per distinct one, at least */
  MARKED_TEXT_COUNT = 64,
  PIECE_SIZE_MIN = 4096, /* fewer bytes are copied */
  FETCH_AHEAD = 16,      /* texts whose bytes are on their way while one is copied */
};

/* Sizes in page headers are int32; the rest is room for levels and what a codec adds. */
static const uint64_t ROW_SIZE_MAX = INT32_MAX - (1 << 26);

/* ---- Life ----------------------------------------------------------------------------------- */

static bool may_use_dictionary(const struct eagre_parquet_chunk *chunk) {
  return chunk->leaf->physical != EAGRE_PARQUET_BOOLEAN && chunk->options->dictionary_bytes > 0;
}

void eagre_parquet_chunk_init(struct eagre_parquet_chunk *chunk,
                              const struct eagre_parquet_leaf *leaf,
                              const struct eagre_parquet_options *options) {
  *chunk = (struct eagre_parquet_chunk){
      .leaf = leaf,
      .options = options,
      .codec = options->codec,
  };
  chunk->uses_dictionary = may_use_dictionary(chunk);
  if (chunk->uses_dictionary) eagre_parquet_dictionary_init(&chunk->dictionary, leaf->physical);
  eagre_parquet_range_init(&chunk->page_range, leaf->physical);
  eagre_parquet_range_init(&chunk->range, leaf->physical);
  eagre_parquet_range_init(&chunk->file_range, leaf->physical);
}

void eagre_parquet_chunk_done(struct eagre_parquet_chunk *chunk) {
  eagre_buffer_done(&chunk->definitions);
  eagre_buffer_done(&chunk->repetitions);
  eagre_buffer_done(&chunk->values);
  eagre_buffer_done(&chunk->dictionary_page);
  eagre_buffer_done(&chunk->pages);
  eagre_buffer_done(&chunk->bounds);
  for (uint32_t i = 0; i < chunk->piece_capacity; i++) {
    eagre_buffer_done(&chunk->pieces[i].values);
  }
  eagre_free(chunk->pieces);
  eagre_free(chunk->entries);
  eagre_parquet_dictionary_done(&chunk->dictionary);
  eagre_parquet_range_done(&chunk->page_range);
  eagre_parquet_range_done(&chunk->range);
  eagre_parquet_range_done(&chunk->file_range);
}

static void reset_page(struct eagre_parquet_chunk *chunk) {
  chunk->page_row_count = 0;
  chunk->page_level_count = 0;
  chunk->page_value_count = 0;
  chunk->page_size = 0;
  eagre_buffer_clear(&chunk->definitions);
  eagre_buffer_clear(&chunk->repetitions);
  eagre_buffer_clear(&chunk->values);
  eagre_parquet_range_reset(&chunk->page_range);
}

void eagre_parquet_chunk_reset(struct eagre_parquet_chunk *chunk) {
  reset_page(chunk);
  chunk->uses_dictionary = may_use_dictionary(chunk);
  chunk->is_codec_chosen = false;
  chunk->codec = chunk->options->codec;
  eagre_parquet_dictionary_reset(&chunk->dictionary);
  eagre_buffer_clear(&chunk->dictionary_page);
  eagre_buffer_clear(&chunk->pages);
  eagre_buffer_clear(&chunk->bounds);
  chunk->piece_count = 0;
  chunk->pages_size = 0;
  chunk->entry_count = 0;
  chunk->dictionary_page_count = 0;
  chunk->row_count = 0;
  chunk->level_count = 0;
  chunk->value_count = 0;
  chunk->plain_size = 0;
  chunk->uncompressed_size = 0;
  chunk->has_unbounded_page = false;
  eagre_parquet_range_reset(&chunk->range);
}

void eagre_parquet_chunk_begin_file(struct eagre_parquet_chunk *chunk) {
  eagre_parquet_chunk_reset(chunk);
  chunk->file_null_row_count = 0;
  eagre_parquet_range_reset(&chunk->file_range);
}

/* ---- PLAIN values --------------------------------------------------------------------------- */

/* Bytes per value; 0 for BYTE_ARRAY. A BOOLEAN takes a byte until its page is made. */
static uint32_t plain_width(enum eagre_parquet_type physical) {
  static const uint8_t widths[] = {
      [EAGRE_PARQUET_BOOLEAN] = 1,
      [EAGRE_PARQUET_INT32] = 4,
      [EAGRE_PARQUET_INT64] = 8,
      [EAGRE_PARQUET_FLOAT] = 4,
      [EAGRE_PARQUET_DOUBLE] = 8,
      [EAGRE_PARQUET_BYTE_ARRAY] = 0,
      [EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY] = sizeof(eagre_decimal),
  };
  return widths[physical];
}

static uint64_t measure_values(const struct eagre_parquet_chunk *chunk, const void *values,
                               uint32_t count) {
  if (chunk->leaf->physical != EAGRE_PARQUET_BYTE_ARRAY) {
    return (uint64_t)count * plain_width(chunk->leaf->physical);
  }
  const struct eagre_text *texts = values;
  uint64_t size = (uint64_t)count * sizeof(uint32_t);
  for (uint32_t i = 0; i < count; i++) {
    size += texts[i].size;
  }
  return size;
}

/* Copies without a call where that is possible: most strings are short. */
static inline void copy_text(char *out, struct eagre_text text) {
  if (text.size > 16) {
    memcpy(out, text.data, text.size);
  } else if (text.size >= 8) {
    uint64_t first;
    uint64_t last;
    memcpy(&first, text.data, sizeof first);
    memcpy(&last, text.data + text.size - sizeof last, sizeof last);
    memcpy(out, &first, sizeof first);
    memcpy(out + text.size - sizeof last, &last, sizeof last);
  } else if (text.size >= 4) {
    uint32_t first;
    uint32_t last;
    memcpy(&first, text.data, sizeof first);
    memcpy(&last, text.data + text.size - sizeof last, sizeof last);
    memcpy(out, &first, sizeof first);
    memcpy(out + text.size - sizeof last, &last, sizeof last);
  } else {
    for (size_t i = 0; i < text.size; i++) {
      out[i] = text.data[i];
    }
  }
}

static void append_plain(struct eagre_parquet_chunk *chunk, const void *values, uint32_t count,
                         uint64_t plain_size) {
  if (chunk->leaf->physical != EAGRE_PARQUET_BYTE_ARRAY) {
    eagre_buffer_append(&chunk->values, values, plain_size);
    return;
  }
  const struct eagre_text *texts = values;
  char *out = eagre_buffer_reserve(&chunk->values, plain_size);
  for (uint32_t i = 0; i < count; i++) {
    if (count - i > FETCH_AHEAD) __builtin_prefetch(texts[i + FETCH_AHEAD].data);
    uint32_t size = (uint32_t)texts[i].size;
    memcpy(out, &size, sizeof size);
    copy_text(out + sizeof size, texts[i]);
    out += sizeof size + texts[i].size;
  }
  chunk->values.size += plain_size;
}

static void append_dictionary_value(struct eagre_parquet_chunk *chunk, uint32_t index) {
  const struct eagre_parquet_dictionary *dictionary = &chunk->dictionary;
  uint32_t width = plain_width(dictionary->physical);
  if (width > 0) {
    eagre_buffer_append(&chunk->values, dictionary->plain.data + (size_t)index * width, width);
    return;
  }
  struct eagre_text text = eagre_parquet_dictionary_text(dictionary, index);
  eagre_buffer_append(&chunk->values, text.data - sizeof(uint32_t), sizeof(uint32_t) + text.size);
}

/* ---- Dictionary or not ---------------------------------------------------------------------- */

static uint64_t packed_size(uint64_t value_count, uint32_t dictionary_count) {
  unsigned width = eagre_parquet_bit_width(dictionary_count == 0 ? 0 : dictionary_count - 1);
  return (value_count * width + 7) / 8;
}

/* Of what is not in `pages` yet. */
static uint64_t open_size(const struct eagre_parquet_chunk *chunk) {
  uint64_t page_size = chunk->uses_dictionary
                           ? packed_size(chunk->page_value_count, chunk->dictionary.count)
                           : chunk->values.size;
  return chunk->dictionary.plain.size + page_size;
}

uint64_t eagre_parquet_chunk_size(const struct eagre_parquet_chunk *chunk) {
  return chunk->pages_size + open_size(chunk);
}

uint64_t eagre_parquet_chunk_uncompressed_size(const struct eagre_parquet_chunk *chunk) {
  return chunk->uncompressed_size + open_size(chunk);
}

/* Judged by everything the chunk has seen; runs, which make indexes smaller yet, are not counted.
 */
static bool is_dictionary_worth(const struct eagre_parquet_chunk *chunk) {
  const struct eagre_parquet_dictionary *dictionary = &chunk->dictionary;
  if (dictionary->plain.size > chunk->options->dictionary_bytes) return false;
  if ((uint64_t)dictionary->count * DISTINCT_RATIO_MAX > chunk->value_count) return false;
  return dictionary->plain.size + packed_size(chunk->value_count, dictionary->count) <
         chunk->plain_size;
}

/* The texts the open page uses, each once: comparing them all would cost more than encoding. */
static void add_used_texts(struct eagre_parquet_chunk *chunk,
                           struct eagre_parquet_encoder *encoder) {
  const uint32_t *indexes = (const uint32_t *)chunk->values.data;
  eagre_buffer_clear(&encoder->marks);
  char *marks = eagre_buffer_reserve(&encoder->marks, chunk->dictionary.count);
  memset(marks, 0, chunk->dictionary.count);
  struct eagre_text texts[MARKED_TEXT_COUNT];
  uint32_t count = 0;
  for (uint32_t i = 0; i < chunk->page_value_count; i++) {
    marks[indexes[i]] = 1;
  }
  for (uint32_t index = 0; index < chunk->dictionary.count; index++) {
    if (!marks[index]) continue;
    texts[count++] = eagre_parquet_dictionary_text(&chunk->dictionary, index);
    if (count < MARKED_TEXT_COUNT) continue;
    eagre_parquet_range_add(&chunk->page_range, texts, count);
    count = 0;
  }
  eagre_parquet_range_add(&chunk->page_range, texts, count);
}

/* Turns the indexes of the open page back into values. */
static void abandon_dictionary(struct eagre_parquet_chunk *chunk,
                               struct eagre_parquet_encoder *encoder) {
  eagre_assert(chunk->uses_dictionary);
  eagre_assert(chunk->dictionary_page_count == 0);
  if (chunk->leaf->physical == EAGRE_PARQUET_BYTE_ARRAY) add_used_texts(chunk, encoder);
  struct eagre_buffer indexes = chunk->values;
  chunk->values = (struct eagre_buffer){0};
  eagre_buffer_reserve(&chunk->values, chunk->page_size);
  for (uint32_t i = 0; i < chunk->page_value_count; i++) {
    append_dictionary_value(chunk, ((const uint32_t *)indexes.data)[i]);
  }
  eagre_buffer_done(&indexes);
  chunk->uses_dictionary = false;
  eagre_parquet_dictionary_reset(&chunk->dictionary);
}

static bool has_failed_trial(const struct eagre_parquet_chunk *chunk) {
  if (chunk->dictionary_page_count > 0 || chunk->value_count < TRIAL_VALUE_COUNT) return false;
  return chunk->dictionary.count > chunk->value_count / 4 * 3;
}

/* ---- Pages ---------------------------------------------------------------------------------- */

static void append_booleans(struct eagre_buffer *out, const uint8_t *bytes, uint32_t count) {
  uint8_t *bits = (uint8_t *)eagre_buffer_reserve(out, count / 8 + 1);
  uint32_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t eight;
    memcpy(&eight, bytes + i, sizeof eight);
    /* Moves bit 0 of byte k to bit 56 + k. */
    *bits++ = (uint8_t)((eight * 0x0102040810204080u) >> 56);
  }
  uint8_t last = 0;
  for (uint32_t k = 0; i + k < count; k++) {
    last |= (uint8_t)(bytes[i + k] << k);
  }
  *bits = last;
  out->size += (count + 7) / 8;
}

static void append_indexes(const struct eagre_parquet_chunk *chunk, struct eagre_buffer *out) {
  unsigned width = eagre_parquet_bit_width(chunk->dictionary.count - 1);
  eagre_buffer_append_char(out, (char)width);
  eagre_parquet_hybrid_append(out, (const uint32_t *)chunk->values.data, chunk->page_value_count,
                              width);
}

static void append_definitions(const struct eagre_parquet_chunk *chunk, struct eagre_buffer *body) {
  unsigned width = eagre_parquet_bit_width(chunk->leaf->definition_max);
  if (chunk->definitions.size == 0) {
    eagre_parquet_equal_levels_append(body, chunk->leaf->definition_max, chunk->page_level_count,
                                      width);
  } else {
    eagre_parquet_levels_append(body, (const uint8_t *)chunk->definitions.data,
                                chunk->page_level_count, width);
  }
}

/* Levels and values that are encoded; PLAIN ones stay where they are and become the page's rest. */
static void make_body(const struct eagre_parquet_chunk *chunk, struct eagre_buffer *body,
                      struct eagre_parquet_page *page) {
  const struct eagre_parquet_leaf *leaf = chunk->leaf;
  eagre_buffer_clear(body);
  if (leaf->repetition_max > 0) {
    eagre_parquet_levels_append(body, (const uint8_t *)chunk->repetitions.data,
                                chunk->page_level_count,
                                eagre_parquet_bit_width(leaf->repetition_max));
  }
  append_definitions(chunk, body);
  if (page->encoding == EAGRE_PARQUET_RLE_DICTIONARY) {
    append_indexes(chunk, body);
  } else if (leaf->physical == EAGRE_PARQUET_BOOLEAN) {
    append_booleans(body, (const uint8_t *)chunk->values.data, chunk->page_value_count);
  } else {
    page->rest = eagre_buffer_text(&chunk->values);
  }
}

static struct eagre_parquet_page_entry *add_entry(struct eagre_parquet_chunk *chunk) {
  if (chunk->entry_count == chunk->entry_capacity) {
    chunk->entry_capacity = chunk->entry_capacity == 0 ? 4 : 2 * chunk->entry_capacity;
    chunk->entries =
        eagre_reallocate(chunk->entries, chunk->entry_capacity * sizeof *chunk->entries);
  }
  struct eagre_parquet_page_entry *entry = &chunk->entries[chunk->entry_count++];
  *entry = (struct eagre_parquet_page_entry){0};
  return entry;
}

/* Appends the bounds of the open page for the column index. */
static bool append_bounds(struct eagre_parquet_chunk *chunk,
                          struct eagre_parquet_page_entry *entry) {
  if (!eagre_parquet_range_exists(&chunk->page_range)) return false;
  bool is_utf8 = chunk->leaf->type->kind == EAGRE_TYPE_STRING;
  entry->bounds_offset = chunk->bounds.size;
  eagre_parquet_range_append(&chunk->page_range, EAGRE_PARQUET_MINIMUM, is_utf8, &chunk->bounds);
  size_t middle = chunk->bounds.size;
  entry->minimum_size = (uint32_t)(middle - entry->bounds_offset);
  enum eagre_parquet_bound_result result = eagre_parquet_range_append(
      &chunk->page_range, EAGRE_PARQUET_MAXIMUM, is_utf8, &chunk->bounds);
  entry->maximum_size = (uint32_t)(chunk->bounds.size - middle);
  return result != EAGRE_PARQUET_BOUND_NONE;
}

static struct eagre_parquet_piece *add_piece(struct eagre_parquet_chunk *chunk) {
  if (chunk->piece_count == chunk->piece_capacity) {
    uint32_t capacity = chunk->piece_capacity == 0 ? 4 : 2 * chunk->piece_capacity;
    chunk->pieces = eagre_reallocate(chunk->pieces, capacity * sizeof *chunk->pieces);
    memset(chunk->pieces + chunk->piece_capacity, 0,
           (capacity - chunk->piece_capacity) * sizeof *chunk->pieces);
    chunk->piece_capacity = capacity;
  }
  return &chunk->pieces[chunk->piece_count++];
}

/* Puts the values of the open page, which need no encoding, behind what `pages` has of it. The page
 * goes on with the memory of a piece that has been written. */
static void take_rest(struct eagre_parquet_chunk *chunk, struct eagre_text rest) {
  if (rest.size < PIECE_SIZE_MIN) {
    eagre_buffer_append_text(&chunk->pages, rest);
    return;
  }
  eagre_assert(rest.data == chunk->values.data && rest.size == chunk->values.size);
  struct eagre_parquet_piece *piece = add_piece(chunk);
  struct eagre_buffer spare = piece->values;
  *piece = (struct eagre_parquet_piece){chunk->pages.size, chunk->values};
  eagre_buffer_clear(&spare);
  eagre_buffer_reserve(&spare, rest.size);
  chunk->values = spare;
}

/* Notes the page that begins at `offset` of the pages for the indexes of the footer. */
static void note_page(struct eagre_parquet_chunk *chunk, uint64_t offset) {
  struct eagre_parquet_page_entry *entry = add_entry(chunk);
  entry->offset = offset;
  entry->size = (uint32_t)(chunk->pages_size - offset);
  entry->first_row = chunk->row_count - chunk->page_row_count;
  entry->null_count = chunk->page_level_count - chunk->page_value_count;
  entry->has_values = chunk->page_value_count > 0;
  eagre_parquet_range_merge(&chunk->range, &chunk->page_range);
  if (entry->has_values && !append_bounds(chunk, entry)) chunk->has_unbounded_page = true;
}

static enum eagre_status write_page(struct eagre_parquet_chunk *chunk,
                                    struct eagre_parquet_encoder *encoder,
                                    enum eagre_parquet_encoding encoding,
                                    struct eagre_error *error) {
  struct eagre_parquet_page page = {
      .type = EAGRE_PARQUET_DATA_PAGE,
      .encoding = encoding,
      .value_count = chunk->page_level_count,
  };
  make_body(chunk, &encoder->body, &page);
  if (!chunk->is_codec_chosen) {
    bool is_worth;
    EAGRE_TRY(eagre_parquet_page_probe(encoder, &page, &is_worth, error));
    chunk->codec = is_worth ? encoder->codec : EAGRE_CODEC_NONE;
    chunk->is_codec_chosen = true;
  }
  uint64_t offset = chunk->pages_size;
  size_t pages_before = chunk->pages.size;
  uint64_t uncompressed_size;
  EAGRE_TRY(eagre_parquet_page_append(encoder, &page, chunk->codec, &chunk->pages,
                                      &uncompressed_size, error));
  chunk->uncompressed_size += uncompressed_size;
  chunk->pages_size += chunk->pages.size - pages_before + page.rest.size;
  take_rest(chunk, page.rest);
  note_page(chunk, offset);
  return EAGRE_OK;
}

static enum eagre_status finish_page(struct eagre_parquet_chunk *chunk,
                                     struct eagre_parquet_encoder *encoder,
                                     struct eagre_error *error) {
  if (chunk->page_row_count == 0) return EAGRE_OK;
  bool has_values = chunk->page_value_count > 0;
  bool is_last_with_dictionary =
      chunk->uses_dictionary && has_values && !is_dictionary_worth(chunk);
  if (is_last_with_dictionary && chunk->dictionary_page_count == 0) {
    abandon_dictionary(chunk, encoder);
  }
  bool is_indexed = chunk->uses_dictionary && has_values;
  if (is_indexed && chunk->leaf->physical == EAGRE_PARQUET_BYTE_ARRAY) {
    add_used_texts(chunk, encoder);
  }
  EAGRE_TRY(write_page(chunk, encoder,
                       is_indexed ? EAGRE_PARQUET_RLE_DICTIONARY : EAGRE_PARQUET_PLAIN, error));
  if (is_indexed) chunk->dictionary_page_count++;
  if (is_last_with_dictionary) chunk->uses_dictionary = false;
  reset_page(chunk);
  return EAGRE_OK;
}

/* ---- Appending ------------------------------------------------------------------------------ */

/* Levels are written down from the first entry without a value on. */
static void take_definitions(struct eagre_parquet_chunk *chunk,
                             const struct eagre_parquet_shred *shred) {
  struct eagre_buffer *definitions = &chunk->definitions;
  bool is_full = shred->value_count == shred->level_count;
  uint8_t highest = chunk->leaf->definition_max;
  if (is_full && definitions->size == 0) return;
  if (definitions->size == 0 && chunk->page_level_count > 0) {
    memset(eagre_buffer_reserve(definitions, chunk->page_level_count), highest,
           chunk->page_level_count);
    definitions->size = chunk->page_level_count;
  }
  char *place = eagre_buffer_reserve(definitions, shred->level_count);
  if (is_full) {
    memset(place, highest, shred->level_count);
  } else {
    memcpy(place, shred->definitions, shred->level_count);
  }
  definitions->size += shred->level_count;
}

/* Takes what was shredded into the open page. */
static void take_slice(struct eagre_parquet_chunk *chunk, struct eagre_parquet_encoder *encoder,
                       uint32_t row_count, uint64_t plain_size) {
  const struct eagre_parquet_shred *shred = &encoder->shred;
  uint32_t count = shred->value_count;
  take_definitions(chunk, shred);
  if (chunk->leaf->repetition_max > 0) {
    eagre_buffer_append(&chunk->repetitions, shred->repetitions, shred->level_count);
  }
  if (chunk->uses_dictionary) {
    uint32_t *indexes = (uint32_t *)eagre_buffer_reserve(&chunk->values, count * sizeof(uint32_t));
    eagre_parquet_dictionary_add(&chunk->dictionary, shred->values, count, indexes);
    chunk->values.size += count * sizeof(uint32_t);
  } else {
    append_plain(chunk, shred->values, count, plain_size);
  }
  /* Text behind a dictionary is compared when the page ends. */
  if (!chunk->uses_dictionary || chunk->leaf->physical != EAGRE_PARQUET_BYTE_ARRAY) {
    eagre_parquet_range_add(&chunk->page_range, shred->values, count);
  }
  chunk->page_row_count += row_count;
  chunk->page_level_count += shred->level_count;
  chunk->page_value_count += count;
  chunk->row_count += row_count;
  chunk->level_count += shred->level_count;
  chunk->value_count += count;
  chunk->plain_size += plain_size;
  chunk->file_null_row_count += shred->null_row_count;
  if (chunk->uses_dictionary && has_failed_trial(chunk)) abandon_dictionary(chunk, encoder);
}

static enum eagre_status refuse_row(const struct eagre_parquet_chunk *chunk, uint64_t size,
                                    uint32_t row, struct eagre_error *error) {
  struct eagre_text column = chunk->leaf->path[0];
  eagre_error_set(error, EAGRE_DATA, "PARQUET_ROW_TOO_LARGE",
                  "one row of the column `%.*s` takes %llu bytes, Parquet holds %llu at most",
                  (int)column.size, column.data, (unsigned long long)size,
                  (unsigned long long)ROW_SIZE_MAX);
  if (error != NULL) error->row = row;
  return EAGRE_DATA;
}

/* Appends the first `*row_count` rows or, where they do not fit into a page, fewer; at least one.
 */
static enum eagre_status append_slice(struct eagre_parquet_chunk *chunk,
                                      struct eagre_parquet_encoder *encoder,
                                      const struct eagre_vector *column, uint32_t from,
                                      uint32_t *row_count, struct eagre_error *error) {
  for (;;) {
    struct eagre_parquet_shred *shred = &encoder->shred;
    eagre_parquet_shred_rows(shred, chunk->leaf, column, from, *row_count);
    uint64_t plain_size = measure_values(chunk, shred->values, shred->value_count);
    uint64_t size = plain_size + 2 * (uint64_t)shred->level_count;
    bool is_single = *row_count == 1 && chunk->page_row_count == 0;
    if (is_single && size > ROW_SIZE_MAX) return refuse_row(chunk, size, from, error);
    if (is_single || chunk->page_size + size <= chunk->options->page_bytes) {
      take_slice(chunk, encoder, *row_count, plain_size);
      chunk->page_size += size;
      return EAGRE_OK;
    }
    if (chunk->page_row_count > 0) {
      EAGRE_TRY(finish_page(chunk, encoder, error));
    } else {
      *row_count /= 2;
    }
  }
}

enum eagre_status eagre_parquet_chunk_append(struct eagre_parquet_chunk *chunk,
                                             struct eagre_parquet_encoder *encoder,
                                             const struct eagre_vector *column, uint32_t from,
                                             uint32_t row_count, struct eagre_error *error) {
  uint32_t end = from + row_count;
  while (from < end) {
    uint32_t room = chunk->options->page_rows - chunk->page_row_count;
    uint32_t slice = end - from < SLICE_ROW_COUNT ? end - from : SLICE_ROW_COUNT;
    if (slice > room) slice = room;
    EAGRE_TRY(append_slice(chunk, encoder, column, from, &slice, error));
    from += slice;
    if (chunk->page_row_count < chunk->options->page_rows) continue;
    EAGRE_TRY(finish_page(chunk, encoder, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_parquet_chunk_finish(struct eagre_parquet_chunk *chunk,
                                             struct eagre_parquet_encoder *encoder,
                                             struct eagre_error *error) {
  EAGRE_TRY(finish_page(chunk, encoder, error));
  eagre_parquet_range_merge(&chunk->file_range, &chunk->range);
  if (chunk->dictionary_page_count == 0) return EAGRE_OK;
  eagre_buffer_clear(&encoder->body);
  struct eagre_parquet_page page = {
      .type = EAGRE_PARQUET_DICTIONARY_PAGE,
      .encoding = EAGRE_PARQUET_PLAIN,
      .value_count = chunk->dictionary.count,
      .rest = eagre_buffer_text(&chunk->dictionary.plain),
  };
  uint64_t uncompressed_size;
  EAGRE_TRY(eagre_parquet_page_append(encoder, &page, chunk->codec, &chunk->dictionary_page,
                                      &uncompressed_size, error));
  eagre_buffer_append_text(&chunk->dictionary_page, page.rest);
  chunk->uncompressed_size += uncompressed_size;
  return EAGRE_OK;
}
