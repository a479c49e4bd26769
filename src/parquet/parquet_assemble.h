/* From what the leaves hold for some rows to the vectors of the columns. */
#pragma once

#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "parquet/parquet_binding.h"
#include "parquet/parquet_leaf_read.h"

/* `row_count` rows of `column`, to `out`; memory from `arena`. `leaves` have read them, by the
 * index of the binding. DATA when leaves of one column disagree. */
enum eagre_status eagre_parquet_assemble(const struct eagre_parquet_column *column,
                                         const struct eagre_parquet_leaf_reader *leaves,
                                         uint32_t row_count, struct eagre_arena *arena,
                                         struct eagre_vector *out, struct eagre_error *error);
