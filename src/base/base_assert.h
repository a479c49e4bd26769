/* Asserts for our own mistakes. They stay on in release builds: use them per call or per batch,
 * never per row. Input and I/O get statuses, not asserts. No side effects inside. */
#pragma once

#include <assert.h>
#include <stddef.h>

/* Prints expression and place to stderr and aborts the process. */
_Noreturn void eagre_assert_failed(const char *expression, const char *file, int line);

#define eagre_assert(condition)                                                                    \
  do {                                                                                             \
    if (__builtin_expect(!(condition), 0)) eagre_assert_failed(#condition, __FILE__, __LINE__);    \
  } while (0)

/* The number of elements of an array (not of a pointer). */
#define EAGRE_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
