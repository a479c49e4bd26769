/* Parquet's run-length / bit-packed hybrid encoding of small unsigned integers: levels and
 * dictionary indexes.
 *
 *   run      varint count << 1, then the value in ceil(width / 8) bytes
 *   packed   varint groups << 1 | 1, then groups of 8 values, `width` bits each, lowest bit first;
 *            the last group of all is filled up with zeros
 *
 * There are no empty runs. */
#pragma once

#include <stdint.h>

#include "base/base.h"

/* Bits needed for the values 0..maximum. */
static inline unsigned eagre_parquet_bit_width(uint32_t maximum) {
  return maximum == 0 ? 0 : 32 - (unsigned)__builtin_clz(maximum);
}

/* Appends `count` values below 2^width (width 0..32) without any length in front. */
void eagre_parquet_hybrid_append(struct eagre_buffer *out, const uint32_t *values, uint32_t count,
                                 unsigned width);

/* Appends a level block of a v1 page: 4-byte length, then the hybrid of `count` levels. */
void eagre_parquet_levels_append(struct eagre_buffer *out, const uint8_t *levels, uint32_t count,
                                 unsigned width);
/* The same for `count` > 0 levels that all are `level`. */
void eagre_parquet_equal_levels_append(struct eagre_buffer *out, uint8_t level, uint32_t count,
                                       unsigned width);
