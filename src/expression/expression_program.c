/* Compiling trees into programs, and folding constants.
 *
 * A constant tree is evaluated while compiling; when that fails it is compiled as it is, so that
 * the error comes when (and only when) a row needs the value, as in Spark. */
#include "expression/expression_program.h"

#include <string.h>

#include "expression/expression_bind.h"

struct eagre_program {
  struct eagre_arena arena;
  const struct eagre_type *input;
  struct eagre_expression_session session;
  struct eagre_block *root;
  uint32_t *outputs; /* registers of the root */
  uint32_t output_count;
  bool folds; /* false inside the folding of a constant */
  /* What every run returns when an expression cannot be computed; NULL otherwise. */
  struct eagre_error *refusal;
};

/* ---- Growing lists of a block ---------------------------------------------------------------- */

/* Lists live on the heap while they grow; a program keeps them to its end. */
static void *grow(void *list, uint32_t count, size_t size) {
  bool is_full = (count & (count - 1)) == 0;
  return is_full ? eagre_reallocate(list, (count == 0 ? 1 : count * 2u) * size) : list;
}

static uint32_t add_register(struct eagre_block *block, const struct eagre_expression *node,
                             uint64_t hash) {
  uint32_t index = block->register_count;
  block->registers = grow(block->registers, index, sizeof *block->registers);
  block->known = grow(block->known, index, sizeof *block->known);
  block->registers[index] = (struct eagre_vector){.type = node->type};
  block->known[index] = (struct eagre_known_expression){node, hash, index};
  block->register_count++;
  return index;
}

static uint32_t add_import(struct eagre_block *block, uint32_t outer,
                           const struct eagre_expression *node, uint64_t hash) {
  uint32_t inner = add_register(block, node, hash);
  block->imports = grow(block->imports, block->import_count, sizeof *block->imports);
  block->imports[block->import_count++] = (struct eagre_import){outer, inner};
  return inner;
}

static struct eagre_block *new_block(struct eagre_program *program, struct eagre_block *parent) {
  struct eagre_block *block = eagre_arena_allocate_zeroed(&program->arena, sizeof *block);
  block->parent = parent;
  return block;
}

/* ---- Compiling ------------------------------------------------------------------------------- */

static uint32_t compile(struct eagre_program *program, struct eagre_block *block,
                        const struct eagre_expression *node);

/* Whether the value depends on the parameters of the lambda whose body the block is: what is around
 * may have a tree that looks the same and means other variables. */
static bool is_bound_here(const struct eagre_block *block, const struct eagre_expression *node) {
  return block->variable_count > 0 &&
         eagre_expression_reads_variables(node, block->variable_first, block->variable_count);
}

/* The register that has the value already, here or, imported, around. */
static uint32_t find_known(struct eagre_block *block, const struct eagre_expression *node,
                           uint64_t hash) {
  for (uint32_t i = 0; i < block->register_count; i++) {
    const struct eagre_known_expression *known = &block->known[i];
    if (known->hash == hash && eagre_expression_equal(known->node, node)) return known->value;
  }
  if (block->parent == NULL || is_bound_here(block, node)) return EAGRE_REGISTER_NONE;
  uint32_t outer = find_known(block->parent, node, hash);
  if (outer == EAGRE_REGISTER_NONE) return EAGRE_REGISTER_NONE;
  return add_import(block, outer, node, hash);
}

/* A column is loaded once, by the root. */
static uint32_t compile_column(struct eagre_block *block, const struct eagre_expression *node,
                               uint64_t hash) {
  if (block->parent == NULL) return add_import(block, (uint32_t)node->parameters[0], node, hash);
  uint32_t outer = find_known(block->parent, node, hash);
  if (outer == EAGRE_REGISTER_NONE) outer = compile_column(block->parent, node, hash);
  return add_import(block, outer, node, hash);
}

/* A parameter of a lambda is in the block of its body. */
static uint32_t compile_variable(struct eagre_block *block, const struct eagre_expression *node,
                                 uint64_t hash) {
  eagre_assert(block->parent != NULL && !is_bound_here(block, node));
  uint32_t outer = find_known(block->parent, node, hash);
  if (outer == EAGRE_REGISTER_NONE) outer = compile_variable(block->parent, node, hash);
  return add_import(block, outer, node, hash);
}

/* The body of a lambda. Its parameters get the first registers. */
static struct eagre_block *compile_lambda(struct eagre_program *program, struct eagre_block *block,
                                          const struct eagre_expression *lambda) {
  struct eagre_block *body = new_block(program, block);
  body->variable_first = lambda->parameters[0];
  body->variable_count = (uint32_t)lambda->parameters[1];
  for (uint32_t i = 0; i < body->variable_count; i++) {
    const struct eagre_expression *variable = lambda->arguments[1 + i];
    body->variables[i] = add_register(body, variable, eagre_expression_hash(variable));
  }
  body->result = compile(program, body, lambda->arguments[0]);
  return body;
}

static bool try_fold(struct eagre_program *program, const struct eagre_expression *node,
                     struct eagre_vector *out) {
  if (!program->folds || !node->is_constant) return false;
  return eagre_expression_fold(&program->arena, node, &program->session, out, NULL) == EAGRE_OK;
}

/* An operand after the first one that may fail is not evaluated for all rows. */
static void compile_arguments(struct eagre_program *program, struct eagre_block *block,
                              struct eagre_instruction *instruction) {
  const struct eagre_expression *node = instruction->node;
  bool is_lazy = (node->function->flags & EAGRE_FUNCTION_LAZY) != 0;
  size_t count = node->argument_count;
  bool has_lambda = (node->function->flags & EAGRE_FUNCTION_LAMBDA) != 0;
  if (is_lazy || has_lambda) {
    instruction->operands =
        eagre_arena_allocate_zeroed(&program->arena, count * sizeof *instruction->operands);
  }
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_expression *argument = node->arguments[i];
    if (argument->kind == EAGRE_EXPRESSION_LAMBDA) {
      instruction->operands[i] = compile_lambda(program, block, argument);
      instruction->argument_registers[i] = EAGRE_REGISTER_NONE;
      continue;
    }
    if (!is_lazy || i == 0 || !argument->can_fail) {
      instruction->argument_registers[i] = compile(program, block, argument);
      continue;
    }
    struct eagre_block *operand = new_block(program, block);
    operand->result = compile(program, operand, argument);
    instruction->operands[i] = operand;
    instruction->argument_registers[i] = EAGRE_REGISTER_NONE;
  }
}

static uint32_t compile_call(struct eagre_program *program, struct eagre_block *block,
                             const struct eagre_expression *node, uint64_t hash) {
  size_t count = node->argument_count;
  struct eagre_instruction instruction = {
      .node = node,
      .argument_count = node->argument_count,
      .argument_registers =
          eagre_arena_allocate(&program->arena, count * sizeof *instruction.argument_registers + 1),
      .arguments =
          eagre_arena_allocate_zeroed(&program->arena, count * sizeof *instruction.arguments + 1),
  };
  compile_arguments(program, block, &instruction);
  instruction.out = add_register(block, node, hash);
  block->instructions =
      grow(block->instructions, block->instruction_count, sizeof *block->instructions);
  block->instructions[block->instruction_count++] = instruction;
  return instruction.out;
}

static uint32_t compile(struct eagre_program *program, struct eagre_block *block,
                        const struct eagre_expression *node) {
  uint64_t hash = eagre_expression_hash(node);
  uint32_t known = find_known(block, node, hash);
  if (known != EAGRE_REGISTER_NONE) return known;
  if (node->kind == EAGRE_EXPRESSION_COLUMN) return compile_column(block, node, hash);
  if (node->kind == EAGRE_EXPRESSION_VARIABLE) return compile_variable(block, node, hash);
  struct eagre_vector value;
  if (node->kind == EAGRE_EXPRESSION_LITERAL) {
    eagre_assert(eagre_type_is_supported(node->type->kind));
    value = node->value;
  } else if (!try_fold(program, node, &value)) {
    return compile_call(program, block, node, hash);
  }
  uint32_t result = add_register(block, node, hash);
  block->registers[result] = value;
  return result;
}

/* Registers do not move any more. */
static void link_arguments(struct eagre_block *block) {
  for (uint32_t i = 0; i < block->instruction_count; i++) {
    struct eagre_instruction *instruction = &block->instructions[i];
    for (uint32_t k = 0; k < instruction->argument_count; k++) {
      if (instruction->argument_registers[k] != EAGRE_REGISTER_NONE) {
        instruction->arguments[k] = &block->registers[instruction->argument_registers[k]];
      } else {
        link_arguments(instruction->operands[k]);
      }
    }
  }
}

/* The caller should have asked eagre_expression_check_value: then the error comes before a run. */
static bool refuse_types(struct eagre_program *program, struct eagre_expression *const *expressions,
                         uint32_t count) {
  struct eagre_error error;
  eagre_error_init(&error);
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_expression_check_value(expressions[i], &error) == EAGRE_OK) continue;
    program->refusal = eagre_arena_allocate(&program->arena, sizeof error);
    *program->refusal = error;
    return true;
  }
  return false;
}

static struct eagre_program *
compile_all(const struct eagre_type *input, struct eagre_expression *const *expressions,
            uint32_t count, const struct eagre_expression_session *session, bool folds) {
  struct eagre_program *program = eagre_allocate_zeroed(1, sizeof *program);
  program->input = input;
  program->session = *session;
  program->folds = folds;
  program->root = new_block(program, NULL);
  program->output_count = count;
  program->outputs = eagre_arena_allocate(&program->arena, count * sizeof *program->outputs + 1);
  if (refuse_types(program, expressions, count)) return program;
  for (uint32_t i = 0; i < count; i++) {
    program->outputs[i] = compile(program, program->root, expressions[i]);
  }
  link_arguments(program->root);
  return program;
}

struct eagre_program *eagre_program_new(const struct eagre_type *input,
                                        struct eagre_expression *const *expressions, uint32_t count,
                                        const struct eagre_expression_session *session) {
  return compile_all(input, expressions, count, session, true);
}

/* ---- Freeing --------------------------------------------------------------------------------- */

static void free_block(struct eagre_block *block) {
  for (uint32_t i = 0; i < block->instruction_count; i++) {
    struct eagre_instruction *instruction = &block->instructions[i];
    if (instruction->state.free != NULL) instruction->state.free(instruction->state.data);
    for (uint32_t k = 0; instruction->operands != NULL && k < instruction->argument_count; k++) {
      if (instruction->operands[k] != NULL) free_block(instruction->operands[k]);
    }
  }
  eagre_free(block->instructions);
  eagre_free(block->registers);
  eagre_free(block->known);
  eagre_free(block->imports);
}

void eagre_program_free(struct eagre_program *program) {
  if (program == NULL) return;
  free_block(program->root);
  eagre_arena_done(&program->arena);
  eagre_free(program);
}

/* ---- Running --------------------------------------------------------------------------------- */

static void load_columns(struct eagre_block *root, const struct eagre_batch *batch) {
  for (uint32_t i = 0; i < root->import_count; i++) {
    const struct eagre_import *import = &root->imports[i];
    eagre_assert(import->outer < batch->column_count);
    const struct eagre_vector *column = &batch->columns[import->outer];
    eagre_assert(column->type->kind == root->registers[import->inner].type->kind);
    root->registers[import->inner] = *column;
  }
}

enum eagre_status eagre_program_run(struct eagre_program *program, struct eagre_batch *batch,
                                    const struct eagre_program_context *context,
                                    struct eagre_vector *out, struct eagre_error *error) {
  struct eagre_block *root = program->root;
  if (program->refusal != NULL) {
    if (error != NULL) *error = *program->refusal;
    return program->refusal->status;
  }
  if (batch->row_count == 0) {
    for (uint32_t i = 0; i < program->output_count; i++) {
      eagre_vector_init(&out[i], root->registers[program->outputs[i]].type, 0, &batch->arena);
    }
    return EAGRE_OK;
  }
  struct eagre_run run = {&batch->arena, program->session.zone, context->batch_timestamp_us, error};
  load_columns(root, batch);
  EAGRE_TRY(eagre_block_run(root, &run, batch->row_count));
  for (uint32_t i = 0; i < program->output_count; i++) {
    out[i] = root->registers[program->outputs[i]];
  }
  return EAGRE_OK;
}

enum eagre_status eagre_program_run_filter(struct eagre_program *program, struct eagre_batch *batch,
                                           const struct eagre_program_context *context,
                                           uint8_t **out_keep, struct eagre_error *error) {
  eagre_assert(program->output_count == 1);
  struct eagre_vector value;
  EAGRE_TRY(eagre_program_run(program, batch, context, &value, error));
  uint8_t *keep = eagre_arena_allocate_vector(&batch->arena, eagre_bits_size(batch->row_count));
  if (value.is_constant || value.type->kind == EAGRE_TYPE_NULL) {
    bool is_true = !eagre_vector_is_null(&value, 0) && eagre_bit_get(value.data, 0);
    eagre_bits_fill(keep, batch->row_count, is_true);
  } else {
    eagre_bits_and(keep, value.data, value.validity, batch->row_count);
  }
  *out_keep = keep;
  return EAGRE_OK;
}

/* ---- Folding --------------------------------------------------------------------------------- */

enum eagre_status eagre_expression_fold(struct eagre_arena *arena,
                                        const struct eagre_expression *expression,
                                        const struct eagre_expression_session *session,
                                        struct eagre_vector *out, struct eagre_error *error) {
  eagre_assert(expression->is_constant);
  EAGRE_TRY(eagre_expression_check_value(expression, error));
  struct eagre_expression *copy = eagre_arena_allocate(arena, sizeof *copy);
  *copy = *expression;
  struct eagre_program *program = compile_all(NULL, &copy, 1, session, false);
  struct eagre_run run = {arena, session->zone, 0, error};
  enum eagre_status status = eagre_block_run(program->root, &run, 1);
  if (status == EAGRE_OK) {
    *out = program->root->registers[program->outputs[0]];
    eagre_block_make_constant(out);
  }
  eagre_program_free(program);
  if (error != NULL && status != EAGRE_OK) error->row = -1;
  return status;
}
