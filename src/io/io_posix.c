/* The back end of plain system calls: what runs where io_uring is denied (containers with a seccomp
 * profile, kernel.io_uring_disabled), and under tools that cannot see through a ring (valgrind, rr,
 * ThreadSanitizer). Every operation is done when `run` or `start` returns. */
#include "io/io_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MODE = 0666, DIRECTORY_MODE = 0777 }; /* less the umask */

struct posix {
  struct pollfd *watched;
  uint32_t watched_count;
};

static int64_t call_once(const struct eagre_io_operation *operation) {
  switch (operation->kind) {
  case EAGRE_IO_OPEN:
    return open(operation->path, operation->flags | O_CLOEXEC, FILE_MODE);
  case EAGRE_IO_READ:
    return pread(operation->descriptor, operation->data, operation->size, (off_t)operation->offset);
  case EAGRE_IO_WRITE:
    return pwrite(operation->descriptor, operation->data, operation->size,
                  (off_t)operation->offset);
  case EAGRE_IO_SYNC:
    return fsync(operation->descriptor);
  case EAGRE_IO_RENAME:
    return rename(operation->path, operation->new_path);
  case EAGRE_IO_LINK:
    return link(operation->path, operation->new_path);
  case EAGRE_IO_UNLINK:
    return unlink(operation->path);
  case EAGRE_IO_MAKE_DIRECTORY:
    return mkdir(operation->path, DIRECTORY_MODE);
  case EAGRE_IO_kind_count:
    break;
  }
  eagre_assert(false);
  return -1;
}

void eagre_io_posix_perform(struct eagre_io_operation *operation) {
  int64_t result;
  eagre_io_probe_begin(operation);
  do {
    result = call_once(operation);
  } while (result < 0 && errno == EINTR);
  operation->result = result < 0 ? -errno : result;
  operation->is_done = true;
  eagre_io_probe_end(operation);
}

static void run_operations(void *state, struct eagre_io_operation *operations, uint32_t count) {
  (void)state;
  for (uint32_t i = 0; i < count; i++) {
    eagre_io_posix_perform(&operations[i]);
  }
}

static void start_operation(void *state, struct eagre_io_operation *operation) {
  (void)state;
  eagre_io_posix_perform(operation);
}

static void finish_operation(void *state, struct eagre_io_operation *operation) {
  (void)state;
  eagre_assert(operation->is_done);
}

static int register_buffers(void *state, char *memory, size_t size, uint32_t count) {
  (void)state;
  (void)memory;
  (void)size;
  (void)count;
  return -ENOTSUP;
}

static int watch_descriptor(void *state, int descriptor) {
  struct posix *posix = state;
  size_t size = (posix->watched_count + 1) * sizeof *posix->watched;
  posix->watched = eagre_reallocate(posix->watched, size);
  posix->watched[posix->watched_count++] = (struct pollfd){.fd = descriptor, .events = POLLIN};
  return 0;
}

static void unwatch_descriptor(void *state, int descriptor) {
  struct posix *posix = state;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < posix->watched_count; i++) {
    if (posix->watched[i].fd != descriptor) posix->watched[kept++] = posix->watched[i];
  }
  posix->watched_count = kept;
}

static void sleep_until_readable(void *state, int64_t timeout_us) {
  struct posix *posix = state;
  struct timespec timeout = {timeout_us / 1000000, timeout_us % 1000000 * 1000};
  /* A signal (EINTR) ends the wait early, which is allowed. */
  ppoll(posix->watched, posix->watched_count, timeout_us < 0 ? NULL : &timeout, NULL);
}

static void close_posix(void *state) {
  struct posix *posix = state;
  eagre_free(posix->watched);
  eagre_free(posix);
}

static const struct eagre_io_backend posix_backend = {
    .close = close_posix,
    .run = run_operations,
    .start = start_operation,
    .finish = finish_operation,
    .register_buffers = register_buffers,
    .watch = watch_descriptor,
    .unwatch = unwatch_descriptor,
    .sleep = sleep_until_readable,
};

void eagre_io_posix_open(struct eagre_io_engine *out_engine) {
  out_engine->table = &posix_backend;
  out_engine->state = eagre_allocate_zeroed(1, sizeof(struct posix));
}
