/* The door: rows are handed to the chunks of the open row group; a full group is written chunk by
 * chunk, and its place noted for the footer.
 *
 * States: OPEN (rows may come) -> FINISHED (statistics may be read) -> OPEN (another file), or
 * -> FAILED at the first error, which leaves nothing but free. */
#include "parquet/parquet.h"

#include "parquet/parquet_chunk.h"
#include "parquet/parquet_footer.h"
#include "parquet/parquet_page.h"
#include "parquet/parquet_schema.h"
#include "parquet/parquet_variant.h"

enum {
  /* Rows handed to all chunks before the limits of a row group are looked at. */
  PIECE_ROW_COUNT = 16 * 1024,
  PAGE_BYTES_MAX = 1 << 30, /* sizes in page headers are int32 */
  DICTIONARY_BYTES_MAX = 1 << 30,
};

enum writer_state { WRITER_OPEN, WRITER_FINISHED, WRITER_FAILED };

struct eagre_parquet_writer {
  enum writer_state state;
  struct eagre_parquet_options options;
  struct eagre_io *io;
  struct eagre_arena arena;      /* schema */
  struct eagre_arena file_arena; /* statistics */
  struct eagre_io_writer *file;  /* NULL once finished */
  struct eagre_parquet_schema schema;
  struct eagre_parquet_encoder encoder;
  struct eagre_parquet_chunk *chunks; /* leaf_count */
  struct eagre_parquet_footer footer;
  uint64_t row_count;                          /* of the file */
  uint64_t group_row_count;                    /* of the open row group */
  struct eagre_parquet_statistics *statistics; /* leaf_count, when finished */
};

static const char magic[4] = {'P', 'A', 'R', '1'};

void eagre_parquet_options_init(struct eagre_parquet_options *options) {
  *options = (struct eagre_parquet_options){
      .codec = EAGRE_CODEC_ZSTD,
      .row_group_rows = 1024 * 1024,
      .row_group_bytes = 128 * 1024 * 1024,
      .page_rows = 20000,
      .page_bytes = 1024 * 1024,
      .dictionary_bytes = 1024 * 1024,
      .page_checksums = true,
  };
}

static void check_options(const struct eagre_parquet_options *options) {
  eagre_assert(options->codec < EAGRE_CODEC_count);
  eagre_assert(options->row_group_rows > 0);
  eagre_assert(options->row_group_bytes > 0);
  eagre_assert(options->page_rows > 0);
  eagre_assert(options->page_bytes > 0 && options->page_bytes <= PAGE_BYTES_MAX);
  eagre_assert(options->dictionary_bytes <= DICTIONARY_BYTES_MAX);
}

/* ---- Life ----------------------------------------------------------------------------------- */

static void open_chunks(struct eagre_parquet_writer *writer) {
  uint32_t leaf_count = writer->schema.leaf_count;
  writer->chunks = eagre_allocate_zeroed(leaf_count, sizeof *writer->chunks);
  for (uint32_t i = 0; i < leaf_count; i++) {
    eagre_parquet_chunk_init(&writer->chunks[i], &writer->schema.leaves[i], &writer->options);
  }
}

/* Creates the file. On failure to do so nothing has changed. */
static enum eagre_status begin_file(struct eagre_parquet_writer *writer, const char *path,
                                    struct eagre_error *error) {
  EAGRE_TRY(eagre_io_writer_open(writer->io, path, &writer->file, error));
  writer->state = WRITER_FAILED;
  EAGRE_TRY(eagre_io_writer_append(writer->file, magic, sizeof magic, error));
  writer->state = WRITER_OPEN;
  return EAGRE_OK;
}

static enum eagre_status begin_first_file(struct eagre_parquet_writer *writer, const char *path,
                                          const struct eagre_type *schema,
                                          struct eagre_error *error) {
  EAGRE_TRY(eagre_parquet_schema_build(&writer->arena, schema, &writer->schema, error));
  EAGRE_TRY(begin_file(writer, path, error));
  open_chunks(writer);
  return EAGRE_OK;
}

enum eagre_status eagre_parquet_writer_open(struct eagre_io *io, const char *path,
                                            const struct eagre_type *schema,
                                            const struct eagre_parquet_options *options,
                                            struct eagre_parquet_writer **out_writer,
                                            struct eagre_error *error) {
  check_options(options);
  struct eagre_parquet_writer *writer = eagre_allocate_zeroed(1, sizeof *writer);
  writer->io = io;
  writer->options = *options;
  eagre_parquet_encoder_init(&writer->encoder, options->codec, options->page_checksums);
  enum eagre_status status = begin_first_file(writer, path, schema, error);
  if (status != EAGRE_OK) {
    eagre_parquet_writer_free(writer);
    return status;
  }
  *out_writer = writer;
  return EAGRE_OK;
}

enum eagre_status eagre_parquet_writer_reopen(struct eagre_parquet_writer *writer, const char *path,
                                              struct eagre_error *error) {
  eagre_assert(writer->state == WRITER_FINISHED);
  EAGRE_TRY(begin_file(writer, path, error));
  for (uint32_t i = 0; i < writer->schema.leaf_count; i++) {
    eagre_parquet_chunk_begin_file(&writer->chunks[i]);
  }
  eagre_parquet_footer_done(&writer->footer);
  writer->statistics = NULL;
  eagre_arena_reset(&writer->file_arena);
  writer->row_count = 0;
  return EAGRE_OK;
}

void eagre_parquet_writer_free(struct eagre_parquet_writer *writer) {
  if (writer == NULL) return;
  eagre_io_writer_abort(writer->file);
  if (writer->chunks != NULL) {
    for (uint32_t i = 0; i < writer->schema.leaf_count; i++) {
      eagre_parquet_chunk_done(&writer->chunks[i]);
    }
  }
  eagre_free(writer->chunks);
  eagre_parquet_footer_done(&writer->footer);
  eagre_parquet_encoder_done(&writer->encoder);
  eagre_arena_done(&writer->arena);
  eagre_arena_done(&writer->file_arena);
  eagre_free(writer);
}

/* ---- Row groups ----------------------------------------------------------------------------- */

static enum eagre_status write_bytes(struct eagre_parquet_writer *writer, struct eagre_text bytes,
                                     struct eagre_error *error) {
  if (bytes.size == 0) return EAGRE_OK;
  return eagre_io_writer_append(writer->file, bytes.data, bytes.size, error);
}

static enum eagre_status write_pages(struct eagre_parquet_writer *writer,
                                     const struct eagre_parquet_chunk *chunk,
                                     struct eagre_error *error) {
  struct eagre_text rest = eagre_buffer_text(&chunk->pages);
  size_t done = 0;
  for (uint32_t i = 0; i < chunk->piece_count; i++) {
    const struct eagre_parquet_piece *piece = &chunk->pieces[i];
    size_t size = piece->place - done;
    EAGRE_TRY(write_bytes(writer, eagre_text_make(rest.data, size), error));
    EAGRE_TRY(write_bytes(writer, eagre_buffer_text(&piece->values), error));
    rest = eagre_text_make(rest.data + size, rest.size - size);
    done = piece->place;
  }
  return write_bytes(writer, rest, error);
}

static enum eagre_status write_chunk(struct eagre_parquet_writer *writer,
                                     struct eagre_parquet_chunk *chunk, struct eagre_error *error) {
  EAGRE_TRY(eagre_parquet_chunk_finish(chunk, &writer->encoder, error));
  eagre_parquet_footer_add_chunk(&writer->footer, chunk, eagre_io_writer_size(writer->file));
  EAGRE_TRY(write_bytes(writer, eagre_buffer_text(&chunk->dictionary_page), error));
  EAGRE_TRY(write_pages(writer, chunk, error));
  eagre_parquet_chunk_reset(chunk);
  return EAGRE_OK;
}

static enum eagre_status write_group(struct eagre_parquet_writer *writer,
                                     struct eagre_error *error) {
  if (writer->group_row_count == 0) return EAGRE_OK;
  eagre_parquet_footer_add_group(&writer->footer, writer->group_row_count);
  for (uint32_t i = 0; i < writer->schema.leaf_count; i++) {
    EAGRE_TRY(write_chunk(writer, &writer->chunks[i], error));
  }
  writer->group_row_count = 0;
  return EAGRE_OK;
}

static bool is_group_full(const struct eagre_parquet_writer *writer) {
  if (writer->group_row_count >= writer->options.row_group_rows) return true;
  uint64_t size = 0;
  for (uint32_t i = 0; i < writer->schema.leaf_count; i++) {
    size += eagre_parquet_chunk_uncompressed_size(&writer->chunks[i]);
  }
  return size >= writer->options.row_group_bytes;
}

/* ---- Rows ----------------------------------------------------------------------------------- */

static enum eagre_status write_piece(struct eagre_parquet_writer *writer,
                                     const struct eagre_vector *columns, uint32_t from,
                                     uint32_t row_count, struct eagre_error *error) {
  for (uint32_t i = 0; i < writer->schema.leaf_count; i++) {
    struct eagre_parquet_chunk *chunk = &writer->chunks[i];
    EAGRE_TRY(eagre_parquet_chunk_append(chunk, &writer->encoder, &columns[chunk->leaf->column],
                                         from, row_count, error));
  }
  writer->group_row_count += row_count;
  writer->row_count += row_count;
  return is_group_full(writer) ? write_group(writer, error) : EAGRE_OK;
}

static enum eagre_status write_rows(struct eagre_parquet_writer *writer,
                                    const struct eagre_vector *columns, uint32_t row_count,
                                    struct eagre_error *error) {
  uint32_t from = 0;
  while (from < row_count) {
    uint64_t room = writer->options.row_group_rows - writer->group_row_count;
    uint32_t piece = row_count - from < PIECE_ROW_COUNT ? row_count - from : PIECE_ROW_COUNT;
    if (piece > room) piece = (uint32_t)room;
    EAGRE_TRY(write_piece(writer, columns, from, piece, error));
    from += piece;
  }
  return EAGRE_OK;
}

/* With every VARIANT as the group that a file has. */
static enum eagre_status write_variants(struct eagre_parquet_writer *writer,
                                        const struct eagre_vector *columns, uint32_t row_count,
                                        struct eagre_error *error) {
  struct eagre_arena arena = {0};
  uint32_t column_count = writer->schema.type->field_count;
  struct eagre_vector *split = eagre_arena_allocate(&arena, column_count * sizeof *split);
  for (uint32_t i = 0; i < column_count; i++) {
    split[i] = eagre_parquet_variants_split(&columns[i], row_count, &arena);
  }
  enum eagre_status status = write_rows(writer, split, row_count, error);
  eagre_arena_done(&arena);
  return status;
}

enum eagre_status eagre_parquet_writer_write(struct eagre_parquet_writer *writer,
                                             const struct eagre_vector *columns, uint32_t row_count,
                                             struct eagre_error *error) {
  eagre_assert(writer->state == WRITER_OPEN);
  for (uint32_t i = 0; i < writer->schema.type->field_count; i++) {
    eagre_assert(columns[i].type->kind == writer->schema.type->fields[i].type->kind);
  }
  enum eagre_status status = eagre_type_holds(writer->schema.type, EAGRE_TYPE_VARIANT)
                                 ? write_variants(writer, columns, row_count, error)
                                 : write_rows(writer, columns, row_count, error);
  if (status != EAGRE_OK) writer->state = WRITER_FAILED;
  return status;
}

const struct eagre_type *eagre_parquet_writer_schema(const struct eagre_parquet_writer *writer) {
  return writer->schema.type;
}

uint64_t eagre_parquet_writer_row_count(const struct eagre_parquet_writer *writer) {
  return writer->row_count;
}

uint64_t eagre_parquet_writer_size(const struct eagre_parquet_writer *writer) {
  if (writer->file == NULL) return 0;
  uint64_t size = eagre_io_writer_size(writer->file);
  for (uint32_t i = 0; i < writer->schema.leaf_count; i++) {
    size += eagre_parquet_chunk_size(&writer->chunks[i]);
  }
  return size + writer->footer.column_indexes.size + writer->footer.offset_indexes.size;
}

/* ---- Statistics ----------------------------------------------------------------------------- */

/* Types whose order is the same in Parquet and for Delta's readers. */
static bool has_delta_order(enum eagre_type_kind kind) {
  return eagre_type_is_numeric(kind) || kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_DATE ||
         kind == EAGRE_TYPE_TIMESTAMP || kind == EAGRE_TYPE_TIMESTAMP_NTZ;
}

static void fill_integer(struct eagre_vector *vector, int64_t value) {
  switch (vector->type->kind) {
  case EAGRE_TYPE_TINYINT:
    *EAGRE_VALUES(int8_t, vector) = (int8_t)value;
    return;
  case EAGRE_TYPE_SMALLINT:
    *EAGRE_VALUES(int16_t, vector) = (int16_t)value;
    return;
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
    *EAGRE_VALUES(int32_t, vector) = (int32_t)value;
    return;
  default:
    *EAGRE_VALUES(int64_t, vector) = value;
  }
}

static void fill_decimal(struct eagre_vector *vector, const struct eagre_parquet_range *range,
                         bool is_minimum) {
  bool is_wide = range->physical == EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY;
  eagre_decimal minimum = is_wide ? range->wide_minimum : range->integer_minimum;
  eagre_decimal maximum = is_wide ? range->wide_maximum : range->integer_maximum;
  *EAGRE_VALUES(eagre_decimal, vector) = is_minimum ? minimum : maximum;
}

static void fill_bound(struct eagre_parquet_writer *writer, struct eagre_vector *vector,
                       const struct eagre_parquet_chunk *chunk, bool is_minimum) {
  const struct eagre_parquet_range *range = &chunk->file_range;
  double real = is_minimum ? range->real_minimum : range->real_maximum;
  if (real == 0) real = is_minimum ? -0.0 : 0.0;
  eagre_vector_init(vector, chunk->leaf->type, 1, &writer->file_arena);
  switch (chunk->leaf->type->kind) {
  case EAGRE_TYPE_FLOAT:
    *EAGRE_VALUES(float, vector) = (float)real;
    return;
  case EAGRE_TYPE_DOUBLE:
    *EAGRE_VALUES(double, vector) = real;
    return;
  case EAGRE_TYPE_STRING:
    *EAGRE_VALUES(struct eagre_text, vector) =
        eagre_buffer_text(is_minimum ? &range->text_minimum : &range->text_maximum);
    return;
  case EAGRE_TYPE_DECIMAL:
    fill_decimal(vector, range, is_minimum);
    return;
  default:
    fill_integer(vector, is_minimum ? range->integer_minimum : range->integer_maximum);
  }
}

static void make_statistics(struct eagre_parquet_writer *writer) {
  uint32_t leaf_count = writer->schema.leaf_count;
  writer->statistics =
      eagre_arena_allocate_zeroed(&writer->file_arena, leaf_count * sizeof *writer->statistics);
  for (uint32_t i = 0; i < leaf_count; i++) {
    const struct eagre_parquet_chunk *chunk = &writer->chunks[i];
    struct eagre_parquet_statistics *statistics = &writer->statistics[i];
    statistics->null_count = chunk->file_null_row_count;
    statistics->has_range = chunk->leaf->repetition_max == 0 &&
                            has_delta_order(chunk->leaf->type->kind) &&
                            eagre_parquet_range_exists(&chunk->file_range);
    if (!statistics->has_range) continue;
    fill_bound(writer, &statistics->minimum, chunk, true);
    fill_bound(writer, &statistics->maximum, chunk, false);
  }
}

uint32_t eagre_parquet_writer_leaf_count(const struct eagre_parquet_writer *writer) {
  return writer->schema.leaf_count;
}

const struct eagre_parquet_statistics *
eagre_parquet_writer_statistics(const struct eagre_parquet_writer *writer, uint32_t leaf) {
  eagre_assert(writer->state == WRITER_FINISHED);
  eagre_assert(leaf < writer->schema.leaf_count);
  return &writer->statistics[leaf];
}

/* ---- Finish --------------------------------------------------------------------------------- */

static enum eagre_status finish_file(struct eagre_parquet_writer *writer, uint64_t *out_size,
                                     struct eagre_error *error) {
  EAGRE_TRY(write_group(writer, error));
  struct eagre_buffer end = {0};
  eagre_parquet_footer_append(&writer->footer, &writer->schema, eagre_io_writer_size(writer->file),
                              &end);
  enum eagre_status status = write_bytes(writer, eagre_buffer_text(&end), error);
  eagre_buffer_done(&end);
  if (status != EAGRE_OK) return status;
  *out_size = eagre_io_writer_size(writer->file);
  struct eagre_io_writer *file = writer->file;
  writer->file = NULL; /* freed by finish in any case */
  return eagre_io_writer_finish(file, error);
}

enum eagre_status eagre_parquet_writer_finish(struct eagre_parquet_writer *writer,
                                              uint64_t *out_size, struct eagre_error *error) {
  eagre_assert(writer->state == WRITER_OPEN);
  writer->state = WRITER_FAILED;
  EAGRE_TRY(finish_file(writer, out_size, error));
  make_statistics(writer);
  writer->state = WRITER_FINISHED;
  return EAGRE_OK;
}
