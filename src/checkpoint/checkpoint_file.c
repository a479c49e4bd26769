/* One file of the checkpoint with its side file.
 *
 * Invariants
 *   1. A file is created once and never changed.
 *   2. Its side file is published after it. Until then there is none: a stale one (its file removed
 *      by hand, or a purge cut short) is removed before, or a crash in between would leave a file
 *      that fails its check.
 *   3. Of two processes that create the same file one fails (link(2), room `io`), and the loser
 * does not touch the winner's side file: its own is not published. At worst the winner's is
 * missing, when the loser took it for a stale one, and a file without side file is not checked. */
#include "checkpoint/checkpoint_file.h"

#include <stdio.h>

char *eagre_checkpoint_join(struct eagre_arena *arena, const char *path, const char *directory,
                            const char *name) {
  const char *first = directory[0] == '\0' ? "" : "/";
  const char *second = name[0] == '\0' ? "" : "/";
  return (char *)eagre_arena_printf(arena, "%s%s%s%s%s", path, first, directory, second, name).data;
}

const char *eagre_checkpoint_epoch_name(int64_t epoch, char out[EAGRE_CHECKPOINT_NAME_SIZE]) {
  eagre_assert(epoch >= 0);
  snprintf(out, EAGRE_CHECKPOINT_NAME_SIZE, "%lld", (long long)epoch);
  return out;
}

int64_t eagre_checkpoint_name_epoch(const char *name) {
  int64_t epoch = 0;
  if (name[0] == '\0') return -1;
  for (const char *next = name; *next != '\0'; next++) {
    if (*next < '0' || *next > '9') return -1;
    if (__builtin_mul_overflow(epoch, 10, &epoch)) return -1;
    if (__builtin_add_overflow(epoch, *next - '0', &epoch)) return -1;
  }
  /* "007" is not a name we or Spark give. */
  return name[0] == '0' && name[1] != '\0' ? -1 : epoch;
}

char *eagre_checkpoint_side_path(struct eagre_arena *arena,
                                 const struct eagre_checkpoint *checkpoint, const char *directory,
                                 const char *name) {
  const char *side = eagre_arena_printf(arena, ".%s.crc", name).data;
  return eagre_checkpoint_join(arena, checkpoint->path, directory, side);
}

/* ---- Creating -------------------------------------------------------------------------------- */

static enum eagre_status refuse_existing(const char *path, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "CONCURRENT_STREAM_LOG_UPDATE",
                  "another process has written to this checkpoint: %s exists already", path);
  eagre_error_hint(error, "run one process on a checkpoint; give each flow its own");
  return EAGRE_UNSAFE;
}

/* Nothing can be written where there is no directory; with one, only its content was removed. */
static bool is_there(struct eagre_checkpoint *checkpoint, const char *directory) {
  struct eagre_arena arena = {0};
  struct eagre_io_entry entry;
  const char *path = eagre_checkpoint_join(&arena, checkpoint->path, directory, "");
  enum eagre_status status = eagre_io_stat(checkpoint->io, path, &entry, NULL);
  eagre_arena_done(&arena);
  return status == EAGRE_OK;
}

enum eagre_status eagre_checkpoint_write_files(struct eagre_checkpoint *checkpoint,
                                               const char *directory, struct eagre_io_file *files,
                                               uint32_t count, struct eagre_error *error) {
  struct eagre_error failure;
  eagre_error_init(&failure);
  enum eagre_status status = eagre_io_write_files(checkpoint->io, files, count, &failure);
  if (status == EAGRE_OK) return EAGRE_OK;
  bool is_missing = status == EAGRE_IO && strcmp(failure.class_name, "PATH_NOT_FOUND") == 0;
  if (is_missing && is_there(checkpoint, directory)) {
    status = eagre_error_set(&failure, EAGRE_UNSAFE, "CONCURRENT_STREAM_LOG_UPDATE",
                             "another process has gone on with this checkpoint: %s was removed "
                             "while it was written",
                             files[0].path);
    eagre_error_hint(&failure, "run one process on a checkpoint; give each flow its own");
  }
  if (error != NULL) *error = failure;
  return status;
}

static enum eagre_status remove_stale_side(struct eagre_checkpoint *checkpoint,
                                           struct eagre_arena *arena, const char *directory,
                                           const char *side_path, struct eagre_error *error) {
  struct eagre_io_entry entry;
  enum eagre_status status = eagre_io_stat(checkpoint->io, side_path, &entry, error);
  if (status == EAGRE_END) return EAGRE_OK;
  EAGRE_TRY(status);
  EAGRE_TRY(eagre_io_remove_files(checkpoint->io, &side_path, 1, error));
  /* It must be gone before its successor's file appears. */
  const char *path = eagre_checkpoint_join(arena, checkpoint->path, directory, "");
  return eagre_io_sync_directory(checkpoint->io, path, error);
}

static enum eagre_status create_file(struct eagre_checkpoint *checkpoint, struct eagre_arena *arena,
                                     const char *directory, const char *name,
                                     struct eagre_text content, struct eagre_error *error) {
  const char *path = eagre_checkpoint_join(arena, checkpoint->path, directory, name);
  const char *side_path = eagre_checkpoint_side_path(arena, checkpoint, directory, name);
  struct eagre_io_entry entry;
  enum eagre_status status = eagre_io_stat(checkpoint->io, path, &entry, error);
  if (status == EAGRE_OK) return refuse_existing(path, error);
  if (status != EAGRE_END) return status;
  EAGRE_TRY(remove_stale_side(checkpoint, arena, directory, side_path, error));
  struct eagre_buffer side = {0};
  eagre_checkpoint_checksum_make(content, &side);
  struct eagre_io_file files[] = {
      {.path = path, .content = content, .publish = EAGRE_IO_EXCLUSIVE},
      {.path = side_path, .content = eagre_buffer_text(&side), .publish = EAGRE_IO_REPLACE},
  };
  status = eagre_checkpoint_write_files(checkpoint, directory, files, EAGRE_COUNT_OF(files), error);
  eagre_buffer_done(&side);
  return files[0].status == EAGRE_UNSAFE ? refuse_existing(path, error) : status;
}

enum eagre_status eagre_checkpoint_file_create(struct eagre_checkpoint *checkpoint,
                                               const char *directory, const char *name,
                                               struct eagre_text content,
                                               struct eagre_error *error) {
  eagre_assert(!checkpoint->options.read_only);
  struct eagre_arena arena = {0};
  enum eagre_status status = create_file(checkpoint, &arena, directory, name, content, error);
  eagre_arena_done(&arena);
  return status;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static enum eagre_status refuse_checksum(const char *path, const char *side_path,
                                         struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED",
                  "%s does not match its checksums: it is damaged, or was edited", path);
  eagre_error_hint(error, "if you edited it on purpose, remove %s", side_path);
  return EAGRE_UNSAFE;
}

static enum eagre_status verify_content(struct eagre_checkpoint *checkpoint, const char *path,
                                        const char *side_path, const struct eagre_buffer *content,
                                        struct eagre_error *error) {
#if defined(EAGRE_PLANTED_CHECKSUM_NOT_CHECKED)
  return EAGRE_OK;
#endif
  struct eagre_buffer side = {0};
  enum eagre_status status = eagre_io_read_file(checkpoint->io, side_path, 0, &side, error);
  if (status == EAGRE_OK &&
      !eagre_checkpoint_checksum_matches(eagre_buffer_text(&side), eagre_buffer_text(content)))
    status = refuse_checksum(path, side_path, error);
  eagre_buffer_done(&side);
  return status == EAGRE_END ? EAGRE_OK : status;
}

enum eagre_status eagre_checkpoint_file_read(struct eagre_checkpoint *checkpoint,
                                             const char *directory, const char *name,
                                             struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  const char *path = eagre_checkpoint_join(&arena, checkpoint->path, directory, name);
  const char *side_path = eagre_checkpoint_side_path(&arena, checkpoint, directory, name);
  enum eagre_status status = eagre_io_read_file(checkpoint->io, path, 0, out, error);
  if (status == EAGRE_OK) status = verify_content(checkpoint, path, side_path, out, error);
  eagre_arena_done(&arena);
  return status;
}
