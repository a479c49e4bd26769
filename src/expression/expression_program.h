/* Compiled expressions.
 *
 * A program is a tree of blocks. A block is a list of instructions over registers (vectors), run
 * from the first to the last for the same rows. The root block runs for all rows of the batch. An
 * operand that must be evaluated only for some rows and may fail there is a block of its own below
 * the instruction that needs it; it imports registers of the block around it, picked by row.
 * The body of a lambda is such a block too, run for elements instead of rows.
 * Operands that cannot fail are evaluated for all rows in the block around them: cheaper than
 * picking.
 *
 * Invariants
 *   1. An instruction reads registers that are set before it: literals (at compile time), columns
 * and imports (before the block runs), results of earlier instructions.
 *   2. Equal trees have one register per block; a block uses its parent's registers by import when
 *      they were set before the instruction that owns it. */
#pragma once

#include "expression/expression_kernel.h"

struct eagre_block;

enum { EAGRE_REGISTER_NONE = UINT32_MAX };

struct eagre_instruction {
  const struct eagre_expression *node;
  uint32_t out;
  uint32_t argument_count;
  uint32_t *argument_registers;          /* EAGRE_REGISTER_NONE: an operand of its own block */
  const struct eagre_vector **arguments; /* the same as pointers */
  struct eagre_block **operands;         /* NULL, or per argument a block or NULL */
  struct eagre_kernel_state state;
};

struct eagre_import {
  uint32_t outer; /* register of the parent */
  uint32_t inner;
};

struct eagre_known_expression {
  const struct eagre_expression *node;
  uint64_t hash;
  uint32_t value; /* register */
};

struct eagre_block {
  struct eagre_block *parent;
  struct eagre_instruction *instructions;
  uint32_t instruction_count;
  struct eagre_vector *registers;
  uint32_t register_count;
  struct eagre_import *imports; /* the root: outer is a column of the batch */
  uint32_t import_count;
  struct eagre_known_expression *known; /* one per register */
  uint32_t result;                      /* of a block that is an operand */
  /* Of a lambda's body: the registers of its parameters, and their numbers. */
  int64_t variable_first;
  uint32_t variable_count;
  uint32_t variables[3];
};

/* What a run needs besides the rows. */
struct eagre_run {
  struct eagre_arena *arena;
  const struct eagre_zone *zone;
  int64_t now_us;
  struct eagre_error *error;
};

/* Runs the instructions; columns and imports are set. Errors have the row of this block. */
enum eagre_status eagre_block_run(struct eagre_block *block, const struct eagre_run *run,
                                  uint32_t row_count);
/* Makes a vector of one row the value of every row, its fields too. */
void eagre_block_make_constant(struct eagre_vector *vector);
/* AND, OR, CASE, COALESCE (expression_lazy.c). */
enum eagre_status eagre_lazy_run(struct eagre_block *block, struct eagre_instruction *instruction,
                                 const struct eagre_run *run, uint32_t row_count);

/* Functions that take lambdas (expression_lambda.c). */
enum eagre_status eagre_lambda_run(struct eagre_block *block, struct eagre_instruction *instruction,
                                   const struct eagre_run *run, uint32_t row_count);

/* parameters[0] of a call with EAGRE_FUNCTION_LAZY. */
enum eagre_lazy_kind {
  EAGRE_LAZY_AND,
  EAGRE_LAZY_OR,
  EAGRE_LAZY_CASE, /* condition, value, condition, value, ... [otherwise] */
  EAGRE_LAZY_COALESCE,
};
