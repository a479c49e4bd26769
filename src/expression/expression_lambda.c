/* Running transform, filter, exists, forall and their like over maps (expression_lambda.h). */
#include "expression/expression_lambda.h"

#include <string.h>

/* ---- What all share -------------------------------------------------------------------------- */

static void import_elements(const struct eagre_lambda_run *lambda, struct eagre_block *body,
                            const uint32_t *rows, uint32_t count) {
  for (uint32_t i = 0; i < body->import_count; i++) {
    const struct eagre_vector *from = &lambda->block->registers[body->imports[i].outer];
    eagre_vector_gather(&body->registers[body->imports[i].inner], from, rows, count,
                        lambda->run->arena);
  }
}

enum eagre_status eagre_lambda_apply(struct eagre_lambda_run *lambda, uint32_t index,
                                     const struct eagre_vector *variables, const uint32_t *rows,
                                     uint32_t count, struct eagre_vector *out) {
  struct eagre_block *body = lambda->instruction->operands[index];
  const struct eagre_type *type = lambda->instruction->node->arguments[index]->type;
  if (count == 0) {
    eagre_vector_init(out, type, 0, lambda->run->arena);
    return EAGRE_OK;
  }
  import_elements(lambda, body, rows, count);
  for (uint32_t i = 0; i < body->variable_count; i++) {
    body->registers[body->variables[i]] = variables[i];
  }
  enum eagre_status status = eagre_block_run(body, lambda->run, count);
  struct eagre_error *error = lambda->run->error;
  if (status != EAGRE_OK) {
    if (error != NULL && error->row >= 0) error->row = rows[error->row];
    return status;
  }
  *out = body->registers[body->result];
  eagre_vector_flatten(out, count, lambda->run->arena);
  return EAGRE_OK;
}

void eagre_lambda_take(struct eagre_lambda_run *lambda, uint32_t index, struct eagre_vector *out) {
  *out = *lambda->instruction->arguments[index];
  eagre_vector_flatten(out, lambda->row_count, lambda->run->arena);
  if (eagre_type_is_list(out->type->kind)) {
    eagre_vector_tighten(out, lambda->row_count, lambda->run->arena);
  }
}

uint32_t *eagre_lambda_rows(const struct eagre_lambda_run *lambda, const struct eagre_vector *list,
                            uint32_t count) {
  uint32_t *rows = eagre_arena_allocate_vector(lambda->run->arena, (size_t)count * sizeof *rows);
  for (uint32_t row = 0; row < lambda->row_count; row++) {
    for (int32_t i = list->offsets[row]; i < list->offsets[row + 1]; i++) {
      rows[i] = row;
    }
  }
  return rows;
}

void eagre_lambda_places(const struct eagre_lambda_run *lambda, const struct eagre_vector *list,
                         uint32_t count, struct eagre_vector *out) {
  eagre_vector_init(out, eagre_type_of(EAGRE_TYPE_INT), count, lambda->run->arena);
  int32_t *places = out->data;
  for (uint32_t row = 0; row < lambda->row_count; row++) {
    for (int32_t i = list->offsets[row]; i < list->offsets[row + 1]; i++) {
      places[i] = i - list->offsets[row];
    }
  }
}

/* A list argument and what the body, argument 1, makes of its elements. */
struct applied {
  struct eagre_vector list;
  uint32_t count;
  struct eagre_vector result;
};

/* The variables are the list's children; of an ARRAY the second one is the place. */
static enum eagre_status apply(struct eagre_lambda_run *lambda, struct applied *out) {
  eagre_lambda_take(lambda, 0, &out->list);
  out->count = (uint32_t)out->list.offsets[lambda->row_count];
  struct eagre_vector variables[2] = {out->list.children[0]};
  if (out->list.type->kind == EAGRE_TYPE_MAP) {
    variables[1] = out->list.children[1];
  } else if (lambda->instruction->operands[1]->variable_count > 1) {
    eagre_lambda_places(lambda, &out->list, out->count, &variables[1]);
  }
  uint32_t *rows = eagre_lambda_rows(lambda, &out->list, out->count);
  return eagre_lambda_apply(lambda, 1, variables, rows, out->count, &out->result);
}

static bool is_true(const struct eagre_vector *flags, uint32_t row) {
  return !eagre_vector_is_null(flags, row) && eagre_bit_get(flags->data, row);
}

/* ---- Results as lists ------------------------------------------------------------------------ */

/* call.out = the list with other children. */
static void make_list(struct eagre_lambda_run *lambda, const struct eagre_vector *list,
                      const struct eagre_vector *children) {
  struct eagre_vector *out = lambda->call.out;
  const struct eagre_type *type = lambda->instruction->node->type;
  size_t size = type->field_count * sizeof *children;
  *out = (struct eagre_vector){.type = type, .validity = list->validity, .offsets = list->offsets};
  out->children = eagre_arena_allocate(lambda->run->arena, size);
  memcpy(out->children, children, size);
}

static enum eagre_status run_transform(struct eagre_lambda_run *lambda) {
  struct applied applied;
  EAGRE_TRY(apply(lambda, &applied));
  make_list(lambda, &applied.list, &applied.result);
  return EAGRE_OK;
}

static enum eagre_status run_transform_values(struct eagre_lambda_run *lambda) {
  struct applied applied;
  EAGRE_TRY(apply(lambda, &applied));
  const struct eagre_vector children[] = {applied.list.children[0], applied.result};
  make_list(lambda, &applied.list, children);
  return EAGRE_OK;
}

static enum eagre_status run_transform_keys(struct eagre_lambda_run *lambda) {
  struct applied applied;
  EAGRE_TRY(apply(lambda, &applied));
  const struct eagre_vector children[] = {applied.result, applied.list.children[1]};
  make_list(lambda, &applied.list, children);
  struct eagre_list_set set = {0};
  uint32_t *elements =
      eagre_arena_allocate(lambda->run->arena, (applied.count + 1) * sizeof *elements);
  for (uint32_t i = 0; i < applied.count; i++) {
    elements[i] = i;
  }
  for (uint32_t row = 0; row < lambda->row_count; row++) {
    struct eagre_list_range range = eagre_list_range_of(&applied.list, row);
    EAGRE_TRY(eagre_list_check_keys(&lambda->call, row, &applied.result, elements + range.first,
                                    range.size, &set));
  }
  return EAGRE_OK;
}

/* filter and map_filter. */
static enum eagre_status run_filter(struct eagre_lambda_run *lambda) {
  struct applied applied;
  EAGRE_TRY(apply(lambda, &applied));
  struct eagre_list_maker maker;
  lambda->call.out->validity = applied.list.validity;
  eagre_list_begin(&maker, &lambda->call, 1);
  for (uint32_t i = 0; i < applied.list.type->field_count; i++) {
    eagre_list_add_source(&maker, i, &applied.list.children[i], applied.count);
  }
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < lambda->row_count && status == EAGRE_OK; row++) {
    struct eagre_list_range range = eagre_list_range_of(&applied.list, row);
    for (uint32_t i = range.first; i < range.first + range.size; i++) {
      if (is_true(&applied.result, i)) eagre_list_put(&maker, i);
    }
    status = eagre_list_end_row(&maker, row);
  }
  eagre_list_finish(&maker);
  return status;
}

/* ---- Results as flags ------------------------------------------------------------------------ */

/* exists is true when some element is, forall false when some element is not; else an unknown
 * element makes the row NULL. */
static enum eagre_status run_quantifier(struct eagre_lambda_run *lambda, bool decisive) {
  struct applied applied;
  EAGRE_TRY(apply(lambda, &applied));
  struct eagre_vector *out = lambda->call.out;
  eagre_vector_init(out, lambda->instruction->node->type, lambda->row_count, lambda->run->arena);
  out->validity = applied.list.validity;
  for (uint32_t row = 0; row < lambda->row_count; row++) {
    struct eagre_list_range range = eagre_list_range_of(&applied.list, row);
    bool is_decided = false, is_unknown = false;
    if (!eagre_kernel_is_live(&lambda->call, row)) continue;
    for (uint32_t i = range.first; i < range.first + range.size; i++) {
      bool is_null = eagre_vector_is_null(&applied.result, i);
      is_unknown |= is_null;
      is_decided |= !is_null && eagre_bit_get(applied.result.data, i) == decisive;
    }
    eagre_bit_put(out->data, row, is_decided ? decisive : !decisive);
    if (!is_decided && is_unknown) eagre_kernel_set_null(&lambda->call, row);
  }
  return EAGRE_OK;
}

/* ---- By function ----------------------------------------------------------------------------- */

enum eagre_status eagre_lambda_run(struct eagre_block *block, struct eagre_instruction *instruction,
                                   const struct eagre_run *run, uint32_t row_count) {
  const struct eagre_expression *node = instruction->node;
  struct eagre_vector *out = &block->registers[instruction->out];
  struct eagre_lambda_run lambda = {.block = block,
                                    .instruction = instruction,
                                    .run = run,
                                    .row_count = row_count,
                                    .call = {.node = node,
                                             .row_count = row_count,
                                             .out = out,
                                             .arena = run->arena,
                                             .zone = run->zone,
                                             .now_us = run->now_us,
                                             .error = run->error}};
  *out = (struct eagre_vector){.type = node->type};
  switch ((enum eagre_lambda_kind)node->parameters[0]) {
  case EAGRE_LAMBDA_TRANSFORM:
    return run_transform(&lambda);
  case EAGRE_LAMBDA_FILTER:
  case EAGRE_LAMBDA_MAP_FILTER:
    return run_filter(&lambda);
  case EAGRE_LAMBDA_EXISTS:
    return run_quantifier(&lambda, true);
  case EAGRE_LAMBDA_FORALL:
    return run_quantifier(&lambda, false);
  case EAGRE_LAMBDA_AGGREGATE:
    return eagre_lambda_aggregate(&lambda);
  case EAGRE_LAMBDA_ZIP_WITH:
    return eagre_lambda_zip_with(&lambda);
  case EAGRE_LAMBDA_MAP_ZIP_WITH:
    return eagre_lambda_map_zip_with(&lambda);
  case EAGRE_LAMBDA_TRANSFORM_KEYS:
    return run_transform_keys(&lambda);
  case EAGRE_LAMBDA_TRANSFORM_VALUES:
    return run_transform_values(&lambda);
  default:
    return eagre_lambda_sort(&lambda);
  }
}
