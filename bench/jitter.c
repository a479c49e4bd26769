/* What the machine itself takes from threads that only look at the clock, one per CPU: other
 * processes, the hypervisor, interrupts. One per CPU, because what else runs on a machine goes to a
 * CPU that is idle while there is one, and a loaded pipeline leaves none.
 *
 *   jitter SECONDS
 *
 * A gap is the time between two looks. Gaps are weighted by their length: the p99 is the gap that
 * 99 of 100 moments lie in at most, so that a record which comes at any moment finds its thread
 * back within that. No program answers faster. Prints a JSON object in microseconds. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

/* One thread's; the others may read `gap_ns` when it has been joined. */
struct looker {
  pthread_t thread;
  uint64_t duration_ns;
  struct eagre_histogram gap_ns;
};

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void *look_at_the_clock(void *context) {
  struct looker *looker = context;
  eagre_histogram_init(&looker->gap_ns);
  uint64_t last_ns = now_ns();
  for (uint64_t end_ns = last_ns + looker->duration_ns; last_ns < end_ns;) {
    uint64_t time_ns = now_ns();
    eagre_histogram_add(&looker->gap_ns, time_ns - last_ns, time_ns - last_ns);
    last_ns = time_ns;
  }
  return NULL;
}

/* Adds the gaps of `cpu_count` threads that look at once. False when they cannot be started. */
static bool look(size_t cpu_count, uint64_t duration_ns, struct eagre_histogram *gap_ns) {
  struct looker *lookers = calloc(cpu_count, sizeof *lookers);
  size_t started = 0;
  for (; lookers != NULL && started < cpu_count; started++) {
    lookers[started].duration_ns = duration_ns;
    if (pthread_create(&lookers[started].thread, NULL, look_at_the_clock, &lookers[started]) != 0)
      break;
  }
  for (size_t i = 0; i < started; i++) {
    pthread_join(lookers[i].thread, NULL);
    eagre_histogram_merge(gap_ns, &lookers[i].gap_ns);
  }
  free(lookers);
  return started == cpu_count;
}

static void print(const struct eagre_histogram *gap_ns) {
  static const double fractions[] = {0.5, 0.99, 0.999};
  static const char *const names[] = {"p50", "p99", "p99.9"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(fractions); i++) {
    printf("%s\"%s\":%.3f", i == 0 ? "{" : ",", names[i],
           (double)eagre_histogram_percentile(gap_ns, fractions[i]) / 1000);
  }
  printf(",\"max\":%.3f}\n", (double)gap_ns->maximum / 1000);
}

int main(int argc, char **argv) {
  static struct eagre_histogram gap_ns;
  double seconds = argc == 2 ? strtod(argv[1], NULL) : 0;
  long cpu_count = sysconf(_SC_NPROCESSORS_ONLN);
  if (!(seconds > 0)) {
    fprintf(stderr, "usage: jitter SECONDS\n");
    return 2;
  }
  eagre_histogram_init(&gap_ns);
  if (cpu_count < 1 || !look((size_t)cpu_count, (uint64_t)(seconds * 1e9), &gap_ns)) {
    fprintf(stderr, "jitter: threads cannot be started\n");
    return 1;
  }
  print(&gap_ns);
  return 0;
}
