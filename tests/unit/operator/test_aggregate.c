/* Aggregation inside a chain: keys that are hard to compare, no keys, several levels. */
#include <math.h>

#include "test_operator.h"

static void keys_group_as_spark_groups(void **state) {
  (void)state;
  const struct row rows[] = {{1, NULL, 1, NAN}, {2, NULL, 2, -NAN},     {3, "", 3, 0.0},
                             {4, "", 4, -0.0},  {5, "x", NO_NUMBER, 1}, {6, "x", NO_NUMBER, 2}};
  char *text = run_query("SELECT k, count(*) AS c, count(n) AS e, sum(n) AS s, min(k) AS m FROM b "
                         "GROUP BY k ORDER BY k",
                         rows, 6, 2);
  assert_string_equal(text, "NULL|2|2|3|NULL\n|2|2|7|\nx|2|0|NULL|x\n");
  eagre_free(text);
  text = run_query("SELECT d, count(*) AS c FROM b GROUP BY d ORDER BY d", rows, 6, 1);
  assert_string_equal(text, "0.0|2\n1.0|1\n2.0|1\nNaN|2\n");
  eagre_free(text);
  text = run_query("SELECT s.k, s.n, count(*) AS c FROM (SELECT struct(k, n) AS s FROM b) GROUP BY "
                   "s ORDER BY 1, 2",
                   rows, 6, 6);
  assert_string_equal(text, "NULL|1|1\nNULL|2|1\n|3|1\n|4|1\nx|NULL|2\n");
  eagre_free(text);
}

static void without_keys_there_is_one_row(void **state) {
  (void)state;
  char *text = run_query("SELECT count(*) AS c, sum(n) AS s, max(k) AS m FROM b", NULL, 0, 1);
  assert_string_equal(text, "0|NULL|NULL\n");
  eagre_free(text);
  text = run_query("SELECT k, count(*) AS c FROM b GROUP BY k", NULL, 0, 1);
  assert_string_equal(text, "");
  eagre_free(text);
}

static void aggregations_stack(void **state) {
  (void)state;
  const struct row rows[] = {{1, "a", 1, 0}, {2, "a", 2, 0}, {3, "b", 5, 0}, {4, "c", 7, 0}};
  char *text =
      run_query("SELECT c, count(*) AS groups, max(s) AS s FROM (SELECT k, count(*) AS c, sum(n) "
                "AS s FROM b GROUP BY k) GROUP BY c HAVING c > 0 ORDER BY c DESC",
                rows, 4, 3);
  assert_string_equal(text, "2|1|3\n1|2|7\n");
  eagre_free(text);
  text = run_query("SELECT DISTINCT n > 2 AS is_big FROM b ORDER BY 1", rows, 4, 3);
  assert_string_equal(text, "false\ntrue\n");
  eagre_free(text);
}

/* ---- When something leaves the state --------------------------------------------------------- */

/* What the only operator says behind an epoch of `rows`. */
static int64_t due_behind(struct eagre_stages *stages, int64_t watermark_ms, const struct row *rows,
                          uint32_t count) {
  struct eagre_error error;
  struct eagre_stateful_metrics metrics;
  eagre_stages_begin(stages, &(struct eagre_stateful_epoch){.eviction_watermark_ms = watermark_ms});
  if (count > 0)
    assert_int_equal(eagre_stages_push(stages, 0, make_batch(rows, count), &error), EAGRE_OK);
  for (uint32_t level = 0; level < 2; level++) {
    assert_int_equal(eagre_stages_end_level(stages, level, &stages, 1, &error), EAGRE_OK);
  }
  eagre_stages_measure(stages, &metrics);
  return metrics.due_ms;
}

static void check_due(const char *mode, const char *select, const int64_t expected[4]) {
  static const struct row rows[] = {{12500000, "a", 1, 0}, {31000000, "a", 1, 0}};
  struct plan plan = plan_flow(mode, select);
  struct output output = {0};
  const struct eagre_stages_options options = {.tree = &plan.pipeline->flows[0].query,
                                               .session = &plan.pipeline->expression_session,
                                               .mode = plan.pipeline->flows[0].mode,
                                               .core_count = 1,
                                               .state_partition_count = 1,
                                               .output = collect,
                                               .output_context = &output};
  struct eagre_stages *stages = eagre_stages_new(&options);
  assert_int_equal(due_behind(stages, 0, rows, 0), expected[0]);
  assert_int_equal(due_behind(stages, 0, rows, 2), expected[1]);
  assert_int_equal(due_behind(stages, 19999, rows, 0), expected[2]);
  assert_int_equal(due_behind(stages, 20000, rows, 0), expected[3]);
  output_clear(&output);
  eagre_stages_free(stages);
  free_plan(&plan);
}

/* The end of the first window, rounded up; who cannot tell says 0. */
static void windows_say_when_they_are_due(void **state) {
  (void)state;
  static const int64_t windows[] = {INT64_MAX / 1000 + 1, 20000, 20000, 40000};
  static const int64_t times[] = {INT64_MAX / 1000 + 1, 12500, 31000, 31000};
  static const int64_t nothing[4] = {0};
  static const char by_window[] =
      "SELECT window.start AS s, count(*) AS c FROM STREAM s WATERMARK ts "
      "DELAY OF INTERVAL 1 SECOND GROUP BY window(ts, '10 seconds')";
  check_due("append", by_window, windows);
  check_due("update", by_window, windows);
  check_due("complete", by_window, nothing);
  check_due("append",
            "SELECT ts, count(*) AS c FROM STREAM s WATERMARK ts DELAY OF INTERVAL 1 SECOND "
            "GROUP BY ts",
            times);
  check_due("update", "SELECT k, count(*) AS c FROM STREAM s GROUP BY k", nothing);
}

int run_aggregate_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_group_as_spark_groups),
      cmocka_unit_test(without_keys_there_is_one_row),
      cmocka_unit_test(aggregations_stack),
      cmocka_unit_test(windows_say_when_they_are_due),
  };
  return cmocka_run_group_tests_name("aggregates", tests, NULL, NULL);
}
