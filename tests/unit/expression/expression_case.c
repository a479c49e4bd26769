#include "expression_case.h"

#include <stdio.h>
#include <string.h>

const int64_t case_now_us = INT64_C(1767323045678901); /* 2026-01-02 03:04:05.678901 UTC */

/* ---- The bench ------------------------------------------------------------------------------ */

void bench_init(struct bench *bench, enum case_mode mode, const char *zone_name) {
  memset(bench, 0, sizeof *bench);
  bench->mode = mode;
  assert_int_equal(eagre_zone_open(eagre_text_of(zone_name), &bench->zone, NULL), EAGRE_OK);
  bench->session.zone = bench->zone;
  bench->batch = eagre_batch_new();
  bench->batch->row_count = CASE_ROWS;
  bench->batch->columns = bench->columns;
}

void bench_done(struct bench *bench) {
  eagre_batch_free(bench->batch);
  eagre_zone_close(bench->zone);
  eagre_arena_done(&bench->arena);
}

static bool is_counted(const struct bench *bench, uint32_t row) {
  return bench->mode != CASE_SPARSE || row % 3 == 2;
}

/* What stands behind a NULL: values that would fail if anybody looked. */
static void put_garbage(struct eagre_vector *column, uint32_t row) {
  uint32_t width = eagre_type_width(column->type->kind);
  if (column->type->kind == EAGRE_TYPE_BOOLEAN) {
    eagre_bit_put(column->data, row, row % 2);
  } else if (width == sizeof(struct eagre_text)) {
    EAGRE_VALUES(struct eagre_text, column)[row] = EAGRE_TEXT("garbage \xff(");
  } else {
    static const unsigned char patterns[] = {0x00, 0xff, 0x7f, 0x80};
    memset((char *)column->data + (size_t)row * width, patterns[row % 4], width);
  }
}

/* A copy that no other row shares, with readable bytes behind it as the JSON decoder wants. */
static void own_text(struct eagre_vector *column, uint32_t row, struct eagre_arena *arena) {
  enum eagre_type_kind kind = column->type->kind;
  if (kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_BINARY) return;
  struct eagre_text *text = &EAGRE_VALUES(struct eagre_text, column)[row];
  char *copy = eagre_arena_allocate_vector(arena, text->size);
  if (text->size > 0) memcpy(copy, text->data, text->size);
  text->data = copy;
}

/* A column that holds the literal in the rows that count. */
static struct eagre_expression *make_column(struct bench *bench, struct eagre_expression *literal) {
  const struct eagre_type *type = eagre_expression_type(literal);
  struct eagre_vector value;
  enum eagre_status status =
      eagre_expression_fold(&bench->arena, literal, &bench->session, &value, NULL);
  if (status != EAGRE_OK) return literal; /* the failure comes when it runs */
  struct eagre_vector *column = &bench->columns[bench->column_count];
  struct eagre_arena *arena = &bench->batch->arena;
  eagre_vector_init(column, type, CASE_ROWS, arena);
  for (uint32_t row = 0; row < CASE_ROWS; row++) {
    if (is_counted(bench, row)) {
      eagre_vector_append(column, row, CASE_ROWS, &value, 0, 1, false, arena);
      own_text(column, row, arena);
    } else {
      put_garbage(column, row);
      eagre_vector_set_null(column, row, CASE_ROWS, arena);
    }
  }
  assert_true(bench->column_count < EAGRE_COUNT_OF(bench->columns));
  bench->batch->column_count = bench->column_count + 1;
  return eagre_expression_column(&bench->arena, bench->column_count++, type,
                                 eagre_expression_position(literal));
}

/* ---- Binding, as plan does it --------------------------------------------------------------- */

static enum eagre_status bind(struct bench *bench, const struct eagre_sql_expression *tree,
                              bool keeps_literal, struct eagre_expression **out,
                              struct eagre_error *error);

/* Arguments that are needed while binding stay literals. */
static bool keeps_argument(const struct eagre_sql_expression *tree, uint32_t index) {
  static const struct {
    const char *function;
    uint32_t first, last;
  } rows[] = {
      {"from_json", 1, 2},      {"to_json", 1, 1},      {"map", 0, 99},
      {"extract", 0, 0},        {"date_part", 0, 0},    {"datepart", 0, 0},
      {"negative", 0, 0},       {"like", 2, 2},         {"ilike", 2, 2},
      {"named_struct", 0, 0},   {"named_struct", 2, 2}, {"named_struct", 4, 4},
      {"named_struct", 6, 6},   {"round", 1, 1},        {"bround", 1, 1},
      {"regexp_replace", 3, 3},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    if (!eagre_text_equal_string(tree->function, rows[i].function)) continue;
    if (index >= rows[i].first && index <= rows[i].last) return true;
  }
  return false;
}

static bool is_column_type(const struct eagre_expression *expression) {
  enum eagre_type_kind kind = eagre_expression_type(expression)->kind;
  return eagre_type_is_supported(kind) && kind != EAGRE_TYPE_NULL &&
         kind != EAGRE_TYPE_INTERVAL_DAY && kind != EAGRE_TYPE_STRUCT;
}

static bool is_literal_tree(const struct eagre_sql_expression *tree) {
  return tree->kind == EAGRE_SQL_LITERAL ||
         (tree->kind == EAGRE_SQL_CALL && eagre_text_equal_string(tree->function, "negative") &&
          tree->arguments[0].value->kind == EAGRE_SQL_LITERAL);
}

static enum eagre_status refuse_name(struct eagre_text name, struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_USAGE, "UNRESOLVED_COLUMN", "no column or field %.*s",
                         (int)name.size, name.data);
}

static enum eagre_status find_field(struct bench *bench, struct eagre_expression *value,
                                    struct eagre_text name, struct eagre_sql_position position,
                                    struct eagre_expression **out, struct eagre_error *error) {
  const struct eagre_type *type = eagre_expression_type(value);
  int index = type->kind == EAGRE_TYPE_STRUCT ? eagre_type_find_field(type, name, true) : -1;
  if (index < 0) return refuse_name(name, error);
  *out = eagre_expression_field(&bench->arena, value, (uint32_t)index, position);
  return EAGRE_OK;
}

static enum eagre_status bind_name(struct bench *bench, const struct eagre_sql_expression *tree,
                                   struct eagre_expression **out, struct eagre_error *error) {
  const struct eagre_type *type = bench->input;
  int index = type == NULL ? -1 : eagre_type_find_field(type, tree->name.parts[0], true);
  if (index < 0) return refuse_name(tree->name.parts[0], error);
  *out = eagre_expression_column(&bench->arena, (uint32_t)index, type->fields[index].type,
                                 tree->position);
  for (uint32_t i = 1; i < tree->name.part_count; i++) {
    EAGRE_TRY(find_field(bench, *out, tree->name.parts[i], tree->position, out, error));
  }
  return EAGRE_OK;
}

static enum eagre_status bind_field(struct bench *bench, const struct eagre_sql_expression *tree,
                                    struct eagre_expression **out, struct eagre_error *error) {
  struct eagre_expression *value;
  EAGRE_TRY(bind(bench, tree->arguments[0].value, false, &value, error));
  return find_field(bench, value, tree->text, tree->position, out, error);
}

/* CASE x WHEN y THEN ...: the conditions become x = y. */
static enum eagre_status bind_case(struct bench *bench, const struct eagre_sql_expression *tree,
                                   struct eagre_expression **arguments,
                                   struct eagre_expression **out, struct eagre_error *error) {
  uint32_t count = tree->argument_count;
  if (tree->has_operand) {
    struct eagre_expression *operand = arguments[0];
    arguments++;
    count--;
    for (uint32_t i = 0; i + 1 < count; i += 2) {
      struct eagre_expression *pair[] = {operand, arguments[i]};
      EAGRE_TRY(eagre_expression_call(&bench->arena, EAGRE_TEXT("="), pair, 2, &bench->session,
                                      tree->position, &arguments[i], error));
    }
  }
  return eagre_expression_case(&bench->arena, arguments, count, tree->has_else, &bench->session,
                               tree->position, out, error);
}

static enum eagre_status bind_operation(struct bench *bench,
                                        const struct eagre_sql_expression *tree,
                                        struct eagre_expression **arguments,
                                        struct eagre_expression **out, struct eagre_error *error) {
  switch (tree->kind) {
  case EAGRE_SQL_CALL:
    return eagre_expression_call(&bench->arena, tree->function, arguments, tree->argument_count,
                                 &bench->session, tree->position, out, error);
  case EAGRE_SQL_CAST:
    return eagre_expression_cast(&bench->arena, arguments[0], tree->type, tree->is_try,
                                 &bench->session, tree->position, out, error);
  case EAGRE_SQL_CASE:
    return bind_case(bench, tree, arguments, out, error);
  default:
    assert_int_equal(tree->kind, EAGRE_SQL_COLON);
    return eagre_expression_colon(&bench->arena, arguments[0], tree->text, tree->position, out,
                                  error);
  }
}

static enum eagre_status bind(struct bench *bench, const struct eagre_sql_expression *tree,
                              bool keeps_literal, struct eagre_expression **out,
                              struct eagre_error *error) {
  if (tree->kind == EAGRE_SQL_NAME) return bind_name(bench, tree, out, error);
  if (tree->kind == EAGRE_SQL_FIELD) return bind_field(bench, tree, out, error);
  if (tree->kind == EAGRE_SQL_LITERAL) {
    EAGRE_TRY(eagre_expression_literal(&bench->arena, tree, &bench->session, out, error));
  } else {
    struct eagre_expression *arguments[64];
    assert_true(tree->argument_count <= EAGRE_COUNT_OF(arguments));
    for (uint32_t i = 0; i < tree->argument_count; i++) {
      EAGRE_TRY(
          bind(bench, tree->arguments[i].value, keeps_argument(tree, i), &arguments[i], error));
    }
    EAGRE_TRY(bind_operation(bench, tree, arguments, out, error));
  }
  bool is_replaced = bench->mode != CASE_CONSTANT && !keeps_literal && is_literal_tree(tree);
  if (is_replaced && is_column_type(*out) && eagre_expression_is_constant(*out)) {
    *out = make_column(bench, *out);
  }
  return EAGRE_OK;
}

enum eagre_status bench_bind(struct bench *bench, const char *sql, struct eagre_expression **out,
                             struct eagre_error *error) {
  struct eagre_text text = eagre_arena_printf(&bench->arena, "SELECT %s", sql);
  struct eagre_sql_statement *statement;
  eagre_error_init(error);
  EAGRE_TRY(eagre_sql_parse(&bench->arena, text, NULL, 0, &statement, error));
  assert_int_equal(statement->kind, EAGRE_SQL_SELECT);
  return bind(bench, statement->query->items[0].expression, false, out, error);
}

/* ---- Running -------------------------------------------------------------------------------- */

static const struct eagre_type *describe_input(struct bench *bench) {
  if (bench->input != NULL) return bench->input;
  struct eagre_field fields[EAGRE_COUNT_OF(bench->columns)];
  for (uint32_t i = 0; i < bench->column_count; i++) {
    fields[i] = (struct eagre_field){EAGRE_TEXT("column"), bench->columns[i].type, true};
  }
  return eagre_type_struct(&bench->arena, fields, bench->column_count);
}

enum eagre_status bench_run(struct bench *bench, struct eagre_expression *expression,
                            struct eagre_vector *out, struct eagre_error *error) {
  eagre_error_init(error);
  struct eagre_program_context context = {case_now_us};
  struct eagre_program *program =
      eagre_program_new(describe_input(bench), &expression, 1, &bench->session);
  enum eagre_status status = eagre_program_run(program, bench->batch, &context, out, error);
  /* A second run must not remember anything of the first. */
  if (status == EAGRE_OK) status = eagre_program_run(program, bench->batch, &context, out, error);
  for (uint32_t i = 0; status == EAGRE_OK && i < 1; i++) {
    struct eagre_vector own = *out;
    eagre_vector_flatten(&own, CASE_ROWS, &bench->batch->arena);
    eagre_vector_init(out, own.type, CASE_ROWS, &bench->batch->arena);
    eagre_vector_append(out, 0, CASE_ROWS, &own, 0, CASE_ROWS, true, &bench->batch->arena);
  }
  eagre_program_free(program);
  return status;
}

void bench_print(struct bench *bench, const struct eagre_vector *vector, uint32_t row,
                 struct eagre_buffer *out) {
  eagre_buffer_clear(out);
  if (!eagre_value_print(vector, eagre_vector_index(vector, row), bench->zone, out)) {
    eagre_buffer_append_string(out, "NULL");
  }
}

/* ---- Cases ---------------------------------------------------------------------------------- */

static bool report(const struct expression_case *one, enum case_mode mode, const char *what) {
  print_error("[%s] %s: expected %s %s, got %s\n",
              mode == CASE_CONSTANT ? "constant"
              : mode == CASE_COLUMN ? "column"
                                    : "sparse",
              one->sql, one->type == NULL ? "the error" : one->type, one->result, what);
  return false;
}

static bool check_error(const struct expression_case *one, enum case_mode mode,
                        const struct eagre_error *error) {
  char got[900];
  snprintf(got, sizeof got, "error %s: %s", error->class_name, error->text);
  if (one->type != NULL || strcmp(one->result, error->class_name) != 0) {
    return report(one, mode, got);
  }
  if (error->line == 0 || error->text[0] == '\0')
    return report(one, mode, "an error without place");
  bool has_row = error->status == EAGRE_DATA && error->row >= 0;
  if (has_row && error->row != (mode == CASE_SPARSE ? 2 : 0)) {
    return report(one, mode, "an error of another row");
  }
  return true;
}

static bool check_rows(struct bench *bench, const struct expression_case *one,
                       const struct eagre_vector *result) {
  struct eagre_buffer text = {0};
  bool is_right = true;
  for (uint32_t row = 0; row < CASE_ROWS && is_right; row++) {
    if (!is_counted(bench, row)) continue;
    bench_print(bench, result, row, &text);
    if (strcmp(eagre_buffer_string(&text), one->result) != 0) {
      is_right = report(one, bench->mode, eagre_buffer_string(&text));
    }
  }
  eagre_buffer_done(&text);
  return is_right;
}

static bool check_case(struct bench *bench, const struct expression_case *one) {
  struct eagre_expression *expression;
  struct eagre_vector result;
  struct eagre_error error;
  if (bench_bind(bench, one->sql, &expression, &error) != EAGRE_OK ||
      bench_run(bench, expression, &result, &error) != EAGRE_OK) {
    return check_error(one, bench->mode, &error);
  }
  struct eagre_buffer text = {0};
  bool is_right = true;
  if (one->type == NULL) {
    bench_print(bench, &result, 2, &text);
    is_right = report(one, bench->mode, eagre_buffer_string(&text));
  } else {
    eagre_type_print_catalog(&text, eagre_expression_type(expression));
    if (strcmp(eagre_buffer_string(&text), one->type) != 0) {
      is_right = report(one, bench->mode, eagre_buffer_string(&text));
    }
  }
  eagre_buffer_done(&text);
  return is_right && check_rows(bench, one, &result);
}

static void run_cases_under(const struct expression_case *cases, size_t count,
                            const char *zone_name, bool is_legacy) {
  static const enum case_mode modes[] = {CASE_CONSTANT, CASE_COLUMN, CASE_SPARSE};
  unsigned wrong_count = 0;
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < EAGRE_COUNT_OF(modes); k++) {
      if ((cases[i].modes & modes[k]) == 0) continue;
      struct bench bench;
      bench_init(&bench, modes[k], zone_name);
      bench.session.is_legacy = is_legacy;
      wrong_count += !check_case(&bench, &cases[i]);
      bench_done(&bench);
    }
  }
  assert_int_equal(wrong_count, 0);
}

void run_cases(const struct expression_case *cases, size_t count, const char *zone_name) {
  run_cases_under(cases, count, zone_name, false);
}

void run_legacy_cases(const struct expression_case *cases, size_t count, const char *zone_name) {
  run_cases_under(cases, count, zone_name, true);
}
