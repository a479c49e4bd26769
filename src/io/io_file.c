/* Reading, listing and the single operations on files and directories. */
#include "io/io_backend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  READ_PADDING = 64,
  READ_STEP_MIN = 4096, /* when a file grows while it is read */
};

static const size_t READ_SIZE_MAX_DEFAULT = (size_t)1 << 30;

/* A name that cannot be there because its directory is not, is not there. */
static bool is_missing(int64_t result) {
  return result == -ENOENT || result == -ENOTDIR;
}

static int64_t open_path(struct eagre_io *io, const char *path, int flags) {
  return eagre_io_run_one(io, (struct eagre_io_operation){
                                  .kind = EAGRE_IO_OPEN,
                                  .path = path,
                                  .flags = flags,
                              });
}

static int64_t read_at(struct eagre_io *io, int descriptor, void *out, size_t size,
                       uint64_t offset) {
  return eagre_io_run_one(io, (struct eagre_io_operation){
                                  .kind = EAGRE_IO_READ,
                                  .descriptor = descriptor,
                                  .data = out,
                                  .size = size,
                                  .offset = offset,
                              });
}

/* ---- Whole files ----------------------------------------------------------------------------- */

static enum eagre_status refuse_size(const char *path, size_t size_max, struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_IO, "FILE_TOO_LARGE", "%s is larger than %zu bytes", path,
                         size_max);
}

/* Appends the file's bytes until its end; it may be growing. */
static enum eagre_status read_to_end(struct eagre_io *io, int descriptor, const char *path,
                                     size_t size_max, size_t expected, struct eagre_buffer *out,
                                     struct eagre_error *error) {
  for (;;) {
    size_t left = expected > out->size ? expected - out->size : 0;
    size_t step = left < READ_STEP_MIN ? READ_STEP_MIN : left;
    char *end = eagre_buffer_reserve(out, step + READ_PADDING);
    int64_t result = read_at(io, descriptor, end, step, out->size);
    if (result < 0) return eagre_io_error(error, "read", path, result);
    out->size += (size_t)result;
    if (out->size > size_max) return refuse_size(path, size_max, error);
    if (result == 0) break;
  }
  memset(eagre_buffer_reserve(out, READ_PADDING), 0, READ_PADDING);
  return EAGRE_OK;
}

enum eagre_status eagre_io_read_file(struct eagre_io *io, const char *path, size_t size_max,
                                     struct eagre_buffer *out, struct eagre_error *error) {
  eagre_buffer_clear(out);
  if (size_max == 0) size_max = READ_SIZE_MAX_DEFAULT;
  int64_t result = open_path(io, path, O_RDONLY);
  if (is_missing(result)) return EAGRE_END;
  if (result < 0) return eagre_io_error(error, "open", path, result);
  int descriptor = (int)result;
  struct stat status;
  size_t expected = fstat(descriptor, &status) == 0 ? (size_t)status.st_size : 0;
  enum eagre_status outcome =
      expected > size_max ? refuse_size(path, size_max, error)
                          : read_to_end(io, descriptor, path, size_max, expected, out, error);
  close(descriptor);
  return outcome;
}

/* ---- Listing --------------------------------------------------------------------------------- */

static void fill_entry(struct eagre_io_entry *entry, const struct stat *status) {
  entry->size = (uint64_t)status->st_size;
  entry->modified_us = (int64_t)status->st_mtim.tv_sec * 1000000 + status->st_mtim.tv_nsec / 1000;
  entry->is_directory = S_ISDIR(status->st_mode);
}

static bool is_self_or_parent(const char *name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int compare_entries(const void *a, const void *b) {
  const struct eagre_io_entry *left = a;
  const struct eagre_io_entry *right = b;
  return strcmp(left->name, right->name);
}

/* Appends the directory's entries to `entries`; 0 or an errno. Names that vanish while we look are
 * left out: they were removed. */
static int read_entries(DIR *directory, struct eagre_arena *arena, struct eagre_buffer *entries) {
  for (;;) {
    errno = 0;
    const struct dirent *found = readdir(directory);
    if (found == NULL) return errno;
    if (is_self_or_parent(found->d_name)) continue;
    struct stat status;
    if (fstatat(dirfd(directory), found->d_name, &status, 0) != 0) {
      if (errno == ENOENT) continue;
      return errno;
    }
    struct eagre_io_entry entry = {.name = eagre_arena_copy_string(arena, found->d_name)};
    fill_entry(&entry, &status);
    eagre_buffer_append(entries, &entry, sizeof entry);
  }
}

enum eagre_status eagre_io_list(struct eagre_io *io, const char *path, struct eagre_arena *arena,
                                struct eagre_io_entry **out_entries, uint32_t *out_count,
                                struct eagre_error *error) {
  *out_entries = NULL;
  *out_count = 0;
  int64_t result = open_path(io, path, O_RDONLY | O_DIRECTORY);
  if (is_missing(result)) return EAGRE_END;
  if (result < 0) return eagre_io_error(error, "list", path, result);
  DIR *directory = fdopendir((int)result);
  eagre_assert(directory != NULL);
  struct eagre_buffer entries = {0};
  int failure = read_entries(directory, arena, &entries);
  closedir(directory);
  if (failure == 0 && entries.size > 0) {
    *out_count = (uint32_t)(entries.size / sizeof **out_entries);
    *out_entries = eagre_arena_allocate(arena, entries.size);
    memcpy(*out_entries, entries.data, entries.size);
    qsort(*out_entries, *out_count, sizeof **out_entries, compare_entries);
  }
  eagre_buffer_done(&entries);
  return failure == 0 ? EAGRE_OK : eagre_io_error(error, "list", path, -failure);
}

enum eagre_status eagre_io_stat(struct eagre_io *io, const char *path,
                                struct eagre_io_entry *out_entry, struct eagre_error *error) {
  (void)io;
  *out_entry = (struct eagre_io_entry){0};
  struct stat status;
  if (stat(path, &status) != 0) {
    if (is_missing(-errno)) return EAGRE_END;
    return eagre_io_error(error, "look at", path, -errno);
  }
  fill_entry(out_entry, &status);
  return EAGRE_OK;
}

/* ---- Directories ----------------------------------------------------------------------------- */

char *eagre_io_parent(struct eagre_arena *arena, const char *path) {
  size_t size = strlen(path);
  while (size > 1 && path[size - 1] == '/') {
    size--; /* of "a/b/" the parent is "a" */
  }
  while (size > 0 && path[size - 1] != '/') {
    size--;
  }
  while (size > 1 && path[size - 1] == '/') {
    size--;
  }
  if (size == 0) return eagre_arena_copy_string(arena, ".");
  return (char *)eagre_arena_copy_text(arena, eagre_text_make(path, size)).data;
}

int64_t eagre_io_sync_path(struct eagre_io *io, const char *path) {
  int64_t result = open_path(io, path, O_RDONLY | O_DIRECTORY);
  if (result < 0) return result;
  int descriptor = (int)result;
  result = eagre_io_run_one(
      io, (struct eagre_io_operation){.kind = EAGRE_IO_SYNC, .descriptor = descriptor});
  close(descriptor);
  return result;
}

enum eagre_status eagre_io_sync_directory(struct eagre_io *io, const char *path,
                                          struct eagre_error *error) {
  int64_t result = eagre_io_sync_path(io, path);
  return result < 0 ? eagre_io_error(error, "sync the directory", path, result) : EAGRE_OK;
}

void eagre_io_sync_ancestors(struct eagre_io *io, const char *path) {
  struct eagre_arena arena = {0};
  const char *above = path;
  do {
    above = eagre_io_parent(&arena, above);
    eagre_io_sync_path(io, above);
  } while (strcmp(above, "/") != 0 && strcmp(above, ".") != 0);
  eagre_arena_done(&arena);
}

static bool is_directory(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Makes one directory whose parent exists, and syncs the parent. */
static int64_t make_directory(struct eagre_io *io, struct eagre_arena *arena, const char *path) {
  int64_t result = eagre_io_run_one(
      io, (struct eagre_io_operation){.kind = EAGRE_IO_MAKE_DIRECTORY, .path = path});
  if (result == -EEXIST && is_directory(path)) return 0; /* another process was quicker */
  if (result < 0) return result;
  return eagre_io_sync_path(io, eagre_io_parent(arena, path));
}

enum eagre_status eagre_io_make_directories(struct eagre_io *io, const char *path,
                                            struct eagre_error *error) {
  if (is_directory(path)) return EAGRE_OK;
  struct eagre_arena arena = {0};
  char *partial = eagre_arena_copy_string(&arena, path);
  int64_t result = 0;
  for (size_t i = 1; result >= 0 && partial[i - 1] != '\0'; i++) {
    char next = partial[i];
    bool is_name_end = (next == '/' || next == '\0') && partial[i - 1] != '/';
    if (!is_name_end) continue;
    partial[i] = '\0';
    if (!is_directory(partial)) result = make_directory(io, &arena, partial);
    partial[i] = next;
  }
  eagre_arena_done(&arena);
  return result < 0 ? eagre_io_error(error, "make the directory", path, result) : EAGRE_OK;
}

/* ---- Names ----------------------------------------------------------------------------------- */

enum eagre_status eagre_io_remove_files(struct eagre_io *io, const char *const *paths,
                                        uint32_t count, struct eagre_error *error) {
  enum eagre_status status = EAGRE_OK;
  for (uint32_t i = 0; i < count; i++) {
    int64_t result = eagre_io_run_one(
        io, (struct eagre_io_operation){.kind = EAGRE_IO_UNLINK, .path = paths[i]});
    if (result >= 0 || is_missing(result) || status != EAGRE_OK) continue;
    status = eagre_io_error(error, "remove", paths[i], result);
  }
  return status;
}

enum eagre_status eagre_io_rename(struct eagre_io *io, const char *from, const char *to,
                                  struct eagre_error *error) {
  int64_t result = eagre_io_run_one(io, (struct eagre_io_operation){
                                            .kind = EAGRE_IO_RENAME,
                                            .path = from,
                                            .new_path = to,
                                        });
  return result < 0 ? eagre_io_error(error, "rename", from, result) : EAGRE_OK;
}

/* ---- Reading in pieces ----------------------------------------------------------------------- */

struct eagre_io_reader {
  struct eagre_io *io;
  char *path;
  int descriptor;
  uint64_t offset;
};

enum eagre_status eagre_io_reader_open(struct eagre_io *io, const char *path,
                                       struct eagre_io_reader **out_reader,
                                       struct eagre_error *error) {
  int64_t result = open_path(io, path, O_RDONLY);
  if (is_missing(result)) return EAGRE_END;
  if (result < 0) return eagre_io_error(error, "open", path, result);
  struct eagre_io_reader *reader = eagre_allocate(sizeof *reader);
  *reader = (struct eagre_io_reader){
      .io = io,
      .path = eagre_text_duplicate(eagre_text_of(path)),
      .descriptor = (int)result,
  };
  /* More read-ahead; advice only. */
  posix_fadvise(reader->descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  *out_reader = reader;
  return EAGRE_OK;
}

enum eagre_status eagre_io_reader_read(struct eagre_io_reader *reader, void *out, size_t size,
                                       size_t *out_size, struct eagre_error *error) {
  int64_t result = read_at(reader->io, reader->descriptor, out, size, reader->offset);
  *out_size = result < 0 ? 0 : (size_t)result;
  if (result < 0) return eagre_io_error(error, "read", reader->path, result);
  reader->offset += (uint64_t)result;
  return EAGRE_OK;
}

enum eagre_status eagre_io_reader_read_at(struct eagre_io_reader *reader, uint64_t offset,
                                          void *out, size_t size, size_t *out_size,
                                          struct eagre_error *error) {
  size_t done = 0;
  while (done < size) {
    int64_t result =
        read_at(reader->io, reader->descriptor, (char *)out + done, size - done, offset + done);
    if (result < 0) return eagre_io_error(error, "read", reader->path, result);
    if (result == 0) break;
    done += (size_t)result;
  }
  *out_size = done;
  return EAGRE_OK;
}

void eagre_io_reader_close(struct eagre_io_reader *reader) {
  if (reader == NULL) return;
  close(reader->descriptor);
  eagre_free(reader->path);
  eagre_free(reader);
}
