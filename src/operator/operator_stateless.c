/* FILTER, PROJECT, WATERMARK and LIMIT: rows pass or do not, columns change, nothing is kept. */
#include "operator/operator_step.h"

/* ---- FILTER
 * --------------------------------------------------------------------------------------- */

struct filter_step {
  struct operator_step step;
  struct eagre_program *program;
};

static enum eagre_status push_filter(struct operator_step *step, struct eagre_batch *batch,
                                     struct eagre_error *error) {
  struct filter_step *filter = (struct filter_step *)step;
  uint8_t *keep = NULL;
  enum eagre_status status =
      eagre_program_run_filter(filter->program, batch, &step->chain->context, &keep, error);
  if (status != EAGRE_OK) {
    if (error != NULL) eagre_batch_place(batch, error->row, error);
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

/* ---- PROJECT
 * -------------------------------------------------------------------------------------- */

struct project_step {
  struct operator_step step;
  struct eagre_program *program;
};

static enum eagre_status push_project(struct operator_step *step, struct eagre_batch *batch,
                                      struct eagre_error *error) {
  struct project_step *project = (struct project_step *)step;
  uint32_t count = step->node->expression_count;
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
  project->program = eagre_program_new(input, node->expressions, node->expression_count, session);
  return &project->step;
}

/* ---- WATERMARK
 * ------------------------------------------------------------------------------------ */

struct watermark_step {
  struct operator_step step;
  struct eagre_event_time event_time;
};

static int64_t floor_to_milliseconds(int64_t us) {
  int64_t ms = us / 1000;
  return us % 1000 < 0 ? ms - 1 : ms;
}

/* A NULL event time counts as 1970, as in Spark: it cannot raise the maximum above a real one. */
static enum eagre_status push_watermark(struct operator_step *step, struct eagre_batch *batch,
                                        struct eagre_error *error) {
  struct eagre_event_time *seen = &((struct watermark_step *)step)->event_time;
  const struct eagre_vector *column = &batch->columns[step->node->event_time_column];
  const int64_t *values = EAGRE_VALUES(int64_t, column);
  int64_t maximum_us = INT64_MIN;
  int64_t minimum_us = INT64_MAX;
  double sum_ms = 0;
  for (uint32_t i = 0; i < batch->row_count; i++) {
    bool is_null = eagre_vector_is_null(column, i);
    int64_t us = is_null ? 0 : values[eagre_vector_index(column, i)];
    maximum_us = us > maximum_us ? us : maximum_us;
    minimum_us = us < minimum_us ? us : minimum_us;
    sum_ms += (double)floor_to_milliseconds(us);
  }
  int64_t maximum_ms = floor_to_milliseconds(maximum_us);
  int64_t minimum_ms = floor_to_milliseconds(minimum_us);
  if (seen->count == 0 || maximum_ms > seen->maximum_ms) seen->maximum_ms = maximum_ms;
  if (seen->count == 0 || minimum_ms < seen->minimum_ms) seen->minimum_ms = minimum_ms;
  seen->count += batch->row_count;
  seen->sum_ms += sum_ms;
  return eagre_operator_forward(step, batch, error);
}

static void begin_watermark(struct operator_step *step) {
  ((struct watermark_step *)step)->event_time = (struct eagre_event_time){0};
}

static void free_plain(struct operator_step *step) {
  eagre_free(step);
}

static const struct operator_kind watermark_kind = {
    .push = push_watermark, .begin = begin_watermark, .free = free_plain};

struct operator_step *eagre_operator_watermark_new(const struct eagre_plan_node *node) {
  struct watermark_step *watermark = eagre_allocate_zeroed(1, sizeof *watermark);
  watermark->step.kind = &watermark_kind;
  watermark->step.node = node;
  return &watermark->step;
}

bool eagre_operator_is_watermark(const struct operator_step *step) {
  return step->kind == &watermark_kind;
}

const struct eagre_event_time *
eagre_operator_watermark_event_time(const struct operator_step *step) {
  return &((const struct watermark_step *)step)->event_time;
}

/* ---- LIMIT
 * ---------------------------------------------------------------------------------------- */

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
