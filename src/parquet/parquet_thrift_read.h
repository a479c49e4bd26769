/* Reader of Thrift's compact protocol (parquet_thrift.h says what it looks like), for bytes that
 * may be damaged.
 *
 * Failure is kept: once a reader has failed it is at its end, every further read gives nothing and
 * `is_failed` tells, so that a caller checks once after a whole structure. Counts are bounded by
 * the bytes that are left, depth by EAGRE_PARQUET_THRIFT_SKIP_DEPTH_MAX.
 *
 *   struct eagre_parquet_thrift_field field = {0};
 *   while (eagre_parquet_thrift_next_field(reader, &field)) {
 *     if (field.id == 3) value = eagre_parquet_thrift_read_i64(reader, field.type);
 *     else eagre_parquet_thrift_skip(reader, field.type);
 *   } */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "parquet/parquet_thrift.h"

enum { EAGRE_PARQUET_THRIFT_SKIP_DEPTH_MAX = 32 };

struct eagre_parquet_thrift_reader {
  const uint8_t *next;
  const uint8_t *end;
  bool is_failed;
};

struct eagre_parquet_thrift_field {
  int32_t id; /* 0 before the first one */
  uint8_t type;
};

void eagre_parquet_thrift_reader_init(struct eagre_parquet_thrift_reader *reader,
                                      struct eagre_text bytes);
void eagre_parquet_thrift_fail(struct eagre_parquet_thrift_reader *reader);

/* The varint at `*next`, which moves on; false when there is none before `end`. Parquet uses it
 * outside Thrift too. */
bool eagre_parquet_varint_read(const uint8_t **next, const uint8_t *end, uint64_t *out_value);

/* Moves to the struct's next field, whose value must be read or skipped then. False at the end of
 * the struct. */
bool eagre_parquet_thrift_next_field(struct eagre_parquet_thrift_reader *reader,
                                     struct eagre_parquet_thrift_field *field);

/* A value of the wrong type fails. */
bool eagre_parquet_thrift_read_bool(struct eagre_parquet_thrift_reader *reader, uint8_t type);
int32_t eagre_parquet_thrift_read_i32(struct eagre_parquet_thrift_reader *reader, uint8_t type);
int64_t eagre_parquet_thrift_read_i64(struct eagre_parquet_thrift_reader *reader, uint8_t type);
/* Borrowed from the bytes being read. */
struct eagre_text eagre_parquet_thrift_read_binary(struct eagre_parquet_thrift_reader *reader,
                                                   uint8_t type);
/* False, and failure, unless the field is a struct. */
bool eagre_parquet_thrift_expect_struct(struct eagre_parquet_thrift_reader *reader, uint8_t type);
/* The number of elements of type `element_type`, which follow and take at least `size_min` bytes
 * each. */
uint32_t eagre_parquet_thrift_read_list(struct eagre_parquet_thrift_reader *reader, uint8_t type,
                                        uint8_t element_type, size_t size_min);
void eagre_parquet_thrift_skip(struct eagre_parquet_thrift_reader *reader, uint8_t type);
