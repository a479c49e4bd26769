/* Casts of intervals: to other units, from and to STRING, from and to integers, which count the
 * smallest unit of the type. */
#include "expression/expression_cast.h"

static int64_t read_interval(const struct eagre_vector *vector, uint32_t row) {
  if (vector->type->kind == EAGRE_TYPE_INTERVAL_DAY) return EAGRE_VALUES(int64_t, vector)[row];
  return EAGRE_VALUES(int32_t, vector)[row];
}

/* False when there is no such interval. */
static bool put_interval(struct eagre_vector *out, uint32_t row, int64_t value) {
  if (out->type->kind == EAGRE_TYPE_INTERVAL_DAY) {
    EAGRE_VALUES(int64_t, out)[row] = value;
    return true;
  }
  EAGRE_VALUES(int32_t, out)[row] = (int32_t)value;
  return value == (int32_t)value;
}

static int64_t find_smallest_unit(const struct eagre_type *type) {
  int64_t size = eagre_value_interval_unit_size((enum eagre_interval_unit)type->scale);
  return type->scale == EAGRE_INTERVAL_SECOND ? 1 : size;
}

/* What the smallest unit cannot show is cut off. */
static enum eagre_status to_units(struct eagre_cast *cast) {
  eagre_cast_out(cast);
  int64_t unit = find_smallest_unit(cast->out->type);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    int64_t value = read_interval(cast->from, row);
    put_interval(cast->out, row, value - value % unit);
  }
  return EAGRE_OK;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static enum eagre_status fail_text(struct eagre_cast *cast, uint32_t row,
                                   enum eagre_value_result result) {
  if (result == EAGRE_VALUE_OVERFLOW) {
    return eagre_cast_fail(cast, row, "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING",
                           "because a unit is out of its range.");
  }
  return eagre_cast_fail(cast, row,
                         cast->out->type->kind == EAGRE_TYPE_INTERVAL_DAY
                             ? "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"
                             : "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING",
                         "because the text does not match the units of the type.");
}

static enum eagre_status from_text(struct eagre_cast *cast) {
  eagre_cast_out(cast);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    int64_t value = 0;
    put_interval(cast->out, row, value);
    if (!eagre_cast_is_live(cast, row)) continue;
    struct eagre_text text = EAGRE_VALUES(struct eagre_text, cast->from)[row];
    enum eagre_value_result result = eagre_value_parse_interval_as(text, cast->out->type, &value);
    if (result == EAGRE_VALUE_OK) {
      put_interval(cast->out, row, value);
    } else {
      EAGRE_TRY(fail_text(cast, row, result));
    }
  }
  return EAGRE_OK;
}

/* ---- Integers -------------------------------------------------------------------------------- */

static int64_t read_integer(const struct eagre_vector *vector, uint32_t row) {
  switch (vector->type->kind) {
  case EAGRE_TYPE_TINYINT:
    return EAGRE_VALUES(int8_t, vector)[row];
  case EAGRE_TYPE_SMALLINT:
    return EAGRE_VALUES(int16_t, vector)[row];
  case EAGRE_TYPE_INT:
    return EAGRE_VALUES(int32_t, vector)[row];
  default:
    return EAGRE_VALUES(int64_t, vector)[row];
  }
}

/* False when the integer is too small for the value. */
static bool put_integer(struct eagre_vector *out, uint32_t row, int64_t value) {
  switch (out->type->kind) {
  case EAGRE_TYPE_TINYINT:
    EAGRE_VALUES(int8_t, out)[row] = (int8_t)value;
    return value == (int8_t)value;
  case EAGRE_TYPE_SMALLINT:
    EAGRE_VALUES(int16_t, out)[row] = (int16_t)value;
    return value == (int16_t)value;
  case EAGRE_TYPE_INT:
    EAGRE_VALUES(int32_t, out)[row] = (int32_t)value;
    return value == (int32_t)value;
  default:
    EAGRE_VALUES(int64_t, out)[row] = value;
    return true;
  }
}

static enum eagre_status from_integer(struct eagre_cast *cast) {
  eagre_cast_out(cast);
  enum eagre_interval_unit unit = (enum eagre_interval_unit)cast->out->type->scale;
  int64_t size = eagre_value_interval_unit_size(unit);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    int64_t value;
    bool is_over = __builtin_mul_overflow(read_integer(cast->from, row), size, &value);
    if ((!put_interval(cast->out, row, value) || is_over) && eagre_cast_is_live(cast, row)) {
      EAGRE_TRY(eagre_cast_fail_overflow(cast, row));
    }
  }
  return EAGRE_OK;
}

static enum eagre_status to_integer(struct eagre_cast *cast) {
  eagre_cast_out(cast);
  enum eagre_interval_unit unit = (enum eagre_interval_unit)cast->from->type->scale;
  int64_t size = eagre_value_interval_unit_size(unit);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    int64_t count = read_interval(cast->from, row) / size;
    if (!put_integer(cast->out, row, count) && eagre_cast_is_live(cast, row)) {
      EAGRE_TRY(eagre_cast_fail_overflow(cast, row));
    }
  }
  return EAGRE_OK;
}

/* ---- The rules ------------------------------------------------------------------------------- */

struct eagre_cast_rule eagre_cast_find_interval(enum eagre_type_kind from,
                                                enum eagre_type_kind to) {
  if (from == to) return (struct eagre_cast_rule){to_units, false};
  if (from == EAGRE_TYPE_STRING) return (struct eagre_cast_rule){from_text, true};
  if (to == EAGRE_TYPE_STRING) return eagre_cast_find_text(from, to);
  if (eagre_type_is_integral(from)) return (struct eagre_cast_rule){from_integer, true};
  if (eagre_type_is_integral(to)) return (struct eagre_cast_rule){to_integer, true};
  return (struct eagre_cast_rule){NULL, false};
}
