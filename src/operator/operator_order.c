/* The order of values: of ORDER BY, and of what window functions sort by. */
#include "operator/operator_order.h"

#include <math.h>

#define COMPARE_AS(type)                                                                           \
  do {                                                                                             \
    type left = EAGRE_VALUES(type, a)[i];                                                          \
    type right = EAGRE_VALUES(type, b)[j];                                                         \
    order = (left > right) - (left < right);                                                       \
  } while (0)

/* NaN is greater than every number and equal to itself. */
static int compare_doubles(double left, double right) {
  bool left_is_nan = isnan(left);
  bool right_is_nan = isnan(right);
  if (left_is_nan || right_is_nan) return (int)left_is_nan - (int)right_is_nan;
  return (left > right) - (left < right);
}

static int compare_structs(const struct eagre_vector *a, uint32_t i, const struct eagre_vector *b,
                           uint32_t j) {
  for (uint32_t field = 0; field < a->type->field_count; field++) {
    int order = eagre_operator_compare(&a->children[field], i, &b->children[field], j, true);
    if (order != 0) return order;
  }
  return 0;
}

/* NULL elements come first; of two that are equal as far as they go the shorter one does. */
static int compare_arrays(const struct eagre_vector *a, uint32_t i, const struct eagre_vector *b,
                          uint32_t j) {
  int32_t left = a->offsets[i], right = b->offsets[j];
  for (; left < a->offsets[i + 1] && right < b->offsets[j + 1]; left++, right++) {
    int order =
        eagre_operator_compare(a->children, (uint32_t)left, b->children, (uint32_t)right, true);
    if (order != 0) return order;
  }
  return (left < a->offsets[i + 1]) - (right < b->offsets[j + 1]);
}

static int compare_present(const struct eagre_vector *a, uint32_t i, const struct eagre_vector *b,
                           uint32_t j) {
  int order = 0;
  switch (a->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    return (int)eagre_bit_get(a->data, i) - (int)eagre_bit_get(b->data, j);
  case EAGRE_TYPE_TINYINT:
    COMPARE_AS(int8_t);
    return order;
  case EAGRE_TYPE_SMALLINT:
    COMPARE_AS(int16_t);
    return order;
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
  case EAGRE_TYPE_INTERVAL_YEAR:
    COMPARE_AS(int32_t);
    return order;
  case EAGRE_TYPE_DECIMAL:
    COMPARE_AS(eagre_decimal);
    return order;
  case EAGRE_TYPE_FLOAT:
    return compare_doubles((double)EAGRE_VALUES(float, a)[i], (double)EAGRE_VALUES(float, b)[j]);
  case EAGRE_TYPE_DOUBLE:
    return compare_doubles(EAGRE_VALUES(double, a)[i], EAGRE_VALUES(double, b)[j]);
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    return eagre_text_compare(EAGRE_VALUES(struct eagre_text, a)[i],
                              EAGRE_VALUES(struct eagre_text, b)[j]);
  case EAGRE_TYPE_STRUCT:
    return compare_structs(a, i, b, j);
  case EAGRE_TYPE_ARRAY:
    return compare_arrays(a, i, b, j);
  case EAGRE_TYPE_NULL:
    return 0;
  default:
    COMPARE_AS(int64_t); /* BIGINT, TIMESTAMP, TIMESTAMP_NTZ, INTERVAL_DAY */
    return order;
  }
}

int eagre_operator_compare(const struct eagre_vector *a, uint32_t a_row,
                           const struct eagre_vector *b, uint32_t b_row, bool nulls_first) {
  bool a_is_null = eagre_vector_is_null(a, a_row);
  bool b_is_null = eagre_vector_is_null(b, b_row);
  if (a_is_null || b_is_null) {
    int order = (int)b_is_null - (int)a_is_null;
    return nulls_first ? order : -order;
  }
  return compare_present(a, eagre_vector_index(a, a_row), b, eagre_vector_index(b, b_row));
}

int eagre_operator_compare_sorted(const struct eagre_vector *a, uint32_t a_row,
                                  const struct eagre_vector *b, uint32_t b_row, bool is_descending,
                                  bool nulls_first) {
  bool has_null = eagre_vector_is_null(a, a_row) || eagre_vector_is_null(b, b_row);
  int order = eagre_operator_compare(a, a_row, b, b_row, nulls_first);
  return is_descending && !has_null ? -order : order;
}
