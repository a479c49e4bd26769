/* Partition values: text -> a constant vector, by the grammar of CAST. */
#include "source/source_partition.h"

bool eagre_source_partition_is_type(enum eagre_type_kind kind) {
  switch (kind) {
  case EAGRE_TYPE_NULL:
  case EAGRE_TYPE_BOOLEAN:
  case EAGRE_TYPE_TINYINT:
  case EAGRE_TYPE_SMALLINT:
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_BIGINT:
  case EAGRE_TYPE_FLOAT:
  case EAGRE_TYPE_DOUBLE:
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_DATE:
  case EAGRE_TYPE_TIMESTAMP:
  case EAGRE_TYPE_TIMESTAMP_NTZ:
  case EAGRE_TYPE_DECIMAL:
    return true;
  default:
    return false;
  }
}

static bool read_integer(enum eagre_type_kind kind, struct eagre_text raw, void *out) {
  int64_t value;
  if (eagre_value_parse_integer(raw, &value) != EAGRE_VALUE_OK) return false;
  const int8_t byte = (int8_t)value;
  const int16_t half = (int16_t)value;
  const int32_t word = (int32_t)value;
  switch (kind) {
  case EAGRE_TYPE_TINYINT:
    memcpy(out, &byte, sizeof byte);
    return byte == value;
  case EAGRE_TYPE_SMALLINT:
    memcpy(out, &half, sizeof half);
    return half == value;
  case EAGRE_TYPE_INT:
    memcpy(out, &word, sizeof word);
    return word == value;
  default:
    memcpy(out, &value, sizeof value);
    return true;
  }
}

static bool read_boolean(struct eagre_text raw, uint8_t *bits) {
  bool value;
  if (eagre_value_parse_boolean(raw, &value) != EAGRE_VALUE_OK) return false;
  bits[0] = value;
  return true;
}

static bool read_value(const struct eagre_type *type, struct eagre_text raw,
                       const struct eagre_zone *zone, void *out) {
  switch (type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    return read_boolean(raw, out);
  case EAGRE_TYPE_FLOAT:
    return eagre_value_parse_float(raw, out) == EAGRE_VALUE_OK;
  case EAGRE_TYPE_DOUBLE:
    return eagre_value_parse_double(raw, out) == EAGRE_VALUE_OK;
  case EAGRE_TYPE_DATE:
    return eagre_value_parse_date(raw, out) == EAGRE_VALUE_OK;
  case EAGRE_TYPE_TIMESTAMP:
    return eagre_value_parse_timestamp(raw, zone, eagre_clock_wall_us(), out) == EAGRE_VALUE_OK;
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    return eagre_value_parse_timestamp_ntz(raw, zone, true, out) == EAGRE_VALUE_OK;
  case EAGRE_TYPE_DECIMAL:
    return eagre_value_parse_decimal(raw, type->precision, type->scale, out) == EAGRE_VALUE_OK;
  default:
    return read_integer(type->kind, raw, out);
  }
}

bool eagre_source_partition_read(const struct eagre_type *type, struct eagre_text raw,
                                 const struct eagre_zone *zone, struct eagre_arena *arena,
                                 struct eagre_vector *out) {
  eagre_vector_init_null(out, type, arena);
  if (raw.data == NULL || type->kind == EAGRE_TYPE_NULL) return raw.data == NULL;
  eagre_vector_init(out, type, 1, arena);
  out->is_constant = true;
  if (type->kind != EAGRE_TYPE_STRING) return read_value(type, raw, zone, out->data);
  EAGRE_VALUES(struct eagre_text, out)[0] = eagre_arena_copy_text(arena, raw);
  return true;
}
