/* Flows from file to console: placements, numbers of cores, failures beside health. */
#include <stdio.h>
#include <string.h>

#include "test_runtime.h"

#define FILES(path)                                                                                \
  "STREAM read_files('" path "', format => 'json', schema => 'k STRING, n INT, ts TIMESTAMP', "    \
  "maxFilesPerTrigger => 3)"
#define CONSOLE "CREATE SINK out USING console OPTIONS ('format' = 'json');"
#define NOW "'trigger' = 'available now'"

/* Runs the flow with 1 to 4 cores, fused and split, each from the start; the rows are the same.
 * `name` makes its checkpoints. */
static void compare_placements(struct fixture *fixture, const char *name, const char *options,
                               const char *select) {
  char *expected = NULL;
  for (uint32_t cores = 1; cores <= 4; cores++) {
    for (int is_split = 0; is_split < 2; is_split++) {
      struct eagre_buffer sql = {0};
      eagre_buffer_printf(&sql,
                          CONSOLE "CREATE FLOW f OPTIONS (" NOW "%s, 'checkpointLocation' = "
                                  "'$D/%s%u-%d') AS INSERT INTO out %s",
                          options, name, cores, is_split, select);
      bind(fixture, eagre_buffer_string(&sql));
      fixture->options.core_count = cores;
      fixture->options.placement = is_split ? EAGRE_RUNTIME_SPLIT : EAGRE_RUNTIME_FUSED;
      if (run(fixture) != EAGRE_OK) {
        fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
      }
      char *lines = take_lines(fixture);
      if (expected == NULL) {
        expected = lines;
        assert_true(strlen(expected) > 0);
      } else {
        assert_string_equal(lines, expected);
        eagre_free(lines);
      }
      eagre_buffer_done(&sql);
    }
  }
  eagre_free(expected);
}

static void placements_give_equal_rows(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, 8, 500);
  compare_placements(fixture, "project", "",
                     "SELECT upper(k) AS k, n FROM " FILES("$D/in") " WHERE n % 3 = 0");
  compare_placements(
      fixture, "complete", ", 'outputMode' = 'complete'",
      "SELECT k, count(*) AS c, sum(n) AS s, min(k) AS m FROM " FILES("$D/in") " GROUP BY k");
  compare_placements(fixture, "append", ", 'outputMode' = 'append'",
                     "SELECT w.start AS s, k, count(*) AS c FROM (SELECT window(ts, '1 minute', "
                     "'30 seconds') AS w, k FROM " FILES("$D/in") " WATERMARK ts DELAY OF INTERVAL "
                                                                  "10 SECONDS) GROUP BY w, k");
  compare_placements(fixture, "update", ", 'outputMode' = 'update'",
                     "SELECT count(*) AS c FROM " FILES("$D/in"));
  compare_placements(fixture, "spinning",
                     ", 'outputMode' = 'update', 'eagre.busyPollMicros' = '500'",
                     "SELECT count(*) AS c FROM " FILES("$D/in"));
}

/* State written by some cores is read by others, in either placement. */
static void state_moves_between_placements(void **state) {
  struct fixture *fixture = *state;
  static const struct {
    uint32_t cores;
    bool is_split;
  } steps[] = {{1, false}, {4, false}, {4, true}, {3, true}, {2, false}};
  bind(fixture, CONSOLE "CREATE FLOW f OPTIONS (" NOW ", 'outputMode' = 'complete') AS INSERT INTO "
                        "out SELECT k, count(*) AS c FROM " FILES("$D/in") " GROUP BY k");
  for (uint32_t i = 0; i < EAGRE_COUNT_OF(steps); i++) {
    write_input(fixture, 3 * (i + 1), 10); /* three new files each time */
    fixture->options.core_count = steps[i].cores;
    fixture->options.placement = steps[i].is_split ? EAGRE_RUNTIME_SPLIT : EAGRE_RUNTIME_FUSED;
    assert_int_equal(run(fixture), EAGRE_OK);
    char *lines = take_lines(fixture);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "{\"k\":\"k0\",\"c\":%u}\n", 6 * (i + 1));
    assert_non_null(strstr(lines, wanted));
    eagre_free(lines);
  }
}

static void metrics_and_reports_follow_the_flow(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, 4, 10);
  bind(fixture, CONSOLE "CREATE FLOW f OPTIONS (" NOW ", 'queryName' = 'named') AS INSERT INTO out "
                        "SELECT n FROM " FILES("$D/in"));
  assert_int_equal(run(fixture), EAGRE_OK);
  uint32_t count = 0;
  const struct eagre_flow_metrics *metrics = eagre_runtime_metrics(fixture->runtime, &count);
  assert_int_equal(count, 1);
  assert_int_equal(atomic_load(&metrics->values[EAGRE_METRIC_EPOCHS]), 2);
  assert_int_equal(atomic_load(&metrics->values[EAGRE_METRIC_INPUT_ROWS]), 40);
  assert_int_equal(atomic_load(&metrics->values[EAGRE_METRIC_OUTPUT_ROWS]), 40);
  assert_int_equal(atomic_load(&metrics->values[EAGRE_METRIC_EPOCH]), 1);
  assert_true(fixture->report_count >= 2);
  assert_non_null(strstr(eagre_buffer_string(&fixture->reports), "\"name\":\"named\""));
  assert_non_null(strstr(eagre_buffer_string(&fixture->reports), "\"numInputRows\":30"));
}

/* ---- Failures -------------------------------------------------------------------------------- */

static void an_unknown_flow_is_refused_before_anything_opens(void **state) {
  struct fixture *fixture = *state;
  const struct eagre_text names[] = {EAGRE_TEXT("F"), EAGRE_TEXT("g")};
  write_input(fixture, 1, 1);
  bind(fixture,
       CONSOLE "CREATE FLOW f OPTIONS (" NOW ") AS INSERT INTO out SELECT n FROM " FILES("$D/in"));
  fixture->options.flow_names = names;
  fixture->options.flow_name_count = 2;
  assert_int_equal(run(fixture), EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "FLOW_NOT_FOUND");
  assert_false(exists(fixture, "storage"));
  fixture->options.flow_name_count = 1;
  assert_int_equal(run(fixture), EAGRE_OK);
}

static void only_wanted_flows_run(void **state) {
  struct fixture *fixture = *state;
  const struct eagre_text name = EAGRE_TEXT("b");
  write_input(fixture, 1, 1);
  bind(fixture,
       CONSOLE "CREATE FLOW a OPTIONS (" NOW ") AS INSERT INTO out SELECT 'a' AS f FROM " FILES(
           "$D/in") "; CREATE FLOW b OPTIONS (" NOW
                    ") AS INSERT INTO out SELECT 'b' AS f FROM " FILES("$D/in"));
  fixture->options.flow_names = &name;
  fixture->options.flow_name_count = 1;
  assert_int_equal(run(fixture), EAGRE_OK);
  assert_string_equal(eagre_buffer_string(&fixture->printed), "{\"f\":\"b\"}\n");
  assert_false(exists(fixture, "storage/checkpoints/a"));
}

static void wrong_core_lists_are_refused(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, 1, 1);
  bind(fixture,
       CONSOLE "CREATE FLOW f OPTIONS (" NOW ") AS INSERT INTO out SELECT n FROM " FILES("$D/in"));
  fixture->options.core_count = EAGRE_CORE_COUNT_MAX + 1;
  assert_int_equal(make(fixture), EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "INVALID_CORES");
  uint32_t allowed[EAGRE_CORE_COUNT_MAX];
  uint32_t count = eagre_runtime_cpu_list(allowed, EAGRE_CORE_COUNT_MAX);
  assert_true(count > 0);
  fixture->options.cpus = allowed;
  fixture->options.core_count = 1;
  assert_int_equal(run(fixture), EAGRE_OK);
}

/* A runtime that never runs has nothing to give back but itself. */
static void a_runtime_may_be_freed_unused(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, 1, 1);
  bind(fixture, CONSOLE "CREATE FLOW f AS INSERT INTO out SELECT n FROM " FILES("$D/in"));
  assert_int_equal(make(fixture), EAGRE_OK);
  assert_int_equal(eagre_runtime_validate(fixture->pipeline, &fixture->error), EAGRE_OK);
  eagre_runtime_stop(fixture->runtime);
}

static void a_source_that_cannot_open_leaves_nothing(void **state) {
  struct fixture *fixture = *state;
  for (int is_split = 0; is_split < 2; is_split++) {
    bind(fixture, CONSOLE "CREATE FLOW f AS INSERT INTO out SELECT n FROM " FILES("$D/missing"));
    fixture->options.placement = is_split ? EAGRE_RUNTIME_SPLIT : EAGRE_RUNTIME_FUSED;
    assert_int_not_equal(run(fixture), EAGRE_OK);
    assert_true(fixture->error.class_name[0] != '\0');
    assert_true(eagre_text_equal_string(fixture->failed_flow, "f"));
    assert_false(exists(fixture, "storage"));
  }
}

static void a_failing_flow_does_not_stop_the_others(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, 8, 100);
  for (uint32_t cores = 1; cores <= 3; cores++) {
    for (int is_split = 0; is_split < 2; is_split++) {
      struct eagre_buffer sql = {0};
      eagre_buffer_printf(
          &sql,
          CONSOLE "CREATE SINK nowhere USING noop;"
                  "CREATE FLOW bad OPTIONS (" NOW ", 'checkpointLocation' = '$D/b%u-%d') AS INSERT "
                  "INTO nowhere SELECT 1 / (n - 411) AS q FROM " FILES(
                      "$D/in") ";"
                               "CREATE FLOW lost OPTIONS (" NOW
                               ", 'checkpointLocation' = '$D/l%u-%d') AS INSERT "
                               "INTO nowhere SELECT n FROM " FILES(
                                   "$D/missing") ";"
                                                 "CREATE FLOW good OPTIONS (" NOW
                                                 ", 'checkpointLocation' = '$D/g%u-%d') AS INSERT "
                                                 "INTO out SELECT count(n) AS c FROM (SELECT n, "
                                                 "ts, window(ts, '1 hour') AS w FROM " FILES(
                                                     "$D/in") " WATERMARK ts DELAY OF INTERVAL 0 "
                                                              "SECONDS) WHERE n = 411 GROUP BY "
                                                              "ts HAVING c > 0",
          cores, is_split, cores, is_split, cores, is_split);
      bind(fixture, eagre_buffer_string(&sql));
      fixture->options.core_count = cores;
      fixture->options.placement = is_split ? EAGRE_RUNTIME_SPLIT : EAGRE_RUNTIME_FUSED;
      assert_int_equal(run(fixture), EAGRE_DATA); /* the worst of IO and DATA */
      assert_true(eagre_text_equal_string(fixture->failed_flow, "bad"));
      assert_string_equal(fixture->error.class_name, "DIVIDE_BY_ZERO");
      assert_non_null(strstr(fixture->error.place, "0004.json, line 12"));
      uint32_t count = 0;
      const struct eagre_flow_metrics *metrics = eagre_runtime_metrics(fixture->runtime, &count);
      assert_int_equal(count, 3);
      assert_int_equal(atomic_load(&metrics[0].values[EAGRE_METRIC_EPOCHS]), 1);
      assert_int_equal(atomic_load(&metrics[1].values[EAGRE_METRIC_EPOCHS]), 0);
      assert_true(atomic_load(&metrics[2].values[EAGRE_METRIC_EPOCHS]) >= 3);
      eagre_buffer_done(&sql);
    }
  }
}

/* The failed epoch is run again, and fails again, until its data is mended. */
static void a_failed_epoch_is_run_again(void **state) {
  struct fixture *fixture = *state;
  write_input(fixture, 1, 3);
  const char *sql = CONSOLE "CREATE FLOW f OPTIONS (" NOW
                            ") AS INSERT INTO out SELECT 10 / n AS q FROM " FILES("$D/in");
  for (int i = 0; i < 2; i++) {
    bind(fixture, sql);
    assert_int_equal(run(fixture), EAGRE_DATA);
    assert_string_equal(eagre_buffer_string(&fixture->printed), "");
  }
  const char *mended = "{\"n\":5}\n";
  scratch_write(scratch_path(fixture->directory, "in/0000.json"), mended, strlen(mended));
  bind(fixture, sql);
  assert_int_equal(run(fixture), EAGRE_OK);
  assert_string_equal(eagre_buffer_string(&fixture->printed), "{\"q\":2.0}\n");
}

int run_flow_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(placements_give_equal_rows),
      FIXTURE_TEST(state_moves_between_placements),
      FIXTURE_TEST(metrics_and_reports_follow_the_flow),
      FIXTURE_TEST(an_unknown_flow_is_refused_before_anything_opens),
      FIXTURE_TEST(only_wanted_flows_run),
      FIXTURE_TEST(wrong_core_lists_are_refused),
      FIXTURE_TEST(a_runtime_may_be_freed_unused),
      FIXTURE_TEST(a_source_that_cannot_open_leaves_nothing),
      FIXTURE_TEST(a_failing_flow_does_not_stop_the_others),
      FIXTURE_TEST(a_failed_epoch_is_run_again),
  };
  return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
