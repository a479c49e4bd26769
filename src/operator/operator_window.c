/* WINDOW: appends the column `window`; a row leaves once per window that holds it (spark-semantics
 * 3.4), latest window first. Rows without a timestamp leave in none. A session is a window like
 * these of its row alone; what follows merges sessions that meet.
 *
 * A sliding window sends the same batch several times: copies that share the columns of the first
 * one and differ in the window column. Not so where the aggregation behind it takes slices. */
#include <string.h>

#include "operator/operator_share.h"
#include "operator/operator_step.h"

struct window_step {
  struct operator_step step;
  struct eagre_arena arena;        /* of the expressions */
  struct eagre_program **programs; /* one per ordinal */
  uint32_t ordinal_count;
};

/* A copy that shares the columns. */
static struct eagre_batch *copy_batch(struct operator_share *share,
                                      const struct eagre_batch *original) {
  struct eagre_batch *copy = eagre_operator_share_batch(share);
  eagre_batch_set_columns(copy, original->column_count, original->row_count);
  memcpy(copy->columns, original->columns, sizeof *copy->columns * original->column_count);
  return copy;
}

static bool has_no_null(const struct eagre_vector *vector, uint32_t row_count) {
  if (vector->validity == NULL) return true;
  uint32_t count = vector->is_constant ? 1 : row_count;
  return eagre_bits_count(vector->validity, count) == count;
}

/* Adds the window column of one ordinal to `batch` and sends on the rows that have that window. */
static enum eagre_status send_ordinal(struct operator_step *step, struct eagre_program *program,
                                      struct eagre_batch *batch, struct eagre_error *error) {
  uint32_t count = batch->column_count;
  struct eagre_vector *columns =
      eagre_arena_allocate_zeroed(&batch->arena, sizeof *columns * (count + 1));
  enum eagre_status status = eagre_operator_run(step, program, batch, &columns[count], error);
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  if (count > 0) memcpy(columns, batch->columns, sizeof *columns * count);
  batch->columns = columns;
  batch->column_count = count + 1;
  if (!has_no_null(&columns[count], batch->row_count)) {
    eagre_vector_flatten(&columns[count], batch->row_count, &batch->arena);
    eagre_batch_filter(batch, columns[count].validity);
  }
  return eagre_operator_forward(step, batch, error);
}

static enum eagre_status push_window(struct operator_step *step, struct eagre_batch *batch,
                                     struct eagre_error *error) {
  struct window_step *window = (struct window_step *)step;
  if (window->ordinal_count == 1) return send_ordinal(step, window->programs[0], batch, error);
  struct operator_share *share = eagre_operator_share_new(batch);
  enum eagre_status status = EAGRE_OK;
  for (uint32_t i = 0; i < window->ordinal_count && status == EAGRE_OK; i++) {
    status = send_ordinal(step, window->programs[i], copy_batch(share, batch), error);
  }
  eagre_operator_share_release(share);
  return status;
}

static void free_window(struct operator_step *step) {
  struct window_step *window = (struct window_step *)step;
  for (uint32_t i = 0; i < window->ordinal_count; i++) {
    eagre_program_free(window->programs[i]);
  }
  eagre_free(window->programs);
  eagre_arena_done(&window->arena);
  eagre_free(window);
}

static const struct operator_kind window_kind = {.push = push_window, .free = free_window};

static uint32_t count_ordinals(const struct eagre_plan_node *node) {
  return node->shares_slices ? 1 : eagre_window_count(&node->window);
}

struct operator_step *eagre_operator_window_new(const struct eagre_plan_node *node,
                                                const struct eagre_type *input,
                                                const struct eagre_expression_session *session) {
  struct window_step *window = eagre_allocate_zeroed(1, sizeof *window);
  window->step.kind = &window_kind;
  if (node->is_session) {
    window->ordinal_count = 1;
    window->programs = eagre_allocate_zeroed(1, sizeof(void *));
    window->programs[0] = eagre_program_new(input, node->expressions, 1, session);
    return &window->step;
  }
  window->ordinal_count = count_ordinals(node);
  window->programs = eagre_allocate_zeroed(window->ordinal_count, sizeof(void *));
  for (uint32_t i = 0; i < window->ordinal_count; i++) {
    struct eagre_expression *expression =
        node->shares_slices ? eagre_expression_slice(&window->arena, node->expressions[0],
                                                     &node->window, node->position)
                            : eagre_expression_window(&window->arena, node->expressions[0],
                                                      &node->window, i, node->position);
    window->programs[i] = eagre_program_new(input, &expression, 1, session);
  }
  return &window->step;
}
