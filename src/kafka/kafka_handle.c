/* What every handle of librdkafka needs, and requests that are tried again. */
#include "kafka/kafka_handle.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/io.h"
#include "kafka/kafka_native_settings.h"

enum {
  ATTEMPT_MS_MAX = 5000,
  RETRY_PAUSE_MS = 100,
  CREDENTIAL_SIZE_MAX = 1024,
};

/* ---- Callbacks ------------------------------------------------------------------------------- */

/* Any thread of librdkafka. */
static void log_line(const rd_kafka_t *client, int level, const char *facility, const char *text) {
  (void)client;
  enum eagre_log_level ours = EAGRE_LOG_DEBUG;
  if (level <= 6) ours = EAGRE_LOG_INFO;
  if (level <= 4) ours = EAGRE_LOG_WARNING;
  eagre_log(ours, "kafka %s: %s", facility, text);
}

/* The thread that serves the handle. */
static void remember_failure(rd_kafka_t *client, int failure, const char *reason, void *opaque) {
  (void)client;
  struct eagre_kafka_handle *handle = opaque;
  /* "All brokers are down" says nothing about why; keep the reason told before. */
  if (failure == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && handle->failure_text[0] != '\0') return;
  handle->failure = failure;
  snprintf(handle->failure_text, sizeof handle->failure_text, "%s", reason);
}

/* A new thread of librdkafka: it would stay on the pinned core whose thread opened the handle. */
static rd_kafka_resp_err_t leave_core(rd_kafka_t *client, rd_kafka_thread_type_t type,
                                      const char *name, void *opaque) {
  (void)client, (void)type, (void)name, (void)opaque;
  cpu_set_t cpus;
  if (sched_getaffinity(getpid(), sizeof cpus, &cpus) == 0) {
    pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t watch_threads(rd_kafka_t *client, const rd_kafka_conf_t *conf,
                                         void *opaque, char *reason, size_t reason_size) {
  (void)conf, (void)reason, (void)reason_size;
  return rd_kafka_interceptor_add_on_thread_start(client, "eagre", leave_core, opaque);
}

/* ---- Life ------------------------------------------------------------------------------------ */

enum eagre_status eagre_kafka_handle_open(struct eagre_kafka_handle *handle, rd_kafka_type_t type,
                                          struct eagre_kafka_configuration *configuration,
                                          struct eagre_error *error) {
  char reason[256];
  rd_kafka_conf_t *conf = configuration->conf;
  *handle = (struct eagre_kafka_handle){.api_timeout_ms = configuration->api_timeout_ms};
  rd_kafka_conf_set_opaque(conf, handle);
  rd_kafka_conf_set_log_cb(conf, log_line);
  rd_kafka_conf_set_error_cb(conf, remember_failure);
  rd_kafka_conf_interceptor_add_on_new(conf, "eagre", watch_threads, NULL);
  handle->client = rd_kafka_new(type, conf, reason, sizeof reason);
  if (handle->client != NULL) return EAGRE_OK;
  rd_kafka_conf_destroy(conf);
  return eagre_error_set(error, EAGRE_USAGE, "INVALID_KAFKA_SETTING",
                         "The settings of Kafka do not go together: %s.", reason);
}

static enum eagre_status open_asker(struct eagre_kafka_handle *handle,
                                    const struct eagre_kafka_configuration *configuration,
                                    struct eagre_error *error) {
  *handle = (struct eagre_kafka_handle){.api_timeout_ms = configuration->api_timeout_ms,
                                        .conf = configuration->conf};
  enum eagre_status status = eagre_kafka_asker_open(handle->conf, &handle->asker, error);
  if (status != EAGRE_OK) eagre_kafka_handle_close(handle);
  return status;
}

enum eagre_status eagre_kafka_handle_open_reader(struct eagre_kafka_handle *handle,
                                                 enum eagre_kafka_fetcher fetcher,
                                                 struct eagre_kafka_configuration *configuration,
                                                 struct eagre_error *error) {
  bool asks_itself =
      fetcher != EAGRE_KAFKA_LIBRDKAFKA && eagre_kafka_native_misfit(configuration->conf) == NULL;
  if (!asks_itself) return eagre_kafka_handle_open(handle, RD_KAFKA_CONSUMER, configuration, error);
  EAGRE_TRY(open_asker(handle, configuration, error));
  handle->may_fall_back = fetcher == EAGRE_KAFKA_AUTO;
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_handle_fall_back(struct eagre_kafka_handle *handle,
                                               struct eagre_error *error) {
  struct eagre_kafka_configuration configuration = {.conf = handle->conf,
                                                    .api_timeout_ms = handle->api_timeout_ms};
  if (handle->asker == NULL) return EAGRE_OK;
  eagre_kafka_asker_close(handle->asker);
  return eagre_kafka_handle_open(handle, RD_KAFKA_CONSUMER, &configuration, error);
}

void eagre_kafka_handle_close(struct eagre_kafka_handle *handle) {
  eagre_kafka_asker_close(handle->asker);
  handle->asker = NULL;
  if (handle->conf != NULL) rd_kafka_conf_destroy(handle->conf);
  handle->conf = NULL;
  if (handle->client == NULL) return;
  rd_kafka_destroy_flags(handle->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  handle->client = NULL;
}

const rd_kafka_conf_t *eagre_kafka_handle_conf(const struct eagre_kafka_handle *handle) {
  return handle->client == NULL ? handle->conf : rd_kafka_conf(handle->client);
}

/* An asker has nothing to be served; whoever waits here for a moment still does. */
void eagre_kafka_handle_serve(struct eagre_kafka_handle *handle, int timeout_ms) {
  if (handle->client != NULL) {
    rd_kafka_poll(handle->client, timeout_ms);
  } else if (timeout_ms > 0) {
    usleep((useconds_t)timeout_ms * 1000);
  }
}

/* False when it does not fit: it must not be cut. */
static bool get_credential(rd_kafka_t *client, const char *name, char *out) {
  size_t size = CREDENTIAL_SIZE_MAX;
  out[0] = '\0';
  rd_kafka_conf_res_t result = rd_kafka_conf_get(rd_kafka_conf(client), name, out, &size);
  return result != RD_KAFKA_CONF_OK || size <= CREDENTIAL_SIZE_MAX;
}

/* librdkafka 2.0.2 looks at a partition whose queue was full, and at one that was just started,
 * when the thread of its broker wakes up for something else, or after a second. The one call that
 * wakes these threads without sending anything is the one that renews credentials: it is given
 * those the handle has, and nobody looks at them where SASL is not used. */
void eagre_kafka_handle_nudge(struct eagre_kafka_handle *handle) {
  char user[CREDENTIAL_SIZE_MAX];
  char password[CREDENTIAL_SIZE_MAX];
  if (!get_credential(handle->client, "sasl.username", user)) return;
  if (!get_credential(handle->client, "sasl.password", password)) return;
  rd_kafka_error_t *failure = rd_kafka_sasl_set_credentials(handle->client, user, password);
  if (failure != NULL) rd_kafka_error_destroy(failure);
}

/* ---- Failures -------------------------------------------------------------------------------- */

int64_t eagre_kafka_now_us(void) {
  return (int64_t)(eagre_clock_monotonic_ns() / 1000);
}

int eagre_kafka_attempt_ms(int64_t deadline_us) {
  int64_t left_ms = (deadline_us - eagre_kafka_now_us()) / 1000;
  if (left_ms > ATTEMPT_MS_MAX) return ATTEMPT_MS_MAX;
  return left_ms < 1 ? 1 : (int)left_ms;
}

bool eagre_kafka_is_passing(rd_kafka_resp_err_t failure) {
  switch (failure) {
  case RD_KAFKA_RESP_ERR__TRANSPORT:
  case RD_KAFKA_RESP_ERR__TIMED_OUT:
  case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
  case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
  case RD_KAFKA_RESP_ERR__WAIT_CACHE:
  case RD_KAFKA_RESP_ERR__RESOLVE:
  case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
  case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
  case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
  case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
  case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
  case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
  case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    return true;
  default:
    return false;
  }
}

/* Until 2.6.1 librdkafka sent its nonce twice in its proof, which brokers since 4.0 refuse as wrong
 * credentials. */
static bool has_scram_trouble(const struct eagre_kafka_handle *handle) {
  enum { REPAIRED = 0x020601ff };
  char mechanism[32] = "";
  size_t size = sizeof mechanism;
  if (rd_kafka_version() >= REPAIRED) return false;
  if (handle->client == NULL) return false;
  rd_kafka_conf_res_t result =
      rd_kafka_conf_get(rd_kafka_conf(handle->client), "sasl.mechanism", mechanism, &size);
  return result == RD_KAFKA_CONF_OK && strncmp(mechanism, "SCRAM-", strlen("SCRAM-")) == 0;
}

static enum eagre_status fail_authentication(const struct eagre_kafka_handle *handle,
                                             struct eagre_error *error) {
  eagre_error_set(error, EAGRE_IO, "KAFKA_AUTHENTICATION_FAILED", "Kafka refused to let us in: %s.",
                  handle->failure_text);
  if (has_scram_trouble(handle)) {
    eagre_error_hint(error,
                     "check user and password; when they are right: librdkafka %s does SCRAM in a "
                     "way that brokers since 4.0 refuse, 2.6.1 and later do not; SET "
                     "eagre.kafka.client = 'auto' reads without it, PLAIN over TLS works with both",
                     rd_kafka_version_str());
  } else {
    eagre_error_hint(error, "check kafka.security.protocol, kafka.sasl.mechanism and "
                            "kafka.sasl.jaas.config");
  }
  return EAGRE_IO;
}

enum eagre_status eagre_kafka_handle_fail(const struct eagre_kafka_handle *handle,
                                          rd_kafka_resp_err_t failure, const char *what,
                                          struct eagre_error *error) {
  const char *why = rd_kafka_err2str(failure);
  switch (failure) {
  case RD_KAFKA_RESP_ERR__AUTHENTICATION:
  case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    return fail_authentication(handle, error);
  case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
  case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    eagre_error_set(error, EAGRE_IO, "KAFKA_AUTHORIZATION_FAILED", "%s failed: %s.", what, why);
    eagre_error_hint(error, "the user needs READ and DESCRIBE on topics that are read, WRITE on "
                            "those that are written");
    return EAGRE_IO;
  default:
    return eagre_error_set(
        error, EAGRE_IO, "KAFKA_REQUEST_FAILED", "%s failed: %s%s%s.", what, why,
        handle->failure_text[0] == '\0' ? "" : "; last failure: ", handle->failure_text);
  }
}

/* ---- Attempts -------------------------------------------------------------------------------- */

/* A cluster that the asker cannot speak with: librdkafka takes over where that is allowed. True
 * when the question is to be asked again. */
static bool take_over(struct eagre_kafka_handle *handle, rd_kafka_resp_err_t failure) {
  struct eagre_error error;
  if (failure != RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE || !handle->may_fall_back) return false;
  eagre_error_init(&error);
  if (eagre_kafka_handle_fall_back(handle, &error) != EAGRE_OK) {
    snprintf(handle->failure_text, sizeof handle->failure_text, "%.200s", error.text);
    return false;
  }
  eagre_log(EAGRE_LOG_WARNING,
            "librdkafka asks from now on: the brokers are too old for the native "
            "client");
  return true;
}

/* What the asker said, where everybody looks for it. */
static rd_kafka_resp_err_t note_attempt(struct eagre_kafka_handle *handle,
                                        rd_kafka_resp_err_t failure) {
  const char *why = eagre_kafka_asker_failure(handle->asker);
  if (failure == RD_KAFKA_RESP_ERR_NO_ERROR || why[0] == '\0') return failure;
  handle->failure = failure;
  snprintf(handle->failure_text, sizeof handle->failure_text, "%s", why);
  return failure;
}

rd_kafka_resp_err_t eagre_kafka_handle_metadata(struct eagre_kafka_handle *handle, bool is_all,
                                                int timeout_ms,
                                                const struct rd_kafka_metadata **out) {
  if (handle->asker != NULL) {
    rd_kafka_resp_err_t failure =
        eagre_kafka_asker_metadata(handle->asker, is_all, timeout_ms, out);
    if (!take_over(handle, failure)) return note_attempt(handle, failure);
  }
  return rd_kafka_metadata(handle->client, is_all, NULL, out, timeout_ms);
}

void eagre_kafka_handle_metadata_done(const struct eagre_kafka_handle *handle,
                                      const struct rd_kafka_metadata *metadata) {
  if (handle->asker == NULL) rd_kafka_metadata_destroy(metadata);
}

rd_kafka_resp_err_t eagre_kafka_handle_ask_offsets(struct eagre_kafka_handle *handle,
                                                   rd_kafka_topic_partition_list_t *list,
                                                   int timeout_ms) {
  if (handle->asker != NULL) {
    rd_kafka_resp_err_t failure = eagre_kafka_asker_offsets(handle->asker, list, timeout_ms);
    if (!take_over(handle, failure)) return note_attempt(handle, failure);
  }
  return rd_kafka_offsets_for_times(handle->client, list, timeout_ms);
}

/* ---- Offsets --------------------------------------------------------------------------------- */

bool eagre_kafka_is_missing(rd_kafka_resp_err_t failure) {
  return failure == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         failure == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         failure == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

void eagre_kafka_list_add(rd_kafka_topic_partition_list_t *list, struct eagre_text topic,
                          int32_t partition, int64_t offset) {
  char *name = eagre_text_duplicate(topic);
  rd_kafka_topic_partition_list_add(list, name, partition)->offset = offset;
  eagre_free(name);
}

/* Puts the answers of `open`, which holds the unanswered ones of `partitions` in their order, into
 * it. The first failure. */
static rd_kafka_resp_err_t take_answers(const rd_kafka_topic_partition_list_t *open, int64_t query,
                                        rd_kafka_topic_partition_list_t *partitions) {
  rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  int next = 0;
  for (int i = 0; i < partitions->cnt; i++) {
    rd_kafka_topic_partition_t *partition = &partitions->elems[i];
    if (partition->offset != query) continue;
    const rd_kafka_topic_partition_t *answer = &open->elems[next++];
    if (eagre_kafka_is_missing(answer->err)) {
      partition->offset = RD_KAFKA_OFFSET_INVALID;
    } else if (answer->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      failure = answer->err;
    } else if (answer->offset < 0) {
      failure = RD_KAFKA_RESP_ERR__TIMED_OUT; /* nobody spoke of it */
    } else {
      partition->offset = answer->offset;
    }
  }
  return failure;
}

/* One attempt for the partitions of `partitions` whose offset is still `query`. Answers are put
 * into it; what could not be answered yet stays. */
static rd_kafka_resp_err_t ask_offsets(struct eagre_kafka_handle *handle, int64_t query,
                                       rd_kafka_topic_partition_list_t *partitions,
                                       int timeout_ms) {
  rd_kafka_topic_partition_list_t *open = rd_kafka_topic_partition_list_new(partitions->cnt);
  for (int i = 0; i < partitions->cnt; i++) {
    const rd_kafka_topic_partition_t *partition = &partitions->elems[i];
    if (partition->offset != query) continue;
    rd_kafka_topic_partition_list_add(open, partition->topic, partition->partition)->offset = query;
  }
  /* The protocol takes the two ends for times; librdkafka hands them on. */
  rd_kafka_resp_err_t failure = eagre_kafka_handle_ask_offsets(handle, open, timeout_ms);
  if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) failure = take_answers(open, query, partitions);
  rd_kafka_topic_partition_list_destroy(open);
  return failure;
}

/* Where an answer for all was refused because of one: each by itself. */
static rd_kafka_resp_err_t ask_each(struct eagre_kafka_handle *handle, int64_t query,
                                    rd_kafka_topic_partition_list_t *partitions, int timeout_ms) {
  for (int i = 0; i < partitions->cnt; i++) {
    rd_kafka_topic_partition_t *partition = &partitions->elems[i];
    if (partition->offset != query) continue;
    int64_t low = 0;
    int64_t high = 0;
    rd_kafka_resp_err_t failure = rd_kafka_query_watermark_offsets(
        handle->client, partition->topic, partition->partition, &low, &high, timeout_ms);
    if (eagre_kafka_is_missing(failure)) {
      partition->offset = RD_KAFKA_OFFSET_INVALID;
    } else if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return failure;
    } else {
      partition->offset = query == RD_KAFKA_OFFSET_BEGINNING ? low : high;
    }
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool are_answered(const rd_kafka_topic_partition_list_t *partitions, int64_t query) {
  for (int i = 0; i < partitions->cnt; i++) {
    if (partitions->elems[i].offset == query) return false;
  }
  return true;
}

enum eagre_status eagre_kafka_handle_offsets(struct eagre_kafka_handle *handle, int64_t query,
                                             rd_kafka_topic_partition_list_t *partitions,
                                             struct eagre_error *error) {
  int64_t deadline_us = eagre_kafka_now_us() + handle->api_timeout_ms * 1000;
  rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  for (int i = 0; i < partitions->cnt; i++) {
    partitions->elems[i].offset = query;
  }
  while (!are_answered(partitions, query)) {
    int attempt_ms = eagre_kafka_attempt_ms(deadline_us);
    failure = ask_offsets(handle, query, partitions, attempt_ms);
    if (eagre_kafka_is_missing(failure)) failure = ask_each(handle, query, partitions, attempt_ms);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    bool is_late = eagre_kafka_now_us() >= deadline_us;
    if (is_late || !eagre_kafka_is_passing(failure)) {
      return eagre_kafka_handle_fail(handle, failure, "Asking Kafka for offsets", error);
    }
    eagre_kafka_handle_serve(handle, RETRY_PAUSE_MS);
  }
  return EAGRE_OK;
}
