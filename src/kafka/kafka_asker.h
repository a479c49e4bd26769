/* Asks a cluster without librdkafka and waits for the answers: which topics, partitions and leaders
 * there are, and where partitions begin and end. Inside the room only.
 *
 * It takes and gives what librdkafka's calls of the same purpose take and give, so that a handle
 * (kafka_handle.h) can do with either. Connections are made when they are needed and kept; leaders
 * are believed until a broker says otherwise. There is no thread; one thread at a time uses it. */
#pragma once

#include "kafka/kafka_connection.h"

struct eagre_kafka_asker;

/* `conf` is read and stays the caller's. USAGE as eagre_kafka_native_read_connections. */
enum eagre_status eagre_kafka_asker_open(const rd_kafka_conf_t *conf,
                                         struct eagre_kafka_asker **out, struct eagre_error *error);
/* NULL is fine. */
void eagre_kafka_asker_close(struct eagre_kafka_asker *asker);

/* The topic is part of what `metadata` asks for. */
void eagre_kafka_asker_know_topic(struct eagre_kafka_asker *asker, struct eagre_text name);
/* About the topics that are known, or about all there are. The answer is the asker's and stays
 * until the next call. __AUTHENTICATION, __TRANSPORT, __TIMED_OUT, __UNSUPPORTED_FEATURE. */
rd_kafka_resp_err_t eagre_kafka_asker_metadata(struct eagre_kafka_asker *asker, bool is_all,
                                               int timeout_ms,
                                               const struct rd_kafka_metadata **out);
/* The id of a topic in the last such answer; all zero when it tells none. */
struct eagre_kafka_topic_id eagre_kafka_asker_topic_id(const struct eagre_kafka_asker *asker,
                                                       struct eagre_text name);
/* As rd_kafka_offsets_for_times: offsets of the list are times, or one of the two ends, and become
 * positions; -1 where no record is that young. A partition's own failure is its `err`. */
rd_kafka_resp_err_t eagre_kafka_asker_offsets(struct eagre_kafka_asker *asker,
                                              rd_kafka_topic_partition_list_t *list,
                                              int timeout_ms);
/* The last failure of a connection: "host:port: reason"; empty: none. */
const char *eagre_kafka_asker_failure(const struct eagre_kafka_asker *asker);
