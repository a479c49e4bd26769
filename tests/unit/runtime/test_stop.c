/* Stopping: after the current epoch, at once, by time-out; and going on afterwards. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "test_runtime.h"

#define RATE(rows)                                                                                 \
  "CREATE SINK x USING noop; CREATE FLOW f AS INSERT INTO x SELECT value + 1 AS v FROM STREAM "    \
  "rate(rowsPerSecond => " rows ")"

static void a_stop_finishes_the_epoch(void **state) {
  struct fixture *fixture = *state;
  for (int is_split = 0; is_split < 2; is_split++) {
    bind(fixture, RATE("1000"));
    fixture->options.placement = is_split ? EAGRE_RUNTIME_SPLIT : EAGRE_RUNTIME_FUSED;
    fixture->stop_after = 2;
    assert_int_equal(run(fixture), EAGRE_OK);
    assert_int_equal(fixture->report_count, 2);
  }
  /* Every reported epoch was committed: the second run began where the first ended. */
  assert_true(exists(fixture, "storage/checkpoints/f/commits/0"));
  assert_non_null(strstr(eagre_buffer_string(&fixture->reports), "\"batchId\":2,"));
}

static void a_stop_before_the_run_runs_nothing(void **state) {
  struct fixture *fixture = *state;
  bind(fixture, RATE("1000"));
  assert_int_equal(make(fixture), EAGRE_OK);
  eagre_runtime_stop(fixture->runtime);
  assert_int_equal(eagre_runtime_run(fixture->runtime, NULL, &fixture->error), EAGRE_OK);
  assert_int_equal(fixture->report_count, 0);
}

static void *run_thread(void *argument) {
  struct fixture *fixture = argument;
  enum eagre_status status = eagre_runtime_run(fixture->runtime, NULL, &fixture->error);
  return (void *)(intptr_t)status;
}

/* A flow whose second epoch would last for minutes; waits until it has begun. */
static pthread_t begin_long_epoch(struct fixture *fixture, bool is_split) {
  pthread_t thread;
  bind(fixture, RATE("2000000000"));
  fixture->options.placement = is_split ? EAGRE_RUNTIME_SPLIT : EAGRE_RUNTIME_FUSED;
  assert_int_equal(make(fixture), EAGRE_OK);
  assert_int_equal(pthread_create(&thread, NULL, run_thread, fixture), 0);
  uint32_t count = 0;
  const struct eagre_flow_metrics *metrics = eagre_runtime_metrics(fixture->runtime, &count);
  while (atomic_load(&metrics->values[EAGRE_METRIC_EPOCHS]) == 0) {
    usleep(1000);
  }
  while (!exists(fixture, "storage/checkpoints/f/offsets/1")) {
    usleep(1000);
  }
  usleep(50000);
  return thread;
}

/* How long the thread takes to end. */
static int64_t join(pthread_t thread) {
  int64_t begin_us = eagre_clock_wall_us();
  void *status = NULL;
  assert_int_equal(pthread_join(thread, &status), 0);
  assert_int_equal((intptr_t)status, EAGRE_OK);
  return eagre_clock_wall_us() - begin_us;
}

static void a_second_stop_abandons_the_epoch(void **state) {
  struct fixture *fixture = *state;
  for (int is_split = 0; is_split < 2; is_split++) {
    pthread_t thread = begin_long_epoch(fixture, is_split);
    eagre_runtime_stop(fixture->runtime);
    eagre_runtime_stop(fixture->runtime);
    assert_true(join(thread) < 10000000);
    assert_true(exists(fixture, "storage/checkpoints/f/offsets/1"));
    assert_false(exists(fixture, "storage/checkpoints/f/commits/1"));
    scratch_remove(fixture->directory);
    fixture->directory = scratch_make_fast();
  }
}

static void a_stop_that_takes_too_long_abandons_the_epoch(void **state) {
  struct fixture *fixture = *state;
  fixture->options.stop_timeout_us = 100000;
  pthread_t thread = begin_long_epoch(fixture, false);
  eagre_runtime_stop(fixture->runtime);
  int64_t waited_us = join(thread);
  assert_true(waited_us > 50000 && waited_us < 10000000);
  assert_false(exists(fixture, "storage/checkpoints/f/commits/1"));
}

/* A flow that waits for its next tick hears the stop at once. */
static void a_stop_ends_a_long_wait(void **state) {
  struct fixture *fixture = *state;
  bind(fixture, "CREATE SINK x USING noop; CREATE FLOW f OPTIONS ('trigger' = 'processing time 1 "
                "day') AS INSERT INTO x SELECT * FROM STREAM rate()");
  fixture->stop_after = 1;
  int64_t begin_us = eagre_clock_wall_us();
  assert_int_equal(run(fixture), EAGRE_OK);
  assert_true(eagre_clock_wall_us() - begin_us < 10000000);
}

int run_stop_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_stop_finishes_the_epoch),
      FIXTURE_TEST(a_stop_before_the_run_runs_nothing),
      FIXTURE_TEST(a_second_stop_abandons_the_epoch),
      FIXTURE_TEST(a_stop_that_takes_too_long_abandons_the_epoch),
      FIXTURE_TEST(a_stop_ends_a_long_wait),
  };
  return cmocka_run_group_tests_name("stopping", tests, NULL, NULL);
}
