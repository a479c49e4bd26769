/* Parquet files as rows of a source: which columns are asked for, and putting them in their places.
 */
#include "source/source_parquet.h"

/* ---- Columns --------------------------------------------------------------------------------- */

static bool is_partition(const struct eagre_plan_source *plan, uint32_t column) {
  return plan->are_partitions != NULL && plan->are_partitions[column];
}

static void choose_columns(struct eagre_source_parquet_columns *columns,
                           const struct eagre_plan_source *plan) {
  uint32_t column_count = plan->schema->field_count;
  uint32_t count = 0;
  struct eagre_field *fields =
      eagre_arena_allocate(&columns->arena, (column_count + 1) * sizeof *fields);
  columns->fields =
      eagre_arena_allocate(&columns->arena, (column_count + 1) * sizeof *columns->fields);
  for (uint32_t i = 0; i < column_count; i++) {
    bool is_wanted = plan->wanted == NULL || plan->wanted[i];
    columns->fields[i] = UINT32_MAX;
    if (!is_wanted || is_partition(plan, i)) continue;
    columns->fields[i] = count;
    fields[count++] = plan->schema->fields[i];
  }
  columns->file = eagre_type_struct(&columns->arena, fields, count);
}

static enum eagre_parquet_comparison get_comparison(enum eagre_condition_kind kind) {
  static const enum eagre_parquet_comparison comparisons[] = {
      [EAGRE_CONDITION_EQUAL] = EAGRE_PARQUET_EQUAL,
      [EAGRE_CONDITION_LESS] = EAGRE_PARQUET_LESS,
      [EAGRE_CONDITION_LESS_OR_EQUAL] = EAGRE_PARQUET_LESS_OR_EQUAL,
      [EAGRE_CONDITION_GREATER] = EAGRE_PARQUET_GREATER,
      [EAGRE_CONDITION_GREATER_OR_EQUAL] = EAGRE_PARQUET_GREATER_OR_EQUAL,
      [EAGRE_CONDITION_IS_NULL] = EAGRE_PARQUET_IS_NULL,
      [EAGRE_CONDITION_IS_NOT_NULL] = EAGRE_PARQUET_IS_NOT_NULL,
  };
  return comparisons[kind];
}

static void choose_predicates(struct eagre_source_parquet_columns *columns,
                              const struct eagre_plan_source *plan) {
  columns->predicates = eagre_arena_allocate(&columns->arena, (plan->predicate_count + 1) *
                                                                  sizeof *columns->predicates);
  for (uint32_t i = 0; i < plan->predicate_count; i++) {
    const struct eagre_plan_predicate *predicate = &plan->predicates[i];
    if (is_partition(plan, predicate->column)) continue;
    columns->predicates[columns->predicate_count++] = (struct eagre_parquet_predicate){
        .column = plan->schema->fields[predicate->column].name,
        .comparison = get_comparison(predicate->kind),
        .constant = &predicate->constant,
    };
  }
}

void eagre_source_parquet_columns_init(struct eagre_source_parquet_columns *columns,
                                       const struct eagre_plan_source *plan,
                                       uint32_t batch_rows_max) {
  *columns = (struct eagre_source_parquet_columns){.source = plan->schema,
                                                   .batch_rows_max = batch_rows_max};
  choose_columns(columns, plan);
  choose_predicates(columns, plan);
}

void eagre_source_parquet_columns_done(struct eagre_source_parquet_columns *columns) {
  eagre_arena_done(&columns->arena);
}

/* ---- Files ----------------------------------------------------------------------------------- */

enum eagre_status eagre_source_parquet_open(const struct eagre_source_parquet_columns *columns,
                                            struct eagre_io *io, const char *path,
                                            struct eagre_parquet_reader **out_reader,
                                            struct eagre_error *error) {
  const struct eagre_parquet_read_options options = {
      .columns = columns->file,
      .predicates = columns->predicates,
      .predicate_count = columns->predicate_count,
      .batch_rows_max = columns->batch_rows_max,
  };
  return eagre_parquet_reader_open(io, path, &options, out_reader, error);
}

/* Puts the columns of the file where the source has them. */
static void place_columns(const struct eagre_source_parquet_columns *columns,
                          struct eagre_batch *batch) {
  const struct eagre_vector *read = batch->columns;
  const struct eagre_type *source = columns->source;
  eagre_batch_set_columns(batch, source->field_count, batch->row_count);
  for (uint32_t i = 0; i < source->field_count; i++) {
    if (columns->fields[i] == UINT32_MAX) {
      eagre_vector_init_null(&batch->columns[i], source->fields[i].type, &batch->arena);
    } else {
      batch->columns[i] = read[columns->fields[i]];
    }
  }
}

enum eagre_status eagre_source_parquet_read(const struct eagre_source_parquet_columns *columns,
                                            struct eagre_parquet_reader *reader,
                                            struct eagre_batch *batch, struct eagre_error *error) {
  EAGRE_TRY(eagre_parquet_reader_read(reader, batch, NULL, error));
  place_columns(columns, batch);
  batch->origin.partition = -1;
  return EAGRE_OK;
}
