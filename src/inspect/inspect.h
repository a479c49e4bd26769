/* Door of the room `inspect`: what people look at: rows as text, checkpoints, lag, the host, the
 * tables of the reference, the build. Nothing here but the doctor writes anywhere but into
 * buffers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "plan/plan.h"
#include "value/value.h"

/* Version, compiler, libraries, CPU features in use; one per line. */
void eagre_inspect_build(struct eagre_buffer *out);

/* ---- Checkpoints -------------------------------------------------------------------------------
 * Of Eagre's or Spark's, without a lock: a process may be at work on them. */

/* What a checkpoint holds and what a start would do with it, as text or as one line of JSON. USAGE
 * CHECKPOINT_NOT_FOUND; UNSAFE when a file that a start reads is missing or damaged; IO. */
enum eagre_status eagre_inspect_checkpoint(const char *directory, bool as_json,
                                           struct eagre_buffer *out, struct eagre_error *error);
/* Whether every file parses and matches its checksums, no epoch is missing, and the state that a
 * start needs is there and whole. `out` gets one line per finding and one that counts. CHECK
 * CHECKPOINT_DAMAGED when there are findings; USAGE, IO as above. */
enum eagre_status eagre_inspect_checkpoint_verify(const char *directory, bool as_json,
                                                  struct eagre_buffer *out,
                                                  struct eagre_error *error);

/* ---- Lag ---------------------------------------------------------------------------------------
 * How far flows are behind: per partition the position of the last committed epoch, the end and the
 * records in between; for files how many were taken and how many wait. */

struct eagre_inspect_lag_options {
  bool as_json;
  int64_t startup_timeout_us; /* how long to look for a broker */
};
/* Of all flows of a pipeline. IO when a broker does not answer (names the address); UNSAFE when a
 * checkpoint cannot be read or its offsets are gone from Kafka. */
enum eagre_status eagre_inspect_lag(const struct eagre_pipeline *pipeline,
                                    const struct eagre_inspect_lag_options *options,
                                    struct eagre_buffer *out, struct eagre_error *error);
/* Of one checkpoint, without its pipeline. `servers` (host:port list) serves Kafka sources; the
 * folder of a file source is that of the files it has taken. USAGE CHECKPOINT_NOT_FOUND,
 * LAG_NEEDS_SERVERS, LAG_NEEDS_PIPELINE. */
enum eagre_status eagre_inspect_lag_checkpoint(const char *directory, struct eagre_text servers,
                                               const struct eagre_inspect_lag_options *options,
                                               struct eagre_buffer *out, struct eagre_error *error);

/* ---- Doctor ------------------------------------------------------------------------------------
 * Whether this host is fit for flows: kernel, processors, memory, limits, jitter, and what a small
 * durable file costs where checkpoints go. */

struct eagre_inspect_doctor_options {
  bool as_json;
  int64_t startup_timeout_us; /* how long to look for a broker */
  const char *storage;        /* looked at without a pipeline: where eagre-data would be made */
};
/* `pipeline` may be NULL; of one, the checkpoints' directories and whether its brokers answer are
 * looked at too. Writes, syncs and removes a small file in each of those directories. CHECK
 * HOST_NOT_FIT when something is bad (`out` says what). */
enum eagre_status eagre_inspect_doctor(const struct eagre_pipeline *pipeline,
                                       const struct eagre_inspect_doctor_options *options,
                                       struct eagre_buffer *out, struct eagre_error *error);

/* Additions per nanosecond of a thread on `cpus[0]` alone, and of one on each of the two at once
 * (the mean): half of it where the two are hardware threads of one core. */
struct eagre_inspect_siblings {
  int cpus[2];
  double alone_per_ns;
  double beside_per_ns;
};
/* Takes so long twice, of the first two processors that may be used. False when there is one only,
 * or no thread to be had. Any thread. */
bool eagre_inspect_siblings(uint32_t milliseconds, struct eagre_inspect_siblings *out);

/* ---- Reference ---------------------------------------------------------------------------------
 * docs/reference/<topic>.md, from the tables in the code: "options", "functions", "metrics",
 * "statuses". USAGE REFERENCE_UNKNOWN. */
enum eagre_status eagre_inspect_reference(const char *topic, struct eagre_buffer *out,
                                          struct eagre_error *error);

/* ---- Rows of a query as text ------------------------------------------------------------------
 *   TABLE  a box drawn in ASCII, nothing cut: values as CAST(... AS STRING), NULL as NULL
 *   JSON   one object per line, as to_json writes it but with null members
 *   CSV    as RFC 4180 with a header and \n at line ends; NULL is an empty field, "" is quoted
 *   TSV    values as the spark-sql shell prints them, no header, NULL as NULL */
enum eagre_rows_format {
  EAGRE_ROWS_TABLE,
  EAGRE_ROWS_JSON,
  EAGRE_ROWS_CSV,
  EAGRE_ROWS_TSV,
};

struct eagre_rows;
typedef void eagre_rows_drain_fn(void *context, struct eagre_buffer *out);
/* `columns` (a STRUCT) and `zone` are borrowed. `drain` is called when `out` of the functions below
 * has become large, also in the middle of a value, to write its content away and clear it. */
struct eagre_rows *eagre_rows_new(enum eagre_rows_format format, const struct eagre_type *columns,
                                  const struct eagre_zone *zone, eagre_rows_drain_fn *drain,
                                  void *drain_context);
/* Appends what can be printed now to `out`; TABLE keeps everything until the end, to know widths.
 */
void eagre_rows_add(struct eagre_rows *rows, const struct eagre_batch *batch,
                    struct eagre_buffer *out);
void eagre_rows_end(struct eagre_rows *rows, struct eagre_buffer *out);
void eagre_rows_free(struct eagre_rows *rows);
