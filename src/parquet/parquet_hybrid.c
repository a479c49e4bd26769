/* The hybrid encoder works in groups of 8 values: at the begin of a group a run of at least
 * RUN_COUNT_MIN equal values is written as a run, anything else is collected into one packed
 * stretch. Packing is unrolled per width for blocks of 32 values, so that every shift is a
 * constant. */
#include "parquet/parquet_hybrid.h"

#include <endian.h>

#include "parquet/parquet_thrift.h"

enum {
  GROUP_COUNT = 8,
  BLOCK_COUNT = 32,
  /* Two groups: a run costs two headers (its own and that of the next packed stretch). */
  RUN_COUNT_MIN = 16,
  PIECE_COUNT = 1024, /* packed at a time; whole blocks */
};

/* ---- Bit packing ---------------------------------------------------------------------------- */

/* 32 values become `width` 32-bit words. Only called with constant widths. */
static inline __attribute__((always_inline)) void pack_block(const uint32_t *values, char *out,
                                                             unsigned width) {
  uint64_t word = 0;
  unsigned filled = 0;
#pragma GCC unroll 32
  for (int i = 0; i < BLOCK_COUNT; i++) {
    word |= (uint64_t)values[i] << filled;
    filled += width;
    if (filled >= 32) {
      uint32_t low = htole32((uint32_t)word);
      memcpy(out, &low, sizeof low);
      out += sizeof low;
      word >>= 32;
      filled -= 32;
    }
  }
}

#define PACK_CASE(width)                                                                           \
  case width:                                                                                      \
    for (uint32_t i = 0; i < block_count; i++) {                                                   \
      pack_block(values + (size_t)i * BLOCK_COUNT, out + (size_t)i * (4 * width), width);          \
    }                                                                                              \
    break

static void pack_blocks(const uint32_t *values, uint32_t block_count, char *out, unsigned width) {
  switch (width) {
    PACK_CASE(1);
    PACK_CASE(2);
    PACK_CASE(3);
    PACK_CASE(4);
    PACK_CASE(5);
    PACK_CASE(6);
    PACK_CASE(7);
    PACK_CASE(8);
    PACK_CASE(9);
    PACK_CASE(10);
    PACK_CASE(11);
    PACK_CASE(12);
    PACK_CASE(13);
    PACK_CASE(14);
    PACK_CASE(15);
    PACK_CASE(16);
    PACK_CASE(17);
    PACK_CASE(18);
    PACK_CASE(19);
    PACK_CASE(20);
    PACK_CASE(21);
    PACK_CASE(22);
    PACK_CASE(23);
    PACK_CASE(24);
    PACK_CASE(25);
    PACK_CASE(26);
    PACK_CASE(27);
    PACK_CASE(28);
    PACK_CASE(29);
    PACK_CASE(30);
    PACK_CASE(31);
    PACK_CASE(32);
  default:
    eagre_assert_failed("width 1..32", __FILE__, __LINE__);
  }
}

/* Values come as bytes (levels) or 32-bit words (indexes): one algorithm, inlined for both. */
enum value_size { BYTES = 1, WORDS = 4 };

static inline uint32_t get_value(const void *values, uint32_t i, enum value_size size) {
  return size == BYTES ? ((const uint8_t *)values)[i] : ((const uint32_t *)values)[i];
}

/* Packs up to PIECE_COUNT values from `from` on; returns how many bytes they take. */
static inline size_t pack_piece(const void *values, uint32_t from, uint32_t count,
                                enum value_size size, char *out, unsigned width) {
  uint32_t words[PIECE_COUNT + BLOCK_COUNT];
  const uint32_t *piece = words;
  uint32_t block_count = count / BLOCK_COUNT;
  if (size == WORDS && count % BLOCK_COUNT == 0) {
    piece = (const uint32_t *)values + from;
  } else {
    for (uint32_t i = 0; i < count; i++) {
      words[i] = get_value(values, from + i, size);
    }
    /* The last group is filled up with zeros. */
    memset(words + count, 0, BLOCK_COUNT * sizeof *words);
    block_count = (count + BLOCK_COUNT - 1) / BLOCK_COUNT;
  }
  pack_blocks(piece, block_count, out, width);
  return (size_t)((count + GROUP_COUNT - 1) / GROUP_COUNT) * width;
}

static inline void append_packed(struct eagre_buffer *out, const void *values, uint32_t from,
                                 uint32_t count, enum value_size size, unsigned width) {
  if (count == 0) return;
  uint32_t group_count = (count + GROUP_COUNT - 1) / GROUP_COUNT;
  eagre_parquet_varint_append(out, (uint64_t)group_count << 1 | 1);
  /* Whole blocks are written, the last one beyond the groups that count. */
  char *packed = eagre_buffer_reserve(out, (size_t)group_count * width + 4 * BLOCK_COUNT);
  for (uint32_t done = 0; done < count; done += PIECE_COUNT) {
    uint32_t piece = count - done < PIECE_COUNT ? count - done : PIECE_COUNT;
    packed += pack_piece(values, from + done, piece, size, packed, width);
  }
  out->size += (size_t)group_count * width;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static void append_run(struct eagre_buffer *out, uint32_t value, uint32_t count, unsigned width) {
  eagre_parquet_varint_append(out, (uint64_t)count << 1);
  uint32_t little_endian = htole32(value);
  eagre_buffer_append(out, &little_endian, (width + 7) / 8);
}

static inline uint32_t find_run_end(const void *values, uint32_t from, uint32_t count,
                                    enum value_size size) {
  uint32_t first = get_value(values, from, size);
  uint32_t end = from + 1;
  while (end < count && get_value(values, end, size) == first) {
    end++;
  }
  return end;
}

/* Whether a run begins at `from`. All values are looked at without a branch between them: where one
 * value is frequent, any one of them alone would be a toss. */
static inline bool begins_run(const void *values, uint32_t from, enum value_size size) {
  uint32_t first = get_value(values, from, size);
  uint32_t differences = 0;
  for (uint32_t i = 0; i < RUN_COUNT_MIN; i++) {
    differences |= get_value(values, from + i, size) ^ first;
  }
  return differences == 0;
}

static inline __attribute__((always_inline)) void append_hybrid(struct eagre_buffer *out,
                                                                const void *values, uint32_t count,
                                                                enum value_size size,
                                                                unsigned width) {
  uint32_t packed_from = 0;
  uint32_t next = 0;
  while (count - next >= RUN_COUNT_MIN) {
    if (!begins_run(values, next, size)) {
      next += GROUP_COUNT;
      continue;
    }
    uint32_t end = find_run_end(values, next + RUN_COUNT_MIN - 1, count, size);
    append_packed(out, values, packed_from, next - packed_from, size, width);
    append_run(out, get_value(values, next, size), end - next, width);
    packed_from = next = end;
  }
  append_packed(out, values, packed_from, count - packed_from, size, width);
}

void eagre_parquet_hybrid_append(struct eagre_buffer *out, const uint32_t *values, uint32_t count,
                                 unsigned width) {
  eagre_assert(width <= 32);
  if (count == 0) return;
  if (width == 0) {
    append_run(out, 0, count, 0);
  } else {
    append_hybrid(out, values, count, WORDS, width);
  }
}

/* ---- Levels ---------------------------------------------------------------------------------- */

/* Levels stand between the two, which is the length in front of them. */
static size_t begin_levels(struct eagre_buffer *out) {
  eagre_buffer_append(out, &(uint32_t){0}, sizeof(uint32_t));
  return out->size;
}

static void end_levels(struct eagre_buffer *out, size_t begin) {
  uint32_t size = htole32((uint32_t)(out->size - begin));
  memcpy(out->data + begin - sizeof size, &size, sizeof size);
}

void eagre_parquet_levels_append(struct eagre_buffer *out, const uint8_t *levels, uint32_t count,
                                 unsigned width) {
  eagre_assert(width >= 1 && width <= 8);
  size_t begin = begin_levels(out);
  append_hybrid(out, levels, count, BYTES, width);
  end_levels(out, begin);
}

void eagre_parquet_equal_levels_append(struct eagre_buffer *out, uint8_t level, uint32_t count,
                                       unsigned width) {
  eagre_assert(width >= 1 && width <= 8 && count > 0);
  size_t begin = begin_levels(out);
  append_run(out, level, count, width);
  end_levels(out, begin);
}
