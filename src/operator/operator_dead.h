/* Rows on which an expression fails, in a flow that keeps them apart. Inside of the room. */
#pragma once

#include "operator/operator.h"

/* Who receives such rows; all zero: nobody, the first of them ends the epoch. */
struct operator_dead {
  eagre_dead_row_fn *give;
  void *context;
};

/* Runs `program` over `batch` as eagre_program_run does. Rows that fail are given away where
 * somebody receives them and the batch has raw records: then they are taken out of the batch, and
 * `out` is for the rows that stay, which may be none. An error has the place of its row. */
enum eagre_status eagre_operator_dead_run(const struct operator_dead *dead,
                                          struct eagre_program *program, struct eagre_batch *batch,
                                          const struct eagre_program_context *context,
                                          struct eagre_vector *out, struct eagre_error *error);
/* The same for a condition; `out_keep` is for the rows that stay. */
enum eagre_status eagre_operator_dead_run_filter(const struct operator_dead *dead,
                                                 struct eagre_program *program,
                                                 struct eagre_batch *batch,
                                                 const struct eagre_program_context *context,
                                                 uint8_t **out_keep, struct eagre_error *error);
