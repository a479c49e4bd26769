/* Options of read_kafka: what Spark accepts, and its sentences where it does not. */
#include "test_source.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "source/source_kafka.h"

/* Options as "key=value" up to NULL; the last one may be missing. */
struct options_case {
  bool is_stream;
  const char *options[4];
  const char *class_name;
  const char *words; /* of the sentence */
};

static void plan_case(struct fixture *fixture, const struct options_case *row) {
  plan_kafka(fixture, "localhost:1");
  fixture->plan.is_stream = row->is_stream;
  for (size_t i = 0; i < EAGRE_COUNT_OF(row->options) && row->options[i] != NULL; i++) {
    const char *equals = strchr(row->options[i], '=');
    struct eagre_text key = eagre_text_make(row->options[i], (size_t)(equals - row->options[i]));
    add_option(fixture, eagre_arena_copy_text(&fixture->arena, key).data, equals + 1);
  }
}

static const struct options_case refused_cases[] = {
    {true, {NULL}, "REQUIRED_PARAMETER_NOT_FOUND", "One of the following options"},
    {true, {"subscribe=a", "assign={\"a\":[0]}"}, "CONFLICTING_OPTIONS", "Only one of"},
    {true, {"subscribe=a", "subscribePattern=b"}, "CONFLICTING_OPTIONS", "Only one of"},
    {true, {"subscribePattern=b", "assign={\"a\":[0]}"}, "CONFLICTING_OPTIONS", "Only one of"},
    {true, {"subscribePattern= "}, "INVALID_OPTION_VALUE", "Pattern to subscribe is empty"},
    {true, {"subscribePattern=a("}, "INVALID_OPTION_VALUE", "'a(' is no pattern"},
    {true, {"subscribe=a", "startingOffsetsByTimestamp=5"}, "INVALID_OPTION_VALUE", "got 5"},
    {true,
     {"subscribe=a", "startingOffsetsByTimestamp={\"a\":{\"0\":-1}}"},
     "INVALID_OPTION_VALUE",
     "expected milliseconds"},
    {true,
     {"subscribe=a", "endingOffsetsByTimestamp={\"a\":{\"0\":1}}"},
     "INVALID_OPTION_VALUE",
     "Ending timestamp not valid in stream"},
    {true, {"subscribe=a", "endingTimestamp=1"}, "INVALID_OPTION_VALUE", "not valid in stream"},
    {true,
     {"subscribe=a", "minOffsetsPerTrigger=6", "maxOffsetsPerTrigger=5"},
     "INVALID_OPTION_VALUE",
     "minOffsetsPerTrigger(6) is higher than the maxOffsetsPerTrigger(5)"},
    {false,
     {"subscribe=a", "minOffsetsPerTrigger=6", "maxOffsetsPerTrigger=5"},
     "INVALID_OPTION_VALUE",
     "is higher than"},
    {true,
     {"subscribe=a", "commitOffsetsToKafka=true"},
     "REQUIRED_PARAMETER_NOT_FOUND",
     "needs the group"},
    {true, {"subscribe= , ,"}, "INVALID_OPTION_VALUE", "No topics to subscribe to"},
    {true, {"assign=a"}, "INVALID_OPTION_VALUE", "No topicpartitions to assign"},
    {true, {"assign={}"}, "INVALID_OPTION_VALUE", "No topicpartitions to assign"},
    {true, {"assign={\"a\":0}"}, "INVALID_OPTION_VALUE", "expected e.g."},
    {true, {"subscribe=a", "startingOffsets=first"}, "INVALID_OPTION_VALUE", "got first"},
    {true, {"subscribe=a", "startingOffsets={\"a\":{\"0\":-3}}"}, "INVALID_OPTION_VALUE", "-3"},
    {true, {"subscribe=a", "endingOffsets=latest"}, "INVALID_OPTION_VALUE", "not valid in stream"},
    {false, {"subscribe=a", "startingOffsets=latest"}, "INVALID_OPTION_VALUE", "can't be latest"},
    {false,
     {"subscribe=a", "startingOffsets={\"a\":{\"0\":1,\"1\":-1}}"},
     "INVALID_OPTION_VALUE",
     "a-1 can't be latest"},
    {false, {"subscribe=a", "endingOffsets=earliest"}, "INVALID_OPTION_VALUE", "can't be earliest"},
    {false,
     {"subscribe=a", "endingOffsets={\"a\":{\"0\":-2}}"},
     "INVALID_OPTION_VALUE",
     "a-0 can't be earliest"},
    {false,
     {"subscribe=a", "startingOffsets={\"a\":{\"0\":1}}", "endingOffsets={\"a\":{\"1\":1}}"},
     "MISMATCHED_TOPIC_PARTITIONS_BETWEEN_START_OFFSET_AND_END_OFFSET",
     "same partitions"},
    {false,
     {"subscribe=a", "startingOffsets={\"a\":{\"0\":2}}", "endingOffsets={\"a\":{\"0\":1}}"},
     "UNRESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET",
     "start offset 2 of a-0"},
    {true, {"subscribe=a", "kafka.enable.auto.commit=true"}, "UNSUPPORTED_KAFKA_SETTING", "auto"},
};

static void refuses_as_spark_does(void **state) {
  struct fixture *fixture = *state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(refused_cases); i++) {
    const struct options_case *row = &refused_cases[i];
    plan_case(fixture, row);
    enum eagre_status status = eagre_source_validate(&fixture->plan, &fixture->error);
    if (status != EAGRE_USAGE) fail_msg("case %zu was accepted", i);
    assert_string_equal(fixture->error.class_name, row->class_name);
    if (strstr(fixture->error.text, row->words) == NULL) fail_msg("%s", fixture->error.text);
  }
}

static struct eagre_source_kafka_options read_options(struct fixture *fixture,
                                                      const struct options_case *row) {
  struct eagre_source_kafka_options options;
  plan_case(fixture, row);
  if (eagre_source_kafka_options_read(&fixture->plan, &fixture->arena, &options, &fixture->error) !=
      EAGRE_OK) {
    fail_msg("%s", fixture->error.text);
  }
  return options;
}

static void has_spark_s_defaults(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_options options =
      read_options(fixture, &(struct options_case){true, {"subscribe= a ,b,, a"}, NULL, NULL});
  assert_string_equal(eagre_source_kafka_options_describe(&options, &fixture->arena),
                      "KafkaV2[Subscribe[a, b]]");
  assert_int_equal(options.starting.bound, EAGRE_SOURCE_KAFKA_FROM_LATEST);
  assert_int_equal(options.offset_count_max, 0);
  assert_int_equal(options.offset_count_min, 0);
  assert_int_equal(options.trigger_delay_us, INT64_C(900000000));
  assert_int_equal(options.group.size, 0);
  assert_int_equal(options.retry_count, 3);
  assert_int_equal(options.retry_interval_us, 1000000);
  assert_int_equal(options.silence_timeout_us, 120000000);
  assert_true(options.fail_on_data_loss);
  assert_false(options.has_group_id);
  options = read_options(fixture, &(struct options_case){false, {"subscribe=a"}, NULL, NULL});
  assert_int_equal(options.starting.bound, EAGRE_SOURCE_KAFKA_FROM_EARLIEST);
  assert_int_equal(options.ending.bound, EAGRE_SOURCE_KAFKA_FROM_LATEST);
}

static void takes_settings_of_the_client(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_options options =
      read_options(fixture, &(struct options_case){true,
                                                   {"subscribe=a", "Kafka.group.id=g",
                                                    "kafka.isolation.level=read_committed"},
                                                   NULL,
                                                   NULL});
  assert_true(options.has_group_id);
  assert_int_equal(options.settings.count, 2);
  assert_text(options.settings.brokers, "localhost:1");
  assert_text(options.settings.settings[1].name, "isolation.level");
}

static void describes_assigned_partitions(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_options options = read_options(
      fixture, &(struct options_case){true, {"assign={\"b\":[1],\"a\":[3,0]}"}, NULL, NULL});
  assert_string_equal(eagre_source_kafka_options_describe(&options, &fixture->arena),
                      "KafkaV2[Assign[a-0, a-3, b-1]]");
  assert_int_equal(options.topic_count, 2);
}

static void describes_a_pattern(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_options options =
      read_options(fixture, &(struct options_case){true, {"subscribePattern= e.v "}, NULL, NULL});
  assert_string_equal(eagre_source_kafka_options_describe(&options, &fixture->arena),
                      "KafkaV2[SubscribePattern[e.v]]");
  assert_int_equal(options.topic_count, 0);
}

static void takes_the_first_of_three_ways_to_start(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_options options =
      read_options(fixture, &(struct options_case){true,
                                                   {"subscribe=a", "startingOffsets=rubbish",
                                                    "startingOffsetsByTimestamp={\"a\":{\"0\":7}}"},
                                                   NULL,
                                                   NULL});
  assert_int_equal(options.starting.bound, EAGRE_SOURCE_KAFKA_AT_TIMES);
  assert_int_equal(options.starting.times.entries[0].offset, 7);
  assert_false(options.starts_at_latest);
  options = read_options(
      fixture,
      &(struct options_case){true,
                             {"subscribe=a", "startingOffsetsByTimestamp=rubbish",
                              "startingTimestamp=8", "startingOffsetsByTimestampStrategy=latest"},
                             NULL,
                             NULL});
  assert_int_equal(options.starting.bound, EAGRE_SOURCE_KAFKA_AT_TIME);
  assert_int_equal(options.starting.time_ms, 8);
  assert_true(options.starts_at_latest);
  options = read_options(
      fixture, &(struct options_case){false, {"subscribe=a", "endingTimestamp=9"}, NULL, NULL});
  assert_int_equal(options.ending.bound, EAGRE_SOURCE_KAFKA_AT_TIME);
  assert_int_equal(options.ending.time_ms, 9);
}

static struct eagre_text group_of(struct fixture *fixture, bool is_stream, const char *more) {
  const struct options_case row = {
      is_stream, {"subscribe=a", "kafka.group.id= g ", more}, NULL, NULL};
  return read_options(fixture, &row).group;
}

static void commits_to_the_group_that_is_given(void **state) {
  struct fixture *fixture = *state;
  assert_text(group_of(fixture, true, NULL), "g");
  assert_text(group_of(fixture, true, "commitOffsetsToKafka=true"), "g");
  assert_int_equal(group_of(fixture, true, "commitOffsetsToKafka=false").size, 0);
  assert_int_equal(group_of(fixture, false, NULL).size, 0);
}

static void ignores_the_rate_of_a_batch(void **state) {
  struct fixture *fixture = *state;
  struct eagre_source_kafka_options options = read_options(
      fixture,
      &(struct options_case){false, {"subscribe=a", "maxOffsetsPerTrigger=5"}, NULL, NULL});
  assert_int_equal(options.offset_count_max, 0);
  options = read_options(
      fixture,
      &(struct options_case){false, {"subscribe=a", "minOffsetsPerTrigger=5"}, NULL, NULL});
  assert_int_equal(options.offset_count_min, 0);
}

int run_kafka_options_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_as_spark_does),
      cmocka_unit_test(has_spark_s_defaults),
      cmocka_unit_test(takes_settings_of_the_client),
      cmocka_unit_test(describes_assigned_partitions),
      cmocka_unit_test(describes_a_pattern),
      cmocka_unit_test(takes_the_first_of_three_ways_to_start),
      cmocka_unit_test(commits_to_the_group_that_is_given),
      cmocka_unit_test(ignores_the_rate_of_a_batch),
  };
  return cmocka_run_group_tests_name("kafka_options", tests, open_fixture, close_fixture);
}
