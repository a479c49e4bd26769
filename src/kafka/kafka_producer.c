/* The producer: batches in, every acknowledgement checked.
 *
 * Order and duplicates are the idempotent producer's business. A failed delivery is remembered, the
 * first one with its reason, and told by the next call: whoever writes gives its attempt up then.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kafka/kafka_handle.h"

enum {
  SEND_COUNT_MAX = 1024, /* messages handed to librdkafka in one call */
  FULL_WAIT_MS = 10,
  FLUSH_WAIT_MS = 100,
};

struct producer_topic {
  struct producer_topic *next;
  rd_kafka_topic_t *topic;
};

struct eagre_kafka_producer {
  struct eagre_kafka_handle handle;
  struct producer_topic *topics;
  uint64_t failed_count;
  rd_kafka_resp_err_t failure; /* of the first message that failed */
  char failed_topic[256];
  int32_t failed_partition;
  rd_kafka_message_t batch[SEND_COUNT_MAX];
};

/* ---- Life ------------------------------------------------------------------------------------ */

/* The thread that serves the handle. The opaque of the handle is its own, so that of the message
 * says whose it is. */
static void check_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client, (void)opaque;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  struct eagre_kafka_producer *producer = message->_private;
  producer->failed_count += 1;
  if (producer->failed_count > 1) return;
  producer->failure = message->err;
  producer->failed_partition = message->partition;
  snprintf(producer->failed_topic, sizeof producer->failed_topic, "%s",
           message->rkt == NULL ? "" : rd_kafka_topic_name(message->rkt));
}

enum eagre_status eagre_kafka_producer_open(const struct eagre_kafka_settings *settings,
                                            struct eagre_kafka_producer **out_producer,
                                            struct eagre_error *error) {
  struct eagre_kafka_configuration configuration;
  *out_producer = NULL;
  EAGRE_TRY(eagre_kafka_settings_apply(settings, EAGRE_KAFKA_WRITE, &configuration, error));
  rd_kafka_conf_set_dr_msg_cb(configuration.conf, check_delivery);
  struct eagre_kafka_producer *producer = eagre_allocate_zeroed(1, sizeof *producer);
  enum eagre_status status =
      eagre_kafka_handle_open(&producer->handle, RD_KAFKA_PRODUCER, &configuration, error);
  if (status != EAGRE_OK) {
    eagre_free(producer);
    return status;
  }
  *out_producer = producer;
  return EAGRE_OK;
}

void eagre_kafka_producer_close(struct eagre_kafka_producer *producer) {
  if (producer == NULL) return;
  rd_kafka_purge(producer->handle.client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                              RD_KAFKA_PURGE_F_NON_BLOCKING);
  while (producer->topics != NULL) {
    struct producer_topic *topic = producer->topics;
    producer->topics = topic->next;
    rd_kafka_topic_destroy(topic->topic);
    eagre_free(topic);
  }
  eagre_kafka_handle_close(&producer->handle);
  eagre_free(producer);
}

/* ---- Failures -------------------------------------------------------------------------------- */

/* "; broker ...: Connection refused", or what broke the idempotent producer for good. */
static void explain(struct eagre_kafka_producer *producer, char *out, size_t size) {
  char fatal[256] = "";
  rd_kafka_resp_err_t failure = rd_kafka_fatal_error(producer->handle.client, fatal, sizeof fatal);
  const char *why = failure == RD_KAFKA_RESP_ERR_NO_ERROR ? producer->handle.failure_text : fatal;
  snprintf(out, size, "%s%s", why[0] == '\0' ? "" : "; last failure: ", why);
}

static enum eagre_status fail_delivery(struct eagre_kafka_producer *producer,
                                       struct eagre_error *error) {
  char why[300];
  explain(producer, why, sizeof why);
  eagre_error_set(error, EAGRE_IO, "KAFKA_DELIVERY_FAILED",
                  "%" PRIu64 " messages were not delivered to Kafka, the first because: %s%s.",
                  producer->failed_count, rd_kafka_err2str(producer->failure), why);
  eagre_error_hint(error, "kafka.delivery.timeout.ms says how long a delivery is tried");
  if (producer->failed_partition < 0) {
    eagre_error_place(error, "topic %s", producer->failed_topic);
  } else {
    eagre_error_place(error, "topic %s, partition %" PRId32, producer->failed_topic,
                      producer->failed_partition);
  }
  return EAGRE_IO;
}

static enum eagre_status check_failures(struct eagre_kafka_producer *producer,
                                        struct eagre_error *error) {
  return producer->failed_count == 0 ? EAGRE_OK : fail_delivery(producer, error);
}

/* One message that librdkafka did not take. */
static enum eagre_status fail_send(struct eagre_kafka_producer *producer, struct eagre_text topic,
                                   const rd_kafka_message_t *message, struct eagre_error *error) {
  if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    eagre_error_set(error, EAGRE_IO, "KAFKA_MESSAGE_TOO_LARGE",
                    "A message of %zu bytes is larger than Kafka's client may send.",
                    message->len + message->key_len);
    eagre_error_hint(error, "kafka.max.request.size sets the limit here, message.max.bytes that of "
                            "the topic");
  } else {
    char why[300];
    explain(producer, why, sizeof why);
    eagre_error_set(error, EAGRE_IO, "KAFKA_SEND_FAILED", "Kafka's client took no message: %s%s.",
                    rd_kafka_err2str(message->err), why);
  }
  eagre_error_place(error, "topic %.*s, partition %" PRId32, (int)topic.size, topic.data,
                    message->partition);
  return EAGRE_IO;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static rd_kafka_topic_t *get_topic(struct eagre_kafka_producer *producer, struct eagre_text name) {
  for (struct producer_topic *topic = producer->topics; topic != NULL; topic = topic->next) {
    if (eagre_text_equal_string(name, rd_kafka_topic_name(topic->topic))) return topic->topic;
  }
  struct producer_topic *topic = eagre_allocate(sizeof *topic);
  char *string = eagre_text_duplicate(name);
  topic->topic = rd_kafka_topic_new(producer->handle.client, string, NULL);
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
        ._private = producer,
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
    eagre_kafka_handle_serve(&producer->handle, FULL_WAIT_MS);
    EAGRE_TRY(check_failures(producer, error));
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
    eagre_kafka_handle_serve(&producer->handle, 0);
    EAGRE_TRY(check_failures(producer, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_producer_flush(struct eagre_kafka_producer *producer,
                                             struct eagre_error *error) {
  rd_kafka_resp_err_t state;
  /* Every message is acknowledged or fails within the delivery time-out, so this ends. */
  do {
    state = rd_kafka_flush(producer->handle.client, FLUSH_WAIT_MS);
  } while (state == RD_KAFKA_RESP_ERR__TIMED_OUT);
  return check_failures(producer, error);
}
