/* Elements to nodes, nodes to types. */
#include "parquet/parquet_tree.h"

/* ---- Building ------------------------------------------------------------------------------- */

struct builder {
  const struct eagre_parquet_metadata *metadata;
  struct eagre_parquet_tree *tree;
  struct eagre_arena *arena;
  uint32_t next; /* element */
};

static const char *add_node(struct builder *builder, struct eagre_parquet_node *node,
                            const struct eagre_parquet_node *parent, uint32_t depth);

static const char *set_levels(struct eagre_parquet_node *node,
                              const struct eagre_parquet_node *parent) {
  node->parent = parent;
  if (parent == NULL) return NULL; /* the root has no repetition, whatever it says */
  int32_t repetition = node->element->repetition;
  if (repetition < EAGRE_PARQUET_REQUIRED || repetition > EAGRE_PARQUET_REPEATED) {
    return "a column of the schema has no repetition";
  }
  node->definition = (uint8_t)(parent->definition + (repetition != EAGRE_PARQUET_REQUIRED));
  node->repetition = (uint8_t)(parent->repetition + (repetition == EAGRE_PARQUET_REPEATED));
  return NULL;
}

static const char *add_leaf(struct builder *builder, struct eagre_parquet_node *node) {
  const struct eagre_parquet_element *element = node->element;
  if (element->child_count > 0) return "a column of the schema has a type and children";
  if (element->physical == EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY && element->length <= 0) {
    return "a column of the schema has no length";
  }
  builder->tree->leaves[builder->tree->leaf_count++] = node;
  return NULL;
}

static const char *add_children(struct builder *builder, struct eagre_parquet_node *node,
                                uint32_t depth) {
  int32_t count = node->element->child_count;
  if (count < 0 || (uint32_t)count > builder->metadata->element_count - builder->next) {
    return "the schema names more columns than it holds";
  }
  node->child_count = (uint32_t)count;
  node->children =
      eagre_arena_allocate_zeroed(builder->arena, (size_t)count * sizeof *node->children);
  for (int32_t i = 0; i < count; i++) {
    const char *problem = add_node(builder, &node->children[i], node, depth + 1);
    if (problem != NULL) return problem;
  }
  return NULL;
}

static const char *add_node(struct builder *builder, struct eagre_parquet_node *node,
                            const struct eagre_parquet_node *parent, uint32_t depth) {
  if (depth > EAGRE_PARQUET_TREE_DEPTH_MAX) return "the schema is nested too deeply";
  if (builder->next == builder->metadata->element_count) {
    return "the schema names more columns than it holds";
  }
  node->element = &builder->metadata->elements[builder->next++];
  const char *problem = set_levels(node, parent);
  if (problem != NULL) return problem;
  node->leaf_begin = builder->tree->leaf_count;
  bool is_leaf = node->element->physical >= 0 && parent != NULL;
  problem = is_leaf ? add_leaf(builder, node) : add_children(builder, node, depth);
  node->leaf_end = builder->tree->leaf_count;
  return problem;
}

const char *eagre_parquet_tree_build(struct eagre_parquet_tree *tree,
                                     const struct eagre_parquet_metadata *metadata,
                                     struct eagre_arena *arena) {
  *tree = (struct eagre_parquet_tree){0};
  tree->leaves = eagre_arena_allocate(arena, metadata->element_count * sizeof *tree->leaves);
  tree->root = eagre_arena_allocate_zeroed(arena, sizeof *tree->root);
  struct builder builder = {.metadata = metadata, .tree = tree, .arena = arena};
  const char *problem = add_node(&builder, tree->root, NULL, 0);
  if (problem != NULL) return problem;
  bool is_whole = builder.next == metadata->element_count;
  return is_whole ? NULL : "the schema holds more columns than it names";
}

/* ---- Texts ---------------------------------------------------------------------------------- */

void eagre_parquet_node_append_path(const struct eagre_parquet_node *node,
                                    struct eagre_buffer *out) {
  if (node->parent == NULL) return;
  eagre_parquet_node_append_path(node->parent, out);
  if (node->parent->parent != NULL) eagre_buffer_append_char(out, '.');
  eagre_buffer_append_text(out, node->element->name);
}

static const char *const physical_names[EAGRE_PARQUET_TYPE_count] = {
    [EAGRE_PARQUET_BOOLEAN] = "BOOLEAN",
    [EAGRE_PARQUET_INT32] = "INT32",
    [EAGRE_PARQUET_INT64] = "INT64",
    [EAGRE_PARQUET_INT96] = "INT96",
    [EAGRE_PARQUET_FLOAT] = "FLOAT",
    [EAGRE_PARQUET_DOUBLE] = "DOUBLE",
    [EAGRE_PARQUET_BYTE_ARRAY] = "BINARY",
    [EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY] = "FIXED_LEN_BYTE_ARRAY",
};

static const char *const logical_names[] = {
    [EAGRE_PARQUET_LOGICAL_STRING] = "STRING",
    [EAGRE_PARQUET_LOGICAL_MAP] = "MAP",
    [EAGRE_PARQUET_LOGICAL_LIST] = "LIST",
    [EAGRE_PARQUET_LOGICAL_ENUM] = "ENUM",
    [EAGRE_PARQUET_LOGICAL_DECIMAL] = "DECIMAL",
    [EAGRE_PARQUET_LOGICAL_DATE] = "DATE",
    [EAGRE_PARQUET_LOGICAL_TIME] = "TIME",
    [EAGRE_PARQUET_LOGICAL_TIMESTAMP] = "TIMESTAMP",
    [EAGRE_PARQUET_LOGICAL_INTEGER] = "INTEGER",
    [EAGRE_PARQUET_LOGICAL_UNKNOWN] = "UNKNOWN",
    [EAGRE_PARQUET_LOGICAL_JSON] = "JSON",
    [EAGRE_PARQUET_LOGICAL_BSON] = "BSON",
    [EAGRE_PARQUET_LOGICAL_UUID] = "UUID",
    [EAGRE_PARQUET_LOGICAL_FLOAT16] = "FLOAT16",
    [EAGRE_PARQUET_LOGICAL_VARIANT] = "VARIANT",
    [EAGRE_PARQUET_LOGICAL_GEOMETRY] = "GEOMETRY",
    [EAGRE_PARQUET_LOGICAL_GEOGRAPHY] = "GEOGRAPHY",
};

static const char *const converted_names[] = {
    "UTF8",
    "MAP",
    "MAP_KEY_VALUE",
    "LIST",
    "ENUM",
    "DECIMAL",
    "DATE",
    "TIME_MILLIS",
    "TIME_MICROS",
    "TIMESTAMP_MILLIS",
    "TIMESTAMP_MICROS",
    "UINT_8",
    "UINT_16",
    "UINT_32",
    "UINT_64",
    "INT_8",
    "INT_16",
    "INT_32",
    "INT_64",
    "JSON",
    "BSON",
    "INTERVAL",
};

static const char *find_name(const char *const *names, size_t count, int32_t number) {
  bool is_known = number >= 0 && (size_t)number < count && names[number] != NULL;
  return is_known ? names[number] : NULL;
}

void eagre_parquet_node_append_type(const struct eagre_parquet_node *node,
                                    struct eagre_buffer *out) {
  const struct eagre_parquet_element *element = node->element;
  const char *physical =
      find_name(physical_names, EAGRE_COUNT_OF(physical_names), element->physical);
  if (element->repetition == EAGRE_PARQUET_REPEATED) eagre_buffer_append_string(out, "repeated ");
  eagre_buffer_append_string(out, physical != NULL ? physical : "group");
  if (element->physical == EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY) {
    eagre_buffer_printf(out, "(%d)", element->length);
  }
  const char *note = find_name(logical_names, EAGRE_COUNT_OF(logical_names), element->logical.kind);
  if (note == NULL) {
    note = find_name(converted_names, EAGRE_COUNT_OF(converted_names), element->converted);
  }
  if (note != NULL) eagre_buffer_printf(out, " (%s)", note);
}

/* ---- Leaves --------------------------------------------------------------------------------- */

enum { DECIMAL_DIGITS_MAX = 38 };

static struct eagre_parquet_meaning make_integer(int32_t bits, bool is_signed) {
  return (struct eagre_parquet_meaning){
      .kind = EAGRE_PARQUET_MEANS_INTEGER, .bits = (uint8_t)bits, .is_signed = is_signed};
}

static struct eagre_parquet_meaning make_timestamp(int32_t unit, bool is_utc) {
  bool is_known = unit >= EAGRE_PARQUET_MILLIS && unit <= EAGRE_PARQUET_NANOS;
  return (struct eagre_parquet_meaning){
      .kind = is_known ? EAGRE_PARQUET_MEANS_TIMESTAMP : EAGRE_PARQUET_MEANS_NOTHING,
      .unit = unit,
      .is_utc = is_utc,
  };
}

static struct eagre_parquet_meaning make_decimal(int32_t precision, int32_t scale) {
  bool is_known =
      precision >= 1 && precision <= DECIMAL_DIGITS_MAX && scale >= 0 && scale <= precision;
  if (!is_known) return (struct eagre_parquet_meaning){0};
  return (struct eagre_parquet_meaning){
      .kind = EAGRE_PARQUET_MEANS_DECIMAL,
      .precision = (uint8_t)precision,
      .scale = (uint8_t)scale,
  };
}

static struct eagre_parquet_meaning make_meaning(enum eagre_parquet_meaning_kind kind) {
  return (struct eagre_parquet_meaning){.kind = kind};
}

/* What the type alone means. */
static struct eagre_parquet_meaning bare_meaning(int32_t physical) {
  switch (physical) {
  case EAGRE_PARQUET_BOOLEAN:
    return make_meaning(EAGRE_PARQUET_MEANS_BOOLEAN);
  case EAGRE_PARQUET_INT32:
    return make_integer(32, true);
  case EAGRE_PARQUET_INT64:
    return make_integer(64, true);
  case EAGRE_PARQUET_INT96:
    return make_meaning(EAGRE_PARQUET_MEANS_INT96);
  case EAGRE_PARQUET_FLOAT:
    return make_meaning(EAGRE_PARQUET_MEANS_FLOAT);
  case EAGRE_PARQUET_DOUBLE:
    return make_meaning(EAGRE_PARQUET_MEANS_DOUBLE);
  case EAGRE_PARQUET_BYTE_ARRAY:
  case EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY:
    return make_meaning(EAGRE_PARQUET_MEANS_BINARY);
  default:
    return make_meaning(EAGRE_PARQUET_MEANS_NOTHING);
  }
}

static struct eagre_parquet_meaning logical_meaning(const struct eagre_parquet_element *element) {
  const struct eagre_parquet_logical *logical = &element->logical;
  switch (logical->kind) {
  case EAGRE_PARQUET_LOGICAL_STRING:
  case EAGRE_PARQUET_LOGICAL_ENUM:
  case EAGRE_PARQUET_LOGICAL_JSON:
    return make_meaning(EAGRE_PARQUET_MEANS_STRING);
  case EAGRE_PARQUET_LOGICAL_BSON:
  case EAGRE_PARQUET_LOGICAL_UUID:
    return make_meaning(EAGRE_PARQUET_MEANS_BINARY);
  case EAGRE_PARQUET_LOGICAL_DECIMAL:
    return make_decimal(logical->precision, logical->scale);
  case EAGRE_PARQUET_LOGICAL_DATE:
    return make_meaning(EAGRE_PARQUET_MEANS_DATE);
  case EAGRE_PARQUET_LOGICAL_TIMESTAMP:
    return make_timestamp(logical->unit, logical->is_utc);
  case EAGRE_PARQUET_LOGICAL_INTEGER:
    return make_integer(logical->bit_width, logical->is_signed);
  case EAGRE_PARQUET_LOGICAL_UNKNOWN:
    return make_meaning(EAGRE_PARQUET_MEANS_NULL);
  default:
    return make_meaning(EAGRE_PARQUET_MEANS_NOTHING);
  }
}

static struct eagre_parquet_meaning converted_meaning(const struct eagre_parquet_element *element) {
  int32_t converted = element->converted;
  switch (converted) {
  case EAGRE_PARQUET_CONVERTED_UTF8:
  case EAGRE_PARQUET_CONVERTED_ENUM:
  case EAGRE_PARQUET_CONVERTED_JSON:
    return make_meaning(EAGRE_PARQUET_MEANS_STRING);
  case EAGRE_PARQUET_CONVERTED_BSON:
    return make_meaning(EAGRE_PARQUET_MEANS_BINARY);
  case EAGRE_PARQUET_CONVERTED_DECIMAL:
    return make_decimal(element->precision, element->scale);
  case EAGRE_PARQUET_CONVERTED_DATE:
    return make_meaning(EAGRE_PARQUET_MEANS_DATE);
  case EAGRE_PARQUET_CONVERTED_TIMESTAMP_MILLIS:
    return make_timestamp(EAGRE_PARQUET_MILLIS, true);
  case EAGRE_PARQUET_CONVERTED_TIMESTAMP_MICROS:
    return make_timestamp(EAGRE_PARQUET_MICROS, true);
  case EAGRE_PARQUET_CONVERTED_UINT_8:
  case EAGRE_PARQUET_CONVERTED_UINT_16:
  case EAGRE_PARQUET_CONVERTED_UINT_32:
  case EAGRE_PARQUET_CONVERTED_UINT_64:
    return make_integer(8 << (converted - EAGRE_PARQUET_CONVERTED_UINT_8), false);
  case EAGRE_PARQUET_CONVERTED_INT_8:
  case EAGRE_PARQUET_CONVERTED_INT_16:
  case EAGRE_PARQUET_CONVERTED_INT_32:
  case EAGRE_PARQUET_CONVERTED_INT_64:
    return make_integer(8 << (converted - EAGRE_PARQUET_CONVERTED_INT_8), true);
  default:
    return make_meaning(EAGRE_PARQUET_MEANS_NOTHING);
  }
}

/* Whether values of that meaning are stored in that physical type. */
static bool fits_physical(const struct eagre_parquet_meaning *meaning, int32_t physical) {
  bool is_bytes = physical == EAGRE_PARQUET_BYTE_ARRAY;
  bool is_fixed = physical == EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY;
  bool is_int32 = physical == EAGRE_PARQUET_INT32;
  bool is_int64 = physical == EAGRE_PARQUET_INT64;
  switch (meaning->kind) {
  case EAGRE_PARQUET_MEANS_INTEGER:
    if (meaning->bits == 64) return is_int64;
    return is_int32 && (meaning->bits == 8 || meaning->bits == 16 || meaning->bits == 32);
  case EAGRE_PARQUET_MEANS_DECIMAL:
    return is_bytes || is_fixed || is_int64 || is_int32;
  case EAGRE_PARQUET_MEANS_DATE:
    return is_int32;
  case EAGRE_PARQUET_MEANS_TIMESTAMP:
    return is_int64;
  case EAGRE_PARQUET_MEANS_STRING:
    return is_bytes;
  case EAGRE_PARQUET_MEANS_BINARY:
    return is_bytes || is_fixed;
  default:
    return true;
  }
}

struct eagre_parquet_meaning
eagre_parquet_element_meaning(const struct eagre_parquet_element *element) {
  struct eagre_parquet_meaning meaning;
  if (element->logical.kind != EAGRE_PARQUET_LOGICAL_NONE) {
    meaning = logical_meaning(element);
  } else if (element->converted != EAGRE_PARQUET_CONVERTED_NONE) {
    meaning = converted_meaning(element);
  } else {
    meaning = bare_meaning(element->physical);
  }
  bool is_known = element->physical < EAGRE_PARQUET_TYPE_count;
  return is_known && fits_physical(&meaning, element->physical)
             ? meaning
             : make_meaning(EAGRE_PARQUET_MEANS_NOTHING);
}

/* ---- Groups --------------------------------------------------------------------------------- */

static bool is_repeated(const struct eagre_parquet_node *node) {
  return node->element->repetition == EAGRE_PARQUET_REPEATED;
}

static bool is_leaf(const struct eagre_parquet_node *node) {
  return node->element->physical >= 0;
}

/* Whether the repeated node of a LIST is the element, rather than the group around it. */
static bool is_list_element(const struct eagre_parquet_node *list,
                            const struct eagre_parquet_node *repeated) {
  if (is_leaf(repeated) || repeated->child_count != 1) return true;
  struct eagre_text name = repeated->element->name;
  struct eagre_text list_name = list->element->name;
  if (eagre_text_equal_string(name, "array")) return true;
  return name.size == list_name.size + 6 && eagre_text_starts_with(name, list_name) &&
         eagre_text_ends_with(name, EAGRE_TEXT("_tuple"));
}

static struct eagre_parquet_shape list_shape(const struct eagre_parquet_node *node) {
  struct eagre_parquet_shape shape = {.form = EAGRE_PARQUET_FORM_WRONG};
  if (node->child_count != 1 || !is_repeated(&node->children[0])) return shape;
  shape.form = EAGRE_PARQUET_FORM_LIST;
  shape.repeated = &node->children[0];
  shape.is_element_repeated = is_list_element(node, shape.repeated);
  shape.elements[0] = shape.is_element_repeated ? shape.repeated : &shape.repeated->children[0];
  return shape;
}

static struct eagre_parquet_shape map_shape(const struct eagre_parquet_node *node) {
  struct eagre_parquet_shape shape = {.form = EAGRE_PARQUET_FORM_WRONG};
  if (node->child_count != 1 || !is_repeated(&node->children[0])) return shape;
  const struct eagre_parquet_node *repeated = &node->children[0];
  if (repeated->child_count != 2) return shape;
  shape.form = EAGRE_PARQUET_FORM_MAP;
  shape.repeated = repeated;
  shape.elements[0] = &repeated->children[0];
  shape.elements[1] = &repeated->children[1];
  return shape;
}

struct eagre_parquet_shape eagre_parquet_node_shape(const struct eagre_parquet_node *node,
                                                    bool is_element) {
  const struct eagre_parquet_element *element = node->element;
  if (is_repeated(node) && !is_element) {
    return (struct eagre_parquet_shape){
        .form = EAGRE_PARQUET_FORM_LIST,
        .repeated = node,
        .elements = {node},
        .is_element_repeated = true,
    };
  }
  if (is_leaf(node)) return (struct eagre_parquet_shape){.form = EAGRE_PARQUET_FORM_LEAF};
  int32_t logical = element->logical.kind;
  int32_t converted = element->converted;
  if (logical == EAGRE_PARQUET_LOGICAL_LIST || converted == EAGRE_PARQUET_CONVERTED_LIST) {
    return list_shape(node);
  }
  if (logical == EAGRE_PARQUET_LOGICAL_MAP || converted == EAGRE_PARQUET_CONVERTED_MAP ||
      (converted == EAGRE_PARQUET_CONVERTED_MAP_KEY_VALUE && !is_repeated(node))) {
    return map_shape(node);
  }
  bool is_known = logical == EAGRE_PARQUET_LOGICAL_NONE || logical == EAGRE_PARQUET_LOGICAL_VARIANT;
  bool is_plain = is_known && node->leaf_end > node->leaf_begin;
  return (struct eagre_parquet_shape){.form = is_plain ? EAGRE_PARQUET_FORM_STRUCT
                                                       : EAGRE_PARQUET_FORM_WRONG};
}

/* ---- Types ---------------------------------------------------------------------------------- */

static const struct eagre_type *make_decimal_type(uint8_t precision, uint8_t scale,
                                                  struct eagre_arena *arena) {
  struct eagre_type *type = eagre_arena_allocate_zeroed(arena, sizeof *type);
  type->kind = EAGRE_TYPE_DECIMAL;
  type->precision = precision;
  type->scale = scale;
  return type;
}

/* An unsigned integer takes the next wider type, as in Spark. */
static const struct eagre_type *infer_integer(const struct eagre_parquet_meaning *meaning,
                                              struct eagre_arena *arena) {
  switch (meaning->bits) {
  case 8:
    return eagre_type_of(meaning->is_signed ? EAGRE_TYPE_TINYINT : EAGRE_TYPE_SMALLINT);
  case 16:
    return eagre_type_of(meaning->is_signed ? EAGRE_TYPE_SMALLINT : EAGRE_TYPE_INT);
  case 32:
    return eagre_type_of(meaning->is_signed ? EAGRE_TYPE_INT : EAGRE_TYPE_BIGINT);
  default:
    return meaning->is_signed ? eagre_type_of(EAGRE_TYPE_BIGINT) : make_decimal_type(20, 0, arena);
  }
}

static const struct eagre_type *infer_leaf(const struct eagre_parquet_element *element,
                                           struct eagre_arena *arena) {
  struct eagre_parquet_meaning meaning = eagre_parquet_element_meaning(element);
  switch (meaning.kind) {
  case EAGRE_PARQUET_MEANS_NOTHING:
    return NULL;
  case EAGRE_PARQUET_MEANS_NULL:
    return eagre_type_of(EAGRE_TYPE_NULL);
  case EAGRE_PARQUET_MEANS_BOOLEAN:
    return eagre_type_of(EAGRE_TYPE_BOOLEAN);
  case EAGRE_PARQUET_MEANS_INTEGER:
    return infer_integer(&meaning, arena);
  case EAGRE_PARQUET_MEANS_FLOAT:
    return eagre_type_of(EAGRE_TYPE_FLOAT);
  case EAGRE_PARQUET_MEANS_DOUBLE:
    return eagre_type_of(EAGRE_TYPE_DOUBLE);
  case EAGRE_PARQUET_MEANS_DECIMAL:
    return make_decimal_type(meaning.precision, meaning.scale, arena);
  case EAGRE_PARQUET_MEANS_DATE:
    return eagre_type_of(EAGRE_TYPE_DATE);
  case EAGRE_PARQUET_MEANS_TIMESTAMP:
    return eagre_type_of(meaning.is_utc ? EAGRE_TYPE_TIMESTAMP : EAGRE_TYPE_TIMESTAMP_NTZ);
  case EAGRE_PARQUET_MEANS_INT96:
    return eagre_type_of(EAGRE_TYPE_TIMESTAMP);
  case EAGRE_PARQUET_MEANS_STRING:
    return eagre_type_of(EAGRE_TYPE_STRING);
  case EAGRE_PARQUET_MEANS_BINARY:
    return eagre_type_of(EAGRE_TYPE_BINARY);
  }
  return NULL;
}

static const struct eagre_type *infer_struct(const struct eagre_parquet_node *node,
                                             struct eagre_arena *arena,
                                             const struct eagre_parquet_node **out_culprit) {
  struct eagre_field *fields = eagre_arena_allocate(arena, node->child_count * sizeof *fields);
  for (uint32_t i = 0; i < node->child_count; i++) {
    const struct eagre_parquet_node *child = &node->children[i];
    fields[i].name = child->element->name;
    fields[i].nullable = true;
    fields[i].type = eagre_parquet_node_infer(child, false, arena, out_culprit);
    if (fields[i].type == NULL) return NULL;
  }
  return eagre_type_struct(arena, fields, node->child_count);
}

const struct eagre_type *eagre_parquet_node_infer(const struct eagre_parquet_node *node,
                                                  bool is_element, struct eagre_arena *arena,
                                                  const struct eagre_parquet_node **out_culprit) {
  struct eagre_parquet_shape shape = eagre_parquet_node_shape(node, is_element);
  const struct eagre_type *types[2] = {0};
  uint32_t count = shape.form == EAGRE_PARQUET_FORM_MAP ? 2 : 1;
  switch (shape.form) {
  case EAGRE_PARQUET_FORM_STRUCT:
    if (node->element->logical.kind == EAGRE_PARQUET_LOGICAL_VARIANT) {
      return eagre_type_of(EAGRE_TYPE_VARIANT);
    }
    return infer_struct(node, arena, out_culprit);
  case EAGRE_PARQUET_FORM_LIST:
  case EAGRE_PARQUET_FORM_MAP:
    for (uint32_t i = 0; i < count; i++) {
      types[i] = eagre_parquet_node_infer(shape.elements[i], shape.is_element_repeated, arena,
                                          out_culprit);
      if (types[i] == NULL) return NULL;
    }
    return count == 1 ? eagre_type_array(arena, types[0])
                      : eagre_type_map(arena, types[0], types[1]);
  case EAGRE_PARQUET_FORM_LEAF:
    types[0] = infer_leaf(node->element, arena);
    break;
  case EAGRE_PARQUET_FORM_WRONG:
    break;
  }
  if (types[0] == NULL) *out_culprit = node;
  return types[0];
}
