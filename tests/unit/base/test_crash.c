/* Crash points kill a child process at the right time, with proof; wrong settings are refused. */
#include "test_base.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void pass_points(const char *setting) {
  struct eagre_error error;
  setenv("EAGRE_CRASH_AT", setting, 1);
  if (eagre_crash_configure(&error) != EAGRE_OK) _exit(9);
  for (int i = 0; i < 3; i++) {
    eagre_crash_point("epoch.after_offsets");
    eagre_crash_point("epoch.after_run");
  }
}

static void pass_the_first(void) {
  pass_points("epoch.after_run");
}

static void pass_the_third(void) {
  pass_points("epoch.after_offsets:3");
}

static void pass_too_few(void) {
  pass_points("epoch.after_offsets:4");
}

static void pass_unknown_point(void) {
  setenv("EAGRE_CRASH_AT", "epoch.after_run", 1);
  eagre_crash_configure(NULL);
  eagre_crash_point("epoch.no_such_point");
}

static void test_dies_at_the_wanted_point(void **state) {
  (void)state;
  char text[256];
  int status = run_in_child(pass_the_first, text, sizeof text);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGKILL);
  assert_string_equal(text, "crash point epoch.after_run:1\n");
}

static void test_dies_the_nth_time(void **state) {
  (void)state;
  char text[256];
  int status = run_in_child(pass_the_third, text, sizeof text);
  assert_true(WIFSIGNALED(status));
  assert_string_equal(text, "crash point epoch.after_offsets:3\n");
}

static void test_lives_when_not_passed_often_enough(void **state) {
  (void)state;
  char text[256];
  int status = run_in_child(pass_too_few, text, sizeof text);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_string_equal(text, "");
}

static void test_a_point_outside_the_table_is_our_mistake(void **state) {
  (void)state;
  char text[512];
  int status = run_in_child(pass_unknown_point, text, sizeof text);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGABRT);
  assert_non_null(strstr(text, "assertion failed"));
}

static void test_refuses_wrong_settings(void **state) {
  (void)state;
  static const char *const wrong[] = {"",
                                      ":1",
                                      "nonsense",
                                      "epoch.after_run:",
                                      "epoch.after_run:0",
                                      "epoch.after_run:x",
                                      "epoch.after_run:1x",
                                      "epoch.after_run:-1"};
  struct eagre_error error;
  for (size_t i = 0; i < EAGRE_COUNT_OF(wrong); i++) {
    setenv("EAGRE_CRASH_AT", wrong[i], 1);
    assert_int_equal(eagre_crash_configure(&error), EAGRE_USAGE);
    assert_string_equal(error.class_name, "INVALID_CRASH_POINT");
    eagre_crash_point("epoch.after_run"); /* nothing is wanted after a refusal */
  }
  setenv("EAGRE_CRASH_AT", "epoch.after_ofsets", 1);
  assert_int_equal(eagre_crash_configure(&error), EAGRE_USAGE);
  assert_string_equal(error.hint, "did you mean epoch.after_offsets?");
  unsetenv("EAGRE_CRASH_AT");
  assert_int_equal(eagre_crash_configure(&error), EAGRE_OK);
}

int run_crash_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dies_at_the_wanted_point),
      cmocka_unit_test(test_dies_the_nth_time),
      cmocka_unit_test(test_lives_when_not_passed_often_enough),
      cmocka_unit_test(test_a_point_outside_the_table_is_our_mistake),
      cmocka_unit_test(test_refuses_wrong_settings),
  };
  return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
