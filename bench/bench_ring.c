/* Question: what does a hop over the SPSC ring cost, alone and between two threads?
 * Why: cores speak through rings only; one hop per batch must be nothing.
 * Unit: CPU ns per pointer, of the thread that pushes (two threads) or of both sides (one thread).
 * Feeds: "ring hop, checkpoint share" (divide by the rows of a batch, about 1,100 ysb events). */
#include <pthread.h>
#include <sched.h>

#include "base/base.h"
#include "harness.h"

enum { POINTER_COUNT = 4096, YIELD_AFTER = 200 };

struct ring_bench {
  struct eagre_ring *ring;
  uint64_t group_size;
  pthread_t consumer;
  uint64_t popped_count; /* consumer's, read after join */
};

static char marks[POINTER_COUNT];
static char last_mark;

/* Spins for a while, then lets others run: the machine may have one core for both threads. */
static void pause_after(uint32_t *spin_count) {
  if (++*spin_count < YIELD_AFTER) return;
  *spin_count = 0;
  sched_yield();
}

static void push_pointer(struct eagre_ring *ring, void *pointer) {
  uint32_t spin_count = 0;
  while (!eagre_ring_push(ring, pointer)) {
    pause_after(&spin_count);
  }
}

static void run_alone(void *context, uint64_t iteration_count) {
  struct ring_bench *bench = context;
  for (uint64_t i = 0; i < iteration_count; i++) {
    for (uint64_t done = 0; done < POINTER_COUNT; done += bench->group_size) {
      for (uint64_t k = 0; k < bench->group_size; k++) {
        push_pointer(bench->ring, &marks[k]);
      }
      for (uint64_t k = 0; k < bench->group_size; k++) {
        bench_require(eagre_ring_pop(bench->ring) == &marks[k], "a ring mixed its pointers up");
      }
    }
  }
}

static void *consume(void *context) {
  struct ring_bench *bench = context;
  uint32_t spin_count = 0;
  for (;;) {
    void *pointer = eagre_ring_pop(bench->ring);
    if (pointer == &last_mark) return NULL;
    if (pointer == NULL) {
      pause_after(&spin_count);
      continue;
    }
    bench_require(pointer == &marks[bench->popped_count % POINTER_COUNT],
                  "a ring lost a pointer between threads");
    bench->popped_count++;
  }
}

static void run_between_threads(void *context, uint64_t iteration_count) {
  struct ring_bench *bench = context;
  bench->popped_count = 0;
  pthread_create(&bench->consumer, NULL, consume, bench);
  for (uint64_t i = 0; i < iteration_count * POINTER_COUNT; i++) {
    push_pointer(bench->ring, &marks[i % POINTER_COUNT]);
  }
  push_pointer(bench->ring, &last_mark);
  pthread_join(bench->consumer, NULL);
  bench_require(bench->popped_count == iteration_count * POINTER_COUNT, "a ring lost pointers");
}

static void *setup(const void *parameter, struct bench_measure *out_measure) {
  struct ring_bench *bench = eagre_allocate_zeroed(1, sizeof *bench);
  bench->group_size = *(const uint64_t *)parameter;
  bench->ring = eagre_ring_new(1024);
  *out_measure = (struct bench_measure){POINTER_COUNT, 0};
  return bench;
}

static void teardown(void *context) {
  struct ring_bench *bench = context;
  eagre_ring_free(bench->ring);
  eagre_free(bench);
}

static const uint64_t one = 1;
static const uint64_t sixty_four = 64;

static const struct bench_case cases[] = {
    {"ring/alone/1", setup, run_alone, teardown, &one},
    {"ring/alone/64", setup, run_alone, teardown, &sixty_four},
    {"ring/two_threads", setup, run_between_threads, teardown, &one},
};
const struct bench_suite bench_ring_suite = BENCH_SUITE(cases);
