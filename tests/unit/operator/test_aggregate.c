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

int run_aggregate_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_group_as_spark_groups),
      cmocka_unit_test(without_keys_there_is_one_row),
      cmocka_unit_test(aggregations_stack),
  };
  return cmocka_run_group_tests_name("aggregates", tests, NULL, NULL);
}
