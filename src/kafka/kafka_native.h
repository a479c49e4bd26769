/* The inside of the native engine: fetching without librdkafka. Inside the room only.
 *
 *   broker ═ socket ═► block ─ take_answer ─► backlog: batches of each partition ─ take ─► caller
 *
 * There is no thread: `pull` does what its sockets allow and never waits; the descriptor of the
 * consumer is an epoll over them and a timer. An answer is received as a whole into one block;
 * batches, keys and values are views of it. What is known to come next is asked for as soon as an
 * answer was looked through, before its records are given, so that the broker and the kernel work
 * meanwhile; at the end of the log of a range without end, when they were given.
 *
 * Ends of partitions, where losses are to be judged, are asked for by the consumer's handle.
 *
 * A broker remembers what it was asked for (kafka_native_session.c): a question says what is new.
 *
 * Invariants
 *   1. A partition is in one question at a time: `asked` is that question's number, and an answer
 *      counts only where it is. Whoever stops a partition sets it to 0.
 *   2. Everything below fetch_position is in the backlog, was given, is no record for anybody or is
 *      gone; so eof_position is fetch_position.
 * Memory: one answer per broker, what is held ahead of the ranges, and what the caller has. Beyond
 * queue_size_bytes partitions that are read ahead are not asked for, and then what they hold is
 * dropped, to be fetched again. */
#pragma once

#include "kafka/kafka_batch.h"
#include "kafka/kafka_block.h"
#include "kafka/kafka_connection.h"
#include "kafka/kafka_consumer.h"
#include "kafka/kafka_native_settings.h"

enum { EAGRE_KAFKA_NO_BROKER = -1 };

/* A batch of the backlog. Until it is read for the first time its records are packed. */
struct eagre_kafka_held {
  struct eagre_kafka_batch batch;
  struct eagre_kafka_batch_cursor cursor; /* when `is_open` */
  bool is_open;
  struct eagre_kafka_block *block; /* that the records lie in */
  int64_t front;                   /* no record that is left lies before it */
  int64_t log_start;               /* where the partition began when it was fetched; -1: unknown */
};

struct eagre_kafka_native_partition {
  int32_t leader;
  int32_t asked;
  bool is_told;      /* while a question is made: the leader knows of it */
  int64_t end_heard; /* where the partition ended when it was heard of last; -1: not heard of */
  struct eagre_kafka_topic_id topic_id;
  int64_t missing_us; /* since when nobody knows of it; 0: somebody does */
  int64_t pause_us;   /* not to be asked for before */
  /* Backlog: a ring. */
  struct eagre_kafka_held *held;
  uint32_t held_begin;
  uint32_t held_count;
  uint32_t held_capacity; /* a power of two */
};

/* A partition as a session has it. */
struct eagre_kafka_native_told {
  struct eagre_kafka_consumer_topic *topic;
  struct eagre_kafka_topic_id id;
  int32_t number;
  int64_t offset;
};

struct eagre_kafka_native_session {
  int32_t number; /* the broker's name for it; 0: there is none */
  int32_t epoch;  /* of the next question; 0: one that begins a session */
  bool goes_by_ids;
  struct eagre_kafka_native_told *told;
  uint32_t told_count;
  uint32_t told_capacity;
};

struct eagre_kafka_native_broker {
  struct eagre_kafka_connection connection; /* first: events of the epoll point to it */
  struct eagre_kafka_native_session session;
  struct eagre_kafka_native_broker *next;
  int32_t number;
  bool is_known;         /* in the last metadata */
  int16_t asked_version; /* of the question under way */
};

struct eagre_kafka_native {
  struct eagre_arena arena; /* lives as long as this: client id, addresses */
  struct eagre_kafka_connection_options connection_options;
  struct eagre_kafka_fetch_limits limits;
  bool checks_crc;
  bool may_fall_back;
  size_t unpacked_size_max;
  int64_t retry_pause_us;
  int64_t missing_timeout_us;
  struct eagre_kafka_block_pool *pool;
  int poll_descriptor;
  int timer_descriptor;
  int64_t timer_us; /* what the timer is set to; INT64_MAX: it is off */
  int32_t question_count;
  /* The cluster: asked for over a connection of its own, which no fetch holds up. */
  struct eagre_kafka_native_address *addresses; /* where to begin */
  uint32_t address_count;
  uint32_t address_next;
  struct eagre_kafka_connection guide;
  bool wants_metadata;
  int64_t metadata_us;     /* not to be asked for before */
  uint32_t metadata_count; /* times asked since all leaders were known */
  struct eagre_kafka_native_broker *brokers;
  uint32_t rotation;          /* which partition stands first in the next question */
  bool has_come;              /* something for a backlog, since `pull` was called */
  struct eagre_arena scratch; /* of one answer */
};

/* ---- kafka_native.c -------------------------------------------------------------------------- */

extern const struct eagre_kafka_engine eagre_kafka_engine_native;
/* Makes the engine of a consumer whose handle is open. `conf` is the handle's. */
enum eagre_status eagre_kafka_native_open(struct eagre_kafka_consumer *consumer,
                                          const struct eagre_kafka_settings *settings,
                                          struct eagre_error *error);
/* The cluster, or what is in it, needs librdkafka: USAGE with what the error says, or, where that
 * is allowed, librdkafka takes over. */
enum eagre_status eagre_kafka_native_give_up(struct eagre_kafka_consumer *consumer,
                                             struct eagre_error *error);

/* ---- kafka_native_cluster.c: who leads what -------------------------------------------------- */

/* Asks who leads which partition, when somebody wants to know and the time has come. */
enum eagre_status eagre_kafka_native_ask_metadata(struct eagre_kafka_consumer *consumer,
                                                  int64_t now_us, struct eagre_error *error);
enum eagre_status eagre_kafka_native_take_metadata(struct eagre_kafka_consumer *consumer,
                                                   struct eagre_kafka_block *answer, int64_t now_us,
                                                   struct eagre_error *error);
/* The leader is not the one that was thought to be. */
void eagre_kafka_native_lose_leader(struct eagre_kafka_native *native,
                                    struct eagre_kafka_native_partition *partition, int64_t now_us);
void eagre_kafka_native_close_brokers(struct eagre_kafka_native *native);

/* ---- kafka_native_fetch.c: questions and answers --------------------------------------------- */

enum eagre_status eagre_kafka_native_pull(struct eagre_kafka_consumer *consumer, bool *out_has_come,
                                          struct eagre_error *error);

/* ---- kafka_native_session.c: what brokers remember of questions ------------------------------ */

/* Question `number`, which asks for the partitions that are marked so, at least one; made in
 * `arena`. A whole question begins with another partition for each `rotation`. */
struct eagre_kafka_fetch_question
eagre_kafka_native_session_ask(struct eagre_kafka_native_session *session, int32_t number,
                               bool goes_by_ids,
                               struct eagre_kafka_consumer_partition *const *asked, uint32_t count,
                               uint32_t rotation, struct eagre_arena *arena);
/* Whether the answer to the question asked last leaves out what has nothing new. */
bool eagre_kafka_native_session_goes_on(const struct eagre_kafka_native_session *session);
void eagre_kafka_native_session_hear(struct eagre_kafka_native_session *session,
                                     const struct eagre_kafka_fetch_answer *answer);
/* A question stays without its answer: the next one is whole. */
void eagre_kafka_native_session_lose(struct eagre_kafka_native_session *session);
void eagre_kafka_native_session_done(struct eagre_kafka_native_session *session);

/* ---- kafka_native_backlog.c ------------------------------------------------------------------ */

/* Puts the batches of an answer into the backlog of their partition, without those of aborted
 * transactions where they are not wanted, and moves fetch_position. Errors as
 * eagre_kafka_batch_read. */
enum eagre_status eagre_kafka_native_hold(struct eagre_kafka_native *native,
                                          struct eagre_kafka_consumer_partition *partition,
                                          const struct eagre_kafka_fetched *fetched,
                                          struct eagre_kafka_block *block,
                                          struct eagre_error *error);
int64_t eagre_kafka_native_front(const struct eagre_kafka_consumer_partition *partition);
void eagre_kafka_native_clear(struct eagre_kafka_consumer_partition *partition);
/* The first of the backlog, which is not empty. */
struct eagre_kafka_held *
eagre_kafka_native_first(const struct eagre_kafka_native_partition *partition);
void eagre_kafka_native_drop_first(struct eagre_kafka_native_partition *partition);

/* ---- kafka_native_records.c ------------------------------------------------------------------ */

enum eagre_status eagre_kafka_native_take(struct eagre_kafka_consumer *consumer,
                                          struct eagre_kafka_consumer_partition *partition,
                                          struct eagre_arena *arena,
                                          struct eagre_kafka_records *out,
                                          struct eagre_error *error);
