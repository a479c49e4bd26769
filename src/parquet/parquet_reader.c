/* The reader: footer, row groups, batches.
 *
 * A batch is of one row group. It has as many rows as keep its vectors of moderate size: fewer when
 * rows hold long arrays or texts, by the averages that the footer tells. */
#include "parquet/parquet.h"

#include <endian.h>

#include "parquet/parquet_assemble.h"
#include "parquet/parquet_binding.h"
#include "parquet/parquet_file.h"
#include "parquet/parquet_leaf_read.h"
#include "parquet/parquet_metadata.h"
#include "parquet/parquet_prune.h"
#include "parquet/parquet_tree.h"
#include "parquet/parquet_variant.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are copied as they are stored");

enum {
  TAIL_SIZE = 8, /* length of the footer, and "PAR1" */
  MAGIC_SIZE = 4,
  FOOTER_SIZE_MAX = 512 << 20,
  ENTRIES_MAX_DEFAULT = 64 << 20,
  BATCH_VALUES_WANTED = 1 << 18, /* of one leaf */
  BATCH_BYTES_WANTED = 16 << 20, /* of one leaf */
};

static const uint64_t PAGE_SIZE_MAX_DEFAULT = UINT64_C(1) << 30;

struct eagre_parquet_reader {
  struct eagre_arena arena;
  struct eagre_buffer footer; /* which names and bounds point into */
  struct eagre_parquet_file file;
  struct eagre_parquet_metadata metadata;
  struct eagre_parquet_tree tree;
  struct eagre_parquet_binding binding;
  struct eagre_parquet_leaf_reader *leaves;
  uint32_t leaf_count; /* begun */
  bool *is_kept;       /* by row group */
  uint64_t kept_row_count;
  uint32_t next_group;
  uint64_t group_begin; /* first row of `next_group` in the file */
  uint64_t first_row;   /* of the next batch */
  int64_t rows_left;    /* of the current group */
  uint64_t group_bytes; /* of the leaves read, as stored */
  int64_t group_rows;
  uint32_t batch_rows;
  uint32_t batch_rows_max;
  bool has_failed;
};

/* ---- Footer --------------------------------------------------------------------------------- */

static enum eagre_status refuse_footer(const struct eagre_parquet_reader *reader,
                                       const char *problem, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_DATA, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER",
                  "Encountered error while reading file %s. Could not read footer: %s",
                  reader->file.path, problem);
  eagre_error_hint(error, "check that the file is a whole Parquet file");
  return EAGRE_DATA;
}

static enum eagre_status refuse_encrypted(const struct eagre_parquet_reader *reader,
                                          struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_DATA, "UNSUPPORTED_FEATURE.PARQUET_ENCRYPTION",
                         "File %s is encrypted, which is not supported", reader->file.path);
}

/* Where the footer begins, and its size. */
static enum eagre_status find_footer(struct eagre_parquet_reader *reader, uint64_t file_size,
                                     uint32_t *out_size, struct eagre_error *error) {
  char tail[TAIL_SIZE];
  if (file_size < TAIL_SIZE + MAGIC_SIZE) {
    return refuse_footer(reader, "the file is too short", error);
  }
  EAGRE_TRY(eagre_parquet_file_read(&reader->file, file_size - TAIL_SIZE, tail, TAIL_SIZE, error));
  uint32_t size;
  memcpy(&size, tail, sizeof size);
  size = le32toh(size);
  if (memcmp(tail + sizeof size, "PARE", MAGIC_SIZE) == 0) return refuse_encrypted(reader, error);
  if (memcmp(tail + sizeof size, "PAR1", MAGIC_SIZE) != 0) {
    return refuse_footer(reader, "the file does not end as a Parquet file does", error);
  }
  if (size > file_size - TAIL_SIZE - MAGIC_SIZE || size > FOOTER_SIZE_MAX) {
    return refuse_footer(reader, "its length is wrong", error);
  }
  reader->file.pages_end = file_size - TAIL_SIZE - size;
  *out_size = size;
  return EAGRE_OK;
}

/* Whether the row groups have a chunk per leaf, and together the rows of the file. */
static const char *check_groups(const struct eagre_parquet_reader *reader) {
  int64_t row_count = 0;
  for (uint32_t i = 0; i < reader->metadata.group_count; i++) {
    const struct eagre_parquet_stored_group *group = &reader->metadata.groups[i];
    if (group->chunk_count != reader->tree.leaf_count) {
      return "a row group has not as many columns as the schema";
    }
    if (__builtin_add_overflow(row_count, group->row_count, &row_count)) {
      return "the row groups have too many rows";
    }
  }
  bool is_whole = row_count == reader->metadata.row_count;
  return is_whole ? NULL : "the row groups have not as many rows as the file";
}

static enum eagre_status read_footer(struct eagre_parquet_reader *reader, uint64_t file_size,
                                     struct eagre_error *error) {
  uint32_t size = 0;
  EAGRE_TRY(find_footer(reader, file_size, &size, error));
  char *bytes = eagre_buffer_reserve(&reader->footer, (size_t)size + 1);
  EAGRE_TRY(eagre_parquet_file_read(&reader->file, reader->file.pages_end, bytes, size, error));
  const char *problem =
      eagre_parquet_metadata_read(&reader->metadata, eagre_text_make(bytes, size), &reader->arena);
  if (problem == NULL) {
    problem = eagre_parquet_tree_build(&reader->tree, &reader->metadata, &reader->arena);
  }
  if (problem == NULL) problem = check_groups(reader);
  return problem == NULL ? EAGRE_OK : refuse_footer(reader, problem, error);
}

/* ---- Opening -------------------------------------------------------------------------------- */

static void keep_groups(struct eagre_parquet_reader *reader,
                        const struct eagre_parquet_read_options *options) {
  uint32_t count = reader->metadata.group_count;
  reader->is_kept = eagre_arena_allocate(&reader->arena, count * sizeof *reader->is_kept);
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_parquet_stored_group *group = &reader->metadata.groups[i];
    bool is_kept = group->row_count > 0;
    for (uint32_t k = 0; k < options->predicate_count && is_kept; k++) {
      is_kept = eagre_parquet_group_may_match(&reader->metadata, &reader->tree, group,
                                              &options->predicates[k]);
    }
    reader->is_kept[i] = is_kept;
    if (is_kept) reader->kept_row_count += (uint64_t)group->row_count;
  }
}

static void begin_leaves(struct eagre_parquet_reader *reader) {
  const struct eagre_parquet_binding *binding = &reader->binding;
  reader->leaves = eagre_allocate_zeroed(binding->leaf_count + 1, sizeof *reader->leaves);
  reader->leaf_count = binding->leaf_count;
  for (uint32_t i = 0; i < binding->leaf_count; i++) {
    const struct eagre_parquet_bound_leaf *bound = &binding->leaves[i];
    eagre_parquet_leaf_init(&reader->leaves[i], &reader->file, bound->node, bound->type,
                            &bound->conversion);
    reader->leaves[i].keeps_levels = bound->keeps_levels;
  }
}

static enum eagre_status refuse_missing(const char *path, struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_IO, "FAILED_READ_FILE.FILE_NOT_EXIST",
                         "Encountered error while reading file %s. File does not exist.", path);
}

static enum eagre_status open_file(struct eagre_parquet_reader *reader, struct eagre_io *io,
                                   const struct eagre_parquet_read_options *options,
                                   struct eagre_error *error) {
  struct eagre_io_entry entry;
  const char *path = reader->file.path;
  enum eagre_status status = eagre_io_stat(io, path, &entry, error);
  if (status == EAGRE_OK) status = eagre_io_reader_open(io, path, &reader->file.reader, error);
  if (status == EAGRE_END) return refuse_missing(path, error);
  EAGRE_TRY(status);
  EAGRE_TRY(read_footer(reader, entry.size, error));
  EAGRE_TRY(eagre_parquet_bind(&reader->binding, &reader->file, &reader->tree, options->columns,
                               &reader->arena, error));
  begin_leaves(reader);
  keep_groups(reader, options);
  return EAGRE_OK;
}

enum eagre_status eagre_parquet_reader_open(struct eagre_io *io, const char *path,
                                            const struct eagre_parquet_read_options *options,
                                            struct eagre_parquet_reader **out_reader,
                                            struct eagre_error *error) {
  static const struct eagre_parquet_read_options defaults = {0};
  if (options == NULL) options = &defaults;
  struct eagre_parquet_reader *reader = eagre_allocate_zeroed(1, sizeof *reader);
  reader->file.path = eagre_text_duplicate(eagre_text_of(path));
  reader->file.page_size_max =
      options->page_size_max == 0 ? PAGE_SIZE_MAX_DEFAULT : options->page_size_max;
  reader->file.entries_max =
      options->batch_values_max == 0 ? ENTRIES_MAX_DEFAULT : options->batch_values_max;
  reader->batch_rows_max =
      options->batch_rows_max == 0 ? EAGRE_BATCH_ROWS_MAX : options->batch_rows_max;
  eagre_assert(reader->batch_rows_max <= EAGRE_BATCH_ROWS_MAX);
  enum eagre_status status = open_file(reader, io, options, error);
  if (status != EAGRE_OK) {
    eagre_parquet_reader_close(reader);
    return status;
  }
  *out_reader = reader;
  return EAGRE_OK;
}

void eagre_parquet_reader_close(struct eagre_parquet_reader *reader) {
  if (reader == NULL) return;
  for (uint32_t i = 0; i < reader->leaf_count; i++) {
    eagre_parquet_leaf_done(&reader->leaves[i]);
  }
  eagre_free(reader->leaves);
  eagre_io_reader_close(reader->file.reader);
  eagre_free(reader->file.path);
  eagre_buffer_done(&reader->footer);
  eagre_arena_done(&reader->arena);
  eagre_free(reader);
}

const struct eagre_type *eagre_parquet_reader_columns(const struct eagre_parquet_reader *reader) {
  return reader->binding.type;
}

uint64_t eagre_parquet_reader_row_count(const struct eagre_parquet_reader *reader) {
  return (uint64_t)reader->metadata.row_count;
}

uint64_t eagre_parquet_reader_kept_row_count(const struct eagre_parquet_reader *reader) {
  return reader->kept_row_count;
}

/* ---- Row groups ----------------------------------------------------------------------------- */

/* How many rows have about `wanted` of what the group has `total` of. */
static uint32_t limit_rows(uint32_t rows, int64_t row_count, int64_t total, int64_t wanted) {
  int64_t per_row = total / row_count;
  if (per_row <= 0 || per_row * rows <= wanted) return rows;
  return per_row >= wanted ? 1 : (uint32_t)(wanted / per_row);
}

static uint32_t choose_batch_rows(const struct eagre_parquet_reader *reader,
                                  const struct eagre_parquet_stored_group *group) {
  uint32_t rows = reader->batch_rows_max;
  for (uint32_t i = 0; i < reader->leaf_count; i++) {
    const struct eagre_parquet_stored_chunk *chunk =
        &group->chunks[reader->leaves[i].node->leaf_begin];
    rows = limit_rows(rows, group->row_count, chunk->value_count, BATCH_VALUES_WANTED);
    rows = limit_rows(rows, group->row_count, chunk->uncompressed_size, BATCH_BYTES_WANTED);
  }
  return rows;
}

static enum eagre_status begin_group(struct eagre_parquet_reader *reader,
                                     struct eagre_error *error) {
  const struct eagre_parquet_stored_group *group = &reader->metadata.groups[reader->next_group++];
  reader->first_row = reader->group_begin;
  reader->group_begin += (uint64_t)group->row_count;
  reader->rows_left = group->row_count;
  reader->batch_rows = choose_batch_rows(reader, group);
  reader->group_rows = group->row_count;
  reader->group_bytes = 0;
  for (uint32_t i = 0; i < reader->leaf_count; i++) {
    struct eagre_parquet_leaf_reader *leaf = &reader->leaves[i];
    const struct eagre_parquet_stored_chunk *chunk = &group->chunks[leaf->node->leaf_begin];
    EAGRE_TRY(eagre_parquet_leaf_begin(leaf, chunk, group->row_count, error));
    reader->group_bytes += (uint64_t)chunk->compressed_size;
  }
  return EAGRE_OK;
}

/* Goes on to a row group with rows to read. */
static enum eagre_status next_group(struct eagre_parquet_reader *reader,
                                    struct eagre_error *error) {
  for (; reader->next_group < reader->metadata.group_count; reader->next_group++) {
    if (reader->is_kept[reader->next_group]) return begin_group(reader, error);
    reader->group_begin += (uint64_t)reader->metadata.groups[reader->next_group].row_count;
  }
  return EAGRE_END;
}

static enum eagre_status end_group(struct eagre_parquet_reader *reader, struct eagre_error *error) {
  for (uint32_t i = 0; i < reader->leaf_count; i++) {
    EAGRE_TRY(eagre_parquet_leaf_end(&reader->leaves[i], error));
  }
  return EAGRE_OK;
}

/* ---- Batches -------------------------------------------------------------------------------- */

/* The rows' share of what their row group takes in the file. */
static uint64_t estimate_bytes(const struct eagre_parquet_reader *reader, uint32_t row_count) {
  double share = (double)row_count / (double)reader->group_rows;
  return (uint64_t)((double)reader->group_bytes * share);
}

static void begin_batch(const struct eagre_parquet_reader *reader, struct eagre_batch *batch,
                        uint32_t row_count) {
  struct eagre_parquet_backing *backing =
      eagre_arena_allocate_zeroed(&batch->arena, sizeof *backing);
  backing->arena = &batch->arena;
  batch->backing = backing;
  batch->release_backing = eagre_parquet_backing_release;
  batch->origin.topic = eagre_arena_copy_text(&batch->arena, eagre_text_of(reader->file.path));
  batch->source_bytes = estimate_bytes(reader, row_count);
  eagre_batch_set_columns(batch, reader->binding.type->field_count, row_count);
}

/* Values that are not sound are an error of the file. */
static enum eagre_status join_variants(const struct eagre_parquet_reader *reader,
                                       struct eagre_batch *batch, uint32_t column,
                                       struct eagre_error *error) {
  enum eagre_status status =
      eagre_parquet_variants_join(reader->binding.type->fields[column].type, batch->row_count,
                                  &batch->arena, &batch->columns[column], error);
  if (status != EAGRE_OK) eagre_error_hint(error, "the file is %s", reader->file.path);
  return status;
}

static enum eagre_status fill_batch(struct eagre_parquet_reader *reader, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  for (uint32_t i = 0; i < reader->leaf_count; i++) {
    EAGRE_TRY(eagre_parquet_leaf_read(&reader->leaves[i], batch->row_count, &batch->arena,
                                      batch->backing, error));
  }
  for (uint32_t i = 0; i < batch->column_count; i++) {
    EAGRE_TRY(eagre_parquet_assemble(&reader->binding.columns[i], reader->leaves, batch->row_count,
                                     &batch->arena, &batch->columns[i], error));
    EAGRE_TRY(join_variants(reader, batch, i, error));
  }
  return EAGRE_OK;
}

static enum eagre_status read_rows(struct eagre_parquet_reader *reader, struct eagre_batch *batch,
                                   uint64_t *out_first_row, struct eagre_error *error) {
  if (reader->rows_left == 0) EAGRE_TRY(next_group(reader, error));
  uint32_t row_count = reader->batch_rows;
  if (row_count > reader->rows_left) row_count = (uint32_t)reader->rows_left;
  begin_batch(reader, batch, row_count);
  EAGRE_TRY(fill_batch(reader, batch, error));
  if (out_first_row != NULL) *out_first_row = reader->first_row;
  reader->first_row += row_count;
  reader->rows_left -= row_count;
  return reader->rows_left > 0 ? EAGRE_OK : end_group(reader, error);
}

enum eagre_status eagre_parquet_reader_read(struct eagre_parquet_reader *reader,
                                            struct eagre_batch *batch, uint64_t *out_first_row,
                                            struct eagre_error *error) {
  eagre_assert(!reader->has_failed);
  enum eagre_status status = read_rows(reader, batch, out_first_row, error);
  if (status != EAGRE_OK && status != EAGRE_END) {
    reader->has_failed = true;
    /* Columns that were not made must not be looked at. */
    batch->row_count = 0;
    batch->column_count = 0;
  }
  return status;
}
