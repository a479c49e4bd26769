/* The recorder of file operations (recording.h). */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "test_scratch.h"

enum { DESCRIPTORS_MAX = 4096, NO_INODE = -1 };

static const uint64_t NEVER = UINT64_MAX;

/* A file behind its names. */
struct inode {
  char *content; /* before recording began */
  size_t size;
};

struct name {
  char *path;
  int inode; /* NO_INODE: a directory */
};

struct names {
  struct name *items;
  size_t count;
};

/* One operation. */
struct event {
  enum eagre_io_kind kind;
  bool has_failed;
  char *path;     /* of the name that changes; SYNC of a directory: that directory */
  char *new_path; /* RENAME, LINK */
  int inode;
  char *data; /* WRITE */
  size_t size;
  uint64_t offset;
  uint64_t begin;
  uint64_t end;
};

struct recording {
  struct eagre_io_engine inner;
  char *root;
  uint64_t now;
  struct inode *inodes;
  size_t inode_count;
  struct names before; /* when recording began */
  struct names live;
  struct event *events;
  size_t event_count;
  int descriptor_inodes[DESCRIPTORS_MAX];
  char *descriptor_paths[DESCRIPTORS_MAX]; /* of directories */
  /* Writes that were started: which event belongs to which operation. */
  struct eagre_io_operation *flying[64];
  size_t flying_events[64];
};

/* ---- Names ----------------------------------------------------------------------------------- */

static char *duplicate(const char *string) {
  return string == NULL ? NULL : eagre_text_duplicate(eagre_text_of(string));
}

static struct name *find_name(struct names *names, const char *path) {
  for (size_t i = 0; i < names->count; i++) {
    if (strcmp(names->items[i].path, path) == 0) return &names->items[i];
  }
  return NULL;
}

static void put_name(struct names *names, const char *path, int inode) {
  struct name *found = find_name(names, path);
  if (found != NULL) {
    found->inode = inode;
    return;
  }
  names->items = eagre_reallocate(names->items, (names->count + 1) * sizeof *names->items);
  names->items[names->count++] = (struct name){duplicate(path), inode};
}

static void remove_name(struct names *names, const char *path) {
  struct name *found = find_name(names, path);
  if (found == NULL) return;
  eagre_free(found->path);
  *found = names->items[--names->count];
}

static void free_names(struct names *names) {
  for (size_t i = 0; i < names->count; i++) {
    eagre_free(names->items[i].path);
  }
  eagre_free(names->items);
}

static void apply_to_names(struct names *names, const struct event *event) {
  switch (event->kind) {
  case EAGRE_IO_OPEN:
    put_name(names, event->path, event->inode);
    break;
  case EAGRE_IO_LINK:
    put_name(names, event->new_path, event->inode);
    break;
  case EAGRE_IO_RENAME:
    put_name(names, event->new_path, event->inode);
    remove_name(names, event->path);
    break;
  case EAGRE_IO_UNLINK:
    remove_name(names, event->path);
    break;
  case EAGRE_IO_MAKE_DIRECTORY:
    put_name(names, event->path, NO_INODE);
    break;
  default:
    break;
  }
}

static int add_inode(struct recording *recording, char *content, size_t size) {
  size_t count = recording->inode_count + 1;
  recording->inodes = eagre_reallocate(recording->inodes, count * sizeof *recording->inodes);
  recording->inodes[recording->inode_count] = (struct inode){content, size};
  return (int)recording->inode_count++;
}

/* nftw has no room for a context. */
static struct recording *scanning;

static int scan_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  (void)status;
  (void)walk;
  int inode = NO_INODE;
  if (kind == FTW_F) {
    size_t size = 0;
    char *content = scratch_read(path, &size);
    inode = add_inode(scanning, content, size);
  }
  put_name(&scanning->before, path, inode);
  put_name(&scanning->live, path, inode);
  return 0;
}

/* ---- Recording ------------------------------------------------------------------------------- */

static size_t begin_event(struct recording *recording, const struct eagre_io_operation *operation) {
  struct event event = {
      .kind = operation->kind,
      .path = duplicate(operation->path),
      .new_path = duplicate(operation->new_path),
      .inode = NO_INODE,
      .begin = recording->now++,
      .end = NEVER,
  };
  if (operation->kind == EAGRE_IO_WRITE || operation->kind == EAGRE_IO_SYNC) {
    event.inode = recording->descriptor_inodes[operation->descriptor];
    event.path = duplicate(recording->descriptor_paths[operation->descriptor]);
  }
  if (operation->kind == EAGRE_IO_WRITE) {
    event.offset = operation->offset;
    event.size = operation->size;
    event.data = eagre_allocate(operation->size);
    memcpy(event.data, operation->data, operation->size);
  }
  if (operation->kind == EAGRE_IO_RENAME || operation->kind == EAGRE_IO_LINK) {
    const struct name *source = find_name(&recording->live, operation->path);
    event.inode = source == NULL ? NO_INODE : source->inode;
  }
  size_t size = (recording->event_count + 1) * sizeof *recording->events;
  recording->events = eagre_reallocate(recording->events, size);
  recording->events[recording->event_count] = event;
  return recording->event_count++;
}

static void note_open(struct recording *recording, struct event *event,
                      const struct eagre_io_operation *operation) {
  int descriptor = (int)operation->result;
  eagre_assert(descriptor < DESCRIPTORS_MAX);
  bool is_directory = (operation->flags & O_DIRECTORY) != 0;
  eagre_free(recording->descriptor_paths[descriptor]);
  recording->descriptor_paths[descriptor] = is_directory ? duplicate(operation->path) : NULL;
  const struct name *known = find_name(&recording->live, operation->path);
  bool is_created = known == NULL && (operation->flags & O_CREAT) != 0;
  if (is_created) event->inode = add_inode(recording, NULL, 0);
  /* Only an opening that creates changes a name. */
  if (!is_created) event->has_failed = true;
  recording->descriptor_inodes[descriptor] =
      is_created ? event->inode : (known == NULL ? NO_INODE : known->inode);
}

static void end_event(struct recording *recording, size_t index,
                      const struct eagre_io_operation *operation) {
  struct event *event = &recording->events[index];
  event->end = recording->now++;
  event->has_failed = operation->result < 0;
  if (event->has_failed) return;
  if (event->kind == EAGRE_IO_WRITE) event->size = (size_t)operation->result;
  if (event->kind == EAGRE_IO_OPEN) note_open(recording, event, operation);
  if (!event->has_failed) apply_to_names(&recording->live, event);
}

static void run_operations(void *state, struct eagre_io_operation *operations, uint32_t count) {
  struct recording *recording = state;
  size_t *events = eagre_allocate(count * sizeof *events);
  for (uint32_t i = 0; i < count; i++) {
    events[i] = begin_event(recording, &operations[i]);
  }
  recording->inner.table->run(recording->inner.state, operations, count);
  for (uint32_t i = 0; i < count; i++) {
    end_event(recording, events[i], &operations[i]);
  }
  eagre_free(events);
}

static void start_operation(void *state, struct eagre_io_operation *operation) {
  struct recording *recording = state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(recording->flying); i++) {
    if (recording->flying[i] != NULL) continue;
    recording->flying[i] = operation;
    recording->flying_events[i] = begin_event(recording, operation);
    recording->inner.table->start(recording->inner.state, operation);
    return;
  }
  eagre_assert(!"more writes in flight than the recorder can follow");
}

static void finish_operation(void *state, struct eagre_io_operation *operation) {
  struct recording *recording = state;
  recording->inner.table->finish(recording->inner.state, operation);
  for (size_t i = 0; i < EAGRE_COUNT_OF(recording->flying); i++) {
    if (recording->flying[i] != operation) continue;
    recording->flying[i] = NULL;
    end_event(recording, recording->flying_events[i], operation);
    return;
  }
  eagre_assert(!"a write was finished that was not started");
}

static int register_buffers(void *state, char *memory, size_t size, uint32_t count) {
  struct recording *recording = state;
  return recording->inner.table->register_buffers(recording->inner.state, memory, size, count);
}

static int watch_descriptor(void *state, int descriptor) {
  struct recording *recording = state;
  return recording->inner.table->watch(recording->inner.state, descriptor);
}

static void unwatch_descriptor(void *state, int descriptor) {
  struct recording *recording = state;
  recording->inner.table->unwatch(recording->inner.state, descriptor);
}

static void sleep_until_readable(void *state, int64_t timeout_us) {
  struct recording *recording = state;
  recording->inner.table->sleep(recording->inner.state, timeout_us);
}

static void close_inner(void *state) {
  struct recording *recording = state;
  recording->inner.table->close(recording->inner.state);
}

static const struct eagre_io_backend recording_backend = {
    .close = close_inner,
    .run = run_operations,
    .start = start_operation,
    .finish = finish_operation,
    .register_buffers = register_buffers,
    .watch = watch_descriptor,
    .unwatch = unwatch_descriptor,
    .sleep = sleep_until_readable,
};

struct recording *recording_install(struct eagre_io *io, const char *root) {
  eagre_assert(io->writer_count == 0);
  struct recording *recording = eagre_allocate_zeroed(1, sizeof *recording);
  recording->inner = io->engine;
  recording->root = duplicate(root);
  scanning = recording;
  eagre_assert(nftw(root, scan_one, 16, FTW_PHYS) == 0);
  scanning = NULL;
  io->engine = (struct eagre_io_engine){&recording_backend, recording};
  return recording;
}

void recording_free(struct recording *recording) {
  for (size_t i = 0; i < recording->event_count; i++) {
    eagre_free(recording->events[i].path);
    eagre_free(recording->events[i].new_path);
    eagre_free(recording->events[i].data);
  }
  for (size_t i = 0; i < recording->inode_count; i++) {
    eagre_free(recording->inodes[i].content);
  }
  for (size_t i = 0; i < DESCRIPTORS_MAX; i++) {
    eagre_free(recording->descriptor_paths[i]);
  }
  free_names(&recording->before);
  free_names(&recording->live);
  eagre_free(recording->events);
  eagre_free(recording->inodes);
  eagre_free(recording->root);
  eagre_free(recording);
}

uint64_t recording_now(const struct recording *recording) {
  return recording->now;
}

/* ---- Power loss ------------------------------------------------------------------------------ */

static bool covers(const struct event *sync, const struct event *event, uint64_t moment) {
  return sync->kind == EAGRE_IO_SYNC && !sync->has_failed && sync->end < moment &&
         event->end < sync->begin;
}

/* Whether `path` is a name directly inside `directory`. */
static bool is_inside(const char *path, const char *directory) {
  const char *slash = strrchr(path, '/');
  size_t size = strlen(directory);
  return slash != NULL && (size_t)(slash - path) == size && strncmp(path, directory, size) == 0;
}

static bool is_safe(const struct recording *recording, const struct event *event, uint64_t moment) {
  bool is_write = event->kind == EAGRE_IO_WRITE;
  const char *path = event->new_path == NULL ? event->path : event->new_path;
  for (size_t i = 0; i < recording->event_count; i++) {
    const struct event *sync = &recording->events[i];
    if (!covers(sync, event, moment)) continue;
    if (is_write ? sync->inode == event->inode && event->inode != NO_INODE
                 : sync->path != NULL && is_inside(path, sync->path))
      return true;
  }
  return false;
}

static bool decide(struct eagre_random *random, double chance) {
  return eagre_random_unit(random) < chance;
}

static void write_into(struct eagre_buffer *content, const struct event *event, size_t size,
                       bool is_zeroed) {
  size_t end = (size_t)event->offset + size;
  if (end > content->size) {
    memset(eagre_buffer_reserve(content, end - content->size), 0, end - content->size);
    content->size = end;
  }
  if (!is_zeroed && size > 0) memcpy(content->data + event->offset, event->data, size);
}

/* An unsafe write: kept, dropped, cut short, or allocated but never written. */
static void apply_unsafe(struct eagre_buffer *content, const struct event *event,
                         double keep_chance, struct eagre_random *random) {
  if (event->size == 0) return;
  if (decide(random, keep_chance)) {
    write_into(content, event, event->size, false);
    return;
  }
  switch (eagre_random_below(random, 3)) {
  case 0:
    write_into(content, event, eagre_random_below(random, event->size), false);
    break;
  case 1:
    write_into(content, event, event->size, true);
    break;
  default:
    break;
  }
}

static void replay_content(const struct recording *recording, int inode, uint64_t moment,
                           double keep_chance, struct eagre_random *random,
                           struct eagre_buffer *out) {
  const struct inode *file = &recording->inodes[inode];
  eagre_buffer_append(out, file->content, file->size);
  for (size_t i = 0; i < recording->event_count; i++) {
    const struct event *event = &recording->events[i];
    if (event->kind != EAGRE_IO_WRITE || event->inode != inode) continue;
    if (event->has_failed || event->begin >= moment) continue;
    if (is_safe(recording, event, moment)) {
      write_into(out, event, event->size, false);
    } else {
      apply_unsafe(out, event, keep_chance, random);
    }
  }
}

static bool changes_names(const struct event *event) {
  return event->kind == EAGRE_IO_OPEN || event->kind == EAGRE_IO_LINK ||
         event->kind == EAGRE_IO_RENAME || event->kind == EAGRE_IO_UNLINK ||
         event->kind == EAGRE_IO_MAKE_DIRECTORY;
}

static void replay_names(const struct recording *recording, uint64_t moment, double keep_chance,
                         struct eagre_random *random, struct names *names) {
  for (size_t i = 0; i < recording->before.count; i++) {
    put_name(names, recording->before.items[i].path, recording->before.items[i].inode);
  }
  for (size_t i = 0; i < recording->event_count; i++) {
    const struct event *event = &recording->events[i];
    if (!changes_names(event) || event->has_failed || event->begin >= moment) continue;
    if (is_safe(recording, event, moment) || decide(random, keep_chance))
      apply_to_names(names, event);
  }
}

static const char *find_image_path(const struct recording *recording, const char *path,
                                   const char *out) {
  eagre_assert(strncmp(path, recording->root, strlen(recording->root)) == 0);
  return scratch_path(out, path + strlen(recording->root) + 1);
}

static int compare_names(const void *a, const void *b) {
  return strcmp(((const struct name *)a)->path, ((const struct name *)b)->path);
}

void recording_replay(const struct recording *recording, uint64_t moment, double keep_chance,
                      struct eagre_random *random, const char *out) {
  struct names names = {0};
  replay_names(recording, moment, keep_chance, random, &names);
  struct eagre_buffer *contents = eagre_allocate_zeroed(recording->inode_count, sizeof *contents);
  for (size_t i = 0; i < recording->inode_count; i++) {
    replay_content(recording, (int)i, moment, keep_chance, random, &contents[i]);
  }
  /* Sorted, a directory comes before what is in it. */
  if (names.count > 0) qsort(names.items, names.count, sizeof *names.items, compare_names);
  for (size_t i = 0; i < names.count; i++) {
    const struct name *name = &names.items[i];
    if (strcmp(name->path, recording->root) == 0) continue;
    const char *path = find_image_path(recording, name->path, out);
    if (name->inode == NO_INODE) {
      mkdir(path, 0777);
      continue;
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL) continue; /* its directory did not survive */
    const struct eagre_buffer *content = &contents[name->inode];
    if (content->size > 0) fwrite(content->data, 1, content->size, file);
    fclose(file);
  }
  for (size_t i = 0; i < recording->inode_count; i++) {
    eagre_buffer_done(&contents[i]);
  }
  eagre_free(contents);
  free_names(&names);
}
