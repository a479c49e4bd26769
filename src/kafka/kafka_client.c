/* The control client: start-up, topics and ends of partitions. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kafka/kafka_handle.h"

enum {
  STARTUP_ATTEMPT_MS = 500,
  ASKER_ATTEMPT_MS = 5000,
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
    /* librdkafka tells that it is refused between attempts only. */
    int attempt_ms_max = handle->asker == NULL ? STARTUP_ATTEMPT_MS : ASKER_ATTEMPT_MS;
    int attempt_ms = left_ms < attempt_ms_max ? (int)left_ms : attempt_ms_max;
    if (left_ms <= 0) return fail_unreachable(client, timeout_us, error);
    rd_kafka_resp_err_t failure = eagre_kafka_handle_metadata(handle, false, attempt_ms, &metadata);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
      eagre_kafka_handle_metadata_done(handle, metadata);
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

static enum eagre_status open_handle(struct eagre_kafka_client *client,
                                     const struct eagre_kafka_client_options *options,
                                     struct eagre_kafka_configuration *configuration,
                                     struct eagre_error *error) {
  struct eagre_kafka_handle *handle = &client->handle;
  if (options->role == EAGRE_KAFKA_WRITE) {
    return eagre_kafka_handle_open(handle, RD_KAFKA_PRODUCER, configuration, error);
  }
  return eagre_kafka_handle_open_reader(handle, options->fetcher, configuration, error);
}

static enum eagre_status open_client(struct eagre_kafka_client *client,
                                     const struct eagre_kafka_client_options *options,
                                     struct eagre_error *error) {
  struct eagre_kafka_configuration configuration;
  EAGRE_TRY(eagre_kafka_settings_apply(options->settings, options->role, &configuration, error));
  EAGRE_TRY(open_handle(client, options, &configuration, error));
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

/* Makes librdkafka know the topic, so that it is part of the next question. */
static void tell_librdkafka(struct eagre_kafka_client *client, struct eagre_text name) {
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

/* Whoever asks next, librdkafka or not, asks about these topics, too. */
static void know_topics(struct eagre_kafka_client *client, const struct eagre_kafka_topic *topics,
                        uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (client->handle.asker != NULL) {
      eagre_kafka_asker_know_topic(client->handle.asker, topics[i].name);
    } else {
      tell_librdkafka(client, topics[i].name);
    }
  }
}

static const struct rd_kafka_metadata_topic *find_answer(const struct rd_kafka_metadata *metadata,
                                                         struct eagre_text name) {
  for (int i = 0; i < metadata->topic_cnt; i++) {
    if (eagre_text_equal_string(name, metadata->topics[i].topic)) return &metadata->topics[i];
  }
  return NULL;
}

/* -1 partitions where there is no such topic; else the topic's own failure. */
static rd_kafka_resp_err_t take_topic(const struct rd_kafka_metadata_topic *answer,
                                      int32_t *out_partition_count) {
  *out_partition_count = -1;
  switch (answer->err) {
  case RD_KAFKA_RESP_ERR_NO_ERROR:
    *out_partition_count = answer->partition_cnt;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
  case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
  case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: /* no valid name */
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  default:
    return answer->err;
  }
}

/* The first failure that is not "there is no such topic". */
static rd_kafka_resp_err_t take_topics(const struct rd_kafka_metadata *metadata,
                                       struct eagre_kafka_topic *topics, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const struct rd_kafka_metadata_topic *answer = find_answer(metadata, topics[i].name);
    if (answer == NULL) return RD_KAFKA_RESP_ERR__TIMED_OUT;
    rd_kafka_resp_err_t failure = take_topic(answer, &topics[i].partition_count);
    if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) return failure;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* librdkafka does not tell ids. */
static void take_ids(const struct eagre_kafka_client *client, struct eagre_kafka_topic *topics,
                     uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_kafka_topic_id id = {{0}};
    if (client->handle.asker != NULL) {
      id = eagre_kafka_asker_topic_id(client->handle.asker, topics[i].name);
    }
    memcpy(topics[i].id, id.bytes, sizeof topics[i].id);
  }
}

enum eagre_status eagre_kafka_client_topics(struct eagre_kafka_client *client,
                                            struct eagre_kafka_topic *topics, uint32_t count,
                                            struct eagre_error *error) {
  struct eagre_kafka_handle *handle = &client->handle;
  int64_t deadline_us = eagre_kafka_now_us() + handle->api_timeout_ms * 1000;
  for (;;) {
    const struct rd_kafka_metadata *metadata = NULL;
    know_topics(client, topics, count);
    rd_kafka_resp_err_t failure =
        eagre_kafka_handle_metadata(handle, false, eagre_kafka_attempt_ms(deadline_us), &metadata);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
      failure = take_topics(metadata, topics, count);
      take_ids(client, topics, count);
      eagre_kafka_handle_metadata_done(handle, metadata);
    }
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) return EAGRE_OK;
    if (!eagre_kafka_is_passing(failure) || eagre_kafka_now_us() >= deadline_us) {
      return eagre_kafka_handle_fail(handle, failure, "Asking Kafka for topics", error);
    }
    eagre_kafka_handle_serve(handle, RETRY_PAUSE_MS);
  }
}

/* Topics that the brokers keep for themselves, as Java's admin client leaves them out of lists. */
static bool is_internal(const char *name) {
  static const char *const names[] = {"__consumer_offsets", "__transaction_state",
                                      "__share_group_state"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++) {
    if (strcmp(names[i], name) == 0) return true;
  }
  return false;
}

/* `out_topics` has room for all. *out_failure: of a wanted topic. */
static enum eagre_status filter_topics(const struct rd_kafka_metadata *metadata,
                                       const struct eagre_kafka_topic_filter *filter,
                                       struct eagre_arena *arena,
                                       struct eagre_kafka_topic *out_topics, uint32_t *out_count,
                                       rd_kafka_resp_err_t *out_failure,
                                       struct eagre_error *error) {
  *out_count = 0;
  *out_failure = RD_KAFKA_RESP_ERR_NO_ERROR;
  for (int i = 0; i < metadata->topic_cnt; i++) {
    const struct rd_kafka_metadata_topic *answer = &metadata->topics[i];
    struct eagre_kafka_topic *topic = &out_topics[*out_count];
    bool is_wanted = false;
    if (is_internal(answer->topic)) continue;
    EAGRE_TRY(filter->is_wanted(filter->context, eagre_text_of(answer->topic), &is_wanted, error));
    if (!is_wanted) continue;
    *out_failure = take_topic(answer, &topic->partition_count);
    if (*out_failure != RD_KAFKA_RESP_ERR_NO_ERROR) return EAGRE_OK;
    if (topic->partition_count < 0) continue;
    topic->name = eagre_arena_copy_text(arena, eagre_text_of(answer->topic));
    *out_count += 1;
  }
  return EAGRE_OK;
}

/* One attempt. */
static enum eagre_status list_topics(struct eagre_kafka_client *client,
                                     const struct eagre_kafka_topic_filter *filter, int timeout_ms,
                                     struct eagre_arena *arena,
                                     struct eagre_kafka_topic **out_topics, uint32_t *out_count,
                                     rd_kafka_resp_err_t *out_failure, struct eagre_error *error) {
  const struct rd_kafka_metadata *metadata = NULL;
  *out_failure = eagre_kafka_handle_metadata(&client->handle, true, timeout_ms, &metadata);
  if (*out_failure != RD_KAFKA_RESP_ERR_NO_ERROR) return EAGRE_OK;
  *out_topics =
      eagre_arena_allocate(arena, ((size_t)metadata->topic_cnt + 1) * sizeof **out_topics);
  enum eagre_status status =
      filter_topics(metadata, filter, arena, *out_topics, out_count, out_failure, error);
  if (status == EAGRE_OK) take_ids(client, *out_topics, *out_count);
  eagre_kafka_handle_metadata_done(&client->handle, metadata);
  return status;
}

enum eagre_status eagre_kafka_client_find_topics(struct eagre_kafka_client *client,
                                                 const struct eagre_kafka_topic_filter *filter,
                                                 struct eagre_arena *arena,
                                                 struct eagre_kafka_topic **out_topics,
                                                 uint32_t *out_count, struct eagre_error *error) {
  struct eagre_kafka_handle *handle = &client->handle;
  int64_t deadline_us = eagre_kafka_now_us() + handle->api_timeout_ms * 1000;
  for (;;) {
    rd_kafka_resp_err_t failure;
    EAGRE_TRY(list_topics(client, filter, eagre_kafka_attempt_ms(deadline_us), arena, out_topics,
                          out_count, &failure, error));
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
      eagre_kafka_handle_metadata(&client->handle, true, NEAREST_TIMEOUT_MS, &metadata);
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
  eagre_kafka_handle_metadata_done(&client->handle, metadata);
  return copy;
}

/* ---- Offsets --------------------------------------------------------------------------------- */

enum eagre_status eagre_kafka_client_offsets(struct eagre_kafka_client *client,
                                             enum eagre_kafka_end end,
                                             struct eagre_kafka_offset *offsets, uint32_t count,
                                             struct eagre_error *error) {
  int64_t query = end == EAGRE_KAFKA_EARLIEST ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
  if (count == 0) return EAGRE_OK;
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
  for (uint32_t i = 0; i < count; i++) {
    eagre_kafka_list_add(list, offsets[i].topic, offsets[i].partition, query);
  }
  enum eagre_status status = eagre_kafka_handle_offsets(&client->handle, query, list, error);
  for (uint32_t i = 0; i < count && status == EAGRE_OK; i++) {
    int64_t offset = list->elems[i].offset;
    offsets[i].offset = offset < 0 ? EAGRE_KAFKA_OFFSET_NONE : offset;
  }
  rd_kafka_topic_partition_list_destroy(list);
  return status;
}

enum eagre_status eagre_kafka_client_times(struct eagre_kafka_client *client,
                                           struct eagre_kafka_offset *offsets, uint32_t count,
                                           struct eagre_error *error) {
  return eagre_kafka_handle_times(&client->handle, offsets, count, error);
}
