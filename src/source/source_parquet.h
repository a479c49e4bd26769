/* One Parquet file after the other -> batches with the columns of a source, for the sources whose
 * rows stand in such files. */
#pragma once

#include "parquet/parquet.h"
#include "plan/plan.h"

/* Which columns are asked of files, made once and read by all cores. */
struct eagre_source_parquet_columns {
  struct eagre_arena arena;
  const struct eagre_type *source; /* all columns of the source; borrowed */
  const struct eagre_type *file;   /* those that are read */
  uint32_t *fields;                /* column of the source -> field of `file`, or UINT32_MAX */
  struct eagre_parquet_predicate *predicates;
  uint32_t predicate_count;
  uint32_t batch_rows_max;
};
/* Columns that stand in names of directories, and those nobody wants, are not asked for. */
void eagre_source_parquet_columns_init(struct eagre_source_parquet_columns *columns,
                                       const struct eagre_plan_source *plan,
                                       uint32_t batch_rows_max);
/* A zeroed one is fine. */
void eagre_source_parquet_columns_done(struct eagre_source_parquet_columns *columns);

/* Opens a file; errors of eagre_parquet_reader_open. */
enum eagre_status eagre_source_parquet_open(const struct eagre_source_parquet_columns *columns,
                                            struct eagre_io *io, const char *path,
                                            struct eagre_parquet_reader **out_reader,
                                            struct eagre_error *error);
/* The next rows with all columns of the source, those not read as NULL; END behind the last. */
enum eagre_status eagre_source_parquet_read(const struct eagre_source_parquet_columns *columns,
                                            struct eagre_parquet_reader *reader,
                                            struct eagre_batch *batch, struct eagre_error *error);
