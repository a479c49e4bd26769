/* Sources: spark.readStream or spark.read with the options of the table function. */
#include <inttypes.h>

#include "export/export_inside.h"

enum { KAFKA_ROW = 0 };

static const struct {
  const char *function;
  const char *format; /* NULL: the argument `format` */
  bool has_path;      /* the first argument, without a name */
} source_rows[] = {
    {"read_kafka", "kafka", false},
    {"read_files", NULL, true},
    {"rate", "rate", false},
    {"rate_micro_batch", "rate-micro-batch", false},
};

struct export_made *eagre_export_find_made(struct export_program *program, const void *tree) {
  for (struct export_made *made = program->made; made != NULL; made = made->next) {
    if (made->tree == tree) return made;
  }
  return NULL;
}

struct export_made *eagre_export_add_made(struct export_program *program, const void *tree,
                                          struct eagre_text name) {
  struct export_made *made = eagre_arena_allocate_zeroed(&program->arena, sizeof *made);
  *made = (struct export_made){.tree = tree, .name = name, .next = program->made};
  program->made = made;
  return made;
}

static enum eagre_status constant_of(struct export_program *program,
                                     const struct eagre_sql_expression *value,
                                     struct eagre_text *out) {
  bool is_text = value->kind == EAGRE_SQL_LITERAL && (value->literal == EAGRE_SQL_LITERAL_STRING ||
                                                      value->literal == EAGRE_SQL_LITERAL_INTEGER);
  bool is_boolean = value->kind == EAGRE_SQL_LITERAL && value->literal == EAGRE_SQL_LITERAL_BOOLEAN;
  if (!is_text && !is_boolean) {
    return eagre_export_refuse(program, value->position,
                               "Arguments of a source are exported when they are plain constants.");
  }
  *out = is_text ? value->text : value->boolean ? EAGRE_TEXT("true") : EAGRE_TEXT("false");
  return EAGRE_OK;
}

/* What the option is called in Spark; empty when Spark has no such option. */
static struct eagre_text spark_option(struct eagre_text name) {
  if (eagre_text_equal_ignoring_case(name, EAGRE_TEXT("bootstrapServers"))) {
    return EAGRE_TEXT("kafka.bootstrap.servers");
  }
  if (eagre_text_starts_with(name, EAGRE_TEXT("eagre.")) ||
      eagre_text_equal_ignoring_case(name, EAGRE_TEXT("commitOffsetsToKafka"))) {
    return (struct eagre_text){0};
  }
  return name;
}

static bool is_named(const struct eagre_sql_argument *argument, const char *name) {
  return eagre_text_equal_ignoring_case(argument->name, eagre_text_of(name));
}

/* Spark takes maxTriggerDelay as a number with a unit only. */
static struct eagre_text spark_value(struct export_program *program,
                                     const struct eagre_sql_argument *argument,
                                     struct eagre_text value) {
  int64_t delay_us = 0;
  bool is_delay =
      is_named(argument, "maxTriggerDelay") && eagre_option_read_duration(value, &delay_us);
  if (!is_delay) return value;
  return eagre_arena_printf(&program->arena, "%" PRId64 "ms", delay_us / 1000);
}

static enum eagre_status append_argument(struct export_program *program,
                                         const struct eagre_sql_argument *argument) {
  struct eagre_text value;
  EAGRE_TRY(constant_of(program, argument->value, &value));
  struct eagre_text name = spark_option(argument->name);
  if (is_named(argument, "format") || is_named(argument, "schema")) {
    eagre_buffer_printf(program->out, "\n    .%s(",
                        is_named(argument, "format") ? "format" : "schema");
    eagre_export_string(program->out, value);
    eagre_buffer_append_char(program->out, ')');
  } else if (name.size > 0) {
    eagre_export_option(program, name, spark_value(program, argument, value));
  }
  return EAGRE_OK;
}

static enum eagre_status append_reader(struct export_program *program,
                                       const struct eagre_sql_relation *tree, size_t row) {
  struct eagre_buffer *out = program->out;
  eagre_buffer_printf(out, "(spark.%s", tree->is_stream ? "readStream" : "read");
  if (source_rows[row].format != NULL) {
    eagre_buffer_printf(out, "\n    .format(\"%s\")", source_rows[row].format);
  }
  for (uint32_t i = source_rows[row].has_path ? 1 : 0; i < tree->argument_count; i++) {
    EAGRE_TRY(append_argument(program, &tree->arguments[i]));
  }
  eagre_buffer_append_string(out, "\n    .load(");
  if (source_rows[row].has_path) {
    struct eagre_text path;
    EAGRE_TRY(constant_of(program, tree->arguments[0].value, &path));
    eagre_export_string(out, path);
  }
  eagre_buffer_append_char(out, ')');
  return EAGRE_OK;
}

static void finish_view(struct export_program *program, const struct eagre_sql_relation *tree) {
  struct eagre_text name =
      eagre_arena_printf(&program->arena, "eagre_source_%u", program->source_count++);
  eagre_buffer_printf(program->out, "\n    .createOrReplaceTempView(\"%.*s\"))\n", (int)name.size,
                      name.data);
  eagre_export_add_made(program, tree, name);
}

enum eagre_status eagre_export_source(struct export_program *program,
                                      const struct eagre_sql_relation *tree) {
  if (eagre_export_find_made(program, tree) != NULL) return EAGRE_OK;
  struct eagre_text function = tree->name.parts[tree->name.part_count - 1];
  for (size_t row = 0; row < EAGRE_COUNT_OF(source_rows); row++) {
    if (!eagre_text_equal_ignoring_case(function, eagre_text_of(source_rows[row].function)))
      continue;
    EAGRE_TRY(append_reader(program, tree, row));
    if (row == KAFKA_ROW) program->has_kafka = true;
    finish_view(program, tree);
    return EAGRE_OK;
  }
  return eagre_export_refuse(program, tree->position, "Spark has no relation like %.*s(...).",
                             (int)function.size, function.data);
}

/* ---- deduplicate() --------------------------------------------------------------------------- */

static bool is_within_watermark(const struct eagre_sql_relation *tree) {
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    if (tree->arguments[i].name.size > 0) return tree->arguments[i].value->boolean;
  }
  return false;
}

enum eagre_status eagre_export_deduplicate(struct export_program *program,
                                           const struct eagre_sql_relation *tree,
                                           struct eagre_text input) {
  struct eagre_buffer *out = program->out;
  if (eagre_export_find_made(program, tree) != NULL) return EAGRE_OK;
  eagre_buffer_append_string(out, "(spark.sql(");
  eagre_export_sql(
      out, eagre_arena_printf(&program->arena, "SELECT * FROM %.*s", (int)input.size, input.data));
  eagre_buffer_printf(out, ")\n    .%s(",
                      is_within_watermark(tree) ? "dropDuplicatesWithinWatermark"
                                                : "dropDuplicates");
  const char *separator = "[";
  for (uint32_t i = 0; i < tree->argument_count; i++) {
    const struct eagre_sql_name *column = &tree->arguments[i].value->name;
    if (tree->arguments[i].name.size > 0) continue;
    eagre_buffer_append_string(out, separator);
    eagre_export_string(out, column->parts[column->part_count - 1]);
    separator = ", ";
  }
  eagre_buffer_append_string(out, separator[0] == ',' ? "])" : ")");
  finish_view(program, tree);
  return EAGRE_OK;
}
