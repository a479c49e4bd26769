/* Door of the room `delta`: the transaction log of a Delta table: snapshot, append, replace.
 *
 * A commit is named by (application id, epoch) in its txn action and carries the attempt in
 * commitInfo, so that recovery can ask the table what it has. Commits are put-if-absent; a lost
 * race is resolved by the rules of delta-parquet 1.5. Protocol written: reader 1, writer 2. One
 * handle belongs to one thread (the control thread); data files are written by the cores with
 * `eagre_delta_file_*`, which touch no log. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "io/io.h"
#include "parquet/parquet.h"

struct eagre_delta_table;

/* Opens the table at `location` and reads its log. A directory without `_delta_log` is a table that
 * does not exist yet (version -1): the first commit creates it.
 * USAGE: location has another scheme. UNSAFE by name: DELTA_UNSUPPORTED_FEATURES (protocol or
 * features we cannot write), DELTA_LOG_INCOMPLETE (early JSON is gone and the Parquet reader does
 * not exist yet), DELTA_LOG_CORRUPT. */
enum eagre_status eagre_delta_open(struct eagre_io *io, struct eagre_text location,
                                   struct eagre_delta_table **out_table,
                                   struct eagre_error *error);
void eagre_delta_close(struct eagre_delta_table *table);
/* Reads what was committed since. */
enum eagre_status eagre_delta_refresh(struct eagre_delta_table *table, struct eagre_error *error);
int64_t eagre_delta_version(const struct eagre_delta_table *table); /* -1: does not exist */
const struct eagre_type *eagre_delta_schema(const struct eagre_delta_table *table); /* or NULL */
const char *eagre_delta_id(const struct eagre_delta_table *table);                  /* or NULL */
const char *eagre_delta_location(const struct eagre_delta_table *table);
uint64_t eagre_delta_file_count(const struct eagre_delta_table *table);

/* Checks that rows of STRUCT type `schema` can be appended: same column names (ignoring case) and types,
 * columns of the table that are missing become NULL. USAGE DELTA_METADATA_MISMATCH names the
 * column. `out_map` (arena; may be NULL) gets, per table column, the index in `schema` or UINT32_MAX. */
enum eagre_status eagre_delta_check_schema(const struct eagre_delta_table *table,
                                           const struct eagre_type *schema,
                                           struct eagre_arena *arena, uint32_t **out_map,
                                           struct eagre_error *error);

/* The last epoch the table has from an application. */
struct eagre_delta_transaction {
  bool found;
  int64_t epoch;    /* txn.version */
  char attempt[64]; /* from the commitInfo of that commit; empty when it is not ours or not known */
};
void eagre_delta_find_transaction(const struct eagre_delta_table *table, const char *application_id,
                                  struct eagre_delta_transaction *out);

/* ---- Data files (any core; own io handle) ------------------------------------------------------ */

struct eagre_delta_file;
/* Begins a data file in `location` (made when missing): part-<core>-<uuid>-c000.<codec>.parquet, its
 * name carrying epoch and attempt so that losing attempts can be purged. */
enum eagre_status eagre_delta_file_open(struct eagre_io *io, const char *location,
                                        const struct eagre_type *schema,
                                        const struct eagre_parquet_options *options, uint32_t core,
                                        int64_t epoch, const char *attempt,
                                        struct eagre_delta_file **out_file,
                                        struct eagre_error *error);
enum eagre_status eagre_delta_file_write(struct eagre_delta_file *file,
                                         const struct eagre_vector *columns, uint32_t row_count,
                                         struct eagre_error *error);
uint64_t eagre_delta_file_size(const struct eagre_delta_file *file);
/* Finishes and syncs the file and appends its `add` action, as one line of JSON with statistics, to
 * `out_action`. Frees the file in any case. */
enum eagre_status eagre_delta_file_finish(struct eagre_delta_file *file,
                                          struct eagre_buffer *out_action,
                                          struct eagre_error *error);
void eagre_delta_file_abort(struct eagre_delta_file *file);

/* ---- Commit (control thread) -------------------------------------------------------------------- */

struct eagre_delta_commit {
  const char *application_id; /* checkpoint id, a UUID */
  int64_t epoch;
  const char *attempt;
  const struct eagre_text *actions; /* add lines of all pieces */
  uint32_t action_count;
  uint64_t row_count;
  bool replace;     /* complete mode: remove every live file in the same commit */
  bool overwrite_schema; /* full refresh: the table gets `schema` even when it had another */
  const struct eagre_type *schema; /* used when the table is created */
  const char *const *column_comments; /* may be NULL */
  const char *description;         /* table COMMENT; may be NULL */
  int64_t now_ms;
};
/* Commits, or finds that (application, epoch) is there already (then OK, *out_version its version when known,
 * and nothing is written). Directory and data files are synced before. Lost races are retried after
 * the conflict rules. Afterwards re-reads the commit to see that it is ours. Writes a log
 * checkpoint every 10 versions (delta.checkpointInterval); a failed checkpoint is only logged.
 * UNSAFE: DELTA_METADATA_CHANGED, DELTA_PROTOCOL_CHANGED, DELTA_CONCURRENT_TRANSACTION,
 * DELTA_APPEND_ONLY, DELTA_COMMIT_CLOBBERED. IO: disk. */
enum eagre_status eagre_delta_commit(struct eagre_delta_table *table,
                                     const struct eagre_delta_commit *commit,
                                     int64_t *out_version, struct eagre_error *error);
/* Removes data files of `application`'s attempts of epochs <= `epoch` that are not in the log (name
 * says ours): step 6 of the protocol. */
enum eagre_status eagre_delta_purge(struct eagre_delta_table *table, const char *application_id,
                                    int64_t epoch, struct eagre_error *error);
/* Spark's schemaString of a STRUCT type. */
void eagre_delta_print_schema(const struct eagre_type *schema, struct eagre_buffer *out);
