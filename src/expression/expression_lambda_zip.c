/* zip_with and map_zip_with: the body over pairs of elements of two lists; where one has none, the
 * variable is NULL. */
#include <string.h>

#include "expression/expression_lambda.h"

/* Element numbers of two lists side by side, and the row of each pair. */
struct pairs {
  uint32_t *left;
  uint32_t *right;
  uint32_t *rows;
  int32_t *offsets;
  uint32_t count;
};

static void begin_pairs(const struct eagre_lambda_run *lambda, const struct eagre_vector *left,
                        const struct eagre_vector *right, struct pairs *out) {
  size_t most = (size_t)left->offsets[lambda->row_count] + right->offsets[lambda->row_count] + 1;
  struct eagre_arena *arena = lambda->run->arena;
  *out = (struct pairs){0};
  out->left = eagre_arena_allocate_vector(arena, most * sizeof *out->left);
  out->right = eagre_arena_allocate_vector(arena, most * sizeof *out->right);
  out->rows = eagre_arena_allocate_vector(arena, most * sizeof *out->rows);
  out->offsets = eagre_arena_allocate_vector(arena, (lambda->row_count + 1) * sizeof *out->offsets);
  out->offsets[0] = 0;
}

static void add_pair(struct pairs *pairs, uint32_t left, uint32_t right, uint32_t row) {
  pairs->left[pairs->count] = left;
  pairs->right[pairs->count] = right;
  pairs->rows[pairs->count++] = row;
}

/* The listed elements of `values`, which has `count`; number `count` is NULL. */
static void gather_padded(const struct eagre_lambda_run *lambda, const struct eagre_vector *values,
                          uint32_t count, const uint32_t *elements, uint32_t element_count,
                          struct eagre_vector *out) {
  struct eagre_arena *arena = lambda->run->arena;
  struct eagre_vector padded, null;
  eagre_vector_init(&padded, values->type, count + 1, arena);
  eagre_vector_append(&padded, 0, count + 1, values, 0, count, false, arena);
  eagre_vector_init_null(&null, values->type, arena);
  eagre_vector_append(&padded, count, count + 1, &null, 0, 1, false, arena);
  eagre_vector_gather(out, &padded, elements, element_count, arena);
}

/* A row is NULL when one of the lists is. */
static uint8_t *combine(const struct eagre_lambda_run *lambda, const struct eagre_vector *left,
                        const struct eagre_vector *right) {
  if (left->validity == NULL) return right->validity;
  if (right->validity == NULL) return left->validity;
  uint8_t *both =
      eagre_arena_allocate_vector(lambda->run->arena, eagre_bits_size(lambda->row_count));
  eagre_bits_and(both, left->validity, right->validity, lambda->row_count);
  return both;
}

enum eagre_status eagre_lambda_zip_with(struct eagre_lambda_run *lambda) {
  struct eagre_vector left, right, variables[2];
  struct pairs pairs;
  eagre_lambda_take(lambda, 0, &left);
  eagre_lambda_take(lambda, 1, &right);
  uint32_t left_count = (uint32_t)left.offsets[lambda->row_count];
  uint32_t right_count = (uint32_t)right.offsets[lambda->row_count];
  struct eagre_vector *out = lambda->call.out;
  out->validity = combine(lambda, &left, &right);
  begin_pairs(lambda, &left, &right, &pairs);
  for (uint32_t row = 0; row < lambda->row_count; row++) {
    struct eagre_list_range a = eagre_list_range_of(&left, row);
    struct eagre_list_range b = eagre_list_range_of(&right, row);
    uint32_t size = a.size > b.size ? a.size : b.size;
    for (uint32_t i = 0; i < size && eagre_kernel_is_live(&lambda->call, row); i++) {
      add_pair(&pairs, i < a.size ? a.first + i : left_count,
               i < b.size ? b.first + i : right_count, row);
    }
    pairs.offsets[row + 1] = (int32_t)pairs.count;
  }
  gather_padded(lambda, left.children, left_count, pairs.left, pairs.count, &variables[0]);
  gather_padded(lambda, right.children, right_count, pairs.right, pairs.count, &variables[1]);
  out->offsets = pairs.offsets;
  out->children = eagre_arena_allocate(lambda->run->arena, sizeof *out->children);
  return eagre_lambda_apply(lambda, 2, variables, pairs.rows, pairs.count, out->children);
}

/* ---- Maps ------------------------------------------------------------------------------------ */

/* The keys of the left map, then those of the right one that the left has not. */
static void pair_keys(const struct eagre_vector *left, const struct eagre_vector *right,
                      uint32_t row, uint32_t left_count, uint32_t right_count,
                      struct pairs *pairs) {
  struct eagre_list_range a = eagre_list_range_of(left, row);
  struct eagre_list_range b = eagre_list_range_of(right, row);
  for (uint32_t i = a.first; i < a.first + a.size; i++) {
    int64_t other = eagre_list_find_key(right, row, left->children, i);
    add_pair(pairs, i, other < 0 ? right_count : (uint32_t)other, row);
  }
  for (uint32_t i = b.first; i < b.first + b.size; i++) {
    if (eagre_list_find_key(left, row, right->children, i) < 0) {
      add_pair(pairs, left_count, i, row);
    }
  }
}

/* The key of each pair. */
static void gather_keys(const struct eagre_lambda_run *lambda, const struct eagre_vector *left,
                        const struct eagre_vector *right, uint32_t left_count, uint32_t right_count,
                        const struct pairs *pairs, struct eagre_vector *out) {
  struct eagre_arena *arena = lambda->run->arena;
  uint32_t total = left_count + right_count;
  struct eagre_vector pool;
  eagre_vector_init(&pool, left->children[0].type, total, arena);
  eagre_vector_append(&pool, 0, total, &left->children[0], 0, left_count, false, arena);
  eagre_vector_append(&pool, left_count, total, &right->children[0], 0, right_count, false, arena);
  uint32_t *keys = eagre_arena_allocate_vector(arena, (pairs->count + 1) * sizeof *keys);
  for (uint32_t i = 0; i < pairs->count; i++) {
    keys[i] = pairs->left[i] < left_count ? pairs->left[i] : left_count + pairs->right[i];
  }
  eagre_vector_gather(out, &pool, keys, pairs->count, arena);
}

enum eagre_status eagre_lambda_map_zip_with(struct eagre_lambda_run *lambda) {
  struct eagre_vector left, right, variables[3];
  struct pairs pairs;
  eagre_lambda_take(lambda, 0, &left);
  eagre_lambda_take(lambda, 1, &right);
  uint32_t left_count = (uint32_t)left.offsets[lambda->row_count];
  uint32_t right_count = (uint32_t)right.offsets[lambda->row_count];
  struct eagre_vector *out = lambda->call.out;
  out->validity = combine(lambda, &left, &right);
  begin_pairs(lambda, &left, &right, &pairs);
  for (uint32_t row = 0; row < lambda->row_count; row++) {
    if (eagre_kernel_is_live(&lambda->call, row)) {
      pair_keys(&left, &right, row, left_count, right_count, &pairs);
    }
    pairs.offsets[row + 1] = (int32_t)pairs.count;
  }
  gather_keys(lambda, &left, &right, left_count, right_count, &pairs, &variables[0]);
  gather_padded(lambda, &left.children[1], left_count, pairs.left, pairs.count, &variables[1]);
  gather_padded(lambda, &right.children[1], right_count, pairs.right, pairs.count, &variables[2]);
  out->offsets = pairs.offsets;
  out->children = eagre_arena_allocate(lambda->run->arena, 2 * sizeof *out->children);
  out->children[0] = variables[0];
  return eagre_lambda_apply(lambda, 2, variables, pairs.rows, pairs.count, &out->children[1]);
}
