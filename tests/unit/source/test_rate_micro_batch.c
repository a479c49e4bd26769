/* The rate-micro-batch source: Spark's positions and rows. */
#include "test_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct eagre_text beginning = {0};
static const struct eagre_source_limits unlimited = {0};

static void open_steps(struct fixture *fixture, const char *rows) {
  plan_rate(fixture);
  fixture->plan.kind = EAGRE_SOURCE_RATE_MICRO_BATCH;
  fixture->plan.options.scope = EAGRE_OPTION_READ_RATE_MICRO_BATCH;
  add_option(fixture, "rowsPerBatch", rows);
  add_option(fixture, "startTimestamp", "1000");
  add_option(fixture, "advanceMillisPerBatch", "500");
  open_stream(fixture);
}

/* Spark 4.2: rowsPerBatch 5, startTimestamp 1000, advanceMillisPerBatch 500. */
static void test_positions_and_rows_are_those_of_spark(void **state) {
  struct fixture *fixture = *state;
  open_steps(fixture, "5");
  struct step first = plan_step(fixture, beginning, unlimited);
  assert_text(first.end, "{\"offset\":5,\"timestamp\":1500}");
  assert_true(first.has_new);
  assert_false(first.is_at_fixed_end);
  assert_string_equal(read_range(fixture, beginning, first.end),
                      "{\"timestamp\":\"1970-01-01T00:00:01.000Z\",\"value\":0}\n"
                      "{\"timestamp\":\"1970-01-01T00:00:01.000Z\",\"value\":1}\n"
                      "{\"timestamp\":\"1970-01-01T00:00:01.000Z\",\"value\":2}\n"
                      "{\"timestamp\":\"1970-01-01T00:00:01.000Z\",\"value\":3}\n"
                      "{\"timestamp\":\"1970-01-01T00:00:01.000Z\",\"value\":4}\n");
  struct step second = plan_step(fixture, first.end, unlimited);
  assert_text(second.end, "{\"offset\":10,\"timestamp\":2000}");
  const char *rows = read_range(fixture, first.end, second.end);
  assert_int_equal(count_lines(rows), 5);
  assert_non_null(strstr(rows, "{\"timestamp\":\"1970-01-01T00:00:01.500Z\",\"value\":9}\n"));
  assert_string_equal(read_range(fixture, second.end, second.end), "");
}

static void test_every_value_is_read_by_one_core(void **state) {
  struct fixture *fixture = *state;
  fixture->core_count = 3;
  open_steps(fixture, "20000");
  struct step step = plan_step(fixture, beginning, unlimited);
  const char *rows = read_range(fixture, beginning, step.end);
  assert_int_equal(count_lines(rows), 20000);
  for (int value = 0; value < 20000; value += 1999) {
    const char *wanted = eagre_arena_printf(&fixture->arena, "\"value\":%d}\n", value).data;
    const char *at = strstr(rows, wanted);
    assert_non_null(at);
    assert_null(strstr(at + 1, wanted));
  }
}

/* "available now" is one epoch, wherever the stream stands. */
static void test_a_fixed_end_stays(void **state) {
  struct fixture *fixture = *state;
  const struct eagre_source_limits fixed = {.fix_end = true};
  open_steps(fixture, "5");
  struct step step = plan_step(fixture, EAGRE_TEXT("{\"offset\":5,\"timestamp\":1500}"), fixed);
  assert_true(step.has_new && step.is_at_fixed_end);
  assert_text(step.end, "{\"offset\":10,\"timestamp\":2000}");
  step = plan_step(fixture, step.end, fixed);
  assert_false(step.has_new);
  assert_text(step.end, "{\"offset\":10,\"timestamp\":2000}");
}

static void test_damage_is_named(void **state) {
  struct fixture *fixture = *state;
  static const char *const damaged[] = {
      "7",
      "{}",
      "{\"offset\":5}",
      "{\"offset\":-5,\"timestamp\":1500}",
      "{\"offset\":5,\"timestamp\":\"x\"}",
      "{\"offset\":5,\"timestamp\":1500",
  };
  struct eagre_source_plan plan;
  open_steps(fixture, "5");
  for (size_t i = 0; i < EAGRE_COUNT_OF(damaged); i++) {
    eagre_error_init(&fixture->error);
    assert_int_equal(eagre_source_plan(fixture->source, eagre_text_of(damaged[i]), &unlimited,
                                       &fixture->arena, &plan, &fixture->error),
                     EAGRE_UNSAFE);
    assert_string_equal(fixture->error.class_name, "MALFORMED_LOG_FILE");
  }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int run_rate_micro_batch_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_positions_and_rows_are_those_of_spark),
      TEST(test_every_value_is_read_by_one_core),
      TEST(test_a_fixed_end_stays),
      TEST(test_damage_is_named),
  };
  return cmocka_run_group_tests_name("source: rate-micro-batch", tests, NULL, NULL);
}
