/* eagre reference. */
#include <stdio.h>

#include "cli.h"

static const char topics[] = "options|functions|metrics|probes|statuses";

static const char reference_text[] =
    "Prints a page of the reference as Markdown, from the tables that the program itself runs "
    "on.\v"
    "Examples:\n"
    "  eagre reference functions > docs/reference/functions.md";

int cli_reference(int argc, char **argv) {
  struct cli_options options;
  int exit_status = 0;
  cli_options_parse(argc, argv, 0, topics, reference_text, 0, &options);
  if (options.argument_count != 1) {
    fprintf(stderr, "eagre reference: give one topic: %s\n", topics);
    return 2;
  }
  eagre_error *error = eagre_error_new();
  if (eagre_reference_describe(options.arguments[0], cli_write, stdout, error) != EAGRE_OK) {
    exit_status = cli_fail(error, NULL, 0);
  }
  eagre_error_free(error);
  return cli_finish(exit_status);
}
