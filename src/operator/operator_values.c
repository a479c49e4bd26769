/* VALUES: constant rows as one batch. */
#include "operator/operator_step.h"

enum eagre_status eagre_values_batch(const struct eagre_plan_node *node,
                                     const struct eagre_expression_session *session,
                                     int64_t batch_timestamp_us, struct eagre_batch **out_batch,
                                     struct eagre_error *error) {
  const struct eagre_program_context context = {batch_timestamp_us};
  const struct eagre_type *type = node->output;
  uint32_t count = type->field_count;
  struct eagre_batch *batch = eagre_batch_new();
  eagre_batch_set_columns(batch, count, node->value_row_count);
  for (uint32_t i = 0; i < count; i++) {
    eagre_vector_init(&batch->columns[i], type->fields[i].type, node->value_row_count,
                      &batch->arena);
  }
  const struct eagre_type *no_columns = eagre_type_struct(&batch->arena, NULL, 0);
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; count > 0 && row < node->value_row_count && status == EAGRE_OK; row++) {
    struct eagre_batch *one = eagre_batch_new();
    struct eagre_program *program =
        eagre_program_new(no_columns, node->expressions + (size_t)row * count, count, session);
    eagre_batch_set_columns(one, 0, 1);
    struct eagre_vector *values =
        eagre_arena_allocate_zeroed(&one->arena, sizeof *values * (count + 1));
    status = eagre_program_run(program, one, &context, values, error);
    for (uint32_t i = 0; i < count && status == EAGRE_OK; i++) {
      eagre_vector_append(&batch->columns[i], row, node->value_row_count, &values[i], 0, 1, true,
                          &batch->arena);
    }
    eagre_program_free(program);
    eagre_batch_free(one);
  }
  if (status != EAGRE_OK) {
    eagre_batch_free(batch);
    return status;
  }
  *out_batch = batch;
  return EAGRE_OK;
}
