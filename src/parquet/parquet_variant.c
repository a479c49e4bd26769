/* Splitting VARIANTs into metadata and value, and joining them. */
#include "parquet/parquet_variant.h"

#include <string.h>

#include "value/value.h"

const struct eagre_type *eagre_parquet_variant_group(void) {
  static const struct eagre_type binary = {.kind = EAGRE_TYPE_BINARY};
  static const struct eagre_field fields[] = {
      {.name = {"metadata", 8}, .type = &binary, .nullable = false},
      {.name = {"value", 5}, .type = &binary, .nullable = false},
  };
  static const struct eagre_type group = {
      .kind = EAGRE_TYPE_STRUCT, .field_count = 2, .fields = fields};
  return &group;
}

/* Rows of the children of a column that has `count`. */
static uint32_t count_below(const struct eagre_vector *column, uint32_t count) {
  return eagre_type_is_list(column->type->kind) ? (uint32_t)column->offsets[count] : count;
}

/* ---- Splitting ------------------------------------------------------------------------------- */

static struct eagre_vector split_variant(const struct eagre_vector *column, uint32_t count,
                                         struct eagre_arena *arena) {
  struct eagre_vector group;
  eagre_vector_init(&group, eagre_parquet_variant_group(), count, arena);
  const struct eagre_text *texts = EAGRE_VALUES(struct eagre_text, column);
  struct eagre_text *metadata = group.children[0].data;
  struct eagre_text *values = group.children[1].data;
  for (uint32_t i = 0; i < count; i++) {
    metadata[i] = values[i] = (struct eagre_text){0};
    if (eagre_vector_is_null(column, i)) continue;
    size_t size = eagre_variant_metadata_size(texts[i]);
    metadata[i] = eagre_text_make(texts[i].data, size);
    values[i] = eagre_text_make(texts[i].data + size, texts[i].size - size);
  }
  group.validity = column->validity;
  group.is_constant = column->is_constant;
  group.children[0].is_constant = column->is_constant;
  group.children[1].is_constant = column->is_constant;
  return group;
}

struct eagre_vector eagre_parquet_variants_split(const struct eagre_vector *column, uint32_t count,
                                                 struct eagre_arena *arena) {
  const struct eagre_type *type = column->type;
  if (!eagre_type_holds(type, EAGRE_TYPE_VARIANT)) return *column;
  if (column->is_constant) count = 1;
  if (type->kind == EAGRE_TYPE_VARIANT) return split_variant(column, count, arena);
  struct eagre_vector out = *column;
  uint32_t below = count_below(column, count);
  out.children = eagre_arena_allocate(arena, type->field_count * sizeof *out.children);
  for (uint32_t i = 0; i < type->field_count; i++) {
    out.children[i] = eagre_parquet_variants_split(&column->children[i], below, arena);
  }
  return out;
}

/* ---- Joining --------------------------------------------------------------------------------- */

/* The bytes that joined values take, each checked. */
static enum eagre_status check_values(const struct eagre_vector *group, uint32_t count,
                                      size_t *out_size, struct eagre_error *error) {
  *out_size = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (eagre_vector_is_null(group, i)) continue;
    bool is_whole = !eagre_vector_is_null(&group->children[0], i) &&
                    !eagre_vector_is_null(&group->children[1], i);
    struct eagre_text parts[2] = {0};
    for (uint32_t k = 0; is_whole && k < 2; k++) {
      parts[k] = EAGRE_VALUES(struct eagre_text, &group->children[k])[i];
    }
    EAGRE_TRY(eagre_variant_check(parts[0], parts[1], error));
    *out_size += parts[0].size + parts[1].size;
  }
  return EAGRE_OK;
}

static enum eagre_status join_variant(uint32_t count, struct eagre_arena *arena,
                                      struct eagre_vector *column, struct eagre_error *error) {
  size_t size;
  EAGRE_TRY(check_values(column, count, &size, error));
  struct eagre_vector joined;
  eagre_vector_init(&joined, eagre_type_of(EAGRE_TYPE_VARIANT), count, arena);
  struct eagre_text *texts = joined.data;
  char *next = eagre_arena_allocate_vector(arena, size);
  for (uint32_t i = 0; i < count; i++) {
    texts[i] = (struct eagre_text){0};
    if (eagre_vector_is_null(column, i)) continue;
    texts[i].data = next;
    for (uint32_t k = 0; k < 2; k++) {
      struct eagre_text part = EAGRE_VALUES(struct eagre_text, &column->children[k])[i];
      memcpy(next, part.data, part.size);
      next += part.size;
    }
    texts[i].size = (size_t)(next - texts[i].data);
  }
  joined.validity = column->validity;
  *column = joined;
  return EAGRE_OK;
}

enum eagre_status eagre_parquet_variants_join(const struct eagre_type *type, uint32_t count,
                                              struct eagre_arena *arena,
                                              struct eagre_vector *column,
                                              struct eagre_error *error) {
  if (!eagre_type_holds(type, EAGRE_TYPE_VARIANT) || column->is_constant) return EAGRE_OK;
  if (type->kind == EAGRE_TYPE_VARIANT) {
    if (column->type->kind == EAGRE_TYPE_VARIANT) return EAGRE_OK;
    return join_variant(count, arena, column, error);
  }
  uint32_t below = count_below(column, count);
  for (uint32_t i = 0; i < type->field_count; i++) {
    EAGRE_TRY(eagre_parquet_variants_join(type->fields[i].type, below, arena, &column->children[i],
                                          error));
  }
  return EAGRE_OK;
}
