/* The Kafka source in open epochs: partitions are read without an end, and the end of an epoch is
 * where the readers stand.
 *
 * The broker is asked what is new while cores read (look_open), so that nobody waits for its answer
 * between two epochs.
 *
 * Threads. The control thread looks at readers here as in source_kafka_ahead.c: while no core
 * reads. */
#include "source/source_kafka.h"

static struct eagre_source_kafka *get_kafka(struct eagre_source *source) {
  return (struct eagre_source_kafka *)source;
}

/* A topic that was made anew is read from where it ends now, as epochs with ends do. */
static void open_ranges(struct eagre_source_kafka_ranges *ranges) {
  for (uint32_t i = 0; i < ranges->count; i++) {
    struct eagre_source_kafka_range *range = &ranges->ranges[i];
    if (range->end < range->begin) range->begin = range->end;
    range->end = EAGRE_KAFKA_NO_END;
  }
}

/* What was known of the broker may be older than what was read since. */
static void raise_latest(struct eagre_source_kafka_offsets *latest,
                         const struct eagre_source_kafka_offsets *reached) {
  for (uint32_t i = 0; i < latest->count; i++) {
    struct eagre_source_kafka_offset *each = &latest->entries[i];
    const struct eagre_source_kafka_offset *entry =
        eagre_source_kafka_offsets_find(reached, each->topic, each->partition);
    if (entry != NULL && entry->offset > each->offset) each->offset = entry->offset;
  }
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* What was asked for while cores read is good for so long. An epoch that lasts longer asks anew. */
static const int64_t LOOKED_US = 2000000;

static int64_t now_us(void) {
  return (int64_t)(eagre_clock_monotonic_ns() / 1000);
}

static enum eagre_status ask(struct eagre_source_kafka *kafka,
                             const struct eagre_source_kafka_offsets *start,
                             struct eagre_arena *arena, struct eagre_source_kafka_offsets *latest,
                             struct eagre_source_kafka_offsets *initial,
                             struct eagre_error *error) {
  EAGRE_TRY(eagre_source_kafka_ask_latest(kafka, start, arena, latest, error));
  return eagre_source_kafka_ask_initial(kafka, start, latest, arena, initial, error);
}

enum eagre_status eagre_source_kafka_look_open(struct eagre_source *source,
                                               struct eagre_error *error) {
  struct eagre_source_kafka *kafka = get_kafka(source);
  struct eagre_source_kafka_looked *looked = &kafka->looked;
  struct eagre_source_kafka_offsets start;
  struct eagre_source_kafka_offsets latest;
  struct eagre_source_kafka_offsets initial;
  looked->asked_us = 0;
  eagre_arena_reset(&looked->arena);
  EAGRE_TRY(eagre_source_kafka_read_position(kafka->open_start, &looked->arena, &start, error));
  EAGRE_TRY(ask(kafka, &start, &looked->arena, &latest, &initial, error));
  /* Who is behind the start for good is to be judged by where the readers stand then. */
  if (eagre_source_kafka_select_is_behind(&latest, &start)) return EAGRE_OK;
  looked->latest = eagre_source_kafka_offsets_copy(&latest, &looked->arena);
  looked->initial = eagre_source_kafka_offsets_copy(&initial, &looked->arena);
  looked->asked_us = now_us();
  eagre_source_kafka_keep_latest(kafka, &looked->latest);
  return EAGRE_OK;
}

/* What the broker has; in `ranges_arena`, as names of topics change places with every question. */
static enum eagre_status find_latest(struct eagre_source_kafka *kafka,
                                     const struct eagre_source_kafka_offsets *start,
                                     struct eagre_source_kafka_offsets *latest,
                                     struct eagre_source_kafka_offsets *initial,
                                     struct eagre_error *error) {
  struct eagre_arena *arena = &kafka->ranges_arena;
  struct eagre_source_kafka_looked *looked = &kafka->looked;
  bool is_known = looked->asked_us > 0 && now_us() - looked->asked_us < LOOKED_US;
  looked->asked_us = 0; /* once */
  if (is_known) {
    *latest = eagre_source_kafka_offsets_copy(&looked->latest, arena);
    *initial = eagre_source_kafka_offsets_copy(&looked->initial, arena);
    raise_latest(latest, start);
    return EAGRE_OK;
  }
  EAGRE_TRY(ask(kafka, start, arena, latest, initial, error));
  *latest = eagre_source_kafka_offsets_copy(latest, arena);
  *initial = eagre_source_kafka_offsets_copy(initial, arena);
  return EAGRE_OK;
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

static enum eagre_status find_ranges(struct eagre_source_kafka *kafka, struct eagre_text start_text,
                                     struct eagre_error *error) {
  struct eagre_arena *arena = &kafka->ranges_arena;
  struct eagre_source_kafka_offsets start;
  struct eagre_source_kafka_offsets latest;
  struct eagre_source_kafka_offsets initial;
  EAGRE_TRY(eagre_source_kafka_read_position(start_text, arena, &start, error));
  EAGRE_TRY(find_latest(kafka, &start, &latest, &initial, error));
  const struct eagre_source_kafka_span span = {
      .start = &start,
      .end = &latest,
      .initial = &initial,
      .fail_on_data_loss = kafka->options.fail_on_data_loss,
      .has_group_id = kafka->options.has_group_id,
  };
  EAGRE_TRY(eagre_source_kafka_select_ranges(&span, arena, &kafka->ranges, error));
  EAGRE_TRY(eagre_source_kafka_check_topic_ids(kafka, &span, error));
  /* By what waits for a flow that starts; afterwards nobody knows what will come. */
  eagre_source_kafka_deal(&kafka->dealt, &kafka->ranges, kafka->base.environment.core_count,
                          kafka->dealt.cores.count == 0);
  open_ranges(&kafka->ranges);
  eagre_source_kafka_keep_latest(kafka, &latest);
  return EAGRE_OK;
}

enum eagre_status eagre_source_kafka_assign_open(struct eagre_source *source,
                                                 struct eagre_text start,
                                                 struct eagre_error *error) {
  struct eagre_source_kafka *kafka = get_kafka(source);
  kafka->planned.is_valid = false;
  kafka->ahead.held_us = 0;
  eagre_source_kafka_group_look(kafka, start);
  eagre_arena_reset(&kafka->ranges_arena);
  kafka->ranges = (struct eagre_source_kafka_ranges){0};
  kafka->open_start = eagre_arena_copy_text(&kafka->ranges_arena, start);
  eagre_source_kafka_ahead_assigned(kafka, eagre_text_make("", 0));
  return find_ranges(kafka, start, error);
}

/* Where the reader of the range stands. */
static int64_t reached_of(const struct eagre_source_kafka *kafka,
                          const struct eagre_source_kafka_range *range) {
  const struct eagre_source_kafka_reader *reader = kafka->ahead.readers[range->core];
  return eagre_kafka_consumer_reached(reader->consumer, range->topic, range->partition);
}

enum eagre_status eagre_source_kafka_reached(struct eagre_source *source, struct eagre_arena *arena,
                                             struct eagre_text *out_end,
                                             struct eagre_error *error) {
  struct eagre_source_kafka *kafka = get_kafka(source);
  struct eagre_source_kafka_offsets start;
  struct eagre_source_kafka_offsets end = {
      .entries = eagre_arena_allocate(arena, (kafka->ranges.count + 1) * sizeof *end.entries)};
  for (uint32_t i = 0; i < kafka->ranges.count; i++) {
    const struct eagre_source_kafka_range *range = &kafka->ranges.ranges[i];
    end.entries[end.count++] = (struct eagre_source_kafka_offset){range->topic, range->partition,
                                                                  reached_of(kafka, range)};
  }
  EAGRE_TRY(eagre_source_kafka_read_position(kafka->open_start, arena, &start, error));
  raise_latest(&kafka->latest, &end);
  /* Equal positions are equal texts, also where Spark wrote the start in its own order. */
  *out_end = eagre_source_kafka_offsets_equal(&start, &end)
                 ? eagre_arena_copy_text(arena, kafka->open_start)
                 : eagre_source_kafka_offsets_print(&end, arena);
  return EAGRE_OK;
}

void eagre_source_kafka_reader_behind(const struct eagre_source_reader *base,
                                      eagre_source_partition_fn *each, void *context) {
  const struct eagre_source_kafka_reader *reader = (const struct eagre_source_kafka_reader *)base;
  const struct eagre_source_kafka *kafka = (const struct eagre_source_kafka *)base->source;
  struct eagre_text topic;
  for (uint32_t i = 0; i < kafka->ranges.count; i++) {
    const struct eagre_source_kafka_range *range = &kafka->ranges.ranges[i];
    if (range->core != base->core) continue;
    if (eagre_kafka_consumer_is_behind(reader->consumer, range->topic, range->partition, &topic))
      each(context, topic, range->partition);
  }
}
