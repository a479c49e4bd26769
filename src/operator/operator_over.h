/* Inside of the room `operator`: window functions over rows that were put in order.
 *
 *   operator_over.c            keeps the rows, orders them per window, sends them with the results
 *   operator_over_rank.c       row_number, rank, ntile ..., lead, lag, nth_value
 *   operator_over_frame.c      where the frame of each row begins and ends
 *   operator_over_aggregate.c  aggregates of frames
 *
 * Rows are numbered in the order of the window, from 0, all partitions one after the other. */
#pragma once

#include "column/column.h"
#include "plan/plan.h"

/* Results that are alike stand once; vectors of results have this many at most. */
enum { OPERATOR_OVER_CHUNK = 1024 };

struct operator_over_order {
  uint32_t count;
  const uint32_t *partitions; /* where each begins, and the end of the last */
  uint32_t partition_count;
  const uint32_t *peers_begin; /* per row: [begin, end) of those with equal sort keys */
  const uint32_t *peers_end;
};

/* What one function works on. Vectors have a value per row; NULL where the function has no such
 * expression. */
struct operator_over_input {
  const struct eagre_over_function *function;
  const struct operator_over_order *order;
  const struct eagre_vector *argument;
  const struct eagre_vector *fallback;
  const struct eagre_plan_sort_key *sort_key; /* the first; NULL when there is none */
  const struct eagre_vector *key;             /* its values, for frames by values */
  const struct eagre_vector *lower_limit;
  const struct eagre_vector *upper_limit;
  struct eagre_arena *arena; /* of results and what helps to make them */
  uint64_t size_max;         /* bytes that the arena may hold */
};

/* The result of row i is number slots[i], or i without slots; result n is row n % chunk_rows of
 * chunk n / chunk_rows. */
struct operator_over_result {
  struct eagre_vector *chunks;
  uint32_t chunk_rows;
  const uint32_t *slots;
};

/* All functions but aggregates. */
void eagre_operator_over_rank(const struct operator_over_input *input,
                              struct operator_over_result *out);
/* DATA errors of the aggregate; error->row is the row of this order. */
enum eagre_status eagre_operator_over_aggregate(const struct operator_over_input *input,
                                                struct operator_over_result *out,
                                                struct eagre_error *error);

/* Per row its frame [lower, upper), empty when upper <= lower. */
struct operator_over_frames {
  uint32_t *lower;
  uint32_t *upper;
};
void eagre_operator_over_frames(const struct operator_over_input *input,
                                struct operator_over_frames *out);

/* The error WINDOW_FUNCTION_TOO_LARGE, when `size` is more than `size_max`. */
enum eagre_status eagre_operator_over_check(uint64_t size, uint64_t size_max,
                                            struct eagre_sql_position position,
                                            struct eagre_error *error);
