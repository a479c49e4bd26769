/* Door of the room `source`: where rows come from. One interface, one file per kind.
 *
 * A source has a control half (offsets, planning; control thread only) and one reader per core
 * (rows; that core's thread only). Positions are JSON texts exactly as Spark logs them; only the
 * source understands them.
 *
 * States of the control half: opened -> (plan -> commit)* -> closed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "checkpoint/checkpoint.h"
#include "column/column.h"
#include "io/io.h"
#include "plan/plan.h"

struct eagre_source;
struct eagre_source_reader;

struct eagre_source_environment {
  struct eagre_io *io;                 /* control thread's */
  struct eagre_checkpoint *checkpoint; /* NULL for a batch query */
  const struct eagre_zone *zone;
  uint32_t core_count;
  int64_t startup_timeout_us; /* how long to look for a broker */
  struct eagre_text fetcher;  /* Kafka: eagre.kafka.client; empty = auto */
  size_t queue_size_bytes;    /* Kafka: fetched and unread bytes per core; 0 = default */
  uint32_t batch_rows_max;    /* 0 = EAGRE_BATCH_ROWS_MAX, which is also the most */
  uint64_t part_bytes_max;    /* files of lines: what one core reads at once; 0 = whole files */
};

/* While a query is bound: adds what only the outside knows, the columns of files without a schema
 * and those that stand in names of directories (an eagre_plan_complete_fn). What is not there yet
 * adds nothing; `schema` stays NULL when there is nothing to infer it from. IO, DATA, USAGE. */
enum eagre_status eagre_source_complete(struct eagre_plan_source *plan, struct eagre_arena *arena,
                                        struct eagre_error *error);
/* Offline checks of options (JSON texts, exclusive options): USAGE. */
enum eagre_status eagre_source_validate(const struct eagre_plan_source *plan,
                                        struct eagre_error *error);
/* Opens the source; IO when nobody answers within the start-up timeout (names the address), USAGE
 * or IO when a file or directory does not exist. */
enum eagre_status eagre_source_open(const struct eagre_plan_source *plan,
                                    const struct eagre_source_environment *environment,
                                    struct eagre_source **out_source, struct eagre_error *error);
void eagre_source_close(struct eagre_source *source);
/* Whether `position`, as a checkpoint holds it, may be one of a source of this kind: false when it
 * is plainly one of another. A text that is no position at all may be anything; the source says so.
 */
bool eagre_source_may_own(enum eagre_source_kind kind, struct eagre_text position);
/* "KafkaV2[Subscribe[a, b]]", "FileStreamSource[file:/data/in]", "RateStreamV2[...]". */
const char *eagre_source_description(const struct eagre_source *source);

/* How many cores can read the source at once: the number of its partitions now; UINT32_MAX = any
 * number. May ask a broker. IO. */
enum eagre_status eagre_source_width(struct eagre_source *source, uint32_t *out_width,
                                     struct eagre_error *error);
/* Before the first reader is opened: only so many of the environment's cores read. */
void eagre_source_set_reader_count(struct eagre_source *source, uint32_t count);

/* The position before the first row of a new query: resolves startingOffsets and writes sources/I/0
 * where Spark does. The text lives in `arena`; empty = the source has none (file, rate). */
enum eagre_status eagre_source_start(struct eagre_source *source, struct eagre_arena *arena,
                                     struct eagre_text *out_position, struct eagre_error *error);

struct eagre_source_limits {
  bool ignore_rate; /* Once */
  bool fix_end;     /* AvailableNow: fix the end at the first call, never go past it */
};
struct eagre_source_plan {
  struct eagre_text end;    /* end position; equal to start when there is nothing new */
  struct eagre_text latest; /* newest position known, for progress; empty = unknown */
  bool has_new;
  bool is_at_fixed_end; /* fix_end: everything up to it is planned */
};
/* Chooses the end of the next epoch. `start` empty = from the very beginning. May take the time
 * of a broker round trip. UNSAFE KAFKA_DATA_LOSS.* with failOnDataLoss. */
enum eagre_status eagre_source_plan(struct eagre_source *source, struct eagre_text start,
                                    const struct eagre_source_limits *limits,
                                    struct eagre_arena *arena, struct eagre_source_plan *out,
                                    struct eagre_error *error);
/* Prepares the range (start, end] for reading: splits it over the cores. Called for a fresh plan
 * and
 * for a re-run alike; afterwards the readers may be opened on their threads. `start` empty = from
 * the very beginning. */
enum eagre_status eagre_source_assign(struct eagre_source *source, struct eagre_text start,
                                      struct eagre_text end, struct eagre_error *error);
/* Prepares reading on from `start` without an end, for an open epoch: looks for what has come or
 * gone at the source as a plan does. The same start again goes on. Only where the kind can
 * (eagre_plan_check_continuous). UNSAFE for data loss, IO. */
enum eagre_status eagre_source_assign_open(struct eagre_source *source, struct eagre_text start,
                                           struct eagre_error *error);
/* Afterwards, while cores may read: looks ahead for the next assign_open, which asks nobody then if
 * it comes soon. IO. */
enum eagre_status eagre_source_look_open(struct eagre_source *source, struct eagre_error *error);
/* Afterwards, while no core reads: where the readers stand, everything before it read; in `arena`.
 * The text of `start` when they have not moved. */
enum eagre_status eagre_source_reached(struct eagre_source *source, struct eagre_arena *arena,
                                       struct eagre_text *out_end, struct eagre_error *error);
/* The epoch that ended at `end` is committed. */
enum eagre_status eagre_source_committed(struct eagre_source *source, struct eagre_text end,
                                         struct eagre_error *error);
/* sources[].metrics of the progress object as JSON members, e.g. "\"avgOffsetsBehindLatest\":\"0.0\""; may
 * append nothing. */
void eagre_source_metrics(struct eagre_source *source, struct eagre_text end,
                          struct eagre_buffer *out);
/* After a plan that found nothing new, while no core reads: sleeps on the environment's io handle
 * until something may have come, the handle is woken, or a moment has passed. False, without sleep,
 * when it is time to plan again; so from a source that cannot tell. */
bool eagre_source_rest(struct eagre_source *source);
/* Lag in records between `position` and what the source has now; -1 unknown. */
int64_t eagre_source_lag(struct eagre_source *source, struct eagre_text position);

/* ---- Reader: one core
 * -----------------------------------------------------------------------------
 */

/* Opened once per core and flow, on the core's thread. */
enum eagre_status eagre_source_reader_open(struct eagre_source *source, uint32_t core,
                                           struct eagre_io *io,
                                           struct eagre_source_reader **out_reader,
                                           struct eagre_error *error);
void eagre_source_reader_close(struct eagre_source_reader *reader);
/* Begins reading what the last `eagre_source_assign` gave this core. */
enum eagre_status eagre_source_reader_begin(struct eagre_source_reader *reader,
                                            struct eagre_error *error);
/* The next batch, with the wanted columns filled (others constant NULL). `batch` is empty
 * (reset) before. OK with rows; AGAIN when nothing is there yet (wait on the io handle, where the
 * reader has its descriptors); END when this core's share is read. UNSAFE for data loss, IO, DATA.
 */
enum eagre_status eagre_source_reader_read(struct eagre_source_reader *reader,
                                           struct eagre_batch *batch, struct eagre_error *error);
/* Whether the next read gives rows that are there already, or may: who cannot tell says so. When
 * not, it asks for new ones, and what is asked for later holds more. */
bool eagre_source_reader_has_more(const struct eagre_source_reader *reader);
/* Nobody reads for a while: the core is not woken by what comes. */
void eagre_source_reader_pause(struct eagre_source_reader *reader);
/* Receives a partition; the text is borrowed for as long as the reader is open. */
typedef void eagre_source_partition_fn(void *context, struct eagre_text topic, int32_t partition);
/* Of an open epoch, while the core does not read: the partitions that have records which were not
 * read yet, or may have, for all that is known. */
void eagre_source_reader_behind(const struct eagre_source_reader *reader,
                                eagre_source_partition_fn *each, void *context);
