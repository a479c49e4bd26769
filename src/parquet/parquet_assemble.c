/* Levels to validity, offsets and children.
 *
 * Every vector is made for a number of slots that its parent counted, and counts its own again: so
 * levels that contradict each other between leaves are found, and nothing is read or written beyond
 * what was counted. That the leaves of an ARRAY or MAP agree on its rows is checked beside. */
#include "parquet/parquet_assemble.h"

struct assembly {
  const struct eagre_parquet_leaf_reader *leaves;
  struct eagre_arena *arena;
  struct eagre_error *error;
};

static enum eagre_status refuse_count(const struct assembly *assembly,
                                      const struct eagre_parquet_leaf_reader *leaf) {
  return eagre_parquet_refuse(leaf->file, leaf->node, assembly->error,
                              "its levels contradict those of another leaf of its column");
}

static bool is_flat(const struct eagre_parquet_leaf_reader *leaf) {
  return leaf->node->repetition == 0;
}

/* The repetition level of an entry; a leaf that is not repeated has none. */
static inline uint8_t repetition_at(const struct eagre_parquet_leaf_reader *leaf, uint32_t entry) {
  return is_flat(leaf) ? 0 : leaf->slice.repetitions[entry];
}

/* Bit i: whether slot i of the column is not NULL, in `arena`. NULL: none is. False when the leaf
 * has not `count` slots. */
static bool make_validity(const struct assembly *assembly,
                          const struct eagre_parquet_column *column, uint32_t count,
                          uint8_t **out_validity) {
  const struct eagre_parquet_leaf_reader *leaf = &assembly->leaves[column->leaf];
  const struct eagre_parquet_slice *slice = &leaf->slice;
  uint8_t *validity = eagre_arena_allocate_vector(assembly->arena, eagre_bits_size(count));
  memset(validity, 0, eagre_bits_size(count));
  uint32_t slot = 0;
  uint32_t valid_count = 0;
  for (uint32_t i = 0; i < slice->entry_count; i++) {
    bool is_slot = repetition_at(leaf, i) <= column->slot_repetition &&
                   slice->definitions[i] >= column->slot_definition;
    if (!is_slot) continue;
    if (slot == count) return false;
    bool is_valid = slice->definitions[i] >= column->definition;
    eagre_bit_put(validity, slot++, is_valid);
    valid_count += is_valid;
  }
  *out_validity = valid_count < count ? validity : NULL;
  return slot == count;
}

/* ---- Leaves --------------------------------------------------------------------------------- */

static enum eagre_status assemble_leaf(const struct assembly *assembly,
                                       const struct eagre_parquet_column *column, uint32_t count,
                                       struct eagre_vector *out) {
  const struct eagre_parquet_leaf_reader *leaf = &assembly->leaves[column->leaf];
  if (leaf->type == NULL) {
    eagre_vector_init_null(out, column->type, assembly->arena);
    return EAGRE_OK;
  }
  if (is_flat(leaf)) {
    *out = leaf->slice.vector;
    return EAGRE_OK;
  }
  *out = (struct eagre_vector){.type = column->type};
  if (!make_validity(assembly, column, count, &out->validity)) return refuse_count(assembly, leaf);
  uint32_t width = leaf->conversion.to_width;
  uint32_t present_count = (uint32_t)(leaf->slice.values.size / width);
  char *data = eagre_arena_allocate_vector(assembly->arena, (size_t)count * width);
  if (present_count > 0) memcpy(data, leaf->slice.values.data, leaf->slice.values.size);
  if (out->validity != NULL) {
    eagre_parquet_spread(data, width, out->validity, count, present_count);
  }
  out->data = data;
  if (column->type->kind != EAGRE_TYPE_BOOLEAN) return EAGRE_OK;
  out->data = eagre_arena_allocate_vector(assembly->arena, eagre_bits_size(count));
  eagre_parquet_pack_booleans((const uint8_t *)data, count, out->data);
  return EAGRE_OK;
}

/* ---- Groups --------------------------------------------------------------------------------- */

static enum eagre_status assemble(const struct assembly *assembly,
                                  const struct eagre_parquet_column *column, uint32_t count,
                                  struct eagre_vector *out);

static enum eagre_status assemble_children(const struct assembly *assembly,
                                           const struct eagre_parquet_column *column,
                                           uint32_t count, struct eagre_vector *out) {
  uint32_t child_count = column->type->field_count;
  out->children = eagre_arena_allocate_zeroed(assembly->arena, child_count * sizeof *out->children);
  for (uint32_t i = 0; i < child_count; i++) {
    EAGRE_TRY(assemble(assembly, &column->children[i], count, &out->children[i]));
  }
  return EAGRE_OK;
}

/* Where the elements of each slot begin; returns how many elements there are. */
static uint32_t make_offsets(const struct eagre_parquet_leaf_reader *leaf,
                             const struct eagre_parquet_column *column, uint32_t count,
                             int32_t *offsets) {
  const struct eagre_parquet_slice *slice = &leaf->slice;
  uint32_t slot = 0;
  uint32_t element = 0;
  memset(offsets, 0, ((size_t)count + 1) * sizeof *offsets);
  for (uint32_t i = 0; i < slice->entry_count; i++) {
    uint8_t repetition = slice->repetitions[i];
    uint8_t definition = slice->definitions[i];
    bool is_slot = repetition <= column->slot_repetition && definition >= column->slot_definition;
    if (is_slot && slot < count) offsets[slot++] = (int32_t)element;
    element +=
        repetition <= column->slot_repetition + 1 && definition >= column->element_definition;
  }
  offsets[count] = (int32_t)element;
  return element;
}

/* Whether all leaves below `below` have the elements of the ARRAY or MAP `list` in the same
 * slots. */
static bool agree_on_offsets(const struct assembly *assembly,
                             const struct eagre_parquet_column *list,
                             const struct eagre_parquet_column *below, uint32_t count,
                             const int32_t *offsets, int32_t *scratch) {
  if (below->form == EAGRE_PARQUET_COLUMN_LEAF && below->leaf != list->leaf) {
    make_offsets(&assembly->leaves[below->leaf], list, count, scratch);
    return memcmp(scratch, offsets, ((size_t)count + 1) * sizeof *offsets) == 0;
  }
  if (below->children == NULL) return true;
  for (uint32_t i = 0; i < below->type->field_count; i++) {
    if (!agree_on_offsets(assembly, list, &below->children[i], count, offsets, scratch)) {
      return false;
    }
  }
  return true;
}

static enum eagre_status assemble_list(const struct assembly *assembly,
                                       const struct eagre_parquet_column *column, uint32_t count,
                                       struct eagre_vector *out) {
  const struct eagre_parquet_leaf_reader *leaf = &assembly->leaves[column->leaf];
  size_t size = ((size_t)count + 1) * sizeof *out->offsets;
  out->offsets = eagre_arena_allocate_vector(assembly->arena, size);
  uint32_t element_count = make_offsets(leaf, column, count, out->offsets);
  int32_t *scratch = eagre_arena_allocate_vector(assembly->arena, size);
  if (!agree_on_offsets(assembly, column, column, count, out->offsets, scratch)) {
    return refuse_count(assembly, leaf);
  }
  return assemble_children(assembly, column, element_count, out);
}

static enum eagre_status assemble(const struct assembly *assembly,
                                  const struct eagre_parquet_column *column, uint32_t count,
                                  struct eagre_vector *out) {
  if (column->form == EAGRE_PARQUET_COLUMN_MISSING) {
    eagre_vector_init_null(out, column->type, assembly->arena);
    return EAGRE_OK;
  }
  if (column->form == EAGRE_PARQUET_COLUMN_LEAF) return assemble_leaf(assembly, column, count, out);
  *out = (struct eagre_vector){.type = column->type};
  if (!make_validity(assembly, column, count, &out->validity)) {
    return refuse_count(assembly, &assembly->leaves[column->leaf]);
  }
  if (column->form == EAGRE_PARQUET_COLUMN_LIST) {
    return assemble_list(assembly, column, count, out);
  }
  return assemble_children(assembly, column, count, out);
}

enum eagre_status eagre_parquet_assemble(const struct eagre_parquet_column *column,
                                         const struct eagre_parquet_leaf_reader *leaves,
                                         uint32_t row_count, struct eagre_arena *arena,
                                         struct eagre_vector *out, struct eagre_error *error) {
  struct assembly assembly = {.leaves = leaves, .arena = arena, .error = error};
  return assemble(&assembly, column, row_count, out);
}
