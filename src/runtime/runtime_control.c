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
  bool is_pushed = eagre_ring_push(task->commands, &task->command);
  eagre_assert(is_pushed);
  eagre_io_wake(task->core->io);
}

/* Takes the answers that are there; keeps the first failure. */
static uint32_t take_answers(struct runtime_flow *flow, enum eagre_status *status,
                             struct eagre_error *error) {
  uint32_t taken = 0;
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    struct runtime_command *command = eagre_ring_pop(flow->tasks[i].answers);
    if (command == NULL) continue;
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
  for (uint32_t i = 0; i < core_count; i++) {
    send(&flow->tasks[i], command);
  }
  uint32_t answered = 0;
  while (answered < core_count) {
    answered += take_answers(flow, &status, error);
    if (answered < core_count) eagre_io_wait(flow->io, ANSWER_WAIT_US);
  }
  return status;
}

/* ---- Callbacks of the protocol
 * -------------------------------------------------------------------- */

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
}

static void add_counts(const struct runtime_task *task, struct eagre_epoch_counts *out) {
  const struct eagre_flow *plan = task->flow->plan;
  out->output_rows += task->output_rows;
  out->dead_rows += task->dead.row_count;
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
  if (task->stages != NULL) eagre_stages_partition_times(task->stages, &out->partitions);
  if (task->stages != NULL) eagre_stages_expectations(task->stages, out->expectations);
}

static void sum_counts(struct runtime_flow *flow, struct eagre_epoch_counts *out) {
  const struct eagre_flow *plan = flow->plan;
  out->output_rows = 0;
  out->dead_rows = 0;
  out->partitions.count = 0;
  memset(out->sources, 0, sizeof *out->sources * plan->source_count);
  memset(out->event_times, 0, sizeof *out->event_times * plan->watermark_count);
  memset(out->operators, 0, sizeof *out->operators * plan->query.stateful_count);
  memset(out->expectations, 0, sizeof *out->expectations * out->expectation_count);
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    add_counts(&flow->tasks[i], out);
  }
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

/* RUN is the long one: while it lasts a second stop, or the stop timeout, abandons the epoch. Tasks
 * look at the same flag between batches (eagre_runtime_task_turn), so the answers come soon. */
static enum eagre_status run(void *context, const struct eagre_epoch_run *request,
                             struct eagre_epoch_counts *out, struct eagre_error *error) {
  struct runtime_flow *flow = context;
  const struct runtime_batch batch = batch_of(flow, request->state.batch_timestamp_us);
  EAGRE_TRY(eagre_runtime_tables_fill(&batch, &flow->plan->query, flow->tables, error));
  EAGRE_TRY(read_sources(flow, request, error));
  EAGRE_TRY(run_levels(flow, RUNTIME_LEVEL, error));
  sum_counts(flow, out);
  return EAGRE_OK;
}

static enum eagre_status prepare(void *context, int64_t epoch, const char *attempt,
                                 struct eagre_arena *arena, struct eagre_epoch_pieces *out,
                                 struct eagre_error *error) {
  struct runtime_flow *flow = context;
  struct runtime_command command = {.kind = RUNTIME_PREPARE, .epoch = epoch};
  strncpy(command.attempt, attempt, sizeof command.attempt - 1);
  EAGRE_TRY(eagre_runtime_broadcast(flow, &command, error));
  out->pieces = eagre_arena_allocate_zeroed(arena, sizeof *out->pieces * flow->runtime->lane_count);
  out->count = 0;
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    struct runtime_task *task = &flow->tasks[i];
    if (task->role == RUNTIME_READER) continue;
    out->pieces[out->count++] =
        eagre_arena_copy_text(arena, eagre_buffer_text(&task->command.piece));
  }
  return EAGRE_OK;
}

static enum eagre_status load(void *context, int64_t version, uint32_t written_core_count,
                              const char *attempt, struct eagre_error *error) {
  struct runtime_command command = {
      .kind = RUNTIME_LOAD, .version = version, .written_core_count = written_core_count};
  strncpy(command.attempt, attempt, sizeof command.attempt - 1);
  return eagre_runtime_broadcast(context, &command, error);
}

static void abort_attempt(void *context) {
  struct runtime_command command = {.kind = RUNTIME_ABORT};
  struct eagre_error ignored; /* the failure that led here is the one to report */
  (void)eagre_runtime_broadcast(context, &command, &ignored);
}

const struct eagre_epoch_workers eagre_runtime_workers = {
    .run = run, .prepare = prepare, .load = load, .abort = abort_attempt};
