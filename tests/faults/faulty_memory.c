/* What makes `eagre_faulty` of the program `eagre`, second half: its own allocations go through the
 * functions below (the linker's --wrap), not those of the libraries it uses.
 *
 *   EAGRE_FAULT_ALLOCATION=n   the nth allocation gives NULL
 *   EAGRE_FAULT_COUNTS=FILE    gets a line "allocations N" when the program ends */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <fcntl.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static atomic_ulong passed;
static unsigned long wanted; /* 0: never; set before there are threads */

__attribute__((constructor)) static void read_wish(void) {
  const char *wish = getenv("EAGRE_FAULT_ALLOCATION");
  if (wish != NULL) wanted = strtoul(wish, NULL, 10);
}

__attribute__((destructor)) static void write_count(void) {
  const char *path = getenv("EAGRE_FAULT_COUNTS");
  if (path == NULL) return;
  int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) abort();
  dprintf(descriptor, "allocations %lu\n", atomic_load(&passed));
  close(descriptor);
}

static int is_refused(void) {
  if (atomic_fetch_add(&passed, 1) + 1 != wanted) return 0;
  errno = ENOMEM;
  return 1;
}

void *__wrap_malloc(size_t size) {
  return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size) {
  return is_refused() ? NULL : __real_realloc(pointer, size);
}
