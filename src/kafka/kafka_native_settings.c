/* Settings of the native client. */
#include "kafka/kafka_native_settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kafka/kafka_settings.h"

enum { DEFAULT_PORT = 9092, PORT_MAX = 65535 };

int64_t eagre_kafka_native_get_number(const rd_kafka_conf_t *conf, const char *name) {
  struct eagre_arena arena = {0};
  struct eagre_text text = eagre_kafka_conf_text(conf, name, &arena);
  int64_t number = text.size == 0 ? 0 : strtoll(text.data, NULL, 10);
  eagre_arena_done(&arena);
  return number;
}

static bool wants_tls(const rd_kafka_conf_t *conf) {
  return eagre_kafka_conf_is(conf, "security.protocol", "ssl") ||
         eagre_kafka_conf_is(conf, "security.protocol", "sasl_ssl");
}

static bool wants_sasl(const rd_kafka_conf_t *conf) {
  return eagre_kafka_conf_is(conf, "security.protocol", "sasl_plaintext") ||
         eagre_kafka_conf_is(conf, "security.protocol", "sasl_ssl");
}

const char *eagre_kafka_native_misfit(const rd_kafka_conf_t *conf) {
  static const struct {
    const char *name;
    const char *value; /* that it must have */
    const char *why;
  } needs[] = {
      {"client.rack", "", "it reads from leaders only, so kafka.client.rack has no meaning"},
      {"api.version.request", "true", "it asks brokers what they speak"},
  };
  const char *why = NULL;
  for (size_t i = 0; i < EAGRE_COUNT_OF(needs); i++) {
    if (!eagre_kafka_conf_is(conf, needs[i].name, needs[i].value)) return needs[i].why;
  }
  if (wants_tls(conf)) why = eagre_kafka_tls_misfit(conf);
  if (why == NULL && wants_sasl(conf)) why = eagre_kafka_sasl_misfit(conf);
  return why;
}

static int get_family(const rd_kafka_conf_t *conf) {
  if (eagre_kafka_conf_is(conf, "broker.address.family", "v4")) return AF_INET;
  return eagre_kafka_conf_is(conf, "broker.address.family", "v6") ? AF_INET6 : AF_UNSPEC;
}

static int64_t get_us(const rd_kafka_conf_t *conf, const char *name) {
  return eagre_kafka_native_get_number(conf, name) * 1000;
}

enum eagre_status eagre_kafka_native_read_connections(const rd_kafka_conf_t *conf,
                                                      struct eagre_arena *arena,
                                                      struct eagre_kafka_connection_options *out,
                                                      struct eagre_error *error) {
  struct eagre_text client_id = eagre_kafka_conf_text(conf, "client.id", arena);
  *out = (struct eagre_kafka_connection_options){
      .client_id = client_id.size == 0 ? "" : client_id.data,
      .address_family = get_family(conf),
      .connect_timeout_us = get_us(conf, "socket.connection.setup.timeout.ms"),
      .answer_timeout_us = get_us(conf, "socket.timeout.ms") + get_us(conf, "fetch.wait.max.ms"),
      .pause_us_min = get_us(conf, "reconnect.backoff.ms"),
      .pause_us_max = get_us(conf, "reconnect.backoff.max.ms"),
      .answer_size_max = (size_t)eagre_kafka_native_get_number(conf, "receive.message.max.bytes"),
      .send_buffer_size = (int)eagre_kafka_native_get_number(conf, "socket.send.buffer.bytes"),
      .receive_buffer_size =
          (int)eagre_kafka_native_get_number(conf, "socket.receive.buffer.bytes"),
      .keeps_alive = eagre_kafka_conf_is(conf, "socket.keepalive.enable", "true"),
  };
  if (wants_tls(conf)) EAGRE_TRY(eagre_kafka_tls_open(conf, &out->tls, error));
  return wants_sasl(conf) ? eagre_kafka_sasl_read(conf, arena, &out->login, error) : EAGRE_OK;
}

void eagre_kafka_native_done_connections(struct eagre_kafka_connection_options *options) {
  eagre_kafka_tls_close(options->tls);
  options->tls = NULL;
}

/* ---- Where to begin -------------------------------------------------------------------------- */

/* "PLAINTEXT://[::1]:9092": the scheme is for Java's ears, brackets are for addresses with colons. */
static bool parse_address(struct eagre_text text, struct eagre_kafka_native_address *out) {
  const char *scheme = memmem(text.data, text.size, "://", 3);
  if (scheme != NULL) {
    text = eagre_text_make(scheme + 3, (size_t)(text.data + text.size - scheme - 3));
  }
  const char *colon = memrchr(text.data, ':', text.size);
  const char *bracket = memrchr(text.data, ']', text.size);
  bool has_port = colon != NULL && (bracket == NULL || colon > bracket);
  *out = (struct eagre_kafka_native_address){text, DEFAULT_PORT};
  if (has_port) {
    out->host.size = (size_t)(colon - text.data);
    out->port = (int32_t)strtol(colon + 1, NULL, 10); /* the text ends with a zero or a comma */
  }
  if (out->host.size >= 2 && out->host.data[0] == '[' && bracket != NULL) {
    out->host = eagre_text_make(out->host.data + 1, out->host.size - 2);
  }
  return out->host.size > 0 && out->port > 0 && out->port <= PORT_MAX;
}

enum eagre_status eagre_kafka_native_read_addresses(const rd_kafka_conf_t *conf,
                                                    struct eagre_arena *arena,
                                                    struct eagre_kafka_native_address **out,
                                                    uint32_t *out_count,
                                                    struct eagre_error *error) {
  struct eagre_text rest = eagre_kafka_conf_text(conf, "bootstrap.servers", arena);
  *out = eagre_arena_allocate(arena, (rest.size + 1) * sizeof **out);
  *out_count = 0;
  while (rest.size > 0) {
    const char *comma = memchr(rest.data, ',', rest.size);
    size_t length = comma == NULL ? rest.size : (size_t)(comma - rest.data);
    struct eagre_text one = eagre_text_trim(eagre_text_make(rest.data, length));
    if (one.size > 0 && parse_address(one, &(*out)[*out_count])) *out_count += 1;
    size_t passed = comma == NULL ? length : length + 1;
    rest = eagre_text_make(rest.data + passed, rest.size - passed);
  }
  if (*out_count > 0) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_USAGE, "INVALID_KAFKA_SETTING",
                         "kafka.bootstrap.servers holds no address.");
}
