/* The lock of a checkpoint: an open-file-description lock (F_OFD_SETLK).
 *
 * It belongs to the open file, not to the process: it ends with the descriptor (so with the
 * process, however that ends), two openings within one process exclude each other, and closing some
 * other descriptor of the same file does not release it, as it would a classic lock.
 *
 * The file's content is `PID HOST\n`, written by whoever holds the lock and only informative: the
 * file is never removed, for a lock on a removed file excludes nobody. */
#include "io/io_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { HOLDER_SIZE_MAX = 128 };

struct eagre_io_lock {
  int descriptor;
};

static enum eagre_status refuse_held(int descriptor, const char *path, struct eagre_error *error) {
  char holder[HOLDER_SIZE_MAX];
  ssize_t size = pread(descriptor, holder, sizeof holder - 1, 0);
  holder[size < 0 ? 0 : size] = '\0';
  int process = 0;
  char host[HOLDER_SIZE_MAX] = "";
  if (sscanf(holder, "%d %127s", &process, host) == 2) {
    eagre_error_set(error, EAGRE_UNSAFE, "CHECKPOINT_LOCKED",
                    "another process uses this checkpoint: process %d on %s holds %s", process,
                    host, path);
  } else {
    eagre_error_set(error, EAGRE_UNSAFE, "CHECKPOINT_LOCKED",
                    "another process uses this checkpoint: %s is locked", path);
  }
  eagre_error_hint(error, "stop the other process; if it hangs, --take-over goes past the lock and "
                          "fences it off");
  return EAGRE_UNSAFE;
}

static int set_lock(int descriptor) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(descriptor, F_OFD_SETLK, &whole) == 0 ? 0 : errno;
}

/* Who we are; nothing depends on it, so that failing to write it is no error. */
static void write_holder(int descriptor) {
  char host[HOLDER_SIZE_MAX - 32] = "";
  if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0') snprintf(host, 2, "?");
  char holder[HOLDER_SIZE_MAX];
  int size = snprintf(holder, sizeof holder, "%d %s\n", (int)getpid(), host);
  if (ftruncate(descriptor, 0) != 0) return;
  ssize_t written = pwrite(descriptor, holder, (size_t)size, 0);
  (void)written;
}

enum eagre_status eagre_io_lock_acquire(const char *path, struct eagre_io_lock **out_lock,
                                        struct eagre_error *error) {
  int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return eagre_io_error(error, "open", path, -errno);
  int failure = set_lock(descriptor);
  if (failure != 0) {
    bool is_held = failure == EAGAIN || failure == EACCES;
    enum eagre_status status = is_held ? refuse_held(descriptor, path, error)
                                       : eagre_io_error(error, "lock", path, -failure);
    close(descriptor);
    return status;
  }
  write_holder(descriptor);
  struct eagre_io_lock *lock = eagre_allocate(sizeof *lock);
  lock->descriptor = descriptor;
  *out_lock = lock;
  return EAGRE_OK;
}

void eagre_io_lock_release(struct eagre_io_lock *lock) {
  if (lock == NULL) return;
  close(lock->descriptor);
  eagre_free(lock);
}
