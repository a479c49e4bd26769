/* Door of the room `parquet`: Parquet files, written front to back and read in batches.
 *
 * The writer: v1 pages, dictionary with fallback to PLAIN, statistics, page index, INT64
 * microseconds. Column chunks are encoded in memory batch by batch; a row group is closed at 1 Mi
 * rows or 128 MiB.
 *
 * The reader: pages of both versions, every encoding and codec of the format but LZO and BROTLI,
 * nested columns in today's and older forms, columns chosen by name and widened as Spark does, row
 * groups left out by their statistics, checksums verified where there are some. It trusts nothing
 * that a file says about itself.
 *
 * A writer or reader belongs to one thread; batches that were read do not. */
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
  bool page_checksums;       /* default true */
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
/* Begins another file with the columns and options of a writer that has finished one, in the memory
 * it has: pages of memory that are given back and fetched again cost as much as encoding. Its
 * statistics are gone. UNSAFE FILE_ALREADY_EXISTS leaves the writer as it was, after another error
 * it can be freed only. */
enum eagre_status eagre_parquet_writer_reopen(struct eagre_parquet_writer *writer, const char *path,
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
/* Writes the footer and makes the file durable. Its statistics can be read until free. */
enum eagre_status eagre_parquet_writer_finish(struct eagre_parquet_writer *writer,
                                              uint64_t *out_size, struct eagre_error *error);
/* Leaf columns in depth-first order. */
uint32_t eagre_parquet_writer_leaf_count(const struct eagre_parquet_writer *writer);
const struct eagre_parquet_statistics *
eagre_parquet_writer_statistics(const struct eagre_parquet_writer *writer, uint32_t leaf);
/* Frees; an unfinished file is removed. NULL is fine. */
void eagre_parquet_writer_free(struct eagre_parquet_writer *writer);

/* ---- Reading -------------------------------------------------------------------------------- */

enum eagre_parquet_comparison {
  EAGRE_PARQUET_EQUAL,
  EAGRE_PARQUET_LESS,
  EAGRE_PARQUET_LESS_OR_EQUAL,
  EAGRE_PARQUET_GREATER,
  EAGRE_PARQUET_GREATER_OR_EQUAL,
  EAGRE_PARQUET_IS_NULL,
  EAGRE_PARQUET_IS_NOT_NULL,
};

/* `column` OP `constant`, with Spark's order (NaN above all numbers). */
struct eagre_parquet_predicate {
  struct eagre_text column; /* a top-level column, which need not be among those read */
  enum eagre_parquet_comparison comparison;
  const struct eagre_vector *constant; /* one row, not NULL; unused by IS_NULL and IS_NOT_NULL */
};

struct eagre_parquet_read_options {
  /* A STRUCT of the columns wanted, by name, ignoring case; borrowed as long as the reader and its
   * batches. A column that the file does not have is NULL. Without it: all columns, as the file has
   * them. */
  const struct eagre_type *columns;
  /* Row groups are left out in which no row can meet them all. The rows that are read still have to
   * be tested. Borrowed while opening. */
  const struct eagre_parquet_predicate *predicates;
  uint32_t predicate_count;
  uint64_t page_size_max;    /* of one page, uncompressed; 0 = 1 GiB */
  uint32_t batch_values_max; /* of one leaf below an ARRAY or MAP in one batch; 0 = 64 Mi */
  uint32_t batch_rows_max;   /* 0 = EAGRE_BATCH_ROWS_MAX, which is also the most */
};

struct eagre_parquet_reader;

/* `options` may be NULL. IO FAILED_READ_FILE.FILE_NOT_EXIST; DATA for a file that is damaged or not
 * Parquet (FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER, .NO_HINT), encrypted
 * (UNSUPPORTED_FEATURE.PARQUET_ENCRYPTION), of a type that cannot be represented
 * (PARQUET_TYPE_ILLEGAL) or not be read as asked for
 * (FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH). Texts name file and column. */
enum eagre_status eagre_parquet_reader_open(struct eagre_io *io, const char *path,
                                            const struct eagre_parquet_read_options *options,
                                            struct eagre_parquet_reader **out_reader,
                                            struct eagre_error *error);
/* A STRUCT of the columns that batches have, as long as the reader. Unsigned integers are of the
 * next wider type (64 bits: DECIMAL(20, 0)), INT96 is TIMESTAMP, nanoseconds are cut to
 * microseconds. */
const struct eagre_type *eagre_parquet_reader_columns(const struct eagre_parquet_reader *reader);
/* Rows of the whole file, and of the row groups that are not left out. */
uint64_t eagre_parquet_reader_row_count(const struct eagre_parquet_reader *reader);
uint64_t eagre_parquet_reader_kept_row_count(const struct eagre_parquet_reader *reader);
/* Fills an empty batch with the next rows, at most `batch_rows_max`, of one row group; END when
 * there are none. Texts point into pages, which are the batch's backing. `*out_first_row` (may be
 * NULL) is the first row's place in the file, from 0. After an error nothing more can be read. */
enum eagre_status eagre_parquet_reader_read(struct eagre_parquet_reader *reader,
                                            struct eagre_batch *batch, uint64_t *out_first_row,
                                            struct eagre_error *error);
/* Batches that were read stay valid, but for their types (`columns` of the options was NULL). NULL
 * is fine. */
void eagre_parquet_reader_close(struct eagre_parquet_reader *reader);
