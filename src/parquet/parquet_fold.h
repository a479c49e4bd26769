/* Smallest and largest of many numbers, four at a time where the machine has AVX2. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Widens [*minimum, *maximum] so that it holds the values. */
void eagre_parquet_fold_integers(const int64_t *values, uint32_t count, int64_t *minimum,
                                 int64_t *maximum);
/* The same; NaNs change nothing, but it says whether there were any. */
bool eagre_parquet_fold_reals(const double *values, uint32_t count, double *minimum,
                              double *maximum);
