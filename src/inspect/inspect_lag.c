/* How far the flows of a pipeline are behind: positions from their checkpoints, ends from where
 * rows come from. The position is that of the last committed epoch, for only that is done. */
#include "inspect/inspect_lag.h"

/* ---- Rows ------------------------------------------------------------------------------------ */

void eagre_inspect_lag_add(struct eagre_inspect_lag *lag, const struct eagre_inspect_lag_row *row) {
  if (lag->row_count == lag->row_capacity) {
    lag->row_capacity = lag->row_capacity == 0 ? 64 : lag->row_capacity * 2;
    lag->rows = eagre_reallocate(lag->rows, lag->row_capacity * sizeof *lag->rows);
  }
  lag->rows[lag->row_count++] = *row;
}

/* ---- Kafka ----------------------------------------------------------------------------------- */

static void add_partition(struct eagre_inspect_lag *lag,
                          const struct eagre_inspect_lag_row *prototype,
                          const struct eagre_inspect_partition *each, int64_t position,
                          int64_t end) {
  struct eagre_inspect_lag_row row = *prototype;
  row.kind = EAGRE_INSPECT_KAFKA;
  row.name = each->topic;
  row.partition = each->partition;
  row.position = position;
  row.end = end;
  row.lag = position >= 0 && end >= position ? end - position : -1;
  if (position > end && end >= 0) row.lag = 0; /* records were lost: nothing waits there */
  eagre_inspect_lag_add(lag, &row);
}

/* One row per partition of either; a new partition has no position yet, a deleted one no end. */
static void add_partitions(struct eagre_inspect_lag *lag,
                           const struct eagre_inspect_lag_row *prototype,
                           const struct eagre_inspect_position *position,
                           const struct eagre_inspect_position *latest) {
  for (uint32_t i = 0; i < position->partition_count; i++) {
    const struct eagre_inspect_partition *each = &position->partitions[i];
    const struct eagre_inspect_partition *end =
        eagre_inspect_partition_find(latest, each->topic, each->partition);
    add_partition(lag, prototype, each, each->offset, end == NULL ? -1 : end->offset);
  }
  for (uint32_t i = 0; i < latest->partition_count; i++) {
    const struct eagre_inspect_partition *each = &latest->partitions[i];
    if (eagre_inspect_partition_find(position, each->topic, each->partition) != NULL) continue;
    add_partition(lag, prototype, each, -1, each->offset);
  }
}

enum eagre_status eagre_inspect_lag_kafka(struct eagre_inspect_lag *lag,
                                          const struct eagre_inspect_lag_row *prototype,
                                          const struct eagre_plan_source *plan,
                                          const struct eagre_zone *zone, struct eagre_text position,
                                          struct eagre_error *error) {
  /* Without a checkpoint the source has nowhere to write to. */
  const struct eagre_source_environment environment = {
      .io = lag->io,
      .zone = zone,
      .core_count = 1,
      .startup_timeout_us = lag->options->startup_timeout_us,
      .fetcher = lag->fetcher,
  };
  static const struct eagre_source_limits limits = {0};
  struct eagre_source *source = NULL;
  struct eagre_source_plan planned = {0};
  EAGRE_TRY(eagre_source_open(plan, &environment, &source, error));
  enum eagre_status status = EAGRE_OK;
  if (position.size == 0) status = eagre_source_start(source, &lag->arena, &position, error);
  if (status == EAGRE_OK)
    status = eagre_source_plan(source, position, &limits, &lag->arena, &planned, error);
  if (status == EAGRE_OK) {
    struct eagre_inspect_position from;
    struct eagre_inspect_position latest;
    eagre_inspect_position_parse(position, &lag->arena, &from);
    eagre_inspect_position_parse(planned.latest, &lag->arena, &latest);
    add_partitions(lag, prototype, &from, &latest);
  }
  eagre_source_close(source);
  return status;
}

/* ---- Files ----------------------------------------------------------------------------------- */

/* The absolute path behind "FileStreamSource[file:/data/in]". */
static const char *read_path(struct eagre_arena *arena, const char *description) {
  struct eagre_text text = eagre_text_of(description);
  struct eagre_text prefix = EAGRE_TEXT("FileStreamSource[file:");
  eagre_assert(eagre_text_starts_with(text, prefix) && eagre_text_ends_with(text, EAGRE_TEXT("]")));
  return eagre_arena_copy_text(
             arena, eagre_text_make(text.data + prefix.size, text.size - prefix.size - 1))
      .data;
}

static enum eagre_status find_path(struct eagre_inspect_lag *lag,
                                   const struct eagre_plan_source *plan,
                                   const struct eagre_zone *zone, const char **out_path,
                                   struct eagre_error *error) {
  const struct eagre_source_environment environment = {
      .io = lag->io, .zone = zone, .core_count = 1};
  struct eagre_source *source = NULL;
  EAGRE_TRY(eagre_source_open(plan, &environment, &source, error));
  *out_path = read_path(&lag->arena, eagre_source_description(source));
  eagre_source_close(source);
  return EAGRE_OK;
}

/* ---- One source ------------------------------------------------------------------------------ */

/* Where a flow is: its checkpoint, which may not be there yet, and the last committed offsets. */
struct standing {
  struct eagre_checkpoint *checkpoint;
  struct eagre_checkpoint_offsets offsets;
};

/* The position of source `number`; empty: it has none yet. */
static enum eagre_status find_position(struct eagre_inspect_lag *lag,
                                       const struct standing *standing, uint32_t number,
                                       struct eagre_text *out, struct eagre_error *error) {
  *out = EAGRE_TEXT("");
  if (number < standing->offsets.source_count) {
    *out = standing->offsets.sources[number];
    return EAGRE_OK;
  }
  struct eagre_buffer content = {0};
  enum eagre_status status =
      eagre_checkpoint_read_source(standing->checkpoint, number, "0", &content, error);
  struct eagre_text start;
  if (status == EAGRE_OK && eagre_inspect_kafka_start(eagre_buffer_text(&content), &start))
    *out = eagre_arena_copy_text(&lag->arena, start);
  eagre_buffer_done(&content);
  return status == EAGRE_END ? EAGRE_OK : status;
}

static enum eagre_status look_at_files(struct eagre_inspect_lag *lag,
                                       const struct eagre_inspect_lag_row *prototype,
                                       const struct standing *standing,
                                       const struct eagre_plan_source *plan,
                                       const struct eagre_zone *zone, struct eagre_text position,
                                       struct eagre_error *error) {
  struct eagre_inspect_position parsed;
  struct eagre_inspect_file_log taken;
  const char *path = NULL;
  eagre_inspect_position_parse(position, &lag->arena, &parsed);
  EAGRE_TRY(eagre_inspect_file_log_read(standing->checkpoint, plan->number, parsed.log_id,
                                        &lag->arena, &taken, error));
  EAGRE_TRY(find_path(lag, plan, zone, &path, error));
  bool is_glob = strpbrk(path, "{}[]*?\\") != NULL;
  return eagre_inspect_lag_files(lag, prototype, path, is_glob, &taken, error);
}

static enum eagre_status look_at_source(struct eagre_inspect_lag *lag,
                                        const struct eagre_flow *flow,
                                        const struct standing *standing,
                                        const struct eagre_plan_source *plan,
                                        const struct eagre_zone *zone, struct eagre_error *error) {
  struct eagre_inspect_lag_row row = {
      .flow = flow->name,
      .source = plan->number,
      .kind = EAGRE_INSPECT_OTHER,
      .name = EAGRE_TEXT("rate"),
      .partition = -1,
      .position = -1,
      .end = -1,
      .lag = -1,
  };
  struct eagre_text position;
  EAGRE_TRY(find_position(lag, standing, plan->number, &position, error));
  switch (plan->kind) {
  case EAGRE_SOURCE_KAFKA:
    lag->fetcher = eagre_option_text(&flow->settings, "eagre.kafka.client");
    return eagre_inspect_lag_kafka(lag, &row, plan, zone, position, error);
  case EAGRE_SOURCE_FILES:
    return look_at_files(lag, &row, standing, plan, zone, position, error);
  case EAGRE_SOURCE_RATE_MICRO_BATCH:
    row.name = EAGRE_TEXT("rate-micro-batch");
    /* fall through */
  case EAGRE_SOURCE_RATE:
    eagre_inspect_lag_add(lag, &row); /* it makes its rows when they are due: none wait */
    return EAGRE_OK;
  case EAGRE_SOURCE_DELTA:
    return EAGRE_OK; /* read at one version, which has no lag */
  }
  return EAGRE_OK;
}

/* ---- One flow -------------------------------------------------------------------------------- */

static enum eagre_status read_committed(struct eagre_inspect_lag *lag, struct standing *standing,
                                        struct eagre_error *error) {
  int64_t last = eagre_checkpoint_summary(standing->checkpoint)->offsets_last;
  int64_t watermark_ms;
  if (last < 0) return EAGRE_OK;
  enum eagre_status status =
      eagre_checkpoint_read_commit(standing->checkpoint, last, &watermark_ms, error);
  if (status == EAGRE_END) last--;
  if (status != EAGRE_OK && status != EAGRE_END) return status;
  if (last < 0) return EAGRE_OK;
  status = eagre_checkpoint_read_offsets(standing->checkpoint, last, &lag->arena,
                                         &standing->offsets, error);
  return status == EAGRE_END ? EAGRE_OK : status;
}

static enum eagre_status check_sources(const struct eagre_flow *flow,
                                       const struct standing *standing, struct eagre_error *error) {
  uint32_t logged = standing->offsets.source_count;
  if (logged == 0 || logged == flow->source_count) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_UNSAFE, "CHECKPOINT_SOURCES_DIFFER",
                         "The checkpoint %s of flow %.*s has %u sources and the flow has %u.",
                         eagre_checkpoint_path(standing->checkpoint), (int)flow->name.size,
                         flow->name.data, logged, flow->source_count);
}

static enum eagre_status look_at_flow(struct eagre_inspect_lag *lag,
                                      const struct eagre_pipeline *pipeline,
                                      const struct eagre_flow *flow, struct eagre_error *error) {
  static const struct eagre_checkpoint_options options = {.read_only = true};
  struct standing standing = {0};
  const char *directory = eagre_arena_copy_text(&lag->arena, flow->checkpoint).data;
  EAGRE_TRY(eagre_checkpoint_open(lag->io, directory, &options, &standing.checkpoint, error));
  enum eagre_status status = read_committed(lag, &standing, error);
  if (status == EAGRE_OK) status = check_sources(flow, &standing, error);
  for (uint32_t i = 0; i < flow->source_count && status == EAGRE_OK; i++) {
    status = look_at_source(lag, flow, &standing, flow->sources[i], pipeline->zone, error);
  }
  eagre_checkpoint_close(standing.checkpoint);
  return status;
}

/* ---- All ------------------------------------------------------------------------------------- */

enum eagre_status eagre_inspect_lag_begin(struct eagre_inspect_lag *lag,
                                          const struct eagre_inspect_lag_options *options,
                                          struct eagre_error *error) {
  *lag = (struct eagre_inspect_lag){.options = options};
  return eagre_io_open(NULL, &lag->io, error);
}

void eagre_inspect_lag_end(struct eagre_inspect_lag *lag, enum eagre_status status,
                           struct eagre_buffer *out) {
  if (status == EAGRE_OK && lag->options->as_json) eagre_inspect_lag_print_json(lag, out);
  if (status == EAGRE_OK && !lag->options->as_json) eagre_inspect_lag_print_table(lag, out);
  eagre_free(lag->rows);
  eagre_io_close(lag->io);
  eagre_arena_done(&lag->arena);
}

enum eagre_status eagre_inspect_lag(const struct eagre_pipeline *pipeline,
                                    const struct eagre_inspect_lag_options *options,
                                    struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_inspect_lag lag;
  enum eagre_status status = eagre_inspect_lag_begin(&lag, options, error);
  for (uint32_t i = 0; i < pipeline->flow_count && status == EAGRE_OK; i++) {
    status = look_at_flow(&lag, pipeline, &pipeline->flows[i], error);
  }
  if (status != EAGRE_OK) eagre_pipeline_place(pipeline, error);
  eagre_inspect_lag_end(&lag, status, out);
  return status;
}
