/* Files cut into parts, so that several cores read a large one.
 *
 * The sizes of parts are Spark's: no more than spark.sql.files.maxPartitionBytes, and about what a
 * core gets of all there is, for which opening a file counts as OPEN_COST bytes.
 *
 * A line belongs to the part in which it begins. Numbers of lines count from there: those of the
 * file would take reading all in front of it, which is done when somebody asks, for a message. */
#include <stdatomic.h>
#include <string.h>

#include "source/source_files.h"

static const uint64_t OPEN_COST = 4 << 20;              /* spark.sql.files.openCostInBytes */
enum { LOOK_SIZE_MIN = 4096, LOOK_SIZE_MAX = 1 << 20 }; /* bytes read to find a line's end */

/* ---- Cutting --------------------------------------------------------------------------------- */

static uint64_t choose_part_size(const struct eagre_source_files_cut *cut, const uint64_t *sizes,
                                 size_t count) {
  if (cut->core_count == 1 || cut->part_bytes_max == UINT64_MAX) return UINT64_MAX;
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++)
    total += sizes[i] + OPEN_COST;
  uint64_t share = total / cut->core_count;
  if (share < OPEN_COST) share = OPEN_COST;
  return share < cut->part_bytes_max ? share : cut->part_bytes_max;
}

/* An empty file is a part, too: the core that opens it sees that it is still there. */
static uint32_t count_parts(uint64_t size, uint64_t part_size) {
  return size <= part_size ? 1 : (uint32_t)((size + part_size - 1) / part_size);
}

/* The core with the fewest bytes, the first of them. */
static uint32_t choose_core(const uint64_t *bytes, uint32_t core_count) {
  uint32_t chosen = 0;
  for (uint32_t core = 1; core < core_count; core++) {
    if (bytes[core] < bytes[chosen]) chosen = core;
  }
  return chosen;
}

void eagre_source_files_cut(const struct eagre_source_files_cut *cut,
                            const struct eagre_source_files_entry *entries, const uint64_t *sizes,
                            size_t count, struct eagre_arena *arena,
                            struct eagre_source_files_part **out_parts, uint32_t *out_count) {
  uint64_t part_size = choose_part_size(cut, sizes, count);
  size_t part_count = 0;
  for (size_t i = 0; i < count; i++)
    part_count += count_parts(sizes[i], part_size);
  struct eagre_source_files_part *parts =
      eagre_arena_allocate_zeroed(arena, (part_count + 1) * sizeof *parts);
  uint64_t *bytes = eagre_arena_allocate_zeroed(arena, cut->core_count * sizeof *bytes);
  struct eagre_source_files_part *next = parts;
  for (size_t i = 0; i < count; i++) {
    uint32_t of_file = count_parts(sizes[i], part_size);
    for (uint32_t k = 0; k < of_file; k++, next++) {
      bool is_last = k + 1 == of_file;
      next->path = entries[i].path;
      next->begin = k * part_size;
      next->end = is_last ? UINT64_MAX : next->begin + part_size;
      next->core = choose_core(bytes, cut->core_count);
      next->lines_before = next->begin == 0 ? 0 : -1;
      bytes[next->core] += OPEN_COST + (is_last ? sizes[i] - next->begin : part_size);
    }
  }
  *out_parts = parts;
  *out_count = (uint32_t)part_count;
}

/* ---- Placing --------------------------------------------------------------------------------- */

/* Moves `*at`, which is not 0, to the first beginning of a line there or behind it; the end of the
 * file has none: UINT64_MAX. */
static enum eagre_status find_line(struct eagre_io_reader *file, uint64_t *at,
                                   struct eagre_error *error) {
  struct eagre_buffer look = {0};
  enum eagre_status status = EAGRE_OK;
  const char *line_break = NULL;
  uint64_t offset = *at - 1; /* a break there begins a line at `*at` */
  size_t got = 0;
  size_t wanted = LOOK_SIZE_MIN;
  do {
    offset += got;
    char *bytes = eagre_buffer_reserve(&look, wanted);
    status = eagre_io_reader_read_at(file, offset, bytes, wanted, &got, error);
    if (status != EAGRE_OK) break;
    line_break = memchr(bytes, '\n', got);
    *at = line_break == NULL ? UINT64_MAX : offset + (uint64_t)(line_break - bytes) + 1;
    if (got == wanted && wanted < LOOK_SIZE_MAX) wanted *= 2;
  } while (line_break == NULL && got > 0);
  eagre_buffer_done(&look);
  return status;
}

enum eagre_status eagre_source_files_part_place(const struct eagre_source_files_part *part,
                                                struct eagre_io_reader *file, uint64_t *out_begin,
                                                uint64_t *out_end, struct eagre_error *error) {
  enum eagre_status status = EAGRE_OK;
  *out_begin = part->begin;
  *out_end = part->end;
  if (part->begin != 0) status = find_line(file, out_begin, error);
  if (status != EAGRE_OK || part->end == UINT64_MAX || *out_begin >= part->end) return status;
  return find_line(file, out_end, error);
}

/* ---- Numbers of lines ------------------------------------------------------------------------ */

/* Lines end with \n, \r\n or \r. */
static int64_t count_breaks(const char *bytes, size_t size, bool *is_after_return) {
  int64_t count = 0;
  for (size_t i = 0; i < size; i++) {
    count += bytes[i] == '\r' || (bytes[i] == '\n' && !*is_after_return);
    *is_after_return = bytes[i] == '\r';
  }
  return count;
}

static bool count_lines(struct eagre_io_reader *file, uint64_t end, int64_t *out_count) {
  struct eagre_buffer look = {0};
  char *bytes = eagre_buffer_reserve(&look, LOOK_SIZE_MAX);
  bool is_after_return = false;
  uint64_t offset = 0;
  size_t got = 1;
  *out_count = 0;
  while (offset < end && got > 0) {
    uint64_t left = end - offset;
    size_t wanted = left < LOOK_SIZE_MAX ? (size_t)left : LOOK_SIZE_MAX;
    if (eagre_io_reader_read_at(file, offset, bytes, wanted, &got, NULL) != EAGRE_OK) break;
    *out_count += count_breaks(bytes, got, &is_after_return);
    offset += got;
  }
  eagre_buffer_done(&look);
  return offset == end;
}

/* With a handle of its own, as the thread may be any. */
static bool count_lines_before(const struct eagre_source_files_part *part, int64_t *out_count) {
  struct eagre_io *io = NULL;
  struct eagre_io_reader *file = NULL;
  uint64_t begin = part->begin;
  bool is_counted = eagre_io_open(NULL, &io, NULL) == EAGRE_OK &&
                    eagre_io_reader_open(io, part->path.data, &file, NULL) == EAGRE_OK &&
                    find_line(file, &begin, NULL) == EAGRE_OK &&
                    count_lines(file, begin, out_count);
  eagre_io_reader_close(file);
  eagre_io_close(io);
  return is_counted;
}

bool eagre_source_files_part_line(const void *part, int64_t *number) {
  struct eagre_source_files_part *self = (struct eagre_source_files_part *)part;
  int64_t before = atomic_load_explicit(&self->lines_before, memory_order_relaxed);
  if (before < 0) {
    if (!count_lines_before(self, &before)) return false;
    atomic_store_explicit(&self->lines_before, before, memory_order_relaxed);
  }
  *number += before;
  return true;
}

void eagre_source_files_part_blame(const struct eagre_source_files_part *part, int64_t number,
                                   struct eagre_error *error) {
  if (eagre_source_files_part_line(part, &number)) {
    eagre_error_place(error, "file %s, line %lld", part->path.data, (long long)number);
  } else {
    eagre_error_place(error, "file %s", part->path.data);
  }
}
