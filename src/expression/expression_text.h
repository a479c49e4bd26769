/* Code points of UTF-8 texts, as Spark's UTF8String counts them: a text need not be valid, the
 * first byte of a code point says how many bytes belong to it. */
#pragma once

#include "expression/expression_kernel.h"

/* Bytes of the code point that begins with `first`, at least 1. */
static inline size_t eagre_code_point_size(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 1; /* not the first byte of anything */
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 1;
}

/* Number of code points. */
static inline size_t eagre_text_count(struct eagre_text text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size; count++) {
    at += eagre_code_point_size((unsigned char)text.data[at]);
  }
  return count;
}

/* The byte where code point `index` begins; the size of the text when there are fewer. */
static inline size_t eagre_text_offset(struct eagre_text text, size_t index) {
  size_t at = 0;
  while (index > 0 && at < text.size) {
    at += eagre_code_point_size((unsigned char)text.data[at]);
    index--;
  }
  return at < text.size ? at : text.size;
}

/* Code points [begin, end). */
static inline struct eagre_text eagre_text_slice(struct eagre_text text, int64_t begin,
                                                 int64_t end) {
  if (begin < 0) begin = 0;
  /* An empty text, as a NULL has it, may have no address to count from. */
  if (end <= begin || text.size == 0) return (struct eagre_text){text.data, 0};
  size_t from = eagre_text_offset(text, (size_t)begin);
  struct eagre_text rest = {text.data + from, text.size - from};
  return (struct eagre_text){rest.data, eagre_text_offset(rest, (size_t)(end - begin))};
}

static inline bool eagre_text_is_ascii(struct eagre_text text) {
  unsigned char all = 0;
  for (size_t i = 0; i < text.size; i++) {
    all |= (unsigned char)text.data[i];
  }
  return all < 0x80;
}

/* The byte where `what` begins at or after byte `from`, or -1. An empty text is found at `from`. */
static inline int64_t eagre_text_find(struct eagre_text text, struct eagre_text what, size_t from) {
  if (from > text.size || what.size > text.size - from) return -1;
  if (what.size == 0) return (int64_t)from;
  const char *found = memmem(text.data + from, text.size - from, what.data, what.size);
  return found == NULL ? -1 : found - text.data;
}

/* The last byte where `what` begins, at most `last`; -1 when there is none. */
int64_t eagre_text_find_last(struct eagre_text text, struct eagre_text what, int64_t last);

/* What substring() gives: `count` code points, or bytes, from `position`, which counts from 1, or
 * from the end when it is negative. Those in front of the text are lost. */
struct eagre_text eagre_text_cut(struct eagre_text text, int32_t position, int32_t count);
struct eagre_text eagre_bytes_cut(struct eagre_text bytes, int32_t position, int32_t count);

/* A text longer than this is not made: DATA COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION. */
enum { EAGRE_TEXT_SIZE_MAX = 1 << 26 };
enum eagre_status eagre_text_fail_size(struct eagre_kernel_call *call, uint32_t row);
