/* eagre doctor. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

static const char doctor_text[] =
    "Looks at the host: kernel, io_uring, processors, memory, limits, how long a busy thread is "
    "kept "
    "waiting, what making a small file durable costs. With a pipeline file also at the directories "
    "of its checkpoints, and whether its brokers answer. Exit status 6 when something is bad.\v"
    "Examples:\n"
    "  eagre doctor\n"
    "  eagre doctor orders.sql --define brokers=localhost:9092\n"
    "  eagre doctor --format json";

static int examine(const eagre_pipeline *pipeline, const eagre_doctor_options *request,
                   const char *sql, size_t sql_size) {
  eagre_error *error = eagre_error_new();
  int exit_status = 0;
  if (eagre_doctor_describe(pipeline, request, cli_write, stdout, error) != EAGRE_OK) {
    fflush(stdout);
    exit_status = cli_fail(error, sql, sql_size);
  }
  eagre_error_free(error);
  return exit_status;
}

static int examine_file(const struct cli_options *options, const eagre_doctor_options *request) {
  size_t sql_size = 0;
  int exit_status = 2;
  char *sql = cli_read_file(options->arguments[0], &sql_size);
  if (sql == NULL) return exit_status;
  eagre_pipeline *pipeline =
      cli_open(options, options->arguments[0], sql, sql_size, false, &exit_status);
  if (pipeline != NULL) exit_status = examine(pipeline, request, sql, sql_size);
  eagre_pipeline_close(pipeline);
  free(sql);
  return exit_status;
}

int cli_doctor(int argc, char **argv) {
  struct cli_options options;
  cli_options_parse(argc, argv, CLI_GROUP_SESSION | CLI_GROUP_DOCTOR, "[FILE.sql]", doctor_text, 0,
                    &options);
  if (options.argument_count > 1) {
    fputs("eagre doctor: give one pipeline file, or none\n", stderr);
    return 2;
  }
  cli_log_begin(options.level);
  eagre_doctor_options request = EAGRE_DOCTOR_OPTIONS_INIT;
  request.as_json = options.is_json;
  request.startup_timeout_ms = options.startup_timeout_ms;
  request.storage = options.storage;
  return cli_finish(options.argument_count == 0 ? examine(NULL, &request, NULL, 0)
                                                : examine_file(&options, &request));
}
