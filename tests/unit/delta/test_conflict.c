/* Lost races: what others committed between our look at the table and our commit. */
#include "test_delta.h"

#include <pthread.h>

/* A table with one commit of ours, open; then somebody else commits `content` as version 1. */
static void prepare(struct fixture *fixture, const char *content) {
  open_table(fixture);
  append(fixture, 0, "A");
  write_version(fixture, 1, content);
}

static void check_goes_on(struct fixture *fixture, const char *content, uint64_t file_count) {
  prepare(fixture, content);
  struct eagre_delta_commit made = make_commit(fixture, 1, "B");
  assert_int_equal(commit(fixture, &made), 2);
  assert_int_equal(eagre_delta_file_count(fixture->table), file_count);
  assert_non_null(strstr(read_version(fixture, 2), "\"readVersion\":1,"));
}

static void check_gives_up(struct fixture *fixture, const char *content, const char *class_name) {
  prepare(fixture, content);
  struct eagre_delta_commit made = make_commit(fixture, 1, "B");
  check_commit_fails(fixture, &made, EAGRE_UNSAFE, class_name);
  assert_null(read_version(fixture, 2));
}

static void test_appends_do_not_conflict(void **state) {
  check_goes_on(*state, "{\"add\":{\"path\":\"x\",\"size\":1}}\n", 3);
}

static void test_deletes_do_not_conflict(void **state) {
  check_goes_on(*state,
                "{\"remove\":{\"path\":\"part-00000-33f6ab4c-0-A-c000.zstd.parquet\","
                "\"dataChange\":true}}\n",
                1);
}

static void test_compactions_do_not_conflict(void **state) {
  check_goes_on(*state,
                "{\"remove\":{\"path\":\"part-00000-33f6ab4c-0-A-c000.zstd.parquet\","
                "\"dataChange\":false}}\n"
                "{\"add\":{\"path\":\"x\",\"size\":1,\"dataChange\":false}}\n",
                2);
}

static void test_other_applications_do_not_conflict(void **state) {
  check_goes_on(*state, "{\"txn\":{\"appId\":\"" OTHER_APPLICATION "\",\"version\":99}}\n", 2);
}

/* The same schema again, with a new property. */
static void test_harmless_metadata_does_not_conflict(void **state) {
  struct fixture *fixture = *state;
  write_version(fixture, 0, first_commit);
  open_table(fixture);
  append(fixture, 0, "A");
  const char *metadata = strstr(first_commit, "{\"metaData\"");
  const char *end = strstr(metadata, "\"configuration\":{}");
  struct eagre_text changed = eagre_arena_printf(
      &fixture->arena, "%.*s\"configuration\":{\"delta.checkpointInterval\":\"4\"}}}\n",
      (int)(end - metadata), metadata);
  write_version(fixture, 2, changed.data);
  assert_int_equal(append(fixture, 1, "B"), 3);
  assert_int_equal(append(fixture, 2, "C"), 4);
  assert_true(file_exists(fixture, "_delta_log/00000000000000000004.checkpoint.parquet"));
}

static void test_new_schema_conflicts(void **state) {
  struct fixture *fixture = *state;
  write_version(fixture, 0, first_commit);
  open_table(fixture);
  struct eagre_delta_commit made = make_commit(fixture, 0, "A");
  char *changed = eagre_arena_copy_string(&fixture->arena, strstr(first_commit, "{\"metaData\""));
  memcpy(strstr(changed, "\\\"id\\\""), "\\\"ID\\\"", 6);
  write_version(fixture, 1, changed);
  check_commit_fails(fixture, &made, EAGRE_UNSAFE, "DELTA_METADATA_CHANGED");
}

static void test_new_protocol_conflicts(void **state) {
  check_gives_up(*state,
                 "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":["
                 "\"columnMapping\"],\"writerFeatures\":[\"columnMapping\",\"rowTracking\"]}}\n",
                 "DELTA_UNSUPPORTED_FEATURES");
}

static void test_understood_protocol_does_not_conflict(void **state) {
  check_goes_on(*state,
                "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":["
                "\"deletionVectors\"],\"writerFeatures\":[\"deletionVectors\"]}}\n",
                2);
}

static void test_our_own_application_conflicts(void **state) {
  check_gives_up(*state,
                 "{\"commitInfo\":{\"eagre\":{\"epoch\":1,\"attempt\":\"OTHER\"}}}\n"
                 "{\"txn\":{\"appId\":\"" APPLICATION "\",\"version\":1}}\n",
                 "DELTA_CONCURRENT_TRANSACTION");
  assert_non_null(strstr(((struct fixture *)*state)->error.text, "attempt 'OTHER'"));
}

static void test_earlier_epoch_of_our_application_conflicts(void **state) {
  struct fixture *fixture = *state;
  prepare(fixture, "{\"txn\":{\"appId\":\"" APPLICATION "\",\"version\":1}}\n");
  struct eagre_delta_commit made = make_commit(fixture, 2, "B");
  check_commit_fails(fixture, &made, EAGRE_UNSAFE, "DELTA_CONCURRENT_TRANSACTION");
}

/* Our commit went through, but nobody told us. */
static void test_our_own_attempt_is_done(void **state) {
  struct fixture *fixture = *state;
  prepare(fixture, "{\"commitInfo\":{\"eagre\":{\"epoch\":1,\"attempt\":\"B\"}}}\n"
                   "{\"txn\":{\"appId\":\"" APPLICATION "\",\"version\":1}}\n");
  struct eagre_delta_commit made = make_commit(fixture, 1, "B");
  assert_int_equal(commit(fixture, &made), 1);
  assert_null(read_version(fixture, 2));
}

static void test_table_created_by_somebody_else(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  struct eagre_delta_commit made = make_commit(fixture, 0, "A");
  write_version(fixture, 0, first_commit);
  assert_int_equal(commit(fixture, &made), 1);
  assert_null(strstr(read_version(fixture, 1), "metaData"));
}

static void test_other_table_created_by_somebody_else(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  struct eagre_delta_commit made = make_commit(fixture, 0, "A");
  char *changed = eagre_arena_copy_string(&fixture->arena, first_commit);
  memcpy(strstr(changed, "\\\"long\\\""), "\\\"byte\\\"", 8);
  write_version(fixture, 0, changed);
  check_commit_fails(fixture, &made, EAGRE_UNSAFE, "DELTA_METADATA_CHANGED");
}

/* A replace removes what was added behind its back: the table is what the epoch says. */
static void test_replace_takes_winners_along(void **state) {
  struct fixture *fixture = *state;
  prepare(fixture, "{\"add\":{\"path\":\"x\",\"size\":1}}\n");
  struct eagre_delta_commit made = make_commit(fixture, 1, "B");
  made.replace = true;
  assert_int_equal(commit(fixture, &made), 2);
  assert_int_equal(eagre_delta_file_count(fixture->table), 1);
  assert_non_null(strstr(read_version(fixture, 2), "{\"remove\":{\"path\":\"x\""));
}

/* ---- A real race ----------------------------------------------------------------------------- */

enum { RACER_COUNT = 4, RACE_EPOCHS = 25 };

struct racer {
  const char *location;
  int number;
  char failure[256];
};

static enum eagre_status race(struct racer *racer, struct eagre_io *io,
                              struct eagre_delta_table *table, struct eagre_error *error) {
  static const char *const applications[RACER_COUNT] = {"aaaaaaaa-1", "bbbbbbbb-2", "cccccccc-3",
                                                        "dddddddd-4"};
  struct eagre_arena arena = {0};
  const struct eagre_type *schema;
  EAGRE_TRY(eagre_type_parse_columns(&arena, EAGRE_TEXT("id BIGINT, name STRING"), &schema, error));
  for (int64_t epoch = 0; epoch < RACE_EPOCHS; epoch++) {
    struct eagre_delta_commit empty = {
        .application_id = applications[racer->number],
        .epoch = epoch,
        .attempt = "A",
        .schema = schema,
        .now_ms = 1795226767000,
    };
    int64_t version;
    EAGRE_TRY(eagre_delta_commit(table, &empty, &version, error));
  }
  (void)io;
  eagre_arena_done(&arena);
  return EAGRE_OK;
}

static void *run_racer(void *argument) {
  struct racer *racer = argument;
  struct eagre_error error;
  struct eagre_io *io = NULL;
  struct eagre_delta_table *table = NULL;
  eagre_error_init(&error);
  enum eagre_status status = eagre_io_open(&(struct eagre_io_options){0}, &io, &error);
  if (status == EAGRE_OK) {
    status = eagre_delta_open(io, eagre_text_of(racer->location), &table, &error);
  }
  if (status == EAGRE_OK) status = race(racer, io, table, &error);
  if (status != EAGRE_OK) memcpy(racer->failure, error.text, sizeof racer->failure - 1);
  eagre_delta_close(table);
  if (io != NULL) eagre_io_close(io);
  return NULL;
}

static void test_race(void **state) {
  struct fixture *fixture = *state;
  struct racer racers[RACER_COUNT];
  pthread_t threads[RACER_COUNT];
  for (int i = 0; i < RACER_COUNT; i++) {
    racers[i] = (struct racer){.location = fixture->location, .number = i};
    assert_int_equal(pthread_create(&threads[i], NULL, run_racer, &racers[i]), 0);
  }
  for (int i = 0; i < RACER_COUNT; i++) {
    pthread_join(threads[i], NULL);
    assert_string_equal(racers[i].failure, "");
  }
  open_table(fixture);
  assert_int_equal(eagre_delta_version(fixture->table), RACER_COUNT * RACE_EPOCHS - 1);
  /* Only one of them created the table. */
  uint32_t creations = 0;
  for (int64_t version = 0; version < RACER_COUNT * RACE_EPOCHS; version++) {
    creations += strstr(read_version(fixture, version), "metaData") != NULL;
  }
  assert_int_equal(creations, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int run_conflict_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_appends_do_not_conflict),
      TEST(test_deletes_do_not_conflict),
      TEST(test_compactions_do_not_conflict),
      TEST(test_other_applications_do_not_conflict),
      TEST(test_harmless_metadata_does_not_conflict),
      TEST(test_new_schema_conflicts),
      TEST(test_new_protocol_conflicts),
      TEST(test_understood_protocol_does_not_conflict),
      TEST(test_our_own_application_conflicts),
      TEST(test_earlier_epoch_of_our_application_conflicts),
      TEST(test_our_own_attempt_is_done),
      TEST(test_table_created_by_somebody_else),
      TEST(test_other_table_created_by_somebody_else),
      TEST(test_replace_takes_winners_along),
      TEST(test_race),
  };
  return cmocka_run_group_tests_name("conflicts", tests, NULL, NULL);
}
