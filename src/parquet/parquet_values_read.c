/* Values of pages and dictionaries: from their encoding to the column's type. */
#include <endian.h>

#include "parquet/parquet_delta_read.h"
#include "parquet/parquet_leaf_read.h"

enum { PIECE_COUNT = 512 };

static enum eagre_status refuse(const struct eagre_parquet_leaf_reader *leaf,
                                struct eagre_error *error, const char *problem) {
  return eagre_parquet_refuse(leaf->file, leaf->node, error, "%s", problem);
}

static enum eagre_status convert(const struct eagre_parquet_leaf_reader *leaf, const char *from,
                                 uint32_t count, char *out, struct eagre_error *error) {
  if (count == 0 || leaf->conversion.convert(&leaf->conversion, from, count, out)) return EAGRE_OK;
  return refuse(leaf, error, "a value does not fit its type");
}

/* ---- PLAIN ---------------------------------------------------------------------------------- */

static enum eagre_status read_flat(struct eagre_parquet_leaf_reader *leaf, uint32_t count,
                                   char *out, struct eagre_error *error) {
  struct eagre_text *bytes = &leaf->values.bytes;
  size_t size = (size_t)count * leaf->conversion.from_width;
  if (size > bytes->size) return refuse(leaf, error, "a page has fewer values than it says");
  EAGRE_TRY(convert(leaf, bytes->data, count, out, error));
  *bytes = eagre_text_make(bytes->data + size, bytes->size - size);
  return EAGRE_OK;
}

/* Takes texts with their length in front; false when they are cut short. */
static bool take_texts(struct eagre_text *bytes, uint32_t count, struct eagre_text *out) {
  const char *next = bytes->data;
  size_t left = bytes->size;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t size;
    if (left < sizeof size) return false;
    memcpy(&size, next, sizeof size);
    size = le32toh(size);
    next += sizeof size;
    left -= sizeof size;
    if (size > left) return false;
    out[i] = eagre_text_make(next, size);
    next += size;
    left -= size;
  }
  *bytes = eagre_text_make(next, left);
  return true;
}

static enum eagre_status read_texts(struct eagre_parquet_leaf_reader *leaf,
                                    struct eagre_text *bytes, uint32_t count, char *out,
                                    struct eagre_error *error) {
  struct eagre_text texts[PIECE_COUNT];
  for (uint32_t done = 0; done < count; done += PIECE_COUNT) {
    uint32_t piece = count - done < PIECE_COUNT ? count - done : PIECE_COUNT;
    if (!take_texts(bytes, piece, texts)) return refuse(leaf, error, "texts are cut short");
    EAGRE_TRY(convert(leaf, (const char *)texts, piece,
                      out + (size_t)done * leaf->conversion.to_width, error));
  }
  return EAGRE_OK;
}

/* ---- Dictionary ----------------------------------------------------------------------------- */

enum eagre_status eagre_parquet_dictionary_load(struct eagre_parquet_leaf_reader *leaf,
                                                const struct eagre_parquet_page_header *header,
                                                struct eagre_text body, struct eagre_error *error) {
  if (leaf->type == NULL) return EAGRE_OK;
  int32_t physical = leaf->node->element->physical;
  bool is_plain =
      header->encoding == EAGRE_PARQUET_PLAIN || header->encoding == EAGRE_PARQUET_PLAIN_DICTIONARY;
  if (leaf->has_dictionary) return refuse(leaf, error, "a chunk has two dictionaries");
  if (!is_plain || physical == EAGRE_PARQUET_BOOLEAN) {
    return refuse(leaf, error, "the encoding of a dictionary is not supported");
  }
  uint32_t count = (uint32_t)header->value_count;
  bool is_text = physical == EAGRE_PARQUET_BYTE_ARRAY;
  size_t least = is_text ? sizeof(uint32_t) : leaf->conversion.from_width;
  if (count > body.size / least) return refuse(leaf, error, "a dictionary is cut short");
  eagre_buffer_clear(&leaf->dictionary);
  char *out =
      eagre_buffer_reserve(&leaf->dictionary, (size_t)count * leaf->conversion.to_width + 1);
  EAGRE_TRY(is_text ? read_texts(leaf, &body, count, out, error)
                    : convert(leaf, body.data, count, out, error));
  leaf->has_dictionary = true;
  leaf->dictionary_count = count;
  /* The page becomes the dictionary's; the next page gets a block of its own. */
  eagre_parquet_block_release(&leaf->dictionary_block);
  leaf->dictionary_block = leaf->block;
  leaf->block = NULL;
  return EAGRE_OK;
}

static inline __attribute__((always_inline)) void gather_values(const char *restrict dictionary,
                                                                const uint32_t *restrict indexes,
                                                                uint32_t count, char *restrict out,
                                                                size_t width) {
  for (uint32_t i = 0; i < count; i++) {
    memcpy(out + i * width, dictionary + indexes[i] * width, width);
  }
}

static void gather(const char *dictionary, const uint32_t *indexes, uint32_t count, char *out,
                   uint32_t width) {
  switch (width) {
  case 1:
    gather_values(dictionary, indexes, count, out, 1);
    return;
  case 2:
    gather_values(dictionary, indexes, count, out, 2);
    return;
  case 4:
    gather_values(dictionary, indexes, count, out, 4);
    return;
  case 8:
    gather_values(dictionary, indexes, count, out, 8);
    return;
  default:
    eagre_assert(width == 16);
    gather_values(dictionary, indexes, count, out, 16);
  }
}

static enum eagre_status read_indexes(struct eagre_parquet_leaf_reader *leaf, uint32_t count,
                                      char *out, struct eagre_error *error) {
  uint32_t indexes[PIECE_COUNT];
  uint32_t width = leaf->conversion.to_width;
  for (uint32_t done = 0; done < count; done += PIECE_COUNT) {
    uint32_t piece = count - done < PIECE_COUNT ? count - done : PIECE_COUNT;
    if (!eagre_parquet_hybrid_read(&leaf->values.hybrid, indexes, piece)) {
      return refuse(leaf, error, "the indexes of a page are cut short");
    }
    uint32_t most = 0;
    for (uint32_t i = 0; i < piece; i++) {
      most = indexes[i] > most ? indexes[i] : most;
    }
    if (most >= leaf->dictionary_count) {
      return refuse(leaf, error, "an index lies outside the dictionary");
    }
    gather(leaf->dictionary.data, indexes, piece, out + (size_t)done * width, width);
  }
  return EAGRE_OK;
}

static enum eagre_status begin_indexes(struct eagre_parquet_leaf_reader *leaf,
                                       struct eagre_text bytes, struct eagre_error *error) {
  if (!leaf->has_dictionary) return refuse(leaf, error, "a page needs a dictionary; there is none");
  unsigned width = (uint8_t)bytes.data[0];
  if (width > 32) return refuse(leaf, error, "the indexes of a page are too wide");
  leaf->values.form = EAGRE_PARQUET_VALUES_INDEXES;
  leaf->text_block = leaf->dictionary_block;
  eagre_parquet_hybrid_init(&leaf->values.hybrid, eagre_text_make(bytes.data + 1, bytes.size - 1),
                            width);
  return EAGRE_OK;
}

/* ---- Encodings undone at once --------------------------------------------------------------- */

static enum eagre_status begin_flat(struct eagre_parquet_leaf_reader *leaf, const char *problem,
                                    struct eagre_error *error) {
  if (problem != NULL) return refuse(leaf, error, problem);
  leaf->values.form = EAGRE_PARQUET_VALUES_FLAT;
  leaf->values.bytes = eagre_buffer_text(&leaf->decoded);
  return EAGRE_OK;
}

/* The texts get a block of their own; FIXED_LEN_BYTE_ARRAY lie side by side in it. */
static enum eagre_status begin_prefixed(struct eagre_parquet_leaf_reader *leaf,
                                        struct eagre_text bytes, uint32_t count_max,
                                        struct eagre_error *error) {
  struct eagre_parquet_prefixed texts;
  const char *problem = eagre_parquet_delta_read_prefixed(bytes, count_max, &leaf->prefixes,
                                                          &leaf->lengths, &leaf->suffixes, &texts);
  if (problem == NULL && texts.total_size > leaf->file->page_size_max) {
    problem = "the texts of a page are too large";
  }
  if (problem != NULL) return refuse(leaf, error, problem);
  eagre_parquet_block_renew(&leaf->joined, (size_t)texts.total_size);
  eagre_parquet_prefixed_join(&texts, leaf->joined->data, &leaf->decoded);
  leaf->text_block = leaf->joined;
  EAGRE_TRY(begin_flat(leaf, NULL, error));
  if (leaf->node->element->physical == EAGRE_PARQUET_BYTE_ARRAY) return EAGRE_OK;
  for (uint32_t i = 0; i < texts.count; i++) {
    const struct eagre_text *text = (const struct eagre_text *)leaf->decoded.data + i;
    if (text->size != leaf->conversion.from_width) {
      return refuse(leaf, error, "a value is not of the length that the schema says");
    }
  }
  leaf->values.bytes = eagre_text_make(leaf->joined->data, (size_t)texts.total_size);
  return EAGRE_OK;
}

/* The values get a block of their own: as BINARY they are pointed to. */
static enum eagre_status begin_streams(struct eagre_parquet_leaf_reader *leaf,
                                       struct eagre_text bytes, struct eagre_error *error) {
  eagre_parquet_block_renew(&leaf->joined, bytes.size);
  const char *problem =
      eagre_parquet_streams_read(bytes, leaf->conversion.from_width, leaf->joined->data);
  if (problem != NULL) return refuse(leaf, error, problem);
  leaf->text_block = leaf->joined;
  leaf->values.form = EAGRE_PARQUET_VALUES_FLAT;
  leaf->values.bytes = eagre_text_make(leaf->joined->data, bytes.size);
  return EAGRE_OK;
}

static enum eagre_status begin_booleans(struct eagre_parquet_leaf_reader *leaf, int32_t encoding,
                                        struct eagre_text bytes, struct eagre_error *error) {
  leaf->values.form = EAGRE_PARQUET_VALUES_BOOLEANS;
  if (encoding == EAGRE_PARQUET_PLAIN) {
    eagre_parquet_hybrid_init_packed(&leaf->values.hybrid, bytes, (uint64_t)bytes.size * 8, 1);
    return EAGRE_OK;
  }
  uint32_t size = 0;
  if (bytes.size < sizeof size) return refuse(leaf, error, "values are cut short");
  memcpy(&size, bytes.data, sizeof size);
  size = le32toh(size);
  if (size > bytes.size - sizeof size) return refuse(leaf, error, "values are cut short");
  eagre_parquet_hybrid_init(&leaf->values.hybrid, eagre_text_make(bytes.data + sizeof size, size),
                            1);
  return EAGRE_OK;
}

static enum eagre_status begin_plain(struct eagre_parquet_leaf_reader *leaf,
                                     struct eagre_text bytes) {
  bool is_text = leaf->node->element->physical == EAGRE_PARQUET_BYTE_ARRAY;
  leaf->values.form = is_text ? EAGRE_PARQUET_VALUES_TEXTS : EAGRE_PARQUET_VALUES_FLAT;
  leaf->values.bytes = bytes;
  return EAGRE_OK;
}

/* ---- Choosing ------------------------------------------------------------------------------- */

/* Which encodings values of a physical type may have; bits by encoding. */
enum {
  INDEXED = 1 << EAGRE_PARQUET_PLAIN | 1 << EAGRE_PARQUET_PLAIN_DICTIONARY |
            1 << EAGRE_PARQUET_RLE_DICTIONARY,
};
static const uint32_t encodings_of[EAGRE_PARQUET_TYPE_count] = {
    [EAGRE_PARQUET_BOOLEAN] = 1 << EAGRE_PARQUET_PLAIN | 1 << EAGRE_PARQUET_RLE,
    [EAGRE_PARQUET_INT32] =
        INDEXED | 1 << EAGRE_PARQUET_DELTA_BINARY_PACKED | 1 << EAGRE_PARQUET_BYTE_STREAM_SPLIT,
    [EAGRE_PARQUET_INT64] =
        INDEXED | 1 << EAGRE_PARQUET_DELTA_BINARY_PACKED | 1 << EAGRE_PARQUET_BYTE_STREAM_SPLIT,
    [EAGRE_PARQUET_INT96] = INDEXED,
    [EAGRE_PARQUET_FLOAT] = INDEXED | 1 << EAGRE_PARQUET_BYTE_STREAM_SPLIT,
    [EAGRE_PARQUET_DOUBLE] = INDEXED | 1 << EAGRE_PARQUET_BYTE_STREAM_SPLIT,
    [EAGRE_PARQUET_BYTE_ARRAY] =
        INDEXED | 1 << EAGRE_PARQUET_DELTA_LENGTH_BYTE_ARRAY | 1 << EAGRE_PARQUET_DELTA_BYTE_ARRAY,
    [EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY] =
        INDEXED | 1 << EAGRE_PARQUET_DELTA_BYTE_ARRAY | 1 << EAGRE_PARQUET_BYTE_STREAM_SPLIT,
};

enum eagre_status eagre_parquet_values_begin(struct eagre_parquet_leaf_reader *leaf,
                                             int32_t encoding, struct eagre_text bytes,
                                             uint32_t count_max, struct eagre_error *error) {
  int32_t physical = leaf->node->element->physical;
  leaf->values.form = EAGRE_PARQUET_VALUES_NONE;
  leaf->text_block = leaf->block;
  if (leaf->type == NULL || bytes.size == 0) return EAGRE_OK;
  bool is_known = encoding >= 0 && encoding < 32 && encodings_of[physical] >> encoding & 1;
  if (!is_known) {
    return eagre_parquet_refuse(leaf->file, leaf->node, error,
                                "encoding %d of a page is not supported for its type", encoding);
  }
  if (physical == EAGRE_PARQUET_BOOLEAN) return begin_booleans(leaf, encoding, bytes, error);
  eagre_buffer_clear(&leaf->decoded);
  uint32_t width = leaf->conversion.from_width;
  switch (encoding) {
  case EAGRE_PARQUET_PLAIN:
    return begin_plain(leaf, bytes);
  case EAGRE_PARQUET_DELTA_BINARY_PACKED:
    return begin_flat(
        leaf, eagre_parquet_delta_read_integers(&bytes, count_max, width, &leaf->decoded), error);
  case EAGRE_PARQUET_DELTA_LENGTH_BYTE_ARRAY:
    return begin_flat(
        leaf, eagre_parquet_delta_read_lengths(bytes, count_max, &leaf->lengths, &leaf->decoded),
        error);
  case EAGRE_PARQUET_DELTA_BYTE_ARRAY:
    return begin_prefixed(leaf, bytes, count_max, error);
  case EAGRE_PARQUET_BYTE_STREAM_SPLIT:
    return begin_streams(leaf, bytes, error);
  default:
    return begin_indexes(leaf, bytes, error);
  }
}

/* ---- Reading -------------------------------------------------------------------------------- */

static void hold_block(struct eagre_parquet_leaf_reader *leaf) {
  if (!leaf->conversion.is_text || leaf->held == leaf->text_block) return;
  eagre_parquet_backing_add(leaf->backing, leaf->text_block);
  leaf->held = leaf->text_block;
}

enum eagre_status eagre_parquet_values_read(struct eagre_parquet_leaf_reader *leaf, uint32_t count,
                                            char *out, struct eagre_error *error) {
  if (count == 0 || leaf->type == NULL) return EAGRE_OK;
  hold_block(leaf);
  switch (leaf->values.form) {
  case EAGRE_PARQUET_VALUES_FLAT:
    return read_flat(leaf, count, out, error);
  case EAGRE_PARQUET_VALUES_TEXTS:
    return read_texts(leaf, &leaf->values.bytes, count, out, error);
  case EAGRE_PARQUET_VALUES_INDEXES:
    return read_indexes(leaf, count, out, error);
  case EAGRE_PARQUET_VALUES_BOOLEANS:
    if (eagre_parquet_hybrid_read_bytes(&leaf->values.hybrid, (uint8_t *)out, count)) {
      return EAGRE_OK;
    }
    break;
  case EAGRE_PARQUET_VALUES_NONE:
    break;
  }
  return refuse(leaf, error, "a page has fewer values than it says");
}
