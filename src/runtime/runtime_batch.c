/* A tree of a plan run as a batch on the calling thread: a whole batch query, or the static input
 * of a join, whose rows go into a table. Static inputs of its own joins are run before it. */
#include "runtime/runtime_inside.h"

struct batch_work {
  const struct runtime_batch *batch;
  const struct eagre_plan_tree *tree;
  struct eagre_arena arena;
  struct eagre_join_table **tables; /* by static_number */
  struct eagre_stages *stages;
};

/* ---- Sources --------------------------------------------------------------------------------- */

static bool must_abandon(const struct runtime_batch *batch) {
  return batch->runtime != NULL && eagre_runtime_must_abandon(batch->runtime);
}

static enum eagre_status read_rows(struct batch_work *work, struct eagre_source_reader *reader,
                                   uint32_t stage, struct eagre_error *error) {
  EAGRE_TRY(eagre_source_reader_begin(reader, error));
  while (!eagre_stages_is_finished(work->stages, stage)) {
    if (must_abandon(work->batch)) return EAGRE_CANCELLED;
    struct eagre_batch *batch = eagre_batch_new();
    enum eagre_status status = eagre_source_reader_read(reader, batch, error);
    if (status == EAGRE_OK) {
      EAGRE_TRY(eagre_stages_push(work->stages, stage, batch, error));
      continue;
    }
    eagre_batch_free(batch);
    if (status == EAGRE_END) return EAGRE_OK;
    if (status != EAGRE_AGAIN) return status;
    eagre_io_wait(*work->batch->io, 10000);
  }
  return EAGRE_OK;
}

/* From its start to what is there now. */
static enum eagre_status read_open_source(struct batch_work *work, struct eagre_source *source,
                                          uint32_t stage, struct eagre_error *error) {
  const struct eagre_source_limits limits = {.ignore_rate = true};
  struct eagre_source_plan plan = {0};
  struct eagre_text start = {0};
  struct eagre_source_reader *reader = NULL;
  EAGRE_TRY(eagre_source_start(source, &work->arena, &start, error));
  EAGRE_TRY(eagre_source_plan(source, start, &limits, &work->arena, &plan, error));
  EAGRE_TRY(eagre_source_assign(source, start, plan.end, error));
  EAGRE_TRY(eagre_source_reader_open(source, 0, *work->batch->io, &reader, error));
  enum eagre_status status = read_rows(work, reader, stage, error);
  eagre_source_reader_close(reader);
  return status;
}

static enum eagre_status read_source(struct batch_work *work, uint32_t stage,
                                     struct eagre_error *error) {
  const struct runtime_batch *batch = work->batch;
  if (*batch->io == NULL) EAGRE_TRY(eagre_io_open(NULL, batch->io, error));
  const struct eagre_source_environment environment = {
      .io = *batch->io,
      .zone = batch->session->zone,
      .core_count = 1,
      .startup_timeout_us = batch->startup_timeout_us,
      .fetcher = eagre_option_text(batch->settings, "eagre.kafka.client"),
      .queue_size_bytes = (size_t)eagre_option_integer(batch->settings, "eagre.kafka.queueBytes"),
      .batch_rows_max = (uint32_t)eagre_option_integer(batch->settings, "eagre.source.batchRows"),
  };
  struct eagre_source *source = NULL;
  const struct eagre_plan_source *plan = work->tree->stages[stage].start->source;
  EAGRE_TRY(eagre_source_open(plan, &environment, &source, error));
  enum eagre_status status = read_open_source(work, source, stage, error);
  eagre_source_close(source);
  return status;
}

static enum eagre_status read_leaf(struct batch_work *work, uint32_t stage,
                                   struct eagre_error *error) {
  const struct eagre_plan_node *leaf = work->tree->stages[stage].start;
  if (leaf->kind == EAGRE_PLAN_SOURCE) return read_source(work, stage, error);
  struct eagre_batch *batch = NULL;
  EAGRE_TRY(eagre_values_batch(leaf, work->batch->session, work->batch->now_us, &batch, error));
  return eagre_stages_push(work->stages, stage, batch, error);
}

/* ---- Tables of joins ------------------------------------------------------------------------- */

static enum eagre_status add_rows(void *table, struct eagre_batch *batch,
                                  struct eagre_error *error) {
  return eagre_join_table_add(table, batch, error);
}

struct eagre_join_table **eagre_runtime_tables_new(const struct runtime_batch *batch,
                                                   const struct eagre_plan_tree *tree) {
  struct eagre_join_table **tables = eagre_allocate_zeroed(tree->static_count + 1, sizeof(void *));
  uint64_t size_max = (uint64_t)eagre_option_integer(batch->settings, "eagre.join.tableBytes");
  for (uint32_t i = 0; i < tree->static_count; i++) {
    tables[i] = eagre_join_table_new(tree->statics[i].join, batch->session, size_max);
  }
  return tables;
}

void eagre_runtime_tables_free(struct eagre_join_table **tables,
                               const struct eagre_plan_tree *tree) {
  for (uint32_t i = 0; tables != NULL && i < tree->static_count; i++) {
    eagre_join_table_free(tables[i]);
  }
  eagre_free(tables);
}

enum eagre_status eagre_runtime_tables_fill(const struct runtime_batch *batch,
                                            const struct eagre_plan_tree *tree,
                                            struct eagre_join_table *const *tables,
                                            struct eagre_error *error) {
  for (uint32_t i = 0; i < tree->static_count; i++) {
    eagre_join_table_begin(tables[i], batch->now_us);
    EAGRE_TRY(eagre_runtime_batch_run(batch, &tree->statics[i].tree, add_rows, tables[i], error));
    eagre_join_table_seal(tables[i]);
  }
  return EAGRE_OK;
}

/* ---- The batch ------------------------------------------------------------------------------- */

static enum eagre_status run_stages(struct batch_work *work, struct eagre_error *error) {
  const struct eagre_stateful_epoch epoch = {.batch_timestamp_us = work->batch->now_us,
                                             .is_first_epoch = true};
  EAGRE_TRY(eagre_runtime_tables_fill(work->batch, work->tree, work->tables, error));
  eagre_stages_begin(work->stages, &epoch);
  for (uint32_t i = 0; i < work->tree->stage_count; i++) {
    if (work->tree->stages[i].start->input_count == 0) EAGRE_TRY(read_leaf(work, i, error));
    EAGRE_TRY(eagre_stages_end(work->stages, i, &work->stages, 1, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_runtime_batch_run(const struct runtime_batch *batch,
                                          const struct eagre_plan_tree *tree, eagre_rows_fn *output,
                                          void *output_context, struct eagre_error *error) {
  struct batch_work work = {
      .batch = batch,
      .tree = tree,
      .tables = eagre_runtime_tables_new(batch, tree),
  };
  const struct eagre_stages_options options = {
      .tree = tree,
      .session = batch->session,
      .mode = EAGRE_MODE_COMPLETE,
      .core_count = 1,
      .state_partition_count = 1,
      .tables = work.tables,
      .over_size_max = (uint64_t)eagre_option_integer(batch->settings, "eagre.over.rowsBytes"),
      .output = output,
      .output_context = output_context,
  };
  work.stages = eagre_stages_new(&options);
  enum eagre_status status = run_stages(&work, error);
  eagre_stages_free(work.stages); /* may hold rows of the tables */
  eagre_runtime_tables_free(work.tables, tree);
  eagre_arena_done(&work.arena);
  return status;
}
