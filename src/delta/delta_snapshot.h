/* What the log says up to some version: the state of a table.
 *
 * Replay applies whole commits in order: `eagre_delta_snapshot_apply` either takes all of a commit
 * or, on an error, leaves the snapshot as it was but for the arena. Inside a commit order has no
 * meaning, except that a file which is removed and added again (with another deletion vector) is
 * there afterwards. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "delta/delta_action.h"
#include "delta/delta_map.h"

/* Paths as 64-bit hashes: every file any commit ever added, so that a file nobody mentions can be
 * told. Two paths with one hash make a lost file stay, never a needed one go. */
struct eagre_delta_paths {
  uint64_t *slots; /* 0 = empty */
  uint32_t slot_count;
  uint32_t count;
};

struct eagre_delta_snapshot {
  bool is_view;          /* only read: what concerns writers alone is not checked */
  int64_t version;       /* -1: there is no table */
  uint64_t content_hash; /* of that file, to notice when it is replaced */
  uint64_t content_size; /* UINT64_MAX: it is not known */

  struct eagre_text protocol; /* bodies of the actions; empty before version 0 */
  struct eagre_text metadata;
  struct eagre_text id;
  const struct eagre_type *schema;
  int32_t reader_version;
  int32_t writer_version;
  bool is_append_only;
  bool has_v2_checkpoints; /* then we write no checkpoint */
  int64_t checkpoint_interval;
  int64_t tombstone_retention_ms;

  struct eagre_delta_map files;      /* path -> add body, number = size */
  struct eagre_delta_map tombstones; /* path -> remove body, number = deletionTimestamp */
  struct eagre_delta_map txns;       /* appId -> txn body, number = version */
  struct eagre_delta_map attempts;   /* appId -> attempt of its last txn, number = log version */
  struct eagre_delta_map domains;    /* domain -> domainMetadata body */
  struct eagre_delta_paths paths;    /* decoded */
  struct eagre_arena arena;          /* protocol, metadata, schema */
};

void eagre_delta_snapshot_init(struct eagre_delta_snapshot *snapshot);
void eagre_delta_snapshot_done(struct eagre_delta_snapshot *snapshot);

/* Applies the commit `version` (one more than the snapshot's), whose file has the content
 * `content`. UNSAFE: DELTA_LOG_CORRUPT, DELTA_UNSUPPORTED_FEATURES, DELTA_TABLE_ID_CHANGED. */
enum eagre_status eagre_delta_snapshot_apply(struct eagre_delta_snapshot *snapshot, int64_t version,
                                             struct eagre_text content, struct eagre_error *error);
/* Makes an empty snapshot that of the checkpoint `version`, whose actions are the lines `content`.
 * `name` is for places. Errors as above. */
enum eagre_status eagre_delta_snapshot_load(struct eagre_delta_snapshot *snapshot, int64_t version,
                                            struct eagre_text content, const char *name,
                                            struct eagre_error *error);
/* Takes from a commit that the snapshot's checkpoint holds what checkpoints do not keep: who made a
 * transaction, and which files there ever were. */
enum eagre_status eagre_delta_snapshot_remember(struct eagre_delta_snapshot *snapshot,
                                                int64_t version, struct eagre_text content,
                                                struct eagre_error *error);
/* Drops tombstones that have expired at `now_ms`. */
void eagre_delta_snapshot_expire(struct eagre_delta_snapshot *snapshot, int64_t now_ms);
bool eagre_delta_snapshot_has_path(const struct eagre_delta_snapshot *snapshot,
                                   struct eagre_text decoded_path);

enum { EAGRE_DELTA_LOG_NAME_SIZE = 48 };
/* "_delta_log/00000000000000000017.json" */
void eagre_delta_log_name(int64_t version, char out_name[EAGRE_DELTA_LOG_NAME_SIZE]);
/* The version of an entry of `_delta_log`, or -1 when it is no commit. */
int64_t eagre_delta_log_version(const char *entry_name);
