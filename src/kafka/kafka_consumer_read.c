/* Reading: pull from librdkafka, sort by partition, give from one. */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "kafka/kafka_consumer.h"

static const int64_t NUDGE_INTERVAL_US = 5000;

/* ---- Events that come as messages ------------------------------------------------------------ */

static enum eagre_status fail_read(const struct eagre_kafka_consumer_partition *partition,
                                   const rd_kafka_message_t *message, struct eagre_error *error) {
  const char *why = rd_kafka_message_errstr(message);
  switch (message->err) {
  case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    eagre_error_set(error, EAGRE_IO, "KAFKA_AUTHORIZATION_FAILED", "Kafka refused to read: %s.",
                    why);
    eagre_error_hint(error, "the user needs READ on the topic");
    break;
  case RD_KAFKA_RESP_ERR__BAD_MSG:
  case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
  case RD_KAFKA_RESP_ERR_INVALID_MSG:
    eagre_error_set(error, EAGRE_IO, "KAFKA_CORRUPT_RECORD", "A fetched record is damaged: %s.",
                    why);
    break;
  default:
    eagre_error_set(error, EAGRE_IO, "KAFKA_READ_FAILED", "Reading from Kafka failed: %s.", why);
    break;
  }
  eagre_error_place(error, "topic %s, partition %" PRId32 ", offset %" PRId64,
                    partition->topic->name, partition->number, partition->fetch_position);
  return EAGRE_IO;
}

/* A partition that is only read ahead stops quietly: if the trouble lasts, it shows when the range
 * that it belongs to is read. */
static enum eagre_status take_event(struct eagre_kafka_consumer_partition *partition,
                                    const rd_kafka_message_t *message, struct eagre_error *error) {
  switch (message->err) {
  case RD_KAFKA_RESP_ERR__PARTITION_EOF:
    if (message->offset > partition->eof_position) partition->eof_position = message->offset;
    return EAGRE_OK;
  case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
  case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    partition->is_out_of_range = true;
    return EAGRE_OK;
  default:
    if (eagre_kafka_is_passing(message->err)) return EAGRE_OK;
    if (!eagre_kafka_consumer_is_finished(partition)) return fail_read(partition, message, error);
    partition->is_out_of_range = true;
    return EAGRE_OK;
  }
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
static size_t pull(struct eagre_kafka_consumer *consumer) {
  uint64_t events;
  size_t count = take_queued(consumer);
  if (count > 0) return count;
  while (read(consumer->descriptor, &events, sizeof events) < 0 && errno == EINTR) {
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
    if (is_holding) eagre_kafka_consumer_stop(partition);
  }
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static enum eagre_status fail_silent(const struct eagre_kafka_consumer *consumer,
                                     const struct eagre_kafka_consumer_partition *partition,
                                     struct eagre_error *error) {
  const char *why = consumer->client->handle.failure_text;
  eagre_error_set(error, EAGRE_IO, "KAFKA_POLL_TIMEOUT",
                  "Cannot fetch record for offset %" PRId64 " in %" PRId64 " milliseconds%s%s.",
                  partition->position, consumer->options.silence_timeout_us / 1000,
                  why[0] == '\0' ? "" : "; last failure: ", why);
  eagre_error_hint(error, "kafkaConsumer.pollTimeoutMs says how long to wait");
  eagre_error_place(error, "topic %s, partition %" PRId32 ", offset %" PRId64,
                    partition->topic->name, partition->number, partition->position);
  return EAGRE_IO;
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

/* Nothing was there: whether to go on waiting. AGAIN, or why not. Silence is the time spent looking
 * in vain: a caller that was busy elsewhere is no reason to give up. */
static enum eagre_status wait_on(struct eagre_kafka_consumer *consumer, struct eagre_error *error) {
  int64_t now_us = eagre_kafka_now_us();
  eagre_kafka_handle_serve(&consumer->client->handle, 0);
  if (consumer->quiet_us == 0) consumer->quiet_us = now_us;
  bool is_silent = now_us - consumer->quiet_us > consumer->options.silence_timeout_us;
  for (const struct eagre_kafka_consumer_partition *partition = consumer->partitions;
       is_silent && partition != NULL; partition = partition->next) {
    if (eagre_kafka_consumer_is_finished(partition)) continue;
    return fail_silent(consumer, partition, error);
  }
  nudge_starting(consumer);
  return EAGRE_AGAIN;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static struct eagre_kafka_consumer_partition *pop_ready(struct eagre_kafka_consumer *consumer) {
  struct eagre_kafka_consumer_partition *partition = consumer->ready_first;
  if (partition == NULL) return NULL;
  consumer->ready_first = partition->next_ready;
  if (consumer->ready_first == NULL) consumer->ready_last = NULL;
  partition->is_ready = false;
  return partition;
}

/* Partitions whose next position the broker does not have; everything before it was given. */
static enum eagre_status leave_ranges(struct eagre_kafka_consumer *consumer, bool *out_has_left,
                                      struct eagre_error *error) {
  *out_has_left = false;
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    if (!partition->is_out_of_range || eagre_kafka_consumer_is_finished(partition)) continue;
    *out_has_left = true;
    EAGRE_TRY(eagre_kafka_consumer_leave_range(consumer, partition, error));
  }
  return EAGRE_OK;
}

/* Nothing is ready. OK when something may be now, AGAIN when not. */
static enum eagre_status fetch(struct eagre_kafka_consumer *consumer, struct eagre_error *error) {
  bool has_left;
  EAGRE_TRY(leave_ranges(consumer, &has_left, error));
  if (has_left) return EAGRE_OK;
  size_t count = pull(consumer);
  if (count == 0) return wait_on(consumer, error);
  consumer->quiet_us = 0;
  EAGRE_TRY(sort_pulled(consumer, count, error));
  refill_queue(consumer);
  limit_held(consumer);
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_consumer_read(struct eagre_kafka_consumer *consumer,
                                            struct eagre_arena *arena,
                                            struct eagre_kafka_records *out,
                                            struct eagre_error *error) {
  for (;;) {
    struct eagre_kafka_consumer_partition *partition = pop_ready(consumer);
    if (partition != NULL) {
      eagre_kafka_consumer_take_records(consumer, partition, arena, out);
      eagre_kafka_consumer_settle(consumer, partition);
      enum eagre_status status = eagre_kafka_consumer_check_holes(consumer, false, error);
      if (status != EAGRE_OK) eagre_kafka_records_release(out->lease);
      return status;
    }
    if (consumer->unfinished_count == 0) {
      EAGRE_TRY(eagre_kafka_consumer_check_holes(consumer, true, error));
      return EAGRE_END;
    }
    EAGRE_TRY(fetch(consumer, error));
  }
}

/* ---- Looking ahead --------------------------------------------------------------------------- */

static bool has_ahead(const struct eagre_kafka_consumer *consumer) {
  for (const struct eagre_kafka_consumer_partition *partition = consumer->partitions;
       partition != NULL; partition = partition->next) {
    if (partition->message_count > 0 || partition->is_out_of_range) return true;
  }
  return false;
}

bool eagre_kafka_consumer_look_ahead(struct eagre_kafka_consumer *consumer) {
  eagre_assert(consumer->unfinished_count == 0);
  if (has_ahead(consumer)) return true;
  eagre_kafka_handle_serve(&consumer->client->handle, 0);
  nudge_starting(consumer);
  struct eagre_error error; /* nothing fails while every range is read */
  enum eagre_status status = sort_pulled(consumer, pull(consumer), &error);
  eagre_assert(status == EAGRE_OK);
  refill_queue(consumer);
  limit_held(consumer);
  return has_ahead(consumer);
}
