/* The manifest (checkpoint_manifest.c), byte for byte as Spark's FileStreamSinkLog writes it.
 *
 * Entry N is put only if there is none: of two processes one wins, whatever they believe of each
 * other. Attempts are told by the names of the files, so an epoch without rows has a file without
 * rows. */
#include "sink/sink_files.h"

enum { BLOCK_SIZE = 33554432 }; /* what Hadoop says of local files */

static const char directory[] = EAGRE_CHECKPOINT_MANIFEST;

static const char *name_of(int64_t id, bool is_compact, struct eagre_arena *arena) {
  char name[EAGRE_CHECKPOINT_LOG_NAME_SIZE];
  eagre_checkpoint_log_print_name(id, is_compact, name);
  return eagre_arena_printf(arena, "%s/%s", directory, name).data;
}

/* ---- Files ----------------------------------------------------------------------------------- */

struct eagre_text eagre_sink_manifest_name(const struct eagre_checkpoint_manifest_file *file) {
  struct eagre_text path = file->path;
  size_t begin = path.size;
  while (begin > 0 && path.data[begin - 1] != '/') {
    begin--;
  }
  return eagre_text_make(path.data + begin, path.size - begin);
}

bool eagre_sink_manifest_newest(const struct eagre_sink_files *sink,
                                const struct eagre_checkpoint_manifest *manifest,
                                struct eagre_store_name *out) {
  if (manifest->count == 0) return false;
  struct eagre_text name = eagre_sink_manifest_name(&manifest->files[manifest->count - 1]);
  return eagre_store_name_read(name, sink->extension, out);
}

static void print_line(const struct eagre_sink_files *sink,
                       const struct eagre_sink_manifest_file *file, struct eagre_buffer *out) {
  struct eagre_buffer path = {0};
  struct eagre_buffer uri = {0};
  eagre_buffer_printf(&path, "%s/%.*s", sink->location, (int)file->path.size, file->path.data);
  eagre_value_print_uri(eagre_buffer_text(&path), &uri);
  eagre_buffer_append_string(out, "\n{\"path\":");
  eagre_buffer_append_json_string(out, eagre_buffer_text(&uri));
  eagre_buffer_printf(out,
                      ",\"size\":%llu,\"isDir\":false,\"modificationTime\":%lld,"
                      "\"blockReplication\":1,\"blockSize\":%d,\"action\":\"add\"}",
                      (unsigned long long)file->size, (long long)file->modified_ms, BLOCK_SIZE);
  eagre_buffer_done(&path);
  eagre_buffer_done(&uri);
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Puts entry `id`; a compacted one begins with `manifest`. */
static enum eagre_status put_entry(struct eagre_sink_files *sink, int64_t id,
                                   const struct eagre_checkpoint_manifest *manifest,
                                   const struct eagre_sink_manifest_file *files,
                                   uint32_t file_count, struct eagre_arena *arena,
                                   struct eagre_error *error) {
  struct eagre_buffer content = {0};
  bool is_compact = eagre_checkpoint_log_is_compact(manifest->interval, id);
  eagre_buffer_append_string(&content, "v1");
  for (uint32_t i = 0; is_compact && i < manifest->count; i++) {
    eagre_buffer_append_char(&content, '\n');
    eagre_buffer_append_text(&content, manifest->files[i].line);
  }
  for (uint32_t i = 0; i < file_count; i++) {
    print_line(sink, &files[i], &content);
  }
  enum eagre_status status =
      eagre_store_put_if_absent(sink->store, name_of(id, is_compact, arena),
                                eagre_buffer_text(&content), "sink.mid_commit", error);
  eagre_buffer_done(&content);
  return status;
}

/* The first entry that must be there for `epoch` to be readable: the newest compacted one before
 * it, when nothing is known of it. */
static int64_t first_missing(const struct eagre_checkpoint_manifest *manifest, int64_t epoch) {
  int64_t last_compact = epoch - epoch % manifest->interval - 1;
  int64_t first = manifest->last + 1;
  return first < last_compact ? last_compact : first;
}

/* Spark keeps superfluous entries for ten minutes; nobody else needs them. */
static enum eagre_status remove_superfluous(struct eagre_sink_files *sink, int64_t keep_from,
                                            struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  uint32_t removed = 0;
  EAGRE_TRY(eagre_store_list(sink->store, directory, arena, &entries, &count, error));
  const char **names = eagre_arena_allocate(arena, (count + 1) * sizeof *names);
  for (uint32_t i = 0; i < count; i++) {
    bool is_compact;
    int64_t id = eagre_checkpoint_log_read_name(entries[i].name, &is_compact);
    if (id < 0 || id >= keep_from) continue;
    names[removed++] = eagre_arena_printf(arena, "%s/%s", directory, entries[i].name).data;
  }
  return eagre_store_remove(sink->store, names, removed, error);
}

static enum eagre_status add_entry(struct eagre_sink_files *sink, int64_t epoch,
                                   const struct eagre_sink_manifest_file *files,
                                   uint32_t file_count, struct eagre_arena *arena,
                                   struct eagre_error *error) {
  struct eagre_checkpoint_manifest manifest = {.last = sink->manifest_last,
                                               .interval = sink->manifest_interval};
  bool is_known = manifest.interval > 0 && manifest.last == epoch - 1 &&
                  !eagre_checkpoint_log_is_compact(manifest.interval, epoch);
  if (!is_known)
    EAGRE_TRY(eagre_checkpoint_manifest_read(sink->base.environment.io, sink->location, arena,
                                             &manifest, error));
  for (int64_t id = first_missing(&manifest, epoch); id < epoch; id++) {
    EAGRE_TRY(put_entry(sink, id, &manifest, NULL, 0, arena, error));
  }
  EAGRE_TRY(put_entry(sink, epoch, &manifest, files, file_count, arena, error));
  sink->manifest_last = epoch;
  sink->manifest_interval = manifest.interval;
  int64_t keep_from = eagre_checkpoint_log_keep_from(manifest.interval, epoch);
  return keep_from == 0 ? EAGRE_OK : remove_superfluous(sink, keep_from, arena, error);
}

enum eagre_status eagre_sink_manifest_add(struct eagre_sink_files *sink, int64_t epoch,
                                          const struct eagre_sink_manifest_file *files,
                                          uint32_t file_count, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  enum eagre_status status = add_entry(sink, epoch, files, file_count, &arena, error);
  eagre_arena_done(&arena);
  return status;
}
