/* bit_and, bit_or, bit_xor of integrals. Accumulator: {uint64 seen, int64 bits}; a narrower one
 * is widened, which keeps its bits where they are. */
#include <string.h>

#include "expression/expression_aggregate.h"

struct bit_state {
  uint64_t is_seen;
  int64_t bits;
};

static inline void take_and(struct bit_state *state, int64_t value) {
  state->bits = state->is_seen ? state->bits & value : value;
  state->is_seen = 1;
}

static inline void take_or(struct bit_state *state, int64_t value) {
  state->bits |= value;
  state->is_seen = 1;
}

static inline void take_xor(struct bit_state *state, int64_t value) {
  state->bits ^= value;
  state->is_seen = 1;
}

static enum eagre_status finish_bits(const struct eagre_aggregate_finish *finish) {
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct bit_state *state = (const struct bit_state *)eagre_aggregate_result(finish, row);
    EAGRE_VALUES(int64_t, finish->out)[row] = state->bits;
    if (!state->is_seen) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

/* Little-endian: the low bytes are the narrower integer. */
static enum eagre_status finish_narrow_bits(const struct eagre_aggregate_finish *finish) {
  uint32_t width = eagre_type_width(finish->out->type->kind);
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct bit_state *state = (const struct bit_state *)eagre_aggregate_result(finish, row);
    memcpy((char *)finish->out->data + (size_t)row * width, &state->bits, width);
    if (!state->is_seen) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

#define DEFINE_UPDATE(name, type, take)                                                            \
  static enum eagre_status name(const struct eagre_aggregate_update *update) {                     \
    const struct eagre_vector *input = update->inputs;                                             \
    for (uint32_t row = 0; row < update->row_count; row++) {                                       \
      if (!eagre_aggregate_has_value(update, 0, row)) continue;                                    \
      take((struct bit_state *)eagre_aggregate_state(update, row),                                 \
           EAGRE_VALUES(type, input)[eagre_vector_index(input, row)]);                             \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

#define KERNELS(update_rows, merge_states, finish_states)                                          \
  {                                                                                                \
    .accumulator_size = sizeof(struct bit_state), .update = (update_rows),                         \
    .merge = (merge_states), .finish = (finish_states),                                            \
  }

#define DEFINE_BIT(name, take)                                                                     \
  static enum eagre_status merge_##name(const struct eagre_aggregate *aggregate, char *into,       \
                                        const char *from, struct eagre_arena *arena,               \
                                        struct eagre_error *error) {                               \
    (void)aggregate, (void)arena, (void)error;                                                     \
    const struct bit_state *state = (const struct bit_state *)from;                                \
    if (state->is_seen) take((struct bit_state *)into, state->bits);                               \
    return EAGRE_OK;                                                                               \
  }                                                                                                \
  DEFINE_UPDATE(update_##name##_tinyints, int8_t, take)                                            \
  DEFINE_UPDATE(update_##name##_smallints, int16_t, take)                                          \
  DEFINE_UPDATE(update_##name##_ints, int32_t, take)                                               \
  DEFINE_UPDATE(update_##name##_bigints, int64_t, take)                                            \
  static const struct eagre_aggregate_kernels kernels_of_##name[] = {                              \
      KERNELS(update_##name##_tinyints, merge_##name, finish_narrow_bits),                         \
      KERNELS(update_##name##_smallints, merge_##name, finish_narrow_bits),                        \
      KERNELS(update_##name##_ints, merge_##name, finish_narrow_bits),                             \
      KERNELS(update_##name##_bigints, merge_##name, finish_bits),                                 \
  };                                                                                               \
  enum eagre_status eagre_aggregate_bind_##name(struct eagre_bind *bind,                           \
                                                struct eagre_aggregate *out) {                     \
    return bind_bits(bind, out, kernels_of_##name);                                                \
  }

static enum eagre_status bind_bits(struct eagre_bind *bind, struct eagre_aggregate *out,
                                   const struct eagre_aggregate_kernels *kernels) {
  if (eagre_bind_kind(bind, 0) == EAGRE_TYPE_NULL) {
    EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_INT)));
  }
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  if (!eagre_type_is_integral(kind)) return eagre_bind_unexpected(bind, 0, "\"INTEGRAL\"");
  out->kernels = &kernels[kind - EAGRE_TYPE_TINYINT];
  out->result_type = bind->arguments[0]->type;
  return EAGRE_OK;
}

DEFINE_BIT(bit_and, take_and)
DEFINE_BIT(bit_or, take_or)
DEFINE_BIT(bit_xor, take_xor)
