/* Bitmaps in Arrow's order: bit i is bit (i % 8) of byte (i / 8). Bits past the end of the rows
 * have no meaning. Bitmaps are allocated with `eagre_arena_allocate_vector`, so whole 64-bit words
 * may be read and written past the last row. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool eagre_bit_get(const uint8_t *bits, size_t index) {
  return (bits[index >> 3] >> (index & 7)) & 1;
}

static inline void eagre_bit_set(uint8_t *bits, size_t index) {
  bits[index >> 3] |= (uint8_t)(1u << (index & 7));
}

static inline void eagre_bit_clear(uint8_t *bits, size_t index) {
  bits[index >> 3] &= (uint8_t) ~(1u << (index & 7));
}

static inline void eagre_bit_put(uint8_t *bits, size_t index, bool value) {
  uint8_t mask = (uint8_t)(1u << (index & 7));
  bits[index >> 3] = (uint8_t)((bits[index >> 3] & ~mask) | (value ? mask : 0));
}

/* Bytes of a bitmap of `count` bits, rounded up to whole 64-bit words. */
static inline size_t eagre_bits_size(size_t count) {
  return (count + 63) / 64 * 8;
}

static inline uint64_t eagre_bits_word(const uint8_t *bits, size_t word) {
  uint64_t value;
  memcpy(&value, bits + word * 8, sizeof value);
  return value;
}

/* Number of ones among the first `count` bits. */
size_t eagre_bits_count(const uint8_t *bits, size_t count);
/* Sets the first `count` bits to `value` (whole words are written). */
void eagre_bits_fill(uint8_t *bits, size_t count, bool value);
/* out = a AND b over `count` bits; NULL stands for all ones; `out` may be `a` or `b`. */
void eagre_bits_and(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t count);
/* Writes `value` to the bits [begin, begin + count); the others keep theirs. */
void eagre_bits_put_range(uint8_t *bits, size_t begin, size_t count, bool value);
/* Copies `count` bits of `from`, beginning at `from_begin`, to `out` at `out_begin`; the other bits
 * of `out` keep theirs. The bitmaps do not overlap. */
void eagre_bits_copy(uint8_t *out, size_t out_begin, const uint8_t *from, size_t from_begin,
                     size_t count);
