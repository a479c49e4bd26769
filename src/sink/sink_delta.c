/* The Delta sink, control half: exactly once by (checkpoint id, epoch).
 *
 * A commit carries txn {appId: checkpoint id, version: epoch} and the attempt, so that recovery can
 * ask the table what it has. An epoch without rows commits too, as in Spark: the table always tells
 * the last epoch. Append adds files; complete mode replaces all there were in the same commit.
 *
 * The id of a new checkpoint is made after the sink was opened (step 0 of the protocol); until then
 * `environment.checkpoint_id` points to an empty text, so it is looked at when it is used. */
#include "sink/sink_delta.h"

static struct eagre_sink_delta *get_delta(struct eagre_sink *sink) {
  return (struct eagre_sink_delta *)sink;
}

static const char *get_application(const struct eagre_sink_delta *delta) {
  return delta->base.environment.checkpoint_id;
}

/* ---- Checks without the table ---------------------------------------------------------------- */

static enum eagre_status check_mode(enum eagre_output_mode mode, struct eagre_error *error) {
  if (mode != EAGRE_MODE_UPDATE) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "DELTA_UNSUPPORTED_OUTPUT_MODE",
                  "Data source delta does not support Update output mode.");
  eagre_error_hint(error, "use append (with a watermark, each group is written once), or complete "
                          "(the table is replaced by every epoch)");
  return EAGRE_USAGE;
}

static bool is_storable(enum eagre_type_kind kind) {
  return eagre_type_is_supported(kind) && !eagre_type_is_interval(kind) && kind != EAGRE_TYPE_NULL;
}

/* A type that no table can hold; VOID has a class of its own. */
static enum eagre_status check_type(const struct eagre_type *type, struct eagre_text column,
                                    struct eagre_error *error) {
  for (uint32_t i = 0; i < type->field_count; i++) {
    EAGRE_TRY(check_type(type->fields[i].type, column, error));
  }
  if (is_storable(type->kind)) return EAGRE_OK;
  if (type->kind == EAGRE_TYPE_NULL) {
    eagre_error_set(error, EAGRE_USAGE, "DELTA_NULL_SCHEMA_IN_STREAMING_WRITE",
                    "The column `%.*s` is always NULL: a Delta table needs a type for it.",
                    (int)column.size, column.data);
    eagre_error_hint(error, "cast the NULL to a type");
    return EAGRE_USAGE;
  }
  struct eagre_buffer printed = {0};
  eagre_type_print(&printed, type);
  eagre_error_set(error, EAGRE_USAGE, "DELTA_UNSUPPORTED_DATA_TYPES",
                  "Found columns using unsupported data types: [%.*s: %s].", (int)column.size,
                  column.data, eagre_buffer_string(&printed));
  eagre_error_hint(error, "cast the column to a type that a table can hold");
  eagre_buffer_done(&printed);
  return EAGRE_USAGE;
}

static enum eagre_status validate_delta(const struct eagre_plan_sink *plan,
                                        const struct eagre_type *columns,
                                        enum eagre_output_mode mode, struct eagre_error *error) {
  enum eagre_codec ignored_codec;
  EAGRE_TRY(check_mode(mode, error));
  EAGRE_TRY(
      eagre_codec_parse(eagre_option_text(&plan->options, "compression"), &ignored_codec, error));
  for (uint32_t i = 0; i < columns->field_count; i++) {
    EAGRE_TRY(check_type(columns->fields[i].type, columns->fields[i].name, error));
  }
  return EAGRE_OK;
}

/* ---- Columns --------------------------------------------------------------------------------- */

/* The type with every field nullable, at any depth, as Spark creates tables. */
static const struct eagre_type *make_nullable(struct eagre_arena *arena,
                                              const struct eagre_type *type) {
  if (type->kind == EAGRE_TYPE_ARRAY) {
    return eagre_type_array(arena, make_nullable(arena, type->fields[0].type));
  }
  if (type->kind == EAGRE_TYPE_MAP) {
    return eagre_type_map(arena, make_nullable(arena, type->fields[0].type),
                          make_nullable(arena, type->fields[1].type));
  }
  if (type->kind != EAGRE_TYPE_STRUCT) return type;
  struct eagre_field *fields =
      eagre_arena_allocate(arena, (type->field_count + 1) * sizeof *fields);
  for (uint32_t i = 0; i < type->field_count; i++) {
    fields[i] = (struct eagre_field){type->fields[i].name,
                                     make_nullable(arena, type->fields[i].type), true};
  }
  return eagre_type_struct(arena, fields, type->field_count);
}

/* Whether CREATE TABLE said NOT NULL of the flow's column. */
static bool is_declared_not_null(const struct eagre_sink_delta *delta, uint32_t column) {
  const struct eagre_type *declared = delta->base.plan->schema;
  return declared != NULL && !declared->fields[column].nullable;
}

/* Chooses what goes into data files, by the map of the table's columns to the flow's. */
static void choose_columns(struct eagre_sink_delta *delta, const struct eagre_type *table,
                           const uint32_t *map) {
  struct eagre_field *fields =
      eagre_arena_allocate(&delta->arena, (table->field_count + 1) * sizeof *fields);
  uint32_t count = 0;
  delta->columns =
      eagre_arena_allocate(&delta->arena, (table->field_count + 1) * sizeof *delta->columns);
  for (uint32_t i = 0; i < table->field_count; i++) {
    if (map != NULL && map[i] == UINT32_MAX) continue; /* reads as NULL */
    uint32_t column = map == NULL ? i : map[i];
    delta->columns[count] = column;
    fields[count] = table->fields[i];
    if (is_declared_not_null(delta, column)) fields[count].nullable = false;
    count++;
  }
  delta->file_schema =
      eagre_type_copy(&delta->arena, eagre_type_struct(&delta->arena, fields, count));
}

static enum eagre_status fit_columns(struct eagre_sink_delta *delta, struct eagre_error *error) {
  const struct eagre_type *columns = delta->base.columns;
  const struct eagre_type *table = eagre_delta_schema(delta->table);
  uint32_t *map = NULL;
  delta->new_schema = make_nullable(&delta->arena, columns);
  EAGRE_TRY(eagre_delta_check_schema(delta->table, columns, &delta->arena,
                                     table == NULL ? NULL : &map, error));
  choose_columns(delta, table == NULL ? delta->new_schema : table, map);
  return EAGRE_OK;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static enum eagre_status set_options(struct eagre_sink_delta *delta, struct eagre_error *error) {
  const struct eagre_options *options = &delta->base.plan->options;
  eagre_parquet_options_init(&delta->parquet);
  delta->file_row_count_max = UINT64_MAX;
  if (eagre_option_given(options, "maxRecordsPerFile")) {
    delta->file_row_count_max = (uint64_t)eagre_option_integer(options, "maxRecordsPerFile");
  }
  return eagre_codec_parse(eagre_option_text(options, "compression"), &delta->parquet.codec, error);
}

static enum eagre_status open_delta(struct eagre_sink *sink, struct eagre_error *error) {
  struct eagre_sink_delta *delta = get_delta(sink);
  EAGRE_TRY(set_options(delta, error));
  EAGRE_TRY(eagre_delta_open(sink->environment.io, sink->plan->location, &delta->table, error));
  if (sink->plan->comment.size > 0) {
    delta->comment = eagre_arena_copy_text(&delta->arena, sink->plan->comment).data;
  }
  delta->description =
      eagre_arena_printf(&delta->arena, "DeltaSink[%s]", eagre_delta_location(delta->table)).data;
  return fit_columns(delta, error);
}

static void close_delta(struct eagre_sink *sink) {
  struct eagre_sink_delta *delta = get_delta(sink);
  eagre_delta_close(delta->table);
  eagre_arena_done(&delta->arena);
}

static const char *describe_delta(const struct eagre_sink *sink) {
  return ((const struct eagre_sink_delta *)sink)->description;
}

/* ---- Epochs ---------------------------------------------------------------------------------- */

static enum eagre_status recover_delta(struct eagre_sink *sink, struct eagre_sink_recovery *out,
                                       struct eagre_error *error) {
  struct eagre_sink_delta *delta = get_delta(sink);
  struct eagre_delta_transaction transaction;
  out->knowledge = EAGRE_SINK_NOTHING;
  if (get_application(delta)[0] == '\0') return EAGRE_OK;
  EAGRE_TRY(eagre_delta_refresh(delta->table, error));
  eagre_delta_find_transaction(delta->table, get_application(delta), &transaction);
  if (!transaction.found) return EAGRE_OK;
  EAGRE_TRY(eagre_delta_sync_log(delta->table, error));
  out->knowledge = EAGRE_SINK_HAS;
  out->epoch = transaction.epoch;
  _Static_assert(sizeof out->attempt == sizeof transaction.attempt, "an attempt fits");
  memcpy(out->attempt, transaction.attempt, sizeof out->attempt);
  return EAGRE_OK;
}

static enum eagre_status read_pieces(const struct eagre_sink_commit *commit,
                                     struct eagre_buffer *out_actions, uint64_t *out_row_count,
                                     struct eagre_error *error) {
  *out_row_count = 0;
  for (uint32_t i = 0; i < commit->piece_count; i++) {
    EAGRE_TRY(eagre_sink_delta_piece_read(commit->pieces[i], out_actions, out_row_count, error));
  }
  return EAGRE_OK;
}

static enum eagre_status commit_actions(struct eagre_sink_delta *delta,
                                        const struct eagre_sink_commit *commit,
                                        struct eagre_text actions, uint64_t row_count,
                                        struct eagre_error *error) {
  const struct eagre_delta_commit table_commit = {
      .application_id = get_application(delta),
      .epoch = commit->epoch,
      .attempt = commit->attempt,
      .actions = &actions,
      .action_count = actions.size > 0,
      .row_count = row_count,
      .replace = delta->base.mode == EAGRE_MODE_COMPLETE,
      .schema = delta->new_schema,
      .description = delta->comment,
      .now_ms = eagre_clock_wall_us() / 1000,
  };
  int64_t ignored_version;
  return eagre_delta_commit(delta->table, &table_commit, &ignored_version, error);
}

static enum eagre_status commit_delta(struct eagre_sink *sink,
                                      const struct eagre_sink_commit *commit,
                                      struct eagre_error *error) {
  struct eagre_buffer actions = {0};
  uint64_t row_count = 0;
  enum eagre_status status = read_pieces(commit, &actions, &row_count, error);
  if (status == EAGRE_OK) {
    status = commit_actions(get_delta(sink), commit, eagre_buffer_text(&actions), row_count, error);
  }
  eagre_buffer_done(&actions);
  return status;
}

static enum eagre_status purge_delta(struct eagre_sink *sink, int64_t epoch,
                                     struct eagre_error *error) {
  struct eagre_sink_delta *delta = get_delta(sink);
  return eagre_delta_purge(delta->table, get_application(delta), epoch, error);
}

const struct eagre_sink_methods eagre_sink_delta_methods = {
    .sink_size = sizeof(struct eagre_sink_delta),
    .writer_size = sizeof(struct eagre_sink_delta_writer),
    .validate = validate_delta,
    .open = open_delta,
    .close = close_delta,
    .description = describe_delta,
    .recover = recover_delta,
    .commit = commit_delta,
    .purge = purge_delta,
    .writer_open = eagre_sink_delta_writer_open,
    .writer_close = eagre_sink_delta_writer_close,
    .writer_begin = eagre_sink_delta_writer_begin,
    .writer_write = eagre_sink_delta_writer_write,
    .writer_prepare = eagre_sink_delta_writer_prepare,
    .writer_abort = eagre_sink_delta_writer_abort,
};
