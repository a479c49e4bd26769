/* eagre demo, eagre generate. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <eagre/workload.h>

#include "cli.h"

static const char demo_text[] =
    "Starts a broker in this process, generates orders, runs examples/demo.sql over them into a "
    "Delta table and compares the table's rows with a recount. Needs nothing else.\v"
    "Examples:\n"
    "  eagre demo\n"
    "  eagre demo --count 5000000 --cores 4 --storage demo-data";

static const char generate_text[] =
    "Writes a workload (orders, device, ysb, words, nexmark) to stdout, one record per line, or to "
    "a Kafka "
    "topic. Record n is the same bytes in every run with the same seed.\v"
    "Examples:\n"
    "  eagre generate ysb --count 1000000 > events.json\n"
    "  eagre generate orders --brokers localhost:9092 --topic orders --partitions 4 --rate 50000";

static volatile int must_stop;

static void on_signal(int number) {
  (void)number;
  must_stop = 1;
}

/* <storage>/demo-<time>: a demo never touches what is there. */
static void name_folder(const struct cli_options *options, char *out, size_t out_size) {
  char stamp[32];
  time_t now = time(NULL);
  struct tm broken_down;
  strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", gmtime_r(&now, &broken_down));
  const char *storage = options->storage == NULL ? "eagre-data" : options->storage;
  snprintf(out, out_size, "%s/demo-%s", storage, stamp);
}

int cli_demo(int argc, char **argv) {
  struct cli_options options;
  char folder[4096];
  cli_options_parse(argc, argv, CLI_GROUP_DEMO, "", demo_text, 0, &options);
  if (options.argument_count > 0) {
    fputs("eagre demo: takes no arguments\n", stderr);
    return 2;
  }
  name_folder(&options, folder, sizeof folder);
  cli_log_begin(EAGRE_LEVEL_WARNING);
  eagre_demo_request request = EAGRE_DEMO_REQUEST_INIT;
  request.event_count = options.count;
  request.core_count = options.core_count;
  request.folder = folder;
  request.is_terminal = isatty(STDOUT_FILENO);
  request.write = cli_write_now;
  request.write_context = stdout;
  eagre_error *error = eagre_error_new();
  int exit_status = 0;
  if (eagre_demo(&request, error) != EAGRE_OK) exit_status = cli_fail(error, NULL, 0);
  eagre_error_free(error);
  return cli_finish(exit_status);
}

int cli_generate(int argc, char **argv) {
  struct cli_options options;
  cli_options_parse(argc, argv, CLI_GROUP_GENERATE, "WORKLOAD", generate_text, 1, &options);
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  cli_log_begin(EAGRE_LEVEL_WARNING);
  eagre_generate_request request = EAGRE_GENERATE_REQUEST_INIT;
  request.workload = options.arguments[0];
  request.seed = options.seed;
  request.count = options.count;
  request.rate = options.rate;
  request.brokers = options.brokers;
  request.topic = options.topic;
  request.partition_count = options.partition_count;
  request.write = cli_write;
  request.write_context = stdout;
  request.must_stop = &must_stop;
  eagre_error *error = eagre_error_new();
  int exit_status = 0;
  if (eagre_generate(&request, error) != EAGRE_OK) exit_status = cli_fail(error, NULL, 0);
  eagre_error_free(error);
  return cli_finish(exit_status);
}
