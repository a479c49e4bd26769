/* Looking at what Eagre (or Spark) left, how far it is and where it runs: checkpoints, lag, the
 * host, the reference.
 *
 * Nothing here locks or changes anything: a checkpoint may be in use by a running process.
 * Results go to `write` as text, or as one line of JSON with `as_json`; on failure nothing or a
 * part is written. Conventions of threads, errors and option structs are those of eagre.h. */
#pragma once

#include <eagre/eagre.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Checkpoints ----------------------------------------------------------------------------- */

/* What the checkpoint in `directory` holds (id, who wrote it, epochs, positions of the sources,
 * watermark, state, who holds its lock) and what a start would do with it. Checkpoints of Eagre and
 * of Spark, with Kafka and file sources. USAGE CHECKPOINT_NOT_FOUND; UNSAFE when a file that a
 * start reads is missing or damaged; IO. */
EAGRE_API enum eagre_status eagre_checkpoint_describe(const char *directory, int as_json,
                                                      eagre_write_fn *write, void *context,
                                                      eagre_error *error);
/* Checks every file: that it parses and matches its checksums, that no epoch is missing, that the
 * state a start needs is there. One line per finding, then one that counts. CHECK
 * CHECKPOINT_DAMAGED when there are findings (they are written all the same); USAGE, IO. */
EAGRE_API enum eagre_status eagre_checkpoint_verify(const char *directory, int as_json,
                                                    eagre_write_fn *write, void *context,
                                                    eagre_error *error);

/* ---- Lag ------------------------------------------------------------------------------------- */

typedef struct eagre_lag_options {
  size_t size;
  int as_json;
  int64_t startup_timeout_ms; /* how long to look for a broker; 0 = 30 s */
  const char *servers;        /* eagre_lag_describe_checkpoint: host:port list for Kafka sources */
} eagre_lag_options;
#define EAGRE_LAG_OPTIONS_INIT                                                                     \
  { sizeof(eagre_lag_options) }

/* Per flow and partition: the position of the last committed epoch, the end, and the records in
 * between; for files, those taken and those that wait. IO when a broker does not answer in time
 * (its address is named); UNSAFE when a checkpoint cannot be read. */
EAGRE_API enum eagre_status eagre_lag_describe(const eagre_pipeline *pipeline,
                                               const eagre_lag_options *options,
                                               eagre_write_fn *write, void *context,
                                               eagre_error *error);
/* The same for one checkpoint, of Eagre or of Spark, without its pipeline. */
EAGRE_API enum eagre_status eagre_lag_describe_checkpoint(const char *directory,
                                                          const eagre_lag_options *options,
                                                          eagre_write_fn *write, void *context,
                                                          eagre_error *error);

/* ---- Doctor ---------------------------------------------------------------------------------- */

typedef struct eagre_doctor_options {
  size_t size;
  int as_json;
  int64_t startup_timeout_ms; /* how long to look for a broker; 0 = 30 s */
  const char *storage;        /* the directory that is looked at without a pipeline; NULL = "." */
} eagre_doctor_options;
#define EAGRE_DOCTOR_OPTIONS_INIT                                                                  \
  { sizeof(eagre_doctor_options) }

/* Whether this host is fit for flows, one finding per line with what to do about it: kernel,
 * io_uring, processors, memory, limits, jitter, and what making a small file durable costs (it is
 * written and removed again). `pipeline` may be NULL; else its checkpoints' directories are looked
 * at, and whether its brokers answer. CHECK HOST_NOT_FIT when something is bad (the findings are
 * written all the same). Takes about half a second. */
EAGRE_API enum eagre_status eagre_doctor_describe(const eagre_pipeline *pipeline,
                                                  const eagre_doctor_options *options,
                                                  eagre_write_fn *write, void *context,
                                                  eagre_error *error);

/* ---- Reference ------------------------------------------------------------------------------- */

/* Markdown made from the tables that the program itself runs on. `topic`: "options", "functions",
 * "metrics" or "statuses". USAGE REFERENCE_UNKNOWN. */
EAGRE_API enum eagre_status eagre_reference_describe(const char *topic, eagre_write_fn *write,
                                                     void *context, eagre_error *error);

#ifdef __cplusplus
}
#endif
