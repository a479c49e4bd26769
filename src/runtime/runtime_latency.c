/* How long records take to their results. */
#include "runtime/runtime_latency.h"

#include "io/io.h"

struct runtime_latency *eagre_runtime_latency_new(void) {
  struct runtime_latency *latency = eagre_allocate(sizeof *latency);
  eagre_runtime_latency_reset(latency);
  return latency;
}

void eagre_runtime_latency_reset(struct runtime_latency *latency) {
  eagre_histogram_init(&latency->record);
  eagre_histogram_init(&latency->engine);
  latency->waiting_count = 0;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static int64_t older(int64_t left, int64_t right) {
  return left < right ? left : right;
}

/* Neighbours become one, as old as the older: what waits long stays bounded. */
static void halve(struct runtime_latency *latency) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i + 1 < latency->waiting_count; i += 2) {
    const struct runtime_latency_rows *left = &latency->waiting[i];
    const struct runtime_latency_rows *right = &latency->waiting[i + 1];
    latency->waiting[kept++] = (struct runtime_latency_rows){
        older(left->written_ms, right->written_ms), older(left->read_us, right->read_us),
        left->count + right->count};
  }
  latency->waiting_count = kept;
}

static void add_waiting(struct runtime_latency *latency, const struct runtime_latency_rows *rows) {
  if (latency->waiting_count == RUNTIME_LATENCY_WAITING_MAX) halve(latency);
  latency->waiting[latency->waiting_count++] = *rows;
}

void eagre_runtime_latency_wait(struct runtime_latency *latency, const struct eagre_origin *origin,
                                uint32_t row_count) {
  const struct runtime_latency_rows rows = {origin->written_ms, origin->read_us, row_count};
  if (row_count > 0) add_waiting(latency, &rows);
}

/* ---- Results --------------------------------------------------------------------------------- */

/* Clocks of two machines differ: what seems to come from the future took no time. */
static uint64_t since(int64_t begin_us, int64_t now_us) {
  return now_us > begin_us ? (uint64_t)(now_us - begin_us) : 0;
}

void eagre_runtime_latency_release(struct runtime_latency *latency) {
  if (latency->waiting_count == 0) return;
  int64_t wall_us = eagre_clock_wall_us();
  int64_t monotonic_us = (int64_t)(eagre_clock_monotonic_ns() / 1000);
  for (uint32_t i = 0; i < latency->waiting_count; i++) {
    const struct runtime_latency_rows *rows = &latency->waiting[i];
    eagre_histogram_add(&latency->engine, since(rows->read_us, monotonic_us), rows->count);
    if (rows->written_ms > 0) {
      eagre_histogram_add(&latency->record, since(rows->written_ms * 1000, wall_us), rows->count);
    }
  }
  latency->waiting_count = 0;
}

void eagre_runtime_latency_move(struct runtime_latency *into, struct runtime_latency *from) {
  if (from->engine.count > 0) {
    eagre_histogram_merge(&into->record, &from->record);
    eagre_histogram_merge(&into->engine, &from->engine);
  }
  for (uint32_t i = 0; i < from->waiting_count; i++) {
    add_waiting(into, &from->waiting[i]);
  }
  eagre_runtime_latency_reset(from);
}

/* ---- Printing -------------------------------------------------------------------------------- */

static double to_ms(uint64_t us) {
  return (double)us / 1000;
}

static void print_histogram(const char *name, const struct eagre_histogram *histogram,
                            struct eagre_buffer *out) {
  eagre_buffer_printf(out, "\"%s\":", name);
  if (histogram->count == 0) {
    eagre_buffer_append_string(out, "null");
    return;
  }
  eagre_buffer_printf(
      out, "{\"count\":%llu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}",
      (unsigned long long)histogram->count, to_ms(eagre_histogram_percentile(histogram, 0.5)),
      to_ms(eagre_histogram_percentile(histogram, 0.99)), to_ms(histogram->maximum));
}

void eagre_runtime_latency_print(const struct runtime_latency *latency, struct eagre_buffer *out) {
  eagre_buffer_append_string(out, "\"latencyMs\":{");
  print_histogram("record", &latency->record, out);
  eagre_buffer_append_char(out, ',');
  print_histogram("engine", &latency->engine, out);
  eagre_buffer_append_char(out, '}');
}
