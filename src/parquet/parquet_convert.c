/* The loops, one per pair of forms, and the table that chooses. */
#include "parquet/parquet_convert.h"

#include <string.h>

enum {
  JULIAN_DAY_OF_EPOCH = 2440588,
  DECIMAL_SIZE_MAX = 16,
};

static const int64_t DAY_US = INT64_C(86400000000);

typedef bool convert_fn(const struct eagre_parquet_conversion *conversion, const char *from,
                        uint32_t count, char *out);

static inline int32_t load_int32(const char *from, uint32_t i) {
  int32_t value;
  memcpy(&value, from + (size_t)i * sizeof value, sizeof value);
  return value;
}

static inline int64_t load_int64(const char *from, uint32_t i) {
  int64_t value;
  memcpy(&value, from + (size_t)i * sizeof value, sizeof value);
  return value;
}

static inline void store_int64(char *out, uint32_t i, int64_t value) {
  memcpy(out + (size_t)i * sizeof value, &value, sizeof value);
}

/* ---- Numbers -------------------------------------------------------------------------------- */

static bool copy_values(const struct eagre_parquet_conversion *conversion, const char *from,
                        uint32_t count, char *out) {
  memcpy(out, from, (size_t)count * conversion->to_width);
  return true;
}

static bool int32_to_int8(const struct eagre_parquet_conversion *conversion, const char *from,
                          uint32_t count, char *out) {
  (void)conversion;
  for (uint32_t i = 0; i < count; i++) {
    out[i] = (char)load_int32(from, i);
  }
  return true;
}

static bool int32_to_int16(const struct eagre_parquet_conversion *conversion, const char *from,
                           uint32_t count, char *out) {
  (void)conversion;
  for (uint32_t i = 0; i < count; i++) {
    int16_t value = (int16_t)load_int32(from, i);
    memcpy(out + (size_t)i * sizeof value, &value, sizeof value);
  }
  return true;
}

static bool int32_to_int64(const struct eagre_parquet_conversion *conversion, const char *from,
                           uint32_t count, char *out) {
  (void)conversion;
  for (uint32_t i = 0; i < count; i++) {
    store_int64(out, i, load_int32(from, i));
  }
  return true;
}

static bool uint32_to_int64(const struct eagre_parquet_conversion *conversion, const char *from,
                            uint32_t count, char *out) {
  (void)conversion;
  for (uint32_t i = 0; i < count; i++) {
    store_int64(out, i, (uint32_t)load_int32(from, i));
  }
  return true;
}

static bool int32_to_double(const struct eagre_parquet_conversion *conversion, const char *from,
                            uint32_t count, char *out) {
  (void)conversion;
  for (uint32_t i = 0; i < count; i++) {
    double value = load_int32(from, i);
    memcpy(out + (size_t)i * sizeof value, &value, sizeof value);
  }
  return true;
}

static bool float_to_double(const struct eagre_parquet_conversion *conversion, const char *from,
                            uint32_t count, char *out) {
  (void)conversion;
  for (uint32_t i = 0; i < count; i++) {
    float narrow;
    memcpy(&narrow, from + (size_t)i * sizeof narrow, sizeof narrow);
    double value = narrow;
    memcpy(out + (size_t)i * sizeof value, &value, sizeof value);
  }
  return true;
}

/* ---- Time ----------------------------------------------------------------------------------- */

static int64_t divide_down(int64_t value, int64_t by) {
  return value / by - (value % by < 0);
}

static bool millis_to_micros(const struct eagre_parquet_conversion *conversion, const char *from,
                             uint32_t count, char *out) {
  (void)conversion;
  bool is_too_large = false;
  for (uint32_t i = 0; i < count; i++) {
    int64_t value = 0;
    is_too_large |= __builtin_mul_overflow(load_int64(from, i), 1000, &value);
    store_int64(out, i, value);
  }
  return !is_too_large;
}

static bool nanos_to_micros(const struct eagre_parquet_conversion *conversion, const char *from,
                            uint32_t count, char *out) {
  (void)conversion;
  for (uint32_t i = 0; i < count; i++) {
    store_int64(out, i, divide_down(load_int64(from, i), 1000));
  }
  return true;
}

static bool date_to_micros(const struct eagre_parquet_conversion *conversion, const char *from,
                           uint32_t count, char *out) {
  (void)conversion;
  bool is_too_large = false;
  for (uint32_t i = 0; i < count; i++) {
    int64_t value = 0;
    is_too_large |= __builtin_mul_overflow(load_int32(from, i), DAY_US, &value);
    store_int64(out, i, value);
  }
  return !is_too_large;
}

static bool int96_to_micros(const struct eagre_parquet_conversion *conversion, const char *from,
                            uint32_t count, char *out) {
  bool is_too_large = false;
  for (uint32_t i = 0; i < count; i++, from += conversion->from_width) {
    int64_t day = (int64_t)load_int32(from + sizeof(int64_t), 0) - JULIAN_DAY_OF_EPOCH;
    int64_t value = 0;
    is_too_large |= __builtin_mul_overflow(day, DAY_US, &value);
    is_too_large |= __builtin_add_overflow(value, divide_down(load_int64(from, 0), 1000), &value);
    store_int64(out, i, value);
  }
  return !is_too_large;
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

static bool fixed_to_text(const struct eagre_parquet_conversion *conversion, const char *from,
                          uint32_t count, char *out) {
  for (uint32_t i = 0; i < count; i++, from += conversion->from_width) {
    struct eagre_text value = eagre_text_make(from, conversion->from_width);
    memcpy(out + (size_t)i * sizeof value, &value, sizeof value);
  }
  return true;
}

/* ---- Decimals ------------------------------------------------------------------------------- */

/* Widens the scale; false when the value has more digits than the file says. */
static inline bool put_decimal(const struct eagre_parquet_conversion *conversion, __int128 value,
                               uint32_t i, char *out) {
  bool fits = value < conversion->limit && value > -conversion->limit;
  value = fits ? value * conversion->multiplier : 0;
  memcpy(out + (size_t)i * sizeof value, &value, sizeof value);
  return fits;
}

static bool int32_to_decimal(const struct eagre_parquet_conversion *conversion, const char *from,
                             uint32_t count, char *out) {
  bool fits = true;
  for (uint32_t i = 0; i < count; i++) {
    fits &= put_decimal(conversion, load_int32(from, i), i, out);
  }
  return fits;
}

static bool int64_to_decimal(const struct eagre_parquet_conversion *conversion, const char *from,
                             uint32_t count, char *out) {
  bool fits = true;
  for (uint32_t i = 0; i < count; i++) {
    fits &= put_decimal(conversion, load_int64(from, i), i, out);
  }
  return fits;
}

static bool uint32_to_decimal(const struct eagre_parquet_conversion *conversion, const char *from,
                              uint32_t count, char *out) {
  bool fits = true;
  for (uint32_t i = 0; i < count; i++) {
    fits &= put_decimal(conversion, (uint32_t)load_int32(from, i), i, out);
  }
  return fits;
}

static bool uint64_to_decimal(const struct eagre_parquet_conversion *conversion, const char *from,
                              uint32_t count, char *out) {
  bool fits = true;
  for (uint32_t i = 0; i < count; i++) {
    fits &= put_decimal(conversion, (uint64_t)load_int64(from, i), i, out);
  }
  return fits;
}

/* A signed number, highest byte first. Bytes beyond 16 may only repeat the sign. */
static bool read_big_endian(const uint8_t *bytes, size_t size, __int128 *out_value) {
  if (size == 0) return false;
  uint8_t sign = bytes[0] & 0x80 ? 0xff : 0;
  for (; size > DECIMAL_SIZE_MAX; size--) {
    if (*bytes++ != sign) return false;
  }
  if ((bytes[0] & 0x80) != (sign & 0x80)) return false;
  unsigned __int128 value = sign == 0 ? 0 : ~(unsigned __int128)0;
  for (size_t i = 0; i < size; i++) {
    value = value << 8 | bytes[i];
  }
  *out_value = (__int128)value;
  return true;
}

static bool put_bytes(const struct eagre_parquet_conversion *conversion, struct eagre_text bytes,
                      uint32_t i, char *out) {
  __int128 value = 0;
  bool fits = read_big_endian((const uint8_t *)bytes.data, bytes.size, &value);
  return put_decimal(conversion, value, i, out) && fits;
}

static bool fixed_to_decimal(const struct eagre_parquet_conversion *conversion, const char *from,
                             uint32_t count, char *out) {
  bool fits = true;
  for (uint32_t i = 0; i < count; i++, from += conversion->from_width) {
    fits &= put_bytes(conversion, eagre_text_make(from, conversion->from_width), i, out);
  }
  return fits;
}

static bool text_to_decimal(const struct eagre_parquet_conversion *conversion, const char *from,
                            uint32_t count, char *out) {
  bool fits = true;
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_text bytes;
    memcpy(&bytes, from + (size_t)i * sizeof bytes, sizeof bytes);
    fits &= put_bytes(conversion, bytes, i, out);
  }
  return fits;
}

/* ---- Choosing ------------------------------------------------------------------------------- */

static uint32_t find_from_width(const struct eagre_parquet_element *element) {
  switch (element->physical) {
  case EAGRE_PARQUET_BOOLEAN:
    return 1;
  case EAGRE_PARQUET_INT32:
  case EAGRE_PARQUET_FLOAT:
    return 4;
  case EAGRE_PARQUET_INT64:
  case EAGRE_PARQUET_DOUBLE:
    return 8;
  case EAGRE_PARQUET_INT96:
    return 12;
  case EAGRE_PARQUET_BYTE_ARRAY:
    return sizeof(struct eagre_text);
  default:
    return (uint32_t)element->length;
  }
}

static __int128 power_of_ten(unsigned exponent) {
  __int128 power = 1;
  for (unsigned i = 0; i < exponent; i++) {
    power *= 10;
  }
  return power;
}

static convert_fn *choose_decimal_loop(const struct eagre_parquet_element *element,
                                       const struct eagre_parquet_meaning *meaning) {
  bool is_unsigned = meaning->kind == EAGRE_PARQUET_MEANS_INTEGER && !meaning->is_signed;
  switch (element->physical) {
  case EAGRE_PARQUET_INT32:
    return is_unsigned ? uint32_to_decimal : int32_to_decimal;
  case EAGRE_PARQUET_INT64:
    return is_unsigned ? uint64_to_decimal : int64_to_decimal;
  case EAGRE_PARQUET_BYTE_ARRAY:
    return text_to_decimal;
  default:
    return fixed_to_decimal;
  }
}

/* DECIMAL, and integers as DECIMAL: no digit may be lost on either side of the point. */
static convert_fn *choose_decimal(struct eagre_parquet_conversion *conversion,
                                  const struct eagre_parquet_element *element,
                                  const struct eagre_parquet_meaning *meaning,
                                  const struct eagre_type *type) {
  int precision = meaning->precision;
  int scale = meaning->scale;
  if (meaning->kind == EAGRE_PARQUET_MEANS_INTEGER) {
    precision = meaning->bits == 64 ? 20 : meaning->bits == 32 ? 10 : meaning->bits == 16 ? 5 : 3;
  }
  bool is_wide_enough = type->scale >= scale && type->precision - type->scale >= precision - scale;
  if (type->kind != EAGRE_TYPE_DECIMAL || !is_wide_enough) return NULL;
  conversion->limit = power_of_ten((unsigned)precision);
  conversion->multiplier = power_of_ten((unsigned)(type->scale - scale));
  return choose_decimal_loop(element, meaning);
}

static convert_fn *choose_integer(struct eagre_parquet_conversion *conversion,
                                  const struct eagre_parquet_element *element,
                                  const struct eagre_parquet_meaning *meaning,
                                  const struct eagre_type *type) {
  if (type->kind == EAGRE_TYPE_DECIMAL) {
    return choose_decimal(conversion, element, meaning, type);
  }
  bool is_signed = meaning->is_signed;
  /* Bits of a signed type that holds all of it. */
  int bits = meaning->bits + (is_signed ? 0 : 1);
  if (type->kind == EAGRE_TYPE_DOUBLE && bits <= 32) return int32_to_double;
  if (!eagre_type_is_integral(type->kind) || bits > 8 * (int)conversion->to_width) return NULL;
  switch (type->kind) {
  case EAGRE_TYPE_TINYINT:
    return int32_to_int8;
  case EAGRE_TYPE_SMALLINT:
    return int32_to_int16;
  case EAGRE_TYPE_INT:
    return copy_values;
  default:
    if (meaning->bits == 64) return copy_values;
    return is_signed ? int32_to_int64 : uint32_to_int64;
  }
}

/* An instant may not be read as wall-clock time, whose zone nobody knows; the other way round is
 * Spark's. */
static convert_fn *choose_timestamp(const struct eagre_parquet_meaning *meaning,
                                    enum eagre_type_kind kind) {
  bool is_readable =
      kind == EAGRE_TYPE_TIMESTAMP || (kind == EAGRE_TYPE_TIMESTAMP_NTZ && !meaning->is_utc);
  if (!is_readable) return NULL;
  if (meaning->unit == EAGRE_PARQUET_MILLIS) return millis_to_micros;
  return meaning->unit == EAGRE_PARQUET_NANOS ? nanos_to_micros : copy_values;
}

static convert_fn *choose_bytes(const struct eagre_parquet_element *element,
                                enum eagre_type_kind kind) {
  bool is_fixed = element->physical == EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY;
  if (kind != EAGRE_TYPE_BINARY && (kind != EAGRE_TYPE_STRING || is_fixed)) return NULL;
  return is_fixed ? fixed_to_text : copy_values;
}

static convert_fn *choose(struct eagre_parquet_conversion *conversion,
                          const struct eagre_parquet_element *element,
                          const struct eagre_type *type) {
  struct eagre_parquet_meaning meaning = eagre_parquet_element_meaning(element);
  enum eagre_type_kind kind = type->kind;
  switch (meaning.kind) {
  case EAGRE_PARQUET_MEANS_BOOLEAN:
    return kind == EAGRE_TYPE_BOOLEAN ? copy_values : NULL;
  case EAGRE_PARQUET_MEANS_INTEGER:
    return choose_integer(conversion, element, &meaning, type);
  case EAGRE_PARQUET_MEANS_FLOAT:
    if (kind == EAGRE_TYPE_DOUBLE) return float_to_double;
    return kind == EAGRE_TYPE_FLOAT ? copy_values : NULL;
  case EAGRE_PARQUET_MEANS_DOUBLE:
    return kind == EAGRE_TYPE_DOUBLE ? copy_values : NULL;
  case EAGRE_PARQUET_MEANS_DECIMAL:
    return choose_decimal(conversion, element, &meaning, type);
  case EAGRE_PARQUET_MEANS_DATE:
    if (kind == EAGRE_TYPE_TIMESTAMP_NTZ) return date_to_micros;
    return kind == EAGRE_TYPE_DATE ? copy_values : NULL;
  case EAGRE_PARQUET_MEANS_TIMESTAMP:
    return choose_timestamp(&meaning, kind);
  case EAGRE_PARQUET_MEANS_INT96:
    return kind == EAGRE_TYPE_TIMESTAMP ? int96_to_micros : NULL;
  case EAGRE_PARQUET_MEANS_STRING:
  case EAGRE_PARQUET_MEANS_BINARY:
    return choose_bytes(element, kind);
  case EAGRE_PARQUET_MEANS_NULL:
  case EAGRE_PARQUET_MEANS_NOTHING:
    break;
  }
  return NULL;
}

bool eagre_parquet_conversion_find(struct eagre_parquet_conversion *conversion,
                                   const struct eagre_parquet_element *element,
                                   const struct eagre_type *type) {
  *conversion = (struct eagre_parquet_conversion){
      .from_width = find_from_width(element),
      .to_width = type->kind == EAGRE_TYPE_BOOLEAN ? 1 : eagre_type_width(type->kind),
      .is_text = type->kind == EAGRE_TYPE_STRING || type->kind == EAGRE_TYPE_BINARY,
  };
  conversion->convert = choose(conversion, element, type);
  return conversion->convert != NULL;
}
