/* The sink that throws rows away. */
#include "test_sink.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_everything_is_taken(void **state) {
  struct fixture *fixture = *state;
  struct eagre_sink_recovery recovery;
  plan_sink(fixture, EAGRE_SINK_NOOP, "a INT");
  open_sink(fixture);
  run_epoch(fixture, 0, "t", "{\"a\":1}");
  run_epoch(fixture, 1, "t", "");
  eagre_sink_writer_abort(fixture->writers[0]);
  assert_int_equal(eagre_sink_recover(fixture->sink, &recovery, &fixture->error), EAGRE_OK);
  assert_int_equal(recovery.knowledge, EAGRE_SINK_UNKNOWING);
  assert_int_equal(eagre_sink_purge(fixture->sink, 1, &fixture->error), EAGRE_OK);
  assert_string_equal(eagre_sink_description(fixture->sink), "NoopTable");
  assert_int_equal(fixture->printed.size, 0);
}

int run_noop_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_everything_is_taken, open_fixture, close_fixture),
  };
  return cmocka_run_group_tests_name("sink: noop", tests, NULL, NULL);
}
