/* Whole flows: head of EXPLAIN, JSON, declared columns, numbers that later rooms rely on. */
#include <stdio.h>
#include <string.h>

#include "test_plan.h"

static void the_head_of_a_flow(void **state) {
  (void)state;
  struct eagre_pipeline *pipeline = bind_text(
      "CREATE STREAMING TABLE t TBLPROPERTIES ('eagre.outputMode' = 'complete', 'eagre.trigger' = "
      "'processing time 2 seconds') AS SELECT value, count(*) AS c FROM STREAM rate() GROUP BY "
      "value;");
  char *text = explain(pipeline);
  assert_string_equal(
      text, "Flow t\n"
            "  writes delta t at /s/tables/t, mode complete\n"
            "  trigger processing time 2000 ms, checkpoint /s/checkpoints/t\n"
            "  state: 64 partitions, owned by the cores in turn\n"
            "  placement: fused (reader, decoder, operators and aggregator on each core)\n"
            "  Project: value AS value, count#0 AS c\n"
            "    Aggregate: keys [value], aggregates [count(1)]\n"
            "      Source: rate, reads [value]\n");
  eagre_free(text);
  eagre_pipeline_free(pipeline);
}

static void the_same_as_json(void **state) {
  (void)state;
  struct eagre_pipeline *pipeline =
      bind_text("CREATE SINK x USING noop; CREATE FLOW f AS INSERT INTO x SELECT value FROM "
                "STREAM rate()");
  struct eagre_buffer out = {0};
  eagre_plan_explain(pipeline, true, &out);
  assert_string_equal(
      eagre_buffer_string(&out),
      "{\"flows\":[{\"flow\":\"f\",\"sinks\":[{\"sink\":\"noop\",\"target\":\"x\",\"location\":"
      "\"\"}],"
      "\"outputMode\":\"append\",\"trigger\":\"default\",\"checkpoint\":\"/s/checkpoints/f\","
      "\"statePartitions\":0,\"nodes\":[{\"kind\":\"Project\",\"details\":\"value AS value\","
      "\"output\":\"STRUCT<value: "
      "BIGINT>\",\"inputs\":[1]},{\"kind\":\"Source\",\"details\":\"rate, reads "
      "[value]\",\"output\":\"STRUCT<timestamp: TIMESTAMP, value: BIGINT>\",\"inputs\":[]}]}],"
      "\"queries\":[]}\n");
  eagre_buffer_done(&out);
  eagre_pipeline_free(pipeline);
}

static void declared_columns_are_cast_by_name_or_position(void **state) {
  (void)state;
  struct eagre_pipeline *pipeline = bind_text(
      "CREATE STREAMING TABLE t (value INT, timestamp DATE);"
      "CREATE FLOW by_name AS INSERT INTO t BY NAME SELECT * FROM STREAM rate();"
      "CREATE FLOW by_position AS INSERT INTO t SELECT value, timestamp FROM STREAM rate();"
      "CREATE STREAMING TABLE u (value STRING, timestamp TIMESTAMP) AS SELECT * FROM STREAM "
      "rate();");
  char *text = explain(pipeline);
  const char *cast = "Project: CAST(value AS INT) AS value, CAST(timestamp AS DATE) AS timestamp";
  const char *first = strstr(text, cast);
  assert_non_null(first);
  assert_non_null(strstr(first + 1, cast));
  assert_non_null(
      strstr(text, "Project: CAST(value AS STRING) AS value, timestamp AS timestamp\n"));
  eagre_free(text);
  eagre_pipeline_free(pipeline);
}

static uint64_t fingerprint(const char *select) {
  char *statement = make_flow(select);
  struct eagre_pipeline *pipeline = bind_text(statement);
  uint64_t value = pipeline->flows[0].query.fingerprint;
  eagre_pipeline_free(pipeline);
  eagre_free(statement);
  return value;
}

/* State is refused by fingerprint: what changes its meaning must change it, names must not. */
static void fingerprints_follow_the_state(void **state) {
  (void)state;
#define UPDATE "OPTIONS ('outputMode' = 'update') AS INSERT INTO out SELECT "
  uint64_t base = fingerprint(UPDATE "k, sum(n) AS a FROM STREAM s GROUP BY k");
  assert_true(base == fingerprint(UPDATE "k AS x, sum(n) + 1 AS b FROM STREAM s GROUP BY k"));
  assert_true(base != fingerprint(UPDATE "n, sum(n) AS a FROM STREAM s GROUP BY n"));
  assert_true(base != fingerprint(UPDATE "k, min(n) AS a FROM STREAM s GROUP BY k"));
  assert_true(base != fingerprint(UPDATE "k, sum(n) AS a, count(*) AS c FROM STREAM s GROUP BY k"));
  uint64_t minute =
      fingerprint(UPDATE "count(*) AS c FROM STREAM s GROUP BY window(ts, '1 minute')");
  uint64_t hour = fingerprint(UPDATE "count(*) AS c FROM STREAM s GROUP BY window(ts, '1 hour')");
  assert_true(minute != hour);
}

static const struct eagre_plan_node *aggregate_of(struct eagre_pipeline *pipeline) {
  assert_int_equal(pipeline->flows[0].query.stateful_count, 1);
  return pipeline->flows[0].query.stateful[0];
}

/* The pane is the window that is grouped by, not the one nearest below. */
static void panes_know_their_window(void **state) {
  (void)state;
  char *statement =
      make_flow(UPDATE "w, count(*) AS c FROM (SELECT ts, window(ts, '10 minutes') AS w FROM "
                       "STREAM s) GROUP BY w, window(ts, '5 minutes')");
  struct eagre_pipeline *pipeline = bind_text(statement);
  assert_int_equal(aggregate_of(pipeline)->pane_key, 0);
  assert_int_equal(aggregate_of(pipeline)->pane_duration_us, 600000000);
  assert_int_equal(aggregate_of(pipeline)->event_time_key, -1);
  eagre_pipeline_free(pipeline);
  eagre_free(statement);

  statement = make_flow(
      UPDATE
      "k, count(*) AS c FROM STREAM s WATERMARK ts DELAY OF INTERVAL 1 MINUTE GROUP BY k, ts");
  pipeline = bind_text(statement);
  assert_int_equal(aggregate_of(pipeline)->pane_key, 1);
  assert_int_equal(aggregate_of(pipeline)->event_time_key, 1);
  assert_int_equal(aggregate_of(pipeline)->pane_duration_us, 0);
  eagre_pipeline_free(pipeline);
  eagre_free(statement);
}

/* A WITH table of the reader has no say in what a view's names mean. */
static void views_keep_their_own_names(void **state) {
  (void)state;
  const struct eagre_plan_request request = make_request(
      "CREATE TEMPORARY VIEW a AS SELECT 1 AS n; CREATE TEMPORARY VIEW v AS SELECT * FROM a;"
      "CREATE TEMPORARY VIEW a AS SELECT n + 1 AS n FROM a;"
      "WITH a AS (SELECT 'x' AS t) SELECT * FROM v; SELECT * FROM a",
      true);
  struct eagre_pipeline *pipeline = bind(&request);
  assert_int_equal(pipeline->query_count, 2);
  char *text = explain(pipeline);
  assert_string_equal(text, "Query 1\n"
                            "  Project: n AS n\n"
                            "    Project: n AS n\n"
                            "      Project: 1 AS n\n"
                            "        Values: 1 rows\n"
                            "Query 2\n"
                            "  Project: n AS n\n"
                            "    Project: (n + 1) AS n\n"
                            "      Project: 1 AS n\n"
                            "        Values: 1 rows\n");
  eagre_free(text);
  eagre_pipeline_free(pipeline);
}

static void two_watermarks_are_numbered_in_leaf_order(void **state) {
  (void)state;
  char *statement = make_flow(
      "AS INSERT INTO out SELECT t FROM (SELECT CAST(j AS TIMESTAMP) AS t FROM STREAM s WATERMARK "
      "ts DELAY OF INTERVAL 1 SECOND) WATERMARK t DELAY OF INTERVAL 2 SECONDS");
  struct eagre_pipeline *pipeline = bind_text(statement);
  assert_int_equal(pipeline->flows[0].watermark_count, 2);
  int64_t delays[2] = {0, 0};
  const struct eagre_plan_tree *tree = &pipeline->flows[0].query;
  for (uint32_t i = 0; i < tree->node_count; i++) {
    const struct eagre_plan_node *node = tree->nodes[i];
    if (node->kind == EAGRE_PLAN_WATERMARK) delays[node->watermark_number] = node->delay_us;
  }
  assert_int_equal(delays[0], 1000000);
  assert_int_equal(delays[1], 2000000);
  eagre_pipeline_free(pipeline);
  eagre_free(statement);
}

static void kafka_sources_are_described(void **state) {
  (void)state;
  const struct eagre_plan_request request =
      make_request("SELECT value, offset FROM read_kafka(`kafka.bootstrap.servers` => 'h:9092', "
                   "subscribe => 'a,b')",
                   true);
  struct eagre_pipeline *pipeline = bind(&request);
  char *text = explain(pipeline);
  assert_non_null(strstr(text, "Source: kafka a,b at h:9092, reads [value, offset]\n"));
  eagre_free(text);
  eagre_pipeline_free(pipeline);
}

static void check_bound(const char *options, const char *insert, const char *expected) {
  char text[1024];
  snprintf(text, sizeof text,
           "CREATE SINK exact USING kafka OPTIONS ('kafka.bootstrap.servers' = 'h', 'topic' = 't', "
           "'delivery' = 'exactly-once'); CREATE SINK plain USING noop; "
           "CREATE FLOW f AS INSERT INTO %s SELECT value FROM STREAM "
           "read_kafka(bootstrapServers => 'h', subscribe => 'a'%s)",
           insert, options);
  const struct eagre_plan_request request = make_request(text, false);
  struct eagre_pipeline *pipeline = bind(&request);
  struct eagre_text found =
      eagre_option_text(&pipeline->flows[0].sources[0]->options, "maxOffsetsPerTrigger");
  assert_true(eagre_text_equal_string(found, expected));
  eagre_pipeline_free(pipeline);
}

static void transactions_bound_their_epochs(void **state) {
  (void)state;
  check_bound("", "exact", "1000000");
  check_bound("", "plain, exact", "1000000");
  check_bound(", maxOffsetsPerTrigger => 7", "exact", "7");
  check_bound("", "plain", "");
}

/* Whether the flow with these options and this query over a topic waits for its watermark. */
static bool waits(const char *mode, const char *query) {
  struct eagre_buffer text = {0};
  eagre_buffer_printf(
      &text,
      "CREATE SINK x USING noop; CREATE TEMPORARY VIEW k AS SELECT * FROM STREAM "
      "read_kafka(bootstrapServers => 'b:1', subscribe => 't'); "
      "CREATE FLOW f OPTIONS ('outputMode' = '%s', 'trigger' = 'continuous') AS INSERT INTO x %s",
      mode, query);
  struct eagre_pipeline *pipeline = bind_text(eagre_buffer_string(&text));
  bool found = eagre_flow_waits_for_watermark(&pipeline->flows[0]);
  assert_true(eagre_flow_ticks(&pipeline->flows[0]) || !found);
  eagre_pipeline_free(pipeline);
  eagre_buffer_done(&text);
  return found;
}

#define COUNTS                                                                                     \
  "SELECT offset, count(*) AS c FROM STREAM k WATERMARK timestamp DELAY OF INTERVAL 1 SECOND "     \
  "GROUP BY offset, window(timestamp, '1 second')"

static void results_that_leave_the_state_wait_for_a_watermark(void **state) {
  (void)state;
  assert_true(waits("append", COUNTS));
  assert_false(waits("update", COUNTS));
  assert_false(waits("append", "SELECT offset FROM STREAM k"));
  assert_false(waits("append", COUNTS " UNION ALL SELECT offset, 1L FROM STREAM k"));
  assert_false(waits("append", COUNTS " UNION ALL " COUNTS));
}

int run_flow_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results_that_leave_the_state_wait_for_a_watermark),
      cmocka_unit_test(the_head_of_a_flow),
      cmocka_unit_test(the_same_as_json),
      cmocka_unit_test(declared_columns_are_cast_by_name_or_position),
      cmocka_unit_test(fingerprints_follow_the_state),
      cmocka_unit_test(panes_know_their_window),
      cmocka_unit_test(views_keep_their_own_names),
      cmocka_unit_test(two_watermarks_are_numbered_in_leaf_order),
      cmocka_unit_test(kafka_sources_are_described),
      cmocka_unit_test(transactions_bound_their_epochs),
  };
  return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
