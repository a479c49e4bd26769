/* Which CPUs this process may use, and who runs where.
 *
 * Core threads are pinned, one per CPU. Control threads and librdkafka's threads (which inherit
 * the affinity of the thread that opens a client) keep off those CPUs when others are left; on a
 * machine where the cores take everything they run anywhere. */
#include <sched.h>
#include <stdio.h>

#include "runtime/runtime_inside.h"

uint32_t eagre_runtime_cpu_list(uint32_t *out_cpus, uint32_t count_max) {
  cpu_set_t allowed;
  uint32_t count = 0;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
  for (uint32_t cpu = 0; cpu < CPU_SETSIZE && count < count_max; cpu++) {
    if (CPU_ISSET(cpu, &allowed)) out_cpus[count++] = cpu;
  }
  return count;
}

bool eagre_runtime_cpu_pin(uint32_t cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
}

const char *eagre_runtime_cpu_avoid(const uint32_t *cpus, uint32_t cpu_count) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return "all CPUs";
  for (uint32_t i = 0; i < cpu_count; i++) {
    CPU_CLR(cpus[i], &set);
  }
  if (CPU_COUNT(&set) == 0) return "all CPUs, as the cores leave none free";
  if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) return "all CPUs";
  return "the CPUs beside the cores";
}
