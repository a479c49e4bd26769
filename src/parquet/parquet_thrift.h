/* Writer of Thrift's compact protocol, as much of it as Parquet's headers and footer need.
 *
 *   varint          ULEB128; integers of fields are zigzag varints, sizes are plain ones
 *   field header    (id - previous id) << 4 | type when the difference is 1..15, else the type and
 *                   the zigzag varint id; a boolean's value is its type
 *   struct end      0x00; ids begin anew in each struct
 *   list header     size << 4 | element type below 15 elements, else 0xF0 | type and the size
 *
 * Fields of a struct are put in ascending order of their ids. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

enum eagre_parquet_thrift_type {
  EAGRE_PARQUET_THRIFT_TRUE = 1,
  EAGRE_PARQUET_THRIFT_FALSE = 2,
  EAGRE_PARQUET_THRIFT_I8 = 3,
  EAGRE_PARQUET_THRIFT_I16 = 4,
  EAGRE_PARQUET_THRIFT_I32 = 5,
  EAGRE_PARQUET_THRIFT_I64 = 6,
  EAGRE_PARQUET_THRIFT_BINARY = 8,
  EAGRE_PARQUET_THRIFT_LIST = 9,
  EAGRE_PARQUET_THRIFT_STRUCT = 12,
};

enum { EAGRE_PARQUET_THRIFT_DEPTH_MAX = 8 };

struct eagre_parquet_thrift {
  struct eagre_buffer *out;                          /* borrowed */
  uint32_t depth;                                    /* of open structs */
  int16_t field_ids[EAGRE_PARQUET_THRIFT_DEPTH_MAX]; /* the last id put, of each open struct */
};

/* Appends the varint form of `value`, which Parquet uses outside Thrift too. */
void eagre_parquet_varint_append(struct eagre_buffer *out, uint64_t value);

/* Begins the outermost struct at the end of `out`; `eagre_parquet_thrift_end` ends it. */
void eagre_parquet_thrift_begin(struct eagre_parquet_thrift *thrift, struct eagre_buffer *out);
void eagre_parquet_thrift_end(struct eagre_parquet_thrift *thrift);

/* Fields of the innermost open struct. */
void eagre_parquet_thrift_put_bool(struct eagre_parquet_thrift *thrift, int16_t id, bool value);
void eagre_parquet_thrift_put_i8(struct eagre_parquet_thrift *thrift, int16_t id, int8_t value);
void eagre_parquet_thrift_put_i16(struct eagre_parquet_thrift *thrift, int16_t id, int16_t value);
void eagre_parquet_thrift_put_i32(struct eagre_parquet_thrift *thrift, int16_t id, int32_t value);
void eagre_parquet_thrift_put_i64(struct eagre_parquet_thrift *thrift, int16_t id, int64_t value);
void eagre_parquet_thrift_put_binary(struct eagre_parquet_thrift *thrift, int16_t id,
                                     struct eagre_text value);
/* Opens a struct; closed by `eagre_parquet_thrift_end`. */
void eagre_parquet_thrift_put_struct(struct eagre_parquet_thrift *thrift, int16_t id);
/* Announces `count` elements, which must follow. */
void eagre_parquet_thrift_put_list(struct eagre_parquet_thrift *thrift, int16_t id,
                                   enum eagre_parquet_thrift_type element_type, size_t count);

/* Elements of a list. */
void eagre_parquet_thrift_add_bool(struct eagre_parquet_thrift *thrift, bool value);
void eagre_parquet_thrift_add_i32(struct eagre_parquet_thrift *thrift, int32_t value);
void eagre_parquet_thrift_add_i64(struct eagre_parquet_thrift *thrift, int64_t value);
void eagre_parquet_thrift_add_binary(struct eagre_parquet_thrift *thrift, struct eagre_text value);
void eagre_parquet_thrift_add_struct(struct eagre_parquet_thrift *thrift);
