/* What the machine itself takes from a thread that only looks at the clock: other processes, the
 * hypervisor, interrupts.
 *
 *   jitter SECONDS
 *
 * A gap is the time between two looks. Gaps are weighted by their length: the p99 is the gap that
 * 99 of 100 moments lie in at most, so that a record which comes at any moment finds the thread
 * back within that. No program answers faster. Prints a JSON object in microseconds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/base.h"

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv) {
  static struct eagre_histogram gap_ns;
  double seconds = argc == 2 ? strtod(argv[1], NULL) : 0;
  if (!(seconds > 0)) {
    fprintf(stderr, "usage: jitter SECONDS\n");
    return 2;
  }
  eagre_histogram_init(&gap_ns);
  uint64_t last_ns = now_ns();
  for (uint64_t end_ns = last_ns + (uint64_t)(seconds * 1e9); last_ns < end_ns;) {
    uint64_t time_ns = now_ns();
    eagre_histogram_add(&gap_ns, time_ns - last_ns, time_ns - last_ns);
    last_ns = time_ns;
  }
  static const double fractions[] = {0.5, 0.99, 0.999};
  static const char *const names[] = {"p50", "p99", "p99.9"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(fractions); i++) {
    printf("%s\"%s\":%.3f", i == 0 ? "{" : ",", names[i],
           (double)eagre_histogram_percentile(&gap_ns, fractions[i]) / 1000);
  }
  printf(",\"max\":%.3f}\n", (double)gap_ns.maximum / 1000);
  return 0;
}
