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
  LEVEL_PIECE_COUNT = 1024,
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
      pack_block(values + i * BLOCK_COUNT, out + i * (4 * width), width);                          \
    }                                                                                              \
    break;

static void pack_blocks(const uint32_t *values, uint32_t block_count, char *out, unsigned width) {
  switch (width) {
    PACK_CASE(1)
    PACK_CASE(2)
    PACK_CASE(3)
    PACK_CASE(4)
    PACK_CASE(5) PACK_CASE(6) PACK_CASE(7) PACK_CASE(8) PACK_CASE(9) PACK_CASE(10) PACK_CASE(11)
        PACK_CASE(12) PACK_CASE(13) PACK_CASE(14) PACK_CASE(15) PACK_CASE(16) PACK_CASE(17)
            PACK_CASE(18) PACK_CASE(19) PACK_CASE(20) PACK_CASE(21) PACK_CASE(22) PACK_CASE(23)
                PACK_CASE(24) PACK_CASE(25) PACK_CASE(26) PACK_CASE(27) PACK_CASE(28) PACK_CASE(29)
                    PACK_CASE(30) PACK_CASE(31) PACK_CASE(32) default
        : eagre_assert_failed("width 1..32", __FILE__, __LINE__);
  }
}

/* `count` values, the last group filled up with zeros. */
static void append_packed(struct eagre_buffer *out, const uint32_t *values, uint32_t count,
                          unsigned width) {
  if (count == 0) return;
  uint32_t group_count = (count + GROUP_COUNT - 1) / GROUP_COUNT;
  eagre_parquet_varint_append(out, (uint64_t)group_count << 1 | 1);
  size_t size = (size_t)group_count * width;
  char *packed = eagre_buffer_reserve(out, size + 4 * BLOCK_COUNT);
  uint32_t block_count = count / BLOCK_COUNT;
  pack_blocks(values, block_count, packed, width);
  uint32_t rest = count % BLOCK_COUNT;
  if (rest > 0) {
    uint32_t last[BLOCK_COUNT] = {0};
    memcpy(last, values + (size_t)block_count * BLOCK_COUNT, rest * sizeof *last);
    pack_blocks(last, 1, packed + (size_t)block_count * 4 * width, width);
  }
  out->size += size;
}

/* ---- Runs ----------------------------------------------------------------------------------- */

static void append_run(struct eagre_buffer *out, uint32_t value, uint32_t count, unsigned width) {
  eagre_parquet_varint_append(out, (uint64_t)count << 1);
  uint32_t little_endian = htole32(value);
  eagre_buffer_append(out, &little_endian, (width + 7) / 8);
}

static inline uint32_t find_run_end(const uint32_t *values, uint32_t from, uint32_t count) {
  uint32_t end = from + 1;
  while (end < count && values[end] == values[from]) {
    end++;
  }
  return end;
}

/* Whether a run may begin at `from`: a look at three values saves the walk for most groups. */
static inline bool may_begin_run(const uint32_t *values, uint32_t from) {
  uint32_t first = values[from];
  return first == values[from + 1] && first == values[from + GROUP_COUNT] &&
         first == values[from + RUN_COUNT_MIN - 1];
}

void eagre_parquet_hybrid_append(struct eagre_buffer *out, const uint32_t *values, uint32_t count,
                                 unsigned width) {
  eagre_assert(width <= 32);
  if (count == 0) return;
  if (width == 0) {
    append_run(out, 0, count, 0);
    return;
  }
  uint32_t packed_from = 0;
  uint32_t next = 0;
  while (next + RUN_COUNT_MIN <= count) {
    uint32_t end = next;
    if (may_begin_run(values, next)) end = find_run_end(values, next, count);
    if (end - next < RUN_COUNT_MIN) {
      next += GROUP_COUNT;
      continue;
    }
    append_packed(out, values + packed_from, next - packed_from, width);
    append_run(out, values[next], end - next, width);
    packed_from = next = end;
  }
  append_packed(out, values + packed_from, count - packed_from, width);
}

/* ---- Levels --------------------------------------------------------------------------------- */

static bool are_levels_equal(const uint8_t *levels, uint32_t count) {
  return count == 0 || memcmp(levels, levels + 1, count - 1) == 0;
}

static void append_mixed_levels(struct eagre_buffer *out, const uint8_t *levels, uint32_t count,
                                unsigned width) {
  uint32_t piece[LEVEL_PIECE_COUNT];
  for (uint32_t from = 0; from < count; from += LEVEL_PIECE_COUNT) {
    uint32_t left = count - from;
    uint32_t piece_count = left < LEVEL_PIECE_COUNT ? left : LEVEL_PIECE_COUNT;
    for (uint32_t i = 0; i < piece_count; i++) {
      piece[i] = levels[from + i];
    }
    eagre_parquet_hybrid_append(out, piece, piece_count, width);
  }
}

void eagre_parquet_levels_append(struct eagre_buffer *out, const uint8_t *levels, uint32_t count,
                                 unsigned width) {
  size_t begin = out->size;
  eagre_buffer_append(out, &(uint32_t){0}, sizeof(uint32_t));
  if (count > 0 && are_levels_equal(levels, count)) {
    append_run(out, levels[0], count, width);
  } else {
    append_mixed_levels(out, levels, count, width);
  }
  uint32_t size = htole32((uint32_t)(out->size - begin - sizeof size));
  memcpy(out->data + begin, &size, sizeof size);
}
