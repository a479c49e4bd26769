/* min, max, every and any, the least or the greatest of all values.
 *
 * Accumulator: {uint64 seen, value of 8 bytes}; of texts {uint64 seen, struct eagre_text}.
 * Integrals, booleans and points in time are kept as int64, reals as double, which orders the
 * same. */
#include <math.h>
#include <string.h>

#include "expression/expression_aggregate_decimal.h"

struct extreme_state {
  uint64_t is_seen;
  union {
    int64_t integer;
    double real;
    struct eagre_text text;
  } value;
};

enum { EXTREME_SIZE = 16, EXTREME_TEXT_SIZE = sizeof(struct extreme_state) };

static inline struct extreme_state *extreme_of(const struct eagre_aggregate_update *update,
                                               uint32_t row) {
  return (struct extreme_state *)eagre_aggregate_state(update, row);
}

/* ---- Keeping the better of two --------------------------------------------------------------- */

/* Whether `candidate` replaces `best`; NaN is the greatest of all. */
static inline bool is_better_real(double candidate, double best, bool wants_greater) {
  if (wants_greater) return candidate > best || (isnan(candidate) && !isnan(best));
  return candidate < best || (isnan(best) && !isnan(candidate));
}

static inline void keep_integer(struct extreme_state *state, int64_t value, bool wants_greater) {
  bool is_better = wants_greater ? value > state->value.integer : value < state->value.integer;
  if (!state->is_seen || is_better) state->value.integer = value;
  state->is_seen = 1;
}

static inline void keep_real(struct extreme_state *state, double value, bool wants_greater) {
  if (!state->is_seen || is_better_real(value, state->value.real, wants_greater)) {
    state->value.real = value;
  }
  state->is_seen = 1;
}

static void keep_text(struct extreme_state *state, struct eagre_text value, bool wants_greater,
                      struct eagre_arena *arena) {
  int order = state->is_seen ? eagre_text_compare(value, state->value.text) : 0;
  bool is_better = wants_greater ? order > 0 : order < 0;
  if (!state->is_seen || is_better) state->value.text = eagre_arena_copy_text(arena, value);
  state->is_seen = 1;
}

/* ---- Updating -------------------------------------------------------------------------------- */

/* Kernels cannot have a parameter: each is made twice, for the least and for the greatest. The loop
 * without NULLs is apart so that it tests nothing but the values. */
#define DEFINE_UPDATE(name, type, keep, wants_greater)                                             \
  static enum eagre_status name(const struct eagre_aggregate_update *update) {                     \
    const struct eagre_vector *input = update->inputs;                                             \
    const type *values = input->data;                                                              \
    bool is_plain = eagre_aggregate_is_plain(update);                                              \
    for (uint32_t row = 0; is_plain && row < update->row_count; row++) {                           \
      keep(extreme_of(update, row), values[row], wants_greater);                                   \
    }                                                                                              \
    for (uint32_t row = 0; !is_plain && row < update->row_count; row++) {                          \
      if (!eagre_aggregate_has_value(update, 0, row)) continue;                                    \
      keep(extreme_of(update, row), values[eagre_vector_index(input, row)], wants_greater);        \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

static void update_texts(const struct eagre_aggregate_update *update, bool wants_greater) {
  const struct eagre_vector *input = update->inputs;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    struct eagre_text value =
        EAGRE_VALUES(struct eagre_text, input)[eagre_vector_index(input, row)];
    keep_text(extreme_of(update, row), value, wants_greater, update->arena);
  }
}

static void update_booleans(const struct eagre_aggregate_update *update, bool wants_greater) {
  const struct eagre_vector *input = update->inputs;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    bool value = eagre_bit_get(input->data, eagre_vector_index(input, row));
    keep_integer(extreme_of(update, row), value, wants_greater);
  }
}

#define DEFINE_UPDATE_OF(name, function, wants_greater)                                            \
  static enum eagre_status name(const struct eagre_aggregate_update *update) {                     \
    function(update, wants_greater);                                                               \
    return EAGRE_OK;                                                                               \
  }

static enum eagre_status update_nothing(const struct eagre_aggregate_update *update) {
  (void)update;
  return EAGRE_OK;
}

/* ---- Merging --------------------------------------------------------------------------------- */

#define DEFINE_MERGE(name, statement)                                                              \
  static enum eagre_status name(const struct eagre_aggregate *aggregate, char *into,               \
                                const char *from, struct eagre_arena *arena,                       \
                                struct eagre_error *error) {                                       \
    (void)aggregate, (void)arena, (void)error;                                                     \
    struct extreme_state *a = (struct extreme_state *)into;                                        \
    const struct extreme_state *b = (const struct extreme_state *)from;                            \
    if (b->is_seen) statement;                                                                     \
    return EAGRE_OK;                                                                               \
  }

DEFINE_MERGE(merge_least_integers, keep_integer(a, b->value.integer, false))
DEFINE_MERGE(merge_greatest_integers, keep_integer(a, b->value.integer, true))
DEFINE_MERGE(merge_least_reals, keep_real(a, b->value.real, false))
DEFINE_MERGE(merge_greatest_reals, keep_real(a, b->value.real, true))
DEFINE_MERGE(merge_least_texts, keep_text(a, b->value.text, false, arena))
DEFINE_MERGE(merge_greatest_texts, keep_text(a, b->value.text, true, arena))

/* ---- Finishing ------------------------------------------------------------------------------- */

/* Little-endian: the low bytes of the int64 are the narrower integer. */
static enum eagre_status finish_integers(const struct eagre_aggregate_finish *finish) {
  uint32_t width = eagre_type_width(finish->out->type->kind);
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct extreme_state *state =
        (const struct extreme_state *)eagre_aggregate_result(finish, row);
    memcpy((char *)finish->out->data + (size_t)row * width, &state->value.integer, width);
    if (!state->is_seen) eagre_aggregate_set_null(finish, row);
  }
  return EAGRE_OK;
}

#define DEFINE_FINISH(name, statement)                                                             \
  static enum eagre_status name(const struct eagre_aggregate_finish *finish) {                     \
    for (uint32_t row = 0; row < finish->row_count; row++) {                                       \
      const struct extreme_state *state =                                                          \
          (const struct extreme_state *)eagre_aggregate_result(finish, row);                       \
      statement;                                                                                   \
      if (!state->is_seen) eagre_aggregate_set_null(finish, row);                                  \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_FINISH(finish_booleans, eagre_bit_put(finish->out->data, row, state->value.integer != 0))
DEFINE_FINISH(finish_floats, EAGRE_VALUES(float, finish->out)[row] = (float)state->value.real)
DEFINE_FINISH(finish_doubles, EAGRE_VALUES(double, finish->out)[row] = state->value.real)
DEFINE_FINISH(finish_texts,
              EAGRE_VALUES(struct eagre_text, finish->out)[row] = state->is_seen ? state->value.text
                                                                                 : EAGRE_TEXT(""))

static enum eagre_status finish_nothing(const struct eagre_aggregate_finish *finish) {
  (void)finish;
  return EAGRE_OK;
}

/* ---- Kernels --------------------------------------------------------------------------------- */

#define DEFINE_KERNELS(name, size, update_rows, merge_states, finish_states)                       \
  static const struct eagre_aggregate_kernels name = {                                             \
      .accumulator_size = (size),                                                                  \
      .text_offset = offsetof(struct extreme_state, value),                                        \
      .text_count = (size) == EXTREME_TEXT_SIZE,                                                   \
      .update = (update_rows),                                                                     \
      .merge = (merge_states),                                                                     \
      .finish = (finish_states),                                                                   \
  };

/* Both directions for values of one C type. */
#define DEFINE_EXTREMES(things, type, keep, merged, finish_states)                                 \
  DEFINE_UPDATE(update_least_##things, type, keep, false)                                          \
  DEFINE_UPDATE(update_greatest_##things, type, keep, true)                                        \
  DEFINE_KERNELS(least_##things, EXTREME_SIZE, update_least_##things, merge_least_##merged,        \
                 finish_states)                                                                    \
  DEFINE_KERNELS(greatest_##things, EXTREME_SIZE, update_greatest_##things,                        \
                 merge_greatest_##merged, finish_states)

DEFINE_EXTREMES(tinyints, int8_t, keep_integer, integers, finish_integers)
DEFINE_EXTREMES(smallints, int16_t, keep_integer, integers, finish_integers)
DEFINE_EXTREMES(ints, int32_t, keep_integer, integers, finish_integers)
DEFINE_EXTREMES(bigints, int64_t, keep_integer, integers, finish_integers)
DEFINE_EXTREMES(floats, float, keep_real, reals, finish_floats)
DEFINE_EXTREMES(doubles, double, keep_real, reals, finish_doubles)

DEFINE_UPDATE_OF(update_least_texts, update_texts, false)
DEFINE_UPDATE_OF(update_greatest_texts, update_texts, true)
DEFINE_UPDATE_OF(update_least_booleans, update_booleans, false)
DEFINE_UPDATE_OF(update_greatest_booleans, update_booleans, true)
DEFINE_KERNELS(least_texts, EXTREME_TEXT_SIZE, update_least_texts, merge_least_texts, finish_texts)
DEFINE_KERNELS(greatest_texts, EXTREME_TEXT_SIZE, update_greatest_texts, merge_greatest_texts,
               finish_texts)
DEFINE_KERNELS(least_booleans, EXTREME_SIZE, update_least_booleans, merge_least_integers,
               finish_booleans)
DEFINE_KERNELS(greatest_booleans, EXTREME_SIZE, update_greatest_booleans, merge_greatest_integers,
               finish_booleans)
DEFINE_KERNELS(no_value, EXTREME_SIZE, update_nothing, merge_least_integers, finish_nothing)

/* ---- Binding --------------------------------------------------------------------------------- */

/* [kind][1 for the greatest]; NULL: expression_aggregate_pick.c. */
static const struct eagre_aggregate_kernels *const kernels_of_kind[EAGRE_TYPE_count][2] = {
    [EAGRE_TYPE_NULL] = {&no_value, &no_value},
    [EAGRE_TYPE_BOOLEAN] = {&least_booleans, &greatest_booleans},
    [EAGRE_TYPE_TINYINT] = {&least_tinyints, &greatest_tinyints},
    [EAGRE_TYPE_SMALLINT] = {&least_smallints, &greatest_smallints},
    [EAGRE_TYPE_INT] = {&least_ints, &greatest_ints},
    [EAGRE_TYPE_BIGINT] = {&least_bigints, &greatest_bigints},
    [EAGRE_TYPE_FLOAT] = {&least_floats, &greatest_floats},
    [EAGRE_TYPE_DOUBLE] = {&least_doubles, &greatest_doubles},
    [EAGRE_TYPE_STRING] = {&least_texts, &greatest_texts},
    [EAGRE_TYPE_BINARY] = {&least_texts, &greatest_texts},
    [EAGRE_TYPE_DATE] = {&least_ints, &greatest_ints},
    [EAGRE_TYPE_TIMESTAMP] = {&least_bigints, &greatest_bigints},
    [EAGRE_TYPE_INTERVAL_DAY] = {&least_bigints, &greatest_bigints},
    [EAGRE_TYPE_TIMESTAMP_NTZ] = {&least_bigints, &greatest_bigints},
    [EAGRE_TYPE_INTERVAL_YEAR] = {&least_ints, &greatest_ints},
};

static enum eagre_status bind_extreme(struct eagre_bind *bind, struct eagre_aggregate *out,
                                      bool wants_greater) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  out->kernels = kind == EAGRE_TYPE_DECIMAL ? eagre_aggregate_decimal_extreme(wants_greater)
                                            : kernels_of_kind[kind][wants_greater];
  out->result_type = bind->arguments[0]->type;
  if (out->kernels != NULL) return EAGRE_OK;
  return eagre_aggregate_bind_extreme_value(bind, out, wants_greater);
}

enum eagre_status eagre_aggregate_bind_minimum(struct eagre_bind *bind,
                                               struct eagre_aggregate *out) {
  return bind_extreme(bind, out, false);
}

enum eagre_status eagre_aggregate_bind_maximum(struct eagre_bind *bind,
                                               struct eagre_aggregate *out) {
  return bind_extreme(bind, out, true);
}

enum eagre_status eagre_aggregate_bind_every(struct eagre_bind *bind, struct eagre_aggregate *out) {
  out->kernels = &least_booleans;
  out->result_type = eagre_type_of(EAGRE_TYPE_BOOLEAN);
  return eagre_bind_parameter(bind, 0, EAGRE_TYPE_BOOLEAN);
}

enum eagre_status eagre_aggregate_bind_any(struct eagre_bind *bind, struct eagre_aggregate *out) {
  out->kernels = &greatest_booleans;
  out->result_type = eagre_type_of(EAGRE_TYPE_BOOLEAN);
  return eagre_bind_parameter(bind, 0, EAGRE_TYPE_BOOLEAN);
}
