/* Data files: add actions, NOT NULL. */
#include "test_delta.h"

#include "json/json.h"

static void test_add_action(void **state) {
  struct fixture *fixture = *state;
  struct eagre_text line = write_file(fixture, APPLICATION, 17, "A", 3);
  struct eagre_io_entry entry;
  const char *name = "part-00000-33f6ab4c-17-A-c000.zstd.parquet";
  struct eagre_text path = eagre_arena_printf(&fixture->arena, "%s/%s", fixture->location, name);
  assert_int_equal(eagre_io_stat(fixture->io, path.data, &entry, &fixture->error), EAGRE_OK);
  struct eagre_text expected = eagre_arena_printf(
      &fixture->arena,
      "{\"add\":{\"path\":\"%s\",\"partitionValues\":{},\"size\":%llu,\"modificationTime\":%lld,"
      "\"dataChange\":true,\"stats\":\"{\\\"numRecords\\\":3,\\\"minValues\\\":{\\\"id\\\":0,"
      "\\\"name\\\":\\\"n 0\\\"},\\\"maxValues\\\":{\\\"id\\\":2,\\\"name\\\":\\\"n 2\\\"},"
      "\\\"nullCount\\\":{\\\"id\\\":0,\\\"name\\\":0}}\"}}\n",
      name, (unsigned long long)entry.size, (long long)entry.modified_us / 1000);
  assert_string_equal(line.data, expected.data);
}

static void test_files_of_one_attempt_are_numbered(void **state) {
  struct fixture *fixture = *state;
  write_file(fixture, APPLICATION, 17, "A", 3);
  write_file(fixture, APPLICATION, 17, "A", 3);
  write_file(fixture, APPLICATION, 17, "B", 3);
  assert_true(file_exists(fixture, "part-00000-33f6ab4c-17-A-c000.zstd.parquet"));
  assert_true(file_exists(fixture, "part-00000-33f6ab4c-17-A-c001.zstd.parquet"));
  assert_true(file_exists(fixture, "part-00000-33f6ab4c-17-B-c000.zstd.parquet"));
  assert_int_equal(count_files(fixture, ".parquet"), 3);
}

static struct eagre_delta_file *open_file(struct fixture *fixture, const struct eagre_type *schema,
                                          const struct eagre_parquet_options *parquet) {
  struct eagre_delta_file_options options = {
      .schema = schema,
      .parquet = parquet,
      .application_id = APPLICATION,
      .attempt = "A",
  };
  struct eagre_delta_file *file = NULL;
  assert_int_equal(
      eagre_delta_file_open(fixture->io, fixture->location, &options, &file, &fixture->error),
      EAGRE_OK);
  return file;
}

static void test_aborted_file_is_removed(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options parquet;
  eagre_parquet_options_init(&parquet);
  parquet.codec = EAGRE_CODEC_NONE;
  struct eagre_delta_file *file = open_file(fixture, fixture->schema, &parquet);
  assert_true(file_exists(fixture, "part-00000-33f6ab4c-0-A-c000.parquet"));
  eagre_delta_file_abort(file);
  assert_int_equal(count_files(fixture, ".parquet"), 0);
  eagre_delta_file_abort(NULL);
}

/* By a process that has taken the checkpoint over. */
static void test_file_removed_by_another(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options parquet;
  eagre_parquet_options_init(&parquet);
  parquet.codec = EAGRE_CODEC_NONE;
  struct eagre_delta_file *file = open_file(fixture, fixture->schema, &parquet);
  struct eagre_buffer action = {0};
  remove_file(fixture, "part-00000-33f6ab4c-0-A-c000.parquet");
  assert_int_equal(eagre_delta_file_finish(file, &action, &fixture->error), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "DELTA_DATA_FILE_MISSING");
  eagre_buffer_done(&action);
}

static void test_not_null(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options parquet;
  eagre_parquet_options_init(&parquet);
  const struct eagre_type *schema;
  assert_int_equal(eagre_type_parse_columns(&fixture->arena,
                                            EAGRE_TEXT("s STRUCT<x: BIGINT NOT NULL>, n INT"),
                                            &schema, &fixture->error),
                   EAGRE_OK);
  struct eagre_delta_file *file = open_file(fixture, schema, &parquet);
  struct eagre_vector columns[2];
  eagre_vector_init(&columns[0], schema->fields[0].type, 10, &fixture->arena);
  eagre_vector_init(&columns[1], schema->fields[1].type, 10, &fixture->arena);
  memset(columns[0].children[0].data, 0, 80);
  memset(columns[1].data, 0, 40);
  /* A NULL struct has no fields that could break the rule. */
  eagre_vector_set_null(&columns[0], 3, 10, &fixture->arena);
  eagre_vector_set_null(&columns[0].children[0], 3, 10, &fixture->arena);
  eagre_vector_set_null(&columns[1], 4, 10, &fixture->arena);
  assert_int_equal(eagre_delta_file_write(file, columns, 10, &fixture->error), EAGRE_OK);
  eagre_vector_set_null(&columns[0].children[0], 7, 10, &fixture->arena);
  assert_int_equal(eagre_delta_file_write(file, columns, 10, &fixture->error), EAGRE_DATA);
  assert_string_equal(fixture->error.class_name, "DELTA_NOT_NULL_CONSTRAINT_VIOLATED");
  assert_int_equal(fixture->error.row, 7);
  eagre_delta_file_abort(file);
}

/* 40 leaves: only 32 get statistics, an ARRAY or a STRUCT's field counting as one. */
static void test_only_the_first_leaves_have_statistics(void **state) {
  struct fixture *fixture = *state;
  struct eagre_parquet_options parquet;
  eagre_parquet_options_init(&parquet);
  struct eagre_buffer ddl = {0};
  eagre_buffer_append_string(&ddl, "s STRUCT<x: INT, y: INT>");
  for (int i = 2; i < 40; i++) {
    eagre_buffer_printf(&ddl, ", c%d INT", i);
  }
  const struct eagre_type *schema;
  assert_int_equal(
      eagre_type_parse_columns(&fixture->arena, eagre_buffer_text(&ddl), &schema, &fixture->error),
      EAGRE_OK);
  eagre_buffer_done(&ddl);
  struct eagre_vector *columns =
      eagre_arena_allocate(&fixture->arena, schema->field_count * sizeof *columns);
  for (uint32_t i = 0; i < schema->field_count; i++) {
    eagre_vector_init_null(&columns[i], schema->fields[i].type, &fixture->arena);
  }
  struct eagre_delta_file *file = open_file(fixture, schema, &parquet);
  struct eagre_buffer action = {0};
  assert_int_equal(eagre_delta_file_write(file, columns, 5, &fixture->error), EAGRE_OK);
  assert_int_equal(eagre_delta_file_finish(file, &action, &fixture->error), EAGRE_OK);
  const char *text = eagre_buffer_string(&action);
  assert_non_null(strstr(text, "\\\"minValues\\\":{\\\"s\\\":{}},"));
  assert_non_null(strstr(text, "\\\"nullCount\\\":{\\\"s\\\":{\\\"x\\\":5,\\\"y\\\":5},"));
  assert_non_null(strstr(text, "\\\"c31\\\":5}}"));
  eagre_buffer_done(&action);
}

int run_file_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_add_action, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_files_of_one_attempt_are_numbered, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_aborted_file_is_removed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_file_removed_by_another, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_not_null, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_only_the_first_leaves_have_statistics, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
