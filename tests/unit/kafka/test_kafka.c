/* Runs the tests of Kafka's client against librdkafka's mock cluster. */
#include "test_kafka.h"

#include <stdio.h>

int open_fixture(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  if (eagre_kafka_mock_open(2, &fixture->mock, &fixture->error) != EAGRE_OK) return -1;
  *state = fixture;
  return 0;
}

int close_fixture(void **state) {
  struct fixture *fixture = *state;
  eagre_kafka_mock_close(fixture->mock);
  eagre_arena_done(&fixture->arena);
  eagre_free(fixture);
  return 0;
}

int begin_test(void **state) {
  struct fixture *fixture = *state;
  eagre_error_init(&fixture->error);
  snprintf(fixture->name, sizeof fixture->name, "clicks-%u", fixture->test_count++);
  fixture->topic = eagre_text_of(fixture->name);
  fixture->settings = (struct eagre_kafka_settings){
      .brokers = eagre_text_of(eagre_kafka_mock_brokers(fixture->mock)),
      .settings = fixture->extra,
  };
  return 0;
}

void create_topic(struct fixture *fixture, uint32_t partition_count) {
  assert_ok(fixture, eagre_kafka_mock_create_topic(fixture->mock, fixture->name, partition_count,
                                                   &fixture->error));
}

void assert_place(const struct fixture *fixture, const char *rest) {
  char expected[96];
  snprintf(expected, sizeof expected, "topic %s%s", fixture->name, rest);
  assert_string_equal(fixture->error.place, expected);
}

void set_cluster_up(struct fixture *fixture, bool is_up) {
  eagre_kafka_mock_set_up(fixture->mock, 1, is_up);
  eagre_kafka_mock_set_up(fixture->mock, 2, is_up);
}

void add_setting(struct fixture *fixture, const char *name, const char *value) {
  assert_true(fixture->settings.count < EAGRE_COUNT_OF(fixture->extra));
  fixture->extra[fixture->settings.count++] =
      (struct eagre_kafka_setting){eagre_text_of(name), eagre_text_of(value)};
}

void produce(struct fixture *fixture, int32_t partition, uint32_t first, uint32_t count) {
  struct eagre_kafka_settings settings = {.brokers = fixture->settings.brokers};
  struct eagre_kafka_producer *producer = NULL;
  struct eagre_arena arena = {0};
  struct eagre_kafka_message *messages = eagre_allocate(count * sizeof *messages);
  for (uint32_t i = 0; i < count; i++) {
    messages[i] = (struct eagre_kafka_message){
        .key = eagre_arena_printf(&arena, "k%u", first + i),
        .value = eagre_arena_printf(&arena, "v%u", first + i),
        .partition = partition,
    };
  }
  assert_ok(fixture, eagre_kafka_producer_open(&settings, EAGRE_KAFKA_LINGER_SHORT, &producer,
                                               &fixture->error));
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, messages, count, &fixture->error));
  assert_ok(fixture, eagre_kafka_producer_flush(producer, &fixture->error));
  eagre_kafka_producer_close(producer);
  eagre_free(messages);
  eagre_arena_done(&arena);
}

int main(void) {
  return run_settings_tests() + run_jaas_tests() + run_login_tests() + run_batch_tests() +
         run_client_tests() + run_session_tests() + run_consumer_tests() + run_producer_tests() +
         run_transactor_tests();
}
