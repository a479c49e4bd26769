/* The log of files that a file source has taken. */
#include "test_inspect.h"

#include <stdio.h>
#include <sys/stat.h>

/* ---- One file of the log --------------------------------------------------------------------- */

struct seen {
  uint32_t count;
  int64_t entries[8];
  char uris[8][64];
};

static void see(void *context, struct eagre_text uri, int64_t entry) {
  struct seen *seen = context;
  snprintf(seen->uris[seen->count], sizeof seen->uris[0], "%.*s", (int)uri.size, uri.data);
  seen->entries[seen->count++] = entry;
}

static void test_lines_name_files(void **state) {
  (void)state;
  struct seen seen = {0};
  const char *what = NULL;
  static const char content[] =
      "v1\n{\"path\":\"file:///a\",\"timestamp\":1,\"batchId\":3}\n\n"
      "{\"path\":\"file:///b\",\"timestamp\":1}\r\n{\"path\":\"s3:c\",\"x\":[]}";
  assert_true(eagre_inspect_file_log_parse(EAGRE_TEXT(content), 7, see, &seen, &what));
  assert_int_equal(seen.count, 3);
  assert_string_equal(seen.uris[0], "file:///a");
  assert_int_equal(seen.entries[0], 3);
  assert_string_equal(seen.uris[1], "file:///b");
  assert_int_equal(seen.entries[1], 7);
  assert_string_equal(seen.uris[2], "s3:c");
}

static void test_other_lines_are_refused(void **state) {
  (void)state;
  static const char *const contents[] = {
      "",
      "v2\n",
      "1\n{\"path\":\"a\"}",
      "v1\nnonsense",
      "v1\n[]",
      "v1\n{\"timestamp\":1}",
      "v1\n{\"path\":1}",
      "v1\n{\"path\":\"a\",\"batchId\":\"1\"}",
      "v1\n{\"path\":\"a\",\"batchId\":-1}",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(contents); i++) {
    struct seen seen = {0};
    const char *what = NULL;
    assert_false(eagre_inspect_file_log_parse(eagre_text_of(contents[i]), 0, see, &seen, &what));
    assert_non_null(what);
    assert_int_equal(seen.count, 0);
  }
}

static void test_paths_behind_uris(void **state) {
  struct fixture *fixture = *state;
  static const char *const cases[][2] = {
      {"file:///data/in/a.json", "/data/in/a.json"},
      {"file:/data/in/a.json", "/data/in/a.json"},
      {"file:///a%20b%25c%C3%A4", "/a b%c\xc3\xa4"},
      {"file:///a%2", "/a%2"},
      {"file:///a%zz%", "/a%zz%"},
      {"s3://bucket/a%20b", "s3://bucket/a%20b"},
      {"", ""},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    assert_text(eagre_inspect_file_path(&fixture->arena, eagre_text_of(cases[i][0])), cases[i][1]);
  }
}

/* ---- The whole log --------------------------------------------------------------------------- */

static void write_entry(struct fixture *fixture, const char *name, const char *lines) {
  struct eagre_text content = eagre_arena_printf(&fixture->arena, "v1\n%s", lines);
  const char *path =
      eagre_arena_printf(&fixture->arena, "%s/sources/2/%s", fixture->directory, name).data;
  scratch_write(path, content.data, content.size);
}

static struct eagre_checkpoint *open_log(struct fixture *fixture) {
  static const struct eagre_checkpoint_options options = {.read_only = true};
  struct eagre_checkpoint *checkpoint = NULL;
  mkdir(scratch_path(fixture->directory, "sources"), 0777);
  mkdir(scratch_path(fixture->directory, "sources/2"), 0777);
  enum eagre_status status = eagre_checkpoint_open(fixture->io, fixture->directory, &options,
                                                   &checkpoint, &fixture->error);
  assert_int_equal(status, EAGRE_OK);
  return checkpoint;
}

static enum eagre_status read_log(struct fixture *fixture, struct eagre_checkpoint *checkpoint,
                                  int64_t up_to, struct eagre_inspect_file_log *out) {
  return eagre_inspect_file_log_read(checkpoint, 2, up_to, &fixture->arena, out, &fixture->error);
}

static void test_a_log_is_read_from_its_newest_compacted_entry(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = open_log(fixture);
  struct eagre_inspect_file_log log;
  write_entry(fixture, "0", "this one is superfluous");
  write_entry(fixture, "1.compact",
              "{\"path\":\"file:///a\",\"batchId\":0}\n{\"path\":\"file:///b\",\"batchId\":1}");
  write_entry(fixture, "2", "{\"path\":\"file:///c\",\"batchId\":2}");
  write_entry(fixture, "3", "{\"path\":\"file:///d\",\"batchId\":3}");
  write_entry(fixture, "notes", "nobody reads this");
  assert_int_equal(read_log(fixture, checkpoint, 2, &log), EAGRE_OK);
  assert_int_equal(log.last, 3);
  assert_int_equal(log.file_count, 3);
  assert_int_equal(log.path_count, 3);
  assert_text(log.paths[2], "/c");
  assert_int_equal(read_log(fixture, checkpoint, 0, &log), EAGRE_OK);
  assert_int_equal(log.path_count, 1);
  eagre_checkpoint_close(checkpoint);
}

static void test_many_files_of_one_entry(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = open_log(fixture);
  struct eagre_inspect_file_log log;
  struct eagre_buffer lines = {0};
  for (int i = 0; i < 1000; i++) {
    eagre_buffer_printf(&lines, "{\"path\":\"file:///%d\"}\n", i);
  }
  write_entry(fixture, "0", eagre_buffer_string(&lines));
  eagre_buffer_done(&lines);
  assert_int_equal(read_log(fixture, checkpoint, 0, &log), EAGRE_OK);
  assert_int_equal(log.path_count, 1000);
  assert_text(log.paths[999], "/999");
  eagre_checkpoint_close(checkpoint);
}

static void test_a_hole_in_the_log_is_refused(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = open_log(fixture);
  struct eagre_inspect_file_log log;
  write_entry(fixture, "0", "{\"path\":\"file:///a\"}");
  write_entry(fixture, "2", "{\"path\":\"file:///c\"}");
  assert_int_equal(read_log(fixture, checkpoint, 2, &log), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "FILE_LOG_INCOMPLETE");
  assert_non_null(strstr(fixture->error.text, "sources/2/1"));
  eagre_checkpoint_close(checkpoint);
}

static void test_no_log_is_an_empty_one(void **state) {
  struct fixture *fixture = *state;
  struct eagre_checkpoint *checkpoint = open_log(fixture);
  struct eagre_inspect_file_log log;
  assert_int_equal(read_log(fixture, checkpoint, 5, &log), EAGRE_OK);
  assert_int_equal(log.last, -1);
  assert_int_equal(log.path_count, 0);
  eagre_checkpoint_close(checkpoint);
}

int run_file_log_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines_name_files),
      cmocka_unit_test(test_other_lines_are_refused),
      FIXTURE_TEST(test_paths_behind_uris),
      FIXTURE_TEST(test_a_log_is_read_from_its_newest_compacted_entry),
      FIXTURE_TEST(test_many_files_of_one_entry),
      FIXTURE_TEST(test_a_hole_in_the_log_is_refused),
      FIXTURE_TEST(test_no_log_is_an_empty_one),
  };
  return cmocka_run_group_tests_name("file log", tests, NULL, NULL);
}
