/* Steps in their order, triggers, epochs without data, and what a failure leaves. */
#include <stdio.h>

#include "test_epoch.h"

static void an_epoch_goes_through_its_steps(void **state) {
  (void)state;
  struct world *world = open_stateless("");
  world->available = 3;
  start_world(world);
  assert_string_equal(take_log(world), "source start");
  assert_int_equal(eagre_epoch_next(world->epoch), 0);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_string_equal(take_log(world),
                      "assign 0..3; begin 0; run 0 evict 0 late 0; prepare 0; commit 0; "
                      "source done 3; purge 0");
  assert_int_equal(step(world), EAGRE_EPOCH_IDLE);
  assert_string_equal(take_log(world), "");
  assert_false(eagre_epoch_last(world->epoch)->has_run);
  world->available = 5;
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_true(eagre_epoch_last(world->epoch)->has_run);
  assert_string_equal(sink_lines(world), "0:0..3 1:3..5");
  close_world(world);
}

/* As Spark: the first epoch runs even without data. */
static void the_first_epoch_always_runs(void **state) {
  (void)state;
  struct world *world = open_stateless("");
  start_world(world);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_int_equal(step(world), EAGRE_EPOCH_IDLE);
  assert_string_equal(sink_lines(world), "0:0..0");
  close_world(world);
}

static void a_rate_limit_leaves_a_backlog(void **state) {
  (void)state;
  struct world *world = open_stateless("");
  world->available = 5;
  world->limit = 2;
  start_world(world);
  const bool backlog[] = {true, true, false};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(step(world), EAGRE_EPOCH_RAN);
    assert_int_equal(eagre_epoch_has_backlog(world->epoch), backlog[i]);
  }
  assert_string_equal(sink_lines(world), "0:0..2 1:2..4 2:4..5");
  close_world(world);
}

static void once_runs_one_epoch_without_limit(void **state) {
  (void)state;
  struct world *world = open_stateless("SET eagre.trigger = once;");
  world->available = 5;
  world->limit = 2;
  start_world(world);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  world->available = 9;
  assert_int_equal(step(world), EAGRE_EPOCH_FINISHED);
  assert_int_equal(step(world), EAGRE_EPOCH_FINISHED);
  assert_string_equal(sink_lines(world), "0:0..5");
  close_world(world);
}

static void available_now_ends_where_it_began(void **state) {
  (void)state;
  struct world *world = open_stateless("SET eagre.trigger = 'available now';");
  world->available = 5;
  world->limit = 2;
  start_world(world);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(step(world), EAGRE_EPOCH_RAN);
    world->available = 100;
  }
  assert_int_equal(step(world), EAGRE_EPOCH_FINISHED);
  stop_world(world);
  world->available = 5;
  start_world(world);
  assert_int_equal(step(world), EAGRE_EPOCH_FINISHED);
  assert_string_equal(sink_lines(world), "0:0..2 1:2..4 2:4..5");
  close_world(world);
}

/* Runs epochs 0 and 1, then fails in epoch 2 at `failure`. */
static void fail_and_recover(enum failure failure, enum eagre_status status, const char *log) {
  struct world *world = open_stateful("", "update");
  enum eagre_epoch_outcome outcome;
  world->limit = 1;
  world->available = 3;
  start_world(world);
  step(world);
  step(world);
  take_log(world);
  world->failure = failure;
  world->failure_status = status;
  for (int i = 0; i < 2; i++) { /* the second call is refused with the same words */
    struct eagre_error error;
    eagre_error_init(&error);
    assert_int_equal(eagre_epoch_step(world->epoch, &outcome, &error), status);
    assert_string_equal(error.class_name, "SCRIPTED");
    assert_int_equal(error.status, status);
  }
  assert_string_equal(take_log(world), log);
  world->failure = FAIL_NOWHERE;
  stop_world(world);
  start_world(world);
  assert_string_equal(take_log(world), "load 2 of 2 cores");
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_string_equal(sink_lines(world), "0:0..1 1:1..2 2:2..3");
  close_world(world);
}

static void a_failure_breaks_the_object_and_a_new_one_goes_on(void **state) {
  (void)state;
  fail_and_recover(FAIL_PLAN, EAGRE_IO, "abort");
  fail_and_recover(FAIL_RUN, EAGRE_DATA, "assign 2..3; begin 2; run 2 evict 0 late 0; abort");
  fail_and_recover(FAIL_RUN, EAGRE_CANCELLED, "assign 2..3; begin 2; run 2 evict 0 late 0; abort");
  fail_and_recover(FAIL_PREPARE, EAGRE_IO, "assign 2..3; begin 2; run 2 evict 0 late 0; abort");
  fail_and_recover(FAIL_COMMIT, EAGRE_UNSAFE,
                   "assign 2..3; begin 2; run 2 evict 0 late 0; prepare 2; abort");
}

static void a_failing_load_is_a_failing_start(void **state) {
  (void)state;
  struct world *world = open_stateful("", "update");
  start_world(world);
  step(world);
  stop_world(world);
  world->failure = FAIL_LOAD;
  world->failure_status = EAGRE_UNSAFE;
  assert_int_equal(try_start(world), EAGRE_UNSAFE);
  assert_string_equal(world->error.class_name, "SCRIPTED");
  close_world(world);
}

/* Old logs go, and what a start needs stays. */
static void old_epochs_are_purged(void **state) {
  (void)state;
  struct world *world = open_stateless("SET spark.sql.streaming.minBatchesToRetain = 2;");
  world->available = 6;
  world->limit = 1;
  start_world(world);
  for (int i = 0; i < 6; i++) {
    step(world);
  }
  size_t size = 0;
  const char *const places[] = {"c/offsets", "c/commits", "c/eagre/prepared"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(places); i++) {
    for (int number = 0; number < 6; number++) {
      char name[64];
      snprintf(name, sizeof name, "%s/%d", places[i], number);
      char *content = scratch_read(scratch_path(world->directory, name), &size);
      assert_int_equal(content != NULL, number >= 3);
      eagre_free(content);
    }
  }
  stop_world(world);
  world->available = 7;
  start_world(world);
  assert_int_equal(step(world), EAGRE_EPOCH_RAN);
  assert_int_equal(eagre_epoch_next(world->epoch), 7);
  close_world(world);
}

int run_protocol_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_epoch_goes_through_its_steps),
      cmocka_unit_test(the_first_epoch_always_runs),
      cmocka_unit_test(a_rate_limit_leaves_a_backlog),
      cmocka_unit_test(once_runs_one_epoch_without_limit),
      cmocka_unit_test(available_now_ends_where_it_began),
      cmocka_unit_test(a_failure_breaks_the_object_and_a_new_one_goes_on),
      cmocka_unit_test(a_failing_load_is_a_failing_start),
      cmocka_unit_test(old_epochs_are_purged),
  };
  return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
