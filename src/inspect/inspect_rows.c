/* Rows of a query as text. */
#include <string.h>

#include "inspect/inspect.h"
#include "json/json.h"

enum { DRAINED_SIZE = 256 << 10 }; /* of output is worth a call */

struct eagre_rows {
  enum eagre_rows_format format;
  const struct eagre_type *columns;
  const struct eagre_zone *zone;
  eagre_rows_drain_fn *drain;
  void *drain_context;
  bool has_header;
  /* TABLE: cells row by row as texts in `arena`, and the widest of each column in code points. */
  struct eagre_arena arena;
  struct eagre_text *cells;
  uint64_t cell_count;
  uint64_t cell_capacity;
  uint64_t *widths;
  struct eagre_buffer scratch;
};

struct eagre_rows *eagre_rows_new(enum eagre_rows_format format, const struct eagre_type *columns,
                                  const struct eagre_zone *zone, eagre_rows_drain_fn *drain,
                                  void *drain_context) {
  struct eagre_rows *rows = eagre_allocate_zeroed(1, sizeof *rows);
  rows->format = format;
  rows->columns = columns;
  rows->zone = zone;
  rows->drain = drain;
  rows->drain_context = drain_context;
  rows->widths = eagre_allocate_zeroed(columns->field_count + 1, sizeof *rows->widths);
  for (uint32_t i = 0; i < columns->field_count; i++) {
    rows->widths[i] = eagre_value_utf8_length(columns->fields[i].name);
  }
  return rows;
}

void eagre_rows_free(struct eagre_rows *rows) {
  if (rows == NULL) return;
  eagre_arena_done(&rows->arena);
  eagre_buffer_done(&rows->scratch);
  eagre_free(rows->cells);
  eagre_free(rows->widths);
  eagre_free(rows);
}

static void drain_if_large(const struct eagre_rows *rows, struct eagre_buffer *out) {
  if (out->size > DRAINED_SIZE) rows->drain(rows->drain_context, out);
}

/* A value as CAST(... AS STRING) prints it; data is NULL for NULL. Valid until the next call. */
static struct eagre_text print_cell(struct eagre_rows *rows, const struct eagre_vector *vector,
                                    uint32_t row) {
  if (eagre_vector_is_null(vector, row)) return (struct eagre_text){0};
  if (vector->type->kind == EAGRE_TYPE_STRING) {
    struct eagre_text text =
        EAGRE_VALUES(struct eagre_text, vector)[eagre_vector_index(vector, row)];
    return text.size > 0 ? text : EAGRE_TEXT("");
  }
  eagre_buffer_clear(&rows->scratch);
  eagre_value_print(vector, row, rows->zone, &rows->scratch);
  return eagre_text_make(eagre_buffer_string(&rows->scratch), rows->scratch.size);
}

/* ---- JSON, TSV, CSV -------------------------------------------------------------------------- */

static void add_json(struct eagre_rows *rows, const struct eagre_batch *batch,
                     struct eagre_buffer *out) {
  const struct eagre_json_write_options options = {
      .zone = rows->zone,
      .keep_nulls = true,
      .drain = rows->drain,
      .drain_context = rows->drain_context,
  };
  const struct eagre_vector row_vector = {.type = rows->columns, .children = batch->columns};
  for (uint32_t row = 0; row < batch->row_count; row++) {
    eagre_json_write_struct(&row_vector, row, &options, out);
    eagre_buffer_append_char(out, '\n');
    drain_if_large(rows, out);
  }
}

static void add_tsv(struct eagre_rows *rows, const struct eagre_batch *batch,
                    struct eagre_buffer *out) {
  for (uint32_t row = 0; row < batch->row_count; row++) {
    for (uint32_t i = 0; i < batch->column_count; i++) {
      struct eagre_text text = print_cell(rows, &batch->columns[i], row);
      if (i > 0) eagre_buffer_append_char(out, '\t');
      eagre_buffer_append_text(out, text.data == NULL ? EAGRE_TEXT("NULL") : text);
      drain_if_large(rows, out);
    }
    eagre_buffer_append_char(out, '\n');
  }
}

static void add_csv_field(const struct eagre_rows *rows, struct eagre_text text, bool must_quote,
                          struct eagre_buffer *out) {
  for (size_t i = 0; i < text.size && !must_quote; i++) {
    must_quote = strchr(",\"\n", text.data[i]) != NULL;
  }
  if (!must_quote) {
    eagre_buffer_append_text(out, text);
    return;
  }
  eagre_buffer_append_char(out, '"');
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '"') eagre_buffer_append_char(out, '"');
    eagre_buffer_append_char(out, text.data[i]);
    drain_if_large(rows, out);
  }
  eagre_buffer_append_char(out, '"');
}

static void add_csv_header(struct eagre_rows *rows, struct eagre_buffer *out) {
  if (rows->has_header) return;
  rows->has_header = true;
  for (uint32_t i = 0; i < rows->columns->field_count; i++) {
    if (i > 0) eagre_buffer_append_char(out, ',');
    add_csv_field(rows, rows->columns->fields[i].name, false, out);
  }
  eagre_buffer_append_string(out, "\n");
}

static void add_csv(struct eagre_rows *rows, const struct eagre_batch *batch,
                    struct eagre_buffer *out) {
  add_csv_header(rows, out);
  for (uint32_t row = 0; row < batch->row_count; row++) {
    for (uint32_t i = 0; i < batch->column_count; i++) {
      if (i > 0) eagre_buffer_append_char(out, ',');
      struct eagre_text text = print_cell(rows, &batch->columns[i], row);
      if (text.data != NULL) add_csv_field(rows, text, text.size == 0, out);
    }
    eagre_buffer_append_string(out, "\n");
  }
}

/* ---- TABLE ----------------------------------------------------------------------------------- */

static void keep_cell(struct eagre_rows *rows, uint32_t column, struct eagre_text text) {
  if (rows->cell_count == rows->cell_capacity) {
    rows->cell_capacity = rows->cell_capacity == 0 ? 1024 : rows->cell_capacity * 2;
    rows->cells = eagre_reallocate(rows->cells, sizeof *rows->cells * rows->cell_capacity);
  }
  rows->cells[rows->cell_count++] = eagre_arena_copy_text(&rows->arena, text);
  uint64_t width = eagre_value_utf8_length(text);
  if (width > rows->widths[column]) rows->widths[column] = width;
}

static void add_table(struct eagre_rows *rows, const struct eagre_batch *batch) {
  for (uint32_t row = 0; row < batch->row_count; row++) {
    for (uint32_t i = 0; i < batch->column_count; i++) {
      struct eagre_text text = print_cell(rows, &batch->columns[i], row);
      keep_cell(rows, i, text.data == NULL ? EAGRE_TEXT("NULL") : text);
    }
  }
}

static void draw_line(const struct eagre_rows *rows, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < rows->columns->field_count; i++) {
    eagre_buffer_append_char(out, '+');
    for (uint64_t j = 0; j < rows->widths[i] + 2; j++) {
      eagre_buffer_append_char(out, '-');
    }
  }
  eagre_buffer_append_string(out, "+\n");
}

static void draw_cell(struct eagre_text text, uint64_t width, bool is_right,
                      struct eagre_buffer *out) {
  uint64_t padding = width - eagre_value_utf8_length(text);
  eagre_buffer_append_string(out, "| ");
  if (!is_right) eagre_buffer_append_text(out, text);
  for (uint64_t i = 0; i < padding; i++) {
    eagre_buffer_append_char(out, ' ');
  }
  if (is_right) eagre_buffer_append_text(out, text);
  eagre_buffer_append_char(out, ' ');
}

static void draw_table(const struct eagre_rows *rows, struct eagre_buffer *out) {
  uint32_t count = rows->columns->field_count;
  draw_line(rows, out);
  for (uint32_t i = 0; i < count; i++) {
    draw_cell(rows->columns->fields[i].name, rows->widths[i], false, out);
  }
  eagre_buffer_append_string(out, "|\n");
  draw_line(rows, out);
  for (uint64_t cell = 0; cell < rows->cell_count; cell++) {
    uint32_t column = (uint32_t)(cell % count);
    bool is_right = eagre_type_is_numeric(rows->columns->fields[column].type->kind);
    draw_cell(rows->cells[cell], rows->widths[column], is_right, out);
    drain_if_large(rows, out);
    if (column + 1 == count) eagre_buffer_append_string(out, "|\n");
  }
  draw_line(rows, out);
}

void eagre_rows_add(struct eagre_rows *rows, const struct eagre_batch *batch,
                    struct eagre_buffer *out) {
  switch (rows->format) {
  case EAGRE_ROWS_TABLE:
    add_table(rows, batch);
    break;
  case EAGRE_ROWS_JSON:
    add_json(rows, batch, out);
    break;
  case EAGRE_ROWS_CSV:
    add_csv(rows, batch, out);
    break;
  case EAGRE_ROWS_TSV:
    add_tsv(rows, batch, out);
    break;
  }
}

void eagre_rows_end(struct eagre_rows *rows, struct eagre_buffer *out) {
  if (rows->format == EAGRE_ROWS_CSV) add_csv_header(rows, out);
  if (rows->format == EAGRE_ROWS_TABLE && rows->columns->field_count > 0) draw_table(rows, out);
}
