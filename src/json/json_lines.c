/* Splitting a buffer into lines, 64 bytes at a time. The same look at the bytes says whether all
 * are ASCII, so that nobody has to look for broken UTF-8 afterwards.
 *
 * Breaks are marked for some blocks ahead, without a branch on where they are: how long lines are
 * cannot be foretold, and a wrong guess per line would cost more than all the looking. */
#include "json/json.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum {
  BLOCK_SIZE = 64,
  WINDOW_SIZE = 4096, /* bytes that are marked at once */
};

/* ---- Blocks ---------------------------------------------------------------------------------- */

struct block {
  uint64_t breaks; /* a bit for every \n and \r, the first byte's is the lowest */
  bool is_ascii;
};

/* Where the breaks of a window are. */
struct marks {
  uint16_t offsets[WINDOW_SIZE + 1]; /* the last one is written and never counted */
  uint32_t count;
  bool are_ascii; /* the bytes of all blocks so far */
};

/* The first break of a block is written whether there is one or not. */
static inline void add_block(struct marks *marks, uint32_t offset, struct block block) {
  const uint64_t last = (uint64_t)1 << (BLOCK_SIZE - 1); /* where there is none */
  uint16_t *next = marks->offsets + marks->count;
  *next++ = (uint16_t)(offset + (uint32_t)__builtin_ctzll(block.breaks | last));
  for (uint64_t left = block.breaks & (block.breaks - 1); left != 0; left &= left - 1) {
    *next++ = (uint16_t)(offset + (uint32_t)__builtin_ctzll(left));
  }
  marks->count += (uint32_t)__builtin_popcountll(block.breaks);
  marks->are_ascii = marks->are_ascii && block.is_ascii;
}

#ifdef __x86_64__

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

/* `size` is a multiple of BLOCK_SIZE, as below. */
static void mark_blocks(struct marks *marks, const char *bytes, uint32_t size) {
  for (uint32_t offset = 0; offset < size; offset += BLOCK_SIZE) {
    add_block(marks, offset, look_at(bytes + offset));
  }
}

#ifdef __x86_64__

#define WIDE_TARGET __attribute__((target("avx2,bmi,popcnt")))

/* A bit for every byte that is a break: those that the table has for their own lower half. Bytes
 * beyond ASCII are looked up as 0. */
WIDE_TARGET static inline uint32_t find_wide_breaks(__m256i part) {
  const __m256i table = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, '\n', -1, -1, '\r', -1, -1));
  __m256i found = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, part), part);
  return (uint32_t)_mm256_movemask_epi8(found);
}

WIDE_TARGET static void mark_wide_blocks(struct marks *marks, const char *bytes, uint32_t size) {
  for (uint32_t offset = 0; offset < size; offset += BLOCK_SIZE) {
    const __m256i *parts = (const __m256i *)(const void *)(bytes + offset);
    __m256i low = _mm256_loadu_si256(parts);
    __m256i high = _mm256_loadu_si256(parts + 1);
    struct block block = {
        .breaks = find_wide_breaks(low) | (uint64_t)find_wide_breaks(high) << 32,
        .is_ascii = _mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0,
    };
    add_block(marks, offset, block);
  }
}

#else

#define mark_wide_blocks mark_blocks

#endif

/* The breaks of the window at `at`, which ends at `end` at the latest. Where fewer bytes than a
 * block are left, zeros stand behind them. */
static void mark_window(struct marks *marks, const char *at, const char *end) {
  size_t size = (size_t)(end - at) < WINDOW_SIZE ? (size_t)(end - at) : WINDOW_SIZE;
  uint32_t whole = (uint32_t)(size / BLOCK_SIZE * BLOCK_SIZE);
  char rest[BLOCK_SIZE] = {0};
  marks->count = 0;
  marks->are_ascii = true;
  if (eagre_cpu_has_avx2()) {
    mark_wide_blocks(marks, at, whole);
  } else {
    mark_blocks(marks, at, whole);
  }
  if (whole == size) return;
  memcpy(rest, at + whole, size - whole);
  add_block(marks, whole, look_at(rest));
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

static bool end_lines(struct splitter *self, const char *window, const struct marks *marks) {
  for (uint32_t i = 0; i < marks->count; i++) {
    if (!end_line(self, window + marks->offsets[i])) return false;
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
  for (const char *at = data; goes_on && at < self.end; at += WINDOW_SIZE) {
    struct marks marks; /* not zeroed: only what is counted is read */
    mark_window(&marks, at, self.end);
    *out_is_ascii = *out_is_ascii && marks.are_ascii;
    goes_on = end_lines(&self, at, &marks);
  }
  if (goes_on && is_last && self.begin < self.end) {
    out_lines[self.count++] = eagre_text_make(self.begin, (size_t)(self.end - self.begin));
    self.begin = self.end;
  }
  *out_consumed = (size_t)(self.begin - data);
  return self.count;
}
