/* VARIANT values as JSON. */
#include <math.h>

#include "value/value.h"

static void print_string(struct eagre_text text, struct eagre_buffer *out) {
  if (eagre_value_utf8_is_valid(text)) {
    eagre_buffer_append_json_string(out, text);
    return;
  }
  struct eagre_buffer repaired = {0};
  eagre_value_utf8_repair(text, &repaired);
  eagre_buffer_append_json_string(out, eagre_buffer_text(&repaired));
  eagre_buffer_done(&repaired);
}

static void print_floating(struct eagre_variant variant, bool is_float, struct eagre_buffer *out) {
  double value = is_float ? (double)eagre_variant_float(variant) : eagre_variant_double(variant);
  bool is_quoted = !isfinite(value);
  if (is_quoted) eagre_buffer_append_char(out, '"');
  char *digits = eagre_buffer_reserve(out, 32);
  out->size += is_float ? eagre_value_print_float((float)value, digits)
                        : eagre_value_print_double(value, digits);
  if (is_quoted) eagre_buffer_append_char(out, '"');
}

/* "+01:00", with seconds where the zone has them. */
static void print_offset(int32_t seconds, struct eagre_buffer *out) {
  uint32_t rest = (uint32_t)(seconds < 0 ? -seconds : seconds);
  eagre_buffer_printf(out, "%c%02u:%02u", seconds < 0 ? '-' : '+', rest / 3600, rest / 60 % 60);
  if (rest % 60 != 0) eagre_buffer_printf(out, ":%02u", rest % 60);
}

static void print_time(struct eagre_variant variant, enum eagre_variant_kind kind,
                       const struct eagre_zone *zone, struct eagre_buffer *out) {
  int64_t value = eagre_variant_integer(variant);
  eagre_buffer_append_char(out, '"');
  char *text = eagre_buffer_reserve(out, 48);
  if (kind == EAGRE_VARIANT_DATE) {
    out->size += eagre_value_print_date((int32_t)value, text);
  } else if (kind == EAGRE_VARIANT_TIMESTAMP_NTZ) {
    out->size += eagre_value_print_timestamp(value, eagre_zone_utc(), text);
  } else {
    out->size += eagre_value_print_timestamp(value, zone, text);
    print_offset(eagre_zone_offset_at(zone, value), out);
  }
  eagre_buffer_append_char(out, '"');
}

static void print_decimal(struct eagre_variant variant, struct eagre_buffer *out) {
  unsigned scale;
  eagre_decimal value = eagre_variant_decimal_stripped(variant, &scale);
  out->size += eagre_value_print_decimal(value, scale, eagre_buffer_reserve(out, 48));
}

static void print_container(struct eagre_variant variant, bool is_object,
                            const struct eagre_zone *zone, struct eagre_buffer *out) {
  struct eagre_variant_container container = eagre_variant_container_of(variant);
  eagre_buffer_append_char(out, is_object ? '{' : '[');
  for (uint32_t i = 0; i < container.count; i++) {
    if (i > 0) eagre_buffer_append_char(out, ',');
    if (is_object) {
      print_string(eagre_variant_member_name(&container, i), out);
      eagre_buffer_append_char(out, ':');
    }
    eagre_variant_print(eagre_variant_member(&container, i), zone, out);
  }
  eagre_buffer_append_char(out, is_object ? '}' : ']');
}

void eagre_variant_print(struct eagre_variant variant, const struct eagre_zone *zone,
                         struct eagre_buffer *out) {
  enum eagre_variant_kind kind = eagre_variant_kind_of(variant);
  switch (kind) {
  case EAGRE_VARIANT_NULL:
    eagre_buffer_append_string(out, "null");
    break;
  case EAGRE_VARIANT_BOOLEAN:
    eagre_buffer_append_string(out, eagre_variant_boolean(variant) ? "true" : "false");
    break;
  case EAGRE_VARIANT_INTEGER:
    out->size +=
        eagre_value_print_integer(eagre_variant_integer(variant), eagre_buffer_reserve(out, 32));
    break;
  case EAGRE_VARIANT_FLOAT:
  case EAGRE_VARIANT_DOUBLE:
    print_floating(variant, kind == EAGRE_VARIANT_FLOAT, out);
    break;
  case EAGRE_VARIANT_DECIMAL:
    print_decimal(variant, out);
    break;
  case EAGRE_VARIANT_STRING:
    print_string(eagre_variant_text(variant), out);
    break;
  case EAGRE_VARIANT_BINARY:
    eagre_value_print_base64(eagre_variant_text(variant), out);
    break;
  case EAGRE_VARIANT_OBJECT:
  case EAGRE_VARIANT_ARRAY:
    print_container(variant, kind == EAGRE_VARIANT_OBJECT, zone, out);
    break;
  default:
    print_time(variant, kind, zone, out);
    break;
  }
}
