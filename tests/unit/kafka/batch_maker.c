/* Record batches by hand. */
#include "batch_maker.h"

#include <endian.h>
#include <string.h>

#include "compress/compress.h"

enum { HEAD_SIZE = 12, CRC_AT = 17, CHECKED_AT = 21 };

static void put_varint(struct eagre_buffer *out, int64_t value) {
  uint64_t bits = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
  while (bits >= 0x80) {
    eagre_kafka_wire_put_i8(out, (int8_t)(bits | 0x80));
    bits >>= 7;
  }
  eagre_kafka_wire_put_i8(out, (int8_t)bits);
}

static void put_sized(struct eagre_buffer *out, struct eagre_text text) {
  put_varint(out, text.data == NULL ? -1 : (int64_t)text.size);
  if (text.data != NULL) eagre_buffer_append_text(out, text);
}

static void begin_record(struct eagre_buffer *out, int64_t timestamp_delta, int32_t offset_delta) {
  eagre_kafka_wire_put_i8(out, 0);
  put_varint(out, timestamp_delta);
  put_varint(out, offset_delta);
}

static void end_record(struct batch_maker *maker, struct eagre_buffer *record, int32_t delta) {
  put_varint(&maker->records, (int64_t)record->size);
  eagre_buffer_append_text(&maker->records, eagre_buffer_text(record));
  eagre_buffer_done(record);
  maker->count += 1;
  maker->last_delta = delta;
}

void batch_add(struct batch_maker *maker, int32_t offset_delta, int64_t timestamp_delta,
               struct eagre_text key, struct eagre_text value) {
  struct eagre_buffer record = {0};
  begin_record(&record, timestamp_delta, offset_delta);
  put_sized(&record, key);
  put_sized(&record, value);
  put_varint(&record, 0);
  end_record(maker, &record, offset_delta);
}

void batch_add_with_header(struct batch_maker *maker, int32_t offset_delta, struct eagre_text value,
                           struct eagre_text header_key, struct eagre_text header_value) {
  struct eagre_buffer record = {0};
  begin_record(&record, 0, offset_delta);
  put_sized(&record, (struct eagre_text){NULL, 0});
  put_sized(&record, value);
  put_varint(&record, 1);
  put_sized(&record, header_key);
  put_sized(&record, header_value);
  end_record(maker, &record, offset_delta);
}

void batch_add_marker(struct batch_maker *maker, bool is_abort) {
  const char key[] = {0, 0, 0, is_abort ? 0 : 1};
  const char value[] = {0, 0, 0, 0, 0, 0};
  batch_add(maker, 0, 0, eagre_text_make(key, sizeof key), eagre_text_make(value, sizeof value));
}

/* A frame whose one block is stored as it is. */
static void pack_lz4(struct eagre_text records, struct eagre_buffer *out) {
  static const char head[] = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, (char)0x82};
  uint32_t size = htole32((uint32_t)records.size | 0x80000000u);
  uint32_t end = 0;
  eagre_buffer_append(out, head, sizeof head);
  eagre_buffer_append(out, &size, sizeof size);
  eagre_buffer_append_text(out, records);
  eagre_buffer_append(out, &end, sizeof end);
}

static void pack(enum eagre_kafka_batch_codec codec, struct eagre_text records,
                 struct eagre_buffer *out) {
  static const enum eagre_codec codecs[] = {
      [EAGRE_KAFKA_CODEC_NONE] = EAGRE_CODEC_NONE,
      [EAGRE_KAFKA_CODEC_GZIP] = EAGRE_CODEC_GZIP,
      [EAGRE_KAFKA_CODEC_SNAPPY] = EAGRE_CODEC_SNAPPY,
      [EAGRE_KAFKA_CODEC_ZSTD] = EAGRE_CODEC_ZSTD,
  };
  struct eagre_error error;
  if (codec == EAGRE_KAFKA_CODEC_LZ4) {
    pack_lz4(records, out);
    return;
  }
  struct eagre_compressor *compressor = eagre_compressor_new(codecs[codec], 0);
  enum eagre_status status = eagre_compress(compressor, records, out, &error);
  eagre_assert(status == EAGRE_OK);
  eagre_compressor_free(compressor);
}

void batch_sign(struct eagre_buffer *bytes, size_t begin) {
  uint32_t length;
  memcpy(&length, bytes->data + begin + 8, sizeof length);
  size_t size = HEAD_SIZE + be32toh(length) - CHECKED_AT;
  uint32_t crc = htobe32(eagre_crc32c(0, bytes->data + begin + CHECKED_AT, size));
  memcpy(bytes->data + begin + CRC_AT, &crc, sizeof crc);
}

void batch_finish(struct batch_maker *maker, struct batch_shape shape, struct eagre_buffer *out) {
  struct eagre_buffer packed = {0};
  size_t begin = out->size;
  pack(shape.codec, eagre_buffer_text(&maker->records), &packed);
  eagre_kafka_wire_put_i64(out, shape.base_offset);
  eagre_kafka_wire_put_i32(out, (int32_t)(49 + packed.size));
  eagre_kafka_wire_put_i32(out, 0); /* leader epoch */
  eagre_kafka_wire_put_i8(out, 2);
  eagre_kafka_wire_put_i32(out, 0); /* CRC */
  eagre_kafka_wire_put_i16(out, (int16_t)(shape.attributes | (int16_t)shape.codec));
  eagre_kafka_wire_put_i32(out, maker->last_delta);
  eagre_kafka_wire_put_i64(out, shape.base_timestamp_ms);
  eagre_kafka_wire_put_i64(out, shape.max_timestamp_ms);
  eagre_kafka_wire_put_i64(out, shape.producer_id);
  eagre_kafka_wire_put_i16(out, 0);  /* producer epoch */
  eagre_kafka_wire_put_i32(out, -1); /* first sequence */
  eagre_kafka_wire_put_i32(out, maker->count);
  eagre_buffer_append_text(out, eagre_buffer_text(&packed));
  batch_sign(out, begin);
  eagre_buffer_done(&packed);
  eagre_buffer_done(&maker->records);
  *maker = (struct batch_maker){0};
}
