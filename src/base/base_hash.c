/* The 64-bit hash and the checksums.
 *
 * The hash folds input with multiply-and-mix: the 128-bit product of two 64-bit words, its halves
 * XORed. Every word is first XORed with a constant or with the running state, so that no input byte
 * pattern but one in 2^64 makes a factor zero. Input is read little-endian, in words that may
 * overlap, so that a key of 4..16 bytes costs two loads and no loop:
 *
 *   0 bytes      words 0, 0
 *   1..3         first, middle and last byte in one word
 *   4..7         two overlapping 32-bit words
 *   8..16        two overlapping 64-bit words
 *   17 and more  blocks of 16 bytes are folded into the state (four independent lanes from 64
 *                bytes on), the last 16 bytes, which may overlap the last block, end it
 *
 * The length enters the end, so that equal words of different lengths differ. Values are part of
 * the state format: they must never change (test_hash.c pins them). */
#include "base/base_hash.h"

#include <endian.h>
#include <libdeflate.h>
#include <string.h>

/* The fractional digits of pi: constants with nothing up the sleeve. */
static const uint64_t digits[] = {
    0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89,
    0x452821e638d01377, 0xbe5466cf34e90c6c, 0xc0ac29b7c97c50dd, 0x3f84d5b5b5470917,
};

static inline uint64_t read_word(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return le64toh(word);
}

static inline uint64_t read_half(const uint8_t *bytes) {
  uint32_t half;
  memcpy(&half, bytes, sizeof half);
  return le32toh(half);
}

static inline uint64_t multiply_mix(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t fold_block(const uint8_t *bytes, uint64_t digit, uint64_t state) {
  return multiply_mix(read_word(bytes) ^ digit, read_word(bytes + 8) ^ state);
}

/* The last words of at most 16 bytes and the state become the hash. */
static inline uint64_t finish_hash(uint64_t first, uint64_t second, size_t size, uint64_t state) {
  unsigned __int128 product = (unsigned __int128)(first ^ digits[1]) * (second ^ state);
  uint64_t low = (uint64_t)product ^ digits[2];
  uint64_t high = (uint64_t)(product >> 64) ^ digits[3] ^ size;
  return multiply_mix(low, high);
}

static uint64_t hash_long(const uint8_t *bytes, size_t size, uint64_t state) {
  size_t left = size;
  if (left > 64) {
    uint64_t lanes[4] = {state, state, state, state};
    do {
      for (int i = 0; i < 4; i++) {
        lanes[i] = fold_block(bytes + 16 * i, digits[4 + i], lanes[i]);
      }
      bytes += 64;
      left -= 64;
    } while (left > 64);
    state =
        multiply_mix(lanes[0] ^ digits[4], lanes[1]) ^ multiply_mix(lanes[2] ^ digits[5], lanes[3]);
  }
  while (left > 16) {
    state = fold_block(bytes, digits[4], state);
    bytes += 16;
    left -= 16;
  }
  return finish_hash(read_word(bytes + left - 16), read_word(bytes + left - 8), size, state);
}

uint64_t eagre_hash_bytes(const void *data, size_t size, uint64_t seed) {
  const uint8_t *bytes = data;
  uint64_t state = multiply_mix(seed ^ digits[0], digits[5]);
  if (size > 16) return hash_long(bytes, size, state);
  if (size >= 8) {
    return finish_hash(read_word(bytes), read_word(bytes + size - 8), size, state);
  }
  if (size >= 4) {
    return finish_hash(read_half(bytes), read_half(bytes + size - 4), size, state);
  }
  if (size == 0) return finish_hash(0, 0, 0, state);
  uint64_t three = (uint64_t)bytes[0] << 16 | (uint64_t)bytes[size / 2] << 8 | bytes[size - 1];
  return finish_hash(three, 0, size, state);
}

uint32_t eagre_crc32(uint32_t crc, const void *data, size_t size) {
  /* libdeflate reads NULL as a request for the initial value. */
  return size == 0 ? crc : libdeflate_crc32(crc, data, size);
}
