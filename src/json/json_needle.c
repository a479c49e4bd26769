/* Looking for a text in JSON before it is decoded, 32 bytes at a time: where its first and its last
 * byte stand as far apart as they should, the others are compared. */
#include <string.h>

#include "json/json.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* ---- One text -------------------------------------------------------------------------------- */

static bool may_hold(struct eagre_text json, struct eagre_text needle) {
  return memmem(json.data, json.size, needle.data, needle.size) != NULL ||
         memchr(json.data, '\\', json.size) != NULL;
}

#ifdef __x86_64__

#define WIDE_TARGET __attribute__((target("avx2,bmi")))

WIDE_TARGET static inline __m256i find_bytes(const char *at, char byte) {
  __m256i block = _mm256_loadu_si256((const __m256i *)(const void *)at);
  return _mm256_cmpeq_epi8(block, _mm256_set1_epi8(byte));
}

/* Whether the needle begins at one of the places of `mask`. */
WIDE_TARGET static bool is_at_any(const char *at, uint32_t mask, struct eagre_text needle) {
  for (; mask != 0; mask &= mask - 1) {
    if (memcmp(at + __builtin_ctz(mask), needle.data, needle.size) == 0) return true;
  }
  return false;
}

/* Looks at up to 63 bytes behind the text, too: what is found there only makes it be decoded. */
WIDE_TARGET static bool may_hold_wide(struct eagre_text json, struct eagre_text needle) {
  char first = needle.data[0];
  char last = needle.data[needle.size - 1];
  for (const char *at = json.data; at < json.data + json.size; at += 32) {
    __m256i backslashes = find_bytes(at, '\\');
    __m256i places =
        _mm256_and_si256(find_bytes(at, first), find_bytes(at + needle.size - 1, last));
    __m256i found = _mm256_or_si256(backslashes, places);
    if (__builtin_expect(_mm256_testz_si256(found, found), 1)) continue;
    if (_mm256_movemask_epi8(backslashes) != 0) return true;
    if (is_at_any(at, (uint32_t)_mm256_movemask_epi8(places), needle)) return true;
  }
  return false;
}

#else

#define may_hold_wide may_hold

#endif

/* ---- A column -------------------------------------------------------------------------------- */

void eagre_json_find_needle(struct eagre_text needle, const struct eagre_vector *texts,
                            uint32_t row_count, uint8_t *out_rows) {
  bool is_wide = eagre_cpu_has_avx2();
  const struct eagre_text *values = EAGRE_VALUES(const struct eagre_text, texts);
  eagre_assert(needle.size > 0);
  if (needle.size > EAGRE_JSON_NEEDLE_SIZE_MAX) needle.size = EAGRE_JSON_NEEDLE_SIZE_MAX;
  for (uint32_t row = 0; row < row_count; row++) {
    struct eagre_text json = values[eagre_vector_index(texts, row)];
    bool is_found = !eagre_vector_is_null(texts, row) &&
                    (is_wide ? may_hold_wide(json, needle) : may_hold(json, needle));
    eagre_bit_put(out_rows, row, is_found);
  }
}
