/* Door of the room `observe`: metrics of running flows.
 *
 * A flow's control thread writes its block after each epoch; anybody reads at any time. Each
 * value is an atomic of
 * its own, with relaxed order: a reader may see one value of an epoch and not yet another, never
 * a torn one.
 * Values are kept as integers (milliseconds for times); the exposition scales them. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/base.h"

enum eagre_metric {
#define EAGRE_METRIC(name, exposed, type, kept, text) EAGRE_METRIC_##name,
#include "observe/observe_metrics.def"
#undef EAGRE_METRIC
  EAGRE_METRIC_count
};

/* Times are kept in buckets: (0, 0.5 ms], (0.5 ms, 1 ms], ..., and what is above the last bound. */
enum eagre_time_metric {
#define EAGRE_TIME_METRIC(name, exposed, phase, text) EAGRE_TIME_METRIC_##name,
#include "observe/observe_times.def"
#undef EAGRE_TIME_METRIC
  EAGRE_TIME_METRIC_count
};
enum { EAGRE_TIME_BOUND_COUNT = 16 };
struct eagre_time_metrics {
  _Atomic int64_t counts[EAGRE_TIME_BOUND_COUNT + 1];
  _Atomic int64_t sum_us;
};

/* Rows held against one expectation of a flow's table. */
struct eagre_expectation_metrics {
  struct eagre_text name; /* borrowed */
  _Atomic int64_t passed;
  _Atomic int64_t failed;
};

struct eagre_flow_metrics {
  struct eagre_text flow;                         /* borrowed */
  struct eagre_expectation_metrics *expectations; /* the caller's */
  uint32_t expectation_count;
  _Atomic int64_t values[EAGRE_METRIC_count];
  struct eagre_time_metrics times[EAGRE_TIME_METRIC_count];
};

/* Adds to a SUM row, or replaces a LAST row; not for ROWS. Control thread of the flow. */
void eagre_metrics_record(struct eagre_flow_metrics *metrics, enum eagre_metric metric,
                          int64_t value);
/* Adds rows to an expectation. Control thread of the flow. */
void eagre_metrics_record_expectation(struct eagre_flow_metrics *metrics, uint32_t index,
                                      int64_t passed, int64_t failed);
/* Adds one time, or all of a histogram of microseconds. Control thread of the flow. */
void eagre_metrics_record_time(struct eagre_flow_metrics *metrics, enum eagre_time_metric metric,
                               int64_t us);
void eagre_metrics_record_times(struct eagre_flow_metrics *metrics, enum eagre_time_metric metric,
                                const struct eagre_histogram *times_us);
/* All metrics of all flows as Prometheus text (version 0.0.4). Any thread. */
void eagre_metrics_print(const struct eagre_flow_metrics *flows, uint32_t flow_count,
                         struct eagre_buffer *out);

/* One row of the tables, for docs/reference/metrics.md; false past the last. */
struct eagre_metric_info {
  const char *name;
  const char *type;
  const char *text;
};
bool eagre_metric_at(uint32_t index, struct eagre_metric_info *out);
