/* Blocks of fetched bytes and the pool they come from. */
#include "kafka/kafka_block.h"

#include <string.h>

enum { KEPT_SIZE_MIN = 64 * 1024, KEPT_SIZE_MAX = 4 * 1024 * 1024 }; /* others are freed */

struct eagre_kafka_block_pool *eagre_kafka_block_pool_new(void) {
  struct eagre_kafka_block_pool *pool = eagre_allocate_lines(1, sizeof *pool); /* of one core */
  atomic_init(&pool->reference_count, 1);
  atomic_init(&pool->live_bytes, 0);
  pthread_mutex_init(&pool->lock, NULL);
  return pool;
}

static void free_block(struct eagre_kafka_block *block) {
  eagre_buffer_done(&block->bytes);
  eagre_free(block);
}

void eagre_kafka_block_pool_release(struct eagre_kafka_block_pool *pool) {
  /* Acquire and release: whoever is last sees what all others did with the pool. */
  if (atomic_fetch_sub_explicit(&pool->reference_count, 1, memory_order_acq_rel) > 1) return;
  for (uint32_t i = 0; i < pool->kept_count; i++) {
    free_block(pool->kept[i]);
  }
  pthread_mutex_destroy(&pool->lock);
  eagre_free(pool);
}

/* A few bytes must not keep a large block from others. */
static bool fits(const struct eagre_kafka_block *block, size_t size) {
  return block->bytes.capacity >= size && block->bytes.capacity / 8 <= size;
}

/* NULL when none that fits is kept. */
static struct eagre_kafka_block *take_kept(struct eagre_kafka_block_pool *pool, size_t size) {
  struct eagre_kafka_block *block = NULL;
  pthread_mutex_lock(&pool->lock);
  for (uint32_t i = 0; i < pool->kept_count && block == NULL; i++) {
    if (!fits(pool->kept[i], size)) continue;
    block = pool->kept[i];
    pool->kept[i] = pool->kept[--pool->kept_count];
  }
  pthread_mutex_unlock(&pool->lock);
  return block;
}

static void count_live(struct eagre_kafka_block *block) {
  int64_t live = (int64_t)block->bytes.capacity;
  atomic_fetch_add_explicit(&block->pool->live_bytes, live - block->live_bytes,
                            memory_order_relaxed);
  block->live_bytes = live;
}

struct eagre_kafka_block *eagre_kafka_block_new(struct eagre_kafka_block_pool *pool, size_t size) {
  struct eagre_kafka_block *block = take_kept(pool, size + EAGRE_KAFKA_BLOCK_SLACK);
  /* On a line of its own: the control thread, looking ahead, makes blocks for several cores. */
  if (block == NULL) block = eagre_allocate_lines(1, sizeof *block);
  atomic_init(&block->reference_count, 1);
  atomic_fetch_add_explicit(&pool->reference_count, 1, memory_order_relaxed);
  block->pool = pool;
  eagre_buffer_clear(&block->bytes);
  eagre_buffer_reserve(&block->bytes, size + EAGRE_KAFKA_BLOCK_SLACK);
  count_live(block);
  return block;
}

void eagre_kafka_block_seal(struct eagre_kafka_block *block) {
  char *end = eagre_buffer_reserve(&block->bytes, EAGRE_KAFKA_BLOCK_SLACK);
  memset(end, 0, EAGRE_KAFKA_BLOCK_SLACK);
  count_live(block);
}

void eagre_kafka_block_acquire(struct eagre_kafka_block *block) {
  atomic_fetch_add_explicit(&block->reference_count, 1, memory_order_relaxed);
}

/* Keeps the block, or tells that there is no place for it; small ones are no use. */
static bool keep(struct eagre_kafka_block_pool *pool, struct eagre_kafka_block *block) {
  bool has_place = false;
  if (block->bytes.capacity < KEPT_SIZE_MIN || block->bytes.capacity > KEPT_SIZE_MAX) return false;
  pthread_mutex_lock(&pool->lock);
  has_place = pool->kept_count < EAGRE_KAFKA_BLOCKS_KEPT;
  if (has_place) pool->kept[pool->kept_count++] = block;
  pthread_mutex_unlock(&pool->lock);
  return has_place;
}

void eagre_kafka_block_release(struct eagre_kafka_block *block) {
  if (block == NULL) return;
  if (atomic_fetch_sub_explicit(&block->reference_count, 1, memory_order_acq_rel) > 1) return;
  struct eagre_kafka_block_pool *pool = block->pool;
  atomic_fetch_sub_explicit(&pool->live_bytes, block->live_bytes, memory_order_relaxed);
  block->live_bytes = 0;
  if (!keep(pool, block)) free_block(block);
  eagre_kafka_block_pool_release(pool);
}
