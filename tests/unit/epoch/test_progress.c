/* Progress objects, against the one real Spark printed (spark-semantics 7.1). */
#include <string.h>

#include "test_epoch.h"

static char *print(struct world *world, const struct eagre_epoch_progress *progress,
                   struct eagre_text name) {
  const struct eagre_epoch_names names = {.id = "a8e7ce47-cb37-44ea-a12c-6a4a5b22ff21",
                                          .run_id = "673853a1-3c5d-4471-999b-3e018058ee9f",
                                          .name = name,
                                          .flow = world->flow,
                                          .sources = world->sources,
                                          .sink = &world->sink.base};
  struct eagre_buffer out = {0};
  eagre_epoch_print_progress(progress, &names, &out);
  char *text = eagre_text_duplicate(eagre_buffer_text(&out));
  eagre_buffer_done(&out);
  return text;
}

#define IDS                                                                                        \
  "{\"id\":\"a8e7ce47-cb37-44ea-a12c-6a4a5b22ff21\",\"runId\":\"673853a1-3c5d-4471-999b-"          \
  "3e018058ee9f\","

static void an_epoch_reads_as_spark_writes_it(void **state) {
  (void)state;
  struct world *world = open_stateful("SET spark.sql.shuffle.partitions = 2;", "append");
  start_world(world);
  struct eagre_epoch_source_count source = {2, 100};
  struct eagre_event_time seen = {2, 40000, 1000, 41000};
  struct eagre_stateful_metrics operator= {
      .rows_total = 4, .rows_updated = 2, .memory_bytes = 2016};
  const struct eagre_epoch_counts counts = {.sources = &source,
                                            .event_times = &seen,
                                            .source_count = 1,
                                            .watermark_count = 1,
                                            .operators = &operator,
                                            .operator_count = 1,
                                            .output_rows = 0};
  const struct eagre_text start = EAGRE_TEXT("{\"clicks\":{\"0\":1,\"1\":1}}");
  const struct eagre_text end = EAGRE_TEXT("{\"clicks\":{\"0\":2,\"1\":2}}");
  const struct eagre_text metrics = EAGRE_TEXT("\"avgOffsetsBehindLatest\":\"0.0\"");
  struct eagre_epoch_progress progress = {.epoch = 2,
                                          .trigger_start_us = INT64_C(1795225821420000),
                                          .has_run = true,
                                          .times = {.latest_offset = 6,
                                                    .query_planning = 13,
                                                    .wal_commit = 32,
                                                    .add_batch = 625,
                                                    .commit_offsets = 31,
                                                    .trigger_execution = 708},
                                          .start_offsets = &start,
                                          .end_offsets = &end,
                                          .latest_offsets = &end,
                                          .source_metrics = &metrics,
                                          .counts = &counts,
                                          .watermark_ms = 2000};
  char *text = print(world, &progress, EAGRE_TEXT("clicks"));
  assert_string_equal(
      text, IDS
      "\"name\":\"clicks\",\"timestamp\":\"2026-11-21T01:50:21.420Z\",\"batchId\":2,"
      "\"batchDuration\":708,\"numInputRows\":2,\"inputRowsPerSecond\":0.0,"
      "\"processedRowsPerSecond\":2.8,\"durationMs\":{\"addBatch\":625,\"commitOffsets\":31,"
      "\"getBatch\":0,\"latestOffset\":6,\"queryPlanning\":13,\"triggerExecution\":708,"
      "\"walCommit\":32},\"eventTime\":{\"avg\":\"1970-01-01T00:00:20.500Z\",\"max\":\"1970-01-"
      "01T00:00:40.000Z\",\"min\":\"1970-01-01T00:00:01.000Z\",\"watermark\":\"1970-01-01T00:00:"
      "02.000Z\"},\"stateOperators\":[{\"operatorName\":\"stateStoreSave\",\"numRowsTotal\":4,"
      "\"numRowsUpdated\":2,\"allUpdatesTimeMs\":0,\"numRowsRemoved\":0,\"allRemovalsTimeMs\":0,"
      "\"commitTimeMs\":0,\"memoryUsedBytes\":2016,\"numRowsDroppedByWatermark\":0,"
      "\"numShufflePartitions\":2,\"numStateStoreInstances\":2,\"customMetrics\":{}}],"
      "\"sources\":[{\"description\":\"Scripted\",\"startOffset\":{\"clicks\":{\"0\":1,\"1\":1}},"
      "\"endOffset\":{\"clicks\":{\"0\":2,\"1\":2}},\"latestOffset\":{\"clicks\":{\"0\":2,\"1\":"
      "2}},\"numInputRows\":2,\"inputRowsPerSecond\":0.0,\"processedRowsPerSecond\":2.8,"
      "\"metrics\":{\"avgOffsetsBehindLatest\":\"0.0\"}}],\"sink\":{\"description\":"
      "\"ScriptedSink\",\"numOutputRows\":0}}");
  eagre_free(text);

  /* The previous trigger gives the input rate; without rows there is only the watermark. */
  progress.previous_trigger_start_us = progress.trigger_start_us - 3000000;
  seen.count = 0;
  text = print(world, &progress, eagre_text_make("", 0));
  assert_non_null(strstr(text, "\"name\":null,"));
  assert_non_null(strstr(text, "\"inputRowsPerSecond\":0.7,"));
  assert_non_null(strstr(text, "\"eventTime\":{\"watermark\":\"1970-01-01T00:00:02.000Z\"}"));
  eagre_free(text);
  close_world(world);
}

static void idle_reports_are_short(void **state) {
  (void)state;
  struct world *world = open_stateless("");
  world->available = 3;
  start_world(world);
  step(world);
  char *text = print(world, eagre_epoch_last(world->epoch), EAGRE_TEXT("f"));
  assert_non_null(strstr(text, "\"batchId\":0,"));
  assert_non_null(strstr(text, "\"startOffset\":null,\"endOffset\":{\"n\":3},"));
  assert_non_null(strstr(text, "\"stateOperators\":[],"));
  assert_non_null(strstr(text, "\"metrics\":{\"behind\":\"0\"}"));
  assert_non_null(strstr(text, "\"numOutputRows\":3}}"));
  assert_null(strstr(text, "eventTime"));
  eagre_free(text);
  step(world);
  text = print(world, eagre_epoch_last(world->epoch), EAGRE_TEXT("f"));
  assert_non_null(strstr(text, "\"batchId\":1,"));
  assert_non_null(strstr(text, "\"numInputRows\":0,"));
  assert_non_null(strstr(text, "\"durationMs\":{\"latestOffset\":"));
  assert_null(strstr(text, "addBatch"));
  assert_non_null(strstr(text, "\"startOffset\":{\"n\":3},\"endOffset\":{\"n\":3},"));
  eagre_free(text);
  close_world(world);
}

int run_progress_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_epoch_reads_as_spark_writes_it),
      cmocka_unit_test(idle_reports_are_short),
  };
  return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
