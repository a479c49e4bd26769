/* The least a consumer over librdkafka can cost: reads a topic to its end through the batch API and
 * touches every record, nothing else.
 *
 *   rival_librdkafka BROKERS TOPIC PARTITION_COUNT
 *
 * Prints "<records> <bytes> <sum of first bytes> <version of jemalloc>"; whoever starts it takes its
 * CPU time. It allocates with jemalloc, as `eagre` does; asking for the version makes sure, because
 * the linker leaves out libraries nobody calls. Partitions are read from the beginning through
 * one queue, without a group. */
#include <inttypes.h>
#include <jemalloc/jemalloc.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH_SIZE = 1000, WAIT_MS = 100, QUERY_TIMEOUT_MS = 30000, PARTITION_COUNT_MAX = 1024 };

struct consumer {
  rd_kafka_t *handle;
  rd_kafka_topic_t *topic;
  rd_kafka_queue_t *queue;
  int32_t partition_count;
  int64_t ends[PARTITION_COUNT_MAX];
  int64_t left_count; /* offsets not seen yet, over all partitions */
  uint64_t record_count;
  uint64_t byte_count;
  uint64_t first_byte_sum;
};

static void fail(const char *what, const char *why) {
  fprintf(stderr, "rival_librdkafka: %s: %s\n", what, why);
  exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char error[256];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
    fail(name, error);
  }
}

static void open_consumer(struct consumer *consumer, const char *brokers, const char *topic) {
  char error[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", brokers);
  set(conf, "group.id", "rival_librdkafka");
  set(conf, "enable.auto.commit", "false");
  set(conf, "fetch.wait.max.ms", "10");
  consumer->handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (consumer->handle == NULL) fail("consumer", error);
  consumer->queue = rd_kafka_queue_new(consumer->handle);
  consumer->topic = rd_kafka_topic_new(consumer->handle, topic, NULL);
}

static void start_partitions(struct consumer *consumer, const char *topic) {
  for (int32_t i = 0; i < consumer->partition_count; i++) {
    int64_t begin = 0;
    rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
        consumer->handle, topic, i, &begin, &consumer->ends[i], QUERY_TIMEOUT_MS);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("offsets", rd_kafka_err2str(error));
    consumer->left_count += consumer->ends[i] - begin;
    if (consumer->ends[i] == begin) continue;
    if (rd_kafka_consume_start_queue(consumer->topic, i, begin, consumer->queue) != 0) {
      fail("partition", rd_kafka_err2str(rd_kafka_last_error()));
    }
  }
}

static void take_record(struct consumer *consumer, rd_kafka_message_t *message) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) fail("record", rd_kafka_message_errstr(message));
  consumer->record_count++;
  consumer->byte_count += message->len;
  consumer->first_byte_sum += message->len == 0 ? 0 : *(const unsigned char *)message->payload;
  consumer->left_count--;
}

static void read_to_end(struct consumer *consumer) {
  rd_kafka_message_t *messages[BATCH_SIZE];
  while (consumer->left_count > 0) {
    size_t wanted = consumer->left_count < BATCH_SIZE ? (size_t)consumer->left_count : BATCH_SIZE;
    ssize_t count = rd_kafka_consume_batch_queue(consumer->queue, WAIT_MS, messages, wanted);
    if (count < 0) fail("read", rd_kafka_err2str(rd_kafka_last_error()));
    for (ssize_t i = 0; i < count; i++) {
      take_record(consumer, messages[i]);
      rd_kafka_message_destroy(messages[i]);
    }
  }
}

static const char *allocator_version(void) {
  const char *version = "unknown";
  size_t size = sizeof version;
  mallctl("version", (void *)&version, &size, NULL, 0);
  return version;
}

int main(int argc, char **argv) {
  static struct consumer consumer;
  if (argc != 4) {
    fprintf(stderr, "usage: rival_librdkafka BROKERS TOPIC PARTITION_COUNT\n");
    return 2;
  }
  consumer.partition_count = (int32_t)strtol(argv[3], NULL, 10);
  if (consumer.partition_count < 1 || consumer.partition_count > PARTITION_COUNT_MAX) {
    fail(argv[3], "no number of partitions");
  }
  open_consumer(&consumer, argv[1], argv[2]);
  start_partitions(&consumer, argv[2]);
  read_to_end(&consumer);
  printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", consumer.record_count, consumer.byte_count,
         consumer.first_byte_sum, allocator_version());
  /* The kernel takes the rest back: an orderly end would be measured, and is no part of reading. */
  fflush(stdout);
  _Exit(0);
}
