/* Reads the values of one leaf, some rows at a time.
 *
 * A leaf that is not repeated gives a vector of the rows, NULLs in place. A repeated one gives the
 * levels of all entries of the rows and, side by side, the values that are there;
 * parquet_assemble.h makes vectors of them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "parquet/parquet_convert.h"
#include "parquet/parquet_file.h"
#include "parquet/parquet_hybrid_read.h"
#include "parquet/parquet_page_read.h"

enum eagre_parquet_values_form {
  EAGRE_PARQUET_VALUES_NONE,     /* the page holds NULLs only */
  EAGRE_PARQUET_VALUES_FLAT,     /* physical values side by side */
  EAGRE_PARQUET_VALUES_TEXTS,    /* 4-byte length and bytes, one after the other */
  EAGRE_PARQUET_VALUES_INDEXES,  /* into the dictionary */
  EAGRE_PARQUET_VALUES_BOOLEANS, /* of one bit */
};

/* The values of a page that are not read yet. */
struct eagre_parquet_values {
  enum eagre_parquet_values_form form;
  struct eagre_text bytes; /* FLAT, TEXTS */
  struct eagre_parquet_hybrid hybrid;
};

/* What the rows of a batch have in one leaf. */
struct eagre_parquet_slice {
  /* Not repeated. */
  struct eagre_vector vector;
  /* Repeated, or `keeps_levels`: an entry per row or more. */
  uint32_t entry_count;
  uint8_t *definitions;
  uint8_t *repetitions;       /* repeated only */
  struct eagre_buffer values; /* repeated: those that are there, in the width of the column */
  uint32_t capacity;          /* of the levels */
};

struct eagre_parquet_leaf_reader {
  const struct eagre_parquet_file *file;
  const struct eagre_parquet_node *node;
  const struct eagre_type *type; /* NULL: only levels are wanted */
  struct eagre_parquet_conversion conversion;
  bool keeps_levels; /* a STRUCT above asks for them */

  struct eagre_parquet_cursor cursor;
  int64_t entries_left;                         /* of the chunk, in pages to come */
  struct eagre_parquet_block *dictionary_block; /* what texts of the dictionary point to */
  struct eagre_buffer dictionary;               /* converted values */
  uint32_t dictionary_count;
  bool has_dictionary;

  struct eagre_parquet_block *block;      /* of the page */
  struct eagre_parquet_block *joined;     /* of DELTA_BYTE_ARRAY, BYTE_STREAM_SPLIT */
  struct eagre_parquet_block *text_block; /* which of them texts of the page point to */
  uint32_t page_left;                     /* entries */
  struct eagre_parquet_hybrid definitions;
  struct eagre_parquet_hybrid repetitions;
  struct eagre_buffer page_definitions; /* repeated: the whole page's levels */
  struct eagre_buffer page_repetitions;
  uint32_t page_next;
  uint8_t last_definition; /* repeated: of the entry before the page; 0 before the first */
  struct eagre_parquet_values values;

  struct eagre_buffer decoded; /* values of encodings undone at once */
  struct eagre_buffer lengths;
  struct eagre_buffer prefixes;
  struct eagre_buffer suffixes;
  struct eagre_buffer repacked; /* BIT_PACKED levels, lowest bit first: definitions */
  struct eagre_buffer repacked_repetitions;
  uint8_t *present; /* bitmap of EAGRE_BATCH_ROWS_MAX rows */

  struct eagre_parquet_slice slice;
  struct eagre_parquet_backing *backing;  /* of the batch being read */
  const struct eagre_parquet_block *held; /* the last one given to it */
};

/* Reads `node` as `type` (NULL: levels only); `conversion` is for it. */
void eagre_parquet_leaf_init(struct eagre_parquet_leaf_reader *leaf,
                             const struct eagre_parquet_file *file,
                             const struct eagre_parquet_node *node, const struct eagre_type *type,
                             const struct eagre_parquet_conversion *conversion);
void eagre_parquet_leaf_done(struct eagre_parquet_leaf_reader *leaf);
/* Begins a chunk of `row_count` rows. */
enum eagre_status eagre_parquet_leaf_begin(struct eagre_parquet_leaf_reader *leaf,
                                           const struct eagre_parquet_stored_chunk *chunk,
                                           int64_t row_count, struct eagre_error *error);
/* The next `row_count` (at most EAGRE_BATCH_ROWS_MAX) rows, to `leaf->slice`. Vectors live in
 * `arena`, texts in blocks added to `backing`. */
enum eagre_status eagre_parquet_leaf_read(struct eagre_parquet_leaf_reader *leaf,
                                          uint32_t row_count, struct eagre_arena *arena,
                                          struct eagre_parquet_backing *backing,
                                          struct eagre_error *error);
/* DATA when the chunk has more rows than were read. */
enum eagre_status eagre_parquet_leaf_end(struct eagre_parquet_leaf_reader *leaf,
                                         struct eagre_error *error);

/* Spreads `present_count` values of `width` bytes at the begin of `data` over `count` rows, each to
 * a row whose bit is set; rows without value become zeros. */
void eagre_parquet_spread(char *data, uint32_t width, const uint8_t *present, uint32_t count,
                          uint32_t present_count);
/* Bytes to the bitmap a BOOLEAN vector has. */
void eagre_parquet_pack_booleans(const uint8_t *bytes, uint32_t count, uint8_t *bits);

/* parquet_values_read.c: setting up and reading `leaf->values`. */
enum eagre_status eagre_parquet_dictionary_load(struct eagre_parquet_leaf_reader *leaf,
                                                const struct eagre_parquet_page_header *header,
                                                struct eagre_text body, struct eagre_error *error);
enum eagre_status eagre_parquet_values_begin(struct eagre_parquet_leaf_reader *leaf,
                                             int32_t encoding, struct eagre_text bytes,
                                             uint32_t count_max, struct eagre_error *error);
/* The next `count` values, converted. */
enum eagre_status eagre_parquet_values_read(struct eagre_parquet_leaf_reader *leaf, uint32_t count,
                                            char *out, struct eagre_error *error);
