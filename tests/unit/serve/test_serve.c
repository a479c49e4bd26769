/* The HTTP door, over real sockets: paths, methods, addresses, many clients, closing. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "serve/serve.h"

static void add_metrics(void *context, struct eagre_buffer *out) {
  eagre_buffer_printf(out, "answer %d\n", *(const int *)context);
}

static int answer = 42;

static struct eagre_server *open_server(void) {
  struct eagre_server *server = NULL;
  struct eagre_error error;
  if (eagre_server_open("127.0.0.1:0", add_metrics, &answer, &server, &error) != EAGRE_OK) {
    fail_msg("%s: %s", error.class_name, error.text);
  }
  assert_true(eagre_server_port(server) > 0);
  return server;
}

/* Sends `request` and reads until the server closes; freed by the caller. NULL when it cannot
 * connect. */
static char *talk(unsigned port, const char *request) {
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  const struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(connection, (const struct sockaddr *)&address, sizeof address) != 0) {
    close(connection);
    return NULL;
  }
  assert_int_equal(send(connection, request, strlen(request), MSG_NOSIGNAL), strlen(request));
  struct eagre_buffer out = {0};
  char piece[4096];
  for (ssize_t got = 1; got > 0;) {
    got = recv(connection, piece, sizeof piece, 0);
    if (got > 0) eagre_buffer_append(&out, piece, (size_t)got);
  }
  close(connection);
  char *text = eagre_text_duplicate(eagre_buffer_text(&out));
  eagre_buffer_done(&out);
  return text;
}

#define REQUEST(line) line " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void assert_answer(unsigned port, const char *request, const char *status,
                          const char *body) {
  char *text = talk(port, request);
  assert_non_null(text);
  if (strncmp(text, status, strlen(status)) != 0) fail_msg("%s is answered\n%s", request, text);
  const char *begin = strstr(text, "\r\n\r\n");
  assert_non_null(begin);
  assert_string_equal(begin + 4, body);
  eagre_free(text);
}

static void paths_and_methods(void **state) {
  (void)state;
  struct eagre_server *server = open_server();
  unsigned port = eagre_server_port(server);
  assert_answer(port, REQUEST("GET /metrics"), "HTTP/1.1 200", "answer 42\n");
  assert_answer(port, REQUEST("GET /metrics?x=1"), "HTTP/1.1 200", "answer 42\n");
  assert_answer(port, REQUEST("GET /health"), "HTTP/1.1 200", "ok\n");
  assert_answer(port, REQUEST("GET /"), "HTTP/1.1 404", "there are /metrics and /health\n");
  assert_answer(port, REQUEST("GET /metrics/.."), "HTTP/1.1 404",
                "there are /metrics and /health\n");
  assert_answer(port, REQUEST("DELETE /metrics"), "HTTP/1.1 405", "GET only\n");
  assert_answer(port,
                "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
                "3\r\n\r\nabc",
                "HTTP/1.1 405", "GET only\n");
  char *text = talk(port, REQUEST("GET /metrics"));
  assert_non_null(strstr(text, "Content-Type: text/plain; version=0.0.4\r\n"));
  eagre_free(text);
  eagre_server_close(server);
  assert_null(talk(port, REQUEST("GET /health")));
  eagre_server_close(NULL);
}

static void addresses_are_checked(void **state) {
  (void)state;
  static const char *const wrong[] = {"",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      ":9404",
                                      "127.0.0.1:http",
                                      "[::1]",
                                      "127.0.0.1:99999",
                                      "127.0.0.1:-1",
                                      "300.0.0.1:9404",
                                      "no host at all:9404",
                                      "1.2:3x",
                                      "[127.0.0.1:9404",
                                      "127.0.0.1:000000000009404"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(wrong); i++) {
    struct eagre_server *server = NULL;
    struct eagre_error error;
    if (eagre_server_open(wrong[i], add_metrics, &answer, &server, &error) != EAGRE_USAGE) {
      fail_msg("'%s' is accepted", wrong[i]);
    }
    assert_string_equal(error.class_name, "INVALID_METRICS_ADDRESS");
    assert_null(server);
  }
}

static void a_taken_port_is_named(void **state) {
  (void)state;
  struct eagre_server *server = open_server();
  struct eagre_server *second = NULL;
  struct eagre_error error;
  char address[64];
  snprintf(address, sizeof address, "127.0.0.1:%u", eagre_server_port(server));
  assert_int_equal(eagre_server_open(address, add_metrics, &answer, &second, &error), EAGRE_IO);
  assert_string_equal(error.class_name, "METRICS_ADDRESS_IN_USE");
  assert_non_null(strstr(error.text, address));
  eagre_server_close(server);
}

enum { CLIENTS = 4, REQUESTS = 20 };

static void *ask_often(void *argument) {
  for (int i = 0; i < REQUESTS; i++) {
    char *text = talk(*(unsigned *)argument, REQUEST("GET /metrics"));
    if (text == NULL || strstr(text, "\r\n\r\nanswer 42\n") == NULL) return "wrong";
    eagre_free(text);
  }
  return NULL;
}

static void many_clients_are_answered(void **state) {
  (void)state;
  struct eagre_server *server = open_server();
  unsigned port = eagre_server_port(server);
  pthread_t threads[CLIENTS];
  for (int i = 0; i < CLIENTS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &port), 0);
  }
  for (int i = 0; i < CLIENTS; i++) {
    void *complaint = NULL;
    pthread_join(threads[i], &complaint);
    assert_null(complaint);
  }
  eagre_server_close(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_and_methods),
      cmocka_unit_test(addresses_are_checked),
      cmocka_unit_test(a_taken_port_is_named),
      cmocka_unit_test(many_clients_are_answered),
  };
  return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
