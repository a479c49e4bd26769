/* The inside of the Kafka source: its control half and its readers. Inside the room only. */
#pragma once

#include <stdatomic.h>

#include "source/source_kafka_deal.h"
#include "source/source_kafka_options.h"
#include "source/source_kafka_select.h"
#include "source/source_kind.h"

/* The range (start, end] that was resolved last, so that `assign` need not ask for what `plan` just
 * asked for. */
struct eagre_source_kafka_planned {
  struct eagre_arena arena;
  bool is_valid;
  struct eagre_text start;
  struct eagre_text end;
  struct eagre_source_kafka_offsets initial; /* earliest offsets of new partitions */
};

/* Which topics the positions are of (source_kafka_topics.c). */
struct eagre_source_kafka_known {
  struct eagre_text name;
  char id[EAGRE_KAFKA_ID_SIZE];
};
struct eagre_source_kafka_topics {
  struct eagre_arena arena;
  struct eagre_source_kafka_known *entries;
  uint32_t count;
  int64_t next_number; /* of the file that is written next */
  bool is_loaded;
};

/* Readers fetch on behind the epoch that they read (source_kafka_ahead.c). */
struct eagre_source_kafka_ahead {
  struct eagre_source_kafka_reader **readers; /* per core; NULL where none is open */
  struct eagre_text position; /* where the ranges assigned last end; empty = none were */
  int64_t
      asked_us;    /* when the broker had nothing behind `position`; 0 = it had, or was not asked */
  int64_t held_us; /* when there was something, and too little for minOffsetsPerTrigger; 0 = not */
};

/* What the broker had while readers were at work: the next assign_open asks for nothing then. */
struct eagre_source_kafka_looked {
  struct eagre_arena arena;
  struct eagre_source_kafka_offsets latest;
  struct eagre_source_kafka_offsets initial; /* of partitions that the readers do not have */
  int64_t asked_us;                          /* monotonic; 0: nobody has looked */
};

/* The control half. Readers see `options`, `ranges` and the counters only. */
struct eagre_source_kafka {
  struct eagre_source base;
  struct eagre_arena arena; /* options */
  struct eagre_source_kafka_options options;
  const char *description;
  struct eagre_kafka_client *client;
  struct eagre_search *pattern; /* NULL: topics are named */
  struct eagre_arena topics_arena;
  struct eagre_kafka_topic *topics; /* as of `topics_asked_us` */
  uint32_t topic_count;
  int64_t topics_asked_us; /* 0: to be asked anew */
  int64_t triggered_us;    /* when minOffsetsPerTrigger let an epoch pass; 0 = not yet */
  struct eagre_arena latest_arena;
  struct eagre_source_kafka_offsets latest; /* as of the last plan */
  bool has_latest;
  struct eagre_arena fixed_arena;
  struct eagre_source_kafka_offsets fixed_end; /* AvailableNow */
  bool has_fixed_end;
  struct eagre_source_kafka_topics identities;
  struct eagre_kafka_group *group; /* that ends of epochs are told to; NULL: none */
  bool has_told;                   /* something, since this source was opened */
  struct eagre_source_kafka_planned planned;
  struct eagre_arena ranges_arena;
  struct eagre_source_kafka_ranges ranges; /* of the last assign; constant while cores read */
  struct eagre_source_kafka_dealt dealt;
  struct eagre_text open_start; /* where ranges without ends begin */
  struct eagre_source_kafka_looked looked;
  struct eagre_source_kafka_ahead ahead;
  _Atomic uint64_t out_of_range_count; /* summed over readers */
  _Atomic uint64_t lost_offset_count;
};

/* One core's half. */
struct eagre_source_kafka_reader {
  struct eagre_source_reader base;
  struct eagre_kafka_consumer *consumer; /* NULL until this core has a partition */
  struct eagre_kafka_losses told;        /* already in the counters of the source */
  bool has_begun;                        /* has ranges that were assigned */
  bool is_watched;
};

/* ---- source_kafka_ask.c: what the broker has ------------------------------------------------- */

/* One end of all partitions there are now. Topics that do not exist give no partitions. */
enum eagre_status eagre_source_kafka_ask_all(struct eagre_source_kafka *kafka,
                                             enum eagre_kafka_end end, struct eagre_arena *arena,
                                             struct eagre_source_kafka_offsets *out,
                                             struct eagre_error *error);
/* One end of these partitions; those that do not exist are left out. */
enum eagre_status eagre_source_kafka_ask_some(struct eagre_source_kafka *kafka,
                                              enum eagre_kafka_end end,
                                              const struct eagre_source_kafka_offsets *partitions,
                                              struct eagre_arena *arena,
                                              struct eagre_source_kafka_offsets *out,
                                              struct eagre_error *error);
/* The first records that are not older than `times` (milliseconds as offsets). A partition whose
 * records are all older is in *out_behind instead; those that do not exist are left out. */
enum eagre_status eagre_source_kafka_ask_times(struct eagre_source_kafka *kafka,
                                               const struct eagre_source_kafka_offsets *times,
                                               struct eagre_arena *arena,
                                               struct eagre_source_kafka_offsets *out,
                                               struct eagre_source_kafka_offsets *out_behind,
                                               struct eagre_error *error);
/* The latest offsets of all partitions. While one of them stands below `known` it is asked again,
 * as often as the options say; then the lower one is believed. */
enum eagre_status eagre_source_kafka_ask_latest(struct eagre_source_kafka *kafka,
                                                const struct eagre_source_kafka_offsets *known,
                                                struct eagre_arena *arena,
                                                struct eagre_source_kafka_offsets *out,
                                                struct eagre_error *error);
/* How many partitions there are now. */
enum eagre_status eagre_source_kafka_ask_width(struct eagre_source *source, uint32_t *out_width,
                                               struct eagre_error *error);
/* Every topic, and with `assign` every partition, exists. USAGE UNKNOWN_TOPIC_OR_PARTITION. */
enum eagre_status eagre_source_kafka_check_topics(struct eagre_source_kafka *kafka,
                                                  struct eagre_error *error);

/* ---- source_kafka_topics.c: topics that were made anew --------------------------------------- */

/* Compares the ids of the topics asked for last with those the checkpoint holds, and keeps new ones
 * there. Does nothing without a checkpoint, and of a topic whose id nobody tells. UNSAFE
 * KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED with failOnDataLoss, MALFORMED_LOG_FILE. */
enum eagre_status eagre_source_kafka_check_topic_ids(struct eagre_source_kafka *kafka,
                                                     const struct eagre_source_kafka_span *span,
                                                     struct eagre_error *error);
/* "v1", then a line for each topic: 32 hexadecimal digits, a space, its name. In `arena`. */
bool eagre_source_kafka_topics_parse(struct eagre_text content, struct eagre_arena *arena,
                                     struct eagre_source_kafka_topics *out);
void eagre_source_kafka_topics_print(const struct eagre_source_kafka_topics *topics,
                                     struct eagre_buffer *out);

/* ---- source_kafka_group.c: positions for tools that show lag --------------------------------- */

/* Opens the group where the flow has one. A source without checkpoint only looks: it tells none. */
enum eagre_status eagre_source_kafka_group_open(struct eagre_source_kafka *kafka,
                                                struct eagre_error *error);
/* Everything before `position` is committed. */
void eagre_source_kafka_group_tell(struct eagre_source_kafka *kafka, struct eagre_text position);
/* A look at the source whose last epoch ended at `start`: tells that when nothing was told yet, for
 * a run that was killed may not have come to it. */
void eagre_source_kafka_group_look(struct eagre_source_kafka *kafka, struct eagre_text start);

/* ---- source_kafka_ahead.c: what readers fetch behind an epoch ------------------------------- */

/* A reader is there, or goes; on its core's thread, while the control thread waits. */
void eagre_source_kafka_ahead_enter(struct eagre_source_kafka_reader *reader);
void eagre_source_kafka_ahead_leave(struct eagre_source_kafka_reader *reader);
/* Readers are given the ranges of an epoch that ends at `position`. */
void eagre_source_kafka_ahead_assigned(struct eagre_source_kafka *kafka,
                                       struct eagre_text position);
/* The broker was asked and has nothing behind `position`: readers fetch from there. */
enum eagre_status eagre_source_kafka_ahead_begin(struct eagre_source_kafka *kafka,
                                                 struct eagre_text position,
                                                 struct eagre_error *error);
/* There is too little for an epoch: nothing is worth looking at for a while. */
void eagre_source_kafka_ahead_hold(struct eagre_source_kafka *kafka);
bool eagre_source_kafka_rest(struct eagre_source *source);

/* ---- source_kafka_place.c: where to start, or to end, as offsets ----------------------------- */

/* USAGE KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED,
 * KAFKA_TIMESTAMP_OFFSET_DOES_NOT_MATCH_ASSIGNED, and, of a start, NO_OFFSET_FOR_TIMESTAMP. */
enum eagre_status eagre_source_kafka_resolve(struct eagre_source_kafka *kafka,
                                             const struct eagre_source_kafka_place *place,
                                             struct eagre_arena *arena,
                                             struct eagre_source_kafka_offsets *out,
                                             struct eagre_error *error);

/* ---- source_kafka_plan.c: positions, start, plan, assign ------------------------------------- */

enum eagre_status eagre_source_kafka_start(struct eagre_source *source, struct eagre_arena *arena,
                                           struct eagre_text *out_position,
                                           struct eagre_error *error);
enum eagre_status eagre_source_kafka_plan(struct eagre_source *source, struct eagre_text start,
                                          const struct eagre_source_limits *limits,
                                          struct eagre_arena *arena, struct eagre_source_plan *out,
                                          struct eagre_error *error);
enum eagre_status eagre_source_kafka_assign(struct eagre_source *source, struct eagre_text start,
                                            struct eagre_text end, struct eagre_error *error);
/* A position from the checkpoint; empty = no partitions. UNSAFE MALFORMED_LOG_FILE. */
enum eagre_status eagre_source_kafka_read_position(struct eagre_text text,
                                                   struct eagre_arena *arena,
                                                   struct eagre_source_kafka_offsets *out,
                                                   struct eagre_error *error);
/* sources/I/0: a zero byte, "v1\n" and a position, as Spark writes it; or without version, as Spark
 * 2.1 did. False when it is neither. */
bool eagre_source_kafka_read_initial(struct eagre_text content, struct eagre_text *out_position);

/* Earliest offsets of the partitions of `end` that `start` does not have. */
enum eagre_status eagre_source_kafka_ask_initial(struct eagre_source_kafka *kafka,
                                                 const struct eagre_source_kafka_offsets *start,
                                                 const struct eagre_source_kafka_offsets *end,
                                                 struct eagre_arena *arena,
                                                 struct eagre_source_kafka_offsets *out,
                                                 struct eagre_error *error);
/* What the broker has now, for progress. */
void eagre_source_kafka_keep_latest(struct eagre_source_kafka *kafka,
                                    const struct eagre_source_kafka_offsets *latest);

/* ---- source_kafka_open.c: epochs without ends ------------------------------------------------ */

enum eagre_status eagre_source_kafka_assign_open(struct eagre_source *source,
                                                 struct eagre_text start,
                                                 struct eagre_error *error);
enum eagre_status eagre_source_kafka_look_open(struct eagre_source *source,
                                               struct eagre_error *error);
enum eagre_status eagre_source_kafka_reached(struct eagre_source *source, struct eagre_arena *arena,
                                             struct eagre_text *out_end, struct eagre_error *error);
void eagre_source_kafka_reader_behind(const struct eagre_source_reader *reader,
                                      eagre_source_partition_fn *each, void *context);

/* ---- source_kafka_reader.c ------------------------------------------------------------------- */

/* What eagre.kafka.client says. */
enum eagre_kafka_fetcher eagre_source_kafka_fetcher(const struct eagre_source *source);

enum eagre_status eagre_source_kafka_reader_open(struct eagre_source_reader *reader,
                                                 struct eagre_error *error);
void eagre_source_kafka_reader_close(struct eagre_source_reader *reader);
bool eagre_source_kafka_reader_has_more(const struct eagre_source_reader *reader);
void eagre_source_kafka_reader_pause(struct eagre_source_reader *reader);
enum eagre_status eagre_source_kafka_reader_begin(struct eagre_source_reader *reader,
                                                  struct eagre_error *error);
enum eagre_status eagre_source_kafka_reader_read(struct eagre_source_reader *reader,
                                                 struct eagre_batch *batch,
                                                 struct eagre_error *error);
