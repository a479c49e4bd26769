/* The door: the file's frame, statistics, row groups, failures. */
#include "test_parquet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/io.h"
#include "parquet/parquet.h"

struct fixture {
  struct eagre_io *io;
  struct eagre_arena arena;
  struct eagre_error error;
  char directory[64];
  char path[128];
  const struct eagre_type *schema;
  struct eagre_vector columns[3];
};

static int set_up(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  snprintf(fixture->directory, sizeof fixture->directory, "/tmp/eagre-test-XXXXXX");
  assert_non_null(mkdtemp(fixture->directory));
  snprintf(fixture->path, sizeof fixture->path, "%s/a.parquet", fixture->directory);
  assert_int_equal(eagre_io_open(&(struct eagre_io_options){0}, &fixture->io, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(eagre_type_parse_columns(&fixture->arena,
                                            EAGRE_TEXT("i INT, s STRING, st STRUCT<x: BIGINT>"),
                                            &fixture->schema, &fixture->error),
                   EAGRE_OK);
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  unlink(fixture->path);
  assert_int_equal(rmdir(fixture->directory), 0);
  eagre_io_close(fixture->io);
  eagre_arena_done(&fixture->arena);
  eagre_free(fixture);
  return 0;
}

static void make_rows(struct fixture *fixture, uint32_t count) {
  for (uint32_t i = 0; i < 3; i++) {
    eagre_vector_init(&fixture->columns[i], fixture->schema->fields[i].type, count,
                      &fixture->arena);
  }
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_VALUES(int32_t, &fixture->columns[0])[i] = (int32_t)i - 3;
    EAGRE_VALUES(struct eagre_text, &fixture->columns[1])
    [i] = eagre_arena_printf(&fixture->arena, "text %u", i % 10);
    EAGRE_VALUES(int64_t, &fixture->columns[2].children[0])[i] = (int64_t)i << 40;
  }
}

static struct eagre_parquet_writer *open_writer(struct fixture *fixture,
                                                const struct eagre_parquet_options *options) {
  struct eagre_parquet_writer *writer = NULL;
  assert_int_equal(eagre_parquet_writer_open(fixture->io, fixture->path, fixture->schema, options,
                                             &writer, &fixture->error),
                   EAGRE_OK);
  return writer;
}

static void write_rows(struct fixture *fixture, struct eagre_parquet_writer *writer,
                       uint32_t count) {
  assert_int_equal(eagre_parquet_writer_write(writer, fixture->columns, count, &fixture->error),
                   EAGRE_OK);
}

static uint64_t finish(struct fixture *fixture, struct eagre_parquet_writer *writer) {
  uint64_t size;
  assert_int_equal(eagre_parquet_writer_finish(writer, &size, &fixture->error), EAGRE_OK);
  return size;
}

static void test_frame(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  struct eagre_parquet_writer *writer = open_writer(fixture, &options);
  make_rows(fixture, 100);
  write_rows(fixture, writer, 100);
  assert_int_equal(eagre_parquet_writer_row_count(writer), 100);
  uint64_t size = finish(fixture, writer);
  eagre_parquet_writer_free(writer);
  struct eagre_buffer file = {0};
  assert_int_equal(eagre_io_read_file(fixture->io, fixture->path, 0, &file, &fixture->error),
                   EAGRE_OK);
  assert_int_equal(file.size, size);
  assert_memory_equal(file.data, "PAR1", 4);
  assert_memory_equal(file.data + size - 4, "PAR1", 4);
  uint32_t footer_size;
  memcpy(&footer_size, file.data + size - 8, sizeof footer_size);
  assert_true(footer_size > 100 && footer_size < size - 12);
  assert_non_null(memmem(file.data, file.size, "eagre version ", 14));
  eagre_buffer_done(&file);
}

static void test_statistics(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  options.row_group_rows = 30;
  struct eagre_parquet_writer *writer = open_writer(fixture, &options);
  make_rows(fixture, 100);
  char *longest = eagre_arena_allocate(&fixture->arena, 1000);
  memset(longest, 'z', 1000);
  EAGRE_VALUES(struct eagre_text, &fixture->columns[1])[50] = eagre_text_make(longest, 1000);
  eagre_vector_set_null(&fixture->columns[2], 7, 100, &fixture->arena);
  eagre_vector_set_null(&fixture->columns[2].children[0], 99, 100, &fixture->arena);
  write_rows(fixture, writer, 100);
  finish(fixture, writer);
  assert_int_equal(eagre_parquet_writer_leaf_count(writer), 3);

  const struct eagre_parquet_statistics *integers = eagre_parquet_writer_statistics(writer, 0);
  assert_true(integers->has_range);
  assert_int_equal(integers->null_count, 0);
  assert_int_equal(*EAGRE_VALUES(int32_t, &integers->minimum), -3);
  assert_int_equal(*EAGRE_VALUES(int32_t, &integers->maximum), 96);

  const struct eagre_parquet_statistics *texts = eagre_parquet_writer_statistics(writer, 1);
  assert_true(eagre_text_equal_string(*EAGRE_VALUES(struct eagre_text, &texts->minimum), "text 0"));
  assert_int_equal(EAGRE_VALUES(struct eagre_text, &texts->maximum)->size, 1000);

  const struct eagre_parquet_statistics *nested = eagre_parquet_writer_statistics(writer, 2);
  assert_int_equal(nested->null_count, 2);
  assert_int_equal(*EAGRE_VALUES(int64_t, &nested->maximum), INT64_C(98) << 40);
  eagre_parquet_writer_free(writer);
}

static void test_file_without_rows(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  struct eagre_parquet_writer *writer = open_writer(fixture, &options);
  make_rows(fixture, 1);
  write_rows(fixture, writer, 0);
  finish(fixture, writer);
  assert_int_equal(eagre_parquet_writer_row_count(writer), 0);
  assert_false(eagre_parquet_writer_statistics(writer, 0)->has_range);
  eagre_parquet_writer_free(writer);
}

static void test_size_grows_towards_the_file(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  options.codec = EAGRE_CODEC_NONE;
  struct eagre_parquet_writer *writer = open_writer(fixture, &options);
  make_rows(fixture, 4096);
  uint64_t previous = 0;
  for (int i = 0; i < 10; i++) {
    write_rows(fixture, writer, 4096);
    assert_true(eagre_parquet_writer_size(writer) > previous);
    previous = eagre_parquet_writer_size(writer);
  }
  uint64_t size = finish(fixture, writer);
  assert_in_range(previous, size / 2, size * 2);
  eagre_parquet_writer_free(writer);
}

static void test_unfinished_file_is_removed(void **state) {
  struct fixture *fixture = *state;
  struct stat status;
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  struct eagre_parquet_writer *writer = open_writer(fixture, &options);
  make_rows(fixture, 10);
  write_rows(fixture, writer, 10);
  eagre_parquet_writer_free(writer);
  assert_int_equal(stat(fixture->path, &status), -1);
  assert_int_equal(errno, ENOENT);
  eagre_parquet_writer_free(NULL);
}

static void test_existing_file_stays(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  FILE *file = fopen(fixture->path, "w");
  fputs("mine", file);
  fclose(file);
  struct eagre_parquet_writer *writer = NULL;
  assert_int_equal(eagre_parquet_writer_open(fixture->io, fixture->path, fixture->schema, &options,
                                             &writer, &fixture->error),
                   EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "FILE_ALREADY_EXISTS");
  struct stat status;
  assert_int_equal(stat(fixture->path, &status), 0);
  assert_int_equal(status.st_size, 4);
}

static void test_refused_type_leaves_no_file(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  struct eagre_parquet_writer *writer = NULL;
  const struct eagre_type *schema =
      make_column(&fixture->arena, eagre_type_of(EAGRE_TYPE_INTERVAL_DAY));
  assert_int_equal(eagre_parquet_writer_open(fixture->io, fixture->path, schema, &options, &writer,
                                             &fixture->error),
                   EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE");
  struct stat status;
  assert_int_equal(stat(fixture->path, &status), -1);
}

static struct eagre_buffer take_file(struct fixture *fixture) {
  struct eagre_buffer file = {0};
  assert_int_equal(eagre_io_read_file(fixture->io, fixture->path, 0, &file, &fixture->error),
                   EAGRE_OK);
  unlink(fixture->path);
  return file;
}

/* A writer that has written other rows writes the file that a new one would, and its statistics. */
static void test_reopened_writer_remembers_nothing(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  options.row_group_rows = 70;
  make_rows(fixture, 200);
  struct eagre_parquet_writer *fresh = open_writer(fixture, &options);
  write_rows(fixture, fresh, 100);
  finish(fixture, fresh);
  struct eagre_buffer expected = take_file(fixture);
  struct eagre_parquet_writer *used = open_writer(fixture, &options);
  write_rows(fixture, used, 200);
  finish(fixture, used);
  struct eagre_buffer other = take_file(fixture);
  eagre_buffer_done(&other);
  assert_int_equal(eagre_parquet_writer_reopen(used, fixture->path, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_parquet_writer_row_count(used), 0);
  write_rows(fixture, used, 100);
  finish(fixture, used);
  struct eagre_buffer file = take_file(fixture);
  assert_int_equal(file.size, expected.size);
  assert_memory_equal(file.data, expected.data, file.size);
  const struct eagre_parquet_statistics *statistics = eagre_parquet_writer_statistics(used, 0);
  assert_int_equal(*EAGRE_VALUES(int32_t, &statistics->maximum), 96);
  eagre_buffer_done(&file);
  eagre_buffer_done(&expected);
  eagre_parquet_writer_free(fresh);
  eagre_parquet_writer_free(used);
}

/* As when another number is looked for: the writer can try the next name. */
static void test_reopening_on_an_existing_file(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  make_rows(fixture, 5);
  struct eagre_parquet_writer *writer = open_writer(fixture, &options);
  write_rows(fixture, writer, 5);
  finish(fixture, writer);
  assert_int_equal(eagre_parquet_writer_reopen(writer, fixture->path, &fixture->error),
                   EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "FILE_ALREADY_EXISTS");
  assert_int_equal(eagre_parquet_writer_row_count(writer), 5);
  unlink(fixture->path);
  assert_int_equal(eagre_parquet_writer_reopen(writer, fixture->path, &fixture->error), EAGRE_OK);
  eagre_parquet_writer_free(writer);
  struct stat status;
  assert_int_equal(stat(fixture->path, &status), -1);
}

int run_writer_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_frame, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_statistics, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_file_without_rows, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_size_grows_towards_the_file, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_unfinished_file_is_removed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_existing_file_stays, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refused_type_leaves_no_file, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_reopened_writer_remembers_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_reopening_on_an_existing_file, set_up, tear_down),
  };
  return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
