/* Casts from and to DECIMAL.
 *
 * Into a DECIMAL digits behind the point are rounded half up, and too many in front of it fail; out
 * of it into an integral they are cut off. Where no value can fail (by the digits of both types)
 * the loops have no test. Arithmetic is unsigned: a null row may hold anything. */
#include <math.h>
#include <string.h>

#include "expression/expression_cast.h"

typedef unsigned __int128 unsigned_decimal;

static unsigned scale_of(const struct eagre_cast *cast) {
  return cast->from->type->scale;
}

/* ---- Integrals and booleans ----------------------------------------------------------------- */

/* Every value v with |v| < 10^(p - s) has a place in DECIMAL(p, s). */
#define DEFINE_FROM_INTEGRAL(name, from_type)                                                      \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    const from_type *from = cast->from->data;                                                      \
    const struct eagre_type *to = cast->out->type;                                                 \
    eagre_decimal *restrict out = eagre_cast_out(cast);                                            \
    const eagre_decimal power = eagre_decimal_power(to->scale);                                    \
    const eagre_decimal limit = eagre_decimal_power((unsigned)(to->precision - to->scale));        \
    bool has_lost = false;                                                                         \
    for (uint32_t i = 0; i < cast->row_count; i++) {                                               \
      out[i] = (eagre_decimal)((unsigned_decimal)from[i] * (unsigned_decimal)power);               \
      has_lost |= from[i] >= limit || from[i] <= -limit;                                           \
    }                                                                                              \
    for (uint32_t i = 0; has_lost && i < cast->row_count; i++) {                                   \
      if (from[i] < limit && from[i] > -limit) continue;                                           \
      out[i] = 0;                                                                                  \
      if (eagre_cast_is_live(cast, i)) EAGRE_TRY(eagre_cast_fail_range(cast, i));                  \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_FROM_INTEGRAL(tinyint_to_decimal, int8_t)
DEFINE_FROM_INTEGRAL(smallint_to_decimal, int16_t)
DEFINE_FROM_INTEGRAL(int_to_decimal, int32_t)
DEFINE_FROM_INTEGRAL(bigint_to_decimal, int64_t)

static enum eagre_status boolean_to_decimal(struct eagre_cast *cast) {
  const struct eagre_type *to = cast->out->type;
  eagre_decimal *out = eagre_cast_out(cast);
  bool has_room = to->precision > to->scale;
  for (uint32_t i = 0; i < cast->row_count; i++) {
    bool is_true = eagre_bit_get(cast->from->data, i);
    out[i] = is_true && has_room ? eagre_decimal_power(to->scale) : 0;
    if (is_true && !has_room && eagre_cast_is_live(cast, i)) {
      EAGRE_TRY(eagre_cast_fail_range(cast, i));
    }
  }
  return EAGRE_OK;
}

#define DEFINE_TO_INTEGRAL(name, to_type)                                                          \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    const eagre_decimal *from = cast->from->data;                                                  \
    to_type *out = eagre_cast_out(cast);                                                           \
    const eagre_decimal power = eagre_decimal_power(scale_of(cast));                               \
    for (uint32_t i = 0; i < cast->row_count; i++) {                                               \
      eagre_decimal value = from[i] / power;                                                       \
      out[i] = (to_type)value;                                                                     \
      if (out[i] == value || eagre_cast_is_legacy(cast) || !eagre_cast_is_live(cast, i)) continue; \
      EAGRE_TRY(eagre_cast_fail_overflow(cast, i));                                                \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_TO_INTEGRAL(decimal_to_tinyint, int8_t)
DEFINE_TO_INTEGRAL(decimal_to_smallint, int16_t)
DEFINE_TO_INTEGRAL(decimal_to_int, int32_t)
DEFINE_TO_INTEGRAL(decimal_to_bigint, int64_t)

static enum eagre_status decimal_to_boolean(struct eagre_cast *cast) {
  const eagre_decimal *from = cast->from->data;
  uint8_t *out = eagre_cast_out(cast);
  for (uint32_t i = 0; i < cast->row_count; i++) {
    eagre_bit_put(out, i, from[i] != 0);
  }
  return EAGRE_OK;
}

/* ---- Another DECIMAL ------------------------------------------------------------------------ */

/* At least as many digits on both sides of the point. */
static bool holds_decimal(const struct eagre_type *from, const struct eagre_type *to) {
  return to->scale >= from->scale && to->precision - to->scale >= from->precision - from->scale;
}

static void scale_up(struct eagre_cast *cast) {
  const eagre_decimal *from = cast->from->data;
  const struct eagre_type *to = cast->out->type;
  eagre_decimal *restrict out = eagre_cast_out(cast);
  const eagre_decimal power = eagre_decimal_power((unsigned)(to->scale - scale_of(cast)));
  for (uint32_t i = 0; i < cast->row_count; i++) {
    out[i] = (eagre_decimal)((unsigned_decimal)from[i] * (unsigned_decimal)power);
  }
}

/* value of scale `scale` in row `row`, or the failure. */
static enum eagre_status put_rescaled(struct eagre_cast *cast, uint32_t row, eagre_decimal value,
                                      unsigned scale, eagre_decimal *out) {
  const struct eagre_type *to = cast->out->type;
  *out = 0;
  if (!eagre_cast_is_live(cast, row)) return EAGRE_OK;
  enum eagre_value_result result =
      eagre_decimal_rescale(value, scale, to->precision, to->scale, EAGRE_ROUND_HALF_UP, out);
  if (result == EAGRE_VALUE_OK) return EAGRE_OK;
  *out = 0;
  return eagre_cast_fail_range(cast, row);
}

static enum eagre_status decimal_to_decimal(struct eagre_cast *cast) {
  if (holds_decimal(cast->from->type, cast->out->type)) {
    scale_up(cast);
    return EAGRE_OK;
  }
  const eagre_decimal *from = cast->from->data;
  eagre_decimal *out = eagre_cast_out(cast);
  for (uint32_t i = 0; i < cast->row_count; i++) {
    EAGRE_TRY(put_rescaled(cast, i, from[i], scale_of(cast), &out[i]));
  }
  return EAGRE_OK;
}

/* ---- Reals ---------------------------------------------------------------------------------- */

/* NaN and the infinities become NULL, without a failure. */
static enum eagre_status put_real(struct eagre_cast *cast, uint32_t row, double value,
                                  eagre_decimal *out) {
  const struct eagre_type *to = cast->out->type;
  *out = 0;
  if (!eagre_cast_is_live(cast, row)) return EAGRE_OK;
  enum eagre_value_result result = eagre_decimal_from_double(value, to->precision, to->scale, out);
  if (result == EAGRE_VALUE_OK) return EAGRE_OK;
  *out = 0;
  if (result == EAGRE_VALUE_OVERFLOW) return eagre_cast_fail_range(cast, row);
  eagre_cast_set_null(cast, row);
  return EAGRE_OK;
}

#define DEFINE_FROM_REAL(name, from_type)                                                          \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    const from_type *from = cast->from->data;                                                      \
    eagre_decimal *out = eagre_cast_out(cast);                                                     \
    for (uint32_t i = 0; i < cast->row_count; i++) {                                               \
      EAGRE_TRY(put_real(cast, i, (double)from[i], &out[i]));                                      \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_FROM_REAL(float_to_decimal, float)
DEFINE_FROM_REAL(double_to_decimal, double)

#define DEFINE_TO_REAL(name, to_type, function)                                                    \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    const eagre_decimal *from = cast->from->data;                                                  \
    to_type *out = eagre_cast_out(cast);                                                           \
    for (uint32_t i = 0; i < cast->row_count; i++) {                                               \
      out[i] = eagre_cast_is_live(cast, i) ? function(from[i], scale_of(cast)) : 0;                \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_TO_REAL(decimal_to_float, float, eagre_decimal_to_float)
DEFINE_TO_REAL(decimal_to_double, double, eagre_decimal_to_double)

/* ---- Texts ---------------------------------------------------------------------------------- */

static enum eagre_status put_text(struct eagre_cast *cast, uint32_t row, struct eagre_text text,
                                  eagre_decimal *out) {
  const struct eagre_type *to = cast->out->type;
  enum eagre_value_result result = eagre_value_parse_decimal(text, to->precision, to->scale, out);
  if (result == EAGRE_VALUE_OK) return EAGRE_OK;
  *out = 0;
  if (result == EAGRE_VALUE_OVERFLOW) return eagre_cast_fail_range(cast, row);
  if (result == EAGRE_VALUE_OVERLONG) return eagre_cast_fail_overlong(cast, row);
  return eagre_cast_fail_invalid(cast, row);
}

static enum eagre_status text_to_decimal(struct eagre_cast *cast) {
  const struct eagre_text *from = cast->from->data;
  eagre_decimal *out = eagre_cast_out(cast);
  for (uint32_t i = 0; i < cast->row_count; i++) {
    out[i] = 0;
    if (eagre_cast_is_live(cast, i)) EAGRE_TRY(put_text(cast, i, from[i], &out[i]));
  }
  return EAGRE_OK;
}

/* ---- Times ---------------------------------------------------------------------------------- */

enum { MICROS_SCALE = 6 };

/* Seconds with their fraction. */
static enum eagre_status timestamp_to_decimal(struct eagre_cast *cast) {
  const int64_t *from = cast->from->data;
  eagre_decimal *out = eagre_cast_out(cast);
  for (uint32_t i = 0; i < cast->row_count; i++) {
    EAGRE_TRY(put_rescaled(cast, i, from[i], MICROS_SCALE, &out[i]));
  }
  return EAGRE_OK;
}

/* Cut to microseconds; what is too large wraps, as in Spark. */
static enum eagre_status decimal_to_timestamp(struct eagre_cast *cast) {
  const eagre_decimal *from = cast->from->data;
  int64_t *out = eagre_cast_out(cast);
  unsigned scale = scale_of(cast);
  eagre_decimal divisor = eagre_decimal_power(scale > MICROS_SCALE ? scale - MICROS_SCALE : 0);
  eagre_decimal factor = eagre_decimal_power(scale < MICROS_SCALE ? MICROS_SCALE - scale : 0);
  for (uint32_t i = 0; i < cast->row_count; i++) {
    out[i] = (int64_t)((uint64_t)(from[i] / divisor) * (uint64_t)factor);
  }
  return EAGRE_OK;
}

/* ---- The table ------------------------------------------------------------------------------ */

static const struct eagre_cast_rule to_decimal[EAGRE_TYPE_count] = {
    [EAGRE_TYPE_BOOLEAN] = {boolean_to_decimal, true},
    [EAGRE_TYPE_TINYINT] = {tinyint_to_decimal, true},
    [EAGRE_TYPE_SMALLINT] = {smallint_to_decimal, true},
    [EAGRE_TYPE_INT] = {int_to_decimal, true},
    [EAGRE_TYPE_BIGINT] = {bigint_to_decimal, true},
    [EAGRE_TYPE_FLOAT] = {float_to_decimal, true},
    [EAGRE_TYPE_DOUBLE] = {double_to_decimal, true},
    [EAGRE_TYPE_DECIMAL] = {decimal_to_decimal, true},
    [EAGRE_TYPE_STRING] = {text_to_decimal, true},
    [EAGRE_TYPE_TIMESTAMP] = {timestamp_to_decimal, true},
};

static const struct eagre_cast_rule from_decimal[EAGRE_TYPE_count] = {
    [EAGRE_TYPE_BOOLEAN] = {decimal_to_boolean, false},
    [EAGRE_TYPE_TINYINT] = {decimal_to_tinyint, true},
    [EAGRE_TYPE_SMALLINT] = {decimal_to_smallint, true},
    [EAGRE_TYPE_INT] = {decimal_to_int, true},
    [EAGRE_TYPE_BIGINT] = {decimal_to_bigint, true},
    [EAGRE_TYPE_FLOAT] = {decimal_to_float, false},
    [EAGRE_TYPE_DOUBLE] = {decimal_to_double, false},
    [EAGRE_TYPE_TIMESTAMP] = {decimal_to_timestamp, false},
};

struct eagre_cast_rule eagre_cast_find_decimal(enum eagre_type_kind from, enum eagre_type_kind to) {
  if (to == EAGRE_TYPE_DECIMAL) return to_decimal[from];
  if (to == EAGRE_TYPE_STRING) return eagre_cast_find_text(from, to);
  return from_decimal[to];
}

/* Digits of the greatest value of an integral type, or of a BOOLEAN; 0 for other kinds. */
static int count_digits(enum eagre_type_kind kind) {
  static const uint8_t digits[EAGRE_TYPE_count] = {
      [EAGRE_TYPE_BOOLEAN] = 1, [EAGRE_TYPE_TINYINT] = 3, [EAGRE_TYPE_SMALLINT] = 5,
      [EAGRE_TYPE_INT] = 10,    [EAGRE_TYPE_BIGINT] = 19,
  };
  return digits[kind];
}

bool eagre_cast_is_safe_decimal(const struct eagre_type *from, const struct eagre_type *to) {
  bool from_is_decimal = from->kind == EAGRE_TYPE_DECIMAL;
  if (to->kind == EAGRE_TYPE_DECIMAL) {
    if (from_is_decimal) return holds_decimal(from, to);
    int digits = count_digits(from->kind);
    return digits > 0 && to->precision - to->scale >= digits;
  }
  return from_is_decimal && from->precision - from->scale < count_digits(to->kind);
}
