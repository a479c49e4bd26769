/* Messages that go out together: where rows are shown at once, those of a few small batches.
 *
 * A message that librdkafka gets is on its way at once, in a request of its own, while the next
 * batch is still being worked: one answer of a broker that speaks of four partitions would cost
 * four requests, each of which costs the broker more than its bytes do. */
#include <string.h>

#include "sink/sink_kafka.h"

enum { COUNT_MAX = 1024, BYTES_MAX = 256 << 10 /* more than that are worth a request */ };

static size_t measure(const struct eagre_kafka_message *messages, uint32_t count) {
  size_t size = 0;
  for (uint32_t i = 0; i < count; i++) {
    size += messages[i].key.size + messages[i].value.size;
  }
  return size;
}

/* Without bytes the pointer says whether there is a text. */
static struct eagre_text copy(struct eagre_arena *bytes, struct eagre_text text) {
  return text.size == 0 ? text : eagre_arena_copy_text(bytes, text);
}

bool eagre_sink_kafka_gather_take(struct sink_kafka_gather *gather,
                                  const struct eagre_kafka_message *messages, uint32_t count) {
  size_t size = measure(messages, count);
  bool fits = gather->count + count <= COUNT_MAX && gather->size + size <= BYTES_MAX;
  if (!fits) return false;
  if (gather->messages == NULL)
    gather->messages = eagre_allocate(COUNT_MAX * sizeof *gather->messages);
  for (uint32_t i = 0; i < count; i++) {
    eagre_assert(messages[i].header_count == 0);
    struct eagre_kafka_message *held = &gather->messages[gather->count++];
    *held = messages[i];
    held->key = copy(&gather->bytes, held->key);
    held->value = copy(&gather->bytes, held->value);
  }
  gather->size += size;
  return true;
}

enum eagre_status eagre_sink_kafka_gather_send(struct sink_kafka_gather *gather,
                                               struct eagre_kafka_producer *producer,
                                               struct eagre_text topic, struct eagre_error *error) {
  if (gather->count == 0) return EAGRE_OK;
  enum eagre_status status =
      eagre_kafka_producer_send(producer, topic, gather->messages, gather->count, error);
  eagre_sink_kafka_gather_drop(gather);
  return status;
}

void eagre_sink_kafka_gather_drop(struct sink_kafka_gather *gather) {
  gather->count = 0;
  gather->size = 0;
  eagre_arena_reset(&gather->bytes);
}

void eagre_sink_kafka_gather_done(struct sink_kafka_gather *gather) {
  eagre_arena_done(&gather->bytes);
  eagre_free(gather->messages);
}
