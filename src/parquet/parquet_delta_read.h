/* Encodings that are undone for a whole page at once: deltas of integers, lengths and prefixes of
 * texts, streams of bytes. The bytes may be damaged; 16 bytes behind them must be readable.
 *
 *   DELTA_BINARY_PACKED       varints: block size, miniblocks per block, count; zigzag first value.
 *                             Blocks: zigzag least delta, a width per miniblock, miniblocks of
 *                             deltas above the least, lowest bit first. The last miniblock is
 *                             filled up, those behind it are left out. Sums wrap.
 *   DELTA_LENGTH_BYTE_ARRAY   lengths as DELTA_BINARY_PACKED, then the bytes one after the other
 *   DELTA_BYTE_ARRAY          how much of the text before is the same, as DELTA_BINARY_PACKED, then
 *                             the rest as DELTA_LENGTH_BYTE_ARRAY
 *   BYTE_STREAM_SPLIT         first all first bytes of the values, then all second ones ...
 *
 * Each function appends to `out` (int32_t, int64_t or struct eagre_text) and says what is wrong, or
 * NULL. */
#pragma once

#include <stdint.h>

#include "base/base.h"

/* At most `count_max` values of `size` (4 or 8) bytes; `*bytes` moves behind them. */
const char *eagre_parquet_delta_read_integers(struct eagre_text *bytes, uint32_t count_max,
                                              uint32_t size, struct eagre_buffer *out);
/* Texts within `bytes`. `lengths` is working memory. */
const char *eagre_parquet_delta_read_lengths(struct eagre_text bytes, uint32_t count_max,
                                             struct eagre_buffer *lengths,
                                             struct eagre_buffer *out);

/* Texts of DELTA_BYTE_ARRAY before they are put together: prefix sizes (int32_t) and suffixes
 * (struct eagre_text), as many of both, and the bytes they make. */
struct eagre_parquet_prefixed {
  uint32_t count;
  const int32_t *prefixes;
  const struct eagre_text *suffixes;
  uint64_t total_size;
};
/* `prefixes`, `lengths` and `suffixes` are working memory, which the result points to. */
const char *eagre_parquet_delta_read_prefixed(struct eagre_text bytes, uint32_t count_max,
                                              struct eagre_buffer *prefixes,
                                              struct eagre_buffer *lengths,
                                              struct eagre_buffer *suffixes,
                                              struct eagre_parquet_prefixed *out_texts);
/* Puts the texts together in `memory` of `total_size` bytes and appends them. */
void eagre_parquet_prefixed_join(const struct eagre_parquet_prefixed *texts, char *memory,
                                 struct eagre_buffer *out);

/* Values of `width` bytes to `out`, which has room for as many bytes as `bytes`. */
const char *eagre_parquet_streams_read(struct eagre_text bytes, uint32_t width, char *out);
