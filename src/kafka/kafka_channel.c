/* The handle behind producers: served by one thread at a time, failed deliveries remembered.
 *
 * A failed delivery is remembered, the first one with its reason, and told by the next call:
 * whoever writes gives its attempt up then. */
#include "kafka/kafka_channel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { FLUSH_WAIT_MS = 100, PUSH_WAIT_MS = 1 };

/* ---- Life ------------------------------------------------------------------------------------ */

static void note_failure(struct eagre_kafka_channel *channel, const rd_kafka_message_t *message) {
  if (atomic_load(&channel->failed_count) == 0) {
    channel->failure = message->err;
    channel->failed_partition = message->partition;
    snprintf(channel->failed_topic, sizeof channel->failed_topic, "%s",
             message->rkt == NULL ? "" : rd_kafka_topic_name(message->rkt));
  }
  atomic_fetch_add(&channel->failed_count, 1);
}

/* The thread that serves the handle. The opaque of the handle is its own, so that of the message
 * says whose it is. */
static void check_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client, (void)opaque;
  struct eagre_kafka_stretch *stretch = message->_private;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) note_failure(stretch->channel, message);
  atomic_fetch_add(&stretch->answered_count, 1); /* behind its failure */
}

enum eagre_status eagre_kafka_channel_open(struct eagre_kafka_channel *channel,
                                           const struct eagre_kafka_settings *settings,
                                           struct eagre_kafka_configuration *configuration,
                                           struct eagre_error *error) {
  pthread_mutex_init(&channel->serving, NULL);
  channel->arrived_descriptor = -1;
  for (size_t i = 0; i < EAGRE_COUNT_OF(channel->stretches); i++) {
    channel->stretches[i].channel = channel;
  }
  rd_kafka_conf_set_dr_msg_cb(configuration->conf, check_delivery);
  eagre_kafka_spread_init(&channel->spread, settings, configuration->conf);
  enum eagre_status status =
      eagre_kafka_handle_open(&channel->handle, RD_KAFKA_PRODUCER, configuration, error);
  if (status == EAGRE_OK) return EAGRE_OK;
  eagre_kafka_spread_done(&channel->spread);
  pthread_mutex_destroy(&channel->serving);
  return status;
}

void eagre_kafka_channel_close(struct eagre_kafka_channel *channel) {
  if (channel->handle.client == NULL) return;
  rd_kafka_purge(channel->handle.client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                             RD_KAFKA_PURGE_F_NON_BLOCKING);
  eagre_kafka_spread_close(&channel->spread);
  eagre_kafka_handle_close(&channel->handle);
  eagre_kafka_spread_done(&channel->spread);
  if (channel->arrived_descriptor >= 0) close(channel->arrived_descriptor);
  pthread_mutex_destroy(&channel->serving);
}

/* ---- Serving --------------------------------------------------------------------------------- */

void eagre_kafka_channel_serve(struct eagre_kafka_channel *channel, int timeout_ms) {
  if (timeout_ms > 0) {
    pthread_mutex_lock(&channel->serving);
  } else if (pthread_mutex_trylock(&channel->serving) != 0) {
    return;
  }
  eagre_kafka_handle_serve(&channel->handle, timeout_ms);
  pthread_mutex_unlock(&channel->serving);
}

enum eagre_status eagre_kafka_channel_flush(struct eagre_kafka_channel *channel,
                                            struct eagre_error *error) {
  rd_kafka_resp_err_t state;
  /* Every message is acknowledged or fails within the delivery time-out, so this ends. */
  do {
    pthread_mutex_lock(&channel->serving);
    state = rd_kafka_flush(channel->handle.client, FLUSH_WAIT_MS);
    pthread_mutex_unlock(&channel->serving);
    EAGRE_TRY(eagre_kafka_channel_check(channel, error));
  } while (state == RD_KAFKA_RESP_ERR__TIMED_OUT);
  return EAGRE_OK;
}

/* ---- Marks ----------------------------------------------------------------------------------- */

static bool has_arrived(const struct eagre_kafka_stretch *stretch) {
  return atomic_load(&stretch->answered_count) == atomic_load(&stretch->sent_count);
}

void eagre_kafka_channel_mark(struct eagre_kafka_channel *channel) {
  uint32_t other = channel->stretch ^ 1;
  eagre_assert(has_arrived(&channel->stretches[other]));
  channel->stretch = other;
}

enum eagre_status eagre_kafka_channel_await(struct eagre_kafka_channel *channel, int timeout_ms,
                                            bool *out_has_arrived, struct eagre_error *error) {
  const struct eagre_kafka_stretch *before = &channel->stretches[channel->stretch ^ 1];
  if (!has_arrived(before)) eagre_kafka_channel_serve(channel, timeout_ms);
  *out_has_arrived = has_arrived(before);
  return eagre_kafka_channel_check(channel, error);
}

/* ---- Acknowledgements ------------------------------------------------------------------------ */

enum eagre_status eagre_kafka_channel_watch(struct eagre_kafka_channel *channel,
                                            struct eagre_error *error) {
  static const uint64_t one = 1;
  int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (descriptor < 0) {
    return eagre_error_system(error, EAGRE_IO, "DESCRIPTOR_FAILED", errno,
                              "cannot make a descriptor for acknowledgements of Kafka");
  }
  rd_kafka_queue_t *queue = rd_kafka_queue_get_main(channel->handle.client);
  rd_kafka_queue_io_event_enable(queue, descriptor, &one, sizeof one);
  rd_kafka_queue_destroy(queue);
  channel->arrived_descriptor = descriptor;
  return EAGRE_OK;
}

/* What comes behind the look at the descriptor sets it again. */
static void take_arrived(struct eagre_kafka_channel *channel) {
  uint64_t ignored;
  while (read(channel->arrived_descriptor, &ignored, sizeof ignored) < 0 && errno == EINTR) {
  }
  eagre_kafka_channel_serve(channel, 0);
}

bool eagre_kafka_channel_is_idle(struct eagre_kafka_channel *channel) {
  const struct eagre_kafka_stretch *stretches = channel->stretches;
  if (has_arrived(&stretches[0]) && has_arrived(&stretches[1])) return true;
  take_arrived(channel);
  return has_arrived(&stretches[0]) && has_arrived(&stretches[1]);
}

/* librdkafka's thread sends everything while it sees somebody in flush, so that takes as long as it
 * may need to wake up. Where it does not, or another thread serves, the linger ends the wait. */
void eagre_kafka_channel_push(struct eagre_kafka_channel *channel) {
  if (pthread_mutex_trylock(&channel->serving) != 0) return;
  rd_kafka_flush(channel->handle.client, PUSH_WAIT_MS);
  pthread_mutex_unlock(&channel->serving);
  take_arrived(channel);
}

/* ---- Failures -------------------------------------------------------------------------------- */

void eagre_kafka_channel_explain(struct eagre_kafka_channel *channel, char *out, size_t size) {
  char fatal[256] = "";
  rd_kafka_resp_err_t failure = rd_kafka_fatal_error(channel->handle.client, fatal, sizeof fatal);
  pthread_mutex_lock(&channel->serving);
  const char *why = failure == RD_KAFKA_RESP_ERR_NO_ERROR ? channel->handle.failure_text : fatal;
  snprintf(out, size, "%s%s", why[0] == '\0' ? "" : "; last failure: ", why);
  pthread_mutex_unlock(&channel->serving);
}

static bool is_fence(rd_kafka_resp_err_t failure) {
  return failure == RD_KAFKA_RESP_ERR__FENCED || failure == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         failure == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

bool eagre_kafka_channel_is_fenced(struct eagre_kafka_channel *channel,
                                   rd_kafka_resp_err_t failure) {
  char ignored[2];
  if (channel->transactional_id[0] == '\0') return false;
  return is_fence(failure) ||
         is_fence(rd_kafka_fatal_error(channel->handle.client, ignored, sizeof ignored));
}

enum eagre_status eagre_kafka_channel_fail_fenced(struct eagre_kafka_channel *channel,
                                                  struct eagre_error *error) {
  int64_t begin_us = atomic_load(&channel->transaction_begin_us);
  bool is_old = begin_us != 0 && eagre_kafka_now_us() - begin_us >= channel->transaction_timeout_us;
  if (is_old) {
    eagre_error_set(error, EAGRE_IO, "KAFKA_TRANSACTION_TIMED_OUT",
                    "The transaction was not ended within %" PRId64 " s, and Kafka has aborted it.",
                    channel->transaction_timeout_us / 1000000);
    eagre_error_hint(error, "use a lower maxOffsetsPerTrigger or a higher "
                            "kafka.transaction.timeout.ms");
    return EAGRE_IO;
  }
  eagre_error_set(
      error, EAGRE_UNSAFE, "KAFKA_PRODUCER_FENCED",
      "Another process has taken the transactional id %s over; Kafka takes nothing more "
      "from this one.",
      channel->transactional_id);
  eagre_error_hint(error,
                   "let the other process work; one flow has one checkpoint and one process");
  return EAGRE_UNSAFE;
}

static enum eagre_status fail_delivery(struct eagre_kafka_channel *channel,
                                       struct eagre_error *error) {
  char why[300];
  eagre_kafka_channel_explain(channel, why, sizeof why);
  eagre_error_set(error, EAGRE_IO, "KAFKA_DELIVERY_FAILED",
                  "%" PRIu64 " messages were not delivered to Kafka, the first because: %s%s.",
                  atomic_load(&channel->failed_count), rd_kafka_err2str(channel->failure), why);
  eagre_error_hint(error, "kafka.delivery.timeout.ms says how long a delivery is tried");
  if (channel->failed_partition < 0) {
    eagre_error_place(error, "topic %s", channel->failed_topic);
  } else {
    eagre_error_place(error, "topic %s, partition %" PRId32, channel->failed_topic,
                      channel->failed_partition);
  }
  return EAGRE_IO;
}

enum eagre_status eagre_kafka_channel_check(struct eagre_kafka_channel *channel,
                                            struct eagre_error *error) {
  if (atomic_load(&channel->failed_count) == 0) return EAGRE_OK;
  if (eagre_kafka_channel_is_fenced(channel, channel->failure)) {
    return eagre_kafka_channel_fail_fenced(channel, error);
  }
  return fail_delivery(channel, error);
}
