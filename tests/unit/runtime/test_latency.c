/* How long records take to their results: what waits is counted once it is out, and stays
 * bounded. */
#include "test_runtime.h"

static int64_t monotonic_us(void) {
  return (int64_t)(eagre_clock_monotonic_ns() / 1000);
}

static const int64_t HOUR_US = INT64_C(3600000000);

static void rows_count_when_their_results_are_out(void **state) {
  (void)state;
  struct runtime_latency *latency = eagre_runtime_latency_new();
  const struct eagre_origin known = {.written_ms = eagre_clock_wall_us() / 1000 - 3600000,
                                     .read_us = monotonic_us() - HOUR_US / 2};
  const struct eagre_origin unknown = {.written_ms = -1, .read_us = monotonic_us()};
  eagre_runtime_latency_wait(latency, &known, 3);
  eagre_runtime_latency_wait(latency, &unknown, 4);
  eagre_runtime_latency_wait(latency, &unknown, 0);
  assert_int_equal(latency->engine.count, 0);
  eagre_runtime_latency_release(latency);
  eagre_runtime_latency_release(latency);
  assert_int_equal(latency->engine.count, 7);
  assert_int_equal(latency->record.count, 3);
  assert_true(latency->record.minimum >= (uint64_t)HOUR_US);
  assert_true(latency->engine.maximum >= (uint64_t)HOUR_US / 2);
  eagre_free(latency);
}

static void clocks_ahead_of_ours_took_no_time(void **state) {
  (void)state;
  struct runtime_latency *latency = eagre_runtime_latency_new();
  const struct eagre_origin ahead = {.written_ms = (eagre_clock_wall_us() + HOUR_US) / 1000,
                                     .read_us = monotonic_us()};
  eagre_runtime_latency_wait(latency, &ahead, 1);
  eagre_runtime_latency_release(latency);
  assert_int_equal(latency->record.count, 1);
  assert_int_equal(latency->record.maximum, 0);
  eagre_free(latency);
}

/* Batches without end: every row is counted, none as younger than it is. */
static void what_waits_stays_bounded(void **state) {
  (void)state;
  enum { BATCHES = 5000 };
  struct runtime_latency *latency = eagre_runtime_latency_new();
  int64_t begin_us = monotonic_us() - HOUR_US;
  for (int64_t i = 0; i < BATCHES; i++) {
    const struct eagre_origin origin = {.read_us = begin_us + i};
    eagre_runtime_latency_wait(latency, &origin, 2);
  }
  assert_true(latency->waiting_count <= RUNTIME_LATENCY_WAITING_MAX);
  eagre_runtime_latency_release(latency);
  assert_int_equal(latency->engine.count, 2 * BATCHES);
  assert_true(latency->engine.minimum >= (uint64_t)HOUR_US - BATCHES);
  eagre_free(latency);
}

static void cores_give_what_they_hold_to_the_flow(void **state) {
  (void)state;
  struct runtime_latency *flow = eagre_runtime_latency_new();
  struct runtime_latency *core = eagre_runtime_latency_new();
  const struct eagre_origin origin = {.written_ms = 1, .read_us = 1};
  for (int i = 0; i < 2; i++) {
    eagre_runtime_latency_wait(core, &origin, 5);
    eagre_runtime_latency_release(core);
    eagre_runtime_latency_wait(core, &origin, 1);
    eagre_runtime_latency_move(flow, core);
    assert_int_equal(core->waiting_count + core->engine.count + core->record.count, 0);
  }
  assert_int_equal(flow->engine.count, 10);
  assert_int_equal(flow->waiting_count, 2);
  eagre_runtime_latency_release(flow);
  assert_int_equal(flow->engine.count, 12);
  assert_int_equal(flow->record.count, 12);
  eagre_free(flow);
  eagre_free(core);
}

int run_latency_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_count_when_their_results_are_out),
      cmocka_unit_test(clocks_ahead_of_ours_took_no_time),
      cmocka_unit_test(what_waits_stays_bounded),
      cmocka_unit_test(cores_give_what_they_hold_to_the_flow),
  };
  return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
