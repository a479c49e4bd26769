/* Inside of the Delta sink: what the control half decides and the writers of the cores use. */
#pragma once

#include "delta/delta.h"
#include "sink/sink_kind.h"

struct eagre_sink_delta {
  struct eagre_sink base;
  struct eagre_arena arena; /* life of the sink */
  struct eagre_delta_table *table;
  const char *description;
  const char *comment;                 /* of the table, when this sink creates it; NULL without */
  const struct eagre_type *new_schema; /* of the table, when this sink creates it */
  /* The columns of the data files: those of the table that the flow has, in the table's order and
   * spelling; file column i is column columns[i] of the flow. */
  const struct eagre_type *file_schema;
  uint32_t *columns;
  struct eagre_parquet_options parquet;
  uint64_t file_row_count_max; /* option maxRecordsPerFile; UINT64_MAX without */
};

/* One core's half (sink_delta_writer.c). */
struct eagre_sink_delta_writer {
  struct eagre_sink_writer base;
  int64_t epoch;
  char attempt[64];
  struct eagre_delta_file *file;      /* the one being written, or NULL */
  struct eagre_parquet_writer *spare; /* of the last file, for the next one; or NULL */
  struct eagre_vector *vectors;       /* one per column of a file; scratch */
  struct eagre_buffer actions;        /* add actions of finished files, a line each */
  uint64_t row_count;
};

enum eagre_status eagre_sink_delta_writer_open(struct eagre_sink_writer *writer,
                                               struct eagre_error *error);
void eagre_sink_delta_writer_close(struct eagre_sink_writer *writer);
enum eagre_status eagre_sink_delta_writer_begin(struct eagre_sink_writer *writer, int64_t epoch,
                                                const char *attempt, struct eagre_error *error);
enum eagre_status eagre_sink_delta_writer_write(struct eagre_sink_writer *writer,
                                                const struct eagre_batch *batch,
                                                struct eagre_error *error);
enum eagre_status eagre_sink_delta_writer_prepare(struct eagre_sink_writer *writer,
                                                  struct eagre_buffer *out_piece,
                                                  struct eagre_error *error);
void eagre_sink_delta_writer_abort(struct eagre_sink_writer *writer);

/* ---- Pieces (sink_delta_piece.c) ------------------------------------------------------------- */

/* {"rows":3,"actions":[{"add":{...}},...]}; `actions` are lines. */
void eagre_sink_delta_piece_print(uint64_t row_count, struct eagre_text actions,
                                  struct eagre_buffer *out);
/* Appends the actions of a piece to `out_actions`, a line each, and adds its rows to `row_count`.
 * UNSAFE SINK_PIECE_CORRUPT. */
enum eagre_status eagre_sink_delta_piece_read(struct eagre_text piece,
                                              struct eagre_buffer *out_actions, uint64_t *row_count,
                                              struct eagre_error *error);
