/* Looking again before sleeping. */
#include "test_runtime.h"

static void nobody_spins_who_was_not_asked_to(void **state) {
  (void)state;
  struct runtime_spin spin = {0};
  eagre_runtime_spin_allow(&spin, 0);
  assert_false(eagre_runtime_spin(&spin));
}

/* The limit counts from when work ran out, and anew after there was some. */
static void the_limit_counts_from_the_last_work(void **state) {
  (void)state;
  const int64_t hour_us = INT64_C(3600) * 1000000;
  struct runtime_spin spin = {0};
  eagre_runtime_spin_allow(&spin, hour_us);
  assert_true(eagre_runtime_spin(&spin));
  assert_true(eagre_runtime_spin(&spin));
  spin.idle_since_us -= hour_us; /* so long ago */
  assert_false(eagre_runtime_spin(&spin));
  assert_false(eagre_runtime_spin(&spin));
  eagre_runtime_spin_reset(&spin);
  assert_true(eagre_runtime_spin(&spin));
}

static void the_flow_that_wants_most_counts(void **state) {
  (void)state;
  struct fixture *fixture = *state;
  bind(fixture, "CREATE SINK x USING noop;"
                "CREATE FLOW a OPTIONS ('eagre.busyPollMicros' = '300') AS "
                "INSERT INTO x SELECT * FROM STREAM rate();"
                "CREATE FLOW b AS INSERT INTO x SELECT * FROM STREAM rate();"
                "CREATE FLOW c OPTIONS ('eagre.busyPollMicros' = '20') AS "
                "INSERT INTO x SELECT * FROM STREAM rate()");
  fixture->options.core_count = 2;
  assert_int_equal(make(fixture), EAGRE_OK);
  static const int64_t wanted[] = {300, 0, 20};
  for (uint32_t i = 0; i < EAGRE_COUNT_OF(wanted); i++) {
    assert_int_equal(fixture->runtime->flows[i].spin.limit_us, wanted[i]);
  }
  assert_int_equal(fixture->runtime->cores[0].spin.limit_us, 300);
  assert_int_equal(fixture->runtime->cores[1].spin.limit_us, 300);
}

int run_spin_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nobody_spins_who_was_not_asked_to),
      cmocka_unit_test(the_limit_counts_from_the_last_work),
      FIXTURE_TEST(the_flow_that_wants_most_counts),
  };
  return cmocka_run_group_tests_name("spinning", tests, NULL, NULL);
}
