/* Positions in Kafka: a set of (topic, partition, offset), and the JSON texts they are logged as.
 *
 *   {"topicA":{"0":23,"1":45},"topicB":{"0":7}}
 *
 * Printed compact, topics in the order of their bytes, partitions by number, so that equal sets are
 * equal texts. Read with any blanks and any order, as Spark writes them too. */
#pragma once

#include "base/base.h"

enum {
  EAGRE_SOURCE_KAFKA_LATEST = -1,   /* in options only */
  EAGRE_SOURCE_KAFKA_EARLIEST = -2, /* in options only */
};

struct eagre_source_kafka_offset {
  struct eagre_text topic;
  int32_t partition;
  int64_t offset; /* the next one to read */
};

/* Sorted by topic and partition, each once. Immutable once made. */
struct eagre_source_kafka_offsets {
  struct eagre_source_kafka_offset *entries;
  uint32_t count;
};

/* Reads such a text; everything lives in `arena`. False when it is none, or names a partition
 * twice; offsets may be as low as `offset_min`. */
bool eagre_source_kafka_offsets_parse(struct eagre_text text, int64_t offset_min,
                                      struct eagre_arena *arena,
                                      struct eagre_source_kafka_offsets *out);
/* Reads {"topicA":[0,1]}, the value of the option `assign`; offsets are 0. */
bool eagre_source_kafka_partitions_parse(struct eagre_text text, struct eagre_arena *arena,
                                         struct eagre_source_kafka_offsets *out);
struct eagre_text eagre_source_kafka_offsets_print(const struct eagre_source_kafka_offsets *offsets,
                                                   struct eagre_arena *arena);

/* Sorts entries made in any order. False when a partition stands there twice. */
bool eagre_source_kafka_offsets_sort(struct eagre_source_kafka_offsets *offsets);
/* NULL when the partition is not in the set. */
const struct eagre_source_kafka_offset *
eagre_source_kafka_offsets_find(const struct eagre_source_kafka_offsets *offsets,
                                struct eagre_text topic, int32_t partition);
bool eagre_source_kafka_offsets_equal(const struct eagre_source_kafka_offsets *a,
                                      const struct eagre_source_kafka_offsets *b);
/* The entries of `a` whose partitions are not in `b`. */
struct eagre_source_kafka_offsets
eagre_source_kafka_offsets_minus(const struct eagre_source_kafka_offsets *a,
                                 const struct eagre_source_kafka_offsets *b,
                                 struct eagre_arena *arena);
/* A deep copy. */
struct eagre_source_kafka_offsets
eagre_source_kafka_offsets_copy(const struct eagre_source_kafka_offsets *offsets,
                                struct eagre_arena *arena);
/* "a-0, a-1, b-0": for messages; cut after the first few. */
const char *eagre_source_kafka_offsets_list(const struct eagre_source_kafka_offsets *offsets,
                                            struct eagre_arena *arena);
