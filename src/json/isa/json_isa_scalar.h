/* The primitives of json_fast.h in portable C: 8 bytes at a time, little endian as all we run on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EAGRE_JSON_IMPLEMENTATION eagre_json_implementation_scalar
#define EAGRE_JSON_IMPLEMENTATION_NAME "scalar"

static inline uint64_t load_word_of(const char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

/* 0x80 in every byte of `word` that is zero; bytes above the first one found may be wrong. */
static inline uint64_t find_zero_bytes(uint64_t word) {
  return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

/* Whether the bytes at `at` are those of `literal` that `mask` names: its first ones. */
static inline bool match_literal(const char *at, const char *literal, uint32_t mask) {
  while (mask > 0xff) {
    if (load_word_of(at) != load_word_of(literal)) return false;
    at += 8;
    literal += 8;
    mask >>= 8;
  }
  if (mask == 0) return true;
  int unused_bits = (__builtin_clz(mask) - 24) * 8;
  return (load_word_of(at) ^ load_word_of(literal)) << unused_bits == 0;
}

/* The first byte at or behind `at` that a string cannot simply contain: a quote, a backslash, a
 * control character or a byte beyond ASCII. Without one the result is `end`. */
static inline const char *find_string_stop(const char *at, const char *end) {
  const uint64_t ones = UINT64_C(0x0101010101010101);
  const uint64_t highs = UINT64_C(0x8080808080808080);
  do {
    uint64_t word = load_word_of(at);
    uint64_t quotes = find_zero_bytes(word ^ ones * '"');
    uint64_t backslashes = find_zero_bytes(word ^ ones * '\\');
    uint64_t controls = (word - ones * 0x20) & ~word & highs;
    uint64_t stops = quotes | backslashes | controls | (word & highs);
    if (stops != 0) return at + (__builtin_ctzll(stops) >> 3);
    at += 8;
  } while (at < end);
  return end;
}

/* The same; only vector units gain from looking at more at once. */
static inline const char *find_string_stop_wide(const char *at, const char *end) {
  return find_string_stop(at, end);
}

/* The first byte at or behind `at` that a string beyond ASCII cannot simply contain: a quote, a
 * backslash or a control character. */
static inline const char *find_string_stop_high(const char *at, const char *end) {
  while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
    at++;
  return at;
}

/* The first byte at or behind `at` that is no JSON white space; without one `end`. */
static inline const char *find_space_stop(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
    at++;
  return at;
}
