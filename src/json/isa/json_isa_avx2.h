/* The primitives of json_fast.h over AVX2: 32 bytes at a time.
 *
 * A search begins at or before the end of the text (find_space_stop and match_literal: at most 32
 * bytes behind it) and reads at most 64 bytes behind that end. */
#pragma once

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define EAGRE_JSON_IMPLEMENTATION eagre_json_implementation_avx2
#define EAGRE_JSON_IMPLEMENTATION_NAME "avx2"

static inline __m256i load_block(const char *at) {
  return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

/* Whether the bytes at `at` are those of `literal` (aligned to 32) that `mask` names. */
static inline bool match_literal(const char *at, const char *literal, uint32_t mask) {
  __m256i expected = _mm256_load_si256((const __m256i *)(const void *)literal);
  uint32_t equal = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(load_block(at), expected));
  return (mask & ~equal) == 0;
}

/* The bytes of a block that a string cannot simply contain. */
static inline uint32_t find_stops(const char *at) {
  __m256i block = load_block(at);
  /* Exchanging 0x20 and 0x22 puts the quote right above the control characters; in signed order the
   * bytes beyond ASCII are below them. */
  __m256i limit = _mm256_set1_epi8(0x21);
  /* Hidden from gcc, which would make a minimum and a test for equality of the comparison: two
   * steps to wait for instead of one. */
  __asm__("" : "+x"(limit));
  __m256i low = _mm256_cmpgt_epi8(limit, _mm256_xor_si256(block, _mm256_set1_epi8(2)));
  __m256i stops = _mm256_or_si256(low, _mm256_cmpeq_epi8(block, _mm256_set1_epi8('\\')));
  return (uint32_t)_mm256_movemask_epi8(stops);
}

/* The first byte at or behind `at` that a string cannot simply contain: a quote, a backslash, a
 * control character or a byte beyond ASCII. Without one the result is `end`. */
static inline const char *find_string_stop(const char *at, const char *end) {
  do {
    uint32_t mask = find_stops(at);
    if (mask != 0) return at + __builtin_ctz(mask);
    at += 32;
  } while (at < end);
  return end;
}

/* The same, looking at 64 bytes at once: more work than for a short string, but the processor need
 * not guess on which side of 32 bytes it ends. `at` must not be behind `end`. */
static inline const char *find_string_stop_wide(const char *at, const char *end) {
  uint64_t mask = (uint64_t)find_stops(at + 32) << 32 | find_stops(at);
  if (__builtin_expect(mask != 0, 1)) return at + __builtin_ctzll(mask);
  return at + 64 < end ? find_string_stop(at + 64, end) : end;
}

/* The first byte at or behind `at` that a string beyond ASCII cannot simply contain: a quote, a
 * backslash or a control character. */
static inline const char *find_string_stop_high(const char *at, const char *end) {
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i backslash = _mm256_set1_epi8('\\');
  const __m256i control = _mm256_set1_epi8(0x1f);
  do {
    __m256i block = load_block(at);
    __m256i stops =
        _mm256_or_si256(_mm256_cmpeq_epi8(block, quote), _mm256_cmpeq_epi8(block, backslash));
    stops = _mm256_or_si256(stops, _mm256_cmpeq_epi8(_mm256_min_epu8(block, control), block));
    uint32_t mask = (uint32_t)_mm256_movemask_epi8(stops);
    if (mask != 0) return at + __builtin_ctz(mask);
    at += 32;
  } while (at < end);
  return end;
}

/* The first byte at or behind `at` that is no JSON white space; without one `end`. */
static inline const char *find_space_stop(const char *at, const char *end) {
  const __m256i spaces =
      _mm256_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0, ' ', 0, 0, 0, 0,
                       0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0);
  do {
    __m256i block = load_block(at);
    /* A byte is white space when the table holds it at the place its low bits name. */
    __m256i found = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(spaces, block), block);
    uint32_t mask = ~(uint32_t)_mm256_movemask_epi8(found);
    if (mask != 0) return at + __builtin_ctz(mask);
    at += 32;
  } while (at < end);
  return end;
}
