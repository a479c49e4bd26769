/* What the exact and the approximate percentiles share. Inside of the room `expression`. */
#pragma once

#include "expression/expression_aggregate_value.h"

struct eagre_percentile_options {
  const double *percentages; /* each 0 to 1 */
  uint32_t percentage_count;
  bool is_list;     /* they were given as an ARRAY, and so is the result */
  bool is_discrete; /* a value that is there, not between two */
  bool is_descending;
  double relative_error; /* of the approximate ones */
};

/* The percentage at argument `index`, or the ARRAY of them, checked. */
enum eagre_status eagre_aggregate_bind_percentages(struct eagre_bind *bind, uint32_t index,
                                                   struct eagre_percentile_options *out);
/* What the result is for values of `type`: that, or an ARRAY of it. */
const struct eagre_type *
eagre_aggregate_percentile_type(struct eagre_arena *arena,
                                const struct eagre_percentile_options *options,
                                const struct eagre_type *type);

/* Where results go: rows of `values`, which are the elements when the result is an ARRAY. */
struct eagre_percentile_results {
  const struct eagre_aggregate_finish *finish;
  const struct eagre_percentile_options *options;
  struct eagre_vector *values;
  uint32_t next; /* row of `values` */
};
void eagre_percentile_results_begin(struct eagre_percentile_results *results,
                                    const struct eagre_aggregate_finish *finish);
/* Row `row` is complete; without values it is NULL, and `next` was not moved. */
void eagre_percentile_results_end_row(struct eagre_percentile_results *results, uint32_t row,
                                      bool is_null);
/* A total order: -0.0 before 0.0, NaN last. */
int eagre_aggregate_compare_doubles(double a, double b);
