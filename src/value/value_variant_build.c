/* Building VARIANT values, byte for byte as Spark builds them: names get ids in the order in which
 * they first come, members are written first and moved when the header of their container, whose
 * size depends on them, is put before them. */
#include <stdlib.h>
#include <string.h>

#include "value/value.h"

enum {
  SHORT_STRING_SIZE_MAX = 63,
  SMALL_COUNT_MAX = 255, /* members whose number fits one byte */
  SLOTS_MIN = 64,
};

struct eagre_variant_key {
  uint32_t begin; /* in `names` */
  uint32_t size;
  uint64_t hash;
};

/* A member of a container that is still open. */
struct eagre_variant_entry {
  uint32_t id;     /* of its name */
  uint32_t offset; /* behind the container's first member */
};

static struct eagre_variant_key *keys_of(const struct eagre_variant_builder *builder) {
  return (struct eagre_variant_key *)(void *)builder->keys.data;
}

static uint32_t key_count(const struct eagre_variant_builder *builder) {
  return (uint32_t)(builder->keys.size / sizeof(struct eagre_variant_key));
}

void eagre_variant_builder_begin(struct eagre_variant_builder *builder) {
  eagre_buffer_clear(&builder->value);
  eagre_buffer_clear(&builder->names);
  eagre_buffer_clear(&builder->keys);
  eagre_buffer_clear(&builder->members);
  builder->generation++;
  if (builder->generation == 0 && builder->slots != NULL) {
    memset(builder->slots, 0, ((size_t)builder->slot_mask + 1) * sizeof *builder->slots);
  }
  if (builder->generation == 0) builder->generation = 1;
}

void eagre_variant_builder_done(struct eagre_variant_builder *builder) {
  eagre_buffer_done(&builder->value);
  eagre_buffer_done(&builder->names);
  eagre_buffer_done(&builder->keys);
  eagre_buffer_done(&builder->members);
  eagre_free(builder->slots);
  *builder = (struct eagre_variant_builder){0};
}

/* ---- The dictionary -------------------------------------------------------------------------- */

/* The slot of the name, or the free one where it belongs. */
static uint64_t *find_slot(const struct eagre_variant_builder *builder, struct eagre_text name,
                           uint64_t hash) {
  for (uint32_t at = (uint32_t)hash & builder->slot_mask;; at = (at + 1) & builder->slot_mask) {
    uint64_t *slot = &builder->slots[at];
    if (*slot >> 32 != builder->generation) return slot;
    const struct eagre_variant_key *key = &keys_of(builder)[(uint32_t)*slot];
    if (key->hash == hash && key->size == name.size &&
        memcmp(builder->names.data + key->begin, name.data, name.size) == 0) {
      return slot;
    }
  }
}

static void grow_slots(struct eagre_variant_builder *builder) {
  uint32_t count = builder->slots == NULL ? SLOTS_MIN : (builder->slot_mask + 1) * 2;
  eagre_free(builder->slots);
  builder->slots = eagre_allocate_zeroed(count, sizeof *builder->slots);
  builder->slot_mask = count - 1;
  for (uint32_t id = 0; id < key_count(builder); id++) {
    const struct eagre_variant_key *key = &keys_of(builder)[id];
    struct eagre_text name = eagre_text_make(builder->names.data + key->begin, key->size);
    *find_slot(builder, name, key->hash) = (uint64_t)builder->generation << 32 | id;
  }
}

static uint32_t add_name(struct eagre_variant_builder *builder, struct eagre_text name) {
  if (builder->slots == NULL || key_count(builder) >= builder->slot_mask / 2) grow_slots(builder);
  uint64_t hash = eagre_hash_bytes(name.data, name.size, 0);
  uint64_t *slot = find_slot(builder, name, hash);
  if (*slot >> 32 == builder->generation) return (uint32_t)*slot;
  struct eagre_variant_key key = {(uint32_t)builder->names.size, (uint32_t)name.size, hash};
  uint32_t id = key_count(builder);
  eagre_buffer_append_text(&builder->names, name);
  eagre_buffer_append(&builder->keys, &key, sizeof key);
  *slot = (uint64_t)builder->generation << 32 | id;
  return id;
}

static struct eagre_text name_of(const struct eagre_variant_builder *builder, uint32_t id) {
  const struct eagre_variant_key *key = &keys_of(builder)[id];
  return eagre_text_make(builder->names.data + key->begin, key->size);
}

/* ---- Primitives ------------------------------------------------------------------------------ */

/* Nothing is kept of what will be refused anyway. */
static bool is_full(const struct eagre_variant_builder *builder) {
  return builder->value.size > EAGRE_VARIANT_SIZE_MAX;
}

/* A primitive's header and `size` bytes. */
static void append_primitive(struct eagre_variant_builder *builder, unsigned type,
                             const void *bytes, size_t size) {
  if (is_full(builder)) return;
  char *at = eagre_buffer_reserve(&builder->value, size + 1);
  at[0] = (char)(type << 2);
  if (size > 0) memcpy(at + 1, bytes, size);
  builder->value.size += size + 1;
}

void eagre_variant_builder_null(struct eagre_variant_builder *builder) {
  append_primitive(builder, 0, NULL, 0);
}

void eagre_variant_builder_boolean(struct eagre_variant_builder *builder, bool value) {
  append_primitive(builder, value ? 1 : 2, NULL, 0);
}

void eagre_variant_builder_integer(struct eagre_variant_builder *builder, int64_t value) {
  if (value == (int8_t)value) {
    append_primitive(builder, 3, &value, 1);
  } else if (value == (int16_t)value) {
    append_primitive(builder, 4, &value, 2);
  } else if (value == (int32_t)value) {
    append_primitive(builder, 5, &value, 4);
  } else {
    append_primitive(builder, 6, &value, 8);
  }
}

void eagre_variant_builder_double(struct eagre_variant_builder *builder, double value) {
  append_primitive(builder, 7, &value, sizeof value);
}

void eagre_variant_builder_decimal(struct eagre_variant_builder *builder, eagre_decimal value,
                                   unsigned scale) {
  unsigned digits = eagre_decimal_digit_count(value);
  bool is_small = scale <= 9 && digits <= 9;
  bool is_middle = scale <= 18 && digits <= 18;
  size_t size = is_small ? 4 : is_middle ? 8 : 16;
  char bytes[1 + sizeof value];
  bytes[0] = (char)scale;
  memcpy(bytes + 1, &value, size);
  append_primitive(builder, is_small ? 8 : is_middle ? 9 : 10, bytes, size + 1);
}

void eagre_variant_builder_date(struct eagre_variant_builder *builder, int32_t days) {
  append_primitive(builder, 11, &days, sizeof days);
}

void eagre_variant_builder_timestamp(struct eagre_variant_builder *builder, int64_t us) {
  append_primitive(builder, 12, &us, sizeof us);
}

void eagre_variant_builder_timestamp_ntz(struct eagre_variant_builder *builder, int64_t us) {
  append_primitive(builder, 13, &us, sizeof us);
}

void eagre_variant_builder_float(struct eagre_variant_builder *builder, float value) {
  append_primitive(builder, 14, &value, sizeof value);
}

static void append_sized(struct eagre_variant_builder *builder, unsigned type,
                         struct eagre_text bytes) {
  uint32_t size = (uint32_t)bytes.size;
  append_primitive(builder, type, &size, sizeof size);
  if (!is_full(builder)) eagre_buffer_append_text(&builder->value, bytes);
}

void eagre_variant_builder_binary(struct eagre_variant_builder *builder, struct eagre_text bytes) {
  append_sized(builder, 15, bytes);
}

void eagre_variant_builder_string(struct eagre_variant_builder *builder, struct eagre_text text) {
  if (text.size > SHORT_STRING_SIZE_MAX) {
    append_sized(builder, 16, text);
    return;
  }
  if (is_full(builder)) return;
  char *at = eagre_buffer_reserve(&builder->value, text.size + 1);
  at[0] = (char)(text.size << 2 | 1);
  if (text.size > 0) memcpy(at + 1, text.data, text.size);
  builder->value.size += text.size + 1;
}

/* ---- JSON numbers ---------------------------------------------------------------------------- */

enum { DIGITS_MAX = 38 };

/* The digits of a token without an exponent, when there are not too many of them. Zeros in front
 * are no digits. */
static bool read_decimal(struct eagre_text token, eagre_decimal *out_value, unsigned *out_scale) {
  eagre_decimal value = 0;
  unsigned digits = 0;
  size_t point = token.size;
  for (size_t i = 0; i < token.size; i++) {
    char character = token.data[i];
    if (character == '.') {
      point = i + 1;
    } else if (character < '0' || character > '9') {
      return false;
    } else {
      if (value != 0 || character != '0') digits++;
      if (digits > DIGITS_MAX) return false;
      value = value * 10 + (character - '0');
    }
  }
  if (token.size - point > DIGITS_MAX) return false;
  *out_value = value;
  *out_scale = (unsigned)(token.size - point);
  return true;
}

void eagre_variant_builder_number(struct eagre_variant_builder *builder, struct eagre_text token,
                                  bool is_negative) {
  eagre_decimal value;
  unsigned scale;
  if (!read_decimal(token, &value, &scale)) {
    double number = eagre_value_json_double(token);
    eagre_variant_builder_double(builder, is_negative ? -number : number);
    return;
  }
  if (is_negative) value = -value;
  if (memchr(token.data, '.', token.size) == NULL && value == (int64_t)value) {
    eagre_variant_builder_integer(builder, (int64_t)value);
  } else {
    eagre_variant_builder_decimal(builder, value, scale);
  }
}

/* ---- Containers ------------------------------------------------------------------------------ */

struct eagre_variant_frame eagre_variant_builder_open(struct eagre_variant_builder *builder) {
  return (struct eagre_variant_frame){builder->value.size, builder->members.size};
}

static void add_member(struct eagre_variant_builder *builder,
                       const struct eagre_variant_frame *frame, uint32_t id) {
  struct eagre_variant_entry entry = {id, (uint32_t)(builder->value.size - frame->value_begin)};
  eagre_buffer_append(&builder->members, &entry, sizeof entry);
}

void eagre_variant_builder_name(struct eagre_variant_builder *builder,
                                const struct eagre_variant_frame *frame, struct eagre_text name) {
  add_member(builder, frame, add_name(builder, name));
}

void eagre_variant_builder_element(struct eagre_variant_builder *builder,
                                   const struct eagre_variant_frame *frame) {
  add_member(builder, frame, 0);
}

/* Bytes that hold every number up to `value`. */
static unsigned size_of(size_t value) {
  return value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffff ? 3 : 4;
}

static char *put_unsigned(char *at, uint32_t value, unsigned size) {
  memcpy(at, &value, size);
  return at + size;
}

/* The header of a container: what stands in front of its members' values. */
struct head {
  const struct eagre_variant_entry *entries;
  uint32_t count;
  uint32_t data_size;
  unsigned id_size; /* 0 for an array */
};

/* Moves the values and puts the header before them. */
static void put_head(struct eagre_variant_builder *builder, const struct eagre_variant_frame *frame,
                     const struct head *head) {
  bool is_large = head->count > SMALL_COUNT_MAX;
  unsigned offset_size = size_of(head->data_size);
  size_t size = 1 + (is_large ? 4u : 1u) + (size_t)head->count * head->id_size +
                ((size_t)head->count + 1) * offset_size;
  eagre_buffer_reserve(&builder->value, size);
  char *at = builder->value.data + frame->value_begin;
  memmove(at + size, at, head->data_size);
  builder->value.size += size;
  unsigned info = head->id_size > 0 ? (unsigned)is_large << 4 | (head->id_size - 1) << 2
                                    : (unsigned)is_large << 2;
  *at++ = (char)((info | (offset_size - 1)) << 2 | (head->id_size > 0 ? 2 : 3));
  at = put_unsigned(at, head->count, is_large ? 4 : 1);
  for (uint32_t i = 0; head->id_size > 0 && i < head->count; i++) {
    at = put_unsigned(at, head->entries[i].id, head->id_size);
  }
  for (uint32_t i = 0; i < head->count; i++) {
    at = put_unsigned(at, head->entries[i].offset, offset_size);
  }
  put_unsigned(at, head->data_size, offset_size);
}

/* NULL while no value of this builder had a member. */
static struct eagre_variant_entry *entries_of(struct eagre_variant_builder *builder,
                                              const struct eagre_variant_frame *frame) {
  char *members = builder->members.data;
  return members == NULL ? NULL : (void *)(members + frame->member_begin);
}

static struct head read_head(struct eagre_variant_builder *builder,
                             const struct eagre_variant_frame *frame) {
  return (struct head){
      .entries = entries_of(builder, frame),
      .count = (uint32_t)((builder->members.size - frame->member_begin) /
                          sizeof(struct eagre_variant_entry)),
      .data_size = (uint32_t)(builder->value.size - frame->value_begin),
  };
}

static int compare_entries(const void *left, const void *right, void *builder) {
  const struct eagre_variant_entry *a = left;
  const struct eagre_variant_entry *b = right;
  return eagre_variant_compare_names(name_of(builder, a->id), name_of(builder, b->id));
}

enum { SORTED_BY_INSERTION = 24 };

/* Members mostly come in order, or nearly so. */
static void sort_entries(struct eagre_variant_builder *builder, struct eagre_variant_entry *entries,
                         uint32_t count) {
  if (count > SORTED_BY_INSERTION) {
    qsort_r(entries, count, sizeof *entries, compare_entries, builder);
    return;
  }
  for (uint32_t i = 1; i < count; i++) {
    struct eagre_variant_entry entry = entries[i];
    uint32_t at = i;
    for (; at > 0 && compare_entries(&entries[at - 1], &entry, builder) > 0; at--) {
      entries[at] = entries[at - 1];
    }
    entries[at] = entry;
  }
}

bool eagre_variant_builder_close_object(struct eagre_variant_builder *builder,
                                        const struct eagre_variant_frame *frame,
                                        struct eagre_text *out_name) {
  struct head head = read_head(builder, frame);
  struct eagre_variant_entry *entries = entries_of(builder, frame);
  uint32_t id_max = 0;
  if (head.count > 1) sort_entries(builder, entries, head.count);
  for (uint32_t i = 0; i < head.count; i++) {
    if (entries[i].id > id_max) id_max = entries[i].id;
    if (i == 0 || entries[i].id != entries[i - 1].id) continue;
    if (out_name != NULL) *out_name = name_of(builder, entries[i].id);
    return false;
  }
  head.id_size = size_of(id_max);
  put_head(builder, frame, &head);
  builder->members.size = frame->member_begin;
  return true;
}

void eagre_variant_builder_close_array(struct eagre_variant_builder *builder,
                                       const struct eagre_variant_frame *frame) {
  struct head head = read_head(builder, frame);
  put_head(builder, frame, &head);
  builder->members.size = frame->member_begin;
}

void eagre_variant_builder_copy(struct eagre_variant_builder *builder, struct eagre_variant from) {
  enum eagre_variant_kind kind = eagre_variant_kind_of(from);
  if (kind != EAGRE_VARIANT_OBJECT && kind != EAGRE_VARIANT_ARRAY) {
    eagre_buffer_append(&builder->value, from.value, eagre_variant_primitive_size(from));
    return;
  }
  struct eagre_variant_container container = eagre_variant_container_of(from);
  struct eagre_variant_frame frame = eagre_variant_builder_open(builder);
  for (uint32_t i = 0; i < container.count; i++) {
    if (kind == EAGRE_VARIANT_OBJECT) {
      eagre_variant_builder_name(builder, &frame, eagre_variant_member_name(&container, i));
    } else {
      eagre_variant_builder_element(builder, &frame);
    }
    eagre_variant_builder_copy(builder, eagre_variant_member(&container, i));
  }
  if (kind == EAGRE_VARIANT_ARRAY) {
    eagre_variant_builder_close_array(builder, &frame);
  } else {
    bool is_sound = eagre_variant_builder_close_object(builder, &frame, NULL);
    eagre_assert(is_sound);
  }
}

/* ---- The finished value ---------------------------------------------------------------------- */

static unsigned name_offset_size(const struct eagre_variant_builder *builder) {
  uint32_t count = key_count(builder);
  return size_of(builder->names.size > count ? builder->names.size : count);
}

static size_t metadata_size(const struct eagre_variant_builder *builder) {
  size_t numbers = (size_t)key_count(builder) + 2;
  return 1 + numbers * name_offset_size(builder) + builder->names.size;
}

size_t eagre_variant_builder_finish(struct eagre_variant_builder *builder) {
  size_t size = metadata_size(builder);
  if (size > EAGRE_VARIANT_SIZE_MAX || builder->value.size > EAGRE_VARIANT_SIZE_MAX) return 0;
  return size + builder->value.size;
}

void eagre_variant_builder_write(const struct eagre_variant_builder *builder, char *out) {
  unsigned offset_size = name_offset_size(builder);
  *out++ = (char)(1 | (offset_size - 1) << 6);
  out = put_unsigned(out, key_count(builder), offset_size);
  for (uint32_t id = 0; id < key_count(builder); id++) {
    out = put_unsigned(out, keys_of(builder)[id].begin, offset_size);
  }
  out = put_unsigned(out, (uint32_t)builder->names.size, offset_size);
  if (builder->names.size > 0) memcpy(out, builder->names.data, builder->names.size);
  memcpy(out + builder->names.size, builder->value.data, builder->value.size);
}
