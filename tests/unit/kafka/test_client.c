/* The control client against the mock cluster, over librdkafka and without it. */
#include "test_kafka.h"

#include <string.h>

static enum eagre_kafka_fetcher asks_with; /* constant while a group of tests runs */

static struct eagre_kafka_client *open_client(struct fixture *fixture) {
  struct eagre_kafka_client_options options = {
      .settings = &fixture->settings,
      .role = EAGRE_KAFKA_READ,
      .fetcher = asks_with,
      .startup_timeout_us = 10000000,
  };
  struct eagre_kafka_client *client = NULL;
  assert_ok(fixture, eagre_kafka_client_open(&options, &client, &fixture->error));
  return client;
}

static void finds_topics_and_their_partitions(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 3);
  struct eagre_kafka_client *client = open_client(fixture);
  struct eagre_kafka_topic topics[] = {{.name = fixture->topic}, {.name = EAGRE_TEXT("views")}};
  assert_ok(fixture, eagre_kafka_mock_create_topic(fixture->mock, "views", 1, &fixture->error));
  assert_ok(fixture, eagre_kafka_client_topics(client, topics, 2, &fixture->error));
  assert_int_equal(topics[0].partition_count, 3);
  assert_int_equal(topics[1].partition_count, 1);
  eagre_kafka_client_close(client);
}

static void asks_for_both_ends_of_all_partitions(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 3);
  produce(fixture, 0, 0, 5);
  produce(fixture, 2, 0, 7);
  struct eagre_kafka_client *client = open_client(fixture);
  struct eagre_kafka_offset offsets[] = {
      {fixture->topic, 2, 0}, {fixture->topic, 0, 0}, {fixture->topic, 1, 0}};
  assert_ok(fixture,
            eagre_kafka_client_offsets(client, EAGRE_KAFKA_LATEST, offsets, 3, &fixture->error));
  assert_int_equal(offsets[0].offset, 7);
  assert_int_equal(offsets[1].offset, 5);
  assert_int_equal(offsets[2].offset, 0);
  assert_ok(fixture,
            eagre_kafka_client_offsets(client, EAGRE_KAFKA_EARLIEST, offsets, 3, &fixture->error));
  assert_int_equal(offsets[0].offset, 0);
  produce(fixture, 1, 0, 1);
  assert_ok(fixture,
            eagre_kafka_client_offsets(client, EAGRE_KAFKA_LATEST, offsets, 3, &fixture->error));
  assert_int_equal(offsets[2].offset, 1);
  eagre_kafka_client_close(client);
}

static enum eagre_status begins_with_v(void *context, struct eagre_text name, bool *out_is_wanted,
                                       struct eagre_error *error) {
  (void)context, (void)error;
  *out_is_wanted = eagre_text_starts_with(name, EAGRE_TEXT("v-"));
  return EAGRE_OK;
}

static void finds_the_topics_that_are_wanted(void **state) {
  struct fixture *fixture = *state;
  const struct eagre_kafka_topic_filter filter = {begins_with_v, NULL};
  struct eagre_kafka_topic *topics = NULL;
  uint32_t count = 0;
  create_topic(fixture, 1);
  struct eagre_kafka_client *client = open_client(fixture);
  assert_ok(fixture, eagre_kafka_client_find_topics(client, &filter, &fixture->arena, &topics,
                                                    &count, &fixture->error));
  assert_int_equal(count, 0);
  assert_ok(fixture, eagre_kafka_mock_create_topic(fixture->mock, "v-1", 2, &fixture->error));
  assert_ok(fixture, eagre_kafka_client_find_topics(client, &filter, &fixture->arena, &topics,
                                                    &count, &fixture->error));
  assert_int_equal(count, 1);
  assert_true(eagre_text_equal_string(topics[0].name, "v-1"));
  assert_int_equal(topics[0].partition_count, 2);
  eagre_kafka_client_close(client);
}

/* The mock cluster has no index of times: nothing is as late as any. */
static void asks_for_records_by_their_time(void **state) {
  struct fixture *fixture = *state;
  enum { LIST_OFFSETS = 2, NOT_LEADER_FOR_PARTITION = 6 };
  create_topic(fixture, 2);
  produce(fixture, 0, 0, 5);
  struct eagre_kafka_client *client = open_client(fixture);
  struct eagre_kafka_offset offsets[] = {{fixture->topic, 0, 1700000000000},
                                         {fixture->topic, 7, 1700000000000},
                                         {fixture->topic, 1, 0}};
  eagre_kafka_mock_fail_requests(fixture->mock, LIST_OFFSETS, NOT_LEADER_FOR_PARTITION, 1);
  assert_ok(fixture, eagre_kafka_client_times(client, offsets, 3, &fixture->error));
  assert_int_equal(offsets[0].offset, EAGRE_KAFKA_OFFSET_BEHIND);
  assert_int_equal(offsets[1].offset, EAGRE_KAFKA_OFFSET_NONE);
  assert_int_equal(offsets[2].offset, EAGRE_KAFKA_OFFSET_BEHIND);
  eagre_kafka_client_close(client);
}

static void asks_again_after_a_passing_failure(void **state) {
  struct fixture *fixture = *state;
  enum { LIST_OFFSETS = 2, NOT_LEADER_FOR_PARTITION = 6 };
  create_topic(fixture, 1);
  produce(fixture, 0, 0, 4);
  struct eagre_kafka_client *client = open_client(fixture);
  struct eagre_kafka_offset offset = {fixture->topic, 0, 0};
  eagre_kafka_mock_fail_requests(fixture->mock, LIST_OFFSETS, NOT_LEADER_FOR_PARTITION, 2);
  assert_ok(fixture,
            eagre_kafka_client_offsets(client, EAGRE_KAFKA_LATEST, &offset, 1, &fixture->error));
  assert_int_equal(offset.offset, 4);
  eagre_kafka_client_close(client);
}

static void names_the_address_nobody_answers_at(void **state) {
  struct fixture *fixture = *state;
  fixture->settings.brokers = EAGRE_TEXT("127.0.0.1:1");
  struct eagre_kafka_client_options options = {
      .settings = &fixture->settings,
      .fetcher = asks_with,
      .startup_timeout_us = 700000,
  };
  struct eagre_kafka_client *client = NULL;
  assert_int_equal(eagre_kafka_client_open(&options, &client, &fixture->error), EAGRE_IO);
  assert_null(client);
  assert_string_equal(fixture->error.class_name, "KAFKA_BROKER_UNREACHABLE");
  assert_non_null(strstr(fixture->error.text, "127.0.0.1:1 "));
  assert_non_null(strstr(fixture->error.text, "Connection refused"));
}

static void gives_up_when_the_cluster_stays_away(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 2);
  add_setting(fixture, "default.api.timeout.ms", "300");
  struct eagre_kafka_client *client = open_client(fixture);
  struct eagre_kafka_topic topic = {.name = fixture->topic};
  assert_ok(fixture, eagre_kafka_client_topics(client, &topic, 1, &fixture->error));
  set_cluster_up(fixture, false);
  assert_int_equal(eagre_kafka_client_topics(client, &topic, 1, &fixture->error), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "KAFKA_REQUEST_FAILED");
  set_cluster_up(fixture, true);
  eagre_kafka_client_close(client);
}

static void finds_the_nearest_topic(void **state) {
  struct fixture *fixture = *state;
  assert_ok(fixture,
            eagre_kafka_mock_create_topic(fixture->mock, "page-views", 1, &fixture->error));
  struct eagre_kafka_client *client = open_client(fixture);
  struct eagre_text nearest =
      eagre_kafka_client_nearest_topic(client, EAGRE_TEXT("pageviews"), &fixture->arena);
  assert_true(eagre_text_equal_string(nearest, "page-views"));
  nearest = eagre_kafka_client_nearest_topic(client, EAGRE_TEXT("xyz"), &fixture->arena);
  assert_int_equal(nearest.size, 0);
  eagre_kafka_client_close(client);
}

/* Brokers that are too old for our own client: librdkafka takes over, or the start is refused. */
static void hands_over_to_librdkafka(void **state) {
  struct fixture *fixture = *state;
  enum { LIST_OFFSETS = 2 };
  create_topic(fixture, 1);
  produce(fixture, 0, 0, 4);
  struct eagre_kafka_offset offset = {fixture->topic, 0, 0};
  eagre_kafka_mock_limit_versions(fixture->mock, LIST_OFFSETS, 0, 1);
  asks_with = EAGRE_KAFKA_AUTO;
  struct eagre_kafka_client *client = open_client(fixture);
  assert_ok(fixture,
            eagre_kafka_client_offsets(client, EAGRE_KAFKA_LATEST, &offset, 1, &fixture->error));
  assert_int_equal(offset.offset, 4);
  eagre_kafka_client_close(client);
  asks_with = EAGRE_KAFKA_NATIVE;
  client = open_client(fixture);
  assert_int_equal(
      eagre_kafka_client_offsets(client, EAGRE_KAFKA_LATEST, &offset, 1, &fixture->error),
      EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "KAFKA_REQUEST_FAILED");
  eagre_kafka_client_close(client);
  eagre_kafka_mock_limit_versions(fixture->mock, LIST_OFFSETS, 0, 5);
}

/* Partitions of two topics and two leaders, one that does not exist among them. */
static void asks_several_leaders_at_once(void **state) {
  struct fixture *fixture = *state;
  enum { COUNT = 8 };
  create_topic(fixture, COUNT - 1);
  assert_ok(fixture, eagre_kafka_mock_create_topic(fixture->mock, "others", 1, &fixture->error));
  struct eagre_kafka_client *client = open_client(fixture);
  struct eagre_kafka_offset offsets[COUNT + 1];
  for (int32_t i = 0; i < COUNT - 1; i++) {
    produce(fixture, i, 0, (uint32_t)i + 1);
  }
  for (int32_t i = 0; i < COUNT; i++) {
    offsets[i] = (struct eagre_kafka_offset){fixture->topic, COUNT - 1 - i, 0};
  }
  offsets[COUNT] = (struct eagre_kafka_offset){EAGRE_TEXT("others"), 0, 0};
  for (uint32_t round = 0; round < 2; round++) {
    assert_ok(fixture, eagre_kafka_client_offsets(client, EAGRE_KAFKA_LATEST, offsets, COUNT + 1,
                                                  &fixture->error));
    assert_int_equal(offsets[0].offset, EAGRE_KAFKA_OFFSET_NONE);
    for (int32_t i = 1; i < COUNT; i++) {
      assert_int_equal(offsets[i].offset, COUNT - i);
    }
    assert_int_equal(offsets[COUNT].offset, 0);
  }
  eagre_kafka_client_close(client);
}

static int run_tests_with(enum eagre_kafka_fetcher which, const char *name) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(finds_topics_and_their_partitions),
      FIXTURE_TEST(asks_for_both_ends_of_all_partitions),
      FIXTURE_TEST(finds_the_topics_that_are_wanted),
      FIXTURE_TEST(asks_for_records_by_their_time),
      FIXTURE_TEST(asks_again_after_a_passing_failure),
      FIXTURE_TEST(asks_several_leaders_at_once),
      FIXTURE_TEST(names_the_address_nobody_answers_at),
      FIXTURE_TEST(gives_up_when_the_cluster_stays_away),
      FIXTURE_TEST(finds_the_nearest_topic),
  };
  asks_with = which;
  return _cmocka_run_group_tests(name, tests, EAGRE_COUNT_OF(tests), open_fixture, close_fixture);
}

static int run_tests_of_choice(void) {
  const struct CMUnitTest tests[] = {FIXTURE_TEST(hands_over_to_librdkafka)};
  return cmocka_run_group_tests_name("client, choice", tests, open_fixture, close_fixture);
}

int run_client_tests(void) {
  return run_tests_with(EAGRE_KAFKA_LIBRDKAFKA, "client, librdkafka") +
         run_tests_with(EAGRE_KAFKA_NATIVE, "client, native") + run_tests_of_choice();
}
