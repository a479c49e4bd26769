/* The control client: start-up, topics and ends of partitions. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kafka/kafka_handle.h"

enum {
  STARTUP_ATTEMPT_MS = 500,
  RETRY_PAUSE_MS = 100,
  NEAREST_TIMEOUT_MS = 2000,
};

static const int64_t STARTUP_TIMEOUT_US = 30 * INT64_C(1000000);
static const int64_t STILL_TRYING_US = 5 * INT64_C(1000000);

/* A topic that was asked for; librdkafka asks for all of those at once. */
struct known_topic {
  struct known_topic *next;
  rd_kafka_topic_t *topic;
};

struct eagre_kafka_client {
  struct eagre_kafka_handle handle;
  struct known_topic *topics;
  char *brokers;
};

/* ---- Start ----------------------------------------------------------------------------------- */

static bool is_refused(rd_kafka_resp_err_t failure) {
  return failure == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
         failure == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED;
}

static enum eagre_status fail_unreachable(const struct eagre_kafka_client *client,
                                          int64_t timeout_us, struct eagre_error *error) {
  const char *why = client->handle.failure_text;
  eagre_error_set(error, EAGRE_IO, "KAFKA_BROKER_UNREACHABLE",
                  "No broker of %s has answered within %" PRId64 ".%" PRId64 " s: %s.",
                  client->brokers, timeout_us / 1000000, timeout_us / 100000 % 10,
                  why[0] == '\0' ? "no answer" : why);
  eagre_error_hint(error, "check the addresses and kafka.security.protocol; --startup-timeout says "
                          "how long to try");
  return EAGRE_IO;
}

/* Asks for the brokers until one answers. */
static enum eagre_status wait_for_broker(struct eagre_kafka_client *client, int64_t timeout_us,
                                         struct eagre_error *error) {
  struct eagre_kafka_handle *handle = &client->handle;
  int64_t begin_us = eagre_kafka_now_us();
  int64_t next_line_us = begin_us + STILL_TRYING_US;
  for (;;) {
    const struct rd_kafka_metadata *metadata = NULL;
    int64_t left_ms = (begin_us + timeout_us - eagre_kafka_now_us()) / 1000;
    int attempt_ms = left_ms < STARTUP_ATTEMPT_MS ? (int)left_ms : STARTUP_ATTEMPT_MS;
    if (left_ms <= 0) return fail_unreachable(client, timeout_us, error);
    rd_kafka_resp_err_t failure = rd_kafka_metadata(handle->client, 0, NULL, &metadata, attempt_ms);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
      handle->failure_text[0] = '\0';
      return EAGRE_OK;
    }
    eagre_kafka_handle_serve(handle, left_ms < RETRY_PAUSE_MS ? (int)left_ms : RETRY_PAUSE_MS);
    if (is_refused(handle->failure)) {
      return eagre_kafka_handle_fail(handle, handle->failure, "Connecting to Kafka", error);
    }
    if (eagre_kafka_now_us() < next_line_us) continue;
    next_line_us += STILL_TRYING_US;
    eagre_log(EAGRE_LOG_WARNING, "no broker of %s has answered yet, still trying: %s",
              client->brokers, handle->failure_text);
  }
}

static enum eagre_status open_client(struct eagre_kafka_client *client,
                                     const struct eagre_kafka_client_options *options,
                                     struct eagre_error *error) {
  struct eagre_kafka_configuration configuration;
  EAGRE_TRY(eagre_kafka_settings_apply(options->settings, options->role, &configuration, error));
  rd_kafka_type_t type = options->role == EAGRE_KAFKA_READ ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
  EAGRE_TRY(eagre_kafka_handle_open(&client->handle, type, &configuration, error));
  eagre_kafka_settings_log_ignored(options->settings, options->role);
  int64_t timeout_us = options->startup_timeout_us;
  return wait_for_broker(client, timeout_us == 0 ? STARTUP_TIMEOUT_US : timeout_us, error);
}

enum eagre_status eagre_kafka_client_open(const struct eagre_kafka_client_options *options,
                                          struct eagre_kafka_client **out_client,
                                          struct eagre_error *error) {
  struct eagre_kafka_client *client = eagre_allocate_zeroed(1, sizeof *client);
  client->brokers = eagre_text_duplicate(eagre_text_trim(options->settings->brokers));
  enum eagre_status status = open_client(client, options, error);
  if (status != EAGRE_OK) {
    eagre_kafka_client_close(client);
    client = NULL;
  }
  *out_client = client;
  return status;
}

void eagre_kafka_client_close(struct eagre_kafka_client *client) {
  if (client == NULL) return;
  while (client->topics != NULL) {
    struct known_topic *known = client->topics;
    client->topics = known->next;
    rd_kafka_topic_destroy(known->topic);
    eagre_free(known);
  }
  eagre_kafka_handle_close(&client->handle);
  eagre_free(client->brokers);
  eagre_free(client);
}

/* ---- Topics ---------------------------------------------------------------------------------- */

/* Makes the handle know the topic, so that it is part of the next question. */
static void know_topic(struct eagre_kafka_client *client, struct eagre_text name) {
  for (struct known_topic *known = client->topics; known != NULL; known = known->next) {
    if (eagre_text_equal_string(name, rd_kafka_topic_name(known->topic))) return;
  }
  struct known_topic *known = eagre_allocate(sizeof *known);
  char *string = eagre_text_duplicate(name);
  known->topic = rd_kafka_topic_new(client->handle.client, string, NULL);
  known->next = client->topics;
  client->topics = known;
  eagre_free(string);
}

static const struct rd_kafka_metadata_topic *find_answer(const struct rd_kafka_metadata *metadata,
                                                         struct eagre_text name) {
  for (int i = 0; i < metadata->topic_cnt; i++) {
    if (eagre_text_equal_string(name, metadata->topics[i].topic)) return &metadata->topics[i];
  }
  return NULL;
}

/* The first failure that is not "there is no such topic". */
static rd_kafka_resp_err_t take_topics(const struct rd_kafka_metadata *metadata,
                                       struct eagre_kafka_topic *topics, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const struct rd_kafka_metadata_topic *answer = find_answer(metadata, topics[i].name);
    if (answer == NULL) return RD_KAFKA_RESP_ERR__TIMED_OUT;
    switch (answer->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      topics[i].partition_count = answer->partition_cnt;
      break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: /* no valid name */
      topics[i].partition_count = -1;
      break;
    default:
      return answer->err;
    }
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

enum eagre_status eagre_kafka_client_topics(struct eagre_kafka_client *client,
                                            struct eagre_kafka_topic *topics, uint32_t count,
                                            struct eagre_error *error) {
  struct eagre_kafka_handle *handle = &client->handle;
  int64_t deadline_us = eagre_kafka_now_us() + handle->api_timeout_ms * 1000;
  for (uint32_t i = 0; i < count; i++) {
    know_topic(client, topics[i].name);
  }
  for (;;) {
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t failure =
        rd_kafka_metadata(handle->client, 0, NULL, &metadata, eagre_kafka_attempt_ms(deadline_us));
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
      failure = take_topics(metadata, topics, count);
      rd_kafka_metadata_destroy(metadata);
    }
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) return EAGRE_OK;
    if (!eagre_kafka_is_passing(failure) || eagre_kafka_now_us() >= deadline_us) {
      return eagre_kafka_handle_fail(handle, failure, "Asking Kafka for topics", error);
    }
    eagre_kafka_handle_serve(handle, RETRY_PAUSE_MS);
  }
}

struct eagre_text eagre_kafka_client_nearest_topic(struct eagre_kafka_client *client,
                                                   struct eagre_text name,
                                                   struct eagre_arena *arena) {
  const struct rd_kafka_metadata *metadata = NULL;
  rd_kafka_resp_err_t failure =
      rd_kafka_metadata(client->handle.client, 1, NULL, &metadata, NEAREST_TIMEOUT_MS);
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) return (struct eagre_text){0};
  size_t count = 0;
  const char **names = eagre_allocate(sizeof *names * ((size_t)metadata->topic_cnt + 1));
  for (int i = 0; i < metadata->topic_cnt; i++) {
    if (metadata->topics[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    names[count++] = metadata->topics[i].topic;
  }
  const char *nearest = eagre_text_nearest(name, names, count);
  struct eagre_text copy = {0};
  if (nearest != NULL) copy = eagre_arena_copy_text(arena, eagre_text_of(nearest));
  eagre_free(names);
  rd_kafka_metadata_destroy(metadata);
  return copy;
}

/* ---- Offsets --------------------------------------------------------------------------------- */

static void add_partition(rd_kafka_topic_partition_list_t *list, struct eagre_text topic,
                          int32_t partition) {
  char *name = eagre_text_duplicate(topic);
  rd_kafka_topic_partition_list_add(list, name, partition);
  eagre_free(name);
}

enum eagre_status eagre_kafka_client_offsets(struct eagre_kafka_client *client,
                                             enum eagre_kafka_end end,
                                             struct eagre_kafka_offset *offsets, uint32_t count,
                                             struct eagre_error *error) {
  int64_t query = end == EAGRE_KAFKA_EARLIEST ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
  if (count == 0) return EAGRE_OK;
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
  for (uint32_t i = 0; i < count; i++) {
    add_partition(list, offsets[i].topic, offsets[i].partition);
  }
  enum eagre_status status = eagre_kafka_handle_offsets(&client->handle, query, list, error);
  for (uint32_t i = 0; i < count && status == EAGRE_OK; i++) {
    int64_t offset = list->elems[i].offset;
    offsets[i].offset = offset < 0 ? EAGRE_KAFKA_OFFSET_NONE : offset;
  }
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}
