/* FILTER, PROJECT, WATERMARK, LIMIT and VALUES, and what happens to a batch that fails. */
#include <math.h>
#include <string.h>

#include "test_operator.h"

static const struct row rows[] = {
    {1, "a", 1, 0.5}, {2, NULL, 2, 1.5}, {3, "c", NO_NUMBER, 2.5}, {NO_TIME, "d", 4, 3.5}};

#define assert_query(select, batch_rows, expected)                                                 \
  do {                                                                                             \
    char *text = run_query(select, rows, EAGRE_COUNT_OF(rows), batch_rows);                        \
    assert_string_equal(text, expected);                                                           \
    eagre_free(text);                                                                              \
  } while (0)

static void null_conditions_keep_no_row(void **state) {
  (void)state;
  assert_query("SELECT k, n FROM b WHERE n > 1", 4, "NULL|2\nd|4\n");
  assert_query("SELECT n FROM b WHERE k = 'x'", 4, "");
  assert_query("SELECT n FROM b WHERE NULL", 2, "");
  assert_query("SELECT n FROM b WHERE n IS NULL OR k IS NULL", 1, "2\nNULL\n");
}

static void projects_change_columns(void **state) {
  (void)state;
  assert_query("SELECT n + 1 AS m, 'x' AS c, struct(k, d) AS s FROM b", 3,
               "2|x|{a 0.5}\n3|x|{NULL 1.5}\nNULL|x|{c 2.5}\n5|x|{d 3.5}\n");
  assert_query("SELECT m FROM (SELECT n * 2 AS m, d FROM b) WHERE d > 1 AND m > 4", 4, "8\n");
}

static void limits_count_across_batches(void **state) {
  (void)state;
  for (uint32_t batch_rows = 1; batch_rows <= 4; batch_rows++) {
    assert_query("SELECT d FROM b LIMIT 3", batch_rows, "0.5\n1.5\n2.5\n");
    assert_query("SELECT d FROM b LIMIT 0", batch_rows, "");
    assert_query("SELECT d FROM b LIMIT 2 OFFSET 1", batch_rows, "1.5\n2.5\n");
    assert_query("SELECT d FROM b OFFSET 3", batch_rows, "3.5\n");
    assert_query("SELECT d FROM b OFFSET 9", batch_rows, "");
    assert_query("SELECT d FROM b LIMIT 9223372036854775807 OFFSET 1", batch_rows,
                 "1.5\n2.5\n3.5\n");
    assert_query("SELECT d FROM b LIMIT 1 OFFSET 9223372036854775807", batch_rows, "");
  }
}

/* Also while a step has stopped looking for what a filter seeks, and when it looks again. */
static void rows_without_what_a_filter_seeks_are_gone(void **state) {
  (void)state;
  enum { ROW_COUNT = 60, LAST_OF_ALL = 20 };
  struct row texts[ROW_COUNT];
  struct eagre_buffer expected = {0};
  for (int i = 0; i < ROW_COUNT; i++) {
    bool is_sought = i <= LAST_OF_ALL || i % 3 == 0;
    const char *text = is_sought ? "{\"s\":\"view\"}" : i % 3 == 1 ? "{\"s\":\"click\"}" : NULL;
    texts[i] = (struct row){i, text, i, 0};
    if (is_sought) eagre_buffer_printf(&expected, "%d\n", i);
  }
  for (uint32_t batch_rows = 1; batch_rows <= 16; batch_rows *= 2) {
    char *found = run_query("SELECT n FROM (SELECT from_json(k, 's STRING') AS e, n FROM b) "
                            "WHERE e.s = 'view'",
                            texts, ROW_COUNT, batch_rows);
    assert_string_equal(found, eagre_buffer_string(&expected));
    eagre_free(found);
  }
  eagre_buffer_done(&expected);
}

/* After how many batches of one row a query is finished; 4 are pushed, 5 means never. */
static int count_until_finished(const char *select) {
  struct plan plan = plan_query(select);
  struct output output = {0};
  struct eagre_stages *stages = make_stages(&plan, &output);
  int pushed = 0;
  while (pushed < 5 && !eagre_stages_is_finished(stages, 0)) {
    if (pushed < 4) {
      assert_int_equal(eagre_stages_push(stages, 0, make_batch(rows + pushed, 1), NULL), EAGRE_OK);
    }
    pushed++;
  }
  eagre_stages_begin(stages, &(struct eagre_stateful_epoch){0});
  assert_int_equal(eagre_stages_is_finished(stages, 0), pushed == 0);
  output_clear(&output);
  eagre_stages_free(stages);
  free_plan(&plan);
  return pushed;
}

static void a_limit_that_has_its_rows_finishes_the_query(void **state) {
  (void)state;
  assert_int_equal(count_until_finished("SELECT d FROM b"), 5);
  assert_int_equal(count_until_finished("SELECT d FROM b LIMIT 0"), 0);
  assert_int_equal(count_until_finished("SELECT d FROM b LIMIT 2"), 2);
  assert_int_equal(count_until_finished("SELECT d FROM b WHERE d > 1 LIMIT 2"), 3);
  assert_int_equal(count_until_finished("SELECT d FROM b LIMIT 1 OFFSET 2"), 3);
  assert_int_equal(count_until_finished("SELECT d FROM b OFFSET 2"), 5);
  assert_int_equal(count_until_finished("SELECT d FROM b ORDER BY d LIMIT 2"), 5);
  assert_int_equal(count_until_finished("SELECT n, count(*) FROM b GROUP BY n LIMIT 1"), 5);
  assert_int_equal(count_until_finished("SELECT count(*) FROM (SELECT d FROM b LIMIT 2)"), 2);
  assert_int_equal(count_until_finished("SELECT d FROM b LIMIT 1 OFFSET 9223372036854775807"), 5);
}

static void a_new_epoch_counts_anew(void **state) {
  (void)state;
  struct plan plan = plan_query("SELECT d FROM b LIMIT 1");
  struct output output = {0};
  struct eagre_chain *chain = make_chain(&plan, &output);
  for (int epoch = 0; epoch < 2; epoch++) {
    eagre_chain_begin(chain, 0);
    assert_int_equal(eagre_chain_push(chain, make_batch(rows, 4), NULL), EAGRE_OK);
  }
  assert_string_equal(output_text(&output), "0.5\n0.5\n");
  output_clear(&output);
  eagre_chain_free(chain);
  free_plan(&plan);
}

static struct eagre_event_time observe(const struct row *seen, uint32_t count,
                                       uint32_t batch_rows) {
  struct plan plan = plan_flow(
      "append", "SELECT n FROM STREAM s WATERMARK ts DELAY OF INTERVAL 1 SECOND WHERE n > 0");
  struct output output = {0};
  struct eagre_event_time event_time;
  struct eagre_chain *chain = make_chain(&plan, &output);
  eagre_chain_begin(chain, 0);
  for (uint32_t i = 0; i < count; i += batch_rows) {
    uint32_t size = count - i < batch_rows ? count - i : batch_rows;
    assert_int_equal(eagre_chain_push(chain, make_batch(seen + i, size), NULL), EAGRE_OK);
  }
  assert_true(eagre_chain_event_time(chain, 0, &event_time));
  struct eagre_event_time other;
  assert_false(eagre_chain_event_time(chain, 1, &other));
  eagre_chain_begin(chain, 0);
  assert_true(eagre_chain_event_time(chain, 0, &other));
  assert_int_equal(other.count, 0);
  output_clear(&output);
  eagre_chain_free(chain);
  free_plan(&plan);
  return event_time;
}

static void event_times_are_floored_and_null_counts_as_1970(void **state) {
  (void)state;
  const struct row seen[] = {
      {-1, "a", 1, 0}, {-2001, "a", 1, 0}, {5999, "a", 1, 0}, {999999, "late", -1, 0}};
  for (uint32_t batch_rows = 1; batch_rows <= 4; batch_rows++) {
    struct eagre_event_time all = observe(seen, 4, batch_rows);
    assert_int_equal(all.count, 3); /* the filter stands below the watermark */
    assert_int_equal(all.maximum_ms, 5);
    assert_int_equal(all.minimum_ms, -3);
    assert_true(fabs(all.sum_ms - 1) < 1e-9);
  }
  const struct row negative[] = {{-5000, "a", 1, 0}, {NO_TIME, "a", 1, 0}};
  struct eagre_event_time with_null = observe(negative, 2, 2);
  assert_int_equal(with_null.count, 2);
  assert_int_equal(with_null.maximum_ms, 0);
  assert_int_equal(with_null.minimum_ms, -5);
  assert_int_equal(observe(negative, 1, 1).maximum_ms, -5);
}

/* A failed batch is freed (the sanitizer says so), and the error says which line it was. */
static void errors_carry_the_line(void **state) {
  (void)state;
  static const char *const selects[] = {
      "SELECT 1 / (n - 4) AS q FROM b WHERE n IS NOT NULL",
      "SELECT n FROM b WHERE n IS NOT NULL AND 1 / (n - 4) > -100",
      "SELECT sum(1 / (n - 4)) AS q FROM b WHERE n IS NOT NULL",
      "SELECT n FROM b WHERE n IS NOT NULL ORDER BY 1 / (n - 4)",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(selects); i++) {
    struct plan plan = plan_query(selects[i]);
    struct output output = {0};
    struct eagre_error error;
    struct eagre_stages *stages = make_stages(&plan, &output);
    assert_int_equal(eagre_stages_push(stages, 0, make_batch(rows, 4), &error), EAGRE_DATA);
    assert_string_equal(error.class_name, "DIVIDE_BY_ZERO");
    assert_string_equal(error.place, "file /in/a, line 4");
    assert_true(error.line > 0);
    output_clear(&output);
    eagre_stages_free(stages);
    free_plan(&plan);
  }
}

static void values_are_rows(void **state) {
  (void)state;
  struct plan plan = plan_query("SELECT * FROM VALUES (1, 'a'), (2L, NULL), (NULL, 'c')");
  struct output output = {0};
  struct eagre_batch *batch = NULL;
  struct eagre_error error;
  assert_int_equal(
      eagre_values_batch(plan.source, &plan.pipeline->expression_session, 0, &batch, &error),
      EAGRE_OK);
  struct eagre_chain *chain = make_chain(&plan, &output);
  eagre_chain_begin(chain, 0);
  assert_int_equal(eagre_chain_push(chain, batch, &error), EAGRE_OK);
  assert_string_equal(output_text(&output), "1|a\n2|NULL\nNULL|c\n");
  output_clear(&output);
  eagre_chain_free(chain);
  free_plan(&plan);

  plan = plan_query("SELECT 1 AS one");
  assert_int_equal(
      eagre_values_batch(plan.source, &plan.pipeline->expression_session, 0, &batch, &error),
      EAGRE_OK);
  assert_int_equal(batch->row_count, 1);
  assert_int_equal(batch->column_count, 0);
  eagre_batch_free(batch);
  free_plan(&plan);

  plan = plan_query("SELECT * FROM VALUES (1), (1 / 0)");
  assert_int_equal(
      eagre_values_batch(plan.source, &plan.pipeline->expression_session, 0, &batch, &error),
      EAGRE_DATA);
  free_plan(&plan);
}

/* ---- What raises a watermark ----------------------------------------------------------------- */

/* Rows of one partition, at those seconds. */
static void push_rows(struct eagre_chain *chain, const char *topic, int32_t partition,
                      int64_t first_s, int64_t second_s) {
  const struct row both[] = {{first_s * 1000000, "a", 1, 1}, {second_s * 1000000, "b", 2, 2}};
  struct eagre_batch *batch = make_batch(both, 2);
  batch->origin.topic = eagre_arena_copy_text(&batch->arena, eagre_text_of(topic));
  batch->origin.partition = partition;
  batch->origin.source = 3;
  assert_int_equal(eagre_chain_push(chain, batch, NULL), EAGRE_OK);
}

/* "source topic partition ms", one after the other. */
static void assert_partitions(const struct eagre_chain *chain, const char *expected) {
  struct eagre_partition_times times = {0};
  struct eagre_buffer text = {0};
  eagre_chain_partition_times(chain, &times);
  for (uint32_t i = 0; i < times.count; i++) {
    const struct eagre_partition_time *time = &times.items[i];
    eagre_buffer_printf(&text, "%s%u %.*s %d %lld", i > 0 ? ", " : "", time->source,
                        (int)time->topic.size, time->topic.data, time->partition,
                        (long long)time->raising_ms);
  }
  assert_string_equal(eagre_buffer_string(&text), expected);
  eagre_buffer_done(&text);
  eagre_partition_times_done(&times);
}

#define MARKED "SELECT ts FROM STREAM s WATERMARK ts DELAY OF INTERVAL 0 SECONDS"

static void partitions_are_told_apart_when_asked_for(void **state) {
  (void)state;
  struct plan plan = plan_flow("append", MARKED);
  struct output output = {0};
  struct eagre_chain *chain = make_chain(&plan, &output);
  eagre_chain_begin(chain, 0);
  push_rows(chain, "a", 0, 10, 11);
  assert_partitions(chain, "");
  for (uint32_t i = 0; i < plan.node_count; i++) {
    plan.nodes[i]->is_per_partition = true;
  }
  eagre_chain_begin(chain, 0);
  push_rows(chain, "a", 0, 10, 12);
  push_rows(chain, "a", 1, 30, 20);
  push_rows(chain, "b", 1, 5, 6);
  push_rows(chain, "a", 0, 11, 10);
  push_rows(chain, "/in/1", -1, 7, 7);
  push_rows(chain, "/in/2", -1, 9, 8);
  assert_partitions(chain, "3 a 0 12000, 3 a 1 30000, 3 b 1 6000, 3  -1 9000");
  eagre_chain_begin(chain, 0);
  push_rows(chain, "b", 1, 4, 4);
  assert_partitions(chain, "3 b 1 4000");
  eagre_chain_free(chain);
  eagre_buffer_done(&output.text);
  free_plan(&plan);
}

static void rows_too_far_ahead_raise_nothing(void **state) {
  (void)state;
  struct plan plan = plan_flow("append", MARKED);
  struct output output = {0};
  struct eagre_event_time seen;
  for (uint32_t i = 0; i < plan.node_count; i++) {
    plan.nodes[i]->is_per_partition = true;
    plan.nodes[i]->has_future_limit = true;
    plan.nodes[i]->future_limit_us = 60000000;
  }
  struct eagre_chain *chain = make_chain(&plan, &output);
  eagre_chain_begin(chain, 100000000);
  push_rows(chain, "a", 0, 99, 161);
  push_rows(chain, "a", 1, 500, 600);
  push_rows(chain, "a", 2, 160, 12);
  assert_true(eagre_chain_event_time(chain, 0, &seen));
  assert_int_equal(seen.count, 6);
  assert_int_equal(seen.maximum_ms, 600000);
  assert_int_equal(seen.raising_ms, 160000);
  assert_int_equal(seen.future_count, 3);
  assert_partitions(chain, "3 a 0 99000, 3 a 2 160000");
  eagre_chain_free(chain);
  eagre_buffer_done(&output.text);
  free_plan(&plan);
}

int run_chain_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(partitions_are_told_apart_when_asked_for),
      cmocka_unit_test(rows_too_far_ahead_raise_nothing),
      cmocka_unit_test(null_conditions_keep_no_row),
      cmocka_unit_test(projects_change_columns),
      cmocka_unit_test(limits_count_across_batches),
      cmocka_unit_test(rows_without_what_a_filter_seeks_are_gone),
      cmocka_unit_test(a_limit_that_has_its_rows_finishes_the_query),
      cmocka_unit_test(a_new_epoch_counts_anew),
      cmocka_unit_test(event_times_are_floored_and_null_counts_as_1970),
      cmocka_unit_test(errors_carry_the_line),
      cmocka_unit_test(values_are_rows),
  };
  return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
