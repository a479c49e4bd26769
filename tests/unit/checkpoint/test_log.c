/* Proves Spark's text files: byte for byte what Spark 4.2 writes, and what it tolerates. */
#include "test_checkpoint.h"

#define PAIR(key, value)                                                                           \
  { EAGRE_TEXT(key), EAGRE_TEXT(value) }

static const struct eagre_checkpoint_pair spark_pairs[] = {
    PAIR("spark.sql.streaming.stateStore.providerClass",
         "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider"),
    PAIR("spark.sql.streaming.stateStore.rocksdb.mergeOperatorVersion", "2"),
    PAIR("spark.sql.streaming.stateStore.rocksdb.formatVersion", "5"),
    PAIR("spark.sql.streaming.queryEvolution.enableSourceEvolution", "false"),
    PAIR("spark.sql.streaming.stateStore.encodingFormat", "unsaferow"),
    PAIR("spark.sql.streaming.statefulOperator.useStrictDistribution", "true"),
    PAIR("spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion", "2"),
    PAIR("spark.sql.streaming.multipleWatermarkPolicy", "min"),
    PAIR("spark.sql.streaming.stateStore.rowChecksum.enabled", "false"),
    PAIR("spark.sql.streaming.aggregation.stateFormatVersion", "2"),
    PAIR("spark.sql.function.protobufExtensions.enabled", "false"),
    PAIR("spark.sql.shuffle.partitions", "2"),
    PAIR("spark.sql.streaming.join.stateFormatVersion", "2"),
    PAIR("spark.sql.streaming.stateStore.compression.codec", "lz4"),
    PAIR("spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan", "false"),
};

static const char SPARK_OFFSETS[] =
    "v1\n"
    "{\"batchWatermarkMs\":2000,\"batchTimestampMs\":1795225821426,\"conf\":{"
    "\"spark.sql.streaming.stateStore.providerClass\":\"org.apache.spark.sql.execution.streaming."
    "state.HDFSBackedStateStoreProvider\","
    "\"spark.sql.streaming.stateStore.rocksdb.mergeOperatorVersion\":\"2\","
    "\"spark.sql.streaming.stateStore.rocksdb.formatVersion\":\"5\","
    "\"spark.sql.streaming.queryEvolution.enableSourceEvolution\":\"false\","
    "\"spark.sql.streaming.stateStore.encodingFormat\":\"unsaferow\","
    "\"spark.sql.streaming.statefulOperator.useStrictDistribution\":\"true\","
    "\"spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion\":\"2\","
    "\"spark.sql.streaming.multipleWatermarkPolicy\":\"min\","
    "\"spark.sql.streaming.stateStore.rowChecksum.enabled\":\"false\","
    "\"spark.sql.streaming.aggregation.stateFormatVersion\":\"2\","
    "\"spark.sql.function.protobufExtensions.enabled\":\"false\","
    "\"spark.sql.shuffle.partitions\":\"2\","
    "\"spark.sql.streaming.join.stateFormatVersion\":\"2\","
    "\"spark.sql.streaming.stateStore.compression.codec\":\"lz4\","
    "\"spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan\":\"false\"}}\n"
    "{\"clicks\":{\"0\":2,\"1\":2}}";

static void assert_buffer_is(const struct eagre_buffer *buffer, const char *expected) {
  assert_int_equal(buffer->size, strlen(expected));
  assert_memory_equal(buffer->data, expected, buffer->size);
}

static void prints_what_spark_prints(void **state) {
  (void)state;
  struct eagre_text sources[] = {EAGRE_TEXT("{\"clicks\":{\"0\":2,\"1\":2}}")};
  struct eagre_checkpoint_offsets offsets = {
      .watermark_ms = 2000,
      .timestamp_ms = 1795225821426,
      .configuration = spark_pairs,
      .configuration_count = EAGRE_COUNT_OF(spark_pairs),
      .sources = sources,
      .source_count = 1,
  };
  struct eagre_buffer out = {0};
  eagre_checkpoint_print_offsets(&offsets, &out);
  assert_buffer_is(&out, SPARK_OFFSETS);
  eagre_buffer_clear(&out);
  eagre_checkpoint_print_commit(30000, &out);
  assert_buffer_is(&out, "v1\n{\"nextBatchWatermarkMs\":30000}");
  eagre_buffer_clear(&out);
  eagre_checkpoint_print_metadata("a8e7ce47-cb37-44ea-a12c-6a4a5b22ff21", &out);
  assert_buffer_is(&out, "{\"id\":\"a8e7ce47-cb37-44ea-a12c-6a4a5b22ff21\"}");
  eagre_buffer_done(&out);
}

static void reads_what_spark_prints(void **state) {
  (void)state;
  struct eagre_arena arena = {0};
  struct eagre_error error;
  struct eagre_checkpoint_offsets offsets;
  assert_int_equal(eagre_checkpoint_parse_offsets(eagre_text_of(SPARK_OFFSETS), "offsets/2", &arena,
                                                  &offsets, &error),
                   EAGRE_OK);
  assert_int_equal(offsets.watermark_ms, 2000);
  assert_int_equal(offsets.timestamp_ms, 1795225821426);
  assert_int_equal(offsets.configuration_count, EAGRE_COUNT_OF(spark_pairs));
  for (size_t i = 0; i < EAGRE_COUNT_OF(spark_pairs); i++) {
    assert_true(eagre_text_equal(offsets.configuration[i].key, spark_pairs[i].key));
    assert_true(eagre_text_equal(offsets.configuration[i].value, spark_pairs[i].value));
  }
  assert_int_equal(offsets.source_count, 1);
  assert_true(eagre_text_equal_string(offsets.sources[0], "{\"clicks\":{\"0\":2,\"1\":2}}"));
  char id[EAGRE_UUID_SIZE];
  assert_int_equal(
      eagre_checkpoint_parse_metadata(
          EAGRE_TEXT("{\"id\":\"a8e7ce47-cb37-44ea-a12c-6a4a5b22ff21\"}"), "metadata", id, &error),
      EAGRE_OK);
  assert_string_equal(id, "a8e7ce47-cb37-44ea-a12c-6a4a5b22ff21");
  eagre_arena_done(&arena);
}

static void sources_without_offset_are_dashes(void **state) {
  (void)state;
  struct eagre_text sources[] = {EAGRE_TEXT(""), EAGRE_TEXT("{\"ev\":{\"0\":2}}"), EAGRE_TEXT("")};
  struct eagre_checkpoint_offsets offsets = {.sources = sources, .source_count = 3};
  struct eagre_buffer out = {0};
  eagre_checkpoint_print_offsets(&offsets, &out);
  assert_buffer_is(&out, "v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":0,\"conf\":{}}\n"
                         "-\n{\"ev\":{\"0\":2}}\n-");
  struct eagre_arena arena = {0};
  struct eagre_checkpoint_offsets read;
  assert_int_equal(
      eagre_checkpoint_parse_offsets(eagre_buffer_text(&out), "offsets/0", &arena, &read, NULL),
      EAGRE_OK);
  assert_int_equal(read.source_count, 3);
  for (size_t i = 0; i < 3; i++) {
    assert_true(eagre_text_equal(read.sources[i], sources[i]));
  }
  eagre_arena_done(&arena);
  eagre_buffer_done(&out);
}

struct tolerated {
  const char *content;
  int64_t watermark_ms;
  uint32_t source_count;
};

static const struct tolerated tolerated_offsets[] = {
    {"v1\n{\"batchWatermarkMs\":5,\"batchTimestampMs\":1,\"conf\":{}}\n{}\n", 5, 1},
    {"v1\n{\"batchWatermarkMs\":5,\"batchTimestampMs\":1,\"conf\":{}}\n{}\n\n", 5, 2},
    {"v1\r\n{\"batchWatermarkMs\":5}\r\n{}\r\n", 5, 1},
    {"v1\n\n{}", 0, 1},
    {"v1\n{}", 0, 0},
    {"v1\n {\"batchWatermarkMs\" : 7, \"unknown\":{\"a\":[1]}} \n-", 7, 1},
};

static void tolerates_what_spark_tolerates_in_offsets(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(tolerated_offsets); i++) {
    struct eagre_arena arena = {0};
    struct eagre_error error;
    struct eagre_checkpoint_offsets offsets;
    enum eagre_status status = eagre_checkpoint_parse_offsets(
        eagre_text_of(tolerated_offsets[i].content), "offsets/0", &arena, &offsets, &error);
    if (status != EAGRE_OK) fail_msg("case %zu: %s", i, error.text);
    assert_int_equal(offsets.watermark_ms, tolerated_offsets[i].watermark_ms);
    assert_int_equal(offsets.source_count, tolerated_offsets[i].source_count);
    eagre_arena_done(&arena);
  }
}

static const struct tolerated tolerated_commits[] = {
    {"v1\n{\"nextBatchWatermarkMs\":12000}", 12000, 0},
    {"v1\n{\"nextBatchWatermarkMs\":12000}\n", 12000, 0},
    {"v1\n{\"nextBatchWatermarkMs\":3,\"stateUniqueIds\":{}}", 3, 0},
    {"v1\n{}", 0, 0},
    {"v1\n", 0, 0},
    {"v1", 0, 0},
};

static void tolerates_what_spark_tolerates_in_commits(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(tolerated_commits); i++) {
    struct eagre_error error;
    int64_t watermark_ms = -1;
    enum eagre_status status = eagre_checkpoint_parse_commit(
        eagre_text_of(tolerated_commits[i].content), "commits/0", &watermark_ms, &error);
    if (status != EAGRE_OK) fail_msg("case %zu: %s", i, error.text);
    assert_int_equal(watermark_ms, tolerated_commits[i].watermark_ms);
  }
}

struct refused {
  const char *content;
  const char *class_name;
};

static const char MALFORMED[] = "MALFORMED_LOG_FILE";
static const char NEWER[] = "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION";

static const struct refused refused_offsets[] = {
    {"", MALFORMED},
    {"\n", MALFORMED},
    {"v\n{}", MALFORMED},
    {"v0\n{}", MALFORMED},
    {"v-1\n{}", MALFORMED},
    {"v1x\n{}", MALFORMED},
    {"1\n{}", MALFORMED},
    {"v99999999999999999999999999\n{}", MALFORMED},
    {"v2\n{\"batchWatermarkMs\":0,\"sourceMetadataInfo\":{}}\n0:{\"logOffset\":1}", NEWER},
    {"v9\n{}", NEWER},
    {"v1", MALFORMED},
    {"v1\n[]", MALFORMED},
    {"v1\n{", MALFORMED},
    {"v1\n{\"batchWatermarkMs\":\"5\"}", MALFORMED},
    {"v1\n{\"batchWatermarkMs\":5.5}", MALFORMED},
    {"v1\n{\"batchTimestampMs\":99999999999999999999}", MALFORMED},
    {"v1\n{\"conf\":[]}", MALFORMED},
    {"v1\n{\"conf\":{\"a\":1}}", MALFORMED},
};

static void refuses_damaged_and_newer_offsets(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(refused_offsets); i++) {
    struct eagre_arena arena = {0};
    struct eagre_error error;
    struct eagre_checkpoint_offsets offsets;
    enum eagre_status status = eagre_checkpoint_parse_offsets(
        eagre_text_of(refused_offsets[i].content), "the/offsets/7", &arena, &offsets, &error);
    if (status != EAGRE_UNSAFE) fail_msg("case %zu was not refused", i);
    assert_string_equal(error.class_name, refused_offsets[i].class_name);
    assert_non_null(strstr(error.text, "the/offsets/7"));
    eagre_arena_done(&arena);
  }
}

static const struct refused refused_commits[] = {
    {"", MALFORMED},
    {"v2\n{\"nextBatchWatermarkMs\":0,\"stateUniqueIds\":{\"0\":[[\"25c2efa0\"]]}}", NEWER},
    {"v1\n{\"nextBatchWatermarkMs\":null}", MALFORMED},
    {"v1\nnull", MALFORMED},
};

static void refuses_damaged_and_newer_commits(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(refused_commits); i++) {
    struct eagre_error error;
    int64_t watermark_ms;
    enum eagre_status status = eagre_checkpoint_parse_commit(
        eagre_text_of(refused_commits[i].content), "commits/7", &watermark_ms, &error);
    if (status != EAGRE_UNSAFE) fail_msg("case %zu was not refused", i);
    assert_string_equal(error.class_name, refused_commits[i].class_name);
  }
}

static void refuses_damaged_metadata(void **state) {
  (void)state;
  static const char *const contents[] = {
      "",
      "{}",
      "{\"id\":7}",
      "{\"id\":\"\"}",
      "[]",
      "v1\n{\"id\":\"x\"}",
      "{\"id\":\"a8e7ce47-cb37-44ea-a12c-6a4a5b22ff21-longer\"}"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(contents); i++) {
    struct eagre_error error;
    char id[EAGRE_UUID_SIZE];
    assert_int_equal(
        eagre_checkpoint_parse_metadata(eagre_text_of(contents[i]), "metadata", id, &error),
        EAGRE_UNSAFE);
    assert_string_equal(error.class_name, MALFORMED);
  }
}

int run_log_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(prints_what_spark_prints),
      cmocka_unit_test(reads_what_spark_prints),
      cmocka_unit_test(sources_without_offset_are_dashes),
      cmocka_unit_test(tolerates_what_spark_tolerates_in_offsets),
      cmocka_unit_test(tolerates_what_spark_tolerates_in_commits),
      cmocka_unit_test(refuses_damaged_and_newer_offsets),
      cmocka_unit_test(refuses_damaged_and_newer_commits),
      cmocka_unit_test(refuses_damaged_metadata),
  };
  return cmocka_run_group_tests_name("logs", tests, NULL, NULL);
}
