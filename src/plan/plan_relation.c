/* FROM: sources, views, subqueries, VALUES, and the WATERMARK clause on top of each. */
#include <string.h>

#include "base/base_secret.h"
#include "plan/plan_bind.h"
#include "value/value.h"

enum { VIEW_DEPTH_MAX = 64 };

static const int64_t MICROSECONDS_PER_DAY = INT64_C(86400000000);

/* ---- Sources -------------------------------------------------------------------------------- */

/* A plain string may refer to secrets; whether the option takes one is checked with its name. */
static enum eagre_status read_argument(struct plan_binder *binder,
                                       const struct eagre_sql_expression *value,
                                       struct eagre_text *out, struct eagre_error *error) {
  struct eagre_secret secret;
  bool is_string = value->kind == EAGRE_SQL_LITERAL && value->literal == EAGRE_SQL_LITERAL_STRING;
  if (!is_string || !eagre_secret_find(value->text, 0, &secret)) {
    return eagre_plan_constant_text(binder, value, out, error);
  }
  *out = eagre_arena_copy_text(binder->arena, value->text);
  return EAGRE_OK;
}

static enum eagre_status read_arguments(struct plan_binder *binder,
                                        const struct eagre_sql_relation *tree,
                                        uint32_t from_argument, struct eagre_sql_option **out,
                                        uint32_t *out_count, struct eagre_error *error) {
  struct eagre_sql_option *given =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *given * (tree->argument_count + 1));
  uint32_t count = 0;
  for (uint32_t i = from_argument; i < tree->argument_count; i++) {
    const struct eagre_sql_argument *argument = &tree->arguments[i];
    if (argument->name.size == 0) {
      eagre_plan_fail(error, argument->value->position, "UNEXPECTED_POSITIONAL_ARGUMENT",
                      "The arguments of `%.*s` are named: write name => value.",
                      (int)tree->name.parts[0].size, tree->name.parts[0].data);
      return EAGRE_USAGE;
    }
    given[count].key = argument->name;
    given[count].position = argument->value->position;
    EAGRE_TRY(read_argument(binder, argument->value, &given[count].value, error));
    count += 1;
  }
  *out = given;
  *out_count = count;
  return EAGRE_OK;
}

/* ARRAY<STRUCT<key STRING, value BINARY>> */
static const struct eagre_type *kafka_headers_type(struct plan_binder *binder) {
  const struct eagre_field fields[] = {
      {EAGRE_TEXT("key"), eagre_type_of(EAGRE_TYPE_STRING), true},
      {EAGRE_TEXT("value"), eagre_type_of(EAGRE_TYPE_BINARY), true},
  };
  return eagre_type_array(binder->arena,
                          eagre_type_struct(binder->arena, fields, EAGRE_COUNT_OF(fields)));
}

static const struct eagre_type *kafka_schema(struct plan_binder *binder, bool has_headers) {
  static const struct {
    const char *name;
    enum eagre_type_kind kind;
  } rows[] = {
      {"key", EAGRE_TYPE_BINARY},        {"value", EAGRE_TYPE_BINARY},
      {"topic", EAGRE_TYPE_STRING},      {"partition", EAGRE_TYPE_INT},
      {"offset", EAGRE_TYPE_BIGINT},     {"timestamp", EAGRE_TYPE_TIMESTAMP},
      {"timestampType", EAGRE_TYPE_INT},
  };
  struct eagre_field fields[EAGRE_COUNT_OF(rows) + 1];
  uint32_t count = 0;
  for (; count < EAGRE_COUNT_OF(rows); count++) {
    fields[count] = (struct eagre_field){eagre_text_of(rows[count].name),
                                         eagre_type_of(rows[count].kind), true};
  }
  if (has_headers) {
    fields[count++] = (struct eagre_field){EAGRE_TEXT("headers"), kafka_headers_type(binder), true};
  }
  return eagre_type_struct(binder->arena, fields, count);
}

static const struct eagre_type *rate_schema(struct plan_binder *binder) {
  const struct eagre_field fields[2] = {
      {EAGRE_TEXT("timestamp"), eagre_type_of(EAGRE_TYPE_TIMESTAMP), true},
      {EAGRE_TEXT("value"), eagre_type_of(EAGRE_TYPE_BIGINT), true},
  };
  return eagre_type_struct(binder->arena, fields, 2);
}

enum eagre_status eagre_plan_check_columns(const struct eagre_type *type,
                                           struct eagre_sql_position position,
                                           struct eagre_error *error) {
  for (uint32_t i = 0; i < type->field_count; i++) {
    EAGRE_TRY(eagre_plan_check_columns(type->fields[i].type, position, error));
  }
  if (eagre_type_is_supported(type->kind)) return EAGRE_OK;
  struct eagre_buffer printed = {0};
  eagre_type_print(&printed, type);
  eagre_plan_fail(error, position, "UNSUPPORTED_DATATYPE", "The type \"%s\" is not supported yet.",
                  eagre_buffer_string(&printed));
  eagre_error_hint(error, "read it as STRING");
  eagre_buffer_done(&printed);
  return EAGRE_USAGE;
}

static const struct {
  const char *name;
  const char *title; /* as Spark's messages have it */
} file_formats[] = {
    [EAGRE_FILES_TEXT] = {"text", "Text"},
    [EAGRE_FILES_JSON] = {"json", "JSON"},
    [EAGRE_FILES_CSV] = {"csv", "CSV"},
    [EAGRE_FILES_PARQUET] = {"parquet", "Parquet"},
};

const char *eagre_file_format_name(enum eagre_file_format format) {
  return file_formats[format].name;
}

/* The name has been checked. */
static enum eagre_file_format find_format(struct eagre_text name) {
  size_t format = 0;
  while (!eagre_text_equal_string(name, file_formats[format].name)) {
    format++;
    eagre_assert(format < EAGRE_COUNT_OF(file_formats));
  }
  return (enum eagre_file_format)format;
}

static enum eagre_status refuse_without_schema(const struct eagre_plan_source *source,
                                               struct eagre_error *error) {
  if (source->is_stream) {
    eagre_plan_fail(error, source->position, "_LEGACY_ERROR_TEMP_2048",
                    "Schema must be specified when creating a streaming source.");
  } else {
    eagre_plan_fail(error, source->position, "UNABLE_TO_INFER_SCHEMA",
                    "Unable to infer schema for %s. It must be specified manually.",
                    file_formats[source->format].title);
  }
  eagre_error_hint(error, "add schema => 'a INT, b STRING'");
  return EAGRE_USAGE;
}

/* Columns as the SQL text has them; NULL when it has none. */
static enum eagre_status written_schema(struct plan_binder *binder,
                                        struct eagre_plan_source *source,
                                        struct eagre_error *error) {
  struct eagre_text ddl = eagre_option_text(&source->options, "schema");
  if (source->format == EAGRE_FILES_TEXT) {
    const struct eagre_field field = {EAGRE_TEXT("value"), eagre_type_of(EAGRE_TYPE_STRING), true};
    source->schema = eagre_type_struct(binder->arena, &field, 1);
    return EAGRE_OK;
  }
  if (ddl.size == 0) return EAGRE_OK;
  return eagre_type_parse_columns(binder->arena, ddl, &source->schema, error);
}

/* The places of errors that speak of a DDL text, or of what is outside. */
static enum eagre_status place_at(const struct eagre_plan_source *source, enum eagre_status status,
                                  struct eagre_error *error) {
  if (status == EAGRE_OK) return EAGRE_OK;
  eagre_sql_place_error(source->position, error);
  return status;
}

static enum eagre_status files_schema(struct plan_binder *binder, struct eagre_plan_source *source,
                                      struct eagre_error *error) {
  EAGRE_TRY(place_at(source, written_schema(binder, source, error), error));
  bool can_infer = source->format == EAGRE_FILES_PARQUET && !source->is_stream;
  if (source->schema == NULL && !can_infer) return refuse_without_schema(source, error);
  if (binder->complete != NULL) {
    EAGRE_TRY(place_at(source, binder->complete(source, binder->arena, error), error));
  }
  if (source->schema == NULL) return refuse_without_schema(source, error);
  return eagre_plan_check_columns(source->schema, source->position, error);
}

static enum eagre_status bind_read_files(struct plan_binder *binder,
                                         const struct eagre_sql_relation *tree,
                                         struct eagre_plan_source *source,
                                         struct eagre_error *error) {
  if (tree->argument_count == 0 || tree->arguments[0].name.size > 0) {
    eagre_plan_fail(error, tree->position, "REQUIRED_PARAMETER_NOT_FOUND",
                    "read_files needs the path as its first argument.");
    eagre_error_hint(error, "write read_files('dir', format => 'json', schema => '...')");
    return EAGRE_USAGE;
  }
  struct eagre_sql_option *given = NULL;
  uint32_t given_count = 0;
  EAGRE_TRY(eagre_plan_constant_text(binder, tree->arguments[0].value, &source->path, error));
  EAGRE_TRY(read_arguments(binder, tree, 1, &given, &given_count, error));
  EAGRE_TRY(eagre_plan_options_check(binder, EAGRE_OPTION_READ_FILES, given, given_count,
                                     &source->options, error));
  struct eagre_text format = eagre_option_text(&source->options, "format");
  if (format.size == 0) {
    eagre_plan_fail(error, tree->position, "REQUIRED_PARAMETER_NOT_FOUND",
                    "read_files needs the argument format.");
    eagre_error_hint(error, "write format => 'csv', 'json', 'parquet' or 'text'");
    return EAGRE_USAGE;
  }
  source->format = find_format(format);
  return files_schema(binder, source, error);
}

/* `bootstrapServers` and `kafka.bootstrap.servers` are one option. */
static enum eagre_status bind_read_kafka(struct plan_binder *binder,
                                         const struct eagre_sql_relation *tree,
                                         struct eagre_plan_source *source,
                                         struct eagre_error *error) {
  struct eagre_sql_option *given = NULL;
  uint32_t given_count = 0;
  EAGRE_TRY(read_arguments(binder, tree, 0, &given, &given_count, error));
  for (uint32_t i = 0; i < given_count; i++) {
    if (eagre_text_equal_ignoring_case(given[i].key, EAGRE_TEXT("kafka.bootstrap.servers"))) {
      given[i].key = EAGRE_TEXT("bootstrapServers");
    }
  }
  EAGRE_TRY(eagre_plan_options_check(binder, EAGRE_OPTION_READ_KAFKA, given, given_count,
                                     &source->options, error));
  source->schema = kafka_schema(binder, eagre_option_boolean(&source->options, "includeHeaders"));
  return EAGRE_OK;
}

static enum eagre_status bind_rate(struct plan_binder *binder,
                                   const struct eagre_sql_relation *tree,
                                   struct eagre_plan_source *source, struct eagre_error *error) {
  struct eagre_sql_option *given = NULL;
  uint32_t given_count = 0;
  bool has_batches = source->kind == EAGRE_SOURCE_RATE_MICRO_BATCH;
  if (!tree->is_stream) {
    const char *name = has_batches ? "rate_micro_batch" : "rate";
    return eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.RATE_AS_BATCH",
                           "%s() is a stream: write STREAM %s(...).", name, name);
  }
  EAGRE_TRY(read_arguments(binder, tree, 0, &given, &given_count, error));
  EAGRE_TRY(eagre_plan_options_check(
      binder, has_batches ? EAGRE_OPTION_READ_RATE_MICRO_BATCH : EAGRE_OPTION_READ_RATE, given,
      given_count, &source->options, error));
  source->schema = rate_schema(binder);
  if (!has_batches || eagre_option_given(&source->options, "rowsPerBatch")) return EAGRE_OK;
  eagre_plan_fail(error, tree->position, "REQUIRED_PARAMETER_NOT_FOUND",
                  "rate_micro_batch needs the argument rowsPerBatch.");
  eagre_error_hint(error, "write rate_micro_batch(rowsPerBatch => 1000)");
  return EAGRE_USAGE;
}

static void add_source(struct plan_binder *binder, struct eagre_plan_source *source) {
  struct eagre_plan_source **sources =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (binder->source_count + 1));
  if (binder->source_count > 0) {
    memcpy(sources, binder->sources, sizeof(void *) * binder->source_count);
  }
  source->number = binder->source_count;
  sources[binder->source_count] = source;
  binder->sources = sources;
  binder->source_count += 1;
}

static void relation_of_type(struct plan_binder *binder, const struct eagre_type *type,
                             struct eagre_text qualifier, struct plan_relation *out) {
  out->column_count = type->field_count;
  out->columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *out->columns * (type->field_count + 1));
  for (uint32_t i = 0; i < type->field_count; i++) {
    out->columns[i].qualifier = qualifier;
    out->columns[i].name = type->fields[i].name;
    out->columns[i].type = type->fields[i].type;
  }
}

void eagre_plan_add_source(struct plan_binder *binder, struct eagre_plan_source *source,
                           struct plan_relation *out) {
  add_source(binder, source);
  out->node = eagre_plan_node_new(binder, EAGRE_PLAN_SOURCE, NULL, source->position);
  out->node->source = source;
  out->is_stream = source->is_stream;
  relation_of_type(binder, source->schema, eagre_text_make("", 0), out);
  eagre_plan_relation_seal(binder, out);
}

static const struct {
  const char *name;
  enum eagre_source_kind kind;
  enum eagre_status (*bind)(struct plan_binder *binder, const struct eagre_sql_relation *tree,
                            struct eagre_plan_source *source, struct eagre_error *error);
} source_functions[] = {
    {"read_kafka", EAGRE_SOURCE_KAFKA, bind_read_kafka},
    {"read_files", EAGRE_SOURCE_FILES, bind_read_files},
    {"rate", EAGRE_SOURCE_RATE, bind_rate},
    {"rate_micro_batch", EAGRE_SOURCE_RATE_MICRO_BATCH, bind_rate},
};

static enum eagre_status refuse_function(const struct eagre_sql_relation *tree,
                                         struct eagre_text name, struct eagre_error *error) {
  const char *names[EAGRE_COUNT_OF(source_functions)];
  for (size_t i = 0; i < EAGRE_COUNT_OF(names); i++)
    names[i] = source_functions[i].name;
  const char *nearest = eagre_text_nearest(name, names, EAGRE_COUNT_OF(names));
  if (eagre_function_exists(name)) {
    return eagre_plan_fail(error, tree->position, "NOT_A_TABLE_FUNCTION",
                           "Operation not allowed: `%.*s` is not a table function.", (int)name.size,
                           name.data);
  }
  eagre_plan_fail(error, tree->position, "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
                  "Could not resolve `%.*s` to a table-valued function.", (int)name.size,
                  name.data);
  if (nearest != NULL) {
    eagre_error_hint(error, "did you mean %s", nearest);
  } else {
    eagre_error_hint(error, "there are read_kafka, read_files, rate, rate_micro_batch");
  }
  return EAGRE_USAGE;
}

static enum eagre_status bind_function(struct plan_binder *binder,
                                       const struct eagre_sql_relation *tree,
                                       struct plan_relation *out, struct eagre_error *error) {
  struct eagre_text name = tree->name.parts[tree->name.part_count - 1];
  bool is_known = false;
  EAGRE_TRY(eagre_plan_bind_functions(binder, tree, out, &is_known, error));
  if (is_known) return EAGRE_OK;
  EAGRE_TRY(eagre_plan_bind_generator(binder, tree, out, &is_known, error));
  if (is_known) return EAGRE_OK;
  size_t row = 0;
  while (row < EAGRE_COUNT_OF(source_functions) &&
         !eagre_text_equal_ignoring_case(name, eagre_text_of(source_functions[row].name))) {
    row++;
  }
  if (row == EAGRE_COUNT_OF(source_functions)) return refuse_function(tree, name, error);
  struct eagre_plan_source *source = eagre_arena_allocate_zeroed(binder->arena, sizeof *source);
  source->is_stream = tree->is_stream;
  source->position = tree->position;
  source->kind = source_functions[row].kind;
  EAGRE_TRY(source_functions[row].bind(binder, tree, source, error));
  eagre_plan_add_source(binder, source, out);
  return EAGRE_OK;
}

/* ---- Names, subqueries, VALUES -------------------------------------------------------------- */

static enum eagre_status expand(struct plan_binder *binder, const struct eagre_sql_query *query,
                                struct eagre_sql_position position, struct plan_relation *out,
                                struct eagre_error *error) {
  if (binder->view_depth >= VIEW_DEPTH_MAX) {
    return eagre_plan_fail(error, position, "VIEW_EXCEED_MAX_NESTED_DEPTH",
                           "Views are nested deeper than %d.", VIEW_DEPTH_MAX);
  }
  binder->view_depth += 1;
  enum eagre_status status = eagre_plan_bind_query(binder, query, out, error);
  binder->view_depth -= 1;
  return status;
}

/* A view sees the views made before it, and no WITH table of the query that reads it. */
static enum eagre_status expand_view(struct plan_binder *binder, const struct plan_view *view,
                                     struct eagre_sql_position position, struct plan_relation *out,
                                     struct eagre_error *error) {
  struct plan_common *common_tables = binder->common_tables;
  struct plan_view *views = binder->views;
  binder->common_tables = NULL;
  binder->views = view->next;
  enum eagre_status status = expand(binder, view->query, position, out, error);
  binder->views = views;
  binder->common_tables = common_tables;
  return status;
}

static enum eagre_status fail_no_table(struct plan_binder *binder,
                                       const struct eagre_sql_relation *tree,
                                       struct eagre_error *error) {
  struct eagre_text name = tree->name.parts[tree->name.part_count - 1];
  const char *candidates[64];
  size_t count = 0;
  for (struct plan_view *view = binder->views; view != NULL && count < 64; view = view->next) {
    candidates[count++] = eagre_arena_copy_text(binder->arena, view->name).data;
  }
  const char *nearest = eagre_text_nearest(name, candidates, count);
  eagre_plan_fail(error, tree->name.position, "TABLE_OR_VIEW_NOT_FOUND",
                  "The table or view `%.*s` cannot be found. Verify the spelling.", (int)name.size,
                  name.data);
  if (nearest != NULL) {
    eagre_error_hint(error, "did you mean `%s`?", nearest);
  } else {
    eagre_error_hint(error, "read a source with read_kafka(...) or read_files(...), or make a "
                            "CREATE TEMPORARY VIEW before this statement");
  }
  return EAGRE_USAGE;
}

/* WITH tables and temporary views have no schema: a name of several parts is another's. */
static bool is_named(const struct eagre_sql_relation *tree, struct eagre_text name) {
  return tree->name.part_count == 1 && eagre_text_equal_ignoring_case(tree->name.parts[0], name);
}

static enum eagre_status bind_table_name(struct plan_binder *binder,
                                         const struct eagre_sql_relation *tree,
                                         struct plan_relation *out, struct eagre_error *error) {
  struct eagre_text name = tree->name.parts[tree->name.part_count - 1];
  for (struct plan_common *table = binder->common_tables; table != NULL; table = table->next) {
    if (!is_named(tree, table->name)) continue;
    struct plan_common *saved = binder->common_tables;
    binder->common_tables = table->next; /* a WITH table sees only those before it */
    enum eagre_status status = expand(binder, table->query, tree->position, out, error);
    binder->common_tables = saved;
    return status;
  }
  for (struct plan_view *view = binder->views; view != NULL; view = view->next) {
    if (!is_named(tree, view->name)) continue;
    EAGRE_TRY(expand_view(binder, view, tree->position, out, error));
    if (out->is_stream && !tree->is_stream) {
      eagre_plan_fail(
          error, tree->position, "INCOMPATIBLE_BATCH_VIEW_READ",
          "View `%.*s` is a streaming view and must be referenced using the STREAM keyword.",
          (int)name.size, name.data);
      eagre_error_hint(error, "write FROM STREAM %.*s", (int)name.size, name.data);
      return EAGRE_USAGE;
    }
    if (!out->is_stream && tree->is_stream) {
      return eagre_plan_fail(
          error, tree->position, "INCOMPATIBLE_STREAMING_VIEW_READ",
          "View `%.*s` is a batch view and must be referenced without the STREAM "
          "keyword.",
          (int)name.size, name.data);
    }
    return EAGRE_OK;
  }
  bool is_table = false;
  EAGRE_TRY(eagre_plan_bind_table(binder, tree, out, &is_table, error));
  return is_table ? EAGRE_OK : fail_no_table(binder, tree, error);
}

/* The type that all values of a column of VALUES widen to: that of coalesce() over them. */
static enum eagre_status find_common_type(struct plan_binder *binder,
                                          const struct eagre_sql_relation *tree,
                                          struct eagre_expression *const *cells, uint32_t column,
                                          const struct eagre_type **out,
                                          struct eagre_error *error) {
  struct eagre_expression **values =
      eagre_arena_allocate(binder->arena, sizeof(void *) * (tree->row_count + 1));
  struct eagre_expression *common = NULL;
  for (uint32_t row = 0; row < tree->row_count; row++) {
    values[row] = cells[row * tree->column_count + column];
  }
  struct eagre_error ignored;
  if (eagre_expression_call(binder->arena, EAGRE_TEXT("coalesce"), values, tree->row_count,
                            &binder->pipeline->expression_session, tree->position, &common,
                            &ignored) != EAGRE_OK) {
    return eagre_plan_fail(
        error, tree->position, "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE",
        "Found incompatible types in the column `col%u` for inline table.", column + 1);
  }
  *out = eagre_expression_type(common);
  return EAGRE_OK;
}

static enum eagre_status bind_values(struct plan_binder *binder,
                                     const struct eagre_sql_relation *tree,
                                     struct plan_relation *out, struct eagre_error *error) {
  const struct eagre_expression_session *session = &binder->pipeline->expression_session;
  struct plan_relation empty = {0};
  struct plan_scope scope = {.relation = &empty, .aggregate_refusal = "VALUES"};
  uint32_t cell_count = tree->row_count * tree->column_count;
  struct eagre_expression **cells =
      eagre_arena_allocate_zeroed(binder->arena, sizeof(void *) * (cell_count + 1));
  out->columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *out->columns * (tree->column_count + 1));
  out->column_count = tree->column_count;
  for (uint32_t i = 0; i < cell_count; i++) {
    EAGRE_TRY(eagre_plan_bind_expression(binder, &scope, tree->values[i], &cells[i], error));
  }
  for (uint32_t column = 0; column < tree->column_count; column++) {
    const struct eagre_type *type = NULL;
    EAGRE_TRY(find_common_type(binder, tree, cells, column, &type, error));
    for (uint32_t row = 0; row < tree->row_count; row++) {
      struct eagre_expression **cell = &cells[row * tree->column_count + column];
      EAGRE_TRY(eagre_expression_cast(binder->arena, *cell, type, false, session, tree->position,
                                      cell, error));
    }
    out->columns[column].name = eagre_arena_printf(binder->arena, "col%u", column + 1);
    out->columns[column].type = type;
  }
  out->node = eagre_plan_node_new(binder, EAGRE_PLAN_VALUES, NULL, tree->position);
  out->node->expressions = cells;
  out->node->expression_count = cell_count;
  out->node->value_row_count = tree->row_count;
  eagre_plan_relation_seal(binder, out);
  return EAGRE_OK;
}

static enum eagre_status bind_body(struct plan_binder *binder,
                                   const struct eagre_sql_relation *tree, struct plan_relation *out,
                                   struct eagre_error *error) {
  switch (tree->kind) {
  case EAGRE_SQL_RELATION_FUNCTION:
    return bind_function(binder, tree, out, error);
  case EAGRE_SQL_RELATION_NAME:
    return bind_table_name(binder, tree, out, error);
  case EAGRE_SQL_RELATION_SUBQUERY:
    return expand(binder, tree->query, tree->position, out, error);
  case EAGRE_SQL_RELATION_VALUES:
    return bind_values(binder, tree, out, error);
  case EAGRE_SQL_RELATION_PATH:
    return eagre_plan_bind_path(binder, tree, out, error);
  case EAGRE_SQL_RELATION_JOIN:
    if (eagre_text_starts_with(tree->join_kind, EAGRE_TEXT("lateral view"))) {
      return eagre_plan_bind_lateral_view(binder, tree, out, error);
    }
    return eagre_plan_bind_join(binder, tree, out, error);
  case EAGRE_SQL_RELATION_DEDUPLICATE:
    return eagre_plan_bind_deduplicate(binder, tree, out, error);
  }
  return eagre_error_set(error, EAGRE_INTERNAL, "INTERNAL_ERROR", "unknown relation kind %d",
                         (int)tree->kind);
}

/* ---- WATERMARK and aliases ------------------------------------------------------------------- */

static int find_event_time_column(const struct plan_relation *relation) {
  for (uint32_t i = 0; i < relation->column_count; i++) {
    if (relation->columns[i].is_event_time) return (int)i;
  }
  return -1;
}

/* WATERMARK on an expression: it becomes a column of its own, named by the alias. */
static enum eagre_status append_event_time(struct plan_binder *binder,
                                           const struct eagre_sql_watermark *watermark,
                                           struct eagre_expression *expression,
                                           struct plan_relation *relation, uint32_t *out_column,
                                           struct eagre_error *error) {
  if (watermark->alias.size == 0) {
    eagre_plan_fail(
        error, watermark->position, "REQUIRES_EXPLICIT_NAME_IN_WATERMARK_CLAUSE",
        "The watermark clause requires an explicit name if an expression is specified.");
    eagre_error_hint(error, "write WATERMARK <expression> AS <name> DELAY OF ...");
    return EAGRE_USAGE;
  }
  uint32_t count = relation->column_count;
  struct eagre_plan_node *project =
      eagre_plan_node_new(binder, EAGRE_PLAN_PROJECT, relation->node, watermark->position);
  struct plan_column *columns =
      eagre_arena_allocate_zeroed(binder->arena, sizeof *columns * (count + 1));
  project->expressions = eagre_arena_allocate(binder->arena, sizeof(void *) * (count + 1));
  project->expression_count = count + 1;
  for (uint32_t i = 0; i < count; i++) {
    columns[i] = relation->columns[i];
    project->expressions[i] = eagre_plan_column_reference(binder, relation, i, watermark->position);
  }
  columns[count] =
      (struct plan_column){.name = watermark->alias, .type = eagre_expression_type(expression)};
  project->expressions[count] = expression;
  relation->node = project;
  relation->columns = columns;
  relation->column_count = count + 1;
  eagre_plan_relation_seal(binder, relation);
  *out_column = count;
  return EAGRE_OK;
}

static enum eagre_status check_event_time(const struct eagre_sql_watermark *watermark,
                                          const struct plan_relation *relation, uint32_t column,
                                          struct eagre_error *error) {
  const struct plan_column *event_time = &relation->columns[column];
  if (event_time->type->kind != EAGRE_TYPE_TIMESTAMP) {
    struct eagre_buffer printed = {0};
    eagre_type_print(&printed, event_time->type);
    eagre_plan_fail(
        error, watermark->position, "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
        "The event time `%.*s` has the invalid type \"%s\", but expected \"TIMESTAMP\".",
        (int)event_time->name.size, event_time->name.data, eagre_buffer_string(&printed));
    eagre_buffer_done(&printed);
    return EAGRE_USAGE;
  }
  if (find_event_time_column(relation) >= 0) {
    return eagre_plan_fail(error, watermark->position, "_LEGACY_ERROR_TEMP_3076",
                           "Redefining watermark is disallowed: this relation has one already.");
  }
  return EAGRE_OK;
}

static enum eagre_status read_delay(const struct eagre_sql_watermark *watermark, int64_t *out_us,
                                    struct eagre_error *error) {
  int64_t month_us = 0; /* Spark counts a month as 31 days here */
  bool overflows =
      __builtin_mul_overflow(watermark->delay_months, 31 * MICROSECONDS_PER_DAY, &month_us) ||
      __builtin_add_overflow(month_us, watermark->delay_us, out_us);
  if (overflows || *out_us < 0) {
    return eagre_plan_fail(error, watermark->position, "INVALID_WATERMARK_DELAY",
                           "The delay of a watermark must not be negative.");
  }
  return EAGRE_OK;
}

static enum eagre_status bind_watermark(struct plan_binder *binder,
                                        const struct eagre_sql_watermark *watermark,
                                        struct plan_relation *relation, struct eagre_error *error) {
  struct plan_scope scope = {.relation = relation, .aggregate_refusal = "WATERMARK"};
  struct eagre_expression *expression = NULL;
  uint32_t column = 0;
  int64_t delay_us = 0;
  EAGRE_TRY(eagre_plan_bind_expression(binder, &scope, watermark->expression, &expression, error));
  bool is_plain = eagre_expression_is_column(expression, &column) && watermark->alias.size == 0;
  if (!is_plain) {
    EAGRE_TRY(append_event_time(binder, watermark, expression, relation, &column, error));
  }
  EAGRE_TRY(check_event_time(watermark, relation, column, error));
  EAGRE_TRY(read_delay(watermark, &delay_us, error));
  if (!relation->is_stream) return EAGRE_OK; /* on a batch it has no meaning, as in Spark */
  struct eagre_plan_node *node =
      eagre_plan_node_new(binder, EAGRE_PLAN_WATERMARK, relation->node, watermark->position);
  node->event_time_column = column;
  node->delay_us = delay_us;
  node->watermark_number = binder->watermark_count++;
  relation->node = node;
  relation->columns[column].is_event_time = true;
  return EAGRE_OK;
}

static enum eagre_status apply_alias(struct plan_binder *binder,
                                     const struct eagre_sql_relation *tree,
                                     struct plan_relation *relation, struct eagre_error *error) {
  struct eagre_text qualifier = tree->alias;
  if (qualifier.size == 0 && tree->kind == EAGRE_SQL_RELATION_NAME) {
    qualifier = tree->name.parts[tree->name.part_count - 1];
  }
  bool keeps_qualifiers =
      tree->kind == EAGRE_SQL_RELATION_JOIN || tree->kind == EAGRE_SQL_RELATION_DEDUPLICATE;
  if (keeps_qualifiers && qualifier.size == 0) return EAGRE_OK;
  for (uint32_t i = 0; i < relation->column_count; i++) {
    relation->columns[i].qualifier = relation->columns[i].is_hidden ? EAGRE_TEXT("") : qualifier;
  }
  if (tree->column_alias_count == 0) return EAGRE_OK;
  if (tree->column_alias_count != relation->column_count) {
    return eagre_plan_fail(
        error, tree->position,
        tree->kind == EAGRE_SQL_RELATION_VALUES ? "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH"
                                                : "ASSIGNMENT_ARITY_MISMATCH",
        "Number of column aliases does not match number of columns. Number of column "
        "aliases: %u; number of columns: %u.",
        tree->column_alias_count, relation->column_count);
  }
  for (uint32_t i = 0; i < relation->column_count; i++) {
    relation->columns[i].name = tree->column_aliases[i];
  }
  eagre_plan_relation_seal(binder, relation);
  return EAGRE_OK;
}

enum eagre_status eagre_plan_bind_relation(struct plan_binder *binder,
                                           const struct eagre_sql_relation *tree,
                                           struct plan_relation *out, struct eagre_error *error) {
  memset(out, 0, sizeof *out);
  EAGRE_TRY(bind_body(binder, tree, out, error));
  if (tree->watermark != NULL) EAGRE_TRY(bind_watermark(binder, tree->watermark, out, error));
  return apply_alias(binder, tree, out, error);
}
