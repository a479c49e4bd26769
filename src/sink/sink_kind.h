/* What a kind of sink implements; sink.c calls it. Inside the room only.
 *
 * A kind has one table of functions and two objects of its own, whose first member is the struct
 * below. The dispatcher allocates them zeroed, fills the base and calls `open`; it calls `close`
 * (which must cope with an object that `open` left half done) before it frees them. Effects,
 * threads and errors of the functions are those of sink.h. A function that would do nothing may be
 * left out; only `description` may not. */
#pragma once

#include <stddef.h>

#include "sink/sink.h"

struct eagre_sink_methods {
  size_t sink_size;   /* of the kind's struct, which begins with struct eagre_sink */
  size_t writer_size; /* of the kind's struct, which begins with struct eagre_sink_writer */

  enum eagre_status (*validate)(const struct eagre_plan_sink *plan,
                                const struct eagre_type *columns, enum eagre_output_mode mode,
                                struct eagre_error *error);
  enum eagre_status (*open)(struct eagre_sink *sink, struct eagre_error *error);
  void (*close)(struct eagre_sink *sink);
  const char *(*description)(const struct eagre_sink *sink);
  enum eagre_status (*recover)(struct eagre_sink *sink, struct eagre_sink_recovery *out,
                               struct eagre_error *error);
  /* NULL where nothing has to be told. */
  enum eagre_status (*claim)(struct eagre_sink *sink, int64_t epoch, const char *attempt,
                             struct eagre_error *error);
  enum eagre_status (*begin)(struct eagre_sink *sink, int64_t epoch, const char *attempt,
                             struct eagre_error *error);
  enum eagre_status (*commit)(struct eagre_sink *sink, const struct eagre_sink_commit *commit,
                              struct eagre_error *error);
  enum eagre_status (*purge)(struct eagre_sink *sink, int64_t epoch, struct eagre_error *error);

  enum eagre_status (*writer_open)(struct eagre_sink_writer *writer, struct eagre_error *error);
  void (*writer_close)(struct eagre_sink_writer *writer);
  enum eagre_status (*writer_begin)(struct eagre_sink_writer *writer, int64_t epoch,
                                    const char *attempt, struct eagre_error *error);
  enum eagre_status (*writer_write)(struct eagre_sink_writer *writer,
                                    const struct eagre_batch *batch, struct eagre_error *error);
  enum eagre_status (*writer_show)(struct eagre_sink_writer *writer, struct eagre_error *error);
  /* NULL: always. */
  bool (*writer_is_ready)(struct eagre_sink_writer *writer);
  /* NULL: never. */
  bool (*writer_is_full)(struct eagre_sink_writer *writer);
  enum eagre_status (*writer_prepare)(struct eagre_sink_writer *writer,
                                      struct eagre_buffer *out_piece, struct eagre_error *error);
  /* NULL: `writer_prepare` leaves nothing under way. */
  enum eagre_status (*writer_settle)(struct eagre_sink_writer *writer, int timeout_ms,
                                     bool *out_is_settled, struct eagre_error *error);
  void (*writer_abort)(struct eagre_sink_writer *writer);
};

/* The control half; what it points to outlives it. */
struct eagre_sink {
  const struct eagre_sink_methods *methods;
  const struct eagre_plan_sink *plan;
  const struct eagre_type *columns; /* what the flow writes */
  enum eagre_output_mode mode;
  struct eagre_sink_environment environment;
};

/* One core's half. */
struct eagre_sink_writer {
  struct eagre_sink *sink;
  uint32_t core;
  struct eagre_io *io; /* of the core's thread */
};

extern const struct eagre_sink_methods eagre_sink_delta_methods;
extern const struct eagre_sink_methods eagre_sink_files_methods;
extern const struct eagre_sink_methods eagre_sink_kafka_methods;
extern const struct eagre_sink_methods eagre_sink_console_methods;
extern const struct eagre_sink_methods eagre_sink_noop_methods;
extern const struct eagre_sink_methods eagre_sink_several_methods;
