/* Allocation and buffers; JSON string escapes byte for byte. */
#include "test_base.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static void test_empty_allocations_are_not_null(void **state) {
  (void)state;
  void *a = eagre_allocate(0);
  void *b = eagre_allocate_zeroed(0, 8);
  a = eagre_reallocate(a, 0);
  assert_non_null(a);
  assert_non_null(b);
  eagre_free(a);
  eagre_free(b);
  eagre_free(NULL);
}

static void allocate_overflow(void) {
  volatile size_t count = SIZE_MAX / 2;
  eagre_free(eagre_allocate_zeroed(count, 4));
}

static void test_an_overflowing_product_ends_the_process(void **state) {
  (void)state;
  char text[512];
  int status = run_in_child(allocate_overflow, text, sizeof text);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGABRT);
  assert_non_null(strstr(text, "out of memory"));
}

static void test_buffers_grow_and_keep_content(void **state) {
  (void)state;
  struct eagre_buffer buffer = {0};
  assert_string_equal(eagre_buffer_string(&buffer), "");
  for (int i = 0; i < 1000; i++) {
    eagre_buffer_append_char(&buffer, (char)('a' + i % 26));
  }
  eagre_buffer_append_string(&buffer, "end");
  eagre_buffer_append(&buffer, NULL, 0);
  eagre_buffer_append_text(&buffer, EAGRE_TEXT("!"));
  assert_int_equal(buffer.size, 1004);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(buffer.data[i], 'a' + i % 26);
  }
  assert_string_equal(eagre_buffer_string(&buffer) + 1000, "end!");
  assert_int_equal(buffer.size, 1004);
  eagre_buffer_clear(&buffer);
  assert_int_equal(eagre_buffer_text(&buffer).size, 0);
  eagre_buffer_done(&buffer);
  eagre_buffer_append_string(&buffer, "again");
  assert_string_equal(eagre_buffer_string(&buffer), "again");
  eagre_buffer_done(&buffer);
}

static void test_printf_appends_texts_of_any_length(void **state) {
  (void)state;
  struct eagre_buffer buffer = {0};
  size_t expected = 0;
  for (int length = 0; length < 200; length++) {
    eagre_buffer_printf(&buffer, "%*d", length, 7);
    expected += length == 0 ? 1 : (size_t)length;
    assert_int_equal(buffer.size, expected);
    assert_int_equal(buffer.data[buffer.size - 1], '7');
  }
  eagre_buffer_done(&buffer);
}

static void check_json(struct eagre_text text, const char *expected) {
  struct eagre_buffer buffer = {0};
  eagre_buffer_append_json_string(&buffer, text);
  assert_string_equal(eagre_buffer_string(&buffer), expected);
  eagre_buffer_done(&buffer);
}

static void test_json_strings_escape_as_spark(void **state) {
  (void)state;
  check_json((struct eagre_text){0}, "\"\"");
  check_json(EAGRE_TEXT("plain"), "\"plain\"");
  check_json(EAGRE_TEXT("\"\\\b\t\n\f\r"), "\"\\\"\\\\\\b\\t\\n\\f\\r\"");
  check_json(eagre_text_make("a\0b", 3), "\"a\\u0000b\"");
  check_json(EAGRE_TEXT("\x1f\x0b"), "\"\\u001F\\u000B\"");
  check_json(EAGRE_TEXT("/<\x7f\xe2\x80\xa8\xc3\xa9"), "\"/<\x7f\xe2\x80\xa8\xc3\xa9\"");
  check_json(EAGRE_TEXT("\nx\n"), "\"\\nx\\n\"");
}

static void test_duplicates_are_terminated(void **state) {
  (void)state;
  char *copy = eagre_text_duplicate(eagre_text_make("abcdef", 3));
  assert_string_equal(copy, "abc");
  eagre_free(copy);
  copy = eagre_text_duplicate((struct eagre_text){0});
  assert_string_equal(copy, "");
  eagre_free(copy);
}

int run_memory_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_empty_allocations_are_not_null),
      cmocka_unit_test(test_an_overflowing_product_ends_the_process),
      cmocka_unit_test(test_buffers_grow_and_keep_content),
      cmocka_unit_test(test_printf_appends_texts_of_any_length),
      cmocka_unit_test(test_json_strings_escape_as_spark),
      cmocka_unit_test(test_duplicates_are_terminated),
  };
  return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
