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
