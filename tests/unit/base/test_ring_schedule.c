/* Every schedule of a short life of the ring, under a memory model weaker than any machine's.
 *
 * base_ring.c is compiled once more into this file, with its atomic loads and stores replaced by
 * the explorer's. Producer and consumer are coroutines; before each access to a shared index the
 * explorer decides who goes on, and a load may return any store that the thread has not been told
 * to be older than what it knows. All decisions are enumerated depth first.
 *
 * The model: each index keeps all values ever stored (the values of one index are totally
 * ordered). A release store carries the storing thread's clock and view, an acquire load takes them
 * over, relaxed ones carry nothing. Slots are plain memory: writing one (before W1) must happen
 * after the read that freed it, reading one (before W2) after its write, by clocks; otherwise it is
 * a data race. Checked too: pointers come out once and in order.
 *
 * That the explorer sees anything is proven by weakening W1, R1, W2 and R2 to relaxed, one at a
 * time: each must yield a race. */
#include <stdatomic.h>

#define eagre_ring_new explored_ring_new
#define eagre_ring_free explored_ring_free
#define eagre_ring_push explored_ring_push
#define eagre_ring_pop explored_ring_pop
#define eagre_ring_count explored_ring_count
#undef atomic_init
#undef atomic_load_explicit
#undef atomic_store_explicit
/* The explorer keeps the values itself, beginning with zeros. */
#define atomic_init(object, value) ((void)(object), (void)(value))
#define atomic_load_explicit(object, order) explore_load((const void *)(object), (order))
#define atomic_store_explicit(object, value, order) explore_store((object), (value), (order))

#include <stdint.h>

static uint64_t explore_load(const void *object, memory_order order);
static void explore_store(void *object, uint64_t value, memory_order order);

#include "base/base_ring.c"

#include <string.h>
#include <ucontext.h>

#include "test_base.h"

enum { PRODUCER, CONSUMER, THREAD_COUNT };
enum { TAIL, HEAD, INDEX_COUNT };
enum {
  CAPACITY = 2,
  ATTEMPTS_MAX = 5, /* pushes, and pops, of one life */
  STORES_MAX = ATTEMPTS_MAX + 1,
  CHOICES_MAX = 64,
  STACK_SIZE = 64 * 1024,
};

enum weakening { WEAKEN_NOTHING, WEAKEN_W1, WEAKEN_R1, WEAKEN_W2, WEAKEN_R2 };

/* What a thread knows: events of each thread that happened before, oldest stores it may read. */
struct knowledge {
  uint32_t clock[THREAD_COUNT];
  uint32_t view[INDEX_COUNT];
};

struct store {
  uint64_t value;
  struct knowledge carried;
};

static struct explorer {
  enum weakening weakening;
  uint32_t attempts;
  struct eagre_ring *ring;
  /* The life being run. */
  struct store stores[INDEX_COUNT][STORES_MAX];
  uint32_t store_count[INDEX_COUNT];
  struct knowledge known[THREAD_COUNT];
  uint32_t slot_written[CAPACITY]; /* the producer's clock, 0: never */
  uint32_t slot_read[CAPACITY];    /* the consumer's clock, 0: never */
  int running;
  bool is_done[THREAD_COUNT];
  uintptr_t pushed;
  uintptr_t popped;
  bool is_raced;
  bool is_wrong;
  ucontext_t contexts[THREAD_COUNT];
  ucontext_t main_context;
  char stacks[THREAD_COUNT][STACK_SIZE];
  /* The decisions of the life: taken, and out of how many. */
  uint32_t choices[CHOICES_MAX];
  uint32_t limits[CHOICES_MAX];
  uint32_t depth;
  uint32_t known_depth;
} explorer;

/* ---- Decisions ------------------------------------------------------------------------------- */

static uint32_t choose(uint32_t limit) {
  if (limit == 1) return 0;
  uint32_t depth = explorer.depth++;
  assert_true(depth < CHOICES_MAX);
  if (depth >= explorer.known_depth) {
    explorer.choices[depth] = 0;
    explorer.limits[depth] = limit;
    explorer.known_depth = depth + 1;
  }
  return explorer.choices[depth];
}

/* Moves to the next combination of decisions; false after the last. */
static bool advance_choices(void) {
  while (explorer.known_depth > 0) {
    uint32_t last = explorer.known_depth - 1;
    if (++explorer.choices[last] < explorer.limits[last]) return true;
    explorer.known_depth--;
  }
  return false;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static int find_index(const void *object) {
  return object == (const void *)&explorer.ring->producer.tail ? TAIL : HEAD;
}

static void join_knowledge(struct knowledge *into, const struct knowledge *from) {
  for (int i = 0; i < THREAD_COUNT; i++) {
    if (from->clock[i] > into->clock[i]) into->clock[i] = from->clock[i];
  }
  for (int i = 0; i < INDEX_COUNT; i++) {
    if (from->view[i] > into->view[i]) into->view[i] = from->view[i];
  }
}

/* Lets the explorer decide who goes on. */
static void pause_thread(void) {
  swapcontext(&explorer.contexts[explorer.running], &explorer.main_context);
}

static uint64_t explore_load(const void *object, memory_order order) {
  int index = find_index(object);
  int self = explorer.running;
  bool is_own = (index == TAIL) == (self == PRODUCER);
  struct knowledge *known = &explorer.known[self];
  /* Nobody else writes the own index: there is nothing to decide. */
  if (!is_own) pause_thread();
  uint32_t newest = explorer.store_count[index] - 1;
  uint32_t picked = newest - (is_own ? 0 : choose(newest - known->view[index] + 1));
  known->view[index] = picked;
  if (explorer.weakening == (index == TAIL ? WEAKEN_R1 : WEAKEN_R2)) order = memory_order_relaxed;
  const struct store *store = &explorer.stores[index][picked];
  if (order == memory_order_acquire) join_knowledge(known, &store->carried);
  return store->value;
}

/* The slot behind a new tail has been written, the one behind a new head has been read. */
static void record_slot(int self, uint32_t slot) {
  struct knowledge *known = &explorer.known[self];
  uint32_t now = ++known->clock[self];
  if (self == PRODUCER) {
    if (known->clock[CONSUMER] < explorer.slot_read[slot]) explorer.is_raced = true;
    explorer.slot_written[slot] = now;
  } else {
    if (known->clock[PRODUCER] < explorer.slot_written[slot]) explorer.is_raced = true;
    explorer.slot_read[slot] = now;
  }
}

static void explore_store(void *object, uint64_t value, memory_order order) {
  int index = find_index(object);
  int self = explorer.running;
  record_slot(self, (uint32_t)((value - 1) % CAPACITY));
  pause_thread();
  uint32_t position = explorer.store_count[index]++;
  assert_true(position < STORES_MAX);
  struct knowledge *known = &explorer.known[self];
  known->view[index] = position;
  if (explorer.weakening == (index == TAIL ? WEAKEN_W1 : WEAKEN_W2)) order = memory_order_relaxed;
  struct store *store = &explorer.stores[index][position];
  *store = (struct store){.value = value};
  if (order == memory_order_release) store->carried = *known;
}

/* ---- One life -------------------------------------------------------------------------------- */

static void check_popped(const void *pointer) {
  if (pointer == NULL) return;
  if ((uintptr_t)pointer != ++explorer.popped) explorer.is_wrong = true;
}

static void run_producer(void) {
  for (uint32_t i = 0; i < explorer.attempts; i++) {
    if (explored_ring_push(explorer.ring, (void *)(explorer.pushed + 1))) explorer.pushed++;
  }
  explorer.is_done[PRODUCER] = true;
}

static void run_consumer(void) {
  for (uint32_t i = 0; i < explorer.attempts; i++) {
    check_popped(explored_ring_pop(explorer.ring));
  }
  explorer.is_done[CONSUMER] = true;
}

static void begin_thread(int thread, void (*body)(void)) {
  ucontext_t *context = &explorer.contexts[thread];
  assert_int_equal(getcontext(context), 0);
  context->uc_stack.ss_sp = explorer.stacks[thread];
  context->uc_stack.ss_size = STACK_SIZE;
  context->uc_link = &explorer.main_context;
  makecontext(context, body, 0);
  explorer.is_done[thread] = false;
}

static void begin_life(void) {
  explorer.ring->producer.head_copy = 0;
  explorer.ring->consumer.tail_copy = 0;
  memset(explorer.stores, 0, sizeof explorer.stores);
  memset(explorer.known, 0, sizeof explorer.known);
  memset(explorer.slot_written, 0, sizeof explorer.slot_written);
  memset(explorer.slot_read, 0, sizeof explorer.slot_read);
  explorer.store_count[TAIL] = 1;
  explorer.store_count[HEAD] = 1;
  explorer.pushed = 0;
  explorer.popped = 0;
  explorer.is_raced = false;
  explorer.is_wrong = false;
  explorer.depth = 0;
  begin_thread(PRODUCER, run_producer);
  begin_thread(CONSUMER, run_consumer);
}

static void run_life(void) {
  begin_life();
  while (!explorer.is_done[PRODUCER] || !explorer.is_done[CONSUMER]) {
    bool is_free = !explorer.is_done[PRODUCER] && !explorer.is_done[CONSUMER];
    uint32_t thread = explorer.is_done[PRODUCER] ? CONSUMER : PRODUCER;
    if (is_free) thread = choose(THREAD_COUNT);
    explorer.running = (int)thread;
    swapcontext(&explorer.main_context, &explorer.contexts[thread]);
  }
  if (explorer.popped > explorer.pushed) explorer.is_wrong = true;
}

struct outcome {
  uint64_t lives;
  uint64_t raced;
  uint64_t wrong;
  uint64_t pushed_max; /* most pushes that one life saw succeed */
  uint64_t popped_max;
};

static struct outcome explore(enum weakening weakening, uint32_t attempts) {
  struct outcome outcome = {0};
  explorer.weakening = weakening;
  explorer.attempts = attempts;
  explorer.known_depth = 0;
  explorer.ring = explored_ring_new(CAPACITY);
  do {
    run_life();
    outcome.lives++;
    outcome.raced += explorer.is_raced;
    outcome.wrong += explorer.is_wrong;
    if (explorer.pushed > outcome.pushed_max) outcome.pushed_max = explorer.pushed;
    if (explorer.popped > outcome.popped_max) outcome.popped_max = explorer.popped;
  } while (advance_choices());
  explored_ring_free(explorer.ring);
  return outcome;
}

static void test_no_schedule_races_or_loses_a_pointer(void **state) {
  (void)state;
  for (uint32_t attempts = 1; attempts <= 4; attempts++) {
    struct outcome outcome = explore(WEAKEN_NOTHING, attempts);
    print_message("%u pushes and pops: %llu schedules\n", attempts,
                  (unsigned long long)outcome.lives);
    assert_int_equal(outcome.raced, 0);
    assert_int_equal(outcome.wrong, 0);
    /* Some schedule reuses slots: all attempts succeed although they are more than slots. */
    assert_int_equal(outcome.pushed_max, attempts);
    assert_int_equal(outcome.popped_max, attempts);
    assert_true(outcome.lives > attempts);
  }
}

static void test_each_order_is_needed(void **state) {
  (void)state;
  static const enum weakening weakenings[] = {WEAKEN_W1, WEAKEN_R1, WEAKEN_W2, WEAKEN_R2};
  for (size_t i = 0; i < EAGRE_COUNT_OF(weakenings); i++) {
    assert_true(explore(weakenings[i], 3).raced > 0);
  }
}

int run_ring_schedule_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_schedule_races_or_loses_a_pointer),
      cmocka_unit_test(test_each_order_is_needed),
  };
  return cmocka_run_group_tests_name("ring schedules", tests, NULL, NULL);
}
