/* Ranges without end: how far they are read, and whether the broker has shown their end. */
#include "kafka/kafka_native.h"

/* The end of a partition as the last answer to a fetch told; less than any when it is not known. */
static int64_t end_heard(const struct eagre_kafka_consumer *consumer,
                         const struct eagre_kafka_consumer_partition *partition) {
  int64_t begin = -1;
  int64_t end = -1;
  if (consumer->native != NULL) return partition->native->end_heard;
  rd_kafka_get_watermark_offsets(consumer->client->handle.client, partition->topic->name,
                                 partition->number, &begin, &end);
  return end;
}

bool eagre_kafka_consumer_is_at_end(const struct eagre_kafka_consumer *consumer,
                                    const struct eagre_kafka_consumer_partition *partition) {
  if (partition->is_starting || consumer->engine->front(partition) >= 0) return false;
  int64_t end = end_heard(consumer, partition);
  /* The native engine has worked off all that it has fetched; how far that is says no end. */
  if (consumer->native != NULL) return end >= 0 && end <= partition->fetch_position;
  return partition->eof_position >= partition->position || (end >= 0 && end <= partition->position);
}

static struct eagre_kafka_consumer_partition *
get_assigned(const struct eagre_kafka_consumer *consumer, struct eagre_text topic, int32_t number) {
  struct eagre_kafka_consumer_partition *partition = consumer->partitions;
  while (partition != NULL &&
         (partition->number != number || !eagre_text_equal_string(topic, partition->topic->name))) {
    partition = partition->next;
  }
  eagre_assert(partition != NULL && partition->end == EAGRE_KAFKA_NO_END);
  return partition;
}

int64_t eagre_kafka_consumer_reached(struct eagre_kafka_consumer *consumer, struct eagre_text topic,
                                     int32_t number) {
  struct eagre_kafka_consumer_partition *partition = get_assigned(consumer, topic, number);
  bool is_empty = consumer->engine->front(partition) < 0;
  if (is_empty && partition->eof_position > partition->position) {
    eagre_kafka_consumer_note_hole(partition, partition->position, partition->eof_position,
                                   partition->log_start);
    eagre_kafka_consumer_move(consumer, partition, partition->eof_position);
  }
  return partition->position;
}

bool eagre_kafka_consumer_is_behind(const struct eagre_kafka_consumer *consumer,
                                    struct eagre_text topic, int32_t number,
                                    struct eagre_text *out_topic) {
  const struct eagre_kafka_consumer_partition *partition = get_assigned(consumer, topic, number);
  *out_topic = eagre_text_of(partition->topic->name);
  return !eagre_kafka_consumer_is_at_end(consumer, partition);
}
