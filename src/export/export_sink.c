/* Sinks: spark.writeStream with the mode, the trigger and the checkpoint of the flow. */
#include "export/export_inside.h"

static const char json_rows_function[] =
    "def print_rows(prefix):\n"
    "    \"\"\"For foreachBatch: one JSON object per row on standard output, as Eagre's console "
    "prints them.\"\"\"\n"
    "    def write(frame, batch_id):\n"
    "        begin = prefix.replace(\"BATCH\", str(batch_id))\n"
    "        for row in frame.selectExpr(\"to_json(struct(*)) AS row\").collect():\n"
    "            separator = \",\" if begin and row.row != \"{}\" else \"\"\n"
    "            print(\"{\" + begin + separator + row.row[1:], flush=True)\n"
    "    return write\n\n\n";

static bool is_json_console(const struct eagre_plan_sink *sink) {
  return sink->kind == EAGRE_SINK_CONSOLE &&
         eagre_text_equal_string(eagre_option_text(&sink->options, "format"), "json");
}

void eagre_export_sink_functions(struct eagre_buffer *out) {
  eagre_buffer_append_string(out, json_rows_function);
}

static bool shares_sink(const struct eagre_pipeline *pipeline, const struct eagre_plan_sink *sink) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < pipeline->flow_count; i++) {
    count += pipeline->flows[i].sink == sink;
  }
  return count > 1;
}

/* What every object of the JSON console begins with; BATCH stands for the number of the batch. */
static void append_json_console(struct export_program *program, const struct eagre_flow *flow) {
  struct eagre_buffer prefix = {0};
  if (eagre_option_boolean(&flow->sink->options, "includeBatchId")) {
    eagre_buffer_append_string(&prefix, "\"_batch_id\":BATCH");
  }
  if (shares_sink(program->pipeline, flow->sink)) {
    if (prefix.size > 0) eagre_buffer_append_char(&prefix, ',');
    eagre_buffer_append_string(&prefix, "\"_flow\":");
    eagre_buffer_append_json_string(&prefix, flow->name);
  }
  eagre_buffer_append_string(program->out, "\n    .foreachBatch(print_rows(");
  eagre_export_string(program->out, eagre_buffer_text(&prefix));
  eagre_buffer_append_string(program->out, "))");
  eagre_buffer_done(&prefix);
}

static void append_options(struct export_program *program, const struct eagre_options *options) {
  for (uint32_t i = 0; i < options->count; i++) {
    struct eagre_text key = options->options[i].key;
    bool is_ours = eagre_text_equal_ignoring_case(key, EAGRE_TEXT("format")) ||
                   eagre_text_equal_ignoring_case(key, EAGRE_TEXT("delivery"));
    if (!is_ours) eagre_export_option(program, key, options->options[i].value);
  }
}

static enum eagre_status check_sink(struct export_program *program, const struct eagre_flow *flow) {
  if (flow->sink->kind == EAGRE_SINK_SEVERAL) {
    return eagre_export_refuse(program, flow->position,
                               "A query of Spark writes into one sink; one flow for each of them "
                               "can be exported.");
  }
  if (!eagre_plan_sink_is_transactional(flow->sink)) return EAGRE_OK;
  return eagre_export_refuse(program, flow->sink->position,
                             "Spark writes to Kafka at least once, not exactly once.");
}

static void append_partitions(struct export_program *program, const struct eagre_plan_sink *sink) {
  if (sink->partition_column_count == 0) return;
  eagre_buffer_append_string(program->out, "\n    .partitionBy(");
  for (uint32_t i = 0; i < sink->partition_column_count; i++) {
    if (i > 0) eagre_buffer_append_string(program->out, ", ");
    eagre_export_string(program->out, sink->partition_columns[i]);
  }
  eagre_buffer_append_char(program->out, ')');
}

static const char *format_of(const struct eagre_plan_sink *sink) {
  switch (sink->kind) {
  case EAGRE_SINK_DELTA:
    return "delta";
  case EAGRE_SINK_FILES:
    return eagre_file_format_name(sink->format);
  case EAGRE_SINK_KAFKA:
    return "kafka";
  case EAGRE_SINK_CONSOLE:
    return "console";
  case EAGRE_SINK_NOOP:
    return "noop";
  case EAGRE_SINK_SEVERAL:
    break;
  }
  eagre_assert(!"several sinks have been refused");
  return NULL;
}

static void append_sink(struct export_program *program, const struct eagre_flow *flow) {
  program->has_delta = program->has_delta || flow->sink->kind == EAGRE_SINK_DELTA;
  program->has_kafka = program->has_kafka || flow->sink->kind == EAGRE_SINK_KAFKA;
  if (is_json_console(flow->sink)) {
    program->has_json_console = true;
    append_json_console(program, flow);
    return;
  }
  eagre_buffer_printf(program->out, "\n    .format(\"%s\")", format_of(flow->sink));
  append_options(program, &flow->sink->options);
  append_partitions(program, flow->sink);
}

static void append_trigger(struct eagre_buffer *out, const struct eagre_trigger *trigger) {
  switch (trigger->kind) {
  case EAGRE_TRIGGER_DEFAULT:
    return;
  case EAGRE_TRIGGER_PROCESSING_TIME:
    eagre_buffer_printf(out, "\n    .trigger(processingTime=\"%lld microseconds\")",
                        (long long)trigger->interval_us);
    return;
  case EAGRE_TRIGGER_ONCE:
    eagre_buffer_append_string(out, "\n    .trigger(once=True)");
    return;
  case EAGRE_TRIGGER_AVAILABLE_NOW:
    eagre_buffer_append_string(out, "\n    .trigger(availableNow=True)");
    return;
  case EAGRE_TRIGGER_CONTINUOUS: /* Spark's own refuses most queries: as often, in micro-batches */
    eagre_buffer_printf(out, "\n    .trigger(processingTime=\"%lld microseconds\")",
                        (long long)trigger->interval_us);
    return;
  }
}

/* The declared columns of a table: taken by name or by position, cast as INSERT casts. */
static void append_columns(struct export_program *program, const struct eagre_flow *flow) {
  const struct eagre_type *schema = flow->sink->schema;
  struct eagre_buffer *out = program->out;
  if (schema == NULL) return;
  bool by_name = flow->statement->by_name || flow->statement->kind == EAGRE_SQL_CREATE_TABLE;
  if (!by_name) {
    eagre_buffer_append_string(out, "frame = frame.toDF(");
    for (uint32_t i = 0; i < schema->field_count; i++) {
      if (i > 0) eagre_buffer_append_string(out, ", ");
      eagre_export_string(out, schema->fields[i].name);
    }
    eagre_buffer_append_string(out, ")\n");
  }
  eagre_buffer_append_string(out, "frame = frame.selectExpr(");
  for (uint32_t i = 0; i < schema->field_count; i++) {
    struct eagre_buffer column = {0};
    eagre_buffer_append_string(&column, "CAST(");
    eagre_export_identifier(&column, schema->fields[i].name);
    eagre_buffer_append_string(&column, " AS ");
    eagre_type_print(&column, schema->fields[i].type);
    eagre_buffer_append_string(&column, ") AS ");
    eagre_export_identifier(&column, schema->fields[i].name);
    eagre_buffer_append_string(out, "\n    ");
    eagre_export_string(out, eagre_buffer_text(&column));
    eagre_buffer_append_char(out, ',');
    eagre_buffer_done(&column);
  }
  eagre_buffer_append_string(out, "\n)\n");
}

enum eagre_status eagre_export_start(struct export_program *program,
                                     const struct eagre_flow *flow) {
  struct eagre_buffer *out = program->out;
  EAGRE_TRY(check_sink(program, flow));
  append_columns(program, flow);
  eagre_buffer_append_string(out, "queries.append(frame.writeStream\n    .queryName(");
  struct eagre_text name = eagre_option_text(&flow->options, "queryName");
  eagre_export_string(out, name.size > 0 ? name : flow->name);
  eagre_buffer_append_char(out, ')');
  append_sink(program, flow);
  eagre_buffer_printf(out, "\n    .outputMode(\"%s\")", eagre_output_mode_name(flow->mode));
  append_trigger(out, &flow->trigger);
  eagre_export_call(out, "option", EAGRE_TEXT("checkpointLocation"), flow->checkpoint);
  eagre_buffer_append_string(out, "\n    .start(");
  if (flow->sink->kind == EAGRE_SINK_DELTA) eagre_export_string(out, flow->sink->location);
  eagre_buffer_append_string(out, "))\n");
  return EAGRE_OK;
}
