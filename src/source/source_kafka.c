/* The Kafka source, control half: one partition belongs to one core, and an epoch reads each from
 * where the last one ended.
 *
 *   Position   {"topic":{"0":23}}, see source_kafka_offsets.h
 *   Start      sources/I/0 holds the first position; `latest` is resolved once
 *   End        Spark's rules, source_kafka_select.h
 *   Cores      each partition belongs to one, chosen by load, source_kafka_deal.h
 *
 * Positions are the checkpoint's. What is committed to a group of Kafka is for tools that show lag.
 */
#include "source/source_kafka.h"

#include <inttypes.h>

#include "expression/expression.h"

static struct eagre_source_kafka *get_kafka(struct eagre_source *source) {
  return (struct eagre_source_kafka *)source;
}

static enum eagre_status validate(const struct eagre_plan_source *plan, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  struct eagre_source_kafka_options options;
  enum eagre_status status = eagre_source_kafka_options_read(plan, &arena, &options, error);
  eagre_arena_done(&arena);
  return status;
}

/* With a checkpoint, a topic that is gone is lost data, and planning says so. */
static bool is_new_query(const struct eagre_source *source) {
  struct eagre_checkpoint *checkpoint = source->environment.checkpoint;
  return checkpoint == NULL || !eagre_checkpoint_summary(checkpoint)->exists;
}

static enum eagre_status open_kafka(struct eagre_source *source, struct eagre_error *error) {
  struct eagre_source_kafka *kafka = get_kafka(source);
  EAGRE_TRY(eagre_source_kafka_options_read(source->plan, &kafka->arena, &kafka->options, error));
  EAGRE_TRY(eagre_source_kafka_options_look_up(&kafka->options, source->plan, error));
  kafka->description = eagre_source_kafka_options_describe(&kafka->options, &kafka->arena);
  kafka->ahead.readers = eagre_arena_allocate_zeroed(
      &kafka->arena, source->environment.core_count * sizeof *kafka->ahead.readers);
  if (kafka->options.pattern.size > 0) {
    EAGRE_TRY(eagre_search_new(kafka->options.pattern, &kafka->pattern, error));
  }
  const struct eagre_kafka_client_options options = {
      .settings = &kafka->options.settings,
      .role = EAGRE_KAFKA_READ,
      .fetcher = eagre_source_kafka_fetcher(source),
      .startup_timeout_us = source->environment.startup_timeout_us,
  };
  EAGRE_TRY(eagre_kafka_client_open(&options, &kafka->client, error));
  EAGRE_TRY(eagre_source_kafka_group_open(kafka, error));
  return is_new_query(source) ? eagre_source_kafka_check_topics(kafka, error) : EAGRE_OK;
}

static void close_kafka(struct eagre_source *source) {
  struct eagre_source_kafka *kafka = get_kafka(source);
  eagre_kafka_group_close(kafka->group);
  eagre_kafka_client_close(kafka->client);
  eagre_search_free(kafka->pattern);
  eagre_arena_done(&kafka->arena);
  eagre_arena_done(&kafka->topics_arena);
  eagre_arena_done(&kafka->identities.arena);
  eagre_arena_done(&kafka->latest_arena);
  eagre_arena_done(&kafka->fixed_arena);
  eagre_arena_done(&kafka->planned.arena);
  eagre_arena_done(&kafka->ranges_arena);
  eagre_source_kafka_dealt_done(&kafka->dealt);
  eagre_arena_done(&kafka->looked.arena);
}

static const char *describe(const struct eagre_source *source) {
  return ((const struct eagre_source_kafka *)source)->description;
}

static enum eagre_status take_committed(struct eagre_source *source, struct eagre_text end,
                                        struct eagre_error *error) {
  (void)error; /* tools that show lag stop no flow */
  eagre_source_kafka_group_tell(get_kafka(source), end);
  return EAGRE_OK;
}

static void print_metrics(struct eagre_source *source, struct eagre_text end_text,
                          struct eagre_buffer *out) {
  struct eagre_source_kafka *kafka = get_kafka(source);
  struct eagre_arena arena = {0};
  struct eagre_source_kafka_offsets end;
  bool is_known = kafka->has_latest &&
                  eagre_source_kafka_read_position(end_text, &arena, &end, NULL) == EAGRE_OK;
  if (is_known) eagre_source_kafka_select_metrics(&end, &kafka->latest, out);
  uint64_t out_of_range = atomic_load_explicit(&kafka->out_of_range_count, memory_order_relaxed);
  uint64_t lost = atomic_load_explicit(&kafka->lost_offset_count, memory_order_relaxed);
  if (is_known && lost > 0) {
    eagre_buffer_printf(out, ",\"dataLoss\":\"%" PRIu64 "\",\"offsetOutOfRange\":\"%" PRIu64 "\"",
                        lost, out_of_range);
  }
  eagre_arena_done(&arena);
}

/* Records from the position to the newest; new partitions count from their beginning. */
static int64_t sum_lag(struct eagre_source_kafka *kafka, struct eagre_text position,
                       struct eagre_arena *arena) {
  struct eagre_source_kafka_offsets read;
  struct eagre_source_kafka_offsets latest;
  struct eagre_source_kafka_offsets added;
  struct eagre_source_kafka_offsets earliest;
  int64_t lag = 0;
  if (eagre_source_kafka_read_position(position, arena, &read, NULL) != EAGRE_OK) return -1;
  if (eagre_source_kafka_ask_all(kafka, EAGRE_KAFKA_LATEST, arena, &latest, NULL) != EAGRE_OK) {
    return -1;
  }
  added = eagre_source_kafka_offsets_minus(&latest, &read, arena);
  if (eagre_source_kafka_ask_some(kafka, EAGRE_KAFKA_EARLIEST, &added, arena, &earliest, NULL) !=
      EAGRE_OK) {
    return -1;
  }
  for (uint32_t i = 0; i < latest.count; i++) {
    const struct eagre_source_kafka_offset *entry = &latest.entries[i];
    const struct eagre_source_kafka_offset *begin =
        eagre_source_kafka_offsets_find(&read, entry->topic, entry->partition);
    if (begin == NULL) {
      begin = eagre_source_kafka_offsets_find(&earliest, entry->topic, entry->partition);
    }
    if (begin != NULL && entry->offset > begin->offset) lag += entry->offset - begin->offset;
  }
  return lag;
}

static int64_t get_lag(struct eagre_source *source, struct eagre_text position) {
  struct eagre_arena arena = {0};
  int64_t lag = sum_lag(get_kafka(source), position, &arena);
  eagre_arena_done(&arena);
  return lag;
}

const struct eagre_source_methods eagre_source_kafka_methods = {
    .source_size = sizeof(struct eagre_source_kafka),
    .reader_size = sizeof(struct eagre_source_kafka_reader),
    .validate = validate,
    .open = open_kafka,
    .close = close_kafka,
    .description = describe,
    .width = eagre_source_kafka_ask_width,
    .start = eagre_source_kafka_start,
    .plan = eagre_source_kafka_plan,
    .assign = eagre_source_kafka_assign,
    .assign_open = eagre_source_kafka_assign_open,
    .look_open = eagre_source_kafka_look_open,
    .reached = eagre_source_kafka_reached,
    .committed = take_committed,
    .metrics = print_metrics,
    .lag = get_lag,
    .rest = eagre_source_kafka_rest,
    .reader_open = eagre_source_kafka_reader_open,
    .reader_close = eagre_source_kafka_reader_close,
    .reader_begin = eagre_source_kafka_reader_begin,
    .reader_read = eagre_source_kafka_reader_read,
    .reader_has_more = eagre_source_kafka_reader_has_more,
    .reader_pause = eagre_source_kafka_reader_pause,
    .reader_behind = eagre_source_kafka_reader_behind,
};
