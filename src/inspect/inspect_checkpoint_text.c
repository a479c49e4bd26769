/* `eagre checkpoint show`: a label and what is to be said about it, line by line. */
#include "inspect/inspect_checkpoint.h"

#include <stdio.h>

enum { LABEL_WIDTH = 13 };

static void print_label(struct eagre_buffer *out, const char *label) {
  eagre_buffer_printf(out, "%-*s", LABEL_WIDTH, label);
}

static void print_line(struct eagre_buffer *out, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void print_line(struct eagre_buffer *out, const char *label, const char *format, ...) {
  va_list arguments;
  print_label(out, label);
  va_start(arguments, format);
  eagre_buffer_vprintf(out, format, arguments);
  va_end(arguments);
  eagre_buffer_append_char(out, '\n');
}

void eagre_inspect_print_time(int64_t ms, char out[EAGRE_INSPECT_TIME_SIZE]) {
  struct eagre_zone *zone = NULL;
  int64_t us;
  if (__builtin_mul_overflow(ms, 1000, &us)) us = ms < 0 ? INT64_MIN : INT64_MAX;
  enum eagre_status status = eagre_zone_open(EAGRE_TEXT("UTC"), &zone, NULL);
  eagre_assert(status == EAGRE_OK);
  out[eagre_value_print_json_timestamp(us, zone, out)] = '\0';
  eagre_zone_close(zone);
}

/* "2026-01-01T00:00:30.000Z (1767225630000 ms)"; a watermark of 0 is none. */
static void print_time(struct eagre_buffer *out, int64_t ms) {
  char text[EAGRE_INSPECT_TIME_SIZE];
  if (ms == 0) {
    eagre_buffer_append_string(out, "none yet");
    return;
  }
  eagre_inspect_print_time(ms, text);
  eagre_buffer_printf(out, "%s (%lld ms)", text, (long long)ms);
}

/* ---- Epochs ---------------------------------------------------------------------------------- */

static void print_epochs(const struct eagre_inspect_checkpoint *checkpoint,
                         struct eagre_buffer *out) {
  const struct eagre_checkpoint_summary *summary = &checkpoint->summary;
  if (summary->offsets_last < 0) {
    print_line(out, "planned", "nothing yet");
  } else {
    print_line(out, "planned", "epoch %lld", (long long)summary->offsets_last);
  }
  if (summary->commits_last < 0) {
    print_line(out, "committed", "nothing yet");
  } else {
    print_line(out, "committed", "epoch %lld", (long long)summary->commits_last);
  }
}

static void print_times(const struct eagre_inspect_checkpoint *checkpoint,
                        struct eagre_buffer *out) {
  if (checkpoint->summary.offsets_last < 0) return;
  print_label(out, "batch time");
  print_time(out, checkpoint->offsets.timestamp_ms);
  eagre_buffer_append_char(out, '\n');
  print_label(out, "watermark");
  print_time(out, checkpoint->offsets.watermark_ms);
  if (checkpoint->next_watermark_ms > checkpoint->offsets.watermark_ms) {
    eagre_buffer_append_string(out, ", next ");
    print_time(out, checkpoint->next_watermark_ms);
  }
  eagre_buffer_append_char(out, '\n');
}

/* ---- Sources --------------------------------------------------------------------------------- */

static void print_partitions(const struct eagre_inspect_source *source, struct eagre_buffer *out) {
  const struct eagre_inspect_position *position = &source->position;
  size_t width = strlen("topic");
  for (uint32_t i = 0; i < position->partition_count; i++) {
    size_t size = position->partitions[i].topic.size;
    if (size > width) width = size;
  }
  print_line(out, "", "%-*s  partition  %s", (int)width, "topic",
             source->is_start ? "begins at" : "ends at");
  for (uint32_t i = 0; i < position->partition_count; i++) {
    const struct eagre_inspect_partition *each = &position->partitions[i];
    int padding = (int)(width - each->topic.size);
    print_line(out, "", "%.*s%*s  %9lld  %lld", (int)each->topic.size, each->topic.data, padding,
               "", (long long)each->partition, (long long)each->offset);
  }
}

static void print_source(const struct eagre_inspect_source *source, uint32_t number,
                         struct eagre_buffer *out) {
  char label[24];
  snprintf(label, sizeof label, "source %u", number);
  const struct eagre_inspect_position *position = &source->position;
  switch (position->kind) {
  case EAGRE_INSPECT_NOTHING:
    print_line(out, label, "nothing was read yet");
    break;
  case EAGRE_INSPECT_KAFKA:
    print_line(out, label, "Kafka, %u %s", position->partition_count,
               position->partition_count == 1 ? "partition" : "partitions");
    print_partitions(source, out);
    break;
  case EAGRE_INSPECT_FILES:
    print_line(out, label, "files, %llu seen, log entry %lld",
               (unsigned long long)source->file_count, (long long)position->log_id);
    if (source->file_last.size > 0)
      print_line(out, "", "the last is %.*s", (int)source->file_last.size, source->file_last.data);
    break;
  case EAGRE_INSPECT_OTHER:
    print_line(out, label, "position %.*s", (int)position->text.size, position->text.data);
    break;
  }
}

/* ---- State ----------------------------------------------------------------------------------- */

static void print_state(const struct eagre_inspect_state *state, struct eagre_buffer *out) {
  uint64_t size = 0;
  if (state->file_count == 0) return;
  for (uint32_t i = 0; i < state->file_count; i++) {
    size += state->files[i].size;
  }
  long long first = (long long)state->files[0].version;
  long long last = (long long)state->files[state->file_count - 1].version;
  print_label(out, "state");
  if (first == last) {
    eagre_buffer_printf(out, "version %lld", last);
  } else {
    eagre_buffer_printf(out, "versions %lld to %lld", first, last);
  }
  eagre_buffer_printf(out, ", %u %s, %llu bytes\n", state->file_count,
                      state->file_count == 1 ? "file" : "files", (unsigned long long)size);
}

static void print_spark_state(const struct eagre_inspect_spark_state *state,
                              struct eagre_buffer *out) {
  for (uint32_t i = 0; i < state->operator_count; i++) {
    const struct eagre_inspect_spark_operator *each = &state->operators[i];
    print_line(out, i == 0 ? "Spark state" : "",
               "operator %lld (%.*s), %u partitions, up to version %lld, %u files, %llu bytes",
               (long long)each->number, (int)each->name.size, each->name.data,
               each->partition_count, (long long)each->version_last, each->file_count,
               (unsigned long long)each->size);
  }
}

static void print_prepared(const struct eagre_inspect_checkpoint *checkpoint,
                           struct eagre_buffer *out) {
  const struct eagre_checkpoint_prepared *prepared = &checkpoint->prepared;
  if (!checkpoint->has_prepared) return;
  print_label(out, "prepared");
  eagre_buffer_printf(out, "epoch %lld by attempt %.*s, %u sink pieces", (long long)prepared->epoch,
                      (int)prepared->attempt.size, prepared->attempt.data,
                      prepared->sink_piece_count);
  if (prepared->has_state) {
    eagre_buffer_printf(out, ", state version %lld by %u %s", (long long)prepared->state_version,
                        prepared->core_count, prepared->core_count == 1 ? "core" : "cores");
  }
  eagre_buffer_append_char(out, '\n');
}

/* "watermark 0, clicks 5"; a source that is one partition by its number. */
static void print_partition_name(const struct eagre_checkpoint_partition *partition,
                                 struct eagre_buffer *out) {
  eagre_buffer_printf(out, "watermark %u, ", partition->watermark);
  if (partition->source == EAGRE_CHECKPOINT_NO_SOURCE) {
    eagre_buffer_append_string(out, "no rows yet");
  } else if (partition->partition < 0) {
    eagre_buffer_printf(out, "source %u", partition->source);
  } else {
    eagre_buffer_printf(out, "%.*s %d", (int)partition->topic.size, partition->topic.data,
                        partition->partition);
  }
}

/* With a watermark per partition: which one holds it back. */
static void print_marks(const struct eagre_inspect_checkpoint *checkpoint,
                        struct eagre_buffer *out) {
  const struct eagre_checkpoint_prepared *prepared = &checkpoint->prepared;
  for (uint32_t i = 0; checkpoint->has_prepared && i < prepared->partition_count; i++) {
    char last[EAGRE_INSPECT_TIME_SIZE];
    const struct eagre_checkpoint_partition *partition = &prepared->partitions[i];
    eagre_inspect_print_time(partition->last_ms, last);
    print_label(out, i == 0 ? "partitions" : "");
    print_partition_name(partition, out);
    eagre_buffer_append_string(out, ": ");
    print_time(out, partition->maximum_ms);
    eagre_buffer_printf(
        out, ", %s %s\n",
        partition->source == EAGRE_CHECKPOINT_NO_SOURCE ? "waits since" : "last rows", last);
  }
}

/* ---- All ------------------------------------------------------------------------------------- */

static void print_lock(const struct eagre_inspect_lock *lock, struct eagre_buffer *out) {
  if (!lock->is_held) {
    print_line(out, "lock", "free");
  } else if (lock->process > 0) {
    print_line(out, "lock", "held by process %ld on %s", lock->process, lock->host);
  } else {
    print_line(out, "lock", "held");
  }
}

void eagre_inspect_checkpoint_print_text(const struct eagre_inspect_checkpoint *checkpoint,
                                         struct eagre_buffer *out) {
  print_line(out, "checkpoint", "%s", checkpoint->path);
  print_line(out, "id", "%s", checkpoint->summary.exists ? checkpoint->summary.id : "none yet");
  print_line(out, "written by", "%s", checkpoint->is_by_eagre ? "Eagre" : "Spark");
  print_epochs(checkpoint, out);
  print_times(checkpoint, out);
  for (uint32_t i = 0; i < checkpoint->source_count; i++) {
    print_source(&checkpoint->sources[i], i, out);
  }
  print_state(&checkpoint->state, out);
  print_spark_state(&checkpoint->spark_state, out);
  print_prepared(checkpoint, out);
  print_marks(checkpoint, out);
  print_lock(&checkpoint->lock, out);
  print_line(out, "a start", "%.*s", (int)checkpoint->restart.sentence.size,
             checkpoint->restart.sentence.data);
}
