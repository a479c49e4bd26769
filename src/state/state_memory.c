/* Memory of slots and blocks: from the heap when it is small, on huge pages when it is large. A
 * probe of a large table misses the page table caches; with 2 MiB pages it is twice as fast at 10 M
 * groups and more. */
#include "state/state_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Memory mapped with some to spare at both ends, which is given back. */
static char *map_aligned(size_t size) {
  size_t mapped = size + EAGRE_STATE_HUGE_SIZE;
  char *begin = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  eagre_assert(begin != MAP_FAILED);
  size_t gap = -(uintptr_t)begin & (EAGRE_STATE_HUGE_SIZE - 1);
  if (gap > 0) munmap(begin, gap);
  size_t rest = mapped - gap - size;
  if (rest > 0) munmap(begin + gap + size, rest);
  return begin + gap;
}

void *eagre_state_memory_allocate(size_t size) {
  if (size < EAGRE_STATE_HUGE_SIZE) return eagre_allocate_zeroed(1, size);
  eagre_assert(size % EAGRE_STATE_HUGE_SIZE == 0);
  char *memory = map_aligned(size);
  /* Advice: where huge pages are off or none is free, small ones do. */
  madvise(memory, size, MADV_HUGEPAGE);
  return memory;
}

void *eagre_state_memory_allocate_slots(size_t size) {
  if (size >= EAGRE_STATE_HUGE_SIZE) return eagre_state_memory_allocate(size);
  return memset(eagre_allocate(size), 0, size);
}

void eagre_state_memory_free(void *memory, size_t size) {
  if (size < EAGRE_STATE_HUGE_SIZE) {
    eagre_free(memory);
  } else {
    munmap(memory, size);
  }
}
