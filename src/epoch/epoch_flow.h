/* Inside of the room `epoch`: the state of one flow's protocol. */
#pragma once

#include "epoch/epoch.h"

enum epoch_state {
  EPOCH_NEW,    /* eagre_epoch_new */
  EPOCH_READY,  /* eagre_epoch_start, after every step */
  EPOCH_BROKEN, /* memory and disk may differ; only a new start leads out */
};

/* Watermarks of one flow (spark-semantics 3.2, 3.3), and what goes beyond Spark's. */
struct epoch_watermarks {
  int64_t eviction_ms; /* global watermark the next epoch runs with */
  int64_t late_ms;     /* late-row watermark of the next epoch */
  int64_t *maximum_ms; /* per WATERMARK node: greatest (event time - delay) so far; 0 = none */
  uint32_t count;
  bool policy_is_max;
  /* With a watermark per partition: every partition that ever gave rows, and for each node one that
   * stands for it until the first of them did. Names live in `topics`. */
  bool is_per_partition;
  int64_t idle_timeout_ms; /* INT64_MAX: none */
  bool *is_idle;           /* per node: all of its partitions are */
  struct eagre_checkpoint_partition *partitions;
  uint32_t partition_count;
  uint32_t partition_capacity;
  uint32_t partition_next; /* most likely the next that is told of */
  struct eagre_arena topics;
  bool is_open; /* nodes follow partitions as in open epochs */
};

/* An open epoch that is under way. */
struct epoch_open {
  struct eagre_epoch_run request; /* of its ticks */
  int64_t timestamp_ms;
  int64_t watermark_ms; /* that it began with */
  int64_t close_us;     /* monotonic, when its interval is over */
  bool is_ahead;        /* it began while the one before was closed; no step was taken for it yet */
  bool is_reading;      /* cores are in a tick that nobody waits for yet */
  bool tick_has_work;   /* this tick has something to do without records */
  bool has_worked;      /* some tick had */
  /* Of a tick that ran while the one before was being written; told at the next occasion. */
  enum eagre_status ahead_status;
  struct eagre_error ahead_error;
};

struct eagre_epoch {
  struct eagre_epoch_options options;
  enum epoch_state state;
  struct eagre_error failure; /* BROKEN: what every call returns */

  int64_t next;            /* id of the next epoch */
  bool must_rerun;         /* offsets/next is there already */
  int64_t state_kept_from; /* what the last purge of the state kept; 0: none yet */
  bool has_finished;       /* once: its one epoch ran */
  bool has_backlog;
  int64_t last_run_eviction_ms; /* what the last epoch evicted with; -1 = none ran yet */
  int64_t due_ms; /* open: the watermark that gives a tick without records something to do */
  struct epoch_watermarks watermarks;
  struct eagre_text *positions; /* per source: end of the last committed epoch; empty = none */
  struct eagre_arena position_arenas[2]; /* the texts, alternating so that old ones stay readable */
  uint32_t position_arena;

  struct eagre_arena arena; /* of the current step */
  char attempt[EAGRE_UUID_SIZE];
  bool is_open; /* an open epoch is under way: `attempt` has begun and read nothing yet */
  bool waits_for_watermark; /* eagre_flow_waits_for_watermark, of a flow that ticks */
  struct eagre_epoch_progress progress;
  struct epoch_open open;
  struct eagre_epoch_counts counts;
  struct eagre_epoch_counts
      closed_counts; /* of an epoch that is closed while the next is counted */
  int64_t previous_trigger_start_us;
  int64_t run_begin_us; /* step 2 */
};

/* A planned or re-read epoch. */
struct epoch_plan {
  int64_t epoch;
  int64_t timestamp_ms;
  int64_t watermark_ms;    /* that it begins with */
  struct eagre_text *ends; /* per source; of an open epoch, once it is closed */
  bool is_logged;          /* offsets/N exists */
};

/* epoch_watermark.c */
void eagre_epoch_watermarks_init(struct epoch_watermarks *watermarks,
                                 const struct eagre_flow *flow);
void eagre_epoch_watermarks_done(struct epoch_watermarks *watermarks);
/* Takes in what the nodes saw in an epoch of that time. */
void eagre_epoch_watermarks_observe(struct epoch_watermarks *watermarks,
                                    const struct eagre_flow *flow,
                                    const struct eagre_epoch_counts *counts, int64_t timestamp_ms);
/* As they were when `prepared` was written. */
void eagre_epoch_watermarks_restore(struct epoch_watermarks *watermarks,
                                    const struct eagre_checkpoint_prepared *prepared);
/* The same after a tick of an open epoch: a node is where the slowest of its partitions is that
 * are behind; without such a one, where the fastest of all is. */
void eagre_epoch_watermarks_observe_tick(struct epoch_watermarks *watermarks,
                                         const struct eagre_flow *flow,
                                         const struct eagre_epoch_counts *counts,
                                         int64_t timestamp_ms);
/* The same after a second run of an open epoch, which does not know who was behind: watermarks stay
 * until the next tick. */
void eagre_epoch_watermarks_observe_rerun(struct epoch_watermarks *watermarks,
                                          const struct eagre_flow *flow,
                                          const struct eagre_epoch_counts *counts,
                                          int64_t timestamp_ms);
/* The global watermark after those observations; never below the current one. */
int64_t eagre_epoch_watermarks_next(const struct epoch_watermarks *watermarks);
/* The least event time with which a row may move a watermark to `watermark_ms`. */
int64_t eagre_epoch_watermarks_raising(const struct epoch_watermarks *watermarks,
                                       const struct eagre_flow *flow, int64_t watermark_ms);
/* Moves to the next epoch: late = eviction, eviction = `next_ms`. */
void eagre_epoch_watermarks_advance(struct epoch_watermarks *watermarks, int64_t next_ms);

/* eagre_epoch_recover.c */
enum eagre_status eagre_epoch_recover(struct eagre_epoch *epoch, struct eagre_error *error);
/* Copies the ends of an epoch into positions. */
void eagre_epoch_set_positions(struct eagre_epoch *epoch, const struct eagre_text *ends);

/* epoch_flow.c: whether an epoch without data has something to do. */
bool eagre_epoch_wants_no_data(const struct eagre_epoch *epoch);

/* epoch_open.c: runs an open epoch until it is time to close it. *out_has_new: there is something
 * to commit, and `plan` has its ends; else the epoch stays open. */
enum eagre_status eagre_epoch_run_open(struct eagre_epoch *epoch, struct epoch_plan *plan,
                                       bool *out_has_new, struct eagre_error *error);

/* Steps 1 and 3 to 6 of an open epoch that was run; the next one begins meanwhile, if it may. */
enum eagre_status eagre_epoch_close_open(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                         struct eagre_error *error);
/* Between two steps that wait for the disk: ends a tick of the epoch that has begun meanwhile, so
 * that its results go out. */
enum eagre_status eagre_epoch_turn_ahead(struct eagre_epoch *epoch, struct eagre_error *error);

/* epoch_commit.c: step 2 of a logged epoch. */
enum eagre_status eagre_epoch_run(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                  struct eagre_error *error);
/* Steps 3 to 6 of a logged epoch that was run. */
enum eagre_status eagre_epoch_finish(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                     struct eagre_error *error);
/* An epoch between its last tick and commits/N. */
struct epoch_closing {
  const struct epoch_plan *plan;
  char attempt[EAGRE_UUID_SIZE];
  int64_t next_watermark_ms;
  int64_t run_begin_us;
  struct eagre_epoch_pieces pieces;
  struct eagre_checkpoint_prepared prepared; /* in the step's arena */
};
/* For the probes: a name of a flow ends with a zero byte. */
static inline const char *eagre_epoch_flow_name(const struct eagre_epoch *epoch) {
  return epoch->options.flow->name.data;
}

/* The cores' part of step 3. Memory then belongs to the next epoch: watermarks, positions. */
enum eagre_status eagre_epoch_capture(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                      struct epoch_closing *out, struct eagre_error *error);
/* What is left of step 3, and 4 to 6, of a logged epoch. */
enum eagre_status eagre_epoch_publish(struct eagre_epoch *epoch,
                                      const struct epoch_closing *closing,
                                      struct eagre_error *error);
/* Step 1. */
enum eagre_status eagre_epoch_log_ends(struct eagre_epoch *epoch, const struct epoch_plan *plan,
                                       struct eagre_error *error);
enum eagre_status eagre_epoch_write_offsets(struct eagre_epoch *epoch,
                                            const struct epoch_plan *plan,
                                            struct eagre_error *error);
