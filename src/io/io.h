/* Door of the room `io`: files, waiting, clocks. One handle per thread; a handle is used by the
 * thread that opened it only (except `eagre_io_wake`).
 *
 * Two back ends behind one table of functions, called per batch of operations and chosen when a
 * handle is opened: io_uring (SINGLE_ISSUER and DEFER_TASKRUN where the kernel has them) and plain
 * POSIX calls, where io_uring is denied or `EAGRE_IO=posix` asks for it. Both give the same results
 * and the same errors. Faults are injected here in tests (io_fault.h).
 *
 * A failed system call is EAGRE_IO with one of the classes DISK_FULL, READ_ONLY_FILE_SYSTEM,
 * PERMISSION_DENIED, TOO_MANY_OPEN_FILES, PATH_NOT_FOUND, PATH_TOO_LONG, FILE_SIZE_LIMIT,
 * DISK_ERROR or FILE_OPERATION_FAILED; the text names operation and path. END ("is not there") leaves the error
 * object alone.
 *
 * Durability vocabulary: *written* = handed to the kernel, *synced* = fsync returned, *published* =
 * visible under its final name and the directory synced. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct eagre_io;

struct eagre_io_options {
  uint32_t queue_depth;           /* 0 = 64 */
  size_t registered_buffers_size; /* bytes to register with the ring; 0 = 1 MiB; falls back to plain
                                     buffers when RLIMIT_MEMLOCK is too small */
};

/* To be called by the thread that will use the handle. `options` may be NULL. IO_UNAVAILABLE (IO)
 * when EAGRE_IO=uring and the kernel refuses, which otherwise falls back; INVALID_IO_BACK_END
 * (USAGE) when EAGRE_IO is neither uring nor posix. */
enum eagre_status eagre_io_open(const struct eagre_io_options *options, struct eagre_io **out_io,
                                struct eagre_error *error);
/* All writers and readers of the handle are closed before. NULL is fine. */
void eagre_io_close(struct eagre_io *io);
/* "io_uring (single issuer, deferred task run, 4 registered buffers)" or
 * "posix (io_uring_setup: Operation not permitted)". */
const char *eagre_io_description(const struct eagre_io *io);

/* ---- Whole files, in groups ----------------------------------------------------------------- */

enum eagre_io_publish {
  EAGRE_IO_REPLACE,   /* rename over what is there */
  EAGRE_IO_EXCLUSIVE, /* fail with UNSAFE when the name exists: link(2) of the temporary file */
};

/* One small file to be made durable in one go: written under `.NAME.<uuid>.tmp` in the same
 * directory, synced, then published. */
struct eagre_io_file {
  const char *path;
  struct eagre_text content;
  enum eagre_io_publish publish;
  const char *crash_point;  /* passed when all is synced, before publishing; may be NULL */
  enum eagre_status status; /* out: OK, UNSAFE (exists), IO, CANCELLED (an earlier one failed) */
};

/* Makes all files durable; they are synced together, then published in the order given, then each
 * directory is synced once. After power loss at any moment a name stands for nothing (or for what
 * it stood for before) or for the complete file. The directories must exist. The first failure ends
 * it: nothing is published unless all files are synced, nothing after one that could not be
 * published; `error` and the result are that failure's (UNSAFE: FILE_ALREADY_EXISTS). Temporary
 * files are removed then, published ones stay. */
enum eagre_status eagre_io_write_files(struct eagre_io *io, struct eagre_io_file *files,
                                       uint32_t count, struct eagre_error *error);
/* Time spent in fsync by this handle so far (a group in flight together counts as one stretch of
 * time), and the number of syncs: epochs report own work beside it. */
void eagre_io_sync_time(const struct eagre_io *io, uint64_t *out_ns, uint64_t *out_count);

/* ---- One growing file ----------------------------------------------------------------------- */

/* A new file written front to back (Parquet, state). Appends are buffered (up to four times
 * 256 KiB) and submitted without waiting; the first error is reported by the next call and every
 * one after it. */
struct eagre_io_writer;
/* Creates `path` (it must not exist: UNSAFE FILE_ALREADY_EXISTS). */
enum eagre_status eagre_io_writer_open(struct eagre_io *io, const char *path,
                                       struct eagre_io_writer **out_writer,
                                       struct eagre_error *error);
enum eagre_status eagre_io_writer_append(struct eagre_io_writer *writer, const void *data,
                                         size_t size, struct eagre_error *error);
uint64_t eagre_io_writer_size(const struct eagre_io_writer *writer);
/* Waits for all writes and syncs the file and its directory, together, then closes: the file is
 * durable, by its name as well. Frees the writer in any case; on failure the file is removed. */
enum eagre_status eagre_io_writer_finish(struct eagre_io_writer *writer, struct eagre_error *error);
/* Closes and removes the file. Frees the writer; NULL is fine. */
void eagre_io_writer_abort(struct eagre_io_writer *writer);

/* ---- Other file operations ------------------------------------------------------------------ */

/* Reads a whole file into `out` (cleared first; 64 readable zero bytes behind). END when it does
 * not exist; IO FILE_TOO_LARGE beyond `size_max` (0 = 1 GiB). */
enum eagre_status eagre_io_read_file(struct eagre_io *io, const char *path, size_t size_max,
                                     struct eagre_buffer *out, struct eagre_error *error);
struct eagre_io_entry {
  char *name; /* in the arena */
  uint64_t size;
  int64_t modified_us; /* since 1970 */
  bool is_directory;
};
/* Entries of a directory, sorted by name, without "." and "..". A missing directory: END. */
enum eagre_status eagre_io_list(struct eagre_io *io, const char *path, struct eagre_arena *arena,
                                struct eagre_io_entry **out_entries, uint32_t *out_count,
                                struct eagre_error *error);
/* mkdir -p; syncs the parents of what it made. */
enum eagre_status eagre_io_make_directories(struct eagre_io *io, const char *path,
                                            struct eagre_error *error);
/* Removes files; a missing one is fine. Nothing is synced. Goes on after a failure and reports the
 * first. */
enum eagre_status eagre_io_remove_files(struct eagre_io *io, const char *const *paths,
                                        uint32_t count, struct eagre_error *error);
enum eagre_status eagre_io_sync_directory(struct eagre_io *io, const char *path,
                                          struct eagre_error *error);
/* Syncs every directory above `path`, up to the root. A process that died may have made some of
 * them without syncing; then they are there for us and not yet for the disk. Those that cannot be
 * synced are passed over: what we may not even open was not made by us. */
void eagre_io_sync_ancestors(struct eagre_io *io, const char *path);
/* rename(2): over what is there. Nothing is synced. */
enum eagre_status eagre_io_rename(struct eagre_io *io, const char *from, const char *to,
                                  struct eagre_error *error);
/* Size, modification time and kind of a file (`name` is NULL); END when it does not exist. */
enum eagre_status eagre_io_stat(struct eagre_io *io, const char *path,
                                struct eagre_io_entry *out_entry, struct eagre_error *error);

/* An exclusive open-file-description lock on `path` (created when missing, its content is the
 * holder's process id and host). UNSAFE CHECKPOINT_LOCKED names the holder. Released by
 * `eagre_io_lock_release` or by the end of the process. Never waits. */
struct eagre_io_lock;
enum eagre_status eagre_io_lock_acquire(const char *path, struct eagre_io_lock **out_lock,
                                        struct eagre_error *error);
void eagre_io_lock_release(struct eagre_io_lock *lock);

/* Reading a file front to back in pieces, or anywhere in it. END when it does not exist. */
struct eagre_io_reader;
enum eagre_status eagre_io_reader_open(struct eagre_io *io, const char *path,
                                       struct eagre_io_reader **out_reader,
                                       struct eagre_error *error);
/* Up to `size` bytes into `out`; *out_size 0 at the end of the file. */
enum eagre_status eagre_io_reader_read(struct eagre_io_reader *reader, void *out, size_t size,
                                       size_t *out_size, struct eagre_error *error);
/* Up to `size` bytes from `offset` on, fewer only at the end of the file; where the reader above
 * stands does not matter and is not changed. */
enum eagre_status eagre_io_reader_read_at(struct eagre_io_reader *reader, uint64_t offset,
                                          void *out, size_t size, size_t *out_size,
                                          struct eagre_error *error);
void eagre_io_reader_close(struct eagre_io_reader *reader);

/* What the handle's thread does while it waits for the disk's answer to a sync. Called again and
 * again until the answer is there, so it sleeps when it has nothing to do (`eagre_io_wait`), and
 * returns within a millisecond or so. It begins no operations on files. */
typedef void eagre_io_meanwhile_fn(void *context);
/* From now on; NULL: nothing. Only io_uring can do two things at once; elsewhere, and under faults,
 * the thread sleeps all the same. */
void eagre_io_set_meanwhile(struct eagre_io *io, eagre_io_meanwhile_fn *meanwhile, void *context);

/* ---- Waiting -------------------------------------------------------------------------------- */

/* Adds a descriptor (an eventfd of librdkafka, a timer) that ends `eagre_io_wait` when readable.
 * Its owner reads it: while it stays readable, every wait returns at once. */
enum eagre_status eagre_io_watch(struct eagre_io *io, int descriptor, struct eagre_error *error);
/* Takes it off again, before it is closed. Unknown ones are fine. */
void eagre_io_unwatch(struct eagre_io *io, int descriptor);
/* Sleeps until a watched descriptor is readable, `eagre_io_wake` was called since the last wait, or
 * `timeout_us` has passed (-1 = no limit). A wake before the wait is not lost. May return early. */
void eagre_io_wait(struct eagre_io *io, int64_t timeout_us);
/* Any thread, and signal handlers: ends the current or next wait. */
void eagre_io_wake(struct eagre_io *io);

/* ---- Clocks ---------------------------------------------------------------------------------- */

int64_t eagre_clock_wall_us(void); /* since 1970 */
uint64_t eagre_clock_monotonic_ns(void);
