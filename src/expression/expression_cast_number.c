/* Casts between numbers and booleans.
 *
 * Integral to narrower integral and real to integral fail when the value does not fit (reals are
 * cut toward zero first, NaN never fits); everything else always succeeds. Without ANSI the low
 * bits of an integral are kept; a real is the nearest INT or BIGINT, NaN 0, and then goes on as an
 * integral. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3") /* vectorises loops of unknown length */
#endif
#include <math.h>

#include "expression/expression_cast.h"

/* ---- Always possible ------------------------------------------------------------------------- */

#define DEFINE_WIDEN(name, from_type, to_type)                                                     \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    const from_type *from = cast->from->data;                                                      \
    to_type *restrict out = eagre_cast_out(cast);                                                  \
    for (uint32_t i = 0; i < cast->row_count; i++) {                                               \
      out[i] = (to_type)from[i];                                                                   \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_WIDEN(tinyint_to_smallint, int8_t, int16_t)
DEFINE_WIDEN(tinyint_to_int, int8_t, int32_t)
DEFINE_WIDEN(tinyint_to_bigint, int8_t, int64_t)
DEFINE_WIDEN(tinyint_to_float, int8_t, float)
DEFINE_WIDEN(tinyint_to_double, int8_t, double)
DEFINE_WIDEN(smallint_to_int, int16_t, int32_t)
DEFINE_WIDEN(smallint_to_bigint, int16_t, int64_t)
DEFINE_WIDEN(smallint_to_float, int16_t, float)
DEFINE_WIDEN(smallint_to_double, int16_t, double)
DEFINE_WIDEN(int_to_bigint, int32_t, int64_t)
DEFINE_WIDEN(int_to_float, int32_t, float)
DEFINE_WIDEN(int_to_double, int32_t, double)
DEFINE_WIDEN(bigint_to_float, int64_t, float)
DEFINE_WIDEN(bigint_to_double, int64_t, double)
DEFINE_WIDEN(float_to_double, float, double)
DEFINE_WIDEN(double_to_float, double, float)

/* ---- Integral to narrower integral ----------------------------------------------------------- */

#define DEFINE_NARROW(name, from_type, to_type)                                                    \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    const from_type *from = cast->from->data;                                                      \
    to_type *restrict out = eagre_cast_out(cast);                                                  \
    from_type lost = 0;                                                                            \
    for (uint32_t i = 0; i < cast->row_count; i++) {                                               \
      out[i] = (to_type)from[i];                                                                   \
      lost |= (from_type)(from[i] ^ out[i]);                                                       \
    }                                                                                              \
    if (eagre_cast_is_legacy(cast)) return EAGRE_OK;                                               \
    for (uint32_t i = 0; lost != 0 && i < cast->row_count; i++) {                                  \
      if (from[i] == out[i] || !eagre_cast_is_live(cast, i)) continue;                             \
      EAGRE_TRY(eagre_cast_fail_overflow(cast, i));                                                \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_NARROW(smallint_to_tinyint, int16_t, int8_t)
DEFINE_NARROW(int_to_tinyint, int32_t, int8_t)
DEFINE_NARROW(int_to_smallint, int32_t, int16_t)
DEFINE_NARROW(bigint_to_tinyint, int64_t, int8_t)
DEFINE_NARROW(bigint_to_smallint, int64_t, int16_t)
DEFINE_NARROW(bigint_to_int, int64_t, int32_t)

/* ---- Real to integral ------------------------------------------------------------------------ */

/* Java's (int) and (long) of a real. */
static int32_t saturate_int(double value) {
  if (isnan(value)) return 0;
  return value >= INT32_MAX ? INT32_MAX : value <= INT32_MIN ? INT32_MIN : (int32_t)value;
}

static int64_t saturate_bigint(double value) {
  if (isnan(value)) return 0;
  return value >= 0x1p63 ? INT64_MAX : value <= -0x1p63 ? INT64_MIN : (int64_t)value;
}

#define DEFINE_SATURATE(name, from_type, to_type, saturate)                                        \
  static enum eagre_status name##_legacy(struct eagre_cast *cast) {                                \
    const from_type *from = cast->from->data;                                                      \
    to_type *out = eagre_cast_out(cast);                                                           \
    for (uint32_t i = 0; i < cast->row_count; i++) {                                               \
      out[i] = (to_type)saturate((double)from[i]);                                                 \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

/* As Java's Math.floor(x) <= max && Math.ceil(x) >= min, then a cast that saturates: 2^63 itself
 * passes, because it is what the greatest BIGINT becomes as a real. */
#define DEFINE_CUT(name, from_type, to_type, least, greatest, saturate)                            \
  DEFINE_SATURATE(name, from_type, to_type, saturate)                                              \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    if (eagre_cast_is_legacy(cast)) return name##_legacy(cast);                                    \
    const from_type *from = cast->from->data;                                                      \
    to_type *restrict out = eagre_cast_out(cast);                                                  \
    for (uint32_t i = 0; i < cast->row_count; i++) {                                               \
      double value = (double)from[i];                                                              \
      out[i] = 0;                                                                                  \
      if (floor(value) <= (double)(greatest) && ceil(value) >= (double)(least)) {                  \
        out[i] = value >= (double)(greatest) ? (to_type)(greatest) : (to_type)value;               \
      } else if (eagre_cast_is_live(cast, i)) {                                                    \
        EAGRE_TRY(eagre_cast_fail_overflow(cast, i));                                              \
      }                                                                                            \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

#define DEFINE_CUTS(suffix, from_type)                                                             \
  DEFINE_CUT(suffix##_to_tinyint, from_type, int8_t, INT8_MIN, INT8_MAX, saturate_int)             \
  DEFINE_CUT(suffix##_to_smallint, from_type, int16_t, INT16_MIN, INT16_MAX, saturate_int)         \
  DEFINE_CUT(suffix##_to_int, from_type, int32_t, INT32_MIN, INT32_MAX, saturate_int)              \
  DEFINE_CUT(suffix##_to_bigint, from_type, int64_t, INT64_MIN, INT64_MAX, saturate_bigint)

DEFINE_CUTS(float, float)
DEFINE_CUTS(double, double)

/* ---- Booleans -------------------------------------------------------------------------------- */

#define DEFINE_BOOLEAN(suffix, type)                                                               \
  static enum eagre_status boolean_to_##suffix(struct eagre_cast *cast) {                          \
    type *out = eagre_cast_out(cast);                                                              \
    for (uint32_t i = 0; i < cast->row_count; i++) {                                               \
      out[i] = eagre_bit_get(cast->from->data, i);                                                 \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }                                                                                                \
  static enum eagre_status suffix##_to_boolean(struct eagre_cast *cast) {                          \
    const type *from = cast->from->data;                                                           \
    uint8_t *out = eagre_cast_out(cast);                                                           \
    for (uint32_t i = 0; i < cast->row_count; i++) {                                               \
      eagre_bit_put(out, i, from[i] != 0);                                                         \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_BOOLEAN(tinyint, int8_t)
DEFINE_BOOLEAN(smallint, int16_t)
DEFINE_BOOLEAN(int, int32_t)
DEFINE_BOOLEAN(bigint, int64_t)
DEFINE_BOOLEAN(float, float)
DEFINE_BOOLEAN(double, double)

/* ---- The table ------------------------------------------------------------------------------- */

#define SAFE(name)                                                                                 \
  { name, false }
#define FAILING(name)                                                                              \
  { name, true }

static const struct eagre_cast_rule rules[EAGRE_TYPE_DOUBLE + 1][EAGRE_TYPE_DOUBLE + 1] =
    {
        [EAGRE_TYPE_BOOLEAN] =
            {
                [EAGRE_TYPE_TINYINT] = SAFE(boolean_to_tinyint),
                [EAGRE_TYPE_SMALLINT] = SAFE(boolean_to_smallint),
                [EAGRE_TYPE_INT] = SAFE(boolean_to_int),
                [EAGRE_TYPE_BIGINT] = SAFE(boolean_to_bigint),
                [EAGRE_TYPE_FLOAT] = SAFE(boolean_to_float),
                [EAGRE_TYPE_DOUBLE] = SAFE(boolean_to_double),
            },
        [EAGRE_TYPE_TINYINT] =
            {
                [EAGRE_TYPE_BOOLEAN] = SAFE(tinyint_to_boolean),
                [EAGRE_TYPE_SMALLINT] = SAFE(tinyint_to_smallint),
                [EAGRE_TYPE_INT] = SAFE(tinyint_to_int),
                [EAGRE_TYPE_BIGINT] = SAFE(tinyint_to_bigint),
                [EAGRE_TYPE_FLOAT] = SAFE(tinyint_to_float),
                [EAGRE_TYPE_DOUBLE] = SAFE(tinyint_to_double),
            },
        [EAGRE_TYPE_SMALLINT] =
            {
                [EAGRE_TYPE_BOOLEAN] = SAFE(smallint_to_boolean),
                [EAGRE_TYPE_TINYINT] = FAILING(smallint_to_tinyint),
                [EAGRE_TYPE_INT] = SAFE(smallint_to_int),
                [EAGRE_TYPE_BIGINT] = SAFE(smallint_to_bigint),
                [EAGRE_TYPE_FLOAT] = SAFE(smallint_to_float),
                [EAGRE_TYPE_DOUBLE] = SAFE(smallint_to_double),
            },
        [EAGRE_TYPE_INT] =
            {
                [EAGRE_TYPE_BOOLEAN] = SAFE(int_to_boolean),
                [EAGRE_TYPE_TINYINT] = FAILING(int_to_tinyint),
                [EAGRE_TYPE_SMALLINT] = FAILING(int_to_smallint),
                [EAGRE_TYPE_BIGINT] = SAFE(int_to_bigint),
                [EAGRE_TYPE_FLOAT] = SAFE(int_to_float),
                [EAGRE_TYPE_DOUBLE] = SAFE(int_to_double),
            },
        [EAGRE_TYPE_BIGINT] =
            {
                [EAGRE_TYPE_BOOLEAN] = SAFE(bigint_to_boolean),
                [EAGRE_TYPE_TINYINT] = FAILING(bigint_to_tinyint),
                [EAGRE_TYPE_SMALLINT] = FAILING(bigint_to_smallint),
                [EAGRE_TYPE_INT] = FAILING(bigint_to_int),
                [EAGRE_TYPE_FLOAT] = SAFE(bigint_to_float),
                [EAGRE_TYPE_DOUBLE] = SAFE(bigint_to_double),
            },
        [EAGRE_TYPE_FLOAT] =
            {
                [EAGRE_TYPE_BOOLEAN] = SAFE(float_to_boolean),
                [EAGRE_TYPE_TINYINT] = FAILING(float_to_tinyint),
                [EAGRE_TYPE_SMALLINT] = FAILING(float_to_smallint),
                [EAGRE_TYPE_INT] = FAILING(float_to_int),
                [EAGRE_TYPE_BIGINT] = FAILING(float_to_bigint),
                [EAGRE_TYPE_DOUBLE] = SAFE(float_to_double),
            },
        [EAGRE_TYPE_DOUBLE] =
            {
                [EAGRE_TYPE_BOOLEAN] = SAFE(double_to_boolean),
                [EAGRE_TYPE_TINYINT] = FAILING(double_to_tinyint),
                [EAGRE_TYPE_SMALLINT] = FAILING(double_to_smallint),
                [EAGRE_TYPE_INT] = FAILING(double_to_int),
                [EAGRE_TYPE_BIGINT] = FAILING(double_to_bigint),
                [EAGRE_TYPE_FLOAT] = SAFE(double_to_float),
            },
};

struct eagre_cast_rule eagre_cast_find_number(enum eagre_type_kind from, enum eagre_type_kind to) {
  if (from > EAGRE_TYPE_DOUBLE || to > EAGRE_TYPE_DOUBLE) return (struct eagre_cast_rule){0};
  return rules[from][to];
}
