/* What follows the pages: column indexes, offset indexes, FileMetaData. */
#pragma once

#include <stdint.h>

#include "base/base.h"
#include "parquet/parquet_chunk.h"
#include "parquet/parquet_schema.h"

/* A place inside `column_indexes` or `offset_indexes`; size 0 = there is none. */
struct eagre_parquet_place {
  uint64_t offset;
  uint32_t size;
};

/* What FileMetaData says of one finished column chunk. */
struct eagre_parquet_summary {
  const struct eagre_parquet_leaf *leaf;
  enum eagre_codec codec;
  uint64_t level_count;
  uint64_t null_count;
  uint64_t uncompressed_size;
  uint64_t compressed_size;
  uint64_t dictionary_offset; /* in the file; 0 = no dictionary */
  uint64_t data_offset;
  uint32_t dictionary_page_count; /* data pages encoded with it */
  uint32_t plain_page_count;
  struct eagre_buffer minimum; /* owned */
  struct eagre_buffer maximum;
  enum eagre_parquet_bound_result minimum_result;
  enum eagre_parquet_bound_result maximum_result;
  struct eagre_parquet_place column_index;
  struct eagre_parquet_place offset_index;
};

/* Grows with every row group. All zero is a valid empty one. */
struct eagre_parquet_footer {
  struct eagre_parquet_summary *summaries; /* leaf_count per row group */
  uint32_t summary_count;
  uint32_t summary_capacity;
  uint64_t *group_row_counts;
  uint32_t group_count;
  uint32_t group_capacity;
  struct eagre_buffer column_indexes;
  struct eagre_buffer offset_indexes;
};

/* Leaves an empty one. */
void eagre_parquet_footer_done(struct eagre_parquet_footer *footer);
/* Announces a row group; its chunks follow in the order of the leaves. */
void eagre_parquet_footer_add_group(struct eagre_parquet_footer *footer, uint64_t row_count);
/* Notes a finished chunk whose first byte stands at `offset` of the file. */
void eagre_parquet_footer_add_chunk(struct eagre_parquet_footer *footer,
                                    const struct eagre_parquet_chunk *chunk, uint64_t offset);
/* Appends everything that follows the pages, which end at `offset`, with the closing magic. */
void eagre_parquet_footer_append(const struct eagre_parquet_footer *footer,
                                 const struct eagre_parquet_schema *schema, uint64_t offset,
                                 struct eagre_buffer *out);
