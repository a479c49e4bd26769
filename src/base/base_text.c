/* Texts: comparisons of identifiers and the nearest spelling. */
#include "base/base_text.h"

#include "base/base_assert.h"

enum { NEAREST_SIZE_MAX = 128 }; /* longer names get no suggestion */

static unsigned char fold_case(char character) {
  unsigned char byte = (unsigned char)character;
  return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + 32) : byte;
}

bool eagre_text_equal_ignoring_case(struct eagre_text a, struct eagre_text b) {
  if (a.size != b.size) return false;
  for (size_t i = 0; i < a.size; i++) {
    if (fold_case(a.data[i]) != fold_case(b.data[i])) return false;
  }
  return true;
}

bool eagre_text_starts_with(struct eagre_text text, struct eagre_text prefix) {
  if (prefix.size == 0) return true;
  return text.size >= prefix.size && memcmp(text.data, prefix.data, prefix.size) == 0;
}

bool eagre_text_ends_with(struct eagre_text text, struct eagre_text suffix) {
  if (suffix.size == 0) return true;
  return text.size >= suffix.size &&
         memcmp(text.data + text.size - suffix.size, suffix.data, suffix.size) == 0;
}

static bool is_trimmed(char character) {
  unsigned char byte = (unsigned char)character;
  return byte <= 0x20 || byte == 0x7f;
}

struct eagre_text eagre_text_trim(struct eagre_text text) {
  while (text.size > 0 && is_trimmed(text.data[text.size - 1])) {
    text.size--;
  }
  while (text.size > 0 && is_trimmed(text.data[0])) {
    text.data++;
    text.size--;
  }
  return text;
}

static size_t find_smallest(size_t a, size_t b, size_t c) {
  size_t smaller = a < b ? a : b;
  return smaller < c ? smaller : c;
}

/* Levenshtein's distance by the usual single row of the table. */
static size_t measure_distance(struct eagre_text a, struct eagre_text b) {
  size_t row[NEAREST_SIZE_MAX + 1];
  eagre_assert(b.size <= NEAREST_SIZE_MAX);
  for (size_t j = 0; j <= b.size; j++) {
    row[j] = j;
  }
  for (size_t i = 0; i < a.size; i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size; j++) {
      size_t replaced = diagonal + (fold_case(a.data[i]) != fold_case(b.data[j]));
      diagonal = row[j + 1];
      row[j + 1] = find_smallest(replaced, row[j] + 1, row[j + 1] + 1);
    }
  }
  return row[b.size];
}

const char *eagre_text_nearest(struct eagre_text text, const char *const *candidates,
                               size_t candidate_count) {
  const char *nearest = NULL;
  if (text.size > NEAREST_SIZE_MAX) return NULL;
  size_t best = text.size / 3 + 1; /* a candidate must come nearer than this */
  for (size_t i = 0; i < candidate_count; i++) {
    struct eagre_text candidate = eagre_text_of(candidates[i]);
    if (candidate.size > NEAREST_SIZE_MAX) continue;
    size_t distance = measure_distance(text, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidates[i];
    }
  }
  return nearest;
}
