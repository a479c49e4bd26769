/* Allocation that ends the process when memory is exhausted, and the growing buffer on top of it.
 */
#include "base/base_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base_assert.h"

enum { BUFFER_CAPACITY_MIN = 64 };

_Noreturn static void fail_exhausted(size_t size) {
  fprintf(stderr, "eagre: out of memory (%zu bytes wanted)\n", size);
  fflush(stderr);
  abort();
}

void *eagre_allocate(size_t size) {
  /* malloc(0) may give NULL, which callers would have to tell from exhaustion. */
  void *pointer = malloc(size == 0 ? 1 : size);
  if (pointer == NULL) fail_exhausted(size);
  return pointer;
}

void *eagre_allocate_zeroed(size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) fail_exhausted(SIZE_MAX);
  void *pointer = calloc(1, total == 0 ? 1 : total);
  if (pointer == NULL) fail_exhausted(total);
  return pointer;
}

void *eagre_allocate_lines(size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total) ||
      __builtin_add_overflow(total, EAGRE_LINE_SIZE - 1, &total)) {
    fail_exhausted(SIZE_MAX);
  }
  /* The last line is not to be anybody else's either. */
  total -= total % EAGRE_LINE_SIZE;
  void *pointer = NULL;
  if (posix_memalign(&pointer, EAGRE_LINE_SIZE, total == 0 ? EAGRE_LINE_SIZE : total) != 0) {
    fail_exhausted(total);
  }
  return memset(pointer, 0, total);
}

void *eagre_reallocate(void *pointer, size_t size) {
  void *moved = realloc(pointer, size == 0 ? 1 : size);
  if (moved == NULL) fail_exhausted(size);
  return moved;
}

void eagre_free(void *pointer) {
  free(pointer);
}

char *eagre_text_duplicate(struct eagre_text text) {
  char *copy = eagre_allocate(text.size + 1);
  if (text.size > 0) memcpy(copy, text.data, text.size);
  copy[text.size] = '\0';
  return copy;
}

/* ---- The growing buffer ---------------------------------------------------------------------- */

/* Doubling keeps the cost per appended byte constant. */
void eagre_buffer_grow(struct eagre_buffer *buffer, size_t extra) {
  size_t needed;
  if (__builtin_add_overflow(buffer->size, extra, &needed)) fail_exhausted(SIZE_MAX);
  size_t capacity = buffer->capacity < BUFFER_CAPACITY_MIN ? BUFFER_CAPACITY_MIN : buffer->capacity;
  while (capacity < needed) {
    if (__builtin_mul_overflow(capacity, (size_t)2, &capacity)) fail_exhausted(needed);
  }
  buffer->data = eagre_reallocate(buffer->data, capacity);
  buffer->capacity = capacity;
}

void eagre_buffer_append(struct eagre_buffer *buffer, const void *data, size_t size) {
  if (size == 0) return;
  memcpy(eagre_buffer_reserve(buffer, size), data, size);
  buffer->size += size;
}

void eagre_buffer_append_text(struct eagre_buffer *buffer, struct eagre_text text) {
  eagre_buffer_append(buffer, text.data, text.size);
}

void eagre_buffer_append_string(struct eagre_buffer *buffer, const char *string) {
  eagre_buffer_append(buffer, string, strlen(string));
}

void eagre_buffer_printf(struct eagre_buffer *buffer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  eagre_buffer_vprintf(buffer, format, arguments);
  va_end(arguments);
}

void eagre_buffer_vprintf(struct eagre_buffer *buffer, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  char *end = eagre_buffer_reserve(buffer, BUFFER_CAPACITY_MIN);
  size_t room = buffer->capacity - buffer->size;
  int length = vsnprintf(end, room, format, arguments);
  eagre_assert(length >= 0);
  if ((size_t)length >= room) {
    end = eagre_buffer_reserve(buffer, (size_t)length + 1);
    vsnprintf(end, (size_t)length + 1, format, again);
  }
  va_end(again);
  buffer->size += (size_t)length;
}

/* The letter after the backslash of a short escape, 'u' for \u00XX, 0 for a raw byte. */
static char find_json_escape(unsigned char byte) {
  switch (byte) {
  case '"':
  case '\\':
    return (char)byte;
  case '\b':
    return 'b';
  case '\f':
    return 'f';
  case '\n':
    return 'n';
  case '\r':
    return 'r';
  case '\t':
    return 't';
  default:
    return byte < 0x20 ? 'u' : 0;
  }
}

static void append_json_escape(struct eagre_buffer *buffer, unsigned char byte, char letter) {
  static const char digits[] = "0123456789ABCDEF";
  char escape[6] = {'\\', letter, '0', '0', digits[byte >> 4], digits[byte & 15]};
  eagre_buffer_append(buffer, escape, letter == 'u' ? 6 : 2);
}

void eagre_buffer_append_json_string(struct eagre_buffer *buffer, struct eagre_text text) {
  eagre_buffer_reserve(buffer, text.size + 2);
  eagre_buffer_append_char(buffer, '"');
  size_t raw_begin = 0;
  for (size_t i = 0; i < text.size; i++) {
    char letter = find_json_escape((unsigned char)text.data[i]);
    if (letter == 0) continue;
    eagre_buffer_append(buffer, text.data + raw_begin, i - raw_begin);
    append_json_escape(buffer, (unsigned char)text.data[i], letter);
    raw_begin = i + 1;
  }
  /* A text of size 0 may have no data, and NULL + 0 is not ours to compute. */
  if (raw_begin < text.size)
    eagre_buffer_append(buffer, text.data + raw_begin, text.size - raw_begin);
  eagre_buffer_append_char(buffer, '"');
}

struct eagre_text eagre_buffer_text(const struct eagre_buffer *buffer) {
  return (struct eagre_text){buffer->data, buffer->size};
}

const char *eagre_buffer_string(struct eagre_buffer *buffer) {
  *eagre_buffer_reserve(buffer, 1) = '\0';
  return buffer->data;
}

void eagre_buffer_clear(struct eagre_buffer *buffer) {
  buffer->size = 0;
}

void eagre_buffer_done(struct eagre_buffer *buffer) {
  eagre_free(buffer->data);
  *buffer = (struct eagre_buffer){0};
}
