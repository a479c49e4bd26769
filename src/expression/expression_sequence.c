/* sequence(start, stop[, step]) over integrals; over DATE and TIMESTAMP with an interval. */
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_list.h"
#include "expression/expression_time.h"

/* ---- Binding --------------------------------------------------------------------------------- */

static enum eagre_status bind_times(struct eagre_bind *bind, const struct eagre_type *type,
                                    struct eagre_expression **out) {
  bool has_step = bind->argument_count == 3;
  bool is_months = has_step && eagre_bind_kind(bind, 2) == EAGRE_TYPE_INTERVAL_YEAR;
  if (has_step && !is_months && eagre_bind_kind(bind, 2) != EAGRE_TYPE_INTERVAL_DAY) {
    return eagre_bind_mismatch(
        bind, "SEQUENCE_WRONG_INPUT_TYPES",
        "`sequence` over dates and timestamps needs an interval as its step, "
        "not %s.",
        eagre_expression_type_name(bind->arena, bind->arguments[2]->type));
  }
  *out = eagre_bind_call(bind, eagre_type_array(bind->arena, type), eagre_kernel_sequence_times);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_sequence(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *type;
  EAGRE_TRY(eagre_bind_unify(bind, 0, 2, &type));
  if (type->kind == EAGRE_TYPE_DATE || type->kind == EAGRE_TYPE_TIMESTAMP) {
    return bind_times(bind, type, out);
  }
  bool is_integral = eagre_type_is_integral(type->kind);
  if (is_integral && bind->argument_count == 3) {
    is_integral = eagre_type_is_integral(eagre_bind_kind(bind, 2));
    if (is_integral) EAGRE_TRY(eagre_bind_unify(bind, 0, 3, &type));
  }
  if (!is_integral) {
    return eagre_bind_mismatch(bind, "SEQUENCE_WRONG_INPUT_TYPES",
                               "`sequence` uses the wrong parameter type. The parameter type must "
                               "conform to: start and stop are integral, DATE or TIMESTAMP.");
  }
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    EAGRE_TRY(eagre_bind_cast(bind, i, eagre_type_of(EAGRE_TYPE_BIGINT)));
  }
  *out = eagre_bind_call(bind, eagre_type_array(bind->arena, type), eagre_kernel_sequence);
  return EAGRE_OK;
}

/* ---- Running --------------------------------------------------------------------------------- */

/* Values of all rows, before they take the type of the result. */
struct sequence {
  struct eagre_kernel_call *call;
  int32_t *offsets;
  int64_t *values; /* heap */
  uint32_t count;
  uint32_t capacity;
};

static enum eagre_status put(struct sequence *sequence, uint32_t row, int64_t value) {
  if (sequence->count == EAGRE_LIST_ELEMENTS_MAX) {
    return eagre_kernel_fail(sequence->call, row, "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION",
                             "Can't create array with more than %d elements in one batch, by the "
                             "function `sequence`.",
                             EAGRE_LIST_ELEMENTS_MAX);
  }
  if (sequence->count == sequence->capacity) {
    sequence->capacity = sequence->capacity == 0 ? 1024 : sequence->capacity * 2;
    sequence->values =
        eagre_reallocate(sequence->values, sequence->capacity * sizeof *sequence->values);
  }
  sequence->values[sequence->count++] = value;
  return EAGRE_OK;
}

static enum eagre_status fail_boundaries(struct sequence *sequence, uint32_t row) {
  return eagre_kernel_fail(sequence->call, row, "ILLEGAL_SEQUENCE_BOUNDARIES",
                           "Illegal sequence boundaries: the step must lead from start to stop.");
}

static enum eagre_status put_integers(struct sequence *sequence, uint32_t row) {
  const struct eagre_kernel_call *call = sequence->call;
  int64_t start = EAGRE_ARGUMENT(int64_t, call, 0, row);
  int64_t stop = EAGRE_ARGUMENT(int64_t, call, 1, row);
  int64_t step = start <= stop ? 1 : -1;
  if (call->node->argument_count == 3) step = EAGRE_ARGUMENT(int64_t, call, 2, row);
  bool is_legal = step > 0 ? start <= stop : step < 0 ? start >= stop : start == stop;
  if (!is_legal) return fail_boundaries(sequence, row);
  for (int64_t value = start; step > 0 ? value <= stop : value >= stop;) {
    EAGRE_TRY(put(sequence, row, value));
    if (step == 0 || __builtin_add_overflow(value, step, &value)) break;
  }
  return EAGRE_OK;
}

static void write_values(const struct sequence *sequence, struct eagre_vector *out) {
  for (uint32_t i = 0; i < sequence->count; i++) {
    int64_t value = sequence->values[i];
    switch (eagre_type_width(out->type->kind)) {
    case 1:
      EAGRE_VALUES(int8_t, out)[i] = (int8_t)value;
      break;
    case 2:
      EAGRE_VALUES(int16_t, out)[i] = (int16_t)value;
      break;
    case 4:
      EAGRE_VALUES(int32_t, out)[i] = (int32_t)value;
      break;
    default:
      EAGRE_VALUES(int64_t, out)[i] = value;
    }
  }
}

static enum eagre_status run_sequence(struct eagre_kernel_call *call,
                                      enum eagre_status (*put_row)(struct sequence *sequence,
                                                                   uint32_t row)) {
  struct sequence sequence = {.call = call};
  enum eagre_status status = EAGRE_OK;
  sequence.offsets =
      eagre_arena_allocate_vector(call->arena, (call->row_count + 1) * sizeof(int32_t));
  sequence.offsets[0] = 0;
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    if (eagre_kernel_is_live(call, row)) status = put_row(&sequence, row);
    sequence.offsets[row + 1] = (int32_t)sequence.count;
  }
  if (status == EAGRE_OK) {
    call->out->offsets = sequence.offsets;
    call->out->children = eagre_arena_allocate(call->arena, sizeof *call->out->children);
    eagre_vector_init(call->out->children, call->node->type->fields[0].type, sequence.count,
                      call->arena);
    write_values(&sequence, call->out->children);
  }
  eagre_free(sequence.values);
  return status;
}

enum eagre_status eagre_kernel_sequence(struct eagre_kernel_call *call) {
  return run_sequence(call, put_integers);
}

/* ---- Dates and timestamps -------------------------------------------------------------------- */

/* An instant `months` and `days` later on the session's calendar and clock, then `rest_us`. */
static int64_t add_to_local(const struct sequence *sequence, int64_t start_us, int64_t months,
                            int64_t days, int64_t rest_us) {
  const struct eagre_zone *zone = sequence->call->zone;
  int64_t local_us = eagre_time_local(start_us, zone);
  int64_t day = eagre_divide_floor(local_us, EAGRE_MICROS_PER_DAY);
  int64_t clock_us = local_us - day * EAGRE_MICROS_PER_DAY;
  if (months != 0) day = eagre_time_add_months(day, months);
  return eagre_time_instant((day + days) * EAGRE_MICROS_PER_DAY + clock_us, zone) + rest_us;
}

/* Element i is start + i * step, as Spark counts: whole days of the step go by the calendar. */
static enum eagre_status put_times(struct sequence *sequence, uint32_t row) {
  const struct eagre_kernel_call *call = sequence->call;
  bool is_date = call->node->type->fields[0].type->kind == EAGRE_TYPE_DATE;
  int64_t start =
      is_date ? EAGRE_ARGUMENT(int32_t, call, 0, row) : EAGRE_ARGUMENT(int64_t, call, 0, row);
  int64_t stop =
      is_date ? EAGRE_ARGUMENT(int32_t, call, 1, row) : EAGRE_ARGUMENT(int64_t, call, 1, row);
  bool has_step = call->node->argument_count == 3;
  bool is_months = has_step && call->arguments[2]->type->kind == EAGRE_TYPE_INTERVAL_YEAR;
  int64_t months = is_months ? EAGRE_ARGUMENT(int32_t, call, 2, row) : 0;
  int64_t step_us = start <= stop ? EAGRE_MICROS_PER_DAY : -EAGRE_MICROS_PER_DAY;
  if (is_months) {
    step_us = 0;
  } else if (has_step) {
    step_us = EAGRE_ARGUMENT(int64_t, call, 2, row);
  }
  bool is_forward = months > 0 || step_us > 0;
  if ((months == 0 && step_us == 0 && start != stop) ||
      (start != stop && is_forward != (start < stop))) {
    return fail_boundaries(sequence, row);
  }
  if (is_date && step_us % EAGRE_MICROS_PER_DAY != 0) {
    return eagre_kernel_fail(sequence->call, row, "ILLEGAL_SEQUENCE_BOUNDARIES",
                             "A sequence of dates needs a step of whole days.");
  }
  bool counts_days = is_date || call->node->argument_count == 2;
  int64_t days = counts_days ? step_us / EAGRE_MICROS_PER_DAY : 0;
  for (int64_t i = 0;; i++) {
    int64_t value;
    if (is_date) {
      value = months != 0 ? eagre_time_add_months(start, i * months) : start + i * days;
    } else {
      value = add_to_local(sequence, start, i * months, i * days, counts_days ? 0 : i * step_us);
    }
    if (is_forward ? value > stop : value < stop) break;
    EAGRE_TRY(put(sequence, row, value));
    if (months == 0 && step_us == 0) break;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_sequence_times(struct eagre_kernel_call *call) {
  return run_sequence(call, put_times);
}
