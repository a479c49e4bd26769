/* Casts from and to STRING: the grammars of the room `value` over vectors. */
#include <string.h>

#include "expression/expression_cast.h"

/* ---- STRING to a value ----------------------------------------------------------------------- */

static struct eagre_text read_text(const struct eagre_cast *cast, uint32_t row) {
  return EAGRE_VALUES(struct eagre_text, cast->from)[row];
}

static enum eagre_value_result parse_integer(const struct eagre_cast *cast, uint32_t row,
                                             int64_t *out_value) {
  struct eagre_text text = read_text(cast, row);
  return eagre_cast_is_legacy(cast) ? eagre_value_parse_integer_truncated(text, out_value)
                                    : eagre_value_parse_integer(text, out_value);
}

/* The range check of the target is a comparison with the narrowed value. */
#define DEFINE_TO_INTEGRAL(name, type)                                                             \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    type *out = eagre_cast_out(cast);                                                              \
    for (uint32_t row = 0; row < cast->row_count; row++) {                                         \
      int64_t value = 0;                                                                           \
      out[row] = 0;                                                                                \
      if (!eagre_cast_is_live(cast, row)) continue;                                                \
      bool is_valid = parse_integer(cast, row, &value) == EAGRE_VALUE_OK;                          \
      if (!is_valid || value != (type)value) {                                                     \
        EAGRE_TRY(eagre_cast_fail_invalid(cast, row));                                             \
      } else {                                                                                     \
        out[row] = (type)value;                                                                    \
      }                                                                                            \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_TO_INTEGRAL(text_to_tinyint, int8_t)
DEFINE_TO_INTEGRAL(text_to_smallint, int16_t)
DEFINE_TO_INTEGRAL(text_to_int, int32_t)
DEFINE_TO_INTEGRAL(text_to_bigint, int64_t)

#define DEFINE_TO_VALUE(name, type, call_of_parser)                                                \
  static enum eagre_status name(struct eagre_cast *cast) {                                         \
    type *out = eagre_cast_out(cast);                                                              \
    for (uint32_t row = 0; row < cast->row_count; row++) {                                         \
      out[row] = 0;                                                                                \
      if (!eagre_cast_is_live(cast, row)) continue;                                                \
      if ((call_of_parser) == EAGRE_VALUE_OK) continue;                                            \
      out[row] = 0;                                                                                \
      EAGRE_TRY(eagre_cast_fail_invalid(cast, row));                                               \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_TO_VALUE(text_to_float, float, eagre_value_parse_float(read_text(cast, row), &out[row]))
DEFINE_TO_VALUE(text_to_double, double, eagre_value_parse_double(read_text(cast, row), &out[row]))
DEFINE_TO_VALUE(text_to_date, int32_t, eagre_value_parse_date(read_text(cast, row), &out[row]))
DEFINE_TO_VALUE(text_to_timestamp, int64_t,
                eagre_value_parse_timestamp(read_text(cast, row), cast->call->zone,
                                            cast->call->now_us, &out[row]))

DEFINE_TO_VALUE(text_to_timestamp_ntz, int64_t,
                eagre_value_parse_timestamp_ntz(read_text(cast, row), cast->call->zone, true,
                                                &out[row]))

static enum eagre_status text_to_boolean(struct eagre_cast *cast) {
  uint8_t *out = eagre_cast_out(cast);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    bool value = false;
    if (!eagre_cast_is_live(cast, row)) continue;
    if (eagre_value_parse_boolean(read_text(cast, row), &value) == EAGRE_VALUE_OK) {
      eagre_bit_put(out, row, value);
    } else {
      EAGRE_TRY(eagre_cast_fail_invalid(cast, row));
    }
  }
  return EAGRE_OK;
}

/* ---- A value to STRING ----------------------------------------------------------------------- */

enum { PRINTED_SIZE_MAX = 48 };

/* Kinds whose printed form has a small bound go straight into the arena. */
static size_t print_small(const struct eagre_cast *cast, uint32_t row, char *out) {
  const struct eagre_vector *from = cast->from;
  switch (from->type->kind) {
  case EAGRE_TYPE_TINYINT:
    return eagre_value_print_integer(EAGRE_VALUES(int8_t, from)[row], out);
  case EAGRE_TYPE_SMALLINT:
    return eagre_value_print_integer(EAGRE_VALUES(int16_t, from)[row], out);
  case EAGRE_TYPE_INT:
    return eagre_value_print_integer(EAGRE_VALUES(int32_t, from)[row], out);
  case EAGRE_TYPE_BIGINT:
    return eagre_value_print_integer(EAGRE_VALUES(int64_t, from)[row], out);
  case EAGRE_TYPE_FLOAT:
    return eagre_value_print_float(EAGRE_VALUES(float, from)[row], out);
  case EAGRE_TYPE_DOUBLE:
    return eagre_value_print_double(EAGRE_VALUES(double, from)[row], out);
  case EAGRE_TYPE_DECIMAL:
    return (eagre_cast_is_legacy(cast) ? eagre_value_print_decimal_java
                                       : eagre_value_print_decimal)(
        EAGRE_VALUES(eagre_decimal, from)[row], from->type->scale, out);
  case EAGRE_TYPE_DATE:
    return eagre_value_print_date(EAGRE_VALUES(int32_t, from)[row], out);
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    return eagre_value_print_timestamp(EAGRE_VALUES(int64_t, from)[row], eagre_zone_utc(), out);
  default:
    eagre_assert(from->type->kind == EAGRE_TYPE_TIMESTAMP);
    return eagre_value_print_timestamp(EAGRE_VALUES(int64_t, from)[row], cast->call->zone, out);
  }
}

static enum eagre_status small_to_text(struct eagre_cast *cast) {
  struct eagre_text *out = eagre_cast_out(cast);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, cast->call->arena);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    out[row] = EAGRE_TEXT("");
    if (!eagre_cast_is_live(cast, row)) continue;
    char *space = eagre_text_writer_reserve(&writer, PRINTED_SIZE_MAX);
    out[row] = eagre_text_writer_take(&writer, print_small(cast, row, space));
  }
  return EAGRE_OK;
}

static enum eagre_status boolean_to_text(struct eagre_cast *cast) {
  struct eagre_text *out = eagre_cast_out(cast);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, cast->call->arena);
  struct eagre_text names[] = {eagre_text_writer_copy(&writer, EAGRE_TEXT("false")),
                               eagre_text_writer_copy(&writer, EAGRE_TEXT("true"))};
  for (uint32_t row = 0; row < cast->row_count; row++) {
    out[row] = names[eagre_bit_get(cast->from->data, row)];
  }
  return EAGRE_OK;
}

/* Structs and intervals. */
static enum eagre_status any_to_text(struct eagre_cast *cast) {
  struct eagre_text *out = eagre_cast_out(cast);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, cast->call->arena);
  struct eagre_buffer buffer = {0};
  for (uint32_t row = 0; row < cast->row_count; row++) {
    out[row] = EAGRE_TEXT("");
    if (!eagre_cast_is_live(cast, row)) continue;
    eagre_buffer_clear(&buffer);
    (eagre_cast_is_legacy(cast) ? eagre_value_print_java
                                : eagre_value_print)(cast->from, row, cast->call->zone, &buffer);
    out[row] = eagre_text_writer_copy(&writer, eagre_buffer_text(&buffer));
  }
  eagre_buffer_done(&buffer);
  return EAGRE_OK;
}

/* ---- The table ------------------------------------------------------------------------------- */

static const struct eagre_cast_rule from_text[EAGRE_TYPE_count] = {
    [EAGRE_TYPE_BOOLEAN] = {text_to_boolean, true},
    [EAGRE_TYPE_TINYINT] = {text_to_tinyint, true},
    [EAGRE_TYPE_SMALLINT] = {text_to_smallint, true},
    [EAGRE_TYPE_INT] = {text_to_int, true},
    [EAGRE_TYPE_BIGINT] = {text_to_bigint, true},
    [EAGRE_TYPE_FLOAT] = {text_to_float, true},
    [EAGRE_TYPE_DOUBLE] = {text_to_double, true},
    [EAGRE_TYPE_DATE] = {text_to_date, true},
    [EAGRE_TYPE_TIMESTAMP] = {text_to_timestamp, true},
    [EAGRE_TYPE_TIMESTAMP_NTZ] = {text_to_timestamp_ntz, true},
};

static const struct eagre_cast_rule to_text[EAGRE_TYPE_count] = {
    [EAGRE_TYPE_BOOLEAN] = {boolean_to_text, false},
    [EAGRE_TYPE_TINYINT] = {small_to_text, false},
    [EAGRE_TYPE_SMALLINT] = {small_to_text, false},
    [EAGRE_TYPE_INT] = {small_to_text, false},
    [EAGRE_TYPE_BIGINT] = {small_to_text, false},
    [EAGRE_TYPE_FLOAT] = {small_to_text, false},
    [EAGRE_TYPE_DOUBLE] = {small_to_text, false},
    [EAGRE_TYPE_DATE] = {small_to_text, false},
    [EAGRE_TYPE_TIMESTAMP] = {small_to_text, false},
    [EAGRE_TYPE_STRUCT] = {any_to_text, false},
    [EAGRE_TYPE_INTERVAL_DAY] = {any_to_text, false},
    [EAGRE_TYPE_INTERVAL_YEAR] = {any_to_text, false},
    [EAGRE_TYPE_TIMESTAMP_NTZ] = {small_to_text, false},
    [EAGRE_TYPE_DECIMAL] = {small_to_text, false},
    [EAGRE_TYPE_ARRAY] = {any_to_text, false},
    [EAGRE_TYPE_MAP] = {any_to_text, false},
};

struct eagre_cast_rule eagre_cast_find_text(enum eagre_type_kind from, enum eagre_type_kind to) {
  return from == EAGRE_TYPE_STRING ? from_text[to] : to_text[from];
}
