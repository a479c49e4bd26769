/* Splitting a buffer into lines, 64 bytes at a time. The same look at the bytes says whether all
 * are ASCII, so that nobody has to look for broken UTF-8 afterwards. */
#include "json/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BLOCK_SIZE = 64 };

/* ---- Blocks ---------------------------------------------------------------------------------- */

struct block {
  uint64_t breaks; /* a bit for every \n and \r, the first byte's is the lowest */
  bool is_ascii;
};

#ifdef __SSE2__

static struct block look_at(const char *bytes) {
  const __m128i newline = _mm_set1_epi8('\n');
  const __m128i carriage_return = _mm_set1_epi8('\r');
  struct block block = {0};
  __m128i all = _mm_setzero_si128();
  for (int i = 0; i < BLOCK_SIZE; i += 16) {
    __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(bytes + i));
    __m128i found =
        _mm_or_si128(_mm_cmpeq_epi8(part, newline), _mm_cmpeq_epi8(part, carriage_return));
    block.breaks |= (uint64_t)(uint32_t)_mm_movemask_epi8(found) << i;
    all = _mm_or_si128(all, part);
  }
  block.is_ascii = _mm_movemask_epi8(all) == 0;
  return block;
}

#else

static struct block look_at(const char *bytes) {
  struct block block = {.is_ascii = true};
  for (int i = 0; i < BLOCK_SIZE; i++) {
    bool is_break = bytes[i] == '\n' || bytes[i] == '\r';
    block.breaks |= (uint64_t)is_break << i;
    block.is_ascii = block.is_ascii && (unsigned char)bytes[i] < 0x80;
  }
  return block;
}

#endif

/* The bytes at `at`; where fewer than a block are left, zeros stand behind them. */
static struct block look(const char *at, const char *end) {
  char rest[BLOCK_SIZE] = {0};
  if (end - at >= BLOCK_SIZE) return look_at(at);
  memcpy(rest, at, (size_t)(end - at));
  return look_at(rest);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

struct splitter {
  const char *begin; /* of the next line */
  const char *end;
  bool is_last;
  struct eagre_text *lines;
  uint32_t count;
  uint32_t count_max;
};

/* Ends a line at a break. False when there is no more to be done: a \r at the end may be the first
 * half of a \r\n, or there are lines enough. */
static bool end_line(struct splitter *self, const char *at) {
  if (at < self->begin) return true; /* the \n of a \r\n */
  bool is_return = *at == '\r';
  bool is_half = is_return && at + 1 == self->end && !self->is_last;
  if (is_half) return false;
  bool is_pair = is_return && at + 1 < self->end && at[1] == '\n';
  self->lines[self->count++] = eagre_text_make(self->begin, (size_t)(at - self->begin));
  self->begin = at + (is_pair ? 2 : 1);
  return self->count < self->count_max;
}

static bool end_lines(struct splitter *self, const char *block, uint64_t breaks) {
  for (; breaks != 0; breaks &= breaks - 1) {
    if (!end_line(self, block + __builtin_ctzll(breaks))) return false;
  }
  return true;
}

uint32_t eagre_json_split_lines(const char *data, size_t size, bool is_last,
                                struct eagre_text *out_lines, uint32_t line_count_max,
                                size_t *out_consumed, bool *out_is_ascii) {
  struct splitter self = {.begin = data,
                          .end = data + size,
                          .is_last = is_last,
                          .lines = out_lines,
                          .count_max = line_count_max};
  bool goes_on = line_count_max > 0;
  *out_is_ascii = true;
  for (const char *at = data; goes_on && at < self.end; at += BLOCK_SIZE) {
    struct block block = look(at, self.end);
    *out_is_ascii = *out_is_ascii && block.is_ascii;
    goes_on = end_lines(&self, at, block.breaks);
  }
  if (goes_on && is_last && self.begin < self.end) {
    out_lines[self.count++] = eagre_text_make(self.begin, (size_t)(self.end - self.begin));
    self.begin = self.end;
  }
  *out_consumed = (size_t)(self.begin - data);
  return self.count;
}
