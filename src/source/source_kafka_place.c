/* Where to start, or to end, as offsets: words, offsets and times. */
#include <inttypes.h>

#include "source/source_kafka.h"

/* ---- Offsets --------------------------------------------------------------------------------- */

static enum eagre_status fail_unassigned(const struct eagre_source_kafka *kafka,
                                         const struct eagre_source_kafka_place *place,
                                         const struct eagre_source_kafka_offsets *assigned,
                                         struct eagre_arena *arena, struct eagre_error *error) {
  bool has_times = place->bound == EAGRE_SOURCE_KAFKA_AT_TIMES;
  eagre_error_set(
      error, EAGRE_USAGE,
      has_times ? "KAFKA_TIMESTAMP_OFFSET_DOES_NOT_MATCH_ASSIGNED"
                : "KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED",
      "If %s contains specific %s, you must specify all TopicPartitions. "
      "Specified: %s; assigned: %s.",
      place->option, has_times ? "timestamps" : "offsets",
      eagre_source_kafka_offsets_list(has_times ? &place->times : &place->offsets, arena),
      eagre_source_kafka_offsets_list(assigned, arena));
  if (!has_times) eagre_error_hint(error, "use -1 for latest, -2 for earliest");
  eagre_source_kafka_place_option(kafka->base.plan, place->option, error);
  return EAGRE_USAGE;
}

static bool are_same_partitions(const struct eagre_source_kafka_offsets *a,
                                const struct eagre_source_kafka_offsets *b,
                                struct eagre_arena *arena) {
  return a->count == b->count && eagre_source_kafka_offsets_minus(a, b, arena).count == 0;
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

static enum eagre_status resolve_offsets(struct eagre_source_kafka *kafka,
                                         const struct eagre_source_kafka_place *place,
                                         struct eagre_arena *arena,
                                         struct eagre_source_kafka_offsets *out,
                                         struct eagre_error *error) {
  struct eagre_source_kafka_offsets earliest;
  struct eagre_source_kafka_offsets latest;
  EAGRE_TRY(eagre_source_kafka_ask_all(kafka, EAGRE_KAFKA_EARLIEST, arena, &earliest, error));
  EAGRE_TRY(eagre_source_kafka_ask_all(kafka, EAGRE_KAFKA_LATEST, arena, &latest, error));
  *out = eagre_source_kafka_offsets_copy(&place->offsets, arena);
  if (!are_same_partitions(&latest, out, arena)) {
    return fail_unassigned(kafka, place, &latest, arena, error);
  }
  resolve_words(out, &earliest, &latest);
  return EAGRE_OK;
}

/* ---- Times ----------------------------------------------------------------------------------- */

static enum eagre_status fail_unmatched(const struct eagre_source_kafka *kafka,
                                        const struct eagre_source_kafka_place *place,
                                        const struct eagre_source_kafka_offset *partition,
                                        int64_t time_ms, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "NO_OFFSET_FOR_TIMESTAMP",
                  "No offset matched from request of topic-partition %.*s-%" PRId32
                  " and timestamp %" PRId64 ": every record there is older.",
                  (int)partition->topic.size, partition->topic.data, partition->partition, time_ms);
  eagre_error_hint(error, "startingOffsetsByTimestampStrategy => 'latest' starts at the end there");
  eagre_source_kafka_place_option(kafka->base.plan, place->option, error);
  return EAGRE_USAGE;
}

/* What is asked for of each partition. */
static enum eagre_status
list_times(const struct eagre_source_kafka *kafka, const struct eagre_source_kafka_place *place,
           const struct eagre_source_kafka_offsets *assigned, struct eagre_arena *arena,
           struct eagre_source_kafka_offsets *out, struct eagre_error *error) {
  if (place->bound == EAGRE_SOURCE_KAFKA_AT_TIMES) {
    *out = place->times;
    if (are_same_partitions(assigned, out, arena)) return EAGRE_OK;
    return fail_unassigned(kafka, place, assigned, arena, error);
  }
  *out = eagre_source_kafka_offsets_copy(assigned, arena);
  for (uint32_t i = 0; i < out->count; i++) {
    out->entries[i].offset = place->time_ms;
  }
  return EAGRE_OK;
}

/* The latest offsets were asked for first: what they do not have yet is not older. */
static enum eagre_status resolve_times(struct eagre_source_kafka *kafka,
                                       const struct eagre_source_kafka_place *place,
                                       struct eagre_arena *arena,
                                       struct eagre_source_kafka_offsets *out,
                                       struct eagre_error *error) {
  struct eagre_source_kafka_offsets times;
  struct eagre_source_kafka_offsets found;
  struct eagre_source_kafka_offsets behind;
  EAGRE_TRY(eagre_source_kafka_ask_all(kafka, EAGRE_KAFKA_LATEST, arena, out, error));
  EAGRE_TRY(list_times(kafka, place, out, arena, &times, error));
  EAGRE_TRY(eagre_source_kafka_ask_times(kafka, &times, arena, &found, &behind, error));
  bool is_start = place == &kafka->options.starting;
  if (is_start && !kafka->options.starts_at_latest && behind.count > 0) {
    const struct eagre_source_kafka_offset *first = &behind.entries[0];
    return fail_unmatched(
        kafka, place, first,
        eagre_source_kafka_offsets_find(&times, first->topic, first->partition)->offset, error);
  }
  for (uint32_t i = 0; i < out->count; i++) {
    struct eagre_source_kafka_offset *entry = &out->entries[i];
    const struct eagre_source_kafka_offset *match =
        eagre_source_kafka_offsets_find(&found, entry->topic, entry->partition);
    if (match != NULL) entry->offset = match->offset;
  }
  return EAGRE_OK;
}

/* ---- All ------------------------------------------------------------------------------------- */

enum eagre_status eagre_source_kafka_resolve(struct eagre_source_kafka *kafka,
                                             const struct eagre_source_kafka_place *place,
                                             struct eagre_arena *arena,
                                             struct eagre_source_kafka_offsets *out,
                                             struct eagre_error *error) {
  switch (place->bound) {
  case EAGRE_SOURCE_KAFKA_FROM_EARLIEST:
    return eagre_source_kafka_ask_all(kafka, EAGRE_KAFKA_EARLIEST, arena, out, error);
  case EAGRE_SOURCE_KAFKA_FROM_LATEST:
    return eagre_source_kafka_ask_all(kafka, EAGRE_KAFKA_LATEST, arena, out, error);
  case EAGRE_SOURCE_KAFKA_SPECIFIC:
    return resolve_offsets(kafka, place, arena, out, error);
  case EAGRE_SOURCE_KAFKA_AT_TIME:
  case EAGRE_SOURCE_KAFKA_AT_TIMES:
    return resolve_times(kafka, place, arena, out, error);
  }
  return EAGRE_OK;
}
