/* State files made of arbitrary bytes: loading gives tables and row stores or a refusal, whatever
 * the file says about itself; what was loaded is saved and loaded again with as many groups.
 * The first byte chooses: the bytes as they are, or as a body with header and trailer made right
 * around it: of a table as format version 1 had it, as a slice of one, or of a row store. */
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

enum shape { RAW_TABLE, OLD_TABLE, TABLE, ROWS, RAW_ROWS };
static const enum shape shapes[] = {RAW_TABLE, OLD_TABLE, OLD_TABLE, TABLE,
                                    TABLE,     ROWS,      ROWS,      RAW_ROWS};

struct members {
  struct eagre_state_table *table;
  struct eagre_state_rows *rows;
  struct eagre_state_set set;
};

static void open_members(struct members *members, enum shape shape) {
  bool has_rows = shape == ROWS || shape == RAW_ROWS;
  *members = (struct members){0};
  if (has_rows) {
    members->rows = eagre_state_rows_new(1000);
    members->set = (struct eagre_state_set){.rows = &members->rows, .rows_count = 1};
  } else {
    members->table = eagre_state_table_new(&layout);
    members->set = (struct eagre_state_set){.tables = &members->table, .count = 1};
  }
}

static void close_members(struct members *members) {
  eagre_state_table_free(members->table);
  eagre_state_rows_free(members->rows);
}

/* The byte so far from the end of a body: small numbers are within the fuzzer's reach to be right
 * when they are also part of what they count. */
static uint8_t byte_from_end(const uint8_t *body, size_t size, size_t distance) {
  return size < 9 ? 0 : body[size - distance];
}

static void put_header(const struct members *members, enum shape shape, uint64_t group_count,
                       struct eagre_buffer *out) {
  struct eagre_state_file_header header = {
      .kind = EAGRE_STATE_FULL,
      .version = 1,
      .base_version = -1,
      .fingerprint = FINGERPRINT,
      .partition_count = PARTITIONS,
      .group_count = group_count,
      .table_count = members->set.count,
      .rows_count = members->set.rows_count,
      .layout_checksum = eagre_state_layout_checksum(&members->set),
      .chain_first = 1,
      .chain_last = 1,
  };
  char bytes[EAGRE_STATE_HEADER_SIZE];
  eagre_state_header_print(&header, bytes);
  size_t size = sizeof bytes;
  if (shape == OLD_TABLE) {
    size = EAGRE_STATE_HEADER_START;
    eagre_state_put_integer(bytes + 8, 1, 4);
    eagre_state_put_integer(bytes + size - 4, eagre_crc32c(0, bytes, size - 4), 4);
  }
  eagre_buffer_append(out, bytes, size);
}

static void put_number(struct eagre_buffer *out, uint64_t value, size_t size) {
  char bytes[8];
  eagre_state_put_integer(bytes, value, size);
  eagre_buffer_append(out, bytes, size);
}

/* What stands in front of the panes or rows of the body. */
static void put_section(enum shape shape, const uint8_t *body, size_t size,
                        struct eagre_buffer *out) {
  put_number(out, (uint64_t)INT64_MIN, 8);
  if (shape == ROWS) {
    put_number(out, 1000, 8);
    put_number(out, byte_from_end(body, size, 4), 8);
    put_number(out, byte_from_end(body, size, 3), 8);
    put_number(out, byte_from_end(body, size, 2), 8);
    return;
  }
  put_number(out, layout.payload_size, 8);
  if (shape == TABLE) put_number(out, 0, 8);
  put_number(out, byte_from_end(body, size, 2), 8);
}

static void frame_body(const struct members *members, enum shape shape, const uint8_t *body,
                       size_t size, struct eagre_buffer *out) {
  put_header(members, shape, byte_from_end(body, size, 1), out);
  put_section(shape, body, size, out);
  eagre_buffer_append(out, body, size);
  put_number(out, out->size + EAGRE_STATE_TRAILER_SIZE, 8);
  put_number(out, eagre_crc32c(0, out->data, out->size), 4);
}

static uint64_t count_all(const struct members *members) {
  if (members->rows != NULL) {
    struct eagre_state_rows_metrics metrics;
    eagre_state_rows_measure(members->rows, &metrics);
    return metrics.row_count;
  }
  struct eagre_state_metrics metrics;
  eagre_state_measure(members->table, &metrics);
  return metrics.group_count;
}

static void begin_epoch(struct members *members) {
  if (members->rows != NULL) {
    eagre_state_rows_begin_epoch(members->rows);
    return;
  }
  eagre_state_begin_epoch(members->table);
  eagre_state_table_get_pane(members->table, 0);
}

static void save_and_load(struct members *members, enum shape shape,
                          struct eagre_state_snapshot *snapshot) {
  uint64_t bytes = 0;
  struct members again;
  open_members(&again, shape);
  begin_epoch(members);
  eagre_state_set_base(&members->set, 0)->version = -1; /* a full file, which its name above says */
  snapshot->version = 2;
  if (eagre_state_save(&members->set, target.io, snapshot, &bytes, NULL) != EAGRE_OK) abort();
  if (eagre_state_load(&again.set, target.io, snapshot, 1, 1, NULL) != EAGRE_OK) abort();
  if (count_all(&again) != count_all(members)) abort();
  close_members(&again);
  unlink(target.second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (target.io == NULL) open_target();
  if (size == 0) return 0;
  enum shape shape = shapes[data[0] % EAGRE_COUNT_OF(shapes)];
  struct members members;
  struct eagre_buffer content = {0};
  open_members(&members, shape);
  if (shape == RAW_TABLE || shape == RAW_ROWS) {
    eagre_buffer_append(&content, data + 1, size - 1);
  } else {
    frame_body(&members, shape, data + 1, size - 1, &content);
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
  enum eagre_status status = eagre_state_load(&members.set, target.io, &snapshot, 1, 1, &error);
  if (status != EAGRE_OK && (status != EAGRE_UNSAFE || count_all(&members) != 0)) abort();
  if (status == EAGRE_OK) save_and_load(&members, shape, &snapshot);
  close_members(&members);
  eagre_buffer_done(&content);
  return 0;
}
