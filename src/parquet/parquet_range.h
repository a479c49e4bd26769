/* Smallest and largest value of a page, a chunk or a file.
 *
 * Integers (also DATE, TIMESTAMP, DECIMAL, BOOLEAN) order by value, text by unsigned bytes, floats
 * by value with the rules of TypeDefinedOrder: one NaN and there is no range, a zero minimum is
 * -0.0, a zero maximum +0.0. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "parquet/parquet_format.h"

enum { EAGRE_PARQUET_BOUND_SIZE_MAX = 64 }; /* of text in a file's statistics */

struct eagre_parquet_range {
  enum eagre_parquet_type physical;
  bool has_values; /* NaNs count */
  bool has_nan;
  int64_t integer_minimum;
  int64_t integer_maximum;
  eagre_decimal wide_minimum; /* FIXED_LEN_BYTE_ARRAY */
  eagre_decimal wide_maximum;
  double real_minimum;
  double real_maximum;
  struct eagre_buffer text_minimum;
  struct eagre_buffer text_maximum;
};

void eagre_parquet_range_init(struct eagre_parquet_range *range, enum eagre_parquet_type physical);
void eagre_parquet_range_done(struct eagre_parquet_range *range);
/* Empties the range and keeps its memory. */
void eagre_parquet_range_reset(struct eagre_parquet_range *range);

/* Adds `count` values as `eagre_parquet_shred.values` holds them. */
void eagre_parquet_range_add(struct eagre_parquet_range *range, const void *values, uint32_t count);
void eagre_parquet_range_merge(struct eagre_parquet_range *into,
                               const struct eagre_parquet_range *from);
/* Whether there is a minimum and a maximum. */
bool eagre_parquet_range_exists(const struct eagre_parquet_range *range);

enum eagre_parquet_bound { EAGRE_PARQUET_MINIMUM, EAGRE_PARQUET_MAXIMUM };

enum eagre_parquet_bound_result {
  EAGRE_PARQUET_BOUND_NONE, /* nothing was appended */
  EAGRE_PARQUET_BOUND_CUT,
  EAGRE_PARQUET_BOUND_EXACT,
};

/* Appends a bound as PLAIN bytes without a length. Text longer than EAGRE_PARQUET_BOUND_SIZE_MAX is
 * cut: a minimum to a prefix, a maximum to a prefix whose last character (byte, when not
 * `is_utf8`) is raised; a maximum in which none can be raised has no bound. */
enum eagre_parquet_bound_result eagre_parquet_range_append(const struct eagre_parquet_range *range,
                                                           enum eagre_parquet_bound bound,
                                                           bool is_utf8, struct eagre_buffer *out);

/* Orders two bounds as `eagre_parquet_range_append` writes them. */
int eagre_parquet_bound_compare(enum eagre_parquet_type physical, struct eagre_text a,
                                struct eagre_text b);
