/* The door of `sink`: finds the kind's table and calls it. */
#include "sink/sink.h"

#include "sink/sink_kind.h"

static const struct eagre_sink_methods *get_methods(enum eagre_sink_kind kind) {
  switch (kind) {
  case EAGRE_SINK_DELTA:
    return &eagre_sink_delta_methods;
  case EAGRE_SINK_FILES:
    return &eagre_sink_files_methods;
  case EAGRE_SINK_KAFKA:
    return &eagre_sink_kafka_methods;
  case EAGRE_SINK_CONSOLE:
    return &eagre_sink_console_methods;
  case EAGRE_SINK_NOOP:
    return &eagre_sink_noop_methods;
  case EAGRE_SINK_SEVERAL:
    return &eagre_sink_several_methods;
  }
  eagre_assert(!"a kind of sink without a table");
  return NULL;
}

enum eagre_status eagre_sink_validate(const struct eagre_plan_sink *plan,
                                      const struct eagre_type *columns, enum eagre_output_mode mode,
                                      struct eagre_error *error) {
  const struct eagre_sink_methods *methods = get_methods(plan->kind);
  return methods->validate == NULL ? EAGRE_OK : methods->validate(plan, columns, mode, error);
}

enum eagre_status eagre_sink_open(const struct eagre_plan_sink *plan,
                                  const struct eagre_type *columns, enum eagre_output_mode mode,
                                  const struct eagre_sink_environment *environment,
                                  struct eagre_sink **out_sink, struct eagre_error *error) {
  const struct eagre_sink_methods *methods = get_methods(plan->kind);
  *out_sink = NULL;
  EAGRE_TRY(eagre_sink_validate(plan, columns, mode, error));
  struct eagre_sink *sink = eagre_allocate_zeroed(1, methods->sink_size);
  sink->methods = methods;
  sink->plan = plan;
  sink->columns = columns;
  sink->mode = mode;
  sink->environment = *environment;
  enum eagre_status status = methods->open == NULL ? EAGRE_OK : methods->open(sink, error);
  if (status != EAGRE_OK) {
    eagre_sink_close(sink);
    return status;
  }
  *out_sink = sink;
  return EAGRE_OK;
}

void eagre_sink_close(struct eagre_sink *sink) {
  if (sink == NULL) return;
  if (sink->methods->close != NULL) sink->methods->close(sink);
  eagre_free(sink);
}

const char *eagre_sink_description(const struct eagre_sink *sink) {
  return sink->methods->description(sink);
}

enum eagre_status eagre_sink_recover(struct eagre_sink *sink, struct eagre_sink_recovery *out,
                                     struct eagre_error *error) {
  *out = (struct eagre_sink_recovery){.knowledge = EAGRE_SINK_UNKNOWING, .epoch = -1};
  return sink->methods->recover == NULL ? EAGRE_OK : sink->methods->recover(sink, out, error);
}

enum eagre_status eagre_sink_claim(struct eagre_sink *sink, int64_t epoch, const char *attempt,
                                   struct eagre_error *error) {
  if (sink->methods->claim == NULL) return EAGRE_OK;
  return sink->methods->claim(sink, epoch, attempt, error);
}

enum eagre_status eagre_sink_begin(struct eagre_sink *sink, int64_t epoch, const char *attempt,
                                   struct eagre_error *error) {
  return sink->methods->begin == NULL ? EAGRE_OK
                                      : sink->methods->begin(sink, epoch, attempt, error);
}

enum eagre_status eagre_sink_commit(struct eagre_sink *sink, const struct eagre_sink_commit *commit,
                                    struct eagre_error *error) {
  return sink->methods->commit == NULL ? EAGRE_OK : sink->methods->commit(sink, commit, error);
}

enum eagre_status eagre_sink_purge(struct eagre_sink *sink, int64_t epoch,
                                   struct eagre_error *error) {
  return sink->methods->purge == NULL ? EAGRE_OK : sink->methods->purge(sink, epoch, error);
}

enum eagre_status eagre_sink_writer_open(struct eagre_sink *sink, uint32_t core,
                                         struct eagre_io *io, struct eagre_sink_writer **out_writer,
                                         struct eagre_error *error) {
  *out_writer = NULL;
  eagre_assert(core < sink->environment.core_count);
  struct eagre_sink_writer *writer = eagre_allocate_zeroed(1, sink->methods->writer_size);
  writer->sink = sink;
  writer->core = core;
  writer->io = io;
  enum eagre_status status =
      sink->methods->writer_open == NULL ? EAGRE_OK : sink->methods->writer_open(writer, error);
  if (status != EAGRE_OK) {
    eagre_sink_writer_close(writer);
    return status;
  }
  *out_writer = writer;
  return EAGRE_OK;
}

void eagre_sink_writer_close(struct eagre_sink_writer *writer) {
  if (writer == NULL) return;
  if (writer->sink->methods->writer_close != NULL) writer->sink->methods->writer_close(writer);
  eagre_free(writer);
}

enum eagre_status eagre_sink_writer_begin(struct eagre_sink_writer *writer, int64_t epoch,
                                          const char *attempt, struct eagre_error *error) {
  const struct eagre_sink_methods *methods = writer->sink->methods;
  return methods->writer_begin == NULL ? EAGRE_OK
                                       : methods->writer_begin(writer, epoch, attempt, error);
}

enum eagre_status eagre_sink_writer_write(struct eagre_sink_writer *writer,
                                          const struct eagre_batch *batch,
                                          struct eagre_error *error) {
  const struct eagre_sink_methods *methods = writer->sink->methods;
  return methods->writer_write == NULL ? EAGRE_OK : methods->writer_write(writer, batch, error);
}

enum eagre_status eagre_sink_writer_show(struct eagre_sink_writer *writer,
                                         struct eagre_error *error) {
  const struct eagre_sink_methods *methods = writer->sink->methods;
  return methods->writer_show == NULL ? EAGRE_OK : methods->writer_show(writer, error);
}

bool eagre_sink_writer_is_ready(struct eagre_sink_writer *writer) {
  const struct eagre_sink_methods *methods = writer->sink->methods;
  return methods->writer_is_ready == NULL || methods->writer_is_ready(writer);
}

bool eagre_sink_writer_is_full(struct eagre_sink_writer *writer) {
  const struct eagre_sink_methods *methods = writer->sink->methods;
  return methods->writer_is_full != NULL && methods->writer_is_full(writer);
}

enum eagre_status eagre_sink_writer_prepare(struct eagre_sink_writer *writer,
                                            struct eagre_buffer *out_piece,
                                            struct eagre_error *error) {
  const struct eagre_sink_methods *methods = writer->sink->methods;
  return methods->writer_prepare == NULL ? EAGRE_OK
                                         : methods->writer_prepare(writer, out_piece, error);
}

enum eagre_status eagre_sink_writer_settle(struct eagre_sink_writer *writer, int timeout_ms,
                                           bool *out_is_settled, struct eagre_error *error) {
  const struct eagre_sink_methods *methods = writer->sink->methods;
  *out_is_settled = true;
  return methods->writer_settle == NULL
             ? EAGRE_OK
             : methods->writer_settle(writer, timeout_ms, out_is_settled, error);
}

void eagre_sink_writer_abort(struct eagre_sink_writer *writer) {
  if (writer->sink->methods->writer_abort != NULL) writer->sink->methods->writer_abort(writer);
}
