/* Reading a text from front to back, inside the room `value`. */
#pragma once

#include "value/value.h"

#include "value/value_digits.h"

struct eagre_cursor {
  const char *at;
  const char *end;
};

/* `text` is not empty. */
static inline struct eagre_cursor eagre_cursor_of(struct eagre_text text) {
  return (struct eagre_cursor){text.data, text.data + text.size};
}

static inline bool eagre_cursor_is_end(const struct eagre_cursor *cursor) {
  return cursor->at == cursor->end;
}

static inline bool eagre_cursor_is_next(const struct eagre_cursor *cursor, char character) {
  return cursor->at < cursor->end && *cursor->at == character;
}

static inline bool eagre_cursor_is_digit(const struct eagre_cursor *cursor) {
  return cursor->at < cursor->end && eagre_digit_is(*cursor->at);
}

static inline bool eagre_cursor_skip(struct eagre_cursor *cursor, char character) {
  bool is_next = eagre_cursor_is_next(cursor, character);
  cursor->at += is_next;
  return is_next;
}

/* A number of `count_min` to `count_max` (at most 9) digits with no digit behind it. */
static inline bool eagre_cursor_read_number(struct eagre_cursor *cursor, unsigned count_min,
                                            unsigned count_max, unsigned *out_value) {
  const char *start = cursor->at;
  unsigned value = 0;
  while (eagre_cursor_is_digit(cursor)) {
    if (cursor->at - start >= (ptrdiff_t)count_max) return false;
    value = value * 10 + (unsigned)(*cursor->at++ - '0');
  }
  *out_value = value;
  return cursor->at - start >= (ptrdiff_t)count_min;
}
