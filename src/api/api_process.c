/* Version, build and log. */
#include <eagre/eagre.h>

#include "base/base.h"
#include "eagre_config.h"
#include "inspect/inspect.h"

const char *eagre_version(void) {
  return EAGRE_VERSION;
}

void eagre_build_describe(eagre_write_fn *write, void *context) {
  struct eagre_buffer text = {0};
  eagre_inspect_build(&text);
  write(context, text.data, text.size);
  eagre_buffer_done(&text);
}

enum eagre_status eagre_initialize(eagre_error *error) {
  return eagre_crash_configure(error);
}

/* The public level is the internal one: the same numbers in both enums. */
static_assert((int)EAGRE_LEVEL_ERROR == (int)EAGRE_LOG_ERROR, "levels differ");

static struct {
  eagre_line_fn *line;
  void *context;
} log_target;

static void forward_line(void *context, enum eagre_log_level level, const char *line) {
  (void)context;
  log_target.line(log_target.context, (int)level, line);
}

void eagre_set_log(eagre_line_fn *line, void *context, enum eagre_level level) {
  log_target.line = line;
  log_target.context = context;
  eagre_log_set(line == NULL ? NULL : forward_line, NULL, (enum eagre_log_level)level);
}
