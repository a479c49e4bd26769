/* Pages: body, compression, header. */
#pragma once

#include <stdint.h>

#include "base/base.h"
#include "compress/compress.h"
#include "parquet/parquet_format.h"
#include "parquet/parquet_shred.h"

/* Working memory of a writer, shared by all its chunks. */
struct eagre_parquet_encoder {
  enum eagre_codec codec;
  struct eagre_compressor *compressor;
  bool page_checksums;
  struct eagre_parquet_shred shred;
  struct eagre_buffer body;       /* of the page that is being made, but for its rest */
  struct eagre_buffer compressed; /* the same, compressed */
  struct eagre_buffer marks;      /* a byte per value of a dictionary */
};

void eagre_parquet_encoder_init(struct eagre_parquet_encoder *encoder, enum eagre_codec codec,
                                bool page_checksums);
void eagre_parquet_encoder_done(struct eagre_parquet_encoder *encoder);

struct eagre_parquet_page {
  enum eagre_parquet_page_type type;
  enum eagre_parquet_encoding encoding;
  uint32_t value_count; /* NULLs count */
  /* Behind `encoder->body`, where that spares a copy: values that need no encoding. */
  struct eagre_text rest;
};

/* Compresses the body with `codec` (the encoder's, or NONE), appends header and body to `out`, and
 * tells the size the page would have uncompressed. What is left of the page's rest (nothing when it
 * is compressed) belongs behind them: that is left to the caller. */
enum eagre_status eagre_parquet_page_append(struct eagre_parquet_encoder *encoder,
                                            struct eagre_parquet_page *page, enum eagre_codec codec,
                                            struct eagre_buffer *out,
                                            uint64_t *out_uncompressed_size,
                                            struct eagre_error *error);

/* Whether compressing the body is worth the reader's and our time; asked for the first page of a
 * chunk. */
enum eagre_status eagre_parquet_page_probe(struct eagre_parquet_encoder *encoder,
                                           struct eagre_parquet_page *page, bool *out_is_worth,
                                           struct eagre_error *error);
