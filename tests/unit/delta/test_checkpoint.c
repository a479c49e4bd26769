/* Checkpoints of the log: when, what beside them, and that they never hurt. What is in them is for
 * tests/readers. */
#include "test_delta.h"

#include <stdio.h>
#include <sys/stat.h>

#define CHECKPOINT "_delta_log/00000000000000000010.checkpoint.parquet"
#define CHECKSUM "_delta_log/.00000000000000000010.checkpoint.parquet.crc"

static void append_until(struct fixture *fixture, int64_t last) {
  open_table(fixture);
  for (int64_t epoch = 0; epoch <= last; epoch++) {
    append(fixture, epoch, "A");
  }
}

static void test_every_ten_versions(void **state) {
  struct fixture *fixture = *state;
  append_until(fixture, 9);
  assert_false(file_exists(fixture, "_delta_log/_last_checkpoint"));
  append(fixture, 10, "A");
  assert_true(file_exists(fixture, CHECKPOINT));
  struct eagre_io_entry entry;
  const char *path =
      eagre_arena_printf(&fixture->arena, "%s/%s", fixture->location, CHECKPOINT).data;
  assert_int_equal(eagre_io_stat(fixture->io, path, &entry, &fixture->error), EAGRE_OK);
  struct eagre_text expected = eagre_arena_printf(
      &fixture->arena, "{\"version\":10,\"size\":14,\"sizeInBytes\":%llu,\"numOfAddFiles\":11}",
      (unsigned long long)entry.size);
  assert_string_equal(read_text(fixture, "_delta_log/_last_checkpoint"), expected.data);
  /* No temporary file is left. */
  struct eagre_io_entry *entries;
  uint32_t count;
  path = eagre_arena_printf(&fixture->arena, "%s/_delta_log", fixture->location).data;
  assert_int_equal(
      eagre_io_list(fixture->io, path, &fixture->arena, &entries, &count, &fixture->error),
      EAGRE_OK);
  assert_int_equal(count, 11 + 2);
}

/* Spark refuses a file that does not fit the checksum beside it. */
static void test_checksums_of_replaced_files_go(void **state) {
  struct fixture *fixture = *state;
  append_until(fixture, 9);
  write_text(fixture, CHECKPOINT, "an old one");
  write_text(fixture, CHECKSUM, "of the old one");
  write_text(fixture, "_delta_log/_last_checkpoint", "{\"version\":5,\"size\":1}");
  write_text(fixture, "_delta_log/._last_checkpoint.crc", "of the old one");
  append(fixture, 10, "A");
  assert_false(file_exists(fixture, CHECKSUM));
  assert_false(file_exists(fixture, "_delta_log/._last_checkpoint.crc"));
  assert_non_null(strstr(read_text(fixture, "_delta_log/_last_checkpoint"), "\"version\":10"));
}

static int logged_warnings;

static void count_warning(void *context, enum eagre_log_level level, const char *line) {
  (void)context;
  if (level == EAGRE_LOG_WARNING && strstr(line, "no checkpoint of version 10") != NULL) {
    logged_warnings++;
  }
}

static void test_failed_checkpoint_is_only_logged(void **state) {
  struct fixture *fixture = *state;
  append_until(fixture, 9);
  struct eagre_text path =
      eagre_arena_printf(&fixture->arena, "%s/%s", fixture->location, CHECKPOINT);
  assert_int_equal(mkdir(path.data, 0777), 0);
  write_text(fixture, CHECKPOINT "/in-the-way", "");
  logged_warnings = 0;
  eagre_log_set(count_warning, NULL, EAGRE_LOG_WARNING);
  assert_int_equal(append(fixture, 10, "A"), 10);
  eagre_log_set(NULL, NULL, EAGRE_LOG_ERROR);
  assert_int_equal(logged_warnings, 1);
  assert_false(file_exists(fixture, "_delta_log/_last_checkpoint"));
  assert_int_equal(append(fixture, 11, "A"), 11);
}

static void test_none_for_tables_with_v2_checkpoints(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  write_version(fixture, 1,
                "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":["
                "\"v2Checkpoint\"],\"writerFeatures\":[\"v2Checkpoint\"]}}\n");
  for (int64_t epoch = 1; epoch < 12; epoch++) {
    append(fixture, epoch, "A");
  }
  assert_int_equal(eagre_delta_version(fixture->table), 12);
  assert_false(file_exists(fixture, CHECKPOINT));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int run_checkpoint_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_every_ten_versions),
      TEST(test_checksums_of_replaced_files_go),
      TEST(test_failed_checkpoint_is_only_logged),
      TEST(test_none_for_tables_with_v2_checkpoints),
  };
  return cmocka_run_group_tests_name("checkpoints", tests, NULL, NULL);
}
