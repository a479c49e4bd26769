/* Intervals times and divided by numbers, their sign, their fields, and make_dt_interval and
 * make_ym_interval. Quotients and products with fractions are rounded half away from zero. */
#include <math.h>
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_time.h"

/* ---- Values of both kinds ------------------------------------------------------------------- */

static int64_t read_interval(const struct eagre_kernel_call *call, uint32_t index, uint32_t row) {
  if (call->arguments[index]->type->kind == EAGRE_TYPE_INTERVAL_DAY) {
    return EAGRE_ARGUMENT(int64_t, call, index, row);
  }
  return EAGRE_ARGUMENT(int32_t, call, index, row);
}

static enum eagre_status fail_interval(struct eagre_kernel_call *call, uint32_t row) {
  return eagre_kernel_fail(call, row, "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION",
                           "Integer overflow while operating with intervals.");
}

/* `is_over` says that the value is wrong already. */
static enum eagre_status put_interval(struct eagre_kernel_call *call, uint32_t row, int64_t value,
                                      bool is_over) {
  if (call->out->type->kind == EAGRE_TYPE_INTERVAL_DAY) {
    EAGRE_VALUES(int64_t, call->out)[row] = value;
  } else {
    EAGRE_VALUES(int32_t, call->out)[row] = (int32_t)value;
    is_over |= value != (int32_t)value;
  }
  return is_over ? fail_interval(call, row) : EAGRE_OK;
}

static enum eagre_status put_rounded(struct eagre_kernel_call *call, uint32_t row, double value) {
  double rounded = round(value);
  bool fits = rounded >= -0x1p63 && rounded < 0x1p63;
  return put_interval(call, row, fits ? (int64_t)rounded : 0, !fits);
}

static enum eagre_status fail_zero(struct eagre_kernel_call *call, uint32_t row) {
  return eagre_kernel_fail(call, row, "INTERVAL_DIVIDED_BY_ZERO",
                           "Division by zero. Use `try_divide` to tolerate divisor being 0 and "
                           "return NULL instead.");
}

/* ---- Products and quotients ----------------------------------------------------------------- */

enum eagre_status eagre_kernel_multiply_interval(struct eagre_kernel_call *call) {
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int64_t product;
    if (!eagre_kernel_is_live(call, row)) continue;
    bool is_over = __builtin_mul_overflow(read_interval(call, 0, row),
                                          EAGRE_ARGUMENT(int64_t, call, 1, row), &product);
    EAGRE_TRY(put_interval(call, row, product, is_over));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_multiply_interval_real(struct eagre_kernel_call *call) {
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    double factor = EAGRE_ARGUMENT(double, call, 1, row);
    EAGRE_TRY(put_rounded(call, row, (double)read_interval(call, 0, row) * factor));
  }
  return EAGRE_OK;
}

static int64_t divide_half_up(int64_t dividend, int64_t divisor, bool *out_is_over) {
  *out_is_over = dividend == INT64_MIN && divisor == -1;
  if (*out_is_over) return 0;
  int64_t quotient = dividend / divisor, rest = dividend % divisor;
  uint64_t rest_size = rest < 0 ? -(uint64_t)rest : (uint64_t)rest;
  uint64_t divisor_size = divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor;
  if (rest_size < divisor_size - rest_size) return quotient;
  return quotient + ((dividend < 0) == (divisor < 0) ? 1 : -1);
}

enum eagre_status eagre_kernel_divide_interval(struct eagre_kernel_call *call) {
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    bool is_over;
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t divisor = EAGRE_ARGUMENT(int64_t, call, 1, row);
    if (divisor == 0) {
      EAGRE_TRY(fail_zero(call, row));
      continue;
    }
    int64_t quotient = divide_half_up(read_interval(call, 0, row), divisor, &is_over);
    EAGRE_TRY(put_interval(call, row, quotient, is_over));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_divide_interval_real(struct eagre_kernel_call *call) {
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    double divisor = EAGRE_ARGUMENT(double, call, 1, row);
    if (divisor == 0) {
      EAGRE_TRY(fail_zero(call, row));
    } else {
      EAGRE_TRY(put_rounded(call, row, (double)read_interval(call, 0, row) / divisor));
    }
  }
  return EAGRE_OK;
}

/* ---- Sign ----------------------------------------------------------------------------------- */

static enum eagre_status run_sign(struct eagre_kernel_call *call) {
  double *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int64_t value = read_interval(call, 0, row);
    out[row] = (double)((value > 0) - (value < 0));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_sign(struct eagre_bind *bind, struct eagre_expression **out) {
  const struct eagre_type *type = eagre_type_of(EAGRE_TYPE_DOUBLE);
  bool is_interval = eagre_type_is_interval(eagre_bind_kind(bind, 0));
  if (!is_interval) EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_DOUBLE));
  *out = eagre_bind_call(bind, type, is_interval ? run_sign : eagre_kernel_sign);
  return EAGRE_OK;
}

/* ---- Fields --------------------------------------------------------------------------------- */

/* value / size % limit, in an INT or, when there is a limit, a TINYINT. */
static enum eagre_status run_field(struct eagre_kernel_call *call) {
  int64_t size = call->node->parameters[0], limit = call->node->parameters[1];
  eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    int64_t count = read_interval(call, 0, row) / size;
    if (limit == 0) {
      EAGRE_VALUES(int32_t, call->out)[row] = (int32_t)count;
    } else {
      EAGRE_VALUES(int8_t, call->out)[row] = (int8_t)(count % limit);
    }
  }
  return EAGRE_OK;
}

/* DECIMAL(8,6): microseconds are its digits. */
static enum eagre_status run_seconds(struct eagre_kernel_call *call) {
  eagre_decimal *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = read_interval(call, 0, row) % (60 * EAGRE_MICROS_PER_SECOND);
  }
  return EAGRE_OK;
}

struct eagre_expression *eagre_bind_interval_field(struct eagre_bind *bind,
                                                   struct eagre_expression *interval,
                                                   enum eagre_interval_unit unit) {
  static const int64_t limits[EAGRE_INTERVAL_UNIT_count] = {0, 12, 0, 24, 60, 60};
  bool is_second = unit == EAGRE_INTERVAL_SECOND;
  const struct eagre_type *type =
      is_second ? eagre_type_decimal(bind->arena, 8, 6)
                : eagre_type_of(limits[unit] == 0 ? EAGRE_TYPE_INT : EAGRE_TYPE_TINYINT);
  struct eagre_expression *call =
      eagre_expression_new_call(bind->arena, bind->function, type,
                                is_second ? run_seconds : run_field, &interval, 1, bind->position);
  call->parameters[0] = eagre_value_interval_unit_size(unit);
  call->parameters[1] = limits[unit];
  return call;
}

/* ---- Making intervals ----------------------------------------------------------------------- */

static int32_t read_part(const struct eagre_kernel_call *call, uint32_t index, uint32_t row) {
  return index < call->node->argument_count ? EAGRE_ARGUMENT(int32_t, call, index, row) : 0;
}

enum eagre_status eagre_kernel_make_ym_interval(struct eagre_kernel_call *call) {
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t months = (int64_t)read_part(call, 0, row) * 12 + read_part(call, 1, row);
    EAGRE_TRY(put_interval(call, row, months, false));
  }
  return EAGRE_OK;
}

static enum eagre_status run_make_day(struct eagre_kernel_call *call) {
  eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    int64_t seconds_us = 0, total;
    bool is_over = false;
    if (call->node->argument_count == 4) {
      is_over = !eagre_time_read_seconds(call, 3, row, &seconds_us);
    }
    __int128 sum = (__int128)read_part(call, 0, row) * EAGRE_MICROS_PER_DAY +
                   (__int128)read_part(call, 1, row) * 3600 * EAGRE_MICROS_PER_SECOND +
                   (__int128)read_part(call, 2, row) * 60 * EAGRE_MICROS_PER_SECOND + seconds_us;
    total = (int64_t)sum;
    EAGRE_TRY(put_interval(call, row, total, is_over || total != sum));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_make_dt_interval(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  for (uint32_t i = 0; i < bind->argument_count && i < 3; i++) {
    EAGRE_TRY(eagre_bind_parameter(bind, i, EAGRE_TYPE_INT));
  }
  if (bind->argument_count == 4) EAGRE_TRY(eagre_bind_seconds(bind, 3));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_INTERVAL_DAY), run_make_day);
  return EAGRE_OK;
}
