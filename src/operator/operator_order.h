/* Inside of the room `operator`: the order of values of one type. -0.0 equals 0.0, NaN is greater
 * than every number; structs and arrays by what they hold, NULLs in them first. MAP has none. */
#pragma once

#include "column/column.h"

/* < 0, 0 or > 0. Two NULLs are equal. */
int eagre_operator_compare(const struct eagre_vector *a, uint32_t a_row,
                           const struct eagre_vector *b, uint32_t b_row, bool nulls_first);
/* The same for a key of ORDER BY; DESC turns values round, not the place of NULLs. */
int eagre_operator_compare_sorted(const struct eagre_vector *a, uint32_t a_row,
                                  const struct eagre_vector *b, uint32_t b_row, bool is_descending,
                                  bool nulls_first);
