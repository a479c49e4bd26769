/* TLS over the sockets of the native client, by OpenSSL. Inside the room only.
 *
 * A context holds what the settings say: whom to trust, which certificate to show. It is made once
 * per client and shared by its connections; each of those has a stream over its socket. Streams
 * never wait: they say what the socket has to be ready for.
 *
 * Names are librdkafka's (kafka_settings.def says what Java's become), and so is their meaning: the
 * server's certificate is checked unless enable.ssl.certificate.verification is false, its host
 * name unless ssl.endpoint.identification.algorithm is none; without an authority of its own the
 * client trusts those of the system. */
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/base.h"

struct eagre_kafka_tls;
struct eagre_kafka_tls_stream;

/* Why the settings need librdkafka; NULL: they do not. */
const char *eagre_kafka_tls_misfit(const rd_kafka_conf_t *conf);
/* USAGE INVALID_KAFKA_SETTING names the setting and what OpenSSL says of it; it shows no secret. */
enum eagre_status eagre_kafka_tls_open(const rd_kafka_conf_t *conf, struct eagre_kafka_tls **out,
                                       struct eagre_error *error);
/* NULL is fine. Streams are closed before. */
void eagre_kafka_tls_close(struct eagre_kafka_tls *tls);

enum eagre_kafka_tls_result {
  EAGRE_KAFKA_TLS_OK,
  EAGRE_KAFKA_TLS_WANTS_READ,
  EAGRE_KAFKA_TLS_WANTS_WRITE,
  EAGRE_KAFKA_TLS_CLOSED, /* by the broker, in order */
  EAGRE_KAFKA_TLS_FAILED,
};

/* Over a connected socket, which stays the caller's; NULL when OpenSSL has no memory. `host` is
 * what the certificate has to be for. */
struct eagre_kafka_tls_stream *eagre_kafka_tls_stream_new(struct eagre_kafka_tls *tls,
                                                          const char *host, int descriptor);
void eagre_kafka_tls_stream_free(struct eagre_kafka_tls_stream *stream);
/* To be called until it is OK. FAILED fills `why` with the reason: what is wrong with the
 * certificate, or what the broker said. */
enum eagre_kafka_tls_result eagre_kafka_tls_stream_greet(struct eagre_kafka_tls_stream *stream,
                                                         char *why, size_t why_size);
/* Some of the bytes; with OK *out_size is more than 0. */
enum eagre_kafka_tls_result eagre_kafka_tls_stream_send(struct eagre_kafka_tls_stream *stream,
                                                        const char *bytes, size_t size,
                                                        size_t *out_size, char *why,
                                                        size_t why_size);
enum eagre_kafka_tls_result eagre_kafka_tls_stream_receive(struct eagre_kafka_tls_stream *stream,
                                                           char *out, size_t size, size_t *out_size,
                                                           char *why, size_t why_size);
