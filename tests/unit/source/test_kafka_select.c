/* Positions as text, and Spark's rules for the offsets of an epoch, without a broker. */
#include "test_source.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "source/source_kafka.h"

static struct eagre_source_kafka_offsets offsets_of(struct fixture *fixture, const char *text) {
  struct eagre_source_kafka_offsets offsets;
  if (!eagre_source_kafka_offsets_parse(eagre_text_of(text), EAGRE_SOURCE_KAFKA_EARLIEST,
                                        &fixture->arena, &offsets)) {
    fail_msg("not offsets: %s", text);
  }
  return offsets;
}

static void assert_offsets(struct fixture *fixture,
                           const struct eagre_source_kafka_offsets *offsets, const char *expected) {
  assert_text(eagre_source_kafka_offsets_print(offsets, &fixture->arena), expected);
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static void prints_positions_in_one_order(void **state) {
  struct fixture *fixture = *state;
  static const char *const pairs[][2] = {
      {"{}", "{}"},
      {"{\"a\":{\"0\":1}}", "{\"a\":{\"0\":1}}"},
      {" { \"b\" : {\"10\":3, \"9\" : 4 } , \"a\":{} ,\"B\":{\"0\":9223372036854775807}}",
       "{\"B\":{\"0\":9223372036854775807},\"b\":{\"9\":4,\"10\":3}}"},
      {"{\"t\\\"x\":{\"0\":-2,\"1\":-1}}", "{\"t\\\"x\":{\"0\":-2,\"1\":-1}}"},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(pairs); i++) {
    struct eagre_source_kafka_offsets offsets = offsets_of(fixture, pairs[i][0]);
    assert_offsets(fixture, &offsets, pairs[i][1]);
  }
}

static void refuses_what_is_no_position(void **state) {
  struct fixture *fixture = *state;
  static const char *const texts[] = {
      "",
      "latest",
      "[]",
      "{\"a\":[0]}",
      "{\"a\":{\"0\":1.5}}",
      "{\"a\":{\"0\":\"1\"}}",
      "{\"a\":{\"-1\":1}}",
      "{\"a\":{\"x\":1}}",
      "{\"a\":{\"0\":-3}}",
      "{\"a\":{\"0\":1,\"0\":2}}",
      "{\"a\":{\"0\":9223372036854775808}}",
      "{\"a\":{\"2147483647\":1}}",
      "{\"a\":{\"0\":1}",
  };
  struct eagre_source_kafka_offsets offsets;
  for (size_t i = 0; i < EAGRE_COUNT_OF(texts); i++) {
    if (eagre_source_kafka_offsets_parse(eagre_text_of(texts[i]), EAGRE_SOURCE_KAFKA_EARLIEST,
                                         &fixture->arena, &offsets)) {
      fail_msg("accepted: %s", texts[i]);
    }
  }
  assert_false(eagre_source_kafka_offsets_parse(EAGRE_TEXT("{\"a\":{\"0\":-1}}"), 0,
                                                &fixture->arena, &offsets));
}

static void reads_partitions(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_offsets offsets;
  assert_true(eagre_source_kafka_partitions_parse(EAGRE_TEXT("{\"b\":[2,0],\"a\":[1]}"),
                                                  &fixture->arena, &offsets));
  assert_offsets(fixture, &offsets, "{\"a\":{\"1\":0},\"b\":{\"0\":0,\"2\":0}}");
  assert_false(eagre_source_kafka_partitions_parse(EAGRE_TEXT("{\"b\":{\"2\":0}}"), &fixture->arena,
                                                   &offsets));
  assert_false(eagre_source_kafka_partitions_parse(EAGRE_TEXT("{\"b\":[\"0\"]}"), &fixture->arena,
                                                   &offsets));
}

static void reads_initial_positions_of_all_versions(void **state) {
  struct fixture *fixture = *state;
  struct eagre_text position;
  assert_true(eagre_source_kafka_read_initial(EAGRE_TEXT("\0v1\n{\"a\":{}}"), &position));
  assert_text(position, "{\"a\":{}}");
  assert_true(eagre_source_kafka_read_initial(EAGRE_TEXT("\0{\"a\":{}}"), &position));
  assert_text(position, "{\"a\":{}}");
  assert_false(eagre_source_kafka_read_initial(EAGRE_TEXT("v1\n{}"), &position));
  assert_false(eagre_source_kafka_read_initial(EAGRE_TEXT("\0v2\n{}"), &position));
  assert_false(eagre_source_kafka_read_initial(EAGRE_TEXT("\0v1"), &position));
  assert_false(eagre_source_kafka_read_initial(EAGRE_TEXT(""), &position));
}

/* ---- Ends ------------------------------------------------------------------------------------ */

static struct eagre_source_kafka_offsets select_end(struct fixture *fixture, const char *from,
                                                    const char *initial, const char *latest,
                                                    int64_t offset_count_max) {
  struct eagre_source_kafka_offsets from_set = offsets_of(fixture, from);
  struct eagre_source_kafka_offsets initial_set = offsets_of(fixture, initial);
  struct eagre_source_kafka_offsets latest_set = offsets_of(fixture, latest);
  return eagre_source_kafka_select_end(&from_set, &initial_set, &latest_set, offset_count_max,
                                       &fixture->arena);
}

/* The run of real Spark with sizes 100, 10, 1, 0 and a limit of 10. */
static void divides_a_limit_as_spark_does(void **state) {
  struct fixture *fixture = *state;
  static const char *const expected[] = {
      "{\"t\":{\"0\":9,\"1\":1,\"2\":1,\"3\":0}}",   "{\"t\":{\"0\":18,\"1\":2,\"2\":1,\"3\":0}}",
      "{\"t\":{\"0\":27,\"1\":3,\"2\":1,\"3\":0}}",  "{\"t\":{\"0\":36,\"1\":4,\"2\":1,\"3\":0}}",
      "{\"t\":{\"0\":45,\"1\":5,\"2\":1,\"3\":0}}",  "{\"t\":{\"0\":54,\"1\":6,\"2\":1,\"3\":0}}",
      "{\"t\":{\"0\":63,\"1\":7,\"2\":1,\"3\":0}}",  "{\"t\":{\"0\":72,\"1\":8,\"2\":1,\"3\":0}}",
      "{\"t\":{\"0\":81,\"1\":9,\"2\":1,\"3\":0}}",  "{\"t\":{\"0\":90,\"1\":10,\"2\":1,\"3\":0}}",
      "{\"t\":{\"0\":100,\"1\":10,\"2\":1,\"3\":0}}"};
  const char *from = "{\"t\":{\"0\":0,\"1\":0,\"2\":0,\"3\":0}}";
  for (size_t i = 0; i < EAGRE_COUNT_OF(expected); i++) {
    struct eagre_source_kafka_offsets end =
        select_end(fixture, from, "{}", "{\"t\":{\"0\":100,\"1\":10,\"2\":1,\"3\":0}}", 10);
    assert_offsets(fixture, &end, expected[i]);
    from = expected[i];
  }
}

static void moves_every_partition_that_is_behind(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_offsets end =
      select_end(fixture, "{\"t\":{\"0\":5,\"1\":5,\"2\":5}}", "{}",
                 "{\"t\":{\"0\":1000,\"1\":6,\"2\":6}}", 1);
  assert_offsets(fixture, &end, "{\"t\":{\"0\":6,\"1\":6,\"2\":6}}");
}

static void takes_all_when_nothing_is_behind(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_offsets end =
      select_end(fixture, "{\"t\":{\"0\":5,\"1\":9}}", "{}", "{\"t\":{\"0\":5,\"1\":3}}", 10);
  assert_offsets(fixture, &end, "{\"t\":{\"0\":5,\"1\":3}}");
}

static void counts_new_partitions_from_their_beginning(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_offsets end =
      select_end(fixture, "{\"t\":{\"0\":100}}", "{\"t\":{\"1\":40}}",
                 "{\"t\":{\"0\":110,\"1\":50,\"2\":7}}", 10);
  assert_offsets(fixture, &end, "{\"t\":{\"0\":105,\"1\":45,\"2\":7}}");
}

static void survives_the_largest_numbers(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_offsets end =
      select_end(fixture, "{\"t\":{\"0\":9223372036854775800}}", "{}",
                 "{\"t\":{\"0\":9223372036854775807}}", INT64_MAX);
  assert_offsets(fixture, &end, "{\"t\":{\"0\":9223372036854775807}}");
}

static void counts_what_there_is_to_read(void **state) {
  struct fixture *fixture = *state;
  static const struct {
    const char *from, *initial, *latest;
    int64_t count;
  } rows[] = {
      {"{\"a\":{\"0\":1,\"1\":5}}", "{}", "{\"a\":{\"0\":4,\"1\":2}}", 3},
      {"{\"a\":{\"0\":1}}", "{\"a\":{\"1\":7}}", "{\"a\":{\"0\":1,\"1\":9}}", 2},
      {"{}", "{\"a\":{\"0\":0,\"1\":0}}", "{\"a\":{\"0\":9223372036854775807,\"1\":9}}", INT64_MAX},
  };
  for (size_t i = 0; i < EAGRE_COUNT_OF(rows); i++) {
    struct eagre_source_kafka_offsets from = offsets_of(fixture, rows[i].from);
    struct eagre_source_kafka_offsets initial = offsets_of(fixture, rows[i].initial);
    struct eagre_source_kafka_offsets latest = offsets_of(fixture, rows[i].latest);
    assert_int_equal(eagre_source_kafka_select_count(&from, &initial, &latest), rows[i].count);
  }
}

static void knows_when_offsets_fall(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_offsets known = offsets_of(fixture, "{\"t\":{\"0\":5,\"1\":5}}");
  struct eagre_source_kafka_offsets same = offsets_of(fixture, "{\"t\":{\"0\":5,\"2\":0}}");
  struct eagre_source_kafka_offsets lower = offsets_of(fixture, "{\"t\":{\"0\":9,\"1\":4}}");
  assert_false(eagre_source_kafka_select_is_behind(&same, &known));
  assert_true(eagre_source_kafka_select_is_behind(&lower, &known));
}

/* ---- Losses ---------------------------------------------------------------------------------- */

struct loss_case {
  const char *start;
  const char *initial;
  const char *end;
  const char *class_name; /* NULL: no loss */
  uint32_t range_count;   /* with failOnDataLoss = false */
};

static enum eagre_status select_ranges(struct fixture *fixture, const struct loss_case *row,
                                       bool fails, bool has_group_id,
                                       struct eagre_source_kafka_ranges *out) {
  struct eagre_source_kafka_offsets start = offsets_of(fixture, row->start);
  struct eagre_source_kafka_offsets initial = offsets_of(fixture, row->initial);
  struct eagre_source_kafka_offsets end = offsets_of(fixture, row->end);
  const struct eagre_source_kafka_span span = {.start = &start,
                                               .end = &end,
                                               .initial = &initial,
                                               .fail_on_data_loss = fails,
                                               .has_group_id = has_group_id};
  eagre_error_init(&fixture->error);
  return eagre_source_kafka_select_ranges(&span, &fixture->arena, out, &fixture->error);
}

static const struct loss_case loss_cases[] = {
    {"{\"t\":{\"0\":3}}", "{}", "{\"t\":{\"0\":3}}", NULL, 1},
    {"{\"t\":{\"0\":3}}", "{\"t\":{\"1\":0}}", "{\"t\":{\"0\":9,\"1\":4}}", NULL, 2},
    {"{\"t\":{\"0\":3}}", "{}", "{\"t\":{\"0\":9,\"1\":4}}",
     "KAFKA_DATA_LOSS.INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS", 1},
    {"{\"t\":{\"0\":3}}", "{\"t\":{\"1\":2}}", "{\"t\":{\"0\":9,\"1\":4}}",
     "KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO", 2},
    {"{\"t\":{\"0\":3,\"1\":4}}", "{}", "{\"t\":{\"0\":9}}", "KAFKA_DATA_LOSS.PARTITIONS_DELETED",
     1},
    {"{\"t\":{\"0\":3}}", "{}", "{\"t\":{\"0\":2}}", "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED", 1},
};

static void names_every_kind_of_loss(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_ranges ranges;
  for (size_t i = 0; i < EAGRE_COUNT_OF(loss_cases); i++) {
    const struct loss_case *row = &loss_cases[i];
    enum eagre_status status = select_ranges(fixture, row, true, false, &ranges);
    assert_int_equal(status, row->class_name == NULL ? EAGRE_OK : EAGRE_UNSAFE);
    if (row->class_name != NULL) {
      assert_string_equal(fixture->error.class_name, row->class_name);
    }
    assert_int_equal(select_ranges(fixture, row, false, false, &ranges), EAGRE_OK);
    assert_int_equal(ranges.count, row->range_count);
  }
}

static void names_the_group_id_that_may_be_to_blame(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_ranges ranges;
  assert_int_equal(select_ranges(fixture, &loss_cases[4], true, true, &ranges), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name,
                      "KAFKA_DATA_LOSS.PARTITIONS_DELETED_AND_GROUP_ID_CONFIG_PRESENT");
}

static void reads_new_partitions_from_their_beginning(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_ranges ranges;
  assert_int_equal(select_ranges(fixture, &loss_cases[1], true, false, &ranges), EAGRE_OK);
  assert_int_equal(ranges.ranges[0].begin, 3);
  assert_int_equal(ranges.ranges[0].end, 9);
  assert_int_equal(ranges.ranges[1].begin, 0);
  assert_int_equal(ranges.ranges[1].end, 4);
}

static void checks_that_a_fixed_end_is_still_there(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_offsets end = offsets_of(fixture, "{\"t\":{\"0\":5,\"1\":5}}");
  struct eagre_source_kafka_offsets more = offsets_of(fixture, "{\"t\":{\"0\":5,\"1\":7}}");
  struct eagre_source_kafka_offsets less = offsets_of(fixture, "{\"t\":{\"0\":4,\"1\":5}}");
  struct eagre_source_kafka_offsets fewer = offsets_of(fixture, "{\"t\":{\"0\":5}}");
  struct eagre_error *error = &fixture->error;
  assert_int_equal(eagre_source_kafka_select_check_fixed(&end, &more, error), EAGRE_OK);
  assert_int_equal(eagre_source_kafka_select_check_fixed(&end, &less, error), EAGRE_UNSAFE);
  assert_string_equal(error->class_name, "END_OFFSET_HAS_GREATER_OFFSET_FOR_TOPIC_PARTITION_"
                                         "THAN_LATEST_WITH_TRIGGER_AVAILABLENOW");
  assert_int_equal(eagre_source_kafka_select_check_fixed(&end, &fewer, error), EAGRE_UNSAFE);
  assert_string_equal(error->class_name,
                      "LOST_TOPIC_PARTITIONS_IN_END_OFFSET_WITH_TRIGGER_AVAILABLENOW");
}

/* ---- Metrics --------------------------------------------------------------------------------- */

static void assert_metrics(struct fixture *fixture, const char *end, const char *latest,
                           const char *expected) {
  struct eagre_source_kafka_offsets end_set = offsets_of(fixture, end);
  struct eagre_source_kafka_offsets latest_set = offsets_of(fixture, latest);
  struct eagre_buffer out = {0};
  eagre_source_kafka_select_metrics(&end_set, &latest_set, &out);
  assert_string_equal(eagre_buffer_string(&out), expected);
  eagre_buffer_done(&out);
}

/* The first is a run of real Spark with lags 10, 1, 0, 0. */
static void tells_how_far_behind_it_is(void **state) {
  struct fixture *fixture = *state;
  assert_metrics(fixture, "{\"t\":{\"0\":90,\"1\":9,\"2\":1,\"3\":0}}",
                 "{\"t\":{\"0\":100,\"1\":10,\"2\":1,\"3\":0}}",
                 "\"avgOffsetsBehindLatest\":\"2.8\",\"maxOffsetsBehindLatest\":\"10\","
                 "\"minOffsetsBehindLatest\":\"0\"");
  assert_metrics(fixture, "{\"t\":{\"0\":1,\"1\":0,\"2\":0}}", "{\"t\":{\"0\":1,\"1\":0,\"2\":2}}",
                 "\"avgOffsetsBehindLatest\":\"0.7\",\"maxOffsetsBehindLatest\":\"2\","
                 "\"minOffsetsBehindLatest\":\"0\"");
  assert_metrics(fixture, "{}", "{}", "");
}

int run_kafka_select_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(prints_positions_in_one_order),
      cmocka_unit_test(refuses_what_is_no_position),
      cmocka_unit_test(reads_partitions),
      cmocka_unit_test(reads_initial_positions_of_all_versions),
      cmocka_unit_test(divides_a_limit_as_spark_does),
      cmocka_unit_test(moves_every_partition_that_is_behind),
      cmocka_unit_test(takes_all_when_nothing_is_behind),
      cmocka_unit_test(counts_new_partitions_from_their_beginning),
      cmocka_unit_test(survives_the_largest_numbers),
      cmocka_unit_test(counts_what_there_is_to_read),
      cmocka_unit_test(knows_when_offsets_fall),
      cmocka_unit_test(names_every_kind_of_loss),
      cmocka_unit_test(names_the_group_id_that_may_be_to_blame),
      cmocka_unit_test(reads_new_partitions_from_their_beginning),
      cmocka_unit_test(checks_that_a_fixed_end_is_still_there),
      cmocka_unit_test(tells_how_far_behind_it_is),
  };
  return cmocka_run_group_tests_name("kafka_select", tests, open_fixture, close_fixture);
}
