/* Inside the room `inspect`: what a checkpoint says.
 *
 *   inspect_checkpoint.c           reads it all, once
 *   inspect_checkpoint_position.c  the position of a source, as logged
 *   inspect_checkpoint_files.c     the log of files a file source has taken
 *   inspect_checkpoint_state.c     our state files: versions, sizes, what a version needs
 *   inspect_checkpoint_spark.c     the same for Spark's
 *   inspect_checkpoint_lock.c      who holds the lock
 *   inspect_checkpoint_restart.c   what a start would do
 *   inspect_checkpoint_text.c, inspect_checkpoint_json.c   printing
 *   inspect_checkpoint_verify.c    every file, one after the other
 *
 * Nothing is written, nothing is locked. A process may be at work: its files come in the order of
 * the protocol, so that what is read belongs together when the last epoch has not moved meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint/checkpoint.h"
#include "inspect/inspect.h"
#include "io/io.h"

/* ---- Positions ------------------------------------------------------------------------------- */

enum eagre_inspect_source_kind {
  EAGRE_INSPECT_NOTHING, /* "-": nothing was read yet */
  EAGRE_INSPECT_KAFKA,
  EAGRE_INSPECT_FILES,
  EAGRE_INSPECT_OTHER,
};

struct eagre_inspect_partition {
  struct eagre_text topic;
  int64_t partition;
  int64_t offset;
};

struct eagre_inspect_position {
  enum eagre_inspect_source_kind kind;
  struct eagre_text text;                     /* as logged */
  struct eagre_inspect_partition *partitions; /* KAFKA: in the order of the text */
  uint32_t partition_count;
  int64_t log_id; /* FILES: the last entry of the log that is included */
};

/* Never fails: what is neither Kafka's nor a file source's is OTHER. Texts live in `arena`. */
void eagre_inspect_position_parse(struct eagre_text text, struct eagre_arena *arena,
                                  struct eagre_inspect_position *out);
/* The partition of a position, or NULL. */
const struct eagre_inspect_partition *
eagre_inspect_partition_find(const struct eagre_inspect_position *position, struct eagre_text topic,
                             int64_t partition);
/* The content of Kafka's sources/I/0: a zero byte, "v1\n", the position. False when it is not. */
bool eagre_inspect_kafka_start(struct eagre_text content, struct eagre_text *out_position);

/* ---- The log of a file source ---------------------------------------------------------------- */

struct eagre_inspect_file_log {
  int64_t last;             /* newest entry, -1 none */
  uint32_t file_count;      /* of the log, that were read */
  struct eagre_text *paths; /* files of the entries <= `up_to`, local paths, in `arena` */
  uint64_t path_count;
};
/* Reads sources/<source>. UNSAFE: MALFORMED_LOG_FILE, FILE_LOG_INCOMPLETE,
 * INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION, CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED. */
enum eagre_status eagre_inspect_file_log_read(struct eagre_checkpoint *checkpoint, uint32_t source,
                                              int64_t up_to, struct eagre_arena *arena,
                                              struct eagre_inspect_file_log *out,
                                              struct eagre_error *error);
/* Receives each file of a log entry. */
typedef void eagre_inspect_file_fn(void *context, struct eagre_text uri, int64_t entry);
/* The lines of one log file; entries without an id of their own belong to `entry`. False, with what
 * is wrong, when it is none. */
bool eagre_inspect_file_log_parse(struct eagre_text content, int64_t entry,
                                  eagre_inspect_file_fn *file, void *context,
                                  const char **out_what);
/* The local path behind "file:///data/a%20b"; other texts as they are. */
struct eagre_text eagre_inspect_file_path(struct eagre_arena *arena, struct eagre_text uri);

/* ---- State ----------------------------------------------------------------------------------- */

enum {
  EAGRE_INSPECT_ATTEMPT_SIZE = 64,
  EAGRE_INSPECT_STATE_HEADER_SIZE = 152, /* at most */
};

/* One state file of ours: what its name says. */
struct eagre_inspect_state_file {
  int64_t version;
  uint32_t core;
  bool is_full;
  char attempt[EAGRE_INSPECT_ATTEMPT_SIZE];
  const char *name;
  uint64_t size;
  bool is_whole; /* it was read to its end, as was all that it builds on */
};
struct eagre_inspect_state {
  const char *directory;
  struct eagre_inspect_state_file *files; /* by version, core, attempt */
  uint32_t file_count;
};
enum eagre_status eagre_inspect_state_list(struct eagre_io *io, const char *directory,
                                           struct eagre_arena *arena,
                                           struct eagre_inspect_state *out,
                                           struct eagre_error *error);
bool eagre_inspect_state_name_parse(const char *name, struct eagre_inspect_state_file *out);

struct eagre_inspect_state_header {
  bool is_full;
  int64_t version;
  int64_t base_version;
  int64_t chain_first; /* oldest version whose file it needs; -1: back to a full file */
  uint32_t core;
  char base_attempt[EAGRE_INSPECT_ATTEMPT_SIZE];
};
struct eagre_inspect_fault {
  const char *class_name;
  const char *what;
};
/* The beginning of a state file; false, with what is wrong, when it is none. */
bool eagre_inspect_state_header_parse(const char *bytes, size_t size,
                                      struct eagre_inspect_state_header *out,
                                      struct eagre_inspect_fault *out_fault);
/* Whether everything is there that loading a version takes. `is_deep`: and whether it is whole. The
 * first fault is UNSAFE STATE_STORE_MISSING_FILE, STATE_STORE_CORRUPT or
 * STATE_STORE_VERSION_UNSUPPORTED; *out_file (may be NULL) is its name. No file is read twice. */
enum eagre_status eagre_inspect_state_check(const struct eagre_inspect_state *state,
                                            struct eagre_io *io, int64_t version,
                                            uint32_t core_count, struct eagre_text attempt,
                                            bool is_deep, struct eagre_arena *arena,
                                            const char **out_file, struct eagre_error *error);

/* ---- Spark's state --------------------------------------------------------------------------- */

struct eagre_inspect_spark_operator {
  int64_t number;
  struct eagre_text name; /* "stateStoreSave"; empty = not told */
  uint32_t partition_count;
  const struct eagre_text *stores; /* folders below a partition; "" = the partition itself */
  uint32_t store_count;
  uint32_t file_count;
  uint64_t size;
  int64_t version_last; /* newest version of any file, -1 none */
};
struct eagre_inspect_spark_state {
  struct eagre_inspect_spark_operator *operators;
  uint32_t operator_count;
};
enum eagre_status eagre_inspect_spark_state_list(struct eagre_io *io, const char *checkpoint_path,
                                                 struct eagre_arena *arena,
                                                 struct eagre_inspect_spark_state *out,
                                                 struct eagre_error *error);

/* state/<operator>/_metadata/metadata: name, stores and partitions, as far as it tells them. Never
 * fails; one default store when it tells none. */
void eagre_inspect_spark_metadata_parse(struct eagre_text content, struct eagre_arena *arena,
                                        struct eagre_inspect_spark_operator *out);
/* 12 of "12.delta", "12.changelog", "12.snapshot" and "12.zip" (the last two need none before
 * them), -1 of other names. */
int64_t eagre_inspect_spark_version(const char *name, bool *out_is_base);

/* ---- The lock -------------------------------------------------------------------------------- */

struct eagre_inspect_lock {
  bool is_held;
  long process; /* 0 = not told */
  char host[128];
};
/* Looks at eagre/lock without taking it. */
void eagre_inspect_lock_read(const char *checkpoint_path, struct eagre_inspect_lock *out);

/* ---- What a start would do ------------------------------------------------------------------- */

enum eagre_inspect_restart_action {
  EAGRE_INSPECT_BEGIN,  /* epoch 0 of a query that has planned nothing */
  EAGRE_INSPECT_NEXT,   /* plan the epoch */
  EAGRE_INSPECT_RERUN,  /* the epoch again, with the logged ends */
  EAGRE_INSPECT_ASK,    /* ask the sink: done, adopted, or again */
  EAGRE_INSPECT_REFUSE, /* exit 4 */
};
struct eagre_inspect_restart {
  enum eagre_inspect_restart_action action;
  int64_t epoch; /* -1 with REFUSE */
  struct eagre_text sentence;
};

/* ---- The whole ------------------------------------------------------------------------------- */

struct eagre_inspect_source {
  struct eagre_inspect_position position; /* end of the last planned epoch, or the start */
  bool is_start;                          /* nothing is planned: where the query begins */
  uint64_t file_count;                    /* FILES: seen up to the position */
  struct eagre_text file_last;            /* FILES: the last of them; may be empty */
};

struct eagre_inspect_checkpoint {
  struct eagre_arena arena;
  struct eagre_io *io;
  struct eagre_checkpoint *handle;
  const char *path; /* absolute */
  struct eagre_checkpoint_summary summary;
  bool is_by_eagre; /* the last epoch is, or nothing is there of anybody else */
  struct eagre_checkpoint_offsets offsets; /* of summary.offsets_last; zero when there is none */
  bool is_committed;                       /* commits/<offsets_last> is there */
  int64_t next_watermark_ms;               /* of the next epoch, as far as it is known */
  bool has_prepared;
  struct eagre_checkpoint_prepared prepared; /* the newest */
  struct eagre_inspect_source *sources;
  uint32_t source_count;
  struct eagre_inspect_state state;
  struct eagre_inspect_spark_state spark_state;
  struct eagre_inspect_lock lock;
  struct eagre_inspect_restart restart;
};

/* USAGE CHECKPOINT_NOT_FOUND; UNSAFE as `eagre_checkpoint_open` and the readers above. `done` may
 * be called on a zeroed one and after a failure. */
enum eagre_status eagre_inspect_checkpoint_init(struct eagre_inspect_checkpoint *checkpoint,
                                                const char *directory, struct eagre_error *error);
void eagre_inspect_checkpoint_done(struct eagre_inspect_checkpoint *checkpoint);
/* USAGE CHECKPOINT_NOT_FOUND. */
enum eagre_status eagre_inspect_refuse_absent(const char *directory, struct eagre_error *error);
/* Fills `restart`; everything else is there. */
enum eagre_status eagre_inspect_restart_find(struct eagre_inspect_checkpoint *checkpoint,
                                             struct eagre_error *error);
void eagre_inspect_checkpoint_print_text(const struct eagre_inspect_checkpoint *checkpoint,
                                         struct eagre_buffer *out);
void eagre_inspect_checkpoint_print_json(const struct eagre_inspect_checkpoint *checkpoint,
                                         struct eagre_buffer *out);

/* ---- Printing -------------------------------------------------------------------------------- */

enum { EAGRE_INSPECT_TIME_SIZE = 48 };
/* "2026-01-01T00:00:30.000Z". */
void eagre_inspect_print_time(int64_t ms, char out[EAGRE_INSPECT_TIME_SIZE]);

/* Members of a JSON object, with a comma in front where one is needed. */
void eagre_inspect_json_name(struct eagre_buffer *out, const char *name);
void eagre_inspect_json_text(struct eagre_buffer *out, const char *name, struct eagre_text value);
void eagre_inspect_json_integer(struct eagre_buffer *out, const char *name, int64_t value);
/* null below 0. */
void eagre_inspect_json_number(struct eagre_buffer *out, const char *name, int64_t value);

/* The number a file name stands for: digits, nothing else, no zero in front; else -1. */
int64_t eagre_inspect_name_number(struct eagre_text name);
