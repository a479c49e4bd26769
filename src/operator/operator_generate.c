/* GENERATE: a row leaves once for every element of its list, the elements as columns behind its
 * own.
 *
 * A list may make many rows of one batch; they leave in batches of EAGRE_BATCH_ROWS_MAX. */
#include <string.h>

#include "operator/operator_share.h"
#include "operator/operator_step.h"

struct generate_step {
  struct operator_step step;
  struct eagre_program *program;
  uint32_t input_count; /* columns */
};

/* The rows to be sent next: row of the input and number of the element, or NONE for a row whose
 * list is empty. */
enum { NONE = INT32_MAX };

struct generate_run {
  struct generate_step *generate;
  struct operator_share *share;
  const struct eagre_batch *input;
  struct eagre_vector list;
  uint32_t *rows;
  uint32_t *elements;
  int32_t *places;
  uint32_t count;
  bool has_none;
};

/* ---- Columns --------------------------------------------------------------------------------- */

/* Elements of `values`; NULL where there is none. */
static void gather_elements(const struct generate_run *run, const struct eagre_vector *values,
                            struct eagre_vector *out, struct eagre_arena *arena) {
  uint32_t total = (uint32_t)run->list.offsets[run->input->row_count];
  if (total == 0) {
    eagre_vector_init_null(out, values->type, arena);
    return;
  }
  uint32_t *elements = eagre_arena_allocate_vector(arena, run->count * sizeof *elements);
  for (uint32_t i = 0; i < run->count; i++) {
    elements[i] = run->elements[i] == NONE ? 0 : run->elements[i];
  }
  eagre_vector_gather(out, values, elements, run->count, arena);
  for (uint32_t i = 0; i < run->count && run->has_none; i++) {
    if (run->elements[i] == NONE && out->type->kind != EAGRE_TYPE_NULL) {
      eagre_vector_set_null(out, i, run->count, arena);
    }
  }
}

/* The fields of a struct that may be NULL. */
static void spread_struct(const struct generate_run *run, const struct eagre_vector *structs,
                          struct eagre_vector *out, struct eagre_arena *arena) {
  for (uint32_t i = 0; i < structs->type->field_count; i++) {
    out[i] = structs->children[i];
    if (structs->validity == NULL || out[i].type->kind == EAGRE_TYPE_NULL) continue;
    if (structs->is_constant) {
      if (eagre_vector_is_null(structs, 0)) eagre_vector_init_null(&out[i], out[i].type, arena);
      continue;
    }
    eagre_vector_flatten(&out[i], run->count, arena);
    uint8_t *both = eagre_arena_allocate_vector(arena, eagre_bits_size(run->count));
    eagre_bits_and(both, structs->validity, out[i].validity, run->count);
    out[i].validity = both;
    bool is_text = eagre_type_is_text(out[i].type->kind);
    for (uint32_t row = 0; is_text && row < run->count; row++) {
      if (!eagre_bit_get(both, row)) EAGRE_VALUES(struct eagre_text, &out[i])[row] = EAGRE_TEXT("");
    }
  }
}

static void make_places(const struct generate_run *run, struct eagre_vector *out,
                        struct eagre_arena *arena) {
  eagre_vector_init(out, eagre_type_of(EAGRE_TYPE_INT), run->count, arena);
  memcpy(out->data, run->places, run->count * sizeof *run->places);
  for (uint32_t i = 0; i < run->count && run->has_none; i++) {
    if (run->elements[i] == NONE) eagre_vector_set_null(out, i, run->count, arena);
  }
}

static void make_generated(const struct generate_run *run, struct eagre_vector *out,
                           struct eagre_arena *arena) {
  const struct eagre_plan_node *node = run->generate->step.node;
  if (node->has_place) make_places(run, out++, arena);
  if (node->spreads_struct) {
    struct eagre_vector structs;
    gather_elements(run, run->list.children, &structs, arena);
    spread_struct(run, &structs, out, arena);
    return;
  }
  for (uint32_t i = 0; i < run->list.type->field_count; i++) {
    gather_elements(run, &run->list.children[i], &out[i], arena);
  }
}

/* ---- Batches --------------------------------------------------------------------------------- */

static const uint32_t *find_origin_rows(const struct generate_run *run, const uint32_t *origin_rows,
                                        struct eagre_arena *arena) {
  uint32_t *out = eagre_arena_allocate_vector(arena, run->count * sizeof *out);
  for (uint32_t i = 0; i < run->count; i++) {
    out[i] = origin_rows == NULL ? run->rows[i] : origin_rows[run->rows[i]];
  }
  return out;
}

static enum eagre_status send(struct generate_run *run, struct eagre_error *error) {
  if (run->count == 0) return EAGRE_OK;
  struct generate_step *generate = run->generate;
  struct eagre_batch *batch = eagre_operator_share_batch(run->share);
  eagre_batch_set_columns(batch, generate->step.node->output->field_count, run->count);
  for (uint32_t i = 0; i < generate->input_count; i++) {
    eagre_vector_gather(&batch->columns[i], &run->input->columns[i], run->rows, run->count,
                        &batch->arena);
  }
  make_generated(run, &batch->columns[generate->input_count], &batch->arena);
  batch->origin_rows = (uint32_t *)find_origin_rows(run, batch->origin_rows, &batch->arena);
  run->count = 0;
  run->has_none = false;
  return eagre_operator_forward(&generate->step, batch, error);
}

static enum eagre_status add_row(struct generate_run *run, uint32_t row, uint32_t element,
                                 int32_t place, struct eagre_error *error) {
  run->rows[run->count] = row;
  run->elements[run->count] = element;
  run->places[run->count] = place;
  run->has_none |= element == NONE;
  run->count += 1;
  return run->count == EAGRE_BATCH_ROWS_MAX ? send(run, error) : EAGRE_OK;
}

static enum eagre_status add_rows(struct generate_run *run, uint32_t row,
                                  struct eagre_error *error) {
  int32_t first = run->list.offsets[row], end = run->list.offsets[row + 1];
  for (int32_t i = first; i < end; i++) {
    EAGRE_TRY(add_row(run, row, (uint32_t)i, i - first, error));
  }
  bool is_kept = first == end && run->generate->step.node->keeps_empty;
  return is_kept ? add_row(run, row, NONE, 0, error) : EAGRE_OK;
}

static enum eagre_status generate_rows(struct generate_run *run, struct eagre_batch *batch,
                                       struct eagre_error *error) {
  eagre_vector_flatten(&run->list, batch->row_count, &batch->arena);
  eagre_vector_tighten(&run->list, batch->row_count, &batch->arena);
  run->rows = eagre_arena_allocate_vector(&batch->arena, EAGRE_BATCH_ROWS_MAX * sizeof(uint32_t));
  run->elements =
      eagre_arena_allocate_vector(&batch->arena, EAGRE_BATCH_ROWS_MAX * sizeof(uint32_t));
  run->places = eagre_arena_allocate_vector(&batch->arena, EAGRE_BATCH_ROWS_MAX * sizeof(int32_t));
  for (uint32_t row = 0; row < batch->row_count; row++) {
    EAGRE_TRY(add_rows(run, row, error));
  }
  return send(run, error);
}

static enum eagre_status push_generate(struct operator_step *step, struct eagre_batch *batch,
                                       struct eagre_error *error) {
  struct generate_run run = {.generate = (struct generate_step *)step, .input = batch};
  enum eagre_status status =
      eagre_operator_run(step, run.generate->program, batch, &run.list, error);
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  run.share = eagre_operator_share_new(batch);
  status = generate_rows(&run, batch, error);
  eagre_operator_share_release(run.share);
  return status;
}

static void free_generate(struct operator_step *step) {
  eagre_program_free(((struct generate_step *)step)->program);
  eagre_free(step);
}

static const struct operator_kind generate_kind = {.push = push_generate, .free = free_generate};

struct operator_step *eagre_operator_generate_new(const struct eagre_plan_node *node,
                                                  const struct eagre_type *input,
                                                  const struct eagre_expression_session *session) {
  struct generate_step *generate = eagre_allocate_zeroed(1, sizeof *generate);
  generate->step.kind = &generate_kind;
  generate->program = eagre_program_new(input, node->expressions, 1, session);
  generate->input_count = input->field_count;
  return &generate->step;
}
