/* Single-producer single-consumer ring of pointers: the only way cores speak to each other, and,
 * beside the counters of `observe`, the only lock-free code in the house.
 *
 * Invariants
 *   1. Exactly one thread pushes and exactly one thread pops during the life of a ring.
 *   2. 0 <= tail - head <= capacity, in 64-bit arithmetic that never wraps in practice.
 *   3. A slot in [head, tail) belongs to the consumer, every other slot to the producer.
 *   4. Whatever was written before a push is visible after the pop that returns its pointer
 *      (W1 pairs with R1 below).
 * Indices are free-running; each side keeps a copy of the other's index so that the shared line
 * is read only when the copy says full or empty. Lines are 128 bytes apart because of the adjacent
 * line prefetcher. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base_memory.h"

struct eagre_ring {
  _Alignas(EAGRE_LINE_SIZE) struct { /* producer's line */
    _Atomic uint64_t tail;           /* next slot to write */
    uint64_t head_copy;
  } producer;
  _Alignas(EAGRE_LINE_SIZE) struct { /* consumer's line */
    _Atomic uint64_t head;           /* next slot to read */
    uint64_t tail_copy;
  } consumer;
  _Alignas(EAGRE_LINE_SIZE) uint64_t capacity; /* a power of two */
  void **slots;
};

/* `capacity` is rounded up to a power of two, at least 2. */
struct eagre_ring *eagre_ring_new(size_t capacity);
void eagre_ring_free(struct eagre_ring *ring);

/* Producer only. False when the ring is full; nothing is pushed then. */
bool eagre_ring_push(struct eagre_ring *ring, void *pointer);
/* Consumer only. NULL when the ring is empty. */
void *eagre_ring_pop(struct eagre_ring *ring);
/* Either side: how many pointers are inside, exact for the caller's own end, a bound for the other.
 */
size_t eagre_ring_count(const struct eagre_ring *ring);
