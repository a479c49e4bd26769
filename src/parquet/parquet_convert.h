/* From the values of a file to those of a column: which conversions there are, and their loops.
 *
 * A file's values come side by side in their physical form: BOOLEAN a byte each, INT32, INT64,
 * INT96, FLOAT and DOUBLE as they are, BYTE_ARRAY as `struct eagre_text`, FIXED_LEN_BYTE_ARRAY as
 * their bytes. What comes out has the width of the column's type, BOOLEAN a byte each. They need
 * not be aligned. Wider types are read as Spark's reader does; what could lose something is
 * refused, but nanoseconds are cut to microseconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "column/column.h"
#include "parquet/parquet_tree.h"

struct eagre_parquet_conversion {
  /* False: a value does not fit its type. */
  bool (*convert)(const struct eagre_parquet_conversion *conversion, const char *from,
                  uint32_t count, char *out);
  uint32_t from_width;
  uint32_t to_width;
  bool is_text; /* what comes out points to what went in */
  /* DECIMAL: values below `limit` are multiplied. */
  __int128 limit;
  __int128 multiplier;
};

/* Whether the leaf `element` can be read as `type`, and how. */
bool eagre_parquet_conversion_find(struct eagre_parquet_conversion *conversion,
                                   const struct eagre_parquet_element *element,
                                   const struct eagre_type *type);
