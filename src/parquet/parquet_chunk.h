/* One column of one row group, encoded in memory page by page.
 *
 *   FILLING --append--> FILLING --finish--> FINISHED --reset--> FILLING (the next row group)
 *
 * Invariants:
 *   1. Every page begins with a row.
 *   2. While `uses_dictionary`, `values` holds the uint32_t indexes of the open page, else its
 * PLAIN values (a byte per BOOLEAN).
 *   3. A page without values is PLAIN. Once another page has been written without the dictionary,
 *      no later page uses it.
 *   4. All pages of a chunk, the dictionary's too, have the codec `codec`. */
#pragma once

#include <stdint.h>

#include "base/base.h"
#include "parquet/parquet.h"
#include "parquet/parquet_dictionary.h"
#include "parquet/parquet_page.h"
#include "parquet/parquet_range.h"
#include "parquet/parquet_schema.h"

/* What the indexes of the footer say of one finished data page. */
struct eagre_parquet_page_entry {
  uint64_t offset;        /* in the chunk's pages, pieces included */
  uint32_t size;          /* with header, as stored */
  uint64_t bounds_offset; /* in `bounds`; the maximum follows the minimum */
  uint32_t minimum_size;
  uint32_t maximum_size;
  uint64_t first_row; /* of the row group */
  uint64_t null_count;
  bool has_values;
};

/* PLAIN values of a finished page, as they were gathered: they are written from where they are. */
struct eagre_parquet_piece {
  size_t place; /* they stand in front of this byte of `pages` */
  struct eagre_buffer values;
};

struct eagre_parquet_chunk {
  const struct eagre_parquet_leaf *leaf;
  const struct eagre_parquet_options *options;

  /* The open page. */
  uint32_t page_row_count;
  uint32_t page_level_count;
  uint32_t page_value_count;
  uint64_t page_size;              /* of its values as PLAIN and its levels a byte each */
  struct eagre_buffer definitions; /* empty while every entry has a value */
  struct eagre_buffer repetitions;
  struct eagre_buffer values;
  struct eagre_parquet_range page_range;

  /* The chunk. */
  bool uses_dictionary;
  bool is_codec_chosen;
  enum eagre_codec codec;
  struct eagre_parquet_dictionary dictionary;
  struct eagre_buffer dictionary_page; /* made by finish; empty when no page uses it */
  struct eagre_buffer pages;           /* the file gets `pieces` in between */
  struct eagre_parquet_piece *pieces;
  uint32_t piece_count;
  uint32_t piece_capacity;    /* those behind `piece_count` keep memory */
  uint64_t pages_size;        /* with pieces */
  struct eagre_buffer bounds; /* of all pages, as in the column index */
  struct eagre_parquet_page_entry *entries;
  uint32_t entry_count;
  uint32_t entry_capacity;
  uint32_t dictionary_page_count; /* data pages that use it */
  uint64_t row_count;
  uint64_t level_count;
  uint64_t value_count;
  uint64_t plain_size; /* of all values */
  uint64_t uncompressed_size;
  bool has_unbounded_page; /* NaNs, mostly: then there is no column index */
  struct eagre_parquet_range range;

  /* The file. */
  uint64_t file_null_row_count;
  struct eagre_parquet_range file_range;
};

/* `leaf` and `options` are borrowed. */
void eagre_parquet_chunk_init(struct eagre_parquet_chunk *chunk,
                              const struct eagre_parquet_leaf *leaf,
                              const struct eagre_parquet_options *options);
void eagre_parquet_chunk_done(struct eagre_parquet_chunk *chunk);
/* Begins the chunk of the next row group; keeps memory and what is known of the file. */
void eagre_parquet_chunk_reset(struct eagre_parquet_chunk *chunk);
/* Begins the first chunk of another file; keeps memory only. */
void eagre_parquet_chunk_begin_file(struct eagre_parquet_chunk *chunk);

/* Appends rows [from, from + row_count) of `column`, the vector of the leaf's top-level field. DATA
 * PARQUET_ROW_TOO_LARGE: one row of one column is about 2 GiB. */
enum eagre_status eagre_parquet_chunk_append(struct eagre_parquet_chunk *chunk,
                                             struct eagre_parquet_encoder *encoder,
                                             const struct eagre_vector *column, uint32_t from,
                                             uint32_t row_count, struct eagre_error *error);
/* Ends the last page and makes the dictionary page. */
enum eagre_status eagre_parquet_chunk_finish(struct eagre_parquet_chunk *chunk,
                                             struct eagre_parquet_encoder *encoder,
                                             struct eagre_error *error);
/* Bytes the file would get if the chunk ended here, roughly, and what they would be uncompressed.
 */
uint64_t eagre_parquet_chunk_size(const struct eagre_parquet_chunk *chunk);
uint64_t eagre_parquet_chunk_uncompressed_size(const struct eagre_parquet_chunk *chunk);
