/* Door of the room `serve`: metrics over HTTP, off the data path, on libmicrohttpd's own thread. */
#pragma once

#include "base/base.h"

struct eagre_server;

/* Appends the body of GET /metrics; called from the server's thread. */
typedef void eagre_server_metrics_fn(void *context, struct eagre_buffer *out);

/* Listens on "ADDRESS:PORT" (an IPv4 address, [IPv6] or a name that resolves locally; port 0 = any). USAGE
 * INVALID_METRICS_ADDRESS, IO METRICS_ADDRESS_IN_USE. */
enum eagre_status eagre_server_open(const char *address, eagre_server_metrics_fn *metrics,
                                    void *context, struct eagre_server **out_server,
                                    struct eagre_error *error);
/* The port it listens on. */
unsigned eagre_server_port(const struct eagre_server *server);
void eagre_server_close(struct eagre_server *server); /* NULL is fine */
