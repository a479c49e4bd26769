/* Log lines reach the sink whole, at or above the level, and nobody when there is no sink. */
#include "test_base.h"

#include <string.h>

struct captured {
  int count;
  enum eagre_log_level level;
  char line[8192];
};

static void capture_line(void *context, enum eagre_log_level level, const char *line) {
  struct captured *captured = context;
  captured->count++;
  captured->level = level;
  strncpy(captured->line, line, sizeof captured->line - 1);
}

static void test_lines_below_the_level_are_dropped(void **state) {
  (void)state;
  struct captured captured = {0};
  eagre_log_set(capture_line, &captured, EAGRE_LOG_WARNING);
  eagre_log(EAGRE_LOG_INFO, "quiet");
  assert_int_equal(captured.count, 0);
  eagre_log(EAGRE_LOG_WARNING, "disk %s is %d %% full", "a", 95);
  assert_int_equal(captured.count, 1);
  assert_int_equal(captured.level, EAGRE_LOG_WARNING);
  assert_string_equal(captured.line, "disk a is 95 % full");
  eagre_log_set(NULL, NULL, EAGRE_LOG_DEBUG);
  eagre_log(EAGRE_LOG_ERROR, "nobody");
  assert_int_equal(captured.count, 1);
}

static void test_long_lines_are_not_cut(void **state) {
  (void)state;
  struct captured captured = {0};
  char text[5000];
  memset(text, 'l', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  eagre_log_set(capture_line, &captured, EAGRE_LOG_DEBUG);
  eagre_log(EAGRE_LOG_DEBUG, "%s", text);
  assert_string_equal(captured.line, text);
  eagre_log_set(NULL, NULL, EAGRE_LOG_DEBUG);
}

int run_log_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines_below_the_level_are_dropped),
      cmocka_unit_test(test_long_lines_are_not_cut),
  };
  return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
