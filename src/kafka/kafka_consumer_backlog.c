/* The backlog of a partition: a growing ring of messages, oldest first. */
#include "kafka/kafka_consumer.h"

#include <string.h>

enum { CAPACITY_MIN = 64 };

static void grow(struct eagre_kafka_consumer_partition *partition) {
  uint32_t capacity =
      partition->message_capacity == 0 ? CAPACITY_MIN : partition->message_capacity * 2;
  rd_kafka_message_t **messages = eagre_allocate(capacity * sizeof(void *));
  for (uint32_t i = 0; i < partition->message_count; i++) {
    messages[i] = eagre_kafka_consumer_backlog_at(partition, i);
  }
  eagre_free(partition->messages);
  partition->messages = messages;
  partition->message_capacity = capacity;
  partition->message_begin = 0;
}

void eagre_kafka_consumer_backlog_push(struct eagre_kafka_consumer_partition *partition,
                                       rd_kafka_message_t *message) {
  if (partition->message_count == partition->message_capacity) grow(partition);
  uint32_t slot =
      (partition->message_begin + partition->message_count) & (partition->message_capacity - 1);
  partition->messages[slot] = message;
  partition->message_count += 1;
  partition->backlog_size_bytes += message->len + message->key_len;
}

rd_kafka_message_t *
eagre_kafka_consumer_backlog_pop(struct eagre_kafka_consumer_partition *partition) {
  rd_kafka_message_t *message = partition->messages[partition->message_begin];
  partition->message_begin = (partition->message_begin + 1) & (partition->message_capacity - 1);
  partition->message_count -= 1;
  partition->backlog_size_bytes -= message->len + message->key_len;
  return message;
}

void eagre_kafka_consumer_backlog_clear(struct eagre_kafka_consumer_partition *partition) {
  while (partition->message_count > 0) {
    rd_kafka_message_destroy(eagre_kafka_consumer_backlog_pop(partition));
  }
}
