/* A batch query: one thread, one epoch, no checkpoint. */
#include <string.h>

#include "runtime/runtime_inside.h"

struct query_work {
  struct eagre_pipeline *pipeline;
  const struct eagre_plan_query *query;
  eagre_query_rows_fn *rows;
  void *rows_context;
  int64_t startup_timeout_us;
  int64_t now_us;
  struct eagre_arena arena;
  struct eagre_io *io; /* NULL while no source was needed */
  struct eagre_stages *stages;
};

static enum eagre_status give_rows(void *context, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  struct query_work *work = context;
  enum eagre_status status =
      work->rows(work->rows_context, work->query->query.root->output, batch, error);
  eagre_batch_free(batch);
  return status;
}

/* ---- Sources --------------------------------------------------------------------------------- */

static enum eagre_status read_rows(struct query_work *work, struct eagre_source_reader *reader,
                                   uint32_t stage, struct eagre_error *error) {
  EAGRE_TRY(eagre_source_reader_begin(reader, error));
  while (!eagre_stages_is_finished(work->stages, stage)) {
    struct eagre_batch *batch = eagre_batch_new();
    enum eagre_status status = eagre_source_reader_read(reader, batch, error);
    if (status == EAGRE_OK) {
      EAGRE_TRY(eagre_stages_push(work->stages, stage, batch, error));
      continue;
    }
    eagre_batch_free(batch);
    if (status == EAGRE_END) return EAGRE_OK;
    if (status != EAGRE_AGAIN) return status;
    eagre_io_wait(work->io, 10000);
  }
  return EAGRE_OK;
}

/* From its start to what is there now. */
static enum eagre_status read_open_source(struct query_work *work, struct eagre_source *source,
                                          uint32_t stage, struct eagre_error *error) {
  const struct eagre_source_limits limits = {.ignore_rate = true};
  struct eagre_source_plan plan = {0};
  struct eagre_text start = {0};
  struct eagre_source_reader *reader = NULL;
  EAGRE_TRY(eagre_source_start(source, &work->arena, &start, error));
  EAGRE_TRY(eagre_source_plan(source, start, &limits, &work->arena, &plan, error));
  EAGRE_TRY(eagre_source_assign(source, start, plan.end, error));
  EAGRE_TRY(eagre_source_reader_open(source, 0, work->io, &reader, error));
  enum eagre_status status = read_rows(work, reader, stage, error);
  eagre_source_reader_close(reader);
  return status;
}

static enum eagre_status read_source(struct query_work *work, uint32_t stage,
                                     struct eagre_error *error) {
  if (work->io == NULL) EAGRE_TRY(eagre_io_open(NULL, &work->io, error));
  const struct eagre_source_environment environment = {
      .io = work->io,
      .zone = work->query->expression_session.zone,
      .core_count = 1,
      .startup_timeout_us = work->startup_timeout_us,
      .queue_size_bytes =
          (size_t)eagre_option_integer(&work->query->settings, "eagre.kafka.queueBytes"),
  };
  struct eagre_source *source = NULL;
  const struct eagre_plan_source *plan = work->query->query.stages[stage].start->source;
  EAGRE_TRY(eagre_source_open(plan, &environment, &source, error));
  enum eagre_status status = read_open_source(work, source, stage, error);
  eagre_source_close(source);
  return status;
}

static enum eagre_status read_leaf(struct query_work *work, uint32_t stage,
                                   struct eagre_error *error) {
  const struct eagre_plan_node *leaf = work->query->query.stages[stage].start;
  if (leaf->kind == EAGRE_PLAN_SOURCE) return read_source(work, stage, error);
  struct eagre_batch *batch = NULL;
  EAGRE_TRY(
      eagre_values_batch(leaf, &work->query->expression_session, work->now_us, &batch, error));
  return eagre_stages_push(work->stages, stage, batch, error);
}

/* ---- The query ------------------------------------------------------------------------------- */

static enum eagre_status run_query(struct query_work *work, struct eagre_error *error) {
  const struct eagre_plan_tree *tree = &work->query->query;
  const struct eagre_stages_options options = {
      .tree = tree,
      .session = &work->query->expression_session,
      .mode = EAGRE_MODE_COMPLETE,
      .core_count = 1,
      .state_partition_count = 1,
      .output = give_rows,
      .output_context = work,
  };
  const struct eagre_stateful_epoch epoch = {.batch_timestamp_us = work->now_us,
                                             .is_first_epoch = true};
  work->stages = eagre_stages_new(&options);
  eagre_stages_begin(work->stages, &epoch);
  for (uint32_t i = 0; i < tree->stage_count; i++) {
    if (tree->stages[i].start->input_count == 0) EAGRE_TRY(read_leaf(work, i, error));
    EAGRE_TRY(eagre_stages_end(work->stages, i, &work->stages, 1, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_runtime_query(struct eagre_pipeline *pipeline, uint32_t query,
                                      int64_t startup_timeout_us, eagre_query_rows_fn *rows,
                                      void *context, struct eagre_error *error) {
  eagre_assert(query < pipeline->query_count);
  struct query_work work = {
      .pipeline = pipeline,
      .query = &pipeline->queries[query],
      .rows = rows,
      .rows_context = context,
      .startup_timeout_us = startup_timeout_us,
      .now_us = eagre_clock_wall_us(),
  };
  enum eagre_status status = run_query(&work, error);
  if (status != EAGRE_OK) eagre_pipeline_place(pipeline, error);
  eagre_stages_free(work.stages);
  eagre_io_close(work.io);
  eagre_arena_done(&work.arena);
  return status;
}
