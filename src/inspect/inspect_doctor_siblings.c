/* What two processors lose by working at once. Those that a host calls cores may be the two
 * hardware threads of one, today and not tomorrow: a guest is not told.
 *
 * A thread on the first processor adds as fast as it can, then one on each of the first two.
 * Additions that wait for nothing take every unit of a core that there is: siblings get half. */
#include "inspect/inspect_doctor.h"

#include <pthread.h>
#include <sched.h>

enum { CHAIN_COUNT = 6, STEP_COUNT = 16, ROUND_COUNT = 100 };
enum { ADDITIONS_OF_ROUND = CHAIN_COUNT * STEP_COUNT * ROUND_COUNT };

struct adder {
  pthread_t thread;
  int cpu;
  uint64_t wanted_ns;
  double per_ns;
};

/* One more. The compiler must not make one addition of several. */
static inline __attribute__((always_inline)) uint64_t increment(uint64_t sum) {
  sum++;
  __asm__ volatile("" : "+r"(sum));
  return sum;
}

/* Adds ADDITIONS_OF_ROUND times, in CHAIN_COUNT chains of which none waits for another. */
static void add_for_a_round(void) {
  uint64_t a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
  for (int round = 0; round < ROUND_COUNT; round++) {
    for (int step = 0; step < STEP_COUNT; step++) {
      a = increment(a);
      b = increment(b);
      c = increment(c);
      d = increment(d);
      e = increment(e);
      f = increment(f);
    }
  }
}

static void *add(void *argument) {
  struct adder *self = argument;
  uint64_t round_count = 0;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(self->cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  uint64_t begin_ns = eagre_clock_monotonic_ns();
  uint64_t end_ns = begin_ns;
  while (end_ns < begin_ns + self->wanted_ns) {
    add_for_a_round();
    round_count++;
    end_ns = eagre_clock_monotonic_ns();
  }
  self->per_ns = (double)round_count * ADDITIONS_OF_ROUND / (double)(end_ns - begin_ns);
  return NULL;
}

/* The mean rate of the first `count` adders, at once; 0 when one cannot be started. */
static double run(struct adder *adders, int count) {
  double per_ns = 0;
  int started = 0;
  while (started < count &&
         pthread_create(&adders[started].thread, NULL, add, &adders[started]) == 0)
    started++;
  for (int i = 0; i < started; i++) {
    pthread_join(adders[i].thread, NULL);
    per_ns += adders[i].per_ns / count;
  }
  return started == count ? per_ns : 0;
}

bool eagre_inspect_siblings(uint32_t milliseconds, struct eagre_inspect_siblings *out) {
  cpu_set_t set;
  struct adder adders[2];
  if (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) < 2) return false;
  for (int cpu = 0, i = 0; i < 2; cpu++) {
    if (!CPU_ISSET(cpu, &set)) continue;
    adders[i++] = (struct adder){.cpu = cpu, .wanted_ns = (uint64_t)milliseconds * 1000000};
  }
  out->cpus[0] = adders[0].cpu;
  out->cpus[1] = adders[1].cpu;
  out->alone_per_ns = run(adders, 1);
  out->beside_per_ns = run(adders, 2);
  return out->alone_per_ns > 0 && out->beside_per_ns > 0;
}

void eagre_inspect_doctor_siblings(struct eagre_inspect_doctor *doctor) {
  enum { PROBE_MS = 20 };
  const double share_good = 0.8; /* others that use the core for a moment are left to `jitter` */
  struct eagre_inspect_siblings siblings;
  if (!eagre_inspect_siblings(PROBE_MS, &siblings)) return;
  double share = siblings.beside_per_ns / siblings.alone_per_ns;
  eagre_inspect_doctor_add(
      doctor, "siblings", share >= share_good ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE,
      "they are hardware threads of one core, or others use theirs: give flows "
      "one processor of each core (--cores; lscpu -e), rent whole cores",
      "processors %d and %d work at %.2f of their speed while both do", siblings.cpus[0],
      siblings.cpus[1], share < 1 ? share : 1);
}
