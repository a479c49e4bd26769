/* Batches of a JOIN of two streams: rows as they come, rows from the state, pairs of both. */
#include <string.h>

#include "operator/operator_stream_join.h"

struct eagre_batch *eagre_stream_join_batch_new(const struct join *join, uint32_t row_count) {
  struct eagre_batch *batch = eagre_batch_new();
  eagre_batch_set_columns(batch, join->joined->field_count, row_count);
  for (uint32_t i = 0; i < batch->column_count; i++) {
    eagre_vector_init_null(&batch->columns[i], join->joined->fields[i].type, &batch->arena);
  }
  return batch;
}

/* Texts of a batch that comes go with it, and what takes ours may keep it. */
void eagre_stream_join_fill_rows(const struct join_side *side, struct eagre_batch *out,
                                 const struct eagre_batch *from, const uint32_t *rows) {
  for (uint32_t i = 0; i < side->stored_count; i++) {
    uint32_t column = side->stored[i];
    struct eagre_vector picked;
    struct eagre_vector *into = &out->columns[side->first + column];
    eagre_vector_gather(&picked, &from->columns[column], rows, out->row_count, &out->arena);
    eagre_vector_init(into, side->stored_types[i], out->row_count, &out->arena);
    eagre_vector_append(into, 0, out->row_count, &picked, 0, out->row_count, true, &out->arena);
  }
}

enum eagre_status eagre_stream_join_fill_stored(const struct join_side *side,
                                                struct eagre_batch *out,
                                                struct eagre_state_row *const *rows,
                                                struct eagre_error *error) {
  struct eagre_arena *arena = &out->arena;
  struct eagre_text *bodies = eagre_arena_allocate_vector(arena, out->row_count * sizeof *bodies);
  struct eagre_vector *columns =
      eagre_arena_allocate_zeroed(arena, (side->stored_count + 1) * sizeof *columns);
  for (uint32_t i = 0; i < out->row_count; i++) {
    bodies[i] = eagre_state_row_body(rows[i]);
  }
  if (!eagre_state_decode_rows(bodies, out->row_count, side->stored_types, side->stored_count,
                               columns, arena)) {
    eagre_error_set(error, EAGRE_UNSAFE, "STATE_STORE_CORRUPT",
                    "a row in the state of a join is not one of this query");
    eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
    return EAGRE_UNSAFE;
  }
  for (uint32_t i = 0; i < side->stored_count; i++) {
    out->columns[side->first + side->stored[i]] = columns[i];
  }
  return EAGRE_OK;
}

enum eagre_status eagre_stream_join_give(const struct join *join, struct eagre_batch *batch,
                                         struct eagre_error *error) {
  if (batch->row_count == 0) {
    eagre_batch_free(batch);
    return EAGRE_OK;
  }
  batch->column_count = join->node->output->field_count; /* SEMI: the left ones stand first */
  return join->options.output(join->options.output_context, batch, error);
}

/* ---- What is stored -------------------------------------------------------------------------- */

/* The time itself, or the end of a window. NULL: it stays for ever. */
static const int64_t *read_times(const struct eagre_vector *column, struct eagre_batch *batch) {
  uint32_t count = batch->row_count;
  struct eagre_vector time = *column;
  bool is_window = column->type->kind == EAGRE_TYPE_STRUCT;
  if (is_window) time = column->children[1];
  int64_t *times = eagre_arena_allocate_vector(&batch->arena, count * sizeof *times);
  for (uint32_t i = 0; i < count; i++) {
    bool is_null = eagre_vector_is_null(column, i) || eagre_vector_is_null(&time, i);
    times[i] =
        is_null ? INT64_MAX : EAGRE_VALUES(const int64_t, &time)[eagre_vector_index(&time, i)];
  }
  return times;
}

const int64_t *eagre_stream_join_times(const struct join *join,
                                       const struct operator_keyed_rows *rows) {
  const struct eagre_plan_node *node = join->node;
  if (!eagre_plan_join_evicts(node, rows->side)) return NULL;
  if (node->time_key >= 0) return read_times(&rows->values[node->time_key], rows->batch);
  int32_t column = node->join_sides[rows->side].event_time;
  return read_times(&rows->batch->columns[column], rows->batch);
}

const struct eagre_text *eagre_stream_join_bodies(const struct join_side *side,
                                                  struct eagre_batch *batch, const uint32_t *picks,
                                                  uint32_t count) {
  struct eagre_arena *arena = &batch->arena;
  struct eagre_vector *columns =
      eagre_arena_allocate_zeroed(arena, (side->stored_count + 1) * sizeof *columns);
  struct eagre_text *encoded = eagre_arena_allocate_vector(arena, count * sizeof *encoded);
  struct eagre_text *bodies = eagre_arena_allocate_vector(arena, batch->row_count * sizeof *bodies);
  for (uint32_t i = 0; i < side->stored_count; i++) {
    columns[i] = batch->columns[side->stored[i]];
  }
  eagre_state_encode_rows(columns, side->stored_count, picks, count, arena, encoded);
  for (uint32_t i = 0; i < count; i++) {
    bodies[picks[i]] = encoded[i];
  }
  return bodies;
}
