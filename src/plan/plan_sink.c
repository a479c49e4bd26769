/* CREATE SINK: formats, options, partitions. Several sinks as one. */
#include "plan/plan_bind.h"

/* What CREATE SINK ... USING takes. */
static const struct {
  const char *name;
  enum eagre_sink_kind kind;
  enum eagre_option_scope scope;
  enum eagre_file_format format; /* FILES */
} sink_formats[] = {
    {"kafka", EAGRE_SINK_KAFKA, EAGRE_OPTION_WRITE_KAFKA, 0},
    {"console", EAGRE_SINK_CONSOLE, EAGRE_OPTION_WRITE_CONSOLE, 0},
    {"noop", EAGRE_SINK_NOOP, EAGRE_OPTION_WRITE_NOOP, 0},
    {"parquet", EAGRE_SINK_FILES, EAGRE_OPTION_WRITE_FILES, EAGRE_FILES_PARQUET},
    {"json", EAGRE_SINK_FILES, EAGRE_OPTION_WRITE_FILES, EAGRE_FILES_JSON},
    {"csv", EAGRE_SINK_FILES, EAGRE_OPTION_WRITE_FILES, EAGRE_FILES_CSV},
    {"text", EAGRE_SINK_FILES, EAGRE_OPTION_WRITE_FILES, EAGRE_FILES_TEXT},
};

static enum eagre_status refuse_format(const struct eagre_sql_statement *statement,
                                       struct eagre_error *error) {
  const char *names[EAGRE_COUNT_OF(sink_formats)];
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++)
    names[i] = sink_formats[i].name;
  const char *nearest = eagre_text_nearest(statement->format, names, EAGRE_COUNT_OF(names));
  eagre_plan_fail(error, statement->position, "DATA_SOURCE_NOT_FOUND",
                  "There is no sink format '%.*s'.", (int)statement->format.size,
                  statement->format.data);
  if (eagre_text_equal_ignoring_case(statement->format, EAGRE_TEXT("delta"))) {
    eagre_error_hint(error, "write CREATE STREAMING TABLE for a Delta table");
  } else if (nearest != NULL) {
    eagre_error_hint(error, "did you mean %s", nearest);
  } else {
    eagre_error_hint(error, "there are kafka, parquet, json, csv, text, console and noop");
  }
  return EAGRE_USAGE;
}

static enum eagre_status bind_files_sink(const struct eagre_sql_statement *statement,
                                         struct eagre_plan_sink *sink, struct eagre_error *error) {
  sink->location = eagre_option_text(&sink->options, "path");
  sink->partition_columns = statement->partition_columns;
  sink->partition_column_count = statement->partition_column_count;
  if (sink->location.size > 0) return EAGRE_OK;
  eagre_plan_fail(error, statement->position, "REQUIRED_PARAMETER_NOT_FOUND",
                  "A sink of files needs the option path.");
  eagre_error_hint(error, "write OPTIONS ('path' = 'directory')");
  return EAGRE_USAGE;
}

enum eagre_status eagre_plan_bind_sink(struct plan_binder *binder,
                                       const struct eagre_sql_statement *statement,
                                       struct eagre_plan_sink *sink, struct eagre_error *error) {
  size_t row = 0;
  while (
      row < EAGRE_COUNT_OF(sink_formats) &&
      !eagre_text_equal_ignoring_case(statement->format, eagre_text_of(sink_formats[row].name))) {
    row++;
  }
  if (row == EAGRE_COUNT_OF(sink_formats)) return refuse_format(statement, error);
  sink->kind = sink_formats[row].kind;
  sink->format = sink_formats[row].format;
  EAGRE_TRY(eagre_plan_options_check(binder, sink_formats[row].scope, statement->options,
                                     statement->option_count, &sink->options, error));
  if (sink->kind == EAGRE_SINK_FILES) return bind_files_sink(statement, sink, error);
  if (statement->partition_column_count == 0) return EAGRE_OK;
  return eagre_plan_fail(error, statement->position, "UNSUPPORTED_FEATURE.PARTITIONED_SINK",
                         "A sink USING %s has no partitions.", sink_formats[row].name);
}

/* ---- Several --------------------------------------------------------------------------------- */

uint32_t eagre_plan_sink_count(const struct eagre_plan_sink *sink) {
  return sink->kind == EAGRE_SINK_SEVERAL ? sink->part_count : 1;
}

const struct eagre_plan_sink *eagre_plan_sink_at(const struct eagre_plan_sink *sink,
                                                 uint32_t index) {
  return sink->kind == EAGRE_SINK_SEVERAL ? sink->parts[index] : sink;
}

bool eagre_plan_sink_is_transactional(const struct eagre_plan_sink *sink) {
  for (uint32_t i = 0; i < eagre_plan_sink_count(sink); i++) {
    const struct eagre_plan_sink *part = eagre_plan_sink_at(sink, i);
    struct eagre_text delivery = part->kind == EAGRE_SINK_KAFKA
                                     ? eagre_option_text(&part->options, "delivery")
                                     : EAGRE_TEXT("");
    if (eagre_text_equal_ignoring_case(delivery, EAGRE_TEXT("exactly-once"))) return true;
  }
  return false;
}

/* All get the same rows, so declared columns must be the same too. */
static enum eagre_status join_schemas(struct eagre_plan_sink *const *parts,
                                      const struct eagre_sql_statement *statement,
                                      struct eagre_plan_sink *out, struct eagre_error *error) {
  const struct eagre_plan_sink *first = NULL;
  for (uint32_t i = 0; i < statement->target_count; i++) {
    const struct eagre_plan_sink *part = parts[i];
    if (part->schema == NULL) continue;
    if (first == NULL) first = part;
    if (eagre_type_equal(first->schema, part->schema)) continue;
    eagre_plan_fail(error, statement->targets[i].position,
                    "UNSUPPORTED_FEATURE.DIFFERENT_TARGET_COLUMNS",
                    "The tables `%.*s` and `%.*s` declare different columns; one flow writes the "
                    "same rows into both.",
                    (int)first->name.size, first->name.data, (int)part->name.size, part->name.data);
    eagre_error_hint(error, "write one flow for each of them");
    return EAGRE_USAGE;
  }
  out->schema = first == NULL ? NULL : first->schema;
  return EAGRE_OK;
}

enum eagre_status eagre_plan_join_sinks(struct plan_binder *binder, struct eagre_plan_sink **parts,
                                        const struct eagre_sql_statement *statement,
                                        struct eagre_plan_sink *out, struct eagre_error *error) {
  struct eagre_buffer name = {0};
  out->kind = EAGRE_SINK_SEVERAL;
  out->parts = parts;
  out->part_count = statement->target_count;
  out->position = statement->position;
  for (uint32_t i = 0; i < out->part_count; i++) {
    if (i > 0) eagre_buffer_append_string(&name, ", ");
    eagre_buffer_append_text(&name, parts[i]->name);
  }
  out->name = eagre_arena_copy_text(binder->arena, eagre_buffer_text(&name));
  eagre_buffer_done(&name);
  return join_schemas(parts, statement, out, error);
}

/* ---- Sides ----------------------------------------------------------------------------------- */

const char *eagre_side_name(enum eagre_side side) {
  static const char *const names[EAGRE_SIDE_count] = {"dead letters", "late rows"};
  return names[side];
}

bool eagre_plan_is_side(const struct eagre_plan_sink *sink, const struct eagre_plan_sink *part,
                        enum eagre_side *out_side) {
  for (uint32_t i = 0; i < EAGRE_SIDE_count; i++) {
    if (sink->sides[i] != part) continue;
    *out_side = (enum eagre_side)i;
    return true;
  }
  return false;
}

static bool has_part(const struct eagre_plan_sink *sink, const struct eagre_plan_sink *part) {
  for (uint32_t i = 0; i < eagre_plan_sink_count(sink); i++) {
    if (eagre_plan_sink_at(sink, i) == part) return true;
  }
  return false;
}

static enum eagre_status check_side(const struct plan_side *side,
                                    const struct eagre_plan_sink *part,
                                    const struct eagre_plan_sink *sink, struct eagre_error *error) {
  if (has_part(sink, part)) {
    return eagre_plan_fail(error, side->position, side->class_name,
                           "`%.*s` gets other rows of the flow already; %s need a place of their "
                           "own.",
                           (int)part->name.size, part->name.data, eagre_side_name(side->side));
  }
  if (part->schema == NULL || eagre_type_equal(part->schema, side->columns)) return EAGRE_OK;
  eagre_plan_fail(error, side->position, side->class_name,
                  "The table `%.*s` has other columns than %s.", (int)part->name.size,
                  part->name.data, eagre_side_name(side->side));
  eagre_error_hint(error, "%s", side->hint);
  return EAGRE_USAGE;
}

enum eagre_status eagre_plan_add_side(struct plan_binder *binder, const struct plan_side *side,
                                      struct eagre_plan_sink *part, struct eagre_plan_sink **sink,
                                      struct eagre_error *error) {
  EAGRE_TRY(check_side(side, part, *sink, error));
  uint32_t count = eagre_plan_sink_count(*sink);
  struct eagre_plan_sink *several = eagre_arena_allocate_zeroed(binder->arena, sizeof *several);
  several->kind = EAGRE_SINK_SEVERAL;
  several->name = (*sink)->name;
  several->position = (*sink)->position;
  several->schema = (*sink)->schema;
  several->parts = eagre_arena_allocate(binder->arena, sizeof(void *) * (count + 1));
  for (uint32_t i = 0; i < count; i++) {
    several->parts[i] = (*sink)->kind == EAGRE_SINK_SEVERAL ? (*sink)->parts[i] : *sink;
  }
  several->parts[count] = part;
  several->part_count = count + 1;
  for (uint32_t i = 0; i < EAGRE_SIDE_count; i++) {
    several->sides[i] = (*sink)->sides[i];
    several->side_columns[i] = (*sink)->side_columns[i];
  }
  several->sides[side->side] = part;
  several->side_columns[side->side] = side->columns;
  *sink = several;
  return EAGRE_OK;
}
