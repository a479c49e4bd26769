/* Reading: have the engine pull, give from one partition. */
#include <inttypes.h>

#include "kafka/kafka_consumer.h"

/* ---- Failures of partitions ------------------------------------------------------------------ */

static enum eagre_status fail_read(const struct eagre_kafka_consumer_partition *partition,
                                   rd_kafka_resp_err_t failure, const char *why,
                                   struct eagre_error *error) {
  switch (failure) {
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

enum eagre_status
eagre_kafka_consumer_take_failure(struct eagre_kafka_consumer_partition *partition,
                                  rd_kafka_resp_err_t failure, const char *why,
                                  struct eagre_error *error) {
  switch (failure) {
  case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
  case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    partition->is_out_of_range = true;
    return EAGRE_OK;
  default:
    if (eagre_kafka_is_passing(failure)) return EAGRE_OK;
    if (!eagre_kafka_consumer_is_finished(partition)) {
      return fail_read(partition, failure, why, error);
    }
    partition->is_out_of_range = true;
    return EAGRE_OK;
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

/* Nothing was there: whether to go on waiting. AGAIN, or why not. Silence is the time spent looking
 * in vain: a caller that was busy elsewhere is no reason to give up. */
static enum eagre_status wait_on(struct eagre_kafka_consumer *consumer, struct eagre_error *error) {
  int64_t now_us = eagre_kafka_now_us();
  eagre_kafka_handle_serve(&consumer->client->handle, 0);
  if (consumer->quiet_us == 0) consumer->quiet_us = now_us;
  bool is_silent = now_us - consumer->quiet_us > consumer->options.silence_timeout_us;
  for (const struct eagre_kafka_consumer_partition *partition = consumer->partitions;
       is_silent && partition != NULL; partition = partition->next) {
    bool is_at_rest =
        partition->end == EAGRE_KAFKA_NO_END && eagre_kafka_consumer_is_at_end(consumer, partition);
    if (eagre_kafka_consumer_is_finished(partition) || is_at_rest) continue;
    return fail_silent(consumer, partition, error);
  }
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
  bool has_come = false;
  EAGRE_TRY(consumer->engine->pull(consumer, &has_come, error));
  if (!has_come) return wait_on(consumer, error);
  consumer->quiet_us = 0;
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_consumer_read(struct eagre_kafka_consumer *consumer,
                                            struct eagre_arena *arena,
                                            struct eagre_kafka_records *out,
                                            struct eagre_error *error) {
  for (;;) {
    struct eagre_kafka_consumer_partition *partition = pop_ready(consumer);
    if (partition != NULL) {
      enum eagre_status taken = consumer->engine->take(consumer, partition, arena, out, error);
      if (taken != EAGRE_OK && taken != EAGRE_AGAIN) return taken;
      eagre_kafka_consumer_settle(consumer, partition);
      if (taken == EAGRE_AGAIN) continue;
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

bool eagre_kafka_consumer_has_more(const struct eagre_kafka_consumer *consumer) {
  return consumer->native == NULL || consumer->ready_first != NULL;
}

/* ---- Looking ahead --------------------------------------------------------------------------- */

void eagre_kafka_records_release(void *pointer) {
  struct eagre_kafka_lease *lease = pointer;
  lease->release(lease);
}

static bool has_ahead(const struct eagre_kafka_consumer *consumer) {
  for (const struct eagre_kafka_consumer_partition *partition = consumer->partitions;
       partition != NULL; partition = partition->next) {
    if (consumer->engine->front(partition) >= 0 || partition->is_out_of_range) return true;
  }
  return false;
}

bool eagre_kafka_consumer_look_ahead(struct eagre_kafka_consumer *consumer) {
  eagre_assert(consumer->unfinished_count == 0);
  if (has_ahead(consumer)) return true;
  eagre_kafka_handle_serve(&consumer->client->handle, 0);
  struct eagre_error error; /* what fails now fails again when it is read */
  bool has_come = false;
  enum eagre_status status = consumer->engine->pull(consumer, &has_come, &error);
  return status != EAGRE_OK || has_ahead(consumer);
}
