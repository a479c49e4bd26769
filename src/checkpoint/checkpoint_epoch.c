/* The files of one epoch and of the sources, and their removal. */
#include "checkpoint/checkpoint_file.h"

#include <stdio.h>

static const char PREPARED_DIRECTORY[] = "eagre/prepared";

/* ---- offsets, commits ------------------------------------------------------------------------ */

enum eagre_status eagre_checkpoint_write_offsets(struct eagre_checkpoint *checkpoint, int64_t epoch,
                                                 const struct eagre_checkpoint_offsets *offsets,
                                                 struct eagre_error *error) {
  char name[EAGRE_CHECKPOINT_NAME_SIZE];
  struct eagre_buffer content = {0};
  eagre_checkpoint_print_offsets(offsets, &content);
  enum eagre_status status =
      eagre_checkpoint_file_create(checkpoint, "offsets", eagre_checkpoint_epoch_name(epoch, name),
                                   eagre_buffer_text(&content), error);
  eagre_buffer_done(&content);
  return status;
}

enum eagre_status eagre_checkpoint_read_offsets(struct eagre_checkpoint *checkpoint, int64_t epoch,
                                                struct eagre_arena *arena,
                                                struct eagre_checkpoint_offsets *out,
                                                struct eagre_error *error) {
  char name[EAGRE_CHECKPOINT_NAME_SIZE];
  eagre_checkpoint_epoch_name(epoch, name);
  struct eagre_buffer content = {0};
  enum eagre_status status =
      eagre_checkpoint_file_read(checkpoint, "offsets", name, &content, error);
  if (status == EAGRE_OK) {
    const char *place = eagre_checkpoint_join(arena, checkpoint->path, "offsets", name);
    status = eagre_checkpoint_parse_offsets(eagre_buffer_text(&content), place, arena, out, error);
  }
  eagre_buffer_done(&content);
  return status;
}

enum eagre_status eagre_checkpoint_write_commit(struct eagre_checkpoint *checkpoint, int64_t epoch,
                                                int64_t next_watermark_ms,
                                                struct eagre_error *error) {
  char name[EAGRE_CHECKPOINT_NAME_SIZE];
  struct eagre_buffer content = {0};
  eagre_checkpoint_print_commit(next_watermark_ms, &content);
  enum eagre_status status =
      eagre_checkpoint_file_create(checkpoint, "commits", eagre_checkpoint_epoch_name(epoch, name),
                                   eagre_buffer_text(&content), error);
  eagre_buffer_done(&content);
  return status;
}

enum eagre_status eagre_checkpoint_read_commit(struct eagre_checkpoint *checkpoint, int64_t epoch,
                                               int64_t *out_next_watermark_ms,
                                               struct eagre_error *error) {
  char name[EAGRE_CHECKPOINT_NAME_SIZE];
  eagre_checkpoint_epoch_name(epoch, name);
  struct eagre_buffer content = {0};
  struct eagre_arena arena = {0};
  enum eagre_status status =
      eagre_checkpoint_file_read(checkpoint, "commits", name, &content, error);
  if (status == EAGRE_OK) {
    const char *place = eagre_checkpoint_join(&arena, checkpoint->path, "commits", name);
    status = eagre_checkpoint_parse_commit(eagre_buffer_text(&content), place,
                                           out_next_watermark_ms, error);
  }
  eagre_arena_done(&arena);
  eagre_buffer_done(&content);
  return status;
}

/* ---- prepared -------------------------------------------------------------------------------- */

enum eagre_status eagre_checkpoint_write_prepared(struct eagre_checkpoint *checkpoint,
                                                  const struct eagre_checkpoint_prepared *prepared,
                                                  struct eagre_error *error) {
  eagre_assert(!checkpoint->options.read_only);
  char name[EAGRE_CHECKPOINT_NAME_SIZE];
  eagre_checkpoint_epoch_name(prepared->epoch, name);
  struct eagre_arena arena = {0};
  struct eagre_buffer content = {0};
  eagre_checkpoint_print_prepared(prepared, &content);
  struct eagre_io_file file = {
      .path = eagre_checkpoint_join(&arena, checkpoint->path, PREPARED_DIRECTORY, name),
      .content = eagre_buffer_text(&content),
      .publish = EAGRE_IO_REPLACE,
  };
  enum eagre_status status =
      eagre_checkpoint_write_files(checkpoint, PREPARED_DIRECTORY, &file, 1, error);
  eagre_buffer_done(&content);
  eagre_arena_done(&arena);
  return status;
}

enum eagre_status eagre_checkpoint_read_prepared(struct eagre_checkpoint *checkpoint, int64_t epoch,
                                                 struct eagre_arena *arena,
                                                 struct eagre_checkpoint_prepared *out,
                                                 struct eagre_error *error) {
  char name[EAGRE_CHECKPOINT_NAME_SIZE];
  eagre_checkpoint_epoch_name(epoch, name);
  const char *path = eagre_checkpoint_join(arena, checkpoint->path, PREPARED_DIRECTORY, name);
  struct eagre_buffer content = {0};
  enum eagre_status status = eagre_io_read_file(checkpoint->io, path, 0, &content, error);
  if (status == EAGRE_OK)
    status = eagre_checkpoint_parse_prepared(eagre_buffer_text(&content), path, arena, out, error);
  eagre_buffer_done(&content);
  if (status == EAGRE_OK && out->epoch != epoch) {
    return eagre_error_set(error, EAGRE_UNSAFE, "PREPARED_FILE_CORRUPT",
                           "%s is the file of epoch %lld", path, (long long)out->epoch);
  }
  return status;
}

/* ---- sources --------------------------------------------------------------------------------- */

enum { SOURCE_DIRECTORY_SIZE = 32 };

static const char *make_source_directory(uint32_t source, char out[SOURCE_DIRECTORY_SIZE]) {
  snprintf(out, SOURCE_DIRECTORY_SIZE, "sources/%u", source);
  return out;
}

enum eagre_status eagre_checkpoint_write_source(struct eagre_checkpoint *checkpoint,
                                                uint32_t source, const char *name,
                                                struct eagre_text content,
                                                struct eagre_error *error) {
  char directory[SOURCE_DIRECTORY_SIZE];
  make_source_directory(source, directory);
  struct eagre_arena arena = {0};
  const char *path = eagre_checkpoint_join(&arena, checkpoint->path, directory, "");
  enum eagre_status status = eagre_io_make_directories(checkpoint->io, path, error);
  eagre_arena_done(&arena);
  EAGRE_TRY(status);
  return eagre_checkpoint_file_create(checkpoint, directory, name, content, error);
}

enum eagre_status eagre_checkpoint_read_source(struct eagre_checkpoint *checkpoint, uint32_t source,
                                               const char *name, struct eagre_buffer *out,
                                               struct eagre_error *error) {
  char directory[SOURCE_DIRECTORY_SIZE];
  make_source_directory(source, directory);
  return eagre_checkpoint_file_read(checkpoint, directory, name, out, error);
}

static const char *make_topics_directory(uint32_t source, char out[SOURCE_DIRECTORY_SIZE]) {
  snprintf(out, SOURCE_DIRECTORY_SIZE, "eagre/topics/%u", source);
  return out;
}

enum eagre_status eagre_checkpoint_write_topics(struct eagre_checkpoint *checkpoint,
                                                uint32_t source, int64_t number,
                                                struct eagre_text content,
                                                struct eagre_error *error) {
  char directory[SOURCE_DIRECTORY_SIZE];
  char name[EAGRE_CHECKPOINT_NAME_SIZE];
  make_topics_directory(source, directory);
  struct eagre_arena arena = {0};
  const char *path = eagre_checkpoint_join(&arena, checkpoint->path, directory, "");
  enum eagre_status status = eagre_io_make_directories(checkpoint->io, path, error);
  eagre_arena_done(&arena);
  EAGRE_TRY(status);
  eagre_checkpoint_epoch_name(number, name);
  return eagre_checkpoint_file_create(checkpoint, directory, name, content, error);
}

enum eagre_status eagre_checkpoint_read_topics(struct eagre_checkpoint *checkpoint, uint32_t source,
                                               int64_t number, struct eagre_buffer *out,
                                               struct eagre_error *error) {
  char directory[SOURCE_DIRECTORY_SIZE];
  char name[EAGRE_CHECKPOINT_NAME_SIZE];
  make_topics_directory(source, directory);
  eagre_checkpoint_epoch_name(number, name);
  return eagre_checkpoint_file_read(checkpoint, directory, name, out, error);
}

static bool is_hidden(const struct eagre_io_entry *entry) {
  return entry->name[0] == '.';
}

enum eagre_status eagre_checkpoint_list_source(struct eagre_checkpoint *checkpoint, uint32_t source,
                                               struct eagre_arena *arena,
                                               struct eagre_io_entry **out_entries,
                                               uint32_t *out_count, struct eagre_error *error) {
  char directory[SOURCE_DIRECTORY_SIZE];
  make_source_directory(source, directory);
  const char *path = eagre_checkpoint_join(arena, checkpoint->path, directory, "");
  uint32_t count = 0;
  EAGRE_TRY(eagre_io_list(checkpoint->io, path, arena, out_entries, &count, error));
  *out_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (!is_hidden(&(*out_entries)[i])) (*out_entries)[(*out_count)++] = (*out_entries)[i];
  }
  return EAGRE_OK;
}

/* ---- Purging --------------------------------------------------------------------------------- */

/* Directories are listed for what writers that died left once in so many epochs: that costs more
 * than all else that an epoch without data does. */
enum { LISTED_EVERY = 16 };

/* The epoch a file of a log belongs to: `N`, `.N.crc`, and `.N.<uuid>.tmp` and `..N.crc.<uuid>.tmp`
 * of writers that died. -1: none of ours. */
static int64_t find_file_epoch(const char *name) {
  if (name[0] != '.') return eagre_checkpoint_name_epoch(name);
  struct eagre_text text = eagre_text_of(name);
  bool is_ours = eagre_text_ends_with(text, EAGRE_TEXT(".crc")) ||
                 eagre_text_ends_with(text, EAGRE_TEXT(".tmp"));
  name += name[1] == '.' ? 2 : 1;
  size_t size = strcspn(name, ".");
  if (!is_ours || size >= EAGRE_CHECKPOINT_NAME_SIZE) return -1;
  char number[EAGRE_CHECKPOINT_NAME_SIZE];
  memcpy(number, name, size);
  number[size] = '\0';
  return eagre_checkpoint_name_epoch(number);
}

static enum eagre_status purge_directory(struct eagre_checkpoint *checkpoint,
                                         struct eagre_arena *arena, const char *directory,
                                         int64_t keep_from, struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  const char *path = eagre_checkpoint_join(arena, checkpoint->path, directory, "");
  enum eagre_status status = eagre_io_list(checkpoint->io, path, arena, &entries, &count, error);
  if (status == EAGRE_END) return EAGRE_OK;
  EAGRE_TRY(status);
  const char **removed = eagre_arena_allocate(arena, count * sizeof *removed);
  uint32_t removed_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    int64_t epoch = find_file_epoch(entries[i].name);
    if (epoch < 0 || epoch >= keep_from || entries[i].is_directory) continue;
    removed[removed_count++] = eagre_checkpoint_join(arena, path, "", entries[i].name);
  }
  return eagre_io_remove_files(checkpoint->io, removed, removed_count, error);
}

/* The files of one epoch: all there is below `keep_from` when the purge of the epoch before has
 * left nothing, but for what writers that died left. */
static enum eagre_status purge_epoch(struct eagre_checkpoint *checkpoint, struct eagre_arena *arena,
                                     const char *directory, int64_t epoch,
                                     struct eagre_error *error) {
  char name[EAGRE_CHECKPOINT_NAME_SIZE];
  eagre_checkpoint_epoch_name(epoch, name);
  const char *const paths[] = {
      eagre_checkpoint_join(arena, checkpoint->path, directory, name),
      eagre_checkpoint_side_path(arena, checkpoint, directory, name),
  };
  return eagre_io_remove_files(checkpoint->io, paths, EAGRE_COUNT_OF(paths), error);
}

enum eagre_status eagre_checkpoint_purge(struct eagre_checkpoint *checkpoint, int64_t keep_from,
                                         struct eagre_error *error) {
  static const char *const directories[] = {"offsets", "commits", PREPARED_DIRECTORY};
  eagre_assert(!checkpoint->options.read_only);
  int64_t before = checkpoint->kept_from;
  bool is_next = before > 0 && keep_from == before + 1 && keep_from % LISTED_EVERY != 0;
  struct eagre_arena arena = {0};
  enum eagre_status status = EAGRE_OK;
  for (size_t i = 0; i < EAGRE_COUNT_OF(directories) && status == EAGRE_OK; i++) {
    status = is_next ? purge_epoch(checkpoint, &arena, directories[i], keep_from - 1, error)
                     : purge_directory(checkpoint, &arena, directories[i], keep_from, error);
    if (i == 0) eagre_crash_point("epoch.mid_purge");
  }
  eagre_arena_done(&arena);
  if (status == EAGRE_OK) checkpoint->kept_from = keep_from;
  return status;
}
