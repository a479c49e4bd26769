/* Aggregates over rows that may be taken back: what is left is what the plain aggregate says of the
 * rows that are left, whatever came and went, in whatever order and pieces. */
#include <math.h>
#include <string.h>

#include "test_expression.h"

enum { ROWS_MAX = 400, PIECES = 3 };

static const struct eagre_sql_position position = {1, 1, 1};

/* Rows of one group: columns `v` and `w`, the weight. */
struct rows {
  struct bench bench;
  struct eagre_vector values;
  int64_t weights[ROWS_MAX];
  uint32_t count;
};

static void init_rows(struct rows *rows, const struct eagre_type *type) {
  bench_init(&rows->bench, CASE_CONSTANT, "UTC");
  eagre_vector_init(&rows->values, type, ROWS_MAX, &rows->bench.batch->arena);
  rows->count = 0;
}

static struct eagre_aggregate bind_weighed(struct rows *rows, const char *function,
                                           struct eagre_expression **out_argument) {
  struct eagre_expression *columns[2] = {
      eagre_expression_column(&rows->bench.arena, 0, rows->values.type, position),
      eagre_expression_column(&rows->bench.arena, 1, eagre_type_of(EAGRE_TYPE_BIGINT), position)};
  const struct eagre_aggregate_call call = {.function = eagre_text_of(function),
                                            .arguments = columns,
                                            .argument_count = 1,
                                            .position = position};
  struct eagre_aggregate aggregate;
  struct eagre_error error;
  assert_int_equal(eagre_aggregate_bind(&rows->bench.arena, &call, &rows->bench.session, &aggregate,
                                        out_argument, &error),
                   EAGRE_OK);
  assert_int_equal(
      eagre_aggregate_weigh(&rows->bench.arena, columns[1], &aggregate, out_argument, &error),
      EAGRE_OK);
  return aggregate;
}

static void evaluate(struct rows *rows, struct eagre_expression *argument,
                     struct eagre_vector *out) {
  struct eagre_batch *batch = rows->bench.batch;
  struct eagre_field fields[2] = {{EAGRE_TEXT("v"), rows->values.type, true},
                                  {EAGRE_TEXT("w"), eagre_type_of(EAGRE_TYPE_BIGINT), false}};
  struct eagre_program_context context = {0};
  struct eagre_program *program = eagre_program_new(
      eagre_type_struct(&rows->bench.arena, fields, 2), &argument, 1, &rows->bench.session);
  eagre_batch_set_columns(batch, 2, rows->count);
  batch->columns[0] = rows->values;
  eagre_vector_init(&batch->columns[1], fields[1].type, ROWS_MAX, &batch->arena);
  memcpy(batch->columns[1].data, rows->weights, sizeof rows->weights);
  assert_int_equal(eagre_program_run(program, batch, &context, out, NULL), EAGRE_OK);
  eagre_program_free(program);
}

/* Each piece of the rows has an accumulator of its own, and all are merged into the first. */
static enum eagre_status run(struct rows *rows, const char *function, struct eagre_vector *out,
                             struct eagre_error *error) {
  struct eagre_expression *argument;
  struct eagre_vector all, piece;
  struct eagre_aggregate aggregate = bind_weighed(rows, function, &argument);
  struct eagre_arena *arena = &rows->bench.arena;
  char *states = eagre_arena_allocate_zeroed(arena, (size_t)PIECES * aggregate.accumulator_size);
  evaluate(rows, argument, &all);
  for (uint32_t i = 0; i < PIECES; i++) {
    uint32_t picks[ROWS_MAX], count = 0;
    char *accumulators[ROWS_MAX];
    for (uint32_t row = i; row < rows->count; row += PIECES) {
      accumulators[count] = states + (size_t)i * aggregate.accumulator_size;
      picks[count++] = row;
    }
    eagre_vector_gather(&piece, &all, picks, count, arena);
    EAGRE_TRY(eagre_aggregate_update(&aggregate, &piece, count, accumulators, 0, arena, error));
  }
  for (uint32_t i = 1; i < PIECES; i++) {
    EAGRE_TRY(eagre_aggregate_merge(&aggregate, states,
                                    states + (size_t)i * aggregate.accumulator_size, arena, error));
  }
  return eagre_aggregate_finish(&aggregate, &states, 0, 1, out, arena, error);
}

/* ---- Sums of DOUBLE -------------------------------------------------------------------------- */

struct weighed_real {
  double value;
  int64_t weight;
};

static double sum_of(const struct weighed_real *terms, uint32_t count) {
  struct rows rows;
  struct eagre_vector out;
  struct eagre_error error;
  init_rows(&rows, eagre_type_of(EAGRE_TYPE_DOUBLE));
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_VALUES(double, &rows.values)[i] = terms[i].value;
    rows.weights[i] = terms[i].weight;
  }
  rows.count = count;
  assert_int_equal(run(&rows, "sum", &out, &error), EAGRE_OK);
  double sum = eagre_vector_is_null(&out, 0) ? -12345 : EAGRE_VALUES(double, &out)[0];
  bench_done(&rows.bench);
  return sum;
}

#define SUM_OF(...)                                                                                \
  sum_of((const struct weighed_real[]){__VA_ARGS__},                                               \
         sizeof((const struct weighed_real[]){__VA_ARGS__}) / sizeof(struct weighed_real))

static void sums_of_reals_are_exact(void **state) {
  (void)state;
  assert_true(SUM_OF({1e16, 1}, {1, 1}, {1e16, -1}) == 1);
  assert_true(SUM_OF({1e308, 1}, {1e308, 1}, {1e308, -1}) == 1e308);
  assert_true(SUM_OF({1e308, 1}, {1e308, 1}) == INFINITY);
  assert_true(SUM_OF({-1e308, 1}, {-1e308, 1}) == -INFINITY);
  assert_true(SUM_OF({0.1, 10}) == 1.0);
  assert_true(SUM_OF({0.1, 3}, {0.3, -1}) == 0x1p-55);
  assert_true(SUM_OF({5e-324, 1}, {5e-324, 1}) == 1e-323);
  assert_true(SUM_OF({5e-324, -1}, {1e-310, 1}, {5e-324, 1}) == 1e-310);
  assert_true(SUM_OF({-1.5, 1}, {-2.25, 1}) == -3.75);
  assert_true(SUM_OF({1.7976931348623157e308, INT64_MAX}, {1.7976931348623157e308, -INT64_MAX},
                     {2, 1}) == 2);
  assert_true(SUM_OF({7, 1}, {7, -1}) == -12345); /* NULL: no values are left */
}

static void halves_round_to_even(void **state) {
  (void)state;
  assert_true(SUM_OF({0x1p53, 1}, {1, 1}) == 0x1p53);
  assert_true(SUM_OF({0x1p53, 1}, {3, 1}) == 0x1p53 + 4);
  assert_true(SUM_OF({0x1p53, 1}, {1, 1}, {0x1p-1074, 1}) == 0x1p53 + 2);
  assert_true(SUM_OF({-0x1p53, 1}, {-1, 1}, {-0x1p-1074, 1}) == -0x1p53 - 2);
}

static void what_is_no_number_goes_away_too(void **state) {
  (void)state;
  assert_true(isnan(SUM_OF({NAN, 1}, {1, 1})));
  assert_true(SUM_OF({NAN, 1}, {1, 1}, {NAN, -1}) == 1);
  assert_true(isnan(SUM_OF({INFINITY, 1}, {-INFINITY, 1})));
  assert_true(SUM_OF({INFINITY, 1}, {-INFINITY, 1}, {INFINITY, -1}) == -INFINITY);
}

/* Any order and any terms that come and go: the bits of the sum are the same. */
static void the_order_of_rows_does_not_matter(void **state) {
  (void)state;
  enum { TERMS = 100 };
  struct eagre_random random;
  struct weighed_real terms[2 * TERMS];
  eagre_random_seed(&random, 5);
  for (uint32_t i = 0; i < TERMS; i++) {
    uint64_t bits = eagre_random_next(&random);
    memcpy(&terms[i].value, &bits, sizeof bits);
    if (!isfinite(terms[i].value)) terms[i].value = 1;
    terms[i].value = ldexp(terms[i].value, -40);
    terms[i].weight = 1;
  }
  double plain = sum_of(terms, TERMS);
  for (uint32_t i = 0; i < TERMS; i++) {
    terms[TERMS + i] = (struct weighed_real){terms[i / 2].value, i % 2 == 0 ? 1 : -1};
  }
  for (uint32_t round = 0; round < 20; round++) {
    for (uint32_t i = 2 * TERMS - 1; i > 0; i--) {
      uint32_t other = (uint32_t)(eagre_random_next(&random) % (i + 1));
      struct weighed_real swapped = terms[i];
      terms[i] = terms[other];
      terms[other] = swapped;
    }
    double sum = sum_of(terms, 2 * TERMS);
    assert_memory_equal(&sum, &plain, sizeof sum);
  }
}

/* ---- Sums of integers ------------------------------------------------------------------------ */

static enum eagre_status sum_integers(const char *function, const int64_t *values,
                                      const int64_t *weights, uint32_t count, int64_t *out_sum,
                                      bool *out_is_null) {
  struct rows rows;
  struct eagre_vector out;
  struct eagre_error error;
  init_rows(&rows, eagre_type_of(EAGRE_TYPE_BIGINT));
  memcpy(rows.values.data, values, sizeof *values * count);
  memcpy(rows.weights, weights, sizeof *weights * count);
  rows.count = count;
  enum eagre_status status = run(&rows, function, &out, &error);
  if (status == EAGRE_OK) {
    *out_is_null = eagre_vector_is_null(&out, 0);
    *out_sum = EAGRE_VALUES(int64_t, &out)[0];
  } else {
    assert_string_equal(error.class_name, "ARITHMETIC_OVERFLOW");
  }
  bench_done(&rows.bench);
  return status;
}

/* What went beyond the range on the way has come back. */
static void only_the_result_may_overflow(void **state) {
  (void)state;
  static const int64_t values[] = {INT64_MAX, INT64_MAX, INT64_MIN, 5};
  static const int64_t back[] = {1, 1, 2, 1};
  static const int64_t over[] = {1, 1, 0, 1};
  int64_t sum = 0;
  bool is_null = false;
  assert_int_equal(sum_integers("sum", values, back, 4, &sum, &is_null), EAGRE_OK);
  assert_int_equal(sum, 3);
  assert_int_equal(sum_integers("sum", values, over, 4, &sum, &is_null), EAGRE_DATA);
  assert_int_equal(sum_integers("try_sum", values, over, 4, &sum, &is_null), EAGRE_OK);
  assert_true(is_null);
}

/* ---- Everything against the plain aggregates ------------------------------------------------- */

static void print_plain(struct rows *rows, const char *function, const uint32_t *left,
                        uint32_t count, struct eagre_buffer *text) {
  struct eagre_arena *arena = &rows->bench.arena;
  struct eagre_expression *argument =
      eagre_expression_column(arena, 0, rows->values.type, position);
  const struct eagre_aggregate_call call = {.function = eagre_text_of(function),
                                            .arguments = &argument,
                                            .argument_count = 1,
                                            .position = position};
  struct eagre_aggregate aggregate;
  struct eagre_vector all, kept, out;
  char *accumulators[ROWS_MAX];
  assert_int_equal(
      eagre_aggregate_bind(arena, &call, &rows->bench.session, &aggregate, &argument, NULL),
      EAGRE_OK);
  char *state = eagre_arena_allocate_zeroed(arena, aggregate.accumulator_size);
  for (uint32_t i = 0; i < count; i++) {
    accumulators[i] = state;
  }
  evaluate(rows, argument, &all);
  eagre_vector_gather(&kept, &all, left, count, arena);
  assert_int_equal(eagre_aggregate_update(&aggregate, &kept, count, accumulators, 0, arena, NULL),
                   EAGRE_OK);
  assert_int_equal(eagre_aggregate_finish(&aggregate, &state, 0, 1, &out, arena, NULL), EAGRE_OK);
  bench_print(&rows->bench, &out, 0, text);
}

/* Rows of few values, NULLs among them; some of those that came go again. Returns how many stay. */
static uint32_t fill_random(struct rows *rows, struct eagre_random *random, uint32_t *left) {
  static const struct eagre_text texts[] = {EAGRE_TEXT("b"), EAGRE_TEXT(""), EAGRE_TEXT("zz"),
                                            EAGRE_TEXT("a much longer text than the others")};
  uint32_t left_count = 0;
  uint32_t come_count = 1 + (uint32_t)(eagre_random_next(random) % (ROWS_MAX / 2));
  rows->count = 0;
  for (uint32_t i = 0; i < come_count; i++) {
    uint64_t drawn = eagre_random_next(random);
    bool goes = drawn >> 32 & 1;
    for (uint32_t copy = 0; copy <= goes; copy++) {
      uint32_t row = rows->count++;
      rows->weights[row] = copy == 0 ? 1 : -1;
      if (rows->values.type->kind == EAGRE_TYPE_STRING) {
        EAGRE_VALUES(struct eagre_text, &rows->values)[row] = texts[drawn % 4];
      } else if (rows->values.type->kind == EAGRE_TYPE_BOOLEAN) {
        eagre_bit_put(rows->values.data, row, drawn % 3 > 0);
      } else if (rows->values.type->kind == EAGRE_TYPE_DECIMAL) {
        EAGRE_VALUES(eagre_decimal, &rows->values)[row] = (eagre_decimal)(drawn % 1000) - 500;
      } else if (rows->values.type->kind == EAGRE_TYPE_DOUBLE) {
        EAGRE_VALUES(double, &rows->values)[row] = (double)(drawn % 64) / 8 - 4;
      } else {
        EAGRE_VALUES(int64_t, &rows->values)[row] = (int64_t)(drawn % 20) - 10;
      }
      if (drawn % 11 == 0)
        eagre_vector_set_null(&rows->values, row, ROWS_MAX, &rows->bench.batch->arena);
    }
    if (!goes) left[left_count++] = rows->count - 1;
  }
  return left_count;
}

static void check_against_plain(const struct eagre_type *type, const char *function,
                                uint64_t seed) {
  struct rows rows;
  struct eagre_random random;
  struct eagre_buffer wanted = {0};
  struct eagre_buffer found = {0};
  struct eagre_vector out;
  struct eagre_error error;
  uint32_t left[ROWS_MAX];
  init_rows(&rows, type);
  eagre_random_seed(&random, seed);
  uint32_t left_count = fill_random(&rows, &random, left);
  print_plain(&rows, function, left, left_count, &wanted);
  assert_int_equal(run(&rows, function, &out, &error), EAGRE_OK);
  bench_print(&rows.bench, &out, 0, &found);
  if (!eagre_text_equal(eagre_buffer_text(&found), eagre_buffer_text(&wanted)))
    print_error("%s, seed %llu\n", function, (unsigned long long)seed);
  assert_string_equal(eagre_buffer_string(&found), eagre_buffer_string(&wanted));
  eagre_buffer_done(&wanted);
  eagre_buffer_done(&found);
  bench_done(&rows.bench);
}

static void what_is_left_is_what_the_plain_aggregate_says(void **state) {
  (void)state;
  static const char *const numeric[] = {
      "count", "sum", "avg", "try_sum", "try_avg", "min", "max", "median", "approx_count_distinct",
  };
  static const char *const integral[] = {"bit_and", "bit_or", "bit_xor"};
  static const char *const textual[] = {"count", "min", "max", "approx_count_distinct"};
  static const char *const boolean[] = {"every", "any", "count_if", "min", "max", "count"};
  struct eagre_arena arena = {0};
  const struct eagre_type *decimal = eagre_type_decimal(&arena, 20, 2);
  for (uint64_t seed = 1; seed <= 30; seed++) {
    for (size_t i = 0; i < EAGRE_COUNT_OF(numeric); i++) {
      check_against_plain(eagre_type_of(EAGRE_TYPE_BIGINT), numeric[i], seed);
      check_against_plain(eagre_type_of(EAGRE_TYPE_DOUBLE), numeric[i], seed);
      check_against_plain(decimal, numeric[i], seed);
    }
    for (size_t i = 0; i < EAGRE_COUNT_OF(integral); i++) {
      check_against_plain(eagre_type_of(EAGRE_TYPE_BIGINT), integral[i], seed);
    }
    for (size_t i = 0; i < EAGRE_COUNT_OF(textual); i++) {
      check_against_plain(eagre_type_of(EAGRE_TYPE_STRING), textual[i], seed);
    }
    for (size_t i = 0; i < EAGRE_COUNT_OF(boolean); i++) {
      check_against_plain(eagre_type_of(EAGRE_TYPE_BOOLEAN), boolean[i], seed);
    }
  }
  eagre_arena_done(&arena);
}

int run_change_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_of_reals_are_exact),
      cmocka_unit_test(halves_round_to_even),
      cmocka_unit_test(what_is_no_number_goes_away_too),
      cmocka_unit_test(the_order_of_rows_does_not_matter),
      cmocka_unit_test(only_the_result_may_overflow),
      cmocka_unit_test(what_is_left_is_what_the_plain_aggregate_says),
  };
  return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
