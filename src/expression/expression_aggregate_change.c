/* Aggregates over rows that may be taken back (docs/decisions/0009): each row has a weight, and one
 * with weight -1 takes away what an equal row with weight 1 has added.
 *
 *   count, count_if   the sum of weights
 *   sum, avg          expression_aggregate_exact.c
 *   the others        a set of the values with how often each counts, out of which the plain
 *                     aggregate is made anew when the result is read: min cannot know the next
 *                     one otherwise
 *
 * What depends on the order of rows (first, collect_list) is refused: rows that come back after
 * they were taken away have lost their place.
 *
 * Per row a STRUCT is evaluated, {argument, weight}, or {weight} for count(*). `options` is the
 * plain aggregate. */
#include "expression/expression_aggregate_value.h"

#include <string.h>

static inline int64_t weight_at(const struct eagre_vector *weights, uint32_t row) {
  return EAGRE_VALUES(int64_t, weights)[eagre_vector_index(weights, row)];
}

/* ---- count ----------------------------------------------------------------------------------- */

static inline int64_t *count_of(const struct eagre_aggregate_update *update, uint32_t row) {
  return (int64_t *)eagre_aggregate_state(update, row);
}

static enum eagre_status weigh_rows(const struct eagre_aggregate_update *update) {
  for (uint32_t row = 0; row < update->row_count; row++) {
    *count_of(update, row) += weight_at(update->inputs, row);
  }
  return EAGRE_OK;
}

/* Of several arguments, which are packed: the rows where none is NULL. */
static bool has_all(const struct eagre_aggregate *inner, const struct eagre_vector *argument,
                    uint32_t row) {
  bool is_there = !eagre_vector_is_null(argument, row);
  for (uint32_t i = 0; inner->is_packed && is_there && i < inner->input_count; i++) {
    is_there = !eagre_vector_is_null(&argument->children[i], row);
  }
  return is_there;
}

static enum eagre_status weigh_values(const struct eagre_aggregate_update *update) {
  const struct eagre_aggregate *inner = update->aggregate->options;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (has_all(inner, update->inputs, row))
      *count_of(update, row) += weight_at(&update->inputs[1], row);
  }
  return EAGRE_OK;
}

static enum eagre_status weigh_true(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  for (uint32_t row = 0; row < update->row_count; row++) {
    bool is_true = !eagre_vector_is_null(input, row) &&
                   eagre_bit_get(input->data, eagre_vector_index(input, row));
    if (is_true) *count_of(update, row) += weight_at(&update->inputs[1], row);
  }
  return EAGRE_OK;
}

static const struct eagre_aggregate_kernels kernels_of_rows =
    EAGRE_AGGREGATE_COUNT_KERNELS(weigh_rows);
static const struct eagre_aggregate_kernels kernels_of_values =
    EAGRE_AGGREGATE_COUNT_KERNELS(weigh_values);
static const struct eagre_aggregate_kernels kernels_of_true =
    EAGRE_AGGREGATE_COUNT_KERNELS(weigh_true);

/* ---- Values that are kept -------------------------------------------------------------------- */

struct kept_state {
  struct eagre_aggregate_set set; /* an int64_t in front of each value: how often it counts */
  uint64_t gone_count;            /* of its values those that count 0 times */
};

enum { EXTRA = sizeof(int64_t), GONE_MIN = 16 };

static int64_t read_count(const char *entry) {
  int64_t count;
  memcpy(&count, entry, sizeof count);
  return count;
}

/* Leaves out the values that are gone once they are most of the set. */
static enum eagre_status tidy_up(const struct eagre_aggregate *aggregate, struct kept_state *state,
                                 struct eagre_arena *arena, struct eagre_error *error) {
  bool is_worth_it = state->gone_count > GONE_MIN && state->gone_count > state->set.count / 2;
  if (!is_worth_it) return EAGRE_OK;
  struct kept_state tidy = {0};
  uint32_t offset = 0;
  char *place;
  for (uint64_t i = 0; i < state->set.count; i++) {
    int64_t count = read_count(state->set.entries.data + offset);
    struct eagre_text value = eagre_aggregate_set_next(&state->set, EXTRA, &offset);
    if (count == 0) continue;
    EAGRE_TRY(eagre_aggregate_set_get(aggregate, &tidy.set, value, EXTRA, arena, &place, error));
    memcpy(place, &count, sizeof count);
  }
  *state = tidy;
  return EAGRE_OK;
}

static enum eagre_status add_value(const struct eagre_aggregate *aggregate,
                                   struct kept_state *state, struct eagre_text value,
                                   int64_t weight, struct eagre_arena *arena,
                                   struct eagre_error *error) {
  uint64_t known_count = state->set.count;
  char *entry;
  EAGRE_TRY(eagre_aggregate_set_get(aggregate, &state->set, value, EXTRA, arena, &entry, error));
  bool is_known = state->set.count == known_count;
  int64_t before = read_count(entry);
  int64_t after = before + weight;
  memcpy(entry, &after, sizeof after);
  if (is_known && before == 0) state->gone_count--;
  if (after == 0) state->gone_count++;
  return after == 0 ? tidy_up(aggregate, state, arena, error) : EAGRE_OK;
}

static enum eagre_status keep_values(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  struct eagre_buffer scratch = {0};
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < update->row_count && status == EAGRE_OK; row++) {
    if (eagre_vector_is_null(input, row)) continue;
    eagre_buffer_clear(&scratch);
    eagre_aggregate_value_append_normal(&scratch, input, row);
    status = add_value(update->aggregate, (struct kept_state *)eagre_aggregate_state(update, row),
                       eagre_buffer_text(&scratch), weight_at(&update->inputs[1], row),
                       update->arena, update->error);
  }
  eagre_buffer_done(&scratch);
  return status;
}

static enum eagre_status merge_values(const struct eagre_aggregate *aggregate, char *into,
                                      const char *from, struct eagre_arena *arena,
                                      struct eagre_error *error) {
  const struct eagre_aggregate_set *set = &((const struct kept_state *)from)->set;
  uint32_t offset = 0;
  for (uint64_t i = 0; i < set->count; i++) {
    int64_t count = read_count(set->entries.data + offset);
    struct eagre_text value = eagre_aggregate_set_next(set, EXTRA, &offset);
    if (count == 0) continue;
    EAGRE_TRY(add_value(aggregate, (struct kept_state *)into, value, count, arena, error));
  }
  return EAGRE_OK;
}

/* ---- Results of values that are kept --------------------------------------------------------- */

/* Rows for the plain aggregate: where each value stands, and the accumulator it goes to. */
struct replay {
  struct eagre_buffer values;
  struct eagre_buffer accumulators;
};

static void add_row(struct replay *replay, const char *value, char *accumulator) {
  eagre_buffer_append(&replay->values, &value, sizeof value);
  eagre_buffer_append(&replay->accumulators, &accumulator, sizeof accumulator);
}

static void list_rows(struct replay *replay, const struct eagre_aggregate_set *set,
                      bool counts_once, char *accumulator) {
  uint32_t offset = 0;
  for (uint64_t i = 0; i < set->count; i++) {
    int64_t count = read_count(set->entries.data + offset);
    const char *value = eagre_aggregate_set_next(set, EXTRA, &offset).data;
    eagre_assert(count >= 0);
    if (counts_once && count > 1) count = 1;
    for (int64_t j = 0; j < count; j++) {
      add_row(replay, value, accumulator);
    }
  }
}

static enum eagre_status play(const struct eagre_aggregate *inner, struct replay *replay,
                              struct eagre_arena *arena, struct eagre_error *error) {
  uint32_t count = (uint32_t)(replay->values.size / sizeof(const char *));
  struct eagre_vector values;
  if (count == 0) return EAGRE_OK;
  eagre_aggregate_value_read(inner->argument_type, (const char **)(void *)replay->values.data,
                             count, &values, arena);
  return eagre_aggregate_update(inner, &values, count,
                                (char *const *)(void *)replay->accumulators.data, 0, arena, error);
}

static enum eagre_status finish_kept(const struct eagre_aggregate_finish *finish,
                                     bool counts_once) {
  const struct eagre_aggregate *inner = finish->aggregate->options;
  size_t size = inner->accumulator_size;
  char *states = eagre_arena_allocate_zeroed(finish->arena, finish->row_count * size + 1);
  char **results = eagre_arena_allocate(finish->arena, sizeof *results * (finish->row_count + 1));
  struct replay replay = {{0}, {0}};
  for (uint32_t row = 0; row < finish->row_count; row++) {
    results[row] = states + row * size;
    const struct kept_state *state = (const struct kept_state *)eagre_aggregate_result(finish, row);
    list_rows(&replay, &state->set, counts_once, results[row]);
  }
  enum eagre_status status = play(inner, &replay, finish->arena, finish->error);
  eagre_buffer_done(&replay.values);
  eagre_buffer_done(&replay.accumulators);
  if (status != EAGRE_OK) return status;
  return eagre_aggregate_finish(inner, results, 0, finish->row_count, finish->out, finish->arena,
                                finish->error);
}

static enum eagre_status finish_distinct(const struct eagre_aggregate_finish *finish) {
  return finish_kept(finish, true);
}
static enum eagre_status finish_all(const struct eagre_aggregate_finish *finish) {
  return finish_kept(finish, false);
}

#define KERNELS_OF_KEPT(finish_values)                                                             \
  {                                                                                                \
    .accumulator_size = sizeof(struct kept_state),                                                 \
    .text_offset = offsetof(struct kept_state, set.entries), .text_count = 2,                      \
    .update = keep_values, .merge = merge_values, .finish = (finish_values),                       \
  }
static const struct eagre_aggregate_kernels kernels_of_distinct = KERNELS_OF_KEPT(finish_distinct);
static const struct eagre_aggregate_kernels kernels_of_all = KERNELS_OF_KEPT(finish_all);

/* ---- Binding --------------------------------------------------------------------------------- */

enum change_kind { CHANGE_COUNT, CHANGE_SUM, CHANGE_DISTINCT, CHANGE_ALL };

/* By binder, so that other names of a function need no line. */
static const struct {
  eagre_aggregate_bind_fn *binder;
  enum change_kind kind;
} change_kinds[] = {
    {eagre_aggregate_bind_count, CHANGE_COUNT},
    {eagre_aggregate_bind_count_if, CHANGE_COUNT},
    {eagre_aggregate_bind_regr_count, CHANGE_COUNT},
    {eagre_aggregate_bind_sum, CHANGE_SUM},
    {eagre_aggregate_bind_try_sum, CHANGE_SUM},
    {eagre_aggregate_bind_average, CHANGE_SUM},
    {eagre_aggregate_bind_try_average, CHANGE_SUM},
    {eagre_aggregate_bind_minimum, CHANGE_DISTINCT},
    {eagre_aggregate_bind_maximum, CHANGE_DISTINCT},
    {eagre_aggregate_bind_every, CHANGE_DISTINCT},
    {eagre_aggregate_bind_any, CHANGE_DISTINCT},
    {eagre_aggregate_bind_bit_and, CHANGE_DISTINCT},
    {eagre_aggregate_bind_bit_or, CHANGE_DISTINCT},
    {eagre_aggregate_bind_approx_count_distinct, CHANGE_DISTINCT},
    {eagre_aggregate_bind_bit_xor, CHANGE_ALL},
    {eagre_aggregate_bind_stddev_pop, CHANGE_ALL},
    {eagre_aggregate_bind_stddev_samp, CHANGE_ALL},
    {eagre_aggregate_bind_var_pop, CHANGE_ALL},
    {eagre_aggregate_bind_var_samp, CHANGE_ALL},
    {eagre_aggregate_bind_skewness, CHANGE_ALL},
    {eagre_aggregate_bind_kurtosis, CHANGE_ALL},
    {eagre_aggregate_bind_covar_pop, CHANGE_ALL},
    {eagre_aggregate_bind_covar_samp, CHANGE_ALL},
    {eagre_aggregate_bind_corr, CHANGE_ALL},
    {eagre_aggregate_bind_median, CHANGE_ALL},
    {eagre_aggregate_bind_percentile, CHANGE_ALL},
    {eagre_aggregate_bind_percentile_cont, CHANGE_ALL},
    {eagre_aggregate_bind_percentile_disc, CHANGE_ALL},
};

static enum eagre_status refuse(const struct eagre_aggregate *aggregate,
                                struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.CHANGES_AGGREGATE",
                  "`%s` over the result of another aggregation is not supported on a stream.",
                  aggregate->info->name);
  eagre_error_hint(error,
                   "rows of that result change, and `%s` cannot take a row back; count, "
                   "sum, avg, min, max and others can",
                   aggregate->info->name);
  eagre_sql_place_unplaced(aggregate->position, error);
  return EAGRE_USAGE;
}

static bool find_kind(const struct eagre_aggregate *aggregate, enum change_kind *out) {
  eagre_aggregate_bind_fn *binder =
      eagre_function_find(eagre_text_of(aggregate->info->name))->aggregate;
  for (uint32_t i = 0; i < EAGRE_COUNT_OF(change_kinds); i++) {
    if (change_kinds[i].binder != binder) continue;
    *out = change_kinds[i].kind;
    return true;
  }
  return false;
}

bool eagre_aggregate_ignores_order(const struct eagre_aggregate *aggregate) {
  enum change_kind ignored;
  return find_kind(aggregate, &ignored);
}

static const struct eagre_aggregate_kernels *find_kernels(const struct eagre_aggregate *inner,
                                                          enum change_kind kind) {
  switch (kind) {
  case CHANGE_COUNT:
    if (inner->argument_type == NULL) return &kernels_of_rows;
    return strcmp(inner->info->name, "count_if") == 0 ? &kernels_of_true : &kernels_of_values;
  case CHANGE_SUM:
    return eagre_aggregate_exact_kernels(inner);
  case CHANGE_DISTINCT:
    return &kernels_of_distinct;
  case CHANGE_ALL:
    return &kernels_of_all;
  }
  return NULL;
}

static struct eagre_expression *pack(struct eagre_arena *arena, struct eagre_expression *argument,
                                     struct eagre_expression *weight) {
  static const struct eagre_text names[] = {EAGRE_TEXT("value"), EAGRE_TEXT("weight")};
  struct eagre_expression **parts = eagre_arena_allocate(arena, 2 * sizeof *parts);
  parts[0] = argument;
  parts[1] = weight;
  uint32_t skipped = argument == NULL;
  return eagre_expression_struct(arena, parts + skipped, names + skipped, 2 - skipped,
                                 weight->position);
}

enum eagre_status eagre_aggregate_weigh(struct eagre_arena *arena, struct eagre_expression *weight,
                                        struct eagre_aggregate *inout,
                                        struct eagre_expression **inout_argument,
                                        struct eagre_error *error) {
  enum change_kind kind = CHANGE_COUNT;
  if (inout->is_distinct || !find_kind(inout, &kind)) return refuse(inout, error);
  struct eagre_aggregate *inner = eagre_arena_allocate(arena, sizeof *inner);
  *inner = *inout;
  *inout_argument = pack(arena, *inout_argument, weight);
  inout->kernels = find_kernels(inner, kind);
  inout->options = inner;
  inout->argument_type = (*inout_argument)->type;
  inout->is_packed = true;
  inout->keeps_nulls = false;
  inout->input_count = inner->argument_type == NULL ? 1 : 2;
  inout->accumulator_size = inout->kernels->accumulator_size;
  inout->text_offset = inout->kernels->text_offset;
  inout->text_count = inout->kernels->text_count;
  return EAGRE_OK;
}
