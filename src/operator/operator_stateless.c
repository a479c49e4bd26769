/* FILTER, PROJECT, WATERMARK and LIMIT: rows pass or do not, columns change, nothing is kept. */
#include "operator/operator_needle.h"
#include "operator/operator_step.h"

/* ---- FILTER ---------------------------------------------------------------------------------- */

struct filter_step {
  struct operator_step step;
  struct eagre_program *program;
};

static enum eagre_status push_filter(struct operator_step *step, struct eagre_batch *batch,
                                     struct eagre_error *error) {
  struct filter_step *filter = (struct filter_step *)step;
  uint8_t *keep = NULL;
  enum eagre_status status = eagre_operator_run_filter(step, filter->program, batch, &keep, error);
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  eagre_batch_filter(batch, keep);
  return eagre_operator_forward(step, batch, error);
}

static void free_filter(struct operator_step *step) {
  eagre_program_free(((struct filter_step *)step)->program);
  eagre_free(step);
}

static const struct operator_kind filter_kind = {.push = push_filter, .free = free_filter};

struct operator_step *eagre_operator_filter_new(const struct eagre_plan_node *node,
                                                const struct eagre_type *input,
                                                const struct eagre_expression_session *session) {
  struct filter_step *filter = eagre_allocate_zeroed(1, sizeof *filter);
  filter->step.kind = &filter_kind;
  filter->program = eagre_program_new(input, node->expressions, 1, session);
  return &filter->step;
}

/* ---- PROJECT --------------------------------------------------------------------------------- */

struct project_step {
  struct operator_step step;
  struct eagre_program *program;
  struct operator_needle needle;
};

static enum eagre_status push_project(struct operator_step *step, struct eagre_batch *batch,
                                      struct eagre_error *error) {
  struct project_step *project = (struct project_step *)step;
  uint32_t count = step->node->expression_count;
  eagre_operator_needle_filter(&project->needle, batch);
  if (batch->row_count == 0) return eagre_operator_forward(step, batch, error);
  struct eagre_vector *columns =
      eagre_arena_allocate_zeroed(&batch->arena, sizeof *columns * (count + 1));
  enum eagre_status status = eagre_operator_run(step, project->program, batch, columns, error);
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  batch->columns = columns;
  batch->column_count = count;
  return eagre_operator_forward(step, batch, error);
}

static void free_project(struct operator_step *step) {
  eagre_program_free(((struct project_step *)step)->program);
  eagre_free(step);
}

static const struct operator_kind project_kind = {.push = push_project, .free = free_project};

struct operator_step *eagre_operator_project_new(const struct eagre_plan_node *node,
                                                 const struct eagre_type *input,
                                                 const struct eagre_expression_session *session) {
  struct project_step *project = eagre_allocate_zeroed(1, sizeof *project);
  project->step.kind = &project_kind;
  project->needle.needle = &node->needle;
  project->program = eagre_program_new(input, node->expressions, node->expression_count, session);
  return &project->step;
}

static void free_plain(struct operator_step *step) {
  eagre_free(step);
}

/* ---- LIMIT ----------------------------------------------------------------------------------- */

struct limit_step {
  struct operator_step step;
  int64_t seen; /* rows that came, those skipped by OFFSET included */
};

/* Keeps rows [offset, offset + limit) of everything that comes. */
static enum eagre_status push_limit(struct operator_step *step, struct eagre_batch *batch,
                                    struct eagre_error *error) {
  struct limit_step *limit = (struct limit_step *)step;
  int64_t first = step->node->offset - limit->seen;
  int64_t last = INT64_MAX;
  bool is_limited = step->node->limit >= 0;
  if (is_limited && __builtin_add_overflow(first, step->node->limit, &last)) last = INT64_MAX;
  limit->seen += batch->row_count;
  if (first <= 0 && last >= batch->row_count) return eagre_operator_forward(step, batch, error);
  uint8_t *keep = eagre_arena_allocate_vector(&batch->arena, eagre_bits_size(batch->row_count));
  for (uint32_t i = 0; i < batch->row_count; i++) {
    eagre_bit_put(keep, i, (int64_t)i >= first && (int64_t)i < last);
  }
  eagre_batch_filter(batch, keep);
  return eagre_operator_forward(step, batch, error);
}

static bool is_limit_finished(const struct operator_step *step) {
  int64_t seen = ((const struct limit_step *)step)->seen;
  return step->node->limit >= 0 && seen - step->node->offset >= step->node->limit;
}

static void begin_limit(struct operator_step *step) {
  ((struct limit_step *)step)->seen = 0;
}

static const struct operator_kind limit_kind = {
    .push = push_limit,
    .is_finished = is_limit_finished,
    .begin = begin_limit,
    .free = free_plain,
};

struct operator_step *eagre_operator_limit_new(const struct eagre_plan_node *node) {
  struct limit_step *limit = eagre_allocate_zeroed(1, sizeof *limit);
  limit->step.kind = &limit_kind;
  limit->step.node = node;
  return &limit->step;
}
