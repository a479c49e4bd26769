/* Binders of + - * /, which numbers share with dates and intervals (Spark's
 * BinaryArithmeticWithDatetimeResolver). */
#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_operator.h"

/* ---- Points in time and intervals ----------------------------------------------------------- */

static bool is_interval(enum eagre_type_kind kind) {
  return eagre_type_is_interval(kind);
}

/* TIMESTAMP or TIMESTAMP_NTZ. */
static bool is_timestamp(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_TIMESTAMP || kind == EAGRE_TYPE_TIMESTAMP_NTZ;
}

static bool is_time(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_DATE || is_timestamp(kind);
}

static bool may_be_time(enum eagre_type_kind kind) {
  return is_time(kind) || kind == EAGRE_TYPE_STRING;
}

/* An internal call of two arguments whose types are right. */
static struct eagre_expression *
call_internal(struct eagre_bind *bind, enum eagre_internal_function which, eagre_kernel_fn *kernel,
              const struct eagre_type *type, struct eagre_expression *a,
              struct eagre_expression *b) {
  struct eagre_expression *arguments[] = {a, b};
  return eagre_bind_call_of(bind, eagre_function_internal(which), type, kernel, arguments, 2);
}

static enum eagre_status cast_to(struct eagre_bind *bind, struct eagre_expression *value,
                                 enum eagre_type_kind kind, struct eagre_expression **out) {
  return eagre_expression_cast(bind->arena, value, eagre_type_of(kind), false, bind->session,
                               value->position, out, bind->error);
}

/* DATE + whole days is a DATE, else a TIMESTAMP. A text is read as a TIMESTAMP and the sum becomes
 * a text again. */
static enum eagre_status add_day_interval(struct eagre_bind *bind, struct eagre_expression *time,
                                          struct eagre_expression *interval,
                                          struct eagre_expression **out) {
  bool is_text = time->type->kind == EAGRE_TYPE_STRING;
  if (time->type->kind == EAGRE_TYPE_DATE && interval->type->scale == EAGRE_INTERVAL_DAY) {
    struct eagre_expression *arguments[] = {time, NULL};
    EAGRE_TRY(cast_to(bind, interval, EAGRE_TYPE_INT, &arguments[1]));
    return eagre_bind_other(bind, "date_add", arguments, 2, out);
  }
  if (!is_timestamp(time->type->kind)) {
    EAGRE_TRY(cast_to(bind, time, EAGRE_TYPE_TIMESTAMP, &time));
  }
  *out = call_internal(bind, EAGRE_INTERNAL_ADD_INTERVAL, eagre_kernel_add_interval, time->type,
                       time, interval);
  return is_text ? cast_to(bind, *out, EAGRE_TYPE_STRING, out) : EAGRE_OK;
}

/* Months stand in an interval as they do in an INT. */
static enum eagre_status add_months(struct eagre_bind *bind, struct eagre_expression *time,
                                    struct eagre_expression *interval,
                                    struct eagre_expression **out) {
  if (time->type->kind == EAGRE_TYPE_STRING) {
    return eagre_bind_mismatch(
        bind, "BINARY_OP_DIFF_TYPES",
        "the left and right operands of the binary operator have incompatible types (%s and %s).",
        eagre_expression_type_name(bind->arena, bind->arguments[0]->type),
        eagre_expression_type_name(bind->arena, bind->arguments[1]->type));
  }
  bool is_date = time->type->kind == EAGRE_TYPE_DATE;
  *out = call_internal(bind, EAGRE_INTERNAL_ADD_MONTHS,
                       is_date ? eagre_kernel_add_months : eagre_kernel_add_timestamp_months,
                       time->type, time, interval);
  return EAGRE_OK;
}

/* time + interval, as the types of both say. */
static enum eagre_status add_interval(struct eagre_bind *bind, struct eagre_expression *time,
                                      struct eagre_expression *interval,
                                      struct eagre_expression **out) {
  return interval->type->kind == EAGRE_TYPE_INTERVAL_YEAR
             ? add_months(bind, time, interval, out)
             : add_day_interval(bind, time, interval, out);
}

/* Two intervals of one kind, or one and a NULL. */
static enum eagre_status bind_intervals(struct eagre_bind *bind, enum eagre_arithmetic operation,
                                        struct eagre_expression **out) {
  const struct eagre_type *a = bind->arguments[0]->type, *b = bind->arguments[1]->type;
  const struct eagre_type *type = eagre_bind_common(bind, a, b);
  if (type == NULL) {
    uint32_t other = is_interval(a->kind) ? 1 : 0;
    return eagre_bind_unexpected(
        bind, other, eagre_expression_type_name(bind->arena, bind->arguments[1 - other]->type));
  }
  EAGRE_TRY(eagre_bind_cast(bind, 0, type));
  EAGRE_TRY(eagre_bind_cast(bind, 1, type));
  *out = eagre_bind_call(bind, type, eagre_kernel_simple_arithmetic(operation, type->kind));
  eagre_expression_set_strict(*out);
  return EAGRE_OK;
}

/* A point in time plus a bare NULL, which may be a number or an interval: of the type that a
 * TIMESTAMP would become. */
static bool bind_time_and_null(struct eagre_bind *bind, const struct eagre_expression *time,
                               const struct eagre_expression *null, struct eagre_expression **out) {
  if (!is_time(time->type->kind) || null->type->kind != EAGRE_TYPE_NULL) return false;
  bool is_ntz = time->type->kind == EAGRE_TYPE_TIMESTAMP_NTZ;
  *out = eagre_expression_new_null(
      bind->arena, eagre_type_of(is_ntz ? EAGRE_TYPE_TIMESTAMP_NTZ : EAGRE_TYPE_TIMESTAMP),
      bind->position);
  return true;
}

/* A DATE and a number of days, which here is no text. */
static enum eagre_status add_days(struct eagre_bind *bind, struct eagre_expression **arguments,
                                  struct eagre_expression **out) {
  if (arguments[1]->type->kind == EAGRE_TYPE_STRING) {
    return eagre_bind_unexpected(bind, arguments[0] == bind->arguments[0],
                                 "(\"INT\" or \"SMALLINT\" or \"TINYINT\")");
  }
  return eagre_bind_other(bind, "date_add", arguments, 2, out);
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
  if (bind_time_and_null(bind, a, b, out) || bind_time_and_null(bind, b, a, out)) return EAGRE_OK;
  bool a_is_date = a->type->kind == EAGRE_TYPE_DATE, b_is_date = b->type->kind == EAGRE_TYPE_DATE;
  struct eagre_expression *arguments[] = {a_is_date ? a : b, a_is_date ? b : a};
  if (a_is_date || b_is_date) return add_days(bind, arguments, out);
  return eagre_bind_arithmetic(bind, EAGRE_ARITHMETIC_ADD, out);
}

/* ---- Differences ---------------------------------------------------------------------------- */

/* The interval between two points in time. */
static enum eagre_status subtract_times(struct eagre_bind *bind, enum eagre_type_kind kind,
                                        struct eagre_expression **out) {
  for (uint32_t i = 0; i < 2; i++) {
    EAGRE_TRY(eagre_bind_parameter(bind, i, kind));
  }
  bool is_date = kind == EAGRE_TYPE_DATE;
  *out = call_internal(bind,
                       is_date ? EAGRE_INTERNAL_SUBTRACT_DATES : EAGRE_INTERNAL_SUBTRACT_TIMESTAMPS,
                       is_date ? eagre_kernel_subtract_dates : eagre_kernel_subtract_timestamps,
                       is_date ? eagre_type_interval(EAGRE_INTERVAL_DAY, EAGRE_INTERVAL_DAY)
                               : eagre_type_of(EAGRE_TYPE_INTERVAL_DAY),
                       bind->arguments[0], bind->arguments[1]);
  return EAGRE_OK;
}

/* Two wall clocks are compared as they are; beside anything else both are instants. */
static enum eagre_type_kind choose_clock(enum eagre_type_kind a, enum eagre_type_kind b) {
  bool a_is_ntz = a == EAGRE_TYPE_TIMESTAMP_NTZ, b_is_ntz = b == EAGRE_TYPE_TIMESTAMP_NTZ;
  bool both = (a_is_ntz && b_is_ntz) ||
              (a_is_ntz && (b == EAGRE_TYPE_DATE || b == EAGRE_TYPE_NULL)) ||
              (b_is_ntz && (a == EAGRE_TYPE_DATE || a == EAGRE_TYPE_NULL));
  return both ? EAGRE_TYPE_TIMESTAMP_NTZ : EAGRE_TYPE_TIMESTAMP;
}

/* Without ANSI a text is a DOUBLE in front of a TIMESTAMP and behind any point in time, which is no
 * difference; in front of a DATE it is one itself. */
static bool is_text_beside_time(const struct eagre_bind *bind) {
  enum eagre_type_kind a = eagre_bind_kind(bind, 0), b = eagre_bind_kind(bind, 1);
  bool is_text =
      (is_time(a) && b == EAGRE_TYPE_STRING) || (a == EAGRE_TYPE_STRING && is_timestamp(b));
  return is_text && eagre_bind_is_legacy(bind);
}

enum eagre_status eagre_bind_subtract(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *a = bind->arguments[0], *b = bind->arguments[1];
  if (is_interval(b->type->kind) && may_be_time(a->type->kind)) {
    struct eagre_expression *negated;
    EAGRE_TRY(eagre_bind_other(bind, "negative", &b, 1, &negated));
    return add_interval(bind, a, negated, out);
  }
  if (is_interval(a->type->kind) || is_interval(b->type->kind)) {
    return bind_intervals(bind, EAGRE_ARITHMETIC_SUBTRACT, out);
  }
  if (is_text_beside_time(bind)) return eagre_bind_unexpected(bind, 1, "\"TIMESTAMP\"");
  if (is_timestamp(a->type->kind) || is_timestamp(b->type->kind)) {
    return subtract_times(bind, choose_clock(a->type->kind, b->type->kind), out);
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

/* ---- Products and quotients ----------------------------------------------------------------- */

/* The number beside an interval: integrals stay exact, everything else is a DOUBLE. */
static enum eagre_status take_factor(struct eagre_bind *bind, uint32_t index, bool *out_is_real) {
  enum eagre_type_kind kind = eagre_bind_kind(bind, index);
  *out_is_real = !eagre_type_is_integral(kind) && kind != EAGRE_TYPE_NULL;
  if (!eagre_type_is_numeric(kind) && kind != EAGRE_TYPE_STRING && kind != EAGRE_TYPE_NULL) {
    return eagre_bind_unexpected(bind, index, "\"NUMERIC\"");
  }
  return eagre_bind_cast(bind, index,
                         eagre_type_of(*out_is_real ? EAGRE_TYPE_DOUBLE : EAGRE_TYPE_BIGINT));
}

/* Interval * number, in that order. */
static enum eagre_status multiply_interval(struct eagre_bind *bind, struct eagre_expression **out) {
  if (is_interval(eagre_bind_kind(bind, 1)) && !is_interval(eagre_bind_kind(bind, 0))) {
    struct eagre_expression *number = bind->arguments[0];
    bind->arguments[0] = bind->arguments[1];
    bind->arguments[1] = number;
  }
  bool is_real;
  EAGRE_TRY(take_factor(bind, 1, &is_real));
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  *out = eagre_bind_call(bind, eagre_type_of(kind),
                         is_real ? eagre_kernel_multiply_interval_real
                                 : eagre_kernel_multiply_interval);
  eagre_expression_set_strict(*out);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_multiply(struct eagre_bind *bind, struct eagre_expression **out) {
  if (is_interval(eagre_bind_kind(bind, 0)) || is_interval(eagre_bind_kind(bind, 1))) {
    return multiply_interval(bind, out);
  }
  return eagre_bind_arithmetic(bind, EAGRE_ARITHMETIC_MULTIPLY, out);
}

enum eagre_status eagre_bind_divide_interval(struct eagre_bind *bind,
                                             struct eagre_expression **out) {
  bool is_real;
  EAGRE_TRY(take_factor(bind, 1, &is_real));
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  *out =
      eagre_bind_call(bind, eagre_type_of(kind),
                      is_real ? eagre_kernel_divide_interval_real : eagre_kernel_divide_interval);
  eagre_expression_set_strict(*out);
  return EAGRE_OK;
}
