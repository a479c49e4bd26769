/* The engine that is librdkafka: its threads fetch, messages come through one queue. */
#include <errno.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kafka/kafka_consumer.h"

static const int64_t NUDGE_INTERVAL_US = 5000;

/* ---- Open and close -------------------------------------------------------------------------- */

enum eagre_status eagre_kafka_consumer_open_librdkafka(struct eagre_kafka_consumer *consumer,
                                                       struct eagre_error *error) {
  static const uint64_t one = 1;
  consumer->engine = &eagre_kafka_engine_librdkafka;
  struct epoll_event event = {.events = EPOLLIN};
  consumer->event_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (consumer->descriptor < 0) consumer->descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (consumer->event_descriptor < 0 || consumer->descriptor < 0 ||
      epoll_ctl(consumer->descriptor, EPOLL_CTL_ADD, consumer->event_descriptor, &event) != 0) {
    return eagre_error_system(error, EAGRE_IO, "TOO_MANY_OPEN_FILES", errno,
                              "cannot make an event descriptor");
  }
  consumer->queue = rd_kafka_queue_new(consumer->client->handle.client);
  rd_kafka_queue_io_event_enable(consumer->queue, consumer->event_descriptor, &one, sizeof one);
  return EAGRE_OK;
}

/* Messages that nobody will read: librdkafka does not end while they live. */
static void drop_queued(struct eagre_kafka_consumer *consumer) {
  ssize_t count;
  while ((count = rd_kafka_consume_batch_queue(consumer->queue, 0, consumer->pulled,
                                               EAGRE_KAFKA_PULL_MAX)) > 0) {
    for (ssize_t i = 0; i < count; i++) {
      rd_kafka_message_destroy(consumer->pulled[i]);
    }
  }
}

static void close_queue(struct eagre_kafka_consumer *consumer) {
  if (consumer->queue != NULL) {
    rd_kafka_queue_io_event_enable(consumer->queue, -1, NULL, 0);
    drop_queued(consumer);
    rd_kafka_queue_destroy(consumer->queue);
  }
  if (consumer->event_descriptor >= 0) close(consumer->event_descriptor);
}

/* ---- Fetching -------------------------------------------------------------------------------- */

static rd_kafka_topic_t *get_topic(struct eagre_kafka_consumer *consumer,
                                   struct eagre_kafka_consumer_topic *topic) {
  rd_kafka_t *client = consumer->client->handle.client;
  if (topic->topic != NULL) return topic->topic;
  rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(client);
  rd_kafka_topic_conf_set_opaque(conf, topic);
  topic->topic = rd_kafka_topic_new(client, topic->name, conf);
  return topic->topic;
}

static enum eagre_status start(struct eagre_kafka_consumer *consumer,
                               struct eagre_kafka_consumer_partition *partition,
                               struct eagre_error *error) {
  int result =
      rd_kafka_consume_start_queue(get_topic(consumer, partition->topic), partition->number,
                                   partition->fetch_position, consumer->queue);
  if (result == 0) return EAGRE_OK;
  eagre_error_set(error, EAGRE_IO, "KAFKA_READ_FAILED", "Reading cannot begin: %s.",
                  rd_kafka_err2str(rd_kafka_last_error()));
  eagre_error_place(error, "topic %s, partition %" PRId32 ", offset %" PRId64,
                    partition->topic->name, partition->number, partition->fetch_position);
  return EAGRE_IO;
}

static void stop(struct eagre_kafka_consumer *consumer,
                 struct eagre_kafka_consumer_partition *partition) {
  (void)consumer;
  rd_kafka_consume_stop(partition->topic->topic, partition->number);
}

static void forget(struct eagre_kafka_consumer_partition *partition) {
  eagre_free(partition->messages);
}

static int64_t get_front(const struct eagre_kafka_consumer_partition *partition) {
  if (partition->message_count == 0) return -1;
  return eagre_kafka_consumer_backlog_at(partition, 0)->offset;
}

/* ---- Events that come as messages ------------------------------------------------------------ */

static enum eagre_status take_event(struct eagre_kafka_consumer_partition *partition,
                                    const rd_kafka_message_t *message, struct eagre_error *error) {
  if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    return eagre_kafka_consumer_take_failure(partition, message->err,
                                             rd_kafka_message_errstr(message), error);
  }
  if (message->offset > partition->eof_position) partition->eof_position = message->offset;
  return EAGRE_OK;
}

/* ---- Pulling --------------------------------------------------------------------------------- */

static struct eagre_kafka_consumer_partition *find_partition(const rd_kafka_message_t *message) {
  if (message->rkt == NULL) return NULL;
  const struct eagre_kafka_consumer_topic *topic = rd_kafka_topic_opaque(message->rkt);
  uint32_t number = (uint32_t)message->partition;
  return number < topic->partition_count ? topic->partitions[number] : NULL;
}

/* Takes ownership of the message. */
static enum eagre_status sort_message(struct eagre_kafka_consumer *consumer,
                                      rd_kafka_message_t *message, struct eagre_error *error) {
  enum eagre_status status = EAGRE_OK;
  struct eagre_kafka_consumer_partition *partition = find_partition(message);
  if (partition == NULL) {
    rd_kafka_message_destroy(message);
    return EAGRE_OK;
  }
  partition->is_starting = false;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    status = take_event(partition, message, error);
    rd_kafka_message_destroy(message);
    eagre_kafka_consumer_settle(consumer, partition);
  } else if (message->offset < partition->fetch_position) {
    rd_kafka_message_destroy(message);
  } else {
    partition->fetch_position = message->offset + 1;
    consumer->pulled_size_bytes += message->len + message->key_len;
    eagre_kafka_consumer_backlog_push(partition, message);
    if (partition->message_count == 1) eagre_kafka_consumer_settle(consumer, partition);
  }
  return status;
}

static enum eagre_status sort_pulled(struct eagre_kafka_consumer *consumer, size_t count,
                                     struct eagre_error *error) {
  enum eagre_status status = EAGRE_OK;
  for (size_t i = 0; i < count; i++) {
    if (status == EAGRE_OK) {
      status = sort_message(consumer, consumer->pulled[i], error);
    } else {
      rd_kafka_message_destroy(consumer->pulled[i]);
    }
  }
  consumer->pulled_count += count;
  return status;
}

static size_t take_queued(struct eagre_kafka_consumer *consumer) {
  ssize_t count =
      rd_kafka_consume_batch_queue(consumer->queue, 0, consumer->pulled, EAGRE_KAFKA_PULL_MAX);
  return count < 0 ? 0 : (size_t)count;
}

/* The descriptor is cleared before the last look, so that what comes after it is noticed. */
static size_t take_all_queued(struct eagre_kafka_consumer *consumer) {
  uint64_t events;
  size_t count = take_queued(consumer);
  if (count > 0) return count;
  while (read(consumer->event_descriptor, &events, sizeof events) < 0 && errno == EINTR) {
  }
  return take_queued(consumer);
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

static void nudge(struct eagre_kafka_consumer *consumer) {
  eagre_kafka_handle_nudge(&consumer->client->handle);
  consumer->nudged_us = eagre_kafka_now_us();
  consumer->pulled_size_bytes = 0;
  consumer->pulled_count = 0;
}

/* The queue was full perhaps, and there is room again: a quarter of it was pulled since. */
static void refill_queue(struct eagre_kafka_consumer *consumer) {
  uint64_t quarter = consumer->options.queue_size_bytes / 4;
  bool is_due = consumer->pulled_size_bytes >= quarter ||
                consumer->pulled_count * EAGRE_KAFKA_MESSAGE_OVERHEAD >= quarter;
  if (is_due) nudge(consumer);
}

/* Stops partitions that are read ahead of their ranges when they hold too much; they go on with the
 * next assignment. */
static void limit_held(struct eagre_kafka_consumer *consumer) {
  uint64_t held = 0;
  for (const struct eagre_kafka_consumer_partition *partition = consumer->partitions;
       partition != NULL; partition = partition->next) {
    if (eagre_kafka_consumer_is_finished(partition)) held += partition->backlog_size_bytes;
  }
  if (held <= (uint64_t)consumer->held_limit_bytes) return;
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    bool is_holding = eagre_kafka_consumer_is_finished(partition) && partition->message_count > 0;
    if (is_holding) eagre_kafka_consumer_stop(consumer, partition);
  }
}

/* Partitions that were just started are nudged until something is heard of them. */
static void nudge_starting(struct eagre_kafka_consumer *consumer) {
  if (eagre_kafka_now_us() - consumer->nudged_us < NUDGE_INTERVAL_US) return;
  for (const struct eagre_kafka_consumer_partition *partition = consumer->partitions;
       partition != NULL; partition = partition->next) {
    if (!partition->is_starting) continue;
    nudge(consumer);
    return;
  }
}

/* ---- The table ------------------------------------------------------------------------------- */

static enum eagre_status pull(struct eagre_kafka_consumer *consumer, bool *out_has_come,
                              struct eagre_error *error) {
  size_t count = take_all_queued(consumer);
  *out_has_come = count > 0;
  if (count == 0) nudge_starting(consumer);
  EAGRE_TRY(sort_pulled(consumer, count, error));
  refill_queue(consumer);
  limit_held(consumer);
  return EAGRE_OK;
}

const struct eagre_kafka_engine eagre_kafka_engine_librdkafka = {
    .start = start,
    .stop = stop,
    .clear = eagre_kafka_consumer_backlog_clear,
    .front = get_front,
    .pull = pull,
    .take = eagre_kafka_consumer_take_records,
    .forget = forget,
    .close = close_queue,
};
