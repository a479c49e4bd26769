/* A borrowed piece of bytes: not terminated, not owned. This is also the element of every STRING
 * and BINARY column, so that strings point into the fetch buffer (docs/decisions/0003). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct eagre_text {
  const char *data; /* may be NULL only when size is 0 */
  size_t size;      /* bytes */
};

/* A text over a string literal or array of known size. */
#define EAGRE_TEXT(literal) ((struct eagre_text){(literal), sizeof(literal) - 1})

static inline struct eagre_text eagre_text_of(const char *string) {
  return (struct eagre_text){string, string == NULL ? 0 : strlen(string)};
}

static inline struct eagre_text eagre_text_make(const char *data, size_t size) {
  return (struct eagre_text){data, size};
}

static inline bool eagre_text_equal(struct eagre_text a, struct eagre_text b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool eagre_text_equal_string(struct eagre_text a, const char *b) {
  return eagre_text_equal(a, eagre_text_of(b));
}

/* Order by unsigned bytes, as Spark's UTF8_BINARY: negative, zero or positive. */
static inline int eagre_text_compare(struct eagre_text a, struct eagre_text b) {
  size_t common = a.size < b.size ? a.size : b.size;
  int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
  if (order != 0) return order;
  return (a.size > b.size) - (a.size < b.size);
}

/* Equality ignoring the case of ASCII letters: identifiers, option names, keywords. */
bool eagre_text_equal_ignoring_case(struct eagre_text a, struct eagre_text b);

bool eagre_text_starts_with(struct eagre_text text, struct eagre_text prefix);
bool eagre_text_ends_with(struct eagre_text text, struct eagre_text suffix);

/* Without ASCII white space and control characters (bytes <= 0x20 and 0x7f) at both ends. */
struct eagre_text eagre_text_trim(struct eagre_text text);

/* The spelling of `candidates` nearest to `text` (edit distance at most a third of its length),
 * or NULL: for "did you mean". Case is ignored. */
const char *eagre_text_nearest(struct eagre_text text, const char *const *candidates,
                               size_t candidate_count);
