/* Bitmaps, a 64-bit word at a time. */
#include "base/base_bits.h"

/* Ones for the bits of the last, partly used word of `count` bits; 0 when no word is partly used.
 */
static uint64_t make_tail_mask(size_t count) {
  return (UINT64_C(1) << (count & 63)) - 1;
}

size_t eagre_bits_count(const uint8_t *bits, size_t count) {
  size_t ones = 0;
  size_t word_count = count / 64;
  for (size_t i = 0; i < word_count; i++) {
    ones += (size_t)__builtin_popcountll(eagre_bits_word(bits, i));
  }
  if (count % 64 != 0) {
    uint64_t last = eagre_bits_word(bits, word_count) & make_tail_mask(count);
    ones += (size_t)__builtin_popcountll(last);
  }
  return ones;
}

void eagre_bits_fill(uint8_t *bits, size_t count, bool value) {
  memset(bits, value ? 0xff : 0, eagre_bits_size(count));
}

void eagre_bits_and(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t count) {
  if (a == NULL || b == NULL) {
    const uint8_t *only = a == NULL ? b : a;
    if (only == NULL) {
      eagre_bits_fill(out, count, true);
    } else if (only != out) {
      memcpy(out, only, eagre_bits_size(count));
    }
    return;
  }
  for (size_t i = 0; i < eagre_bits_size(count); i += 8) {
    uint64_t word = eagre_bits_word(a, i / 8) & eagre_bits_word(b, i / 8);
    memcpy(out + i, &word, sizeof word);
  }
}

/* 64 bits from `index` on; reads up to 9 bytes. */
static uint64_t read_bits(const uint8_t *bits, size_t index) {
  uint64_t low;
  memcpy(&low, bits + index / 8, sizeof low);
  unsigned shift = index & 7;
  if (shift == 0) return low;
  return low >> shift | (uint64_t)bits[index / 8 + 8] << (64 - shift);
}

/* Puts the low `count` (1..64) bits of `value` at `index`; they must not cross a word. */
static void write_bits(uint8_t *bits, size_t index, size_t count, uint64_t value) {
  uint64_t mask = (count == 64 ? UINT64_MAX : make_tail_mask(count)) << (index & 63);
  uint64_t word = eagre_bits_word(bits, index / 64);
  word = (word & ~mask) | (value << (index & 63) & mask);
  memcpy(bits + index / 64 * 8, &word, sizeof word);
}

/* How many of `count` bits from `index` on lie in the word of `index`. */
static size_t count_in_word(size_t index, size_t count) {
  size_t room = 64 - (index & 63);
  return count < room ? count : room;
}

void eagre_bits_put_range(uint8_t *bits, size_t begin, size_t count, bool value) {
  while (count > 0) {
    size_t step = count_in_word(begin, count);
    write_bits(bits, begin, step, value ? UINT64_MAX : 0);
    begin += step;
    count -= step;
  }
}

void eagre_bits_copy(uint8_t *out, size_t out_begin, const uint8_t *from, size_t from_begin,
                     size_t count) {
  while (count > 0) {
    size_t step = count_in_word(out_begin, count);
    write_bits(out, out_begin, step, read_bits(from, from_begin));
    out_begin += step;
    from_begin += step;
    count -= step;
  }
}
