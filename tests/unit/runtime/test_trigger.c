/* When the next epoch starts. */
#include "test_runtime.h"

/* What a flow with `options` that began its last step at `begin_us` waits at `now_us`. */
static int64_t wait_us(const char *settings, const char *trigger, int64_t begin_us, bool has_run,
                       int64_t now_us) {
  struct eagre_buffer sql = {0};
  struct eagre_pipeline *pipeline = NULL;
  struct eagre_error error;
  eagre_buffer_printf(&sql,
                      "%s CREATE SINK x USING noop; CREATE FLOW f OPTIONS ('trigger' = '%s') AS "
                      "INSERT INTO x SELECT * FROM STREAM rate()",
                      settings, trigger);
  const struct eagre_plan_request request = {.source = eagre_buffer_text(&sql),
                                             .storage = EAGRE_TEXT("/s")};
  assert_int_equal(eagre_plan_pipeline(&request, &pipeline, &error), EAGRE_OK);
  const struct runtime_flow flow = {.plan = &pipeline->flows[0], .step_begin_us = begin_us};
  int64_t wait = eagre_runtime_trigger_wait_us(&flow, has_run, now_us);
  eagre_pipeline_free(pipeline);
  eagre_buffer_done(&sql);
  return wait;
}

static void ticks_are_multiples_of_the_interval(void **state) {
  (void)state;
  const char *trigger = "processing time 10 seconds";
  const int64_t second = 1000000;
  assert_int_equal(wait_us("", trigger, 100 * second, true, 101 * second), 9 * second);
  assert_int_equal(wait_us("", trigger, 109 * second, true, 109 * second), 1 * second);
  assert_int_equal(wait_us("", trigger, 100 * second, false, 104 * second), 6 * second);
  /* It overran its tick: the next follows at once, and then ticks are kept again. */
  assert_int_equal(wait_us("", trigger, 100 * second, true, 117 * second), 0);
  assert_int_equal(wait_us("", trigger, 117 * second, true, 118 * second), 2 * second);
  assert_int_equal(wait_us("", trigger, 100 * second, true, 110 * second), 0);
}

static void other_triggers_wait_only_when_idle(void **state) {
  (void)state;
  static const char *const triggers[] = {"default", "once", "available now",
                                         "processing time 0 seconds"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(triggers); i++) {
    assert_int_equal(wait_us("", triggers[i], 1, true, 2), 0);
    assert_int_equal(wait_us("", triggers[i], 1, false, 2), 10000);
    assert_int_equal(
        wait_us("SET spark.sql.streaming.pollingDelay = '3 seconds';", triggers[i], 1, false, 2),
        3000000);
  }
}

static void huge_intervals_do_not_overflow(void **state) {
  (void)state;
  int64_t now_us = eagre_clock_wall_us();
  int64_t wait = wait_us("", "processing time 106751991 days", now_us - 1000000, true, now_us);
  assert_true(wait > INT64_C(1000000) * 86400 * 365);
}

int run_trigger_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ticks_are_multiples_of_the_interval),
      cmocka_unit_test(other_triggers_wait_only_when_idle),
      cmocka_unit_test(huge_intervals_do_not_overflow),
  };
  return cmocka_run_group_tests_name("triggers", tests, NULL, NULL);
}
