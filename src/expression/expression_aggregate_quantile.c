/* percentile_approx: the summary of Greenwald and Khanna ("Space-efficient online computation of
 * quantile summaries"), with the buffer in front of it and the thresholds that Spark has, so that
 * the same values in the same order give the same answer.
 *
 * A sample says that its value stands `g` ranks behind the one before, give or take `delta`;
 * samples are ascending. Values are collected in a buffer; when it is full they are sorted into the
 * samples, which are compressed: neighbours become one as long as the error allows. Merging
 * compresses both sides, so that state behind the exchange has no buffer. The texts never shrink,
 * their memory is used again: counts say what is in them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expression/expression_aggregate_percentile.h"

enum { BUFFER_COUNT = 50000 };

struct sample {
  double value;
  int64_t g;
  int64_t delta;
};

struct quantile_state {
  int64_t count; /* of the values behind the samples */
  uint64_t sample_count;
  uint64_t buffer_count;
  struct eagre_text samples; /* struct sample */
  struct eagre_text buffer;  /* double */
};

/* Samples outside of an accumulator. */
struct summary {
  struct sample *samples;
  uint64_t sample_count;
  int64_t count;
};

static double error_of(const struct eagre_aggregate *aggregate) {
  return ((const struct eagre_percentile_options *)aggregate->options)->relative_error;
}

/* ---- Summaries ------------------------------------------------------------------------------- */

static int compare_values(const void *a, const void *b) {
  return eagre_aggregate_compare_doubles(*(const double *)a, *(const double *)b);
}

/* The samples of `state` and, with error 0, `values` among them. */
static void insert_sorted(const struct quantile_state *state, const double *values, double error,
                          struct summary *out) {
  const struct sample *samples = (const struct sample *)(const void *)state->samples.data;
  uint64_t next = 0;
  for (uint64_t i = 0; i < state->buffer_count; i++) {
    while (next < state->sample_count && samples[next].value <= values[i]) {
      out->samples[out->sample_count++] = samples[next++];
    }
    out->count++;
    bool is_end =
        out->sample_count == 0 || (next == state->sample_count && i == state->buffer_count - 1);
    int64_t delta = is_end ? 0 : (int64_t)floor(2 * error * (double)out->count);
    out->samples[out->sample_count++] = (struct sample){values[i], 1, delta};
  }
  while (next < state->sample_count) {
    out->samples[out->sample_count++] = samples[next++];
  }
}

/* Joins neighbours, from the last down to the second; the least and the greatest stay. */
static void compress(struct summary *summary, double error) {
  if (summary->sample_count == 0) return;
  struct sample *samples = summary->samples;
  double threshold = 2 * error * (double)summary->count;
  uint64_t count = summary->sample_count;
  uint64_t begin = count;
  struct sample first = samples[0];
  struct sample head = samples[count - 1];
  for (uint64_t i = count - 1; i-- > 1;) {
    struct sample sample = samples[i];
    if ((double)(sample.g + head.g + head.delta) < threshold) {
      head.g += sample.g;
    } else {
      samples[--begin] = head;
      head = sample;
    }
  }
  samples[--begin] = head;
  if (first.value <= head.value && count > 1) samples[--begin] = first;
  summary->sample_count = count - begin;
  memmove(samples, samples + begin, summary->sample_count * sizeof *samples);
}

/* All that `state` saw, compressed unless it is already; `out->samples` is freed by the caller. */
static void summarize(const struct quantile_state *state, double error, struct summary *out) {
  uint64_t count_max = state->sample_count + state->buffer_count;
  *out = (struct summary){.samples = eagre_allocate((count_max + 1) * sizeof *out->samples),
                          .count = state->count};
  double *values = eagre_allocate((state->buffer_count + 1) * sizeof *values);
  if (state->buffer_count > 0) {
    memcpy(values, state->buffer.data, state->buffer_count * sizeof *values);
    qsort(values, state->buffer_count, sizeof *values, compare_values);
  }
  insert_sorted(state, values, error, out);
  if (state->buffer_count > 0) compress(out, error);
  eagre_free(values);
}

static void keep_summary(struct quantile_state *state, const struct summary *summary,
                         struct eagre_arena *arena) {
  eagre_aggregate_replace(arena, &state->samples, summary->samples,
                          summary->sample_count * sizeof *summary->samples);
  state->sample_count = summary->sample_count;
  state->count = summary->count;
  state->buffer_count = 0;
}

/* Both into one: samples that have some of the other side around them are less certain by what that
 * side's error is. */
static void merge_summaries(const struct summary *a, const struct summary *b, double error,
                            struct summary *out) {
  int64_t delta_a = (int64_t)floor(2 * error * (double)b->count);
  int64_t delta_b = (int64_t)floor(2 * error * (double)a->count);
  uint64_t i = 0;
  uint64_t j = 0;
  while (i < a->sample_count && j < b->sample_count) {
    bool takes_a = a->samples[i].value < b->samples[j].value;
    struct sample next = takes_a ? a->samples[i] : b->samples[j];
    if (takes_a && j > 0) next.delta += delta_a;
    if (!takes_a && i > 0) next.delta += delta_b;
    i += takes_a;
    j += !takes_a;
    out->samples[out->sample_count++] = next;
  }
  for (; i < a->sample_count; i++) {
    out->samples[out->sample_count++] = a->samples[i];
  }
  for (; j < b->sample_count; j++) {
    out->samples[out->sample_count++] = b->samples[j];
  }
  out->count = a->count + b->count;
  compress(out, error);
}

static double query(const struct summary *summary, double percentage, double error) {
  const struct sample *samples = summary->samples;
  uint64_t last = summary->sample_count - 1;
  if (percentage <= error) return samples[0].value;
  if (percentage >= 1 - error) return samples[last].value;
  int64_t spread = 0;
  for (uint64_t i = 0; i <= last; i++) {
    if (samples[i].g + samples[i].delta > spread) spread = samples[i].g + samples[i].delta;
  }
  int64_t target_error = spread / 2;
  int64_t rank = (int64_t)ceil(percentage * (double)summary->count);
  int64_t rank_min = 0;
  for (uint64_t i = 0; i < last; i++) {
    rank_min += samples[i].g;
    int64_t rank_max = rank_min + samples[i].delta;
    if (rank_max - target_error <= rank && rank <= rank_min + target_error) {
      return samples[i].value;
    }
  }
  return samples[last].value;
}

/* ---- Kernels --------------------------------------------------------------------------------- */

static void flush_buffer(struct quantile_state *state, double error, struct eagre_arena *arena) {
  struct summary summary;
  summarize(state, error, &summary);
  keep_summary(state, &summary, arena);
  eagre_free(summary.samples);
}

static void buffer_value(struct quantile_state *state, double value, struct eagre_arena *arena) {
  size_t used = state->buffer_count * sizeof value;
  if (used == state->buffer.size) eagre_arena_grow_text(arena, &state->buffer, sizeof value);
  memcpy((char *)(uintptr_t)state->buffer.data + used, &value, sizeof value);
  state->buffer_count++;
}

static enum eagre_status update_quantiles(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  double error = error_of(update->aggregate);
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    struct quantile_state *state = (struct quantile_state *)eagre_aggregate_state(update, row);
    buffer_value(state, EAGRE_VALUES(double, input)[eagre_vector_index(input, row)], update->arena);
    if (state->buffer_count == BUFFER_COUNT) flush_buffer(state, error, update->arena);
  }
  return EAGRE_OK;
}

static enum eagre_status merge_quantiles(const struct eagre_aggregate *aggregate, char *into,
                                         const char *from, struct eagre_arena *arena,
                                         struct eagre_error *error) {
  (void)error;
  struct quantile_state *state = (struct quantile_state *)into;
  double relative_error = error_of(aggregate);
  struct summary a;
  struct summary b;
  summarize(state, relative_error, &a);
  summarize((const struct quantile_state *)from, relative_error, &b);
  struct summary merged = {
      .samples = eagre_allocate((a.sample_count + b.sample_count + 1) * sizeof *a.samples)};
  if (a.count > 0 && b.count > 0) merge_summaries(&a, &b, relative_error, &merged);
  if (a.count == 0) {
    keep_summary(state, &b, arena);
  } else if (b.count > 0) {
    keep_summary(state, &merged, arena);
  }
  eagre_free(merged.samples);
  eagre_free(a.samples);
  eagre_free(b.samples);
  return EAGRE_OK;
}

/* It fits, having been one; but for what a DOUBLE of more than 15 digits has lost. */
static void put_decimal(struct eagre_vector *out, uint32_t row, double value) {
  const struct eagre_type *type = out->type;
  eagre_decimal *place = &EAGRE_VALUES(eagre_decimal, out)[row];
  if (eagre_decimal_from_double(value, type->precision, type->scale, place) == EAGRE_VALUE_OK)
    return;
  *place = eagre_decimal_power(type->precision) - 1;
  if (value < 0) *place = -*place;
}

/* A DOUBLE that was cast from the result's type, as a value of that type. */
static void put_number(struct eagre_vector *out, uint32_t row, double value) {
  if (out->type->kind == EAGRE_TYPE_DECIMAL) {
    put_decimal(out, row, value);
    return;
  }
  switch (eagre_type_width(out->type->kind)) {
  case 1:
    EAGRE_VALUES(int8_t, out)[row] = (int8_t)value;
    break;
  case 2:
    EAGRE_VALUES(int16_t, out)[row] = (int16_t)value;
    break;
  case 4:
    if (out->type->kind == EAGRE_TYPE_FLOAT) {
      EAGRE_VALUES(float, out)[row] = (float)value;
    } else {
      EAGRE_VALUES(int32_t, out)[row] = (int32_t)value;
    }
    break;
  default:
    if (out->type->kind == EAGRE_TYPE_DOUBLE) {
      EAGRE_VALUES(double, out)[row] = value;
    } else {
      bool is_over = value >= 9223372036854775808.0;
      EAGRE_VALUES(int64_t, out)[row] = is_over ? INT64_MAX : (int64_t)value;
    }
  }
}

static enum eagre_status finish_quantiles(const struct eagre_aggregate_finish *finish) {
  const struct eagre_percentile_options *options = finish->aggregate->options;
  struct eagre_percentile_results results;
  eagre_percentile_results_begin(&results, finish);
  for (uint32_t row = 0; row < finish->row_count; row++) {
    struct summary summary;
    summarize((const struct quantile_state *)eagre_aggregate_result(finish, row),
              options->relative_error, &summary);
    if (summary.count == 0 && !options->is_list) put_number(results.values, row, 0);
    for (uint32_t i = 0; i < options->percentage_count && summary.count > 0; i++) {
      double percentage = options->percentages[i];
      put_number(results.values, results.next++,
                 query(&summary, percentage, options->relative_error));
    }
    bool is_null = summary.count == 0 || options->percentage_count == 0;
    eagre_percentile_results_end_row(&results, row, is_null);
    eagre_free(summary.samples);
  }
  return EAGRE_OK;
}

/* ---- Binding --------------------------------------------------------------------------------- */

static const struct eagre_aggregate_kernels kernels_of_quantiles = {
    .accumulator_size = sizeof(struct quantile_state),
    .text_offset = offsetof(struct quantile_state, samples),
    .text_count = 2,
    .update = update_quantiles,
    .merge = merge_quantiles,
    .finish = finish_quantiles,
};

/* Dates and timestamps are counted as days and microseconds. */
static enum eagre_status bind_value(struct eagre_bind *bind, struct eagre_aggregate *out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  const struct eagre_type *number = eagre_type_of(EAGRE_TYPE_DOUBLE);
  out->result_type = bind->arguments[0]->type;
  if (kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_NULL) out->result_type = number;
  switch (kind) {
  case EAGRE_TYPE_DATE:
    EAGRE_TRY(eagre_bind_other(bind, "unix_date", bind->arguments, 1, &bind->arguments[0]));
    return eagre_bind_cast(bind, 0, number);
  case EAGRE_TYPE_TIMESTAMP:
    EAGRE_TRY(eagre_bind_other(bind, "unix_micros", bind->arguments, 1, &bind->arguments[0]));
    return eagre_bind_cast(bind, 0, number);
  default:
    break;
  }
  if (eagre_type_is_numeric(kind) || kind == EAGRE_TYPE_STRING || kind == EAGRE_TYPE_NULL) {
    return eagre_bind_cast(bind, 0, number);
  }
  return eagre_bind_unexpected(bind, 0,
                               "(\"NUMERIC\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\" or "
                               "\"INTERVAL\")");
}

/* percentile_approx(a, percentage[, accuracy]) */
enum eagre_status eagre_aggregate_bind_percentile_approx(struct eagre_bind *bind,
                                                         struct eagre_aggregate *out) {
  struct eagre_percentile_options *options =
      eagre_arena_allocate_zeroed(bind->arena, sizeof *options);
  double accuracy = 10000;
  EAGRE_TRY(bind_value(bind, out));
  EAGRE_TRY(eagre_aggregate_bind_percentages(bind, 1, options));
  out->result_type = eagre_aggregate_percentile_type(bind->arena, options, out->result_type);
  if (bind->argument_count > 2) {
    enum eagre_type_kind kind = eagre_bind_kind(bind, 2);
    if (!eagre_type_is_integral(kind) && kind != EAGRE_TYPE_NULL) {
      return eagre_bind_unexpected(bind, 2, "\"INTEGRAL\"");
    }
    EAGRE_TRY(eagre_aggregate_bind_constant_double(bind, 2, "accuracy", &accuracy));
  }
  if (accuracy <= 0 || accuracy > INT32_MAX) {
    return eagre_bind_mismatch(
        bind, "VALUE_OUT_OF_RANGE",
        "The accuracy must be between (0, 2147483647] (current value = %.0f).", accuracy);
  }
  options->relative_error = 1.0 / accuracy;
  out->options = options;
  out->kernels = &kernels_of_quantiles;
  return EAGRE_OK;
}
