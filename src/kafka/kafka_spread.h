/* Topics that are written to, and which of their partitions gets messages without a key. Inside the
 * room only.
 *
 * As in Java's client: one partition for a while, then another one, any that has a leader.
 * librdkafka would do the same (sticky.partitioning.linger.ms), but asks for each message anew,
 * behind a dozen locks and two looks at the clock: a tenth of what a message costs. So we tell it
 * the partition, and it calls us back only when the while is over. Where the user has chosen how,
 * librdkafka does it. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "kafka/kafka_settings.h"

struct eagre_kafka_target {
  struct eagre_kafka_target *next;
  rd_kafka_topic_t *topic;
  bool is_spread;            /* else librdkafka picks for each message */
  _Atomic bool is_learned;   /* the producer's: librdkafka is known to know it; any thread */
  _Atomic int32_t partition; /* picked last, until then; any thread, also those of librdkafka */
  _Atomic int64_t until_us;  /* eagre_kafka_now_us */
};

struct eagre_kafka_spread {
  bool is_ours;
  pthread_mutex_t lock; /* of the list */
  struct eagre_kafka_target *targets;
};

/* Before the client is made: sets what it needs. */
void eagre_kafka_spread_init(struct eagre_kafka_spread *spread,
                             const struct eagre_kafka_settings *settings, rd_kafka_conf_t *conf);
/* Gives the topics back; before the client goes. */
void eagre_kafka_spread_close(struct eagre_kafka_spread *spread);
/* Once the client has gone. */
void eagre_kafka_spread_done(struct eagre_kafka_spread *spread);

/* The topic of that name; any thread. It stays until the spread is closed. */
struct eagre_kafka_target *eagre_kafka_spread_find(struct eagre_kafka_spread *spread,
                                                   rd_kafka_t *client, struct eagre_text name);
/* Where messages without a key go now. -1: the next one that librdkafka is given without a
 * partition picks one, as soon as it knows the topic. Any thread. */
int32_t eagre_kafka_target_partition(struct eagre_kafka_target *target);
