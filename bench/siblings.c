/* What two CPUs lose by working at once. Those that a host calls cores may be the two hardware
 * threads of one, today and not tomorrow: a guest is not told.
 *
 *   siblings MILLISECONDS
 *
 * A thread on the first CPU adds as fast as it can for so long, then one on each of the first two.
 * Additions that wait for nothing take every unit of a core that there is: siblings get half each.
 * Prints a JSON object: additions per nanosecond of the one, of each of the two (the mean), and the
 * quotient, which is 1 on cores of their own and 2 on one. */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHAIN_COUNT = 6, STEP_COUNT = 16, ROUND_COUNT = 100 };
enum { ADDITIONS_OF_ROUND = CHAIN_COUNT * STEP_COUNT * ROUND_COUNT };

struct adder {
  pthread_t thread;
  int cpu;
  double wanted_ns;
  double per_ns;
};

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

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
  double begin_ns = now_ns();
  double end_ns = begin_ns;
  while (end_ns < begin_ns + self->wanted_ns) {
    add_for_a_round();
    round_count++;
    end_ns = now_ns();
  }
  self->per_ns = (double)round_count * ADDITIONS_OF_ROUND / (end_ns - begin_ns);
  return NULL;
}

/* The mean rate of the first `count` adders, at once. */
static double run(struct adder *adders, int count) {
  double per_ns = 0;
  for (int i = 0; i < count; i++) {
    if (pthread_create(&adders[i].thread, NULL, add, &adders[i]) != 0) abort();
  }
  for (int i = 0; i < count; i++) {
    pthread_join(adders[i].thread, NULL);
    per_ns += adders[i].per_ns / count;
  }
  return per_ns;
}

int main(int argc, char **argv) {
  double wanted_ms = argc == 2 ? strtod(argv[1], NULL) : 0;
  cpu_set_t set;
  if (!(wanted_ms > 0) || sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) < 2) {
    fprintf(stderr, "usage: siblings MILLISECONDS (on two CPUs or more)\n");
    return 2;
  }
  struct adder adders[2];
  for (int cpu = 0, i = 0; i < 2; cpu++) {
    if (CPU_ISSET(cpu, &set))
      adders[i++] = (struct adder){.cpu = cpu, .wanted_ns = wanted_ms * 1e6};
  }
  double alone = run(adders, 1);
  double both = run(adders, 2);
  printf("{\"alone\":%.2f,\"both\":%.2f,\"ratio\":%.3f}\n", alone, both, alone / both);
  return 0;
}
