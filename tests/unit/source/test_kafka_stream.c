/* The Kafka source as the protocol uses it, against the mock cluster. */
#include "test_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kafka/kafka.h"

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

/* A stream over a new topic of its own. */
static struct fixture *begin(void **state, uint32_t partition_count) {
  struct cluster *cluster = *state;
  assert_int_equal(open_fixture(&cluster->fixture), 0);
  struct fixture *fixture = cluster->fixture;
  snprintf(cluster->topic, sizeof cluster->topic, "t%u", cluster->test_count++);
  assert_int_equal(
      eagre_kafka_mock_create_topic(cluster->mock, cluster->topic, partition_count, NULL),
      EAGRE_OK);
  plan_kafka(fixture, eagre_kafka_mock_brokers(cluster->mock));
  add_option(fixture, "subscribe", cluster->topic);
  return fixture;
}

static void end(void **state) {
  struct cluster *cluster = *state;
  close_fixture(&cluster->fixture);
}

static void produce(void **state, int32_t partition, uint32_t first, uint32_t count) {
  struct cluster *cluster = *state;
  struct fixture *fixture = cluster->fixture;
  const struct eagre_kafka_settings settings = {
      .brokers = eagre_text_of(eagre_kafka_mock_brokers(cluster->mock))};
  struct eagre_kafka_producer *producer = NULL;
  struct eagre_kafka_message *messages =
      eagre_arena_allocate(&fixture->arena, count * sizeof *messages);
  for (uint32_t i = 0; i < count; i++) {
    messages[i] = (struct eagre_kafka_message){
        .value = eagre_arena_printf(&fixture->arena, "v%u", first + i), .partition = partition};
  }
  enum eagre_status status =
      eagre_kafka_producer_open(&settings, EAGRE_KAFKA_LINGER_SHORT, &producer, &fixture->error);
  if (status == EAGRE_OK) {
    status = eagre_kafka_producer_send(producer, eagre_text_of(cluster->topic), messages, count,
                                       &fixture->error);
  }
  if (status == EAGRE_OK) status = eagre_kafka_producer_flush(producer, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s", fixture->error.text);
  eagre_kafka_producer_close(producer);
}

/* "{"TOPIC":TAIL}" */
static const char *position(void **state, const char *tail) {
  struct cluster *cluster = *state;
  struct fixture *fixture = cluster->fixture;
  return eagre_arena_printf(&fixture->arena, "{\"%s\":%s}", cluster->topic, tail).data;
}

static struct eagre_text start(struct fixture *fixture) {
  struct eagre_text text;
  enum eagre_status status =
      eagre_source_start(fixture->source, &fixture->arena, &text, &fixture->error);
  if (status != EAGRE_OK) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
  return text;
}

static const struct eagre_source_limits no_limits;

/* ---- Positions ------------------------------------------------------------------------------- */

static void writes_the_first_position_once(void **state) {
  struct fixture *fixture = begin(state, 2);
  struct eagre_buffer content = {0};
  produce(state, 1, 0, 3);
  open_stream(fixture);
  assert_string_equal(eagre_source_description(fixture->source),
                      eagre_arena_printf(&fixture->arena, "KafkaV2[Subscribe[%s]]",
                                         ((struct cluster *)*state)->topic)
                          .data);
  assert_text(start(fixture), position(state, "{\"0\":0,\"1\":3}"));
  assert_int_equal(
      eagre_checkpoint_read_source(fixture->checkpoint, 0, "0", &content, &fixture->error),
      EAGRE_OK);
  assert_memory_equal(content.data, "\0v1\n{", 5);
  eagre_buffer_done(&content);
  produce(state, 1, 3, 4);
  close_stream(fixture);
  open_stream(fixture);
  assert_text(start(fixture), position(state, "{\"0\":0,\"1\":3}"));
  end(state);
}

static void refuses_a_damaged_first_position(void **state) {
  struct fixture *fixture = begin(state, 1);
  struct eagre_text text;
  open_stream(fixture);
  assert_int_equal(eagre_checkpoint_write_source(fixture->checkpoint, 0, "0",
                                                 EAGRE_TEXT("\0v2\n{}"), &fixture->error),
                   EAGRE_OK);
  assert_int_equal(eagre_source_start(fixture->source, &fixture->arena, &text, &fixture->error),
                   EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "MALFORMED_LOG_FILE");
  end(state);
}

static void resolves_specific_offsets(void **state) {
  struct fixture *fixture = begin(state, 3);
  produce(state, 0, 0, 5);
  produce(state, 1, 0, 5);
  produce(state, 2, 0, 5);
  add_option(fixture, "startingOffsets", position(state, "{\"0\":-1,\"1\":-2,\"2\":3}"));
  open_stream(fixture);
  assert_text(start(fixture), position(state, "{\"0\":5,\"1\":0,\"2\":3}"));
  end(state);
}

static void wants_all_partitions_of_specific_offsets(void **state) {
  struct fixture *fixture = begin(state, 2);
  struct eagre_text text;
  add_option(fixture, "startingOffsets", position(state, "{\"0\":-1}"));
  open_stream(fixture);
  assert_int_equal(eagre_source_start(fixture->source, &fixture->arena, &text, &fixture->error),
                   EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED");
  end(state);
}

/* ---- Epochs ---------------------------------------------------------------------------------- */

static void reads_epoch_after_epoch(void **state) {
  struct fixture *fixture = begin(state, 3);
  fixture->core_count = 2;
  add_option(fixture, "startingOffsets", "earliest");
  open_stream(fixture);
  struct eagre_text at = start(fixture);
  struct step step = plan_step(fixture, at, no_limits);
  assert_false(step.has_new);
  assert_text(step.end, position(state, "{\"0\":0,\"1\":0,\"2\":0}"));
  for (uint32_t epoch = 0; epoch < 3; epoch++) {
    produce(state, 0, epoch * 10, 10);
    produce(state, 2, epoch, 1);
    step = plan_step(fixture, at, no_limits);
    assert_true(step.has_new);
    assert_int_equal(count_lines(read_range(fixture, at, step.end)), 11);
    at = step.end;
  }
  assert_text(at, position(state, "{\"0\":30,\"1\":0,\"2\":3}"));
  end(state);
}

static void gives_all_columns(void **state) {
  struct fixture *fixture = begin(state, 1);
  char expected[256];
  produce(state, 0, 7, 1);
  add_option(fixture, "startingOffsets", "earliest");
  open_stream(fixture);
  struct eagre_text at = start(fixture);
  const char *row = read_range(fixture, at, plan_step(fixture, at, no_limits).end);
  snprintf(expected, sizeof expected,
           "{\"value\":\"djc=\",\"topic\":\"%s\",\"partition\":0,\"offset\":0,\"timestamp\":\"20",
           ((struct cluster *)*state)->topic);
  if (strncmp(row, expected, strlen(expected)) != 0) fail_msg("%s", row);
  assert_non_null(strstr(row, "\"timestampType\":0}"));
  end(state);
}

static void fills_wanted_columns_only(void **state) {
  struct fixture *fixture = begin(state, 1);
  static const bool wanted[7] = {[4] = true};
  fixture->plan.wanted = wanted;
  produce(state, 0, 0, 2);
  add_option(fixture, "startingOffsets", "earliest");
  open_stream(fixture);
  struct eagre_text at = start(fixture);
  assert_string_equal(read_range(fixture, at, plan_step(fixture, at, no_limits).end),
                      "{\"offset\":0}\n{\"offset\":1}\n");
  end(state);
}

static void limits_an_epoch(void **state) {
  struct fixture *fixture = begin(state, 4);
  produce(state, 0, 0, 100);
  produce(state, 1, 0, 10);
  produce(state, 2, 0, 1);
  add_option(fixture, "startingOffsets", "earliest");
  add_option(fixture, "maxOffsetsPerTrigger", "10");
  open_stream(fixture);
  struct eagre_text at = start(fixture);
  struct step step = plan_step(fixture, at, no_limits);
  assert_text(step.end, position(state, "{\"0\":9,\"1\":1,\"2\":1,\"3\":0}"));
  assert_int_equal(count_lines(read_range(fixture, at, step.end)), 11);
  struct eagre_buffer metrics = {0};
  eagre_source_metrics(fixture->source, step.end, &metrics);
  assert_string_equal(eagre_buffer_string(&metrics),
                      "\"avgOffsetsBehindLatest\":\"25.0\",\"maxOffsetsBehindLatest\":\"91\","
                      "\"minOffsetsBehindLatest\":\"0\"");
  eagre_buffer_done(&metrics);
  assert_int_equal(eagre_source_lag(fixture->source, step.end), 100);
  const struct eagre_source_limits once = {.ignore_rate = true};
  step = plan_step(fixture, step.end, once);
  assert_text(step.end, position(state, "{\"0\":100,\"1\":10,\"2\":1,\"3\":0}"));
  end(state);
}

static void waits_for_enough_records(void **state) {
  struct fixture *fixture = begin(state, 2);
  const struct eagre_source_limits once = {.ignore_rate = true};
  const struct eagre_source_limits available_now = {.fix_end = true};
  produce(state, 0, 0, 2);
  add_option(fixture, "startingOffsets", "earliest");
  add_option(fixture, "minOffsetsPerTrigger", "6");
  open_stream(fixture);
  struct eagre_text at = start(fixture);
  struct step step = plan_step(fixture, at, no_limits);
  assert_text(step.end, position(state, "{\"0\":2,\"1\":0}")); /* the first one does not wait */
  at = step.end;
  produce(state, 0, 2, 3);
  produce(state, 1, 0, 2);
  step = plan_step(fixture, at, no_limits);
  assert_false(step.has_new);
  assert_text(step.end, position(state, "{\"0\":2,\"1\":0}"));
  assert_true(eagre_source_rest(fixture->source)); /* whatever is there */
  assert_true(plan_step(fixture, at, once).has_new);
  produce(state, 1, 2, 1);
  step = plan_step(fixture, at, no_limits);
  assert_text(step.end, position(state, "{\"0\":5,\"1\":3}"));
  assert_false(eagre_source_rest(fixture->source));
  produce(state, 1, 3, 5);
  step = plan_step(fixture, step.end, available_now);
  assert_false(step.has_new);
  assert_true(step.is_at_fixed_end); /* as Spark, what is too little is left for the next run */
  end(state);
}

static void follows_a_pattern(void **state) {
  struct fixture *fixture = begin(state, 1);
  struct cluster *cluster = *state;
  fixture->plan.options.count -= 1; /* subscribe */
  add_option(fixture, "subscribePattern",
             eagre_arena_printf(&fixture->arena, "^%s-.$", cluster->topic).data);
  open_stream(fixture);
  struct eagre_text at = start(fixture);
  assert_text(at, "{}");
  assert_false(plan_step(fixture, at, no_limits).has_new);
  snprintf(cluster->topic + strlen(cluster->topic), 8, "-a");
  assert_int_equal(eagre_kafka_mock_create_topic(cluster->mock, cluster->topic, 1, NULL), EAGRE_OK);
  produce(state, 0, 0, 3);
  struct step step = {.has_new = false};
  while (!step.has_new) { /* topics are asked for once a second */
    step = plan_step(fixture, at, no_limits);
  }
  assert_text(step.end, position(state, "{\"0\":3}"));
  assert_int_equal(count_lines(read_range(fixture, at, step.end)), 3);
  end(state);
}

/* The mock cluster has no index of times: no record is late enough. */
static void starts_where_no_record_is_late_enough(void **state) {
  struct fixture *fixture = begin(state, 1);
  struct eagre_text text;
  produce(state, 0, 0, 4);
  add_option(fixture, "startingTimestamp", "1700000000000");
  open_stream(fixture);
  assert_int_equal(eagre_source_start(fixture->source, &fixture->arena, &text, &fixture->error),
                   EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "NO_OFFSET_FOR_TIMESTAMP");
  close_stream(fixture);
  add_option(fixture, "startingOffsetsByTimestampStrategy", "latest");
  open_stream(fixture);
  assert_text(start(fixture), position(state, "{\"0\":4}"));
  end(state);
}

static void fixes_the_end_of_available_now(void **state) {
  struct fixture *fixture = begin(state, 1);
  produce(state, 0, 0, 15);
  add_option(fixture, "startingOffsets", "earliest");
  add_option(fixture, "maxOffsetsPerTrigger", "10");
  open_stream(fixture);
  const struct eagre_source_limits available_now = {.fix_end = true};
  struct eagre_text at = start(fixture);
  struct step step = plan_step(fixture, at, available_now);
  assert_text(step.end, position(state, "{\"0\":10}"));
  assert_false(step.is_at_fixed_end);
  produce(state, 0, 15, 15);
  step = plan_step(fixture, step.end, available_now);
  assert_text(step.end, position(state, "{\"0\":15}"));
  assert_true(step.is_at_fixed_end);
  step = plan_step(fixture, step.end, available_now);
  assert_false(step.has_new);
  assert_true(step.is_at_fixed_end);
  end(state);
}

/* The readers of a stream that stay open, as cores keep theirs. */
struct readers {
  struct eagre_source_reader *readers[2];
};

static struct readers open_readers(struct fixture *fixture) {
  struct readers all = {0};
  for (uint32_t core = 0; core < 2; core++) {
    enum eagre_status status = eagre_source_reader_open(fixture->source, core, fixture->io,
                                                        &all.readers[core], &fixture->error);
    if (status != EAGRE_OK) fail_msg("%s", fixture->error.text);
  }
  return all;
}

static void close_readers(struct readers *all) {
  eagre_source_reader_close(all->readers[0]);
  eagre_source_reader_close(all->readers[1]);
}

/* Reads (start, end] to its end; the number of rows. */
static uint32_t read_with(struct fixture *fixture, const struct readers *all,
                          struct eagre_text start, struct eagre_text end) {
  uint32_t count = 0;
  struct eagre_batch *batch = eagre_batch_new();
  enum eagre_status status = eagre_source_assign(fixture->source, start, end, &fixture->error);
  for (uint32_t core = 0; core < 2 && status != EAGRE_IO; core++) {
    status = eagre_source_reader_begin(all->readers[core], &fixture->error);
    while (status == EAGRE_OK || status == EAGRE_AGAIN) {
      status = eagre_source_reader_read(all->readers[core], batch, &fixture->error);
      if (status == EAGRE_OK) count += batch->row_count;
      if (status == EAGRE_AGAIN) eagre_io_wait(fixture->io, 10000);
      eagre_batch_reset(batch);
    }
    if (status != EAGRE_END) fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
  }
  eagre_batch_free(batch);
  return count;
}

/* A plan that finds nothing is followed by a rest, unless so much time has passed since that it is
 * worth another plan. */
static void assert_rests(struct fixture *fixture, struct eagre_text at) {
  for (uint32_t attempt = 0; attempt < 100; attempt++) {
    assert_false(plan_step(fixture, at, no_limits).has_new);
    if (eagre_source_rest(fixture->source)) return;
  }
  fail_msg("never rests");
}

static void rests_until_a_record_comes(void **state) {
  struct fixture *fixture = begin(state, 3);
  fixture->core_count = 2;
  add_option(fixture, "startingOffsets", "earliest");
  open_stream(fixture);
  struct eagre_text at = start(fixture);
  struct readers readers = open_readers(fixture);
  for (uint32_t epoch = 0; epoch < 3; epoch++) {
    /* At first as after a start, without an epoch that was read before. */
    assert_rests(fixture, at);
    produce(state, (int32_t)epoch, 0, 5);
    while (eagre_source_rest(fixture->source)) {
    }
    struct step step = plan_step(fixture, at, no_limits);
    assert_true(step.has_new);
    assert_false(eagre_source_rest(fixture->source));
    assert_int_equal(read_with(fixture, &readers, at, step.end), 5);
    assert_false(eagre_source_rest(fixture->source));
    at = step.end;
  }
  close_readers(&readers);
  end(state);
}

/* Readers that were closed fetch nothing: those that follow them begin again. */
static void rests_with_other_readers_too(void **state) {
  struct fixture *fixture = begin(state, 3);
  fixture->core_count = 2;
  open_stream(fixture);
  struct eagre_text at = start(fixture);
  assert_false(plan_step(fixture, at, no_limits).has_new);
  assert_false(eagre_source_rest(fixture->source)); /* nobody fetches */
  for (uint32_t i = 0; i < 2; i++) {
    struct readers readers = open_readers(fixture);
    assert_rests(fixture, at);
    close_readers(&readers);
  }
  produce(state, 0, 0, 3);
  struct readers readers = open_readers(fixture);
  assert_int_equal(read_with(fixture, &readers, at, plan_step(fixture, at, no_limits).end), 3);
  close_readers(&readers);
  end(state);
}

static void does_not_rest_before_the_end_of_available_now(void **state) {
  struct fixture *fixture = begin(state, 1);
  fixture->core_count = 2;
  open_stream(fixture);
  const struct eagre_source_limits available_now = {.fix_end = true};
  struct eagre_text at = start(fixture);
  struct readers readers = open_readers(fixture);
  assert_false(plan_step(fixture, at, available_now).has_new);
  assert_false(eagre_source_rest(fixture->source));
  close_readers(&readers);
  end(state);
}

/* Reads without an end until `count` rows are there. */
static void read_open(struct fixture *fixture, const struct readers *all, uint32_t count) {
  struct eagre_batch *batch = eagre_batch_new();
  for (uint32_t core = 0; core < 2; core++) {
    assert_int_equal(eagre_source_reader_begin(all->readers[core], &fixture->error), EAGRE_OK);
  }
  for (uint32_t seen = 0; seen < count;) {
    enum eagre_status status = eagre_source_reader_read(all->readers[0], batch, &fixture->error);
    if (status == EAGRE_OK) seen += batch->row_count;
    if (status == EAGRE_AGAIN) eagre_io_wait(fixture->io, 10000);
    if (status != EAGRE_OK && status != EAGRE_AGAIN) fail_msg("%s", fixture->error.text);
    eagre_batch_reset(batch);
  }
  eagre_batch_free(batch);
}

static void assign_open(struct fixture *fixture, struct eagre_text at) {
  if (eagre_source_assign_open(fixture->source, at, &fixture->error) != EAGRE_OK)
    fail_msg("%s: %s", fixture->error.class_name, fixture->error.text);
}

/* What was looked for while an open epoch was read serves the next one: nobody answers then. */
static void goes_on_without_asking_when_it_has_looked(void **state) {
  struct fixture *fixture = begin(state, 1);
  struct cluster *cluster = *state;
  struct eagre_text reached;
  fixture->core_count = 2;
  open_stream(fixture);
  assign_open(fixture, start(fixture));
  struct readers readers = open_readers(fixture);
  produce(state, 0, 0, 2);
  assert_int_equal(eagre_source_look_open(fixture->source, &fixture->error), EAGRE_OK);
  produce(state, 0, 2, 1); /* the broker had less when it was asked */
  read_open(fixture, &readers, 3);
  eagre_kafka_mock_set_up(cluster->mock, 1, false);
  for (uint32_t i = 0; i < 2; i++) {
    assert_int_equal(
        eagre_source_reached(fixture->source, &fixture->arena, &reached, &fixture->error),
        EAGRE_OK);
    assert_text(reached, position(state, "{\"0\":3}"));
    if (i == 0) assign_open(fixture, reached);
  }
  eagre_kafka_mock_set_up(cluster->mock, 1, true);
  assign_open(fixture, reached); /* and asks again */
  produce(state, 0, 3, 4);
  read_open(fixture, &readers, 4);
  close_readers(&readers);
  end(state);
}

/* A topic that came meanwhile is read from its beginning. */
static void finds_a_topic_when_it_looks(void **state) {
  struct fixture *fixture = begin(state, 1);
  struct cluster *cluster = *state;
  struct eagre_text reached = {0};
  fixture->plan.options.count -= 1; /* subscribe */
  add_option(fixture, "subscribePattern",
             eagre_arena_printf(&fixture->arena, "^%s-.$", cluster->topic).data);
  fixture->core_count = 2;
  open_stream(fixture);
  assign_open(fixture, start(fixture));
  struct readers readers = open_readers(fixture);
  read_open(fixture, &readers, 0);
  snprintf(cluster->topic + strlen(cluster->topic), 8, "-a");
  assert_int_equal(eagre_kafka_mock_create_topic(cluster->mock, cluster->topic, 1, NULL), EAGRE_OK);
  produce(state, 0, 0, 3);
  while (reached.size <= 2) { /* topics are asked for once a second */
    assert_int_equal(eagre_source_look_open(fixture->source, &fixture->error), EAGRE_OK);
    assign_open(fixture, EAGRE_TEXT("{}"));
    read_open(fixture, &readers, 0);
    assert_int_equal(
        eagre_source_reached(fixture->source, &fixture->arena, &reached, &fixture->error),
        EAGRE_OK);
  }
  read_open(fixture, &readers, 3);
  close_readers(&readers);
  end(state);
}

/* Spark's order of members is its own; what is equal must be equal as text. */
static void gives_an_equal_position_back_as_it_was(void **state) {
  struct fixture *fixture = begin(state, 2);
  struct eagre_source_plan plan;
  open_stream(fixture);
  struct eagre_text at = eagre_text_of(position(state, "{ \"1\":0, \"0\":0}"));
  assert_int_equal(
      eagre_source_plan(fixture->source, at, &no_limits, &fixture->arena, &plan, &fixture->error),
      EAGRE_OK);
  assert_false(plan.has_new);
  assert_true(eagre_text_equal(plan.end, at));
  assert_true(eagre_text_equal(plan.latest, at));
  end(state);
}

static void runs_a_logged_range_again(void **state) {
  struct fixture *fixture = begin(state, 2);
  produce(state, 0, 0, 10);
  open_stream(fixture);
  /* Partition 1 is new in the range, as after a restart in the middle of an epoch. */
  const char *rows = read_range(fixture, eagre_text_of(position(state, "{\"0\":4}")),
                                eagre_text_of(position(state, "{\"0\":6,\"1\":0}")));
  assert_int_equal(count_lines(rows), 2);
  struct eagre_buffer metrics = {0};
  eagre_source_metrics(fixture->source, eagre_text_of(position(state, "{\"0\":6}")), &metrics);
  assert_int_equal(metrics.size, 0);
  end(state);
}

/* ---- Losses ---------------------------------------------------------------------------------- */

static enum eagre_status plan_from(struct fixture *fixture, const char *from,
                                   struct eagre_source_plan *out) {
  return eagre_source_plan(fixture->source, eagre_text_of(from), &no_limits, &fixture->arena, out,
                           &fixture->error);
}

static void stops_before_anything_is_logged(void **state) {
  struct fixture *fixture = begin(state, 1);
  struct eagre_source_plan plan;
  produce(state, 0, 0, 10);
  add_option(fixture, "fetchOffset.retryIntervalMs", "1");
  open_stream(fixture);
  assert_int_equal(plan_from(fixture, position(state, "{\"0\":11}"), &plan), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED");
  assert_int_equal(plan_from(fixture, position(state, "{\"0\":10,\"1\":5}"), &plan), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "KAFKA_DATA_LOSS.PARTITIONS_DELETED");
  assert_int_equal(plan_from(fixture, position(state, "[1]"), &plan), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "MALFORMED_LOG_FILE");
  end(state);
}

static void goes_on_where_losses_are_accepted(void **state) {
  struct fixture *fixture = begin(state, 1);
  struct eagre_source_plan plan;
  produce(state, 0, 0, 10);
  add_option(fixture, "fetchOffset.retryIntervalMs", "1");
  add_option(fixture, "failOnDataLoss", "false");
  open_stream(fixture);
  const char *from = position(state, "{\"0\":11,\"1\":5}");
  assert_int_equal(plan_from(fixture, from, &plan), EAGRE_OK);
  assert_true(plan.has_new);
  assert_text(plan.end, position(state, "{\"0\":10}"));
  assert_string_equal(read_range(fixture, eagre_text_of(from), plan.end), "");
  end(state);
}

static void stops_a_rerun_whose_end_is_gone(void **state) {
  struct fixture *fixture = begin(state, 1);
  produce(state, 0, 0, 10);
  add_option(fixture, "fetchOffset.numRetries", "0");
  open_stream(fixture);
  enum eagre_status status =
      eagre_source_assign(fixture->source, eagre_text_of(position(state, "{\"0\":3}")),
                          eagre_text_of(position(state, "{\"0\":20}")), &fixture->error);
  assert_int_equal(status, EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE");
  end(state);
}

static void shortens_a_rerun_where_losses_are_accepted(void **state) {
  struct fixture *fixture = begin(state, 1);
  produce(state, 0, 0, 10);
  add_option(fixture, "fetchOffset.numRetries", "0");
  add_option(fixture, "failOnDataLoss", "false");
  open_stream(fixture);
  const char *rows = read_range(fixture, eagre_text_of(position(state, "{\"0\":3}")),
                                eagre_text_of(position(state, "{\"0\":20}")));
  assert_int_equal(count_lines(rows), 7);
  end(state);
}

/* ---- Start-up -------------------------------------------------------------------------------- */

static void names_a_topic_that_is_not_there(void **state) {
  struct fixture *fixture = begin(state, 1);
  fixture->plan.options.count -= 1;
  add_option(fixture, "assign", position(state, "[0,1]"));
  assert_int_equal(open_batch(fixture), EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "UNKNOWN_TOPIC_OR_PARTITION");
  assert_non_null(strstr(fixture->error.text, "-1"));
  end(state);
}

/* ---- Batch ----------------------------------------------------------------------------------- */

static void reads_a_batch(void **state) {
  struct fixture *fixture = begin(state, 2);
  produce(state, 0, 0, 10);
  produce(state, 1, 0, 4);
  add_option(fixture, "startingOffsets", position(state, "{\"0\":8,\"1\":-2}"));
  add_option(fixture, "endingOffsets", position(state, "{\"0\":-1,\"1\":3}"));
  assert_int_equal(open_batch(fixture), EAGRE_OK);
  struct eagre_text at = start(fixture);
  struct step step = plan_step(fixture, at, no_limits);
  assert_text(at, position(state, "{\"0\":8,\"1\":0}"));
  assert_text(step.end, position(state, "{\"0\":10,\"1\":3}"));
  assert_int_equal(count_lines(read_range(fixture, at, step.end)), 5);
  end(state);
}

static void checks_the_ends_of_a_batch(void **state) {
  struct fixture *fixture = begin(state, 1);
  struct eagre_source_plan plan;
  produce(state, 0, 0, 10);
  add_option(fixture, "endingOffsets", position(state, "{\"0\":12}"));
  assert_int_equal(open_batch(fixture), EAGRE_OK);
  assert_int_equal(plan_from(fixture, position(state, "{\"0\":0}"), &plan), EAGRE_UNSAFE);
  assert_string_equal(fixture->error.class_name, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE");
  assert_int_equal(plan_from(fixture, position(state, "{\"0\":13}"), &plan), EAGRE_USAGE);
  assert_string_equal(fixture->error.class_name, "RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET");
  end(state);
}

int run_kafka_stream_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_the_first_position_once),
      cmocka_unit_test(refuses_a_damaged_first_position),
      cmocka_unit_test(resolves_specific_offsets),
      cmocka_unit_test(wants_all_partitions_of_specific_offsets),
      cmocka_unit_test(reads_epoch_after_epoch),
      cmocka_unit_test(gives_all_columns),
      cmocka_unit_test(fills_wanted_columns_only),
      cmocka_unit_test(limits_an_epoch),
      cmocka_unit_test(waits_for_enough_records),
      cmocka_unit_test(follows_a_pattern),
      cmocka_unit_test(starts_where_no_record_is_late_enough),
      cmocka_unit_test(rests_until_a_record_comes),
      cmocka_unit_test(rests_with_other_readers_too),
      cmocka_unit_test(does_not_rest_before_the_end_of_available_now),
      cmocka_unit_test(fixes_the_end_of_available_now),
      cmocka_unit_test(goes_on_without_asking_when_it_has_looked),
      cmocka_unit_test(finds_a_topic_when_it_looks),
      cmocka_unit_test(gives_an_equal_position_back_as_it_was),
      cmocka_unit_test(runs_a_logged_range_again),
      cmocka_unit_test(stops_before_anything_is_logged),
      cmocka_unit_test(goes_on_where_losses_are_accepted),
      cmocka_unit_test(stops_a_rerun_whose_end_is_gone),
      cmocka_unit_test(shortens_a_rerun_where_losses_are_accepted),
      cmocka_unit_test(names_a_topic_that_is_not_there),
      cmocka_unit_test(reads_a_batch),
      cmocka_unit_test(checks_the_ends_of_a_batch),
  };
  return cmocka_run_group_tests_name("kafka_stream", tests, open_cluster, close_cluster);
}
