/* Log lines. The library never prints: it hands lines to the sink the program chose (none at
 * first). A sink may be called from any thread. */
#pragma once

enum eagre_log_level {
  EAGRE_LOG_DEBUG,
  EAGRE_LOG_INFO,
  EAGRE_LOG_WARNING,
  EAGRE_LOG_ERROR,
};

typedef void eagre_log_fn(void *context, enum eagre_log_level level, const char *line);

/* Start-up only, before threads exist. Lines below `level` are dropped without formatting. */
void eagre_log_set(eagre_log_fn *sink, void *context, enum eagre_log_level level);

void eagre_log(enum eagre_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
