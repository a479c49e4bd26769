/* Small files made durable in groups: eagre_io_write_files.
 *
 *   1. every file is created and written under `.NAME.<uuid>.tmp` in its directory
 *   2. all of them are synced, in flight together
 *   3. each is published under its name, in the order of the group: rename(2) or link(2)
 *   4. each directory is synced once, together
 *
 * Invariants
 *   1. A final name never stands for an incomplete file, after power loss neither: 3 begins when 2
 *      is done, and a name and its content are different things on the disk.
 *   2. Nothing is published before every file of the group is synced, and nothing after a file that
 *      could not be published.
 *   3. An EXCLUSIVE name is taken by at most one process: link(2) fails when it exists, which
 *      rename(2) does not, and open(O_EXCL) on the final name would show it half written.
 *   4. A failed sync is never repeated: the kernel may have dropped the pages it could not write,
 *      and a second sync would call that success. */
#include "io/io_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct publication {
  struct eagre_io_file *file;
  char *directory;
  char *temporary;
  int descriptor; /* of the temporary file; -1: closed or not made */
  bool is_made;   /* the temporary name exists */
  bool is_published;
};

struct publisher {
  struct eagre_io *io;
  struct publication *items;
  uint32_t count;
  struct eagre_arena arena;
  struct eagre_error *error;
  enum eagre_status status; /* of the first failure */
};

/* The first failure is the one that is reported. */
static void fail_item(struct publisher *publisher, struct publication *item, const char *what,
                      int64_t result) {
  item->file->status = EAGRE_IO;
  if (publisher->status != EAGRE_OK) return;
  publisher->status = eagre_io_error(publisher->error, what, item->file->path, result);
}

static void fail_existing(struct publisher *publisher, struct publication *item) {
  item->file->status = EAGRE_UNSAFE;
  publisher->status = eagre_error_set(publisher->error, EAGRE_UNSAFE, "FILE_ALREADY_EXISTS",
                                      "%s exists already", item->file->path);
}

static void prepare_item(struct publisher *publisher, struct publication *item,
                         struct eagre_io_file *file) {
  const char *slash = strrchr(file->path, '/');
  const char *name = slash == NULL ? file->path : slash + 1;
  char id[EAGRE_UUID_SIZE];
  eagre_uuid_make(id);
  char *directory = eagre_io_parent(&publisher->arena, file->path);
  *item = (struct publication){
      .file = file,
      .directory = directory,
      .temporary =
          (char *)eagre_arena_printf(&publisher->arena, "%s/.%s.%s.tmp", directory, name, id).data,
      .descriptor = -1,
  };
  /* Until it is published, or fails itself. */
  file->status = EAGRE_CANCELLED;
}

/* ---- 1 and 2: written and synced ------------------------------------------------------------- */

static void write_temporary(struct publisher *publisher, struct publication *item) {
  struct eagre_io_operation open_operation = {
      .kind = EAGRE_IO_OPEN,
      .path = item->temporary,
      .flags = O_CREAT | O_EXCL | O_WRONLY,
  };
  int64_t result = eagre_io_run_one(publisher->io, open_operation);
  if (result >= 0) {
    item->descriptor = (int)result;
    item->is_made = true;
    struct eagre_text content = item->file->content;
    result = eagre_io_write_fully(publisher->io, item->descriptor, content.data, content.size, 0);
  }
  if (result < 0) fail_item(publisher, item, "write", result);
}

static void sync_temporaries(struct publisher *publisher) {
#if defined(EAGRE_PLANTED_OFFSETS_UNSYNCED)
  if (strstr(publisher->items[0].file->path, "/offsets/") != NULL) return;
#endif
  struct eagre_io_operation *syncs =
      eagre_arena_allocate_zeroed(&publisher->arena, publisher->count * sizeof *syncs);
  for (uint32_t i = 0; i < publisher->count; i++) {
    syncs[i].kind = EAGRE_IO_SYNC;
    syncs[i].descriptor = publisher->items[i].descriptor;
  }
  eagre_io_run(publisher->io, syncs, publisher->count);
#if defined(EAGRE_PLANTED_SYNC_TRIED_AGAIN)
  eagre_io_run(publisher->io, syncs, publisher->count);
#endif
  for (uint32_t i = 0; i < publisher->count; i++) {
    if (syncs[i].result < 0) fail_item(publisher, &publisher->items[i], "sync", syncs[i].result);
  }
}

static void close_temporaries(struct publisher *publisher) {
  for (uint32_t i = 0; i < publisher->count; i++) {
    if (publisher->items[i].descriptor >= 0) close(publisher->items[i].descriptor);
  }
}

static void write_group(struct publisher *publisher) {
  for (uint32_t i = 0; i < publisher->count && publisher->status == EAGRE_OK; i++) {
    write_temporary(publisher, &publisher->items[i]);
  }
  if (publisher->status == EAGRE_OK) sync_temporaries(publisher);
  close_temporaries(publisher);
}

/* ---- 3: published ---------------------------------------------------------------------------- */

static void publish_item(struct publisher *publisher, struct publication *item) {
  bool is_exclusive = item->file->publish == EAGRE_IO_EXCLUSIVE;
  if (item->file->crash_point != NULL) eagre_crash_point(item->file->crash_point);
  int64_t result =
      eagre_io_run_one(publisher->io, (struct eagre_io_operation){
                                          .kind = is_exclusive ? EAGRE_IO_LINK : EAGRE_IO_RENAME,
                                          .path = item->temporary,
                                          .new_path = item->file->path,
                                      });
  if (result == -EEXIST && is_exclusive) {
    fail_existing(publisher, item);
  } else if (result < 0) {
    fail_item(publisher, item, "publish", result);
  } else {
    item->is_published = true;
    item->is_made = is_exclusive; /* a rename takes the temporary name away, a link does not */
    item->file->status = EAGRE_OK;
  }
}

/* What stays behind when this fails is a hidden file that nobody reads. */
static void remove_temporaries(struct publisher *publisher) {
  for (uint32_t i = 0; i < publisher->count; i++) {
    if (!publisher->items[i].is_made) continue;
    eagre_io_run_one(publisher->io, (struct eagre_io_operation){
                                        .kind = EAGRE_IO_UNLINK,
                                        .path = publisher->items[i].temporary,
                                    });
  }
}

/* ---- 4: directories -------------------------------------------------------------------------- */

static void fail_directory(struct publisher *publisher, const char *directory, int64_t result) {
  for (uint32_t i = 0; i < publisher->count; i++) {
    struct publication *item = &publisher->items[i];
    if (item->is_published && strcmp(item->directory, directory) == 0)
      fail_item(publisher, item, "sync the directory of", result);
  }
}

static bool is_first_of_directory(const struct publisher *publisher, uint32_t index) {
  const struct publication *items = publisher->items;
  for (uint32_t i = 0; i < index; i++) {
    if (items[i].is_published && strcmp(items[i].directory, items[index].directory) == 0)
      return false;
  }
  return items[index].is_published;
}

/* Opens the directory of every published file once; directories[i] belongs to syncs[i]. */
static uint32_t open_directories(struct publisher *publisher, struct eagre_io_operation *syncs,
                                 const char **directories) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < publisher->count; i++) {
    if (!is_first_of_directory(publisher, i)) continue;
    const char *directory = publisher->items[i].directory;
    int64_t result = eagre_io_run_one(publisher->io, (struct eagre_io_operation){
                                                         .kind = EAGRE_IO_OPEN,
                                                         .path = directory,
                                                         .flags = O_RDONLY | O_DIRECTORY,
                                                     });
    if (result < 0) {
      fail_directory(publisher, directory, result);
      continue;
    }
    directories[count] = directory;
    syncs[count++] = (struct eagre_io_operation){.kind = EAGRE_IO_SYNC, .descriptor = (int)result};
  }
  return count;
}

static void sync_directories(struct publisher *publisher) {
#if defined(EAGRE_PLANTED_TABLE_UNSYNCED)
  if (strstr(publisher->items[0].file->path, "/_delta_log/") != NULL) return;
#endif
  struct eagre_arena *arena = &publisher->arena;
  struct eagre_io_operation *syncs = eagre_arena_allocate(arena, publisher->count * sizeof *syncs);
  const char **directories = eagre_arena_allocate(arena, publisher->count * sizeof *directories);
  uint32_t count = open_directories(publisher, syncs, directories);
  eagre_io_run(publisher->io, syncs, count);
  for (uint32_t i = 0; i < count; i++) {
    if (syncs[i].result < 0) fail_directory(publisher, directories[i], syncs[i].result);
    close(syncs[i].descriptor);
  }
}

enum eagre_status eagre_io_write_files(struct eagre_io *io, struct eagre_io_file *files,
                                       uint32_t count, struct eagre_error *error) {
  struct publisher publisher = {.io = io, .count = count, .error = error};
  publisher.items = eagre_arena_allocate(&publisher.arena, count * sizeof *publisher.items);
  for (uint32_t i = 0; i < count; i++) {
    prepare_item(&publisher, &publisher.items[i], &files[i]);
  }
  write_group(&publisher);
  for (uint32_t i = 0; i < count && publisher.status == EAGRE_OK; i++) {
    publish_item(&publisher, &publisher.items[i]);
  }
  remove_temporaries(&publisher);
  sync_directories(&publisher);
  eagre_arena_done(&publisher.arena);
  return publisher.status;
}
