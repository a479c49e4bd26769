/* Record batches as brokers keep and send them: format 2, the only one since Kafka 0.11. Inside the
 * room only.
 *
 *   batch    base offset 8, length 4, leader epoch 4, format 1, CRC32C 4 (of all that follows),
 *            attributes 2, last offset delta 4, base time 8, largest time 8, producer id 8,
 *            producer epoch 2, first sequence 4, record count 4, records
 *   record   length, attributes, time delta, offset delta, key, value, headers: numbers and lengths
 *            of variable size (kafka_wire.h)
 *
 * Records are read where they are; those of a compressed batch are unpacked first, all at once. */
#pragma once

#include "kafka/kafka_wire.h"

enum eagre_kafka_batch_codec {
  EAGRE_KAFKA_CODEC_NONE,
  EAGRE_KAFKA_CODEC_GZIP,
  EAGRE_KAFKA_CODEC_SNAPPY,
  EAGRE_KAFKA_CODEC_LZ4,
  EAGRE_KAFKA_CODEC_ZSTD,
};

struct eagre_kafka_batch {
  int64_t base_offset;
  int64_t last_offset;
  int64_t base_timestamp_ms;
  int64_t max_timestamp_ms;
  int64_t producer_id;
  uint32_t record_count;
  enum eagre_kafka_batch_codec codec;
  bool is_log_append_time;
  bool is_transactional;
  bool is_control;           /* a marker of a transaction, no records for anybody */
  struct eagre_text records; /* packed by `codec` */
};

/* The next batch of `*inout_bytes`, which goes on behind it. END when no whole one is left: brokers
 * cut the last batch of an answer off where the answer becomes too large. IO KAFKA_CORRUPT_RECORD;
 * USAGE KAFKA_OLD_MESSAGE_FORMAT (formats 0 and 1). */
enum eagre_status eagre_kafka_batch_read(struct eagre_text *inout_bytes, bool checks_crc,
                                         struct eagre_kafka_batch *out, struct eagre_error *error);
/* Unpacks the records behind what `out` holds; at most `size_max` bytes. IO KAFKA_CORRUPT_RECORD;
 * when the codec is none there is nothing to do, and it must not be called. */
enum eagre_status eagre_kafka_batch_unpack(const struct eagre_kafka_batch *batch, size_t size_max,
                                           struct eagre_buffer *out, struct eagre_error *error);
/* Whether a control batch says that its transaction was aborted. */
bool eagre_kafka_batch_is_abort(const struct eagre_kafka_batch *batch);

/* Reads the records of a batch one after the other. */
struct eagre_kafka_batch_cursor {
  const char *next;
  const char *end;
  int64_t base_offset;
  int64_t last_offset;
  int64_t base_timestamp_ms;
  int64_t log_append_ms;
  bool is_log_append_time;
  uint32_t left_count; /* records that are still to come */
};

struct eagre_kafka_record {
  int64_t offset;
  int64_t timestamp_ms;
  struct eagre_text key;   /* data NULL: none */
  struct eagre_text value; /* data NULL: none */
  struct eagre_text headers;
  uint32_t header_count;
};

/* `records` are unpacked and outlive the cursor. */
struct eagre_kafka_batch_cursor eagre_kafka_batch_begin(const struct eagre_kafka_batch *batch,
                                                        struct eagre_text records);
/* There is one left. False when it is damaged; then the cursor stays. */
bool eagre_kafka_batch_next(struct eagre_kafka_batch_cursor *cursor,
                            struct eagre_kafka_record *out);
/* The next header of `*inout_headers`, which goes on behind it. */
bool eagre_kafka_batch_next_header(struct eagre_text *inout_headers, struct eagre_text *out_key,
                                   struct eagre_text *out_value);
enum eagre_status eagre_kafka_batch_fail(const char *what, struct eagre_error *error);
