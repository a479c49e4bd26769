/* Lag by a checkpoint alone, for one whose pipeline is not at hand (or is a job of Spark's). It
 * does not say where rows come from: brokers are given by the caller, topics are those of the
 * position, and the folder of a file source is that of the files it has taken. */
#include "inspect/inspect_lag.h"

/* ---- Kafka ----------------------------------------------------------------------------------- */

/* Kafka's own rule for names of topics; whatever else stands there goes into no SQL text. */
static bool is_topic(struct eagre_text name) {
  for (size_t i = 0; i < name.size; i++) {
    char byte = name.data[i];
    bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    bool is_digit = byte >= '0' && byte <= '9';
    if (!is_letter && !is_digit && byte != '.' && byte != '_' && byte != '-') return false;
  }
  return name.size > 0 && name.size <= 249;
}

/* "a,b": the topics of a position, each once. False when one is no name of a topic. */
static bool join_topics(const struct eagre_inspect_position *position, struct eagre_buffer *out) {
  for (uint32_t i = 0; i < position->partition_count; i++) {
    struct eagre_text topic = position->partitions[i].topic;
    bool is_repeated = false;
    for (uint32_t j = 0; j < i && !is_repeated; j++) {
      is_repeated = eagre_text_equal(position->partitions[j].topic, topic);
    }
    if (is_repeated) continue;
    if (!is_topic(topic)) return false;
    if (out->size > 0) eagre_buffer_append_char(out, ',');
    eagre_buffer_append_text(out, topic);
  }
  return true;
}

static enum eagre_status check_servers(const struct eagre_inspect_checkpoint *checkpoint,
                                       struct eagre_text servers, struct eagre_error *error) {
  bool is_quoted = servers.size > 0 && (memchr(servers.data, '\'', servers.size) != NULL ||
                                        memchr(servers.data, '\\', servers.size) != NULL);
  if (servers.size > 0 && !is_quoted) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "LAG_NEEDS_SERVERS",
                  "The checkpoint %s reads from Kafka and does not say from which servers.",
                  checkpoint->path);
  eagre_error_hint(error, "give --brokers HOST:PORT, or the pipeline file instead of the "
                          "checkpoint");
  return EAGRE_USAGE;
}

/* A source like the one that wrote the position, made the way all sources are: from SQL. */
static enum eagre_status plan_source(struct eagre_text servers, struct eagre_text topics,
                                     struct eagre_pipeline **out_pipeline,
                                     struct eagre_error *error) {
  static const char sql[] =
      "CREATE SINK nowhere USING noop; CREATE FLOW lag AS INSERT INTO nowhere SELECT value FROM "
      "STREAM read_kafka(bootstrapServers => '${servers}', subscribe => '${topics}', "
      "failOnDataLoss => false)";
  const struct eagre_sql_define defines[] = {
      {.name = EAGRE_TEXT("servers"), .value = servers},
      {.name = EAGRE_TEXT("topics"), .value = topics},
  };
  const struct eagre_plan_request request = {
      .file_name = EAGRE_TEXT("lag"),
      .source = eagre_text_of(sql),
      .defines = defines,
      .define_count = EAGRE_COUNT_OF(defines),
      .storage = EAGRE_TEXT("."),
  };
  return eagre_plan_pipeline(&request, out_pipeline, error);
}

static enum eagre_status look_at_kafka(struct eagre_inspect_lag *lag,
                                       const struct eagre_inspect_checkpoint *checkpoint,
                                       const struct eagre_inspect_lag_row *row,
                                       const struct eagre_inspect_position *position,
                                       struct eagre_text servers, struct eagre_error *error) {
  struct eagre_buffer topics = {0};
  struct eagre_pipeline *pipeline = NULL;
  EAGRE_TRY(check_servers(checkpoint, servers, error));
  enum eagre_status status = EAGRE_OK;
  if (position->partition_count == 0 || !join_topics(position, &topics)) {
    status = eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE",
                             "The position of source %u in %s names no topics of Kafka.",
                             row->source, checkpoint->path);
  }
  if (status == EAGRE_OK)
    status = plan_source(servers, eagre_buffer_text(&topics), &pipeline, error);
  if (status == EAGRE_OK) {
    lag->fetcher = eagre_option_text(&pipeline->flows[0].settings, "eagre.kafka.client");
    status = eagre_inspect_lag_kafka(lag, row, pipeline->flows[0].sources[0], pipeline->zone,
                                     position->text, error);
    eagre_pipeline_free(pipeline);
  }
  eagre_buffer_done(&topics);
  return status;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static struct eagre_text get_folder(struct eagre_text path) {
  while (path.size > 1 && path.data[path.size - 1] != '/') {
    path.size--;
  }
  if (path.size > 1) path.size--;
  return path;
}

static enum eagre_status find_folder(const struct eagre_inspect_checkpoint *checkpoint,
                                     const struct eagre_inspect_file_log *taken,
                                     struct eagre_text *out_folder, struct eagre_error *error) {
  bool is_one = taken->path_count > 0;
  if (is_one) *out_folder = get_folder(taken->paths[0]);
  for (uint64_t i = 1; i < taken->path_count && is_one; i++) {
    is_one = eagre_text_equal(get_folder(taken->paths[i]), *out_folder);
  }
  if (is_one) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "LAG_NEEDS_PIPELINE",
                  "The files that checkpoint %s has taken are not of one folder, so that it does "
                  "not say where others would be.",
                  checkpoint->path);
  eagre_error_hint(error, "give the pipeline file instead of the checkpoint");
  return EAGRE_USAGE;
}

static enum eagre_status look_at_files(struct eagre_inspect_lag *lag,
                                       const struct eagre_inspect_checkpoint *checkpoint,
                                       const struct eagre_inspect_lag_row *row,
                                       const struct eagre_inspect_position *position,
                                       struct eagre_error *error) {
  struct eagre_inspect_file_log taken;
  struct eagre_text folder;
  EAGRE_TRY(eagre_inspect_file_log_read(checkpoint->handle, row->source, position->log_id,
                                        &lag->arena, &taken, error));
  EAGRE_TRY(find_folder(checkpoint, &taken, &folder, error));
  const char *path = eagre_arena_copy_text(&lag->arena, folder).data;
  return eagre_inspect_lag_files(lag, row, path, false, &taken, error);
}

/* ---- All ------------------------------------------------------------------------------------- */

/* Positions of the last committed epoch; where the query begins when there is none. */
static enum eagre_status find_positions(struct eagre_inspect_lag *lag,
                                        const struct eagre_inspect_checkpoint *checkpoint,
                                        struct eagre_inspect_position *positions,
                                        struct eagre_error *error) {
  int64_t last = checkpoint->summary.offsets_last;
  for (uint32_t i = 0; i < checkpoint->source_count; i++) {
    positions[i] = checkpoint->sources[i].position;
  }
  if (last <= 0 || checkpoint->is_committed) return EAGRE_OK;
  struct eagre_checkpoint_offsets before;
  enum eagre_status status =
      eagre_checkpoint_read_offsets(checkpoint->handle, last - 1, &lag->arena, &before, error);
  if (status != EAGRE_OK) return status == EAGRE_END ? EAGRE_OK : status;
  for (uint32_t i = 0; i < checkpoint->source_count && i < before.source_count; i++) {
    eagre_inspect_position_parse(before.sources[i], &lag->arena, &positions[i]);
  }
  return EAGRE_OK;
}

static enum eagre_status look_at_sources(struct eagre_inspect_lag *lag,
                                         const struct eagre_inspect_checkpoint *checkpoint,
                                         struct eagre_text servers, struct eagre_error *error) {
  uint32_t count = checkpoint->source_count;
  struct eagre_inspect_position *positions =
      eagre_arena_allocate(&lag->arena, (count + 1) * sizeof *positions);
  enum eagre_status status = find_positions(lag, checkpoint, positions, error);
  for (uint32_t i = 0; i < count && status == EAGRE_OK; i++) {
    const struct eagre_inspect_position *position = &positions[i];
    struct eagre_inspect_lag_row row = {
        .source = i,
        .kind = position->kind,
        .partition = -1,
        .position = -1,
        .end = -1,
        .lag = -1,
    };
    if (position->kind == EAGRE_INSPECT_KAFKA) {
      status = look_at_kafka(lag, checkpoint, &row, position, servers, error);
    } else if (position->kind == EAGRE_INSPECT_FILES) {
      status = look_at_files(lag, checkpoint, &row, position, error);
    } else {
      eagre_inspect_lag_add(lag, &row);
    }
  }
  return status;
}

enum eagre_status eagre_inspect_lag_checkpoint(const char *directory, struct eagre_text servers,
                                               const struct eagre_inspect_lag_options *options,
                                               struct eagre_buffer *out,
                                               struct eagre_error *error) {
  struct eagre_inspect_lag lag;
  struct eagre_inspect_checkpoint checkpoint = {0};
  enum eagre_status status = eagre_inspect_lag_begin(&lag, options, error);
  if (status == EAGRE_OK) status = eagre_inspect_checkpoint_init(&checkpoint, directory, error);
  if (status == EAGRE_OK) status = look_at_sources(&lag, &checkpoint, servers, error);
  eagre_inspect_lag_end(&lag, status, out);
  eagre_inspect_checkpoint_done(&checkpoint);
  return status;
}
