/* Door of the room `runtime`: threads. The only room that creates them.
 *
 *   core thread     one per core, pinned; owns an io handle and, for every flow, a task: reader,
 *                   chains, partial table, the state it owns, sink writer. Touches rows.
 *   control thread  one per flow; owns sources, sink, checkpoint and the epoch protocol of its
 *                   flow. Never touches rows. It sleeps while cores work.
 *
 * A control thread and a core speak through two SPSC rings (commands there, answers back) and
 * nothing else; a task is touched by its core from the moment a command is sent until its answer is
 * there, by the control thread otherwise. An epoch is rounds of commands: RUN (read to the
 * ends), a LEVEL for each level of stages above the sources (plan.h), PREPARE (make durable). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "epoch/epoch.h"
#include "observe/observe.h"
#include "plan/plan.h"

enum { EAGRE_CORE_COUNT_MAX = 256 };

/* One report of a flow, for progress lines and listeners. Borrowed for the call. */
struct eagre_runtime_report {
  struct eagre_text flow;
  const struct eagre_epoch_progress *progress;
  const struct eagre_histogram *latency_us; /* of the epoch's records: written to result */
  struct eagre_text json;                   /* the progress object */
};

/* Who reads (runtime_place.c). */
enum eagre_runtime_placement {
  EAGRE_RUNTIME_AUTO,  /* split where a flow gains by it */
  EAGRE_RUNTIME_FUSED, /* a core works what it has read */
  EAGRE_RUNTIME_SPLIT, /* one core of two reads for the other */
};

struct eagre_runtime_options {
  const uint32_t *cpus; /* CPUs to pin cores to; NULL = the first `core_count` allowed ones */
  uint32_t core_count;  /* 0 = all allowed CPUs */
  enum eagre_runtime_placement placement;
  bool take_over;
  bool has_assumed; /* --assume-committed: of the one flow that runs (epoch.h) */
  int64_t assumed_epoch;
  int64_t startup_timeout_us;
  int64_t stop_timeout_us; /* after a stop was asked for, an unfinished epoch is abandoned */
  const struct eagre_text *flow_names; /* run these only; NULL = all */
  uint32_t flow_name_count;
  /* Called from control threads, one call at a time. */
  void (*on_report)(void *context, const struct eagre_runtime_report *report);
  void *report_context;
  eagre_sink_print_fn *print; /* console sinks; one call at a time */
  void *print_context;
};

struct eagre_runtime;

/* Metrics of all flows, one block each; valid for the life of the runtime. */
const struct eagre_flow_metrics *eagre_runtime_metrics(const struct eagre_runtime *runtime,
                                                       uint32_t *out_flow_count);

/* Opens everything the flows need, in an order that creates nothing on disk when something is wrong
 * (USAGE for an unknown flow name). Threads start in `run`. */
enum eagre_status eagre_runtime_new(struct eagre_pipeline *pipeline,
                                    const struct eagre_runtime_options *options,
                                    struct eagre_runtime **out_runtime, struct eagre_error *error);
/* Runs all flows until they end, fail or are stopped. Returns the worst status; `error` is that
 * flow's, and `*out_failed_flow` (may be NULL) its name. */
enum eagre_status eagre_runtime_run(struct eagre_runtime *runtime,
                                    struct eagre_text *out_failed_flow, struct eagre_error *error);
/* Any thread. Whether all flows know where they begin to read: what is written to their sources
 * from now on is new to them, also where they start at the latest record. */
bool eagre_runtime_has_looked(const struct eagre_runtime *runtime);
/* Any thread, and signal handlers. First call: finish the current epochs, then end. Second call:
 * abandon them (they are run again at the next start). */
void eagre_runtime_stop(struct eagre_runtime *runtime);
void eagre_runtime_free(struct eagre_runtime *runtime);

/* Checks sources and sinks offline: USAGE. */
enum eagre_status eagre_runtime_validate(const struct eagre_pipeline *pipeline,
                                         struct eagre_error *error);

/* Receives the rows of a batch query; the batch stays the caller's. */
typedef enum eagre_status eagre_query_rows_fn(void *context, const struct eagre_type *columns,
                                              const struct eagre_batch *batch,
                                              struct eagre_error *error);
/* Runs one batch query on the calling thread. */
enum eagre_status eagre_runtime_query(struct eagre_pipeline *pipeline, uint32_t query,
                                      int64_t startup_timeout_us, eagre_query_rows_fn *rows,
                                      void *context, struct eagre_error *error);
