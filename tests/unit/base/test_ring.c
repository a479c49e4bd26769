/* The ring: order, fullness, reuse of slots in one thread; millions of items between two. The
 * schedules that a machine does not happen to run are in test_ring_schedule.c. */
#include "test_base.h"

#include <pthread.h>
#include <sched.h>

static void *number_to_pointer(uintptr_t number) {
  return (void *)number;
}

static void test_capacity_is_rounded_up(void **state) {
  (void)state;
  static const struct {
    size_t wanted;
    uint64_t got;
  } cases[] = {{0, 2}, {1, 2}, {2, 2}, {3, 4}, {64, 64}, {65, 128}};
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    struct eagre_ring *ring = eagre_ring_new(cases[i].wanted);
    assert_int_equal(ring->capacity, cases[i].got);
    assert_int_equal((uintptr_t)ring % 128, 0);
    eagre_ring_free(ring);
  }
  eagre_ring_free(NULL);
}

static void test_a_full_ring_refuses_and_keeps_order(void **state) {
  (void)state;
  struct eagre_ring *ring = eagre_ring_new(4);
  uintptr_t pushed = 0;
  uintptr_t popped = 0;
  assert_null(eagre_ring_pop(ring));
  for (int round = 0; round < 100; round++) {
    while (eagre_ring_push(ring, number_to_pointer(pushed + 1))) {
      pushed++;
    }
    assert_int_equal(pushed - popped, 4);
    assert_int_equal(eagre_ring_count(ring), 4);
    for (int i = 0; i < 1 + round % 4; i++) {
      assert_ptr_equal(eagre_ring_pop(ring), number_to_pointer(++popped));
    }
    assert_int_equal(eagre_ring_count(ring), pushed - popped);
  }
  while (popped < pushed) {
    assert_ptr_equal(eagre_ring_pop(ring), number_to_pointer(++popped));
  }
  assert_null(eagre_ring_pop(ring));
  eagre_ring_free(ring);
}

enum { ITEM_COUNT = 2000000, POOL_SIZE = 1024 };

struct item {
  uint64_t sequence;
  uint64_t echo; /* ~sequence, written before the push */
};

struct transfer {
  struct eagre_ring *ring;
  struct item items[POOL_SIZE]; /* more than the ring holds, so that none is reused inside it */
};

static void *push_items(void *argument) {
  struct transfer *transfer = argument;
  for (uint64_t i = 0; i < ITEM_COUNT; i++) {
    struct item *item = &transfer->items[i % POOL_SIZE];
    item->sequence = i;
    item->echo = ~i;
    while (!eagre_ring_push(transfer->ring, item)) {
      sched_yield();
    }
  }
  return NULL;
}

/* Counts what arrives wrong; asserting in the loop would hide a hang behind a longjmp. */
static uint64_t pop_items(struct transfer *transfer) {
  uint64_t wrong = 0;
  for (uint64_t i = 0; i < ITEM_COUNT;) {
    if (eagre_ring_count(transfer->ring) > transfer->ring->capacity) wrong++;
    struct item *item = eagre_ring_pop(transfer->ring);
    if (item == NULL) {
      sched_yield();
      continue;
    }
    wrong += item->sequence != i || item->echo != ~i;
    i++;
  }
  return wrong;
}

static void test_two_threads_pass_millions_in_order(void **state) {
  (void)state;
  static const size_t capacities[] = {2, 64, 512};
  struct transfer *transfer = eagre_allocate(sizeof *transfer);
  for (size_t i = 0; i < EAGRE_COUNT_OF(capacities); i++) {
    pthread_t producer;
    transfer->ring = eagre_ring_new(capacities[i]);
    assert_int_equal(pthread_create(&producer, NULL, push_items, transfer), 0);
    uint64_t wrong = pop_items(transfer);
    assert_int_equal(pthread_join(producer, NULL), 0);
    assert_int_equal(wrong, 0);
    assert_null(eagre_ring_pop(transfer->ring));
    eagre_ring_free(transfer->ring);
  }
  eagre_free(transfer);
}

int run_ring_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_capacity_is_rounded_up),
      cmocka_unit_test(test_a_full_ring_refuses_and_keeps_order),
      cmocka_unit_test(test_two_threads_pass_millions_in_order),
  };
  return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
