/* An open-loop generator: records go out by a schedule that waits for nobody.
 *
 *   pace BROKERS TOPIC PARTITION_COUNT SHAPE START_US RATE COUNT
 *
 * Record i is due START_US + i / RATE s (microseconds since 1970) and says so in its member "us",
 * so that a generator or broker that is late makes the measured latency worse and never better. It
 * goes to partition i modulo their number. SHAPE is suite (1.2 kB: us, id of 10,000, payload),
 * device (the device event behind its us) or ysb, whose event_time is when it was due and whose
 * RATE is a multiple of 4,000: every second holds the same events. Prints a JSON object: how late
 * records were handed to the client, in microseconds, and of ysb how many views a second holds. */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "events.h"

enum { PAYLOAD_SIZE = 1150, ID_COUNT = 10000, ID_STEP = 7919, TIMEOUT_MS = 60000 };
/* Events of ysb are made once: at hundreds of thousands per second, printing them anew would take
 * the CPU that the engine needs. */
enum { YSB_COUNT = 4000, TIME_DIGITS = 13 };

enum shape { SUITE, DEVICE, YSB };
static const char *const shape_names[] = {"suite", "device", "ysb"};

struct ysb_event {
  struct eagre_buffer text;
  char *time; /* TIME_DIGITS of the text */
};

struct pace {
  rd_kafka_t *producer;
  rd_kafka_topic_t *topic;
  uint32_t partition_count;
  enum shape shape;
  int64_t start_us;
  uint64_t rate; /* records per second */
  uint64_t failure_count;
  struct bench_generator generator; /* device */
  struct eagre_buffer text;
  struct eagre_histogram late_us;
  char payload[PAYLOAD_SIZE + 1];
  struct ysb_event events[YSB_COUNT];
  uint64_t view_count; /* of the events */
};

_Noreturn static void fail(const char *what, const char *why) {
  fprintf(stderr, "pace: %s: %s\n", what, why);
  exit(1);
}

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void sleep_until(int64_t time_us) {
  struct timespec time = {.tv_sec = time_us / 1000000, .tv_nsec = time_us % 1000000 * 1000};
  clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL);
}

static void count_failure(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque) {
  (void)producer;
  struct pace *pace = opaque;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) pace->failure_count++;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char error[256];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
    fail(name, error);
  }
}

static void open_topic(struct pace *pace, const char *brokers, const char *topic) {
  char error[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", brokers);
  /* Records of a millisecond, and what comes while five requests are under way, go out together:
   * else every record is a request of its own, and the broker's CPU is what is measured. */
  set(conf, "linger.ms", "1");
  set(conf, "queue.buffering.max.messages", "1000000");
  set(conf, "max.in.flight.requests.per.connection", "5");
  rd_kafka_conf_set_opaque(conf, pace);
  rd_kafka_conf_set_dr_msg_cb(conf, count_failure);
  pace->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (pace->producer == NULL) fail("producer", error);
  pace->topic = rd_kafka_topic_new(pace->producer, topic, NULL);
  if (pace->topic == NULL) fail(topic, rd_kafka_err2str(rd_kafka_last_error()));
}

static void close_topic(struct pace *pace) {
  if (rd_kafka_flush(pace->producer, TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail("records", "not acknowledged within a minute");
  }
  if (pace->failure_count > 0) fail("records", "not delivered");
  rd_kafka_topic_destroy(pace->topic);
  rd_kafka_destroy(pace->producer);
}

static int64_t due_us(const struct pace *pace, uint64_t number) {
  return pace->start_us + (int64_t)(number * 1000000 / pace->rate);
}

static void make_ysb_events(struct pace *pace) {
  static const char name[] = "\"event_time\":\"";
  bench_generator_init(&pace->generator, BENCH_YSB, 1);
  for (size_t i = 0; i < YSB_COUNT; i++) {
    struct ysb_event *event = &pace->events[i];
    struct bench_event said;
    bench_generator_append(&pace->generator, &event->text, &said);
    event->time = memmem(event->text.data, event->text.size, name, sizeof name - 1);
    if (event->time == NULL) fail("event", "has no event_time");
    event->time += sizeof name - 1;
    pace->view_count += said.ysb.is_view;
  }
}

static struct eagre_text make_ysb_record(struct pace *pace, uint64_t number) {
  struct ysb_event *event = &pace->events[number % YSB_COUNT];
  uint64_t time_ms = (uint64_t)due_us(pace, number) / 1000;
  for (size_t i = TIME_DIGITS; i-- > 0; time_ms /= 10) {
    event->time[i] = (char)('0' + time_ms % 10);
  }
  return eagre_buffer_text(&event->text);
}

static struct eagre_text make_record(struct pace *pace, uint64_t number) {
  if (pace->shape == YSB) return make_ysb_record(pace, number);
  eagre_buffer_clear(&pace->text);
  eagre_buffer_printf(&pace->text, "{\"us\":%" PRId64 ",", due_us(pace, number));
  if (pace->shape == SUITE) {
    eagre_buffer_printf(&pace->text, "\"id\":\"k%" PRIu64 "\",\"payload\":\"%s\"}",
                        number * ID_STEP % ID_COUNT, pace->payload);
    return eagre_buffer_text(&pace->text);
  }
  size_t start = pace->text.size;
  bench_generator_append(&pace->generator, &pace->text, NULL);
  memmove(pace->text.data + start, pace->text.data + start + 1, pace->text.size - start - 1);
  pace->text.size--; /* the brace that opened the event */
  return eagre_buffer_text(&pace->text);
}

static void send_record(struct pace *pace, uint64_t number) {
  struct eagre_text record = make_record(pace, number);
  int32_t partition = (int32_t)(number % pace->partition_count);
  while (rd_kafka_produce(pace->topic, partition, RD_KAFKA_MSG_F_COPY, (void *)record.data,
                          record.size, NULL, 0, NULL) != 0) {
    rd_kafka_resp_err_t error = rd_kafka_last_error();
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail("record", rd_kafka_err2str(error));
    rd_kafka_poll(pace->producer, 1);
  }
  int64_t late_us = now_us() - due_us(pace, number);
  eagre_histogram_add(&pace->late_us, late_us < 0 ? 0 : (uint64_t)late_us, 1);
}

static void send_all(struct pace *pace, uint64_t count) {
  for (uint64_t number = 0; number < count; number++) {
    if (due_us(pace, number) > now_us()) {
      rd_kafka_poll(pace->producer, 0);
      sleep_until(due_us(pace, number));
    }
    send_record(pace, number);
  }
}

static enum shape parse_shape(const char *name) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(shape_names); i++) {
    if (strcmp(name, shape_names[i]) == 0) return (enum shape)i;
  }
  fail(name, "no shape: suite, device, ysb");
}

static void prepare(struct pace *pace) {
  for (size_t i = 0; i < PAYLOAD_SIZE; i++) {
    pace->payload[i] = (char)('a' + i * 7 % 26);
  }
  bench_generator_init(&pace->generator, BENCH_DEVICE, 1);
  if (pace->shape == YSB) make_ysb_events(pace);
  eagre_histogram_init(&pace->late_us);
}

static void print(const struct pace *pace) {
  printf("{\"p50\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"max\":%" PRIu64,
         eagre_histogram_percentile(&pace->late_us, 0.5),
         eagre_histogram_percentile(&pace->late_us, 0.99), pace->late_us.maximum);
  if (pace->shape == YSB)
    printf(",\"views_per_second\":%" PRIu64, pace->view_count * (pace->rate / YSB_COUNT));
  printf("}\n");
}

static void done(struct pace *pace) {
  for (size_t i = 0; i < YSB_COUNT; i++) {
    eagre_buffer_done(&pace->events[i].text);
  }
  eagre_buffer_done(&pace->text);
}

int main(int argc, char **argv) {
  static struct pace pace;
  if (argc != 8) {
    fprintf(stderr, "usage: pace BROKERS TOPIC PARTITION_COUNT SHAPE START_US RATE COUNT\n");
    return 2;
  }
  pace.partition_count = (uint32_t)strtoul(argv[3], NULL, 10);
  pace.shape = parse_shape(argv[4]);
  pace.start_us = strtoll(argv[5], NULL, 10);
  pace.rate = strtoull(argv[6], NULL, 10);
  if (pace.partition_count == 0 || pace.rate == 0) fail("arguments", "not above 0");
  if (pace.shape == YSB && pace.rate % YSB_COUNT != 0) fail(argv[6], "no multiple of 4000");
  prepare(&pace);
  open_topic(&pace, argv[1], argv[2]);
  send_all(&pace, strtoull(argv[7], NULL, 10));
  close_topic(&pace);
  print(&pace);
  done(&pace);
  return 0;
}
