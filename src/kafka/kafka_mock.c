/* librdkafka's mock cluster behind a few calls. It needs a handle for its threads and timers. */
#include <stdio.h>

#include "kafka/kafka_handle.h"

#include <librdkafka/rdkafka_mock.h>

struct eagre_kafka_mock {
  struct eagre_kafka_handle handle;
  rd_kafka_mock_cluster_t *cluster;
};

static enum eagre_status open_mock(struct eagre_kafka_mock *mock, uint32_t broker_count,
                                   struct eagre_error *error) {
  struct eagre_kafka_configuration configuration = {.conf = rd_kafka_conf_new()};
  EAGRE_TRY(eagre_kafka_handle_open(&mock->handle, RD_KAFKA_PRODUCER, &configuration, error));
  mock->cluster = rd_kafka_mock_cluster_new(mock->handle.client, (int)broker_count);
  if (mock->cluster != NULL) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_IO, "KAFKA_MOCK_FAILED",
                         "The embedded brokers could not be started on 127.0.0.1.");
}

enum eagre_status eagre_kafka_mock_open(uint32_t broker_count, struct eagre_kafka_mock **out_mock,
                                        struct eagre_error *error) {
  struct eagre_kafka_mock *mock = eagre_allocate_zeroed(1, sizeof *mock);
  enum eagre_status status = open_mock(mock, broker_count, error);
  if (status != EAGRE_OK) {
    eagre_kafka_mock_close(mock);
    mock = NULL;
  }
  *out_mock = mock;
  return status;
}

void eagre_kafka_mock_close(struct eagre_kafka_mock *mock) {
  if (mock == NULL) return;
  if (mock->cluster != NULL) rd_kafka_mock_cluster_destroy(mock->cluster);
  eagre_kafka_handle_close(&mock->handle);
  eagre_free(mock);
}

const char *eagre_kafka_mock_brokers(const struct eagre_kafka_mock *mock) {
  return rd_kafka_mock_cluster_bootstraps(mock->cluster);
}

enum eagre_status eagre_kafka_mock_create_topic(struct eagre_kafka_mock *mock, const char *name,
                                                uint32_t partition_count,
                                                struct eagre_error *error) {
  rd_kafka_resp_err_t failure =
      rd_kafka_mock_topic_create(mock->cluster, name, (int)partition_count, 1);
  if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_IO, "KAFKA_MOCK_FAILED",
                         "The embedded brokers refused the topic %s: %s.", name,
                         rd_kafka_err2str(failure));
}

void eagre_kafka_mock_limit_versions(struct eagre_kafka_mock *mock, int16_t api_key, int16_t low,
                                     int16_t high) {
  rd_kafka_mock_set_apiversion(mock->cluster, api_key, low, high);
}

void eagre_kafka_mock_fail_requests(struct eagre_kafka_mock *mock, int16_t api_key, int error_code,
                                    uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    rd_kafka_mock_push_request_errors(mock->cluster, api_key, 1, (rd_kafka_resp_err_t)error_code);
  }
}

void eagre_kafka_mock_set_up(struct eagre_kafka_mock *mock, int32_t broker, bool is_up) {
  if (is_up) {
    rd_kafka_mock_broker_set_up(mock->cluster, broker);
  } else {
    rd_kafka_mock_broker_set_down(mock->cluster, broker);
  }
}
