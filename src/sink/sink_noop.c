/* The sink that throws rows away: for measuring and trying out. */
#include "sink/sink_kind.h"

static enum eagre_status validate(const struct eagre_plan_sink *plan,
                                  const struct eagre_type *columns, enum eagre_output_mode mode,
                                  struct eagre_error *error) {
  (void)plan;
  (void)columns;
  (void)mode;
  (void)error;
  return EAGRE_OK;
}

static enum eagre_status open_sink(struct eagre_sink *sink, struct eagre_error *error) {
  (void)sink;
  (void)error;
  return EAGRE_OK;
}

static void close_sink(struct eagre_sink *sink) {
  (void)sink;
}

static const char *describe(const struct eagre_sink *sink) {
  (void)sink;
  return "NoopTable";
}

static enum eagre_status recover(struct eagre_sink *sink, struct eagre_sink_recovery *out,
                                 struct eagre_error *error) {
  (void)sink; /* `out` says already that nothing is known */
  (void)out;
  (void)error;
  return EAGRE_OK;
}

static enum eagre_status begin(struct eagre_sink *sink, int64_t epoch, const char *attempt,
                               struct eagre_error *error) {
  (void)sink;
  (void)epoch;
  (void)attempt;
  (void)error;
  return EAGRE_OK;
}

static enum eagre_status commit(struct eagre_sink *sink, const struct eagre_sink_commit *commit,
                                struct eagre_error *error) {
  (void)sink;
  (void)commit;
  (void)error;
  return EAGRE_OK;
}

static enum eagre_status purge(struct eagre_sink *sink, int64_t epoch, struct eagre_error *error) {
  (void)sink;
  (void)epoch;
  (void)error;
  return EAGRE_OK;
}

static enum eagre_status open_writer(struct eagre_sink_writer *writer, struct eagre_error *error) {
  (void)writer;
  (void)error;
  return EAGRE_OK;
}

static void end_writer(struct eagre_sink_writer *writer) {
  (void)writer;
}

static enum eagre_status begin_writer(struct eagre_sink_writer *writer, int64_t epoch,
                                      const char *attempt, struct eagre_error *error) {
  (void)writer;
  (void)epoch;
  (void)attempt;
  (void)error;
  return EAGRE_OK;
}

static enum eagre_status write_rows(struct eagre_sink_writer *writer,
                                    const struct eagre_batch *batch, struct eagre_error *error) {
  (void)writer;
  (void)batch;
  (void)error;
  return EAGRE_OK;
}

static enum eagre_status prepare(struct eagre_sink_writer *writer, struct eagre_buffer *out_piece,
                                 struct eagre_error *error) {
  (void)writer;
  (void)out_piece;
  (void)error;
  return EAGRE_OK;
}

const struct eagre_sink_methods eagre_sink_noop_methods = {
    .sink_size = sizeof(struct eagre_sink),
    .writer_size = sizeof(struct eagre_sink_writer),
    .validate = validate,
    .open = open_sink,
    .close = close_sink,
    .description = describe,
    .recover = recover,
    .begin = begin,
    .commit = commit,
    .purge = purge,
    .writer_open = open_writer,
    .writer_close = end_writer,
    .writer_begin = begin_writer,
    .writer_write = write_rows,
    .writer_prepare = prepare,
    .writer_abort = end_writer,
};
