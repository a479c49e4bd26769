/* One flow on one core: what each command does there.
 *
 * Commands go and answers come in the order of the protocol, so what a task wrote before its answer
 * is visible to a task that gets its next command afterwards: COLLECT and LEVEL read what all cores
 * left for them. */
#include <string.h>

#include "runtime/runtime_inside.h"

/* ---- Where rows go --------------------------------------------------------------------------- */

static enum eagre_status write_rows(void *context, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  struct runtime_task *task = context;
  EAGRE_PROBE(batch_write, task->core->index, batch->row_count);
  enum eagre_status status = eagre_sink_writer_write(task->writer, batch, error);
  task->output_rows += batch->row_count;
  eagre_batch_free(batch);
  return status;
}

/* ---- OPEN, CLOSE ----------------------------------------------------------------------------- */

static struct eagre_stages *new_stages(struct runtime_task *task) {
  const struct runtime_flow *flow = task->flow;
  uint32_t core_count = flow->runtime->core_count;
  int64_t limit = eagre_option_integer(&flow->plan->settings, "eagre.state.memoryLimit");
  struct eagre_arena paths = {0};
  const struct eagre_stages_options options = {
      .tree = &flow->plan->query,
      .session = &flow->plan->expression_session,
      .mode = flow->plan->mode,
      .core = task->core->index,
      .core_count = core_count,
      .state_partition_count = eagre_flow_owned_partitions(flow->plan),
      .tables = flow->tables,
      .state_size_max = ((uint64_t)limit + core_count - 1) / core_count,
      .tier_directory =
          eagre_arena_printf(&paths, "%s/%u", eagre_checkpoint_tier_path(flow->checkpoint),
                             task->core->index)
              .data,
      .io = task->core->io,
      .output = write_rows,
      .output_context = task,
      .dead_rows = task->dead.writer == NULL ? NULL : eagre_runtime_dead_take,
      .dead_rows_context = &task->dead,
      .late_rows = task->late.writer == NULL ? NULL : eagre_runtime_late_take,
      .late_rows_context = &task->late,
  };
  struct eagre_stages *stages = eagre_stages_new(&options);
  eagre_arena_done(&paths);
  return stages;
}

static enum eagre_status open_readers(struct runtime_task *task, struct eagre_error *error) {
  struct runtime_flow *flow = task->flow;
  uint32_t number = eagre_runtime_reader_number(task);
  for (uint32_t i = 0; i < flow->plan->source_count; i++) {
    EAGRE_TRY(eagre_source_reader_open(flow->sources[i], number, task->core->io, &task->readers[i],
                                       error));
  }
  return EAGRE_OK;
}

static enum eagre_status open_task(struct runtime_task *task, struct eagre_error *error) {
  const struct eagre_flow *plan = task->flow->plan;
  task->readers = eagre_allocate_zeroed(plan->source_count + 1, sizeof(void *));
  task->has_read = eagre_allocate_zeroed(plan->source_count + 1, sizeof *task->has_read);
  task->counts = eagre_allocate_lines(plan->source_count + 1, sizeof *task->counts);
  task->event_times = eagre_allocate_lines(plan->watermark_count + 1, sizeof *task->event_times);
  task->metrics = eagre_allocate_lines(plan->query.stateful_count + 1, sizeof *task->metrics);
  if (task->role != RUNTIME_WORKER) EAGRE_TRY(open_readers(task, error));
  task->latency = eagre_runtime_latency_new();
  EAGRE_TRY(eagre_sink_writer_open(task->flow->sink, task->core->index, task->core->io,
                                   &task->writer, error));
  task->dead.writer = eagre_sink_writer_side(task->writer, EAGRE_SIDE_DEAD_LETTERS);
  task->dead.columns = plan->sink->side_columns[EAGRE_SIDE_DEAD_LETTERS];
  task->late.writer = eagre_sink_writer_side(task->writer, EAGRE_SIDE_LATE_ROWS);
  task->late.columns = plan->sink->side_columns[EAGRE_SIDE_LATE_ROWS];
  task->stages = new_stages(task);
  return EAGRE_OK;
}

void eagre_runtime_task_done(struct runtime_task *task) {
  eagre_batch_pool_release(&task->pool, task->pending);
  if (task->writer != NULL) eagre_sink_writer_close(task->writer);
  for (uint32_t i = 0; task->readers != NULL && i < task->flow->plan->source_count; i++) {
    if (task->readers[i] != NULL) eagre_source_reader_close(task->readers[i]);
  }
  eagre_stages_free(task->stages);
  eagre_runtime_dead_done(&task->dead);
  /* A reader's worker may still give batches back. */
  if (task->role != RUNTIME_READER) eagre_batch_pool_done(&task->pool);
  eagre_free(task->readers);
  eagre_free(task->has_read);
  eagre_free(task->counts);
  eagre_free(task->event_times);
  eagre_free(task->metrics);
  eagre_free(task->latency);
  eagre_buffer_done(&task->command.piece);
  task->pending = NULL;
  task->writer = NULL;
  task->readers = NULL;
  task->has_read = NULL;
  task->stages = NULL;
  task->counts = NULL;
  task->event_times = NULL;
  task->metrics = NULL;
  task->latency = NULL;
}

/* ---- State ----------------------------------------------------------------------------------- */

static struct eagre_state_snapshot snapshot_of(const struct runtime_task *task, int64_t version,
                                               const char *attempt) {
  const struct eagre_flow *plan = task->flow->plan;
  return (struct eagre_state_snapshot){
      .directory = eagre_checkpoint_state_path(task->flow->checkpoint),
      .version = version,
      .core = task->core->index,
      .attempt = attempt,
      .partition_count = eagre_flow_owned_partitions(plan),
      .fingerprint = plan->query.fingerprint,
  };
}

static enum eagre_status load_state(struct runtime_task *task,
                                    const struct runtime_command *command,
                                    struct eagre_error *error) {
  struct eagre_state_snapshot snapshot = snapshot_of(task, command->version, command->attempt);
  EAGRE_TRY(eagre_state_load(eagre_stages_state(task->stages), task->core->io, &snapshot,
                             command->written_core_count, task->flow->runtime->core_count, error));
  return eagre_stages_check_state(task->stages, error);
}

static enum eagre_status save_state(struct runtime_task *task,
                                    const struct runtime_command *command,
                                    struct eagre_error *error) {
  struct eagre_state_snapshot snapshot = snapshot_of(task, command->epoch + 1, command->attempt);
  uint64_t ignored_size = 0;
  EAGRE_TRY(eagre_state_save(eagre_stages_state(task->stages), task->core->io, &snapshot,
                             &ignored_size, error));
  return eagre_stages_relieve(task->stages, error);
}

static bool has_state(const struct runtime_task *task) {
  return task->flow->plan->query.stateful_count > 0;
}

/* ---- RUN ------------------------------------------------------------------------------------- */

static enum eagre_status begin_readers(struct runtime_task *task, struct eagre_error *error) {
  for (uint32_t i = 0; i < task->flow->plan->source_count; i++) {
    task->has_read[i] = false;
    EAGRE_TRY(eagre_source_reader_begin(task->readers[i], error));
  }
  return EAGRE_OK;
}

static enum eagre_status begin_run(struct runtime_task *task, const struct runtime_command *command,
                                   struct eagre_error *error) {
  const struct eagre_epoch_run *run = &command->run;
  task->is_open = run->is_open;
  task->tick_begin_us = 0;
  task->tick_due_ms = task->role == RUNTIME_READER ? 0 : run->due_ms; /* sees no event times */
  task->tick_earliest_us = command->earliest_us;
  memset(task->counts, 0, sizeof *task->counts * task->flow->plan->source_count);
  task->output_rows = 0;
  task->batch_count = 0;
  task->next_source = 0;
  task->outcome = EAGRE_OK;
  bool begins_reading = task->role != RUNTIME_WORKER && !run->keeps_reading;
  if (begins_reading) EAGRE_TRY(begin_readers(task, error));
  eagre_stages_begin(task->stages, &run->state);
  if (run->goes_on) return EAGRE_OK;
  eagre_runtime_latency_reset(task->latency);
  eagre_runtime_dead_begin(&task->dead, run->epoch);
  eagre_runtime_late_begin(&task->late, run->epoch);
  return eagre_sink_writer_begin(task->writer, run->epoch, run->attempt, error);
}

static void pause_readers(struct runtime_task *task) {
  for (uint32_t i = 0; task->role != RUNTIME_WORKER && i < task->flow->plan->source_count; i++) {
    eagre_source_reader_pause(task->readers[i]);
  }
}

/* Between the slices and ticks of an open epoch what comes must not wake the core, which does not
 * read it before the next one. */
static void answer(struct runtime_task *task, struct runtime_command *command,
                   enum eagre_status status) {
  bool ends_reading = task->running == command && task->is_open;
  if (ends_reading) pause_readers(task);
  command->status = status;
  task->running = NULL;
  bool is_pushed = eagre_ring_push(task->answers, command);
  eagre_assert(is_pushed);
  eagre_io_wake(task->flow->io);
}

static int64_t now_us(void) {
  return (int64_t)(eagre_clock_monotonic_ns() / 1000);
}

static enum eagre_status read_source(struct runtime_task *task, uint32_t number,
                                     struct eagre_batch **out_batch, struct eagre_error *error) {
  struct eagre_batch *batch = eagre_batch_pool_acquire(&task->pool);
  enum eagre_status status = eagre_source_reader_read(task->readers[number], batch, error);
  if (status != EAGRE_OK) {
    eagre_batch_pool_release(&task->pool, batch);
    return status;
  }
  EAGRE_PROBE(batch_read, task->core->index, batch->row_count, batch->source_bytes);
  batch->origin.source = number;
  batch->origin.read_us = now_us();
  task->counts[number].rows += batch->row_count;
  task->counts[number].bytes += batch->source_bytes;
  task->batch_count += 1;
  task->slice_rows += batch->row_count;
  task->slice_bytes += batch->source_bytes;
  *out_batch = batch;
  return EAGRE_OK;
}

/* A batch of one source after the other. AGAIN: none has one now; END: all are at their ends. */
static enum eagre_status read_batch(struct runtime_task *task, struct eagre_batch **out_batch,
                                    struct eagre_error *error) {
  if (eagre_runtime_must_abandon(task->flow->runtime)) return EAGRE_CANCELLED;
  if (task->batch_count == 1) eagre_crash_point("epoch.mid_run"); /* the first went all the way */
  uint32_t source_count = task->flow->plan->source_count;
  enum eagre_status outcome = EAGRE_END;
  for (uint32_t i = 0; i < source_count; i++) {
    uint32_t number = task->next_source;
    task->next_source = (number + 1) % source_count;
    if (task->has_read[number]) continue;
    enum eagre_status status = read_source(task, number, out_batch, error);
    task->has_read[number] = status == EAGRE_END;
    if (status == EAGRE_AGAIN) outcome = EAGRE_AGAIN;
    if (status != EAGRE_AGAIN && status != EAGRE_END) return status;
  }
  return outcome;
}

/* Whether results are seen once a level is worked: it is the last one. */
static bool has_shown(const struct runtime_task *task, uint32_t level) {
  const struct runtime_flow *flow = task->flow;
  return flow->shows_at_once && level + 1 >= flow->plan->query.level_count;
}

static enum eagre_status push_batch(struct runtime_task *task, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  const struct eagre_plan_source *source = task->flow->plan->sources[batch->origin.source];
  eagre_runtime_latency_wait(task->latency, &batch->origin, batch->row_count);
  EAGRE_TRY(eagre_stages_push(task->stages, source->stage, batch, error));
  task->is_in_round = true;
  return eagre_stages_check_state(task->stages, error);
}

/* What was written is to be seen, where results are seen as they come. */
static enum eagre_status show(struct runtime_task *task, uint32_t level,
                              struct eagre_error *error) {
  if (!has_shown(task, level)) return EAGRE_OK;
  EAGRE_TRY(eagre_sink_writer_show(task->writer, error));
  eagre_runtime_latency_release(task->latency);
  return EAGRE_OK;
}

/* Nothing more is there for now. A round that is full goes on when what it has sent has arrived. */
static enum eagre_status end_round(struct runtime_task *task, struct eagre_error *error) {
  if (!task->is_in_round || eagre_sink_writer_is_full(task->writer)) return EAGRE_OK;
  task->is_in_round = false;
  return show(task, 0, error);
}

static enum eagre_status end_run(struct runtime_task *task, struct eagre_error *error) {
  EAGRE_TRY(eagre_stages_end_level(task->stages, 0, NULL, 0, error));
  for (uint32_t i = 0; i < task->flow->plan->watermark_count; i++) {
    eagre_stages_event_time(task->stages, i, &task->event_times[i]);
  }
  task->is_in_round = false;
  return show(task, 0, error);
}

/* Where rows wait between cores, this much is read before they are worked: enough that a round of
 * commands is nothing beside it, little enough that it stays in the cache or near it. */
enum { SLICE_ROWS = 65536, SLICE_BYTES = 16 << 20 };

static bool is_slice_full(const struct runtime_task *task) {
  const struct runtime_flow *flow = task->flow;
  if (!flow->plan->query.moves_rows || flow->runtime->core_count == 1) return false;
  return task->slice_rows >= SLICE_ROWS || task->slice_bytes >= SLICE_BYTES;
}

/* How long rows wait at most for others before they are worked together; and where nothing can come
 * of them yet, for all that this task knows: another's rows may move the watermark. */
static const int64_t TICK_US = 1000;
static const int64_t LONG_TICK_US = 10000;

/* Whether results may come of what was read in this tick. */
static bool may_be_due(const struct runtime_task *task) {
  struct eagre_event_time seen;
  if (task->tick_due_ms == 0) return true;
  for (uint32_t i = 0; i < task->flow->plan->watermark_count; i++) {
    eagre_stages_event_time(task->stages, i, &seen);
    if (seen.raising_ms >= task->tick_due_ms) return true;
  }
  return false;
}

/* Of a tick that has rows: when it ends whatever else there is to read, monotonic. */
static int64_t latest_end_us(const struct runtime_task *task) {
  return task->tick_begin_us + (may_be_due(task) ? TICK_US : LONG_TICK_US);
}

/* Open epochs: whether this task, or control, wants the tick to end. */
static bool must_end_tick(struct runtime_task *task) {
  struct runtime_flow *flow = task->flow;
  if (atomic_load_explicit(&flow->pause, memory_order_acquire) == RUNTIME_END_TICK) return true;
  if (!flow->ticks || task->slice_rows == 0) return false;
  if (is_slice_full(task)) return true;
  if (task->tick_begin_us == 0) task->tick_begin_us = now_us();
  return now_us() >= latest_end_us(task);
}

static bool must_end_slice(const struct runtime_task *task) {
  if (is_slice_full(task)) return true;
  return task->is_open &&
         atomic_load_explicit(&task->flow->pause, memory_order_acquire) == RUNTIME_END_SLICE;
}

/* Open epochs: what is there is worked to its end, or as much of it as goes out together; behind
 * that, nothing more before the sink has what came of it. */
static bool may_work(struct runtime_task *task) {
  if (!task->is_open) return true;
  return task->is_in_round ? !eagre_sink_writer_is_full(task->writer)
                           : eagre_sink_writer_is_ready(task->writer);
}

/* A READER is held up by its ring. */
static bool may_read(struct runtime_task *task) {
  if (task->role == RUNTIME_READER || may_work(task)) return true;
  pause_readers(task);
  return false;
}

/* Open epochs, with nothing more to read for now: whether the tick has rows and may end. */
static bool has_worked_all(const struct runtime_task *task) {
  bool has_rows = task->flow->ticks && task->slice_rows > 0;
  return has_rows && now_us() >= task->tick_earliest_us && may_be_due(task);
}

/* Whether a read would only ask for more. */
static bool has_read_all(const struct runtime_task *task) {
  for (uint32_t i = 0; i < task->flow->plan->source_count; i++) {
    if (!task->has_read[i] && eagre_source_reader_has_more(task->readers[i])) return false;
  }
  return true;
}

/* The next batch. The end of a tick is an end; so is having worked everything there is now, where
 * results are waited for. More is asked for when that was worked, as it is more then. */
static enum eagre_status read_on(struct runtime_task *task, struct eagre_batch **out_batch,
                                 struct eagre_error *error) {
  if (!task->is_open) return read_batch(task, out_batch, error);
  if (must_end_tick(task)) return EAGRE_END;
  if (!task->flow->ticks && has_read_all(task)) EAGRE_TRY(end_round(task, error));
  if (!may_read(task)) return EAGRE_AGAIN;
  enum eagre_status status = read_batch(task, out_batch, error);
  return status == EAGRE_AGAIN && has_worked_all(task) ? EAGRE_END : status;
}

static bool end_slice(struct runtime_task *task, enum eagre_status status) {
  task->running->has_more = true;
  answer(task, task->running, status);
  return true;
}

/* Fused: one batch from the source down the chain. */
static bool turn_fused(struct runtime_task *task) {
  struct runtime_command *command = task->running;
  struct eagre_batch *batch = NULL;
  if (must_end_slice(task)) return end_slice(task, EAGRE_OK);
  enum eagre_status status = read_on(task, &batch, &command->error);
  if (status == EAGRE_OK) status = push_batch(task, batch, &command->error);
  if (status == EAGRE_OK) return true;
  if (status == EAGRE_AGAIN) {
    status = end_round(task, &command->error);
    if (status == EAGRE_OK) return false;
  }
  task->is_at_end = true;
  if (status == EAGRE_END) status = end_run(task, &command->error);
  answer(task, command, status);
  return true;
}

/* What a READER pushes behind the last batch of all, and of a slice; their addresses are the
 * messages. */
static const char end_mark = 'e';
static const char slice_mark = 's';

static bool push_to_worker(struct runtime_task *task, void *message) {
  if (!eagre_ring_push(task->batches, message)) return false;
  eagre_io_wake(task->worker->core->io);
  return true;
}

static void end_reading(struct runtime_task *task, enum eagre_status status) {
  task->mark = &end_mark;
  task->is_at_end = true;
  task->outcome = status;
}

/* READER: while the ring is full what comes must not wake the core, which cannot take it. */
static bool push_pending(struct runtime_task *task) {
  bool is_pushed = push_to_worker(task, task->pending);
  if (is_pushed) task->pending = NULL;
  if (!is_pushed) pause_readers(task);
  return is_pushed;
}

/* READER: whatever ends the reading, the worker gets a mark, so that it answers too. */
static bool turn_reader(struct runtime_task *task) {
  struct runtime_command *command = task->running;
  if (task->pending != NULL) return push_pending(task);
  if (task->mark == NULL && must_end_slice(task)) {
    task->mark = &slice_mark;
  } else if (task->mark == NULL) {
    enum eagre_status status = read_on(task, &task->pending, &command->error);
    if (status == EAGRE_OK) return true;
    if (status == EAGRE_AGAIN) return false;
    end_reading(task, status == EAGRE_END ? EAGRE_OK : status);
  }
  if (!push_to_worker(task, (void *)task->mark)) return false;
  bool is_slice = task->mark == &slice_mark;
  task->mark = NULL;
  if (is_slice) return end_slice(task, EAGRE_OK);
  if (task->outcome == EAGRE_OK) task->outcome = end_run(task, &command->error);
  answer(task, command, task->outcome);
  return true;
}

/* WORKER: after a failure it takes and drops what still comes, up to the mark. */
static bool turn_worker(struct runtime_task *task) {
  struct runtime_command *command = task->running;
  bool must_wait = task->outcome == EAGRE_OK && !may_work(task);
  void *message = must_wait ? NULL : eagre_ring_pop(task->batches);
  if (message == NULL) {
    if (task->outcome == EAGRE_OK) task->outcome = end_round(task, &command->error);
    return false;
  }
  if (message == &slice_mark) return end_slice(task, task->outcome);
  if (message == &end_mark) {
    task->is_at_end = true;
    if (task->outcome == EAGRE_OK) task->outcome = end_run(task, &command->error);
    answer(task, command, task->outcome);
  } else if (task->outcome == EAGRE_OK) {
    task->outcome = push_batch(task, message, &command->error);
  } else {
    eagre_batch_free(message);
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

/* While a RUN waits for its source (which may have no descriptor to watch). */
static const int64_t STARVED_WAIT_US = 1000;
/* The same in an open epoch, which is starved most of the time and whose sources do have one. */
static const int64_t OPEN_WAIT_US = 20000;

int64_t eagre_runtime_task_wait_us(const struct runtime_task *task) {
  if (!task->is_open) return STARVED_WAIT_US;
  if (!task->flow->ticks || task->slice_rows == 0) return OPEN_WAIT_US;
  int64_t time_us = now_us();
  bool is_resting = may_be_due(task) && time_us < task->tick_earliest_us;
  int64_t left_us = (is_resting ? task->tick_earliest_us : latest_end_us(task)) - time_us;
  /* It has become time since the turn that looked; or what the tick has waits for another core. */
  if (left_us <= 0) return TICK_US;
  return left_us < OPEN_WAIT_US ? left_us : OPEN_WAIT_US;
}

static void start_slice(struct runtime_task *task, struct runtime_command *command) {
  task->slice_rows = 0;
  task->slice_bytes = 0;
  task->running = command;
}

/* A pair that cannot begin still ends in its usual way: a READER sends the end mark, a WORKER
 * drains up to it. */
static void start_run(struct runtime_task *task, struct runtime_command *command) {
  task->mark = NULL;
  task->is_at_end = false;
  enum eagre_status status = begin_run(task, command, &command->error);
  task->outcome = status;
  start_slice(task, command);
  if (status == EAGRE_OK) return;
  if (task->role == RUNTIME_READER) end_reading(task, status);
  if (task->role == RUNTIME_FUSED) answer(task, command, status);
}

static void resume_run(struct runtime_task *task, struct runtime_command *command) {
  start_slice(task, command);
  if (task->is_at_end) answer(task, command, EAGRE_OK); /* others have more to read */
}

/* ---- COLLECT, LEVEL, PREPARE, ABORT ---------------------------------------------------------- */

/* The stages of all cores. Returns their number. */
static uint32_t list_stages(const struct runtime_task *task, struct eagre_stages **out_all) {
  const struct runtime_flow *flow = task->flow;
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    out_all[i] = flow->tasks[i].stages;
  }
  return flow->runtime->core_count;
}

static enum eagre_status collect_level(struct runtime_task *task, uint32_t level,
                                       struct eagre_error *error) {
  struct eagre_stages *all[EAGRE_CORE_COUNT_MAX];
  uint32_t count = list_stages(task, all);
  EAGRE_TRY(eagre_stages_collect_level(task->stages, level, all, count, error));
  return eagre_stages_check_state(task->stages, error);
}

static enum eagre_status run_level(struct runtime_task *task, uint32_t level,
                                   struct eagre_error *error) {
  struct eagre_stages *all[EAGRE_CORE_COUNT_MAX];
  uint32_t count = list_stages(task, all);
  EAGRE_TRY(eagre_stages_end_level(task->stages, level, all, count, error));
  EAGRE_TRY(eagre_stages_check_state(task->stages, error));
  eagre_stages_measure(task->stages, task->metrics);
  return show(task, level, error);
}

static enum eagre_status prepare(struct runtime_task *task, struct runtime_command *command) {
  eagre_buffer_clear(&command->piece);
  pause_readers(task);
  EAGRE_TRY(eagre_runtime_dead_flush(&task->dead, &command->error));
  EAGRE_TRY(eagre_sink_writer_prepare(task->writer, &command->piece, &command->error));
  return has_state(task) ? save_state(task, command, &command->error) : EAGRE_OK;
}

void eagre_runtime_task_execute(struct runtime_task *task, struct runtime_command *command) {
  enum eagre_status status = EAGRE_OK;
  switch (command->kind) {
  case RUNTIME_OPEN:
    status = open_task(task, &command->error);
    break;
  case RUNTIME_LOAD:
    if (has_state(task)) status = load_state(task, command, &command->error);
    break;
  case RUNTIME_RUN:
    start_run(task, command);
    return;
  case RUNTIME_RESUME:
    resume_run(task, command);
    return;
  case RUNTIME_COLLECT:
    status = collect_level(task, command->level, &command->error);
    break;
  case RUNTIME_LEVEL:
    status = run_level(task, command->level, &command->error);
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
