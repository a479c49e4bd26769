/* Deltas, prefixes and byte streams. */
#include "parquet/parquet_delta_read.h"

#include "parquet/parquet_hybrid_read.h"
#include "parquet/parquet_thrift_read.h"

enum {
  PIECE_COUNT = 64, /* deltas unpacked at a time: whole bytes whatever their width */
  BLOCK_COUNT_MAX = 1 << 20,
  MINIBLOCK_MULTIPLE = 8, /* the format says 32; nothing here depends on it */
  WIDTH_MAX = 64,
};

static const char cut_short[] = "encoded numbers are cut short";

/* ---- Integers ------------------------------------------------------------------------------- */

struct deltas {
  const uint8_t *next;
  const uint8_t *end;
  uint64_t miniblock_count;
  uint64_t miniblock_size; /* values */
  uint32_t count;
  uint32_t left;
  uint64_t value; /* the last one */
  char *out;
};

static bool read_zigzag(struct deltas *deltas, uint64_t *out_value) {
  uint64_t zigzag;
  if (!eagre_parquet_varint_read(&deltas->next, deltas->end, &zigzag)) return false;
  *out_value = (zigzag >> 1) ^ -(zigzag & 1);
  return true;
}

static const char *begin_deltas(struct deltas *deltas, struct eagre_text bytes,
                                uint32_t count_max) {
  uint64_t block_size;
  uint64_t count;
  *deltas = (struct deltas){
      .next = (const uint8_t *)bytes.data,
      .end = (const uint8_t *)bytes.data + bytes.size,
  };
  bool is_whole = eagre_parquet_varint_read(&deltas->next, deltas->end, &block_size) &&
                  eagre_parquet_varint_read(&deltas->next, deltas->end, &deltas->miniblock_count) &&
                  eagre_parquet_varint_read(&deltas->next, deltas->end, &count) &&
                  read_zigzag(deltas, &deltas->value);
  if (!is_whole) return cut_short;
  bool is_sane = block_size > 0 && block_size <= BLOCK_COUNT_MAX && deltas->miniblock_count > 0 &&
                 block_size % deltas->miniblock_count == 0;
  if (!is_sane) return "encoded numbers have blocks of a wrong size";
  deltas->miniblock_size = block_size / deltas->miniblock_count;
  if (deltas->miniblock_size % MINIBLOCK_MULTIPLE != 0) {
    return "encoded numbers have blocks of a wrong size";
  }
  if (count > count_max) return "there are more encoded numbers than values";
  deltas->count = (uint32_t)count;
  deltas->left = (uint32_t)count;
  return NULL;
}

/* The next value; only the low `size` bytes count. */
static inline void put_value(struct deltas *deltas, uint32_t size) {
  memcpy(deltas->out, &deltas->value, size);
  deltas->out += size;
}

static inline __attribute__((always_inline)) void
put_deltas(struct deltas *deltas, uint32_t count, unsigned width, uint64_t least, uint32_t size) {
  uint64_t piece[PIECE_COUNT];
  for (uint32_t done = 0; done < count; done += PIECE_COUNT) {
    uint32_t piece_count = count - done < PIECE_COUNT ? count - done : PIECE_COUNT;
    eagre_parquet_unpack_wide(deltas->next + (size_t)done / 8 * width, width, piece_count, piece);
    for (uint32_t i = 0; i < piece_count; i++) {
      deltas->value += least + piece[i];
      put_value(deltas, size);
    }
  }
}

static bool read_miniblock(struct deltas *deltas, unsigned width, uint64_t least, uint32_t size) {
  uint32_t count =
      deltas->left < deltas->miniblock_size ? deltas->left : (uint32_t)deltas->miniblock_size;
  size_t room = (size_t)(deltas->end - deltas->next);
  size_t needed = ((size_t)count * width + 7) / 8;
  size_t whole = (size_t)deltas->miniblock_size / 8 * width;
  if (width > WIDTH_MAX || needed > room) return false;
  if (size == sizeof(int32_t)) {
    put_deltas(deltas, count, width, least, sizeof(int32_t));
  } else {
    put_deltas(deltas, count, width, least, sizeof(int64_t));
  }
  deltas->next += whole < room ? whole : room;
  deltas->left -= count;
  return true;
}

static bool read_block(struct deltas *deltas, uint32_t size) {
  uint64_t least;
  if (!read_zigzag(deltas, &least)) return false;
  if (deltas->miniblock_count > (size_t)(deltas->end - deltas->next)) return false;
  const uint8_t *widths = deltas->next;
  deltas->next += deltas->miniblock_count;
  for (uint64_t i = 0; i < deltas->miniblock_count && deltas->left > 0; i++) {
    if (!read_miniblock(deltas, widths[i], least, size)) return false;
  }
  return true;
}

const char *eagre_parquet_delta_read_integers(struct eagre_text *bytes, uint32_t count_max,
                                              uint32_t size, struct eagre_buffer *out) {
  struct deltas deltas;
  const char *problem = begin_deltas(&deltas, *bytes, count_max);
  if (problem != NULL) return problem;
  deltas.out = eagre_buffer_reserve(out, (size_t)deltas.count * size);
  if (deltas.count > 0) {
    put_value(&deltas, size);
    deltas.left--;
  }
  while (deltas.left > 0) {
    if (!read_block(&deltas, size)) return cut_short;
  }
  out->size += (size_t)deltas.count * size;
  size_t used = (size_t)((const char *)deltas.next - bytes->data);
  *bytes = eagre_text_make(bytes->data + used, bytes->size - used);
  return NULL;
}

/* ---- Texts ---------------------------------------------------------------------------------- */

const char *eagre_parquet_delta_read_lengths(struct eagre_text bytes, uint32_t count_max,
                                             struct eagre_buffer *lengths,
                                             struct eagre_buffer *out) {
  eagre_buffer_clear(lengths);
  const char *problem =
      eagre_parquet_delta_read_integers(&bytes, count_max, sizeof(int32_t), lengths);
  if (problem != NULL) return problem;
  size_t count = lengths->size / sizeof(int32_t);
  const int32_t *sizes = (const int32_t *)lengths->data;
  struct eagre_text *texts = (struct eagre_text *)eagre_buffer_reserve(out, count * sizeof *texts);
  for (size_t i = 0; i < count; i++) {
    if (sizes[i] < 0 || (size_t)sizes[i] > bytes.size) return "texts are cut short";
    texts[i] = eagre_text_make(bytes.data, (size_t)sizes[i]);
    bytes = eagre_text_make(bytes.data + sizes[i], bytes.size - (size_t)sizes[i]);
  }
  out->size += count * sizeof *texts;
  return NULL;
}

const char *eagre_parquet_delta_read_prefixed(struct eagre_text bytes, uint32_t count_max,
                                              struct eagre_buffer *prefixes,
                                              struct eagre_buffer *lengths,
                                              struct eagre_buffer *suffixes,
                                              struct eagre_parquet_prefixed *out_texts) {
  eagre_buffer_clear(prefixes);
  eagre_buffer_clear(suffixes);
  const char *problem =
      eagre_parquet_delta_read_integers(&bytes, count_max, sizeof(int32_t), prefixes);
  if (problem != NULL) return problem;
  problem = eagre_parquet_delta_read_lengths(bytes, count_max, lengths, suffixes);
  if (problem != NULL) return problem;
  struct eagre_parquet_prefixed texts = {
      .count = (uint32_t)(prefixes->size / sizeof(int32_t)),
      .prefixes = (const int32_t *)prefixes->data,
      .suffixes = (const struct eagre_text *)suffixes->data,
  };
  if (suffixes->size / sizeof(struct eagre_text) != texts.count) {
    return "there are not as many ends of texts as beginnings";
  }
  uint64_t last_size = 0;
  for (uint32_t i = 0; i < texts.count; i++) {
    if (texts.prefixes[i] < 0 || (uint64_t)texts.prefixes[i] > last_size) {
      return "a text repeats more than the one before it has";
    }
    last_size = (uint64_t)texts.prefixes[i] + texts.suffixes[i].size;
    texts.total_size += last_size;
  }
  *out_texts = texts;
  return NULL;
}

void eagre_parquet_prefixed_join(const struct eagre_parquet_prefixed *texts, char *memory,
                                 struct eagre_buffer *out) {
  struct eagre_text *joined =
      (struct eagre_text *)eagre_buffer_reserve(out, texts->count * sizeof *joined);
  const char *last = memory;
  for (uint32_t i = 0; i < texts->count; i++) {
    size_t prefix = (size_t)texts->prefixes[i];
    struct eagre_text suffix = texts->suffixes[i];
    if (prefix > 0) memcpy(memory, last, prefix);
    if (suffix.size > 0) memcpy(memory + prefix, suffix.data, suffix.size);
    joined[i] = eagre_text_make(memory, prefix + suffix.size);
    last = memory;
    memory += prefix + suffix.size;
  }
  out->size += texts->count * sizeof *joined;
}

/* ---- Byte streams --------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void join_streams(const char *bytes, size_t count,
                                                               uint32_t width, char *out) {
  for (size_t i = 0; i < count; i++) {
    for (uint32_t k = 0; k < width; k++) {
      out[i * width + k] = bytes[k * count + i];
    }
  }
}

const char *eagre_parquet_streams_read(struct eagre_text bytes, uint32_t width, char *out) {
  if (bytes.size % width != 0) return "streams of bytes are of different lengths";
  size_t count = bytes.size / width;
  if (width == 4) {
    join_streams(bytes.data, count, 4, out);
  } else if (width == 8) {
    join_streams(bytes.data, count, 8, out);
  } else {
    join_streams(bytes.data, count, width, out);
  }
  return NULL;
}
