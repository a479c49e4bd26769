/* Aggregates: binding, and accumulators that are updated in batches, merged and finished.
 *
 * Accumulators (all zero = nothing seen), by kind:
 *   count, count_if   {int64 count}
 *   sum of BIGINT     {int64 count of values, int64 sum}
 *   sum of DOUBLE, avg {int64 count of values, double sum}
 *   min, max          {uint64 seen, value of 8 bytes}; texts {uint64 seen, struct eagre_text}
 *   every, any        {uint64 seen, uint64 value}
 * sum and avg get a BIGINT or DOUBLE argument; min and max keep integrals widened to int64 and
 * reals to double, which orders the same. */
#include "expression/expression_aggregate.h"

#include <math.h>
#include <string.h>

#include "expression/expression_bind.h"

struct sum_state {
  int64_t count;
  union {
    int64_t integer;
    double real;
  } sum;
};

struct extreme_state {
  uint64_t is_seen;
  union {
    int64_t integer;
    double real;
    struct eagre_text text;
  } value;
};

enum { EXTREME_SIZE = 16, EXTREME_TEXT_SIZE = sizeof(struct extreme_state) };

/* ---- Binding
 * -------------------------------------------------------------------------------------- */

static bool is_text(const struct eagre_type *type) {
  return type->kind == EAGRE_TYPE_STRING || type->kind == EAGRE_TYPE_BINARY;
}

static bool is_real(const struct eagre_type *type) {
  return type->kind == EAGRE_TYPE_FLOAT || type->kind == EAGRE_TYPE_DOUBLE;
}

/* SUM adds integrals as BIGINT and everything else, texts too, as DOUBLE; AVG all as DOUBLE. */
static enum eagre_status bind_sum(struct eagre_bind *bind, bool is_average,
                                  struct eagre_aggregate *out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  bool is_number = eagre_type_is_numeric(kind);
  if (!is_number && kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, 0, "(\"NUMERIC\" or \"ANSI INTERVAL\")");
  }
  if (kind == EAGRE_TYPE_DECIMAL) return eagre_bind_refuse_decimal(bind);
  bool is_integer = eagre_type_is_integral(kind) && !is_average;
  const struct eagre_type *type = eagre_type_of(is_integer ? EAGRE_TYPE_BIGINT : EAGRE_TYPE_DOUBLE);
  EAGRE_TRY(eagre_bind_cast(bind, 0, type));
  out->result_type = type;
  out->accumulator_size = sizeof(struct sum_state);
  return EAGRE_OK;
}

static enum eagre_status bind_extreme(struct eagre_bind *bind, struct eagre_aggregate *out) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  if (kind == EAGRE_TYPE_DECIMAL) return eagre_bind_refuse_decimal(bind);
  if (!eagre_type_is_supported(kind) || kind == EAGRE_TYPE_STRUCT) {
    return eagre_bind_mismatch(bind, "INVALID_ORDERING_TYPE",
                               "The `%s` does not support ordering on type %s.",
                               bind->function->info.name,
                               eagre_expression_type_name(bind->arena, bind->arguments[0]->type));
  }
  out->result_type = bind->arguments[0]->type;
  bool has_text = is_text(out->result_type);
  out->accumulator_size = has_text ? EXTREME_TEXT_SIZE : EXTREME_SIZE;
  if (has_text) out->text_offset = offsetof(struct extreme_state, value);
  return EAGRE_OK;
}

static enum eagre_status bind_kind(struct eagre_bind *bind, struct eagre_aggregate *out) {
  switch (bind->function->aggregate) {
  case EAGRE_AGGREGATE_SUM:
    return bind_sum(bind, false, out);
  case EAGRE_AGGREGATE_AVERAGE:
    return bind_sum(bind, true, out);
  case EAGRE_AGGREGATE_MINIMUM:
  case EAGRE_AGGREGATE_MAXIMUM:
    return bind_extreme(bind, out);
  case EAGRE_AGGREGATE_EVERY:
  case EAGRE_AGGREGATE_ANY:
    out->result_type = eagre_type_of(EAGRE_TYPE_BOOLEAN);
    out->accumulator_size = EXTREME_SIZE;
    return eagre_bind_parameter(bind, 0, EAGRE_TYPE_BOOLEAN);
  case EAGRE_AGGREGATE_COUNT_IF:
    out->accumulator_size = sizeof(int64_t);
    return eagre_bind_parameter(bind, 0, EAGRE_TYPE_BOOLEAN);
  default:
    out->accumulator_size = sizeof(int64_t);
    if (bind->arguments[0] == NULL) return EAGRE_OK;
    if (eagre_expression_is_decimal(bind->arguments[0]))
      return eagre_bind_cast(bind, 0, eagre_type_of(EAGRE_TYPE_DOUBLE));
    return EAGRE_OK;
  }
}

enum eagre_status eagre_aggregate_bind(struct eagre_arena *arena, struct eagre_text function,
                                       struct eagre_expression **inout_argument,
                                       const struct eagre_expression_session *session,
                                       struct eagre_sql_position position,
                                       struct eagre_aggregate *out, struct eagre_error *error) {
  struct eagre_bind bind = {
      .arena = arena,
      .function = eagre_function_find(function),
      .arguments = inout_argument,
      .argument_count = *inout_argument == NULL ? 0 : 1,
      .session = session,
      .position = position,
      .error = error,
  };
  if (bind.function == NULL || !bind.function->info.is_aggregate) {
    enum eagre_status status = eagre_function_refuse(function, error);
    eagre_expression_place_error(position, error);
    return status;
  }
  if (*inout_argument == NULL && bind.function->aggregate != EAGRE_AGGREGATE_COUNT) {
    return eagre_bind_fail(&bind, position, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                           "The `%s` requires 1 parameters but the actual number is 0.",
                           bind.function->info.name);
  }
  *out = (struct eagre_aggregate){
      .info = &bind.function->info,
      .result_type = eagre_type_of(EAGRE_TYPE_BIGINT),
      .text_offset = -1,
      .position = position,
      .kind = bind.function->aggregate,
  };
  EAGRE_TRY(bind_kind(&bind, out));
  out->argument_type = *inout_argument == NULL ? NULL : (*inout_argument)->type;
  return EAGRE_OK;
}

/* ---- Updating
 * --------------------------------------------------------------------------------------- */

/* What one update walks over. */
struct update {
  const struct eagre_aggregate *aggregate;
  const struct eagre_vector *argument;
  uint32_t row_count;
  char *const *accumulators;
  uint32_t offset;
  struct eagre_arena *arena;
  struct eagre_error *error;
};

static inline char *find_state(const struct update *update, uint32_t row) {
  return update->accumulators[row] + update->offset;
}

/* A constant argument counts for every row. */
static inline bool has_value(const struct update *update, uint32_t row) {
  return !eagre_vector_is_null(update->argument, row);
}

static void count_rows(const struct update *update) {
  for (uint32_t row = 0; row < update->row_count; row++) {
    *(int64_t *)find_state(update, row) += 1;
  }
}

static void count_values(const struct update *update) {
  if (update->argument == NULL ||
      (update->argument->validity == NULL && update->argument->type->kind != EAGRE_TYPE_NULL)) {
    count_rows(update);
    return;
  }
  for (uint32_t row = 0; row < update->row_count; row++) {
    *(int64_t *)find_state(update, row) += has_value(update, row);
  }
}

static void count_true(const struct update *update) {
  const struct eagre_vector *argument = update->argument;
  for (uint32_t row = 0; row < update->row_count; row++) {
    bool is_true =
        has_value(update, row) && eagre_bit_get(argument->data, eagre_vector_index(argument, row));
    *(int64_t *)find_state(update, row) += is_true;
  }
}

static enum eagre_status fail_sum(const struct eagre_aggregate *aggregate, int64_t row,
                                  struct eagre_error *error) {
  eagre_error_set(error, EAGRE_DATA, "ARITHMETIC_OVERFLOW",
                  "long overflow. Use 'try_sum' to tolerate overflow and return NULL instead.");
  if (error != NULL) error->row = row;
  eagre_expression_place_error(aggregate->position, error);
  return EAGRE_DATA;
}

static inline bool add_integer(struct sum_state *state, int64_t value) {
  state->count++;
  return __builtin_add_overflow(state->sum.integer, value, &state->sum.integer);
}

static enum eagre_status sum_integers(const struct update *update) {
  const int64_t *values = update->argument->data;
  bool has_nulls = update->argument->validity != NULL;
  if (!has_nulls && !update->argument->is_constant) {
    for (uint32_t row = 0; row < update->row_count; row++) {
      if (__builtin_expect(add_integer((struct sum_state *)find_state(update, row), values[row]),
                           0)) {
        return fail_sum(update->aggregate, row, update->error);
      }
    }
    return EAGRE_OK;
  }
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!has_value(update, row)) continue;
    int64_t value = values[eagre_vector_index(update->argument, row)];
    if (add_integer((struct sum_state *)find_state(update, row), value)) {
      return fail_sum(update->aggregate, row, update->error);
    }
  }
  return EAGRE_OK;
}

static void sum_reals(const struct update *update) {
  const double *values = update->argument->data;
  bool is_plain = update->argument->validity == NULL && !update->argument->is_constant;
  for (uint32_t row = 0; is_plain && row < update->row_count; row++) {
    struct sum_state *state = (struct sum_state *)find_state(update, row);
    state->count++;
    state->sum.real += values[row];
  }
  for (uint32_t row = 0; !is_plain && row < update->row_count; row++) {
    if (!has_value(update, row)) continue;
    struct sum_state *state = (struct sum_state *)find_state(update, row);
    state->count++;
    state->sum.real += values[eagre_vector_index(update->argument, row)];
  }
}

/* ---- Extremes
 * --------------------------------------------------------------------------------------- */

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

/* With readable bytes behind it, as every text of this room, so that from_json may read it. */
static struct eagre_text copy_padded(struct eagre_arena *arena, struct eagre_text text) {
  enum { PADDING = 64 };
  char *copy = eagre_arena_allocate(arena, text.size + PADDING);
  if (text.size > 0) memcpy(copy, text.data, text.size);
  return (struct eagre_text){copy, text.size};
}

static void keep_text(struct extreme_state *state, struct eagre_text value, bool wants_greater,
                      struct eagre_arena *arena) {
  int order = state->is_seen ? eagre_text_compare(value, state->value.text) : 0;
  bool is_better = wants_greater ? order > 0 : order < 0;
  if (!state->is_seen || is_better) state->value.text = copy_padded(arena, value);
  state->is_seen = 1;
}

/* The loop without NULLs is apart so that it tests nothing but the values. */
#define DEFINE_EXTREMES(name, type, keep)                                                          \
  static void name(const struct update *update, bool wants_greater) {                              \
    const struct eagre_vector *argument = update->argument;                                        \
    const type *values = argument->data;                                                           \
    bool is_plain = argument->validity == NULL && !argument->is_constant;                          \
    for (uint32_t row = 0; is_plain && row < update->row_count; row++) {                           \
      keep((struct extreme_state *)find_state(update, row), values[row], wants_greater);           \
    }                                                                                              \
    for (uint32_t row = 0; !is_plain && row < update->row_count; row++) {                          \
      if (!has_value(update, row)) continue;                                                       \
      keep((struct extreme_state *)find_state(update, row),                                        \
           values[eagre_vector_index(argument, row)], wants_greater);                              \
    }                                                                                              \
  }

DEFINE_EXTREMES(keep_tinyints, int8_t, keep_integer)
DEFINE_EXTREMES(keep_smallints, int16_t, keep_integer)
DEFINE_EXTREMES(keep_ints, int32_t, keep_integer)
DEFINE_EXTREMES(keep_bigints, int64_t, keep_integer)
DEFINE_EXTREMES(keep_floats, float, keep_real)
DEFINE_EXTREMES(keep_doubles, double, keep_real)

static void keep_texts(const struct update *update, bool wants_greater) {
  const struct eagre_vector *argument = update->argument;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!has_value(update, row)) continue;
    struct eagre_text value =
        EAGRE_VALUES(struct eagre_text, argument)[eagre_vector_index(argument, row)];
    keep_text((struct extreme_state *)find_state(update, row), value, wants_greater, update->arena);
  }
}

/* every is the least of all, any the greatest. */
static void keep_booleans(const struct update *update, bool wants_greater) {
  const struct eagre_vector *argument = update->argument;
  for (uint32_t row = 0; row < update->row_count; row++) {
    if (!has_value(update, row)) continue;
    bool value = eagre_bit_get(argument->data, eagre_vector_index(argument, row));
    keep_integer((struct extreme_state *)find_state(update, row), value, wants_greater);
  }
}

static void update_extremes(const struct update *update, bool wants_greater) {
  switch (update->argument->type->kind) {
  case EAGRE_TYPE_NULL:
    break;
  case EAGRE_TYPE_BOOLEAN:
    keep_booleans(update, wants_greater);
    break;
  case EAGRE_TYPE_TINYINT:
    keep_tinyints(update, wants_greater);
    break;
  case EAGRE_TYPE_SMALLINT:
    keep_smallints(update, wants_greater);
    break;
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
    keep_ints(update, wants_greater);
    break;
  case EAGRE_TYPE_FLOAT:
    keep_floats(update, wants_greater);
    break;
  case EAGRE_TYPE_DOUBLE:
    keep_doubles(update, wants_greater);
    break;
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    keep_texts(update, wants_greater);
    break;
  default:
    keep_bigints(update, wants_greater);
  }
}

enum eagre_status eagre_aggregate_update(const struct eagre_aggregate *aggregate,
                                         const struct eagre_vector *argument, uint32_t row_count,
                                         char *const *accumulators, uint32_t offset,
                                         struct eagre_arena *arena, struct eagre_error *error) {
  struct update update = {aggregate, argument, row_count, accumulators, offset, arena, error};
  switch ((enum eagre_aggregate_kind)aggregate->kind) {
  case EAGRE_AGGREGATE_COUNT_IF:
    count_true(&update);
    return EAGRE_OK;
  case EAGRE_AGGREGATE_SUM:
  case EAGRE_AGGREGATE_AVERAGE:
    if (argument->type->kind == EAGRE_TYPE_BIGINT) return sum_integers(&update);
    sum_reals(&update);
    return EAGRE_OK;
  case EAGRE_AGGREGATE_MINIMUM:
  case EAGRE_AGGREGATE_EVERY:
    update_extremes(&update, false);
    return EAGRE_OK;
  case EAGRE_AGGREGATE_MAXIMUM:
  case EAGRE_AGGREGATE_ANY:
    update_extremes(&update, true);
    return EAGRE_OK;
  default:
    count_values(&update);
    return EAGRE_OK;
  }
}

/* ---- Merging
 * ---------------------------------------------------------------------------------------- */

static enum eagre_status merge_sums(const struct eagre_aggregate *aggregate, char *into,
                                    const char *from, struct eagre_error *error) {
  struct sum_state *a = (struct sum_state *)into;
  const struct sum_state *b = (const struct sum_state *)from;
  a->count += b->count;
  if (aggregate->argument_type->kind != EAGRE_TYPE_BIGINT) {
    a->sum.real += b->sum.real;
    return EAGRE_OK;
  }
  bool is_over = __builtin_add_overflow(a->sum.integer, b->sum.integer, &a->sum.integer);
  return is_over ? fail_sum(aggregate, -1, error) : EAGRE_OK;
}

static void merge_extremes(const struct eagre_aggregate *aggregate, char *into, const char *from,
                           bool wants_greater, struct eagre_arena *arena) {
  struct extreme_state *a = (struct extreme_state *)into;
  const struct extreme_state *b = (const struct extreme_state *)from;
  if (!b->is_seen) return;
  if (is_text(aggregate->argument_type)) {
    keep_text(a, b->value.text, wants_greater, arena);
  } else if (is_real(aggregate->argument_type)) {
    keep_real(a, b->value.real, wants_greater);
  } else {
    keep_integer(a, b->value.integer, wants_greater);
  }
}

enum eagre_status eagre_aggregate_merge(const struct eagre_aggregate *aggregate, char *into,
                                        const char *from, struct eagre_arena *arena,
                                        struct eagre_error *error) {
  switch ((enum eagre_aggregate_kind)aggregate->kind) {
  case EAGRE_AGGREGATE_SUM:
  case EAGRE_AGGREGATE_AVERAGE:
    return merge_sums(aggregate, into, from, error);
  case EAGRE_AGGREGATE_MINIMUM:
  case EAGRE_AGGREGATE_EVERY:
    merge_extremes(aggregate, into, from, false, arena);
    return EAGRE_OK;
  case EAGRE_AGGREGATE_MAXIMUM:
  case EAGRE_AGGREGATE_ANY:
    merge_extremes(aggregate, into, from, true, arena);
    return EAGRE_OK;
  default:
    *(int64_t *)into += *(const int64_t *)from;
    return EAGRE_OK;
  }
}

/* ---- Finishing
 * -------------------------------------------------------------------------------------- */

static bool finish_sum(const struct eagre_aggregate *aggregate, const char *state, uint32_t row,
                       struct eagre_vector *out) {
  const struct sum_state *sum = (const struct sum_state *)state;
  bool is_average = aggregate->kind == EAGRE_AGGREGATE_AVERAGE;
  if (out->type->kind == EAGRE_TYPE_BIGINT) {
    EAGRE_VALUES(int64_t, out)[row] = sum->sum.integer;
  } else {
    double divisor = is_average && sum->count != 0 ? (double)sum->count : 1;
    EAGRE_VALUES(double, out)[row] = sum->sum.real / divisor;
  }
  return sum->count != 0;
}

static bool finish_extreme(const char *state, uint32_t row, struct eagre_vector *out) {
  const struct extreme_state *extreme = (const struct extreme_state *)state;
  switch (out->type->kind) {
  case EAGRE_TYPE_NULL:
    return false;
  case EAGRE_TYPE_BOOLEAN:
    eagre_bit_put(out->data, row, extreme->value.integer != 0);
    break;
  case EAGRE_TYPE_FLOAT:
    EAGRE_VALUES(float, out)[row] = (float)extreme->value.real;
    break;
  case EAGRE_TYPE_DOUBLE:
    EAGRE_VALUES(double, out)[row] = extreme->value.real;
    break;
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    EAGRE_VALUES(struct eagre_text, out)
    [row] = extreme->is_seen ? extreme->value.text : EAGRE_TEXT("");
    break;
  default: {
    /* Little-endian: the low bytes of the int64 are the narrower integer. */
    uint32_t width = eagre_type_width(out->type->kind);
    memcpy((char *)out->data + (size_t)row * width, &extreme->value.integer, width);
  }
  }
  return extreme->is_seen != 0;
}

void eagre_aggregate_finish(const struct eagre_aggregate *aggregate, char *const *accumulators,
                            uint32_t offset, uint32_t row_count, struct eagre_vector *out,
                            struct eagre_arena *arena) {
  eagre_vector_init(out, aggregate->result_type, row_count, arena);
  bool is_sum =
      aggregate->kind == EAGRE_AGGREGATE_SUM || aggregate->kind == EAGRE_AGGREGATE_AVERAGE;
  bool is_count =
      aggregate->kind == EAGRE_AGGREGATE_COUNT || aggregate->kind == EAGRE_AGGREGATE_COUNT_IF;
  for (uint32_t row = 0; row < row_count; row++) {
    const char *state = accumulators[row] + offset;
    bool has_result = true;
    if (is_count) {
      EAGRE_VALUES(int64_t, out)[row] = *(const int64_t *)state;
    } else if (is_sum) {
      has_result = finish_sum(aggregate, state, row, out);
    } else {
      has_result = finish_extreme(state, row, out);
    }
    if (!has_result) eagre_vector_set_null(out, row, row_count, arena);
  }
}
