/* Reads one Parquet file and prints what it holds: read_parquet FILE [OPTIONS], where OPTIONS is a
 * JSON object that may have "columns" (a STRUCT type as rows.h tells types, to be asked for),
 * "predicates" ([[column, "=", type, value], ...]) and "quiet" (print the last line only).
 *
 * The first line is the STRUCT type as Spark's catalog string, in JSON; then a line per row, as
 * rows.h tells rows, with floats as text in C's %a form, DECIMAL as its unscaled digits, and the
 * place of the row in the file as first element; the last line has row counts. */
#include <inttypes.h>
#include <stdio.h>

#include "io/io.h"
#include "parquet/parquet.h"
#include "rows.h"

static void print_value(const struct eagre_vector *vector, uint32_t row, struct eagre_buffer *out);

static void print_elements(const struct eagre_vector *vector, uint32_t row,
                           struct eagre_buffer *out) {
  bool is_map = vector->type->kind == EAGRE_TYPE_MAP;
  for (int32_t i = vector->offsets[row]; i < vector->offsets[row + 1]; i++) {
    if (i > vector->offsets[row]) eagre_buffer_append_char(out, ',');
    if (is_map) eagre_buffer_append_char(out, '[');
    print_value(&vector->children[0], (uint32_t)i, out);
    if (!is_map) continue;
    eagre_buffer_append_char(out, ',');
    print_value(&vector->children[1], (uint32_t)i, out);
    eagre_buffer_append_char(out, ']');
  }
}

static void print_nested(const struct eagre_vector *vector, uint32_t row,
                         struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '[');
  if (vector->type->kind == EAGRE_TYPE_STRUCT) {
    for (uint32_t i = 0; i < vector->type->field_count; i++) {
      if (i > 0) eagre_buffer_append_char(out, ',');
      print_value(&vector->children[i], row, out);
    }
  } else {
    print_elements(vector, row, out);
  }
  eagre_buffer_append_char(out, ']');
}

static void print_hexadecimal(struct eagre_text bytes, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '"');
  for (size_t i = 0; i < bytes.size; i++) {
    eagre_buffer_printf(out, "%02x", (unsigned char)bytes.data[i]);
  }
  eagre_buffer_append_char(out, '"');
}

static void print_decimal(__int128 value, struct eagre_buffer *out) {
  char digits[48];
  size_t next = sizeof digits;
  unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
  do {
    digits[--next] = (char)('0' + (int)(rest % 10));
    rest /= 10;
  } while (rest > 0);
  if (value < 0) digits[--next] = '-';
  eagre_buffer_append(out, digits + next, sizeof digits - next);
}

static void print_value(const struct eagre_vector *vector, uint32_t row, struct eagre_buffer *out) {
  if (eagre_vector_is_null(vector, row)) {
    eagre_buffer_append_string(out, "null");
    return;
  }
  row = eagre_vector_index(vector, row);
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    eagre_buffer_append_string(out, eagre_bit_get(vector->data, row) ? "true" : "false");
    return;
  case EAGRE_TYPE_TINYINT:
    eagre_buffer_printf(out, "%d", EAGRE_VALUES(int8_t, vector)[row]);
    return;
  case EAGRE_TYPE_SMALLINT:
    eagre_buffer_printf(out, "%d", EAGRE_VALUES(int16_t, vector)[row]);
    return;
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
    eagre_buffer_printf(out, "%" PRId32, EAGRE_VALUES(int32_t, vector)[row]);
    return;
  case EAGRE_TYPE_BIGINT:
  case EAGRE_TYPE_TIMESTAMP:
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    eagre_buffer_printf(out, "%" PRId64, EAGRE_VALUES(int64_t, vector)[row]);
    return;
  case EAGRE_TYPE_FLOAT:
    eagre_buffer_printf(out, "\"%a\"", (double)EAGRE_VALUES(float, vector)[row]);
    return;
  case EAGRE_TYPE_DOUBLE:
    eagre_buffer_printf(out, "\"%a\"", EAGRE_VALUES(double, vector)[row]);
    return;
  case EAGRE_TYPE_DECIMAL:
    print_decimal(EAGRE_VALUES(__int128, vector)[row], out);
    return;
  case EAGRE_TYPE_STRING:
    eagre_buffer_append_json_string(out, EAGRE_VALUES(struct eagre_text, vector)[row]);
    return;
  case EAGRE_TYPE_BINARY:
    print_hexadecimal(EAGRE_VALUES(struct eagre_text, vector)[row], out);
    return;
  case EAGRE_TYPE_STRUCT:
  case EAGRE_TYPE_ARRAY:
  case EAGRE_TYPE_MAP:
    print_nested(vector, row, out);
    return;
  default:
    fail("values of this type cannot be told");
  }
}

static void print_rows(const struct eagre_batch *batch, uint64_t first_row) {
  struct eagre_buffer out = {0};
  for (uint32_t row = 0; row < batch->row_count; row++) {
    eagre_buffer_printf(&out, "[%" PRIu64, first_row + row);
    for (uint32_t i = 0; i < batch->column_count; i++) {
      eagre_buffer_append_char(&out, ',');
      print_value(&batch->columns[i], row, &out);
    }
    eagre_buffer_append_string(&out, "]\n");
  }
  fwrite(out.data, 1, out.size, stdout);
  eagre_buffer_done(&out);
}

static void print_type(const struct eagre_type *type) {
  struct eagre_buffer text = {0};
  struct eagre_buffer out = {0};
  eagre_type_print_catalog(&text, type);
  eagre_buffer_append_json_string(&out, eagre_buffer_text(&text));
  puts(eagre_buffer_string(&out));
  eagre_buffer_done(&text);
  eagre_buffer_done(&out);
}

/* ---- Options --------------------------------------------------------------------------------- */

static const char *const comparison_names[] = {
    [EAGRE_PARQUET_EQUAL] = "=",
    [EAGRE_PARQUET_LESS] = "<",
    [EAGRE_PARQUET_LESS_OR_EQUAL] = "<=",
    [EAGRE_PARQUET_GREATER] = ">",
    [EAGRE_PARQUET_GREATER_OR_EQUAL] = ">=",
    [EAGRE_PARQUET_IS_NULL] = "IS NULL",
    [EAGRE_PARQUET_IS_NOT_NULL] = "IS NOT NULL",
};

static enum eagre_parquet_comparison read_comparison(struct eagre_text name) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(comparison_names); i++) {
    if (eagre_text_equal_string(name, comparison_names[i])) {
      return (enum eagre_parquet_comparison)i;
    }
  }
  fail("unknown comparison %.*s", (int)name.size, name.data);
}

static void read_predicate(struct eagre_arena *arena, const struct eagre_json_node *node,
                           struct eagre_parquet_predicate *out) {
  const struct eagre_json_node *column = node->child;
  const struct eagre_json_node *comparison = column->next;
  *out = (struct eagre_parquet_predicate){
      .column = column->text,
      .comparison = read_comparison(comparison->text),
  };
  if (comparison->next == NULL) return;
  struct eagre_vector *constant = eagre_arena_allocate_zeroed(arena, sizeof *constant);
  const struct eagre_json_node *value = comparison->next->next;
  build_vector(arena, read_type(arena, comparison->next), &value, 1, false, constant);
  out->constant = constant;
}

static void read_options(struct eagre_arena *arena, const struct eagre_json_node *object,
                         struct eagre_parquet_read_options *out) {
  const struct eagre_json_node *columns = eagre_json_member(object, "columns");
  if (columns != NULL) out->columns = read_type(arena, columns);
  const struct eagre_json_node *predicates = eagre_json_member(object, "predicates");
  if (predicates == NULL) return;
  struct eagre_parquet_predicate *made = eagre_arena_allocate(arena, 64 * sizeof *made);
  for (const struct eagre_json_node *node = predicates->child; node != NULL; node = node->next) {
    if (out->predicate_count == 64) fail("too many predicates");
    read_predicate(arena, node, &made[out->predicate_count++]);
  }
  out->predicates = made;
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) fail("usage: read_parquet FILE [OPTIONS]");
  struct eagre_error error;
  eagre_error_init(&error);
  struct eagre_arena arena = {0};
  const struct eagre_json_node *object =
      read_json(&arena, eagre_text_of(argc == 3 ? argv[2] : "{}"));
  struct eagre_parquet_read_options options = {0};
  read_options(&arena, object, &options);
  bool is_quiet = get_flag(object, "quiet");

  struct eagre_io *io;
  check(eagre_io_open(NULL, &io, &error), &error);
  struct eagre_parquet_reader *reader;
  check(eagre_parquet_reader_open(io, argv[1], &options, &reader, &error), &error);
  print_type(eagre_parquet_reader_columns(reader));
  struct eagre_batch_pool pool = {0};
  for (;;) {
    uint64_t first_row;
    struct eagre_batch *batch = eagre_batch_pool_acquire(&pool);
    enum eagre_status status = eagre_parquet_reader_read(reader, batch, &first_row, &error);
    if (status == EAGRE_OK && !is_quiet) print_rows(batch, first_row);
    eagre_batch_free(batch);
    if (status == EAGRE_END) break;
    check(status, &error);
  }
  printf("{\"rows\":%" PRIu64 ",\"kept\":%" PRIu64 "}\n", eagre_parquet_reader_row_count(reader),
         eagre_parquet_reader_kept_row_count(reader));
  eagre_parquet_reader_close(reader);
  eagre_batch_pool_done(&pool);
  eagre_io_close(io);
  eagre_arena_done(&arena);
  return 0;
}
