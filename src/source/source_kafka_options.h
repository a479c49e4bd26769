/* Options of read_kafka as values, checked as Spark checks them (spark-semantics 1.1). Inside the
 * room only. */
#pragma once

#include "kafka/kafka.h"
#include "plan/plan.h"
#include "source/source_kafka_offsets.h"

enum eagre_source_kafka_bound {
  EAGRE_SOURCE_KAFKA_FROM_EARLIEST,
  EAGRE_SOURCE_KAFKA_FROM_LATEST,
  EAGRE_SOURCE_KAFKA_SPECIFIC,
  EAGRE_SOURCE_KAFKA_AT_TIME,  /* one for all partitions */
  EAGRE_SOURCE_KAFKA_AT_TIMES, /* one for each */
};

/* Where to start, or to end. */
struct eagre_source_kafka_place {
  enum eagre_source_kafka_bound bound;
  struct eagre_source_kafka_offsets offsets; /* SPECIFIC; -1 latest, -2 earliest */
  struct eagre_source_kafka_offsets times;   /* AT_TIMES: `offset` is in milliseconds */
  int64_t time_ms;                           /* AT_TIME */
  const char *option;                        /* that says so, or would */
};

struct eagre_source_kafka_options {
  struct eagre_kafka_settings settings;
  const struct eagre_sql_position *setting_positions;
  bool is_assign;
  struct eagre_text pattern; /* subscribePattern; empty = the topics are named */
  struct eagre_text *topics; /* subscribe: as given; assign: those of `assigned` */
  uint32_t topic_count;
  struct eagre_source_kafka_offsets assigned; /* assign */
  struct eagre_source_kafka_place starting;
  struct eagre_source_kafka_place ending; /* batch */
  bool starts_at_latest;    /* where no record is as late as the starting time; else an error */
  int64_t offset_count_max; /* maxOffsetsPerTrigger; 0 = no limit */
  int64_t offset_count_min; /* minOffsetsPerTrigger; 0 = none */
  int64_t trigger_delay_us; /* maxTriggerDelay */
  bool fail_on_data_loss;
  bool has_group_id;
  struct eagre_text group; /* that ends of epochs are committed to; empty = none */
  int64_t retry_count;     /* fetchOffset.numRetries */
  int64_t retry_interval_us;
  int64_t silence_timeout_us; /* kafkaConsumer.pollTimeoutMs */
};

/* Texts point into the plan or live in `arena`. USAGE with the place of the option. */
enum eagre_status eagre_source_kafka_options_read(const struct eagre_plan_source *plan,
                                                  struct eagre_arena *arena,
                                                  struct eagre_source_kafka_options *out,
                                                  struct eagre_error *error);
/* Looks the secrets of the settings up, for a start. USAGE with the place of the setting. */
enum eagre_status
eagre_source_kafka_options_look_up(const struct eagre_source_kafka_options *options,
                                   const struct eagre_plan_source *plan, struct eagre_error *error);
/* "KafkaV2[Subscribe[a, b]]", "KafkaV2[SubscribePattern[a.*]]" or "KafkaV2[Assign[a-0, b-1]]". */
const char *eagre_source_kafka_options_describe(const struct eagre_source_kafka_options *options,
                                                struct eagre_arena *arena);
/* The place of the call in the SQL text, for errors found while running. `error` may be NULL. */
void eagre_source_kafka_place(const struct eagre_plan_source *plan, struct eagre_error *error);
/* The place of the option, or of the call where it is not given. */
void eagre_source_kafka_place_option(const struct eagre_plan_source *plan, const char *option,
                                     struct eagre_error *error);
