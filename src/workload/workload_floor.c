/* A consumer beside the flows: the same records by the same broker, and no engine. */
#include "workload/workload_floor.h"

#include <pthread.h>

#include "io/io.h"

static const int64_t STARTUP_TIMEOUT_US = 30000000;
static const int64_t WAIT_US = 100000; /* how long a stop may go unheard at most */

struct eagre_workload_floor {
  struct eagre_arena arena;
  struct eagre_kafka_settings settings;
  struct eagre_kafka_range *ranges;
  uint32_t range_count;
  const _Atomic int64_t *count_from_us;
  _Atomic bool must_stop;
  pthread_t thread;
  /* The thread's, until it has ended. */
  struct eagre_io *io;
  struct eagre_kafka_consumer *consumer;
  struct eagre_histogram latency_us;
  enum eagre_status status;
  struct eagre_error error;
};

/* ---- Where to begin -------------------------------------------------------------------------- */

static enum eagre_status find_ends(struct eagre_workload_floor *floor,
                                   struct eagre_kafka_client *client,
                                   const struct eagre_workload_target *target,
                                   struct eagre_error *error) {
  uint32_t count = target->partition_count;
  struct eagre_kafka_offset *ends = eagre_arena_allocate(&floor->arena, count * sizeof *ends);
  for (uint32_t i = 0; i < count; i++) {
    ends[i] = (struct eagre_kafka_offset){.topic = target->topic, .partition = (int32_t)i};
  }
  EAGRE_TRY(eagre_kafka_client_offsets(client, EAGRE_KAFKA_LATEST, ends, count, error));
  floor->ranges = eagre_arena_allocate(&floor->arena, count * sizeof *floor->ranges);
  for (uint32_t i = 0; i < count; i++) {
    if (ends[i].offset == EAGRE_KAFKA_OFFSET_NONE) continue; /* the generator will say so */
    floor->ranges[floor->range_count++] =
        (struct eagre_kafka_range){target->topic, (int32_t)i, ends[i].offset, EAGRE_KAFKA_NO_END};
  }
  return EAGRE_OK;
}

static enum eagre_status look_up(struct eagre_workload_floor *floor,
                                 const struct eagre_workload_target *target,
                                 struct eagre_error *error) {
  struct eagre_kafka_client *client = NULL;
  const struct eagre_kafka_client_options options = {
      .settings = &floor->settings,
      .role = EAGRE_KAFKA_READ,
      .startup_timeout_us = STARTUP_TIMEOUT_US,
  };
  EAGRE_TRY(eagre_kafka_client_open(&options, &client, error));
  enum eagre_status status = find_ends(floor, client, target, error);
  eagre_kafka_client_close(client);
  return status;
}

/* ---- The thread ------------------------------------------------------------------------------ */

static void count(struct eagre_workload_floor *floor, const struct eagre_kafka_records *records) {
  int64_t from_us = atomic_load(floor->count_from_us);
  int64_t now_us = eagre_clock_wall_us();
  for (uint32_t i = 0; i < records->count; i++) {
    int64_t stamp_us = records->timestamps_ms[i] * 1000;
    if (stamp_us < from_us) continue;
    uint64_t latency_us = now_us > stamp_us ? (uint64_t)(now_us - stamp_us) : 0;
    eagre_histogram_add(&floor->latency_us, latency_us, 1);
  }
}

static enum eagre_status open_consumer(struct eagre_workload_floor *floor,
                                       struct eagre_error *error) {
  const struct eagre_kafka_consumer_options options = {.settings = &floor->settings,
                                                       .parts = EAGRE_KAFKA_TIMESTAMP};
  EAGRE_TRY(eagre_io_open(NULL, &floor->io, error));
  EAGRE_TRY(eagre_kafka_consumer_open(&options, &floor->consumer, error));
  EAGRE_TRY(eagre_kafka_consumer_assign(floor->consumer, floor->ranges, floor->range_count, error));
  return eagre_io_watch(floor->io, eagre_kafka_consumer_descriptor(floor->consumer), error);
}

static enum eagre_status read_all(struct eagre_workload_floor *floor, struct eagre_error *error) {
  struct eagre_arena arena = {0};
  struct eagre_kafka_records records;
  enum eagre_status status = open_consumer(floor, error);
  while (status == EAGRE_OK && !atomic_load(&floor->must_stop)) {
    status = eagre_kafka_consumer_read(floor->consumer, &arena, &records, error);
    if (status == EAGRE_OK) {
      count(floor, &records);
      eagre_kafka_records_release(records.lease);
      eagre_arena_reset(&arena);
    } else if (status == EAGRE_AGAIN) {
      eagre_io_wait(floor->io, WAIT_US);
      status = EAGRE_OK;
    }
  }
  eagre_arena_done(&arena);
  return status;
}

static void *run_floor(void *argument) {
  struct eagre_workload_floor *floor = argument;
  floor->status = read_all(floor, &floor->error);
  if (floor->consumer != NULL) {
    eagre_io_unwatch(floor->io, eagre_kafka_consumer_descriptor(floor->consumer));
    eagre_kafka_consumer_close(floor->consumer);
  }
  eagre_io_close(floor->io);
  return NULL;
}

/* ---- Life ------------------------------------------------------------------------------------ */

static enum eagre_status start(struct eagre_workload_floor *floor,
                               const struct eagre_workload_target *target,
                               struct eagre_error *error) {
  EAGRE_TRY(look_up(floor, target, error));
  int failure = pthread_create(&floor->thread, NULL, run_floor, floor);
  if (failure == 0) return EAGRE_OK;
  return eagre_error_system(error, EAGRE_IO, "THREAD_START_FAILED", failure,
                            "cannot start the consumer beside the flows");
}

static void free_floor(struct eagre_workload_floor *floor) {
  eagre_arena_done(&floor->arena);
  eagre_free(floor);
}

enum eagre_status eagre_workload_floor_begin(const struct eagre_workload_target *target,
                                             const _Atomic int64_t *count_from_us,
                                             struct eagre_workload_floor **out_floor,
                                             struct eagre_error *error) {
  struct eagre_workload_floor *floor = eagre_allocate_zeroed(1, sizeof *floor);
  floor->settings = (struct eagre_kafka_settings){.brokers = target->brokers};
  floor->count_from_us = count_from_us;
  eagre_histogram_init(&floor->latency_us);
  eagre_error_init(&floor->error);
  enum eagre_status status = start(floor, target, error);
  if (status != EAGRE_OK) {
    free_floor(floor);
    return status;
  }
  *out_floor = floor;
  return EAGRE_OK;
}

enum eagre_status eagre_workload_floor_end(struct eagre_workload_floor *floor,
                                           struct eagre_histogram *out_us,
                                           struct eagre_error *error) {
  if (floor == NULL) return EAGRE_OK;
  atomic_store(&floor->must_stop, true);
  pthread_join(floor->thread, NULL);
  enum eagre_status status = floor->status;
  if (status == EAGRE_OK) eagre_histogram_merge(out_us, &floor->latency_us);
  if (status != EAGRE_OK && error != NULL) *error = floor->error;
  free_floor(floor);
  return status;
}
