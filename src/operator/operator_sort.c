/* SORT: keeps all batches of the epoch and sends their rows in order at its end. Batch queries and
 * complete mode only, where the whole result is wanted at once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "operator/operator_step.h"

struct row_reference {
  uint32_t batch;
  uint32_t row;
};

struct kept_batch {
  struct eagre_batch *batch;
  struct eagre_vector *keys; /* sort_key_count vectors, in the batch's arena */
};

struct sort_step {
  struct operator_step step;
  struct eagre_program *program;
  struct kept_batch *batches;
  uint32_t batch_count;
  uint32_t batch_capacity;
  uint64_t row_count;
};

static enum eagre_status push_sort(struct operator_step *step, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  struct sort_step *sort = (struct sort_step *)step;
  struct eagre_vector *keys =
      eagre_arena_allocate_zeroed(&batch->arena, sizeof *keys * (step->node->sort_key_count + 1));
  enum eagre_status status = eagre_operator_run(step, sort->program, batch, keys, error);
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  if (sort->batch_count == sort->batch_capacity) {
    sort->batch_capacity = sort->batch_capacity == 0 ? 16 : sort->batch_capacity * 2;
    sort->batches = eagre_reallocate(sort->batches, sizeof *sort->batches * sort->batch_capacity);
  }
  sort->batches[sort->batch_count++] = (struct kept_batch){batch, keys};
  sort->row_count += batch->row_count;
  return EAGRE_OK;
}

/* ---- Order
 * ---------------------------------------------------------------------------------------- */

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

static int compare_values(const struct eagre_vector *a, uint32_t a_row,
                          const struct eagre_vector *b, uint32_t b_row, bool nulls_first);

static int compare_structs(const struct eagre_vector *a, uint32_t i, const struct eagre_vector *b,
                           uint32_t j) {
  for (uint32_t field = 0; field < a->type->field_count; field++) {
    int order = compare_values(&a->children[field], i, &b->children[field], j, true);
    if (order != 0) return order;
  }
  return 0;
}

/* NULL elements come first; of two that are equal as far as they go the shorter one does. */
static int compare_arrays(const struct eagre_vector *a, uint32_t i, const struct eagre_vector *b,
                          uint32_t j) {
  int32_t left = a->offsets[i], right = b->offsets[j];
  for (; left < a->offsets[i + 1] && right < b->offsets[j + 1]; left++, right++) {
    int order = compare_values(a->children, (uint32_t)left, b->children, (uint32_t)right, true);
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

static int compare_values(const struct eagre_vector *a, uint32_t a_row,
                          const struct eagre_vector *b, uint32_t b_row, bool nulls_first) {
  bool a_is_null = eagre_vector_is_null(a, a_row);
  bool b_is_null = eagre_vector_is_null(b, b_row);
  if (a_is_null || b_is_null) {
    int order = (int)b_is_null - (int)a_is_null;
    return nulls_first ? order : -order;
  }
  return compare_present(a, eagre_vector_index(a, a_row), b, eagre_vector_index(b, b_row));
}

static int compare_rows(const void *left, const void *right, void *context) {
  const struct sort_step *sort = context;
  const struct row_reference *a = left;
  const struct row_reference *b = right;
  for (uint32_t i = 0; i < sort->step.node->sort_key_count; i++) {
    const struct eagre_plan_sort_key *key = &sort->step.node->sort_keys[i];
    const struct eagre_vector *a_key = &sort->batches[a->batch].keys[i];
    const struct eagre_vector *b_key = &sort->batches[b->batch].keys[i];
    bool a_is_null = eagre_vector_is_null(a_key, a->row);
    bool b_is_null = eagre_vector_is_null(b_key, b->row);
    int order = compare_values(a_key, a->row, b_key, b->row, key->nulls_first);
    if (key->is_descending && !a_is_null && !b_is_null) order = -order;
    if (order != 0) return order;
  }
  if (a->batch != b->batch) return a->batch < b->batch ? -1 : 1; /* stable */
  return (a->row > b->row) - (a->row < b->row);
}

/* ---- Output
 * --------------------------------------------------------------------------------------- */

static enum eagre_status send_rows(struct sort_step *sort, const struct row_reference *rows,
                                   uint32_t count, struct eagre_error *error) {
  const struct eagre_type *type = sort->step.node->output;
  struct eagre_batch *out = eagre_batch_new();
  eagre_batch_set_columns(out, type->field_count, count);
  for (uint32_t column = 0; column < type->field_count; column++) {
    eagre_vector_init(&out->columns[column], type->fields[column].type, count, &out->arena);
    for (uint32_t i = 0; i < count; i++) {
      const struct eagre_batch *from = sort->batches[rows[i].batch].batch;
      eagre_vector_append(&out->columns[column], i, count, &from->columns[column], rows[i].row, 1,
                          true, &out->arena);
    }
  }
  return eagre_operator_forward(&sort->step, out, error);
}

static void drop_batches(struct sort_step *sort) {
  for (uint32_t i = 0; i < sort->batch_count; i++) {
    eagre_batch_free(sort->batches[i].batch);
  }
  sort->batch_count = 0;
  sort->row_count = 0;
}

static enum eagre_status finish_sort(struct operator_step *step, struct eagre_error *error) {
  struct sort_step *sort = (struct sort_step *)step;
  struct row_reference *rows = eagre_allocate(sizeof *rows * (sort->row_count + 1));
  uint64_t count = 0;
  for (uint32_t i = 0; i < sort->batch_count; i++) {
    for (uint32_t row = 0; row < sort->batches[i].batch->row_count; row++) {
      rows[count++] = (struct row_reference){i, row};
    }
  }
  qsort_r(rows, count, sizeof *rows, compare_rows, sort);
  enum eagre_status status = EAGRE_OK;
  for (uint64_t i = 0; i < count && status == EAGRE_OK; i += EAGRE_BATCH_ROWS_MAX) {
    uint64_t left = count - i;
    uint32_t size = left < EAGRE_BATCH_ROWS_MAX ? (uint32_t)left : EAGRE_BATCH_ROWS_MAX;
    status = send_rows(sort, rows + i, size, error);
  }
  eagre_free(rows);
  drop_batches(sort);
  return status;
}

static void begin_sort(struct operator_step *step) {
  drop_batches((struct sort_step *)step);
}

static void free_sort(struct operator_step *step) {
  struct sort_step *sort = (struct sort_step *)step;
  drop_batches(sort);
  eagre_free(sort->batches);
  eagre_program_free(sort->program);
  eagre_free(sort);
}

static const struct operator_kind sort_kind = {
    .push = push_sort, .finish = finish_sort, .begin = begin_sort, .free = free_sort};

struct operator_step *eagre_operator_sort_new(const struct eagre_plan_node *node,
                                              const struct eagre_expression_session *session) {
  struct sort_step *sort = eagre_allocate_zeroed(1, sizeof *sort);
  struct eagre_expression **keys = eagre_allocate_zeroed(node->sort_key_count + 1, sizeof(void *));
  for (uint32_t i = 0; i < node->sort_key_count; i++) {
    keys[i] = node->sort_keys[i].expression;
  }
  sort->step.kind = &sort_kind;
  sort->step.node = node;
  sort->program = eagre_program_new(node->output, keys, node->sort_key_count, session);
  eagre_free(keys);
  return &sort->step;
}
