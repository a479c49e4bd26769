/* Reading and writing numbers and texts of Kafka's protocol. */
#include "kafka/kafka_wire.h"

#include <endian.h>
#include <string.h>

/* ---- Reading --------------------------------------------------------------------------------- */

struct eagre_text eagre_kafka_wire_take(struct eagre_kafka_wire *wire, size_t size) {
  if (size > eagre_kafka_wire_left(wire)) {
    wire->is_broken = true;
    wire->next = wire->end;
    return (struct eagre_text){"", 0};
  }
  struct eagre_text bytes = eagre_text_make(wire->next, size);
  wire->next += size;
  return bytes;
}

/* Of up to eight bytes; zero when they are not there. */
static uint64_t take_number(struct eagre_kafka_wire *wire, size_t size) {
  uint64_t value = 0;
  struct eagre_text bytes = eagre_kafka_wire_take(wire, size);
  for (size_t i = 0; i < bytes.size; i++) {
    value = value << 8 | (unsigned char)bytes.data[i];
  }
  return value;
}

int8_t eagre_kafka_wire_take_i8(struct eagre_kafka_wire *wire) {
  return (int8_t)take_number(wire, sizeof(int8_t));
}

int16_t eagre_kafka_wire_take_i16(struct eagre_kafka_wire *wire) {
  return (int16_t)take_number(wire, sizeof(int16_t));
}

int32_t eagre_kafka_wire_take_i32(struct eagre_kafka_wire *wire) {
  return (int32_t)take_number(wire, sizeof(int32_t));
}

int64_t eagre_kafka_wire_take_i64(struct eagre_kafka_wire *wire) {
  return (int64_t)take_number(wire, sizeof(int64_t));
}

uint32_t eagre_kafka_wire_take_unsigned(struct eagre_kafka_wire *wire) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 35 && wire->next < wire->end; shift += 7) {
    unsigned char byte = (unsigned char)*wire->next++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80 && value <= UINT32_MAX) return (uint32_t)value;
  }
  wire->is_broken = true;
  wire->next = wire->end;
  return 0;
}

static struct eagre_text take_sized(struct eagre_kafka_wire *wire, int64_t size) {
  if (size < -1) wire->is_broken = true;
  if (size < 0) return (struct eagre_text){NULL, 0};
  return eagre_kafka_wire_take(wire, (size_t)size);
}

/* Compact lengths are one more than they mean; 0 is null. */
static int64_t take_compact_size(struct eagre_kafka_wire *wire) {
  return (int64_t)eagre_kafka_wire_take_unsigned(wire) - 1;
}

struct eagre_text eagre_kafka_wire_take_text(struct eagre_kafka_wire *wire, bool is_compact) {
  return take_sized(wire, is_compact ? take_compact_size(wire) : eagre_kafka_wire_take_i16(wire));
}

struct eagre_text eagre_kafka_wire_take_bytes(struct eagre_kafka_wire *wire, bool is_compact) {
  return take_sized(wire, is_compact ? take_compact_size(wire) : eagre_kafka_wire_take_i32(wire));
}

uint32_t eagre_kafka_wire_take_count(struct eagre_kafka_wire *wire, bool is_compact) {
  int64_t count = is_compact ? take_compact_size(wire) : eagre_kafka_wire_take_i32(wire);
  if (count < 0) return 0;
  if ((uint64_t)count <= eagre_kafka_wire_left(wire)) return (uint32_t)count;
  wire->is_broken = true;
  wire->next = wire->end;
  return 0;
}

void eagre_kafka_wire_skip_tags(struct eagre_kafka_wire *wire, bool is_compact) {
  uint32_t count = is_compact ? eagre_kafka_wire_take_unsigned(wire) : 0;
  for (uint32_t i = 0; i < count && !wire->is_broken; i++) {
    eagre_kafka_wire_take_unsigned(wire);
    uint32_t size = eagre_kafka_wire_take_unsigned(wire);
    eagre_kafka_wire_take(wire, size);
  }
}

/* ---- Writing --------------------------------------------------------------------------------- */

void eagre_kafka_wire_put_i8(struct eagre_buffer *out, int8_t value) {
  eagre_buffer_append(out, &value, sizeof value);
}

void eagre_kafka_wire_put_i16(struct eagre_buffer *out, int16_t value) {
  uint16_t bytes = htobe16((uint16_t)value);
  eagre_buffer_append(out, &bytes, sizeof bytes);
}

void eagre_kafka_wire_put_i32(struct eagre_buffer *out, int32_t value) {
  uint32_t bytes = htobe32((uint32_t)value);
  eagre_buffer_append(out, &bytes, sizeof bytes);
}

void eagre_kafka_wire_put_i64(struct eagre_buffer *out, int64_t value) {
  uint64_t bytes = htobe64((uint64_t)value);
  eagre_buffer_append(out, &bytes, sizeof bytes);
}

static void put_unsigned(struct eagre_buffer *out, uint32_t value) {
  while (value >= 0x80) {
    eagre_kafka_wire_put_i8(out, (int8_t)(value | 0x80));
    value >>= 7;
  }
  eagre_kafka_wire_put_i8(out, (int8_t)value);
}

void eagre_kafka_wire_put_text(struct eagre_buffer *out, struct eagre_text text, bool is_compact) {
  if (is_compact) {
    put_unsigned(out, (uint32_t)text.size + 1);
  } else {
    eagre_kafka_wire_put_i16(out, (int16_t)text.size);
  }
  eagre_buffer_append_text(out, text);
}

void eagre_kafka_wire_put_count(struct eagre_buffer *out, uint32_t count, bool is_compact) {
  if (is_compact) {
    put_unsigned(out, count + 1);
  } else {
    eagre_kafka_wire_put_i32(out, (int32_t)count);
  }
}

void eagre_kafka_wire_put_tags(struct eagre_buffer *out, bool is_compact) {
  if (is_compact) put_unsigned(out, 0);
}
