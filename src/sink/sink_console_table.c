/* The table of the console, as Spark's Dataset.show prints it:
 *
 *   - values as CAST to STRING prints them, but NULL for a null at any depth, [48 65] for BINARY,
 *     and escapes for line breaks and other control characters
 *   - a value of more than 20 characters keeps 17 and gets "..." (`truncate`); names are never cut
 *   - columns are at least 3 wide and aligned to the right; to the left when nothing is cut
 *   - "characters" are UTF-16 units, of which those of East Asian scripts are two wide */
#include "sink/sink_console.h"
#include "value/value.h"

enum { CELL_LENGTH_MAX = 20, COLUMN_WIDTH_MIN = 3 };

/* ---- Characters ------------------------------------------------------------------------------ */

/* The code point at `at`, and how many bytes it takes; a byte that is not UTF-8 stands for one. */
static uint32_t read_code_point(const char *at, const char *end, unsigned *out_size) {
  unsigned char first = (unsigned char)*at;
  unsigned size = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  *out_size = 1;
  if (size == 1 || end - at < (ptrdiff_t)size) return first;
  uint32_t code_point = first & (0x7fu >> size);
  for (unsigned i = 1; i < size; i++) {
    code_point = code_point << 6 | ((unsigned char)at[i] & 0x3f);
  }
  *out_size = size;
  return code_point;
}

static bool is_two_wide(uint32_t code_point) {
  static const struct {
    uint32_t first;
    uint32_t last;
  } ranges[] = {
      {0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
      {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(ranges); i++) {
    if (code_point >= ranges[i].first && code_point <= ranges[i].last) return true;
  }
  return false;
}

static unsigned count_units(uint32_t code_point) {
  return code_point > 0xffff ? 2 : 1;
}

static size_t measure_width(struct eagre_text text) {
  const char *at = text.data;
  const char *end = at + text.size;
  size_t width = 0;
  unsigned size;
  for (; at < end; at += size) {
    uint32_t code_point = read_code_point(at, end, &size);
    width += count_units(code_point) + is_two_wide(code_point);
  }
  return width;
}

/* The bytes of `text` that make at most `unit_count` units; all of it when it has no more. */
static size_t cut_text(struct eagre_text text, size_t unit_count) {
  const char *at = text.data;
  const char *end = at + text.size;
  size_t units = 0;
  unsigned size;
  for (; at < end; at += size) {
    units += count_units(read_code_point(at, end, &size));
    if (units > unit_count) break;
  }
  return (size_t)(at - text.data);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static void append_escaped(struct eagre_text text, struct eagre_buffer *out) {
  static const char escaped[] = "\n\r\t\f\b\v\a";
  static const char letters[] = "nrtfbva";
  for (size_t i = 0; i < text.size; i++) {
    const char *found = text.data[i] == '\0' ? NULL : strchr(escaped, text.data[i]);
    if (found == NULL) {
      eagre_buffer_append_char(out, text.data[i]);
    } else {
      eagre_buffer_append_char(out, '\\');
      eagre_buffer_append_char(out, letters[found - escaped]);
    }
  }
}

static void append_bytes(struct eagre_text bytes, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '[');
  for (size_t i = 0; i < bytes.size; i++) {
    eagre_buffer_printf(out, i == 0 ? "%02X" : " %02X", (unsigned char)bytes.data[i]);
  }
  eagre_buffer_append_char(out, ']');
}

static void append_value(const struct eagre_vector *vector, uint32_t row,
                         const struct eagre_zone *zone, struct eagre_buffer *out);

static void append_list(const struct eagre_vector *vector, uint32_t index,
                        const struct eagre_zone *zone, struct eagre_buffer *out) {
  bool is_map = vector->type->kind == EAGRE_TYPE_MAP;
  eagre_buffer_append_char(out, is_map ? '{' : '[');
  for (int32_t i = vector->offsets[index]; i < vector->offsets[index + 1]; i++) {
    if (i > vector->offsets[index]) eagre_buffer_append_string(out, ", ");
    append_value(&vector->children[0], (uint32_t)i, zone, out);
    if (is_map) eagre_buffer_append_string(out, " -> ");
    if (is_map) append_value(&vector->children[1], (uint32_t)i, zone, out);
  }
  eagre_buffer_append_char(out, is_map ? '}' : ']');
}

static void append_value(const struct eagre_vector *vector, uint32_t row,
                         const struct eagre_zone *zone, struct eagre_buffer *out) {
  if (eagre_vector_is_null(vector, row)) {
    eagre_buffer_append_string(out, "NULL");
  } else if (vector->type->kind == EAGRE_TYPE_STRUCT) {
    for (uint32_t i = 0; i < vector->type->field_count; i++) {
      eagre_buffer_append_string(out, i == 0 ? "{" : ", ");
      append_value(&vector->children[i], row, zone, out);
    }
    eagre_buffer_append_string(out, vector->type->field_count == 0 ? "{}" : "}");
  } else if (eagre_type_is_list(vector->type->kind)) {
    append_list(vector, eagre_vector_index(vector, row), zone, out);
  } else if (vector->type->kind == EAGRE_TYPE_BINARY) {
    append_bytes(EAGRE_VALUES(struct eagre_text, vector)[eagre_vector_index(vector, row)], out);
  } else {
    eagre_value_print(vector, row, zone, out);
  }
}

/* ---- Collecting ------------------------------------------------------------------------------ */

/* Appends the text of one cell, cut when the options say so. */
static void collect_cell(const struct eagre_sink_console *console,
                         struct eagre_sink_console_core *core, const struct eagre_vector *vector,
                         uint32_t row, struct eagre_buffer *scratch) {
  struct eagre_buffer *lines = &core->lines;
  size_t begin = lines->size;
  eagre_buffer_clear(scratch);
  append_value(vector, row, console->base.environment.zone, scratch);
  append_escaped(eagre_buffer_text(scratch), lines);
  struct eagre_text cell = eagre_text_make(lines->data + begin, lines->size - begin);
  if (console->is_cut && cut_text(cell, CELL_LENGTH_MAX) < cell.size) {
    lines->size = begin + cut_text(cell, CELL_LENGTH_MAX - 3);
    eagre_buffer_append_string(lines, "...");
  }
  size_t size = lines->size - begin;
  eagre_buffer_append(&core->cell_sizes, &size, sizeof size);
}

void eagre_sink_console_collect(const struct eagre_sink_console *console,
                                struct eagre_sink_console_core *core,
                                const struct eagre_batch *batch) {
  struct eagre_buffer scratch = {0};
  for (uint32_t row = 0; row < batch->row_count && core->shown_count < console->row_count_max;
       row++) {
    for (uint32_t column = 0; column < batch->column_count; column++) {
      collect_cell(console, core, &batch->columns[column], row, &scratch);
    }
    core->shown_count++;
  }
  core->row_count += batch->row_count;
  eagre_buffer_done(&scratch);
}

/* ---- Printing -------------------------------------------------------------------------------- */

/* All cells of the table: the names, then the rows that are shown, row by row. */
struct table {
  struct eagre_arena arena;
  uint32_t column_count;
  uint32_t row_count; /* with the row of names */
  uint64_t total;     /* rows there were */
  struct eagre_text *cells;
  size_t *widths;
  bool is_cut;
};

static void add_names(struct table *table, const struct eagre_type *columns) {
  for (uint32_t i = 0; i < columns->field_count; i++) {
    struct eagre_buffer name = {0};
    append_escaped(columns->fields[i].name, &name);
    table->cells[i] = eagre_arena_copy_text(&table->arena, eagre_buffer_text(&name));
    eagre_buffer_done(&name);
  }
  table->row_count = 1;
}

static void add_rows(struct table *table, const struct eagre_sink_console_core *core,
                     uint32_t row_count) {
  const size_t *sizes = (const size_t *)(const void *)core->cell_sizes.data;
  const char *at = core->lines.data;
  struct eagre_text *cells = table->cells + (size_t)table->row_count * table->column_count;
  for (size_t i = 0; i < (size_t)row_count * table->column_count; i++) {
    cells[i] = eagre_text_make(at, sizes[i]);
    at += sizes[i];
  }
  table->row_count += row_count;
}

static void gather_cells(struct table *table, const struct eagre_sink_console *console) {
  uint32_t core_count = console->base.environment.core_count;
  uint32_t shown = 0;
  for (uint32_t i = 0; i < core_count; i++) {
    shown += console->cores[i].shown_count;
    table->total += console->cores[i].row_count;
    if (shown > console->row_count_max) shown = console->row_count_max;
  }
  table->cells = eagre_arena_allocate(
      &table->arena, sizeof *table->cells * ((size_t)(shown + 1) * table->column_count + 1));
  add_names(table, console->base.columns);
  for (uint32_t i = 0; i < core_count; i++) {
    uint32_t left = shown + 1 - table->row_count;
    uint32_t count = console->cores[i].shown_count;
    add_rows(table, &console->cores[i], count < left ? count : left);
  }
}

static void measure_columns(struct table *table) {
  table->widths = eagre_arena_allocate(&table->arena, sizeof(size_t) * (table->column_count + 1));
  for (uint32_t column = 0; column < table->column_count; column++) {
    size_t widest = COLUMN_WIDTH_MIN;
    for (uint32_t row = 0; row < table->row_count; row++) {
      size_t width = measure_width(table->cells[(size_t)row * table->column_count + column]);
      if (width > widest) widest = width;
    }
    table->widths[column] = widest;
  }
}

static void append_repeated(struct eagre_buffer *out, char character, size_t count) {
  memset(eagre_buffer_reserve(out, count), character, count);
  out->size += count;
}

static void print_separator(const struct table *table, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '+');
  for (uint32_t i = 0; i < table->column_count; i++) {
    append_repeated(out, '-', table->widths[i]);
    if (i + 1 < table->column_count) eagre_buffer_append_char(out, '+');
  }
  eagre_buffer_append_string(out, "+\n");
}

static void print_row(const struct table *table, uint32_t row, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '|');
  for (uint32_t i = 0; i < table->column_count; i++) {
    struct eagre_text cell = table->cells[(size_t)row * table->column_count + i];
    size_t padding = table->widths[i] - measure_width(cell);
    if (table->is_cut) append_repeated(out, ' ', padding);
    eagre_buffer_append_text(out, cell);
    if (!table->is_cut) append_repeated(out, ' ', padding);
    if (i + 1 < table->column_count) eagre_buffer_append_char(out, '|');
  }
  eagre_buffer_append_string(out, "|\n");
}

static void print_header(const struct eagre_sink_console *console, int64_t epoch,
                         struct eagre_buffer *out) {
  static const char rule[] = "-------------------------------------------\n";
  struct eagre_text flow_name = console->base.environment.flow_name;
  eagre_buffer_append_string(out, rule);
  eagre_buffer_printf(out, "Batch: %lld", (long long)epoch);
  if (flow_name.size > 0) eagre_buffer_printf(out, " of %.*s", (int)flow_name.size, flow_name.data);
  eagre_buffer_append_char(out, '\n');
  eagre_buffer_append_string(out, rule);
}

void eagre_sink_console_print(const struct eagre_sink_console *console, int64_t epoch,
                              struct eagre_buffer *out) {
  struct table table = {
      .column_count = console->base.columns->field_count,
      .is_cut = console->is_cut,
  };
  gather_cells(&table, console);
  measure_columns(&table);
  print_header(console, epoch, out);
  print_separator(&table, out);
  print_row(&table, 0, out);
  print_separator(&table, out);
  for (uint32_t row = 1; row < table.row_count; row++) {
    print_row(&table, row, out);
  }
  print_separator(&table, out);
  if (table.total >= table.row_count) {
    eagre_buffer_printf(out, "only showing top %u row%s\n", console->row_count_max,
                        console->row_count_max == 1 ? "" : "s");
  } else {
    eagre_buffer_append_char(out, '\n');
  }
  eagre_arena_done(&table.arena);
}
