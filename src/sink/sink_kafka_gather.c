/* Messages that go out together: where rows are shown at once, those of a round (docs/internals/
 * epochs.md).
 *
 * A message that librdkafka gets is on its way at once, in a request of its own, while the next
 * batch is still being worked: one answer of a broker that speaks of four partitions would cost
 * four requests, each of which costs the broker more than its bytes do. And what it gets while
 * others of the same partition are under way costs more still: an idempotent producer has to wait
 * for those, and the thread of librdkafka does so in a loop that does not sleep. */
#include <string.h>

#include "sink/sink_kafka.h"

/* Within what librdkafka puts into one request (batch.num.messages, batch.size), and so much that a
 * backlog is worked off quickly over a network whose ways take milliseconds, too. */
enum { COUNT_FULL = 4096, BYTES_FULL = 512 << 10 };

/* Without bytes the pointer says whether there is a text. */
static struct eagre_text copy(struct eagre_arena *bytes, struct eagre_text text) {
  return text.size == 0 ? text : eagre_arena_copy_text(bytes, text);
}

static void reserve(struct sink_kafka_gather *gather, uint32_t count) {
  if (gather->count + count <= gather->capacity) return;
  gather->capacity = gather->count + count > COUNT_FULL ? gather->count + count : COUNT_FULL;
  gather->messages =
      eagre_reallocate(gather->messages, gather->capacity * sizeof *gather->messages);
}

void eagre_sink_kafka_gather_take(struct sink_kafka_gather *gather,
                                  const struct eagre_kafka_message *messages, uint32_t count) {
  reserve(gather, count);
  for (uint32_t i = 0; i < count; i++) {
    eagre_assert(messages[i].header_count == 0);
    struct eagre_kafka_message *held = &gather->messages[gather->count++];
    *held = messages[i];
    held->key = copy(&gather->bytes, held->key);
    held->value = copy(&gather->bytes, held->value);
    gather->size += held->key.size + held->value.size;
  }
}

bool eagre_sink_kafka_gather_is_full(const struct sink_kafka_gather *gather) {
  return gather->count >= COUNT_FULL || gather->size >= BYTES_FULL;
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
