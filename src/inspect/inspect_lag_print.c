/* Lag as a table, or as a JSON array of rows on one line. */
#include "inspect/inspect_lag.h"

/* ---- Table ----------------------------------------------------------------------------------- */

enum { COLUMN_COUNT = 5 };

struct line {
  struct eagre_text cells[COLUMN_COUNT];
};

static struct eagre_text print_number(struct eagre_arena *arena, int64_t number) {
  if (number < 0) return EAGRE_TEXT("-");
  return eagre_arena_printf(arena, "%lld", (long long)number);
}

static struct eagre_text print_lag(struct eagre_arena *arena,
                                   const struct eagre_inspect_lag_row *row) {
  if (row->lag < 0) return EAGRE_TEXT("-");
  return eagre_arena_printf(arena, "%lld %s%s", (long long)row->lag,
                            row->kind == EAGRE_INSPECT_FILES ? "file" : "record",
                            row->lag == 1 ? "" : "s");
}

static struct eagre_text print_source(struct eagre_arena *arena,
                                      const struct eagre_inspect_lag_row *row) {
  if (row->kind == EAGRE_INSPECT_KAFKA) {
    return eagre_arena_printf(arena, "%.*s-%lld", (int)row->name.size, row->name.data,
                              (long long)row->partition);
  }
  if (row->name.size > 0) return row->name;
  return eagre_arena_printf(arena, "source %u", row->source);
}

static struct line make_line(struct eagre_arena *arena, const struct eagre_inspect_lag_row *row) {
  return (struct line){{
      row->flow.size == 0 ? EAGRE_TEXT("-") : row->flow,
      print_source(arena, row),
      print_number(arena, row->position),
      print_number(arena, row->end),
      print_lag(arena, row),
  }};
}

static void print_line(const struct line *line, const size_t widths[COLUMN_COUNT],
                       struct eagre_buffer *out) {
  for (int i = 0; i < COLUMN_COUNT; i++) {
    struct eagre_text cell = line->cells[i];
    eagre_buffer_append_text(out, cell);
    if (i + 1 == COLUMN_COUNT) break;
    size_t padding = widths[i] - eagre_value_utf8_length(cell) + 2;
    eagre_buffer_printf(out, "%*s", (int)padding, "");
  }
  eagre_buffer_append_char(out, '\n');
}

void eagre_inspect_lag_print_table(const struct eagre_inspect_lag *lag, struct eagre_buffer *out) {
  struct eagre_arena arena = {0};
  size_t widths[COLUMN_COUNT] = {0};
  struct line *lines = eagre_arena_allocate(&arena, (lag->row_count + 1) * sizeof *lines);
  lines[0] = (struct line){{EAGRE_TEXT("flow"), EAGRE_TEXT("source"), EAGRE_TEXT("position"),
                            EAGRE_TEXT("end"), EAGRE_TEXT("lag")}};
  for (uint32_t i = 0; i < lag->row_count; i++) {
    lines[i + 1] = make_line(&arena, &lag->rows[i]);
  }
  for (uint32_t i = 0; i <= lag->row_count; i++) {
    for (int j = 0; j < COLUMN_COUNT; j++) {
      size_t width = eagre_value_utf8_length(lines[i].cells[j]);
      if (width > widths[j]) widths[j] = width;
    }
  }
  for (uint32_t i = 0; i <= lag->row_count; i++) {
    print_line(&lines[i], widths, out);
  }
  eagre_arena_done(&arena);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void print_row(const struct eagre_inspect_lag_row *row, struct eagre_buffer *out) {
  static const char *const kinds[] = {"none", "kafka", "files", "other"};
  eagre_buffer_append_char(out, '{');
  eagre_inspect_json_text(out, "flow", row->flow);
  eagre_inspect_json_integer(out, "source", row->source);
  eagre_inspect_json_text(out, "kind", eagre_text_of(kinds[row->kind]));
  if (row->kind == EAGRE_INSPECT_KAFKA) {
    eagre_inspect_json_text(out, "topic", row->name);
    eagre_inspect_json_integer(out, "partition", row->partition);
  } else {
    eagre_inspect_json_text(out, "name", row->name);
  }
  eagre_inspect_json_number(out, "position", row->position);
  eagre_inspect_json_number(out, "end", row->end);
  eagre_inspect_json_number(out, "lag", row->lag);
  eagre_buffer_append_char(out, '}');
}

void eagre_inspect_lag_print_json(const struct eagre_inspect_lag *lag, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '[');
  for (uint32_t i = 0; i < lag->row_count; i++) {
    if (i > 0) eagre_buffer_append_char(out, ',');
    print_row(&lag->rows[i], out);
  }
  eagre_buffer_append_string(out, "]\n");
}
