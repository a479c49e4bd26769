/* Reads the run-length / bit-packed hybrid (parquet_hybrid.h says what it looks like) piece by
 * piece: levels, dictionary indexes, BOOLEAN values.
 *
 * The bytes may be damaged. 8 bytes behind `end` must be readable. A PLAIN page of BOOLEAN and the
 * deprecated BIT_PACKED levels are read as one packed stretch without a header. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct eagre_parquet_hybrid {
  const uint8_t *next; /* the next header */
  const uint8_t *end;
  unsigned width;
  uint64_t run_left; /* values left of a run */
  uint32_t run_value;
  uint64_t packed_left; /* values left of a packed stretch */
  const uint8_t *packed;
  uint64_t packed_next; /* index into the stretch */
};

/* `width` 0..32. */
void eagre_parquet_hybrid_init(struct eagre_parquet_hybrid *hybrid, struct eagre_text bytes,
                               unsigned width);
/* `count` values, lowest bit first, and nothing else; false when the bytes do not hold them. */
bool eagre_parquet_hybrid_init_packed(struct eagre_parquet_hybrid *hybrid, struct eagre_text bytes,
                                      uint64_t count, unsigned width);

/* The next `count` values; false when there are fewer. */
bool eagre_parquet_hybrid_read(struct eagre_parquet_hybrid *hybrid, uint32_t *out, uint32_t count);
/* The same of width up to 8, as bytes. */
bool eagre_parquet_hybrid_read_bytes(struct eagre_parquet_hybrid *hybrid, uint8_t *out,
                                     uint32_t count);
/* The same of width 1, to bits [begin, begin + count) of a bitmap. */
bool eagre_parquet_hybrid_read_bits(struct eagre_parquet_hybrid *hybrid, uint8_t *bits,
                                    uint32_t begin, uint32_t count);

/* `count` values of `width` bits, lowest first, from value `first` of `packed` on, for any width up
 * to 64: what a miniblock of deltas holds. 16 bytes behind the values must be readable. */
void eagre_parquet_unpack_wide(const uint8_t *packed, unsigned width, uint32_t count,
                               uint64_t *out);
