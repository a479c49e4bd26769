/* What makes `eagre_watched` of the program `eagre`: it counts what the threads of the cores do
 * to memory.
 *
 * The rooms are compiled with the calls of ThreadSanitizer before every access, and this file is
 * what they call instead of its library. Per cache line it keeps which core wrote last and how
 * often that changed; per place in the code how often a core allocated. Written by our own code
 * only: libraries and the kernel are not seen.
 *
 *   EAGRE_WATCH=FILE   gets these lines when the program ends
 *     writes COUNT                     by a core, one line for each: both have to take part
 *     line CHANGES PLACE PLACE         a cache line that changed its writer; the two last writers
 *     allocation COUNT PLACE PLACE...  calls of malloc and its like by cores, innermost first
 * Places are offsets into the program, for addr2line.
 *
 * A line that passes from hand to hand with the batch it lies in changes its writer once per
 * batch; one that two cores write for every row or batch by mistake does so far more often. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>

extern const char __executable_start[];

enum {
  LINE_SHIFT = 6,
  LINE_SLOTS = 1 << 23,
  PLACE_SLOTS = 1 << 14,
  DEPTH = 6,
  CORES_MAX = 64,
};

struct line {
  _Atomic uintptr_t number; /* address / 64; 0: free */
  _Atomic uint32_t changes;
  _Atomic uint32_t writer; /* core + 1; 0: nobody since it was allocated */
  _Atomic uintptr_t place;
  _Atomic uintptr_t place_before; /* of the writer before, on another core */
};

struct place {
  _Atomic int state; /* 0 free, 1 being filled, 2 filled */
  uintptr_t frames[DEPTH];
  _Atomic uint64_t count;
};

static struct line *lines;
static struct place places[PLACE_SLOTS];
static pthread_t cores[CORES_MAX];
static atomic_uint core_count;

static _Atomic uint64_t writes[CORES_MAX + 1]; /* by core + 1 */

static _Thread_local uint32_t my_core; /* + 1 */
static _Thread_local uint32_t seen_cores;

/* ---- Who is who ------------------------------------------------------------------------------ */

int __real_pthread_setname_np(pthread_t thread, const char *name);
int __wrap_pthread_setname_np(pthread_t thread, const char *name);

/* The runtime names its threads right after it has started them, one after the other. */
int __wrap_pthread_setname_np(pthread_t thread, const char *name) {
  if (strncmp(name, "eagre-core-", strlen("eagre-core-")) == 0) {
    uint32_t index = atomic_load(&core_count);
    if (index == CORES_MAX) abort();
    cores[index] = thread;
    atomic_store(&core_count, index + 1);
  }
  return __real_pthread_setname_np(thread, name);
}

/* Core + 1 of the calling thread, or 0. */
static uint32_t who(void) {
  if (my_core != 0) return my_core;
  uint32_t count = atomic_load_explicit(&core_count, memory_order_acquire);
  if (count == seen_cores) return 0;
  seen_cores = count;
  for (uint32_t i = 0; i < count; i++) {
    if (pthread_equal(cores[i], pthread_self())) my_core = i + 1;
  }
  return my_core;
}

/* ---- Cache lines ----------------------------------------------------------------------------- */

__attribute__((constructor)) static void make_lines(void) {
  lines = mmap(NULL, LINE_SLOTS * sizeof *lines, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (lines == MAP_FAILED) abort();
}

static struct line *find_line(uintptr_t number) {
  uint64_t slot = (number * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - 23);
  for (uint32_t i = 0; i < LINE_SLOTS; i++, slot = (slot + 1) % LINE_SLOTS) {
    uintptr_t there = atomic_load_explicit(&lines[slot].number, memory_order_relaxed);
    if (there == number) return &lines[slot];
    if (there != 0) continue;
    if (atomic_compare_exchange_strong(&lines[slot].number, &there, number)) return &lines[slot];
    if (there == number) return &lines[slot];
  }
  abort();
}

static void note_line(uintptr_t number, uint32_t core, uintptr_t place) {
  struct line *line = find_line(number);
  uint32_t before = atomic_load_explicit(&line->writer, memory_order_relaxed);
  if (before == core) return;
  if (before != 0) {
    atomic_fetch_add(&line->changes, 1);
    atomic_store(&line->place_before, atomic_load(&line->place));
  }
  atomic_store(&line->place, place);
  atomic_store(&line->writer, core);
}

static void note_write(const volatile void *pointer, size_t size, const void *caller) {
  uint32_t core = who();
  if (core == 0 || size == 0 || lines == NULL) return;
  atomic_fetch_add_explicit(&writes[core], 1, memory_order_relaxed);
  uintptr_t first = (uintptr_t)pointer >> LINE_SHIFT;
  uintptr_t last = ((uintptr_t)pointer + size - 1) >> LINE_SHIFT;
  uintptr_t place = (uintptr_t)caller - (uintptr_t)__executable_start;
  for (uintptr_t number = first; number <= last; number++) {
    note_line(number, core, place);
  }
}

/* What lies wholly in new memory belongs to whoever writes it first; its ends may be shared with
 * a neighbour. */
static void forget_lines(const void *pointer, size_t size) {
  if (lines == NULL || core_count == 0) return;
  uintptr_t begin = ((uintptr_t)pointer + 63) >> LINE_SHIFT;
  uintptr_t end = ((uintptr_t)pointer + size) >> LINE_SHIFT;
  for (uintptr_t number = begin; number < end; number++) {
    atomic_store(&find_line(number)->writer, 0);
  }
}

/* ---- Allocations ----------------------------------------------------------------------------- */

static void count_at(const uintptr_t frames[DEPTH]) {
  uint64_t hash = 0;
  for (int i = 0; i < DEPTH; i++) {
    hash = (hash ^ frames[i]) * UINT64_C(0x9E3779B97F4A7C15);
  }
  for (uint32_t i = 0, slot = (uint32_t)(hash >> 40) % PLACE_SLOTS; i < PLACE_SLOTS;
       i++, slot = (slot + 1) % PLACE_SLOTS) {
    struct place *place = &places[slot];
    int state = 0;
    if (atomic_compare_exchange_strong(&place->state, &state, 1)) {
      memcpy(place->frames, frames, sizeof place->frames);
      atomic_store(&place->state, 2);
    }
    while (atomic_load(&place->state) != 2) {
    }
    if (memcmp(place->frames, frames, sizeof place->frames) != 0) continue;
    atomic_fetch_add(&place->count, 1);
    return;
  }
  abort();
}

/* Our code keeps frame pointers. The frames of a core end in those of libc, whose are not to be
 * followed. */
static void note_allocation(void *const *frame) {
  if (who() == 0) return;
  uintptr_t frames[DEPTH] = {0};
  extern const char etext[];
  for (int i = 0; i < DEPTH; i++) {
    uintptr_t caller = (uintptr_t)frame[1];
    if (caller < (uintptr_t)__executable_start || caller >= (uintptr_t)etext) break;
    frames[i] = caller - (uintptr_t)__executable_start;
    if ((void *const *)frame[0] <= frame) break;
    frame = frame[0];
  }
  count_at(frames);
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);

void *__wrap_malloc(size_t size) {
  note_allocation(__builtin_frame_address(0));
  void *pointer = __real_malloc(size);
  forget_lines(pointer, size);
  return pointer;
}

void *__wrap_calloc(size_t count, size_t size) {
  note_allocation(__builtin_frame_address(0));
  void *pointer = __real_calloc(count, size);
  forget_lines(pointer, count * size);
  return pointer;
}

void *__wrap_realloc(void *pointer, size_t size) {
  note_allocation(__builtin_frame_address(0));
  void *moved = __real_realloc(pointer, size);
  if (moved != pointer) forget_lines(moved, size);
  return moved;
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size) {
  note_allocation(__builtin_frame_address(0));
  int status = __real_posix_memalign(out, alignment, size);
  if (status == 0) forget_lines(*out, size);
  return status;
}

/* ---- The report ------------------------------------------------------------------------------ */

__attribute__((destructor)) static void write_report(void) {
  const char *path = getenv("EAGRE_WATCH");
  if (path == NULL) return;
  FILE *report = fopen(path, "w");
  if (report == NULL) abort();
  for (uint32_t i = 1; i <= core_count; i++) {
    fprintf(report, "writes %lu\n", writes[i]);
  }
  for (uint32_t i = 0; i < LINE_SLOTS; i++) {
    if (lines[i].changes == 0) continue;
    fprintf(report, "line %u %#lx %#lx\n", lines[i].changes, lines[i].place_before, lines[i].place);
  }
  for (uint32_t i = 0; i < PLACE_SLOTS; i++) {
    if (places[i].count == 0) continue;
    fprintf(report, "allocation %lu", places[i].count);
    for (int j = 0; j < DEPTH && places[i].frames[j] != 0; j++) {
      fprintf(report, " %#lx", places[i].frames[j]);
    }
    fputc('\n', report);
  }
  if (fclose(report) != 0) abort();
}

/* ---- What the compiler calls ----------------------------------------------------------------- */

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *pointer, size_t size);
void __tsan_write_range(void *pointer, size_t size);
void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void __tsan_init(void) {
}
void __tsan_func_entry(void *caller) {
  (void)caller;
}
void __tsan_func_exit(void) {
}
void __tsan_read_range(void *pointer, size_t size) {
  (void)pointer;
  (void)size;
}
void __tsan_write_range(void *pointer, size_t size) {
  note_write(pointer, size, __builtin_return_address(0));
}
void __tsan_atomic_thread_fence(int order) {
  (void)order;
  atomic_thread_fence(memory_order_seq_cst);
}
void __tsan_atomic_signal_fence(int order) {
  (void)order;
  atomic_signal_fence(memory_order_seq_cst);
}

#define WATCH_ACCESS(name, size)                                                                   \
  void __tsan_read##name(void *pointer);                                                           \
  void __tsan_write##name(void *pointer);                                                          \
  void __tsan_read##name(void *pointer) {                                                          \
    (void)pointer;                                                                                 \
  }                                                                                                \
  void __tsan_write##name(void *pointer) {                                                         \
    note_write(pointer, size, __builtin_return_address(0));                                        \
  }                                                                                                \
  void __tsan_unaligned_read##name(void *pointer);                                                 \
  void __tsan_unaligned_write##name(void *pointer);                                                \
  void __tsan_unaligned_read##name(void *pointer) {                                                \
    (void)pointer;                                                                                 \
  }                                                                                                \
  void __tsan_unaligned_write##name(void *pointer) {                                               \
    note_write(pointer, size, __builtin_return_address(0));                                        \
  }
WATCH_ACCESS(1, 1)
WATCH_ACCESS(2, 2)
WATCH_ACCESS(4, 4)
WATCH_ACCESS(8, 8)
WATCH_ACCESS(16, 16)

/* Stronger orders than asked for change no outcome that was possible to be relied on. */
#define WATCH_CHANGE(bits, type, name, operation)                                                  \
  type __tsan_atomic##bits##_##name(volatile type *pointer, type value, int order);                \
  type __tsan_atomic##bits##_##name(volatile type *pointer, type value, int order) {               \
    (void)order;                                                                                   \
    note_write(pointer, sizeof *pointer, __builtin_return_address(0));                             \
    return operation(pointer, value, __ATOMIC_SEQ_CST);                                            \
  }
#define WATCH_ATOMIC(bits, type)                                                                   \
  type __tsan_atomic##bits##_load(const volatile type *pointer, int order);                        \
  void __tsan_atomic##bits##_store(volatile type *pointer, type value, int order);                 \
  type __tsan_atomic##bits##_load(const volatile type *pointer, int order) {                       \
    (void)order;                                                                                   \
    return __atomic_load_n(pointer, __ATOMIC_SEQ_CST);                                             \
  }                                                                                                \
  void __tsan_atomic##bits##_store(volatile type *pointer, type value, int order) {                \
    (void)order;                                                                                   \
    note_write(pointer, sizeof *pointer, __builtin_return_address(0));                             \
    __atomic_store_n(pointer, value, __ATOMIC_SEQ_CST);                                            \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type *pointer, type *expected,        \
                                                    type value, int order, int failed);            \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type *pointer, type *expected,        \
                                                    type value, int order, int failed) {           \
    (void)order;                                                                                   \
    (void)failed;                                                                                  \
    note_write(pointer, sizeof *pointer, __builtin_return_address(0));                             \
    return __atomic_compare_exchange_n(pointer, expected, value, false, __ATOMIC_SEQ_CST,          \
                                       __ATOMIC_SEQ_CST);                                          \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile type *pointer, type *expected,          \
                                                  type value, int order, int failed);              \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile type *pointer, type *expected,          \
                                                  type value, int order, int failed) {             \
    return __tsan_atomic##bits##_compare_exchange_strong(pointer, expected, value, order, failed); \
  }                                                                                                \
  WATCH_CHANGE(bits, type, exchange, __atomic_exchange_n)                                          \
  WATCH_CHANGE(bits, type, fetch_add, __atomic_fetch_add)                                          \
  WATCH_CHANGE(bits, type, fetch_sub, __atomic_fetch_sub)                                          \
  WATCH_CHANGE(bits, type, fetch_and, __atomic_fetch_and)                                          \
  WATCH_CHANGE(bits, type, fetch_or, __atomic_fetch_or)                                            \
  WATCH_CHANGE(bits, type, fetch_xor, __atomic_fetch_xor)
WATCH_ATOMIC(8, uint8_t)
WATCH_ATOMIC(16, uint16_t)
WATCH_ATOMIC(32, uint32_t)
WATCH_ATOMIC(64, uint64_t)

/* ---- Moves, which the compiler does not announce --------------------------------------------- */

void *__wrap_memcpy(void *to, const void *from, size_t size);
void *__wrap_memmove(void *to, const void *from, size_t size);
void *__wrap_memset(void *to, int byte, size_t size);
void *__real_memcpy(void *to, const void *from, size_t size);
void *__real_memmove(void *to, const void *from, size_t size);
void *__real_memset(void *to, int byte, size_t size);

void *__wrap_memcpy(void *to, const void *from, size_t size) {
  note_write(to, size, __builtin_return_address(0));
  return __real_memcpy(to, from, size);
}
void *__wrap_memmove(void *to, const void *from, size_t size) {
  note_write(to, size, __builtin_return_address(0));
  return __real_memmove(to, from, size);
}
void *__wrap_memset(void *to, int byte, size_t size) {
  note_write(to, size, __builtin_return_address(0));
  return __real_memset(to, byte, size);
}
