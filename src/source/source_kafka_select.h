/* Which offsets an epoch reads: Spark's rules as functions of sets, without a broker
 * (spark-semantics 1.3, 1.4, 1.7, 1.8). Inside the room only. */
#pragma once

#include "source/source_kafka_offsets.h"

/* The end of the next epoch under maxOffsetsPerTrigger: every partition of `latest` that is behind
 * moves by its share of `offset_count_max`, at least by 1. `initial`: earliest offsets of the
 * partitions of `latest` that `from` does not have. */
struct eagre_source_kafka_offsets
eagre_source_kafka_select_end(const struct eagre_source_kafka_offsets *from,
                              const struct eagre_source_kafka_offsets *initial,
                              const struct eagre_source_kafka_offsets *latest,
                              int64_t offset_count_max, struct eagre_arena *arena);

/* How many offsets lie between the beginnings and `latest`; `initial` as above. */
int64_t eagre_source_kafka_select_count(const struct eagre_source_kafka_offsets *from,
                                        const struct eagre_source_kafka_offsets *initial,
                                        const struct eagre_source_kafka_offsets *latest);

/* Of counts of offsets: INT64_MAX where the sum is larger. */
int64_t eagre_source_kafka_select_add(int64_t a, int64_t b);

/* The partitions of `latest` that stand below `known`: fetched too early after a change of leaders,
 * or a topic made anew. */
bool eagre_source_kafka_select_is_behind(const struct eagre_source_kafka_offsets *latest,
                                         const struct eagre_source_kafka_offsets *known);

/* What is read of one partition; begin > end reads nothing. */
struct eagre_source_kafka_range {
  struct eagre_text topic;
  int32_t partition;
  int64_t begin;
  int64_t end;
  uint32_t core; /* who reads it: source_kafka_deal.h */
};
struct eagre_source_kafka_ranges {
  struct eagre_source_kafka_range *ranges; /* in the order of the end's partitions */
  uint32_t count;
};

struct eagre_source_kafka_span {
  const struct eagre_source_kafka_offsets *start;
  const struct eagre_source_kafka_offsets *end;
  /* Earliest offsets of partitions that are in `end` only; those whose earliest is not known are
   * left out. */
  const struct eagre_source_kafka_offsets *initial;
  bool fail_on_data_loss;
  bool has_group_id;
  bool is_quiet; /* without fail_on_data_loss: do not log losses */
};
/* The ranges of an epoch. UNSAFE KAFKA_DATA_LOSS.{INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS,
 * ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO, PARTITIONS_DELETED,
 * PARTITIONS_DELETED_AND_GROUP_ID_CONFIG_PRESENT, PARTITION_OFFSET_CHANGED}; without
 * fail_on_data_loss a log line each. */
enum eagre_status eagre_source_kafka_select_ranges(const struct eagre_source_kafka_span *span,
                                                   struct eagre_arena *arena,
                                                   struct eagre_source_kafka_ranges *out,
                                                   struct eagre_error *error);

/* A loss: an UNSAFE error of that class, or a log line where the flow goes on. */
enum eagre_status eagre_source_kafka_select_report(const struct eagre_source_kafka_span *span,
                                                   const char *class_name,
                                                   struct eagre_error *error, const char *format,
                                                   ...) __attribute__((format(printf, 4, 5)));

/* With AvailableNow, an end that was fixed at the start must still be there. UNSAFE
 * LOST_TOPIC_PARTITIONS_IN_END_OFFSET_WITH_TRIGGER_AVAILABLENOW,
 * END_OFFSET_HAS_GREATER_OFFSET_FOR_TOPIC_PARTITION_THAN_LATEST_WITH_TRIGGER_AVAILABLENOW. */
enum eagre_status
eagre_source_kafka_select_check_fixed(const struct eagre_source_kafka_offsets *end,
                                      const struct eagre_source_kafka_offsets *latest,
                                      struct eagre_error *error);

/* Appends `"avgOffsetsBehindLatest":"2.8","maxOffsetsBehindLatest":"10",...`. */
void eagre_source_kafka_select_metrics(const struct eagre_source_kafka_offsets *end,
                                       const struct eagre_source_kafka_offsets *latest,
                                       struct eagre_buffer *out);
