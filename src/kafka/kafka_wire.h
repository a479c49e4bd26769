/* Numbers and texts of Kafka's protocol: big-endian, and variable length in its newer parts. Inside
 * the room only.
 *
 * Bytes come from outside. A reader that runs out gives zeros from there on and says so at the end,
 * so that whoever reads a structure looks once, behind it; counts that are read are bounded by the
 * bytes that are left before anything is allocated for them. */
#pragma once

#include "base/base.h"

struct eagre_kafka_wire {
  const char *next;
  const char *end;
  bool is_broken; /* something was missing, or a length was impossible */
};

static inline struct eagre_kafka_wire eagre_kafka_wire_over(struct eagre_text bytes) {
  return (struct eagre_kafka_wire){bytes.data, bytes.data + bytes.size, false};
}

static inline size_t eagre_kafka_wire_left(const struct eagre_kafka_wire *wire) {
  return (size_t)(wire->end - wire->next);
}

/* The next `size` bytes; an empty text, and broken, when there are fewer. */
struct eagre_text eagre_kafka_wire_take(struct eagre_kafka_wire *wire, size_t size);
int8_t eagre_kafka_wire_take_i8(struct eagre_kafka_wire *wire);
int16_t eagre_kafka_wire_take_i16(struct eagre_kafka_wire *wire);
int32_t eagre_kafka_wire_take_i32(struct eagre_kafka_wire *wire);
int64_t eagre_kafka_wire_take_i64(struct eagre_kafka_wire *wire);
uint32_t eagre_kafka_wire_take_unsigned(struct eagre_kafka_wire *wire);
/* Texts, bytes and the counts of arrays come in two spellings: `is_compact` is that of the flexible
 * versions. Null is {NULL, 0}, and as a count 0. An entry of an array takes a byte at least. */
struct eagre_text eagre_kafka_wire_take_text(struct eagre_kafka_wire *wire, bool is_compact);
struct eagre_text eagre_kafka_wire_take_bytes(struct eagre_kafka_wire *wire, bool is_compact);
uint32_t eagre_kafka_wire_take_count(struct eagre_kafka_wire *wire, bool is_compact);
/* Passes over tagged fields, which flexible versions have at the end of every structure. */
void eagre_kafka_wire_skip_tags(struct eagre_kafka_wire *wire, bool is_compact);

void eagre_kafka_wire_put_i8(struct eagre_buffer *out, int8_t value);
void eagre_kafka_wire_put_i16(struct eagre_buffer *out, int16_t value);
void eagre_kafka_wire_put_i32(struct eagre_buffer *out, int32_t value);
void eagre_kafka_wire_put_i64(struct eagre_buffer *out, int64_t value);
void eagre_kafka_wire_put_text(struct eagre_buffer *out, struct eagre_text text, bool is_compact);
void eagre_kafka_wire_put_count(struct eagre_buffer *out, uint32_t count, bool is_compact);
/* None. */
void eagre_kafka_wire_put_tags(struct eagre_buffer *out, bool is_compact);

/* The signed numbers of records, zigzag. False when they end too soon or do not fit 64 bits. */
static inline bool eagre_kafka_wire_varint(const char **next, const char *end, int64_t *out) {
  const unsigned char *byte = (const unsigned char *)*next;
  const unsigned char *last = (const unsigned char *)end;
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && byte < last; shift += 7) {
    uint64_t bits = *byte & 0x7f;
    value |= bits << shift;
    if (*byte++ >= 0x80) continue;
    if (shift == 63 && bits > 1) return false;
    *next = (const char *)byte;
    *out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    return true;
  }
  return false;
}
