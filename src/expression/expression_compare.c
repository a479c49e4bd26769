/* Comparison of vectors into bitmaps.
 *
 * The order is total: NaN equals itself and is greater than every number, -0.0 equals 0.0, texts
 * go by unsigned bytes, false before true. So three operations are enough: != > >= are the
 * complements of = <= <. Results are made 64 rows at a time: the comparisons into an array of
 * bytes, which the compiler vectorises, and the bytes into a word of the bitmap by multiplication.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3") /* vectorises the blocks of 64 rows */
#endif
#include <math.h>
#include <string.h>

#include "expression/expression_operator.h"

#define INLINE static inline __attribute__((always_inline))

enum { BLOCK = 64 };

/* ---- Blocks of 64 rows ---------------------------------------------------------------------- */

/* Byte k of `flags` (0 or 1) becomes bit k: the multiplication moves it to bit 56 + k. */
INLINE uint64_t pack_flags(const uint8_t flags[BLOCK]) {
  uint64_t word = 0;
  for (int i = 0; i < BLOCK / 8; i++) {
    uint64_t eight;
    memcpy(&eight, flags + i * 8, sizeof eight);
    word |= (eight * UINT64_C(0x0102040810204080) >> 56) << (i * 8);
  }
  return word;
}

/* `flip` is all ones for the complement. */
INLINE void put_block(uint8_t *out, uint32_t begin, const uint8_t flags[BLOCK], uint64_t flip) {
  uint64_t word = pack_flags(flags) ^ flip;
  memcpy(out + begin / 8, &word, sizeof word);
}

/* ---- Numbers -------------------------------------------------------------------------------- */

#define DEFINE_ROWS(name, type, expression)                                                        \
  INLINE void name##_shape(uint8_t *restrict out, const type *left, bool left_constant,            \
                           const type *right, bool right_constant, uint32_t count,                 \
                           uint64_t flip) {                                                        \
    uint8_t flags[BLOCK] = {0};                                                                    \
    uint32_t begin = 0;                                                                            \
    for (; begin + BLOCK <= count; begin += BLOCK) {                                               \
      for (uint32_t i = 0; i < BLOCK; i++) {                                                       \
        type a = left[left_constant ? 0 : begin + i];                                              \
        type b = right[right_constant ? 0 : begin + i];                                            \
        flags[i] = (uint8_t)(expression);                                                          \
      }                                                                                            \
      put_block(out, begin, flags, flip);                                                          \
    }                                                                                              \
    if (begin == count) return;                                                                    \
    for (uint32_t i = 0; i < count - begin; i++) {                                                 \
      type a = left[left_constant ? 0 : begin + i];                                                \
      type b = right[right_constant ? 0 : begin + i];                                              \
      flags[i] = (uint8_t)(expression);                                                            \
    }                                                                                              \
    put_block(out, begin, flags, flip);                                                            \
  }                                                                                                \
  static void name(uint8_t *out, const struct eagre_vector *a, const struct eagre_vector *b,       \
                   uint32_t count, uint64_t flip) {                                                \
    if (a->is_constant) {                                                                          \
      name##_shape(out, a->data, true, b->data, false, count, flip);                               \
    } else if (b->is_constant) {                                                                   \
      name##_shape(out, a->data, false, b->data, true, count, flip);                               \
    } else {                                                                                       \
      name##_shape(out, a->data, false, b->data, false, count, flip);                              \
    }                                                                                              \
  }

#define DEFINE_INTEGER(suffix, type)                                                               \
  DEFINE_ROWS(equal_##suffix, type, a == b)                                                        \
  DEFINE_ROWS(less_##suffix, type, a < b)                                                          \
  DEFINE_ROWS(less_equal_##suffix, type, a <= b)

/* x != x says NaN; written with bits, so that no branch stands in the loop. */
#define DEFINE_REAL(suffix, type)                                                                  \
  DEFINE_ROWS(equal_##suffix, type, (a == b) | ((a != a) & (b != b)))                              \
  DEFINE_ROWS(less_##suffix, type, (a < b) | ((b != b) & (a == a)))                                \
  DEFINE_ROWS(less_equal_##suffix, type, (a <= b) | (b != b))

DEFINE_INTEGER(tinyint, int8_t)
DEFINE_INTEGER(smallint, int16_t)
DEFINE_INTEGER(int, int32_t)
DEFINE_INTEGER(bigint, int64_t)
DEFINE_INTEGER(decimal, eagre_decimal)
DEFINE_REAL(float, float)
DEFINE_REAL(double, double)

/* ---- Booleans ------------------------------------------------------------------------------- */

/* Word `index` of a BOOLEAN vector; a constant is in every row. */
INLINE uint64_t boolean_word(const struct eagre_vector *vector, uint32_t index) {
  if (!vector->is_constant) return eagre_bits_word(vector->data, index);
  return eagre_bit_get(vector->data, 0) ? UINT64_MAX : 0;
}

#define DEFINE_BOOLEAN(name, expression)                                                           \
  static void name(uint8_t *out, const struct eagre_vector *left,                                  \
                   const struct eagre_vector *right, uint32_t count, uint64_t flip) {              \
    for (uint32_t i = 0; i * BLOCK < count; i++) {                                                 \
      uint64_t a = boolean_word(left, i);                                                          \
      uint64_t b = boolean_word(right, i);                                                         \
      uint64_t word = (expression) ^ flip;                                                         \
      memcpy(out + i * 8, &word, sizeof word);                                                     \
    }                                                                                              \
  }

DEFINE_BOOLEAN(equal_boolean, ~(a ^ b))
DEFINE_BOOLEAN(less_boolean, ~a &b)
DEFINE_BOOLEAN(less_equal_boolean, ~a | b)

/* ---- Texts ---------------------------------------------------------------------------------- */

#define DEFINE_TEXT_ROWS(name, expression)                                                         \
  static void name(uint8_t *out, const struct eagre_vector *left,                                  \
                   const struct eagre_vector *right, uint32_t count, uint64_t flip) {              \
    uint8_t flags[BLOCK] = {0};                                                                    \
    for (uint32_t begin = 0; begin < count; begin += BLOCK) {                                      \
      uint32_t in_block = count - begin < BLOCK ? count - begin : BLOCK;                           \
      for (uint32_t i = 0; i < in_block; i++) {                                                    \
        struct eagre_text a =                                                                      \
            EAGRE_VALUES(struct eagre_text, left)[eagre_vector_index(left, begin + i)];            \
        struct eagre_text b =                                                                      \
            EAGRE_VALUES(struct eagre_text, right)[eagre_vector_index(right, begin + i)];          \
        flags[i] = (uint8_t)(expression);                                                          \
      }                                                                                            \
      put_block(out, begin, flags, flip);                                                          \
    }                                                                                              \
  }

DEFINE_TEXT_ROWS(equal_texts, eagre_text_equal(a, b))
DEFINE_TEXT_ROWS(less_text, eagre_text_compare(a, b) < 0)
DEFINE_TEXT_ROWS(less_equal_text, eagre_text_compare(a, b) <= 0)

INLINE uint64_t load_eight(const char *data) {
  uint64_t value;
  memcpy(&value, data, sizeof value);
  return value;
}

INLINE uint32_t load_four(const char *data) {
  uint32_t value;
  memcpy(&value, data, sizeof value);
  return value;
}

/* Whether `size` bytes are equal, with two overlapping loads where that is enough: a call of memcmp
 * costs more than these comparisons. */
INLINE bool equal_bytes(const char *a, const char *b, size_t size) {
  if (size > 16) return memcmp(a, b, size) == 0;
  if (size >= 8) {
    return ((load_eight(a) ^ load_eight(b)) |
            (load_eight(a + size - 8) ^ load_eight(b + size - 8))) == 0;
  }
  if (size >= 4) {
    return ((load_four(a) ^ load_four(b)) | (load_four(a + size - 4) ^ load_four(b + size - 4))) ==
           0;
  }
  for (size_t i = 0; i < size; i++) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

/* Texts against one text: the test of the size throws out most rows without touching their bytes.
 */
static void equal_constant_text(uint8_t *out, const struct eagre_text *texts,
                                struct eagre_text constant, uint32_t count, uint64_t flip) {
  for (uint32_t begin = 0; begin < count; begin += BLOCK) {
    uint32_t in_block = count - begin < BLOCK ? count - begin : BLOCK;
    uint64_t word = 0;
    for (uint32_t i = 0; i < in_block; i++) {
      const struct eagre_text *text = &texts[begin + i];
      if (text->size == constant.size && equal_bytes(text->data, constant.data, constant.size)) {
        word |= UINT64_C(1) << i;
      }
    }
    word ^= flip;
    memcpy(out + begin / 8, &word, sizeof word);
  }
}

static void equal_text(uint8_t *out, const struct eagre_vector *a, const struct eagre_vector *b,
                       uint32_t count, uint64_t flip) {
  if (b->is_constant && !a->is_constant) {
    equal_constant_text(out, a->data, *EAGRE_VALUES(struct eagre_text, b), count, flip);
  } else if (a->is_constant && !b->is_constant) {
    equal_constant_text(out, b->data, *EAGRE_VALUES(struct eagre_text, a), count, flip);
  } else {
    equal_texts(out, a, b, count, flip);
  }
}

/* ---- Single rows: fields of structs, greatest, least ----------------------------------------- */

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_doubles(double a, double b) {
  if (isnan(a) || isnan(b)) return (isnan(a) != 0) - (isnan(b) != 0);
  return ORDER(a, b);
}

/* NULL comes first. */
int eagre_compare_nullable_rows(const struct eagre_vector *a, uint32_t a_row,
                                const struct eagre_vector *b, uint32_t b_row) {
  bool a_is_null = eagre_vector_is_null(a, a_row);
  bool b_is_null = eagre_vector_is_null(b, b_row);
  if (a_is_null || b_is_null) return b_is_null - a_is_null;
  return eagre_compare_rows(a, a_row, b, b_row);
}

static int compare_struct_rows(const struct eagre_vector *a, uint32_t a_row,
                               const struct eagre_vector *b, uint32_t b_row) {
  for (uint32_t i = 0; i < a->type->field_count; i++) {
    int order = eagre_compare_nullable_rows(&a->children[i], a_row, &b->children[i], b_row);
    if (order != 0) return order;
  }
  return 0;
}

/* Element by element; of two that are equal as far as they go, the shorter one first. */
static int compare_array_rows(const struct eagre_vector *a, uint32_t a_row,
                              const struct eagre_vector *b, uint32_t b_row) {
  uint32_t a_size = eagre_vector_list_size(a, a_row), b_size = eagre_vector_list_size(b, b_row);
  uint32_t a_first = (uint32_t)a->offsets[eagre_vector_index(a, a_row)];
  uint32_t b_first = (uint32_t)b->offsets[eagre_vector_index(b, b_row)];
  for (uint32_t i = 0; i < a_size && i < b_size; i++) {
    int order = eagre_compare_nullable_rows(a->children, a_first + i, b->children, b_first + i);
    if (order != 0) return order;
  }
  return ORDER(a_size, b_size);
}

#define VALUE(type, vector, row) (EAGRE_VALUES(type, vector)[eagre_vector_index(vector, row)])
#define ORDER_VALUES(type) ORDER(VALUE(type, a, a_row), VALUE(type, b, b_row))

int eagre_compare_rows(const struct eagre_vector *a, uint32_t a_row, const struct eagre_vector *b,
                       uint32_t b_row) {
  switch (a->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    return eagre_bit_get(a->data, eagre_vector_index(a, a_row)) -
           eagre_bit_get(b->data, eagre_vector_index(b, b_row));
  case EAGRE_TYPE_TINYINT:
    return ORDER_VALUES(int8_t);
  case EAGRE_TYPE_SMALLINT:
    return ORDER_VALUES(int16_t);
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
  case EAGRE_TYPE_INTERVAL_YEAR:
    return ORDER_VALUES(int32_t);
  case EAGRE_TYPE_BIGINT:
  case EAGRE_TYPE_TIMESTAMP:
  case EAGRE_TYPE_TIMESTAMP_NTZ:
  case EAGRE_TYPE_INTERVAL_DAY:
    return ORDER_VALUES(int64_t);
  case EAGRE_TYPE_DECIMAL:
    return ORDER_VALUES(eagre_decimal);
  case EAGRE_TYPE_FLOAT:
    return compare_doubles(VALUE(float, a, a_row), VALUE(float, b, b_row));
  case EAGRE_TYPE_DOUBLE:
    return compare_doubles(VALUE(double, a, a_row), VALUE(double, b, b_row));
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    return eagre_text_compare(VALUE(struct eagre_text, a, a_row),
                              VALUE(struct eagre_text, b, b_row));
  case EAGRE_TYPE_ARRAY:
    return compare_array_rows(a, a_row, b, b_row);
  default:
    eagre_assert(a->type->kind == EAGRE_TYPE_STRUCT);
    return compare_struct_rows(a, a_row, b, b_row);
  }
}

/* STRUCT and ARRAY. A null one holds anything, so what is inside must not be looked at. */
#define DEFINE_STRUCT(name, expression)                                                            \
  static void name(uint8_t *out, const struct eagre_vector *a, const struct eagre_vector *b,       \
                   uint32_t count, uint64_t flip) {                                                \
    for (uint32_t row = 0; row < count; row++) {                                                   \
      if (eagre_vector_is_null(a, row) || eagre_vector_is_null(b, row)) {                          \
        eagre_bit_clear(out, row);                                                                 \
        continue;                                                                                  \
      }                                                                                            \
      int order =                                                                                  \
          eagre_compare_rows(a, eagre_vector_index(a, row), b, eagre_vector_index(b, row));        \
      eagre_bit_put(out, row, (expression) != (flip != 0));                                        \
    }                                                                                              \
  }

DEFINE_STRUCT(equal_struct, order == 0)
DEFINE_STRUCT(less_struct, order < 0)
DEFINE_STRUCT(less_equal_struct, order <= 0)

/* ---- The table ------------------------------------------------------------------------------ */

typedef void compare_fn(uint8_t *out, const struct eagre_vector *a, const struct eagre_vector *b,
                        uint32_t count, uint64_t flip);

struct compare_row {
  compare_fn *equal;
  compare_fn *less;
  compare_fn *less_equal;
};

#define COMPARE_ROW(suffix)                                                                        \
  { equal_##suffix, less_##suffix, less_equal_##suffix }

static const struct compare_row compare_rows[EAGRE_TYPE_count] = {
    [EAGRE_TYPE_BOOLEAN] = COMPARE_ROW(boolean),   [EAGRE_TYPE_TINYINT] = COMPARE_ROW(tinyint),
    [EAGRE_TYPE_SMALLINT] = COMPARE_ROW(smallint), [EAGRE_TYPE_INT] = COMPARE_ROW(int),
    [EAGRE_TYPE_BIGINT] = COMPARE_ROW(bigint),     [EAGRE_TYPE_FLOAT] = COMPARE_ROW(float),
    [EAGRE_TYPE_DOUBLE] = COMPARE_ROW(double),     [EAGRE_TYPE_STRING] = COMPARE_ROW(text),
    [EAGRE_TYPE_BINARY] = COMPARE_ROW(text),       [EAGRE_TYPE_DATE] = COMPARE_ROW(int),
    [EAGRE_TYPE_TIMESTAMP] = COMPARE_ROW(bigint),  [EAGRE_TYPE_INTERVAL_DAY] = COMPARE_ROW(bigint),
    [EAGRE_TYPE_DECIMAL] = COMPARE_ROW(decimal),
    [EAGRE_TYPE_STRUCT] = COMPARE_ROW(struct),
    [EAGRE_TYPE_ARRAY] = COMPARE_ROW(struct),
    [EAGRE_TYPE_TIMESTAMP_NTZ] = COMPARE_ROW(bigint),
    [EAGRE_TYPE_INTERVAL_YEAR] = COMPARE_ROW(int),
};

static void compare_constants(enum eagre_comparison operation, const struct eagre_vector *a,
                              const struct eagre_vector *b, uint32_t row_count, uint8_t *out) {
  bool is_true = false;
  if (!eagre_vector_is_null(a, 0) && !eagre_vector_is_null(b, 0)) {
    int order = eagre_compare_rows(a, 0, b, 0);
    bool results[] = {order == 0, order != 0, order<0, order <= 0, order> 0, order >= 0};
    is_true = results[operation];
  }
  eagre_bits_fill(out, row_count, is_true);
}

void eagre_compare_vectors(enum eagre_comparison operation, const struct eagre_vector *a,
                           const struct eagre_vector *b, uint32_t row_count, uint8_t *out) {
  if (a->is_constant && b->is_constant) {
    compare_constants(operation, a, b, row_count, out);
    return;
  }
  const struct compare_row *row = &compare_rows[a->type->kind];
  switch (operation) {
  case EAGRE_COMPARISON_EQUAL:
    row->equal(out, a, b, row_count, 0);
    break;
  case EAGRE_COMPARISON_UNEQUAL:
    row->equal(out, a, b, row_count, UINT64_MAX);
    break;
  case EAGRE_COMPARISON_LESS:
    row->less(out, a, b, row_count, 0);
    break;
  case EAGRE_COMPARISON_LESS_EQUAL:
    row->less_equal(out, a, b, row_count, 0);
    break;
  case EAGRE_COMPARISON_GREATER:
    row->less_equal(out, a, b, row_count, UINT64_MAX);
    break;
  default:
    eagre_assert(operation == EAGRE_COMPARISON_GREATER_EQUAL);
    row->less(out, a, b, row_count, UINT64_MAX);
  }
}

#define DEFINE_KERNEL(name, operation)                                                             \
  static enum eagre_status name(struct eagre_kernel_call *call) {                                  \
    uint8_t *out = eagre_kernel_out(call);                                                         \
    eagre_compare_vectors(operation, call->arguments[0], call->arguments[1], call->row_count,      \
                          out);                                                                    \
    return EAGRE_OK;                                                                               \
  }

DEFINE_KERNEL(run_equal, EAGRE_COMPARISON_EQUAL)
DEFINE_KERNEL(run_unequal, EAGRE_COMPARISON_UNEQUAL)
DEFINE_KERNEL(run_less, EAGRE_COMPARISON_LESS)
DEFINE_KERNEL(run_less_equal, EAGRE_COMPARISON_LESS_EQUAL)
DEFINE_KERNEL(run_greater, EAGRE_COMPARISON_GREATER)
DEFINE_KERNEL(run_greater_equal, EAGRE_COMPARISON_GREATER_EQUAL)

bool eagre_compare_is_ordered(const struct eagre_type *type) {
  if (type->kind == EAGRE_TYPE_NULL) return true;
  if (compare_rows[type->kind].equal == NULL) return false;
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (!eagre_compare_is_ordered(type->fields[i].type)) return false;
  }
  return true;
}

bool eagre_expression_is_ordered(const struct eagre_type *type) {
  return eagre_compare_is_ordered(type);
}

eagre_kernel_fn *eagre_kernel_comparison(enum eagre_comparison operation,
                                         enum eagre_type_kind kind) {
  static eagre_kernel_fn *const kernels[] = {
      [EAGRE_COMPARISON_EQUAL] = run_equal,
      [EAGRE_COMPARISON_UNEQUAL] = run_unequal,
      [EAGRE_COMPARISON_LESS] = run_less,
      [EAGRE_COMPARISON_LESS_EQUAL] = run_less_equal,
      [EAGRE_COMPARISON_GREATER] = run_greater,
      [EAGRE_COMPARISON_GREATER_EQUAL] = run_greater_equal,
  };
  return compare_rows[kind].equal == NULL ? NULL : kernels[operation];
}
