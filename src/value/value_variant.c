/* Reading VARIANT values: parts, kinds, members, and the check of bytes that others wrote. */
#include "value/value.h"

#include <string.h>

enum {
  BASIC_PRIMITIVE,
  BASIC_SHORT_STRING,
  BASIC_OBJECT,
  BASIC_ARRAY,
};

enum primitive {
  PRIMITIVE_NULL,
  PRIMITIVE_TRUE,
  PRIMITIVE_FALSE,
  PRIMITIVE_INT8,
  PRIMITIVE_INT16,
  PRIMITIVE_INT32,
  PRIMITIVE_INT64,
  PRIMITIVE_DOUBLE,
  PRIMITIVE_DECIMAL4,
  PRIMITIVE_DECIMAL8,
  PRIMITIVE_DECIMAL16,
  PRIMITIVE_DATE,
  PRIMITIVE_TIMESTAMP,
  PRIMITIVE_TIMESTAMP_NTZ,
  PRIMITIVE_FLOAT,
  PRIMITIVE_BINARY,
  PRIMITIVE_STRING,
  PRIMITIVE_count
};

/* Kind, and bytes behind the header; of BINARY and STRING those of the size. */
static const struct {
  uint8_t kind;
  uint8_t size;
} primitives[PRIMITIVE_count] = {
    [PRIMITIVE_NULL] = {EAGRE_VARIANT_NULL, 0},
    [PRIMITIVE_TRUE] = {EAGRE_VARIANT_BOOLEAN, 0},
    [PRIMITIVE_FALSE] = {EAGRE_VARIANT_BOOLEAN, 0},
    [PRIMITIVE_INT8] = {EAGRE_VARIANT_INTEGER, 1},
    [PRIMITIVE_INT16] = {EAGRE_VARIANT_INTEGER, 2},
    [PRIMITIVE_INT32] = {EAGRE_VARIANT_INTEGER, 4},
    [PRIMITIVE_INT64] = {EAGRE_VARIANT_INTEGER, 8},
    [PRIMITIVE_DOUBLE] = {EAGRE_VARIANT_DOUBLE, 8},
    [PRIMITIVE_DECIMAL4] = {EAGRE_VARIANT_DECIMAL, 5},
    [PRIMITIVE_DECIMAL8] = {EAGRE_VARIANT_DECIMAL, 9},
    [PRIMITIVE_DECIMAL16] = {EAGRE_VARIANT_DECIMAL, 17},
    [PRIMITIVE_DATE] = {EAGRE_VARIANT_DATE, 4},
    [PRIMITIVE_TIMESTAMP] = {EAGRE_VARIANT_TIMESTAMP, 8},
    [PRIMITIVE_TIMESTAMP_NTZ] = {EAGRE_VARIANT_TIMESTAMP_NTZ, 8},
    [PRIMITIVE_FLOAT] = {EAGRE_VARIANT_FLOAT, 4},
    [PRIMITIVE_BINARY] = {EAGRE_VARIANT_BINARY, 4},
    [PRIMITIVE_STRING] = {EAGRE_VARIANT_STRING, 4},
};

static unsigned basic_of(const uint8_t *value) {
  return value[0] & 3;
}

static unsigned info_of(const uint8_t *value) {
  return value[0] >> 2;
}

/* An unsigned little-endian integer of 1 to 4 bytes. */
static uint32_t read_unsigned(const uint8_t *at, unsigned size) {
  uint32_t value = 0;
  for (unsigned i = 0; i < size; i++) {
    value |= (uint32_t)at[i] << (8 * i);
  }
  return value;
}

static int64_t read_signed(const uint8_t *at, unsigned size) {
  uint64_t value = 0;
  for (unsigned i = 0; i < size; i++) {
    value |= (uint64_t)at[i] << (8 * i);
  }
  unsigned shift = 64 - 8 * size;
  return (int64_t)(value << shift) >> shift;
}

/* ---- Metadata -------------------------------------------------------------------------------- */

struct dictionary {
  const uint8_t *offsets;
  const char *names;
  uint32_t count;
  unsigned offset_size;
};

static struct dictionary read_dictionary(const uint8_t *metadata) {
  struct dictionary dictionary = {.offset_size = (metadata[0] >> 6) + 1u};
  dictionary.count = read_unsigned(metadata + 1, dictionary.offset_size);
  dictionary.offsets = metadata + 1 + dictionary.offset_size;
  dictionary.names =
      (const char *)dictionary.offsets + ((size_t)dictionary.count + 1) * dictionary.offset_size;
  return dictionary;
}

static uint32_t name_offset(const struct dictionary *dictionary, uint32_t id) {
  return read_unsigned(dictionary->offsets + (size_t)id * dictionary->offset_size,
                       dictionary->offset_size);
}

static struct eagre_text name_of(const struct dictionary *dictionary, uint32_t id) {
  uint32_t begin = name_offset(dictionary, id);
  return eagre_text_make(dictionary->names + begin, name_offset(dictionary, id + 1) - begin);
}

size_t eagre_variant_metadata_size(struct eagre_text text) {
  struct dictionary dictionary = read_dictionary((const uint8_t *)text.data);
  return (size_t)(dictionary.names - text.data) + name_offset(&dictionary, dictionary.count);
}

struct eagre_variant eagre_variant_open(struct eagre_text text) {
  const uint8_t *metadata = (const uint8_t *)text.data;
  return (struct eagre_variant){metadata, metadata + eagre_variant_metadata_size(text)};
}

/* ---- Values ---------------------------------------------------------------------------------- */

enum eagre_variant_kind eagre_variant_kind_of(struct eagre_variant variant) {
  switch (basic_of(variant.value)) {
  case BASIC_PRIMITIVE:
    return (enum eagre_variant_kind)primitives[info_of(variant.value)].kind;
  case BASIC_SHORT_STRING:
    return EAGRE_VARIANT_STRING;
  case BASIC_OBJECT:
    return EAGRE_VARIANT_OBJECT;
  default:
    return EAGRE_VARIANT_ARRAY;
  }
}

bool eagre_variant_boolean(struct eagre_variant variant) {
  return info_of(variant.value) == PRIMITIVE_TRUE;
}

int64_t eagre_variant_integer(struct eagre_variant variant) {
  return read_signed(variant.value + 1, primitives[info_of(variant.value)].size);
}

double eagre_variant_double(struct eagre_variant variant) {
  double value;
  memcpy(&value, variant.value + 1, sizeof value);
  return value;
}

float eagre_variant_float(struct eagre_variant variant) {
  float value;
  memcpy(&value, variant.value + 1, sizeof value);
  return value;
}

eagre_decimal eagre_variant_decimal(struct eagre_variant variant, unsigned *out_scale) {
  const uint8_t *digits = variant.value + 2;
  *out_scale = variant.value[1];
  if (info_of(variant.value) != PRIMITIVE_DECIMAL16) {
    return read_signed(digits, primitives[info_of(variant.value)].size - 1u);
  }
  eagre_decimal value;
  memcpy(&value, digits, sizeof value);
  return value;
}

eagre_decimal eagre_variant_decimal_stripped(struct eagre_variant variant, unsigned *out_scale) {
  eagre_decimal value = eagre_variant_decimal(variant, out_scale);
  while (*out_scale > 0 && value % 10 == 0) {
    value /= 10;
    --*out_scale;
  }
  return value;
}

struct eagre_text eagre_variant_text(struct eagre_variant variant) {
  if (basic_of(variant.value) == BASIC_SHORT_STRING) {
    return eagre_text_make((const char *)variant.value + 1, info_of(variant.value));
  }
  return eagre_text_make((const char *)variant.value + 5, read_unsigned(variant.value + 1, 4));
}

size_t eagre_variant_primitive_size(struct eagre_variant variant) {
  if (basic_of(variant.value) == BASIC_SHORT_STRING) return 1 + info_of(variant.value);
  size_t size = 1 + primitives[info_of(variant.value)].size;
  enum eagre_variant_kind kind = eagre_variant_kind_of(variant);
  bool is_sized = kind == EAGRE_VARIANT_STRING || kind == EAGRE_VARIANT_BINARY;
  return is_sized ? size + read_unsigned(variant.value + 1, 4) : size;
}

/* ---- Containers ------------------------------------------------------------------------------ */

struct eagre_variant_container eagre_variant_container_of(struct eagre_variant variant) {
  unsigned info = info_of(variant.value);
  bool is_object = basic_of(variant.value) == BASIC_OBJECT;
  bool is_large = (info >> (is_object ? 4 : 2) & 1) != 0;
  const uint8_t *at = variant.value + 1;
  struct eagre_variant_container container = {
      .metadata = variant.metadata,
      .count = read_unsigned(at, is_large ? 4 : 1),
      .offset_size = (uint8_t)((info & 3) + 1),
      .id_size = is_object ? (uint8_t)((info >> 2 & 3) + 1) : 0,
  };
  at += is_large ? 4 : 1;
  container.ids = is_object ? at : NULL;
  container.offsets = at + (size_t)container.count * container.id_size;
  container.values = container.offsets + ((size_t)container.count + 1) * container.offset_size;
  return container;
}

struct eagre_variant eagre_variant_member(const struct eagre_variant_container *container,
                                          uint32_t index) {
  const uint8_t *offset = container->offsets + (size_t)index * container->offset_size;
  return (struct eagre_variant){container->metadata,
                                container->values + read_unsigned(offset, container->offset_size)};
}

static uint32_t id_at(const struct eagre_variant_container *container, uint32_t index) {
  return read_unsigned(container->ids + (size_t)index * container->id_size, container->id_size);
}

struct eagre_text eagre_variant_member_name(const struct eagre_variant_container *container,
                                            uint32_t index) {
  struct dictionary dictionary = read_dictionary(container->metadata);
  return name_of(&dictionary, id_at(container, index));
}

/* The order of UTF-16 units: as of bytes, but U+E000 to U+FFFF come behind the code points beyond
 * them. Bytes 0xee and above only begin a character. */
int eagre_variant_compare_names(struct eagre_text a, struct eagre_text b) {
  size_t size = a.size < b.size ? a.size : b.size;
  size_t i = 0;
  while (i < size && a.data[i] == b.data[i]) {
    i++;
  }
  if (i == size) return a.size < b.size ? -1 : a.size > b.size;
  int left = (unsigned char)a.data[i];
  int right = (unsigned char)b.data[i];
  if (left == 0xee || left == 0xef) left += 0x10;
  if (right == 0xee || right == 0xef) right += 0x10;
  return left - right;
}

/* Whether the order of bytes and that of UTF-16 units may differ beside this name. */
static bool has_two_orders(struct eagre_text name) {
  for (size_t i = 0; i < name.size; i++) {
    if ((unsigned char)name.data[i] >= 0xee) return true;
  }
  return false;
}

enum { SEARCHED_IN_ORDER = 16 }; /* members; more are searched by halves */

bool eagre_variant_find(struct eagre_variant object, struct eagre_text name,
                        struct eagre_variant *out) {
  struct eagre_variant_container container = eagre_variant_container_of(object);
  struct dictionary dictionary = read_dictionary(object.metadata);
  uint32_t low = 0;
  uint32_t high = container.count;
  bool is_ordered = high > SEARCHED_IN_ORDER && !has_two_orders(name);
  while (is_ordered && high - low > SEARCHED_IN_ORDER) {
    uint32_t middle = low + (high - low) / 2;
    struct eagre_text there = name_of(&dictionary, id_at(&container, middle));
    if (eagre_variant_compare_names(there, name) <= 0) {
      low = middle;
    } else {
      high = middle;
    }
  }
  for (uint32_t i = low; i < high; i++) {
    if (!eagre_text_equal(name_of(&dictionary, id_at(&container, i)), name)) continue;
    *out = eagre_variant_member(&container, i);
    return true;
  }
  return false;
}

/* ---- Bytes of others ------------------------------------------------------------------------- */

static enum eagre_status fail_malformed(struct eagre_error *error, const char *what) {
  return eagre_error_set(error, EAGRE_DATA, "MALFORMED_VARIANT",
                         "Variant binary is malformed. Please check the data source is valid: %s.",
                         what);
}

static enum eagre_status check_metadata(struct eagre_text text, struct eagre_error *error) {
  const uint8_t *metadata = (const uint8_t *)text.data;
  if (text.size < 1 || (metadata[0] & 0x0f) != 1) {
    return fail_malformed(error, "the metadata is not of version 1");
  }
  unsigned offset_size = (metadata[0] >> 6) + 1u;
  if (text.size < 1 + offset_size) return fail_malformed(error, "the metadata is cut off");
  uint64_t count = read_unsigned(metadata + 1, offset_size);
  uint64_t head = 1 + offset_size + (count + 1) * offset_size;
  if (text.size > EAGRE_VARIANT_SIZE_MAX || head > text.size) {
    return fail_malformed(error, "the metadata is cut off");
  }
  struct dictionary dictionary = read_dictionary(metadata);
  uint32_t last = 0;
  for (uint32_t i = 0; i <= dictionary.count; i++) {
    uint32_t offset = name_offset(&dictionary, i);
    bool is_wrong = i == 0 ? offset != 0 : offset < last;
    if (is_wrong || offset > text.size - head) {
      return fail_malformed(error, "a name lies outside of the metadata");
    }
    last = offset;
  }
  if (head + last != text.size) return fail_malformed(error, "bytes stand behind the metadata");
  return EAGRE_OK;
}

/* What is left to check; the depth is bounded by EAGRE_VARIANT_DEPTH_MAX. */
struct checker {
  struct dictionary dictionary;
  struct eagre_error *error;
};

static enum eagre_status check_value(struct checker *checker, const uint8_t *value, size_t room,
                                     unsigned depth, size_t *out_size);

static enum eagre_status check_primitive(struct checker *checker, const uint8_t *value, size_t room,
                                         size_t *out_size) {
  unsigned info = info_of(value);
  if (info >= PRIMITIVE_count) {
    return eagre_error_set(checker->error, EAGRE_DATA, "UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT",
                           "Unknown primitive type with id %u was found in a variant value.", info);
  }
  size_t size = 1 + primitives[info].size;
  if (size > room) return fail_malformed(checker->error, "a value is cut off");
  if (info == PRIMITIVE_BINARY || info == PRIMITIVE_STRING) size += read_unsigned(value + 1, 4);
  if (size > room) return fail_malformed(checker->error, "a text is cut off");
  *out_size = size;
  if (primitives[info].kind != EAGRE_VARIANT_DECIMAL) return EAGRE_OK;
  unsigned scale;
  static const uint8_t digits_max[] = {9, 18, 38};
  unsigned precision = digits_max[info - PRIMITIVE_DECIMAL4];
  eagre_decimal number = eagre_variant_decimal((struct eagre_variant){.value = value}, &scale);
  eagre_decimal limit = 1;
  for (unsigned i = 0; i < precision; i++) {
    limit *= 10;
  }
  if (scale > precision || number >= limit || number <= -limit) {
    return fail_malformed(checker->error, "a decimal has too many digits");
  }
  return EAGRE_OK;
}

static enum eagre_status check_names(struct checker *checker,
                                     const struct eagre_variant_container *container) {
  struct eagre_text before = {0};
  bool is_by_units = true;
  bool is_by_bytes = true;
  for (uint32_t i = 0; container->ids != NULL && i < container->count; i++) {
    uint32_t id = id_at(container, i);
    if (id >= checker->dictionary.count) {
      return fail_malformed(checker->error, "a name is not in the dictionary");
    }
    struct eagre_text name = name_of(&checker->dictionary, id);
    is_by_units &= i == 0 || eagre_variant_compare_names(before, name) < 0;
    is_by_bytes &= i == 0 || eagre_text_compare(before, name) < 0;
    if (!is_by_units && !is_by_bytes) {
      return fail_malformed(checker->error, "the names of an object are not in order");
    }
    before = name;
  }
  return EAGRE_OK;
}

static enum eagre_status check_members(struct checker *checker,
                                       const struct eagre_variant_container *container, size_t room,
                                       unsigned depth, size_t *out_size) {
  struct eagre_variant end = eagre_variant_member(container, container->count);
  size_t size = (size_t)(end.value - container->values);
  if (size > room) return fail_malformed(checker->error, "the members of a value are cut off");
  size_t used = 0;
  for (uint32_t i = 0; i < container->count; i++) {
    size_t offset = (size_t)(eagre_variant_member(container, i).value - container->values);
    size_t member;
    if (offset >= size) return fail_malformed(checker->error, "a member lies outside of its value");
    EAGRE_TRY(check_value(checker, container->values + offset, size - offset, depth + 1, &member));
    used += member;
    /* Members may stand in any order, but no byte belongs to two: so the work stays linear. */
    if (used > size) break;
  }
  if (used != size) return fail_malformed(checker->error, "members overlap or leave gaps");
  *out_size = size;
  return EAGRE_OK;
}

static enum eagre_status check_container(struct checker *checker, const uint8_t *value, size_t room,
                                         unsigned depth, size_t *out_size) {
  bool is_object = basic_of(value) == BASIC_OBJECT;
  unsigned info = info_of(value);
  size_t head = 1 + ((info >> (is_object ? 4 : 2) & 1) != 0 ? 4 : 1);
  if (depth >= EAGRE_VARIANT_DEPTH_MAX) {
    return fail_malformed(checker->error, "it nests deeper than 1000 levels");
  }
  if (room < head) return fail_malformed(checker->error, "a value is cut off");
  uint64_t count = read_unsigned(value + 1, (unsigned)head - 1);
  unsigned id_size = is_object ? (info >> 2 & 3) + 1 : 0;
  uint64_t total = head + count * id_size + (count + 1) * ((info & 3) + 1);
  if (total > room) return fail_malformed(checker->error, "a value is cut off");
  struct eagre_variant_container container =
      eagre_variant_container_of((struct eagre_variant){.value = value});
  size_t size = 0;
  EAGRE_TRY(check_names(checker, &container));
  EAGRE_TRY(check_members(checker, &container, room - (size_t)total, depth, &size));
  *out_size = (size_t)total + size;
  return EAGRE_OK;
}

static enum eagre_status check_value(struct checker *checker, const uint8_t *value, size_t room,
                                     unsigned depth, size_t *out_size) {
  if (room == 0) return fail_malformed(checker->error, "a value is cut off");
  switch (basic_of(value)) {
  case BASIC_PRIMITIVE:
    return check_primitive(checker, value, room, out_size);
  case BASIC_SHORT_STRING:
    *out_size = 1 + info_of(value);
    if (*out_size > room) return fail_malformed(checker->error, "a text is cut off");
    return EAGRE_OK;
  default:
    return check_container(checker, value, room, depth, out_size);
  }
}

enum eagre_status eagre_variant_check(struct eagre_text metadata, struct eagre_text value,
                                      struct eagre_error *error) {
  size_t size = 0;
  EAGRE_TRY(check_metadata(metadata, error));
  if (value.size > EAGRE_VARIANT_SIZE_MAX) return fail_malformed(error, "it is too large");
  struct checker checker = {read_dictionary((const uint8_t *)metadata.data), error};
  EAGRE_TRY(check_value(&checker, (const uint8_t *)value.data, value.size, 0, &size));
  if (size != value.size) return fail_malformed(error, "bytes stand behind the value");
  return EAGRE_OK;
}
