/* Schemas of tables: read from the log, printed for it, compared with what a query gives. */
#include "delta/delta_schema.h"

#include <stdio.h>

#include "delta/delta_action.h"

enum { DEPTH_MAX = 100 };

/* Names of the primitive types; DECIMAL is spelled "decimal(p,s)". */
static const struct {
  const char *name;
  enum eagre_type_kind kind;
} primitives[] = {
    {"boolean", EAGRE_TYPE_BOOLEAN},     {"byte", EAGRE_TYPE_TINYINT},
    {"short", EAGRE_TYPE_SMALLINT},      {"integer", EAGRE_TYPE_INT},
    {"long", EAGRE_TYPE_BIGINT},         {"float", EAGRE_TYPE_FLOAT},
    {"double", EAGRE_TYPE_DOUBLE},       {"string", EAGRE_TYPE_STRING},
    {"binary", EAGRE_TYPE_BINARY},       {"date", EAGRE_TYPE_DATE},
    {"timestamp", EAGRE_TYPE_TIMESTAMP}, {"timestamp_ntz", EAGRE_TYPE_TIMESTAMP_NTZ},
    {"variant", EAGRE_TYPE_VARIANT},     {"void", EAGRE_TYPE_NULL},
};

/* ---- Reading --------------------------------------------------------------------------------- */

/* Metadata of a column that asks something of its writers which we do not do. */
static const struct {
  const char *key;
  const char *what;
} writer_rules[] = {
    {"delta.invariants", "an invariant"},
    {"delta.generationExpression", "a generation expression"},
    {"delta.identity.start", "identity values"},
    {"CURRENT_DEFAULT", "a default value"},
    {"delta.typeChanges", "a widened type"},
};

struct reader {
  struct eagre_arena *arena;
  struct eagre_error *error;
  uint32_t depth;
  bool is_for_writing;
};

static enum eagre_status refuse_schema(struct reader *reader, const char *what) {
  return eagre_error_set(reader->error, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT",
                         "the schema in the Delta log cannot be understood: %s", what);
}

static enum eagre_status read_type(struct reader *reader, const struct eagre_json_node *node,
                                   const struct eagre_type **out_type);

static struct eagre_type *new_type(struct reader *reader, enum eagre_type_kind kind,
                                   uint32_t field_count, struct eagre_field **out_fields) {
  *out_fields = eagre_arena_allocate_zeroed(reader->arena, field_count * sizeof **out_fields);
  struct eagre_type *type = eagre_arena_allocate_zeroed(reader->arena, sizeof *type);
  *type = (struct eagre_type){.kind = kind, .field_count = field_count, .fields = *out_fields};
  return type;
}

static enum eagre_status read_decimal(struct reader *reader, struct eagre_text name,
                                      const struct eagre_type **out_type) {
  unsigned precision = 10;
  unsigned scale = 0;
  char text[32] = {0};
  if (name.size >= sizeof text) return refuse_schema(reader, "a decimal type");
  memcpy(text, name.data, name.size);
  int end = 0;
  bool is_known = strcmp(text, "decimal") == 0;
  if (!is_known && sscanf(text, "decimal(%2u,%2u)%n", &precision, &scale, &end) == 2) {
    is_known = (size_t)end == name.size;
  }
  if (!is_known) return refuse_schema(reader, "a decimal type");
  struct eagre_type *type = eagre_arena_allocate_zeroed(reader->arena, sizeof *type);
  *type = (struct eagre_type){
      .kind = EAGRE_TYPE_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale};
  *out_type = type;
  return EAGRE_OK;
}

static enum eagre_status read_primitive(struct reader *reader, struct eagre_text name,
                                        const struct eagre_type **out_type) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(primitives); i++) {
    if (!eagre_text_equal_string(name, primitives[i].name)) continue;
    *out_type = eagre_type_of(primitives[i].kind);
    return EAGRE_OK;
  }
  if (eagre_text_starts_with(name, EAGRE_TEXT("decimal"))) {
    return read_decimal(reader, name, out_type);
  }
  eagre_error_set(reader->error, EAGRE_UNSAFE, "DELTA_UNSUPPORTED_FEATURES",
                  "the table has a column of the type '%.*s', which Eagre does not know",
                  (int)name.size, name.data);
  return EAGRE_UNSAFE;
}

static enum eagre_status check_metadata(struct reader *reader, const struct eagre_json_node *field,
                                        struct eagre_text name) {
  const struct eagre_json_node *metadata = eagre_json_member(field, "metadata");
  if (!reader->is_for_writing) return EAGRE_OK;
  if (metadata == NULL || metadata->kind != EAGRE_JSON_OBJECT) return EAGRE_OK;
  for (size_t i = 0; i < EAGRE_COUNT_OF(writer_rules); i++) {
    if (eagre_json_member(metadata, writer_rules[i].key) == NULL) continue;
    return eagre_error_set(reader->error, EAGRE_UNSAFE, "DELTA_UNSUPPORTED_FEATURES",
                           "the column `%.*s` of the table has %s, which Eagre cannot honour",
                           (int)name.size, name.data, writer_rules[i].what);
  }
  return EAGRE_OK;
}

static bool is_true(const struct eagre_json_node *object, const char *name) {
  const struct eagre_json_node *node = eagre_json_member(object, name);
  return node != NULL && node->kind == EAGRE_JSON_TRUE;
}

static enum eagre_status read_field(struct reader *reader, const struct eagre_json_node *node,
                                    struct eagre_field *out) {
  if (node->kind != EAGRE_JSON_OBJECT) return refuse_schema(reader, "a field that is no object");
  out->name = eagre_arena_copy_text(reader->arena, eagre_delta_member_text(node, "name"));
  if (out->name.size == 0) return refuse_schema(reader, "a field without a name");
  out->nullable = is_true(node, "nullable");
  EAGRE_TRY(check_metadata(reader, node, out->name));
  return read_type(reader, eagre_json_member(node, "type"), &out->type);
}

static enum eagre_status read_struct(struct reader *reader, const struct eagre_json_node *node,
                                     const struct eagre_type **out_type) {
  const struct eagre_json_node *fields = eagre_json_member(node, "fields");
  if (fields == NULL || fields->kind != EAGRE_JSON_ARRAY) {
    return refuse_schema(reader, "a struct without fields");
  }
  uint32_t count = 0;
  for (const struct eagre_json_node *field = fields->child; field != NULL; field = field->next) {
    count++;
  }
  struct eagre_field *out;
  *out_type = new_type(reader, EAGRE_TYPE_STRUCT, count, &out);
  for (const struct eagre_json_node *field = fields->child; field != NULL; field = field->next) {
    EAGRE_TRY(read_field(reader, field, out++));
  }
  return EAGRE_OK;
}

static enum eagre_status read_array(struct reader *reader, const struct eagre_json_node *node,
                                    const struct eagre_type **out_type) {
  struct eagre_field *fields;
  *out_type = new_type(reader, EAGRE_TYPE_ARRAY, 1, &fields);
  fields[0].name = EAGRE_TEXT("element");
  fields[0].nullable = is_true(node, "containsNull");
  return read_type(reader, eagre_json_member(node, "elementType"), &fields[0].type);
}

static enum eagre_status read_map(struct reader *reader, const struct eagre_json_node *node,
                                  const struct eagre_type **out_type) {
  struct eagre_field *fields;
  *out_type = new_type(reader, EAGRE_TYPE_MAP, 2, &fields);
  fields[0].name = EAGRE_TEXT("key");
  fields[1].name = EAGRE_TEXT("value");
  fields[1].nullable = is_true(node, "valueContainsNull");
  EAGRE_TRY(read_type(reader, eagre_json_member(node, "keyType"), &fields[0].type));
  return read_type(reader, eagre_json_member(node, "valueType"), &fields[1].type);
}

static enum eagre_status read_container(struct reader *reader, const struct eagre_json_node *node,
                                        const struct eagre_type **out_type) {
  struct eagre_text name = eagre_delta_member_text(node, "type");
  if (eagre_text_equal_string(name, "struct")) return read_struct(reader, node, out_type);
  if (eagre_text_equal_string(name, "array")) return read_array(reader, node, out_type);
  if (eagre_text_equal_string(name, "map")) return read_map(reader, node, out_type);
  return refuse_schema(reader, "a type without a known name");
}

static enum eagre_status read_type(struct reader *reader, const struct eagre_json_node *node,
                                   const struct eagre_type **out_type) {
  if (node == NULL) return refuse_schema(reader, "a field without a type");
  if (node->kind == EAGRE_JSON_STRING) return read_primitive(reader, node->text, out_type);
  if (node->kind != EAGRE_JSON_OBJECT) return refuse_schema(reader, "a type that is no object");
  if (reader->depth == DEPTH_MAX) return refuse_schema(reader, "it is nested too deeply");
  reader->depth++;
  enum eagre_status status = read_container(reader, node, out_type);
  reader->depth--;
  return status;
}

enum eagre_status eagre_delta_schema_read(struct eagre_arena *arena,
                                          struct eagre_text schema_string, bool is_for_writing,
                                          const struct eagre_type **out_type,
                                          struct eagre_error *error) {
  struct reader reader = {.arena = arena, .error = error, .is_for_writing = is_for_writing};
  const struct eagre_json_node *root;
  struct eagre_error reason;
  eagre_error_init(&reason);
  if (eagre_json_read(arena, schema_string, &root, &reason) != EAGRE_OK) {
    return refuse_schema(&reader, reason.text);
  }
  EAGRE_TRY(read_type(&reader, root, out_type));
  if ((*out_type)->kind != EAGRE_TYPE_STRUCT) return refuse_schema(&reader, "it is no struct");
  return EAGRE_OK;
}

/* ---- Printing -------------------------------------------------------------------------------- */

struct printer {
  struct eagre_buffer *out;
  bool is_new; /* every column becomes nullable */
};

static void print_type(struct printer *printer, const struct eagre_type *type);

static void print_primitive(struct printer *printer, const struct eagre_type *type) {
  if (type->kind == EAGRE_TYPE_DECIMAL) {
    eagre_buffer_printf(printer->out, "\"decimal(%d,%d)\"", type->precision, type->scale);
    return;
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(primitives); i++) {
    if (primitives[i].kind != type->kind) continue;
    eagre_buffer_printf(printer->out, "\"%s\"", primitives[i].name);
    return;
  }
  eagre_assert_failed("a type that tables can have", __FILE__, __LINE__);
}

static void print_flag(struct printer *printer, bool value) {
  eagre_buffer_append_string(printer->out, value || printer->is_new ? "true" : "false");
}

static void print_fields(struct printer *printer, const struct eagre_type *type,
                         const char *const *comments) {
  struct eagre_buffer *out = printer->out;
  eagre_buffer_append_string(out, "{\"type\":\"struct\",\"fields\":[");
  for (uint32_t i = 0; i < type->field_count; i++) {
    eagre_buffer_append_string(out, i > 0 ? ",{\"name\":" : "{\"name\":");
    eagre_buffer_append_json_string(out, type->fields[i].name);
    eagre_buffer_append_string(out, ",\"type\":");
    print_type(printer, type->fields[i].type);
    eagre_buffer_append_string(out, ",\"nullable\":");
    print_flag(printer, type->fields[i].nullable);
    eagre_buffer_append_string(out, ",\"metadata\":{");
    if (comments != NULL && comments[i] != NULL) {
      eagre_buffer_append_string(out, "\"comment\":");
      eagre_buffer_append_json_string(out, eagre_text_of(comments[i]));
    }
    eagre_buffer_append_string(out, "}}");
  }
  eagre_buffer_append_string(out, "]}");
}

static void print_type(struct printer *printer, const struct eagre_type *type) {
  struct eagre_buffer *out = printer->out;
  switch (type->kind) {
  case EAGRE_TYPE_STRUCT:
    print_fields(printer, type, NULL);
    return;
  case EAGRE_TYPE_ARRAY:
    eagre_buffer_append_string(out, "{\"type\":\"array\",\"elementType\":");
    print_type(printer, type->fields[0].type);
    eagre_buffer_append_string(out, ",\"containsNull\":");
    print_flag(printer, type->fields[0].nullable);
    eagre_buffer_append_char(out, '}');
    return;
  case EAGRE_TYPE_MAP:
    eagre_buffer_append_string(out, "{\"type\":\"map\",\"keyType\":");
    print_type(printer, type->fields[0].type);
    eagre_buffer_append_string(out, ",\"valueType\":");
    print_type(printer, type->fields[1].type);
    eagre_buffer_append_string(out, ",\"valueContainsNull\":");
    print_flag(printer, type->fields[1].nullable);
    eagre_buffer_append_char(out, '}');
    return;
  default:
    print_primitive(printer, type);
  }
}

void eagre_delta_print_schema(const struct eagre_type *schema, struct eagre_buffer *out) {
  eagre_assert(schema->kind == EAGRE_TYPE_STRUCT);
  print_fields(&(struct printer){.out = out}, schema, NULL);
}

void eagre_delta_schema_print_new(const struct eagre_type *schema, const char *const *comments,
                                  struct eagre_buffer *out) {
  eagre_assert(schema->kind == EAGRE_TYPE_STRUCT);
  print_fields(&(struct printer){.out = out, .is_new = true}, schema, comments);
}

/* ---- Checking a new table -------------------------------------------------------------------- */

static enum eagre_status check_name(struct eagre_text name, struct eagre_error *error) {
  static const char forbidden[] = " ,;{}()\n\t=";
  bool is_allowed = name.size > 0;
  for (size_t i = 0; i < name.size; i++) {
    /* The terminating zero is found too, and is forbidden. */
    if (memchr(forbidden, name.data[i], sizeof forbidden) != NULL) is_allowed = false;
  }
  if (is_allowed) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES",
                  "the column name '%.*s' cannot be used in a Delta table", (int)name.size,
                  name.data);
  eagre_error_hint(error, "give the column an alias without any of \" ,;{}()\\n\\t=\"");
  return EAGRE_USAGE;
}

static enum eagre_status check_unique(const struct eagre_type *type, uint32_t index,
                                      struct eagre_error *error) {
  struct eagre_text name = type->fields[index].name;
  for (uint32_t i = 0; i < index; i++) {
    if (!eagre_text_equal_ignoring_case(type->fields[i].name, name)) continue;
    return eagre_error_set(error, EAGRE_USAGE, "DELTA_DUPLICATE_COLUMNS_FOUND",
                           "the column `%.*s` would be in the Delta table twice", (int)name.size,
                           name.data);
  }
  return EAGRE_OK;
}

static enum eagre_status check_new_type(const struct eagre_type *type, struct eagre_text name,
                                        struct eagre_error *error) {
  if (type->kind == EAGRE_TYPE_NULL) {
    eagre_error_set(error, EAGRE_USAGE, "DELTA_NULL_SCHEMA_IN_STREAMING_WRITE",
                    "the column `%.*s` is always NULL: a Delta table needs a type for it",
                    (int)name.size, name.data);
    eagre_error_hint(error, "cast the NULL to a type");
    return EAGRE_USAGE;
  }
  for (uint32_t i = 0; i < type->field_count; i++) {
    struct eagre_text field_name = type->fields[i].name;
    if (type->kind == EAGRE_TYPE_STRUCT) {
      EAGRE_TRY(check_name(field_name, error));
      EAGRE_TRY(check_unique(type, i, error));
    }
    EAGRE_TRY(check_new_type(type->fields[i].type, field_name, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_delta_schema_check_new(const struct eagre_type *schema,
                                               struct eagre_error *error) {
  return check_new_type(schema, EAGRE_TEXT(""), error);
}

/* ---- Checking an append ---------------------------------------------------------------------- */

static enum eagre_status refuse_mismatch(struct eagre_error *error, struct eagre_text name,
                                         const char *what) {
  eagre_error_set(error, EAGRE_USAGE, "DELTA_METADATA_MISMATCH",
                  "the query does not fit the Delta table: the column `%.*s` %s", (int)name.size,
                  name.data, what);
  eagre_error_hint(error, "change the query, or write to a new table");
  return EAGRE_USAGE;
}

static enum eagre_status refuse_type(struct eagre_error *error, struct eagre_text name,
                                     const struct eagre_type *table,
                                     const struct eagre_type *query) {
  struct eagre_buffer what = {0};
  eagre_buffer_append_string(&what, "is ");
  eagre_type_print(&what, query);
  eagre_buffer_append_string(&what, " in the query and ");
  eagre_type_print(&what, table);
  eagre_buffer_append_string(&what, " in the table");
  refuse_mismatch(error, name, eagre_buffer_string(&what));
  eagre_buffer_done(&what);
  return EAGRE_USAGE;
}

static enum eagre_status check_extra(const struct eagre_type *table,
                                     const struct eagre_type *schema, struct eagre_error *error) {
  for (uint32_t i = 0; i < schema->field_count; i++) {
    EAGRE_TRY(check_unique(schema, i, error));
    struct eagre_text name = schema->fields[i].name;
    int index = eagre_type_find_field(table, name, true);
    if (index < 0) return refuse_mismatch(error, name, "is not in the table");
  }
  return EAGRE_OK;
}

enum eagre_status eagre_delta_schema_check(const struct eagre_type *table,
                                           const struct eagre_type *schema,
                                           struct eagre_arena *arena, uint32_t **out_map,
                                           struct eagre_error *error) {
  EAGRE_TRY(check_extra(table, schema, error));
  uint32_t *map = NULL;
  if (out_map != NULL) map = eagre_arena_allocate(arena, table->field_count * sizeof *map);
  for (uint32_t i = 0; i < table->field_count; i++) {
    const struct eagre_field *field = &table->fields[i];
    int index = eagre_type_find_field(schema, field->name, true);
    if (index < 0 && !field->nullable) {
      return refuse_mismatch(error, field->name, "is NOT NULL in the table and not in the query");
    }
    if (index >= 0 && !eagre_type_equal(field->type, schema->fields[index].type)) {
      return refuse_type(error, field->name, field->type, schema->fields[index].type);
    }
    if (map != NULL) map[i] = index < 0 ? UINT32_MAX : (uint32_t)index;
  }
  if (out_map != NULL) *out_map = map;
  return EAGRE_OK;
}
