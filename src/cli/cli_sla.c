/* eagre sla. */
#include <stdio.h>
#include <stdlib.h>

#include <eagre/workload.h>

#include "cli.h"

static const char sla_text[] =
    "Runs a pipeline while records of a workload are written to the topic it reads, by a schedule "
    "that waits for nobody, and holds the time from when a record was due to its result against a "
    "limit. Beside it stands the floor: the same for a consumer of the same records that does "
    "nothing "
    "with them. A result is there when a sink that shows rows at once has it, else when it is "
    "committed. Exit status 0 when the limit is kept, 6 when it is not.\v"
    "The records stay in the topic, and the flows' checkpoints and tables go on from there: use a "
    "topic and a --storage of their own.\n\nExamples:\n"
    "  eagre sla alerts.sql --define brokers=localhost:9092 --brokers localhost:9092 "
    "--topic readings --rate 10000 --limit 20\n"
    "  eagre sla alerts.sql --brokers localhost:9092 --topic readings --rate 50000 "
    "--percentile 99.9 --limit 50 --duration 300 --warm-up 60";

static int measure(const struct cli_options *options, eagre_pipeline *pipeline, const char *sql,
                   size_t sql_size) {
  eagre_sla_request request = EAGRE_SLA_REQUEST_INIT;
  request.workload = options->workload;
  request.seed = options->seed;
  request.brokers = options->brokers;
  request.topic = options->topic;
  request.partition_count = options->partition_count;
  request.rate = options->rate;
  request.percentile = options->percentile;
  request.limit_ms = options->limit_ms;
  request.duration_s = options->duration_s;
  request.warm_up_s = options->warm_up_s;
  request.core_count = options->core_count;
  request.write = cli_write_now;
  request.write_context = stdout;
  eagre_error *error = eagre_error_new();
  int exit_status = 0;
  if (eagre_sla(pipeline, &request, error) != EAGRE_OK)
    exit_status = cli_fail(error, sql, sql_size);
  eagre_error_free(error);
  return exit_status;
}

int cli_sla(int argc, char **argv) {
  struct cli_options options;
  size_t sql_size = 0;
  int exit_status = 2;
  cli_options_parse(argc, argv, CLI_GROUP_SESSION | CLI_GROUP_SLA, "FILE.sql", sla_text, 1,
                    &options);
  char *sql = cli_read_file(options.arguments[0], &sql_size);
  if (sql == NULL) return exit_status;
  cli_log_begin(options.level);
  eagre_pipeline *pipeline =
      cli_open(&options, options.arguments[0], sql, sql_size, false, &exit_status);
  if (pipeline != NULL) exit_status = measure(&options, pipeline, sql, sql_size);
  eagre_pipeline_close(pipeline);
  free(sql);
  return cli_finish(exit_status);
}
