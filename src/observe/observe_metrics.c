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

void eagre_metrics_print(const struct eagre_flow_metrics *flows, uint32_t flow_count,
                         struct eagre_buffer *out) {
  for (uint32_t metric = 0; metric < EAGRE_METRIC_count; metric++) {
    const struct eagre_metric_info *info = &metric_rows[metric].info;
    eagre_buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", info->name, info->text, info->name,
                        info->type);
    for (uint32_t i = 0; i < flow_count; i++) {
      if (metric_rows[metric].kept == KEPT_ROWS) {
        print_expectations(&flows[i], (enum eagre_metric)metric, out);
      } else {
        print_value(&flows[i], (enum eagre_metric)metric, out);
      }
    }
  }
}

bool eagre_metric_at(uint32_t index, struct eagre_metric_info *out) {
  if (index >= EAGRE_METRIC_count) return false;
  *out = metric_rows[index].info;
  return true;
}
