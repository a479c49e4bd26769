/* Reading the lines of a commit. */
#include "test_delta.h"

#include "delta/delta_action.h"
#include "delta/delta_snapshot.h"

static enum eagre_status read_actions(struct eagre_arena *arena, const char *content,
                                      struct eagre_delta_actions *actions,
                                      struct eagre_error *error) {
  eagre_error_init(error);
  return eagre_delta_actions_read(arena, eagre_text_of(content), "x.json", actions, error);
}

static void test_known_actions(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_delta_actions actions;
  struct eagre_error error;
  /* Blank lines, unknown actions and members, no newline at the end. */
  enum eagre_status status = read_actions(
      &arena,
      "{\"commitInfo\":{\"operation\":\"WRITE\",\"eagre\":{\"epoch\":3,\"attempt\":\"A\"}}}\n"
      "\n"
      "{\"somethingNew\":{\"path\":5}}\r\n"
      "{\"add\":{\"path\":\"a%20b\",\"size\":17,\"stats\":null,\"new\":[1]}}\n"
      "{\"txn\":{\"appId\":\"app\",\"version\":3}}\n"
      "{\"remove\":{\"path\":\"c\",\"deletionTimestamp\":99}}\n"
      "{\"domainMetadata\":{\"domain\":\"d\",\"configuration\":\"\",\"removed\":true}}",
      &actions, &error);
  assert_int_equal(status, EAGRE_OK);
  assert_true(eagre_text_equal_string(actions.attempt, "A"));
  assert_null(actions.protocol);
  assert_null(actions.metadata);
  const struct eagre_delta_action *action = actions.first;
  assert_int_equal(action->kind, EAGRE_DELTA_ADD);
  assert_true(eagre_text_equal_string(action->key, "a%20b"));
  assert_int_equal(action->number, 17);
  action = action->next;
  assert_int_equal(action->kind, EAGRE_DELTA_TXN);
  assert_int_equal(action->number, 3);
  action = action->next;
  assert_int_equal(action->kind, EAGRE_DELTA_REMOVE);
  assert_int_equal(action->number, 99);
  action = action->next;
  assert_int_equal(action->kind, EAGRE_DELTA_DOMAIN);
  assert_true(action->is_removed);
  assert_null(action->next);
  eagre_arena_done(&arena);
}

static void test_corrupt_lines(void **state) {
  (void)state;
  static const char *const lines[] = {
      "nonsense",
      "{\"add\":{\"path\":\"a\",\"size\":1}",
      "[]",
      "5",
      "{\"add\":5}",
      "{\"add\":{\"size\":1}}",
      "{\"add\":{\"path\":\"\",\"size\":1}}",
      "{\"add\":{\"path\":\"a\"}}",
      "{\"add\":{\"path\":\"a\",\"size\":-1}}",
      "{\"add\":{\"path\":\"a\",\"size\":\"1\"}}",
      "{\"remove\":{}}",
      "{\"txn\":{\"appId\":\"a\"}}",
      "{\"txn\":{\"version\":1}}",
      "{\"domainMetadata\":{}}",
      "{\"protocol\":{\"minReaderVersion\":1}}",
      "{\"metaData\":{\"schemaString\":\"x\",\"partitionColumns\":[]}}",
      "{\"metaData\":{\"id\":\"x\",\"partitionColumns\":[]}}",
      "{\"metaData\":{\"id\":\"x\",\"schemaString\":\"x\"}}",
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(lines); i++) {
    struct eagre_arena arena = {0};
    struct eagre_delta_actions actions;
    struct eagre_error error;
    const char *content = eagre_arena_printf(&arena, "\n%s\n{}", lines[i]).data;
    assert_int_equal(read_actions(&arena, content, &actions, &error), EAGRE_UNSAFE);
    assert_string_equal(error.class_name, "DELTA_LOG_CORRUPT");
    assert_string_equal(error.place, "x.json:2");
    eagre_arena_done(&arena);
  }
}

static void test_paths_are_decoded(void **state) {
  (void)state;
  static const struct {
    const char *path;
    const char *decoded;
  } paths[] = {
      {"plain.parquet", "plain.parquet"},
      {"a%20b", "a b"},
      {"ts=2020-01-01%2000%253A00", "ts=2020-01-01 00%3A00"},
      {"%C3%a9", "\xc3\xa9"},
      {"100%", "100%"},
      {"%2", "%2"},
      {"%zz", "%zz"},
  };
  struct eagre_arena arena = {0};
  for (size_t i = 0; i < EAGRE_COUNT_OF(paths); i++) {
    struct eagre_text decoded = eagre_delta_path_decode(&arena, eagre_text_of(paths[i].path));
    assert_true(eagre_text_equal_string(decoded, paths[i].decoded));
  }
  eagre_arena_done(&arena);
}

static void test_log_names(void **state) {
  (void)state;
  char name[EAGRE_DELTA_LOG_NAME_SIZE];
  eagre_delta_log_name(17, name);
  assert_string_equal(name, "_delta_log/00000000000000000017.json");
  assert_int_equal(eagre_delta_log_version("00000000000000000017.json"), 17);
  assert_int_equal(eagre_delta_log_version("00000000000000000017.crc"), -1);
  assert_int_equal(eagre_delta_log_version("0000000000000000017.json"), -1);
  assert_int_equal(eagre_delta_log_version(".00000000000000000017.json.crc"), -1);
  assert_int_equal(
      eagre_delta_log_version("00000000000000000004.00000000000000000006.compacted.json"), -1);
  assert_int_equal(eagre_delta_log_version("99999999999999999999.json"), -1);
  assert_int_equal(eagre_delta_log_version("_last_checkpoint"), -1);
}

/* ---- Replay ---------------------------------------------------------------------------------- */

static enum eagre_status apply(struct eagre_delta_snapshot *snapshot, const char *content,
                               struct eagre_error *error) {
  eagre_error_init(error);
  return eagre_delta_snapshot_apply(snapshot, snapshot->version + 1, eagre_text_of(content), error);
}

static void test_replay(void **state) {
  (void)state;
  struct eagre_delta_snapshot snapshot;
  struct eagre_error error;
  eagre_delta_snapshot_init(&snapshot);
  assert_int_equal(apply(&snapshot, first_commit, &error), EAGRE_OK);
  assert_int_equal(apply(&snapshot,
                         "{\"add\":{\"path\":\"a\",\"size\":1}}\n"
                         "{\"add\":{\"path\":\"b%20c\",\"size\":2}}\n"
                         "{\"txn\":{\"appId\":\"app\",\"version\":1}}",
                         &error),
                   EAGRE_OK);
  assert_int_equal(apply(&snapshot,
                         "{\"commitInfo\":{\"eagre\":{\"attempt\":\"X\"}}}\n"
                         "{\"remove\":{\"path\":\"a\",\"deletionTimestamp\":1000}}\n"
                         "{\"txn\":{\"appId\":\"app\",\"version\":2}}",
                         &error),
                   EAGRE_OK);
  assert_int_equal(snapshot.version, 2);
  assert_int_equal(snapshot.files.live_count, 1);
  assert_int_equal(snapshot.tombstones.live_count, 1);
  assert_int_equal(eagre_delta_map_find(&snapshot.txns, EAGRE_TEXT("app"))->number, 2);
  assert_true(eagre_text_equal_string(
      eagre_delta_map_find(&snapshot.attempts, EAGRE_TEXT("app"))->content, "X"));
  assert_true(eagre_delta_snapshot_has_path(&snapshot, EAGRE_TEXT("a")));
  assert_true(eagre_delta_snapshot_has_path(&snapshot, EAGRE_TEXT("b c")));
  assert_false(eagre_delta_snapshot_has_path(&snapshot, EAGRE_TEXT("b%20c")));
  /* A file that gets a deletion vector is removed and added in one commit, in any order. */
  assert_int_equal(apply(&snapshot,
                         "{\"add\":{\"path\":\"b%20c\",\"size\":2,\"deletionVector\":{}}}\n"
                         "{\"remove\":{\"path\":\"b%20c\"}}",
                         &error),
                   EAGRE_OK);
  assert_int_equal(snapshot.files.live_count, 1);
  eagre_delta_snapshot_expire(&snapshot, 1000 + snapshot.tombstone_retention_ms);
  assert_int_equal(snapshot.tombstones.live_count, 1);
  eagre_delta_snapshot_expire(&snapshot, 1001 + snapshot.tombstone_retention_ms);
  assert_int_equal(snapshot.tombstones.live_count, 0);
  assert_true(eagre_delta_snapshot_has_path(&snapshot, EAGRE_TEXT("a")));
  eagre_delta_snapshot_done(&snapshot);
}

static void test_failed_commit_changes_nothing(void **state) {
  (void)state;
  struct eagre_delta_snapshot snapshot;
  struct eagre_error error;
  eagre_delta_snapshot_init(&snapshot);
  assert_int_equal(apply(&snapshot, "{\"txn\":{\"appId\":\"a\",\"version\":1}}", &error),
                   EAGRE_UNSAFE);
  assert_string_equal(error.class_name, "DELTA_LOG_CORRUPT");
  assert_int_equal(snapshot.version, -1);
  assert_int_equal(apply(&snapshot, first_commit, &error), EAGRE_OK);
  assert_int_equal(apply(&snapshot, "{\"add\":{\"path\":\"a\",\"size\":1}}\n{\"add\":{}}", &error),
                   EAGRE_UNSAFE);
  assert_int_equal(apply(&snapshot,
                         "{\"add\":{\"path\":\"a\",\"size\":1}}\n"
                         "{\"protocol\":{\"minReaderVersion\":9,\"minWriterVersion\":9}}",
                         &error),
                   EAGRE_UNSAFE);
  assert_string_equal(error.class_name, "DELTA_UNSUPPORTED_FEATURES");
  assert_int_equal(snapshot.version, 0);
  assert_int_equal(snapshot.files.live_count, 0);
  eagre_delta_snapshot_done(&snapshot);
}

static void test_another_table_is_refused(void **state) {
  (void)state;
  struct eagre_delta_snapshot snapshot;
  struct eagre_error error;
  struct eagre_arena arena = {0};
  eagre_delta_snapshot_init(&snapshot);
  assert_int_equal(apply(&snapshot, first_commit, &error), EAGRE_OK);
  char *other = eagre_arena_copy_string(&arena, first_commit);
  *strstr(other, "aae94020") = 'b';
  assert_int_equal(apply(&snapshot, other, &error), EAGRE_UNSAFE);
  assert_string_equal(error.class_name, "DELTA_TABLE_ID_CHANGED");
  eagre_arena_done(&arena);
  eagre_delta_snapshot_done(&snapshot);
}

int run_action_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_actions),
      cmocka_unit_test(test_corrupt_lines),
      cmocka_unit_test(test_paths_are_decoded),
      cmocka_unit_test(test_log_names),
      cmocka_unit_test(test_replay),
      cmocka_unit_test(test_failed_commit_changes_nothing),
      cmocka_unit_test(test_another_table_is_refused),
  };
  return cmocka_run_group_tests_name("actions", tests, NULL, NULL);
}
