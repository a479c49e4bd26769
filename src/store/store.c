/* The store of local files: names below a directory, made durable by room `io`. */
#include "store/store.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct eagre_store {
  struct eagre_io *io;
  struct eagre_arena arena; /* root; life of the store */
  const char *root;         /* absolute, without a slash at the end */
};

/* ---- Locations ------------------------------------------------------------------------------- */

/* The scheme of "scheme:/...", empty when there is none. */
static struct eagre_text find_scheme(struct eagre_text location) {
  size_t size = 0;
  while (size < location.size) {
    unsigned char byte = (unsigned char)location.data[size];
    bool is_part = isalpha(byte) || (size > 0 && (isdigit(byte) || strchr("+-.", byte) != NULL));
    if (byte == '\0' || !is_part) break;
    size++;
  }
  bool is_scheme = size > 0 && size + 1 < location.size && location.data[size] == ':' &&
                   location.data[size + 1] == '/';
  return eagre_text_make(location.data, is_scheme ? size : 0);
}

static enum eagre_status refuse_scheme(struct eagre_text scheme, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.OBJECT_STORE",
                  "locations of the scheme %.*s are not supported", (int)scheme.size, scheme.data);
  eagre_error_hint(error, "use a path of this machine, or file:///path");
  return EAGRE_USAGE;
}

/* "file:///path" and "file:/path" name a file of this machine, "file://host/path" does not. */
static enum eagre_status take_file_path(struct eagre_text *location, struct eagre_error *error) {
  struct eagre_text rest = eagre_text_make(location->data + 5, location->size - 5);
  struct eagre_text whole = *location;
  *location = rest;
  if (!eagre_text_starts_with(rest, EAGRE_TEXT("//"))) return EAGRE_OK;
  *location = eagre_text_make(rest.data + 2, rest.size - 2);
  if (location->size > 0 && location->data[0] == '/') return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "INVALID_LOCATION", "%.*s names a file of another machine",
                  (int)whole.size, whole.data);
  eagre_error_hint(error, "write file:/// with three slashes");
  return EAGRE_USAGE;
}

static enum eagre_status find_path(struct eagre_text location, struct eagre_text *out_path,
                                   struct eagre_error *error) {
  struct eagre_text scheme = find_scheme(location);
  *out_path = location;
  if (scheme.size > 0) {
    if (!eagre_text_equal_ignoring_case(scheme, EAGRE_TEXT("file")))
      return refuse_scheme(scheme, error);
    EAGRE_TRY(take_file_path(out_path, error));
  }
  if (out_path->size == 0)
    return eagre_error_set(error, EAGRE_USAGE, "INVALID_EMPTY_LOCATION",
                           "the location is an empty text");
  if (memchr(out_path->data, '\0', out_path->size) != NULL)
    return eagre_error_set(error, EAGRE_USAGE, "INVALID_LOCATION",
                           "the location has a zero byte in it");
  return EAGRE_OK;
}

static const char *make_absolute(struct eagre_arena *arena, struct eagre_text path) {
  while (path.size > 1 && path.data[path.size - 1] == '/') {
    path.size--;
  }
  if (path.data[0] == '/') return eagre_arena_copy_text(arena, path).data;
  char *here = getcwd(NULL, 0);
  eagre_assert(here != NULL);
  const char *absolute = eagre_arena_printf(arena, "%s/%.*s", here, (int)path.size, path.data).data;
  free(here);
  return absolute;
}

enum eagre_status eagre_store_open(struct eagre_io *io, struct eagre_text location,
                                   struct eagre_store **out_store, struct eagre_error *error) {
  struct eagre_text path;
  EAGRE_TRY(find_path(location, &path, error));
  struct eagre_store *store = eagre_allocate_zeroed(1, sizeof *store);
  store->io = io;
  store->root = make_absolute(&store->arena, path);
  *out_store = store;
  return EAGRE_OK;
}

void eagre_store_close(struct eagre_store *store) {
  if (store == NULL) return;
  eagre_arena_done(&store->arena);
  eagre_free(store);
}

/* ---- Names ----------------------------------------------------------------------------------- */

const char *eagre_store_path(const struct eagre_store *store, const char *name,
                             struct eagre_arena *arena) {
  if (name[0] == '\0') return eagre_arena_copy_string(arena, store->root);
  const char *slash = strcmp(store->root, "/") == 0 ? "" : "/";
  return eagre_arena_printf(arena, "%s%s%s", store->root, slash, name).data;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static enum eagre_status make_parent(struct eagre_store *store, struct eagre_arena *arena,
                                     const char *path, struct eagre_error *error) {
  const char *slash = strrchr(path, '/');
  size_t size = slash == path ? 1 : (size_t)(slash - path);
  const char *parent = eagre_arena_copy_text(arena, eagre_text_make(path, size)).data;
  return eagre_io_make_directories(store->io, parent, error);
}

static enum eagre_status put_file(struct eagre_store *store, const char *name,
                                  struct eagre_io_file file, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  file.path = eagre_store_path(store, name, &arena);
  enum eagre_status status = make_parent(store, &arena, file.path, error);
  if (status == EAGRE_OK) status = eagre_io_write_files(store->io, &file, 1, error);
  eagre_arena_done(&arena);
  return status;
}

enum eagre_status eagre_store_put(struct eagre_store *store, const char *name,
                                  struct eagre_text content, struct eagre_error *error) {
  struct eagre_io_file file = {.content = content, .publish = EAGRE_IO_REPLACE};
  return put_file(store, name, file, error);
}

enum eagre_status eagre_store_put_if_absent(struct eagre_store *store, const char *name,
                                            struct eagre_text content, const char *crash_point,
                                            struct eagre_error *error) {
  struct eagre_io_file file = {
      .content = content,
      .publish = EAGRE_IO_EXCLUSIVE,
      .crash_point = crash_point,
  };
  return put_file(store, name, file, error);
}

/* ---- Reading and removing -------------------------------------------------------------------- */

enum eagre_status eagre_store_read(struct eagre_store *store, const char *name,
                                   struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  const char *path = eagre_store_path(store, name, &arena);
  enum eagre_status status = eagre_io_read_file(store->io, path, 0, out, error);
  eagre_arena_done(&arena);
  return status;
}

enum eagre_status eagre_store_list(struct eagre_store *store, const char *name,
                                   struct eagre_arena *arena, struct eagre_io_entry **out_entries,
                                   uint32_t *out_count, struct eagre_error *error) {
  const char *path = eagre_store_path(store, name, arena);
  return eagre_io_list(store->io, path, arena, out_entries, out_count, error);
}

enum eagre_status eagre_store_remove(struct eagre_store *store, const char *const *names,
                                     uint32_t count, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  const char **paths = eagre_arena_allocate(&arena, count * sizeof *paths);
  for (uint32_t i = 0; i < count; i++) {
    paths[i] = eagre_store_path(store, names[i], &arena);
  }
  enum eagre_status status = eagre_io_remove_files(store->io, paths, count, error);
  eagre_arena_done(&arena);
  return status;
}
