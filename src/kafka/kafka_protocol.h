/* The requests that reading needs, and their answers, as Kafka's protocol guide has them. Inside
 * the room only.
 *
 *   ApiVersions 0         what a broker speaks
 *   SaslHandshake 1       which mechanism shows who we are
 *   SaslAuthenticate 0-1  a message of that mechanism; how long it holds since 1
 *   Metadata 1-12         which broker leads a partition; ids of topics since 10
 *   ListOffsets 2-3       ends of partitions, and positions by time: all that comes before epochs
 *   Fetch 4-16            records; topics by their ids since 13
 *
 * A request is a frame: four bytes of length, which count what follows. An answer is the same; what
 * is given here begins behind the length. Answers come from outside: all of it is checked, and what
 * does not hold is refused as a whole. */
#pragma once

#include "kafka/kafka_wire.h"

enum { EAGRE_KAFKA_TOPIC_ID_SIZE = 16 };

struct eagre_kafka_topic_id {
  char bytes[EAGRE_KAFKA_TOPIC_ID_SIZE]; /* all zero: not known */
};

/* Who asks, and which question it is: the broker says the number again. */
struct eagre_kafka_caller {
  struct eagre_text client;
  int32_t number;
};

/* ---- What a broker speaks -------------------------------------------------------------------- */

/* The newest version both sides know; -1: there is none. */
struct eagre_kafka_versions {
  int16_t fetch;
  int16_t metadata;
  int16_t offsets;
  int16_t authenticate;
};

void eagre_kafka_protocol_put_versions(struct eagre_buffer *out, struct eagre_kafka_caller caller);
/* False when it is not an answer to that. */
bool eagre_kafka_protocol_read_versions(struct eagre_text answer, struct eagre_kafka_versions *out);

/* ---- Who we are ------------------------------------------------------------------------------ */

void eagre_kafka_protocol_put_handshake(struct eagre_buffer *out, struct eagre_kafka_caller caller,
                                        struct eagre_text mechanism);
/* `out_offered` becomes the names of what the broker offers: "PLAIN, SCRAM-SHA-256", cut off where
 * they do not fit. */
bool eagre_kafka_protocol_read_handshake(struct eagre_text answer, int16_t *out_error,
                                         char *out_offered, size_t offered_size);

struct eagre_kafka_authenticated {
  int16_t error;
  struct eagre_text message; /* why not; texts lie in the answer */
  struct eagre_text bytes;   /* of the mechanism */
  int64_t lifetime_ms;       /* 0: without end */
};
void eagre_kafka_protocol_put_authenticate(struct eagre_buffer *out, int16_t version,
                                           struct eagre_kafka_caller caller,
                                           struct eagre_text bytes);
bool eagre_kafka_protocol_read_authenticate(struct eagre_text answer, int16_t version,
                                            struct eagre_kafka_authenticated *out);

/* ---- Who leads ------------------------------------------------------------------------------- */

struct eagre_kafka_metadata_broker {
  int32_t number;
  struct eagre_text host;
  int32_t port;
};

struct eagre_kafka_metadata_partition {
  int32_t number;
  int32_t leader; /* -1: none now */
  int16_t error;
};

struct eagre_kafka_metadata_topic {
  struct eagre_text name;
  struct eagre_kafka_topic_id id;
  int16_t error;
  struct eagre_kafka_metadata_partition *partitions;
  uint32_t partition_count;
};

struct eagre_kafka_metadata {
  struct eagre_kafka_metadata_broker *brokers;
  uint32_t broker_count;
  struct eagre_kafka_metadata_topic *topics;
  uint32_t topic_count;
};

/* `topics` NULL: all there are. */
void eagre_kafka_protocol_put_metadata(struct eagre_buffer *out, int16_t version,
                                       struct eagre_kafka_caller caller,
                                       const struct eagre_text *topics, uint32_t count);
/* Arrays live in `arena`, texts in the answer. */
bool eagre_kafka_protocol_read_metadata(struct eagre_text answer, int16_t version,
                                        struct eagre_arena *arena,
                                        struct eagre_kafka_metadata *out);

/* ---- Positions ------------------------------------------------------------------------------- */

/* Partitions of one topic stand behind each other. */
struct eagre_kafka_offset_wish {
  struct eagre_text topic;
  int32_t partition;
  int64_t time_ms; /* or RD_KAFKA_OFFSET_BEGINNING, RD_KAFKA_OFFSET_END: the protocol's own */
};

struct eagre_kafka_offset_told {
  struct eagre_text topic;
  int32_t partition;
  int16_t error;
  int64_t offset; /* -1: no record is that young */
};

struct eagre_kafka_offset_answer {
  struct eagre_kafka_offset_told *partitions;
  uint32_t count;
  uint32_t capacity;
};

void eagre_kafka_protocol_put_offsets(struct eagre_buffer *out, int16_t version,
                                      struct eagre_kafka_caller caller, bool is_committed_only,
                                      const struct eagre_kafka_offset_wish *wishes, uint32_t count);
/* The array lives in `arena`, texts in the answer. */
bool eagre_kafka_protocol_read_offsets(struct eagre_text answer, struct eagre_arena *arena,
                                       struct eagre_kafka_offset_answer *out);

/* ---- Records --------------------------------------------------------------------------------- */

struct eagre_kafka_fetch_limits {
  int32_t wait_ms;
  int32_t size_bytes_min;
  int32_t size_bytes_max;
  int32_t partition_bytes_max;
  bool is_committed_only; /* read_committed */
};

/* Partitions of one topic stand behind each other. */
struct eagre_kafka_fetch_wish {
  struct eagre_text topic;
  struct eagre_kafka_topic_id id;
  int32_t partition;
  int64_t offset;
};

/* What a question says: all wishes, or, in a session, those that the broker does not know yet. */
struct eagre_kafka_fetch_question {
  int32_t session; /* the broker's number of it; 0: none */
  int32_t epoch;   /* which question of the session; 0: one that begins it */
  struct eagre_kafka_fetch_wish *wishes;
  uint32_t wish_count;
  struct eagre_kafka_fetch_wish *forgotten; /* not wanted any more; offsets mean nothing */
  uint32_t forgotten_count;
};

/* Records of this producer are aborted from `first_offset` to its next marker. */
struct eagre_kafka_aborted {
  int64_t producer_id;
  int64_t first_offset;
};

struct eagre_kafka_fetched {
  struct eagre_text topic; /* empty when topics go by id */
  struct eagre_kafka_topic_id id;
  int32_t partition;
  int16_t error;
  int64_t end;              /* all records below it are copied */
  int64_t stable_end;       /* no transaction is open below it; -1: not told */
  int64_t log_start_offset; /* -1: not told */
  struct eagre_kafka_aborted *aborted;
  uint32_t aborted_count;
  struct eagre_text batches;
};

struct eagre_kafka_fetch_answer {
  int16_t error;
  int32_t session; /* 0: none */
  struct eagre_kafka_fetched *partitions;
  uint32_t count;
  uint32_t capacity;
};

void eagre_kafka_protocol_put_fetch(struct eagre_buffer *out, int16_t version,
                                    struct eagre_kafka_caller caller,
                                    const struct eagre_kafka_fetch_limits *limits,
                                    const struct eagre_kafka_fetch_question *question);
/* Arrays live in `arena`, texts and batches in the answer. */
bool eagre_kafka_protocol_read_fetch(struct eagre_text answer, int16_t version,
                                     struct eagre_arena *arena,
                                     struct eagre_kafka_fetch_answer *out);
/* The number of the question that this answers; -1 when it is too short for one. */
int32_t eagre_kafka_protocol_number(struct eagre_text answer);
