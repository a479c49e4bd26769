/* One flow on one core: what each command does there.
 *
 * Commands go and answers come in the order of the protocol, so what a task wrote before its answer
 * is visible to a task that gets its next command afterwards: FINISH reads the partial tables of
 * all lanes. */
#include <string.h>

#include "runtime/runtime_inside.h"

/* ---- Where rows go
 * -------------------------------------------------------------------------------- */

static enum eagre_status write_rows(void *context, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  struct runtime_task *task = context;
  enum eagre_status status = eagre_sink_writer_write(task->writer, batch, error);
  task->output_rows += batch->row_count;
  eagre_batch_free(batch);
  return status;
}

static enum eagre_status fold_rows(void *context, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  struct runtime_task *task = context;
  return eagre_partial_push(task->partial, batch, error);
}

static enum eagre_status push_output(void *context, struct eagre_batch *batch,
                                     struct eagre_error *error) {
  struct runtime_task *task = context;
  return eagre_chain_push(task->output, batch, error);
}

/* ---- OPEN, CLOSE
 * ---------------------------------------------------------------------------------- */

static void make_chains(struct runtime_task *task) {
  struct runtime_flow *flow = task->flow;
  const struct eagre_plan_node *aggregate = flow->plan->aggregate;
  const struct eagre_expression_session *session = &flow->plan->expression_session;
  struct eagre_chain_options input = {
      .nodes = flow->input_nodes,
      .node_count = flow->input_node_count,
      .input = flow->source_node->output,
      .session = session,
      .output = aggregate == NULL ? write_rows : fold_rows,
      .output_context = task,
  };
  task->input = eagre_chain_new(&input);
  if (aggregate == NULL) return;
  struct eagre_chain_options output = {
      .nodes = flow->output_nodes,
      .node_count = flow->output_node_count,
      .input = aggregate->output,
      .session = session,
      .output = write_rows,
      .output_context = task,
  };
  struct eagre_final_options final = {
      .aggregate = aggregate,
      .session = session,
      .mode = flow->plan->mode,
      .core = task->lane,
      .core_count = flow->runtime->lane_count,
      .state_partition_count = flow->plan->state_partition_count,
  };
  task->output = eagre_chain_new(&output);
  task->partial = eagre_partial_new(aggregate, session);
  task->final = eagre_final_new(&final);
}

static enum eagre_status open_task(struct runtime_task *task, struct eagre_error *error) {
  struct runtime_flow *flow = task->flow;
  struct eagre_io *io = task->core->io;
  if (task->role != RUNTIME_WORKER) {
    EAGRE_TRY(eagre_source_reader_open(flow->sources[0], task->lane, io, &task->reader, error));
  }
  task->event_times =
      eagre_allocate_zeroed(flow->plan->watermark_count + 1, sizeof *task->event_times);
  if (task->role == RUNTIME_READER) return EAGRE_OK;
  make_chains(task);
  return eagre_sink_writer_open(flow->sink, task->lane, io, &task->writer, error);
}

void eagre_runtime_task_done(struct runtime_task *task) {
  eagre_batch_free(task->pending);
  if (task->writer != NULL) eagre_sink_writer_close(task->writer);
  if (task->reader != NULL) eagre_source_reader_close(task->reader);
  eagre_chain_free(task->input);
  eagre_chain_free(task->output);
  eagre_partial_free(task->partial);
  eagre_final_free(task->final);
  eagre_batch_pool_done(&task->pool);
  eagre_free(task->event_times);
  eagre_buffer_done(&task->command.piece);
  task->pending = NULL;
  task->writer = NULL;
  task->reader = NULL;
  task->input = NULL;
  task->output = NULL;
  task->partial = NULL;
  task->final = NULL;
  task->event_times = NULL;
}

/* ---- State
 * ---------------------------------------------------------------------------------------- */

static struct eagre_state_snapshot snapshot_of(const struct runtime_task *task, int64_t version,
                                               const char *attempt) {
  const struct eagre_flow *plan = task->flow->plan;
  return (struct eagre_state_snapshot){
      .directory = eagre_checkpoint_state_path(task->flow->checkpoint),
      .version = version,
      .core = task->lane,
      .attempt = attempt,
      .partition_count = plan->state_partition_count,
      .fingerprint = plan->fingerprint,
  };
}

static enum eagre_status load_state(struct runtime_task *task,
                                    const struct runtime_command *command,
                                    struct eagre_error *error) {
  struct eagre_state_snapshot snapshot = snapshot_of(task, command->version, command->attempt);
  return eagre_state_load(eagre_final_table(task->final), task->core->io, &snapshot,
                          command->written_core_count, task->flow->runtime->lane_count, error);
}

/* ---- RUN
 * ------------------------------------------------------------------------------------------ */

static enum eagre_status begin_run(struct runtime_task *task, const struct runtime_command *command,
                                   struct eagre_error *error) {
  const struct eagre_epoch_run *run = &command->run;
  task->count = (struct eagre_epoch_source_count){0};
  task->output_rows = 0;
  task->batch_count = 0;
  task->outcome = EAGRE_OK;
  if (task->role != RUNTIME_WORKER) EAGRE_TRY(eagre_source_reader_begin(task->reader, error));
  if (task->role == RUNTIME_READER) return EAGRE_OK;
  eagre_chain_begin(task->input, run->batch_timestamp_us);
  if (task->final != NULL) {
    eagre_partial_begin(task->partial, run->batch_timestamp_us);
    eagre_chain_begin(task->output, run->batch_timestamp_us);
    eagre_final_begin(task->final, &run->state);
  }
  return eagre_sink_writer_begin(task->writer, run->epoch, run->attempt, error);
}

static enum eagre_status end_run(struct runtime_task *task, struct eagre_error *error) {
  EAGRE_TRY(eagre_chain_finish(task->input, error));
  for (uint32_t i = 0; i < task->flow->plan->watermark_count; i++) {
    eagre_chain_event_time(task->input, i, &task->event_times[i]);
  }
  return EAGRE_OK;
}

static void answer(struct runtime_task *task, struct runtime_command *command,
                   enum eagre_status status) {
  command->status = status;
  task->running = NULL;
  bool is_pushed = eagre_ring_push(task->answers, command);
  eagre_assert(is_pushed);
  eagre_io_wake(task->flow->io);
}

static enum eagre_status read_batch(struct runtime_task *task, struct eagre_batch **out_batch,
                                    struct eagre_error *error) {
  if (eagre_runtime_must_abandon(task->flow->runtime)) return EAGRE_CANCELLED;
  if (task->batch_count == 1) eagre_crash_point("epoch.mid_run"); /* the first went all the way */
  /* A batch that another core frees cannot come from this core's pool. */
  struct eagre_batch *batch =
      task->role == RUNTIME_FUSED ? eagre_batch_pool_acquire(&task->pool) : eagre_batch_new();
  enum eagre_status status = eagre_source_reader_read(task->reader, batch, error);
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  task->count.rows += batch->row_count;
  task->count.bytes += batch->source_bytes;
  task->batch_count += 1;
  *out_batch = batch;
  return EAGRE_OK;
}

/* Fused: one batch from the source down the chain. */
static bool turn_fused(struct runtime_task *task) {
  struct runtime_command *command = task->running;
  struct eagre_batch *batch = NULL;
  enum eagre_status status = read_batch(task, &batch, &command->error);
  if (status == EAGRE_OK) status = eagre_chain_push(task->input, batch, &command->error);
  if (status == EAGRE_OK) return true;
  if (status == EAGRE_AGAIN) return false;
  if (status == EAGRE_END) status = end_run(task, &command->error);
  answer(task, command, status);
  return true;
}

/* What a READER pushes behind its last batch; its address is the message. */
static const char end_mark;

static bool push_to_worker(struct runtime_task *task, void *message) {
  if (!eagre_ring_push(task->batches, message)) return false;
  eagre_io_wake(task->worker->core->io);
  return true;
}

/* READER: whatever ends the reading, the worker gets the end mark, so that it answers too. */
static bool turn_reader(struct runtime_task *task) {
  struct runtime_command *command = task->running;
  if (task->pending != NULL) {
    if (!push_to_worker(task, task->pending)) return false;
    task->pending = NULL;
    return true;
  }
  if (!task->has_ended) {
    enum eagre_status status = read_batch(task, &task->pending, &command->error);
    if (status == EAGRE_OK) return true;
    if (status == EAGRE_AGAIN) return false;
    task->has_ended = true;
    task->outcome = status == EAGRE_END ? EAGRE_OK : status;
  }
  if (!push_to_worker(task, (void *)&end_mark)) return false;
  task->has_ended = false;
  answer(task, command, task->outcome);
  return true;
}

/* WORKER: after a failure it takes and drops what still comes, up to the end mark. */
static bool turn_worker(struct runtime_task *task) {
  struct runtime_command *command = task->running;
  void *message = eagre_ring_pop(task->batches);
  if (message == NULL) return false;
  if (message != &end_mark && task->outcome == EAGRE_OK) {
    task->outcome = eagre_chain_push(task->input, message, &command->error);
  } else if (message != &end_mark) {
    eagre_batch_free(message);
  } else {
    if (task->outcome == EAGRE_OK) task->outcome = end_run(task, &command->error);
    answer(task, command, task->outcome);
  }
  return true;
}

bool eagre_runtime_task_turn(struct runtime_task *task) {
  switch (task->role) {
  case RUNTIME_FUSED:
    return turn_fused(task);
  case RUNTIME_READER:
    return turn_reader(task);
  case RUNTIME_WORKER:
    return turn_worker(task);
  }
  return false;
}

/* A lane that cannot begin still ends in its usual way: a READER sends the end mark, a WORKER
 * drains up to it. */
static void start_run(struct runtime_task *task, struct runtime_command *command) {
  enum eagre_status status = begin_run(task, command, &command->error);
  task->has_ended = status != EAGRE_OK;
  task->outcome = status;
  task->running = command;
  if (status != EAGRE_OK && task->role == RUNTIME_FUSED) answer(task, command, status);
}

/* ---- FINISH, PREPARE, ABORT
 * ----------------------------------------------------------------------- */

static enum eagre_status finish(struct runtime_task *task, struct eagre_error *error) {
  const struct runtime_flow *flow = task->flow;
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    if (flow->tasks[i].partial == NULL) continue;
    EAGRE_TRY(eagre_final_merge(task->final, flow->tasks[i].partial, error));
  }
  EAGRE_TRY(eagre_final_finish(task->final, push_output, task, error));
  EAGRE_TRY(eagre_chain_finish(task->output, error));
  eagre_final_measure(task->final, &task->metrics);
  return EAGRE_OK;
}

static enum eagre_status prepare(struct runtime_task *task, struct runtime_command *command) {
  eagre_buffer_clear(&command->piece);
  if (task->role == RUNTIME_READER) return EAGRE_OK;
  EAGRE_TRY(eagre_sink_writer_prepare(task->writer, &command->piece, &command->error));
  if (task->final == NULL) return EAGRE_OK;
  struct eagre_state_snapshot snapshot = snapshot_of(task, command->epoch + 1, command->attempt);
  uint64_t ignored_size = 0;
  return eagre_state_save(eagre_final_table(task->final), task->core->io, &snapshot, &ignored_size,
                          &command->error);
}

void eagre_runtime_task_execute(struct runtime_task *task, struct runtime_command *command) {
  enum eagre_status status = EAGRE_OK;
  switch (command->kind) {
  case RUNTIME_OPEN:
    status = open_task(task, &command->error);
    break;
  case RUNTIME_LOAD:
    if (task->final != NULL) status = load_state(task, command, &command->error);
    break;
  case RUNTIME_RUN:
    start_run(task, command);
    return;
  case RUNTIME_FINISH:
    if (task->final != NULL) status = finish(task, &command->error);
    break;
  case RUNTIME_PREPARE:
    status = prepare(task, command);
    break;
  case RUNTIME_ABORT:
    if (task->writer != NULL) eagre_sink_writer_abort(task->writer);
    break;
  case RUNTIME_CLOSE:
    eagre_runtime_task_done(task);
    break;
  }
  answer(task, command, status);
}
