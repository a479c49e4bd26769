/* GET /metrics (Prometheus text) and GET /health, nothing else. */
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "serve/serve.h"

struct eagre_server {
  struct MHD_Daemon *daemon;
  eagre_server_metrics_fn *metrics;
  void *context;
};

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *type,
                               struct eagre_text body) {
  struct MHD_Response *response =
      MHD_create_response_from_buffer(body.size, (void *)body.data, MHD_RESPMEM_MUST_COPY);
  if (response == NULL) return MHD_NO;
  MHD_add_response_header(response, "Content-Type", type);
  enum MHD_Result result = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return result;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request) {
  struct eagre_server *server = context;
  (void)version;
  (void)upload;
  (void)upload_size;
  (void)request;
  if (strcmp(method, "GET") != 0) {
    return respond(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", EAGRE_TEXT("GET only\n"));
  }
  if (strcmp(url, "/health") == 0) {
    return respond(connection, MHD_HTTP_OK, "text/plain", EAGRE_TEXT("ok\n"));
  }
  if (strcmp(url, "/metrics") != 0) {
    return respond(connection, MHD_HTTP_NOT_FOUND, "text/plain",
                   EAGRE_TEXT("there are /metrics and /health\n"));
  }
  struct eagre_buffer body = {0};
  server->metrics(server->context, &body);
  enum MHD_Result result =
      respond(connection, MHD_HTTP_OK, "text/plain; version=0.0.4", eagre_buffer_text(&body));
  eagre_buffer_done(&body);
  return result;
}

/* 0 to 65535 in digits; getaddrinfo would take a service's name, and cut a greater number. */
static bool is_port(const char *text) {
  size_t size = strlen(text);
  long port = 0;
  if (size == 0 || size > 5 || strspn(text, "0123456789") != size) return false;
  for (size_t i = 0; i < size; i++) {
    port = port * 10 + (text[i] - '0');
  }
  return port <= UINT16_MAX;
}

/* Splits "HOST:PORT" at the last colon; brackets around an IPv6 address are dropped. */
static bool split_address(const char *address, char *host, size_t host_size, char *port,
                          size_t port_size) {
  const char *colon = strrchr(address, ':');
  if (colon == NULL || colon == address || strlen(colon + 1) >= port_size) return false;
  size_t size = (size_t)(colon - address);
  if (address[0] == '[' && colon[-1] == ']') {
    address += 1;
    size -= 2;
  }
  if (size >= host_size) return false;
  memcpy(host, address, size);
  host[size] = '\0';
  memcpy(port, colon + 1, strlen(colon + 1) + 1);
  return is_port(port);
}

static enum eagre_status resolve(const char *address, struct addrinfo **out,
                                 struct eagre_error *error) {
  char host[256];
  char port[16];
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
  bool is_split = split_address(address, host, sizeof host, port, sizeof port);
  if (is_split && getaddrinfo(host, port, &hints, out) == 0) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "INVALID_METRICS_ADDRESS", "'%s' is no address to listen on.",
                  address);
  eagre_error_hint(error, "write ADDRESS:PORT, for example 127.0.0.1:9404");
  return EAGRE_USAGE;
}

enum eagre_status eagre_server_open(const char *address, eagre_server_metrics_fn *metrics,
                                    void *context, struct eagre_server **out_server,
                                    struct eagre_error *error) {
  struct addrinfo *resolved = NULL;
  EAGRE_TRY(resolve(address, &resolved, error));
  struct eagre_server *server = eagre_allocate_zeroed(1, sizeof *server);
  server->metrics = metrics;
  server->context = context;
  unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD;
  if (resolved->ai_family == AF_INET6) flags |= MHD_USE_IPv6;
  server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, answer, server, MHD_OPTION_SOCK_ADDR,
                                    resolved->ai_addr, MHD_OPTION_END);
  int failure = errno;
  freeaddrinfo(resolved);
  if (server->daemon == NULL) {
    eagre_free(server);
    return eagre_error_system(error, EAGRE_IO, "METRICS_ADDRESS_IN_USE", failure,
                              "cannot listen on %s", address);
  }
  *out_server = server;
  return EAGRE_OK;
}

unsigned eagre_server_port(const struct eagre_server *server) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info == NULL ? 0 : info->port;
}

void eagre_server_close(struct eagre_server *server) {
  if (server == NULL) return;
  MHD_stop_daemon(server->daemon);
  eagre_free(server);
}
