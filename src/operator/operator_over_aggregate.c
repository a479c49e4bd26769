/* Aggregates of frames.
 *
 * When every frame is the whole partition, all rows are added at once, each to the accumulator of
 * its partition. Else one accumulator runs over the rows: a frame that begins where the last one
 * did and ends later adds the rows between, any other begins anew, so that values are added in the
 * order of the rows and sums of doubles are Spark's. Equal frames share a result.
 *
 * Finishing is done for many accumulators at once. Those whose content is in texts are finished at
 * once, before more rows are added: their bytes are shared with the running one. */
#include <string.h>

#include "operator/operator_over.h"

struct running {
  const struct operator_over_input *input;
  const struct eagre_aggregate *aggregate;
  struct eagre_vector view; /* one row of the argument */
  char *accumulator;
  struct eagre_arena state;     /* texts of the accumulator */
  struct eagre_arena finishing; /* results until they are copied */
  uint32_t lower;               /* what it has seen */
  uint32_t upper;
  char *waiting; /* accumulators to be finished */
  char *pointers[OPERATOR_OVER_CHUNK];
  uint32_t waiting_count;
  uint32_t result_count;
  struct eagre_vector *chunks;
  struct eagre_arena *arena;
};

/* ---- One row of the argument ----------------------------------------------------------------- */

static void init_view(struct eagre_vector *view, const struct eagre_vector *from,
                      struct eagre_arena *arena) {
  *view = *from;
  if (from->type->kind != EAGRE_TYPE_STRUCT) return;
  view->children =
      eagre_arena_allocate_zeroed(arena, sizeof *view->children * (from->type->field_count + 1));
  for (uint32_t i = 0; i < from->type->field_count; i++) {
    init_view(&view->children[i], &from->children[i], arena);
  }
}

/* Makes the view row 0 of which is row `row` of `from`. */
static void point_at(struct eagre_vector *view, const struct eagre_vector *from, uint32_t row) {
  static uint8_t bits[2] = {0, 1};
  enum eagre_type_kind kind = from->type->kind;
  if (from->is_constant || kind == EAGRE_TYPE_NULL) return;
  bool is_null = from->validity != NULL && !eagre_bit_get(from->validity, row);
  view->validity = is_null ? &bits[0] : NULL;
  if (kind == EAGRE_TYPE_BOOLEAN) {
    view->data = &bits[eagre_bit_get(from->data, row)];
  } else if (eagre_type_is_list(kind)) {
    view->offsets = from->offsets + row;
  } else if (kind == EAGRE_TYPE_STRUCT) {
    for (uint32_t i = 0; i < from->type->field_count; i++) {
      point_at(&view->children[i], &from->children[i], row);
    }
  } else {
    view->data = (char *)from->data + (size_t)row * eagre_type_width(kind);
  }
}

/* ---- Results --------------------------------------------------------------------------------- */

static enum eagre_status add_error_row(enum eagre_status status, uint32_t row,
                                       struct eagre_error *error) {
  if (status != EAGRE_OK && error != NULL) error->row = row;
  return status;
}

static bool is_flat(const struct eagre_aggregate *aggregate) {
  return aggregate->text_count == 0;
}

/* The chunk that the next result belongs to. */
static struct eagre_vector *open_chunk(struct running *running) {
  struct eagre_vector *chunk = &running->chunks[running->result_count / OPERATOR_OVER_CHUNK];
  if (running->result_count % OPERATOR_OVER_CHUNK == 0)
    eagre_vector_init(chunk, running->aggregate->result_type, OPERATOR_OVER_CHUNK, running->arena);
  return chunk;
}

static enum eagre_status finish_waiting(struct running *running, struct eagre_error *error) {
  if (running->waiting_count == 0) return EAGRE_OK;
  const struct operator_over_input *input = running->input;
  struct eagre_vector finished;
  enum eagre_status status =
      eagre_aggregate_finish(running->aggregate, running->pointers, 0, running->waiting_count,
                             &finished, &running->finishing, error);
  if (status == EAGRE_OK) {
    eagre_vector_append(open_chunk(running), running->result_count % OPERATOR_OVER_CHUNK,
                        OPERATOR_OVER_CHUNK, &finished, 0, running->waiting_count, true,
                        running->arena);
    running->result_count += running->waiting_count;
    running->waiting_count = 0;
    status = eagre_operator_over_check(running->arena->allocated_size, input->size_max,
                                       input->function->position, error);
  }
  eagre_arena_reset(&running->finishing);
  return status;
}

/* The accumulator as it is now becomes a result. */
static enum eagre_status add_result(struct running *running, struct eagre_error *error) {
  size_t size = running->aggregate->accumulator_size;
  char *slot = running->waiting + size * running->waiting_count;
  memcpy(slot, running->accumulator, size);
  running->pointers[running->waiting_count++] = slot;
  uint32_t place = (running->result_count + running->waiting_count) % OPERATOR_OVER_CHUNK;
  return is_flat(running->aggregate) && place != 0 ? EAGRE_OK : finish_waiting(running, error);
}

/* ---- Frames that differ ---------------------------------------------------------------------- */

static enum eagre_status add_rows(struct running *running, uint32_t lower, uint32_t upper,
                                  struct eagre_error *error) {
  const struct eagre_vector *argument = running->input->argument;
  for (uint32_t row = lower; row < upper; row++) {
    if (argument != NULL) point_at(&running->view, argument, row);
    enum eagre_status status =
        eagre_aggregate_update(running->aggregate, argument == NULL ? NULL : &running->view, 1,
                               &running->accumulator, 0, &running->state, error);
    if (status != EAGRE_OK) return add_error_row(status, row, error);
  }
  return EAGRE_OK;
}

/* Moves the accumulator from the frame of the row before to [lower, upper). */
static enum eagre_status move_to(struct running *running, uint32_t lower, uint32_t upper,
                                 struct eagre_error *error) {
  bool grows = lower == running->lower && upper >= running->upper;
  if (!grows) {
    memset(running->accumulator, 0, running->aggregate->accumulator_size);
    eagre_arena_reset(&running->state);
    running->upper = lower;
  }
  uint32_t from = running->upper;
  running->lower = lower;
  running->upper = upper;
  return add_rows(running, from, upper, error);
}

static enum eagre_status run_frames(struct running *running,
                                    const struct operator_over_frames *frames, uint32_t *slots,
                                    struct eagre_error *error) {
  uint32_t count = running->input->order->count;
  for (uint32_t row = 0; row < count; row++) {
    bool is_empty = frames->upper[row] <= frames->lower[row];
    uint32_t lower = is_empty ? 0 : frames->lower[row];
    uint32_t upper = is_empty ? 0 : frames->upper[row];
    bool is_known = row > 0 && lower == running->lower && upper == running->upper;
    if (!is_known) {
      EAGRE_TRY(move_to(running, lower, upper, error));
      slots[row] = running->result_count + running->waiting_count;
      EAGRE_TRY(add_result(running, error));
    } else {
      slots[row] = slots[row - 1];
    }
  }
  return finish_waiting(running, error);
}

/* ---- Whole partitions ------------------------------------------------------------------------ */

static enum eagre_status run_partitions(struct running *running, uint32_t *slots,
                                        struct eagre_error *error) {
  const struct operator_over_order *order = running->input->order;
  size_t size = running->aggregate->accumulator_size;
  char *accumulators =
      eagre_arena_allocate_zeroed(running->arena, size * order->partition_count + 1);
  char **rows = eagre_arena_allocate(running->arena, sizeof *rows * ((size_t)order->count + 1));
  for (uint32_t i = 0; i < order->partition_count; i++) {
    for (uint32_t row = order->partitions[i]; row < order->partitions[i + 1]; row++) {
      slots[row] = i;
      rows[row] = accumulators + size * i;
    }
  }
  EAGRE_TRY(eagre_aggregate_update(running->aggregate, running->input->argument, order->count, rows,
                                   0, &running->state, error));
  for (uint32_t i = 0; i < order->partition_count; i++) {
    running->accumulator = accumulators + size * i;
    EAGRE_TRY(add_result(running, error));
  }
  return finish_waiting(running, error);
}

/* ---- The function ---------------------------------------------------------------------------- */

static enum eagre_status run(struct running *running, uint32_t *slots, struct eagre_error *error) {
  const struct eagre_over_function *function = running->input->function;
  bool is_whole =
      function->lower.kind == EAGRE_OVER_FIRST && function->upper.kind == EAGRE_OVER_LAST;
  if (is_whole) return run_partitions(running, slots, error);
  struct operator_over_frames frames;
  eagre_operator_over_frames(running->input, &frames);
  return run_frames(running, &frames, slots, error);
}

enum eagre_status eagre_operator_over_aggregate(const struct operator_over_input *input,
                                                struct operator_over_result *out,
                                                struct eagre_error *error) {
  const struct eagre_aggregate *aggregate = &input->function->aggregate;
  size_t chunk_count = input->order->count / OPERATOR_OVER_CHUNK + 1;
  size_t size = aggregate->accumulator_size;
  uint32_t *slots =
      eagre_arena_allocate(input->arena, sizeof *slots * ((size_t)input->order->count + 1));
  struct running running = {
      .input = input,
      .aggregate = aggregate,
      .arena = input->arena,
      .accumulator = eagre_arena_allocate_zeroed(input->arena, size + 1),
      .waiting = eagre_arena_allocate(input->arena, size * OPERATOR_OVER_CHUNK + 1),
      .chunks = eagre_arena_allocate_zeroed(input->arena, sizeof *running.chunks * chunk_count),
  };
  if (input->argument != NULL) init_view(&running.view, input->argument, input->arena);
  enum eagre_status status = run(&running, slots, error);
  eagre_arena_done(&running.state);
  eagre_arena_done(&running.finishing);
  *out = (struct operator_over_result){running.chunks, OPERATOR_OVER_CHUNK, slots};
  return status;
}
