/* The rate source: Spark's log, positions and rows. */
#include "test_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct eagre_text beginning = {0};

static const char *start_path(struct fixture *fixture) {
  return eagre_arena_printf(&fixture->arena, "%s/sources/0/0", fixture->checkpoint_path).data;
}

/* A checkpoint as Spark has left it: started at `content`, nothing else. */
static void write_start(struct fixture *fixture, const char *content) {
  const char *directory =
      eagre_arena_printf(&fixture->arena, "%s/sources/0", fixture->checkpoint_path).data;
  assert_int_equal(eagre_io_make_directories(fixture->io, directory, &fixture->error), EAGRE_OK);
  scratch_write(start_path(fixture), content, strlen(content));
}

static void start_source(struct fixture *fixture) {
  struct eagre_text position = EAGRE_TEXT("unset");
  assert_int_equal(eagre_source_start(fixture->source, &fixture->arena, &position, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(position.size, 0);
}

static void test_start_is_written_once(void **state) {
  struct fixture *fixture = *state;
  size_t size;
  plan_rate(fixture);
  int64_t before_ms = eagre_clock_wall_us() / 1000;
  open_stream(fixture);
  start_source(fixture);
  int64_t after_ms = eagre_clock_wall_us() / 1000;
  char *first = scratch_read(start_path(fixture), &size);
  long long start_ms = 0;
  int used = 0;
  assert_int_equal(sscanf(first, "v1\n%lld%n", &start_ms, &used), 1);
  assert_int_equal(used, size);
  assert_in_range(start_ms, before_ms, after_ms);
  close_stream(fixture);
  open_stream(fixture);
  start_source(fixture);
  char *second = scratch_read(start_path(fixture), &size);
  assert_string_equal(first, second);
  free(first);
  free(second);
}

/* Spark 4.2: rowsPerSecond 3, started at 1795251378772. */
static void test_rows_are_those_of_spark(void **state) {
  struct fixture *fixture = *state;
  plan_rate(fixture);
  add_option(fixture, "rowsPerSecond", "3");
  write_start(fixture, "v1\n1795251378772");
  open_stream(fixture);
  assert_string_equal(read_range(fixture, beginning, EAGRE_TEXT("0")), "");
  assert_string_equal(read_range(fixture, EAGRE_TEXT("0"), EAGRE_TEXT("1")),
                      "{\"timestamp\":\"2026-11-21T08:56:18.772Z\",\"value\":0}\n"
                      "{\"timestamp\":\"2026-11-21T08:56:19.105Z\",\"value\":1}\n"
                      "{\"timestamp\":\"2026-11-21T08:56:19.439Z\",\"value\":2}\n");
  assert_string_equal(read_range(fixture, EAGRE_TEXT("1"), EAGRE_TEXT("2")),
                      "{\"timestamp\":\"2026-11-21T08:56:19.772Z\",\"value\":3}\n"
                      "{\"timestamp\":\"2026-11-21T08:56:20.105Z\",\"value\":4}\n"
                      "{\"timestamp\":\"2026-11-21T08:56:20.439Z\",\"value\":5}\n");
}

static void test_rows_are_divided_over_cores(void **state) {
  struct fixture *fixture = *state;
  plan_rate(fixture);
  fixture->core_count = 2;
  write_start(fixture, "v1\n0");
  open_stream(fixture);
  assert_string_equal(read_range(fixture, EAGRE_TEXT("1"), EAGRE_TEXT("4")),
                      "{\"timestamp\":\"1970-01-01T00:00:01.000Z\",\"value\":1}\n"
                      "{\"timestamp\":\"1970-01-01T00:00:03.000Z\",\"value\":3}\n"
                      "{\"timestamp\":\"1970-01-01T00:00:02.000Z\",\"value\":2}\n");
}

static void test_many_rows_take_several_batches(void **state) {
  struct fixture *fixture = *state;
  plan_rate(fixture);
  add_option(fixture, "rowsPerSecond", "10000");
  write_start(fixture, "v1\n0");
  open_stream(fixture);
  const char *rows = read_range(fixture, EAGRE_TEXT("0"), EAGRE_TEXT("1"));
  unsigned count = 0;
  for (const char *at = rows; *at != '\0'; at++) {
    count += *at == '\n';
  }
  assert_int_equal(count, 10000);
  assert_non_null(strstr(rows, ".999Z\",\"value\":9994}\n"));
  assert_non_null(strstr(rows, "\"value\":9999}\n"));
}

static void test_plan_follows_the_clock(void **state) {
  struct fixture *fixture = *state;
  plan_rate(fixture);
  int64_t start_ms = eagre_clock_wall_us() / 1000 - 100500;
  write_start(fixture, eagre_arena_printf(&fixture->arena, "v1\n%lld", (long long)start_ms).data);
  open_stream(fixture);
  struct step step = plan_step(fixture, beginning, (struct eagre_source_limits){0});
  assert_true(step.has_new);
  assert_false(step.is_at_fixed_end);
  assert_text(step.end, "100");
  step = plan_step(fixture, EAGRE_TEXT("200"), (struct eagre_source_limits){0});
  assert_false(step.has_new);
  assert_text(step.end, "200");
  step = plan_step(fixture, EAGRE_TEXT("40"), (struct eagre_source_limits){.fix_end = true});
  assert_true(step.has_new && step.is_at_fixed_end);
  assert_int_equal(eagre_source_lag(fixture->source, EAGRE_TEXT("40")), 60);
}

static void test_damage_is_named(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_plan plan;
  const struct eagre_source_limits limits = {0};
  plan_rate(fixture);
  add_option(fixture, "rowsPerSecond", "9000000000000000000");
  open_stream(fixture); /* a restart without sources/0/0 */
  assert_int_equal(eagre_source_plan(fixture->source, EAGRE_TEXT("1"), &limits, &fixture->arena,
                                     &plan, &fixture->error),
                   EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "MISSING_SOURCE_LOG");
  start_source(fixture);
  assert_int_equal(
      eagre_source_assign(fixture->source, beginning, EAGRE_TEXT("2"), &fixture->error),
      EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "INCORRECT_END_OFFSET");
  assert_int_equal(
      eagre_source_assign(fixture->source, beginning, EAGRE_TEXT("{}"), &fixture->error),
      EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "MALFORMED_LOG_FILE");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int run_rate_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_start_is_written_once),       TEST(test_rows_are_those_of_spark),
      TEST(test_rows_are_divided_over_cores), TEST(test_many_rows_take_several_batches),
      TEST(test_plan_follows_the_clock),      TEST(test_damage_is_named),
  };
  return cmocka_run_group_tests_name("source: rate", tests, NULL, NULL);
}
