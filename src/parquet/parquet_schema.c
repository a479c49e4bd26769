/* Types to leaf columns, and to the SchemaElements of the footer. */
#include "parquet/parquet_schema.h"

#include "parquet/parquet_variant.h"

enum {
  STEP_COUNT_MAX = 100, /* nesting; keeps levels below 2 * 100 + 1 */
  PATH_COUNT_MAX = 2 * STEP_COUNT_MAX + 1,
};

/* ---- How each primitive type is stored ------------------------------------------------------ */

struct primitive {
  bool is_supported;
  enum eagre_parquet_type physical;
  enum eagre_parquet_converted_type converted;
  enum eagre_parquet_logical_type logical;
};

static const struct primitive primitives[EAGRE_TYPE_count] = {
    [EAGRE_TYPE_BOOLEAN] = {true, EAGRE_PARQUET_BOOLEAN, EAGRE_PARQUET_CONVERTED_NONE,
                            EAGRE_PARQUET_LOGICAL_NONE},
    [EAGRE_TYPE_TINYINT] = {true, EAGRE_PARQUET_INT32, EAGRE_PARQUET_CONVERTED_INT_8,
                            EAGRE_PARQUET_LOGICAL_INTEGER},
    [EAGRE_TYPE_SMALLINT] = {true, EAGRE_PARQUET_INT32, EAGRE_PARQUET_CONVERTED_INT_16,
                             EAGRE_PARQUET_LOGICAL_INTEGER},
    [EAGRE_TYPE_INT] = {true, EAGRE_PARQUET_INT32, EAGRE_PARQUET_CONVERTED_NONE,
                        EAGRE_PARQUET_LOGICAL_NONE},
    [EAGRE_TYPE_BIGINT] = {true, EAGRE_PARQUET_INT64, EAGRE_PARQUET_CONVERTED_NONE,
                           EAGRE_PARQUET_LOGICAL_NONE},
    [EAGRE_TYPE_FLOAT] = {true, EAGRE_PARQUET_FLOAT, EAGRE_PARQUET_CONVERTED_NONE,
                          EAGRE_PARQUET_LOGICAL_NONE},
    [EAGRE_TYPE_DOUBLE] = {true, EAGRE_PARQUET_DOUBLE, EAGRE_PARQUET_CONVERTED_NONE,
                           EAGRE_PARQUET_LOGICAL_NONE},
    [EAGRE_TYPE_STRING] = {true, EAGRE_PARQUET_BYTE_ARRAY, EAGRE_PARQUET_CONVERTED_UTF8,
                           EAGRE_PARQUET_LOGICAL_STRING},
    [EAGRE_TYPE_BINARY] = {true, EAGRE_PARQUET_BYTE_ARRAY, EAGRE_PARQUET_CONVERTED_NONE,
                           EAGRE_PARQUET_LOGICAL_NONE},
    [EAGRE_TYPE_DATE] = {true, EAGRE_PARQUET_INT32, EAGRE_PARQUET_CONVERTED_DATE,
                         EAGRE_PARQUET_LOGICAL_DATE},
    [EAGRE_TYPE_TIMESTAMP] = {true, EAGRE_PARQUET_INT64, EAGRE_PARQUET_CONVERTED_TIMESTAMP_MICROS,
                              EAGRE_PARQUET_LOGICAL_TIMESTAMP},
    /* No converted type says that a time is a wall clock's. */
    [EAGRE_TYPE_TIMESTAMP_NTZ] = {true, EAGRE_PARQUET_INT64, EAGRE_PARQUET_CONVERTED_NONE,
                                  EAGRE_PARQUET_LOGICAL_TIMESTAMP},
};

/* DECIMAL by its digits, as Spark: as short as they allow, and as 16 bytes beyond 64 bits. */
static const struct primitive *find_primitive(const struct eagre_type *type) {
  static const struct primitive decimals[] = {
      {true, EAGRE_PARQUET_INT32, EAGRE_PARQUET_CONVERTED_DECIMAL, EAGRE_PARQUET_LOGICAL_DECIMAL},
      {true, EAGRE_PARQUET_INT64, EAGRE_PARQUET_CONVERTED_DECIMAL, EAGRE_PARQUET_LOGICAL_DECIMAL},
      {true, EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY, EAGRE_PARQUET_CONVERTED_DECIMAL,
       EAGRE_PARQUET_LOGICAL_DECIMAL},
  };
  if (type->kind != EAGRE_TYPE_DECIMAL) return &primitives[type->kind];
  if (type->precision <= EAGRE_PARQUET_INT32_DIGITS_MAX) return &decimals[0];
  return type->precision <= EAGRE_PARQUET_INT64_DIGITS_MAX ? &decimals[1] : &decimals[2];
}

/* ---- Leaves --------------------------------------------------------------------------------- */

/* The walk down to a leaf. */
struct walk {
  struct eagre_arena *arena;
  struct eagre_parquet_schema *schema;
  struct eagre_error *error;
  uint32_t leaf_capacity;
  uint32_t column;
  uint32_t step_count;
  uint32_t path_count;
  uint32_t definition;
  uint32_t repetition;
  uint32_t row_definition; /* 0 until the walk enters an ARRAY or MAP */
  struct eagre_parquet_step steps[STEP_COUNT_MAX];
  struct eagre_text path[PATH_COUNT_MAX];
};

static void append_path(const struct walk *walk, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < walk->path_count; i++) {
    if (i > 0) eagre_buffer_append_char(out, '.');
    eagre_buffer_append_text(out, walk->path[i]);
  }
}

static enum eagre_status refuse_type(const struct walk *walk, const struct eagre_type *type) {
  struct eagre_buffer path = {0};
  struct eagre_buffer name = {0};
  append_path(walk, &path);
  eagre_type_print(&name, type);
  eagre_error_set(walk->error, EAGRE_USAGE, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                  "Parquet files do not support the column `%s` of the type \"%s\"",
                  eagre_buffer_string(&path), eagre_buffer_string(&name));
  eagre_error_hint(walk->error, "cast the column to another type, for example to STRING");
  eagre_buffer_done(&path);
  eagre_buffer_done(&name);
  return EAGRE_USAGE;
}

static enum eagre_status refuse_empty(const struct walk *walk) {
  struct eagre_buffer path = {0};
  append_path(walk, &path);
  eagre_error_set(walk->error, EAGRE_USAGE, "EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE",
                  "Parquet files cannot hold %s%s%s without fields",
                  walk->path_count == 0 ? "a table" : "the STRUCT `", eagre_buffer_string(&path),
                  walk->path_count == 0 ? "" : "`");
  eagre_buffer_done(&path);
  return EAGRE_USAGE;
}

static enum eagre_status refuse_depth(const struct walk *walk) {
  struct eagre_text column = walk->path[0];
  return eagre_error_set(walk->error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.NESTING_DEPTH",
                         "the column `%.*s` is nested deeper than %d levels", (int)column.size,
                         column.data, STEP_COUNT_MAX);
}

/* Two columns of one name would be written but not found again by any reader. */
static enum eagre_status check_names(const struct walk *walk, const struct eagre_type *type) {
  for (uint32_t i = 0; i < type->field_count; i++) {
    struct eagre_text name = type->fields[i].name;
    for (uint32_t j = 0; j < i; j++) {
      if (!eagre_text_equal(name, type->fields[j].name)) continue;
      return eagre_error_set(walk->error, EAGRE_USAGE, "COLUMN_ALREADY_EXISTS",
                             "the column `%.*s` already exists", (int)name.size, name.data);
    }
  }
  return EAGRE_OK;
}

static const void *copy_to_arena(struct eagre_arena *arena, const void *data, size_t size) {
  void *copy = eagre_arena_allocate(arena, size);
  if (size > 0) memcpy(copy, data, size);
  return copy;
}

static struct eagre_parquet_leaf *add_leaf(struct walk *walk) {
  struct eagre_parquet_schema *schema = walk->schema;
  if (schema->leaf_count == walk->leaf_capacity) {
    walk->leaf_capacity = walk->leaf_capacity == 0 ? 16 : 2 * walk->leaf_capacity;
    struct eagre_parquet_leaf *grown =
        eagre_arena_allocate(walk->arena, walk->leaf_capacity * sizeof *grown);
    if (schema->leaf_count > 0) memcpy(grown, schema->leaves, schema->leaf_count * sizeof *grown);
    schema->leaves = grown;
  }
  return &schema->leaves[schema->leaf_count++];
}

static enum eagre_status visit_leaf(struct walk *walk, const struct eagre_type *type,
                                    bool is_required) {
  if (!find_primitive(type)->is_supported) return refuse_type(walk, type);
  uint32_t definition_max = walk->definition + (is_required ? 0 : 1);
  struct eagre_parquet_leaf leaf = {
      .type = type,
      .physical = find_primitive(type)->physical,
      .column = walk->column,
      .step_count = walk->step_count,
      .steps = copy_to_arena(walk->arena, walk->steps, walk->step_count * sizeof *walk->steps),
      .path_count = walk->path_count,
      .path = copy_to_arena(walk->arena, walk->path, walk->path_count * sizeof *walk->path),
      .is_required = is_required,
      .definition_max = (uint8_t)definition_max,
      .repetition_max = (uint8_t)walk->repetition,
      .row_definition = (uint8_t)(walk->row_definition > 0 ? walk->row_definition : definition_max),
  };
  *add_leaf(walk) = leaf;
  return EAGRE_OK;
}

static enum eagre_status visit(struct walk *walk, const struct eagre_type *type, bool is_required);

/* Child `child` of `type`, which the footer calls `name`. */
static enum eagre_status visit_child(struct walk *walk, const struct eagre_type *type,
                                     uint32_t child, struct eagre_text name, bool is_required) {
  walk->steps[walk->step_count++] = (struct eagre_parquet_step){type->kind, child};
  walk->path[walk->path_count++] = name;
  enum eagre_status status = visit(walk, type->fields[child].type, is_required);
  walk->path_count--;
  walk->step_count--;
  return status;
}

static enum eagre_status visit_struct(struct walk *walk, const struct eagre_type *type) {
  EAGRE_TRY(check_names(walk, type));
  walk->definition += 1;
  for (uint32_t i = 0; i < type->field_count; i++) {
    EAGRE_TRY(visit_child(walk, type, i, type->fields[i].name, false));
  }
  walk->definition -= 1;
  return EAGRE_OK;
}

/* The two leaves of a VARIANT. */
static enum eagre_status visit_variant(struct walk *walk) {
  const struct eagre_type *group = eagre_parquet_variant_group();
  walk->definition += 1;
  for (uint32_t i = 0; i < group->field_count; i++) {
    EAGRE_TRY(visit_child(walk, group, i, group->fields[i].name, true));
  }
  walk->definition -= 1;
  return EAGRE_OK;
}

static enum eagre_status visit_repeated(struct walk *walk, const struct eagre_type *type) {
  bool is_outermost = walk->row_definition == 0;
  if (is_outermost) walk->row_definition = walk->definition + 1;
  bool is_map = type->kind == EAGRE_TYPE_MAP;
  walk->path[walk->path_count++] = is_map ? EAGRE_TEXT("key_value") : EAGRE_TEXT("list");
  walk->definition += 2;
  walk->repetition += 1;
  if (is_map) {
    EAGRE_TRY(visit_child(walk, type, 0, EAGRE_TEXT("key"), true));
    EAGRE_TRY(visit_child(walk, type, 1, EAGRE_TEXT("value"), false));
  } else {
    EAGRE_TRY(visit_child(walk, type, 0, EAGRE_TEXT("element"), false));
  }
  walk->repetition -= 1;
  walk->definition -= 2;
  walk->path_count--;
  if (is_outermost) walk->row_definition = 0;
  return EAGRE_OK;
}

static enum eagre_status visit(struct walk *walk, const struct eagre_type *type, bool is_required) {
  switch (type->kind) {
  case EAGRE_TYPE_STRUCT:
  case EAGRE_TYPE_ARRAY:
  case EAGRE_TYPE_MAP:
    /* A nested key would need a REQUIRED group, which no SQL type needs today. */
    if (is_required) return refuse_type(walk, type);
    if (type->field_count == 0) return refuse_empty(walk);
    if (walk->step_count == STEP_COUNT_MAX) return refuse_depth(walk);
    walk->schema->element_count += type->kind == EAGRE_TYPE_STRUCT ? 1 : 2;
    return type->kind == EAGRE_TYPE_STRUCT ? visit_struct(walk, type) : visit_repeated(walk, type);
  case EAGRE_TYPE_VARIANT:
    if (is_required) return refuse_type(walk, type);
    if (walk->step_count == STEP_COUNT_MAX) return refuse_depth(walk);
    walk->schema->element_count += 1;
    return visit_variant(walk);
  default:
    walk->schema->element_count += 1;
    return visit_leaf(walk, type, is_required);
  }
}

/* A copy that owns its names. `eagre_type_copy` takes ARRAY and MAP for constants without fields.
 */
static const struct eagre_type *copy_type(struct eagre_arena *arena,
                                          const struct eagre_type *type) {
  if (type->field_count == 0) return eagre_type_copy(arena, type);
  struct eagre_field *fields = eagre_arena_allocate(arena, type->field_count * sizeof *fields);
  for (uint32_t i = 0; i < type->field_count; i++) {
    fields[i].name = eagre_arena_copy_text(arena, type->fields[i].name);
    fields[i].type = copy_type(arena, type->fields[i].type);
    fields[i].nullable = type->fields[i].nullable;
  }
  struct eagre_type *copy = eagre_arena_allocate(arena, sizeof *copy);
  *copy = *type;
  copy->fields = fields;
  return copy;
}

enum eagre_status eagre_parquet_schema_build(struct eagre_arena *arena,
                                             const struct eagre_type *type,
                                             struct eagre_parquet_schema *out_schema,
                                             struct eagre_error *error) {
  eagre_assert(type->kind == EAGRE_TYPE_STRUCT);
  *out_schema = (struct eagre_parquet_schema){
      .type = copy_type(arena, type),
      .element_count = 1,
  };
  struct walk walk = {.arena = arena, .schema = out_schema, .error = error};
  if (type->field_count == 0) return refuse_empty(&walk);
  EAGRE_TRY(check_names(&walk, type));
  for (uint32_t i = 0; i < type->field_count; i++) {
    walk.column = i;
    walk.path_count = 1;
    walk.path[0] = out_schema->type->fields[i].name;
    EAGRE_TRY(visit(&walk, out_schema->type->fields[i].type, false));
  }
  return EAGRE_OK;
}

/* ---- SchemaElements ------------------------------------------------------------------------- */

/* The union LogicalType; its members are structs, empty but for DECIMAL, TIMESTAMP, INTEGER and
 * VARIANT. */
static void put_logical_type(struct eagre_parquet_thrift *thrift, const struct eagre_type *type,
                             enum eagre_parquet_logical_type logical) {
  if (logical == EAGRE_PARQUET_LOGICAL_NONE) return;
  eagre_parquet_thrift_put_struct(thrift, 10);
  eagre_parquet_thrift_put_struct(thrift, (int16_t)logical);
  if (logical == EAGRE_PARQUET_LOGICAL_TIMESTAMP) {
    /* isAdjustedToUTC */
    eagre_parquet_thrift_put_bool(thrift, 1, type->kind == EAGRE_TYPE_TIMESTAMP);
    eagre_parquet_thrift_put_struct(thrift, 2); /* unit */
    eagre_parquet_thrift_put_struct(thrift, 2); /* MICROS */
    eagre_parquet_thrift_end(thrift);
    eagre_parquet_thrift_end(thrift);
  } else if (logical == EAGRE_PARQUET_LOGICAL_INTEGER) {
    eagre_parquet_thrift_put_i8(thrift, 1, (int8_t)(8 * eagre_type_width(type->kind)));
    eagre_parquet_thrift_put_bool(thrift, 2, true); /* isSigned */
  } else if (logical == EAGRE_PARQUET_LOGICAL_DECIMAL) {
    eagre_parquet_thrift_put_i32(thrift, 1, type->scale);
    eagre_parquet_thrift_put_i32(thrift, 2, type->precision);
  } else if (logical == EAGRE_PARQUET_LOGICAL_VARIANT) {
    eagre_parquet_thrift_put_i8(thrift, 1, 1); /* specification_version */
  }
  eagre_parquet_thrift_end(thrift);
  eagre_parquet_thrift_end(thrift);
}

static void add_leaf_element(struct eagre_parquet_thrift *thrift, const struct eagre_type *type,
                             struct eagre_text name, enum eagre_parquet_repetition repetition) {
  const struct primitive *primitive = find_primitive(type);
  eagre_parquet_thrift_add_struct(thrift);
  eagre_parquet_thrift_put_i32(thrift, 1, primitive->physical);
  if (primitive->physical == EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY) {
    eagre_parquet_thrift_put_i32(thrift, 2, sizeof(eagre_decimal));
  }
  eagre_parquet_thrift_put_i32(thrift, 3, repetition);
  eagre_parquet_thrift_put_binary(thrift, 4, name);
  if (primitive->converted != EAGRE_PARQUET_CONVERTED_NONE) {
    eagre_parquet_thrift_put_i32(thrift, 6, primitive->converted);
  }
  if (type->kind == EAGRE_TYPE_DECIMAL) {
    eagre_parquet_thrift_put_i32(thrift, 7, type->scale);
    eagre_parquet_thrift_put_i32(thrift, 8, type->precision);
  }
  put_logical_type(thrift, type, primitive->logical);
  eagre_parquet_thrift_end(thrift);
}

static void add_group_element(struct eagre_parquet_thrift *thrift, struct eagre_text name,
                              enum eagre_parquet_repetition repetition, uint32_t child_count,
                              enum eagre_parquet_converted_type converted,
                              enum eagre_parquet_logical_type logical) {
  eagre_parquet_thrift_add_struct(thrift);
  eagre_parquet_thrift_put_i32(thrift, 3, repetition);
  eagre_parquet_thrift_put_binary(thrift, 4, name);
  eagre_parquet_thrift_put_i32(thrift, 5, (int32_t)child_count);
  if (converted != EAGRE_PARQUET_CONVERTED_NONE) {
    eagre_parquet_thrift_put_i32(thrift, 6, converted);
  }
  put_logical_type(thrift, NULL, logical);
  eagre_parquet_thrift_end(thrift);
}

static void add_plain_group(struct eagre_parquet_thrift *thrift, struct eagre_text name,
                            enum eagre_parquet_repetition repetition, uint32_t child_count) {
  add_group_element(thrift, name, repetition, child_count, EAGRE_PARQUET_CONVERTED_NONE,
                    EAGRE_PARQUET_LOGICAL_NONE);
}

static void add_elements(struct eagre_parquet_thrift *thrift, const struct eagre_type *type,
                         struct eagre_text name, enum eagre_parquet_repetition repetition) {
  switch (type->kind) {
  case EAGRE_TYPE_STRUCT:
    add_plain_group(thrift, name, repetition, type->field_count);
    for (uint32_t i = 0; i < type->field_count; i++) {
      add_elements(thrift, type->fields[i].type, type->fields[i].name, EAGRE_PARQUET_OPTIONAL);
    }
    return;
  case EAGRE_TYPE_ARRAY:
    add_group_element(thrift, name, repetition, 1, EAGRE_PARQUET_CONVERTED_LIST,
                      EAGRE_PARQUET_LOGICAL_LIST);
    add_plain_group(thrift, EAGRE_TEXT("list"), EAGRE_PARQUET_REPEATED, 1);
    add_elements(thrift, type->fields[0].type, EAGRE_TEXT("element"), EAGRE_PARQUET_OPTIONAL);
    return;
  case EAGRE_TYPE_MAP:
    add_group_element(thrift, name, repetition, 1, EAGRE_PARQUET_CONVERTED_MAP,
                      EAGRE_PARQUET_LOGICAL_MAP);
    add_plain_group(thrift, EAGRE_TEXT("key_value"), EAGRE_PARQUET_REPEATED, 2);
    add_elements(thrift, type->fields[0].type, EAGRE_TEXT("key"), EAGRE_PARQUET_REQUIRED);
    add_elements(thrift, type->fields[1].type, EAGRE_TEXT("value"), EAGRE_PARQUET_OPTIONAL);
    return;
  case EAGRE_TYPE_VARIANT:
    type = eagre_parquet_variant_group();
    add_group_element(thrift, name, repetition, type->field_count, EAGRE_PARQUET_CONVERTED_NONE,
                      EAGRE_PARQUET_LOGICAL_VARIANT);
    for (uint32_t i = 0; i < type->field_count; i++) {
      add_elements(thrift, type->fields[i].type, type->fields[i].name, EAGRE_PARQUET_REQUIRED);
    }
    return;
  default:
    add_leaf_element(thrift, type, name, repetition);
  }
}

void eagre_parquet_schema_put(const struct eagre_parquet_schema *schema,
                              struct eagre_parquet_thrift *thrift, int16_t id) {
  eagre_parquet_thrift_put_list(thrift, id, EAGRE_PARQUET_THRIFT_STRUCT, schema->element_count);
  eagre_parquet_thrift_add_struct(thrift); /* the root has no repetition */
  eagre_parquet_thrift_put_binary(thrift, 4, EAGRE_TEXT("schema"));
  eagre_parquet_thrift_put_i32(thrift, 5, (int32_t)schema->type->field_count);
  eagre_parquet_thrift_end(thrift);
  for (uint32_t i = 0; i < schema->type->field_count; i++) {
    const struct eagre_field *field = &schema->type->fields[i];
    add_elements(thrift, field->type, field->name, EAGRE_PARQUET_OPTIONAL);
  }
}
