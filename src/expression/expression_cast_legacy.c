/* Casts that exist with spark.sql.ansi.enabled = false only. */
#include <string.h>

#include "expression/expression_cast.h"

/* A DATE is no number: NULL always. */
static enum eagre_status date_to_null(struct eagre_cast *cast) {
  const struct eagre_type *type = cast->out->type;
  void *out = eagre_cast_out(cast);
  size_t size = type->kind == EAGRE_TYPE_BOOLEAN
                    ? eagre_bits_size(cast->row_count)
                    : eagre_type_width(type->kind) * (size_t)cast->row_count;
  memset(out, 0, size);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    if (eagre_cast_is_live(cast, row)) eagre_cast_set_null(cast, row);
  }
  return EAGRE_OK;
}

/* False is the epoch, as it is for numbers. */
static enum eagre_status timestamp_to_boolean(struct eagre_cast *cast) {
  const int64_t *from = cast->from->data;
  uint8_t *out = eagre_cast_out(cast);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    eagre_bit_put(out, row, from[row] != 0);
  }
  return EAGRE_OK;
}

/* True is one microsecond, unlike CAST(1 AS TIMESTAMP). */
static enum eagre_status boolean_to_timestamp(struct eagre_cast *cast) {
  int64_t *out = eagre_cast_out(cast);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    out[row] = eagre_bit_get(cast->from->data, row);
  }
  return EAGRE_OK;
}

/* The bytes of an integral, the highest first. */
static enum eagre_status integral_to_binary(struct eagre_cast *cast) {
  size_t width = eagre_type_width(cast->from->type->kind);
  const char *from = cast->from->data;
  struct eagre_text *out = eagre_cast_out(cast);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, cast->call->arena);
  for (uint32_t row = 0; row < cast->row_count; row++) {
    char *bytes = eagre_text_writer_reserve(&writer, width);
    for (size_t i = 0; i < width; i++) {
      bytes[i] = from[row * width + width - 1 - i];
    }
    out[row] = eagre_text_writer_take(&writer, width);
  }
  return EAGRE_OK;
}

struct eagre_cast_rule eagre_cast_find_legacy(enum eagre_type_kind from, enum eagre_type_kind to) {
  bool is_number = eagre_type_is_numeric(to) || to == EAGRE_TYPE_BOOLEAN;
  if (from == EAGRE_TYPE_DATE && is_number) return (struct eagre_cast_rule){date_to_null, false};
  if (from == EAGRE_TYPE_TIMESTAMP && to == EAGRE_TYPE_BOOLEAN) {
    return (struct eagre_cast_rule){timestamp_to_boolean, false};
  }
  if (from == EAGRE_TYPE_BOOLEAN && to == EAGRE_TYPE_TIMESTAMP) {
    return (struct eagre_cast_rule){boolean_to_timestamp, false};
  }
  if (eagre_type_is_integral(from) && to == EAGRE_TYPE_BINARY) {
    return (struct eagre_cast_rule){integral_to_binary, false};
  }
  return (struct eagre_cast_rule){0};
}
