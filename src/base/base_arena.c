/* Arenas: a list of chunks, newest first; allocation moves a pointer through the newest one.
 *
 * Invariants
 *   1. `next` and `end` lie in `chunk`, next <= end; both are NULL when there is no chunk.
 *   2. `allocated_size` is the sum of the sizes of all chunks.
 *   3. A mark names a chunk that is in the list until the arena is rewound past it or reset.
 *   4. The last TEXT_PADDING bytes of a chunk are never handed out: they may be read behind a text.
 * Under AddressSanitizer free space is poisoned, so that reading after a reset or behind an
 * allocation is found although nothing was freed; behind a text only what lies further away. */
#include "base/base_arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base_assert.h"
#include "base/base_memory.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EAGRE_ARENA_POISONS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define EAGRE_ARENA_POISONS 1
#endif
#ifdef EAGRE_ARENA_POISONS
#include <sanitizer/asan_interface.h>
#endif

enum {
  ALIGNMENT = 16,
  VECTOR_ALIGNMENT = 64,
  VECTOR_PADDING = 64,
  TEXT_PADDING = 64,
  CHUNK_SIZE_MIN = 4096,
  CHUNK_SIZE_MAX = 1 << 20,
  KEPT_SIZE_MAX = 64 << 20,
};

struct eagre_arena_chunk {
  struct eagre_arena_chunk *older;
  size_t size; /* this header included */
};

static void poison_memory(char *begin, char *end) {
#ifdef EAGRE_ARENA_POISONS
  ASAN_POISON_MEMORY_REGION(begin, (size_t)(end - begin));
#else
  (void)begin;
  (void)end;
#endif
}

static void unpoison_memory(char *begin, size_t size) {
#ifdef EAGRE_ARENA_POISONS
  ASAN_UNPOISON_MEMORY_REGION(begin, size);
#else
  (void)begin;
  (void)size;
#endif
}

static char *find_chunk_begin(struct eagre_arena_chunk *chunk) {
  return (char *)(chunk + 1);
}

static char *find_chunk_end(struct eagre_arena_chunk *chunk) {
  return (char *)chunk + chunk->size - TEXT_PADDING;
}

/* Makes `next` the first free byte of the newest chunk; `kept` bytes from it on stay readable. */
static void free_from(struct eagre_arena *arena, char *next, size_t kept) {
  arena->next = next;
  arena->end = find_chunk_end(arena->chunk);
  poison_memory(arena->next + kept, arena->end + TEXT_PADDING);
}

static void add_chunk(struct eagre_arena *arena, size_t payload_size) {
  size_t size = arena->chunk_size < CHUNK_SIZE_MIN ? CHUNK_SIZE_MIN : arena->chunk_size;
  arena->chunk_size = size < CHUNK_SIZE_MAX ? size * 2 : CHUNK_SIZE_MAX;
  size_t needed = payload_size + sizeof(struct eagre_arena_chunk) + TEXT_PADDING;
  if (size < needed) size = needed;
  struct eagre_arena_chunk *chunk = eagre_allocate(size);
  chunk->older = arena->chunk;
  chunk->size = size;
  arena->chunk = chunk;
  arena->allocated_size += size;
  free_from(arena, find_chunk_begin(chunk), 0);
}

static void free_newest_chunk(struct eagre_arena *arena) {
  struct eagre_arena_chunk *chunk = arena->chunk;
  arena->chunk = chunk->older;
  arena->allocated_size -= chunk->size;
  eagre_free(chunk);
}

/* `size` bytes at a multiple of `alignment`, with `padding` readable bytes behind. */
static void *allocate_aligned(struct eagre_arena *arena, size_t size, size_t alignment,
                              size_t padding) {
  /* No caller means more; the sums below cannot overflow then. */
  eagre_assert(size <= PTRDIFF_MAX / 2);
  size_t wanted = size + padding;
  size_t gap = -(uintptr_t)arena->next & (alignment - 1);
  if (arena->chunk == NULL || gap + wanted > (size_t)(arena->end - arena->next)) {
    add_chunk(arena, wanted + alignment);
    gap = -(uintptr_t)arena->next & (alignment - 1);
  }
  char *begin = arena->next + gap;
  arena->next = begin + wanted;
  unpoison_memory(begin, wanted);
  return begin;
}

void *eagre_arena_allocate(struct eagre_arena *arena, size_t size) {
  return allocate_aligned(arena, size, ALIGNMENT, 0);
}

void *eagre_arena_allocate_zeroed(struct eagre_arena *arena, size_t size) {
  return memset(eagre_arena_allocate(arena, size), 0, size);
}

void *eagre_arena_allocate_vector(struct eagre_arena *arena, size_t size) {
  return allocate_aligned(arena, size, VECTOR_ALIGNMENT, VECTOR_PADDING);
}

char *eagre_arena_allocate_text(struct eagre_arena *arena, size_t size) {
  char *begin = eagre_arena_allocate(arena, size);
  unpoison_memory(begin + size, TEXT_PADDING);
  return begin;
}

struct eagre_text eagre_arena_copy_text(struct eagre_arena *arena, struct eagre_text text) {
  char *copy = eagre_arena_allocate_text(arena, text.size + 1);
  if (text.size > 0) memcpy(copy, text.data, text.size);
  copy[text.size] = '\0';
  return (struct eagre_text){copy, text.size};
}

/* ---- Texts that grow ------------------------------------------------------------------------- */

static size_t room_of(size_t size) {
  size_t room = 64;
  while (room < size) {
    room *= 2;
  }
  return room;
}

char *eagre_arena_grow_text(struct eagre_arena *arena, struct eagre_text *inout_text,
                            size_t extra) {
  struct eagre_text text = *inout_text;
  char *data = (char *)text.data;
  if (data == NULL || text.size + extra > room_of(text.size)) {
    data = eagre_arena_allocate_text(arena, room_of(text.size + extra));
    if (text.size > 0) memcpy(data, text.data, text.size);
  }
  *inout_text = (struct eagre_text){data, text.size + extra};
  return data + text.size;
}

struct eagre_text eagre_arena_copy_growing(struct eagre_arena *arena, struct eagre_text text) {
  struct eagre_text copy = {NULL, 0};
  char *data = eagre_arena_grow_text(arena, &copy, text.size);
  if (text.size > 0) memcpy(data, text.data, text.size);
  return copy;
}

char *eagre_arena_copy_string(struct eagre_arena *arena, const char *string) {
  size_t size = strlen(string) + 1;
  return memcpy(eagre_arena_allocate(arena, size), string, size);
}

struct eagre_text eagre_arena_printf(struct eagre_arena *arena, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  eagre_assert(length >= 0);
  char *text = eagre_arena_allocate_text(arena, (size_t)length + 1);
  va_start(arguments, format);
  vsnprintf(text, (size_t)length + 1, format, arguments);
  va_end(arguments);
  return (struct eagre_text){text, (size_t)length};
}

struct eagre_arena_mark eagre_arena_mark(const struct eagre_arena *arena) {
  return (struct eagre_arena_mark){arena->chunk, arena->next};
}

void eagre_arena_rewind(struct eagre_arena *arena, struct eagre_arena_mark mark) {
  if (mark.chunk == NULL) {
    eagre_arena_reset(arena);
    return;
  }
  while (arena->chunk != mark.chunk) {
    eagre_assert(arena->chunk != NULL);
    free_newest_chunk(arena);
  }
  free_from(arena, mark.next, TEXT_PADDING); /* a text may end at the mark */
}

/* What was spread over several chunks is given back as one, made at the next allocation, so that an
 * arena that is filled and reset in turn soon allocates nothing. Very large ones are not kept. */
static void drop_chunks(struct eagre_arena *arena) {
  size_t size = arena->allocated_size;
  while (arena->chunk != NULL) {
    free_newest_chunk(arena);
  }
  *arena = (struct eagre_arena){.chunk_size = size <= KEPT_SIZE_MAX ? size : CHUNK_SIZE_MAX};
}

void eagre_arena_reset(struct eagre_arena *arena) {
  if (arena->chunk == NULL) return;
  if (arena->chunk->older != NULL || arena->chunk->size > KEPT_SIZE_MAX) {
    drop_chunks(arena);
  } else {
    free_from(arena, find_chunk_begin(arena->chunk), 0);
  }
}

void eagre_arena_done(struct eagre_arena *arena) {
  while (arena->chunk != NULL) {
    free_newest_chunk(arena);
  }
  *arena = (struct eagre_arena){0};
}
