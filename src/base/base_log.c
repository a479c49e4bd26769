/* The way of a log line to the one sink of the process. The sink is set once before threads exist
 * and only read afterwards, which is why this global needs no lock. */
#include "base/base_log.h"

#include <stdarg.h>
#include <stddef.h>

#include "base/base_memory.h"

static struct {
  eagre_log_fn *sink;
  void *context;
  enum eagre_log_level level;
} target;

void eagre_log_set(eagre_log_fn *sink, void *context, enum eagre_log_level level) {
  target.sink = sink;
  target.context = context;
  target.level = level;
}

void eagre_log(enum eagre_log_level level, const char *format, ...) {
  if (target.sink == NULL || level < target.level) return;
  struct eagre_buffer line = {0};
  va_list arguments;
  va_start(arguments, format);
  eagre_buffer_vprintf(&line, format, arguments);
  va_end(arguments);
  target.sink(target.context, level, eagre_buffer_string(&line));
  eagre_buffer_done(&line);
}
