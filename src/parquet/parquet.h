/* Door of the room `parquet`: Parquet files, front to back (the reader comes later).
 *
 * v1 pages, dictionary with fallback to PLAIN, statistics, page index, INT64 microseconds; what
 * each reader demands: delta-parquet 2. A writer belongs to one thread. Column chunks are encoded
 * in memory batch by batch; a row group is closed at 1 Mi rows or 128 MiB. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "compress/compress.h"
#include "io/io.h"

struct eagre_parquet_options {
  enum eagre_codec codec;    /* default zstd, by eagre_parquet_options_init */
  uint32_t row_group_rows;   /* default 1,048,576 */
  uint64_t row_group_bytes;  /* default 128 MiB, uncompressed */
  uint32_t page_rows;        /* default 20,000 */
  uint32_t page_bytes;       /* default 1 MiB */
  uint32_t dictionary_bytes; /* default 1 MiB; 0 = no dictionary */
  bool page_checksums;       /* default false */
};
void eagre_parquet_options_init(struct eagre_parquet_options *options);

/* Statistics of one leaf column over the whole file, for Delta.
 *
 * `null_count` counts rows whose value is NULL, be it for a STRUCT above it; of a leaf below an
 * ARRAY or MAP, the rows whose outermost ARRAY or MAP is NULL. `has_range` is false when all
 * values are NULL, a float holds a NaN, or the type has no order there (BOOLEAN, BINARY, anything
 * below an ARRAY or MAP). A bound is a one-row vector of the leaf's type, full and uncut (in the
 * file's own statistics text is cut to 64 bytes); a zero minimum is -0.0, a zero maximum 0.0. It
 * lives as long as the writer. */
struct eagre_parquet_statistics {
  uint64_t null_count;
  bool has_range;
  struct eagre_vector minimum;
  struct eagre_vector maximum;
};

struct eagre_parquet_writer;

/* Begins the file `path` (must not exist) with the STRUCT type `schema` as columns, all optional;
 * ARRAY and MAP are written as three-level lists and maps. USAGE: a type Parquet cannot hold. */
enum eagre_status eagre_parquet_writer_open(struct eagre_io *io, const char *path,
                                            const struct eagre_type *schema,
                                            const struct eagre_parquet_options *options,
                                            struct eagre_parquet_writer **out_writer,
                                            struct eagre_error *error);
/* Appends `row_count` rows; `columns` has one vector per top-level field, of exactly that type.
 * Values are consumed before it returns. */
enum eagre_status eagre_parquet_writer_write(struct eagre_parquet_writer *writer,
                                             const struct eagre_vector *columns, uint32_t row_count,
                                             struct eagre_error *error);
/* The columns as given to open, in the writer's own memory. */
const struct eagre_type *eagre_parquet_writer_schema(const struct eagre_parquet_writer *writer);
uint64_t eagre_parquet_writer_row_count(const struct eagre_parquet_writer *writer);
/* Bytes the file would have if finished now, roughly: for rolling over to a new file. */
uint64_t eagre_parquet_writer_size(const struct eagre_parquet_writer *writer);
/* Writes the footer and syncs the file. Afterwards the statistics can be read until free. */
enum eagre_status eagre_parquet_writer_finish(struct eagre_parquet_writer *writer,
                                              uint64_t *out_size, struct eagre_error *error);
/* Leaf columns in depth-first order. */
uint32_t eagre_parquet_writer_leaf_count(const struct eagre_parquet_writer *writer);
const struct eagre_parquet_statistics *
eagre_parquet_writer_statistics(const struct eagre_parquet_writer *writer, uint32_t leaf);
/* Frees; an unfinished file is removed. NULL is fine. */
void eagre_parquet_writer_free(struct eagre_parquet_writer *writer);
