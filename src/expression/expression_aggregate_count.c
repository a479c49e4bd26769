/* count and count_if. Accumulator: {int64 count}. */
#include "expression/expression_aggregate.h"

static inline int64_t *count_of(const struct eagre_aggregate_update *update, uint32_t row) {
  return (int64_t *)eagre_aggregate_state(update, row);
}

static enum eagre_status count_rows(const struct eagre_aggregate_update *update) {
  for (uint32_t row = 0; row < update->row_count; row++) {
    *count_of(update, row) += 1;
  }
  return EAGRE_OK;
}

/* Also count(*), which has no input but the condition of a FILTER. */
static enum eagre_status count_values(const struct eagre_aggregate_update *update) {
  bool has_all = update->inputs == NULL || (update->inputs->validity == NULL &&
                                            update->inputs->type->kind != EAGRE_TYPE_NULL);
  if (has_all) return count_rows(update);
  for (uint32_t row = 0; row < update->row_count; row++) {
    *count_of(update, row) += !eagre_vector_is_null(update->inputs, row);
  }
  return EAGRE_OK;
}

/* Of several arguments: the rows where none is NULL. */
static enum eagre_status count_tuples(const struct eagre_aggregate_update *update) {
  for (uint32_t row = 0; row < update->row_count; row++) {
    bool has_all = eagre_aggregate_has_row(update, row);
    for (uint32_t i = 0; has_all && i < update->aggregate->input_count; i++) {
      has_all = !eagre_vector_is_null(&update->inputs[i], row);
    }
    *count_of(update, row) += has_all;
  }
  return EAGRE_OK;
}

static enum eagre_status count_true(const struct eagre_aggregate_update *update) {
  const struct eagre_vector *input = update->inputs;
  for (uint32_t row = 0; row < update->row_count; row++) {
    bool is_true = !eagre_vector_is_null(input, row) &&
                   eagre_bit_get(input->data, eagre_vector_index(input, row));
    *count_of(update, row) += is_true;
  }
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_merge_counts(const struct eagre_aggregate *aggregate, char *into,
                                               const char *from, struct eagre_arena *arena,
                                               struct eagre_error *error) {
  (void)aggregate, (void)arena, (void)error;
  *(int64_t *)into += *(const int64_t *)from;
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_finish_counts(const struct eagre_aggregate_finish *finish) {
  int64_t *out = EAGRE_VALUES(int64_t, finish->out);
  for (uint32_t row = 0; row < finish->row_count; row++) {
    out[row] = *(const int64_t *)eagre_aggregate_result(finish, row);
  }
  return EAGRE_OK;
}

static const struct eagre_aggregate_kernels kernels_of_values =
    EAGRE_AGGREGATE_COUNT_KERNELS(count_values);
static const struct eagre_aggregate_kernels kernels_of_tuples =
    EAGRE_AGGREGATE_COUNT_KERNELS(count_tuples);
static const struct eagre_aggregate_kernels kernels_of_true =
    EAGRE_AGGREGATE_COUNT_KERNELS(count_true);

enum eagre_status eagre_aggregate_bind_count(struct eagre_bind *bind, struct eagre_aggregate *out) {
  out->input_count = bind->argument_count;
  out->kernels = bind->argument_count > 1 ? &kernels_of_tuples : &kernels_of_values;
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_regr_count(struct eagre_bind *bind,
                                                  struct eagre_aggregate *out) {
  out->kernels = &kernels_of_tuples;
  EAGRE_TRY(eagre_aggregate_bind_doubles(bind, out));
  out->result_type = eagre_type_of(EAGRE_TYPE_BIGINT);
  return EAGRE_OK;
}

enum eagre_status eagre_aggregate_bind_count_if(struct eagre_bind *bind,
                                                struct eagre_aggregate *out) {
  out->kernels = &kernels_of_true;
  return eagre_bind_parameter(bind, 0, EAGRE_TYPE_BOOLEAN);
}
