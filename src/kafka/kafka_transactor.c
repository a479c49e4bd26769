/* The transactor: one transactional producer, shared by the cores of a flow.
 *
 *   FRESH    opened: every earlier transactor of the id is fenced, its transaction ended
 *   OPEN     begun, by whichever thread sends first
 *   FRESH    committed or aborted
 *   UNKNOWN  a commit of which nobody knows what became: only close
 *
 * Control calls (commit, abort, close) come from one thread while no other sends.
 *
 * The marker of a transaction is the offset of a consumer group that nobody joins, on a partition
 * that is there, with a text beside it: offsets are the only thing but messages that Kafka takes
 * into a transaction, and unlike messages they can be asked for. They are kept for
 * offsets.retention.minutes (a week) after the last one. */
#include "kafka/kafka_transactor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  /* Kafka's transaction.max.timeout.ms unless a broker has it lower; then half of it, and so on. */
  TRANSACTION_TIMEOUT_MS_MAX = 900000,
  TRANSACTION_TIMEOUT_MS_MIN = 10000,
  REQUEST_TIMEOUT_MS = 30000,
  DELIVERY_TIMEOUT_MS = 120000,
  CLOSE_TIMEOUT_US = 5000000,
  RETRY_PAUSE_MS = 20,
  END_TRANSACTION_API = 26, /* EndTxn in Kafka's protocol */
};

/* ---- Checks ---------------------------------------------------------------------------------- */

static bool has_value(rd_kafka_conf_t *conf, const char *name, const char *wanted) {
  char value[32] = "";
  size_t size = sizeof value;
  return rd_kafka_conf_get(conf, name, value, &size) == RD_KAFKA_CONF_OK &&
         strcmp(value, wanted) == 0;
}

static enum eagre_status check_guarantees(rd_kafka_conf_t *conf, struct eagre_error *error) {
  bool is_idempotent = has_value(conf, "enable.idempotence", "true");
  bool is_all = has_value(conf, "acks", "-1") || has_value(conf, "acks", "all");
  if (is_idempotent && is_all) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "INVALID_KAFKA_SETTING",
                  "Transactions need kafka.acks = all and kafka.enable.idempotence = true.");
  eagre_error_hint(error, "leave both out");
  return EAGRE_USAGE;
}

enum eagre_status eagre_kafka_transactor_check(const struct eagre_kafka_settings *settings,
                                               struct eagre_error *error) {
  uint32_t wrong = 0;
  struct eagre_kafka_configuration configuration;
  EAGRE_TRY(eagre_kafka_settings_check(settings, EAGRE_KAFKA_READ, &wrong, error)); /* marker */
  EAGRE_TRY(eagre_kafka_settings_draft(settings, EAGRE_KAFKA_WRITE, &configuration, error));
  enum eagre_status status = check_guarantees(configuration.conf, error);
  rd_kafka_conf_destroy(configuration.conf);
  return status;
}

/* ---- Calls that are made again --------------------------------------------------------------- */

typedef rd_kafka_error_t *transactor_call(struct eagre_kafka_transactor *transactor,
                                          int timeout_ms);

static bool is_again(const rd_kafka_error_t *failure) {
  return rd_kafka_error_is_retriable(failure) ||
         rd_kafka_error_code(failure) == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

/* Calls until there is an outcome: NULL, or a failure that another call would not change, or the
 * last one when the time is over. librdkafka goes on where a call that timed out has left. */
static rd_kafka_error_t *call_until(struct eagre_kafka_transactor *transactor,
                                    transactor_call *call, int64_t timeout_us) {
  struct eagre_kafka_channel *channel = &transactor->channel;
  int64_t deadline_us = eagre_kafka_now_us() + timeout_us;
  for (;;) {
    pthread_mutex_lock(&channel->serving);
    rd_kafka_error_t *failure = call(transactor, eagre_kafka_attempt_ms(deadline_us));
    pthread_mutex_unlock(&channel->serving);
    bool is_over = failure == NULL || !is_again(failure) || eagre_kafka_now_us() >= deadline_us;
    if (is_over) return failure;
    rd_kafka_error_destroy(failure);
    eagre_kafka_channel_serve(channel, RETRY_PAUSE_MS);
  }
}

static int64_t get_timeout_us(const struct eagre_kafka_transactor *transactor) {
  return transactor->channel.handle.api_timeout_ms * 1000;
}

static bool is_fenced(struct eagre_kafka_transactor *transactor, const rd_kafka_error_t *failure) {
  return eagre_kafka_channel_is_fenced(&transactor->channel, rd_kafka_error_code(failure));
}

/* Destroys the failure. */
static enum eagre_status fail_call(struct eagre_kafka_transactor *transactor,
                                   rd_kafka_error_t *failure, const char *class_name,
                                   const char *what, struct eagre_error *error) {
  enum eagre_status status = EAGRE_IO;
  if (is_fenced(transactor, failure)) {
    status = eagre_kafka_channel_fail_fenced(&transactor->channel, error);
  } else {
    char why[300];
    eagre_kafka_channel_explain(&transactor->channel, why, sizeof why);
    eagre_error_set(error, EAGRE_IO, class_name, "%s: %s%s.", what, rd_kafka_error_string(failure),
                    why);
    eagre_error_place(error, "transactional id %s", transactor->channel.transactional_id);
  }
  rd_kafka_error_destroy(failure);
  return status;
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* A broker's thread, right after a request has gone to the socket. */
static rd_kafka_resp_err_t note_request(rd_kafka_t *client, int socket, const char *broker,
                                        int32_t broker_id, int16_t api, int16_t version,
                                        int32_t correlation_id, size_t size, void *opaque) {
  (void)client, (void)socket, (void)broker, (void)broker_id, (void)version, (void)correlation_id;
  (void)size;
  const struct eagre_kafka_transactor *transactor = opaque;
  bool is_commit = api == END_TRANSACTION_API && atomic_load(&transactor->is_committing);
  if (is_commit) eagre_crash_point("kafka.commit_sent");
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t watch_requests(rd_kafka_t *client, const rd_kafka_conf_t *conf,
                                          void *opaque, char *reason, size_t reason_size) {
  (void)conf, (void)reason, (void)reason_size;
  return rd_kafka_interceptor_add_on_request_sent(client, "eagre", note_request, opaque);
}

/* How long Kafka is to wait for the end of a transaction, and what must not be longer. */
static void set_timeouts(rd_kafka_conf_t *conf, const struct eagre_kafka_settings *settings,
                         int64_t timeout_ms) {
  bool is_delivery_given = eagre_kafka_settings_given(settings, "delivery.timeout.ms") ||
                           eagre_kafka_settings_given(settings, "message.timeout.ms");
  eagre_kafka_conf_set_number(conf, "transaction.timeout.ms", timeout_ms);
  if (!eagre_kafka_settings_given(settings, "socket.timeout.ms")) {
    int64_t request_ms = timeout_ms < REQUEST_TIMEOUT_MS ? timeout_ms : REQUEST_TIMEOUT_MS;
    eagre_kafka_conf_set_number(conf, "socket.timeout.ms", request_ms);
  }
  if (!is_delivery_given && timeout_ms < DELIVERY_TIMEOUT_MS) {
    eagre_kafka_conf_set_number(conf, "delivery.timeout.ms", timeout_ms);
  }
}

static int64_t get_timeout_ms(rd_kafka_conf_t *conf) {
  char value[32] = "";
  size_t size = sizeof value;
  rd_kafka_conf_get(conf, "transaction.timeout.ms", value, &size);
  return atoll(value);
}

static rd_kafka_error_t *init_transactions(struct eagre_kafka_transactor *transactor,
                                           int timeout_ms) {
  return rd_kafka_init_transactions(transactor->channel.handle.client, timeout_ms);
}

/* Takes the configuration. AGAIN when the time of transactions is longer than Kafka allows. */
static enum eagre_status init_channel(struct eagre_kafka_transactor *transactor,
                                      const struct eagre_kafka_settings *settings,
                                      struct eagre_kafka_configuration *configuration,
                                      struct eagre_error *error) {
  struct eagre_kafka_channel *channel = &transactor->channel;
  rd_kafka_conf_t *conf = configuration->conf;
  channel->transaction_timeout_us = get_timeout_ms(conf) * 1000;
  eagre_kafka_conf_set(conf, "transactional.id", channel->transactional_id);
  rd_kafka_conf_interceptor_add_on_new(conf, "eagre transactor", watch_requests, transactor);
  EAGRE_TRY(eagre_kafka_channel_open(channel, settings, configuration, error));
  rd_kafka_error_t *failure = call_until(transactor, init_transactions, get_timeout_us(transactor));
  if (failure == NULL) return EAGRE_OK;
  if (rd_kafka_error_code(failure) != RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT) {
    return fail_call(transactor, failure, "KAFKA_TRANSACTIONS_UNAVAILABLE",
                     "Kafka does not let us begin transactions", error);
  }
  rd_kafka_error_destroy(failure);
  return EAGRE_AGAIN;
}

static enum eagre_status fail_timeout(int64_t timeout_ms, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "INVALID_KAFKA_SETTING",
                  "The brokers refuse kafka.transaction.timeout.ms = %" PRId64 ".", timeout_ms);
  eagre_error_hint(error, "their transaction.max.timeout.ms is the most they allow");
  return EAGRE_USAGE;
}

static enum eagre_status open_transactor(struct eagre_kafka_transactor *transactor,
                                         const struct eagre_kafka_settings *settings,
                                         struct eagre_error *error) {
  struct eagre_kafka_configuration configuration;
  bool is_given = eagre_kafka_settings_given(settings, "transaction.timeout.ms");
  int64_t timeout_ms = TRANSACTION_TIMEOUT_MS_MAX;
  for (;;) {
    EAGRE_TRY(eagre_kafka_settings_apply(settings, EAGRE_KAFKA_WRITE, &configuration, error));
    if (is_given) timeout_ms = get_timeout_ms(configuration.conf);
    set_timeouts(configuration.conf, settings, timeout_ms);
    enum eagre_status status = init_channel(transactor, settings, &configuration, error);
    if (status == EAGRE_OK) eagre_crash_point("kafka.after_init");
    if (status != EAGRE_AGAIN) return status;
    if (is_given || timeout_ms <= TRANSACTION_TIMEOUT_MS_MIN)
      return fail_timeout(timeout_ms, error);
    eagre_kafka_channel_close(&transactor->channel);
    timeout_ms /= 2;
  }
}

enum eagre_status eagre_kafka_transactor_open(const struct eagre_kafka_settings *settings,
                                              const char *id,
                                              struct eagre_kafka_transactor **out_transactor,
                                              struct eagre_error *error) {
  struct eagre_kafka_transactor *transactor = eagre_allocate_zeroed(1, sizeof *transactor);
  struct eagre_kafka_channel *channel = &transactor->channel;
  *out_transactor = NULL;
  eagre_assert(strlen(id) < sizeof channel->transactional_id);
  snprintf(channel->transactional_id, sizeof channel->transactional_id, "%s", id);
  pthread_mutex_init(&transactor->beginning, NULL);
  enum eagre_status status = open_transactor(transactor, settings, error);
  if (status != EAGRE_OK) {
    eagre_kafka_transactor_close(transactor);
    return status;
  }
  *out_transactor = transactor;
  return EAGRE_OK;
}

struct eagre_kafka_producer *
eagre_kafka_transactor_producer(struct eagre_kafka_transactor *transactor) {
  return eagre_kafka_producer_new(&transactor->channel);
}

/* ---- Transactions ---------------------------------------------------------------------------- */

static bool has_begun(const struct eagre_kafka_transactor *transactor) {
  return atomic_load(&transactor->channel.transaction_begin_us) != 0;
}

static void note_end(struct eagre_kafka_transactor *transactor) {
  atomic_store(&transactor->channel.transaction_begin_us, 0);
  atomic_store(&transactor->channel.failed_count, 0);
}

static enum eagre_status begin_first(struct eagre_kafka_transactor *transactor,
                                     struct eagre_error *error) {
  if (has_begun(transactor)) return EAGRE_OK;
  rd_kafka_error_t *failure = rd_kafka_begin_transaction(transactor->channel.handle.client);
  if (failure != NULL) {
    return fail_call(transactor, failure, "KAFKA_TRANSACTION_FAILED",
                     "Kafka's client began no transaction", error);
  }
  atomic_store(&transactor->channel.transaction_begin_us, eagre_kafka_now_us());
  eagre_crash_point("kafka.after_begin");
  return EAGRE_OK;
}

bool eagre_kafka_transactor_has_begun(const struct eagre_kafka_transactor *transactor) {
  return has_begun(transactor);
}

enum eagre_status eagre_kafka_transactor_begin(struct eagre_kafka_transactor *transactor,
                                               struct eagre_error *error) {
  if (has_begun(transactor)) return EAGRE_OK;
  pthread_mutex_lock(&transactor->beginning);
  enum eagre_status status = begin_first(transactor, error);
  pthread_mutex_unlock(&transactor->beginning);
  return status;
}

static rd_kafka_error_t *send_marker(struct eagre_kafka_transactor *transactor, int timeout_ms) {
  return rd_kafka_send_offsets_to_transaction(transactor->channel.handle.client, transactor->marker,
                                              transactor->group, timeout_ms);
}

static void fill_marker(struct eagre_kafka_transactor *transactor,
                        const struct eagre_kafka_marker *marker) {
  char *topic = eagre_text_duplicate(marker->topic);
  rd_kafka_topic_partition_t *partition =
      rd_kafka_topic_partition_list_add(transactor->marker, topic, 0);
  partition->offset = marker->offset;
  partition->metadata_size = marker->text.size;
  partition->metadata = rd_kafka_mem_malloc(transactor->channel.handle.client, marker->text.size);
  memcpy(partition->metadata, marker->text.data, marker->text.size);
  eagre_free(topic);
}

/* The marker becomes part of the open transaction. */
static enum eagre_status add_marker(struct eagre_kafka_transactor *transactor,
                                    const struct eagre_kafka_marker *marker,
                                    struct eagre_error *error) {
  transactor->marker = rd_kafka_topic_partition_list_new(1);
  transactor->group = rd_kafka_consumer_group_metadata_new(transactor->channel.transactional_id);
  fill_marker(transactor, marker);
  rd_kafka_error_t *failure = call_until(transactor, send_marker, get_timeout_us(transactor));
  rd_kafka_topic_partition_list_destroy(transactor->marker);
  rd_kafka_consumer_group_metadata_destroy(transactor->group);
  if (failure == NULL) return EAGRE_OK;
  return fail_call(transactor, failure, "KAFKA_TRANSACTION_FAILED",
                   "Kafka did not take the marker of the transaction", error);
}

static rd_kafka_error_t *commit_transaction(struct eagre_kafka_transactor *transactor,
                                            int timeout_ms) {
  return rd_kafka_commit_transaction(transactor->channel.handle.client, timeout_ms);
}

/* Requires-abort says that it is not committed; every other failure leaves that open. */
static enum eagre_status end_with_commit(struct eagre_kafka_transactor *transactor,
                                         struct eagre_error *error) {
  atomic_store(&transactor->is_committing, true);
  rd_kafka_error_t *failure =
      call_until(transactor, commit_transaction, get_timeout_us(transactor));
  atomic_store(&transactor->is_committing, false);
  if (failure == NULL) {
    note_end(transactor);
    eagre_crash_point("kafka.after_commit");
    return EAGRE_OK;
  }
  if (rd_kafka_error_txn_requires_abort(failure)) {
    return fail_call(transactor, failure, "KAFKA_TRANSACTION_ABORTED",
                     "The transaction was not committed", error);
  }
  transactor->is_unknown = true;
  return fail_call(transactor, failure, "KAFKA_COMMIT_UNKNOWN",
                   "Whether Kafka has committed the transaction is not known; the next start asks",
                   error);
}

enum eagre_status eagre_kafka_transactor_commit(struct eagre_kafka_transactor *transactor,
                                                const struct eagre_kafka_marker *marker,
                                                struct eagre_error *error) {
  eagre_assert(!transactor->is_unknown);
  EAGRE_TRY(eagre_kafka_transactor_begin(transactor, error));
  EAGRE_TRY(eagre_kafka_channel_flush(&transactor->channel, error));
  EAGRE_TRY(add_marker(transactor, marker, error));
  eagre_crash_point("kafka.after_marker");
  return end_with_commit(transactor, error);
}

static rd_kafka_error_t *abort_transaction(struct eagre_kafka_transactor *transactor,
                                           int timeout_ms) {
  return rd_kafka_abort_transaction(transactor->channel.handle.client, timeout_ms);
}

enum eagre_status eagre_kafka_transactor_abort(struct eagre_kafka_transactor *transactor,
                                               struct eagre_error *error) {
  if (!has_begun(transactor)) return EAGRE_OK;
  if (transactor->is_unknown) {
    return eagre_error_set(error, EAGRE_IO, "KAFKA_COMMIT_UNKNOWN",
                           "A transaction that may be committed cannot be given up.");
  }
  rd_kafka_error_t *failure = call_until(transactor, abort_transaction, get_timeout_us(transactor));
  if (failure != NULL) {
    return fail_call(transactor, failure, "KAFKA_TRANSACTION_FAILED",
                     "Kafka did not end the transaction that was given up", error);
  }
  note_end(transactor);
  return EAGRE_OK;
}

/* Readers with read_committed would wait for the end of a transaction that is left open. */
static void abort_at_close(struct eagre_kafka_transactor *transactor) {
  if (!has_begun(transactor) || transactor->is_unknown) return;
  rd_kafka_error_t *failure = call_until(transactor, abort_transaction, CLOSE_TIMEOUT_US);
  if (failure == NULL) return;
  eagre_log(EAGRE_LOG_WARNING,
            "the transaction of %s was left open and ends by itself or at the next start: %s",
            transactor->channel.transactional_id, rd_kafka_error_string(failure));
  rd_kafka_error_destroy(failure);
}

void eagre_kafka_transactor_close(struct eagre_kafka_transactor *transactor) {
  if (transactor == NULL) return;
  abort_at_close(transactor);
  eagre_kafka_channel_close(&transactor->channel);
  pthread_mutex_destroy(&transactor->beginning);
  eagre_free(transactor);
}
