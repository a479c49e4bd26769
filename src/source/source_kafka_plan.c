/* Positions of the Kafka source: the first one, the end of the next epoch, the ranges between. */
#include <inttypes.h>
#include <string.h>

#include "source/source_kafka.h"

static struct eagre_source_kafka *get_kafka(struct eagre_source *source) {
  return (struct eagre_source_kafka *)source;
}

enum eagre_status eagre_source_kafka_read_position(struct eagre_text text,
                                                   struct eagre_arena *arena,
                                                   struct eagre_source_kafka_offsets *out,
                                                   struct eagre_error *error) {
  *out = (struct eagre_source_kafka_offsets){0};
  if (text.size == 0) return EAGRE_OK;
  if (eagre_source_kafka_offsets_parse(text, 0, arena, out)) return EAGRE_OK;
  return eagre_error_set(
      error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE",
      "'%.*s' is no position of a Kafka source; one looks like {\"topic\":{\"0\":23}}.",
      (int)(text.size < 100 ? text.size : 100), text.data);
}

/* ---- The first position ---------------------------------------------------------------------- */

bool eagre_source_kafka_read_initial(struct eagre_text content, struct eagre_text *out_position) {
  static const char header[] = {'\0', 'v', '1', '\n'};
  if (content.size == 0 || content.data[0] != '\0') return false;
  size_t skipped = 1;
  if (content.size > 1 && content.data[1] == 'v') {
    if (content.size < sizeof header) return false;
    if (memcmp(content.data, header, sizeof header) != 0) return false;
    skipped = sizeof header;
  }
  *out_position = eagre_text_make(content.data + skipped, content.size - skipped);
  return true;
}

static enum eagre_status fail_initial(const struct eagre_source *source,
                                      struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE",
                  "sources/%u/0 is no initial position of a Kafka source of version 1.",
                  source->plan->number);
  eagre_error_place(error, "%s/sources/%u/0", eagre_checkpoint_path(source->environment.checkpoint),
                    source->plan->number);
  return EAGRE_UNSAFE;
}

/* END when there is none. */
static enum eagre_status load_initial(const struct eagre_source *source, struct eagre_arena *arena,
                                      struct eagre_text *out, struct eagre_error *error) {
  struct eagre_buffer content = {0};
  struct eagre_source_kafka_offsets offsets;
  if (source->environment.checkpoint == NULL) return EAGRE_END;
  enum eagre_status status = eagre_checkpoint_read_source(
      source->environment.checkpoint, source->plan->number, "0", &content, error);
  if (status == EAGRE_OK) {
    bool is_valid = eagre_source_kafka_read_initial(eagre_buffer_text(&content), out) &&
                    eagre_source_kafka_offsets_parse(*out, 0, arena, &offsets);
    if (is_valid) *out = eagre_source_kafka_offsets_print(&offsets, arena);
    if (!is_valid) status = fail_initial(source, error);
  }
  eagre_buffer_done(&content);
  return status;
}

static enum eagre_status store_initial(const struct eagre_source *source, struct eagre_text text,
                                       struct eagre_error *error) {
  struct eagre_buffer content = {0};
  if (source->environment.checkpoint == NULL) return EAGRE_OK;
  eagre_buffer_append(&content, "\0v1\n", 4);
  eagre_buffer_append_text(&content, text);
  enum eagre_status status =
      eagre_checkpoint_write_source(source->environment.checkpoint, source->plan->number, "0",
                                    eagre_buffer_text(&content), error);
  eagre_buffer_done(&content);
  return status;
}

enum eagre_status eagre_source_kafka_start(struct eagre_source *source, struct eagre_arena *arena,
                                           struct eagre_text *out_position,
                                           struct eagre_error *error) {
  struct eagre_source_kafka *kafka = get_kafka(source);
  struct eagre_source_kafka_offsets offsets;
  enum eagre_status status = load_initial(source, arena, out_position, error);
  if (status != EAGRE_END) return status;
  EAGRE_TRY(eagre_source_kafka_resolve(kafka, &kafka->options.starting, arena, &offsets, error));
  *out_position = eagre_source_kafka_offsets_print(&offsets, arena);
  return store_initial(source, *out_position, error);
}

/* ---- The next end ---------------------------------------------------------------------------- */

void eagre_source_kafka_keep_latest(struct eagre_source_kafka *kafka,
                                    const struct eagre_source_kafka_offsets *latest) {
  eagre_arena_reset(&kafka->latest_arena);
  kafka->latest = eagre_source_kafka_offsets_copy(latest, &kafka->latest_arena);
  kafka->has_latest = true;
}

static void keep_planned(struct eagre_source_kafka *kafka, struct eagre_text start,
                         struct eagre_text end, const struct eagre_source_kafka_offsets *initial) {
  struct eagre_source_kafka_planned *planned = &kafka->planned;
  eagre_arena_reset(&planned->arena);
  planned->start = eagre_arena_copy_text(&planned->arena, start);
  planned->end = eagre_arena_copy_text(&planned->arena, end);
  planned->initial = eagre_source_kafka_offsets_copy(initial, &planned->arena);
  planned->is_valid = true;
}

enum eagre_status eagre_source_kafka_ask_initial(struct eagre_source_kafka *kafka,
                                                 const struct eagre_source_kafka_offsets *start,
                                                 const struct eagre_source_kafka_offsets *end,
                                                 struct eagre_arena *arena,
                                                 struct eagre_source_kafka_offsets *out,
                                                 struct eagre_error *error) {
  struct eagre_source_kafka_offsets added = eagre_source_kafka_offsets_minus(end, start, arena);
  *out = (struct eagre_source_kafka_offsets){0};
  if (added.count == 0) return EAGRE_OK;
  return eagre_source_kafka_ask_some(kafka, EAGRE_KAFKA_EARLIEST, &added, arena, out, error);
}

/* What the trigger may read up to; with AvailableNow that is fixed once. */
static enum eagre_status
find_latest(struct eagre_source_kafka *kafka, const struct eagre_source_limits *limits,
            const struct eagre_source_kafka_offsets *start, struct eagre_arena *arena,
            struct eagre_source_kafka_offsets *out, struct eagre_error *error) {
  struct eagre_source_kafka_offsets latest;
  EAGRE_TRY(eagre_source_kafka_ask_latest(kafka, start, arena, &latest, error));
  *out = latest;
  if (!limits->fix_end) return EAGRE_OK;
  if (!kafka->has_fixed_end) {
    kafka->fixed_end = eagre_source_kafka_offsets_copy(&latest, &kafka->fixed_arena);
    kafka->has_fixed_end = true;
  }
  *out = kafka->fixed_end;
  return eagre_source_kafka_select_check_fixed(out, &latest, error);
}

/* minOffsetsPerTrigger holds the epoch back, unless maxTriggerDelay is over since it did not. */
static bool must_wait(struct eagre_source_kafka *kafka, const struct eagre_source_limits *limits,
                      const struct eagre_source_kafka_offsets *start,
                      const struct eagre_source_kafka_offsets *initial,
                      const struct eagre_source_kafka_offsets *latest) {
  const struct eagre_source_kafka_options *options = &kafka->options;
  int64_t now_us = (int64_t)(eagre_clock_monotonic_ns() / 1000);
  if (limits->ignore_rate || options->offset_count_min == 0) return false;
  bool is_due =
      kafka->triggered_us == 0 || now_us - kafka->triggered_us >= options->trigger_delay_us;
  bool is_enough =
      eagre_source_kafka_select_count(start, initial, latest) >= options->offset_count_min;
  if (!is_due && !is_enough) return true;
  kafka->triggered_us = now_us;
  return false;
}

/* Losses end the plan, so that nothing is logged of an epoch that cannot run. */
static enum eagre_status check_losses(struct eagre_source_kafka *kafka,
                                      const struct eagre_source_kafka_offsets *start,
                                      const struct eagre_source_kafka_offsets *end,
                                      const struct eagre_source_kafka_offsets *initial,
                                      struct eagre_arena *arena, struct eagre_error *error) {
  const struct eagre_source_kafka_span span = {
      .start = start,
      .end = end,
      .initial = initial,
      .fail_on_data_loss = kafka->options.fail_on_data_loss,
      .has_group_id = kafka->options.has_group_id,
      .is_quiet = true,
  };
  struct eagre_source_kafka_span told = span;
  struct eagre_source_kafka_ranges ranges;
  told.is_quiet = false;
  EAGRE_TRY(eagre_source_kafka_select_ranges(&span, arena, &ranges, error));
  return eagre_source_kafka_check_topic_ids(kafka, &told, error);
}

static enum eagre_status plan_stream(struct eagre_source_kafka *kafka, struct eagre_text start_text,
                                     const struct eagre_source_limits *limits,
                                     struct eagre_arena *arena, struct eagre_source_plan *out,
                                     struct eagre_error *error) {
  struct eagre_source_kafka_offsets start;
  struct eagre_source_kafka_offsets latest;
  struct eagre_source_kafka_offsets initial;
  kafka->ahead.held_us = 0;
  eagre_source_kafka_group_look(kafka, start_text);
  EAGRE_TRY(eagre_source_kafka_read_position(start_text, arena, &start, error));
  EAGRE_TRY(find_latest(kafka, limits, &start, arena, &latest, error));
  EAGRE_TRY(eagre_source_kafka_ask_initial(kafka, &start, &latest, arena, &initial, error));
  struct eagre_source_kafka_offsets end = latest;
  int64_t offset_count_max = kafka->options.offset_count_max;
  bool is_held = must_wait(kafka, limits, &start, &initial, &latest);
  if (is_held) {
    end = start;
  } else if (!limits->ignore_rate && offset_count_max > 0) {
    end = eagre_source_kafka_select_end(&start, &initial, &latest, offset_count_max, arena);
  }
  EAGRE_TRY(check_losses(kafka, &start, &end, &initial, arena, error));
  out->has_new = start_text.size == 0 || !eagre_source_kafka_offsets_equal(&start, &end);
  /* Equal positions are given as equal texts, also where Spark wrote the start in its own order. */
  bool is_at_latest = eagre_source_kafka_offsets_equal(&end, &latest);
  out->end = out->has_new ? eagre_source_kafka_offsets_print(&end, arena) : start_text;
  out->latest = is_at_latest ? out->end : eagre_source_kafka_offsets_print(&latest, arena);
  out->is_at_fixed_end = limits->fix_end && (is_at_latest || is_held);
  eagre_source_kafka_keep_latest(kafka, &latest);
  keep_planned(kafka, start_text, out->end, &initial);
  if (is_held) {
    eagre_source_kafka_ahead_hold(kafka);
    return EAGRE_OK;
  }
  if (out->has_new || limits->fix_end) return EAGRE_OK;
  return eagre_source_kafka_ahead_begin(kafka, start_text, error);
}

/* ---- Batch ----------------------------------------------------------------------------------- */

/* No start behind its end, no end that the broker does not have yet. */
static enum eagre_status check_batch_end(struct eagre_source_kafka *kafka,
                                         const struct eagre_source_kafka_offsets *start,
                                         struct eagre_source_kafka_offsets *end,
                                         const struct eagre_source_kafka_offsets *latest,
                                         struct eagre_error *error) {
  for (uint32_t i = 0; i < end->count; i++) {
    struct eagre_source_kafka_offset *entry = &end->entries[i];
    const struct eagre_source_kafka_offset *from =
        eagre_source_kafka_offsets_find(start, entry->topic, entry->partition);
    const struct eagre_source_kafka_offset *last =
        eagre_source_kafka_offsets_find(latest, entry->topic, entry->partition);
    if (from != NULL && from->offset > entry->offset) {
      return eagre_error_set(error, EAGRE_USAGE, "RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET",
                             "The start offset %" PRId64 " of %.*s-%" PRId32
                             " is greater than its end offset %" PRId64 ".",
                             from->offset, (int)entry->topic.size, entry->topic.data,
                             entry->partition, entry->offset);
    }
    if (last == NULL || entry->offset <= last->offset) continue;
    if (kafka->options.fail_on_data_loss) {
      return eagre_error_set(
          error, EAGRE_UNSAFE, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE",
          "The end offset %" PRId64 " of %.*s-%" PRId32 " is not there: the latest is %" PRId64 ".",
          entry->offset, (int)entry->topic.size, entry->topic.data, entry->partition, last->offset);
    }
    entry->offset = last->offset;
  }
  return EAGRE_OK;
}

static enum eagre_status plan_batch(struct eagre_source_kafka *kafka, struct eagre_text start_text,
                                    struct eagre_arena *arena, struct eagre_source_plan *out,
                                    struct eagre_error *error) {
  struct eagre_source_kafka_offsets start;
  struct eagre_source_kafka_offsets end;
  struct eagre_source_kafka_offsets latest;
  EAGRE_TRY(eagre_source_kafka_read_position(start_text, arena, &start, error));
  EAGRE_TRY(eagre_source_kafka_resolve(kafka, &kafka->options.ending, arena, &end, error));
  EAGRE_TRY(eagre_source_kafka_ask_some(kafka, EAGRE_KAFKA_LATEST, &end, arena, &latest, error));
  EAGRE_TRY(check_batch_end(kafka, &start, &end, &latest, error));
  out->has_new = !eagre_source_kafka_offsets_equal(&start, &end);
  out->end = eagre_source_kafka_offsets_print(&end, arena);
  out->latest = eagre_source_kafka_offsets_print(&latest, arena);
  out->is_at_fixed_end = true;
  eagre_source_kafka_keep_latest(kafka, &latest);
  return EAGRE_OK;
}

enum eagre_status eagre_source_kafka_plan(struct eagre_source *source, struct eagre_text start,
                                          const struct eagre_source_limits *limits,
                                          struct eagre_arena *arena, struct eagre_source_plan *out,
                                          struct eagre_error *error) {
  struct eagre_source_kafka *kafka = get_kafka(source);
  if (!source->plan->is_stream) return plan_batch(kafka, start, arena, out, error);
  return plan_stream(kafka, start, limits, arena, out, error);
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

static bool is_planned(const struct eagre_source_kafka *kafka, struct eagre_text start,
                       struct eagre_text end) {
  return kafka->planned.is_valid && eagre_text_equal(kafka->planned.start, start) &&
         eagre_text_equal(kafka->planned.end, end);
}

/* An epoch that is run again has the ends of its first run: a topic made anew may not reach them.
 */
static enum eagre_status limit_to_latest(struct eagre_source_kafka *kafka,
                                         const struct eagre_source_kafka_offsets *end,
                                         struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_source_kafka_offsets latest;
  EAGRE_TRY(eagre_source_kafka_ask_latest(kafka, end, arena, &latest, error));
  for (uint32_t i = 0; i < kafka->ranges.count; i++) {
    struct eagre_source_kafka_range *range = &kafka->ranges.ranges[i];
    const struct eagre_source_kafka_offset *last =
        eagre_source_kafka_offsets_find(&latest, range->topic, range->partition);
    int64_t available = last == NULL ? 0 : last->offset;
    if (range->end <= available || range->end <= range->begin) continue;
    if (kafka->options.fail_on_data_loss) {
      return eagre_error_set(error, EAGRE_UNSAFE, "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE",
                             "The epoch ends at offset %" PRId64 " of %.*s-%" PRId32
                             ", which is not there any more: the latest is %" PRId64 ".",
                             range->end, (int)range->topic.size, range->topic.data,
                             range->partition, available);
    }
    eagre_log(EAGRE_LOG_WARNING,
              "records are gone from Kafka and skipped: topic %.*s, partition %" PRId32
              ", the epoch ends at %" PRId64 ", available up to %" PRId64,
              (int)range->topic.size, range->topic.data, range->partition, range->end, available);
    range->end = available;
  }
  return EAGRE_OK;
}

static enum eagre_status assign_ranges(struct eagre_source_kafka *kafka, struct eagre_text start,
                                       struct eagre_text end, struct eagre_arena *scratch,
                                       struct eagre_error *error) {
  struct eagre_source_kafka_offsets from;
  struct eagre_source_kafka_offsets until;
  struct eagre_source_kafka_offsets initial = kafka->planned.initial;
  bool was_planned = is_planned(kafka, start, end);
  EAGRE_TRY(eagre_source_kafka_read_position(start, &kafka->ranges_arena, &from, error));
  EAGRE_TRY(eagre_source_kafka_read_position(end, &kafka->ranges_arena, &until, error));
  if (!was_planned)
    EAGRE_TRY(eagre_source_kafka_ask_initial(kafka, &from, &until, scratch, &initial, error));
  const struct eagre_source_kafka_span span = {
      .start = &from,
      .end = &until,
      .initial = &initial,
      .fail_on_data_loss = kafka->options.fail_on_data_loss,
      .has_group_id = kafka->options.has_group_id,
  };
  EAGRE_TRY(eagre_source_kafka_select_ranges(&span, &kafka->ranges_arena, &kafka->ranges, error));
  bool is_rerun = !was_planned && kafka->base.plan->is_stream;
  return is_rerun ? limit_to_latest(kafka, &until, scratch, error) : EAGRE_OK;
}

enum eagre_status eagre_source_kafka_assign(struct eagre_source *source, struct eagre_text start,
                                            struct eagre_text end, struct eagre_error *error) {
  struct eagre_source_kafka *kafka = get_kafka(source);
  struct eagre_arena scratch = {0};
  eagre_arena_reset(&kafka->ranges_arena);
  kafka->ranges = (struct eagre_source_kafka_ranges){0};
  eagre_source_kafka_ahead_assigned(kafka, end);
  enum eagre_status status = assign_ranges(kafka, start, end, &scratch, error);
  if (status == EAGRE_OK)
    eagre_source_kafka_deal(&kafka->dealt, &kafka->ranges, source->environment.core_count, true);
  eagre_arena_done(&scratch);
  return status;
}
