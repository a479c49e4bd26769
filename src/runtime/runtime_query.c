/* A batch query: one thread, one epoch, no checkpoint. */
#include "runtime/runtime_inside.h"

struct query_output {
  const struct eagre_plan_query *query;
  eagre_query_rows_fn *rows;
  void *rows_context;
};

static enum eagre_status give_rows(void *context, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  const struct query_output *output = context;
  enum eagre_status status =
      output->rows(output->rows_context, output->query->query.root->output, batch, error);
  eagre_batch_free(batch);
  return status;
}

enum eagre_status eagre_runtime_query(struct eagre_pipeline *pipeline, uint32_t query,
                                      int64_t startup_timeout_us, eagre_query_rows_fn *rows,
                                      void *context, struct eagre_error *error) {
  eagre_assert(query < pipeline->query_count);
  const struct eagre_plan_query *plan = &pipeline->queries[query];
  struct query_output output = {plan, rows, context};
  struct eagre_io *io = NULL; /* opened when a source needs it */
  const struct runtime_batch batch = {
      .session = &plan->expression_session,
      .settings = &plan->settings,
      .io = &io,
      .startup_timeout_us = startup_timeout_us,
      .now_us = eagre_clock_wall_us(),
  };
  enum eagre_status status =
      eagre_runtime_batch_run(&batch, &plan->query, give_rows, &output, error);
  if (status != EAGRE_OK) eagre_pipeline_place(pipeline, error);
  eagre_io_close(io);
  return status;
}
