/* Aggregates of DECIMAL, for the binders of sum, avg, min and max. */
#pragma once

#include "expression/expression_aggregate.h"

/* Argument 0 is a DECIMAL. With `is_try` an overflow gives NULL, else it is a DATA error when the
 * result is read. */
void eagre_aggregate_bind_decimal_sum(struct eagre_bind *bind, struct eagre_aggregate *out,
                                      bool is_try);
void eagre_aggregate_bind_decimal_average(struct eagre_bind *bind, struct eagre_aggregate *out,
                                          bool is_try);
const struct eagre_aggregate_kernels *eagre_aggregate_decimal_extreme(bool wants_greater);
