/* Door of the room `epoch`: the protocol that makes a flow exactly-once (docs/internals/epochs.md).
 *
 * One `struct eagre_epoch` per flow, used by the flow's control thread. It plans epochs, writes the
 * checkpoint in the order below, and decides at start what became of the last one. What cores do is
 * behind four callbacks, so that the protocol can be tested without threads.
 *
 *   0  checkpoint_create, source_start     metadata, sources/i/0
 *   1  offsets/N                           ends, batch timestamp, watermark, created exclusively
 *   2  workers->run                        cores read to the ends and emit into the sink's attempt
 *   3  workers->prepare, prepared/N        pieces and state synced under the attempt, then named
 *   4  sink commit                         visible, idempotent by (checkpoint, N, attempt)
 *   5  commits/N                           with the next watermark
 *   6  purge                               logs, state, losing attempts
 *
 * With the trigger `continuous` an epoch is *open*: 2 comes first, without ends, as a row of
 * *ticks* (each is to operators what a whole epoch is); where the readers then stand is logged as
 * 1, and 3 to 6 follow. What is run again has its ends and is run as any other. Where all sinks
 * show rows at once the next open epoch begins as soon as cores have done their part of 3, and runs
 * on while the control thread makes durable what is left; nothing of it is logged before 5.
 *
 * Invariants
 *   1. A step is durable before the next begins.
 *   2. What is visible in the sink is never run again: recovery adopts it, with the state that
 *      prepared/N names.
 *   3. offsets/N and commits/N are created exclusively; losing that race is exit 4.
 *   4. Files are removed in step 6 only, and only our own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "checkpoint/checkpoint.h"
#include "operator/operator.h"
#include "plan/plan.h"
#include "sink/sink.h"
#include "source/source.h"

struct eagre_epoch;

/* What the cores are asked to do. */
struct eagre_epoch_run {
  int64_t epoch;
  const char *attempt;
  struct eagre_stateful_epoch state; /* batch timestamp and watermarks of this epoch or tick */
  bool is_open;       /* there are no ends: a tick, until rows were worked or `until_us` */
  bool goes_on;       /* the attempt is under way: the sink and the counts go on */
  bool keeps_reading; /* readers go on where they are */
  int64_t until_us;   /* open: monotonic */
  int64_t due_ms;     /* open: an event time that may give this tick results; 0: any may */
};

struct eagre_epoch_source_count {
  uint64_t rows;
  uint64_t bytes;
};

/* What they report; summed over cores. Arrays are the caller's, sized by the flow. */
struct eagre_epoch_counts {
  struct eagre_epoch_source_count *sources;
  uint32_t source_count;
  struct eagre_event_time *event_times;
  uint32_t watermark_count;
  struct eagre_partition_times partitions; /* grown by who reports; one partition may be there
                                              several times */
  struct eagre_stateful_metrics *operators;
  uint32_t operator_count;
  struct eagre_expectation_count *expectations;
  uint32_t expectation_count;
  struct eagre_partition_times behind; /* open: partitions with records that are not read yet;
                                          names are valid until the next run */
  uint64_t output_rows;
  uint64_t dead_rows; /* records that failed and went to the sink for them */
  uint64_t late_rows; /* rows that came late and went to the sink for them */
};
/* Rows of all sources; the sum over all stateful operators. */
uint64_t eagre_epoch_input_rows(const struct eagre_epoch_counts *counts);
struct eagre_stateful_metrics eagre_epoch_sum_state(const struct eagre_epoch_counts *counts);

struct eagre_epoch_pieces {
  struct eagre_text *pieces; /* one per core, in `arena` */
  uint32_t count;
};

struct eagre_epoch_workers {
  void *context;
  /* Step 2. On error nothing of the attempt may stay in the cores. A tick that goes on adds to
   * `out`. */
  enum eagre_status (*run)(void *context, const struct eagre_epoch_run *run,
                           struct eagre_epoch_counts *out, struct eagre_error *error);
  /* Open epochs: cores begin with what `run` would let them do, and nobody waits for them: `run`
   * with the same request does, and ends it. NULL: they cannot. */
  enum eagre_status (*begin)(void *context, const struct eagre_epoch_run *run,
                             struct eagre_error *error);
  /* Step 3: sink pieces and, with state, version epoch + 1, synced. Of sinks that show rows at once
   * they may be under way: `settle` says whether they have arrived, may wait a moment and is called
   * until they have, also while cores run what follows. NULL: nothing is ever under way. */
  enum eagre_status (*prepare)(void *context, int64_t epoch, const char *attempt,
                               struct eagre_arena *arena, struct eagre_epoch_pieces *out,
                               struct eagre_error *error);
  enum eagre_status (*settle)(void *context, bool *out_is_settled, struct eagre_error *error);
  /* Loads state version `version` written by `written_core_count` cores under `attempt`. */
  enum eagre_status (*load)(void *context, int64_t version, uint32_t written_core_count,
                            const char *attempt, struct eagre_error *error);
  /* Gives up what `begin` and `run` began. */
  void (*abort)(void *context);
  /* Whether an open epoch is to end now. */
  bool (*must_close)(void *context);
};

struct eagre_epoch_options {
  const struct eagre_flow *flow;
  struct eagre_io *io;
  struct eagre_checkpoint *checkpoint; /* open, locked; stays the caller's */
  struct eagre_source **sources;       /* flow->source_count, open */
  struct eagre_sink *sink;             /* open */
  const struct eagre_epoch_workers *workers;
  uint32_t core_count;
  /* Whoever knows it says which epoch is the last that the sink has, where the sink forgot it and
   * nothing else tells (--assume-committed). */
  bool has_assumed;
  int64_t assumed_epoch;
};

struct eagre_epoch *eagre_epoch_new(const struct eagre_epoch_options *options);
void eagre_epoch_free(struct eagre_epoch *epoch);

/* Before anything is opened that depends on it: checks that the checkpoint can belong to this flow
 * (number of sources, state of Spark's, nothing removed). UNSAFE by name. The number of state
 * partitions becomes the one that the checkpoint fixes. */
enum eagre_status eagre_epoch_check(struct eagre_flow *flow, struct eagre_checkpoint *checkpoint,
                                    struct eagre_error *error);

/* Start: step 0 for a new checkpoint, else recovery up to the point where the next epoch can be
 * planned (state loaded, the last epoch adopted, finished or marked to be run again). */
enum eagre_status eagre_epoch_start(struct eagre_epoch *epoch, struct eagre_error *error);

enum eagre_epoch_outcome {
  EAGRE_EPOCH_RAN,
  EAGRE_EPOCH_IDLE,     /* nothing new, nothing to close */
  EAGRE_EPOCH_FINISHED, /* once, available now: the end is reached */
};

struct eagre_epoch_phase_times { /* milliseconds */
  int64_t latest_offset, query_planning, wal_commit, add_batch, commit_offsets, trigger_execution;
  /* Microseconds: cores read, work and write; the steps 1, 3, 4, 5 and 6. */
  int64_t run_us, offsets_us, prepare_us, sink_us, commits_us, purge_us;
};

/* One epoch as progress objects tell it (spark-semantics 7). Texts are valid until the next step.
 */
struct eagre_epoch_progress {
  int64_t epoch;
  int64_t trigger_start_us;
  bool has_run; /* false: an idle report */
  struct eagre_epoch_phase_times times;
  const struct eagre_text *start_offsets; /* per source; empty = null */
  const struct eagre_text *end_offsets;
  const struct eagre_text *latest_offsets;
  const struct eagre_text *source_metrics; /* JSON members; may be empty */
  const struct eagre_epoch_counts *counts;
  int64_t watermark_ms;              /* the one the epoch ran with */
  int64_t previous_trigger_start_us; /* 0: first of the run */
};

/* Plans and runs the next epoch if there is something to do. After an error the object is broken:
 * every further call returns that error; only a new one recovers. */
enum eagre_status eagre_epoch_step(struct eagre_epoch *epoch, enum eagre_epoch_outcome *out_outcome,
                                   struct eagre_error *error);
/* The last step's progress. */
const struct eagre_epoch_progress *eagre_epoch_last(const struct eagre_epoch *epoch);
/* Whether the last plan left records unread although they are there (rate limit): no need to wait.
 */
bool eagre_epoch_has_backlog(const struct eagre_epoch *epoch);
int64_t eagre_epoch_next(const struct eagre_epoch *epoch);
/* Whether cores are at work on an epoch that began while the last one was closed: one step more
 * closes it. */
bool eagre_epoch_is_ahead(const struct eagre_epoch *epoch);

/* Names that a progress object shows beside the numbers. */
struct eagre_epoch_names {
  const char *id;
  const char *run_id;
  struct eagre_text name;
  const struct eagre_flow *flow;
  struct eagre_source **sources;
  struct eagre_sink *sink;
  struct eagre_text more; /* members of the object `eagre`; empty: there is none */
};
/* Appends the progress object as one line of compact JSON (no newline), in Spark's shape. */
void eagre_epoch_print_progress(const struct eagre_epoch_progress *progress,
                                const struct eagre_epoch_names *names, struct eagre_buffer *out);
