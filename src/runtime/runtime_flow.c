/* The control thread of one flow: opens what it needs, runs epochs by trigger, reports. */
#include <stdio.h>
#include <string.h>

#include "runtime/runtime_inside.h"

/* ---- Opening and closing --------------------------------------------------------------------- */

static enum eagre_status open_checkpoint(struct runtime_flow *flow, struct eagre_error *error) {
  const struct eagre_checkpoint_options options = {.take_over = flow->runtime->options.take_over};
  char *path = eagre_text_duplicate(flow->plan->checkpoint);
  enum eagre_status status =
      eagre_checkpoint_open(flow->io, path, &options, &flow->checkpoint, error);
  eagre_free(path);
  EAGRE_TRY(status);
  EAGRE_TRY(eagre_epoch_check(flow->plan, flow->checkpoint, error));
  return eagre_state_tier_clean(flow->io, eagre_checkpoint_tier_path(flow->checkpoint), error);
}

static enum eagre_status open_sources(struct runtime_flow *flow, struct eagre_error *error) {
  const struct eagre_source_environment environment = {
      .io = flow->io,
      .checkpoint = flow->checkpoint,
      .zone = flow->plan->expression_session.zone,
      .core_count = flow->runtime->core_count,
      .startup_timeout_us = flow->runtime->options.startup_timeout_us,
      .fetcher = eagre_option_text(&flow->plan->settings, "eagre.kafka.client"),
      .queue_size_bytes =
          (size_t)eagre_option_integer(&flow->plan->settings, "eagre.kafka.queueBytes"),
      .batch_rows_max =
          (uint32_t)eagre_option_integer(&flow->plan->settings, "eagre.source.batchRows"),
      .part_bytes_max = (uint64_t)eagre_option_integer(&flow->plan->settings,
                                                       "spark.sql.files.maxPartitionBytes"),
  };
  flow->sources = eagre_allocate_zeroed(flow->plan->source_count + 1, sizeof(void *));
  for (uint32_t i = 0; i < flow->plan->source_count; i++) {
    EAGRE_TRY(eagre_source_open(flow->plan->sources[i], &environment, &flow->sources[i], error));
  }
  return EAGRE_OK;
}

/* The console is shared by all flows. */
static void print_locked(void *context, struct eagre_text text) {
  struct eagre_runtime *runtime = context;
  pthread_mutex_lock(&runtime->output_mutex);
  runtime->options.print(runtime->options.print_context, text);
  pthread_mutex_unlock(&runtime->output_mutex);
}

static bool has_console(const struct eagre_plan_sink *sink) {
  for (uint32_t i = 0; i < eagre_plan_sink_count(sink); i++) {
    if (eagre_plan_sink_at(sink, i)->kind == EAGRE_SINK_CONSOLE) return true;
  }
  return false;
}

static bool shares_console(const struct runtime_flow *flow) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < flow->runtime->flow_count; i++) {
    count += has_console(flow->runtime->flows[i].plan->sink);
  }
  return count > 1;
}

static enum eagre_status open_sink(struct runtime_flow *flow, struct eagre_error *error) {
  const struct eagre_sink_environment environment = {
      .io = flow->io,
      .checkpoint_id = eagre_checkpoint_summary(flow->checkpoint)->id,
      .zone = flow->plan->expression_session.zone,
      .core_count = flow->runtime->core_count,
      .print = print_locked,
      .print_context = flow->runtime,
      .flow_name = shares_console(flow) ? flow->plan->name : eagre_text_make("", 0),
      .startup_timeout_us = flow->runtime->options.startup_timeout_us,
      .is_prompt = flow->plan->trigger.kind == EAGRE_TRIGGER_CONTINUOUS,
  };
  return eagre_sink_open(flow->plan->sink, flow->plan->query.root->output, flow->plan->mode,
                         &environment, &flow->sink, error);
}

static void close_flow(struct runtime_flow *flow) {
  struct runtime_command command = {.kind = RUNTIME_CLOSE};
  struct eagre_error ignored; /* closing has no failure to report */
  (void)eagre_runtime_broadcast(flow, &command, &ignored);
  eagre_epoch_free(flow->epoch);
  for (uint32_t i = 0; flow->sources != NULL && i < flow->plan->source_count; i++) {
    if (flow->sources[i] != NULL) eagre_source_close(flow->sources[i]);
  }
  eagre_free(flow->sources);
  eagre_runtime_tables_free(flow->tables, &flow->plan->query);
  eagre_free(flow->latency);
  flow->latency = NULL;
  flow->tables = NULL;
  if (flow->sink != NULL) eagre_sink_close(flow->sink);
  if (flow->checkpoint != NULL) eagre_checkpoint_close(flow->checkpoint);
  flow->epoch = NULL;
  flow->sources = NULL;
  flow->sink = NULL;
  flow->checkpoint = NULL;
}

/* ---- Saying what happens --------------------------------------------------------------------- */

static void announce(const struct runtime_flow *flow) {
  const struct eagre_flow *plan = flow->plan;
  struct eagre_buffer sources = {0};
  for (uint32_t i = 0; i < plan->source_count; i++) {
    eagre_buffer_printf(&sources, "%s%s", i > 0 ? " and " : "",
                        eagre_source_description(flow->sources[i]));
  }
  eagre_log(EAGRE_LOG_INFO,
            "flow %.*s: reads %s, writes %s (%s), checkpoint %.*s, next epoch %lld, %u cores, "
            "%s, %s",
            (int)plan->name.size, plan->name.data, eagre_buffer_string(&sources),
            eagre_sink_description(flow->sink), eagre_output_mode_name(plan->mode),
            (int)plan->checkpoint.size, plan->checkpoint.data,
            (long long)eagre_epoch_next(flow->epoch), flow->runtime->core_count, flow->placement,
            eagre_io_description(flow->io));
  eagre_buffer_done(&sources);
}

static void record_metrics(struct runtime_flow *flow, const struct eagre_epoch_progress *progress) {
  struct eagre_flow_metrics *metrics = flow->metrics;
  const struct eagre_epoch_counts *counts = progress->counts;
  int64_t lag = 0;
  for (uint32_t i = 0; i < flow->plan->source_count; i++) {
    int64_t each = eagre_source_lag(flow->sources[i], progress->end_offsets[i]);
    lag = each < 0 || lag < 0 ? -1 : lag + each;
    eagre_metrics_record(metrics, EAGRE_METRIC_INPUT_ROWS, (int64_t)counts->sources[i].rows);
    eagre_metrics_record(metrics, EAGRE_METRIC_INPUT_BYTES, (int64_t)counts->sources[i].bytes);
  }
  eagre_metrics_record(metrics, EAGRE_METRIC_EPOCHS, 1);
  eagre_metrics_record(metrics, EAGRE_METRIC_OUTPUT_ROWS, (int64_t)counts->output_rows);
  eagre_metrics_record(metrics, EAGRE_METRIC_DEAD_ROWS, (int64_t)counts->dead_rows);
  eagre_metrics_record(metrics, EAGRE_METRIC_LATE_ROWS_KEPT, (int64_t)counts->late_rows);
  eagre_metrics_record(metrics, EAGRE_METRIC_EPOCH, progress->epoch);
  eagre_metrics_record(metrics, EAGRE_METRIC_EPOCH_DURATION, progress->times.trigger_execution);
  eagre_metrics_record(metrics, EAGRE_METRIC_WATERMARK, progress->watermark_ms);
  for (uint32_t i = 0; i < flow->plan->watermark_count; i++) {
    eagre_metrics_record(metrics, EAGRE_METRIC_FUTURE_ROWS,
                         (int64_t)counts->event_times[i].future_count);
  }
  for (uint32_t i = 0; i < counts->expectation_count; i++) {
    eagre_metrics_record_expectation(metrics, i, (int64_t)counts->expectations[i].passed,
                                     (int64_t)counts->expectations[i].failed);
  }
  eagre_metrics_record(metrics, EAGRE_METRIC_LAG, lag);
  struct eagre_stateful_metrics state = eagre_epoch_sum_state(counts);
  eagre_metrics_record(metrics, EAGRE_METRIC_LATE_ROWS, (int64_t)state.rows_dropped_late);
  eagre_metrics_record(metrics, EAGRE_METRIC_STATE_ROWS, (int64_t)state.rows_total);
  eagre_metrics_record(metrics, EAGRE_METRIC_STATE_BYTES, (int64_t)state.memory_bytes);
}

static void record_times(struct runtime_flow *flow, const struct eagre_epoch_progress *progress) {
  struct eagre_flow_metrics *metrics = flow->metrics;
  const struct eagre_epoch_phase_times *times = &progress->times;
  eagre_metrics_record_times(metrics, EAGRE_TIME_METRIC_RECORD, &flow->latency->record);
  eagre_metrics_record_times(metrics, EAGRE_TIME_METRIC_ENGINE, &flow->latency->engine);
  eagre_metrics_record_time(metrics, EAGRE_TIME_METRIC_RUN, times->run_us);
  eagre_metrics_record_time(metrics, EAGRE_TIME_METRIC_OFFSETS, times->offsets_us);
  eagre_metrics_record_time(metrics, EAGRE_TIME_METRIC_PREPARE, times->prepare_us);
  eagre_metrics_record_time(metrics, EAGRE_TIME_METRIC_SINK, times->sink_us);
  eagre_metrics_record_time(metrics, EAGRE_TIME_METRIC_COMMITS, times->commits_us);
  eagre_metrics_record_time(metrics, EAGRE_TIME_METRIC_PURGE, times->purge_us);
}

/* What Spark's progress objects have no place for. */
static void print_more(const struct runtime_flow *flow, const struct eagre_epoch_progress *progress,
                       struct eagre_buffer *out) {
  const struct eagre_epoch_phase_times *times = &progress->times;
  if (!progress->has_run) return;
  eagre_runtime_latency_print(flow->latency, out);
  eagre_buffer_printf(out,
                      ",\"phasesMs\":{\"run\":%.3f,\"offsets\":%.3f,\"prepare\":%.3f,\"sink\":%.3f,"
                      "\"commits\":%.3f,\"purge\":%.3f}",
                      (double)times->run_us / 1000, (double)times->offsets_us / 1000,
                      (double)times->prepare_us / 1000, (double)times->sink_us / 1000,
                      (double)times->commits_us / 1000, (double)times->purge_us / 1000);
}

static void report(struct runtime_flow *flow) {
  struct eagre_runtime *runtime = flow->runtime;
  const struct eagre_epoch_progress *progress = eagre_epoch_last(flow->epoch);
  flow->last_report_us = eagre_clock_wall_us();
  if (runtime->options.on_report == NULL) return;
  struct eagre_text query_name = eagre_option_text(&flow->plan->options, "queryName");
  struct eagre_buffer more = {0};
  print_more(flow, progress, &more);
  const struct eagre_epoch_names names = {
      .id = eagre_checkpoint_summary(flow->checkpoint)->id,
      .run_id = flow->run_id,
      .name = query_name.size > 0 ? query_name : flow->plan->name,
      .flow = flow->plan,
      .sources = flow->sources,
      .sink = flow->sink,
      .more = eagre_buffer_text(&more),
  };
  struct eagre_buffer json = {0};
  eagre_epoch_print_progress(progress, &names, &json);
  const struct eagre_runtime_report each = {flow->plan->name, progress, &flow->latency->record,
                                            eagre_buffer_text(&json)};
  pthread_mutex_lock(&runtime->output_mutex);
  runtime->options.on_report(runtime->options.report_context, &each);
  pthread_mutex_unlock(&runtime->output_mutex);
  eagre_buffer_done(&more);
  eagre_buffer_done(&json);
}

static void report_idle(struct runtime_flow *flow, bool is_last) {
  int64_t interval_us = eagre_option_duration_us(&flow->plan->settings,
                                                 "spark.sql.streaming.noDataProgressEventInterval");
  bool is_due = eagre_clock_wall_us() - flow->last_report_us >= interval_us;
  if (is_due || (is_last && flow->last_report_us == 0)) report(flow);
}

/* ---- Running --------------------------------------------------------------------------------- */

static void wait_for_trigger(struct runtime_flow *flow, bool has_run) {
  int64_t now_us = eagre_clock_wall_us();
  int64_t deadline_us = 0;
  int64_t wait_us = eagre_runtime_trigger_wait_us(flow, has_run, now_us);
  if (__builtin_add_overflow(now_us, wait_us, &deadline_us)) deadline_us = INT64_MAX;
  while (now_us < deadline_us && !eagre_runtime_must_stop(flow->runtime)) {
    eagre_io_wait(flow->io, deadline_us - now_us);
    now_us = eagre_clock_wall_us();
  }
}

/* There was nothing new: longer than the pause between two looks, if the source can tell. */
static void rest(struct runtime_flow *flow) {
  if (flow->plan->source_count != 1 || !eagre_runtime_trigger_polls(flow)) return;
  while (!eagre_runtime_must_stop(flow->runtime) && eagre_source_rest(flow->sources[0])) {
  }
}

static enum eagre_status run_epochs(struct runtime_flow *flow, struct eagre_error *error) {
  while (!eagre_runtime_must_stop(flow->runtime) || eagre_epoch_is_ahead(flow->epoch)) {
    enum eagre_epoch_outcome outcome = EAGRE_EPOCH_IDLE;
    flow->step_begin_us = eagre_clock_wall_us();
    EAGRE_TRY(eagre_epoch_step(flow->epoch, &outcome, error));
    atomic_store(&flow->has_looked, true);
    if (outcome == EAGRE_EPOCH_RAN) {
      eagre_runtime_latency_release(flow->latency); /* what no sink has shown is committed */
      record_metrics(flow, eagre_epoch_last(flow->epoch));
      record_times(flow, eagre_epoch_last(flow->epoch));
      report(flow);
    } else {
      report_idle(flow, outcome == EAGRE_EPOCH_FINISHED);
    }
    if (outcome == EAGRE_EPOCH_FINISHED) break;
    wait_for_trigger(flow, outcome == EAGRE_EPOCH_RAN);
    if (outcome == EAGRE_EPOCH_IDLE) rest(flow);
  }
  return EAGRE_OK;
}

static enum eagre_status run_flow(struct runtime_flow *flow, struct eagre_error *error) {
  struct runtime_command open = {.kind = RUNTIME_OPEN};
  flow->ticks = eagre_flow_ticks(flow->plan);
  flow->shows_at_once = eagre_flow_shows_at_once(flow->plan);
  flow->latency = eagre_runtime_latency_new();
  EAGRE_TRY(open_checkpoint(flow, error));
  EAGRE_TRY(open_sources(flow, error));
  EAGRE_TRY(eagre_runtime_flow_place(flow, error));
  EAGRE_TRY(open_sink(flow, error));
  eagre_runtime_flow_make_tables(flow);
  EAGRE_TRY(eagre_runtime_broadcast(flow, &open, error));
  const struct eagre_epoch_workers workers = {
      .context = flow,
      .run = eagre_runtime_workers.run,
      .begin = eagre_runtime_workers.begin,
      .prepare = eagre_runtime_workers.prepare,
      .settle = eagre_runtime_workers.settle,
      .load = eagre_runtime_workers.load,
      .abort = eagre_runtime_workers.abort,
      .must_close = eagre_runtime_workers.must_close,
  };
  const struct eagre_epoch_options options = {
      .flow = flow->plan,
      .io = flow->io,
      .checkpoint = flow->checkpoint,
      .sources = flow->sources,
      .sink = flow->sink,
      .workers = &workers,
      .core_count = flow->runtime->core_count,
      .has_assumed = flow->runtime->options.has_assumed,
      .assumed_epoch = flow->runtime->options.assumed_epoch,
  };
  flow->epoch = eagre_epoch_new(&options);
  EAGRE_TRY(eagre_epoch_start(flow->epoch, error));
  flow->has_started = true;
  announce(flow);
  return run_epochs(flow, error);
}

/* Whether a second run of an epoch may show rows again. */
static bool shows_rows_again(const struct runtime_flow *flow) {
  const struct eagre_plan_sink *sink = flow->plan->sink;
  for (uint32_t i = 0; i < eagre_plan_sink_count(sink); i++) {
    enum eagre_sink_kind kind = eagre_plan_sink_at(sink, i)->kind;
    if (kind == EAGRE_SINK_KAFKA || kind == EAGRE_SINK_CONSOLE) return true;
  }
  return false;
}

/* Where the next start goes on. Before recovery is over only the checkpoint knows. */
static void print_restart(const struct runtime_flow *flow, struct eagre_buffer *out) {
  bool is_new = flow->checkpoint != NULL && !eagre_checkpoint_summary(flow->checkpoint)->exists;
  int64_t next = flow->has_started ? eagre_epoch_next(flow->epoch) : 0;
  eagre_buffer_append_string(out, "nothing is lost: the next start ");
  if (!flow->has_started && !is_new) {
    eagre_buffer_append_string(out, "continues where the checkpoint stands");
  } else if (next == 0) {
    eagre_buffer_append_string(out, "begins with epoch 0");
  } else {
    eagre_buffer_printf(out, "continues behind epoch %lld, which is committed",
                        (long long)(next - 1));
  }
  if (flow->has_started && shows_rows_again(flow))
    eagre_buffer_append_string(out, "; rows that are out already come again");
}

/* A disk, a source or a sink that fails costs no row: says so behind the advice there is. */
static void say_restart(struct runtime_flow *flow) {
  struct eagre_buffer hint = {0};
  if (flow->error.hint[0] != '\0') eagre_buffer_printf(&hint, "%s; ", flow->error.hint);
  print_restart(flow, &hint);
  eagre_error_hint(&flow->error, "%s", eagre_buffer_string(&hint));
  eagre_buffer_done(&hint);
}

void *eagre_runtime_flow_main(void *argument) {
  struct runtime_flow *flow = argument;
  uint32_t cpus[EAGRE_CORE_COUNT_MAX];
  for (uint32_t i = 0; i < flow->runtime->core_count; i++) {
    cpus[i] = flow->runtime->cores[i].cpu;
  }
  eagre_runtime_cpu_avoid(cpus, flow->runtime->core_count);
  eagre_uuid_make(flow->run_id);
  flow->status = eagre_io_open(NULL, &flow->io, &flow->error);
  if (flow->status != EAGRE_OK) return NULL;
  atomic_store(&flow->wake_io, flow->io);
  flow->status = run_flow(flow, &flow->error);
  if (flow->status == EAGRE_CANCELLED) flow->status = EAGRE_OK; /* it was asked to stop */
  if (flow->status == EAGRE_IO) say_restart(flow);
  close_flow(flow);
  return NULL;
}
