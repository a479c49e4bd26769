/* The option table, precedence, and what triggers are called. */
#include <string.h>

#include "test_plan.h"

static struct eagre_pipeline *bind_with(const char *text, const struct eagre_sql_define *settings,
                                        uint32_t setting_count) {
  struct eagre_plan_request request = make_request(text, false);
  request.settings = settings;
  request.setting_count = setting_count;
  return bind(&request);
}

static void command_line_wins_over_options_over_properties_over_set(void **state) {
  (void)state;
  const char *file =
      "SET eagre.trigger = once; SET eagre.outputMode = complete;"
      "CREATE STREAMING TABLE a AS SELECT value, count(*) AS c FROM STREAM rate() GROUP BY value;"
      "CREATE STREAMING TABLE b TBLPROPERTIES ('eagre.trigger' = 'available now', "
      "'eagre.outputMode' = 'update');"
      "CREATE FLOW b1 AS INSERT INTO b SELECT value FROM STREAM rate();"
      "CREATE FLOW b2 OPTIONS ('trigger' = 'processing time 2 seconds', 'outputMode' = 'append') "
      "AS INSERT INTO b SELECT value FROM STREAM rate();";
  struct eagre_pipeline *pipeline = bind_text(file);
  assert_int_equal(pipeline->flow_count, 3);
  assert_int_equal(pipeline->flows[0].trigger.kind, EAGRE_TRIGGER_ONCE);
  assert_int_equal(pipeline->flows[0].mode, EAGRE_MODE_COMPLETE);
  assert_int_equal(pipeline->flows[1].trigger.kind, EAGRE_TRIGGER_AVAILABLE_NOW);
  assert_int_equal(pipeline->flows[1].mode, EAGRE_MODE_UPDATE);
  assert_int_equal(pipeline->flows[2].trigger.kind, EAGRE_TRIGGER_PROCESSING_TIME);
  assert_int_equal(pipeline->flows[2].trigger.interval_us, 2000000);
  assert_int_equal(pipeline->flows[2].mode, EAGRE_MODE_APPEND);
  eagre_pipeline_free(pipeline);

  const struct eagre_sql_define settings[] = {
      {EAGRE_TEXT("eagre.trigger"), EAGRE_TEXT("default")},
      {EAGRE_TEXT("eagre.outputMode"), EAGRE_TEXT("update")},
  };
  pipeline = bind_with(file, settings, 2);
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(pipeline->flows[i].trigger.kind, EAGRE_TRIGGER_DEFAULT);
    assert_int_equal(pipeline->flows[i].mode, EAGRE_MODE_UPDATE);
  }
  eagre_pipeline_free(pipeline);
}

static void the_trigger_of_the_command_line_wins_but_the_file_is_checked(void **state) {
  (void)state;
  struct eagre_plan_request request = make_request(
      "CREATE STREAMING TABLE t TBLPROPERTIES ('pipelines.trigger.interval' = '3 seconds') AS "
      "SELECT * FROM STREAM rate()",
      false);
  struct eagre_pipeline *pipeline = bind(&request);
  assert_int_equal(pipeline->flows[0].trigger.interval_us, 3000000);
  eagre_pipeline_free(pipeline);
  request.trigger = EAGRE_TEXT("Available Now");
  pipeline = bind(&request);
  assert_int_equal(pipeline->flows[0].trigger.kind, EAGRE_TRIGGER_AVAILABLE_NOW);
  eagre_pipeline_free(pipeline);
  request.source = EAGRE_TEXT(
      "CREATE STREAMING TABLE t TBLPROPERTIES ('eagre.trigger' = 'never') AS SELECT * FROM STREAM "
      "rate()");
  assert_string_equal(refuse(&request), "INVALID_TRIGGER at 1:41");
}

static void settings_of_a_flow_are_its_own(void **state) {
  (void)state;
  const char *file =
      "SET spark.sql.shuffle.partitions = 5; CREATE SINK x USING noop;"
      "CREATE FLOW a OPTIONS ('spark.sql.shuffle.partitions' = '7', 'spark.sql.session.timeZone' "
      "= 'Europe/Berlin') AS INSERT INTO x SELECT * FROM STREAM rate();"
      "CREATE FLOW b OPTIONS ('spark.sql.ansi.enabled' = 'false') AS INSERT INTO x SELECT * FROM "
      "STREAM "
      "rate();"
      "SET spark.sql.session.timeZone = 'Asia/Tokyo';"
      "CREATE FLOW c AS INSERT INTO x SELECT * FROM STREAM rate();";
  struct eagre_pipeline *pipeline = bind_text(file);
  struct eagre_flow *flows = pipeline->flows;
  assert_int_equal(flows[0].state_partition_count, 7);
  assert_int_equal(flows[1].state_partition_count, 5);
  assert_ptr_not_equal(flows[0].expression_session.zone, flows[1].expression_session.zone);
  assert_ptr_not_equal(flows[1].expression_session.zone, flows[2].expression_session.zone);
  assert_ptr_equal(flows[2].expression_session.zone, pipeline->zone);
  assert_false(flows[0].expression_session.is_legacy);
  assert_true(flows[1].expression_session.is_legacy);
  assert_false(pipeline->expression_session.is_legacy);
  eagre_pipeline_free(pipeline);

  const struct eagre_sql_define setting = {EAGRE_TEXT("spark.sql.shuffle.partitions"),
                                           EAGRE_TEXT("9")};
  pipeline = bind_with(file, &setting, 1);
  assert_int_equal(pipeline->flows[0].state_partition_count, 9);
  assert_int_equal(pipeline->flows[1].state_partition_count, 9);
  eagre_pipeline_free(pipeline);
}

static void places_on_disk_have_defaults_and_overrides(void **state) {
  (void)state;
  struct eagre_pipeline *pipeline = bind_text(
      "CREATE STREAMING TABLE a AS SELECT * FROM STREAM rate();"
      "CREATE STREAMING TABLE b LOCATION '/b' TBLPROPERTIES ('eagre.checkpointLocation' = '/cb') "
      "AS SELECT * FROM STREAM rate();"
      "SET spark.sql.streaming.checkpointLocation = /all;"
      "CREATE STREAMING TABLE c AS SELECT * FROM STREAM rate();");
  const char *const expected[][2] = {
      {"/s/tables/a", "/s/checkpoints/a"}, {"/b", "/cb"}, {"/s/tables/c", "/all/c"}};
  for (uint32_t i = 0; i < 3; i++) {
    assert_true(eagre_text_equal_string(pipeline->flows[i].sink->location, expected[i][0]));
    assert_true(eagre_text_equal_string(pipeline->flows[i].checkpoint, expected[i][1]));
  }
  eagre_pipeline_free(pipeline);
}

static void defaults_come_from_the_table(void **state) {
  (void)state;
  struct eagre_pipeline *pipeline =
      bind_text("CREATE SINK x USING console OPTIONS ('FORMAT' = 'JSON', 'numrows' = 7);"
                "CREATE FLOW f AS INSERT INTO x SELECT * FROM STREAM rate(rowsPerSecond => 3)");
  const struct eagre_options *sink = &pipeline->flows[0].sink->options;
  assert_true(eagre_text_equal_string(eagre_option_text(sink, "format"), "json"));
  assert_int_equal(eagre_option_integer(sink, "numRows"), 7);
  assert_true(eagre_option_boolean(sink, "truncate"));
  assert_true(eagre_option_given(sink, "numRows"));
  assert_false(eagre_option_given(sink, "truncate"));
  const struct eagre_options *settings = &pipeline->flows[0].settings;
  assert_int_equal(eagre_option_duration_us(settings, "spark.sql.streaming.pollingDelay"), 10000);
  assert_int_equal(eagre_option_integer(&pipeline->flows[0].sources[0]->options, "rowsPerSecond"),
                   3);
  eagre_pipeline_free(pipeline);
}

/* Every default of the table must pass the table's own check: the accessors rely on it. */
static void the_table_is_sound(void **state) {
  (void)state;
  struct eagre_option_info info;
  uint32_t count = 0;
  while (eagre_option_at(count, &info)) {
    assert_true(info.name[0] != '\0' && info.text[0] != '\0');
    assert_non_null(eagre_option_scope_name(info.scope));
    if (strcmp(info.type, "one of") == 0 && info.default_value[0] != '\0') {
      assert_non_null(strstr(info.allowed, info.default_value));
    }
    count += 1;
  }
  assert_true(count > 50);
}

static void keys_without_meaning_are_noticed_once(void **state) {
  (void)state;
  struct eagre_pipeline *pipeline =
      bind_text("SET spark.sql.adaptive.enabled = true; SET spark.executor.memory = 4g;"
                "CREATE SINK x USING noop; CREATE SINK unused USING noop;"
                "CREATE FLOW a AS INSERT INTO x SELECT * FROM STREAM rate(numPartitions => 4);"
                "SET spark.sql.shuffle.partitions = 2;"
                "CREATE FLOW b AS INSERT INTO x SELECT * FROM STREAM rate();");
  const char *const wanted[] = {"spark.sql.adaptive.enabled", "spark.executor.memory",
                                "numPartitions", "`unused`"};
  assert_int_equal(pipeline->notice_count, EAGRE_COUNT_OF(wanted));
  for (size_t i = 0; i < EAGRE_COUNT_OF(wanted); i++) {
    bool is_found = false;
    for (uint32_t j = 0; j < pipeline->notice_count; j++) {
      is_found = is_found || strstr(pipeline->notices[j].data, wanted[i]) != NULL;
    }
    if (!is_found) fail_msg("no notice of %s", wanted[i]);
  }
  eagre_pipeline_free(pipeline);
}

static void triggers_have_many_spellings(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum eagre_trigger_kind kind;
    int64_t interval_us;
  } rows[] = {
      {"default", EAGRE_TRIGGER_DEFAULT, 0},
      {"", EAGRE_TRIGGER_DEFAULT, 0},
      {" Once ", EAGRE_TRIGGER_ONCE, 0},
      {"availableNow", EAGRE_TRIGGER_AVAILABLE_NOW, 0},
      {"AVAILABLE_NOW", EAGRE_TRIGGER_AVAILABLE_NOW, 0},
      {"processing time 1 second", EAGRE_TRIGGER_PROCESSING_TIME, 1000000},
      {"ProcessingTime = '1 minute 500 milliseconds'", EAGRE_TRIGGER_PROCESSING_TIME, 60500000},
      {"processingTime='0 seconds'", EAGRE_TRIGGER_PROCESSING_TIME, 0},
      {"continuous", EAGRE_TRIGGER_CONTINUOUS, 1000000},
      {"CONTINUOUS 5 seconds", EAGRE_TRIGGER_CONTINUOUS, 5000000},
      {"continuous='200 milliseconds'", EAGRE_TRIGGER_CONTINUOUS, 200000},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    struct eagre_trigger trigger;
    assert_int_equal(eagre_trigger_parse(eagre_text_of(rows[i].text), &trigger, NULL), EAGRE_OK);
    assert_int_equal(trigger.kind, rows[i].kind);
    assert_int_equal(trigger.interval_us, rows[i].interval_us);
  }
}

static void wrong_triggers_are_named(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"sometimes", "INVALID_TRIGGER"},
      {"processing time", "INVALID_TRIGGER"},
      {"processing time 1 month", "INVALID_TRIGGER"},
      {"processing time -1 second", "INVALID_TRIGGER"},
      {"processing time 99999999999999999999 days", "INVALID_TRIGGER"},
      {"once upon a time, and so on with many more words than any trigger has got",
       "INVALID_TRIGGER"},
      {"continuous 1 month", "INVALID_TRIGGER"},
      {"continuous 'soon'", "INVALID_TRIGGER"},
      {"real-time", "INVALID_TRIGGER"},
      {"realTime", "UNSUPPORTED_FEATURE.REAL_TIME_TRIGGER"},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    struct eagre_trigger trigger;
    struct eagre_error error;
    assert_int_equal(eagre_trigger_parse(eagre_text_of(rows[i][0]), &trigger, &error), EAGRE_USAGE);
    assert_string_equal(error.class_name, rows[i][1]);
    assert_true(error.hint[0] != '\0');
  }
}

int run_option_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(command_line_wins_over_options_over_properties_over_set),
      cmocka_unit_test(the_trigger_of_the_command_line_wins_but_the_file_is_checked),
      cmocka_unit_test(settings_of_a_flow_are_its_own),
      cmocka_unit_test(places_on_disk_have_defaults_and_overrides),
      cmocka_unit_test(defaults_come_from_the_table),
      cmocka_unit_test(the_table_is_sound),
      cmocka_unit_test(keys_without_meaning_are_noticed_once),
      cmocka_unit_test(triggers_have_many_spellings),
      cmocka_unit_test(wrong_triggers_are_named),
  };
  return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
