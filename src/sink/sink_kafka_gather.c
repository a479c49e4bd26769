/* Messages that go out together: where rows are shown at once, those of a few small batches.
 *
 * A message that librdkafka gets is on its way at once, in a request of its own, while the next
 * batch is still being worked: one answer of a broker that speaks of four partitions would cost
 * four requests, each of which costs the broker more than its bytes do. */
#include <string.h>

#include "sink/sink_kafka.h"

enum { GATHERED_MAX = 1024 /* messages; more than that are worth a request */ };

bool eagre_sink_kafka_gather_fits(const struct sink_kafka_gather *gather, uint32_t count) {
  return gather->count + count <= GATHERED_MAX;
}

static struct eagre_text copy(struct eagre_arena *bytes, struct eagre_text text) {
  return text.size == 0 ? text : eagre_arena_copy_text(bytes, text); /* empty: the data may tell */
}

void eagre_sink_kafka_gather_add(struct sink_kafka_gather *gather,
                                 const struct eagre_kafka_message *messages, uint32_t count) {
  eagre_assert(eagre_sink_kafka_gather_fits(gather, count));
  if (gather->messages == NULL)
    gather->messages = eagre_allocate(GATHERED_MAX * sizeof *gather->messages);
  for (uint32_t i = 0; i < count; i++) {
    eagre_assert(messages[i].header_count == 0);
    struct eagre_kafka_message *held = &gather->messages[gather->count++];
    *held = messages[i];
    held->key = copy(&gather->bytes, held->key);
    held->value = copy(&gather->bytes, held->value);
  }
}

enum eagre_status eagre_sink_kafka_gather_send(struct sink_kafka_gather *gather,
                                               struct eagre_kafka_producer *producer,
                                               struct eagre_text topic, struct eagre_error *error) {
  if (gather->count == 0) return EAGRE_OK;
  uint32_t count = gather->count;
  gather->count = 0;
  enum eagre_status status =
      eagre_kafka_producer_send(producer, topic, gather->messages, count, error);
  eagre_arena_reset(&gather->bytes);
  return status;
}

void eagre_sink_kafka_gather_drop(struct sink_kafka_gather *gather) {
  gather->count = 0;
  eagre_arena_reset(&gather->bytes);
}

void eagre_sink_kafka_gather_done(struct sink_kafka_gather *gather) {
  eagre_arena_done(&gather->bytes);
  eagre_free(gather->messages);
}
