/* Asking for records, and what to do with the answers. */
#include "kafka/kafka_native.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 16, TIMER_WAIT_US_MIN = 1000, LAST_WITHOUT_IDS = 12 /* of Fetch */ };

/* ---- Failures -------------------------------------------------------------------------------- */

/* What a failed connection leaves behind: its question, and perhaps a leader that is no more. */
static void note_failure(struct eagre_kafka_consumer *consumer,
                         struct eagre_kafka_connection *connection, int32_t asked, int64_t now_us) {
  struct eagre_kafka_handle *handle = &consumer->client->handle;
  struct eagre_kafka_native_broker *broker = (struct eagre_kafka_native_broker *)connection;
  handle->failure = RD_KAFKA_RESP_ERR__TRANSPORT;
  snprintf(handle->failure_text, sizeof handle->failure_text, "%s", connection->failure);
  if (connection == &consumer->native->guide) return;
  eagre_kafka_native_session_lose(&broker->session);
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    struct eagre_kafka_native_partition *own = partition->native;
    if (own == NULL || own->leader != broker->number) continue;
    if (own->asked == asked) own->asked = 0;
    if (!consumer->native->wants_metadata) {
      consumer->native->wants_metadata = true;
      consumer->native->metadata_us = now_us;
    }
  }
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* Whether the broker may be asked for a partition: one that has been fetched beyond its range while
 * there is room. */
static bool may_ask(const struct eagre_kafka_consumer *consumer,
                    const struct eagre_kafka_native_broker *broker,
                    const struct eagre_kafka_consumer_partition *partition, int64_t now_us) {
  struct eagre_kafka_native *native = consumer->native;
  if (partition->native == NULL || partition->native->leader != broker->number) return false;
  bool is_waiting = partition->is_fetching && !partition->is_out_of_range &&
                    partition->native->asked == 0 && partition->native->pause_us <= now_us;
  if (!is_waiting || partition->fetch_position < partition->end) return is_waiting;
  int64_t live = atomic_load_explicit(&native->pool->live_bytes, memory_order_relaxed);
  return live < consumer->held_limit_bytes;
}

/* Whether to ask while the records that have just come are worked. In a range with an end: the
 * answer is read ahead while an epoch is closed. Without one, what is not known to be there is
 * asked for when they were worked: else the first record that comes would be an answer of its own.
 */
static bool is_worth_asking(const struct eagre_kafka_consumer_partition *partition) {
  return partition->end != EAGRE_KAFKA_NO_END ||
         partition->fetch_position < partition->native->end_heard;
}

static uint32_t count_partitions(const struct eagre_kafka_consumer *consumer) {
  uint32_t count = 0;
  for (const struct eagre_kafka_consumer_partition *partition = consumer->partitions;
       partition != NULL; partition = partition->next) {
    count += 1;
  }
  return count;
}

/* What is wanted of the broker; marks the partitions as asked by `number`. */
static uint32_t list_asked(struct eagre_kafka_consumer *consumer,
                           const struct eagre_kafka_native_broker *broker, int32_t number,
                           int64_t now_us, struct eagre_kafka_consumer_partition **asked) {
  uint32_t count = 0;
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    if (!may_ask(consumer, broker, partition, now_us)) continue;
    asked[count++] = partition;
    partition->native->asked = number;
  }
  return count;
}

/* Topics go by their ids where those are known. */
static int16_t choose_version(int16_t version, struct eagre_kafka_consumer_partition *const *asked,
                              uint32_t count) {
  static const struct eagre_kafka_topic_id no_id;
  for (uint32_t i = 0; version > LAST_WITHOUT_IDS && i < count; i++) {
    if (memcmp(&asked[i]->native->topic_id, &no_id, sizeof no_id) == 0) return LAST_WITHOUT_IDS;
  }
  return version;
}

static void send_question(struct eagre_kafka_consumer *consumer,
                          struct eagre_kafka_native_broker *broker, int32_t number,
                          struct eagre_kafka_consumer_partition *const *asked, uint32_t count,
                          int64_t now_us) {
  struct eagre_kafka_native *native = consumer->native;
  struct eagre_kafka_connection *connection = &broker->connection;
  struct eagre_kafka_caller caller = {eagre_text_of(native->connection_options.client_id), number};
  broker->asked_version = choose_version(connection->versions.fetch, asked, count);
  struct eagre_kafka_fetch_question question = eagre_kafka_native_session_ask(
      &broker->session, number, broker->asked_version > LAST_WITHOUT_IDS, asked, count,
      native->rotation++, &native->scratch);
  eagre_buffer_clear(&connection->out);
  eagre_kafka_protocol_put_fetch(&connection->out, broker->asked_version, caller, &native->limits,
                                 &question);
  eagre_kafka_connection_ask(connection, number, now_us);
  if (connection->state == EAGRE_KAFKA_CLOSED) note_failure(consumer, connection, number, now_us);
}

/* For all that may be asked for, which is something. */
static void ask(struct eagre_kafka_consumer *consumer, struct eagre_kafka_native_broker *broker,
                int64_t now_us) {
  struct eagre_kafka_native *native = consumer->native;
  int32_t number = native->question_count + 1;
  struct eagre_kafka_consumer_partition **asked =
      eagre_arena_allocate(&native->scratch, (count_partitions(consumer) + 1) * sizeof *asked);
  uint32_t count = list_asked(consumer, broker, number, now_us, asked);
  native->question_count = number;
  send_question(consumer, broker, number, asked, count, now_us);
  eagre_arena_reset(&native->scratch);
}

/* Whether there is something to ask for; `at_once`: that is worth asking now. */
static bool is_wanted(const struct eagre_kafka_consumer *consumer,
                      const struct eagre_kafka_native_broker *broker, bool at_once,
                      int64_t now_us) {
  for (const struct eagre_kafka_consumer_partition *partition = consumer->partitions;
       partition != NULL; partition = partition->next) {
    if (!may_ask(consumer, broker, partition, now_us)) continue;
    if (!at_once || is_worth_asking(partition)) return true;
  }
  return false;
}

static enum eagre_status ask_brokers(struct eagre_kafka_consumer *consumer, int64_t now_us,
                                     struct eagre_error *error) {
  for (struct eagre_kafka_native_broker *broker = consumer->native->brokers; broker != NULL;
       broker = broker->next) {
    struct eagre_kafka_connection *connection = &broker->connection;
    if (connection->state == EAGRE_KAFKA_CLOSED && is_wanted(consumer, broker, false, now_us)) {
      eagre_kafka_connection_open(connection, now_us);
      if (connection->state == EAGRE_KAFKA_CLOSED) note_failure(consumer, connection, 0, now_us);
    }
    if (!eagre_kafka_connection_is_free(connection)) continue;
    if (connection->versions.fetch < 0) {
      return eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_KAFKA_BROKER",
                             "The broker %s speaks no version of Fetch that the native client "
                             "speaks (4 to 16).",
                             connection->host);
    }
    if (is_wanted(consumer, broker, consumer->native->has_come, now_us)) {
      ask(consumer, broker, now_us);
    }
  }
  return EAGRE_OK;
}

/* ---- Answers --------------------------------------------------------------------------------- */

static bool is_same_topic(const struct eagre_kafka_fetched *fetched,
                          const struct eagre_kafka_consumer_partition *partition) {
  if (fetched->topic.data != NULL) {
    return eagre_text_equal_string(fetched->topic, partition->topic->name);
  }
  return memcmp(&fetched->id, &partition->native->topic_id, sizeof fetched->id) == 0;
}

/* NULL when nobody waits for it any more. */
static struct eagre_kafka_consumer_partition *
find_asked(const struct eagre_kafka_consumer *consumer, const struct eagre_kafka_fetched *fetched,
           int32_t number) {
  for (const struct eagre_kafka_consumer_topic *topic = consumer->client->topics; topic != NULL;
       topic = topic->next) {
    if ((uint32_t)fetched->partition >= topic->partition_count) continue;
    struct eagre_kafka_consumer_partition *partition = topic->partitions[fetched->partition];
    bool is_it = partition != NULL && partition->native != NULL &&
                 partition->native->asked == number && is_same_topic(fetched, partition);
    if (is_it) return partition;
  }
  return NULL;
}

static enum eagre_status take_error(struct eagre_kafka_consumer *consumer,
                                    struct eagre_kafka_consumer_partition *partition,
                                    rd_kafka_resp_err_t failure, int64_t now_us,
                                    struct eagre_error *error) {
  enum { UNKNOWN_TOPIC_ID = 100, INCONSISTENT_TOPIC_ID = 103 };
  struct eagre_kafka_native *native = consumer->native;
  bool is_lost = eagre_kafka_is_passing(failure) || eagre_kafka_is_missing(failure) ||
                 (int)failure == UNKNOWN_TOPIC_ID || (int)failure == INCONSISTENT_TOPIC_ID;
  if (!is_lost) {
    return eagre_kafka_consumer_take_failure(partition, failure, rd_kafka_err2str(failure), error);
  }
  partition->native->pause_us = now_us + native->retry_pause_us;
  eagre_kafka_native_lose_leader(native, partition->native, now_us);
  return EAGRE_OK;
}

/* Damage is a failure of the partition; a format that is too old one of the client. */
static enum eagre_status take_batches(struct eagre_kafka_consumer *consumer,
                                      struct eagre_kafka_consumer_partition *partition,
                                      const struct eagre_kafka_fetched *fetched,
                                      struct eagre_kafka_block *block, struct eagre_error *error) {
  enum eagre_status status =
      eagre_kafka_native_hold(consumer->native, partition, fetched, block, error);
  partition->log_start = fetched->log_start_offset;
  partition->native->end_heard =
      consumer->native->limits.is_committed_only ? fetched->stable_end : fetched->end;
  partition->eof_position = partition->fetch_position;
  consumer->native->metadata_count = 0;
  if (status == EAGRE_OK || status == EAGRE_USAGE) return status;
  if (eagre_kafka_consumer_is_finished(partition)) {
    partition->is_out_of_range = true;
    return EAGRE_OK;
  }
  eagre_error_place(error, "topic %s, partition %" PRId32 ", offset %" PRId64,
                    partition->topic->name, partition->number, partition->fetch_position);
  return status;
}

static enum eagre_status take_fetched(struct eagre_kafka_consumer *consumer,
                                      struct eagre_kafka_consumer_partition *partition,
                                      const struct eagre_kafka_fetched *fetched,
                                      struct eagre_kafka_block *block, int64_t now_us,
                                      struct eagre_error *error) {
  int64_t before = partition->fetch_position;
  enum eagre_status status;
  partition->native->asked = 0;
  partition->is_starting = false;
  if (fetched->error != 0) {
    status = take_error(consumer, partition, (rd_kafka_resp_err_t)fetched->error, now_us, error);
  } else {
    status = take_batches(consumer, partition, fetched, block, error);
  }
  bool is_new = partition->fetch_position > before || partition->is_out_of_range;
  if (is_new) eagre_kafka_consumer_settle(consumer, partition);
  if (is_new) consumer->native->has_come = true;
  return status;
}

/* Partitions of that question that were not spoken of may be asked for again; nothing is new there
 * where the answer leaves those out. */
static void end_question(struct eagre_kafka_consumer *consumer, int32_t number,
                         bool leaves_out_the_old) {
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    bool is_its = partition->native != NULL && partition->native->asked == number;
    if (!is_its) continue;
    partition->native->asked = 0;
    if (!leaves_out_the_old) continue;
    partition->is_starting = false;
    consumer->native->metadata_count = 0;
  }
}

static void pause_broker(struct eagre_kafka_consumer *consumer,
                         const struct eagre_kafka_native_broker *broker, int64_t now_us) {
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    bool is_its = partition->native != NULL && partition->native->leader == broker->number;
    if (is_its) partition->native->pause_us = now_us + consumer->native->retry_pause_us;
  }
}

static enum eagre_status take_answer(struct eagre_kafka_consumer *consumer,
                                     struct eagre_kafka_native_broker *broker, int32_t number,
                                     struct eagre_kafka_block *block, int64_t now_us,
                                     struct eagre_error *error) {
  struct eagre_kafka_native *native = consumer->native;
  struct eagre_kafka_fetch_answer answer;
  enum eagre_status status = EAGRE_OK;
  bool is_difference = eagre_kafka_native_session_goes_on(&broker->session);
  bool is_whole = eagre_kafka_protocol_read_fetch(eagre_buffer_text(&block->bytes),
                                                  broker->asked_version, &native->scratch, &answer);
  if (!is_whole) {
    eagre_kafka_connection_fail(&broker->connection, now_us,
                                "An answer of it does not hold together");
  } else {
    /* A session that is no more is no trouble: the next question begins another. */
    if (answer.error != 0 && !is_difference) pause_broker(consumer, broker, now_us);
    eagre_kafka_native_session_hear(&broker->session, &answer);
    for (uint32_t i = 0; i < answer.count && status == EAGRE_OK; i++) {
      struct eagre_kafka_fetched *fetched = &answer.partitions[i];
      struct eagre_kafka_consumer_partition *partition = find_asked(consumer, fetched, number);
      if (partition == NULL) continue;
      status = take_fetched(consumer, partition, fetched, block, now_us, error);
    }
  }
  end_question(consumer, number, is_whole && is_difference && answer.error == 0);
  eagre_arena_reset(&native->scratch);
  return status;
}

/* ---- Working --------------------------------------------------------------------------------- */

static enum eagre_status work(struct eagre_kafka_consumer *consumer,
                              struct eagre_kafka_connection *connection, int64_t now_us,
                              struct eagre_error *error) {
  struct eagre_kafka_native *native = consumer->native;
  enum eagre_kafka_connection_state before = connection->state;
  int32_t asked = connection->asked;
  enum eagre_status status = EAGRE_OK;
  struct eagre_kafka_block *answer = eagre_kafka_connection_work(connection, now_us);
  if (answer != NULL) {
    if (connection == &native->guide) {
      status = eagre_kafka_native_take_metadata(consumer, answer, now_us, error);
    } else {
      status = take_answer(consumer, (struct eagre_kafka_native_broker *)connection, asked, answer,
                           now_us, error);
    }
    eagre_kafka_block_release(answer);
  }
  bool has_failed = before != EAGRE_KAFKA_CLOSED && connection->state == EAGRE_KAFKA_CLOSED;
  if (has_failed) note_failure(consumer, connection, asked, now_us);
  return status;
}

static void clear_timer(struct eagre_kafka_native *native) {
  uint64_t count;
  while (read(native->timer_descriptor, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

/* Metadata may take a broker away that the next event is of, so it is worked off last. */
static enum eagre_status work_ready(struct eagre_kafka_consumer *consumer, int64_t now_us,
                                    struct eagre_error *error) {
  struct eagre_kafka_native *native = consumer->native;
  struct epoll_event events[EVENTS_MAX];
  bool is_guide_ready = false;
  int count = epoll_wait(native->poll_descriptor, events, EVENTS_MAX, 0);
  for (int i = 0; i < count; i++) {
    struct eagre_kafka_connection *connection = events[i].data.ptr;
    if (connection == NULL) {
      clear_timer(native);
    } else if (connection == &native->guide) {
      is_guide_ready = true;
    } else {
      EAGRE_TRY(work(consumer, connection, now_us, error));
    }
  }
  if (!is_guide_ready) return EAGRE_OK;
  return work(consumer, &native->guide, now_us, error);
}

static enum eagre_status work_late(struct eagre_kafka_consumer *consumer, int64_t now_us,
                                   struct eagre_error *error) {
  for (struct eagre_kafka_native_broker *broker = consumer->native->brokers; broker != NULL;
       broker = broker->next) {
    if (eagre_kafka_connection_due_us(&broker->connection) > now_us) continue;
    EAGRE_TRY(work(consumer, &broker->connection, now_us, error));
  }
  if (eagre_kafka_connection_due_us(&consumer->native->guide) > now_us) return EAGRE_OK;
  return work(consumer, &consumer->native->guide, now_us, error);
}

/* ---- The timer ------------------------------------------------------------------------------- */

static int64_t earlier(int64_t time_us, int64_t other_us) {
  return time_us < other_us ? time_us : other_us;
}

/* When a connection is to be worked without its socket; one that nobody wants has no time. */
static int64_t find_connection_due_us(const struct eagre_kafka_connection *connection,
                                      int64_t now_us) {
  int64_t due_us = eagre_kafka_connection_due_us(connection);
  bool is_over = connection->state == EAGRE_KAFKA_CLOSED && due_us <= now_us;
  return is_over ? INT64_MAX : due_us;
}

/* When something is to be done that no socket tells of. */
static int64_t find_due_us(const struct eagre_kafka_consumer *consumer, int64_t now_us) {
  const struct eagre_kafka_native *native = consumer->native;
  int64_t due_us = find_connection_due_us(&native->guide, now_us);
  bool waits_for_metadata = native->wants_metadata && native->metadata_us > now_us;
  if (waits_for_metadata) due_us = earlier(due_us, native->metadata_us);
  for (const struct eagre_kafka_native_broker *broker = native->brokers; broker != NULL;
       broker = broker->next) {
    due_us = earlier(due_us, find_connection_due_us(&broker->connection, now_us));
  }
  for (const struct eagre_kafka_consumer_partition *partition = consumer->partitions;
       partition != NULL; partition = partition->next) {
    bool is_paused = partition->native != NULL && partition->native->pause_us > now_us;
    if (is_paused) due_us = earlier(due_us, partition->native->pause_us);
  }
  return due_us;
}

static void set_timer(struct eagre_kafka_consumer *consumer, int64_t now_us) {
  struct eagre_kafka_native *native = consumer->native;
  int64_t due_us = find_due_us(consumer, now_us);
  if (due_us == native->timer_us) return;
  int64_t wait_us = due_us == INT64_MAX ? 0 : due_us - now_us;
  if (due_us != INT64_MAX && wait_us < TIMER_WAIT_US_MIN) wait_us = TIMER_WAIT_US_MIN;
  struct itimerspec setting = {
      .it_value = {.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000}};
  timerfd_settime(native->timer_descriptor, 0, &setting, NULL);
  native->timer_us = due_us;
}

/* ---- Pulling --------------------------------------------------------------------------------- */

/* More than there is room for: what lies ahead of the ranges is given back. */
static void drop_ahead(struct eagre_kafka_consumer *consumer) {
  int64_t live = atomic_load_explicit(&consumer->native->pool->live_bytes, memory_order_relaxed);
  if (live <= (int64_t)consumer->options.queue_size_bytes) return;
  for (struct eagre_kafka_consumer_partition *partition = consumer->partitions; partition != NULL;
       partition = partition->next) {
    bool is_ahead =
        eagre_kafka_consumer_is_finished(partition) && eagre_kafka_native_front(partition) >= 0;
    if (!is_ahead) continue;
    eagre_kafka_native_clear(partition);
    partition->native->asked = 0;
    partition->fetch_position = partition->position;
    partition->eof_position = partition->position;
  }
}

static enum eagre_status ask_guide(struct eagre_kafka_consumer *consumer, int64_t now_us,
                                   struct eagre_error *error) {
  struct eagre_kafka_connection *guide = &consumer->native->guide;
  uint32_t failure_count = guide->failure_count;
  enum eagre_status status = eagre_kafka_native_ask_metadata(consumer, now_us, error);
  if (guide->failure_count > failure_count) note_failure(consumer, guide, 0, now_us);
  return status;
}

static enum eagre_status pull(struct eagre_kafka_consumer *consumer, struct eagre_error *error) {
  struct eagre_kafka_native *native = consumer->native;
  int64_t now_us = eagre_kafka_now_us();
  EAGRE_TRY(work_ready(consumer, now_us, error));
  if (now_us >= native->timer_us) {
    native->timer_us = INT64_MAX;
    EAGRE_TRY(work_late(consumer, now_us, error));
  }
  drop_ahead(consumer);
  EAGRE_TRY(ask_guide(consumer, now_us, error));
  EAGRE_TRY(ask_brokers(consumer, now_us, error));
  set_timer(consumer, now_us);
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_native_pull(struct eagre_kafka_consumer *consumer, bool *out_has_come,
                                          struct eagre_error *error) {
  consumer->native->has_come = false;
  enum eagre_status status = pull(consumer, error);
  *out_has_come = status == EAGRE_OK && consumer->native->has_come;
  return status == EAGRE_USAGE ? eagre_kafka_native_give_up(consumer, error) : status;
}
