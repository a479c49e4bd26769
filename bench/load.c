/* Fills files or a topic with events, and says what a query over them must answer.
 *
 *   load files SHAPE DIRECTORY FILE_COUNT EVENT_COUNT EXPECTED
 *   load kafka SHAPE BROKERS TOPIC PARTITION_COUNT EVENT_COUNT EXPECTED
 *   load campaigns FILE
 *
 * SHAPE is ysb, device or words. Event i goes to partition i modulo their number; a file gets a
 * whole stretch of events, so that files are in order of time. At the end of ysb every partition,
 * or the last file, gets one closing event far ahead in time: behind it every counted window is
 * complete. EXPECTED gets what recount.h says. `campaigns` writes the table that ysb joins: a JSON
 * object {"ad_id", "campaign_id"} per line. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

#include "events.h"
#include "recount.h"

enum { CLOSING_MS = 300000, FILE_BUFFER_SIZE = 1 << 20, TIMEOUT_MS = 60000 };

/* Where events go: `place` is the number of the file or partition. */
struct target {
  void (*write)(struct target *target, uint32_t place, struct eagre_text event);
  uint32_t place_count;
  const char *directory;
  FILE *file;
  uint32_t open_place;
  rd_kafka_t *producer;
  rd_kafka_topic_t *topic;
  uint64_t failure_count;
};

static void fail(const char *what, const char *why) {
  fprintf(stderr, "load: %s: %s\n", what, why);
  exit(1);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void close_file(struct target *target) {
  if (target->file != NULL && fclose(target->file) != 0) fail("a file", "cannot be written");
  target->file = NULL;
}

static void open_file(struct target *target, uint32_t place) {
  char path[4096];
  close_file(target);
  snprintf(path, sizeof path, "%s/part-%05" PRIu32 ".json", target->directory, place);
  target->file = fopen(path, "wb");
  if (target->file == NULL) fail(path, "cannot be created");
  setvbuf(target->file, NULL, _IOFBF, FILE_BUFFER_SIZE);
  target->open_place = place;
}

static void write_file(struct target *target, uint32_t place, struct eagre_text event) {
  if (target->file == NULL || target->open_place != place) open_file(target, place);
  fwrite(event.data, 1, event.size, target->file);
  fputc('\n', target->file);
}

/* ---- Kafka ----------------------------------------------------------------------------------- */

static void count_failure(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque) {
  (void)producer;
  struct target *target = opaque;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) target->failure_count++;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char error[256];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
    fail(name, error);
  }
}

static void open_topic(struct target *target, const char *brokers, const char *topic) {
  char error[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", brokers);
  set(conf, "enable.idempotence", "true");
  set(conf, "linger.ms", "20");
  set(conf, "batch.size", "1000000");
  set(conf, "queue.buffering.max.messages", "1000000");
  rd_kafka_conf_set_opaque(conf, target);
  rd_kafka_conf_set_dr_msg_cb(conf, count_failure);
  target->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (target->producer == NULL) fail("producer", error);
  target->topic = rd_kafka_topic_new(target->producer, topic, NULL);
  if (target->topic == NULL) fail(topic, rd_kafka_err2str(rd_kafka_last_error()));
}

static void write_record(struct target *target, uint32_t place, struct eagre_text event) {
  while (rd_kafka_produce(target->topic, (int32_t)place, RD_KAFKA_MSG_F_COPY, (void *)event.data,
                          event.size, NULL, 0, NULL) != 0) {
    rd_kafka_resp_err_t error = rd_kafka_last_error();
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail("record", rd_kafka_err2str(error));
    rd_kafka_poll(target->producer, 10);
  }
  rd_kafka_poll(target->producer, 0);
}

static void close_topic(struct target *target) {
  if (rd_kafka_flush(target->producer, TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail("records", "not acknowledged within a minute");
  }
  if (target->failure_count > 0) fail("records", "not delivered");
  rd_kafka_topic_destroy(target->topic);
  rd_kafka_destroy(target->producer);
}

/* ---- Program --------------------------------------------------------------------------------- */

static uint32_t place_of(const struct target *target, uint64_t number, uint64_t event_count) {
  if (target->producer != NULL) return (uint32_t)(number % target->place_count);
  return (uint32_t)(number * target->place_count / event_count);
}

static void write_closing(struct target *target, uint64_t event_count) {
  struct eagre_buffer text = {0};
  int64_t last_ms =
      BENCH_YSB_START_MS + (int64_t)(event_count * 1000 / BENCH_YSB_EVENTS_PER_SECOND);
  bench_ysb_append_closing(&text, last_ms + CLOSING_MS);
  uint32_t first = target->producer != NULL ? 0 : target->place_count - 1;
  for (uint32_t place = first; place < target->place_count; place++) {
    target->write(target, place, eagre_buffer_text(&text));
  }
  eagre_buffer_done(&text);
}

static void write_events(struct target *target, uint64_t event_count,
                         struct bench_recount *recount) {
  struct bench_generator generator;
  struct eagre_buffer text = {0};
  bench_generator_init(&generator, recount->shape, 1);
  for (uint64_t i = 0; i < event_count; i++) {
    struct bench_event event;
    eagre_buffer_clear(&text);
    bench_generator_append(&generator, &text, &event);
    bench_recount_add(recount, &event, eagre_buffer_text(&text));
    target->write(target, place_of(target, i, event_count), eagre_buffer_text(&text));
  }
  eagre_buffer_done(&text);
}

static void load(struct target *target, enum bench_shape shape, uint64_t event_count,
                 const char *expected_path) {
  struct bench_recount recount;
  bench_recount_init(&recount, shape, event_count);
  write_events(target, event_count, &recount);
  if (shape == BENCH_YSB && event_count > 0) write_closing(target, event_count);
  if (!bench_recount_write(&recount, expected_path)) fail(expected_path, "cannot be written");
  bench_recount_done(&recount);
}

static enum bench_shape parse_shape(const char *name) {
  if (strcmp(name, "ysb") == 0) return BENCH_YSB;
  if (strcmp(name, "device") == 0) return BENCH_DEVICE;
  if (strcmp(name, "words") != 0) fail(name, "no shape: ysb, device, words");
  return BENCH_WORDS;
}

static void write_campaigns(const char *path) {
  FILE *file = fopen(path, "w");
  if (file == NULL) fail(path, "cannot be created");
  for (uint32_t ad = 0; ad < BENCH_YSB_AD_COUNT; ad++) {
    char ad_id[EAGRE_UUID_SIZE], campaign_id[EAGRE_UUID_SIZE];
    bench_ysb_ad_id(ad, ad_id);
    bench_ysb_campaign_id(ad / BENCH_YSB_ADS_PER_CAMPAIGN, campaign_id);
    fprintf(file, "{\"ad_id\":\"%s\",\"campaign_id\":\"%s\"}\n", ad_id, campaign_id);
  }
  if (fclose(file) != 0) fail(path, "cannot be written");
}

static void load_files(char **arguments) {
  struct target target = {.write = write_file,
                          .directory = arguments[1],
                          .place_count = (uint32_t)strtoul(arguments[2], NULL, 10)};
  load(&target, parse_shape(arguments[0]), strtoull(arguments[3], NULL, 10), arguments[4]);
  close_file(&target);
}

static void load_topic(char **arguments) {
  struct target target = {.write = write_record,
                          .place_count = (uint32_t)strtoul(arguments[3], NULL, 10)};
  enum bench_shape shape = parse_shape(arguments[0]);
  open_topic(&target, arguments[1], arguments[2]);
  load(&target, shape, strtoull(arguments[4], NULL, 10), arguments[5]);
  close_topic(&target);
}

int main(int argc, char **argv) {
  if (argc == 7 && strcmp(argv[1], "files") == 0) {
    load_files(argv + 2);
  } else if (argc == 8 && strcmp(argv[1], "kafka") == 0) {
    load_topic(argv + 2);
  } else if (argc == 3 && strcmp(argv[1], "campaigns") == 0) {
    write_campaigns(argv[2]);
  } else {
    fprintf(stderr, "usage: load files SHAPE DIRECTORY FILE_COUNT EVENT_COUNT EXPECTED\n"
                    "       load kafka SHAPE BROKERS TOPIC PARTITION_COUNT EVENT_COUNT EXPECTED\n"
                    "       load campaigns FILE\n");
    return 2;
  }
  return 0;
}
