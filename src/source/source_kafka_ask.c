/* Questions to the broker. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "expression/expression.h"
#include "source/source_kafka.h"

/* New and deleted partitions are noticed this much later at most: what others have in the meantime
 * may make the first rows of a new one late. As long as Spark waits between two looks, of which
 * each asks for partitions; epochs that come quicker share an answer. */
static const int64_t TOPICS_AGE_US = 10000;

static int64_t now_us(void) {
  return (int64_t)(eagre_clock_monotonic_ns() / 1000);
}

/* ---- Partitions ------------------------------------------------------------------------------ */

static enum eagre_status ask_named(struct eagre_source_kafka *kafka, struct eagre_error *error) {
  const struct eagre_source_kafka_options *options = &kafka->options;
  if (kafka->topics == NULL) {
    kafka->topics =
        eagre_arena_allocate_zeroed(&kafka->arena, options->topic_count * sizeof *kafka->topics);
  }
  for (uint32_t i = 0; i < options->topic_count; i++) {
    kafka->topics[i].name = options->topics[i];
  }
  kafka->topic_count = options->topic_count;
  return eagre_kafka_client_topics(kafka->client, kafka->topics, options->topic_count, error);
}

static enum eagre_status is_wanted(void *context, struct eagre_text name, bool *out_is_wanted,
                                   struct eagre_error *error) {
  return eagre_search_find(context, name, out_is_wanted, error);
}

static enum eagre_status ask_pattern(struct eagre_source_kafka *kafka, struct eagre_error *error) {
  const struct eagre_kafka_topic_filter filter = {is_wanted, kafka->pattern};
  eagre_arena_reset(&kafka->topics_arena);
  kafka->topics = NULL;
  kafka->topic_count = 0;
  return eagre_kafka_client_find_topics(kafka->client, &filter, &kafka->topics_arena,
                                        &kafka->topics, &kafka->topic_count, error);
}

static enum eagre_status ask_topics(struct eagre_source_kafka *kafka, struct eagre_error *error) {
  bool is_fresh = kafka->topics_asked_us > 0 && now_us() - kafka->topics_asked_us < TOPICS_AGE_US;
  if (is_fresh) return EAGRE_OK;
  kafka->topics_asked_us = 0;
  EAGRE_TRY(kafka->pattern == NULL ? ask_named(kafka, error) : ask_pattern(kafka, error));
  kafka->topics_asked_us = now_us();
  return EAGRE_OK;
}

static int32_t count_partitions(const struct eagre_source_kafka *kafka, struct eagre_text topic) {
  for (uint32_t i = 0; i < kafka->topic_count; i++) {
    if (eagre_text_equal(kafka->topics[i].name, topic)) return kafka->topics[i].partition_count;
  }
  return -1;
}

static void list_assigned(const struct eagre_source_kafka *kafka, struct eagre_arena *arena,
                          struct eagre_source_kafka_offsets *out) {
  const struct eagre_source_kafka_offsets *assigned = &kafka->options.assigned;
  out->entries = eagre_arena_allocate(arena, (assigned->count + 1) * sizeof *out->entries);
  for (uint32_t i = 0; i < assigned->count; i++) {
    const struct eagre_source_kafka_offset *entry = &assigned->entries[i];
    if (entry->partition >= count_partitions(kafka, entry->topic)) continue;
    out->entries[out->count++] = *entry;
  }
}

/* Names are copied: those of a pattern go with the next question. */
static void list_subscribed(const struct eagre_source_kafka *kafka, struct eagre_arena *arena,
                            struct eagre_source_kafka_offsets *out) {
  size_t count = 0;
  for (uint32_t i = 0; i < kafka->topic_count; i++) {
    if (kafka->topics[i].partition_count > 0) count += (size_t)kafka->topics[i].partition_count;
  }
  out->entries = eagre_arena_allocate(arena, (count + 1) * sizeof *out->entries);
  for (uint32_t i = 0; i < kafka->topic_count; i++) {
    struct eagre_text name = eagre_arena_copy_text(arena, kafka->topics[i].name);
    for (int32_t number = 0; number < kafka->topics[i].partition_count; number++) {
      out->entries[out->count++] = (struct eagre_source_kafka_offset){name, number, 0};
    }
  }
  bool is_set = eagre_source_kafka_offsets_sort(out);
  eagre_assert(is_set); /* topics are named once */
}

static enum eagre_status list_partitions(struct eagre_source_kafka *kafka,
                                         struct eagre_arena *arena,
                                         struct eagre_source_kafka_offsets *out,
                                         struct eagre_error *error) {
  *out = (struct eagre_source_kafka_offsets){0};
  EAGRE_TRY(ask_topics(kafka, error));
  if (kafka->options.is_assign) {
    list_assigned(kafka, arena, out);
  } else {
    list_subscribed(kafka, arena, out);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_source_kafka_ask_width(struct eagre_source *source, uint32_t *out_width,
                                               struct eagre_error *error) {
  struct eagre_source_kafka *kafka = (struct eagre_source_kafka *)source;
  struct eagre_arena arena = {0};
  struct eagre_source_kafka_offsets partitions;
  enum eagre_status status = list_partitions(kafka, &arena, &partitions, error);
  *out_width = partitions.count;
  eagre_arena_done(&arena);
  return status;
}

/* ---- Offsets --------------------------------------------------------------------------------- */

enum eagre_status eagre_source_kafka_ask_some(struct eagre_source_kafka *kafka,
                                              enum eagre_kafka_end end,
                                              const struct eagre_source_kafka_offsets *partitions,
                                              struct eagre_arena *arena,
                                              struct eagre_source_kafka_offsets *out,
                                              struct eagre_error *error) {
  uint32_t count = partitions->count;
  struct eagre_kafka_offset *asked = eagre_arena_allocate(arena, (count + 1) * sizeof *asked);
  for (uint32_t i = 0; i < count; i++) {
    asked[i] = (struct eagre_kafka_offset){partitions->entries[i].topic,
                                           partitions->entries[i].partition, 0};
  }
  *out = (struct eagre_source_kafka_offsets){
      .entries = eagre_arena_allocate(arena, (count + 1) * sizeof *out->entries)};
  EAGRE_TRY(eagre_kafka_client_offsets(kafka->client, end, asked, count, error));
  for (uint32_t i = 0; i < count; i++) {
    if (asked[i].offset == EAGRE_KAFKA_OFFSET_NONE) {
      kafka->topics_asked_us = 0; /* what we know of the topics is out of date */
      continue;
    }
    out->entries[out->count++] =
        (struct eagre_source_kafka_offset){asked[i].topic, asked[i].partition, asked[i].offset};
  }
  return EAGRE_OK;
}

/* Puts each answer where it belongs. */
static void take_times(struct eagre_source_kafka *kafka, const struct eagre_kafka_offset *answers,
                       uint32_t count, struct eagre_source_kafka_offsets *out,
                       struct eagre_source_kafka_offsets *out_behind) {
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_kafka_offset *answer = &answers[i];
    bool is_behind = answer->offset == EAGRE_KAFKA_OFFSET_BEHIND;
    struct eagre_source_kafka_offsets *into = is_behind ? out_behind : out;
    if (answer->offset == EAGRE_KAFKA_OFFSET_NONE) {
      kafka->topics_asked_us = 0;
      continue;
    }
    into->entries[into->count++] =
        (struct eagre_source_kafka_offset){answer->topic, answer->partition, answer->offset};
  }
}

enum eagre_status eagre_source_kafka_ask_times(struct eagre_source_kafka *kafka,
                                               const struct eagre_source_kafka_offsets *times,
                                               struct eagre_arena *arena,
                                               struct eagre_source_kafka_offsets *out,
                                               struct eagre_source_kafka_offsets *out_behind,
                                               struct eagre_error *error) {
  size_t room = times->count + 1;
  struct eagre_kafka_offset *asked = eagre_arena_allocate(arena, room * sizeof *asked);
  for (uint32_t i = 0; i < times->count; i++) {
    const struct eagre_source_kafka_offset *time = &times->entries[i];
    asked[i] = (struct eagre_kafka_offset){time->topic, time->partition, time->offset};
  }
  *out = (struct eagre_source_kafka_offsets){
      .entries = eagre_arena_allocate(arena, room * sizeof *out->entries)};
  *out_behind = (struct eagre_source_kafka_offsets){
      .entries = eagre_arena_allocate(arena, room * sizeof *out->entries)};
  EAGRE_TRY(eagre_kafka_client_times(kafka->client, asked, times->count, error));
  take_times(kafka, asked, times->count, out, out_behind);
  return EAGRE_OK;
}

enum eagre_status eagre_source_kafka_ask_all(struct eagre_source_kafka *kafka,
                                             enum eagre_kafka_end end, struct eagre_arena *arena,
                                             struct eagre_source_kafka_offsets *out,
                                             struct eagre_error *error) {
  struct eagre_source_kafka_offsets partitions;
  EAGRE_TRY(list_partitions(kafka, arena, &partitions, error));
  return eagre_source_kafka_ask_some(kafka, end, &partitions, arena, out, error);
}

static void sleep_us(int64_t duration_us) {
  struct timespec left = {duration_us / 1000000, duration_us % 1000000 * 1000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

enum eagre_status eagre_source_kafka_ask_latest(struct eagre_source_kafka *kafka,
                                                const struct eagre_source_kafka_offsets *known,
                                                struct eagre_arena *arena,
                                                struct eagre_source_kafka_offsets *out,
                                                struct eagre_error *error) {
  for (int64_t retry = 0;; retry++) {
    EAGRE_TRY(eagre_source_kafka_ask_all(kafka, EAGRE_KAFKA_LATEST, arena, out, error));
    if (!eagre_source_kafka_select_is_behind(out, known)) return EAGRE_OK;
    if (retry >= kafka->options.retry_count) return EAGRE_OK;
    eagre_log(EAGRE_LOG_WARNING,
              "%s: latest offsets are lower than those known already; asking again",
              kafka->description);
    sleep_us(kafka->options.retry_interval_us);
  }
}

/* ---- Existence ------------------------------------------------------------------------------- */

static enum eagre_status fail_missing(struct eagre_source_kafka *kafka, struct eagre_text topic,
                                      int32_t partition, struct eagre_error *error) {
  char suffix[16] = "";
  if (partition >= 0) snprintf(suffix, sizeof suffix, "-%" PRId32, partition);
  eagre_error_set(error, EAGRE_USAGE, "UNKNOWN_TOPIC_OR_PARTITION",
                  "Kafka does not have %s %.*s%s.", partition >= 0 ? "the partition" : "the topic",
                  (int)topic.size, topic.data, suffix);
  struct eagre_text nearest = {0};
  if (partition < 0) {
    nearest = eagre_kafka_client_nearest_topic(kafka->client, topic, &kafka->arena);
  }
  if (nearest.size > 0) {
    eagre_error_hint(error, "did you mean '%.*s'?", (int)nearest.size, nearest.data);
  } else {
    eagre_error_hint(error, "create it first: it is not waited for");
  }
  eagre_source_kafka_place(kafka->base.plan, error);
  return EAGRE_USAGE;
}

enum eagre_status eagre_source_kafka_check_topics(struct eagre_source_kafka *kafka,
                                                  struct eagre_error *error) {
  const struct eagre_source_kafka_options *options = &kafka->options;
  EAGRE_TRY(ask_topics(kafka, error));
  if (kafka->pattern != NULL && kafka->topic_count == 0) {
    eagre_log(EAGRE_LOG_WARNING, "%s: there is no such topic yet", kafka->description);
  }
  for (uint32_t i = 0; i < options->topic_count; i++) {
    if (kafka->topics[i].partition_count >= 0) continue;
    return fail_missing(kafka, options->topics[i], -1, error);
  }
  for (uint32_t i = 0; options->is_assign && i < options->assigned.count; i++) {
    const struct eagre_source_kafka_offset *entry = &options->assigned.entries[i];
    if (entry->partition < count_partitions(kafka, entry->topic)) continue;
    return fail_missing(kafka, entry->topic, entry->partition, error);
  }
  return EAGRE_OK;
}
