/* Binders of + - *, which numbers share with dates and intervals (Spark's
 * BinaryArithmeticWithDatetimeResolver). */
#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_operator.h"

#define MICROS_PER_DAY INT64_C(86400000000)

/* ---- Dates and intervals
 * ---------------------------------------------------------------------------- */

static bool is_interval(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_INTERVAL_DAY || kind == EAGRE_TYPE_INTERVAL_YEAR;
}

static struct eagre_expression *new_int(struct eagre_bind *bind, int64_t value) {
  int32_t narrow = (int32_t)value;
  return eagre_expression_new_literal(bind->arena, EAGRE_TYPE_INT, &narrow, bind->position);
}

/* An internal call of two arguments whose types are right. */
static struct eagre_expression *
call_internal(struct eagre_bind *bind, enum eagre_internal_function which, eagre_kernel_fn *kernel,
              const struct eagre_type *type, struct eagre_expression *a,
              struct eagre_expression *b) {
  struct eagre_expression *arguments[] = {a, b};
  return eagre_expression_new_call(bind->arena, eagre_function_internal(which), type, kernel,
                                   arguments, 2, bind->position);
}

static enum eagre_status cast_to(struct eagre_bind *bind, struct eagre_expression *value,
                                 enum eagre_type_kind kind, struct eagre_expression **out) {
  return eagre_expression_cast(bind->arena, value, eagre_type_of(kind), false, bind->session,
                               value->position, out, bind->error);
}

/* TIMESTAMP + microseconds; a text is read as a TIMESTAMP and the sum becomes a text again. */
static enum eagre_status add_day_interval(struct eagre_bind *bind, struct eagre_expression *time,
                                          struct eagre_expression *interval,
                                          struct eagre_expression **out) {
  bool is_text = time->type->kind == EAGRE_TYPE_STRING;
  EAGRE_TRY(cast_to(bind, time, EAGRE_TYPE_TIMESTAMP, &time));
  *out = call_internal(bind, EAGRE_INTERNAL_ADD_INTERVAL, eagre_kernel_add_interval,
                       eagre_type_of(EAGRE_TYPE_TIMESTAMP), time, interval);
  return is_text ? cast_to(bind, *out, EAGRE_TYPE_STRING, out) : EAGRE_OK;
}

static enum eagre_status add_months(struct eagre_bind *bind, struct eagre_expression *time,
                                    struct eagre_expression *interval,
                                    struct eagre_expression **out) {
  struct eagre_expression *months = new_int(bind, interval->parameters[0]);
  if (time->type->kind == EAGRE_TYPE_DATE) {
    struct eagre_expression *arguments[] = {time, months};
    return eagre_bind_other(bind, "add_months", arguments, 2, out);
  }
  EAGRE_TRY(cast_to(bind, time, EAGRE_TYPE_TIMESTAMP, &time));
  *out = call_internal(bind, EAGRE_INTERNAL_ADD_MONTHS, eagre_kernel_add_timestamp_months,
                       eagre_type_of(EAGRE_TYPE_TIMESTAMP), time, months);
  return EAGRE_OK;
}

/* time + interval, as the types of both say. */
static enum eagre_status add_interval(struct eagre_bind *bind, struct eagre_expression *time,
                                      struct eagre_expression *interval,
                                      struct eagre_expression **out) {
  if (interval->type->kind == EAGRE_TYPE_INTERVAL_YEAR) {
    return add_months(bind, time, interval, out);
  }
  bool is_days = interval->kind == EAGRE_EXPRESSION_LITERAL && interval->parameters[1] == 0;
  if (time->type->kind == EAGRE_TYPE_DATE && is_days && !eagre_expression_is_null(interval)) {
    int64_t days = *EAGRE_VALUES(int64_t, &interval->value) / MICROS_PER_DAY;
    struct eagre_expression *arguments[] = {time, new_int(bind, days)};
    return eagre_bind_other(bind, "date_add", arguments, 2, out);
  }
  return add_day_interval(bind, time, interval, out);
}

/* -interval; a literal stays one. */
static enum eagre_status negate_interval(struct eagre_bind *bind, struct eagre_expression *interval,
                                         struct eagre_expression **out) {
  bool is_literal =
      interval->kind == EAGRE_EXPRESSION_LITERAL && !eagre_expression_is_null(interval);
  if (interval->type->kind == EAGRE_TYPE_INTERVAL_DAY && is_literal) {
    int64_t value = -*EAGRE_VALUES(int64_t, &interval->value);
    *out = eagre_expression_new_literal(bind->arena, EAGRE_TYPE_INTERVAL_DAY, &value,
                                        interval->position);
    (*out)->parameters[1] = interval->parameters[1];
    return EAGRE_OK;
  }
  return eagre_bind_other(bind, "negative", &interval, 1, out);
}

/* Two intervals of days, or one and a NULL. */
static enum eagre_status bind_intervals(struct eagre_bind *bind, enum eagre_arithmetic operation,
                                        struct eagre_expression **out) {
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_INTERVAL_DAY);
  for (uint32_t i = 0; i < 2; i++) {
    if (eagre_bind_kind(bind, i) != type->kind && eagre_bind_kind(bind, i) != EAGRE_TYPE_NULL) {
      return eagre_bind_unexpected(bind, i, "\"INTERVAL DAY TO SECOND\"");
    }
    EAGRE_TRY(eagre_bind_cast(bind, i, type));
  }
  *out = eagre_bind_call(bind, type, eagre_kernel_simple_arithmetic(operation, type->kind));
  return EAGRE_OK;
}

static bool may_be_time(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_DATE || kind == EAGRE_TYPE_TIMESTAMP || kind == EAGRE_TYPE_STRING;
}

/* A point in time plus a bare NULL, which may be a number or an interval. */
static bool is_time_and_null(const struct eagre_expression *time,
                             const struct eagre_expression *null) {
  return (time->type->kind == EAGRE_TYPE_DATE || time->type->kind == EAGRE_TYPE_TIMESTAMP) &&
         null->type->kind == EAGRE_TYPE_NULL;
}

enum eagre_status eagre_bind_add(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *a = bind->arguments[0], *b = bind->arguments[1];
  if (is_interval(b->type->kind) && may_be_time(a->type->kind))
    return add_interval(bind, a, b, out);
  if (is_interval(a->type->kind) && may_be_time(b->type->kind))
    return add_interval(bind, b, a, out);
  if (is_interval(a->type->kind) || is_interval(b->type->kind)) {
    return bind_intervals(bind, EAGRE_ARITHMETIC_ADD, out);
  }
  if (is_time_and_null(a, b) || is_time_and_null(b, a)) {
    const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_TIMESTAMP);
    *out = eagre_expression_new_null(bind->arena, type, bind->position);
    return EAGRE_OK;
  }
  bool a_is_date = a->type->kind == EAGRE_TYPE_DATE, b_is_date = b->type->kind == EAGRE_TYPE_DATE;
  struct eagre_expression *arguments[] = {a_is_date ? a : b, a_is_date ? b : a};
  if ((a_is_date || b_is_date) && arguments[1]->type->kind != EAGRE_TYPE_STRING) {
    return eagre_bind_other(bind, "date_add", arguments, 2, out);
  }
  return eagre_bind_arithmetic(bind, EAGRE_ARITHMETIC_ADD, out);
}

/* The interval between two points in time. */
static enum eagre_status subtract_times(struct eagre_bind *bind, enum eagre_type_kind kind,
                                        struct eagre_expression **out) {
  for (uint32_t i = 0; i < 2; i++) {
    EAGRE_TRY(eagre_bind_parameter(bind, i, kind));
  }
  bool is_date = kind == EAGRE_TYPE_DATE;
  *out = call_internal(
      bind, is_date ? EAGRE_INTERNAL_SUBTRACT_DATES : EAGRE_INTERNAL_SUBTRACT_TIMESTAMPS,
      is_date ? eagre_kernel_subtract_dates : eagre_kernel_subtract_timestamps,
      eagre_type_of(EAGRE_TYPE_INTERVAL_DAY), bind->arguments[0], bind->arguments[1]);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_subtract(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *a = bind->arguments[0], *b = bind->arguments[1];
  if (is_interval(b->type->kind) && may_be_time(a->type->kind)) {
    struct eagre_expression *negated;
    EAGRE_TRY(negate_interval(bind, b, &negated));
    return add_interval(bind, a, negated, out);
  }
  if (is_interval(a->type->kind) || is_interval(b->type->kind)) {
    return bind_intervals(bind, EAGRE_ARITHMETIC_SUBTRACT, out);
  }
  if (a->type->kind == EAGRE_TYPE_TIMESTAMP || b->type->kind == EAGRE_TYPE_TIMESTAMP) {
    return subtract_times(bind, EAGRE_TYPE_TIMESTAMP, out);
  }
  if (b->type->kind == EAGRE_TYPE_DATE ||
      (a->type->kind == EAGRE_TYPE_DATE &&
       (b->type->kind == EAGRE_TYPE_STRING || b->type->kind == EAGRE_TYPE_NULL))) {
    return subtract_times(bind, EAGRE_TYPE_DATE, out);
  }
  if (a->type->kind == EAGRE_TYPE_DATE) {
    return eagre_bind_other(bind, "date_sub", bind->arguments, 2, out);
  }
  return eagre_bind_arithmetic(bind, EAGRE_ARITHMETIC_SUBTRACT, out);
}

enum eagre_status eagre_bind_multiply(struct eagre_bind *bind, struct eagre_expression **out) {
  enum eagre_type_kind a = eagre_bind_kind(bind, 0), b = eagre_bind_kind(bind, 1);
  if (a != EAGRE_TYPE_INTERVAL_DAY && b != EAGRE_TYPE_INTERVAL_DAY) {
    return eagre_bind_arithmetic(bind, EAGRE_ARITHMETIC_MULTIPLY, out);
  }
  uint32_t factor = a == EAGRE_TYPE_INTERVAL_DAY ? 1 : 0;
  if (!eagre_type_is_integral(eagre_bind_kind(bind, factor))) {
    return eagre_bind_unexpected(bind, factor, "\"BIGINT\"");
  }
  EAGRE_TRY(eagre_bind_cast(bind, factor, eagre_type_of(EAGRE_TYPE_BIGINT)));
  *out =
      eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_INTERVAL_DAY),
                      eagre_kernel_simple_arithmetic(EAGRE_ARITHMETIC_MULTIPLY, EAGRE_TYPE_BIGINT));
  return EAGRE_OK;
}
