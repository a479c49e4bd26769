/* Windows: which rows are in which, and batches that are shared by the windows of a row. */
#include "test_operator.h"

#define SECONDS INT64_C(1000000)

static void rows_are_in_every_window_that_holds_them(void **state) {
  (void)state;
  const struct row rows[] = {
      {12 * SECONDS, "a", 1, 0}, {NO_TIME, "b", 2, 0}, {-5 * SECONDS, "c", 3, 0}};
  char *text = run_query("SELECT k, window(ts, '10 seconds') AS w FROM b", rows, 3, 3);
  assert_string_equal(text, "a|{10000000 20000000}\nc|{-10000000 0}\n");
  eagre_free(text);
  /* Latest first; the example of a negative time in spark-semantics 3.4. */
  text = run_query("SELECT k, window(ts, '10 seconds', '3 seconds').start AS w FROM b", rows, 3, 3);
  assert_string_equal(text, "a|12000000\nc|-6000000\na|9000000\nc|-9000000\na|6000000\n"
                            "c|-12000000\na|3000000\n");
  eagre_free(text);
  text = run_query("SELECT window(ts, '10 seconds', '10 seconds', '3 seconds').start AS w FROM b",
                   rows, 3, 1);
  assert_string_equal(text, "3000000\n-7000000\n");
  eagre_free(text);
  text = run_query("SELECT n FROM (SELECT n, window(ts, '1 second') AS w FROM b)", rows + 1, 1, 1);
  assert_string_equal(text, "");
  eagre_free(text);
}

/* Every copy of a shared batch is filtered and extended on its own. */
static void shared_batches_do_not_see_each_other(void **state) {
  (void)state;
  struct row rows[100];
  for (int i = 0; i < 100; i++) {
    rows[i] = (struct row){i * SECONDS, i % 2 == 0 ? "even" : "odd", i, i};
  }
  char *text = run_query(
      "SELECT count(*) AS c, sum(n) AS s, min(up) AS lo, max(up) AS hi FROM (SELECT n, upper(k) AS "
      "up, window(ts, '20 seconds', '5 seconds') AS w FROM b) WHERE w.start >= TIMESTAMP "
      "'1970-01-01 00:00:00Z' AND w.end <= TIMESTAMP '1970-01-01 00:01:40Z' AND n % 2 = 1",
      rows, 100, 33);
  /* 17 windows from 0-20 to 80-100 with ten odd numbers each, whose mean is start + 10, or
   * start + 9 where the start is odd: 10 * (680 + 9 * 10 + 8 * 9). */
  assert_string_equal(text, "170|8420|ODD|ODD\n");
  eagre_free(text);
}

static void a_failing_window_frees_what_is_shared(void **state) {
  (void)state;
  const struct row rows[] = {{12 * SECONDS, "a", 1, 0}, {13 * SECONDS, "b", 0, 0}};
  struct plan plan =
      plan_query("SELECT 1 / n AS q, window(ts, '10 seconds', '2 seconds') AS w FROM b");
  struct output output = {0};
  struct eagre_error error;
  struct eagre_chain *chain = make_chain(&plan, &output);
  eagre_chain_begin(chain, 0);
  assert_int_equal(eagre_chain_push(chain, make_batch(rows, 2), &error), EAGRE_DATA);
  assert_string_equal(error.place, "file /in/a, line 2");
  assert_int_equal(eagre_chain_push(chain, make_batch(rows, 1), &error), EAGRE_OK);
  assert_int_equal(output.batch_count, 5);
  output_clear(&output);
  eagre_chain_free(chain);
  free_plan(&plan);
}

int run_window_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_in_every_window_that_holds_them),
      cmocka_unit_test(shared_batches_do_not_see_each_other),
      cmocka_unit_test(a_failing_window_frees_what_is_shared),
  };
  return cmocka_run_group_tests_name("windows", tests, NULL, NULL);
}
