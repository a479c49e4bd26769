/* Sockets to brokers: connecting, logging in, sending, receiving, and pauses after failures. The
 * ring of io only waits for them: what receiving by it would bring is in perf/reports/0014. */
#include "kafka/kafka_connection.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  OWN_NUMBER = INT32_MAX, /* of questions before READY; those of the consumer count up from 1 */
  WHY_SIZE = 176,
  PAUSE_DOUBLINGS_MAX = 16,
  ANSWER_SIZE_MIN = 4,
};

/* ---- Life ------------------------------------------------------------------------------------ */

void eagre_kafka_connection_init(struct eagre_kafka_connection *connection,
                                 const struct eagre_kafka_connection_options *options,
                                 struct eagre_kafka_block_pool *pool, int poll_descriptor,
                                 struct eagre_text host, int32_t port) {
  *connection = (struct eagre_kafka_connection){
      .options = options,
      .pool = pool,
      .poll_descriptor = poll_descriptor,
      .host = eagre_text_duplicate(host),
      .port = port,
      .descriptor = -1,
      .deadline_us = INT64_MAX,
      .renew_us = INT64_MAX,
  };
}

/* Closing takes the socket out of the epoll too. */
static void close_socket(struct eagre_kafka_connection *connection) {
  eagre_kafka_tls_stream_free(connection->stream);
  connection->stream = NULL;
  eagre_kafka_sasl_done(&connection->sasl);
  if (connection->descriptor >= 0) close(connection->descriptor);
  connection->descriptor = -1;
  connection->state = EAGRE_KAFKA_CLOSED;
  connection->deadline_us = INT64_MAX;
  connection->renew_us = INT64_MAX;
  connection->asked = 0;
  connection->sent_size = 0;
  connection->head_size = 0;
  connection->in_size = 0;
  eagre_buffer_clear(&connection->out);
  eagre_kafka_block_release(connection->in);
  connection->in = NULL;
}

void eagre_kafka_connection_done(struct eagre_kafka_connection *connection) {
  close_socket(connection);
  eagre_buffer_done(&connection->out);
  eagre_free(connection->host);
}

/* ---- Failures -------------------------------------------------------------------------------- */

/* Doubles from failure to failure, a fifth more or less, so that many clients do not come back at
 * the same moment. */
static int64_t choose_pause(const struct eagre_kafka_connection *connection, int64_t now_us) {
  uint32_t doublings = connection->failure_count;
  if (doublings > PAUSE_DOUBLINGS_MAX) doublings = PAUSE_DOUBLINGS_MAX;
  int64_t pause_us = connection->options->pause_us_min << doublings;
  if (pause_us > connection->options->pause_us_max) pause_us = connection->options->pause_us_max;
  struct eagre_random random;
  eagre_random_seed(&random, (uint64_t)now_us ^ (uint64_t)(uintptr_t)connection);
  int64_t fifth = pause_us / 5;
  return pause_us - fifth + (int64_t)eagre_random_below(&random, (uint64_t)(2 * fifth + 1));
}

void eagre_kafka_connection_fail(struct eagre_kafka_connection *connection, int64_t now_us,
                                 const char *format, ...) {
  char why[WHY_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why, sizeof why, format, arguments);
  va_end(arguments);
  snprintf(connection->failure, sizeof connection->failure, "%.40s:%" PRId32 ": %s",
           connection->host, connection->port, why);
  connection->retry_us = now_us + choose_pause(connection, now_us);
  connection->failure_count += 1;
  connection->is_refused = false;
  close_socket(connection);
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static void watch(struct eagre_kafka_connection *connection, bool waits_to_write, int operation) {
  struct epoll_event event = {
      .events = waits_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN,
      .data.ptr = connection,
  };
  connection->waits_to_write = waits_to_write;
  epoll_ctl(connection->poll_descriptor, operation, connection->descriptor, &event);
}

static void want_to_write(struct eagre_kafka_connection *connection, bool waits_to_write) {
  if (connection->waits_to_write != waits_to_write)
    watch(connection, waits_to_write, EPOLL_CTL_MOD);
}

/* What a socket cannot be given it does without. */
static void set_socket_option(int descriptor, int level, int name, int value) {
  if (value != 0) setsockopt(descriptor, level, name, &value, sizeof value);
}

static void set_socket_options(const struct eagre_kafka_connection *connection) {
  const struct eagre_kafka_connection_options *options = connection->options;
  set_socket_option(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set_socket_option(connection->descriptor, SOL_SOCKET, SO_KEEPALIVE, options->keeps_alive);
  set_socket_option(connection->descriptor, SOL_SOCKET, SO_SNDBUF, options->send_buffer_size);
  set_socket_option(connection->descriptor, SOL_SOCKET, SO_RCVBUF, options->receive_buffer_size);
}

static void connect_to(struct eagre_kafka_connection *connection, const struct addrinfo *address,
                       int64_t now_us) {
  int kind = address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC;
  connection->descriptor = socket(address->ai_family, kind, address->ai_protocol);
  if (connection->descriptor < 0) {
    eagre_kafka_connection_fail(connection, now_us, "Failed to make a socket: %s", strerror(errno));
    return;
  }
  set_socket_options(connection);
  if (connect(connection->descriptor, address->ai_addr, address->ai_addrlen) != 0 &&
      errno != EINPROGRESS) {
    eagre_kafka_connection_fail(connection, now_us, "Connect failed: %s", strerror(errno));
    return;
  }
  connection->state = EAGRE_KAFKA_CONNECTING;
  connection->deadline_us = now_us + connection->options->connect_timeout_us;
  watch(connection, true, EPOLL_CTL_ADD);
}

/* One address after the other, attempt by attempt. */
static const struct addrinfo *choose_address(const struct addrinfo *addresses, uint32_t attempt) {
  uint32_t count = 0;
  for (const struct addrinfo *address = addresses; address != NULL; address = address->ai_next) {
    count += 1;
  }
  const struct addrinfo *chosen = addresses;
  for (uint32_t i = attempt % count; i > 0; i--) {
    chosen = chosen->ai_next;
  }
  return chosen;
}

void eagre_kafka_connection_open(struct eagre_kafka_connection *connection, int64_t now_us) {
  if (connection->state != EAGRE_KAFKA_CLOSED || now_us < connection->retry_us) return;
  char service[16];
  struct addrinfo *addresses = NULL;
  struct addrinfo hints = {.ai_family = connection->options->address_family,
                           .ai_socktype = SOCK_STREAM,
                           .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV};
  snprintf(service, sizeof service, "%" PRId32, connection->port);
  int result = getaddrinfo(connection->host, service, &hints, &addresses);
  if (result != 0) {
    eagre_kafka_connection_fail(connection, now_us, "Failed to resolve the name: %s",
                                gai_strerror(result));
    return;
  }
  connect_to(connection, choose_address(addresses, connection->failure_count), now_us);
  freeaddrinfo(addresses);
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* More than 0, or 0: the socket takes nothing now; -1: the connection has failed. */
static ssize_t send_plain(struct eagre_kafka_connection *connection, const char *bytes, size_t size,
                          int64_t now_us) {
  ssize_t sent;
  do {
    sent = send(connection->descriptor, bytes, size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return sent;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  eagre_kafka_connection_fail(connection, now_us, "Send failed: %s", strerror(errno));
  return -1;
}

static ssize_t send_secured(struct eagre_kafka_connection *connection, const char *bytes,
                            size_t size, int64_t now_us) {
  char why[WHY_SIZE / 2];
  size_t sent = 0;
  switch (eagre_kafka_tls_stream_send(connection->stream, bytes, size, &sent, why, sizeof why)) {
  case EAGRE_KAFKA_TLS_OK:
    return (ssize_t)sent;
  case EAGRE_KAFKA_TLS_WANTS_READ:
  case EAGRE_KAFKA_TLS_WANTS_WRITE:
    return 0;
  case EAGRE_KAFKA_TLS_CLOSED:
    eagre_kafka_connection_fail(connection, now_us, "Disconnected by the broker");
    return -1;
  case EAGRE_KAFKA_TLS_FAILED:
    break;
  }
  eagre_kafka_connection_fail(connection, now_us, "Send failed: %s", why);
  return -1;
}

/* False when the connection has failed. */
static bool send_rest(struct eagre_kafka_connection *connection, int64_t now_us) {
  while (connection->sent_size < connection->out.size) {
    const char *bytes = connection->out.data + connection->sent_size;
    size_t size = connection->out.size - connection->sent_size;
    ssize_t sent = connection->stream == NULL ? send_plain(connection, bytes, size, now_us)
                                              : send_secured(connection, bytes, size, now_us);
    if (sent < 0) return false;
    if (sent == 0) break;
    connection->sent_size += (size_t)sent;
  }
  want_to_write(connection, connection->sent_size < connection->out.size);
  return true;
}

void eagre_kafka_connection_ask(struct eagre_kafka_connection *connection, int32_t number,
                                int64_t now_us) {
  connection->asked = number;
  connection->sent_size = 0;
  connection->deadline_us = now_us + connection->options->answer_timeout_us;
  send_rest(connection, now_us);
}

/* Asks what is in `out` before the connection is anybody's. */
static void ask_own(struct eagre_kafka_connection *connection, int64_t now_us) {
  eagre_kafka_connection_ask(connection, OWN_NUMBER, now_us);
}

static struct eagre_kafka_caller make_caller(const struct eagre_kafka_connection *connection) {
  return (struct eagre_kafka_caller){eagre_text_of(connection->options->client_id), OWN_NUMBER};
}

/* ---- Beginning ------------------------------------------------------------------------------- */

static void greet(struct eagre_kafka_connection *connection, int64_t now_us) {
  connection->state = EAGRE_KAFKA_GREETING;
  eagre_buffer_clear(&connection->out);
  eagre_kafka_protocol_put_versions(&connection->out, make_caller(connection));
  ask_own(connection, now_us);
}

/* Goes on with the handshake of TLS, which has the time that connecting has. */
static void secure(struct eagre_kafka_connection *connection, int64_t now_us) {
  char why[WHY_SIZE / 2];
  switch (eagre_kafka_tls_stream_greet(connection->stream, why, sizeof why)) {
  case EAGRE_KAFKA_TLS_OK:
    want_to_write(connection, false);
    greet(connection, now_us);
    break;
  case EAGRE_KAFKA_TLS_WANTS_READ:
    want_to_write(connection, false);
    break;
  case EAGRE_KAFKA_TLS_WANTS_WRITE:
    want_to_write(connection, true);
    break;
  case EAGRE_KAFKA_TLS_CLOSED:
    eagre_kafka_connection_fail(connection, now_us,
                                "Disconnected by the broker in the handshake of TLS");
    break;
  case EAGRE_KAFKA_TLS_FAILED:
    eagre_kafka_connection_fail(connection, now_us, "The handshake of TLS failed: %s", why);
    break;
  }
}

static void begin_securing(struct eagre_kafka_connection *connection, int64_t now_us) {
  connection->stream = eagre_kafka_tls_stream_new(connection->options->tls, connection->host,
                                                  connection->descriptor);
  if (connection->stream == NULL) {
    eagre_kafka_connection_fail(connection, now_us, "OpenSSL cannot begin a connection");
    return;
  }
  connection->state = EAGRE_KAFKA_SECURING;
  secure(connection, now_us);
}

/* The socket is writable for the first time: connected, or not. */
static void finish_connecting(struct eagre_kafka_connection *connection, int64_t now_us) {
  int failure = 0;
  socklen_t size = sizeof failure;
  struct sockaddr_storage peer;
  socklen_t peer_size = sizeof peer;
  getsockopt(connection->descriptor, SOL_SOCKET, SO_ERROR, &failure, &size);
  if (failure != 0) {
    eagre_kafka_connection_fail(connection, now_us, "Connect failed: %s", strerror(failure));
    return;
  }
  if (getpeername(connection->descriptor, (struct sockaddr *)&peer, &peer_size) != 0) return;
  if (connection->options->tls != NULL) {
    begin_securing(connection, now_us);
  } else {
    greet(connection, now_us);
  }
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static size_t receive_plain(struct eagre_kafka_connection *connection, char *out, size_t size,
                            int64_t now_us) {
  for (;;) {
    ssize_t received = recv(connection->descriptor, out, size, 0);
    if (received > 0) return (size_t)received;
    if (received == 0) {
      eagre_kafka_connection_fail(connection, now_us, "Disconnected by the broker");
      return 0;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    if (errno == EINTR) continue;
    eagre_kafka_connection_fail(connection, now_us, "Receive failed: %s", strerror(errno));
    return 0;
  }
}

static size_t receive_secured(struct eagre_kafka_connection *connection, char *out, size_t size,
                              int64_t now_us) {
  char why[WHY_SIZE / 2];
  size_t received = 0;
  switch (
      eagre_kafka_tls_stream_receive(connection->stream, out, size, &received, why, sizeof why)) {
  case EAGRE_KAFKA_TLS_OK:
    return received;
  case EAGRE_KAFKA_TLS_WANTS_READ:
    return 0;
  case EAGRE_KAFKA_TLS_WANTS_WRITE:
    want_to_write(connection, true);
    return 0;
  case EAGRE_KAFKA_TLS_CLOSED:
    eagre_kafka_connection_fail(connection, now_us, "Disconnected by the broker");
    return 0;
  case EAGRE_KAFKA_TLS_FAILED:
    break;
  }
  eagre_kafka_connection_fail(connection, now_us, "Receive failed: %s", why);
  return 0;
}

/* Up to `size` bytes; 0 when none are there, or the connection has failed. */
static size_t receive(struct eagre_kafka_connection *connection, char *out, size_t size,
                      int64_t now_us) {
  return connection->stream == NULL ? receive_plain(connection, out, size, now_us)
                                    : receive_secured(connection, out, size, now_us);
}

static void begin_answer(struct eagre_kafka_connection *connection, int64_t now_us) {
  struct eagre_kafka_wire wire = {connection->head, connection->head + sizeof connection->head,
                                  false};
  int32_t size = eagre_kafka_wire_take_i32(&wire);
  if (size < ANSWER_SIZE_MIN || (size_t)size > connection->options->answer_size_max) {
    eagre_kafka_connection_fail(connection, now_us,
                                "Invalid response size %" PRId32
                                " (0..%zu): increase receive.message.max.bytes",
                                size, connection->options->answer_size_max);
    return;
  }
  connection->in_size = (size_t)size;
  connection->in = eagre_kafka_block_new(connection->pool, connection->in_size);
}

/* Takes what is there of the answer; true when that was the rest. The socket is ready with each
 * piece: waiting for more of them (SO_RCVLOWAT) lets the kernel hold back acknowledgements that the
 * broker's side waits for, 8 ms each until it asks (perf/reports/0011). */
static bool receive_rest(struct eagre_kafka_connection *connection, int64_t now_us) {
  for (;;) {
    struct eagre_buffer *bytes = &connection->in->bytes;
    size_t rest = connection->in_size - bytes->size;
    if (rest == 0) return true;
    size_t size = receive(connection, bytes->data + bytes->size, rest, now_us);
    if (connection->in == NULL) return false; /* it has failed */
    bytes->size += size;
    bool is_drained = size == 0 || (size < rest && connection->stream == NULL);
    if (is_drained) return false;
  }
}

/* NULL while it is not there as a whole. */
static struct eagre_kafka_block *receive_answer(struct eagre_kafka_connection *connection,
                                                int64_t now_us) {
  while (connection->in == NULL && connection->descriptor >= 0) {
    size_t size = receive(connection, connection->head + connection->head_size,
                          sizeof connection->head - connection->head_size, now_us);
    if (size == 0) return NULL;
    connection->head_size += size;
    if (connection->head_size == sizeof connection->head) begin_answer(connection, now_us);
  }
  if (connection->in == NULL || !receive_rest(connection, now_us)) return NULL;
  struct eagre_kafka_block *answer = connection->in;
  connection->in = NULL;
  connection->head_size = 0;
  eagre_kafka_block_seal(answer);
  return answer;
}

/* The answer to the question under way; any other is a failure. */
static struct eagre_kafka_block *take_answer(struct eagre_kafka_connection *connection,
                                             int64_t now_us) {
  struct eagre_kafka_block *answer = receive_answer(connection, now_us);
  if (answer == NULL) return NULL;
  int32_t number = eagre_kafka_protocol_number(eagre_buffer_text(&answer->bytes));
  if (connection->asked != 0 && number == connection->asked) {
    connection->asked = 0;
    connection->deadline_us = INT64_MAX;
    if (connection->state == EAGRE_KAFKA_READY) connection->failure_count = 0;
    return answer;
  }
  eagre_kafka_block_release(answer);
  eagre_kafka_connection_fail(connection, now_us, "An answer came that nobody asked for");
  return NULL;
}

/* ---- Logging in ------------------------------------------------------------------------------ */

static void refuse_login(struct eagre_kafka_connection *connection, int64_t now_us,
                         const char *name, struct eagre_text why) {
  eagre_kafka_connection_fail(connection, now_us, "SASL %s authentication error: %.*s", name,
                              (int)(why.size < WHY_SIZE / 2 ? why.size : WHY_SIZE / 2), why.data);
  connection->is_refused = true;
}

static void begin_login(struct eagre_kafka_connection *connection, int64_t now_us) {
  if (connection->versions.authenticate < 0) {
    eagre_kafka_connection_fail(connection, now_us,
                                "The broker is too old for the native client's SASL");
    return;
  }
  connection->state = EAGRE_KAFKA_LOGGING_IN;
  connection->is_mechanism_known = false;
  connection->renew_us = INT64_MAX;
  eagre_kafka_sasl_done(&connection->sasl);
  eagre_buffer_clear(&connection->out);
  eagre_kafka_protocol_put_handshake(&connection->out, make_caller(connection),
                                     eagre_kafka_sasl_name(connection->options->login.mechanism));
  ask_own(connection, now_us);
}

/* Asks with a message of the mechanism, which is wiped. */
static void send_token(struct eagre_kafka_connection *connection, struct eagre_buffer *token,
                       int64_t now_us) {
  eagre_buffer_clear(&connection->out);
  eagre_kafka_protocol_put_authenticate(&connection->out, connection->versions.authenticate,
                                        make_caller(connection), eagre_buffer_text(token));
  ask_own(connection, now_us);
}

/* The broker's answer to the name of the mechanism. */
static const char *take_handshake(struct eagre_kafka_connection *connection,
                                  struct eagre_text answer, struct eagre_buffer *token, char *why,
                                  size_t why_size) {
  char offered[WHY_SIZE / 2];
  int16_t failure = 0;
  if (!eagre_kafka_protocol_read_handshake(answer, &failure, offered, sizeof offered)) {
    return "the answer does not hold together";
  }
  if (failure != 0) {
    snprintf(why, why_size, "the broker offers %.60s",
             offered[0] == '\0' ? "nothing here" : offered);
    return why;
  }
  connection->is_mechanism_known = true;
  return eagre_kafka_sasl_begin(&connection->sasl, &connection->options->login, token);
}

/* A session that ends is renewed some time before: a tenth of it. */
static void finish_login(struct eagre_kafka_connection *connection, int64_t lifetime_ms,
                         int64_t now_us) {
  static const int64_t LIFETIME_MS_MAX = INT64_C(366) * 24 * 3600 * 1000;
  eagre_kafka_sasl_done(&connection->sasl);
  explicit_bzero(connection->out.data, connection->out.size);
  eagre_buffer_clear(&connection->out);
  connection->sent_size = 0;
  if (lifetime_ms > LIFETIME_MS_MAX) lifetime_ms = LIFETIME_MS_MAX;
  connection->renew_us = lifetime_ms <= 0 ? INT64_MAX : now_us + lifetime_ms * 900;
  connection->state = EAGRE_KAFKA_READY;
}

/* The broker's answer to a message of the mechanism. */
static const char *take_token(struct eagre_kafka_connection *connection, struct eagre_text answer,
                              struct eagre_buffer *token, char *why, size_t why_size,
                              int64_t now_us) {
  struct eagre_kafka_authenticated told;
  bool is_done = false;
  if (!eagre_kafka_protocol_read_authenticate(answer, connection->versions.authenticate, &told)) {
    return "the answer does not hold together";
  }
  if (told.error != 0) {
    if (told.message.size == 0) told.message = eagre_text_of(rd_kafka_err2str(told.error));
    snprintf(why, why_size, "%.*s", (int)told.message.size, told.message.data);
    return why;
  }
  const char *failure = eagre_kafka_sasl_go_on(&connection->sasl, &connection->options->login,
                                               told.bytes, token, &is_done);
  if (failure == NULL && is_done) finish_login(connection, told.lifetime_ms, now_us);
  return failure;
}

static void go_on_logging_in(struct eagre_kafka_connection *connection, int64_t now_us) {
  char why[WHY_SIZE / 2];
  struct eagre_buffer token = {0};
  struct eagre_kafka_block *answer = take_answer(connection, now_us);
  if (answer == NULL) return;
  struct eagre_text bytes = eagre_buffer_text(&answer->bytes);
  const char *failure = connection->is_mechanism_known
                            ? take_token(connection, bytes, &token, why, sizeof why, now_us)
                            : take_handshake(connection, bytes, &token, why, sizeof why);
  if (failure != NULL) {
    const char *name = eagre_kafka_sasl_name(connection->options->login.mechanism).data;
    refuse_login(connection, now_us, name, eagre_text_of(failure));
  } else if (connection->state == EAGRE_KAFKA_LOGGING_IN) {
    send_token(connection, &token, now_us);
  }
  if (token.size > 0) explicit_bzero(token.data, token.size);
  eagre_buffer_done(&token);
  eagre_kafka_block_release(answer);
}

/* A connection that nobody has asked anything logs in again when its time is over. */
static bool must_renew(const struct eagre_kafka_connection *connection, int64_t now_us) {
  return connection->state == EAGRE_KAFKA_READY && connection->asked == 0 &&
         now_us >= connection->renew_us;
}

static void finish_greeting(struct eagre_kafka_connection *connection, int64_t now_us) {
  struct eagre_kafka_block *answer = take_answer(connection, now_us);
  if (answer == NULL) return;
  struct eagre_text bytes = eagre_buffer_text(&answer->bytes);
  if (!eagre_kafka_protocol_read_versions(bytes, &connection->versions)) {
    eagre_kafka_connection_fail(connection, now_us, "The broker does not say what it speaks");
  } else if (connection->options->login.mechanism != EAGRE_KAFKA_NO_SASL) {
    begin_login(connection, now_us);
  } else {
    connection->state = EAGRE_KAFKA_READY;
  }
  eagre_kafka_block_release(answer);
}

/* ---- Going on -------------------------------------------------------------------------------- */

static bool is_late(struct eagre_kafka_connection *connection, int64_t now_us) {
  if (now_us < connection->deadline_us) return false;
  bool is_connecting = connection->state == EAGRE_KAFKA_CONNECTING;
  bool is_securing = connection->state == EAGRE_KAFKA_SECURING;
  eagre_kafka_connection_fail(connection, now_us, "%s timed out",
                              is_connecting ? "Connecting"
                              : is_securing ? "The handshake of TLS"
                                            : "A request");
  return true;
}

/* What comes before READY. */
static void begin_further(struct eagre_kafka_connection *connection, int64_t now_us) {
  switch (connection->state) {
  case EAGRE_KAFKA_CONNECTING:
    finish_connecting(connection, now_us);
    break;
  case EAGRE_KAFKA_SECURING:
    secure(connection, now_us);
    break;
  case EAGRE_KAFKA_GREETING:
    if (send_rest(connection, now_us)) finish_greeting(connection, now_us);
    break;
  case EAGRE_KAFKA_LOGGING_IN:
    if (send_rest(connection, now_us)) go_on_logging_in(connection, now_us);
    break;
  case EAGRE_KAFKA_CLOSED:
  case EAGRE_KAFKA_READY:
    break;
  }
}

struct eagre_kafka_block *eagre_kafka_connection_work(struct eagre_kafka_connection *connection,
                                                      int64_t now_us) {
  if (connection->state == EAGRE_KAFKA_CLOSED || is_late(connection, now_us)) return NULL;
  if (connection->state != EAGRE_KAFKA_READY) {
    begin_further(connection, now_us);
    return NULL;
  }
  if (connection->waits_to_write && !send_rest(connection, now_us)) return NULL;
  struct eagre_kafka_block *answer = take_answer(connection, now_us);
  if (must_renew(connection, now_us)) begin_login(connection, now_us);
  return answer;
}

int64_t eagre_kafka_connection_due_us(const struct eagre_kafka_connection *connection) {
  if (connection->state == EAGRE_KAFKA_CLOSED) return connection->retry_us;
  bool is_at_rest = connection->state == EAGRE_KAFKA_READY && connection->asked == 0;
  return is_at_rest ? connection->renew_us : connection->deadline_us;
}
