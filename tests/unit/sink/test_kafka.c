/* The Kafka sink against the mock cluster: columns become messages, failures are told. */
#include "test_sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "sink/sink_kafka.h"

enum { PRODUCE = 0, TOPIC_AUTHORIZATION_FAILED = 29 };

/* A fixture beside a cluster; one cluster per group, since ending one takes a second. */
struct cluster {
  struct eagre_kafka_mock *mock;
  uint32_t test_count;
  char topic[32];
  void *fixture;
};

static int open_cluster(void **state) {
  struct cluster *cluster = eagre_allocate_zeroed(1, sizeof *cluster);
  *state = cluster;
  return eagre_kafka_mock_open(1, &cluster->mock, NULL) == EAGRE_OK ? 0 : -1;
}

static int close_cluster(void **state) {
  struct cluster *cluster = *state;
  eagre_kafka_mock_close(cluster->mock);
  eagre_free(cluster);
  return 0;
}

/* A sink to a new topic of two partitions. */
static struct fixture *begin(void **state, const char *columns) {
  struct cluster *cluster = *state;
  assert_int_equal(open_fixture(&cluster->fixture), 0);
  struct fixture *fixture = cluster->fixture;
  snprintf(cluster->topic, sizeof cluster->topic, "t%u", cluster->test_count++);
  assert_int_equal(eagre_kafka_mock_create_topic(cluster->mock, cluster->topic, 2, NULL), EAGRE_OK);
  plan_sink(fixture, EAGRE_SINK_KAFKA, columns);
  add_option(fixture, "kafka.bootstrap.servers", eagre_kafka_mock_brokers(cluster->mock));
  return fixture;
}

static void end(void **state) {
  struct cluster *cluster = *state;
  close_fixture(&cluster->fixture);
}

static const char *topic_of(void **state) {
  return ((struct cluster *)*state)->topic;
}

static void append_records(const struct eagre_kafka_records *records, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < records->count; i++) {
    bool has_key = records->key_validity == NULL || eagre_bit_get(records->key_validity, i);
    bool has_value = records->value_validity == NULL || eagre_bit_get(records->value_validity, i);
    eagre_buffer_printf(out, "%d ", records->partition);
    if (has_key) eagre_buffer_append_text(out, records->keys[i]);
    eagre_buffer_append_string(out, has_key ? " " : "- ");
    if (has_value) eagre_buffer_append_text(out, records->values[i]);
    eagre_buffer_append_string(out, has_value ? "\n" : "-\n");
  }
}

/* "PARTITION KEY VALUE" per message, partition after partition; "-" stands for NULL. */
static const char *read_partition(struct fixture *fixture, const char *brokers, const char *topic,
                                  int32_t partition, int64_t count) {
  const struct eagre_kafka_settings settings = {.brokers = eagre_text_of(brokers)};
  const struct eagre_kafka_consumer_options options = {
      .settings = &settings,
      .parts = EAGRE_KAFKA_KEY | EAGRE_KAFKA_VALUE,
      .silence_timeout_us = 2000000,
  };
  const struct eagre_kafka_range range = {eagre_text_of(topic), partition, 0, count};
  const struct timespec pause = {.tv_nsec = 1000000};
  struct eagre_kafka_consumer *consumer = NULL;
  struct eagre_kafka_records records;
  struct eagre_buffer text = {0};
  struct eagre_error *error = &fixture->error;
  enum eagre_status status = eagre_kafka_consumer_open(&options, &consumer, error);
  if (status == EAGRE_OK) status = eagre_kafka_consumer_assign(consumer, &range, 1, error);
  while (status == EAGRE_OK || status == EAGRE_AGAIN) {
    if (status == EAGRE_AGAIN) nanosleep(&pause, NULL);
    status = eagre_kafka_consumer_read(consumer, &fixture->arena, &records, error);
    if (status != EAGRE_OK) continue;
    append_records(&records, &text);
    eagre_kafka_records_release(records.lease);
  }
  if (status != EAGRE_END) fail_msg("%s: %s", error->class_name, error->text);
  eagre_kafka_consumer_close(consumer);
  const char *copy = eagre_arena_copy_text(&fixture->arena, eagre_buffer_text(&text)).data;
  eagre_buffer_done(&text);
  return copy;
}

static const char *read_messages(void **state, const char *topic, int32_t partition,
                                 int64_t count) {
  struct cluster *cluster = *state;
  return read_partition(cluster->fixture, eagre_kafka_mock_brokers(cluster->mock), topic, partition,
                        count);
}

/* ---- Columns --------------------------------------------------------------------------------- */

static void writes_keys_values_and_partitions(void **state) {
  struct fixture *fixture = begin(state, "key STRING, value STRING, partition INT, extra BIGINT");
  add_option(fixture, "topic", topic_of(state));
  open_sink(fixture);
  run_epoch(fixture, 0, "a",
            "{\"key\":\"k\",\"value\":\"v\",\"partition\":1,\"extra\":5}\n"
            "{\"value\":\"\",\"partition\":0}\n"
            "{\"key\":\"tombstone\",\"partition\":1}\n"
            "{\"key\":\"\",\"value\":\"x\",\"partition\":0}\n");
  assert_string_equal(read_messages(state, topic_of(state), 0, 2), "0 - \n0  x\n");
  assert_string_equal(read_messages(state, topic_of(state), 1, 2), "1 k v\n1 tombstone -\n");
  end(state);
}

/* The partition of a key is that of the Java client: murmur2 of its bytes. Of two partitions "a"
 * goes to 0 and "hello" to 1, as kafka-clients 4.3.1 answers. */
static void chooses_partitions_as_java_does(void **state) {
  struct fixture *fixture = begin(state, "key BINARY, value BINARY");
  add_option(fixture, "topic", topic_of(state));
  open_sink(fixture);
  run_epoch(fixture, 0, "a",
            "{\"key\":\"YQ==\",\"value\":\"MQ==\"}\n{\"key\":\"aGVsbG8=\",\"value\":\"Mg==\"}\n");
  assert_string_equal(read_messages(state, topic_of(state), 0, 1), "0 a 1\n");
  assert_string_equal(read_messages(state, topic_of(state), 1, 1), "1 hello 2\n");
  end(state);
}

static void takes_topics_from_the_rows(void **state) {
  struct cluster *cluster = *state;
  struct fixture *fixture = begin(state, "topic STRING, value STRING, partition INT");
  struct eagre_buffer lines = {0};
  char other[64];
  snprintf(other, sizeof other, "%s-other", cluster->topic);
  assert_int_equal(eagre_kafka_mock_create_topic(cluster->mock, other, 1, NULL), EAGRE_OK);
  open_sink(fixture);
  for (int i = 0; i < 4; i++) {
    const char *topic = i == 2 ? other : cluster->topic;
    eagre_buffer_printf(&lines, "{\"topic\":\"%s\",\"value\":\"%d\",\"partition\":0}\n", topic, i);
  }
  run_epoch(fixture, 0, "a", eagre_buffer_string(&lines));
  eagre_buffer_done(&lines);
  assert_string_equal(read_messages(state, cluster->topic, 0, 3), "0 - 0\n0 - 1\n0 - 3\n");
  assert_string_equal(read_messages(state, other, 0, 1), "0 - 2\n");
  end(state);
}

static void lets_the_option_win_over_the_column(void **state) {
  struct fixture *fixture = begin(state, "topic STRING, value STRING, partition INT");
  add_option(fixture, "topic", topic_of(state));
  open_sink(fixture);
  run_epoch(fixture, 0, "a", "{\"topic\":\"nowhere\",\"value\":\"v\",\"partition\":0}\n");
  assert_string_equal(read_messages(state, topic_of(state), 0, 1), "0 - v\n");
  end(state);
}

static void refuses_a_row_without_topic(void **state) {
  struct fixture *fixture = begin(state, "topic STRING, value STRING");
  char lines[128];
  open_sink(fixture);
  begin_epoch(fixture, 0, "a");
  snprintf(lines, sizeof lines, "{\"topic\":\"%s\",\"value\":\"v\"}\n{\"value\":\"v\"}\n",
           topic_of(state));
  check_failure(fixture, write_lines(fixture, 0, lines), EAGRE_DATA, "KAFKA_NULL_TOPIC_IN_DATA");
  assert_int_equal(fixture->error.row, 1);
  end(state);
}

static void refuses_a_negative_partition(void **state) {
  struct fixture *fixture = begin(state, "value STRING, partition INT");
  add_option(fixture, "topic", topic_of(state));
  open_sink(fixture);
  begin_epoch(fixture, 0, "a");
  check_failure(fixture, write_lines(fixture, 0, "{\"value\":\"v\",\"partition\":-1}\n"),
                EAGRE_DATA, "INVALID_KAFKA_PARTITION");
  end(state);
}

struct columns_case {
  const char *columns;
  bool has_topic;
  const char *class_name;
  const char *text;
};

static const struct columns_case refused_columns[] = {
    {"key STRING", true, "_LEGACY_ERROR_TEMP_3080", "Required attribute 'value' not found."},
    {"VALUE STRING", true, "_LEGACY_ERROR_TEMP_3080", "Required attribute 'value' not found."},
    {"value INT", true, "_LEGACY_ERROR_TEMP_3080",
     "value attribute unsupported type int. value must be a(n) string or binary."},
    {"value STRING, key DOUBLE", true, "_LEGACY_ERROR_TEMP_3080",
     "key attribute unsupported type double. key must be a(n) string or binary."},
    {"value STRING, topic BINARY", true, "_LEGACY_ERROR_TEMP_3080",
     "topic attribute unsupported type binary. topic must be a(n) string."},
    {"value STRING, partition BIGINT", true, "_LEGACY_ERROR_TEMP_3080",
     "partition attribute unsupported type bigint. partition must be a(n) int."},
    {"value STRING", false, "_LEGACY_ERROR_TEMP_3080",
     "topic option required when no 'topic' attribute is present. Use the topic option for setting "
     "a topic."},
    {"value STRING, headers STRING", true, "_LEGACY_ERROR_TEMP_3080",
     "headers attribute unsupported type string. headers must be a(n) "
     "array<struct<key:string,value:binary>>."},
};

static void refuses_columns_as_spark_does(void **state) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(refused_columns); i++) {
    const struct columns_case *row = &refused_columns[i];
    struct fixture *fixture = begin(state, row->columns);
    if (row->has_topic) add_option(fixture, "topic", " t ");
    enum eagre_status status =
        eagre_sink_validate(&fixture->plan, fixture->columns, EAGRE_MODE_APPEND, &fixture->error);
    check_failure(fixture, status, EAGRE_USAGE, row->class_name);
    assert_string_equal(fixture->error.text, row->text);
    end(state);
  }
}

static void refuses_settings_that_are_ours(void **state) {
  struct fixture *fixture = begin(state, "value STRING");
  add_option(fixture, "topic", topic_of(state));
  add_option(fixture, "kafka.transactional.id", "x");
  check_failure(fixture, try_open(fixture), EAGRE_USAGE, "UNSUPPORTED_KAFKA_SETTING");
  end(state);
}

/* ---- Failures -------------------------------------------------------------------------------- */

static void tells_failed_deliveries_and_begins_anew(void **state) {
  struct cluster *cluster = *state;
  struct fixture *fixture = begin(state, "value STRING, partition INT");
  struct eagre_buffer piece = {0};
  add_option(fixture, "topic", topic_of(state));
  open_sink(fixture);
  begin_epoch(fixture, 0, "a");
  eagre_kafka_mock_fail_requests(cluster->mock, PRODUCE, TOPIC_AUTHORIZATION_FAILED, 1);
  assert_int_equal(write_lines(fixture, 0, "{\"value\":\"lost\",\"partition\":0}\n"), EAGRE_OK);
  check_failure(fixture, eagre_sink_writer_prepare(fixture->writers[0], &piece, &fixture->error),
                EAGRE_IO, "KAFKA_DELIVERY_FAILED");
  eagre_sink_writer_abort(fixture->writers[0]);
  run_epoch(fixture, 0, "b", "{\"value\":\"kept\",\"partition\":0}\n");
  assert_string_equal(read_messages(state, topic_of(state), 0, 1), "0 - kept\n");
  end(state);
}

static void knows_nothing_of_earlier_epochs(void **state) {
  struct fixture *fixture = begin(state, "value STRING");
  struct eagre_sink_recovery recovery;
  add_option(fixture, "topic", topic_of(state));
  open_sink(fixture);
  assert_int_equal(eagre_sink_recover(fixture->sink, &recovery, &fixture->error), EAGRE_OK);
  assert_int_equal(recovery.knowledge, EAGRE_SINK_UNKNOWING);
  run_epoch(fixture, 0, "a", "");
  assert_string_equal(eagre_sink_description(fixture->sink),
                      "org.apache.spark.sql.kafka010.KafkaSourceProvider$KafkaTable");
  end(state);
}

/* ---- Rows that are shown at once ------------------------------------------------------------- */

static struct fixture *begin_prompt(void **state) {
  struct fixture *fixture = begin(state, "value STRING, partition INT");
  add_option(fixture, "topic", topic_of(state));
  fixture->is_prompt = true;
  open_sink(fixture);
  begin_epoch(fixture, 0, "a");
  return fixture;
}

static void write_row(struct fixture *fixture, int number) {
  char line[64];
  snprintf(line, sizeof line, "{\"value\":\"%d\",\"partition\":0}\n", number);
  assert_int_equal(write_lines(fixture, 0, line), EAGRE_OK);
}

static void await_arrival(struct fixture *fixture) {
  while (!eagre_sink_writer_is_ready(fixture->writers[0])) {
    eagre_io_wait(fixture->io, 1000000);
  }
}

static void sends_small_batches_together(void **state) {
  struct cluster *cluster = *state;
  struct fixture *fixture = begin_prompt(state);
  struct eagre_sink_writer *writer = fixture->writers[0];
  assert_true(eagre_sink_writer_is_ready(writer));
  eagre_kafka_mock_set_up(cluster->mock, 1, false);
  write_row(fixture, 0);
  write_row(fixture, 1);
  assert_true(eagre_sink_writer_is_ready(writer)); /* nothing is under way */
  assert_int_equal(eagre_sink_writer_show(writer, &fixture->error), EAGRE_OK);
  assert_false(eagre_sink_writer_is_ready(writer));
  eagre_kafka_mock_set_up(cluster->mock, 1, true);
  await_arrival(fixture);
  assert_string_equal(read_messages(state, topic_of(state), 0, 2), "0 - 0\n0 - 1\n");
  end(state);
}

/* When as many rows wait as go out together they do, all of them, and the writer is full until they
 * have arrived. */
static void sends_what_is_enough(void **state) {
  enum { ROWS = 250, BATCHES = 17 /* enough are 4,096 */ };
  struct cluster *cluster = *state;
  struct fixture *fixture = begin_prompt(state);
  struct eagre_sink_writer *writer = fixture->writers[0];
  struct eagre_buffer expected = {0};
  eagre_kafka_mock_set_up(cluster->mock, 1, false);
  for (int i = 0; i < BATCHES; i++) {
    struct eagre_buffer lines = {0};
    assert_false(eagre_sink_writer_is_full(writer));
    for (int row = i * ROWS; row < (i + 1) * ROWS; row++) {
      eagre_buffer_printf(&lines, "{\"value\":\"%d\",\"partition\":0}\n", row);
      eagre_buffer_printf(&expected, "0 - %d\n", row);
    }
    assert_int_equal(write_lines(fixture, 0, eagre_buffer_string(&lines)), EAGRE_OK);
    eagre_buffer_done(&lines);
  }
  assert_true(eagre_sink_writer_is_full(writer));
  eagre_kafka_mock_set_up(cluster->mock, 1, true);
  await_arrival(fixture);
  assert_false(eagre_sink_writer_is_full(writer));
  write_row(fixture, BATCHES * ROWS);
  eagre_buffer_printf(&expected, "0 - %d\n", BATCHES * ROWS);
  prepare_epoch(fixture); /* takes what waits, too */
  await_arrival(fixture);
  assert_string_equal(read_messages(state, topic_of(state), 0, BATCHES * ROWS + 1),
                      eagre_buffer_string(&expected));
  eagre_buffer_done(&expected);
  end(state);
}

/* What waits is bounded in bytes, too. */
static void lets_no_large_messages_wait(void **state) {
  enum { SIZE = 600 << 10 };
  struct cluster *cluster = *state;
  struct fixture *fixture = begin_prompt(state);
  struct eagre_buffer line = {0};
  eagre_kafka_mock_set_up(cluster->mock, 1, false);
  eagre_buffer_append_string(&line, "{\"value\":\"");
  memset(eagre_buffer_reserve(&line, SIZE), 'x', SIZE);
  line.size += SIZE;
  eagre_buffer_append_string(&line, "\",\"partition\":0}\n");
  assert_int_equal(write_lines(fixture, 0, eagre_buffer_string(&line)), EAGRE_OK);
  assert_false(eagre_sink_writer_is_ready(fixture->writers[0])); /* on its way */
  eagre_kafka_mock_set_up(cluster->mock, 1, true);
  await_arrival(fixture);
  eagre_buffer_done(&line);
  end(state);
}

static void forgets_what_waits_with_its_attempt(void **state) {
  struct fixture *fixture = begin_prompt(state);
  write_row(fixture, 0);
  eagre_sink_writer_abort(fixture->writers[0]);
  begin_epoch(fixture, 0, "b");
  write_row(fixture, 1);
  prepare_epoch(fixture);
  await_arrival(fixture);
  assert_string_equal(read_messages(state, topic_of(state), 0, 1), "0 - 1\n");
  end(state);
}

/* ---- Exactly once ---------------------------------------------------------------------------- */

struct marker_case {
  const char *text;
  bool is_marker;
  int64_t epoch;
  const char *attempt;
};

static const struct marker_case marker_cases[] = {
    {"41 a-b", true, 41, "a-b"},
    {"-1 ", true, -1, ""},
    {"0 a", true, 0, "a"},
    {"", false, 0, NULL},
    {"41", false, 0, NULL},
    {" a", false, 0, NULL},
    {"-2 a", false, 0, NULL},
    {"+1 a", false, 0, NULL},
    {"1.5 a", false, 0, NULL},
    {"99999999999999999999 a", false, 0, NULL},
    {"1 a b", false, 0, NULL},
    {"1 a\n", false, 0, NULL},
    {"1 0123456789012345678901234567890123456789012345678901234567890123", false, 0, NULL},
};

static void reads_markers(void **state) {
  (void)state;
  for (size_t i = 0; i < EAGRE_COUNT_OF(marker_cases); i++) {
    const struct marker_case *row = &marker_cases[i];
    struct sink_kafka_marker marker;
    struct eagre_buffer text = {0};
    bool is_marker = eagre_sink_kafka_marker_parse(eagre_text_of(row->text), &marker);
    if (is_marker != row->is_marker) fail_msg("'%s'", row->text);
    if (!is_marker) continue;
    assert_int_equal(marker.epoch, row->epoch);
    assert_string_equal(marker.attempt, row->attempt);
    eagre_sink_kafka_marker_print(&marker, &text);
    assert_string_equal(eagre_buffer_string(&text), row->text);
    eagre_buffer_done(&text);
  }
}

static struct fixture *begin_exact(void **state) {
  struct fixture *fixture = begin(state, "value STRING, partition INT");
  add_option(fixture, "topic", topic_of(state));
  add_option(fixture, "delivery", "exactly-once");
  snprintf(fixture->checkpoint_id, sizeof fixture->checkpoint_id, "id-%s", topic_of(state));
  return fixture;
}

/* What a start does with a new checkpoint. */
static void start_exact(struct fixture *fixture) {
  struct eagre_sink_recovery recovery;
  open_sink(fixture);
  assert_int_equal(eagre_sink_recover(fixture->sink, &recovery, &fixture->error), EAGRE_OK);
  assert_int_equal(recovery.knowledge, EAGRE_SINK_FORGOTTEN);
  assert_true(recovery.remembers_every_epoch);
  assert_int_equal(eagre_sink_claim(fixture->sink, -1, "", &fixture->error), EAGRE_OK);
}

static void an_epoch_is_a_transaction(void **state) {
  struct fixture *fixture = begin_exact(state);
  char expected[128];
  start_exact(fixture);
  begin_epoch(fixture, 0, "a");
  assert_int_equal(write_lines(fixture, 0, "{\"value\":\"v\",\"partition\":0}\n"), EAGRE_OK);
  const struct eagre_text *pieces = prepare_epoch(fixture);
  snprintf(expected, sizeof expected, "{\"transactionalId\":\"eagre-id-%s\",\"messages\":1}",
           topic_of(state));
  assert_string_equal(pieces[0].data, expected);
  assert_int_equal(commit_epoch(fixture, 0, "a", pieces), EAGRE_OK);
  assert_int_equal(commit_epoch(fixture, 0, "a", pieces), EAGRE_OK); /* it has it */
  check_failure(fixture, commit_epoch(fixture, 0, "b", pieces), EAGRE_IO,
                "KAFKA_TRANSACTION_ABORTED");
  run_epoch(fixture, 1, "c", "{\"value\":\"w\",\"partition\":1}\n");
  run_epoch(fixture, 2, "d", "");
  assert_string_equal(read_messages(state, topic_of(state), 0, 1), "0 - v\n");
  assert_string_equal(read_messages(state, topic_of(state), 1, 1), "1 - w\n");
  end(state);
}

static void an_attempt_that_was_given_up_is_aborted(void **state) {
  struct cluster *cluster = *state;
  struct fixture *fixture = begin_exact(state);
  struct eagre_buffer piece = {0};
  start_exact(fixture);
  begin_epoch(fixture, 0, "a");
  eagre_kafka_mock_fail_requests(cluster->mock, PRODUCE, TOPIC_AUTHORIZATION_FAILED, 1);
  assert_int_equal(write_lines(fixture, 0, "{\"value\":\"lost\",\"partition\":0}\n"), EAGRE_OK);
  check_failure(fixture, eagre_sink_writer_prepare(fixture->writers[0], &piece, &fixture->error),
                EAGRE_IO, "KAFKA_DELIVERY_FAILED");
  eagre_sink_writer_abort(fixture->writers[0]);
  run_epoch(fixture, 0, "b", "{\"value\":\"kept\",\"partition\":0}\n");
  assert_string_equal(read_messages(state, topic_of(state), 0, 1), "0 - kept\n");
  end(state);
}

static void refuses_what_transactions_cannot_do(void **state) {
  struct fixture *fixture = begin_exact(state);
  add_option(fixture, "kafka.acks", "1");
  check_failure(fixture, try_open(fixture), EAGRE_USAGE, "INVALID_KAFKA_SETTING");
  end(state);
}

int run_kafka_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_keys_values_and_partitions),
      cmocka_unit_test(chooses_partitions_as_java_does),
      cmocka_unit_test(takes_topics_from_the_rows),
      cmocka_unit_test(lets_the_option_win_over_the_column),
      cmocka_unit_test(refuses_a_row_without_topic),
      cmocka_unit_test(refuses_a_negative_partition),
      cmocka_unit_test(refuses_columns_as_spark_does),
      cmocka_unit_test(refuses_settings_that_are_ours),
      cmocka_unit_test(tells_failed_deliveries_and_begins_anew),
      cmocka_unit_test(knows_nothing_of_earlier_epochs),
      cmocka_unit_test(sends_small_batches_together),
      cmocka_unit_test(sends_what_is_enough),
      cmocka_unit_test(lets_no_large_messages_wait),
      cmocka_unit_test(forgets_what_waits_with_its_attempt),
      cmocka_unit_test(reads_markers),
      cmocka_unit_test(an_epoch_is_a_transaction),
      cmocka_unit_test(an_attempt_that_was_given_up_is_aborted),
      cmocka_unit_test(refuses_what_transactions_cannot_do),
  };
  return cmocka_run_group_tests_name("kafka", tests, open_cluster, close_cluster);
}
