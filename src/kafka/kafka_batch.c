/* Batches and their records, read in place. */
#include "kafka/kafka_batch.h"

#include <string.h>

#include "compress/compress.h"

enum {
  HEAD_SIZE = 12,      /* base offset and length */
  BATCH_SIZE_MIN = 49, /* what `length` counts of a batch without records */
  FORMAT_AT = 16,      /* from the begin of a batch */
  CHECKED_AT = 21,     /* behind the CRC */
  ATTRIBUTE_CODEC = 7, /* of a batch's attributes */
  ATTRIBUTE_LOG_APPEND = 8,
  ATTRIBUTE_TRANSACTIONAL = 16,
  ATTRIBUTE_CONTROL = 32,
  XERIAL_HEAD_SIZE = 16,
};

enum eagre_status eagre_kafka_batch_fail(const char *what, struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_IO, "KAFKA_CORRUPT_RECORD",
                         "A fetched record is damaged: %s.", what);
}

/* ---- Batches --------------------------------------------------------------------------------- */

static enum eagre_status check_format(int8_t format, struct eagre_error *error) {
  if (format == 2) return EAGRE_OK;
  if (format < 0 || format > 2) return eagre_kafka_batch_fail("its format is unknown", error);
  eagre_error_set(error, EAGRE_USAGE, "KAFKA_OLD_MESSAGE_FORMAT",
                  "Records are kept in format %d, from before Kafka 0.11, which the native client "
                  "does not read.",
                  format);
  eagre_error_hint(error, "set eagre.kafka.client to librdkafka");
  return EAGRE_USAGE;
}

static void read_attributes(struct eagre_kafka_wire *wire, struct eagre_kafka_batch *out) {
  int attributes = eagre_kafka_wire_take_i16(wire);
  out->codec = (enum eagre_kafka_batch_codec)(attributes & ATTRIBUTE_CODEC);
  out->is_log_append_time = (attributes & ATTRIBUTE_LOG_APPEND) != 0;
  out->is_transactional = (attributes & ATTRIBUTE_TRANSACTIONAL) != 0;
  out->is_control = (attributes & ATTRIBUTE_CONTROL) != 0;
}

/* `wire` stands behind the CRC, and the batch ends with it. */
static enum eagre_status read_fields(struct eagre_kafka_wire *wire, struct eagre_kafka_batch *out,
                                     struct eagre_error *error) {
  read_attributes(wire, out);
  int32_t last_delta = eagre_kafka_wire_take_i32(wire);
  out->base_timestamp_ms = eagre_kafka_wire_take_i64(wire);
  out->max_timestamp_ms = eagre_kafka_wire_take_i64(wire);
  out->producer_id = eagre_kafka_wire_take_i64(wire);
  eagre_kafka_wire_take(wire, 2 + 4); /* the producer's epoch and first sequence */
  int32_t count = eagre_kafka_wire_take_i32(wire);
  out->records = eagre_text_make(wire->next, eagre_kafka_wire_left(wire));
  bool has_place = out->base_offset >= 0 && last_delta >= 0 &&
                   !__builtin_add_overflow(out->base_offset, last_delta, &out->last_offset) &&
                   out->last_offset < INT64_MAX;
  if (!has_place) return eagre_kafka_batch_fail("its offsets are impossible", error);
  /* Compaction keeps offsets, so there may be fewer records than offsets, and never more. */
  if (count < 0 || count > (int64_t)last_delta + 1) {
    return eagre_kafka_batch_fail("its count of records is impossible", error);
  }
  if (out->codec > EAGRE_KAFKA_CODEC_ZSTD) {
    return eagre_kafka_batch_fail("its codec is unknown", error);
  }
  out->record_count = (uint32_t)count;
  return EAGRE_OK;
}

static enum eagre_status check_crc(const char *batch, size_t size, struct eagre_error *error) {
  struct eagre_kafka_wire wire = {batch + FORMAT_AT + 1, batch + CHECKED_AT, false};
  uint32_t expected = (uint32_t)eagre_kafka_wire_take_i32(&wire);
  if (eagre_crc32c(0, batch + CHECKED_AT, size - CHECKED_AT) == expected) return EAGRE_OK;
  return eagre_kafka_batch_fail("its checksum does not match", error);
}

enum eagre_status eagre_kafka_batch_read(struct eagre_text *inout_bytes, bool checks_crc,
                                         struct eagre_kafka_batch *out, struct eagre_error *error) {
  struct eagre_kafka_wire wire = eagre_kafka_wire_over(*inout_bytes);
  const char *begin = wire.next;
  out->base_offset = eagre_kafka_wire_take_i64(&wire);
  int32_t length = eagre_kafka_wire_take_i32(&wire);
  if (wire.is_broken) return EAGRE_END;
  if (length < 0) return eagre_kafka_batch_fail("its length is impossible", error);
  size_t size = HEAD_SIZE + (size_t)length;
  if (size > inout_bytes->size) return EAGRE_END;
  /* The format stands at the same place in all of them; old ones may be shorter. */
  if (size <= FORMAT_AT) return eagre_kafka_batch_fail("its length is impossible", error);
  EAGRE_TRY(check_format((int8_t)begin[FORMAT_AT], error));
  if (length < BATCH_SIZE_MIN) return eagre_kafka_batch_fail("its length is impossible", error);
  if (checks_crc) EAGRE_TRY(check_crc(begin, size, error));
  wire = (struct eagre_kafka_wire){begin + CHECKED_AT, begin + size, false};
  EAGRE_TRY(read_fields(&wire, out, error));
  *inout_bytes = eagre_text_make(begin + size, inout_bytes->size - size);
  return EAGRE_OK;
}

bool eagre_kafka_batch_is_abort(const struct eagre_kafka_batch *batch) {
  struct eagre_kafka_batch_cursor cursor = eagre_kafka_batch_begin(batch, batch->records);
  struct eagre_kafka_record marker;
  enum { TYPE_ABORT = 0 };
  if (batch->codec != EAGRE_KAFKA_CODEC_NONE || batch->record_count == 0) return false;
  if (!eagre_kafka_batch_next(&cursor, &marker) || marker.key.data == NULL) return false;
  struct eagre_kafka_wire key = eagre_kafka_wire_over(marker.key);
  eagre_kafka_wire_take_i16(&key); /* version */
  int16_t type = eagre_kafka_wire_take_i16(&key);
  return !key.is_broken && type == TYPE_ABORT;
}

/* ---- Unpacking ------------------------------------------------------------------------------- */

/* Java's library frames pieces: a magic and two versions, then length and piece, repeated. */
static bool is_xerial(struct eagre_text packed) {
  static const char magic[] = "\x82SNAPPY";
  return packed.size >= XERIAL_HEAD_SIZE && memcmp(packed.data, magic, sizeof magic) == 0;
}

static enum eagre_status unpack_xerial(struct eagre_text packed, size_t size_max,
                                       struct eagre_buffer *out, struct eagre_error *error) {
  struct eagre_kafka_wire wire = eagre_kafka_wire_over(packed);
  size_t limit = out->size + size_max;
  eagre_kafka_wire_take(&wire, XERIAL_HEAD_SIZE);
  while (wire.next < wire.end) {
    struct eagre_text piece = eagre_kafka_wire_take_bytes(&wire, false);
    if (wire.is_broken || piece.data == NULL) {
      return eagre_kafka_batch_fail("a piece of it is cut off", error);
    }
    EAGRE_TRY(eagre_decompress_stream(EAGRE_STREAM_SNAPPY, piece, limit - out->size, out, error));
  }
  return EAGRE_OK;
}

static enum eagre_status unpack(const struct eagre_kafka_batch *batch, size_t size_max,
                                struct eagre_buffer *out, struct eagre_error *error) {
  static const enum eagre_stream streams[] = {
      [EAGRE_KAFKA_CODEC_GZIP] = EAGRE_STREAM_GZIP,
      [EAGRE_KAFKA_CODEC_SNAPPY] = EAGRE_STREAM_SNAPPY,
      [EAGRE_KAFKA_CODEC_LZ4] = EAGRE_STREAM_LZ4,
      [EAGRE_KAFKA_CODEC_ZSTD] = EAGRE_STREAM_ZSTD,
  };
  eagre_assert(batch->codec != EAGRE_KAFKA_CODEC_NONE);
  if (batch->codec == EAGRE_KAFKA_CODEC_SNAPPY && is_xerial(batch->records)) {
    return unpack_xerial(batch->records, size_max, out, error);
  }
  return eagre_decompress_stream(streams[batch->codec], batch->records, size_max, out, error);
}

enum eagre_status eagre_kafka_batch_unpack(const struct eagre_kafka_batch *batch, size_t size_max,
                                           struct eagre_buffer *out, struct eagre_error *error) {
  if (unpack(batch, size_max, out, error) == EAGRE_OK) return EAGRE_OK;
  return eagre_kafka_batch_fail("it cannot be decompressed", error);
}

/* ---- Records --------------------------------------------------------------------------------- */

struct eagre_kafka_batch_cursor eagre_kafka_batch_begin(const struct eagre_kafka_batch *batch,
                                                        struct eagre_text records) {
  return (struct eagre_kafka_batch_cursor){
      .next = records.data,
      .end = records.data + records.size,
      .base_offset = batch->base_offset,
      .last_offset = batch->last_offset,
      .base_timestamp_ms = batch->base_timestamp_ms,
      .log_append_ms = batch->max_timestamp_ms,
      .is_log_append_time = batch->is_log_append_time,
      .left_count = batch->record_count,
  };
}

/* A length of -1 is null, and no other is negative. */
static inline bool read_sized(const char **next, const char *end, struct eagre_text *out) {
  int64_t size;
  if (!eagre_kafka_wire_varint(next, end, &size)) return false;
  if (size < -1 || size > end - *next) return false;
  if (size < 0) {
    *out = (struct eagre_text){NULL, 0};
    return true;
  }
  *out = eagre_text_make(*next, (size_t)size);
  *next += size;
  return true;
}

/* Everything of a record behind its length. */
static inline bool read_record(const struct eagre_kafka_batch_cursor *cursor, const char *next,
                               const char *end, struct eagre_kafka_record *out) {
  int64_t timestamp_delta;
  int64_t offset_delta;
  int64_t header_count;
  if (next == end) return false;
  next++; /* attributes: none are in use */
  if (!eagre_kafka_wire_varint(&next, end, &timestamp_delta)) return false;
  if (!eagre_kafka_wire_varint(&next, end, &offset_delta)) return false;
  if (!read_sized(&next, end, &out->key) || !read_sized(&next, end, &out->value)) return false;
  if (!eagre_kafka_wire_varint(&next, end, &header_count)) return false;
  bool has_offset = offset_delta >= 0 && offset_delta <= cursor->last_offset - cursor->base_offset;
  if (!has_offset || header_count < 0 || header_count > end - next) return false;
  out->offset = cursor->base_offset + offset_delta;
  out->timestamp_ms = (int64_t)((uint64_t)cursor->base_timestamp_ms + (uint64_t)timestamp_delta);
  if (cursor->is_log_append_time) out->timestamp_ms = cursor->log_append_ms;
  out->headers = eagre_text_make(next, (size_t)(end - next));
  out->header_count = (uint32_t)header_count;
  return true;
}

bool eagre_kafka_batch_next(struct eagre_kafka_batch_cursor *cursor,
                            struct eagre_kafka_record *out) {
  const char *next = cursor->next;
  int64_t length;
  if (!eagre_kafka_wire_varint(&next, cursor->end, &length)) return false;
  if (length < 0 || length > cursor->end - next) return false;
  if (!read_record(cursor, next, next + length, out)) return false;
  cursor->next = next + length;
  cursor->left_count -= 1;
  return true;
}

bool eagre_kafka_batch_next_header(struct eagre_text *inout_headers, struct eagre_text *out_key,
                                   struct eagre_text *out_value) {
  const char *next = inout_headers->data;
  const char *end = next + inout_headers->size;
  if (!read_sized(&next, end, out_key) || out_key->data == NULL) return false;
  if (!read_sized(&next, end, out_value)) return false;
  *inout_headers = eagre_text_make(next, (size_t)(end - next));
  return true;
}
