/* Inside of the console sink: what cores collect and the control thread prints.
 *
 * A core writes to its own `struct eagre_sink_console_core` only; the control thread reads them all
 * at commit, when no core is writing (the ring that brought the piece orders the two). */
#pragma once

#include "sink/sink_kind.h"

/* The rows of an attempt as one core has collected them. */
struct eagre_sink_console_core {
  struct eagre_buffer lines;      /* json: finished lines. table: the texts of all cells */
  struct eagre_buffer cell_sizes; /* table: a size_t per cell, row by row */
  uint32_t shown_count;           /* table: rows kept, at most numRows */
  uint64_t row_count;             /* table: rows there were */
};

struct eagre_sink_console {
  struct eagre_sink base;
  bool is_json;
  bool has_batch_id;
  bool is_cut;            /* table: cells after 20 characters */
  uint32_t row_count_max; /* table: rows shown */
  struct eagre_sink_console_core *cores;
};

/* ---- Table (sink_console_table.c) ------------------------------------------------------------ */

/* Keeps the rows of `batch` that may still be shown. */
void eagre_sink_console_collect(const struct eagre_sink_console *console,
                                struct eagre_sink_console_core *core,
                                const struct eagre_batch *batch);
/* Appends header lines and table of an epoch as Spark's console prints them. */
void eagre_sink_console_print(const struct eagre_sink_console *console, int64_t epoch,
                              struct eagre_buffer *out);
