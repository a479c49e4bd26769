/* Door of the room `sink`: where rows go. One interface, one file per kind.
 *
 * A sink has a control half (control thread) and one writer per core (that core's thread).
 *
 *   control: open -> recover, claim -> { begin -> (cores write, prepare) -> commit }* -> close
 *   core:    open -> { begin -> write* -> prepare }* -> close
 *
 * `prepare` of a core makes its rows durable under the attempt and gives a piece, an opaque JSON
 * text; all pieces stand in prepared/N before `commit` makes them visible. Commit is idempotent
 * by (checkpoint id, epoch, attempt). What each kind promises: Delta exactly once; Kafka exactly
 * once by transactions, or at least once (rows are visible as they are written, prepare flushes and
 * checks every acknowledgement); console and noop nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "io/io.h"
#include "plan/plan.h"

struct eagre_sink;
struct eagre_sink_writer;

/* Receives finished lines for stdout (console); called from the control thread, and with
 * `is_prompt` from cores, one call at a time. */
typedef void eagre_sink_print_fn(void *context, struct eagre_text text);

struct eagre_sink_environment {
  struct eagre_io *io;       /* control thread's */
  const char *checkpoint_id; /* application id */
  const struct eagre_zone *zone;
  uint32_t core_count;
  eagre_sink_print_fn *print;
  void *print_context;
  struct eagre_text flow_name; /* console with several flows: member _flow; empty = leave out */
  int64_t startup_timeout_us;
  bool is_prompt; /* rows are to be seen as they are written, where the sink can show them */
};

/* Offline checks: options, columns the sink needs (Kafka: value), mode the sink allows. USAGE. */
enum eagre_status eagre_sink_validate(const struct eagre_plan_sink *plan,
                                      const struct eagre_type *columns, enum eagre_output_mode mode,
                                      struct eagre_error *error);
/* `columns`: what the flow writes. Delta: opens the table and checks its schema (UNSAFE or USAGE
 * by name); Kafka: looks for the broker (IO within the start-up timeout). Creates nothing. */
enum eagre_status eagre_sink_open(const struct eagre_plan_sink *plan,
                                  const struct eagre_type *columns, enum eagre_output_mode mode,
                                  const struct eagre_sink_environment *environment,
                                  struct eagre_sink **out_sink, struct eagre_error *error);
void eagre_sink_close(struct eagre_sink *sink);
/* "DeltaSink[/path]", "org.apache.spark...ConsoleTable", ...: sink.description of progress. */
const char *eagre_sink_description(const struct eagre_sink *sink);

/* What the sink has of this checkpoint, for recovery. */
enum eagre_sink_knowledge {
  EAGRE_SINK_UNKNOWING, /* it cannot tell (console, Kafka at-least-once, noop) */
  EAGRE_SINK_NOTHING,
  EAGRE_SINK_HAS,       /* the last epoch it has, and by which attempt ("" = not ours) */
  EAGRE_SINK_FORGOTTEN, /* it was told, and what it remembered is gone (Kafka exactly-once) */
};
struct eagre_sink_recovery {
  enum eagre_sink_knowledge knowledge;
  int64_t epoch; /* FORGOTTEN: what others of several sinks have all the same; -1: nothing */
  char attempt[64];
  /* HAS: it is told of every epoch, so that one before the last but one is an old memory. */
  bool remembers_every_epoch;
  /* HAS, NOTHING: it notes every epoch for good, so that one it lacks was never committed to it. */
  bool notes_every_epoch;
};
/* From here on a process that was passed cannot commit any more, where the sink can see to that. */
enum eagre_status eagre_sink_recover(struct eagre_sink *sink, struct eagre_sink_recovery *out,
                                     struct eagre_error *error);
/* After `recover`, before anything is planned: the start has found that `epoch` is the last one
 * that the sink has (-1: none), by this attempt ("": committed here, nobody asks again). A sink
 * whose memory does not say so is told. */
enum eagre_status eagre_sink_claim(struct eagre_sink *sink, int64_t epoch, const char *attempt,
                                   struct eagre_error *error);

/* Control: names the attempt that follows. */
enum eagre_status eagre_sink_begin(struct eagre_sink *sink, int64_t epoch, const char *attempt,
                                   struct eagre_error *error);
struct eagre_sink_commit {
  int64_t epoch;
  const char *attempt;
  const struct eagre_text *pieces; /* one per core */
  uint32_t piece_count;
};
enum eagre_status eagre_sink_commit(struct eagre_sink *sink, const struct eagre_sink_commit *commit,
                                    struct eagre_error *error);
/* Removes what losing attempts of epochs <= `epoch` left. */
enum eagre_status eagre_sink_purge(struct eagre_sink *sink, int64_t epoch,
                                   struct eagre_error *error);

/* ---- Writer: one core
 * --------------------------------------------------------------------------------
 */

enum eagre_status eagre_sink_writer_open(struct eagre_sink *sink, uint32_t core,
                                         struct eagre_io *io, struct eagre_sink_writer **out_writer,
                                         struct eagre_error *error);
void eagre_sink_writer_close(struct eagre_sink_writer *writer);
enum eagre_status eagre_sink_writer_begin(struct eagre_sink_writer *writer, int64_t epoch,
                                          const char *attempt, struct eagre_error *error);
/* Writes the rows; the batch stays the caller's. */
enum eagre_status eagre_sink_writer_write(struct eagre_sink_writer *writer,
                                          const struct eagre_batch *batch,
                                          struct eagre_error *error);
/* With `is_prompt`: there are no more rows for now, those that were written are to be seen. */
enum eagre_status eagre_sink_writer_show(struct eagre_sink_writer *writer,
                                         struct eagre_error *error);
/* Whether rows that are written now are on their way at once. False: earlier ones are under way,
 * and it is better to wait until they have arrived, of which a watched descriptor of the core's
 * `io` tells, and to write more together. Only where rows are shown at once. */
bool eagre_sink_writer_is_ready(struct eagre_sink_writer *writer);
/* Whether as much was written since the writer was ready as goes out together, and has not arrived:
 * nothing more should be read before it has. */
bool eagre_sink_writer_is_full(struct eagre_sink_writer *writer);
/* Everything durable, or on its way where rows are shown at once (`is_prompt`): `settle` waits for
 * that. Appends this core's piece to `out_piece` (may stay empty). */
enum eagre_status eagre_sink_writer_prepare(struct eagre_sink_writer *writer,
                                            struct eagre_buffer *out_piece,
                                            struct eagre_error *error);
/* Control thread, between one prepare and the next, also while the core writes rows of the attempt
 * that follows: whether everything that was prepared is where it belongs. Waits up to
 * `timeout_ms`. */
enum eagre_status eagre_sink_writer_settle(struct eagre_sink_writer *writer, int timeout_ms,
                                           bool *out_is_settled, struct eagre_error *error);
/* The writer for the rows of a side (in its columns, plan.h), a part of this one: between its begin
 * and prepare. NULL: the flow has no such sink. Borrowed. */
struct eagre_sink_writer *eagre_sink_writer_side(struct eagre_sink_writer *writer,
                                                 enum eagre_side side);
/* Gives the attempt up; files of it are removed when that is safe. */
void eagre_sink_writer_abort(struct eagre_sink_writer *writer);
