/* Reads a checkpoint into `struct eagre_inspect_checkpoint`, once, front to back. */
#include "inspect/inspect_checkpoint.h"

enum { LOOKS_MAX = 10 };

/* ---- Opening --------------------------------------------------------------------------------- */

enum eagre_status eagre_inspect_refuse_absent(const char *directory, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "CHECKPOINT_NOT_FOUND", "There is no checkpoint in %s.",
                  directory);
  eagre_error_hint(error, "a flow's checkpoint is the folder that holds `metadata` and `offsets`; "
                          "`eagre explain FILE.sql` names it");
  return EAGRE_USAGE;
}

static bool is_absent(const struct eagre_checkpoint_summary *summary) {
  return !summary->exists && summary->offsets_last < 0 && summary->commits_last < 0 &&
         !summary->has_state && !summary->has_spark_state;
}

/* A commit of an epoch that is not planned means that a process was between two epochs while the
 * two folders were listed: look again. If it stays so, it is true. */
static enum eagre_status open_checkpoint(struct eagre_inspect_checkpoint *checkpoint,
                                         const char *directory, struct eagre_error *error) {
  static const struct eagre_checkpoint_options options = {.read_only = true};
  for (int look = 0; look < LOOKS_MAX; look++) {
    eagre_checkpoint_close(checkpoint->handle);
    checkpoint->handle = NULL;
    EAGRE_TRY(
        eagre_checkpoint_open(checkpoint->io, directory, &options, &checkpoint->handle, error));
    checkpoint->summary = *eagre_checkpoint_summary(checkpoint->handle);
    if (checkpoint->summary.commits_last <= checkpoint->summary.offsets_last) break;
  }
  checkpoint->path = eagre_checkpoint_path(checkpoint->handle);
  return is_absent(&checkpoint->summary) ? eagre_inspect_refuse_absent(checkpoint->path, error)
                                         : EAGRE_OK;
}

/* ---- The last epoch -------------------------------------------------------------------------- */

static enum eagre_status read_prepared(struct eagre_inspect_checkpoint *checkpoint, int64_t epoch,
                                       struct eagre_error *error) {
  if (epoch < 0 || checkpoint->has_prepared) return EAGRE_OK;
  enum eagre_status status = eagre_checkpoint_read_prepared(
      checkpoint->handle, epoch, &checkpoint->arena, &checkpoint->prepared, error);
  checkpoint->has_prepared = status == EAGRE_OK;
  return status == EAGRE_END ? EAGRE_OK : status;
}

static enum eagre_status read_commit(struct eagre_inspect_checkpoint *checkpoint, int64_t epoch,
                                     struct eagre_error *error) {
  int64_t watermark_ms = 0;
  if (epoch < 0) return EAGRE_OK;
  enum eagre_status status =
      eagre_checkpoint_read_commit(checkpoint->handle, epoch, &watermark_ms, error);
  checkpoint->is_committed = status == EAGRE_OK;
  if (status == EAGRE_OK && watermark_ms > checkpoint->next_watermark_ms)
    checkpoint->next_watermark_ms = watermark_ms;
  return status == EAGRE_END ? EAGRE_OK : status;
}

/* An epoch of ours is prepared before it is committed; before the first one there is our folder. */
static enum eagre_status find_writer(struct eagre_inspect_checkpoint *checkpoint,
                                     struct eagre_error *error) {
  int64_t done = checkpoint->summary.offsets_last - (checkpoint->is_committed ? 0 : 1);
  checkpoint->is_by_eagre = checkpoint->has_prepared && checkpoint->prepared.epoch >= done;
  if (checkpoint->is_by_eagre || done >= 0) return EAGRE_OK;
  struct eagre_io_entry entry;
  const char *path = eagre_arena_printf(&checkpoint->arena, "%s/eagre", checkpoint->path).data;
  enum eagre_status status = eagre_io_stat(checkpoint->io, path, &entry, error);
  checkpoint->is_by_eagre = status == EAGRE_OK;
  return status == EAGRE_END ? EAGRE_OK : status;
}

static enum eagre_status read_last_epoch(struct eagre_inspect_checkpoint *checkpoint,
                                         struct eagre_error *error) {
  int64_t last = checkpoint->summary.offsets_last;
  if (last >= 0) {
    enum eagre_status status = eagre_checkpoint_read_offsets(
        checkpoint->handle, last, &checkpoint->arena, &checkpoint->offsets, error);
    if (status != EAGRE_OK && status != EAGRE_END) return status;
  }
  checkpoint->next_watermark_ms = checkpoint->offsets.watermark_ms;
  EAGRE_TRY(read_commit(checkpoint, last, error));
  EAGRE_TRY(read_prepared(checkpoint, last, error));
  EAGRE_TRY(read_prepared(checkpoint, last - 1, error));
  return find_writer(checkpoint, error);
}

/* ---- Sources --------------------------------------------------------------------------------- */

/* How many folders sources/0, sources/1, ... there are. */
static enum eagre_status count_source_folders(struct eagre_inspect_checkpoint *checkpoint,
                                              uint32_t *out_count, struct eagre_error *error) {
  *out_count = 0;
  for (;;) {
    struct eagre_io_entry *entries = NULL;
    uint32_t count = 0;
    enum eagre_status status = eagre_checkpoint_list_source(
        checkpoint->handle, *out_count, &checkpoint->arena, &entries, &count, error);
    if (status == EAGRE_END) return EAGRE_OK;
    EAGRE_TRY(status);
    (*out_count)++;
  }
}

/* Before anything is planned: where the query begins, as Kafka's source keeps it. */
static enum eagre_status read_start(struct eagre_inspect_checkpoint *checkpoint, uint32_t number,
                                    struct eagre_error *error) {
  struct eagre_inspect_source *source = &checkpoint->sources[number];
  struct eagre_buffer content = {0};
  struct eagre_text position = {0};
  source->is_start = true;
  enum eagre_status status =
      eagre_checkpoint_read_source(checkpoint->handle, number, "0", &content, error);
  if (status == EAGRE_OK && eagre_inspect_kafka_start(eagre_buffer_text(&content), &position)) {
    position = eagre_arena_copy_text(&checkpoint->arena, position);
    eagre_inspect_position_parse(position, &checkpoint->arena, &source->position);
  }
  eagre_buffer_done(&content);
  return status == EAGRE_END ? EAGRE_OK : status;
}

static enum eagre_status read_files(struct eagre_inspect_checkpoint *checkpoint, uint32_t number,
                                    struct eagre_error *error) {
  struct eagre_inspect_source *source = &checkpoint->sources[number];
  struct eagre_inspect_file_log log;
  if (source->position.kind != EAGRE_INSPECT_FILES) return EAGRE_OK;
  EAGRE_TRY(eagre_inspect_file_log_read(checkpoint->handle, number, source->position.log_id,
                                        &checkpoint->arena, &log, error));
  source->file_count = log.path_count;
  if (log.path_count > 0) source->file_last = log.paths[log.path_count - 1];
  return EAGRE_OK;
}

static enum eagre_status read_sources(struct eagre_inspect_checkpoint *checkpoint,
                                      struct eagre_error *error) {
  bool is_planned = checkpoint->summary.offsets_last >= 0;
  checkpoint->source_count = checkpoint->offsets.source_count;
  if (!is_planned) EAGRE_TRY(count_source_folders(checkpoint, &checkpoint->source_count, error));
  checkpoint->sources = eagre_arena_allocate_zeroed(
      &checkpoint->arena, (checkpoint->source_count + 1) * sizeof *checkpoint->sources);
  for (uint32_t i = 0; i < checkpoint->source_count; i++) {
    if (is_planned) {
      eagre_inspect_position_parse(checkpoint->offsets.sources[i], &checkpoint->arena,
                                   &checkpoint->sources[i].position);
    } else {
      EAGRE_TRY(read_start(checkpoint, i, error));
    }
    EAGRE_TRY(read_files(checkpoint, i, error));
  }
  return EAGRE_OK;
}

/* ---- All ------------------------------------------------------------------------------------- */

static enum eagre_status read_checkpoint(struct eagre_inspect_checkpoint *checkpoint,
                                         const char *directory, struct eagre_error *error) {
  struct eagre_arena *arena = &checkpoint->arena;
  EAGRE_TRY(eagre_io_open(NULL, &checkpoint->io, error));
  EAGRE_TRY(open_checkpoint(checkpoint, directory, error));
  EAGRE_TRY(read_last_epoch(checkpoint, error));
  EAGRE_TRY(read_sources(checkpoint, error));
  EAGRE_TRY(eagre_inspect_state_list(checkpoint->io,
                                     eagre_checkpoint_state_path(checkpoint->handle), arena,
                                     &checkpoint->state, error));
  EAGRE_TRY(eagre_inspect_spark_state_list(checkpoint->io, checkpoint->path, arena,
                                           &checkpoint->spark_state, error));
  eagre_inspect_lock_read(checkpoint->path, &checkpoint->lock);
  return eagre_inspect_restart_find(checkpoint, error);
}

enum eagre_status eagre_inspect_checkpoint_init(struct eagre_inspect_checkpoint *checkpoint,
                                                const char *directory, struct eagre_error *error) {
  *checkpoint = (struct eagre_inspect_checkpoint){0};
  return read_checkpoint(checkpoint, directory, error);
}

void eagre_inspect_checkpoint_done(struct eagre_inspect_checkpoint *checkpoint) {
  eagre_checkpoint_close(checkpoint->handle);
  eagre_io_close(checkpoint->io);
  eagre_arena_done(&checkpoint->arena);
}

enum eagre_status eagre_inspect_checkpoint(const char *directory, bool as_json,
                                           struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_inspect_checkpoint checkpoint;
  enum eagre_status status = eagre_inspect_checkpoint_init(&checkpoint, directory, error);
  if (status == EAGRE_OK && as_json) eagre_inspect_checkpoint_print_json(&checkpoint, out);
  if (status == EAGRE_OK && !as_json) eagre_inspect_checkpoint_print_text(&checkpoint, out);
  eagre_inspect_checkpoint_done(&checkpoint);
  return status;
}
