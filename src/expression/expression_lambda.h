/* Lambdas: the trees they are, and running the functions that take them.
 *
 * x -> x + y is a node LAMBDA whose one argument is the body. Its parameters are nodes VARIABLE
 * with numbers: those of a lambda inside another one follow those of the outer one, so that equal
 * lambdas are equal trees. The body is compiled into a block of its own (expression_program.h),
 * which runs once over all elements of a batch: what it needs of the rows around is picked by the
 * row of each element. */
#pragma once

#include "expression/expression_list.h"
#include "expression/expression_program.h"

enum { EAGRE_LAMBDA_PARAMETERS_MAX = 3 };

/* parameters[0] of a call with EAGRE_FUNCTION_LAMBDA. */
enum eagre_lambda_kind {
  EAGRE_LAMBDA_TRANSFORM,
  EAGRE_LAMBDA_FILTER,
  EAGRE_LAMBDA_EXISTS,
  EAGRE_LAMBDA_FORALL,
  EAGRE_LAMBDA_AGGREGATE,
  EAGRE_LAMBDA_ZIP_WITH,
  EAGRE_LAMBDA_MAP_FILTER,
  EAGRE_LAMBDA_MAP_ZIP_WITH,
  EAGRE_LAMBDA_TRANSFORM_KEYS,
  EAGRE_LAMBDA_TRANSFORM_VALUES,
  EAGRE_LAMBDA_ARRAY_SORT,
};

/* One call being run. Elements are what the body runs over. */
struct eagre_lambda_run {
  struct eagre_block *block;
  struct eagre_instruction *instruction;
  const struct eagre_run *run;
  uint32_t row_count;
  struct eagre_kernel_call call; /* for results, failures, lists under construction */
};

/* Runs the body that is argument `index` over `count` elements: parameter i is variables[i],
 * rows[k] is the row of element k. The result, as many rows, is put into *out, no constant. */
enum eagre_status eagre_lambda_apply(struct eagre_lambda_run *lambda, uint32_t index,
                                     const struct eagre_vector *variables, const uint32_t *rows,
                                     uint32_t count, struct eagre_vector *out);
/* Argument `index` with one row for each of the batch, lists without elements of null rows. */
void eagre_lambda_take(struct eagre_lambda_run *lambda, uint32_t index, struct eagre_vector *out);
/* The row of each element of `list`. */
uint32_t *eagre_lambda_rows(const struct eagre_lambda_run *lambda, const struct eagre_vector *list,
                            uint32_t count);
/* 0, 1, ... as INT. */
void eagre_lambda_places(const struct eagre_lambda_run *lambda, const struct eagre_vector *list,
                         uint32_t count, struct eagre_vector *out);

/* expression_lambda_fold.c: those that take several steps. */
enum eagre_status eagre_lambda_aggregate(struct eagre_lambda_run *lambda);
enum eagre_status eagre_lambda_sort(struct eagre_lambda_run *lambda);
/* expression_lambda_zip.c: those that walk two lists. */
enum eagre_status eagre_lambda_zip_with(struct eagre_lambda_run *lambda);
enum eagre_status eagre_lambda_map_zip_with(struct eagre_lambda_run *lambda);
