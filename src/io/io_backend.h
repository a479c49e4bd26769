/* Inside the room `io`: operations, and the table of functions a back end is.
 *
 * Everything that reaches a file passes through an engine (a table and its state) as a
 * `struct eagre_io_operation`. That is the seam: io_fault.c and the recorder of the tests are
 * tables too, which stand before the real one.
 *
 * An operation lives in its owner's memory. `run` returns when it is done; `start` puts a WRITE in
 * flight, and the owner keeps the operation and its bytes until `finish` has returned. Results are
 * the system call's: zero or more, or minus an errno. Interrupted calls (EINTR) are repeated below
 * the seam; short reads and writes are the business of whoever is above it. */
#pragma once

#include "io/io.h"

enum eagre_io_kind {
  EAGRE_IO_OPEN,
  EAGRE_IO_READ,
  EAGRE_IO_WRITE,
  EAGRE_IO_SYNC,
  EAGRE_IO_RENAME,
  EAGRE_IO_LINK,
  EAGRE_IO_UNLINK,
  EAGRE_IO_MAKE_DIRECTORY,
  EAGRE_IO_kind_count
};

/* "open", "read", ..., "mkdir". */
extern const char *const eagre_io_kind_names[EAGRE_IO_kind_count];

enum { EAGRE_IO_NOT_REGISTERED = -1 };

struct eagre_io_operation {
  enum eagre_io_kind kind;
  int descriptor;       /* READ, WRITE, SYNC */
  const char *path;     /* OPEN, RENAME, LINK, UNLINK, MAKE_DIRECTORY; else NULL */
  const char *new_path; /* RENAME, LINK */
  int flags;            /* OPEN: those of open(2) */
  void *data;           /* READ, WRITE */
  size_t size;          /* READ, WRITE */
  uint64_t offset;      /* READ, WRITE */
  int buffer_index;     /* WRITE: registered buffer `data` lies in, or EAGRE_IO_NOT_REGISTERED */
  bool is_done;         /* out */
  int64_t result;       /* out: bytes, the new descriptor, 0; or -errno */
};

struct eagre_io_backend {
  void (*close)(void *state);
  /* Does all operations, in no promised order, and returns when they are done. */
  void (*run)(void *state, struct eagre_io_operation *operations, uint32_t count);
  /* Begins one WRITE, or a SYNC where there is a `poll`; it may be done when this returns. */
  void (*start)(void *state, struct eagre_io_operation *operation);
  /* Whether the operation is done. NULL: syncs are run. */
  bool (*poll)(void *state, struct eagre_io_operation *operation);
  /* Waits until the operation is done. */
  void (*finish)(void *state, struct eagre_io_operation *operation);
  /* `count` buffers of `size` bytes at `memory` may be named by `buffer_index` from now on.
   * 0 or -errno. */
  int (*register_buffers)(void *state, char *memory, size_t size, uint32_t count);
  /* 0 or -errno. */
  int (*watch)(void *state, int descriptor);
  void (*unwatch)(void *state, int descriptor);
  /* Until a watched descriptor is readable or the time is over (-1: no limit). May end early. */
  void (*sleep)(void *state, int64_t timeout_us);
};

struct eagre_io_engine {
  const struct eagre_io_backend *table;
  void *state;
};

enum { EAGRE_IO_BUFFER_SIZE = 256 * 1024 };

/* A buffer of EAGRE_IO_BUFFER_SIZE bytes, aligned for direct writing. */
struct eagre_io_buffer {
  char *data;
  int index; /* registered, or EAGRE_IO_NOT_REGISTERED */
};

struct eagre_io {
  struct eagre_io_engine engine;
  int wake_descriptor;
  uint64_t sync_ns;
  uint64_t sync_count;
  bool is_direct;        /* writers bypass the page cache where the file system allows it */
  uint32_t writer_count; /* open ones */
  eagre_io_meanwhile_fn *meanwhile; /* NULL: syncs are slept through */
  void *meanwhile_context;
  char *registered;     /* memory behind the registered buffers; NULL: none */
  int free_buffers[64]; /* registered buffers not in use: a stack of indices */
  uint32_t free_buffer_count;
  char description[192];
};

/* The two back ends. io_uring: 0, or -errno when the kernel refuses; `out_modes` says which of its
 * modes are on. */
void eagre_io_posix_open(struct eagre_io_engine *out_engine);
int eagre_io_uring_open(uint32_t queue_depth, struct eagre_io_engine *out_engine,
                        const char **out_modes);

/* The static probes around an operation; called by the back ends. */
void eagre_io_probe_begin(const struct eagre_io_operation *operation);
void eagre_io_probe_end(const struct eagre_io_operation *operation);

/* Does one operation by the plain system call. */
void eagre_io_posix_perform(struct eagre_io_operation *operation);

/* The engine's `run`, with the clock running over syncs. A group holds syncs only or none. */
void eagre_io_run(struct eagre_io *io, struct eagre_io_operation *operations, uint32_t count);
/* One operation; returns its result. */
int64_t eagre_io_run_one(struct eagre_io *io, struct eagre_io_operation operation);
/* Writes all of it, over short writes. 0 or -errno. */
int eagre_io_write_fully(struct eagre_io *io, int descriptor, const char *data, size_t size,
                         uint64_t offset);

void eagre_io_buffer_acquire(struct eagre_io *io, struct eagre_io_buffer *out_buffer);
void eagre_io_buffer_release(struct eagre_io *io, struct eagre_io_buffer buffer);

/* Fills `error` for "<what> <path>" by the table of io_error.c; returns EAGRE_IO. */
enum eagre_status eagre_io_error(struct eagre_error *error, const char *what, const char *path,
                                 int64_t negative_errno);

/* "a/b" of "a/b/c"; "." of "c"; "/" of "/c". In `arena`. */
char *eagre_io_parent(struct eagre_arena *arena, const char *path);
/* fsync of a directory. 0 or -errno. */
int64_t eagre_io_sync_path(struct eagre_io *io, const char *path);
