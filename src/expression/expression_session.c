/* The session a row opens: [ts, ts + gap), where the gap is a calendar interval given as text, the
 * same for all rows or another for each. No session (NULL) for a row without time or gap, with a
 * text that is no interval, or with a gap that does not lead forward: Spark drops such rows. */
#include "expression/expression_functions.h"
#include "expression/expression_time.h"

struct gap {
  int64_t months;
  int64_t us;
};

/* Months by the calendar of the session zone, days as its days, the rest as microseconds. */
static bool find_end(int64_t start_us, const struct gap *gap, const struct eagre_zone *zone,
                     int64_t *out_us) {
  int64_t local_us = eagre_time_local(start_us, zone);
  int64_t days = eagre_divide_floor(local_us, EAGRE_MICROS_PER_DAY);
  int64_t in_day_us = eagre_modulo_floor(local_us, EAGRE_MICROS_PER_DAY);
  if (gap->months != 0) days = eagre_time_add_months(days, gap->months);
  days += gap->us / EAGRE_MICROS_PER_DAY;
  if (__builtin_mul_overflow(days, EAGRE_MICROS_PER_DAY, &local_us) ||
      __builtin_add_overflow(local_us, in_day_us, &local_us))
    return false;
  int64_t rest_us = gap->us % EAGRE_MICROS_PER_DAY;
  return !__builtin_add_overflow(eagre_time_instant(local_us, zone), rest_us, out_us);
}

static enum eagre_status set_session(struct eagre_kernel_call *call, uint32_t row,
                                     const struct gap *gap) {
  int64_t start_us = EAGRE_ARGUMENT(int64_t, call, 0, row);
  int64_t end_us = start_us;
  bool is_short = gap->months == 0 && gap->us / EAGRE_MICROS_PER_DAY == 0;
  bool fits = is_short ? !__builtin_add_overflow(start_us, gap->us, &end_us)
                       : find_end(start_us, gap, eagre_time_zone_of(call, 0), &end_us);
  if (!fits) {
    return eagre_kernel_fail(call, row, "DATETIME_OVERFLOW",
                             "Datetime operation overflow: a session ends beyond the last "
                             "TIMESTAMP.");
  }
  EAGRE_VALUES(int64_t, &call->out->children[0])[row] = start_us;
  EAGRE_VALUES(int64_t, &call->out->children[1])[row] = end_us;
  if (end_us <= start_us) eagre_kernel_set_null(call, row);
  return EAGRE_OK;
}

static enum eagre_status run_constant_gap(struct eagre_kernel_call *call) {
  const struct gap gap = {call->node->parameters[0], call->node->parameters[1]};
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) EAGRE_TRY(set_session(call, row, &gap));
  }
  return EAGRE_OK;
}

/* Gaps repeat: the text before is often the same. */
static enum eagre_status run_gap_of_row(struct eagre_kernel_call *call) {
  struct eagre_text known = {NULL, 0};
  struct gap gap = {0, 0};
  bool is_interval = false;
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 1, row);
    if (known.data == NULL || !eagre_text_equal(known, text)) {
      is_interval = eagre_value_parse_interval(text, &gap.months, &gap.us) == EAGRE_VALUE_OK;
      known = text;
    }
    if (!is_interval) {
      eagre_kernel_set_null(call, row);
      continue;
    }
    EAGRE_TRY(set_session(call, row, &gap));
  }
  return EAGRE_OK;
}

struct eagre_expression *eagre_expression_session(struct eagre_arena *arena,
                                                  struct eagre_expression *timestamp,
                                                  struct eagre_expression *gap, int64_t gap_months,
                                                  int64_t gap_us,
                                                  struct eagre_sql_position position) {
  const struct eagre_type *time = timestamp->type;
  eagre_assert(time->kind == EAGRE_TYPE_TIMESTAMP || time->kind == EAGRE_TYPE_TIMESTAMP_NTZ);
  eagre_assert(gap == NULL || gap->type->kind == EAGRE_TYPE_STRING);
  struct eagre_field fields[] = {{EAGRE_TEXT("start"), time, true},
                                 {EAGRE_TEXT("end"), time, true}};
  struct eagre_expression *arguments[] = {timestamp, gap};
  struct eagre_expression *call = eagre_expression_new_call(
      arena, eagre_function_internal(EAGRE_INTERNAL_SESSION), eagre_type_struct(arena, fields, 2),
      gap == NULL ? run_constant_gap : run_gap_of_row, arguments, gap == NULL ? 1 : 2, position);
  call->parameters[0] = gap_months;
  call->parameters[1] = gap_us;
  return call;
}
