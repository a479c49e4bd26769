/* Resting: an idle flow asks its broker five times a second and not a hundred times.
 *
 * After an epoch the consumers of the readers go on fetching behind its end, and a broker answers a
 * fetch as soon as it has a record. The control thread therefore sleeps until one of them has
 * something, or until REST_US after the broker was asked: new partitions, ends that moved without a
 * record (markers of transactions) and topics that were deleted or made anew show only there. While
 * minOffsetsPerTrigger holds an epoch back it sleeps as long, whatever comes.
 *
 * Threads. A reader belongs to its core, which touches it while it executes a command only. Here
 * the control thread does, between epochs, when no core has a command. */
#include "source/source_kafka.h"

static const int64_t REST_US = 200000;

static int64_t now_us(void) {
  return (int64_t)(eagre_clock_monotonic_ns() / 1000);
}

/* ---- Readers --------------------------------------------------------------------------------- */

static struct eagre_source_kafka *get_kafka(const struct eagre_source_kafka_reader *reader) {
  return (struct eagre_source_kafka *)reader->base.source;
}

void eagre_source_kafka_ahead_enter(struct eagre_source_kafka_reader *reader) {
  get_kafka(reader)->ahead.readers[reader->base.core] = reader;
}

void eagre_source_kafka_ahead_leave(struct eagre_source_kafka_reader *reader) {
  get_kafka(reader)->ahead.readers[reader->base.core] = NULL;
}

static bool are_readers_open(const struct eagre_source_kafka *kafka) {
  for (uint32_t i = 0; i < kafka->base.environment.core_count; i++) {
    if (kafka->ahead.readers[i] == NULL) return false;
  }
  return true;
}

static bool have_begun(const struct eagre_source_kafka *kafka) {
  for (uint32_t i = 0; i < kafka->base.environment.core_count; i++) {
    if (!kafka->ahead.readers[i]->has_begun) return false;
  }
  return true;
}

/* ---- Fetching behind a position -------------------------------------------------------------- */

void eagre_source_kafka_ahead_assigned(struct eagre_source_kafka *kafka,
                                       struct eagre_text position) {
  kafka->ahead.position = eagre_arena_copy_text(&kafka->ranges_arena, position);
  kafka->ahead.asked_us = 0;
}

/* After a start there was no epoch that the readers could have gone on from. */
static enum eagre_status begin_readers(struct eagre_source_kafka *kafka, struct eagre_text position,
                                       struct eagre_error *error) {
  EAGRE_TRY(eagre_source_kafka_assign(&kafka->base, position, position, error));
  for (uint32_t i = 0; i < kafka->base.environment.core_count; i++) {
    EAGRE_TRY(eagre_source_kafka_reader_begin(&kafka->ahead.readers[i]->base, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_source_kafka_ahead_begin(struct eagre_source_kafka *kafka,
                                                 struct eagre_text position,
                                                 struct eagre_error *error) {
  if (position.size == 0 || !are_readers_open(kafka)) return EAGRE_OK;
  if (!eagre_text_equal(kafka->ahead.position, position) || !have_begun(kafka)) {
    EAGRE_TRY(begin_readers(kafka, position, error));
  }
  kafka->ahead.asked_us = now_us();
  return EAGRE_OK;
}

void eagre_source_kafka_ahead_hold(struct eagre_source_kafka *kafka) {
  kafka->ahead.held_us = now_us();
}

/* ---- Resting --------------------------------------------------------------------------------- */

static bool has_come(const struct eagre_source_kafka *kafka) {
  for (uint32_t i = 0; i < kafka->base.environment.core_count; i++) {
    struct eagre_kafka_consumer *consumer = kafka->ahead.readers[i]->consumer;
    if (consumer != NULL && eagre_kafka_consumer_look_ahead(consumer)) return true;
  }
  return false;
}

static void unwatch_readers(const struct eagre_source_kafka *kafka) {
  for (uint32_t i = 0; i < kafka->base.environment.core_count; i++) {
    const struct eagre_kafka_consumer *consumer = kafka->ahead.readers[i]->consumer;
    if (consumer == NULL) continue;
    eagre_io_unwatch(kafka->base.environment.io, eagre_kafka_consumer_descriptor(consumer));
  }
}

static bool watch_readers(const struct eagre_source_kafka *kafka) {
  for (uint32_t i = 0; i < kafka->base.environment.core_count; i++) {
    const struct eagre_kafka_consumer *consumer = kafka->ahead.readers[i]->consumer;
    if (consumer == NULL) continue;
    struct eagre_error ignored; /* who cannot be woken looks as often as its trigger says */
    if (eagre_io_watch(kafka->base.environment.io, eagre_kafka_consumer_descriptor(consumer),
                       &ignored) != EAGRE_OK) {
      unwatch_readers(kafka);
      return false;
    }
  }
  return true;
}

/* Whatever comes, whether it is enough says the broker. */
static bool rest_held(const struct eagre_source_kafka *kafka) {
  int64_t due_us = kafka->triggered_us + kafka->options.trigger_delay_us;
  int64_t until_us = kafka->ahead.held_us + REST_US;
  int64_t left_us = (due_us < until_us ? due_us : until_us) - now_us();
  if (left_us <= 0) return false;
  eagre_io_wait(kafka->base.environment.io, left_us);
  return true;
}

bool eagre_source_kafka_rest(struct eagre_source *source) {
  struct eagre_source_kafka *kafka = (struct eagre_source_kafka *)source;
  if (kafka->ahead.held_us > 0) return rest_held(kafka);
  if (kafka->ahead.asked_us == 0) return false;
  int64_t left_us = kafka->ahead.asked_us + REST_US - now_us();
  if (left_us <= 0 || has_come(kafka) || !watch_readers(kafka)) return false;
  eagre_io_wait(source->environment.io, left_us);
  unwatch_readers(kafka);
  return true;
}
