/* What the exact and the approximate percentiles share. Inside of the room `expression`. */
#pragma once

#include "expression/expression_aggregate_value.h"

struct eagre_percentile_options {
  double percentage; /* 0 to 1 */
  bool is_discrete;  /* a value that is there, not between two */
  bool is_descending;
  double relative_error; /* of the approximate ones */
};

/* The percentage at argument `index`, checked. */
enum eagre_status eagre_aggregate_bind_percentage(struct eagre_bind *bind, uint32_t index,
                                                  double *out);
/* A total order: -0.0 before 0.0, NaN last. */
int eagre_aggregate_compare_doubles(double a, double b);
