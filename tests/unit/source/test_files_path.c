/* Paths of read_files, URIs as Spark writes them, and looking for files. */
#include "test_source.h"

#include "source/source_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* As Spark 4.2 names these files in its log. */
static const struct {
  const char *path;
  const char *uri;
} uris[] = {
    {"/in/a.json", "file:///in/a.json"},
    {"/in/a b.json", "file:///in/a%20b.json"},
    {"/in/p%20q.json", "file:///in/p%2520q.json"},
    {"/in/ü é.json", "file:///in/ü%20é.json"},
    {"/in/x#y?.json", "file:///in/x%23y%3F.json"},
    {"/in/[b]{c}.json", "file:///in/%5Bb%5D%7Bc%7D.json"},
    {"/in/semi;colonat@.json", "file:///in/semi;colonat@.json"},
    {"/in/nb\u00a0sp.json", "file:///in/nb%C2%A0sp.json"},
    {"/in/日本.json", "file:///in/日本.json"},
    {"/in/q\"uo'te\\.json", "file:///in/q%22uo'te%5C.json"},
    {"/in/t\tab.json", "file:///in/t%09ab.json"},
    {"/in/plus+eq=.json", "file:///in/plus+eq=.json"},
    {"/in/z~^|`.json", "file:///in/z~%5E%7C%60.json"},
};

static void test_uris_are_those_of_spark(void **state) {
  struct fixture *fixture = *state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(uris); i++) {
    struct eagre_buffer uri = {0};
    eagre_value_print_uri(eagre_text_of(uris[i].path), &uri);
    assert_string_equal(eagre_buffer_string(&uri), uris[i].uri);
    assert_text(eagre_value_read_uri(&fixture->arena, eagre_buffer_text(&uri)),
                uris[i].path);
    eagre_buffer_done(&uri);
  }
}

static void test_uri_of_any_bytes_comes_back(void **state) {
  struct fixture *fixture = *state;
  char path[257] = "/";
  for (int byte = 1; byte < 256; byte++) {
    path[byte] = (char)byte;
  }
  struct eagre_buffer uri = {0};
  eagre_value_print_uri(eagre_text_of(path), &uri);
  assert_true(eagre_value_utf8_is_valid(eagre_buffer_text(&uri)));
  assert_text(eagre_value_read_uri(&fixture->arena, eagre_buffer_text(&uri)), path);
  eagre_buffer_done(&uri);
}

static void test_other_uris(void **state) {
  struct fixture *fixture = *state;
  assert_text(eagre_value_read_uri(&fixture->arena, EAGRE_TEXT("file:/in/a%20b")),
              "/in/a b");
  assert_text(eagre_value_read_uri(&fixture->arena, EAGRE_TEXT("hdfs://h/a%20b")),
              "hdfs://h/a%20b");
  assert_text(eagre_value_read_uri(&fixture->arena, EAGRE_TEXT("file:///a%2")), "/a%2");
  assert_text(eagre_value_read_uri(&fixture->arena, EAGRE_TEXT("file:///a%zz")), "/a%zz");
}

static void check_absolute(struct fixture *fixture, const char *path, const char *expected) {
  char *absolute = NULL;
  assert_int_equal(
      eagre_source_files_absolute(&fixture->arena, eagre_text_of(path), &absolute, &fixture->error),
      EAGRE_OK);
  assert_string_equal(absolute, expected);
}

static void test_absolute_paths(void **state) {
  struct fixture *fixture = *state;
  char here[4096];
  assert_non_null(getcwd(here, sizeof here));
  check_absolute(fixture, "/a/b", "/a/b");
  check_absolute(fixture, "/a//b/./c/../d/", "/a/b/d");
  check_absolute(fixture, "/../..", "/");
  check_absolute(fixture, "file:///a/b%20c", "/a/b%20c");
  check_absolute(fixture, "file:/a", "/a");
  check_absolute(fixture, "in/*.json",
                 eagre_arena_printf(&fixture->arena, "%s/in/*.json", here).data);
  char *ignored;
  assert_int_equal(eagre_source_files_absolute(&fixture->arena, EAGRE_TEXT("s3://bucket/x"),
                                               &ignored, &fixture->error),
                   EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "UNSUPPORTED_DATA_SOURCE_SCHEME");
}

/* ---- Looking ------------------------------------------------------------------------------- */

/* The names of what is found, with a space behind each. */
static const char *find_names(struct fixture *fixture, const char *path) {
  struct eagre_source_files_found *files = NULL;
  uint32_t count = 0;
  struct eagre_buffer names = {0};
  enum eagre_status status = eagre_source_files_find(
      fixture->io, path, EAGRE_FILES_JSON, &fixture->arena, &files, &count, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
  for (uint32_t i = 0; i < count; i++) {
    eagre_buffer_printf(&names, "%s ", strrchr(files[i].path, '/') + 1);
  }
  const char *text = eagre_arena_copy_text(&fixture->arena, eagre_buffer_text(&names)).data;
  eagre_buffer_done(&names);
  return text;
}

static void test_files_in_order_of_time_then_name(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, "b", "", 20);
  write_input(fixture, "a", "", 30);
  write_input(fixture, "d", "", 20);
  write_input(fixture, "c", "", 20);
  write_input(fixture, "e", "", 10);
  assert_string_equal(find_names(fixture, fixture->input), "e b c d a ");
}

static void test_hidden_files_and_subdirectories_are_left_out(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, ".dot", "", 1);
  write_input(fixture, "_under", "", 2);
  write_input(fixture, "x._COPYING_", "", 3);
  write_input(fixture, "_k=v", "", 4);
  write_input(fixture, "plain", "", 5);
  assert_int_equal(mkdir(scratch_path(fixture->input, "sub"), 0755), 0);
  scratch_write(scratch_path(scratch_path(fixture->input, "sub"), "below"), "", 0);
  assert_string_equal(find_names(fixture, fixture->input), "_k=v plain ");
}

static void test_files_below_partitions(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, "beside", "", 1);
  assert_int_equal(mkdir(scratch_path(fixture->input, "sub"), 0755), 0);
  assert_int_equal(mkdir(scratch_path(fixture->input, "sub/k=1"), 0755), 0);
  assert_int_equal(mkdir(scratch_path(fixture->input, "sub/k=1/deeper"), 0755), 0);
  scratch_write(scratch_path(fixture->input, "sub/plain"), "", 0);
  scratch_write(scratch_path(fixture->input, "sub/k=1/b"), "", 0);
  scratch_write(scratch_path(fixture->input, "sub/k=1/.b"), "", 0);
  scratch_write(scratch_path(fixture->input, "sub/k=1/deeper/a"), "", 0);
  const char *names = find_names(fixture, fixture->input);
  assert_true(strcmp(names, "a b ") == 0 || strcmp(names, "b a ") == 0);
}

static void test_globs(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, "a1.json", "", 1);
  write_input(fixture, "a2.json", "", 2);
  write_input(fixture, "b1.json", "", 3);
  write_input(fixture, "b1.txt", "", 4);
  assert_int_equal(mkdir(scratch_path(fixture->input, "sub"), 0755), 0);
  scratch_write(scratch_path(scratch_path(fixture->input, "sub"), "below"), "", 0);
  assert_string_equal(find_names(fixture, scratch_path(fixture->input, "a*.json")),
                      "a1.json a2.json ");
  assert_string_equal(find_names(fixture, scratch_path(fixture->input, "{a1,b1,a?}.json")),
                      "a1.json a2.json b1.json ");
  assert_string_equal(find_names(fixture, scratch_path(fixture->input, "[!a]1.*")),
                      "b1.json b1.txt ");
  assert_string_equal(find_names(fixture, scratch_path(fixture->input, "s*")), "below ");
  assert_string_equal(find_names(fixture, scratch_path(fixture->input, "none*")), "");
  assert_string_equal(find_names(fixture, scratch_path(fixture->input, "b1.txt")), "b1.txt ");
}

static void refuse(struct fixture *fixture, const char *path, const char *class_name,
                   enum eagre_status expected) {
  struct eagre_source_files_found *files = NULL;
  uint32_t count = 0;
  assert_int_equal(eagre_source_files_find(fixture->io, path, EAGRE_FILES_JSON, &fixture->arena,
                                           &files, &count, &fixture->error),
                   expected);
  assert_string_equal(fixture->error.class_name, class_name);
}

static void test_what_would_be_read_differently_is_refused(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, "x.json.gz", "", 1);
  refuse(fixture, fixture->input, "UNSUPPORTED_FEATURE.COMPRESSED_FILES", EAGRE_USAGE);
  assert_int_equal(unlink(scratch_path(fixture->input, "x.json.gz")), 0);
  assert_int_equal(mkdir(scratch_path(fixture->input, "date=2026-01-01"), 0755), 0);
  refuse(fixture, scratch_path(fixture->directory, "i*"),
         "UNSUPPORTED_FEATURE.PARTITION_DIRECTORIES", EAGRE_USAGE);
  assert_int_equal(rmdir(scratch_path(fixture->input, "date=2026-01-01")), 0);
  assert_int_equal(mkdir(scratch_path(fixture->input, "_spark_metadata"), 0755), 0);
  refuse(fixture, scratch_path(fixture->directory, "i*"), "UNSUPPORTED_FEATURE.FILE_SINK_DIRECTORY",
         EAGRE_USAGE);
  assert_int_equal(rmdir(scratch_path(fixture->input, "_spark_metadata")), 0);
  assert_int_equal(rmdir(fixture->input), 0);
  refuse(fixture, fixture->input, "PATH_NOT_FOUND", EAGRE_IO);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int run_files_path_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_uris_are_those_of_spark),
      TEST(test_uri_of_any_bytes_comes_back),
      TEST(test_other_uris),
      TEST(test_absolute_paths),
      TEST(test_files_in_order_of_time_then_name),
      TEST(test_hidden_files_and_subdirectories_are_left_out),
      TEST(test_files_below_partitions),
      TEST(test_globs),
      TEST(test_what_would_be_read_differently_is_refused),
  };
  return cmocka_run_group_tests_name("source: paths of files", tests, NULL, NULL);
}
