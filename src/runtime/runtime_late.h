/* Inside of the room `runtime`: one task's late rows, on their way to the flow's sink for them. */
#pragma once

#include "operator/operator.h"
#include "sink/sink.h"

struct runtime_late {
  struct eagre_sink_writer *writer; /* NULL: the flow has no such sink */
  const struct eagre_type *columns; /* plan_late.c */
  int64_t epoch;
  uint64_t row_count; /* of the epoch */
};

void eagre_runtime_late_begin(struct runtime_late *late, int64_t epoch);
/* An eagre_late_rows_fn; `late` is a struct runtime_late. */
enum eagre_status eagre_runtime_late_take(void *late, const struct eagre_late_rows *rows,
                                          struct eagre_error *error);
