/* The Kafka sink's insides. Inside the room only. */
#pragma once

#include <stdatomic.h>

#include "kafka/kafka.h"
#include "sink/sink_kind.h"

/* Which column is what; -1 where there is none. */
struct sink_kafka_columns {
  int key;
  int value;
  int topic; /* -1 also where the option gives one */
  int partition;
  int headers;
};

/* What the last committed transaction says of itself: "EPOCH ATTEMPT". Epoch -1 stands in front of
 * the first; an empty attempt is that of a marker which a start has set anew. */
struct sink_kafka_marker {
  int64_t epoch;
  char attempt[64];
};

struct sink_kafka {
  struct eagre_sink base;
  struct eagre_arena arena;
  struct eagre_kafka_settings settings;
  struct eagre_text topic; /* of all rows; empty = see the column */
  struct sink_kafka_columns columns;

  /* delivery = 'exactly-once' */
  bool is_exact;
  struct eagre_kafka_transactor *transactor; /* NULL before recovery */
  char id[64];                               /* of the transactor */
  struct eagre_text marker_topic;
  bool has_marker;
  struct sink_kafka_marker marker; /* the last that is committed */
  struct sink_kafka_marker begun;  /* the epoch and attempt under way */
};

/* ---- sink_kafka_gather.c: messages of one topic, without headers, that wait for others. Of one
 * core; all zero at first. */

struct sink_kafka_gather {
  struct eagre_kafka_message *messages; /* NULL before the first */
  uint32_t count;
  uint32_t capacity;
  size_t size;              /* of their keys and values */
  struct eagre_arena bytes; /* where those are */
};

/* Copies the messages, however many there are. */
void eagre_sink_kafka_gather_take(struct sink_kafka_gather *gather,
                                  const struct eagre_kafka_message *messages, uint32_t count);
/* Whether they are worth a request of their own. */
bool eagre_sink_kafka_gather_is_full(const struct sink_kafka_gather *gather);
/* Hands all over; none is left, whatever becomes of them. */
enum eagre_status eagre_sink_kafka_gather_send(struct sink_kafka_gather *gather,
                                               struct eagre_kafka_producer *producer,
                                               struct eagre_text topic, struct eagre_error *error);
void eagre_sink_kafka_gather_drop(struct sink_kafka_gather *gather);
void eagre_sink_kafka_gather_done(struct sink_kafka_gather *gather);

/* ---- sink_kafka_marker.c */

void eagre_sink_kafka_marker_print(const struct sink_kafka_marker *marker,
                                   struct eagre_buffer *out);
/* False when the text is no marker. */
bool eagre_sink_kafka_marker_parse(struct eagre_text text, struct sink_kafka_marker *out);

/* ---- sink_kafka_exact.c: the control half with delivery = 'exactly-once'. Effects and errors are
 * those of sink.h. */

/* Offline. */
enum eagre_status eagre_sink_kafka_exact_check(const struct eagre_kafka_settings *settings,
                                               struct eagre_error *error);
/* With the client that has found the topic. */
enum eagre_status eagre_sink_kafka_exact_open(struct sink_kafka *sink,
                                              struct eagre_kafka_client *client,
                                              struct eagre_error *error);
void eagre_sink_kafka_exact_close(struct sink_kafka *sink);
enum eagre_status eagre_sink_kafka_exact_recover(struct sink_kafka *sink,
                                                 struct eagre_sink_recovery *out,
                                                 struct eagre_error *error);
enum eagre_status eagre_sink_kafka_exact_claim(struct sink_kafka *sink, int64_t epoch,
                                               const char *attempt, struct eagre_error *error);
enum eagre_status eagre_sink_kafka_exact_begin(struct sink_kafka *sink, int64_t epoch,
                                               const char *attempt, struct eagre_error *error);
enum eagre_status eagre_sink_kafka_exact_commit(struct sink_kafka *sink,
                                                const struct eagre_sink_commit *commit,
                                                struct eagre_error *error);
/* One core's piece: the transactional id, and how many messages of the core the transaction holds.
 */
void eagre_sink_kafka_exact_piece(const struct sink_kafka *sink, uint64_t message_count,
                                  struct eagre_buffer *out_piece);
