/* The end of the process when one of our own asserts does not hold. */
#include "base/base_assert.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void eagre_assert_failed(const char *expression, const char *file, int line) {
  fprintf(stderr, "eagre: assertion failed: %s (%s:%d)\n", expression, file, line);
  fflush(stderr);
  abort();
}
