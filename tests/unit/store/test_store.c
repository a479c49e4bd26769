/* Proves the store of local files: locations, durable puts, who wins a name, listing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../io/test_scratch.h"
#include "store/store.h"

struct fixture {
  struct eagre_io *io;
  char *directory;
  struct eagre_store *store; /* of <directory>/table, which is not made */
  struct eagre_arena arena;
  struct eagre_error error;
};

static int open_fixture(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  fixture->directory = scratch_make();
  if (eagre_io_open(NULL, &fixture->io, &fixture->error) != EAGRE_OK) return -1;
  struct eagre_text location =
      eagre_arena_printf(&fixture->arena, "file://%s/table/", fixture->directory);
  *state = fixture;
  return eagre_store_open(fixture->io, location, &fixture->store, &fixture->error) == EAGRE_OK ? 0
                                                                                               : -1;
}

static int close_fixture(void **state) {
  struct fixture *fixture = *state;
  eagre_store_close(fixture->store);
  eagre_io_close(fixture->io);
  scratch_remove(fixture->directory);
  eagre_arena_done(&fixture->arena);
  eagre_free(fixture);
  return 0;
}

#define FIXTURE_TEST(function)                                                                     \
  cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

/* ---- Locations ------------------------------------------------------------------------------- */

static void assert_root(struct fixture *fixture, const char *location, const char *expected) {
  struct eagre_store *store = NULL;
  enum eagre_status status =
      eagre_store_open(fixture->io, eagre_text_of(location), &store, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s: %s", location, fixture->error.text);
  assert_string_equal(eagre_store_path(store, "", &fixture->arena), expected);
  eagre_store_close(store);
}

static void locations_are_paths_and_file_uris(void **state) {
  struct fixture *fixture = *state;
  assert_root(fixture, "/data/table", "/data/table");
  assert_root(fixture, "/data/table///", "/data/table");
  assert_root(fixture, "file:///data/table", "/data/table");
  assert_root(fixture, "FILE:/data/a b%20c", "/data/a b%20c");
  assert_root(fixture, "/", "/");
  assert_root(fixture, "/odd:/name", "/odd:/name");
  char here[512];
  char expected[600];
  assert_non_null(getcwd(here, sizeof here));
  snprintf(expected, sizeof expected, "%s/data/1:2", here);
  assert_root(fixture, "data/1:2", expected);
  struct eagre_store *root = NULL;
  assert_int_equal(eagre_store_open(fixture->io, EAGRE_TEXT("/"), &root, NULL), EAGRE_OK);
  assert_string_equal(eagre_store_path(root, "a/b", &fixture->arena), "/a/b");
  eagre_store_close(root);
  eagre_store_close(NULL);
}

struct refused {
  struct eagre_text location;
  const char *class_name;
  const char *text;
};

static void other_schemes_are_refused_by_name(void **state) {
  struct fixture *fixture = *state;
  static const struct refused cases[] = {
      {EAGRE_TEXT("s3://bucket/table"), "UNSUPPORTED_FEATURE.OBJECT_STORE", "scheme s3 "},
      {EAGRE_TEXT("s3a://bucket/table"), "UNSUPPORTED_FEATURE.OBJECT_STORE", "scheme s3a "},
      {EAGRE_TEXT("abfss://c@a.dfs.core.windows.net/t"), "UNSUPPORTED_FEATURE.OBJECT_STORE",
       "scheme abfss "},
      {EAGRE_TEXT("dbfs:/table"), "UNSUPPORTED_FEATURE.OBJECT_STORE", "scheme dbfs "},
      {EAGRE_TEXT("file://host/table"), "INVALID_LOCATION", "another machine"},
      {EAGRE_TEXT("file://"), "INVALID_LOCATION", "another machine"},
      {EAGRE_TEXT(""), "INVALID_EMPTY_LOCATION", "empty"},
      {EAGRE_TEXT("/a\0b"), "INVALID_LOCATION", "zero byte"},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(cases); i++) {
    struct eagre_store *store = NULL;
    assert_int_equal(eagre_store_open(fixture->io, cases[i].location, &store, &fixture->error),
                     EAGRE_USAGE);
    assert_string_equal(fixture->error.class_name, cases[i].class_name);
    assert_non_null(strstr(fixture->error.text, cases[i].text));
  }
}

/* ---- Putting --------------------------------------------------------------------------------- */

static void assert_content(struct fixture *fixture, const char *name, const char *expected) {
  struct eagre_buffer content = {0};
  assert_int_equal(eagre_store_read(fixture->store, name, &content, &fixture->error), EAGRE_OK);
  assert_true(eagre_text_equal_string(eagre_buffer_text(&content), expected));
  eagre_buffer_done(&content);
}

static void a_put_makes_directories_and_replaces(void **state) {
  struct fixture *fixture = *state;
  static const char *const contents[] = {"one", "two"};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(
        eagre_store_put(fixture->store, "a/b/c", eagre_text_of(contents[i]), &fixture->error),
        EAGRE_OK);
    assert_content(fixture, "a/b/c", contents[i]);
  }
  assert_int_equal(scratch_count_temporaries(scratch_path(fixture->directory, "table/a/b")), 0);
}

static void a_put_if_absent_keeps_what_is_there(void **state) {
  struct fixture *fixture = *state;
  assert_int_equal(eagre_store_put_if_absent(fixture->store, "_delta_log/0.json",
                                             EAGRE_TEXT("first"), NULL, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(eagre_store_put_if_absent(fixture->store, "_delta_log/0.json",
                                             EAGRE_TEXT("second"), NULL, &fixture->error),
                   EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "FILE_ALREADY_EXISTS");
  assert_content(fixture, "_delta_log/0.json", "first");
  assert_int_equal(scratch_count_temporaries(scratch_path(fixture->directory, "table/_delta_log")),
                   0);
}

/* Dies at the crash point; the exit status only tells that it did not. */
static void put_and_die(struct fixture *fixture) {
  setenv("EAGRE_CRASH_AT", "sink.mid_commit", 1);
  if (eagre_crash_configure(NULL) != EAGRE_OK) _exit(2);
  struct eagre_io *io = NULL;
  if (eagre_io_open(NULL, &io, NULL) != EAGRE_OK) _exit(3);
  struct eagre_store *store = NULL;
  const char *path = scratch_path(fixture->directory, "table");
  if (eagre_store_open(io, eagre_text_of(path), &store, NULL) != EAGRE_OK) _exit(4);
  eagre_store_put_if_absent(store, "name", EAGRE_TEXT("content"), "sink.mid_commit", NULL);
  _exit(5);
}

static void the_crash_point_stands_between_writing_and_publishing(void **state) {
  struct fixture *fixture = *state;
  pid_t child = fork();
  if (child == 0) put_and_die(fixture);
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  assert_int_equal(scratch_count_temporaries(scratch_path(fixture->directory, "table")), 1);
  struct eagre_buffer content = {0};
  assert_int_equal(eagre_store_read(fixture->store, "name", &content, NULL), EAGRE_END);
  eagre_buffer_done(&content);
}

/* ---- The rest -------------------------------------------------------------------------------- */

static void lists_and_removes(void **state) {
  struct fixture *fixture = *state;
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  static const char *const names[] = {"d/b", "d/a", "d/missing"};
  assert_int_equal(
      eagre_store_list(fixture->store, "d", &fixture->arena, &entries, &count, &fixture->error),
      EAGRE_END);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(eagre_store_put(fixture->store, names[i], EAGRE_TEXT("12"), &fixture->error),
                     EAGRE_OK);
  }
  assert_int_equal(
      eagre_store_list(fixture->store, "d", &fixture->arena, &entries, &count, &fixture->error),
      EAGRE_OK);
  assert_int_equal(count, 2);
  assert_string_equal(entries[0].name, "a");
  assert_int_equal(entries[0].size, 2);
  assert_int_equal(
      eagre_store_list(fixture->store, "", &fixture->arena, &entries, &count, &fixture->error),
      EAGRE_OK);
  assert_int_equal(count, 1);
  assert_true(entries[0].is_directory);
  assert_int_equal(eagre_store_remove(fixture->store, names, 3, &fixture->error), EAGRE_OK);
  assert_int_equal(
      eagre_store_list(fixture->store, "d", &fixture->arena, &entries, &count, &fixture->error),
      EAGRE_OK);
  assert_int_equal(count, 0);
}

static void names_tell_application_epoch_and_attempt(void **state) {
  (void)state;
  struct eagre_store_name name;
  assert_true(eagre_store_name_read(
      EAGRE_TEXT("part-00003-33f6ab4c-17-5c3b1f0e-7a52-4d0a-9d4e-cb6c2f8a1e77-c002.zstd.parquet"),
      ".parquet", &name));
  assert_true(eagre_text_equal_string(name.application, "33f6ab4c"));
  assert_true(eagre_text_equal_string(name.attempt, "5c3b1f0e-7a52-4d0a-9d4e-cb6c2f8a1e77"));
  assert_int_equal(name.epoch, 17);
  assert_true(eagre_store_name_read(EAGRE_TEXT("part-123456-33f6ab4c-0-A-c1000.parquet"),
                                    ".parquet", &name));
  static const char *const others[] = {
      /* Spark's: the second group of its UUID has 4 digits, not 8. */
      "part-00000-ac278fbc-7d71-4dcb-bab8-a58ac6c02e79-c000.snappy.parquet",
      "part-00000-20a770a1-7efb-4e85-bd43-ad490524e84f.c000.snappy.parquet",
      "part-00003-33f6ab4c-17-A-c002.zstd.parquet.crc",
      "part-00003-33f6ab4c-17-A-c002zstd.parquet",
      "part-00003-33f6ab4c-17-A-c.parquet",
      "part-00003-33f6ab4c-17--c002.parquet",
      "part-00003-33f6ab4c--A-c002.parquet",
      "part-00003-33f6ab4c-99999999999999999999-A-c002.parquet",
      "part--33f6ab4c-17-A-c002.parquet",
      "part-00003-33f6",
      "",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(others); i++) {
    assert_false(eagre_store_name_read(eagre_text_of(others[i]), ".parquet", &name));
  }
}

static void a_printed_name_is_read_back(void **state) {
  struct fixture *fixture = *state;
  const struct eagre_store_attempt attempt = {"33f6ab4c-7d71-4dcb-bab8-a58ac6c02e79", "5c3b-1", 17,
                                              3};
  struct eagre_text name = eagre_store_name_print(&attempt, 2, ".json.gz", &fixture->arena);
  struct eagre_store_name parts;
  assert_string_equal(name.data, "part-00003-33f6ab4c-17-5c3b-1-c002.json.gz");
  assert_true(eagre_store_name_read(name, ".json.gz", &parts));
  assert_true(eagre_text_equal_string(parts.application, "33f6ab4c"));
  assert_true(eagre_text_equal_string(parts.attempt, "5c3b-1"));
  assert_int_equal(parts.epoch, 17);
  assert_false(eagre_store_name_read(name, ".json", &parts));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(locations_are_paths_and_file_uris),
      FIXTURE_TEST(other_schemes_are_refused_by_name),
      FIXTURE_TEST(a_put_makes_directories_and_replaces),
      FIXTURE_TEST(a_put_if_absent_keeps_what_is_there),
      FIXTURE_TEST(the_crash_point_stands_between_writing_and_publishing),
      FIXTURE_TEST(lists_and_removes),
      cmocka_unit_test(names_tell_application_epoch_and_attempt),
      FIXTURE_TEST(a_printed_name_is_read_back),
  };
  return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
