/* Values of any type as bytes (expression_aggregate_value.h). */
#include "expression/expression_aggregate_value.h"

#include <math.h>
#include <string.h>

static bool is_text(const struct eagre_type *type) {
  return eagre_type_is_text(type->kind);
}

static uint32_t take_count(const char **cursor) {
  uint32_t count;
  memcpy(&count, *cursor, sizeof count);
  *cursor += sizeof count;
  return count;
}

static void put_count(struct eagre_buffer *out, size_t count) {
  uint32_t value = (uint32_t)count;
  eagre_buffer_append(out, &value, sizeof value);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void append_value(struct eagre_buffer *out, const struct eagre_vector *vector, uint32_t row,
                         bool is_normal);

/* Row `index` of a list's children is a row of theirs even when they are constants. */
static void append_list(struct eagre_buffer *out, const struct eagre_vector *vector, uint32_t index,
                        bool is_normal) {
  int32_t begin = vector->offsets[index];
  int32_t end = vector->offsets[index + 1];
  put_count(out, (size_t)(end - begin));
  for (int32_t i = begin; i < end; i++) {
    for (uint32_t child = 0; child < vector->type->field_count; child++) {
      append_value(out, &vector->children[child], (uint32_t)i, is_normal);
    }
  }
}

static void append_real(struct eagre_buffer *out, const struct eagre_vector *vector,
                        uint32_t index) {
  if (vector->type->kind == EAGRE_TYPE_FLOAT) {
    float value = EAGRE_VALUES(float, vector)[index];
    value = isnan(value) ? NAN : value + 0.0f;
    eagre_buffer_append(out, &value, sizeof value);
  } else {
    double value = EAGRE_VALUES(double, vector)[index];
    value = isnan(value) ? (double)NAN : value + 0.0;
    eagre_buffer_append(out, &value, sizeof value);
  }
}

static void append_value(struct eagre_buffer *out, const struct eagre_vector *vector, uint32_t row,
                         bool is_normal) {
  bool is_null = eagre_vector_is_null(vector, row);
  eagre_buffer_append_char(out, !is_null);
  if (is_null) return;
  enum eagre_type_kind kind = vector->type->kind;
  uint32_t index = eagre_vector_index(vector, row);
  uint32_t width = eagre_type_width(kind);
  if (is_text(vector->type)) {
    struct eagre_text text = EAGRE_VALUES(struct eagre_text, vector)[index];
    put_count(out, text.size);
    eagre_buffer_append_text(out, text);
  } else if (kind == EAGRE_TYPE_BOOLEAN) {
    eagre_buffer_append_char(out, (char)eagre_bit_get(vector->data, index));
  } else if (kind == EAGRE_TYPE_STRUCT) {
    for (uint32_t i = 0; i < vector->type->field_count; i++) {
      append_value(out, &vector->children[i], row, is_normal);
    }
  } else if (is_normal && (kind == EAGRE_TYPE_FLOAT || kind == EAGRE_TYPE_DOUBLE)) {
    append_real(out, vector, index);
  } else if (width > 0) {
    eagre_buffer_append(out, (const char *)vector->data + (size_t)index * width, width);
  } else {
    append_list(out, vector, index, is_normal);
  }
}

void eagre_aggregate_value_append(struct eagre_buffer *out, const struct eagre_vector *vector,
                                  uint32_t row) {
  append_value(out, vector, row, false);
}

void eagre_aggregate_value_append_normal(struct eagre_buffer *out,
                                         const struct eagre_vector *vector, uint32_t row) {
  append_value(out, vector, row, true);
}

/* ---- Skipping -------------------------------------------------------------------------------- */

void eagre_aggregate_value_skip(const struct eagre_type *type, const char **cursor) {
  if (*(*cursor)++ == 0) return;
  uint32_t width = eagre_type_width(type->kind);
  uint32_t count = 1;
  if (is_text(type)) {
    uint32_t size = take_count(cursor);
    *cursor += size;
    return;
  }
  if (type->kind == EAGRE_TYPE_BOOLEAN) width = 1;
  *cursor += width;
  if (width > 0) return;
  if (type->kind != EAGRE_TYPE_STRUCT) count = take_count(cursor);
  for (uint32_t i = 0; i < count; i++) {
    for (uint32_t field = 0; field < type->field_count; field++) {
      eagre_aggregate_value_skip(type->fields[field].type, cursor);
    }
  }
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static int compare_texts(const char **a, const char **b) {
  struct eagre_text left = {.size = take_count(a)};
  struct eagre_text right = {.size = take_count(b)};
  left.data = *a;
  right.data = *b;
  *a += left.size;
  *b += right.size;
  return eagre_text_compare(left, right);
}

static int compare_reals(double a, double b) {
  if (isnan(a) || isnan(b)) return (isnan(a) != 0) - (isnan(b) != 0);
  return (a > b) - (a < b);
}

static int64_t read_integer(uint32_t width, const char *bytes) {
  int64_t value = 0;
  memcpy(&value, bytes, width);
  uint32_t unused = 64 - 8 * width;
  return (int64_t)((uint64_t)value << unused) >> unused;
}

static int compare_wide(const char *a, const char *b) {
  __int128 left;
  __int128 right;
  memcpy(&left, a, sizeof left);
  memcpy(&right, b, sizeof right);
  return (left > right) - (left < right);
}

static int compare_fixed(const struct eagre_type *type, const char **a, const char **b) {
  uint32_t width = type->kind == EAGRE_TYPE_BOOLEAN ? 1 : eagre_type_width(type->kind);
  const char *left = *a;
  const char *right = *b;
  *a += width;
  *b += width;
  if (width > sizeof(int64_t)) return compare_wide(left, right);
  if (type->kind == EAGRE_TYPE_FLOAT) {
    float reals[2];
    memcpy(&reals[0], left, sizeof(float));
    memcpy(&reals[1], right, sizeof(float));
    return compare_reals(reals[0], reals[1]);
  }
  if (type->kind == EAGRE_TYPE_DOUBLE) {
    double reals[2];
    memcpy(&reals[0], left, sizeof(double));
    memcpy(&reals[1], right, sizeof(double));
    return compare_reals(reals[0], reals[1]);
  }
  int64_t x = read_integer(width, left);
  int64_t y = read_integer(width, right);
  return (x > y) - (x < y);
}

static int compare_arrays(const struct eagre_type *type, const char **a, const char **b) {
  uint32_t left = take_count(a);
  uint32_t right = take_count(b);
  for (uint32_t i = 0; i < left && i < right; i++) {
    int order = eagre_aggregate_value_compare(type->fields[0].type, a, b);
    if (order != 0) return order;
  }
  return (left > right) - (left < right);
}

int eagre_aggregate_value_compare(const struct eagre_type *type, const char **a, const char **b) {
  char left = *(*a)++;
  char right = *(*b)++;
  if (left == 0 || right == 0) return left - right;
  if (is_text(type)) return compare_texts(a, b);
  if (type->kind == EAGRE_TYPE_ARRAY) return compare_arrays(type, a, b);
  if (type->kind != EAGRE_TYPE_STRUCT) return compare_fixed(type, a, b);
  for (uint32_t i = 0; i < type->field_count; i++) {
    int order = eagre_aggregate_value_compare(type->fields[i].type, a, b);
    if (order != 0) return order;
  }
  return 0;
}

bool eagre_aggregate_value_is_orderable(const struct eagre_type *type) {
  if (type->kind == EAGRE_TYPE_MAP || type->kind == EAGRE_TYPE_VARIANT) return false;
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (!eagre_aggregate_value_is_orderable(type->fields[i].type)) return false;
  }
  return true;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* Takes the flags: sets NULLs in `out` and the cursors of their rows to a NULL, so that children
 * have one too. */
static void take_flags(const char **cursors, const char **inner, uint32_t count,
                       struct eagre_vector *out, struct eagre_arena *arena) {
  static const char null_value[1] = {0};
  for (uint32_t i = 0; i < count; i++) {
    bool is_null = *cursors[i]++ == 0;
    inner[i] = is_null ? null_value : cursors[i];
    if (is_null) eagre_vector_set_null(out, i, count, arena);
  }
}

static void give_back(const char **cursors, const char *const *inner, uint32_t count,
                      const struct eagre_vector *out) {
  for (uint32_t i = 0; i < count; i++) {
    if (!eagre_vector_is_null(out, i)) cursors[i] = inner[i];
  }
}

static void read_struct(const char **cursors, uint32_t count, struct eagre_vector *out,
                        struct eagre_arena *arena) {
  const char **inner = eagre_arena_allocate(arena, sizeof *inner * (count + 1));
  take_flags(cursors, inner, count, out, arena);
  for (uint32_t i = 0; i < out->type->field_count; i++) {
    for (uint32_t row = 0; row < count; row++) {
      /* Each field of a NULL reads the same flag. */
      if (eagre_vector_is_null(out, row)) inner[row] = "";
    }
    eagre_aggregate_value_read(out->type->fields[i].type, inner, count, &out->children[i], arena);
  }
  give_back(cursors, inner, count, out);
}

/* The places of all elements: their owners' cursors move behind them. */
static uint32_t list_elements(const struct eagre_type *type, const char **inner, uint32_t count,
                              const struct eagre_vector *out, struct eagre_buffer *elements) {
  uint32_t total = 0;
  for (uint32_t row = 0; row < count; row++) {
    out->offsets[row] = (int32_t)total;
    if (eagre_vector_is_null(out, row)) continue;
    uint32_t element_count = take_count(&inner[row]);
    total += element_count;
    for (uint32_t i = 0; i < element_count; i++) {
      eagre_buffer_append(elements, &inner[row], sizeof inner[row]);
      for (uint32_t field = 0; field < type->field_count; field++) {
        eagre_aggregate_value_skip(type->fields[field].type, &inner[row]);
      }
    }
  }
  out->offsets[count] = (int32_t)total;
  return total;
}

static void read_list(const char **cursors, uint32_t count, struct eagre_vector *out,
                      struct eagre_arena *arena) {
  struct eagre_buffer elements = {0};
  const char **inner = eagre_arena_allocate(arena, sizeof *inner * (count + 1));
  take_flags(cursors, inner, count, out, arena);
  uint32_t total = list_elements(out->type, inner, count, out, &elements);
  for (uint32_t i = 0; i < out->type->field_count; i++) {
    eagre_aggregate_value_read(out->type->fields[i].type, (const char **)(void *)elements.data,
                               total, &out->children[i], arena);
  }
  give_back(cursors, inner, count, out);
  eagre_buffer_done(&elements);
}

static void read_texts(const char **cursors, uint32_t count, struct eagre_vector *out,
                       struct eagre_arena *arena) {
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_text text = EAGRE_TEXT("");
    if (*cursors[i]++ == 0) {
      eagre_vector_set_null(out, i, count, arena);
    } else {
      text.size = take_count(&cursors[i]);
      text.data = cursors[i];
      cursors[i] += text.size;
    }
    EAGRE_VALUES(struct eagre_text, out)[i] = text;
  }
}

static void read_booleans(const char **cursors, uint32_t count, struct eagre_vector *out,
                          struct eagre_arena *arena) {
  for (uint32_t i = 0; i < count; i++) {
    if (*cursors[i]++ == 0) {
      eagre_vector_set_null(out, i, count, arena);
    } else {
      eagre_bit_put(out->data, i, *cursors[i]++ != 0);
    }
  }
}

static void read_fixed(const char **cursors, uint32_t count, struct eagre_vector *out,
                       struct eagre_arena *arena) {
  uint32_t width = eagre_type_width(out->type->kind);
  for (uint32_t i = 0; i < count; i++) {
    char *place = (char *)out->data + (size_t)i * width;
    if (*cursors[i]++ == 0) {
      eagre_vector_set_null(out, i, count, arena);
      memset(place, 0, width);
    } else {
      memcpy(place, cursors[i], width);
      cursors[i] += width;
    }
  }
}

void eagre_aggregate_value_read(const struct eagre_type *type, const char **cursors, uint32_t count,
                                struct eagre_vector *out, struct eagre_arena *arena) {
  eagre_vector_init(out, type, count, arena);
  if (is_text(type)) {
    read_texts(cursors, count, out, arena);
  } else if (type->kind == EAGRE_TYPE_BOOLEAN) {
    read_booleans(cursors, count, out, arena);
  } else if (type->kind == EAGRE_TYPE_STRUCT) {
    read_struct(cursors, count, out, arena);
  } else if (eagre_type_width(type->kind) > 0) {
    read_fixed(cursors, count, out, arena);
  } else if (type->kind != EAGRE_TYPE_NULL) {
    read_list(cursors, count, out, arena);
  } else {
    for (uint32_t i = 0; i < count; i++) {
      cursors[i]++;
    }
  }
}

/* ---- Growing --------------------------------------------------------------------------------- */

enum { TEXT_SIZE_MAX = 1 << 30 };

enum eagre_status eagre_aggregate_append(const struct eagre_aggregate *aggregate,
                                         struct eagre_arena *arena, struct eagre_text *inout_text,
                                         const void *bytes, size_t size,
                                         struct eagre_error *error) {
  if (inout_text->size + size > TEXT_SIZE_MAX) {
    eagre_error_set(error, EAGRE_DATA, "COLLECTION_SIZE_LIMIT_EXCEEDED",
                    "Can't collect more than %d bytes of values of one group in `%s`.",
                    TEXT_SIZE_MAX, aggregate->info->name);
    eagre_sql_place_unplaced(aggregate->position, error);
    return EAGRE_DATA;
  }
  char *place = eagre_arena_grow_text(arena, inout_text, size);
  if (size > 0) memcpy(place, bytes, size);
  return EAGRE_OK;
}

/* ---- Sets ------------------------------------------------------------------------------------ */

enum { SLOTS_MIN = 16 };

/* An entry is the owner's bytes, the size of the value, the value. */
static struct eagre_text value_of(const struct eagre_aggregate_set *set, uint32_t offset,
                                  uint32_t extra) {
  const char *cursor = set->entries.data + offset + extra;
  uint32_t size = take_count(&cursor);
  return (struct eagre_text){cursor, size};
}

static uint64_t hash_value(struct eagre_text value) {
  return eagre_hash_bytes(value.data, value.size, 0);
}

struct eagre_text eagre_aggregate_set_next(const struct eagre_aggregate_set *set, uint32_t extra,
                                           uint32_t *offset) {
  struct eagre_text value = value_of(set, *offset, extra);
  *offset += extra + (uint32_t)(sizeof(uint32_t) + value.size);
  return value;
}

/* The slot of the value, or the empty one where it belongs. */
static uint32_t *find_slot(const struct eagre_aggregate_set *set, struct eagre_text value,
                           uint32_t extra) {
  uint32_t *slots = (uint32_t *)(uintptr_t)set->slots.data;
  uint64_t mask = set->slots.size / sizeof *slots - 1;
  uint64_t place = hash_value(value) & mask;
  while (slots[place] != 0 && !eagre_text_equal(value_of(set, slots[place] - 1, extra), value)) {
    place = (place + 1) & mask;
  }
  return &slots[place];
}

/* Twice as many slots; the old ones stay behind in the arena. */
static void grow_slots(struct eagre_aggregate_set *set, uint32_t extra, struct eagre_arena *arena) {
  size_t size = set->slots.size == 0 ? SLOTS_MIN * sizeof(uint32_t) : set->slots.size * 2;
  struct eagre_text slots = {NULL, 0};
  memset(eagre_arena_grow_text(arena, &slots, size), 0, size);
  set->slots = slots;
  uint32_t offset = 0;
  for (uint64_t i = 0; i < set->count; i++) {
    uint32_t entry = offset;
    *find_slot(set, eagre_aggregate_set_next(set, extra, &offset), extra) = entry + 1;
  }
}

enum eagre_status eagre_aggregate_set_get(const struct eagre_aggregate *aggregate,
                                          struct eagre_aggregate_set *set, struct eagre_text value,
                                          uint32_t extra, struct eagre_arena *arena,
                                          char **out_entry, struct eagre_error *error) {
  if ((set->count + 1) * sizeof(uint32_t) * 2 > set->slots.size) grow_slots(set, extra, arena);
  uint32_t *slot = find_slot(set, value, extra);
  if (*slot == 0) {
    static const char zeros[64];
    uint32_t offset = (uint32_t)set->entries.size;
    uint32_t size = (uint32_t)value.size;
    EAGRE_TRY(eagre_aggregate_append(aggregate, arena, &set->entries, zeros, extra, error));
    EAGRE_TRY(eagre_aggregate_append(aggregate, arena, &set->entries, &size, sizeof size, error));
    EAGRE_TRY(
        eagre_aggregate_append(aggregate, arena, &set->entries, value.data, value.size, error));
    *slot = offset + 1;
    set->count += 1;
  }
  *out_entry = (char *)(uintptr_t)set->entries.data + *slot - 1;
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_set_merge(const struct eagre_aggregate *aggregate, char *into,
                                            const char *from, struct eagre_arena *arena,
                                            struct eagre_error *error) {
  const struct eagre_aggregate_set *set = (const struct eagre_aggregate_set *)from;
  uint32_t offset = 0;
  char *entry;
  for (uint64_t i = 0; i < set->count; i++) {
    struct eagre_text value = eagre_aggregate_set_next(set, 0, &offset);
    EAGRE_TRY(eagre_aggregate_set_get(aggregate, (struct eagre_aggregate_set *)into, value, 0,
                                      arena, &entry, error));
  }
  return EAGRE_OK;
}
