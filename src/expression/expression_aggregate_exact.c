/* Sums that take back: sum and avg over rows with weights (expression_aggregate_change.c).
 *
 * What was added must go away without a trace when it is taken away, so sums are kept exactly and
 * rounded, or found too large, only when they are read:
 *   - of BIGINT and DECIMAL as an integer of 192 bits, which 2^63 of them do not fill;
 *   - of DOUBLE as an integer of 2,176 bits whose unit is the least double, and beside it how often
 *     NaN and the infinities came. The result is the double next to the true sum, whatever the
 *     order of rows was.
 * Both are little-endian words in two's complement.
 *
 * To read a result the accumulator of the plain aggregate is filled with the sum, and its own
 * kernels do the rest. */
#include <math.h>
#include <string.h>

#include "expression/expression_aggregate_sum.h"

typedef unsigned __int128 eagre_wide;

/* words += or -= the `count` words of `value`, which stand from word `first` on. */
static void add_words(uint64_t *words, uint32_t word_count, uint32_t first, const uint64_t *value,
                      uint32_t count, bool is_negative) {
  bool carry = false;
  for (uint32_t i = 0; first + i < word_count; i++) {
    if (i >= count && !carry) return;
    uint64_t *word = &words[first + i];
    uint64_t term = i < count ? value[i] : 0;
    bool is_over;
    if (is_negative) {
      is_over = __builtin_sub_overflow(*word, term, word);
      is_over |= __builtin_sub_overflow(*word, (uint64_t)carry, word);
    } else {
      is_over = __builtin_add_overflow(*word, term, word);
      is_over |= __builtin_add_overflow(*word, (uint64_t)carry, word);
    }
    carry = is_over;
  }
}

static bool is_negative_words(const uint64_t *words, uint32_t count) {
  return words[count - 1] >> 63 != 0;
}

static uint64_t size_of_weight(int64_t weight) {
  return weight < 0 ? 0 - (uint64_t)weight : (uint64_t)weight;
}

static inline int64_t weight_at(const struct eagre_aggregate_update *update, uint32_t row) {
  const struct eagre_vector *weights = &update->inputs[1];
  return EAGRE_VALUES(int64_t, weights)[eagre_vector_index(weights, row)];
}

/* ---- BIGINT and DECIMAL ---------------------------------------------------------------------- */

enum { WIDE_WORDS = 3 };

struct wide_state {
  int64_t count;
  uint64_t words[WIDE_WORDS];
};

static void add_wide(struct wide_state *state, eagre_decimal value, int64_t weight) {
  eagre_wide size = value < 0 ? 0 - (eagre_wide)value : (eagre_wide)value;
  uint64_t factor = size_of_weight(weight);
  eagre_wide low = (eagre_wide)(uint64_t)size * factor;
  eagre_wide high = (size >> 64) * factor + (low >> 64);
  const uint64_t product[WIDE_WORDS] = {(uint64_t)low, (uint64_t)high, (uint64_t)(high >> 64)};
  state->count += weight;
  add_words(state->words, WIDE_WORDS, 0, product, WIDE_WORDS, (value < 0) != (weight < 0));
}

static enum eagre_status add_integers(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  const int64_t *values = input->data;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    add_wide((struct wide_state *)eagre_aggregate_state(update, row),
             values[eagre_vector_index(input, row)], weight_at(update, row));
  }
  return EAGRE_OK;
}

static enum eagre_status add_decimals(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  const eagre_decimal *values = input->data;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    add_wide((struct wide_state *)eagre_aggregate_state(update, row),
             values[eagre_vector_index(input, row)], weight_at(update, row));
  }
  return EAGRE_OK;
}

static enum eagre_status merge_wide(const struct eagre_aggregate *aggregate, char *into,
                                    const char *from, struct eagre_arena *arena,
                                    struct eagre_error *error) {
  (void)aggregate, (void)arena, (void)error;
  struct wide_state *state = (struct wide_state *)into;
  const struct wide_state *other = (const struct wide_state *)from;
  state->count += other->count;
  add_words(state->words, WIDE_WORDS, 0, other->words, WIDE_WORDS, false);
  return EAGRE_OK;
}

/* False when 128 bits do not hold it. */
static bool read_wide(const struct wide_state *state, eagre_decimal *out) {
  *out = (eagre_decimal)((eagre_wide)state->words[1] << 64 | state->words[0]);
  uint64_t sign = *out < 0 ? UINT64_MAX : 0;
  return state->words[2] == sign;
}

/* ---- DOUBLE ---------------------------------------------------------------------------------- */

enum { EXACT_WORDS = 34, MANTISSA_BITS = 52, EXPONENT_MASK = 0x7ff, UNIT_EXPONENT = -1074 };

struct exact_state {
  int64_t count;
  int64_t nan_count;
  int64_t infinity_count[2]; /* [whether it is negative] */
  uint64_t words[EXACT_WORDS];
};

static void add_finite(struct exact_state *state, uint64_t bits, int64_t weight) {
  uint32_t exponent = bits >> MANTISSA_BITS & EXPONENT_MASK;
  uint64_t mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
  if (exponent > 0) mantissa |= UINT64_C(1) << MANTISSA_BITS;
  uint32_t place = exponent > 0 ? exponent - 1 : 0;
  uint32_t shift = place % 64;
  eagre_wide product = (eagre_wide)mantissa * size_of_weight(weight);
  eagre_wide low = product << shift;
  uint64_t high = shift == 0 ? 0 : (uint64_t)(product >> (128 - shift));
  const uint64_t value[] = {(uint64_t)low, (uint64_t)(low >> 64), high};
  bool is_negative = (bits >> 63 != 0) != (weight < 0);
  add_words(state->words, EXACT_WORDS, place / 64, value, EAGRE_COUNT_OF(value), is_negative);
}

static void add_real(struct exact_state *state, double value, int64_t weight) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  state->count += weight;
  if (isnan(value)) {
    state->nan_count += weight;
  } else if (isinf(value)) {
    state->infinity_count[value < 0] += weight;
  } else {
    add_finite(state, bits, weight);
  }
}

static enum eagre_status add_reals(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  const double *values = input->data;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    add_real((struct exact_state *)eagre_aggregate_state(update, row),
             values[eagre_vector_index(input, row)], weight_at(update, row));
  }
  return EAGRE_OK;
}

static enum eagre_status merge_exact(const struct eagre_aggregate *aggregate, char *into,
                                     const char *from, struct eagre_arena *arena,
                                     struct eagre_error *error) {
  (void)aggregate, (void)arena, (void)error;
  struct exact_state *state = (struct exact_state *)into;
  const struct exact_state *other = (const struct exact_state *)from;
  state->count += other->count;
  state->nan_count += other->nan_count;
  state->infinity_count[0] += other->infinity_count[0];
  state->infinity_count[1] += other->infinity_count[1];
  add_words(state->words, EXACT_WORDS, 0, other->words, EXACT_WORDS, false);
  return EAGRE_OK;
}

/* The double next to a number of words that is not negative: its 64 highest bits, the last of which
 * says as well whether anything is below them, round like the whole. */
static double round_words(const uint64_t words[EXACT_WORDS]) {
  int32_t top = EXACT_WORDS - 1;
  while (top > 0 && words[top] == 0) {
    top--;
  }
  if (words[top] == 0) return 0;
  if (top == 0) return ldexp((double)words[0], UNIT_EXPONENT);
  uint32_t free_bits = (uint32_t)__builtin_clzll(words[top]);
  eagre_wide pair = (eagre_wide)words[top] << 64 | words[top - 1];
  pair <<= free_bits;
  uint64_t bits = (uint64_t)(pair >> 64);
  bool has_more = (uint64_t)pair != 0;
  for (int32_t i = 0; i < top - 1 && !has_more; i++) {
    has_more = words[i] != 0;
  }
  return ldexp((double)(bits | has_more), UNIT_EXPONENT + top * 64 - (int32_t)free_bits);
}

static double read_exact(const struct exact_state *state) {
  if (state->nan_count > 0 || (state->infinity_count[0] > 0 && state->infinity_count[1] > 0))
    return NAN;
  if (state->infinity_count[0] > 0) return INFINITY;
  if (state->infinity_count[1] > 0) return -INFINITY;
  if (!is_negative_words(state->words, EXACT_WORDS)) return round_words(state->words);
  uint64_t negated[EXACT_WORDS] = {0};
  add_words(negated, EXACT_WORDS, 0, state->words, EXACT_WORDS, true);
  return -round_words(negated);
}

/* ---- Results --------------------------------------------------------------------------------- */

static enum eagre_status put_integer(const struct eagre_aggregate *inner, const char *from,
                                     char *into, struct eagre_error *error) {
  const struct wide_state *state = (const struct wide_state *)from;
  struct sum_state *sum = (struct sum_state *)into;
  eagre_decimal value;
  sum->count = state->count;
  sum->sum.integer = (int64_t)state->words[0];
  if (eagre_aggregate_sum_wraps(inner)) return EAGRE_OK;
  bool fits = read_wide(state, &value) && value >= INT64_MIN && value <= INT64_MAX;
  bool is_try = strcmp(inner->info->name, "try_sum") == 0;
  if (!fits && !is_try) return eagre_aggregate_fail_sum(inner, -1, error);
  if (!fits) sum->count = EAGRE_SUM_OVERFLOWN;
  return EAGRE_OK;
}

static enum eagre_status put_decimal(const struct eagre_aggregate *inner, const char *from,
                                     char *into, struct eagre_error *error) {
  (void)inner, (void)error;
  const struct wide_state *state = (const struct wide_state *)from;
  struct decimal_state *sum = (struct decimal_state *)into;
  eagre_decimal value;
  sum->count = read_wide(state, &value) ? state->count : EAGRE_SUM_OVERFLOWN;
  memcpy(sum->digits, &value, sizeof value);
  return EAGRE_OK;
}

static enum eagre_status put_real(const struct eagre_aggregate *inner, const char *from, char *into,
                                  struct eagre_error *error) {
  (void)inner, (void)error;
  const struct exact_state *state = (const struct exact_state *)from;
  struct sum_state *sum = (struct sum_state *)into;
  sum->count = state->count;
  sum->sum.real = read_exact(state);
  return EAGRE_OK;
}

typedef enum eagre_status put_fn(const struct eagre_aggregate *inner, const char *from, char *into,
                                 struct eagre_error *error);

static enum eagre_status finish_with(const struct eagre_aggregate_finish *finish, put_fn *put) {
  const struct eagre_aggregate *inner = finish->aggregate->options;
  size_t size = inner->accumulator_size;
  char *states = eagre_arena_allocate_zeroed(finish->arena, finish->row_count * size + 1);
  char **results = eagre_arena_allocate(finish->arena, sizeof *results * (finish->row_count + 1));
  for (uint32_t row = 0; row < finish->row_count; row++) {
    results[row] = states + row * size;
    EAGRE_TRY(put(inner, eagre_aggregate_result(finish, row), results[row], finish->error));
  }
  return eagre_aggregate_finish(inner, results, 0, finish->row_count, finish->out, finish->arena,
                                finish->error);
}

static enum eagre_status finish_integers(const struct eagre_aggregate_finish *finish) {
  return finish_with(finish, put_integer);
}
static enum eagre_status finish_decimals(const struct eagre_aggregate_finish *finish) {
  return finish_with(finish, put_decimal);
}
static enum eagre_status finish_reals(const struct eagre_aggregate_finish *finish) {
  return finish_with(finish, put_real);
}

static const struct eagre_aggregate_kernels kernels_of_integers = {
    .accumulator_size = sizeof(struct wide_state),
    .update = add_integers,
    .merge = merge_wide,
    .finish = finish_integers,
};
static const struct eagre_aggregate_kernels kernels_of_decimals = {
    .accumulator_size = sizeof(struct wide_state),
    .update = add_decimals,
    .merge = merge_wide,
    .finish = finish_decimals,
};
static const struct eagre_aggregate_kernels kernels_of_reals = {
    .accumulator_size = sizeof(struct exact_state),
    .update = add_reals,
    .merge = merge_exact,
    .finish = finish_reals,
};

const struct eagre_aggregate_kernels *
eagre_aggregate_exact_kernels(const struct eagre_aggregate *inner) {
  switch (inner->argument_type->kind) {
  case EAGRE_TYPE_BIGINT:
    return &kernels_of_integers;
  case EAGRE_TYPE_DECIMAL:
    return &kernels_of_decimals;
  default:
    eagre_assert(inner->argument_type->kind == EAGRE_TYPE_DOUBLE);
    return &kernels_of_reals;
  }
}
