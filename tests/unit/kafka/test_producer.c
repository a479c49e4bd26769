/* The producer against the mock cluster. */
#include "test_kafka.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { PRODUCE = 0, MESSAGE_TOO_LARGE = 10, TOPIC_AUTHORIZATION_FAILED = 29 };

static struct eagre_kafka_producer *open_lingering(struct fixture *fixture,
                                                   enum eagre_kafka_linger linger) {
  struct eagre_kafka_producer *producer = NULL;
  assert_ok(fixture,
            eagre_kafka_producer_open(&fixture->settings, linger, &producer, &fixture->error));
  return producer;
}

static struct eagre_kafka_producer *open_producer(struct fixture *fixture) {
  return open_lingering(fixture, EAGRE_KAFKA_LINGER_SHORT);
}

static const struct eagre_kafka_message message = {
    .key = EAGRE_TEXT("k"), .value = EAGRE_TEXT("v"), .partition = -1};

static void tells_the_first_failed_delivery(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_producer *producer = open_producer(fixture);
  eagre_kafka_mock_fail_requests(fixture->mock, PRODUCE, TOPIC_AUTHORIZATION_FAILED, 1);
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, &message, 1, &fixture->error));
  assert_int_equal(eagre_kafka_producer_flush(producer, &fixture->error), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "KAFKA_DELIVERY_FAILED");
  assert_place(fixture, ", partition 0");
  assert_int_equal(eagre_kafka_producer_flush(producer, &fixture->error), EAGRE_IO);
  eagre_kafka_producer_close(producer);
}

static void delivers_in_spite_of_passing_failures(void **state) {
  struct fixture *fixture = *state;
  enum { REQUEST_TIMED_OUT = 7 };
  create_topic(fixture, 1);
  struct eagre_kafka_producer *producer = open_producer(fixture);
  eagre_kafka_mock_fail_requests(fixture->mock, PRODUCE, REQUEST_TIMED_OUT, 2);
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, &message, 1, &fixture->error));
  assert_ok(fixture, eagre_kafka_producer_flush(producer, &fixture->error));
  eagre_kafka_producer_close(producer);
}

static void refuses_a_message_that_is_too_large(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_producer *producer = open_producer(fixture);
  size_t size = 2 << 20;
  char *bytes = eagre_allocate_zeroed(1, size);
  struct eagre_kafka_message messages[] = {message, {.value = {bytes, size}, .partition = 0}};
  assert_int_equal(
      eagre_kafka_producer_send(producer, fixture->topic, messages, 2, &fixture->error), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "KAFKA_MESSAGE_TOO_LARGE");
  eagre_kafka_producer_close(producer);
  eagre_free(bytes);
}

static void fails_for_a_partition_that_is_not_there(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 2);
  struct eagre_kafka_producer *producer = open_producer(fixture);
  struct eagre_kafka_message stray = {.value = EAGRE_TEXT("v"), .partition = 9};
  enum eagre_status status =
      eagre_kafka_producer_send(producer, fixture->topic, &stray, 1, &fixture->error);
  if (status == EAGRE_OK) status = eagre_kafka_producer_flush(producer, &fixture->error);
  assert_int_equal(status, EAGRE_IO);
  assert_non_null(strstr(fixture->error.text, "partition"));
  eagre_kafka_producer_close(producer);
}

static void waits_while_the_buffer_is_full(void **state) {
  struct fixture *fixture = *state;
  enum { COUNT = 5000, SIZE = 1000 };
  create_topic(fixture, 1);
  add_setting(fixture, "buffer.memory", "102400");
  struct eagre_kafka_producer *producer = open_producer(fixture);
  static char bytes[SIZE];
  struct eagre_kafka_message *messages = eagre_allocate(COUNT * sizeof *messages);
  for (uint32_t i = 0; i < COUNT; i++) {
    messages[i] = (struct eagre_kafka_message){.value = {bytes, SIZE}, .partition = 0};
  }
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, messages, COUNT, &fixture->error));
  assert_ok(fixture, eagre_kafka_producer_flush(producer, &fixture->error));
  eagre_kafka_producer_close(producer);
  eagre_free(messages);
}

static void gives_up_after_the_delivery_time(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  add_setting(fixture, "delivery.timeout.ms", "400");
  add_setting(fixture, "linger.ms", "5");
  struct eagre_kafka_producer *producer = open_producer(fixture);
  set_cluster_up(fixture, false);
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, &message, 1, &fixture->error));
  assert_int_equal(eagre_kafka_producer_flush(producer, &fixture->error), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "KAFKA_DELIVERY_FAILED");
  set_cluster_up(fixture, true);
  eagre_kafka_producer_close(producer);
}

static bool await_mark(struct fixture *fixture, struct eagre_kafka_producer *producer,
                       int timeout_ms) {
  bool has_arrived = false;
  assert_ok(fixture,
            eagre_kafka_producer_await(producer, timeout_ms, &has_arrived, &fixture->error));
  return has_arrived;
}

/* Messages behind a mark neither hold up what was before it nor stand for it. */
static void tells_when_what_was_before_a_mark_has_arrived(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_producer *producer = open_producer(fixture);
  eagre_kafka_producer_mark(producer);
  assert_true(await_mark(fixture, producer, 0)); /* nothing was sent */
  set_cluster_up(fixture, false);
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, &message, 1, &fixture->error));
  assert_true(await_mark(fixture, producer, 0)); /* behind the mark */
  eagre_kafka_producer_mark(producer);
  assert_false(await_mark(fixture, producer, 20));
  set_cluster_up(fixture, true);
  while (!await_mark(fixture, producer, 100)) {
  }
  set_cluster_up(fixture, false);
  struct eagre_kafka_message headed = message;
  headed.timestamp_ms = 1; /* goes another way */
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, &headed, 1, &fixture->error));
  eagre_kafka_producer_mark(producer);
  assert_false(await_mark(fixture, producer, 20));
  set_cluster_up(fixture, true);
  eagre_kafka_producer_close(producer);
}

static void tells_what_failed_before_a_mark(void **state) {
  struct fixture *fixture = *state;
  bool has_arrived = false;
  enum eagre_status status = EAGRE_OK;
  create_topic(fixture, 1);
  struct eagre_kafka_producer *producer = open_producer(fixture);
  eagre_kafka_mock_fail_requests(fixture->mock, PRODUCE, TOPIC_AUTHORIZATION_FAILED, 1);
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, &message, 1, &fixture->error));
  eagre_kafka_producer_mark(producer);
  while (status == EAGRE_OK && !has_arrived) {
    status = eagre_kafka_producer_await(producer, 100, &has_arrived, &fixture->error);
  }
  assert_int_equal(status, EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "KAFKA_DELIVERY_FAILED");
  eagre_kafka_producer_close(producer);
}

enum { SPREAD_PARTITIONS = 8, SPREAD_PER_SEND = 4 * SPREAD_PARTITIONS };

/* How many partitions have messages. */
static uint32_t count_used_partitions(struct fixture *fixture) {
  const struct eagre_kafka_client_options options = {
      .settings = &fixture->settings, .role = EAGRE_KAFKA_READ, .startup_timeout_us = 30000000};
  struct eagre_kafka_client *client = NULL;
  struct eagre_kafka_offset ends[SPREAD_PARTITIONS];
  uint32_t used_count = 0;
  for (int32_t i = 0; i < SPREAD_PARTITIONS; i++) {
    ends[i] = (struct eagre_kafka_offset){.topic = fixture->topic, .partition = i};
  }
  assert_ok(fixture, eagre_kafka_client_open(&options, &client, &fixture->error));
  assert_ok(fixture, eagre_kafka_client_offsets(client, EAGRE_KAFKA_LATEST, ends, SPREAD_PARTITIONS,
                                                &fixture->error));
  eagre_kafka_client_close(client);
  for (int32_t i = 0; i < SPREAD_PARTITIONS; i++) {
    used_count += ends[i].offset > 0;
  }
  return used_count;
}

static void send_without_keys(struct fixture *fixture, struct eagre_kafka_producer *producer,
                              uint32_t count) {
  const struct eagre_kafka_message keyless = {.value = EAGRE_TEXT("v"), .partition = -1};
  struct eagre_kafka_message messages[SPREAD_PER_SEND];
  for (uint32_t i = 0; i < count; i++) {
    messages[i] = keyless;
  }
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, messages, count, &fixture->error));
  assert_ok(fixture, eagre_kafka_producer_flush(producer, &fixture->error));
}

/* One partition gets what comes in a few milliseconds, not every partition a part of it. */
static void keeps_messages_without_a_key_together(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, SPREAD_PARTITIONS);
  struct eagre_kafka_producer *producer = open_lingering(fixture, EAGRE_KAFKA_LINGER_UNTIL_PUSH);
  send_without_keys(fixture, producer, 1); /* learns the partitions */
  send_without_keys(fixture, producer, SPREAD_PER_SEND);
  eagre_kafka_producer_close(producer);
  /* One each, and perhaps others whose time had come. */
  assert_in_range(count_used_partitions(fixture), 1, 4);
}

static void spreads_messages_without_a_key_in_time(void **state) {
  enum { SENDS = 25, PAUSE_US = 11000 };
  struct fixture *fixture = *state;
  create_topic(fixture, SPREAD_PARTITIONS);
  struct eagre_kafka_producer *producer = open_producer(fixture);
  for (int i = 0; i < SENDS; i++) {
    send_without_keys(fixture, producer, 2);
    usleep(PAUSE_US);
  }
  eagre_kafka_producer_close(producer);
  assert_in_range(count_used_partitions(fixture), 2, SPREAD_PARTITIONS);
}

/* As librdkafka would: a message each, wherever the last one went. */
static void leaves_the_choice_to_a_partitioner_that_was_asked_for(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, SPREAD_PARTITIONS);
  add_setting(fixture, "partitioner", "random");
  add_setting(fixture, "sticky.partitioning.linger.ms", "0");
  struct eagre_kafka_producer *producer = open_producer(fixture);
  send_without_keys(fixture, producer, 1);
  send_without_keys(fixture, producer, SPREAD_PER_SEND);
  eagre_kafka_producer_close(producer);
  assert_in_range(count_used_partitions(fixture), 5, SPREAD_PARTITIONS);
}

static void tells_when_everything_has_arrived(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_producer *producer = open_lingering(fixture, EAGRE_KAFKA_LINGER_UNTIL_PUSH);
  struct pollfd arrived = {.fd = eagre_kafka_producer_descriptor(producer), .events = POLLIN};
  assert_true(eagre_kafka_producer_is_idle(producer));
  set_cluster_up(fixture, false);
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, &message, 1, &fixture->error));
  assert_false(eagre_kafka_producer_is_idle(producer));
  set_cluster_up(fixture, true);
  do {
    assert_int_equal(poll(&arrived, 1, 60000), 1);
  } while (!eagre_kafka_producer_is_idle(producer));
  eagre_kafka_producer_close(producer);
}

int run_producer_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(tells_the_first_failed_delivery),
      FIXTURE_TEST(delivers_in_spite_of_passing_failures),
      FIXTURE_TEST(refuses_a_message_that_is_too_large),
      FIXTURE_TEST(fails_for_a_partition_that_is_not_there),
      FIXTURE_TEST(waits_while_the_buffer_is_full),
      FIXTURE_TEST(gives_up_after_the_delivery_time),
      FIXTURE_TEST(tells_when_what_was_before_a_mark_has_arrived),
      FIXTURE_TEST(tells_what_failed_before_a_mark),
      FIXTURE_TEST(keeps_messages_without_a_key_together),
      FIXTURE_TEST(spreads_messages_without_a_key_in_time),
      FIXTURE_TEST(leaves_the_choice_to_a_partitioner_that_was_asked_for),
      FIXTURE_TEST(tells_when_everything_has_arrived),
  };
  return cmocka_run_group_tests_name("producer", tests, open_fixture, close_fixture);
}
