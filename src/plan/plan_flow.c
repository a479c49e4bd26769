/* Statements -> flows: targets, options by precedence (command line > OPTIONS > TBLPROPERTIES >
 * SET), modes, triggers, places on disk. */
#include <string.h>

#include "plan/plan_bind.h"

/* A table or sink that flows may write into. */
struct plan_target {
  struct eagre_text name;
  struct eagre_plan_sink *sink;
  const struct eagre_sql_statement *table; /* NULL: it is none */
  struct eagre_sql_option *flow_options;   /* from TBLPROPERTIES, names without "eagre." */
  uint32_t flow_option_count;
  bool is_written;
  struct plan_target *next;
};

/* The statements of one file under way. */
struct flow_work {
  struct plan_binder *binder;
  const struct eagre_plan_request *request;
  struct eagre_sql_option *settings; /* SET statements, in order */
  uint32_t setting_count;
  uint32_t setting_capacity;
  struct plan_target *targets;
  uint32_t flow_capacity;
  uint32_t query_capacity;
};

/* ---- Settings -------------------------------------------------------------------------------- */

static void add_setting(struct flow_work *work, struct eagre_sql_option option) {
  if (work->setting_count == work->setting_capacity) {
    uint32_t capacity = work->setting_capacity == 0 ? 16 : work->setting_capacity * 2;
    struct eagre_sql_option *grown =
        eagre_arena_allocate(work->binder->arena, sizeof *grown * capacity);
    if (work->setting_count > 0) {
      memcpy(grown, work->settings, sizeof *grown * work->setting_count);
    }
    work->settings = grown;
    work->setting_capacity = capacity;
  }
  work->settings[work->setting_count++] = option;
}

static bool is_setting_key(struct eagre_text key) {
  return eagre_text_starts_with(key, EAGRE_TEXT("spark.sql.")) ||
         eagre_text_starts_with(key, EAGRE_TEXT("eagre."));
}

/* SET, then the flow's own spark.sql.* and eagre.* options, then --set: the last one wins. */
static enum eagre_status merge_settings(struct flow_work *work, const struct eagre_options *flow,
                                        struct eagre_options *out, struct eagre_error *error) {
  const struct eagre_plan_request *request = work->request;
  uint32_t flow_count = flow == NULL ? 0 : flow->count;
  struct eagre_sql_option *all = eagre_arena_allocate_zeroed(
      work->binder->arena,
      sizeof *all * (work->setting_count + flow_count + request->setting_count + 1));
  uint32_t count = work->setting_count;
  if (count > 0) memcpy(all, work->settings, sizeof *all * count);
  for (uint32_t i = 0; i < flow_count; i++) {
    const struct eagre_option *option = &flow->options[i];
    if (!is_setting_key(option->key)) continue;
    all[count++] = (struct eagre_sql_option){option->key, option->value, option->position};
  }
  for (uint32_t i = 0; i < request->setting_count; i++) {
    all[count++] = (struct eagre_sql_option){.key = request->settings[i].name,
                                             .value = request->settings[i].value};
  }
  return eagre_plan_options_check(work->binder, EAGRE_OPTION_SESSION, all, count, out, error);
}

/* Where a setting was written; nowhere when it is a default or of the command line. */
static struct eagre_sql_position position_of(const struct eagre_options *settings,
                                             const char *key) {
  for (uint32_t i = settings->count; i > 0; i--) {
    const struct eagre_option *option = &settings->options[i - 1];
    if (eagre_text_equal_ignoring_case(option->key, eagre_text_of(key))) return option->position;
  }
  return (struct eagre_sql_position){0};
}

static enum eagre_status check_session(const struct eagre_options *session,
                                       struct eagre_error *error) {
  if (eagre_option_boolean(session, "spark.sql.caseSensitive")) {
    return eagre_plan_fail(error, position_of(session, "spark.sql.caseSensitive"),
                           "UNSUPPORTED_FEATURE.CASE_SENSITIVE",
                           "spark.sql.caseSensitive = true is not supported yet.");
  }
  return EAGRE_OK;
}

static bool is_legacy(const struct eagre_options *session) {
  return !eagre_option_boolean(session, "spark.sql.ansi.enabled");
}

/* The session's zone. Each is opened once and lives as long as the pipeline, as expressions keep
 * it. */
static enum eagre_status open_zone(struct plan_binder *binder, const struct eagre_options *settings,
                                   const struct eagre_zone **out_zone, struct eagre_error *error) {
  const char *key = "spark.sql.session.timeZone";
  struct eagre_pipeline *pipeline = binder->pipeline;
  struct eagre_text name = eagre_option_text(settings, key);
  if (name.size == 0) name = EAGRE_TEXT("UTC");
  for (struct eagre_pipeline_zone *known = pipeline->zones; known != NULL; known = known->next) {
    if (!eagre_text_equal(known->name, name)) continue;
    *out_zone = known->zone;
    return EAGRE_OK;
  }
  struct eagre_zone *zone = NULL;
  enum eagre_status status = eagre_zone_open(name, &zone, error);
  if (status != EAGRE_OK) {
    struct eagre_sql_position position = position_of(settings, key);
    eagre_sql_place_error(position, error);
    return status;
  }
  struct eagre_pipeline_zone *each = eagre_arena_allocate_zeroed(binder->arena, sizeof *each);
  *each = (struct eagre_pipeline_zone){eagre_arena_copy_text(binder->arena, name), zone,
                                       pipeline->zones};
  pipeline->zones = each;
  *out_zone = zone;
  return EAGRE_OK;
}

/* The session of the statements that follow: options and zone. */
static enum eagre_status apply_settings(struct flow_work *work, struct eagre_error *error) {
  struct eagre_pipeline *pipeline = work->binder->pipeline;
  EAGRE_TRY(merge_settings(work, NULL, &pipeline->session, error));
  EAGRE_TRY(check_session(&pipeline->session, error));
  EAGRE_TRY(open_zone(work->binder, &pipeline->session, &pipeline->zone, error));
  pipeline->expression_session.zone = pipeline->zone;
  pipeline->expression_session.is_legacy = is_legacy(&pipeline->session);
  return EAGRE_OK;
}

/* ---- Targets --------------------------------------------------------------------------------- */

static struct plan_target *find_target(struct flow_work *work, struct eagre_text name) {
  for (struct plan_target *target = work->targets; target != NULL; target = target->next) {
    if (eagre_text_equal_ignoring_case(target->name, name)) return target;
  }
  return NULL;
}

/* The table or sink of that name; `what` it was to be stands in the error. */
static enum eagre_status find_written(struct flow_work *work, struct eagre_text name,
                                      const char *what, struct eagre_sql_position position,
                                      struct plan_target **out, struct eagre_error *error) {
  *out = find_target(work, name);
  if (*out != NULL) return EAGRE_OK;
  eagre_plan_fail(error, position, "TABLE_OR_VIEW_NOT_FOUND", "The %s `%.*s` cannot be found.",
                  what, (int)name.size, name.data);
  eagre_error_hint(error,
                   "make it first: CREATE STREAMING TABLE %.*s or CREATE SINK %.*s USING "
                   "...",
                   (int)name.size, name.data, (int)name.size, name.data);
  return EAGRE_USAGE;
}

static struct eagre_text last_part(const struct eagre_sql_name *name) {
  return name->parts[name->part_count - 1];
}

static struct eagre_text place_below_storage(struct flow_work *work, const char *folder,
                                             struct eagre_text name) {
  return eagre_arena_printf(work->binder->arena, "%.*s/%s/%.*s", (int)work->request->storage.size,
                            work->request->storage.data, folder, (int)name.size, name.data);
}

static enum eagre_status add_target(struct flow_work *work,
                                    const struct eagre_sql_statement *statement,
                                    struct plan_target **out, struct eagre_error *error) {
  struct eagre_text name = last_part(&statement->name);
  if (find_target(work, name) != NULL) {
    return eagre_plan_fail(
        error, statement->name.position, "PIPELINE_DUPLICATE_IDENTIFIERS.DATASET",
        "There are two tables or sinks with the name `%.*s`.", (int)name.size, name.data);
  }
  struct plan_target *target = eagre_arena_allocate_zeroed(work->binder->arena, sizeof *target);
  target->name = name;
  target->sink = eagre_arena_allocate_zeroed(work->binder->arena, sizeof *target->sink);
  target->sink->name = name;
  target->sink->position = statement->position;
  target->next = work->targets;
  work->targets = target;
  *out = target;
  return EAGRE_OK;
}

static bool is_flow_property(struct eagre_text key, struct eagre_text *out_name) {
  static const char *const names[] = {"outputMode", "trigger",    "checkpointLocation",
                                      "queryName",  "deadLetter", "lateRows"};
  *out_name = key;
  if (eagre_text_equal_ignoring_case(key, EAGRE_TEXT("pipelines.trigger.interval"))) return true;
  if (eagre_text_starts_with(key, EAGRE_TEXT("spark.sql."))) return true;
  if (!eagre_text_starts_with(key, EAGRE_TEXT("eagre."))) return false;
  struct eagre_text rest = eagre_text_make(key.data + 6, key.size - 6);
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++) {
    if (!eagre_text_equal_ignoring_case(rest, eagre_text_of(names[i]))) continue;
    *out_name = rest;
    return true;
  }
  return eagre_text_starts_with(rest, EAGRE_TEXT("sink.")) ||
         eagre_text_starts_with(rest, EAGRE_TEXT("source.")) ||
         eagre_text_starts_with(rest, EAGRE_TEXT("kafka.")) ||
         eagre_text_starts_with(rest, EAGRE_TEXT("watermark."));
}

/* TBLPROPERTIES hold options of the flow that fills the table ("eagre.trigger") and of its writer
 * ("eagre.compression"). */
static enum eagre_status split_properties(struct flow_work *work,
                                          const struct eagre_sql_statement *statement,
                                          struct plan_target *target, struct eagre_error *error) {
  struct eagre_arena *arena = work->binder->arena;
  size_t size = sizeof(struct eagre_sql_option) * (statement->option_count + 1);
  target->flow_options = eagre_arena_allocate_zeroed(arena, size);
  struct eagre_sql_option *writer = eagre_arena_allocate_zeroed(arena, size);
  uint32_t writer_count = 0;
  for (uint32_t i = 0; i < statement->option_count; i++) {
    struct eagre_sql_option option = statement->options[i];
    struct eagre_text name;
    if (is_flow_property(option.key, &name)) {
      option.key = name;
      target->flow_options[target->flow_option_count++] = option;
      continue;
    }
    if (eagre_text_starts_with(option.key, EAGRE_TEXT("delta."))) {
      eagre_plan_fail(error, option.position, "UNSUPPORTED_FEATURE.TABLE_PROPERTY",
                      "The table property '%.*s' is not supported yet.", (int)option.key.size,
                      option.key.data);
      return EAGRE_USAGE;
    }
    if (eagre_text_starts_with(option.key, EAGRE_TEXT("eagre."))) {
      option.key = eagre_text_make(option.key.data + 6, option.key.size - 6);
    }
    writer[writer_count++] = option;
  }
  return eagre_plan_options_check(work->binder, EAGRE_OPTION_WRITE_DELTA, writer, writer_count,
                                  &target->sink->options, error);
}

static enum eagre_status refuse_table_clauses(const struct eagre_sql_statement *statement,
                                              struct eagre_error *error) {
  if (statement->partition_column_count == 0) return EAGRE_OK;
  return eagre_plan_fail(error, statement->position, "UNSUPPORTED_FEATURE.TABLE_CLAUSE",
                         "PARTITIONED BY is not supported yet.");
}

static enum eagre_status check_table_format(const struct eagre_sql_statement *statement,
                                            struct eagre_error *error) {
  struct eagre_text format = statement->format;
  if (format.size == 0 || eagre_text_equal_ignoring_case(format, EAGRE_TEXT("delta"))) {
    return EAGRE_OK;
  }
  static const char *const sinks[] = {"kafka", "parquet", "json", "csv", "text", "console", "noop"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(sinks); i++) {
    if (!eagre_text_equal_ignoring_case(format, eagre_text_of(sinks[i]))) continue;
    eagre_plan_fail(error, statement->position, "DATA_SOURCE_NOT_A_TABLE", "%s is no table format.",
                    sinks[i]);
    eagre_error_hint(error,
                     "write CREATE SINK name USING %s OPTIONS (...) and CREATE FLOW ... AS "
                     "INSERT INTO name ...",
                     sinks[i]);
    return EAGRE_USAGE;
  }
  eagre_plan_fail(error, statement->position, "DATA_SOURCE_NOT_FOUND",
                  "Tables USING %.*s are not supported yet.", (int)format.size, format.data);
  eagre_error_hint(error, "use delta, the default");
  return EAGRE_USAGE;
}

static const struct eagre_type *declared_schema(struct plan_binder *binder,
                                                const struct eagre_sql_statement *statement) {
  if (statement->column_count == 0) return NULL;
  struct eagre_field *fields =
      eagre_arena_allocate(binder->arena, sizeof *fields * statement->column_count);
  for (uint32_t i = 0; i < statement->column_count; i++) {
    const struct eagre_sql_column *column = &statement->columns[i];
    fields[i] = (struct eagre_field){column->name, column->type, !column->is_not_null};
  }
  return eagre_type_struct(binder->arena, fields, statement->column_count);
}

static enum eagre_status bind_sink(struct flow_work *work,
                                   const struct eagre_sql_statement *statement,
                                   struct eagre_error *error) {
  struct plan_target *target = NULL;
  EAGRE_TRY(add_target(work, statement, &target, error));
  return eagre_plan_bind_sink(work->binder, statement, target->sink, error);
}

/* ---- Flows ----------------------------------------------------------------------------------- */

static bool is_time(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_DATE || kind == EAGRE_TYPE_TIMESTAMP ||
         kind == EAGRE_TYPE_TIMESTAMP_NTZ;
}

/* ANSI store assignment: what INSERT casts by itself. Its casts fail also without ANSI. */
static bool can_assign(enum eagre_type_kind from, enum eagre_type_kind to) {
  if (from == to || from == EAGRE_TYPE_NULL) return true;
  if (eagre_type_is_numeric(from) && eagre_type_is_numeric(to)) return true;
  if (to == EAGRE_TYPE_STRING) return from != EAGRE_TYPE_STRUCT;
  return is_time(from) && is_time(to);
}

static enum eagre_status fail_assignment(struct eagre_text column, const struct eagre_type *from,
                                         const struct eagre_type *to,
                                         struct eagre_sql_position position,
                                         struct eagre_error *error) {
  struct eagre_buffer from_text = {0};
  struct eagre_buffer to_text = {0};
  eagre_type_print(&from_text, from);
  eagre_type_print(&to_text, to);
  eagre_plan_fail(error, position, "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST",
                  "Cannot safely cast `%.*s` \"%s\" to \"%s\".", (int)column.size, column.data,
                  eagre_buffer_string(&from_text), eagre_buffer_string(&to_text));
  eagre_buffer_done(&from_text);
  eagre_buffer_done(&to_text);
  return EAGRE_USAGE;
}

static int find_by_name(const struct plan_relation *relation, struct eagre_text name) {
  for (uint32_t i = 0; i < relation->column_count; i++) {
    if (eagre_text_equal_ignoring_case(relation->columns[i].name, name)) return (int)i;
  }
  return -1;
}

/* A PROJECT that gives the declared columns of the table, by name or by position. */
static enum eagre_status assign_columns(struct plan_binder *binder, const struct eagre_type *schema,
                                        bool by_name, struct plan_relation *relation,
                                        struct eagre_sql_position position,
                                        struct eagre_error *error) {
  uint32_t count = schema->field_count;
  if (relation->column_count != count) {
    return eagre_plan_fail(error, position, "INSERT_COLUMN_ARITY_MISMATCH",
                           "The table has %u columns, the query gives %u.", count,
                           relation->column_count);
  }
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, relation->node, position);
  node->expressions = eagre_arena_allocate(binder->arena, sizeof(void *) * (count + 1));
  node->expression_count = count;
  const struct eagre_expression_session strict = {.zone =
                                                      binder->pipeline->expression_session.zone};
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_field *field = &schema->fields[i];
    int column = by_name ? find_by_name(relation, field->name) : (int)i;
    if (column < 0) {
      return eagre_plan_fail(error, position, "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_FIND_DATA",
                             "Cannot find data for the column `%.*s` of the table.",
                             (int)field->name.size, field->name.data);
    }
    struct eagre_expression *value =
        eagre_plan_column_reference(binder, relation, (uint32_t)column, position);
    const struct eagre_type *from = relation->columns[column].type;
    if (!eagre_type_equal(from, field->type)) {
      if (!can_assign(from->kind, field->type->kind)) {
        return fail_assignment(field->name, from, field->type, position, error);
      }
      EAGRE_TRY(eagre_expression_cast(binder->arena, value, field->type, false, &strict, position,
                                      &value, error));
    }
    node->expressions[i] = value;
  }
  relation->node = node;
  node->output = schema;
  return EAGRE_OK;
}

static enum eagre_status check_column_names(const struct eagre_type *columns,
                                            struct eagre_sql_position position,
                                            struct eagre_error *error) {
  for (uint32_t i = 0; i < columns->field_count; i++) {
    if (eagre_type_find_field(columns, columns->fields[i].name, true) != -2) continue;
    eagre_plan_fail(error, position, "COLUMN_ALREADY_EXISTS",
                    "The column `%.*s` already exists. Choose another name or rename the existing "
                    "column.",
                    (int)columns->fields[i].name.size, columns->fields[i].name.data);
    eagre_error_hint(error, "give it another name with AS");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

/* The options of the flow: TBLPROPERTIES first, its own OPTIONS after, so that these win. */
static enum eagre_status flow_options(struct flow_work *work,
                                      const struct eagre_sql_statement *statement,
                                      const struct plan_target *target, struct eagre_flow *flow,
                                      struct eagre_error *error) {
  bool is_flow = statement->kind == EAGRE_SQL_CREATE_FLOW;
  uint32_t own_count = is_flow ? statement->option_count : 0;
  struct eagre_sql_option *all = eagre_arena_allocate_zeroed(
      work->binder->arena, sizeof *all * (own_count + target->flow_option_count + 1));
  if (target->flow_option_count > 0) {
    memcpy(all, target->flow_options, sizeof *all * target->flow_option_count);
  }
  if (own_count > 0) {
    memcpy(all + target->flow_option_count, statement->options, sizeof *all * own_count);
  }
  EAGRE_TRY(eagre_plan_options_check(work->binder, EAGRE_OPTION_FLOW, all,
                                     own_count + target->flow_option_count, &flow->options, error));
  EAGRE_TRY(merge_settings(work, &flow->options, &flow->settings, error));
  EAGRE_TRY(check_session(&flow->settings, error));
  flow->expression_session.is_legacy = is_legacy(&flow->settings);
  return open_zone(work->binder, &flow->settings, &flow->expression_session.zone, error);
}

/* Whether a setting stands on the command line, which wins over the flow's options. */
static bool is_commanded(const struct flow_work *work, const char *key) {
  for (uint32_t i = 0; i < work->request->setting_count; i++) {
    if (eagre_text_equal_ignoring_case(work->request->settings[i].name, eagre_text_of(key))) {
      return true;
    }
  }
  return false;
}

/* The trigger that the file or --set asks for; checked even when --trigger has another. */
static enum eagre_status written_trigger(const struct flow_work *work, struct eagre_flow *flow,
                                         struct eagre_error *error) {
  const struct eagre_options *places[] = {&flow->options, &flow->settings};
  static const char *const names[] = {"trigger", "eagre.trigger"};
  bool is_ruled =
      is_commanded(work, "eagre.trigger") || is_commanded(work, "pipelines.trigger.interval");
  for (size_t i = is_ruled ? 1 : 0; i < EAGRE_COUNT_OF(places); i++) {
    if (eagre_option_given(places[i], names[i])) {
      return eagre_trigger_parse(eagre_option_text(places[i], names[i]), &flow->trigger, error);
    }
    if (eagre_option_given(places[i], "pipelines.trigger.interval")) {
      flow->trigger.kind = EAGRE_TRIGGER_PROCESSING_TIME;
      flow->trigger.interval_us = eagre_option_duration_us(places[i], "pipelines.trigger.interval");
      return EAGRE_OK;
    }
  }
  return EAGRE_OK;
}

static enum eagre_status flow_trigger(struct flow_work *work, struct eagre_flow *flow,
                                      struct eagre_error *error) {
  enum eagre_status status = written_trigger(work, flow, error);
  if (status == EAGRE_OK && work->request->trigger.size > 0) {
    return eagre_trigger_parse(work->request->trigger, &flow->trigger, error);
  }
  if (status != EAGRE_OK) {
    struct eagre_sql_position position = position_of(&flow->options, "trigger");
    if (position.line == 0) position = flow->position;
    eagre_sql_place_error(position, error);
  }
  return status;
}

static void flow_mode(const struct flow_work *work, struct eagre_flow *flow) {
  struct eagre_text text = eagre_option_text(&flow->options, "outputMode");
  bool is_own =
      eagre_option_given(&flow->options, "outputMode") && !is_commanded(work, "eagre.outputMode");
  bool is_session = !is_own && eagre_option_given(&flow->settings, "eagre.outputMode");
  if (is_session) text = eagre_option_text(&flow->settings, "eagre.outputMode");
  flow->mode = EAGRE_MODE_APPEND;
  if (eagre_text_equal_string(text, "update")) flow->mode = EAGRE_MODE_UPDATE;
  if (eagre_text_equal_string(text, "complete")) flow->mode = EAGRE_MODE_COMPLETE;
}

static void flow_checkpoint(struct flow_work *work, struct eagre_flow *flow) {
  flow->checkpoint = eagre_option_text(&flow->options, "checkpointLocation");
  if (flow->checkpoint.size > 0) return;
  struct eagre_text root =
      eagre_option_text(&flow->settings, "spark.sql.streaming.checkpointLocation");
  flow->checkpoint = root.size > 0
                         ? eagre_arena_printf(work->binder->arena, "%.*s/%.*s", (int)root.size,
                                              root.data, (int)flow->name.size, flow->name.data)
                         : place_below_storage(work, "checkpoints", flow->name);
}

static enum eagre_status check_names(struct flow_work *work, const struct eagre_flow *flow,
                                     struct eagre_error *error) {
  const struct eagre_pipeline *pipeline = work->binder->pipeline;
  for (uint32_t i = 0; i < pipeline->flow_count; i++) {
    const struct eagre_flow *other = &pipeline->flows[i];
    if (eagre_text_equal_ignoring_case(other->name, flow->name)) {
      return eagre_plan_fail(error, flow->position, "PIPELINE_DUPLICATE_IDENTIFIERS.FLOW",
                             "There are two flows with the name `%.*s`.", (int)flow->name.size,
                             flow->name.data);
    }
    if (eagre_text_equal(other->checkpoint, flow->checkpoint)) {
      return eagre_plan_fail(error, flow->position, "CHECKPOINT_SHARED",
                             "The flows `%.*s` and `%.*s` have the same checkpoint directory %.*s.",
                             (int)other->name.size, other->name.data, (int)flow->name.size,
                             flow->name.data, (int)flow->checkpoint.size, flow->checkpoint.data);
    }
  }
  return EAGRE_OK;
}

static struct eagre_flow *append_flow(struct flow_work *work) {
  struct eagre_pipeline *pipeline = work->binder->pipeline;
  if (pipeline->flow_count == work->flow_capacity) {
    work->flow_capacity = work->flow_capacity == 0 ? 8 : work->flow_capacity * 2;
    struct eagre_flow *grown =
        eagre_arena_allocate_zeroed(work->binder->arena, sizeof *grown * work->flow_capacity);
    if (pipeline->flow_count > 0) {
      memcpy(grown, pipeline->flows, sizeof *grown * pipeline->flow_count);
    }
    pipeline->flows = grown;
  }
  return &pipeline->flows[pipeline->flow_count];
}

static enum eagre_status check_all(struct eagre_expression *const *expressions, uint32_t count,
                                   struct eagre_error *error) {
  for (uint32_t i = 0; i < count; i++) {
    if (expressions[i] != NULL) EAGRE_TRY(eagre_expression_check_value(expressions[i], error));
  }
  return EAGRE_OK;
}

/* What no column can hold (a DECIMAL, a bare map) is found before anything runs. */
static enum eagre_status check_values(const struct eagre_plan_node *node,
                                      struct eagre_error *error) {
  EAGRE_TRY(check_all(node->expressions, node->expression_count, error));
  EAGRE_TRY(check_all(node->keys, node->key_count, error));
  EAGRE_TRY(check_all(node->arguments, node->aggregate_count, error));
  EAGRE_TRY(check_all(node->left_keys, node->join_key_count, error));
  EAGRE_TRY(check_all(node->right_keys, node->join_key_count, error));
  for (uint32_t i = 0; i < node->input_count; i++) {
    EAGRE_TRY(check_values(node->inputs[i], error));
  }
  return EAGRE_OK;
}

/* Filters move down until no join that they meet becomes a narrower one. */
static struct eagre_plan_node *move_filters(struct plan_binder *binder,
                                            struct eagre_plan_node *node) {
  do {
    node = eagre_plan_push_filters(binder, node);
  } while (eagre_plan_narrow_joins(binder, node));
  return node;
}

/* Binds the query and finishes it: declared columns, filters, pruning. */
static enum eagre_status bind_flow_query(struct plan_binder *binder,
                                         const struct eagre_sql_query *tree,
                                         const struct eagre_type *schema, bool by_name,
                                         bool allows_changes, struct plan_relation *relation,
                                         struct eagre_error *error) {
  binder->sources = NULL;
  binder->source_count = 0;
  binder->watermark_count = 0;
  EAGRE_TRY(eagre_plan_bind_query(binder, tree, relation, error));
  if (schema != NULL) {
    EAGRE_TRY(assign_columns(binder, schema, by_name, relation, tree->position, error));
  }
  EAGRE_TRY(check_values(relation->node, error));
  if (relation->is_stream && !allows_changes)
    relation->node = eagre_plan_find_ranked(binder, relation->node);
  relation->node = move_filters(binder, relation->node);
  eagre_plan_infer_filters(binder, relation->node);
  if (eagre_plan_narrow_joins(binder, relation->node))
    relation->node = move_filters(binder, relation->node);
  if (allows_changes) eagre_plan_find_tops(binder, relation->node);
  eagre_plan_find_predicates(binder, relation->node);
  eagre_plan_prune_columns(binder, relation->node);
  eagre_plan_find_needles(relation->node);
  return EAGRE_OK;
}

/* Streams are numbered in leaf order, as in Spark; what a join reads as a table is not counted. */
static void take_sources(struct plan_binder *binder, struct eagre_flow *flow) {
  size_t size = sizeof(void *) * (binder->source_count + 1);
  flow->sources = eagre_arena_allocate(binder->arena, size);
  flow->static_sources = eagre_arena_allocate(binder->arena, size);
  for (uint32_t i = 0; i < binder->source_count; i++) {
    struct eagre_plan_source *source = binder->sources[i];
    if (source->is_stream) {
      source->number = flow->source_count;
      flow->sources[flow->source_count++] = source;
    } else {
      source->number = flow->static_source_count;
      flow->static_sources[flow->static_source_count++] = source;
    }
  }
}

/* An epoch that is one transaction has to end while Kafka waits for it. */
static void bound_epochs(struct plan_binder *binder, struct eagre_flow *flow) {
  static const char name[] = "maxOffsetsPerTrigger";
  bool is_bound = eagre_plan_sink_is_transactional(flow->sink);
  for (uint32_t i = 0; is_bound && i < flow->source_count; i++) {
    struct eagre_options *options = &flow->sources[i]->options;
    if (options->scope != EAGRE_OPTION_READ_KAFKA || eagre_option_given(options, name)) continue;
    struct eagre_option *grown =
        eagre_arena_allocate(binder->arena, sizeof *grown * (options->count + 1));
    if (options->count > 0) memcpy(grown, options->options, sizeof *grown * options->count);
    grown[options->count] = (struct eagre_option){.key = eagre_text_of(name),
                                                  .value = EAGRE_TEXT("1000000"),
                                                  .position = flow->sources[i]->position};
    options->options = grown;
    options->count += 1;
  }
}

/* Whether it may run, and what makes it run when rows between stateful nodes change. */
static enum eagre_status finish_query(struct plan_binder *binder, struct eagre_flow *flow,
                                      struct eagre_error *error) {
  const struct eagre_expression_session session = binder->pipeline->expression_session;
  struct eagre_plan_node *root = flow->query.root;
  bool has_changes = false;
  EAGRE_TRY(eagre_plan_check_stream(&flow->query, flow->mode,
                                    eagre_option_boolean(&flow->settings, "eagre.changes"),
                                    &has_changes, error));
  if (!has_changes) return EAGRE_OK;
  binder->pipeline->expression_session = flow->expression_session;
  enum eagre_status status = eagre_plan_add_changes(binder, flow->mode, &root, error);
  binder->pipeline->expression_session = session;
  if (status == EAGRE_OK) eagre_plan_tree_init(binder->arena, root, &flow->query);
  return status;
}

/* Where rows go without being looked at. */
static enum eagre_status refuse_expectations(const struct plan_target *target,
                                             struct eagre_sql_position position,
                                             const char *class_name, const char *why,
                                             struct eagre_error *error) {
  if (target->table == NULL || target->table->constraint_count == 0) return EAGRE_OK;
  return eagre_plan_fail(error, position, class_name, "The table `%.*s` has expectations; %s.",
                         (int)target->name.size, target->name.data, why);
}

/* Before the query is bound: what is malformed fails in such a flow. */
static enum eagre_status flow_dead_letter(struct flow_work *work, struct eagre_flow *flow,
                                          struct eagre_error *error) {
  struct eagre_text name = eagre_option_text(&flow->options, "deadLetter");
  if (name.size == 0) return EAGRE_OK;
  struct eagre_sql_position position = position_of(&flow->options, "deadLetter");
  struct plan_target *target = NULL;
  EAGRE_TRY(find_written(work, name, "sink for dead letters", position, &target, error));
  EAGRE_TRY(refuse_expectations(target, position, "INVALID_DEAD_LETTER_TABLE",
                                "a table of dead letters has none", error));
  target->is_written = true;
  flow->expression_session.malformed_fails = true;
  return eagre_plan_add_dead_letter(work->binder, target->sink, position, &flow->sink, error);
}

static enum eagre_status flow_late_rows(struct flow_work *work, struct eagre_flow *flow,
                                        struct eagre_error *error) {
  struct eagre_text name = eagre_option_text(&flow->options, "lateRows");
  if (name.size == 0) return EAGRE_OK;
  struct eagre_sql_position position = position_of(&flow->options, "lateRows");
  struct plan_target *target = NULL;
  EAGRE_TRY(find_written(work, name, "sink for late rows", position, &target, error));
  EAGRE_TRY(refuse_expectations(target, position, "INVALID_LATE_ROWS_TABLE",
                                "a table of late rows has none", error));
  target->is_written = true;
  return eagre_plan_add_late_rows(work->binder, target->sink, position, &flow->sink, error);
}

/* What can be said of the sides of a flow whose query is finished. */
static enum eagre_status check_sides(struct plan_binder *binder, const struct eagre_flow *flow,
                                     struct eagre_error *error) {
  EAGRE_TRY(eagre_plan_check_expectations(flow, error));
  if (flow->sink->sides[EAGRE_SIDE_LATE_ROWS] == NULL) return EAGRE_OK;
  return eagre_plan_check_late_rows(binder, flow, position_of(&flow->options, "lateRows"), error);
}

/* The query of a flow, and what its table expects of the rows. */
static enum eagre_status bind_flow_rows(struct plan_binder *binder,
                                        const struct plan_target *target,
                                        const struct eagre_flow *flow,
                                        struct plan_relation *relation, struct eagre_error *error) {
  const struct eagre_sql_statement *statement = flow->statement;
  bool by_name = statement->by_name || statement->kind == EAGRE_SQL_CREATE_TABLE;
  const struct eagre_expression_session session = binder->pipeline->expression_session;
  binder->pipeline->expression_session = flow->expression_session;
  enum eagre_status status =
      bind_flow_query(binder, statement->query, target->sink->schema, by_name,
                      eagre_option_boolean(&flow->settings, "eagre.changes"), relation, error);
  /* A row in a slice may be late in some of its windows only, which each is a late row. */
  bool keeps_late_rows = flow->sink->sides[EAGRE_SIDE_LATE_ROWS] != NULL;
  if (status == EAGRE_OK && !keeps_late_rows) eagre_plan_share_slices(relation->node);
  if (status == EAGRE_OK) {
    status = eagre_plan_add_expectations(binder, target->table, flow->name, relation, error);
  }
  binder->pipeline->expression_session = session;
  return status;
}

static enum eagre_status add_flow(struct flow_work *work,
                                  const struct eagre_sql_statement *statement,
                                  struct plan_target *target, struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  struct eagre_flow *flow = append_flow(work);
  memset(flow, 0, sizeof *flow);
  flow->name = eagre_arena_copy_text(work->binder->arena, last_part(&statement->name));
  flow->position = statement->position;
  flow->statement = statement;
  flow->sink = target->sink;
  EAGRE_TRY(flow_options(work, statement, target, flow, error));
  EAGRE_TRY(flow_dead_letter(work, flow, error));
  EAGRE_TRY(flow_late_rows(work, flow, error));
  struct plan_relation relation;
  EAGRE_TRY(bind_flow_rows(binder, target, flow, &relation, error));
  if (!relation.is_stream && binder->source_count > 0) {
    eagre_plan_fail(error, statement->query->position,
                    "INVALID_FLOW_QUERY_TYPE.BATCH_RELATION_FOR_STREAMING_TABLE",
                    "The flow `%.*s` reads no stream.", (int)flow->name.size, flow->name.data);
    eagre_error_hint(error, "write STREAM in front of the source: FROM STREAM read_files(...)");
    return EAGRE_USAGE;
  }
  if (binder->source_count == 0) {
    return eagre_plan_fail(error, statement->query->position,
                           "INVALID_FLOW_QUERY_TYPE.BATCH_RELATION_FOR_STREAMING_TABLE",
                           "The flow `%.*s` reads no source.", (int)flow->name.size,
                           flow->name.data);
  }
  eagre_plan_tree_init(binder->arena, relation.node, &flow->query);
  take_sources(binder, flow);
  bound_epochs(binder, flow);
  if (flow->expression_session.malformed_fails) EAGRE_TRY(eagre_plan_keep_raw(flow, error));
  flow->watermark_count = binder->watermark_count;
  flow->state_partition_count =
      (uint32_t)eagre_option_integer(&flow->settings, "spark.sql.shuffle.partitions");
  EAGRE_TRY(flow_trigger(work, flow, error));
  EAGRE_TRY(eagre_plan_check_continuous(flow, error));
  EAGRE_TRY(eagre_plan_set_watermarks(flow, error));
  flow_mode(work, flow);
  flow_checkpoint(work, flow);
  EAGRE_TRY(check_names(work, flow, error));
  EAGRE_TRY(check_column_names(flow->query.root->output, statement->query->position, error));
  EAGRE_TRY(finish_query(binder, flow, error));
  EAGRE_TRY(check_sides(binder, flow, error));
  target->is_written = true;
  binder->pipeline->flow_count += 1;
  return EAGRE_OK;
}

/* ---- Statements ------------------------------------------------------------------------------ */

/* So that later statements can read the table. */
static void add_place(struct plan_binder *binder, const struct plan_target *target) {
  struct plan_table_place *place = eagre_arena_allocate(binder->arena, sizeof *place);
  *place = (struct plan_table_place){target->name, target->sink->location, binder->tables};
  binder->tables = place;
}

static enum eagre_status bind_table(struct flow_work *work,
                                    const struct eagre_sql_statement *statement,
                                    struct eagre_error *error) {
  struct plan_target *target = NULL;
  EAGRE_TRY(check_table_format(statement, error));
  EAGRE_TRY(refuse_table_clauses(statement, error));
  EAGRE_TRY(add_target(work, statement, &target, error));
  target->table = statement;
  target->sink->kind = EAGRE_SINK_DELTA;
  target->sink->comment = statement->comment;
  target->sink->schema = declared_schema(work->binder, statement);
  target->sink->location = statement->location.size > 0
                               ? statement->location
                               : place_below_storage(work, "tables", target->name);
  EAGRE_TRY(split_properties(work, statement, target, error));
  add_place(work->binder, target);
  if (statement->query == NULL) return EAGRE_OK;
  return add_flow(work, statement, target, error);
}

/* The options that tables have for the flows that fill them, table by table. */
static void add_flow_options(struct flow_work *work, const struct plan_target *from,
                             struct plan_target *to) {
  uint32_t count = to->flow_option_count + from->flow_option_count;
  struct eagre_sql_option *all =
      eagre_arena_allocate(work->binder->arena, sizeof *all * (count + 1));
  if (to->flow_option_count > 0) {
    memcpy(all, to->flow_options, sizeof *all * to->flow_option_count);
  }
  if (from->flow_option_count > 0) {
    memcpy(all + to->flow_option_count, from->flow_options, sizeof *all * from->flow_option_count);
  }
  to->flow_options = all;
  to->flow_option_count = count;
}

/* INSERT INTO a, b: one target that stands for all of them. */
static enum eagre_status join_targets(struct flow_work *work,
                                      const struct eagre_sql_statement *statement,
                                      struct plan_target *out, struct eagre_error *error) {
  struct eagre_arena *arena = work->binder->arena;
  uint32_t count = statement->target_count;
  struct eagre_plan_sink **parts = eagre_arena_allocate_zeroed(arena, sizeof(void *) * count);
  for (uint32_t i = 0; i < count; i++) {
    struct plan_target *target = NULL;
    EAGRE_TRY(find_written(work, last_part(&statement->targets[i]), "target",
                           statement->targets[i].position, &target, error));
    EAGRE_TRY(refuse_expectations(target, statement->targets[i].position,
                                  "UNSUPPORTED_FEATURE.EXPECTATIONS_OF_SEVERAL_TARGETS",
                                  "all targets of a flow get the same rows, so write a flow for it",
                                  error));
    for (uint32_t other = 0; other < i; other++) {
      if (parts[other] != target->sink) continue;
      return eagre_plan_fail(
          error, statement->targets[i].position, "PIPELINE_DUPLICATE_IDENTIFIERS.TARGET",
          "The target `%.*s` is named twice.", (int)target->name.size, target->name.data);
    }
    parts[i] = target->sink;
    add_flow_options(work, target, out);
    target->is_written = true;
  }
  out->sink = eagre_arena_allocate_zeroed(arena, sizeof *out->sink);
  EAGRE_TRY(eagre_plan_join_sinks(work->binder, parts, statement, out->sink, error));
  out->name = out->sink->name;
  return EAGRE_OK;
}

static enum eagre_status bind_flow(struct flow_work *work,
                                   const struct eagre_sql_statement *statement,
                                   struct eagre_error *error) {
  struct plan_target several = {0};
  struct plan_target *target = &several;
  if (statement->target_count == 1) {
    EAGRE_TRY(find_written(work, last_part(&statement->targets[0]), "target",
                           statement->targets[0].position, &target, error));
  } else {
    EAGRE_TRY(join_targets(work, statement, &several, error));
  }
  return add_flow(work, statement, target, error);
}

/* A view is bound once where it stands, so that its own mistakes are found even when nobody reads
 * it. */
static enum eagre_status bind_view(struct flow_work *work,
                                   const struct eagre_sql_statement *statement,
                                   struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  struct plan_relation ignored;
  EAGRE_TRY(eagre_plan_bind_query(binder, statement->query, &ignored, error));
  struct plan_view *view = eagre_arena_allocate_zeroed(binder->arena, sizeof *view);
  view->name = last_part(&statement->name);
  view->query = statement->query;
  view->next = binder->views;
  binder->views = view;
  return EAGRE_OK;
}

static enum eagre_status bind_select(struct flow_work *work,
                                     const struct eagre_sql_statement *statement,
                                     struct eagre_error *error) {
  struct plan_binder *binder = work->binder;
  struct eagre_pipeline *pipeline = binder->pipeline;
  if (!work->request->is_query) {
    eagre_plan_fail(error, statement->position, "UNSUPPORTED_FEATURE.SELECT_IN_PIPELINE",
                    "A SELECT of its own is no part of a pipeline.");
    eagre_error_hint(error, "run it with `eagre query`, or make it a CREATE STREAMING TABLE or "
                            "CREATE FLOW");
    return EAGRE_USAGE;
  }
  struct plan_relation relation;
  EAGRE_TRY(bind_flow_query(binder, statement->query, NULL, false, false, &relation, error));
  eagre_plan_share_slices(relation.node);
  for (uint32_t i = 0; i < binder->source_count; i++) {
    if (!binder->sources[i]->is_stream) continue;
    eagre_plan_fail(error, binder->sources[i]->position, "UNSUPPORTED_STREAMING_OPERATOR_IN_QUERY",
                    "Queries with streaming sources must be run as a flow.");
    eagre_error_hint(error, "leave STREAM out to read what is there now");
    return EAGRE_USAGE;
  }
  if (pipeline->query_count == work->query_capacity) {
    work->query_capacity = work->query_capacity == 0 ? 8 : work->query_capacity * 2;
    struct eagre_plan_query *grown =
        eagre_arena_allocate_zeroed(binder->arena, sizeof *grown * work->query_capacity);
    if (pipeline->query_count > 0) {
      memcpy(grown, pipeline->queries, sizeof *grown * pipeline->query_count);
    }
    pipeline->queries = grown;
  }
  struct eagre_plan_query *query = &pipeline->queries[pipeline->query_count++];
  *query = (struct eagre_plan_query){.statement = statement,
                                     .sources = binder->sources,
                                     .source_count = binder->source_count,
                                     .settings = pipeline->session,
                                     .expression_session = pipeline->expression_session};
  eagre_plan_tree_init(binder->arena, relation.node, &query->query);
  return EAGRE_OK;
}

static enum eagre_status bind_set(struct flow_work *work,
                                  const struct eagre_sql_statement *statement,
                                  struct eagre_error *error) {
  if (statement->option_count == 0 || statement->options[0].value.data == NULL) {
    return eagre_plan_fail(error, statement->position, "UNSUPPORTED_FEATURE.SET_WITHOUT_VALUE",
                           "SET needs a value: SET key = value.");
  }
  add_setting(work, statement->options[0]);
  return apply_settings(work, error);
}

static enum eagre_status bind_statement(struct flow_work *work,
                                        const struct eagre_sql_statement *statement,
                                        struct eagre_error *error) {
  bool is_writing = statement->kind == EAGRE_SQL_CREATE_TABLE ||
                    statement->kind == EAGRE_SQL_CREATE_SINK ||
                    statement->kind == EAGRE_SQL_CREATE_FLOW;
  if (is_writing && work->request->is_query) {
    eagre_plan_fail(error, statement->position, "UNSUPPORTED_FEATURE.WRITE_IN_QUERY",
                    "`eagre query` only reads.");
    eagre_error_hint(error, "run the file with `eagre run`");
    return EAGRE_USAGE;
  }
  switch (statement->kind) {
  case EAGRE_SQL_SET:
    return bind_set(work, statement, error);
  case EAGRE_SQL_CREATE_TABLE:
    return bind_table(work, statement, error);
  case EAGRE_SQL_CREATE_SINK:
    return bind_sink(work, statement, error);
  case EAGRE_SQL_CREATE_FLOW:
    return bind_flow(work, statement, error);
  case EAGRE_SQL_CREATE_VIEW:
    return bind_view(work, statement, error);
  case EAGRE_SQL_SELECT:
    return bind_select(work, statement, error);
  case EAGRE_SQL_OTHER:
    return eagre_plan_fail(error, statement->position, "UNSUPPORTED_FEATURE.STATEMENT",
                           "%.*s is not supported yet.", (int)statement->what.size,
                           statement->what.data);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_plan_bind_statements(struct plan_binder *binder,
                                             const struct eagre_plan_request *request,
                                             const struct eagre_sql_statement *first,
                                             struct eagre_error *error) {
  struct flow_work work = {.binder = binder, .request = request};
  EAGRE_TRY(apply_settings(&work, error));
  for (const struct eagre_sql_statement *statement = first; statement != NULL;
       statement = statement->next) {
    EAGRE_TRY(bind_statement(&work, statement, error));
  }
  for (struct plan_target *target = work.targets; target != NULL; target = target->next) {
    if (target->is_written) continue;
    eagre_plan_notice(binder, "nothing is written into `%.*s`", (int)target->name.size,
                      target->name.data);
  }
  return EAGRE_OK;
}
