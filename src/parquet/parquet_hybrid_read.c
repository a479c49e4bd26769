/* Unpacking is unrolled for groups of eight values, with the width known to the compiler: eight
 * loads at constant places, no branch. What stands before and behind whole groups goes one by
 * one. */
#include "parquet/parquet_hybrid_read.h"

#include <endian.h>
#include <string.h>

#include "parquet/parquet_thrift_read.h"

enum {
  GROUP_COUNT = 8,
  PIECE_COUNT = 256, /* unpacked at a time, when bytes are wanted */
};

/* ---- Unpacking ------------------------------------------------------------------------------ */

static inline uint64_t load_word(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return le64toh(word);
}

static inline uint32_t unpack_value(const uint8_t *packed, uint64_t index, unsigned width) {
  uint64_t bit = index * width;
  return (uint32_t)(load_word(packed + (bit >> 3)) >> (bit & 7) & ((UINT64_C(1) << width) - 1));
}

/* `width` is a constant wherever this is called. */
static inline __attribute__((always_inline)) void unpack_group(const uint8_t *packed, uint32_t *out,
                                                               unsigned width) {
#pragma GCC unroll 8
  for (unsigned i = 0; i < GROUP_COUNT; i++) {
    out[i] = unpack_value(packed, i, width);
  }
}

#define UNPACK_CASE(width)                                                                         \
  case width:                                                                                      \
    for (uint32_t i = 0; i < group_count; i++) {                                                   \
      unpack_group(packed + (size_t)i * (width), out + (size_t)i * GROUP_COUNT, width);            \
    }                                                                                              \
    break

static void unpack_groups(const uint8_t *packed, uint32_t group_count, uint32_t *out,
                          unsigned width) {
  switch (width) {
    UNPACK_CASE(1);
    UNPACK_CASE(2);
    UNPACK_CASE(3);
    UNPACK_CASE(4);
    UNPACK_CASE(5);
    UNPACK_CASE(6);
    UNPACK_CASE(7);
    UNPACK_CASE(8);
    UNPACK_CASE(9);
    UNPACK_CASE(10);
    UNPACK_CASE(11);
    UNPACK_CASE(12);
    UNPACK_CASE(13);
    UNPACK_CASE(14);
    UNPACK_CASE(15);
    UNPACK_CASE(16);
    UNPACK_CASE(17);
    UNPACK_CASE(18);
    UNPACK_CASE(19);
    UNPACK_CASE(20);
    UNPACK_CASE(21);
    UNPACK_CASE(22);
    UNPACK_CASE(23);
    UNPACK_CASE(24);
    UNPACK_CASE(25);
    UNPACK_CASE(26);
    UNPACK_CASE(27);
    UNPACK_CASE(28);
    UNPACK_CASE(29);
    UNPACK_CASE(30);
    UNPACK_CASE(31);
    UNPACK_CASE(32);
  default:
    eagre_assert_failed("width 1..32", __FILE__, __LINE__);
  }
}

static void unpack(const uint8_t *packed, uint64_t first, uint32_t count, unsigned width,
                   uint32_t *out) {
  uint32_t done = 0;
  for (; done < count && (first + done) % GROUP_COUNT != 0; done++) {
    out[done] = unpack_value(packed, first + done, width);
  }
  uint32_t group_count = (count - done) / GROUP_COUNT;
  unpack_groups(packed + (first + done) / GROUP_COUNT * width, group_count, out + done, width);
  for (done += group_count * GROUP_COUNT; done < count; done++) {
    out[done] = unpack_value(packed, first + done, width);
  }
}

void eagre_parquet_unpack_wide(const uint8_t *packed, unsigned width, uint32_t count,
                               uint64_t *out) {
  uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t bit = (uint64_t)i * width;
    unsigned shift = bit & 7;
    uint64_t low = load_word(packed + (bit >> 3)) >> shift;
    /* A value of more than 57 bits may end in the ninth byte. */
    uint64_t high = shift == 0 ? 0 : (uint64_t)packed[(bit >> 3) + 8] << (64 - shift);
    out[i] = (low | high) & mask;
  }
}

/* ---- Runs ----------------------------------------------------------------------------------- */

void eagre_parquet_hybrid_init(struct eagre_parquet_hybrid *hybrid, struct eagre_text bytes,
                               unsigned width) {
  eagre_assert(width <= 32);
  const uint8_t *begin = (const uint8_t *)bytes.data;
  *hybrid = (struct eagre_parquet_hybrid){
      .next = begin,
      .end = begin + bytes.size,
      .width = width,
  };
}

bool eagre_parquet_hybrid_init_packed(struct eagre_parquet_hybrid *hybrid, struct eagre_text bytes,
                                      uint64_t count, unsigned width) {
  eagre_parquet_hybrid_init(hybrid, bytes, width);
  hybrid->packed = hybrid->next;
  hybrid->packed_left = count;
  hybrid->next = hybrid->end;
  return (count * width + 7) / 8 <= bytes.size;
}

static bool begin_packed(struct eagre_parquet_hybrid *hybrid, uint64_t group_count) {
  uint64_t left = (uint64_t)(hybrid->end - hybrid->next);
  hybrid->packed = hybrid->next;
  hybrid->packed_next = 0;
  if (hybrid->width == 0) {
    hybrid->run_value = 0;
    hybrid->run_left = group_count > UINT32_MAX ? UINT32_MAX : group_count * GROUP_COUNT;
    return hybrid->run_left > 0;
  }
  /* Some writers leave out the end of the last group. */
  if (group_count > left / hybrid->width) {
    hybrid->packed_left = left * 8 / hybrid->width;
    hybrid->next = hybrid->end;
  } else {
    hybrid->packed_left = group_count * GROUP_COUNT;
    hybrid->next += group_count * hybrid->width;
  }
  return hybrid->packed_left > 0;
}

static bool begin_run(struct eagre_parquet_hybrid *hybrid, uint64_t count) {
  size_t size = (hybrid->width + 7) / 8;
  if (count == 0 || size > (size_t)(hybrid->end - hybrid->next)) return false;
  uint64_t mask = (UINT64_C(1) << hybrid->width) - 1;
  uint64_t value = 0;
  memcpy(&value, hybrid->next, size);
  hybrid->run_value = (uint32_t)(le64toh(value) & mask);
  hybrid->run_left = count;
  hybrid->next += size;
  return true;
}

/* Makes sure that there is a value; false at the end and when the bytes make no sense. */
static bool begin_stretch(struct eagre_parquet_hybrid *hybrid) {
  if (hybrid->run_left > 0 || hybrid->packed_left > 0) return true;
  uint64_t header;
  if (!eagre_parquet_varint_read(&hybrid->next, hybrid->end, &header)) return false;
  return header & 1 ? begin_packed(hybrid, header >> 1) : begin_run(hybrid, header >> 1);
}

static uint32_t take(uint64_t *left, uint32_t count) {
  uint32_t taken = *left < count ? (uint32_t)*left : count;
  *left -= taken;
  return taken;
}

/* How many of the stretch's values, up to `count`, are the next; they are packed, from index
 * `*out_first` on, unless `*out_is_run`. 0: there are none. */
static uint32_t take_stretch(struct eagre_parquet_hybrid *hybrid, uint32_t count, bool *out_is_run,
                             uint64_t *out_first) {
  if (!begin_stretch(hybrid)) return 0;
  *out_is_run = hybrid->run_left > 0;
  if (*out_is_run) return take(&hybrid->run_left, count);
  uint32_t taken = take(&hybrid->packed_left, count);
  *out_first = hybrid->packed_next;
  hybrid->packed_next += taken;
  return taken;
}

/* ---- Reading -------------------------------------------------------------------------------- */

bool eagre_parquet_hybrid_read(struct eagre_parquet_hybrid *hybrid, uint32_t *out, uint32_t count) {
  bool is_run = false;
  uint64_t first = 0;
  while (count > 0) {
    uint32_t taken = take_stretch(hybrid, count, &is_run, &first);
    if (taken == 0) return false;
    if (is_run) {
      for (uint32_t i = 0; i < taken; i++) {
        out[i] = hybrid->run_value;
      }
    } else {
      unpack(hybrid->packed, first, taken, hybrid->width, out);
    }
    out += taken;
    count -= taken;
  }
  return true;
}

static void unpack_bytes(const uint8_t *packed, uint64_t first, uint32_t count, unsigned width,
                         uint8_t *out) {
  uint32_t words[PIECE_COUNT];
  for (uint32_t done = 0; done < count; done += PIECE_COUNT) {
    uint32_t piece = count - done < PIECE_COUNT ? count - done : PIECE_COUNT;
    unpack(packed, first + done, piece, width, words);
    for (uint32_t i = 0; i < piece; i++) {
      out[done + i] = (uint8_t)words[i];
    }
  }
}

bool eagre_parquet_hybrid_read_bytes(struct eagre_parquet_hybrid *hybrid, uint8_t *out,
                                     uint32_t count) {
  eagre_assert(hybrid->width <= 8);
  bool is_run = false;
  uint64_t first = 0;
  while (count > 0) {
    uint32_t taken = take_stretch(hybrid, count, &is_run, &first);
    if (taken == 0) return false;
    if (is_run) {
      memset(out, (int)hybrid->run_value, taken);
    } else {
      unpack_bytes(hybrid->packed, first, taken, hybrid->width, out);
    }
    out += taken;
    count -= taken;
  }
  return true;
}

bool eagre_parquet_hybrid_read_bits(struct eagre_parquet_hybrid *hybrid, uint8_t *bits,
                                    uint32_t begin, uint32_t count) {
  eagre_assert(hybrid->width == 1);
  bool is_run = false;
  uint64_t first = 0;
  while (count > 0) {
    uint32_t taken = take_stretch(hybrid, count, &is_run, &first);
    if (taken == 0) return false;
    if (is_run) {
      eagre_bits_put_range(bits, begin, taken, hybrid->run_value != 0);
    } else {
      eagre_bits_copy(bits, begin, hybrid->packed, first, taken);
    }
    begin += taken;
    count -= taken;
  }
  return true;
}
