/* Bytes of the logs of the file source and the file sink, as Spark or somebody else may have left
 * them: every file is taken or refused with a name; what was taken is in order and known. The URIs
 * of files come back. */
#include <stddef.h>
#include <stdint.h>

#include "source/source_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entries(const struct eagre_source_files_log *log, int64_t log_id) {
  for (size_t i = 0; i < log->count; i++) {
    const struct eagre_source_files_entry *entry = &log->entries[i];
    eagre_assert(entry->log_id >= 0 && entry->log_id <= log_id);
    eagre_assert(i == 0 || entry->log_id >= log->entries[i - 1].log_id);
    eagre_assert(entry->path.data[entry->path.size] == '\0');
    eagre_assert(eagre_source_files_log_has(log, entry->path));
  }
}

static void parse(struct eagre_text content, bool is_compact) {
  enum { LOG_ID = 20 };
  struct eagre_source_files_log log;
  struct eagre_error error;
  eagre_error_init(&error);
  eagre_assert(eagre_source_files_log_open(&log, NULL, NULL, 0, &error) == EAGRE_OK);
  enum eagre_status status =
      eagre_source_files_log_parse(&log, content, "log", LOG_ID, is_compact, &error);
  if (status == EAGRE_OK) {
    check_entries(&log, LOG_ID);
  } else {
    eagre_assert(status == EAGRE_UNSAFE && error.class_name[0] != '\0');
  }
  eagre_source_files_log_done(&log);
}

static void parse_manifest(struct eagre_text content) {
  struct eagre_arena arena = {0};
  struct eagre_checkpoint_manifest manifest = {0};
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status =
      eagre_checkpoint_manifest_parse(&manifest, content, "manifest", &arena, &error);
  eagre_assert(status == EAGRE_OK || (status == EAGRE_UNSAFE && error.class_name[0] != '\0'));
  for (uint32_t i = 0; status == EAGRE_OK && i < manifest.count; i++) {
    eagre_assert(manifest.files[i].path.size > 0);
    eagre_assert(manifest.files[i].line.data[0] == '{');
  }
  eagre_arena_done(&arena);
}

/* A path has no zero byte and begins with a slash. */
static void check_uri(struct eagre_text bytes) {
  struct eagre_arena arena = {0};
  struct eagre_buffer path = {0};
  struct eagre_buffer uri = {0};
  eagre_buffer_append_char(&path, '/');
  for (size_t i = 0; i < bytes.size; i++) {
    if (bytes.data[i] != '\0') eagre_buffer_append_char(&path, bytes.data[i]);
  }
  eagre_value_print_uri(eagre_buffer_text(&path), &uri);
  struct eagre_text again = eagre_value_read_uri(&arena, eagre_buffer_text(&uri));
  eagre_assert(eagre_text_equal(again, eagre_buffer_text(&path)));
  eagre_assert(eagre_value_utf8_is_valid(eagre_buffer_text(&uri)));
  eagre_buffer_done(&path);
  eagre_buffer_done(&uri);
  eagre_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct eagre_text content = eagre_text_make((const char *)data, size);
  parse(content, false);
  parse(content, true);
  parse_manifest(content);
  check_uri(content);
  return 0;
}
