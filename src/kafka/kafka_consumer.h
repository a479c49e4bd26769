/* The inside of a consumer. Inside the room only.
 *
 * An engine fetches: librdkafka, whose threads feed one queue for all partitions, or the native one
 * (kafka_native.h). `read` has it put what has come into the backlogs of the partitions, and gives
 * records from one backlog at a time, so that a group has one origin and full size however the
 * fetches were mixed.
 *
 *   broker -> engine -> pull -> backlog of the partition -> read -> caller
 *                                  fetch_position              position
 *
 * Invariants
 *   1. position <= fetch_position; the backlog holds what was fetched of [position,
 *   fetch_position).
 *   2. eof_position: the broker has shown that everything below it is in the backlog, was given, or
 *      does not exist. Never falls while the partition is fetched.
 *   3. A partition is finished when position >= end; unfinished_count is the number of the others.
 *   4. A partition is in the ready list once if it is unfinished and has a backlog, else not.
 *   5. Pulling happens only while the ready list is empty: a backlog then belongs to a partition
 *      that has been read ahead of its range ("held").
 * Memory of librdkafka's engine: it stops fetching at queue_size_bytes of keys and values or at one
 * message per 256 of those bytes; what is held is given up to a quarter of that before those
 * partitions stop.
 */
#pragma once

#include <stdatomic.h>

#include "kafka/kafka_handle.h"

/* A client shared by a consumer and the records it gave: the last one closes it. */
struct eagre_kafka_consumer_client {
  _Atomic uint32_t reference_count;
  struct eagre_kafka_handle handle;
  struct eagre_kafka_consumer_topic *topics;
};

struct eagre_kafka_consumer_topic {
  struct eagre_kafka_consumer_topic *next;
  char *name;
  rd_kafka_topic_t *topic;
  struct eagre_kafka_consumer_partition **partitions; /* by number; NULL where unknown */
  uint32_t partition_count;
};

struct eagre_kafka_native;
struct eagre_kafka_native_partition;

struct eagre_kafka_consumer_partition {
  struct eagre_kafka_consumer_partition *next;       /* of all partitions of the consumer */
  struct eagre_kafka_consumer_partition *next_ready; /* of the ready list */
  struct eagre_kafka_consumer_topic *topic;
  int32_t number;
  bool is_assigned;
  bool is_fetching;     /* the engine was started for it */
  bool is_out_of_range; /* the broker does not have fetch_position, or reading ahead failed */
  bool is_starting;     /* nothing was heard since the start */
  bool is_ready;
  int64_t position;
  int64_t end;
  int64_t fetch_position;
  int64_t eof_position;
  /* Offsets that were skipped and not yet proven to be mere holes (kafka_consumer_loss.c). */
  int64_t hole_begin; /* -1 none */
  int64_t hole_size;
  int64_t log_start; /* where the partition began when it was fetched last; -1: not told */
  struct eagre_kafka_native_partition *native; /* of the native engine; NULL: none yet */
  /* Backlog of librdkafka's engine: a ring of messages. */
  rd_kafka_message_t **messages;
  uint32_t message_begin;
  uint32_t message_count;
  uint32_t message_capacity; /* a power of two */
  uint64_t backlog_size_bytes;
};

enum {
  EAGRE_KAFKA_PULL_MAX = 4096,
  /* What librdkafka keeps for a message beside its bytes, roughly: the bound on their number. */
  EAGRE_KAFKA_MESSAGE_OVERHEAD = 256,
};

struct eagre_kafka_consumer;

/* Who fetches, and holds what was fetched. Called on the consumer's thread. */
struct eagre_kafka_engine {
  /* Begins to fetch at partition->fetch_position; what is in the backlog stays. */
  enum eagre_status (*start)(struct eagre_kafka_consumer *consumer,
                             struct eagre_kafka_consumer_partition *partition,
                             struct eagre_error *error);
  void (*stop)(struct eagre_kafka_consumer *consumer,
               struct eagre_kafka_consumer_partition *partition);
  /* Gives up the backlog. */
  void (*clear)(struct eagre_kafka_consumer_partition *partition);
  /* No record of the backlog lies before this offset; -1: it is empty. */
  int64_t (*front)(const struct eagre_kafka_consumer_partition *partition);
  /* Takes over what has come, without waiting. */
  enum eagre_status (*pull)(struct eagre_kafka_consumer *consumer, bool *out_has_come,
                            struct eagre_error *error);
  /* Takes records of [position, end) from the front of the backlog. AGAIN when none of those are
   * left in it after all. */
  enum eagre_status (*take)(struct eagre_kafka_consumer *consumer,
                            struct eagre_kafka_consumer_partition *partition,
                            struct eagre_arena *arena, struct eagre_kafka_records *out,
                            struct eagre_error *error);
  /* Frees what the engine has of a partition, and of the consumer. */
  void (*forget)(struct eagre_kafka_consumer_partition *partition);
  void (*close)(struct eagre_kafka_consumer *consumer);
};

struct eagre_kafka_consumer {
  const struct eagre_kafka_engine *engine;
  struct eagre_kafka_consumer_client *client;
  struct eagre_kafka_native *native; /* NULL: librdkafka fetches */
  rd_kafka_queue_t *queue;           /* librdkafka's; NULL: another fetches */
  int event_descriptor;              /* of that queue */
  int descriptor;                    /* an epoll over what the engine waits for; -1: none yet */
  struct eagre_kafka_consumer_options options; /* without `settings` */
  struct eagre_kafka_consumer_partition *partitions;
  struct eagre_kafka_consumer_partition *ready_first;
  struct eagre_kafka_consumer_partition *ready_last;
  uint32_t unfinished_count;
  int64_t held_limit_bytes;
  /* Since the threads of librdkafka were nudged last. */
  uint64_t pulled_size_bytes;
  uint64_t pulled_count;
  int64_t nudged_us;
  int64_t holes_checked_us;
  int64_t quiet_us; /* since when nothing was there whenever somebody looked; 0 = something was */
  struct eagre_kafka_losses losses;
  rd_kafka_message_t *pulled[EAGRE_KAFKA_PULL_MAX];
};

static inline bool
eagre_kafka_consumer_is_finished(const struct eagre_kafka_consumer_partition *partition) {
  return partition->position >= partition->end;
}

static inline rd_kafka_message_t *
eagre_kafka_consumer_backlog_at(const struct eagre_kafka_consumer_partition *partition,
                                uint32_t index) {
  uint32_t slot = (partition->message_begin + index) & (partition->message_capacity - 1);
  return partition->messages[slot];
}

/* What a lease points to begins with this. */
struct eagre_kafka_lease {
  void (*release)(struct eagre_kafka_lease *lease);
};

/* kafka_consumer.c */
/* Bounds of memory, and sizes of fetches that go with them unless the flow gave its own. */
void eagre_kafka_consumer_set_bounds(rd_kafka_conf_t *conf,
                                     const struct eagre_kafka_settings *settings,
                                     size_t queue_size_bytes);
void eagre_kafka_consumer_client_release(struct eagre_kafka_consumer_client *client);
/* Begins to fetch at `offset`; what is in the backlog stays. */
enum eagre_status eagre_kafka_consumer_start(struct eagre_kafka_consumer *consumer,
                                             struct eagre_kafka_consumer_partition *partition,
                                             int64_t offset, struct eagre_error *error);
void eagre_kafka_consumer_stop(struct eagre_kafka_consumer *consumer,
                               struct eagre_kafka_consumer_partition *partition);
/* Moves the position and keeps unfinished_count right. */
void eagre_kafka_consumer_move(struct eagre_kafka_consumer *consumer,
                               struct eagre_kafka_consumer_partition *partition, int64_t position);
/* After anything that was fetched, given or assigned: finishes the partition where nothing of its
 * range is left to come, or makes it ready where something is there. */
void eagre_kafka_consumer_settle(struct eagre_kafka_consumer *consumer,
                                 struct eagre_kafka_consumer_partition *partition);
/* The broker refuses the partition's next records, or they are damaged. Passing troubles are passed
 * over; a partition that is only read ahead stops quietly: if the trouble lasts, it shows when the
 * range that it belongs to is read. */
enum eagre_status
eagre_kafka_consumer_take_failure(struct eagre_kafka_consumer_partition *partition,
                                  rd_kafka_resp_err_t failure, const char *why,
                                  struct eagre_error *error);

/* kafka_consumer_librdkafka.c */
extern const struct eagre_kafka_engine eagre_kafka_engine_librdkafka;
/* Gives the consumer its queue and descriptor. */
enum eagre_status eagre_kafka_consumer_open_librdkafka(struct eagre_kafka_consumer *consumer,
                                                       struct eagre_error *error);

/* kafka_consumer_backlog.c */
void eagre_kafka_consumer_backlog_push(struct eagre_kafka_consumer_partition *partition,
                                       rd_kafka_message_t *message);
rd_kafka_message_t *
eagre_kafka_consumer_backlog_pop(struct eagre_kafka_consumer_partition *partition);
void eagre_kafka_consumer_backlog_clear(struct eagre_kafka_consumer_partition *partition);

/* kafka_consumer_records.c */
/* `take` of librdkafka's engine. */
enum eagre_status eagre_kafka_consumer_take_records(
    struct eagre_kafka_consumer *consumer, struct eagre_kafka_consumer_partition *partition,
    struct eagre_arena *arena, struct eagre_kafka_records *out, struct eagre_error *error);

/* kafka_consumer_loss.c */
/* `log_start`: where the partition began when the hole was seen, -1 when that is not known. */
void eagre_kafka_consumer_note_hole(struct eagre_kafka_consumer_partition *partition, int64_t begin,
                                    int64_t end, int64_t log_start);
/* Asks whether the holes noted are losses; unless `is_last`, at most every 100 ms. */
enum eagre_status eagre_kafka_consumer_check_holes(struct eagre_kafka_consumer *consumer,
                                                   bool is_last, struct eagre_error *error);
/* The broker does not have fetch_position. */
enum eagre_status eagre_kafka_consumer_leave_range(struct eagre_kafka_consumer *consumer,
                                                   struct eagre_kafka_consumer_partition *partition,
                                                   struct eagre_error *error);

/* kafka_consumer_open.c */
/* Of a range without end: the broker has shown that there is nothing behind the position. */
bool eagre_kafka_consumer_is_at_end(const struct eagre_kafka_consumer *consumer,
                                    const struct eagre_kafka_consumer_partition *partition);
