/* Types: the table of kinds, construction, comparison and printing. */
#include "column/column.h"

#include <string.h>

struct kind_row {
  const char *name; /* as Spark prints it in errors; the catalog name is the same in lower case */
  uint8_t width;    /* bytes per value in `data` */
  bool is_supported;
};

static const struct kind_row kind_rows[EAGRE_TYPE_count] = {
    [EAGRE_TYPE_NULL] = {"VOID", 0, true},
    [EAGRE_TYPE_BOOLEAN] = {"BOOLEAN", 0, true},
    [EAGRE_TYPE_TINYINT] = {"TINYINT", 1, true},
    [EAGRE_TYPE_SMALLINT] = {"SMALLINT", 2, true},
    [EAGRE_TYPE_INT] = {"INT", 4, true},
    [EAGRE_TYPE_BIGINT] = {"BIGINT", 8, true},
    [EAGRE_TYPE_FLOAT] = {"FLOAT", 4, true},
    [EAGRE_TYPE_DOUBLE] = {"DOUBLE", 8, true},
    [EAGRE_TYPE_STRING] = {"STRING", sizeof(struct eagre_text), true},
    [EAGRE_TYPE_BINARY] = {"BINARY", sizeof(struct eagre_text), true},
    [EAGRE_TYPE_DATE] = {"DATE", 4, true},
    [EAGRE_TYPE_TIMESTAMP] = {"TIMESTAMP", 8, true},
    [EAGRE_TYPE_STRUCT] = {"STRUCT", 0, true},
    [EAGRE_TYPE_INTERVAL_DAY] = {"INTERVAL", 8, true},
    [EAGRE_TYPE_DECIMAL] = {"DECIMAL", 16, true},
    [EAGRE_TYPE_TIMESTAMP_NTZ] = {"TIMESTAMP_NTZ", 8, true},
    [EAGRE_TYPE_INTERVAL_YEAR] = {"INTERVAL", 4, true},
    [EAGRE_TYPE_ARRAY] = {"ARRAY", 0, true},
    [EAGRE_TYPE_MAP] = {"MAP", 0, true},
    [EAGRE_TYPE_VARIANT] = {"VARIANT", sizeof(struct eagre_text), true},
};

#define INTERVAL_TYPE(kind_name, first, last)                                                      \
  {                                                                                                \
    .kind = EAGRE_TYPE_##kind_name, .precision = EAGRE_INTERVAL_##first,                           \
    .scale = EAGRE_INTERVAL_##last                                                                 \
  }

/* STRUCT, ARRAY, MAP and DECIMAL are missing: they carry more than a kind. */
static const struct eagre_type primitive_types[EAGRE_TYPE_count] = {
    [EAGRE_TYPE_NULL] = {.kind = EAGRE_TYPE_NULL},
    [EAGRE_TYPE_BOOLEAN] = {.kind = EAGRE_TYPE_BOOLEAN},
    [EAGRE_TYPE_TINYINT] = {.kind = EAGRE_TYPE_TINYINT},
    [EAGRE_TYPE_SMALLINT] = {.kind = EAGRE_TYPE_SMALLINT},
    [EAGRE_TYPE_INT] = {.kind = EAGRE_TYPE_INT},
    [EAGRE_TYPE_BIGINT] = {.kind = EAGRE_TYPE_BIGINT},
    [EAGRE_TYPE_FLOAT] = {.kind = EAGRE_TYPE_FLOAT},
    [EAGRE_TYPE_DOUBLE] = {.kind = EAGRE_TYPE_DOUBLE},
    [EAGRE_TYPE_STRING] = {.kind = EAGRE_TYPE_STRING},
    [EAGRE_TYPE_BINARY] = {.kind = EAGRE_TYPE_BINARY},
    [EAGRE_TYPE_DATE] = {.kind = EAGRE_TYPE_DATE},
    [EAGRE_TYPE_TIMESTAMP] = {.kind = EAGRE_TYPE_TIMESTAMP},
    [EAGRE_TYPE_INTERVAL_DAY] = INTERVAL_TYPE(INTERVAL_DAY, DAY, SECOND),
    [EAGRE_TYPE_TIMESTAMP_NTZ] = {.kind = EAGRE_TYPE_TIMESTAMP_NTZ},
    [EAGRE_TYPE_INTERVAL_YEAR] = INTERVAL_TYPE(INTERVAL_YEAR, YEAR, MONTH),
    [EAGRE_TYPE_VARIANT] = {.kind = EAGRE_TYPE_VARIANT},
};

const struct eagre_type *eagre_type_of(enum eagre_type_kind kind) {
  eagre_assert((unsigned)kind < EAGRE_TYPE_count && primitive_types[kind].kind == kind);
  return &primitive_types[kind];
}

const struct eagre_type *eagre_type_decimal(struct eagre_arena *arena, unsigned precision,
                                            unsigned scale) {
  eagre_assert(precision >= 1 && precision <= EAGRE_DECIMAL_PRECISION_MAX && scale <= precision);
  struct eagre_type *type = eagre_arena_allocate_zeroed(arena, sizeof *type);
  type->kind = EAGRE_TYPE_DECIMAL;
  type->precision = (uint8_t)precision;
  type->scale = (uint8_t)scale;
  return type;
}

/* ---- Intervals ------------------------------------------------------------------------------- */

static const struct eagre_type interval_types[] = {
    INTERVAL_TYPE(INTERVAL_YEAR, YEAR, YEAR),    INTERVAL_TYPE(INTERVAL_YEAR, YEAR, MONTH),
    INTERVAL_TYPE(INTERVAL_YEAR, MONTH, MONTH),  INTERVAL_TYPE(INTERVAL_DAY, DAY, DAY),
    INTERVAL_TYPE(INTERVAL_DAY, DAY, HOUR),      INTERVAL_TYPE(INTERVAL_DAY, DAY, MINUTE),
    INTERVAL_TYPE(INTERVAL_DAY, DAY, SECOND),    INTERVAL_TYPE(INTERVAL_DAY, HOUR, HOUR),
    INTERVAL_TYPE(INTERVAL_DAY, HOUR, MINUTE),   INTERVAL_TYPE(INTERVAL_DAY, HOUR, SECOND),
    INTERVAL_TYPE(INTERVAL_DAY, MINUTE, MINUTE), INTERVAL_TYPE(INTERVAL_DAY, MINUTE, SECOND),
    INTERVAL_TYPE(INTERVAL_DAY, SECOND, SECOND),
};

const struct eagre_type *eagre_type_interval(enum eagre_interval_unit first,
                                             enum eagre_interval_unit last) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(interval_types); i++) {
    const struct eagre_type *type = &interval_types[i];
    if (type->precision == first && type->scale == last) return type;
  }
  eagre_assert(!"an interval from a larger unit to a smaller one");
  return NULL;
}

bool eagre_type_is_interval(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_INTERVAL_DAY || kind == EAGRE_TYPE_INTERVAL_YEAR;
}

void eagre_type_print_units(struct eagre_buffer *buffer, const struct eagre_type *type) {
  static const char *const names[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
  eagre_assert(eagre_type_is_interval(type->kind));
  eagre_buffer_append_string(buffer, names[type->precision]);
  if (type->precision == type->scale) return;
  eagre_buffer_append_string(buffer, " TO ");
  eagre_buffer_append_string(buffer, names[type->scale]);
}

static const struct eagre_type *make_nested(struct eagre_arena *arena, enum eagre_type_kind kind,
                                            const struct eagre_field *fields,
                                            uint32_t field_count) {
  size_t size = (size_t)field_count * sizeof *fields;
  struct eagre_field *copy = eagre_arena_allocate(arena, size);
  if (size > 0) memcpy(copy, fields, size);
  struct eagre_type *type = eagre_arena_allocate_zeroed(arena, sizeof *type);
  type->kind = kind;
  type->field_count = field_count;
  type->fields = copy;
  return type;
}

const struct eagre_type *eagre_type_struct(struct eagre_arena *arena,
                                           const struct eagre_field *fields, uint32_t field_count) {
  return make_nested(arena, EAGRE_TYPE_STRUCT, fields, field_count);
}

const struct eagre_type *eagre_type_array(struct eagre_arena *arena,
                                          const struct eagre_type *element) {
  const struct eagre_field fields[] = {{EAGRE_TEXT("element"), element, true}};
  return make_nested(arena, EAGRE_TYPE_ARRAY, fields, 1);
}

const struct eagre_type *eagre_type_map(struct eagre_arena *arena, const struct eagre_type *key,
                                        const struct eagre_type *value) {
  const struct eagre_field fields[] = {{EAGRE_TEXT("key"), key, false},
                                       {EAGRE_TEXT("value"), value, true}};
  return make_nested(arena, EAGRE_TYPE_MAP, fields, 2);
}

const struct eagre_type *eagre_type_copy(struct eagre_arena *arena, const struct eagre_type *type) {
  if (eagre_type_is_interval(type->kind)) return eagre_type_interval(type->precision, type->scale);
  if (primitive_types[type->kind].kind == type->kind) return &primitive_types[type->kind];
  struct eagre_type *copy = eagre_arena_allocate(arena, sizeof *copy);
  *copy = *type;
  size_t size = (size_t)type->field_count * sizeof(struct eagre_field);
  struct eagre_field *fields = eagre_arena_allocate(arena, size);
  for (uint32_t i = 0; i < type->field_count; i++) {
    fields[i].name = eagre_arena_copy_text(arena, type->fields[i].name);
    fields[i].type = eagre_type_copy(arena, type->fields[i].type);
    fields[i].nullable = type->fields[i].nullable;
  }
  copy->fields = fields;
  return copy;
}

bool eagre_type_equal(const struct eagre_type *a, const struct eagre_type *b) {
  if (a == b) return true;
  if (a->kind != b->kind || a->precision != b->precision || a->scale != b->scale) return false;
  if (a->field_count != b->field_count) return false;
  for (uint32_t i = 0; i < a->field_count; i++) {
    if (!eagre_text_equal(a->fields[i].name, b->fields[i].name)) return false;
    if (!eagre_type_equal(a->fields[i].type, b->fields[i].type)) return false;
  }
  return true;
}

bool eagre_type_is_integral(enum eagre_type_kind kind) {
  return kind >= EAGRE_TYPE_TINYINT && kind <= EAGRE_TYPE_BIGINT;
}

bool eagre_type_is_numeric(enum eagre_type_kind kind) {
  return eagre_type_is_integral(kind) || kind == EAGRE_TYPE_FLOAT || kind == EAGRE_TYPE_DOUBLE ||
         kind == EAGRE_TYPE_DECIMAL;
}

bool eagre_type_holds(const struct eagre_type *type, enum eagre_type_kind kind) {
  if (type->kind == kind) return true;
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (eagre_type_holds(type->fields[i].type, kind)) return true;
  }
  return false;
}

uint32_t eagre_type_width(enum eagre_type_kind kind) {
  eagre_assert((unsigned)kind < EAGRE_TYPE_count);
  return kind_rows[kind].width;
}

bool eagre_type_is_supported(enum eagre_type_kind kind) {
  eagre_assert((unsigned)kind < EAGRE_TYPE_count);
  return kind_rows[kind].is_supported;
}

int eagre_type_find_field(const struct eagre_type *type, struct eagre_text name, bool ignore_case) {
  int found = -1;
  for (uint32_t i = 0; i < type->field_count; i++) {
    struct eagre_text candidate = type->fields[i].name;
    if (!ignore_case) {
      if (eagre_text_equal(candidate, name)) return (int)i;
    } else if (eagre_text_equal_ignoring_case(candidate, name)) {
      if (found >= 0) return -2;
      found = (int)i;
    }
  }
  return found;
}

/* ---- Printing -------------------------------------------------------------------------------- */

/* Spark leaves [A-Za-z_][A-Za-z0-9_]* bare and quotes everything else. */
static bool is_bare_name(struct eagre_text name) {
  for (size_t i = 0; i < name.size; i++) {
    char c = name.data[i];
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    bool is_digit = c >= '0' && c <= '9';
    if (!is_letter && !(is_digit && i > 0)) return false;
  }
  return name.size > 0;
}

static void print_name(struct eagre_buffer *buffer, struct eagre_text name) {
  if (is_bare_name(name)) {
    eagre_buffer_append_text(buffer, name);
    return;
  }
  eagre_buffer_append_char(buffer, '`');
  for (size_t i = 0; i < name.size; i++) {
    if (name.data[i] == '`') eagre_buffer_append_char(buffer, '`');
    eagre_buffer_append_char(buffer, name.data[i]);
  }
  eagre_buffer_append_char(buffer, '`');
}

static void print_precision(struct eagre_buffer *buffer, const struct eagre_type *type) {
  if (eagre_type_is_interval(type->kind)) {
    eagre_buffer_append_char(buffer, ' ');
    eagre_type_print_units(buffer, type);
  }
  if (type->kind != EAGRE_TYPE_DECIMAL) return;
  eagre_buffer_printf(buffer, "(%u,%u)", type->precision, type->scale);
}

static bool is_nested(enum eagre_type_kind kind) {
  return kind == EAGRE_TYPE_STRUCT || kind == EAGRE_TYPE_ARRAY || kind == EAGRE_TYPE_MAP;
}

static void print_struct_field(struct eagre_buffer *buffer, const struct eagre_field *field) {
  print_name(buffer, field->name);
  eagre_buffer_append_string(buffer, ": ");
  eagre_type_print(buffer, field->type);
  if (!field->nullable) eagre_buffer_append_string(buffer, " NOT NULL");
}

void eagre_type_print(struct eagre_buffer *buffer, const struct eagre_type *type) {
  eagre_buffer_append_string(buffer, kind_rows[type->kind].name);
  print_precision(buffer, type);
  if (!is_nested(type->kind)) return;
  eagre_buffer_append_char(buffer, '<');
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (i > 0) eagre_buffer_append_string(buffer, ", ");
    if (type->kind == EAGRE_TYPE_STRUCT) {
      print_struct_field(buffer, &type->fields[i]);
    } else {
      eagre_type_print(buffer, type->fields[i].type);
    }
  }
  eagre_buffer_append_char(buffer, '>');
}

/* What was appended to the buffer since it had `from` bytes. */
static void put_in_lower_case(struct eagre_buffer *buffer, size_t from) {
  for (size_t i = from; i < buffer->size; i++) {
    char c = buffer->data[i];
    if (c >= 'A' && c <= 'Z') buffer->data[i] = (char)(c + 32);
  }
}

void eagre_type_print_catalog(struct eagre_buffer *buffer, const struct eagre_type *type) {
  size_t start = buffer->size;
  eagre_buffer_append_string(buffer, kind_rows[type->kind].name);
  print_precision(buffer, type);
  put_in_lower_case(buffer, start);
  if (!is_nested(type->kind)) return;
  eagre_buffer_append_char(buffer, '<');
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (i > 0) eagre_buffer_append_char(buffer, ',');
    if (type->kind == EAGRE_TYPE_STRUCT) {
      eagre_buffer_append_text(buffer, type->fields[i].name);
      eagre_buffer_append_char(buffer, ':');
    }
    eagre_type_print_catalog(buffer, type->fields[i].type);
  }
  eagre_buffer_append_char(buffer, '>');
}
