/* String tokens: from their raw content (as json_lexer.h gives it) to the text they mean.
 *
 * Invalid UTF-8 becomes U+FFFD and a lone surrogate escape '?', as Java decodes and encodes them.
 * Results are written in two passes, first counting, then into memory of exactly that size: what a
 * hostile message can make us hold is bounded by what it means, not by a guess. */
#pragma once

#include "base/base.h"

/* Where text goes. With `data` NULL bytes are only counted. */
struct eagre_json_output {
  char *data;
  size_t size;
};

static inline void eagre_json_put(struct eagre_json_output *output, const void *data, size_t size) {
  if (output->data != NULL && size > 0) memcpy(output->data + output->size, data, size);
  output->size += size;
}

static inline void eagre_json_put_char(struct eagre_json_output *output, char character) {
  if (output->data != NULL) output->data[output->size] = character;
  output->size++;
}

/* A raw string and what the tokenizer saw in it. */
struct eagre_json_string {
  struct eagre_text raw;
  bool has_escape;
  bool has_high; /* contains a byte >= 0x80 */
};

/* Whether the raw bytes are UTF-8. */
bool eagre_json_string_is_valid(struct eagre_json_string string);

/* Whether the text is its raw bytes: no escape, valid UTF-8. */
bool eagre_json_string_is_plain(struct eagre_json_string string);

/* Puts the text. False when it had a lone surrogate (written as '?'). */
bool eagre_json_string_decode(struct eagre_json_string string, struct eagre_json_output *output);

/* Puts the text as a JSON string literal with its quotes, escaped as Jackson writes UTF-8: short
 * escapes, other control characters as \u00XX, code points beyond the BMP and lone surrogates as
 * \uXXXX escapes in upper case, everything else raw. */
void eagre_json_string_render(struct eagre_json_string string, struct eagre_json_output *output);

/* Whether the text has at most `unit_count_max` UTF-16 units. */
bool eagre_json_string_fits(struct eagre_json_string string, uint32_t unit_count_max);

/* The text of a valid string: `raw` itself when that is it, else a copy in `arena`, which is no
 * longer. */
struct eagre_text eagre_json_string_unescape(struct eagre_json_string string,
                                             struct eagre_arena *arena);

/* The size of the text of any string, and the text made to that size. */
size_t eagre_json_string_measure(struct eagre_json_string string);
struct eagre_text eagre_json_string_repair(struct eagre_json_string string, size_t size,
                                           struct eagre_arena *arena);

/* The text of any string: `raw` itself when that is it, else a copy in `arena`. */
struct eagre_text eagre_json_string_text(struct eagre_json_string string,
                                         struct eagre_arena *arena);
