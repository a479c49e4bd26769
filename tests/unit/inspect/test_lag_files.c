/* Files that wait, and how lag is printed. */
#include "test_inspect.h"

#include <stdio.h>
#include <sys/stat.h>

#include "inspect/inspect_lag.h"

static const struct eagre_inspect_lag_row prototype = {
    .flow = {"f", 1},
    .source = 3,
    .partition = -1,
};

static void write_file(struct fixture *fixture, const char *name) {
  scratch_write(scratch_path(fixture->directory, name), "x", 1);
}

/* The row of a folder of which `taken` are taken. */
static struct eagre_inspect_lag_row count(struct fixture *fixture, const char *path, bool is_glob,
                                          const char *const *taken, uint64_t taken_count) {
  static const struct eagre_inspect_lag_options options = {0};
  struct eagre_inspect_lag lag;
  struct eagre_buffer out = {0};
  struct eagre_text paths[8];
  struct eagre_inspect_file_log log = {.paths = paths, .path_count = taken_count};
  for (uint64_t i = 0; i < taken_count; i++) {
    paths[i] = eagre_arena_printf(&fixture->arena, "%s/%s", fixture->directory, taken[i]);
  }
  assert_int_equal(eagre_inspect_lag_begin(&lag, &options, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_inspect_lag_files(&lag, &prototype, path, is_glob, &log, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(lag.row_count, 1);
  struct eagre_inspect_lag_row row = lag.rows[0];
  row.name = eagre_arena_copy_text(&fixture->arena, row.name);
  eagre_inspect_lag_end(&lag, EAGRE_OK, &out);
  eagre_buffer_done(&out);
  return row;
}

static void test_what_is_not_taken_waits(void **state) {
  struct fixture *fixture = *state;
  static const char *const taken[] = {"c", "a", "gone"};
  static const char *const names[] = {"a", "b", "c", "d", "_x", ".y", "z._COPYING_", "_k=v"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++) {
    write_file(fixture, names[i]);
  }
  mkdir(scratch_path(fixture->directory, "folder"), 0777);
  struct eagre_inspect_lag_row row =
      count(fixture, fixture->directory, false, taken, EAGRE_COUNT_OF(taken));
  assert_int_equal(row.kind, EAGRE_INSPECT_FILES);
  assert_int_equal(row.source, 3);
  assert_int_equal(row.position, 3);
  assert_int_equal(row.lag, 3); /* b, d, _k=v */
  assert_int_equal(row.end, 6);
  assert_text(row.name, fixture->directory);
}

static void test_a_glob_is_expanded_only_when_it_is_one(void **state) {
  struct fixture *fixture = *state;
  static const char *const taken[] = {"a1"};
  write_file(fixture, "a1");
  write_file(fixture, "a2");
  write_file(fixture, "b1");
  const char *glob = eagre_arena_printf(&fixture->arena, "%s/{a*,a2}", fixture->directory).data;
  assert_int_equal(count(fixture, glob, true, taken, 1).lag, 1);
  assert_int_equal(count(fixture, glob, false, taken, 1).lag, 0);
}

static void test_a_single_file_and_nothing_at_all(void **state) {
  struct fixture *fixture = *state;
  write_file(fixture, "one");
  const char *path = eagre_arena_printf(&fixture->arena, "%s/one", fixture->directory).data;
  const char *nowhere = eagre_arena_printf(&fixture->arena, "%s/none", fixture->directory).data;
  assert_int_equal(count(fixture, path, false, NULL, 0).lag, 1);
  assert_int_equal(count(fixture, nowhere, false, NULL, 0).lag, 0);
}

static void print_rows(struct fixture *fixture, bool as_json, struct eagre_buffer *out) {
  const struct eagre_inspect_lag_options options = {.as_json = as_json};
  static const struct eagre_inspect_lag_row rows[] = {
      {.flow = {"f", 1},
       .kind = EAGRE_INSPECT_KAFKA,
       .name = {"orders", 6},
       .partition = 11,
       .position = 5,
       .end = 6,
       .lag = 1},
      {.flow = {"fl\xc3\xb6w", 5},
       .kind = EAGRE_INSPECT_KAFKA,
       .name = {"o", 1},
       .position = -1,
       .end = 100000000000,
       .lag = -1},
  };
  struct eagre_inspect_lag lag;
  assert_int_equal(eagre_inspect_lag_begin(&lag, &options, &fixture->error), EAGRE_OK);
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    eagre_inspect_lag_add(&lag, &rows[i]);
  }
  eagre_inspect_lag_end(&lag, EAGRE_OK, out);
}

static void test_columns_are_aligned_by_characters(void **state) {
  struct eagre_buffer out = {0};
  print_rows(*state, false, &out);
  assert_string_equal(eagre_buffer_string(&out),
                      "flow  source     position  end           lag\n"
                      "f     orders-11  5         6             1 record\n"
                      "fl\xc3\xb6w  o-0        -         100000000000  -\n");
  eagre_buffer_done(&out);
}

static void test_what_is_not_known_is_null(void **state) {
  struct eagre_buffer out = {0};
  print_rows(*state, true, &out);
  assert_string_equal(eagre_buffer_string(&out),
                      "[{\"flow\":\"f\",\"source\":0,\"kind\":\"kafka\",\"topic\":\"orders\","
                      "\"partition\":11,\"position\":5,\"end\":6,\"lag\":1},"
                      "{\"flow\":\"fl\xc3\xb6w\",\"source\":0,\"kind\":\"kafka\",\"topic\":\"o\","
                      "\"partition\":0,\"position\":null,\"end\":100000000000,\"lag\":null}]\n");
  eagre_buffer_done(&out);
}

static void test_nothing_is_printed_after_a_failure(void **state) {
  struct fixture *fixture = *state;
  static const struct eagre_inspect_lag_options options = {0};
  struct eagre_inspect_lag lag;
  struct eagre_buffer out = {0};
  assert_int_equal(eagre_inspect_lag_begin(&lag, &options, &fixture->error), EAGRE_OK);
  eagre_inspect_lag_add(&lag, &prototype);
  eagre_inspect_lag_end(&lag, EAGRE_IO, &out);
  assert_int_equal(out.size, 0);
}

int run_lag_files_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(test_what_is_not_taken_waits),
      FIXTURE_TEST(test_a_glob_is_expanded_only_when_it_is_one),
      FIXTURE_TEST(test_a_single_file_and_nothing_at_all),
      FIXTURE_TEST(test_columns_are_aligned_by_characters),
      FIXTURE_TEST(test_what_is_not_known_is_null),
      FIXTURE_TEST(test_nothing_is_printed_after_a_failure),
  };
  return cmocka_run_group_tests_name("lag of files", tests, NULL, NULL);
}
