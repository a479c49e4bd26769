/* Handles: choosing a back end, the shared buffers of writers, waiting. */
#include "io/io_backend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
  QUEUE_DEPTH_DEFAULT = 64,
  REGISTERED_SIZE_DEFAULT = 1 << 20,
  BUFFER_ALIGNMENT = 4096, /* enough for direct writing to every disk with pages of 4 KiB */
};

/* ---- Choosing -------------------------------------------------------------------------------- */

enum choice { CHOOSE_BEST, CHOOSE_URING, CHOOSE_POSIX };

static enum eagre_status read_choice(enum choice *out_choice, struct eagre_error *error) {
  const char *setting = getenv("EAGRE_IO");
  *out_choice = CHOOSE_BEST;
  if (setting == NULL || setting[0] == '\0') return EAGRE_OK;
  if (strcmp(setting, "uring") == 0) {
    *out_choice = CHOOSE_URING;
    return EAGRE_OK;
  }
  if (strcmp(setting, "posix") == 0) {
    *out_choice = CHOOSE_POSIX;
    return EAGRE_OK;
  }
  eagre_error_set(error, EAGRE_USAGE, "INVALID_IO_BACK_END", "EAGRE_IO is \"%s\"", setting);
  eagre_error_hint(error, "use uring or posix, or leave it unset for the best there is");
  return EAGRE_USAGE;
}

static enum eagre_status refuse_unavailable(int result, struct eagre_error *error) {
  eagre_error_system(error, EAGRE_IO, "IO_UNAVAILABLE", -result,
                     "io_uring was asked for (EAGRE_IO=uring) and the kernel refuses it");
  eagre_error_hint(error, "leave EAGRE_IO unset, allow io_uring_setup in the container's seccomp "
                          "profile, or set the sysctl kernel.io_uring_disabled to 0");
  return EAGRE_IO;
}

static void use_posix(struct eagre_io *io, const char *reason) {
  eagre_io_posix_open(&io->engine);
  snprintf(io->description, sizeof io->description, "posix (%s)", reason);
}

/* Locked memory may be too little for all; registered buffers save the kernel a page table walk per
 * write, so none is registered then and nothing else changes. */
static void register_buffers(struct eagre_io *io, size_t size) {
  uint32_t count = (uint32_t)(size / EAGRE_IO_BUFFER_SIZE);
  uint32_t count_max = EAGRE_COUNT_OF(io->free_buffers);
  if (count > count_max) count = count_max;
  if (count == 0) return;
  char *memory = aligned_alloc(BUFFER_ALIGNMENT, (size_t)count * EAGRE_IO_BUFFER_SIZE);
  eagre_assert(memory != NULL);
  int result =
      io->engine.table->register_buffers(io->engine.state, memory, EAGRE_IO_BUFFER_SIZE, count);
  if (result < 0) {
    free(memory);
    return;
  }
  io->registered = memory;
  io->free_buffer_count = count;
  for (uint32_t i = 0; i < count; i++) {
    io->free_buffers[i] = (int)i;
  }
}

static enum eagre_status open_uring(struct eagre_io *io, const struct eagre_io_options *options,
                                    bool is_demanded, struct eagre_error *error) {
  const char *modes = "";
  uint32_t depth = options->queue_depth == 0 ? QUEUE_DEPTH_DEFAULT : options->queue_depth;
  int result = eagre_io_uring_open(depth, &io->engine, &modes);
  if (result < 0) {
    if (is_demanded) return refuse_unavailable(result, error);
    char reason[96];
    char buffer[64];
    snprintf(reason, sizeof reason, "io_uring_setup: %s",
             strerror_r(-result, buffer, sizeof buffer));
    use_posix(io, reason);
    return EAGRE_OK;
  }
  io->is_direct = true;
  size_t size = options->registered_buffers_size;
  register_buffers(io, size == 0 ? REGISTERED_SIZE_DEFAULT : size);
  if (io->registered != NULL) {
    snprintf(io->description, sizeof io->description, "io_uring (%s, %u registered buffers)", modes,
             io->free_buffer_count);
  } else {
    snprintf(io->description, sizeof io->description, "io_uring (%s, plain buffers)", modes);
  }
  return EAGRE_OK;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static enum eagre_status open_wake(struct eagre_io *io, struct eagre_error *error) {
  io->wake_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (io->wake_descriptor < 0) return eagre_io_error(error, "make", "an eventfd", -errno);
  int result = io->engine.table->watch(io->engine.state, io->wake_descriptor);
  eagre_assert(result == 0);
  return EAGRE_OK;
}

static enum eagre_status open_engine(struct eagre_io *io, const struct eagre_io_options *options,
                                     struct eagre_error *error) {
  static const struct eagre_io_options defaults = {0};
  enum choice choice;
  EAGRE_TRY(read_choice(&choice, error));
  if (choice == CHOOSE_POSIX) {
    use_posix(io, "EAGRE_IO=posix");
    return EAGRE_OK;
  }
  return open_uring(io, options == NULL ? &defaults : options, choice == CHOOSE_URING, error);
}

enum eagre_status eagre_io_open(const struct eagre_io_options *options, struct eagre_io **out_io,
                                struct eagre_error *error) {
  struct eagre_io *io = eagre_allocate_zeroed(1, sizeof *io);
  io->wake_descriptor = -1;
  enum eagre_status status = open_engine(io, options, error);
  if (status == EAGRE_OK) status = open_wake(io, error);
  if (status != EAGRE_OK) {
    eagre_io_close(io);
    return status;
  }
  *out_io = io;
  return EAGRE_OK;
}

void eagre_io_close(struct eagre_io *io) {
  if (io == NULL) return;
  eagre_assert(io->writer_count == 0);
  if (io->engine.table != NULL) io->engine.table->close(io->engine.state);
  if (io->wake_descriptor >= 0) close(io->wake_descriptor);
  free(io->registered);
  eagre_free(io);
}

const char *eagre_io_description(const struct eagre_io *io) {
  return io->description;
}

void eagre_io_sync_time(const struct eagre_io *io, uint64_t *out_ns, uint64_t *out_count) {
  *out_ns = io->sync_ns;
  *out_count = io->sync_count;
}

/* ---- Operations ------------------------------------------------------------------------------ */

void eagre_io_set_meanwhile(struct eagre_io *io, eagre_io_meanwhile_fn *meanwhile, void *context) {
  io->meanwhile = meanwhile;
  io->meanwhile_context = context;
}

static void sync_meanwhile(struct eagre_io *io, struct eagre_io_operation *operations,
                           uint32_t count) {
  const struct eagre_io_backend *table = io->engine.table;
  eagre_io_meanwhile_fn *meanwhile = io->meanwhile;
  io->meanwhile = NULL; /* for as long as it is at work */
  for (uint32_t i = 0; i < count; i++) {
    table->start(io->engine.state, &operations[i]);
  }
  for (uint32_t i = 0; i < count; i++) {
    while (!table->poll(io->engine.state, &operations[i])) {
      meanwhile(io->meanwhile_context);
    }
  }
  io->meanwhile = meanwhile;
}

void eagre_io_run(struct eagre_io *io, struct eagre_io_operation *operations, uint32_t count) {
  if (count == 0) return;
  bool is_sync = operations[0].kind == EAGRE_IO_SYNC;
  uint64_t begin = is_sync ? eagre_clock_monotonic_ns() : 0;
  if (is_sync && io->meanwhile != NULL && io->engine.table->poll != NULL) {
    sync_meanwhile(io, operations, count);
  } else {
    io->engine.table->run(io->engine.state, operations, count);
  }
  if (!is_sync) return;
  io->sync_ns += eagre_clock_monotonic_ns() - begin;
  io->sync_count += count;
}

int64_t eagre_io_run_one(struct eagre_io *io, struct eagre_io_operation operation) {
  eagre_io_run(io, &operation, 1);
  return operation.result;
}

int eagre_io_write_fully(struct eagre_io *io, int descriptor, const char *data, size_t size,
                         uint64_t offset) {
  while (size > 0) {
    int64_t result = eagre_io_run_one(io, (struct eagre_io_operation){
                                              .kind = EAGRE_IO_WRITE,
                                              .descriptor = descriptor,
                                              .data = (void *)data,
                                              .size = size,
                                              .offset = offset,
                                              .buffer_index = EAGRE_IO_NOT_REGISTERED,
                                          });
    if (result < 0) return (int)result;
    /* A regular file takes nothing only when it has no room. */
    if (result == 0) return -ENOSPC;
    data += result;
    size -= (size_t)result;
    offset += (uint64_t)result;
  }
  return 0;
}

/* ---- Buffers --------------------------------------------------------------------------------- */

void eagre_io_buffer_acquire(struct eagre_io *io, struct eagre_io_buffer *out_buffer) {
  if (io->free_buffer_count > 0) {
    int index = io->free_buffers[--io->free_buffer_count];
    out_buffer->index = index;
    out_buffer->data = io->registered + (size_t)index * EAGRE_IO_BUFFER_SIZE;
    return;
  }
  out_buffer->index = EAGRE_IO_NOT_REGISTERED;
  out_buffer->data = aligned_alloc(BUFFER_ALIGNMENT, EAGRE_IO_BUFFER_SIZE);
  eagre_assert(out_buffer->data != NULL);
}

void eagre_io_buffer_release(struct eagre_io *io, struct eagre_io_buffer buffer) {
  if (buffer.index == EAGRE_IO_NOT_REGISTERED) {
    free(buffer.data);
    return;
  }
  eagre_assert(io->free_buffer_count < EAGRE_COUNT_OF(io->free_buffers));
  io->free_buffers[io->free_buffer_count++] = buffer.index;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

enum eagre_status eagre_io_watch(struct eagre_io *io, int descriptor, struct eagre_error *error) {
  int result = io->engine.table->watch(io->engine.state, descriptor);
  if (result < 0) return eagre_io_error(error, "watch", "a descriptor", result);
  return EAGRE_OK;
}

void eagre_io_unwatch(struct eagre_io *io, int descriptor) {
  io->engine.table->unwatch(io->engine.state, descriptor);
}

void eagre_io_wait(struct eagre_io *io, int64_t timeout_us) {
  io->engine.table->sleep(io->engine.state, timeout_us);
  /* Not there (EAGAIN) when something else ended the wait. */
  uint64_t count;
  ssize_t got = read(io->wake_descriptor, &count, sizeof count);
  (void)got;
}

void eagre_io_wake(struct eagre_io *io) {
  /* Fails only when the counter is full, and then the other side is awake already. */
  uint64_t one = 1;
  ssize_t written = write(io->wake_descriptor, &one, sizeof one);
  (void)written;
}
