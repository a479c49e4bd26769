/* A batch query: one thread, one epoch, no checkpoint. */
#include <string.h>

#include "runtime/runtime_inside.h"

struct query_work {
  struct eagre_pipeline *pipeline;
  const struct eagre_plan_query *query;
  const struct eagre_plan_node *leaf;
  struct eagre_plan_node **nodes; /* above the leaf, in data order */
  uint32_t node_count;
  eagre_query_rows_fn *rows;
  void *rows_context;
  struct eagre_arena arena;
  struct eagre_io *io;
  struct eagre_source *source;
  struct eagre_source_reader *reader;
  struct eagre_chain *chain;
  int64_t now_us;
};

static enum eagre_status give_rows(void *context, struct eagre_batch *batch,
                                   struct eagre_error *error) {
  struct query_work *work = context;
  enum eagre_status status =
      work->rows(work->rows_context, work->query->query->output, batch, error);
  eagre_batch_free(batch);
  return status;
}

static void list_nodes(struct query_work *work) {
  uint32_t count = 0;
  for (struct eagre_plan_node *node = work->query->query; node != NULL; node = node->input) {
    count += 1;
    work->leaf = node;
  }
  work->nodes = eagre_arena_allocate(&work->arena, sizeof(void *) * (count + 1));
  work->node_count = count - 1;
  uint32_t index = work->node_count;
  for (struct eagre_plan_node *node = work->query->query; node->input != NULL; node = node->input) {
    work->nodes[--index] = node;
  }
}

static enum eagre_status read_source(struct query_work *work, int64_t startup_timeout_us,
                                     struct eagre_error *error) {
  const struct eagre_source_environment environment = {
      .io = work->io,
      .zone = work->query->expression_session.zone,
      .core_count = 1,
      .startup_timeout_us = startup_timeout_us,
      .queue_size_bytes =
          (size_t)eagre_option_integer(&work->query->settings, "eagre.kafka.queueBytes"),
  };
  const struct eagre_source_limits limits = {.ignore_rate = true};
  struct eagre_source_plan plan = {0};
  struct eagre_text start = {0};
  EAGRE_TRY(eagre_source_open(work->leaf->source, &environment, &work->source, error));
  EAGRE_TRY(eagre_source_start(work->source, &work->arena, &start, error));
  EAGRE_TRY(eagre_source_plan(work->source, start, &limits, &work->arena, &plan, error));
  EAGRE_TRY(eagre_source_assign(work->source, start, plan.end, error));
  EAGRE_TRY(eagre_source_reader_open(work->source, 0, work->io, &work->reader, error));
  EAGRE_TRY(eagre_source_reader_begin(work->reader, error));
  while (!eagre_chain_is_finished(work->chain)) {
    struct eagre_batch *batch = eagre_batch_new();
    enum eagre_status status = eagre_source_reader_read(work->reader, batch, error);
    if (status == EAGRE_OK) {
      EAGRE_TRY(eagre_chain_push(work->chain, batch, error));
      continue;
    }
    eagre_batch_free(batch);
    if (status == EAGRE_END) return EAGRE_OK;
    if (status != EAGRE_AGAIN) return status;
    eagre_io_wait(work->io, 10000);
  }
  return EAGRE_OK;
}

static enum eagre_status run_query(struct query_work *work, int64_t startup_timeout_us,
                                   struct eagre_error *error) {
  const struct eagre_expression_session *session = &work->query->expression_session;
  list_nodes(work);
  const struct eagre_chain_options options = {
      .nodes = work->nodes,
      .node_count = work->node_count,
      .input = work->leaf->output,
      .session = session,
      .output = give_rows,
      .output_context = work,
  };
  work->chain = eagre_chain_new(&options);
  eagre_chain_begin(work->chain, work->now_us);
  if (work->leaf->kind == EAGRE_PLAN_VALUES) {
    struct eagre_batch *batch = NULL;
    EAGRE_TRY(eagre_values_batch(work->leaf, session, work->now_us, &batch, error));
    EAGRE_TRY(eagre_chain_push(work->chain, batch, error));
  } else {
    EAGRE_TRY(eagre_io_open(NULL, &work->io, error));
    EAGRE_TRY(read_source(work, startup_timeout_us, error));
  }
  return eagre_chain_finish(work->chain, error);
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
      .now_us = eagre_clock_wall_us(),
  };
  enum eagre_status status = run_query(&work, startup_timeout_us, error);
  if (status != EAGRE_OK) eagre_pipeline_place(pipeline, error);
  eagre_chain_free(work.chain);
  if (work.reader != NULL) eagre_source_reader_close(work.reader);
  if (work.source != NULL) eagre_source_close(work.source);
  eagre_io_close(work.io);
  eagre_arena_done(&work.arena);
  return status;
}
