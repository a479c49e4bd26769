/* Which broker leads which partition, and the connections to them. */
#include "kafka/kafka_native.h"

#include <string.h>

enum { PAUSE_DOUBLINGS_MAX = 4 };

/* ---- Brokers --------------------------------------------------------------------------------- */

static void close_broker(struct eagre_kafka_native_broker *broker) {
  eagre_kafka_connection_done(&broker->connection);
  eagre_kafka_native_session_done(&broker->session);
  eagre_free(broker);
}

void eagre_kafka_native_close_brokers(struct eagre_kafka_native *native) {
  while (native->brokers != NULL) {
    struct eagre_kafka_native_broker *broker = native->brokers;
    native->brokers = broker->next;
    close_broker(broker);
  }
}

static void add_broker(struct eagre_kafka_native *native,
                       const struct eagre_kafka_metadata_broker *told) {
  struct eagre_kafka_native_broker *broker = eagre_allocate_zeroed(1, sizeof *broker);
  eagre_kafka_connection_init(&broker->connection, &native->connection_options, native->pool,
                              native->poll_descriptor, told->host, told->port);
  broker->number = told->number;
  broker->is_known = true;
  broker->next = native->brokers;
  native->brokers = broker;
}

/* A broker that has moved is another one: its connection is no good any more. */
static void note_broker(struct eagre_kafka_native *native,
                        const struct eagre_kafka_metadata_broker *told) {
  for (struct eagre_kafka_native_broker *broker = native->brokers; broker != NULL;
       broker = broker->next) {
    bool is_same = broker->number == told->number && broker->connection.port == told->port &&
                   eagre_text_equal_string(told->host, broker->connection.host);
    if (!is_same) continue;
    broker->is_known = true;
    return;
  }
  add_broker(native, told);
}

static void forget_question(struct eagre_kafka_consumer *consumer, int32_t number) {
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    if (partition->native != NULL && partition->native->asked == number) {
      partition->native->asked = 0;
    }
  }
}

static void note_brokers(struct eagre_kafka_consumer *consumer,
                         const struct eagre_kafka_metadata *metadata) {
  struct eagre_kafka_native *native = consumer->native;
  for (struct eagre_kafka_native_broker *broker = native->brokers; broker != NULL;
       broker = broker->next) {
    broker->is_known = false;
  }
  for (uint32_t i = 0; i < metadata->broker_count; i++) {
    if (metadata->brokers[i].host.size > 0) note_broker(native, &metadata->brokers[i]);
  }
  struct eagre_kafka_native_broker **link = &native->brokers;
  while (*link != NULL) {
    struct eagre_kafka_native_broker *broker = *link;
    if (broker->is_known) {
      link = &broker->next;
      continue;
    }
    if (broker->connection.asked != 0) forget_question(consumer, broker->connection.asked);
    *link = broker->next;
    close_broker(broker);
  }
}

/* ---- Asking ---------------------------------------------------------------------------------- */

void eagre_kafka_native_lose_leader(struct eagre_kafka_native *native,
                                    struct eagre_kafka_native_partition *partition,
                                    int64_t now_us) {
  partition->leader = EAGRE_KAFKA_NO_BROKER;
  if (native->wants_metadata) return;
  native->wants_metadata = true;
  native->metadata_us = native->metadata_count == 0 ? now_us : now_us + native->retry_pause_us;
}

/* The next address, when the last one did not work. */
static void turn_guide(struct eagre_kafka_native *native) {
  struct eagre_kafka_connection *guide = &native->guide;
  const struct eagre_kafka_native_address *address =
      &native->addresses[native->address_next++ % native->address_count];
  uint32_t failure_count = guide->failure_count;
  int64_t retry_us = guide->retry_us;
  char failure[sizeof guide->failure];
  memcpy(failure, guide->failure, sizeof failure);
  eagre_kafka_connection_done(guide);
  eagre_kafka_connection_init(guide, &native->connection_options, native->pool,
                              native->poll_descriptor, address->host, address->port);
  /* A pause before each address would be long where there are many; one for all of them is not. */
  guide->failure_count = failure_count;
  guide->retry_us = retry_us;
  memcpy(guide->failure, failure, sizeof failure);
}

static void put_question(struct eagre_kafka_consumer *consumer, int32_t number) {
  struct eagre_kafka_native *native = consumer->native;
  uint32_t count = 0;
  for (struct eagre_kafka_consumer_topic *topic = consumer->client->topics; topic != NULL;
       topic = topic->next) {
    count += 1;
  }
  struct eagre_text *names = eagre_arena_allocate(&native->scratch, (count + 1) * sizeof *names);
  count = 0;
  for (struct eagre_kafka_consumer_topic *topic = consumer->client->topics; topic != NULL;
       topic = topic->next) {
    names[count++] = eagre_text_of(topic->name);
  }
  struct eagre_kafka_caller caller = {eagre_text_of(native->connection_options.client_id), number};
  struct eagre_kafka_connection *guide = &native->guide;
  eagre_buffer_clear(&guide->out);
  eagre_kafka_protocol_put_metadata(&guide->out, guide->versions.metadata, caller, names, count);
  eagre_arena_reset(&native->scratch);
}

enum eagre_status eagre_kafka_native_ask_metadata(struct eagre_kafka_consumer *consumer,
                                                  int64_t now_us, struct eagre_error *error) {
  struct eagre_kafka_native *native = consumer->native;
  struct eagre_kafka_connection *guide = &native->guide;
  if (!native->wants_metadata || now_us < native->metadata_us) return EAGRE_OK;
  if (guide->state == EAGRE_KAFKA_CLOSED && now_us >= guide->retry_us) {
    turn_guide(native);
    eagre_kafka_connection_open(guide, now_us);
  }
  if (!eagre_kafka_connection_is_free(guide)) return EAGRE_OK;
  if (guide->versions.metadata < 0) {
    return eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_KAFKA_BROKER",
                           "The broker %s speaks no version of Metadata that the native client "
                           "speaks (1 to 12).",
                           guide->host);
  }
  native->question_count += 1;
  put_question(consumer, native->question_count);
  eagre_kafka_connection_ask(guide, native->question_count, now_us);
  return EAGRE_OK;
}

/* ---- Answers --------------------------------------------------------------------------------- */

static const struct eagre_kafka_metadata_topic *
find_topic(const struct eagre_kafka_metadata *metadata, const char *name) {
  for (uint32_t i = 0; i < metadata->topic_count; i++) {
    if (eagre_text_equal_string(metadata->topics[i].name, name)) return &metadata->topics[i];
  }
  return NULL;
}

static const struct eagre_kafka_metadata_partition *
find_partition(const struct eagre_kafka_metadata_topic *topic, int32_t number) {
  for (uint32_t i = 0; i < topic->partition_count; i++) {
    if (topic->partitions[i].number == number) return &topic->partitions[i];
  }
  return NULL;
}

/* A topic that was just made is not known everywhere yet, so that nobody knows it counts after a
 * while only. */
static enum eagre_status note_missing(struct eagre_kafka_native *native,
                                      struct eagre_kafka_consumer_partition *partition,
                                      rd_kafka_resp_err_t failure, int64_t now_us,
                                      struct eagre_error *error) {
  struct eagre_kafka_native_partition *own = partition->native;
  own->leader = EAGRE_KAFKA_NO_BROKER;
  if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) return EAGRE_OK;
  if (!eagre_kafka_is_missing(failure)) {
    return eagre_kafka_consumer_take_failure(partition, failure, rd_kafka_err2str(failure), error);
  }
  if (own->missing_us == 0) own->missing_us = now_us;
  if (now_us - own->missing_us < native->missing_timeout_us) return EAGRE_OK;
  return eagre_kafka_consumer_take_failure(partition, failure, rd_kafka_err2str(failure), error);
}

static enum eagre_status note_leader(struct eagre_kafka_native *native,
                                     struct eagre_kafka_consumer_partition *partition,
                                     const struct eagre_kafka_metadata *metadata, int64_t now_us,
                                     struct eagre_error *error) {
  struct eagre_kafka_native_partition *own = partition->native;
  const struct eagre_kafka_metadata_topic *topic = find_topic(metadata, partition->topic->name);
  const struct eagre_kafka_metadata_partition *told =
      topic == NULL ? NULL : find_partition(topic, partition->number);
  rd_kafka_resp_err_t failure = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (topic != NULL && topic->error != 0) failure = (rd_kafka_resp_err_t)topic->error;
  if (told == NULL) return note_missing(native, partition, failure, now_us, error);
  own->topic_id = topic->id;
  own->missing_us = 0;
  own->leader = told->leader;
  return EAGRE_OK;
}

static enum eagre_status note_leaders(struct eagre_kafka_consumer *consumer,
                                      const struct eagre_kafka_metadata *metadata, int64_t now_us,
                                      struct eagre_error *error) {
  struct eagre_kafka_native *native = consumer->native;
  bool are_all_known = true;
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    if (!partition->is_fetching) continue;
    EAGRE_TRY(note_leader(native, partition, metadata, now_us, error));
    if (partition->native->leader < 0) are_all_known = false;
  }
  uint32_t doublings = native->metadata_count;
  if (doublings > PAUSE_DOUBLINGS_MAX) doublings = PAUSE_DOUBLINGS_MAX;
  native->wants_metadata = !are_all_known;
  native->metadata_us = now_us + (native->retry_pause_us << doublings);
  native->metadata_count += 1;
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_native_take_metadata(struct eagre_kafka_consumer *consumer,
                                                   struct eagre_kafka_block *answer, int64_t now_us,
                                                   struct eagre_error *error) {
  struct eagre_kafka_native *native = consumer->native;
  struct eagre_kafka_metadata metadata;
  struct eagre_text bytes = eagre_buffer_text(&answer->bytes);
  enum eagre_status status = EAGRE_OK;
  bool is_whole = eagre_kafka_protocol_read_metadata(bytes, native->guide.versions.metadata,
                                                     &native->scratch, &metadata);
  if (is_whole) {
    note_brokers(consumer, &metadata);
    status = note_leaders(consumer, &metadata, now_us, error);
  } else {
    eagre_kafka_connection_fail(&native->guide, now_us, "An answer of it does not hold together");
  }
  eagre_arena_reset(&native->scratch);
  return status;
}
