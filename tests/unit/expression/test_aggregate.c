/* Accumulators: updated in pieces, merged, finished. */
#include <math.h>
#include <string.h>

#include "test_expression.h"

enum { ROWS = 8, GROUPS = 3, OFFSET = 8 };

/* A column given by one SQL expression per row. */
struct table {
  struct bench bench;
  struct eagre_vector column;
  struct eagre_expression *argument;
};

static void fill_table(struct table *table, const char *const rows[ROWS]) {
  bench_init(&table->bench, CASE_CONSTANT, "UTC");
  struct eagre_arena *arena = &table->bench.batch->arena;
  for (uint32_t row = 0; row < ROWS; row++) {
    struct eagre_expression *value;
    struct eagre_error error;
    struct eagre_vector folded;
    assert_int_equal(bench_bind(&table->bench, rows[row], &value, &error), EAGRE_OK);
    const struct eagre_type *type = row == 0 ? eagre_expression_type(value) : table->column.type;
    assert_int_equal(eagre_expression_cast(&table->bench.arena, value, type, false,
                                           &table->bench.session, eagre_expression_position(value),
                                           &value, &error),
                     EAGRE_OK);
    assert_int_equal(
        eagre_expression_fold(&table->bench.arena, value, &table->bench.session, &folded, &error),
        EAGRE_OK);
    if (row == 0) eagre_vector_init(&table->column, folded.type, ROWS, arena);
    eagre_vector_append(&table->column, row, ROWS, &folded, 0, 1, true, arena);
  }
  struct eagre_sql_position position = {1, 1, 1};
  table->argument = eagre_expression_column(&table->bench.arena, 0, table->column.type, position);
}

/* The argument after its implicit cast. */
static void evaluate_argument(struct table *table, struct eagre_vector *out) {
  struct eagre_field field = {EAGRE_TEXT("c"), table->column.type, true};
  struct eagre_program_context context = {0};
  struct eagre_program *program =
      eagre_program_new(eagre_type_struct(&table->bench.arena, &field, 1), &table->argument, 1,
                        &table->bench.session);
  table->bench.columns[0] = table->column;
  table->bench.batch->column_count = 1;
  table->bench.batch->row_count = ROWS;
  assert_int_equal(eagre_program_run(program, table->bench.batch, &context, out, NULL), EAGRE_OK);
  eagre_program_free(program);
}

struct groups {
  struct eagre_aggregate aggregate;
  struct eagre_arena arena;
  char *states; /* two sets of GROUPS accumulators, each behind OFFSET bytes of somebody else's */
  uint32_t stride;
};

static char *find_group(struct groups *groups, uint32_t set, uint32_t group) {
  return groups->states + (size_t)(set * GROUPS + group) * groups->stride;
}

static void start_groups(struct groups *groups) {
  assert_int_equal(groups->aggregate.accumulator_size % 8, 0);
  groups->stride = OFFSET + groups->aggregate.accumulator_size;
  groups->arena = (struct eagre_arena){0};
  size_t size = (size_t)2 * GROUPS * groups->stride;
  groups->states = eagre_arena_allocate_zeroed(&groups->arena, size);
}

/* Row i goes to group i % 2; the first half of the rows to set 0, the rest to set 1. Group 2 stays
 * empty. Then set 1 is merged into set 0. */
static enum eagre_status run_groups(struct groups *groups, const struct eagre_vector *argument,
                                    struct eagre_error *error) {
  for (uint32_t set = 0; set < 2; set++) {
    char *accumulators[ROWS / 2];
    struct eagre_vector half;
    uint32_t rows[ROWS / 2];
    for (uint32_t i = 0; i < ROWS / 2; i++) {
      rows[i] = set * (ROWS / 2) + i;
      accumulators[i] = find_group(groups, set, rows[i] % 2);
    }
    if (argument != NULL) {
      eagre_vector_gather(&half, argument, rows, ROWS / 2, &groups->arena);
    }
    EAGRE_TRY(eagre_aggregate_update(&groups->aggregate, argument == NULL ? NULL : &half, ROWS / 2,
                                     accumulators, OFFSET, &groups->arena, error));
  }
  for (uint32_t group = 0; group < GROUPS; group++) {
    EAGRE_TRY(eagre_aggregate_merge(&groups->aggregate, find_group(groups, 0, group) + OFFSET,
                                    find_group(groups, 1, group) + OFFSET, &groups->arena, error));
  }
  return EAGRE_OK;
}

static enum eagre_status bind(struct bench *bench, const char *function,
                              struct eagre_expression **inout_argument, struct eagre_aggregate *out,
                              struct eagre_error *error) {
  struct eagre_expression *argument = *inout_argument;
  const struct eagre_aggregate_call call = {.function = eagre_text_of(function),
                                            .arguments = &argument,
                                            .argument_count = argument == NULL ? 0 : 1,
                                            .position = {3, 5, 7}};
  return eagre_aggregate_bind(&bench->arena, &call, &bench->session, out, inout_argument, error);
}

static void check_aggregate(const char *function, const char *const rows[ROWS], const char *type,
                            const char *const wanted[GROUPS]) {
  struct table table;
  struct groups groups;
  struct eagre_vector argument, out;
  struct eagre_error error;
  struct eagre_buffer text = {0};
  fill_table(&table, rows);
  assert_int_equal(bind(&table.bench, function, &table.argument, &groups.aggregate, &error),
                   EAGRE_OK);
  eagre_type_print_catalog(&text, groups.aggregate.result_type);
  assert_string_equal(eagre_buffer_string(&text), type);
  evaluate_argument(&table, &argument);
  start_groups(&groups);
  assert_int_equal(run_groups(&groups, &argument, &error), EAGRE_OK);
  char *accumulators[GROUPS];
  for (uint32_t group = 0; group < GROUPS; group++) {
    accumulators[group] = find_group(&groups, 0, group);
  }
  assert_int_equal(eagre_aggregate_finish(&groups.aggregate, accumulators, OFFSET, GROUPS, &out,
                                          &groups.arena, &error),
                   EAGRE_OK);
  for (uint32_t group = 0; group < GROUPS; group++) {
    bench_print(&table.bench, &out, group, &text);
    if (strcmp(eagre_buffer_string(&text), wanted[group]) != 0) print_error("%s\n", function);
    assert_string_equal(eagre_buffer_string(&text), wanted[group]);
  }
  eagre_buffer_done(&text);
  eagre_arena_done(&groups.arena);
  bench_done(&table.bench);
}

#define ROWS_OF(...) ((const char *const[ROWS]){__VA_ARGS__})
#define WANTED(...) ((const char *const[GROUPS]){__VA_ARGS__})

static void test_counts(void **state) {
  (void)state;
  const char *const *values = ROWS_OF("1", "NULL", "3", "4", "5", "NULL", "NULL", "8");
  check_aggregate("count", values, "bigint", WANTED("3", "2", "0"));
  check_aggregate("COUNT", ROWS_OF("'a'", "'b'", "'c'", "'d'", "'e'", "'f'", "'g'", "'h'"),
                  "bigint", WANTED("4", "4", "0"));
  check_aggregate("count_if",
                  ROWS_OF("true", "false", "NULL", "true", "true", "false", "true", "false"),
                  "bigint", WANTED("3", "1", "0"));
}

static void test_sums(void **state) {
  (void)state;
  check_aggregate("sum", ROWS_OF("1", "2", "3", "4", "5", "6", "7", "8"), "bigint",
                  WANTED("16", "20", "NULL"));
  check_aggregate("sum", ROWS_OF("1Y", "2Y", "NULL", "4Y", "127Y", "6Y", "7Y", "8Y"), "bigint",
                  WANTED("135", "20", "NULL"));
  check_aggregate("sum", ROWS_OF("1.5F", "2F", "NULL", "4F", "1F", "6F", "7F", "8F"), "double",
                  WANTED("9.5", "20.0", "NULL"));
  check_aggregate("sum", ROWS_OF("'1'", "'2'", "NULL", "'4'", "'1.5'", "'6'", "'7'", "'8'"),
                  "double", WANTED("9.5", "20.0", "NULL"));
  check_aggregate("avg", ROWS_OF("1", "2", "NULL", "4", "2", "6", "NULL", "8"), "double",
                  WANTED("1.5", "5.0", "NULL"));
  check_aggregate("mean", ROWS_OF("1D", "2D", "NULL", "4D", "2D", "6D", "NULL", "8D"), "double",
                  WANTED("1.5", "5.0", "NULL"));
}

static void test_decimals(void **state) {
  (void)state;
  static const char *const prices[] = {
      "CAST(1.25 AS DECIMAL(10,2))", "2", "NULL", "4.01", "-0.5", "6", "7", "8.10"};
  check_aggregate("sum", prices, "decimal(20,2)", WANTED("7.75", "20.11", "NULL"));
  check_aggregate("avg", prices, "decimal(14,6)", WANTED("2.583333", "5.027500", "NULL"));
  check_aggregate("min", prices, "decimal(10,2)", WANTED("-0.50", "2.00", "NULL"));
  check_aggregate("max", prices, "decimal(10,2)", WANTED("7.00", "8.10", "NULL"));
  check_aggregate("count", prices, "bigint", WANTED("3", "4", "0"));
  /* Group 0 overflows in row 2 and stays so, group 1 when its halves meet. */
  static const char *const wide[] = {"99999999999999999999999999999999999999",
                                     "99999999999999999999999999999999999999",
                                     "1",
                                     "0",
                                     "-5",
                                     "1",
                                     "0",
                                     "0"};
  check_aggregate("try_sum", wide, "decimal(38,0)", WANTED("NULL", "NULL", "NULL"));
  check_aggregate("try_avg", wide, "decimal(38,4)", WANTED("NULL", "NULL", "NULL"));
}

/* The error comes when the result is read. */
static void test_decimal_overflow(void **state) {
  (void)state;
  static const char *const rows[] = {
      "99999999999999999999999999999999999999", "0", "1", "0", "0", "0", "0", "0"};
  static const char *const functions[] = {"sum", "avg"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(functions); i++) {
    struct table table;
    struct groups groups;
    struct eagre_error error;
    struct eagre_vector out;
    fill_table(&table, rows);
    assert_int_equal(bind(&table.bench, functions[i], &table.argument, &groups.aggregate, &error),
                     EAGRE_OK);
    start_groups(&groups);
    assert_int_equal(run_groups(&groups, &table.column, &error), EAGRE_OK);
    char *accumulator = find_group(&groups, 0, 0);
    eagre_error_init(&error);
    assert_int_equal(eagre_aggregate_finish(&groups.aggregate, &accumulator, OFFSET, 1, &out,
                                            &groups.arena, &error),
                     EAGRE_DATA);
    assert_string_equal(error.class_name, "ARITHMETIC_OVERFLOW");
    assert_int_equal(error.line, 3);
    eagre_arena_done(&groups.arena);
    bench_done(&table.bench);
  }
}

static void test_extremes(void **state) {
  (void)state;
  const char *const *ints = ROWS_OF("5", "-2", "NULL", "4", "1", "6", "7", "NULL");
  check_aggregate("min", ints, "int", WANTED("1", "-2", "NULL"));
  check_aggregate("max", ints, "int", WANTED("7", "6", "NULL"));
  const char *const *tinies = ROWS_OF("5Y", "-2Y", "NULL", "4Y", "1Y", "6Y", "7Y", "NULL");
  check_aggregate("min", tinies, "tinyint", WANTED("1", "-2", "NULL"));
  check_aggregate("max", ROWS_OF("5S", "-2S", "NULL", "4S", "1S", "6S", "7S", "NULL"), "smallint",
                  WANTED("7", "6", "NULL"));
  check_aggregate("max", ROWS_OF("5L", "-2L", "9L", "4L", "1L", "6L", "7L", "0L"), "bigint",
                  WANTED("9", "6", "NULL"));
  const char *const *texts = ROWS_OF("'b'", "'z'", "NULL", "'aa'", "''", "'é'", "'ab'", "'B'");
  check_aggregate("min", texts, "string", WANTED("", "B", "NULL"));
  check_aggregate("max", texts, "string", WANTED("b", "é", "NULL"));
  const char *const *dates =
      ROWS_OF("DATE '2020-01-01'", "DATE '1969-01-01'", "NULL", "DATE '2021-01-01'",
              "DATE '2019-01-01'", "NULL", "NULL", "NULL");
  check_aggregate("min", dates, "date", WANTED("2019-01-01", "1969-01-01", "NULL"));
  check_aggregate("max",
                  ROWS_OF("timestamp_seconds(5)", "timestamp_seconds(-5)", "NULL", "NULL", "NULL",
                          "NULL", "timestamp_seconds(7)", "NULL"),
                  "timestamp", WANTED("1970-01-01 00:00:07", "1969-12-31 23:59:55", "NULL"));
  check_aggregate("max",
                  ROWS_OF("true", "false", "NULL", "false", "false", "NULL", "NULL", "false"),
                  "boolean", WANTED("true", "false", "NULL"));
}

/* NaN is greater than every number. */
static void test_extremes_of_reals(void **state) {
  (void)state;
  const char *const *reals = ROWS_OF("1D", "CAST('NaN' AS DOUBLE)", "NULL", "2D",
                                     "CAST('NaN' AS DOUBLE)", "-3D", "5D", "NULL");
  check_aggregate("min", reals, "double", WANTED("1.0", "-3.0", "NULL"));
  check_aggregate("max", reals, "double", WANTED("NaN", "NaN", "NULL"));
  check_aggregate("min", ROWS_OF("1F", "2F", "NULL", "2F", "0.5F", "-3F", "5F", "NULL"), "float",
                  WANTED("0.5", "-3.0", "NULL"));
  check_aggregate("max",
                  ROWS_OF("CAST('NaN' AS FLOAT)", "NULL", "1F", "NULL", "2F", "NULL", "3F", "NULL"),
                  "float", WANTED("NaN", "NULL", "NULL"));
}

static void test_booleans(void **state) {
  (void)state;
  const char *const *values =
      ROWS_OF("true", "false", "NULL", "false", "true", "NULL", "true", "true");
  check_aggregate("every", values, "boolean", WANTED("true", "false", "NULL"));
  check_aggregate("bool_and", values, "boolean", WANTED("true", "false", "NULL"));
  check_aggregate("any", values, "boolean", WANTED("true", "true", "NULL"));
  check_aggregate("bool_or", values, "boolean", WANTED("true", "true", "NULL"));
  check_aggregate("some",
                  ROWS_OF("false", "false", "NULL", "false", "false", "NULL", "NULL", "false"),
                  "boolean", WANTED("false", "false", "NULL"));
}

/* What picks a row, through the merge of two halves. Rows 0, 2, 4, 6 are group 0's. */
static void test_picks(void **state) {
  (void)state;
  const char *const *texts =
      ROWS_OF("CAST(NULL AS STRING)", "'z'", "'first'", "'aa'", "''", "'é'", "NULL",
              "'a text that is longer than the room of the first one, by a "
              "good deal'");
  check_aggregate("first", texts, "string", WANTED("NULL", "z", "NULL"));
  check_aggregate("last", texts, "string",
                  WANTED("NULL",
                         "a text that is longer than the room of the first one, by a good deal",
                         "NULL"));
  check_aggregate("any_value", ROWS_OF("1Y", "2Y", "NULL", "4Y", "1Y", "6Y", "7Y", "8Y"), "tinyint",
                  WANTED("1", "2", "NULL"));
  const char *const *structs = ROWS_OF(
      "named_struct('a', 1, 'b', 'x')", "named_struct('a', 5, 'b', 'y')",
      "named_struct('a', 1, 'b', 'w')", "NULL", "named_struct('a', 2, 'b', '')",
      "named_struct('a', -5, 'b', 'z')", "named_struct('a', CAST(NULL AS INT), 'b', 'n')", "NULL");
  check_aggregate("min", structs, "struct<a:int,b:string>", WANTED("{null, n}", "{-5, z}", "NULL"));
  check_aggregate("max", structs, "struct<a:int,b:string>", WANTED("{2, }", "{5, y}", "NULL"));
}

static void test_count_of_rows(void **state) {
  (void)state;
  struct groups groups;
  struct eagre_arena arena = {0};
  struct eagre_expression *argument = NULL;
  struct eagre_error error;
  const struct eagre_aggregate_call call = {.function = EAGRE_TEXT("count")};
  assert_int_equal(eagre_aggregate_bind(&arena, &call, NULL, &groups.aggregate, &argument, &error),
                   EAGRE_OK);
  assert_null(groups.aggregate.argument_type);
  start_groups(&groups);
  assert_int_equal(run_groups(&groups, NULL, &error), EAGRE_OK);
  assert_int_equal(*(int64_t *)(find_group(&groups, 0, 0) + OFFSET), ROWS / 2);
  eagre_arena_done(&groups.arena);
  eagre_arena_done(&arena);
}

/* A constant counts once per row. */
static void test_constant_arguments(void **state) {
  (void)state;
  static const char *const functions[] = {"count", "sum", "max"};
  static const int64_t wanted[] = {ROWS, ROWS * 5, 5};
  for (size_t i = 0; i < EAGRE_COUNT_OF(functions); i++) {
    struct table table;
    struct groups groups;
    struct eagre_error error;
    fill_table(&table, ROWS_OF("5L", "5L", "5L", "5L", "5L", "5L", "5L", "5L"));
    assert_int_equal(bind(&table.bench, functions[i], &table.argument, &groups.aggregate, &error),
                     EAGRE_OK);
    start_groups(&groups);
    char *accumulators[ROWS];
    for (uint32_t row = 0; row < ROWS; row++) {
      accumulators[row] = find_group(&groups, 0, 0);
    }
    table.column.is_constant = true;
    assert_int_equal(eagre_aggregate_update(&groups.aggregate, &table.column, ROWS, accumulators,
                                            OFFSET, &groups.arena, &error),
                     EAGRE_OK);
    struct eagre_vector out;
    assert_int_equal(eagre_aggregate_finish(&groups.aggregate, accumulators, OFFSET, 1, &out,
                                            &groups.arena, &error),
                     EAGRE_OK);
    assert_int_equal(*EAGRE_VALUES(int64_t, &out), wanted[i]);
    eagre_arena_done(&groups.arena);
    bench_done(&table.bench);
  }
}

static void test_overflow(void **state) {
  (void)state;
  struct table table;
  struct groups groups;
  struct eagre_error error;
  /* Group 0 overflows in row 2; in another order the sums of the halves only together. */
  static const char *const wide[] = {
      "9223372036854775807L", "0L", "1L", "0L", "0L", "0L", "0L", "0L"};
  static const char *const halves[] = {
      "9223372036854775807L", "0L", "0L", "0L", "1L", "0L", "0L", "0L"};
  for (int i = 0; i < 2; i++) {
    fill_table(&table, i == 0 ? wide : halves);
    assert_int_equal(bind(&table.bench, "sum", &table.argument, &groups.aggregate, &error),
                     EAGRE_OK);
    start_groups(&groups);
    eagre_error_init(&error);
    assert_int_equal(run_groups(&groups, &table.column, &error), EAGRE_DATA);
    assert_string_equal(error.class_name, "ARITHMETIC_OVERFLOW");
    assert_int_equal(error.row, i == 0 ? 2 : -1);
    assert_int_equal(error.line, 3);
    eagre_arena_done(&groups.arena);
    bench_done(&table.bench);
  }
}

static void check_refusal(const char *function, const char *argument_sql, const char *class_name) {
  struct bench bench;
  struct eagre_aggregate aggregate;
  struct eagre_expression *argument = NULL;
  struct eagre_error error;
  bench_init(&bench, CASE_CONSTANT, "UTC");
  if (argument_sql != NULL) {
    assert_int_equal(bench_bind(&bench, argument_sql, &argument, &error), EAGRE_OK);
  }
  assert_int_equal(bind(&bench, function, &argument, &aggregate, &error), EAGRE_USAGE);
  assert_string_equal(error.class_name, class_name);
  assert_int_equal(error.line, 3);
  bench_done(&bench);
}

static void test_refusals(void **state) {
  (void)state;
  check_refusal("sum", "true", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
  check_refusal("sum", "DATE '2020-01-01'", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
  check_refusal("sum", NULL, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
  check_refusal("every", "1", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
  check_refusal("histogram_numeric", "1", "UNSUPPORTED_FEATURE.FUNCTION");
  check_refusal("summ", "1", "UNRESOLVED_ROUTINE");
}

int run_aggregate_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts),        cmocka_unit_test(test_sums),
      cmocka_unit_test(test_decimals),      cmocka_unit_test(test_decimal_overflow),
      cmocka_unit_test(test_extremes),      cmocka_unit_test(test_extremes_of_reals),
      cmocka_unit_test(test_booleans),      cmocka_unit_test(test_picks),
      cmocka_unit_test(test_count_of_rows), cmocka_unit_test(test_constant_arguments),
      cmocka_unit_test(test_overflow),      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests_name("aggregates", tests, NULL, NULL);
}
