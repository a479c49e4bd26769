/* first, last, any_value, min_by, max_by, and min and max of types that have no number: the one
 * value that is picked, as bytes.
 *
 * Accumulator: {uint64 seen, struct eagre_text}. The text is the value; of min_by and max_by what
 * orders, then the value. */
#include <string.h>

#include "expression/expression_aggregate_value.h"

struct pick_state {
  uint64_t is_seen;
  struct eagre_text text;
};

static inline struct pick_state *pick_of(const struct eagre_aggregate_update *update,
                                         uint32_t row) {
  return (struct pick_state *)eagre_aggregate_state(update, row);
}

static void keep_bytes(struct pick_state *state, struct eagre_text bytes,
                       struct eagre_arena *arena) {
  eagre_aggregate_replace(arena, &state->text, bytes.data, bytes.size);
  state->is_seen = 1;
}

/* The row's first input. */
static void keep_row(const struct eagre_aggregate_update *update, uint32_t row,
                     struct eagre_buffer *scratch) {
  eagre_buffer_clear(scratch);
  eagre_aggregate_value_append(scratch, update->inputs, row);
  keep_bytes(pick_of(update, row), eagre_buffer_text(scratch), update->arena);
}

static enum eagre_status finish_values(const struct eagre_aggregate_finish *finish,
                                       bool has_order) {
  static const char null_value[1] = {0};
  const struct eagre_type *order_type = finish->aggregate->options;
  const char **cursors =
      eagre_arena_allocate(finish->arena, sizeof *cursors * (finish->row_count + 1));
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct pick_state *state = (const struct pick_state *)eagre_aggregate_result(finish, row);
    cursors[row] = state->is_seen ? state->text.data : null_value;
    if (has_order && state->is_seen) eagre_aggregate_value_skip(order_type, &cursors[row]);
  }
  eagre_aggregate_value_read(finish->aggregate->result_type, cursors, finish->row_count,
                             finish->out, finish->arena);
  return EAGRE_OK;
}

static enum eagre_status finish_picked(const struct eagre_aggregate_finish *finish) {
  return finish_values(finish, false);
}

#define DEFINE_KERNELS(name, update_rows, merge_states, finish_states)                             \
  static const struct eagre_aggregate_kernels name = {                                             \
      .accumulator_size = sizeof(struct pick_state),                                               \
      .text_offset = offsetof(struct pick_state, text),                                            \
      .text_count = 1,                                                                             \
      .update = (update_rows),                                                                     \
      .merge = (merge_states),                                                                     \
      .finish = (finish_states),                                                                   \
  };

/* ---- first ----------------------------------------------------------------------------------- */

static inline enum eagre_status pick_first(const struct eagre_aggregate_update *update,
                                           bool ignores_nulls) {
  struct eagre_buffer scratch = {0};
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (pick_of(update, row)->is_seen || !eagre_aggregate_has_row(update, row)) continue;
    if (ignores_nulls && eagre_vector_is_null(update->inputs, row)) continue;
    keep_row(update, row, &scratch);
  }
  eagre_buffer_done(&scratch);
  return EAGRE_OK;
}

static enum eagre_status update_first(const struct eagre_aggregate_update *update) {
  return pick_first(update, false);
}

static enum eagre_status update_first_value(const struct eagre_aggregate_update *update) {
  return pick_first(update, true);
}

static enum eagre_status merge_first(const struct eagre_aggregate *aggregate, char *into,
                                     const char *from, struct eagre_arena *arena,
                                     struct eagre_error *error) {
  (void)aggregate, (void)error;
  struct pick_state *a = (struct pick_state *)into;
  const struct pick_state *b = (const struct pick_state *)from;
  if (!a->is_seen && b->is_seen) keep_bytes(a, b->text, arena);
  return EAGRE_OK;
}

/* ---- last ------------------------------------------------------------------------------------ */

/* First the row that each group will keep, then its value: one write per group and batch. `is_seen`
 * is the number of that row plus two in between. */
static inline enum eagre_status pick_last(const struct eagre_aggregate_update *update,
                                          bool ignores_nulls) {
  struct eagre_buffer scratch = {0};
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_row(update, row)) continue;
    if (ignores_nulls && eagre_vector_is_null(update->inputs, row)) continue;
    pick_of(update, row)->is_seen = (uint64_t)row + 2;
  }
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (pick_of(update, row)->is_seen == (uint64_t)row + 2) keep_row(update, row, &scratch);
  }
  eagre_buffer_done(&scratch);
  return EAGRE_OK;
}

static enum eagre_status update_last(const struct eagre_aggregate_update *update) {
  return pick_last(update, false);
}

static enum eagre_status update_last_value(const struct eagre_aggregate_update *update) {
  return pick_last(update, true);
}

static enum eagre_status merge_last(const struct eagre_aggregate *aggregate, char *into,
                                    const char *from, struct eagre_arena *arena,
                                    struct eagre_error *error) {
  (void)aggregate, (void)error;
  const struct pick_state *b = (const struct pick_state *)from;
  if (b->is_seen) keep_bytes((struct pick_state *)into, b->text, arena);
  return EAGRE_OK;
}

/* ---- min, max -------------------------------------------------------------------------------- */

/* Whether `candidate` comes strictly before (`sign` -1) or behind (1) what is kept; min_by and
 * max_by take the later of two equals (`takes_equal`). */
static bool is_better(const struct eagre_type *type, struct eagre_text candidate,
                      const struct pick_state *state, int sign, bool takes_equal) {
  if (!state->is_seen) return true;
  const char *a = candidate.data;
  const char *b = state->text.data;
  int order = eagre_aggregate_value_compare(type, &a, &b);
  return order * sign > 0 || (order == 0 && takes_equal);
}

static enum eagre_status pick_extreme(const struct eagre_aggregate_update *update, int sign) {
  struct eagre_buffer scratch = {0};
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    eagre_buffer_clear(&scratch);
    eagre_aggregate_value_append(&scratch, update->inputs, row);
    struct pick_state *state = pick_of(update, row);
    struct eagre_text candidate = eagre_buffer_text(&scratch);
    if (is_better(update->inputs->type, candidate, state, sign, false)) {
      keep_bytes(state, candidate, update->arena);
    }
  }
  eagre_buffer_done(&scratch);
  return EAGRE_OK;
}

static enum eagre_status update_least(const struct eagre_aggregate_update *update) {
  return pick_extreme(update, -1);
}

static enum eagre_status update_greatest(const struct eagre_aggregate_update *update) {
  return pick_extreme(update, 1);
}

static void merge_better(const struct eagre_type *type, char *into, const char *from,
                         struct eagre_arena *arena, int sign, bool takes_equal) {
  struct pick_state *a = (struct pick_state *)into;
  const struct pick_state *b = (const struct pick_state *)from;
  if (b->is_seen && is_better(type, b->text, a, sign, takes_equal)) keep_bytes(a, b->text, arena);
}

static enum eagre_status merge_least(const struct eagre_aggregate *aggregate, char *into,
                                     const char *from, struct eagre_arena *arena,
                                     struct eagre_error *error) {
  (void)error;
  merge_better(aggregate->input_type, into, from, arena, -1, false);
  return EAGRE_OK;
}

static enum eagre_status merge_greatest(const struct eagre_aggregate *aggregate, char *into,
                                        const char *from, struct eagre_arena *arena,
                                        struct eagre_error *error) {
  (void)error;
  merge_better(aggregate->input_type, into, from, arena, 1, false);
  return EAGRE_OK;
}

/* ---- min_by, max_by -------------------------------------------------------------------------- */

static enum eagre_status pick_by(const struct eagre_aggregate_update *update, int sign) {
  const struct eagre_vector *order = &update->inputs[1];
  struct eagre_buffer scratch = {0};
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 1, row)) continue;
    eagre_buffer_clear(&scratch);
    eagre_aggregate_value_append(&scratch, order, row);
    struct pick_state *state = pick_of(update, row);
    if (!is_better(order->type, eagre_buffer_text(&scratch), state, sign, true)) continue;
    eagre_aggregate_value_append(&scratch, update->inputs, row);
    keep_bytes(state, eagre_buffer_text(&scratch), update->arena);
  }
  eagre_buffer_done(&scratch);
  return EAGRE_OK;
}

static enum eagre_status update_min_by(const struct eagre_aggregate_update *update) {
  return pick_by(update, -1);
}

static enum eagre_status update_max_by(const struct eagre_aggregate_update *update) {
  return pick_by(update, 1);
}

static enum eagre_status merge_min_by(const struct eagre_aggregate *aggregate, char *into,
                                      const char *from, struct eagre_arena *arena,
                                      struct eagre_error *error) {
  (void)error;
  merge_better(aggregate->options, into, from, arena, -1, true);
  return EAGRE_OK;
}

static enum eagre_status merge_max_by(const struct eagre_aggregate *aggregate, char *into,
                                      const char *from, struct eagre_arena *arena,
                                      struct eagre_error *error) {
  (void)error;
  merge_better(aggregate->options, into, from, arena, 1, true);
  return EAGRE_OK;
}

static enum eagre_status finish_by(const struct eagre_aggregate_finish *finish) {
  return finish_values(finish, true);
}

/* ---- Binding --------------------------------------------------------------------------------- */

DEFINE_KERNELS(kernels_of_first, update_first, merge_first, finish_picked)
DEFINE_KERNELS(kernels_of_first_value, update_first_value, merge_first, finish_picked)
DEFINE_KERNELS(kernels_of_last, update_last, merge_last, finish_picked)
DEFINE_KERNELS(kernels_of_last_value, update_last_value, merge_last, finish_picked)
DEFINE_KERNELS(kernels_of_least, update_least, merge_least, finish_picked)
DEFINE_KERNELS(kernels_of_greatest, update_greatest, merge_greatest, finish_picked)
DEFINE_KERNELS(kernels_of_min_by, update_min_by, merge_min_by, finish_by)
DEFINE_KERNELS(kernels_of_max_by, update_max_by, merge_max_by, finish_by)

/* first(a, ignoreNulls): a literal. */
static enum eagre_status bind_ignore_nulls(struct eagre_bind *bind, bool *out) {
  *out = false;
  if (bind->argument_count < 2) return EAGRE_OK;
  const struct eagre_expression *flag = bind->arguments[1];
  bool is_flag = flag->kind == EAGRE_EXPRESSION_LITERAL && flag->type->kind == EAGRE_TYPE_BOOLEAN &&
                 !eagre_expression_is_null(flag);
  if (!is_flag) {
    return eagre_bind_fail(bind, flag->position, "_LEGACY_ERROR_TEMP_1210",
                           "The second argument in %s should be a boolean literal.",
                           bind->function->info.name);
  }
  *out = eagre_bit_get(flag->value.data, 0);
  return EAGRE_OK;
}

static enum eagre_status bind_pick(struct eagre_bind *bind, struct eagre_aggregate *out,
                                   const struct eagre_aggregate_kernels *kernels,
                                   const struct eagre_aggregate_kernels *kernels_of_values) {
  bool ignores_nulls = false;
  EAGRE_TRY(eagre_bind_require_value(bind, 0));
  EAGRE_TRY(bind_ignore_nulls(bind, &ignores_nulls));
  out->kernels = ignores_nulls ? kernels_of_values : kernels;
  out->keeps_nulls = !ignores_nulls;
  out->result_type = bind->arguments[0]->type;
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_first(struct eagre_bind *bind, struct eagre_aggregate *out) {
  return bind_pick(bind, out, &kernels_of_first, &kernels_of_first_value);
}

enum eagre_status eagre_aggregate_bind_last(struct eagre_bind *bind, struct eagre_aggregate *out) {
  return bind_pick(bind, out, &kernels_of_last, &kernels_of_last_value);
}

static enum eagre_status require_order(struct eagre_bind *bind, uint32_t index) {
  const struct eagre_type *type = bind->arguments[index]->type;
  EAGRE_TRY(eagre_bind_require_value(bind, index));
  if (eagre_aggregate_value_is_orderable(type)) return EAGRE_OK;
  return eagre_bind_mismatch(
      bind, "INVALID_ORDERING_TYPE", "The `%s` does not support ordering on type %s.",
      bind->function->info.name, eagre_expression_type_name(bind->arena, type));
}

enum eagre_status eagre_aggregate_bind_extreme_value(struct eagre_bind *bind,
                                                     struct eagre_aggregate *out,
                                                     bool wants_greater) {
  EAGRE_TRY(require_order(bind, 0));
  out->kernels = wants_greater ? &kernels_of_greatest : &kernels_of_least;
  out->result_type = bind->arguments[0]->type;
  return EAGRE_OK;
}

static enum eagre_status bind_by(struct eagre_bind *bind, struct eagre_aggregate *out,
                                 const struct eagre_aggregate_kernels *kernels) {
  EAGRE_TRY(eagre_bind_require_value(bind, 0));
  EAGRE_TRY(require_order(bind, 1));
  out->kernels = kernels;
  out->input_count = 2;
  out->options = bind->arguments[1]->type;
  out->result_type = bind->arguments[0]->type;
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_min_by(struct eagre_bind *bind,
                                              struct eagre_aggregate *out) {
  return bind_by(bind, out, &kernels_of_min_by);
}

enum eagre_status eagre_aggregate_bind_max_by(struct eagre_bind *bind,
                                              struct eagre_aggregate *out) {
  return bind_by(bind, out, &kernels_of_max_by);
}
