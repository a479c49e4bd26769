/* Inside the room `inspect`: whether a host is fit.
 *
 *   inspect_doctor.c       all checks of a host and of a pipeline; table and JSON
 *   inspect_doctor_host.c  kernel, processors, memory, limits: what the host says of itself
 *   inspect_doctor_disk.c  a directory: where it lies, what making a file durable costs
 *   inspect_doctor_time.c  how long a thread that wants to run is kept from it
 *   inspect_doctor_siblings.c  what two processors lose by working at once */
#pragma once

#include "inspect/inspect.h"
#include "io/io.h"

enum eagre_inspect_verdict {
  EAGRE_INSPECT_GOOD,
  EAGRE_INSPECT_NOTE, /* it works; something could be faster or safer */
  EAGRE_INSPECT_BAD,  /* a flow would fail, or lose what it promised */
};

struct eagre_inspect_finding {
  const char *check;
  enum eagre_inspect_verdict verdict;
  struct eagre_text found;
  const char *advice; /* NULL: nothing to do */
};

struct eagre_inspect_doctor {
  struct eagre_io *io;
  struct eagre_arena arena;
  const char *root; /* in front of /proc and /sys: "", but in tests */
  const struct eagre_inspect_doctor_options *options;
  struct eagre_inspect_finding *findings;
  uint32_t finding_count;
  uint32_t finding_capacity;
};

/* Adds a finding; `advice` is kept (a constant, or in the arena) and dropped when all is good. */
void eagre_inspect_doctor_add(struct eagre_inspect_doctor *doctor, const char *check,
                              enum eagre_inspect_verdict verdict, const char *advice,
                              const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The content of a file of /proc or /sys without the newline at its end, at most 4 KiB; empty when
 * there is none. In the arena. */
struct eagre_text eagre_inspect_doctor_read(struct eagre_inspect_doctor *doctor, const char *path);

void eagre_inspect_doctor_host(struct eagre_inspect_doctor *doctor);
/* `path` need not exist: the nearest directory above it that does is looked at. */
void eagre_inspect_doctor_disk(struct eagre_inspect_doctor *doctor, const char *path);
void eagre_inspect_doctor_time(struct eagre_inspect_doctor *doctor);
void eagre_inspect_doctor_siblings(struct eagre_inspect_doctor *doctor);
