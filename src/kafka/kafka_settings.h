/* Settings of a flow as a configuration of librdkafka. Inside the room only. */
#pragma once

#include <librdkafka/rdkafka.h>

#include "kafka/kafka.h"

struct eagre_kafka_configuration {
  rd_kafka_conf_t *conf;  /* the caller's: rd_kafka_new takes it, else rd_kafka_conf_destroy */
  int64_t api_timeout_ms; /* default.api.timeout.ms */
  uint32_t wrong;         /* after an error: the setting it is of, or as many as there are */
};

/* Our defaults, then the settings over them. On error nothing is left to free. */
enum eagre_status eagre_kafka_settings_apply(const struct eagre_kafka_settings *settings,
                                             enum eagre_kafka_role role,
                                             struct eagre_kafka_configuration *out,
                                             struct eagre_error *error);
/* The same to look at and not to connect with: values that refer to secrets are left out. */
enum eagre_status eagre_kafka_settings_draft(const struct eagre_kafka_settings *settings,
                                             enum eagre_kafka_role role,
                                             struct eagre_kafka_configuration *out,
                                             struct eagre_error *error);
/* One log line per setting that is accepted without effect. */
void eagre_kafka_settings_log_ignored(const struct eagre_kafka_settings *settings,
                                      enum eagre_kafka_role role);
/* Whether the flow gave this setting itself. `name` is Java's or librdkafka's. */
bool eagre_kafka_settings_given(const struct eagre_kafka_settings *settings, const char *name);
/* The value of a setting, in `arena`, with a zero behind it; empty when it is not set. */
struct eagre_text eagre_kafka_conf_text(const rd_kafka_conf_t *conf, const char *name,
                                        struct eagre_arena *arena);
/* Whether the setting has this value. */
bool eagre_kafka_conf_is(const rd_kafka_conf_t *conf, const char *name, const char *value);
/* Sets what we have chosen; a refusal is a mistake of ours. */
void eagre_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value);
void eagre_kafka_conf_set_number(rd_kafka_conf_t *conf, const char *name, int64_t value);
