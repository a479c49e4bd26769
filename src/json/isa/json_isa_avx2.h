/* The primitives of json_fast.h over AVX2: 32 bytes at a time. Every load may reach 32 bytes behind
 * its pointer; the callers keep the pointer at most 32 bytes behind the end of the text. */
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

/* The first byte at or behind `at` that a string cannot simply contain: a quote, a backslash, a
 * control character or a byte beyond ASCII. When there is none before `end` the result is at or
 * behind `end`. */
static inline const char *find_string_stop(const char *at, const char *end) {
  const __m256i backslash = _mm256_set1_epi8('\\');
  const __m256i two = _mm256_set1_epi8(2);
  const __m256i limit = _mm256_set1_epi8(0x21);
  do {
    __m256i block = load_block(at);
    /* Exchanging 0x20 and 0x22 puts the quote right above the control characters; in signed order
     * the bytes beyond ASCII are below them. */
    __m256i low = _mm256_cmpgt_epi8(limit, _mm256_xor_si256(block, two));
    __m256i stops = _mm256_or_si256(low, _mm256_cmpeq_epi8(block, backslash));
    uint32_t mask = (uint32_t)_mm256_movemask_epi8(stops);
    if (mask != 0) return at + __builtin_ctz(mask);
    at += 32;
  } while (at < end);
  return at;
}

/* The first byte at or behind `at` that is no JSON white space, or something at or behind `end`. */
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
  return at;
}
