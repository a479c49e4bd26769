/* Commands from a flow's control thread to its tasks, and the callbacks of the epoch protocol made
 * of them. */
#include <string.h>

#include "runtime/runtime_inside.h"

/* While cores work, the control thread looks for a stop at least this often. */
static const int64_t ANSWER_WAIT_US = 50000;

static void send(struct runtime_task *task, const struct runtime_command *command) {
  struct eagre_buffer piece = task->command.piece; /* its memory is kept */
  task->command = *command;
  task->command.piece = piece;
  task->command.task = task;
  eagre_error_init(&task->command.error);
  task->is_working = true;
  bool is_pushed = eagre_ring_push(task->commands, &task->command);
  eagre_assert(is_pushed);
  eagre_io_wake(task->core->io);
}

static void send_all(struct runtime_flow *flow, const struct runtime_command *command) {
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    send(&flow->tasks[i], command);
  }
}

/* Takes the answers that are there; keeps the first failure. */
static uint32_t take_answers(struct runtime_flow *flow, enum eagre_status *status,
                             struct eagre_error *error) {
  uint32_t taken = 0;
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    struct runtime_command *command = eagre_ring_pop(flow->tasks[i].answers);
    if (command == NULL) continue;
    flow->tasks[i].is_working = false;
    taken += 1;
    if (command->status == EAGRE_OK || *status != EAGRE_OK) continue;
    *status = command->status;
    if (error != NULL) *error = command->error;
  }
  return taken;
}

enum eagre_status eagre_runtime_broadcast(struct runtime_flow *flow,
                                          const struct runtime_command *command,
                                          struct eagre_error *error) {
  uint32_t core_count = flow->runtime->core_count;
  enum eagre_status status = EAGRE_OK;
  send_all(flow, command);
  uint32_t answered = 0;
  eagre_runtime_spin_reset(&flow->spin);
  while (answered < core_count) {
    answered += take_answers(flow, &status, error);
    if (answered < core_count && !eagre_runtime_spin(&flow->spin))
      eagre_io_wait(flow->io, ANSWER_WAIT_US);
  }
  return status;
}

/* Sends a command once for every level above 0. */
static enum eagre_status run_levels(struct runtime_flow *flow, enum runtime_command_kind kind,
                                    struct eagre_error *error) {
  for (uint32_t level = 1; level < flow->plan->query.level_count; level++) {
    const struct runtime_command command = {.kind = kind, .level = level};
    EAGRE_TRY(eagre_runtime_broadcast(flow, &command, error));
  }
  return EAGRE_OK;
}

static bool has_more(const struct runtime_flow *flow) {
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    if (flow->tasks[i].command.has_more) return true;
  }
  return false;
}

/* ---- Open epochs ----------------------------------------------------------------------------- */

static int64_t monotonic_us(void) {
  return (int64_t)(eagre_clock_monotonic_ns() / 1000);
}

/* Every task ends its slice or tick soon; a tick that is to end stays so until the next begins. */
static void ask_pause(struct runtime_flow *flow, enum runtime_pause pause) {
  int asked = atomic_load_explicit(&flow->pause, memory_order_relaxed);
  if (asked >= (int)pause) return;
  atomic_store_explicit(&flow->pause, pause, memory_order_release);
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    if (flow->tasks[i].is_working) eagre_io_wake(flow->tasks[i].core->io);
  }
}

static bool must_close(void *context) {
  const struct runtime_flow *flow = context;
  return eagre_runtime_must_stop(flow->runtime);
}

/* The first task that has ended its slice or tick ends those of all. */
static void pause_with_first(struct runtime_flow *flow) {
  bool is_slice = has_more(flow);
  ask_pause(flow, is_slice ? RUNTIME_END_SLICE : RUNTIME_END_TICK);
}

/* Ticks: how many times as long as agreeing on an end takes nobody asks for the next, and how long
 * at most. Where records come at a rate that each core's reads are soon answered, every read would
 * be a tick otherwise, and most of the CPU go into waking one another. */
enum { TICK_REST = 3, TICK_REST_US_MAX = 1000 };

/* All cores have ended the tick, and everything that comes of it is worked. */
static void rest_from_tick(struct runtime_flow *flow) {
  int64_t end_us = monotonic_us();
  int64_t rest_us = (end_us - flow->tick_end_us) * TICK_REST;
  flow->tick_earliest_us = end_us + (rest_us < TICK_REST_US_MAX ? rest_us : TICK_REST_US_MAX);
}

/* Waits for the answers of tasks that read: until one of them has something to be worked, or
 * `until_us`. */
static enum eagre_status await_readers(struct runtime_flow *flow, int64_t until_us,
                                       struct eagre_error *error) {
  uint32_t core_count = flow->runtime->core_count;
  enum eagre_status status = EAGRE_OK;
  uint32_t answered = 0;
  for (;;) {
    answered += take_answers(flow, &status, error);
    if (answered > 0 && flow->tick_end_us == 0) flow->tick_end_us = monotonic_us();
    if (answered == core_count) return status;
    if (answered > 0) pause_with_first(flow);
    int64_t left_us = until_us - monotonic_us();
    if (left_us <= 0 || must_close(flow)) ask_pause(flow, RUNTIME_END_TICK);
    bool is_soon = left_us > 0 && left_us < ANSWER_WAIT_US;
    eagre_io_wait(flow->io, is_soon ? left_us : ANSWER_WAIT_US);
  }
}

static void begin_tick(struct runtime_flow *flow, const struct eagre_epoch_run *request) {
  const struct runtime_command begin = {
      .kind = RUNTIME_RUN,
      .run = *request,
      .earliest_us = flow->tick_earliest_us,
  };
  flow->tick_end_us = 0;
  atomic_store_explicit(&flow->pause, RUNTIME_READ_ON, memory_order_release);
  send_all(flow, &begin);
  flow->is_reading = true;
}

/* Level 0 of a tick that has begun. */
static enum eagre_status end_tick(struct runtime_flow *flow, int64_t until_us,
                                  struct eagre_error *error) {
  const struct runtime_command resume = {.kind = RUNTIME_RESUME};
  flow->is_reading = false;
  EAGRE_TRY(await_readers(flow, until_us, error));
  while (has_more(flow)) {
    EAGRE_TRY(run_levels(flow, RUNTIME_COLLECT, error));
    int asked = RUNTIME_END_SLICE;
    atomic_compare_exchange_strong(&flow->pause, &asked, RUNTIME_READ_ON);
    send_all(flow, &resume);
    EAGRE_TRY(await_readers(flow, until_us, error));
  }
  return EAGRE_OK;
}

/* ---- Callbacks of the protocol --------------------------------------------------------------- */

static void add_event_time(struct eagre_event_time *all, const struct eagre_event_time *each) {
  if (each->count == 0) return;
  if (all->count == 0 || each->maximum_ms > all->maximum_ms) all->maximum_ms = each->maximum_ms;
  if (all->count == 0 || each->minimum_ms < all->minimum_ms) all->minimum_ms = each->minimum_ms;
  if (each->raising_ms > all->raising_ms) all->raising_ms = each->raising_ms;
  all->count += each->count;
  all->sum_ms += each->sum_ms;
  all->future_count += each->future_count;
}

static void add_metrics(struct eagre_stateful_metrics *all,
                        const struct eagre_stateful_metrics *each) {
  all->rows_total += each->rows_total;
  all->rows_updated += each->rows_updated;
  all->rows_removed += each->rows_removed;
  all->rows_dropped_late += each->rows_dropped_late;
  all->rows_duplicate += each->rows_duplicate;
  all->memory_bytes += each->memory_bytes;
  if (each->due_ms < all->due_ms) all->due_ms = each->due_ms;
}

static void add_counts(const struct runtime_task *task, struct eagre_epoch_counts *out) {
  const struct eagre_flow *plan = task->flow->plan;
  out->output_rows += task->output_rows;
  out->dead_rows += task->dead.row_count;
  out->late_rows += task->late.row_count;
  for (uint32_t i = 0; i < plan->source_count; i++) {
    out->sources[i].rows += task->counts[i].rows;
    out->sources[i].bytes += task->counts[i].bytes;
  }
  for (uint32_t i = 0; i < plan->watermark_count; i++) {
    add_event_time(&out->event_times[i], &task->event_times[i]);
  }
  for (uint32_t i = 0; i < plan->query.stateful_count; i++) {
    add_metrics(&out->operators[i], &task->metrics[i]);
  }
  eagre_stages_partition_times(task->stages, &out->partitions);
  eagre_stages_expectations(task->stages, out->expectations);
}

/* A partition of the source that `context` is for. */
struct behind_source {
  struct eagre_epoch_counts *counts;
  uint32_t source;
};

static void add_behind(void *context, struct eagre_text topic, int32_t partition) {
  const struct behind_source *behind = context;
  const struct eagre_partition_time time = {
      .source = behind->source, .partition = partition, .topic = topic};
  eagre_partition_times_add(&behind->counts->behind, &time);
}

static void list_behind(const struct runtime_task *task, struct eagre_epoch_counts *out) {
  for (uint32_t i = 0; task->role != RUNTIME_WORKER && i < task->flow->plan->source_count; i++) {
    struct behind_source behind = {out, i};
    eagre_source_reader_behind(task->readers[i], add_behind, &behind);
  }
}

static void begin_counts(const struct eagre_flow *plan, struct eagre_epoch_counts *out) {
  out->output_rows = 0;
  out->dead_rows = 0;
  out->late_rows = 0;
  memset(out->sources, 0, sizeof *out->sources * plan->source_count);
  memset(out->event_times, 0, sizeof *out->event_times * plan->watermark_count);
  memset(out->operators, 0, sizeof *out->operators * plan->query.stateful_count);
  memset(out->expectations, 0, sizeof *out->expectations * out->expectation_count);
}

/* Of an open epoch, whose earlier ticks are counted already but for what is as it is now. */
static void go_on_counting(const struct eagre_flow *plan, struct eagre_epoch_counts *out) {
  out->dead_rows = 0; /* tasks count those of the whole attempt */
  out->late_rows = 0;
  for (uint32_t i = 0; i < plan->query.stateful_count; i++) {
    out->operators[i].rows_total = 0;
    out->operators[i].memory_bytes = 0;
  }
}

static void sum_counts(struct runtime_flow *flow, const struct eagre_epoch_run *request,
                       struct eagre_epoch_counts *out) {
  if (request->goes_on) {
    go_on_counting(flow->plan, out);
  } else {
    begin_counts(flow->plan, out);
  }
  out->partitions.count = 0;
  out->behind.count = 0;
  for (uint32_t i = 0; i < flow->plan->query.stateful_count; i++) {
    out->operators[i].due_ms = INT64_MAX; /* as the state is now; the least of all cores' */
  }
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    add_counts(&flow->tasks[i], out);
    if (request->is_open) list_behind(&flow->tasks[i], out);
  }
}

/* Level 0: at once, or slice by slice with the rows between cores worked after each. */
static enum eagre_status read_sources(struct runtime_flow *flow,
                                      const struct eagre_epoch_run *request,
                                      struct eagre_error *error) {
  const struct runtime_command begin = {.kind = RUNTIME_RUN, .run = *request};
  const struct runtime_command resume = {.kind = RUNTIME_RESUME};
  EAGRE_TRY(eagre_runtime_broadcast(flow, &begin, error));
  while (has_more(flow)) {
    EAGRE_TRY(run_levels(flow, RUNTIME_COLLECT, error));
    EAGRE_TRY(eagre_runtime_broadcast(flow, &resume, error));
  }
  return EAGRE_OK;
}

static struct runtime_batch batch_of(struct runtime_flow *flow, int64_t now_us) {
  return (struct runtime_batch){
      .session = &flow->plan->expression_session,
      .settings = &flow->plan->settings,
      .io = &flow->io,
      .runtime = flow->runtime,
      .startup_timeout_us = flow->runtime->options.startup_timeout_us,
      .now_us = now_us,
  };
}

void eagre_runtime_flow_make_tables(struct runtime_flow *flow) {
  const struct runtime_batch batch = batch_of(flow, 0);
  flow->tables = eagre_runtime_tables_new(&batch, &flow->plan->query);
}

static uint64_t count_rows_read(const struct runtime_flow *flow) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    const struct runtime_task *task = &flow->tasks[i];
    for (uint32_t j = 0; j < flow->plan->source_count; j++) {
      count += task->counts[j].rows;
    }
  }
  return count;
}

/* An open epoch in which nothing came goes on: its whole result must not be in it twice. */
static bool repeats_results(const struct runtime_flow *flow,
                            const struct eagre_epoch_run *request) {
  return request->is_open && flow->plan->mode == EAGRE_MODE_COMPLETE && count_rows_read(flow) == 0;
}

static enum eagre_status fill_tables(struct runtime_flow *flow,
                                     const struct eagre_epoch_run *request,
                                     struct eagre_error *error) {
  if (request->keeps_reading) return EAGRE_OK;
  const struct runtime_batch batch = batch_of(flow, request->state.batch_timestamp_us);
  return eagre_runtime_tables_fill(&batch, &flow->plan->query, flow->tables, error);
}

static enum eagre_status begin_run(void *context, const struct eagre_epoch_run *request,
                                   struct eagre_error *error) {
  struct runtime_flow *flow = context;
  eagre_assert(request->is_open && !flow->is_reading);
  EAGRE_TRY(fill_tables(flow, request, error));
  begin_tick(flow, request);
  return EAGRE_OK;
}

/* Level 0. */
static enum eagre_status read_rows(struct runtime_flow *flow, const struct eagre_epoch_run *request,
                                   struct eagre_error *error) {
  if (!flow->is_reading) EAGRE_TRY(fill_tables(flow, request, error));
  if (!request->is_open) return read_sources(flow, request, error);
  if (!flow->is_reading) begin_tick(flow, request);
  return end_tick(flow, request->until_us, error);
}

/* RUN is the long one: while it lasts a second stop, or the stop timeout, abandons the epoch. Tasks
 * look at the same flag between batches (eagre_runtime_task_turn), so the answers come soon. */
static enum eagre_status run(void *context, const struct eagre_epoch_run *request,
                             struct eagre_epoch_counts *out, struct eagre_error *error) {
  struct runtime_flow *flow = context;
  atomic_store(&flow->has_looked, true);
  EAGRE_TRY(read_rows(flow, request, error));
  if (!repeats_results(flow, request)) EAGRE_TRY(run_levels(flow, RUNTIME_LEVEL, error));
  sum_counts(flow, request, out);
  if (request->is_open) rest_from_tick(flow);
  return EAGRE_OK;
}

static enum eagre_status prepare(void *context, int64_t epoch, const char *attempt,
                                 struct eagre_arena *arena, struct eagre_epoch_pieces *out,
                                 struct eagre_error *error) {
  struct runtime_flow *flow = context;
  struct runtime_command command = {.kind = RUNTIME_PREPARE, .epoch = epoch};
  strncpy(command.attempt, attempt, sizeof command.attempt - 1);
  EAGRE_TRY(eagre_runtime_broadcast(flow, &command, error));
  out->pieces = eagre_arena_allocate_zeroed(arena, sizeof *out->pieces * flow->runtime->core_count);
  out->count = 0;
  eagre_runtime_latency_reset(flow->latency);
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    struct runtime_task *task = &flow->tasks[i];
    eagre_runtime_latency_move(flow->latency, task->latency);
    out->pieces[out->count++] =
        eagre_arena_copy_text(arena, eagre_buffer_text(&task->command.piece));
  }
  return EAGRE_OK;
}

/* How long one look at acknowledgements may last: behind it the next tick is looked after. */
enum { SETTLE_WAIT_MS = 1 };

static enum eagre_status settle(void *context, bool *out_is_settled, struct eagre_error *error) {
  struct runtime_flow *flow = context;
  *out_is_settled = true;
  for (uint32_t i = 0; i < flow->runtime->core_count && *out_is_settled; i++) {
    struct runtime_task *task = &flow->tasks[i];
    EAGRE_TRY(eagre_sink_writer_settle(task->writer, SETTLE_WAIT_MS, out_is_settled, error));
    eagre_io_wake(task->core->io); /* it may wait for what has been seen to arrive here */
  }
  bool is_given_up = !*out_is_settled && eagre_runtime_must_abandon(flow->runtime);
  return is_given_up ? EAGRE_CANCELLED : EAGRE_OK;
}

static enum eagre_status load(void *context, int64_t version, uint32_t written_core_count,
                              const char *attempt, struct eagre_error *error) {
  struct runtime_command command = {
      .kind = RUNTIME_LOAD, .version = version, .written_core_count = written_core_count};
  strncpy(command.attempt, attempt, sizeof command.attempt - 1);
  return eagre_runtime_broadcast(context, &command, error);
}

static void abort_attempt(void *context) {
  struct runtime_flow *flow = context;
  struct runtime_command command = {.kind = RUNTIME_ABORT};
  struct eagre_error ignored; /* the failure that led here is the one to report */
  if (flow->is_reading) (void)await_readers(flow, 0, &ignored);
  flow->is_reading = false;
  (void)eagre_runtime_broadcast(context, &command, &ignored);
}

const struct eagre_epoch_workers eagre_runtime_workers = {
    .run = run,
    .begin = begin_run,
    .prepare = prepare,
    .settle = settle,
    .load = load,
    .abort = abort_attempt,
    .must_close = must_close,
};
