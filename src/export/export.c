/* The program from its first line to its last: session, then each flow with what it reads. */
#include <stdarg.h>

#include "export/export_inside.h"

enum eagre_status eagre_export_refuse(struct export_program *program,
                                      struct eagre_sql_position position, const char *format, ...) {
  struct eagre_buffer sentence = {0};
  va_list arguments;
  va_start(arguments, format);
  eagre_buffer_vprintf(&sentence, format, arguments);
  va_end(arguments);
  eagre_error_set(program->error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.EXPORT_TO_SPARK", "%s",
                  eagre_buffer_string(&sentence));
  eagre_buffer_done(&sentence);
  eagre_sql_place_error(position, program->error);
  return EAGRE_USAGE;
}

/* ---- Session --------------------------------------------------------------------------------- */

static void append_packages(const struct export_program *program, struct eagre_buffer *out) {
  if (!program->has_delta && !program->has_kafka) return;
  eagre_buffer_append_string(out, " --packages ");
  if (program->has_delta) eagre_buffer_append_string(out, "io.delta:delta-spark_4.2_2.13:4.4.0");
  if (program->has_delta && program->has_kafka) eagre_buffer_append_char(out, ',');
  if (program->has_kafka) {
    eagre_buffer_append_string(out, "org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0");
  }
}

/* What stands before the flows, whose needs are known by now. */
static void append_head(const struct export_program *program, struct eagre_buffer *out) {
  const struct eagre_pipeline *pipeline = program->pipeline;
  eagre_buffer_append_string(out, "\"\"\"Made by `eagre export --to spark` of ");
  eagre_buffer_append_text(out, pipeline->file_name);
  eagre_buffer_append_string(out, ". Run it with Spark 4.2 or later:\n\n    spark-submit");
  append_packages(program, out);
  eagre_buffer_append_string(out, " THIS_FILE\n\"\"\"\n\n");
  if (program->has_variable) eagre_buffer_append_string(out, "import os\n");
  if (program->has_secret_file) eagre_buffer_append_string(out, "from pathlib import Path\n");
  if (program->has_variable || program->has_secret_file) eagre_buffer_append_char(out, '\n');
  eagre_buffer_append_string(out, "from pyspark.sql import SparkSession\n\n\n");
  if (program->has_json_console) eagre_export_sink_functions(out);
  eagre_buffer_append_string(out, "spark = (SparkSession.builder\n    .appName(");
  eagre_export_string(out, pipeline->file_name);
  eagre_buffer_append_char(out, ')');
  if (program->has_delta) {
    eagre_export_call(out, "config", EAGRE_TEXT("spark.sql.extensions"),
                      EAGRE_TEXT("io.delta.sql.DeltaSparkSessionExtension"));
    eagre_export_call(out, "config", EAGRE_TEXT("spark.sql.catalog.spark_catalog"),
                      EAGRE_TEXT("org.apache.spark.sql.delta.catalog.DeltaCatalog"));
  }
  eagre_buffer_append_string(out, "\n    .getOrCreate())\n");
  if (pipeline->flow_count > 0) eagre_buffer_append_string(out, "queries = []\n");
}

static bool is_sparks(struct eagre_text key) {
  return eagre_text_starts_with(key, EAGRE_TEXT("spark.sql."));
}

static void append_setting(struct eagre_buffer *out, struct eagre_text key,
                           struct eagre_text value) {
  eagre_buffer_append_string(out, "spark.conf.set(");
  eagre_export_string(out, key);
  eagre_buffer_append_string(out, ", ");
  eagre_export_string(out, value);
  eagre_buffer_append_string(out, ")\n");
}

static void print_settings(const struct eagre_options *settings,
                           const struct eagre_expression_session *session,
                           struct eagre_buffer *out) {
  for (uint32_t i = 0; i < settings->count; i++) {
    if (is_sparks(settings->options[i].key)) {
      append_setting(out, settings->options[i].key, settings->options[i].value);
    }
  }
  append_setting(out, EAGRE_TEXT("spark.sql.session.timeZone"), eagre_zone_id(session->zone));
}

static void unset_settings(const struct eagre_options *settings, struct eagre_buffer *out) {
  for (uint32_t i = 0; settings != NULL && i < settings->count; i++) {
    if (!is_sparks(settings->options[i].key)) continue;
    eagre_buffer_append_string(out, "spark.conf.unset(");
    eagre_export_string(out, settings->options[i].key);
    eagre_buffer_append_string(out, ")\n");
  }
}

/* Views keep the settings they were made under, so other settings mean other views. */
static void append_settings(struct export_program *program, const struct eagre_options *settings,
                            const struct eagre_expression_session *session) {
  struct eagre_buffer text = {0};
  print_settings(settings, session, &text);
  if (!eagre_text_equal(eagre_buffer_text(&text), program->settings_text)) {
    unset_settings(program->settings, program->out);
    eagre_buffer_append_text(program->out, eagre_buffer_text(&text));
    program->settings = settings;
    program->settings_text = eagre_arena_copy_text(&program->arena, eagre_buffer_text(&text));
    program->made = NULL;
  }
  eagre_buffer_done(&text);
}

/* ---- What a query reads ---------------------------------------------------------------------- */

static enum eagre_status append_query(struct export_program *program,
                                      const struct eagre_sql_statement *statement,
                                      struct eagre_text *out_sql);

/* The newest view of that name before `statement`; NULL when there is none (a WITH table). */
static const struct eagre_sql_statement *find_view(const struct export_program *program,
                                                   const struct eagre_sql_statement *statement,
                                                   const struct eagre_sql_name *name) {
  struct eagre_text last = name->parts[name->part_count - 1];
  const struct eagre_sql_statement *found = NULL;
  for (const struct eagre_sql_statement *each = program->pipeline->statements; each != statement;
       each = each->next) {
    bool is_it = each->kind == EAGRE_SQL_CREATE_VIEW &&
                 eagre_text_equal_ignoring_case(each->name.parts[each->name.part_count - 1], last);
    if (is_it) found = each;
  }
  return found;
}

/* A view of SQL text: each use has sources and watermarks of its own, as here. */
static enum eagre_status append_view(struct export_program *program,
                                     const struct eagre_sql_statement *view) {
  struct eagre_text sql;
  if (view == NULL || eagre_export_find_made(program, view) != NULL) return EAGRE_OK;
  EAGRE_TRY(append_query(program, view, &sql));
  struct eagre_text name = view->name.parts[view->name.part_count - 1];
  struct eagre_buffer text = {0};
  eagre_buffer_append_string(&text, "CREATE OR REPLACE TEMPORARY VIEW ");
  eagre_export_identifier(&text, name);
  eagre_buffer_append_string(&text, " AS\n");
  eagre_buffer_append_text(&text, sql);
  eagre_buffer_append_string(program->out, "spark.sql(");
  eagre_export_sql(program->out, eagre_buffer_text(&text));
  eagre_buffer_append_string(program->out, ")\n");
  eagre_buffer_done(&text);
  eagre_export_add_made(program, view, name);
  return EAGRE_OK;
}

/* Writes the sources and views that the query of `statement` reads; its SQL goes to the caller. */
static enum eagre_status append_query(struct export_program *program,
                                      const struct eagre_sql_statement *statement,
                                      struct eagre_text *out_sql) {
  struct export_relations relations;
  EAGRE_TRY(eagre_export_find_relations(program, statement->query, &relations));
  for (uint32_t i = 0; i < relations.count; i++) {
    const struct eagre_sql_relation *relation = relations.items[i];
    if (relation->kind == EAGRE_SQL_RELATION_DEDUPLICATE) continue;
    if (relation->kind == EAGRE_SQL_RELATION_FUNCTION) {
      EAGRE_TRY(eagre_export_source(program, relation));
    } else if (relation->kind == EAGRE_SQL_RELATION_PATH) {
      program->has_delta = true;
    } else {
      EAGRE_TRY(append_view(program, find_view(program, statement, &relation->name)));
    }
  }
  for (uint32_t i = relations.count; i > 0; i--) { /* the inner ones first */
    const struct eagre_sql_relation *relation = relations.items[i - 1];
    if (relation->kind != EAGRE_SQL_RELATION_DEDUPLICATE) continue;
    struct eagre_text input = eagre_export_rewrite(program, relation->input_source, &relations);
    EAGRE_TRY(eagre_export_deduplicate(program, relation, input));
  }
  *out_sql = eagre_export_rewrite(program, statement->query->source, &relations);
  return EAGRE_OK;
}

/* ---- Flows and batch queries ----------------------------------------------------------------- */

static void append_title(struct eagre_buffer *out, struct eagre_text name) {
  eagre_buffer_append_string(out, "\n# ---- ");
  eagre_buffer_append_text(out, name);
  eagre_buffer_append_char(out, '\n');
}

/* Spark's watermarks follow the fastest partition and every clock. */
static enum eagre_status check_watermarks(struct export_program *program,
                                          const struct eagre_flow *flow) {
  for (uint32_t i = 0; i < flow->query.node_count; i++) {
    const struct eagre_plan_node *node = flow->query.nodes[i];
    bool is_per_partition = node->kind == EAGRE_PLAN_WATERMARK &&
                            eagre_option_boolean(&flow->settings, "eagre.watermark.perPartition");
    if (!is_per_partition && !node->has_future_limit) continue;
    return eagre_export_refuse(program, node->position,
                               "Spark has no watermark like that of eagre.watermark.%s.",
                               is_per_partition ? "perPartition" : "maxFuture");
  }
  return EAGRE_OK;
}

/* What runs with eagre.changes, Spark refuses when the program starts. */
static enum eagre_status check_changes(struct export_program *program,
                                       const struct eagre_flow *flow) {
  for (uint32_t i = 0; i < flow->query.stateful_count; i++) {
    const struct eagre_plan_node *node = flow->query.stateful[i];
    if (!node->takes_changes) continue;
    return eagre_export_refuse(program, node->position,
                               "Spark has no aggregation over the result of a streaming "
                               "aggregation in %s mode.",
                               eagre_output_mode_name(flow->mode));
  }
  return EAGRE_OK;
}

static enum eagre_status check_expectations(struct export_program *program,
                                            const struct eagre_flow *flow) {
  const struct eagre_plan_node *expect = eagre_flow_expect(flow);
  if (expect == NULL) return EAGRE_OK;
  return eagre_export_refuse(program, expect->position,
                             "Spark's tables have no expectations, those of Databricks' pipelines "
                             "have; a WHERE leaves rows out on both.");
}

static enum eagre_status append_flow(struct export_program *program,
                                     const struct eagre_flow *flow) {
  struct eagre_text sql;
  EAGRE_TRY(check_watermarks(program, flow));
  EAGRE_TRY(check_changes(program, flow));
  EAGRE_TRY(check_expectations(program, flow));
  append_title(program->out, flow->name);
  append_settings(program, &flow->settings, &flow->expression_session);
  EAGRE_TRY(append_query(program, flow->statement, &sql));
  eagre_buffer_append_string(program->out, "frame = spark.sql(");
  eagre_export_sql(program->out, sql);
  eagre_buffer_append_string(program->out, ")\n");
  return eagre_export_start(program, flow);
}

static enum eagre_status append_batch(struct export_program *program,
                                      const struct eagre_plan_query *query, uint32_t number) {
  struct eagre_text sql;
  append_title(program->out, eagre_arena_printf(&program->arena, "query %u", number + 1));
  append_settings(program, &query->settings, &query->expression_session);
  EAGRE_TRY(append_query(program, query->statement, &sql));
  eagre_buffer_append_string(program->out, "spark.sql(");
  eagre_export_sql(program->out, sql);
  eagre_buffer_append_string(program->out, ").show(n=1000000, truncate=False)\n");
  return EAGRE_OK;
}

static enum eagre_status append_body(struct export_program *program) {
  const struct eagre_pipeline *pipeline = program->pipeline;
  for (uint32_t i = 0; i < pipeline->query_count; i++) {
    EAGRE_TRY(append_batch(program, &pipeline->queries[i], i));
  }
  for (uint32_t i = 0; i < pipeline->flow_count; i++) {
    EAGRE_TRY(append_flow(program, &pipeline->flows[i]));
  }
  if (pipeline->flow_count > 0) {
    eagre_buffer_append_string(program->out,
                               "\nfor query in queries:\n    query.awaitTermination()\n");
  }
  return EAGRE_OK;
}

enum eagre_status eagre_export_spark(const struct eagre_pipeline *pipeline,
                                     struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_buffer body = {0};
  struct export_program program = {.pipeline = pipeline, .out = &body, .error = error};
  enum eagre_status status = append_body(&program);
  if (status == EAGRE_OK) {
    append_head(&program, out);
    eagre_buffer_append_text(out, eagre_buffer_text(&body));
  } else {
    eagre_pipeline_place(pipeline, error);
  }
  eagre_buffer_done(&body);
  eagre_arena_done(&program.arena);
  return status;
}
