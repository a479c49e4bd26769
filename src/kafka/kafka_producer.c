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
  LEARN_TIMEOUT_US = 30000000,
};

struct eagre_kafka_producer {
  struct eagre_kafka_channel *channel;
  bool owns_channel;
  bool waits_for_push; /* else `push` has nothing to do */
  bool holds_unpushed;
  rd_kafka_message_t batch[SEND_COUNT_MAX];
};

/* ---- Life ------------------------------------------------------------------------------------ */

/* A message that is under way costs a request of its own, and behind it an idempotent producer
 * holds those back of the same partition. So messages wait until they are pushed; the linger ends
 * what nobody ends. False: they do not wait. */
static bool set_linger(const struct eagre_kafka_settings *settings, enum eagre_kafka_linger linger,
                       rd_kafka_conf_t *conf) {
  bool is_given = eagre_kafka_settings_given(settings, "linger.ms") ||
                  eagre_kafka_settings_given(settings, "queue.buffering.max.ms");
  bool waits = linger == EAGRE_KAFKA_LINGER_UNTIL_PUSH && !is_given;
  if (waits) eagre_kafka_conf_set(conf, "linger.ms", "2");
  return waits;
}

enum eagre_status eagre_kafka_producer_open(const struct eagre_kafka_settings *settings,
                                            enum eagre_kafka_linger linger,
                                            struct eagre_kafka_producer **out_producer,
                                            struct eagre_error *error) {
  struct eagre_kafka_configuration configuration;
  *out_producer = NULL;
  EAGRE_TRY(eagre_kafka_settings_apply(settings, EAGRE_KAFKA_WRITE, &configuration, error));
  bool waits_for_push = set_linger(settings, linger, configuration.conf);
  struct eagre_kafka_channel *channel = eagre_allocate_zeroed(1, sizeof *channel);
  enum eagre_status status = eagre_kafka_channel_open(channel, settings, &configuration, error);
  if (status != EAGRE_OK) {
    eagre_free(channel);
    return status;
  }
  *out_producer = eagre_kafka_producer_new(channel);
  (*out_producer)->owns_channel = true;
  (*out_producer)->waits_for_push = waits_for_push;
  bool is_watched = linger == EAGRE_KAFKA_LINGER_UNTIL_PUSH;
  return is_watched ? eagre_kafka_channel_watch(channel, error) : EAGRE_OK;
}

struct eagre_kafka_producer *eagre_kafka_producer_new(struct eagre_kafka_channel *channel) {
  struct eagre_kafka_producer *producer = eagre_allocate_zeroed(1, sizeof *producer);
  producer->channel = channel;
  return producer;
}

void eagre_kafka_producer_close(struct eagre_kafka_producer *producer) {
  if (producer == NULL) return;
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

static enum eagre_status fail_topic(struct eagre_text name, rd_kafka_resp_err_t failure,
                                    struct eagre_error *error) {
  eagre_error_set(error, EAGRE_IO, "KAFKA_SEND_FAILED", "Kafka does not tell of the topic: %s.",
                  rd_kafka_err2str(failure));
  eagre_error_place(error, "topic %.*s", (int)name.size, name.data);
  return EAGRE_IO;
}

static rd_kafka_resp_err_t ask_topic(struct eagre_kafka_producer *producer, rd_kafka_topic_t *topic,
                                     int timeout_ms) {
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_resp_err_t failure =
      rd_kafka_metadata(producer->channel->handle.client, 0, topic, &metadata, timeout_ms);
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) return failure;
  failure = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  if (metadata->topic_cnt == 1) failure = metadata->topics[0].err;
  rd_kafka_metadata_destroy(metadata);
  return failure;
}

/* Before a transaction gets its first message for a topic: as long as librdkafka 2.0.2 does not
 * know the topic it registers partition -1 instead of the message's own, which Kafka refuses for as
 * long as the message lives. A topic that was made a moment ago is waited for. */
static enum eagre_status learn_topic(struct eagre_kafka_producer *producer, rd_kafka_topic_t *topic,
                                     struct eagre_text name, struct eagre_error *error) {
  int64_t deadline_us = eagre_kafka_now_us() + LEARN_TIMEOUT_US;
  for (;;) {
    rd_kafka_resp_err_t failure = ask_topic(producer, topic, eagre_kafka_attempt_ms(deadline_us));
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) return EAGRE_OK;
    bool is_missing = failure == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
                      failure == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    bool is_passing = is_missing || eagre_kafka_is_passing(failure);
    if (!is_passing || eagre_kafka_now_us() >= deadline_us) return fail_topic(name, failure, error);
    eagre_kafka_channel_serve(producer->channel, FULL_WAIT_MS);
  }
}

static enum eagre_status get_topic(struct eagre_kafka_producer *producer, struct eagre_text name,
                                   struct eagre_kafka_target **out_target,
                                   struct eagre_error *error) {
  struct eagre_kafka_channel *channel = producer->channel;
  struct eagre_kafka_target *target =
      eagre_kafka_spread_find(&channel->spread, channel->handle.client, name);
  *out_target = target;
  if (channel->transactional_id[0] == '\0' || atomic_load(&target->is_learned)) return EAGRE_OK;
  EAGRE_TRY(learn_topic(producer, target->topic, name, error));
  atomic_store(&target->is_learned, true);
  return EAGRE_OK;
}

static struct eagre_kafka_stretch *get_stretch(const struct eagre_kafka_producer *producer) {
  return &producer->channel->stretches[producer->channel->stretch];
}

static void count_sent(struct eagre_kafka_producer *producer, uint32_t count) {
  atomic_fetch_add(&get_stretch(producer)->sent_count, count);
  producer->holds_unpushed = true;
}

/* Whether the partition is anybody's choice. */
static bool is_free(const struct eagre_kafka_message *message) {
  return message->partition < 0 && message->key.data == NULL;
}

/* Those that are free to go anywhere go to `partition`; -1: librdkafka is not told. */
static void fill_batch(struct eagre_kafka_producer *producer,
                       const struct eagre_kafka_message *messages, uint32_t count,
                       int32_t partition) {
  for (uint32_t i = 0; i < count; i++) {
    producer->batch[i] = (rd_kafka_message_t){
        .partition = is_free(&messages[i]) ? partition : messages[i].partition,
        .payload = (void *)messages[i].value.data,
        .len = messages[i].value.size,
        .key = (void *)messages[i].key.data,
        .key_len = messages[i].key.size,
        ._private = get_stretch(producer),
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
    uint32_t taken = count_taken(rest, count - sent);
    count_sent(producer, taken);
    sent += taken;
    if (sent == count) return EAGRE_OK;
    const rd_kafka_message_t *refused = producer->batch + sent;
    if (refused->err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      return fail_send(producer, name, refused, error);
    }
    eagre_kafka_channel_serve(producer->channel, FULL_WAIT_MS);
    EAGRE_TRY(eagre_kafka_channel_check(producer->channel, error));
  }
}

static rd_kafka_headers_t *make_headers(const struct eagre_kafka_message *message) {
  rd_kafka_headers_t *headers = rd_kafka_headers_new(message->header_count);
  for (uint32_t i = 0; i < message->header_count; i++) {
    const struct eagre_kafka_header *header = &message->headers[i];
    rd_kafka_header_add(headers, header->name.data, (ssize_t)header->name.size, header->value.data,
                        (ssize_t)header->value.size);
  }
  return headers;
}

/* Calls for many messages at once take no headers and no time stamps. */
static enum eagre_status send_one(struct eagre_kafka_producer *producer, rd_kafka_topic_t *topic,
                                  struct eagre_text name, const struct eagre_kafka_message *message,
                                  struct eagre_error *error) {
  rd_kafka_headers_t *headers = make_headers(message);
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  enum eagre_status status = EAGRE_OK;
  do {
    code = rd_kafka_producev(
        producer->channel->handle.client, RD_KAFKA_V_RKT(topic),
        RD_KAFKA_V_PARTITION(message->partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_VALUE((void *)message->value.data, message->value.size),
        RD_KAFKA_V_KEY(message->key.data, message->key.size), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_TIMESTAMP(message->timestamp_ms), RD_KAFKA_V_OPAQUE(get_stretch(producer)),
        RD_KAFKA_V_END);
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) break;
    eagre_kafka_channel_serve(producer->channel, FULL_WAIT_MS);
    status = eagre_kafka_channel_check(producer->channel, error);
  } while (status == EAGRE_OK);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    count_sent(producer, 1);
    return EAGRE_OK;
  }
  rd_kafka_headers_destroy(headers); /* not taken */
  EAGRE_TRY(status);
  const rd_kafka_message_t refused = {.err = code,
                                      .partition = message->partition,
                                      .len = message->value.size,
                                      .key_len = message->key.size};
  return fail_send(producer, name, &refused, error);
}

static bool is_plain(const struct eagre_kafka_message *message) {
  return message->header_count == 0 && message->timestamp_ms == 0;
}

/* How many from the front go out in one call. */
static uint32_t count_plain(const struct eagre_kafka_message *messages, uint32_t count) {
  uint32_t plain = 0;
  while (plain < count && plain < SEND_COUNT_MAX && is_plain(&messages[plain]))
    plain++;
  return plain;
}

enum eagre_status eagre_kafka_producer_send(struct eagre_kafka_producer *producer,
                                            struct eagre_text topic,
                                            const struct eagre_kafka_message *messages,
                                            uint32_t count, struct eagre_error *error) {
  struct eagre_kafka_target *target = NULL;
  bool has_picked = false;
  EAGRE_TRY(get_topic(producer, topic, &target, error));
  for (uint32_t begin = 0, part; begin < count; begin += part) {
    int32_t partition = eagre_kafka_target_partition(target);
    bool must_pick = partition < 0 && is_free(&messages[begin]) && !has_picked;
    has_picked |= must_pick;
    /* One picks, the others follow it. */
    part = count_plain(messages + begin, must_pick ? 1 : count - begin);
    if (part > 0) {
      fill_batch(producer, messages + begin, part, partition);
      EAGRE_TRY(send_batch(producer, target->topic, topic, part, error));
    } else {
      EAGRE_TRY(send_one(producer, target->topic, topic, messages + begin, error));
      part = 1;
    }
    eagre_kafka_channel_serve(producer->channel, 0);
    EAGRE_TRY(eagre_kafka_channel_check(producer->channel, error));
  }
  return EAGRE_OK;
}

void eagre_kafka_producer_push(struct eagre_kafka_producer *producer) {
  if (!producer->waits_for_push || !producer->holds_unpushed) return;
  eagre_kafka_channel_push(producer->channel);
  producer->holds_unpushed = false;
}

enum eagre_status eagre_kafka_producer_flush(struct eagre_kafka_producer *producer,
                                             struct eagre_error *error) {
  return eagre_kafka_channel_flush(producer->channel, error);
}

int eagre_kafka_producer_descriptor(const struct eagre_kafka_producer *producer) {
  return producer->channel->arrived_descriptor;
}

bool eagre_kafka_producer_is_idle(struct eagre_kafka_producer *producer) {
  return eagre_kafka_channel_is_idle(producer->channel);
}

void eagre_kafka_producer_mark(struct eagre_kafka_producer *producer) {
  eagre_kafka_channel_mark(producer->channel);
}

enum eagre_status eagre_kafka_producer_await(struct eagre_kafka_producer *producer, int timeout_ms,
                                             bool *out_has_arrived, struct eagre_error *error) {
  return eagre_kafka_channel_await(producer->channel, timeout_ms, out_has_arrived, error);
}
