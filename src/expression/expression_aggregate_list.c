/* collect_list, array_agg, collect_set: all values of a group that are not NULL, in the order in
 * which they came.
 *
 * Accumulators: a list {uint64 count, struct eagre_text of values}, a set
 * {struct eagre_aggregate_set}. */
#include <string.h>

#include "expression/expression_aggregate_value.h"

struct list_state {
  uint64_t count;
  struct eagre_text values;
};

/* ---- Lists ----------------------------------------------------------------------------------- */

static enum eagre_status append_values(const struct eagre_aggregate_update *update) {
  struct eagre_buffer scratch = {0};
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < update->row_count && status == EAGRE_OK; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    struct list_state *state = (struct list_state *)eagre_aggregate_state(update, row);
    eagre_buffer_clear(&scratch);
    eagre_aggregate_value_append(&scratch, update->inputs, row);
    status = eagre_aggregate_append(update->aggregate, update->arena, &state->values, scratch.data,
                                    scratch.size, update->error);
    state->count += 1;
  }
  eagre_buffer_done(&scratch);
  return status;
}

static enum eagre_status merge_lists(const struct eagre_aggregate *aggregate, char *into,
                                     const char *from, struct eagre_arena *arena,
                                     struct eagre_error *error) {
  struct list_state *a = (struct list_state *)into;
  const struct list_state *b = (const struct list_state *)from;
  if (b->count == 0) return EAGRE_OK;
  a->count += b->count;
  return eagre_aggregate_append(aggregate, arena, &a->values, b->values.data, b->values.size,
                                error);
}

/* Lists the places of `count` values, each behind `gap` bytes of its owner. */
static void list_places(const struct eagre_type *type, struct eagre_text values, uint64_t count,
                        uint32_t gap, struct eagre_buffer *places) {
  const char *cursor = values.data;
  for (uint64_t i = 0; i < count; i++) {
    cursor += gap;
    eagre_buffer_append(places, &cursor, sizeof cursor);
    eagre_aggregate_value_skip(type, &cursor);
  }
}

/* Puts the values at `places` into the ARRAY whose offsets are there. */
static void fill_array(const struct eagre_aggregate_finish *finish, struct eagre_buffer *places) {
  const struct eagre_type *element = finish->out->type->fields[0].type;
  uint32_t count = (uint32_t)(places->size / sizeof(const char *));
  eagre_aggregate_value_read(element, (const char **)(void *)places->data, count,
                             &finish->out->children[0], finish->arena);
  eagre_buffer_done(places);
}

static enum eagre_status finish_lists(const struct eagre_aggregate_finish *finish) {
  struct eagre_buffer places = {0};
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct list_state *state = (const struct list_state *)eagre_aggregate_result(finish, row);
    list_places(finish->aggregate->input_type, state->values, state->count, 0, &places);
    finish->out->offsets[row + 1] = (int32_t)(places.size / sizeof(const char *));
  }
  fill_array(finish, &places);
  return EAGRE_OK;
}

/* ---- Sets ------------------------------------------------------------------------------------ */

static enum eagre_status add_to_sets(const struct eagre_aggregate_update *update) {
  struct eagre_buffer scratch = {0};
  enum eagre_status status = EAGRE_OK;
  char *entry;
  for (uint32_t row = 0; row < update->row_count && status == EAGRE_OK; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    eagre_buffer_clear(&scratch);
    eagre_aggregate_value_append_normal(&scratch, update->inputs, row);
    status = eagre_aggregate_set_get(
        update->aggregate, (struct eagre_aggregate_set *)eagre_aggregate_state(update, row),
        eagre_buffer_text(&scratch), 0, update->arena, &entry, update->error);
  }
  eagre_buffer_done(&scratch);
  return status;
}

static enum eagre_status finish_sets(const struct eagre_aggregate_finish *finish) {
  struct eagre_buffer places = {0};
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct eagre_aggregate_set *set =
        (const struct eagre_aggregate_set *)eagre_aggregate_result(finish, row);
    list_places(finish->aggregate->input_type, set->entries, set->count, sizeof(uint32_t), &places);
    finish->out->offsets[row + 1] = (int32_t)(places.size / sizeof(const char *));
  }
  fill_array(finish, &places);
  return EAGRE_OK;
}

/* ---- Binding --------------------------------------------------------------------------------- */

static const struct eagre_aggregate_kernels kernels_of_lists = {
    .accumulator_size = sizeof(struct list_state),
    .text_offset = offsetof(struct list_state, values),
    .text_count = 1,
    .update = append_values,
    .merge = merge_lists,
    .finish = finish_lists,
};
static const struct eagre_aggregate_kernels kernels_of_sets = {
    .accumulator_size = sizeof(struct eagre_aggregate_set),
    .text_offset = offsetof(struct eagre_aggregate_set, entries),
    .text_count = 2,
    .update = add_to_sets,
    .merge = eagre_aggregate_set_merge,
    .finish = finish_sets,
};
static enum eagre_status bind_collect(struct eagre_bind *bind, struct eagre_aggregate *out,
                                      const struct eagre_aggregate_kernels *kernels) {
  EAGRE_TRY(eagre_bind_require_value(bind, 0));
  out->kernels = kernels;
  out->result_type = eagre_type_array(bind->arena, bind->arguments[0]->type);
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_collect_list(struct eagre_bind *bind,
                                                    struct eagre_aggregate *out) {
  return bind_collect(bind, out, &kernels_of_lists);
}

enum eagre_status eagre_aggregate_bind_collect_set(struct eagre_bind *bind,
                                                   struct eagre_aggregate *out) {
  const struct eagre_type *type = bind->arguments[0]->type;
  if (!eagre_aggregate_value_is_orderable(type)) {
    return eagre_bind_mismatch(bind, "UNSUPPORTED_INPUT_TYPE",
                               "The input of `collect_set` can't be \"MAP\" type data.");
  }
  return bind_collect(bind, out, &kernels_of_sets);
}
