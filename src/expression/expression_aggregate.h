/* Aggregates, as the files of this room see them: a row of expression_functions.def names a binder,
 * the binder casts the arguments and picks kernels, and the kernels work on accumulators.
 *
 *   expression_aggregate.c           binding, FILTER, dispatch
 *   expression_aggregate_count.c     count, count_if
 *   expression_aggregate_sum.c       sum, avg
 *   expression_aggregate_decimal.c   sum, avg, min and max of DECIMAL
 *   expression_aggregate_extreme.c   min, max, every, any
 *   expression_aggregate_bit.c       bit_and, bit_or, bit_xor
 *   expression_aggregate_bitmap.c    bitmap_construct_agg, bitmap_or_agg, bitmap_and_agg
 *   expression_aggregate_moment.c    stddev, variance, skewness, kurtosis
 *   expression_aggregate_pair.c      covar, corr, regr
 *   expression_aggregate_list.c      collect_list, collect_set
 *   expression_aggregate_text.c      listagg
 *   expression_aggregate_mode.c      mode, and DISTINCT in front of any other
 *   expression_aggregate_percentile.c, ..._quantile.c  percentile, median, percentile_approx
 *   expression_aggregate_sketch.c    approx_count_distinct
 *   expression_aggregate_pick.c      first, last, min_by, max_by; min and max of STRUCT
 *   expression_aggregate_value.c     values of any type, and sets of them, as bytes
 *   expression_aggregate_change.c, ..._exact.c  any of those over rows that may be taken back
 *
 * To add one: a row in expression_functions.def, `eagre_aggregate_bind_<binder>` that sets
 * `kernels` and `result_type`, and the kernels.
 *
 * Accumulators are zero when nothing was seen, and hold no pointers but `text_count` consecutive
 * `struct eagre_text` at `text_offset`. Content of any size (lists, sets, sketches) is bytes in
 * such a text, which grows by `eagre_arena_grow_text`; what is in it must not depend on
 * where it is, as snapshots store the bytes and the state table moves them (expression.h has the
 * contract). */
#pragma once

#include "expression/expression_bind.h"

/* What one update walks over. `inputs` are the arguments that are not constants, in order; row i
 * counts when `eagre_aggregate_has_row`, which FILTER decides. */
struct eagre_aggregate_update {
  const struct eagre_aggregate *aggregate;
  const struct eagre_vector *inputs;
  const struct eagre_vector *rows; /* the STRUCT that packs them; NULL: they are not packed */
  uint32_t row_count;
  char *const *accumulators;
  uint32_t offset;
  struct eagre_arena *arena;
  struct eagre_error *error;
};

struct eagre_aggregate_finish {
  const struct eagre_aggregate *aggregate;
  char *const *accumulators;
  uint32_t offset;
  uint32_t row_count;
  struct eagre_vector *out; /* made for the result type; ARRAY and MAP without elements */
  struct eagre_arena *arena;
  struct eagre_error *error;
};

struct eagre_aggregate_kernels {
  uint32_t accumulator_size; /* a multiple of 8 */
  uint32_t text_offset;      /* with `text_count` > 0 */
  uint32_t text_count;
  enum eagre_status (*update)(const struct eagre_aggregate_update *update);
  enum eagre_status (*merge)(const struct eagre_aggregate *aggregate, char *into, const char *from,
                             struct eagre_arena *arena, struct eagre_error *error);
  enum eagre_status (*finish)(const struct eagre_aggregate_finish *finish);
};

static inline char *eagre_aggregate_state(const struct eagre_aggregate_update *update,
                                          uint32_t row) {
  return update->accumulators[row] + update->offset;
}

static inline const char *eagre_aggregate_result(const struct eagre_aggregate_finish *finish,
                                                 uint32_t row) {
  return finish->accumulators[row] + finish->offset;
}

static inline bool eagre_aggregate_has_row(const struct eagre_aggregate_update *update,
                                           uint32_t row) {
  return update->rows == NULL || !eagre_vector_is_null(update->rows, row);
}

/* Whether row `row` counts and its input `index` is not NULL. A constant counts for every row. */
static inline bool eagre_aggregate_has_value(const struct eagre_aggregate_update *update,
                                             uint32_t index, uint32_t row) {
  return eagre_aggregate_has_row(update, row) && !eagre_vector_is_null(&update->inputs[index], row);
}

/* The only input has a value in every row, one per row: the fast loops. */
static inline bool eagre_aggregate_is_plain(const struct eagre_aggregate_update *update) {
  return update->rows == NULL && update->inputs->validity == NULL && !update->inputs->is_constant &&
         update->inputs->type->kind != EAGRE_TYPE_NULL;
}

static inline void eagre_aggregate_set_null(const struct eagre_aggregate_finish *finish,
                                            uint32_t row) {
  eagre_vector_set_null(finish->out, row, finish->row_count, finish->arena);
}

/* Casts all arguments to DOUBLE and evaluates all of them. For binders. */
enum eagre_status eagre_aggregate_bind_doubles(struct eagre_bind *bind,
                                               struct eagre_aggregate *out);

/* The number at argument `index`, which must be a constant: USAGE NON_FOLDABLE_INPUT or
 * UNEXPECTED_NULL, with `name`. */
enum eagre_status eagre_aggregate_bind_constant_double(struct eagre_bind *bind, uint32_t index,
                                                       const char *name, double *out);
/* The constant BOOLEAN at argument `index`; errors as above. */
enum eagre_status eagre_aggregate_bind_flag(struct eagre_bind *bind, uint32_t index,
                                            const char *name, bool *out);
/* Puts DISTINCT in front of a bound aggregate that has an argument. */
void eagre_aggregate_make_distinct(struct eagre_arena *arena, struct eagre_aggregate *inout);
/* f() WITHIN GROUP (ORDER BY a): makes `a` the first argument; USAGE
 * INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING or WRONG_NUM_ARGS without just one. */
enum eagre_status eagre_aggregate_bind_ordered(struct eagre_bind *bind,
                                               struct eagre_aggregate *out);
/* min and max of what expression_aggregate_extreme.c does not know: STRUCT, ARRAY ... */
enum eagre_status eagre_aggregate_bind_extreme_value(struct eagre_bind *bind,
                                                     struct eagre_aggregate *out,
                                                     bool wants_greater);

/* expression_aggregate_exact.c: the kernels of a sum or average of BIGINT, DECIMAL or DOUBLE over
 * rows with weights. */
const struct eagre_aggregate_kernels *
eagre_aggregate_exact_kernels(const struct eagre_aggregate *inner);

#define EAGRE_FUNCTION(name, group, flags, signature, kernel, usage, text)
#define EAGRE_FUNCTION_BOUND(name, group, flags, arity_min, arity_max, binder, usage, text)
#define EAGRE_FUNCTION_AGGREGATE(name, arity_min, arity_max, binder, usage, text)                  \
  eagre_aggregate_bind_fn eagre_aggregate_bind_##binder;
#include "expression/expression_functions.def"
#undef EAGRE_FUNCTION
#undef EAGRE_FUNCTION_BOUND
#undef EAGRE_FUNCTION_AGGREGATE

/* ---- Counts ---------------------------------------------------------------------------------- */

enum eagre_status eagre_aggregate_merge_counts(const struct eagre_aggregate *aggregate, char *into,
                                               const char *from, struct eagre_arena *arena,
                                               struct eagre_error *error);
enum eagre_status eagre_aggregate_finish_counts(const struct eagre_aggregate_finish *finish);
/* Kernels of an aggregate whose accumulator is a BIGINT that `update_rows` adds to. */
#define EAGRE_AGGREGATE_COUNT_KERNELS(update_rows)                                                 \
  {                                                                                                \
    .accumulator_size = sizeof(int64_t), .update = (update_rows),                                  \
    .merge = eagre_aggregate_merge_counts, .finish = eagre_aggregate_finish_counts,                \
  }
