/* Life of the native engine, and what it takes from the settings. */
#include "kafka/kafka_native.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* ---- Settings -------------------------------------------------------------------------------- */

/* A partition may fill an answer where the flow says nothing else: unlike librdkafka's queue, the
 * answers in memory are few, and a large piece of one partition is what costs least. */
static void set_fetches(struct eagre_kafka_native *native, const rd_kafka_conf_t *conf,
                        const struct eagre_kafka_settings *settings) {
  bool has_size = eagre_kafka_settings_given(settings, "max.partition.fetch.bytes") ||
                  eagre_kafka_settings_given(settings, "fetch.message.max.bytes");
  int64_t fetch_size = eagre_kafka_native_get_number(conf, "fetch.max.bytes");
  int64_t partition_size = eagre_kafka_native_get_number(conf, "fetch.message.max.bytes");
  native->limits = (struct eagre_kafka_fetch_limits){
      .wait_ms = (int32_t)eagre_kafka_native_get_number(conf, "fetch.wait.max.ms"),
      .size_bytes_min = (int32_t)eagre_kafka_native_get_number(conf, "fetch.min.bytes"),
      .size_bytes_max = (int32_t)fetch_size,
      .partition_bytes_max = (int32_t)(has_size ? partition_size : fetch_size),
      .is_committed_only = eagre_kafka_conf_is(conf, "isolation.level", "read_committed"),
  };
  native->checks_crc = eagre_kafka_conf_is(conf, "check.crcs", "true");
  native->unpacked_size_max = native->connection_options.answer_size_max;
  native->retry_pause_us = eagre_kafka_native_get_number(conf, "retry.backoff.ms") * 1000;
  native->missing_timeout_us =
      eagre_kafka_native_get_number(conf, "topic.metadata.propagation.max.ms") * 1000;
}

/* ---- Open and close -------------------------------------------------------------------------- */

static enum eagre_status open_descriptors(struct eagre_kafka_native *native,
                                          struct eagre_error *error) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  native->timer_descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (native->poll_descriptor >= 0 && native->timer_descriptor >= 0 &&
      epoll_ctl(native->poll_descriptor, EPOLL_CTL_ADD, native->timer_descriptor, &event) == 0) {
    return EAGRE_OK;
  }
  return eagre_error_system(error, EAGRE_IO, "TOO_MANY_OPEN_FILES", errno,
                            "cannot make an epoll with a timer");
}

enum eagre_status eagre_kafka_native_open(struct eagre_kafka_consumer *consumer,
                                          const struct eagre_kafka_settings *settings,
                                          struct eagre_error *error) {
  const rd_kafka_conf_t *conf = eagre_kafka_handle_conf(&consumer->client->handle);
  struct eagre_kafka_native *native = eagre_allocate_zeroed(1, sizeof *native);
  consumer->native = native;
  consumer->engine = &eagre_kafka_engine_native;
  native->timer_us = INT64_MAX;
  native->timer_descriptor = -1;
  native->may_fall_back = consumer->options.fetcher == EAGRE_KAFKA_AUTO;
  native->pool = eagre_kafka_block_pool_new();
  native->guide = (struct eagre_kafka_connection){.descriptor = -1};
  EAGRE_TRY(eagre_kafka_native_read_connections(conf, &native->arena, &native->connection_options,
                                                error));
  set_fetches(native, conf, settings);
  EAGRE_TRY(eagre_kafka_native_read_addresses(conf, &native->arena, &native->addresses,
                                              &native->address_count, error));
  consumer->descriptor = epoll_create1(EPOLL_CLOEXEC);
  native->poll_descriptor = consumer->descriptor;
  EAGRE_TRY(open_descriptors(native, error));
  eagre_kafka_connection_init(&native->guide, &native->connection_options, native->pool,
                              native->poll_descriptor, native->addresses[0].host,
                              native->addresses[0].port);
  return EAGRE_OK;
}

/* Records that were given keep their blocks, and those the pool; the consumer keeps the epoll. */
static void close_native(struct eagre_kafka_consumer *consumer) {
  struct eagre_kafka_native *native = consumer->native;
  eagre_kafka_native_close_brokers(native);
  eagre_kafka_connection_done(&native->guide);
  if (native->timer_descriptor >= 0) close(native->timer_descriptor);
  eagre_kafka_native_done_connections(&native->connection_options);
  eagre_kafka_block_pool_release(native->pool);
  eagre_arena_done(&native->scratch);
  eagre_arena_done(&native->arena);
  eagre_free(native);
  consumer->native = NULL;
}

/* ---- Partitions ------------------------------------------------------------------------------ */

static enum eagre_status start(struct eagre_kafka_consumer *consumer,
                               struct eagre_kafka_consumer_partition *partition,
                               struct eagre_error *error) {
  (void)error;
  if (partition->native == NULL) {
    partition->native = eagre_allocate_zeroed(1, sizeof *partition->native);
    partition->native->leader = EAGRE_KAFKA_NO_BROKER;
    partition->native->end_heard = -1;
  }
  partition->native->missing_us = 0;
  partition->native->asked = 0;
  if (partition->native->leader < 0) {
    eagre_kafka_native_lose_leader(consumer->native, partition->native, eagre_kafka_now_us());
  }
  return EAGRE_OK;
}

static void stop(struct eagre_kafka_consumer *consumer,
                 struct eagre_kafka_consumer_partition *partition) {
  (void)consumer;
  partition->native->asked = 0;
}

static void forget(struct eagre_kafka_consumer_partition *partition) {
  if (partition->native == NULL) return;
  eagre_free(partition->native->held);
  eagre_free(partition->native);
  partition->native = NULL;
}

const struct eagre_kafka_engine eagre_kafka_engine_native = {
    .start = start,
    .stop = stop,
    .clear = eagre_kafka_native_clear,
    .front = eagre_kafka_native_front,
    .pull = eagre_kafka_native_pull,
    .take = eagre_kafka_native_take,
    .forget = forget,
    .close = close_native,
};

/* ---- Falling back ---------------------------------------------------------------------------- */

/* What was fetched ahead is fetched again, by the other. */
static enum eagre_status hand_over(struct eagre_kafka_consumer *consumer,
                                   struct eagre_error *error) {
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    bool was_fetching = partition->is_fetching;
    partition->is_fetching = false;
    if (!was_fetching) continue;
    EAGRE_TRY(eagre_kafka_consumer_start(consumer, partition, partition->position, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_native_give_up(struct eagre_kafka_consumer *consumer,
                                             struct eagre_error *error) {
  if (!consumer->native->may_fall_back) return EAGRE_USAGE;
  eagre_log(EAGRE_LOG_WARNING, "librdkafka fetches from now on: %s", error->text);
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    eagre_kafka_native_clear(partition);
    forget(partition);
  }
  close_native(consumer);
  EAGRE_TRY(eagre_kafka_handle_fall_back(&consumer->client->handle, error));
  EAGRE_TRY(eagre_kafka_consumer_open_librdkafka(consumer, error));
  return hand_over(consumer, error);
}
