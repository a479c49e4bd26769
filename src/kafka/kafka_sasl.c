/* PLAIN, and SCRAM by kafka_scram.c. */
#include "kafka/kafka_sasl.h"

#include <string.h>

#include "kafka/kafka_settings.h"

/* ---- Settings -------------------------------------------------------------------------------- */

/* In the order of the enum. librdkafka knows "sasl.mechanism" by this name, too. */
static const char *const mechanism_names[] = {"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

struct eagre_text eagre_kafka_sasl_name(enum eagre_kafka_mechanism mechanism) {
  return eagre_text_of(mechanism_names[mechanism]);
}

static enum eagre_kafka_mechanism find_mechanism(const rd_kafka_conf_t *conf,
                                                 struct eagre_arena *arena) {
  struct eagre_text name = eagre_kafka_conf_text(conf, "sasl.mechanisms", arena);
  for (size_t i = EAGRE_KAFKA_PLAIN; i < EAGRE_COUNT_OF(mechanism_names); i++) {
    if (eagre_text_equal_string(name, mechanism_names[i])) return (enum eagre_kafka_mechanism)i;
  }
  return EAGRE_KAFKA_NO_SASL;
}

const char *eagre_kafka_sasl_misfit(const rd_kafka_conf_t *conf) {
  struct eagre_arena arena = {0};
  enum eagre_kafka_mechanism mechanism = find_mechanism(conf, &arena);
  eagre_arena_done(&arena);
  return mechanism == EAGRE_KAFKA_NO_SASL
             ? "of the mechanisms of SASL it speaks PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512"
             : NULL;
}

enum eagre_status eagre_kafka_sasl_read(const rd_kafka_conf_t *conf, struct eagre_arena *arena,
                                        struct eagre_kafka_login *out, struct eagre_error *error) {
  *out = (struct eagre_kafka_login){
      .mechanism = find_mechanism(conf, arena),
      .user = eagre_kafka_conf_text(conf, "sasl.username", arena),
      .password = eagre_kafka_conf_text(conf, "sasl.password", arena),
  };
  if (out->user.size > 0) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "INVALID_KAFKA_SETTING",
                  "kafka.sasl.mechanism %s needs a user, and there is none.",
                  mechanism_names[out->mechanism]);
  eagre_error_hint(error, "set kafka.sasl.jaas.config, or kafka.sasl.username and "
                          "kafka.sasl.password");
  return EAGRE_USAGE;
}

/* ---- Exchanges ------------------------------------------------------------------------------- */

static void put_plain(const struct eagre_kafka_login *login, struct eagre_buffer *out) {
  eagre_buffer_append(out, "\0", 1);
  eagre_buffer_append_text(out, login->user);
  eagre_buffer_append(out, "\0", 1);
  eagre_buffer_append_text(out, login->password);
}

const char *eagre_kafka_sasl_begin(struct eagre_kafka_sasl *sasl,
                                   const struct eagre_kafka_login *login,
                                   struct eagre_buffer *out) {
  if (login->mechanism == EAGRE_KAFKA_PLAIN) {
    put_plain(login, out);
    return NULL;
  }
  enum eagre_kafka_scram_hash hash = login->mechanism == EAGRE_KAFKA_SCRAM_256
                                         ? EAGRE_KAFKA_SCRAM_SHA_256
                                         : EAGRE_KAFKA_SCRAM_SHA_512;
  bool has_begun = eagre_kafka_scram_begin(&sasl->scram, hash, login->user, out);
  return has_begun ? NULL : "OpenSSL gives no random bytes";
}

const char *eagre_kafka_sasl_go_on(struct eagre_kafka_sasl *sasl,
                                   const struct eagre_kafka_login *login, struct eagre_text answer,
                                   struct eagre_buffer *out, bool *out_is_done) {
  struct eagre_text refusal;
  *out_is_done = login->mechanism == EAGRE_KAFKA_PLAIN || sasl->answer_count > 0;
  sasl->answer_count += 1;
  if (login->mechanism == EAGRE_KAFKA_PLAIN) return NULL;
  return *out_is_done ? eagre_kafka_scram_check(&sasl->scram, answer, &refusal)
                      : eagre_kafka_scram_prove(&sasl->scram, login->password, answer, out);
}

void eagre_kafka_sasl_done(struct eagre_kafka_sasl *sasl) {
  eagre_kafka_scram_done(&sasl->scram);
  sasl->answer_count = 0;
}
