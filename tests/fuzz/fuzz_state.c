/* State files made of arbitrary bytes: loading gives a table or a refusal, whatever the file says
 * about itself; a table that was loaded is saved and loaded again with as many groups. The bytes
 * are a body; header and trailer are made right around it, unless the first byte asks for the bytes
 * as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/state_snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FINGERPRINT = 7, PARTITIONS = 3 };

static const uint32_t text_offsets[] = {8};
static const struct eagre_state_layout layout = {
    .payload_size = 24, .text_offsets = text_offsets, .text_count = 1};

struct target {
  struct eagre_io *io;
  char directory[64];
  char first[128];
  char second[128];
};

static struct target target; /* one for all inputs: a directory for each would be slow */

static void close_target(void) {
  eagre_io_close(target.io);
  unlink(target.first);
  rmdir(target.directory);
}

static void open_target(void) {
  setenv("EAGRE_IO", "posix", 1);
  if (eagre_io_open(NULL, &target.io, NULL) != EAGRE_OK) abort();
  const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(target.directory, sizeof target.directory, "%s/eagre-fuzz-XXXXXX", parent);
  if (mkdtemp(target.directory) == NULL) abort();
  snprintf(target.first, sizeof target.first, "%s/1-0-a.full", target.directory);
  snprintf(target.second, sizeof target.second, "%s/2-0-a.full", target.directory);
  if (atexit(close_target) != 0) abort();
}

static void write_file(const char *path, const struct eagre_buffer *content) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) abort();
  if (content->size > 0 && fwrite(content->data, 1, content->size, file) != content->size) abort();
  if (fclose(file) != 0) abort();
}

/* The last two bytes of the body are also the numbers of panes and groups: within the fuzzer's
 * reach to be right. */
static void frame_body(const uint8_t *body, size_t size, uint32_t layout_checksum,
                       struct eagre_buffer *out) {
  struct eagre_state_file_header header = {
      .kind = EAGRE_STATE_FULL,
      .version = 1,
      .base_version = -1,
      .fingerprint = FINGERPRINT,
      .partition_count = PARTITIONS,
      .group_count = size < 8 ? 0 : body[size - 1],
      .table_count = 1,
      .layout_checksum = layout_checksum,
  };
  char bytes[EAGRE_STATE_HEADER_SIZE];
  eagre_state_header_print(&header, bytes);
  eagre_buffer_append(out, bytes, sizeof bytes);
  char section[EAGRE_STATE_SECTION_SIZE] = {0};
  eagre_state_put_integer(section, (uint64_t)INT64_MIN, 8);
  eagre_state_put_integer(section + 8, layout.payload_size, 4);
  eagre_state_put_integer(section + 16, size < 9 ? 0 : body[size - 2], 8);
  eagre_buffer_append(out, section, sizeof section);
  eagre_buffer_append(out, body, size);
  char trailer[EAGRE_STATE_TRAILER_SIZE];
  eagre_state_put_integer(trailer, out->size + sizeof trailer, 8);
  eagre_buffer_append(out, trailer, 8);
  eagre_state_put_integer(trailer + 8, eagre_crc32c(0, out->data, out->size), 4);
  eagre_buffer_append(out, trailer + 8, 4);
}

static uint64_t count_groups(const struct eagre_state_table *table) {
  struct eagre_state_metrics metrics;
  eagre_state_measure(table, &metrics);
  return metrics.group_count;
}

static void save_and_load(struct eagre_state_table *table, struct eagre_state_snapshot *snapshot) {
  uint64_t bytes = 0;
  uint64_t count = count_groups(table);
  struct eagre_state_table *again = eagre_state_table_new(&layout);
  const struct eagre_state_set set = {&table, 1};
  const struct eagre_state_set set_again = {&again, 1};
  eagre_state_begin_epoch(table);
  eagre_state_table_get_pane(table, 0);
  eagre_state_set_base(&set, 0)->version = -1; /* a full file, which its name above says */
  snapshot->version = 2;
  if (eagre_state_save(&set, target.io, snapshot, &bytes, NULL) != EAGRE_OK) abort();
  if (eagre_state_load(&set_again, target.io, snapshot, 1, 1, NULL) != EAGRE_OK) abort();
  if (count_groups(again) != count) abort();
  eagre_state_table_free(again);
  unlink(target.second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (target.io == NULL) open_target();
  if (size == 0) return 0;
  struct eagre_state_table *table = eagre_state_table_new(&layout);
  const struct eagre_state_set set = {&table, 1};
  struct eagre_buffer content = {0};
  if (data[0] % 8 == 0) {
    eagre_buffer_append(&content, data + 1, size - 1);
  } else {
    frame_body(data + 1, size - 1, eagre_state_layout_checksum(&set), &content);
  }
  write_file(target.first, &content);
  struct eagre_state_snapshot snapshot = {
      .directory = target.directory,
      .version = 1,
      .attempt = "a",
      .partition_count = PARTITIONS,
      .fingerprint = FINGERPRINT,
  };
  struct eagre_error error;
  enum eagre_status status = eagre_state_load(&set, target.io, &snapshot, 1, 1, &error);
  if (status != EAGRE_OK && (status != EAGRE_UNSAFE || count_groups(table) != 0)) abort();
  if (status == EAGRE_OK) save_and_load(table, &snapshot);
  eagre_state_table_free(table);
  eagre_buffer_done(&content);
  return 0;
}
