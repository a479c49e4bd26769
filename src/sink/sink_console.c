/* The console: rows for people (`table`) and for programs (`json`).
 *
 * Rows of an attempt stay in memory until the epoch is committed; then the control thread hands
 * them to the program, which alone prints. So an epoch that fails prints nothing, and one that is
 * run again after a crash prints again. Objects that are wanted at once (trigger continuous) are
 * handed over by the cores as they are written; tables still wait for their epoch.
 *
 *   table   Spark's: two header lines, "Batch: N", and what Dataset.show prints
 *   json    one object per row as to_json writes it: {"_batch_id":N,"_flow":"name",...}; `_batch_id`
 *           with includeBatchId, `_flow` when several flows share the console */
#include "sink/sink_console.h"

#include "json/json.h"

struct console_writer {
  struct eagre_sink_writer base;
  struct eagre_sink_console_core *core;
  struct eagre_buffer prefix; /* json: what every object of this epoch begins with, or empty */
};

static struct eagre_sink_console *get_console(struct eagre_sink *sink) {
  return (struct eagre_sink_console *)sink;
}

/* ---- Control --------------------------------------------------------------------------------- */

static enum eagre_status open_console(struct eagre_sink *sink, struct eagre_error *error) {
  (void)error;
  struct eagre_sink_console *console = get_console(sink);
  const struct eagre_options *options = &sink->plan->options;
  int64_t row_count_max = eagre_option_integer(options, "numRows");
  console->is_json = eagre_text_equal_string(eagre_option_text(options, "format"), "json");
  console->has_batch_id = eagre_option_boolean(options, "includeBatchId");
  console->is_cut = eagre_option_boolean(options, "truncate");
  console->row_count_max = row_count_max > INT32_MAX ? INT32_MAX : (uint32_t)row_count_max;
  console->cores = eagre_allocate_zeroed(sink->environment.core_count, sizeof *console->cores);
  return EAGRE_OK;
}

static void close_console(struct eagre_sink *sink) {
  struct eagre_sink_console *console = get_console(sink);
  for (uint32_t i = 0; console->cores != NULL && i < sink->environment.core_count; i++) {
    eagre_buffer_done(&console->cores[i].lines);
    eagre_buffer_done(&console->cores[i].cell_sizes);
  }
  eagre_free(console->cores);
}

static const char *describe_console(const struct eagre_sink *sink) {
  (void)sink;
  return "org.apache.spark.sql.execution.streaming.ConsoleTable$";
}

static void forget_rows(struct eagre_sink_console_core *core) {
  eagre_buffer_clear(&core->lines);
  eagre_buffer_clear(&core->cell_sizes);
  core->shown_count = 0;
  core->row_count = 0;
}

static void print_lines(const struct eagre_sink *sink, struct eagre_sink_console_core *core) {
  const struct eagre_sink_environment *environment = &sink->environment;
  if (core->lines.size == 0) return;
  environment->print(environment->print_context, eagre_buffer_text(&core->lines));
  eagre_buffer_clear(&core->lines);
}

static enum eagre_status commit_console(struct eagre_sink *sink,
                                        const struct eagre_sink_commit *commit,
                                        struct eagre_error *error) {
  (void)error;
  struct eagre_sink_console *console = get_console(sink);
  const struct eagre_sink_environment *environment = &sink->environment;
  /* Cores have printed everything, and may be at work on the next epoch. */
  if (console->is_json && environment->is_prompt) return EAGRE_OK;
  if (!console->is_json) {
    struct eagre_buffer table = {0};
    eagre_sink_console_print(console, commit->epoch, &table);
    environment->print(environment->print_context, eagre_buffer_text(&table));
    eagre_buffer_done(&table);
  }
  for (uint32_t i = 0; i < environment->core_count; i++) {
    struct eagre_sink_console_core *core = &console->cores[i];
    if (console->is_json) print_lines(sink, core);
    forget_rows(core);
  }
  return EAGRE_OK;
}

/* ---- Writer ---------------------------------------------------------------------------------- */

static enum eagre_status open_writer(struct eagre_sink_writer *writer, struct eagre_error *error) {
  (void)error;
  struct console_writer *self = (struct console_writer *)writer;
  self->core = &get_console(writer->sink)->cores[writer->core];
  return EAGRE_OK;
}

static void close_writer(struct eagre_sink_writer *writer) {
  struct console_writer *self = (struct console_writer *)writer;
  eagre_buffer_done(&self->prefix);
}

static void make_prefix(struct console_writer *self, int64_t epoch) {
  const struct eagre_sink_console *console = get_console(self->base.sink);
  struct eagre_text flow_name = self->base.sink->environment.flow_name;
  char separator = '{';
  eagre_buffer_clear(&self->prefix);
  if (console->has_batch_id) {
    eagre_buffer_printf(&self->prefix, "{\"_batch_id\":%lld", (long long)epoch);
    separator = ',';
  }
  if (flow_name.size > 0) {
    eagre_buffer_printf(&self->prefix, "%c\"_flow\":", separator);
    eagre_buffer_append_json_string(&self->prefix, flow_name);
  }
}

static enum eagre_status begin_writer(struct eagre_sink_writer *writer, int64_t epoch,
                                      const char *attempt, struct eagre_error *error) {
  (void)attempt;
  (void)error;
  struct console_writer *self = (struct console_writer *)writer;
  forget_rows(self->core);
  make_prefix(self, epoch);
  return EAGRE_OK;
}

/* Appends row `row` as a line. The object's brace makes way for the prefix: "{" becomes the comma
 * behind it, and "{}" only the closing brace. */
static void append_line(struct console_writer *self, const struct eagre_vector *rows, uint32_t row,
                        const struct eagre_json_write_options *options) {
  struct eagre_buffer *lines = &self->core->lines;
  struct eagre_buffer *prefix = &self->prefix;
  eagre_buffer_append(lines, prefix->data, prefix->size);
  size_t object = lines->size;
  eagre_json_write_struct(rows, row, options, lines);
  if (prefix->size > 0 && lines->data[object + 1] == '}') {
    lines->data[object] = '}';
    lines->size = object + 1;
  } else if (prefix->size > 0) {
    lines->data[object] = ',';
  }
  eagre_buffer_append_char(lines, '\n');
}

static enum eagre_status write_rows(struct eagre_sink_writer *writer,
                                    const struct eagre_batch *batch, struct eagre_error *error) {
  (void)error;
  struct console_writer *self = (struct console_writer *)writer;
  const struct eagre_sink_console *console = get_console(writer->sink);
  if (!console->is_json) {
    eagre_sink_console_collect(console, self->core, batch);
    return EAGRE_OK;
  }
  const struct eagre_vector rows = {.type = writer->sink->columns, .children = batch->columns};
  const struct eagre_json_write_options options = {.zone = writer->sink->environment.zone};
  for (uint32_t row = 0; row < batch->row_count; row++) {
    append_line(self, &rows, row, &options);
  }
  if (writer->sink->environment.is_prompt) print_lines(writer->sink, self->core);
  return EAGRE_OK;
}

static void abort_writer(struct eagre_sink_writer *writer) {
  forget_rows(((struct console_writer *)writer)->core);
}

const struct eagre_sink_methods eagre_sink_console_methods = {
    .sink_size = sizeof(struct eagre_sink_console),
    .writer_size = sizeof(struct console_writer),
    .open = open_console,
    .close = close_console,
    .description = describe_console,
    .commit = commit_console,
    .writer_open = open_writer,
    .writer_close = close_writer,
    .writer_begin = begin_writer,
    .writer_write = write_rows,
    .writer_abort = abort_writer,
};
