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

static enum eagre_status fail_unassigned(const struct eagre_source_kafka *kafka, const char *option,
                                         const struct eagre_source_kafka_offsets *given,
                                         const struct eagre_source_kafka_offsets *assigned,
                                         struct eagre_arena *arena, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED",
                  "If %s contains specific offsets, you must specify all TopicPartitions. "
                  "Specified: %s; assigned: %s.",
                  option, eagre_source_kafka_offsets_list(given, arena),
                  eagre_source_kafka_offsets_list(assigned, arena));
  eagre_error_hint(error, "use -1 for latest, -2 for earliest");
  eagre_source_kafka_place(kafka->base.plan, error);
  return EAGRE_USAGE;
}

/* Replaces -1 and -2 by what they stand for. */
static void resolve_words(struct eagre_source_kafka_offsets *offsets,
                          const struct eagre_source_kafka_offsets *earliest,
                          const struct eagre_source_kafka_offsets *latest) {
  for (uint32_t i = 0; i < offsets->count; i++) {
    struct eagre_source_kafka_offset *entry = &offsets->entries[i];
    if (entry->offset >= 0) continue;
    const struct eagre_source_kafka_offsets *end =
        entry->offset == EAGRE_SOURCE_KAFKA_EARLIEST ? earliest : latest;
    const struct eagre_source_kafka_offset *found =
        eagre_source_kafka_offsets_find(end, entry->topic, entry->partition);
    entry->offset = found == NULL ? 0 : found->offset;
  }
}

/* startingOffsets or endingOffsets as offsets. */
static enum eagre_status resolve_place(struct eagre_source_kafka *kafka, const char *option,
                                       const struct eagre_source_kafka_place *place,
                                       struct eagre_arena *arena,
                                       struct eagre_source_kafka_offsets *out,
                                       struct eagre_error *error) {
  if (place->bound != EAGRE_SOURCE_KAFKA_SPECIFIC) {
    enum eagre_kafka_end end = place->bound == EAGRE_SOURCE_KAFKA_FROM_EARLIEST
                                   ? EAGRE_KAFKA_EARLIEST
                                   : EAGRE_KAFKA_LATEST;
    return eagre_source_kafka_ask_all(kafka, end, arena, out, error);
  }
  struct eagre_source_kafka_offsets earliest;
  struct eagre_source_kafka_offsets latest;
  EAGRE_TRY(eagre_source_kafka_ask_all(kafka, EAGRE_KAFKA_EARLIEST, arena, &earliest, error));
  EAGRE_TRY(eagre_source_kafka_ask_all(kafka, EAGRE_KAFKA_LATEST, arena, &latest, error));
  *out = eagre_source_kafka_offsets_copy(&place->offsets, arena);
  struct eagre_source_kafka_offsets missing = eagre_source_kafka_offsets_minus(&latest, out, arena);
  if (missing.count > 0 || latest.count != out->count) {
    return fail_unassigned(kafka, option, out, &latest, arena, error);
  }
  resolve_words(out, &earliest, &latest);
  return EAGRE_OK;
}

enum eagre_status eagre_source_kafka_start(struct eagre_source *source, struct eagre_arena *arena,
                                           struct eagre_text *out_position,
                                           struct eagre_error *error) {
  struct eagre_source_kafka *kafka = get_kafka(source);
  struct eagre_source_kafka_offsets offsets;
  enum eagre_status status = load_initial(source, arena, out_position, error);
  if (status != EAGRE_END) return status;
  EAGRE_TRY(
      resolve_place(kafka, "startingOffsets", &kafka->options.starting, arena, &offsets, error));
  *out_position = eagre_source_kafka_offsets_print(&offsets, arena);
  return store_initial(source, *out_position, error);
}

/* ---- The next end ---------------------------------------------------------------------------- */

static void keep_latest(struct eagre_source_kafka *kafka,
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

/* Earliest offsets of the partitions of `end` that `start` does not have. */
static enum eagre_status
ask_initial(struct eagre_source_kafka *kafka, const struct eagre_source_kafka_offsets *start,
            const struct eagre_source_kafka_offsets *end, struct eagre_arena *arena,
            struct eagre_source_kafka_offsets *out, struct eagre_error *error) {
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
  struct eagre_source_kafka_ranges ranges;
  return eagre_source_kafka_select_ranges(&span, arena, &ranges, error);
}

static enum eagre_status plan_stream(struct eagre_source_kafka *kafka, struct eagre_text start_text,
                                     const struct eagre_source_limits *limits,
                                     struct eagre_arena *arena, struct eagre_source_plan *out,
                                     struct eagre_error *error) {
  struct eagre_source_kafka_offsets start;
  struct eagre_source_kafka_offsets latest;
  struct eagre_source_kafka_offsets initial;
  EAGRE_TRY(eagre_source_kafka_read_position(start_text, arena, &start, error));
  EAGRE_TRY(find_latest(kafka, limits, &start, arena, &latest, error));
  EAGRE_TRY(ask_initial(kafka, &start, &latest, arena, &initial, error));
  struct eagre_source_kafka_offsets end = latest;
  int64_t offset_count_max = kafka->options.offset_count_max;
  if (!limits->ignore_rate && offset_count_max > 0) {
    end = eagre_source_kafka_select_end(&start, &initial, &latest, offset_count_max, arena);
  }
  EAGRE_TRY(check_losses(kafka, &start, &end, &initial, arena, error));
  out->has_new = start_text.size == 0 || !eagre_source_kafka_offsets_equal(&start, &end);
  /* Equal positions are given as equal texts, also where Spark wrote the start in its own order. */
  bool is_at_latest = eagre_source_kafka_offsets_equal(&end, &latest);
  out->end = out->has_new ? eagre_source_kafka_offsets_print(&end, arena) : start_text;
  out->latest = is_at_latest ? out->end : eagre_source_kafka_offsets_print(&latest, arena);
  out->is_at_fixed_end = limits->fix_end && is_at_latest;
  keep_latest(kafka, &latest);
  keep_planned(kafka, start_text, out->end, &initial);
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
  EAGRE_TRY(resolve_place(kafka, "endingOffsets", &kafka->options.ending, arena, &end, error));
  EAGRE_TRY(eagre_source_kafka_ask_some(kafka, EAGRE_KAFKA_LATEST, &end, arena, &latest, error));
  EAGRE_TRY(check_batch_end(kafka, &start, &end, &latest, error));
  out->has_new = !eagre_source_kafka_offsets_equal(&start, &end);
  out->end = eagre_source_kafka_offsets_print(&end, arena);
  out->latest = eagre_source_kafka_offsets_print(&latest, arena);
  out->is_at_fixed_end = true;
  keep_latest(kafka, &latest);
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
  if (!was_planned) EAGRE_TRY(ask_initial(kafka, &from, &until, scratch, &initial, error));
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
  eagre_arena_done(&scratch);
  return status;
}
