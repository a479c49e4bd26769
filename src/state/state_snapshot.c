/* Snapshots: the format, and writing.
 *
 * One file per core and version, with all tables of the query: `<version>-<core>-<attempt>.full`
 * or `.delta`. All numbers are little endian.
 *
 *   header, 136 bytes
 *   offset size
 *   0      8    magic "EAGRESTA"
 *   8      4    format version, 1
 *   12     4    kind: 0 full, 1 delta
 *   16     8    state version this file makes
 *   24     8    version it builds on: that version - 1, or -1 for a full file
 *   32     8    fingerprint of key and aggregate types
 *   40     4    number of state partitions
 *   44     4    core
 *   48     8    number of groups and rows that follow, of all tables and row stores
 *   56     4    number of tables
 *   60     4    number of row stores
 *   64     64   attempt of the file it builds on (same core), padded with zeros; zeros for a full
 *               file
 *   128    4    CRC32C of the payload sizes, u32 each, of all tables
 *   132    4    CRC32C of bytes 0..131
 *
 *   body: the tables of the query in their order, each
 *   0      8    greatest pane evicted since the base version; the smallest integer: none
 *   8      4    size p of a payload
 *   12     4    0
 *   16     8    number of panes
 *   24          panes in ascending order, each
 *               0   8   end of the pane, microseconds
 *               8   8   number of groups n > 0
 *               16      n groups, each
 *                       u32 size k of the key
 *                       k   key
 *                       p   payload, zeros where it holds texts
 *                       per text of the layout: u32 size and so many bytes; size ffffffff: no text
 *                       (its pointer is NULL)
 *
 *   then the row stores in their order, each
 *   0      8    greatest time evicted since the base version; the smallest integer: none
 *   8      8    number of the next row
 *   16     8    number m of older rows that have found a match since the base version
 *   24     8    number n of rows
 *   32          m numbers of rows, 8 bytes each
 *               n rows, each
 *               0   8   number
 *               8   8   event time, microseconds; the greatest integer: none
 *               16  4   flags: 1 has found a match, 2 its key cannot match
 *               20  4   size k of the key
 *               24  4   size b of the body
 *               28      key, body (state_row.c)
 *
 *   trailer, 12 bytes
 *   0      8    size of the whole file
 *   8      4    CRC32C of all bytes before
 *
 * A version is a full file and the deltas behind it. A delta holds the groups changed and the rows
 * added in its epoch. To read a version, newest file first: a group counts where it is seen first,
 * unless a newer file has evicted its pane; a row counts unless a newer file has evicted its time,
 * and has found its match when a newer file says so. At most 9 deltas follow a full
 * file, and none when half of the groups have changed, for a full file is hardly larger then.
 *
 * A format version above ours is refused before anything behind it is looked at. */
#include "state/state_snapshot.h"

#include <stdio.h>
#include <string.h>

static const char MAGIC[8] = {'E', 'A', 'G', 'R', 'E', 'S', 'T', 'A'};
static const char *const SUFFIXES[] = {".full", ".delta"};

/* ---- Names ----------------------------------------------------------------------------------- */

const char *eagre_state_file_path(struct eagre_arena *arena, const char *directory,
                                  const struct eagre_state_file_name *name) {
  return eagre_arena_printf(arena, "%s/%lld-%u-%s%s", directory, (long long)name->version,
                            name->core, name->attempt, SUFFIXES[name->kind])
      .data;
}

/* Digits up to `end_mark`; false when there are none or too many. */
static bool take_number(const char **text, char end_mark, uint64_t *out) {
  const char *next = *text;
  *out = 0;
  for (; *next >= '0' && *next <= '9'; next++) {
    if (__builtin_mul_overflow(*out, 10, out)) return false;
    if (__builtin_add_overflow(*out, (uint64_t)(*next - '0'), out)) return false;
  }
  if (next == *text || *next != end_mark) return false;
  *text = next + 1;
  return true;
}

bool eagre_state_file_name_parse(const char *text, struct eagre_state_file_name *out) {
  uint64_t version;
  uint64_t core;
  if (!take_number(&text, '-', &version) || version > INT64_MAX) return false;
  if (!take_number(&text, '-', &core) || core > UINT32_MAX) return false;
  struct eagre_text rest = eagre_text_of(text);
  for (int kind = EAGRE_STATE_FULL; kind <= EAGRE_STATE_DELTA; kind++) {
    struct eagre_text suffix = eagre_text_of(SUFFIXES[kind]);
    if (!eagre_text_ends_with(rest, suffix)) continue;
    size_t size = rest.size - suffix.size;
    if (size == 0 || size >= EAGRE_STATE_ATTEMPT_SIZE) return false;
    *out = (struct eagre_state_file_name){(int64_t)version, (uint32_t)core, "",
                                          (enum eagre_state_kind)kind};
    memcpy(out->attempt, rest.data, size);
    return true;
  }
  return false;
}

/* ---- Headers --------------------------------------------------------------------------------- */

enum { CHECKED_SIZE = EAGRE_STATE_HEADER_SIZE - 4 };

void eagre_state_header_print(const struct eagre_state_file_header *header,
                              char out[EAGRE_STATE_HEADER_SIZE]) {
  memset(out, 0, EAGRE_STATE_HEADER_SIZE);
  memcpy(out, MAGIC, sizeof MAGIC);
  eagre_state_put_integer(out + 8, EAGRE_STATE_FORMAT_VERSION, 4);
  eagre_state_put_integer(out + 12, header->kind, 4);
  eagre_state_put_integer(out + 16, (uint64_t)header->version, 8);
  eagre_state_put_integer(out + 24, (uint64_t)header->base_version, 8);
  eagre_state_put_integer(out + 32, header->fingerprint, 8);
  eagre_state_put_integer(out + 40, header->partition_count, 4);
  eagre_state_put_integer(out + 44, header->core, 4);
  eagre_state_put_integer(out + 48, header->group_count, 8);
  eagre_state_put_integer(out + 56, header->table_count, 4);
  eagre_state_put_integer(out + 60, header->rows_count, 4);
  eagre_state_put_integer(out + 128, header->layout_checksum, 4);
  memcpy(out + 64, header->base_attempt, strlen(header->base_attempt));
  eagre_state_put_integer(out + CHECKED_SIZE, eagre_crc32c(0, out, CHECKED_SIZE), 4);
}

enum eagre_status eagre_state_refuse_corrupt(const char *path, const char *what,
                                             struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "STATE_STORE_CORRUPT", "state file %s is damaged: %s", path,
                  what);
  eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
  return EAGRE_UNSAFE;
}

static enum eagre_status check_format(const char *bytes, size_t size, const char *path,
                                      struct eagre_error *error) {
  if (size < 12) return eagre_state_refuse_corrupt(path, "it is too short", error);
  if (memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
    return eagre_state_refuse_corrupt(path, "it does not begin as a state file does", error);
  uint64_t version = eagre_state_get_integer(bytes + 8, 4);
  if (version > EAGRE_STATE_FORMAT_VERSION) {
    eagre_error_set(error, EAGRE_UNSAFE, "STATE_STORE_VERSION_UNSUPPORTED",
                    "state file %s has format version %llu; this Eagre reads up to %d", path,
                    (unsigned long long)version, EAGRE_STATE_FORMAT_VERSION);
    eagre_error_hint(error, "run the Eagre that wrote it, or a newer one");
    return EAGRE_UNSAFE;
  }
  if (size < EAGRE_STATE_HEADER_SIZE)
    return eagre_state_refuse_corrupt(path, "it is too short", error);
  uint64_t checksum = eagre_state_get_integer(bytes + CHECKED_SIZE, 4);
  if (version == 0 || checksum != eagre_crc32c(0, bytes, CHECKED_SIZE))
    return eagre_state_refuse_corrupt(path, "the checksum of its header is wrong", error);
  return EAGRE_OK;
}

enum eagre_status eagre_state_header_parse(const char *bytes, size_t size, const char *path,
                                           struct eagre_state_file_header *out,
                                           struct eagre_error *error) {
  EAGRE_TRY(check_format(bytes, size, path, error));
  *out = (struct eagre_state_file_header){
      .kind = (enum eagre_state_kind)eagre_state_get_integer(bytes + 12, 4),
      .version = (int64_t)eagre_state_get_integer(bytes + 16, 8),
      .base_version = (int64_t)eagre_state_get_integer(bytes + 24, 8),
      .fingerprint = eagre_state_get_integer(bytes + 32, 8),
      .partition_count = (uint32_t)eagre_state_get_integer(bytes + 40, 4),
      .core = (uint32_t)eagre_state_get_integer(bytes + 44, 4),
      .group_count = eagre_state_get_integer(bytes + 48, 8),
      .table_count = (uint32_t)eagre_state_get_integer(bytes + 56, 4),
      .rows_count = (uint32_t)eagre_state_get_integer(bytes + 60, 4),
      .layout_checksum = (uint32_t)eagre_state_get_integer(bytes + 128, 4),
  };
  memcpy(out->base_attempt, bytes + 64, EAGRE_STATE_ATTEMPT_SIZE);
  bool is_full = out->kind == EAGRE_STATE_FULL && out->base_version == -1;
  bool is_delta = out->kind == EAGRE_STATE_DELTA && out->base_version >= 0 &&
                  out->base_version == out->version - 1 && out->base_attempt[0] != '\0';
  bool is_terminated = out->base_attempt[EAGRE_STATE_ATTEMPT_SIZE - 1] == '\0';
  if ((!is_full && !is_delta) || !is_terminated)
    return eagre_state_refuse_corrupt(path, "its header makes no sense", error);
  return EAGRE_OK;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Gathers bytes, sums their checksum and hands them on. The first failure stays. */
struct output {
  struct eagre_io_writer *writer;
  struct eagre_error *error;
  enum eagre_status status;
  uint32_t checksum;
  size_t filled;
  char bytes[64 * 1024];
};

static void flush_output(struct output *output) {
  output->checksum = eagre_crc32c(output->checksum, output->bytes, output->filled);
  if (output->status == EAGRE_OK)
    output->status =
        eagre_io_writer_append(output->writer, output->bytes, output->filled, output->error);
  output->filled = 0;
}

static void put_bytes(struct output *output, const void *data, size_t size) {
  const char *bytes = data;
  while (size > 0) {
    if (output->filled == sizeof output->bytes) flush_output(output);
    size_t room = sizeof output->bytes - output->filled;
    size_t part = size < room ? size : room;
    memcpy(output->bytes + output->filled, bytes, part);
    output->filled += part;
    bytes += part;
    size -= part;
  }
}

static void put_integer(struct output *output, uint64_t value, size_t size) {
  char bytes[8];
  eagre_state_put_integer(bytes, value, size);
  put_bytes(output, bytes, size);
}

static void put_payload(struct output *output, const struct eagre_state_table *table,
                        const char *payload) {
  static const char zeros[sizeof(struct eagre_text)] = {0};
  uint32_t done = 0;
  /* Offsets of texts ascend (asserted when the table is made). */
  for (uint32_t i = 0; i < table->text_count; i++) {
    put_bytes(output, payload + done, table->text_offsets[i] - done);
    put_bytes(output, zeros, sizeof zeros);
    done = table->text_offsets[i] + (uint32_t)sizeof zeros;
  }
  put_bytes(output, payload + done, table->payload_size - done);
  for (uint32_t i = 0; i < table->text_count; i++) {
    struct eagre_text text;
    memcpy(&text, payload + table->text_offsets[i], sizeof text);
    eagre_assert(text.size < EAGRE_STATE_TEXT_NONE);
    put_integer(output, text.data == NULL ? EAGRE_STATE_TEXT_NONE : text.size, 4);
    if (text.data != NULL) put_bytes(output, text.data, text.size);
  }
}

static void put_group(struct output *output, const struct eagre_state_table *table,
                      struct eagre_text key, const char *payload) {
  put_integer(output, key.size, 4);
  put_bytes(output, key.data, key.size);
  put_payload(output, table, payload);
}

static uint64_t count_panes(const struct eagre_state_table *table, enum eagre_state_kind kind) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < table->pane_count; i++) {
    const struct eagre_state_pane *pane = table->panes[i];
    count += (kind == EAGRE_STATE_FULL ? pane->count : pane->changed_count) > 0;
  }
  return count;
}

static void put_table(struct output *output, struct eagre_state_table *table,
                      enum eagre_state_kind kind) {
  enum eagre_state_filter filter =
      kind == EAGRE_STATE_DELTA ? EAGRE_STATE_CHANGED : EAGRE_STATE_ALL;
  int64_t evicted = kind == EAGRE_STATE_DELTA ? table->base.evicted_max : INT64_MIN;
  put_integer(output, (uint64_t)evicted, 8);
  put_integer(output, table->payload_size, 4);
  put_integer(output, 0, 4);
  put_integer(output, count_panes(table, kind), 8);
  struct eagre_state_cursor cursor = {{0}};
  struct eagre_state_group groups[256];
  for (uint32_t i = 0; i < table->pane_count; i++) {
    const struct eagre_state_pane *pane = table->panes[i];
    uint64_t left = filter == EAGRE_STATE_ALL ? pane->count : pane->changed_count;
    if (left == 0) continue;
    put_integer(output, (uint64_t)pane->end, 8);
    put_integer(output, left, 8);
    while (left > 0) {
      uint32_t wanted = left < EAGRE_COUNT_OF(groups) ? (uint32_t)left : EAGRE_COUNT_OF(groups);
      uint32_t count = eagre_state_next(table, &cursor, filter, pane->end, groups, wanted);
      eagre_assert(count == wanted);
      for (uint32_t j = 0; j < count; j++) {
        put_group(output, table, groups[j].key, groups[j].payload);
      }
      left -= count;
    }
  }
}

static void put_row(struct output *output, const struct eagre_state_row *row) {
  char bytes[EAGRE_STATE_ROW_SIZE_MIN];
  eagre_state_put_integer(bytes, row->number, 8);
  eagre_state_put_integer(bytes + 8, (uint64_t)row->time, 8);
  eagre_state_put_integer(bytes + 16, row->flags, 4);
  eagre_state_put_integer(bytes + 20, row->key_size, 4);
  eagre_state_put_integer(bytes + 24, row->body_size, 4);
  put_bytes(output, bytes, sizeof bytes);
  put_bytes(output, row + 1, (size_t)row->key_size + row->body_size);
}

static void put_rows(struct output *output, const struct eagre_state_rows *rows,
                     enum eagre_state_kind kind) {
  bool is_delta = kind == EAGRE_STATE_DELTA;
  uint64_t matched_count = is_delta ? rows->matched_count : 0;
  put_integer(output, (uint64_t)(is_delta ? rows->base.evicted_max : INT64_MIN), 8);
  put_integer(output, rows->next_number, 8);
  put_integer(output, matched_count, 8);
  put_integer(output, is_delta ? rows->new_count : rows->row_count, 8);
  for (uint64_t i = 0; i < matched_count; i++) {
    put_integer(output, rows->matched[i], 8);
  }
  for (uint32_t i = 0; i < rows->pane_count; i++) {
    struct eagre_state_walk walk = {0};
    const struct eagre_state_row *row;
    while ((row = eagre_state_rows_walk(rows->panes[i], is_delta, &walk)) != NULL) {
      put_row(output, row);
    }
  }
}

static void put_trailer(struct output *output) {
  flush_output(output);
  uint64_t size = eagre_io_writer_size(output->writer) + EAGRE_STATE_TRAILER_SIZE;
  put_integer(output, size, 8);
  flush_output(output);
  put_integer(output, output->checksum, 4);
  flush_output(output);
}

/* Groups and rows that a file of that kind holds. */
static uint64_t count_items(const struct eagre_state_set *set, enum eagre_state_kind kind) {
  bool is_delta = kind == EAGRE_STATE_DELTA;
  uint64_t count = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    count += is_delta ? set->tables[i]->changed_count : set->tables[i]->group_count;
  }
  for (uint32_t i = 0; i < set->rows_count; i++) {
    count += is_delta ? set->rows[i]->new_count : set->rows[i]->row_count;
  }
  return count;
}

static bool may_be_delta(const struct eagre_state_set *set,
                         const struct eagre_state_snapshot *snapshot) {
  for (uint32_t i = 0; i < set->count + set->rows_count; i++) {
    const struct eagre_state_base *base = eagre_state_set_base(set, i);
    bool follows = base->version >= 0 && base->version == snapshot->version - 1 &&
                   base->core == snapshot->core && base->delta_count < EAGRE_STATE_DELTAS_MAX;
    if (!follows) return false;
  }
  return count_items(set, EAGRE_STATE_DELTA) <= count_items(set, EAGRE_STATE_FULL) / 2;
}

struct eagre_state_base *eagre_state_set_base(const struct eagre_state_set *set, uint32_t index) {
  return index < set->count ? &set->tables[index]->base : &set->rows[index - set->count]->base;
}

uint32_t eagre_state_layout_checksum(const struct eagre_state_set *set) {
  uint32_t checksum = 0;
  for (uint32_t i = 0; i < set->count; i++) {
    char size[4];
    eagre_state_put_integer(size, set->tables[i]->payload_size, sizeof size);
    checksum = eagre_crc32c(checksum, size, sizeof size);
  }
  return checksum;
}

static struct eagre_state_file_header make_header(const struct eagre_state_set *set,
                                                  const struct eagre_state_snapshot *snapshot) {
  bool is_delta = may_be_delta(set, snapshot);
  enum eagre_state_kind kind = is_delta ? EAGRE_STATE_DELTA : EAGRE_STATE_FULL;
  const struct eagre_state_base *first = eagre_state_set_base(set, 0);
  struct eagre_state_file_header header = {
      .kind = kind,
      .version = snapshot->version,
      .base_version = is_delta ? first->version : -1,
      .fingerprint = snapshot->fingerprint,
      .partition_count = snapshot->partition_count,
      .core = snapshot->core,
      .group_count = count_items(set, kind),
      .table_count = set->count,
      .rows_count = set->rows_count,
      .layout_checksum = eagre_state_layout_checksum(set),
  };
  /* Tables and row stores of one set are saved and loaded together: they have one base. */
  if (is_delta) memcpy(header.base_attempt, first->attempt, sizeof header.base_attempt);
  return header;
}

static void note_saved(struct eagre_state_base *base, const struct eagre_state_snapshot *snapshot,
                       enum eagre_state_kind kind) {
  base->version = snapshot->version;
  base->core = snapshot->core;
  snprintf(base->attempt, sizeof base->attempt, "%s", snapshot->attempt);
  base->delta_count = kind == EAGRE_STATE_DELTA ? base->delta_count + 1 : 0;
  base->evicted_max = INT64_MIN;
  base->is_dirty = false;
}

static void put_content(struct output *output, const struct eagre_state_set *set,
                        const struct eagre_state_file_header *header) {
  char bytes[EAGRE_STATE_HEADER_SIZE];
  eagre_state_header_print(header, bytes);
  put_bytes(output, bytes, sizeof bytes);
  for (uint32_t i = 0; i < set->count; i++) {
    put_table(output, set->tables[i], header->kind);
  }
  for (uint32_t i = 0; i < set->rows_count; i++) {
    put_rows(output, set->rows[i], header->kind);
  }
  put_trailer(output);
}

static enum eagre_status write_file(const struct eagre_state_set *set, struct eagre_io *io,
                                    const char *path, const struct eagre_state_file_header *header,
                                    uint64_t *out_bytes, struct eagre_error *error) {
  struct output *output = eagre_allocate(sizeof *output);
  output->error = error;
  output->status = EAGRE_OK;
  output->checksum = 0;
  output->filled = 0;
  enum eagre_status status = eagre_io_writer_open(io, path, &output->writer, error);
  if (status == EAGRE_OK) {
    put_content(output, set, header);
    *out_bytes = eagre_io_writer_size(output->writer);
    status = output->status;
    if (status == EAGRE_OK) {
      status = eagre_io_writer_finish(output->writer, error);
    } else {
      eagre_io_writer_abort(output->writer);
    }
  }
  eagre_free(output);
  return status;
}

enum eagre_status eagre_state_save(const struct eagre_state_set *set, struct eagre_io *io,
                                   const struct eagre_state_snapshot *snapshot, uint64_t *out_bytes,
                                   struct eagre_error *error) {
  eagre_assert(set->count + set->rows_count > 0);
  eagre_assert(strlen(snapshot->attempt) < EAGRE_STATE_ATTEMPT_SIZE);
  struct eagre_state_file_header header = make_header(set, snapshot);
  struct eagre_state_file_name name = {snapshot->version, snapshot->core, "", header.kind};
  snprintf(name.attempt, sizeof name.attempt, "%s", snapshot->attempt);
  struct eagre_arena arena = {0};
  const char *path = eagre_state_file_path(&arena, snapshot->directory, &name);
  enum eagre_status status = write_file(set, io, path, &header, out_bytes, error);
  for (uint32_t i = 0; status == EAGRE_OK && i < set->count + set->rows_count; i++) {
    note_saved(eagre_state_set_base(set, i), snapshot, header.kind);
  }
  eagre_arena_done(&arena);
  return status;
}
