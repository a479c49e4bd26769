/* bitmap_construct_agg, bitmap_or_agg, bitmap_and_agg: a bitmap of 4,096 bytes per group, as
 * bitmap_bit_position numbers its bits. Accumulator: {uint64 count, struct eagre_text bitmap}. */
#include <string.h>

#include "expression/expression_aggregate_value.h"

enum { BITMAP_SIZE = 4096 };

struct bitmap_state {
  uint64_t count; /* of values */
  struct eagre_text bitmap;
};

enum bitmap_operation { BITMAP_OR, BITMAP_AND };

/* The bytes of the bitmap, which are zero at first. */
static unsigned char *use_bitmap(struct bitmap_state *state, struct eagre_arena *arena) {
  if (state->bitmap.size == 0) {
    eagre_arena_grow_text(arena, &state->bitmap, BITMAP_SIZE);
    memset((char *)state->bitmap.data, 0, BITMAP_SIZE);
  }
  return (unsigned char *)state->bitmap.data;
}

/* ---- Bits ------------------------------------------------------------------------------------ */

static enum eagre_status fail_position(const struct eagre_aggregate_update *update, uint32_t row,
                                       int64_t position) {
  eagre_error_set(update->error, EAGRE_DATA, "INVALID_BITMAP_POSITION",
                  "The 0-indexed bitmap position %lld is out of bounds. The bitmap has %d bits "
                  "(%d bytes).",
                  (long long)position, BITMAP_SIZE * 8, BITMAP_SIZE);
  if (update->error != NULL) update->error->row = row;
  eagre_sql_place_unplaced(update->aggregate->position, update->error);
  return EAGRE_DATA;
}

static enum eagre_status set_bits(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    int64_t position = EAGRE_VALUES(int64_t, input)[eagre_vector_index(input, row)];
    if (position < 0 || position >= BITMAP_SIZE * 8) return fail_position(update, row, position);
    struct bitmap_state *state = (struct bitmap_state *)eagre_aggregate_state(update, row);
    state->count += 1;
    use_bitmap(state, update->arena)[position / 8] |= (unsigned char)(1U << (position % 8));
  }
  return EAGRE_OK;
}

/* ---- Bitmaps --------------------------------------------------------------------------------- */

/* Bytes that a bitmap does not have are zero, those beyond the size do not count. */
static void combine(struct bitmap_state *state, struct eagre_text with,
                    enum bitmap_operation operation, struct eagre_arena *arena) {
  unsigned char *bits = use_bitmap(state, arena);
  size_t size = with.size < BITMAP_SIZE ? with.size : BITMAP_SIZE;
  bool is_first = state->count++ == 0;
  if (operation == BITMAP_AND && !is_first) {
    for (size_t i = 0; i < size; i++) {
      bits[i] &= (unsigned char)with.data[i];
    }
    memset(bits + size, 0, BITMAP_SIZE - size);
    return;
  }
  for (size_t i = 0; i < size; i++) {
    bits[i] |= (unsigned char)with.data[i];
  }
}

static enum eagre_status combine_rows(const struct eagre_aggregate_update *update,
                                      enum bitmap_operation operation) {
  const struct eagre_vector *input = update->inputs;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    combine((struct bitmap_state *)eagre_aggregate_state(update, row),
            EAGRE_VALUES(struct eagre_text, input)[eagre_vector_index(input, row)], operation,
            update->arena);
  }
  return EAGRE_OK;
}

static enum eagre_status update_or(const struct eagre_aggregate_update *update) {
  return combine_rows(update, BITMAP_OR);
}

static enum eagre_status update_and(const struct eagre_aggregate_update *update) {
  return combine_rows(update, BITMAP_AND);
}

static enum eagre_status merge_or(const struct eagre_aggregate *aggregate, char *into,
                                  const char *from, struct eagre_arena *arena,
                                  struct eagre_error *error) {
  (void)aggregate, (void)error;
  const struct bitmap_state *state = (const struct bitmap_state *)from;
  if (state->count == 0) return EAGRE_OK;
  combine((struct bitmap_state *)into, eagre_text_make(state->bitmap.data, BITMAP_SIZE), BITMAP_OR,
          arena);
  return EAGRE_OK;
}

static enum eagre_status merge_and(const struct eagre_aggregate *aggregate, char *into,
                                   const char *from, struct eagre_arena *arena,
                                   struct eagre_error *error) {
  (void)aggregate, (void)error;
  const struct bitmap_state *state = (const struct bitmap_state *)from;
  if (state->count == 0) return EAGRE_OK;
  combine((struct bitmap_state *)into, eagre_text_make(state->bitmap.data, BITMAP_SIZE), BITMAP_AND,
          arena);
  return EAGRE_OK;
}

/* Without values the bits of construct and or are all zero, those of and all one. */
static enum eagre_status finish_with(const struct eagre_aggregate_finish *finish, int empty) {
  char *none = NULL;
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct bitmap_state *state =
        (const struct bitmap_state *)eagre_aggregate_result(finish, row);
    if (state->count == 0 && none == NULL) {
      none = eagre_arena_allocate_vector(finish->arena, BITMAP_SIZE);
      memset(none, empty, BITMAP_SIZE);
    }
    EAGRE_VALUES(struct eagre_text, finish->out)
    [row] = eagre_text_make(state->count == 0 ? none : state->bitmap.data, BITMAP_SIZE);
  }
  return EAGRE_OK;
}

static enum eagre_status finish_zeros(const struct eagre_aggregate_finish *finish) {
  return finish_with(finish, 0);
}

static enum eagre_status finish_ones(const struct eagre_aggregate_finish *finish) {
  return finish_with(finish, 0xff);
}

/* ---- Binding --------------------------------------------------------------------------------- */

#define DEFINE_KERNELS(name, update_rows, merge_states, finish_rows)                               \
  static const struct eagre_aggregate_kernels name = {                                             \
      .accumulator_size = sizeof(struct bitmap_state),                                             \
      .text_offset = offsetof(struct bitmap_state, bitmap),                                        \
      .text_count = 1,                                                                             \
      .update = (update_rows),                                                                     \
      .merge = (merge_states),                                                                     \
      .finish = (finish_rows),                                                                     \
  };
DEFINE_KERNELS(kernels_of_construct, set_bits, merge_or, finish_zeros)
DEFINE_KERNELS(kernels_of_or, update_or, merge_or, finish_zeros)
DEFINE_KERNELS(kernels_of_and, update_and, merge_and, finish_ones)

enum eagre_status eagre_aggregate_bind_bitmap_construct(struct eagre_bind *bind,
                                                        struct eagre_aggregate *out) {
  out->kernels = &kernels_of_construct;
  out->result_type = eagre_type_of(EAGRE_TYPE_BINARY);
  return eagre_bind_parameter(bind, 0, EAGRE_TYPE_BIGINT);
}

static enum eagre_status bind_combine(struct eagre_bind *bind, struct eagre_aggregate *out,
                                      const struct eagre_aggregate_kernels *kernels) {
  if (eagre_bind_kind(bind, 0) != EAGRE_TYPE_BINARY) {
    return eagre_bind_unexpected(bind, 0, "\"BINARY\"");
  }
  out->kernels = kernels;
  out->result_type = eagre_type_of(EAGRE_TYPE_BINARY);
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_bitmap_or(struct eagre_bind *bind,
                                                 struct eagre_aggregate *out) {
  return bind_combine(bind, out, &kernels_of_or);
}

enum eagre_status eagre_aggregate_bind_bitmap_and(struct eagre_bind *bind,
                                                  struct eagre_aggregate *out) {
  return bind_combine(bind, out, &kernels_of_and);
}
