/* eagre checkpoint show, eagre checkpoint verify. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const char checkpoint_text[] =
    "Reads a checkpoint directory that Eagre or Spark wrote, while it is in use or not; changes "
    "nothing.\v"
    "  show    id, epochs, positions, watermark, state, lock, and what a start would do\n"
    "  verify  whether every file is there and whole; exit status 6 when not\n\n"
    "Examples:\n"
    "  eagre checkpoint show eagre-data/checkpoints/orders\n"
    "  eagre checkpoint show ckpt --format json\n"
    "  eagre checkpoint verify ckpt && cp -a ckpt backup";

typedef enum eagre_status checkpoint_fn(const char *directory, int as_json, eagre_write_fn *write,
                                        void *context, eagre_error *error);

static checkpoint_fn *find_action(const char *name) {
  if (strcmp(name, "show") == 0) return eagre_checkpoint_describe;
  if (strcmp(name, "verify") == 0) return eagre_checkpoint_verify;
  return NULL;
}

int cli_checkpoint(int argc, char **argv) {
  struct cli_options options;
  int exit_status = 0;
  cli_options_parse(argc, argv, CLI_GROUP_EXPLAIN, "show DIR\nverify DIR", checkpoint_text, 2,
                    &options);
  checkpoint_fn *action = find_action(options.arguments[0]);
  if (action == NULL || options.argument_count > 2) {
    fputs("eagre checkpoint: give show or verify, and one directory\n", stderr);
    return 2;
  }
  eagre_error *error = eagre_error_new();
  if (action(options.arguments[1], options.is_json, cli_write, stdout, error) != EAGRE_OK) {
    exit_status = cli_fail(error, NULL, 0);
  }
  eagre_error_free(error);
  return cli_finish(exit_status);
}
