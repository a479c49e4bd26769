/* What tables we write to and which we refuse. */
#include "test_delta.h"

#include "delta/delta_protocol.h"

static enum eagre_status check(const char *protocol, const char *configuration,
                               const char *partitions, struct eagre_delta_rules *rules,
                               struct eagre_error *error) {
  struct eagre_arena arena = {0};
  const struct eagre_json_node *protocol_node;
  const struct eagre_json_node *metadata_node;
  struct eagre_text metadata = eagre_arena_printf(
      &arena,
      "{\"format\":{\"provider\":\"parquet\",\"options\":{}},\"partitionColumns\":%s,"
      "\"configuration\":%s}",
      partitions, configuration);
  assert_int_equal(eagre_json_read(&arena, eagre_text_of(protocol), &protocol_node, error),
                   EAGRE_OK);
  assert_int_equal(eagre_json_read(&arena, metadata, &metadata_node, error), EAGRE_OK);
  eagre_error_init(error);
  enum eagre_status status = eagre_delta_protocol_check(protocol_node, metadata_node, rules, error);
  eagre_arena_done(&arena);
  return status;
}

#define PLAIN "{\"minReaderVersion\":1,\"minWriterVersion\":2}"

static void test_taken(void **state) {
  (void)state;
  static const char *const protocols[] = {
      PLAIN,
      "{\"minReaderVersion\":1,\"minWriterVersion\":4}",
      "{\"minReaderVersion\":2,\"minWriterVersion\":6}",
      "{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":[\"appendOnly\","
      "\"invariants\"]}",
      "{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"deletionVectors\"],"
      "\"writerFeatures\":[\"deletionVectors\",\"invariants\",\"appendOnly\"]}",
      "{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[],"
      "\"writerFeatures\":[]}",
      "{\"minReaderVersion\":1,\"minWriterVersion\":2,\"readerFeatures\":null}",
  };
  struct eagre_delta_rules rules;
  struct eagre_error error;
  for (size_t i = 0; i < EAGRE_COUNT_OF(protocols); i++) {
    assert_int_equal(check(protocols[i], "{}", "[]", &rules, &error), EAGRE_OK);
  }
}

static void check_refused(const char *protocol, const char *configuration, const char *partitions,
                          const char *mentions) {
  struct eagre_delta_rules rules;
  struct eagre_error error;
  assert_int_equal(check(protocol, configuration, partitions, &rules, &error), EAGRE_UNSAFE);
  assert_string_equal(error.class_name, "DELTA_UNSUPPORTED_FEATURES");
  assert_non_null(strstr(error.text, mentions));
}

static void test_refused(void **state) {
  (void)state;
  check_refused("{\"minReaderVersion\":4,\"minWriterVersion\":7}", "{}", "[]", "reader 4");
  check_refused("{\"minReaderVersion\":1,\"minWriterVersion\":8}", "{}", "[]", "writer 8");
  check_refused("{\"minReaderVersion\":0,\"minWriterVersion\":2}", "{}", "[]", "reader 0");
  check_refused("{\"minReaderVersion\":1,\"minWriterVersion\":7,\"writerFeatures\":["
                "\"rowTracking\"]}",
                "{}", "[]", "'rowTracking'");
  check_refused("{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":["
                "\"catalogManaged\"],\"writerFeatures\":[]}",
                "{}", "[]", "'catalogManaged'");
  check_refused(PLAIN, "{}", "[\"day\"]", "'day'");
  check_refused(PLAIN, "{\"delta.constraints.positive\":\"x > 0\"}", "[]",
                "'delta.constraints.positive'");
  check_refused(PLAIN, "{\"delta.columnMapping.mode\":\"name\"}", "[]",
                "'delta.columnMapping.mode'");
  check_refused(PLAIN, "{\"delta.enableInCommitTimestamps\":\"true\"}", "[]",
                "'delta.enableInCommitTimestamps'");
  check_refused(PLAIN, "{\"delta.enableRowTracking\":\"TRUE\"}", "[]", "'delta.enableRowTracking'");
}

static void test_properties(void **state) {
  (void)state;
  struct eagre_delta_rules rules;
  struct eagre_error error;
  assert_int_equal(check(PLAIN, "{}", "[]", &rules, &error), EAGRE_OK);
  assert_false(rules.is_append_only);
  assert_int_equal(rules.checkpoint_interval, 10);
  assert_int_equal(rules.tombstone_retention_ms, INT64_C(7) * 86400000);
  assert_int_equal(check(PLAIN,
                         "{\"delta.appendOnly\":\"true\",\"delta.checkpointInterval\":\"3\","
                         "\"delta.deletedFileRetentionDuration\":\"interval 2 hours\","
                         "\"delta.columnMapping.mode\":\"none\",\"my.own\":\"x\"}",
                         "[]", &rules, &error),
                   EAGRE_OK);
  assert_true(rules.is_append_only);
  assert_int_equal(rules.checkpoint_interval, 3);
  assert_int_equal(rules.tombstone_retention_ms, 2 * 3600000);
  assert_int_equal(check(PLAIN,
                         "{\"delta.checkpointInterval\":\"0\","
                         "\"delta.deletedFileRetentionDuration\":\"soon\"}",
                         "[]", &rules, &error),
                   EAGRE_OK);
  assert_int_equal(rules.checkpoint_interval, 10);
  assert_int_equal(rules.tombstone_retention_ms, INT64_C(7) * 86400000);
}

static void test_intervals(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t ms;
  } intervals[] = {
      {"interval 7 days", 604800000},
      {"interval 1 week", 604800000},
      {"interval 90 minutes", 5400000},
      {"interval 0 seconds", 0},
  };
  int64_t ms;
  for (size_t i = 0; i < EAGRE_COUNT_OF(intervals); i++) {
    assert_true(eagre_delta_interval_read(eagre_text_of(intervals[i].text), &ms));
    assert_int_equal(ms, intervals[i].ms);
  }
  static const char *const wrong[] = {"",
                                      "7 days",
                                      "interval",
                                      "interval 7",
                                      "interval 7 moons",
                                      "interval -7 days",
                                      "interval 7 days 3 hours",
                                      "interval 99999999999999999999 days"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(wrong); i++) {
    assert_false(eagre_delta_interval_read(eagre_text_of(wrong[i]), &ms));
  }
}

int run_protocol_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_taken),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_properties),
      cmocka_unit_test(test_intervals),
  };
  return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
