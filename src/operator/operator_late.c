/* Late rows on their way to a side (operator_late.h). A batch without any costs one comparison per
 * row; late rows are gathered and printed. */
#include "operator/operator_late.h"

struct operator_late {
  struct operator_late_options options;
  struct eagre_arena arena;      /* of the expressions */
  struct eagre_program *time;    /* TIMESTAMP */
  struct eagre_program *printer; /* the row as JSON */
  struct eagre_program_context context;
  int64_t watermark_ms;
};

struct operator_late *eagre_operator_late_new(const struct operator_late_options *options) {
  if (options->give == NULL) return NULL;
  struct operator_late *late = eagre_allocate_zeroed(1, sizeof *late);
  const struct eagre_type *columns = options->node->inputs[options->side]->output;
  late->options = *options;
  struct eagre_expression *time =
      eagre_plan_late_time(options->node, options->side, options->mode, &late->arena);
  if (time == NULL) {
    eagre_operator_late_free(late);
    return NULL;
  }
  struct eagre_expression *row = eagre_expression_row_as_json(
      &late->arena, columns, options->session, options->node->position);
  late->time = eagre_program_new(columns, &time, 1, options->session);
  late->printer = eagre_program_new(columns, &row, 1, options->session);
  return late;
}

void eagre_operator_late_free(struct operator_late *late) {
  if (late == NULL) return;
  eagre_program_free(late->time);
  eagre_program_free(late->printer);
  eagre_arena_done(&late->arena);
  eagre_free(late);
}

void eagre_operator_late_begin(struct operator_late *late,
                               const struct eagre_stateful_epoch *epoch) {
  if (late == NULL) return;
  late->context.batch_timestamp_us = epoch->batch_timestamp_us;
  late->watermark_ms = epoch->late_watermark_ms;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* Fills in the rows that are late; returns how many. */
static uint32_t find_late(const struct operator_late *late, const struct eagre_vector *times,
                          uint32_t count, uint32_t *rows) {
  int64_t bound_us = 0;
  if (__builtin_mul_overflow(late->watermark_ms, 1000, &bound_us)) bound_us = INT64_MAX - 1;
  const int64_t *values = EAGRE_VALUES(const int64_t, times);
  uint32_t late_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    rows[late_count] = i;
    late_count += values[i] <= bound_us && !eagre_vector_is_null(times, i);
  }
  return late_count;
}

/* The rows of `batch` in `part`, with memory of their own but for texts. */
static void gather_rows(const struct eagre_batch *batch, const uint32_t *rows, uint32_t count,
                        struct eagre_batch *part) {
  eagre_batch_set_columns(part, batch->column_count, count);
  for (uint32_t i = 0; i < batch->column_count; i++) {
    eagre_vector_gather(&part->columns[i], &batch->columns[i], rows, count, &part->arena);
  }
  part->origin = batch->origin;
  part->origin_rows = eagre_arena_allocate_vector(&part->arena, sizeof *part->origin_rows * count);
  for (uint32_t i = 0; i < count; i++) {
    part->origin_rows[i] = batch->origin_rows == NULL ? rows[i] : batch->origin_rows[rows[i]];
  }
}

static enum eagre_status give_rows(struct operator_late *late, const struct eagre_batch *batch,
                                   const struct eagre_vector *times, const uint32_t *rows,
                                   uint32_t count, struct eagre_error *error) {
  struct eagre_batch *part = eagre_batch_new();
  gather_rows(batch, rows, count, part);
  struct eagre_vector *columns = eagre_arena_allocate_zeroed(&part->arena, 2 * sizeof *columns);
  enum eagre_status status =
      eagre_program_run(late->printer, part, &late->context, &columns[0], error);
  if (status == EAGRE_OK) {
    eagre_vector_flatten(&columns[0], count, &part->arena);
    eagre_vector_gather(&columns[1], times, rows, count, &part->arena);
    part->columns = columns;
    part->column_count = 2;
    const struct eagre_late_rows given = {part, late->options.node->stateful_number,
                                          late->watermark_ms};
    status = late->options.give(late->options.context, &given, error);
  }
  eagre_batch_free(part);
  return status;
}

enum eagre_status eagre_operator_late_look(struct operator_late *late, struct eagre_batch *batch,
                                           struct eagre_error *error) {
  if (late == NULL || batch->row_count == 0) return EAGRE_OK;
  struct eagre_vector times;
  EAGRE_TRY(eagre_program_run(late->time, batch, &late->context, &times, error));
  eagre_vector_flatten(&times, batch->row_count, &batch->arena);
  uint32_t *rows =
      eagre_arena_allocate_vector(&batch->arena, sizeof *rows * (batch->row_count + 1));
  uint32_t count = find_late(late, &times, batch->row_count, rows);
  return count == 0 ? EAGRE_OK : give_rows(late, batch, &times, rows, count, error);
}
