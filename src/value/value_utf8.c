/* UTF-8: checking, repairing, counting.
 *
 * Repair follows Java's decoder, because that is what Spark puts between bytes and JSON: an
 * invalid sequence becomes one U+FFFD for its longest beginning that could have been valid, with
 * two peculiarities: a surrogate (ED A0..BF xx) is one sequence of three bytes, and F5..F7 are
 * single bytes like F8..FF. */
#include "value/value.h"

static const char replacement[] = "\xef\xbf\xbd";

static bool is_continuation(unsigned char byte) {
  return (byte & 0xc0) == 0x80;
}

/* Bytes from `at` that are ASCII, counted in whole words. */
static const unsigned char *skip_ascii(const unsigned char *at, const unsigned char *end) {
  uint64_t words[4];
  while (end - at >= (ptrdiff_t)sizeof words) {
    memcpy(words, at, sizeof words);
    if ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080u) break;
    at += sizeof words;
  }
  while (end - at >= 8) {
    memcpy(words, at, 8);
    if (words[0] & 0x8080808080808080u) break;
    at += 8;
  }
  while (at < end && *at < 0x80) {
    at++;
  }
  return at;
}

/* What stands at `at`: the bytes to take, and whether they are one valid code point. */
struct sequence {
  unsigned size;
  bool is_valid;
};

static struct sequence read_two(const unsigned char *at, size_t left) {
  bool is_valid = left >= 2 && at[0] >= 0xc2 && is_continuation(at[1]);
  return (struct sequence){is_valid ? 2 : 1, is_valid};
}

static struct sequence read_three(const unsigned char *at, size_t left) {
  if (left < 2 || !is_continuation(at[1]) || (at[0] == 0xe0 && at[1] < 0xa0)) {
    return (struct sequence){1, false};
  }
  if (left < 3 || !is_continuation(at[2])) return (struct sequence){2, false};
  bool is_surrogate = at[0] == 0xed && at[1] >= 0xa0;
  return (struct sequence){3, !is_surrogate};
}

static struct sequence read_four(const unsigned char *at, size_t left) {
  if (at[0] > 0xf4 || left < 2 || !is_continuation(at[1]) || (at[0] == 0xf0 && at[1] < 0x90) ||
      (at[0] == 0xf4 && at[1] > 0x8f)) {
    return (struct sequence){1, false};
  }
  if (left < 3 || !is_continuation(at[2])) return (struct sequence){2, false};
  if (left < 4 || !is_continuation(at[3])) return (struct sequence){3, false};
  return (struct sequence){4, true};
}

/* `at[0]` is not ASCII. */
static struct sequence read_sequence(const unsigned char *at, const unsigned char *end) {
  size_t left = (size_t)(end - at);
  if (at[0] < 0xc0) return (struct sequence){1, false};
  if (at[0] < 0xe0) return read_two(at, left);
  if (at[0] < 0xf0) return read_three(at, left);
  return read_four(at, left);
}

size_t eagre_value_utf8_valid_size(struct eagre_text text) {
  if (text.size == 0) return 0;
  const unsigned char *at = (const unsigned char *)text.data;
  const unsigned char *end = at + text.size;
  for (;;) {
    at = skip_ascii(at, end);
    /* Text in other scripts has runs of long sequences: stay here while they last. */
    while (at < end && *at >= 0x80) {
      struct sequence sequence = read_sequence(at, end);
      if (!sequence.is_valid) return (size_t)(at - (const unsigned char *)text.data);
      at += sequence.size;
    }
    if (at == end) return text.size;
  }
}

bool eagre_value_utf8_is_valid(struct eagre_text text) {
  return eagre_value_utf8_valid_size(text) == text.size;
}

void eagre_value_utf8_repair(struct eagre_text text, struct eagre_buffer *out) {
  if (text.size == 0) return;
  const unsigned char *at = (const unsigned char *)text.data;
  const unsigned char *end = at + text.size;
  const unsigned char *kept = at; /* begin of the valid part not yet copied */
  while (at < end) {
    if (*at < 0x80) {
      at = skip_ascii(at, end);
      continue;
    }
    struct sequence sequence = read_sequence(at, end);
    if (!sequence.is_valid) {
      eagre_buffer_append(out, kept, (size_t)(at - kept));
      eagre_buffer_append(out, replacement, sizeof replacement - 1);
      kept = at + sequence.size;
    }
    at += sequence.size;
  }
  eagre_buffer_append(out, kept, (size_t)(at - kept));
}

size_t eagre_value_utf8_length(struct eagre_text text) {
  size_t continuation_count = 0;
  size_t i = 0;
  for (; i + 8 <= text.size; i += 8) {
    uint64_t word;
    memcpy(&word, text.data + i, sizeof word);
    /* Bit 7 set and bit 6 clear, moved to the lowest bit of each byte. */
    uint64_t is_set = (word >> 7) & ~(word >> 6) & 0x0101010101010101u;
    continuation_count += is_set * 0x0101010101010101u >> 56;
  }
  for (; i < text.size; i++) {
    continuation_count += is_continuation((unsigned char)text.data[i]);
  }
  return text.size - continuation_count;
}
