/* Bytes that were fetched, or unpacked, shared by all who have texts in them: the last one gives
 * them back, on whichever thread. Inside the room only.
 *
 * Blocks come from a pool that keeps a few of them, so that an answer of a megabyte is not received
 * into pages that the kernel has to clear first. The pool ends with its last block. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"

enum {
  EAGRE_KAFKA_BLOCK_SLACK = 64, /* readable bytes behind the content */
  EAGRE_KAFKA_BLOCKS_KEPT = 4,
};

struct eagre_kafka_block_pool {
  _Atomic uint32_t reference_count;
  _Atomic int64_t live_bytes; /* of all blocks that somebody has */
  pthread_mutex_t lock;       /* over `kept` */
  struct eagre_kafka_block *kept[EAGRE_KAFKA_BLOCKS_KEPT];
  uint32_t kept_count;
};

struct eagre_kafka_block {
  _Atomic uint32_t reference_count;
  struct eagre_kafka_block_pool *pool;
  struct eagre_buffer bytes; /* with EAGRE_KAFKA_BLOCK_SLACK readable bytes behind */
  int64_t live_bytes;        /* what the pool counts for it */
};

struct eagre_kafka_block_pool *eagre_kafka_block_pool_new(void);
void eagre_kafka_block_pool_release(struct eagre_kafka_block_pool *pool);
/* A block for about `size` bytes, empty, with one reference. */
struct eagre_kafka_block *eagre_kafka_block_new(struct eagre_kafka_block_pool *pool, size_t size);
/* To be called when `bytes` have their size: makes those behind them readable. */
void eagre_kafka_block_seal(struct eagre_kafka_block *block);
void eagre_kafka_block_acquire(struct eagre_kafka_block *block);
/* NULL is fine. */
void eagre_kafka_block_release(struct eagre_kafka_block *block);
