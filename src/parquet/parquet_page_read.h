/* Pages of a column chunk, one after the other: found, checked, decompressed. */
#pragma once

#include <stdint.h>

#include "base/base.h"
#include "parquet/parquet_file.h"
#include "parquet/parquet_metadata.h"

/* Walks through one chunk. All zero is a valid one that has not begun. */
struct eagre_parquet_cursor {
  const struct eagre_parquet_file *file;
  const struct eagre_parquet_node *node; /* for messages */
  int32_t codec;
  uint64_t next;              /* of the file: the next page */
  uint64_t ahead_end;         /* bytes are read ahead up to here */
  struct eagre_buffer window; /* bytes of the file from `window_begin` on */
  uint64_t window_begin;
};

/* DATA: places outside the file, a codec we do not have, an encrypted chunk. */
enum eagre_status eagre_parquet_cursor_begin(struct eagre_parquet_cursor *cursor,
                                             const struct eagre_parquet_file *file,
                                             const struct eagre_parquet_node *node,
                                             const struct eagre_parquet_stored_chunk *chunk,
                                             struct eagre_error *error);
/* The next page: its header, and its body, levels and values decompressed, in `*block` (renewed).
 * Bodies of pages that are neither data nor a dictionary are left out. */
enum eagre_status eagre_parquet_cursor_next(struct eagre_parquet_cursor *cursor,
                                            struct eagre_parquet_page_header *header,
                                            struct eagre_parquet_block **block,
                                            struct eagre_text *out_body, struct eagre_error *error);
void eagre_parquet_cursor_done(struct eagre_parquet_cursor *cursor);
