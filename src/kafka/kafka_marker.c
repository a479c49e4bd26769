/* Asking for the marker of a transactor.
 *
 * By a handle of its own: offsets of a group are asked for by a consumer, which joins nothing here,
 * and with read_committed Kafka answers only when no transaction is about to change the answer.
 *
 * Brokers since 4.1 may lose the end of a transaction when they crash right behind its commit: they
 * drop the markers for partitions that have no leader at that moment (KAFKA-20734). Such an offset
 * is about to change for ever. Nothing but time tells it from one that is: whoever asks with
 * read_uncommitted gets an answer at once, whoever waits for a stable one never does. */
#include <string.h>

#include "kafka/kafka_handle.h"

enum { RETRY_PAUSE_MS = 50 };

/* What a coordinator says that is not ready, or not the one. */
static bool is_passing(rd_kafka_resp_err_t failure) {
  switch (failure) {
  case RD_KAFKA_RESP_ERR__WAIT_COORD:
  case RD_KAFKA_RESP_ERR__RETRY:
  case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
  case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
  case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
    return true;
  default:
    return eagre_kafka_is_passing(failure);
  }
}

static rd_kafka_resp_err_t ask(struct eagre_kafka_handle *handle,
                               rd_kafka_topic_partition_list_t *list, int timeout_ms) {
  rd_kafka_resp_err_t failure = rd_kafka_committed(handle->client, list, timeout_ms);
  return failure == RD_KAFKA_RESP_ERR_NO_ERROR ? list->elems[0].err : failure;
}

static enum eagre_status ask_until_answered(struct eagre_kafka_handle *handle,
                                            rd_kafka_topic_partition_list_t *list,
                                            struct eagre_error *error) {
  int64_t deadline_us = eagre_kafka_now_us() + handle->api_timeout_ms * 1000;
  for (;;) {
    rd_kafka_resp_err_t failure = ask(handle, list, eagre_kafka_attempt_ms(deadline_us));
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) return EAGRE_OK;
    if (!is_passing(failure) || eagre_kafka_now_us() >= deadline_us) {
      return eagre_kafka_handle_fail(handle, failure, "Asking Kafka for the last transaction",
                                     error);
    }
    eagre_kafka_handle_serve(handle, RETRY_PAUSE_MS);
  }
}

static enum eagre_status take_text(const rd_kafka_topic_partition_t *partition,
                                   struct eagre_arena *arena, struct eagre_text *out_text) {
  if (partition->offset < 0) return EAGRE_END;
  struct eagre_text text = eagre_text_make(partition->metadata, partition->metadata_size);
  *out_text = eagre_arena_copy_text(arena, text);
  return EAGRE_OK;
}

static enum eagre_status open_handle(struct eagre_kafka_handle *handle,
                                     const struct eagre_kafka_settings *settings, const char *group,
                                     const char *isolation, struct eagre_error *error) {
  struct eagre_kafka_configuration configuration;
  EAGRE_TRY(eagre_kafka_settings_apply(settings, EAGRE_KAFKA_READ, &configuration, error));
  eagre_kafka_conf_set(configuration.conf, "group.id", group);
  eagre_kafka_conf_set(configuration.conf, "isolation.level", isolation);
  return eagre_kafka_handle_open(handle, RD_KAFKA_CONSUMER, &configuration, error);
}

/* Takes a list that holds the partition, and leaves the answer in it. */
static enum eagre_status ask_with(const struct eagre_kafka_settings *settings, const char *group,
                                  const char *isolation, rd_kafka_topic_partition_list_t *list,
                                  struct eagre_error *error) {
  struct eagre_kafka_handle handle = {0};
  EAGRE_TRY(open_handle(&handle, settings, group, isolation, error));
  enum eagre_status status = ask_until_answered(&handle, list, error);
  eagre_kafka_handle_close(&handle);
  return status;
}

/* AGAIN when only the answer that may change is to be had. */
static enum eagre_status ask_for_stable(const struct eagre_kafka_settings *settings,
                                        const char *group, rd_kafka_topic_partition_list_t *list,
                                        struct eagre_error *error) {
  enum eagre_status status = ask_with(settings, group, "read_committed", list, error);
  if (status != EAGRE_IO) return status;
  bool answers = ask_with(settings, group, "read_uncommitted", list, NULL) == EAGRE_OK;
  return answers ? EAGRE_AGAIN : EAGRE_IO;
}

enum eagre_status eagre_kafka_marker_read(const struct eagre_kafka_settings *settings,
                                          const char *id, struct eagre_text topic,
                                          struct eagre_arena *arena, struct eagre_text *out_text,
                                          struct eagre_error *error) {
  *out_text = (struct eagre_text){0};
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  char *name = eagre_text_duplicate(topic);
  rd_kafka_topic_partition_list_add(list, name, 0);
  enum eagre_status status = ask_for_stable(settings, id, list, error);
  if (status == EAGRE_OK) status = take_text(&list->elems[0], arena, out_text);
  rd_kafka_topic_partition_list_destroy(list);
  eagre_free(name);
  return status;
}
