/* aggregate, whose steps follow one another, and array_sort by a comparator. Both run their body
 * for all rows at once: step k of aggregate for every row that has an element k, and one
 * comparison of
 * every row that is still being sorted. */
#include <string.h>

#include "expression/expression_lambda.h"

/* ---- aggregate ------------------------------------------------------------------------------- */

/* Rows that are valid and have more than `place` elements. */
static uint32_t list_rows(const struct eagre_lambda_run *lambda, const struct eagre_vector *list,
                          uint32_t place, uint32_t *rows) {
  uint32_t count = 0;
  for (uint32_t row = 0; row < lambda->row_count; row++) {
    if (eagre_vector_list_size(list, row) > place) rows[count++] = row;
  }
  return count;
}

/* accumulator = merge(accumulator, element) for `count` rows. */
static enum eagre_status merge_rows(struct eagre_lambda_run *lambda,
                                    const struct eagre_vector *list, uint32_t place,
                                    const uint32_t *rows, uint32_t count,
                                    struct eagre_vector *accumulator) {
  struct eagre_arena *arena = lambda->run->arena;
  uint32_t *elements = eagre_arena_allocate_vector(arena, count * sizeof *elements);
  for (uint32_t i = 0; i < count; i++) {
    elements[i] = (uint32_t)list->offsets[rows[i]] + place;
  }
  struct eagre_vector variables[2], merged;
  eagre_vector_gather(&variables[0], accumulator, rows, count, arena);
  eagre_vector_gather(&variables[1], list->children, elements, count, arena);
  EAGRE_TRY(eagre_lambda_apply(lambda, 2, variables, rows, count, &merged));
  if (count == lambda->row_count) {
    *accumulator = merged;
  } else {
    struct eagre_vector changed;
    eagre_vector_init(&changed, accumulator->type, lambda->row_count, arena);
    eagre_vector_append(&changed, 0, lambda->row_count, accumulator, 0, lambda->row_count, false,
                        arena);
    eagre_vector_scatter(&changed, lambda->row_count, &merged, rows, count, arena);
    *accumulator = changed;
  }
  return EAGRE_OK;
}

static enum eagre_status finish_rows(struct eagre_lambda_run *lambda,
                                     const struct eagre_vector *list,
                                     const struct eagre_vector *accumulator) {
  struct eagre_vector *out = lambda->call.out;
  if (lambda->instruction->argument_count < 4) {
    *out = *accumulator;
  } else {
    uint32_t *rows =
        eagre_arena_allocate_vector(lambda->run->arena, lambda->row_count * sizeof *rows);
    for (uint32_t row = 0; row < lambda->row_count; row++) {
      rows[row] = row;
    }
    EAGRE_TRY(eagre_lambda_apply(lambda, 3, accumulator, rows, lambda->row_count, out));
  }
  lambda->call.owns_validity = false;
  for (uint32_t row = 0; row < lambda->row_count && list->validity != NULL; row++) {
    if (!eagre_bit_get(list->validity, row)) eagre_kernel_set_null(&lambda->call, row);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_lambda_aggregate(struct eagre_lambda_run *lambda) {
  struct eagre_vector list, accumulator;
  eagre_lambda_take(lambda, 0, &list);
  eagre_lambda_take(lambda, 1, &accumulator);
  uint32_t *rows =
      eagre_arena_allocate_vector(lambda->run->arena, lambda->row_count * sizeof *rows);
  for (uint32_t place = 0;; place++) {
    uint32_t count = list_rows(lambda, &list, place, rows);
    if (count == 0) break;
    EAGRE_TRY(merge_rows(lambda, &list, place, rows, count, &accumulator));
  }
  return finish_rows(lambda, &list, &accumulator);
}

/* ---- array_sort ------------------------------------------------------------------------------ */

/* One merge on its way: of elements [left, middle) and [middle, end) of `from` into `into`. */
struct merge {
  uint32_t left, left_end, right, right_end, out;
  uint32_t row;
};

struct merge_sort {
  struct eagre_lambda_run *lambda;
  const struct eagre_vector *values;
  uint32_t *from;
  uint32_t *into;
  struct merge *merges;
  uint32_t *active; /* merges with both sides left */
};

static void drain(struct merge_sort *sort, struct merge *merge) {
  while (merge->left < merge->left_end) {
    sort->into[merge->out++] = sort->from[merge->left++];
  }
  while (merge->right < merge->right_end) {
    sort->into[merge->out++] = sort->from[merge->right++];
  }
}

/* Merges of neighbours that are `width` long; returns how many. */
static uint32_t begin_merges(struct merge_sort *sort, const struct eagre_vector *list,
                             uint32_t width) {
  uint32_t count = 0;
  for (uint32_t row = 0; row < sort->lambda->row_count; row++) {
    struct eagre_list_range range = eagre_list_range_of(list, row);
    uint32_t end = range.first + range.size;
    for (uint64_t at = range.first; at < end; at += 2 * (uint64_t)width) {
      uint64_t middle = at + width < end ? at + width : end;
      uint64_t right_end = middle + width < end ? middle + width : end;
      sort->merges[count++] = (struct merge){
          (uint32_t)at, (uint32_t)middle, (uint32_t)middle, (uint32_t)right_end, (uint32_t)at, row};
    }
  }
  return count;
}

static uint32_t list_active(struct merge_sort *sort, uint32_t merge_count) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < merge_count; i++) {
    struct merge *merge = &sort->merges[i];
    if (merge->left < merge->left_end && merge->right < merge->right_end) {
      sort->active[count++] = i;
    } else {
      drain(sort, merge);
    }
  }
  return count;
}

/* One comparison of each active merge. */
static enum eagre_status step(struct merge_sort *sort, uint32_t count) {
  struct eagre_lambda_run *lambda = sort->lambda;
  struct eagre_arena *arena = lambda->run->arena;
  uint32_t *numbers = eagre_arena_allocate_vector(arena, 3 * (size_t)count * sizeof *numbers);
  uint32_t *rows = numbers + 2 * (size_t)count;
  for (uint32_t i = 0; i < count; i++) {
    const struct merge *merge = &sort->merges[sort->active[i]];
    numbers[i] = sort->from[merge->left];
    numbers[count + i] = sort->from[merge->right];
    rows[i] = merge->row;
  }
  struct eagre_vector variables[2], orders;
  eagre_vector_gather(&variables[0], sort->values, numbers, count, arena);
  eagre_vector_gather(&variables[1], sort->values, numbers + count, count, arena);
  EAGRE_TRY(eagre_lambda_apply(lambda, 1, variables, rows, count, &orders));
  for (uint32_t i = 0; i < count; i++) {
    struct merge *merge = &sort->merges[sort->active[i]];
    if (eagre_vector_is_null(&orders, i)) {
      return eagre_kernel_fail(&lambda->call, merge->row, "COMPARATOR_RETURNS_NULL",
                               "The comparator has returned a NULL for a comparison. It should "
                               "return a positive integer for \"greater than\", 0 for \"equal\" "
                               "and a negative integer for \"less than\".");
    }
    bool takes_left = EAGRE_VALUES(int32_t, &orders)[i] <= 0;
    sort->into[merge->out++] = sort->from[takes_left ? merge->left++ : merge->right++];
  }
  return EAGRE_OK;
}

static enum eagre_status sort_all(struct merge_sort *sort, const struct eagre_vector *list,
                                  uint32_t longest) {
  for (uint32_t width = 1; width < longest; width *= 2) {
    uint32_t merge_count = begin_merges(sort, list, width);
    for (uint32_t count; (count = list_active(sort, merge_count)) > 0;) {
      EAGRE_TRY(step(sort, count));
    }
    uint32_t *from = sort->from;
    sort->from = sort->into;
    sort->into = from;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_lambda_sort(struct eagre_lambda_run *lambda) {
  struct eagre_vector list;
  eagre_lambda_take(lambda, 0, &list);
  uint32_t count = (uint32_t)list.offsets[lambda->row_count];
  uint32_t longest = 0;
  struct eagre_arena *arena = lambda->run->arena;
  struct merge_sort sort = {.lambda = lambda, .values = list.children};
  size_t size = ((size_t)count + 1) * sizeof *sort.from;
  sort.from = eagre_arena_allocate(arena, size);
  sort.into = eagre_arena_allocate(arena, size);
  sort.active = eagre_arena_allocate(arena, size);
  sort.merges = eagre_arena_allocate(arena, ((size_t)count + 1) * sizeof *sort.merges);
  for (uint32_t i = 0; i < count; i++) {
    sort.from[i] = i;
  }
  for (uint32_t row = 0; row < lambda->row_count; row++) {
    uint32_t row_size = eagre_vector_list_size(&list, row);
    if (row_size > longest) longest = row_size;
  }
  EAGRE_TRY(sort_all(&sort, &list, longest));
  struct eagre_vector *out = lambda->call.out;
  *out = list;
  out->children = eagre_arena_allocate(arena, sizeof *out->children);
  eagre_vector_gather(out->children, list.children, sort.from, count, arena);
  return EAGRE_OK;
}
