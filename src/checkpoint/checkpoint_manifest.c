/* The manifest DIR/_spark_metadata of a directory that a file sink writes into, Spark's or ours:
 * only the files it names count. A log that is compacted, of lines such as
 *
 *   {"path":"file:///data/out/part-...","size":812,"isDir":false,"modificationTime":1795125168691,
 *    "blockReplication":1,"blockSize":33554432,"action":"add"}          (on one line) */
#include "checkpoint/checkpoint.h"
#include "value/value.h"
#include "json/json.h"

static struct eagre_checkpoint_manifest_file *add_file(struct eagre_checkpoint_manifest *manifest,
                                                       struct eagre_arena *arena) {
  if (manifest->count == manifest->capacity) {
    manifest->capacity = manifest->capacity == 0 ? 64 : manifest->capacity * 2;
    struct eagre_checkpoint_manifest_file *files =
        eagre_arena_allocate(arena, manifest->capacity * sizeof *files);
    if (manifest->count > 0) memcpy(files, manifest->files, manifest->count * sizeof *files);
    manifest->files = files;
  }
  return &manifest->files[manifest->count++];
}

static bool parse_line(struct eagre_text line, struct eagre_arena *arena,
                       struct eagre_checkpoint_manifest_file *out) {
  const struct eagre_json_node *root = NULL;
  if (eagre_json_read(arena, line, &root, NULL) != EAGRE_OK) return false;
  if (root->kind != EAGRE_JSON_OBJECT) return false;
  const struct eagre_json_node *path = eagre_json_member(root, "path");
  if (path == NULL || path->kind != EAGRE_JSON_STRING) return false;
  out->path = eagre_value_read_uri(arena, path->text);
  out->line = eagre_arena_copy_text(arena, line);
  return out->path.size > 0 &&
         eagre_json_integer(eagre_json_member(root, "modificationTime"), &out->modified_ms);
}

enum eagre_status eagre_checkpoint_manifest_parse(struct eagre_checkpoint_manifest *manifest,
                                                  struct eagre_text content, const char *place,
                                                  struct eagre_arena *arena,
                                                  struct eagre_error *error) {
  struct eagre_text line;
  EAGRE_TRY(eagre_checkpoint_log_take_version(&content, place, error));
  while (eagre_checkpoint_log_take_line(&content, &line)) {
    line = eagre_text_trim(line);
    if (line.size == 0) continue;
    if (!parse_line(line, arena, add_file(manifest, arena))) {
      return eagre_checkpoint_log_refuse(place, "a line names no file", error);
    }
  }
  return EAGRE_OK;
}

struct reading {
  struct eagre_io *io;
  const char *directory; /* of the manifest */
  struct eagre_arena *arena;
  struct eagre_checkpoint_manifest *out;
};

static enum eagre_status read_entry(struct reading *reading, int64_t id, bool is_compact,
                                    struct eagre_error *error) {
  char name[EAGRE_CHECKPOINT_LOG_NAME_SIZE];
  struct eagre_buffer content = {0};
  eagre_checkpoint_log_print_name(id, is_compact, name);
  const char *place = eagre_arena_printf(reading->arena, "%s/%s", reading->directory, name).data;
  enum eagre_status status = eagre_io_read_file(reading->io, place, 0, &content, error);
  if (status == EAGRE_END) {
    status = eagre_error_set(error, EAGRE_UNSAFE, "FILE_LOG_INCOMPLETE",
                             "%s is missing, so it is not known which files were written.", place);
    eagre_error_hint(error, "restore it from a backup, or write into a new directory");
  } else if (status == EAGRE_OK) {
    status = eagre_checkpoint_manifest_parse(reading->out, eagre_buffer_text(&content), place,
                                             reading->arena, error);
  }
  eagre_buffer_done(&content);
  return status;
}

enum eagre_status eagre_checkpoint_manifest_read(struct eagre_io *io, const char *directory,
                                                 struct eagre_arena *arena,
                                                 struct eagre_checkpoint_manifest *out,
                                                 struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  struct eagre_checkpoint_log_names names;
  struct reading reading = {.io = io, .arena = arena, .out = out};
  *out =
      (struct eagre_checkpoint_manifest){.last = -1, .interval = EAGRE_CHECKPOINT_COMPACT_INTERVAL};
  reading.directory = eagre_arena_printf(arena, "%s/" EAGRE_CHECKPOINT_MANIFEST, directory).data;
  enum eagre_status status = eagre_io_list(io, reading.directory, arena, &entries, &count, error);
  if (status != EAGRE_OK) return status == EAGRE_END ? EAGRE_OK : status;
  eagre_checkpoint_log_read_names(entries, count, &names);
  out->is_there = true;
  out->last = names.last;
  out->interval = names.interval;
  if (names.last_compact >= 0) EAGRE_TRY(read_entry(&reading, names.last_compact, true, error));
  for (int64_t id = names.last_compact + 1; id <= names.last; id++) {
    EAGRE_TRY(read_entry(&reading, id, false, error));
  }
  return EAGRE_OK;
}
