/* Inside the room `inspect`: verifying a checkpoint, findings and its parts. */
#pragma once

#include "inspect/inspect_checkpoint.h"

struct eagre_inspect_finding {
  const char *file; /* below the checkpoint */
  const char *class_name;
  const char *reason;
};

struct eagre_inspect_verify {
  struct eagre_io *io;
  struct eagre_checkpoint *handle; /* NULL: it could not be opened */
  const char *path;                /* absolute once it is open */
  struct eagre_arena arena;
  struct eagre_inspect_finding *findings;
  uint32_t finding_count;
  uint32_t finding_capacity;
  uint64_t file_count;      /* looked at */
  struct eagre_error fault; /* of the call before */
};

/* Texts are copied. */
void eagre_inspect_verify_find(struct eagre_inspect_verify *verify, const char *file,
                               const char *class_name, const char *reason);
/* Makes a finding of an UNSAFE status and `verify->fault`. OK, END (the file went away) and
 * findings give OK, other failures are passed on. */
enum eagre_status eagre_inspect_verify_note(struct eagre_inspect_verify *verify, const char *file,
                                            enum eagre_status status);
/* offsets, commits, sources, eagre/prepared, eagre/state. */
enum eagre_status eagre_inspect_verify_logs(struct eagre_inspect_verify *verify);
/* state/ of Spark's, as epoch `committed` left it. */
enum eagre_status eagre_inspect_verify_spark(struct eagre_inspect_verify *verify,
                                             int64_t committed);
