/* Showing a broker who we are: the messages of SASL's mechanisms, whatever carries them. Inside the
 * room only. */
#pragma once

#include <librdkafka/rdkafka.h>

#include "kafka/kafka_scram.h"

enum eagre_kafka_mechanism {
  EAGRE_KAFKA_NO_SASL,
  EAGRE_KAFKA_PLAIN,
  EAGRE_KAFKA_SCRAM_256,
  EAGRE_KAFKA_SCRAM_512,
};

struct eagre_kafka_login {
  enum eagre_kafka_mechanism mechanism;
  struct eagre_text user;
  struct eagre_text password;
};

/* Why the settings need librdkafka; NULL: they do not. Looked at where SASL is asked for. */
const char *eagre_kafka_sasl_misfit(const rd_kafka_conf_t *conf);
/* Texts live in `arena`. USAGE INVALID_KAFKA_SETTING: there is no user. */
enum eagre_status eagre_kafka_sasl_read(const rd_kafka_conf_t *conf, struct eagre_arena *arena,
                                        struct eagre_kafka_login *out, struct eagre_error *error);
/* "SCRAM-SHA-256". */
struct eagre_text eagre_kafka_sasl_name(enum eagre_kafka_mechanism mechanism);

/* One exchange. All zero: none is under way. */
struct eagre_kafka_sasl {
  struct eagre_kafka_scram scram;
  uint32_t answer_count;
};

/* Appends our first message. NULL, or why there is none. */
const char *eagre_kafka_sasl_begin(struct eagre_kafka_sasl *sasl,
                                   const struct eagre_kafka_login *login, struct eagre_buffer *out);
/* The broker's answer: appends our next message, or tells that we are let in. NULL, or why the
 * answer is refused. */
const char *eagre_kafka_sasl_go_on(struct eagre_kafka_sasl *sasl,
                                   const struct eagre_kafka_login *login, struct eagre_text answer,
                                   struct eagre_buffer *out, bool *out_is_done);
/* Forgets the exchange. */
void eagre_kafka_sasl_done(struct eagre_kafka_sasl *sasl);
