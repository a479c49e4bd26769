/* Texts as two words, so that most of them are compared and hashed without a loop and without a
 * branch on their size, which costs more than all the rest where sizes come in any order. */
#pragma once

#include <stdint.h>

#include "base/base_text.h"

enum { EAGRE_TEXT_WORDS_SIZE_MAX = 16 };

struct eagre_text_words {
  uint64_t first;
  uint64_t last;
};

/* Both words are read whole and masked. What is read behind the text is on its page, so that it can
 * be read, and is thrown away; that is more than the sanitizers know. */
__attribute__((no_sanitize("address", "thread"))) static inline struct eagre_text_words
eagre_text_words_read_masked(const char *data, size_t size) {
  typedef uint64_t __attribute__((aligned(1), may_alias)) loose_word;
  const loose_word *words = (const loose_word *)data;
  static const uint64_t ones[] = {UINT64_MAX, UINT64_MAX, 0, 0};
  const loose_word *mask =
      (const loose_word *)((const char *)ones + (EAGRE_TEXT_WORDS_SIZE_MAX - size));
  return (struct eagre_text_words){words[0] & mask[0], words[1] & mask[1]};
}

/* Of a text of at most EAGRE_TEXT_WORDS_SIZE_MAX bytes: the bytes, zeros behind them. With its size
 * they say all of it. */
static inline struct eagre_text_words eagre_text_words_make(struct eagre_text text) {
  enum { PAGE_SIZE_MIN = 4096 }; /* of memory: no machine has smaller ones */
  size_t place = (uintptr_t)text.data % PAGE_SIZE_MIN;
  if (text.size > 0 && place <= PAGE_SIZE_MIN - EAGRE_TEXT_WORDS_SIZE_MAX)
    return eagre_text_words_read_masked(text.data, text.size);
  char bytes[EAGRE_TEXT_WORDS_SIZE_MAX] = {0};
  if (text.size > 0) memcpy(bytes, text.data, text.size);
  return eagre_text_words_read_masked(bytes, text.size);
}

/* Never leaves the process, so that it need not be `eagre_hash_bytes`. */
static inline uint32_t eagre_text_words_hash(struct eagre_text_words words, size_t size) {
  unsigned __int128 product = (unsigned __int128)(words.first ^ 0x9e3779b97f4a7c15u ^ size) *
                              (words.last ^ 0xbf58476d1ce4e5b9u);
  return (uint32_t)((uint64_t)product ^ (uint64_t)(product >> 64));
}
