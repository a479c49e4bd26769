/* Binding, from the columns down to the leaves. */
#include "parquet/parquet_binding.h"

#include "parquet/parquet_variant.h"

struct binder {
  struct eagre_parquet_binding *binding;
  const struct eagre_parquet_file *file;
  struct eagre_arena *arena;
  struct eagre_error *error;
  uint32_t leaf_capacity;
};

/* Where a node is bound: the slots it fills. */
struct slots {
  uint8_t repetition;
  uint8_t definition;
};

/* ---- Refusals ------------------------------------------------------------------------------- */

static enum eagre_status refuse_type(const struct binder *binder,
                                     const struct eagre_parquet_node *node) {
  struct eagre_buffer path = {0};
  struct eagre_buffer type = {0};
  eagre_parquet_node_append_path(node, &path);
  eagre_parquet_node_append_type(node, &type);
  eagre_error_set(binder->error, EAGRE_DATA, "PARQUET_TYPE_ILLEGAL",
                  "Illegal Parquet type: %s (column %s of file %s).", eagre_buffer_string(&type),
                  eagre_buffer_string(&path), binder->file->path);
  eagre_error_hint(binder->error, "leave the column out of what is read");
  eagre_buffer_done(&path);
  eagre_buffer_done(&type);
  return EAGRE_DATA;
}

static enum eagre_status refuse_mismatch(const struct binder *binder,
                                         const struct eagre_parquet_node *node,
                                         const struct eagre_type *type) {
  struct eagre_buffer path = {0};
  struct eagre_buffer expected = {0};
  struct eagre_buffer actual = {0};
  eagre_parquet_node_append_path(node, &path);
  eagre_type_print_catalog(&expected, type);
  eagre_parquet_node_append_type(node, &actual);
  eagre_error_set(binder->error, EAGRE_DATA, "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH",
                  "Encountered error while reading file %s. Data type mismatches when reading "
                  "Parquet column %s. Expected Spark type %s, actual Parquet type %s.",
                  binder->file->path, eagre_buffer_string(&path), eagre_buffer_string(&expected),
                  eagre_buffer_string(&actual));
  eagre_buffer_done(&path);
  eagre_buffer_done(&expected);
  eagre_buffer_done(&actual);
  return EAGRE_DATA;
}

static enum eagre_status refuse_name(const struct binder *binder, struct eagre_text name) {
  return eagre_error_set(binder->error, EAGRE_DATA, "_LEGACY_ERROR_TEMP_2093",
                         "Found duplicate field(s) \"%.*s\" in case-insensitive mode in file %s",
                         (int)name.size, name.data, binder->file->path);
}

/* ---- Leaves --------------------------------------------------------------------------------- */

static uint32_t add_leaf(struct binder *binder, const struct eagre_parquet_bound_leaf *leaf) {
  struct eagre_parquet_binding *binding = binder->binding;
  if (binding->leaf_count == binder->leaf_capacity) {
    uint32_t capacity = binder->leaf_capacity == 0 ? 16 : 2 * binder->leaf_capacity;
    struct eagre_parquet_bound_leaf *leaves =
        eagre_arena_allocate(binder->arena, capacity * sizeof *leaves);
    if (binding->leaf_count > 0) {
      memcpy(leaves, binding->leaves, binding->leaf_count * sizeof *leaves);
    }
    binding->leaves = leaves;
    binder->leaf_capacity = capacity;
  }
  binding->leaves[binding->leaf_count] = *leaf;
  return binding->leaf_count++;
}

static enum eagre_status bind_leaf(struct binder *binder, const struct eagre_parquet_node *node,
                                   struct eagre_parquet_column *column) {
  struct eagre_parquet_bound_leaf leaf = {.node = node};
  struct eagre_parquet_meaning meaning = eagre_parquet_element_meaning(node->element);
  bool is_null = meaning.kind == EAGRE_PARQUET_MEANS_NULL || column->type->kind == EAGRE_TYPE_NULL;
  if (!is_null) {
    leaf.type = column->type;
    if (!eagre_parquet_conversion_find(&leaf.conversion, node->element, column->type)) {
      return refuse_mismatch(binder, node, column->type);
    }
  }
  column->form = EAGRE_PARQUET_COLUMN_LEAF;
  column->leaf = add_leaf(binder, &leaf);
  return EAGRE_OK;
}

/* A leaf that any node has below it, for its levels alone: the one repeated least. */
static uint32_t add_witness(struct binder *binder, const struct eagre_parquet_tree *tree,
                            const struct eagre_parquet_node *node) {
  struct eagre_parquet_bound_leaf leaf = {.node = tree->leaves[node->leaf_begin]};
  for (uint32_t i = node->leaf_begin; i < node->leaf_end; i++) {
    if (tree->leaves[i]->repetition < leaf.node->repetition) leaf.node = tree->leaves[i];
  }
  return add_leaf(binder, &leaf);
}

/* The leaf among those of the children that is repeated least, or a new one. */
static uint32_t choose_witness(struct binder *binder, const struct eagre_parquet_tree *tree,
                               const struct eagre_parquet_node *node,
                               const struct eagre_parquet_column *column) {
  const struct eagre_parquet_bound_leaf *leaves = binder->binding->leaves;
  uint32_t chosen = UINT32_MAX;
  for (uint32_t i = 0; i < column->type->field_count; i++) {
    const struct eagre_parquet_column *child = &column->children[i];
    if (child->form == EAGRE_PARQUET_COLUMN_MISSING) continue;
    if (chosen == UINT32_MAX ||
        leaves[child->leaf].node->repetition < leaves[chosen].node->repetition) {
      chosen = child->leaf;
    }
  }
  if (chosen == UINT32_MAX) chosen = add_witness(binder, tree, node);
  binder->binding->leaves[chosen].keeps_levels = true;
  return chosen;
}

/* ---- VARIANT -------------------------------------------------------------------------------- */

/* A group that holds what it can in columns of the values' own types. */
static enum eagre_status refuse_shredded(const struct binder *binder,
                                         const struct eagre_parquet_node *node) {
  struct eagre_buffer path = {0};
  eagre_parquet_node_append_path(node, &path);
  eagre_error_set(binder->error, EAGRE_DATA, "UNSUPPORTED_FEATURE.SHREDDED_VARIANT",
                  "The VARIANT column %s of file %s is shredded, which is not supported.",
                  eagre_buffer_string(&path), binder->file->path);
  eagre_error_hint(binder->error, "write the file without shredding "
                                  "(spark.sql.variant.writeShredding.enabled=false)");
  eagre_buffer_done(&path);
  return EAGRE_DATA;
}

static enum eagre_status check_variant(const struct binder *binder,
                                       const struct eagre_parquet_node *node) {
  const struct eagre_type *group = eagre_parquet_variant_group();
  uint32_t found = 0;
  for (uint32_t i = 0; i < node->child_count; i++) {
    const struct eagre_parquet_element *element = node->children[i].element;
    if (eagre_text_equal_string(element->name, "typed_value")) return refuse_shredded(binder, node);
    bool is_bytes = element->physical == EAGRE_PARQUET_BYTE_ARRAY &&
                    element->repetition != EAGRE_PARQUET_REPEATED;
    found += is_bytes && eagre_type_find_field(group, element->name, false) >= 0;
  }
  if (found == group->field_count && node->child_count == found) return EAGRE_OK;
  return refuse_mismatch(binder, node, eagre_type_of(EAGRE_TYPE_VARIANT));
}

/* ---- Groups --------------------------------------------------------------------------------- */

const struct eagre_parquet_node *eagre_parquet_node_find(const struct eagre_parquet_node *group,
                                                         struct eagre_text name,
                                                         bool *out_is_ambiguous) {
  const struct eagre_parquet_node *found = NULL;
  *out_is_ambiguous = false;
  for (uint32_t i = 0; i < group->child_count; i++) {
    if (!eagre_text_equal_ignoring_case(group->children[i].element->name, name)) continue;
    *out_is_ambiguous = found != NULL;
    if (found != NULL) return NULL;
    found = &group->children[i];
  }
  return found;
}

static enum eagre_status bind_node(struct binder *binder, const struct eagre_parquet_tree *tree,
                                   const struct eagre_parquet_node *node, bool is_element,
                                   const struct eagre_type *type, struct slots slots,
                                   struct eagre_parquet_column *column);

static enum eagre_status bind_fields(struct binder *binder, const struct eagre_parquet_tree *tree,
                                     const struct eagre_parquet_node *node,
                                     const struct eagre_type *type, struct slots slots,
                                     struct eagre_parquet_column *columns) {
  for (uint32_t i = 0; i < type->field_count; i++) {
    const struct eagre_field *field = &type->fields[i];
    bool is_ambiguous = false;
    const struct eagre_parquet_node *child =
        eagre_parquet_node_find(node, field->name, &is_ambiguous);
    if (is_ambiguous) return refuse_name(binder, field->name);
    if (child == NULL) {
      columns[i] = (struct eagre_parquet_column){.type = field->type};
      continue;
    }
    EAGRE_TRY(bind_node(binder, tree, child, false, field->type, slots, &columns[i]));
  }
  return EAGRE_OK;
}

static enum eagre_status bind_elements(struct binder *binder, const struct eagre_parquet_tree *tree,
                                       const struct eagre_parquet_shape *shape,
                                       const struct eagre_type *type,
                                       struct eagre_parquet_column *columns) {
  struct slots slots = {shape->repeated->repetition, shape->repeated->definition};
  for (uint32_t i = 0; i < type->field_count; i++) {
    EAGRE_TRY(bind_node(binder, tree, shape->elements[i], shape->is_element_repeated,
                        type->fields[i].type, slots, &columns[i]));
  }
  return EAGRE_OK;
}

static bool is_shaped_as(enum eagre_parquet_form form, enum eagre_type_kind kind) {
  switch (form) {
  case EAGRE_PARQUET_FORM_LEAF:
    return kind != EAGRE_TYPE_STRUCT && kind != EAGRE_TYPE_VARIANT && !eagre_type_is_list(kind);
  case EAGRE_PARQUET_FORM_STRUCT:
    return kind == EAGRE_TYPE_STRUCT;
  case EAGRE_PARQUET_FORM_LIST:
    return kind == EAGRE_TYPE_ARRAY;
  case EAGRE_PARQUET_FORM_MAP:
    return kind == EAGRE_TYPE_MAP;
  case EAGRE_PARQUET_FORM_WRONG:
    break;
  }
  return false;
}

static enum eagre_status bind_group(struct binder *binder, const struct eagre_parquet_tree *tree,
                                    const struct eagre_parquet_node *node,
                                    const struct eagre_parquet_shape *shape, struct slots slots,
                                    struct eagre_parquet_column *column) {
  const struct eagre_type *type = column->type;
  column->children =
      eagre_arena_allocate_zeroed(binder->arena, type->field_count * sizeof *column->children);
  if (shape->form == EAGRE_PARQUET_FORM_STRUCT) {
    column->form = EAGRE_PARQUET_COLUMN_STRUCT;
    EAGRE_TRY(bind_fields(binder, tree, node, type, slots, column->children));
  } else {
    column->form = EAGRE_PARQUET_COLUMN_LIST;
    column->element_definition = shape->repeated->definition;
    EAGRE_TRY(bind_elements(binder, tree, shape, type, column->children));
  }
  column->leaf = choose_witness(binder, tree, node, column);
  return EAGRE_OK;
}

static enum eagre_status bind_node(struct binder *binder, const struct eagre_parquet_tree *tree,
                                   const struct eagre_parquet_node *node, bool is_element,
                                   const struct eagre_type *type, struct slots slots,
                                   struct eagre_parquet_column *column) {
  struct eagre_parquet_shape shape = eagre_parquet_node_shape(node, is_element);
  if (shape.form == EAGRE_PARQUET_FORM_WRONG) return refuse_type(binder, node);
  if (type->kind == EAGRE_TYPE_VARIANT && shape.form == EAGRE_PARQUET_FORM_STRUCT) {
    EAGRE_TRY(check_variant(binder, node));
    type = eagre_parquet_variant_group();
  }
  if (!is_shaped_as(shape.form, type->kind)) return refuse_mismatch(binder, node, type);
  bool is_bare_list = shape.repeated == node; /* there whenever what it stands in is */
  *column = (struct eagre_parquet_column){
      .type = type,
      .slot_repetition = slots.repetition,
      .slot_definition = slots.definition,
      .definition = is_bare_list ? slots.definition : node->definition,
  };
  if (shape.form == EAGRE_PARQUET_FORM_LEAF) return bind_leaf(binder, node, column);
  return bind_group(binder, tree, node, &shape, slots, column);
}

/* ---- Columns -------------------------------------------------------------------------------- */

static enum eagre_status infer_columns(const struct binder *binder,
                                       const struct eagre_parquet_node *root,
                                       const struct eagre_type **out_type) {
  struct eagre_field *fields =
      eagre_arena_allocate(binder->arena, root->child_count * sizeof *fields);
  for (uint32_t i = 0; i < root->child_count; i++) {
    const struct eagre_parquet_node *culprit = NULL;
    const struct eagre_parquet_node *node = &root->children[i];
    fields[i] = (struct eagre_field){.name = node->element->name, .nullable = true};
    fields[i].type = eagre_parquet_node_infer(node, false, binder->arena, &culprit);
    if (fields[i].type == NULL) return refuse_type(binder, culprit);
  }
  *out_type = eagre_type_struct(binder->arena, fields, root->child_count);
  return EAGRE_OK;
}

/* All columns of the file, each by its place: names may differ in case only then. */
static enum eagre_status bind_all(struct binder *binder, const struct eagre_parquet_tree *tree) {
  struct eagre_parquet_binding *binding = binder->binding;
  for (uint32_t i = 0; i < binding->type->field_count; i++) {
    EAGRE_TRY(bind_node(binder, tree, &tree->root->children[i], false,
                        binding->type->fields[i].type, (struct slots){0}, &binding->columns[i]));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_parquet_bind(struct eagre_parquet_binding *binding,
                                     const struct eagre_parquet_file *file,
                                     const struct eagre_parquet_tree *tree,
                                     const struct eagre_type *type, struct eagre_arena *arena,
                                     struct eagre_error *error) {
  struct binder binder = {.binding = binding, .file = file, .arena = arena, .error = error};
  *binding = (struct eagre_parquet_binding){.type = type};
  bool is_whole = type == NULL;
  if (is_whole) EAGRE_TRY(infer_columns(&binder, tree->root, &binding->type));
  binding->columns =
      eagre_arena_allocate_zeroed(arena, binding->type->field_count * sizeof *binding->columns);
  if (is_whole) return bind_all(&binder, tree);
  return bind_fields(&binder, tree, tree->root, type, (struct slots){0}, binding->columns);
}
