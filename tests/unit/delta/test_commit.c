/* Commits: create, append, replace, once only; what the table knows afterwards; what is refused. */
#include "test_delta.h"

#include <stdio.h>

#include "delta/delta_table.h"

static void test_create(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  assert_int_equal(eagre_delta_version(fixture->table), -1);
  assert_null(eagre_delta_schema(fixture->table));
  assert_null(eagre_delta_id(fixture->table));
  assert_string_equal(eagre_delta_location(fixture->table), fixture->location);
  struct eagre_delta_commit made = make_commit(fixture, 0, "A");
  made.description = "the \"first\"";
  made.column_comments = (const char *const[]){"key", NULL};
  assert_int_equal(commit(fixture, &made), 0);
  assert_int_equal(eagre_delta_version(fixture->table), 0);
  assert_int_equal(eagre_delta_file_count(fixture->table), 1);
  assert_true(eagre_type_equal(eagre_delta_schema(fixture->table), fixture->schema));
  const char *text = read_version(fixture, 0);
  assert_non_null(strstr(text, "\"description\":\"the \\\"first\\\"\""));
  assert_non_null(strstr(text, "\\\"metadata\\\":{\\\"comment\\\":\\\"key\\\"}"));
  assert_null(strstr(text, "readVersion"));
  char id[64];
  snprintf(id, sizeof id, "%s", eagre_delta_id(fixture->table));
  open_table(fixture);
  assert_int_equal(eagre_delta_version(fixture->table), 0);
  assert_string_equal(eagre_delta_id(fixture->table), id);
}

/* Names, order and kinds of everything in a commit, against what Spark writes. */
static void test_text_of_a_commit(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  struct eagre_delta_commit made = make_commit(fixture, 17, "5c3b1f0e-7a52-4d0a-9d4e-0b6c2f8a1e77");
  commit(fixture, &made);
  const char *text = read_version(fixture, 1);
  const char *txn_id = strstr(text, "\"txnId\":\"") + strlen("\"txnId\":\"");
  const char *bytes = strstr(made.actions[0].data, "\"size\":") + strlen("\"size\":");
  struct eagre_text expected = eagre_arena_printf(
      &fixture->arena,
      "{\"commitInfo\":{\"timestamp\":1795226767017,\"operation\":\"STREAMING UPDATE\","
      "\"operationParameters\":{\"outputMode\":\"Append\",\"queryId\":\"" APPLICATION
      "\",\"epochId\":\"17\"},\"readVersion\":0,\"isolationLevel\":\"Serializable\","
      "\"isBlindAppend\":true,\"operationMetrics\":{\"numRemovedFiles\":\"0\",\"numAddedFiles\":"
      "\"1\",\"numOutputRows\":\"3\",\"numOutputBytes\":\"%.*s\"},\"engineInfo\":\"Eagre/0.1.0\","
      "\"txnId\":\"%.36s\",\"eagre\":{\"epoch\":17,\"attempt\":"
      "\"5c3b1f0e-7a52-4d0a-9d4e-0b6c2f8a1e77\"}}}\n"
      "{\"txn\":{\"appId\":\"" APPLICATION "\",\"version\":17,\"lastUpdated\":1795226767017}}\n"
      "%s",
      (int)strspn(bytes, "0123456789"), bytes, txn_id, made.actions[0].data);
  assert_string_equal(text, expected.data);
}

static void test_epoch_without_rows(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  struct eagre_delta_commit empty = {
      .application_id = APPLICATION,
      .attempt = "A",
      .schema = fixture->schema,
      .now_ms = 1795226767000,
  };
  assert_int_equal(commit(fixture, &empty), 0);
  empty.epoch = 1;
  assert_int_equal(commit(fixture, &empty), 1);
  assert_int_equal(eagre_delta_file_count(fixture->table), 0);
  struct eagre_delta_transaction transaction;
  eagre_delta_find_transaction(fixture->table, APPLICATION, &transaction);
  assert_int_equal(transaction.epoch, 1);
}

static void test_replace(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  append(fixture, 1, "B");
  struct eagre_delta_commit made = make_commit(fixture, 2, "C");
  made.replace = true;
  assert_int_equal(commit(fixture, &made), 2);
  assert_int_equal(eagre_delta_file_count(fixture->table), 1);
  const char *text = read_version(fixture, 2);
  assert_non_null(strstr(text, "\"outputMode\":\"Complete\""));
  assert_non_null(strstr(text, "\"isBlindAppend\":false"));
  assert_non_null(strstr(text, "\"numRemovedFiles\":\"2\""));
  const char *remove = strstr(text, "{\"remove\":");
  assert_non_null(strstr(remove,
                         "{\"remove\":{\"path\":\"part-00000-33f6ab4c-0-A-c000.zstd.parquet\""
                         ",\"deletionTimestamp\":1795226767002,\"dataChange\":true,"
                         "\"extendedFileMetadata\":true,\"partitionValues\":{},\"size\":"));
  open_table(fixture);
  assert_int_equal(eagre_delta_file_count(fixture->table), 1);
}

/* A file with a deletion vector is removed together with it. */
static void test_replace_names_deletion_vectors(void **state) {
  struct fixture *fixture = *state;
  write_version(fixture, 0, first_commit);
  write_version(fixture, 1,
                "{\"add\":{\"path\":\"x.parquet\",\"partitionValues\":{},\"size\":5,"
                "\"modificationTime\":1,\"dataChange\":true,\"deletionVector\":{\"storageType\":"
                "\"u\",\"pathOrInlineDv\":\"ab\",\"offset\":1}}}\n");
  open_table(fixture);
  struct eagre_delta_commit made = make_commit(fixture, 0, "A");
  made.replace = true;
  commit(fixture, &made);
  assert_non_null(strstr(read_version(fixture, 2),
                         "\"size\":5,\"deletionVector\":{\"storageType\":\"u\",\"pathOrInlineDv\":"
                         "\"ab\",\"offset\":1}}}\n"));
}

static void test_append_only(void **state) {
  struct fixture *fixture = *state;
  struct eagre_buffer content = {0};
  eagre_buffer_append_string(&content, first_commit);
  const char *from = "\"configuration\":{}";
  char *at = strstr((char *)(uintptr_t)eagre_buffer_string(&content), from);
  struct eagre_text changed =
      eagre_arena_printf(&fixture->arena, "%.*s\"configuration\":{\"delta.appendOnly\":\"true\"}%s",
                         (int)(at - content.data), content.data, at + strlen(from));
  eagre_buffer_done(&content);
  write_version(fixture, 0, changed.data);
  open_table(fixture);
  struct eagre_delta_commit made = make_commit(fixture, 0, "A");
  made.replace = true;
  /* Nothing is removed yet. */
  assert_int_equal(commit(fixture, &made), 1);
  made = make_commit(fixture, 1, "B");
  made.replace = true;
  check_commit_fails(fixture, &made, EAGRE_UNSAFE, "DELTA_APPEND_ONLY");
  open_table(fixture);
  assert_int_equal(append(fixture, 1, "C"), 2);
}

static void test_commit_is_idempotent(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  struct eagre_delta_commit made = make_commit(fixture, 1, "B");
  assert_int_equal(commit(fixture, &made), 1);
  assert_int_equal(commit(fixture, &made), 1);
  append(fixture, 2, "C");
  open_table(fixture);
  assert_int_equal(eagre_delta_version(fixture->table), 2);
  made = (struct eagre_delta_commit){
      .application_id = APPLICATION, .epoch = 2, .attempt = "C", .schema = fixture->schema};
  assert_int_equal(commit(fixture, &made), 2);
  assert_int_equal(eagre_delta_version(fixture->table), 2);
}

static void test_other_attempts_are_refused(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  append(fixture, 1, "B");
  struct eagre_delta_commit made = make_commit(fixture, 1, "C");
  check_commit_fails(fixture, &made, EAGRE_UNSAFE, "DELTA_CONCURRENT_TRANSACTION");
  open_table(fixture);
  made = make_commit(fixture, 0, "A");
  check_commit_fails(fixture, &made, EAGRE_UNSAFE, "DELTA_CONCURRENT_TRANSACTION");
  open_table(fixture);
  assert_int_equal(eagre_delta_version(fixture->table), 1);
}

static void check_transaction(struct fixture *fixture, const char *application, bool found,
                              int64_t epoch, const char *attempt) {
  struct eagre_delta_transaction transaction;
  eagre_delta_find_transaction(fixture->table, application, &transaction);
  assert_int_equal(transaction.found, found);
  assert_int_equal(transaction.epoch, epoch);
  assert_string_equal(transaction.attempt, attempt);
}

static void test_transactions_are_found(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  check_transaction(fixture, APPLICATION, false, 0, "");
  append(fixture, 0, "A");
  append(fixture, 1, "5c3b1f0e-7a52-4d0a-9d4e-0b6c2f8a1e77");
  check_transaction(fixture, APPLICATION, true, 1, "5c3b1f0e-7a52-4d0a-9d4e-0b6c2f8a1e77");
  /* Somebody else's, without an attempt. */
  write_version(fixture, 2,
                "{\"commitInfo\":{\"operation\":\"WRITE\"}}\n"
                "{\"txn\":{\"appId\":\"" OTHER_APPLICATION "\",\"version\":7}}\n");
  assert_int_equal(eagre_delta_refresh(fixture->table, &fixture->error), EAGRE_OK);
  check_transaction(fixture, OTHER_APPLICATION, true, 7, "");
  open_table(fixture);
  check_transaction(fixture, APPLICATION, true, 1, "5c3b1f0e-7a52-4d0a-9d4e-0b6c2f8a1e77");
  check_transaction(fixture, OTHER_APPLICATION, true, 7, "");
}

/* Behind a checkpoint too: the JSON is what is read. */
static void test_attempts_are_found_behind_a_checkpoint(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  for (int64_t epoch = 0; epoch <= 10; epoch++) {
    append(fixture, epoch, "A");
  }
  assert_true(file_exists(fixture, "_delta_log/00000000000000000010.checkpoint.parquet"));
  open_table(fixture);
  check_transaction(fixture, APPLICATION, true, 10, "A");
  assert_int_equal(eagre_delta_file_count(fixture->table), 11);
}

static void test_overwrite_schema(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  char id[64];
  snprintf(id, sizeof id, "%s", eagre_delta_id(fixture->table));
  struct eagre_delta_commit made = make_commit(fixture, 1, "B");
  made.replace = true;
  made.overwrite_schema = true;
  assert_int_equal(commit(fixture, &made), 1);
  /* The same columns need no new metaData. */
  assert_null(strstr(read_version(fixture, 1), "metaData"));

  assert_int_equal(eagre_type_parse_columns(&fixture->arena, EAGRE_TEXT("other INT"), &made.schema,
                                            &fixture->error),
                   EAGRE_OK);
  made.epoch = 2;
  assert_int_equal(commit(fixture, &made), 2);
  assert_true(eagre_type_equal(eagre_delta_schema(fixture->table), made.schema));
  assert_string_equal(eagre_delta_id(fixture->table), id);
  open_table(fixture);
  assert_true(eagre_type_equal(eagre_delta_schema(fixture->table), made.schema));
  assert_int_equal(eagre_delta_file_count(fixture->table), 1);
}

static void test_check_schema(void **state) {
  struct fixture *fixture = *state;
  uint32_t *map;
  open_table(fixture);
  assert_int_equal(eagre_delta_check_schema(fixture->table, fixture->schema, &fixture->arena, &map,
                                            &fixture->error),
                   EAGRE_OK);
  assert_int_equal(map[1], 1);
  append(fixture, 0, "A");
  const struct eagre_type *narrow;
  eagre_type_parse_columns(&fixture->arena, EAGRE_TEXT("NAME STRING"), &narrow, &fixture->error);
  assert_int_equal(
      eagre_delta_check_schema(fixture->table, narrow, &fixture->arena, &map, &fixture->error),
      EAGRE_OK);
  assert_int_equal(map[0], UINT32_MAX);
  assert_int_equal(map[1], 0);
}

static void test_missing_data_files(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  struct eagre_delta_commit made = make_commit(fixture, 0, "A");
  remove_file(fixture, "part-00000-33f6ab4c-0-A-c000.zstd.parquet");
  check_commit_fails(fixture, &made, EAGRE_UNSAFE, "DELTA_DATA_FILE_MISSING");
  made = make_commit(fixture, 0, "B");
  write_text(fixture, "part-00000-33f6ab4c-0-B-c000.zstd.parquet", "short");
  check_commit_fails(fixture, &made, EAGRE_UNSAFE, "DELTA_DATA_FILE_MISSING");
  assert_false(file_exists(fixture, "_delta_log"));
}

static void test_foreign_actions_are_refused(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  struct eagre_delta_commit made = make_commit(fixture, 0, "A");
  static const char protocol[] = "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}";
  static const char *const actions[] = {"{\"remove\":{\"path\":\"x\"}}", protocol, "nonsense"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(actions); i++) {
    struct eagre_text action = eagre_text_of(actions[i]);
    made.actions = &action;
    check_commit_fails(fixture, &made, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT");
  }
}

/* ---- Purging --------------------------------------------------------------------------------- */

static void purge(struct fixture *fixture, int64_t epoch) {
  assert_int_equal(eagre_delta_purge(fixture->table, APPLICATION, epoch, &fixture->error),
                   EAGRE_OK);
}

static void test_purge(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  write_file(fixture, APPLICATION, 0, "LOST", 3);
  /* Without a commit of ours the table cannot tell who lost. */
  purge(fixture, 5);
  assert_int_equal(count_files(fixture, ".parquet"), 1);
  append(fixture, 0, "A");
  write_file(fixture, APPLICATION, 1, "NEXT", 3);
  write_file(fixture, OTHER_APPLICATION, 0, "OTHER", 3);
  write_text(fixture, "part-00000-ac278fbc-7d71-4dcb-bab8-a58ac6c02e79-c000.snappy.parquet", "x");
  write_text(fixture, "notes.txt", "x");
  purge(fixture, 5);
  assert_false(file_exists(fixture, "part-00000-33f6ab4c-0-LOST-c000.zstd.parquet"));
  assert_int_equal(count_files(fixture, ".parquet"), 4);
  assert_true(file_exists(fixture, "notes.txt"));
  /* The next epoch's turn comes with its commit. */
  append(fixture, 1, "B");
  purge(fixture, 0);
  assert_true(file_exists(fixture, "part-00000-33f6ab4c-1-NEXT-c000.zstd.parquet"));
  purge(fixture, 1);
  assert_false(file_exists(fixture, "part-00000-33f6ab4c-1-NEXT-c000.zstd.parquet"));
}

static void test_purge_keeps_removed_files(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  struct eagre_delta_commit made = make_commit(fixture, 1, "B");
  made.replace = true;
  commit(fixture, &made);
  open_table(fixture);
  purge(fixture, 1);
  assert_int_equal(count_files(fixture, ".parquet"), 2);
}

/* ---- Damaged logs ---------------------------------------------------------------------------- */

static void test_log_without_its_beginning(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  for (int64_t epoch = 0; epoch <= 10; epoch++) {
    append(fixture, epoch, "A");
  }
  close_table(fixture);
  remove_file(fixture, "_delta_log/00000000000000000000.json");
  remove_file(fixture, "_delta_log/00000000000000000001.json");
  open_table(fixture); /* from the checkpoint */
  struct eagre_delta_transaction transaction;
  eagre_delta_find_transaction(fixture->table, APPLICATION, &transaction);
  assert_int_equal(eagre_delta_version(fixture->table), 10);
  assert_int_equal(eagre_delta_file_count(fixture->table), 11);
  assert_int_equal(transaction.epoch, 10);
  assert_string_equal(transaction.attempt, "A");
  assert_int_equal(append(fixture, 11, "A"), 11);
  close_table(fixture);
  remove_file(fixture, "_delta_log/00000000000000000010.json");
  open_table(fixture); /* not even the checkpoint's own commit is needed */
  assert_int_equal(eagre_delta_version(fixture->table), 11);
  assert_int_equal(append(fixture, 12, "A"), 12);
  close_table(fixture);
  remove_file(fixture, "_delta_log/00000000000000000010.checkpoint.parquet");
  check_open_fails(fixture, EAGRE_UNSAFE, "DELTA_LOG_INCOMPLETE");
}

static void test_log_with_a_gap(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  append(fixture, 1, "B");
  append(fixture, 2, "C");
  remove_file(fixture, "_delta_log/00000000000000000001.json");
  check_open_fails(fixture, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT");
  assert_non_null(strstr(fixture->error.text, "version 1 of the Delta table"));
}

static void test_damaged_commit(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  write_version(fixture, 1, "{\"add\":{\"path\":\"x\",\"si");
  check_open_fails(fixture, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT");
  assert_string_equal(fixture->error.place, "_delta_log/00000000000000000001.json:1");
}

static void test_foreign_files_are_ignored(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  write_text(fixture, "_delta_log/.00000000000000000001.json.tmp", "x");
  write_text(fixture, "_delta_log/00000000000000000000.crc", "x");
  write_text(fixture, "_delta_log/_last_checkpoint", "not json");
  write_text(fixture, "_delta_log/_staged_commits/x", "x");
  open_table(fixture);
  assert_int_equal(append(fixture, 1, "B"), 1);
}

static void test_vanished_and_replaced_versions(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  append(fixture, 1, "B");
  struct eagre_delta_commit made = make_commit(fixture, 2, "C");
  const char *version = read_version(fixture, 1);
  remove_file(fixture, "_delta_log/00000000000000000001.json");
  check_commit_fails(fixture, &made, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT");
  assert_non_null(strstr(fixture->error.text, "has vanished"));
  write_version(fixture, 1, version);
  open_table(fixture);
  write_version(fixture, 1, eagre_arena_printf(&fixture->arena, "%s\n", version).data);
  assert_int_equal(eagre_delta_refresh(fixture->table, &fixture->error), EAGRE_UNSAFE);
  assert_non_null(strstr(fixture->error.text, "was replaced"));
}

static void test_clobbered_commit(void **state) {
  struct fixture *fixture = *state;
  open_table(fixture);
  append(fixture, 0, "A");
  struct eagre_text ours = EAGRE_TEXT("{\"commitInfo\":{\"txnId\":\"ours\"}}\n");
  write_version(fixture, 1, ours.data);
  assert_int_equal(eagre_delta_table_verify(fixture->table, ours, &fixture->error), EAGRE_OK);
  write_version(fixture, 1, "{\"commitInfo\":{\"txnId\":\"them\"}}\n");
  assert_int_equal(eagre_delta_table_verify(fixture->table, ours, &fixture->error), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "DELTA_COMMIT_CLOBBERED");
  remove_file(fixture, "_delta_log/00000000000000000001.json");
  assert_int_equal(eagre_delta_table_verify(fixture->table, ours, &fixture->error), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "DELTA_COMMIT_CLOBBERED");
}

static void test_other_schemes_are_refused(void **state) {
  struct fixture *fixture = *state;
  assert_int_equal(eagre_delta_open(fixture->io, EAGRE_TEXT("s3://bucket/table"), &fixture->table,
                                    &fixture->error),
                   EAGRE_USAGE);
  fixture->table = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int run_commit_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_create),
      TEST(test_text_of_a_commit),
      TEST(test_epoch_without_rows),
      TEST(test_replace),
      TEST(test_replace_names_deletion_vectors),
      TEST(test_append_only),
      TEST(test_commit_is_idempotent),
      TEST(test_other_attempts_are_refused),
      TEST(test_transactions_are_found),
      TEST(test_attempts_are_found_behind_a_checkpoint),
      TEST(test_overwrite_schema),
      TEST(test_check_schema),
      TEST(test_missing_data_files),
      TEST(test_foreign_actions_are_refused),
      TEST(test_purge),
      TEST(test_purge_keeps_removed_files),
      TEST(test_log_without_its_beginning),
      TEST(test_log_with_a_gap),
      TEST(test_damaged_commit),
      TEST(test_foreign_files_are_ignored),
      TEST(test_vanished_and_replaced_versions),
      TEST(test_clobbered_commit),
      TEST(test_other_schemes_are_refused),
  };
  return cmocka_run_group_tests_name("commits", tests, NULL, NULL);
}
