/* What the native client takes from the settings, which a configuration of librdkafka holds. Inside
 * the room only. */
#pragma once

#include "kafka/kafka_connection.h"

/* Why these settings need librdkafka; NULL: they do not. */
const char *eagre_kafka_native_misfit(const rd_kafka_conf_t *conf);

int64_t eagre_kafka_native_get_number(const rd_kafka_conf_t *conf, const char *name);
struct eagre_kafka_native_address {
  struct eagre_text host;
  int32_t port;
};

/* Where to begin; what is no address is left out. In `arena`. USAGE INVALID_KAFKA_SETTING: there is
 * none. */
enum eagre_status eagre_kafka_native_read_addresses(const rd_kafka_conf_t *conf,
                                                    struct eagre_arena *arena,
                                                    struct eagre_kafka_native_address **out,
                                                    uint32_t *out_count, struct eagre_error *error);

/* Texts live in `arena`. eagre_kafka_native_done_connections gives back what was read, after an
 * error too. USAGE INVALID_KAFKA_SETTING: a certificate or key that cannot be used, no user. */
enum eagre_status eagre_kafka_native_read_connections(const rd_kafka_conf_t *conf,
                                                      struct eagre_arena *arena,
                                                      struct eagre_kafka_connection_options *out,
                                                      struct eagre_error *error);
void eagre_kafka_native_done_connections(struct eagre_kafka_connection_options *options);
