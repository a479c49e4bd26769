/* `eagre checkpoint show --format json`: one object on one line. What is not there is null. */
#include "inspect/inspect_checkpoint.h"

void eagre_inspect_json_name(struct eagre_buffer *out, const char *name) {
  char last = out->size == 0 ? '{' : out->data[out->size - 1];
  if (last != '{' && last != '[') eagre_buffer_append_char(out, ',');
  eagre_buffer_printf(out, "\"%s\":", name);
}

void eagre_inspect_json_text(struct eagre_buffer *out, const char *name, struct eagre_text value) {
  eagre_inspect_json_name(out, name);
  eagre_buffer_append_json_string(out, value);
}

void eagre_inspect_json_integer(struct eagre_buffer *out, const char *name, int64_t value) {
  eagre_inspect_json_name(out, name);
  eagre_buffer_printf(out, "%lld", (long long)value);
}

void eagre_inspect_json_number(struct eagre_buffer *out, const char *name, int64_t value) {
  if (value >= 0) {
    eagre_inspect_json_integer(out, name, value);
    return;
  }
  eagre_inspect_json_name(out, name);
  eagre_buffer_append_string(out, "null");
}

/* 0 is no time: no watermark yet. */
static void print_time(struct eagre_buffer *out, const char *name, int64_t ms) {
  char text[EAGRE_INSPECT_TIME_SIZE];
  if (ms == 0) {
    eagre_inspect_json_number(out, name, -1);
    return;
  }
  eagre_inspect_print_time(ms, text);
  eagre_inspect_json_text(out, name, eagre_text_of(text));
}

/* ---- The last planned epoch ------------------------------------------------------------------ */

static void print_offsets(const struct eagre_inspect_checkpoint *checkpoint,
                          struct eagre_buffer *out) {
  const struct eagre_checkpoint_offsets *offsets = &checkpoint->offsets;
  if (checkpoint->summary.offsets_last < 0) return;
  print_time(out, "batchTimestamp", offsets->timestamp_ms);
  eagre_inspect_json_integer(out, "batchTimestampMs", offsets->timestamp_ms);
  print_time(out, "watermark", offsets->watermark_ms);
  eagre_inspect_json_integer(out, "watermarkMs", offsets->watermark_ms);
  eagre_inspect_json_integer(out, "nextWatermarkMs", checkpoint->next_watermark_ms);
  eagre_inspect_json_name(out, "configuration");
  eagre_buffer_append_char(out, '{');
  for (uint32_t i = 0; i < offsets->configuration_count; i++) {
    if (i > 0) eagre_buffer_append_char(out, ',');
    eagre_buffer_append_json_string(out, offsets->configuration[i].key);
    eagre_buffer_append_char(out, ':');
    eagre_buffer_append_json_string(out, offsets->configuration[i].value);
  }
  eagre_buffer_append_char(out, '}');
}

/* ---- Sources --------------------------------------------------------------------------------- */

static void print_partitions(const struct eagre_inspect_position *position,
                             struct eagre_buffer *out) {
  eagre_inspect_json_name(out, "partitions");
  eagre_buffer_append_char(out, '[');
  for (uint32_t i = 0; i < position->partition_count; i++) {
    const struct eagre_inspect_partition *each = &position->partitions[i];
    eagre_buffer_append_string(out, i == 0 ? "{" : ",{");
    eagre_inspect_json_text(out, "topic", each->topic);
    eagre_inspect_json_integer(out, "partition", each->partition);
    eagre_inspect_json_integer(out, "offset", each->offset);
    eagre_buffer_append_char(out, '}');
  }
  eagre_buffer_append_char(out, ']');
}

static void print_source(const struct eagre_inspect_source *source, uint32_t number,
                         struct eagre_buffer *out) {
  static const char *const kinds[] = {"none", "kafka", "files", "other"};
  eagre_buffer_append_string(out, number == 0 ? "{" : ",{");
  eagre_inspect_json_integer(out, "number", number);
  eagre_inspect_json_text(out, "kind", eagre_text_of(kinds[source->position.kind]));
  eagre_inspect_json_text(out, "position", source->position.text);
  if (source->position.kind == EAGRE_INSPECT_KAFKA) print_partitions(&source->position, out);
  if (source->position.kind == EAGRE_INSPECT_FILES) {
    eagre_inspect_json_integer(out, "logOffset", source->position.log_id);
    eagre_inspect_json_integer(out, "files", (int64_t)source->file_count);
    eagre_inspect_json_text(out, "lastFile", source->file_last);
  }
  eagre_buffer_append_char(out, '}');
}

static void print_sources(const struct eagre_inspect_checkpoint *checkpoint,
                          struct eagre_buffer *out) {
  eagre_inspect_json_name(out, "sources");
  eagre_buffer_append_char(out, '[');
  for (uint32_t i = 0; i < checkpoint->source_count; i++) {
    print_source(&checkpoint->sources[i], i, out);
  }
  eagre_buffer_append_char(out, ']');
}

/* ---- State ----------------------------------------------------------------------------------- */

static void print_state(const struct eagre_inspect_state *state, struct eagre_buffer *out) {
  eagre_inspect_json_name(out, "state");
  eagre_buffer_append_char(out, '[');
  for (uint32_t i = 0; i < state->file_count; i++) {
    const struct eagre_inspect_state_file *file = &state->files[i];
    eagre_buffer_append_string(out, i == 0 ? "{" : ",{");
    eagre_inspect_json_integer(out, "version", file->version);
    eagre_inspect_json_integer(out, "core", file->core);
    eagre_inspect_json_text(out, "attempt", eagre_text_of(file->attempt));
    eagre_inspect_json_text(out, "kind", file->is_full ? EAGRE_TEXT("full") : EAGRE_TEXT("delta"));
    eagre_inspect_json_integer(out, "bytes", (int64_t)file->size);
    eagre_buffer_append_char(out, '}');
  }
  eagre_buffer_append_char(out, ']');
}

static void print_spark_state(const struct eagre_inspect_spark_state *state,
                              struct eagre_buffer *out) {
  eagre_inspect_json_name(out, "sparkState");
  eagre_buffer_append_char(out, '[');
  for (uint32_t i = 0; i < state->operator_count; i++) {
    const struct eagre_inspect_spark_operator *each = &state->operators[i];
    eagre_buffer_append_string(out, i == 0 ? "{" : ",{");
    eagre_inspect_json_integer(out, "operator", each->number);
    eagre_inspect_json_text(out, "name", each->name);
    eagre_inspect_json_integer(out, "partitions", each->partition_count);
    eagre_inspect_json_number(out, "version", each->version_last);
    eagre_inspect_json_integer(out, "files", each->file_count);
    eagre_inspect_json_integer(out, "bytes", (int64_t)each->size);
    eagre_buffer_append_char(out, '}');
  }
  eagre_buffer_append_char(out, ']');
}

static void print_marks(const struct eagre_checkpoint_prepared *prepared,
                        struct eagre_buffer *out) {
  eagre_inspect_json_name(out, "partitions");
  eagre_buffer_append_char(out, '[');
  for (uint32_t i = 0; i < prepared->partition_count; i++) {
    const struct eagre_checkpoint_partition *each = &prepared->partitions[i];
    bool has_rows = each->source != EAGRE_CHECKPOINT_NO_SOURCE;
    eagre_buffer_append_string(out, i == 0 ? "{" : ",{");
    eagre_inspect_json_integer(out, "watermark", each->watermark);
    eagre_inspect_json_number(out, "source", has_rows ? (int64_t)each->source : -1);
    eagre_inspect_json_text(out, "topic", each->topic);
    eagre_inspect_json_number(out, "partition", each->partition);
    eagre_inspect_json_integer(out, "watermarkMs", each->maximum_ms);
    eagre_inspect_json_integer(out, "lastRowsMs", each->last_ms);
    eagre_buffer_append_char(out, '}');
  }
  eagre_buffer_append_char(out, ']');
}

static void print_prepared(const struct eagre_inspect_checkpoint *checkpoint,
                           struct eagre_buffer *out) {
  const struct eagre_checkpoint_prepared *prepared = &checkpoint->prepared;
  eagre_inspect_json_name(out, "prepared");
  if (!checkpoint->has_prepared) {
    eagre_buffer_append_string(out, "null");
    return;
  }
  eagre_buffer_append_char(out, '{');
  eagre_inspect_json_integer(out, "epoch", prepared->epoch);
  eagre_inspect_json_text(out, "attempt", prepared->attempt);
  eagre_inspect_json_integer(out, "sinkPieces", prepared->sink_piece_count);
  eagre_inspect_json_number(out, "stateVersion",
                            prepared->has_state ? prepared->state_version : -1);
  eagre_inspect_json_integer(out, "cores", prepared->core_count);
  print_marks(prepared, out);
  eagre_buffer_append_char(out, '}');
}

/* ---- All ------------------------------------------------------------------------------------- */

static void print_lock(const struct eagre_inspect_lock *lock, struct eagre_buffer *out) {
  eagre_inspect_json_name(out, "lock");
  if (!lock->is_held) {
    eagre_buffer_append_string(out, "null");
    return;
  }
  eagre_buffer_append_char(out, '{');
  eagre_inspect_json_integer(out, "process", lock->process);
  eagre_inspect_json_text(out, "host", eagre_text_of(lock->host));
  eagre_buffer_append_char(out, '}');
}

static void print_restart(const struct eagre_inspect_restart *restart, struct eagre_buffer *out) {
  static const char *const actions[] = {"begin", "next", "rerun", "ask", "refuse"};
  eagre_inspect_json_name(out, "restart");
  eagre_buffer_append_char(out, '{');
  eagre_inspect_json_text(out, "action", eagre_text_of(actions[restart->action]));
  eagre_inspect_json_number(out, "epoch", restart->epoch);
  eagre_inspect_json_text(out, "sentence", restart->sentence);
  eagre_buffer_append_char(out, '}');
}

void eagre_inspect_checkpoint_print_json(const struct eagre_inspect_checkpoint *checkpoint,
                                         struct eagre_buffer *out) {
  eagre_buffer_append_char(out, '{');
  eagre_inspect_json_text(out, "checkpoint", eagre_text_of(checkpoint->path));
  eagre_inspect_json_text(out, "id", eagre_text_of(checkpoint->summary.id));
  eagre_inspect_json_text(out, "writtenBy",
                          checkpoint->is_by_eagre ? EAGRE_TEXT("Eagre") : EAGRE_TEXT("Spark"));
  eagre_inspect_json_number(out, "planned", checkpoint->summary.offsets_last);
  eagre_inspect_json_number(out, "committed", checkpoint->summary.commits_last);
  print_offsets(checkpoint, out);
  print_sources(checkpoint, out);
  print_state(&checkpoint->state, out);
  print_spark_state(&checkpoint->spark_state, out);
  print_prepared(checkpoint, out);
  print_lock(&checkpoint->lock, out);
  print_restart(&checkpoint->restart, out);
  eagre_buffer_append_string(out, "}\n");
}
