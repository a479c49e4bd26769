/* Bounds of a chunk, read as the constant's type and compared with it. What cannot be trusted says
 * nothing: bounds without a declared order, deprecated ones but of signed numbers, a greatest
 * float where NaNs may stand above it. */
#include "parquet/parquet_prune.h"

#include "parquet/parquet_binding.h"
#include "parquet/parquet_convert.h"

enum { UNORDERED = 2, VALUE_SIZE_MAX = 16 };

static int order_doubles(double a, double b) {
  if (a != a || b != b) return UNORDERED;
  return (a > b) - (a < b);
}

static int order_integers(__int128 a, __int128 b) {
  return (a > b) - (a < b);
}

static __int128 load_signed(const void *value, uint32_t width) {
  int8_t byte;
  int16_t half;
  int32_t word;
  int64_t wide;
  __int128 widest;
  switch (width) {
  case 1:
    memcpy(&byte, value, sizeof byte);
    return byte;
  case 2:
    memcpy(&half, value, sizeof half);
    return half;
  case 4:
    memcpy(&word, value, sizeof word);
    return word;
  case 8:
    memcpy(&wide, value, sizeof wide);
    return wide;
  default:
    memcpy(&widest, value, sizeof widest);
    return widest;
  }
}

static double load_real(const void *value, enum eagre_type_kind kind) {
  float narrow;
  double wide;
  if (kind == EAGRE_TYPE_FLOAT) {
    memcpy(&narrow, value, sizeof narrow);
    return narrow;
  }
  memcpy(&wide, value, sizeof wide);
  return wide;
}

/* -1, 0, 1, or UNORDERED. */
static int order_values(const struct eagre_type *type, const void *a, const void *b) {
  struct eagre_text texts[2];
  switch (type->kind) {
  case EAGRE_TYPE_FLOAT:
  case EAGRE_TYPE_DOUBLE:
    return order_doubles(load_real(a, type->kind), load_real(b, type->kind));
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    memcpy(&texts[0], a, sizeof texts[0]);
    memcpy(&texts[1], b, sizeof texts[1]);
    return order_integers(eagre_text_compare(texts[0], texts[1]), 0);
  default: {
    uint32_t width = type->kind == EAGRE_TYPE_BOOLEAN ? 1 : eagre_type_width(type->kind);
    return order_integers(load_signed(a, width), load_signed(b, width));
  }
  }
}

/* ---- Bounds --------------------------------------------------------------------------------- */

/* Whether the order behind the bounds is that of the values. */
static bool are_bounds_ordered(const struct eagre_parquet_metadata *metadata,
                               const struct eagre_parquet_node *node,
                               const struct eagre_parquet_bounds *bounds) {
  struct eagre_parquet_meaning meaning = eagre_parquet_element_meaning(node->element);
  if (meaning.kind == EAGRE_PARQUET_MEANS_INT96) return false;
  if (!bounds->is_legacy) {
    return node->leaf_begin < metadata->order_count && metadata->has_type_order[node->leaf_begin];
  }
  bool is_number = node->element->physical == EAGRE_PARQUET_INT32 ||
                   node->element->physical == EAGRE_PARQUET_INT64;
  bool is_unsigned = meaning.kind == EAGRE_PARQUET_MEANS_INTEGER && !meaning.is_signed;
  return is_number && !is_unsigned;
}

/* A bound as a value of the constant's type; false when it cannot be read so. */
static bool read_bound(const struct eagre_parquet_node *node,
                       const struct eagre_parquet_conversion *conversion, struct eagre_text bound,
                       char *out) {
  if (node->element->physical == EAGRE_PARQUET_BYTE_ARRAY) {
    return conversion->convert(conversion, (const char *)&bound, 1, out);
  }
  return bound.size == conversion->from_width &&
         conversion->convert(conversion, bound.data, 1, out);
}

/* The constant as the loops of conversion give values: BOOLEAN a byte. */
static const void *read_constant(const struct eagre_vector *constant, uint8_t *byte) {
  if (constant->type->kind != EAGRE_TYPE_BOOLEAN) return constant->data;
  *byte = eagre_bit_get(constant->data, 0);
  return byte;
}

/* How `bound` stands to the constant, or UNORDERED. */
static int order_bound(const struct eagre_parquet_node *node, bool has_bound,
                       struct eagre_text bound, const struct eagre_vector *constant) {
  struct eagre_parquet_conversion conversion;
  _Alignas(VALUE_SIZE_MAX) char value[VALUE_SIZE_MAX];
  uint8_t byte;
  if (!has_bound) return UNORDERED;
  if (!eagre_parquet_conversion_find(&conversion, node->element, constant->type)) return UNORDERED;
  if (!read_bound(node, &conversion, bound, value)) return UNORDERED;
  return order_values(constant->type, value, read_constant(constant, &byte));
}

/* ---- Predicates ----------------------------------------------------------------------------- */

static bool is_real(const struct eagre_parquet_node *node) {
  return node->element->physical == EAGRE_PARQUET_FLOAT ||
         node->element->physical == EAGRE_PARQUET_DOUBLE;
}

static bool may_compare(const struct eagre_parquet_metadata *metadata,
                        const struct eagre_parquet_node *node,
                        const struct eagre_parquet_bounds *bounds,
                        const struct eagre_parquet_predicate *predicate) {
  if (!are_bounds_ordered(metadata, node, bounds)) return true;
  const struct eagre_vector *constant = predicate->constant;
  int least = order_bound(node, bounds->has_minimum, bounds->minimum, constant);
  int most = order_bound(node, bounds->has_maximum, bounds->maximum, constant);
  bool may_hold_nan = is_real(node) && bounds->nan_count != 0;
  switch (predicate->comparison) {
  case EAGRE_PARQUET_EQUAL:
    return least != 1 && most != -1;
  case EAGRE_PARQUET_LESS:
    return least != 1 && least != 0;
  case EAGRE_PARQUET_LESS_OR_EQUAL:
    return least != 1;
  case EAGRE_PARQUET_GREATER:
    return may_hold_nan || (most != -1 && most != 0);
  case EAGRE_PARQUET_GREATER_OR_EQUAL:
    return may_hold_nan || most != -1;
  default:
    return true;
  }
}

bool eagre_parquet_group_may_match(const struct eagre_parquet_metadata *metadata,
                                   const struct eagre_parquet_tree *tree,
                                   const struct eagre_parquet_stored_group *group,
                                   const struct eagre_parquet_predicate *predicate) {
  bool is_ambiguous = false;
  const struct eagre_parquet_node *node =
      eagre_parquet_node_find(tree->root, predicate->column, &is_ambiguous);
  bool wants_null = predicate->comparison == EAGRE_PARQUET_IS_NULL;
  if (is_ambiguous) return true;
  if (node == NULL) return wants_null;
  bool is_plain_leaf = node->element->physical >= 0 && node->repetition == 0;
  if (!is_plain_leaf) return true;
  const struct eagre_parquet_stored_chunk *chunk = &group->chunks[node->leaf_begin];
  if (!chunk->has_metadata || chunk->is_encrypted) return true;
  int64_t null_count = node->definition == 0 ? 0 : chunk->bounds.null_count;
  if (wants_null) return null_count != 0;
  if (null_count == chunk->value_count && null_count > 0) return false;
  if (predicate->comparison == EAGRE_PARQUET_IS_NOT_NULL) return true;
  return may_compare(metadata, node, &chunk->bounds, predicate);
}
