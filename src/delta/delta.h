/* Door of the room `delta`: the transaction log of a Delta table: snapshot, append, replace.
 *
 * A commit is named by (application id, epoch) in its txn action. Its commitInfo carries, beside
 * what Spark writes there, the member "eagre": {"epoch": 17, "attempt": "..."}, so that recovery
 * can ask the table which attempt it has. Commits are put-if-absent; a lost race is resolved by
 * the rules of Delta's protocol for writers that read nothing. Tables are created with protocol
 * reader 1, writer 2. The log is always replayed from its JSON, from version 0 on.
 *
 * One handle belongs to one thread (the control thread); data files are written by the cores with
 * `eagre_delta_file_*`, which touch no log. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "io/io.h"
#include "parquet/parquet.h"
#include "json/json.h"

struct eagre_delta_table;

/* Opens the table at `location` and reads its log. A directory without `_delta_log` is a table that
 * does not exist yet (version -1): the first commit creates it.
 * USAGE: location has another scheme. UNSAFE by name: DELTA_UNSUPPORTED_FEATURES (protocol,
 * features, partitions or constraints we cannot honour), DELTA_LOG_INCOMPLETE (early JSON is gone
 * and no checkpoint stands for it), DELTA_LOG_CORRUPT (with file and line). */
enum eagre_status eagre_delta_open(struct eagre_io *io, struct eagre_text location,
                                   struct eagre_delta_table **out_table, struct eagre_error *error);
void eagre_delta_close(struct eagre_delta_table *table);
/* Reads what was committed since. UNSAFE besides those of open: DELTA_LOG_CORRUPT when a version we
 * have read vanished or changed, DELTA_TABLE_ID_CHANGED when the table is another one by now. After
 * any error the handle is only good for close. */
enum eagre_status eagre_delta_refresh(struct eagre_delta_table *table, struct eagre_error *error);
/* Makes durable what was read: a process that died may have published a commit and not synced its
 * name. To be called before something else is made to depend on a commit that was found. IO. */
enum eagre_status eagre_delta_sync_log(struct eagre_delta_table *table, struct eagre_error *error);
int64_t eagre_delta_version(const struct eagre_delta_table *table); /* -1: does not exist */
const struct eagre_type *eagre_delta_schema(const struct eagre_delta_table *table); /* or NULL */
const char *eagre_delta_id(const struct eagre_delta_table *table);                  /* or NULL */
const char *eagre_delta_location(const struct eagre_delta_table *table);
uint64_t eagre_delta_file_count(const struct eagre_delta_table *table);

/* Checks that rows of STRUCT type `schema` can be appended: same column names (ignoring case) and
 * types; columns of the table that are missing become NULL. A table that does not exist takes any
 * columns a Delta table can have. `out_map` (arena; may be NULL) gets, per table column, the index
 * in `schema` or UINT32_MAX.
 * USAGE: DELTA_METADATA_MISMATCH names the column; for a new table DELTA_DUPLICATE_COLUMNS_FOUND,
 * DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES, DELTA_NULL_SCHEMA_IN_STREAMING_WRITE (a VOID column).
 */
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

/* ---- Reading --------------------------------------------------------------------------------- */

/* Opens the table to be read as it was at `version`, or INT64_MAX: as it is. It may be partitioned
 * and have rules for writers that eagre_delta_open refuses. Begins at the newest checkpoint. A
 * version the log does not reach: the handle has the newest. Errors as eagre_delta_open, and
 * DELTA_UNSUPPORTED_FEATURES_FOR_READ. */
enum eagre_status eagre_delta_open_view(struct eagre_io *io, struct eagre_text location,
                                        int64_t version, struct eagre_delta_table **out_table,
                                        struct eagre_error *error);
/* The last version that was there at `timestamp_ms`, by the modification times of the commits; and
 * what there is to choose from. -1: all are later. IO. */
enum eagre_status eagre_delta_find_version(struct eagre_io *io, struct eagre_text location,
                                           int64_t timestamp_ms, int64_t *out_version,
                                           int64_t *out_last_ms, struct eagre_error *error);
/* Whether column `name` is a partition column of the table. */
bool eagre_delta_is_partition(const struct eagre_delta_table *table, struct eagre_text name);

/* A live data file; all points into the arena it was read with. */
struct eagre_delta_live_file {
  const char *path; /* absolute */
  uint64_t size;
  const struct eagre_json_node *partition_values; /* an object, or NULL */
  const struct eagre_json_node *stats;            /* an object, or NULL */
};
/* The next file from `*position` (0 to begin); END behind the last. UNSAFE
 * DELTA_UNSUPPORTED_FEATURES_FOR_READ: a file with a deletion vector, or elsewhere than on local
 * disks. */
enum eagre_status eagre_delta_next_file(const struct eagre_delta_table *table, uint32_t *position,
                                        struct eagre_arena *arena,
                                        struct eagre_delta_live_file *out,
                                        struct eagre_error *error);

/* ---- Data files (any core; own io handle) ---------------------------------------------------- */

/* A data file is called
 *
 *   part-<core>-<application>-<epoch>-<attempt>-c<number>.<codec>.parquet
 *   part-00003-33f6ab4c-17-5c3b1f0e-7a52-4d0a-9d4e-0b6c2f8a1e77-c000.zstd.parquet
 *
 * with the first 8 characters of the application id, so that the files of losing attempts can be
 * told from everything else. `application_id` and `attempt` consist of letters, digits and '-';
 * UUIDs do. */
struct eagre_delta_file_options {
  const struct eagre_type
      *schema; /* the table's columns, or some of them: the others read as NULL */
  const struct eagre_parquet_options *parquet;
  const char *application_id;
  const char *attempt;
  int64_t epoch;
  uint32_t core;
  /* The writer of a finished file with the same columns and options, in whose memory this one is
   * written, or NULL: taken by open, put here by a finish that succeeds, freed by the caller with
   * eagre_parquet_writer_free. Borrowed until then; the pointer itself may be NULL. */
  struct eagre_parquet_writer **spare;
};

struct eagre_delta_file;
/* Begins a data file in `location` (made when missing); everything of `options` but the spare is
 * copied. */
enum eagre_status eagre_delta_file_open(struct eagre_io *io, const char *location,
                                        const struct eagre_delta_file_options *options,
                                        struct eagre_delta_file **out_file,
                                        struct eagre_error *error);
/* Columns and rows as eagre_parquet_writer_write. DATA DELTA_NOT_NULL_CONSTRAINT_VIOLATED: a NULL
 * in a column, or a field of a STRUCT, that `schema` calls not nullable. */
enum eagre_status eagre_delta_file_write(struct eagre_delta_file *file,
                                         const struct eagre_vector *columns, uint32_t row_count,
                                         struct eagre_error *error);
uint64_t eagre_delta_file_size(const struct eagre_delta_file *file);
uint64_t eagre_delta_file_row_count(const struct eagre_delta_file *file);
/* Finishes and syncs the file and its directory and appends its `add` action, one line of JSON with
 * statistics and newline, to `out_action`. Frees the file in any case. UNSAFE:
 * DELTA_DATA_FILE_MISSING, another process removed it. */
enum eagre_status eagre_delta_file_finish(struct eagre_delta_file *file,
                                          struct eagre_buffer *out_action,
                                          struct eagre_error *error);
/* Removes and frees the file; NULL is fine. */
void eagre_delta_file_abort(struct eagre_delta_file *file);

/* ---- Commit (control thread) --------------------------------------------------------------------
 */

struct eagre_delta_commit {
  const char *application_id; /* checkpoint id, a UUID */
  int64_t epoch;
  const char *attempt;
  const struct eagre_text
      *actions; /* add lines of all pieces; each text holds any number of lines */
  uint32_t action_count;
  uint64_t row_count;
  bool replace;          /* complete mode: remove every live file in the same commit */
  bool overwrite_schema; /* full refresh: the table gets `schema` even when it had another */
  const struct eagre_type *schema;    /* used when the table is created, and by overwrite_schema */
  const char *const *column_comments; /* one per column of `schema`, or NULL; may be NULL itself */
  const char *description;            /* table COMMENT; may be NULL */
  int64_t now_ms;
};
/* Commits, or finds that the table has (application, epoch) by this attempt already: then OK and
 * nothing is written. *out_version is the version of the commit. Looks first that every data file
 * is there in full. Lost races are retried after the conflict rules; afterwards the commit is read
 * again to see that it is ours. Writes a log checkpoint every delta.checkpointInterval (10)
 * versions; a failed checkpoint is only logged. Passes the crash point sink.mid_commit.
 * UNSAFE: DELTA_CONCURRENT_TRANSACTION (the table has this epoch by another attempt, or a later
 * one), DELTA_METADATA_CHANGED (another schema), DELTA_APPEND_ONLY, DELTA_COMMIT_CLOBBERED,
 * DELTA_DATA_FILE_MISSING, and those of eagre_delta_refresh. USAGE: those of
 * eagre_delta_check_schema. IO: disk. After an error the handle is only good for close. */
enum eagre_status eagre_delta_commit(struct eagre_delta_table *table,
                                     const struct eagre_delta_commit *commit, int64_t *out_version,
                                     struct eagre_error *error);
/* Removes data files of losing attempts of `application_id`: their name says so, their epoch is <=
 * `epoch` and <= the last one the table has, and no commit ever added them. The directory is listed
 * on the first call and then so rarely that it costs nothing on average. */
enum eagre_status eagre_delta_purge(struct eagre_delta_table *table, const char *application_id,
                                    int64_t epoch, struct eagre_error *error);
/* Spark's schemaString of a STRUCT type. */
void eagre_delta_print_schema(const struct eagre_type *schema, struct eagre_buffer *out);
