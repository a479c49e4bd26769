/* Checkpoints of the log, shared inside the room: their columns, and reading them. */
#pragma once

#include "delta/delta_table.h"

/* A row per action: the columns are the actions' names. */
extern const struct eagre_type eagre_delta_checkpoint_type;

/* What the names in `_delta_log` say. */
struct eagre_delta_listing {
  int64_t first_commit; /* -1: there is none */
  int64_t last_commit;
  int64_t checkpoint;       /* version of the newest complete one that is wanted; -1 none */
  const char *const *files; /* its files, names inside `_delta_log`; in the arena */
  uint32_t file_count;
};

/* Lists the log; wanted are checkpoints up to `version_max`. A log that is not there is empty. */
enum eagre_status eagre_delta_list(struct eagre_delta_table *table, int64_t version_max,
                                   struct eagre_arena *arena, struct eagre_delta_listing *out,
                                   struct eagre_error *error);
/* Appends the actions of the checkpoint to `out`, as a commit has them: JSON, line by line, with
 * those of sidecars. UNSAFE DELTA_LOG_CORRUPT. */
enum eagre_status eagre_delta_checkpoint_read(struct eagre_delta_table *table,
                                              const struct eagre_delta_listing *listing,
                                              struct eagre_buffer *out, struct eagre_error *error);
