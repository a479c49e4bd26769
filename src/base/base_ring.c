/* The SPSC ring. Ordering points carry labels; each names its pair:
 *
 *   W1  release store of tail after the slot is written     pairs with R1
 *   R1  acquire load of tail before a slot is read          pairs with W1
 *   W2  release store of head after the slot is read        pairs with R2
 *   R2  acquire load of head before a slot is overwritten   pairs with W2
 *
 * A side reads its own index relaxed: nobody else writes it. */
#include "base/base_ring.h"

#include "base/base_assert.h"

static_assert(offsetof(struct eagre_ring, consumer) % EAGRE_LINE_SIZE == 0 &&
                  offsetof(struct eagre_ring, capacity) - offsetof(struct eagre_ring, consumer) >=
                      EAGRE_LINE_SIZE,
              "neither side writes a line of the other, or that both read");

static uint64_t round_up_capacity(size_t capacity) {
  uint64_t rounded = 2;
  while (rounded < capacity) {
    rounded *= 2;
  }
  return rounded;
}

struct eagre_ring *eagre_ring_new(size_t capacity) {
  eagre_assert(capacity <= SIZE_MAX / 4 / sizeof(void *));
  struct eagre_ring *ring = eagre_allocate_lines(1, sizeof *ring);
  ring->capacity = round_up_capacity(capacity);
  ring->slots = eagre_allocate_zeroed(ring->capacity, sizeof *ring->slots);
  return ring;
}

void eagre_ring_free(struct eagre_ring *ring) {
  if (ring == NULL) return;
  eagre_free(ring->slots);
  eagre_free(ring);
}

bool eagre_ring_push(struct eagre_ring *ring, void *pointer) {
  uint64_t tail = atomic_load_explicit(&ring->producer.tail, memory_order_relaxed);
  if (tail - ring->producer.head_copy == ring->capacity) {
    /* R2: the consumer is done with the slot before we overwrite it. */
    ring->producer.head_copy = atomic_load_explicit(&ring->consumer.head, memory_order_acquire);
    if (tail - ring->producer.head_copy == ring->capacity) return false;
  }
  ring->slots[tail & (ring->capacity - 1)] = pointer;
  /* W1: the slot, and all that was written before the push, is visible before the new tail. */
  atomic_store_explicit(&ring->producer.tail, tail + 1, memory_order_release);
  return true;
}

void *eagre_ring_pop(struct eagre_ring *ring) {
  uint64_t head = atomic_load_explicit(&ring->consumer.head, memory_order_relaxed);
  if (head == ring->consumer.tail_copy) {
    /* R1: the producer's writes are visible before we read the slot. */
    ring->consumer.tail_copy = atomic_load_explicit(&ring->producer.tail, memory_order_acquire);
    if (head == ring->consumer.tail_copy) return NULL;
  }
  void *pointer = ring->slots[head & (ring->capacity - 1)];
  /* W2: our read of the slot happens before the producer may overwrite it. */
  atomic_store_explicit(&ring->consumer.head, head + 1, memory_order_release);
  return pointer;
}

size_t eagre_ring_count(const struct eagre_ring *ring) {
  /* Head first: it only grows, so that tail - head cannot become negative. The producer may have
   * pushed in between, beyond what a full ring holds. */
  uint64_t head = atomic_load_explicit(&ring->consumer.head, memory_order_acquire);
  uint64_t tail = atomic_load_explicit(&ring->producer.tail, memory_order_acquire);
  uint64_t count = tail - head;
  return (size_t)(count < ring->capacity ? count : ring->capacity);
}
