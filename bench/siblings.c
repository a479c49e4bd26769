/* What two CPUs lose by working at once (inspect/inspect.h): where a guest's cores are the two
 * hardware threads of one, two of its threads cannot be twice as fast as one.
 *
 *   siblings MILLISECONDS
 *
 * Prints a JSON object: additions per nanosecond of one alone, of each of two at once, and the
 * quotient, which is 1 on cores of their own and 2 on one. */
#include <stdio.h>
#include <stdlib.h>

#include "inspect/inspect.h"

int main(int argc, char **argv) {
  struct eagre_inspect_siblings siblings;
  unsigned long milliseconds = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
  if (milliseconds == 0 || !eagre_inspect_siblings((uint32_t)milliseconds, &siblings)) {
    fprintf(stderr, "usage: siblings MILLISECONDS (on two CPUs or more)\n");
    return 2;
  }
  printf("{\"alone\":%.2f,\"both\":%.2f,\"ratio\":%.3f}\n", siblings.alone_per_ns,
         siblings.beside_per_ns, siblings.alone_per_ns / siblings.beside_per_ns);
  return 0;
}
