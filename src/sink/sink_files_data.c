/* One data file of a directory: a Parquet file, or lines of text, compressed in pieces that stand
 * one behind the other (gzip members, zstd frames), which every reader takes for one. */
#include "sink/sink_files.h"
#include "json/json.h"

enum { PIECE_BYTES = 1 << 20 };

struct eagre_sink_data_file {
  const struct eagre_sink_files *sink;
  uint64_t row_count;
  struct eagre_parquet_writer *parquet; /* or NULL */
  struct eagre_io_writer *out;          /* or NULL */
  struct eagre_compressor *compressor;
  struct eagre_buffer lines;
  struct eagre_buffer compressed;
};

/* ---- Lines ----------------------------------------------------------------------------------- */

static void append_json(const struct eagre_sink_files *sink, const struct eagre_vector *columns,
                        uint32_t row, struct eagre_buffer *out) {
  const struct eagre_json_write_options options = {.zone = sink->base.environment.zone};
  const struct eagre_vector rows = {
      .type = sink->file_schema, .children = (struct eagre_vector *)columns, /* read only */
  };
  eagre_json_write_struct(&rows, row, &options, out);
}

/* A NULL is an empty line. */
static void append_text(const struct eagre_vector *column, uint32_t row, struct eagre_buffer *out) {
  if (eagre_vector_is_null(column, row)) return;
  eagre_buffer_append_text(
      out, EAGRE_VALUES(const struct eagre_text, column)[eagre_vector_index(column, row)]);
}

static void append_csv(const struct eagre_sink_files *sink, const struct eagre_vector *columns,
                       uint32_t row, struct eagre_buffer *out) {
  size_t begin = out->size;
  for (uint32_t i = 0; i < sink->file_schema->field_count; i++) {
    if (i > 0) eagre_buffer_append_text(out, sink->csv.separator);
    eagre_csv_write_field(&sink->csv, &columns[i], row, i == 0, out);
  }
  /* An empty line would be no record: Spark loses the row. */
  if (out->size == begin) eagre_buffer_append_string(out, "\"\"");
}

static void append_header(const struct eagre_sink_files *sink, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < sink->file_schema->field_count; i++) {
    if (i > 0) eagre_buffer_append_text(out, sink->csv.separator);
    eagre_csv_write_value(&sink->csv, sink->file_schema->fields[i].name, i == 0, out);
  }
  eagre_buffer_append_char(out, '\n');
}

static void append_line(const struct eagre_sink_files *sink, const struct eagre_vector *columns,
                        uint32_t row, struct eagre_buffer *out) {
  switch (sink->base.plan->format) {
  case EAGRE_FILES_TEXT:
    append_text(&columns[0], row, out);
    break;
  case EAGRE_FILES_CSV:
    append_csv(sink, columns, row, out);
    break;
  default:
    append_json(sink, columns, row, out);
  }
  eagre_buffer_append_char(out, '\n');
}

static enum eagre_status write_piece(struct eagre_sink_data_file *file, struct eagre_error *error) {
  struct eagre_text piece = eagre_buffer_text(&file->lines);
  if (piece.size == 0) return EAGRE_OK;
  if (file->compressor != NULL) {
    eagre_buffer_clear(&file->compressed);
    EAGRE_TRY(eagre_compress(file->compressor, piece, &file->compressed, error));
    piece = eagre_buffer_text(&file->compressed);
  }
  enum eagre_status status = eagre_io_writer_append(file->out, piece.data, piece.size, error);
  eagre_buffer_clear(&file->lines);
  return status;
}

static enum eagre_status write_lines(struct eagre_sink_data_file *file,
                                     const struct eagre_vector *columns, uint32_t row_count,
                                     struct eagre_error *error) {
  for (uint32_t row = 0; row < row_count; row++) {
    append_line(file->sink, columns, row, &file->lines);
    if (file->lines.size >= PIECE_BYTES) EAGRE_TRY(write_piece(file, error));
  }
  return EAGRE_OK;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void free_file(struct eagre_sink_data_file *file) {
  eagre_parquet_writer_free(file->parquet);
  eagre_io_writer_abort(file->out);
  eagre_compressor_free(file->compressor);
  eagre_buffer_done(&file->lines);
  eagre_buffer_done(&file->compressed);
  eagre_free(file);
}

enum eagre_status eagre_sink_data_file_open(const struct eagre_sink_files *sink,
                                            struct eagre_io *io, const char *path,
                                            struct eagre_sink_data_file **out_file,
                                            struct eagre_error *error) {
  struct eagre_sink_data_file *file = eagre_allocate_zeroed(1, sizeof *file);
  enum eagre_status status;
  file->sink = sink;
  if (sink->base.plan->format == EAGRE_FILES_PARQUET) {
    status = eagre_parquet_writer_open(io, path, sink->file_schema, &sink->parquet, &file->parquet,
                                       error);
  } else {
    status = eagre_io_writer_open(io, path, &file->out, error);
    if (sink->codec != EAGRE_CODEC_NONE) file->compressor = eagre_compressor_new(sink->codec, 0);
  }
  if (status != EAGRE_OK) {
    free_file(file);
    return status;
  }
  bool has_header = sink->base.plan->format == EAGRE_FILES_CSV && sink->has_header;
  if (has_header) append_header(sink, &file->lines);
  *out_file = file;
  return EAGRE_OK;
}

enum eagre_status eagre_sink_data_file_write(struct eagre_sink_data_file *file,
                                             const struct eagre_vector *columns, uint32_t row_count,
                                             struct eagre_error *error) {
  file->row_count += row_count;
  return file->parquet != NULL
             ? eagre_parquet_writer_write(file->parquet, columns, row_count, error)
             : write_lines(file, columns, row_count, error);
}

uint64_t eagre_sink_data_file_row_count(const struct eagre_sink_data_file *file) {
  return file->row_count;
}

static enum eagre_status finish(struct eagre_sink_data_file *file, struct eagre_error *error) {
  uint64_t ignored_size;
  if (file->parquet != NULL) {
    return eagre_parquet_writer_finish(file->parquet, &ignored_size, error);
  }
  EAGRE_TRY(write_piece(file, error));
  struct eagre_io_writer *out = file->out;
  file->out = NULL; /* finishing frees it in any case */
  return eagre_io_writer_finish(out, error);
}

enum eagre_status eagre_sink_data_file_finish(struct eagre_sink_data_file *file,
                                              struct eagre_error *error) {
  enum eagre_status status = finish(file, error);
  free_file(file);
  return status;
}

void eagre_sink_data_file_abort(struct eagre_sink_data_file *file) {
  if (file != NULL) free_file(file);
}
