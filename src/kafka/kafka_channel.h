/* A handle that producers send through, and what became of their messages. Inside the room only.
 *
 * A producer has a channel of its own, or shares that of a transactor with those of other threads.
 * librdkafka's calls may come from any thread; our callbacks run on whichever thread serves the
 * handle, so it is served under `serving`, by one thread at a time. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "kafka/kafka_handle.h"
#include "kafka/kafka_spread.h"

struct eagre_kafka_channel;

/* The messages from one mark to the next. The opaque of every message is the one it belongs to. */
struct eagre_kafka_stretch {
  struct eagre_kafka_channel *channel;
  _Atomic uint64_t sent_count;     /* raised by who sends, once librdkafka has taken them */
  _Atomic uint64_t answered_count; /* acknowledged, or failed */
};

struct eagre_kafka_channel {
  struct eagre_kafka_handle handle;
  struct eagre_kafka_spread spread;
  pthread_mutex_t serving;
  _Atomic uint64_t failed_count; /* messages that were not delivered */
  /* Of the first of them: written before `failed_count` is raised, read after it was seen. */
  rd_kafka_resp_err_t failure;
  char failed_topic[256];
  int32_t failed_partition;
  int arrived_descriptor; /* eagre_kafka_channel_watch; -1: none */
  /* A transactor's: its id (else empty), how long Kafka waits for the end of a transaction, and
   * when the one under way began (0: none is). */
  char transactional_id[128];
  int64_t transaction_timeout_us;
  _Atomic int64_t transaction_begin_us;
  /* The one that is sent into and the one before. A transactor's knows no marks. */
  struct eagre_kafka_stretch stretches[2];
  uint32_t stretch; /* index of the first */
};

/* Takes the configuration in any case. */
enum eagre_status eagre_kafka_channel_open(struct eagre_kafka_channel *channel,
                                           const struct eagre_kafka_settings *settings,
                                           struct eagre_kafka_configuration *configuration,
                                           struct eagre_error *error);
/* Gives up what is not delivered yet. A channel that is not open stays so. */
void eagre_kafka_channel_close(struct eagre_kafka_channel *channel);
/* Runs callbacks that have come up, and waits for one at most that long. With 0, nothing is done
 * while another thread does it. */
void eagre_kafka_channel_serve(struct eagre_kafka_channel *channel, int timeout_ms);
/* As eagre_kafka_producer_push. */
void eagre_kafka_channel_push(struct eagre_kafka_channel *channel);
/* As eagre_kafka_producer_flush, for the messages of all producers. */
enum eagre_status eagre_kafka_channel_flush(struct eagre_kafka_channel *channel,
                                            struct eagre_error *error);
/* As eagre_kafka_producer_mark and eagre_kafka_producer_await. */
void eagre_kafka_channel_mark(struct eagre_kafka_channel *channel);
enum eagre_status eagre_kafka_channel_await(struct eagre_kafka_channel *channel, int timeout_ms,
                                            bool *out_has_arrived, struct eagre_error *error);
/* Makes `arrived_descriptor`. */
enum eagre_status eagre_kafka_channel_watch(struct eagre_kafka_channel *channel,
                                            struct eagre_error *error);
/* As eagre_kafka_producer_is_idle. */
bool eagre_kafka_channel_is_idle(struct eagre_kafka_channel *channel);
/* IO KAFKA_DELIVERY_FAILED once a message is known to have failed; when Kafka takes nothing more
 * from this client, as eagre_kafka_channel_fail_fenced. */
enum eagre_status eagre_kafka_channel_check(struct eagre_kafka_channel *channel,
                                            struct eagre_error *error);
/* "; last failure: broker ...: Connection refused", or what broke the client for good, or "". */
void eagre_kafka_channel_explain(struct eagre_kafka_channel *channel, char *out, size_t size);
/* Whether Kafka has given the id to another client, as far as this failure or our client tells. */
bool eagre_kafka_channel_is_fenced(struct eagre_kafka_channel *channel,
                                   rd_kafka_resp_err_t failure);
/* UNSAFE KAFKA_PRODUCER_FENCED; IO KAFKA_TRANSACTION_TIMED_OUT when the transaction is older than
 * Kafka waits: both look alike from here. */
enum eagre_status eagre_kafka_channel_fail_fenced(struct eagre_kafka_channel *channel,
                                                  struct eagre_error *error);
