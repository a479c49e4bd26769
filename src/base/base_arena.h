/* Memory by lifetime: allocate many things, free them together.
 *
 * A pointer from an arena may live in something of equal or shorter lifetime, never longer.
 * An arena belongs to one thread at a time. Allocation cannot fail (base_memory.h). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/base_text.h"

struct eagre_arena_chunk;

/* All zero is a valid empty arena. */
struct eagre_arena {
  struct eagre_arena_chunk *chunk; /* newest first */
  char *next;                      /* free space of `chunk` */
  char *end;
  size_t chunk_size;     /* bytes of the next chunk, grows to 1 MiB */
  size_t allocated_size; /* bytes held from the system, for metrics */
};

struct eagre_arena_mark {
  struct eagre_arena_chunk *chunk;
  char *next;
};

/* `size` bytes aligned to 16, uninitialised. */
void *eagre_arena_allocate(struct eagre_arena *arena, size_t size) __attribute__((returns_nonnull));
/* The same, zeroed. */
void *eagre_arena_allocate_zeroed(struct eagre_arena *arena, size_t size)
    __attribute__((returns_nonnull));
/* `size` bytes aligned to 64 and followed by 64 readable bytes: vectors of columns. */
void *eagre_arena_allocate_vector(struct eagre_arena *arena, size_t size)
    __attribute__((returns_nonnull));
/* Room for a text of `size` bytes: 64 readable bytes of any content follow (they may belong to the
 * next allocation), as the JSON decoder and everything else that loads blocks wants them. */
char *eagre_arena_allocate_text(struct eagre_arena *arena, size_t size)
    __attribute__((returns_nonnull));
/* A copy of `text`, with a terminating zero byte that is not counted, and readable bytes behind. */
struct eagre_text eagre_arena_copy_text(struct eagre_arena *arena, struct eagre_text text);
char *eagre_arena_copy_string(struct eagre_arena *arena, const char *string);
struct eagre_text eagre_arena_printf(struct eagre_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Texts that grow have room for as many bytes as the next power of two from 64 says, so that the
 * room is known from the size, and follows a text that is copied. `inout_text` (empty without data
 * at first) was made by these two functions: it gets `extra` bytes more, which are left to the
 * caller to write and begin where the result points. Bytes left behind by all growing of a text are
 * fewer than it has room for. */
char *eagre_arena_grow_text(struct eagre_arena *arena, struct eagre_text *inout_text, size_t extra)
    __attribute__((returns_nonnull));
/* A copy that can grow, with readable bytes behind it. */
struct eagre_text eagre_arena_copy_growing(struct eagre_arena *arena, struct eagre_text text);

/* Remember a point / give back everything allocated since. */
struct eagre_arena_mark eagre_arena_mark(const struct eagre_arena *arena);
void eagre_arena_rewind(struct eagre_arena *arena, struct eagre_arena_mark mark);
/* Gives back everything and keeps as much memory (up to 64 MiB) for the next use. */
void eagre_arena_reset(struct eagre_arena *arena);
/* Frees everything. */
void eagre_arena_done(struct eagre_arena *arena);
