/* Smallest and largest of many numbers. */
#include "parquet/parquet_fold.h"

#include <string.h>

#include "base/base.h"

/* ---- One at a time --------------------------------------------------------------------------- */

static void fold_integers(const int64_t *values, uint32_t count, int64_t *minimum,
                          int64_t *maximum) {
  for (uint32_t i = 0; i < count; i++) {
    *minimum = values[i] < *minimum ? values[i] : *minimum;
    *maximum = values[i] > *maximum ? values[i] : *maximum;
  }
}

static bool fold_reals(const double *values, uint32_t count, double *minimum, double *maximum) {
  bool has_nan = false;
  for (uint32_t i = 0; i < count; i++) {
    *minimum = values[i] < *minimum ? values[i] : *minimum;
    *maximum = values[i] > *maximum ? values[i] : *maximum;
    has_nan |= values[i] != values[i];
  }
  return has_nan;
}

/* ---- Four at a time -------------------------------------------------------------------------- */

enum { WIDE_COUNT = 4 };

#if defined(__x86_64__)

#define WIDE_TARGET __attribute__((target("avx2")))

typedef int64_t wide_integers __attribute__((vector_size(32)));
typedef double wide_reals __attribute__((vector_size(32)));

/* The lanes of `a` where the mask is set, else those of `b`. */
#define PICK(mask, a, b) (((a) & (mask)) | ((b) & ~(mask)))

/* `count` is a multiple of WIDE_COUNT, as below. */
WIDE_TARGET static void fold_wide_integers(const int64_t *values, uint32_t count, int64_t *minimum,
                                           int64_t *maximum) {
  wide_integers low = {*minimum, *minimum, *minimum, *minimum};
  wide_integers high = {*maximum, *maximum, *maximum, *maximum};
  for (uint32_t i = 0; i < count; i += WIDE_COUNT) {
    wide_integers value;
    memcpy(&value, values + i, sizeof value);
    low = PICK(value < low, value, low);
    high = PICK(value > high, value, high);
  }
  for (uint32_t i = 0; i < WIDE_COUNT; i++) {
    *minimum = low[i] < *minimum ? low[i] : *minimum;
    *maximum = high[i] > *maximum ? high[i] : *maximum;
  }
}

/* Comparisons with NaN are false: it is picked by none. */
WIDE_TARGET static bool fold_wide_reals(const double *values, uint32_t count, double *minimum,
                                        double *maximum) {
  wide_reals low = {*minimum, *minimum, *minimum, *minimum};
  wide_reals high = {*maximum, *maximum, *maximum, *maximum};
  wide_integers is_nan = {0};
  for (uint32_t i = 0; i < count; i += WIDE_COUNT) {
    wide_reals value;
    memcpy(&value, values + i, sizeof value);
    low = (wide_reals)PICK(value < low, (wide_integers)value, (wide_integers)low);
    high = (wide_reals)PICK(value > high, (wide_integers)value, (wide_integers)high);
    is_nan |= value != value;
  }
  for (uint32_t i = 0; i < WIDE_COUNT; i++) {
    *minimum = low[i] < *minimum ? low[i] : *minimum;
    *maximum = high[i] > *maximum ? high[i] : *maximum;
  }
  return (is_nan[0] | is_nan[1] | is_nan[2] | is_nan[3]) != 0;
}

#else

#define fold_wide_integers fold_integers
#define fold_wide_reals fold_reals

#endif

/* ---- The door -------------------------------------------------------------------------------- */

static uint32_t count_wide(uint32_t count) {
  return eagre_cpu_has_avx2() ? count / WIDE_COUNT * WIDE_COUNT : 0;
}

void eagre_parquet_fold_integers(const int64_t *values, uint32_t count, int64_t *minimum,
                                 int64_t *maximum) {
  uint32_t wide_count = count_wide(count);
  if (wide_count > 0) fold_wide_integers(values, wide_count, minimum, maximum);
  fold_integers(values + wide_count, count - wide_count, minimum, maximum);
}

bool eagre_parquet_fold_reals(const double *values, uint32_t count, double *minimum,
                              double *maximum) {
  uint32_t wide_count = count_wide(count);
  bool has_nan = false;
  if (wide_count > 0) has_nan = fold_wide_reals(values, wide_count, minimum, maximum);
  return fold_reals(values + wide_count, count - wide_count, minimum, maximum) || has_nan;
}
