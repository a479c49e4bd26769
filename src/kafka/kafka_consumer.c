/* Life of a consumer, and which partitions it fetches from where. */
#include "kafka/kafka_consumer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kafka/kafka_native.h"

enum {
  READ_COUNT_MAX = 4096,
  READ_SIZE = 256 * 1024,
  QUEUE_SIZE = 8 * 1024 * 1024,
  QUEUE_SIZE_MAX = 2047 * 1024 * 1024, /* librdkafka's numbers end here */
  /* One answer of a broker and what it holds of one partition, as shares of the queue: 1 MiB and
   * 256 KiB, so that what is fetched is still in the caches when it is read. */
  FETCH_SHARE = 8,
  PARTITION_FETCH_SHARE = 32,
  FETCH_SIZE_MAX = 50 * 1024 * 1024,
  PARTITION_FETCH_SIZE_MIN = 64 * 1024,
};

static const int64_t SILENCE_US = 120 * INT64_C(1000000);

/* ---- The shared client ----------------------------------------------------------------------- */

void eagre_kafka_consumer_client_release(struct eagre_kafka_consumer_client *client) {
  /* Acquire and release: whoever is last sees what all others did with the client. */
  if (atomic_fetch_sub_explicit(&client->reference_count, 1, memory_order_acq_rel) > 1) return;
  while (client->topics != NULL) {
    struct eagre_kafka_consumer_topic *topic = client->topics;
    client->topics = topic->next;
    if (topic->topic != NULL) rd_kafka_topic_destroy(topic->topic);
    eagre_free(topic->partitions);
    eagre_free(topic->name);
    eagre_free(topic);
  }
  eagre_kafka_handle_close(&client->handle);
  eagre_free(client);
}

/* ---- Open and close -------------------------------------------------------------------------- */

static void fill_defaults(struct eagre_kafka_consumer_options *options) {
  if (options->record_count_max == 0) options->record_count_max = READ_COUNT_MAX;
  if (options->read_size_bytes == 0) options->read_size_bytes = READ_SIZE;
  if (options->queue_size_bytes == 0) options->queue_size_bytes = QUEUE_SIZE;
  if (options->queue_size_bytes > QUEUE_SIZE_MAX) options->queue_size_bytes = QUEUE_SIZE_MAX;
  if (options->silence_timeout_us == 0) options->silence_timeout_us = SILENCE_US;
  eagre_assert(options->record_count_max <= READ_COUNT_MAX);
}

static int64_t get_number(const rd_kafka_conf_t *conf, const char *name) {
  char text[24];
  size_t size = sizeof text;
  rd_kafka_conf_res_t result = rd_kafka_conf_get(conf, name, text, &size);
  eagre_assert(result == RD_KAFKA_CONF_OK);
  return strtoll(text, NULL, 10);
}

/* Sizes of fetches where the flow gives none. A larger record is fetched all the same: brokers
 * answer with at least the first batch of a partition, and the order of partitions goes round. */
static void set_fetch_sizes(rd_kafka_conf_t *conf, const struct eagre_kafka_settings *settings,
                            int64_t queue_size) {
  int64_t fetch_size = queue_size / FETCH_SHARE;
  int64_t partition_size = queue_size / PARTITION_FETCH_SHARE;
  int64_t fetch_size_min = get_number(conf, "message.max.bytes"); /* librdkafka insists */
  if (fetch_size > FETCH_SIZE_MAX) fetch_size = FETCH_SIZE_MAX;
  if (fetch_size < fetch_size_min) fetch_size = fetch_size_min;
  if (partition_size > fetch_size) partition_size = fetch_size;
  if (partition_size < PARTITION_FETCH_SIZE_MIN) partition_size = PARTITION_FETCH_SIZE_MIN;
  if (!eagre_kafka_settings_given(settings, "fetch.max.bytes")) {
    eagre_kafka_conf_set_number(conf, "fetch.max.bytes", fetch_size);
  }
  if (!eagre_kafka_settings_given(settings, "max.partition.fetch.bytes") &&
      !eagre_kafka_settings_given(settings, "fetch.message.max.bytes")) {
    eagre_kafka_conf_set_number(conf, "fetch.message.max.bytes", partition_size);
  }
}

void eagre_kafka_consumer_set_bounds(rd_kafka_conf_t *conf,
                                     const struct eagre_kafka_settings *settings,
                                     size_t queue_size_bytes) {
  int64_t queue_size = (int64_t)queue_size_bytes;
  eagre_kafka_conf_set_number(conf, "queued.max.messages.kbytes", queue_size / 1024 + 1);
  eagre_kafka_conf_set_number(conf, "queued.min.messages",
                              queue_size / EAGRE_KAFKA_MESSAGE_OVERHEAD + 1);
  set_fetch_sizes(conf, settings, queue_size);
}

static enum eagre_status refuse_native(const char *why, struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_KAFKA_CLIENT",
                  "The native client of Kafka cannot read with these settings: %s.", why);
  eagre_error_hint(error, "set eagre.kafka.client to auto or librdkafka");
  return EAGRE_USAGE;
}

/* Who asks fetches, too. */
static enum eagre_status open_engine(struct eagre_kafka_consumer *consumer,
                                     const struct eagre_kafka_settings *settings,
                                     struct eagre_error *error) {
  const struct eagre_kafka_handle *handle = &consumer->client->handle;
  if (handle->asker != NULL) return eagre_kafka_native_open(consumer, settings, error);
  if (consumer->options.fetcher != EAGRE_KAFKA_LIBRDKAFKA) {
    const char *why = eagre_kafka_native_misfit(eagre_kafka_handle_conf(handle));
    if (consumer->options.fetcher == EAGRE_KAFKA_NATIVE) return refuse_native(why, error);
    eagre_log(EAGRE_LOG_INFO, "librdkafka fetches, not the native client: %s", why);
  }
  return eagre_kafka_consumer_open_librdkafka(consumer, error);
}

static enum eagre_status open_consumer(struct eagre_kafka_consumer *consumer,
                                       const struct eagre_kafka_settings *settings,
                                       struct eagre_error *error) {
  struct eagre_kafka_configuration configuration;
  EAGRE_TRY(eagre_kafka_settings_apply(settings, EAGRE_KAFKA_READ, &configuration, error));
  eagre_kafka_conf_set(configuration.conf, "enable.partition.eof", "true");
  eagre_kafka_consumer_set_bounds(configuration.conf, settings, consumer->options.queue_size_bytes);
  EAGRE_TRY(eagre_kafka_handle_open_reader(&consumer->client->handle, consumer->options.fetcher,
                                           &configuration, error));
  return open_engine(consumer, settings, error);
}

enum eagre_status eagre_kafka_consumer_open(const struct eagre_kafka_consumer_options *options,
                                            struct eagre_kafka_consumer **out_consumer,
                                            struct eagre_error *error) {
  struct eagre_kafka_consumer *consumer = eagre_allocate_zeroed(1, sizeof *consumer);
  consumer->descriptor = -1;
  consumer->event_descriptor = -1;
  consumer->options = *options;
  fill_defaults(&consumer->options);
  consumer->held_limit_bytes = (int64_t)consumer->options.queue_size_bytes / 4;
  consumer->client = eagre_allocate_zeroed(1, sizeof *consumer->client);
  atomic_init(&consumer->client->reference_count, 1);
  enum eagre_status status = open_consumer(consumer, options->settings, error);
  consumer->options.settings = NULL;
  if (status != EAGRE_OK) {
    eagre_kafka_consumer_close(consumer);
    consumer = NULL;
  }
  *out_consumer = consumer;
  return status;
}

static void free_partition(struct eagre_kafka_consumer *consumer,
                           struct eagre_kafka_consumer_partition *partition) {
  eagre_kafka_consumer_stop(consumer, partition);
  consumer->engine->clear(partition);
  consumer->engine->forget(partition);
  partition->topic->partitions[partition->number] = NULL;
  eagre_free(partition);
}

void eagre_kafka_consumer_close(struct eagre_kafka_consumer *consumer) {
  if (consumer == NULL) return;
  while (consumer->partitions != NULL) {
    struct eagre_kafka_consumer_partition *partition = consumer->partitions;
    consumer->partitions = partition->next;
    free_partition(consumer, partition);
  }
  if (consumer->engine != NULL) consumer->engine->close(consumer);
  if (consumer->descriptor >= 0) close(consumer->descriptor);
  eagre_kafka_consumer_client_release(consumer->client);
  eagre_free(consumer);
}

int eagre_kafka_consumer_descriptor(const struct eagre_kafka_consumer *consumer) {
  return consumer->descriptor;
}

struct eagre_kafka_losses eagre_kafka_consumer_losses(const struct eagre_kafka_consumer *consumer) {
  return consumer->losses;
}

/* ---- Topics and partitions ------------------------------------------------------------------- */

static struct eagre_kafka_consumer_topic *get_topic(struct eagre_kafka_consumer *consumer,
                                                    struct eagre_text name) {
  struct eagre_kafka_consumer_client *client = consumer->client;
  for (struct eagre_kafka_consumer_topic *topic = client->topics; topic != NULL;
       topic = topic->next) {
    if (eagre_text_equal_string(name, topic->name)) return topic;
  }
  struct eagre_kafka_consumer_topic *topic = eagre_allocate_zeroed(1, sizeof *topic);
  topic->name = eagre_text_duplicate(name);
  topic->next = client->topics;
  client->topics = topic;
  return topic;
}

static void grow_topic(struct eagre_kafka_consumer_topic *topic, uint32_t count) {
  if (count <= topic->partition_count) return;
  topic->partitions = eagre_reallocate(topic->partitions, count * sizeof(void *));
  memset(topic->partitions + topic->partition_count, 0,
         (count - topic->partition_count) * sizeof(void *));
  topic->partition_count = count;
}

static struct eagre_kafka_consumer_partition *
get_partition(struct eagre_kafka_consumer *consumer, struct eagre_text topic_name, int32_t number) {
  struct eagre_kafka_consumer_topic *topic = get_topic(consumer, topic_name);
  grow_topic(topic, (uint32_t)number + 1);
  if (topic->partitions[number] != NULL) return topic->partitions[number];
  struct eagre_kafka_consumer_partition *partition = eagre_allocate_zeroed(1, sizeof *partition);
  partition->topic = topic;
  partition->number = number;
  partition->hole_begin = -1;
  partition->log_start = -1;
  partition->next = consumer->partitions;
  consumer->partitions = partition;
  topic->partitions[number] = partition;
  return partition;
}

/* ---- Fetching -------------------------------------------------------------------------------- */

enum eagre_status eagre_kafka_consumer_start(struct eagre_kafka_consumer *consumer,
                                             struct eagre_kafka_consumer_partition *partition,
                                             int64_t offset, struct eagre_error *error) {
  eagre_assert(!partition->is_fetching);
  partition->fetch_position = offset;
  EAGRE_TRY(consumer->engine->start(consumer, partition, error));
  partition->is_fetching = true;
  partition->is_starting = true;
  partition->is_out_of_range = false;
  partition->eof_position = offset;
  return EAGRE_OK;
}

/* What the engine has not yet put into the backlog is dropped. */
void eagre_kafka_consumer_stop(struct eagre_kafka_consumer *consumer,
                               struct eagre_kafka_consumer_partition *partition) {
  if (!partition->is_fetching) return;
  consumer->engine->stop(consumer, partition);
  partition->is_fetching = false;
}

static void make_ready(struct eagre_kafka_consumer *consumer,
                       struct eagre_kafka_consumer_partition *partition) {
  if (partition->is_ready) return;
  partition->is_ready = true;
  partition->next_ready = NULL;
  if (consumer->ready_last == NULL) {
    consumer->ready_first = partition;
  } else {
    consumer->ready_last->next_ready = partition;
  }
  consumer->ready_last = partition;
}

void eagre_kafka_consumer_move(struct eagre_kafka_consumer *consumer,
                               struct eagre_kafka_consumer_partition *partition, int64_t position) {
  bool was_finished = eagre_kafka_consumer_is_finished(partition);
  partition->position = position;
  if (!was_finished && eagre_kafka_consumer_is_finished(partition)) consumer->unfinished_count -= 1;
}

void eagre_kafka_consumer_settle(struct eagre_kafka_consumer *consumer,
                                 struct eagre_kafka_consumer_partition *partition) {
  if (eagre_kafka_consumer_is_finished(partition)) return;
  int64_t front = consumer->engine->front(partition);
  bool has_backlog = front >= 0;
  int64_t next = has_backlog ? front : partition->eof_position;
  if (next >= partition->end) {
    eagre_kafka_consumer_note_hole(partition, partition->position, partition->end,
                                   partition->log_start);
    eagre_kafka_consumer_move(consumer, partition, partition->end);
  } else if (has_backlog) {
    make_ready(consumer, partition);
  }
}

/* ---- Assignment ------------------------------------------------------------------------------ */

static void clear_assignment(struct eagre_kafka_consumer *consumer) {
  consumer->ready_first = NULL;
  consumer->ready_last = NULL;
  consumer->unfinished_count = 0;
  consumer->quiet_us = 0;
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    partition->is_assigned = false;
    partition->is_ready = false;
  }
}

/* Goes on with what was fetched ahead, or begins anew at another place. */
static enum eagre_status assign_range(struct eagre_kafka_consumer *consumer,
                                      const struct eagre_kafka_range *range,
                                      struct eagre_error *error) {
  struct eagre_kafka_consumer_partition *partition =
      get_partition(consumer, range->topic, range->partition);
  bool goes_on = partition->position == range->begin && !partition->is_out_of_range;
  bool was_fetched = partition->is_fetching || consumer->engine->front(partition) >= 0;
  partition->is_assigned = true;
  partition->end = range->end;
  if (!goes_on || !was_fetched) {
    eagre_kafka_consumer_stop(consumer, partition);
    consumer->engine->clear(partition);
    partition->position = range->begin;
    EAGRE_TRY(eagre_kafka_consumer_start(consumer, partition, range->begin, error));
  } else if (!partition->is_fetching && partition->fetch_position < range->end) {
    EAGRE_TRY(eagre_kafka_consumer_start(consumer, partition, partition->fetch_position, error));
  }
  if (!eagre_kafka_consumer_is_finished(partition)) consumer->unfinished_count += 1;
  eagre_kafka_consumer_settle(consumer, partition);
  return EAGRE_OK;
}

static void drop_unassigned(struct eagre_kafka_consumer *consumer) {
  struct eagre_kafka_consumer_partition **link = &consumer->partitions;
  while (*link != NULL) {
    struct eagre_kafka_consumer_partition *partition = *link;
    if (partition->is_assigned) {
      link = &partition->next;
      continue;
    }
    *link = partition->next;
    free_partition(consumer, partition);
  }
}

enum eagre_status eagre_kafka_consumer_assign(struct eagre_kafka_consumer *consumer,
                                              const struct eagre_kafka_range *ranges,
                                              uint32_t count, struct eagre_error *error) {
  clear_assignment(consumer);
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_TRY(assign_range(consumer, &ranges[i], error));
  }
  drop_unassigned(consumer);
  return EAGRE_OK;
}
