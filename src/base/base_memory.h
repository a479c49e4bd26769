/* Allocation that cannot fail, and a growing buffer.
 *
 * Memory exhaustion ends the process with a message: a stream processor that is crash-only
 * recovers exactly from it, and every caller stays free of a branch no test reaches
 * (docs/decisions/0002). Sizes that outside input decides are bounded by their parser first. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base_text.h"

/* `size` bytes, uninitialised; never NULL. Freed with `eagre_free`. */
void *eagre_allocate(size_t size) __attribute__((malloc, returns_nonnull));

/* `count * size` bytes of zeros; the product is checked for overflow. Never NULL. */
void *eagre_allocate_zeroed(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* The same, on lines of EAGRE_LINE_SIZE bytes of its own: for what one core writes. */
void *eagre_allocate_lines(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/* Two cache lines, because of the adjacent line prefetcher. */
enum { EAGRE_LINE_SIZE = 128 };

/* As realloc; never NULL. `pointer` may be NULL. */
void *eagre_reallocate(void *pointer, size_t size) __attribute__((returns_nonnull));

/* Frees what the three above gave; NULL is fine. */
void eagre_free(void *pointer);

/* A zero-terminated copy of `text` on the heap; freed with `eagre_free`. */
char *eagre_text_duplicate(struct eagre_text text) __attribute__((returns_nonnull));

/* A growing array of bytes. All zero is a valid empty buffer. `data` moves when it grows. */
struct eagre_buffer {
  char *data;
  size_t size;
  size_t capacity;
};

/* Makes room for `extra` more bytes; what `eagre_buffer_reserve` does when there is none. */
void eagre_buffer_grow(struct eagre_buffer *buffer, size_t extra);
/* Makes room for `extra` more bytes and returns where they begin; `size` is not changed. */
static inline char *eagre_buffer_reserve(struct eagre_buffer *buffer, size_t extra) {
  if (buffer->capacity - buffer->size < extra || buffer->data == NULL) {
    eagre_buffer_grow(buffer, extra);
  }
  return buffer->data + buffer->size;
}
void eagre_buffer_append(struct eagre_buffer *buffer, const void *data, size_t size);
void eagre_buffer_append_text(struct eagre_buffer *buffer, struct eagre_text text);
void eagre_buffer_append_string(struct eagre_buffer *buffer, const char *string);
static inline void eagre_buffer_append_char(struct eagre_buffer *buffer, char character) {
  *eagre_buffer_reserve(buffer, 1) = character;
  buffer->size++;
}
void eagre_buffer_printf(struct eagre_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void eagre_buffer_vprintf(struct eagre_buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* Appends `text` as a JSON string literal, quotes included (escapes as Spark's to_json). */
void eagre_buffer_append_json_string(struct eagre_buffer *buffer, struct eagre_text text);
/* The content as a borrowed text, valid until the next change. */
struct eagre_text eagre_buffer_text(const struct eagre_buffer *buffer);
/* The content with a terminating zero byte (not counted in `size`), valid until the next change. */
const char *eagre_buffer_string(struct eagre_buffer *buffer);
/* Empties the buffer and keeps its memory. */
void eagre_buffer_clear(struct eagre_buffer *buffer);
/* Frees the memory; the buffer is empty and usable afterwards. */
void eagre_buffer_done(struct eagre_buffer *buffer);
