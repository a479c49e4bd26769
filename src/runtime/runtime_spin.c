/* Looking again instead of sleeping (eagre.busyPollMicros).
 *
 * To be woken costs a thread some microseconds, more on a machine that sleeps deeply or is virtual.
 * Who looks again and again for a while does not pay them, and pays with the CPU instead. */
#include "runtime/runtime_inside.h"

void eagre_runtime_spin_allow(struct runtime_spin *spin, int64_t limit_us) {
  if (limit_us > spin->limit_us) spin->limit_us = limit_us;
}

void eagre_runtime_spin_reset(struct runtime_spin *spin) {
  spin->idle_since_us = 0;
}

bool eagre_runtime_spin(struct runtime_spin *spin) {
  if (spin->limit_us == 0) return false;
  int64_t now_us = (int64_t)(eagre_clock_monotonic_ns() / 1000);
  if (spin->idle_since_us == 0) spin->idle_since_us = now_us;
  return now_us - spin->idle_since_us < spin->limit_us;
}
