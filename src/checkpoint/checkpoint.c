/* The handle of a checkpoint: what a start finds, the lock, creating.
 *
 * States of the lock
 *   UNLOCKED   nothing of ours is there to lock (a new directory, or one of Spark's), or read only
 *   LOCKED     eagre/lock is held: by `open` when eagre/ is there, else by `create`
 *   PASSED     somebody else holds it and `take_over` was given: the fence is the exclusive
 * creation of offsets/N and commits/N, at which one of the two ends `open` writes nothing but the
 * content of a lock file that is there already; whatever makes a start refuse a checkpoint is found
 * before anything is touched. */
#include "checkpoint/checkpoint_file.h"

#include <stdlib.h>
#include <unistd.h>

#define LOCK_DIRECTORY "eagre"
#define STATE_DIRECTORY "eagre/state"
#define TIER_DIRECTORY "eagre/tier"
#define PREPARED_DIRECTORY "eagre/prepared"

/* ---- Looking --------------------------------------------------------------------------------- */

/* Entries of a directory of the checkpoint; none when it is missing. */
static enum eagre_status list_directory(struct eagre_checkpoint *checkpoint, const char *directory,
                                        struct eagre_arena *arena,
                                        struct eagre_io_entry **out_entries, uint32_t *out_count,
                                        struct eagre_error *error) {
  const char *path = eagre_checkpoint_join(arena, checkpoint->path, directory, "");
  enum eagre_status status =
      eagre_io_list(checkpoint->io, path, arena, out_entries, out_count, error);
  return status == EAGRE_END ? EAGRE_OK : status;
}

static enum eagre_status find_last_epoch(struct eagre_checkpoint *checkpoint,
                                         struct eagre_arena *arena, const char *directory,
                                         int64_t *out_epoch, struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  *out_epoch = -1;
  EAGRE_TRY(list_directory(checkpoint, directory, arena, &entries, &count, error));
  for (uint32_t i = 0; i < count; i++) {
    int64_t epoch = eagre_checkpoint_name_epoch(entries[i].name);
    if (epoch > *out_epoch) *out_epoch = epoch;
  }
  return EAGRE_OK;
}

static enum eagre_status has_entries(struct eagre_checkpoint *checkpoint, struct eagre_arena *arena,
                                     const char *directory, bool *out_has,
                                     struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  EAGRE_TRY(list_directory(checkpoint, directory, arena, &entries, &count, error));
  *out_has = count > 0;
  return EAGRE_OK;
}

static enum eagre_status read_metadata(struct eagre_checkpoint *checkpoint,
                                       struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_checkpoint_summary *summary = &checkpoint->summary;
  struct eagre_buffer content = {0};
  enum eagre_status status =
      eagre_checkpoint_file_read(checkpoint, "", "metadata", &content, error);
  if (status == EAGRE_OK) {
    const char *place = eagre_checkpoint_join(arena, checkpoint->path, "", "metadata");
    status =
        eagre_checkpoint_parse_metadata(eagre_buffer_text(&content), place, summary->id, error);
    summary->exists = status == EAGRE_OK;
  }
  eagre_buffer_done(&content);
  return status == EAGRE_END ? EAGRE_OK : status;
}

static enum eagre_status refuse_missing_metadata(const struct eagre_checkpoint *checkpoint,
                                                 struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "STREAMING_CHECKPOINT_MISSING_METADATA_FILE",
                  "checkpoint %s has epochs and no metadata file", checkpoint->path);
  eagre_error_hint(error,
                   "restore the file metadata from a backup, or start with a new checkpoint");
  return EAGRE_UNSAFE;
}

/* An epoch of ours was prepared before the next one was planned; after an epoch or two of Spark's
 * neither the last nor the one before has a prepared file. */
static enum eagre_status find_origin(struct eagre_checkpoint *checkpoint, struct eagre_arena *arena,
                                     struct eagre_error *error) {
  struct eagre_checkpoint_summary *summary = &checkpoint->summary;
  int64_t prepared_last;
  EAGRE_TRY(find_last_epoch(checkpoint, arena, PREPARED_DIRECTORY, &prepared_last, error));
  int64_t epoch_last =
      summary->offsets_last > summary->commits_last ? summary->offsets_last : summary->commits_last;
  bool has_epochs = epoch_last >= 0;
  summary->is_from_spark = summary->has_spark_state ||
                           (has_epochs && (prepared_last < 0 || prepared_last < epoch_last - 1));
  return EAGRE_OK;
}

static enum eagre_status read_summary(struct eagre_checkpoint *checkpoint,
                                      struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_checkpoint_summary *summary = &checkpoint->summary;
  *summary = (struct eagre_checkpoint_summary){0};
  EAGRE_TRY(find_last_epoch(checkpoint, arena, "offsets", &summary->offsets_last, error));
  EAGRE_TRY(find_last_epoch(checkpoint, arena, "commits", &summary->commits_last, error));
  EAGRE_TRY(has_entries(checkpoint, arena, STATE_DIRECTORY, &summary->has_state, error));
  EAGRE_TRY(has_entries(checkpoint, arena, "state", &summary->has_spark_state, error));
  EAGRE_TRY(find_origin(checkpoint, arena, error));
  EAGRE_TRY(read_metadata(checkpoint, arena, error));
  bool has_epochs = summary->offsets_last >= 0 || summary->commits_last >= 0;
  return has_epochs && !summary->exists ? refuse_missing_metadata(checkpoint, error) : EAGRE_OK;
}

/* ---- The lock -------------------------------------------------------------------------------- */

static enum eagre_status acquire_lock(struct eagre_checkpoint *checkpoint,
                                      struct eagre_arena *arena, struct eagre_error *error) {
  const char *path = eagre_checkpoint_join(arena, checkpoint->path, LOCK_DIRECTORY, "lock");
  struct eagre_error refusal;
  enum eagre_status status = eagre_io_lock_acquire(path, &checkpoint->lock, &refusal);
  if (status == EAGRE_UNSAFE && checkpoint->options.take_over) {
    eagre_log(EAGRE_LOG_WARNING, "taking over: %s", refusal.text);
    checkpoint->has_taken_over = true;
    return EAGRE_OK;
  }
  if (status != EAGRE_OK && error != NULL) *error = refusal;
  return status;
}

static enum eagre_status lock_existing(struct eagre_checkpoint *checkpoint,
                                       struct eagre_arena *arena, struct eagre_error *error) {
  if (checkpoint->options.read_only) return EAGRE_OK;
  const char *path = eagre_checkpoint_join(arena, checkpoint->path, LOCK_DIRECTORY, "");
  struct eagre_io_entry entry;
  enum eagre_status status = eagre_io_stat(checkpoint->io, path, &entry, error);
  if (status == EAGRE_END) return EAGRE_OK;
  EAGRE_TRY(status);
  return acquire_lock(checkpoint, arena, error);
}

/* ---- Opening --------------------------------------------------------------------------------- */

static char *make_absolute(struct eagre_arena *arena, const char *path) {
  size_t size = strlen(path);
  while (size > 1 && path[size - 1] == '/') {
    size--;
  }
  struct eagre_text trimmed = eagre_text_make(path, size);
  if (path[0] == '/') return (char *)eagre_arena_copy_text(arena, trimmed).data;
  char *here = getcwd(NULL, 0);
  eagre_assert(here != NULL);
  char *absolute = (char *)eagre_arena_printf(arena, "%s/%.*s", here, (int)size, path).data;
  free(here);
  return absolute;
}

enum eagre_status eagre_checkpoint_open(struct eagre_io *io, const char *path,
                                        const struct eagre_checkpoint_options *options,
                                        struct eagre_checkpoint **out_checkpoint,
                                        struct eagre_error *error) {
  struct eagre_checkpoint *checkpoint = eagre_allocate_zeroed(1, sizeof *checkpoint);
  checkpoint->io = io;
  if (options != NULL) checkpoint->options = *options;
  checkpoint->path = make_absolute(&checkpoint->arena, path);
  checkpoint->state_path =
      eagre_checkpoint_join(&checkpoint->arena, checkpoint->path, STATE_DIRECTORY, "");
  checkpoint->tier_path =
      eagre_checkpoint_join(&checkpoint->arena, checkpoint->path, TIER_DIRECTORY, "");
  struct eagre_arena scratch = {0};
  enum eagre_status status = lock_existing(checkpoint, &scratch, error);
  if (status == EAGRE_OK) status = read_summary(checkpoint, &scratch, error);
  eagre_arena_done(&scratch);
  if (status != EAGRE_OK) {
    eagre_checkpoint_close(checkpoint);
    return status;
  }
  *out_checkpoint = checkpoint;
  return EAGRE_OK;
}

void eagre_checkpoint_close(struct eagre_checkpoint *checkpoint) {
  if (checkpoint == NULL) return;
  eagre_io_lock_release(checkpoint->lock);
  eagre_arena_done(&checkpoint->arena);
  eagre_free(checkpoint);
}

const struct eagre_checkpoint_summary *
eagre_checkpoint_summary(const struct eagre_checkpoint *checkpoint) {
  return &checkpoint->summary;
}

const char *eagre_checkpoint_path(const struct eagre_checkpoint *checkpoint) {
  return checkpoint->path;
}

const char *eagre_checkpoint_state_path(const struct eagre_checkpoint *checkpoint) {
  return checkpoint->state_path;
}

const char *eagre_checkpoint_tier_path(const struct eagre_checkpoint *checkpoint) {
  return checkpoint->tier_path;
}

/* ---- Creating -------------------------------------------------------------------------------- */

static enum eagre_status make_directories(struct eagre_checkpoint *checkpoint,
                                          struct eagre_arena *arena, struct eagre_error *error) {
  static const char *const directories[] = {"offsets", "commits", "sources", PREPARED_DIRECTORY,
                                            STATE_DIRECTORY};
  for (size_t i = 0; i < EAGRE_COUNT_OF(directories); i++) {
    const char *path = eagre_checkpoint_join(arena, checkpoint->path, directories[i], "");
    EAGRE_TRY(eagre_io_make_directories(checkpoint->io, path, error));
  }
  return EAGRE_OK;
}

static enum eagre_status sync_source_directories(struct eagre_checkpoint *checkpoint,
                                                 struct eagre_arena *arena,
                                                 struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  EAGRE_TRY(list_directory(checkpoint, "sources", arena, &entries, &count, error));
  for (uint32_t i = 0; i < count; i++) {
    if (!entries[i].is_directory) continue;
    const char *path = eagre_checkpoint_join(arena, checkpoint->path, "sources", entries[i].name);
    EAGRE_TRY(eagre_io_sync_directory(checkpoint->io, path, error));
  }
  return EAGRE_OK;
}

/* A process that died may have made directories and published files without syncing their names;
 * then they are there for us and not yet for the disk, and a power loss would take away what we
 * build upon. Clean directories cost next to nothing. */
static enum eagre_status sync_directories(struct eagre_checkpoint *checkpoint,
                                          struct eagre_arena *arena, struct eagre_error *error) {
  static const char *const directories[] = {"",        "offsets",      "commits",
                                            "sources", LOCK_DIRECTORY, PREPARED_DIRECTORY};
  for (size_t i = 0; i < EAGRE_COUNT_OF(directories); i++) {
    const char *path = eagre_checkpoint_join(arena, checkpoint->path, directories[i], "");
    EAGRE_TRY(eagre_io_sync_directory(checkpoint->io, path, error));
  }
  EAGRE_TRY(sync_source_directories(checkpoint, arena, error));
  eagre_io_sync_ancestors(checkpoint->io, checkpoint->path);
  return EAGRE_OK;
}

/* Between an opening without lock and now another process may have come and gone. */
static enum eagre_status lock_created(struct eagre_checkpoint *checkpoint,
                                      struct eagre_arena *arena, struct eagre_error *error) {
  if (checkpoint->lock != NULL || checkpoint->has_taken_over) return EAGRE_OK;
  struct eagre_checkpoint_summary found = checkpoint->summary;
  EAGRE_TRY(acquire_lock(checkpoint, arena, error));
  EAGRE_TRY(read_summary(checkpoint, arena, error));
  const struct eagre_checkpoint_summary *now = &checkpoint->summary;
  if (found.exists == now->exists && found.offsets_last == now->offsets_last &&
      found.commits_last == now->commits_last)
    return EAGRE_OK;
  eagre_error_set(error, EAGRE_UNSAFE, "CONCURRENT_STREAM_LOG_UPDATE",
                  "another process has used checkpoint %s while this one was starting",
                  checkpoint->path);
  eagre_error_hint(error, "start again; run one process on a checkpoint");
  return EAGRE_UNSAFE;
}

static enum eagre_status write_metadata(struct eagre_checkpoint *checkpoint,
                                        struct eagre_error *error) {
  char id[EAGRE_UUID_SIZE];
  eagre_uuid_make(id);
  struct eagre_buffer content = {0};
  eagre_checkpoint_print_metadata(id, &content);
  enum eagre_status status =
      eagre_checkpoint_file_create(checkpoint, "", "metadata", eagre_buffer_text(&content), error);
  eagre_buffer_done(&content);
  EAGRE_TRY(status);
  memcpy(checkpoint->summary.id, id, sizeof id);
  checkpoint->summary.exists = true;
  eagre_crash_point("checkpoint.after_metadata");
  return EAGRE_OK;
}

enum eagre_status eagre_checkpoint_create(struct eagre_checkpoint *checkpoint,
                                          struct eagre_error *error) {
  eagre_assert(!checkpoint->options.read_only);
  struct eagre_arena scratch = {0};
  enum eagre_status status = make_directories(checkpoint, &scratch, error);
  if (status == EAGRE_OK) status = sync_directories(checkpoint, &scratch, error);
  if (status == EAGRE_OK) status = lock_created(checkpoint, &scratch, error);
  if (status == EAGRE_OK && !checkpoint->summary.exists) status = write_metadata(checkpoint, error);
  eagre_arena_done(&scratch);
  return status;
}
