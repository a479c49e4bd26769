/* Delta tables as they are at one version, read once: a batch source.
 *
 *   Position   {"version":N}; empty = nothing was read yet
 *   Files      those of the version, but for files whose partition values or statistics show that
 *              no row meets the query's conditions
 *   Cores      file i belongs to core i modulo the number of cores */
#include "source/source_kind.h"
#include "source/source_parquet.h"
#include "source/source_partition.h"

#include <inttypes.h>

#include "delta/delta.h"

struct delta_file {
  const char *path;
  struct eagre_text *partition_values; /* by column of the source; no data: NULL */
};

struct delta_source {
  struct eagre_source base;
  struct eagre_arena arena;
  const char *description;
  struct eagre_source_parquet_columns columns;
  struct delta_file *files;
  uint32_t file_count;
};

struct delta_reader {
  struct eagre_source_reader base;
  uint32_t next_file;
  const struct delta_file *file; /* that is open */
  struct eagre_parquet_reader *parquet;
};

/* ---- Completing ------------------------------------------------------------------------------ */

static enum eagre_status refuse_time(const struct eagre_plan_source *plan, bool is_late,
                                     struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE,
                  is_late ? "DELTA_TIMESTAMP_GREATER_THAN_COMMIT"
                          : "DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION",
                  "The timestamp is %s of the Delta table %.*s that is there.",
                  is_late ? "after the latest version" : "before the earliest version",
                  (int)plan->path.size, plan->path.data);
  eagre_error_hint(error, is_late ? "leave TIMESTAMP AS OF out to read the newest version"
                                  : "choose a later time");
  return EAGRE_USAGE;
}

/* TIMESTAMP AS OF -> a version. */
static enum eagre_status resolve_time(struct eagre_plan_source *plan, struct eagre_io *io,
                                      struct eagre_error *error) {
  int64_t last_ms = 0;
  int64_t time_ms = plan->timestamp_us / 1000;
  if (plan->timestamp_us == INT64_MAX) return EAGRE_OK;
  EAGRE_TRY(eagre_delta_find_version(io, plan->path, time_ms, &plan->version, &last_ms, error));
  if (last_ms == INT64_MIN) return EAGRE_OK; /* there is no table */
  if (plan->version < 0) return refuse_time(plan, false, error);
  return time_ms > last_ms ? refuse_time(plan, true, error) : EAGRE_OK;
}

static void take_columns(struct eagre_plan_source *plan, const struct eagre_delta_table *table,
                         struct eagre_arena *arena) {
  plan->schema = eagre_type_copy(arena, eagre_delta_schema(table));
  bool *are_partitions = eagre_arena_allocate_zeroed(arena, plan->schema->field_count + 1);
  for (uint32_t i = 0; i < plan->schema->field_count; i++) {
    are_partitions[i] = eagre_delta_is_partition(table, plan->schema->fields[i].name);
  }
  plan->are_partitions = are_partitions;
}

static enum eagre_status refuse_version(const struct eagre_plan_source *plan, int64_t newest,
                                        struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_USAGE, "DELTA_VERSION_NOT_FOUND",
                         "Cannot time travel Delta table to version %" PRId64
                         ": the newest version of %.*s is %" PRId64 ".",
                         plan->version, (int)plan->path.size, plan->path.data, newest);
}

static enum eagre_status complete_with(struct eagre_plan_source *plan, struct eagre_io *io,
                                       struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_delta_table *table = NULL;
  EAGRE_TRY(resolve_time(plan, io, error));
  EAGRE_TRY(eagre_delta_open_view(io, plan->path, plan->version, &table, error));
  int64_t version = eagre_delta_version(table);
  enum eagre_status status = EAGRE_OK;
  if (version >= 0 && plan->version != INT64_MAX && version != plan->version) {
    status = refuse_version(plan, version, error);
  } else if (version >= 0) {
    take_columns(plan, table, arena);
    plan->version = version;
  }
  eagre_delta_close(table);
  return status;
}

static enum eagre_status complete_delta(struct eagre_plan_source *plan, struct eagre_arena *arena,
                                        struct eagre_error *error) {
  struct eagre_io *io = NULL;
  EAGRE_TRY(eagre_io_open(NULL, &io, error));
  enum eagre_status status = complete_with(plan, io, arena, error);
  eagre_io_close(io);
  return status;
}

/* ---- Which files can hold rows that are asked for -------------------------------------------- */

static int order_numbers(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

/* -1, 0, 1; false for types whose order is not looked at here. */
static bool order_values(const struct eagre_vector *a, const struct eagre_vector *b, int *out) {
  switch (a->type->kind) {
  case EAGRE_TYPE_TINYINT:
    *out = order_numbers(EAGRE_VALUES(int8_t, a)[0], EAGRE_VALUES(int8_t, b)[0]);
    return true;
  case EAGRE_TYPE_SMALLINT:
    *out = order_numbers(EAGRE_VALUES(int16_t, a)[0], EAGRE_VALUES(int16_t, b)[0]);
    return true;
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
    *out = order_numbers(EAGRE_VALUES(int32_t, a)[0], EAGRE_VALUES(int32_t, b)[0]);
    return true;
  case EAGRE_TYPE_BIGINT:
  case EAGRE_TYPE_TIMESTAMP:
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    *out = order_numbers(EAGRE_VALUES(int64_t, a)[0], EAGRE_VALUES(int64_t, b)[0]);
    return true;
  case EAGRE_TYPE_STRING:
    *out = eagre_text_compare(EAGRE_VALUES(struct eagre_text, a)[0],
                              EAGRE_VALUES(struct eagre_text, b)[0]);
    return true;
  default:
    return false;
  }
}

/* Whether some value of [least, most] can meet the condition; a bound may be NULL: not known. */
static bool may_meet(const struct eagre_plan_predicate *predicate, const struct eagre_vector *least,
                     const struct eagre_vector *most) {
  int low = 0;
  int high = 0;
  if (predicate->constant.type == NULL) return true; /* IS [NOT] NULL */
  bool has_low = least != NULL && order_values(least, &predicate->constant, &low);
  bool has_high = most != NULL && order_values(most, &predicate->constant, &high);
  switch (predicate->kind) {
  case EAGRE_CONDITION_EQUAL:
    return !(has_low && low > 0) && !(has_high && high < 0);
  case EAGRE_CONDITION_LESS:
    return !(has_low && low >= 0);
  case EAGRE_CONDITION_LESS_OR_EQUAL:
    return !(has_low && low > 0);
  case EAGRE_CONDITION_GREATER:
    return !(has_high && high <= 0);
  case EAGRE_CONDITION_GREATER_OR_EQUAL:
    return !(has_high && high < 0);
  default:
    return true;
  }
}

static const struct eagre_json_node *find_member(const struct eagre_json_node *object,
                                                 const char *group, struct eagre_text name) {
  const struct eagre_json_node *bounds = object == NULL ? NULL : eagre_json_member(object, group);
  if (bounds == NULL || bounds->kind != EAGRE_JSON_OBJECT) return NULL;
  for (const struct eagre_json_node *node = bounds->child; node != NULL; node = node->next) {
    if (eagre_text_equal(node->name, name)) return node;
  }
  return NULL;
}

/* A bound of the statistics as a value of the column; NULL when there is none. Times are cut to
 * milliseconds there: a greatest one is up to a millisecond later. */
static const struct eagre_vector *read_bound(const struct delta_source *source, uint32_t column,
                                             const struct eagre_json_node *stats, const char *group,
                                             struct eagre_arena *arena) {
  const struct eagre_field *field = &source->base.plan->schema->fields[column];
  const struct eagre_json_node *node = find_member(stats, group, field->name);
  struct eagre_vector *bound = eagre_arena_allocate_zeroed(arena, sizeof *bound);
  if (node == NULL || (node->kind != EAGRE_JSON_STRING && node->kind != EAGRE_JSON_NUMBER)) {
    return NULL;
  }
  if (!eagre_source_partition_is_type(field->type->kind)) return NULL;
  if (!eagre_source_partition_read(field->type, node->text, source->base.environment.zone, arena,
                                   bound)) {
    return NULL;
  }
  bool is_cut =
      field->type->kind == EAGRE_TYPE_TIMESTAMP || field->type->kind == EAGRE_TYPE_TIMESTAMP_NTZ;
  if (is_cut && group[1] == 'a') {
    EAGRE_VALUES(int64_t, bound)[0] += 999;
  }
  return bound;
}

static bool partition_may_meet(const struct delta_source *source,
                               const struct eagre_plan_predicate *predicate,
                               const struct delta_file *file, struct eagre_arena *arena) {
  struct eagre_text raw = file->partition_values[predicate->column];
  struct eagre_vector value;
  if (predicate->kind == EAGRE_CONDITION_IS_NULL) return raw.data == NULL;
  if (raw.data == NULL) return false; /* nothing compares with NULL */
  const struct eagre_type *type = source->base.plan->schema->fields[predicate->column].type;
  if (!eagre_source_partition_read(type, raw, source->base.environment.zone, arena, &value)) {
    return true; /* reading the file will say so */
  }
  return may_meet(predicate, &value, &value);
}

static bool nulls_may_meet(const struct eagre_plan_predicate *predicate,
                           const struct eagre_field *field, const struct eagre_json_node *stats) {
  int64_t row_count;
  int64_t null_count;
  const struct eagre_json_node *rows =
      stats == NULL ? NULL : eagre_json_member(stats, "numRecords");
  const struct eagre_json_node *nulls = find_member(stats, "nullCount", field->name);
  if (rows == NULL || nulls == NULL) return true;
  if (!eagre_json_integer(rows, &row_count) || !eagre_json_integer(nulls, &null_count)) return true;
  return predicate->kind == EAGRE_CONDITION_IS_NULL ? null_count > 0 : null_count < row_count;
}

static bool file_may_meet(const struct delta_source *source, const struct delta_file *file,
                          const struct eagre_json_node *stats, struct eagre_arena *arena) {
  const struct eagre_plan_source *plan = source->base.plan;
  for (uint32_t i = 0; i < plan->predicate_count; i++) {
    const struct eagre_plan_predicate *predicate = &plan->predicates[i];
    const struct eagre_field *field = &plan->schema->fields[predicate->column];
    if (plan->are_partitions[predicate->column]) {
      if (!partition_may_meet(source, predicate, file, arena)) return false;
      continue;
    }
    if (!nulls_may_meet(predicate, field, stats)) return false;
    if (!may_meet(predicate, read_bound(source, predicate->column, stats, "minValues", arena),
                  read_bound(source, predicate->column, stats, "maxValues", arena))) {
      return false;
    }
  }
  return true;
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* The values of the partition columns of a file; an empty text stands for NULL too. */
static struct eagre_text *read_partitions(const struct delta_source *source,
                                          const struct eagre_json_node *values,
                                          struct eagre_arena *arena) {
  const struct eagre_type *schema = source->base.plan->schema;
  struct eagre_text *out =
      eagre_arena_allocate_zeroed(arena, (schema->field_count + 1) * sizeof *out);
  for (uint32_t i = 0; i < schema->field_count && values != NULL; i++) {
    for (const struct eagre_json_node *node = values->child; node != NULL; node = node->next) {
      bool is_it = eagre_text_equal_ignoring_case(node->name, schema->fields[i].name);
      if (!is_it || node->kind != EAGRE_JSON_STRING || node->text.size == 0) continue;
      out[i] = eagre_arena_copy_text(arena, node->text);
    }
  }
  return out;
}

static enum eagre_status list_files(struct delta_source *source,
                                    const struct eagre_delta_table *table,
                                    struct eagre_error *error) {
  struct eagre_arena arena = {0};
  struct eagre_delta_live_file live;
  uint32_t position = 0;
  uint64_t count = eagre_delta_file_count(table);
  enum eagre_status status;
  source->files = eagre_arena_allocate(&source->arena, (count + 1) * sizeof *source->files);
  while ((status = eagre_delta_next_file(table, &position, &arena, &live, error)) == EAGRE_OK) {
    struct delta_file file = {.path = live.path,
                              .partition_values =
                                  read_partitions(source, live.partition_values, &arena)};
    if (file_may_meet(source, &file, live.stats, &arena)) {
      file.path = eagre_arena_copy_string(&source->arena, live.path);
      file.partition_values = read_partitions(source, live.partition_values, &source->arena);
      source->files[source->file_count++] = file;
    }
    eagre_arena_reset(&arena);
  }
  eagre_arena_done(&arena);
  return status == EAGRE_END ? EAGRE_OK : status;
}

static enum eagre_status open_delta(struct eagre_source *base, struct eagre_error *error) {
  struct delta_source *source = (struct delta_source *)base;
  const struct eagre_plan_source *plan = base->plan;
  struct eagre_delta_table *table = NULL;
  EAGRE_TRY(eagre_delta_open_view(base->environment.io, plan->path, plan->version, &table, error));
  source->description =
      eagre_arena_printf(&source->arena, "DeltaSource[file:%s]", eagre_delta_location(table)).data;
  eagre_source_parquet_columns_init(&source->columns, plan, base->environment.batch_rows_max);
  enum eagre_status status = list_files(source, table, error);
  eagre_delta_close(table);
  if (status != EAGRE_OK) eagre_sql_place_unplaced(plan->position, error);
  return status;
}

static void close_delta(struct eagre_source *base) {
  struct delta_source *source = (struct delta_source *)base;
  eagre_source_parquet_columns_done(&source->columns);
  eagre_arena_done(&source->arena);
}

static const char *describe_delta(const struct eagre_source *base) {
  return ((const struct delta_source *)base)->description;
}

/* ---- Planning -------------------------------------------------------------------------------- */

static enum eagre_status start_delta(struct eagre_source *base, struct eagre_arena *arena,
                                     struct eagre_text *out_position, struct eagre_error *error) {
  (void)base;
  (void)arena;
  (void)error;
  *out_position = eagre_text_make("", 0);
  return EAGRE_OK;
}

static enum eagre_status plan_delta(struct eagre_source *base, struct eagre_text start,
                                    const struct eagre_source_limits *limits,
                                    struct eagre_arena *arena, struct eagre_source_plan *out,
                                    struct eagre_error *error) {
  (void)error;
  out->end = eagre_arena_printf(arena, "{\"version\":%" PRId64 "}", base->plan->version);
  out->latest = out->end;
  out->has_new = start.size == 0 && ((struct delta_source *)base)->file_count > 0;
  out->is_at_fixed_end = limits->fix_end;
  return EAGRE_OK;
}

static int64_t get_lag(struct eagre_source *base, struct eagre_text position) {
  (void)base; /* a version is not followed */
  (void)position;
  return -1;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void close_reader(struct eagre_source_reader *base) {
  struct delta_reader *reader = (struct delta_reader *)base;
  eagre_parquet_reader_close(reader->parquet);
  reader->parquet = NULL;
}

static enum eagre_status begin_reading(struct eagre_source_reader *base,
                                       struct eagre_error *error) {
  (void)error;
  close_reader(base);
  ((struct delta_reader *)base)->next_file = base->core;
  return EAGRE_OK;
}

static enum eagre_status refuse_value(const struct delta_reader *reader,
                                      const struct eagre_field *field, struct eagre_text raw,
                                      struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT",
                  "'%.*s' is no value of the partition column `%.*s`", (int)raw.size, raw.data,
                  (int)field->name.size, field->name.data);
  eagre_error_place(error, "file %s", reader->file->path);
  return EAGRE_UNSAFE;
}

static enum eagre_status fill_partitions(const struct delta_reader *reader,
                                         struct eagre_batch *batch, struct eagre_error *error) {
  const struct eagre_source *source = reader->base.source;
  const struct eagre_plan_source *plan = source->plan;
  for (uint32_t i = 0; i < plan->schema->field_count; i++) {
    bool is_wanted = plan->wanted == NULL || plan->wanted[i];
    if (!plan->are_partitions[i] || !is_wanted) continue;
    struct eagre_text raw = reader->file->partition_values[i];
    const struct eagre_field *field = &plan->schema->fields[i];
    if (!eagre_source_partition_read(field->type, raw, source->environment.zone, &batch->arena,
                                     &batch->columns[i])) {
      return refuse_value(reader, field, raw, error);
    }
  }
  return EAGRE_OK;
}

/* Opens the next file of this core; END when there is none. */
static enum eagre_status open_next_file(struct delta_reader *reader, struct eagre_error *error) {
  const struct delta_source *source = (const struct delta_source *)reader->base.source;
  if (reader->next_file >= source->file_count) return EAGRE_END;
  reader->file = &source->files[reader->next_file];
  reader->next_file += source->base.environment.core_count;
  return eagre_source_parquet_open(&source->columns, reader->base.io, reader->file->path,
                                   &reader->parquet, error);
}

static enum eagre_status read_delta(struct eagre_source_reader *base, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  struct delta_reader *reader = (struct delta_reader *)base;
  const struct delta_source *source = (const struct delta_source *)base->source;
  for (;;) {
    if (reader->parquet == NULL) EAGRE_TRY(open_next_file(reader, error));
    enum eagre_status status =
        eagre_source_parquet_read(&source->columns, reader->parquet, batch, error);
    if (status == EAGRE_OK) return fill_partitions(reader, batch, error);
    close_reader(base);
    if (status != EAGRE_END) return status;
    eagre_batch_reset(batch);
  }
}

const struct eagre_source_methods eagre_source_delta_methods = {
    .source_size = sizeof(struct delta_source),
    .reader_size = sizeof(struct delta_reader),
    .complete = complete_delta,
    .open = open_delta,
    .close = close_delta,
    .description = describe_delta,
    .start = start_delta,
    .plan = plan_delta,
    .lag = get_lag,
    .reader_close = close_reader,
    .reader_begin = begin_reading,
    .reader_read = read_delta,
};
