/* One connection to a broker, never waited for: whoever has it asks it to go on when its socket is
 * ready or its time has come. Inside the room only.
 *
 *   CLOSED ─ open ─► CONNECTING ─► SECURING (with TLS) ─► GREETING (what does it speak?)
 *      ▲                                                          │
 *      │                                             LOGGING_IN (with SASL) ◄─┐
 *      │                                                          │           │ its time is over
 *      └───── any failure: remembered, and a pause ◄─────── READY ⇄ asked ────┘
 *
 * One question at a time: a broker works off the questions of a connection one after the other, so
 * a second one would only wait behind the first. */
#pragma once

#include "kafka/kafka_block.h"
#include "kafka/kafka_protocol.h"
#include "kafka/kafka_sasl.h"
#include "kafka/kafka_tls.h"

/* What all connections of a consumer share. */
struct eagre_kafka_connection_options {
  const char *client_id;
  int address_family; /* AF_UNSPEC, AF_INET or AF_INET6 */
  int64_t connect_timeout_us;
  int64_t answer_timeout_us;
  int64_t pause_us_min; /* after a failure; doubles up to the largest */
  int64_t pause_us_max;
  size_t answer_size_max;
  int send_buffer_size; /* of the socket; 0: the system's */
  int receive_buffer_size;
  bool keeps_alive;
  struct eagre_kafka_tls *tls; /* NULL: plain sockets */
  struct eagre_kafka_login login;
};

enum eagre_kafka_connection_state {
  EAGRE_KAFKA_CLOSED,
  EAGRE_KAFKA_CONNECTING,
  EAGRE_KAFKA_SECURING,
  EAGRE_KAFKA_GREETING,
  EAGRE_KAFKA_LOGGING_IN,
  EAGRE_KAFKA_READY,
};

struct eagre_kafka_connection {
  const struct eagre_kafka_connection_options *options;
  struct eagre_kafka_block_pool *pool; /* that answers are received into */
  int poll_descriptor;                 /* an epoll that knows the socket while there is one */
  char *host;
  int32_t port;
  enum eagre_kafka_connection_state state;
  int descriptor; /* -1: none */
  bool waits_to_write;
  struct eagre_kafka_tls_stream *stream; /* over the socket; NULL: none */
  struct eagre_kafka_sasl sasl;
  bool is_mechanism_known;              /* LOGGING_IN: the broker has agreed to it */
  int64_t renew_us;                     /* READY: when to log in again; INT64_MAX: never */
  bool is_refused;                      /* the last failure: the broker does not let us in */
  struct eagre_kafka_versions versions; /* when READY */
  int64_t deadline_us;                  /* of connecting or of an answer; INT64_MAX: none */
  int64_t retry_us;                     /* when CLOSED: not before */
  uint32_t failure_count;               /* since it was READY last */
  char failure[256];                    /* the last one; empty: none */
  int32_t asked;                        /* number of the question under way; 0: none */
  struct eagre_buffer out;              /* to be sent, from `sent_size` on */
  size_t sent_size;
  char head[4]; /* the length of the answer */
  size_t head_size;
  struct eagre_kafka_block *in; /* the answer that comes; NULL: its length is not known */
  size_t in_size;
};

/* Nothing is done yet. `host` is copied. */
void eagre_kafka_connection_init(struct eagre_kafka_connection *connection,
                                 const struct eagre_kafka_connection_options *options,
                                 struct eagre_kafka_block_pool *pool, int poll_descriptor,
                                 struct eagre_text host, int32_t port);
void eagre_kafka_connection_done(struct eagre_kafka_connection *connection);
/* Begins to connect when it is CLOSED and its pause is over. */
void eagre_kafka_connection_open(struct eagre_kafka_connection *connection, int64_t now_us);
/* READY, with no question under way. */
static inline bool eagre_kafka_connection_is_free(const struct eagre_kafka_connection *connection) {
  return connection->state == EAGRE_KAFKA_READY && connection->asked == 0;
}
/* Asks what the caller has put into `out`. */
void eagre_kafka_connection_ask(struct eagre_kafka_connection *connection, int32_t number,
                                int64_t now_us);
/* Goes on as far as it can. The answer to the question under way, when it is there, else NULL; the
 * caller releases it. */
struct eagre_kafka_block *eagre_kafka_connection_work(struct eagre_kafka_connection *connection,
                                                      int64_t now_us);
/* Closes it and remembers why, for the pause before the next attempt. */
void eagre_kafka_connection_fail(struct eagre_kafka_connection *connection, int64_t now_us,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));
/* When it wants to be worked without its socket being ready; INT64_MAX: never. */
int64_t eagre_kafka_connection_due_us(const struct eagre_kafka_connection *connection);
