/* Batch queries on the calling thread. */
#include <string.h>

#include "test_runtime.h"

/* Counts rows and sums the INT column 0. */
struct sums {
  uint64_t rows;
  int64_t sum;
  uint32_t fail_at_batch; /* 0 = never */
  uint32_t batches;
};

static enum eagre_status add_rows(void *context, const struct eagre_type *columns,
                                  const struct eagre_batch *batch, struct eagre_error *error) {
  struct sums *sums = context;
  sums->batches += 1;
  if (sums->batches == sums->fail_at_batch) {
    return eagre_error_set(error, EAGRE_IO, "SCRIPTED", "nobody reads on");
  }
  assert_int_equal(columns->fields[0].type->kind, EAGRE_TYPE_INT);
  for (uint32_t i = 0; i < batch->row_count; i++) {
    const struct eagre_vector *column = &batch->columns[0];
    sums->sum += EAGRE_VALUES(int32_t, column)[eagre_vector_index(column, i)];
  }
  sums->rows += batch->row_count;
  return EAGRE_OK;
}

static enum eagre_status query(struct fixture *fixture, const char *sql, struct sums *sums) {
  bind_query(fixture, sql);
  return eagre_runtime_query(fixture->pipeline, 0, 1000000, add_rows, sums, &fixture->error);
}

#define FILES "read_files('$D/in', format => 'json', schema => 'k STRING, n INT')"

static void files_and_values_are_read(void **state) {
  struct fixture *fixture = *state;
  struct sums sums = {0};
  write_input(fixture, 3, 5000);
  assert_int_equal(query(fixture, "SELECT n FROM " FILES " WHERE k = 'k1'", &sums), EAGRE_OK);
  assert_int_equal(sums.rows, 3000);
  assert_int_equal(sums.sum, INT64_C(3000) * 1 + INT64_C(5) * 2999 * 3000 / 2);
  sums = (struct sums){0};
  assert_int_equal(query(fixture, "SELECT n FROM " FILES " ORDER BY n DESC LIMIT 2", &sums),
                   EAGRE_OK);
  assert_int_equal(sums.sum, 14999 + 14998);
  sums = (struct sums){0};
  assert_int_equal(query(fixture, "SELECT col1 + 1 AS n FROM VALUES (1), (2)", &sums), EAGRE_OK);
  assert_int_equal(sums.sum, 5);
  sums = (struct sums){0};
  assert_int_equal(query(fixture, "SELECT 7 AS n", &sums), EAGRE_OK);
  assert_int_equal(sums.rows, 1);
}

/* What is not read cannot fail: row 7000 is in the second file. */
static void a_limit_stops_reading(void **state) {
  struct fixture *fixture = *state;
  struct sums sums = {0};
  write_input(fixture, 3, 5000);
  const char *few = "SELECT CAST(1 / (n - 7000) AS INT) AS n FROM " FILES " LIMIT 10";
  const char *many = "SELECT CAST(1 / (n - 7000) AS INT) AS n FROM " FILES " LIMIT 14000";
  assert_int_equal(query(fixture, few, &sums), EAGRE_OK);
  assert_int_equal(sums.rows, 10);
  sums = (struct sums){0};
  assert_int_equal(query(fixture, many, &sums), EAGRE_DATA);
  sums = (struct sums){0};
  assert_int_equal(query(fixture, "SELECT n FROM " FILES " LIMIT 2 OFFSET 9999", &sums), EAGRE_OK);
  assert_int_equal(sums.sum, 9999 + 10000);
}

static void more_values_than_a_batch_holds(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer sql = {0};
  struct sums sums = {0};
  eagre_buffer_append_string(&sql, "SELECT n FROM VALUES (0)");
  for (int i = 1; i < 5000; i++) {
    eagre_buffer_printf(&sql, ",(%d)", i);
  }
  eagre_buffer_append_string(&sql, " AS t(n) WHERE n % 2 = 1 ORDER BY n");
  assert_int_equal(query(fixture, eagre_buffer_string(&sql), &sums), EAGRE_OK);
  assert_int_equal(sums.rows, 2500);
  assert_int_equal(sums.sum, 2500 * 2500);
  eagre_buffer_done(&sql);
}

static void failures_free_everything(void **state) {
  struct fixture *fixture = *state;
  struct sums sums = {.fail_at_batch = 1};
  write_input(fixture, 2, 5000);
  assert_int_equal(query(fixture, "SELECT n FROM " FILES, &sums), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "SCRIPTED");
  sums = (struct sums){.fail_at_batch = 1};
  assert_int_equal(query(fixture, "SELECT n FROM " FILES " ORDER BY n", &sums), EAGRE_IO);
  sums = (struct sums){0};
  assert_int_equal(query(fixture, "SELECT CAST(1 / (n - 7000) AS INT) AS n FROM " FILES, &sums),
                   EAGRE_DATA);
  assert_non_null(strstr(fixture->error.place, "0001.json, line 2001"));
  assert_int_equal(fixture->error.line, 1);
  assert_int_equal(query(fixture, "SELECT n FROM VALUES (1 / 0) AS t(n)", &sums), EAGRE_DATA);
  assert_string_equal(fixture->error.place, "f.sql:1:23");
  assert_int_not_equal(
      query(fixture, "SELECT n FROM read_files('$D/no', format => 'json', schema => 'n INT')",
            &sums),
      EAGRE_OK);
}

static void a_query_has_the_zone_that_was_set_before_it(void **state) {
  struct fixture *fixture = *state;
  struct sums sums = {0};
  bind_query(fixture, "SELECT hour(TIMESTAMP '2025-01-01 00:00:00Z') AS n;"
                      "SET spark.sql.session.timeZone = 'Asia/Tokyo';"
                      "SELECT hour(TIMESTAMP '2025-01-01 00:00:00Z') AS n;");
  assert_int_equal(eagre_runtime_query(fixture->pipeline, 0, 0, add_rows, &sums, NULL), EAGRE_OK);
  assert_int_equal(sums.sum, 0);
  assert_int_equal(eagre_runtime_query(fixture->pipeline, 1, 0, add_rows, &sums, NULL), EAGRE_OK);
  assert_int_equal(sums.sum, 9);
}

int run_query_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(files_and_values_are_read),
      FIXTURE_TEST(a_limit_stops_reading),
      FIXTURE_TEST(more_values_than_a_batch_holds),
      FIXTURE_TEST(failures_free_everything),
      FIXTURE_TEST(a_query_has_the_zone_that_was_set_before_it),
  };
  return cmocka_run_group_tests_name("queries", tests, NULL, NULL);
}
