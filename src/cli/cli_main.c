/* `eagre COMMAND ...`: finds the command and hands over. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* jemalloc looks for a variable of this name. Pages that nobody used for a second go back to the
 * system, not after ten: a third of the memory of flows on librdkafka, for no CPU that can be seen
 * (perf/reports/0013). What the environment says in MALLOC_CONF wins. */
extern EAGRE_API const char *const malloc_conf;
const char *const malloc_conf = "dirty_decay_ms:1000";

static const struct cli_command commands[] = {
    {"run", "run the pipeline of a file until stopped", cli_run, false},
    {"query", "one batch query, rows to stdout", cli_query, false},
    {"validate", "parse and bind a file, offline; start nothing", cli_validate, false},
    {"explain", "show the plan of a file", cli_explain, false},
    {"export", "the same pipeline as a PySpark program", cli_export, false},
    {"demo", "embedded broker, generated orders, a pipeline, a table; no set-up", cli_demo, false},
    {"generate", "write a workload to Kafka or stdout", cli_generate, false},
    {"checkpoint", "show or verify a checkpoint, of Eagre or Spark", cli_checkpoint, false},
    {"lag", "how far the flows of a file are behind", cli_lag, false},
    {"doctor", "whether this host is fit, and what to do about it", cli_doctor, false},
    {"sla", "whether a pipeline keeps a latency at a given rate", cli_sla, false},
    {"version", "version, build, CPU features used", cli_version, false},
    {"reference", "the tables of the documentation as Markdown", cli_reference, true},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_commands(FILE *file, bool is_documentation) {
  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    if (commands[i].is_documentation != is_documentation) continue;
    fprintf(file, "  %-10s %s\n", commands[i].name, commands[i].text);
  }
}

static void print_usage(FILE *file) {
  fputs("Usage: eagre COMMAND [OPTIONS] ...\n\n"
        "Streams Kafka topics and files through Spark's SQL into Delta tables and Kafka, on one\n"
        "machine, exactly once.\n\nCommands:\n",
        file);
  print_commands(file, false);
  fputs("\nDocumentation:\n", file);
  print_commands(file, true);
  fputs("\n`eagre COMMAND --help` shows the options of a command, with examples.\n", file);
}

static int fail_unknown(const char *name) {
  fprintf(stderr, "eagre: there is no command '%s'\n\n", name);
  print_usage(stderr);
  return 2;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    print_usage(stderr);
    return 2;
  }
  const char *name = argv[1];
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
    print_usage(stdout);
    return 0;
  }
  if (strcmp(name, "--version") == 0) return cli_version(argc - 1, argv + 1);
  eagre_error *error = eagre_error_new();
  int status = eagre_initialize(error) == EAGRE_OK ? 0 : cli_fail(error, NULL, 0);
  eagre_error_free(error);
  if (status != 0) return status;
  for (size_t i = 0; i < COMMAND_COUNT; i++) {
    if (strcmp(commands[i].name, name) == 0) return commands[i].run(argc - 1, argv + 1);
  }
  return fail_unknown(name);
}
