/* From vectors to one leaf's levels and dense values.
 *
 * A slice of rows of a top-level column is walked down to one leaf; what comes out are the
 * definition and repetition level of each entry and the values that are there, side by side, in
 * the width Parquet stores them in. A flat column without NULLs is not copied at all. */
#pragma once

#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "parquet/parquet_schema.h"

/* Scratch memory, reused from slice to slice; all zero is a valid empty one. Pointers are valid
 * until the next slice, and as long as the vectors. */
struct eagre_parquet_shred {
  uint32_t level_count;    /* entries: at least one per row */
  uint32_t value_count;    /* entries that have a value */
  uint32_t null_row_count; /* rows that are NULL for Delta: eagre_parquet_leaf.row_definition */
  uint8_t *definitions;    /* unspecified when every entry has a value: all are the highest then */
  uint8_t *repetitions;    /* unspecified when the leaf has none */
  /* int32_t (also TINYINT, SMALLINT, DATE), int64_t, float, double, struct eagre_text, or one byte
   * per BOOLEAN. */
  const void *values;

  /* Private. */
  uint32_t level_capacity;
  uint32_t *rows;      /* row of the current vector behind each entry, or ENDED */
  uint32_t *next_rows; /* the same, of the level below an ARRAY or MAP */
  uint8_t *next_definitions;
  uint8_t *next_repetitions;
  void *scratch; /* level_capacity values */
};

/* Shreds rows [from, from + row_count) of `column`, the vector of the leaf's top-level field. */
void eagre_parquet_shred_rows(struct eagre_parquet_shred *shred,
                              const struct eagre_parquet_leaf *leaf,
                              const struct eagre_vector *column, uint32_t from, uint32_t row_count);
void eagre_parquet_shred_done(struct eagre_parquet_shred *shred);
