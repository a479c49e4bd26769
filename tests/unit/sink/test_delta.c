/* The Delta sink over a real table: epochs, recovery, columns, files. The log is read as text and
 * through `delta`. */
#include "test_sink.h"

#include "sink/sink_delta.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char application[] = "33f6ab4c-c144-4afe-b32c-af46ddb5a05f";

static void plan_table(struct fixture *fixture, const char *columns) {
  plan_sink(fixture, EAGRE_SINK_DELTA, columns);
  memcpy(fixture->checkpoint_id, application, sizeof application);
}

/* The commit of a version; NULL when there is none. */
static const char *read_version(struct fixture *fixture, int version) {
  struct eagre_text path = eagre_arena_printf(&fixture->arena, "%s/table/_delta_log/%020d.json",
                                              fixture->directory, version);
  size_t size;
  char *content = scratch_read(path.data, &size);
  if (content == NULL) return NULL;
  const char *copy = eagre_arena_copy_text(&fixture->arena, eagre_text_make(content, size)).data;
  free(content);
  return copy;
}

static unsigned count_text(const char *text, const char *wanted) {
  unsigned count = 0;
  for (const char *at = strstr(text, wanted); at != NULL; at = strstr(at + 1, wanted)) {
    count++;
  }
  return count;
}

static unsigned count_data_files(struct fixture *fixture) {
  DIR *directory = opendir(scratch_path(fixture->directory, "table"));
  if (directory == NULL) return 0;
  unsigned count = 0;
  for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    count += strstr(entry->d_name, ".parquet") != NULL;
  }
  closedir(directory);
  return count;
}

static struct eagre_sink_recovery recover(struct fixture *fixture) {
  struct eagre_sink_recovery recovery;
  if (eagre_sink_recover(fixture->sink, &recovery, &fixture->error) != EAGRE_OK) {
    fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
  }
  return recovery;
}

/* ---- Epochs ---------------------------------------------------------------------------------- */

static void test_epochs_append(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT, name STRING");
  fixture->plan.comment = EAGRE_TEXT("of tests");
  open_sink(fixture);
  assert_int_equal(recover(fixture).knowledge, EAGRE_SINK_NOTHING);
  run_epoch(fixture, 0, "first", "{\"id\":1,\"name\":\"a\"}\n{\"id\":2}");
  run_epoch(fixture, 1, "second", "{\"id\":3}");
  const char *created = read_version(fixture, 0);
  assert_non_null(strstr(created, "\"description\":\"of tests\""));
  assert_non_null(strstr(created, "\\\"name\\\":\\\"id\\\",\\\"type\\\":\\\"long\\\",\\\"nullable"
                                  "\\\":true"));
  assert_non_null(strstr(created, "\\\"numRecords\\\":2"));
  assert_non_null(strstr(created, "\"numOutputRows\":\"2\""));
  const char *second = read_version(fixture, 1);
  assert_int_equal(count_text(second, "{\"add\":"), 1);
  assert_non_null(strstr(second, "\"outputMode\":\"Append\""));
  assert_int_equal(count_text(second, "{\"remove\":"), 0);
  assert_non_null(
      strstr(second, "\"appId\":\"33f6ab4c-c144-4afe-b32c-af46ddb5a05f\",\"version\":1"));
  close_sink(fixture);
  open_sink(fixture);
  struct eagre_sink_recovery recovery = recover(fixture);
  assert_int_equal(recovery.knowledge, EAGRE_SINK_HAS);
  assert_int_equal(recovery.epoch, 1);
  assert_string_equal(recovery.attempt, "second");
}

/* As Spark: the table always tells the last epoch. */
static void test_epoch_without_rows_commits(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  fixture->core_count = 2;
  open_sink(fixture);
  run_epoch(fixture, 0, "a", "");
  run_epoch(fixture, 1, "b", "");
  assert_int_equal(count_text(read_version(fixture, 1), "{\"add\":"), 0);
  assert_int_equal(recover(fixture).epoch, 1);
  assert_int_equal(count_data_files(fixture), 0);
}

static void test_commit_again_is_no_second_commit(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  open_sink(fixture);
  begin_epoch(fixture, 0, "a");
  assert_int_equal(write_lines(fixture, 0, "{\"id\":1}"), EAGRE_OK);
  const struct eagre_text *pieces = prepare_epoch(fixture);
  assert_int_equal(commit_epoch(fixture, 0, "a", pieces), EAGRE_OK);
  assert_int_equal(commit_epoch(fixture, 0, "a", pieces), EAGRE_OK);
  assert_null(read_version(fixture, 1));
}

static void test_epoch_of_another_process_is_refused(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  open_sink(fixture);
  run_epoch(fixture, 0, "theirs", "{\"id\":1}");
  begin_epoch(fixture, 0, "ours");
  assert_int_equal(write_lines(fixture, 0, "{\"id\":1}"), EAGRE_OK);
  const struct eagre_text *pieces = prepare_epoch(fixture);
  check_failure(fixture, commit_epoch(fixture, 0, "ours", pieces), EAGRE_UNSAFE,
                "DELTA_CONCURRENT_TRANSACTION");
}

static void test_complete_replaces(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  fixture->mode = EAGRE_MODE_COMPLETE;
  open_sink(fixture);
  run_epoch(fixture, 0, "a", "{\"id\":1}");
  run_epoch(fixture, 1, "b", "{\"id\":1}\n{\"id\":2}");
  const char *second = read_version(fixture, 1);
  assert_int_equal(count_text(second, "{\"add\":"), 1);
  assert_int_equal(count_text(second, "{\"remove\":"), 1);
  assert_non_null(strstr(second, "\"outputMode\":\"Complete\""));
  run_epoch(fixture, 2, "c", "");
  const char *third = read_version(fixture, 2);
  assert_int_equal(count_text(third, "{\"add\":"), 0);
  assert_int_equal(count_text(third, "{\"remove\":"), 1);
}

/* The id of a new checkpoint is made after the sink was opened. */
static void test_application_is_known_late(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  fixture->checkpoint_id[0] = '\0';
  open_sink(fixture);
  assert_int_equal(recover(fixture).knowledge, EAGRE_SINK_NOTHING);
  memcpy(fixture->checkpoint_id, application, sizeof application);
  run_epoch(fixture, 0, "a", "{\"id\":1}");
  assert_int_equal(recover(fixture).epoch, 0);
  assert_int_equal(eagre_sink_purge(fixture->sink, 0, &fixture->error), EAGRE_OK);
}

/* ---- Attempts -------------------------------------------------------------------------------- */

static void test_lost_attempts_are_swept(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  open_sink(fixture);
  begin_epoch(fixture, 0, "lost");
  assert_int_equal(write_lines(fixture, 0, "{\"id\":1}"), EAGRE_OK);
  prepare_epoch(fixture);
  eagre_sink_writer_abort(fixture->writers[0]); /* too late to remove anything */
  assert_int_equal(count_data_files(fixture), 1);
  run_epoch(fixture, 0, "won", "{\"id\":1}");
  assert_int_equal(count_data_files(fixture), 2);
  assert_int_equal(eagre_sink_purge(fixture->sink, 0, &fixture->error), EAGRE_OK);
  assert_int_equal(count_data_files(fixture), 1);
}

static void test_abort_removes_an_unfinished_file(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  open_sink(fixture);
  begin_epoch(fixture, 0, "a");
  assert_int_equal(write_lines(fixture, 0, "{\"id\":1}"), EAGRE_OK);
  assert_int_equal(count_data_files(fixture), 1);
  eagre_sink_writer_abort(fixture->writers[0]);
  assert_int_equal(count_data_files(fixture), 0);
  run_epoch(fixture, 0, "b", "{\"id\":1}");
  assert_int_equal(count_text(read_version(fixture, 0), "{\"add\":"), 1);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void test_files_roll(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT, name STRING");
  add_option(fixture, "maxRecordsPerFile", "3");
  open_sink(fixture);
  begin_epoch(fixture, 0, "a");
  assert_int_equal(write_lines(fixture, 0, "{\"id\":1}\n{\"id\":2,\"name\":\"x\"}"), EAGRE_OK);
  assert_int_equal(write_lines(fixture, 0,
                               "{\"id\":3}\n{\"id\":4}\n{\"id\":5}\n{\"id\":6}\n"
                               "{\"id\":7}\n{\"id\":8}\n{\"id\":9}\n{\"id\":10}"),
                   EAGRE_OK);
  const struct eagre_text *pieces = prepare_epoch(fixture);
  assert_true(eagre_text_starts_with(pieces[0], EAGRE_TEXT("{\"rows\":10,\"actions\":[{\"add\"")));
  assert_int_equal(commit_epoch(fixture, 0, "a", pieces), EAGRE_OK);
  const char *log = read_version(fixture, 0);
  assert_int_equal(count_text(log, "{\"add\":"), 4);
  assert_int_equal(count_text(log, "\\\"numRecords\\\":3"), 3);
  assert_int_equal(count_text(log, "\\\"numRecords\\\":1,"), 1);
  assert_non_null(strstr(log, "\\\"minValues\\\":{\\\"id\\\":4},\\\"maxValues\\\":{\\\"id\\\":6}"));
  assert_int_equal(count_data_files(fixture), 4);
}

static void test_full_file_is_followed_by_none(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  add_option(fixture, "maxRecordsPerFile", "2");
  open_sink(fixture);
  run_epoch(fixture, 0, "a", "{\"id\":1}\n{\"id\":2}");
  assert_int_equal(count_text(read_version(fixture, 0), "{\"add\":"), 1);
}

static void test_codec_is_in_the_name(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  add_option(fixture, "compression", "snappy");
  open_sink(fixture);
  run_epoch(fixture, 0, "a", "{\"id\":1}");
  assert_non_null(strstr(read_version(fixture, 0), ".snappy.parquet\""));
}

static void test_cores_write_files_of_their_own(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  fixture->core_count = 3;
  open_sink(fixture);
  begin_epoch(fixture, 0, "a");
  assert_int_equal(write_lines(fixture, 0, "{\"id\":1}"), EAGRE_OK);
  assert_int_equal(write_lines(fixture, 2, "{\"id\":2}"), EAGRE_OK);
  const struct eagre_text *pieces = prepare_epoch(fixture);
  assert_string_equal(pieces[1].data, "{\"rows\":0,\"actions\":[]}");
  assert_int_equal(commit_epoch(fixture, 0, "a", pieces), EAGRE_OK);
  assert_int_equal(count_text(read_version(fixture, 0), "{\"add\":"), 2);
}

/* ---- Columns --------------------------------------------------------------------------------- */

static void refuse(struct fixture *fixture, const char *columns, const char *class_name) {
  plan_table(fixture, columns);
  check_failure(fixture, try_open(fixture), EAGRE_USAGE, class_name);
}

/* The same for types that SQL cannot declare: one column, or a field of a STRUCT. */
static void refuse_kind(struct fixture *fixture, enum eagre_type_kind kind,
                        const char *class_name) {
  struct eagre_field field = {EAGRE_TEXT("a"), eagre_type_of(kind), true};
  for (int depth = 0; depth < 2; depth++) {
    plan_table(fixture, "a INT");
    fixture->columns = eagre_type_struct(&fixture->arena, &field, 1);
    check_failure(fixture, try_open(fixture), EAGRE_USAGE, class_name);
    field.type = fixture->columns;
  }
}

static void test_columns_that_no_table_has(void **state) {
  struct fixture *fixture = *state;
  refuse(fixture, "`a b` INT", "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES");
  refuse(fixture, "a INT, A INT", "DELTA_DUPLICATE_COLUMNS_FOUND");
  refuse(fixture, "a INT, s STRUCT<`x=`: INT>", "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES");
  refuse_kind(fixture, EAGRE_TYPE_NULL, "DELTA_NULL_SCHEMA_IN_STREAMING_WRITE");
  refuse_kind(fixture, EAGRE_TYPE_INTERVAL_YEAR, "DELTA_UNSUPPORTED_DATA_TYPES");
  refuse_kind(fixture, EAGRE_TYPE_INTERVAL_DAY, "DELTA_UNSUPPORTED_DATA_TYPES");
  assert_null(read_version(fixture, 0));
}

static void test_update_mode_is_refused(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  check_failure(
      fixture,
      eagre_sink_validate(&fixture->plan, fixture->columns, EAGRE_MODE_UPDATE, &fixture->error),
      EAGRE_USAGE, "DELTA_UNSUPPORTED_OUTPUT_MODE");
  assert_true(fixture->error.hint[0] != '\0');
}

/* Names in another case, another order, a column that is missing. */
static void test_columns_fit_an_existing_table(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT, Name STRING, price DOUBLE");
  open_sink(fixture);
  run_epoch(fixture, 0, "a", "{\"id\":1,\"Name\":\"n\",\"price\":0.5}");
  close_sink(fixture);
  plan_table(fixture, "NAME STRING, ID BIGINT");
  open_sink(fixture);
  const struct eagre_sink_delta *delta = (const struct eagre_sink_delta *)fixture->sink;
  assert_int_equal(delta->file_schema->field_count, 2);
  assert_true(eagre_text_equal_string(delta->file_schema->fields[0].name, "id"));
  assert_true(eagre_text_equal_string(delta->file_schema->fields[1].name, "Name"));
  run_epoch(fixture, 1, "b", "{\"ID\":7,\"NAME\":\"m\"}");
  assert_non_null(
      strstr(read_version(fixture, 1), "\\\"minValues\\\":{\\\"id\\\":7,\\\"Name\\\":\\\"m\\\"}"));
  close_sink(fixture);
  refuse(fixture, "id STRING", "DELTA_METADATA_MISMATCH");
  refuse(fixture, "id BIGINT, other INT", "DELTA_METADATA_MISMATCH");
}

static void test_declared_not_null_is_kept(void **state) {
  struct fixture *fixture = *state;
  for (int round = 0; round < 2; round++) { /* a new table, then an existing one */
    plan_table(fixture, "id BIGINT NOT NULL, name STRING");
    fixture->plan.schema = fixture->columns;
    open_sink(fixture);
    begin_epoch(fixture, round, "a");
    check_failure(fixture, write_lines(fixture, 0, "{\"id\":1}\n{\"name\":\"x\"}"), EAGRE_DATA,
                  "DELTA_NOT_NULL_CONSTRAINT_VIOLATED");
    eagre_sink_writer_abort(fixture->writers[0]);
    run_epoch(fixture, round, "b", "{\"id\":1}");
    close_sink(fixture);
  }
}

static void test_broken_piece_is_refused(void **state) {
  struct fixture *fixture = *state;
  static const char *const pieces[] = {"", "{", "[]", "{}", "{\"actions\":3}", "{\"actions\":[3]}"};
  plan_table(fixture, "id BIGINT");
  open_sink(fixture);
  for (size_t i = 0; i < EAGRE_COUNT_OF(pieces); i++) {
    const struct eagre_text piece = eagre_text_of(pieces[i]);
    begin_epoch(fixture, 0, "a");
    check_failure(fixture, commit_epoch(fixture, 0, "a", &piece), EAGRE_UNSAFE,
                  "SINK_PIECE_CORRUPT");
  }
  assert_null(read_version(fixture, 0));
}

static void test_description(void **state) {
  struct fixture *fixture = *state;
  plan_table(fixture, "id BIGINT");
  open_sink(fixture);
  struct eagre_text expected =
      eagre_arena_printf(&fixture->arena, "DeltaSink[%s/table]", fixture->directory);
  assert_string_equal(eagre_sink_description(fixture->sink), expected.data);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int run_delta_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_epochs_append),
      TEST(test_epoch_without_rows_commits),
      TEST(test_commit_again_is_no_second_commit),
      TEST(test_epoch_of_another_process_is_refused),
      TEST(test_complete_replaces),
      TEST(test_application_is_known_late),
      TEST(test_lost_attempts_are_swept),
      TEST(test_abort_removes_an_unfinished_file),
      TEST(test_files_roll),
      TEST(test_full_file_is_followed_by_none),
      TEST(test_codec_is_in_the_name),
      TEST(test_cores_write_files_of_their_own),
      TEST(test_columns_that_no_table_has),
      TEST(test_update_mode_is_refused),
      TEST(test_columns_fit_an_existing_table),
      TEST(test_declared_not_null_is_kept),
      TEST(test_broken_piece_is_refused),
      TEST(test_description),
  };
  return cmocka_run_group_tests_name("sink: Delta", tests, NULL, NULL);
}
