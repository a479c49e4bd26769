/* The transactor's insides. Inside the room only. */
#pragma once

#include "kafka/kafka_producer.h"

struct eagre_kafka_transactor {
  struct eagre_kafka_channel channel;
  pthread_mutex_t beginning;  /* the first to send begins; the others wait for it */
  _Atomic bool is_committing; /* an end of the transaction that is sent now is a commit */
  bool is_unknown;            /* nobody knows what became of a commit */
  /* While a marker is sent. */
  rd_kafka_topic_partition_list_t *marker;
  rd_kafka_consumer_group_metadata_t *group;
};
