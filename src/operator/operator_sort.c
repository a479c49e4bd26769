/* SORT: keeps all batches of the epoch and sends their rows in order at its end. Batch queries and
 * complete mode only, where the whole result is wanted at once. */
#include <stdlib.h>
#include <string.h>

#include "operator/operator_order.h"
#include "operator/operator_step.h"

struct row_reference {
  uint32_t batch;
  uint32_t row;
};

struct kept_batch {
  struct eagre_batch *batch;
  struct eagre_vector *keys; /* sort_key_count vectors, in the batch's arena */
};

struct sort_step {
  struct operator_step step;
  struct eagre_program *program;
  struct kept_batch *batches;
  uint32_t batch_count;
  uint32_t batch_capacity;
  uint64_t row_count;
};

static enum eagre_status push_sort(struct operator_step *step, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  struct sort_step *sort = (struct sort_step *)step;
  struct eagre_vector *keys =
      eagre_arena_allocate_zeroed(&batch->arena, sizeof *keys * (step->node->sort_key_count + 1));
  enum eagre_status status = eagre_operator_run(step, sort->program, batch, keys, error);
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  if (sort->batch_count == sort->batch_capacity) {
    sort->batch_capacity = sort->batch_capacity == 0 ? 16 : sort->batch_capacity * 2;
    sort->batches = eagre_reallocate(sort->batches, sizeof *sort->batches * sort->batch_capacity);
  }
  sort->batches[sort->batch_count++] = (struct kept_batch){batch, keys};
  sort->row_count += batch->row_count;
  return EAGRE_OK;
}

/* ---- Order ----------------------------------------------------------------------------------- */

static int compare_rows(const void *left, const void *right, void *context) {
  const struct sort_step *sort = context;
  const struct row_reference *a = left;
  const struct row_reference *b = right;
  for (uint32_t i = 0; i < sort->step.node->sort_key_count; i++) {
    const struct eagre_plan_sort_key *key = &sort->step.node->sort_keys[i];
    const struct eagre_vector *a_key = &sort->batches[a->batch].keys[i];
    const struct eagre_vector *b_key = &sort->batches[b->batch].keys[i];
    int order = eagre_operator_compare_sorted(a_key, a->row, b_key, b->row, key->is_descending,
                                              key->nulls_first);
    if (order != 0) return order;
  }
  if (a->batch != b->batch) return a->batch < b->batch ? -1 : 1; /* stable */
  return (a->row > b->row) - (a->row < b->row);
}

/* ---- Output ---------------------------------------------------------------------------------- */

static enum eagre_status send_rows(struct sort_step *sort, const struct row_reference *rows,
                                   uint32_t count, struct eagre_error *error) {
  const struct eagre_type *type = sort->step.node->output;
  struct eagre_batch *out = eagre_batch_new();
  eagre_batch_set_columns(out, type->field_count, count);
  for (uint32_t column = 0; column < type->field_count; column++) {
    eagre_vector_init(&out->columns[column], type->fields[column].type, count, &out->arena);
    for (uint32_t i = 0; i < count; i++) {
      const struct eagre_batch *from = sort->batches[rows[i].batch].batch;
      eagre_vector_append(&out->columns[column], i, count, &from->columns[column], rows[i].row, 1,
                          true, &out->arena);
    }
  }
  return eagre_operator_forward(&sort->step, out, error);
}

static void drop_batches(struct sort_step *sort) {
  for (uint32_t i = 0; i < sort->batch_count; i++) {
    eagre_batch_free(sort->batches[i].batch);
  }
  sort->batch_count = 0;
  sort->row_count = 0;
}

static enum eagre_status finish_sort(struct operator_step *step, struct eagre_error *error) {
  struct sort_step *sort = (struct sort_step *)step;
  struct row_reference *rows = eagre_allocate(sizeof *rows * (sort->row_count + 1));
  uint64_t count = 0;
  for (uint32_t i = 0; i < sort->batch_count; i++) {
    for (uint32_t row = 0; row < sort->batches[i].batch->row_count; row++) {
      rows[count++] = (struct row_reference){i, row};
    }
  }
  qsort_r(rows, count, sizeof *rows, compare_rows, sort);
  enum eagre_status status = EAGRE_OK;
  for (uint64_t i = 0; i < count && status == EAGRE_OK; i += EAGRE_BATCH_ROWS_MAX) {
    uint64_t left = count - i;
    uint32_t size = left < EAGRE_BATCH_ROWS_MAX ? (uint32_t)left : EAGRE_BATCH_ROWS_MAX;
    status = send_rows(sort, rows + i, size, error);
  }
  eagre_free(rows);
  drop_batches(sort);
  return status;
}

static void begin_sort(struct operator_step *step) {
  drop_batches((struct sort_step *)step);
}

static void free_sort(struct operator_step *step) {
  struct sort_step *sort = (struct sort_step *)step;
  drop_batches(sort);
  eagre_free(sort->batches);
  eagre_program_free(sort->program);
  eagre_free(sort);
}

static const struct operator_kind sort_kind = {
    .push = push_sort, .finish = finish_sort, .begin = begin_sort, .free = free_sort};

struct operator_step *eagre_operator_sort_new(const struct eagre_plan_node *node,
                                              const struct eagre_expression_session *session) {
  struct sort_step *sort = eagre_allocate_zeroed(1, sizeof *sort);
  struct eagre_expression **keys = eagre_allocate_zeroed(node->sort_key_count + 1, sizeof(void *));
  for (uint32_t i = 0; i < node->sort_key_count; i++) {
    keys[i] = node->sort_keys[i].expression;
  }
  sort->step.kind = &sort_kind;
  sort->step.node = node;
  sort->program = eagre_program_new(node->output, keys, node->sort_key_count, session);
  eagre_free(keys);
  return &sort->step;
}
