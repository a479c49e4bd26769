/* ORDER BY: NULL, NaN, directions, structs, many batches, stability. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_operator.h"

static void nulls_and_nan_have_their_places(void **state) {
  (void)state;
  const struct row rows[] = {
      {1, "b", 2, NAN}, {2, NULL, NO_NUMBER, 1.0}, {3, "a", -1, -INFINITY}, {4, "b", 1, INFINITY}};
  static const char *const cases[][2] = {
      {"n", "2 3 4 1 "},
      {"n DESC", "1 4 3 2 "},
      {"n NULLS LAST", "3 4 1 2 "},
      {"n DESC NULLS FIRST", "2 1 4 3 "},
      {"d", "3 2 4 1 "},
      {"d DESC", "1 4 2 3 "},
      {"k", "2 3 1 4 "},
      {"k DESC, n", "4 1 3 2 "},
      {"struct(k, n)", "2 3 4 1 "},
      {"struct(k, n) DESC", "1 4 3 2 "},
      {"n > 0", "2 3 1 4 "},
      {"b.ts DESC", "4 3 2 1 "},
      {"1 + 1", "1 2 3 4 "},
      {"CAST(d AS FLOAT)", "3 2 4 1 "},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    for (uint32_t batch_rows = 1; batch_rows <= 4; batch_rows += 3) {
      struct eagre_buffer select = {0};
      eagre_buffer_printf(&select, "SELECT ts FROM b ORDER BY %s", cases[i][0]);
      char *text = run_query(eagre_buffer_string(&select), rows, 4, batch_rows);
      for (char *c = text; *c != '\0'; c++) {
        if (*c == '\n') *c = ' ';
      }
      if (strcmp(text, cases[i][1]) != 0) fail_msg("%s: %s", cases[i][0], text);
      eagre_free(text);
      eagre_buffer_done(&select);
    }
  }
}

/* More rows than a batch holds; equal keys keep the order they came in. */
static void many_rows_are_sorted_stably(void **state) {
  (void)state;
  enum { ROWS = 10000 };
  struct row *rows = eagre_allocate_zeroed(ROWS, sizeof *rows);
  struct eagre_random random;
  eagre_random_seed(&random, 7);
  for (int i = 0; i < ROWS; i++) {
    rows[i] = (struct row){i, "k", (int32_t)eagre_random_below(&random, 50), 0};
  }
  char *text = run_query("SELECT n, ts FROM b ORDER BY n DESC", rows, ROWS, 999);
  long last_n = 50;
  long last_ts = -1;
  int count = 0;
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    long n = strtol(line, NULL, 10);
    long ts = strtol(strchr(line, '|') + 1, NULL, 10);
    assert_true(n < last_n || (n == last_n && ts > last_ts));
    assert_int_equal(rows[ts].n, n);
    last_n = n;
    last_ts = ts;
    count += 1;
  }
  assert_int_equal(count, ROWS);
  eagre_free(text);
  eagre_free(rows);
}

static void nothing_sorts_to_nothing(void **state) {
  (void)state;
  char *text = run_query("SELECT n FROM b ORDER BY n", NULL, 0, 1);
  assert_string_equal(text, "");
  eagre_free(text);
}

/* Batches that were pushed and never finished go with the chain. */
static void an_unfinished_sort_keeps_nothing(void **state) {
  (void)state;
  const struct row row = {1, "a", 1, 1};
  struct plan plan = plan_query("SELECT n FROM b ORDER BY n");
  struct output output = {0};
  struct eagre_chain *chain = make_chain(&plan, &output);
  eagre_chain_begin(chain, 0);
  assert_int_equal(eagre_chain_push(chain, make_batch(&row, 1), NULL), EAGRE_OK);
  eagre_chain_begin(chain, 0);
  assert_int_equal(eagre_chain_push(chain, make_batch(&row, 1), NULL), EAGRE_OK);
  assert_string_equal(output_text(&output), "");
  output_clear(&output);
  eagre_chain_free(chain);
  free_plan(&plan);
}

int run_sort_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nulls_and_nan_have_their_places),
      cmocka_unit_test(many_rows_are_sorted_stably),
      cmocka_unit_test(nothing_sorts_to_nothing),
      cmocka_unit_test(an_unfinished_sort_keeps_nothing),
  };
  return cmocka_run_group_tests_name("sort", tests, NULL, NULL);
}
