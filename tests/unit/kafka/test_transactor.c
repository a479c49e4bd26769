/* Transactions against the mock cluster, which ends them and keeps no markers. What readers see,
 * and what a marker says, is shown with a real broker (tests/crash, tests/kafka). */
#include "test_kafka.h"

#include <stdio.h>
#include <string.h>

enum {
  PRODUCE = 0,
  INIT_PRODUCER_ID = 22,
  END_TXN = 26,
  TXN_OFFSET_COMMIT = 28,
  COORDINATOR_LOAD_IN_PROGRESS = 14,
  TOPIC_AUTHORIZATION_FAILED = 29,
  GROUP_AUTHORIZATION_FAILED = 30,
  INVALID_PRODUCER_EPOCH = 47,
  INVALID_TRANSACTION_TIMEOUT = 50,
};

static const struct eagre_kafka_message message = {
    .key = EAGRE_TEXT("k"), .value = EAGRE_TEXT("v"), .partition = 0};

static struct eagre_kafka_transactor *open_transactor(struct fixture *fixture) {
  struct eagre_kafka_transactor *transactor = NULL;
  char id[64];
  snprintf(id, sizeof id, "id-%s", fixture->name);
  assert_ok(fixture,
            eagre_kafka_transactor_open(&fixture->settings, id, &transactor, &fixture->error));
  return transactor;
}

static enum eagre_status commit(struct fixture *fixture,
                                struct eagre_kafka_transactor *transactor) {
  const struct eagre_kafka_marker marker = {
      .topic = fixture->topic, .offset = 1, .text = EAGRE_TEXT("0 a")};
  return eagre_kafka_transactor_commit(transactor, &marker, &fixture->error);
}

static void send(struct fixture *fixture, struct eagre_kafka_transactor *transactor,
                 struct eagre_kafka_producer *producer) {
  assert_ok(fixture, eagre_kafka_transactor_begin(transactor, &fixture->error));
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, &message, 1, &fixture->error));
}

static void assert_class(const struct fixture *fixture, const char *class_name) {
  assert_string_equal(fixture->error.class_name, class_name);
}

static void commits_one_transaction_after_the_other(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_transactor *transactor = open_transactor(fixture);
  struct eagre_kafka_producer *producers[] = {eagre_kafka_transactor_producer(transactor),
                                              eagre_kafka_transactor_producer(transactor)};
  for (int i = 0; i < 3; i++) {
    send(fixture, transactor, producers[0]);
    send(fixture, transactor, producers[1]);
    assert_ok(fixture, eagre_kafka_producer_flush(producers[0], &fixture->error));
    assert_ok(fixture, commit(fixture, transactor));
  }
  assert_ok(fixture, commit(fixture, transactor)); /* of a marker alone */
  eagre_kafka_producer_close(producers[0]);
  eagre_kafka_producer_close(producers[1]);
  eagre_kafka_transactor_close(transactor);
}

/* A client that registered a partition before it knew the topic would never send. */
static void sends_to_given_partitions_of_new_topics(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 4);
  add_setting(fixture, "delivery.timeout.ms", "5000");
  struct eagre_kafka_message messages[8];
  for (int32_t i = 0; i < 8; i++) {
    messages[i] = (struct eagre_kafka_message){.value = EAGRE_TEXT("v"), .partition = i % 4};
  }
  for (int i = 0; i < 5; i++) {
    struct eagre_kafka_transactor *transactor = open_transactor(fixture);
    struct eagre_kafka_producer *producer = eagre_kafka_transactor_producer(transactor);
    assert_ok(fixture, eagre_kafka_transactor_begin(transactor, &fixture->error));
    assert_ok(fixture,
              eagre_kafka_producer_send(producer, fixture->topic, messages, 8, &fixture->error));
    assert_ok(fixture, eagre_kafka_producer_flush(producer, &fixture->error));
    assert_ok(fixture, commit(fixture, transactor));
    eagre_kafka_producer_close(producer);
    eagre_kafka_transactor_close(transactor);
  }
}

static void goes_on_after_a_marker_that_was_not_taken(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_transactor *transactor = open_transactor(fixture);
  assert_ok(fixture, eagre_kafka_transactor_abort(transactor, &fixture->error)); /* of none */
  assert_false(eagre_kafka_transactor_has_begun(transactor));
  eagre_kafka_mock_fail_requests(fixture->mock, TXN_OFFSET_COMMIT, GROUP_AUTHORIZATION_FAILED, 1);
  assert_int_equal(commit(fixture, transactor), EAGRE_IO);
  assert_class(fixture, "KAFKA_TRANSACTION_FAILED");
  assert_true(eagre_kafka_transactor_has_begun(transactor));
  assert_ok(fixture, eagre_kafka_transactor_abort(transactor, &fixture->error));
  assert_ok(fixture, commit(fixture, transactor));
  assert_false(eagre_kafka_transactor_has_begun(transactor));
  eagre_kafka_transactor_close(transactor);
}

static void failed_deliveries_are_told(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_transactor *transactor = open_transactor(fixture);
  struct eagre_kafka_producer *producer = eagre_kafka_transactor_producer(transactor);
  eagre_kafka_mock_fail_requests(fixture->mock, PRODUCE, TOPIC_AUTHORIZATION_FAILED, 1);
  send(fixture, transactor, producer);
  assert_int_equal(commit(fixture, transactor), EAGRE_IO);
  assert_class(fixture, "KAFKA_DELIVERY_FAILED");
  eagre_kafka_producer_close(producer);
  eagre_kafka_transactor_close(transactor);
}

static void commits_in_spite_of_passing_failures(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_transactor *transactor = open_transactor(fixture);
  eagre_kafka_mock_fail_requests(fixture->mock, END_TXN, COORDINATOR_LOAD_IN_PROGRESS, 2);
  assert_ok(fixture, commit(fixture, transactor));
  eagre_kafka_transactor_close(transactor);
}

static void who_was_fenced_is_told(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_transactor *transactor = open_transactor(fixture);
  eagre_kafka_mock_fail_requests(fixture->mock, END_TXN, INVALID_PRODUCER_EPOCH, 1);
  assert_int_equal(commit(fixture, transactor), EAGRE_UNSAFE);
  assert_class(fixture, "KAFKA_PRODUCER_FENCED");
  assert_non_null(strstr(fixture->error.text, fixture->name));
  eagre_kafka_transactor_close(transactor);
}

/* No answer within the time is no outcome: only the marker tells. */
static void an_unanswered_commit_is_unknown(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  add_setting(fixture, "default.api.timeout.ms", "500");
  struct eagre_kafka_transactor *transactor = open_transactor(fixture);
  eagre_kafka_mock_fail_requests(fixture->mock, END_TXN, COORDINATOR_LOAD_IN_PROGRESS, 100000);
  assert_int_equal(commit(fixture, transactor), EAGRE_IO);
  assert_class(fixture, "KAFKA_COMMIT_UNKNOWN");
  assert_int_equal(eagre_kafka_transactor_abort(transactor, &fixture->error), EAGRE_IO);
  assert_class(fixture, "KAFKA_COMMIT_UNKNOWN");
  eagre_kafka_transactor_close(transactor);
}

static void takes_the_longest_time_the_brokers_allow(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  eagre_kafka_mock_fail_requests(fixture->mock, INIT_PRODUCER_ID, INVALID_TRANSACTION_TIMEOUT, 2);
  struct eagre_kafka_transactor *transactor = open_transactor(fixture);
  assert_ok(fixture, commit(fixture, transactor));
  eagre_kafka_transactor_close(transactor);
}

static void refuses_a_time_that_the_brokers_refuse(void **state) {
  struct fixture *fixture = *state;
  struct eagre_kafka_transactor *transactor = NULL;
  add_setting(fixture, "transaction.timeout.ms", "3600000");
  eagre_kafka_mock_fail_requests(fixture->mock, INIT_PRODUCER_ID, INVALID_TRANSACTION_TIMEOUT, 1);
  assert_int_equal(
      eagre_kafka_transactor_open(&fixture->settings, "id", &transactor, &fixture->error),
      EAGRE_USAGE);
  assert_class(fixture, "INVALID_KAFKA_SETTING");
  assert_null(transactor);
}

static void refuses_settings_that_weaken_it(void **state) {
  struct fixture *fixture = *state;
  static const char *const pairs[][2] = {
      {"acks", "1"}, {"request.required.acks", "0"}, {"enable.idempotence", "false"}};
  assert_ok(fixture, eagre_kafka_transactor_check(&fixture->settings, &fixture->error));
  for (size_t i = 0; i < EAGRE_COUNT_OF(pairs); i++) {
    fixture->settings.count = 0;
    add_setting(fixture, pairs[i][0], pairs[i][1]);
    assert_int_equal(eagre_kafka_transactor_check(&fixture->settings, &fixture->error),
                     EAGRE_USAGE);
    assert_class(fixture, "INVALID_KAFKA_SETTING");
  }
}

static void there_is_no_marker_where_none_was_left(void **state) {
  struct fixture *fixture = *state;
  struct eagre_text text;
  create_topic(fixture, 1);
  assert_int_equal(eagre_kafka_marker_read(&fixture->settings, "nobody", fixture->topic,
                                           &fixture->arena, &text, &fixture->error),
                   EAGRE_END);
}

int run_transactor_tests(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(commits_one_transaction_after_the_other),
      FIXTURE_TEST(sends_to_given_partitions_of_new_topics),
      FIXTURE_TEST(goes_on_after_a_marker_that_was_not_taken),
      FIXTURE_TEST(failed_deliveries_are_told),
      FIXTURE_TEST(commits_in_spite_of_passing_failures),
      FIXTURE_TEST(who_was_fenced_is_told),
      FIXTURE_TEST(takes_the_longest_time_the_brokers_allow),
      FIXTURE_TEST(refuses_a_time_that_the_brokers_refuse),
      FIXTURE_TEST(refuses_settings_that_weaken_it),
      FIXTURE_TEST(there_is_no_marker_where_none_was_left),
      FIXTURE_TEST(an_unanswered_commit_is_unknown), /* the last: answers go on to fail */
  };
  return cmocka_run_group_tests_name("transactor", tests, open_fixture, close_fixture);
}
