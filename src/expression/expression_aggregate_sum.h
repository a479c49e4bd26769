/* Accumulators of sum and avg, for those who fill them otherwise. Inside of the room `expression`.
 */
#pragma once

#include "expression/expression_aggregate.h"

/* As a count, of sums that give NULL or an error for good once they are over. */
enum { EAGRE_SUM_OVERFLOWN = -1 };

struct sum_state {
  int64_t count;
  union {
    int64_t integer;
    double real;
  } sum;
};

struct decimal_state {
  int64_t count;
  char digits[sizeof(eagre_decimal)]; /* accumulators are aligned to 8 */
};

/* DATA ARITHMETIC_OVERFLOW of a BIGINT; `row` -1: of no single row. */
enum eagre_status eagre_aggregate_fail_sum(const struct eagre_aggregate *aggregate, int64_t row,
                                           struct eagre_error *error);
/* Whether it is a sum of BIGINTs that wraps round, as it does without ANSI. */
bool eagre_aggregate_sum_wraps(const struct eagre_aggregate *aggregate);
