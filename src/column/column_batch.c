/* Batches: life, filtering and the place of a row. */
#include "column/column.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* More than a chain holds at a time is a peak, and goes back to the heap. */
enum { POOLED_BATCHES_MAX = 8 };

/* A block that grew for one long record is not kept. */
enum { KEPT_BLOCK_SIZE_MAX = 1 << 20 };

static void release_backing(struct eagre_batch *batch) {
  if (batch->release_backing == NULL) return;
  void (*release)(void *backing) = batch->release_backing;
  batch->release_backing = NULL;
  release(batch->backing);
}

struct eagre_batch *eagre_batch_new(void) {
  struct eagre_batch *batch = eagre_allocate_zeroed(1, sizeof *batch);
  batch->origin.partition = -1;
  return batch;
}

static void free_to_heap(struct eagre_batch *batch) {
  release_backing(batch);
  eagre_arena_done(&batch->arena);
  eagre_buffer_done(&batch->block);
  eagre_free(batch);
}

void eagre_batch_reset(struct eagre_batch *batch) {
  release_backing(batch);
  struct eagre_arena arena = batch->arena;
  struct eagre_buffer block = batch->block;
  eagre_arena_reset(&arena);
  eagre_buffer_clear(&block);
  if (block.capacity > KEPT_BLOCK_SIZE_MAX) eagre_buffer_done(&block);
  *batch = (struct eagre_batch){
      .arena = arena, .block = block, .origin.partition = -1, .pool = batch->pool};
}

void eagre_batch_pool_release(struct eagre_batch_pool *pool, struct eagre_batch *batch) {
  if (batch == NULL) return;
  if (pool->free_count >= POOLED_BATCHES_MAX) {
    free_to_heap(batch);
    return;
  }
  eagre_batch_reset(batch);
  batch->next = pool->free;
  pool->free = batch;
  pool->free_count += 1;
}

void eagre_batch_free(struct eagre_batch *batch) {
  if (batch == NULL) return;
  if (batch->pool == NULL) {
    free_to_heap(batch);
  } else if (batch->pool->returned == NULL) {
    eagre_batch_pool_release(batch->pool, batch);
  } else {
    eagre_batch_reset(batch);
    if (!eagre_ring_push(batch->pool->returned, batch)) free_to_heap(batch);
  }
}

struct eagre_batch *eagre_batch_pool_acquire(struct eagre_batch_pool *pool) {
  struct eagre_batch *batch = pool->free;
  if (batch == NULL) {
    if (pool->returned != NULL) batch = eagre_ring_pop(pool->returned);
    if (batch != NULL) return batch;
    batch = eagre_batch_new();
    batch->pool = pool;
    return batch;
  }
  pool->free = batch->next;
  pool->free_count -= 1;
  batch->next = NULL;
  return batch;
}

void eagre_batch_pool_done(struct eagre_batch_pool *pool) {
  while (pool->free != NULL) {
    struct eagre_batch *batch = pool->free;
    pool->free = batch->next;
    free_to_heap(batch);
  }
  struct eagre_batch *batch = NULL;
  while (pool->returned != NULL && (batch = eagre_ring_pop(pool->returned)) != NULL) {
    free_to_heap(batch);
  }
  pool->free_count = 0;
}

void eagre_batch_set_columns(struct eagre_batch *batch, uint32_t column_count, uint32_t row_count) {
  batch->columns =
      eagre_arena_allocate_zeroed(&batch->arena, column_count * sizeof *batch->columns);
  batch->column_count = column_count;
  batch->row_count = row_count;
}

/* ---- Filter ---------------------------------------------------------------------------------- */

/* The indices of the ones among the first `row_count` bits, of which there are `kept_count`. */
static uint32_t *list_kept_rows(const uint8_t *keep, uint32_t row_count, uint32_t kept_count,
                                struct eagre_arena *arena) {
  uint32_t *rows = eagre_arena_allocate_vector(arena, kept_count * sizeof *rows);
  uint32_t *next = rows;
  for (uint32_t begin = 0; begin < row_count; begin += 64) {
    uint64_t word = eagre_bits_word(keep, begin / 64);
    uint32_t in_word = row_count - begin;
    if (in_word < 64) word &= (UINT64_C(1) << in_word) - 1;
    for (; word != 0; word &= word - 1) {
      *next++ = begin + (uint32_t)__builtin_ctzll(word);
    }
  }
  return rows;
}

static uint32_t *find_origin_rows(struct eagre_batch *batch, uint32_t *rows, uint32_t count) {
  if (batch->origin_rows == NULL) return rows;
  uint32_t *origin_rows = eagre_arena_allocate_vector(&batch->arena, count * sizeof *origin_rows);
  for (uint32_t i = 0; i < count; i++) {
    origin_rows[i] = batch->origin_rows[rows[i]];
  }
  return origin_rows;
}

void eagre_batch_filter(struct eagre_batch *batch, const uint8_t *keep) {
  uint32_t kept_count = (uint32_t)eagre_bits_count(keep, batch->row_count);
  if (kept_count == batch->row_count) return;
  if (kept_count > 0) {
    uint32_t *rows = list_kept_rows(keep, batch->row_count, kept_count, &batch->arena);
    for (uint32_t i = 0; i < batch->column_count; i++) {
      eagre_vector_gather(&batch->columns[i], &batch->columns[i], rows, kept_count, &batch->arena);
    }
    batch->origin_rows = find_origin_rows(batch, rows, kept_count);
  }
  batch->row_count = kept_count;
}

/* ---- Place ----------------------------------------------------------------------------------- */

bool eagre_batch_find_offset(const struct eagre_batch *batch, int64_t row, int64_t *out_offset) {
  const struct eagre_origin *origin = &batch->origin;
  if (origin->offsets == NULL || row < 0 || row >= batch->row_count) return false;
  *out_offset =
      origin->offsets[batch->origin_rows == NULL ? (uint32_t)row : batch->origin_rows[row]];
  return origin->resolve == NULL || origin->resolve(origin->part, out_offset);
}

void eagre_batch_place(const struct eagre_batch *batch, int64_t row, struct eagre_error *error) {
  struct eagre_text name = batch->origin.topic;
  if (name.size == 0) return;
  int64_t offset = 0;
  bool is_offset_known = eagre_batch_find_offset(batch, row, &offset);
  bool is_file = batch->origin.partition < 0;
  char offset_text[32] = "";
  if (is_offset_known) {
    snprintf(offset_text, sizeof offset_text, ", %s %" PRId64, is_file ? "line" : "offset", offset);
  }
  if (is_file) {
    eagre_error_place(error, "file %.*s%s", (int)name.size, name.data, offset_text);
  } else {
    eagre_error_place(error, "topic %.*s, partition %" PRId32 "%s", (int)name.size, name.data,
                      batch->origin.partition, offset_text);
  }
}
