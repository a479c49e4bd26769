/* Progress objects in Spark's shape (spark-semantics 7). */
#include <math.h>
#include <string.h>

#include "epoch/epoch_flow.h"
#include "value/value.h"

static void print_timestamp(int64_t us, struct eagre_buffer *out) {
  struct eagre_zone *zone = NULL;
  char text[48];
  if (eagre_zone_open(EAGRE_TEXT("UTC"), &zone, NULL) != EAGRE_OK) return;
  size_t size = eagre_value_print_json_timestamp(us, zone, text);
  eagre_buffer_printf(out, "\"%.*s\"", (int)size, text);
  eagre_zone_close(zone);
}

/* Rounded to one decimal, half up, as Java prints a double. */
static void print_rate(double rate, struct eagre_buffer *out) {
  char text[32];
  size_t size = eagre_value_print_double(floor(rate * 10 + 0.5) / 10, text);
  eagre_buffer_append(out, text, size);
}

static void print_json_or_null(struct eagre_text text, struct eagre_buffer *out) {
  if (text.size == 0) {
    eagre_buffer_append_string(out, "null");
  } else {
    eagre_buffer_append_text(out, text);
  }
}

static void print_text_or_null(const char *member, struct eagre_text text,
                               struct eagre_buffer *out) {
  eagre_buffer_printf(out, "\"%s\":", member);
  if (text.size == 0) {
    eagre_buffer_append_string(out, "null");
  } else {
    eagre_buffer_append_json_string(out, text);
  }
}

struct rates {
  double input;
  double processed;
};

static struct rates rates_of(const struct eagre_epoch_progress *progress, uint64_t rows) {
  struct rates rates = {0, 0};
  int64_t previous = progress->previous_trigger_start_us;
  if (previous > 0 && progress->trigger_start_us > previous) {
    rates.input = (double)rows * 1e6 / (double)(progress->trigger_start_us - previous);
  }
  int64_t duration = progress->times.trigger_execution;
  rates.processed = (double)rows * 1e3 / (double)(duration < 1 ? 1 : duration);
  return rates;
}

static void print_rates(const struct eagre_epoch_progress *progress, uint64_t rows,
                        struct eagre_buffer *out) {
  struct rates rates = rates_of(progress, rows);
  eagre_buffer_printf(out,
                      "\"numInputRows\":%llu,\"inputRowsPerSecond\":", (unsigned long long)rows);
  print_rate(rates.input, out);
  eagre_buffer_append_string(out, ",\"processedRowsPerSecond\":");
  print_rate(rates.processed, out);
}

static void print_durations(const struct eagre_epoch_progress *progress, struct eagre_buffer *out) {
  const struct eagre_epoch_phase_times *times = &progress->times;
  if (!progress->has_run) {
    eagre_buffer_printf(out, "\"durationMs\":{\"latestOffset\":%lld,\"triggerExecution\":%lld}",
                        (long long)times->latest_offset, (long long)times->trigger_execution);
    return;
  }
  eagre_buffer_printf(out,
                      "\"durationMs\":{\"addBatch\":%lld,\"commitOffsets\":%lld,\"getBatch\":0,"
                      "\"latestOffset\":%lld,\"queryPlanning\":%lld,\"triggerExecution\":%lld,"
                      "\"walCommit\":%lld}",
                      (long long)times->add_batch, (long long)times->commit_offsets,
                      (long long)times->latest_offset, (long long)times->query_planning,
                      (long long)times->trigger_execution, (long long)times->wal_commit);
}

uint64_t eagre_epoch_input_rows(const struct eagre_epoch_counts *counts) {
  uint64_t rows = 0;
  for (uint32_t i = 0; i < counts->source_count; i++) {
    rows += counts->sources[i].rows;
  }
  return rows;
}

struct eagre_stateful_metrics eagre_epoch_sum_state(const struct eagre_epoch_counts *counts) {
  struct eagre_stateful_metrics sum = {0};
  for (uint32_t i = 0; i < counts->operator_count; i++) {
    const struct eagre_stateful_metrics *each = &counts->operators[i];
    sum.rows_total += each->rows_total;
    sum.rows_updated += each->rows_updated;
    sum.rows_removed += each->rows_removed;
    sum.rows_dropped_late += each->rows_dropped_late;
    sum.rows_duplicate += each->rows_duplicate;
    sum.memory_bytes += each->memory_bytes;
  }
  return sum;
}

/* Observations of all WATERMARK nodes together, as Spark merges them. */
static struct eagre_event_time merge_event_times(const struct eagre_epoch_counts *counts) {
  struct eagre_event_time all = {0};
  for (uint32_t i = 0; i < counts->watermark_count; i++) {
    const struct eagre_event_time *each = &counts->event_times[i];
    if (each->count == 0) continue;
    if (all.count == 0 || each->maximum_ms > all.maximum_ms) all.maximum_ms = each->maximum_ms;
    if (all.count == 0 || each->minimum_ms < all.minimum_ms) all.minimum_ms = each->minimum_ms;
    all.count += each->count;
    all.sum_ms += each->sum_ms;
    all.future_count += each->future_count;
  }
  return all;
}

static void print_event_time(const struct eagre_epoch_progress *progress,
                             const struct eagre_flow *flow, struct eagre_buffer *out) {
  if (flow->watermark_count == 0) return;
  struct eagre_event_time seen = merge_event_times(progress->counts);
  eagre_buffer_append_string(out, ",\"eventTime\":{");
  if (progress->has_run && seen.count > 0) {
    eagre_buffer_append_string(out, "\"avg\":");
    print_timestamp((int64_t)(seen.sum_ms / (double)seen.count) * 1000, out);
    eagre_buffer_append_string(out, ",\"max\":");
    print_timestamp(seen.maximum_ms * 1000, out);
    eagre_buffer_append_string(out, ",\"min\":");
    print_timestamp(seen.minimum_ms * 1000, out);
    eagre_buffer_append_char(out, ',');
    if (seen.future_count > 0)
      eagre_buffer_printf(out, "\"rowsBeyondMaxFuture\":\"%llu\",",
                          (unsigned long long)seen.future_count);
  }
  eagre_buffer_append_string(out, "\"watermark\":");
  print_timestamp(progress->watermark_ms * 1000, out);
  eagre_buffer_append_char(out, '}');
}

/* As Spark calls it. */
static const char *operator_name(const struct eagre_plan_node *node) {
  if (node->kind == EAGRE_PLAN_JOIN) return "symmetricHashJoin";
  if (node->kind == EAGRE_PLAN_DEDUPLICATE)
    return node->is_within_watermark ? "dedupeWithinWatermark" : "dedupe";
  if (node->kind == EAGRE_PLAN_TOP) return "topRows";
  return node->session_key >= 0 ? "sessionWindowStateStoreSaveExec" : "stateStoreSave";
}

static void print_operator(const struct eagre_plan_node *node,
                           const struct eagre_stateful_metrics *state, uint32_t partition_count,
                           struct eagre_buffer *out) {
  bool is_join = node->kind == EAGRE_PLAN_JOIN;
  eagre_buffer_printf(
      out,
      "{\"operatorName\":\"%s\",\"numRowsTotal\":%llu,\"numRowsUpdated\":%llu,"
      "\"allUpdatesTimeMs\":0,\"numRowsRemoved\":%llu,\"allRemovalsTimeMs\":0,"
      "\"commitTimeMs\":0,\"memoryUsedBytes\":%llu,\"numRowsDroppedByWatermark\":%llu,"
      "\"numShufflePartitions\":%u,\"numStateStoreInstances\":%u,\"customMetrics\":{",
      operator_name(node), (unsigned long long)state->rows_total,
      (unsigned long long)state->rows_updated, (unsigned long long)state->rows_removed,
      (unsigned long long)state->memory_bytes, (unsigned long long)state->rows_dropped_late,
      partition_count, is_join ? partition_count * 4 : partition_count);
  if (node->kind == EAGRE_PLAN_DEDUPLICATE)
    eagre_buffer_printf(out, "\"numDroppedDuplicateRows\":%llu",
                        (unsigned long long)state->rows_duplicate);
  eagre_buffer_append_string(out, "}}");
}

/* Spark lists the last operator of the data first. */
static void print_state(const struct eagre_epoch_progress *progress, const struct eagre_flow *flow,
                        struct eagre_buffer *out) {
  eagre_buffer_append_string(out, ",\"stateOperators\":[");
  for (uint32_t i = flow->query.stateful_count; i-- > 0;) {
    print_operator(flow->query.stateful[i], &progress->counts->operators[i],
                   flow->state_partition_count, out);
    if (i > 0) eagre_buffer_append_char(out, ',');
  }
  eagre_buffer_append_char(out, ']');
}

static void print_source(const struct eagre_epoch_progress *progress,
                         const struct eagre_epoch_names *names, uint32_t index,
                         struct eagre_buffer *out) {
  const char *description = eagre_source_description(names->sources[index]);
  eagre_buffer_append_string(out, "{\"description\":");
  eagre_buffer_append_json_string(out, eagre_text_of(description));
  eagre_buffer_append_string(out, ",\"startOffset\":");
  print_json_or_null(progress->start_offsets[index], out);
  eagre_buffer_append_string(out, ",\"endOffset\":");
  print_json_or_null(progress->end_offsets[index], out);
  eagre_buffer_append_string(out, ",\"latestOffset\":");
  print_json_or_null(progress->latest_offsets[index], out);
  eagre_buffer_append_char(out, ',');
  print_rates(progress, progress->counts->sources[index].rows, out);
  if (progress->source_metrics != NULL && progress->source_metrics[index].size > 0) {
    eagre_buffer_append_string(out, ",\"metrics\":{");
    eagre_buffer_append_text(out, progress->source_metrics[index]);
    eagre_buffer_append_char(out, '}');
  }
  eagre_buffer_append_char(out, '}');
}

static void print_sides(const struct eagre_epoch_counts *counts, const struct eagre_plan_sink *sink,
                        struct eagre_buffer *out) {
  const struct {
    const char *name;
    uint64_t count;
  } sides[EAGRE_SIDE_count] = {
      [EAGRE_SIDE_DEAD_LETTERS] = {"deadLetters", counts->dead_rows},
      [EAGRE_SIDE_LATE_ROWS] = {"lateRows", counts->late_rows},
  };
  const char *separator = ",\"metrics\":{";
  for (uint32_t i = 0; i < EAGRE_SIDE_count; i++) {
    if (sink->sides[i] == NULL) continue;
    eagre_buffer_printf(out, "%s\"%s\":\"%llu\"", separator, sides[i].name,
                        (unsigned long long)sides[i].count);
    separator = ",";
  }
  if (separator[1] == '\0') eagre_buffer_append_char(out, '}');
}

/* Spark has no expectations: the names are those of Databricks, the place is that of `observe`. */
static void print_expectations(const struct eagre_epoch_progress *progress,
                               const struct eagre_flow *flow, struct eagre_buffer *out) {
  const struct eagre_plan_node *expect = eagre_flow_expect(flow);
  if (expect == NULL || !progress->has_run) return;
  eagre_buffer_append_string(out, ",\"observedMetrics\":{");
  for (uint32_t i = 0; i < expect->expectation_count; i++) {
    const struct eagre_expectation_count *count = &progress->counts->expectations[i];
    if (i > 0) eagre_buffer_append_char(out, ',');
    eagre_buffer_append_json_string(out, expect->expectations[i].name);
    eagre_buffer_printf(out, ":{\"passed_records\":%llu,\"failed_records\":%llu}",
                        (unsigned long long)count->passed, (unsigned long long)count->failed);
  }
  eagre_buffer_append_char(out, '}');
}

void eagre_epoch_print_progress(const struct eagre_epoch_progress *progress,
                                const struct eagre_epoch_names *names, struct eagre_buffer *out) {
  uint64_t rows = 0;
  for (uint32_t i = 0; i < names->flow->source_count; i++) {
    rows += progress->counts->sources[i].rows;
  }
  eagre_buffer_printf(out, "{\"id\":\"%s\",\"runId\":\"%s\",", names->id, names->run_id);
  print_text_or_null("name", names->name, out);
  eagre_buffer_append_string(out, ",\"timestamp\":");
  print_timestamp(progress->trigger_start_us, out);
  eagre_buffer_printf(out, ",\"batchId\":%lld,\"batchDuration\":%lld,", (long long)progress->epoch,
                      (long long)progress->times.trigger_execution);
  print_rates(progress, rows, out);
  eagre_buffer_append_char(out, ',');
  print_durations(progress, out);
  print_event_time(progress, names->flow, out);
  print_state(progress, names->flow, out);
  eagre_buffer_append_string(out, ",\"sources\":[");
  for (uint32_t i = 0; i < names->flow->source_count; i++) {
    if (i > 0) eagre_buffer_append_char(out, ',');
    print_source(progress, names, i, out);
  }
  eagre_buffer_append_string(out, "],\"sink\":{\"description\":");
  eagre_buffer_append_json_string(out, eagre_text_of(eagre_sink_description(names->sink)));
  eagre_buffer_printf(out, ",\"numOutputRows\":%lld",
                      progress->has_run ? (long long)progress->counts->output_rows : -1LL);
  if (progress->has_run) print_sides(progress->counts, names->flow->sink, out);
  eagre_buffer_append_char(out, '}');
  print_expectations(progress, names->flow, out);
  if (names->more.size > 0)
    eagre_buffer_printf(out, ",\"eagre\":{%.*s}", (int)names->more.size, names->more.data);
  eagre_buffer_append_char(out, '}');
}
