/* The consumer against the mock cluster, by librdkafka and by the native client: every record once
 * and in order, in groups of one origin. */
#include "test_kafka.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ALL_PARTS = EAGRE_KAFKA_KEY | EAGRE_KAFKA_VALUE | EAGRE_KAFKA_TIMESTAMP };

/* Who fetches in the group of tests that runs. */
static enum eagre_kafka_fetcher fetcher;

static struct eagre_kafka_consumer *open_consumer(struct fixture *fixture,
                                                  struct eagre_kafka_consumer_options options) {
  struct eagre_kafka_consumer *consumer = NULL;
  options.settings = &fixture->settings;
  options.fetcher = fetcher;
  if (options.parts == 0) options.parts = ALL_PARTS;
  assert_ok(fixture, eagre_kafka_consumer_open(&options, &consumer, &fixture->error));
  return consumer;
}

static void assign(struct fixture *fixture, struct eagre_kafka_consumer *consumer,
                   int32_t partition, int64_t begin, int64_t end) {
  struct eagre_kafka_range range = {fixture->topic, partition, begin, end};
  assert_ok(fixture, eagre_kafka_consumer_assign(consumer, &range, 1, &fixture->error));
}

/* Waits for the next records as a core does: on the descriptor. */
static enum eagre_status read_next(struct fixture *fixture, struct eagre_kafka_consumer *consumer,
                                   struct eagre_kafka_records *out) {
  for (;;) {
    enum eagre_status status =
        eagre_kafka_consumer_read(consumer, &fixture->arena, out, &fixture->error);
    if (status != EAGRE_AGAIN) return status;
    struct pollfd wait = {eagre_kafka_consumer_descriptor(consumer), POLLIN, 0};
    poll(&wait, 1, 20);
  }
}

/* Reads to the end; checks that partition `p` gave its offsets next[p], next[p] + 1, ... with the
 * values they were written with. */
static uint32_t read_all(struct fixture *fixture, struct eagre_kafka_consumer *consumer,
                         int64_t *next) {
  struct eagre_kafka_records records;
  uint32_t count = 0;
  enum eagre_status status;
  while ((status = read_next(fixture, consumer, &records)) == EAGRE_OK) {
    for (uint32_t i = 0; i < records.count; i++) {
      char expected[32];
      int64_t offset = next[records.partition]++;
      assert_int_equal(records.offsets[i], offset);
      snprintf(expected, sizeof expected, "v%d", (int)offset);
      assert_true(eagre_text_equal_string(records.values[i], expected));
      expected[0] = 'k';
      assert_true(eagre_text_equal_string(records.keys[i], expected));
      assert_true(records.timestamps_ms[i] > 1600000000000);
      assert_int_equal(records.timestamp_types[i], 0);
    }
    count += records.count;
    assert_null(records.key_validity);
    assert_null(records.value_validity);
    eagre_kafka_records_release(records.lease);
  }
  if (status != EAGRE_END) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
  return count;
}

static void reads_all_partitions_to_their_ends(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 3);
  const uint32_t counts[] = {5000, 0, 12000};
  for (int32_t i = 0; i < 3; i++) {
    if (counts[i] > 0) produce(fixture, i, 0, counts[i]);
  }
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  struct eagre_kafka_range ranges[3];
  for (int32_t i = 0; i < 3; i++) {
    ranges[i] = (struct eagre_kafka_range){fixture->topic, i, 0, counts[i]};
  }
  int64_t next[3] = {0};
  assert_ok(fixture, eagre_kafka_consumer_assign(consumer, ranges, 3, &fixture->error));
  assert_int_equal(read_all(fixture, consumer, next), 17000);
  assert_int_equal(next[0], 5000);
  assert_int_equal(next[2], 12000);
  eagre_kafka_consumer_close(consumer);
}

static void ends_where_the_range_ends_and_goes_on(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  produce(fixture, 0, 0, 1000);
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  int64_t next[1] = {0};
  const int64_t ends[] = {0, 1, 1, 500, 999, 1000};
  for (size_t i = 0; i < EAGRE_COUNT_OF(ends); i++) {
    int64_t begin = next[0];
    assign(fixture, consumer, 0, begin, ends[i]);
    assert_int_equal(read_all(fixture, consumer, next), ends[i] - begin);
  }
  eagre_kafka_consumer_close(consumer);
}

/* Reads a range without end until `position` is reached and the broker has shown its end. */
static void read_open(struct fixture *fixture, struct eagre_kafka_consumer *consumer,
                      int64_t position) {
  struct eagre_arena arena = {0};
  struct eagre_text topic = {0};
  while (eagre_kafka_consumer_reached(consumer, fixture->topic, 0) < position ||
         eagre_kafka_consumer_is_behind(consumer, fixture->topic, 0, &topic)) {
    struct eagre_kafka_records records;
    enum eagre_status status =
        eagre_kafka_consumer_read(consumer, &arena, &records, &fixture->error);
    if (status == EAGRE_OK) eagre_kafka_records_release(records.lease);
    if (status != EAGRE_AGAIN) assert_ok(fixture, status);
    eagre_arena_reset(&arena);
  }
  assert_int_equal(eagre_kafka_consumer_reached(consumer, fixture->topic, 0), position);
  assert_true(eagre_text_equal(topic, fixture->topic));
  eagre_arena_done(&arena);
}

/* Nobody is heard of at first: there may be something. */
static void a_range_without_end_goes_on_with_what_comes(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  produce(fixture, 0, 0, 1000);
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  struct eagre_text topic = {0};
  assign(fixture, consumer, 0, 10, EAGRE_KAFKA_NO_END);
  assert_true(eagre_kafka_consumer_is_behind(consumer, fixture->topic, 0, &topic));
  assert_int_equal(eagre_kafka_consumer_reached(consumer, fixture->topic, 0), 10);
  read_open(fixture, consumer, 1000);
  produce(fixture, 0, 1000, 5);
  assign(fixture, consumer, 0, 1000, EAGRE_KAFKA_NO_END);
  read_open(fixture, consumer, 1005);
  eagre_kafka_consumer_close(consumer);
}

static void begins_anew_at_another_offset(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  produce(fixture, 0, 0, 1000);
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  const int64_t begins[] = {700, 100, 999, 0};
  for (size_t i = 0; i < EAGRE_COUNT_OF(begins); i++) {
    int64_t next[1] = {begins[i]};
    assign(fixture, consumer, 0, begins[i], 1000);
    assert_int_equal(read_all(fixture, consumer, next), 1000 - begins[i]);
  }
  eagre_kafka_consumer_close(consumer);
}

static void bounds_a_read_by_records_and_bytes(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  produce(fixture, 0, 100, 200); /* 8 bytes of key and value each */
  struct eagre_kafka_records records;
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){.record_count_max = 7});
  assign(fixture, consumer, 0, 0, 200);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_OK);
  assert_int_equal(records.count, 7);
  assert_int_equal(records.size_bytes, 56);
  eagre_kafka_records_release(records.lease);
  eagre_kafka_consumer_close(consumer);

  consumer = open_consumer(fixture, (struct eagre_kafka_consumer_options){.read_size_bytes = 17});
  assign(fixture, consumer, 0, 0, 200);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_OK);
  assert_int_equal(records.count, 2);
  eagre_kafka_records_release(records.lease);
  eagre_kafka_consumer_close(consumer);

  consumer = open_consumer(fixture, (struct eagre_kafka_consumer_options){.read_size_bytes = 1});
  assign(fixture, consumer, 0, 0, 200);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_OK);
  assert_int_equal(records.count, 1);
  eagre_kafka_records_release(records.lease);
  eagre_kafka_consumer_close(consumer);
}

/* The descriptor tells of records that come while nobody reads. */
static void wakes_by_its_descriptor(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_records records;
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  assign(fixture, consumer, 0, 0, 1);
  struct pollfd wait = {eagre_kafka_consumer_descriptor(consumer), POLLIN, 0};
  int looks = 0; /* at the end of the partition, at empty answers */
  while (looks++ < 10 && eagre_kafka_consumer_read(consumer, &fixture->arena, &records,
                                                   &fixture->error) == EAGRE_AGAIN) {
    poll(&wait, 1, 300);
  }
  produce(fixture, 0, 0, 1);
  assert_int_equal(poll(&wait, 1, 5000), 1);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_OK);
  assert_int_equal(records.count, 1);
  eagre_kafka_records_release(records.lease);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_END);
  eagre_kafka_consumer_close(consumer);
}

/* What lies behind a range that was read shows without an assignment, and is not lost to it. */
static void looks_ahead_of_its_ranges(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 2);
  produce(fixture, 0, 0, 3);
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  int64_t next[2] = {0};
  const struct eagre_kafka_range first[] = {{fixture->topic, 0, 0, 3}, {fixture->topic, 1, 0, 0}};
  assert_ok(fixture, eagre_kafka_consumer_assign(consumer, first, 2, &fixture->error));
  assert_int_equal(read_all(fixture, consumer, next), 3);
  struct pollfd wait = {eagre_kafka_consumer_descriptor(consumer), POLLIN, 0};
  for (int looks = 0; looks < 10 && poll(&wait, 1, 300) > 0; looks++) { /* ends, empty answers */
    assert_false(eagre_kafka_consumer_look_ahead(consumer));
  }
  assert_false(eagre_kafka_consumer_look_ahead(consumer));
  produce(fixture, 1, 0, 4);
  assert_int_equal(poll(&wait, 1, 5000), 1);
  while (!eagre_kafka_consumer_look_ahead(consumer)) {
    poll(&wait, 1, 20);
  }
  assert_true(eagre_kafka_consumer_look_ahead(consumer));
  const struct eagre_kafka_range second[] = {{fixture->topic, 0, 3, 3}, {fixture->topic, 1, 0, 4}};
  assert_ok(fixture, eagre_kafka_consumer_assign(consumer, second, 2, &fixture->error));
  assert_int_equal(read_all(fixture, consumer, next), 4);
  assert_false(eagre_kafka_consumer_look_ahead(consumer));
  eagre_kafka_consumer_close(consumer);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* 60,000 messages through a queue of 4,096: without nudges each of 14 refills waits a second for
 * the broker's thread to look again. */
static void does_not_stall_when_the_queue_was_full(void **state) {
  struct fixture *fixture = *state;
  enum { COUNT = 60000 };
  create_topic(fixture, 1);
  produce(fixture, 0, 0, COUNT);
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){.queue_size_bytes = 1 << 20,
                                                                   .record_count_max = 512});
  int64_t next[1] = {0};
  double begin = seconds();
  assign(fixture, consumer, 0, 0, COUNT);
  assert_int_equal(read_all(fixture, consumer, next), COUNT);
  assert_true(seconds() - begin < 10);
  eagre_kafka_consumer_close(consumer);
}

/* Partition 0 is far ahead of its range; what is held of it is bounded, nothing of it is lost. */
static void stops_partitions_that_hold_too_much(void **state) {
  struct fixture *fixture = *state;
  enum { MANY = 90000 };
  create_topic(fixture, 2);
  produce(fixture, 0, 0, MANY);
  produce(fixture, 1, 0, MANY);
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){.queue_size_bytes = 1 << 20});
  int64_t next[2] = {0};
  const struct eagre_kafka_range first[] = {{fixture->topic, 0, 0, 10},
                                            {fixture->topic, 1, 0, MANY}};
  assert_ok(fixture, eagre_kafka_consumer_assign(consumer, first, 2, &fixture->error));
  assert_int_equal(read_all(fixture, consumer, next), MANY + 10);
  const struct eagre_kafka_range second[] = {{fixture->topic, 0, 10, MANY},
                                             {fixture->topic, 1, MANY, MANY}};
  assert_ok(fixture, eagre_kafka_consumer_assign(consumer, second, 2, &fixture->error));
  assert_int_equal(read_all(fixture, consumer, next), MANY - 10);
  eagre_kafka_consumer_close(consumer);
}

static void gives_up_partitions_that_are_not_named(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 2);
  produce(fixture, 0, 0, 100);
  produce(fixture, 1, 0, 100);
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  int64_t next[2] = {0};
  assign(fixture, consumer, 0, 0, 50);
  assert_int_equal(read_all(fixture, consumer, next), 50);
  assign(fixture, consumer, 1, 0, 100);
  assert_int_equal(read_all(fixture, consumer, next), 100);
  assign(fixture, consumer, 0, 50, 100);
  assert_int_equal(read_all(fixture, consumer, next), 50);
  eagre_kafka_consumer_close(consumer);
}

static void keeps_records_after_it_is_closed(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  produce(fixture, 0, 0, 100);
  struct eagre_kafka_records records;
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  assign(fixture, consumer, 0, 0, 100);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_OK);
  eagre_kafka_consumer_close(consumer);
  assert_true(eagre_text_equal_string(records.values[0], "v0"));
  eagre_kafka_records_release(records.lease);
}

static void tells_null_from_empty(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_producer *producer = NULL;
  const struct eagre_kafka_message messages[] = {
      {.key = EAGRE_TEXT("k"), .value = {NULL, 0}, .partition = 0},
      {.key = {NULL, 0}, .value = EAGRE_TEXT("v"), .partition = 0},
      {.key = EAGRE_TEXT(""), .value = EAGRE_TEXT(""), .partition = 0},
      {.key = {NULL, 0}, .value = {NULL, 0}, .partition = 0},
  };
  assert_ok(fixture, eagre_kafka_producer_open(&fixture->settings, EAGRE_KAFKA_LINGER_SHORT,
                                               &producer, &fixture->error));
  assert_ok(fixture,
            eagre_kafka_producer_send(producer, fixture->topic, messages, 4, &fixture->error));
  assert_ok(fixture, eagre_kafka_producer_flush(producer, &fixture->error));
  eagre_kafka_producer_close(producer);
  struct eagre_kafka_records records;
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  assign(fixture, consumer, 0, 0, 4);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_OK);
  assert_int_equal(records.count, 4);
  assert_int_equal(records.key_validity[0] & 15, 5);
  assert_int_equal(records.value_validity[0] & 15, 6);
  assert_true(eagre_text_equal_string(records.keys[0], "k"));
  assert_true(eagre_text_equal_string(records.values[1], "v"));
  assert_int_equal(records.values[2].size, 0);
  eagre_kafka_records_release(records.lease);
  eagre_kafka_consumer_close(consumer);
}

/* Run under AddressSanitizer this proves the promise of the door. */
static void leaves_bytes_readable_behind_texts(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  struct eagre_kafka_records records;
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  int64_t begin = 0;
  unsigned sum = 0;
  for (uint32_t count = 1; count <= 20; count++) {
    produce(fixture, 0, 0, count);
    assign(fixture, consumer, 0, begin, begin + count);
    begin += count;
    while (read_next(fixture, consumer, &records) == EAGRE_OK) {
      for (uint32_t i = 0; i < records.count; i++) {
        for (uint32_t behind = 0; behind < 64; behind++) {
          sum += (unsigned char)records.values[i].data[records.values[i].size + behind];
          sum += (unsigned char)records.keys[i].data[records.keys[i].size + behind];
        }
      }
      eagre_kafka_records_release(records.lease);
    }
  }
  assert_true(sum > 0);
  eagre_kafka_consumer_close(consumer);
}

static void fails_after_silence(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  produce(fixture, 0, 0, 10);
  struct eagre_kafka_records records;
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){.silence_timeout_us = 300000});
  int64_t next[1] = {0};
  assign(fixture, consumer, 0, 0, 10);
  assert_int_equal(read_all(fixture, consumer, next), 10);
  assign(fixture, consumer, 0, 10, 11);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "KAFKA_POLL_TIMEOUT");
  assert_place(fixture, ", partition 0, offset 10");
  eagre_kafka_consumer_close(consumer);
}

enum { LOSING_COUNT = 300000 };

/* More than the mock keeps: the beginning is gone. */
static void lose_the_beginning(struct fixture *fixture) {
  create_topic(fixture, 1);
  produce(fixture, 0, 0, LOSING_COUNT);
}

static void stops_when_records_are_gone(void **state) {
  struct fixture *fixture = *state;
  lose_the_beginning(fixture);
  struct eagre_kafka_records records;
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){.fail_on_data_loss = true});
  assign(fixture, consumer, 0, 5, LOSING_COUNT);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE");
  assert_place(fixture, ", partition 0, offset 5");
  eagre_kafka_consumer_close(consumer);
}

static void goes_on_behind_what_is_gone(void **state) {
  struct fixture *fixture = *state;
  lose_the_beginning(fixture);
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  struct eagre_kafka_records records;
  assign(fixture, consumer, 0, 5, LOSING_COUNT);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_OK);
  int64_t first = records.offsets[0];
  assert_true(first > 5);
  int64_t next[1] = {first + records.count};
  eagre_kafka_records_release(records.lease);
  uint32_t count = read_all(fixture, consumer, next);
  assert_int_equal(records.count + count, LOSING_COUNT - first);
  struct eagre_kafka_losses losses = eagre_kafka_consumer_losses(consumer);
  assert_int_equal(losses.out_of_range_count, 1);
  assert_int_equal(losses.lost_offset_count, first - 5);
  /* Nothing of a range is there any more. */
  assign(fixture, consumer, 0, 5, 20);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_END);
  assert_int_equal(eagre_kafka_consumer_losses(consumer).lost_offset_count, first - 5 + 15);
  eagre_kafka_consumer_close(consumer);
}

enum { FETCH = 1, TOPIC_AUTHORIZATION_FAILED = 29 };

/* Leaders that move, and brokers that are not ready, are asked again. */
static void asks_again_after_troubles_that_pass(void **state) {
  struct fixture *fixture = *state;
  static const int troubles[] = {6, 5, 9, 7}; /* not the leader, none, no replica, timed out */
  create_topic(fixture, 2);
  produce(fixture, 0, 0, 1000);
  produce(fixture, 1, 0, 1000);
  for (size_t i = 0; i < EAGRE_COUNT_OF(troubles); i++) {
    eagre_kafka_mock_fail_requests(fixture->mock, FETCH, troubles[i], 1);
  }
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  int64_t next[2] = {0};
  const struct eagre_kafka_range ranges[] = {{fixture->topic, 0, 0, 1000},
                                             {fixture->topic, 1, 0, 1000}};
  assert_ok(fixture, eagre_kafka_consumer_assign(consumer, ranges, 2, &fixture->error));
  assert_int_equal(read_all(fixture, consumer, next), 2000);
  eagre_kafka_consumer_close(consumer);
}

/* Records that were given stay, a question that was under way is asked again. */
static void goes_on_when_brokers_come_back(void **state) {
  struct fixture *fixture = *state;
  create_topic(fixture, 1);
  produce(fixture, 0, 0, 500);
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  int64_t next[1] = {0};
  struct eagre_kafka_records records;
  assign(fixture, consumer, 0, 0, 500);
  assert_int_equal(read_all(fixture, consumer, next), 500);
  set_cluster_up(fixture, false);
  assign(fixture, consumer, 0, 500, 700);
  for (int looks = 0; looks < 20; looks++) {
    assert_int_equal(
        eagre_kafka_consumer_read(consumer, &fixture->arena, &records, &fixture->error),
        EAGRE_AGAIN);
    struct pollfd wait = {eagre_kafka_consumer_descriptor(consumer), POLLIN, 0};
    poll(&wait, 1, 20);
  }
  set_cluster_up(fixture, true);
  produce(fixture, 0, 500, 200);
  assert_int_equal(read_all(fixture, consumer, next), 200);
  eagre_kafka_consumer_close(consumer);
}

static void refuses_settings_it_cannot_read_with(void **state) {
  struct fixture *fixture = *state;
  struct eagre_kafka_consumer *consumer = NULL;
  struct eagre_kafka_consumer_options options = {.settings = &fixture->settings};
  add_setting(fixture, "client.rack", "a");
  options.fetcher = EAGRE_KAFKA_NATIVE;
  assert_int_equal(eagre_kafka_consumer_open(&options, &consumer, &fixture->error), EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "UNSUPPORTED_KAFKA_CLIENT");
  assert_null(consumer);
  options.fetcher = EAGRE_KAFKA_AUTO;
  assert_ok(fixture, eagre_kafka_consumer_open(&options, &consumer, &fixture->error));
  eagre_kafka_consumer_close(consumer);
}

/* A broker that is too old for the native client: librdkafka takes over, or the reader is told. */
static void hands_over_to_librdkafka(void **state) {
  struct fixture *fixture = *state;
  struct eagre_kafka_records records;
  int64_t next[1] = {0};
  create_topic(fixture, 1);
  produce(fixture, 0, 0, 1000);
  eagre_kafka_mock_limit_versions(fixture->mock, FETCH, 0, 3);
  fetcher = EAGRE_KAFKA_NATIVE;
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  assign(fixture, consumer, 0, 0, 1000);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "UNSUPPORTED_KAFKA_BROKER");
  eagre_kafka_consumer_close(consumer);
  fetcher = EAGRE_KAFKA_AUTO;
  consumer = open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  assign(fixture, consumer, 0, 0, 1000);
  assert_int_equal(read_all(fixture, consumer, next), 1000);
  eagre_kafka_consumer_close(consumer);
  eagre_kafka_mock_limit_versions(fixture->mock, FETCH, 0, 11);
}

static void fails_where_reading_is_forbidden(void **state) {
  struct fixture *fixture = *state;
  struct eagre_kafka_records records;
  create_topic(fixture, 1);
  produce(fixture, 0, 0, 10);
  eagre_kafka_mock_fail_requests(fixture->mock, FETCH, TOPIC_AUTHORIZATION_FAILED, 1);
  struct eagre_kafka_consumer *consumer =
      open_consumer(fixture, (struct eagre_kafka_consumer_options){0});
  assign(fixture, consumer, 0, 0, 10);
  assert_int_equal(read_next(fixture, consumer, &records), EAGRE_IO);
  assert_string_equal(fixture->error.class_name, "KAFKA_AUTHORIZATION_FAILED");
  assert_place(fixture, ", partition 0, offset 0");
  eagre_kafka_consumer_close(consumer);
}

static int run_tests_with(enum eagre_kafka_fetcher which, const char *name) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(reads_all_partitions_to_their_ends),
      FIXTURE_TEST(ends_where_the_range_ends_and_goes_on),
      FIXTURE_TEST(a_range_without_end_goes_on_with_what_comes),
      FIXTURE_TEST(begins_anew_at_another_offset),
      FIXTURE_TEST(bounds_a_read_by_records_and_bytes),
      FIXTURE_TEST(wakes_by_its_descriptor),
      FIXTURE_TEST(looks_ahead_of_its_ranges),
      FIXTURE_TEST(does_not_stall_when_the_queue_was_full),
      FIXTURE_TEST(stops_partitions_that_hold_too_much),
      FIXTURE_TEST(gives_up_partitions_that_are_not_named),
      FIXTURE_TEST(keeps_records_after_it_is_closed),
      FIXTURE_TEST(tells_null_from_empty),
      FIXTURE_TEST(leaves_bytes_readable_behind_texts),
      FIXTURE_TEST(fails_after_silence),
      FIXTURE_TEST(stops_when_records_are_gone),
      FIXTURE_TEST(goes_on_behind_what_is_gone),
      FIXTURE_TEST(asks_again_after_troubles_that_pass),
      FIXTURE_TEST(goes_on_when_brokers_come_back),
      FIXTURE_TEST(fails_where_reading_is_forbidden),
  };
  fetcher = which;
  return _cmocka_run_group_tests(name, tests, EAGRE_COUNT_OF(tests), open_fixture, close_fixture);
}

static int run_tests_of_choice(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(refuses_settings_it_cannot_read_with),
      FIXTURE_TEST(hands_over_to_librdkafka),
  };
  return cmocka_run_group_tests_name("consumer, choice", tests, open_fixture, close_fixture);
}

int run_consumer_tests(void) {
  return run_tests_with(EAGRE_KAFKA_LIBRDKAFKA, "consumer, librdkafka") +
         run_tests_with(EAGRE_KAFKA_NATIVE, "consumer, native") + run_tests_of_choice();
}
