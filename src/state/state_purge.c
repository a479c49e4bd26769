/* Removing snapshots that no version to be kept needs.
 *
 * A version >= keep_from keeps its files. How far below it they reach, the files of version
 * keep_from say: those of later ones do not reach further. Everything below that goes; files of
 * attempts that lost go with the files around them. */
#include "state/state_snapshot.h"

#include <string.h>

struct purge {
  struct eagre_io *io;
  const char *directory;
  struct eagre_state_file_name *files;
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
    if (eagre_state_file_name_parse(entries[i].name, &purge->files[purge->count])) purge->count++;
  }
  return EAGRE_OK;
}

static const struct eagre_state_file_name *find_file(const struct purge *purge, int64_t version,
                                                     uint32_t core, const char *attempt) {
  for (uint32_t i = 0; i < purge->count; i++) {
    const struct eagre_state_file_name *name = &purge->files[i];
    if (name->version == version && name->core == core && strcmp(name->attempt, attempt) == 0)
      return name;
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

/* The oldest version that a file needs, into *first when that is lower. Deltas of format version 1
 * are followed back to their full file. A file that is half written (its attempt died) needs
 * nothing: no header, or no file behind it, ends the chain. */
static enum eagre_status find_first(struct purge *purge, const struct eagre_state_file_name *name,
                                    int64_t *first, struct eagre_error *error) {
  while (name != NULL) {
    struct eagre_state_file_header header;
    enum eagre_status status = read_header(purge, name, &header, error);
    if (status == EAGRE_UNSAFE || status == EAGRE_END) return EAGRE_OK;
    EAGRE_TRY(status);
    int64_t reached = header.chain_first >= 0 ? header.chain_first : header.version;
    if (reached < *first) *first = reached;
    if (header.chain_first >= 0) return EAGRE_OK;
    name = find_file(purge, header.base_version, header.core, header.base_attempt);
  }
  return EAGRE_OK;
}

/* The oldest version of which files are needed; INT64_MIN when no version to be kept is there. */
static enum eagre_status find_oldest(struct purge *purge, int64_t keep_from, int64_t *out,
                                     struct eagre_error *error) {
  bool has_kept = false;
  *out = keep_from;
  for (uint32_t i = 0; i < purge->count; i++) {
    const struct eagre_state_file_name *name = &purge->files[i];
    has_kept |= name->version >= keep_from;
    if (name->version == keep_from) EAGRE_TRY(find_first(purge, name, out, error));
  }
  if (!has_kept) *out = INT64_MIN;
  return EAGRE_OK;
}

static enum eagre_status remove_below(struct purge *purge, int64_t oldest,
                                      struct eagre_error *error) {
  const char **paths = eagre_arena_allocate(&purge->arena, purge->count * sizeof *paths);
  uint32_t count = 0;
  for (uint32_t i = 0; i < purge->count; i++) {
    if (purge->files[i].version >= oldest) continue;
    paths[count++] = eagre_state_file_path(&purge->arena, purge->directory, &purge->files[i]);
  }
  return eagre_io_remove_files(purge->io, paths, count, error);
}

enum eagre_status eagre_state_purge(struct eagre_io *io, const char *directory, int64_t keep_from,
                                    struct eagre_error *error) {
  struct purge purge = {.io = io, .directory = directory};
  int64_t oldest = INT64_MIN;
  enum eagre_status status = list_files(&purge, error);
  if (status == EAGRE_OK) status = find_oldest(&purge, keep_from, &oldest, error);
  if (status == EAGRE_OK) status = remove_below(&purge, oldest, error);
  eagre_arena_done(&purge.arena);
  return status == EAGRE_END ? EAGRE_OK : status;
}
