/* Questions to a cluster that somebody waits for.
 *
 * One attempt is one round: the connections that it needs are opened, all at once; whoever is ready
 * is asked, all at once; answers are gathered. What fails in passing is tried again by the caller.
 */
#include "kafka/kafka_asker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "kafka/kafka_handle.h"
#include "kafka/kafka_native_settings.h"
#include "kafka/kafka_settings.h"

enum { EVENTS_MAX = 16, NO_BROKER = -1, STEP_MS_MAX = 100 };

struct asker_broker {
  struct eagre_kafka_connection connection; /* first: events of the epoll point to it */
  struct asker_broker *next;
  int32_t number;                   /* NO_BROKER: an address that the settings give */
  bool is_wanted;                   /* in this round */
  struct eagre_kafka_block *answer; /* to the question of this round */
};

struct known_topic {
  struct known_topic *next;
  char *name;
};

struct eagre_kafka_asker {
  struct eagre_arena arena; /* lives as long as this */
  struct eagre_kafka_connection_options options;
  bool is_committed_only;
  struct eagre_kafka_block_pool *pool;
  int poll_descriptor;
  struct asker_broker *brokers;
  uint32_t address_count;
  uint32_t turn; /* which address is tried next */
  int32_t question_count;
  struct known_topic *topics;
  struct eagre_arena scratch;              /* of one call */
  struct eagre_arena cluster_arena;        /* of the last metadata */
  struct eagre_kafka_block *cluster_block; /* that its texts lie in */
  struct eagre_kafka_metadata cluster;
  struct rd_kafka_metadata told; /* the same as librdkafka has it */
  bool has_cluster;
  bool is_refused;
  char failure[256];
};

/* ---- Life ------------------------------------------------------------------------------------ */

static struct asker_broker *add_broker(struct eagre_kafka_asker *asker, struct eagre_text host,
                                       int32_t port, int32_t number) {
  struct asker_broker *broker = eagre_allocate_zeroed(1, sizeof *broker);
  eagre_kafka_connection_init(&broker->connection, &asker->options, asker->pool,
                              asker->poll_descriptor, host, port);
  broker->number = number;
  broker->next = asker->brokers;
  asker->brokers = broker;
  return broker;
}

static void free_broker(struct asker_broker *broker) {
  eagre_kafka_block_release(broker->answer);
  eagre_kafka_connection_done(&broker->connection);
  eagre_free(broker);
}

static enum eagre_status open_asker(struct eagre_kafka_asker *asker, const rd_kafka_conf_t *conf,
                                    struct eagre_error *error) {
  struct eagre_kafka_native_address *addresses;
  asker->pool = eagre_kafka_block_pool_new();
  asker->poll_descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (asker->poll_descriptor < 0) {
    return eagre_error_system(error, EAGRE_IO, "TOO_MANY_OPEN_FILES", errno,
                              "cannot make an epoll");
  }
  EAGRE_TRY(eagre_kafka_native_read_connections(conf, &asker->arena, &asker->options, error));
  asker->is_committed_only = eagre_kafka_conf_is(conf, "isolation.level", "read_committed");
  EAGRE_TRY(eagre_kafka_native_read_addresses(conf, &asker->arena, &addresses,
                                              &asker->address_count, error));
  for (uint32_t i = asker->address_count; i > 0; i--) {
    add_broker(asker, addresses[i - 1].host, addresses[i - 1].port, NO_BROKER);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_asker_open(const rd_kafka_conf_t *conf,
                                         struct eagre_kafka_asker **out,
                                         struct eagre_error *error) {
  struct eagre_kafka_asker *asker = eagre_allocate_zeroed(1, sizeof *asker);
  enum eagre_status status = open_asker(asker, conf, error);
  if (status != EAGRE_OK) {
    eagre_kafka_asker_close(asker);
    asker = NULL;
  }
  *out = asker;
  return status;
}

void eagre_kafka_asker_close(struct eagre_kafka_asker *asker) {
  if (asker == NULL) return;
  while (asker->brokers != NULL) {
    struct asker_broker *broker = asker->brokers;
    asker->brokers = broker->next;
    free_broker(broker);
  }
  while (asker->topics != NULL) {
    struct known_topic *known = asker->topics;
    asker->topics = known->next;
    eagre_free(known->name);
    eagre_free(known);
  }
  eagre_kafka_block_release(asker->cluster_block);
  eagre_kafka_native_done_connections(&asker->options);
  eagre_kafka_block_pool_release(asker->pool);
  if (asker->poll_descriptor >= 0) close(asker->poll_descriptor);
  eagre_arena_done(&asker->cluster_arena);
  eagre_arena_done(&asker->scratch);
  eagre_arena_done(&asker->arena);
  eagre_free(asker);
}

void eagre_kafka_asker_know_topic(struct eagre_kafka_asker *asker, struct eagre_text name) {
  for (struct known_topic *known = asker->topics; known != NULL; known = known->next) {
    if (eagre_text_equal_string(name, known->name)) return;
  }
  struct known_topic *known = eagre_allocate(sizeof *known);
  known->name = eagre_text_duplicate(name);
  known->next = asker->topics;
  asker->topics = known;
}

const char *eagre_kafka_asker_failure(const struct eagre_kafka_asker *asker) {
  return asker->failure;
}

/* ---- Rounds ---------------------------------------------------------------------------------- */

/* A connection that has failed is wanted no longer, in this round. */
static void note_failure(struct eagre_kafka_asker *asker, struct asker_broker *broker) {
  broker->is_wanted = false;
  asker->is_refused = broker->connection.is_refused;
  snprintf(asker->failure, sizeof asker->failure, "%s", broker->connection.failure);
}

static void work(struct eagre_kafka_asker *asker, struct asker_broker *broker, int64_t now_us) {
  bool was_open = broker->connection.state != EAGRE_KAFKA_CLOSED;
  struct eagre_kafka_block *answer = eagre_kafka_connection_work(&broker->connection, now_us);
  if (answer != NULL) {
    eagre_kafka_block_release(broker->answer);
    broker->answer = answer;
  }
  bool is_closed = broker->connection.state == EAGRE_KAFKA_CLOSED;
  if (was_open && is_closed) note_failure(asker, broker);
}

/* Waits for sockets, until a connection is due or the time is over. */
static void step(struct eagre_kafka_asker *asker, int64_t deadline_us) {
  struct epoll_event events[EVENTS_MAX];
  int64_t left_ms = (deadline_us - eagre_kafka_now_us() + 999) / 1000;
  if (left_ms < 0) left_ms = 0;
  int wait_ms = left_ms < STEP_MS_MAX ? (int)left_ms : STEP_MS_MAX;
  int count = epoll_wait(asker->poll_descriptor, events, EVENTS_MAX, wait_ms);
  int64_t now_us = eagre_kafka_now_us();
  for (int i = 0; i < count; i++) {
    work(asker, events[i].data.ptr, now_us);
  }
  for (struct asker_broker *broker = asker->brokers; broker != NULL; broker = broker->next) {
    bool is_open = broker->connection.state != EAGRE_KAFKA_CLOSED;
    if (is_open && eagre_kafka_connection_due_us(&broker->connection) <= now_us) {
      work(asker, broker, now_us);
    }
  }
}

static bool is_settled(const struct asker_broker *broker) {
  return !broker->is_wanted || eagre_kafka_connection_is_free(&broker->connection);
}

static bool are_all_settled(const struct eagre_kafka_asker *asker) {
  for (const struct asker_broker *broker = asker->brokers; broker != NULL; broker = broker->next) {
    if (!is_settled(broker)) return false;
  }
  return true;
}

/* Until every wanted broker has failed or is free: is open, or has answered. */
static rd_kafka_resp_err_t settle(struct eagre_kafka_asker *asker, int64_t deadline_us) {
  while (!are_all_settled(asker)) {
    if (eagre_kafka_now_us() >= deadline_us) return RD_KAFKA_RESP_ERR__TIMED_OUT;
    step(asker, deadline_us);
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void begin_round(struct eagre_kafka_asker *asker) {
  for (struct asker_broker *broker = asker->brokers; broker != NULL; broker = broker->next) {
    broker->is_wanted = false;
    eagre_kafka_block_release(broker->answer);
    broker->answer = NULL;
  }
}

/* A question of an earlier round may be under way still: the broker is free when it is answered. */
static void want(struct eagre_kafka_asker *asker, struct asker_broker *broker) {
  struct eagre_kafka_connection *connection = &broker->connection;
  int64_t now_us = eagre_kafka_now_us();
  broker->is_wanted = true;
  if (connection->state == EAGRE_KAFKA_CLOSED) eagre_kafka_connection_open(connection, now_us);
  if (connection->state == EAGRE_KAFKA_CLOSED) note_failure(asker, broker);
}

static struct eagre_kafka_caller next_caller(struct eagre_kafka_asker *asker) {
  asker->question_count += 1;
  return (struct eagre_kafka_caller){eagre_text_of(asker->options.client_id),
                                     asker->question_count};
}

/* What it has answered so far was to an earlier one. */
static void send_question(struct eagre_kafka_asker *asker, struct asker_broker *broker) {
  eagre_kafka_block_release(broker->answer);
  broker->answer = NULL;
  eagre_kafka_connection_ask(&broker->connection, asker->question_count, eagre_kafka_now_us());
  if (broker->connection.state == EAGRE_KAFKA_CLOSED) note_failure(asker, broker);
}

static rd_kafka_resp_err_t get_failure(const struct eagre_kafka_asker *asker) {
  return asker->is_refused ? RD_KAFKA_RESP_ERR__AUTHENTICATION : RD_KAFKA_RESP_ERR__TRANSPORT;
}

/* ---- Metadata -------------------------------------------------------------------------------- */

/* One that is open, else the next of the given addresses. */
static struct asker_broker *choose_broker(struct eagre_kafka_asker *asker) {
  uint32_t turn = asker->turn++ % asker->address_count;
  struct asker_broker *chosen = NULL;
  for (struct asker_broker *broker = asker->brokers; broker != NULL; broker = broker->next) {
    if (eagre_kafka_connection_is_free(&broker->connection)) return broker;
    if (broker->number != NO_BROKER) continue;
    if (turn-- == 0) chosen = broker;
  }
  return chosen;
}

static void put_metadata(struct eagre_kafka_asker *asker, struct asker_broker *broker,
                         const struct eagre_text *names, uint32_t count) {
  struct eagre_kafka_connection *connection = &broker->connection;
  eagre_buffer_clear(&connection->out);
  eagre_kafka_protocol_put_metadata(&connection->out, connection->versions.metadata,
                                    next_caller(asker), names, count);
  send_question(asker, broker);
}

static int compare_partitions(const void *left, const void *right) {
  const struct eagre_kafka_metadata_partition *a = left;
  const struct eagre_kafka_metadata_partition *b = right;
  return (a->number > b->number) - (a->number < b->number);
}

/* Brokers that are not in the cluster any more, or stand somewhere else, are let go. */
static void note_brokers(struct eagre_kafka_asker *asker) {
  const struct eagre_kafka_metadata *cluster = &asker->cluster;
  struct asker_broker **link = &asker->brokers;
  while (*link != NULL) {
    struct asker_broker *broker = *link;
    bool stays = broker->number == NO_BROKER;
    for (uint32_t i = 0; i < cluster->broker_count && !stays; i++) {
      const struct eagre_kafka_metadata_broker *told = &cluster->brokers[i];
      stays = told->number == broker->number && told->port == broker->connection.port &&
              eagre_text_equal_string(told->host, broker->connection.host);
    }
    if (stays) {
      link = &broker->next;
    } else {
      *link = broker->next;
      free_broker(broker);
    }
  }
}

static rd_kafka_resp_err_t take_cluster(struct eagre_kafka_asker *asker,
                                        struct asker_broker *broker) {
  struct eagre_kafka_block *block = broker->answer;
  broker->answer = NULL;
  eagre_kafka_block_release(asker->cluster_block);
  asker->cluster_block = block;
  eagre_arena_reset(&asker->cluster_arena);
  asker->has_cluster = eagre_kafka_protocol_read_metadata(eagre_buffer_text(&block->bytes),
                                                          broker->connection.versions.metadata,
                                                          &asker->cluster_arena, &asker->cluster);
  if (!asker->has_cluster) {
    eagre_kafka_connection_fail(&broker->connection, eagre_kafka_now_us(),
                                "An answer of it does not hold together");
    note_failure(asker, broker);
    return RD_KAFKA_RESP_ERR__TRANSPORT;
  }
  for (uint32_t i = 0; i < asker->cluster.topic_count; i++) {
    struct eagre_kafka_metadata_topic *topic = &asker->cluster.topics[i];
    qsort(topic->partitions, topic->partition_count, sizeof *topic->partitions, compare_partitions);
  }
  note_brokers(asker);
  asker->failure[0] = '\0';
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Asks one broker, whichever is there; `names` NULL: about all topics. */
static rd_kafka_resp_err_t ask_cluster(struct eagre_kafka_asker *asker,
                                       const struct eagre_text *names, uint32_t count,
                                       int64_t deadline_us) {
  struct asker_broker *broker = choose_broker(asker);
  begin_round(asker);
  asker->has_cluster = false;
  want(asker, broker);
  rd_kafka_resp_err_t failure = settle(asker, deadline_us);
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) return failure;
  if (!broker->is_wanted) return get_failure(asker);
  if (broker->connection.versions.metadata < 0) return RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
  put_metadata(asker, broker, names, count);
  failure = settle(asker, deadline_us);
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) return failure;
  return broker->answer == NULL ? get_failure(asker) : take_cluster(asker, broker);
}

static struct eagre_text *list_topics(struct eagre_kafka_asker *asker, uint32_t *out_count) {
  *out_count = 0;
  for (struct known_topic *known = asker->topics; known != NULL; known = known->next) {
    *out_count += 1;
  }
  struct eagre_text *names =
      eagre_arena_allocate(&asker->scratch, (*out_count + 1) * sizeof *names);
  uint32_t count = 0;
  for (struct known_topic *known = asker->topics; known != NULL; known = known->next) {
    names[count++] = eagre_text_of(known->name);
  }
  return names;
}

/* Topics and numbers of partitions, which is what is looked at. */
static void translate_cluster(struct eagre_kafka_asker *asker) {
  const struct eagre_kafka_metadata *cluster = &asker->cluster;
  struct eagre_arena *arena = &asker->cluster_arena;
  struct rd_kafka_metadata_topic *topics =
      eagre_arena_allocate_zeroed(arena, (cluster->topic_count + 1) * sizeof *topics);
  for (uint32_t i = 0; i < cluster->topic_count; i++) {
    const struct eagre_kafka_metadata_topic *topic = &cluster->topics[i];
    topics[i].topic = (char *)eagre_arena_copy_text(arena, topic->name).data;
    topics[i].partition_cnt = (int)topic->partition_count;
    topics[i].err = (rd_kafka_resp_err_t)topic->error;
  }
  asker->told = (struct rd_kafka_metadata){
      .topic_cnt = (int)cluster->topic_count,
      .topics = topics,
  };
}

rd_kafka_resp_err_t eagre_kafka_asker_metadata(struct eagre_kafka_asker *asker, bool is_all,
                                               int timeout_ms,
                                               const struct rd_kafka_metadata **out) {
  int64_t deadline_us = eagre_kafka_now_us() + (int64_t)timeout_ms * 1000;
  uint32_t count = 0;
  struct eagre_text *names = is_all ? NULL : list_topics(asker, &count);
  rd_kafka_resp_err_t failure = ask_cluster(asker, names, count, deadline_us);
  eagre_arena_reset(&asker->scratch);
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) return failure;
  translate_cluster(asker);
  *out = &asker->told;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* NULL when the last answer does not have it. */
static const struct eagre_kafka_metadata_topic *find_topic(const struct eagre_kafka_asker *asker,
                                                           struct eagre_text name) {
  for (uint32_t i = 0; asker->has_cluster && i < asker->cluster.topic_count; i++) {
    const struct eagre_kafka_metadata_topic *topic = &asker->cluster.topics[i];
    if (eagre_text_equal(topic->name, name)) return topic;
  }
  return NULL;
}

struct eagre_kafka_topic_id eagre_kafka_asker_topic_id(const struct eagre_kafka_asker *asker,
                                                       struct eagre_text name) {
  const struct eagre_kafka_metadata_topic *topic = find_topic(asker, name);
  return topic == NULL ? (struct eagre_kafka_topic_id){{0}} : topic->id;
}

/* ---- Offsets: who has them ------------------------------------------------------------------- */

/* One of the list, with who leads it. */
struct asked_partition {
  int32_t leader;
  struct eagre_text topic;
  rd_kafka_topic_partition_t *partition; /* of the list */
};

static int compare_asked(const void *left, const void *right) {
  const struct asked_partition *a = left;
  const struct asked_partition *b = right;
  if (a->leader != b->leader) return a->leader < b->leader ? -1 : 1;
  int order = eagre_text_compare(a->topic, b->topic);
  if (order != 0) return order;
  return (a->partition->partition > b->partition->partition) -
         (a->partition->partition < b->partition->partition);
}

/* NO_BROKER, and why, where nobody leads it. */
static int32_t find_leader(const struct eagre_kafka_asker *asker, struct eagre_text topic_name,
                           rd_kafka_topic_partition_t *partition) {
  const struct eagre_kafka_metadata_topic *topic = find_topic(asker, topic_name);
  const struct eagre_kafka_metadata_partition key = {.number = partition->partition};
  const struct eagre_kafka_metadata_partition *told = NULL;
  if (topic != NULL && topic->partition_count > 0) {
    told = bsearch(&key, topic->partitions, topic->partition_count, sizeof key, compare_partitions);
  }
  partition->err = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (told != NULL && told->leader >= 0) return told->leader;
  partition->err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  if (told != NULL) partition->err = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  if (topic != NULL && topic->error != 0) partition->err = (rd_kafka_resp_err_t)topic->error;
  return NO_BROKER;
}

/* In the order of leaders, topics and partitions. False when somebody is not led. */
static bool find_leaders(const struct eagre_kafka_asker *asker,
                         rd_kafka_topic_partition_list_t *list, struct asked_partition *out) {
  bool are_all_led = asker->has_cluster;
  for (int i = 0; i < list->cnt; i++) {
    rd_kafka_topic_partition_t *partition = &list->elems[i];
    struct eagre_text topic = eagre_text_of(partition->topic);
    out[i] = (struct asked_partition){find_leader(asker, topic, partition), topic, partition};
    if (out[i].leader == NO_BROKER) are_all_led = false;
  }
  if (list->cnt > 0) qsort(out, (size_t)list->cnt, sizeof *out, compare_asked);
  return are_all_led;
}

static rd_kafka_resp_err_t ask_leaders(struct eagre_kafka_asker *asker,
                                       const rd_kafka_topic_partition_list_t *list,
                                       int64_t deadline_us) {
  struct eagre_text *names =
      eagre_arena_allocate(&asker->scratch, ((size_t)list->cnt + 1) * sizeof *names);
  uint32_t count = 0;
  for (int i = 0; i < list->cnt; i++) {
    struct eagre_text name = eagre_text_of(list->elems[i].topic);
    bool is_known = false;
    for (uint32_t k = count; k > 0 && !is_known; k--) {
      is_known = eagre_text_equal(names[k - 1], name);
    }
    if (!is_known) names[count++] = name;
  }
  return ask_cluster(asker, names, count, deadline_us);
}

/* The connection to a broker of the cluster; NULL when the last metadata does not have it. */
static struct asker_broker *get_broker(struct eagre_kafka_asker *asker, int32_t number) {
  for (struct asker_broker *broker = asker->brokers; broker != NULL; broker = broker->next) {
    if (broker->number == number) return broker;
  }
  for (uint32_t i = 0; i < asker->cluster.broker_count; i++) {
    const struct eagre_kafka_metadata_broker *told = &asker->cluster.brokers[i];
    if (told->number == number && told->host.size > 0) {
      return add_broker(asker, told->host, told->port, number);
    }
  }
  return NULL;
}

/* ---- Offsets: questions and answers ---------------------------------------------------------- */

/* How many from `begin` on have the same leader. */
static size_t count_led(const struct asked_partition *asked, size_t begin, size_t count) {
  size_t end = begin + 1;
  while (end < count && asked[end].leader == asked[begin].leader) {
    end++;
  }
  return end - begin;
}

static void put_offsets(struct eagre_kafka_asker *asker, struct asker_broker *broker,
                        const struct asked_partition *asked, size_t count) {
  struct eagre_kafka_connection *connection = &broker->connection;
  struct eagre_kafka_offset_wish *wishes =
      eagre_arena_allocate(&asker->scratch, count * sizeof *wishes);
  for (size_t i = 0; i < count; i++) {
    wishes[i] = (struct eagre_kafka_offset_wish){asked[i].topic, asked[i].partition->partition,
                                                 asked[i].partition->offset};
  }
  eagre_buffer_clear(&connection->out);
  eagre_kafka_protocol_put_offsets(&connection->out, connection->versions.offsets,
                                   next_caller(asker), asker->is_committed_only, wishes,
                                   (uint32_t)count);
  send_question(asker, broker);
}

/* What was told of one partition. */
static void take_told(const struct eagre_kafka_offset_told *told, struct asked_partition *asked,
                      size_t count) {
  rd_kafka_topic_partition_t wanted = {.partition = told->partition};
  struct asked_partition key = {asked[0].leader, told->topic, &wanted};
  struct asked_partition *found = bsearch(&key, asked, count, sizeof key, compare_asked);
  if (found == NULL) return;
  found->partition->err = (rd_kafka_resp_err_t)told->error;
  if (told->error == 0) found->partition->offset = told->offset;
}

/* Partitions that the answer leaves out have failed in passing. */
static rd_kafka_resp_err_t take_offsets(struct eagre_kafka_asker *asker,
                                        struct asker_broker *broker, struct asked_partition *asked,
                                        size_t count) {
  struct eagre_kafka_offset_answer answer;
  if (broker->answer == NULL) return get_failure(asker);
  bool is_whole = eagre_kafka_protocol_read_offsets(eagre_buffer_text(&broker->answer->bytes),
                                                    &asker->scratch, &answer);
  if (!is_whole) {
    eagre_kafka_connection_fail(&broker->connection, eagre_kafka_now_us(),
                                "An answer of it does not hold together");
    note_failure(asker, broker);
    return RD_KAFKA_RESP_ERR__TRANSPORT;
  }
  for (size_t i = 0; i < count; i++) {
    asked[i].partition->err = RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT;
  }
  for (uint32_t i = 0; i < answer.count; i++) {
    take_told(&answer.partitions[i], asked, count);
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Opens connections to all leaders. */
static rd_kafka_resp_err_t reach_leaders(struct eagre_kafka_asker *asker,
                                         const struct asked_partition *asked, size_t count,
                                         int64_t deadline_us) {
  begin_round(asker);
  for (size_t begin = 0, size = 0; begin < count; begin += size) {
    size = count_led(asked, begin, count);
    if (asked[begin].leader == NO_BROKER) continue;
    struct asker_broker *broker = get_broker(asker, asked[begin].leader);
    if (broker == NULL) return RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
    want(asker, broker);
  }
  return settle(asker, deadline_us);
}

static rd_kafka_resp_err_t ask_all(struct eagre_kafka_asker *asker, struct asked_partition *asked,
                                   size_t count, int64_t deadline_us) {
  rd_kafka_resp_err_t failure = reach_leaders(asker, asked, count, deadline_us);
  for (size_t begin = 0, size = 0; failure == RD_KAFKA_RESP_ERR_NO_ERROR && begin < count;
       begin += size) {
    size = count_led(asked, begin, count);
    if (asked[begin].leader == NO_BROKER) continue;
    struct asker_broker *broker = get_broker(asker, asked[begin].leader);
    if (!broker->is_wanted) return get_failure(asker);
    if (broker->connection.versions.offsets < 0) return RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
    put_offsets(asker, broker, asked + begin, size);
  }
  if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) failure = settle(asker, deadline_us);
  for (size_t begin = 0, size = 0; failure == RD_KAFKA_RESP_ERR_NO_ERROR && begin < count;
       begin += size) {
    size = count_led(asked, begin, count);
    if (asked[begin].leader == NO_BROKER) continue;
    failure = take_offsets(asker, get_broker(asker, asked[begin].leader), asked + begin, size);
  }
  return failure;
}

static bool has_failed(const rd_kafka_topic_partition_list_t *list) {
  for (int i = 0; i < list->cnt; i++) {
    if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return true;
  }
  return false;
}

/* By leaders that were known before, a failure may only mean that they lead no longer. */
static rd_kafka_resp_err_t ask_offsets(struct eagre_kafka_asker *asker,
                                       rd_kafka_topic_partition_list_t *list,
                                       const rd_kafka_topic_partition_list_t *question,
                                       int64_t deadline_us) {
  size_t count = (size_t)list->cnt;
  struct asked_partition *asked =
      eagre_arena_allocate(&asker->scratch, (count + 1) * sizeof *asked);
  if (find_leaders(asker, list, asked)) {
    rd_kafka_resp_err_t failure = ask_all(asker, asked, count, deadline_us);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR && !has_failed(list)) return failure;
    if (failure == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE) return failure;
    for (size_t i = 0; i < count; i++) {
      list->elems[i].offset = question->elems[i].offset;
    }
  }
  rd_kafka_resp_err_t failure = ask_leaders(asker, list, deadline_us);
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR) return failure;
  find_leaders(asker, list, asked);
  failure = ask_all(asker, asked, count, deadline_us);
  if (failure != RD_KAFKA_RESP_ERR_NO_ERROR || has_failed(list)) asker->has_cluster = false;
  return failure;
}

rd_kafka_resp_err_t eagre_kafka_asker_offsets(struct eagre_kafka_asker *asker,
                                              rd_kafka_topic_partition_list_t *list,
                                              int timeout_ms) {
  int64_t deadline_us = eagre_kafka_now_us() + (int64_t)timeout_ms * 1000;
  rd_kafka_topic_partition_list_t *question = rd_kafka_topic_partition_list_copy(list);
  rd_kafka_resp_err_t failure = ask_offsets(asker, list, question, deadline_us);
  rd_kafka_topic_partition_list_destroy(question);
  eagre_arena_reset(&asker->scratch);
  return failure;
}
