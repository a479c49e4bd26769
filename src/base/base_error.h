/* Status and error object.
 *
 * A function that can fail returns `enum eagre_status` and takes a `struct eagre_error *error` as
 * its last parameter. The error is filled once, at the origin, with everything a person needs: a
 * stable class (Spark's where Spark has one), one sentence, the place, what to do. Callers on the
 * way up pass it on; they may fill in a place that was not known below. A function returns an
 * error or logs it, never both. Nothing here allocates. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <eagre/status.h>

#include "base/base_text.h"

struct eagre_error {
  enum eagre_status status;
  char class_name[96]; /* "UNRESOLVED_COLUMN.WITH_SUGGESTION"; never empty when status is set */
  char text[640];      /* one sentence, no trailing newline */
  char hint[320];      /* what to do; may be empty */
  char place[320];     /* "topic orders, partition 3, offset 12" or "FILE:3:14"; may be empty */
  /* Where in SQL text, for the caret. A bound expression carries its position; 0 = not known. */
  uint32_t line;   /* from 1 */
  uint32_t column; /* from 1, in code points */
  uint32_t length; /* code points to underline, at least 1 */
  int64_t row;     /* row of the batch that failed, -1 when it is not about a row */
};

/* All clear, status OK, row -1. */
void eagre_error_init(struct eagre_error *error);

/* Fills status, class and text (cut when too long), clears the rest, and returns `status`, so that
 * `return eagre_error_set(...)` is the usual form. `error` may be NULL (then only the status). */
enum eagre_status eagre_error_set(struct eagre_error *error, enum eagre_status status,
                                  const char *class_name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds what to do. */
void eagre_error_hint(struct eagre_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets the place unless one is there already. */
void eagre_error_place(struct eagre_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For a failed system call: text is "<what>: <strerror>", class is given. Returns `status`. */
enum eagre_status eagre_error_system(struct eagre_error *error, enum eagre_status status,
                                     const char *class_name, int error_number, const char *format,
                                     ...) __attribute__((format(printf, 5, 6)));

/* "USAGE" for EAGRE_USAGE and so on. */
const char *eagre_status_name(enum eagre_status status);
/* The exit status of the program (include/eagre/status.def). */
int eagre_status_exit(enum eagre_status status);

/* Returns from the calling function when `call` did not give EAGRE_OK. The one macro of the house
 * that hides a return. */
#define EAGRE_TRY(call)                                                                            \
  do {                                                                                             \
    enum eagre_status eagre_try_status = (call);                                                   \
    if (__builtin_expect(eagre_try_status != EAGRE_OK, 0)) return eagre_try_status;                \
  } while (0)
