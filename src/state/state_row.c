/* Rows as bytes: the columns one after the other,
 *
 *   00                    NULL
 *   01 value              number, little endian, of its type's width; BOOLEAN one byte
 *   01 size text          STRING, BINARY; size as LEB128
 *   01 fields             STRUCT, its fields one after the other
 *   01 count elements     ARRAY; count as LEB128
 *   01 count keys values  MAP
 *
 * and nothing for a column of type NULL. Values come back bit by bit as they were. Columns of
 * numbers and texts are written and read column by column; what is nested, value by value. */
#include "state/state_table.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "values are copied as they stand in columns, which must then be little endian"
#endif

enum { LEB_SIZE_MAX = 10 };

static bool is_text(enum eagre_type_kind kind) {
  return eagre_type_is_text(kind);
}

static bool is_nested(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_STRUCT || kind == EAGRE_TYPE_ARRAY || kind == EAGRE_TYPE_MAP;
}

static uint32_t width_of(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_BOOLEAN ? 1 : eagre_type_width(kind);
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

static size_t leb_size(uint64_t value) {
  return value == 0 ? 1 : (70 - (size_t)__builtin_clzll(value)) / 7;
}

static size_t text_size(struct eagre_text text) {
  return leb_size(text.size) + text.size;
}

/* Of one value, presence included. */
static size_t value_size(const struct eagre_vector *vector, uint32_t row) {
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_NULL) return 0;
  if (eagre_vector_is_null(vector, row)) return 1;
  uint32_t i = eagre_vector_index(vector, row);
  if (is_text(kind)) return 1 + text_size(EAGRE_VALUES(struct eagre_text, vector)[i]);
  if (!is_nested(kind)) return 1 + width_of(kind);
  size_t size = 1;
  if (kind == EAGRE_TYPE_STRUCT) {
    for (uint32_t field = 0; field < vector->type->field_count; field++) {
      size += value_size(&vector->children[field], i);
    }
    return size;
  }
  uint32_t begin = (uint32_t)vector->offsets[i];
  uint32_t end = (uint32_t)vector->offsets[i + 1];
  size += leb_size(end - begin);
  for (uint32_t field = 0; field < vector->type->field_count; field++) {
    for (uint32_t element = begin; element < end; element++) {
      size += value_size(&vector->children[field], element);
    }
  }
  return size;
}

static void add_sizes(const struct eagre_vector *vector, const uint32_t *picks, uint32_t count,
                      struct eagre_text *bodies) {
  for (uint32_t i = 0; i < count; i++) {
    bodies[i].size += value_size(vector, picks == NULL ? i : picks[i]);
  }
}

/* ---- Writing --------------------------------------------------------------------------------- */

static char *put_leb(char *out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    *out++ = (char)(value | 0x80);
  }
  *out++ = (char)value;
  return out;
}

static char *put_value(char *out, const struct eagre_vector *vector, uint32_t row) {
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_NULL) return out;
  bool is_null = eagre_vector_is_null(vector, row);
  *out++ = is_null ? 0 : 1;
  if (is_null) return out;
  uint32_t i = eagre_vector_index(vector, row);
  if (kind == EAGRE_TYPE_BOOLEAN) {
    *out++ = (char)eagre_bit_get(vector->data, i);
    return out;
  }
  if (is_text(kind)) {
    struct eagre_text text = EAGRE_VALUES(struct eagre_text, vector)[i];
    out = put_leb(out, text.size);
    if (text.size > 0) memcpy(out, text.data, text.size);
    return out + text.size;
  }
  if (!is_nested(kind)) {
    uint32_t width = eagre_type_width(kind);
    memcpy(out, (const char *)vector->data + (size_t)i * width, width);
    return out + width;
  }
  uint32_t begin = i;
  uint32_t end = i + 1;
  if (kind != EAGRE_TYPE_STRUCT) {
    begin = (uint32_t)vector->offsets[i];
    end = (uint32_t)vector->offsets[i + 1];
    out = put_leb(out, end - begin);
  }
  for (uint32_t field = 0; field < vector->type->field_count; field++) {
    for (uint32_t element = begin; element < end; element++) {
      out = put_value(out, &vector->children[field], element);
    }
  }
  return out;
}

void eagre_state_encode_rows(const struct eagre_vector *columns, uint32_t column_count,
                             const uint32_t *picks, uint32_t row_count, struct eagre_arena *arena,
                             struct eagre_text *out_bodies) {
  memset(out_bodies, 0, row_count * sizeof *out_bodies);
  for (uint32_t i = 0; i < column_count; i++) {
    add_sizes(&columns[i], picks, row_count, out_bodies);
  }
  size_t total = 0;
  for (uint32_t i = 0; i < row_count; i++) {
    total += out_bodies[i].size;
  }
  char *bytes = eagre_arena_allocate(arena, total + 1);
  char **ends = eagre_arena_allocate(arena, row_count * sizeof *ends + 1);
  for (uint32_t i = 0; i < row_count; i++) {
    out_bodies[i].data = bytes;
    ends[i] = bytes;
    bytes += out_bodies[i].size;
  }
  for (uint32_t column = 0; column < column_count; column++) {
    for (uint32_t i = 0; i < row_count; i++) {
      ends[i] = put_value(ends[i], &columns[column], picks == NULL ? i : picks[i]);
    }
  }
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* What is left of a body; `begin` NULL: a row of NULLs. */
struct cursor {
  const char *begin;
  const char *end;
};

struct decode {
  struct cursor *rows;
  uint32_t row_count;
  struct eagre_arena *arena;
  char *texts; /* room for the texts of all bodies */
};

static bool take_leb(struct cursor *cursor, uint64_t *out) {
  *out = 0;
  for (uint32_t shift = 0; shift < 7 * LEB_SIZE_MAX && cursor->begin < cursor->end; shift += 7) {
    uint64_t byte = (unsigned char)*cursor->begin++;
    *out |= (byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

static bool take_bytes(struct cursor *cursor, size_t size, const char **out) {
  if ((size_t)(cursor->end - cursor->begin) < size) return false;
  *out = cursor->begin;
  if (size > 0) cursor->begin += size; /* a cursor over nothing has no pointer to add to */
  return true;
}

/* 0 NULL, 1 a value, -1 damaged. */
static int take_presence(struct cursor *cursor) {
  if (cursor->begin == NULL) return 0;
  const char *byte;
  if (!take_bytes(cursor, 1, &byte)) return -1;
  return *byte == 0 || *byte == 1 ? *byte : -1;
}

/* How many elements each list below has over all rows, in the order in which types nest. */
static bool count_value(const struct eagre_type *type, struct cursor *cursor, uint64_t **totals) {
  enum eagre_type_kind kind = type->kind;
  uint64_t *total = *totals;
  bool is_list = kind == EAGRE_TYPE_ARRAY || kind == EAGRE_TYPE_MAP;
  if (is_list) (*totals)++;
  if (kind == EAGRE_TYPE_NULL) return true;
  int presence = take_presence(cursor);
  const char *ignored;
  uint64_t count = presence == 1;
  if (presence < 0) return false;
  if (is_text(kind) || is_list) {
    if (presence == 1 && !take_leb(cursor, &count)) return false;
    if (count > (uint64_t)(cursor->end - cursor->begin)) return false;
  }
  if (is_text(kind)) return take_bytes(cursor, count, &ignored);
  if (!is_nested(kind)) return presence == 0 || take_bytes(cursor, width_of(kind), &ignored);
  if (is_list) *total += count;
  for (uint32_t i = 0; i < type->field_count; i++) {
    uint64_t *inner = *totals;
    struct cursor none = {0};
    if (count == 0 && !count_value(type->fields[i].type, &none, totals)) return false;
    for (uint64_t j = 0; j < count; j++) {
      *totals = inner;
      if (!count_value(type->fields[i].type, cursor, totals)) return false;
    }
  }
  return true;
}

static uint32_t count_lists(const struct eagre_type *type) {
  uint32_t count = type->kind == EAGRE_TYPE_ARRAY || type->kind == EAGRE_TYPE_MAP;
  for (uint32_t i = 0; is_nested(type->kind) && i < type->field_count; i++) {
    count += count_lists(type->fields[i].type);
  }
  return count;
}

/* Gives the lists of a vector room for their elements. What is inside of a list has a bitmap from
 * the start, for a row that is NULL there does not know how many elements there are. */
static void make_elements(struct eagre_vector *vector, uint32_t row_count, bool is_inside,
                          const uint64_t **totals, struct eagre_arena *arena) {
  enum eagre_type_kind kind = vector->type->kind;
  if (is_inside) eagre_vector_add_validity(vector, row_count, true, arena);
  if (!is_nested(kind)) return;
  bool is_list = kind != EAGRE_TYPE_STRUCT;
  uint32_t count = is_list ? (uint32_t) * (*totals)++ : row_count;
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    struct eagre_vector *child = &vector->children[i];
    if (is_list) eagre_vector_init(child, vector->type->fields[i].type, count, arena);
    make_elements(child, count, is_inside || is_list, totals, arena);
  }
}

static uint64_t sum_bodies(const struct eagre_text *bodies, uint32_t count) {
  uint64_t size = 0;
  for (uint32_t i = 0; i < count; i++) {
    size += bodies[i].size;
  }
  return size;
}

static bool take_number(struct cursor *cursor, struct eagre_vector *vector, uint32_t row) {
  enum eagre_type_kind kind = vector->type->kind;
  uint32_t width = width_of(kind);
  const char *bytes;
  if (!take_bytes(cursor, width, &bytes)) return false;
  if (kind == EAGRE_TYPE_BOOLEAN) {
    eagre_bit_put(vector->data, row, *bytes != 0);
  } else {
    memcpy((char *)vector->data + (size_t)row * width, bytes, width);
  }
  return true;
}

static bool take_text(struct decode *decode, struct cursor *cursor, struct eagre_text *out) {
  uint64_t size;
  const char *bytes;
  if (!take_leb(cursor, &size) || !take_bytes(cursor, size, &bytes)) return false;
  if (size > 0) memcpy(decode->texts, bytes, size);
  *out = eagre_text_make(decode->texts, size);
  decode->texts += size;
  return true;
}

static bool take_value(struct decode *decode, struct cursor *cursor, struct eagre_vector *vector,
                       uint32_t row, uint32_t row_count);

/* Elements follow those of the rows before. */
static bool take_list(struct decode *decode, struct cursor *cursor, struct eagre_vector *vector,
                      uint32_t row) {
  uint64_t count;
  if (!take_leb(cursor, &count)) return false;
  uint32_t begin = (uint32_t)vector->offsets[row];
  for (uint32_t field = 0; field < vector->type->field_count; field++) {
    for (uint32_t i = 0; i < count; i++) {
      if (!take_value(decode, cursor, &vector->children[field], begin + i, 0)) return false;
    }
  }
  vector->offsets[row + 1] = (int32_t)(begin + count);
  return true;
}

static void take_null(struct decode *decode, struct eagre_vector *vector, uint32_t row,
                      uint32_t row_count) {
  struct cursor none = {0};
  if (is_text(vector->type->kind)) EAGRE_VALUES(struct eagre_text, vector)[row] = EAGRE_TEXT("");
  for (uint32_t i = 0; vector->type->kind == EAGRE_TYPE_STRUCT && i < vector->type->field_count;
       i++) {
    take_value(decode, &none, &vector->children[i], row, row_count);
  }
  eagre_vector_set_null(vector, row, row_count, decode->arena);
}

/* Row `row` of a vector that has room for `row_count` (inside of a list: that has a bitmap). */
static bool take_value(struct decode *decode, struct cursor *cursor, struct eagre_vector *vector,
                       uint32_t row, uint32_t row_count) {
  enum eagre_type_kind kind = vector->type->kind;
  if (kind == EAGRE_TYPE_NULL) return true;
  bool is_list = kind == EAGRE_TYPE_ARRAY || kind == EAGRE_TYPE_MAP;
  if (is_list) vector->offsets[row + 1] = vector->offsets[row];
  int presence = take_presence(cursor);
  if (presence < 0) return false;
  if (presence == 0) {
    take_null(decode, vector, row, row_count);
    return true;
  }
  if (is_text(kind))
    return take_text(decode, cursor, &EAGRE_VALUES(struct eagre_text, vector)[row]);
  if (!is_nested(kind)) return take_number(cursor, vector, row);
  if (is_list) return take_list(decode, cursor, vector, row);
  for (uint32_t i = 0; i < vector->type->field_count; i++) {
    if (!take_value(decode, cursor, &vector->children[i], row, row_count)) return false;
  }
  return true;
}

static bool decode_column(struct decode *decode, const struct eagre_type *type,
                          struct eagre_vector *out) {
  eagre_vector_init(out, type, decode->row_count, decode->arena);
  uint32_t list_count = count_lists(type);
  if (list_count > 0) {
    uint64_t *totals = eagre_arena_allocate_zeroed(decode->arena, list_count * sizeof *totals);
    for (uint32_t i = 0; i < decode->row_count; i++) {
      struct cursor ahead = decode->rows[i];
      uint64_t *next = totals;
      if (!count_value(type, &ahead, &next)) return false;
    }
    const uint64_t *next = totals;
    make_elements(out, decode->row_count, false, &next, decode->arena);
  }
  for (uint32_t i = 0; i < decode->row_count; i++) {
    if (!take_value(decode, &decode->rows[i], out, i, decode->row_count)) return false;
  }
  return true;
}

bool eagre_state_decode_rows(const struct eagre_text *bodies, uint32_t row_count,
                             const struct eagre_type *const *types, uint32_t column_count,
                             struct eagre_vector *out_columns, struct eagre_arena *arena) {
  struct decode decode = {
      .rows = eagre_arena_allocate(arena, row_count * sizeof *decode.rows + 1),
      .row_count = row_count,
      .arena = arena,
      .texts = eagre_arena_allocate_text(arena, sum_bodies(bodies, row_count)),
  };
  for (uint32_t i = 0; i < row_count; i++) {
    bool is_there = bodies[i].data != NULL;
    decode.rows[i].begin = bodies[i].data;
    decode.rows[i].end = is_there ? bodies[i].data + bodies[i].size : NULL;
  }
  for (uint32_t i = 0; i < column_count; i++) {
    if (!decode_column(&decode, types[i], &out_columns[i])) return false;
  }
  return true;
}
