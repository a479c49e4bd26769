/* Writes one Parquet file: write_parquet FILE, with a header line and one line per row on standard
 * input (rows.h). The header has "schema" and may have "codec", "rowGroupRows", "rowGroupBytes",
 * "pageRows", "pageBytes", "dictionaryBytes", "checksums", "batchRows" (rows per call),
 * "constants" and "repeat" (how often all rows are written). Prints size, row count and the
 * statistics of each leaf as one line of JSON. */
#include <inttypes.h>
#include <stdio.h>

#include "io/io.h"
#include "parquet/parquet.h"
#include "rows.h"

static void read_options(const struct eagre_json_node *header, struct eagre_arena *arena,
                         struct eagre_parquet_options *options, struct eagre_error *error) {
  eagre_parquet_options_init(options);
  const char *codec = get_string(header, "codec", arena);
  if (codec != NULL) check(eagre_codec_parse(eagre_text_of(codec), &options->codec, error), error);
  options->row_group_rows = (uint32_t)get_integer(header, "rowGroupRows", options->row_group_rows);
  options->row_group_bytes =
      (uint64_t)get_integer(header, "rowGroupBytes", (int64_t)options->row_group_bytes);
  options->page_rows = (uint32_t)get_integer(header, "pageRows", options->page_rows);
  options->page_bytes = (uint32_t)get_integer(header, "pageBytes", options->page_bytes);
  options->dictionary_bytes =
      (uint32_t)get_integer(header, "dictionaryBytes", options->dictionary_bytes);
  options->page_checksums = get_flag(header, "checksums");
}

static void write_rows(struct eagre_parquet_writer *writer, const struct eagre_json_node *header,
                       const struct eagre_type *schema, struct eagre_text lines,
                       struct eagre_error *error) {
  uint32_t batch_rows = (uint32_t)get_integer(header, "batchRows", EAGRE_BATCH_ROWS_MAX);
  bool finds_constants = get_flag(header, "constants");
  struct eagre_arena arena = {0};
  for (;;) {
    struct eagre_vector *columns;
    uint32_t count = build_columns(&arena, schema, &lines, batch_rows, finds_constants, &columns);
    if (count == 0) break;
    check(eagre_parquet_writer_write(writer, columns, count, error), error);
    eagre_arena_reset(&arena);
  }
  eagre_arena_done(&arena);
}

static void print_value(const struct eagre_vector *vector, struct eagre_buffer *out) {
  switch (vector->type->kind) {
  case EAGRE_TYPE_TINYINT:
    eagre_buffer_printf(out, "%d", *EAGRE_VALUES(int8_t, vector));
    return;
  case EAGRE_TYPE_SMALLINT:
    eagre_buffer_printf(out, "%d", *EAGRE_VALUES(int16_t, vector));
    return;
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
    eagre_buffer_printf(out, "%d", *EAGRE_VALUES(int32_t, vector));
    return;
  case EAGRE_TYPE_FLOAT:
    eagre_buffer_printf(out, "\"%a\"", (double)*EAGRE_VALUES(float, vector));
    return;
  case EAGRE_TYPE_DOUBLE:
    eagre_buffer_printf(out, "\"%a\"", *EAGRE_VALUES(double, vector));
    return;
  case EAGRE_TYPE_STRING:
    eagre_buffer_append_json_string(out, *EAGRE_VALUES(struct eagre_text, vector));
    return;
  default:
    eagre_buffer_printf(out, "%" PRId64, *EAGRE_VALUES(int64_t, vector));
  }
}

static void print_statistics(const struct eagre_parquet_writer *writer, uint64_t size) {
  struct eagre_buffer out = {0};
  eagre_buffer_printf(&out, "{\"size\":%" PRIu64 ",\"rows\":%" PRIu64 ",\"leaves\":[", size,
                      eagre_parquet_writer_row_count(writer));
  for (uint32_t i = 0; i < eagre_parquet_writer_leaf_count(writer); i++) {
    const struct eagre_parquet_statistics *leaf = eagre_parquet_writer_statistics(writer, i);
    eagre_buffer_printf(&out, "%s{\"nulls\":%" PRIu64, i > 0 ? "," : "", leaf->null_count);
    if (leaf->has_range) {
      eagre_buffer_append_string(&out, ",\"minimum\":");
      print_value(&leaf->minimum, &out);
      eagre_buffer_append_string(&out, ",\"maximum\":");
      print_value(&leaf->maximum, &out);
    }
    eagre_buffer_append_char(&out, '}');
  }
  eagre_buffer_append_string(&out, "]}");
  puts(eagre_buffer_string(&out));
  eagre_buffer_done(&out);
}

int main(int argc, char **argv) {
  if (argc != 2) fail("usage: write_parquet FILE");
  struct eagre_error error;
  eagre_error_init(&error);
  struct eagre_arena arena = {0};
  struct eagre_buffer input = {0};
  read_input(&input);
  struct eagre_text lines = eagre_buffer_text(&input);
  struct eagre_text line;
  if (!take_line(&lines, &line)) fail("the header is missing");
  const struct eagre_json_node *header = read_json(&arena, line);
  const struct eagre_type *schema = read_type(&arena, eagre_json_member(header, "schema"));
  struct eagre_parquet_options options;
  read_options(header, &arena, &options, &error);

  struct eagre_io *io;
  check(eagre_io_open(&(struct eagre_io_options){0}, &io, &error), &error);
  struct eagre_parquet_writer *writer;
  check(eagre_parquet_writer_open(io, argv[1], schema, &options, &writer, &error), &error);
  for (int64_t i = get_integer(header, "repeat", 1); i > 0; i--) {
    write_rows(writer, header, schema, lines, &error);
  }
  uint64_t size;
  check(eagre_parquet_writer_finish(writer, &size, &error), &error);
  print_statistics(writer, size);
  eagre_parquet_writer_free(writer);
  eagre_io_close(io);
  eagre_buffer_done(&input);
  eagre_arena_done(&arena);
  return 0;
}
