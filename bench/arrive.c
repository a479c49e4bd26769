/* Takes the time at which records arrive in a topic, against the time they were due (pace.c).
 *
 *   arrive BROKERS TOPIC PARTITION_COUNT FROM_US UNTIL_US END_US
 *
 * Reads the topic from its beginning until the clock says END_US; times are us since 1970.
 * The first member "us" of a record says when it was due; those due in [FROM_US, UNTIL_US) count.
 * Prints a JSON object: their number, percentiles and maximum of the latency in microseconds. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/base.h"

enum { WAIT_MS = 100 };

struct arrivals {
  int64_t from_us;
  int64_t until_us;
  int64_t end_us;
  struct eagre_histogram latency_us;
};

static const struct {
  const char *name;
  double fraction;
} percentiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999},
};

static void fail(const char *what, const char *why) {
  fprintf(stderr, "arrive: %s: %s\n", what, why);
  exit(1);
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char error[256];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
    fail(name, error);
  }
}

static rd_kafka_queue_t *open_topic(const char *brokers, const char *topic, int partition_count) {
  char error[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", brokers);
  set(conf, "group.id", "arrive");
  set(conf, "enable.auto.commit", "false");
  set(conf, "fetch.wait.max.ms", "100");
  rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (consumer == NULL) fail("consumer", error);
  rd_kafka_topic_t *handle = rd_kafka_topic_new(consumer, topic, NULL);
  rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer);
  for (int i = 0; i < partition_count; i++) {
    if (rd_kafka_consume_start_queue(handle, i, RD_KAFKA_OFFSET_BEGINNING, queue) != 0) {
      fail("partition", rd_kafka_err2str(rd_kafka_last_error()));
    }
  }
  return queue;
}

/* When the record was due. */
static int64_t read_due_us(const rd_kafka_message_t *message) {
  static const char name[] = "\"us\":";
  const char *found = memmem(message->payload, message->len, name, sizeof name - 1);
  if (found == NULL) fail("record", "has no member us");
  const char *end = (const char *)message->payload + message->len;
  int64_t due_us = 0;
  for (found += sizeof name - 1; found < end && *found >= '0' && *found <= '9'; found++) {
    due_us = due_us * 10 + (*found - '0');
  }
  return due_us;
}

static void take_record(struct arrivals *arrivals, const rd_kafka_message_t *message) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) fail("record", rd_kafka_message_errstr(message));
  int64_t due_us = read_due_us(message);
  if (due_us < arrivals->from_us || due_us >= arrivals->until_us) return;
  int64_t now = now_us();
  eagre_histogram_add(&arrivals->latency_us, now < due_us ? 0 : (uint64_t)(now - due_us), 1);
}

static void print(const struct arrivals *arrivals) {
  printf("{\"count\":%" PRIu64, arrivals->latency_us.count);
  for (size_t i = 0; i < EAGRE_COUNT_OF(percentiles); i++) {
    printf(",\"%s\":%" PRIu64, percentiles[i].name,
           eagre_histogram_percentile(&arrivals->latency_us, percentiles[i].fraction));
  }
  printf(",\"max\":%" PRIu64 "}\n", arrivals->latency_us.maximum);
}

int main(int argc, char **argv) {
  static struct arrivals arrivals;
  if (argc != 7) {
    fprintf(stderr, "usage: arrive BROKERS TOPIC PARTITION_COUNT FROM_US UNTIL_US END_US\n");
    return 2;
  }
  arrivals.from_us = strtoll(argv[4], NULL, 10);
  arrivals.until_us = strtoll(argv[5], NULL, 10);
  arrivals.end_us = strtoll(argv[6], NULL, 10);
  eagre_histogram_init(&arrivals.latency_us);
  rd_kafka_queue_t *queue = open_topic(argv[1], argv[2], (int)strtol(argv[3], NULL, 10));
  while (now_us() < arrivals.end_us) {
    rd_kafka_message_t *message = rd_kafka_consume_queue(queue, WAIT_MS);
    if (message == NULL) continue;
    take_record(&arrivals, message);
    rd_kafka_message_destroy(message);
  }
  print(&arrivals);
  /* As rival_librdkafka.c: the kernel takes the rest back. */
  fflush(stdout);
  _Exit(0);
}
