/* A handle of librdkafka as all of ours are made: log lines to our log, failures remembered,
 * threads off the cores. One that only asks may do without librdkafka: then an asker answers what
 * its calls would (kafka_asker.h). Inside the room only. */
#pragma once

#include "kafka/kafka_asker.h"
#include "kafka/kafka_settings.h"

struct eagre_kafka_handle {
  rd_kafka_t *client;              /* NULL: there is an asker */
  struct eagre_kafka_asker *asker; /* NULL: librdkafka asks */
  rd_kafka_conf_t *conf;           /* beside an asker, for librdkafka where it has to take over */
  bool may_fall_back;
  int64_t api_timeout_ms;
  /* The last failure of a connection, told by eagre_kafka_handle_serve; empty = none. */
  rd_kafka_resp_err_t failure;
  char failure_text[256];
};

/* Takes the configuration in any case. `handle` must stay where it is. */
enum eagre_status eagre_kafka_handle_open(struct eagre_kafka_handle *handle, rd_kafka_type_t type,
                                          struct eagre_kafka_configuration *configuration,
                                          struct eagre_error *error);
/* One that reads: with an asker where `fetcher` wants that and the settings allow it. */
enum eagre_status eagre_kafka_handle_open_reader(struct eagre_kafka_handle *handle,
                                                 enum eagre_kafka_fetcher fetcher,
                                                 struct eagre_kafka_configuration *configuration,
                                                 struct eagre_error *error);
/* librdkafka takes the asker's place. */
enum eagre_status eagre_kafka_handle_fall_back(struct eagre_kafka_handle *handle,
                                               struct eagre_error *error);
void eagre_kafka_handle_close(struct eagre_kafka_handle *handle);
/* The handle's. */
const rd_kafka_conf_t *eagre_kafka_handle_conf(const struct eagre_kafka_handle *handle);
/* Runs the callbacks that have come up; waits for one at most that long. */
void eagre_kafka_handle_serve(struct eagre_kafka_handle *handle, int timeout_ms);
/* Makes the threads of all brokers look at their partitions now (kafka_handle.c says why). */
void eagre_kafka_handle_nudge(struct eagre_kafka_handle *handle);

/* One attempt at what is known of topics: of those that the handle knows, or of all there are. The
 * answer is given back by eagre_kafka_handle_metadata_done before the handle is used again. */
rd_kafka_resp_err_t eagre_kafka_handle_metadata(struct eagre_kafka_handle *handle, bool is_all,
                                                int timeout_ms,
                                                const struct rd_kafka_metadata **out);
void eagre_kafka_handle_metadata_done(const struct eagre_kafka_handle *handle,
                                      const struct rd_kafka_metadata *metadata);
/* One attempt, as rd_kafka_offsets_for_times. */
rd_kafka_resp_err_t eagre_kafka_handle_ask_offsets(struct eagre_kafka_handle *handle,
                                                   rd_kafka_topic_partition_list_t *list,
                                                   int timeout_ms);
/* Asks for `query` (RD_KAFKA_OFFSET_BEGINNING or _END) of all partitions of the list; fills in
 * offsets, RD_KAFKA_OFFSET_INVALID for partitions that do not exist. */
enum eagre_status eagre_kafka_handle_offsets(struct eagre_kafka_handle *handle, int64_t query,
                                             rd_kafka_topic_partition_list_t *partitions,
                                             struct eagre_error *error);
/* eagre_kafka_client_times (kafka_times.c). */
enum eagre_status eagre_kafka_handle_times(struct eagre_kafka_handle *handle,
                                           struct eagre_kafka_offset *offsets, uint32_t count,
                                           struct eagre_error *error);
/* Adds a partition with that offset. */
void eagre_kafka_list_add(rd_kafka_topic_partition_list_t *list, struct eagre_text topic,
                          int32_t partition, int64_t offset);
/* A request that failed for good. */
enum eagre_status eagre_kafka_handle_fail(const struct eagre_kafka_handle *handle,
                                          rd_kafka_resp_err_t failure, const char *what,
                                          struct eagre_error *error);
/* Monotonic. */
int64_t eagre_kafka_now_us(void);
/* How long one attempt of several may take that have to end at `deadline_us`; at least 1. */
int eagre_kafka_attempt_ms(int64_t deadline_us);
/* Whether the same request may work later. */
bool eagre_kafka_is_passing(rd_kafka_resp_err_t failure);
/* Whether it says that there is no such topic or partition. */
bool eagre_kafka_is_missing(rd_kafka_resp_err_t failure);
