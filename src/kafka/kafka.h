/* Door of the room `kafka`: raw records from and to Kafka, over librdkafka, or for
 * reading by a client of its own (kafka_native.h). What records mean,
 * which offsets an epoch reads and what a lost record does to a flow is decided by `source` and
 * `sink`.
 *
 *   settings   names of the Java client or of librdkafka, one table for both (kafka_settings.def)
 *   client     control: is somebody there, which partitions, earliest and latest offsets
 *   consumer   one per core: ranges of partitions in, groups of records out
 *   producer   one per core: records in, acknowledgements checked at `flush`
 *   group      positions committed to a consumer group, for tools that show lag
 *   transactor one per flow: what its producers send becomes visible as a whole
 *   mock       a small cluster inside this process, for the demo and for tests
 *
 * Threads. An object is used by one thread at a time. librdkafka runs threads of its own (one per
 * broker and one per handle); they would inherit the affinity of the thread that opens a handle,
 * which is a pinned core here, so each is given the affinity of the process's first thread when it
 * starts: whatever set that thread is left on, fetching shares. Whoever has CPUs to spare pins
 * cores to the others.
 *
 * Offsets are Kafka's: the offset of a record; a position is the offset of the next one to read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

/* ---- Settings -------------------------------------------------------------------------------- */

enum eagre_kafka_role { EAGRE_KAFKA_READ, EAGRE_KAFKA_WRITE };

/* Who reads, and asks what there is to read. AUTO: the native client where it can, else librdkafka,
 * also later on, when a broker or an old record turns out to need it; the log says why. */
enum eagre_kafka_fetcher { EAGRE_KAFKA_LIBRDKAFKA, EAGRE_KAFKA_AUTO, EAGRE_KAFKA_NATIVE };

/* `kafka.NAME => VALUE` of a flow, the prefix taken off. Names ignore case. Values, and brokers,
 * may refer to secrets (base_secret.h), which are looked up when they are used. */
struct eagre_kafka_setting {
  struct eagre_text name;
  struct eagre_text value;
};

/* Borrowed; what is opened with it copies what it needs. */
struct eagre_kafka_settings {
  struct eagre_text brokers; /* host:port list */
  const struct eagre_kafka_setting *settings;
  uint32_t count;
};

/* Checks names and values offline; values that refer to secrets are left for a start. USAGE:
 * REQUIRED_PARAMETER_NOT_FOUND (no brokers), UNSUPPORTED_KAFKA_SETTING (known and refused; the hint
 * says what to do), UNKNOWN_KAFKA_SETTING, INVALID_KAFKA_SETTING. *out_wrong: the setting that is
 * wrong, or their number when it is none of them. */
enum eagre_status eagre_kafka_settings_check(const struct eagre_kafka_settings *settings,
                                             enum eagre_kafka_role role, uint32_t *out_wrong,
                                             struct eagre_error *error);

/* The same with all secrets looked up: USAGE SECRET_NOT_FOUND too. */
enum eagre_status eagre_kafka_settings_look_up(const struct eagre_kafka_settings *settings,
                                               enum eagre_kafka_role role, uint32_t *out_wrong,
                                               struct eagre_error *error);

/* One row of the table, for docs/reference. */
struct eagre_kafka_setting_info {
  const char *name;      /* of the Java client */
  const char *roles;     /* "read", "write" or "both" */
  const char *treatment; /* "passed", "translated", "ignored", "refused" */
  const char *target;    /* name in librdkafka; "" when there is none */
  const char *text;
};
bool eagre_kafka_setting_at(uint32_t index, struct eagre_kafka_setting_info *out);

/* ---- Control client -------------------------------------------------------------------------- */

struct eagre_kafka_client;

struct eagre_kafka_client_options {
  const struct eagre_kafka_settings *settings;
  enum eagre_kafka_role role;
  enum eagre_kafka_fetcher fetcher; /* who asks, where `role` is READ */
  int64_t startup_timeout_us;       /* how long to look for a broker; 0 = 30 s */
};

/* Opens and waits until a broker has answered. IO KAFKA_BROKER_UNREACHABLE names the addresses and
 * the last failure, KAFKA_AUTHENTICATION_FAILED ends the wait at once; USAGE as settings_check. */
enum eagre_status eagre_kafka_client_open(const struct eagre_kafka_client_options *options,
                                          struct eagre_kafka_client **out_client,
                                          struct eagre_error *error);
void eagre_kafka_client_close(struct eagre_kafka_client *client);

enum { EAGRE_KAFKA_ID_SIZE = 16 };
struct eagre_kafka_topic {
  struct eagre_text name;       /* in */
  int32_t partition_count;      /* out; -1 = there is no such topic */
  char id[EAGRE_KAFKA_ID_SIZE]; /* out; all zero = not told: librdkafka asks, or an old broker */
};
/* Asks for the partitions of all topics in one round trip. IO KAFKA_REQUEST_FAILED when no broker
 * answers within `default.api.timeout.ms` (60 s), KAFKA_AUTHORIZATION_FAILED. */
enum eagre_status eagre_kafka_client_topics(struct eagre_kafka_client *client,
                                            struct eagre_kafka_topic *topics, uint32_t count,
                                            struct eagre_error *error);
/* Which topics of all there are somebody wants. */
struct eagre_kafka_topic_filter {
  enum eagre_status (*is_wanted)(void *context, struct eagre_text name, bool *out_is_wanted,
                                 struct eagre_error *error);
  void *context;
};
/* The wanted ones of all topics the user may see, without those that Kafka keeps for itself; names
 * live in `arena`. Errors as eagre_kafka_client_topics, and those of the filter. */
enum eagre_status eagre_kafka_client_find_topics(struct eagre_kafka_client *client,
                                                 const struct eagre_kafka_topic_filter *filter,
                                                 struct eagre_arena *arena,
                                                 struct eagre_kafka_topic **out_topics,
                                                 uint32_t *out_count, struct eagre_error *error);
/* The existing topic whose name is nearest to `name`, in `arena`; empty when none is near or nobody
 * answers soon. For hints. */
struct eagre_text eagre_kafka_client_nearest_topic(struct eagre_kafka_client *client,
                                                   struct eagre_text name,
                                                   struct eagre_arena *arena);

enum eagre_kafka_end { EAGRE_KAFKA_EARLIEST, EAGRE_KAFKA_LATEST };
enum {
  EAGRE_KAFKA_OFFSET_NONE = -1,   /* the partition does not exist */
  EAGRE_KAFKA_OFFSET_BEHIND = -2, /* every record is older than the time asked for */
};

struct eagre_kafka_offset {
  struct eagre_text topic; /* in */
  int32_t partition;       /* in */
  int64_t offset;          /* out: position of that end, or EAGRE_KAFKA_OFFSET_NONE */
};
/* Asks for one end of all partitions, in one round trip per broker. With read_committed the latest
 * offset is the last stable one. Errors as eagre_kafka_client_topics. */
enum eagre_status eagre_kafka_client_offsets(struct eagre_kafka_client *client,
                                             enum eagre_kafka_end end,
                                             struct eagre_kafka_offset *offsets, uint32_t count,
                                             struct eagre_error *error);

/* Asks for the first record that is not older than a time: `offset` holds milliseconds (>= 0)
 * before the call, and behind it the record's position, EAGRE_KAFKA_OFFSET_NONE or _BEHIND. Errors
 * as eagre_kafka_client_topics. */
enum eagre_status eagre_kafka_client_times(struct eagre_kafka_client *client,
                                           struct eagre_kafka_offset *offsets, uint32_t count,
                                           struct eagre_error *error);

/* ---- Consumer -------------------------------------------------------------------------------- */

struct eagre_kafka_consumer;

/* What of a record somebody wants; offsets always come. */
enum eagre_kafka_part {
  EAGRE_KAFKA_KEY = 1,
  EAGRE_KAFKA_VALUE = 2,
  EAGRE_KAFKA_TIMESTAMP = 4,
  EAGRE_KAFKA_HEADERS = 8,
};

struct eagre_kafka_consumer_options {
  const struct eagre_kafka_settings *settings;
  enum eagre_kafka_fetcher fetcher;
  uint32_t parts;             /* of enum eagre_kafka_part */
  uint32_t record_count_max;  /* per read; 0 = 4096, which is also the most */
  size_t read_size_bytes;     /* raw bytes per read, at least one record; 0 = 256 KiB */
  size_t queue_size_bytes;    /* fetched and unread bytes held; 0 = 8 MiB, at most 2 GiB */
  int64_t silence_timeout_us; /* how long to look in vain for the next record; 0 = 120 s */
  bool fail_on_data_loss;
};

/* Does not wait for a broker. USAGE as settings_check; UNSUPPORTED_KAFKA_CLIENT (NATIVE only). */
enum eagre_status eagre_kafka_consumer_open(const struct eagre_kafka_consumer_options *options,
                                            struct eagre_kafka_consumer **out_consumer,
                                            struct eagre_error *error);
/* Records that were read stay valid until they are released; the client ends with the last. */
void eagre_kafka_consumer_close(struct eagre_kafka_consumer *consumer);
/* Becomes readable when records may have come after `read` gave AGAIN; read and cleared by `read`.
 * It may stay readable while nobody reads: watch it only between an AGAIN and the next `read`. */
int eagre_kafka_consumer_descriptor(const struct eagre_kafka_consumer *consumer);

/* Read positions [begin, end) of a partition; begin >= end reads nothing now but keeps fetching
 * ahead from `begin`. With EAGRE_KAFKA_NO_END reading does not end, and silence is no failure. */
#define EAGRE_KAFKA_NO_END INT64_MAX
struct eagre_kafka_range {
  struct eagre_text topic;
  int32_t partition;
  int64_t begin;
  int64_t end;
};
/* Replaces what is to be read. A partition that goes on where its last range ended keeps what was
 * fetched ahead; one that is not named any more is given up. */
enum eagre_status eagre_kafka_consumer_assign(struct eagre_kafka_consumer *consumer,
                                              const struct eagre_kafka_range *ranges,
                                              uint32_t count, struct eagre_error *error);

/* Records of one partition in the order of their offsets. Arrays live in the arena of the read,
 * with 64 readable bytes behind them; so do keys and values, which point into what was fetched. */
struct eagre_kafka_records {
  struct eagre_text topic;
  int32_t partition;
  uint32_t count;
  int64_t first_ms; /* timestamp of the first record; -1 when it has none */
  int64_t *offsets;
  struct eagre_text *keys; /* NULL when not asked for, as all below */
  struct eagre_text *values;
  uint8_t *key_validity; /* bit i: there is a key; NULL = everywhere */
  uint8_t *value_validity;
  int64_t *timestamps_ms;   /* -1 when the record has none */
  int32_t *timestamp_types; /* 0 = CreateTime, 1 = LogAppendTime */
  /* Record i has the headers [header_offsets[i], header_offsets[i + 1]). */
  int32_t *header_offsets;
  struct eagre_text *header_keys;
  struct eagre_text *header_values;
  uint8_t *header_value_validity; /* bit i: header i has a value; NULL = everywhere */
  uint64_t size_bytes;            /* of all keys, values and headers that were asked for */
  void *lease; /* give to eagre_kafka_records_release once the bytes are done with */
};
/* The next records. OK; AGAIN when nothing is there yet; END when every range is read (by position:
 * compacted records and transaction markers count as read). Ranges that lost records (retention,
 * truncation): UNSAFE KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE, or, without fail_on_data_loss,
 * what is left is read and the rest logged and counted. IO: KAFKA_POLL_TIMEOUT (silence),
 * KAFKA_AUTHORIZATION_FAILED, KAFKA_CORRUPT_RECORD, KAFKA_READ_FAILED. With NATIVE, USAGE:
 * KAFKA_OLD_MESSAGE_FORMAT, UNSUPPORTED_KAFKA_BROKER. After an error only close. */
enum eagre_status eagre_kafka_consumer_read(struct eagre_kafka_consumer *consumer,
                                            struct eagre_arena *arena,
                                            struct eagre_kafka_records *out,
                                            struct eagre_error *error);
/* Whether the next read gives records that are at hand, or may: librdkafka does not tell. When not,
 * it asks the broker. */
bool eagre_kafka_consumer_has_more(const struct eagre_kafka_consumer *consumer);
/* When every range is read (END): whether records, or troubles, have come behind the ranges. Does
 * not wait, asks nobody. When not, the descriptor becomes readable when something comes. */
bool eagre_kafka_consumer_look_ahead(struct eagre_kafka_consumer *consumer);
/* Of a range without end, which is assigned: the position of the next record to be read. What was
 * shown to hold no record (markers of transactions) is passed over. */
int64_t eagre_kafka_consumer_reached(struct eagre_kafka_consumer *consumer, struct eagre_text topic,
                                     int32_t partition);
/* Whether such a range has, or may have, records that are not read yet: for all that was heard of
 * the broker, which is not asked. *out_topic: its name, valid until the consumer is closed. */
bool eagre_kafka_consumer_is_behind(const struct eagre_kafka_consumer *consumer,
                                    struct eagre_text topic, int32_t partition,
                                    struct eagre_text *out_topic);
/* Any thread, also after the consumer is closed. */
void eagre_kafka_records_release(void *lease);

struct eagre_kafka_losses {
  uint64_t out_of_range_count; /* times a position was no longer there */
  uint64_t lost_offset_count;  /* offsets that were skipped because they were gone */
};
/* Since the consumer was opened. */
struct eagre_kafka_losses eagre_kafka_consumer_losses(const struct eagre_kafka_consumer *consumer);

/* ---- Group ----------------------------------------------------------------------------------- */

/* A consumer group that nobody joins: positions go there and never come back. */
struct eagre_kafka_group;

/* Does not wait for a broker. USAGE as settings_check. */
enum eagre_status eagre_kafka_group_open(const struct eagre_kafka_settings *settings,
                                         struct eagre_text name,
                                         struct eagre_kafka_group **out_group,
                                         struct eagre_error *error);
/* Waits up to 5 s until the broker has the last positions. */
void eagre_kafka_group_close(struct eagre_kafka_group *group);
/* Sends positions, or, while others are on their way, keeps them instead of those kept before.
 * Never waits; the first failure is logged, others are not. */
void eagre_kafka_group_commit(struct eagre_kafka_group *group,
                              const struct eagre_kafka_offset *offsets, uint32_t count);
/* Hears answers and sends what is kept. Never waits. */
void eagre_kafka_group_serve(struct eagre_kafka_group *group);

/* ---- Producer -------------------------------------------------------------------------------- */

struct eagre_kafka_producer;

/* What a message waits for, so that others go out with it; a full request waits for nothing. Not
 * more than linger.ms, where that is set. */
enum eagre_kafka_linger {
  EAGRE_KAFKA_LINGER_SHORT,      /* 5 ms */
  EAGRE_KAFKA_LINGER_UNTIL_PUSH, /* 2 ms at most */
};

/* acks=all, idempotence, Java's partitioner and delivery time-out (120 s) unless set otherwise. */
enum eagre_status eagre_kafka_producer_open(const struct eagre_kafka_settings *settings,
                                            enum eagre_kafka_linger linger,
                                            struct eagre_kafka_producer **out_producer,
                                            struct eagre_error *error);
/* Gives up what is not delivered yet. */
void eagre_kafka_producer_close(struct eagre_kafka_producer *producer);

struct eagre_kafka_header {
  struct eagre_text name;
  struct eagre_text value; /* data NULL = none */
};
struct eagre_kafka_message {
  struct eagre_text key;                    /* data NULL = no key */
  struct eagre_text value;                  /* data NULL = tombstone */
  int32_t partition;                        /* -1 = by the key, or any */
  int64_t timestamp_ms;                     /* since 1970; 0 = when it is handed over */
  const struct eagre_kafka_header *headers; /* in this order */
  uint32_t header_count;
};
/* Hands `count` messages of one topic over; bytes are copied. Waits while the buffer is full. IO
 * KAFKA_DELIVERY_FAILED as soon as one earlier message is known to have failed,
 * KAFKA_MESSAGE_TOO_LARGE or KAFKA_SEND_FAILED for one of these. */
enum eagre_status eagre_kafka_producer_send(struct eagre_kafka_producer *producer,
                                            struct eagre_text topic,
                                            const struct eagre_kafka_message *messages,
                                            uint32_t count, struct eagre_error *error);
/* Of a producer that lingers until then: what was handed over is on its way now, unless linger.ms
 * is set. May wait up to a millisecond for acknowledgements; returns at once when nothing was
 * handed over since the last time. */
void eagre_kafka_producer_push(struct eagre_kafka_producer *producer);
/* Waits until every message is acknowledged or has failed. IO KAFKA_DELIVERY_FAILED; after an error
 * only close. */
enum eagre_status eagre_kafka_producer_flush(struct eagre_kafka_producer *producer,
                                             struct eagre_error *error);

/* Of a producer that lingers until it is pushed: readable when acknowledgements have come that
 * nobody has looked at; -1 of others. */
int eagre_kafka_producer_descriptor(const struct eagre_kafka_producer *producer);
/* Whether every message is acknowledged or has failed. Looks at acknowledgements that have come. */
bool eagre_kafka_producer_is_idle(struct eagre_kafka_producer *producer);

/* Instead of flush, where more is sent at once: ends a stretch of messages; those of the stretch
 * before have arrived. Not for producers of a transactor. */
void eagre_kafka_producer_mark(struct eagre_kafka_producer *producer);
/* Any thread: whether every message before the last mark is acknowledged; waits for
 * acknowledgements up to `timeout_ms`, and less when some come. Errors as flush. */
enum eagre_status eagre_kafka_producer_await(struct eagre_kafka_producer *producer, int timeout_ms,
                                             bool *out_has_arrived, struct eagre_error *error);

/* ---- Transactions ---------------------------------------------------------------------------- */

/* A producer whose messages become visible together, or never, to readers with read_committed. Its
 * messages are sent by producers of their own, one per thread, all into the one transaction that is
 * under way. With its messages a transaction leaves a marker, a short text that can be asked for
 * later: it says which transaction was the last that was committed. */
struct eagre_kafka_transactor;

/* Kept as the metadata of an offset, for the consumer group named like the transactor's id, which
 * nobody joins, on partition 0 of the topic. */
struct eagre_kafka_marker {
  struct eagre_text topic; /* one that is there */
  int64_t offset;          /* at least 0; nobody reads from it */
  struct eagre_text text;  /* at least one byte, at most offset.metadata.max.bytes (4096) */
};

/* Offline: whether these settings allow transactions. USAGE as settings_check. */
enum eagre_status eagre_kafka_transactor_check(const struct eagre_kafka_settings *settings,
                                               struct eagre_error *error);
/* Takes the id (transactional.id, at most 127 bytes) over: whoever had it is fenced, the
 * transaction it left open is aborted. IO KAFKA_TRANSACTIONS_UNAVAILABLE when nobody lets us within
 * default.api.timeout.ms (60 s). */
enum eagre_status eagre_kafka_transactor_open(const struct eagre_kafka_settings *settings,
                                              const char *id,
                                              struct eagre_kafka_transactor **out_transactor,
                                              struct eagre_error *error);
/* Aborts a transaction that is under way; its producers are closed before. NULL is fine. */
void eagre_kafka_transactor_close(struct eagre_kafka_transactor *transactor);
/* A producer for one thread, closed with eagre_kafka_producer_close. Its calls fail as those of
 * others do, and with UNSAFE KAFKA_PRODUCER_FENCED once somebody has taken the id over, IO
 * KAFKA_TRANSACTION_TIMED_OUT when Kafka has waited too long for the end. */
struct eagre_kafka_producer *
eagre_kafka_transactor_producer(struct eagre_kafka_transactor *transactor);

/* Any thread: begins a transaction unless one is under way. Before anything is sent. */
enum eagre_status eagre_kafka_transactor_begin(struct eagre_kafka_transactor *transactor,
                                               struct eagre_error *error);
/* One thread, while no other sends: commits what was sent since `begin`, and the marker. IO
 * KAFKA_TRANSACTION_FAILED, KAFKA_TRANSACTION_ABORTED: it is not committed; IO
 * KAFKA_COMMIT_UNKNOWN: only the marker tells, close and ask; failures of producers. After an error
 * only abort or close. */
enum eagre_status eagre_kafka_transactor_commit(struct eagre_kafka_transactor *transactor,
                                                const struct eagre_kafka_marker *marker,
                                                struct eagre_error *error);
/* Whether a transaction is under way. */
bool eagre_kafka_transactor_has_begun(const struct eagre_kafka_transactor *transactor);
/* The same thread: gives up a transaction that got a marker and no message. One with messages is
 * given up with its transactor: librdkafka 2.0.2 goes on throwing messages away for a while, those
 * of the next transaction too. IO KAFKA_COMMIT_UNKNOWN when it may be committed already. */
enum eagre_status eagre_kafka_transactor_abort(struct eagre_kafka_transactor *transactor,
                                               struct eagre_error *error);
/* The text of the last committed marker, in `arena`; END when there is none. Ask after
 * transactor_open: what went before is then settled, and AGAIN means that its end was lost: for all
 * of default.api.timeout.ms the offset was about to change, with no transaction open that could
 * change it. IO KAFKA_REQUEST_FAILED. */
enum eagre_status eagre_kafka_marker_read(const struct eagre_kafka_settings *settings,
                                          const char *id, struct eagre_text topic,
                                          struct eagre_arena *arena, struct eagre_text *out_text,
                                          struct eagre_error *error);

/* ---- Mock cluster ---------------------------------------------------------------------------- */

/* Brokers on 127.0.0.1, threads of this process, nothing on disk. Each partition keeps its
 * last 5 MB only: whoever writes must not run further ahead of the reader. No
 * transactions, no topic deletion. */
struct eagre_kafka_mock;
enum eagre_status eagre_kafka_mock_open(uint32_t broker_count, struct eagre_kafka_mock **out_mock,
                                        struct eagre_error *error);
void eagre_kafka_mock_close(struct eagre_kafka_mock *mock);
/* "127.0.0.1:41235,127.0.0.1:41237" */
const char *eagre_kafka_mock_brokers(const struct eagre_kafka_mock *mock);
enum eagre_status eagre_kafka_mock_create_topic(struct eagre_kafka_mock *mock, const char *name,
                                                uint32_t partition_count,
                                                struct eagre_error *error);
/* The brokers speak versions `low` to `high` of that kind of request only. */
void eagre_kafka_mock_limit_versions(struct eagre_kafka_mock *mock, int16_t api_key, int16_t low,
                                     int16_t high);
/* Faults for tests: the next requests of this kind (number of Kafka's protocol) are answered with
 * `error_code`, `count` times. */
void eagre_kafka_mock_fail_requests(struct eagre_kafka_mock *mock, int16_t api_key, int error_code,
                                    uint32_t count);
/* Takes a broker (from 1) down, or up again. */
void eagre_kafka_mock_set_up(struct eagre_kafka_mock *mock, int32_t broker, bool is_up);
