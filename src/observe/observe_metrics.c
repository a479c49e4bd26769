/* Recording and printing of flow metrics. */
#include "observe/observe.h"

enum metric_kept { KEPT_SUM, KEPT_LAST, KEPT_ROWS };

static const struct metric_row {
  struct eagre_metric_info info;
  enum metric_kept kept;
} metric_rows[EAGRE_METRIC_count] = {
#define EAGRE_METRIC(name, exposed, type, kept, text)                                              \
  [EAGRE_METRIC_##name] = {{exposed, type, text}, KEPT_##kept},
#include "observe/observe_metrics.def"
#undef EAGRE_METRIC
};

void eagre_metrics_record(struct eagre_flow_metrics *metrics, enum eagre_metric metric,
                          int64_t value) {
  eagre_assert(metric_rows[metric].kept != KEPT_ROWS);
  if (metric_rows[metric].kept == KEPT_SUM) {
    atomic_fetch_add_explicit(&metrics->values[metric], value, memory_order_relaxed);
  } else {
    atomic_store_explicit(&metrics->values[metric], value, memory_order_relaxed);
  }
}

void eagre_metrics_record_expectation(struct eagre_flow_metrics *metrics, uint32_t index,
                                      int64_t passed, int64_t failed) {
  eagre_assert(index < metrics->expectation_count);
  struct eagre_expectation_metrics *each = &metrics->expectations[index];
  atomic_fetch_add_explicit(&each->passed, passed, memory_order_relaxed);
  atomic_fetch_add_explicit(&each->failed, failed, memory_order_relaxed);
}

static bool is_time(enum eagre_metric metric) {
  return metric == EAGRE_METRIC_EPOCH_DURATION || metric == EAGRE_METRIC_WATERMARK;
}

/* Label values: backslash, quote and newline are escaped. */
static void print_label(struct eagre_text text, struct eagre_buffer *out) {
  for (size_t i = 0; i < text.size; i++) {
    char character = text.data[i];
    if (character == '\\' || character == '"') eagre_buffer_append_char(out, '\\');
    if (character == '\n') {
      eagre_buffer_append_string(out, "\\n");
    } else {
      eagre_buffer_append_char(out, character);
    }
  }
}

static void print_value(const struct eagre_flow_metrics *flow, enum eagre_metric metric,
                        struct eagre_buffer *out) {
  int64_t value = atomic_load_explicit(&flow->values[metric], memory_order_relaxed);
  eagre_buffer_printf(out, "%s{flow=\"", metric_rows[metric].info.name);
  print_label(flow->flow, out);
  if (is_time(metric)) {
    long long seconds = value / 1000;
    long long milliseconds = value % 1000;
    eagre_buffer_printf(out, "\"} %s%lld.%03lld\n", value < 0 ? "-" : "",
                        seconds < 0 ? -seconds : seconds,
                        milliseconds < 0 ? -milliseconds : milliseconds);
  } else {
    eagre_buffer_printf(out, "\"} %lld\n", (long long)value);
  }
}

static void print_expectations(const struct eagre_flow_metrics *flow, enum eagre_metric metric,
                               struct eagre_buffer *out) {
  for (uint32_t i = 0; i < flow->expectation_count; i++) {
    struct eagre_expectation_metrics *each = &flow->expectations[i];
    _Atomic int64_t *value =
        metric == EAGRE_METRIC_EXPECTATION_PASSED ? &each->passed : &each->failed;
    eagre_buffer_printf(out, "%s{flow=\"", metric_rows[metric].info.name);
    print_label(flow->flow, out);
    eagre_buffer_append_string(out, "\",expectation=\"");
    print_label(each->name, out);
    eagre_buffer_printf(out, "\"} %lld\n",
                        (long long)atomic_load_explicit(value, memory_order_relaxed));
  }
}

/* ---- Times ----------------------------------------------------------------------------------- */

static const struct time_row {
  struct eagre_metric_info info;
  const char *phase;
} time_rows[EAGRE_TIME_METRIC_count] = {
#define EAGRE_TIME_METRIC(name, exposed, phase, text)                                              \
  [EAGRE_TIME_METRIC_##name] = {{exposed, "histogram", text}, phase},
#include "observe/observe_times.def"
#undef EAGRE_TIME_METRIC
};

static const uint64_t bounds_us[EAGRE_TIME_BOUND_COUNT] = {
    500,    1000,   2000,    5000,    10000,   20000,    50000,    100000,
    200000, 500000, 1000000, 2000000, 5000000, 10000000, 30000000, 60000000};

void eagre_metrics_record_time(struct eagre_flow_metrics *metrics, enum eagre_time_metric metric,
                               int64_t us) {
  struct eagre_time_metrics *times = &metrics->times[metric];
  uint32_t at = 0;
  while (at < EAGRE_TIME_BOUND_COUNT && us > (int64_t)bounds_us[at]) {
    at++;
  }
  atomic_fetch_add_explicit(&times->counts[at], 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&times->sum_us, us, memory_order_relaxed);
}

void eagre_metrics_record_times(struct eagre_flow_metrics *metrics, enum eagre_time_metric metric,
                                const struct eagre_histogram *times_us) {
  struct eagre_time_metrics *times = &metrics->times[metric];
  uint64_t counts[EAGRE_TIME_BOUND_COUNT + 1];
  eagre_histogram_split(times_us, bounds_us, EAGRE_TIME_BOUND_COUNT, counts);
  for (uint32_t i = 0; i <= EAGRE_TIME_BOUND_COUNT; i++) {
    atomic_fetch_add_explicit(&times->counts[i], (int64_t)counts[i], memory_order_relaxed);
  }
  atomic_fetch_add_explicit(&times->sum_us, (int64_t)times_us->sum, memory_order_relaxed);
}

static void print_time_name(const struct eagre_flow_metrics *flow, enum eagre_time_metric metric,
                            const char *suffix, struct eagre_buffer *out) {
  const struct time_row *row = &time_rows[metric];
  eagre_buffer_printf(out, "%s_%s{flow=\"", row->info.name, suffix);
  print_label(flow->flow, out);
  eagre_buffer_append_char(out, '"');
  if (row->phase[0] != '\0') eagre_buffer_printf(out, ",phase=\"%s\"", row->phase);
}

/* Prometheus counts from the first bucket on. */
static void print_times(const struct eagre_flow_metrics *flow, enum eagre_time_metric metric,
                        struct eagre_buffer *out) {
  const struct eagre_time_metrics *times = &flow->times[metric];
  long long count = 0;
  for (uint32_t i = 0; i <= EAGRE_TIME_BOUND_COUNT; i++) {
    count += atomic_load_explicit(&times->counts[i], memory_order_relaxed);
    print_time_name(flow, metric, "bucket", out);
    if (i < EAGRE_TIME_BOUND_COUNT) {
      eagre_buffer_printf(out, ",le=\"%g\"} %lld\n", (double)bounds_us[i] / 1e6, count);
    } else {
      eagre_buffer_printf(out, ",le=\"+Inf\"} %lld\n", count);
    }
  }
  int64_t sum_us = atomic_load_explicit(&times->sum_us, memory_order_relaxed);
  print_time_name(flow, metric, "sum", out);
  eagre_buffer_printf(out, "} %lld.%06lld\n", (long long)(sum_us / 1000000),
                      (long long)(sum_us % 1000000));
  print_time_name(flow, metric, "count", out);
  eagre_buffer_printf(out, "} %lld\n", count);
}

static void print_head(const struct eagre_metric_info *info, struct eagre_buffer *out) {
  eagre_buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", info->name, info->text, info->name,
                      info->type);
}

/* ---- All ------------------------------------------------------------------------------------- */

/* Rows without a meaning go on with the metric of the row before. */
static bool begins_metric(const struct time_row *row) {
  return row->info.text[0] != '\0';
}

void eagre_metrics_print(const struct eagre_flow_metrics *flows, uint32_t flow_count,
                         struct eagre_buffer *out) {
  for (uint32_t metric = 0; metric < EAGRE_METRIC_count; metric++) {
    print_head(&metric_rows[metric].info, out);
    for (uint32_t i = 0; i < flow_count; i++) {
      if (metric_rows[metric].kept == KEPT_ROWS) {
        print_expectations(&flows[i], (enum eagre_metric)metric, out);
      } else {
        print_value(&flows[i], (enum eagre_metric)metric, out);
      }
    }
  }
  for (uint32_t metric = 0; metric < EAGRE_TIME_METRIC_count; metric++) {
    if (begins_metric(&time_rows[metric])) print_head(&time_rows[metric].info, out);
    for (uint32_t i = 0; i < flow_count; i++) {
      print_times(&flows[i], (enum eagre_time_metric)metric, out);
    }
  }
}

bool eagre_metric_at(uint32_t index, struct eagre_metric_info *out) {
  if (index < EAGRE_METRIC_count) {
    *out = metric_rows[index].info;
    return true;
  }
  index -= EAGRE_METRIC_count;
  for (uint32_t i = 0; i < EAGRE_TIME_METRIC_count; i++) {
    if (!begins_metric(&time_rows[i])) continue;
    *out = time_rows[i].info;
    if (index-- == 0) return true;
  }
  return false;
}
