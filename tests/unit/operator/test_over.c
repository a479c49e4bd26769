/* Window functions against a model that looks at every row of every frame: many partitions, ties,
 * NULLs, batches of any size; and how much memory they may take. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_operator.h"

enum { ROWS = 6000, KEYS = 7 };

/* Row i has ts = i; n and k come from the seed, k NULL for one key, n NULL for some rows. */
static struct row *make_rows(uint64_t seed) {
  static const char *const keys[KEYS] = {"a", "b", NULL, "d", "e", "f", "g"};
  struct row *rows = eagre_allocate_zeroed(ROWS, sizeof *rows);
  struct eagre_random random;
  eagre_random_seed(&random, seed);
  for (int i = 0; i < ROWS; i++) {
    int32_t n = (int32_t)eagre_random_below(&random, 400);
    rows[i] = (struct row){i, keys[eagre_random_below(&random, KEYS)], n < 20 ? NO_NUMBER : n, 0};
  }
  return rows;
}

static bool are_equal_keys(const struct row *a, const struct row *b) {
  return a->k == b->k || (a->k != NULL && b->k != NULL && strcmp(a->k, b->k) == 0);
}

/* Order by k, then n with NULLs (the least number there is) first, then ts. */
static int compare(const void *left, const void *right) {
  const struct row *a = left, *b = right;
  if (!are_equal_keys(a, b)) return strcmp(a->k == NULL ? "" : a->k, b->k == NULL ? "" : b->k);
  if (a->n != b->n) return a->n < b->n ? -1 : 1;
  return (a->ts > b->ts) - (a->ts < b->ts);
}

/* The sum of n, and how many rows there are, of the rows [begin, end) of the partition of `at`. */
static void print_frame(const struct row *rows, int64_t begin, int64_t end, int64_t at,
                        struct eagre_buffer *out) {
  int64_t sum = 0, count = 0, value_count = 0;
  for (int64_t i = begin < 0 ? 0 : begin; i < end && i < ROWS; i++) {
    if (!are_equal_keys(&rows[i], &rows[at])) continue;
    count += 1;
    if (rows[i].n == NO_NUMBER) continue;
    value_count += 1;
    sum += rows[i].n;
  }
  if (value_count == 0) eagre_buffer_append_string(out, "NULL");
  if (value_count > 0) eagre_buffer_printf(out, "%lld", (long long)sum);
  eagre_buffer_printf(out, "|%lld", (long long)count);
}

/* [first, end) of the rows of the partition of `at` whose n is in [low, high]. */
static void find_values(const struct row *rows, int64_t at, int64_t low, int64_t high,
                        int64_t *first, int64_t *end) {
  bool is_null = rows[at].n == NO_NUMBER;
  *first = ROWS;
  *end = 0;
  for (int64_t i = 0; i < ROWS; i++) {
    bool is_in = are_equal_keys(&rows[i], &rows[at]) && (rows[i].n == NO_NUMBER) == is_null &&
                 (is_null || (rows[i].n >= low && rows[i].n <= high));
    if (!is_in) continue;
    if (*first == ROWS) *first = i;
    *end = i + 1;
  }
}

/* Compares the query's rows with the model's, in any order. */
static void assert_lines(char *text, struct eagre_buffer *expected, const char *what) {
  char *lines[2] = {text, eagre_text_duplicate(eagre_buffer_text(expected))};
  char **sorted[2];
  size_t counts[2] = {0, 0};
  for (int side = 0; side < 2; side++) {
    sorted[side] = eagre_allocate((ROWS + 1) * sizeof(char *));
    for (char *line = strtok(lines[side], "\n"); line != NULL; line = strtok(NULL, "\n")) {
      assert_true(counts[side] < ROWS);
      sorted[side][counts[side]++] = line;
    }
  }
  assert_int_equal(counts[0], ROWS);
  assert_int_equal(counts[1], ROWS);
  char **by_ts = eagre_allocate_zeroed(ROWS, sizeof(char *));
  for (size_t i = 0; i < ROWS; i++) {
    by_ts[strtol(sorted[1][i], NULL, 10)] = sorted[1][i];
  }
  for (size_t i = 0; i < ROWS; i++) {
    const char *line = sorted[0][i];
    if (strcmp(line, by_ts[strtol(line, NULL, 10)]) != 0)
      fail_msg("%s: %s, expected %s", what, line, by_ts[strtol(line, NULL, 10)]);
  }
  eagre_free(by_ts);
  eagre_free(sorted[0]);
  eagre_free(sorted[1]);
  eagre_free(lines[1]);
}

static void check_frame(const char *frame, int64_t lower, int64_t upper, bool is_range) {
  struct row *rows = make_rows(11);
  struct eagre_buffer select = {0}, expected = {0};
  eagre_buffer_printf(&select,
                      "SELECT ts, sum(n) OVER w, count(*) OVER w FROM b "
                      "WINDOW w AS (PARTITION BY k ORDER BY n%s %s)",
                      is_range ? "" : ", ts", frame);
  char *text = run_query(eagre_buffer_string(&select), rows, ROWS, 777);
  qsort(rows, ROWS, sizeof *rows, compare);
  for (int64_t i = 0; i < ROWS; i++) {
    int64_t begin = i + lower, end = i + upper + 1;
    if (is_range) find_values(rows, i, rows[i].n + lower, rows[i].n + upper, &begin, &end);
    eagre_buffer_printf(&expected, "%lld|", (long long)rows[i].ts);
    print_frame(rows, begin, end, i, &expected);
    eagre_buffer_append_char(&expected, '\n');
  }
  assert_lines(text, &expected, frame);
  eagre_buffer_done(&select);
  eagre_buffer_done(&expected);
  eagre_free(text);
  eagre_free(rows);
}

static void frames_of_rows_are_those_of_the_model(void **state) {
  (void)state;
  check_frame("ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING", -2, 1, false);
  check_frame("ROWS BETWEEN 3 FOLLOWING AND 5 FOLLOWING", 3, 5, false);
  check_frame("ROWS BETWEEN 4 PRECEDING AND 4 PRECEDING", -4, -4, false);
  check_frame("ROWS UNBOUNDED PRECEDING", -ROWS, 0, false);
  check_frame("ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING", -ROWS, ROWS, false);
}

static void frames_of_values_are_those_of_the_model(void **state) {
  (void)state;
  check_frame("RANGE BETWEEN 10 PRECEDING AND 5 FOLLOWING", -10, 5, true);
  check_frame("RANGE CURRENT ROW", 0, 0, true);
}

/* Results that are texts are copied before the accumulator goes on; there are more of them than a
 * chunk holds. */
static void running_texts_keep_their_values(void **state) {
  (void)state;
  struct row *rows = eagre_allocate_zeroed(ROWS, sizeof *rows);
  char(*keys)[16] = eagre_allocate_zeroed(ROWS, sizeof *keys);
  for (int i = 0; i < ROWS; i++) {
    snprintf(keys[i], sizeof keys[i], "%05d", ROWS - i);
    rows[i] = (struct row){i, keys[i], i, 0};
  }
  char *text = run_query("SELECT min(k) OVER (ORDER BY n), max(k) OVER (ORDER BY n ROWS BETWEEN 1 "
                         "PRECEDING AND 1 FOLLOWING), lag(k, 2) OVER (ORDER BY n) FROM b",
                         rows, ROWS, 1000);
  char *line = strtok(text, "\n");
  for (int i = 0; i < ROWS; i++, line = strtok(NULL, "\n")) {
    char expected[64];
    snprintf(expected, sizeof expected, "%s|%s|%s", keys[i], keys[i > 0 ? i - 1 : 0],
             i < 2 ? "NULL" : keys[i - 2]);
    assert_non_null(line);
    assert_string_equal(line, expected);
  }
  eagre_free(text);
  eagre_free(keys);
  eagre_free(rows);
}

static enum eagre_status push_rows(uint64_t size_max, struct eagre_error *error) {
  struct plan plan = plan_query("SELECT k, row_number() OVER (ORDER BY n) FROM b");
  struct output output = {0};
  struct row *rows = make_rows(3);
  const struct eagre_stages_options options = {.tree = &plan.pipeline->queries[0].query,
                                               .session = &plan.pipeline->expression_session,
                                               .mode = EAGRE_MODE_COMPLETE,
                                               .core_count = 1,
                                               .state_partition_count = 1,
                                               .over_size_max = size_max,
                                               .output = collect,
                                               .output_context = &output};
  struct eagre_stages *stages = eagre_stages_new(&options);
  eagre_stages_begin(stages, &(struct eagre_stateful_epoch){.is_first_epoch = true});
  enum eagre_status status = EAGRE_OK;
  for (uint32_t i = 0; i < ROWS && status == EAGRE_OK; i += 1000) {
    status = eagre_stages_push(stages, 0, make_batch(rows + i, 1000), error);
  }
  if (status == EAGRE_OK) status = eagre_stages_end_level(stages, 0, &stages, 1, error);
  eagre_stages_free(stages);
  output_clear(&output);
  eagre_free(rows);
  free_plan(&plan);
  return status;
}

static void memory_is_bounded(void **state) {
  (void)state;
  struct eagre_error error;
  for (uint64_t size_max = 100000; size_max <= 400000; size_max += 100000) {
    eagre_error_init(&error);
    assert_int_equal(push_rows(size_max, &error), EAGRE_DATA);
    assert_string_equal(error.class_name, "WINDOW_FUNCTION_TOO_LARGE");
    assert_true(error.line > 0);
  }
  assert_int_equal(push_rows(64 << 20, &error), EAGRE_OK);
}

int run_over_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(frames_of_rows_are_those_of_the_model),
      cmocka_unit_test(frames_of_values_are_those_of_the_model),
      cmocka_unit_test(running_texts_keep_their_values),
      cmocka_unit_test(memory_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
