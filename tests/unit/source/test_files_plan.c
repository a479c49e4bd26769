/* Which epoch reads which files: limits, restarts, crashes, batches. */
#include "test_source.h"

#include "source/source_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static const struct eagre_text beginning = {0};
static const struct eagre_source_limits no_limits = {0};

static void test_limit_divides_files(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  add_option(fixture, "maxFilesPerTrigger", "2");
  write_input(fixture, "a", "1\n", 3);
  write_input(fixture, "b", "2\n", 2);
  write_input(fixture, "c", "3\n", 1);
  open_stream(fixture);
  struct step first = plan_step(fixture, beginning, no_limits);
  assert_true(first.has_new);
  assert_text(first.end, "{\"logOffset\":0}");
  assert_string_equal(read_range(fixture, beginning, first.end),
                      "{\"value\":\"3\"}\n{\"value\":\"2\"}\n");
  struct step second = plan_step(fixture, first.end, no_limits);
  assert_text(second.end, "{\"logOffset\":1}");
  assert_string_equal(read_range(fixture, first.end, second.end), "{\"value\":\"1\"}\n");
  struct step third = plan_step(fixture, second.end, no_limits);
  assert_false(third.has_new);
  assert_text(third.end, "{\"logOffset\":1}");
}

static void test_once_ignores_the_limit(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  add_option(fixture, "maxFilesPerTrigger", "1");
  write_input(fixture, "a", "1", 1);
  write_input(fixture, "b", "2", 2);
  open_stream(fixture);
  struct step step =
      plan_step(fixture, beginning, (struct eagre_source_limits){.ignore_rate = true});
  assert_string_equal(read_range(fixture, beginning, step.end),
                      "{\"value\":\"1\"}\n{\"value\":\"2\"}\n");
}

static void test_latest_counts_what_is_left(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_plan plan;
  plan_files(fixture, NULL);
  add_option(fixture, "maxFilesPerTrigger", "2");
  for (int i = 0; i < 7; i++) {
    char name[2] = {(char)('a' + i), '\0'};
    write_input(fixture, name, "", i);
  }
  open_stream(fixture);
  assert_int_equal(eagre_source_plan(fixture->source, beginning, &no_limits, &fixture->arena, &plan,
                                     &fixture->error),
                   EAGRE_OK);
  assert_text(plan.end, "{\"logOffset\":0}");
  assert_text(plan.latest, "{\"logOffset\":3}");
}

static void test_no_files_is_no_position(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  open_stream(fixture);
  struct step step = plan_step(fixture, beginning, no_limits);
  assert_false(step.has_new);
  assert_int_equal(step.end.size, 0);
  assert_string_equal(read_range(fixture, beginning, step.end), "");
}

static void test_new_files_are_found_while_it_runs(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  write_input(fixture, "a", "1", 100);
  open_stream(fixture);
  struct step first = plan_step(fixture, beginning, no_limits);
  assert_false(plan_step(fixture, first.end, no_limits).has_new);
  write_input(fixture, "b", "2", 50);
  write_input(fixture, "a", "changed", 200); /* a file is read once */
  struct step second = plan_step(fixture, first.end, no_limits);
  assert_string_equal(read_range(fixture, first.end, second.end), "{\"value\":\"2\"}\n");
}

static void test_restart_goes_on(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  write_input(fixture, "a", "1", 1);
  open_stream(fixture);
  struct step first = plan_step(fixture, beginning, no_limits);
  close_stream(fixture);
  write_input(fixture, "b", "2", 2);
  open_stream(fixture);
  assert_string_equal(read_range(fixture, beginning, first.end), "{\"value\":\"1\"}\n");
  struct step second = plan_step(fixture, first.end, no_limits);
  assert_text(second.end, "{\"logOffset\":1}");
  assert_string_equal(read_range(fixture, first.end, second.end), "{\"value\":\"2\"}\n");
}

/* The entry was written, offsets/N were not: the files are the next epoch's, without others. */
static void test_entry_without_offsets_is_planned_again(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  add_option(fixture, "maxFilesPerTrigger", "1");
  write_input(fixture, "a", "1", 1);
  write_input(fixture, "b", "2", 2);
  open_stream(fixture);
  plan_step(fixture, beginning, no_limits);
  close_stream(fixture);
  open_stream(fixture);
  const struct eagre_source_limits fix_end = {.fix_end = true};
  struct step again = plan_step(fixture, beginning, fix_end);
  assert_true(again.has_new);
  assert_false(again.is_at_fixed_end);
  assert_text(again.end, "{\"logOffset\":0}");
  assert_string_equal(read_range(fixture, beginning, again.end), "{\"value\":\"1\"}\n");
  struct step next = plan_step(fixture, again.end, fix_end);
  assert_true(next.is_at_fixed_end);
  assert_string_equal(read_range(fixture, again.end, next.end), "{\"value\":\"2\"}\n");
}

static void test_available_now_fixes_the_files(void **state) {
  struct fixture *fixture = *state;
  const struct eagre_source_limits limits = {.fix_end = true};
  plan_files(fixture, NULL);
  add_option(fixture, "maxFilesPerTrigger", "1");
  write_input(fixture, "a", "1", 1);
  write_input(fixture, "b", "2", 2);
  open_stream(fixture);
  struct step first = plan_step(fixture, beginning, limits);
  assert_false(first.is_at_fixed_end);
  write_input(fixture, "c", "3", 3);
  struct step second = plan_step(fixture, first.end, limits);
  assert_true(second.is_at_fixed_end);
  struct step third = plan_step(fixture, second.end, limits);
  assert_false(third.has_new);
  assert_true(third.is_at_fixed_end);
  assert_text(third.end, "{\"logOffset\":1}");
}

static void test_files_are_divided_over_cores(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  fixture->core_count = 3;
  for (int i = 0; i < 7; i++) {
    char name[2] = {(char)('a' + i), '\0'};
    write_input(fixture, name, name, i);
  }
  open_stream(fixture);
  struct step step = plan_step(fixture, beginning, no_limits);
  assert_string_equal(read_range(fixture, beginning, step.end),
                      "{\"value\":\"a\"}\n{\"value\":\"d\"}\n{\"value\":\"g\"}\n"
                      "{\"value\":\"b\"}\n{\"value\":\"e\"}\n"
                      "{\"value\":\"c\"}\n{\"value\":\"f\"}\n");
}

static void test_vanished_file_is_an_error(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer rows = {0};
  plan_files(fixture, NULL);
  write_input(fixture, "a", "1", 1);
  open_stream(fixture);
  struct step step = plan_step(fixture, beginning, no_limits);
  assert_int_equal(unlink(scratch_path(fixture->input, "a")), 0);
  assert_int_equal(eagre_source_assign(fixture->source, beginning, step.end, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(read_core(fixture, 0, &rows), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "FAILED_READ_FILE.FILE_NOT_EXIST");
  assert_non_null(strstr(fixture->error.text, "/in/a"));
  eagre_buffer_done(&rows);
}

static void test_batch_reads_all_and_writes_nothing(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  write_input(fixture, "a", "1\n2", 1);
  write_input(fixture, "b", "3", 2);
  assert_int_equal(open_batch(fixture), EAGRE_OK);
  assert_string_equal(read_everything(fixture),
                      "{\"value\":\"1\"}\n{\"value\":\"2\"}\n{\"value\":\"3\"}\n");
  assert_int_not_equal(access(fixture->checkpoint_path, F_OK), 0);
}

static void test_missing_paths(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_plan plan;
  plan_files(fixture, NULL);
  fixture->plan.path = eagre_text_of(scratch_path(fixture->directory, "none"));
  assert_int_equal(open_batch(fixture), EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "PATH_NOT_FOUND");
  fixture->plan.path = eagre_text_of(scratch_path(fixture->directory, "none*"));
  assert_int_equal(open_batch(fixture), EAGRE_OK);
  assert_int_equal(eagre_source_plan(fixture->source, beginning, &no_limits, &fixture->arena, &plan,
                                     &fixture->error),
                   EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "PATH_NOT_FOUND");
}

static void refuse_position(struct fixture *fixture, const char *position, const char *class_name) {
  enum eagre_status status =
      eagre_source_assign(fixture->source, beginning, eagre_text_of(position), &fixture->error);
  assert_int_equal(status, EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, class_name);
}

static void test_positions(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  write_input(fixture, "a", "1", 1);
  open_stream(fixture);
  plan_step(fixture, beginning, no_limits);
  assert_string_equal(read_range(fixture, beginning, EAGRE_TEXT("0")), "{\"value\":\"1\"}\n");
  assert_string_equal(
      read_range(fixture, EAGRE_TEXT("{\"logOffset\":-1}"), EAGRE_TEXT("{\"logOffset\":0}")),
      "{\"value\":\"1\"}\n");
  refuse_position(fixture, "{\"logOffset\":1}", "FILE_LOG_INCOMPLETE");
  refuse_position(fixture, "{\"logOffset\":\"x\"}", "MALFORMED_LOG_FILE");
  refuse_position(fixture, "{\"topic\":{\"0\":1}}", "MALFORMED_LOG_FILE");
  refuse_position(fixture, "{", "MALFORMED_LOG_FILE");
}

static void test_description(void **state) {
  struct fixture *fixture = *state;
  plan_files(fixture, NULL);
  open_stream(fixture);
  struct eagre_text expected =
      eagre_arena_printf(&fixture->arena, "FileStreamSource[file:%s]", fixture->input);
  assert_string_equal(eagre_source_description(fixture->source), expected.data);
  assert_int_equal(eagre_source_lag(fixture->source, beginning), -1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int run_files_plan_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_limit_divides_files),
      TEST(test_once_ignores_the_limit),
      TEST(test_latest_counts_what_is_left),
      TEST(test_no_files_is_no_position),
      TEST(test_new_files_are_found_while_it_runs),
      TEST(test_restart_goes_on),
      TEST(test_entry_without_offsets_is_planned_again),
      TEST(test_available_now_fixes_the_files),
      TEST(test_files_are_divided_over_cores),
      TEST(test_vanished_file_is_an_error),
      TEST(test_batch_reads_all_and_writes_nothing),
      TEST(test_missing_paths),
      TEST(test_positions),
      TEST(test_description),
  };
  return cmocka_run_group_tests_name("source: epochs of files", tests, NULL, NULL);
}
