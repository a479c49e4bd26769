/* Inside of the room `runtime`: one task's records that failed, on their way to the flow's sink for
 * them. All zero: nothing yet. */
#pragma once

#include "column/column.h"
#include "sink/sink.h"

struct runtime_dead {
  struct eagre_sink_writer *writer; /* NULL: the flow has no such sink */
  const struct eagre_type *columns; /* plan_dead.c */
  struct eagre_batch *batch;        /* being filled; NULL before the first one */
  int64_t epoch;
  uint64_t row_count; /* of the epoch */
};

void eagre_runtime_dead_begin(struct runtime_dead *dead, int64_t epoch);
/* An eagre_dead_row_fn; `dead` is a struct runtime_dead. */
enum eagre_status eagre_runtime_dead_take(void *dead, const struct eagre_batch *batch, uint32_t row,
                                          const struct eagre_error *failure,
                                          struct eagre_error *error);
/* Writes what waits. */
enum eagre_status eagre_runtime_dead_flush(struct runtime_dead *dead, struct eagre_error *error);
void eagre_runtime_dead_done(struct runtime_dead *dead);
