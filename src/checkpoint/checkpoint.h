/* Door of the room `checkpoint`: the files of one flow's checkpoint directory. Spark's layout
 * (spark-semantics 2) plus our own below `eagre/`. Formats, names, checksums and the lock; when
 * what is written is decided by `epoch`.
 *
 *   metadata, offsets/N, commits/N, sources/I/N     Spark's, each with a hidden .NAME.crc
 *   eagre/lock                                       open-file-description lock
 *   eagre/prepared/N                                 attempt, state version, watermarks, sink
 * pieces eagre/state/...                                  room `state`
 *
 * Exclusive creation everywhere: a file that exists already is UNSAFE
 * CONCURRENT_STREAM_LOG_UPDATE. Side files are verified when they exist: UNSAFE
 * CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED. One handle, one thread (control). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "io/io.h"

struct eagre_checkpoint;

struct eagre_checkpoint_pair {
  struct eagre_text key;
  struct eagre_text value;
};

/* offsets/N. */
struct eagre_checkpoint_offsets {
  int64_t watermark_ms;
  int64_t timestamp_ms;
  const struct eagre_checkpoint_pair *configuration;
  uint32_t configuration_count;
  const struct eagre_text *sources; /* one JSON text per source; empty = "-" */
  uint32_t source_count;
};

/* What a flow knows of a partition, with a watermark for each. One without source stands for a
 * WATERMARK node until a partition gave rows. */
enum { EAGRE_CHECKPOINT_NO_SOURCE = UINT32_MAX };
struct eagre_checkpoint_partition {
  uint32_t watermark; /* number of its node */
  uint32_t source;
  int32_t partition;
  struct eagre_text topic;
  int64_t maximum_ms; /* greatest (event time - delay) so far */
  int64_t last_ms;    /* time of the last epoch with rows of it */
};

/* eagre/prepared/N. */
struct eagre_checkpoint_prepared {
  struct eagre_text attempt;
  int64_t epoch;
  bool has_state;
  int64_t state_version;            /* N + 1 */
  uint32_t core_count;              /* cores that wrote state files */
  int64_t next_watermark_ms;        /* eviction watermark of N + 1 */
  int64_t late_watermark_ms;        /* late-row watermark of N + 1 */
  const int64_t *source_maximum_ms; /* per watermark node: greatest (event time - delay) so far */
  uint32_t source_maximum_count;
  const struct eagre_checkpoint_partition *partitions;
  uint32_t partition_count;
  const struct eagre_text *sink_pieces; /* opaque JSON texts, one per sink */
  uint32_t sink_piece_count;
};

/* What a start finds. */
struct eagre_checkpoint_summary {
  bool exists; /* metadata is there */
  char id[EAGRE_UUID_SIZE];
  int64_t offsets_last; /* -1 none */
  int64_t commits_last; /* -1 none */
  bool has_state;       /* eagre/state holds files */
  bool is_from_spark;   /* state/ of Spark's, or no eagre/ directory although epochs exist */
  bool has_spark_state; /* state/<op>: a stateful checkpoint of Spark's, not continuable */
};

struct eagre_checkpoint_options {
  bool read_only; /* no lock, nothing is made: `checkpoint show`, `lag` */
  bool take_over; /* go past a held lock (--take-over); exclusive creation is the fence then */
};

/* Opens the directory without writing to it; it may not exist. Locks it when it has a lock file
 * already (directory eagre/), else `eagre_checkpoint_create` does. Reads the summary. `options` may
 * be NULL. UNSAFE: CHECKPOINT_LOCKED (another process), STREAMING_CHECKPOINT_MISSING_METADATA_FILE,
 * MALFORMED_LOG_FILE, CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED. */
enum eagre_status eagre_checkpoint_open(struct eagre_io *io, const char *path,
                                        const struct eagre_checkpoint_options *options,
                                        struct eagre_checkpoint **out_checkpoint,
                                        struct eagre_error *error);
/* Gives the lock back. NULL is fine. */
void eagre_checkpoint_close(struct eagre_checkpoint *checkpoint);
/* As of opening, and after `eagre_checkpoint_create` (id, exists). */
const struct eagre_checkpoint_summary *
eagre_checkpoint_summary(const struct eagre_checkpoint *checkpoint);
/* Absolute. */
const char *eagre_checkpoint_path(const struct eagre_checkpoint *checkpoint);

/* Step 0: directories, the lock when it is not held yet, and `metadata` with a new id (kept when it
 * exists already). Syncs what an earlier process may have left unsynced. Every start that will
 * write calls it. UNSAFE: CHECKPOINT_LOCKED, or
 * CONCURRENT_STREAM_LOG_UPDATE when another process was here between opening and now. Passes
 * checkpoint.after_metadata when it has written metadata. */
enum eagre_status eagre_checkpoint_create(struct eagre_checkpoint *checkpoint,
                                          struct eagre_error *error);

enum eagre_status eagre_checkpoint_write_offsets(struct eagre_checkpoint *checkpoint, int64_t epoch,
                                                 const struct eagre_checkpoint_offsets *offsets,
                                                 struct eagre_error *error);
/* END when the file does not exist. Texts live in `arena`. UNSAFE: MALFORMED_LOG_FILE,
 * INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION, CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED. */
enum eagre_status eagre_checkpoint_read_offsets(struct eagre_checkpoint *checkpoint, int64_t epoch,
                                                struct eagre_arena *arena,
                                                struct eagre_checkpoint_offsets *out,
                                                struct eagre_error *error);
enum eagre_status eagre_checkpoint_write_commit(struct eagre_checkpoint *checkpoint, int64_t epoch,
                                                int64_t next_watermark_ms,
                                                struct eagre_error *error);
enum eagre_status eagre_checkpoint_read_commit(struct eagre_checkpoint *checkpoint, int64_t epoch,
                                               int64_t *out_next_watermark_ms,
                                               struct eagre_error *error);
/* A prepared file of an earlier attempt of the same epoch is replaced. */
enum eagre_status eagre_checkpoint_write_prepared(struct eagre_checkpoint *checkpoint,
                                                  const struct eagre_checkpoint_prepared *prepared,
                                                  struct eagre_error *error);
/* END when there is none; UNSAFE PREPARED_FILE_CORRUPT, PREPARED_FILE_VERSION_UNSUPPORTED. */
enum eagre_status eagre_checkpoint_read_prepared(struct eagre_checkpoint *checkpoint, int64_t epoch,
                                                 struct eagre_arena *arena,
                                                 struct eagre_checkpoint_prepared *out,
                                                 struct eagre_error *error);

/* sources/<source>/<name>, made with its directory: `content` is written as it is (with Spark's
 * header, which the source makes). END when it does not exist. */
enum eagre_status eagre_checkpoint_write_source(struct eagre_checkpoint *checkpoint,
                                                uint32_t source, const char *name,
                                                struct eagre_text content,
                                                struct eagre_error *error);
enum eagre_status eagre_checkpoint_read_source(struct eagre_checkpoint *checkpoint, uint32_t source,
                                               const char *name, struct eagre_buffer *out,
                                               struct eagre_error *error);
enum eagre_status eagre_checkpoint_list_source(struct eagre_checkpoint *checkpoint, uint32_t source,
                                               struct eagre_arena *arena,
                                               struct eagre_io_entry **out_entries,
                                               uint32_t *out_count, struct eagre_error *error);

/* eagre/topics/<source>/<number>, made with its directory: what a source knows of its topics beside
 * their positions. Files are never written over; numbers count up from 0 and the last one holds.
 * END when it does not exist. */
enum eagre_status eagre_checkpoint_write_topics(struct eagre_checkpoint *checkpoint,
                                                uint32_t source, int64_t number,
                                                struct eagre_text content,
                                                struct eagre_error *error);
enum eagre_status eagre_checkpoint_read_topics(struct eagre_checkpoint *checkpoint, uint32_t source,
                                               int64_t number, struct eagre_buffer *out,
                                               struct eagre_error *error);

/* Step 6: removes offsets, commits and prepared below `keep_from`, with their side files and what
 * writers that died left of them. Passes epoch.mid_purge half way. */
enum eagre_status eagre_checkpoint_purge(struct eagre_checkpoint *checkpoint, int64_t keep_from,
                                         struct eagre_error *error);
/* Absolute path of the state directory (eagre/state), for room `state`. */
const char *eagre_checkpoint_state_path(const struct eagre_checkpoint *checkpoint);

/* Absolute path of the directory below which each core keeps state that does not fit into memory
 * while it runs: scratch, of which nothing is part of the checkpoint. */
const char *eagre_checkpoint_tier_path(const struct eagre_checkpoint *checkpoint);

/* ---- Logs that are compacted (checkpoint_compact.c) -------------------------------------------
 * Spark keeps the files a source has read and a sink has written in them. */

enum {
  EAGRE_CHECKPOINT_COMPACT_INTERVAL = 10, /* of a new log */
  EAGRE_CHECKPOINT_LOG_NAME_SIZE = 40,    /* an id, ".compact" and a zero */
};

/* What the names of a log's directory say. */
struct eagre_checkpoint_log_names {
  int64_t last;         /* -1: none */
  int64_t last_compact; /* -1: none */
  int64_t interval;
};
void eagre_checkpoint_log_read_names(const struct eagre_io_entry *entries, uint32_t count,
                                     struct eagre_checkpoint_log_names *out);
/* The id a file name stands for, -1 when it is not one of a log's. */
int64_t eagre_checkpoint_log_read_name(const char *name, bool *out_is_compact);
void eagre_checkpoint_log_print_name(int64_t id, bool is_compact,
                                     char out[EAGRE_CHECKPOINT_LOG_NAME_SIZE]);
/* Whether entry `id` repeats those before it. */
bool eagre_checkpoint_log_is_compact(int64_t interval, int64_t id);
/* Entries below this one may go after entry `last` was written; 0: none. */
int64_t eagre_checkpoint_log_keep_from(int64_t interval, int64_t last);

/* Takes the next line without its end; false at the end. */
bool eagre_checkpoint_log_take_line(struct eagre_text *rest, struct eagre_text *out_line);
/* Takes "v1" off a whole log; `place` is where it stands. UNSAFE MALFORMED_LOG_FILE (also when what
 * follows is no UTF-8), INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION. */
enum eagre_status eagre_checkpoint_log_take_version(struct eagre_text *rest, const char *place,
                                                    struct eagre_error *error);
/* UNSAFE MALFORMED_LOG_FILE. */
enum eagre_status eagre_checkpoint_log_refuse(const char *place, const char *what,
                                              struct eagre_error *error);

/* ---- Directories that a file sink writes into (checkpoint_manifest.c) ------------------------ */

#define EAGRE_CHECKPOINT_MANIFEST "_spark_metadata"

struct eagre_checkpoint_manifest_file {
  struct eagre_text path; /* absolute, or a URI of another scheme than file: */
  int64_t modified_ms;
  struct eagre_text line; /* as it stands in the manifest */
};
struct eagre_checkpoint_manifest {
  bool is_there; /* the directory of the manifest */
  int64_t last;  /* newest entry, -1: none */
  int64_t interval;
  struct eagre_checkpoint_manifest_file *files; /* all that count, oldest first */
  uint32_t count;
  uint32_t capacity; /* of `files` */
};
/* Adds the files of one entry, whose bytes are `content`; `place` is where it stands. Errors as
 * below. */
enum eagre_status eagre_checkpoint_manifest_parse(struct eagre_checkpoint_manifest *manifest,
                                                  struct eagre_text content, const char *place,
                                                  struct eagre_arena *arena,
                                                  struct eagre_error *error);
/* Reads the manifest of `directory` into `arena`. UNSAFE MALFORMED_LOG_FILE, FILE_LOG_INCOMPLETE,
 * INVALID_LOG_VERSION.*. */
enum eagre_status eagre_checkpoint_manifest_read(struct eagre_io *io, const char *directory,
                                                 struct eagre_arena *arena,
                                                 struct eagre_checkpoint_manifest *out,
                                                 struct eagre_error *error);
