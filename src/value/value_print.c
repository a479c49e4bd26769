/* Typed values -> the text of CAST(... AS STRING) and, for timestamps, of to_json
 * (spark-semantics 5.6 and 10). */
#include "value/value.h"

#include "value/value_digits.h"
#include "value/value_time.h"

enum { PRINT_SIZE_MAX = 48 }; /* of any number, date or timestamp */

/* ---- Dates and timestamps -------------------------------------------------------------------- */

size_t eagre_value_print_date(int32_t days, char *out) {
  struct eagre_wall_time date;
  eagre_value_civil_from_days(days, &date.year, &date.month, &date.day);
  return (size_t)(eagre_wall_time_put_date(out, &date) - out);
}

/* ".5", ".000001" or nothing. */
static char *put_fraction(char *out, unsigned microsecond) {
  if (microsecond == 0) return out;
  out[0] = '.';
  eagre_digits_put(out + 1, 6, microsecond);
  char *end = out + 7;
  while (end[-1] == '0') {
    end--;
  }
  return end;
}

size_t eagre_value_print_timestamp(int64_t us, const struct eagre_zone *zone, char *out) {
  struct eagre_wall_time time;
  eagre_wall_time_of_instant(us, eagre_zone_offset_at(zone, us), &time);
  char *end = eagre_wall_time_put_date(out, &time);
  *end++ = ' ';
  end = eagre_wall_time_put_clock(end, &time);
  return (size_t)(put_fraction(end, time.microsecond) - out);
}

/* Offsets before the zones had whole minutes show their seconds. */
static char *put_offset(char *out, int32_t offset_s) {
  unsigned total = (unsigned)(offset_s < 0 ? -offset_s : offset_s);
  unsigned minutes = total / 60;
  if (total == 0) {
    *out = 'Z';
    return out + 1;
  }
  out[0] = offset_s < 0 ? '-' : '+';
  eagre_digits_put_two(out + 1, minutes / 60);
  out[3] = ':';
  eagre_digits_put_two(out + 4, minutes % 60);
  if (total % 60 == 0) return out + 6;
  out[6] = ':';
  eagre_digits_put_two(out + 7, total % 60);
  return out + 9;
}

/* "2026-01-01T00:00:00.500". Returns the end. */
static char *put_json_time(char *out, int64_t us, int32_t offset_s) {
  struct eagre_wall_time time;
  eagre_wall_time_of_instant(us, offset_s, &time);
  char *end = eagre_wall_time_put_date(out, &time);
  *end++ = 'T';
  end = eagre_wall_time_put_clock(end, &time);
  *end++ = '.';
  eagre_digits_put(end, 3, time.microsecond / 1000);
  return end + 3;
}

size_t eagre_value_print_json_timestamp(int64_t us, const struct eagre_zone *zone, char *out) {
  int32_t offset_s = eagre_zone_offset_at(zone, us);
  return (size_t)(put_offset(put_json_time(out, us, offset_s), offset_s) - out);
}

size_t eagre_value_print_json_timestamp_ntz(int64_t us, char *out) {
  return (size_t)(put_json_time(out, us, 0) - out);
}

/* ---- Whole values ---------------------------------------------------------------------------- */

struct print_style {
  const struct eagre_zone *zone;
  bool has_exponents; /* a small DECIMAL is written with one, as Java does */
};

static bool print_value(const struct eagre_vector *vector, uint32_t row,
                        const struct print_style *style, struct eagre_buffer *out);

static void print_struct(const struct eagre_vector *vector, uint32_t index,
                         const struct print_style *style, struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '{');
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    if (i > 0) eagre_buffer_append(out, ", ", 2);
    if (!print_value(&vector->children[i], index, style, out)) {
      eagre_buffer_append(out, "null", 4);
    }
  }
  eagre_buffer_append_char(out, '}');
}

static void print_or_null(const struct eagre_vector *vector, uint32_t row,
                          const struct print_style *style, struct eagre_buffer *out) {
  if (!print_value(vector, row, style, out)) eagre_buffer_append(out, "null", 4);
}

/* [1, null] and {a -> 1}. */
static void print_list(const struct eagre_vector *vector, uint32_t index,
                       const struct print_style *style, struct eagre_buffer *out) {
  bool is_map = vector->type->kind == EAGRE_TYPE_MAP;
  eagre_buffer_append_char(out, is_map ? '{' : '[');
  for (int32_t i = vector->offsets[index]; i < vector->offsets[index + 1]; i++) {
    if (i > vector->offsets[index]) eagre_buffer_append(out, ", ", 2);
    print_or_null(&vector->children[0], (uint32_t)i, style, out);
    if (!is_map) continue;
    eagre_buffer_append(out, " -> ", 4);
    print_or_null(&vector->children[1], (uint32_t)i, style, out);
  }
  eagre_buffer_append_char(out, is_map ? '}' : ']');
}

/* Into `out`, which has room for PRINT_SIZE_MAX bytes; returns the size. */
static size_t print_fixed(const struct eagre_vector *vector, uint32_t index,
                          const struct print_style *style, char *out) {
  switch (vector->type->kind) {
  case EAGRE_TYPE_TINYINT:
    return eagre_value_print_integer(EAGRE_VALUES(int8_t, vector)[index], out);
  case EAGRE_TYPE_SMALLINT:
    return eagre_value_print_integer(EAGRE_VALUES(int16_t, vector)[index], out);
  case EAGRE_TYPE_INT:
    return eagre_value_print_integer(EAGRE_VALUES(int32_t, vector)[index], out);
  case EAGRE_TYPE_BIGINT:
    return eagre_value_print_integer(EAGRE_VALUES(int64_t, vector)[index], out);
  case EAGRE_TYPE_FLOAT:
    return eagre_value_print_float(EAGRE_VALUES(float, vector)[index], out);
  case EAGRE_TYPE_DOUBLE:
    return eagre_value_print_double(EAGRE_VALUES(double, vector)[index], out);
  case EAGRE_TYPE_DECIMAL:
    return (style->has_exponents ? eagre_value_print_decimal_java : eagre_value_print_decimal)(
        EAGRE_VALUES(eagre_decimal, vector)[index], vector->type->scale, out);
  case EAGRE_TYPE_DATE:
    return eagre_value_print_date(EAGRE_VALUES(int32_t, vector)[index], out);
  case EAGRE_TYPE_TIMESTAMP:
    return eagre_value_print_timestamp(EAGRE_VALUES(int64_t, vector)[index], style->zone, out);
  case EAGRE_TYPE_TIMESTAMP_NTZ:
    return eagre_value_print_timestamp(EAGRE_VALUES(int64_t, vector)[index], eagre_zone_utc(), out);
  default:
    eagre_assert(!"a type that has values");
    return 0;
  }
}

static void print_valid(const struct eagre_vector *vector, uint32_t row,
                        const struct print_style *style, struct eagre_buffer *out) {
  uint32_t index = eagre_vector_index(vector, row);
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    eagre_buffer_append_string(out, eagre_bit_get(vector->data, index) ? "true" : "false");
    return;
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    eagre_buffer_append_text(out, EAGRE_VALUES(struct eagre_text, vector)[index]);
    return;
  case EAGRE_TYPE_INTERVAL_DAY:
    eagre_value_print_interval_as(EAGRE_VALUES(int64_t, vector)[index], vector->type, out);
    return;
  case EAGRE_TYPE_INTERVAL_YEAR:
    eagre_value_print_interval_as(EAGRE_VALUES(int32_t, vector)[index], vector->type, out);
    return;
  case EAGRE_TYPE_STRUCT:
    print_struct(vector, index, style, out);
    return;
  case EAGRE_TYPE_ARRAY:
  case EAGRE_TYPE_MAP:
    print_list(vector, index, style, out);
    return;
  case EAGRE_TYPE_VARIANT:
    eagre_variant_print(eagre_variant_open(EAGRE_VALUES(struct eagre_text, vector)[index]),
                        style->zone, out);
    return;
  default:
    out->size += print_fixed(vector, index, style, eagre_buffer_reserve(out, PRINT_SIZE_MAX));
  }
}

void eagre_value_print_base64(struct eagre_text bytes, struct eagre_buffer *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *at = eagre_buffer_reserve(out, (bytes.size + 2) / 3 * 4 + 2);
  char *begin = at;
  *at++ = '"';
  for (size_t i = 0; i < bytes.size; i += 3) {
    size_t rest = bytes.size - i;
    uint32_t group = (uint32_t)(unsigned char)bytes.data[i] << 16;
    if (rest > 1) group |= (uint32_t)(unsigned char)bytes.data[i + 1] << 8;
    if (rest > 2) group |= (unsigned char)bytes.data[i + 2];
    *at++ = digits[group >> 18];
    *at++ = digits[group >> 12 & 63];
    *at++ = rest > 1 ? digits[group >> 6 & 63] : '=';
    *at++ = rest > 2 ? digits[group & 63] : '=';
  }
  *at++ = '"';
  out->size += (size_t)(at - begin);
}

static bool print_value(const struct eagre_vector *vector, uint32_t row,
                        const struct print_style *style, struct eagre_buffer *out) {
  if (eagre_vector_is_null(vector, row)) return false;
  print_valid(vector, row, style, out);
  return true;
}

bool eagre_value_print(const struct eagre_vector *vector, uint32_t row,
                       const struct eagre_zone *zone, struct eagre_buffer *out) {
  const struct print_style style = {zone, false};
  return print_value(vector, row, &style, out);
}

bool eagre_value_print_java(const struct eagre_vector *vector, uint32_t row,
                            const struct eagre_zone *zone, struct eagre_buffer *out) {
  const struct print_style style = {zone, true};
  return print_value(vector, row, &style, out);
}
