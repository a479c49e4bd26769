/* A broker with one topic that does what a test says, on the test's own thread: the native client
 * never waits, so the two are worked in turn. Of fetch sessions (KIP-227) it does what Kafka does,
 * and it fails the test when it is asked what a session does not allow. */
#pragma once

#include "test_kafka.h"

#include "kafka/kafka_protocol.h"

enum { SCRIPTED_PARTITIONS = 8, SCRIPTED_FETCHES_MAX = 4096 };

/* What a question for records said. */
struct scripted_fetch {
  int32_t session;
  int32_t epoch;
  uint32_t wish_count;
  uint32_t forgotten_count;
};

struct scripted_partition {
  struct eagre_buffer batches[64]; /* one record each, at its offset */
  int64_t end;
  /* In the session: */
  bool is_in_session;
  struct eagre_kafka_topic_id id;
  int64_t fetch_offset;
  int64_t told_end; /* -1: nothing */
};

struct scripted_broker {
  int listener;
  int connections[8]; /* -1: none */
  struct eagre_buffer received[8];
  char address[32];
  int port;
  /* What a test may set. */
  int16_t fetch_version;      /* the newest it speaks */
  bool has_room;              /* for a session */
  int16_t next_error;         /* of the next answer to a fetch as a whole */
  uint32_t batches_of_answer; /* how many batches fit an answer */
  struct eagre_kafka_topic_id id;
  struct scripted_partition partitions[SCRIPTED_PARTITIONS];
  int32_t session; /* 0: there is none */
  int32_t session_epoch;
  int32_t session_count;
  uint32_t first; /* partition that is answered first */
  /* What was asked. */
  struct scripted_fetch fetches[SCRIPTED_FETCHES_MAX];
  uint32_t fetch_count;
};

struct scripted_broker *scripted_broker_open(void);
void scripted_broker_close(struct scripted_broker *broker);
/* Answers what was asked; waits for nothing. */
void scripted_broker_work(struct scripted_broker *broker);
/* Appends a record with its offset as value. */
void scripted_broker_append(struct scripted_broker *broker, int32_t partition);
/* Hangs up on everybody; sessions stay. */
void scripted_broker_hang_up(struct scripted_broker *broker);
/* The topic is deleted and made anew, empty. */
void scripted_broker_renew_topic(struct scripted_broker *broker);
