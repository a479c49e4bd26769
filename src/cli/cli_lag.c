/* eagre lag. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli.h"

static const char lag_text[] =
    "Shows how far flows are behind: per partition the position of the last committed epoch, the "
    "end and the records in between; for files, those taken and those that wait. Of a pipeline "
    "file, or of one checkpoint directory.\v"
    "Examples:\n"
    "  eagre lag orders.sql --define brokers=localhost:9092\n"
    "  eagre lag orders.sql --format json\n"
    "  eagre lag eagre-data/checkpoints/orders --brokers localhost:9092";

static bool is_directory(const char *path) {
  struct stat entry;
  return stat(path, &entry) == 0 && S_ISDIR(entry.st_mode);
}

static int show_checkpoint(const char *directory, const eagre_lag_options *request) {
  eagre_error *error = eagre_error_new();
  int exit_status = 0;
  if (eagre_lag_describe_checkpoint(directory, request, cli_write, stdout, error) != EAGRE_OK) {
    exit_status = cli_fail(error, NULL, 0);
  }
  eagre_error_free(error);
  return exit_status;
}

static int show_pipeline(const struct cli_options *options, const eagre_lag_options *request) {
  size_t sql_size = 0;
  int exit_status = 2;
  char *sql = cli_read_file(options->arguments[0], &sql_size);
  if (sql == NULL) return exit_status;
  eagre_pipeline *pipeline =
      cli_open(options, options->arguments[0], sql, sql_size, false, &exit_status);
  if (pipeline != NULL) {
    eagre_error *error = eagre_error_new();
    if (eagre_lag_describe(pipeline, request, cli_write, stdout, error) != EAGRE_OK) {
      exit_status = cli_fail(error, sql, sql_size);
    }
    eagre_error_free(error);
  }
  eagre_pipeline_close(pipeline);
  free(sql);
  return exit_status;
}

int cli_lag(int argc, char **argv) {
  struct cli_options options;
  cli_options_parse(argc, argv, CLI_GROUP_SESSION | CLI_GROUP_LAG, "FILE.sql\nDIR", lag_text, 1,
                    &options);
  if (options.argument_count > 1) {
    fputs("eagre lag: give one pipeline file, or one checkpoint directory\n", stderr);
    return 2;
  }
  cli_log_begin(options.level);
  eagre_lag_options request = EAGRE_LAG_OPTIONS_INIT;
  request.as_json = options.is_json;
  request.startup_timeout_ms = options.startup_timeout_ms;
  request.servers = options.brokers;
  const char *path = options.arguments[0];
  if (is_directory(path)) return cli_finish(show_checkpoint(path, &request));
  return cli_finish(show_pipeline(&options, &request));
}
