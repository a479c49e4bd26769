/* eagre version. */
#include <stdio.h>

#include "cli.h"

int cli_version(int argc, char **argv) {
  (void)argc;
  (void)argv;
  eagre_build_describe(cli_write, stdout);
  return cli_finish(0);
}
