/* Sets of values with something done to them at the end: mode, and DISTINCT in front of any other
 * aggregate.
 *
 * Accumulators are a {struct eagre_aggregate_set}; of mode with an int64 in front of each value,
 * how often it came. f(DISTINCT a) keeps the distinct a, and f sees them when the result is wanted,
 * in the order in which they came first. */
#include <string.h>

#include "expression/expression_aggregate_value.h"

static inline struct eagre_aggregate_set *set_of(const struct eagre_aggregate_update *update,
                                                 uint32_t row) {
  return (struct eagre_aggregate_set *)eagre_aggregate_state(update, row);
}

/* ---- mode ------------------------------------------------------------------------------------ */

enum mode_choice { MODE_FIRST, MODE_LEAST, MODE_GREATEST }; /* among the most frequent */

static void add_count(char *entry, int64_t count) {
  int64_t sum;
  memcpy(&sum, entry, sizeof sum);
  sum += count;
  memcpy(entry, &sum, sizeof sum);
}

static enum eagre_status count_values(const struct eagre_aggregate_update *update) {
  struct eagre_buffer scratch = {0};
  enum eagre_status status = EAGRE_OK;
  char *entry;
  for (uint32_t row = 0; row < update->row_count && status == EAGRE_OK; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    eagre_buffer_clear(&scratch);
    eagre_aggregate_value_append_normal(&scratch, update->inputs, row);
    status =
        eagre_aggregate_set_get(update->aggregate, set_of(update, row), eagre_buffer_text(&scratch),
                                sizeof(int64_t), update->arena, &entry, update->error);
    if (status == EAGRE_OK) add_count(entry, 1);
  }
  eagre_buffer_done(&scratch);
  return status;
}

static enum eagre_status merge_counted(const struct eagre_aggregate *aggregate, char *into,
                                       const char *from, struct eagre_arena *arena,
                                       struct eagre_error *error) {
  const struct eagre_aggregate_set *set = (const struct eagre_aggregate_set *)from;
  uint32_t offset = 0;
  for (uint64_t i = 0; i < set->count; i++) {
    int64_t count;
    char *entry;
    memcpy(&count, set->entries.data + offset, sizeof count);
    struct eagre_text value = eagre_aggregate_set_next(set, sizeof count, &offset);
    EAGRE_TRY(eagre_aggregate_set_get(aggregate, (struct eagre_aggregate_set *)into, value,
                                      sizeof count, arena, &entry, error));
    add_count(entry, count);
  }
  return EAGRE_OK;
}

/* Whether `value` is chosen over `best`, which came as often. */
static bool wins_tie(const struct eagre_type *type, enum mode_choice choice, const char *value,
                     const char *best) {
  if (choice == MODE_FIRST) return false;
  int order = eagre_aggregate_value_compare(type, &value, &best);
  return choice == MODE_LEAST ? order < 0 : order > 0;
}

static const char *find_mode(const struct eagre_type *type, const struct eagre_aggregate_set *set,
                             enum mode_choice choice) {
  static const char null_value[1] = {0};
  const char *best = null_value;
  int64_t best_count = 0;
  uint32_t offset = 0;
  for (uint64_t i = 0; i < set->count; i++) {
    int64_t count;
    memcpy(&count, set->entries.data + offset, sizeof count);
    const char *value = eagre_aggregate_set_next(set, sizeof count, &offset).data;
    bool is_better =
        count > best_count || (count == best_count && wins_tie(type, choice, value, best));
    if (!is_better) continue;
    best = value;
    best_count = count;
  }
  return best;
}

static enum eagre_status finish_modes(const struct eagre_aggregate_finish *finish) {
  const struct eagre_type *type = finish->aggregate->result_type;
  const enum mode_choice *choice = finish->aggregate->options;
  const char **cursors =
      eagre_arena_allocate(finish->arena, sizeof *cursors * (finish->row_count + 1));
  for (uint32_t row = 0; row < finish->row_count; row++) {
    cursors[row] = find_mode(
        type, (const struct eagre_aggregate_set *)eagre_aggregate_result(finish, row), *choice);
  }
  eagre_aggregate_value_read(type, cursors, finish->row_count, finish->out, finish->arena);
  return EAGRE_OK;
}

static const struct eagre_aggregate_kernels kernels_of_mode = {
    .accumulator_size = sizeof(struct eagre_aggregate_set),
    .text_offset = offsetof(struct eagre_aggregate_set, entries),
    .text_count = 2,
    .update = count_values,
    .merge = merge_counted,
    .finish = finish_modes,
};

/* mode(a[, deterministic]): with TRUE the least of the most frequent. mode() WITHIN GROUP (ORDER BY
 * a): the first in that order. */
enum eagre_status eagre_aggregate_bind_mode(struct eagre_bind *bind, struct eagre_aggregate *out) {
  enum mode_choice *choice = eagre_arena_allocate(bind->arena, sizeof *choice);
  *choice = MODE_FIRST;
  if (bind->argument_count == 0) {
    EAGRE_TRY(eagre_aggregate_bind_ordered(bind, out));
    *choice = out->order[0].is_descending ? MODE_GREATEST : MODE_LEAST;
  }
  EAGRE_TRY(eagre_bind_require_value(bind, 0));
  if (!eagre_aggregate_value_is_orderable(bind->arguments[0]->type)) {
    return eagre_bind_mismatch(bind, "UNSUPPORTED_INPUT_TYPE",
                               "The input of `mode` can't be \"MAP\" type data.");
  }
  if (bind->argument_count > 1) {
    bool is_deterministic = false;
    EAGRE_TRY(eagre_aggregate_bind_flag(bind, 1, "deterministic", &is_deterministic));
    if (is_deterministic) *choice = MODE_LEAST;
  }
  out->kernels = &kernels_of_mode;
  out->options = choice;
  out->result_type = bind->arguments[0]->type;
  return EAGRE_OK;
}

/* ---- DISTINCT -------------------------------------------------------------------------------- */

static enum eagre_status keep_distinct(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *argument = update->rows == NULL ? update->inputs : update->rows;
  bool keeps_nulls = update->rows == NULL && update->aggregate->keeps_nulls;
  struct eagre_buffer scratch = {0};
  enum eagre_status status = EAGRE_OK;
  char *entry;
  for (uint32_t row = 0; row < update->row_count && status == EAGRE_OK; row++) {
    if (!keeps_nulls && eagre_vector_is_null(argument, row)) continue;
    eagre_buffer_clear(&scratch);
    eagre_aggregate_value_append_normal(&scratch, argument, row);
    status =
        eagre_aggregate_set_get(update->aggregate, set_of(update, row), eagre_buffer_text(&scratch),
                                0, update->arena, &entry, update->error);
  }
  eagre_buffer_done(&scratch);
  return status;
}

/* The values of all sets, and beside each the accumulator it goes to. */
static uint32_t list_values(const struct eagre_aggregate_finish *finish, char *states,
                            uint32_t state_size, struct eagre_buffer *places,
                            struct eagre_buffer *accumulators) {
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct eagre_aggregate_set *set =
        (const struct eagre_aggregate_set *)eagre_aggregate_result(finish, row);
    char *state = states + (size_t)row * state_size;
    uint32_t offset = 0;
    for (uint64_t i = 0; i < set->count; i++) {
      const char *value = eagre_aggregate_set_next(set, 0, &offset).data;
      eagre_buffer_append(places, &value, sizeof value);
      eagre_buffer_append(accumulators, &state, sizeof state);
    }
  }
  return (uint32_t)(places->size / sizeof(const char *));
}

static enum eagre_status finish_distinct(const struct eagre_aggregate_finish *finish) {
  const struct eagre_aggregate *inner = finish->aggregate->options;
  uint32_t size = inner->accumulator_size;
  struct eagre_buffer places = {0};
  struct eagre_buffer accumulators = {0};
  struct eagre_vector values;
  char *states = eagre_arena_allocate_zeroed(finish->arena, (size_t)finish->row_count * size + 1);
  uint32_t count = list_values(finish, states, size, &places, &accumulators);
  eagre_aggregate_value_read(finish->aggregate->argument_type, (const char **)(void *)places.data,
                             count, &values, finish->arena);
  enum eagre_status status =
      eagre_aggregate_update(inner, &values, count, (char *const *)(void *)accumulators.data, 0,
                             finish->arena, finish->error);
  eagre_buffer_done(&places);
  eagre_buffer_done(&accumulators);
  if (status != EAGRE_OK) return status;
  char **results = eagre_arena_allocate(finish->arena, sizeof *results * (finish->row_count + 1));
  for (uint32_t row = 0; row < finish->row_count; row++) {
    results[row] = states + (size_t)row * size;
  }
  return eagre_aggregate_finish(inner, results, 0, finish->row_count, finish->out, finish->arena,
                                finish->error);
}

static const struct eagre_aggregate_kernels kernels_of_distinct = {
    .accumulator_size = sizeof(struct eagre_aggregate_set),
    .text_offset = offsetof(struct eagre_aggregate_set, entries),
    .text_count = 2,
    .update = keep_distinct,
    .merge = eagre_aggregate_set_merge,
    .finish = finish_distinct,
};

void eagre_aggregate_make_distinct(struct eagre_arena *arena, struct eagre_aggregate *inout) {
  struct eagre_aggregate *inner = eagre_arena_allocate(arena, sizeof *inner);
  *inner = *inout;
  inout->kernels = &kernels_of_distinct;
  inout->options = inner;
  inout->is_distinct = true;
  inout->accumulator_size = kernels_of_distinct.accumulator_size;
  inout->text_offset = kernels_of_distinct.text_offset;
  inout->text_count = kernels_of_distinct.text_count;
}
