/* Programs over batches: lazy operands, rows of errors, filters, and what plan asks about trees. */
#include <stdio.h>
#include <string.h>

#include "test_expression.h"

/* ---- A batch of named columns --------------------------------------------------------------- */

/* x: row % 7, NULL in rows 13, 26, ...; s: "s" and x; v: {"a": x, "b": s}, NULL with x. */
static void fill_batch(struct bench *bench) {
  const struct eagre_type *type;
  bench_init(bench, CASE_CONSTANT, "UTC");
  assert_int_equal(
      eagre_type_parse_columns(&bench->arena,
                               EAGRE_TEXT("x INT, s STRING, v STRUCT<a: INT, b: STRING>, j STRING"),
                               &type, NULL),
      EAGRE_OK);
  bench->input = type;
  struct eagre_arena *arena = &bench->batch->arena;
  for (uint32_t i = 0; i < 4; i++) {
    eagre_vector_init(&bench->columns[i], type->fields[i].type, CASE_ROWS, arena);
  }
  for (uint32_t row = 0; row < CASE_ROWS; row++) {
    int32_t x = (int32_t)(row % 7);
    struct eagre_text s = eagre_arena_printf(arena, "s%d", x);
    char *json = eagre_arena_allocate_vector(arena, 32);
    int size = snprintf(json, 32, "{\"a\":%d,\"b\":\"%s\"}", x, s.data);
    EAGRE_VALUES(int32_t, &bench->columns[0])[row] = x;
    EAGRE_VALUES(struct eagre_text, &bench->columns[1])[row] = s;
    EAGRE_VALUES(int32_t, &bench->columns[2].children[0])[row] = x;
    EAGRE_VALUES(struct eagre_text, &bench->columns[2].children[1])[row] = s;
    EAGRE_VALUES(struct eagre_text, &bench->columns[3])
    [row] = (struct eagre_text){json, (size_t)size};
    if (row % 13 != 12) continue;
    EAGRE_VALUES(int32_t, &bench->columns[0])[row] = 0;
    /* Behind a null struct there need not even be a text. */
    EAGRE_VALUES(struct eagre_text, &bench->columns[2].children[1])
    [row] = (struct eagre_text){(const char *)1, 1};
    eagre_vector_set_null(&bench->columns[0], row, CASE_ROWS, arena);
    eagre_vector_set_null(&bench->columns[2], row, CASE_ROWS, arena);
  }
  bench->column_count = bench->batch->column_count = 4;
}

static struct eagre_expression *bind_sql(struct bench *bench, const char *sql) {
  struct eagre_expression *expression;
  struct eagre_error error;
  enum eagre_status status = bench_bind(bench, sql, &expression, &error);
  if (status != EAGRE_OK) print_error("%s: %s: %s\n", sql, error.class_name, error.text);
  assert_int_equal(status, EAGRE_OK);
  return expression;
}

static bool is_null_row(uint32_t row) {
  return row % 13 == 12;
}

/* Compares row by row with `expect`, which writes the wanted text. */
static void check_sql(const char *sql, void (*expect)(uint32_t row, char *out)) {
  struct bench bench;
  struct eagre_vector result;
  struct eagre_error error;
  struct eagre_buffer got = {0};
  fill_batch(&bench);
  enum eagre_status status = bench_run(&bench, bind_sql(&bench, sql), &result, &error);
  if (status != EAGRE_OK) print_error("%s: %s: %s\n", sql, error.class_name, error.text);
  assert_int_equal(status, EAGRE_OK);
  for (uint32_t row = 0; row < CASE_ROWS; row++) {
    char wanted[64];
    expect(row, wanted);
    bench_print(&bench, &result, row, &got);
    if (strcmp(eagre_buffer_string(&got), wanted) != 0) print_error("%s, row %u\n", sql, row);
    assert_string_equal(eagre_buffer_string(&got), wanted);
  }
  eagre_buffer_done(&got);
  bench_done(&bench);
}

/* ---- Lazy operands -------------------------------------------------------------------------- */

static void expect_guarded(uint32_t row, char *out) {
  uint32_t x = row % 7;
  snprintf(out, 64, "%s", is_null_row(row) ? "NULL" : x != 0 && 10.0 / x > 2 ? "true" : "false");
}

static void test_and_guards_its_operand(void **state) {
  (void)state;
  check_sql("x <> 0 AND 10 / x > 2", expect_guarded);
}

static void expect_or(uint32_t row, char *out) {
  uint32_t x = row % 7;
  snprintf(out, 64, "%s", is_null_row(row) ? "NULL" : x == 0 || 10.0 / x > 2 ? "true" : "false");
}

static void test_or_guards_its_operand(void **state) {
  (void)state;
  check_sql("x = 0 OR 10 / x > 2", expect_or);
}

static void expect_case(uint32_t row, char *out) {
  uint32_t x = row % 7;
  if (is_null_row(row)) {
    snprintf(out, 64, "%s", "-1");
  } else if (x == 0) {
    snprintf(out, 64, "%s", "100");
  } else {
    snprintf(out, 64, "%u", x < 4 ? 60 / x : 12 % x);
  }
}

/* Each branch fails for the rows of another one. */
static void test_case_guards_its_branches(void **state) {
  (void)state;
  check_sql("CASE WHEN x = 0 THEN 100 WHEN x < 4 THEN 60 div x WHEN x >= 4 THEN 12 % x "
            "ELSE -1 END",
            expect_case);
  check_sql("if(x IS NULL, -1, if(x = 0, 100, if(x < 4, 60 div x, 12 % x)))", expect_case);
}

static void expect_coalesce(uint32_t row, char *out) {
  uint32_t x = row % 7;
  if (is_null_row(row)) {
    snprintf(out, 64, "%s", "7");
  } else {
    snprintf(out, 64, "%u", x);
  }
}

/* 1 div (x IS NULL) fails exactly where x is there. */
static void test_coalesce_guards_its_operands(void **state) {
  (void)state;
  check_sql("coalesce(x, 7 div CAST(x IS NULL AS INT))", expect_coalesce);
  check_sql("nvl(x, 7 div CAST(x IS NULL AS INT))", expect_coalesce);
}

static void expect_nested(uint32_t row, char *out) {
  uint32_t x = row % 7;
  if (is_null_row(row) || x == 0) {
    snprintf(out, 64, "%s", "none");
  } else {
    snprintf(out, 64, "s%u:%u", x, x > 3 ? 100 / (x - 3) : 100 / x);
  }
}

/* An operand within an operand, with texts and shared parts. */
static void test_operands_nest(void **state) {
  (void)state;
  check_sql("coalesce(CASE WHEN x > 0 THEN concat(s, ':', CASE WHEN x > 3 THEN 100 div (x - 3) "
            "ELSE 100 div x END) END, 'none')",
            expect_nested);
}

static void check_failure(const char *sql, const char *class_name, int64_t row) {
  struct bench bench;
  struct eagre_vector result;
  struct eagre_error error;
  fill_batch(&bench);
  struct eagre_expression *expression = bind_sql(&bench, sql);
  assert_int_equal(bench_run(&bench, expression, &result, &error), EAGRE_DATA);
  assert_string_equal(error.class_name, class_name);
  assert_int_equal(error.row, row);
  bench_done(&bench);
}

static void test_errors_name_the_row(void **state) {
  (void)state;
  check_failure("10 div x", "DIVIDE_BY_ZERO", 0);
  check_failure("10 div (x - 5)", "DIVIDE_BY_ZERO", 5);
  check_failure("x > 2 AND 1 / (x - 6) > 0", "DIVIDE_BY_ZERO", 6);
  check_failure("CASE WHEN x < 3 THEN 1 ELSE 10 div (x - 4) END", "DIVIDE_BY_ZERO", 4);
  check_failure("CASE WHEN x < 3 THEN 1 WHEN x > 4 THEN if(x = 6, CAST(s AS INT), 1) END",
                "CAST_INVALID_INPUT", 6);
  check_failure("coalesce(x, CAST(s AS INT))", "CAST_INVALID_INPUT", 12);
  check_failure("if(x IS NULL, raise_error(s), 1)", "USER_RAISED_EXCEPTION", 12);
}

static void test_errors_name_the_place(void **state) {
  (void)state;
  struct bench bench;
  struct eagre_vector result;
  struct eagre_error error;
  fill_batch(&bench);
  struct eagre_expression *expression = bind_sql(&bench, "x +\n  (10 div x)");
  assert_int_equal(bench_run(&bench, expression, &result, &error), EAGRE_DATA);
  assert_int_equal(error.line, 2);
  assert_int_equal(error.column, 4);
  assert_int_equal(bench_bind(&bench, "1 +\n upper(1, 2)", &expression, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
  assert_int_equal(error.line, 2);
  assert_int_equal(error.column, 2);
  bench_done(&bench);
}

/* ---- Fields --------------------------------------------------------------------------------- */

static void expect_field(uint32_t row, char *out) {
  if (is_null_row(row)) {
    snprintf(out, 64, "%s", "NULL");
  } else {
    snprintf(out, 64, "s%u", row % 7);
  }
}

static void test_fields_of_null_structs(void **state) {
  (void)state;
  check_sql("v.b", expect_field);
  check_sql("lower(upper(v.b))", expect_field);
  check_sql("named_struct('n', v).n.b", expect_field);
}

static void expect_json(uint32_t row, char *out) {
  snprintf(out, 64, "s%u", row % 7);
}

static void test_json_as_text_and_bytes(void **state) {
  (void)state;
  check_sql("from_json(j, 'a INT, b STRING').b", expect_json);
  check_sql("from_json(CAST(CAST(j AS BINARY) AS STRING), 'b STRING').b", expect_json);
  check_sql("from_json(concat('{\"b\":\"', s, '\"}'), 'b STRING').b", expect_json);
  check_sql("j:b", expect_json);
  check_sql("get_json_object(j, '$.b')", expect_json);
}

/* ---- Filters -------------------------------------------------------------------------------- */

static uint8_t *run_filter(struct bench *bench, const char *sql) {
  struct eagre_expression *condition = bind_sql(bench, sql);
  struct eagre_program_context context = {case_now_us};
  struct eagre_program *program = eagre_program_new(bench->input, &condition, 1, &bench->session);
  uint8_t *keep;
  assert_int_equal(eagre_program_run_filter(program, bench->batch, &context, &keep, NULL),
                   EAGRE_OK);
  eagre_program_free(program);
  return keep;
}

static void test_filter_drops_null(void **state) {
  (void)state;
  struct bench bench;
  fill_batch(&bench);
  const uint8_t *keep = run_filter(&bench, "x < 3");
  for (uint32_t row = 0; row < CASE_ROWS; row++) {
    assert_int_equal(eagre_bit_get(keep, row), row % 7 < 3 && !is_null_row(row));
  }
  assert_int_equal(eagre_bits_count(run_filter(&bench, "true"), CASE_ROWS), CASE_ROWS);
  assert_int_equal(eagre_bits_count(run_filter(&bench, "1 > 2"), CASE_ROWS), 0);
  assert_int_equal(eagre_bits_count(run_filter(&bench, "CAST(NULL AS BOOLEAN)"), CASE_ROWS), 0);
  assert_int_equal(eagre_bits_count(run_filter(&bench, "NULL"), CASE_ROWS), 0);
  assert_int_equal(eagre_bits_count(run_filter(&bench, "now() IS NOT NULL"), CASE_ROWS), CASE_ROWS);
  bench_done(&bench);
}

/* ---- Batches -------------------------------------------------------------------------------- */

/* Nothing is evaluated without rows, not even a constant that fails. */
static void test_empty_batch(void **state) {
  (void)state;
  struct bench bench;
  struct eagre_vector result;
  struct eagre_error error;
  fill_batch(&bench);
  struct eagre_expression *expression = bind_sql(&bench, "x + CAST('x' AS INT)");
  struct eagre_program_context context = {0};
  struct eagre_program *program = eagre_program_new(bench.input, &expression, 1, &bench.session);
  bench.batch->row_count = 0;
  assert_int_equal(eagre_program_run(program, bench.batch, &context, &result, &error), EAGRE_OK);
  assert_int_equal(result.type->kind, EAGRE_TYPE_INT);
  eagre_program_free(program);
  bench_done(&bench);
}

static void test_clock_belongs_to_the_batch(void **state) {
  (void)state;
  struct bench bench;
  struct eagre_vector out[3];
  fill_batch(&bench);
  struct eagre_expression *expressions[] = {bind_sql(&bench, "current_timestamp()"),
                                            bind_sql(&bench, "current_date()"),
                                            bind_sql(&bench, "CAST('12:30:00' AS TIMESTAMP)")};
  struct eagre_program *program = eagre_program_new(bench.input, expressions, 3, &bench.session);
  for (int64_t day = 0; day < 3; day++) {
    struct eagre_program_context context = {day * INT64_C(86400000000) + 5};
    assert_int_equal(eagre_program_run(program, bench.batch, &context, out, NULL), EAGRE_OK);
    assert_int_equal(*EAGRE_VALUES(int64_t, &out[0]), context.batch_timestamp_us);
    assert_int_equal(*EAGRE_VALUES(int32_t, &out[1]), day);
    assert_int_equal(*EAGRE_VALUES(int64_t, &out[2]),
                     day * INT64_C(86400000000) + INT64_C(45000000000));
  }
  assert_false(eagre_expression_is_constant(expressions[0]));
  assert_false(eagre_expression_is_constant(expressions[2]));
  eagre_program_free(program);
  bench_done(&bench);
}

/* Several expressions over the same parts. */
static void test_shared_parts(void **state) {
  (void)state;
  struct bench bench;
  struct eagre_vector out[3];
  fill_batch(&bench);
  struct eagre_expression *expressions[] = {
      bind_sql(&bench, "from_json(j, 'a INT, b STRING').a + 1"),
      bind_sql(&bench, "from_json(j, 'a INT, b STRING').b"),
      bind_sql(&bench, "from_json(j, 'a INT, b STRING')")};
  struct eagre_program_context context = {0};
  struct eagre_program *program = eagre_program_new(bench.input, expressions, 3, &bench.session);
  assert_int_equal(eagre_program_run(program, bench.batch, &context, out, NULL), EAGRE_OK);
  /* The field is the very column of the struct: the text was decoded once. */
  assert_ptr_equal(out[1].data, out[2].children[1].data);
  assert_int_equal(EAGRE_VALUES(int32_t, &out[0])[5], 6);
  eagre_program_free(program);
  bench_done(&bench);
}

/* ---- Windows -------------------------------------------------------------------------------- */

enum { SLICE = -1 };

/* The window with that ordinal, or the slice. */
static void check_window(int64_t duration_s, int64_t slide_s, int64_t start_s, int ordinal,
                         int64_t timestamp_s, const char *wanted) {
  struct bench bench;
  struct eagre_vector result;
  struct eagre_error error;
  struct eagre_buffer got = {0};
  bench_init(&bench, CASE_CONSTANT, "Europe/Paris");
  char sql[64];
  snprintf(sql, sizeof sql, "timestamp_seconds(%lld)", (long long)timestamp_s);
  struct eagre_expression *timestamp = bind_sql(&bench, sql);
  struct eagre_sql_position position = eagre_expression_position(timestamp);
  const struct eagre_window window = {duration_s * 1000000, slide_s * 1000000, start_s * 1000000};
  struct eagre_expression *expression =
      ordinal == SLICE
          ? eagre_expression_slice(&bench.arena, timestamp, &window, position)
          : eagre_expression_window(&bench.arena, timestamp, &window, (uint32_t)ordinal, position);
  assert_int_equal(bench_run(&bench, expression, &result, &error), EAGRE_OK);
  eagre_zone_close(bench.zone);
  assert_int_equal(eagre_zone_open(EAGRE_TEXT("UTC"), &bench.zone, NULL), EAGRE_OK);
  bench_print(&bench, &result, 0, &got);
  assert_string_equal(eagre_buffer_string(&got), wanted);
  eagre_buffer_done(&got);
  bench_done(&bench);
}

static void test_windows(void **state) {
  (void)state;
  check_window(10, 10, 0, 0, 25, "{1970-01-01 00:00:20, 1970-01-01 00:00:30}");
  check_window(10, 10, 0, 0, 20, "{1970-01-01 00:00:20, 1970-01-01 00:00:30}");
  check_window(10, 10, 3, 0, 22, "{1970-01-01 00:00:13, 1970-01-01 00:00:23}");
  check_window(10, 10, -3, 0, 22, "{1970-01-01 00:00:17, 1970-01-01 00:00:27}");
  check_window(10, 10, 0, 0, -5, "{1969-12-31 23:59:50, 1970-01-01 00:00:00}");
  check_window(10, 3, 0, 0, -5, "{1969-12-31 23:59:54, 1970-01-01 00:00:04}");
  check_window(10, 3, 0, 1, -5, "{1969-12-31 23:59:51, 1970-01-01 00:00:01}");
  check_window(10, 3, 0, 2, -5, "{1969-12-31 23:59:48, 1969-12-31 23:59:58}");
  check_window(10, 3, 0, 3, -5, "NULL");
  check_window(10, 3, 0, 3, -6, "{1969-12-31 23:59:45, 1969-12-31 23:59:55}");
}

static void test_slices(void **state) {
  (void)state;
  check_window(10, 5, 0, SLICE, 7, "{1970-01-01 00:00:05, 1970-01-01 00:00:10}");
  check_window(10, 5, 0, SLICE, 10, "{1970-01-01 00:00:10, 1970-01-01 00:00:15}");
  check_window(10, 5, 2, SLICE, -4, "{1969-12-31 23:59:52, 1969-12-31 23:59:57}");
  /* Windows of 10 end one second behind those that begin: 9, 10, 12, 13 ... */
  check_window(10, 3, 0, SLICE, 9, "{1970-01-01 00:00:09, 1970-01-01 00:00:10}");
  check_window(10, 3, 0, SLICE, 10, "{1970-01-01 00:00:10, 1970-01-01 00:00:12}");
  check_window(10, 3, 0, SLICE, 11, "{1970-01-01 00:00:10, 1970-01-01 00:00:12}");
  check_window(10, 3, 0, SLICE, 12, "{1970-01-01 00:00:12, 1970-01-01 00:00:13}");
}

/* ---- Questions of plan ---------------------------------------------------------------------- */

static void test_columns_of_a_tree(void **state) {
  (void)state;
  struct bench bench;
  fill_batch(&bench);
  bool used[4] = {false};
  uint32_t index = 99;
  struct eagre_expression *tree = bind_sql(&bench, "if(x > 1, upper(s), 'c')");
  eagre_expression_mark_columns(tree, used);
  assert_true(used[0] && used[1] && !used[2] && !used[3]);
  static const uint32_t map[] = {3, 2, 1, 0};
  memset(used, 0, sizeof used);
  eagre_expression_mark_columns(eagre_expression_remap(&bench.arena, tree, map), used);
  assert_true(!used[0] && !used[1] && used[2] && used[3]);
  assert_true(eagre_expression_is_column(bind_sql(&bench, "CAST(s AS STRING)"), &index));
  assert_int_equal(index, 1);
  assert_false(eagre_expression_is_column(bind_sql(&bench, "upper(s)"), &index));
  bench_done(&bench);
}

static void test_fields_of_a_tree(void **state) {
  (void)state;
  struct bench bench;
  fill_batch(&bench);
  bool used[2] = {false};
  assert_true(eagre_expression_mark_fields(bind_sql(&bench, "v.a + 1"), 2, used));
  assert_true(used[0] && !used[1]);
  memset(used, 0, sizeof used);
  assert_true(eagre_expression_mark_fields(bind_sql(&bench, "v IS NULL AND x > 1"), 2, used));
  assert_true(!used[0] && !used[1]);
  assert_false(eagre_expression_mark_fields(bind_sql(&bench, "to_json(v)"), 2, used));
  assert_false(eagre_expression_mark_fields(bind_sql(&bench, "v"), 2, used));
  bench_done(&bench);
}

static void test_pruned_json(void **state) {
  (void)state;
  struct bench bench;
  struct eagre_vector result;
  struct eagre_error error;
  struct eagre_buffer got = {0};
  fill_batch(&bench);
  struct eagre_expression *whole = bind_sql(&bench, "from_json(j, 'a INT, b STRING')");
  static const bool wanted[] = {false, true};
  struct eagre_expression *pruned = eagre_expression_prune_json(&bench.arena, whole, wanted);
  assert_false(eagre_expression_equal(whole, pruned));
  assert_true(eagre_expression_equal(whole, bind_sql(&bench, "from_json(j, 'a INT, b STRING')")));
  assert_int_equal(bench_run(&bench, pruned, &result, &error), EAGRE_OK);
  bench_print(&bench, &result, 3, &got);
  assert_string_equal(eagre_buffer_string(&got), "{null, s3}");
  struct eagre_expression *other = bind_sql(&bench, "x + 1");
  assert_ptr_equal(eagre_expression_prune_json(&bench.arena, other, wanted), other);
  eagre_buffer_done(&got);
  bench_done(&bench);
}

static void check_equal(struct bench *bench, const char *a, const char *b, bool wanted) {
  assert_int_equal(eagre_expression_equal(bind_sql(bench, a), bind_sql(bench, b)), wanted);
}

static void test_equal_trees(void **state) {
  (void)state;
  struct bench bench;
  fill_batch(&bench);
  check_equal(&bench, "x + 1", "x+1", true);
  check_equal(&bench, "x + 1", "x + 2", false);
  check_equal(&bench, "x + 1", "1 + x", false);
  check_equal(&bench, "upper(s)", "ucase(s)", false);
  check_equal(&bench, "CAST(x AS BIGINT)", "CAST(x AS DOUBLE)", false);
  check_equal(&bench, "CAST(s AS INT)", "TRY_CAST(s AS INT)", false);
  check_equal(&bench, "s LIKE 'a%'", "s LIKE 'a%' ESCAPE '/'", false);
  check_equal(&bench, "round(x, 1)", "round(x, 2)", false);
  check_equal(&bench, "v.a", "v.b", false);
  check_equal(&bench, "CASE WHEN x > 1 THEN 1 END", "CASE WHEN x > 1 THEN 1 END", true);
  check_equal(&bench, "from_json(j, 'a INT')", "from_json(j, 'a INT', map('mode', 'FAILFAST'))",
              false);
  check_equal(&bench, "CAST('NaN' AS DOUBLE)", "CAST('NaN' AS DOUBLE)", true);
  bench_done(&bench);
}

static void check_print(struct bench *bench, const char *sql, const char *wanted) {
  struct eagre_buffer out = {0};
  eagre_expression_print(bind_sql(bench, sql), bench->input, &out);
  assert_string_equal(eagre_buffer_string(&out), wanted);
  eagre_buffer_done(&out);
}

static void test_printed_trees(void **state) {
  (void)state;
  struct bench bench;
  fill_batch(&bench);
  check_print(&bench, "x+1", "(x + 1)");
  check_print(&bench, "x > 1 and s like 'it''s%'", "((x > 1) AND (s LIKE 'it\\'s%'))");
  check_print(&bench, "x + 1L", "(CAST(x AS BIGINT) + 1)");
  check_print(&bench, "not x is null", "(NOT (x IS NULL))");
  check_print(&bench, "x in (1, 2)", "(x IN (1, 2))");
  check_print(&bench, "if(x > 1, 'a', NULL)", "CASE WHEN (x > 1) THEN 'a' ELSE NULL END");
  check_print(&bench, "upper(v.b)", "upper(v.b)");
  check_print(&bench, "try_cast(s as int)", "TRY_CAST(s AS INT)");
  check_print(&bench, "-x", "(- x)");
  check_print(&bench, "named_struct('n', x)", "named_struct('n', x)");
  check_print(&bench, "from_json(j, 'a INT').a", "from_json(j, 'a INT').a");
  check_print(&bench, "j:a.b", "j:a.b");
  check_print(&bench, "X'0a'", "X'0A'");
  check_print(&bench, "DATE '2020-01-02'", "DATE '2020-01-02'");
  check_print(&bench, "TIMESTAMP '2020-01-02 00:00:00'", "TIMESTAMP '2020-01-02 00:00:00Z'");
  check_print(&bench, "round(x, 1)", "round(x, 1)");
  bench_done(&bench);
}

int run_program_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_and_guards_its_operand),
      cmocka_unit_test(test_or_guards_its_operand),
      cmocka_unit_test(test_case_guards_its_branches),
      cmocka_unit_test(test_coalesce_guards_its_operands),
      cmocka_unit_test(test_operands_nest),
      cmocka_unit_test(test_errors_name_the_row),
      cmocka_unit_test(test_errors_name_the_place),
      cmocka_unit_test(test_fields_of_null_structs),
      cmocka_unit_test(test_json_as_text_and_bytes),
      cmocka_unit_test(test_filter_drops_null),
      cmocka_unit_test(test_empty_batch),
      cmocka_unit_test(test_clock_belongs_to_the_batch),
      cmocka_unit_test(test_shared_parts),
      cmocka_unit_test(test_windows),
      cmocka_unit_test(test_slices),
      cmocka_unit_test(test_columns_of_a_tree),
      cmocka_unit_test(test_fields_of_a_tree),
      cmocka_unit_test(test_pruned_json),
      cmocka_unit_test(test_equal_trees),
      cmocka_unit_test(test_printed_trees),
  };
  return cmocka_run_group_tests_name("programs", tests, NULL, NULL);
}
