/* Arithmetic and comparison over random vectors against one row at a time, in every shape of
 * operands: two columns, a column and a constant, with and without NULLs, of sizes around a word
 * of a bitmap. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "test_expression.h"

enum { ROWS_MAX = 200 };

static void seed_random(struct eagre_random *random) {
  uint64_t seed = 0;
  const char *wanted = getenv("EAGRE_TEST_SEED");
  if (wanted != NULL) {
    seed = strtoull(wanted, NULL, 0);
  } else {
    assert_int_equal(getrandom(&seed, sizeof seed, 0), sizeof seed);
  }
  print_message("seed: EAGRE_TEST_SEED=0x%" PRIx64 "\n", seed);
  eagre_random_seed(random, seed);
}

/* ---- Random values -------------------------------------------------------------------------- */

/* Small numbers, so that equal ones occur, and the ends of the ranges. */
static int64_t make_integer(struct eagre_random *random, int bits) {
  int64_t value = (int64_t)eagre_random_next(random);
  switch (eagre_random_below(random, 4)) {
  case 0:
    value = (int64_t)eagre_random_below(random, 7) - 3;
    break;
  case 1:
    value = (INT64_MAX >> (64 - bits)) - (int64_t)eagre_random_below(random, 2);
    break;
  case 2:
    value = (INT64_MIN >> (64 - bits)) + (int64_t)eagre_random_below(random, 2);
    break;
  default:
    value >>= 64 - bits;
  }
  return value;
}

static double make_real(struct eagre_random *random) {
  static const double special[] = {0.0, -0.0, 1.0, -1.5, INFINITY, -INFINITY, NAN, 1e308, 5e-324};
  if (eagre_random_below(random, 2) == 0) {
    return special[eagre_random_below(random, EAGRE_COUNT_OF(special))];
  }
  return eagre_random_unit(random) * 100 - 50;
}

static void put_random(struct eagre_vector *vector, uint32_t row, struct eagre_random *random) {
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    eagre_bit_put(vector->data, row, eagre_random_below(random, 2) == 1);
    break;
  case EAGRE_TYPE_TINYINT:
    EAGRE_VALUES(int8_t, vector)[row] = (int8_t)make_integer(random, 8);
    break;
  case EAGRE_TYPE_SMALLINT:
    EAGRE_VALUES(int16_t, vector)[row] = (int16_t)make_integer(random, 16);
    break;
  case EAGRE_TYPE_INT:
    EAGRE_VALUES(int32_t, vector)[row] = (int32_t)make_integer(random, 32);
    break;
  case EAGRE_TYPE_BIGINT:
    EAGRE_VALUES(int64_t, vector)[row] = make_integer(random, 64);
    break;
  case EAGRE_TYPE_FLOAT:
    EAGRE_VALUES(float, vector)[row] = (float)make_real(random);
    break;
  case EAGRE_TYPE_DOUBLE:
    EAGRE_VALUES(double, vector)[row] = make_real(random);
    break;
  default: {
    static const char bytes[] = "aaabaaabaaabaaabaaabaaab\xff\xc3";
    size_t begin = eagre_random_below(random, sizeof bytes - 1);
    size_t size = eagre_random_below(random, sizeof bytes - begin);
    EAGRE_VALUES(struct eagre_text, vector)[row] = (struct eagre_text){bytes + begin, size};
  }
  }
}

static void make_operand(struct eagre_vector *out, enum eagre_type_kind kind, uint32_t row_count,
                         struct eagre_random *random, struct eagre_arena *arena) {
  bool is_constant = eagre_random_below(random, 3) == 0;
  bool has_nulls = !is_constant && eagre_random_below(random, 2) == 0;
  uint32_t count = is_constant ? 1 : row_count;
  eagre_vector_init(out, eagre_type_of(kind), count, arena);
  out->is_constant = is_constant;
  for (uint32_t row = 0; row < count; row++) {
    put_random(out, row, random);
    if (has_nulls && eagre_random_below(random, 4) == 0) {
      eagre_vector_set_null(out, row, count, arena);
    }
  }
}

/* ---- One row at a time ---------------------------------------------------------------------- */

static int64_t read_integer(const struct eagre_vector *vector, uint32_t row) {
  uint32_t index = eagre_vector_index(vector, row);
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    return eagre_bit_get(vector->data, index);
  case EAGRE_TYPE_TINYINT:
    return EAGRE_VALUES(int8_t, vector)[index];
  case EAGRE_TYPE_SMALLINT:
    return EAGRE_VALUES(int16_t, vector)[index];
  case EAGRE_TYPE_INT:
    return EAGRE_VALUES(int32_t, vector)[index];
  default:
    return EAGRE_VALUES(int64_t, vector)[index];
  }
}

static double read_real(const struct eagre_vector *vector, uint32_t row) {
  uint32_t index = eagre_vector_index(vector, row);
  return vector->type->kind == EAGRE_TYPE_FLOAT ? (double)EAGRE_VALUES(float, vector)[index]
                                                : EAGRE_VALUES(double, vector)[index];
}

static bool is_real(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_FLOAT || kind == EAGRE_TYPE_DOUBLE;
}

/* -1, 0 or 1. */
static int compare_values(const struct eagre_vector *a, const struct eagre_vector *b,
                          uint32_t row) {
  if (a->type->kind == EAGRE_TYPE_STRING) {
    int order = eagre_text_compare(EAGRE_VALUES(struct eagre_text, a)[eagre_vector_index(a, row)],
                                   EAGRE_VALUES(struct eagre_text, b)[eagre_vector_index(b, row)]);
    return order < 0 ? -1 : order > 0;
  }
  if (!is_real(a->type->kind)) {
    int64_t x = read_integer(a, row), y = read_integer(b, row);
    return x < y ? -1 : x > y;
  }
  double x = read_real(a, row), y = read_real(b, row);
  if (isnan(x) || isnan(y)) return isnan(x) && isnan(y) ? 0 : isnan(x) ? 1 : -1;
  return x < y ? -1 : x > y;
}

static const char *const comparisons[] = {"=", "!=", "<", "<=", ">", ">="};

static bool compare_as(const char *name, int order) {
  bool results[] = {order == 0, order != 0, order<0, order <= 0, order> 0, order >= 0};
  for (size_t i = 0; i < EAGRE_COUNT_OF(comparisons); i++) {
    if (strcmp(name, comparisons[i]) == 0) return results[i];
  }
  fail();
  return false;
}

enum outcome { OUTCOME_VALUE, OUTCOME_FAILS };

/* 128 bits hold every result. */
static enum outcome compute_integer(const char *name, int64_t a, int64_t b, int bits,
                                    int64_t *out) {
  __int128 result;
  if (strcmp(name, "+") == 0) {
    result = (__int128)a + b;
  } else if (strcmp(name, "-") == 0) {
    result = (__int128)a - b;
  } else if (strcmp(name, "*") == 0) {
    result = (__int128)a * b;
  } else if (b == 0) {
    return OUTCOME_FAILS;
  } else {
    result = (__int128)a % b;
  }
  *out = (int64_t)result;
  __int128 limit = (__int128)1 << (bits - 1);
  return result < -limit || result >= limit ? OUTCOME_FAILS : OUTCOME_VALUE;
}

static enum outcome compute_real(const char *name, double a, double b, bool is_float, double *out) {
  if (strcmp(name, "%") == 0 && b == 0) return OUTCOME_FAILS;
  double result = strcmp(name, "+") == 0   ? a + b
                  : strcmp(name, "-") == 0 ? a - b
                  : strcmp(name, "*") == 0 ? a * b
                                           : fmod(a, b);
  *out = is_float ? (double)(float)result : result;
  return OUTCOME_VALUE;
}

/* ---- Comparing ------------------------------------------------------------------------------ */

struct trial {
  struct bench bench;
  struct eagre_vector operands[2];
  const char *name;
  uint32_t row_count;
};

static bool is_null_row(const struct trial *trial, uint32_t row) {
  return eagre_vector_is_null(&trial->operands[0], row) ||
         eagre_vector_is_null(&trial->operands[1], row);
}

static void start_trial(struct trial *trial, const char *name, enum eagre_type_kind kind,
                        struct eagre_random *random) {
  bench_init(&trial->bench, CASE_COLUMN, "UTC");
  trial->name = name;
  trial->row_count = (uint32_t)eagre_random_below(random, ROWS_MAX) + 1;
  for (int i = 0; i < 2; i++) {
    make_operand(&trial->operands[i], kind, trial->row_count, random, &trial->bench.batch->arena);
    trial->bench.columns[i] = trial->operands[i];
  }
  trial->bench.batch->row_count = trial->row_count;
  trial->bench.batch->column_count = trial->bench.column_count = 2;
}

static enum eagre_status run_trial(struct trial *trial, struct eagre_vector *out,
                                   struct eagre_error *error) {
  struct bench *bench = &trial->bench;
  struct eagre_sql_position position = {1, 1, 1};
  struct eagre_expression *columns[2], *call;
  struct eagre_field fields[2];
  for (uint32_t i = 0; i < 2; i++) {
    const struct eagre_type *type = trial->operands[i].type;
    columns[i] = eagre_expression_column(&bench->arena, i, type, position);
    fields[i] = (struct eagre_field){EAGRE_TEXT("c"), type, true};
  }
  assert_int_equal(eagre_expression_call(&bench->arena, eagre_text_of(trial->name), columns, 2,
                                         &bench->session, position, &call, error),
                   EAGRE_OK);
  struct eagre_program_context context = {0};
  struct eagre_program *program =
      eagre_program_new(eagre_type_struct(&bench->arena, fields, 2), &call, 1, &bench->session);
  eagre_error_init(error);
  enum eagre_status status = eagre_program_run(program, bench->batch, &context, out, error);
  eagre_program_free(program);
  return status;
}

static void test_comparisons(void **state) {
  (void)state;
  static const enum eagre_type_kind kinds[] = {
      EAGRE_TYPE_BOOLEAN, EAGRE_TYPE_TINYINT, EAGRE_TYPE_SMALLINT, EAGRE_TYPE_INT,
      EAGRE_TYPE_BIGINT,  EAGRE_TYPE_FLOAT,   EAGRE_TYPE_DOUBLE,   EAGRE_TYPE_STRING};
  struct eagre_random random;
  seed_random(&random);
  for (int round = 0; round < 3000; round++) {
    struct trial trial;
    struct eagre_vector out;
    struct eagre_error error;
    start_trial(&trial, comparisons[eagre_random_below(&random, 6)],
                kinds[eagre_random_below(&random, EAGRE_COUNT_OF(kinds))], &random);
    assert_int_equal(run_trial(&trial, &out, &error), EAGRE_OK);
    for (uint32_t row = 0; row < trial.row_count; row++) {
      assert_int_equal(eagre_vector_is_null(&out, row), is_null_row(&trial, row));
      if (is_null_row(&trial, row)) continue;
      int order = compare_values(&trial.operands[0], &trial.operands[1], row);
      bool got = eagre_bit_get(out.data, eagre_vector_index(&out, row));
      assert_int_equal(got, compare_as(trial.name, order));
    }
    bench_done(&trial.bench);
  }
}

/* The first row that must fail, or -1. */
static int64_t find_failing_row(const struct trial *trial, int bits) {
  bool real = is_real(trial->operands[0].type->kind);
  for (uint32_t row = 0; row < trial->row_count; row++) {
    int64_t integer;
    double number;
    if (is_null_row(trial, row)) continue;
    enum outcome outcome =
        real ? compute_real(trial->name, read_real(&trial->operands[0], row),
                            read_real(&trial->operands[1], row), bits == 32, &number)
             : compute_integer(trial->name, read_integer(&trial->operands[0], row),
                               read_integer(&trial->operands[1], row), bits, &integer);
    if (outcome == OUTCOME_FAILS) return row;
  }
  return -1;
}

static void check_row(const struct trial *trial, const struct eagre_vector *out, uint32_t row,
                      int bits) {
  const struct eagre_vector *a = &trial->operands[0], *b = &trial->operands[1];
  assert_int_equal(eagre_vector_is_null(out, row), is_null_row(trial, row));
  if (is_null_row(trial, row)) return;
  if (is_real(out->type->kind)) {
    double wanted = 0, got = read_real(out, row);
    compute_real(trial->name, read_real(a, row), read_real(b, row), bits == 32, &wanted);
    assert_true(got == wanted || (isnan(got) && isnan(wanted)));
  } else {
    int64_t wanted = 0;
    compute_integer(trial->name, read_integer(a, row), read_integer(b, row), bits, &wanted);
    assert_int_equal(read_integer(out, row), wanted);
  }
}

static void test_arithmetic(void **state) {
  (void)state;
  static const struct {
    enum eagre_type_kind kind;
    int bits;
  } types[] = {{EAGRE_TYPE_TINYINT, 8}, {EAGRE_TYPE_SMALLINT, 16}, {EAGRE_TYPE_INT, 32},
               {EAGRE_TYPE_BIGINT, 64}, {EAGRE_TYPE_FLOAT, 32},    {EAGRE_TYPE_DOUBLE, 64}};
  static const char *const names[] = {"+", "-", "*", "%"};
  unsigned failed_count = 0, done_count = 0;
  struct eagre_random random;
  seed_random(&random);
  for (int round = 0; round < 6000; round++) {
    struct trial trial;
    struct eagre_vector out;
    struct eagre_error error;
    size_t type = eagre_random_below(&random, EAGRE_COUNT_OF(types));
    start_trial(&trial, names[eagre_random_below(&random, 4)], types[type].kind, &random);
    /* Few rows, or nearly every trial fails somewhere. */
    trial.row_count = trial.row_count % 70 + 1;
    trial.bench.batch->row_count = trial.row_count;
    int64_t failing_row = find_failing_row(&trial, types[type].bits);
    enum eagre_status status = run_trial(&trial, &out, &error);
    assert_int_equal(status, failing_row < 0 ? EAGRE_OK : EAGRE_DATA);
    if (failing_row >= 0) assert_int_equal(error.row, failing_row);
    for (uint32_t row = 0; failing_row < 0 && row < trial.row_count; row++) {
      check_row(&trial, &out, row, types[type].bits);
    }
    failed_count += failing_row >= 0;
    done_count += failing_row < 0;
    bench_done(&trial.bench);
  }
  assert_true(failed_count > 100 && done_count > 100);
}

int run_kernel_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_comparisons),
      cmocka_unit_test(test_arithmetic),
  };
  return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
