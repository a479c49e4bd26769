/* Running a pipeline: checks and translation. */
#include <eagre/eagre.h>

#include "base/base.h"
#include "observe/observe.h"
#include "runtime/runtime.h"
#include "serve/serve.h"

static const int64_t STARTUP_TIMEOUT_US = 30000000;
static const int64_t STOP_TIMEOUT_US = 10000000;

struct eagre_engine {
  struct eagre_runtime *runtime;
  struct eagre_server *server;
  eagre_report_fn *on_report;
  void *report_context;
  eagre_write_fn *console;
  void *console_context;
  struct eagre_text *flow_names;
};

/* One is cast to the other. */
_Static_assert((int)EAGRE_PLACEMENT_AUTO == (int)EAGRE_RUNTIME_AUTO, "placements are one");
_Static_assert((int)EAGRE_PLACEMENT_FUSED == (int)EAGRE_RUNTIME_FUSED, "placements are one");
_Static_assert((int)EAGRE_PLACEMENT_SPLIT == (int)EAGRE_RUNTIME_SPLIT, "placements are one");

static int64_t percentile_of(const struct eagre_runtime_report *report, double fraction) {
  bool has_some = report->progress->has_run && report->latency_us->count > 0;
  return has_some ? (int64_t)eagre_histogram_percentile(report->latency_us, fraction) : -1;
}

static void forward_report(void *context, const struct eagre_runtime_report *report) {
  struct eagre_engine *engine = context;
  const struct eagre_epoch_progress *progress = report->progress;
  const eagre_report each = {
      .flow = report->flow.data,
      .flow_size = report->flow.size,
      .epoch = progress->epoch,
      .has_run = progress->has_run,
      .input_rows = eagre_epoch_input_rows(progress->counts),
      .output_rows = progress->counts->output_rows,
      .late_rows = eagre_epoch_sum_state(progress->counts).rows_dropped_late,
      .duration_ms = progress->times.trigger_execution,
      .watermark_ms = progress->watermark_ms,
      .latency_p50_us = percentile_of(report, 0.5),
      .latency_p99_us = percentile_of(report, 0.99),
      .json = report->json.data,
      .json_size = report->json.size,
  };
  engine->on_report(engine->report_context, &each);
}

static void forward_console(void *context, struct eagre_text text) {
  struct eagre_engine *engine = context;
  if (engine->console != NULL) engine->console(engine->console_context, text.data, text.size);
}

static void print_metrics(void *context, struct eagre_buffer *out) {
  const struct eagre_engine *engine = context;
  uint32_t count = 0;
  const struct eagre_flow_metrics *flows = eagre_runtime_metrics(engine->runtime, &count);
  eagre_metrics_print(flows, count, out);
}

enum eagre_status eagre_engine_open(eagre_pipeline *pipeline, const eagre_engine_options *options,
                                    eagre_engine **out_engine, eagre_error *error) {
  eagre_assert(options->size == sizeof *options);
  struct eagre_engine *engine = eagre_allocate_zeroed(1, sizeof *engine);
  engine->on_report = options->on_report;
  engine->report_context = options->report_context;
  engine->console = options->console;
  engine->console_context = options->console_context;
  engine->flow_names = eagre_allocate_zeroed(options->flow_count + 1, sizeof *engine->flow_names);
  for (size_t i = 0; i < options->flow_count; i++) {
    engine->flow_names[i] = eagre_text_of(options->flows[i]);
  }
  int64_t startup_us = options->startup_timeout_ms * 1000;
  int64_t stop_us = options->stop_timeout_ms * 1000;
  const struct eagre_runtime_options runtime_options = {
      .cpus = options->cpu_count > 0 ? options->cpus : NULL,
      .core_count = options->cpu_count > 0 ? (uint32_t)options->cpu_count : options->core_count,
      .placement = (enum eagre_runtime_placement)options->placement,
      .take_over = options->take_over != 0,
      .has_assumed = options->has_assumed != 0,
      .assumed_epoch = options->assumed_epoch,
      .startup_timeout_us = startup_us > 0 ? startup_us : STARTUP_TIMEOUT_US,
      .stop_timeout_us = stop_us > 0 ? stop_us : STOP_TIMEOUT_US,
      .flow_names = engine->flow_names,
      .flow_name_count = (uint32_t)options->flow_count,
      .on_report = options->on_report == NULL ? NULL : forward_report,
      .report_context = engine,
      .print = forward_console,
      .print_context = engine,
  };
  enum eagre_status status = eagre_runtime_new(pipeline, &runtime_options, &engine->runtime, error);
  if (status == EAGRE_OK && options->metrics_address != NULL) {
    status =
        eagre_server_open(options->metrics_address, print_metrics, engine, &engine->server, error);
  }
  if (status != EAGRE_OK) {
    eagre_engine_close(engine);
    return status;
  }
  *out_engine = engine;
  return EAGRE_OK;
}

enum eagre_status eagre_engine_run(eagre_engine *engine, eagre_error *error) {
  return eagre_runtime_run(engine->runtime, NULL, error);
}

void eagre_engine_stop(eagre_engine *engine) {
  eagre_runtime_stop(engine->runtime);
}

void eagre_engine_close(eagre_engine *engine) {
  if (engine == NULL) return;
  eagre_server_close(engine->server);
  eagre_runtime_free(engine->runtime);
  eagre_free(engine->flow_names);
  eagre_free(engine);
}
