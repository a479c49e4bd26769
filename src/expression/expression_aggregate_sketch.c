/* approx_count_distinct: HyperLogLog++ as Spark has it, number for number.
 *
 * The input is xxhash64 of the value. Its first `precision` bits choose a register, which keeps the
 * greatest position of the first 1 among the others. Accumulator: {struct eagre_text}, one byte per
 * register, absent while nothing was seen. */
#include <math.h>
#include <string.h>

#include "expression/expression_aggregate_value.h"

enum { PRECISION_MIN = 4, PRECISION_MAX = 25, BIAS_PRECISION_MAX = 18, NEIGHBOURS = 6 };

struct sketch_options {
  uint32_t precision;
};

struct sketch_state {
  struct eagre_text registers;
};

/* ---- Registers ------------------------------------------------------------------------------- */

static unsigned char *registers_of(struct sketch_state *state, uint32_t precision,
                                   struct eagre_arena *arena) {
  if (state->registers.data == NULL) {
    size_t size = (size_t)1 << precision;
    memset(eagre_arena_grow_text(arena, &state->registers, size), 0, size);
  }
  return (unsigned char *)(uintptr_t)state->registers.data;
}

static enum eagre_status add_hashes(const struct eagre_aggregate_update *update) {
  const struct sketch_options *options = update->aggregate->options;
  const struct eagre_vector *input = update->inputs;
  uint32_t precision = options->precision;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!eagre_aggregate_has_value(update, 0, row)) continue;
    uint64_t hash = EAGRE_VALUES(uint64_t, input)[eagre_vector_index(input, row)];
    struct sketch_state *state = (struct sketch_state *)eagre_aggregate_state(update, row);
    unsigned char *registers = registers_of(state, precision, update->arena);
    uint64_t rest = hash << precision | UINT64_C(1) << (precision - 1);
    unsigned char position = (unsigned char)(__builtin_clzll(rest) + 1);
    unsigned char *chosen = &registers[hash >> (64 - precision)];
    if (position > *chosen) *chosen = position;
  }
  return EAGRE_OK;
}

static enum eagre_status merge_registers(const struct eagre_aggregate *aggregate, char *into,
                                         const char *from, struct eagre_arena *arena,
                                         struct eagre_error *error) {
  (void)error;
  const struct sketch_options *options = aggregate->options;
  struct eagre_text other = ((const struct sketch_state *)from)->registers;
  if (other.data == NULL) return EAGRE_OK;
  unsigned char *registers = registers_of((struct sketch_state *)into, options->precision, arena);
  const unsigned char *others = (const unsigned char *)other.data;
  for (size_t i = 0; i < other.size; i++) {
    if (others[i] > registers[i]) registers[i] = others[i];
  }
  return EAGRE_OK;
}

/* ---- Estimates ------------------------------------------------------------------------------- */

struct bias_table {
  uint32_t count;
  const double *estimates; /* ascending */
  const double *biases;
};

#define FIGURES(...)                                                                               \
  (const double[]) {                                                                               \
    __VA_ARGS__                                                                                    \
  }
#define EAGRE_BIAS(precision, count, estimates, biases)                                            \
  [(precision)-PRECISION_MIN] = {(count), (estimates), (biases)},
static const struct bias_table bias_tables[BIAS_PRECISION_MAX - PRECISION_MIN + 1] = {
#include "expression/expression_aggregate_bias.def"
};
#undef EAGRE_BIAS
#undef FIGURES

/* Up to here counting empty registers is better than the estimate. */
static const double counting_bounds[BIAS_PRECISION_MAX - PRECISION_MIN + 1] = {
    10, 20, 40, 80, 220, 400, 900, 1800, 3100, 6500, 15500, 20000, 50000, 120000, 350000,
};

static uint32_t find_estimate(const struct bias_table *table, double estimate) {
  uint32_t low = 0;
  uint32_t high = table->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (table->estimates[middle] < estimate) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static double distance(const struct bias_table *table, uint32_t index, double estimate) {
  double difference = estimate - table->estimates[index];
  return difference * difference;
}

/* The mean bias of the nearest estimates. */
static double estimate_bias(uint32_t precision, double estimate) {
  const struct bias_table *table = &bias_tables[precision - PRECISION_MIN];
  uint32_t nearest = find_estimate(table, estimate);
  uint32_t low = nearest + 1 > NEIGHBOURS ? nearest + 1 - NEIGHBOURS : 0;
  uint32_t high = low + NEIGHBOURS < table->count ? low + NEIGHBOURS : table->count;
  while (high < table->count && distance(table, high, estimate) < distance(table, low, estimate)) {
    low++;
    high++;
  }
  double sum = 0;
  for (uint32_t i = low; i < high; i++) {
    sum += table->biases[i];
  }
  return sum / (high - low);
}

static double alpha_of(uint32_t precision, double count) {
  if (precision == 4) return 0.673;
  if (precision == 5) return 0.697;
  if (precision == 6) return 0.709;
  return 0.7213 / (1.0 + 1.079 / count);
}

static int64_t estimate_count(const unsigned char *registers, uint32_t precision) {
  double count = (double)(UINT64_C(1) << precision);
  double inverse_sum = 0;
  double empty_count = 0;
  for (uint32_t i = 0; i < UINT32_C(1) << precision; i++) {
    inverse_sum += 1.0 / (double)(UINT64_C(1) << registers[i]);
    empty_count += registers[i] == 0;
  }
  bool has_table = precision <= BIAS_PRECISION_MAX;
  double raw = alpha_of(precision, count) * count * count / inverse_sum;
  double estimate = raw;
  if (has_table && raw < 5.0 * count) estimate -= estimate_bias(precision, raw);
  if (empty_count > 0) {
    double counted = count * log(count / empty_count);
    bool is_small = has_table && counted <= counting_bounds[precision - PRECISION_MIN];
    if (is_small || raw <= 2.5 * count) estimate = counted;
  }
  return (int64_t)floor(estimate + 0.5);
}

static enum eagre_status finish_estimates(const struct eagre_aggregate_finish *finish) {
  const struct sketch_options *options = finish->aggregate->options;
  for (uint32_t row = 0; row < finish->row_count; row++) {
    const struct sketch_state *state =
        (const struct sketch_state *)eagre_aggregate_result(finish, row);
    bool is_empty = state->registers.data == NULL;
    EAGRE_VALUES(int64_t, finish->out)
    [row] = is_empty
                ? 0
                : estimate_count((const unsigned char *)state->registers.data, options->precision);
  }
  return EAGRE_OK;
}

/* ---- Binding --------------------------------------------------------------------------------- */

static const struct eagre_aggregate_kernels kernels_of_sketch = {
    .accumulator_size = sizeof(struct sketch_state),
    .text_offset = offsetof(struct sketch_state, registers),
    .text_count = 1,
    .update = add_hashes,
    .merge = merge_registers,
    .finish = finish_estimates,
};

/* xxhash64(a), and NULL where a is. */
static enum eagre_status hash_argument(struct eagre_bind *bind) {
  struct eagre_expression *parts[2];
  EAGRE_TRY(eagre_bind_other(bind, "isnotnull", bind->arguments, 1, &parts[0]));
  EAGRE_TRY(eagre_bind_other(bind, "xxhash64", bind->arguments, 1, &parts[1]));
  return eagre_expression_case(bind->arena, parts, 2, false, bind->session, bind->position,
                               &bind->arguments[0], bind->error);
}

/* The wanted deviation, a literal with a point: how many registers there are follows. */
static enum eagre_status bind_precision(struct eagre_bind *bind, uint32_t *out) {
  double deviation = 0.05;
  if (bind->argument_count > 1) {
    const struct eagre_expression *literal = bind->arguments[1];
    bool is_real =
        literal->type->kind == EAGRE_TYPE_DOUBLE || literal->type->kind == EAGRE_TYPE_DECIMAL;
    if (literal->kind != EAGRE_EXPRESSION_LITERAL || !is_real) {
      return eagre_bind_fail(bind, literal->position, "_LEGACY_ERROR_TEMP_1104",
                             "The second argument should be a double literal.");
    }
    EAGRE_TRY(eagre_aggregate_bind_constant_double(bind, 1, "relativeSD", &deviation));
  }
  double precision = ceil(2.0 * log(1.106 / deviation) / log(2.0));
  if (!(precision >= PRECISION_MIN)) {
    return eagre_bind_fail(bind, bind->position, "FAILED_FUNCTION_CALL",
                           "Failed preparing of the function `%s` for call: HLL++ requires at "
                           "least 4 bits for addressing. Use a lower error, at most 39%%.",
                           bind->function->info.name);
  }
  if (precision > PRECISION_MAX) {
    return eagre_bind_fail(bind, bind->position, "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                           "The relativeSD of `%s` must be at least 0.0002: a lower one needs more "
                           "than 32 MiB per group.",
                           bind->function->info.name);
  }
  *out = (uint32_t)precision;
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_approx_count_distinct(struct eagre_bind *bind,
                                                             struct eagre_aggregate *out) {
  struct sketch_options *options = eagre_arena_allocate(bind->arena, sizeof *options);
  EAGRE_TRY(bind_precision(bind, &options->precision));
  EAGRE_TRY(hash_argument(bind));
  out->kernels = &kernels_of_sketch;
  out->options = options;
  return EAGRE_OK;
}
