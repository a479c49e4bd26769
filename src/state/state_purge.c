/* Removing snapshots that no version to be kept needs.
 *
 * A version >= keep_from keeps its files. A delta builds on the version before, so that only the
 * deltas of version keep_from itself reach below it; their chains are followed back to full files.
 * Everything else below goes, the files of attempts that lost among it. */
#include "state/state_snapshot.h"

#include <string.h>

struct file {
  struct eagre_state_file_name name;
  bool is_needed;
};

struct purge {
  struct eagre_io *io;
  const char *directory;
  struct file *files;
  uint32_t count;
  struct eagre_arena arena;
};

static enum eagre_status list_files(struct purge *purge, struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t entry_count = 0;
  EAGRE_TRY(
      eagre_io_list(purge->io, purge->directory, &purge->arena, &entries, &entry_count, error));
  purge->files = eagre_arena_allocate(&purge->arena, entry_count * sizeof *purge->files);
  for (uint32_t i = 0; i < entry_count; i++) {
    struct file *file = &purge->files[purge->count];
    *file = (struct file){0};
    if (eagre_state_file_name_parse(entries[i].name, &file->name)) purge->count++;
  }
  return EAGRE_OK;
}

static struct file *find_file(struct purge *purge, int64_t version, uint32_t core,
                              const char *attempt) {
  for (uint32_t i = 0; i < purge->count; i++) {
    const struct eagre_state_file_name *name = &purge->files[i].name;
    if (name->version == version && name->core == core && strcmp(name->attempt, attempt) == 0)
      return &purge->files[i];
  }
  return NULL;
}

static enum eagre_status read_header(struct purge *purge, const struct eagre_state_file_name *name,
                                     struct eagre_state_file_header *out,
                                     struct eagre_error *error) {
  const char *path = eagre_state_file_path(&purge->arena, purge->directory, name);
  struct eagre_io_reader *reader = NULL;
  EAGRE_TRY(eagre_io_reader_open(purge->io, path, &reader, error));
  char bytes[EAGRE_STATE_HEADER_SIZE];
  size_t size = 0;
  size_t part = 1;
  enum eagre_status status = EAGRE_OK;
  while (status == EAGRE_OK && part > 0 && size < sizeof bytes) {
    status = eagre_io_reader_read(reader, bytes + size, sizeof bytes - size, &part, error);
    size += part;
  }
  eagre_io_reader_close(reader);
  EAGRE_TRY(status);
  return eagre_state_header_parse(bytes, size, path, out, error);
}

/* Marks what `file` builds on, and what that builds on. A file that is half written (its attempt
 * died) needs nothing: no header, or no file behind it, ends the chain. */
static enum eagre_status mark_chain(struct purge *purge, struct file *file,
                                    struct eagre_error *error) {
  while (file != NULL && file->name.kind == EAGRE_STATE_DELTA) {
    struct eagre_state_file_header header;
    enum eagre_status status = read_header(purge, &file->name, &header, error);
    if (status == EAGRE_UNSAFE || status == EAGRE_END) return EAGRE_OK;
    EAGRE_TRY(status);
    file = find_file(purge, header.base_version, header.core, header.base_attempt);
    if (file == NULL || file->is_needed) return EAGRE_OK;
    file->is_needed = true;
  }
  return EAGRE_OK;
}

/* Whether any version to be kept is there at all; *out_has. */
static enum eagre_status mark_needed(struct purge *purge, int64_t keep_from, bool *out_has,
                                     struct eagre_error *error) {
  *out_has = false;
  for (uint32_t i = 0; i < purge->count; i++) {
    struct file *file = &purge->files[i];
    if (file->name.version < keep_from) continue;
    *out_has = true;
    file->is_needed = true;
    if (file->name.version == keep_from) EAGRE_TRY(mark_chain(purge, file, error));
  }
  return EAGRE_OK;
}

static enum eagre_status remove_rest(struct purge *purge, struct eagre_error *error) {
  const char **paths = eagre_arena_allocate(&purge->arena, purge->count * sizeof *paths);
  uint32_t count = 0;
  for (uint32_t i = 0; i < purge->count; i++) {
    if (purge->files[i].is_needed) continue;
    paths[count++] = eagre_state_file_path(&purge->arena, purge->directory, &purge->files[i].name);
  }
  return eagre_io_remove_files(purge->io, paths, count, error);
}

enum eagre_status eagre_state_purge(struct eagre_io *io, const char *directory, int64_t keep_from,
                                    struct eagre_error *error) {
  struct purge purge = {.io = io, .directory = directory};
  bool has_kept = false;
  enum eagre_status status = list_files(&purge, error);
  if (status == EAGRE_OK) status = mark_needed(&purge, keep_from, &has_kept, error);
  if (status == EAGRE_OK && has_kept) status = remove_rest(&purge, error);
  eagre_arena_done(&purge.arena);
  return status == EAGRE_END ? EAGRE_OK : status;
}
