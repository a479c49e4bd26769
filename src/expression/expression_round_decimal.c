/* round, bround, ceil and floor of DECIMAL. parameters[0] is the scale asked for, which may be
 * negative, parameters[1] an enum eagre_rounding. */
#include "expression/expression_bind.h"
#include "expression/expression_kernel.h"
#include "expression/expression_round.h"

enum { PRECISION_MAX = EAGRE_DECIMAL_PRECISION_MAX };

/* `value` / 10^exponent as an integer. */
static eagre_decimal cut_digits(eagre_decimal value, uint64_t exponent,
                                enum eagre_rounding rounding) {
  eagre_decimal quotient = 0;
  if (exponent <= PRECISION_MAX) {
    enum eagre_value_result result =
        eagre_decimal_rescale(value, (unsigned)exponent, PRECISION_MAX, 0, rounding, &quotient);
    eagre_assert(result == EAGRE_VALUE_OK || exponent == 0);
  } else if (rounding == EAGRE_ROUND_CEILING) {
    quotient = value > 0;
  } else if (rounding == EAGRE_ROUND_FLOOR) {
    quotient = -(value < 0);
  }
  return quotient;
}

/* To a multiple of 10^tens; false when that has more than `precision` digits. */
static bool round_to_tens(eagre_decimal value, unsigned from_scale, uint64_t tens,
                          unsigned precision, enum eagre_rounding rounding, eagre_decimal *out) {
  eagre_decimal quotient = cut_digits(value, from_scale + tens, rounding);
  *out = 0;
  if (quotient == 0) return true;
  if (tens >= precision) return false;
  unsigned left = precision - (unsigned)tens;
  *out = quotient * eagre_decimal_power((unsigned)tens);
  return eagre_decimal_digit_count(quotient) <= left;
}

static bool round_one(const struct eagre_kernel_call *call, eagre_decimal value,
                      eagre_decimal *out) {
  unsigned from_scale = call->arguments[0]->type->scale;
  const struct eagre_type *type = call->node->type;
  int64_t scale = call->node->parameters[0];
  enum eagre_rounding rounding = (enum eagre_rounding)call->node->parameters[1];
  if (scale < 0) {
    return round_to_tens(value, from_scale, 0 - (uint64_t)scale, type->precision, rounding, out);
  }
  return eagre_decimal_rescale(value, from_scale, type->precision, type->scale, rounding, out) ==
         EAGRE_VALUE_OK;
}

static enum eagre_status run_round(struct eagre_kernel_call *call) {
  const eagre_decimal *from = call->arguments[0]->data;
  const struct eagre_type *type = call->node->type;
  eagre_decimal *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = 0;
    if (!eagre_kernel_is_live(call, row) || round_one(call, from[row], &out[row])) continue;
    out[row] = 0;
    char text[48];
    size_t size = eagre_value_print_decimal(from[row], call->arguments[0]->type->scale, text);
    EAGRE_TRY(eagre_kernel_fail(call, row, "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION",
                                "What %.*s is rounded to cannot be represented as Decimal(%d, %d).",
                                (int)size, text, type->precision, type->scale));
  }
  return EAGRE_OK;
}

/* The digits that are left in front of the point and one for the carry; -scale + 1 at least for a
 * negative scale. */
static const struct eagre_type *find_type(struct eagre_arena *arena, const struct eagre_type *from,
                                          int64_t scale) {
  int64_t whole = from->precision - from->scale + 1;
  int64_t kept = scale < from->scale ? scale : from->scale;
  if (scale < 0) {
    kept = 0;
    if (whole < 1 - scale) whole = 1 - scale;
  }
  int64_t precision = whole + kept;
  if (precision > PRECISION_MAX) precision = PRECISION_MAX;
  return eagre_type_decimal(arena, (unsigned)precision, (unsigned)kept);
}

enum eagre_status eagre_bind_round_decimal(struct eagre_bind *bind, int64_t scale,
                                           enum eagre_rounding rounding,
                                           struct eagre_expression **out) {
  const struct eagre_type *from = bind->arguments[0]->type;
  const struct eagre_type *type = find_type(bind->arena, from, scale);
  bool has_room = from->precision - from->scale < type->precision - type->scale;
  *out = eagre_bind_call(bind, type, run_round);
  (*out)->parameters[0] = scale;
  (*out)->parameters[1] = rounding;
  if (has_room && scale >= 0) {
    eagre_expression_set_safe(*out);
  } else {
    eagre_expression_set_strict(*out);
  }
  return EAGRE_OK;
}
