/* Errors: what is filled, what is kept, how long texts are cut; statuses and asserts. */
#include "test_base.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static void test_init_clears(void **state) {
  (void)state;
  struct eagre_error error;
  memset(&error, 0xff, sizeof error);
  eagre_error_init(&error);
  assert_int_equal(error.status, EAGRE_OK);
  assert_string_equal(error.class_name, "");
  assert_int_equal(error.row, -1);
  assert_int_equal(error.line, 0);
}

static void test_set_fills_and_returns_the_status(void **state) {
  (void)state;
  struct eagre_error error;
  eagre_error_init(&error);
  eagre_error_hint(&error, "an old hint");
  eagre_error_place(&error, "an old place");
  assert_int_equal(eagre_error_set(&error, EAGRE_DATA, "CAST_INVALID_INPUT", "row %d", 7),
                   EAGRE_DATA);
  assert_string_equal(error.class_name, "CAST_INVALID_INPUT");
  assert_string_equal(error.text, "row 7");
  assert_string_equal(error.hint, "");
  assert_string_equal(error.place, "");
  assert_int_equal(error.row, -1);
  assert_int_equal(eagre_error_set(NULL, EAGRE_IO, "X", "nobody listens"), EAGRE_IO);
  eagre_error_hint(NULL, "nor here");
  eagre_error_place(NULL, "nor here");
}

static void test_the_first_place_stays(void **state) {
  (void)state;
  struct eagre_error error;
  eagre_error_set(&error, EAGRE_DATA, "X", "text");
  eagre_error_place(&error, "topic %s", "orders");
  eagre_error_place(&error, "somewhere else");
  assert_string_equal(error.place, "topic orders");
}

static void test_a_long_text_is_cut_between_characters(void **state) {
  (void)state;
  struct eagre_error error;
  for (size_t prefix_size = 0; prefix_size < 4; prefix_size++) {
    char text[1000] = "xxx";
    size_t size = prefix_size;
    while (size + 4 < sizeof text) {
      memcpy(text + size, "\xf0\x9f\x98\x80", 4);
      size += 4;
    }
    text[size] = '\0';
    eagre_error_set(&error, EAGRE_DATA, "X", "%s", text);
    size_t cut_size = strlen(error.text);
    assert_true(cut_size > sizeof error.text - 5);
    assert_int_equal((cut_size - prefix_size) % 4, 0);
  }
}

static void test_system_errors_keep_their_reason(void **state) {
  (void)state;
  struct eagre_error error;
  assert_int_equal(
      eagre_error_system(&error, EAGRE_IO, "FILE_WRITE_FAILED", ENOSPC, "write %s", "/a/b"),
      EAGRE_IO);
  assert_string_equal(error.text, "write /a/b: No space left on device");
  char path[2000];
  memset(path, 'p', sizeof path - 1);
  path[sizeof path - 1] = '\0';
  eagre_error_system(&error, EAGRE_IO, "FILE_WRITE_FAILED", EACCES, "open %s", path);
  assert_non_null(strstr(error.text, "p: Permission denied"));
}

static void test_statuses_have_names_and_exits(void **state) {
  (void)state;
  assert_string_equal(eagre_status_name(EAGRE_OK), "OK");
  assert_string_equal(eagre_status_name(EAGRE_CANCELLED), "CANCELLED");
  assert_int_equal(eagre_status_exit(EAGRE_OK), 0);
  assert_int_equal(eagre_status_exit(EAGRE_USAGE), 2);
  assert_int_equal(eagre_status_exit(EAGRE_CHECK), 6);
}

static enum eagre_status try_twice(enum eagre_status first, enum eagre_status second, int *calls) {
  ++*calls;
  EAGRE_TRY(first);
  ++*calls;
  EAGRE_TRY(second);
  ++*calls;
  return EAGRE_OK;
}

static void test_try_returns_at_the_first_failure(void **state) {
  (void)state;
  int calls = 0;
  assert_int_equal(try_twice(EAGRE_OK, EAGRE_IO, &calls), EAGRE_IO);
  assert_int_equal(calls, 2);
  calls = 0;
  assert_int_equal(try_twice(EAGRE_OK, EAGRE_OK, &calls), EAGRE_OK);
  assert_int_equal(calls, 3);
}

static void fail_assert(void) {
  int one = 1;
  eagre_assert(one == 2);
}

static void test_an_assert_names_its_condition(void **state) {
  (void)state;
  char text[512];
  int status = run_in_child(fail_assert, text, sizeof text);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGABRT);
  assert_non_null(strstr(text, "one == 2"));
  assert_non_null(strstr(text, "test_error.c"));
}

int run_error_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_init_clears),
      cmocka_unit_test(test_set_fills_and_returns_the_status),
      cmocka_unit_test(test_the_first_place_stays),
      cmocka_unit_test(test_a_long_text_is_cut_between_characters),
      cmocka_unit_test(test_system_errors_keep_their_reason),
      cmocka_unit_test(test_statuses_have_names_and_exits),
      cmocka_unit_test(test_try_returns_at_the_first_failure),
      cmocka_unit_test(test_an_assert_names_its_condition),
  };
  return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
