/* Batches that were fetched and not given yet.
 *
 * Aborted transactions: an answer lists the producers that have some in it, each with the offset
 * where it began. From there on the batches of that producer are left out, up to its next marker;
 * the list is worked off in the order of offsets, as Kafka's own client does. */
#include "kafka/kafka_native.h"

#include <stdlib.h>
#include <string.h>

/* ---- The ring -------------------------------------------------------------------------------- */

struct eagre_kafka_held *
eagre_kafka_native_first(const struct eagre_kafka_native_partition *partition) {
  return &partition->held[partition->held_begin];
}

static void grow(struct eagre_kafka_native_partition *partition) {
  uint32_t capacity = partition->held_capacity == 0 ? 4 : partition->held_capacity * 2;
  struct eagre_kafka_held *held = eagre_allocate(capacity * sizeof *held);
  for (uint32_t i = 0; i < partition->held_count; i++) {
    held[i] = partition->held[(partition->held_begin + i) & (partition->held_capacity - 1)];
  }
  eagre_free(partition->held);
  partition->held = held;
  partition->held_begin = 0;
  partition->held_capacity = capacity;
}

static void push(struct eagre_kafka_native_partition *partition, struct eagre_kafka_held held) {
  if (partition->held_count == partition->held_capacity) grow(partition);
  uint32_t slot = (partition->held_begin + partition->held_count) & (partition->held_capacity - 1);
  eagre_kafka_block_acquire(held.block);
  partition->held[slot] = held;
  partition->held_count += 1;
}

void eagre_kafka_native_drop_first(struct eagre_kafka_native_partition *partition) {
  eagre_kafka_block_release(eagre_kafka_native_first(partition)->block);
  partition->held_begin = (partition->held_begin + 1) & (partition->held_capacity - 1);
  partition->held_count -= 1;
}

int64_t eagre_kafka_native_front(const struct eagre_kafka_consumer_partition *partition) {
  const struct eagre_kafka_native_partition *native = partition->native;
  if (native == NULL || native->held_count == 0) return -1;
  return eagre_kafka_native_first(native)->front;
}

void eagre_kafka_native_clear(struct eagre_kafka_consumer_partition *partition) {
  while (partition->native != NULL && partition->native->held_count > 0) {
    eagre_kafka_native_drop_first(partition->native);
  }
}

/* ---- Aborted transactions -------------------------------------------------------------------- */

/* The first `begun_count` of the list have begun; those that have ended since are marked so. */
struct aborted_list {
  struct eagre_kafka_aborted *aborted; /* in the order of their first offsets */
  uint32_t count;
  uint32_t begun_count;
};

enum { ENDED = -1 }; /* as `first_offset` */

static int compare_begins(const void *left, const void *right) {
  const struct eagre_kafka_aborted *a = left;
  const struct eagre_kafka_aborted *b = right;
  return (a->first_offset > b->first_offset) - (a->first_offset < b->first_offset);
}

static struct aborted_list list_aborted(const struct eagre_kafka_fetched *fetched) {
  if (fetched->aborted_count > 1) {
    qsort(fetched->aborted, fetched->aborted_count, sizeof *fetched->aborted, compare_begins);
  }
  return (struct aborted_list){fetched->aborted, fetched->aborted_count, 0};
}

static struct eagre_kafka_aborted *find_begun(struct aborted_list *list, int64_t producer_id) {
  for (uint32_t i = 0; i < list->begun_count; i++) {
    struct eagre_kafka_aborted *aborted = &list->aborted[i];
    if (aborted->producer_id == producer_id && aborted->first_offset != ENDED) return aborted;
  }
  return NULL;
}

/* Whether the records of the batch are for nobody. */
static bool is_left_out(struct aborted_list *list, const struct eagre_kafka_batch *batch) {
  while (list->begun_count < list->count &&
         list->aborted[list->begun_count].first_offset <= batch->last_offset) {
    list->begun_count += 1;
  }
  struct eagre_kafka_aborted *aborted =
      list->begun_count == 0 ? NULL : find_begun(list, batch->producer_id);
  if (batch->is_control) {
    if (aborted != NULL && eagre_kafka_batch_is_abort(batch)) aborted->first_offset = ENDED;
    return true;
  }
  return aborted != NULL && batch->is_transactional;
}

/* ---- Holding --------------------------------------------------------------------------------- */

/* A broker begins with the batch that the position lies in, so its first records may be known. */
static void hold_batch(struct eagre_kafka_consumer_partition *partition,
                       const struct eagre_kafka_batch *batch, int64_t log_start,
                       struct eagre_kafka_block *block) {
  int64_t front = batch->base_offset;
  if (front < partition->fetch_position) front = partition->fetch_position;
  push(partition->native, (struct eagre_kafka_held){
                              .batch = *batch,
                              .block = block,
                              .front = front,
                              .log_start = log_start,
                          });
}

enum eagre_status eagre_kafka_native_hold(struct eagre_kafka_native *native,
                                          struct eagre_kafka_consumer_partition *partition,
                                          const struct eagre_kafka_fetched *fetched,
                                          struct eagre_kafka_block *block,
                                          struct eagre_error *error) {
  struct aborted_list aborted = list_aborted(fetched);
  struct eagre_text bytes = fetched->batches;
  struct eagre_kafka_batch batch;
  enum eagre_status status;
  while ((status = eagre_kafka_batch_read(&bytes, native->checks_crc, &batch, error)) == EAGRE_OK) {
    bool is_known = batch.last_offset < partition->fetch_position;
    bool is_nothing = is_left_out(&aborted, &batch) || batch.record_count == 0;
    if (is_known) continue;
    if (!is_nothing) hold_batch(partition, &batch, fetched->log_start_offset, block);
    partition->fetch_position = batch.last_offset + 1;
  }
  return status == EAGRE_END ? EAGRE_OK : status;
}
