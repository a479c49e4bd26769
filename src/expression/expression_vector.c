/* ARRAYs of FLOAT as vectors: inner product, distance, similarity, norms. A NULL element makes the
 * result NULL; two vectors must have the same dimension. */
#include <math.h>

#include "expression/expression_functions.h"
#include "expression/expression_list.h"

/* ---- Binding -------------------------------------------------------------------------------- */

static enum eagre_status require_vector(struct eagre_bind *bind, uint32_t index) {
  const struct eagre_type *type = bind->arguments[index]->type;
  if (type->kind == EAGRE_TYPE_ARRAY && type->fields[0].type->kind == EAGRE_TYPE_FLOAT) {
    return EAGRE_OK;
  }
  return eagre_bind_unexpected(bind, index, "\"ARRAY<FLOAT>\"");
}

static enum eagre_status bind_pair(struct eagre_bind *bind, eagre_kernel_fn *kernel,
                                   struct eagre_expression **out) {
  EAGRE_TRY(require_vector(bind, 0));
  EAGRE_TRY(require_vector(bind, 1));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_FLOAT), kernel);
  return EAGRE_OK;
}

static enum eagre_status bind_norm(struct eagre_bind *bind, const struct eagre_type *type,
                                   eagre_kernel_fn *kernel, struct eagre_expression **out) {
  EAGRE_TRY(require_vector(bind, 0));
  if (bind->argument_count == 2 && eagre_bind_kind(bind, 1) != EAGRE_TYPE_FLOAT) {
    return eagre_bind_unexpected(bind, 1, "\"FLOAT\"");
  }
  *out = eagre_bind_call(bind, type, kernel);
  return EAGRE_OK;
}

/* ---- Pairs ---------------------------------------------------------------------------------- */

struct vector {
  const float *values;
  uint32_t size;
};

/* False when an element is NULL. */
static bool read_vector(const struct eagre_kernel_call *call, uint32_t index, uint32_t row,
                        struct vector *out) {
  struct eagre_list_range range = eagre_list_range_of(call->arguments[index], row);
  const struct eagre_vector *child = call->arguments[index]->children;
  *out = (struct vector){EAGRE_VALUES(float, child) + range.first, range.size};
  for (uint32_t i = 0; i < range.size; i++) {
    if (eagre_vector_is_null(child, range.first + i)) return false;
  }
  return true;
}

/* False where there is no value. */
typedef bool pair_fn(const struct vector *a, const struct vector *b, float *out);

static enum eagre_status run_pairs(struct eagre_kernel_call *call, pair_fn *function) {
  float *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct vector a, b;
    if (!eagre_kernel_is_live(call, row)) continue;
    bool is_whole = read_vector(call, 0, row, &a);
    bool has_nulls = !read_vector(call, 1, row, &b) || !is_whole; /* both are read */
    if (a.size != b.size) {
      EAGRE_TRY(eagre_kernel_fail(call, row, "VECTOR_DIMENSION_MISMATCH",
                                  "Vectors passed to `%s` must have the same dimension, but got "
                                  "%u and %u.",
                                  call->node->function->info.name, a.size, b.size));
    } else if (has_nulls || !function(&a, &b, &out[row])) {
      eagre_kernel_set_null(call, row);
    }
  }
  return EAGRE_OK;
}

/* Sums go eight products at a time, as Spark's, so that the last bit is the same. */
enum { LANES = 8 };

static float find_product(const struct vector *a, const struct vector *b) {
  float sum = 0;
  uint32_t i = 0;
  for (; i + LANES <= a->size; i += LANES) {
    const float *x = a->values + i, *y = b->values + i;
    sum += x[0] * y[0] + x[1] * y[1] + x[2] * y[2] + x[3] * y[3] + x[4] * y[4] + x[5] * y[5] +
           x[6] * y[6] + x[7] * y[7];
  }
  for (; i < a->size; i++) {
    sum += a->values[i] * b->values[i];
  }
  return sum;
}

static float square_difference(float a, float b) {
  return (a - b) * (a - b);
}

static bool put_product(const struct vector *a, const struct vector *b, float *out) {
  *out = find_product(a, b);
  return true;
}

static bool put_distance(const struct vector *a, const struct vector *b, float *out) {
  float sum = 0;
  uint32_t i = 0;
  for (; i + LANES <= a->size; i += LANES) {
    const float *x = a->values + i, *y = b->values + i;
    sum += square_difference(x[0], y[0]) + square_difference(x[1], y[1]) +
           square_difference(x[2], y[2]) + square_difference(x[3], y[3]) +
           square_difference(x[4], y[4]) + square_difference(x[5], y[5]) +
           square_difference(x[6], y[6]) + square_difference(x[7], y[7]);
  }
  for (; i < a->size; i++) {
    sum += square_difference(a->values[i], b->values[i]);
  }
  *out = (float)sqrt(sum);
  return true;
}

static bool put_similarity(const struct vector *a, const struct vector *b, float *out) {
  float divisor = (float)sqrt(find_product(a, a) * find_product(b, b));
  *out = find_product(a, b) / divisor;
  return divisor != 0;
}

static enum eagre_status run_product(struct eagre_kernel_call *call) {
  return run_pairs(call, put_product);
}

static enum eagre_status run_distance(struct eagre_kernel_call *call) {
  return run_pairs(call, put_distance);
}

static enum eagre_status run_similarity(struct eagre_kernel_call *call) {
  return run_pairs(call, put_similarity);
}

enum eagre_status eagre_bind_vector_inner_product(struct eagre_bind *bind,
                                                  struct eagre_expression **out) {
  return bind_pair(bind, run_product, out);
}

enum eagre_status eagre_bind_vector_l2_distance(struct eagre_bind *bind,
                                                struct eagre_expression **out) {
  return bind_pair(bind, run_distance, out);
}

enum eagre_status eagre_bind_vector_cosine_similarity(struct eagre_bind *bind,
                                                      struct eagre_expression **out) {
  return bind_pair(bind, run_similarity, out);
}

/* ---- Norms ---------------------------------------------------------------------------------- */

static float find_sum(const struct vector *vector) {
  float sum = 0;
  for (uint32_t i = 0; i < vector->size; i++) {
    sum += fabsf(vector->values[i]);
  }
  return sum;
}

static float find_greatest(const struct vector *vector) {
  float greatest = 0;
  for (uint32_t i = 0; i < vector->size; i++) {
    if (fabsf(vector->values[i]) > greatest) greatest = fabsf(vector->values[i]);
  }
  return greatest;
}

/* The norm of degree 1, 2 or infinity. *out_is_null when an element is NULL, or under TRY. */
static enum eagre_status find_norm(struct eagre_kernel_call *call, uint32_t row,
                                   struct vector *out_vector, bool *out_is_null, float *out) {
  float degree = call->node->argument_count == 2 ? EAGRE_ARGUMENT(float, call, 1, row) : 2;
  *out_is_null = !read_vector(call, 0, row, out_vector);
  if (*out_is_null) return EAGRE_OK;
  if (degree == 1) {
    *out = find_sum(out_vector);
  } else if (degree == 2) {
    *out = (float)sqrt(find_product(out_vector, out_vector));
  } else if (isinf(degree) && degree > 0) {
    *out = find_greatest(out_vector);
  } else {
    *out_is_null = true;
    return eagre_kernel_fail(call, row, "INVALID_VECTOR_NORM_DEGREE",
                             "Vector norm in `%s` only supports degrees 1.0 (L1 norm), 2.0 (L2 "
                             "norm) and float('inf') (infinity norm), but got %g.",
                             call->node->function->info.name, (double)degree);
  }
  return EAGRE_OK;
}

static enum eagre_status run_norm(struct eagre_kernel_call *call) {
  float *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct vector vector;
    bool is_null;
    if (!eagre_kernel_is_live(call, row)) continue;
    EAGRE_TRY(find_norm(call, row, &vector, &is_null, &out[row]));
    if (is_null) eagre_kernel_set_null(call, row);
  }
  return EAGRE_OK;
}

/* The result has the elements of the argument, divided in place. */
static enum eagre_status run_normalize(struct eagre_kernel_call *call) {
  const struct eagre_vector *list = call->arguments[0];
  uint32_t count = eagre_list_count(list, call->row_count);
  int32_t *offsets =
      eagre_arena_allocate_vector(call->arena, (call->row_count + 1) * sizeof *offsets);
  struct eagre_vector *child = eagre_arena_allocate(call->arena, sizeof *child);
  uint32_t capacity = list->is_constant ? count * call->row_count : count;
  eagre_vector_init(child, list->children->type, capacity, call->arena);
  uint32_t size = 0;
  offsets[0] = 0;
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct vector vector = {0};
    bool is_null = true;
    float norm = 0;
    if (eagre_kernel_is_live(call, row)) {
      EAGRE_TRY(find_norm(call, row, &vector, &is_null, &norm));
      is_null = is_null || (norm == 0 && vector.size > 0);
      if (is_null) eagre_kernel_set_null(call, row);
    }
    for (uint32_t i = 0; i < vector.size && !is_null; i++) {
      EAGRE_VALUES(float, child)[size++] = vector.values[i] / norm;
    }
    offsets[row + 1] = (int32_t)size;
  }
  call->out->offsets = offsets;
  call->out->children = child;
  return EAGRE_OK;
}

enum eagre_status eagre_bind_vector_norm(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_norm(bind, eagre_type_of(EAGRE_TYPE_FLOAT), run_norm, out);
}

enum eagre_status eagre_bind_vector_normalize(struct eagre_bind *bind,
                                              struct eagre_expression **out) {
  return bind_norm(bind, bind->arguments[0]->type, run_normalize, out);
}
