/* percentile, median, percentile_cont, percentile_disc: exact, so every value is kept and sorted
 * at the end. Accumulator: {uint64 count, struct eagre_text of struct weighted}. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expression/expression_aggregate_percentile.h"

struct weighted {
  double value;
  int64_t frequency;
};

struct exact_state {
  uint64_t count;
  struct eagre_text values; /* of struct weighted */
};

/* ---- Collecting ------------------------------------------------------------------------------ */

static enum eagre_status fail_frequency(const struct eagre_aggregate_update *update, uint32_t row,
                                        int64_t frequency) {
  eagre_error_set(
      update->error, EAGRE_DATA, "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION",
      "Found the negative value in the frequency of `%s`: %lld, but expected a positive "
      "integral value.",
      update->aggregate->info->name, (long long)frequency);
  if (update->error != NULL) update->error->row = row;
  eagre_sql_place_unplaced(update->aggregate->position, update->error);
  return EAGRE_DATA;
}

static enum eagre_status keep_weighted(const struct eagre_aggregate_update *update, uint32_t row,
                                       struct weighted value) {
  struct exact_state *state = (struct exact_state *)eagre_aggregate_state(update, row);
  state->count += (uint64_t)value.frequency;
  return eagre_aggregate_append(update->aggregate, update->arena, &state->values, &value,
                                sizeof value, update->error);
}

static enum eagre_status collect_values(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    struct weighted value = {EAGRE_VALUES(double, input)[eagre_vector_index(input, row)], 1};
    EAGRE_TRY(keep_weighted(update, row, value));
  }
  return EAGRE_OK;
}

/* A frequency of 0 or NULL leaves the value out. */
static enum eagre_status collect_weighted(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  const struct eagre_vector *weights = &update->inputs[1];
  for (uint32_t row = 0; row < update->row_count; row++) {
    bool has_both =
        eagre_aggregate_has_value(update, 0, row) && eagre_aggregate_has_value(update, 1, row);
    if (!has_both) continue;
    struct weighted value = {EAGRE_VALUES(double, input)[eagre_vector_index(input, row)],
                             EAGRE_VALUES(int64_t, weights)[eagre_vector_index(weights, row)]};
    if (value.frequency < 0) return fail_frequency(update, row, value.frequency);
    if (value.frequency > 0) EAGRE_TRY(keep_weighted(update, row, value));
  }
  return EAGRE_OK;
}

static enum eagre_status merge_exact(const struct eagre_aggregate *aggregate, char *into,
                                     const char *from, struct eagre_arena *arena,
                                     struct eagre_error *error) {
  struct exact_state *a = (struct exact_state *)into;
  const struct exact_state *b = (const struct exact_state *)from;
  a->count += b->count;
  return eagre_aggregate_append(aggregate, arena, &a->values, b->values.data, b->values.size,
                                error);
}

/* ---- Results --------------------------------------------------------------------------------- */

int eagre_aggregate_compare_doubles(double a, double b) {
  if (isnan(a) || isnan(b)) return (isnan(a) != 0) - (isnan(b) != 0);
  if (a == b) return (signbit(b) != 0) - (signbit(a) != 0);
  return (a > b) - (a < b);
}

static int compare_weighted(const void *a, const void *b) {
  return eagre_aggregate_compare_doubles(((const struct weighted *)a)->value,
                                         ((const struct weighted *)b)->value);
}

static int compare_backwards(const void *a, const void *b) {
  return compare_weighted(b, a);
}

/* The value at `position`, counted from 0, of values that occur as often as they say. */
static double value_at(const struct weighted *values, uint64_t position) {
  while (position >= (uint64_t)values->frequency) {
    position -= (uint64_t)values->frequency;
    values++;
  }
  return values->value;
}

static double interpolate(const struct weighted *values, uint64_t count, double percentage) {
  double position = (double)(count - 1) * percentage;
  double lower = floor(position);
  double higher = ceil(position);
  double low = value_at(values, (uint64_t)lower);
  if (lower == higher) return low;
  double high = value_at(values, (uint64_t)higher);
  if (low == high) return low;
  return (higher - position) * low + (position - lower) * high;
}

/* The first value that so much of all is not behind. */
static double pick_discrete(const struct weighted *values, uint64_t count, double percentage) {
  double position = ceil((double)count * percentage);
  return value_at(values, position < 1 ? 0 : (uint64_t)position - 1);
}

void eagre_percentile_results_begin(struct eagre_percentile_results *results,
                                    const struct eagre_aggregate_finish *finish) {
  *results = (struct eagre_percentile_results){
      .finish = finish, .options = finish->aggregate->options, .values = finish->out};
  if (!results->options->is_list) return;
  results->values = &finish->out->children[0];
  eagre_vector_init(results->values, finish->out->type->fields[0].type,
                    finish->row_count * results->options->percentage_count, finish->arena);
}

void eagre_percentile_results_end_row(struct eagre_percentile_results *results, uint32_t row,
                                      bool is_null) {
  if (is_null) eagre_aggregate_set_null(results->finish, row);
  if (results->options->is_list) {
    results->finish->out->offsets[row + 1] = (int32_t)results->next;
  } else if (is_null) {
    results->next++;
  }
}

static enum eagre_status finish_exact(const struct eagre_aggregate_finish *finish) {
  const struct eagre_percentile_options *options = finish->aggregate->options;
  struct eagre_percentile_results results;
  struct eagre_buffer scratch = {0};
  eagre_percentile_results_begin(&results, finish);
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct exact_state *state =
        (const struct exact_state *)eagre_aggregate_result(finish, row);
    if (state->count == 0 && !options->is_list) EAGRE_VALUES(double, results.values)[row] = 0;
    eagre_buffer_clear(&scratch);
    eagre_buffer_append_text(&scratch, state->values);
    struct weighted *values = (struct weighted *)(void *)scratch.data;
    if (state->count > 0) {
      qsort(values, scratch.size / sizeof *values, sizeof *values,
            options->is_descending ? compare_backwards : compare_weighted);
    }
    for (uint32_t i = 0; i < options->percentage_count && state->count > 0; i++) {
      double percentage = options->percentages[i];
      EAGRE_VALUES(double, results.values)
      [results.next++] = options->is_discrete ? pick_discrete(values, state->count, percentage)
                                              : interpolate(values, state->count, percentage);
    }
    bool is_null = state->count == 0 || options->percentage_count == 0;
    eagre_percentile_results_end_row(&results, row, is_null);
  }
  eagre_buffer_done(&scratch);
  return EAGRE_OK;
}

/* ---- Binding --------------------------------------------------------------------------------- */

#define DEFINE_KERNELS(name, update_rows)                                                          \
  static const struct eagre_aggregate_kernels name = {                                             \
      .accumulator_size = sizeof(struct exact_state),                                              \
      .text_offset = offsetof(struct exact_state, values),                                         \
      .text_count = 1,                                                                             \
      .update = (update_rows),                                                                     \
      .merge = merge_exact,                                                                        \
      .finish = finish_exact,                                                                      \
  };
DEFINE_KERNELS(kernels_of_exact, collect_values)
DEFINE_KERNELS(kernels_of_weighted, collect_weighted)

static enum eagre_status check_percentage(struct eagre_bind *bind, double percentage) {
  if (percentage >= 0.0 && percentage <= 1.0) return EAGRE_OK;
  return eagre_bind_mismatch(bind, "VALUE_OUT_OF_RANGE",
                             "The percentage must be between [0.0, 1.0] (current value = %g).",
                             percentage);
}

/* The constant ARRAY at argument `index`, which becomes one of DOUBLE. */
static enum eagre_status fold_percentages(struct eagre_bind *bind, uint32_t index,
                                          struct eagre_vector *out) {
  const struct eagre_type *doubles =
      eagre_type_array(bind->arena, eagre_type_of(EAGRE_TYPE_DOUBLE));
  const struct eagre_expression *list = bind->arguments[index];
  enum eagre_type_kind element = list->type->fields[0].type->kind;
  if (!eagre_expression_is_constant(list)) {
    return eagre_bind_mismatch(bind, "NON_FOLDABLE_INPUT",
                               "the input `percentage` should be a foldable \"ARRAY<DOUBLE>\" "
                               "expression; however, got %s.",
                               eagre_expression_sql(bind->arena, list));
  }
  if (!eagre_type_is_numeric(element) && element != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, index, "\"ARRAY<DOUBLE>\"");
  }
  EAGRE_TRY(eagre_bind_cast(bind, index, doubles));
  return eagre_expression_fold(bind->arena, bind->arguments[index], bind->session, out,
                               bind->error);
}

static enum eagre_status bind_percentage_list(struct eagre_bind *bind, uint32_t index,
                                              struct eagre_percentile_options *out) {
  struct eagre_vector list;
  EAGRE_TRY(fold_percentages(bind, index, &list));
  const struct eagre_vector *elements = list.children;
  uint32_t count = eagre_vector_is_null(&list, 0) ? 0 : eagre_vector_list_size(&list, 0);
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_vector_is_null(elements, i)) {
      return eagre_bind_unexpected(bind, index, "\"ARRAY<DOUBLE>\" without NULL");
    }
    EAGRE_TRY(check_percentage(bind, EAGRE_VALUES(double, elements)[i]));
  }
  out->is_list = true;
  out->percentages = EAGRE_VALUES(double, elements);
  out->percentage_count = count;
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_percentages(struct eagre_bind *bind, uint32_t index,
                                                   struct eagre_percentile_options *out) {
  if (bind->arguments[index]->type->kind == EAGRE_TYPE_ARRAY) {
    return bind_percentage_list(bind, index, out);
  }
  double *percentage = eagre_arena_allocate(bind->arena, sizeof *percentage);
  EAGRE_TRY(eagre_aggregate_bind_constant_double(bind, index, "percentage", percentage));
  out->percentages = percentage;
  out->percentage_count = 1;
  return check_percentage(bind, *percentage);
}

const struct eagre_type *
eagre_aggregate_percentile_type(struct eagre_arena *arena,
                                const struct eagre_percentile_options *options,
                                const struct eagre_type *type) {
  return options->is_list ? eagre_type_array(arena, type) : type;
}

static struct eagre_percentile_options *new_options(struct eagre_bind *bind,
                                                    struct eagre_aggregate *out) {
  struct eagre_percentile_options *options =
      eagre_arena_allocate_zeroed(bind->arena, sizeof *options);
  out->options = options;
  out->kernels = &kernels_of_exact;
  out->result_type = eagre_type_of(EAGRE_TYPE_DOUBLE);
  return options;
}

static enum eagre_status bind_number(struct eagre_bind *bind, uint32_t index) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, index);
  if (kind == EAGRE_TYPE_BOOLEAN) return eagre_bind_unexpected(bind, index, "\"NUMERIC\"");
  return eagre_bind_parameter(bind, index, EAGRE_TYPE_DOUBLE);
}

/* percentile(a, percentage[, frequency]) */
enum eagre_status eagre_aggregate_bind_percentile(struct eagre_bind *bind,
                                                  struct eagre_aggregate *out) {
  struct eagre_percentile_options *options = new_options(bind, out);
  EAGRE_TRY(bind_number(bind, 0));
  EAGRE_TRY(eagre_aggregate_bind_percentages(bind, 1, options));
  out->result_type = eagre_aggregate_percentile_type(bind->arena, options, out->result_type);
  if (bind->argument_count < 3) return EAGRE_OK;
  if (!eagre_type_is_integral(eagre_bind_kind(bind, 2))) {
    return eagre_bind_unexpected(bind, 2, "\"INTEGRAL\"");
  }
  EAGRE_TRY(eagre_bind_cast(bind, 2, eagre_type_of(EAGRE_TYPE_BIGINT)));
  struct eagre_expression *percentage = bind->arguments[1];
  bind->arguments[1] = bind->arguments[2];
  bind->arguments[2] = percentage;
  out->kernels = &kernels_of_weighted;
  out->input_count = 2;
  return EAGRE_OK;
}

static enum eagre_status bind_within_group(struct eagre_bind *bind, struct eagre_aggregate *out,
                                           bool is_discrete) {
  struct eagre_percentile_options *options = new_options(bind, out);
  EAGRE_TRY(eagre_aggregate_bind_ordered(bind, out));
  options->is_discrete = is_discrete;
  options->is_descending = out->order[0].is_descending;
  EAGRE_TRY(bind_number(bind, 0));
  EAGRE_TRY(eagre_aggregate_bind_percentages(bind, 1, options));
  out->result_type = eagre_aggregate_percentile_type(bind->arena, options, out->result_type);
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_percentile_cont(struct eagre_bind *bind,
                                                       struct eagre_aggregate *out) {
  return bind_within_group(bind, out, false);
}

enum eagre_status eagre_aggregate_bind_percentile_disc(struct eagre_bind *bind,
                                                       struct eagre_aggregate *out) {
  return bind_within_group(bind, out, true);
}

enum eagre_status eagre_aggregate_bind_median(struct eagre_bind *bind,
                                              struct eagre_aggregate *out) {
  static const double half = 0.5;
  struct eagre_percentile_options *options = new_options(bind, out);
  options->percentages = &half;
  options->percentage_count = 1;
  return bind_number(bind, 0);
}
