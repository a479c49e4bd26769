/* The log of files taken: Spark's format, compaction, damage. */
#include "test_source.h"

#include "source/source_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct eagre_source_files_log log_;

static int close_log(void **state) {
  eagre_source_files_log_done(&log_);
  log_ = (struct eagre_source_files_log){0};
  return close_fixture(state);
}

static enum eagre_status try_log(struct fixture *fixture) {
  eagre_source_files_log_done(&log_);
  eagre_error_init(&fixture->error);
  if (fixture->checkpoint == NULL) {
    assert_int_equal(eagre_checkpoint_open(fixture->io, fixture->checkpoint_path, NULL,
                                           &fixture->checkpoint, &fixture->error),
                     EAGRE_OK);
    assert_int_equal(eagre_checkpoint_create(fixture->checkpoint, &fixture->error), EAGRE_OK);
  }
  return eagre_source_files_log_open(&log_, fixture->checkpoint, fixture->io, 0, &fixture->error);
}

static void open_log(struct fixture *fixture) {
  if (try_log(fixture) != EAGRE_OK) fail_msg("%s", fixture->error.text);
}

/* Appends entry number `id`, which names one file. */
static void append(struct fixture *fixture, int64_t id) {
  const struct eagre_source_files_found file = {
      .path = eagre_arena_printf(&fixture->arena, "/in/f %lld", (long long)id).data,
      .modified_us = 1750000000000999 + id * 1000000,
  };
  enum eagre_status status = eagre_source_files_log_append(&log_, &file, 1, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s", fixture->error.text);
}

static const char *log_path(struct fixture *fixture, const char *name) {
  return eagre_arena_printf(&fixture->arena, "%s/sources/0/%s", fixture->checkpoint_path, name)
      .data;
}

static bool log_file_exists(struct fixture *fixture, const char *name) {
  return access(log_path(fixture, name), F_OK) == 0;
}

/* Puts a file of the log where Spark would, past the code under test. */
static void write_log(struct fixture *fixture, const char *name, const char *content) {
  const char *directory =
      eagre_arena_printf(&fixture->arena, "%s/sources/0", fixture->checkpoint_path).data;
  if (fixture->checkpoint == NULL) open_log(fixture);
  assert_int_equal(eagre_io_make_directories(fixture->io, directory, &fixture->error), EAGRE_OK);
  scratch_write(log_path(fixture, name), content, strlen(content));
}

static void test_entry_is_written_as_spark_does(void **state) {
  struct fixture *fixture = *state;
  const struct eagre_source_files_found files[] = {
      {"/in/a b.json", 1795125168691999},
      {"/in/c.json", 1795125168692000},
  };
  open_log(fixture);
  assert_int_equal(log_.last, -1);
  assert_int_equal(eagre_source_files_log_append(&log_, files, 2, &fixture->error), EAGRE_OK);
  size_t size;
  char *content = scratch_read(log_path(fixture, "0"), &size);
  assert_string_equal(content, "v1\n"
                               "{\"path\":\"file:///in/a%20b.json\",\"timestamp\":1795125168691,"
                               "\"batchId\":0}\n"
                               "{\"path\":\"file:///in/c.json\",\"timestamp\":1795125168692,"
                               "\"batchId\":0}");
  free(content);
  assert_true(log_file_exists(fixture, ".0.crc"));
}

static void test_log_is_read_again(void **state) {
  struct fixture *fixture = *state;
  open_log(fixture);
  for (int64_t id = 0; id < 25; id++) {
    append(fixture, id);
  }
  open_log(fixture);
  assert_int_equal(log_.last, 24);
  assert_int_equal(log_.count, 25);
  size_t count = 0;
  const struct eagre_source_files_entry *entries =
      eagre_source_files_log_range(&log_, 18, 21, &count);
  assert_int_equal(count, 3);
  assert_text(entries[0].path, "/in/f 19");
  assert_int_equal(entries[0].modified_ms, 1750000019000);
  assert_text(entries[2].path, "/in/f 21");
  assert_true(eagre_source_files_log_has(&log_, EAGRE_TEXT("/in/f 0")));
  assert_false(eagre_source_files_log_has(&log_, EAGRE_TEXT("/in/f 25")));
  eagre_source_files_log_range(&log_, 24, 24, &count);
  assert_int_equal(count, 0);
}

static void test_every_tenth_is_compacted(void **state) {
  struct fixture *fixture = *state;
  open_log(fixture);
  for (int64_t id = 0; id < 21; id++) {
    append(fixture, id);
  }
  assert_true(log_file_exists(fixture, "8"));
  assert_true(log_file_exists(fixture, "9.compact"));
  assert_false(log_file_exists(fixture, "9"));
  assert_true(log_file_exists(fixture, "19.compact"));
  size_t size;
  char *content = scratch_read(log_path(fixture, "19.compact"), &size);
  unsigned lines = 0;
  for (size_t i = 0; i < size; i++) {
    lines += content[i] == '\n';
  }
  assert_int_equal(lines, 20);
  assert_non_null(strstr(content, "\"timestamp\":1750000003000,\"batchId\":3}\n"));
  free(content);
}

static void test_log_of_spark_is_read(void **state) {
  struct fixture *fixture = *state;
  write_log(fixture, "1.compact",
            "v1\n{\"path\":\"file:///in/a%20b\",\"timestamp\":1,\"batchId\":0}\n"
            "{\"path\":\"file:/in/c\",\"timestamp\":2,\"batchId\":1}");
  write_log(fixture, "2",
            "v1\n{\"path\":\"file:///in/d\",\"timestamp\":3,\"batchId\":2}\n"
            "{\"path\":\"hdfs://h/e\",\"timestamp\":3,\"batchId\":2}\n");
  write_log(fixture, ".3.abc.tmp", "v1\n{");
  open_log(fixture);
  assert_int_equal(log_.last, 2);
  assert_int_equal(log_.count, 4);
  assert_int_equal(log_.compact_interval, 2);
  assert_int_equal(log_.entries[1].log_id, 1);
  assert_true(eagre_source_files_log_has(&log_, EAGRE_TEXT("/in/c")));
  assert_true(eagre_source_files_log_has(&log_, EAGRE_TEXT("hdfs://h/e")));
  append(fixture, 3);
  assert_true(log_file_exists(fixture, "3.compact"));
}

static int64_t read_interval(struct fixture *fixture, const char *first, const char *second) {
  static const char empty[] = "v1";
  if (first != NULL) write_log(fixture, first, empty);
  if (second != NULL) write_log(fixture, second, empty);
  open_log(fixture);
  if (first != NULL) assert_int_equal(unlink(log_path(fixture, first)), 0);
  if (second != NULL) assert_int_equal(unlink(log_path(fixture, second)), 0);
  return log_.compact_interval;
}

/* CompactibleFileStreamLog of Spark. */
static void test_interval_follows_the_files(void **state) {
  struct fixture *fixture = *state;
  open_log(fixture);
  assert_int_equal(read_interval(fixture, NULL, NULL), 10);
  assert_int_equal(read_interval(fixture, "9.compact", NULL), 10);
  assert_int_equal(read_interval(fixture, "4.compact", NULL), 5);
  assert_int_equal(read_interval(fixture, "19.compact", NULL), 20);
  assert_int_equal(read_interval(fixture, "35.compact", NULL), 12);
  assert_int_equal(read_interval(fixture, "99.compact", NULL), 10);
  assert_int_equal(read_interval(fixture, "22.compact", NULL), 23);
  assert_int_equal(read_interval(fixture, "9.compact", "19.compact"), 10);
  assert_int_equal(read_interval(fixture, "24.compact", "29.compact"), 5);
}

static void test_old_files_are_purged(void **state) {
  struct fixture *fixture = *state;
  open_log(fixture);
  for (int64_t id = 0; id < 130; id++) {
    append(fixture, id);
    assert_int_equal(eagre_source_files_log_purge(&log_, &fixture->error), EAGRE_OK);
  }
  assert_false(log_file_exists(fixture, "18"));
  assert_false(log_file_exists(fixture, ".18.crc"));
  assert_false(log_file_exists(fixture, "9.compact"));
  assert_true(log_file_exists(fixture, "19.compact"));
  assert_true(log_file_exists(fixture, "20"));
  open_log(fixture);
  assert_int_equal(log_.count, 130);
  assert_int_equal(log_.compact_interval, 10);
}

static void test_second_writer_is_noticed(void **state) {
  struct fixture *fixture = *state;
  const struct eagre_source_files_found file = {"/in/x", 0};
  open_log(fixture);
  write_log(fixture, "0", "v1");
  assert_int_equal(eagre_source_files_log_append(&log_, &file, 1, &fixture->error), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "CONCURRENT_STREAM_LOG_UPDATE");
}

static void refuse(struct fixture *fixture, const char *name, const char *content,
                   const char *class_name) {
  write_log(fixture, name, content);
  assert_int_equal(try_log(fixture), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, class_name);
  assert_int_equal(unlink(log_path(fixture, name)), 0);
}

static void test_damage_is_named(void **state) {
  struct fixture *fixture = *state;
  open_log(fixture);
  refuse(fixture, "0", "", "MALFORMED_LOG_FILE");
  refuse(fixture, "0", "{\"path\":\"file:///a\",\"timestamp\":1}", "MALFORMED_LOG_FILE");
  refuse(fixture, "0", "v2\n", "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION");
  refuse(fixture, "0", "v1\n{\"path\":\"file:///a\"", "MALFORMED_LOG_FILE");
  refuse(fixture, "0", "v1\n{\"path\":\"file:///a\"}", "MALFORMED_LOG_FILE");
  refuse(fixture, "0", "v1\n{\"path\":3,\"timestamp\":1}", "MALFORMED_LOG_FILE");
  refuse(fixture, "0", "v1\n[]", "MALFORMED_LOG_FILE");
  refuse(fixture, "0", "v1\n{\"path\":\"file:///a\",\"timestamp\":1,\"batchId\":-1}",
         "MALFORMED_LOG_FILE");
  refuse(fixture, "1", "v1\n", "FILE_LOG_INCOMPLETE");
  refuse(fixture, "3.compact", "v1\n{\"path\":\"file:///a\",\"timestamp\":1,\"batchId\":4}",
         "MALFORMED_LOG_FILE");
  refuse(fixture, "3.compact",
         "v1\n{\"path\":\"file:///a\",\"timestamp\":1,\"batchId\":2}\n"
         "{\"path\":\"file:///b\",\"timestamp\":1,\"batchId\":1}",
         "MALFORMED_LOG_FILE");
}

static void test_changed_file_is_noticed(void **state) {
  struct fixture *fixture = *state;
  open_log(fixture);
  append(fixture, 0);
  write_log(fixture, "0", "v1\n{\"path\":\"file:///in/other\",\"timestamp\":1,\"batchId\":0}");
  assert_int_equal(try_log(fixture), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED");
}

static void test_many_files_are_known(void **state) {
  struct fixture *fixture = *state;
  enum { COUNT = 5000 };
  struct eagre_source_files_found *files =
      eagre_arena_allocate(&fixture->arena, COUNT * sizeof *files);
  open_log(fixture);
  for (int i = 0; i < COUNT; i++) {
    files[i] =
        (struct eagre_source_files_found){eagre_arena_printf(&fixture->arena, "/in/%d", i).data, i};
  }
  assert_int_equal(eagre_source_files_log_append(&log_, files, COUNT, &fixture->error), EAGRE_OK);
  open_log(fixture);
  for (int i = 0; i < COUNT; i++) {
    assert_true(eagre_source_files_log_has(&log_, eagre_text_of(files[i].path)));
  }
  assert_false(eagre_source_files_log_has(&log_, EAGRE_TEXT("/in/5000")));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_log)

int run_files_log_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_entry_is_written_as_spark_does), TEST(test_log_is_read_again),
      TEST(test_every_tenth_is_compacted),       TEST(test_log_of_spark_is_read),
      TEST(test_interval_follows_the_files),     TEST(test_old_files_are_purged),
      TEST(test_second_writer_is_noticed),       TEST(test_damage_is_named),
      TEST(test_changed_file_is_noticed),        TEST(test_many_files_are_known),
  };
  return cmocka_run_group_tests_name("source: log of files", tests, NULL, NULL);
}
