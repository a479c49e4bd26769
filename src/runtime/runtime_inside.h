/* Inside of the room `runtime`. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/runtime.h"
#include "runtime/runtime_dead.h"
#include "runtime/runtime_late.h"
#include "runtime/runtime_latency.h"

struct runtime_core;
struct runtime_flow;
struct runtime_task;

/* ---- Batches: batch queries, and static inputs of joins (runtime_batch.c) ------------------- */

struct runtime_batch {
  const struct eagre_expression_session *session;
  const struct eagre_options *settings;
  struct eagre_io **io; /* of the calling thread; opened when it is NULL and a source needs it */
  const struct eagre_runtime *runtime; /* looked at for an order to give up; NULL: never */
  int64_t startup_timeout_us;
  int64_t now_us;
};
/* Runs `tree`, which reads no stream. CANCELLED when it was given up. */
enum eagre_status eagre_runtime_batch_run(const struct runtime_batch *batch,
                                          const struct eagre_plan_tree *tree, eagre_rows_fn *output,
                                          void *output_context, struct eagre_error *error);
/* The tables of the joins of `tree`, by static_number; empty until they are filled. */
struct eagre_join_table **eagre_runtime_tables_new(const struct runtime_batch *batch,
                                                   const struct eagre_plan_tree *tree);
void eagre_runtime_tables_free(struct eagre_join_table **tables,
                               const struct eagre_plan_tree *tree);
/* Reads their static inputs as they are now. */
enum eagre_status eagre_runtime_tables_fill(const struct runtime_batch *batch,
                                            const struct eagre_plan_tree *tree,
                                            struct eagre_join_table *const *tables,
                                            struct eagre_error *error);

/* ---- Commands: control -> core -> control --------------------------------------------------- */

enum runtime_command_kind {
  RUNTIME_OPEN,    /* make chains, open readers and the sink writer */
  RUNTIME_LOAD,    /* load the state this core owns */
  RUNTIME_RUN,     /* read to the ends, down to the first stateful nodes or the sink; where rows
                      move between cores, a slice of that */
  RUNTIME_RESUME,  /* the next slice */
  RUNTIME_COLLECT, /* between slices: work the rows of a level that this core owns */
  RUNTIME_LEVEL,   /* run the stages of a level: collect what this core owns, emit */
  RUNTIME_PREPARE, /* sink piece and state file, synced */
  RUNTIME_ABORT,   /* give the attempt up */
  RUNTIME_CLOSE,
};

/* One per task, reused: at most one command of a task is under way. */
struct runtime_command {
  enum runtime_command_kind kind;
  struct runtime_task *task;
  struct eagre_epoch_run run; /* RUN */
  int64_t earliest_us; /* RUN, monotonic: a tick does not end before, for having worked all */
  uint32_t level;      /* COLLECT, LEVEL */
  int64_t epoch;       /* PREPARE */
  char attempt[64];    /* PREPARE, LOAD */
  int64_t version;     /* LOAD */
  uint32_t written_core_count; /* LOAD */
  enum eagre_status status;    /* answer */
  bool has_more;               /* answer to RUN and RESUME: only a slice was read */
  struct eagre_error error;
  struct eagre_buffer piece; /* PREPARE: the sink's piece */
};

/* ---- Task: one flow on one core -------------------------------------------------------------- */

/* Fused, a task works what it has read. Split, tasks come in pairs: one reads, the other works what
 * it has read, with a ring of batches between them. In both, every task owns its part of the state
 * and a sink writer: the levels above the sources are those of all cores. */
enum runtime_role {
  RUNTIME_FUSED,
  RUNTIME_READER, /* reads what its worker works; its own stages get no rows of sources */
  RUNTIME_WORKER, /* reads nothing */
};
enum { RUNTIME_PAIR_BATCHES = 16 };

/* Begins on a line of its own, as cores do; tests/watched counts lines that cores share. */
struct runtime_task {
  _Alignas(EAGRE_LINE_SIZE) struct runtime_flow *flow;
  struct runtime_core *core;
  enum runtime_role role;      /* before OPEN, the placement decides */
  struct eagre_ring *batches;  /* READER -> WORKER; NULL when fused. Ends with `end_mark`, a slice
                                  with `slice_mark` */
  struct runtime_task *worker; /* READER: who to wake */
  struct eagre_ring *commands; /* control -> core */
  struct eagre_ring *answers;  /* core -> control */
  struct runtime_command command;
  bool is_working; /* control's: the command has no answer yet */

  /* Core's. */
  struct eagre_source_reader **readers; /* by source; NULL for a WORKER */
  bool *has_read;                       /* RUN, by source: it is at its end */
  uint32_t next_source;                 /* RUN: to be read next */
  struct eagre_stages *stages;
  struct eagre_sink_writer *writer;
  struct runtime_dead dead; /* records that failed */
  struct runtime_late late; /* rows that came late */
  struct eagre_batch_pool
      pool; /* READER: comes back from the worker, done with when both have ended */
  struct eagre_batch *pending; /* READER: read, and the ring was full */
  const char *mark;            /* READER: it is still to be pushed; NULL: none */
  bool is_at_end;              /* this epoch's RUN is over, whatever RESUME says */
  bool is_open;                /* RUN: there is no end but the one that is asked for */
  int64_t tick_begin_us;       /* open: monotonic, when the first rows of the tick came; 0: none */
  int64_t tick_due_ms;         /* open: the event time that may give it results; 0: any may */
  int64_t tick_earliest_us;    /* open: monotonic, it does not end before for having worked all */
  bool is_in_round;            /* open: rows came, and it was not seen yet that no more are there */
  uint64_t slice_rows;         /* read in this slice */
  uint64_t slice_bytes;
  enum eagre_status outcome;       /* RUN: READER's end, or the failure a WORKER drains after */
  struct runtime_command *running; /* RUN or RESUME under way; NULL otherwise */
  struct eagre_epoch_source_count *counts; /* by source */
  struct eagre_event_time *event_times;
  struct eagre_stateful_metrics *metrics; /* by stateful_number */
  uint64_t output_rows;
  uint64_t batch_count;
  struct runtime_latency *latency;
};

/* Runs on the core's thread. RUN and RESUME only begin here; `eagre_runtime_task_turn` goes on. */
void eagre_runtime_task_execute(struct runtime_task *task, struct runtime_command *command);
/* One batch of a RUN under way; false when there was nothing to do. */
bool eagre_runtime_task_turn(struct runtime_task *task);
/* How long its core may sleep at most, in us, once a turn of a RUN had nothing to do. */
int64_t eagre_runtime_task_wait_us(const struct runtime_task *task);
void eagre_runtime_task_done(struct runtime_task *task);

/* ---- Spinning: runtime_spin.c ---------------------------------------------------------------- */

/* One per thread that waits; all zero at first. */
struct runtime_spin {
  int64_t limit_us;      /* how long to look again before sleeping; 0: not at all */
  int64_t idle_since_us; /* monotonic: when work ran out; 0: it has not */
};
/* A flow that wants `limit_us` is served by the thread. */
void eagre_runtime_spin_allow(struct runtime_spin *spin, int64_t limit_us);
/* There was something to do. */
void eagre_runtime_spin_reset(struct runtime_spin *spin);
/* There is nothing to do: whether to look again at once, and not to sleep yet. */
bool eagre_runtime_spin(struct runtime_spin *spin);

/* ---- Core ------------------------------------------------------------------------------------ */

struct runtime_core {
  _Alignas(EAGRE_LINE_SIZE) struct eagre_runtime *runtime;
  uint32_t index;
  uint32_t cpu;
  bool is_pinned;
  pthread_t thread;
  struct eagre_io
      *io; /* opened by the thread itself, before `is_ready`; closed when it has ended */
  _Atomic bool is_ready;
  _Atomic bool must_stop;
  enum eagre_status status; /* of opening */
  struct eagre_error error;
  struct runtime_task **tasks; /* one per flow */
  uint32_t task_count;
  struct runtime_spin spin;
};

enum eagre_status eagre_runtime_core_start(struct runtime_core *core, struct eagre_error *error);
void eagre_runtime_core_stop(struct runtime_core *core);

/* runtime_cpu.c */
uint32_t eagre_runtime_cpu_list(uint32_t *out_cpus, uint32_t count_max);
bool eagre_runtime_cpu_pin(uint32_t cpu);
/* The calling thread may run on every allowed CPU but `cpus`, unless that leaves none. Returns what
 * was decided as text: "CPU 2-3" or "all CPUs (no CPU is left beside the cores)". */
const char *eagre_runtime_cpu_avoid(const uint32_t *cpus, uint32_t cpu_count);

/* What control asks tasks to do that read without an end. */
enum runtime_pause {
  RUNTIME_READ_ON,
  RUNTIME_END_SLICE,
  RUNTIME_END_TICK,
};

/* ---- Flow ------------------------------------------------------------------------------------ */

struct runtime_flow {
  struct eagre_runtime *runtime;
  struct eagre_flow *plan;
  struct eagre_flow_metrics *metrics;
  struct runtime_task *tasks; /* one per core */
  bool is_split;
  char placement[96]; /* "split (1 partition on 2 cores)" */
  pthread_t thread;
  bool has_thread;
  struct eagre_io *io;
  struct eagre_checkpoint *checkpoint;
  struct eagre_source **sources;
  struct eagre_join_table **tables; /* filled here before RUN, read by all cores until its end */
  struct eagre_sink *sink;
  struct eagre_epoch *epoch;
  bool has_started;                /* recovery is over, epochs run */
  bool ticks;                      /* eagre_flow_ticks */
  bool shows_at_once;              /* eagre_flow_shows_at_once */
  _Atomic bool has_looked;         /* its first positions are known */
  struct runtime_spin spin;        /* of the control thread, while it waits for cores */
  struct runtime_latency *latency; /* of the epoch that was prepared last */
  bool is_reading;                 /* cores are in a tick that nobody waits for yet */
  int64_t tick_end_us;      /* monotonic, of the tick under way: when its end began; 0: not yet */
  int64_t tick_earliest_us; /* monotonic: the next tick does not end before */
  _Atomic int pause; /* enum runtime_pause; tasks look at it between batches of an open epoch */
  char run_id[EAGRE_UUID_SIZE];
  _Atomic(struct eagre_io *) wake_io; /* for eagre_runtime_stop; NULL while there is none */
  int64_t last_report_us;
  int64_t step_begin_us;
  enum eagre_status status;
  struct eagre_error error;
};

struct eagre_runtime {
  struct eagre_pipeline *pipeline;
  struct eagre_runtime_options options;
  struct runtime_core *cores;
  uint32_t core_count;
  struct runtime_flow *flows;
  struct eagre_flow_metrics *metrics; /* one per flow */
  uint32_t flow_count;
  _Atomic int stop_requests; /* 0 run, 1 finish the epoch, 2 abandon it */
  _Atomic int64_t stop_requested_us;
  pthread_mutex_t output_mutex; /* reports and console: off the data path */
};

/* Body of the control thread. */
void *eagre_runtime_flow_main(void *flow);
/* Whether the current epoch is to be given up. */
bool eagre_runtime_must_abandon(const struct eagre_runtime *runtime);
bool eagre_runtime_must_stop(const struct eagre_runtime *runtime);

/* runtime_place.c: which of its cores read, once its sources are open and before tasks are. */
enum eagre_status eagre_runtime_flow_place(struct runtime_flow *flow, struct eagre_error *error);
/* The reader of the task's sources; not of a WORKER. */
uint32_t eagre_runtime_reader_number(const struct runtime_task *task);

/* runtime_control.c: the epoch protocol's callbacks. */
extern const struct eagre_epoch_workers eagre_runtime_workers;
void eagre_runtime_flow_make_tables(struct runtime_flow *flow);
/* Sends a command to every task of the flow and waits for all answers. */
enum eagre_status eagre_runtime_broadcast(struct runtime_flow *flow,
                                          const struct runtime_command *command,
                                          struct eagre_error *error);

/* runtime_trigger.c */
/* Whether the trigger has no times of its own: then the source may say when it has something. */
bool eagre_runtime_trigger_polls(const struct runtime_flow *flow);
/* How long to wait before the next step; 0 = at once. */
int64_t eagre_runtime_trigger_wait_us(const struct runtime_flow *flow, bool has_run,
                                      int64_t now_us);
