/* One growing file, written front to back.
 *
 * Bytes are gathered in buffers of 256 KiB; a full one is put in flight and the next is filled. At
 * most BUFFERS_MAX belong to a writer, used in turn, so that the next one in turn is always the one
 * longest in flight.
 *
 * Full buffers go past the page cache (O_DIRECT) where the back end is asynchronous and the file
 * system takes writes at multiples of 4 KiB: the copy into the cache is saved, the disk works while
 * the file grows, and the final sync, which an epoch waits for, finds nothing to write (256 MiB on
 * ext4 over virtio: 1 ms instead of 70 ms, and 0.05 s of CPU instead of 0.07 s). The rest at the
 * end, which has any length, goes through the cache after O_DIRECT is switched off. A file that
 * never fills a buffer never uses it.
 *
 * States: GROWING -> (first failed write) FAILED; finish and abort end both. A failed writer keeps
 * the first failure, reports it by every call and writes nothing more. */
#include "io/io_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFERS_MAX = 4, DIRECT_ALIGNMENT = 4096 };

struct slot {
  struct eagre_io_buffer buffer; /* data NULL: not acquired yet */
  struct eagre_io_operation operation;
  size_t size; /* bytes handed to the operation */
  bool is_flying;
};

struct eagre_io_writer {
  struct eagre_io *io;
  char *path;
  int descriptor;
  bool may_be_direct; /* the file system allows it */
  bool is_direct;     /* O_DIRECT is on */
  struct slot slots[BUFFERS_MAX];
  uint32_t current;   /* slot being filled */
  size_t filled;      /* bytes in it */
  uint64_t submitted; /* bytes handed to the kernel; all whole buffers */
  int64_t failure;    /* -errno of the first failed write; 0: GROWING */
};

/* ---- Direct writing -------------------------------------------------------------------------- */

static bool allows_direct(int descriptor) {
#ifdef STATX_DIOALIGN
  struct statx status;
  if (statx(descriptor, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) != 0) return false;
  if ((status.stx_mask & STATX_DIOALIGN) == 0) return false;
  return status.stx_dio_offset_align != 0 && status.stx_dio_offset_align <= DIRECT_ALIGNMENT &&
         status.stx_dio_mem_align <= DIRECT_ALIGNMENT;
#else
  (void)descriptor;
  return false;
#endif
}

static void set_direct(struct eagre_io_writer *writer, bool is_direct) {
  if (writer->is_direct == is_direct) return;
  int flags = fcntl(writer->descriptor, F_GETFL);
  int wanted = is_direct ? flags | O_DIRECT : flags & ~O_DIRECT;
  if (flags < 0 || fcntl(writer->descriptor, F_SETFL, wanted) != 0) {
    writer->may_be_direct = false;
    return;
  }
  writer->is_direct = is_direct;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

/* Writes what is left of a slot's bytes through the page cache. */
static void complete_slot(struct eagre_io_writer *writer, struct slot *slot, size_t written) {
  writer->may_be_direct = false;
  set_direct(writer, false);
  writer->failure =
      eagre_io_write_fully(writer->io, writer->descriptor, slot->buffer.data + written,
                           slot->size - written, slot->operation.offset + written);
}

/* Waits for the slot's write, if one is in flight, and judges it. */
static void settle_slot(struct eagre_io_writer *writer, struct slot *slot) {
  if (!slot->is_flying) return;
  writer->io->engine.table->finish(writer->io->engine.state, &slot->operation);
  slot->is_flying = false;
  int64_t result = slot->operation.result;
  /* Some file systems say that they write directly and then do not. */
  if (result == -EINVAL && writer->is_direct) result = 0;
  if (writer->failure != 0) return;
  if (result < 0) {
    writer->failure = result;
  } else if ((size_t)result < slot->size) {
    complete_slot(writer, slot, (size_t)result);
  }
}

static void settle_slots(struct eagre_io_writer *writer) {
  for (uint32_t i = 0; i < BUFFERS_MAX; i++) {
    settle_slot(writer, &writer->slots[i]);
  }
}

/* Puts the current slot, which is full, in flight and makes the next one current. */
static void submit_current(struct eagre_io_writer *writer) {
  struct slot *slot = &writer->slots[writer->current];
  if (writer->may_be_direct) set_direct(writer, true);
  slot->size = writer->filled;
  slot->operation = (struct eagre_io_operation){
      .kind = EAGRE_IO_WRITE,
      .descriptor = writer->descriptor,
      .data = slot->buffer.data,
      .size = slot->size,
      .offset = writer->submitted,
      .buffer_index = slot->buffer.index,
  };
  slot->is_flying = true;
  writer->io->engine.table->start(writer->io->engine.state, &slot->operation);
  writer->submitted += writer->filled;
  writer->filled = 0;
  writer->current = (writer->current + 1) % BUFFERS_MAX;
  settle_slot(writer, &writer->slots[writer->current]);
}

/* ---- The door -------------------------------------------------------------------------------- */

static enum eagre_status report_failure(const struct eagre_io_writer *writer,
                                        struct eagre_error *error) {
  return eagre_io_error(error, "write", writer->path, writer->failure);
}

enum eagre_status eagre_io_writer_open(struct eagre_io *io, const char *path,
                                       struct eagre_io_writer **out_writer,
                                       struct eagre_error *error) {
  int64_t result = eagre_io_run_one(io, (struct eagre_io_operation){
                                            .kind = EAGRE_IO_OPEN,
                                            .path = path,
                                            .flags = O_CREAT | O_EXCL | O_WRONLY,
                                        });
  if (result == -EEXIST)
    return eagre_error_set(error, EAGRE_UNSAFE, "FILE_ALREADY_EXISTS", "%s exists already", path);
  if (result < 0) return eagre_io_error(error, "create", path, result);
  struct eagre_io_writer *writer = eagre_allocate_zeroed(1, sizeof *writer);
  writer->io = io;
  writer->path = eagre_text_duplicate(eagre_text_of(path));
  writer->descriptor = (int)result;
  writer->may_be_direct = io->is_direct && allows_direct(writer->descriptor);
  io->writer_count++;
  *out_writer = writer;
  return EAGRE_OK;
}

enum eagre_status eagre_io_writer_append(struct eagre_io_writer *writer, const void *data,
                                         size_t size, struct eagre_error *error) {
  const char *bytes = data;
  while (size > 0 && writer->failure == 0) {
    struct slot *slot = &writer->slots[writer->current];
    if (slot->buffer.data == NULL) eagre_io_buffer_acquire(writer->io, &slot->buffer);
    size_t room = EAGRE_IO_BUFFER_SIZE - writer->filled;
    size_t part = size < room ? size : room;
    memcpy(slot->buffer.data + writer->filled, bytes, part);
    writer->filled += part;
    bytes += part;
    size -= part;
    if (writer->filled == EAGRE_IO_BUFFER_SIZE) submit_current(writer);
  }
  return writer->failure == 0 ? EAGRE_OK : report_failure(writer, error);
}

uint64_t eagre_io_writer_size(const struct eagre_io_writer *writer) {
  return writer->submitted + writer->filled;
}

/* Nothing is in flight any more. */
static void free_writer(struct eagre_io_writer *writer) {
  close(writer->descriptor);
  for (uint32_t i = 0; i < BUFFERS_MAX; i++) {
    if (writer->slots[i].buffer.data != NULL)
      eagre_io_buffer_release(writer->io, writer->slots[i].buffer);
  }
  writer->io->writer_count--;
  eagre_free(writer->path);
  eagre_free(writer);
}

static void remove_file(const struct eagre_io_writer *writer) {
  eagre_io_run_one(writer->io,
                   (struct eagre_io_operation){.kind = EAGRE_IO_UNLINK, .path = writer->path});
}

static void write_rest(struct eagre_io_writer *writer) {
  settle_slots(writer);
  if (writer->failure != 0 || writer->filled == 0) return;
  set_direct(writer, false);
  const struct slot *slot = &writer->slots[writer->current];
  writer->failure = eagre_io_write_fully(writer->io, writer->descriptor, slot->buffer.data,
                                         writer->filled, writer->submitted);
#if defined(EAGRE_PLANTED_WRITE_FAILURE_FORGOTTEN)
  writer->failure = 0;
#endif
}

/* The bytes and the name, in flight together: neither waits for the other. */
static enum eagre_status sync_file(struct eagre_io_writer *writer, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  const char *directory = eagre_io_parent(&arena, writer->path);
  struct eagre_io_operation syncs[] = {
      {.kind = EAGRE_IO_SYNC},
      {.kind = EAGRE_IO_SYNC, .descriptor = writer->descriptor},
  };
  uint32_t count = EAGRE_COUNT_OF(syncs);
#if defined(EAGRE_PLANTED_DATA_UNSYNCED)
  count = 1;
#endif
  enum eagre_status status = EAGRE_OK;
  int64_t opened = eagre_io_run_one(
      writer->io, (struct eagre_io_operation){
                      .kind = EAGRE_IO_OPEN, .path = directory, .flags = O_RDONLY | O_DIRECTORY});
  if (opened < 0) {
    status = eagre_io_error(error, "sync the directory of", writer->path, opened);
  } else {
    syncs[0].descriptor = (int)opened;
    eagre_io_run(writer->io, syncs, count);
    close((int)opened);
    if (syncs[1].result < 0) {
      status = eagre_io_error(error, "sync", writer->path, syncs[1].result);
    } else if (syncs[0].result < 0) {
      status = eagre_io_error(error, "sync the directory of", writer->path, syncs[0].result);
    }
  }
  eagre_arena_done(&arena);
  return status;
}

enum eagre_status eagre_io_writer_finish(struct eagre_io_writer *writer,
                                         struct eagre_error *error) {
  write_rest(writer);
  enum eagre_status status =
      writer->failure != 0 ? report_failure(writer, error) : sync_file(writer, error);
  if (status != EAGRE_OK) remove_file(writer);
  free_writer(writer);
  return status;
}

void eagre_io_writer_abort(struct eagre_io_writer *writer) {
  if (writer == NULL) return;
  settle_slots(writer);
  remove_file(writer);
  free_writer(writer);
}
