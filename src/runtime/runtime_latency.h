/* Inside of the room `runtime`: how long records take to their results.
 *
 * A batch counts as its first record, so that what is told is an upper bound and costs two looks at
 * a clock per batch. One object per task, touched by its core; at the end of an epoch, while cores
 * stand still, the control thread moves what they hold into the one of the flow. */
#pragma once

#include "base/base.h"
#include "column/column.h"

/* Rows whose results nobody sees yet. */
struct runtime_latency_rows {
  int64_t written_ms; /* <= 0: not known */
  int64_t read_us;    /* monotonic */
  uint64_t count;
};

enum { RUNTIME_LATENCY_WAITING_MAX = 256 };
struct runtime_latency {
  struct eagre_histogram record; /* microseconds: written to result */
  struct eagre_histogram engine; /* read to result */
  struct runtime_latency_rows waiting[RUNTIME_LATENCY_WAITING_MAX];
  uint32_t waiting_count;
};

struct runtime_latency *eagre_runtime_latency_new(void);
/* Forgets all. */
void eagre_runtime_latency_reset(struct runtime_latency *latency);
/* The rows of a batch wait from here on. */
void eagre_runtime_latency_wait(struct runtime_latency *latency, const struct eagre_origin *origin,
                                uint32_t row_count);
/* Results of all rows that wait are out now. */
void eagre_runtime_latency_release(struct runtime_latency *latency);
/* Adds what `from` holds to `into`; `from` is empty then. */
void eagre_runtime_latency_move(struct runtime_latency *into, struct runtime_latency *from);
/* Members of the object `eagre` of a progress object. */
void eagre_runtime_latency_print(const struct runtime_latency *latency, struct eagre_buffer *out);
