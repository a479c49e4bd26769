/* The console: JSON lines, and tables as Spark 4.2 printed them. */
#include "test_sink.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *take_printed(struct fixture *fixture) {
  const char *text =
      eagre_arena_copy_text(&fixture->arena, eagre_buffer_text(&fixture->printed)).data;
  eagre_buffer_clear(&fixture->printed);
  return text;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void plan_json(struct fixture *fixture, bool has_batch_id) {
  plan_sink(fixture, EAGRE_SINK_CONSOLE, "a INT, s STRING");
  add_option(fixture, "format", "json");
  if (has_batch_id) add_option(fixture, "includeBatchId", "true");
}

static const char lines[] = "{\"a\":1,\"s\":\"x\"}\n{\"s\":\"y\\n\"}\n{}\n";

static void test_objects_without_batch_id(void **state) {
  struct fixture *fixture = *state;
  plan_json(fixture, false);
  open_sink(fixture);
  run_epoch(fixture, 0, "t", lines);
  assert_string_equal(take_printed(fixture), lines);
}

static void test_batch_id_is_first(void **state) {
  struct fixture *fixture = *state;
  plan_json(fixture, true);
  open_sink(fixture);
  run_epoch(fixture, 7, "t", lines);
  assert_string_equal(take_printed(fixture), "{\"_batch_id\":7,\"a\":1,\"s\":\"x\"}\n"
                                             "{\"_batch_id\":7,\"s\":\"y\\n\"}\n"
                                             "{\"_batch_id\":7}\n");
  run_epoch(fixture, 8, "t", "");
  assert_string_equal(take_printed(fixture), "");
  run_epoch(fixture, 9, "t", "{\"a\":2}");
  assert_string_equal(take_printed(fixture), "{\"_batch_id\":9,\"a\":2}\n");
}

static void test_flows_tell_their_name(void **state) {
  struct fixture *fixture = *state;
  fixture->flow_name = EAGRE_TEXT("f\"1");
  plan_json(fixture, false);
  open_sink(fixture);
  run_epoch(fixture, 0, "t", "{\"a\":1}\n{}");
  assert_string_equal(take_printed(fixture), "{\"_flow\":\"f\\\"1\",\"a\":1}\n"
                                             "{\"_flow\":\"f\\\"1\"}\n");
  close_sink(fixture);
  plan_json(fixture, true);
  open_sink(fixture);
  run_epoch(fixture, 0, "t", "{\"a\":1}");
  assert_string_equal(take_printed(fixture), "{\"_batch_id\":0,\"_flow\":\"f\\\"1\",\"a\":1}\n");
}

static void test_nothing_is_printed_before_commit(void **state) {
  struct fixture *fixture = *state;
  plan_json(fixture, false);
  fixture->core_count = 2;
  open_sink(fixture);
  begin_epoch(fixture, 0, "t");
  assert_int_equal(write_lines(fixture, 1, "{\"a\":1}"), EAGRE_OK);
  assert_int_equal(write_lines(fixture, 0, "{\"a\":2}"), EAGRE_OK);
  assert_int_equal(write_lines(fixture, 0, "{\"a\":3}"), EAGRE_OK);
  const struct eagre_text *pieces = prepare_epoch(fixture);
  assert_string_equal(take_printed(fixture), "");
  assert_int_equal(commit_epoch(fixture, 0, "t", pieces), EAGRE_OK);
  assert_string_equal(take_printed(fixture), "{\"a\":2}\n{\"a\":3}\n{\"a\":1}\n");
}

static void test_aborted_rows_are_forgotten(void **state) {
  struct fixture *fixture = *state;
  plan_json(fixture, false);
  open_sink(fixture);
  begin_epoch(fixture, 0, "t");
  assert_int_equal(write_lines(fixture, 0, "{\"a\":1}"), EAGRE_OK);
  eagre_sink_writer_abort(fixture->writers[0]);
  run_epoch(fixture, 0, "u", "{\"a\":2}");
  assert_string_equal(take_printed(fixture), "{\"a\":2}\n");
}

/* ---- Table ----------------------------------------------------------------------------------- */

static const char table_columns[] =
    "i INT, s STRING, b BINARY, st STRUCT<x: INT, y: STRING, z: BINARY, s: STRING>, o BOOLEAN, "
    "d DATE, ts TIMESTAMP, db DOUBLE, a_very_long_column_name_beyond_twenty FLOAT";

static const char table_lines[] =
    "{\"i\":1,\"s\":\"short\",\"b\":\"SGVsbG8=\",\"st\":{\"x\":1,\"z\":\"YWI=\",\"s\":\"q\"},"
    "\"o\":true,\"d\":\"2026-01-01\",\"ts\":\"2026-01-01 10:00:00.5\",\"db\":1.5,"
    "\"a_very_long_column_name_beyond_twenty\":1e10}\n"
    "{\"s\":\"a text that is much longer than twenty characters\"}\n"
    "{\"i\":3,\"s\":\"line\\nbreak\\ttab \\r back\",\"b\":\"\",\"st\":{\"y\":\"\",\"s\":\"q\"},"
    "\"o\":false,\"db\":NaN}\n"
    "{\"i\":4,\"s\":\"日本語テキストはとても長いので切れるはずです\","
    "\"b\":\"MDEyMzQ1Njc4OUFCQ0RFRkdISUo=\"}\n"
    "{\"i\":6,\"s\":\"exactly twenty chars\"}\n";

static const char cut_table[] =
    "-------------------------------------------\n"
    "Batch: 3\n"
    "-------------------------------------------\n"
    "+----+-------------------------------------+--------------------+--------------------+-----+"
    "----------+--------------------+----+-------------------------------------+\n"
    "|   i|                                    s|                   b|                  st|    o|"
    "         d|                  ts|  db|a_very_long_column_name_beyond_twenty|\n"
    "+----+-------------------------------------+--------------------+--------------------+-----+"
    "----------+--------------------+----+-------------------------------------+\n"
    "|   1|                                short|    [48 65 6C 6C 6F]|{1, NULL, [61 62]...| true|"
    "2026-01-01|2026-01-01 10:00:...| 1.5|                               1.0E10|\n"
    "|NULL|                 a text that is mu...|                NULL|                NULL| NULL|"
    "      NULL|                NULL|NULL|                                 NULL|\n"
    "|   3|                 line\\nbreak\\ttab ...|                  []|   {NULL, , NULL, "
    "q}|false|      NULL|                NULL| NaN|                                 NULL|\n"
    "|   4|日本語テキストはとても長いので切れ...|[30 31 32 33 34 3...|                NULL| NULL|"
    "      NULL|                NULL|NULL|                                 NULL|\n"
    "|   6|                 exactly twenty chars|                NULL|                NULL| NULL|"
    "      NULL|                NULL|NULL|                                 NULL|\n"
    "+----+-------------------------------------+--------------------+--------------------+-----+"
    "----------+--------------------+----+-------------------------------------+\n"
    "\n";

static void test_table_of_spark(void **state) {
  struct fixture *fixture = *state;
  plan_sink(fixture, EAGRE_SINK_CONSOLE, table_columns);
  open_sink(fixture);
  run_epoch(fixture, 3, "t", table_lines);
  assert_string_equal(take_printed(fixture), cut_table);
}

static void test_uncut_table_with_more_rows(void **state) {
  struct fixture *fixture = *state;
  plan_sink(fixture, EAGRE_SINK_CONSOLE, "i INT, s STRING");
  add_option(fixture, "truncate", "false");
  add_option(fixture, "numRows", "2");
  open_sink(fixture);
  run_epoch(fixture, 0, "t",
            "{\"i\":1,\"s\":\"short\"}\n"
            "{\"s\":\"a text that is much longer than twenty characters\"}\n{}\n");
  assert_string_equal(take_printed(fixture),
                      "-------------------------------------------\n"
                      "Batch: 0\n"
                      "-------------------------------------------\n"
                      "+----+-------------------------------------------------+\n"
                      "|i   |s                                                |\n"
                      "+----+-------------------------------------------------+\n"
                      "|1   |short                                            |\n"
                      "|NULL|a text that is much longer than twenty characters|\n"
                      "+----+-------------------------------------------------+\n"
                      "only showing top 2 rows\n");
}

static void test_empty_table(void **state) {
  struct fixture *fixture = *state;
  plan_sink(fixture, EAGRE_SINK_CONSOLE, "i INT");
  open_sink(fixture);
  run_epoch(fixture, 0, "t", "");
  assert_string_equal(take_printed(fixture), "-------------------------------------------\n"
                                             "Batch: 0\n"
                                             "-------------------------------------------\n"
                                             "+---+\n|  i|\n+---+\n+---+\n\n");
}

static void test_rows_of_cores_are_one_table(void **state) {
  struct fixture *fixture = *state;
  plan_sink(fixture, EAGRE_SINK_CONSOLE, "i INT");
  add_option(fixture, "numRows", "1");
  fixture->core_count = 3;
  open_sink(fixture);
  begin_epoch(fixture, 5, "t");
  assert_int_equal(write_lines(fixture, 2, "{\"i\":9}\n{\"i\":8}"), EAGRE_OK);
  assert_int_equal(write_lines(fixture, 1, "{\"i\":1}"), EAGRE_OK);
  const struct eagre_text *pieces = prepare_epoch(fixture);
  assert_int_equal(commit_epoch(fixture, 5, "t", pieces), EAGRE_OK);
  const char *printed = take_printed(fixture);
  assert_non_null(strstr(printed, "+---+\n|  i|\n+---+\n|  1|\n+---+\nonly showing top 1 row\n"));
  begin_epoch(fixture, 6, "t");
  pieces = prepare_epoch(fixture);
  assert_int_equal(commit_epoch(fixture, 6, "t", pieces), EAGRE_OK);
  assert_non_null(strstr(take_printed(fixture), "+---+\n|  i|\n+---+\n+---+\n\n"));
}

static void test_console_remembers_nothing(void **state) {
  struct fixture *fixture = *state;
  struct eagre_sink_recovery recovery;
  plan_json(fixture, false);
  open_sink(fixture);
  assert_int_equal(eagre_sink_recover(fixture->sink, &recovery, &fixture->error), EAGRE_OK);
  assert_int_equal(recovery.knowledge, EAGRE_SINK_UNKNOWING);
  assert_int_equal(eagre_sink_purge(fixture->sink, 3, &fixture->error), EAGRE_OK);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_fixture, close_fixture)

int run_console_tests(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_objects_without_batch_id),    TEST(test_batch_id_is_first),
      TEST(test_flows_tell_their_name),       TEST(test_nothing_is_printed_before_commit),
      TEST(test_aborted_rows_are_forgotten),  TEST(test_table_of_spark),
      TEST(test_uncut_table_with_more_rows),  TEST(test_empty_table),
      TEST(test_rows_of_cores_are_one_table), TEST(test_console_remembers_nothing),
  };
  return cmocka_run_group_tests_name("sink: console", tests, NULL, NULL);
}
