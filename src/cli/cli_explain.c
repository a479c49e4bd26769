/* eagre explain, eagre validate, eagre export: open a file, start nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char explain_text[] =
    "Shows what the flows of a file do: operators, state, placement, what they read and write.\v"
    "Examples:\n"
    "  eagre explain orders.sql --define brokers=localhost:9092\n"
    "  eagre explain orders.sql --format json";

static const char validate_text[] =
    "Parses and binds a file and checks all options, offline. Starts nothing, touches nothing.\v"
    "Examples:\n"
    "  eagre validate orders.sql --define brokers=localhost:9092";

static const char export_text[] =
    "Writes the same pipeline as a PySpark program to stdout: sources, watermarks, query, mode,\n"
    "trigger, sink and checkpoint. What Spark cannot express is refused by name.\v"
    "Examples:\n"
    "  eagre export orders.sql --to spark --define brokers=localhost:9092 > orders.py\n"
    "  spark-submit --packages ... orders.py        (the head of orders.py says which packages)";

static eagre_pipeline *open_file(struct cli_options *options, char **out_sql, int *out_exit) {
  size_t sql_size = 0;
  *out_exit = 2;
  *out_sql = cli_read_file(options->arguments[0], &sql_size);
  if (*out_sql == NULL) return NULL;
  return cli_open(options, options->arguments[0], *out_sql, sql_size, false, out_exit);
}

int cli_explain(int argc, char **argv) {
  struct cli_options options;
  char *sql = NULL;
  int exit_status = 0;
  cli_options_parse(argc, argv, CLI_GROUP_SESSION | CLI_GROUP_EXPLAIN, "FILE.sql", explain_text, 1,
                    &options);
  eagre_pipeline *pipeline = open_file(&options, &sql, &exit_status);
  if (pipeline != NULL) eagre_pipeline_explain(pipeline, options.is_json, cli_write, stdout);
  eagre_pipeline_close(pipeline);
  free(sql);
  return cli_finish(exit_status);
}

int cli_validate(int argc, char **argv) {
  struct cli_options options;
  char *sql = NULL;
  int exit_status = 0;
  cli_options_parse(argc, argv, CLI_GROUP_SESSION, "FILE.sql", validate_text, 1, &options);
  eagre_pipeline *pipeline = open_file(&options, &sql, &exit_status);
  if (pipeline != NULL) {
    size_t count = eagre_pipeline_flow_count(pipeline);
    printf("%s: %zu %s, no mistakes found\n", options.arguments[0], count,
           count == 1 ? "flow" : "flows");
  }
  eagre_pipeline_close(pipeline);
  free(sql);
  return cli_finish(exit_status);
}

static int export_pipeline(const eagre_pipeline *pipeline, const char *sql) {
  eagre_error *error = eagre_error_new();
  enum eagre_status status =
      eagre_pipeline_export(pipeline, EAGRE_TARGET_SPARK, cli_write, stdout, error);
  int exit_status = status == EAGRE_OK ? 0 : cli_fail(error, sql, strlen(sql));
  eagre_error_free(error);
  return exit_status;
}

int cli_export(int argc, char **argv) {
  struct cli_options options;
  char *sql = NULL;
  int exit_status = 0;
  cli_options_parse(argc, argv, CLI_GROUP_SESSION | CLI_GROUP_EXPORT, "FILE.sql --to spark",
                    export_text, 1, &options);
  if (options.target == NULL) {
    fputs("eagre export: --to is missing; there is spark\n", stderr);
    return 2;
  }
  eagre_pipeline *pipeline = open_file(&options, &sql, &exit_status);
  if (pipeline != NULL) exit_status = export_pipeline(pipeline, sql);
  eagre_pipeline_close(pipeline);
  free(sql);
  return cli_finish(exit_status);
}
