/* All flows of a pipeline: cores first, then one control thread per flow; stopping; the worst
 * status. */
#include <string.h>

#include "runtime/runtime_inside.h"

static bool is_wanted(const struct eagre_runtime_options *options, struct eagre_text name) {
  if (options->flow_name_count == 0) return true;
  for (uint32_t i = 0; i < options->flow_name_count; i++) {
    if (eagre_text_equal_ignoring_case(options->flow_names[i], name)) return true;
  }
  return false;
}

static enum eagre_status check_flow_names(const struct eagre_pipeline *pipeline,
                                          const struct eagre_runtime_options *options,
                                          struct eagre_error *error) {
  for (uint32_t i = 0; i < options->flow_name_count; i++) {
    bool is_found = false;
    for (uint32_t j = 0; j < pipeline->flow_count; j++) {
      is_found = is_found ||
                 eagre_text_equal_ignoring_case(options->flow_names[i], pipeline->flows[j].name);
    }
    if (is_found) continue;
    eagre_error_set(error, EAGRE_USAGE, "FLOW_NOT_FOUND", "The file has no flow '%.*s'.",
                    (int)options->flow_names[i].size, options->flow_names[i].data);
    eagre_error_hint(error, "`eagre explain` lists the flows of a file");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

/* An epoch is a number of one checkpoint. */
static enum eagre_status check_assumed(const struct eagre_runtime *runtime,
                                       struct eagre_error *error) {
  if (!runtime->options.has_assumed || runtime->flow_count == 1) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "INVALID_ASSUMED_EPOCH",
                  "--assume-committed speaks of one flow, and %u are to run.", runtime->flow_count);
  eagre_error_hint(error, "name the flow: eagre run FILE FLOW --assume-committed N");
  return EAGRE_USAGE;
}

static enum eagre_status choose_cores(struct eagre_runtime *runtime, struct eagre_error *error) {
  const struct eagre_runtime_options *options = &runtime->options;
  uint32_t allowed[EAGRE_CORE_COUNT_MAX];
  uint32_t allowed_count = eagre_runtime_cpu_list(allowed, EAGRE_CORE_COUNT_MAX);
  uint32_t count = options->core_count == 0 ? allowed_count : options->core_count;
  if (count == 0) count = 1;
  if (count > EAGRE_CORE_COUNT_MAX) {
    return eagre_error_set(error, EAGRE_USAGE, "INVALID_CORES", "More than %d cores.",
                           EAGRE_CORE_COUNT_MAX);
  }
  runtime->cores = eagre_allocate_lines(count, sizeof *runtime->cores);
  runtime->core_count = count;
  for (uint32_t i = 0; i < count; i++) {
    struct runtime_core *core = &runtime->cores[i];
    core->runtime = runtime;
    core->index = i;
    core->cpu = allowed_count == 0 ? 0 : allowed[i % allowed_count];
    if (options->cpus != NULL) core->cpu = options->cpus[i];
  }
  return EAGRE_OK;
}

static void make_tasks(struct eagre_runtime *runtime, struct runtime_flow *flow,
                       uint32_t flow_index) {
  flow->tasks = eagre_allocate_lines(runtime->core_count, sizeof *flow->tasks);
  for (uint32_t i = 0; i < runtime->core_count; i++) {
    struct runtime_task *task = &flow->tasks[i];
    task->flow = flow;
    task->core = &runtime->cores[i];
    task->commands = eagre_ring_new(4);
    task->answers = eagre_ring_new(4);
    eagre_runtime_spin_allow(&task->core->spin, flow->spin.limit_us);
    runtime->cores[i].tasks[flow_index] = task;
  }
}

static void name_expectations(struct runtime_flow *flow) {
  const struct eagre_plan_node *expect = eagre_flow_expect(flow->plan);
  uint32_t count = expect == NULL ? 0 : expect->expectation_count;
  flow->metrics->expectation_count = count;
  flow->metrics->expectations =
      eagre_allocate_zeroed(count + 1, sizeof *flow->metrics->expectations);
  for (uint32_t i = 0; i < count; i++) {
    flow->metrics->expectations[i].name = expect->expectations[i].name;
  }
}

static void make_flows(struct eagre_runtime *runtime) {
  struct eagre_pipeline *pipeline = runtime->pipeline;
  runtime->flows = eagre_allocate_zeroed(pipeline->flow_count + 1, sizeof *runtime->flows);
  runtime->metrics = eagre_allocate_zeroed(pipeline->flow_count + 1, sizeof *runtime->metrics);
  for (uint32_t i = 0; i < pipeline->flow_count; i++) {
    if (!is_wanted(&runtime->options, pipeline->flows[i].name)) continue;
    struct runtime_flow *flow = &runtime->flows[runtime->flow_count++];
    flow->runtime = runtime;
    flow->plan = &pipeline->flows[i];
    flow->metrics = &runtime->metrics[runtime->flow_count - 1];
    flow->metrics->flow = flow->plan->name;
    name_expectations(flow);
    eagre_runtime_spin_allow(&flow->spin,
                             eagre_option_integer(&flow->plan->settings, "eagre.busyPollMicros"));
    eagre_error_init(&flow->error);
  }
  for (uint32_t i = 0; i < runtime->core_count; i++) {
    runtime->cores[i].tasks =
        eagre_allocate_zeroed(runtime->flow_count + 1, sizeof *runtime->cores[i].tasks);
    runtime->cores[i].task_count = runtime->flow_count;
  }
  for (uint32_t i = 0; i < runtime->flow_count; i++) {
    make_tasks(runtime, &runtime->flows[i], i);
  }
}

static enum eagre_status validate(const struct eagre_pipeline *pipeline,
                                  struct eagre_error *error) {
  for (uint32_t i = 0; i < pipeline->flow_count; i++) {
    const struct eagre_flow *flow = &pipeline->flows[i];
    for (uint32_t j = 0; j < flow->source_count; j++) {
      EAGRE_TRY(eagre_source_validate(flow->sources[j], error));
    }
    for (uint32_t j = 0; j < flow->static_source_count; j++) {
      EAGRE_TRY(eagre_source_validate(flow->static_sources[j], error));
    }
    EAGRE_TRY(eagre_sink_validate(flow->sink, flow->query.root->output, flow->mode, error));
  }
  for (uint32_t i = 0; i < pipeline->query_count; i++) {
    for (uint32_t j = 0; j < pipeline->queries[i].source_count; j++) {
      EAGRE_TRY(eagre_source_validate(pipeline->queries[i].sources[j], error));
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_runtime_validate(const struct eagre_pipeline *pipeline,
                                         struct eagre_error *error) {
  enum eagre_status status = validate(pipeline, error);
  if (status != EAGRE_OK) eagre_pipeline_place(pipeline, error);
  return status;
}

enum eagre_status eagre_runtime_new(struct eagre_pipeline *pipeline,
                                    const struct eagre_runtime_options *options,
                                    struct eagre_runtime **out_runtime, struct eagre_error *error) {
  EAGRE_TRY(check_flow_names(pipeline, options, error));
  EAGRE_TRY(eagre_runtime_validate(pipeline, error));
  struct eagre_runtime *runtime = eagre_allocate_zeroed(1, sizeof *runtime);
  runtime->pipeline = pipeline;
  runtime->options = *options;
  pthread_mutex_init(&runtime->output_mutex, NULL);
  enum eagre_status status = choose_cores(runtime, error);
  if (status == EAGRE_OK) {
    make_flows(runtime);
    status = check_assumed(runtime, error);
  }
  if (status != EAGRE_OK) {
    eagre_runtime_free(runtime);
    return status;
  }
  *out_runtime = runtime;
  return EAGRE_OK;
}

/* ---- Running --------------------------------------------------------------------------------- */

static enum eagre_status start_cores(struct eagre_runtime *runtime, struct eagre_error *error) {
  for (uint32_t i = 0; i < runtime->core_count; i++) {
    enum eagre_status status = eagre_runtime_core_start(&runtime->cores[i], error);
    if (status == EAGRE_OK) continue;
    while (i > 0) {
      eagre_runtime_core_stop(&runtime->cores[--i]);
    }
    return status;
  }
  return EAGRE_OK;
}

static void start_flow(struct runtime_flow *flow) {
  int failure = pthread_create(&flow->thread, NULL, eagre_runtime_flow_main, flow);
  flow->has_thread = failure == 0;
  if (flow->has_thread) return;
  flow->status = eagre_error_system(&flow->error, EAGRE_IO, "THREAD_START_FAILED", failure,
                                    "cannot start the control thread");
}

static enum eagre_status worst_flow(const struct eagre_runtime *runtime,
                                    struct eagre_text *out_failed_flow, struct eagre_error *error) {
  const struct runtime_flow *worst = NULL;
  for (uint32_t i = 0; i < runtime->flow_count; i++) {
    const struct runtime_flow *flow = &runtime->flows[i];
    if (flow->status == EAGRE_OK) continue;
    if (worst == NULL || eagre_status_exit(flow->status) > eagre_status_exit(worst->status)) {
      worst = flow;
    }
  }
  if (worst == NULL) return EAGRE_OK;
  if (error != NULL) *error = worst->error;
  eagre_pipeline_place(runtime->pipeline, error);
  if (out_failed_flow != NULL) *out_failed_flow = worst->plan->name;
  return worst->status;
}

enum eagre_status eagre_runtime_run(struct eagre_runtime *runtime,
                                    struct eagre_text *out_failed_flow, struct eagre_error *error) {
  EAGRE_TRY(start_cores(runtime, error));
  for (uint32_t i = 0; i < runtime->flow_count; i++) {
    start_flow(&runtime->flows[i]);
  }
  for (uint32_t i = 0; i < runtime->flow_count; i++) {
    if (runtime->flows[i].has_thread) pthread_join(runtime->flows[i].thread, NULL);
  }
  for (uint32_t i = 0; i < runtime->core_count; i++) {
    eagre_runtime_core_stop(&runtime->cores[i]);
  }
  return worst_flow(runtime, out_failed_flow, error);
}

bool eagre_runtime_has_looked(const struct eagre_runtime *runtime) {
  for (uint32_t i = 0; i < runtime->flow_count; i++) {
    if (!atomic_load(&runtime->flows[i].has_looked)) return false;
  }
  return true;
}

const struct eagre_flow_metrics *eagre_runtime_metrics(const struct eagre_runtime *runtime,
                                                       uint32_t *out_flow_count) {
  *out_flow_count = runtime->flow_count;
  return runtime->metrics;
}

/* ---- Stopping -------------------------------------------------------------------------------- */

bool eagre_runtime_must_stop(const struct eagre_runtime *runtime) {
  return atomic_load(&runtime->stop_requests) > 0;
}

bool eagre_runtime_must_abandon(const struct eagre_runtime *runtime) {
  int requests = atomic_load(&runtime->stop_requests);
  if (requests == 0) return false;
  if (requests > 1) return true;
  int64_t waited_us = eagre_clock_wall_us() - atomic_load(&runtime->stop_requested_us);
  return waited_us > runtime->options.stop_timeout_us;
}

void eagre_runtime_stop(struct eagre_runtime *runtime) {
  if (atomic_load(&runtime->stop_requests) == 0) {
    atomic_store(&runtime->stop_requested_us, eagre_clock_wall_us());
  }
  atomic_fetch_add(&runtime->stop_requests, 1);
  for (uint32_t i = 0; i < runtime->flow_count; i++) {
    struct eagre_io *io = atomic_load(&runtime->flows[i].wake_io);
    if (io != NULL) eagre_io_wake(io);
  }
}

void eagre_runtime_free(struct eagre_runtime *runtime) {
  if (runtime == NULL) return;
  for (uint32_t i = 0; i < runtime->flow_count; i++) {
    struct runtime_flow *flow = &runtime->flows[i];
    for (uint32_t j = 0; j < runtime->core_count; j++) {
      eagre_ring_free(flow->tasks[j].commands);
      eagre_ring_free(flow->tasks[j].answers);
      if (flow->tasks[j].role != RUNTIME_READER) continue;
      eagre_batch_pool_done(&flow->tasks[j].pool);
      eagre_ring_free(flow->tasks[j].pool.returned);
      eagre_ring_free(flow->tasks[j].batches);
    }
    eagre_free(flow->tasks);
    eagre_free(flow->metrics->expectations);
    eagre_io_close(flow->io); /* not earlier: `eagre_runtime_stop` may wake it until now */
  }
  for (uint32_t i = 0; i < runtime->core_count; i++) {
    eagre_free(runtime->cores[i].tasks);
  }
  eagre_free(runtime->flows);
  eagre_free(runtime->metrics);
  eagre_free(runtime->cores);
  pthread_mutex_destroy(&runtime->output_mutex);
  eagre_free(runtime);
}
