/* The sink that throws rows away: for measuring and trying out. */
#include "sink/sink_kind.h"

static const char *describe(const struct eagre_sink *sink) {
  (void)sink;
  return "NoopTable";
}

const struct eagre_sink_methods eagre_sink_noop_methods = {
    .sink_size = sizeof(struct eagre_sink),
    .writer_size = sizeof(struct eagre_sink_writer),
    .description = describe,
};
