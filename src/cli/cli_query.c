/* eagre query. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char query_text[] =
    "Runs batch SELECT statements and prints their rows on stdout.\v"
    "Examples:\n"
    "  eagre query \"SELECT upper('tide') AS t\"\n"
    "  eagre query \"SELECT k, count(*) FROM read_files('in', format => 'json', schema => 'k "
    "STRING') GROUP BY k ORDER BY 2 DESC\" --format json\n"
    "  eagre query -f report.sql --format csv";

static int run_query(const struct cli_options *options, const char *name, const char *sql,
                     size_t sql_size) {
  int exit_status = 0;
  eagre_pipeline *pipeline = cli_open(options, name, sql, sql_size, true, &exit_status);
  if (pipeline == NULL) return exit_status;
  eagre_error *error = eagre_error_new();
  if (eagre_pipeline_query(pipeline, options->format, cli_write, stdout, error) != EAGRE_OK) {
    exit_status = cli_fail(error, sql, sql_size);
  }
  eagre_error_free(error);
  eagre_pipeline_close(pipeline);
  return exit_status;
}

int cli_query(int argc, char **argv) {
  struct cli_options options;
  cli_options_parse(argc, argv, CLI_GROUP_SESSION | CLI_GROUP_QUERY, "SQL\n-f FILE", query_text, 0,
                    &options);
  bool has_file = options.file != NULL;
  if (has_file == (options.argument_count > 0) || options.argument_count > 1) {
    fputs("eagre query: give one SQL text, or -f FILE\n", stderr);
    return 2;
  }
  cli_log_begin(options.level);
  if (!has_file) {
    const char *sql = options.arguments[0];
    return cli_finish(run_query(&options, "SQL", sql, strlen(sql)));
  }
  size_t sql_size = 0;
  char *sql = cli_read_file(options.file, &sql_size);
  if (sql == NULL) return 2;
  int exit_status = run_query(&options, options.file, sql, sql_size);
  free(sql);
  return cli_finish(exit_status);
}
