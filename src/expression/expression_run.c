/* Running the instructions of a block: NULL and constant arguments are handled here once for all
 * kernels (expression_kernel.h). */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_program.h"

static bool is_null_constant(const struct eagre_vector *vector) {
  if (vector->type->kind == EAGRE_TYPE_NULL) return true;
  return vector->is_constant && eagre_vector_is_null(vector, 0);
}

static bool all_constant(const struct eagre_instruction *instruction) {
  for (uint32_t i = 0; i < instruction->argument_count; i++) {
    const struct eagre_vector *argument = instruction->arguments[i];
    if (!argument->is_constant && argument->type->kind != EAGRE_TYPE_NULL) return false;
  }
  return true;
}

static bool any_null(const struct eagre_instruction *instruction) {
  for (uint32_t i = 0; i < instruction->argument_count; i++) {
    if (is_null_constant(instruction->arguments[i])) return true;
  }
  return false;
}

/* The rows where every argument has a value; NULL for all. Shared with an argument when it is the
 * only one with a bitmap. */
static uint8_t *combine_validity(const struct eagre_instruction *instruction, uint32_t row_count,
                                 struct eagre_arena *arena) {
  uint8_t *combined = NULL;
  bool is_own = false;
  for (uint32_t i = 0; i < instruction->argument_count; i++) {
    const struct eagre_vector *argument = instruction->arguments[i];
    if (argument->is_constant || argument->validity == NULL) continue;
    if (combined == NULL || combined == argument->validity) {
      combined = argument->validity;
      continue;
    }
    uint8_t *out =
        is_own ? combined : eagre_arena_allocate_vector(arena, eagre_bits_size(row_count));
    eagre_bits_and(out, combined, argument->validity, row_count);
    combined = out;
    is_own = true;
  }
  return combined;
}

/* What a kernel passed on may belong to a literal, which all cores read: it is constant already and
 * not written. */
void eagre_block_make_constant(struct eagre_vector *vector) {
  if (!vector->is_constant) vector->is_constant = true;
  if (vector->children == NULL || eagre_type_is_list(vector->type->kind)) return;
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    eagre_block_make_constant(&vector->children[i]);
  }
}

static enum eagre_status run_kernel(struct eagre_instruction *instruction,
                                    const struct eagre_run *run, uint32_t row_count,
                                    struct eagre_vector *out) {
  const struct eagre_expression *node = instruction->node;
  bool sees_nulls = (node->function->flags & EAGRE_FUNCTION_NULLS) != 0;
  *out = (struct eagre_vector){.type = node->type};
  if (!sees_nulls && any_null(instruction)) {
    eagre_vector_init_null(out, node->type, run->arena);
    return EAGRE_OK;
  }
  bool is_constant = all_constant(instruction);
  struct eagre_kernel_call call = {
      .node = node,
      .arguments = instruction->arguments,
      .row_count = is_constant ? 1 : row_count,
      .out = out,
      .arena = run->arena,
      .zone = run->zone,
      .now_us = run->now_us,
      .state = &instruction->state,
      .error = run->error,
  };
  if (!sees_nulls) out->validity = combine_validity(instruction, row_count, run->arena);
  enum eagre_status status = node->kernel(&call);
  if (status != EAGRE_OK) {
    eagre_sql_place_unplaced(node->position, run->error);
    return status;
  }
  if (is_constant) eagre_block_make_constant(out);
  return EAGRE_OK;
}

/* array_sort has a form without a lambda. */
static bool is_lambda_call(const struct eagre_instruction *instruction) {
  return (instruction->node->function->flags & EAGRE_FUNCTION_LAMBDA) != 0 &&
         instruction->node->kernel == NULL;
}

enum eagre_status eagre_block_run(struct eagre_block *block, const struct eagre_run *run,
                                  uint32_t row_count) {
  for (uint32_t i = 0; i < block->instruction_count; i++) {
    struct eagre_instruction *instruction = &block->instructions[i];
    uint32_t flags = instruction->node->function->flags;
    if ((flags & EAGRE_FUNCTION_LAZY) != 0) {
      EAGRE_TRY(eagre_lazy_run(block, instruction, run, row_count));
    } else if (is_lambda_call(instruction)) {
      EAGRE_TRY(eagre_lambda_run(block, instruction, run, row_count));
    } else {
      EAGRE_TRY(run_kernel(instruction, run, row_count, &block->registers[instruction->out]));
    }
  }
  return EAGRE_OK;
}
