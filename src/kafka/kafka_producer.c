/* The producer: batches in, every acknowledgement checked.
 *
 * Order and duplicates are the idempotent producer's business. Failed deliveries are the channel's
 * (kafka_channel.c): of its own, or of the transactor that the messages are part of. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kafka/kafka_producer.h"

enum {
  SEND_COUNT_MAX = 1024, /* messages handed to librdkafka in one call */
  FULL_WAIT_MS = 10,
};

struct producer_topic {
  struct producer_topic *next;
  rd_kafka_topic_t *topic;
};

struct eagre_kafka_producer {
  struct eagre_kafka_channel *channel;
  bool owns_channel;
  struct producer_topic *topics;
  rd_kafka_message_t batch[SEND_COUNT_MAX];
};

/* ---- Life ------------------------------------------------------------------------------------ */

enum eagre_status eagre_kafka_producer_open(const struct eagre_kafka_settings *settings,
                                            struct eagre_kafka_producer **out_producer,
                                            struct eagre_error *error) {
  struct eagre_kafka_configuration configuration;
  *out_producer = NULL;
  EAGRE_TRY(eagre_kafka_settings_apply(settings, EAGRE_KAFKA_WRITE, &configuration, error));
  struct eagre_kafka_channel *channel = eagre_allocate_zeroed(1, sizeof *channel);
  enum eagre_status status = eagre_kafka_channel_open(channel, &configuration, error);
  if (status != EAGRE_OK) {
    eagre_free(channel);
    return status;
  }
  *out_producer = eagre_kafka_producer_new(channel);
  (*out_producer)->owns_channel = true;
  return EAGRE_OK;
}

struct eagre_kafka_producer *eagre_kafka_producer_new(struct eagre_kafka_channel *channel) {
  struct eagre_kafka_producer *producer = eagre_allocate_zeroed(1, sizeof *producer);
  producer->channel = channel;
  return producer;
}

void eagre_kafka_producer_close(struct eagre_kafka_producer *producer) {
  if (producer == NULL) return;
  while (producer->topics != NULL) {
    struct producer_topic *topic = producer->topics;
    producer->topics = topic->next;
    rd_kafka_topic_destroy(topic->topic);
    eagre_free(topic);
  }
  if (producer->owns_channel) {
    eagre_kafka_channel_close(producer->channel);
    eagre_free(producer->channel);
  }
  eagre_free(producer);
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* One message that librdkafka did not take. */
static enum eagre_status fail_send(struct eagre_kafka_producer *producer, struct eagre_text topic,
                                   const rd_kafka_message_t *message, struct eagre_error *error) {
  if (eagre_kafka_channel_is_fenced(producer->channel, message->err)) {
    return eagre_kafka_channel_fail_fenced(producer->channel, error);
  }
  if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    eagre_error_set(error, EAGRE_IO, "KAFKA_MESSAGE_TOO_LARGE",
                    "A message of %zu bytes is larger than Kafka's client may send.",
                    message->len + message->key_len);
    eagre_error_hint(error, "kafka.max.request.size sets the limit here, message.max.bytes that of "
                            "the topic");
  } else {
    char why[300];
    eagre_kafka_channel_explain(producer->channel, why, sizeof why);
    eagre_error_set(error, EAGRE_IO, "KAFKA_SEND_FAILED", "Kafka's client took no message: %s%s.",
                    rd_kafka_err2str(message->err), why);
  }
  eagre_error_place(error, "topic %.*s, partition %" PRId32, (int)topic.size, topic.data,
                    message->partition);
  return EAGRE_IO;
}

static rd_kafka_topic_t *get_topic(struct eagre_kafka_producer *producer, struct eagre_text name) {
  for (struct producer_topic *topic = producer->topics; topic != NULL; topic = topic->next) {
    if (eagre_text_equal_string(name, rd_kafka_topic_name(topic->topic))) return topic->topic;
  }
  struct producer_topic *topic = eagre_allocate(sizeof *topic);
  char *string = eagre_text_duplicate(name);
  topic->topic = rd_kafka_topic_new(producer->channel->handle.client, string, NULL);
  topic->next = producer->topics;
  producer->topics = topic;
  eagre_free(string);
  return topic->topic;
}

static void fill_batch(struct eagre_kafka_producer *producer,
                       const struct eagre_kafka_message *messages, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    producer->batch[i] = (rd_kafka_message_t){
        .partition = messages[i].partition,
        .payload = (void *)messages[i].value.data,
        .len = messages[i].value.size,
        .key = (void *)messages[i].key.data,
        .key_len = messages[i].key.size,
        ._private = producer->channel,
    };
  }
}

/* How many from the front were taken. */
static uint32_t count_taken(const rd_kafka_message_t *batch, uint32_t count) {
  uint32_t taken = 0;
  while (taken < count && batch[taken].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    taken++;
  }
  return taken;
}

/* A full buffer refuses a message and all behind it, so their order is kept. */
static enum eagre_status send_batch(struct eagre_kafka_producer *producer, rd_kafka_topic_t *topic,
                                    struct eagre_text name, uint32_t count,
                                    struct eagre_error *error) {
  uint32_t sent = 0;
  for (;;) {
    rd_kafka_message_t *rest = producer->batch + sent;
    rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA,
                           RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_PARTITION, rest,
                           (int)(count - sent));
    sent += count_taken(rest, count - sent);
    if (sent == count) return EAGRE_OK;
    const rd_kafka_message_t *refused = producer->batch + sent;
    if (refused->err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      return fail_send(producer, name, refused, error);
    }
    eagre_kafka_channel_serve(producer->channel, FULL_WAIT_MS);
    EAGRE_TRY(eagre_kafka_channel_check(producer->channel, error));
  }
}

enum eagre_status eagre_kafka_producer_send(struct eagre_kafka_producer *producer,
                                            struct eagre_text topic,
                                            const struct eagre_kafka_message *messages,
                                            uint32_t count, struct eagre_error *error) {
  rd_kafka_topic_t *target = get_topic(producer, topic);
  for (uint32_t begin = 0; begin < count; begin += SEND_COUNT_MAX) {
    uint32_t part = count - begin < SEND_COUNT_MAX ? count - begin : SEND_COUNT_MAX;
    fill_batch(producer, messages + begin, part);
    EAGRE_TRY(send_batch(producer, target, topic, part, error));
    eagre_kafka_channel_serve(producer->channel, 0);
    EAGRE_TRY(eagre_kafka_channel_check(producer->channel, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_producer_flush(struct eagre_kafka_producer *producer,
                                             struct eagre_error *error) {
  return eagre_kafka_channel_flush(producer->channel, error);
}
