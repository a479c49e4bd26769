/* eagre run. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

static const char run_text[] =
    "Runs the flows of a pipeline file until they are stopped, or to the end of what is there with "
    "--available-now.\vSIGINT and SIGTERM finish the current epoch and end; a second one abandons "
    "it (it is run again at the next start).\n\nExamples:\n"
    "  eagre run orders.sql --define brokers=localhost:9092\n"
    "  eagre run orders.sql --available-now --progress json\n"
    "  eagre run orders.sql hot --cores 2-5";

/* The engine a signal stops: signal handlers have no other way to be told. */
static eagre_engine *signalled_engine;

static void on_signal(int number) {
  (void)number;
  eagre_engine_stop(signalled_engine);
}

static void catch_signals(eagre_engine *engine) {
  struct sigaction action = {.sa_handler = on_signal};
  signalled_engine = engine;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* a file beyond `ulimit -f` is an error with a name, not the end */
}

static void release_signals(void) {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  signalled_engine = NULL;
}

static void print_console(void *context, const char *data, size_t size) {
  cli_write(context, data, size);
  fflush(context);
}

static int run_engine(eagre_engine *engine, eagre_error *error) {
  catch_signals(engine);
  enum eagre_status status = eagre_engine_run(engine, error);
  release_signals();
  return eagre_exit_status(status);
}

static int run_pipeline(const struct cli_options *options, eagre_pipeline *pipeline,
                        const char *sql, size_t sql_size) {
  struct cli_progress_line line;
  cli_progress_begin(&line, options->progress);
  eagre_engine_options request = EAGRE_ENGINE_OPTIONS_INIT;
  request.cpus = options->cpus;
  request.cpu_count = options->cpu_count;
  request.core_count = options->core_count;
  request.placement = options->placement;
  request.take_over = options->take_over;
  request.has_assumed = options->has_assumed;
  request.assumed_epoch = options->assumed_epoch;
  request.startup_timeout_ms = options->startup_timeout_ms;
  request.stop_timeout_ms = options->stop_timeout_ms;
  request.metrics_address = options->metrics_address;
  request.flows = options->arguments + 1;
  request.flow_count = options->argument_count - 1;
  request.on_report = cli_progress_report;
  request.report_context = &line;
  request.console = print_console;
  request.console_context = stdout;
  eagre_engine *engine = NULL;
  eagre_error *error = eagre_error_new();
  int exit_status = 0;
  if (eagre_engine_open(pipeline, &request, &engine, error) != EAGRE_OK) {
    exit_status = cli_fail(error, sql, sql_size);
  } else {
    exit_status = run_engine(engine, error);
    cli_progress_end(&line);
    if (exit_status != 0) cli_fail(error, sql, sql_size);
  }
  eagre_engine_close(engine);
  eagre_error_free(error);
  return exit_status;
}

int cli_run(int argc, char **argv) {
  struct cli_options options;
  size_t sql_size = 0;
  int exit_status = 0;
  cli_options_parse(argc, argv, CLI_GROUP_SESSION | CLI_GROUP_RUN, "FILE.sql [FLOW...]", run_text,
                    1, &options);
  char *sql = cli_read_file(options.arguments[0], &sql_size);
  if (sql == NULL) return 2;
  cli_log_begin(options.level);
  eagre_pipeline *pipeline =
      cli_open(&options, options.arguments[0], sql, sql_size, false, &exit_status);
  if (pipeline != NULL) exit_status = run_pipeline(&options, pipeline, sql, sql_size);
  eagre_pipeline_close(pipeline);
  free(sql);
  return cli_finish(exit_status);
}
