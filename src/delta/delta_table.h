/* The handle, shared inside the room. */
#pragma once

#include "base/base.h"
#include "delta/delta.h"
#include "delta/delta_snapshot.h"
#include "io/io.h"
#include "store/store.h"

struct eagre_delta_table {
  struct eagre_io *io; /* borrowed */
  struct eagre_store *store;
  struct eagre_arena arena; /* location */
  const char *location;     /* absolute path, no slash at the end */
  int64_t version_max; /* of what is read; INT64_MAX: the newest */
  struct eagre_delta_snapshot snapshot;
  struct eagre_buffer content; /* of a commit that is read */
  uint64_t purge_calls_left;   /* calls of purge until the directory is listed again */
};

/* Reads the commit file `version` into `table->content`; END when there is none. */
enum eagre_status eagre_delta_table_read_commit(struct eagre_delta_table *table, int64_t version,
                                                struct eagre_error *error);
/* Applies all commits after the snapshot's. */
enum eagre_status eagre_delta_table_advance(struct eagre_delta_table *table,
                                            struct eagre_error *error);

/* Whether the version after the snapshot's is, on disk, the commit `content`. UNSAFE
 * DELTA_COMMIT_CLOBBERED. */
enum eagre_status eagre_delta_table_verify(struct eagre_delta_table *table,
                                           struct eagre_text content, struct eagre_error *error);

/* Writes the checkpoint of the snapshot's version, and `_last_checkpoint`. */
enum eagre_status eagre_delta_checkpoint_write(struct eagre_delta_table *table, int64_t now_ms,
                                               struct eagre_error *error);
